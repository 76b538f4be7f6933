//! Documents of the operations on the node and on partners.

use serde::{Deserialize, Serialize};

use super::{Both, Check, FieldValue, Named, Reason, SumRound};
use crate::local::doc::{AgreementRow, StoreSizeTold};

/// Asks who we are, who the partners are and how everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusAsk {}

/// Who we are, who the partners are and how everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusTold {
    /// Ourselves.
    pub organization: Organization,
    /// The version of the program.
    pub version: String,
    /// The node's clock.
    pub now: String,
    /// When the node was started.
    pub started_at: String,
    /// The address of the partner door, `host:port`.
    pub listen: String,
    /// Where browsers find the console; absent if it is not open.
    pub console: Option<String>,
    /// Partners, by name.
    pub partners: Vec<PartnerRow>,
    /// What we have.
    pub records: RecordTally,
    /// The epoch that is open now, for example `2026-Q4`.
    pub open_epoch: String,
    /// The size of the store.
    pub store: StoreSizeTold,
    /// When the last backup was made.
    pub last_backup_at: Option<String>,
    /// What needs attention, worst first; empty when all is well.
    pub health: Vec<Check>,
    /// Secure sums in which we add up and which are not finished.
    pub sums: Vec<SumRound>,
}

/// An organization, as it presents itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id: 64 hex digits.
    pub id: String,
    /// Its name.
    pub name: Both,
    /// Its kind: a code of the list `org_type`.
    pub kind: String,
}

/// What an organization does, in its own words. Anything may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutTold {
    /// Its role: codes of the list `pillar`.
    pub role: Vec<String>,
    /// The languages in which it serves people: tags of BCP 47.
    pub languages: Vec<String>,
    /// What it is there for.
    pub mandate: Both,
    /// What it answers for.
    pub responsibilities: Both,
    /// When a partner said so; absent for ourselves.
    pub said_at: Option<String>,
}

/// Whom to call, as an invitation says. It proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationContact {
    /// Whom to ask for: a desk.
    pub desk: String,
    /// Its telephone number.
    pub telephone: String,
}

/// How many records there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTally {
    /// Records of our own that are not withdrawn.
    pub own: u64,
    /// Those with a consent that is valid today.
    pub with_consent: u64,
    /// Withdrawn records.
    pub withdrawn: u64,
    /// Summaries held from partners.
    pub held: u64,
}

/// Asks for a thorough check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoctorAsk {}

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorTold {
    /// Everything that was checked, in a fixed order.
    pub checks: Vec<Check>,
}

/// Asks the node to stop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeStopAsk {}

/// The node stops after what it is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStopTold {
    /// Always `true`.
    pub stopping: bool,
}

/// Where a partnership stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerState {
    /// We invited them; they have not connected.
    Invited,
    /// Connected; the phone check is to be made.
    Connected,
    /// Both sides know who the other is.
    Verified,
    /// One side has signed an agreement.
    HalfSigned,
    /// An agreement is in force.
    Active,
    /// The doors are shut for now.
    Suspended,
    /// Over.
    Ended,
}

/// Who must act next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// We.
    Us,
    /// The partner.
    Them,
    /// Both, in any order.
    Both,
    /// Nobody.
    Nobody,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Open the invitation.
    Open,
    /// Make the check by phone: read six digits, type six.
    Verify,
    /// Propose an agreement.
    Propose,
    /// Sign or decline the agreement.
    Sign,
    /// Run the test share, if one likes: nobody must.
    Test,
    /// Renew the agreement before it expires.
    Renew,
    /// Look at the evidence and release the partner from quarantine.
    Look,
    /// Resume.
    Resume,
    /// Nothing.
    Nothing,
}

