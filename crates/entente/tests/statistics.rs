//! Private statistics as people do them, by commands: a plan is drafted, read, signed by both, asked,
//! shown, written into a return, and verified by somebody who has nothing but the file.

mod common;
#[path = "common/partners.rs"]
mod partners;
#[path = "common/two.rs"]
mod two;
#[path = "common/up.rs"]
mod up;
#[path = "common/women.rs"]
mod women;

use std::path::PathBuf;
use std::process::{Command, Output};

use common::{Folder, ask, told};
use partners::{Up, done, is, list, number, sync, text};
use serde_json::{Value, json};
use women::manitoba;

/// How many women of Manitoba the province has in 2025.
const N_CASES: u64 = 60;

/// A centre that asks and a province that contributes, with an agreement and cases.
struct Two {
    folder: tempfile::TempDir,
    province: Folder,
    centre: Folder,
    running: Up,
    /// Ends with the test.
    _centre: Up,
}

impl Two {
    async fn partners() -> Self {
        Self::on(["sled", "sled"]).await
    }

    /// The same on these engines, the province's first.
    async fn on(engines: [&str; 2]) -> Self {
        let two::Partners { folder, province: (province, running), centre: (centre, up) } =
            two::partners(engines).await;
        women::import(&province, folder.path(), N_CASES);
        Self { folder, province, centre, running, _centre: up }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The plan, drafted and signed by the centre.
    fn proposed(&self) {
        let file = self.path("plan.toml");
        done(&self.centre, &["plan", "draft", "--contributes", "province", "--out", &file]);
        done(&self.centre, &["plan", "sign", &file]);
        sync(&self.province, "centre");
    }

    fn run(&self) -> Value {
        done(&self.centre, &["stats", "run", "canada", "--period", "2025"])
    }

    fn run_cube(&self, cube: &str) -> Value {
        let args = ["stats", "run", "canada", "--period", "2025", "--cube", cube];
        done(&self.centre, &args)
    }

    /// The province's process ends without a word, and is started again.
    async fn kill(&mut self) {
        self.running.kill();
        self.running = Up(self.province.start().await);
    }

    /// How many entries of these kinds the province's exported log has.
    fn entries<const N: usize>(&self, file: &str, actions: [&str; N]) -> [usize; N] {
        let file = self.path(file);
        done(&self.province, &["audit", "export", &file]);
        let log = std::fs::read_to_string(&file).expect("written");
        actions.map(|it| log.lines().filter(|line| line.contains(&format!("\"{it}\""))).count())
    }

    /// The figures: asked for, drawn by the province when it comes to it, and asked for again.
    fn figures(&self) -> Value {
        let asked = self.run();
        let why = "/tables/0/coverage/partners/0/reasons/0/code";
        assert_eq!(text(&asked, why), "not_yet");
        let budget = done(&self.province, &["budget"]);
        assert_eq!((number(&budget, "/undrawn"), number(&budget, "/charges")), (5, 5));
        sync(&self.province, "centre");
        assert_eq!(number(&done(&self.province, &["budget"]), "/undrawn"), 0);
        self.run()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_read_before_it_is_signed_and_answers_nothing_before() {
    let two = Two::partners().await;
    let file = two.path("plan.toml");
    done(&two.centre, &["plan", "draft", "--contributes", "province", "--out", &file]);
    let dry = done(&two.centre, &["plan", "sign", &file, "--dry-run"]);
    assert!(!is(&dry, "/done") && text(&dry, "/page/fr").contains("Ce qui est promis"));
    assert_eq!(number(&dry, "/price/year_nano_rho"), 88_150_000);
    assert!(list(&done(&two.centre, &["plan", "list"]), "/plans").is_empty());

    assert!(is(&done(&two.centre, &["plan", "sign", &file]), "/done"));
    sync(&two.province, "centre");
    let theirs = done(&two.province, &["plan", "show", "canada@1"]);
    assert_eq!(text(&theirs, "/plan/signed_by/0/name/en"), "centre");
    assert_eq!(theirs.pointer("/plan/signed_at"), Some(&Value::Null));
    let unsigned = two.run();
    assert_eq!(number(&unsigned, "/tables/0/coverage/refused"), 1);
    let why = "/tables/0/coverage/partners/0/reasons/0/code";
    assert_eq!(text(&unsigned, why), "not_signed");
    assert_eq!(manitoba(&unsigned).pointer("/symbol"), Some(&json!("..")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_asked_once_kept_and_shown_with_what_belongs_to_them() {
    let mut two = Two::partners().await;
    two.proposed();
    done(&two.province, &["plan", "sign", "canada"]);
    let first = two.figures();
    let cell = manitoba(&first);
    // Six standard deviations of 4.61.
    assert!((32..=88).contains(&number(&cell, "/value")), "{cell}");
    assert!(number(&cell, "/low") < number(&cell, "/value") && number(&cell, "/floor") == 15);
    assert_eq!(number(&first, "/tables/0/coverage/answered"), 1);
    assert_eq!(list(&first, "/tables").len(), 5);
    let counts = |at: u8| text(&first, &format!("/tables/{at}/counts"));
    assert_eq!([2, 3, 4].map(counts), ["cases", "referrals", "referrals"]);
    let page = said(&two.centre.run(&["stats", "show", "canada", "--period", "2025"]));
    assert!(page.contains("lies between “At least” and the upper end"), "{page}");

    let status = done(&two.centre, &["stats", "status"]);
    assert_eq!(number(&status, "/releases/0/answered"), 1);
    let theirs = done(&two.province, &["stats", "status"]);
    assert_eq!(list(&theirs, "/releases").len(), 5);
    assert_eq!(text(&theirs, "/releases/0/own"), "drawn");
    let budget = done(&two.province, &["budget"]);
    assert_eq!(number(&budget, "/charges"), 5);
    assert_eq!(number(&budget, "/years/0/spent_nano_rho"), 88_150_000);
    assert_eq!(number(&budget, "/years/0/partners/0/spent_nano_rho"), 88_150_000);
    assert_eq!(number(&done(&two.centre, &["budget"]), "/charges"), 0);

    // What is kept needs nobody.
    two.running.stop(&two.province);
    assert_eq!(two.run(), first);
    let shown = done(&two.centre, &["stats", "show", "canada", "--period", "2025"]);
    assert_eq!(shown, first);
    let early = two.centre.json(&["stats", "run", "canada", "--period", "2027"]);
    assert_eq!(text(&early, "/error/code"), "ENT-2109");
    let never = two.centre.json(&["stats", "run", "canada", "--period", "2024"]);
    assert_eq!(text(&never, "/error/code"), "ENT-2105");
}

/// RT7 on the real program. What was paid for and not drawn is drawn once, and what was drawn and not
/// told is told as it was drawn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_killed_between_charge_and_answer_has_charged_once_and_answers_once() {
    for engine in ["sled", "redb"] {
        let mut two = Two::on([engine, "sled"]).await;
        two.proposed();
        done(&two.province, &["plan", "sign", "canada"]);
        let mut n_undrawn = 0;
        for (n, cube) in [(1, "province"), (2, "region-quarter")] {
            let asked = two.run_cube(cube);
            let why = "/tables/0/coverage/partners/0/reasons/0/code";
            assert_eq!(text(&asked, why), "not_yet");
            two.kill().await;
            let budget = done(&two.province, &["budget"]);
            let spent = number(&budget, "/years/0/spent_nano_rho");
            assert_eq!((number(&budget, "/charges"), spent), (n, n * 23_550_000), "{engine}");
            n_undrawn += number(&budget, "/undrawn");

            // It is asked again and draws, and is killed before anybody has the figures.
            two.run_cube(cube);
            sync(&two.province, "centre");
            assert_eq!(number(&done(&two.province, &["budget"]), "/undrawn"), 0);
            two.kill().await;
            let told = two.run_cube(cube);
            assert_eq!(number(&told, "/tables/0/coverage/answered"), 1, "{told}");
            let budget = done(&two.province, &["budget"]);
            let spent = number(&budget, "/years/0/spent_nano_rho");
            assert_eq!((number(&budget, "/charges"), spent), (n, n * 23_550_000), "{engine}");
            let n = usize::try_from(n).expect("few");
            let entries =
                two.entries(&format!("{cube}.jsonl"), ["release_charged", "release_drawn"]);
            assert_eq!(entries, [n, n], "{engine}");
        }
        // A node draws by itself every half minute, so that one may have come before a kill.
        assert!(n_undrawn > 0, "no kill came between a charge and its answer");
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
async fn a_return_is_verified_by_who_has_nothing_but_the_file() {
    let mut two = Two::partners().await;
    two.proposed();
    done(&two.province, &["plan", "sign", "canada"]);
    two.figures();
    // The centre hears of the signature: a return without it would not be right.
    sync(&two.centre, "province");
    let id = |node| text(&done(node, &["status"]), "/organization/id");
    let (centre, province) = (id(&two.centre), id(&two.province));
    two.running.kill();
    let file = two.path("canada-2025.return");
    let written = done(&two.centre, &["stats", "return", "canada", "2025", "--out", &file]);
    assert_eq!((number(&written, "/tables"), number(&written, "/answered")), (5, 5));
    let both = format!("{centre},{province}");

    let right = verify(&[&file, "--trust", &both]);
    assert!(right.status.success(), "{}", said(&right));
    assert!(said(&right).contains("every figure follows"), "{}", said(&right));
    let stranger = verify(&[&file, "--trust", &centre, "--json"]);
    assert_eq!(stranger.status.code(), Some(1));
    let document: Value = serde_json::from_str(&said(&stranger)).expect("a document");
    assert!(!is(&document, "/verified") && list(&document, "/faults").len() == 1);

    let sdmx = said(&verify(&[&file, "--format", "sdmx"]));
    assert!(sdmx.contains("A,N,VC_HTF_DETVFL,124,_T,_T,"), "{sdmx}");
    let csv = said(&verify(&[&file, "--format", "csv"]));
    assert_eq!(csv.lines().count(), 14 + 35 + 72 + 161 + 154 + 5 + 1);
    let document: Value =
        serde_json::from_str(&said(&verify(&[&file, "--format", "json"]))).expect("a document");
    let shown = done(&two.centre, &["stats", "show", "canada", "--period", "2025"]);
    assert_eq!(manitoba(&document).pointer("/value"), manitoba(&shown).pointer("/value"));

    let mut bytes = std::fs::read(&file).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let changed = two.path("changed.return");
    std::fs::write(&changed, bytes).expect("written");
    let refused = verify(&[&changed, "--json"]);
    let document: Value = serde_json::from_str(&said(&refused)).expect("a document");
    assert_eq!(text(&document, "/error/code"), "ENT-0035");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_statistics_is_readable_in_both_languages() {
    let two = Two::partners().await;
    two.proposed();
    let mut client = two.centre.client().await.expect("the node answers");
    let told = told(client.budget(ask(&json!({}))).await).await.expect("told");
    assert_eq!(number(&told, "/charges"), 0);
    for lang in ["en", "fr"] {
        for args in [
            &["plan", "list"][..],
            &["plan", "show", "canada"],
            &["stats", "run", "canada"],
            &["stats", "show", "canada"],
            &["stats", "status"],
            &["budget"],
        ] {
            let output = two.centre.run(&[args, &["--lang", lang]].concat());
            assert!(output.status.success(), "{args:?}: {}", said(&output));
            assert!(!said(&output).is_empty());
        }
    }
}
