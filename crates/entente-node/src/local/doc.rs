//! Documents: what is asked at the local door and what is told, one pair per operation.
//!
//! The forms are a stable interface: fields are added, never renamed or given another meaning.
//! What a person reads is made elsewhere from what is here: codes and not labels, ISO dates
//! (`2026-11-22`), UTC instants (`2026-11-22T14:03:00Z`), ids in hex or as UUIDs, whole numbers.
//! An `XxxAsk` refuses keys it does not know, so that a misspelt one is not ignored in silence; an
//! `XxxTold` always has all its keys, `null` where there is nothing.
//!
//! Only three answers can hold what identifies a person: [`RecordShowTold`] and the file that
//! [`RecordExportAsk`] names, if `reveal` was asked for, and [`ReferralOpenTold`], which takes the
//! passphrase of an opener. Values that may identify are
//! [`Private`], whose `Debug` says only how many there are.

use std::collections::BTreeMap;
use std::fmt;

use entente_core::lang::Lang;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Op;
pub use crate::fault::{Both, Fault};

mod agreement;
mod approval;
mod audit;
mod consent;
mod count;
mod epoch;
mod exchange;
mod handover;
mod inbox;
mod overlap;
mod partner;
mod people;
mod plan;
mod record;
mod record_file;
mod referral;
mod referral_gaps;
mod returned;
mod service;
mod settings;
mod sponsor;
mod statistics;
mod store;

pub use agreement::*;
pub use approval::*;
pub use audit::*;
pub use consent::*;
pub use count::*;
pub use epoch::*;
pub use exchange::*;
pub use handover::*;
pub use inbox::*;
pub use overlap::*;
pub use partner::*;
pub use people::*;
pub use plan::*;
pub use record::*;
pub use record_file::*;
pub use referral::*;
pub use referral_gaps::*;
pub use returned::*;
pub use service::*;
pub use settings::*;
pub use sponsor::*;
pub use statistics::*;
pub use store::*;

/// What is asked for one operation.
///
/// Ties the operation to the form of its answer, so that neither side can mix them up.
pub trait Ask: Serialize + DeserializeOwned + fmt::Debug {
    /// Which operation it is for.
    const OP: Op;

    /// What is told in answer.
    type Told: Serialize + DeserializeOwned + fmt::Debug;
}

macro_rules! asks {
    ($($op:ident: $ask:ident => $told:ident;)+) => {
        $(impl Ask for $ask {
            const OP: Op = Op::$op;
            type Told = $told;
        })+

        /// Checks that `ask` and `told` are documents of `op`, and gives them back as they would
        /// be written.
        ///
        /// For the tests of `docs/JSON.md` and for whoever reads documents without knowing which.
        pub fn read_again(
            op: Op,
            ask: serde_json::Value,
            told: serde_json::Value,
        ) -> Result<(serde_json::Value, serde_json::Value), serde_json::Error> {
            match op {
                $(Op::$op => {
                    let ask: $ask = serde_json::from_value(ask)?;
                    let told: $told = serde_json::from_value(told)?;
                    Ok((serde_json::to_value(ask)?, serde_json::to_value(told)?))
                })+
            }
        }
    };
}

