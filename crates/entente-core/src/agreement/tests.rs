use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::select;

use super::terms::{
    AgeLevel, CitizenshipLevel, Detail, Dimension, GenderLevel, PeriodLevel, PlaceLevel,
};
use super::*;
use crate::codes::{Exploitation, Majority, Province};
use crate::identity::OrgKey;
use crate::period::Period;
use crate::policy::{
    CaseFacts, ConsentFacts, CountProposal, Disclosure, Policy, Proposal, StewardDecision,
};
use crate::statement::Statement;
use crate::summary::{CaseSummary, Finest, Place, Rung, SummaryId, finest_example as finest};

const ID: AgreementId = AgreementId([9; 16]);

pub(crate) const TEMPLATES: [&str; 3] = [
    include_str!("../../../../config/agreements/province-federal.toml"),
    include_str!("../../../../config/agreements/ngo-province.toml"),
    include_str!("../../../../config/agreements/counts-only.toml"),
];

/// Two organizations, the one with the smaller id first.
pub(crate) fn orgs() -> (OrgId, OrgId) {
    let (a, b) = (OrgKey::from_seed(&[1; 32]).id(), OrgKey::from_seed(&[2; 32]).id());
    if a < b { (a, b) } else { (b, a) }
}

/// The agreement of the first template; the first organization is the provincial office.
pub(crate) fn agreement() -> Agreement {
    let (ours, theirs) = orgs();
    Agreement::from_toml(TEMPLATES[0], &ours, &theirs, ID).unwrap()
}

fn refused(change: impl Fn(String) -> String) -> DraftError {
    let (ours, theirs) = orgs();
    let draft = change(TEMPLATES[0].to_owned());
    assert_ne!(draft, TEMPLATES[0], "the change found nothing to change");
    Agreement::from_toml(&draft, &ours, &theirs, ID).unwrap_err()
}

#[test]
fn every_template_is_an_agreement_whoever_has_the_smaller_id() {
    let (small, great) = orgs();
    for template in TEMPLATES {
        let one = Agreement::from_toml(template, &small, &great, ID).unwrap();
        let other = Agreement::from_toml(template, &great, &small, ID).unwrap();
        assert_eq!(one.problems(), []);
        // The writer of the draft sends the same in both, whatever its place.
        assert_eq!(one.grant_from(&small).unwrap().1, other.grant_from(&great).unwrap().1);
        assert_eq!(one.partner_of(&small).unwrap().name, other.partner_of(&great).unwrap().name);
        assert!(one.parties[0].org < one.parties[1].org);
        assert!(other.parties[0].org < other.parties[1].org);
    }
}

#[test]
fn the_templates_say_what_their_titles_promise() {
    let (ours, theirs) = orgs();
    let read = |n: usize| Agreement::from_toml(TEMPLATES[n], &ours, &theirs, ID).unwrap();
    let (_, federal) = agreement().grant_from(&ours).map(|(a, g)| (a, g.clone())).unwrap();
    assert_eq!(federal.elements.place, PlaceLevel::Province);
    assert!(federal.forbids.exploitation.contains(&Exploitation::OrganRemoval));

    let shelter = read(1);
    let (_, grant) = shelter.grant_from(&ours).unwrap();
    assert_eq!((grant.min_group, grant.elements.place), (15, PlaceLevel::Region));
    assert!(grant.forbids.minors);

    let counts = read(2);
    assert!(counts.grants.iter().all(|grant| !grant.summaries));
    assert!(counts.grant_to(&ours).unwrap().1.is_empty());
}

#[test]
fn an_unknown_key_is_an_error_and_says_which() {
    let DraftError::Toml(text) = refused(|draft| draft.replace("min_group_persons", "min_group"))
    else {
        panic!("another error")
    };
    assert!(text.contains("min_group"), "{text}");
}

#[test]
fn a_word_of_no_list_is_an_error_that_lists_the_words() {
    let error = refused(|draft| draft.replace("place = \"province\"", "place = \"city\""));
    assert_eq!(
        error,
        DraftError::Word {
            place: "we_send.fields.place".to_owned(),
            allowed: "province, region, withheld".to_owned(),
        }
    );
    assert!(error.text(Lang::Fr).contains("doit être l’un des mots suivants"));
}

