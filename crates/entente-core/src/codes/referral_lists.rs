//! The lists of a referral: how urgent, what is needed, what stands in the way, what came of it.
//!
//! Sources: Primero (transition, response timeframe, service referred), NIEM (reasons for an
//! unprovided service). Append only: the position of a code is its number on the wire.

use super::code_list;

code_list! {
    /// Within which time a referral has to be answered (Primero, service response timeframe).
    Urgency = "urgency" {
        OneHour = "1h", "Within one hour", "Dans l’heure";
        ThreeHours = "3h", "Within three hours", "Dans les trois heures";
        OneDay = "1d", "Within one day", "Dans la journée";
        ThreeDays = "3d", "Within three days", "Dans les trois jours";
        Routine = "routine", "Routine", "Courant";
    }
}

code_list! {
    /// Where a referral stands, as everybody calls it (Primero, transition).
    ReferralStatus = "referral_status" {
        Offered = "offered", "Offered (in progress)", "Offert (en cours)";
        Accepted = "accepted", "Accepted", "Accepté";
        Declined = "declined", "Declined by receiver (reason)", "Refusé par le destinataire (motif)";
        Done = "done", "Service delivered", "Service rendu";
        Revoked = "revoked", "Revoked / consent withdrawn", "Révoqué / consentement retiré";
        Expired = "expired", "Expired", "Expiré";
    }
}

code_list! {
    /// What came of a referral that was accepted (Primero, NIEM).
    ReferralOutcome = "referral_outcome" {
        Provided = "provided", "Service provided", "Service rendu";
        ByOwnAgency = "by_own_agency", "Provided by own agency", "Rendu par l’organisme";
        AlreadyReceived = "already_received", "Already received elsewhere", "Déjà reçu ailleurs";
        DeclinedByPerson = "declined_by_person", "Declined by the person", "Refusé par la personne";
        Unavailable = "unavailable", "Service unavailable", "Service non disponible";
        NotApplicable = "not_applicable", "Not applicable", "Sans objet";
        NoCapacity = "no_capacity", "No capacity / resources", "Manque de capacité ou de ressources";
        LanguageBarrier = "language_barrier", "Language barrier", "Barrière linguistique";
        SafetyConcern = "safety_concern", "Safety concern", "Préoccupation de sécurité";
        StatusBarrier = "status_barrier", "Legal-status barrier", "Obstacle lié au statut";
        Coordination = "coordination", "Ineffective coordination", "Mauvaise coordination";
    }
}

code_list! {
    /// Why an organization declines a referral: the outcomes that are barriers (NIEM).
    Barrier = "barrier" {
        NoCapacity = "no_capacity", "No capacity / resources", "Manque de capacité ou de ressources";
        Unavailable = "unavailable", "Service unavailable", "Service non disponible";
        NotApplicable = "not_applicable", "Not applicable", "Sans objet";
        LanguageBarrier = "language_barrier", "Language barrier", "Barrière linguistique";
        SafetyConcern = "safety_concern", "Safety concern", "Préoccupation de sécurité";
        StatusBarrier = "status_barrier", "Legal-status barrier", "Obstacle lié au statut";
        Coordination = "coordination", "Ineffective coordination", "Mauvaise coordination";
    }
}

code_list! {
    /// What whoever serves the person must not do, or must look out for.
    SafetyFlag = "safety_flag" {
        DoNotCall = "do_not_call", "Do not call", "Ne pas téléphoner";
        DoNotLeaveMessage = "do_not_leave_message", "Leave no message", "Ne laisser aucun message";
        TraffickerNearby = "trafficker_nearby", "The trafficker is nearby", "Le trafiquant est à proximité";
        NoPoliceContact = "no_police_contact", "No contact with the police", "Aucun contact avec la police";
    }
}

code_list! {
    /// What a person needs so that they can use a service.
    AccessNeed = "access_need" {
        Wheelchair = "wheelchair", "Wheelchair access", "Accès en fauteuil roulant";
        Hearing = "hearing", "Deaf or hard of hearing", "Surdité ou déficience auditive";
        Vision = "vision", "Blind or low vision", "Cécité ou déficience visuelle";
        Cognitive = "cognitive", "Support to understand and decide", "Soutien pour comprendre et décider";
        Medical = "medical", "Medical care on site", "Soins médicaux sur place";
        ServiceAnimal = "service_animal", "Service animal", "Animal d’assistance";
    }
}

code_list! {
    /// How many others have to come along.
    Dependants = "dependants" {
        Nobody = "none", "None", "Aucune personne à charge";
        OneOrTwo = "1-2", "One or two", "Une ou deux";
        ThreeOrMore = "3+", "Three or more", "Trois ou plus";
    }
}

code_list! {
    /// The immigration status as far as a service asks for it.
    StatusGroup = "status_group" {
        CitizenOrPermanent = "citizen_pr", "Citizen or permanent resident", "Citoyenneté ou résidence permanente";
        Temporary = "temporary", "Temporary status", "Statut temporaire";
        NoStatus = "no_status", "No status", "Sans statut";
        Unknown = "unknown", "Not known", "Inconnu";
    }
}
