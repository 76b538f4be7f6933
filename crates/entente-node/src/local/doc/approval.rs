//! Documents of what takes two people.

use entente_core::lang::Lang;
use serde::{Deserialize, Serialize};

/// Asks what waits for a second person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalListAsk {
    /// What was decided within 90 days too.
    #[serde(default)]
    pub decided: bool,
}

/// What waits, and what takes two people here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalListTold {
    /// The operations that take two, as the settings say.
    pub needed_for: Vec<String>,
    /// The requests, the newest first. Those for which one has no role are left out.
    pub approvals: Vec<ApprovalRow>,
    /// Accounts with a role that approves, and that somebody changed a short while ago: whoever did may be both of the
    /// two.
    #[serde(default)]
    pub new_accounts: Vec<NewAccount>,
}

/// An account that somebody changed a short while ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// What was done to it last.
    pub what: AccountChange,
    /// By whom.
    pub by: String,
    /// When.
    pub at: String,
    /// From when on it may approve; absent if it may.
    pub may_from: Option<String>,
}

/// What makes an account new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountChange {
    /// It was added.
    Added,
    /// It was enabled.
    Enabled,
    /// It was given other roles.
    Roles,
    /// It was reset: whoever had the link came in by it.
    Reset,
    /// The node was restored from a backup, and nobody knows what was done to it before.
    Restored,
}

impl AccountChange {
    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Added => lang.pick("added", "ajouté"),
            Self::Enabled => lang.pick("enabled", "activé"),
            Self::Roles => lang.pick("given other roles", "doté d’autres rôles"),
            Self::Reset => lang.pick("reset", "réinitialisé"),
            Self::Restored => lang.pick("restored from a backup", "restauré d’une sauvegarde"),
        }
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody else has decided.
    Waiting,
    /// Nobody else decided within seven days.
    Expired,
    /// It was approved, and is being done. After a crash it stays so, and is asked again.
    Approved,
    /// It was done.
    Done,
    /// It was approved and could not be done.
    Failed,
    /// Somebody refused it, or whoever asked took it back.
    Refused,
}

/// A request that takes two people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRow {
    /// Its id.
    pub id: String,
    /// What was asked: the name of an operation.
    pub operation: String,
    /// What it is about.
    pub about: Vec<AboutLine>,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: String,
    /// Until when somebody else can decide.
    pub until: String,
    /// Where it stands.
    pub state: ApprovalState,
    /// Whoever is asking may approve it: it waits, and somebody else asked for it.
    pub may_approve: bool,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<String>,
    /// The code of the fault with which it failed.
    pub fault: Option<String>,
}

/// One thing that a request says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutLine {
    /// What, as in the document that was asked with: `agreement`, `partner`, `file`, …
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Approves what somebody else asked. It happens at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalApproveAsk {
    /// A request: its id, or the end of it.
    pub approval: String,
}

/// Refuses what somebody asked, or takes back one's own request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRefuseAsk {
    /// A request: its id, or the end of it.
    pub approval: String,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalTold {
    /// The request as it is now.
    pub approval: ApprovalRow,
    /// The answer to what was asked, if it was done: the document of that operation.
    pub told: Option<serde_json::Value>,
}
