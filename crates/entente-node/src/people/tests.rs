use std::ops::ControlFlow;
use std::sync::Arc;

use entente_core::audit::{Action, Actor};
use entente_core::codes::OrgType;
use entente_core::identity::{OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_store::db::Db;
use entente_store::engine::Memory;
use entente_store::people::People as _;
use entente_store::seal::{KdfParams, Sealer};

use super::totp::current_code;
use super::*;
use crate::clock::ManualClock;
use crate::local::Role;
use crate::node::{Profile, Secrets};

const START_S: i64 = 1_795_348_800;
const PASSWORD: &str = "lanterne violon érable";

pub(super) struct House {
    pub(super) people: People,
    pub(super) clock: ManualClock,
}

pub(super) fn house() -> House {
    let clock = ManualClock::new(START_S);
    let profile = Profile {
        name: Text::new("Harbour House", "Maison du Havre"),
        kind: OrgType::Ngo,
        address: String::new(),
    };
    let secrets = Secrets {
        key: OrgKey::from_seed(&[7; 32]),
        pseudonyms: PseudonymKey::from_bytes(&[7; 32]),
        import_key: [7; 32],
    };
    let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
    let node = Node::open(profile, secrets, db, Arc::new(clock.clone()), None).unwrap();
    let people = People::with_cost(Arc::new(node), KdfParams::WEAK_FOR_TESTS);
    House { people, clock }
}

fn admin() -> Actor {
    Actor::Staff("root".to_owned())
}

pub(super) fn place() -> Place {
    Place { address: "192.0.2.7".parse().unwrap(), agent: "test".to_owned(), session: None }
}

impl House {
    /// Makes an account and sets it up with a link; its session and its recovery codes.
    pub(super) fn settled(&self, name: &str, role: Role) -> Joined {
        let (_, link, _) = self.people.add(&admin(), name, "", &[role]).unwrap();
        self.joined(&link, Joining::default()).unwrap()
    }

    pub(super) fn joined(&self, link: &Token, joining: Joining) -> Outcome<Joined> {
        let code = self.code_of_link(link);
        let password = PASSWORD.to_owned();
        self.people.join(link, &Joining { password, code, ..joining }, &place())
    }

    fn code_of_link(&self, link: &Token) -> String {
        let row = self.people.node.db.read(|tx| tx.link(&link.hash())).unwrap();
        row.map_or_else(String::new, |row| current_code(&row.totp, self.people.node.now_s()))
    }

    fn code(&self, name: &str) -> String {
        let (_, row) = self.people.named(name).unwrap().unwrap();
        current_code(&row.totp.unwrap().secret, self.people.node.now_s())
    }

    pub(super) fn sign_in(&self, name: &str, password: &str, code: &str) -> Outcome<Token> {
        let typed =
            Typed { name: name.to_owned(), password: password.to_owned(), code: code.to_owned() };
        self.people.sign_in(&typed, &place())
    }

    pub(super) fn audited(&self, action: Action) -> Vec<(Actor, Vec<String>, u64)> {
        let mut found = Vec::new();
        let mut visit = |_, entry: entente_core::audit::AuditEntry| {
            if entry.action == action {
                found.push((entry.actor, entry.reasons, entry.n));
            }
            ControlFlow::Continue(())
        };
        self.people.node.audit_entries(0, &mut visit).unwrap();
        found
    }
}

pub(super) fn code_of<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    outcome.unwrap_err().code
}

#[test]
fn the_first_administrator_gets_in_with_a_link_and_then_there_is_no_other_such_link() {
    let house = house();
    let (link, _) = house.people.first_link(&admin()).unwrap();
    assert_eq!(house.people.invited(&link, &place()).unwrap().account, None);
    let joining = Joining {
        name: "Léa".to_owned(),
        display: "Léa Tremblay".to_owned(),
        ..Joining::default()
    };
    let joined = house.joined(&link, joining).unwrap();
    let signed = house.people.signed(&joined.token, true).unwrap().unwrap();
    assert_eq!((signed.staff.name.as_str(), signed.display.as_str()), ("léa", "Léa Tremblay"));
    assert_eq!(signed.staff.roles, [Role::Administrator]);
    assert_eq!(code_of(house.people.first_link(&admin())), "ENT-2716");
    assert_eq!(code_of(house.people.invited(&link, &place())), "ENT-2704");
    assert_eq!(house.audited(Action::UserAdded).len(), 1);
}

