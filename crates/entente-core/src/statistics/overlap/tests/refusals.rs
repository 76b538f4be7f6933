//! What is sent is read once, and refused where it is not what it should be.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use rand::rngs::SysRng;
use rand::{TryCryptoRng, TryRng};

use crate::identity::NoRandomness;

use super::super::batch::Entry;
use super::super::keys::point;
use super::super::*;
use super::{contributed, contribution, joint, key, org, round, terms};

#[test]
fn the_length_of_a_contribution_tells_nothing() {
    let round = round();
    for n in [0, 1, 79, 80] {
        let numbers: Vec<_> = (0..n).collect();
        let made = contributed(&round, org(10), &numbers);
        assert_eq!(made.batch.to_bytes().len(), 41 + 65 * 80);
    }
    let persons: Vec<_> = (0..81).map(|number| key(number, &round)).collect();
    let made = contribute(&round, &joint(&round).3, &org(10), &persons, &mut SysRng);
    assert_eq!(made.unwrap_err(), NotContributed::TooMany { n_persons: 81, capacity: 80 });
    // A person with two records is one.
    assert_eq!(contributed(&round, org(10), &[1, 2, 1, 1]).n_persons, 2);
}

#[test]
fn a_batch_is_read_as_it_was_written_and_what_is_not_one_is_refused() {
    let round = round();
    let bytes = contributed(&round, org(10), &[1, 2, 3]).batch.to_bytes();
    let parse = |bytes: &[u8]| Batch::parse(bytes, &round, Stage::Sent);
    assert_eq!(parse(&bytes).unwrap().to_bytes(), bytes);

    let with = |at: usize, value: u8| {
        let mut other = bytes.clone();
        other[at] = value;
        parse(&other)
    };
    assert_eq!(with(0, b'X'), Err(Malformed::Bytes));
    assert_eq!(with(4, 2), Err(Malformed::Elsewhere));
    assert_eq!(with(5, !bytes[5]), Err(Malformed::Elsewhere));
    assert_eq!(with(40, 81), Err(Malformed::Bytes));
    assert_eq!(with(37, 255), Err(Malformed::Bytes));
    assert_eq!(with(41 + 64, 3), Err(Malformed::Entry { at: 0 }));
    for cut in [0, 3, 40, 41, bytes.len() - 1] {
        assert_eq!(parse(&bytes[..cut]), Err(Malformed::Bytes), "{cut}");
    }
    assert_eq!(parse(&[bytes.as_slice(), &[0]].concat()), Err(Malformed::Bytes));
    assert_eq!(Batch::parse(&bytes, &round, Stage::MixedOnce), Err(Malformed::Elsewhere));

    // The identity, a number that is no point, and a point that is not in its one encoding.
    for (at, half) in [(0, 0), (1, 1), (2, 0)].map(|(at, half)| (at, 41 + 65 * at + 32 * half)) {
        for value in [[0_u8; 32], [0xff; 32], [1; 32]] {
            let mut other = bytes.clone();
            other[half..half + 32].copy_from_slice(&value);
            assert_eq!(parse(&other), Err(Malformed::Entry { at }), "{half} {value:?}");
        }
    }
    let mut copied = bytes.clone();
    copied.copy_within(41..41 + 65, 41 + 65 * 7);
    assert_eq!(parse(&copied), Err(Malformed::Twice { at: 7 }));
}