asks! {
    Status: StatusAsk => StatusTold;
    Inbox: InboxAsk => InboxTold;
    Doctor: DoctorAsk => DoctorTold;
    NodeStop: NodeStopAsk => NodeStopTold;
    PartnerInvite: PartnerInviteAsk => PartnerInviteTold;
    PartnerOpen: PartnerOpenAsk => PartnerOpenTold;
    PartnerDigits: PartnerDigitsAsk => PartnerDigitsTold;
    PartnerVerify: PartnerVerifyAsk => PartnerVerifyTold;
    PartnerTest: PartnerTestAsk => PartnerTestTold;
    PartnerList: PartnerListAsk => PartnerListTold;
    PartnerShow: PartnerShowAsk => PartnerShowTold;
    PartnerSuspend: PartnerSuspendAsk => PartnerChangeTold;
    PartnerResume: PartnerResumeAsk => PartnerChangeTold;
    PartnerEnd: PartnerEndAsk => PartnerChangeTold;
    PartnerDecline: PartnerDeclineAsk => PartnerDeclineTold;
    AgreementDraft: AgreementDraftAsk => AgreementDraftTold;
    AgreementPropose: AgreementProposeAsk => AgreementChangeTold;
    AgreementList: AgreementListAsk => AgreementListTold;
    AgreementShow: AgreementShowAsk => AgreementShowTold;
    AgreementDiff: AgreementDiffAsk => AgreementDiffTold;
    AgreementSign: AgreementSignAsk => AgreementChangeTold;
    AgreementDecline: AgreementDeclineAsk => AgreementChangeTold;
    AgreementAmend: AgreementAmendAsk => AgreementChangeTold;
    AgreementSuspend: AgreementSuspendAsk => AgreementChangeTold;
    AgreementResume: AgreementResumeAsk => AgreementChangeTold;
    AgreementEnd: AgreementEndAsk => AgreementChangeTold;
    AgreementExplain: AgreementExplainAsk => AgreementExplainTold;
    RecordAdd: RecordAddAsk => RecordAddTold;
    RecordShow: RecordShowAsk => RecordShowTold;
    RecordList: RecordListAsk => RecordListTold;
    RecordSearch: RecordSearchAsk => RecordSearchTold;
    RecordEdit: RecordEditAsk => RecordEditTold;
    RecordHistory: RecordHistoryAsk => RecordHistoryTold;
    RecordWithdraw: RecordWithdrawAsk => WithdrawTold;
    RecordImport: RecordImportAsk => RecordImportTold;
    RecordExport: RecordExportAsk => RecordExportTold;
    RecordDuplicates: RecordDuplicatesAsk => RecordDuplicatesTold;
    RecordLink: RecordLinkAsk => RecordLinkTold;
    RecordSteward: RecordStewardAsk => RecordStewardTold;
    ConsentGive: ConsentGiveAsk => ConsentGiveTold;
    ConsentWithdraw: ConsentWithdrawAsk => WithdrawTold;
    ConsentList: ConsentListAsk => ConsentListTold;
    EpochClose: EpochCloseAsk => EpochTold;
    EpochPreview: EpochPreviewAsk => EpochTold;
    EpochList: EpochListAsk => EpochListTold;
    Sync: SyncAsk => SyncTold;
    HeldList: HeldListAsk => HeldListTold;
    HeldShow: HeldShowAsk => HeldShowTold;
    FeedList: FeedListAsk => FeedListTold;
    QuarantineList: QuarantineListAsk => QuarantineListTold;
    QuarantineRelease: QuarantineReleaseAsk => QuarantineReleaseTold;
    BundleExport: BundleExportAsk => BundleExportTold;
    BundleImport: BundleImportAsk => BundleImportTold;
    OpenerAdd: OpenerAddAsk => OpenerChangeTold;
    OpenerList: OpenerListAsk => OpenerListTold;
    OpenerRemove: OpenerRemoveAsk => OpenerChangeTold;
    OpenerRotate: OpenerRotateAsk => OpenerChangeTold;
    ReferralHandover: ReferralHandoverAsk => ReferralHandoverTold;
    ReferralOpen: ReferralOpenAsk => ReferralOpenTold;
    Count: CountAsk => CountTold;
    CountOwn: CountOwnAsk => CountTold;
    PlanDraft: PlanDraftAsk => PlanDraftTold;
    PlanSign: PlanSignAsk => PlanSignTold;
    PlanShow: PlanShowAsk => PlanShowTold;
    PlanList: PlanListAsk => PlanListTold;
    StatsRun: StatsRunAsk => StatsTold;
    StatsStatus: StatsStatusAsk => StatsStatusTold;
    StatsShow: StatsShowAsk => StatsTold;
    StatsReturn: StatsReturnAsk => StatsReturnTold;
    ReturnList: ReturnListAsk => ReturnListTold;
    ReturnShow: ReturnShowAsk => ReturnShowTold;
    ReturnPublish: ReturnPublishAsk => ReturnChangeTold;
    ReturnUnpublish: ReturnUnpublishAsk => ReturnChangeTold;
    OverlapDraft: OverlapDraftAsk => OverlapDraftTold;
    OverlapSign: OverlapSignAsk => OverlapSignTold;
    OverlapList: OverlapListAsk => OverlapListTold;
    OverlapRun: OverlapRunAsk => OverlapTold;
    OverlapShow: OverlapShowAsk => OverlapTold;
    OverlapEnd: OverlapEndAsk => OverlapTold;
    ServiceImport: ServiceImportAsk => ServiceImportTold;
    ServiceAdd: ServiceAddAsk => ServiceChangeTold;
    ServiceList: ServiceListAsk => ServiceListTold;
    ServiceShow: ServiceShowAsk => ServiceShowTold;
    ServiceSearch: ServiceSearchAsk => ServiceListTold;
    ServiceConfirm: ServiceConfirmAsk => ServiceChangeTold;
    ServiceClose: ServiceCloseAsk => ServiceChangeTold;
    ServiceExport: ServiceExportAsk => ServiceExportTold;
    CapacitySet: CapacitySetAsk => CapacitySetTold;
    CapacityShow: CapacityShowAsk => CapacityShowTold;
    SponsorAdd: SponsorAddAsk => SponsorTold;
    SponsorTake: SponsorTakeAsk => SponsorTold;
    SponsorList: SponsorListAsk => SponsorListTold;
    SponsorGive: SponsorGiveAsk => SponsorGiveTold;
    SponsorMail: SponsorMailAsk => SponsorMailTold;
    SponsorEnd: SponsorEndAsk => SponsorTold;
    ReferralCreate: ReferralCreateAsk => ReferralTold;
    ReferralOffer: ReferralOfferAsk => ReferralTold;
    ReferralInbox: ReferralInboxAsk => ReferralListTold;
    ReferralAccept: ReferralAcceptAsk => ReferralTold;
    ReferralDecline: ReferralDeclineAsk => ReferralTold;
    ReferralStart: ReferralStartAsk => ReferralTold;
    ReferralClose: ReferralCloseAsk => ReferralTold;
    ReferralWithdraw: ReferralWithdrawAsk => ReferralTold;
    ReferralShow: ReferralShowAsk => ReferralTold;
    ReferralList: ReferralListAsk => ReferralListTold;
    ReferralOverdue: ReferralOverdueAsk => ReferralListTold;
    ReferralGaps: ReferralGapsAsk => ReferralGapsTold;
    Budget: BudgetAsk => BudgetTold;
    AuditList: AuditListAsk => AuditListTold;
    AuditShow: AuditShowAsk => AuditShowTold;
    AuditVerify: AuditVerifyAsk => AuditVerifyTold;
    AuditDisclosures: AuditDisclosuresAsk => AuditDisclosuresTold;
    AuditExport: AuditExportAsk => AuditExportTold;
    NotifyTest: NotifyTestAsk => NotifyTestTold;
    BackupCreate: BackupCreateAsk => BackupCreateTold;
    BackupList: BackupListAsk => BackupListTold;
    BackupDrill: BackupDrillAsk => BackupDrillTold;
    StoreSize: StoreSizeAsk => StoreSizeTold;
    Passphrase: PassphraseAsk => PassphraseTold;
    SettingsShow: SettingsShowAsk => SettingsTold;
    SettingsEdit: SettingsEditAsk => SettingsTold;
    ApprovalList: ApprovalListAsk => ApprovalListTold;
    ApprovalApprove: ApprovalApproveAsk => ApprovalTold;
    ApprovalRefuse: ApprovalRefuseAsk => ApprovalTold;
    UserAdd: UserAddAsk => UserLinkTold;
    UserList: UserListAsk => UserListTold;
    UserRoles: UserRolesAsk => UserTold;
    UserDisable: UserDisableAsk => UserTold;
    UserEnable: UserEnableAsk => UserTold;
    UserReset: UserResetAsk => UserLinkTold;
    UserSignOut: UserSignOutAsk => UserTold;
    ConsoleLink: ConsoleLinkAsk => ConsoleLinkTold;
}

