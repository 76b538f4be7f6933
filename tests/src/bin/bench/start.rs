//! The real program: how long until it answers, and how much memory it takes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use entente_node::clock::SystemClock;
use entente_node::local::doc::{NodeStopAsk, PartnerListAsk, StatusAsk};
use entente_node::setup::Home;
use entente_store::engine::Kind;

use crate::Sizes;
use crate::report::{Aim, Report, memory_mib};
use crate::site::{self, PASSPHRASE};

/// What a start took.
struct Started {
    answering_s: f64,
    status_ms: f64,
    resident_mib: f64,
    peak_mib: f64,
}

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("start");
    let Some(program) = program() else {
        println!("  skipped: build the program first: cargo build --release");
        return;
    };
    for kind in Kind::ALL {
        for n_records in [0, sizes.n_records] {
            let folder = tempfile::tempdir().expect("a folder");
            let passphrase = folder.path().join("passphrase");
            std::fs::write(&passphrase, PASSPHRASE).expect("written");
            let home = site::make(&folder.path().join("node"), kind);
            if n_records > 0 {
                let open = home.open(PASSPHRASE, Arc::new(SystemClock)).expect("the node opens");
                site::fill(&open.node, 1, n_records);
            }
            let name = |what: &str| format!("{what}, {n_records} records, {}", kind.name());
            let mut opened_s = Vec::new();
            for _ in 0..sizes.n_times {
                let since = Instant::now();
                let open = home.open(PASSPHRASE, Arc::new(SystemClock)).expect("the node opens");
                opened_s.push(since.elapsed().as_secs_f64());
                drop(open);
            }
            // Without what a stop leaves behind, a start is as after a crash: it reads every record.
            for after in ["after a crash", "after a stop"] {
                let mut starts = Vec::new();
                for _ in 0..sizes.n_times {
                    if after == "after a crash" {
                        let _missing = std::fs::remove_file(home.memory());
                    }
                    starts.push(start(&program, &home, &passphrase).await);
                }
                let name =
                    |what: &str| format!("{what} {after}, {n_records} records, {}", kind.name());
                // From memory.sealed a million is to be ready in a second, from the store in ten.
                let aim = match (n_records > 100_000, after) {
                    (false, _) => 2.0,
                    (true, "after a stop") => 1.0,
                    (true, _) => 10.0,
                };
                note(report, &starts, &name, n_records, aim);
            }
            report.note(name("folder opened"), "s", &opened_s, Aim::None, None);
        }
    }
}

fn note(
    report: &mut Report,
    starts: &[Started],
    name: &dyn Fn(&str) -> String,
    n_records: u32,
    aim: f64,
) {
    let all = |of: fn(&Started) -> f64| starts.iter().map(of).collect::<Vec<_>>();
    report.note(name("answers"), "s", &all(|it| it.answering_s), Aim::Below(aim), None);
    report.note(name("first status"), "ms", &all(|it| it.status_ms), Aim::None, None);
    let aim = if n_records == 0 { Aim::Below(80.0) } else { Aim::None };
    report.note(name("resident"), "MiB", &all(|it| it.resident_mib), aim, None);
    report.note(name("resident at most"), "MiB", &all(|it| it.peak_mib), Aim::None, None);
}

/// The program that was built beside this one.
fn program() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.parent()?.join("entente");
    beside.is_file().then_some(beside)
}

/// Starts the program, waits until it answers, looks at its memory, and stops it.
async fn start(program: &Path, home: &Home, passphrase: &Path) -> Started {
    let since = Instant::now();
    let mut child = spawn(program, home, passphrase);
    loop {
        if let Some(mut desk) = site::desk(home.path()).await {
            let reply = desk.partner_list(site::ask(&PartnerListAsk::default())).await;
            if site::told(reply).await.is_some() {
                break;
            }
        }
        assert!(matches!(child.try_wait(), Ok(None)), "the node ended");
        assert!(since.elapsed() < Duration::from_secs(60), "the node does not answer");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let answering_s = since.elapsed().as_secs_f64();
    // Until what a start leaves behind is given back.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (resident_mib, peak_mib) =
        (memory_mib(child.id(), "VmRSS"), memory_mib(child.id(), "VmHWM"));

    let mut desk = site::desk(home.path()).await.expect("the node answers");
    let since = Instant::now();
    site::told(desk.status(site::ask(&StatusAsk {})).await).await.expect("a status");
    let status_ms = since.elapsed().as_secs_f64() * 1e3;
    site::told(desk.node_stop(site::ask(&NodeStopAsk::default())).await).await;
    child.wait().expect("the node ends");
    Started { answering_s, status_ms, resident_mib, peak_mib }
}

fn spawn(program: &Path, home: &Home, passphrase: &Path) -> Child {
    let mut command = Command::new(program);
    command.arg("--home").arg(home.path()).args(["node", "run", "--passphrase-file"]);
    command.arg(passphrase).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the node starts")
}