/// A partner as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerRow {
    /// Who it is. The id is empty while an invited partner has not connected.
    pub partner: Named,
    /// Its kind: a code of the list `org_type`; absent until it has connected.
    pub kind: Option<String>,
    /// Where the partnership stands.
    pub state: PartnerState,
    /// Who must act next.
    pub next_actor: Who,
    /// What they must do.
    pub next_step: Step,
    /// The agreement that counts: the active one, or the newest.
    pub agreement: Option<AgreementBrief>,
    /// When we last heard from them.
    pub last_contact_at: Option<String>,
    /// How far we have read their feed.
    pub cursor: u64,
    /// How far they have read ours.
    pub their_cursor: u64,
    /// How long our feed for them is.
    pub feed_length: u64,
    /// How many of their summaries we hold.
    pub held: u64,
    /// Receipts they owe us and have not sent in time.
    pub receipts_overdue: u64,
    /// Nothing of theirs is accepted until someone has looked at the evidence.
    pub quarantined: bool,
}

/// An agreement in few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementBrief {
    /// Its id: 32 hex digits.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
    /// Where it stands.
    pub state: AgreementStanding,
    /// Its last day.
    pub expires_on: String,
}

/// Where an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementStanding {
    /// Being written by one side.
    Draft,
    /// Both sides have the text, and nobody has signed it.
    Proposed,
    /// One side has signed.
    HalfSigned,
    /// Both have signed; in force between its dates.
    Active,
    /// Stopped for now.
    Suspended,
    /// A newer version took its place.
    Amended,
    /// Its last day is over.
    Expired,
    /// Ended, declined or abandoned.
    Ended,
}

/// Asks for an invitation for a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerInviteAsk {
    /// The name of whom it is meant for, as we know them.
    pub for_name: String,
    /// For how many days it can be opened.
    #[serde(default = "default_expires_days")]
    pub expires_days: u16,
    /// The template of the agreement in view, for example `ngo-province`.
    pub template: Option<String>,
    /// Whom they call for the check by phone. A node of an older version refuses an invitation that says it.
    pub contact: Option<InvitationContact>,
}

/// Two weeks: long enough for a holiday, short enough that a lost one is soon worthless.
fn default_expires_days() -> u16 {
    14
}

/// An invitation. Whoever holds it can open it once: hand it over as you would a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerInviteTold {
    /// The ticket's id: 32 hex digits.
    pub ticket_id: String,
    /// Whom it is meant for.
    pub for_name: String,
    /// The invitation as a link; short enough for a QR code.
    pub link: String,
    /// The invitation as the text of a file, `NAME.entente`.
    pub ticket: String,
    /// Until when it can be opened.
    pub expires_at: String,
}

/// Asks to open an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerOpenAsk {
    /// The link, or the text of the file.
    pub ticket: String,
    /// Only show what it says; connect to nobody.
    #[serde(default)]
    pub peek: bool,
}

/// What the invitation says and, unless it was only looked at, what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerOpenTold {
    /// What it says. Nothing of it is proved before the check by phone.
    pub invitation: Invitation,
    /// The partner, once connected.
    pub partner: Option<PartnerRow>,
    /// The digits for the phone, once connected.
    pub digits: Option<PartnerDigitsTold>,
}

/// What an invitation says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The ticket's id: 32 hex digits.
    pub ticket_id: String,
    /// Who invites.
    pub from: Organization,
    /// Where their node answers, `host:port`.
    pub address: String,
    /// Whom it is meant for.
    pub for_name: String,
    /// The template of the agreement in view.
    pub template: Option<String>,
    /// Whom to call, as whoever made the invitation wrote it.
    pub contact: Option<InvitationContact>,
    /// What that template would let us receive, a line each.
    pub we_would_receive: Vec<Both>,
    /// What it would let us send, a line each.
    pub we_would_send: Vec<Both>,
    /// Until when it can be opened.
    pub expires_at: String,
}

/// Asks which digits to read aloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerDigitsAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
}

/// The half of the digits that we read aloud, and how far the check is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerDigitsTold {
    /// With whom.
    pub partner: Named,
    /// Six digits to read aloud over a number known before; they type them.
    pub read_aloud: String,
    /// Whether the inviting side, which reads first, is ours.
    pub we_read_first: bool,
    /// We have typed theirs, and they matched.
    pub we_typed: bool,
    /// They have typed ours, and they matched.
    pub they_typed: bool,
    /// How many times we may still type.
    pub tries_left: u8,
}

/// Types the digits that the partner read aloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerVerifyAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// Six digits; spaces do not matter.
    pub digits: String,
}

