use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::agreement::tests::{agreement, orgs};
use crate::agreement::{Element, Side};
use crate::codes::{
    AgeShared, Code, ConsentScope, Exploitation, GivenBy, Majority, OverrideReason, Province,
    Status,
};
use crate::consent::ConsentId;
use crate::identity::OrgKey;
use crate::lang::Lang;
use crate::summary::{Place, finest_example as finest};

fn policy() -> Policy {
    agreement().policy_for(&orgs().0).unwrap()
}

/// What the policy above lets out.
fn proposal() -> Proposal {
    Proposal {
        case: finest(),
        id: SummaryId([7; 16]),
        disclosure: ready(11),
        consent: ConsentFacts {
            covered: Set::EMPTY.with(Purpose::Statistics).with(Purpose::Evaluation),
            is_withdrawn: false,
        },
        steward: StewardDecision::NotNeeded,
        state: AgreementState::Active,
        today: date(2026, 10, 5),
    }
}

/// What of that case is asked beside what the person allows.
fn facts(case: &Finest) -> CaseFacts {
    CaseFacts::of(case, StewardDecision::NotNeeded, &orgs().0)
}

/// A consent that covers it.
fn consent() -> Consent {
    Consent {
        id: ConsentId([1; 16]),
        scopes: Set::EMPTY.with(ConsentScope::Stats),
        needs: Set::EMPTY,
        recipients: std::collections::BTreeSet::new(),
        given_by: GivenBy::Person,
        informed_of: [true; 4],
        language: None,
        given_on: date(2026, 1, 1),
        valid_until: None,
        withdrawn_on: None,
        override_reason: None,
    }
}

fn ready(class_size: u32) -> Disclosure {
    Disclosure::Ready { rung: Rung::FINEST, class_size, tells_form: true, diversity: 2 }
}

#[track_caller]
fn check(proposal: Proposal, expected: &[(&str, Why)]) {
    let reasons = match policy().decide(&proposal) {
        Ok(_) => Vec::new(),
        Err(denied) => {
            let each = denied.reasons().iter();
            each.map(|it| (it.clause.to_string(), it.why)).collect()
        }
    };
    let expected: Vec<_> = expected.iter().map(|it| (it.0.to_owned(), it.1)).collect();
    assert_eq!(reasons, expected);
}

#[test]
fn what_is_granted_goes_out_limited_to_what_is_granted() {
    let permitted = policy().decide(&proposal()).unwrap();
    assert_eq!(permitted.partner(), &orgs().1);
    assert_eq!(permitted.clause().to_string(), "§3.1");
    let Statement::Summary(summary) = permitted.inner() else { panic!("no summary") };
    assert_eq!(summary.citizenship, Some(crate::summary::Citizenship::Other));
    assert_eq!(summary.needs, None);
    assert_eq!(summary.k_at_release, 11);
}

#[test]
fn the_smallest_group_allowed_is_allowed_and_one_less_is_not() {
    check(proposal(), &[]);
    let why = Why::GroupTooSmall { size: 10, k: 11 };
    check(Proposal { disclosure: ready(10), ..proposal() }, &[("§3.7", why)]);
    check(
        Proposal { disclosure: Disclosure::TooFew { class_size: 10 }, ..proposal() },
        &[("§3.7", why)],
    );
}

#[test]
fn a_uniform_class_does_not_tell_its_form() {
    let uniform =
        Disclosure::Ready { rung: Rung::FINEST, class_size: 50, tells_form: true, diversity: 1 };
    check(
        Proposal { disclosure: uniform, ..proposal() },
        &[("§3.7", Why::DiversityTooLow { values: 1 })],
    );
}

#[test]
fn only_an_agreement_in_force_lets_anything_out() {
    let term = agreement().term;
    let on = |today| Proposal { today, ..proposal() };
    check(on(term.effective), &[]);
    check(on(term.expiry), &[]);
    let why = Why::NotYetInForce { effective: term.effective };
    check(on(term.effective.yesterday().unwrap()), &[("§2.1", why)]);
    let why = Why::Expired { expiry: term.expiry };
    check(on(term.expiry.tomorrow().unwrap()), &[("§2.2", why)]);

    let by = Side::Theirs;
    for (state, clause, why) in [
        (AgreementState::Draft, "§2.9", Why::NotSigned),
        (AgreementState::Proposed { by }, "§2.9", Why::NotSigned),
        (AgreementState::HalfSigned { by }, "§2.9", Why::NotSigned),
        (AgreementState::Suspended { by_us: false, by_them: true }, "§2.7", Why::Suspended),
        (AgreementState::Amended, "§2.9", Why::Superseded),
        (AgreementState::Ended { by }, "§2.8", Why::Ended),
        (AgreementState::Expired, "§2.2", Why::Expired { expiry: term.expiry }),
    ] {
        check(Proposal { state, ..proposal() }, &[(clause, why)]);
    }
}