#[test]
fn a_first_link_that_was_not_used_stops_when_there_is_an_administrator() {
    let house = house();
    let (link, _) = house.people.first_link(&admin()).unwrap();
    house.settled("omar", Role::Administrator);
    assert_eq!(code_of(house.people.invited(&link, &place())), "ENT-2704");
    assert_eq!(code_of(house.joined(&link, Joining::default())), "ENT-2704");
}

#[test]
fn a_link_works_once_for_a_day_and_until_there_is_a_newer_one() {
    let house = house();
    let (_, link, _) = house.people.add(&admin(), "lea", "", &[Role::CaseWorker]).unwrap();
    // Looking uses nothing up.
    assert!(
        house.people.invited(&link, &place()).is_ok()
            && house.people.invited(&link, &place()).is_ok()
    );
    let (_, newer, _) = house.people.reset(&admin(), "lea").unwrap();
    assert_eq!(code_of(house.people.invited(&link, &place())), "ENT-2704");
    house.clock.advance(86_399);
    assert!(house.people.invited(&newer, &place()).is_ok());
    house.joined(&newer, Joining::default()).unwrap();
    assert_eq!(code_of(house.joined(&newer, Joining::default())), "ENT-2704");
    let (_, late, _) = house.people.reset(&admin(), "lea").unwrap();
    house.clock.advance(86_400);
    assert_eq!(code_of(house.joined(&late, Joining::default())), "ENT-2704");
}

#[test]
fn a_link_for_oneself_works_in_the_session_that_made_it_for_ten_minutes_and_once() {
    let house = house();
    let session = house.settled("lea", Role::CaseWorker).token;
    let other = house.settled("omar", Role::CaseWorker).token;
    let of = |session: &Token| Place { session: Some(session.clone()), ..place() };
    let renew = || house.people.renew(&house.people.signed(&session, true).unwrap().unwrap());
    let link = renew().unwrap();
    let works = |link: &Token, from: &Place| house.people.invited(link, from).is_ok();
    let join = |link: &Token, from: &Place| {
        let row = house.people.renewal(&link.hash(), &of(&session));
        let code = row.map(|row| current_code(&row.totp, house.people.node.now_s()));
        let (password, code) = ("autre lanterne 91".to_owned(), code.unwrap_or_default());
        house.people.join(link, &Joining { password, code, ..Joining::default() }, from)
    };
    // Elsewhere it is nothing, whoever follows it.
    for from in [place(), of(&other)] {
        assert!(!works(&link, &from));
        assert_eq!(code_of(join(&link, &from)), "ENT-2704");
    }
    house.clock.advance(599);
    assert!(works(&link, &of(&session)));
    house.clock.advance(1);
    assert!(!works(&link, &of(&session)));
    assert_eq!(code_of(join(&link, &of(&session))), "ENT-2704");
    // A newer one replaces it.
    let (older, link) = (renew().unwrap(), renew().unwrap());
    assert!(!works(&older, &of(&session)) && works(&link, &of(&session)));
    let joined = join(&link, &of(&session)).unwrap();
    assert_eq!(code_of(join(&link, &of(&session))), "ENT-2704");
    assert_eq!(code_of(join(&link, &of(&joined.token))), "ENT-2704");
    assert!(house.people.signed(&session, true).unwrap().is_none());
}

#[test]
fn a_link_for_oneself_is_gone_with_the_session() {
    let house = house();
    house.settled("chief", Role::Administrator);
    let ends: [fn(&House, &Signed); 3] = [
        |house, signed| house.people.sign_out(signed).unwrap(),
        |house, signed| {
            house.people.set_enabled(&admin(), &signed.staff.name, false).unwrap();
        },
        |house, _| house.clock.advance(SESSION_IDLE_S),
    ];
    for (n, end) in ends.into_iter().enumerate() {
        let session = house.settled(&format!("lea{n}"), Role::CaseWorker).token;
        let signed = house.people.signed(&session, true).unwrap().unwrap();
        let link = house.people.renew(&signed).unwrap();
        let from = Place { session: Some(session), ..place() };
        assert!(house.people.invited(&link, &from).is_ok());
        end(&house, &signed);
        assert_eq!(code_of(house.people.invited(&link, &from)), "ENT-2704", "{n}");
        assert_eq!(code_of(house.people.renew(&signed)), "ENT-2702", "{n}");
    }
}

