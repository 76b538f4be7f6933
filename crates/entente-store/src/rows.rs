//! Rows: what tables hold.
//!
//! Rows have their own types, so that the types of the core can change without the files. A row is
//! encoded with postcard; a field may be added only at the end of a row, and only together with a
//! new table number (see [`crate::tables`]).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
// Encoded as a `Vec<u8>` is, but as a whole instead of byte by byte.
use serde_bytes::ByteBuf;

/// Thirty-two bytes of an organization's id, a key or a hash.
pub type Bytes32 = [u8; 32];

/// A row could not be read: the store was written by another version, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of the store cannot be read")]
pub struct BadRow;

impl From<BadRow> for crate::db::DbError {
    fn from(_: BadRow) -> Self {
        Self::Damaged { table: "row", key: String::new() }
    }
}

/// Encodes a row.
pub(crate) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, BadRow> {
    postcard::to_stdvec(row).map_err(|_| BadRow)
}

/// Decodes a row.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadRow> {
    postcard::from_bytes(bytes).map_err(|_| BadRow)
}

/// A record: its coded and uncoded fields as text, by field number, and its consents.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct RecordRow {
    /// Field number and text, in the order of the numbers.
    pub fields: Vec<(u16, String)>,
    /// The consents given for it.
    pub consents: Vec<ConsentRow>,
    /// From 1.
    pub version: u32,
    /// When this version was made, in seconds since 1970.
    pub changed_at_s: i64,
    /// Who made it: the name of an account.
    pub changed_by: String,
    /// Whether the organization took the record back.
    pub withdrawn: bool,
    /// What the record's community steward answered: nothing yet, yes, or no.
    pub steward_allows: Option<bool>,
}

// A row of the record table may hold a name; its `Debug` says only which version it is.
impl std::fmt::Debug for RecordRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordRow(version {})", self.version)
    }
}

/// A consent, as its core type says. Dates are texts like `2026-11-22`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRow {
    /// Its id.
    pub id: [u8; 16],
    /// Bits of the consent scopes.
    pub scopes: u32,
    /// Bits of the needs it is for; none is all.
    pub needs: u32,
    /// The organizations it is for; none is any.
    pub recipients: Vec<Bytes32>,
    /// Number of who gave it.
    pub given_by: u8,
    /// What the person was told of.
    pub informed_of: [bool; 4],
    /// Language it was given in.
    pub language: String,
    /// First day.
    pub given_on: String,
    /// Last day, if there is one.
    pub valid_until: Option<String>,
    /// Day it was withdrawn.
    pub withdrawn_on: Option<String>,
    /// Number of the legal reason that overrides a missing consent.
    pub override_reason: Option<u8>,
}

impl ConsentRow {
    /// Consents as bytes, for who keeps them apart from their record.
    pub fn list_to_bytes(rows: &[Self]) -> Result<Vec<u8>, BadRow> {
        postcard::to_stdvec(rows).map_err(|_| BadRow)
    }

    /// The reverse.
    pub fn list_from_bytes(bytes: &[u8]) -> Result<Vec<Self>, BadRow> {
        decode(bytes)
    }
}

/// A service of our own directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRow {
    /// Everything we know of it, as the listing that a partner would get.
    pub listing: Vec<u8>,
    /// Hash of that listing.
    pub hash: Bytes32,
    /// Whether it is running, so that partners are told of it.
    pub active: bool,
}

/// What a service has free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityRow {
    /// The claim, as it is signed.
    pub claim: Vec<u8>,
    /// When it was said, in seconds since 1970.
    pub said_at_s: i64,
    /// Until when it holds, in seconds since 1970.
    pub until_s: i64,
}

/// How far a partnership is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartnerState {
    /// They opened our invitation, or we theirs; keys are exchanged.
    Connected,
    /// Both sides typed the other's digits.
    Verified,
    /// An agreement is in force, or was.
    Active,
    /// One side stopped the exchange for now.
    Suspended,
    /// It is over.
    Ended,
}

