//! Desks for the tests of answers: nodes in memory, made partners the way people do it.

use std::collections::BTreeMap;
use std::sync::Arc;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::codes::{ConsentScope, GivenBy, OrgType, Set};
use entente_core::consent::{Consent, ConsentId};
use entente_core::identity::{OrgId, OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_core::layout::Draft;
use entente_core::record::{Field, RecordId};
use entente_store::db::Db;
use entente_store::engine::{Engine, Memory};
use entente_store::seal::{KdfParams, KeyRing, Sealer};
use jiff::civil::date;
use tokio_util::sync::CancellationToken;

use crate::answer::{Desk, Staff, Steps};
use crate::clock::{Clock, ManualClock};
use crate::config::Config;
use crate::local::doc::Private;
use crate::node::feeds::{Accepted, Via};
use crate::node::pairing::random;
use crate::node::records::Imported;
use crate::node::{Node, Profile, Secrets};
use crate::setup::Home;
use crate::sync::Peers;
use crate::tls::LiveIdentity;

/// 2026-11-22, noon.
pub(in crate::answer) const START_S: i64 = 1_795_348_800;

/// The desk of an organization whose keys come from `seed`; 1 is the federal centre.
pub(in crate::answer) fn desk(seed: u8) -> Arc<Desk> {
    desk_on(seed, Arc::new(Memory::default()), Home::new("/nowhere"))
}

/// The same on an engine and in a folder of its own.
pub(in crate::answer) fn desk_on(seed: u8, engine: Arc<dyn Engine>, home: Home) -> Arc<Desk> {
    desk_by(seed, engine, home, Arc::new(ManualClock::new(START_S)))
}

/// The same with a clock that the test moves.
pub(in crate::answer) fn desk_at(seed: u8, clock: &ManualClock) -> Arc<Desk> {
    desk_by(seed, Arc::new(Memory::default()), Home::new("/nowhere"), Arc::new(clock.clone()))
}

fn desk_by(seed: u8, engine: Arc<dyn Engine>, home: Home, clock: Arc<dyn Clock>) -> Arc<Desk> {
    let profile = Profile {
        name: Text::new(format!("Organization {seed}"), format!("Organisme {seed}")),
        kind: if seed == 1 { OrgType::Federal } else { OrgType::Provincial },
        address: format!("office{seed}.example:7443"),
    };
    let secrets = Secrets {
        key: OrgKey::from_seed(&[seed; 32]),
        pseudonyms: PseudonymKey::from_bytes(&[seed; 32]),
        import_key: [seed; 32],
    };
    let db = Db::open(engine, Sealer::new(&[seed; 32])).unwrap();
    let node = Arc::new(Node::open(profile, secrets, db, Arc::clone(&clock), None).unwrap());
    let key = Arc::new(OrgKey::from_seed(&[seed; 32]));
    let identity = LiveIdentity::new(key, clock).unwrap();
    let peers = Arc::new(Peers::new(Arc::clone(&node), identity.clone()));
    let config = include_str!("../../../../../config/entente.example.toml");
    let config = Config::parse(config).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let params = KdfParams::WEAK_FOR_TESTS;
    let ring = KeyRing::create(&folder.path().join("keys"), "quatre mots au hasard", params);
    let (ring, stop) = (ring.unwrap(), CancellationToken::new());
    Arc::new(Desk::new(node, peers, home, config, identity, ring, stop))
}

pub(in crate::answer) fn staff() -> Staff {
    Staff { name: "test".to_owned(), roles: Vec::new() }
}

pub(in crate::answer) fn actor() -> Actor {
    staff().actor()
}

/// Progress that nobody looks at.
pub(in crate::answer) fn steps() -> Steps {
    Steps::silent()
}

pub(in crate::answer) fn texts(fields: &[(&str, &str)]) -> Private<BTreeMap<String, String>> {
    Private(map(fields))
}

pub(in crate::answer) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Makes two organizations partners.
pub(in crate::answer) fn pair(inviter: &Desk, invitee: &Desk) {
    let (a, b) = (&inviter.node, &invitee.node);
    let ticket = a.invite(actor(), "the other", "", 14).unwrap();
    let opened = b.open_invitation(&ticket.envelope).unwrap();
    let nonce = [9; 32];
    let revealed = a.join(&b.id(), &ticket.id, &b.card(), &nonce).unwrap();
    b.joined(actor(), &opened, &nonce, &a.card(), &revealed).unwrap();
    let (read_a, read_b) = (a.digits_to_read(&b.id()), b.digits_to_read(&a.id()));
    a.type_digits(actor(), &b.id(), &read_b.unwrap()).unwrap();
    b.type_digits(actor(), &a.id(), &read_a.unwrap()).unwrap();
    assert!(a.confirmed_by(&b.id()).unwrap());
    b.confirmed_by(&a.id()).unwrap();
}

/// Brings the agreement of a province with the federal centre into force, with `changes` to its
/// text.
pub(in crate::answer) fn agree(from: &Desk, to: &Desk, changes: &[(&str, &str)]) {
    let mut draft =
        include_str!("../../../../../config/agreements/province-federal.toml").to_owned();
    for (old, new) in changes {
        assert!(draft.contains(old), "{old}");
        draft = draft.replace(old, new);
    }
    let draft = from.node.read_draft(&draft, &to.node.id(), None).unwrap();
    from.node.propose(actor(), &draft).unwrap();
    pull(to, from);
    for (signer, other) in [(to, from), (from, to)] {
        let kept = signer.node.find_agreement(&draft.id.to_string()).unwrap();
        signer.node.sign_agreement(actor(), &kept).unwrap();
        pull(other, signer);
    }
}

/// Two partners with an agreement in force, the first of which sends: a province, and the centre.
pub(in crate::answer) fn two() -> (Arc<Desk>, Arc<Desk>) {
    let (province, centre) = (desk(2), desk(1));
    pair(&province, &centre);
    agree(&province, &centre, &[]);
    (province, centre)
}

/// `receiver` reads everything new of `issuer`.
pub(in crate::answer) fn pull(receiver: &Desk, issuer: &Desk) -> Accepted {
    let issuer_id: OrgId = issuer.node.id();
    let (epoch, after) = receiver.node.cursor(&issuer_id).unwrap();
    let batches = issuer.node.feed_batches(&receiver.node.id(), epoch, after, usize::MAX).unwrap();
    batches.into_iter().fold(Accepted::default(), |total, batch| {
        total.and(receiver.node.accept(&issuer_id, batch, Via::Connection).unwrap())
    })
}

/// A consent to statistics, given on the first day of 2024.
pub(in crate::answer) fn consent() -> Consent {
    Consent {
        id: ConsentId(random().unwrap()),
        scopes: Set::EMPTY.with(ConsentScope::Stats),
        needs: Set::EMPTY,
        recipients: Default::default(),
        given_by: GivenBy::Person,
        informed_of: [true; 4],
        language: None,
        given_on: date(2024, 1, 1),
        valid_until: None,
        withdrawn_on: None,
        override_reason: None,
    }
}

/// A plain case: an adult woman in Manitoba in the third quarter of 2026.
const PLAIN: [(Field, &str); 8] = [
    (Field::RegisteredOn, "2026-08-15"),
    (Field::Status, "actual"),
    (Field::StatusDecidedBy, "ngo"),
    (Field::Gender, "woman"),
    (Field::AgeAtRegistration, "30"),
    (Field::ProvinceOfExploitation, "46"),
    (Field::Citizenship, "CAN"),
    (Field::Exploitation, "forced_labour"),
];

/// Adds a plain case with a consent, and what else is to be so.
pub(in crate::answer) fn case(desk: &Desk, also: &[(Field, &str)]) -> RecordId {
    let node = &desk.node;
    let mut record = node.blank_record().unwrap();
    let fields = PLAIN.iter().chain(also).map(|(field, text)| (*field, (*text).to_owned()));
    node.fill(&mut record, &fields.collect::<Vec<_>>()).unwrap();
    node.add_record(actor(), record, vec![consent()]).unwrap()
}

/// Keeps drafts as an import does.
pub(in crate::answer) fn keep(desk: &Desk, drafts: impl IntoIterator<Item = Draft>) {
    let node = &desk.node;
    let rows = drafts.into_iter().map(|draft| {
        let id = RecordId(node.new_id().unwrap());
        let (record, consent) = draft.into_parts(id, ConsentId(random().unwrap()));
        Imported { key: random().unwrap(), record, consent }
    });
    node.import(&actor(), rows.collect()).unwrap();
}

/// The entries of the audit log with this action.
pub(in crate::answer) fn audited(desk: &Desk, action: Action) -> Vec<AuditEntry> {
    let mut found = Vec::new();
    desk.node
        .audit_entries(0, &mut |_, entry| {
            if entry.action == action {
                found.push(entry);
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    found
}
