//! Two organizations in one thread: desks over stores in memory, and feeds carried by hand.

mod agreed;
mod approved;

use std::sync::Arc;

use entente_core::audit::{Action, Actor};
use entente_core::codes::{ConsentScope, GivenBy, Set};
use entente_core::consent::{Consent, ConsentId};
use entente_core::identity::{OrgId, OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_core::period::Period;
use entente_core::record::{Field, RecordId};
use entente_store::db::Db;
use entente_store::engine::Memory;
use entente_store::seal::{KdfParams, KeyRing, Sealer};
use tokio_util::sync::CancellationToken;

use super::invitation::read_ticket;
use super::*;
use crate::answer::{agreements, audit, drill, status, store};
use crate::clock::ManualClock;
use crate::config::Config;
use crate::node::feeds::Via;
use crate::node::{Profile, Secrets};
use crate::setup::Home;
use crate::sync::Peers;
use crate::tls::LiveIdentity;

/// 22 November 2026, 12:00 UTC.
const NOON: i64 = 1_795_348_800;

const PASSPHRASE: &str = "correct horse battery";

/// One organization.
struct Site {
    desk: Arc<Desk>,
    clock: ManualClock,
    folder: tempfile::TempDir,
}

impl Site {
    fn new(seed: u8, name: &str, kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        std::fs::create_dir(home.store()).unwrap();
        let ring = KeyRing::create(&home.keys(), PASSPHRASE, KdfParams::WEAK_FOR_TESTS).unwrap();
        let clock = ManualClock::new(NOON);
        let example = include_str!("../../../../../config/entente.example.toml");
        let mut config = Config::parse(example).unwrap();
        config.organization.kind = kind.to_owned();
        let profile = Profile {
            name: Text::new(name, format!("{name} (fr)")),
            kind: config.kind().unwrap(),
            address: format!("node-{seed}.example:7443"),
        };
        let secrets = Secrets {
            key: OrgKey::from_seed(&[seed; 32]),
            pseudonyms: PseudonymKey::from_bytes(&[seed; 32]),
            import_key: [seed; 32],
        };
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[seed; 32])).unwrap();
        let node =
            Arc::new(Node::open(profile, secrets, db, Arc::new(clock.clone()), None).unwrap());
        let key = Arc::new(OrgKey::from_seed(&[seed; 32]));
        let identity = LiveIdentity::new(key, Arc::new(clock.clone())).unwrap();
        let peers = Arc::new(Peers::new(Arc::clone(&node), identity.clone()));
        let stop = CancellationToken::new();
        let desk = Arc::new(Desk::new(node, peers, home, config, identity, ring, stop));
        Self { desk, clock, folder }
    }

    fn node(&self) -> &Node {
        &self.desk.node
    }

    fn id(&self) -> OrgId {
        self.node().id()
    }

    /// What this log says, in order.
    fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut push = |_, entry: entente_core::audit::AuditEntry| {
            actions.push(entry.action);
            std::ops::ControlFlow::Continue(())
        };
        self.node().audit_entries(0, &mut push).unwrap();
        actions
    }

    fn n(&self, action: Action) -> usize {
        self.actions().into_iter().filter(|it| *it == action).count()
    }

    fn invite(&self) -> PartnerInviteTold {
        let ask = PartnerInviteAsk {
            for_name: "The others".into(),
            expires_days: 14,
            template: Some("province-federal".into()),
            contact: None,
        };
        invite(&self.desk, &staff(), ask, &silent()).unwrap()
    }

    fn partner(&self, other: &Self) -> PartnerRow {
        partner_now(self.node(), &other.id()).unwrap()
    }

    fn show(&self, other: &Self) -> PartnerShowTold {
        let ask = PartnerShowAsk { partner: other.id().to_string() };
        show(&self.desk, &staff(), ask, &silent()).unwrap()
    }

    fn type_in(&self, other: &OrgId, digits: &str) -> Result<(), String> {
        let typed = self.node().type_digits(staff().actor(), other, digits);
        typed.map(|_| ()).map_err(|fault| fault.code)
    }

    fn health(&self) -> Vec<String> {
        let told = status::status(&self.desk, &staff(), StatusAsk {}, &silent()).unwrap();
        told.health.into_iter().map(|check| check.code).collect()
    }
}

