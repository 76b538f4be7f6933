//! Roles: which of the staff may ask what.
//!
//! [`allowed`] is one match and nothing else decides. Default deny: an operation is closed to a
//! role unless its row names it. The console's pages and the socket both ask here.
//!
//! Two lines are drawn on purpose. Whoever runs the machine (administrator) sees no case, and
//! whoever audits changes nothing. In a shelter of three, one person simply has several roles.

use std::fmt;

use entente_core::lang::Lang;

use super::Op;

/// What a member of the staff is there to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Works with people: records, consents, explanations.
    CaseWorker,
    /// Answers for case work: imports, exports, duplicates, withdrawals.
    Supervisor,
    /// Answers for privacy: signs agreements, closes epochs, stops partners.
    PrivacyOfficer,
    /// Works with partners: invites, drafts, counts.
    Coordinator,
    /// Looks at everything that was done; changes nothing.
    Auditor,
    /// Runs the machine; sees no case.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::CaseWorker,
        Self::Supervisor,
        Self::PrivacyOfficer,
        Self::Coordinator,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The stable text form, for example `case_worker`.
    pub fn code(self) -> &'static str {
        match self {
            Self::CaseWorker => "case_worker",
            Self::Supervisor => "supervisor",
            Self::PrivacyOfficer => "privacy_officer",
            Self::Coordinator => "coordinator",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::CaseWorker => lang.pick("Case worker", "Intervenant ou intervenante"),
            Self::Supervisor => lang.pick("Supervisor", "Superviseur ou superviseure"),
            Self::PrivacyOfficer => lang.pick(
                "Privacy officer",
                "Responsable de la protection des renseignements personnels",
            ),
            Self::Coordinator => lang.pick("Coordinator", "Coordonnateur ou coordonnatrice"),
            Self::Auditor => lang.pick("Auditor", "Vérificateur ou vérificatrice"),
            Self::Administrator => lang.pick("Administrator", "Administrateur ou administratrice"),
        }
    }

    /// The role with this text form.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.code() == code)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether `role` may ask for `op`.
