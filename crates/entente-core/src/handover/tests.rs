//! Sealing and opening: what opens, and everything that does not.

use crate::statistics::noise::SystemRandomness as SysRng;
use proptest::prelude::*;

use super::details::{MAX_PHONE_CHARS, MAX_PHONES};
use super::sealed::NotSealed;
use super::*;
use crate::identity::OrgKey;

fn org(seed: u8) -> OrgId {
    OrgKey::from_seed(&[seed; 32]).id()
}

fn details() -> ContactDetails {
    let mut details = ContactDetails::new();
    details.set(Part::Name, "Zoé Exemple").unwrap();
    details.set(Part::SafeTimes, "mornings\nnever on Friday").unwrap();
    details.add_phone("+1 604 555 0123", true).unwrap();
    details.add_phone("604 555 0199", false).unwrap();
    details
}

fn binding(key: &TeamKey) -> Binding {
    Binding {
        home: org(1),
        recipient: org(2),
        referral: ReferralId([3; 16]),
        agreement: AgreementRef { id: [4; 16], version: 5 },
        step: 3,
        previous: [6; 32],
        seen: [7; 32],
        key: key.id().unwrap(),
    }
}

fn team() -> TeamKey {
    TeamKey::generate(&mut SysRng).unwrap()
}

fn seal(key: &TeamKey, binding: &Binding, details: &ContactDetails) -> Sealed {
    Sealed::seal(&key.public().unwrap(), binding, details, &mut SysRng).unwrap()
}

#[test]
fn the_recipient_reads_what_was_sealed() {
    let key = team();
    let sealed = seal(&key, &binding(&key), &details());
    assert_eq!(sealed.open(&key, &binding(&key)), Ok(details()));
    assert_eq!(sealed.as_bytes().len(), Size::Small.bytes());
}

#[test]
fn the_same_details_are_sealed_differently_each_time() {
    let key = team();
    let seal = || seal(&key, &binding(&key), &details());
    assert_ne!(seal(), seal());
}

#[test]
fn another_key_opens_nothing() {
    let (key, other) = (team(), team());
    let sealed = seal(&key, &binding(&key), &details());
    assert_eq!(sealed.open(&other, &binding(&key)), Err(NotOpened));
    let pretended = Binding { key: other.id().unwrap(), ..binding(&key) };
    assert_eq!(sealed.open(&other, &pretended), Err(NotOpened));
    let public = other.public().unwrap();
    let refused = Sealed::seal(&public, &binding(&key), &details(), &mut SysRng);
    assert_eq!(refused, Err(NotSealed::OtherKey));
}

#[test]
fn under_another_binding_in_any_part_nothing_opens() {
    let key = team();
    let right = binding(&key);
    let sealed = seal(&key, &right, &details());
    let newer = AgreementRef { version: 6, ..right.agreement };
    let other = AgreementRef { id: [9; 16], ..right.agreement };
    let wrong = [
        Binding { home: org(9), ..right },
        Binding { recipient: org(9), ..right },
        Binding { home: right.recipient, recipient: right.home, ..right },
        Binding { referral: ReferralId([9; 16]), ..right },
        Binding { agreement: newer, ..right },
        Binding { agreement: other, ..right },
        Binding { step: 4, ..right },
        Binding { previous: [9; 32], ..right },
        Binding { seen: [9; 32], ..right },
        Binding { previous: right.seen, seen: right.previous, ..right },
        Binding { key: KeyId([9; 32]), ..right },
    ];
    for wrong in wrong {
        assert_eq!(sealed.open(&key, &wrong), Err(NotOpened), "{wrong:?}");
    }
}

