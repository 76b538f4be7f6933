//! Hand-overs between nodes: sealed for the winner, opened by a person, destroyed when it is time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor};
use entente_core::codes::ReferralOutcome;
use entente_core::envelope::Envelope;
use entente_core::feed::{Batch, Carried, Checkpoint};
use entente_core::handover::{ContactDetails, Part, Size};
use entente_core::identity::OrgKey;
use entente_core::merkle::Frontier;
use entente_core::referral::{Body, HomeStep, PartnerState};
use entente_core::statement::Statement;
use entente_node::node::Node;
use entente_node::node::feeds::Via;
use entente_node::node::handovers::KeyState;
use entente_store::db::{Keys, Rows as _, Table};
use entente_store::handover::Way;
use entente_tests::federation::{Org, START_S, pull, staff};
use entente_tests::handovers::{Accepted, MARK, PASSPHRASE, marked};
use entente_tests::net::n_audited;

const DAY_S: i64 = 24 * 60 * 60;

#[test]
fn contact_details_reach_the_winner_and_a_person_there_reads_them() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    let step = |here: &Accepted| {
        here.home.node().find_referral(&here.referral.to_string()).unwrap().state.step
    };
    assert_eq!(step(&here), HomeStep::HandedOver);
    here.exchange();
    assert_eq!(step(&here), HomeStep::Delivered);

    let opened = here.open_as("alex", PASSPHRASE).unwrap();
    assert_eq!(opened.details, marked());
    assert_eq!((opened.sealed_at_s, opened.opens_until_s), (START_S, None));
    here.exchange();
    assert_eq!(step(&here), HomeStep::Opened);
    let received = here.winner.node().find_received(&here.referral.to_string()).unwrap();
    assert_eq!(received.state, PartnerState::Opened);

    // Looking again is written down, and says nothing new to the home.
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
    assert_eq!(n_audited(here.winner.node(), Action::HandoverOpened), 2);
    for org in [&here.home, &here.winner, &here.third] {
        org.node().verify_audit().unwrap();
    }
}

#[test]
fn without_the_right_passphrase_nothing_opens_and_the_attempt_is_written_down() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2410", "it did not come yet");
    here.exchange();
    assert_eq!(here.not_opened("Alex", "seven words that somebody has"), "ENT-2406");
    assert_eq!(here.not_opened("Sam", PASSPHRASE), "ENT-2400");
    assert_eq!(n_audited(here.winner.node(), Action::HandoverNotOpened), 3);
    assert_eq!(n_audited(here.winner.node(), Action::HandoverOpened), 0);
}

#[test]
fn nobody_guesses_a_colleagues_passphrase_and_nobody_keeps_a_colleague_from_theirs() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    here.exchange();
    let open = |by: &str, passphrase: &str| {
        let (by, opener) = (Actor::Staff(by.to_owned()), ("Alex", passphrase));
        let opened = here.winner.node().open_referral(by, &here.home.id(), &here.referral, opener);
        opened.map_or_else(|fault| fault.code, |_| "opened".to_owned())
    };
    let wrong = "seven words that somebody has";
    for _ in 0..5 {
        assert_eq!(open("eve", wrong), "ENT-2406");
    }
    // The right one too, under whichever spelling of the name.
    for by in ["eve", "EVE"] {
        assert_eq!(open(by, PASSPHRASE), "ENT-2703");
    }
    assert_eq!(open("alex", PASSPHRASE), "opened");
    here.clock.advance(2);
    assert_eq!(open("eve", wrong), "ENT-2406");
    here.clock.advance(2);
    assert_eq!(open("eve", wrong), "ENT-2703");
    // All of it is written down.
    assert_eq!(n_audited(here.winner.node(), Action::HandoverNotOpened), 9);
}

#[test]
fn a_passphrase_of_ones_own_excuses_no_guess_at_a_colleagues() {
    let here = Accepted::new();
    let own = "another seven words for Sam";
    here.winner.node().add_opener(staff(), "Sam", own).unwrap();
    here.exchange();
    here.hand_over().unwrap();
    here.exchange();
    let open = |opener: &str, passphrase: &str| {
        let (by, opener) = (Actor::Staff("sam".to_owned()), (opener, passphrase));
        let opened = here.winner.node().open_referral(by, &here.home.id(), &here.referral, opener);
        opened.map_or_else(|fault| fault.code, |_| "opened".to_owned())
    };
    let wrong = "seven words that somebody has";
    for _ in 0..4 {
        assert_eq!(open("Alex", wrong), "ENT-2406");
    }
    assert_eq!(open("Sam", own), "opened");
    assert_eq!(open("Alex", wrong), "ENT-2406");
    assert_eq!(open("Alex", PASSPHRASE), "ENT-2703");
}

