//! The staff is told that something waits: over a real mail server, and a real HTTP server.
//!
//! The mail server is a program in another language (`tests/python/mailserver.py`); without an
//! interpreter its tests say that they were skipped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use entente_core::audit::Action;
use entente_core::codes::{OrgType, Urgency};
use entente_core::feed::{Batch, Carried};
use entente_node::answer::{Asked, Staff};
use entente_node::config::{Config, MailConfig, PersonConfig, WebhookConfig};
use entente_node::local::Op;
use entente_node::local::Role;
use entente_node::node::feeds::Via;
use entente_node::node::waiting::{Beside, Matter};
use entente_node::notify;
use entente_store::engine::Kind;
use entente_tests::federation::{plain_case, staff};
use entente_tests::net::{Site, admit, agree, card, identity, pair, soon};
use entente_tests::python;
use entente_tests::referrals::{card as need_card, referral_consent, referrals_only};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const PASSWORD: &str = "a password for tests";

/// 24 bytes, in the form of Standard Webhooks.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The name of a partner, which no message may hold.
const CANARY: &str = "Another organization";

/// A mail server of its own, stopped when it is dropped.
struct MailServer {
    child: Child,
    said: BufReader<ChildStdout>,
    port: u16,
    files: TempDir,
}

impl MailServer {
    /// Starts one that shows `127.0.0.1` in a certificate of its own; `None` without Python.
    fn start(more: &[&str]) -> Option<Self> {
        let python = python::interpreter()?;
        let files = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let path = |name: &str| files.path().join(name);
        std::fs::write(path("certificate.pem"), pem("CERTIFICATE", made.cert.der())).unwrap();
        let key = pem("PRIVATE KEY", &made.signing_key.serialize_der());
        std::fs::write(path("key.pem"), key).unwrap();
        private(&path("password"), PASSWORD);
        let mut child = Command::new(python)
            .arg(python::program("mailserver.py"))
            .arg("--certificate")
            .arg(path("certificate.pem"))
            .arg("--key")
            .arg(path("key.pem"))
            .args(["--user", "entente", "--password", PASSWORD])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { child, said, port: 0, files };
        server.port = u16::try_from(server.next()["port"].as_u64().unwrap()).unwrap();
        Some(server)
    }