#[test]
fn a_person_must_consent_to_each_purpose() {
    let covered = Set::EMPTY.with(Purpose::Statistics);
    let missing = Set::EMPTY.with(Purpose::Evaluation);
    let consent = ConsentFacts { covered, is_withdrawn: false };
    check(Proposal { consent, ..proposal() }, &[("§2.3", Why::NoConsent { purposes: missing })]);

    let consent = ConsentFacts { covered, is_withdrawn: true };
    check(
        Proposal { consent, ..proposal() },
        &[("§2.3", Why::NoConsent { purposes: missing }), ("§2.9", Why::ConsentWithdrawn)],
    );
}

#[test]
fn a_legal_duty_is_no_consent_to_a_summary() {
    let (today, consent) = (proposal().today, consent());
    let facts =
        |consent: &Consent| ConsentFacts::of(std::slice::from_ref(consent), &policy(), today);
    assert_eq!(facts(&consent), proposal().consent);

    let withdrawn = Consent { withdrawn_on: Some(today), ..consent.clone() };
    assert_eq!(facts(&withdrawn), ConsentFacts { covered: Set::EMPTY, is_withdrawn: true });

    let duty = Consent { override_reason: Some(OverrideReason::CourtOrder), ..consent };
    assert_eq!(facts(&duty), ConsentFacts { covered: Set::EMPTY, is_withdrawn: false });
}

#[test]
fn a_record_with_a_steward_waits_for_the_steward() {
    let steward = Some(OrgKey::from_seed(&[8; 32]).id());
    let with = |decision| Proposal {
        case: Finest { steward, ..finest() },
        steward: decision,
        ..proposal()
    };
    check(with(StewardDecision::Allowed), &[]);
    check(with(StewardDecision::NotNeeded), &[("§2.9", Why::StewardMissing)]);
    check(with(StewardDecision::Missing), &[("§2.9", Why::StewardMissing)]);
    check(with(StewardDecision::Refused), &[("§2.9", Why::StewardRefused)]);
    // An organization that is itself the steward decides by sharing.
    let ours = Finest { steward: Some(orgs().0), ..finest() };
    check(Proposal { case: ours, ..proposal() }, &[]);
}

#[test]
fn only_possible_and_actual_victims_leave() {
    let with = |status| Proposal { case: Finest { status, ..finest() }, ..proposal() };
    check(with(Some(Status::Possible)), &[]);
    for status in [Some(Status::NotVictim), None] {
        let denied = policy().decide(&with(status)).unwrap_err();
        assert_eq!(denied.reasons()[0].why, Why::NotAVictim);
    }
}

#[test]
fn a_forbid_wins_over_every_grant() {
    let organs = Set::EMPTY.with(Exploitation::OrganRemoval).with(Exploitation::Sexual);
    let case = Finest { exploitation: organs, is_indigenous: true, ..finest() };
    check(
        Proposal { case, ..proposal() },
        &[("§3.13.1", Why::ForbiddenIndigenous), ("§3.13.8", Why::ForbiddenForm)],
    );
}

#[test]
fn who_may_have_been_a_minor_counts_as_a_minor() {
    let mut agreement = agreement();
    agreement.grants[0].forbids.minors = true;
    let policy = agreement.policy_for(&orgs().0).unwrap();
    assert!(policy.decide(&proposal()).is_ok());
    for majority_at_exploitation in [Majority::Minor, Majority::Unknown] {
        let case = Finest { majority_at_exploitation, ..finest() };
        let denied = policy.decide(&Proposal { case, ..proposal() }).unwrap_err();
        assert_eq!(denied.reasons()[0].why, Why::ForbiddenMinor);
    }
}

#[test]
fn a_case_of_unknown_place_or_age_goes_only_where_that_is_granted() {
    let mut agreement = agreement();
    let grant = &mut agreement.grants[0];
    grant.geography = crate::agreement::Geography::Only([Province::Alberta].into());
    grant.age_classes = Set::EMPTY.with(Majority::Adult);
    let policy = agreement.policy_for(&orgs().0).unwrap();
    assert!(policy.decide(&proposal()).is_ok());
    let case = Finest { place: Place::Unknown, age: AgeShared::Unknown, ..finest() };
    let denied = policy.decide(&Proposal { case, ..proposal() }).unwrap_err();
    let why: Vec<_> = denied.reasons().iter().map(|it| it.why).collect();
    assert_eq!(why, [Why::OutsideGeography, Why::AgeClassNotGranted]);
}

