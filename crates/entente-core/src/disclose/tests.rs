use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::codes::{AgeShared, CitizenshipGroup, Code, GenderShared, Province};
use crate::period::Period;
use crate::summary::{Finest, Place, finest_example as finest};

const K: u32 = 11;

fn person(number: u32) -> PersonRef {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    PersonRef(bytes)
}

fn form(form: Exploitation) -> Set<Exploitation> {
    Set::EMPTY.with(form)
}

fn candidates(cases: impl IntoIterator<Item = Finest>) -> Vec<Candidate> {
    let numbered = cases.into_iter().zip(0..);
    numbered.map(|(case, n)| Candidate::new(person(n), case.ladder())).collect()
}

fn times(n: usize, case: &Finest) -> Vec<Finest> {
    vec![case.clone(); n]
}

fn sexual() -> Finest {
    Finest { exploitation: form(Exploitation::Sexual), ..finest() }
}

fn close_new(candidates: &[Candidate]) -> Closed {
    close(candidates, &Held::default(), Rules::new(K))
}

fn rungs(closed: &Closed) -> Vec<Option<u8>> {
    let rung = |outcome: &Outcome| match outcome {
        Outcome::Released(release) => Some(release.rung.number()),
        Outcome::Waiting { .. } => None,
    };
    closed.outcomes.iter().map(rung).collect()
}

#[test]
fn the_smallest_class_allowed_leaves_on_the_finest_rung_and_one_less_does_not() {
    let both = |n| candidates([times(n, &finest()), times(11, &sexual())].concat());
    assert!(rungs(&close_new(&both(11))).iter().all(|rung| *rung == Some(0)));

    let closed = close_new(&both(10));
    // All climb: with ten, neither the class nor the other form's diversity is enough.
    assert!(rungs(&closed).iter().all(|rung| rung.is_some_and(|rung| rung >= 3)));
}

#[test]
fn a_uniform_class_leaves_without_its_form() {
    let closed = close_new(&candidates(times(30, &sexual())));
    for outcome in &closed.outcomes {
        let Outcome::Released(release) = outcome else { panic!("waits") };
        assert_eq!((release.rung, release.tells_form), (Rung::FIRST_THAT_HIDES, false));
        assert_eq!(release.class_size, 30);
    }
    assert_eq!(closed.report.n_form_hidden, 30);
}

#[test]
fn records_of_one_person_count_once() {
    let mut many = candidates([times(11, &finest()), times(11, &sexual())].concat());
    let again = candidates(times(30, &Finest { age: AgeShared::From0To17, ..finest() }));
    many.extend(again.into_iter().map(|it| Candidate { person: person(500), ..it }));
    let closed = close_new(&many);
    let waits = |outcome: &Outcome| matches!(outcome, Outcome::Waiting { class_size: 1 });
    assert!(closed.outcomes.iter().skip(22).all(waits));
}

#[test]
fn too_few_wait_and_learn_how_many_they_are() {
    let closed = close_new(&candidates(times(10, &finest())));
    assert_eq!(closed.outcomes, [Outcome::Waiting { class_size: 10 }; 10]);
    assert_eq!(closed.report.n_waiting, 10);
    assert_eq!(closed.report.risk.max(), 0.0);
}

#[test]
fn an_organization_with_k_persons_in_a_year_gets_all_out() {
    let different = (0..11_u8).map(|n| Finest {
        age: AgeShared::ALL[usize::from(n) % 7],
        place: Place::Province(Province::ALL[usize::from(n)]),
        exploitation: form(Exploitation::ALL[usize::from(n)]),
        period: Period::from_number(20_261 + u32::from(n) % 4).unwrap(),
        ..finest()
    });
    let closed = close_new(&candidates(different));
    assert!(rungs(&closed).iter().all(|rung| *rung == Some(6)), "{:?}", rungs(&closed));
}

