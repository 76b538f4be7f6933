//! Two nodes become partners and agree, as their staff do it: by commands.

use std::path::Path;
use std::process::Child;

use serde_json::Value;

use super::common::Folder;

/// A node that is up, and ends with the test, however that ends.
pub(crate) struct Up(pub(crate) Child);

impl Up {
    /// Ends it without a word.
    pub(crate) fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("reaped");
    }

    /// Stops it as its administrator does.
    #[track_caller]
    pub(crate) fn stop(&mut self, node: &Folder) {
        done(node, &["node", "stop"]);
        assert!(self.0.wait().expect("reaped").success());
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The list at `pointer` of an answer.
#[track_caller]
pub(crate) fn list(told: &Value, pointer: &str) -> Vec<Value> {
    let list = told.pointer(pointer).and_then(Value::as_array);
    list.unwrap_or_else(|| panic!("no {pointer} in {told}")).clone()
}

/// Whether what is at `pointer` of an answer is true.
#[track_caller]
pub(crate) fn is(told: &Value, pointer: &str) -> bool {
    let is = told.pointer(pointer).and_then(Value::as_bool);
    is.unwrap_or_else(|| panic!("no {pointer} in {told}"))
}

/// The answer to a command that works.
#[track_caller]
pub(crate) fn done(node: &Folder, args: &[&str]) -> Value {
    let told = node.json(args);
    assert!(told.get("error").is_none(), "{args:?}: {told}");
    told
}

/// The text at `key` of an answer.
#[track_caller]
pub(crate) fn text(told: &Value, pointer: &str) -> String {
    let text = told.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no {pointer} in {told}")).to_owned()
}

/// The number at `key` of an answer.
#[track_caller]
pub(crate) fn number(told: &Value, pointer: &str) -> u64 {
    let number = told.pointer(pointer).and_then(Value::as_u64);
    number.unwrap_or_else(|| panic!("no {pointer} in {told}"))
}

/// Changes the settings of a node that is stopped.
pub(crate) fn set(node: &Folder, from: &str, to: &str) {
    let path = node.home.join("entente.toml");
    let text = std::fs::read_to_string(&path).expect("settings");
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).expect("written");
}

/// Invitation, opening, and twelve digits.
pub(crate) fn pair(inviter: (&Folder, &str), invitee: (&Folder, &str), folder: &Path) {
    let file = folder.join(format!("{}-{}.entente", inviter.1, invitee.1)).display().to_string();
    done(inviter.0, &["partner", "invite", invitee.1, "--out", &file]);
    done(invitee.0, &["partner", "open", &file]);
    let read = |node: &Folder, other: &str| {
        text(&done(node, &["partner", "digits", other]), "/read_aloud")
    };
    let (first, second) = (read(inviter.0, invitee.1), read(invitee.0, inviter.1));
    done(inviter.0, &["partner", "verify", invitee.1, &second]);
    done(invitee.0, &["partner", "verify", inviter.1, &first]);
}

/// An agreement in force under which groups of five go from one to the other.
pub(crate) fn agree(from: (&Folder, &str), to: (&Folder, &str), folder: &Path) -> String {
    let file = folder.join(format!("{}-{}.toml", from.1, to.1)).display().to_string();
    let five = "we_send.min_group_persons=5";
    done(from.0, &["agreement", "draft", "province-federal", to.1, "--out", &file, "--set", five]);
    let id = text(&done(from.0, &["agreement", "propose", &file, to.1]), "/agreement/id");
    sync(to.0, from.1);
    done(to.0, &["agreement", "sign", &id]);
    sync(from.0, to.1);
    done(from.0, &["agreement", "sign", &id]);
    sync(to.0, from.1);
    id
}

/// Asks one partner for news, and says what came.
#[track_caller]
pub(crate) fn sync(node: &Folder, partner: &str) -> Value {
    let told = done(node, &["sync", partner]);
    let outcome = told.pointer("/partners/0").cloned().unwrap_or_default();
    assert_eq!(outcome.pointer("/fault"), Some(&Value::Null), "{told}");
    outcome
}
