//! The tables of one node, in one place, with their keys in words.
//!
//! A table's number is the first byte of its keys and is never used again for another layout. To
//! change a layout, add a table with the next number and move the rows over when the store is
//! opened.

use crate::db::Table;

/// Facts about the node itself. Key: a short name.
pub const META: Table = Table::new(1, "meta");

/// Records. Key: record id. Value: [`crate::rows::RecordRow`].
pub const RECORDS: Table = Table::new(2, "records");

/// Earlier versions of records. Key: record id, version (4 bytes).
pub const RECORD_HISTORY: Table = Table::new(3, "record-history");

/// Rows that were imported. Key: keyed hash of the row. Value: record id.
pub const IMPORTED: Table = Table::new(4, "imported");

/// Partners. Key: organization id. Value: [`crate::rows::PartnerRow`].
pub const PARTNERS: Table = Table::new(5, "partners");

/// Invitations we made. Key: ticket id. Value: [`crate::rows::TicketRow`].
pub const TICKETS: Table = Table::new(6, "tickets");

/// Agreements. Key: agreement id, version (4 bytes). Value: [`crate::rows::AgreementRow`].
pub const AGREEMENTS: Table = Table::new(7, "agreements");

/// Heads of the logs we write. Key: log key. Value: [`crate::rows::LogHead`].
pub const LOG_HEADS: Table = Table::new(8, "log-heads");

/// Batches of the logs we write. Key: log key, epoch (4 bytes), leaves before (8 bytes).
pub const LOG_BATCHES: Table = Table::new(9, "log-batches");

/// Feeds we follow. Key: issuer. Value: [`crate::rows::FollowedRow`].
pub const FOLLOWED: Table = Table::new(10, "followed");

/// Summaries we hold. Key: issuer, epoch (4 bytes), leaves before (8 bytes).
pub const HELD: Table = Table::new(11, "held");

/// The keys of the summaries we hold; same keys as [`HELD`].
pub const HELD_KEYS: Table = Table::new(12, "held-keys");

/// Summaries that were taken back and may never be held again. Key: issuer, summary id.
pub const TAKEN_BACK: Table = Table::new(13, "taken-back");

/// Checkpoints we accepted. Key: issuer, epoch (4 bytes), size (8 bytes). Value: signed note.
pub const CHECKPOINTS: Table = Table::new(14, "checkpoints");

/// What was released of each record. Key: record id, partner. Value: [`crate::rows::ReleaseRow`].
pub const RELEASES: Table = Table::new(15, "releases");

/// Which record a summary is of. Key: partner, summary id. Value: record id.
pub const RELEASED_AS: Table = Table::new(16, "released-as");

/// Evidence against partners. Key: partner, nothing (4 bytes), number from 0 (8 bytes).
pub const EVIDENCE: Table = Table::new(17, "evidence");

/// Logs of partners that we co-sign. Key: partner. Value: [`crate::rows::WitnessRow`].
pub const WITNESSED: Table = Table::new(18, "witnessed");

/// Co-signatures of partners on our audit log. Key: partner. Value: [`crate::rows::WitnessRow`].
pub const COSIGNED: Table = Table::new(19, "cosigned");

/// What a partner was told in counts. Key: partner, period number (4 bytes).
pub const ANSWERED: Table = Table::new(20, "answered");

/// Epochs that were closed. Key: period number (4 bytes), partner. Value: [`crate::rows::EpochRow`].
pub const EPOCHS: Table = Table::new(21, "epochs");

/// Release plans. Key: plan id. Value: [`crate::rows::PlanRow`].
pub const PLANS: Table = Table::new(22, "plans");

/// Who signed a plan. Key: plan id, organization. Value: the signed document.
pub const PLAN_SIGNATURES: Table = Table::new(23, "plan-signatures");

/// What was charged for releases of our own figures. Key: number of the charge (8 bytes).
/// Value: [`crate::rows::ChargeRow`].
pub const CHARGES: Table = Table::new(24, "charges");