fn staff() -> Staff {
    Staff { name: "ines".into(), roles: Vec::new() }
}

fn silent() -> Steps {
    Steps::silent()
}

fn two() -> (Site, Site) {
    (Site::new(1, "Office", "provincial"), Site::new(2, "Centre", "federal"))
}

/// First contact: `b` opens the invitation of `a`.
fn join(a: &Site, b: &Site, ticket: &str) -> Outcome<()> {
    let opened = b.node().open_invitation(&read_ticket(ticket)?)?;
    let (nonce, id) = ([7; 32], opened.invitation.ticket);
    let revealed = a.node().join(&b.id(), &id, &b.node().card(), &nonce)?;
    b.node().joined(staff().actor(), &opened, &nonce, &a.node().card(), &revealed)
}

/// The telephone call: each types what the other reads, and tells.
fn call(a: &Site, b: &Site) {
    for (reader, typer) in [(a, b), (b, a)] {
        let read = reader.node().digits_to_read(&typer.id()).unwrap();
        typer.type_in(&reader.id(), &read).unwrap();
        reader.node().confirmed_by(&typer.id()).unwrap();
    }
}

/// `to` pulls everything that `from` has said.
fn pull(to: &Site, from: &Site) {
    let (epoch, after) = to.node().cursor(&from.id()).unwrap();
    for batch in from.node().feed_batches(&to.id(), epoch, after, 64).unwrap() {
        to.node().accept(&from.id(), batch, Via::Connection).unwrap();
    }
}

fn sync(a: &Site, b: &Site) {
    for _ in 0..2 {
        pull(a, b);
        pull(b, a);
    }
}

fn partners() -> (Site, Site) {
    let (a, b) = two();
    join(&a, &b, &a.invite().ticket).unwrap();
    call(&a, &b);
    (a, b)
}

fn draft(from: &Site, to: &Site, template: &str, edits: &[(&str, &str)]) -> String {
    let edits = edits.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let ask = AgreementDraftAsk {
        template: template.into(),
        partner: to.id().to_string(),
        edits,
        amends: None,
    };
    agreements::draft(&from.desk, &staff(), ask, &silent()).unwrap().toml
}

fn propose(from: &Site, to: &Site, toml: &str) -> AgreementChangeTold {
    let ask =
        AgreementProposeAsk { partner: to.id().to_string(), toml: toml.to_owned(), dry_run: false };
    agreements::propose(&from.desk, &staff(), ask, &silent()).unwrap()
}

fn sign(site: &Site, id: &str) -> AgreementChangeTold {
    let ask = AgreementSignAsk { agreement: id.to_owned() };
    agreements::sign(&site.desk, &staff(), ask, &silent()).unwrap()
}

/// Partners with an agreement in force under which `a` sends summaries.
fn in_force() -> (Site, Site, String) {
    let (a, b) = partners();
    let edits = [
        ("we_send.min_group_persons", "5"),
        ("we_send.forbid.indigenous", "false"),
        ("purposes", "[\"statistics\"]"),
    ];
    let id = propose(&a, &b, &draft(&a, &b, "province-federal", &edits)).agreement.id;
    sync(&a, &b);
    sign(&b, &id);
    sync(&a, &b);
    sign(&a, &id);
    sync(&a, &b);
    (a, b, id)
}

