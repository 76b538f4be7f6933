//! Operations: everything that can be asked at the local door.
//!
//! One variant per method of the service `Local` (`proto/entente/v1/local.proto`).

use std::fmt;

macro_rules! ops {
    ($($name:ident = $snake:literal, $en:literal, $fr:literal;)+) => {
        /// One thing that can be asked of a node by its own staff.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Op {
            $(#[doc = $en] $name,)+
        }

        impl Op {
            /// All of them, in the order of the service.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The method of the service `Local`, for example `PartnerInvite`.
            pub fn method(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The name in documents and in the audit log, for example `partner_invite`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $snake,)+ }
            }

            /// What it does, for a person.
            pub fn label(self, lang: entente_core::lang::Lang) -> &'static str {
                match self { $(Self::$name => lang.pick($en, $fr),)+ }
            }
        }
    };
}

ops! {
    Status = "status", "Show who we are, partners and health", "Montrer qui nous sommes, les partenaires et l’état";
    Inbox = "inbox", "Show what waits for you", "Montrer ce qui vous attend";
    Doctor = "doctor", "Check the node", "Vérifier le nœud";
    NodeStop = "node_stop", "Stop the node", "Arrêter le nœud";
    PartnerInvite = "partner_invite", "Invite a partner", "Inviter un partenaire";
    PartnerOpen = "partner_open", "Open an invitation", "Ouvrir une invitation";
    PartnerDigits = "partner_digits", "Show the digits to read aloud", "Montrer les chiffres à lire à voix haute";
    PartnerVerify = "partner_verify", "Type the digits that the partner read", "Saisir les chiffres lus par le partenaire";
    PartnerTest = "partner_test", "Run a test share", "Faire un échange d’essai";
    PartnerList = "partner_list", "List partners", "Lister les partenaires";
    PartnerShow = "partner_show", "Show a partner", "Montrer un partenaire";
    PartnerSuspend = "partner_suspend", "Suspend a partner", "Suspendre un partenaire";
    PartnerResume = "partner_resume", "Resume with a partner", "Reprendre l’échange avec un partenaire";
    PartnerEnd = "partner_end", "End a partnership", "Mettre fin à un partenariat";
    PartnerDecline = "partner_decline", "Decline an invitation", "Refuser une invitation";
    AgreementDraft = "agreement_draft", "Draft an agreement", "Rédiger une entente";
    AgreementPropose = "agreement_propose", "Propose an agreement", "Proposer une entente";
    AgreementList = "agreement_list", "List agreements", "Lister les ententes";
    AgreementShow = "agreement_show", "Show an agreement", "Montrer une entente";
    AgreementDiff = "agreement_diff", "Compare agreements", "Comparer des ententes";
    AgreementSign = "agreement_sign", "Sign an agreement", "Signer une entente";
    AgreementDecline = "agreement_decline", "Decline an agreement", "Refuser une entente";
    AgreementAmend = "agreement_amend", "Amend an agreement", "Modifier une entente";
    AgreementSuspend = "agreement_suspend", "Suspend an agreement", "Suspendre une entente";
    AgreementResume = "agreement_resume", "Resume an agreement", "Lever la suspension d’une entente";
    AgreementEnd = "agreement_end", "End an agreement", "Mettre fin à une entente";
    AgreementExplain = "agreement_explain", "Explain what a partner would receive", "Expliquer ce qu’un partenaire recevrait";
    RecordAdd = "record_add", "Add a case", "Inscrire un dossier";
    RecordShow = "record_show", "Show a case", "Montrer un dossier";
    RecordList = "record_list", "List cases", "Lister les dossiers";
    RecordSearch = "record_search", "Search cases", "Chercher des dossiers";
    RecordEdit = "record_edit", "Edit a case", "Modifier un dossier";
    RecordHistory = "record_history", "Show the versions of a case", "Montrer les versions d’un dossier";
    RecordWithdraw = "record_withdraw", "Withdraw a case", "Retirer un dossier";
    RecordImport = "record_import", "Import cases", "Importer des dossiers";
    RecordExport = "record_export", "Export cases", "Exporter des dossiers";
    RecordDuplicates = "record_duplicates", "Propose duplicates", "Proposer des doublons";
    RecordLink = "record_link", "Decide on a proposed duplicate", "Trancher un doublon proposé";
    RecordSteward = "record_steward", "Name the community steward of a case", "Nommer le gardien communautaire d’un dossier";
    ConsentGive = "consent_give", "Enter a consent", "Consigner un consentement";
    ConsentWithdraw = "consent_withdraw", "Withdraw a consent", "Retirer un consentement";
    ConsentList = "consent_list", "List consents", "Lister les consentements";
    EpochClose = "epoch_close", "Close a reporting period", "Clôturer une période";
    EpochPreview = "epoch_preview", "Preview the close of a reporting period", "Afficher un aperçu de la clôture";
    EpochList = "epoch_list", "List reporting periods", "Lister les périodes";
    Sync = "sync", "Fetch news from partners", "Demander les mises à jour aux partenaires";
    HeldList = "held_list", "List summaries held", "Lister les résumés détenus";
    HeldShow = "held_show", "Show a summary held", "Montrer un résumé détenu";
    FeedList = "feed_list", "List the entries of a feed", "Lister les entrées d’un fil";
    QuarantineList = "quarantine_list", "List quarantined partners", "Lister les partenaires en quarantaine";
    QuarantineRelease = "quarantine_release", "Release a partner from quarantine", "Sortir un partenaire de quarantaine";
    BundleExport = "bundle_export", "Write a bundle file", "Écrire une liasse";
    BundleImport = "bundle_import", "Read a bundle file", "Lire une liasse";
    OpenerAdd = "opener_add", "Let a person open hand-overs", "Permettre à une personne d’ouvrir des transmissions";
    OpenerList = "opener_list", "List who may open hand-overs", "Lister qui peut ouvrir des transmissions";
    OpenerRemove = "opener_remove", "Take the right to open hand-overs from a person", "Retirer à une personne le droit d’ouvrir des transmissions";
    OpenerRotate = "opener_rotate", "Make a new key for hand-overs", "Créer une nouvelle clé de transmission";
    ReferralHandover = "referral_handover", "Hand contact details over", "Transmettre des coordonnées";
    ReferralOpen = "referral_open", "Open contact details that were handed over", "Ouvrir des coordonnées transmises";
    Count = "count", "Count with partners", "Dénombrer avec les partenaires";
    CountOwn = "count_own", "Count our own cases", "Dénombrer nos propres dossiers";
    PlanDraft = "plan_draft", "Draft a release plan", "Rédiger un plan de diffusion";
    PlanSign = "plan_sign", "Sign a release plan", "Signer un plan de diffusion";
    PlanShow = "plan_show", "Show a release plan", "Montrer un plan de diffusion";
    PlanList = "plan_list", "List release plans", "Lister les plans de diffusion";
    StatsRun = "stats_run", "Ask for the figures of a plan", "Demander les chiffres d’un plan";
    StatsStatus = "stats_status", "Show who has answered a plan", "Montrer qui a répondu à un plan";
    StatsShow = "stats_show", "Show the figures of a plan", "Montrer les chiffres d’un plan";
    StatsReturn = "stats_return", "Write a national return", "Produire un rapport national";
    ReturnList = "return_list", "List national returns", "Lister les rapports nationaux";
    ReturnShow = "return_show", "Check and show a national return", "Vérifier et montrer un rapport national";
    ReturnPublish = "return_publish", "Publish a national return", "Publier un rapport national";
    ReturnUnpublish = "return_unpublish", "End the publication of a national return", "Mettre fin à la publication d’un rapport national";
    OverlapDraft = "overlap_draft", "Draft an overlap round", "Rédiger les conditions d’un recoupement";
    OverlapSign = "overlap_sign", "Sign an overlap round", "Signer un recoupement";
    OverlapList = "overlap_list", "List overlap rounds", "Lister les recoupements";
    OverlapRun = "overlap_run", "Run an overlap round", "Mener un recoupement";
    OverlapShow = "overlap_show", "Show an overlap round", "Montrer un recoupement";
    OverlapEnd = "overlap_end", "Give an overlap round up", "Abandonner un recoupement";
    ServiceImport = "service_import", "Import services", "Importer des services";
    ServiceAdd = "service_add", "Add or change a service", "Ajouter ou modifier un service";
    ServiceList = "service_list", "List our services", "Lister nos services";
    ServiceShow = "service_show", "Show a service", "Montrer un service";
    ServiceSearch = "service_search", "Search services", "Chercher des services";
    ServiceConfirm = "service_confirm", "Confirm a service", "Confirmer un service";
    ServiceClose = "service_close", "Close a service", "Fermer un service";
    ServiceExport = "service_export", "Export services", "Exporter des services";
    CapacitySet = "capacity_set", "Say what a service has free", "Indiquer la capacité d’un service";
    CapacityShow = "capacity_show", "Show what is free", "Montrer les capacités";
    SponsorAdd = "sponsor_add", "Sponsor an organization without a node", "Parrainer un organisme sans nœud";
    SponsorTake = "sponsor_take", "Take what a sponsored organization signed", "Prendre ce qu’un organisme parrainé a signé";
    SponsorList = "sponsor_list", "List sponsored organizations", "Lister les organismes parrainés";
    SponsorGive = "sponsor_give", "Write a receipt for a sponsored organization", "Écrire un accusé de réception pour un organisme parrainé";
    SponsorMail = "sponsor_mail", "Write mail for a sponsored organization", "Écrire le courrier d’un organisme parrainé";
    SponsorEnd = "sponsor_end", "End a sponsorship", "Mettre fin à un parrainage";
    ReferralCreate = "referral_create", "Make a referral", "Créer un aiguillage";
    ReferralOffer = "referral_offer", "Offer a referral", "Offrir un aiguillage";
    ReferralInbox = "referral_inbox", "List referrals offered to us", "Lister les aiguillages qui nous sont offerts";
    ReferralAccept = "referral_accept", "Accept a referral", "Accepter un aiguillage";
    ReferralDecline = "referral_decline", "Decline a referral", "Refuser un aiguillage";
    ReferralStart = "referral_start", "Say that the person of a referral is being served", "Indiquer que le service d’un aiguillage a commencé";
    ReferralClose = "referral_close", "Close a referral", "Fermer un aiguillage";
    ReferralWithdraw = "referral_withdraw", "Withdraw a referral", "Retirer un aiguillage";
    ReferralShow = "referral_show", "Show a referral", "Montrer un aiguillage";
    ReferralList = "referral_list", "List our referrals", "Lister nos aiguillages";
    ReferralOverdue = "referral_overdue", "List overdue referrals", "Lister les aiguillages en retard";
    ReferralGaps = "referral_gaps", "Count unmet needs", "Compter les besoins non comblés";
    Budget = "budget", "Show the privacy budget", "Montrer le budget de confidentialité";
    AuditList = "audit_list", "List audit entries", "Lister les entrées du journal";
    AuditShow = "audit_show", "Show an audit entry in full", "Montrer une entrée du journal en entier";
    AuditVerify = "audit_verify", "Verify the audit log", "Vérifier le journal";
    AuditDisclosures = "audit_disclosures", "Account for disclosures about a person", "Rendre compte des communications sur une personne";
    AuditExport = "audit_export", "Export the audit log", "Exporter le journal";
    NotifyTest = "notify_test", "Send a test message to the staff", "Envoyer un avis d’essai au personnel";
    BackupCreate = "backup_create", "Create a backup", "Créer une sauvegarde";
    BackupList = "backup_list", "List backups", "Lister les sauvegardes";
    BackupDrill = "backup_drill", "Restore a backup beside the node, as a drill", "Restaurer une sauvegarde à côté du nœud, comme exercice";
    StoreSize = "store_size", "Show the size of the store", "Montrer la taille du dépôt";
    Passphrase = "passphrase", "Change the passphrase", "Changer la phrase de passe";
    SettingsShow = "settings_show", "Show the settings of the node", "Montrer les paramètres du nœud";
    SettingsEdit = "settings_edit", "Change what the organization says about itself", "Modifier ce que l’organisme dit de lui-même";
    ApprovalList = "approval_list", "List what waits for a second person", "Lister ce qui attend une deuxième personne";
    ApprovalApprove = "approval_approve", "Approve what somebody else asked", "Approuver ce qu’une autre personne a demandé";
    ApprovalRefuse = "approval_refuse", "Refuse what somebody asked", "Refuser ce qu’une personne a demandé";
    UserAdd = "user_add", "Add an account for the console", "Ajouter un compte pour la console";
    UserList = "user_list", "List the accounts of the console", "Lister les comptes de la console";
    UserRoles = "user_roles", "Give an account other roles", "Donner d’autres rôles à un compte";
    UserDisable = "user_disable", "Disable an account", "Désactiver un compte";
    UserEnable = "user_enable", "Enable an account again", "Réactiver un compte";
    UserReset = "user_reset", "Give an account a new sign-in link", "Donner un nouveau lien à un compte";
    UserSignOut = "user_sign_out", "End the sessions of an account", "Fermer les sessions d’un compte";
    ConsoleLink = "console_link", "Make the link for the first administrator", "Créer le lien de la première personne administratrice";
}

impl Op {
    /// The operation with this method or document name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|op| op.method() == name || op.name() == name)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_names_of_an_operation_are_one_word_written_in_two_ways() {
        for op in Op::ALL {
            let camel: String =
                op.name().split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
            assert_eq!(camel, op.method());
            assert_eq!(Op::parse(op.name()), Some(*op));
            assert_eq!(Op::parse(op.method()), Some(*op));
        }
        assert_eq!(Op::parse("partner"), None);
    }

    #[test]
    fn every_method_of_the_service_is_an_operation_and_the_reverse() {
        let proto = include_str!("../../../../proto/entente/v1/local.proto");
        let methods: Vec<&str> = proto
            .lines()
            .filter_map(|line| line.trim().strip_prefix("rpc "))
            .filter_map(|line| line.split('(').next())
            .collect();
        let ops: Vec<&str> = Op::ALL.iter().map(|op| op.method()).collect();
        assert_eq!(methods, ops);
    }
}
