//! The console in use: pages over TLS, by somebody who is signed in, on a node with many records.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use entente_core::audit::Actor;
use entente_core::codes::OrgType;
use entente_core::period::{Period, Quarter};
use entente_node::local::Role;
use entente_node::node::Node;
use entente_node::node::records::Case;
use entente_node::people::{Joining, Place};
use entente_store::engine::Kind;
use entente_tests::federation::staff;
use entente_tests::net::{Site, agree, pair, summaries_only};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::report::{Aim, Report, percentile};
use crate::{Sizes, site};

const PASSWORD: &str = "lanterne violon érable";

/// Requests before the first that counts.
const N_WARM: usize = 5;

/// How far into the list a deep page is.
const PAGE: usize = 20;

/// A page that nobody opens: it answers when there is news.
const WAITING: &str = "/waiting";

/// Measures, and gives the figures as JSON.
///
/// Every page that has no name in its address, and those of a record, a partner, an agreement, a summary, an entry of the
/// audit log and a person, asked for by somebody who may see all of them: at a node that has as many records as its
/// partner, holds what that one said of its own, and has said of its own to a third.
pub(crate) async fn run(report: &mut Report, sizes: Sizes) -> Value {
    println!("console");
    let here = |config: &mut entente_node::config::Config| {
        config.console.listen = "127.0.0.1:0".parse().expect("an address");
    };
    let site = Site::start_with("Office", OrgType::Federal, Kind::Sled, here).await;
    site::fill(site.node(), 1, sizes.n_records);
    let partner = Site::start("Partner", OrgType::Provincial, Kind::Sled).await;
    site::fill(partner.node(), 2, sizes.n_records);
    pair(&partner, &site).await;
    let agreement = agree(&partner, &site, &summaries_only(11)).await;
    // Whoever reads what we say: the third, since one agreement has one direction here.
    let reader = Site::start("Reader", OrgType::Federal, Kind::Sled).await;
    pair(&site, &reader).await;
    agree(&site, &reader, &summaries_only(11)).await;
    // What it was not told yet is what would go out now.
    for (from, to, last) in [(&partner, &site, (2026, 3)), (&site, &reader, (2026, 2))] {
        close_epochs(from, to, last);
        to.round(&from.id()).await.expect("read");
    }
    let [told, waiting] = [(2026, 2), (2026, 3)].map(|it| case_of(site.node(), it));
    let n_held = site.node().n_held();
    println!(
        "  {n_held} summaries held, {} entries in the audit log",
        site.node().audit_length().expect("a log")
    );
    let stop = CancellationToken::new();
    let open = entente_console::start(Arc::clone(site.desk()), stop.clone()).await;
    let console = open.expect("the console opens").expect("the settings want it");
    let mut browser = Browser::open(console.at.address, sign_in(&site)).await;
    let (_, lea) = site.desk().people.find("lea").expect("who is signed in");
    let (lea, reader) = (lea.id, reader.id());
    let held = browser.first_link("/en/held", "/en/held/").await;
    let names = [
        ("{partner}", partner.id().to_string()),
        ("{agreement}", agreement.to_string()),
        ("{summary}", held),
        ("{entry}", "1000".to_owned()),
        ("{user}", lea),
        ("{epoch}", "2026-Q3".to_owned()),
    ];
    // Each page of a case is one of another case, as nobody looks at one a thousand times.
    let mut cases = (1_u128 << 64 | 7..).map(|id| format!("{id:032x}"));
    let mut named = |path: &str| {
        let path = path.replace("{case}", &cases.next().unwrap_or_default());
        names.iter().fold(path, |path, (name, it)| path.replace(name, it))
    };
    let pages =
        entente_console::routes().into_iter().filter(|it| it.method == "GET" && it.path != WAITING);
    let pages = pages.map(|it| format!("/en{}", named(it.path))).filter(|path| !path.contains('{'));
    let mut pages: Vec<String> = pages.collect();
    pages.push(deep(&mut browser).await);
    pages.push("/en/audit?action=records_listed".to_owned());
    pages.push(format!("/en/audit/disclosures?record={told}"));
    pages.push("/en/held?place=35".to_owned());
    pages.push(format!("/en/agreements/draft?partner={}", partner.id()));
    pages.push(format!("/en/cases/{told}/explain?with={reader}"));
    pages.push(format!("/en/cases/{waiting}/explain?with={reader}"));
    let of_reader = ["", "/exchange", "/end", "/suspend"];
    pages.extend(of_reader.map(|page| format!("/en/partners/{reader}{page}")));
    let mut figures: Vec<(String, f64, f64, usize)> = Vec::new();
    for path in pages {
        let (status, body) = browser.get(&path).await;
        if status != 200 {
            println!("  {path}: not measured, it answers {status}");
            continue;
        }
        let ms = browser.times(&path, sizes.n_questions.min(100)).await;
        figures.push((path, percentile(&ms, 0.5), percentile(&ms, 0.99), body.len()));
    }
    figures.sort_by(|a, b| b.1.total_cmp(&a.1));
    let n = figures.len();
    println!("  {n} pages; the slowest:");
    for (path, p50, p99, n_bytes) in figures.iter().take(12) {
        println!("    {p50:8.2} {p99:8.2} ms {n_bytes:8} bytes  {path}");
    }
    for (how, aim, of) in [("p50", 10.0, 1), ("p99", 50.0, 2)] {
        let all: Vec<f64> = figures.iter().map(|it| if of == 1 { it.1 } else { it.2 }).collect();
        let n_met = all.iter().filter(|ms| **ms < aim).count() as f64;
        let slowest = all.iter().copied().fold(0.0, f64::max);
        let name = format!("console, {n} pages, {} records", sizes.n_records);
        report.note(
            format!("{name}, {how} of the slowest"),
            "ms",
            &[slowest],
            Aim::Below(aim),
            None,
        );
        report.note(format!("{name}, {how} below {aim} ms"), "pages", &[n_met], Aim::None, None);
    }
    let first = browser.first_load().await as f64;
    report.note("console, first load", "bytes", &[first], Aim::Below(200_000.0), None);
    stop.cancel();
    console.wait().await;
    let page = |(path, p50, p99, n): (String, f64, f64, usize)| json!({ "page": path, "p50_ms": p50, "p99_ms": p99, "bytes": n });
    let pages: Vec<Value> = figures.into_iter().map(page).collect();
    json!({ "records": sizes.n_records, "held": n_held, "pages": pages, "first_load_bytes": first })
}

