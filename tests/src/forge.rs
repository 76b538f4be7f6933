//! A forger in a secure sum: an office with a program of its own.
//!
//! It splits honestly for two keys that it has itself, opens both shares, changes a number in the
//! leader's, seals both to the real aggregators and signs. So everything about the report is right but
//! what is inside. Written after `proto/entente/v1/sum.proto` and not with the functions of the core
//! that make reports.

use entente_core::envelope::Envelope;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::release::ReleaseId;
use entente_core::statistics::sum::{Opening, Role, SealingKey, contribute};
use entente_proto::SumReply;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::KdfShake256;
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

use crate::liar::{office_key, said, signature};
use crate::sums::Summed;

/// The prime of the field: 2^66 · 4611686018427387897 + 1.
const PRIME: u128 = 340_282_366_920_938_462_946_865_773_367_900_766_209;

/// Bytes of an encapsulated key of X-Wing.
const ENCAPSULATED: usize = 1_120;

/// Bits of a cell: 4,095 at most.
pub const BITS: usize = 12;

/// The bits of the cell of Manitoba begin here.
pub const MANITOBA: usize = 6 * BITS;

/// What no honest program splits, as a place in the share and what is added there: minus one; 2^63; a bit
/// of two; what wraps around to a small number; and the last bit of the last cell.
pub const FORGERIES: [(usize, u128); 5] = [
    (MANITOBA, MINUS_ONE),
    (MANITOBA, 1 << 63),
    (MANITOBA, 2),
    (MANITOBA + BITS - 1, MINUS_ONE - 4_000),
    (14 * BITS - 1, 5),
];

/// What office `nth` sends that adds `by` to the number at `place` of its own share.
pub fn forged(
    world: &Summed,
    nth: usize,
    release: &ReleaseId,
    (place, by): (usize, u128),
) -> SumReply {
    let question = world.question(nth, release);
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let round = plan.round(release).unwrap();
    let seeds = [[7; 32], [8; 32]];
    let own = seeds.map(|seed| SealingKey::from_seed(&seed).public().unwrap());
    let cells = vec![1; round.shape().n_cells()];
    let mut rng = SystemRandomness;
    let mut made =
        contribute(&round, [&own[0], &own[1]], &office_key(nth), &cells, &mut rng).unwrap();
    let report = &made.report.report;
    let contributor = made.report.contributor;
    let bound = [contributor.as_bytes().as_slice(), &report.id.0, &report.public].concat();
    let info =
        |number: u8| [b"entente/v1/sum-share\0".as_slice(), &report.context, &[number]].concat();
    let [for_leader, for_helper] = &question.openings;
    let real = |opening: &Envelope, role| Opening::verify(opening, &round, role).unwrap().key;
    let real = [real(for_leader, Role::Leader), real(for_helper, Role::Helper)];

    let numbers = [Role::Leader, Role::Helper].map(Role::number);
    let mut share = open(&seeds[0], &info(numbers[0]), &bound, &made.for_leader);
    add(&mut share, place, by);
    let for_leader = seal(&real[0].to_bytes(), &info(numbers[0]), &bound, &share);
    let share = open(&seeds[1], &info(numbers[1]), &bound, &report.for_helper);
    let for_helper = seal(&real[1].to_bytes(), &info(numbers[1]), &bound, &share);
    made.report.report.for_leader = Sha256::digest(&for_leader).into();
    made.report.report.for_helper = for_helper.try_into().unwrap();
    made.report.signature = signature(&made.report, nth);
    made.for_leader = for_leader;
    said(world, nth, release, &made)
}

/// Adds to a number of a share as the field does: 16 bytes, little-endian.
fn add(share: &mut [u8], place: usize, by: u128) {
    let bytes: &mut [u8; 16] = (&mut share[16 * place..16 * (place + 1)]).try_into().unwrap();
    let (number, by) = (u128::from_le_bytes(*bytes), by % PRIME);
    let left = PRIME - number;
    let sum = if by >= left { by - left } else { number + by };
    *bytes = sum.to_le_bytes();
}

/// As much as makes a number less by one.
pub const MINUS_ONE: u128 = PRIME - 1;

fn open(seed: &[u8; 32], info: &[u8], bound: &[u8], sealed: &[u8]) -> Vec<u8> {
    let (encapsulated, ciphertext) = sealed.split_at(ENCAPSULATED);
    hpke::single_shot_open::<ChaCha20Poly1305, KdfShake256, XWing>(
        &OpModeR::Base,
        &<XWing as Kem>::PrivateKey::from_bytes(seed).unwrap(),
        &<XWing as Kem>::EncappedKey::from_bytes(encapsulated).unwrap(),
        info,
        ciphertext,
        bound,
    )
    .unwrap()
}

fn seal(public: &[u8], info: &[u8], bound: &[u8], content: &[u8]) -> Vec<u8> {
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, KdfShake256, XWing>(
            &OpModeS::Base,
            &<XWing as Kem>::PublicKey::from_bytes(public).unwrap(),
            info,
            content,
            bound,
            &mut StdRng::seed_from_u64(1),
        )
        .unwrap();
    [encapsulated.to_bytes().as_slice(), &ciphertext].concat()
}
