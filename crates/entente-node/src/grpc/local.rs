//! The calls of our own staff: `entente.v1.Local`, on the Unix socket.
//!
//! Every method takes a JSON document and streams progress, then one answer or one fault. Which
//! operation it is comes from the method; who may ask it is decided in one place,
//! [`Desk::ask`], before anything is read.

use std::pin::Pin;
use std::sync::Arc;

use entente_proto::v1;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::answer::{Asked, Desk};
use crate::doors::LocalPeer;
use crate::fault::Fault;
use crate::local::{Op, Progress};

/// Answers the calls of staff.
#[derive(Clone, Debug)]
pub struct Local {
    desk: Arc<Desk>,
}

/// What is streamed back.
type ToldStream = Pin<Box<dyn Stream<Item = Result<v1::Told, Status>> + Send>>;

impl Local {
    /// Answers through `desk`.
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }

    fn ask(&self, op: Op, request: Request<v1::Ask>) -> Result<Response<ToldStream>, Status> {
        let peer = request.extensions().get::<LocalPeer>().cloned();
        let peer = peer.ok_or_else(|| Status::unauthenticated("no account"))?;
        let v1::Ask { body, .. } = request.into_inner();
        let (sender, receiver) = tokio::sync::mpsc::channel(32);
        let desk = Arc::clone(&self.desk);
        tokio::spawn(async move {
            let progress = sender.clone();
            let staff = come_in(&desk, peer.uid, op).await;
            let told = match staff {
                Ok(staff) => {
                    let asked = Asked::new(
                        op,
                        staff,
                        body,
                        Box::new(move |it: Progress| {
                            // A slow reader loses steps of progress, never the answer.
                            let _full = progress.try_send(Ok(progress_message(it)));
                        }),
                    );
                    desk.ask(asked).await
                }
                Err(fault) => Err(fault),
            };
            let what = match told {
                Ok(body) => v1::told::Told::Result(body),
                Err(fault) => {
                    v1::told::Told::Fault(serde_json::to_string(&fault).unwrap_or_default())
                }
            };
            let _gone = sender.send(Ok(v1::Told { told: Some(what) })).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// Who is asking; that they came in is written down.
async fn come_in(desk: &Arc<Desk>, uid: u32, op: Op) -> Result<crate::answer::Staff, Box<Fault>> {
    let desk = Arc::clone(desk);
    let come = move || {
        let staff = desk.staff(uid);
        if staff.roles.is_empty() {
            // Refused below, and kept as a refusal.
            return Ok(staff);
        }
        let noted = desk.note_login(uid, &staff);
        // How the node is can be seen, and it can be stopped, when the disk is full. No case shows.
        if !matches!(op, Op::Status | Op::Doctor | Op::NodeStop) {
            noted?;
        }
        Ok(staff)
    };
    tokio::task::spawn_blocking(come).await.unwrap_or_else(|_| Err(crate::answer::failed()))
}

fn progress_message(progress: Progress) -> v1::Told {
    let Progress { done, total, note } = progress;
    let progress = v1::Progress { done, total, note_en: note.en, note_fr: note.fr };
    v1::Told { told: Some(v1::told::Told::Progress(progress)) }
}

macro_rules! local_service {
    ($($method:ident, $stream:ident, $op:ident;)+) => {
        #[tonic::async_trait]
        impl v1::local_server::Local for Local {
            $(
                type $stream = ToldStream;

                async fn $method(
                    &self,
                    request: Request<v1::Ask>,
                ) -> Result<Response<ToldStream>, Status> {
                    self.ask(Op::$op, request)
                }
            )+
        }
    };
}

local_service! {
    status, StatusStream, Status;
    inbox, InboxStream, Inbox;
    doctor, DoctorStream, Doctor;
    node_stop, NodeStopStream, NodeStop;
    partner_invite, PartnerInviteStream, PartnerInvite;
    partner_open, PartnerOpenStream, PartnerOpen;
    partner_digits, PartnerDigitsStream, PartnerDigits;
    partner_verify, PartnerVerifyStream, PartnerVerify;
    partner_test, PartnerTestStream, PartnerTest;
    partner_list, PartnerListStream, PartnerList;
    partner_show, PartnerShowStream, PartnerShow;
    partner_suspend, PartnerSuspendStream, PartnerSuspend;
    partner_resume, PartnerResumeStream, PartnerResume;
    partner_end, PartnerEndStream, PartnerEnd;
    partner_decline, PartnerDeclineStream, PartnerDecline;
    agreement_draft, AgreementDraftStream, AgreementDraft;
    agreement_propose, AgreementProposeStream, AgreementPropose;
    agreement_list, AgreementListStream, AgreementList;
    agreement_show, AgreementShowStream, AgreementShow;
    agreement_diff, AgreementDiffStream, AgreementDiff;
    agreement_sign, AgreementSignStream, AgreementSign;
    agreement_decline, AgreementDeclineStream, AgreementDecline;
    agreement_amend, AgreementAmendStream, AgreementAmend;
    agreement_suspend, AgreementSuspendStream, AgreementSuspend;
    agreement_resume, AgreementResumeStream, AgreementResume;
    agreement_end, AgreementEndStream, AgreementEnd;
    agreement_explain, AgreementExplainStream, AgreementExplain;
    record_add, RecordAddStream, RecordAdd;
    record_show, RecordShowStream, RecordShow;
    record_list, RecordListStream, RecordList;
    record_search, RecordSearchStream, RecordSearch;
    record_edit, RecordEditStream, RecordEdit;
    record_history, RecordHistoryStream, RecordHistory;
    record_withdraw, RecordWithdrawStream, RecordWithdraw;
    record_import, RecordImportStream, RecordImport;
    record_export, RecordExportStream, RecordExport;
    record_duplicates, RecordDuplicatesStream, RecordDuplicates;
    record_link, RecordLinkStream, RecordLink;
    record_steward, RecordStewardStream, RecordSteward;
    consent_give, ConsentGiveStream, ConsentGive;
    consent_withdraw, ConsentWithdrawStream, ConsentWithdraw;
    consent_list, ConsentListStream, ConsentList;
    epoch_close, EpochCloseStream, EpochClose;
    epoch_preview, EpochPreviewStream, EpochPreview;
    epoch_list, EpochListStream, EpochList;
    sync, SyncStream, Sync;
    held_list, HeldListStream, HeldList;
    held_show, HeldShowStream, HeldShow;
    feed_list, FeedListStream, FeedList;
    quarantine_list, QuarantineListStream, QuarantineList;
    quarantine_release, QuarantineReleaseStream, QuarantineRelease;
    bundle_export, BundleExportStream, BundleExport;
    bundle_import, BundleImportStream, BundleImport;
    opener_add, OpenerAddStream, OpenerAdd;
    opener_list, OpenerListStream, OpenerList;
    opener_remove, OpenerRemoveStream, OpenerRemove;
    opener_rotate, OpenerRotateStream, OpenerRotate;
    referral_handover, ReferralHandoverStream, ReferralHandover;
    referral_open, ReferralOpenStream, ReferralOpen;
    count, CountStream, Count;
    count_own, CountOwnStream, CountOwn;
    plan_draft, PlanDraftStream, PlanDraft;
    plan_sign, PlanSignStream, PlanSign;
    plan_show, PlanShowStream, PlanShow;
    plan_list, PlanListStream, PlanList;
    stats_run, StatsRunStream, StatsRun;
    stats_status, StatsStatusStream, StatsStatus;
    stats_show, StatsShowStream, StatsShow;
    stats_return, StatsReturnStream, StatsReturn;
    return_list, ReturnListStream, ReturnList;
    return_show, ReturnShowStream, ReturnShow;
    return_publish, ReturnPublishStream, ReturnPublish;
    return_unpublish, ReturnUnpublishStream, ReturnUnpublish;
    overlap_draft, OverlapDraftStream, OverlapDraft;
    overlap_sign, OverlapSignStream, OverlapSign;
    overlap_list, OverlapListStream, OverlapList;
    overlap_run, OverlapRunStream, OverlapRun;
    overlap_show, OverlapShowStream, OverlapShow;
    overlap_end, OverlapEndStream, OverlapEnd;
    service_import, ServiceImportStream, ServiceImport;
    service_add, ServiceAddStream, ServiceAdd;
    service_list, ServiceListStream, ServiceList;
    service_show, ServiceShowStream, ServiceShow;
    service_search, ServiceSearchStream, ServiceSearch;
    service_confirm, ServiceConfirmStream, ServiceConfirm;
    service_close, ServiceCloseStream, ServiceClose;
    service_export, ServiceExportStream, ServiceExport;
    capacity_set, CapacitySetStream, CapacitySet;
    capacity_show, CapacityShowStream, CapacityShow;
    sponsor_add, SponsorAddStream, SponsorAdd;
    sponsor_take, SponsorTakeStream, SponsorTake;
    sponsor_list, SponsorListStream, SponsorList;
    sponsor_give, SponsorGiveStream, SponsorGive;
    sponsor_mail, SponsorMailStream, SponsorMail;
    sponsor_end, SponsorEndStream, SponsorEnd;
    referral_create, ReferralCreateStream, ReferralCreate;
    referral_offer, ReferralOfferStream, ReferralOffer;
    referral_inbox, ReferralInboxStream, ReferralInbox;
    referral_accept, ReferralAcceptStream, ReferralAccept;
    referral_decline, ReferralDeclineStream, ReferralDecline;
    referral_start, ReferralStartStream, ReferralStart;
    referral_close, ReferralCloseStream, ReferralClose;
    referral_withdraw, ReferralWithdrawStream, ReferralWithdraw;
    referral_show, ReferralShowStream, ReferralShow;
    referral_list, ReferralListStream, ReferralList;
    referral_overdue, ReferralOverdueStream, ReferralOverdue;
    referral_gaps, ReferralGapsStream, ReferralGaps;
    budget, BudgetStream, Budget;
    audit_list, AuditListStream, AuditList;
    audit_show, AuditShowStream, AuditShow;
    audit_verify, AuditVerifyStream, AuditVerify;
    audit_disclosures, AuditDisclosuresStream, AuditDisclosures;
    audit_export, AuditExportStream, AuditExport;
    notify_test, NotifyTestStream, NotifyTest;
    backup_create, BackupCreateStream, BackupCreate;
    backup_list, BackupListStream, BackupList;
    backup_drill, BackupDrillStream, BackupDrill;
    store_size, StoreSizeStream, StoreSize;
    passphrase, PassphraseStream, Passphrase;
    settings_show, SettingsShowStream, SettingsShow;
    settings_edit, SettingsEditStream, SettingsEdit;
    approval_list, ApprovalListStream, ApprovalList;
    approval_approve, ApprovalApproveStream, ApprovalApprove;
    approval_refuse, ApprovalRefuseStream, ApprovalRefuse;
    user_add, UserAddStream, UserAdd;
    user_list, UserListStream, UserList;
    user_roles, UserRolesStream, UserRoles;
    user_disable, UserDisableStream, UserDisable;
    user_enable, UserEnableStream, UserEnable;
    user_reset, UserResetStream, UserReset;
    user_sign_out, UserSignOutStream, UserSignOut;
    console_link, ConsoleLinkStream, ConsoleLink;
}