///
/// Exhaustive on purpose: a new operation does not compile until someone has decided who may do
/// it.
pub fn allowed(op: Op, role: Role) -> bool {
    use Role::{Administrator, Auditor, CaseWorker, Coordinator, PrivacyOfficer, Supervisor};

    let roles: &[Role] = match op {
        // Everybody may see whether the node is well and who the partners are.
        Op::Status
        | Op::Inbox
        | Op::Doctor
        | Op::PartnerList
        | Op::PartnerShow
        | Op::AgreementList
        | Op::AgreementShow
        | Op::AgreementDiff
        | Op::EpochList
        | Op::PlanShow
        | Op::PlanList
        | Op::Budget => Role::ALL,

        // The machine.
        Op::NodeStop
        | Op::NotifyTest
        | Op::BackupCreate
        | Op::BackupList
        | Op::BackupDrill
        | Op::SettingsEdit
        | Op::StoreSize
        | Op::Passphrase => &[Administrator],

        Op::SettingsShow => &[PrivacyOfficer, Auditor, Administrator],

        // The second person needs the role for what was asked, besides; see `approvals`.
        Op::ApprovalList => &[Supervisor, PrivacyOfficer, Coordinator, Auditor],
        Op::ApprovalApprove | Op::ApprovalRefuse => &[Supervisor, PrivacyOfficer, Coordinator],

        // Who may sign in at the console, and as what.
        Op::UserAdd
        | Op::UserList
        | Op::UserRoles
        | Op::UserDisable
        | Op::UserEnable
        | Op::UserReset
        | Op::UserSignOut
        | Op::ConsoleLink => &[Administrator],

        // Getting to know a partner. The check by phone is the officers' own.
        Op::PartnerInvite | Op::PartnerOpen | Op::PartnerTest => {
            &[PrivacyOfficer, Coordinator, Administrator]
        }
        Op::PartnerDigits | Op::PartnerVerify | Op::PartnerDecline => {
            &[PrivacyOfficer, Coordinator]
        }
        Op::PartnerResume | Op::PartnerEnd => &[PrivacyOfficer],
        // Stopping is for whoever sees the danger first.
        Op::PartnerSuspend => &[Supervisor, PrivacyOfficer, Coordinator, Administrator],

        // Agreements: drafting is work, signing is authority.
        Op::AgreementDraft | Op::AgreementPropose | Op::AgreementAmend | Op::AgreementDecline => {
            &[PrivacyOfficer, Coordinator]
        }
        Op::AgreementSign | Op::AgreementResume | Op::AgreementEnd => &[PrivacyOfficer],
        Op::AgreementSuspend => &[Supervisor, PrivacyOfficer, Coordinator],
        Op::AgreementExplain => &[CaseWorker, Supervisor, PrivacyOfficer],

        // Cases.
        Op::RecordAdd
        | Op::RecordShow
        | Op::RecordList
        | Op::RecordSearch
        | Op::RecordEdit
        | Op::RecordSteward
        | Op::ConsentGive => &[CaseWorker, Supervisor],
        Op::RecordHistory | Op::ConsentList => &[CaseWorker, Supervisor, PrivacyOfficer],
        // A person may withdraw in front of whoever is there.
        Op::RecordWithdraw | Op::ConsentWithdraw => &[CaseWorker, Supervisor, PrivacyOfficer],
        Op::RecordImport | Op::RecordExport | Op::RecordDuplicates | Op::RecordLink => {
            &[Supervisor]
        }

        // The directory says nothing about a case. Whoever answers for a service says what is free.
        Op::ServiceList | Op::ServiceShow | Op::ServiceSearch | Op::CapacityShow => {
            &[CaseWorker, Supervisor, PrivacyOfficer, Coordinator, Auditor]
        }
        Op::ServiceConfirm | Op::CapacitySet => &[CaseWorker, Supervisor, Coordinator],
        Op::ServiceImport | Op::ServiceAdd | Op::ServiceClose | Op::ServiceExport => {
            &[Supervisor, Coordinator]
        }

        // Sponsors: taking one on is authority, as with a partner; taking its files is work.
        Op::SponsorAdd | Op::SponsorEnd => &[PrivacyOfficer],
        Op::SponsorTake | Op::SponsorGive | Op::SponsorMail => &[PrivacyOfficer, Coordinator],
        Op::SponsorList => &[CaseWorker, Supervisor, PrivacyOfficer, Coordinator, Auditor],

        // Sharing.
        Op::EpochClose => &[PrivacyOfficer],
        Op::EpochPreview => &[Supervisor, PrivacyOfficer, Coordinator],
        Op::Sync => &[CaseWorker, Supervisor, PrivacyOfficer, Coordinator, Administrator],
        Op::HeldList | Op::HeldShow => &[CaseWorker, Supervisor, PrivacyOfficer, Coordinator],
        Op::FeedList => &[PrivacyOfficer, Coordinator, Auditor],
        Op::QuarantineList => &[PrivacyOfficer, Coordinator, Auditor, Administrator],
        Op::QuarantineRelease => &[PrivacyOfficer],
        Op::BundleExport | Op::BundleImport => &[PrivacyOfficer, Coordinator, Administrator],

        // Hand-overs. Whoever runs the machine opens none and names nobody who may.
        Op::OpenerAdd | Op::ReferralHandover | Op::ReferralOpen => {
            &[CaseWorker, Supervisor, Coordinator]
        }
        Op::OpenerList => &[CaseWorker, Supervisor, PrivacyOfficer, Coordinator, Auditor],
        Op::OpenerRemove | Op::OpenerRotate => &[Supervisor, PrivacyOfficer, Coordinator],

        // Counting.
        Op::Count => &[PrivacyOfficer, Coordinator],
        Op::CountOwn | Op::ReferralGaps => &[Supervisor, PrivacyOfficer, Coordinator],

        // Private statistics: asking is work, signing is authority. What is kept is noisy. Whoever drafts
        // may propose: that binds nobody.
        Op::PlanDraft | Op::StatsRun | Op::StatsReturn => &[PrivacyOfficer, Coordinator],
        Op::PlanSign => &[PrivacyOfficer],
        Op::StatsStatus | Op::StatsShow => &[PrivacyOfficer, Coordinator, Auditor],
        Op::ReturnList | Op::ReturnShow => &[PrivacyOfficer, Coordinator, Auditor],
        // What was public once can be copied for ever.
        Op::ReturnPublish | Op::ReturnUnpublish => &[PrivacyOfficer],

        // Overlap rounds: driving one is work, signing it and destroying its keys is authority.
        Op::OverlapDraft | Op::OverlapRun => &[PrivacyOfficer, Coordinator],
        Op::OverlapSign | Op::OverlapEnd => &[PrivacyOfficer],
        Op::OverlapList | Op::OverlapShow => &[PrivacyOfficer, Coordinator, Auditor],

        // Referrals: case work on both sides; that nothing is left lying is the coordinator's too.
        Op::ReferralCreate
        | Op::ReferralOffer
        | Op::ReferralInbox
        | Op::ReferralAccept
        | Op::ReferralDecline
        | Op::ReferralStart
        | Op::ReferralClose
        | Op::ReferralShow
        | Op::ReferralList => &[CaseWorker, Supervisor],
        Op::ReferralWithdraw => &[CaseWorker, Supervisor, PrivacyOfficer],
        Op::ReferralOverdue => &[CaseWorker, Supervisor, PrivacyOfficer, Coordinator],

        // Accounting for it.
        Op::AuditList | Op::AuditShow | Op::AuditVerify | Op::AuditExport => {
            &[PrivacyOfficer, Auditor]
        }
        Op::AuditDisclosures => &[CaseWorker, Supervisor, PrivacyOfficer, Auditor],
    };
    roles.contains(&role)
}

