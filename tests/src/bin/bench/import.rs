//! Import: from a file to durable records, as `entente record import` does it.
//!
//! The file is read twice, as always: once to say what is wrong with it, once to keep its rows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use entente_core::layout::{Identifiers, Layout};
use entente_core::record::RecordId;
use entente_node::answer::{Asked, Desk};
use entente_node::clock::SystemClock;
use entente_node::local::Op;
use entente_node::local::doc::{Ask as _, RecordImportAsk, RecordImportTold};
use entente_node::setup::OpenHome;
use entente_node::sync::Peers;
use entente_node::tabular::CsvOut;
use entente_node::tls::LiveIdentity;
use entente_store::engine::Kind;
use tokio_util::sync::CancellationToken;

use crate::Sizes;
use crate::report::{Aim, Report, Spent, Watch};
use crate::site::{self, PASSPHRASE};

/// The file of the Counter Trafficking Data Collaborative, below the folder of real data.
const CTDC: &str = "ctdc/ctdc_global_2020.csv";

const AIM: Aim = Aim::AtLeast(5_000.0);

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("import");
    let folder = tempfile::tempdir().expect("a folder");
    let synthetic = folder.path().join("synthetic.csv");
    write_synthetic(&synthetic, sizes.n_import);
    let mut files = vec![("synthetic", "entente", synthetic)];
    match real_file() {
        Some(file) => files.insert(0, ("CTDC", "ctdc-2017", file)),
        None => println!("  CTDC: skipped, ENTENTE_REAL_DATA names no folder with {CTDC}"),
    }
    for kind in Kind::ALL {
        for (name, layout, file) in &files {
            // The first is a warm-up: the file comes from the disk.
            let (mut per_s, mut cpu_us) = (Vec::new(), Vec::new());
            let mut n_rows = 0;
            for time in 0..=sizes.n_times {
                let (n, spent) = import(kind, layout, file).await;
                n_rows = n;
                if time > 0 {
                    per_s.push(spent.per_s(n));
                    cpu_us.push(spent.cpu_us_each(n));
                }
            }
            let what = format!("import, {name} file of {n_rows} rows, {}", kind.name());
            let cpu_us = crate::report::percentile(&cpu_us, 0.5);
            report.note(what, "records/s", &per_s, AIM, Some(cpu_us));
        }
    }
}

fn real_file() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("ENTENTE_REAL_DATA")?);
    [folder.join(CTDC), folder.join("ctdc_global_2020.csv")].into_iter().find(|it| it.is_file())
}

/// Synthetic cases in our own layout, with names, numbers and consents: many more columns than the
/// CTDC file has.
fn write_synthetic(path: &Path, n: u32) {
    let layout = Layout::built_in("entente").expect("our own layout");
    let file = BufWriter::new(File::create(path).expect("a file"));
    let mut csv = CsvOut::new(file, &layout.headers(Identifiers::Include)).expect("written");
    for draft in site::drafts(1, &site::office(), n) {
        let consent = draft.consent.clone();
        let record = draft.into_record(RecordId([0; 16]));
        let row = layout.write(&record, consent.as_ref(), Identifiers::Include);
        csv.row(&row).expect("written");
    }
    csv.finish().expect("written");
}

async fn import(kind: Kind, layout: &str, file: &Path) -> (u64, Spent) {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = desk(&folder.path().join("node"), kind);
    let ask = RecordImportAsk {
        file: file.display().to_string(),
        layout: Some(layout.to_owned()),
        mapping: None,
        columns: BTreeMap::new(),
        sheet: None,
        quarantine: None,
        consent: None,
        dry_run: false,
    };
    assert_eq!(RecordImportAsk::OP, Op::RecordImport);
    let staff = desk.staff(0);
    let body = serde_json::to_string(&ask).expect("a document");
    let asked = Asked::new(Op::RecordImport, staff, body, Box::new(|_| {}));
    let watch = Watch::start();
    let told = desk.ask(asked).await.expect("imported");
    let spent = watch.stop();
    let told: RecordImportTold = serde_json::from_str(&told).expect("a document");
    assert_eq!(told.quarantined, 0, "{:?}", told.by_reason);
    (told.added, spent)
}

/// The desk of a new node whose doors are closed.
fn desk(path: &Path, kind: Kind) -> Arc<Desk> {
    let home = site::make(path, kind);
    let OpenHome { home, config, node, key, ring } =
        home.open(PASSPHRASE, Arc::new(SystemClock)).expect("the node opens");
    let identity = LiveIdentity::new(key, Arc::new(SystemClock)).expect("a certificate");
    let peers = Arc::new(Peers::new(Arc::clone(&node), identity.clone()));
    let stop = CancellationToken::new();
    Arc::new(Desk::new(node, peers, home, config, identity, ring, stop))
}
