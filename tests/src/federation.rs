//! Nodes in memory, made partners the way people do it.

use std::sync::Arc;

use entente_core::agreement::{Agreement, AgreementId};
use entente_core::audit::Actor;
use entente_core::codes::{ConsentScope, GivenBy, OrgType, Set};
use entente_core::consent::{Consent, ConsentId};
use entente_core::envelope::Envelope;
use entente_core::feed::{Batch, Carried, Checkpoint, FeedId};
use entente_core::identity::{OrgId, OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_core::merkle::Frontier;
use entente_core::record::Field;
use entente_core::statement::{Leaf, Statement};
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{Plan, PlanId, Roles};
use entente_core::statistics::release::{Answer, DeclineReason, ReleaseId};
use entente_node::clock::{Clock, ManualClock};
use entente_node::node::feeds::{Accepted, Refused, Via};
use entente_node::node::statistics::{AnswerKept, Asking, ReleaseShut};
use entente_node::node::{Node, Profile, Secrets};
use entente_proto::ReleaseQuestion;
use entente_store::db::Db;
use entente_store::engine::{Engine, Memory};
use entente_store::seal::Sealer;

/// 2026-11-22, noon.
pub const START_S: i64 = 1_795_348_800;

/// Somebody of the organization.
pub fn staff() -> Actor {
    Actor::Staff("test".to_owned())
}

/// One organization: what survives a crash, and the node that runs on it.
#[derive(Debug)]
pub struct Org {
    seed: u8,
    memory: Memory,
    clock: ManualClock,
    node: Option<Node>,
}

impl Org {
    /// An organization whose keys come from `seed`.
    pub fn new(seed: u8, clock: &ManualClock) -> Self {
        Self::on(seed, clock, Memory::default())
    }

    /// The same on what is stored already.
    pub fn on(seed: u8, clock: &ManualClock, memory: Memory) -> Self {
        let mut org = Self { seed, memory, clock: clock.clone(), node: None };
        org.open();
        org
    }

    /// The same on an engine that a test brought, which does not survive a crash.
    pub fn with_engine(seed: u8, clock: &ManualClock, engine: Arc<dyn Engine>) -> Self {
        let memory = Memory::default();
        let mut org = Self { seed, memory, clock: clock.clone(), node: None };
        org.open_on(engine);
        org
    }

    fn open(&mut self) {
        self.open_on(Arc::new(self.memory.clone()));
    }

    fn open_on(&mut self, engine: Arc<dyn Engine>) {
        let profile = Profile {
            name: Text::new(
                format!("Organization {}", self.seed),
                format!("Organisme {}", self.seed),
            ),
            kind: if self.seed == 1 { OrgType::Federal } else { OrgType::Provincial },
            address: format!("127.0.0.1:{}", 7000 + u16::from(self.seed)),
        };
        let secrets = Secrets {
            key: OrgKey::from_seed(&[self.seed; 32]),
            pseudonyms: PseudonymKey::from_bytes(&[self.seed; 32]),
            import_key: [self.seed; 32],
        };
        let db = Db::open(engine, Sealer::new(&[self.seed; 32]));
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let node = Node::open(profile, secrets, db.expect("store opens"), clock, None);
        self.node = Some(node.expect("node opens"));
    }

    /// Ends the process without a word, and starts it again on what was durable.
    pub fn crash(&mut self) {
        self.node = None;
        self.open();
    }

    /// A copy of everything that is durable now, as of a folder.
    pub fn copied(&self) -> Memory {
        self.memory.copied()
    }

    /// Ends the process and starts it again on an older copy, without a word of a restore.
    pub fn set_back(&mut self, copy: &Memory) {
        self.node = None;
        self.memory = copy.copied();
        self.open();
    }

    /// The node.
    pub fn node(&self) -> &Node {
        self.node.as_ref().expect("the node is open")
    }

    /// Its organization.
    pub fn id(&self) -> OrgId {
        self.node().id()
    }
}

/// Makes two organizations partners: invitation, opening, twelve digits, both typed.
pub fn pair(inviter: &Org, invitee: &Org) {
    let (a, b) = (inviter.node(), invitee.node());
    let ticket = a.invite(staff(), "the other", "", 14).expect("invited");
    let opened = b.open_invitation(&ticket.envelope).expect("opened");
    let nonce = [9; 32];
    let revealed = a.join(&b.id(), &ticket.id, &b.card(), &nonce).expect("joined");
    b.joined(staff(), &opened, &nonce, &a.card(), &revealed).expect("checked");
    let (read_a, read_b) = (a.digits_to_read(&b.id()), b.digits_to_read(&a.id()));
    a.type_digits(staff(), &b.id(), &read_b.expect("digits")).expect("right digits");
    b.type_digits(staff(), &a.id(), &read_a.expect("digits")).expect("right digits");
    // The invitee tells the inviter, and hears whether the inviter's officer has typed too.
    assert!(a.confirmed_by(&b.id()).expect("confirmed"));
    b.confirmed_by(&a.id()).expect("confirmed");
}

/// An agreement in force from `from` to `to`: summaries and counts in groups of `k`.
pub fn agree(from: &Org, to: &Org, k: u32) -> AgreementId {
    let draft = include_str!("../../config/agreements/province-federal.toml")
        .replace("min_group_persons = 11", &format!("min_group_persons = {k}"));
    let draft = from.node().read_draft(&draft, &to.id(), None).expect("a draft");
    propose_and_sign(from, to, &draft)
}

/// Proposes this agreement, signs it on both sides, and lets both hear of it.
pub fn propose_and_sign(from: &Org, to: &Org, draft: &Agreement) -> AgreementId {
    let name = format!("{}@{}", draft.id, draft.version);
    from.node().propose(staff(), draft).expect("proposed");
    pull(to, from).expect("heard of it");
    for (signer, other) in [(to, from), (from, to)] {
        let kept = signer.node().find_agreement(&name).expect("there");
        signer.node().sign_agreement(staff(), &kept).expect("signed");
        pull(other, signer).expect("heard of the signature");
    }
    draft.id
}

/// One organization asks another for everything new.
pub fn pull(receiver: &Org, issuer: &Org) -> Result<Accepted, Refused> {
    pull_at_most(receiver, issuer, usize::MAX)
}

/// The same, at most `max` batches.
pub fn pull_at_most(receiver: &Org, issuer: &Org, max: usize) -> Result<Accepted, Refused> {
    let (epoch, after) = receiver.node().cursor(&issuer.id())?;
    let batches = issuer.node().feed_batches(&receiver.id(), epoch, after, max)?;
    let mut total = Accepted::default();
    for batch in batches {
        total = total.and(receiver.node().accept(&issuer.id(), batch, Via::Connection)?);
    }
    Ok(total)
}

/// What a lying node would say: leaves of its own choosing, under its own signature, which is that of
/// `seed`. Gives the reasons for which they were skipped.
pub fn said_by_a_liar(
    liar: &Org,
    seed: u8,
    to: &Org,
    documents: Vec<Envelope>,
) -> Vec<&'static str> {
    let (epoch, size, _) = liar.node().feed_head(&to.id()).expect("a feed");
    let feed = FeedId { issuer: liar.id(), audience: to.id(), epoch };
    // Its feed so far, as the other side verified it.
    let batches = liar.node().feed_batches(&to.id(), epoch, 0, usize::MAX).expect("batches");
    let mut frontier = Frontier::default();
    for batch in &batches {
        for leaf in &batch.leaves {
            match leaf {
                Carried::Whole(bytes) => frontier.push(bytes, &mut Vec::new()),
                Carried::Redacted(hash) => frontier.push_hash(*hash, &mut Vec::new()),
            }
        }
    }
    let leaves: Vec<Vec<u8>> = (size + 1..)
        .zip(documents)
        .map(|(seq, envelope)| {
            let statement = Statement::Document(envelope);
            entente_proto::encode_statement(&Leaf { feed, seq, agreement: None, statement })
        })
        .collect();
    for leaf in &leaves {
        frontier.push(leaf, &mut Vec::new());
    }
    let key = OrgKey::from_seed(&[seed; 32]);
    let signed = Checkpoint::sign(&feed.origin(), &frontier, &key).expect("signed");
    let batch = Batch {
        epoch,
        first: size,
        checkpoint: signed.note,
        leaves: leaves.into_iter().map(Carried::Whole).collect(),
    };
    let accepted = to.node().accept(&liar.id(), batch, Via::Connection).expect("accepted");
    accepted.skipped.into_iter().map(|(_, reason)| reason).collect()
}