/// Adds `n` cases that look alike, closes the quarter and carries the feed over.
fn release(a: &Site, b: &Site, n: usize) -> Vec<RecordId> {
    let record = |position: usize| {
        let mut record = a.node().blank_record().unwrap();
        let form = if position.is_multiple_of(2) { "forced_labour" } else { "sexual" };
        let fields = [
            ("registered_on", "2026-08-10"),
            ("status", "possible"),
            ("gender", "woman"),
            ("age_at_registration", "30"),
            ("exploitation", form),
        ]
        .map(|(name, text)| (Field::parse(name).unwrap(), text.to_owned()));
        a.node().fill(&mut record, &fields).unwrap();
        let consent = Consent {
            id: ConsentId([u8::try_from(position).unwrap(); 16]),
            scopes: Set::EMPTY.with(ConsentScope::Stats),
            needs: Set::EMPTY,
            recipients: Default::default(),
            given_by: GivenBy::Person,
            informed_of: [true; 4],
            language: None,
            given_on: jiff::civil::date(2026, 8, 10),
            valid_until: None,
            withdrawn_on: None,
            override_reason: None,
        };
        a.node().add_record(staff().actor(), record, vec![consent]).unwrap()
    };
    let records = (0..n).map(record).collect();
    let epoch = Period::from_number(20_263).unwrap();
    a.node().close_epoch(&staff().actor(), epoch, &b.id(), true).unwrap();
    sync(a, b);
    records
}

#[test]
fn two_walk_from_an_invitation_to_its_end_and_both_logs_tell_it() {
    let (a, b) = two();
    let ticket = a.invite();
    let listed = list(&a.desk, &staff(), PartnerListAsk { state: None }, &silent()).unwrap();
    assert_eq!(listed.partners[0].state, PartnerState::Invited);

    join(&a, &b, &ticket.link).unwrap();
    assert_eq!((a.partner(&b).next_actor, a.partner(&b).next_step), (Who::Both, Step::Verify));
    call(&a, &b);
    assert_eq!(a.partner(&b).state, PartnerState::Verified);
    assert_eq!(a.partner(&b).next_step, Step::Propose);
    assert!(a.show(&b).verified_at.is_some());

    let told = propose(&a, &b, &draft(&a, &b, "province-federal", &[]));
    sync(&a, &b);
    assert_eq!((b.partner(&a).next_actor, b.partner(&a).next_step), (Who::Us, Step::Sign));
    sign(&b, &told.agreement.id);
    sync(&a, &b);
    assert_eq!(a.partner(&b).state, PartnerState::HalfSigned);
    let signed = sign(&a, &told.agreement.id);
    assert_eq!(signed.hash, told.hash);
    sync(&a, &b);
    for (site, other) in [(&a, &b), (&b, &a)] {
        assert_eq!(site.partner(other).state, PartnerState::Active);
        // The test share is offered, and waits for nobody.
        let row = site.partner(other);
        assert_eq!((row.next_actor, row.next_step), (Who::Nobody, Step::Test));
    }

    a.node().send_test(staff().actor(), &b.id()).unwrap();
    sync(&a, &b);
    assert_eq!(a.partner(&b).next_step, Step::Nothing);

    let ask = PartnerEndAsk {
        partner: "Centre".into(),
        reason: Some("moved away".into()),
        dry_run: false,
    };
    let ended = end(&a.desk, &staff(), ask, &silent()).unwrap();
    assert!(ended.done && ended.consequences.len() > 1);
    sync(&a, &b);
    assert_eq!(b.partner(&a).state, PartnerState::Ended);

    use Action::*;
    let walk = [
        PartnerConnected,
        PartnerVerified,
        AgreementProposed,
        AgreementSigned,
        AgreementActive,
        TestShared,
        AgreementEnded,
        PartnerEnded,
    ];
    assert_eq!(a.n(PartnerInvited), 1);
    for site in [&a, &b] {
        let actions = site.actions();
        for action in walk {
            assert!(actions.contains(&action), "{action:?} is missing");
        }
        assert_eq!(site.n(PartnerVerified), 2);
        assert_eq!(site.n(AgreementSigned), 2);
        assert!(site.node().verify_audit().is_ok());
    }
}