/// A partner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartnerRow {
    /// Its name in English.
    pub name_en: String,
    /// Its name in French.
    pub name_fr: String,
    /// Number of its kind of organization.
    pub kind: u8,
    /// Where its partner door is: `host:port`. Empty if it accepts no connections.
    pub address: String,
    /// How far we are with each other.
    pub state: PartnerState,
    /// Whether we made the invitation.
    pub inviter: bool,
    /// The invitation.
    pub ticket: [u8; 16],
    /// The twelve digits of the phone check.
    pub digits: String,
    /// How often wrong digits were typed here.
    pub wrong_digits: u8,
    /// Whether we typed theirs.
    pub we_verified: bool,
    /// Whether they typed ours.
    pub they_verified: bool,
    /// Whether we suspended it.
    pub suspended_by_us: bool,
    /// Whether they did.
    pub suspended_by_them: bool,
    /// When the test share was sent, and when its receipt came; seconds since 1970.
    pub test_sent_at_s: Option<i64>,
    /// When the receipt of the test share came.
    pub test_done_at_s: Option<i64>,
    /// When we last heard from it.
    pub last_contact_s: Option<i64>,
    /// When it became a partner.
    pub since_s: i64,
    /// When the partnership ended.
    pub ended_at_s: Option<i64>,
    /// Why nothing more is accepted from it: the code of a fault.
    pub quarantined: Option<String>,
}

/// An invitation we made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TicketRow {
    /// Our secret number, revealed once.
    pub nonce: Bytes32,
    /// Whom it is for, in our own words.
    pub recipient: String,
    /// When it was made; seconds since 1970.
    pub created_at_s: i64,
    /// When it lapses.
    pub expires_at_s: i64,
    /// Who opened it. Whoever comes second is refused.
    pub used_by: Option<Bytes32>,
    /// A second organization tried to open it.
    pub contested: bool,
}

/// Where an agreement stands, as the two sides have brought it there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AgreementRow {
    /// The other party.
    pub partner: Bytes32,
    /// The canonical bytes both sign.
    pub bytes: Vec<u8>,
    /// Our signature.
    pub our_signature: Option<Vec<u8>>,
    /// Theirs.
    pub their_signature: Option<Vec<u8>>,
    /// Whether we proposed it.
    pub ours: bool,
    /// The state of its core type: its name, and whether we or they brought it there.
    pub state: (String, bool, bool),
    /// When it was last changed; seconds since 1970.
    pub changed_at_s: i64,
    /// When its end was asked for, if it was.
    pub ended_at_s: Option<i64>,
    /// When the receipt for its end came.
    pub end_receipt_at_s: Option<i64>,
}

/// The head of a log that we write.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LogHead {
    /// The epoch of the log.
    pub epoch: u32,
    /// The right edge of the tree.
    pub frontier: Vec<u8>,
    /// The last signed note. Empty before the first.
    pub checkpoint: Vec<u8>,
}

/// Leaves that were appended together, the hashes they completed, and the note that signs them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogBatch {
    /// The leaves. `None`: its content was destroyed; its hash remains.
    pub leaves: Vec<Option<ByteBuf>>,
    /// The stored hashes that these leaves completed, 32 bytes each.
    pub hashes: ByteBuf,
    /// The signed note. Empty where no partner reads the log batch by batch.
    pub checkpoint: ByteBuf,
}

/// A feed that we follow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FollowedRow {
    /// The epoch of the feed.
    pub epoch: u32,
    /// The right edge of its tree.
    pub frontier: Vec<u8>,
    /// The last checkpoint that we accepted.
    pub checkpoint: Vec<u8>,
}

/// Summaries that came together, each sealed under a key of its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HeldBatch {
    /// When they arrived; seconds since 1970.
    pub received_at_s: i64,
    /// Place in the feed, summary id, and the sealed bytes of the statement.
    pub items: Vec<(u64, [u8; 16], ByteBuf)>,
}

/// The keys of a [`HeldBatch`], in the order of its items. `None`: destroyed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct HeldKeys {
    /// One key per item.
    pub keys: Vec<Option<Bytes32>>,
}

impl std::fmt::Debug for HeldKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeldKeys({})", self.keys.len())
    }
}

