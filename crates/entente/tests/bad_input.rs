//! Bad input: settings, drafts, files, folders, ports and disks that are wrong, given to the real
//! program. Each is one clear error with a code and the next step, nothing is half-done, nothing is
//! lost, and the node goes on.

#[path = "common/cases.rs"]
mod cases;
mod common;
#[path = "common/partners.rs"]
mod partners;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cases::{HEADER, import, line, n_records, reference};
use common::{Folder, ask, told};
use entente_core::codes::OrgType;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgKey;
use entente_core::lang::Text;
use entente_core::pairing::commitment;
use entente_proto::{Card, Invitation};
use partners::{Up, agree, done, is, list, number, pair, set, text};
use serde_json::{Value, json};

/// Two partners that run, and a node that does not.
struct Stage {
    folder: tempfile::TempDir,
    office: Folder,
    centre: Folder,
    idle: Folder,
    /// They end with the test.
    _running: [Up; 2],
    backup: String,
    bundle: String,
    agreement: String,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [office, centre, idle] =
            ["office", "centre", "idle"].map(|name| Folder::init(folder.path(), name, "redb"));
        for node in [&office, &centre] {
            set(node, "interval_s = 60", "interval_s = 86400");
        }
        let running = [Up(office.start().await), Up(centre.start().await)];
        pair((&centre, "centre"), (&office, "office"), folder.path());
        let agreement = agree((&office, "office"), (&centre, "centre"), folder.path());
        import(&office, 0..6, folder.path());
        let backup = text(&done(&office, &["backup", "create"]), "/backup/file");
        done(&office, &["epoch", "close", "2026-Q3"]);
        let bundle = folder.path().join("to-centre.bundle").display().to_string();
        done(&office, &["bundle", "export", "centre", &bundle]);
        Self { folder, office, centre, idle, _running: running, backup, bundle, agreement }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.folder.path().join(name), bytes).expect("written");
        self.file(name)
    }

    fn passphrase(&self, node: &str) -> String {
        self.file(&format!("{node}.passphrase"))
    }

    /// What must not change when something is refused.
    fn state(&self) -> Value {
        let of = |node: &Folder| {
            let status = done(node, &["status"]);
            let parts = ["/records", "/partners"].map(|part| status.pointer(part).cloned());
            let lists = ["agreement", "backup"].map(|name| done(node, &[name, "list"]));
            json!([parts, lists])
        };
        json!([of(&self.office), of(&self.centre), names_in(self.folder.path())])
    }
}

/// The names of all files that are not part of a store.
fn names_in(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "store") {
            names.extend(names_in(&path));
        }
        // Made anew at every start, whatever comes of it.
        if !path.ends_with("identity.pem") {
            names.insert(path.display().to_string());
        }
    }
    names
}

/// One thing that is wrong: what it is, the code it is told by, and how it is done.
struct Bad {
    name: &'static str,
    code: &'static str,
    /// Prepares files, and says what is then typed, and at which node.
    typed: fn(&Stage) -> (Folder, Vec<String>),
}

fn at(node: &Folder, args: &[&str]) -> (Folder, Vec<String>) {
    (node.clone(), args.iter().map(|arg| (*arg).to_owned()).collect())
}

/// The idle node is started, with settings changed from one to the other.
fn with_settings(stage: &Stage, from: &str, to: &str) -> (Folder, Vec<String>) {
    let path = stage.idle.home.join("entente.toml");
    let right = std::fs::read_to_string(stage.office.home.join("entente.toml")).expect("settings");
    assert!(right.contains(from), "{from}");
    std::fs::write(path, right.replace(from, to)).expect("written");
    at(&stage.idle, &["node", "run", "--passphrase-file", &stage.passphrase("idle")])
}

/// The draft in force, changed, is proposed.
fn with_draft(stage: &Stage, from: &str, to: &str) -> (Folder, Vec<String>) {
    let draft = std::fs::read_to_string(stage.file("office-centre.toml")).expect("the draft");
    assert!(draft.contains(from), "{from}");
    let file = stage.write("draft.toml", draft.replace(from, to));
    at(&stage.office, &["agreement", "propose", &file, "centre"])
}