/// The charge of each of our releases. Key: release id. Value: number of the charge (8 bytes).
pub const CHARGED: Table = Table::new(25, "charged");

/// What was spent in a year. Key: year (2 bytes), and the partner unless it is the node's own pool.
/// Value: billionths of rho (8 bytes).
pub const SPENT: Table = Table::new(26, "spent");

/// Releases of our own figures, as they were first sent. Key: release id. Value: the signed document.
pub const OWN_RELEASES: Table = Table::new(27, "own-releases");

/// Answers of others to releases we asked for. Key: release id, organization.
/// Value: [`crate::rows::AnswerRow`].
pub const ANSWERS: Table = Table::new(28, "release-answers");

/// The answers of others that hold figures, by charge. Key: organization, number of the charge (8
/// bytes). Value: release id.
pub const ANSWERS_BY_CHARGE: Table = Table::new(29, "answers-by-charge");

/// Rounds of secure sums that we lead. Key: release id. Value: [`crate::rows::RoundRow`].
pub const SUM_LED: Table = Table::new(30, "sum-led");

/// Contributions to rounds that we lead, until the intake ends. Key: release id, organization.
/// Value: the contribution.
pub const SUM_TAKEN: Table = Table::new(31, "sum-taken");

/// Rounds of secure sums that we help with. Key: release id. Value: [`crate::rows::RoundRow`].
pub const SUM_HELPED: Table = Table::new(32, "sum-helped");

/// What we contributed to secure sums. Key: release id. Value: [`crate::rows::GivenRow`].
pub const SUM_GIVEN: Table = Table::new(33, "sum-given");

/// Secure sums that are finished. Key: release id. Value: [`crate::rows::SumRow`].
pub const SUMS: Table = Table::new(34, "sums");

/// Secure sums that were given up. Key: release id. Value: the signed document that says so.
pub const SUMS_ENDED: Table = Table::new(35, "sums-ended");

/// Overlap rounds. Key: round id. Value: [`crate::rows::OverlapRow`].
pub const OVERLAP_ROUNDS: Table = Table::new(36, "overlap-rounds");

/// Who signed the terms of a round. Key: round id, organization. Value: the signed document.
pub const OVERLAP_SIGNATURES: Table = Table::new(37, "overlap-signatures");

/// Our secrets in rounds, destroyed when their step is done. Key: round id.
pub const OVERLAP_KEYS: Table = Table::new(38, "overlap-keys");

/// Shares, parcels, batches and results. Key: round id, [`crate::overlap::Part`] (1 byte),
/// organization, number of the row (4 bytes).
pub const OVERLAP_PARTS: Table = Table::new(39, "overlap-parts");

/// Services of our own directory. Key: service id. Value: [`crate::rows::ServiceRow`].
pub const OWN_SERVICES: Table = Table::new(40, "own-services");

/// Services that partners told of. Key: issuer, service id. Value: the signed document.
pub const HELD_SERVICES: Table = Table::new(41, "held-services");

/// What services have free, our own and of partners. Key: issuer, service id, number of the unit (1
/// byte), bits of whom (4 bytes). Value: [`crate::rows::CapacityRow`].
pub const CAPACITIES: Table = Table::new(42, "capacities");

/// What a partner was told of our services. Key: partner, service id. Value: hash of the listing.
pub const SERVICES_SAID: Table = Table::new(43, "services-said");

/// Referrals of ours. Key: referral id. Value: [`crate::rows::ReferralRow`].
pub const REFERRALS: Table = Table::new(45, "referrals");

/// The referrals of a record. Key: record id, referral id. The value is empty.
pub const REFERRALS_OF: Table = Table::new(46, "referrals-of");

/// Referrals that we were offered. Key: the organization that offered it, referral id.
/// Value: [`crate::rows::ReceivedReferralRow`].
pub const RECEIVED_REFERRALS: Table = Table::new(47, "received-referrals");

/// What happened to referrals. Key: the organization whose it is, referral id, number of the step (4
/// bytes). Value: [`crate::rows::ReferralStepRow`].
pub const REFERRAL_STEPS: Table = Table::new(48, "referral-steps");

