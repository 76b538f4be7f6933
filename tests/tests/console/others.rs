//! Whatever stands in an address: what is somebody else's and what is nowhere get one and the same answer, and
//! both are written down. Over the routes as they are, so that a new one is asked too.

use axum::http::{Method, StatusCode};
use entente_core::audit::Action;
use entente_node::local::Role;
use entente_store::approvals::ApprovalState;

use super::furnished::{Furnished, everybody};
use super::{Answer, ORIGIN, PASSWORD, name, ours, table};

/// What is nobody's: a number, a period, a form, the link of somebody who has none yet.
const OF_NOBODY: [&str; 6] = ["entry", "version", "epoch", "form", "token", "list"];

/// Enough for every form, so that what is looked for is looked for.
const FORM: &str = "reason=because&digits=123456&code=no_capacity&available=1&label=x&how=now&\
    period=2025&same=yes&other=0197a9e0-1f2c-7000-8000-00000000000a&name_en=x&name_fr=x&version=1";

/// An id like this one that nothing has.
fn nobodys(kind: &str, id: &str) -> String {
    let (id, rest) = match (kind, id.split_once('-')) {
        ("agreement", Some((id, version))) => (id, format!("-{version}")),
        _ => (id, String::new()),
    };
    let other = |c: char| if c.is_ascii_hexdigit() { 'b' } else { c };
    id.chars().map(other).collect::<String>() + &rest
}

/// An answer in which nothing is left of the id that was asked for.
fn plain(answer: &Answer, id: &str) -> (StatusCode, String, String) {
    let without = |text: &str| text.replace(id, "ID");
    (answer.status, without(answer.location()), without(&answer.body))
}

/// A path, with an id at one place of it.
type With = Box<dyn Fn(&str) -> String>;

/// Each place in the path of a route where an id of something stands: the kind, and the path with `id` there.
fn places(it: &Furnished, path: &str) -> Vec<(String, With)> {
    let parts: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
    let known: Vec<String> = parts
        .iter()
        .map(|part| name(part).map_or(part.clone(), |it_is| it.one(it_is).to_owned()))
        .collect();
    let place = |(at, part): (usize, &String)| {
        let (kind, known) = (name(part)?.to_owned(), known.clone());
        let with = move |id: &str| {
            let mut parts = known.clone();
            parts[at] = id.to_owned();
            format!("/en/{}", parts.join("/"))
        };
        Some((kind, Box::new(with) as With))
    };
    parts.iter().enumerate().filter_map(place).collect()
}

