//! Home: what waits for our signature is said to whoever may sign, with the place where it is read.

use entente_node::local::{Op, Role};
use entente_tests::federation::staff;
use serde_json::json;

use super::House;
use super::furnished::{Furnished, ask};

const PLAN: &str = "release plan waits for our signature";
const ROUND: &str = "overlap round waits for our signature";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_and_a_round_wait_for_whoever_may_sign_until_that_is_seen_to() {
    let it = Furnished::new(3).await;
    let home = async |cookie: &str| it.house.get("/en/home", cookie).await.body;
    let (ours, theirs) = (&it.all("plan")[0], &it.all("plan")[1]);
    let round = it.one("round");
    let page = home(&it.chief).await;
    assert!(page.contains(PLAN) && page.contains(ROUND), "{page}");
    for to in [format!("/statistics/plans/{theirs}"), format!("/statistics/overlap/{round}")] {
        assert!(page.contains(&format!("\"/en{to}\"")), "home does not lead to {to}");
    }
    // Ours is signed.
    assert!(!page.contains(&format!("/statistics/plans/{ours}")));
    let french = it.house.get("/fr/home", &it.chief).await.body;
    for words in ["plan de diffusion attend notre signature", "recoupement attend notre signature"]
    {
        assert!(french.contains(words), "{words}");
    }
    // Whoever coordinates drafts both and signs neither.
    let coordinator = it.house.signed_in("cora", &[Role::Coordinator]);
    let page = home(&coordinator).await;
    assert!(!page.contains(PLAN) && !page.contains(ROUND));

    // The next version of the same partner takes the place of the first: still one.
    let node = it.partner.node();
    let mut next = node.find_plan("theirs").unwrap().plan;
    next.version = 2;
    let next = node.propose_plan(staff(), &next).unwrap().id;
    it.house.site.round(&it.partner.id()).await.unwrap();
    let page = home(&it.chief).await;
    assert!(page.contains(PLAN) && page.contains(&next.to_string()), "{page}");
    assert!(!page.contains(theirs.as_str()), "a plan that was replaced waits for a signature");
    // We take no part in the round: nothing waits.
    ask(&it.house.site, Op::OverlapEnd, json!({"round": round})).await;
    assert!(!home(&it.chief).await.contains(ROUND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn home_leads_each_role_to_what_is_theirs_and_back_to_itself_from_what_is_free() {
    let it = Furnished::new(21).await;
    let home = async |cookie: &str| it.house.get("/en/home", cookie).await.body;
    let first = |page: &str, to: &str| page.contains(&format!("class=\"button\" href=\"/en{to}\""));
    let worker = it.house.signed_in("wendy", &[Role::CaseWorker]);
    let page = home(&worker).await;
    assert!(first(&page, "/referrals/add"), "{page}");
    for to in ["/cases/add", "/services", "/cases", "/cases?consent=ending", "/held"] {
        assert!(page.contains(&format!("href=\"/en{to}\"")), "home does not lead to {to}");
    }
    assert!(page.contains("action=\"/en/cases/search\"") && page.contains("/referrals?list=ours"));
    let coordinator = it.house.signed_in("cora", &[Role::Coordinator]);
    let page = home(&coordinator).await;
    assert!(first(&page, "/partners/invite") && !page.contains("/cases/search"), "{page}");
    let administrator = it.house.signed_in("adam", &[Role::Administrator]);
    let page = home(&administrator).await;
    assert!(first(&page, "/settings/backups") && !page.contains("name=\"quick\""), "{page}");
    // Where nothing waits and there is no backup, no green box says that all is well.
    let house = House::open("House").await;
    let auditor = house.signed_in("ada", &[Role::Auditor]);
    let page = house.get("/en/home", &auditor).await.body;
    assert!(page.contains("No task waits for you") && page.contains("no backup yet"), "{page}");
    assert!(!page.contains("note good"), "{page}");

    let service = it.one("service");
    assert!(home(&worker).await.contains(&format!("/en/services/{service}/capacity")));
    let path = format!("/en/services/{service}/capacity");
    let answer = it.house.post(&path, &worker, "quick=2&list=home").await;
    assert_eq!(answer.location(), "/en/home", "{}", answer.body);
    // Of two that are said at one moment the second is no news.
    it.house.site.clock.advance(60);
    let answer = it.house.post(&path, &worker, "quick=2&list=yes").await;
    assert_eq!(answer.location(), "/en/services/ours");

    // What was typed is what is said; the Enter key presses the button beside it, not the one for none.
    it.house.site.clock.advance(60);
    let answer = it.house.post(&path, &worker, "quick=0&available=3").await;
    let page = it.house.get(answer.location(), &worker).await.body;
    assert!(page.contains("3 beds"), "{page}");
    let typed = page.find("name=\"available\"").unwrap();
    let pressed = page[typed..].split("<button").nth(1).unwrap();
    assert!(pressed.contains("Say this number") && !page[..typed].contains("name=\"quick\""));
}