    /// What it says next.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the mail server said `{line}`"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn settings(&self, security: &str) -> MailConfig {
        MailConfig {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: security.to_owned(),
            from: "entente@example.org".to_owned(),
            user: "entente".to_owned(),
            password_file: self.file("password"),
            ca_file: self.file("certificate.pem"),
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn pem(of: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {of}-----\n{}\n-----END {of}-----\n", lines.join("\n"))
}

fn private(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    writeln!(file, "{text}").unwrap();
}

fn person(address: &str, role: &str, lang: &str) -> PersonConfig {
    PersonConfig {
        address: address.to_owned(),
        roles: vec![role.to_owned()],
        account: String::new(),
        lang: lang.to_owned(),
    }
}

async fn office(change: impl FnOnce(&mut Config)) -> Site {
    Site::start_with("Office", OrgType::Provincial, Kind::Redb, change).await
}

/// A partner whose node sends what only a faulty or hostile one does: two matters then wait, its
/// quarantine and nothing else.
fn quarantine(office: &Site, seed: u8) {
    let partner = identity(seed).id();
    admit(office.node(), &card(partner));
    let junk =
        Batch { epoch: 0, first: 9, checkpoint: vec![1], leaves: vec![Carried::Whole(vec![1])] };
    office.node().accept(&partner, junk, Via::Connection).unwrap_err();
    assert!(office.is_quarantined(&partner));
}

/// What the node's own job does from time to time: how many were taken, and how many were not.
async fn round(office: &Site) -> (usize, usize) {
    soon(notify::round(office.desk(), &office.desk().ways)).await.unwrap()
}

fn header<'a>(message: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = message["headers"].as_array().unwrap();
    let named = headers.iter().filter(|it| it[0].as_str().unwrap().eq_ignore_ascii_case(name));
    named.map(|it| it[1].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_comes_by_mail_in_each_language_and_says_nothing_about_anybody() {
    let Some(mut server) = MailServer::start(&[]) else { return };
    let office = office(|config| {
        config.notifications.mail = Some(server.settings("starttls"));
        config.notifications.people = vec![
            person("lea@example.org", "privacy_officer", "fr"),
            person("sam@example.org", "case_worker", "en"),
        ];
    })
    .await;
    assert_eq!(round(&office).await, (0, 0), "nothing waits");
    quarantine(&office, 61);
    assert_eq!(round(&office).await, (1, 0), "a case worker can do nothing about a quarantine");

    let message = server.next();
    assert_eq!(message["tls"], true);
    assert_eq!(message["user"], "entente");
    assert_eq!(
        (&message["from"], &message["to"]),
        (&json!("entente@example.org"), &json!(["lea@example.org"]))
    );
    let subject = "1\u{a0}partenaire est en quarantaine – Office (fr)";
    assert_eq!(header(&message, "Subject"), [subject]);
    assert_eq!(header(&message, "Auto-Submitted"), ["auto-generated"]);
    let text = message["text"].as_str().unwrap();
    assert_eq!(
        text.trim_end().lines().collect::<Vec<_>>(),
        [
            "1\u{a0}partenaire est en quarantaine.",
            "",
            "Office (fr)",
            "Ouvrir\u{a0}: entente inbox",
            "",
            "Cet avis ne contient que des nombres. Personne ne lit les réponses.",
        ]
    );
    let everything = message.to_string();
    assert!(!everything.contains(CANARY) && !everything.contains(&identity(61).id().to_string()));

    // The same is told once; a second one only after the quiet; what still waits, the next day.
    assert_eq!(round(&office).await, (0, 0));
    quarantine(&office, 62);
    assert_eq!(round(&office).await, (0, 0), "quiet");
    office.clock.advance(3_600);
    assert_eq!(round(&office).await, (1, 0));
    let second = server.next();
    assert!(header(&second, "Subject")[0].starts_with("2\u{a0}partenaires"));
    assert_ne!(header(&second, "Message-ID"), header(&message, "Message-ID"));
    office.clock.advance(86_400);
    assert_eq!(round(&office).await, (1, 0), "a reminder");
    assert_eq!(office.n_audited(Action::NoticeSent), 3);
}

/// `home` offers `partner` a referral that is to be answered within the hour, and the partner hears of it.
async fn offer_referral(home: &Site, partner: &Site) {
    let node = home.node();
    let mut record = node.blank_record().unwrap();
    node.fill(&mut record, &plain_case()).unwrap();
    let record = node.add_record(staff(), record, vec![referral_consent(1)]).unwrap();
    let kept = node.create_referral(staff(), &record, need_card(Urgency::OneHour)).unwrap();
    node.offer_referral(staff(), &kept.id, &[partner.id()]).unwrap();
    partner.round(&home.id()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referral_is_told_within_minutes_and_each_alarm_again_and_to_the_coordinator_named() {
    let Some(mut server) = MailServer::start(&[]) else { return };
    let office = office(|config| {
        config.referrals.coordinator = "Night@example.org".to_owned();
        config.notifications.mail = Some(server.settings("starttls"));
        // What an auditor may do nothing about, the coordinator is told all the same.
        config.notifications.people = vec![
            person("sam@example.org", "case_worker", "en"),
            person("night@example.org", "auditor", "en"),
        ];
    })
    .await;
    let home = Site::office("Home").await;
    pair(&home, &office).await;
    agree(&home, &office, &referrals_only()).await;
    let to = |message: &Value| message["to"][0].as_str().unwrap().to_owned();
    let text = |message: &Value| message["text"].as_str().unwrap().to_owned();

    offer_referral(&home, &office).await;
    assert_eq!(round(&office).await, (1, 0));
    let message = server.next();
    assert_eq!(to(&message), "sam@example.org");
    assert!(text(&message).contains("1\u{a0}referral waits for an answer"), "{message}");
    office.clock.advance(60);
    offer_referral(&home, &office).await;
    assert_eq!(round(&office).await, (0, 0), "not each minute");
    let next = office.node().next_look_s().unwrap();
    assert_eq!(next, Some(office.node().now_s() + 240), "the job looks when it may go");
    office.clock.advance(240);
    assert_eq!(round(&office).await, (1, 0), "and no hour later");
    assert!(text(&server.next()).contains("2\u{a0}referrals wait for an answer"));

    // Half of the hour is over for the first of them.
    office.clock.advance(1_500);
    assert_eq!(office.node().referral_timers().unwrap().len(), 1);
    assert_eq!(round(&office).await, (2, 0), "an alarm is news");
    let said = "1\u{a0}referral waits for our answer, and half of the time is over";
    let messages = [server.next(), server.next()];
    for message in &messages {
        assert!(text(message).contains(said), "{message}");
    }
    let mut told = messages.each_ref().map(to);
    told.sort_unstable();
    assert_eq!(told, ["night@example.org", "sam@example.org"]);
    assert_eq!(round(&office).await, (0, 0), "once");

    // The hour is over.
    office.clock.advance(1_800);
    assert_eq!(round(&office).await, (2, 0));
    for message in [server.next(), server.next()] {
        assert!(text(&message).contains("referrals are overdue"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_not_taken_is_repeated_under_the_same_id_after_a_restart_too() {
    let Some(mut server) = MailServer::start(&["--implicit", "--refuse", "2"]) else { return };
    let office = office(|config| {
        config.notifications.mail = Some(server.settings("tls"));
        config.notifications.people = vec![person("lea@example.org", "coordinator", "en")];
    })
    .await;
    quarantine(&office, 61);
    assert_eq!(round(&office).await, (0, 1));
    assert_eq!(server.next(), json!({"refused": 451}));
    assert_eq!(round(&office).await, (0, 0), "not before a minute is over");
    office.clock.advance(60);
    assert_eq!(round(&office).await, (0, 1));
    assert_eq!(server.next(), json!({"refused": 451}));

    let (address, clock) = (office.address, office.clock.clone());
    clock.advance(240);
    let folder = office.stop().await;
    let office = Site::again(folder, address, clock).await;
    // The node's own job may be first.
    office.until(|node| entente_tests::net::n_audited(node, Action::NoticeSent) == 1).await;
    let message = server.next();
    assert_eq!(message["tls"], true);
    assert_eq!(header(&message, "Subject"), ["1\u{a0}partner is in quarantine – Office"]);
    assert_eq!(office.n_audited(Action::NoticeFailed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_a_strange_certificate_are_said_as_such() {
    let Some(server) = MailServer::start(&[]) else { return };
    private(&server.file("wrong"), "another password");
    let strange = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(server.file("strange.pem"), pem("CERTIFICATE", strange.cert.der())).unwrap();
    let cases = [
        (
            MailConfig { password_file: server.file("wrong"), ..server.settings("starttls") },
            "login",
        ),
        (MailConfig { ca_file: server.file("strange.pem"), ..server.settings("starttls") }, "tls"),
        (
            MailConfig {
                user: String::new(),
                password_file: PathBuf::new(),
                ..server.settings("starttls")
            },
            "login",
        ),
        (MailConfig { port: 1, ..server.settings("starttls") }, "unreachable"),
    ];
    for (mail, code) in cases {
        let office = office(|config| {
            config.notifications.mail = Some(mail);
            config.notifications.people = vec![person("lea@example.org", "auditor", "en")];
        })
        .await;
        let told = ask(&office, Op::NotifyTest).await;
        assert_eq!(told["ways"][0]["code"], code, "{told}");
        assert_eq!(told["ways"][0]["taken"], false);
        assert_eq!(office.n_audited(Action::NoticeFailed), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_spells_line_ends_cannot_write_headers() {
    let Some(mut server) = MailServer::start(&[]) else { return };
    let office = office(|config| {
        config.organization.name_en = "House =?utf-8?q?=0D=0ABcc:?= all@example.org".to_owned();
        config.notifications.mail = Some(server.settings("starttls"));
        config.notifications.people = vec![person("lea@example.org", "auditor", "en")];
    })
    .await;
    let told = ask(&office, Op::NotifyTest).await;
    assert_eq!(told["ways"][0]["taken"], true, "{told}");
    let message = server.next();
    assert_eq!(message["to"], json!(["lea@example.org"]));
    assert_eq!(header(&message, "Bcc"), [""; 0]);
    assert_eq!(header(&message, "Subject").len(), 1);
    let subject = header(&message, "Subject")[0];
    assert!(subject.ends_with("– House = ?utf-8?q?=0D=0ABcc:?= all@example.org"), "{message}");
}

/// Asks the desk as somebody with every role.
async fn ask(office: &Site, op: Op) -> Value {
    ask_as(office, op, Role::ALL, "{}").await
}

async fn ask_as(office: &Site, op: Op, roles: &[Role], body: &str) -> Value {
    let staff = Staff { name: "lea".to_owned(), roles: roles.to_vec() };
    let asked = Asked::new(op, staff, body.to_owned(), Box::new(|_| {}));
    let told = soon(office.desk().ask(asked)).await;
    serde_json::from_str(&told.unwrap()).unwrap()
}

// The inbox.

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inbox_answers_whoever_watches_when_something_has_happened() {
    let office = office(|_| {}).await;
    let first = ask(&office, Op::Inbox).await;
    assert_eq!(first["waiting"], json!([]));
    let after = json!({"after": first["seen"]}).to_string();
    let watching = ask_as(&office, Op::Inbox, &[Role::Coordinator], &after);
    let happening = async { quarantine(&office, 61) };
    let (second, ()) = tokio::join!(watching, happening);
    assert_eq!(second["waiting"][0]["matter"], "quarantines");
    assert_eq!(second["waiting"][0]["n"], 1);
    assert_ne!(second["seen"], first["seen"]);
    let other = ask_as(&office, Op::Inbox, &[Role::CaseWorker], "{}").await;
    assert_eq!(other["waiting"], json!([]), "it concerns others");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_without_anybody_to_be_told_says_what_to_do() {
    let office = office(|_| {}).await;
    let staff = Staff { name: "lea".to_owned(), roles: Role::ALL.to_vec() };
    let asked = Asked::new(Op::NotifyTest, staff, "{}".to_owned(), Box::new(|_| {}));
    let fault = soon(office.desk().ask(asked)).await.unwrap_err();
    assert_eq!(fault.code, "ENT-2503");
}

#[test]
fn a_secret_that_others_may_read_and_a_certificate_that_is_none_stop_the_start() {
    use entente_node::notify::Ways;
    use entente_node::setup::Home;
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(folder.path());
    let open = |secret: &str, mode: u32, certificate: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        private(&folder.path().join("secret"), secret);
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(folder.path().join("secret"), mode).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate).unwrap();
        let text = "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n\
            [notifications.webhook]\nurl = \"https://hooks.example.org/\"\n\
            secret_file = \"secret\"\nca_file = \"ca.pem\"\n";
        let ways = Ways::open(&Config::parse(text).unwrap(), &home);
        ways.map(|_| ()).map_err(|fault| fault.code)
    };
    let made = rcgen::generate_simple_self_signed(vec!["hooks.example.org".to_owned()]).unwrap();
    let authority = pem("CERTIFICATE", made.cert.der());
    assert_eq!(open(SECRET, 0o600, &authority), Ok(()));
    assert_eq!(open(SECRET, 0o640, &authority), Err("ENT-2500".to_owned()));
    for short in ["", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
        assert_eq!(open(short, 0o600, &authority), Err("ENT-2500".to_owned()), "{short}");
    }
    assert_eq!(open(SECRET, 0o600, "no certificate"), Err("ENT-2501".to_owned()));
}

// The webhook.

/// An HTTP server that gives these answers, one for each connection, and hands over what it was sent.
async fn http(answers: Vec<&'static str>) -> (u16, tokio::sync::mpsc::Receiver<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !is_whole(&request) {
                if stream.read_buf(&mut request).await.unwrap() == 0 {
                    break;
                }
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            sender.send(String::from_utf8(request).unwrap()).await.unwrap();
        }
    });
    (port, receiver)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = field(head, "content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
    body.len() >= length
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(key, value)| (key, value.trim()))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|it| it.1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_is_told_by_a_signed_webhook_that_is_repeated_under_its_id() {
    let elsewhere =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let taken = "HTTP/1.1 204 No Content\r\n\r\n";
    let (port, mut requests) = http(vec![elsewhere, taken]).await;
    let files = tempfile::tempdir().unwrap();
    let secret_file = files.path().join("secret");
    private(&secret_file, SECRET);
    let office = office(|config| {
        config.notifications.webhook = Some(WebhookConfig {
            url: format!("http://127.0.0.1:{port}/entente?x=1"),
            secret_file,
            ca_file: PathBuf::new(),
        });
    })
    .await;
    quarantine(&office, 61);
    assert_eq!(round(&office).await, (0, 1), "a redirect is not followed");
    let first = soon(requests.recv()).await.unwrap();
    office.clock.advance(60);
    assert_eq!(round(&office).await, (1, 0));
    let second = soon(requests.recv()).await.unwrap();
    assert_eq!(round(&office).await, (0, 0));

    let (head, body) = second.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /entente?x=1 HTTP/1.1\r\n"), "{head}");
    let id = field(head, "webhook-id").unwrap();
    assert_eq!(field(&first, "webhook-id"), Some(id), "a repeat is recognised by its id");
    let at: i64 = field(head, "webhook-timestamp").unwrap().parse().unwrap();
    assert_eq!(at, office.node().now_s());
    let signed = format!("{id}.{at}.{body}");
    assert_eq!(
        field(head, "webhook-signature").unwrap(),
        format!("v1,{}", hmac(signed.as_bytes()))
    );
    let document: Value = serde_json::from_str(body).unwrap();
    // All of it: there is no place for anybody's name, case or need.
    let waiting = json!([{"matter": "quarantines", "n": 1, "next": "entente partner quarantine"}]);
    let name = json!({"en": "Office", "fr": "Office (fr)"});
    let data = json!({"organization": office.id().to_string(), "name": name, "waiting": waiting});
    let timestamp = &document["timestamp"];
    assert_eq!(document, json!({"type": "entente.waiting", "timestamp": timestamp, "data": data}));
    assert!(!second.contains(CANARY) && !second.contains(&identity(61).id().to_string()));
}

/// HMAC-SHA-256 with the secret, in base64.
fn hmac(signed: &[u8]) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let standard = base64::prelude::BASE64_STANDARD;
    let key = standard.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(signed);
    standard.encode(mac.finalize().into_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_never_takes_anything_is_given_up_after_a_day() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    let (port, _requests) = http(vec![busy; 8]).await;
    let files = tempfile::tempdir().unwrap();
    let secret_file = files.path().join("secret");
    private(&secret_file, SECRET);
    let office = office(|config| {
        config.notifications.remind_h = 0;
        config.notifications.webhook = Some(WebhookConfig {
            url: format!("http://127.0.0.1:{port}/"),
            secret_file,
            ca_file: PathBuf::new(),
        });
    })
    .await;
    quarantine(&office, 61);
    for nth in 1..=8 {
        assert_eq!(round(&office).await, (0, 1), "try {nth}");
        let waiting = office.node().waiting(Beside::default()).unwrap();
        let stuck = waiting.n(Matter::MessagesStuck);
        assert_eq!(stuck, u64::from((3..8).contains(&nth)), "after try {nth}");
        office.clock.advance(6 * 3_600);
    }
    assert_eq!(round(&office).await, (0, 0));
    assert_eq!(office.n_audited(Action::NoticeFailed), 8);
    assert_eq!(office.n_audited(Action::NoticeGivenUp), 1);
}
