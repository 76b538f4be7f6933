//! `entente demo --keep`, from the first node to Ctrl-C.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The demonstration, which ends with the test, however that ends.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        // Asked and not killed, so that its nodes end too.
        interrupt(&self.0);
        let _reaped = self.0.wait();
    }
}

/// Ctrl-C.
fn interrupt(child: &Child) {
    let line = format!("kill -INT {}", child.id());
    let _sent = Command::new("sh").args(["-c", &line]).stderr(Stdio::null()).status();
}

#[track_caller]
fn text<'a>(told: &'a Value, pointer: &str) -> &'a str {
    told.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}: {told}"))
}

/// The plan that all seven sign.
const PLAN: &str = include_str!("../../../config/plans/canada-v1.toml");

/// The chapter of private statistics. One of six contributors is down, and each of the others pays for every
/// cube of the plan, once.
fn added_up(told: &Value) {
    let price = |line: &str| line.strip_prefix("nano_rho = ")?.parse::<u64>().ok();
    let spent: u64 = PLAN.lines().filter_map(price).sum();
    assert_eq!(spent, 88_150_000, "what the plan promises at most");
    let expected = json!({
        "contributors": 5,
        "dropped": 1,
        "aggregators": 2,
        "verified": true,
        "budget_spent_nano_rho": spent,
    });
    assert_eq!(told.get("statistics"), Some(&expected), "{told}");
}

/// What the other chapters say, as far as the cases do not decide it.
fn told_in_figures(told: &Value) {
    let number = |pointer: &str| {
        let number = told.pointer(pointer).and_then(Value::as_u64);
        number.unwrap_or_else(|| panic!("no {pointer}: {told}"))
    };
    assert_eq!((number("/organizations"), number("/audit_verified")), (7, 7));
    assert!((1..=700).contains(&number("/records")), "{told}");
    assert!(number("/receipts") >= number("/withdrawals"), "{told}");
    let asked = ["answered", "refused", "unreachable"].map(|it| format!("/count/coverage/{it}"));
    assert!(asked.iter().map(|it| number(it)).sum::<u64>() > 0, "{told}");
    for key in ["/summaries_released", "/summaries_suppressed", "/summaries_held", "/refusals"] {
        number(key);
    }
    assert!(told.pointer("/count/cells").is_some_and(Value::is_array), "{told}");
    assert!(told.pointer("/seconds").is_some_and(Value::is_f64), "{told}");
}

/// The one folder that the demonstration made.
fn made(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn a_newcomer_gets_into_seven_consoles_and_ctrl_c_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_entente"));
    command.args(["--json", "demo", "--keep", "--records", "700"]);
    command.env("TMPDIR", folder.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut demo = Demo(command.spawn().expect("the program runs"));
    let out = demo.0.stdout.take().expect("its output");
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).expect("a line");
    let told: Value = serde_json::from_str(&line).expect("a document");
    told_in_figures(&told);
    added_up(&told);

    // One is asked for, two accept at once and one has it, and who had no room is counted as a gap.
    let referrals = serde_json::json!({
        "created": 1, "accepted": 1, "declined": 1, "handovers_opened": 1, "closed": 1
    });
    assert_eq!(told.pointer("/referrals"), Some(&referrals), "{told}");

    let consoles = told.pointer("/consoles").and_then(Value::as_array).expect("consoles");
    let mut doors = BTreeSet::new();
    for console in consoles {
        let address = text(console, "/address");
        assert!(text(console, "/link").starts_with(&format!("{address}/join/")), "{console}");
        assert!(!text(console, "/organization/fr").is_empty());
        let port = address.strip_prefix("https://localhost:").expect("an address of its own");
        let door = SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a port")));
        TcpStream::connect(door).expect("the console is open");
        doors.insert(door);
    }
    assert_eq!(doors.len(), 7, "{told}");

    // Whoever has the link may do everything, and nobody has used it yet.
    let [home] = made(folder.path()).try_into().expect("one folder");
    let asked = Command::new(env!("CARGO_BIN_EXE_entente"))
        .arg("--home")
        .arg(home.join("ontario"))
        .args(["--json", "user", "list"])
        .output()
        .expect("the program runs");
    let users: Value = serde_json::from_slice(&asked.stdout).expect("a document");
    assert_eq!(text(&users, "/users/0/name"), "visitor");
    let n_of = |pointer| users.pointer(pointer).and_then(Value::as_array).map(Vec::len);
    assert_eq!((n_of("/users/0/roles"), n_of("/users/0/ways")), (Some(6), Some(0)), "{users}");

    interrupt(&demo.0);
    assert!(demo.0.wait().expect("reaped").success());
    assert!(made(folder.path()).is_empty(), "{:?}", made(folder.path()));
    for door in doors {
        assert!(TcpStream::connect(door).is_err(), "{door} is still open");
    }
}