#[test]
fn with_any_byte_changed_or_cut_off_nothing_opens() {
    let key = team();
    let right = binding(&key);
    let sealed = seal(&key, &right, &details());
    // Both parts of the encapsulated key (ML-KEM's 1,088 bytes, X25519's 32), the tag, and what lies
    // between.
    let len = sealed.as_bytes().len();
    let places = (0..1120).step_by(11).chain((1120..len - 20).step_by(97)).chain(len - 20..len);
    for at in places {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[at] ^= 1 << (at % 8);
        let changed = Sealed::from_bytes(bytes).unwrap();
        assert_eq!(changed.open(&key, &right), Err(NotOpened), "byte {at}");
    }
    for len in [0, 1, 1120, 1136, 4095, 4097, 65_537] {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes.resize(len, 0);
        assert_eq!(Sealed::from_bytes(bytes), Err(NotOpened), "{len}");
    }
    let mut longer = sealed.as_bytes().to_vec();
    longer.resize(Size::Medium.bytes(), 0);
    let longer = Sealed::from_bytes(longer).unwrap();
    assert_eq!(longer.open(&key, &right), Err(NotOpened));
}

#[test]
fn before_anything_was_said_there_is_nothing_to_bind_to() {
    let head = Head {
        referral: ReferralId([3; 16]),
        agreement: AgreementRef { id: [4; 16], version: 5 },
        step: 3,
        previous: Some([6; 32]),
        seen: Some([7; 32]),
        at_s: 1,
        sponsored: None,
    };
    let key = team();
    let of = |head: &Head| Binding::of(org(1), org(2), head, key.id().unwrap());
    assert_eq!(of(&head), Some(binding(&key)));
    assert_eq!(of(&Head { previous: None, ..head }), None);
    assert_eq!(of(&Head { seen: None, ..head }), None);
}

#[test]
fn nothing_of_contact_details_is_printed() {
    let key = team();
    let sealed = seal(&key, &binding(&key), &details());
    let printed = format!("{:?} {sealed:?} {key:?}", details());
    for text in ["Zoé", "604", "Friday"] {
        assert!(!printed.contains(text), "{printed}");
    }
}

#[test]
fn a_team_key_unwraps_for_its_opener_alone() {
    let (key, opener, other) = (team(), OpenerId([1; 16]), OpenerId([2; 16]));
    let (secret, stranger) = (opener_key(), opener_key());
    let id = key.id().unwrap();
    let wrapped = key.wrap(&org(1), opener, &secret.public().unwrap(), &mut SysRng).unwrap();
    let unwrapped = TeamKey::unwrap(&wrapped, &org(1), id, opener, &secret).unwrap();
    assert_eq!(unwrapped.id(), Ok(id));

    let refused = |org: OrgId, id, opener, secret: &OpenerKey| {
        TeamKey::unwrap(&wrapped, &org, id, opener, secret).err()
    };
    assert_eq!(refused(org(1), id, opener, &stranger), Some(BadWrap));
    assert_eq!(refused(org(2), id, opener, &secret), Some(BadWrap));
    assert_eq!(refused(org(1), KeyId([9; 32]), opener, &secret), Some(BadWrap));
    assert_eq!(refused(org(1), id, other, &secret), Some(BadWrap));
    let mut cut = wrapped.clone();
    cut.pop();
    assert_eq!(TeamKey::unwrap(&cut, &org(1), id, opener, &secret).err(), Some(BadWrap));
}

fn opener_key() -> OpenerKey {
    OpenerKey::generate(&mut SysRng).unwrap()
}

#[test]
fn what_a_person_cannot_see_or_should_not_be_there_is_refused() {
    let mut details = ContactDetails::new();
    assert!(details.set(Part::Name, "a\u{202e}b").is_err());
    assert!(details.set(Part::Name, "a\nb").is_err());
    assert!(details.set(Part::Note, "a\nb").is_ok());
    assert!(details.set(Part::Note, "a\u{7}b").is_err());
    assert!(details.set(Part::Pronouns, &"x".repeat(61)).is_err());
    assert!(details.add_phone(" ", false).is_err());
    assert!(details.check().is_err(), "nobody is reached with a note");
    for _ in 0..MAX_PHONES {
        details.add_phone("1", false).unwrap();
    }
    assert!(details.add_phone("1", false).is_err());
    assert!(details.check().is_ok());
    details.set(Part::Note, "  ").unwrap();
    assert_eq!(details.part(Part::Note), None);
}