type YearAndQuarter = (i16, u8);

fn quarter((year, number): YearAndQuarter) -> Period {
    Period::Quarter(Quarter::new(year, number).expect("a quarter"))
}

/// Closes all quarters up to this one.
fn close_epochs(from: &Site, to: &Site, last: YearAndQuarter) {
    let all = (2023..=2026).flat_map(|year| (1..=4).map(move |number| (year, number)));
    for epoch in all.filter(|it| *it <= last).map(quarter) {
        from.node().close_epoch(&staff(), epoch, &to.id(), true).expect("closed");
    }
}

/// A case of a quarter.
fn case_of(node: &Node, of: YearAndQuarter) -> String {
    let quarter = quarter(of);
    let mut found = None;
    let mut look = |case: Case| {
        if case.record.period() != Some(quarter) {
            return ControlFlow::Continue(());
        }
        found = Some(case.record.id);
        ControlFlow::Break(())
    };
    node.each_case(&mut look).expect("read");
    format!("{:032x}", u128::from_be_bytes(found.expect("a case of this quarter").0))
}

/// The address of a page deep in a filtered list: found as people find it, page by page.
async fn deep(browser: &mut Browser) -> String {
    let mut path = "/en/cases?status=actual".to_owned();
    for _ in 1..PAGE {
        let (_, body) = browser.get(&path).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        let next = text.split("href=\"").find(|it| it.starts_with("/en/cases?before="));
        let Some(next) = next.and_then(|it| it.split('"').next()) else { break };
        path = next.replace("&#38;", "&").replace("&amp;", "&");
    }
    path
}