#[test]
fn somebody_in_the_middle_has_one_try_and_both_see_that_it_failed() {
    let (a, b) = two();
    let mallory = Site::new(9, "Office", "provincial");
    // The invitation on its way from A to B falls into the wrong hands, is opened there, and
    // another one is sent on in its place.
    let stolen = a.invite();
    join(&a, &mallory, &stolen.ticket).unwrap();
    join(&mallory, &b, &mallory.invite().ticket).unwrap();

    // A and B call each other: what each reads is not what the other expects.
    let of_a = a.node().digits_to_read(&mallory.id()).unwrap();
    let of_b = b.node().digits_to_read(&mallory.id()).unwrap();
    assert_eq!(b.type_in(&mallory.id(), &of_a), Err("ENT-1211".into()));
    assert_eq!(a.type_in(&mallory.id(), &of_b), Err("ENT-1211".into()));

    // Neither the same nor another number gets a second answer out of the same invitation.
    let again = join(&a, &mallory, &stolen.ticket).unwrap_err();
    assert_eq!(again.code, "ENT-1208");
    // Had B got the real one later, A would see that two have opened it.
    assert_eq!(join(&a, &b, &stolen.ticket).unwrap_err().code, "ENT-1208");
    assert!(a.show(&mallory).reasons.iter().any(|reason| reason.code == "contested"));
    assert!(a.health().contains(&"invitation".to_owned()));
    assert_eq!(a.n(Action::AccessRefused), 2);
}

#[test]
fn an_inviter_that_reveals_another_number_than_it_promised_is_no_partner() {
    let (a, b) = two();
    let opened = b.node().open_invitation(&read_ticket(&a.invite().ticket).unwrap()).unwrap();
    let joined = b.node().joined(staff().actor(), &opened, &[1; 32], &a.node().card(), &[2; 32]);
    assert_eq!(joined.unwrap_err().code, "ENT-1207");
    assert!(b.node().partner_row(&a.id()).is_err());
    assert_eq!(b.n(Action::PartnerCheckFailed), 1);
}

#[test]
fn three_wrong_typings_end_it_and_the_right_digits_do_not_help_any_more() {
    let (a, b) = two();
    join(&a, &b, &a.invite().ticket).unwrap();
    let right = a.node().digits_to_read(&b.id()).unwrap();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..3 {
        assert_eq!(b.type_in(&a.id(), wrong), Err("ENT-1211".into()));
    }
    assert_eq!(b.type_in(&a.id(), &right), Err("ENT-1206".into()));
    assert_eq!(b.partner(&a).state, PartnerState::Ended);
    assert!(b.show(&a).reasons.iter().any(|reason| reason.code == "wrong_digits"));
    assert_eq!(b.n(Action::PartnerCheckFailed), 3);
    // The other side's word does not bring it back.
    assert!(b.node().confirmed_by(&a.id()).is_err());
}

#[test]
fn two_mistakes_are_forgiven() {
    let (a, b) = two();
    join(&a, &b, &a.invite().ticket).unwrap();
    let right = a.node().digits_to_read(&b.id()).unwrap();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..2 {
        b.type_in(&a.id(), wrong).unwrap_err();
    }
    assert_eq!(digits_told(b.node(), &a.id()).unwrap().tries_left, 1);
    b.type_in(&a.id(), &format!(" {} {}", &right[..3], &right[3..])).unwrap();
    assert!(digits_told(b.node(), &a.id()).unwrap().we_typed);
}

#[test]
fn an_invitation_that_lapsed_opens_nothing_on_either_side() {
    let (a, b) = two();
    let ticket = a.invite();
    let opened = b.node().open_invitation(&read_ticket(&ticket.ticket).unwrap()).unwrap();
    a.clock.advance(14 * 24 * 3600);
    let id = opened.invitation.ticket;
    let late = a.node().join(&b.id(), &id, &b.node().card(), &[7; 32]);
    assert_eq!(late.unwrap_err().code, "ENT-1208");
    b.clock.advance(14 * 24 * 3600);
    assert_eq!(join(&a, &b, &ticket.ticket).unwrap_err().code, "ENT-1203");
    assert!(all_partners(a.node()).unwrap().is_empty());
}

