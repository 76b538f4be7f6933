//! Hand-overs from a home that lies: what was sealed for something else, and what was said before.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use entente_core::audit::Action;
use entente_core::codes::Urgency;
use entente_core::envelope::Envelope;
use entente_core::feed::Carried;
use entente_core::handover::{ContactDetails, Part};
use entente_core::identity::OrgKey;
use entente_core::referral::{Body, Head, Message, Offer, PartnerState, ReferralId};
use entente_core::statement::Statement;
use entente_store::handover::Way;
use entente_tests::federation::{said_by_a_liar, staff};
use entente_tests::handovers::{Accepted, PASSPHRASE, marked};
use entente_tests::net::n_audited;
use entente_tests::referrals::card;

/// The key of the home in [`Accepted`].
const HOME: u8 = 2;

/// The last hand-over of a referral, as the home said it.
fn said(here: &Accepted, referral: &ReferralId) -> Message {
    let home = here.home.node();
    let sent = home.handovers_of(Way::Sent, &here.winner.id(), referral).unwrap();
    let (epoch, seq) = sent.last().unwrap().1.said_at.unwrap();
    let batches = home.feed_batches(&here.winner.id(), epoch, 0, usize::MAX).unwrap();
    let leaves = batches.into_iter().flat_map(|batch| batch.leaves);
    let leaf = leaves.into_iter().nth(usize::try_from(seq - 1).unwrap()).unwrap();
    let Carried::Whole(bytes) = leaf else { panic!("a whole leaf") };
    let Statement::Document(envelope) = entente_proto::decode_statement(&bytes).unwrap().statement
    else {
        panic!("a document")
    };
    entente_proto::decode_referral(&envelope.payload_type, &envelope.payload).unwrap()
}

/// Signed by the home's own key, whatever its node would say.
fn signed(message: &Message) -> Envelope {
    let payload = entente_proto::encode_referral(message);
    let key = OrgKey::from_seed(&[HOME; 32]);
    Envelope::seal(message.payload_type(), payload, &key).unwrap()
}

/// The offer once more, with which a feed that began anew begins its chain anew.
fn offered_anew(here: &Accepted, like: &Head) -> Message {
    let now_s = here.home.node().now_s();
    let head = Head { step: 1, previous: None, seen: None, ..like.clone() };
    let (due_at_s, expires_at_s) = (now_s + 3_600, now_s + 7_200);
    Message {
        head,
        body: Body::Offer(Offer { card: card(Urgency::Routine), due_at_s, expires_at_s }),
    }
}

fn reached_at(number: &str) -> ContactDetails {
    let mut details = ContactDetails::new();
    details.set(Part::Name, "Somebody").unwrap();
    details.add_phone(number, true).unwrap();
    details
}

fn refused(here: &Accepted) -> usize {
    n_audited(here.winner.node(), Action::HandoverRefused)
}

#[test]
fn an_old_number_does_not_come_back_in_place_of_the_corrected_one() {
    let here = Accepted::new();
    let hand_over = |details: &ContactDetails| {
        here.home.node().hand_over_referral(staff(), &here.referral, details).unwrap();
        let message = said(&here, &here.referral);
        here.exchange();
        message
    };
    let old = hand_over(&reached_at("204-555-0100"));
    let new = reached_at("204-555-0199");
    hand_over(&new);
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, new);

    // As it was said, it is out of its order.
    let skipped = said_by_a_liar(&here.home, HOME, &here.winner, vec![signed(&old)]);
    assert_eq!(skipped, ["referral_out_of_order"]);
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, new);
}

#[test]
fn what_was_handed_over_once_is_not_taken_again_by_a_chain_that_begins_anew() {
    let here = Accepted::new();
    let hand_over = |details: &ContactDetails| {
        here.home.node().hand_over_referral(staff(), &here.referral, details).unwrap();
        let message = said(&here, &here.referral);
        here.exchange();
        message
    };
    let old = hand_over(&reached_at("204-555-0100"));
    let new = reached_at("204-555-0199");
    hand_over(&new);
    let again = vec![signed(&offered_anew(&here, &old.head)), signed(&old)];
    said_by_a_liar(&here.home, HOME, &here.winner, again);
    assert_eq!(refused(&here), 1);
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, new);
}

#[test]
fn what_was_opened_is_not_replaced_by_something_else() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    let mut message = said(&here, &here.referral);
    here.exchange();
    here.open_as("Alex", PASSPHRASE).unwrap();
    message.head = Head { step: message.head.step + 2, ..message.head };
    said_by_a_liar(&here.home, HOME, &here.winner, vec![signed(&message)]);
    let winner = here.winner.node();
    let kept = winner.handovers_of(Way::Received, &here.home.id(), &here.referral).unwrap();
    assert_eq!(kept.len(), 1);
    let received = winner.find_received(&here.referral.to_string()).unwrap();
    assert_eq!(received.state, PartnerState::Opened);
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
}

#[test]
fn nothing_is_taken_that_answers_no_acceptance_of_ours() {
    let here = Accepted::new();
    here.hand_over().unwrap();
    let mut message = said(&here, &here.referral);
    here.exchange();
    // A gap before it is no reason: what was destroyed leaves one.
    message.head = Head { step: message.head.step + 2, seen: Some([9; 32]), ..message.head };
    said_by_a_liar(&here.home, HOME, &here.winner, vec![signed(&message)]);
    assert_eq!(refused(&here), 1);
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked(), "the first one stays");
}

#[test]
fn what_was_sealed_for_one_referral_does_not_open_as_another_of_the_same_two() {
    let here = Accepted::new();
    let other = here.home.node().create_referral(staff(), &here.record, card(Urgency::Routine));
    let other = other.unwrap().id;
    here.home.node().offer_referral(staff(), &other, &[here.winner.id()]).unwrap();
    here.exchange();
    here.winner.node().accept_referral(staff(), &here.home.id(), &other).unwrap();
    here.exchange();
    here.hand_over().unwrap();
    let body = said(&here, &here.referral).body;
    here.home.node().hand_over_referral(staff(), &other, &marked()).unwrap();
    let head = said(&here, &other).head;
    here.exchange();

    let message = Message { head: Head { step: head.step + 2, ..head }, body };
    said_by_a_liar(&here.home, HOME, &here.winner, vec![signed(&message)]);
    let winner = here.winner.node();
    let opened = winner.open_referral(staff(), &here.home.id(), &other, ("Alex", PASSPHRASE));
    assert_eq!(opened.map(|_| ()).unwrap_err().code, "ENT-2409");
    assert_eq!(here.open_as("Alex", PASSPHRASE).unwrap().details, marked());
}
