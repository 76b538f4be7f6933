//! The console over HTTP: who may see what, and what strangers can do to it.
//!
//! `console.csv` has a row for every route and a cell for every role. Each is really asked for, by somebody
//! who is signed in with that role alone.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

#[path = "console/cases.rs"]
mod cases;
#[path = "console/furnished.rs"]
mod furnished;
#[path = "console/home.rs"]
mod home;
#[path = "console/hostile.rs"]
mod hostile;
#[path = "console/others.rs"]
mod others;
#[path = "console/partners.rs"]
mod partners;
#[path = "console/sessions.rs"]
mod sessions;
#[path = "console/statistics.rs"]
mod statistics;
#[path = "console/work.rs"]
mod work;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use entente_core::audit::{Action, Actor};
use entente_node::answer::ConsoleAt;
use entente_node::local::Role;
use entente_node::people::{Joining, Place};
use entente_tests::net::Site;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use tower::ServiceExt as _;

const TABLE: &str = include_str!("../console.csv");
const ORIGIN: &str = "https://localhost:8443";
const PASSWORD: &str = "lanterne violon érable";

/// A console, and the node behind it.
struct House {
    site: Site,
    router: Router,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    bytes: Vec<u8>,
}

impl Answer {
    fn location(&self) -> &str {
        self.headers.get("location").map_or("", |value| value.to_str().unwrap())
    }

    /// How it ended, as the table says it.
    fn outcome(&self) -> &'static str {
        match self.status {
            StatusCode::FORBIDDEN => "deny",
            status if status.is_redirection() && self.location().contains("/sign-in") => "sign_in",
            status if status.is_redirection() && self.location().contains("/confirm") => "confirm",
            _ => "allow",
        }
    }
}

impl House {
    async fn open(name: &str) -> Self {
        let site = Site::office(name).await;
        let address = "127.0.0.1:8443".parse().unwrap();
        let at = ConsoleAt { address, origin: ORIGIN.to_owned() };
        site.desk().console_is_at(at.clone());
        let router = entente_console::router(site.desk().clone(), &at);
        Self { site, router }
    }

    /// Somebody with this role alone, signed in: the cookie.
    fn signed_in(&self, name: &str, roles: &[Role]) -> String {
        let people = &self.site.desk().people;
        let by = Actor::Staff("root".to_owned());
        let (_, link, _) = people.add(&by, name, "", roles).unwrap();
        let place = place();
        let invited = people.invited(&link, &place).unwrap();
        let code = code(&invited.secret, self.site.node().now_s());
        let joining = Joining { password: PASSWORD.to_owned(), code, ..Joining::default() };
        let joined = people.join(&link, &joining, &place).unwrap();
        let id = self.site.id().to_string();
        format!("__Host-entente-{}={}", &id[..8], joined.token.text())
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap().to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, body, bytes }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(ours("GET", path, cookie, "")).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        self.send(ours("POST", path, cookie, form)).await
    }

    async fn sign_in(&self, name: &str, password: &str, code: &str) -> Answer {
        let form = format!("name={name}&password={password}&code={code}");
        self.post("/en/sign-in", "", &form).await
    }
}

/// A browser without a session.
fn place() -> Place {
    Place { address: "192.0.2.7".parse().unwrap(), agent: String::new(), session: None }
}

/// A request as a browser sends it from a page of the console.
fn ours(method: &str, path: &str, cookie: &str, form: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8443")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookie)
        .body(Body::from(form.to_owned()))
        .unwrap()
}

/// The code that an app shows: RFC 6238.
fn code(secret: &str, now_s: i64) -> String {
    let mut bits = String::new();
    for c in secret.chars() {
        let at = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
        bits.push_str(&format!("{at:05b}"));
    }
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&u64::try_from(now_s / 30).unwrap().to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The table: for each method and path, what each kind of visitor gets.
fn table() -> BTreeMap<(String, String), BTreeMap<String, String>> {
    let mut lines = TABLE.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let row = |cells: Vec<&str>| {
        assert_eq!(cells.len(), columns.len(), "{cells:?}");
        let named = columns.iter().zip(&cells).skip(2);
        let named = named.map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned()));
        ((cells[0].to_owned(), cells[1].to_owned()), named.collect())
    };
    lines.map(row).collect()
}

