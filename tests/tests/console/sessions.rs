//! How a session lasts and ends: by itself, by whoever is in it, and by somebody else.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use entente_console::Need;
use entente_core::audit::{Action, Actor};
use entente_node::local::Role;
use entente_node::people::base32;
use entente_store::people::People as _;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::{Answer, House, PASSWORD, code, filled, ours};

const FORM: &str = "application/x-www-form-urlencoded";

/// What the app of somebody shows now.
fn shown(house: &House, name: &str) -> String {
    let (node, people) = (house.site.node(), &house.site.desk().people);
    let (user, _) = people.find(name).unwrap();
    let row = node.db().read(|tx| tx.user(&user)).unwrap().unwrap();
    code(&base32(&row.totp.unwrap().secret), node.now_s())
}

/// Signs somebody in once more, a minute later: the cookie.
async fn again(house: &House, name: &str) -> String {
    house.site.clock.advance(60);
    let signed = house.sign_in(name, PASSWORD, &shown(house, name)).await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.body);
    let cookie = signed.headers["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_takes_a_page_away_from_whoever_stays_and_without_scripts_its_end_is_said() {
    let house = House::open("House").await;
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    let page = house.get("/en/cases?status=actual", &cookie).await;
    // A browser stops no header for a session that was prolonged; a script is there instead of this.
    assert!(!page.headers.contains_key("refresh"));
    let refresh = "<noscript><meta http-equiv=\"refresh\" content=\"1205; \
                   url=/en/locked?to=/cases%3Fstatus%3Dactual\"></noscript>";
    assert!(page.body.contains(refresh), "{}", page.body);
    assert!(page.body.contains("<noscript><span>If you open no other page, the session ends on"));
    let french = house.get("/fr/cases", &cookie).await.body;
    assert!(french.contains("la session prend fin le"), "{french}");
    // Nobody who is not signed in is led anywhere.
    assert!(!house.get("/en/sign-in", "").await.body.contains("http-equiv=\"refresh\""));
    // The address of a link that lets somebody in goes nowhere else.
    let renewed = house.post("/en/account/renew", &cookie, "").await;
    let join = house.get(renewed.location(), &cookie).await;
    assert_eq!(join.status, StatusCode::OK);
    assert!(join.body.contains("url=/en/locked?to=/home\""), "{}", join.body);
    // A session that has lasted nearly as long as it may ends sooner.
    for _ in 0..(12 * 60 - 10) / 10 {
        house.site.clock.advance(600);
        house.get("/en/cases", &cookie).await;
    }
    let late = house.get("/en/cases", &cookie).await;
    assert!(late.body.contains("content=\"605; url="), "{}", late.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_left_alone_ends_the_session_unless_another_is_in_use() {
    let house = House::open("House").await;
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    // In use elsewhere: the page hears how long it lasts, and asking is no use.
    house.site.clock.advance(600);
    for _ in 0..2 {
        let alive = house.post("/en/locked", &cookie, "").await;
        assert_eq!((alive.status, alive.body.as_str()), (StatusCode::OK, "600"));
    }
    let open = house.get("/fr/locked?to=/cases", &cookie).await;
    assert!(open.body.contains("href=\"/fr/cases\"") && open.body.contains("encore ouverte"));
    assert!(!open.body.contains("a pris fin"), "{}", open.body);
    house.site.clock.advance(550);
    let ended = house.post("/en/locked", &cookie, "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(ended.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(house.get("/en/cases", &cookie).await.outcome(), "sign_in");
    assert_eq!(house.site.n_audited(Action::SignedOut), 1);
    // Then it has ended, with no menu, and one comes back to where one was.
    let locked = house.get("/en/locked?to=/cases", &cookie).await;
    assert!(locked.body.contains("The session has ended."));
    assert!(locked.body.contains("name=\"to\" value=\"/cases\""), "{}", locked.body);
    assert!(!locked.body.contains("<nav"));
    for elsewhere in ["//evil.example", "https://evil.example", "/join/AAAA"] {
        let locked = house.get(&format!("/en/locked?to={elsewhere}"), "").await;
        assert!(locked.body.contains("name=\"to\" value=\"/home\""), "{elsewhere}");
    }
    // Another site ends nothing.
    let other = house.signed_in("omar", &[Role::CaseWorker]);
    house.site.clock.advance(1_180);
    let mut request = ours("POST", "/en/locked", &other, "");
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(house.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.get("/en/cases", &other).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_put_out_or_gets_other_roles_while_a_page_waits_for_news_hears_none() {
    let house = House::open("House").await;
    let people = &house.site.desk().people;
    let root = Actor::Staff("root".to_owned());
    let cookies = ["lea", "omar"].map(|name| house.signed_in(name, &[Role::PrivacyOfficer]));
    for (name, cookie) in ["lea", "omar"].into_iter().zip(&cookies) {
        let home = house.get("/en/home", cookie).await.body;
        let path = home.split("data-watch=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut held = Box::pin(house.get(path, cookie));
        let early = tokio::time::timeout(Duration::from_millis(400), &mut held).await;
        assert!(early.is_err(), "the call is not held");
        if name == "lea" {
            people.set_enabled(&root, name, false).unwrap();
            let answer = held.await;
            assert_eq!(answer.outcome(), "sign_in", "{}", answer.body);
        } else {
            people.set_roles(&root, name, &[Role::Auditor]).unwrap();
            let answer = held.await;
            assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, path));
            assert_eq!(house.get(path, cookie).await.status, StatusCode::OK);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_end_at_the_hand_of_an_administrator_and_all_but_ones_own_at_ones_own() {
    let house = House::open("House").await;
    let chief = house.signed_in("chief", &[Role::Administrator]);
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    let people = &house.site.desk().people;
    let id = people.find("lea").unwrap().1.id;
    let page = house.get(&format!("/fr/people/{id}"), &chief).await.body;
    assert!(page.contains("Fermer toutes ses sessions"), "{page}");
    let ended = house.post(&format!("/en/people/{id}/sign-out"), &chief, "").await;
    assert_eq!(ended.location(), format!("/en/people/{id}"));
    assert_eq!(house.get("/en/cases", &lea).await.outcome(), "sign_in");
    // Nothing else of the account has changed.
    let person = people.find("lea").unwrap().1;
    assert!(person.enabled && !person.ways.is_empty() && person.n_sessions == 0);
    assert_eq!(house.site.n_audited(Action::SignedOut), 1);
    let page = house.get(&format!("/en/people/{id}"), &chief).await.body;
    assert!(!page.contains("End all their sessions"), "{page}");
    // A second time there is nothing to end, and nothing is written down.
    house.post(&format!("/en/people/{id}/sign-out"), &chief, "").await;
    assert_eq!(house.site.n_audited(Action::SignedOut), 1);

    // All others of one's own, and nobody else's.
    let omar = house.signed_in("omar", &[Role::CaseWorker]);
    assert!(!house.get("/en/account", &omar).await.body.contains("End all others"));
    let others = [again(&house, "omar").await, again(&house, "omar").await];
    assert!(house.get("/en/account", &omar).await.body.contains("End all others"));
    let ended = house.post("/en/account/sessions/end", &omar, "").await;
    assert_eq!(ended.location(), "/en/account");
    for cookie in &others {
        assert_eq!(house.get("/en/cases", cookie).await.outcome(), "sign_in");
    }
    for cookie in [&omar, &chief] {
        assert_eq!(house.get("/en/home", cookie).await.status, StatusCode::OK);
    }
    assert_eq!(house.site.n_audited(Action::SignedOut), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_quickly_ends_the_session_and_leaves_nothing_of_ours() {
    let house = House::open("House").await;
    for (lang, hint) in [("en", "press Escape three times"), ("fr", "trois fois sur Échap")] {
        let cookie = house.signed_in(&format!("lea-{lang}"), &[Role::CaseWorker]);
        assert!(house.get(&format!("/{lang}/home"), &cookie).await.body.contains(hint), "{lang}");
        let left = house.post(&format!("/{lang}/leave"), &cookie, "").await;
        let header = |name: &str| left.headers.get(name).map_or("", |it| it.to_str().unwrap());
        assert_eq!(left.status, StatusCode::OK);
        assert_eq!(header("refresh"), "0; url=https://weather.gc.ca/");
        assert_eq!(header("clear-site-data"), "\"cache\"");
        assert_eq!(header("cache-control"), "no-store");
        let gone = header("set-cookie");
        assert!(gone.contains("=; ") && gone.contains("Max-Age=0"), "{gone}");
        for part in [format!("<html lang=\"{lang}\">").as_str(), "viewport", "<main>", "<h1>"] {
            assert!(left.body.contains(part), "{part}: {}", left.body);
        }
        for ours in ["House", "Entente", "/assets/"] {
            assert!(!left.body.contains(ours), "{ours}: {}", left.body);
        }
        assert_eq!(house.get(&format!("/{lang}/home"), &cookie).await.outcome(), "sign_in");
    }
    assert_eq!(house.site.n_audited(Action::SignedOut), 2);
    // Who has no session gets away as well.
    let left = house.post("/en/leave", "", "").await;
    assert_eq!((left.status, left.headers["refresh"].is_empty()), (StatusCode::OK, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_before_a_proof_is_sent_again_by_whoever_typed_it_and_holds_no_secret() {
    let house = House::open("House").await;
    let [chief, second] =
        ["chief", "second"].map(|name| house.signed_in(name, &[Role::Administrator]));
    house.signed_in("lea", &[Role::CaseWorker]);
    let auditor = house.signed_in("auditor", &[Role::Auditor]);
    let people = &house.site.desk().people;
    let roles = || people.find("lea").unwrap().1.roles;
    let id = people.find("lea").unwrap().1.id;
    let path = format!("/en/people/{id}/roles");
    house.site.clock.advance(301);
    let led = house.post(&path, &chief, "role=auditor&note=%22%3E%3Cscript%3Ealert(1)").await;
    assert_eq!(led.location(), "/en/confirm?to=/confirm%3Fto%3D/home");
    assert_eq!(roles(), [Role::CaseWorker]);
    // Nothing is shown before the proof.
    let asked = house.get("/en/confirm?to=/home", &chief).await.body;
    assert!(asked.contains("type=\"password\"") && !asked.contains("data-kept"), "{asked}");
    let prove = async |name: &str, cookie: &str| {
        let code = shown(&house, name);
        let to = "%2Fconfirm%3Fto%3D%2Fhome";
        house.post("/en/confirm", cookie, &format!("password={PASSWORD}&code={code}&to={to}")).await
    };
    for (name, cookie) in [("chief", &chief), ("second", &second)] {
        assert_eq!(prove(name, cookie).await.location(), "/en/confirm?to=/home", "{name}");
    }
    let kept = house.get("/en/confirm?to=/home", &chief).await.body;
    assert!(kept.contains(&format!("action=\"{path}\"")), "{kept}");
    assert!(kept.contains("name=\"role\" value=\"auditor\"") && !kept.contains("<script>alert"));
    // It is nobody else's, and waits for a hand to send it.
    assert!(!house.get("/en/confirm?to=/home", &second).await.body.contains("data-kept"));
    assert_eq!(roles(), [Role::CaseWorker]);
    assert_eq!(house.post(&path, &chief, "role=auditor").await.status, StatusCode::SEE_OTHER);
    assert_eq!(roles(), [Role::Auditor]);
    assert!(!house.get("/en/confirm?to=/home", &chief).await.body.contains("data-kept"));
    // Of a file it is said that it can be saved.
    house.site.clock.advance(301);
    let form = "kind=table&reads=all";
    assert_eq!(
        house.post("/en/audit/export", &auditor, form).await.location(),
        "/en/confirm?to=/confirm%3Fto%3D/home"
    );
    assert_eq!(prove("auditor", &auditor).await.location(), "/en/confirm?to=/home");
    let kept = house.get("/en/confirm?to=/home", &auditor).await.body;
    assert!(kept.contains("data-kept data-download") && kept.contains("Save the file"), "{kept}");
    // Passwords wait nowhere, and what is too long is not kept.
    house.site.clock.advance(301);
    let long = format!("role={}", "a".repeat(70_000));
    for (path, form) in
        [("/en/settings/passphrase", "old=x&new=y&again=y"), (path.as_str(), long.as_str())]
    {
        assert_eq!(house.post(path, &chief, form).await.location(), "/en/confirm?to=/home");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_knows_a_name_keeps_nobody_from_a_proof_in_an_open_session() {
    let house = House::open("House").await;
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    house.site.clock.advance(301);
    for _ in 0..9 {
        house.sign_in("lea", "wrong", "000000").await;
    }
    let waits = house.sign_in("lea", PASSWORD, &shown(&house, "lea")).await;
    assert!(waits.body.contains("ENT-2703"), "{}", waits.body);
    let form = format!("password={PASSWORD}&code={}&to=/cases", shown(&house, "lea"));
    let proved = house.post("/en/confirm", &cookie, &form).await;
    assert_eq!(proved.location(), "/en/cases", "{}", proved.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_that_stays_in_the_history_opens_nothing_in_another_browser_or_after_the_session()
{
    let house = House::open("House").await;
    for (name, end) in [("lea", "sign-out"), ("omar", "leave"), ("noor", "locked")] {
        let cookie = house.signed_in(name, &[Role::CaseWorker]);
        let renewed = house.post("/en/account/renew", &cookie, "").await;
        let link = renewed.location().to_owned();
        assert!(link.starts_with("/en/join/"), "{link}");
        let other = house.signed_in(&format!("{name}-too"), &[Role::CaseWorker]);
        for elsewhere in ["", other.as_str()] {
            assert_eq!(house.get(&link, elsewhere).await.status, StatusCode::NOT_FOUND);
            let form = format!("password={PASSWORD}&code=123456");
            let joined = house.post(&link, elsewhere, &form).await;
            assert_eq!(joined.status, StatusCode::NOT_FOUND, "{}", joined.body);
        }
        assert_eq!(house.get(&link, &cookie).await.status, StatusCode::OK);
        // A page that was left alone ends what nobody has used for so long.
        house.site.clock.advance(if end == "locked" { 1_199 } else { 0 });
        house.post(&format!("/en/{end}"), &cookie, "").await;
        assert_eq!(house.get(&link, &cookie).await.status, StatusCode::NOT_FOUND, "{end}");
    }
}

/// What comes back from a request whose last part is sent only after something happened. The second part finds room
/// when the first was read: whoever looks at the head of a request alone has looked by then.
async fn held(
    house: &House,
    (path, cookie): (&str, &str),
    kind: &str,
    parts: [&str; 3],
    meanwhile: impl FnOnce(),
) -> Answer {
    let (more, rest) = tokio::sync::mpsc::channel::<Vec<u8>>(1);
    let mut request = ours("POST", path, cookie, "");
    request.headers_mut().insert("content-type", kind.parse().unwrap());
    *request.body_mut() = Body::from_stream(ReceiverStream::new(rest).map(Ok::<_, Infallible>));
    let sending = async move {
        let [first, second, last] = parts.map(|part| part.as_bytes().to_vec());
        more.send(first).await.unwrap();
        more.send(second).await.unwrap();
        meanwhile();
        more.send(last).await.unwrap();
    };
    let (answer, ()) = tokio::join!(house.send(request), sending);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_put_out_while_the_end_of_a_form_is_on_its_way_does_nothing_with_it() {
    let house = House::open("House").await;
    house.signed_in("chief", &[Role::Administrator]);
    let people = &house.site.desk().people;
    let root = Actor::Staff("root".to_owned());
    let parts = ["name=ghost&di", "splay=Ghost&role=", "administrator"];
    let disabled = || drop(people.set_enabled(&root, "disabled", false).unwrap());
    let changed = || drop(people.set_roles(&root, "changed", &[Role::Auditor]).unwrap());
    let ended = || drop(people.sign_out_all(&root, "ended").unwrap());
    let late = || house.site.clock.advance(301);
    let cases: [(&str, &dyn Fn(), &str); 4] = [
        ("disabled", &disabled, "sign_in"),
        ("changed", &changed, "deny"),
        ("ended", &ended, "sign_in"),
        ("late", &late, "confirm"),
    ];
    for (name, meanwhile, outcome) in cases {
        let cookie = house.signed_in(name, &[Role::Administrator]);
        let answer = held(&house, ("/en/people/add", &cookie), FORM, parts, meanwhile).await;
        assert_eq!(answer.outcome(), outcome, "{name}: {}", answer.body);
        assert!(people.find("ghost").is_err(), "{name}");
    }
    // Whom nothing happens to may be as slow.
    let cookie = house.signed_in("slow", &[Role::Administrator]);
    let answer = held(&house, ("/en/people/add", &cookie), FORM, parts, || ()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(people.find("ghost").is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_the_form_of_a_stranger_who_made_a_session_up() {
    let house = House::open("House").await;
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    let (name, _) = cookie.split_once('=').unwrap();
    let made_up = format!("{name}={}", "A".repeat(43));
    let (more, rest) = tokio::sync::mpsc::channel::<Vec<u8>>(1);
    let mut request = ours("POST", "/en/cases/add", &made_up, "");
    *request.body_mut() = Body::from_stream(ReceiverStream::new(rest).map(Ok::<_, Infallible>));
    assert_eq!(house.send(request).await.outcome(), "sign_in");
    // Nobody even took the body.
    assert!(more.is_closed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_takes_the_form_of_whoever_was_disabled_before_it_was_whole() {
    let house = House::open("House").await;
    house.signed_in("chief", &[Role::Administrator]);
    let people = &house.site.desk().people;
    let root = Actor::Staff("root".to_owned());
    let mut routes = entente_console::routes();
    routes.retain(|it| it.method == Method::POST && it.need != Need::Nothing);
    assert!(routes.len() > 80, "{}", routes.len());
    let mut wrong = Vec::new();
    for (n, route) in routes.iter().enumerate() {
        let name = format!("one{n}");
        let cookie = house.signed_in(&name, Role::ALL);
        let out = || drop(people.set_enabled(&root, &name, false).unwrap());
        let path = format!("/en{}", filled(route.path));
        let answer = held(&house, (&path, &cookie), FORM, ["reason=be", "cau", "se"], out).await;
        if answer.outcome() != "sign_in" {
            wrong.push(format!("{}: {}", route.path, answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_of_whoever_may_still_bring_it_when_it_is_here() {
    let house = House::open("House").await;
    let people = &house.site.desk().people;
    let kind = "multipart/form-data; boundary=x";
    let waiting = |name: &str| house.site.desk().jobs.files.waiting(name).len();
    let root = Actor::Staff("root".to_owned());
    let parts = [
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n",
        "external_ref,gender\n",
        "A-1,woman\n\r\n--x--\r\n",
    ];
    let disabled = || drop(people.set_enabled(&root, "disabled", false).unwrap());
    let changed = || drop(people.set_roles(&root, "changed", &[Role::Auditor]).unwrap());
    let nothing = || ();
    let cases: [(&str, &dyn Fn(), &str, usize); 3] = [
        ("disabled", &disabled, "sign_in", 0),
        ("changed", &changed, "deny", 0),
        ("slow", &nothing, "allow", 1),
    ];
    for (name, meanwhile, outcome, n_waiting) in cases {
        let cookie = house.signed_in(name, &[Role::Supervisor]);
        let answer = held(&house, ("/en/cases/import", &cookie), kind, parts, meanwhile).await;
        assert_eq!(answer.outcome(), outcome, "{name}: {}", answer.body);
        assert_eq!(waiting(name), n_waiting, "{name}");
    }
    // What needs a fresh proof needs one when it happens.
    let cookie = house.signed_in("late", &[Role::PrivacyOfficer]);
    let late = || house.site.clock.advance(301);
    let answer = held(&house, ("/en/sponsored/add", &cookie), kind, parts, late).await;
    assert_eq!(answer.outcome(), "confirm", "{}", answer.body);
}