#[test]
fn a_case_goes_out_once_and_at_the_close_of_its_epoch() {
    let with = |disclosure| Proposal { disclosure, ..proposal() };
    check(with(Disclosure::NotClosed), &[("§2.9", Why::WaitsForClose)]);
    check(with(Disclosure::Done), &[("§2.9", Why::AlreadyReleased)]);
    assert_eq!(policy().obstacles(&with(Disclosure::NotClosed)), []);
}

#[test]
fn silence_means_no_in_the_other_direction() {
    let theirs = agreement().policy_for(&orgs().1).unwrap();
    let denied = theirs.decide(&proposal()).unwrap_err();
    assert!(denied.reasons().iter().any(|it| it.why == Why::NothingGranted));
    assert_eq!(agreement().policy_for(&OrgKey::from_seed(&[5; 32]).id()), None);
}

#[test]
fn a_refusal_lists_every_reason_in_both_languages() {
    let all_wrong = Proposal {
        case: Finest { status: None, is_indigenous: true, ..finest() },
        consent: ConsentFacts { covered: Set::EMPTY, is_withdrawn: true },
        state: AgreementState::Suspended { by_us: true, by_them: false },
        disclosure: Disclosure::TooFew { class_size: 3 },
        steward: StewardDecision::Refused,
        ..proposal()
    };
    let denied = policy().decide(&all_wrong).unwrap_err();
    assert!(denied.reasons().len() >= 6);
    assert!(
        denied
            .to_string()
            .contains("only 3 persons look alike, and the agreement asks for 11 (§3.7)")
    );
    let french = denied.text(Lang::Fr);
    assert!(french.contains("l’entente est suspendue (§2.7)"), "{french}");
}

#[test]
fn taking_back_is_always_permitted() {
    let permitted = policy().withdraw(SummaryId([1; 16]), WithdrawReason::AgreementEnded);
    assert_eq!(permitted.partner(), &orgs().1);
}

#[test]
fn counts_are_answered_over_closed_periods_by_what_is_granted() {
    let question = |dimensions: &[Dimension], period| CountProposal {
        dimensions: dimensions.to_vec(),
        period: Period::from_number(period).unwrap(),
        state: AgreementState::Active,
        today: date(2026, 10, 1),
    };
    let granted = policy().decide_count(&question(&[Dimension::Province], 20_263)).unwrap();
    assert_eq!(granted.inner().min_cell, 5);
    assert_eq!(granted.inner().frame.len(), 3);

    let denied = policy().decide_count(&question(&[Dimension::Citizenship], 20_264)).unwrap_err();
    let reasons: Vec<_> =
        denied.reasons().iter().map(|it| (it.clause.to_string(), it.why)).collect();
    assert_eq!(
        reasons,
        [
            ("§2.9".to_owned(), Why::PeriodNotClosed),
            ("§3.2.6".to_owned(), Why::DimensionNotGranted(Dimension::Citizenship)),
        ]
    );
    let theirs = agreement().policy_for(&orgs().1).unwrap();
    assert!(theirs.decide_count(&question(&[], 20_263)).is_err());
}

#[test]
fn a_count_leaves_out_whom_a_summary_would() {
    let today = date(2026, 10, 1);
    let question = CountProposal {
        dimensions: vec![],
        period: Period::from_number(20_263).unwrap(),
        state: AgreementState::Active,
        today,
    };
    let granted = policy().decide_count(&question).unwrap();
    let of = &granted.inner().of;
    assert!(of.includes(&facts(&finest()), &[consent()], today));
    let indigenous = Finest { is_indigenous: true, ..finest() };
    assert!(!of.includes(&facts(&indigenous), &[consent()], today));
    assert!(!of.includes(&facts(&finest()), &[], today));
}