/// What may take two people, where the organization's settings say so: what binds it, releases, or
/// takes much out.
pub const MAY_NEED_APPROVAL: &[Op] = &[
    Op::AgreementSign,
    Op::PlanSign,
    Op::OverlapSign,
    Op::EpochClose,
    Op::StatsRun,
    Op::StatsReturn,
    Op::ReturnPublish,
    Op::ReturnUnpublish,
    Op::RecordExport,
];

/// Whether whoever asks this at the console has to have proved who they are a short while ago.
///
/// What binds the organization, lets somebody in or back in, or takes much out at once: a screen that was left
/// open must not be enough. On the machine itself the account is the proof.
pub fn needs_proof(op: Op) -> bool {
    matches!(
        op,
        Op::PartnerVerify
            | Op::PartnerResume
            | Op::PartnerEnd
            | Op::SponsorAdd
            | Op::SponsorEnd
            | Op::AgreementSign
            | Op::AgreementResume
            | Op::AgreementEnd
            | Op::EpochClose
            | Op::PlanSign
            | Op::ReturnPublish
            | Op::ReturnUnpublish
            | Op::OverlapSign
            | Op::QuarantineRelease
            | Op::RecordExport
            | Op::AuditExport
            | Op::BundleExport
            | Op::BackupCreate
            | Op::BackupDrill
            | Op::SettingsEdit
            | Op::ApprovalApprove
            | Op::Passphrase
            | Op::NodeStop
            | Op::OpenerAdd
            | Op::OpenerRemove
            | Op::OpenerRotate
            | Op::ReferralOpen
            | Op::UserAdd
            | Op::UserRoles
            | Op::UserEnable
            | Op::UserReset
            | Op::ConsoleLink
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_binds_lets_somebody_in_or_takes_much_out_needs_a_fresh_proof_and_stopping_is_quick() {
        let wanted = [
            // Binds.
            "agreement_sign",
            "plan_sign",
            "overlap_sign",
            "epoch_close",
            "return_publish",
            "return_unpublish",
            "approval_approve",
            // Lets a partner in, back in, or go for good.
            "partner_verify",
            "partner_resume",
            "partner_end",
            "agreement_resume",
            "agreement_end",
            "quarantine_release",
            "sponsor_add",
            "sponsor_end",
            // Lets somebody of the house in, or see who a person is.
            "user_add",
            "user_roles",
            "user_enable",
            "user_reset",
            "console_link",
            "opener_add",
            "opener_remove",
            "opener_rotate",
            "referral_open",
            // Takes much out.
            "record_export",
            "audit_export",
            "bundle_export",
            "backup_create",
            "backup_drill",
            // Runs the node.
            "settings_edit",
            "passphrase",
            "node_stop",
        ];
        let all = |wants: bool| Op::ALL.iter().filter(move |op| needs_proof(**op) == wants);
        let asked: BTreeSet<_> = all(true).map(|op| op.name()).collect();
        assert_eq!(asked, BTreeSet::from(wanted));
        let stops = ["suspend", "disable", "withdraw", "decline", "refuse", "sign_out"];
        let quick: Vec<_> = all(false).map(|op| op.name()).collect();
        for op in Op::ALL.iter().map(|op| op.name()) {
            let is_stop = stops.iter().any(|it| op.ends_with(it));
            assert!(!is_stop || quick.contains(&op), "stopping must be quick: {op}");
        }
    }

    fn ops_of(role: Role) -> Vec<Op> {
        Op::ALL.iter().copied().filter(|op| allowed(*op, role)).collect()
    }

    #[test]
    fn every_operation_is_open_to_some_role_and_every_role_is_closed_to_some_operation() {
        for op in Op::ALL {
            assert!(Role::ALL.iter().any(|role| allowed(*op, *role)), "nobody may {op}");
        }
        for role in Role::ALL {
            assert!(Op::ALL.iter().any(|op| !allowed(*op, *role)), "{role} may do everything");
        }
    }

    #[test]
    fn whoever_runs_the_machine_sees_no_case() {
        for op in ops_of(Role::Administrator) {
            let name = op.name();
            assert!(
                !["record", "consent", "held", "count", "audit", "opener", "referral"]
                    .iter()
                    .any(|area| name.starts_with(area)),
                "an administrator may {op}"
            );
            assert_ne!(op, Op::AgreementExplain);
        }
    }

    #[test]
    fn an_auditor_looks_and_changes_nothing() {
        use Op::{
            AgreementDiff, AgreementList, AgreementShow, ApprovalList, AuditDisclosures,
            AuditExport, AuditList, AuditShow, AuditVerify, Budget, CapacityShow, Doctor,
            EpochList, FeedList, Inbox, OpenerList, OverlapList, OverlapShow, PartnerList,
            PartnerShow, PlanList, PlanShow, QuarantineList, ReturnList, ReturnShow, ServiceList,
            ServiceSearch, ServiceShow, SettingsShow, SponsorList, StatsShow, StatsStatus, Status,
        };
        assert_eq!(
            ops_of(Role::Auditor),
            [
                Status,
                Inbox,
                Doctor,
                PartnerList,
                PartnerShow,
                AgreementList,
                AgreementShow,
                AgreementDiff,
                EpochList,
                FeedList,
                QuarantineList,
                OpenerList,
                PlanShow,
                PlanList,
                StatsStatus,
                StatsShow,
                ReturnList,
                ReturnShow,
                OverlapList,
                OverlapShow,
                ServiceList,
                ServiceShow,
                ServiceSearch,
                CapacityShow,
                SponsorList,
                Budget,
                AuditList,
                AuditShow,
                AuditVerify,
                AuditDisclosures,
                AuditExport,
                SettingsShow,
                ApprovalList,
            ]
        );
    }

    #[test]
    fn only_the_privacy_officer_signs_ends_and_releases() {
        for op in [
            Op::AgreementSign,
            Op::AgreementEnd,
            Op::PartnerEnd,
            Op::EpochClose,
            Op::QuarantineRelease,
            Op::PlanSign,
            Op::ReturnPublish,
            Op::ReturnUnpublish,
            Op::OverlapSign,
            Op::OverlapEnd,
            Op::SponsorAdd,
            Op::SponsorEnd,
        ] {
            let roles: Vec<_> = Role::ALL.iter().filter(|role| allowed(op, **role)).collect();
            assert_eq!(roles, [&Role::PrivacyOfficer], "{op}");
        }
    }

    #[test]
    fn whoever_may_ask_what_takes_two_people_may_approve_and_the_administrator_may_not() {
        for op in MAY_NEED_APPROVAL {
            for role in Role::ALL.iter().filter(|role| allowed(*op, **role)) {
                assert!(allowed(Op::ApprovalApprove, *role), "{role} and {op}");
            }
        }
        assert!(!allowed(Op::ApprovalApprove, Role::Administrator));
        assert!(needs_proof(Op::ApprovalApprove) && !needs_proof(Op::ApprovalRefuse));
    }

    #[test]
    fn a_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.code()), Some(*role));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
