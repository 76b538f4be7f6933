//! Secure sums in which one organization has several parts: the leader contributes and may not ask,
//! and the helper contributes too.

use entente_core::codes::OrgType;
use entente_core::statistics::plan::{Plan, Roles};
use entente_core::statistics::release::ReleaseId;
use entente_node::clock::ManualClock;
use entente_node::node::statistics::sum::SumKept;
use entente_node::node::statistics::{AnswerKept, Asking};
use entente_tests::federation::{Org, START_S, agree, pair, sign_plan, staff};
use entente_tests::sums::{add_women, cells, near};

#[test]
fn a_leader_that_contributes_and_a_helper_that_does_are_counted_like_everybody() {
    let clock = ManualClock::new(START_S);
    let orgs: Vec<_> = (1..=7).map(|seed| Org::new(seed, &clock)).collect();
    let [asker, leader, helper, offices @ ..] = orgs.as_slice() else { panic!() };
    for org in offices.iter().chain([helper]) {
        pair(org, leader);
    }
    let contributors = || offices.iter().chain([leader, helper]);
    for (nth, org) in contributors().enumerate() {
        pair(org, asker);
        agree(org, asker, 5);
        add_women(org, 10 + nth);
    }
    let roles = Roles {
        queriers: [(asker.id(), OrgType::Federal)].into(),
        contributors: contributors().map(|org| (org.id(), OrgType::Provincial)).collect(),
        aggregators: Some([leader.id(), helper.id()]),
    };
    let draft = include_str!("../../config/plans/canada-v1.toml");
    let plan = Plan::from_toml(draft, Some(roles)).unwrap();
    let ids: Vec<_> = orgs.iter().map(|org| sign_plan(org, &plan)).collect();
    let period = "2025".parse().unwrap();
    let release = ReleaseId { plan: *ids.first().unwrap(), cube: 0, period, revision: 0 };

    let node = leader.node();
    node.begin_sum(staff(), &release).unwrap();
    let opening = helper.node().open_sum(&leader.id(), &release).unwrap();
    node.keep_opening(&release, &opening).unwrap();
    for org in contributors() {
        let asked = node.sum_question(staff(), &org.id(), &release, Asking::First);
        let reply = org.node().contribute(&leader.id(), &asked.unwrap().unwrap()).unwrap();
        let kept = node.keep_sum_reply(&org.id(), &release, &reply).unwrap();
        assert!(matches!(kept, AnswerKept::Added(_)), "{kept:?}");
        assert_eq!(org.node().odometer().unwrap().n_charges, 1);
    }
    node.close_sum(staff(), &release).unwrap();
    while let Some(question) = node.next_sum_question(&release).unwrap() {
        let (answer, share) = helper.node().answer_sum(&leader.id(), &release, &question).unwrap();
        node.sum_answered(&release, &question, &answer, share.as_ref()).unwrap();
    }
    let sum = node.finished_sum(&asker.id(), &release).unwrap();
    assert_eq!(asker.node().keep_sum(&release, &sum).unwrap(), SumKept::Kept);
    near(&cells(asker, &release).unwrap(), 10 + 11 + 12 + 13 + 14 + 15);
}