/// A table is imported.
fn with_table(stage: &Stage, bytes: impl AsRef<[u8]>, more: &[&str]) -> (Folder, Vec<String>) {
    let file = stage.write("table.csv", bytes);
    at(&stage.office, &[&["record", "import", &file], more].concat())
}

/// A backup that is not as it was made is restored, or read.
fn with_backup(stage: &Stage, verb: &str, spoil: fn(&mut Vec<u8>)) -> (Folder, Vec<String>) {
    let mut bytes = std::fs::read(&stage.backup).expect("the backup");
    spoil(&mut bytes);
    let file = stage.write("spoilt.backup", bytes);
    backup(stage, verb, &file, "office", "blank")
}

fn backup(
    stage: &Stage,
    verb: &str,
    file: &str,
    secret: &str,
    into: &str,
) -> (Folder, Vec<String>) {
    let (secret, config) = (stage.passphrase(secret), stage.office.home.join("entente.toml"));
    let mut node = stage.office.clone();
    node.home = stage.folder.path().join(into);
    let (node, mut args) = at(&node, &["backup", verb, file, "--passphrase-file", &secret]);
    if verb == "restore" {
        args.extend(["--config".to_owned(), config.display().to_string()]);
    }
    (node, args)
}

/// A bundle that is not as it was written is read.
fn with_bundle(stage: &Stage, spoil: fn(&mut Vec<u8>)) -> (Folder, Vec<String>) {
    let mut bytes = std::fs::read(&stage.bundle).expect("the bundle");
    spoil(&mut bytes);
    at(&stage.centre, &["bundle", "import", &stage.write("spoilt.bundle", bytes)])
}

/// Changes one bit near the end, where nothing is that was read before.
fn flip(bytes: &mut [u8]) {
    let at = bytes.len() - 100;
    *bytes.get_mut(at).expect("a byte") ^= 1;
}

/// An invitation that lapsed long ago, signed as it should be.
fn expired_invitation() -> String {
    let key = OrgKey::from_seed(&[7; 32]);
    let inviter = Card {
        org: key.id(),
        name: Text::new("Harbour", "Havre"),
        kind: OrgType::Ngo,
        address: "127.0.0.1:1".to_owned(),
    };
    let invitation = Invitation {
        ticket: [1; 16],
        commitment: commitment(&inviter.org, &[2; 32]),
        inviter,
        recipient: "office".to_owned(),
        created_at_s: 1_700_000_000,
        expires_at_s: 1_700_086_400,
        template: String::new(),
        contact: None,
    };
    let payload = entente_proto::encode_invitation(&invitation);
    let envelope = Envelope::seal(payload_type::INVITATION, payload, &key).expect("signed");
    entente_proto::invitation_link(&envelope).expect("a link")
}