#[test]
fn two_spellings_of_one_name_are_one_and_numbers_may_be_of_any_shape() {
    let (mut one, mut two) = (ContactDetails::new(), ContactDetails::new());
    one.set(Part::Name, "Zo\u{e9}").unwrap();
    two.set(Part::Name, " Zoe\u{301} ").unwrap();
    assert_eq!(one, two);
    assert!(one.add_phone("(867) 555-0100, poste 12", false).is_ok());
}

#[test]
fn contact_details_have_one_encoding() {
    let right = details().to_bytes();
    let padded = |bytes: &[u8]| [bytes, &[0; 9]].concat();
    assert_eq!(ContactDetails::from_padded(&padded(&right)), Ok(details()));
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = padded(&right);
        change(&mut bytes);
        ContactDetails::from_padded(&bytes)
    };
    assert!(changed(|bytes| bytes[0] = 2).is_err(), "another version");
    assert!(
        changed(|bytes| *bytes.last_mut().unwrap() = 1).is_err(),
        "padding that says something"
    );
    assert!(changed(|bytes| bytes[1] = 10).is_err(), "an unknown part");
    assert!(changed(|bytes| bytes[1] = 9).is_err(), "parts out of order");
    assert!(changed(|bytes| bytes[4] = b' ').is_err(), "a text that is trimmed");
    assert!(ContactDetails::from_padded(&[]).is_err());
    assert!(ContactDetails::from_padded(&right[..right.len() - 1]).is_err());
    // A part twice, and a message that may be left with a 2.
    let twice = [&[1, 5, 0, 1, b'a', 5, 0, 1, b'b'][..], &[0; 9]].concat();
    assert!(ContactDetails::from_padded(&twice).is_err());
    let odd = [&[1, 20, 0, 2, 2, b'1'][..], &[0; 9]].concat();
    assert!(ContactDetails::from_padded(&odd).is_err());
}

#[test]
fn everything_at_its_bound_fits_into_the_largest_size() {
    let mut details = ContactDetails::new();
    for part in Part::ALL {
        details.set(*part, &"\u{1f98b}".repeat(part.max_chars())).unwrap();
    }
    for _ in 0..MAX_PHONES {
        details.add_phone(&"\u{1f98b}".repeat(MAX_PHONE_CHARS), true).unwrap();
    }
    let key = team();
    let sealed = seal(&key, &binding(&key), &details);
    assert_eq!(sealed.as_bytes().len(), Size::Large.bytes());
    assert_eq!(sealed.open(&key, &binding(&key)), Ok(details));
}

fn any_details() -> impl Strategy<Value = ContactDetails> {
    let part = |part: &Part| {
        let chars = prop_oneof!["[a-zé 0-9]{0,40}", Just("é".repeat(part.max_chars()))];
        prop::option::of(chars).prop_map(Option::unwrap_or_default)
    };
    let parts: Vec<_> = Part::ALL.iter().map(part).collect();
    let phones = prop::collection::vec(("[0-9]{1,30}", any::<bool>()), 0..MAX_PHONES);
    (parts, phones).prop_map(|(texts, phones)| {
        let mut details = ContactDetails::new();
        for (part, text) in Part::ALL.iter().zip(texts) {
            details.set(*part, &text).unwrap();
        }
        for (number, may) in phones {
            details.add_phone(&number, may).unwrap();
        }
        details
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_handed_over_has_one_of_three_lengths_and_comes_back(details in any_details()) {
        let key = team();
        let sealed = seal(&key, &binding(&key), &details);
        let lengths = Size::ALL.map(Size::bytes);
        prop_assert_eq!(lengths, [4096, 16_384, 65_536]);
        prop_assert!(lengths.contains(&sealed.as_bytes().len()));
        prop_assert_eq!(sealed.open(&key, &binding(&key)), Ok(details));
    }
}
