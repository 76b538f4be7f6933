//! More lists of a case: those that stay on the node that recorded it, and consent.
//!
//! Sources: HTCDS 2.0, CTDC codebook 2024, ISCED 2011, NIEM (venues, reduced), IRCC, Primero.
//! Append only, like `lists`.

use super::lists::code_list;

code_list! {
    /// How exactly a date is known. A case known by its year alone has no quarter.
    DatePrecision = "date_precision" {
        Day = "day", "Day", "Jour";
        Quarter = "quarter", "Quarter only", "Trimestre seulement";
        Year = "year", "Year only", "Année seulement";
    }
}

code_list! {
    /// How the person was controlled, in the eight merged columns of CTDC 2024.
    ///
    /// The merge of [`Control`](super::Control) cannot be undone.
    MergedControl = "merged_control" {
        DebtBondageEarnings = "debt_bondage_earnings", "Debt bondage or takes earnings", "Servitude pour dettes ou retenue des gains";
        Threats = "threats", "Threats", "Menaces";
        AbusePsyPhySex = "abuse_psy_phy_sex", "Psychological, physical or sexual abuse", "Violence psychologique, physique ou sexuelle";
        FalsePromises = "false_promises", "False promises", "Fausses promesses";
        DrugsAlcohol = "drugs_alcohol", "Drugs or alcohol", "Drogues ou alcool";
        DenyBasicNeeds = "deny_basic_needs", "Denies basic needs", "Prive des besoins essentiels";
        ExcessiveWorkHours = "excessive_work_hours", "Excessive working hours", "Heures de travail excessives";
        WithholdDocs = "withhold_docs", "Withholds documents", "Retient les documents";
    }
}

code_list! {
    /// Self-declared sexual orientation (Statistics Canada). Asked only for a related service.
    SexualOrientation = "sexual_orientation" {
        Heterosexual = "heterosexual", "Heterosexual", "Hétérosexuelle";
        LesbianGay = "lesbian_gay", "Lesbian or gay", "Lesbienne ou gaie";
        BisexualPansexual = "bisexual_pansexual", "Bisexual or pansexual", "Bisexuelle ou pansexuelle";
        TwoSpirit = "two_spirit", "Two-Spirit", "Bispirituelle";
        Other = "other", "Other", "Autre";
        NotStated = "not_stated", "Not stated / declined", "Non précisée / refus";
    }
}