const BAD: &[Bad] = &[
    Bad {
        name: "an unknown key in the settings",
        code: "ENT-1002",
        typed: |stage| with_settings(stage, "interval_s", "intervall_s"),
    },
    Bad {
        name: "a duration with its unit in the settings",
        code: "ENT-1002",
        typed: |stage| with_settings(stage, "interval_s = 86400", "interval_s = \"1 day\""),
    },
    Bad {
        name: "a number outside its bounds in the settings",
        code: "ENT-1002",
        typed: |stage| with_settings(stage, "interval_s = 86400", "interval_s = 0"),
    },
    Bad {
        name: "settings that are not TOML",
        code: "ENT-1002",
        typed: |stage| with_settings(stage, "[store]", "[store"),
    },
    Bad {
        name: "two nodes on one folder",
        code: "ENT-1005",
        typed: |stage| {
            let secret = stage.passphrase("office");
            at(&stage.office, &["node", "run", "--passphrase-file", &secret])
        },
    },
    Bad {
        name: "a port that is taken",
        code: "ENT-1007",
        typed: |stage| with_settings(stage, "interval_s = 86400", "interval_s = 86400"),
    },
    Bad {
        name: "a wrong passphrase",
        code: "ENT-1101",
        typed: |stage| {
            let (node, _) = with_settings(stage, "[store]", "[store]");
            let secret = stage.write("wrong.passphrase", "another five random words\n");
            at(&node, &["node", "run", "--passphrase-file", &secret])
        },
    },
    Bad {
        name: "a folder without a node",
        code: "ENT-1001",
        typed: |stage| {
            let mut node = stage.office.clone();
            node.home = stage.folder.path().join("blank");
            at(&node, &["node", "run", "--passphrase-file", &stage.passphrase("office")])
        },
    },
    Bad {
        name: "a folder that has a node already",
        code: "ENT-1003",
        typed: |stage| {
            let secret = stage.passphrase("office");
            at(
                &stage.office,
                &[
                    "node",
                    "init",
                    "--name-en",
                    "A",
                    "--name-fr",
                    "B",
                    "--kind",
                    "ngo",
                    "--passphrase-file",
                    &secret,
                ],
            )
        },
    },
    Bad {
        name: "a name that turns the direction of what follows",
        code: "ENT-2792",
        typed: |stage| {
            let secret = stage.passphrase("office");
            let mut node = stage.office.clone();
            node.home = stage.folder.path().join("turned");
            at(
                &node,
                &[
                    "node",
                    "init",
                    "--name-en",
                    "Police\u{202e}",
                    "--name-fr",
                    "B",
                    "--kind",
                    "ngo",
                    "--passphrase-file",
                    &secret,
                ],
            )
        },
    },
    Bad {
        name: "an unknown key in a draft",
        code: "ENT-1302",
        typed: |stage| with_draft(stage, "notice_days", "notice_dais"),
    },
    Bad {
        name: "a number with its unit in a draft",
        code: "ENT-1302",
        typed: |stage| with_draft(stage, "retention_days = 1825", "retention_days = \"5 years\""),
    },
    Bad {
        name: "a group that is too small in a draft",
        code: "ENT-1302",
        typed: |stage| with_draft(stage, "min_group_persons = 5", "min_group_persons = 4"),
    },
    Bad {
        name: "a template that there is not",
        code: "ENT-1305",
        typed: |stage| at(&stage.office, &["agreement", "draft", "province-moon", "centre"]),
    },
    Bad {
        name: "an agreement that is signed already",
        code: "ENT-1303",
        typed: |stage| at(&stage.centre, &["agreement", "sign", &stage.agreement]),
    },
    Bad {
        name: "an invitation that has expired",
        code: "ENT-1203",
        typed: |stage| at(&stage.office, &["partner", "open", &expired_invitation()]),
    },
    Bad {
        name: "half an invitation",
        code: "ENT-1204",
        typed: |stage| {
            let link = expired_invitation();
            at(&stage.office, &["partner", "open", link.get(..link.len() / 2).unwrap_or_default()])
        },
    },
    Bad {
        name: "a backup that is cut off, read",
        code: "ENT-0031",
        typed: |stage| with_backup(stage, "verify", |bytes| bytes.truncate(bytes.len() * 2 / 3)),
    },
    Bad {
        name: "a backup that is cut off, restored",
        code: "ENT-0031",
        typed: |stage| with_backup(stage, "restore", |bytes| bytes.truncate(bytes.len() - 1)),
    },
    Bad {
        name: "a backup with another bit, read",
        code: "ENT-0031",
        typed: |stage| with_backup(stage, "verify", |bytes| flip(bytes)),
    },
    Bad {
        name: "a backup with another bit, restored",
        code: "ENT-0031",
        typed: |stage| with_backup(stage, "restore", |bytes| flip(bytes)),
    },
    Bad {
        name: "a file that is no backup",
        code: "ENT-0031",
        typed: |stage| with_backup(stage, "restore", |bytes| *bytes = b"not a backup".to_vec()),
    },
    Bad {
        name: "a backup with another passphrase",
        code: "ENT-0031",
        typed: |stage| {
            stage.write("other.passphrase", "another five random words\n");
            backup(stage, "restore", &stage.backup, "other", "blank")
        },
    },
    Bad {
        name: "a backup over a node",
        code: "ENT-0031",
        typed: |stage| backup(stage, "restore", &stage.backup, "office", "idle"),
    },
    Bad {
        name: "a bundle for somebody else",
        code: "ENT-1512",
        typed: |stage| at(&stage.office, &["bundle", "import", &stage.bundle]),
    },
    Bad {
        name: "a bundle that is cut off",
        code: "ENT-1510",
        typed: |stage| with_bundle(stage, |bytes| bytes.truncate(bytes.len() / 2)),
    },
    Bad {
        name: "a bundle with another bit",
        code: "ENT-15",
        typed: |stage| with_bundle(stage, |bytes| flip(bytes)),
    },
    Bad {
        name: "a bundle over a file that is there",
        code: "ENT-1011",
        typed: |stage| at(&stage.office, &["bundle", "export", "centre", &stage.bundle]),
    },
    Bad {
        name: "bytes that are no text",
        code: "ENT-1422",
        typed: |stage| with_table(stage, [0, 159, 146, 150, 0, 1, 2, 3], &[]),
    },
    Bad { name: "an empty file", code: "ENT-1422", typed: |stage| with_table(stage, "", &[]) },
    Bad {
        name: "separators that are none",
        code: "ENT-14",
        typed: |stage| {
            with_table(stage, format!("{HEADER}\n{}\n", line(90)).replace(',', "~"), &[])
        },
    },
    Bad {
        name: "columns of nothing known",
        code: "ENT-1423",
        typed: |stage| with_table(stage, "colour,size\nred,3\n", &[]),
    },
    Bad {
        name: "columns of another layout",
        code: "ENT-1422",
        typed: |stage| with_table(stage, "colour,size\nred,3\n", &["--layout", "entente"]),
    },
    Bad {
        name: "a column twice",
        code: "ENT-1422",
        typed: |stage| {
            let table = format!("{HEADER},gender\n{},man\n", line(91));
            with_table(stage, table, &["--layout", "entente"])
        },
    },
    Bad {
        name: "a layout that there is not",
        code: "ENT-1420",
        typed: |stage| with_table(stage, "a,b\n", &["--layout", "ctdc-1999"]),
    },
    Bad {
        name: "a workbook that is none",
        code: "ENT-1422",
        typed: |stage| {
            let file = stage.write("table.xlsx", "PK\u{3}\u{4} and no more");
            at(&stage.office, &["record", "import", &file])
        },
    },
    Bad {
        name: "a record of the year 0",
        code: "ENT-14",
        typed: |stage| at(&stage.office, &["record", "add", "registered_on=0000-01-01"]),
    },
    Bad {
        name: "a record of the year 9999",
        code: "ENT-14",
        typed: |stage| at(&stage.office, &["record", "add", "registered_on=9999-12-31"]),
    },
    Bad {
        name: "a record of next year",
        code: "ENT-14",
        typed: |stage| at(&stage.office, &["record", "add", "registered_on=2199-01-01"]),
    },
    Bad {
        name: "a day that there is not",
        code: "ENT-14",
        typed: |stage| at(&stage.office, &["record", "add", "registered_on=2026-02-30"]),
    },
    Bad {
        name: "a person who is two hundred years old",
        code: "ENT-14",
        typed: |stage| at(&stage.office, &["record", "add", "age_at_registration=200"]),
    },
    Bad {
        name: "a name of 100,000 characters",
        code: "ENT-14",
        typed: |stage| {
            let name = format!("name_last={}", "x".repeat(100_000));
            at(&stage.office, &["record", "add", &name])
        },
    },
    Bad {
        name: "notes of a million characters",
        code: "ENT-14",
        typed: |stage| {
            let file = stage.write("fields", format!("notes={}\n", "x".repeat(1_000_000)));
            at(&stage.office, &["record", "add", "--from", &file])
        },
    },
    Bad {
        name: "an epoch that is not over",
        code: "ENT-1501",
        typed: |stage| at(&stage.office, &["epoch", "close", "2199-Q1"]),
    },
];

