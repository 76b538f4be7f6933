//! The pages of a case: what stands on them, for whom, and what can be done from there.

use axum::http::StatusCode;
use entente_core::audit::Action;
use entente_node::local::{Op, Role};
use serde_json::json;

use super::House;
use super::furnished::{Furnished, ask};

/// What the page of a case has as the one thing to do next.
fn leads_to(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("<a class=\"button\" href=\"/en")?;
    rest.split_once('"').map(|(to, _)| to)
}

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
    // What can be done comes before what is known, for the keyboard and on narrow screens.
    let place = |text: &str| page.find(text).unwrap();
    assert!(place("What can be done") < place("id=\"definitions\""), "{page}");
    let account = it.house.post("/en/audit/disclosures", &lea, &format!("record={case}")).await;
    assert_eq!(account.status, StatusCode::OK);
    // From the page for a person one comes back to the case, since a case worker does not read the log.
    let account = account.body;
    assert!(account.contains(&format!("no-print\"><a href=\"/en/cases/{case}\"")), "{account}");
    // A service that is gone meanwhile takes no referral form with it.
    let gone = "0197a9e0-1f2c-7000-8000-00000000000a";
    let form = it.house.get(&format!("/en/referrals/add?case={case}&service={gone}"), &lea).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    assert!(form.body.contains("name=\"need\"") && !form.body.contains("name=\"service\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_that_was_withdrawn_asks_for_nothing_to_be_done_next() {
    let it = Furnished::new(6).await;
    let case = it.one("case");
    let lea = it.house.signed_in("lea", &[Role::CaseWorker]);
    let at = format!("/en/cases/{case}");
    let page = it.house.get(&at, &lea).await.body;
    assert!(leads_to(&page).is_some(), "{page}");
    ask(&it.house.site, Op::RecordWithdraw, json!({ "record": case })).await;
    let page = it.house.get(&at, &lea).await.body;
    assert_eq!(leads_to(&page), None, "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_be_done_next_with_a_case_follows_from_what_the_person_allows() {
    let house = House::open("House").await;
    let told = ask(&house.site, Op::RecordAdd, json!({ "fields": {"gender": "woman"} })).await;
    let case = told["record"].as_str().unwrap().to_owned();
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    let at = format!("/en/cases/{case}");
    let referral = format!("/referrals/add?case={case}");
    let next = async || house.get(&at, &lea).await.body;
    assert_eq!(leads_to(&next().await), Some(format!("/cases/{case}/consents/add").as_str()));
    for (scope, to) in [("stats", format!("/cases/{case}/explain")), ("referral_need", referral)] {
        let given = json!({"record": case, "scopes": [scope], "informed": true});
        ask(&house.site, Op::ConsentGive, given).await;
        let page = next().await;
        assert_eq!(leads_to(&page), Some(to.as_str()), "{page}");
    }
    // The rest stays one step away, and nothing is there twice.
    let page = next().await;
    assert!(page.contains("See what each partner will receive"), "{page}");
    assert_eq!(page.matches("Make a referral").count(), 1, "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_is_compared_masked_and_revealed_by_a_fresh_proof_with_an_entry_for_each() {
    let house = House::open("House").await;
    let mut ids = Vec::new();
    for status in ["possible", "actual"] {
        let fields = json!({
            "name_first": "Zoé", "name_last": "Exemple-Tremblay", "birthdate": "1995-03-03", "status": status
        });
        let told = ask(&house.site, Op::RecordAdd, json!({ "fields": fields })).await;
        ids.push(told["record"].as_str().unwrap().to_owned());
    }
    let noor = house.signed_in("noor", &[Role::Supervisor]);
    let one_case = format!("/en/cases/{}/duplicates", ids[0]);
    for path in ["/en/cases/duplicates?score=50", one_case.as_str()] {
        let page = house.get(path, &noor).await.body;
        assert!(page.contains("class=\"differs\"") && page.contains(">different<"), "{page}");
        assert!(page.contains(">masked<") && !page.contains("Exemple-Tremblay"), "{page}");
        assert!(page.contains("/cases/duplicates/reveal"), "{page}");
    }
    let n_read = || house.site.n_audited(Action::RecordRead);
    let before = n_read();
    let form = format!("left={}&right={}&score=50", ids[0], ids[1]);
    let revealed = house.post("/en/cases/duplicates/reveal", &noor, &form).await;
    assert!(revealed.body.contains("Exemple-Tremblay"), "{}", revealed.body);
    assert_eq!(n_read(), before + 2);
    house.site.clock.advance(301);
    let later = house.post("/en/cases/duplicates/reveal", &noor, &form).await;
    assert_eq!((later.outcome(), n_read()), ("confirm", before + 2));
    // One goes back to the list as it was.
    let decided = house.post("/en/cases/duplicates", &noor, &format!("{form}&same=true")).await;
    assert_eq!(decided.location(), "/en/cases/duplicates?score=50&decided=same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_list_is_narrowed_by_goes_along_to_the_export() {
    let house = House::open("House").await;
    for gender in ["woman", "man"] {
        ask(&house.site, Op::RecordAdd, json!({ "fields": {"gender": gender, "needs": "legal"} }))
            .await;
    }
    let noor = house.signed_in("noor", &[Role::Supervisor]);
    let list = house.get("/en/cases?gender=woman&needs=legal&consent=none", &noor).await.body;
    assert!(list.contains("1 to 1 of 1"), "{list}");
    // Without a consent it goes nowhere, which stands out; and one sees what was worked on last.
    assert!(list.contains("<span class=\"tag warn\">none</span>"), "{list}");
    let (_, changed) = list.split_once("data-label=\"Last changed\">").unwrap();
    assert!(changed.split('<').next().is_some_and(|day| day.contains(", 20")), "{changed}");
    let export = "/en/cases/export?gender=woman&#38;needs=legal&#38;consent=none";
    assert!(list.contains(export), "{list}");
    let form = house.get(&export.replace("&#38;", "&"), &noor).await.body;
    assert!(form.contains("value=\"woman\" selected") && form.contains("value=\"legal\" selected"));
    assert!(form.contains("The filter on consents"), "{form}");
    // A link cannot ask for names.
    let form = house.get("/en/cases/export?reveal=true", &noor).await.body;
    assert!(!form.contains("value=\"true\" checked"), "{form}");
    let ending = house.get("/en/cases?consent=ending", &noor).await.body;
    assert!(ending.contains("No case is like this"), "{ending}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_stop_has_every_consent_withdrawn_in_one_step_after_seeing_what_it_does() {
    let it = Furnished::new(7).await;
    let case = it.one("case");
    let lea = it.house.signed_in("lea", &[Role::CaseWorker]);
    let at = format!("/en/cases/{case}/consents/withdraw");
    let all = async || {
        let told = ask(&it.house.site, Op::ConsentList, json!({ "record": case })).await;
        told["consents"].as_array().unwrap().clone()
    };
    let page = it.house.get(&at, &lea).await.body;
    assert!(page.contains("What ends") && page.contains("taken back"), "{page}");
    assert!(all().await.iter().any(|consent| consent["withdrawn_on"].is_null()), "by looking");
    let done = it.house.post(&at, &lea, "").await;
    assert!(
        done.location().starts_with(&format!("/en/cases/{case}?all=true")),
        "{}",
        done.location()
    );
    assert!(all().await.iter().all(|consent| !consent["withdrawn_on"].is_null()));
    let page = it.house.get(&at, &lea).await.body;
    assert!(page.contains("There is none that could be withdrawn"), "{page}");
    assert!(
        !it.house.get(&format!("/en/cases/{case}"), &lea).await.body.contains("/consents/withdraw")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_is_checked_before_it_is_entered_and_a_legal_duty_says_that_it_is_one() {
    let house = House::open("House").await;
    let told = ask(&house.site, Op::RecordAdd, json!({ "fields": {"gender": "woman"} })).await;
    let case = told["record"].as_str().unwrap().to_owned();
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    let at = format!("/en/cases/{case}/consents/add");
    let typed = "scope=stats&informed=true&given_by=self&language=cr&valid_until=2031-11-22";
    let checked = house.post(&at, &lea, &format!("{typed}&step=check")).await.body;
    for said in
        ["Check the consent", "anybody with an agreement", "Cree", "name=\"scope\" value=\"stats\""]
    {
        assert!(checked.contains(said), "{said}: {checked}");
    }
    assert_eq!(house.site.n_audited(Action::ConsentGiven), 0);
    // Nothing is lost on the way back.
    let form = house.post(&at, &lea, &format!("{typed}&step=form")).await.body;
    assert!(
        form.contains("value=\"2031-11-22\"") && form.contains("value=\"cr\" selected"),
        "{form}"
    );
    let empty = house.post(&at, &lea, "step=save").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.site.n_audited(Action::ConsentGiven), 0);
    let kept = house.post(&at, &lea, &format!("{typed}&step=save")).await;
    assert!(kept.location().contains("given=true"), "{}", kept.location());
    assert_eq!(house.site.n_audited(Action::ConsentGiven), 1);
    let duty = "override_reason=court_order&recipient=somebody&step=check";
    let checked = house.post(&at, &lea, duty).await.body;
    assert!(checked.contains("Enter the legal duty"), "{checked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wants_nothing_shared_cannot_be_noted_as_allowing_something_besides() {
    let house = House::open("House").await;
    let told = ask(&house.site, Op::RecordAdd, json!({ "fields": {"gender": "woman"} })).await;
    let case = told["record"].as_str().unwrap().to_owned();
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    let at = |lang: &str| format!("/{lang}/cases/{case}/consents/add");
    let both = "scope=stats&scope=none&informed=true&given_by=self&step=save";
    let said = [("en", "rules out all the rest"), ("fr", "exclut tout le reste")];
    for (lang, said) in said {
        let refused = house.post(&at(lang), &lea, both).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(said), "{}", refused.body);
        assert!(refused.body.contains("href=\"#scope\""), "{}", refused.body);
    }
    assert_eq!(house.site.n_audited(Action::ConsentGiven), 0);
    let alone = "scope=none&informed=true&given_by=self&step=save";
    let kept = house.post(&at("en"), &lea, alone).await;
    assert!(kept.location().contains("given=true"), "{}", kept.location());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_each_partner_receives_ends_with_what_else_could_go_to_one() {
    let it = Furnished::new(8).await;
    let case = it.one("case");
    let lea = it.house.signed_in("lea", &[Role::CaseWorker]);
    let at = format!("/en/cases/{case}/explain");
    let page = it.house.get(&at, &lea).await.body;
    assert!(page.contains(&format!("\"/en/referrals/add?case={case}\"")), "{page}");
    assert!(page.contains("No consent to them holds today"), "{page}");
    let given = json!({"record": case, "scopes": ["stats"], "informed": true});
    ask(&it.house.site, Op::ConsentGive, given).await;
    let page = it.house.get(&at, &lea).await.body;
    assert!(page.contains("this case counts in noisy figures"), "{page}");
    // Whoever may make no referral is not led to one.
    let officer = it.house.signed_in("omar", &[Role::PrivacyOfficer]);
    let page = it.house.get(&at, &officer).await.body;
    assert!(page.contains("What else could go") && !page.contains("/referrals/add"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_belongs_to_a_case_leads_back_to_it_and_says_which_one_it_is() {
    let it = Furnished::new(9).await;
    let case = it.one("case");
    let back = format!("Back to case <span class=\"num\">{}</span></a>", &case[case.len() - 8..]);
    let noor = it.house.signed_in("noor", &[Role::Supervisor]);
    for page in ["explain", "edit", "history", "duplicates", "consents", "steward"] {
        let body = it.house.get(&format!("/en/cases/{case}/{page}"), &noor).await.body;
        assert!(body.contains(&back), "{page}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_definition_is_decided_one_line_says_what_to_add() {
    let house = House::open("House").await;
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    for (fields, is_too_little) in [
        (json!({"gender": "woman"}), true),
        (json!({"gender": "woman", "immigration_status": "citizen"}), false),
    ] {
        let told = ask(&house.site, Op::RecordAdd, json!({ "fields": fields })).await;
        let case = told["record"].as_str().unwrap();
        let page = house.get(&format!("/en/cases/{case}"), &lea).await.body;
        assert_eq!(page.contains("Not enough is recorded to tell"), is_too_little, "{page}");
        assert_eq!(page.contains("<summary>Each definition"), is_too_little, "{page}");
        assert!(page.contains("<span class=\"tag \">not enough recorded"), "{page}");
    }
}