/// A summary that we released to a partner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleaseRow {
    /// The id the partner knows it by.
    pub summary: [u8; 16],
    /// The epoch that released it, as a period number.
    pub epoch: u32,
    /// The agreement it went out under: id and version.
    pub agreement: ([u8; 16], u32),
    /// The rung of the lattice.
    pub rung: u8,
    /// The class it was released in, as the lattice writes it.
    pub class: Vec<u8>,
    /// Where its statement is: epoch of the feed and place.
    pub at: (u32, u64),
    /// When; seconds since 1970.
    pub released_at_s: i64,
    /// When it was taken back.
    pub withdrawn_at_s: Option<i64>,
    /// When the partner's receipt came, and what it says was done.
    pub receipt: Option<(i64, String)>,
}

/// What was wrong with something a partner sent, kept with the proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EvidenceRow {
    /// When; seconds since 1970.
    pub at_s: i64,
    /// The code of the fault.
    pub fault: String,
    /// The signed bytes that show it.
    pub proof: Vec<Vec<u8>>,
    /// Whether it stops everything from this partner.
    pub fatal: bool,
}

/// The last checkpoint of somebody's log that we co-signed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WitnessRow {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Bytes32,
    /// The signed note.
    pub note: Vec<u8>,
    /// When; seconds since 1970.
    pub at_s: i64,
}

/// What the close of an epoch did for one partner: a JSON document, for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EpochRow {
    /// When; seconds since 1970.
    pub closed_at_s: i64,
    /// The report.
    pub report: String,
}

/// A release plan, whether signed by us or only heard of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanRow {
    /// The canonical bytes that everybody signs.
    pub bytes: Vec<u8>,
    /// Where it came from.
    pub from: Bytes32,
    /// When it came; seconds since 1970.
    pub at_s: i64,
    /// When our own officer signed it.
    pub signed_at_s: Option<i64>,
}

/// What a release of our own figures was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRow {
    /// The release: its id as the core writes it.
    pub release: Vec<u8>,
    /// The year whose persons paid.
    pub year: i16,
    /// How much, in billionths of rho.
    pub nano_rho: u64,
    /// What the persons of that year had paid then, this charge included.
    pub year_spent: u64,
    /// What all charges came to then.
    pub spent: u64,
    /// When; seconds since 1970.
    pub at_s: i64,
    /// Partners whose agreements were heeded when the figures were counted: only they may have it.
    pub heeded: Vec<Bytes32>,
    /// Partners who were charged for it.
    pub partners: Vec<Bytes32>,
}

/// An overlap round, whether signed by us or only heard of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapRow {
    /// The canonical bytes of its terms.
    pub bytes: Vec<u8>,
    /// Where they came from.
    pub from: Bytes32,
    /// When they came; seconds since 1970.
    pub at_s: i64,
    /// When our own officer signed them.
    pub signed_at_s: Option<i64>,
    /// When we did our first step.
    pub begun_at_s: Option<i64>,
    /// When it was over for us, whether counted or given up.
    pub ended_at_s: Option<i64>,
}

/// What an organization answered to a release that we asked it for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnswerRow {
    /// The signed document.
    pub document: Vec<u8>,
    /// When it came; seconds since 1970.
    pub at_s: i64,
    /// Whether it holds figures. Such an answer is never replaced.
    pub given: bool,
}

/// How far a round of a secure sum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoundState {
    /// Contributions are taken in; as helper, nothing was asked.
    Open,
    /// The two aggregators check and add up.
    Adding,
    /// The sum was revealed.
    Done,
    /// The round was given up. Nothing of it is left.
    Aborted,
}

/// A round of a secure sum as one of its aggregators keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundRow {
    /// How far it is.
    pub state: RoundState,
    /// Why it was given up: a word. Empty otherwise.
    pub why: String,
    /// Our signed opening; at the leader then the helper's, once it came.
    pub openings: Vec<Vec<u8>>,
    /// The seed of the leader's key; empty when the intake has ended.
    pub key: Vec<u8>,
    /// The stage, as the core writes it; empty when there is none.
    pub stage: Vec<u8>,
    /// Who contributed and was left out before the helper was asked, and the number of the reason.
    pub rejected: Vec<(Bytes32, u8)>,
    /// What we revealed, signed; empty before.
    pub share: Vec<u8>,
    /// When it began, and when this was written; seconds since 1970.
    pub at_s: (i64, i64),
}