#[test]
fn at_the_top_a_rare_form_is_hidden_among_others_and_does_not_wait() {
    let mut cases = times(12, &sexual());
    cases.extend(times(13, &finest()));
    cases.extend(times(2, &Finest { exploitation: form(Exploitation::OrganRemoval), ..finest() }));
    let at_top = candidates(cases).into_iter().map(|it| Candidate { start: Rung::TOP, ..it });
    let closed = close_new(&at_top.collect::<Vec<_>>());
    assert_eq!(closed.report.n_waiting, 0);
    let told = closed.outcomes.iter().filter(|it| {
        matches!(it, Outcome::Released(Release { tells_form: true, class_size: 13, .. }))
    });
    assert_eq!(told.count(), 13);
    assert_eq!(closed.report.n_form_hidden, 14);
}

#[test]
fn what_is_held_lowers_the_risk_and_never_the_threshold() {
    let first = candidates([times(11, &finest()), times(11, &sexual())].concat());
    let closed = close_new(&first);
    assert_eq!(closed.report.risk.smallest_group, Some(11));
    assert!(closed.report.risk.max() <= closed.report.risk_bound());

    let held: Held = first
        .iter()
        .zip(&closed.outcomes)
        .filter_map(|(it, outcome)| match outcome {
            Outcome::Released(release) => Some((release.class, it.person)),
            Outcome::Waiting { .. } => None,
        })
        .collect();
    // Ten more like those that are held: alone they are too few, so they wait.
    let ten = times(10, &finest()).into_iter().zip(100..);
    let ten: Vec<_> = ten.map(|(it, n)| Candidate::new(person(n), it.ladder())).collect();
    let later = close(&ten, &held, Rules::new(K));
    assert_eq!(later.report.n_waiting, 10);

    // As many again leave, and each of them could be any of the twenty-two.
    let again = [times(11, &finest()), times(11, &sexual())].concat().into_iter().zip(100..);
    let again: Vec<_> = again.map(|(it, n)| Candidate::new(person(n), it.ladder())).collect();
    let later = close(&again, &held, Rules::new(K));
    assert_eq!(later.report.risk.smallest_group, Some(22));
}

#[test]
fn a_held_class_that_shrank_is_reported() {
    let class = SeenClass { key: finest().ladder().key(Rung::TOP), forms: None };
    let held: Held = (0..4).map(|n| (class, person(n))).collect();
    assert_eq!(close(&[], &held, Rules::new(K)).report.n_thin_held, 1);
}

#[test]
fn what_another_partner_was_given_is_never_released_finer() {
    let mut all = candidates([times(40, &finest()), times(40, &sexual())].concat());
    for candidate in &mut all {
        candidate.start = Rung::ALL[4];
    }
    assert!(rungs(&close_new(&all)).iter().all(|rung| *rung == Some(4)));
}

#[test]
fn a_seen_class_is_read_as_it_is_written() {
    let key = finest().ladder().key(Rung::ALL[5]);
    for forms in [None, Some(Set::EMPTY), Some(form(Exploitation::Servitude))] {
        let class = SeenClass { key, forms };
        assert_eq!(SeenClass::from_bytes(class.to_bytes()), Some(class));
    }
    assert_eq!(SeenClass::from_bytes([0xff; 12]), None);
}

#[test]
fn k_is_never_below_five_nor_l_below_two() {
    assert_eq!(Rules::new(0).k(), 5);
    assert_eq!(Rules::new(20).with_diversity(0).l(), 2);
}

/// Few values per field, so that classes of every size occur.
fn any_case() -> impl Strategy<Value = (u32, Finest)> {
    let fields = (0..3_u8, 0..4_usize, 0..5_u32, 0..2_usize, 0..3_usize, 0..400_u32);
    fields.prop_map(|(gender, place, period, age, exploitation, who)| {
        let case = Finest {
            gender: GenderShared::from_number(gender).unwrap(),
            place: [
                Place::Province(Province::Alberta),
                Place::Province(Province::Manitoba),
                Place::Province(Province::Ontario),
                Place::Unknown,
            ][place],
            period: Period::from_number(20_260 + period).unwrap(),
            age: [AgeShared::From18To24, AgeShared::From0To17][age],
            citizenship: CitizenshipGroup::Can,
            exploitation: [
                form(Exploitation::Sexual),
                form(Exploitation::ForcedLabour),
                form(Exploitation::Begging),
            ][exploitation],
            ..finest()
        };
        (who, case)
    })
}

