//! An overlap round as people do it, by commands: six organizations draft, read, sign, run and show
//! it, and estimate from it how many persons nobody knows.

#[expect(dead_code, reason = "shared with other tests, which use more of it")]
mod common;
#[expect(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "common/partners.rs"]
mod partners;

use std::path::Path;

use common::Folder;
use partners::{Up, agree, done, is, list, number, pair, set, sync, text};
use serde_json::{Value, json};

const NAMES: [&str; 6] = ["centre", "first", "second", "hotline", "harbour", "police"];

/// Six nodes, all partners of the first.
struct Six {
    folder: tempfile::TempDir,
    nodes: Vec<Folder>,
    _up: Vec<Up>,
}

impl Six {
    async fn partners() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut nodes = Vec::new();
        let mut up = Vec::new();
        for name in NAMES {
            let node = Folder::init(folder.path(), name, "redb");
            set(&node, "interval_s = 60", "interval_s = 86400");
            up.push(Up(node.start().await));
            nodes.push(node);
        }
        let six = Self { folder, nodes, _up: up };
        for (node, name) in six.nodes.iter().zip(NAMES).skip(1) {
            pair((six.centre(), "centre"), (node, name), six.folder.path());
        }
        for (at, (node, name)) in six.nodes.iter().zip(NAMES).skip(3).enumerate() {
            agree((node, name), (six.centre(), "centre"), six.folder.path());
            import(node, at, six.folder.path());
        }
        six
    }

    fn centre(&self) -> &Folder {
        self.nodes.first().expect("six nodes")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

/// The contributor at a place knows every second, third or fifth of made-up persons.
fn import(node: &Folder, at: usize, folder: &Path) {
    let header = "external_ref,registered_on,name_first,name_last,birthdate,status,\
        status_decided_by,gender,province_of_exploitation,exploitation,consent_scopes,\
        consent_given_by,consent_informed,consent_given_on";
    let syllables = ["bax", "kex", "dix", "fox", "gux", "lax", "mex", "nix", "sox", "rax"];
    let each = [2, 3, 5].get(at).copied().unwrap_or(2);
    let line = |n: usize| {
        let digits = n.to_string();
        let spelled = digits.bytes().filter_map(|it| syllables.get(usize::from(it - b'0')));
        let last: String = spelled.copied().collect();
        format!(
            "s-{n},2025-08-15,Ana,{last},1990-03-{:02},actual,ngo,woman,46,forced_labour,services;stats,self,yes,2025-08-15",
            n % 28 + 1
        )
    };
    let lines: Vec<_> = (0..150).filter(|n| n % each == 0).map(line).collect();
    let path = folder.join(format!("{at}.csv"));
    std::fs::write(&path, format!("{header}\n{}\n", lines.join("\n"))).expect("written");
    let told = done(node, &["record", "import", &path.display().to_string()]);
    assert_eq!(number(&told, "/added"), lines.len() as u64, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_organizations_run_a_round_by_commands() {
    let six = Six::partners().await;
    let (file, table) = (six.path("round.toml"), six.path("overlap.csv"));
    let draft = [
        "stats",
        "overlap",
        "draft",
        "2025",
        "--helpers",
        "first,second",
        "--contributes",
        "hotline=hotline,harbour=ngo,police=police",
        "--per-list",
        "1",
        "--size",
        "80",
        "--epsilon",
        "700",
        "--out",
        &file,
    ];
    let told = done(six.centre(), &draft);
    assert_eq!(told.pointer("/lists/1/list"), Some(&json!("ngo")));
    let dry = done(six.centre(), &["stats", "overlap", "sign", &file, "--dry-run"]);
    assert!(text(&dry, "/page/fr").contains("Ce que paie chaque personne"), "{dry}");
    assert_eq!(number(&dry, "/nano_rho"), 625 * 700 * 700);
    assert!(list(&done(six.centre(), &["stats", "overlap", "list"]), "/rounds").is_empty());

    done(six.centre(), &["stats", "overlap", "sign", &file]);
    let early = done(six.centre(), &["stats", "overlap", "run", "2025"]);
    assert_eq!(text(&early, "/round/state"), "running");
    let nothing = six.centre().json(&["stats", "overlap", "show", "2025", "--out", &table]);
    assert_eq!(text(&nothing, "/error/code"), "ENT-0036");
    for node in six.nodes.iter().skip(1) {
        sync(node, "centre");
        let signed = done(node, &["stats", "overlap", "sign", "2025"]);
        assert_eq!(text(&signed, "/round/state"), "signed");
        let not_theirs = node.json(&["stats", "overlap", "run", "2025"]);
        assert_eq!(text(&not_theirs, "/error/code"), "ENT-2125");
    }
    let told = done(six.centre(), &["stats", "overlap", "run", "2025"]);
    assert_eq!(text(&told, "/round/state"), "counted", "{told}");
    // 75, 50 and 30 persons; 110 of them different.
    let distinct = number(&told, "/counted/distinct");
    assert!((60..160).contains(&distinct), "{distinct}");

    let shown = done(six.centre(), &["stats", "overlap", "show", "2025", "--out", &table]);
    assert_eq!(shown.pointer("/counted"), told.pointer("/counted"));
    let written = std::fs::read_to_string(&table).expect("a table");
    assert_eq!(Some(&*written), told.pointer("/counted/csv").and_then(Value::as_str));
    // Noise may leave a table that determines nothing; then that is what is said.
    let estimate = six.centre().json(&["stats", "mse", &table, "--replications", "200"]);
    let refused = estimate.pointer("/error/code") == Some(&json!("ENT-0034"));
    assert!(refused || number(&estimate, "/observed") > 60, "{estimate}");

    // A contributor hears what it came to, and anybody can check it.
    let contributor = six.nodes.last().expect("six nodes");
    let file = six.path("overlap.result");
    let none = contributor.json(&["stats", "overlap", "show", "2025", "--signed", &file]);
    assert_eq!(text(&none, "/error/code"), "ENT-0036");
    sync(contributor, "centre");
    let heard = done(contributor, &["stats", "overlap", "show", "2025", "--signed", &file]);
    assert_eq!(heard.pointer("/counted/cells"), told.pointer("/counted/cells"));
    let verified = done(contributor, &["verify", &file]);
    assert!(is(&verified, "/verified"), "{verified}");
    assert_eq!(number(&verified, "/distinct"), distinct);
    assert_eq!(list(&verified, "/contributors").len(), 3);
    let page = contributor.run(&["verify", &file, "--lang", "fr"]);
    assert!(String::from_utf8_lossy(&page.stdout).contains("Chaque partie a signé"));
    let mut bytes = std::fs::read(&file).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let changed = contributor.json(&["verify", &file]);
    assert_eq!(text(&changed, "/error/code"), "ENT-0035");

    // What is only proposed is declined by ending it, and cannot be signed afterwards.
    let draft = ["stats", "overlap", "draft", "2024", "--propose"];
    let lists = ["--helpers", "first,second", "--contributes", "hotline=hotline,harbour=ngo"];
    let proposed = done(six.centre(), &[&draft[..], &lists].concat());
    assert_eq!(text(&proposed, "/round/state"), "proposed", "{proposed}");
    let hotline = six.nodes.get(3).expect("six nodes");
    sync(hotline, "centre");
    let declined = done(hotline, &["stats", "overlap", "end", "2024"]);
    assert_eq!(text(&declined, "/round/state"), "over");
    let late = hotline.json(&["stats", "overlap", "sign", "2024"]);
    assert_eq!(text(&late, "/error/code"), "ENT-2126");
    let twice = ["--helpers", "first,first", "--contributes", "hotline=hotline,harbour=ngo"];
    let refused = six.centre().json(&[&draft[..], &twice].concat());
    assert_eq!(text(&refused, "/error/code"), "ENT-2820");

    let budget = done(six.nodes.last().expect("six nodes"), &["budget"]);
    assert_eq!(number(&budget, "/years/0/spent_nano_rho"), 625 * 700 * 700);
    for lang in ["en", "fr"] {
        for node in [six.centre(), six.nodes.last().expect("six nodes")] {
            for args in [&["list"][..], &["show", "2025"], &["sign", "2025"], &["end", "2025"]] {
                let args = [&["stats", "overlap"], args, &["--lang", lang]].concat();
                let output = node.run(&args);
                let page = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success() && !page.is_empty(), "{args:?}: {page}");
            }
        }
    }
}