#[test]
fn nothing_is_sealed_before_somebody_accepted_or_without_a_key_or_a_way_to_reach_the_person() {
    let here = Accepted::without_opener();
    assert_eq!(here.hand_over().unwrap_err().code, "ENT-2404");
    let unasked = here.home.node().create_referral(
        staff(),
        &here.record,
        entente_tests::referrals::card(entente_core::codes::Urgency::Routine),
    );
    let unasked = unasked.unwrap().id;
    let refused = here.home.node().hand_over_referral(staff(), &unasked, &marked());
    assert_eq!(refused.unwrap_err().code, "ENT-2310");

    let here = Accepted::new();
    let mut unreachable = ContactDetails::new();
    unreachable.set(Part::Name, "Nobody").unwrap();
    let refused = here.home.node().hand_over_referral(staff(), &here.referral, &unreachable);
    assert_eq!(refused.unwrap_err().code, "ENT-2405");
}

#[test]
fn who_withdrew_the_consent_is_not_handed_over() {
    let here = Accepted::new();
    let node = here.home.node();
    node.withdraw_consent(staff(), &here.record, None).unwrap();
    let code = here.hand_over().unwrap_err().code;
    assert!(["ENT-2308", "ENT-2413"].contains(&code.as_str()), "{code}");
}

#[test]
fn a_replaced_key_opens_for_30_days_and_is_then_destroyed() {
    let here = Accepted::new();
    // The home has not heard of the new key.
    here.winner.node().rotate_team_key(staff()).unwrap();
    here.hand_over().unwrap();
    here.exchange();
    assert!(here.open_as("Alex", PASSPHRASE).unwrap().opens_until_s.is_some());

    here.clock.advance(30 * DAY_S - 1);
    assert_eq!(here.winner.node().destroy_old_team_keys().unwrap(), 0);
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
    here.clock.advance(1);
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2408");
    assert_eq!(here.winner.node().destroy_old_team_keys().unwrap(), 1);
    assert_eq!(here.winner.node().destroy_old_team_keys().unwrap(), 0);
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2408");
    let states: Vec<_> =
        here.winner.node().our_team_keys().unwrap().into_iter().map(|key| key.state).collect();
    assert_eq!(states, [KeyState::Current, KeyState::Destroyed]);
}

#[test]
fn what_comes_sealed_to_a_key_that_is_too_old_is_refused_and_the_home_hears_it() {
    let here = Accepted::new();
    here.winner.node().rotate_team_key(staff()).unwrap();
    here.hand_over().unwrap();
    here.clock.advance(30 * DAY_S);
    here.exchange();
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2410", "it was not kept");
    let sent = here.home.node();
    let sent = sent.handovers_of(Way::Sent, &here.winner.id(), &here.referral).unwrap();
    let refused = sent[0].1.refused.clone().map(|(_, why)| why);
    assert_eq!(refused.as_deref(), Some("handover_old_key"));

    // By now the home has heard of the new key: the same again is taken.
    here.hand_over().unwrap();
    here.exchange();
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
}

#[test]
fn whoever_has_left_opens_nothing_and_the_others_do() {
    let here = Accepted::new();
    let winner = here.winner.node();
    winner.add_opener(staff(), "Sam", "another seven words for Sam").unwrap();
    here.exchange();
    here.hand_over().unwrap();
    here.exchange();
    assert_eq!(here.open_as("Sam", "another seven words for Sam").unwrap().details, marked());

    winner.remove_opener(staff(), "sam").unwrap();
    assert_eq!(here.not_opened("Sam", "another seven words for Sam"), "ENT-2400");
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
    let last = winner.remove_opener(staff(), "Alex").unwrap_err();
    assert_eq!(last.code, "ENT-2402");
    // With the same name and passphrase, but another key.
    winner.add_opener(staff(), "Sam", "another seven words for Sam").unwrap();
    assert_eq!(here.not_opened("Sam", "another seven words for Sam"), "ENT-2407");
    // Every change made a new key, and only the current one is sealed to.
    let n_current = winner.our_team_keys().unwrap();
    let n_current = n_current.iter().filter(|key| key.state == KeyState::Current).count();
    assert_eq!(n_current, 1);
}

