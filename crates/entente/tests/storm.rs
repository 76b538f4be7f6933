//! A storm of kills: the real program is ended without a word, again and again, while four writers
//! add cases. What was acknowledged is there, once, with its audit entry; and nothing else is.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Folder, ask, told};
use serde_json::{Value, json};

const N_WRITERS: u64 = 4;

/// What the writers know: the numbers that were acknowledged, and those that were only asked for.
#[derive(Debug, Default)]
struct Known {
    acknowledged: BTreeSet<String>,
    asked: BTreeSet<String>,
}

/// `ENTENTE_KILLS` for more: `cargo xtask storm --kills 300`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kill_what_was_acknowledged_is_there_once_with_its_entry() {
    let n_kills: u64 =
        std::env::var("ENTENTE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let folder = tempfile::tempdir().expect("a folder");
    for (engine, n_kills) in [("sled", n_kills / 2), ("redb", n_kills - n_kills / 2)] {
        let node = Folder::init(folder.path(), engine, engine);
        let known = Arc::new(Mutex::new(Known::default()));
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..n_kills {
            let mut child = node.start().await;
            let mut writers = tokio::task::JoinSet::new();
            for writer in 0..N_WRITERS {
                let client = node.client().await.expect("the node answers");
                writers.spawn(write(client, format!("{round}-{writer}"), Arc::clone(&known)));
            }
            // 5 to 400 ms after the writers began; a short life is as likely as a longer one.
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let life = Duration::from_millis(5 + (dice >> 33) % 395);
            let _ran_out = tokio::time::timeout(life, std::future::pending::<()>()).await;
            child.kill().expect("killed");
            child.wait().expect("reaped");
            writers.join_all().await;
        }
        check(&node, &known).await;
    }
}

/// Adds cases until the node goes away.
async fn write(
    mut client: entente_proto::v1::local_client::LocalClient<tonic::transport::Channel>,
    name: String,
    known: Arc<Mutex<Known>>,
) {
    for n in 0_u64.. {
        let number = format!("{name}-{n}");
        let fields = json!({
            "registered_on": "2026-05-04",
            "status": "possible",
            "external_ref": number,
            "exploitation": "forced_labour",
        });
        known.lock().expect("not poisoned").asked.insert(number.clone());
        let reply = client.record_add(ask(&json!({ "fields": fields }))).await;
        if told(reply).await.is_none() {
            return;
        }
        known.lock().expect("not poisoned").acknowledged.insert(number);
    }
}

async fn check(node: &Folder, known: &Mutex<Known>) {
    let mut child = node.start().await;
    let mut client = node.client().await.expect("the node answers");

    let file = node.home.join("all.csv");
    let export = json!({"file": file, "layout": "entente", "where": {}, "reveal": true});
    told(client.record_export(ask(&export)).await).await.expect("exported");
    let numbers = column(&std::fs::read_to_string(&file).expect("written"), "external_ref");
    let distinct: BTreeSet<String> = numbers.iter().cloned().collect();
    assert_eq!(numbers.len(), distinct.len(), "every case is there once");
    {
        let known = known.lock().expect("not poisoned");
        assert!(known.acknowledged.is_subset(&distinct), "every acknowledged case is there");
        assert!(distinct.is_subset(&known.asked), "nothing else is there");
        assert!(!known.acknowledged.is_empty(), "the writers got something done");
    }

    let verified = told(client.audit_verify(ask(&json!({}))).await).await.expect("verified");
    assert_eq!(verified.get("whole"), Some(&Value::Bool(true)), "{verified}");
    let status = told(client.status(ask(&json!({}))).await).await.expect("status");
    assert_eq!(status.pointer("/records/own"), Some(&json!(distinct.len())));
    assert_eq!(entries(node, "record_added"), distinct.len(), "effect and entry go together");
    child.kill().expect("killed");
    child.wait().expect("reaped");
}

/// How many entries of one kind the exported log has.
fn entries(node: &Folder, action: &str) -> usize {
    let file = node.home.join("audit.jsonl");
    let told = node.json(&["audit", "export", &file.display().to_string()]);
    assert!(told.get("error").is_none(), "{told}");
    let text = std::fs::read_to_string(&file).expect("written");
    text.lines().filter(|line| line.contains(&format!("\"{action}\""))).count()
}

/// One column of a CSV file without quoted line breaks.
fn column(text: &str, name: &str) -> Vec<String> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default().trim_start_matches('\u{feff}').to_owned();
    let at = header.split(',').position(|it| it.trim_matches('"') == name).expect("the column");
    let cell =
        |line: &str| line.split(',').nth(at).unwrap_or_default().trim_matches('"').to_owned();
    lines.map(cell).filter(|cell| !cell.is_empty()).collect()
}
