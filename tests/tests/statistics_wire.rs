//! Private statistics over real sockets: what travels, and what somebody hears who may not ask.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use std::collections::BTreeSet;

use entente_core::codes::OrgType;
use entente_core::statistics::plan::{PlanId, Roles};
use entente_core::statistics::release::{DeclineReason, ReleaseId};
use entente_node::node::statistics::AnswerKept;
use entente_proto::v1::statistics_client::StatisticsClient;
use entente_proto::{ReleaseQuestion, v1};
use entente_tests::federation::staff;
use entente_tests::net::{Site, agree, evidence, pair, soon, summaries_and_counts};
use tonic::Status;

/// Two sites with an agreement and a plan that both signed; the signatures have travelled.
async fn sites() -> (Site, Site, PlanId) {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    pair(&centre, &office).await;
    agree(&office, &centre, &summaries_and_counts(5)).await;
    let draft = include_str!("../../config/plans/canada-v1.toml");
    let roles = Roles {
        queriers: [(centre.id(), OrgType::Federal)].into(),
        contributors: [(office.id(), OrgType::Provincial)].into(),
        aggregators: None,
    };
    let plan = centre.node().read_plan(draft, Some(roles)).unwrap();
    let kept = centre.node().propose_plan(staff(), &plan).unwrap();
    centre.node().sign_plan(staff(), &kept.id).unwrap();
    office.round(&centre.id()).await.unwrap();
    assert!(office.node().find_plan("canada@1").unwrap().signers.contains(&centre.id()));
    (office, centre, kept.id)
}