async fn asked(it: &Furnished, method: &Method, path: &str, cookie: &str) -> Answer {
    let form = if *method == Method::POST { FORM } else { "" };
    it.house.send(ours(method.as_str(), path, cookie, form)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_organization_has_and_what_nobody_has_are_one_answer_on_every_route() {
    let (here, there) = (Furnished::new(3).await, Furnished::new(4).await);
    let (mut wrong, mut n_asked, mut n_missing) = (Vec::new(), 0, 0);
    for route in entente_console::routes() {
        for (kind, path) in places(&here, route.path) {
            if OF_NOBODY.contains(&kind.as_str()) {
                continue;
            }
            let nothing = nobodys(&kind, here.one(&kind));
            // A case stands beside its consents: its id would be there twice.
            let beside = ["case", "consent"].contains(&kind.as_str());
            let of_another_kind = here.one(if beside { "user" } else { "case" });
            let theirs = there.all(&kind).iter().map(String::as_str);
            let mut answers = Vec::new();
            for id in theirs.chain([of_another_kind, nothing.as_str()]) {
                let answer = asked(&here, &route.method, &path(id), &here.chief).await;
                n_missing += usize::from(answer.status == StatusCode::NOT_FOUND);
                answers.push(plain(&answer, id));
            }
            // One's own sessions are a list to which one is led back; nothing else is there to be seen.
            let wanted = match route.path {
                "/account/sessions/{session}/end" => {
                    n_missing += answers.len();
                    StatusCode::SEE_OTHER
                }
                _ => StatusCode::NOT_FOUND,
            };
            if answers[0].0 != wanted || answers.iter().any(|answer| *answer != answers[0]) {
                let statuses: Vec<_> = answers.iter().map(|it| it.0.as_u16()).collect();
                wrong.push(format!("{} {} {kind}: {statuses:?}", route.method, route.path));
            }
            n_asked += answers.len();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_asked > 250, "{n_asked}");
    assert_eq!(here.house.site.n_audited(Action::NothingThere), n_missing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_are_none_end_in_a_page_of_ours_on_every_route() {
    let it = Furnished::new(3).await;
    let long = "a".repeat(60_000);
    let ids = [
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "javascript:alert(1)",
        "..%2F..%2Fentente.toml",
        "%E2%80%AE%E2%81%A6",
        "%00",
        "%FF",
        "%0D%0Aset-cookie:%20x=y",
        "=1+1",
        "@",
        "-1",
        "99999999999999999999",
        long.as_str(),
    ];
    for route in entente_console::routes() {
        for (kind, path) in places(&it, route.path) {
            for id in ids {
                let answer = asked(&it, &route.method, &path(id), &it.chief).await;
                let at = format!("{} {} {kind} {id:.40}", route.method, route.path);
                // Long work says on its own page why it came to nothing.
                let is_led = ["/epochs/{epoch}/close", "/account/sessions/{session}/end"];
                let wanted = is_led.contains(&route.path) && answer.status.is_redirection();
                assert!(answer.status.is_client_error() || wanted, "{at}: {}", answer.status);
                assert!(answer.body.contains("<html lang=\"en\">") || wanted, "{at}");
                for bad in ["<script>alert", "href=\"javascript", "\u{202e}"] {
                    assert!(!answer.body.contains(bad), "{at}");
                }
                assert!(!answer.headers.contains_key("set-cookie"), "{at}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_in_queries_and_forms_tell_no_more_than_those_in_paths() {
    let (here, there) = (Furnished::new(3).await, Furnished::new(4).await);
    let (case, referral) = (here.one("case"), here.one("referral"));
    let (link, steward) = (format!("/cases/{case}/link"), format!("/cases/{case}/steward"));
    let offer = format!("/referrals/{referral}/offer");
    for (kind, method, path, with) in [
        ("partner", "GET", "/agreements/draft", "template=ngo-province&partner="),
        ("agreement", "GET", "/agreements/draft", "amends="),
        ("case", "GET", "/referrals/add", "case="),
        ("case", "GET", "/cases", "after="),
        ("case", "GET", "/audit", "record="),
        ("partner", "GET", "/audit", "partner="),
        ("agreement", "GET", "/audit", "agreement="),
        ("case", "POST", "/audit/disclosures", "record="),
        ("case", "POST", "/referrals/add", "urgency=1d&needs=legal&case="),
        ("service", "GET", "/referrals/add", "service="),
        ("case", "POST", link.as_str(), "same=yes&other="),
        ("partner", "POST", steward.as_str(), "allows=yes&steward="),
        ("partner", "POST", offer.as_str(), "partner="),
        ("partner", "POST", "/statistics/count", "by=gender&partner="),
    ] {
        let nothing = nobodys(kind, here.one(kind));
        let n_noted = || here.house.site.n_audited(Action::NothingThere);
        let (mut answers, before) = (Vec::new(), n_noted());
        for id in [there.one(kind), nothing.as_str()] {
            let query = format!("{with}{id}");
            let (path, form) = match method {
                "GET" => (format!("/en{path}?{query}"), String::new()),
                _ => (format!("/en{path}"), query),
            };
            let answer = here.house.send(ours(method, &path, &here.chief, &form)).await;
            answers.push(plain(&answer, id));
        }
        assert_eq!(answers[0], answers[1], "{method} {path} {with}");
        assert!(!answers[0].0.is_server_error(), "{method} {path} {with}");
        // A form that comes back with what is not there leaves a trail as a page does.
        let is_missed = path.starts_with("/audit") || answers[0].0 == StatusCode::NOT_FOUND;
        assert!(!is_missed || n_noted() == before + 2, "{method} {path} {with} is not noted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_a_colleagues_is_not_there() {
    let it = Furnished::new(3).await;
    // Who comes through the gate, and still has nothing to do with it.
    let mut n_asked = 0;
    for (kind, role) in [
        ("session", Role::CaseWorker),
        ("passkey", Role::CaseWorker),
        ("job", Role::CaseWorker),
        ("upload", Role::Supervisor),
        ("approval", Role::Coordinator),
    ] {
        let cookie = it.house.signed_in(&format!("none-{kind}"), &[role]);
        for route in entente_console::routes() {
            for (at, path) in places(&it, route.path) {
                if at != kind {
                    continue;
                }
                let nothing = nobodys(kind, it.one(kind));
                let mut answers = Vec::new();
                for id in it.all(kind).iter().chain([&nothing]) {
                    let answer = asked(&it, &route.method, &path(id), &cookie).await;
                    answers.push(plain(&answer, id));
                    n_asked += 1;
                }
                let is_shut = answers[0].0.is_client_error() || answers[0].0.is_redirection();
                assert!(is_shut, "{} {}: {}", route.method, route.path, answers[0].0);
                for answer in &answers {
                    assert_eq!(*answer, answers[0], "{} {}", route.method, route.path);
                }
            }
        }
    }
    assert!(n_asked > 30, "{n_asked}");
    // Nothing has happened to any of it.
    let desk = it.house.site.desk();
    let (chief, _) = desk.people.find("chief").unwrap();
    assert_eq!(desk.people.passkeys_of(&chief).unwrap().len(), 1);
    assert_eq!(desk.people.sessions_of(&chief).len(), 1);
    assert!(desk.jobs.files.upload("chief", it.one("upload")).is_ok());
    for job in it.all("job") {
        assert!(desk.jobs.files.made(job).is_ok() && desk.jobs.one(&everybody(), job).is_ok());
    }
    let (_, row) = desk.node.requests().unwrap().remove(0);
    assert_eq!(row.state, ApprovalState::Waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_is_refused_in_the_same_bytes_whatever_is_there() {
    let it = Furnished::new(3).await;
    let cookies: Vec<_> =
        Role::ALL.iter().map(|role| (*role, it.house.signed_in(role.code(), &[*role]))).collect();
    let (before, mut n_refused) = (it.house.site.n_audited(Action::AccessRefused), 0);
    for ((method, path), cells) in table() {
        let method: Method = method.parse().unwrap();
        for (kind, with) in places(&it, &path) {
            if OF_NOBODY.contains(&kind.as_str()) {
                continue;
            }
            for (role, cookie) in cookies.iter().filter(|(role, _)| cells[role.code()] == "deny") {
                let (there, nothing) = (it.one(&kind), nobodys(&kind, it.one(&kind)));
                let known = asked(&it, &method, &with(there), cookie).await;
                let unknown = asked(&it, &method, &with(&nothing), cookie).await;
                assert_eq!(known.status, StatusCode::FORBIDDEN, "{role} {method} {path}");
                let (known, unknown) = (plain(&known, there), plain(&unknown, &nothing));
                assert_eq!(known, unknown, "{role} {method} {path}");
                n_refused += 2;
            }
        }
    }
    assert!(n_refused > 400, "{n_refused}");
    assert_eq!(it.house.site.n_audited(Action::AccessRefused), before + n_refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_signed_in_and_looks_for_pages_by_guessing_leaves_a_trail_that_names_none() {
    let house = super::House::open("House").await;
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    let n_noted = || house.site.n_audited(Action::NothingThere);
    for (n, path) in ["/en/admin", "/fr/people/lea/secret"].into_iter().enumerate() {
        assert_eq!(house.get(path, &cookie).await.status, StatusCode::NOT_FOUND);
        assert_eq!(n_noted(), n + 1);
    }
    // Strangers fill no log, and what a browser looks for by itself is nobody's question.
    house.get("/en/admin", "").await;
    house.get("/favicon.ico", &cookie).await;
    assert_eq!(n_noted(), 2);
    let mut reasons = Vec::new();
    let mut push = |_, entry: entente_core::audit::AuditEntry| {
        if entry.action == Action::NothingThere {
            reasons.extend(entry.reasons);
        }
        std::ops::ControlFlow::Continue(())
    };
    house.site.node().audit_entries(0, &mut push).unwrap();
    assert_eq!(reasons, ["no_such_page"; 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_of_another_site_changes_anything_on_any_route() {
    let it = Furnished::new(3).await;
    let site = &it.house.site;
    let (length, refused) =
        (site.node().audit_length().unwrap(), site.n_audited(Action::AccessRefused));
    let mut n_sent = 0;
    for route in entente_console::routes() {
        if route.method != Method::POST {
            continue;
        }
        for path in it.paths(route.path) {
            for (header, value) in [
                ("x-nothing", ""),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "https://evil.example"),
                ("origin", "null"),
            ] {
                let mut request = ours("POST", &format!("/fr{path}"), &it.chief, FORM);
                request.headers_mut().remove("sec-fetch-site");
                request.headers_mut().insert(header, value.parse().unwrap());
                let answer = it.house.send(request).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {header} {value}");
                assert!(answer.body.contains("ENT-2714"), "{path} {header} {value}");
                n_sent += 1;
            }
        }
    }
    assert!(n_sent > 400, "{n_sent}");
    // Each is written down, and nothing else has happened.
    assert_eq!(site.n_audited(Action::AccessRefused), refused + n_sent);
    assert_eq!(site.node().audit_length().unwrap(), length + n_sent as u64);
    // The chief is still signed in, and the same form from here is heard.
    let stay = it.house.get("/en/account", &it.chief).await;
    assert_eq!(stay.status, StatusCode::OK);
    let mut request = ours("POST", "/en/people/other/disable", &it.chief, "");
    request.headers_mut().remove("sec-fetch-site");
    request.headers_mut().insert("origin", ORIGIN.parse().unwrap());
    assert_eq!(it.house.send(request).await.status, StatusCode::SEE_OTHER);
    // Without a session nothing could have happened, and a stranger does not fill the log.
    let length = site.node().audit_length().unwrap();
    let mut request = ours("POST", "/en/people/other/enable", "", "");
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(it.house.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.node().audit_length().unwrap(), length);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_method_does_anything_on_any_route_and_head_is_answered_like_get() {
    let it = Furnished::new(3).await;
    let kept = || it.house.site.node().db().digest().unwrap();
    let (before, mut n_asked) = (kept(), 0);
    for route in entente_console::routes() {
        let path = format!("/en{}", it.paths(route.path)[0]);
        // `post` is no `POST`: methods know upper and lower case.
        for method in ["post", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let answer = it.house.send(ours(method, &path, &it.chief, FORM)).await;
            assert!(answer.status.is_client_error(), "{method} {path}: {}", answer.status);
            n_asked += 1;
        }
    }
    assert!(n_asked > 1_000, "{n_asked}");
    // Not even an entry in the log, and the chief is still signed in.
    assert_eq!(kept(), before);
    for route in entente_console::routes() {
        for path in it.paths(route.path).iter().filter(|_| route.method == Method::GET) {
            let path = format!("/fr{path}");
            let get = it.house.get(&path, &it.chief).await;
            let head = it.house.send(ours("HEAD", &path, &it.chief, "")).await;
            assert_eq!(head.status, get.status, "{path}");
        }
    }
    assert_eq!(it.house.get("/en/home", &it.chief).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_of_every_kind_wait_together() {
    let house = super::House::open("House").await;
    let cookie = house.signed_in("lea", &[Role::CaseWorker]);
    let confirm = async |password: &str, code: &str| {
        let form = format!("password={password}&code={code}&to=/home");
        house.post("/en/confirm", &cookie, &form).await
    };
    // A password, a code, a recovery code, and both pages that ask: five wrong ones of the account in all.
    let wrong = [
        house.sign_in("LEA", "wrong", "123456").await,
        house.sign_in("%20lea", PASSWORD, "000000").await,
        house.sign_in("Lea", PASSWORD, "AAAA-AAAA-AAAA").await,
        confirm("wrong", "123456").await,
        confirm(PASSWORD, "000000").await,
    ];
    for (at, answer) in wrong.iter().enumerate() {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{at}");
        assert!(answer.body.contains("ENT-2702"), "{at}: {}", answer.body);
    }
    for answer in
        [house.sign_in("lEA", PASSWORD, "123456").await, house.sign_in("lea%20", "wrong", "").await]
    {
        assert!(answer.body.contains("ENT-2703"), "{}", answer.body);
    }
    assert_eq!(house.site.n_audited(Action::AccessRefused), 5);
    // Whoever is in a session waits for what was wrong there, five times too, and for no stranger.
    for at in 0..3 {
        assert!(confirm("wrong", "123456").await.body.contains("ENT-2702"), "{at}");
    }
    assert!(confirm(PASSWORD, "123456").await.body.contains("ENT-2703"));
    assert!(house.sign_in("lea", PASSWORD, "123456").await.body.contains("ENT-2703"));
    // Somebody else of the same office is not held up.
    assert!(house.sign_in("omar", "wrong", "").await.body.contains("ENT-2702"));
}