/// The one fault that a command printed, in both languages and with a next step.
fn fault_of(name: &str, output: &Output) -> Value {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!err.contains("panicked at"), "{name}: {err}");
    assert_eq!(output.status.code(), Some(1), "{name}: {out} {err}");
    assert_eq!(out.trim_end().lines().count(), 1, "{name}: {out}");
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{name}: {out}"));
    assert_eq!(told.as_object().expect("an object").len(), 1, "{name}: {told}");
    let fault = told.pointer("/error").cloned().unwrap_or_default();
    let code = text(&fault, "/code");
    assert!(code.len() == 8 && code.starts_with("ENT-"), "{name}: {fault}");
    let (en, fr) = (text(&fault, "/what/en"), text(&fault, "/what/fr"));
    assert!(!en.is_empty() && !fr.is_empty() && en != fr, "{name}: {fault}");
    // A command is the same in both languages.
    let (en, fr) = (text(&fault, "/next/en"), text(&fault, "/next/fr"));
    let is_command = en == fr && en.starts_with("entente ");
    assert!(!en.is_empty() && !fr.is_empty() && (en != fr || is_command), "{name}: {fault}");
    for why in list(&fault, "/why") {
        assert!(!text(&why, "/en").is_empty() && !text(&why, "/fr").is_empty(), "{name}: {fault}");
    }
    assert!(fault.to_string().len() < 4096, "{name}: what was typed is not repeated");
    fault
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_one_clear_error_and_changes_nothing() {
    let stage = Stage::new().await;
    for Bad { name, code, typed } in BAD {
        let (node, args) = typed(&stage);
        let before = stage.state();
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let fault = fault_of(name, &node.run(&[&["--json"], &args[..]].concat()));
        assert!(text(&fault, "/code").starts_with(code), "{name}: {fault}");
        assert_eq!(before, stage.state(), "{name} changed something");
    }
    for node in [&stage.office, &stage.centre] {
        let mut client = node.client().await.expect("the node answers");
        let verified = told(client.audit_verify(ask(&json!({}))).await).await.expect("verified");
        assert!(is(&verified, "/whole"), "{verified}");
    }
}

