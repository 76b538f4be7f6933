//! The audit log: what a node did, in order, so that it cannot be rewritten in silence.
//!
//! Every disclosure, refusal, read, change and login is an entry, written in the same transaction
//! as its effect. The entries are the leaves of a Merkle log whose roots partners co-sign. Each
//! carries 32 random bytes, so that nobody can guess an entry back from its hash.
//!
//! An entry names a record by its id and never says what is in it.

use crate::identity::OrgId;
use crate::lang::Lang;
use crate::record::RecordId;

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person of this organization, by the name of their account.
    Staff(String),
    /// A partner, over the network or in a bundle.
    Partner(OrgId),
    /// The node itself: a timer, or the consequence of something else.
    Node,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $code:literal, $en:literal, $fr:literal;)+) => {
        /// What was done.
        ///
        /// Numbers are stable: they are inside the leaves.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Action {
            $(#[doc = $en] $name = $number,)+
        }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Text form, for files and filters.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What a person reads.
            pub fn label(self, lang: Lang) -> &'static str {
                match self { $(Self::$name => lang.pick($en, $fr),)+ }
            }
        }
    };
}

actions! {
    NodeStarted = 1, "node_started", "Node started", "Nœud démarré";
    NodeStopped = 2, "node_stopped", "Node stopped", "Nœud arrêté";
    LoggedIn = 3, "logged_in", "Session opened", "Session ouverte";
    AccessRefused = 4, "access_refused", "Access refused", "Accès refusé";
    RecordAdded = 10, "record_added", "Record added", "Dossier inscrit";
    RecordChanged = 11, "record_changed", "Record changed", "Dossier modifié";
    RecordRead = 12, "record_read", "Record read", "Dossier consulté";
    RecordsListed = 13, "records_listed", "Records listed", "Dossiers listés";
    RecordsExported = 14, "records_exported", "Records exported", "Dossiers exportés";
    RecordWithdrawn = 15, "record_withdrawn", "Record withdrawn", "Dossier retiré";
    RecordsImported = 16, "records_imported", "Records imported", "Dossiers importés";
    ConsentGiven = 20, "consent_given", "Consent recorded", "Consentement consigné";
    ConsentWithdrawn = 21, "consent_withdrawn", "Consent withdrawn", "Consentement retiré";
    SummaryReleased = 30, "summary_released", "Summary released", "Résumé communiqué";
    SummaryRefused = 31, "summary_refused", "Summary not released", "Résumé non communiqué";
    SummaryTakenBack = 32, "summary_taken_back", "Summary taken back", "Résumé retiré";
    SummariesHeld = 33, "summaries_held", "Summaries received", "Résumés reçus";
    SummaryShredded = 34, "summary_shredded", "Held summary destroyed", "Résumé détenu détruit";
    ReceiptReceived = 35, "receipt_received", "Receipt received", "Accusé de réception reçu";
    EpochClosed = 36, "epoch_closed", "Epoch closed", "Période clôturée";
    Explained = 37, "explained", "Decision explained", "Décision expliquée";
    CountAnswered = 40, "count_answered", "Count answered", "Dénombrement communiqué";
    CountRefused = 41, "count_refused", "Count refused", "Dénombrement refusé";
    CountAsked = 42, "count_asked", "Count asked", "Dénombrement demandé";
    OwnCounted = 43, "own_counted", "Own records counted", "Dénombrement interne";
    PartnerInvited = 50, "partner_invited", "Partner invited", "Partenaire invité";
    PartnerConnected = 51, "partner_connected", "Partner connected", "Partenaire connecté";
    PartnerVerified = 52, "partner_verified", "Partner verified", "Partenaire vérifié";
    PartnerCheckFailed = 53, "partner_check_failed", "Phone check failed", "Vérification échouée";
    PartnerSuspended = 54, "partner_suspended", "Partner suspended", "Partenaire suspendu";
    PartnerResumed = 55, "partner_resumed", "Partner resumed", "Échange repris";
    PartnerEnded = 56, "partner_ended", "Partnership ended", "Partenariat terminé";
    PartnerQuarantined = 57, "partner_quarantined", "Partner quarantined", "Partenaire mis en quarantaine";
    PartnerReleased = 58, "partner_released", "Quarantine lifted", "Quarantaine levée";
    TestShared = 59, "test_shared", "Test share", "Échange d’essai";
    AgreementProposed = 60, "agreement_proposed", "Agreement proposed", "Entente proposée";
    AgreementSigned = 61, "agreement_signed", "Agreement signed", "Entente signée";
    AgreementActive = 62, "agreement_active", "Agreement in force", "Entente en vigueur";
    AgreementDeclined = 63, "agreement_declined", "Agreement declined", "Entente refusée";
    AgreementSuspended = 64, "agreement_suspended", "Agreement suspended", "Entente suspendue";
    AgreementResumed = 65, "agreement_resumed", "Agreement resumed", "Suspension d’une entente levée";
    AgreementEnded = 66, "agreement_ended", "Agreement ended", "Entente résiliée";
    BundleWritten = 70, "bundle_written", "Bundle written", "Liasse écrite";
    BundleRead = 71, "bundle_read", "Bundle read", "Liasse lue";
    BackupMade = 80, "backup_made", "Backup made", "Sauvegarde faite";
    Restored = 81, "restored", "Restored from a backup", "Restauration à partir d’une sauvegarde";
    AuditRead = 82, "audit_read", "Audit log read", "Journal consulté";
    KeysChanged = 83, "keys_changed", "Keys changed", "Clés modifiées";
    PlanProposed = 90, "plan_proposed", "Release plan proposed", "Plan de diffusion proposé";
    PlanSigned = 91, "plan_signed", "Release plan signed", "Plan de diffusion signé";
    ReleaseCharged = 92, "release_charged", "Release charged", "Diffusion imputée au budget";
    ReleaseGiven = 93, "release_given", "Release given", "Diffusion communiquée";
    ReleaseDeclined = 94, "release_declined", "Release declined", "Diffusion refusée";
    ReleaseAsked = 95, "release_asked", "Release asked for", "Diffusion demandée";
    ReleaseReceived = 96, "release_received", "Answer to a release received", "Réponse à une diffusion reçue";
    LedgerBehind = 97, "ledger_behind", "A receipt was ahead of the ledger", "Un accusé de réception devançait le registre";
    ReturnWritten = 98, "return_written", "National return written", "Rapport national produit";
    ReleaseDrawn = 99, "release_drawn", "Release drawn", "Chiffres produits pour une diffusion";
    SumOpened = 100, "sum_opened", "Secure sum opened", "Somme sécurisée ouverte";
    SumClosed = 101, "sum_closed", "Intake of a secure sum ended", "Réception d’une somme sécurisée terminée";
    SumRevealed = 102, "sum_revealed", "Part of a secure sum revealed", "Part d’une somme sécurisée révélée";
    SumAborted = 103, "sum_aborted", "Secure sum given up", "Somme sécurisée abandonnée";
    SumGiven = 104, "sum_given", "Finished secure sum sent", "Somme sécurisée achevée communiquée";
    SumReceived = 105, "sum_received", "Finished secure sum received", "Somme sécurisée achevée reçue";
    OverlapProposed = 110, "overlap_proposed", "Overlap round proposed", "Recoupement proposé";
    OverlapSigned = 111, "overlap_signed", "Overlap round signed", "Recoupement signé";
    OverlapAsked = 112, "overlap_asked", "Step of an overlap round asked for", "Étape d’un recoupement demandée";
    OverlapDeclined = 113, "overlap_declined", "Step of an overlap round refused", "Étape d’un recoupement refusée";
    OverlapKeyMade = 114, "overlap_key_made", "Key of an overlap round made", "Clé d’un recoupement créée";
    OverlapCharged = 115, "overlap_charged", "Overlap round charged", "Recoupement imputé au budget";
    OverlapGiven = 116, "overlap_given", "Contributed to an overlap round", "Contribution à un recoupement";
    OverlapReceived = 117, "overlap_received", "Step of an overlap round received", "Étape d’un recoupement reçue";
    OverlapMixed = 118, "overlap_mixed", "Overlap round mixed", "Recoupement mélangé";
    OverlapCounted = 119, "overlap_counted", "Overlap round counted", "Recoupement compté";
    OverlapEnded = 120, "overlap_ended", "Overlap round over, keys destroyed", "Recoupement terminé, clés détruites";
    ServicesImported = 130, "services_imported", "Services imported", "Services importés";
    ServiceChanged = 131, "service_changed", "Service added or changed", "Service ajouté ou modifié";
    ServiceConfirmed = 132, "service_confirmed", "Service confirmed", "Service confirmé";
    ServiceClosed = 133, "service_closed", "Service closed or withdrawn", "Service fermé ou retiré";
    ServicesSaid = 134, "services_said", "Services told to a partner", "Services communiqués à un partenaire";
    ServicesHeld = 135, "services_held", "Services of a partner received", "Services d’un partenaire reçus";
    CapacitySet = 136, "capacity_set", "Capacity said", "Capacité indiquée";
    CapacityHeld = 137, "capacity_held", "Capacity of a partner received", "Capacité d’un partenaire reçue";
    ServicesExported = 138, "services_exported", "Services exported", "Services exportés";
    ReferralCreated = 140, "referral_created", "Referral created", "Aiguillage créé";
    ReferralOffered = 141, "referral_offered", "Referral offered", "Aiguillage offert";
    ReferralRefused = 142, "referral_refused", "Referral not offered", "Aiguillage non offert";
    ReferralAccepted = 143, "referral_accepted", "Referral accepted", "Aiguillage accepté";
    ReferralDeclined = 144, "referral_declined", "Referral declined", "Aiguillage refusé";
    ReferralDecided = 145, "referral_decided", "Referral decided", "Aiguillage attribué";
    ReferralHandedOver = 146, "referral_handed_over", "Referral handed over", "Aiguillage transmis";
    ReferralProgressed = 147, "referral_progressed", "Referral went on", "Étape d’un aiguillage franchie";
    ReferralClosed = 148, "referral_closed", "Referral closed", "Aiguillage fermé";
    ReferralWithdrawn = 149, "referral_withdrawn", "Referral withdrawn", "Aiguillage retiré";
    ReferralExpired = 150, "referral_expired", "Referral expired", "Aiguillage expiré";
    ReferralReminded = 151, "referral_reminded", "Reminded of a referral", "Rappel d’un aiguillage";
    ReferralEscalated = 152, "referral_escalated", "Referral escalated", "Aiguillage transmis à l’échelon supérieur";
    ReferralIgnored = 153, "referral_ignored", "Word on a referral without effect", "Message sur un aiguillage sans effet";
    ReferralRead = 154, "referral_read", "Referral read", "Aiguillage consulté";
    OpenerAdded = 160, "opener_added", "Opener added", "Dépositaire ajouté";
    OpenerRemoved = 161, "opener_removed", "Opener removed", "Dépositaire retiré";
    TeamKeyMade = 162, "team_key_made", "Key for hand-overs made", "Clé de transmission créée";
    TeamKeyDestroyed = 163, "team_key_destroyed", "Key for hand-overs destroyed", "Clé de transmission détruite";
    TeamKeyReceived = 164, "team_key_received", "A partner’s key for hand-overs received", "Clé de transmission d’un partenaire reçue";
    HandoverOpened = 165, "handover_opened", "Hand-over opened", "Transmission ouverte";
    HandoverNotOpened = 166, "handover_not_opened", "Hand-over not opened", "Transmission non ouverte";
    HandoverRefused = 167, "handover_refused", "Hand-over not taken", "Transmission non reçue";
    HandoverShredded = 168, "handover_shredded", "Hand-over destroyed", "Transmission détruite";
    NoticeSent = 180, "notice_sent", "Message to the staff sent", "Avis au personnel envoyé";
    NoticeFailed = 181, "notice_failed", "Message to the staff failed", "Échec d’un avis au personnel";
    NoticeGivenUp = 182, "notice_given_up", "Message to the staff given up", "Avis au personnel abandonné";
    SponsoredAdded = 190, "sponsored_added", "Organization sponsored", "Organisme parrainé";
    SponsoredTaken = 191, "sponsored_taken", "Document of a sponsored organization signed", "Document d’un organisme parrainé signé";
    SponsoredEnded = 192, "sponsored_ended", "Sponsorship ended", "Parrainage terminé";
    SponsoredSaid = 193, "sponsored_said", "Sponsored organization told to a partner", "Organisme parrainé communiqué à un partenaire";
    SponsoredHeld = 194, "sponsored_held", "Sponsored organization of a partner received", "Avis reçu\u{a0}: organisme parrainé par un partenaire";
    SponsoredReceipt = 195, "sponsored_receipt", "Receipt for a sponsored organization signed", "Accusé de réception signé pour un organisme parrainé";
    UserAdded = 200, "user_added", "Account added", "Compte ajouté";
    UserChanged = 201, "user_changed", "Account changed", "Compte modifié";
    UserDisabled = 202, "user_disabled", "Account disabled", "Compte désactivé";
    UserEnabled = 203, "user_enabled", "Account enabled", "Compte réactivé";
    LinkMade = 204, "link_made", "Sign-in link made", "Lien d’ouverture de session créé";
    CredentialSet = 205, "credential_set", "Way to sign in set up", "Moyen d’ouvrir une session établi";
    CredentialRemoved = 206, "credential_removed", "Way to sign in removed", "Moyen d’ouvrir une session retiré";
    SignedOut = 207, "signed_out", "Session ended", "Session fermée";
    ProvedAgain = 208, "proved_again", "Identity confirmed again", "Identité confirmée de nouveau";
    SponsorMailHeld = 210, "sponsor_mail_held", "Word for a sponsored organization kept", "Message destiné à un organisme parrainé conservé";
    SponsorMailGiven = 211, "sponsor_mail_given", "Mail for a sponsored organization written", "Courrier d’un organisme parrainé écrit";
    SponsorAnswerSaid = 212, "sponsor_answer_said", "Answer of a sponsored organization signed and said", "Réponse d’un organisme parrainé signée et communiquée";
    JobStopped = 223, "job_stopped", "Long work stopped", "Travail arrêté";
    JobLost = 224, "job_lost", "Long work ended by a restart", "Travail interrompu par un redémarrage";
    JobFileTaken = 225, "job_file_taken", "File of long work downloaded", "Fichier d’un travail téléchargé";
    JobFileRemoved = 226, "job_file_removed", "File of long work removed", "Fichier d’un travail supprimé";
    ReturnPublished = 227, "return_published", "National return published", "Rapport national publié";
    ReturnUnpublished = 228, "return_unpublished", "Publication of a national return ended", "Publication d’un rapport national terminée";
    ApprovalAsked = 230, "approval_asked", "A second person asked for", "Approbation d’une deuxième personne demandée";
    ApprovalGiven = 231, "approval_given", "Approved by a second person", "Approuvé par une deuxième personne";
    ApprovalRefused = 232, "approval_refused", "Refused by a second person, or taken back", "Refusé par une deuxième personne, ou retiré";
    ApprovalFailed = 233, "approval_failed", "Approved, and could not be done", "Approuvé, mais n’a pu être fait";
    SettingsChanged = 234, "settings_changed", "Settings changed", "Paramètres modifiés";
    BackupDrilled = 235, "backup_drilled", "Restore of a backup tried", "Essai de restauration";
    RequestTaken = 236, "request_taken", "Referral asked for by a sponsored organization taken", "Demande d’aiguillage d’un organisme parrainé reçue";
    RequestWithdrawn = 237, "request_withdrawn", "Referral withdrawn by a sponsored organization", "Aiguillage retiré par un organisme parrainé";
    RequestHandedOver = 238, "request_handed_over", "Contact details sealed by a sponsored organization handed on", "Coordonnées scellées par un organisme parrainé transmises";
    RequestRefused = 239, "request_refused", "Request of a sponsored organization refused", "Demande d’un organisme parrainé refusée";
    RolesFollowed = 240, "roles_followed", "Roles changed after the groups at the identity provider", "Rôles modifiés d’après les groupes chez le fournisseur d’identité";
    RequestForgotten = 241, "request_forgotten", "What a sponsored organization signed about a referral destroyed", "Ce qu’un organisme parrainé a signé sur un aiguillage, détruit";
    PartnerAbout = 247, "partner_about", "Partner said what it does", "Profil communiqué par un partenaire";
    NothingThere = 250, "nothing_there", "Asked for what is not there, or is not theirs", "A demandé ce qui n’existe pas, ou n’est pas à sa portée";
    ApprovalFileTaken = 251, "approval_file_taken", "File of an approved request downloaded", "Fichier d’une demande approuvée téléchargé";
}

