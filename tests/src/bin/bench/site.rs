//! Nodes to be measured: folders that are made as people make them, filled with synthetic cases.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use entente_core::codes::{ConsentScope, OrgType, Province, Set};
use entente_core::consent::ConsentId;
use entente_core::layout::{ConsentDraft, Draft};
use entente_core::record::RecordId;
use entente_core::synthetic::{self, Profile};
use entente_node::doors::connect_local;
use entente_node::local::doc::Ask;
use entente_node::node::Node;
use entente_node::node::records::Imported;
use entente_node::setup::{Home, InitOptions};
use entente_proto::v1;
use entente_proto::v1::local_client::LocalClient;
use entente_store::engine::Kind;
use entente_store::seal::KdfParams;
use entente_tests::federation::staff;
use entente_tests::net::{Site, free_address};
use jiff::civil::date;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::Channel;

/// The passphrase of nodes that are opened here.
pub(crate) const PASSPHRASE: &str = "five random words for benchmarks";

/// Rows of one transaction, as an import has them.
const ROWS_PER_WRITE: usize = 512;

/// Makes the folder of a node, with the cost of guessing its passphrase that people have.
pub(crate) fn make(path: &Path, engine: Kind) -> Home {
    let home = Home::new(path);
    let options = InitOptions {
        name_en: "Office".to_owned(),
        name_fr: "Bureau".to_owned(),
        kind: OrgType::Provincial,
        listen: free_address(),
        public_address: String::new(),
        engine,
        kdf: KdfParams::STANDARD,
    };
    home.init(&options, PASSPHRASE).expect("a new node");
    home
}

/// A provincial office.
pub(crate) fn office() -> Profile {
    Profile::office(Province::Ontario)
}

/// Synthetic cases of fifteen quarters, the last of which is over.
pub(crate) fn drafts(seed: u64, office: &Profile, n: u32) -> impl Iterator<Item = Draft> {
    synthetic::generate(seed, office, n, date(2023, 1, 1), date(2026, 9, 30))
}

/// Fills a node with synthetic cases whose people consent, as an import does.
pub(crate) fn fill(node: &Node, seed: u64, n: u32) {
    let (mut rows, mut ahead) = (Vec::with_capacity(ROWS_PER_WRITE), None);
    let mut write = |rows: Vec<Imported>| {
        let next = node.import_ahead(&staff(), rows).expect("imported");
        if let Some(importing) = ahead.replace(next) {
            node.finish_import(importing).expect("durable");
        }
    };
    for (nth, mut draft) in (0_u128..).zip(drafts(seed, &office(), n)) {
        // Version 7 ids sort by time; these sort by number.
        let id = (u128::from(seed) << 64 | nth).to_be_bytes();
        let consent = draft.consent.take().map(|it| it.given_on);
        let (record, _) = draft.into_parts(RecordId(id), ConsentId(id));
        let given_on = consent.unwrap_or(record.registered_on);
        let scopes = Set::EMPTY.with(ConsentScope::Stats);
        let consent = ConsentDraft { scopes, ..ConsentDraft::new(given_on) };
        rows.push(Imported { key: id, record, consent: Some(consent.into_consent(ConsentId(id))) });
        if rows.len() == ROWS_PER_WRITE {
            write(std::mem::replace(&mut rows, Vec::with_capacity(ROWS_PER_WRITE)));
        }
    }
    write(rows);
    node.finish_import(ahead.take().expect("rows")).expect("durable");
}

/// The node stopped and started again, and its folder.
pub(crate) async fn again(site: Site) -> (Site, PathBuf) {
    let (clock, address) = (site.clock.clone(), site.address);
    let folder = site.stop().await;
    let home = folder.path().join("node");
    (Site::again(folder, address, clock).await, home)
}

/// A node that its partners dial through a proxy.
pub(crate) async fn behind_proxy(site: Site) -> (Site, Arc<Traffic>) {
    let (clock, inside) = (site.clock.clone(), site.address);
    let folder = site.stop().await;
    let (outside, traffic) = proxy(inside).await;
    let home = Home::new(folder.path().join("node"));
    let mut config = home.read_config().expect("settings");
    config.partner_door.public_address = outside.to_string();
    std::fs::write(home.config(), config.to_text()).expect("settings are written");
    (Site::again(folder, outside, clock).await, traffic)
}

/// Bytes that went through a proxy.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// From whoever dialled.
    asked: AtomicU64,
    /// Back to them.
    answered: AtomicU64,
}

impl Traffic {
    /// Bytes of both directions: TLS records with everything in them, without TCP and IP headers.
    pub(crate) fn bytes(&self) -> u64 {
        self.asked.load(Ordering::SeqCst) + self.answered.load(Ordering::SeqCst)
    }
}

async fn proxy(to: SocketAddr) -> (SocketAddr, Arc<Traffic>) {
    let listener = TcpListener::bind(free_address()).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let traffic = Arc::new(Traffic::default());
    let counted = Arc::clone(&traffic);
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            tokio::spawn(carry(caller, to, Arc::clone(&counted)));
        }
    });
    (address, traffic)
}

async fn carry(caller: TcpStream, to: SocketAddr, traffic: Arc<Traffic>) {
    let Ok(node) = TcpStream::connect(to).await else { return };
    // Otherwise every small message would wait for a delayed acknowledgement, 40 ms.
    if caller.set_nodelay(true).is_err() || node.set_nodelay(true).is_err() {
        return;
    }
    let (from_caller, to_caller) = caller.into_split();
    let (from_node, to_node) = node.into_split();
    tokio::join!(
        copy(from_caller, to_node, &traffic.asked),
        copy(from_node, to_caller, &traffic.answered)
    );
}

async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    count: &AtomicU64,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        count.fetch_add(n as u64, Ordering::SeqCst);
        let Some(read) = buffer.get(..n) else { break };
        if to.write_all(read).await.is_err() {
            break;
        }
    }
}

/// The way to a running node for its own staff.
pub(crate) type Desk = LocalClient<Channel>;

/// The desk of the node in this folder, if it runs.
pub(crate) async fn desk(home: &Path) -> Option<Desk> {
    let channel = connect_local(&Home::new(home).socket()).await.ok()?;
    Some(LocalClient::new(channel).max_decoding_message_size(1 << 28))
}

/// A document to ask with.
pub(crate) fn ask(ask: &impl Ask) -> v1::Ask {
    let body = serde_json::to_string(ask).expect("a document");
    v1::Ask { body, lang: "en".to_owned() }
}

/// The answer at the end of what an operation streams; `None` if nobody answers.
pub(crate) async fn told(reply: Reply) -> Option<serde_json::Value> {
    let mut stream = reply.ok()?.into_inner();
    while let Ok(Some(message)) = stream.message().await {
        match message.told {
            Some(v1::told::Told::Result(body)) => return serde_json::from_str(&body).ok(),
            Some(v1::told::Told::Fault(fault)) => panic!("a fault: {fault}"),
            _ => {}
        }
    }
    None
}

type Reply = Result<tonic::Response<tonic::Streaming<v1::Told>>, tonic::Status>;