/// How far an operation that takes long has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How many are done.
    pub done: u64,
    /// How many there are; 0 while that is not known.
    pub total: u64,
    /// What is being done, in a few words. Nothing about a case.
    pub note: Both,
}

/// Something or someone with a name in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The organization's id: 64 hex digits.
    pub id: String,
    /// Its name.
    pub name: Both,
}

impl Named {
    /// The first ten digits of the id: enough to recognise an organization in a table.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }

    /// The name in one language.
    pub fn name(&self, lang: Lang) -> &str {
        self.name.text(lang)
    }

    /// The name as a person reads it. Of an organization that is no partner nothing is known here but its identity,
    /// and its name is the beginning of that.
    pub fn called(&self, lang: Lang) -> String {
        let name = self.name(lang);
        if name.is_empty() || !self.id.starts_with(name) {
            return name.to_owned();
        }
        let short = name.get(..8).unwrap_or(name);
        lang.pick(
            format!("an organization that is not our partner ({short})"),
            format!("un organisme qui n’est pas notre partenaire ({short})"),
        )
    }
}

/// Values that may identify a person. `Debug` says only how many.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private<T>(pub T);

impl<T: Measured> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Private({})", self.0.size())
    }
}

/// What has a size that may be shown where its content may not.
pub trait Measured {
    /// How many parts or characters it has.
    fn size(&self) -> usize;
}

impl Measured for String {
    fn size(&self) -> usize {
        self.len()
    }
}

impl Measured for Vec<String> {
    fn size(&self) -> usize {
        self.len()
    }
}

impl Measured for BTreeMap<String, String> {
    fn size(&self) -> usize {
        self.len()
    }
}

