//! Pages about partners: what a partner can make them show, and what they do not let anybody skip.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use entente_core::audit::Action;
use entente_core::codes::OrgType;
use entente_core::feed::{Batch, Carried};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_node::local::Role;
use entente_node::node::feeds::Via;
use entente_proto::Card;
use entente_tests::federation::staff;
use entente_tests::net::admit;

use super::furnished::Furnished;
use super::{House, ours};

/// What a hostile organization may call itself: the protocol takes it.
const NAME: &str = "\"><script>alert(1)</script> javascript:alert(2) \u{5de}\u{5e7}";

/// A partner of the house, whose officers have called each other.
fn partner(house: &House) -> OrgId {
    let org = OrgKey::from_seed(&[77; 32]).id();
    let card =
        Card { org, name: Text::new(NAME, NAME), kind: OrgType::Ngo, address: String::new() };
    admit(house.site.node(), &card);
    org
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_partner_calls_itself_is_shown_and_never_run() {
    let house = House::open("House").await;
    let id = partner(&house);
    let officer = house.signed_in("ana", Role::ALL);
    for path in [
        "/partners".to_owned(),
        format!("/partners/{id}"),
        format!("/partners/{id}/check"),
        format!("/partners/{id}/exchange"),
        format!("/partners/{id}/suspend"),
        format!("/partners/{id}/end"),
        format!("/agreements/draft?partner={id}"),
        format!("/agreements/draft?partner={id}&template=ngo-province"),
    ] {
        for lang in ["en", "fr"] {
            let answer = house.get(&format!("/{lang}{path}"), &officer).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(answer.body.contains("alert(2)"), "{path} does not name the partner");
            for bad in ["<script>alert", "href=\"javascript", "\"><script"] {
                assert!(!answer.body.contains(bad), "{path}: {bad}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_read_in_words_before_anybody_gets_it() {
    let house = House::open("House").await;
    let id = partner(&house);
    let officer = house.signed_in("ana", Role::ALL);
    let form = format!(
        "partner={id}&template=counts-only&effective=2026-12-01&expiry=2027-11-30&notice_days=30\
         &purposes=statistics&at_end=delete&breach_notice_hours=24"
    );
    let read = house.post("/en/agreements/draft", &officer, &form).await;
    assert_eq!(read.status, StatusCode::OK);
    assert!(read.body.contains("§2.1") && read.body.contains("2026-12-01"));
    assert!(read.body.contains("Propose it to them") && read.body.contains("Our side: "));
    assert!(house.site.node().agreements().unwrap().is_empty(), "reading proposed it");
    // A last day before the first is none, and the page offers no way to propose it.
    let wrong = form.replace("2027-11-30", "2020-01-01");
    let read = house.post("/en/agreements/draft", &officer, &wrong).await;
    assert!(!read.body.contains("Propose it to them"), "it can be proposed");
    let sent = house.post("/en/agreements/propose", &officer, &wrong).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(house.site.node().agreements().unwrap().is_empty());
    let sent = house.post("/en/agreements/propose", &officer, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    // The page to sign names the version in its form: what is signed is what was read.
    let agreement = sent.location().trim_start_matches("/en").to_owned();
    let sign = house.get(&format!("/en{agreement}/sign"), &officer).await;
    assert!(agreement.ends_with("-1") && sign.body.contains(&format!("{agreement}/sign")));
    assert!(sign.body.contains("<summary>Fingerprint of the text"), "{}", sign.body);
    let signed = house.post(&format!("/en{agreement}/sign"), &officer, "").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER);
    assert_eq!(house.site.n_audited(Action::AgreementSigned), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_in_quarantine_is_accepted_again_only_with_a_reason() {
    let house = House::open("House").await;
    let id = partner(&house);
    let officer = house.signed_in("ana", Role::ALL);
    let leaves = vec![Carried::Whole(vec![1])];
    let junk = Batch { epoch: 0, first: 9, checkpoint: vec![1], leaves };
    house.site.node().accept(&id, junk, Via::Connection).unwrap_err();
    let page = house.get(&format!("/en/partners/{id}"), &officer).await;
    assert!(page.body.contains("quarantined") && page.body.contains(&format!("{id}/release")));
    let release = format!("/en/partners/{id}/release");
    assert_eq!(house.get(&release, &officer).await.status, StatusCode::OK);
    for none in ["", "reason=", "reason=%20%20"] {
        let answer = house.post(&release, &officer, none).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{none:?}");
        assert!(answer.body.contains("ENT-2742") && house.site.is_quarantined(&id));
    }
    let answer = house.post(&release, &officer, "reason=restored+from+a+backup").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(!house.site.is_quarantined(&id));
    // Nobody in quarantine: nothing to release, and the same page as for nobody at all.
    let nothing = house.get(&release, &officer).await;
    let nobody = house.get("/en/partners/00112233/release", &officer).await;
    assert_eq!((nothing.status, nobody.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_calls_itself_as_another_s_id_takes_nobody_s_place() {
    let house = House::open("House").await;
    let id = partner(&house);
    let officer = house.signed_in("ana", Role::ALL);
    let liar = OrgKey::from_seed(&[78; 32]).id();
    let name = Text::new(id.to_string(), id.to_string());
    let card = Card { org: liar, name, kind: OrgType::Ngo, address: String::new() };
    admit(house.site.node(), &card);
    for page in ["", "/exchange", "/suspend", "/end"] {
        let answer = house.get(&format!("/en/partners/{id}{page}"), &officer).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert!(answer.body.contains("alert(2)"), "{page} is not about the one that is meant");
    }
    let suspended = house.post(&format!("/en/partners/{id}/suspend"), &officer, "reason=x").await;
    assert_eq!(suspended.status, StatusCode::SEE_OTHER);
    let state = |of| house.site.node().partner_row(of).unwrap().state;
    assert_eq!(state(&id), entente_store::rows::PartnerState::Suspended);
    assert_ne!(state(&liar), entente_store::rows::PartnerState::Suspended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_is_signed_as_the_version_that_the_address_names_and_no_other() {
    let house = House::open("House").await;
    let id = partner(&house);
    let officer = house.signed_in("ana", Role::ALL);
    let form = format!(
        "partner={id}&template=counts-only&effective=2026-12-01&expiry=2027-11-30&notice_days=30\
         &purposes=statistics&at_end=delete&breach_notice_hours=24"
    );
    let sent = house.post("/en/agreements/propose", &officer, &form).await;
    let whole = sent.location().trim_start_matches("/en/agreements/").to_owned();
    let agreement = whole.trim_end_matches("-1");
    let first = agreement.get(..1).unwrap();
    for other in ["@", "@1", "-1", first] {
        for address in [other.to_owned(), format!("{agreement}-x"), format!("{agreement}-2")] {
            let sign = format!("/en/agreements/{address}/sign");
            assert_eq!(house.get(&sign, &officer).await.status, StatusCode::NOT_FOUND, "{sign}");
            let signed = house.post(&sign, &officer, "").await;
            assert_eq!(signed.status, StatusCode::NOT_FOUND, "{sign}");
        }
    }
    assert_eq!(house.site.n_audited(Action::AgreementSigned), 0);
}

/// A form with a file.
fn with_file(path: &str, cookie: &str, bytes: &[u8]) -> Request<Body> {
    let head = "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    let body = [head.as_bytes(), bytes, b"\r\n--edge--\r\n"].concat();
    let mut request = ours("POST", path, cookie, "");
    let kind = "multipart/form-data; boundary=edge".parse().unwrap();
    request.headers_mut().insert("content-type", kind);
    *request.body_mut() = Body::from(body);
    request
}

/// How many files lie in a house for one question.
fn n_uploads(house: &House) -> usize {
    let names = std::fs::read_dir(house.site.home().join("jobs")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".upload")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_saved_here_and_read_by_whom_it_is_for_and_by_nobody_else() {
    let it = Furnished::new(3).await;
    let (house, partner) = (&it.house, &it.partner);
    let before = n_uploads(house);
    let saved = house.post(&format!("/en/partners/{}/bundle", partner.id()), &it.chief, "").await;
    let name = saved.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"entente-bundle-"), "{name}");
    let (issuer, _) = partner.node().read_bundle(staff(), &saved.bytes).unwrap();
    assert_eq!(issuer, house.site.id());

    let (theirs, n) = partner.node().write_bundle(staff(), &house.site.id(), 0).unwrap();
    assert!(n > 0);
    let send =
        async |bytes: &[u8]| house.send(with_file("/fr/partners/bundle", &it.chief, bytes)).await;
    let read = send(&theirs).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.body);
    assert!(read.body.contains("Lue; elle vient de"), "{}", read.body);
    assert_eq!(house.site.n_audited(Action::BundleRead), 1);
    let long = vec![b'a'; 17 << 20];
    let refused: [(&[u8], &str); 4] =
        [(&saved.bytes, "ENT-1512"), (b"a", "ENT-1510"), (b"", "ENT-2850"), (&long, "ENT-2851")];
    for (bytes, code) in refused {
        let answer = send(bytes).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{code}");
        assert!(answer.body.contains(code), "{code}: {}", answer.body);
    }
    assert_eq!(n_uploads(house), before, "a bundle was left on the disk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_services_are_given_as_a_file_for_everybody_or_for_partners() {
    let it = Furnished::new(3).await;
    let before = n_uploads(&it.house);
    let given = async |form: &str| {
        let answer = it.house.post("/en/services/export", &it.chief, form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let name = answer.headers["content-disposition"].to_str().unwrap().to_owned();
        (name, answer.bytes)
    };
    for (form, words) in [("kind=json", "-public-"), ("partners=yes", "-for-partners-")] {
        let (name, bytes) = given(form).await;
        assert!(name.contains(words) && name.ends_with(".json\""), "{name}");
        let services: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        // Ours alone: the partner has its own directory.
        assert_eq!(services.as_array().unwrap().len(), 1);
        assert_eq!(services[0]["id"].as_str(), Some(it.one("service")));
    }
    let (name, bytes) = given("kind=zip").await;
    assert!(name.ends_with(".zip\"") && bytes.starts_with(b"PK\x03\x04"), "{name}");
    assert_eq!(n_uploads(&it.house), before, "a file of services was left on the disk");
    assert_eq!(it.house.site.n_audited(Action::ServicesExported), 3);
}