/// The name of what stands in place of a part of a path: `case` for `{case}`.
fn name(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

/// A path of a route with something in place of each `{…}`.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| name(part).map_or(part, |_| "0197a9e0"));
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_has_a_row_and_every_row_is_a_route() {
    let routes: Vec<_> = entente_console::routes();
    let mut served: Vec<_> =
        routes.iter().map(|it| (it.method.to_string(), it.path.to_owned())).collect();
    served.sort();
    let rows: Vec<_> = table().into_keys().collect();
    assert_eq!(rows, served);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_gets_what_the_table_says() {
    let house = House::open("House").await;
    let mut cookies = vec![
        ("nobody".to_owned(), String::new()),
        ("none".to_owned(), house.signed_in("none", &[])),
    ];
    for role in Role::ALL {
        cookies.push((role.code().to_owned(), house.signed_in(role.code(), &[*role])));
    }
    let mut wrong = Vec::new();
    let (mut n_cells, mut n_refused) = (0, 0);
    for (is_fresh, lang) in [(true, "en"), (false, "fr")] {
        if !is_fresh {
            house.site.clock.advance(301);
        }
        for ((method, path), cells) in table() {
            // These end the session that the next rows need.
            if ["/sign-out", "/leave", "/stay"].contains(&path.as_str()) {
                continue;
            }
            for (who, cookie) in &cookies {
                let request = ours(&method, &format!("/{lang}{}", filled(&path)), cookie, "");
                let got = house.send(request).await.outcome();
                // `proof` is to be confirmed unless that was done a short while ago.
                let wanted = match (cells[who].as_str(), is_fresh) {
                    ("proof", true) => "allow",
                    ("proof", false) => "confirm",
                    (other, _) => other,
                };
                // A form whose sender has to prove first who they are was refused too.
                let is_unproved = wanted == "confirm" && method == "POST";
                n_refused += usize::from(wanted == "deny" || is_unproved);
                n_cells += 1;
                if got != wanted {
                    wrong.push(format!("{method} {path} {who} fresh={is_fresh}: {got}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_cells > 300, "{n_cells}");
    // Every refusal is in the log; those of signing in are another test's.
    let mut n_audited = 0;
    let mut count = |_, entry: entente_core::audit::AuditEntry| {
        let is_refusal = entry.action == Action::AccessRefused;
        n_audited += usize::from(is_refusal && !entry.reasons.contains(&"sign_in".to_owned()));
        std::ops::ControlFlow::Continue(())
    };
    house.site.node().audit_entries(0, &mut count).unwrap();
    assert_eq!(n_audited, n_refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_the_console_answers_on_the_public_site() {
    let house = House::open("House").await;
    let at = ConsoleAt { address: "127.0.0.1:8443".parse().unwrap(), origin: ORIGIN.to_owned() };
    let site = entente_console::public_router(house.site.desk().clone(), &at);
    let cookie = house.signed_in("all", Role::ALL);
    let ask = async |method: &str, path: &str| {
        let response = site.clone().oneshot(ours(method, path, &cookie, "")).await.unwrap();
        let has_cookie = response.headers().contains_key("set-cookie");
        assert!(!has_cookie, "{method} {path} sets a cookie");
        (response.status(), response.headers().clone())
    };
    for route in entente_console::routes() {
        for prefix in ["/en", "/fr", "", "/public", "/public/en"] {
            let path = format!("{prefix}{}", filled(route.path));
            // The one word that both have: a list of services.
            if path == "/public/en/services" {
                continue;
            }
            let (status, _) = ask(route.method.as_str(), &path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{} {path}", route.method);
        }
    }
    for path in ["/public/en", "/public/fr", "/public/en/services", "/public/fr/hotlines"] {
        let (status, headers) = ask("GET", path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers["cache-control"], "public, max-age=300", "{path}");
        assert!(headers.contains_key("etag"), "{path}");
        assert_eq!(ask("POST", path).await.0, StatusCode::NOT_FOUND, "{path}");
        // On the console it is the same, and nobody has to be signed in.
        assert_eq!(house.get(path, "").await.status, StatusCode::OK, "{path}");
    }
    // What is no search finds everything, in a page of ours.
    for odd in ["from=-1", "words=a&words=b"] {
        let (status, headers) = ask("GET", &format!("/public/fr/services?{odd}")).await;
        assert_eq!(status, StatusCode::OK, "{odd}");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8", "{odd}");
    }
    for path in ["/public/de", "/public/en/figures/0197a9e0", "/public/en/figures/0197a9e0/csv"] {
        assert_eq!(ask("GET", path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_another_site_sends_changes_anything() {
    let house = House::open("House").await;
    let cookie = house.signed_in("chief", &[Role::Administrator]);
    let from = |name: &str, value: &str| {
        let mut request = ours("POST", "/en/people/add", &cookie, "name=evil&role=administrator");
        request.headers_mut().remove("sec-fetch-site");
        if !name.is_empty() {
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    for (name, value) in [
        ("", ""),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "https://localhost:8444"),
        ("referer", "https://localhost:8443/en/people/add"),
    ] {
        let answer = house.send(from(name, value)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {value}");
        assert!(answer.body.contains("ENT-2714"));
    }
    assert_eq!(house.site.desk().people.all().unwrap().len(), 1);
    let answer = house.send(from("origin", ORIGIN)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(house.site.desk().people.all().unwrap().len(), 2);
    // Reading is open to links from elsewhere, and changes nothing.
    let mut request = ours("GET", "/en/people", &cookie, "");
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(house.send(request).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let house = House::open("House").await;
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    for path in [
        "/",
        "/en/home",
        "/fr/cases",
        "/en/sign-in",
        "/en/nothing",
        "/x",
        "/en/people",
        "/assets/x/console.css",
    ] {
        let answer = house.get(path, &cookie).await;
        let header = |name: &str| answer.headers.get(name).map_or("", |it| it.to_str().unwrap());
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"));
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        let is_asset = path.starts_with("/assets");
        assert_eq!(header("cache-control") == "no-store", !is_asset, "{path}");
    }
    let home = house.get("/en/home", &cookie).await;
    assert!(!home.body.contains("http:") && !home.body.contains("src=\"//"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_goes_about_and_signs_out() {
    let house = House::open("House").await;
    house.signed_in("lea", &[Role::CaseWorker]);
    let asked = house.get("/fr/cases?status=actual", "").await;
    assert_eq!(asked.location(), "/fr/sign-in?to=/cases%3Fstatus%3Dactual");
    house.site.clock.advance(60);
    let secret = {
        let people = &house.site.desk().people;
        let (_, link, _) = people.reset(&Actor::Staff("root".to_owned()), "lea").unwrap();
        let invited = people.invited(&link, &place()).unwrap();
        let form = format!(
            "password=lanterne%20violon%20maple&code={}",
            code(&invited.secret, house.site.node().now_s())
        );
        let joined = house.post(&format!("/en/join/{}", link.text()), "", &form).await;
        assert_eq!(joined.status, StatusCode::OK);
        assert_eq!(joined.body.matches("<li>").count() - joined.body.matches("<li><a").count(), 10);
        // Once.
        let again = house.get(&format!("/en/join/{}", link.text()), "").await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        invited.secret
    };
    house.site.clock.advance(60);
    let now_s = house.site.node().now_s();
    let form = format!(
        "name=LEA&password=lanterne%20violon%20maple&code={}&to=/cases",
        code(&secret, now_s)
    );
    let signed = house.post("/fr/sign-in", "", &form).await;
    assert_eq!((signed.status, signed.location()), (StatusCode::SEE_OTHER, "/fr/cases"));
    let cookie = signed.headers["set-cookie"].to_str().unwrap().to_owned();
    for flag in ["__Host-entente-", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(house.get("/fr/cases", &cookie).await.status, StatusCode::OK);
    let out = house.post("/fr/sign-out", &cookie, "").await;
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(house.get("/fr/cases", &cookie).await.outcome(), "sign_in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_is_sent_back_with_nothing_keeps_what_it_left_with() {
    let house = House::open("House").await;
    let id = house.site.id().to_string();
    let way = format!("__Host-entente-{}-oidc", &id[..8]);
    let left_with = format!("{way}={}", "A".repeat(43));
    let back = house.get("/sign-in/oidc/back?state=x&code=y", &left_with).await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "/en/sign-in/oidc"));
    let set: Vec<_> = back.headers.get_all("set-cookie").iter().collect();
    assert_eq!(set.len(), 1, "{set:?}");
    let kept = set[0].to_str().unwrap().split(';').next().unwrap();
    assert!(kept.starts_with(&format!("{way}-fault=")), "{kept}");
    for lang in ["fr", "en"] {
        let said = house.get(&format!("/{lang}/sign-in/oidc"), kept).await;
        assert!(said.body.contains("ENT-2805"), "{lang}");
    }
    // What says what was wrong is not what a browser leaves with, nor the other way round.
    let swapped = kept.replace("-oidc-fault=", "-oidc=");
    let nothing = house.get("/fr/sign-in/oidc", &swapped).await;
    assert_eq!((nothing.status, nothing.location()), (StatusCode::SEE_OTHER, "/fr/sign-in"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signed_out_at_the_provider_comes_back_in_their_language_and_goes_nowhere_else() {
    let house = House::open("House").await;
    for (query, to) in [
        ("?state=fr", "/fr/sign-in"),
        ("?state=en", "/en/sign-in"),
        ("", "/en/sign-in"),
        ("?state=//evil.example", "/en/sign-in"),
        ("?state=fr&state=en", "/en/sign-in"),
    ] {
        let back = house.get(&format!("/sign-in/oidc/out{query}"), "").await;
        assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, to), "{query}");
        assert!(!back.headers.contains_key("set-cookie"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_watches_long_work_keeps_no_session_open() {
    let house = House::open("House").await;
    let [watching, working] =
        ["anna", "omar"].map(|name| house.signed_in(name, &[Role::Supervisor]));
    for _ in 0..3 {
        house.site.clock.advance(600);
        house.get("/en/jobs?watch", &watching).await;
        house.get("/en/jobs", &working).await;
    }
    assert_eq!(house.get("/en/jobs", &watching).await.outcome(), "sign_in");
    assert_eq!(house.get("/en/jobs?watch", &working).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaver_is_out_at_the_next_request() {
    let house = House::open("House").await;
    let chief = house.signed_in("chief", &[Role::Administrator]);
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    assert_eq!(house.get("/en/cases", &cookie).await.status, StatusCode::OK);
    let answer = house.post("/en/people/lea/disable", &chief, "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get("/en/cases", &cookie).await.outcome(), "sign_in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_learns_nothing_and_has_to_wait_whichever_way_the_name_is_written() {
    let house = House::open("House").await;
    house.signed_in("lea", &[Role::CaseWorker]);
    let plain = |answer: Answer, name: &str| answer.body.replace(name, "NAME");
    let known = plain(house.sign_in("lea", "wrong", "123456").await, "value=\"lea\"");
    let unknown = plain(house.sign_in("zoe", "wrong", "123456").await, "value=\"zoe\"");
    assert_eq!(known, unknown);
    assert!(known.contains("ENT-2702"));
    for name in ["LEA", "%20lea", "Lea", "lEa"] {
        let answer = house.sign_in(name, "wrong", "").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains("ENT-2702"));
        assert!(!answer.body.contains("wrong"), "the password came back");
    }
    for name in ["lea", "LeA"] {
        assert!(house.sign_in(name, PASSWORD, "").await.body.contains("ENT-2703"), "{name}");
    }
    assert_eq!(house.site.n_audited(Action::AccessRefused), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_and_what_is_somebody_elses_look_alike() {
    let house = House::open("House").await;
    let chief = house.signed_in("chief", &[Role::Administrator]);
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    // Accounts: there or not, a case worker is refused in the same bytes.
    let id = house.site.desk().people.find("chief").unwrap().1.id;
    let other = "0197a9e0-1f2c-7000-8000-00000000000a";
    let there = house.get(&format!("/en/people/{id}"), &lea).await;
    let not_there = house.get(&format!("/en/people/{other}"), &lea).await;
    assert_eq!(there.status, StatusCode::FORBIDDEN);
    assert_eq!(there.body.replace(&id, other), not_there.body);
    // An address that no route has: with the menu of whoever is signed in, and without anybody's for a stranger.
    let mistyped = house.get("/fr/caes", &lea).await;
    assert_eq!(mistyped.status, StatusCode::NOT_FOUND);
    assert!(
        mistyped.body.contains("href=\"/fr/cases\"") && mistyped.body.contains("<bdi>lea</bdi>")
    );
    let mistyped = house.get("/fr/caes", "").await;
    assert!(!mistyped.body.contains("<nav") && !mistyped.body.contains("/fr/account"));
    // Sessions: one's own list shows none of others, and ending theirs does nothing.
    let theirs =
        house.site.desk().people.sessions_of(&house.site.desk().people.find("chief").unwrap().0);
    let ended = house.post(&format!("/en/account/sessions/{}/end", theirs[0].id), &lea, "").await;
    let nothing = house.post("/en/account/sessions/0000000000000000/end", &lea, "").await;
    assert_eq!((ended.status, ended.body), (nothing.status, nothing.body));
    assert_eq!(house.get("/en/people", &chief).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_type_is_shown_and_never_run() {
    let house = House::open("<script>alert(1)</script>").await;
    let chief = house.signed_in("chief", &[Role::Administrator]);
    let people = &house.site.desk().people;
    let by = Actor::Staff("root".to_owned());
    for (name, display) in [
        ("one", "\"><img src=x onerror=alert(1)>"),
        ("two", "<svg onload=alert(1)>"),
        ("three", "{{ 7*7 }}"),
        ("four", "=HYPERLINK(\"https://evil\")"),
    ] {
        people.add(&by, name, display, &[Role::CaseWorker]).unwrap();
    }
    assert!(people.add(&by, "five", "abc\u{202e}gnp.exe", &[]).is_err());
    for path in ["/en/people", "/fr/people", "/en/home", "/en/sign-in", "/en/nothing"] {
        let body = house.get(path, &chief).await.body;
        for bad in ["<script>alert", "<img", "<svg onload", "onerror=alert(1)>"] {
            assert!(!body.contains(bad), "{path}: {bad}");
        }
    }
    assert!(house.get("/en/people", &chief).await.body.contains("{{ 7*7 }}"));
    // What is typed comes back in a form, as a value.
    let typed = house
        .post("/en/people/add", &chief, "name=%22%3E%3Cscript%3E&display=%3Csvg%2Fonload%3D1%3E")
        .await;
    assert_eq!(typed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!typed.body.contains("\"><script>") && !typed.body.contains("<svg/onload"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_much_is_refused_in_a_page_of_ours() {
    let house = House::open("House").await;
    let chief = house.signed_in("chief", &[Role::Administrator]);
    let million = "a".repeat(1_000_000);
    for (path, form) in [
        ("/en/sign-in", format!("name={million}&password=x&code=x")),
        ("/en/people/add", format!("name=x&display={million}")),
    ] {
        let answer = house.post(path, &chief, &form).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(answer.body.contains("ENT-2718") && answer.body.contains("<html lang=\"en\">"));
    }
    // What fits into a form and is still no name.
    let name = "é".repeat(5_000);
    let form = format!("name={name}&password={name}&code={name}");
    let answer = house.post("/fr/sign-in", "", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.len() < 20_000, "{}", answer.body.len());
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    let long = "é".repeat(40_000);
    let searched = house.post("/en/cases/search", &lea, &format!("text={long}")).await;
    assert!(searched.body.len() < 20_000, "{}", searched.body.len());
    let odd = house.get("/fr/cases?before=x", &lea).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert!(odd.body.contains("ENT-2719") && odd.body.contains("comprise"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_the_same_page_in_the_other_language() {
    let house = House::open("House").await;
    let all = house.signed_in("chief", Role::ALL);
    for path in [
        "/home",
        "/cases?status=actual&before=0",
        "/cases/add",
        "/cases/search?status=actual",
        "/people",
        "/people/add",
        "/partners?state=active",
        "/partners/invite",
        "/partners/open",
        "/agreements",
        "/account",
        "/confirm?to=/people",
        "/licences",
    ] {
        for (lang, other, word) in [("en", "fr", "Français"), ("fr", "en", "English")] {
            let answer = house.get(&format!("/{lang}{path}"), &all).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(answer.body.contains(&format!("<html lang=\"{lang}\">")));
            let there = format!("href=\"/{other}{}\"", path.replace('&', "&#38;"));
            assert!(answer.body.contains(&there) && answer.body.contains(word), "{path}: {there}");
        }
    }
    // What answers a form leads to the page that the form stood on.
    let mut sent = ours("POST", "/en/people/nobody/reset", &all, "");
    let referer = "https://localhost:8443/en/people/add";
    sent.headers_mut().insert("referer", referer.parse().unwrap());
    assert!(house.send(sent).await.body.contains("href=\"/fr/people/add\""));
    let wanted = |accept: &'static str| {
        let mut request = ours("GET", "/", "", "");
        request.headers_mut().insert("accept-language", accept.parse().unwrap());
        request
    };
    assert_eq!(house.send(wanted("fr-CA,fr;q=0.9,en;q=0.8")).await.location(), "/fr/home");
    assert_eq!(house.send(wanted("en-CA,fr;q=0.9")).await.location(), "/en/home");
}
