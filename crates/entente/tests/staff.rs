//! Accounts of the machine besides the node's own: real ones, at the door for staff, with what
//! their roles allow and no more.
//!
//! Only root can act as somebody else, so elsewhere the test says that it was skipped.

#[expect(dead_code, reason = "other tests use the rest")]
mod common;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "common/partners.rs"]
mod partners;

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::Folder;
use partners::{Up, done, list, set, text};
use serde_json::Value;

/// Accounts that every Debian and Ubuntu machine has, and a group that none of them is in.
const AUDITOR: &str = "daemon";
const CASE_WORKER: &str = "games";
const NOBODY_IN_PARTICULAR: &str = "bin";
const GROUP: &str = "users";

/// The number of a name in `/etc/passwd` or `/etc/group`.
fn number_in(file: &str, name: &str) -> Option<u32> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    lines.find(|parts| parts.first() == Some(&name))?.get(2)?.parse().ok()
}

/// The program and the door, where other accounts can reach them.
struct Open {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Open {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let anybody = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), anybody.clone()).expect("opened");
        let program = folder.path().join("entente");
        std::fs::copy(env!("CARGO_BIN_EXE_entente"), &program).expect("copied");
        std::fs::set_permissions(&program, anybody).expect("opened");
        Self { folder, program }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("door/staff.sock")
    }

    /// Runs a command as another account, in the group or in a group of its own.
    fn asks(&self, account: &str, in_group: bool, args: &[&str]) -> Output {
        self.asks_at(&self.socket(), account, in_group, args)
    }

    fn asks_at(&self, door: &Path, account: &str, in_group: bool, args: &[&str]) -> Output {
        let uid = number_in("/etc/passwd", account).expect("an account");
        let group = if in_group { GROUP } else { account };
        let gid = number_in("/etc/group", group).expect("a group");
        let mut command = Command::new(&self.program);
        command.arg("--socket").arg(door).arg("--json").args(args);
        command.env("ENTENTE_LANG", "en").stdin(Stdio::null()).current_dir("/");
        command.uid(uid).gid(gid).output().expect("the program runs")
    }
}

/// What a command ended with, and the code of its fault, if it had one.
fn end(output: &Output) -> (Option<i32>, String) {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let code = told.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    (output.status.code(), code.to_owned())
}

fn ended(code: i32, fault: &str) -> (Option<i32>, String) {
    (Some(code), fault.to_owned())
}

#[tokio::test]
async fn accounts_of_the_machine_do_what_their_roles_allow_and_no_more() {
    let accounts = [AUDITOR, CASE_WORKER, NOBODY_IN_PARTICULAR];
    let there = |file, name| number_in(file, name).is_some();
    let known = accounts.iter().all(|it| there("/etc/passwd", it) && there("/etc/group", it));
    if !is_root() || !known || !there("/etc/group", GROUP) {
        println!("skipped: this needs root, and the accounts that Debian has");
        return;
    }
    let open = Open::new();
    let node = Folder::init(open.folder.path(), "shelter", "redb");
    let door = format!("socket = \"{}\"\ngroup = \"{GROUP}\"", open.socket().display());
    set(&node, "socket = \"\"\ngroup = \"\"", &door);
    set(
        &node,
        "[staff]",
        &format!("[staff]\n{AUDITOR} = [\"auditor\"]\n\"@{CASE_WORKER}\" = [\"case_worker\"]"),
    );
    let _up = Up(node.start().await);

    for account in [AUDITOR, CASE_WORKER] {
        assert_eq!(end(&open.asks(account, true, &["status"])), ended(0, ""), "{account}");
    }
    // What the role of one allows, the role of the other does not.
    assert_eq!(end(&open.asks(AUDITOR, true, &["audit", "list"])), ended(0, ""));
    assert_eq!(end(&open.asks(CASE_WORKER, true, &["audit", "list"])), ended(3, "ENT-1901"));
    let add = ["record", "add", "registered_on=2026-08-15", "status=actual"];
    assert_eq!(end(&open.asks(CASE_WORKER, true, &add)), ended(0, ""));
    assert_eq!(end(&open.asks(AUDITOR, true, &["record", "list"])), ended(3, "ENT-1901"));
    assert_eq!(end(&open.asks(AUDITOR, true, &["node", "stop"])), ended(3, "ENT-1901"));

    // In the group and in no line: a role of its own is what is missing.
    let nobody = open.asks(NOBODY_IN_PARTICULAR, true, &["status"]);
    assert_eq!(end(&nobody), ended(3, "ENT-1902"));
    // Not in the group, or at the node's own folder: the machine keeps them out.
    assert_eq!(end(&open.asks(AUDITOR, false, &["status"])), ended(1, "ENT-0021"));
    let at_home = open.asks_at(&node.home.join("entente.sock"), AUDITOR, true, &["status"]);
    assert_eq!(end(&at_home), ended(1, "ENT-0021"));
    let nowhere = open.asks_at(&open.folder.path().join("no.sock"), AUDITOR, true, &["status"]);
    assert_eq!(end(&nowhere), ended(1, "ENT-0027"));

    let log = done(&node, &["audit", "list"]);
    let lines: Vec<_> = list(&log, "/entries")
        .iter()
        .map(|entry| {
            let reasons = list(entry, "/reasons");
            let reasons: Vec<_> = reasons.iter().filter_map(Value::as_str).collect();
            (text(entry, "/actor"), text(entry, "/action"), reasons.join(" "))
        })
        .collect();
    for (actor, action, reasons) in [
        (AUDITOR, "logged_in", "auditor"),
        (CASE_WORKER, "logged_in", "case_worker"),
        (CASE_WORKER, "record_added", ""),
        (AUDITOR, "access_refused", "record_list auditor"),
        (NOBODY_IN_PARTICULAR, "access_refused", "status"),
    ] {
        let wanted = (actor.to_owned(), action.to_owned(), reasons.to_owned());
        assert!(lines.contains(&wanted), "{wanted:?} in {lines:?}");
    }
    let logins = lines.iter().filter(|(_, action, _)| action == "logged_in");
    // The two, and root: once each, however often they ask.
    assert_eq!(logins.count(), 3, "{lines:?}");
}

#[tokio::test]
async fn a_name_that_the_machine_does_not_know_stops_the_node_at_its_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Folder::init(folder.path(), "shelter", "redb");
    let socket = folder.path().join("door/staff.sock");
    let door = format!("socket = \"{}\"\ngroup = \"root\"", socket.display());
    set(&node, "socket = \"\"\ngroup = \"\"", &door);
    set(&node, "[staff]", "[staff]\nno-such-account = [\"auditor\"]");
    let secret = folder.path().join("shelter.passphrase").display().to_string();
    let told = node.json(&["node", "run", "--passphrase-file", &secret]);
    assert_eq!(text(&told, "/error/code"), "ENT-1014");
    assert!(told.to_string().contains("no-such-account"), "{told}");
}

fn is_root() -> bool {
    // A file of root's own that nobody else can open for writing.
    std::fs::OpenOptions::new().append(true).open("/etc/passwd").is_ok()
}