#[test]
fn statistics_go_to_whom_a_part_of_the_budget_is_granted_while_the_agreement_is_in_force() {
    let today = date(2026, 10, 1);
    let granted = policy().decide_statistics(AgreementState::Active, today).unwrap();
    assert_eq!(granted.clause().to_string(), "§3.12");
    assert!(granted.inner().budget > NanoRho::ZERO);
    let of = &granted.inner().of;
    assert!(of.includes(&facts(&finest()), &[consent()], today));
    assert!(!of.includes(&facts(&finest()), &[], today));

    let suspended = AgreementState::Suspended { by_us: true, by_them: false };
    let denied = policy().decide_statistics(suspended, today).unwrap_err();
    assert_eq!(denied.reasons()[0].why, Why::Suspended);
    let mut without = policy();
    without.grant.budget_nano_rho = 0;
    let denied = without.decide_statistics(AgreementState::Active, today).unwrap_err();
    assert_eq!(denied.reasons()[0].why, Why::StatisticsNotGranted);
}

#[test]
fn an_explanation_names_the_clause_behind_each_field() {
    let explanation = policy().explain(&proposal());
    let line = |name| explanation.lines.iter().find(|it| it.name == name).unwrap();
    assert_eq!(explanation.decision.as_ref().map(ToString::to_string), Ok("§3.1".to_owned()));
    assert_eq!(
        (line("place").fate, line("place").clause.to_string()),
        (FieldFate::Kept, "§3.9.2".to_owned())
    );
    assert_eq!(
        (line("citizenship").fate, line("citizenship").clause.to_string()),
        (FieldFate::Generalized, "§3.9.5".to_owned())
    );
    assert_eq!(line("needs").fate, FieldFate::Removed);
    assert!(explanation.text(Lang::Fr).contains("citoyenneté\u{a0}: Asie → Autre que canadienne"));

    // At the top it is the group's size, and not the agreement, that removes the province.
    let top =
        Disclosure::Ready { rung: Rung::TOP, class_size: 11, tells_form: false, diversity: 1 };
    let explanation = policy().explain(&Proposal { disclosure: top, ..proposal() });
    let line = explanation.lines.iter().find(|it| it.name == "place").unwrap();
    assert_eq!((line.fate, line.clause.to_string()), (FieldFate::Removed, "§3.7".to_owned()));
}

#[test]
fn a_case_that_is_refused_is_explained_as_far_as_it_could_go() {
    let waiting = Proposal { disclosure: Disclosure::NotClosed, ..proposal() };
    let explanation = policy().explain(&waiting);
    assert!(explanation.decision.is_err());
    assert_eq!(explanation.rung, Rung::FINEST);
    let fates: Vec<_> = explanation.lines.iter().take(3).map(|it| it.fate).collect();
    assert_eq!(fates, [FieldFate::Kept; 3]);
}

/// Proposals of every kind, most of them refused for some reason.
fn any_proposal() -> impl Strategy<Value = Proposal> {
    let case = (0..14_usize, 0..7_u8, 0..15_u8, any::<bool>(), 0..4_u8, any::<bool>());
    let facts = (0..12_usize, 5..25_u32, any::<[bool; 2]>(), 0..128_u32, 0..4_usize);
    let when = (0..4_usize, 0..2_000_i32);
    (case, facts, when).prop_map(|(case, facts, when)| {
        let (place, age, form, is_indigenous, status, has_steward) = case;
        let (how, class_size, [tells_form, is_withdrawn], covered, steward) = facts;
        let rung = Rung::ALL.get(how).copied();
        let by = Side::Ours;
        Proposal {
            case: Finest {
                place: Province::ALL.get(place).map_or(Place::Unknown, |it| Place::Province(*it)),
                age: AgeShared::from_number(age).unwrap(),
                exploitation: Set::EMPTY.with(Exploitation::from_number(form).unwrap()),
                is_indigenous,
                status: Status::from_number(status),
                steward: has_steward.then(|| OrgKey::from_seed(&[8; 32]).id()),
                ..finest()
            },
            disclosure: match (rung, how) {
                (Some(rung), _) => {
                    Disclosure::Ready { rung, class_size, tells_form, diversity: class_size % 4 }
                }
                (None, 7) => Disclosure::NotClosed,
                (None, 8) => Disclosure::Done,
                (None, _) => Disclosure::TooFew { class_size },
            },
            consent: ConsentFacts { covered: Set::from_bits(covered).unwrap(), is_withdrawn },
            steward: [
                StewardDecision::NotNeeded,
                StewardDecision::Allowed,
                StewardDecision::Missing,
                StewardDecision::Refused,
            ][steward],
            state: [
                AgreementState::Active,
                AgreementState::Active,
                AgreementState::Suspended { by_us: true, by_them: false },
                AgreementState::Ended { by },
            ][when.0],
            today: date(2025, 6, 1).saturating_add(jiff::Span::new().days(when.1)),
            ..proposal()
        }
    })
}

