//! Who plays: seven fictional organizations, and who has an agreement with whom.

use entente_core::codes::{OrgType, Province};
use entente_core::synthetic::Profile;

/// One organization of the demonstration. All of them are invented.
pub(super) struct Role {
    /// Its folder's name.
    pub(super) key: &'static str,
    /// Its name in English.
    pub(super) name_en: &'static str,
    /// Its name in French.
    pub(super) name_fr: &'static str,
    /// What kind of organization it is.
    pub(super) kind: OrgType,
    /// What its cases are like, and its share of all cases in a hundred; `None`: it has none.
    pub(super) cases: Option<(fn() -> Profile, u32)>,
}

/// The seven.
pub(super) const CAST: [Role; 7] = [
    Role {
        key: "federal",
        name_en: "Federal Coordination Centre (demo)",
        name_fr: "Centre fédéral de coordination (démo)",
        kind: OrgType::Federal,
        cases: None,
    },
    Role {
        key: "ontario",
        name_en: "Office of Ontario (demo)",
        name_fr: "Bureau de l’Ontario (démo)",
        kind: OrgType::Provincial,
        cases: Some((|| Profile::office(Province::Ontario), 34)),
    },
    Role {
        key: "manitoba",
        name_en: "Office of Manitoba (demo)",
        name_fr: "Bureau du Manitoba (démo)",
        kind: OrgType::Provincial,
        cases: Some((|| Profile::office(Province::Manitoba), 14)),
    },
    Role {
        key: "bc",
        name_en: "Office of British Columbia (demo)",
        name_fr: "Bureau de la Colombie-Britannique (démo)",
        kind: OrgType::Provincial,
        cases: Some((|| Profile::office(Province::BritishColumbia), 18)),
    },
    Role {
        key: "police",
        name_en: "Police Service (demo)",
        name_fr: "Service de police (démo)",
        kind: OrgType::Police,
        cases: Some((|| Profile::police(Province::Ontario), 20)),
    },
    Role {
        key: "shelter",
        name_en: "Red River Shelter (demo)",
        name_fr: "Refuge de la Rivière-Rouge (démo)",
        kind: OrgType::Ngo,
        cases: Some((|| Profile::shelter(Province::Manitoba), 6)),
    },
    Role {
        key: "workers",
        name_en: "Coast Workers’ Centre (demo)",
        name_fr: "Centre des travailleurs de la côte (démo)",
        kind: OrgType::Ngo,
        cases: Some((|| Profile::workers(Province::BritishColumbia), 8)),
    },
];

/// Position of the federal centre in [`CAST`].
pub(super) const FEDERAL: usize = 0;
/// Position of the office that explains a refusal and takes a consent back.
pub(super) const ONTARIO: usize = 1;
/// Position of the office that cuts a partner off.
pub(super) const MANITOBA: usize = 2;
/// Position of the office that has no room.
pub(super) const BC: usize = 3;
/// Position of the organization whose node is down when figures are added up.
pub(super) const POLICE: usize = 4;
/// Position of the partner that is cut off.
pub(super) const SHELTER: usize = 5;
/// Position of the organization that adds up in secret with the federal centre.
pub(super) const WORKERS: usize = 6;

/// An agreement: who sends, who receives, and the template it is drafted from.
pub(super) const AGREEMENTS: [(usize, usize, &str); 10] = [
    (ONTARIO, FEDERAL, "province-federal"),
    (MANITOBA, FEDERAL, "province-federal"),
    (BC, FEDERAL, "province-federal"),
    (POLICE, FEDERAL, "counts-only"),
    (SHELTER, MANITOBA, "ngo-province"),
    (SHELTER, FEDERAL, "counts-only"),
    (WORKERS, BC, "ngo-province"),
    // Summaries and no counts: the centre's question will be refused here, with the clause.
    (WORKERS, FEDERAL, "ngo-province"),
    // For referrals.
    (WORKERS, MANITOBA, "ngo-province"),
    (WORKERS, SHELTER, "ngo-province"),
];

/// How many cases there are unless told otherwise.
pub(super) const DEFAULT_RECORDS: u32 = 4_000;