/// Who may open hand-overs. Key: opener id. Value: [`crate::handover::OpenerRow`].
pub const OPENERS: Table = Table::new(52, "openers");

/// Team keys for hand-overs, our own and those of partners. Key: organization, key id.
/// Value: [`crate::handover::TeamKeyRow`].
pub const HANDOVER_KEYS: Table = Table::new(53, "handover-keys");

/// Hand-overs. Key: [`crate::handover::Way`] (1 byte), partner, referral id, step (4 bytes).
/// Value: [`crate::handover::HandoverRow`].
pub const HANDOVERS: Table = Table::new(54, "handovers");

/// The keys of the hand-overs that were received or are carried; same keys as [`HANDOVERS`].
pub const HANDOVER_ITEM_KEYS: Table = Table::new(55, "handover-item-keys");

/// Messages to the staff that are on their way. Key: message id (16 bytes).
/// Value: [`crate::notices::NoticeRow`].
pub const NOTICES: Table = Table::new(56, "notices");

/// What each way of the settings was last told. Key: nothing; one row.
/// Value: [`crate::notices::NoticedRow`].
pub const NOTICED: Table = Table::new(57, "noticed");

/// Organizations that we sponsor. Key: organization. Value: [`crate::sponsors::SponsoredRow`].
pub const SPONSORED: Table = Table::new(58, "sponsored");

/// Organizations that partners sponsor, and what they carried. Key: organization.
/// Value: [`crate::sponsors::CarriedRow`].
pub const CARRIED: Table = Table::new(59, "carried");

/// People who sign in at the console. Key: their id (16 bytes). Value:
/// [`crate::people::UserRow`].
pub const USERS: Table = Table::new(61, "users");

/// Links with which somebody sets up their way in, once. Key: hash of the link's secret (32 bytes).
/// Value: [`crate::people::LinkRow`].
pub const SIGN_IN_LINKS: Table = Table::new(62, "sign-in-links");

/// Through whom offers of our referrals went to organizations without a node. Key: referral id,
/// organization. Value: the sponsor (32 bytes).
pub const OFFERED_THROUGH: Table = Table::new(63, "offered-through");

/// What we carry between homes and organizations that we sponsor. Key: organization, referral id,
/// home. Value: [`crate::mail::MailRow`].
pub const SPONSOR_MAIL: Table = Table::new(64, "sponsor-mail");

/// Referrals that organizations which we sponsor asked for. Key: 1, referral id. Value:
/// [`crate::requests::RequestRow`]. Those that the organization is still told of are found by it. Key: 3,
/// organization, referral id. The value is empty. What was not taken. Key: 4, organization, referral id. Value:
/// [`crate::requests::RefusalRow`]. Beside them what such an organization is shown: the keys for hand-overs of
/// partners, as they signed them. Key: 2, organization. Value: an encoded `Document`.
pub const REQUESTS: Table = Table::new(65, "requests");

/// Long work that staff started. Key: job id (16 bytes). Value: [`crate::jobs::JobRow`].
pub const JOBS: Table = Table::new(68, "jobs");

/// National returns that were made. Key: SHA-256 of the file. Value: [`crate::statistics::ReturnRow`].
pub const RETURNS: Table = Table::new(70, "returns");

/// The files of national returns, as they were signed. Key: SHA-256 of the file.
pub const RETURN_FILES: Table = Table::new(71, "return-files");

/// What waits for a second person, and what became of it. Key: id (16 bytes). Value:
/// [`crate::approvals::ApprovalRow`].
pub const APPROVALS: Table = Table::new(72, "approvals");

/// Referrals of ours that are open at a partner. Key: partner, referral id.
pub const OPEN_REFERRALS: Table = Table::new(90, "open-referrals");

/// Referrals that we were offered and have still to deal with. Key: home, referral id.
pub const PENDING_REFERRALS: Table = Table::new(91, "pending-referrals");
