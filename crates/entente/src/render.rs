//! Pages and tables: what a person reads of an answer.
//!
//! Everything is made from the documents of [`entente_node::local::doc`] and a [`View`] (language,
//! width, colour), and is a plain function to text: nothing here prints, asks or decides.

use entente_node::local::doc::Ask;
use entente_node::local::{Op, doc};

mod agreement;
mod approvals;
mod audit;
pub(crate) mod codes;
mod count;
mod epoch;
mod exchange;
mod explain;
pub(crate) mod fault;
mod gaps;
mod handover;
mod inbox;
pub(crate) mod labels;
pub(crate) mod mse;
mod overlap;
pub(crate) mod overlap_result;
pub(crate) mod page;
mod partner;
mod people;
mod plan;
pub(crate) mod qr;
mod record;
pub(crate) mod referral;
pub(crate) mod returned;
mod returns;
mod service;
mod settings;
mod sponsor;
mod statistics;
mod status;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use page::{Page, View};

/// What can be read by a person.
pub(crate) trait Render {
    /// Writes it on the page.
    fn render(&self, page: &mut Page<'_>);
}

/// The answer to `op` as a person reads it.
pub(crate) fn told(
    op: Op,
    told: serde_json::Value,
    view: &View,
) -> Result<String, serde_json::Error> {
    match op {
        Op::Status => show::<doc::StatusAsk>(told, view),
        Op::Inbox => show::<doc::InboxAsk>(told, view),
        Op::Doctor => show::<doc::DoctorAsk>(told, view),
        Op::NodeStop => show::<doc::NodeStopAsk>(told, view),
        Op::PartnerInvite => show::<doc::PartnerInviteAsk>(told, view),
        Op::PartnerOpen => show::<doc::PartnerOpenAsk>(told, view),
        Op::PartnerDigits => show::<doc::PartnerDigitsAsk>(told, view),
        Op::PartnerVerify => show::<doc::PartnerVerifyAsk>(told, view),
        Op::PartnerTest => show::<doc::PartnerTestAsk>(told, view),
        Op::PartnerList => show::<doc::PartnerListAsk>(told, view),
        Op::PartnerShow => show::<doc::PartnerShowAsk>(told, view),
        Op::PartnerSuspend => show::<doc::PartnerSuspendAsk>(told, view),
        Op::PartnerResume => show::<doc::PartnerResumeAsk>(told, view),
        Op::PartnerEnd => show::<doc::PartnerEndAsk>(told, view),
        Op::PartnerDecline => show::<doc::PartnerDeclineAsk>(told, view),
        Op::AgreementDraft => show::<doc::AgreementDraftAsk>(told, view),
        Op::AgreementPropose => show::<doc::AgreementProposeAsk>(told, view),
        Op::AgreementList => show::<doc::AgreementListAsk>(told, view),
        Op::AgreementShow => show::<doc::AgreementShowAsk>(told, view),
        Op::AgreementDiff => show::<doc::AgreementDiffAsk>(told, view),
        Op::AgreementSign => show::<doc::AgreementSignAsk>(told, view),
        Op::AgreementDecline => show::<doc::AgreementDeclineAsk>(told, view),
        Op::AgreementAmend => show::<doc::AgreementAmendAsk>(told, view),
        Op::AgreementSuspend => show::<doc::AgreementSuspendAsk>(told, view),
        Op::AgreementResume => show::<doc::AgreementResumeAsk>(told, view),
        Op::AgreementEnd => show::<doc::AgreementEndAsk>(told, view),
        Op::AgreementExplain => show::<doc::AgreementExplainAsk>(told, view),
        Op::RecordAdd => show::<doc::RecordAddAsk>(told, view),
        Op::RecordShow => show::<doc::RecordShowAsk>(told, view),
        Op::RecordList => show::<doc::RecordListAsk>(told, view),
        Op::RecordSearch => show::<doc::RecordSearchAsk>(told, view),
        Op::RecordEdit => show::<doc::RecordEditAsk>(told, view),
        Op::RecordHistory => show::<doc::RecordHistoryAsk>(told, view),
        Op::RecordWithdraw => show::<doc::RecordWithdrawAsk>(told, view),
        Op::RecordImport => show::<doc::RecordImportAsk>(told, view),
        Op::RecordExport => show::<doc::RecordExportAsk>(told, view),
        Op::RecordDuplicates => show::<doc::RecordDuplicatesAsk>(told, view),
        Op::RecordLink => show::<doc::RecordLinkAsk>(told, view),
        Op::RecordSteward => show::<doc::RecordStewardAsk>(told, view),
        Op::ConsentGive => show::<doc::ConsentGiveAsk>(told, view),
        Op::ConsentWithdraw => show::<doc::ConsentWithdrawAsk>(told, view),
        Op::ConsentList => show::<doc::ConsentListAsk>(told, view),
        Op::EpochClose => show::<doc::EpochCloseAsk>(told, view),
        Op::EpochPreview => show::<doc::EpochPreviewAsk>(told, view),
        Op::EpochList => show::<doc::EpochListAsk>(told, view),
        Op::Sync => show::<doc::SyncAsk>(told, view),
        Op::HeldList => show::<doc::HeldListAsk>(told, view),
        Op::HeldShow => show::<doc::HeldShowAsk>(told, view),
        Op::FeedList => show::<doc::FeedListAsk>(told, view),
        Op::QuarantineList => show::<doc::QuarantineListAsk>(told, view),
        Op::QuarantineRelease => show::<doc::QuarantineReleaseAsk>(told, view),
        Op::BundleExport => show::<doc::BundleExportAsk>(told, view),
        Op::BundleImport => show::<doc::BundleImportAsk>(told, view),
        Op::OpenerAdd => show::<doc::OpenerAddAsk>(told, view),
        Op::OpenerList => show::<doc::OpenerListAsk>(told, view),
        Op::OpenerRemove => show::<doc::OpenerRemoveAsk>(told, view),
        Op::OpenerRotate => show::<doc::OpenerRotateAsk>(told, view),
        Op::ReferralHandover => show::<doc::ReferralHandoverAsk>(told, view),
        Op::ReferralOpen => show::<doc::ReferralOpenAsk>(told, view),
        Op::Count => show::<doc::CountAsk>(told, view),
        Op::CountOwn => show::<doc::CountOwnAsk>(told, view),
        Op::PlanDraft => show::<doc::PlanDraftAsk>(told, view),
        Op::PlanSign => show::<doc::PlanSignAsk>(told, view),
        Op::PlanShow => show::<doc::PlanShowAsk>(told, view),
        Op::PlanList => show::<doc::PlanListAsk>(told, view),
        Op::StatsRun => show::<doc::StatsRunAsk>(told, view),
        Op::StatsStatus => show::<doc::StatsStatusAsk>(told, view),
        Op::StatsShow => show::<doc::StatsShowAsk>(told, view),
        Op::StatsReturn => show::<doc::StatsReturnAsk>(told, view),
        Op::ReturnList => show::<doc::ReturnListAsk>(told, view),
        Op::ReturnShow => show::<doc::ReturnShowAsk>(told, view),
        Op::ReturnPublish => show::<doc::ReturnPublishAsk>(told, view),
        Op::ReturnUnpublish => show::<doc::ReturnUnpublishAsk>(told, view),
        Op::OverlapDraft => show::<doc::OverlapDraftAsk>(told, view),
        Op::OverlapSign => show::<doc::OverlapSignAsk>(told, view),
        Op::OverlapList => show::<doc::OverlapListAsk>(told, view),
        Op::OverlapRun => show::<doc::OverlapRunAsk>(told, view),
        Op::OverlapShow => show::<doc::OverlapShowAsk>(told, view),
        Op::OverlapEnd => show::<doc::OverlapEndAsk>(told, view),
        Op::ServiceImport => show::<doc::ServiceImportAsk>(told, view),
        Op::ServiceAdd => show::<doc::ServiceAddAsk>(told, view),
        Op::ServiceList => show::<doc::ServiceListAsk>(told, view),
        Op::ServiceShow => show::<doc::ServiceShowAsk>(told, view),
        Op::ServiceSearch => show::<doc::ServiceSearchAsk>(told, view),
        Op::ServiceConfirm => show::<doc::ServiceConfirmAsk>(told, view),
        Op::ServiceClose => show::<doc::ServiceCloseAsk>(told, view),
        Op::ServiceExport => show::<doc::ServiceExportAsk>(told, view),
        Op::CapacitySet => show::<doc::CapacitySetAsk>(told, view),
        Op::CapacityShow => show::<doc::CapacityShowAsk>(told, view),
        Op::SponsorAdd => show::<doc::SponsorAddAsk>(told, view),
        Op::SponsorTake => show::<doc::SponsorTakeAsk>(told, view),
        Op::SponsorList => show::<doc::SponsorListAsk>(told, view),
        Op::SponsorGive => show::<doc::SponsorGiveAsk>(told, view),
        Op::SponsorMail => show::<doc::SponsorMailAsk>(told, view),
        Op::SponsorEnd => show::<doc::SponsorEndAsk>(told, view),
        Op::ReferralCreate => show::<doc::ReferralCreateAsk>(told, view),
        Op::ReferralOffer => show::<doc::ReferralOfferAsk>(told, view),
        Op::ReferralInbox => show::<doc::ReferralInboxAsk>(told, view),
        Op::ReferralAccept => show::<doc::ReferralAcceptAsk>(told, view),
        Op::ReferralDecline => show::<doc::ReferralDeclineAsk>(told, view),
        Op::ReferralStart => show::<doc::ReferralStartAsk>(told, view),
        Op::ReferralClose => show::<doc::ReferralCloseAsk>(told, view),
        Op::ReferralWithdraw => show::<doc::ReferralWithdrawAsk>(told, view),
        Op::ReferralShow => show::<doc::ReferralShowAsk>(told, view),
        Op::ReferralList => show::<doc::ReferralListAsk>(told, view),
        Op::ReferralOverdue => show::<doc::ReferralOverdueAsk>(told, view),
        Op::ReferralGaps => show::<doc::ReferralGapsAsk>(told, view),
        Op::Budget => show::<doc::BudgetAsk>(told, view),
        Op::AuditList => show::<doc::AuditListAsk>(told, view),
        Op::AuditShow => show::<doc::AuditShowAsk>(told, view),
        Op::AuditVerify => show::<doc::AuditVerifyAsk>(told, view),
        Op::AuditDisclosures => show::<doc::AuditDisclosuresAsk>(told, view),
        Op::AuditExport => show::<doc::AuditExportAsk>(told, view),
        Op::NotifyTest => show::<doc::NotifyTestAsk>(told, view),
        Op::BackupCreate => show::<doc::BackupCreateAsk>(told, view),
        Op::UserAdd => show::<doc::UserAddAsk>(told, view),
        Op::UserList => show::<doc::UserListAsk>(told, view),
        Op::UserRoles => show::<doc::UserRolesAsk>(told, view),
        Op::UserDisable => show::<doc::UserDisableAsk>(told, view),
        Op::UserEnable => show::<doc::UserEnableAsk>(told, view),
        Op::UserReset => show::<doc::UserResetAsk>(told, view),
        Op::UserSignOut => show::<doc::UserSignOutAsk>(told, view),
        Op::ConsoleLink => show::<doc::ConsoleLinkAsk>(told, view),
        Op::BackupList => show::<doc::BackupListAsk>(told, view),
        Op::BackupDrill => show::<doc::BackupDrillAsk>(told, view),
        Op::StoreSize => show::<doc::StoreSizeAsk>(told, view),
        Op::Passphrase => show::<doc::PassphraseAsk>(told, view),
        Op::SettingsShow => show::<doc::SettingsShowAsk>(told, view),
        Op::SettingsEdit => show::<doc::SettingsEditAsk>(told, view),
        Op::ApprovalList => show::<doc::ApprovalListAsk>(told, view),
        Op::ApprovalApprove => show::<doc::ApprovalApproveAsk>(told, view),
        Op::ApprovalRefuse => show::<doc::ApprovalRefuseAsk>(told, view),
    }
}

fn show<A: Ask>(told: serde_json::Value, view: &View) -> Result<String, serde_json::Error>
where
    A::Told: Render,
{
    let told: A::Told = serde_json::from_value(told)?;
    Ok(page(&told, view))
}

/// Anything readable, as text.
pub(crate) fn page(readable: &impl Render, view: &View) -> String {
    let mut page = Page::new(view);
    readable.render(&mut page);
    page.finish()
}