code_list! {
    /// Highest level of education completed (ISCED 2011).
    Education = "education" {
        LessThanPrimary = "less_than_primary", "Less than primary", "Inférieur au primaire";
        Primary = "primary", "Primary", "Primaire";
        LowerSecondary = "lower_secondary", "Lower secondary", "Premier cycle du secondaire";
        UpperSecondary = "upper_secondary", "Upper secondary", "Deuxième cycle du secondaire";
        PostSecondary = "post_secondary", "Post-secondary, below bachelor’s", "Postsecondaire inférieur au baccalauréat";
        Bachelor = "bachelor", "Bachelor’s or equivalent", "Baccalauréat ou équivalent";
        MasterDoctoral = "master_doctoral", "Master’s, doctoral or equivalent", "Maîtrise, doctorat ou équivalent";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Marital status (HTCDS `prs_MaritalStatus`).
    MaritalStatus = "marital_status" {
        Single = "single", "Single", "Célibataire";
        Married = "married", "Married", "Mariée ou marié";
        CommonLaw = "common_law", "Common-law or living together", "Union libre";
        Separated = "separated", "Separated", "Séparée ou séparé";
        Divorced = "divorced", "Divorced", "Divorcée ou divorcé";
        Widowed = "widowed", "Widowed", "Veuf ou veuve";
        Unknown = "unknown", "Unknown", "Inconnu";
        RegisteredPartnership = "registered_partnership", "Registered partnership or civil union", "Partenariat enregistré ou union civile";
    }
}

code_list! {
    /// The kind of place where the person was exploited (NIEM, reduced).
    Venue = "venue" {
        PrivateHome = "private_home", "Private home", "Résidence privée";
        HotelMotel = "hotel_motel", "Hotel or motel", "Hôtel ou motel";
        ShortTermRental = "short_term_rental", "Short-term rental", "Location à court terme";
        MassageSpa = "massage_spa", "Massage parlour or spa", "Salon de massage ou spa";
        BarClub = "bar_club", "Bar or strip club", "Bar ou club de danseuses";
        Street = "street", "Street", "Rue";
        Online = "online", "Online", "En ligne";
        Farm = "farm", "Farm or greenhouse", "Ferme ou serre";
        ConstructionSite = "construction_site", "Construction site", "Chantier de construction";
        Factory = "factory", "Factory or processing plant", "Usine ou atelier de transformation";
        Restaurant = "restaurant", "Restaurant", "Restaurant";
        Shop = "shop", "Shop", "Commerce";
        WorkCamp = "work_camp", "Work camp or resource site", "Camp de travail ou site d’exploitation de ressources";
        TruckStop = "truck_stop", "Truck stop", "Relais routier";
        Vessel = "vessel", "Vessel", "Navire";
        CareHome = "care_home", "Care or group home", "Foyer de soins ou de groupe";
        School = "school", "School or college", "École ou collège";
        Other = "other", "Other", "Autre";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// The work permit the person held (IRCC).
    WorkPermit = "work_permit" {
        None = "none", "None", "Aucun";
        LmiaLowWage = "lmia_low_wage", "LMIA, low wage", "EIMT, bas salaire";
        LmiaHighWage = "lmia_high_wage", "LMIA, high wage", "EIMT, haut salaire";
        LmiaAgriculture = "lmia_agriculture", "LMIA, agriculture (SAWP and other)", "EIMT, agriculture (PTAS et autre)";
        LmiaCaregiver = "lmia_caregiver", "LMIA, in-home caregiver", "EIMT, aide familiale ou familial";
        ImpEmployer = "imp_employer", "International Mobility Program, employer-specific", "PMI, lié à un employeur";
        ImpOpen = "imp_open", "International Mobility Program, open", "PMI, ouvert";
        OpenVulnerable = "open_vulnerable", "Open permit for vulnerable workers", "Permis ouvert pour travailleurs vulnérables";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Where a temporary resident permit for victims of trafficking stands (IRCC).
    TrpStage = "trp_stage" {
        None = "none", "None", "Aucun";
        Preliminary = "preliminary", "Preliminary (up to 12 months)", "Évaluation préliminaire (12 mois au plus)";
        InDepth = "in_depth", "In-depth (12 months or more)", "Évaluation approfondie (12 mois ou plus)";
        Subsequent = "subsequent", "Subsequent (up to 3 years)", "Permis subséquent (3 ans au plus)";
        Refused = "refused", "Refused", "Refusé";
        Expired = "expired", "Expired", "Expiré";
    }
}

code_list! {
    /// What became of the criminal case.
    CaseOutcome = "case_outcome" {
        Investigation = "investigation", "Under investigation", "Enquête en cours";
        Charged = "charged", "Charged", "Accusation portée";
        Prosecuted = "prosecuted", "Prosecuted", "Poursuite engagée";
        Convicted = "convicted", "Convicted", "Condamnation";
        Stayed = "stayed", "Stayed or withdrawn", "Arrêt ou retrait des procédures";
        Acquitted = "acquitted", "Acquitted", "Acquittement";
    }
}

code_list! {
    /// Where the case stands with its organization (HTCDS `cas_Status`).
    CaseStatus = "case_status" {
        Active = "active", "Active", "Actif";
        FollowUp = "follow_up", "Follow-up", "Suivi";
        Closed = "closed", "Closed", "Fermé";
        ClosedReferred = "closed_referred", "Closed, referred", "Fermé, orienté vers un autre service";
    }
}

code_list! {
    /// Who gave a consent.
    GivenBy = "given_by" {
        Person = "self", "The person", "La personne";
        Guardian = "guardian", "Parent or guardian, with the child’s assent", "Parent ou tuteur, avec l’assentiment de l’enfant";
        LegalRep = "legal_rep", "Legal representative", "Représentant légal";
        Court = "court", "Court", "Tribunal";
    }
}

code_list! {
    /// The legal duty on which information goes out without consent. Always audited.
    OverrideReason = "override_reason" {
        ImminentDanger = "imminent_danger", "Imminent danger to life or health", "Danger imminent pour la vie ou la santé";
        ChildProtectionDuty = "child_protection_duty", "Duty to report a child in need of protection", "Obligation de signaler un enfant ayant besoin de protection";
        CourtOrder = "court_order", "Court order", "Ordonnance d’un tribunal";
    }
}
