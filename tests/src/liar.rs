//! An office that lies in a secure sum: with its own key, and with what others sent.

use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::{OrgKey, Signature};
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::release::{Answer, ReleaseId};
use entente_core::statistics::sum::{
    Contribution, Opening, Rejection, Role, SealingPublic, SignedReport, contribute,
};
use entente_node::node::statistics::AnswerKept;
use entente_proto::SumReply;

use crate::sums::Summed;

/// What an office that lies makes of the question: the report and its head fit each other, and are
/// about these cells.
pub fn lie(world: &Summed, nth: usize, release: &ReleaseId, cells: &[u64]) -> SumReply {
    let question = world.question(nth, release);
    let plan = world.centre.node().plan_by_id(&world.plan).unwrap().plan;
    let round = plan.round(release).unwrap();
    let [leader, helper] = &question.openings;
    let key = |opening: &Envelope, role| Opening::verify(opening, &round, role).unwrap().key;
    let keys = [key(leader, Role::Leader), key(helper, Role::Helper)];
    let [leader, helper]: [&SealingPublic; 2] = keys.each_ref();
    let made = contribute(&round, [leader, helper], &office_key(nth), cells, &mut SystemRandomness);
    said(world, nth, release, &made.unwrap())
}

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
