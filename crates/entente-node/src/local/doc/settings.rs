//! Documents of the node's settings, keys and certificates.

use serde::{Deserialize, Serialize};

use super::{AboutTold, Organization};

/// Asks for the settings of the node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsShowAsk {}

/// Changes what the organization says about itself, and a few more settings. What is absent stays as it is.
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
    /// The zone in which pages tell the time, by its name in the IANA database. Empty: that of the machine.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// What takes two people: names of operations, out of those that may.
    #[serde(default)]
    pub needs_approval: Option<Vec<String>>,
    /// Who is told by e-mail that something waits: all of them.
    #[serde(default)]
    pub people: Option<Vec<NotifiedPerson>>,
}

/// Somebody who is told by e-mail that something waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifiedPerson {
    /// Where to.
    pub address: String,
    /// What of: what concerns these roles.
    pub roles: Vec<String>,
    /// Or what concerns the roles of this account of the machine; else empty.
    pub account: String,
    /// `en` or `fr`.
    pub lang: String,
}

/// What the file says of the settings that can be changed besides the organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenSettings {
    /// The zone in which pages tell the time; empty: that of the machine.
    pub time_zone: String,
    /// What takes two people: names of operations.
    pub needs_approval: Vec<String>,
    /// Whether there is a mail server: without one nobody is told by e-mail.
    pub has_mail: bool,
    /// Who is told by e-mail that something waits.
    pub people: Vec<NotifiedPerson>,
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
    /// What the file says of what can be changed besides the organization: it holds from the next start on.
    #[serde(default)]
    pub written: WrittenSettings,
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
