//! The pages of a case: what stands on them, for whom, and what can be done from there.

use axum::http::StatusCode;
use entente_node::local::{Op, Role};
use serde_json::json;

use super::furnished::{Furnished, ask};

/// The link to what each partner will receive where it is the one thing to do next.
const MAIN: &str = "See what each partner will receive";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_shows_its_referrals_and_leads_to_the_account_of_what_was_told() {
    let it = Furnished::new(5).await;
    let case = it.one("case");
    let lea = it.house.signed_in("lea", &[Role::CaseWorker]);
    let page = it.house.get(&format!("/en/cases/{case}"), &lea).await.body;
    for to in [format!("/referrals/{}", it.one("referral")), format!("/referrals/add?case={case}")]
    {
        assert!(page.contains(&format!("\"/en{to}\"")), "{to}: {page}");
    }
    assert!(page.contains("action=\"/en/audit/disclosures\""), "{page}");
    let account = it.house.post("/en/audit/disclosures", &lea, &format!("record={case}")).await;
    assert_eq!(account.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_that_was_withdrawn_asks_for_nothing_to_be_done_next() {
    let it = Furnished::new(6).await;
    let case = it.one("case");
    let lea = it.house.signed_in("lea", &[Role::CaseWorker]);
    let at = format!("/en/cases/{case}");
    let page = it.house.get(&at, &lea).await.body;
    assert!(page.contains(MAIN) || page.contains("Enter a consent"), "{page}");
    ask(&it.house.site, Op::RecordWithdraw, json!({ "record": case })).await;
    let page = it.house.get(&at, &lea).await.body;
    assert!(!page.contains(MAIN) && !page.contains("Enter a consent"), "{page}");
}
