//! Documents of what waits for the staff, and of telling them.

use serde::{Deserialize, Serialize};

use super::Both;

/// Asks what waits for whoever asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxAsk {
    /// What was seen: the answer then waits for something to happen, half a minute at most.
    pub after: Option<u64>,
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxTold {
    /// Who we are.
    pub organization: Both,
    /// What waits for somebody with the roles of whoever asked.
    pub waiting: Vec<WaitingLine>,
    /// To be given as `after`. It counts what has happened since the node started.
    pub seen: u64,
}

/// One matter that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingLine {
    /// Stable: `agreements_to_sign`, `quarantines`, …
    pub matter: String,
    /// How much of it: 1 or more.
    pub n: u64,
    /// In words.
    pub text: Both,
    /// The command that shows it.
    pub next: String,
}

/// Asks for a test message over each way of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyTestAsk {}

/// What became of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyTestTold {
    /// The ways, in the order of the settings.
    pub ways: Vec<WayTested>,
}

/// One way that was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayTested {
    /// `mail:` and an address, or `webhook`.
    pub way: String,
    /// The server took the message.
    pub taken: bool,
    /// Why not: stable, for example `unreachable`.
    pub code: Option<String>,
    /// The same in words.
    pub why: Option<Both>,
}