#[test]
fn a_key_goes_to_partners_with_referrals_and_to_nobody_else() {
    let here = Accepted::new();
    let stranger = Org::new(30, &here.clock);
    entente_tests::federation::pair(&here.winner, &stranger);
    entente_tests::federation::agree(&here.winner, &stranger, 5);
    here.winner.node().rotate_team_key(staff()).unwrap();
    here.winner.node().publish_team_key().unwrap();
    pull(&stranger, &here.winner).unwrap();
    pull(&here.home, &here.winner).unwrap();
    assert_eq!(n_audited(stranger.node(), Action::TeamKeyReceived), 0);
    assert_eq!(n_audited(here.home.node(), Action::TeamKeyReceived), 2);
}

/// The leaf of the hand-over in the home's feed for the winner; `None` if its content is destroyed.
fn leaf_of_handover(here: &Accepted) -> Option<Vec<u8>> {
    let sent = here.home.node();
    let sent = sent.handovers_of(Way::Sent, &here.winner.id(), &here.referral).unwrap();
    let (epoch, seq) = sent.last().unwrap().1.said_at.unwrap();
    let batches = here.home.node().feed_batches(&here.winner.id(), epoch, 0, usize::MAX).unwrap();
    let leaves = batches.into_iter().flat_map(|batch| batch.leaves);
    match leaves.into_iter().nth(usize::try_from(seq - 1).unwrap()).unwrap() {
        Carried::Whole(bytes) => Some(bytes),
        Carried::Redacted(_) => None,
    }
}

#[test]
fn what_is_withdrawn_before_it_was_read_is_never_sent_and_the_winner_hears_that_it_is_over() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    assert!(leaf_of_handover(&here).is_some());
    here.home.node().withdraw_referral(staff(), &here.referral).unwrap();
    assert_eq!(leaf_of_handover(&here), None);
    here.exchange();
    let received = here.winner.node().find_received(&here.referral.to_string()).unwrap();
    assert_eq!(received.state, PartnerState::Revoked);
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2410");
}

#[test]
fn what_is_withdrawn_later_is_destroyed_on_both_sides_with_a_receipt() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    here.exchange();
    here.open_as("Alex", PASSPHRASE).unwrap();
    here.home.node().withdraw_referral(staff(), &here.referral).unwrap();
    here.exchange();
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2411");
    assert_eq!(leaf_of_handover(&here), None);
    let sent = here.home.node();
    let sent = sent.handovers_of(Way::Sent, &here.winner.id(), &here.referral).unwrap();
    assert_eq!(sent[0].1.shredded_there_at_s, Some(START_S));
    assert_eq!(sent[0].1.shredded.as_ref().map(|(_, why)| why.as_str()), Some("withdrawn"));
}

#[test]
fn a_closed_referral_keeps_its_contact_details_for_the_days_of_the_agreement() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    here.exchange();
    let winner = here.winner.node();
    winner
        .close_received(staff(), &here.home.id(), &here.referral, ReferralOutcome::Provided)
        .unwrap();
    here.exchange();
    let agreements = winner.agreements().unwrap();
    let days = agreements[0].agreement.grant_to(&here.winner.id()).unwrap().1.retention_days;
    here.clock.advance(i64::from(days) * DAY_S - 1);
    for org in [&here.home, &here.winner] {
        assert_eq!(org.node().shred_expired_handovers().unwrap(), 0);
    }
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
    here.clock.advance(1);
    for org in [&here.home, &here.winner] {
        assert_eq!(org.node().shred_expired_handovers().unwrap(), 1);
        assert_eq!(org.node().shred_expired_handovers().unwrap(), 0);
    }
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2411");
    assert_eq!(leaf_of_handover(&here), None);
}