#[test]
fn each_bound_holds_and_the_clause_is_named() {
    let cases = [
        ("min_group_persons = 11", "min_group_persons = 4", "§3.7"),
        ("min_cell_persons = 5", "min_cell_persons = 4", "§3.8"),
        ("expiry = 2029-03-31", "expiry = 2026-04-01", "§2.2"),
        ("expiry = 2029-03-31", "expiry = 2031-04-02", "§2.2"),
        ("purposes = [\"statistics\", \"evaluation\"]", "purposes = []", "§2.3"),
        ("retention_days = 1825", "retention_days = 0", "§3.10"),
        ("notice_days = 30", "notice_days = 400", "§2.5"),
        ("breach_notice_hours = 24", "breach_notice_hours = 0", "§2.6"),
        ("88150000", "311000001", "§3.12"),
        ("provinces = \"all\"", "provinces = []", "§3.5"),
        ("onward = \"never\"", "onward = []", "§3.11"),
    ];
    for (from, to, clause) in cases {
        let DraftError::Problems(problems) = refused(|draft| draft.replace(from, to)) else {
            panic!("{to}: another error")
        };
        assert_eq!(problems.len(), 1, "{to}: {problems:?}");
        assert_eq!(problems[0].clause.to_string(), clause, "{to}");
        assert!(!problems[0].what.fr.is_empty());
    }
    // The other side of each edge is fine: five years to the day, and groups of five.
    let (ours, theirs) = orgs();
    let draft = TEMPLATES[0]
        .replace("expiry = 2029-03-31", "expiry = 2031-04-01")
        .replace("min_group_persons = 11", "min_group_persons = 5");
    assert!(Agreement::from_toml(&draft, &ours, &theirs, ID).is_ok());
}

#[test]
fn a_date_with_a_time_or_in_quotes_is_refused() {
    let with_time = |draft: String| draft.replace("2029-03-31", "2029-03-31T10:00:00Z");
    assert!(matches!(refused(with_time), DraftError::Problems(_)));
    let quoted = |draft: String| draft.replace("2029-03-31", "\"2029-03-31\"");
    assert!(matches!(refused(quoted), DraftError::Toml(_)));
}

#[test]
fn nobody_agrees_with_itself() {
    let (ours, _) = orgs();
    assert!(Agreement::from_toml(TEMPLATES[0], &ours, &ours, ID).is_err());
}

#[test]
fn a_later_version_names_the_one_before() {
    let first = agreement();
    let second = agreement().amending(&first, [3; 32]);
    assert_eq!((second.version, second.supersedes), (2, Some([3; 32])));
    assert_eq!(second.problems(), []);
    assert!(!Agreement { supersedes: None, ..second }.problems().is_empty());
}

#[test]
fn the_page_has_every_clause_in_both_languages() {
    for lang in [Lang::En, Lang::Fr] {
        let page = agreement().render(lang);
        for clause in ["§1.1", "§1.2", "§2.2", "§2.9", "§3.1", "§3.5", "§3.7", "§3.9.2", "§4.1"]
        {
            assert!(page.contains(&format!("**{clause}")), "{clause} in {page}");
        }
    }
    assert!(agreement().render(Lang::Fr).contains("Bureau provincial"));
    assert!(agreement().render(Lang::En).contains("hidden among at least: 11 persons"));
}

#[test]
fn what_each_may_send_is_said_in_sentences_of_both_languages() {
    let (ours, theirs) = orgs();
    for template in TEMPLATES {
        let agreement = Agreement::from_toml(template, &ours, &theirs, ID).unwrap();
        assert_eq!(agreement.sends(&ours), agreement.receives(&theirs));
        for org in [&ours, &theirs] {
            let is_nothing = agreement.grant_from(org).is_none_or(|(_, grant)| grant.is_empty());
            assert_eq!(agreement.sends(org).is_empty(), is_nothing);
            for Text { en, fr } in agreement.sends(org) {
                assert!(en.ends_with('.') && fr.ends_with('.') && en != fr, "{en} / {fr}");
            }
        }
    }
    let shelter = Agreement::from_toml(TEMPLATES[1], &ours, &theirs, ID).unwrap();
    let said: Vec<_> = shelter.sends(&ours).into_iter().map(|text| text.en).collect();
    assert!(said[0].contains("at least 15 persons"), "{said:?}");
    assert!(said[1].contains("region") && !said[1].contains("citizenship"), "{said:?}");
    assert!(said.last().unwrap().starts_with("Never: cases of Indigenous persons"), "{said:?}");
    // Nothing rests on how long they keep what they never get.
    let said: Vec<_> = shelter.sends(&theirs).into_iter().map(|text| text.en).collect();
    assert!(!said.iter().any(|it| it.contains("keeps it") || it.contains("hidden")), "{said:?}");
}

