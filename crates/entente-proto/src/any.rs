//! Arbitrary values for tests: everything that the core's types can say and a node may send.

use std::collections::BTreeSet;

use entente_core::agreement::terms::{Dimension, Onward};
use entente_core::agreement::{
    Agreement, AgreementId, Counts, Elements, Forbids, Geography, Grant, Party, Term,
};
use entente_core::codes::{Code, Set, Status};
use entente_core::envelope::Envelope;
use entente_core::feed::FeedId;
use entente_core::identity::{OrgId, OrgKey, Signature};
use entente_core::lang::Text;
use entente_core::period::Period;
use entente_core::statement::{AgreementRef, Leaf, Statement, WithdrawReason};
use entente_core::summary::{Age, CaseSummary, Citizenship, Place, Rung, SummaryId};
use jiff::civil::date;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::parse::{MAX_LOG, MAX_SECONDS};
use crate::partner::Card;

mod statistics;

pub(crate) use statistics::*;

pub(crate) fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

pub(crate) fn id(seed: u8) -> OrgId {
    key(seed).id()
}

pub(crate) fn org() -> impl Strategy<Value = OrgId> {
    (0_u8..8).prop_map(id)
}

pub(crate) fn code<C: Code>() -> impl Strategy<Value = C> {
    select(C::ALL)
}

pub(crate) fn codes<C: Code>() -> impl Strategy<Value = BTreeSet<C>> {
    any::<u32>().prop_map(|bits| {
        C::ALL.iter().copied().filter(|code| bits >> (code.number() % 32) & 1 == 1).collect()
    })
}

pub(crate) fn set<C: Code>() -> impl Strategy<Value = Set<C>> {
    codes().prop_map(|codes| codes.into_iter().collect())
}

pub(crate) fn seconds() -> impl Strategy<Value = u64> {
    prop_oneof![Just(1), Just(MAX_SECONDS), 1..=MAX_SECONDS]
}

/// One line that is not blank, in form NFC.
pub(crate) fn line() -> impl Strategy<Value = String> {
    "[A-Zé][A-Za-zéàœŒ’«» .,-]{0,29}[a-zé]"
}

pub(crate) fn text() -> impl Strategy<Value = Text> {
    (line(), line()).prop_map(|(en, fr)| Text { en, fr })
}

pub(crate) fn period() -> impl Strategy<Value = Period> {
    (1900_u32..=2199, 0_u32..=4)
        .prop_map(|(year, quarter)| Period::from_number(year * 10 + quarter).unwrap())
}

pub(crate) fn agreement_ref() -> impl Strategy<Value = AgreementRef> {
    (any::<[u8; 16]>(), 1..=u32::MAX).prop_map(|(id, version)| AgreementRef { id, version })
}

pub(crate) fn card() -> impl Strategy<Value = Card> {
    let address = select(vec!["", "node.example.org:7443", "10.0.0.1:1", "[2001:db8::1]:65535"]);
    (org(), text(), code(), address).prop_map(|(org, name, kind, address)| Card {
        org,
        name,
        kind,
        address: address.to_owned(),
    })
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        code().prop_map(Place::Province),
        code().prop_map(Place::Region),
        Just(Place::Unknown),
    ]
}

fn age() -> impl Strategy<Value = Age> {
    prop_oneof![code().prop_map(Age::Group), code().prop_map(Age::Majority)]
}

fn citizenship() -> impl Strategy<Value = Citizenship> {
    prop_oneof![
        code().prop_map(Citizenship::Group),
        Just(Citizenship::Canadian),
        Just(Citizenship::Other),
        Just(Citizenship::Unknown),
    ]
}

pub(crate) fn summary() -> impl Strategy<Value = CaseSummary> {
    let head = (any::<[u8; 16]>(), select(&Rung::ALL[..]), period(), 5..=u32::MAX);
    let counted = (
        option::of(place()),
        option::of(code()),
        option::of(age()),
        option::of(citizenship()),
        option::of(code()),
    );
    let sets = (
        option::of(set()),
        option::of(set()),
        option::of(set()),
        option::of(set()),
        option::of(set()),
        option::of(set()),
        option::of(set()),
    );
    let status = select(vec![Status::Possible, Status::Actual]);
    let codes =
        (option::of(code()), option::of(code()), option::of(code()), status, option::of(code()));
    (head, counted, sets, codes).prop_map(|(head, counted, sets, codes)| {
        let (id, rung, period, k_at_release) = head;
        let (place, gender, age, citizenship, majority_at_exploitation) = counted;
        let (exploitation, labour_sectors, sexual_types, controls, recruiter_relation, needs, met) =
            sets;
        let (duration, geo_scope, data_source, status, status_decided_by) = codes;
        CaseSummary {
            id: SummaryId(id),
            rung,
            period,
            place,
            gender,
            age,
            citizenship,
            majority_at_exploitation,
            exploitation,
            labour_sectors,
            sexual_types,
            duration,
            controls,
            recruiter_relation,
            needs,
            geo_scope,
            definition_profiles: met,
            data_source,
            status,
            status_decided_by,
            k_at_release,
        }
    })
}