// A round holds keys and shares; its `Debug` says only how far it is.
impl std::fmt::Debug for RoundRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RoundRow({:?} {})", self.state, self.why)
    }
}

/// What we contributed to a secure sum. What we said of it is among our releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenRow {
    /// SHA-256 of the two keys to which it was sealed.
    pub keys: Bytes32,
    /// The contribution, sealed as it was sent.
    #[serde(with = "serde_bytes")]
    pub contribution: Vec<u8>,
}

/// A secure sum that is finished. What each contributor said is among the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumRow {
    /// Who contributed and is not in it, and the number of the reason.
    pub left_out: Vec<(Bytes32, u8)>,
    /// What the leader and the helper revealed, signed.
    pub shares: [Vec<u8>; 2],
    /// When it was finished, or came here; seconds since 1970.
    pub at_s: i64,
}

/// What was last said in a chain of messages about one referral, in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRow {
    /// How many messages there were.
    pub steps: u32,
    /// SHA-256 of the last payload, if there was one.
    pub last: Option<Bytes32>,
}

/// The offer of a referral of ours to one partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRow {
    /// To whom.
    pub partner: Bytes32,
    /// Where it stands: the code of its step, and the number of the barrier.
    pub step: (String, Option<u8>),
    /// Under which agreement, by id and version.
    pub agreement: ([u8; 16], u32),
    /// Where the offer stands in our feed: epoch and sequence.
    pub at: (u32, u64),
    /// When it was made; seconds since 1970.
    pub offered_at_s: i64,
    /// What we said to it about this.
    pub ours: ChainRow,
    /// What it said to us.
    pub theirs: ChainRow,
}

/// A referral of ours.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralRow {
    /// The record it is for.
    pub record: [u8; 16],
    /// The card, as canonical bytes.
    pub card: Vec<u8>,
    /// How far it is: the code of its step, and the number of the outcome.
    pub step: (String, Option<u8>),
    /// Every offer that was made, by partner.
    pub offers: Vec<OfferRow>,
    /// When it was made, and by which account; seconds since 1970.
    pub created: (i64, String),
    /// When it came to this step.
    pub since_s: i64,
    /// When somebody is reminded, when it is overdue, when open offers lapse; 0 before.
    pub timers: (i64, i64, i64),
    /// Whether somebody was reminded, and whether it went to the coordinator. Of one that lapsed: both, once
    /// somebody has seen to it.
    pub alarms: (bool, bool),
    /// How many steps are in its history.
    pub n_steps: u32,
}

// A card comes close to a person; its row's `Debug` says only how far it is.
impl std::fmt::Debug for ReferralRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReferralRow({})", self.step.0)
    }
}

/// A referral that we were offered.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedReferralRow {
    /// The card, as canonical bytes; empty once it is over and not ours.
    pub card: Vec<u8>,
    /// How far it is: the code of its state, and the number of the barrier or outcome.
    pub state: (String, Option<u8>),
    /// The agreement it was offered under, by id and version.
    pub agreement: ([u8; 16], u32),
    /// When it came; when an answer is due and when the offer lapses, both by the home's clock.
    pub times: (i64, i64, i64),
    /// When it came to this state.
    pub since_s: i64,
    /// Whether somebody was reminded.
    pub reminded: bool,
    /// The id of the key to which the contact details are sealed.
    pub key: Option<Bytes32>,
    /// What we said to the home.
    pub ours: ChainRow,
    /// What it said to us.
    pub theirs: ChainRow,
    /// How many steps are in its history.
    pub n_steps: u32,
}

impl std::fmt::Debug for ReceivedReferralRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReceivedReferralRow({})", self.state.0)
    }
}

/// One thing that happened to a referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralStepRow {
    /// When, by our clock; seconds since 1970.
    pub at_s: i64,
    /// The partner it concerns, if it concerns one.
    pub partner: Option<Bytes32>,
    /// The account that did it; empty for a partner or the node.
    pub by: String,
    /// Whether we did it.
    pub ours: bool,
    /// What happened: a code.
    pub code: String,
    /// The code of the barrier, outcome or reason, if there is one.
    pub detail: String,
    /// SHA-256 of the signed payload, if something was said.
    pub hash: Option<Bytes32>,
}