#[test]
fn what_opens_nothing_may_stand_aside_and_what_opens_something_may_not() {
    let (ours, theirs) = orgs();
    let shelter = Agreement::from_toml(TEMPLATES[1], &ours, &theirs, ID).unwrap();
    for lang in [Lang::En, Lang::Fr] {
        let lines = shelter.lines(lang);
        let aside = |clause: &str| {
            let found = lines.iter().find(|line| line.clause.to_string() == clause);
            found.map(|line| line.aside)
        };
        for clause in ["§1.1.6", "§3.2", "§3.9.5", "§4.1", "§4.7", "§4.10", "§4.12"] {
            assert_eq!(aside(clause), Some(true), "{clause}");
        }
        for clause in ["§1.1.1", "§2.1", "§3.1", "§3.7", "§3.9.1", "§3.10", "§3.13.2", "§4.3"]
        {
            assert_eq!(aside(clause), Some(false), "{clause}");
        }
        let page = shelter.render(lang);
        assert_eq!(page.lines().filter(|line| line.starts_with("- ")).count(), lines.len());
    }
}

#[test]
fn a_part_of_the_budget_is_said_exactly() {
    for (nano, en, fr) in [
        (0, "0 rho", "0 rho"),
        (50_000_000, "0.05 rho", "0,05 rho"),
        (1, "0.000000001 rho", "0,000000001 rho"),
    ] {
        assert_eq!(render::rho(nano, Lang::En), en);
        assert_eq!(render::rho(nano, Lang::Fr), fr);
    }
}

#[test]
fn without_an_old_version_everything_granted_is_new() {
    let (ours, theirs) = orgs();
    let changes = diff(None, &agreement(), &theirs);
    let widened = |clause: &str| {
        changes.iter().any(|it| it.kind == ChangeKind::Widened && it.clause.to_string() == clause)
    };
    assert!(widened("§3.1") && widened("§3.9.2") && widened("§3.2"));
    // Nothing is added to what was not there.
    assert!(changes.iter().all(|it| !it.text.en.contains("added")), "{changes:?}");
    assert!(changes.iter().all(|it| !it.text.fr.contains("ajout de")), "{changes:?}");
    assert!(!diff(None, &agreement(), &ours).iter().any(|it| it.kind == ChangeKind::Widened));
}

#[test]
fn where_summaries_are_new_every_field_is_new() {
    let (_, theirs) = orgs();
    let mut old = agreement();
    old.grants[0].summaries = false;
    let changes = diff(Some(&old), &agreement(), &theirs);
    let fields = changes.iter().filter(|it| it.clause.item == item::ELEMENTS).count();
    // Period, place, gender, age, citizenship and seven details.
    assert_eq!(fields, 12);
}

#[test]
fn a_change_of_what_nothing_rests_on_widens_nothing() {
    let (_, theirs) = orgs();
    let with = |geography, min_group| {
        let mut it = agreement();
        let grant =
            Grant { summaries: false, counts: None, referrals: true, ..it.grants[0].clone() };
        it.grants[0] = Grant { geography, min_group, ..grant };
        it
    };
    let narrow = with(Geography::Only([Province::Alberta].into()), 20);
    let changes = diff(Some(&narrow), &with(Geography::Everywhere, 5), &theirs);
    let kinds: Vec<_> = changes.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [ChangeKind::Other; 2]);
}

#[test]
fn the_same_version_has_no_difference() {
    let (ours, theirs) = orgs();
    assert_eq!(diff(Some(&agreement()), &agreement(), &theirs), []);
    assert_eq!(diff(Some(&agreement()), &agreement(), &ours), []);
}

#[test]
fn a_term_that_changes_is_told_to_both() {
    let (ours, theirs) = orgs();
    let old = agreement();
    for change in [
        Agreement { notice_days: 5, ..agreement() },
        Agreement { breach_notice_hours: 5, ..agreement() },
        Agreement { at_end: Consequence::Keep, ..agreement() },
        Agreement { governing_law: Text::new("x", "y"), ..agreement() },
        Agreement { purposes: Set::EMPTY.with(Purpose::Statistics), ..agreement() },
        Agreement { term: Term { expiry: date(2030, 1, 1), ..old.term }, ..agreement() },
        Agreement { term: Term { effective: date(2026, 1, 1), ..old.term }, ..agreement() },
    ] {
        for viewer in [ours, theirs] {
            let changes = diff(Some(&old), &change, &viewer);
            assert_eq!(changes.len(), 1, "{changes:?}");
            assert!(!changes[0].text.fr.is_empty());
        }
    }
}