#[test]
fn what_is_opened_and_never_closed_is_overdue_again_and_again_and_destroyed_in_the_end() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    here.exchange();
    here.open_as("Alex", PASSPHRASE).unwrap();
    here.exchange();
    let home = here.home.node();
    let is_overdue = || {
        let kept = home.find_referral(&here.referral.to_string()).unwrap();
        kept.is_overdue(home.now_s())
    };
    // Two weeks, whatever the card says: the person was reached.
    here.clock.advance(14 * DAY_S - 1);
    assert!(!is_overdue());
    here.clock.advance(1);
    assert!(is_overdue(), "opened, and nothing since");
    here.winner.node().start_received(staff(), &here.home.id(), &here.referral).unwrap();
    here.exchange();
    assert!(!is_overdue(), "the person is being served");
    here.clock.advance(14 * DAY_S);
    assert!(is_overdue(), "and nobody says what came of it");

    let agreements = home.agreements().unwrap();
    let days = agreements[0].agreement.grant_from(&here.home.id()).unwrap().1.retention_days;
    here.clock.advance((i64::from(days) - 28) * DAY_S - 1);
    for org in [&here.home, &here.winner] {
        assert_eq!(org.node().shred_expired_handovers().unwrap(), 0);
    }
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
    here.clock.advance(1);
    for org in [&here.home, &here.winner] {
        assert_eq!(org.node().shred_expired_handovers().unwrap(), 1);
    }
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2411");
    assert_eq!(leaf_of_handover(&here), None);
}

#[test]
fn the_end_of_the_agreement_destroys_what_was_handed_over() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    here.exchange();
    here.home.node().end_partner(staff(), &here.winner.id(), "").unwrap();
    here.exchange();
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2411");
    assert_eq!(leaf_of_handover(&here), None);
}

/// The home's next batch for the winner, with its last leaf changed and everything signed again by the
/// home's own key: what only a faulty or hostile home sends.
fn changed_by_the_home(here: &Accepted, change: impl FnOnce(&mut Body)) -> Batch {
    let (epoch, after) = here.winner.node().cursor(&here.home.id()).unwrap();
    let home = here.home.node();
    let mut batches = home.feed_batches(&here.winner.id(), epoch, after, usize::MAX).unwrap();
    let mut batch = batches.remove(0);
    let Carried::Whole(bytes) = &batch.leaves[0] else { panic!("a whole leaf") };
    let mut leaf = entente_proto::decode_statement(bytes).unwrap();
    let Statement::Document(envelope) = &leaf.statement else { panic!("a document") };
    let mut message =
        entente_proto::decode_referral(&envelope.payload_type, &envelope.payload).unwrap();
    change(&mut message.body);
    let key = OrgKey::from_seed(&[2; 32]);
    let payload = entente_proto::encode_referral(&message);
    let envelope = Envelope::seal(message.payload_type(), payload, &key).unwrap();
    leaf.statement = Statement::Document(envelope);
    let bytes = entente_proto::encode_statement(&leaf);

    let mut frontier = Frontier::default();
    let before = home.feed_batches(&here.winner.id(), epoch, 0, usize::MAX).unwrap();
    let before = before.into_iter().filter(|it| it.first < batch.first);
    for leaf in before.flat_map(|it| it.leaves) {
        match leaf {
            Carried::Whole(bytes) => frontier.push(&bytes, &mut Vec::new()),
            Carried::Redacted(hash) => frontier.push_hash(hash, &mut Vec::new()),
        }
    }
    frontier.push(&bytes, &mut Vec::new());
    batch.leaves = vec![Carried::Whole(bytes)];
    batch.checkpoint = Checkpoint::sign(&leaf.feed.origin(), &frontier, &key).unwrap().note;
    batch
}

#[test]
fn a_hand_over_that_was_altered_or_is_sealed_to_another_key_is_refused() {
    // A byte of what is sealed: nobody can tell before it is opened.
    let here = Accepted::new();
    here.hand_over().unwrap();
    let batch = changed_by_the_home(&here, |body| {
        let Body::HandOver { sealed, .. } = body else { panic!("a hand-over") };
        sealed[2_000] ^= 1;
    });
    here.winner.node().accept(&here.home.id(), batch, Via::Connection).unwrap();
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2409");

    let changes: [fn(&mut Body); 2] = [
        |body| {
            let Body::HandOver { key, .. } = body else { panic!("a hand-over") };
            key[0] ^= 1;
        },
        |body| {
            let Body::HandOver { sealed, .. } = body else { panic!("a hand-over") };
            sealed.pop();
        },
    ];
    for change in changes {
        let here = Accepted::new();
        here.hand_over().unwrap();
        let batch = changed_by_the_home(&here, change);
        here.winner.node().accept(&here.home.id(), batch, Via::Connection).unwrap();
        assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2410", "it was not kept");
        assert_eq!(n_audited(here.winner.node(), Action::HandoverRefused), 1);
    }
}