/// A consent to statistics and evaluation, given on the first day of 2024.
pub fn consent(seed: u8) -> Consent {
    Consent {
        id: ConsentId([seed; 16]),
        scopes: Set::EMPTY.with(ConsentScope::Stats),
        needs: Set::EMPTY,
        recipients: Default::default(),
        given_by: GivenBy::Person,
        informed_of: [true; 4],
        language: None,
        given_on: jiff::civil::date(2024, 1, 1),
        valid_until: None,
        withdrawn_on: None,
        override_reason: None,
    }
}

/// The fields of a plain case: an adult woman in Manitoba, forced labour, third quarter of 2026.
pub fn plain_case() -> Vec<(Field, String)> {
    [
        (Field::RegisteredOn, "2026-08-15"),
        (Field::Status, "actual"),
        (Field::StatusDecidedBy, "ngo"),
        (Field::Gender, "woman"),
        (Field::AgeAtRegistration, "30"),
        (Field::ProvinceOfExploitation, "46"),
        (Field::Citizenship, "CAN"),
        (Field::Exploitation, "forced_labour"),
    ]
    .into_iter()
    .map(|(field, text)| (field, text.to_owned()))
    .collect()
}

/// Leaves the cubes of cases, each for a third of the year's budget: sigma is 4.13.
///
/// What attacks and sums are measured with. They are about the mechanism, whatever is counted; of the
/// shipped plan as it is, the figures are in `tests/referral_figures.rs`.
pub fn of_three_cubes(plan: &mut Plan) {
    plan.cubes.truncate(3);
    for cube in &mut plan.cubes {
        cube.cost = NanoRho(plan.budget.year.0 / 3);
    }
}