/// Signatures are not good ones: nothing here verifies them.
pub(crate) fn envelope() -> impl Strategy<Value = Envelope> {
    let signer = || any::<(u64, u64)>();
    let signatures = prop::collection::btree_map(org(), signer(), 1..=4);
    ("[a-z/.+-]{1,100}", prop::collection::vec(any::<u8>(), 1..200), signatures).prop_map(
        |(payload_type, payload, signatures)| {
            let signature = |(a, b): (u64, u64)| {
                let half = [a.to_le_bytes(), b.to_le_bytes()].concat();
                let bytes = [&half[..], &half, &half, &half].concat();
                Signature::from_bytes(bytes.try_into().unwrap())
            };
            let signatures = signatures.into_iter().map(|(org, it)| (org, signature(it))).collect();
            Envelope { payload_type, payload, signatures }
        },
    )
}

pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    prop_oneof![
        summary().prop_map(Statement::Summary),
        (any::<[u8; 16]>(), select(&WithdrawReason::ALL[..]))
            .prop_map(|(id, reason)| Statement::Withdrawal(SummaryId(id), reason)),
        envelope().prop_map(Statement::Document),
    ]
}

pub(crate) fn leaf() -> impl Strategy<Value = Leaf> {
    let feed = (org(), org(), any::<u32>());
    let seq = prop_oneof![Just(1), Just(MAX_LOG), 1..=MAX_LOG];
    (feed, seq, agreement_ref(), any::<bool>(), statement()).prop_map(
        |((issuer, audience, epoch), seq, agreement, bare, statement)| {
            let bare = bare && matches!(statement, Statement::Document(_));
            Leaf {
                feed: FeedId { issuer, audience, epoch },
                seq,
                agreement: (!bare).then_some(agreement),
                statement,
            }
        },
    )
}

fn party(org: OrgId) -> impl Strategy<Value = Party> {
    (text(), code(), text(), line(), text(), text()).prop_map(
        move |(name, kind, officer_title, breach_contact, disclose, collect)| Party {
            org,
            name,
            kind,
            officer_title,
            breach_contact,
            authority_to_disclose: disclose,
            authority_to_collect: collect,
        },
    )
}

fn counts() -> impl Strategy<Value = Counts> {
    let dimensions = prop::collection::btree_set(code(), 1..=4).prop_filter(
        "more cells than can be protected",
        |it: &BTreeSet<Dimension>| {
            Dimension::frame(&it.iter().copied().collect::<Vec<_>>()).is_ok()
        },
    );
    (code(), dimensions, 5..=1_000_u32).prop_map(|(period, dimensions, min_cell)| Counts {
        period,
        dimensions,
        min_cell,
    })
}

fn elements() -> impl Strategy<Value = Elements> {
    (code(), code(), code(), code(), code(), codes()).prop_map(
        |(period, place, gender, age, citizenship, details)| Elements {
            period,
            place,
            gender,
            age,
            citizenship,
            details,
        },
    )
}

fn grant() -> impl Strategy<Value = Grant> {
    let geography = prop_oneof![
        Just(Geography::Everywhere),
        codes().prop_filter("somewhere", |it| !it.is_empty()).prop_map(Geography::Only),
    ];
    let onward = prop_oneof![
        Just(Onward::Never),
        Just(Onward::Circle),
        prop::collection::btree_set((8_u8..16).prop_map(id), 1..=3).prop_map(Onward::Named),
    ];
    let tiers = (option::of(counts()), any::<bool>(), any::<bool>(), geography);
    let bounds = (1_u32..8, 5..=1_000_u32, 1..=3_660_u32, 0..=311_000_000_u64);
    let forbids = (codes(), any::<bool>(), any::<bool>());
    (tiers, bounds, elements(), onward, forbids).prop_map(
        |((counts, referrals, services, geography), bounds, elements, onward, forbids)| {
            let (age_classes, min_group, retention_days, budget_nano_rho) = bounds;
            let (exploitation, indigenous, minors) = forbids;
            Grant {
                summaries: true,
                counts,
                referrals,
                services,
                geography,
                age_classes: Set::from_bits(age_classes).unwrap(),
                min_group,
                elements,
                retention_days,
                onward,
                budget_nano_rho,
                forbids: Forbids { exploitation, indigenous, minors },
            }
        },
    )
}

/// An agreement without problems.
pub(crate) fn agreement() -> impl Strategy<Value = Agreement> {
    let [first, second] = if id(1) < id(2) { [id(1), id(2)] } else { [id(2), id(1)] };
    let parties = [party(first).boxed(), party(second).boxed()];
    let grants = [grant().boxed(), grant().boxed()];
    let purposes = set().prop_filter("some", |it: &Set<_>| !it.is_empty());
    let terms = (text(), purposes, code(), 0..=365_u32, 1..=720_u32, 1_i64..=1_800);
    (any::<[u8; 16]>(), 1..=3_u32, parties, grants, terms).prop_map(
        |(id, version, parties, grants, terms)| {
            let (governing_law, purposes, at_end, notice_days, breach_notice_hours, days) = terms;
            let effective = date(2026, 11, 22);
            Agreement {
                id: AgreementId(id),
                version,
                supersedes: (version > 1).then_some([7; 32]),
                parties,
                grants,
                governing_law,
                purposes,
                term: Term {
                    effective,
                    expiry: effective.saturating_add(jiff::Span::new().days(days)),
                },
                at_end,
                notice_days,
                breach_notice_hours,
            }
        },
    )
}