#[test]
fn a_wrong_code_or_a_weak_password_leaves_the_link_as_it_is() {
    let house = house();
    let (_, link, _) = house.people.add(&admin(), "lea", "", &[Role::CaseWorker]).unwrap();
    let join = |password: &str, code: String| {
        let joining = Joining { password: password.to_owned(), code, ..Joining::default() };
        house.people.join(&link, &joining, &place())
    };
    let code = house.code_of_link(&link);
    assert_eq!(code_of(join(PASSWORD, "000000".to_owned())), "ENT-2708");
    for weak in [
        "short",
        "password1234",
        "aaaaaaaaaaaa",
        "harbour house",
        "Motdepasse2026",
        "lea1234567890",
    ] {
        assert_eq!(code_of(join(weak, code.clone())), "ENT-2707", "{weak}");
    }
    // Signing in looks at no more than this: what is longer would never open anything.
    let long = |n: usize| format!("{PASSWORD}{}", "x".repeat(n - PASSWORD.len()));
    assert_eq!(code_of(join(&long(1_025), code.clone())), "ENT-2721");
    assert_eq!(code_of(join(&long(1_024), "000000".to_owned())), "ENT-2708");
    assert!(join(PASSWORD, code).is_ok());
}

#[test]
fn signing_in_takes_the_password_and_a_code_that_was_not_used_before() {
    let house = house();
    house.settled("lea", Role::CaseWorker);
    // The code of the link was used to join.
    assert_eq!(code_of(house.sign_in("lea", PASSWORD, &house.code("lea"))), "ENT-2702");
    house.clock.advance(60);
    assert_eq!(code_of(house.sign_in("lea", "wrong", &house.code("lea"))), "ENT-2702");
    assert_eq!(code_of(house.sign_in("lea", PASSWORD, "")), "ENT-2702");
    let code = house.code("lea");
    assert!(house.sign_in(" LEA", PASSWORD, &code).is_ok());
    assert_eq!(code_of(house.sign_in("lea", PASSWORD, &code)), "ENT-2702");
    let came = house.audited(Action::LoggedIn);
    let reasons: Vec<_> = came.iter().map(|(_, reasons, _)| reasons[1].as_str()).collect();
    assert_eq!(reasons, ["link", "password_code"]);
    assert_eq!(came[1].1, ["console", "password_code", "case_worker"]);
    assert_eq!(house.audited(Action::AccessRefused).len(), 4);
}

#[test]
fn a_recovery_code_replaces_the_app_once_however_it_is_typed() {
    let house = house();
    let joined = house.settled("lea", Role::CaseWorker);
    assert_eq!(joined.recovery.0.len(), 10);
    let code = joined.recovery.0[3].to_lowercase().replace('-', " ");
    assert!(house.sign_in("lea", PASSWORD, &code).is_ok());
    assert_eq!(code_of(house.sign_in("lea", PASSWORD, &code)), "ENT-2702");
    assert_eq!(house.people.find("lea").unwrap().1.n_recovery, 9);
}

#[test]
fn an_account_that_does_not_exist_is_answered_and_counted_like_a_wrong_password() {
    let house = house();
    house.settled("lea", Role::CaseWorker);
    let known = house.sign_in("lea", "wrong", "000000").unwrap_err();
    let unknown = house.sign_in("nobody", "wrong", "000000").unwrap_err();
    assert_eq!(known, unknown);
    for _ in 0..4 {
        assert_eq!(house.sign_in("lea", "wrong", "").unwrap_err(), known);
        assert_eq!(house.sign_in("NoBody ", "wrong", "").unwrap_err(), unknown);
    }
    assert_eq!(code_of(house.sign_in("LEA", PASSWORD, "")), "ENT-2703");
    assert_eq!(code_of(house.sign_in("nobody", PASSWORD, "")), "ENT-2703");
    let refused = house.audited(Action::AccessRefused);
    assert_eq!(refused.len(), 10);
    assert!(refused.iter().any(|(actor, reasons, _)| {
        *actor == Actor::Node && reasons.last().unwrap() == "unknown_account"
    }));
    // What was typed as a name may be a password: it is nowhere.
    assert!(!format!("{refused:?}").contains("nobody"));
}

