//! Documents of hand-overs and of those who may open them.

use serde::{Deserialize, Serialize};

use super::{Measured, Private};

/// Lets a person open hand-overs, under a passphrase of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenerAddAsk {
    /// What the person is called; the name of the account if absent.
    pub name: Option<String>,
    /// The person's own passphrase. It is not kept.
    pub passphrase: Private<String>,
}

/// Asks who may open hand-overs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenerListAsk {}

/// Who may open hand-overs, and the keys for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenerListTold {
    /// By name.
    pub openers: Vec<OpenerEntry>,
    /// The newest first.
    pub keys: Vec<HandoverKeyEntry>,
}

/// A person who may open hand-overs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenerEntry {
    /// What the person is called.
    pub name: String,
    /// The account that added the opener.
    pub account: String,
    /// When.
    pub added_at: String,
}

/// A key for hand-overs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverKeyEntry {
    /// Its id.
    pub key: String,
    /// `current`, `replaced` or `destroyed`.
    pub state: String,
    /// When it was made.
    pub created_at: String,
    /// Until when one that was replaced opens what was sealed to it.
    pub opens_until: Option<String>,
    /// How many persons it opens for.
    pub openers: u64,
    /// How many partners were told of it.
    pub partners: u64,
}

/// Takes the right to open from a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenerRemoveAsk {
    /// Who.
    pub name: String,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// Makes a new key for hand-overs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenerRotateAsk {}

/// An opener was added or removed, or a new key made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenerChangeTold {
    /// Whether it was done; else only what would happen.
    pub done: bool,
    /// Who was added or removed; `null` if nobody was.
    pub name: Option<String>,
    /// Everybody who may open hand-overs then.
    pub openers: Vec<String>,
    /// The current key.
    pub key: Option<String>,
}

/// How to reach a person, and how not to.
///
/// The one document with this in it that leaves the node goes to whoever opened a hand-over.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactDocument {
    /// The name.
    pub name: String,
    /// The name to use.
    pub preferred_name: String,
    /// Pronouns.
    pub pronouns: String,
    /// Telephone numbers, in the order in which to try them.
    pub phones: Vec<PhoneDocument>,
    /// When to call.
    pub safe_times: String,
    /// E-mail.
    pub email: String,
    /// A safe address, if the person wants it said.
    pub address: String,
    /// The language.
    pub language: String,
    /// Whoever answers for the person.
    pub guardian: String,
    /// Anything else that is needed to reach the person safely.
    pub note: String,
}

impl std::fmt::Debug for ContactDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactDocument(..)")
    }
}

impl Measured for ContactDocument {
    fn size(&self) -> usize {
        self.phones.len()
    }
}

/// A telephone number.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneDocument {
    /// The number.
    pub number: String,
    /// Whether a message may be left: not, unless the person said so.
    #[serde(default)]
    pub message: bool,
}

impl std::fmt::Debug for PhoneDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneDocument(..)")
    }
}

/// Seals contact details for whoever has accepted a referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralHandoverAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
    /// How to reach the person.
    pub details: Private<ContactDocument>,
}

/// They were sealed and handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralHandoverTold {
    /// The referral.
    pub referral: String,
    /// To whom: the organization's id.
    pub to: String,
    /// Its name in English.
    pub to_en: String,
    /// Its name in French.
    pub to_fr: String,
    /// The key they are sealed to.
    pub key: String,
    /// How long the sealed bytes are: 4096, 16384 or 65536.
    pub bytes: u64,
    /// When.
    pub at: String,
}

/// What became of contact details that were handed over. Says nothing of what is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverEntry {
    /// Whether we handed over; else it was handed over to us.
    pub sent: bool,
    /// When it was said, or came.
    pub at: String,
    /// The key they are sealed to.
    pub key: String,
    /// When the other side had it, if we handed over.
    pub delivered_at: Option<String>,
    /// When it was first opened.
    pub opened_at: Option<String>,
    /// As which opener of ours; `null` if that was on the other side.
    pub opened_by: Option<String>,
    /// When the other side refused it.
    pub refused_at: Option<String>,
    /// When it was destroyed here.
    pub destroyed_at: Option<String>,
    /// When the other side says that it destroyed it.
    pub destroyed_there_at: Option<String>,
    /// Until when it opens, if our key was replaced.
    pub opens_until: Option<String>,
    /// When it is going to be destroyed here; `null` while it is not opened and the referral not closed.
    pub kept_until: Option<String>,
    /// For how many days it is kept once the referral is closed.
    pub kept_days: u32,
}

/// Opens the contact details of a referral that we have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralOpenAsk {
    /// The referral: the beginning of its name.
    pub referral: String,
    /// As which opener; the name of the account if absent.
    pub opener: Option<String>,
    /// That person's passphrase.
    pub passphrase: Private<String>,
}

/// What was opened. Holds what identifies a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralOpenTold {
    /// The referral.
    pub referral: String,
    /// From whom: the organization's id.
    pub from: String,
    /// Its name in English.
    pub from_en: String,
    /// Its name in French.
    pub from_fr: String,
    /// How to reach the person.
    pub details: Private<ContactDocument>,
    /// When it was sealed.
    pub sealed_at: String,
    /// When it was opened first.
    pub first_opened_at: String,
    /// Until when it opens, if its key was replaced.
    pub opens_until: Option<String>,
}
