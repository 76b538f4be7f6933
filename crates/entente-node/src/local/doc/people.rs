//! Documents of the accounts that sign in at the console.

use serde::{Deserialize, Serialize};

/// Adds an account, and makes a link with which its owner sets up their way in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserAddAsk {
    /// What they type to sign in.
    pub name: String,
    /// What others read; the name if empty.
    #[serde(default)]
    pub display: String,
    /// Codes of roles.
    pub roles: Vec<String>,
}

/// An account and its link. The link is told once and kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLinkTold {
    /// The account.
    pub user: UserRow,
    /// The link. Whoever has it gets in, once.
    pub link: String,
    /// Until when it works.
    pub valid_until: String,
}

impl std::fmt::Debug for UserLinkTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserLinkTold({})", self.user.name)
    }
}

/// Asks for all accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserListAsk {}

/// Accounts, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserListTold {
    /// One row each.
    pub users: Vec<UserRow>,
}

/// An account that signs in at the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// Its id.
    pub id: String,
    /// What its owner types to sign in, and what stands in the audit log.
    pub name: String,
    /// What others read.
    pub display: String,
    /// Codes of roles.
    pub roles: Vec<String>,
    /// It may sign in.
    pub enabled: bool,
    /// How it can: `passkey`, `password` (with a code), `identity_provider`.
    pub ways: Vec<String>,
    /// Recovery codes that are left.
    pub recovery_codes: u64,
    /// Sessions that are open.
    pub sessions: u64,
    /// When it was added.
    pub added_at: String,
    /// When it last signed in.
    pub signed_in_at: Option<String>,
}

/// Gives an account these roles in place of those it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRolesAsk {
    /// An account: its name or id.
    pub user: String,
    /// Codes of roles.
    pub roles: Vec<String>,
}

/// An account as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTold {
    /// The account.
    pub user: UserRow,
}

/// Disables an account: its sessions and its link end at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserDisableAsk {
    /// An account: its name or id.
    pub user: String,
}

/// Enables an account that was disabled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserEnableAsk {
    /// An account: its name or id.
    pub user: String,
}

/// Takes away an account's ways to sign in, ends its sessions, and makes a new link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserResetAsk {
    /// An account: its name or id.
    pub user: String,
}

/// Ends every session of an account, and changes nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSignOutAsk {
    /// An account: its name or id.
    pub user: String,
}

/// Makes the link for the first administrator. Refused once there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleLinkAsk {}

/// The link for the first administrator. It is told once and kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleLinkTold {
    /// The link. Whoever has it becomes administrator, once.
    pub link: String,
    /// Until when it works.
    pub valid_until: String,
}

impl std::fmt::Debug for ConsoleLinkTold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConsoleLinkTold(..)")
    }
}
