//! An office that lies in a secure sum: with its own key, and with what others sent.

use std::convert::Infallible;

use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::{OrgKey, Signature};
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::release::{Answer, ReleaseId};
use entente_core::statistics::sum::{
    Contribution, Opening, Rejection, ReportId, Role, SealingPublic, SignedReport, contribute,
};
use entente_node::node::statistics::AnswerKept;
use entente_proto::SumReply;
use rand::rngs::StdRng;
use rand::{SeedableRng as _, TryCryptoRng, TryRng};

use crate::sums::Summed;

/// What an office that lies makes of the question: the report and its head fit each other, and are
/// about these cells.
pub fn lie(world: &Summed, nth: usize, release: &ReleaseId, cells: &[u64]) -> SumReply {
    drawn(world, nth, release, cells, &mut SystemRandomness)
}

/// The same under the number of a report that there is already.
pub fn numbered(
    world: &Summed,
    nth: usize,
    release: &ReleaseId,
    cells: &[u64],
    number: ReportId,
) -> SumReply {
    let mut rng = Numbered { number: Some(number), rest: StdRng::seed_from_u64(1) };
    drawn(world, nth, release, cells, &mut rng)
}

fn drawn<R: TryCryptoRng>(
    world: &Summed,
    nth: usize,
    release: &ReleaseId,
    cells: &[u64],
    rng: &mut R,
) -> SumReply {
    let question = world.question(nth, release);
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let round = plan.round(release).unwrap();
    let [leader, helper] = &question.openings;
    let key = |opening: &Envelope, role| Opening::verify(opening, &round, role).unwrap().key;
    let keys = [key(leader, Role::Leader), key(helper, Role::Helper)];
    let [leader, helper]: [&SealingPublic; 2] = keys.each_ref();
    let made = contribute(&round, [leader, helper], &office_key(nth), cells, rng);
    said(world, nth, release, &made.unwrap())
}

/// A generator of which the first thing that is asked, the number of a report, is chosen.
struct Numbered {
    number: Option<ReportId>,
    rest: StdRng,
}

impl TryRng for Numbered {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.rest.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.rest.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        match self.number.take() {
            Some(ReportId(number)) => bytes.copy_from_slice(&number),
            None => self.rest.try_fill_bytes(bytes)?,
        }
        Ok(())
    }
}

impl TryCryptoRng for Numbered {}

/// The key of an office.
pub fn office_key(nth: usize) -> OrgKey {
    OrgKey::from_seed(&[3 + u8::try_from(nth).unwrap(); 32])
}

/// A reply with the head of this contribution, under the office's own signature.
pub fn said(world: &Summed, nth: usize, release: &ReleaseId, made: &Contribution) -> SumReply {
    let honest = world.reply(nth, release).unwrap();
    let answer = entente_proto::decode_release_answer(&honest.answer.payload).unwrap();
    let Answer::Added(mut added) = answer else { panic!("nothing added") };
    added.report = made.report.report.id;
    added.digest = made.report.digest();
    let payload = entente_proto::encode_release_answer(&Answer::Added(added));
    let answer = Envelope::seal(payload_type::RELEASE_ANSWER, payload, &office_key(nth)).unwrap();
    SumReply { answer, contribution: made.to_bytes() }
}

/// What the leader makes of a reply.
pub fn keep(world: &Summed, nth: usize, release: &ReleaseId, reply: &SumReply) -> AnswerKept {
    world.centre.node().keep_sum_reply(&world.offices[nth].id(), release, reply).unwrap()
}

/// What an honest office would contribute.
pub fn contribution(world: &Summed, nth: usize, release: &ReleaseId) -> Contribution {
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let reply = world.reply(nth, release).unwrap();
    Contribution::parse(&reply.contribution, &plan.round(release).unwrap()).unwrap()
}

/// Runs a round in which the office 5 sends this and the others are honest; says why it was left out.
pub fn with_liar(world: &Summed, release: &ReleaseId, reply: &SumReply) -> Option<Rejection> {
    world.take_in(0..5, release);
    assert!(matches!(keep(world, 5, release, reply), AnswerKept::Added(_)));
    world.close(release);
    world.finish(release);
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let table = world.centre.node().release_table(&plan, release).unwrap();
    table.left_out(&world.offices[5].id())
}

/// The signature of an office under a report, as it makes it itself.
pub fn signature(report: &SignedReport, nth: usize) -> Signature {
    let it = &report.report;
    let bytes =
        [it.context.as_slice(), &it.id.0, &it.public, &it.for_leader, &it.for_helper].concat();
    let sealed = Envelope::seal(payload_type::SUM_REPORT, bytes, &office_key(nth)).unwrap();
    sealed.signatures[0].1
}
