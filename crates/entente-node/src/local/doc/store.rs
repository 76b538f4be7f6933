//! Documents of the store, of backups and of the passphrase.

use serde::{Deserialize, Serialize};

use super::Private;

/// Writes an encrypted backup while the node runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCreateAsk {
    /// Into this folder, an absolute path; the configured one if absent.
    pub folder: Option<String>,
}

/// The backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCreateTold {
    /// What was written.
    pub backup: BackupRow,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A backup file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRow {
    /// The file.
    pub file: String,
    /// When it was made.
    pub at: String,
    /// Bytes in it.
    pub bytes: u64,
    /// It was read again from start to end and every seal held.
    pub verified: bool,
}

/// Asks for the backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupListAsk {}

/// The backups, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupListTold {
    /// Where they are.
    pub folder: String,
    /// One row each.
    pub backups: Vec<BackupRow>,
}

/// Asks how large the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSizeAsk {}

/// How large the store is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSizeTold {
    /// The engine: `sled` or `redb`.
    pub engine: String,
    /// The folder.
    pub folder: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes free on that disk.
    pub free_bytes: u64,
    /// Rows by table.
    pub tables: Vec<TableSize>,
}

/// How large a table is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSize {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
}

/// Changes the passphrase under which the keys are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassphraseAsk {
    /// The old one.
    pub old: Private<String>,
    /// The new one.
    pub new: Private<String>,
}

/// It was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassphraseTold {
    /// When.
    pub changed_at: String,
}

/// Restores a backup beside the node, opens it, and removes it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupDrillAsk {
    /// A backup of the list: its file. The newest if absent.
    pub file: Option<String>,
    /// The passphrase that the node had when the backup was made.
    pub passphrase: Private<String>,
}

/// What was in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupDrillTold {
    /// The backup.
    pub backup: BackupRow,
    /// Rows that were restored, each of which opened.
    pub rows: u64,
    /// Records among them.
    pub records: u64,
    /// Records that the node has now.
    pub records_now: u64,
    /// Entries of the audit log in it.
    pub audit_entries: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}
