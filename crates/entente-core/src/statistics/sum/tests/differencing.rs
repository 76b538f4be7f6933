//! Red team: learn one organization's figures from two sums that differ by it.

use super::*;

#[test]
fn a_second_set_for_the_same_round_is_refused_at_every_stage() {
    let round = round(8);
    // The leader takes nth's contribution out and asks again.
    let other = Pair::new(&round, intake(&round, 1..8)).unwrap();
    let other_question = other.leader.question(&round).unwrap();
    let mut pair = Pair::new(&round, intake(&round, 0..8)).unwrap();
    for _ in 0..3 {
        pair = pair.step().unwrap();
        let stored = Helper::parse(&pair.helper.to_bytes(&round), &round).unwrap();
        let refused = stored.answer(&round, None, &other_question, &mut rng(5));
        assert_eq!(refused.err(), Some(Abort::OutOfTurn));
    }
}

#[test]
fn a_sum_is_revealed_once_and_the_same_bytes_for_ever() {
    let round = round(8);
    let pair = Pair::new(&round, intake(&round, 0..8)).unwrap().step().unwrap().step().unwrap();
    let question = pair.leader.question(&round).unwrap();
    let pair = pair.step().unwrap();
    let (helper, first) = pair.helper.answer(&round, None, &question, &mut rng(6)).unwrap();
    let (helper, again) = helper.answer(&round, None, &question, &mut rng(7)).unwrap();
    assert_eq!(first, again);

    // The same set concluded again with one contributor less: another question.
    let mut fewer = question;
    let n_rejected = 33..37;
    fewer[n_rejected].copy_from_slice(&[0, 0, 0, 1]);
    fewer.splice(37..37, [0, 0, 0, 0, 8]);
    let refused = helper.answer(&round, None, &fewer, &mut rng(8));
    assert_eq!(refused.err(), Some(Abort::OutOfTurn));
}

#[test]
fn an_organization_contributes_once_to_a_round() {
    let round = round(8);
    let mut intake = intake(&round, 0..8);
    assert_eq!(intake.accept(contribution(&round, 3)), Ok(Receipt::Again));

    let [leader, helper] = publics();
    let counts = counts(&round, 3);
    let anew = contribute(&round, [&leader, &helper], &org(3), &counts, &mut rng(77)).unwrap();
    assert_eq!(intake.accept(anew), Err(Rejection::SecondContribution));
    assert_eq!(intake.contributors().count(), 8);
}

#[test]
fn a_leader_who_proposes_two_reports_of_one_organization_gets_one() {
    let round = round(8);
    let [leader, helper] = publics();
    let counts = counts(&round, 3);
    let anew = contribute(&round, [&leader, &helper], &org(3), &counts, &mut rng(77)).unwrap();
    let mut reports: Vec<_> =
        (0..8).map(|nth| contribution(&round, nth).report).chain([anew.report]).collect();
    reports.sort_by_key(|it| it.report.id);
    let proposal = message::Proposal { promise: [0; 32], reports };
    let (_, answer) = super::helper()
        .answer(&round, None, &proposal.to_bytes(&round.context()), &mut rng(5))
        .unwrap();
    let agreement = message::Agreement::parse(&answer, &round).unwrap();
    assert_eq!(agreement.rejected.len(), 1);
    assert_eq!(agreement.rejected[0].1, Rejection::SecondContribution);
}

#[test]
fn fewer_than_five_or_three_of_another_category_are_not_summed() {
    let round = round(12);
    let too_few = |contributors, outside| {
        Some(Abort::TooFew(TooFew { contributors, outside, least: 5, least_outside: 3 }))
    };
    let close = |who: &[u8]| intake(&round, who.iter().copied()).close(&mut rng(1)).err();
    assert_eq!(close(&[0, 1, 2]), too_few(3, 2));
    assert_eq!(close(&[0, 1, 2, 3]), too_few(4, 3));
    // 0, 4 and 8 are federal, as the querier is.
    assert_eq!(close(&[0, 4, 8, 1, 2]), too_few(5, 2));
    assert_eq!(close(&[0, 4, 8, 1, 2, 3]), None);
    assert_eq!(close(&[1, 2, 3, 5, 6]), None);
}

#[test]
fn a_helper_counts_for_itself_and_a_leader_who_does_not_is_refused() {
    let round = round(8);
    let reports: Vec<_> = {
        let mut it: Vec<_> = (0..4).map(|nth| contribution(&round, nth).report).collect();
        it.sort_by_key(|it| it.report.id);
        it
    };
    let proposal = message::Proposal { promise: [0; 32], reports };
    let refused = helper().answer(&round, None, &proposal.to_bytes(&round.context()), &mut rng(5));
    assert!(matches!(refused, Err(Abort::TooFew(_))));

    // And at the end: the leader leaves out all but four of eight.
    let pair = Pair::new(&round, intake(&round, 0..8)).unwrap().step().unwrap().step().unwrap();
    let rejected = (0..4).map(|place| (place, Rejection::NotProven)).collect();
    let conclusion = message::Conclusion { rejected, checksum: [0; 32] };
    let refused =
        pair.helper.answer(&round, None, &conclusion.to_bytes(&round.context()), &mut rng(5));
    assert_eq!(refused.err(), Some(Abort::SetsDiffer));
}

#[test]
fn a_leader_cannot_invent_contributors() {
    let round = round(8);
    // Organization 3 signs in the name of 4; and a stranger contributes.
    let mut forged = contribution(&round, 3).report;
    forged.contributor = org(4).id();
    assert_eq!(forged.check(&round), Err(Rejection::BadSignature));
    let stranger = super::round(20);
    let mut strange = contribution(&stranger, 19).report;
    strange.report.context = round.context();
    let strange = SignedReport::sign(strange.report, &org(19)).unwrap();
    assert_eq!(strange.check(&round), Err(Rejection::NoContributor));
}

#[test]
fn a_leader_who_chooses_its_number_afterwards_is_found_out() {
    let round = round(8);
    let pair = Pair::new(&round, intake(&round, 0..8)).unwrap().step().unwrap();
    let mut evidence = pair.leader.question(&round).unwrap();
    evidence[33] ^= 1;
    let refused = pair.helper.answer(&round, None, &evidence, &mut rng(5));
    assert_eq!(refused.err(), Some(Abort::BrokenPromise));
}