/// A cell that is wrong, the column it is in, and the code of the reason.
const CELLS: &[(&str, &str, &str)] = &[
    ("registered_on", "0000-01-01", "not_a_date"),
    ("registered_on", "9999-12-31", "not_a_date"),
    ("registered_on", "2199-01-01", "in_the_future"),
    ("registered_on", "yesterday", "not_a_date"),
    ("registered_on", "", "required"),
    ("gender", "=1+1", "formula"),
    ("external_ref", "=HYPERLINK(1)", "formula"),
    ("gender", "woma\u{fffd}", "encoding"),
    ("age_at_registration", "121", "not_a_number_in_range"),
    ("exploitation", "magic", "unknown_code"),
    ("citizenship", "ZZZ", "unknown_country"),
    ("external_ref", "THE FIRST", "duplicate_in_file"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_rows_are_put_aside_with_their_reason_and_the_rest_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Folder::init(folder.path(), "office", "redb");
    let mut up = Up(node.start().await);
    let columns: Vec<_> = HEADER.split(',').collect();
    let with = |n: u32, column: &str, cell: &str| {
        let line = line(n);
        let mut cells: Vec<_> = line.split(',').collect();
        let at = columns.iter().position(|name| *name == column).expect("a column");
        let first = reference(100);
        *cells.get_mut(at).expect("a cell") = if cell == "THE FIRST" { &first } else { cell };
        cells.join(",")
    };
    let mut lines = vec![HEADER.to_owned(), line(100)];
    let numbers = 101..;
    lines.extend(numbers.zip(CELLS).map(|(n, (column, cell, _))| with(n, column, cell)));
    lines.push(with(200, "gender", &"x".repeat(1_000_000)));
    lines.push(line(201) + ",one,cell,too,many");
    lines.push(line(202));
    let file = folder.path().join("cases.csv");
    std::fs::write(&file, lines.join("\n") + "\n").expect("written");
    let quarantine = folder.path().join("quarantine.csv").display().to_string();

    let file = file.display().to_string();
    let told = done(&node, &["record", "import", &file, "--quarantine", &quarantine]);
    assert_eq!(number(&told, "/added"), 2, "{told}");
    assert_eq!(number(&told, "/quarantined"), CELLS.len() as u64 + 2, "{told}");
    for (problem, (column, _, code)) in
        told["problems"].as_array().expect("a list").iter().zip(CELLS)
    {
        assert_eq!(
            (text(problem, "/column"), text(problem, "/reason/code")),
            ((*column).into(), (*code).into())
        );
        assert_ne!(text(problem, "/reason/text/en"), text(problem, "/reason/text/fr"));
    }
    let by_reason = &told["by_reason"];
    assert_eq!(by_reason["cell_too_long"], json!(1), "{told}");
    assert_eq!(by_reason["wrong_number_of_cells"], json!(1), "{told}");
    let aside = std::fs::read_to_string(&quarantine).expect("the quarantine");
    assert!(aside.lines().count() > CELLS.len() && aside.len() < 16 * 1024, "{aside}");

    // Again: nothing is doubled.
    let told = done(&node, &["record", "import", &file]);
    assert_eq!((number(&told, "/added"), number(&told, "/unchanged")), (0, 2), "{told}");
    assert_eq!(n_records(&node), 2);
    up.stop(&node);
}

/// A file system of a few megabytes, if we may make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir(folder).expect("a folder");
        mount(folder, options).then(|| Self(folder.to_owned()))
    }
}