#[test]
fn an_invitation_can_be_taken_back_and_a_connection_declined_before_the_call() {
    let (a, b) = two();
    let ticket = a.invite();
    let listed = list(&a.desk, &staff(), PartnerListAsk { state: None }, &silent()).unwrap();
    assert_eq!(listed.invitations[0].ticket_id, ticket.ticket_id);
    let ask = |ticket: &str| PartnerDeclineAsk { ticket: ticket.into(), reason: None };
    decline(&a.desk, &staff(), ask(&ticket.ticket_id), &silent()).unwrap();
    assert_eq!(join(&a, &b, &ticket.ticket).unwrap_err().code, "ENT-1208");

    join(&a, &b, &a.invite().ticket).unwrap();
    decline(&b.desk, &staff(), ask("Office"), &silent()).unwrap();
    assert_eq!(b.partner(&a).state, PartnerState::Ended);

    let (a, b) = partners();
    let refused = decline(&b.desk, &staff(), ask("Office"), &silent()).unwrap_err();
    assert_eq!(refused.code, "ENT-1219");
    assert_eq!(b.partner(&a).state, PartnerState::Verified);
}

#[test]
fn the_text_of_a_file_and_the_link_are_the_same_invitation() {
    let a = Site::new(1, "Office", "provincial");
    let told = a.invite();
    assert_eq!(read_ticket(&told.ticket).unwrap(), read_ticket(&told.link).unwrap());
    let cut = &told.ticket[..told.ticket.len() - 60];
    assert_eq!(read_ticket(cut).unwrap_err().code, "ENT-1204");
}

#[tokio::test]
async fn a_peek_shows_what_the_template_would_bring_and_keeps_nothing() {
    let (a, b) = two();
    let ask = PartnerOpenAsk { ticket: a.invite().link, peek: true };
    let told = open(Arc::clone(&b.desk), staff(), ask, silent()).await.unwrap();
    assert_eq!(told.invitation.from.id, a.id().to_string());
    assert!(!told.invitation.we_would_receive.is_empty());
    assert!(told.partner.is_none());
    assert!(b.node().partner_rows().unwrap().is_empty());
}

#[test]
fn suspending_shuts_the_feed_and_resuming_puts_everything_back() {
    let (a, b) = partners();
    let ask = |dry_run| PartnerSuspendAsk {
        partner: "Centre".into(),
        reason: Some("audit".into()),
        dry_run,
    };
    assert!(!suspend(&a.desk, &staff(), ask(true), &silent()).unwrap().done);
    assert_eq!(a.partner(&b).state, PartnerState::Verified);
    suspend(&a.desk, &staff(), ask(false), &silent()).unwrap();
    assert_eq!((a.partner(&b).state, a.partner(&b).next_actor), (PartnerState::Suspended, Who::Us));
    assert!(a.node().feed_batches(&b.id(), 0, 0, 1).is_err());

    let ask = PartnerResumeAsk { partner: "Centre".into() };
    resume(&a.desk, &staff(), ask.clone(), &silent()).unwrap();
    // Nothing was signed, so nothing is active.
    assert_eq!(a.partner(&b).state, PartnerState::Verified);
    sync(&a, &b);
    assert_eq!(b.partner(&a).state, PartnerState::Verified);
    assert_eq!((b.n(Action::PartnerSuspended), b.n(Action::PartnerResumed)), (1, 1));
    assert_eq!(resume(&a.desk, &staff(), ask, &silent()).unwrap_err().code, "ENT-1205");
}

#[test]
fn suspending_and_resuming_does_not_come_around_the_phone_check() {
    let (a, b) = two();
    join(&a, &b, &a.invite().ticket).unwrap();
    let suspended = a.node().suspend_partner(staff().actor(), &b.id());
    assert_eq!(suspended.unwrap_err().code, "ENT-1216");
    assert_eq!(a.partner(&b).state, PartnerState::Connected);
}

#[test]
fn a_reason_of_two_lines_is_refused_before_anything_happens() {
    let (a, b) = partners();
    let ask =
        PartnerEndAsk { partner: "Centre".into(), reason: Some("one\ntwo".into()), dry_run: false };
    assert_eq!(end(&a.desk, &staff(), ask, &silent()).unwrap_err().code, "ENT-1217");
    assert_eq!(a.partner(&b).state, PartnerState::Verified);
}