#[test]
fn attempts_that_had_to_wait_are_in_the_next_entry() {
    let house = house();
    house.settled("lea", Role::CaseWorker);
    for _ in 0..5 {
        assert_eq!(code_of(house.sign_in("lea", "wrong", "")), "ENT-2702");
    }
    for _ in 0..7 {
        assert_eq!(code_of(house.sign_in("lea", "wrong", "")), "ENT-2703");
    }
    house.clock.advance(2);
    assert_eq!(code_of(house.sign_in("lea", "wrong", "")), "ENT-2702");
    assert_eq!(house.audited(Action::AccessRefused).last().unwrap().2, 8);
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_after_a_working_day() {
    let house = house();
    let token = house.settled("lea", Role::CaseWorker).token;
    let is_open = |uses| house.people.signed(&token, uses).unwrap().is_some();
    house.clock.advance(SESSION_IDLE_S - 1);
    assert!(is_open(true));
    house.clock.advance(SESSION_IDLE_S - 1);
    // A page that looks by itself is nobody's use.
    assert!(is_open(false));
    house.clock.advance(1);
    assert!(!is_open(true));

    let token = house.settled("omar", Role::CaseWorker).token;
    for _ in 0..SESSION_LASTS_S / 600 - 1 {
        house.clock.advance(600);
        assert!(house.people.signed(&token, true).unwrap().is_some());
    }
    house.clock.advance(600);
    assert!(house.people.signed(&token, true).unwrap().is_none());
}

#[test]
fn whoever_is_disabled_is_out_at_once_and_cannot_come_back() {
    let house = house();
    house.settled("chief", Role::Administrator);
    let token = house.settled("lea", Role::CaseWorker).token;
    house.people.set_enabled(&admin(), "lea", false).unwrap();
    assert!(house.people.signed(&token, true).unwrap().is_none());
    house.clock.advance(60);
    assert_eq!(code_of(house.sign_in("lea", PASSWORD, &house.code("lea"))), "ENT-2702");
    let refused = house.audited(Action::AccessRefused);
    assert_eq!(refused[0].1.last().unwrap(), "account_disabled");
    house.people.set_enabled(&admin(), "lea", true).unwrap();
    house.clock.advance(60);
    assert!(house.sign_in("lea", PASSWORD, &house.code("lea")).is_ok());
}

#[test]
fn a_link_of_somebody_who_is_disabled_does_not_work() {
    let house = house();
    house.settled("chief", Role::Administrator);
    let (_, link, _) = house.people.add(&admin(), "lea", "", &[Role::CaseWorker]).unwrap();
    house.people.set_enabled(&admin(), "lea", false).unwrap();
    assert_eq!(code_of(house.joined(&link, Joining::default())), "ENT-2704");
    house.people.set_enabled(&admin(), "lea", true).unwrap();
    assert_eq!(code_of(house.people.invited(&link, &place())), "ENT-2704");
}

#[test]
fn other_roles_count_from_the_next_request_on() {
    let house = house();
    let token = house.settled("lea", Role::CaseWorker).token;
    house.people.set_roles(&admin(), "lea", &[Role::Auditor]).unwrap();
    let signed = house.people.signed(&token, true).unwrap().unwrap();
    assert_eq!(signed.staff.roles, [Role::Auditor]);
}

#[test]
fn the_last_administrator_is_neither_disabled_nor_given_other_roles() {
    let house = house();
    house.settled("chief", Role::Administrator);
    assert_eq!(code_of(house.people.set_enabled(&admin(), "chief", false)), "ENT-2710");
    assert_eq!(code_of(house.people.set_roles(&admin(), "chief", &[])), "ENT-2710");
    house.settled("second", Role::Administrator);
    house.people.set_enabled(&admin(), "chief", false).unwrap();
    assert_eq!(code_of(house.people.set_roles(&admin(), "second", &[])), "ENT-2710");
}

#[test]
fn a_reset_takes_every_way_in_away_and_ends_the_sessions() {
    let house = house();
    let joined = house.settled("lea", Role::CaseWorker);
    house.people.reset(&admin(), "lea").unwrap();
    assert!(house.people.signed(&joined.token, true).unwrap().is_none());
    house.clock.advance(60);
    let recovery = joined.recovery.0[0].clone();
    assert_eq!(code_of(house.sign_in("lea", PASSWORD, &recovery)), "ENT-2702");
    assert!(house.people.find("lea").unwrap().1.ways.is_empty());
}

#[test]
fn two_accounts_do_not_have_one_name_in_two_spellings() {
    let house = house();
    house.people.add(&admin(), "léa", "", &[]).unwrap();
    assert_eq!(code_of(house.people.add(&admin(), "LE\u{301}A", "", &[])), "ENT-2706");
    assert_eq!(code_of(house.people.add(&admin(), "two words", "", &[])), "ENT-2705");
    assert_eq!(code_of(house.people.add(&admin(), "bob", "a\u{202e}b", &[])), "ENT-2705");
    assert_eq!(code_of(house.people.find("nobody")), "ENT-2709");
}

#[test]
fn somebody_ends_their_own_sessions_and_nobody_elses() {
    let house = house();
    let mine = house.settled("lea", Role::CaseWorker).token;
    let theirs = house.settled("omar", Role::CaseWorker).token;
    let signed = |token| house.people.signed(token, true).unwrap();
    let (me, they) = (signed(&mine).unwrap(), signed(&theirs).unwrap());
    assert!(!house.people.end_session(&me, &they.session).unwrap());
    assert!(signed(&theirs).is_some());
    assert!(house.people.end_session(&me, &me.session).unwrap());
    assert!(signed(&mine).is_none());
    assert_eq!(house.audited(Action::SignedOut).len(), 1);
    house.people.sign_out(&they).unwrap();
    assert!(signed(&theirs).is_none());
}

#[test]
fn whoever_signs_in_again_in_a_browser_leaves_the_session_before() {
    let house = house();
    let first = house.settled("lea", Role::CaseWorker).token;
    let elsewhere = house.settled("omar", Role::CaseWorker).token;
    house.clock.advance(60);
    let typed = |name: &str| Typed {
        name: name.to_owned(),
        password: PASSWORD.to_owned(),
        code: house.code(name),
    };
    let from = Place { session: Some(first.clone()), ..place() };
    // What is wrong ends nothing.
    let wrong = Typed { password: "wrong".to_owned(), ..typed("omar") };
    assert_eq!(code_of(house.people.sign_in(&wrong, &from)), "ENT-2702");
    let is_open = |token: &Token| house.people.signed(token, false).unwrap().is_some();
    assert!(is_open(&first));
    // Also if it is somebody else's.
    let second = house.people.sign_in(&typed("omar"), &from).unwrap();
    assert!(!is_open(&first) && is_open(&second) && is_open(&elsewhere));
    let ended = house.audited(Action::SignedOut);
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].0, Actor::Staff("lea".to_owned()));
}

