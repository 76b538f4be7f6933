//! Documents of the node's settings, keys and certificates.

use serde::{Deserialize, Serialize};

use super::{AboutTold, Organization};

/// Asks for the settings of the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsShowAsk {}

/// Changes what the organization says about itself. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsEditAsk {
    /// Its name in English.
    pub name_en: Option<String>,
    /// Its name in French.
    pub name_fr: Option<String>,
    /// Its kind: a code of the list `org_type`.
    pub kind: Option<String>,
    /// Its role: codes of the list `pillar`.
    pub role: Option<Vec<String>>,
    /// The languages in which it serves people: tags of BCP 47.
    pub languages: Option<Vec<String>>,
    /// What it is there for, in English. Empty, like the French: it does not say.
    pub mandate_en: Option<String>,
    /// The same in French.
    pub mandate_fr: Option<String>,
    /// What it answers for, in English. Empty, like the French: it does not say.
    pub responsibilities_en: Option<String>,
    /// The same in French.
    pub responsibilities_fr: Option<String>,
}

/// The settings of the node. Secrets are not among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsTold {
    /// The file.
    pub file: String,
    /// The file says something else than what the node runs with: it holds from the next start on.
    pub restart_needed: bool,
    /// Who we are, as the file says.
    pub organization: Organization,
    /// What we do, as the file says.
    pub about: AboutTold,
    /// Where partners reach us; empty if the settings do not say.
    pub address: String,
    /// Our keys and certificates.
    pub keys: KeysTold,
    /// Backups.
    pub backup: BackupSettings,
    /// Who is told that something waits.
    pub notifications: NotificationSettings,
    /// What takes two people: names of operations.
    pub needs_approval: Vec<String>,
    /// The name under which browsers reach the console; empty: by address only.
    pub console_name: String,
}

/// Our keys and certificates. The keys themselves are told to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysTold {
    /// The certificate that partners see is valid until then; it is made anew ten days before.
    pub certificate_until: String,
    /// The SHA-256 of the console's certificate, as browsers show it.
    pub console_fingerprint: Option<String>,
    /// Until when it is valid; absent if it comes from a file.
    pub console_until: Option<String>,
}

/// What the settings say about backups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSettings {
    /// The folder.
    pub folder: String,
    /// Hours between two; 0 makes none.
    pub every_h: u32,
    /// How many are kept.
    pub keep: u32,
}

/// What the settings say about messages to the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationSettings {
    /// The ways: `mail:` and an address, or `webhook`.
    pub ways: Vec<String>,
    /// The least minutes between two messages to one reader.
    pub quiet_min: u32,
    /// Hours after which what still waits is told again; 0 never.
    pub remind_h: u32,
}