/// A proposal that is refused for few reasons or none, so that both answers occur.
fn mostly_fine() -> impl Strategy<Value = Proposal> {
    (any_proposal(), any::<[bool; 4]>()).prop_map(|(it, [case, consent, state, steward])| {
        Proposal {
            case: if case { finest() } else { it.case },
            consent: if consent { proposal().consent } else { it.consent },
            state: if state { AgreementState::Active } else { it.state },
            steward: if steward { StewardDecision::Allowed } else { it.steward },
            today: if state { proposal().today } else { it.today },
            ..it
        }
    })
}

proptest! {
    #[test]
    fn explain_says_what_decide_does(
        proposal in prop_oneof![any_proposal(), mostly_fine()],
        elements in prop::collection::btree_set(prop::sample::select(
            crate::agreement::terms::Detail::ALL), 0..11),
    ) {
        let mut agreement = agreement();
        agreement.grants[0].elements.details = elements;
        let policy = agreement.policy_for(&orgs().0).unwrap();
        let (decision, explanation) = (policy.decide(&proposal), policy.explain(&proposal));
        match decision {
            Err(denied) => prop_assert_eq!(explanation.decision, Err(denied)),
            Ok(permitted) => {
                prop_assert_eq!(explanation.decision.as_ref(), Ok(&permitted.clause()));
                let Statement::Summary(summary) = permitted.inner() else { panic!("no summary") };
                for (element, line) in Element::all().zip(&explanation.lines) {
                    let seen = line.theirs.as_ref().map(|it| it.en.clone());
                    prop_assert_eq!(summary.shown(element, Lang::En), seen);
                }
            }
        }
    }

    #[test]
    fn without_consent_nothing_leaves(proposal in prop_oneof![any_proposal(), mostly_fine()]) {
        let consent = ConsentFacts { covered: Set::EMPTY, is_withdrawn: false };
        let proposal = Proposal { consent, ..proposal };
        prop_assert!(policy().decide(&proposal).is_err());
    }

    #[test]
    fn below_the_smallest_group_nothing_leaves(
        proposal in prop_oneof![any_proposal(), mostly_fine()], class_size in 0..11_u32,
    ) {
        let proposal = Proposal { disclosure: ready(class_size), ..proposal };
        prop_assert!(policy().decide(&proposal).is_err());
    }

    #[test]
    fn what_leaves_has_every_fact_in_its_favour(proposal in mostly_fine()) {
        // The other direction: a policy that refuses everything would pass the laws above.
        let fine = matches!(proposal.disclosure, Disclosure::Ready { class_size: 11.., tells_form, diversity, .. }
                if !tells_form || diversity >= 2)
            && proposal.policy_free_facts_are_fine();
        prop_assert_eq!(policy().decide(&proposal).is_ok(), fine);
    }
}

impl Proposal {
    /// The rules, said once more and differently.
    fn policy_free_facts_are_fine(&self) -> bool {
        let forms = self.case.exploitation;
        let term = agreement().term;
        self.state == AgreementState::Active
            && (term.effective..=term.expiry).contains(&self.today)
            && self.consent.covered.contains(Purpose::Statistics)
            && self.consent.covered.contains(Purpose::Evaluation)
            && matches!(self.case.status, Some(Status::Possible | Status::Actual))
            && !self.case.is_indigenous
            && !forms.contains(Exploitation::OrganRemoval)
            && (self.steward == StewardDecision::Allowed
                || (self.steward == StewardDecision::NotNeeded && self.case.steward.is_none()))
    }
}

#[test]
fn a_document_of_a_kind_that_asks_for_a_decision_has_no_way_around_it() {
    let said = |kind: &str| {
        let envelope = Envelope::seal(kind, vec![1], &OrgKey::from_seed(&[1; 32])).unwrap();
        document(orgs().1, envelope)
    };
    for kind in payload_type::PLAIN {
        assert_eq!(said(kind).unwrap().partner(), &orgs().1, "{kind}");
    }
    let decided = [
        payload_type::COUNT_ANSWER,
        payload_type::RELEASE_ANSWER,
        payload_type::NATIONAL_RETURN,
        payload_type::BUNDLE,
        payload_type::SERVICE,
        payload_type::CAPACITY,
        payload_type::SPONSORED,
        payload_type::HANDOVER_KEY,
        payload_type::OVERLAP_PARCEL,
        "application/vnd.entente.of-another-day.v1+proto",
    ];
    for kind in decided.into_iter().chain(payload_type::REFERRALS) {
        assert_eq!(said(kind), None, "{kind}");
    }
}