impl Action {
    /// The stable number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The action with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.number() == number)
    }

    /// The action with this text form.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.code() == code)
    }
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, in seconds since 1970.
    pub at_s: i64,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// The record it was done to.
    pub record: Option<RecordId>,
    /// The partner it concerns.
    pub partner: Option<OrgId>,
    /// The agreement it rests on.
    pub agreement: Option<[u8; 16]>,
    /// The clauses that decided, or the reasons of a refusal: codes, never words about a case.
    pub reasons: Vec<String>,
    /// How many things it was done to, where that is not one.
    pub n: u64,
    /// A digest or id that ties the entry to what it speaks of: a ticket, a question, a file.
    pub reference: Vec<u8>,
}

impl AuditEntry {
    /// An entry that says who did what and when.
    pub fn new(at_s: i64, actor: Actor, action: Action) -> Self {
        Self {
            at_s,
            actor,
            action,
            record: None,
            partner: None,
            agreement: None,
            reasons: Vec::new(),
            n: 1,
            reference: Vec::new(),
        }
    }

    /// The same, done to a record.
    #[must_use]
    pub fn record(mut self, record: RecordId) -> Self {
        self.record = Some(record);
        self
    }

    /// The same, concerning a partner.
    #[must_use]
    pub fn partner(mut self, partner: OrgId) -> Self {
        self.partner = Some(partner);
        self
    }

    /// The same, resting on an agreement.
    #[must_use]
    pub fn agreement(mut self, agreement: [u8; 16]) -> Self {
        self.agreement = Some(agreement);
        self
    }

    /// The same, with the codes of its reasons.
    #[must_use]
    pub fn reasons(mut self, reasons: impl IntoIterator<Item = String>) -> Self {
        self.reasons.extend(reasons);
        self
    }

    /// The same, done to `n` things.
    #[must_use]
    pub fn n(mut self, n: u64) -> Self {
        self.n = n;
        self
    }

    /// The same, tied to what it speaks of.
    #[must_use]
    pub fn reference(mut self, reference: impl Into<Vec<u8>>) -> Self {
        self.reference = reference.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_actions_share_a_number_or_a_code() {
        for action in Action::ALL {
            assert_eq!(Action::from_number(action.number()), Some(*action));
            assert_eq!(Action::parse(action.code()), Some(*action));
        }
    }
}