fn mount(folder: &Path, options: &str) -> bool {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder);
    command.output().is_ok_and(|output| output.status.success())
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("--lazy").arg(&self.0).output();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_loses_nothing_that_was_acknowledged() {
    for engine in ["sled", "redb"] {
        let folder = tempfile::tempdir().expect("a folder");
        let Some(disk) = SmallDisk::mount(&folder.path().join("disk"), "size=4m,mode=0700") else {
            println!("skipped: a small disk cannot be mounted here");
            return;
        };
        let node = Folder::init(&disk.0, "office", engine);
        let mut up = Up(node.start().await);
        import(&node, 0..50, folder.path());
        done(&node, &["status"]);
        let acknowledged = fill_disk(&node, folder.path());
        // It still says what is wrong, and can be stopped: once a write has failed, sled may read
        // nothing either, and just then somebody asks.
        let told = done(&node, &["status"]);
        assert_eq!(found(&told, "/health", "store"), "bad", "{engine}: {told}");
        assert!(number(&told, "/records/own") >= 50, "{engine}: {told}");
        let reads = found(&told, "/health", "reading").is_empty();
        assert!(reads || engine == "sled", "{engine}: {told}");
        let output = node.run(&["--json", "doctor"]);
        let told: Value = serde_json::from_slice(&output.stdout).expect("a document");
        assert_eq!(found(&told, "/checks", "store"), "bad", "{engine}: {told}");
        assert_eq!(output.status.code(), Some(1), "{engine}: {told}");
        up.stop(&node);

        assert!(mount(&disk.0, "remount,size=64m,mode=0700"), "more room");
        let mut up = Up(node.start().await);
        let n = n_records(&node);
        assert!(n >= acknowledged, "{engine}: {n} of {acknowledged} acknowledged are there");
        import(&node, 900_000..900_010, folder.path());
        assert_eq!(n_records(&node), n + 10);
        let verified = done(&node, &["audit", "verify"]);
        assert!(is(&verified, "/whole"), "{engine}: {verified}");
        up.kill();
    }
}

/// How well the check with this code is, or nothing if there is none.
fn found(told: &Value, checks: &str, code: &str) -> String {
    let checks = list(told, checks);
    let check = checks.iter().find(|check| text(check, "/code") == code);
    check.map(|check| text(check, "/wellness")).unwrap_or_default()
}

/// The first fault says that the disk is full, later ones that nothing is written since.
fn is_about_the_disk(fault: &Value) {
    assert!(["ENT-1705", "ENT-1702"].contains(&text(fault, "/code").as_str()), "{fault}");
}

/// Imports until the disk is full. Returns how many records were acknowledged in all.
fn fill_disk(node: &Folder, folder: &Path) -> u64 {
    let mut acknowledged = 50;
    for round in 0..40 {
        let cases = 1_000 + round * 1_000..2_000 + round * 1_000;
        let path = folder.join("many.csv");
        let lines: Vec<_> = cases.map(line).collect();
        std::fs::write(&path, format!("{HEADER}\n{}\n", lines.join("\n"))).expect("written");
        let path = path.display().to_string();
        let output = node.run(&["--json", "record", "import", &path]);
        if output.status.success() {
            let told: Value = serde_json::from_slice(&output.stdout).expect("a document");
            acknowledged += number(&told, "/added");
            continue;
        }
        let fault = fault_of("a full disk", &output);
        is_about_the_disk(&fault);
        // What was kept of the file before is said.
        let why = list(&fault, "/why");
        let mut kept = why.iter().filter_map(|why| why.pointer("/en")?.as_str());
        let n = kept.find_map(|why| why.split(' ').next()?.parse::<u64>().ok());
        return acknowledged + n.unwrap_or(0);
    }
    panic!("the disk is never full");
}