/// Whether they matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerVerifyTold {
    /// They were the right ones.
    pub matched: bool,
    /// How many times we may still type.
    pub tries_left: u8,
    /// They have typed ours, and they matched.
    pub they_typed: bool,
    /// The partner now.
    pub partner: PartnerRow,
}

/// Asks for a test share: a made-up case goes both ways and comes back as receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerTestAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
}

/// How the test share went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerTestTold {
    /// The partner now.
    pub partner: PartnerRow,
    /// Each step.
    pub steps: Vec<Check>,
}

/// Asks for the partners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerListAsk {
    /// Only those in this state.
    pub state: Option<PartnerState>,
}

/// The partners, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerListTold {
    /// One row each.
    pub partners: Vec<PartnerRow>,
    /// Invitations of ours that nobody has opened yet, so that they can be taken back. They have a
    /// row among the partners too, without an id.
    pub invitations: Vec<InvitationBrief>,
}

/// An invitation of ours that nobody has opened yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationBrief {
    /// The ticket's id: 32 hex digits.
    pub ticket_id: String,
    /// Whom it is meant for.
    pub for_name: String,
    /// Until when it can be opened.
    pub expires_at: String,
}

/// Asks for one partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerShowAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
}

/// One partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerShowTold {
    /// The row of the table.
    pub partner: PartnerRow,
    /// What it does, as it last said; absent until it does.
    pub about: Option<AboutTold>,
    /// Where its node answers, `host:port`.
    pub address: Option<String>,
    /// The invitation through which we met.
    pub ticket_id: Option<String>,
    /// When the check by phone was completed.
    pub verified_at: Option<String>,
    /// When the test share came back with their receipt.
    pub test_done_at: Option<String>,
    /// Their part of our yearly privacy budget under the agreement that counts, in billionths of
    /// rho; 0 for none.
    pub budget_nano_rho_per_year: u64,
    /// When the certificate expires that it showed when it last called us since we started.
    pub certificate_expires_at: Option<String>,
    /// Why it is suspended or in quarantine.
    pub reasons: Vec<Reason>,
    /// All agreements, the newest first.
    pub agreements: Vec<AgreementRow>,
    /// Receipts that are awaited, the oldest first.
    pub receipts_due: Vec<ReceiptDue>,
}

/// A receipt that a partner owes us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptDue {
    /// The entry of our feed that asks for it.
    pub sequence: u64,
    /// The summary that was withdrawn, if it is one: 32 hex digits.
    pub summary: Option<String>,
    /// Until when it should have come.
    pub due_at: String,
    /// That time is over.
    pub overdue: bool,
}

/// Shuts the doors to a partner, for now. Takes effect at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSuspendAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// Why, for both audit logs. Nothing about a case.
    pub reason: Option<String>,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// Opens the doors again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerResumeAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
}

/// Ends a partnership and carries out the ending clauses of its agreements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerEndAsk {
    /// A partner: name, or the beginning of the id.
    pub partner: String,
    /// Why, for both audit logs. Nothing about a case.
    pub reason: Option<String>,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a change of a partnership did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerChangeTold {
    /// It was done; `false` after a dry run.
    pub done: bool,
    /// The partner, after the change.
    pub partner: PartnerRow,
    /// Its open connections to us that were cut, or would be.
    pub connections_cut: u32,
    /// The partner could be told at once; else it learns of it at the next contact.
    pub partner_told: bool,
    /// What it means for what was shared, a line each.
    pub consequences: Vec<Both>,
    /// Receipts that are awaited now.
    pub receipts_expected: u64,
}

/// Declines an invitation or a connection that is not verified yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerDeclineAsk {
    /// A ticket (its text, link or id), or a partner that is not verified.
    pub ticket: String,
    /// Why; told to the other side.
    pub reason: Option<String>,
}

/// It was declined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerDeclineTold {
    /// The ticket's id: 32 hex digits.
    pub ticket_id: String,
    /// The other side could be told.
    pub partner_told: bool,
}

/// What a summary of ours said to a partner, or theirs to us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryContent {
    /// The summary's id: 32 hex digits.
    pub summary: String,
    /// Its fields, at the level at which they were shared.
    pub fields: Vec<FieldValue>,
}