fn as_candidates(cases: &[(u32, Finest)]) -> Vec<Candidate> {
    cases.iter().map(|(who, case)| Candidate::new(person(*who), case.ladder())).collect()
}

/// Counts again, from what a partner would read and from nothing else.
fn recount(cases: &[(u32, Finest)], closed: &Closed) -> Vec<(usize, usize)> {
    let mut classes: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    let mut forms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for ((who, case), outcome) in cases.iter().zip(&closed.outcomes) {
        let Outcome::Released(release) = outcome else { continue };
        let id = crate::summary::SummaryId([0; 16]);
        let seen = case.at(release.rung, release.tells_form, id, 0).unwrap();
        let group = format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            seen.period,
            seen.place,
            seen.gender,
            seen.age,
            seen.citizenship,
            seen.majority_at_exploitation,
            seen.duration,
            seen.labour_sectors
        );
        let form = format!("{:?}", seen.exploitation);
        if release.tells_form {
            told.insert(group.clone());
        }
        classes.entry(format!("{group} {form}")).or_default().insert(*who);
        forms.entry(group).or_default().insert(form);
    }
    let smallest = classes.values().map(BTreeSet::len).min().unwrap_or(usize::MAX);
    let uniform = told.iter().map(|group| forms[group].len()).min().unwrap_or(usize::MAX);
    vec![(smallest, uniform)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_independent_count_finds_no_class_below_k_and_none_that_tells_one_form_only(
        cases in prop::collection::vec(any_case(), 0..400), k in 5_u32..15,
    ) {
        let closed = close(&as_candidates(&cases), &Held::default(), Rules::new(k));
        for (smallest, least_diverse) in recount(&cases, &closed) {
            prop_assert!(smallest >= usize::try_from(k).unwrap());
            prop_assert!(least_diverse >= 2);
        }
        prop_assert!(closed.report.risk.smallest_group.is_none_or(|size| size >= k));
    }

    #[test]
    fn the_order_of_the_cases_changes_nothing(
        cases in prop::collection::vec(any_case(), 0..200), seed in any::<u64>(),
    ) {
        let mut shuffled: Vec<_> = cases.iter().cloned().enumerate().collect();
        shuffled.sort_by_key(|(n, _)| (*n as u64).wrapping_mul(seed | 1));
        let original = close_new(&as_candidates(&cases));
        let (order, cases): (Vec<_>, Vec<_>) = shuffled.into_iter().unzip();
        let other = close_new(&as_candidates(&cases));
        for (place, outcome) in order.into_iter().zip(&other.outcomes) {
            prop_assert_eq!(&original.outcomes[place], outcome);
        }
        prop_assert_eq!(original.report, other.report);
    }

    #[test]
    fn more_cases_never_put_anybody_into_a_class_below_k(
        cases in prop::collection::vec(any_case(), 0..200),
        more in prop::collection::vec(any_case(), 0..60),
    ) {
        let all = [cases, more].concat();
        let closed = close_new(&as_candidates(&all));
        for outcome in &closed.outcomes {
            if let Outcome::Released(release) = outcome {
                prop_assert!(release.class_size >= K);
            }
        }
        for (smallest, _) in recount(&all, &closed) {
            prop_assert!(smallest >= usize::try_from(K).unwrap());
        }
    }

    #[test]
    fn whoever_waits_is_in_a_year_of_fewer_than_k_persons(
        cases in prop::collection::vec(any_case(), 0..200),
    ) {
        let closed = close_new(&as_candidates(&cases));
        let waiting: BTreeSet<u32> = cases
            .iter()
            .zip(&closed.outcomes)
            .filter(|(_, it)| matches!(it, Outcome::Waiting { .. }))
            .map(|((who, _), _)| *who)
            .collect();
        prop_assert!(waiting.len() < usize::try_from(K).unwrap());
    }
}
