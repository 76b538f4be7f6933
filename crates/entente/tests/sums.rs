//! A secure sum as people do it, by commands: eight nodes, one of which is down when it counts.

mod common;
#[path = "common/partners.rs"]
mod partners;
#[path = "common/up.rs"]
mod up;
#[path = "common/women.rs"]
mod women;

use std::path::PathBuf;
use std::process::{Command, Output};

use common::{Folder, ask, told};
use partners::{Up, agree, done, is, list, number, pair, sync, text};
use serde_json::{Value, json};
use up::up;
use women::manitoba;

/// How many women of Manitoba each office has in 2025.
const EACH: u64 = 20;

const OFFICES: [&str; 6] = ["north", "south", "east", "west", "coast", "island"];

struct World {
    folder: tempfile::TempDir,
    centre: (Folder, Up),
    helper: (Folder, Up),
    offices: Vec<(Folder, Up)>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        let (centre, helper) =
            (up(path, "centre", "redb").await, up(path, "shelter", "redb").await);
        pair((&centre.0, "centre"), (&helper.0, "shelter"), path);
        let mut offices = Vec::new();
        for name in OFFICES {
            let office = up(path, name, "redb").await;
            pair((&centre.0, "centre"), (&office.0, name), path);
            agree((&office.0, name), (&centre.0, "centre"), path);
            women::import(&office.0, path, EACH);
            offices.push(office);
        }
        Self { folder, centre, helper, offices }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The plan, drafted by the centre and signed by all.
    fn plan(&self) {
        let file = self.path("plan.toml");
        let contributes = OFFICES.join(",");
        let args = ["plan", "draft", "--contributes", &contributes, "--adds-up", "us,shelter"];
        let drafted = self.centre.0.json(&args);
        // All nodes of these tests are of one kind, and a sum needs three of another than who asks.
        assert_eq!(text(&drafted, "/error/code"), "ENT-2101");
        let wide = self.centre.0.json(&[&args[..4], &["--out", &file]].concat());
        assert!(wide.get("error").is_none(), "{wide}");
        let toml = std::fs::read_to_string(&file).expect("a draft");
        let (before, after) = toml.split_once("[roles.queriers]").expect("who asks");
        let id = |node: &Folder| text(&done(node, &["status"]), "/organization/id");
        let [leader, helper] = [id(&self.centre.0), id(&self.helper.0)];
        let toml = format!(
            "{before}[roles]\naggregators = [\"{leader}\", \"{helper}\"]\n[roles.queriers]{}",
            after.replacen("\"ngo\"", "\"federal\"", 1)
        );
        std::fs::write(&file, toml).expect("written");
        done(&self.centre.0, &["plan", "sign", &file]);
        for (node, _) in self.offices.iter().chain([&self.helper]) {
            sync(node, "centre");
            let signed = done(node, &["plan", "sign", "canada"]);
            assert_eq!(text(&signed, "/plan/mode"), "secure_sum");
        }
    }

    fn run(&self, more: &[&str]) -> Value {
        let args = ["stats", "run", "canada", "--period", "2025", "--cube", "province"];
        done(&self.centre.0, &[&args[..], more].concat())
    }
}

/// Verifies a file where there is no node.
fn verify(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entente"));
    command.env("ENTENTE_LANG", "en").env("ENTENTE_HOME", PathBuf::from("/nonexistent"));
    command.arg("verify").args(args).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_nodes_add_up_in_secret_and_anybody_verifies_the_sum_of_five() {
    let mut world = World::new().await;
    world.plan();
    let (island, mut running) = world.offices.pop().expect("an office");
    running.stop(&island);

    // With one missing the intake stays open, and says for whom it waits.
    let waiting = world.run(&[]);
    assert_eq!(text(&waiting, "/tables/0/sum/state"), "open");
    assert_eq!(text(&waiting, "/tables/0/sum/why/code"), "waiting");
    assert_eq!(text(&waiting, "/tables/0/sum/helper/name/en"), "shelter");
    assert_eq!(number(&waiting, "/tables/0/coverage/answered"), 5);
    assert_eq!(number(&waiting, "/tables/0/coverage/unreachable"), 1);
    assert_eq!(manitoba(&waiting).pointer("/symbol"), Some(&json!("..")));
    let status = done(&world.centre.0, &["status"]);
    assert_eq!((number(&status, "/sums/0/taken"), number(&status, "/sums/0/silent")), (5, 1));
    let mut client = world.helper.0.client().await.expect("the node answers");
    let helping = told(client.status(ask(&json!({}))).await).await.expect("told");
    assert_eq!(text(&helping, "/sums/0/role"), "helper");

    let sum = world.run(&["--close"]);
    assert_eq!(text(&sum, "/tables/0/sum/state"), "done");
    let cell = manitoba(&sum);
    // Six standard deviations of two noises of 4.61.
    assert!((5 * EACH - 40..=5 * EACH + 40).contains(&number(&cell, "/value")), "{cell}");
    assert_eq!(number(&sum, "/tables/0/error_hundredths"), 652);
    // The largest of the five is at least their mean.
    assert_eq!(number(&cell, "/largest"), number(&cell, "/low").div_ceil(5));
    assert_eq!(world.run(&[]), sum);
    assert!(list(&done(&world.centre.0, &["status"]), "/sums").is_empty());

    let standing = |node: &Folder, pointer: &str| {
        text(&done(node, &["stats", "status", "canada"]), &format!("/releases/0{pointer}"))
    };
    assert_eq!(standing(&world.centre.0, "/roles/1"), "leader");
    assert_eq!(standing(&world.helper.0, "/sum"), "done");
    assert_eq!(standing(&world.offices[0].0, "/sum"), "contributed");
    let budget = done(&world.offices[0].0, &["budget"]);
    assert_eq!(number(&budget, "/charges"), 1);
    for lang in ["en", "fr"] {
        for args in [&["stats", "show", "canada"][..], &["stats", "status"], &["status"]] {
            let output = world.centre.0.run(&[args, &["--lang", lang]].concat());
            assert!(output.status.success() && !said(&output).is_empty(), "{args:?}");
        }
    }
    let page = said(&world.centre.0.run(&["stats", "show", "canada", "--period", "2025"]));
    assert!(page.contains("Added up in secret by centre (leader) and shelter (helper)"), "{page}");
    assert!(page.contains("lies between “At least” and the upper end"), "{page}");

    returned(&mut world);
}

/// The centre has heard of all signatures, and writes a return.
fn returned(world: &mut World) {
    sync(&world.centre.0, "shelter");
    for name in &OFFICES[..5] {
        sync(&world.centre.0, name);
    }
    // What is kept needs nobody.
    world.helper.1.kill();
    let file = world.path("canada-2025.return");
    let written = done(&world.centre.0, &["stats", "return", "canada", "2025", "--out", &file]);
    assert_eq!((number(&written, "/tables"), number(&written, "/answered")), (5, 5));
    let right = verify(&[&file]);
    assert!(right.status.success(), "{}", said(&right));
    assert!(said(&right).contains("every figure follows"), "{}", said(&right));
    let document = said(&verify(&[&file, "--format", "json"]));
    let document: Value = serde_json::from_str(&document).expect("a document");
    assert!(is(&document, "/tables/0/secure_sum") && !is(&document, "/tables/1/secure_sum"));
    assert_eq!(list(&document, "/tables/0/answered").len(), 5);
    assert_eq!(list(&document, "/tables/0/silent").len(), 1);
}
