//! The lists. Sources: HTCDS 2.0, CTDC, NIEM, Statistics Canada, Palermo Protocol, Criminal Code.
//!
//! Append only: the position of a code is its number on the wire.

/// Defines one code list as an enum with stable text forms, numbers and labels.
macro_rules! code_list {
    ($(#[$doc:meta])* $name:ident = $list:literal {
        $($value:ident = $code:literal, $en:literal, $fr:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $(#[doc = $en] $value,)+
        }

        impl $crate::codes::Code for $name {
            const LIST: &'static str = $list;
            const ALL: &'static [Self] = &[$(Self::$value,)+];

            fn code(self) -> &'static str {
                match self { $(Self::$value => $code,)+ }
            }

            fn label(self, lang: crate::lang::Lang) -> &'static str {
                match self { $(Self::$value => lang.pick($en, $fr),)+ }
            }

            fn number(self) -> u8 {
                self as u8
            }
        }
    };
}

pub(crate) use code_list;

code_list! {
    /// What kind of organization it is (HTCDS `org_Type`).
    OrgType = "org_type" {
        Federal = "federal", "Federal government", "Gouvernement fédéral";
        Provincial = "provincial", "Provincial or territorial government", "Gouvernement provincial ou territorial";
        Municipal = "municipal", "Municipal government", "Administration municipale";
        FirstNation = "first_nation", "First Nations government or organization", "Gouvernement ou organisation des Premières Nations";
        Inuit = "inuit", "Inuit government or organization", "Gouvernement ou organisation inuits";
        Metis = "metis", "Métis government or organization", "Gouvernement ou organisation métis";
        Police = "police", "Police / law enforcement", "Police / application de la loi";
        Prosecution = "prosecution", "Court or prosecution", "Tribunal ou poursuite";
        BorderImmigration = "border_immigration", "Border or immigration service", "Service frontalier ou d’immigration";
        LabourStandards = "labour_standards", "Labour / employment standards", "Normes du travail et de l’emploi";
        Health = "health", "Health service", "Service de santé";
        Legal = "legal", "Legal service", "Service juridique";
        ChildWelfare = "child_welfare", "Child and family services", "Services à l’enfance et à la famille";
        Education = "education", "School or college", "École ou collège";
        Ngo = "ngo", "NGO / civil society", "ONG / société civile";
        Hotline = "hotline", "Hotline", "Ligne d’assistance";
        Research = "research", "Research institution", "Établissement de recherche";
        Business = "business", "Business", "Entreprise";
        International = "international", "International partner", "Partenaire international";
    }
}

code_list! {
    /// What an organization's role is: the pillars of the National Strategy that it works on.
    Pillar = "pillar" {
        Prevention = "prevention", "Prevention", "Prévention";
        Protection = "protection", "Protection", "Protection";
        Prosecution = "prosecution", "Prosecution", "Poursuites";
        Partnership = "partnership", "Partnership", "Partenariat";
        Empowerment = "empowerment", "Empowerment", "Autonomisation";
    }
}

code_list! {
    /// Where a record came from (CTDC `Datasource`).
    DataSource = "data_source" {
        CaseManagement = "case_management", "Case management", "Gestion de cas";
        Hotline = "hotline", "Hotline", "Ligne d’assistance";
        PoliceRecord = "police_record", "Police record", "Dossier de police";
        CourtRecord = "court_record", "Court record", "Dossier judiciaire";
        ImmigrationRecord = "immigration_record", "Immigration record (TRP)", "Dossier d’immigration (PST)";
        LabourInspection = "labour_inspection", "Labour inspection", "Inspection du travail";
    }
}

code_list! {
    /// Trafficking status (HTCDS `TraffickingStatus`); never a yes or no of our own.
    Status = "status" {
        Possible = "possible", "Possible victim of trafficking", "Victime possible de la traite";
        Actual = "actual", "Actual victim of trafficking", "Victime avérée de la traite";
        NotVictim = "not_victim", "Not a victim of trafficking", "Non-victime de la traite";
    }
}