/// A grant that lets enough through for every mutation to matter.
fn any_grant() -> impl Strategy<Value = Grant> {
    let levels = (
        select(PeriodLevel::ALL),
        select(PlaceLevel::ALL),
        select(GenderLevel::ALL),
        select(AgeLevel::ALL),
        select(CitizenshipLevel::ALL),
        prop::collection::btree_set(select(Detail::ALL), 0..11),
    );
    let rest = (5_u32..30, any::<[bool; 4]>(), select(Exploitation::ALL), select(Province::ALL));
    (levels, rest).prop_map(|(levels, rest)| {
        let (period, place, gender, age, citizenship, details) = levels;
        let (min_group, [indigenous, minors, some_places, form], exploitation, province) = rest;
        let (_, grant) = agreement().grant_from(&orgs().0).map(|(a, g)| (a, g.clone())).unwrap();
        Grant {
            min_group,
            elements: Elements { period, place, gender, age, citizenship, details },
            forbids: Forbids {
                exploitation: form.then_some(exploitation).into_iter().collect(),
                indigenous,
                minors,
            },
            geography: if some_places {
                Geography::Only([province].into())
            } else {
                Geography::Everywhere
            },
            ..grant
        }
    })
}

/// Changes one field of the grant. Gives `None` where the change changed nothing.
fn mutate(grant: &Grant, which: usize, n: usize) -> Option<Grant> {
    fn toggle<T: Ord + Copy>(set: &mut std::collections::BTreeSet<T>, it: T) {
        if !set.remove(&it) {
            set.insert(it);
        }
    }
    fn at<T: Copy>(all: &[T], n: usize) -> T {
        all[n % all.len()]
    }
    let mut it = grant.clone();
    match which {
        0 => it.summaries = !it.summaries,
        1 => it.counts = None,
        2 => toggle(&mut it.counts.as_mut()?.dimensions, at(Dimension::ALL, n)),
        3 => it.counts.as_mut()?.min_cell = 5 + u32::try_from(n % 20).unwrap(),
        4 => it.counts.as_mut()?.period = at(PeriodLevel::ALL, n),
        5 => it.referrals = !it.referrals,
        6 => it.services = !it.services,
        7 => match &mut it.geography {
            Geography::Only(provinces) => toggle(provinces, at(Province::ALL, n)),
            Geography::Everywhere => it.geography = Geography::Only([at(Province::ALL, n)].into()),
        },
        8 => it.geography = Geography::Everywhere,
        9 => {
            let mut classes = it.age_classes.iter().collect();
            toggle(&mut classes, at(Majority::ALL, n));
            it.age_classes = classes.into_iter().collect();
        }
        10 => it.min_group = 5 + u32::try_from(n % 25).unwrap(),
        11 => it.elements.period = at(PeriodLevel::ALL, n),
        12 => it.elements.place = at(PlaceLevel::ALL, n),
        13 => it.elements.gender = at(GenderLevel::ALL, n),
        14 => it.elements.age = at(AgeLevel::ALL, n),
        15 => it.elements.citizenship = at(CitizenshipLevel::ALL, n),
        16 => toggle(&mut it.elements.details, at(Detail::ALL, n)),
        17 => it.retention_days = 1 + u32::try_from(n).unwrap(),
        18 => it.onward = Onward::Circle,
        19 => it.budget_nano_rho = n as u64,
        20 => toggle(&mut it.forbids.exploitation, at(Exploitation::ALL, n)),
        21 => it.forbids.indigenous = !it.forbids.indigenous,
        _ => it.forbids.minors = !it.forbids.minors,
    }
    (it != *grant).then_some(it)
}

/// Cases of every kind that a grant can tell apart, in groups of every size.
fn cases() -> Vec<(Finest, u32)> {
    let mut cases = Vec::new();
    let places = Province::ALL.iter().map(|it| Place::Province(*it)).chain([Place::Unknown]);
    for place in places {
        for age in [
            crate::codes::AgeShared::From0To17,
            crate::codes::AgeShared::From25To34,
            crate::codes::AgeShared::Unknown,
        ] {
            for is_indigenous in [false, true] {
                for form in Exploitation::ALL {
                    let exploitation = Set::EMPTY.with(*form);
                    cases
                        .push((Finest { place, age, is_indigenous, exploitation, ..finest() }, 50));
                }
            }
        }
        // A grant excludes one form at most.
        for form in [Exploitation::Sexual, Exploitation::ForcedLabour] {
            let exploitation = Set::EMPTY.with(form);
            let alike = Finest { place, exploitation, ..finest() };
            cases.extend((5..31).map(|size| (alike.clone(), size)));
        }
    }
    cases
}