/// The shipped plan of cases in which `contributors` answer `queriers` by themselves, after `change`.
pub fn plan(contributors: &[&Org], queriers: &[&Org], change: impl FnOnce(&mut Plan)) -> Plan {
    let draft = include_str!("../../config/plans/canada-v1.toml");
    let roles = Roles {
        queriers: queriers.iter().map(|org| (org.id(), org.node().profile().kind)).collect(),
        contributors: contributors
            .iter()
            .map(|org| (org.id(), org.node().profile().kind))
            .collect(),
        aggregators: None,
    };
    let mut plan = Plan::from_toml(draft, Some(roles)).expect("a plan");
    of_three_cubes(&mut plan);
    change(&mut plan);
    assert_eq!(plan.problems(), []);
    plan
}

/// Proposes a plan and signs it here.
pub fn sign_plan(org: &Org, plan: &Plan) -> PlanId {
    let kept = org.node().propose_plan(staff(), plan).expect("proposed");
    org.node().sign_plan(staff(), &kept.id).expect("signed").id
}

/// One organization asks another for a release, as a node does over the network, and asks again when
/// the other has drawn what was paid for.
pub fn ask_release(
    querier: &Org,
    contributor: &Org,
    release: &ReleaseId,
) -> Result<AnswerKept, ReleaseShut> {
    let (node, id) = (querier.node(), contributor.id());
    let mut asking = Asking::First;
    loop {
        let question = node.release_question(staff(), &id, release, asking)?;
        let answer = answered(contributor, &querier.id(), &question)?;
        let kept = node.keep_release_answer(&id, release, &answer)?;
        match asking.next(&kept) {
            Some(next) => asking = next,
            None => return Ok(kept),
        }
    }
}

/// What is answered to a question: at once, or when it is asked again after what was paid for was
/// drawn.
pub fn answered(
    contributor: &Org,
    asker: &OrgId,
    question: &ReleaseQuestion,
) -> Result<Envelope, ReleaseShut> {
    let first = contributor.node().answer_release(asker, question)?;
    if !is_not_yet(&first) {
        return Ok(first);
    }
    contributor.node().draw_releases()?;
    let question = ReleaseQuestion { receipts: Vec::new(), ..question.clone() };
    contributor.node().answer_release(asker, &question)
}

/// Whether an answer says that the figures are paid for and not there yet.
pub fn is_not_yet(answer: &Envelope) -> bool {
    let answer = entente_proto::decode_release_answer(&answer.payload);
    matches!(answer, Ok(Answer::Declined(it)) if it.reason == DeclineReason::NotYet)
}