/// Somebody who may see everything, signed in: the cookie.
fn sign_in(site: &Site) -> String {
    let people = &site.desk().people;
    let by = Actor::Staff("root".to_owned());
    let (_, link, _) = people.add(&by, "lea", "Léa", Role::ALL).expect("an account");
    let address = "192.0.2.7".parse().expect("an address");
    let place = Place { address, agent: String::new(), session: None };
    let invited = people.invited(&link, &place).expect("a link");
    let joining = Joining {
        name: String::new(),
        display: String::new(),
        password: PASSWORD.to_owned(),
        code: code(&invited.secret, site.node().now_s()),
    };
    let joined = people.join(&link, &joining, &place).expect("signed in");
    let id = site.id().to_string();
    format!("__Host-entente-{}={}", id.get(..8).unwrap_or_default(), joined.token.text())
}

/// The code that an app shows: RFC 6238.
fn code(secret: &str, now_s: i64) -> String {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        secret.chars().filter_map(|c| digits.find(c)).map(|at| format!("{at:05b}")).collect();
    let bytes = bits
        .as_bytes()
        .chunks_exact(8)
        .filter_map(|byte| u8::from_str_radix(std::str::from_utf8(byte).ok()?, 2).ok());
    let key: Vec<u8> = bytes.collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).expect("a key of any length");
    mac.update(&(now_s / 30).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash.last().copied().unwrap_or_default() & 15);
    let four = hash.get(at..at + 4).and_then(|four| four.try_into().ok()).expect("four bytes");
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// A connection that asks for one page after the other.
struct Browser {
    stream: BufReader<TlsStream<TcpStream>>,
    cookie: String,
}

impl Browser {
    async fn open(address: std::net::SocketAddr, cookie: String) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody))
            .with_no_client_auth();
        let tcp = TcpStream::connect(address).await.expect("the console listens");
        tcp.set_nodelay(true).expect("a socket");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        Self { stream: BufReader::new(stream.expect("TLS")), cookie }
    }

    /// What follows `before` in the first address of a page that begins so.
    async fn first_link(&mut self, page: &str, before: &str) -> String {
        let (_, body) = self.get(page).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        let link = text.split("href=\"").find_map(|it| it.strip_prefix(before));
        link.and_then(|it| it.split('"').next()).unwrap_or_default().to_owned()
    }

    /// A page: its status and its body.
    async fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let cookie = &self.cookie;
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n");
        self.stream.write_all(head.as_bytes()).await.expect("sent");
        self.stream.flush().await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.expect("an answer"));
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let n_bytes = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
        let mut body = vec![0; n_bytes];
        self.stream.read_exact(&mut body).await.expect("a body");
        (status, body)
    }

    /// How long each of `n` requests for a page took, in milliseconds.
    async fn times(&mut self, path: &str, n: usize) -> Vec<f64> {
        let mut times = Vec::with_capacity(n);
        for nth in 0..N_WARM + n {
            let since = Instant::now();
            let _page = self.get(path).await;
            let spent: Duration = since.elapsed();
            if nth >= N_WARM {
                times.push(spent.as_secs_f64() * 1e3);
            }
        }
        times
    }

    /// What a browser that was never here loads to show the first page, in bytes.
    async fn first_load(&mut self) -> usize {
        self.cookie = String::new();
        let (_, page) = self.get("/en/sign-in").await;
        let text = String::from_utf8_lossy(&page).into_owned();
        let mut assets: Vec<String> =
            text.split('"').filter(|it| it.starts_with("/assets/")).map(str::to_owned).collect();
        // The style asks for these two in any language.
        if let Some((folder, _)) = assets.first().and_then(|it| it.rsplit_once('/')) {
            let fonts = ["lato-bold.woff2", "noto-semibold.woff2"];
            assets.extend(fonts.map(|font| format!("{folder}/{font}")));
        }
        assets.sort();
        assets.dedup();
        let mut n_bytes = page.len();
        for asset in &assets {
            n_bytes += self.get(asset).await.1.len();
        }
        n_bytes
    }
}

/// Takes any certificate: the console is in this process.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.signature_verification_algorithms.supported_schemes()
    }
}