fn release(plan: PlanId, period: &str) -> ReleaseId {
    ReleaseId { plan, cube: 0, period: period.parse().unwrap(), revision: 0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_travels_once_it_is_signed_and_is_the_same_the_second_time() {
    let (office, centre, plan) = sites().await;
    let ask = async |period| {
        let release = release(plan, period);
        soon(centre.peers().ask_release(staff(), &office.id(), &release)).await
    };
    assert!(ask("2025").await.is_err(), "answered before it was signed");
    office.node().sign_plan(staff(), &plan).unwrap();
    office.add_cases(3);
    let AnswerKept::Declined(paid) = ask("2025").await.unwrap() else { panic!("drawn meanwhile") };
    assert_eq!(paid.reason, DeclineReason::NotYet);
    assert_eq!(office.node().odometer().unwrap().undrawn.0, 1);
    assert_eq!(office.node().draw_releases().unwrap(), 1);
    let AnswerKept::Given(first) = ask("2025").await.unwrap() else { panic!("no figures") };
    assert_eq!(first.cells.len(), 14);
    assert_eq!(ask("2025").await.unwrap(), AnswerKept::Given(first));
    let AnswerKept::Declined(open) = ask("2026").await.unwrap() else { panic!("not over yet") };
    assert_eq!(open.reason, DeclineReason::NotDue);
    assert_eq!(office.node().odometer().unwrap().n_charges, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt14_whatever_is_outside_of_a_plan_hears_the_same_refusal() {
    let (office, centre, plan) = sites().await;
    office.node().sign_plan(staff(), &plan).unwrap();
    let mut client = StatisticsClient::new(office.dialled_by(centre.identity()));
    let within = v1::ReleaseRef { plan: plan.0.to_vec(), cube: 0, period: 20_250, revision: 0 };
    let outside = [
        v1::ReleaseRef { plan: vec![7; 32], ..within.clone() },
        v1::ReleaseRef { period: 20_240, ..within.clone() },
        v1::ReleaseRef { period: 20_251, ..within.clone() },
        v1::ReleaseRef { cube: 5, ..within.clone() },
        v1::ReleaseRef { revision: 1, ..within.clone() },
        // What no honest node sends.
        v1::ReleaseRef { plan: vec![7; 31], ..within.clone() },
        v1::ReleaseRef { period: 20_259, ..within.clone() },
        v1::ReleaseRef { cube: u32::MAX, ..within.clone() },
        v1::ReleaseRef { revision: 99, ..within },
    ];
    let mut heard = BTreeSet::new();
    for release in outside {
        let request = v1::ReleaseRequest { release: Some(release), receipts: Vec::new() };
        heard.insert(said(&soon(client.release(request)).await.unwrap_err()));
    }
    heard.insert(said(&soon(client.release(v1::ReleaseRequest::default())).await.unwrap_err()));
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(heard.iter().all(|said| said.contains("PermissionDenied") && said.contains("plan")));
    assert_eq!(evidence(office.node(), &centre.id()).len(), 5, "the malformed ones are noted");
    assert_eq!(office.node().odometer().unwrap().n_charges, 0);
}

/// Everything that a caller can see of a status, but for the time of day.
fn said(status: &Status) -> String {
    let mut headers = status.metadata().clone().into_headers();
    headers.remove("date");
    format!("{:?} {:?} {:?} {headers:?}", status.code(), status.message(), status.details())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_we_did_not_sign_says_nothing_about_us() {
    let (office, centre, plan) = sites().await;
    office.node().sign_plan(staff(), &plan).unwrap();
    let own = ReleaseQuestion { release: release(plan, "2025"), receipts: Vec::new() };
    office.node().answer_release(&centre.id(), &own).unwrap();
    office.node().draw_releases().unwrap();
    let honest = office.node().answer_release(&centre.id(), &own).unwrap();
    let Ok(answer) = entente_proto::decode_release_answer(&honest.payload) else { panic!() };
    let kind = entente_core::envelope::payload_type::RELEASE_ANSWER;
    let payload = entente_proto::encode_release_answer(&answer);
    let forged = entente_core::envelope::Envelope::seal(kind, payload, &centre.key).unwrap();
    let asked = ReleaseQuestion { release: release(plan, "2026"), receipts: vec![forged; 16] };
    let mut client = StatisticsClient::new(office.dialled_by(centre.identity()));
    let request = entente_proto::release_question_message(&asked);
    soon(client.release(request)).await.unwrap();
    let odometer = office.node().odometer().unwrap();
    assert!(odometer.whole && odometer.n_charges == 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_is_public_from_its_publication_until_it_is_taken_back() {
    let (office, centre, plan) = sites().await;
    office.node().sign_plan(staff(), &plan).unwrap();
    let kept = centre.node().find_plan("canada@1").unwrap();
    let period = "2025".parse().unwrap();
    let (_, bytes) = centre.node().national_return(staff(), &kept, period).unwrap();
    // On the same day it is the same file, and kept once.
    centre.node().national_return(staff(), &kept, period).unwrap();
    let returns = centre.node().returns().unwrap();
    let [(name, row)] = returns.as_slice() else { panic!("kept once") };
    assert_eq!((row.n_bytes, row.published_at_s), (bytes.len() as u64, None));
    assert_eq!(centre.node().return_file(name).unwrap(), bytes);
    let text: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
    let (short, desk) = (text.get(..16).unwrap(), centre.desk());
    assert!(desk.published_return(short).is_err(), "nobody published it");
    assert!(desk.published_returns().unwrap().is_empty());
    centre.node().publish_return(staff(), name, true).unwrap();
    let told = desk.published_return(short).unwrap();
    assert!(told.verified && told.tables.len() == 5);
    assert!(desk.published_return(short.get(..8).unwrap()).is_err(), "a guess");
    for form in ["return", "csv", "xlsx", "json", "sdmx"] {
        let file = desk.published_file(short, form, entente_core::lang::Lang::Fr).unwrap();
        assert!(file.hex.len() > 200, "{form}");
    }
    assert!(desk.published_file(short, "doc", entente_core::lang::Lang::Fr).is_err());
    centre.node().publish_return(staff(), name, false).unwrap();
    assert!(desk.published_return(short).is_err(), "it was taken back");
    assert!(office.desk().published_returns().unwrap().is_empty());
}