code_list! {
    /// Who decided the status (HTCDS).
    StatusDecider = "status_decider" {
        Police = "police", "Police", "Police";
        Ngo = "ngo", "NGO", "ONG";
        Court = "court", "Court or prosecution", "Tribunal ou poursuite";
        GovNonPolice = "gov_non_police", "Non-police governmental organization", "Organisme gouvernemental non policier";
        SelfIdentified = "self", "Self-identified", "Auto-identification";
        Other = "other", "Other", "Autre";
    }
}

code_list! {
    /// Gender, as recorded (HTCDS).
    Gender = "gender" {
        Woman = "woman", "Woman / girl", "Femme / fille";
        Man = "man", "Man / boy", "Homme / garçon";
        TransWoman = "trans_woman", "Transgender woman", "Femme transgenre";
        TransMan = "trans_man", "Transgender man", "Homme transgenre";
        TwoSpirit = "two_spirit", "Two-Spirit", "Personne bispirituelle";
        NonBinary = "non_binary", "Non-binary / non-conforming", "Non binaire / non conforme";
        Unknown = "unknown", "Not specified / unknown", "Non précisé / inconnu";
        TransNc = "trans_nc", "Trans / non-conforming, not further specified", "Trans / non conforme, sans autre précision";
    }
}

code_list! {
    /// Gender, as shared: CTDC 2024 collapses it for privacy.
    GenderShared = "gender_shared" {
        Woman = "woman", "Women and girls", "Femmes et filles";
        Man = "man", "Men and boys", "Hommes et garçons";
        TransNc = "trans_nc", "Trans / Two-Spirit / non-conforming", "Trans / bispirituel / non conforme";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Age band at registration (CTDC `ageBroad`).
    AgeBand = "age_band" {
        From0To8 = "0-8", "0 to 8", "0 à 8 ans";
        From9To17 = "9-17", "9 to 17", "9 à 17 ans";
        From18To20 = "18-20", "18 to 20", "18 à 20 ans";
        From21To23 = "21-23", "21 to 23", "21 à 23 ans";
        From24To26 = "24-26", "24 to 26", "24 à 26 ans";
        From27To29 = "27-29", "27 to 29", "27 à 29 ans";
        From30To38 = "30-38", "30 to 38", "30 à 38 ans";
        From39To47 = "39-47", "39 to 47", "39 à 47 ans";
        From48Up = "48+", "48 and over", "48 ans et plus";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Age group, as shared in national tables.
    AgeShared = "age_shared" {
        From0To17 = "0-17", "0 to 17", "0 à 17 ans";
        From18To24 = "18-24", "18 to 24", "18 à 24 ans";
        From25To34 = "25-34", "25 to 34", "25 à 34 ans";
        From35To44 = "35-44", "35 to 44", "35 à 44 ans";
        From45Up = "45+", "45 and over", "45 ans et plus";
        From18Up = "18+", "18 and over", "18 ans et plus";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Minor or adult (CTDC).
    Majority = "majority" {
        Minor = "minor", "Minor (under 18)", "Mineur (moins de 18 ans)";
        Adult = "adult", "Adult (18 and over)", "Adulte (18 ans et plus)";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// What was done to the person (Palermo Protocol art. 3; Criminal Code 279.01; IRPA 118).
    Act = "act" {
        Recruit = "recruit", "Recruits", "Recrute";
        Transport = "transport", "Transports", "Transporte";
        Transfer = "transfer", "Transfers", "Transfère";
        Harbour = "harbour", "Harbours", "Héberge";
        Receive = "receive", "Receives", "Reçoit / accueille";
        Hold = "hold", "Holds", "Détient";
        Conceal = "conceal", "Conceals", "Cache";
        ControlMovement = "control_movement", "Exercises control, direction or influence over movements", "Exerce un contrôle, une direction ou une influence sur les mouvements";
        BringIntoCanada = "bring_into_canada", "Organizes the coming into Canada", "Organise l’entrée au Canada";
    }
}

code_list! {
    /// By what means (Palermo Protocol art. 3).
    Means = "means" {
        ForceThreat = "force_threat", "Threat or use of force", "Menace ou recours à la force";
        Coercion = "coercion", "Other forms of coercion", "Autres formes de contrainte";
        Abduction = "abduction", "Abduction", "Enlèvement";
        Fraud = "fraud", "Fraud", "Fraude";
        Deception = "deception", "Deception", "Tromperie";
        AbusePower = "abuse_power", "Abuse of power", "Abus d’autorité";
        AbuseVulnerability = "abuse_vulnerability", "Abuse of a position of vulnerability", "Abus d’une situation de vulnérabilité";
        PaymentsBenefits = "payments_benefits", "Giving or receiving payments or benefits to achieve consent of a person having control", "Paiements ou avantages pour obtenir le consentement";
        ChildNoMeansNeeded = "child_no_means_needed", "None required (child)", "Aucun requis (enfant)";
    }
}

code_list! {
    /// How the person was controlled (CTDC 2017 and HTCDS).
    Control = "control" {
        DebtBondage = "debt_bondage", "Debt bondage", "Servitude pour dettes";
        TakesEarnings = "takes_earnings", "Takes earnings", "Retient les gains";
        Threats = "threats", "Threats", "Menaces";
        UsesChildren = "uses_children", "Uses children", "Se sert des enfants";
        ThreatOfLaw = "threat_of_law", "Threat of law enforcement", "Menace de recours aux autorités";
        PsychologicalAbuse = "psychological_abuse", "Psychological abuse", "Violence psychologique";
        PhysicalAbuse = "physical_abuse", "Physical abuse", "Violence physique";
        SexualAbuse = "sexual_abuse", "Sexual abuse", "Violence sexuelle";
        FalsePromises = "false_promises", "False promises", "Fausses promesses";
        Psychoactive = "psychoactive", "Psychoactive substances", "Substances psychoactives";
        RestrictsFinance = "restricts_finance", "Restricts financial access", "Restreint l’accès aux finances";
        RestrictsMovement = "restricts_movement", "Restricts movement", "Restreint les mouvements";
        RestrictsMedical = "restricts_medical", "Restricts medical care", "Restreint les soins médicaux";
        WithholdsNecessities = "withholds_necessities", "Withholds necessities", "Prive du nécessaire";
        ExcessiveHours = "excessive_hours", "Excessive working hours", "Heures de travail excessives";
        WithholdsDocuments = "withholds_documents", "Withholds documents", "Retient les documents";
        Other = "other", "Other", "Autre";
        NotSpecified = "not_specified", "Not specified", "Non précisé";
    }
}

code_list! {
    /// Form of exploitation (CTDC, HTCDS, SDG 16.2.2).
    Exploitation = "exploitation" {
        Sexual = "sexual", "Sexual exploitation", "Exploitation sexuelle";
        ForcedLabour = "forced_labour", "Forced labour or services", "Travail ou services forcés";
        SexualAndLabour = "sexual_and_labour", "Both (derived, do not store)", "Les deux (dérivé)";
        ForcedMarriage = "forced_marriage", "Forced marriage", "Mariage forcé";
        ForcedMilitary = "forced_military", "Forced military (non-state actors)", "Enrôlement forcé (acteurs non étatiques)";
        OrganRemoval = "organ_removal", "Organ or tissue removal", "Prélèvement d’organes ou de tissus";
        Slavery = "slavery", "Slavery and similar practices", "Esclavage et pratiques analogues";
        Servitude = "servitude", "Servitude", "Servitude";
        Begging = "begging", "Forced begging", "Mendicité forcée";
        ForcedCriminality = "forced_criminality", "Forced criminal activity", "Activité criminelle forcée";
        ChildLabour = "child_labour", "Child labour", "Travail des enfants";
        ForcedAdoption = "forced_adoption", "Forced or illegal adoption", "Adoption forcée ou illégale";
        Surrogacy = "surrogacy", "Forced surrogacy", "Gestation pour autrui forcée";
        Other = "other", "Other", "Autre";
        Unknown = "unknown", "Not known", "Inconnu";
    }
}

code_list! {
    /// Sector of forced labour (CTDC, ISIC).
    LabourSector = "labour_sector" {
        Agriculture = "agriculture", "Agriculture (ISIC A01)", "Agriculture";
        Aquafarming = "aquafarming", "Aquafarming / fishing (ISIC A03)", "Aquaculture et pêche";
        Begging = "begging", "Begging", "Mendicité";
        Construction = "construction", "Construction (ISIC F)", "Construction";
        Domestic = "domestic", "Domestic work (ISIC T)", "Travail domestique";
        Hospitality = "hospitality", "Hospitality (ISIC I)", "Hôtellerie et restauration";
        Illicit = "illicit", "Illicit activities", "Activités illicites";
        Manufacturing = "manufacturing", "Manufacturing (ISIC C)", "Fabrication";
        Mining = "mining", "Mining or drilling (ISIC B)", "Mines ou forage";
        Peddling = "peddling", "Peddling", "Colportage";
        Transportation = "transportation", "Transportation (ISIC H)", "Transport";
        Cleaning = "cleaning", "Commercial cleaning (ISIC N81)", "Nettoyage commercial";
        HealthCare = "health_care", "Health care (ISIC Q)", "Soins de santé";
        PersonalServices = "personal_services", "Health and beauty services (ISIC S96)", "Soins personnels et beauté";
        Forestry = "forestry", "Forestry and logging (ISIC A02)", "Foresterie";
        Retail = "retail", "Retail (ISIC G)", "Commerce de détail";
        Other = "other", "Other", "Autre";
        NotSpecified = "not_specified", "Not specified", "Non précisé";
    }
}

code_list! {
    /// Type of sexual exploitation (CTDC).
    SexualType = "sexual_type" {
        Prostitution = "prostitution", "Sexual act for payment", "Acte sexuel contre rétribution";
        Pornography = "pornography", "Production of sexual visual material", "Production de matériel visuel sexuel";
        RemoteInteractive = "remote_interactive", "Remote interactive services", "Services interactifs à distance";
        PrivateServices = "private_services", "Private sexual services", "Services sexuels privés";
    }
}

code_list! {
    /// Who the recruiter was to the person (CTDC).
    RecruiterRelation = "recruiter_relation" {
        IntimatePartner = "intimate_partner", "Intimate partner", "Partenaire intime";
        Friend = "friend", "Friend / acquaintance", "Ami / connaissance";
        Family = "family", "Family", "Famille";
        Employer = "employer", "Employer", "Employeur";
        RecruitmentAgency = "recruitment_agency", "Recruitment agency / broker", "Agence de recrutement / courtier";
        Other = "other", "Other", "Autre";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// How the person was recruited (HTCDS).
    RecruitmentMethod = "recruitment_method" {
        WorkplaceBusiness = "workplace_business", "At a place of business", "Dans un commerce";
        School = "school", "At an educational institution", "Dans un établissement d’enseignement";
        Work = "work", "At work", "Au travail";
        OnlineSocial = "online_social", "Online social networks", "Réseaux sociaux en ligne";
        OnlineAd = "online_ad", "Online advertisement", "Annonce en ligne";
        TvAd = "tv_ad", "Television advert", "Annonce télévisée";
        NewspaperAd = "newspaper_ad", "Newspaper advert", "Annonce dans un journal";
        FamilyEvent = "family_event", "Family or family events", "Famille ou événement familial";
        FriendsEvent = "friends_event", "Friends or social events", "Amis ou événement social";
        TfwRecruiter = "tfw_recruiter", "TFW recruiter / agency", "Recruteur de travailleurs étrangers temporaires";
        Other = "other", "Other", "Autre";
    }
}

code_list! {
    /// How long the trafficking lasted (CTDC 2024 `traffickMonths`).
    Duration = "duration" {
        From0To12 = "0-12", "0–12 months", "0 à 12 mois";
        From13To24 = "13-24", "13–24 months", "13 à 24 mois";
        From25Up = "25+", "25 months or more", "25 mois et plus";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Whether a border was crossed.
    GeoScope = "geo_scope" {
        Domestic = "domestic", "Within Canada", "À l’intérieur du Canada";
        IntoCanada = "into_canada", "Into Canada", "Vers le Canada";
        OutOfCanada = "out_of_canada", "Out of Canada", "À partir du Canada";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Province or territory (SGC codes, as Statistics Canada writes them).
    Province = "province" {
        Newfoundland = "10", "Newfoundland and Labrador", "Terre-Neuve-et-Labrador";
        PrinceEdwardIsland = "11", "Prince Edward Island", "Île-du-Prince-Édouard";
        NovaScotia = "12", "Nova Scotia", "Nouvelle-Écosse";
        NewBrunswick = "13", "New Brunswick", "Nouveau-Brunswick";
        Quebec = "24", "Quebec", "Québec";
        Ontario = "35", "Ontario", "Ontario";
        Manitoba = "46", "Manitoba", "Manitoba";
        Saskatchewan = "47", "Saskatchewan", "Saskatchewan";
        Alberta = "48", "Alberta", "Alberta";
        BritishColumbia = "59", "British Columbia", "Colombie-Britannique";
        Yukon = "60", "Yukon", "Yukon";
        NorthwestTerritories = "61", "Northwest Territories", "Territoires du Nord-Ouest";
        Nunavut = "62", "Nunavut", "Nunavut";
    }
}

code_list! {
    /// Region, one step coarser than a province.
    RegionShared = "region_shared" {
        Atlantic = "atlantic", "Atlantic", "Atlantique";
        Quebec = "quebec", "Quebec", "Québec";
        Ontario = "ontario", "Ontario", "Ontario";
        Prairies = "prairies", "Prairies", "Prairies";
        Bc = "bc", "British Columbia", "Colombie-Britannique";
        North = "north", "Territories", "Territoires";
        Canada = "canada", "Canada", "Canada";
    }
}

code_list! {
    /// Census metropolitan area (SGC).
    Cma = "cma" {
        StJohns = "001", "St. John’s", "St. John’s";
        Halifax = "205", "Halifax", "Halifax";
        Moncton = "305", "Moncton", "Moncton";
        SaintJohn = "310", "Saint John", "Saint John";
        Fredericton = "320", "Fredericton", "Fredericton";
        Saguenay = "408", "Saguenay", "Saguenay";
        Quebec = "421", "Québec", "Québec";
        Sherbrooke = "433", "Sherbrooke", "Sherbrooke";
        TroisRivieres = "442", "Trois-Rivières", "Trois-Rivières";
        Drummondville = "447", "Drummondville", "Drummondville";
        Montreal = "462", "Montréal", "Montréal";
        OttawaGatineau = "505", "Ottawa–Gatineau", "Ottawa–Gatineau";
        Kingston = "521", "Kingston", "Kingston";
        BellevilleQuinteWest = "522", "Belleville–Quinte West", "Belleville–Quinte West";
        Peterborough = "529", "Peterborough", "Peterborough";
        Oshawa = "532", "Oshawa", "Oshawa";
        Toronto = "535", "Toronto", "Toronto";
        Hamilton = "537", "Hamilton", "Hamilton";
        StCatharinesNiagara = "539", "St. Catharines–Niagara", "St. Catharines–Niagara";
        KitchenerCambridgeWaterloo = "541", "Kitchener–Cambridge–Waterloo", "Kitchener–Cambridge–Waterloo";
        Brantford = "543", "Brantford", "Brantford";
        Guelph = "550", "Guelph", "Guelph";
        London = "555", "London", "London";
        Windsor = "559", "Windsor", "Windsor";
        Barrie = "568", "Barrie", "Barrie";
        GreaterSudbury = "580", "Greater Sudbury", "Grand Sudbury";
        ThunderBay = "595", "Thunder Bay", "Thunder Bay";
        Winnipeg = "602", "Winnipeg", "Winnipeg";
        Regina = "705", "Regina", "Regina";
        Saskatoon = "725", "Saskatoon", "Saskatoon";
        MedicineHat = "805", "Medicine Hat", "Medicine Hat";
        Lethbridge = "810", "Lethbridge", "Lethbridge";
        Calgary = "825", "Calgary", "Calgary";
        RedDeer = "830", "Red Deer", "Red Deer";
        Edmonton = "835", "Edmonton", "Edmonton";
        Kelowna = "915", "Kelowna", "Kelowna";
        Kamloops = "925", "Kamloops", "Kamloops";
        Chilliwack = "930", "Chilliwack", "Chilliwack";
        AbbotsfordMission = "932", "Abbotsford–Mission", "Abbotsford–Mission";
        Vancouver = "933", "Vancouver", "Vancouver";
        Victoria = "935", "Victoria", "Victoria";
        Nanaimo = "938", "Nanaimo", "Nanaimo";
    }
}

code_list! {
    /// Citizenship, as shared.
    CitizenshipGroup = "citizenship_group" {
        Can = "CAN", "Canadian", "Canadienne";
        Americas = "americas", "Americas (excl. Canada)", "Amériques (sauf Canada)";
        Europe = "europe", "Europe", "Europe";
        Asia = "asia", "Asia", "Asie";
        Africa = "africa", "Africa", "Afrique";
        Oceania = "oceania", "Oceania", "Océanie";
        Stateless = "stateless", "Stateless", "Apatride";
        Unknown = "unknown", "Unknown", "Inconnue";
    }
}

code_list! {
    /// Immigration status. Never goes to enforcement without an agreement of its own.
    ImmigrationStatus = "immigration_status" {
        Citizen = "citizen", "Canadian citizen", "Citoyen canadien";
        PermanentResident = "permanent_resident", "Permanent resident / landed immigrant", "Résident permanent / immigrant reçu";
        Refugee = "refugee", "Protected person / refugee", "Personne protégée / réfugié";
        Claimant = "claimant", "Refugee claimant", "Demandeur d’asile";
        Tfw = "tfw", "Temporary foreign worker (LMIA, closed permit)", "Travailleur étranger temporaire (EIMT, permis fermé)";
        Imp = "imp", "International Mobility Program worker", "Travailleur du PMI";
        Student = "student", "International student", "Étudiant international";
        Visitor = "visitor", "Visitor", "Visiteur";
        TrpVtip = "trp_vtip", "TRP holder – victim of trafficking", "Titulaire d’un PST – victime de la traite";
        OutOfStatus = "out_of_status", "Out of status", "Sans statut";
        Unknown = "unknown", "Unknown", "Inconnu";
    }
}

code_list! {
    /// Self-declared Indigenous identity (Statistics Canada).
    IndigenousIdentity = "indigenous_identity" {
        FirstNations = "first_nations", "First Nations", "Premières Nations";
        Metis = "metis", "Métis", "Métis";
        Inuit = "inuit", "Inuk (Inuit)", "Inuk (Inuit)";
        MultipleOther = "multiple_other", "Multiple or other Indigenous identity", "Identités autochtones multiples ou autre";
        NonIndigenous = "non_indigenous", "Non-Indigenous", "Non-autochtone";
        NotStated = "not_stated", "Not stated / declined", "Non précisé / refus";
    }
}

code_list! {
    /// Self-declared racialized group (Statistics Canada, GBA Plus).
    Race = "race" {
        SouthAsian = "south_asian", "South Asian", "Sud-Asiatique";
        Chinese = "chinese", "Chinese", "Chinois";
        Black = "black", "Black", "Noir";
        Filipino = "filipino", "Filipino", "Philippin";
        Arab = "arab", "Arab", "Arabe";
        LatinAmerican = "latin_american", "Latin American", "Latino-Américain";
        SoutheastAsian = "southeast_asian", "Southeast Asian", "Asiatique du Sud-Est";
        WestAsian = "west_asian", "West Asian", "Asiatique occidental";
        Korean = "korean", "Korean", "Coréen";
        Japanese = "japanese", "Japanese", "Japonais";
        Other = "other", "Other visible minority", "Autre minorité visible";
        NotVm = "not_vm", "Not a visible minority", "Pas une minorité visible";
        NotStated = "not_stated", "Not stated / declined", "Non précisé / refus";
    }
}

code_list! {
    /// Offence charged (Criminal Code, IRPA).
    Offence = "offence" {
        Cc27901 = "cc_279_01", "Trafficking in persons", "Traite des personnes";
        Cc279011 = "cc_279_011", "Trafficking of a person under 18", "Traite d’une personne de moins de 18 ans";
        Cc27902 = "cc_279_02", "Material benefit from trafficking", "Avantage matériel de la traite";
        Cc27903 = "cc_279_03", "Withholding or destroying documents", "Rétention ou destruction de documents";
        Cc27904 = "cc_279_04", "(definition of exploitation — not an offence)", "(définition de l’exploitation)";
        Irpa118 = "irpa_118", "Trafficking in persons into Canada", "Traite de personnes vers le Canada";
        Irpa117 = "irpa_117", "Organizing entry into Canada (smuggling)", "Organisation d’entrée illégale au Canada";
        Related = "related", "Related offence (279(1)/(2), 346, 423, 264.1, 265–268, 271–273, 286.x)", "Infraction connexe";
    }
}

code_list! {
    /// A definition of trafficking; which ones a case meets is computed.
    DefinitionProfile = "definition_profile" {
        Palermo = "palermo", "Palermo Protocol, art. 3", "Protocole de Palerme, art. 3";
        Cc = "cc", "Criminal Code, s. 279.01 to 279.04", "Code criminel, art. 279.01 à 279.04";
        Irpa = "irpa", "Immigration and Refugee Protection Act, s. 118 (IRPA)", "Loi sur l’immigration et la protection des réfugiés, art. 118 (LIPR)";
        IloFl = "ilo_fl", "ILO Forced Labour Convention, 1930", "Convention de l’OIT sur le travail forcé, 1930";
        IrccTrp = "ircc_trp", "Criteria for a temporary resident permit (IRCC)", "Critères du permis de séjour temporaire (IRCC)";
        Programme = "programme", "Programme-specific", "Propre au programme";
    }
}

code_list! {
    /// A need, and the category of service that answers it (NIEM, Primero).
    Need = "need" {
        EmergencyHousing = "emergency_housing", "Emergency / safe housing", "Hébergement d’urgence ou sécuritaire";
        TransitionalHousing = "transitional_housing", "Transitional housing", "Logement de transition";
        Legal = "legal", "Legal assistance", "Aide juridique";
        Immigration = "immigration", "Immigration help (TRP, status)", "Aide à l’immigration (PST, statut)";
        Medical = "medical", "Medical and dental", "Soins médicaux et dentaires";
        MentalHealth = "mental_health", "Mental health / counselling", "Santé mentale / counseling";
        Addictions = "addictions", "Substance-use services", "Services en dépendances";
        CaseManagement = "case_management", "Case management", "Gestion de cas";
        SafetyPlanning = "safety_planning", "Safety planning", "Plan de sécurité";
        BasicNeeds = "basic_needs", "Basic necessities (food, clothes)", "Besoins essentiels";
        Financial = "financial", "Financial support", "Aide financière";
        Employment = "employment", "Employment / livelihood", "Emploi / moyens de subsistance";
        Education = "education", "Education / training", "Éducation / formation";
        Language = "language", "Language / interpretation", "Langue / interprétation";
        Settlement = "settlement", "Settlement services", "Services d’établissement";
        ChildProtection = "child_protection", "Child protection", "Protection de l’enfance";
        Police = "police", "Police / protection", "Police / protection";
        FamilyReunification = "family_reunification", "Family reunification", "Réunification familiale";
        VoluntaryReturn = "voluntary_return", "Safe voluntary return", "Retour volontaire sécuritaire";
        CulturalIndigenous = "cultural_indigenous", "Indigenous cultural / healing services", "Services culturels et de guérison autochtones";
        Transport = "transport", "Transportation", "Transport";
        ChildCare = "child_care", "Child care", "Garde d’enfants";
        Other = "other", "Other", "Autre";
    }
}

code_list! {
    /// Assessed level of risk (Primero).
    Risk = "risk" {
        High = "high", "High", "Élevé";
        Medium = "medium", "Medium", "Moyen";
        Low = "low", "Low", "Faible";
        Unknown = "unknown", "Not assessed", "Non évalué";
    }
}

code_list! {
    /// Who identified the person (NIEM, reduced).
    IdentifiedBy = "identified_by" {
        Oneself = "self", "Self", "Soi-même";
        FamilyFriend = "family_friend", "Family or friend", "Famille ou ami";
        Police = "police", "Police", "Police";
        Prosecutor = "prosecutor", "Prosecutor", "Procureur";
        ChildWelfare = "child_welfare", "Child welfare", "Protection de l’enfance";
        Educator = "educator", "School", "École";
        Employer = "employer", "Employer", "Employeur";
        Health = "health", "Health service", "Service de santé";
        Shelter = "shelter", "Shelter", "Refuge";
        HtOrg = "ht_org", "Anti-trafficking organization", "Organisme de lutte contre la traite";
        Legal = "legal", "Legal service", "Service juridique";
        Hotline = "hotline", "Hotline", "Ligne d’assistance";
        Border = "border", "Border / immigration officer", "Agent frontalier ou d’immigration";
        LabourInspector = "labour_inspector", "Labour inspector", "Inspecteur du travail";
        IndigenousOrg = "indigenous_org", "Indigenous organization", "Organisme autochtone";
        Other = "other", "Other", "Autre";
    }
}

code_list! {
    /// What a person allows (GBVIMS, HTCDS).
    ConsentScope = "consent_scope" {
        Services = "services", "Receive services from this organization", "Recevoir des services de cet organisme";
        ReferralNeed = "referral_need", "Referral for a named need, to a named organization or class", "Aiguillage pour un besoin précis, vers un organisme désigné ou une catégorie d’organismes désignée";
        Stats = "stats", "Non-identifying data for statistics", "Données non identificatoires à des fins statistiques";
        Research = "research", "Research use", "Recherche";
        Police = "police", "Share with police", "Communication à la police";
        IndigenousGov = "indigenous_gov", "Share with own Indigenous government", "Communication à son gouvernement autochtone";
        None = "none", "No sharing", "Aucune communication";
    }
}

code_list! {
    /// Why a cell of a table shows no figure.
    Suppression = "suppression" {
        Ok = "ok", "Published", "Publié";
        Lt5 = "lt5", "Suppressed, fewer than 5", "Supprimé, moins de 5";
        Comp = "comp", "Suppressed to protect another cell", "Suppression complémentaire";
        Area = "area", "Area population below threshold", "Population sous le seuil";
        Owner = "owner", "Withheld by the data owner (OCAP®)", "Retenu par le propriétaire des données";
        Na = "na", "Not available", "Non disponible";
        Partial = "partial", "Not all nodes answered", "Réponse partielle";
    }
}

code_list! {
    /// What information is shared for (TBS).
    Purpose = "purpose" {
        Referral = "referral", "Provide a service to the person", "Fournir un service à la personne";
        Statistics = "statistics", "Statistical analysis", "Analyse statistique";
        Research = "research", "Research", "Recherche";
        Evaluation = "evaluation", "Programme evaluation", "Évaluation de programme";
        Audit = "audit", "Audit", "Vérification";
        Compliance = "compliance", "Compliance / regulatory", "Conformité / réglementation";
        Criminal = "criminal", "Criminal investigation and enforcement", "Enquête criminelle et application de la loi";
    }
}
code_list! {
    /// A sign that somebody may be trafficked. Suggests a status; never decides it.
    ///
    /// The first eleven are the ILO indicators of forced labour; the rest follow HTCDS.
    Indicator = "indicator" {
        AbuseOfVulnerability = "abuse_of_vulnerability", "Abuse of vulnerability", "Abus de vulnérabilité";
        Deception = "deception", "Deception", "Tromperie";
        RestrictionOfMovement = "restriction_of_movement", "Restriction of movement", "Restriction de mouvement";
        Isolation = "isolation", "Isolation", "Isolement";
        PhysicalSexualViolence = "physical_sexual_violence", "Physical or sexual violence", "Violence physique ou sexuelle";
        IntimidationThreats = "intimidation_threats", "Intimidation and threats", "Intimidation et menaces";
        RetentionOfDocuments = "retention_of_documents", "Retention of identity documents", "Confiscation des pièces d’identité";
        WithholdingWages = "withholding_wages", "Withholding of wages", "Rétention de salaire";
        DebtBondage = "debt_bondage", "Debt bondage", "Servitude pour dettes";
        AbusiveConditions = "abusive_conditions", "Abusive working and living conditions", "Conditions de travail et de vie abusives";
        ExcessiveOvertime = "excessive_overtime", "Excessive overtime", "Heures supplémentaires excessives";
        ControlledByOther = "controlled_by_other", "Someone else speaks or decides for the person", "Une autre personne parle ou décide à sa place";
        NoAccessToEarnings = "no_access_to_earnings", "No access to own earnings", "Aucun accès à ses propres gains";
        FearOfAuthorities = "fear_of_authorities", "Fear of authorities instilled by someone", "Crainte des autorités inculquée par autrui";
        MovedOften = "moved_often", "Moved often between places", "Déplacements fréquents d’un lieu à l’autre";
        MinorInCommercialSex = "minor_in_commercial_sex", "Minor in commercial sex", "Personne mineure dans le commerce du sexe";
    }
}