/// One value of a strategy: the simplest that the runner's fixed seed gives.
pub(crate) fn one<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    strategy.new_tree(&mut runner).unwrap().current()
}

/// Every encoded message, shortened, lengthened or changed in one byte, is refused or is another
/// canonical message; it is never a panic and never the same value from other bytes. No text in it can be a million
/// characters, turn the direction of reading, or hold what ends a line of a terminal.
#[track_caller]
pub(crate) fn check_mutations<T: PartialEq + std::fmt::Debug, E>(
    bytes: &[u8],
    value: &T,
    decode: impl Fn(&[u8]) -> Result<T, E>,
) {
    for at in 0..bytes.len() {
        assert_ne!(decode(&bytes[..at]).ok().as_ref(), Some(value), "cut off at {at}");
        for change in [1, 0x80, 0xff] {
            let mut changed = bytes.to_vec();
            changed[at] ^= change;
            assert_ne!(decode(&changed).ok().as_ref(), Some(value), "changed at {at}");
        }
    }
    // An unknown field, of a number that no message here uses.
    let longer = [bytes, &[0xf8, 0x01, 1]].concat();
    assert!(decode(&longer).is_err());
    let long = "a".repeat(1_000_000);
    for (what, change) in [
        ("a million characters", &(|_: &str| long.clone()) as &dyn Fn(&str) -> String),
        ("turned", &|text| format!("{text}\u{202e}")),
        ("turned and kept apart", &|text| format!("\u{2066}{text}")),
        ("a bell", &|text| format!("{text}\u{7}")),
    ] {
        for changed in with_texts(bytes, change) {
            // What is sealed or signed inside is opened elsewhere; what is said must not be like this.
            let said = decode(&changed).ok().map(|it| format!("{it:?}")).unwrap_or_default();
            let is_said = ["\\u{202e}", "\\u{2066}", "\\u{7}", &long[..9_999]];
            assert!(is_said.iter().all(|it| !said.contains(it)), "{what} is taken");
        }
    }
}

/// A message with each of its texts changed, one at a time, however deep it is inside.
fn with_texts(bytes: &[u8], change: &dyn Fn(&str) -> String) -> Vec<Vec<u8>> {
    let Some(fields) = delimited(bytes) else { return Vec::new() };
    let mut all = Vec::new();
    for (head, content) in fields {
        let inside = &bytes[content.clone()];
        let mut others = with_texts(inside, change);
        let text = std::str::from_utf8(inside).ok();
        let is_text =
            |it: &&str| it.chars().any(char::is_alphabetic) && !it.contains(char::is_control);
        others.extend(text.filter(is_text).map(|text| change(text).into_bytes()));
        for other in others {
            let mut changed = bytes[..head].to_vec();
            let mut length = other.len();
            while length > 0x7f {
                changed.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                length >>= 7;
            }
            changed.push(u8::try_from(length).unwrap());
            changed.extend(other);
            changed.extend(&bytes[content.end..]);
            all.push(changed);
        }
    }
    all
}

/// Of each field that has a length: where the length stands, and where what it is of. `None` if this is no message.
fn delimited(bytes: &[u8]) -> Option<Vec<(usize, std::ops::Range<usize>)>> {
    let varint = |at: &mut usize| {
        let mut value = 0_usize;
        for shift in (0..63).step_by(7) {
            let byte = *bytes.get(*at)?;
            *at += 1;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    };
    let (mut at, mut fields) = (0, Vec::new());
    while at < bytes.len() {
        match varint(&mut at)? & 7 {
            0 => drop(varint(&mut at)?),
            1 => at += 8,
            5 => at += 4,
            2 => {
                let head = at;
                let length = varint(&mut at)?;
                let end = at.checked_add(length).filter(|end| *end <= bytes.len())?;
                fields.push((head, at..end));
                at = end;
            }
            _ => return None,
        }
    }
    (at == bytes.len()).then_some(fields)
}

#[test]
fn every_text_of_a_message_is_found_to_be_changed() {
    // 1: "ab", 2: { 1: "cd" }, 3: 7
    let bytes = [0x0a, 2, b'a', b'b', 0x12, 4, 0x0a, 2, b'c', b'd', 0x18, 7];
    let changed = with_texts(&bytes, &|text| format!("{text}!"));
    let expected: [&[u8]; 2] = [
        &[0x0a, 3, b'a', b'b', b'!', 0x12, 4, 0x0a, 2, b'c', b'd', 0x18, 7],
        &[0x0a, 2, b'a', b'b', 0x12, 5, 0x0a, 3, b'c', b'd', b'!', 0x18, 7],
    ];
    assert_eq!(changed, expected);
}