#[test]
fn what_was_sealed_for_one_referral_is_noise_in_another() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    let Some(bytes) = leaf_of_handover(&here) else { panic!("a leaf") };
    let leaf = entente_proto::decode_statement(&bytes).unwrap();
    let Statement::Document(envelope) = &leaf.statement else { panic!("a document") };
    let message = entente_proto::decode_referral(&envelope.payload_type, &envelope.payload);
    let Body::HandOver { sealed: stolen, .. } = message.unwrap().body else { panic!("sealed") };
    here.exchange();

    // A corrected one follows; in its place comes what was sealed for the first.
    here.hand_over().unwrap();
    let batch = changed_by_the_home(&here, |body| {
        let Body::HandOver { sealed, .. } = body else { panic!("a hand-over") };
        sealed.clone_from(&stolen);
    });
    here.winner.node().accept(&here.home.id(), batch, Via::Connection).unwrap();
    assert_eq!(here.not_opened("Alex", PASSPHRASE), "ENT-2409");
}

#[test]
fn sealed_contact_details_have_at_most_three_sizes_on_the_way() {
    let mut sizes = std::collections::BTreeSet::new();
    for n in [1, 700, 3_999] {
        let here = Accepted::new();
        let mut details = marked();
        details.set(Part::Note, &"\u{1f98b}".repeat(n)).unwrap();
        here.home.node().hand_over_referral(staff(), &here.referral, &details).unwrap();
        let leaf = entente_proto::decode_statement(&leaf_of_handover(&here).unwrap()).unwrap();
        let Statement::Document(envelope) = &leaf.statement else { panic!("a document") };
        let message = entente_proto::decode_referral(&envelope.payload_type, &envelope.payload);
        let Body::HandOver { sealed, .. } = message.unwrap().body else { panic!("sealed") };
        sizes.insert(sealed.len());
    }
    assert_eq!(sizes, Size::ALL.map(Size::bytes).into_iter().collect());
}

/// Where the mark is in what a node keeps, opened with its own key, and in what it says.
fn marks_in(node: &Node, partners: &[&Org]) -> Vec<String> {
    let contains = |bytes: &[u8]| bytes.windows(MARK.len()).any(|it| it == MARK.as_bytes());
    let mut found = Vec::new();
    for number in 1..=253 {
        let table = Table::new(number, "any");
        let mut visit = |key: &[u8], value: &[u8]| {
            if contains(key) || contains(value) {
                found.push(format!("table {number}"));
            }
            ControlFlow::Continue(())
        };
        node.db().read(|tx| tx.scan(table, Keys::All, &mut visit)).unwrap();
    }
    for partner in partners {
        for batch in node.feed_batches(&partner.id(), 0, 0, usize::MAX).unwrap() {
            for leaf in &batch.leaves {
                if matches!(leaf, Carried::Whole(bytes) if contains(bytes)) {
                    found.push("the feed".to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn no_store_opened_with_its_key_and_no_feed_holds_a_word_of_what_was_handed_over() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    here.exchange();
    here.open_as("Alex", PASSPHRASE).unwrap();
    here.exchange();
    pull(&here.third, &here.home).unwrap();
    assert_eq!(marks_in(here.home.node(), &[&here.winner, &here.third]), [""; 0]);
    assert_eq!(marks_in(here.winner.node(), &[&here.home]), [""; 0]);
    assert_eq!(marks_in(here.third.node(), &[&here.home]), [""; 0]);

    // It would be easy to find nothing: the same words in a record are found in its table.
    let node = here.home.node();
    let mut record = node.blank_record().unwrap();
    let mut fields = entente_tests::federation::plain_case();
    fields.push((entente_core::record::Field::NameLast, MARK.to_owned()));
    node.fill(&mut record, &fields).unwrap();
    node.add_record(staff(), record, Vec::new()).unwrap();
    assert_eq!(marks_in(node, &[&here.winner]), ["table 2"]);
}