#[test]
fn an_organization_speaks_for_its_own_list_only() {
    let round = round();
    let bytes = contributed(&round, org(10), &[1, 2, 3]).batch.to_bytes();
    let parse = |bytes: &[u8], from| Contribution::parse(bytes, &round, from);
    assert!(parse(&bytes, org(10)).is_ok());
    assert_eq!(parse(&bytes, org(11)), Err(Malformed::Contributor));
    assert_eq!(parse(&bytes, org(99)), Err(Malformed::Contributor));
    // A batch of less than was agreed, and bytes of more.
    let mut short = bytes[..41 + 65 * 79].to_vec();
    short[40] = 79;
    assert!(Batch::parse(&short, &round, Stage::Sent).is_ok());
    assert_eq!(parse(&short, org(10)), Err(Malformed::Length));
    assert_eq!(parse(&vec![0; 41 + 65 * 81], org(10)), Err(Malformed::Length));

    // Copied from one organization to another, an entry is noticed when they are put together.
    let police = contribution(&round, org(10), &[1, 2, 3]);
    let entries = Batch::parse(&bytes, &round, Stage::Sent).unwrap().entries().to_vec();
    let copied: Vec<_> = entries.iter().map(|entry| Entry { list: 1, ..*entry }).collect();
    let copied = Batch::new(round.id(), Stage::Sent, copied).to_bytes();
    let copied = Contribution::parse(&copied, &round, org(11)).unwrap();
    let original = Contribution::parse(&bytes, &round, org(10)).unwrap();
    let hotline = contribution(&round, org(12), &[1]);
    let gathered = Batch::gather(&round, vec![original, copied.clone(), hotline.clone()]);
    assert_eq!(gathered, Err(Malformed::Twice { at: 80 }));
    assert!(Batch::gather(&round, vec![police, copied, hotline]).is_ok());
}

#[test]
fn a_helper_mixes_its_own_round_in_its_own_place() {
    let round = round();
    let other = Terms { n_before: 1, ..terms() }.check().unwrap();
    let parts = |round: &Round| {
        let made = [10, 11, 12].map(|who| contribution(round, org(who), &[1]));
        Batch::gather(round, made.to_vec()).unwrap()
    };
    let mix = |is_first: bool, batch: &Batch, key: Option<JointKey>| {
        let (first, second, _, joint) = joint(&round);
        let helper = if is_first { first } else { second };
        helper.mix(key.as_ref().unwrap_or(&joint), batch, &mut SysRng)
    };
    assert!(mix(true, &parts(&round), None).is_ok());
    assert_eq!(mix(false, &parts(&round), None), Err(MixError::Elsewhere));
    assert_eq!(mix(true, &parts(&other), None), Err(MixError::Elsewhere));
    // A key without this helper's share would be opened without it.
    let foreign = joint(&round).3;
    assert_eq!(mix(true, &parts(&round), Some(foreign)), Err(MixError::Elsewhere));

    let (_, _, coordinator, _) = joint(&round);
    assert_eq!(coordinator.count(&parts(&round)), Err(Malformed::Elsewhere));
}

/// A generator that has failed.
struct Broken;

impl TryRng for Broken {
    type Error = NoRandomness;

    fn try_next_u32(&mut self) -> Result<u32, NoRandomness> {
        Err(NoRandomness)
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandomness> {
        Err(NoRandomness)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), NoRandomness> {
        Err(NoRandomness)
    }
}

impl TryCryptoRng for Broken {}

#[test]
fn without_randomness_nothing_is_made() {
    let round = round();
    assert!(Helper::begin(&round, true, &mut Broken).is_err());
    assert!(Coordinator::begin(&round, &mut Broken).is_err());
    let (first, _, _, joint) = joint(&round);
    let persons = [key(1, &round)];
    let made = contribute(&round, &joint, &org(10), &persons, &mut Broken);
    assert_eq!(made.unwrap_err(), NoRandomness.into());
    let made = [10, 11, 12].map(|who| contribution(&round, org(who), &[1]));
    let batch = Batch::gather(&round, made.to_vec()).unwrap();
    assert_eq!(first.mix(&joint, &batch, &mut Broken), Err(NoRandomness.into()));
}

/// The group has a prime order, so no entry can be turned into one of few values.
#[test]
fn a_point_outside_of_the_group_is_not_read() {
    assert!(point(&RistrettoPoint::mul_base(&Scalar::from(7_u8)).compress().0).is_some());
    assert!(point(&[0; 32]).is_none());
}