/// A clause of an agreement, a rule or a circumstance that speaks against something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, for example `consent_expired`.
    pub code: String,
    /// The clause of the agreement, for example `4.2`, if it is one.
    pub clause: Option<String>,
    /// In words.
    pub text: Both,
}

/// One field and what it holds.
///
/// For labels see [`entente_core::record::Field`], whose name `field` is, or the levels of a
/// summary.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldValue {
    /// The field's name, for example `province_of_exploitation`.
    pub field: String,
    /// Codes, numbers or dates; for identifying fields the text, or empty if masked. Several where
    /// the field holds several.
    pub values: Private<Vec<String>>,
    /// The field identifies a person on its own, or is free text that may.
    pub identifying: bool,
    /// It holds something that is not shown here.
    pub masked: bool,
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldValue({}, {} values)", self.field, self.values.0.len())
    }
}

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wellness {
    /// Nothing to do.
    Good,
    /// Works, and needs attention soon.
    Warning,
    /// Does not work.
    Bad,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable: `clock`, `certificate`, `disk`, `backup`, `partner`, …
    pub code: String,
    /// How well it is.
    pub wellness: Wellness,
    /// What was found.
    pub text: Both,
    /// The command or step that helps; nothing to do if absent.
    pub next: Option<Both>,
}

/// A default for a list's length: what fits on a few screens.
pub(super) fn default_limit() -> u32 {
    100
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page that describes the documents, with an example of each.
    const PAGE: &str = include_str!("../../../../docs/JSON.md");

    /// The two examples under the heading of an operation.
    fn examples(op: Op) -> (serde_json::Value, serde_json::Value) {
        let heading = format!("\n### {op}\n");
        let (_, section) =
            PAGE.split_once(&heading).unwrap_or_else(|| panic!("no {op} in JSON.md"));
        let section = section.split("\n#").next().unwrap_or_default();
        let mut blocks = section.split("```json\n").skip(1).map(|block| {
            let text = block.split("\n```").next().unwrap_or_default();
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{op}: {error}"))
        });
        (blocks.next().unwrap(), blocks.next().unwrap())
    }

    #[test]
    fn every_operation_has_an_example_that_is_its_document() {
        for op in Op::ALL {
            let (ask, told) = examples(*op);
            let (ask_again, told_again) = read_again(*op, ask.clone(), told.clone())
                .unwrap_or_else(|error| panic!("{op}: {error}"));
            assert_eq!(ask_again, ask, "the question of {op}");
            assert_eq!(told_again, told, "the answer of {op}");
        }
    }

    #[test]
    fn a_question_with_an_unknown_key_is_refused() {
        for op in Op::ALL {
            let (mut ask, told) = examples(*op);
            ask.as_object_mut().unwrap().insert("mispelt".to_owned(), true.into());
            assert!(read_again(*op, ask, told).is_err(), "{op}");
        }
    }

    #[test]
    fn debug_shows_nothing_that_identifies() {
        let fields = BTreeMap::from([("name_first".to_owned(), "Canary".to_owned())]);
        let shown = [
            format!("{:?}", RecordAddAsk { fields: Private(fields.clone()) }),
            format!("{:?}", RecordSearchAsk { text: Private("Canary".to_owned()), limit: 1 }),
            format!(
                "{:?}",
                FieldValue {
                    field: "name_first".to_owned(),
                    values: Private(vec!["Canary".to_owned()]),
                    identifying: true,
                    masked: false,
                }
            ),
            format!(
                "{:?}",
                PassphraseAsk {
                    old: Private("Canary".to_owned()),
                    new: Private("Canary".to_owned()),
                }
            ),
            format!("{:?}", OpenerAddAsk { name: None, passphrase: Private("Canary".to_owned()) }),
            format!(
                "{:?}",
                ReferralHandoverAsk {
                    referral: "r".to_owned(),
                    details: Private(ContactDocument {
                        name: "Canary".to_owned(),
                        ..ContactDocument::default()
                    }),
                }
            ),
            format!(
                "{:?}",
                RecordEditAsk { record: "r".to_owned(), set: Private(fields), version: None }
            ),
        ];
        for text in shown {
            assert!(!text.contains("Canary"), "{text}");
        }
    }

    #[test]
    fn what_may_be_left_out_has_a_default_and_what_must_be_there_is_missed() {
        let invite: PartnerInviteAsk = serde_json::from_str(r#"{"for_name": "B"}"#).unwrap();
        assert_eq!((invite.expires_days, invite.template), (14, None));
        let list: RecordListAsk = serde_json::from_str("{}").unwrap();
        assert_eq!((list.limit, list.withdrawn), (100, false));
        assert!(serde_json::from_str::<PartnerInviteAsk>("{}").is_err());
    }
}