fn outcome(policy: &Policy, case: &Finest, class_size: u32) -> Option<CaseSummary> {
    let proposal = Proposal {
        case: case.clone(),
        id: SummaryId([0; 16]),
        disclosure: Disclosure::Ready {
            rung: Rung::FINEST,
            class_size,
            tells_form: true,
            diversity: 2,
        },
        consent: ConsentFacts {
            covered: Purpose::ALL.iter().copied().collect(),
            is_withdrawn: false,
        },
        steward: StewardDecision::NotNeeded,
        state: AgreementState::Active,
        today: date(2026, 10, 5),
    };
    match policy.decide(&proposal).ok()?.inner() {
        Statement::Summary(summary) => Some(summary.clone()),
        _ => None,
    }
}

/// Whether `new` tells something that `old` does not.
fn tells_more(old: Option<&CaseSummary>, new: Option<&CaseSummary>) -> bool {
    let Some(new) = new else { return false };
    let Some(old) = old else { return true };
    // Limiting the new one to what the old one tells changes it exactly if it tells more.
    Element::all().any(|element| {
        let (was, is) = (old.shown(element, Lang::En), new.shown(element, Lang::En));
        let finer = match element {
            Element::Period => matches!(new.period, Period::Quarter(_)),
            Element::Place => matches!(new.place, Some(Place::Province(_))),
            Element::Age => matches!(new.age, Some(crate::summary::Age::Group(_))),
            Element::Citizenship => {
                matches!(new.citizenship, Some(crate::summary::Citizenship::Group(_)))
            }
            Element::Gender | Element::Detail(_) => false,
        };
        is.is_some() && (was.is_none() || (was != is && finer))
    })
}

fn lets_more_through(old: &Policy, new: &Policy) -> bool {
    let more_cases = cases().iter().any(|(case, size)| {
        tells_more(outcome(old, case, *size).as_ref(), outcome(new, case, *size).as_ref())
    });
    let counted = |policy: &Policy, dimension: Dimension, period: u32| {
        let proposal = CountProposal {
            dimensions: vec![dimension],
            period: Period::from_number(period).unwrap(),
            state: AgreementState::Active,
            today: date(2028, 1, 1),
        };
        policy.decide_count(&proposal).ok().map(|it| it.inner().clone())
    };
    let more_counts = Dimension::ALL.iter().any(|dimension| {
        [20_270, 20_271].into_iter().any(|period| {
            let (was, is) = (counted(old, *dimension, period), counted(new, *dimension, period));
            match (was, is) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(was), Some(is)) => {
                    is.min_cell < was.min_cell
                        || cases().iter().any(|(case, _)| {
                            let (ours, steward) = (orgs().0, StewardDecision::NotNeeded);
                            let case = CaseFacts::of(case, steward, &ours);
                            is.of.is_about(&case) && !was.of.is_about(&case)
                        })
                }
            }
        })
    });
    more_cases || more_counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_change_of_a_grant_is_told_and_widened_means_that_more_gets_through(
        grant in any_grant(), which in 0..23_usize, n in 0..1_000_usize,
    ) {
        let (ours, theirs) = orgs();
        let Some(changed) = mutate(&grant, which, n) else { return Ok(()) };
        let old = Agreement { grants: [grant, Grant::nothing()], ..agreement() };
        let new = Agreement { grants: [changed, Grant::nothing()], ..agreement() };

        let changes = diff(Some(&old), &new, &theirs);
        prop_assert!(!changes.is_empty());
        prop_assert!(changes.iter().all(|it| !it.text.en.is_empty() && !it.text.fr.is_empty()));

        // Referrals and services are granted here and decided elsewhere.
        if which == 5 || which == 6 {
            return Ok(());
        }
        let widened = changes.iter().any(|it| it.kind == ChangeKind::Widened);
        let policy = |it: &Agreement| it.policy_for(&ours).unwrap();
        prop_assert_eq!(widened, lets_more_through(&policy(&old), &policy(&new)), "{:?}", changes);
    }
}