#[test]
fn an_account_has_ten_sessions_at_most() {
    let house = house();
    let first = house.settled("lea", Role::CaseWorker).token;
    for _ in 0..10 {
        house.clock.advance(60);
        house.sign_in("lea", PASSWORD, &house.code("lea")).unwrap();
    }
    let (user, _) = house.people.find("lea").unwrap();
    assert_eq!(house.people.sessions_of(&user).len(), 10);
    assert!(house.people.signed(&first, true).unwrap().is_none());
}

#[test]
fn a_proof_is_fresh_for_five_minutes_and_can_be_given_again() {
    let house = house();
    let token = house.settled("lea", Role::CaseWorker).token;
    let signed = || house.people.signed(&token, true).unwrap().unwrap();
    assert!(house.people.is_fresh(&signed()));
    house.clock.advance(PROOF_LASTS_S);
    assert!(!house.people.is_fresh(&signed()));
    let typed = |code| Typed { name: String::new(), password: PASSWORD.to_owned(), code };
    let wrong = house.people.prove_again(&signed(), &typed(String::new()), &place());
    assert_eq!(code_of(wrong), "ENT-2702");
    house.people.prove_again(&signed(), &typed(house.code("lea")), &place()).unwrap();
    assert!(house.people.is_fresh(&signed()));
    assert_eq!(house.audited(Action::ProvedAgain).len(), 1);
}

#[test]
fn no_secret_is_in_what_can_be_printed() {
    let house = house();
    let joined = house.settled("lea", Role::CaseWorker);
    let (_, row) = house.people.named("lea").unwrap().unwrap();
    let shown = format!("{:?} {joined:?} {row:?}", house.people);
    assert!(!shown.contains(&joined.token.text()) && !shown.contains(&joined.recovery.0[0]));
    assert!(shown.contains("TotpRow(..)") && shown.contains("Password(..)"));
}

#[test]
fn a_token_is_read_as_it_is_written_and_nothing_else_is_one() {
    let token = Token::new().unwrap();
    assert_eq!(Token::parse(&token.text()).unwrap().hash(), token.hash());
    for bad in ["", "x", &"A".repeat(42), &"A".repeat(44), &"*".repeat(43), &"A".repeat(1_000_000)]
    {
        assert!(Token::parse(bad).is_none());
    }
}
