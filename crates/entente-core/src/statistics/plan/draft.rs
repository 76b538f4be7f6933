//! Drafts: the TOML that people write, and that becomes a plan.
//!
//! Anything unknown is an error, so a misspelt key does not fall back to a default in silence.
//! `config/plans` holds the commented draft of version 1. Who does what may stand in the file, by
//! identity, or be given by whoever drafts; the file in the repository names nobody.

use serde::Deserialize;

use super::*;
use crate::codes::Code;
use crate::lang::Lang;

/// Why a text is not the draft of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanDraftError {
    /// It is not TOML, or a key is unknown or missing. Says where.
    #[error("the draft cannot be read: {0}")]
    Toml(String),
    /// A value is no word of the list it must come from.
    #[error("`{place}` must be one of: {allowed}")]
    Word {
        /// Which key.
        place: &'static str,
        /// The words it may be.
        allowed: String,
    },
    /// A value is no year, or no identity.
    #[error("`{place}` must be {what}")]
    Value {
        /// Which key.
        place: &'static str,
        /// What it must be.
        what: &'static str,
    },
    /// Everything could be read, and some of it cannot be.
    #[error("the draft cannot become a plan: {}", sentences(.0, Lang::En))]
    Problems(Vec<PlanProblem>),
}

impl PlanDraftError {
    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Fr, Self::Toml(detail)) => format!("impossible de lire l’ébauche : {detail}"),
            (Lang::Fr, Self::Word { place, allowed }) => {
                format!("« {place} » doit être l’un des mots suivants : {allowed}")
            }
            (Lang::Fr, Self::Value { place, what }) => {
                let what = if *what == YEAR {
                    "une année, de 1900 à 2199"
                } else {
                    "l’identité d’un organisme, en 64 chiffres hexadécimaux"
                };
                format!("« {place} » doit être {what}")
            }
            (Lang::Fr, Self::Problems(problems)) => {
                format!("l’ébauche ne peut pas devenir un plan : {}", sentences(problems, lang))
            }
        }
    }
}

const YEAR: &str = "a year, from 1900 to 2199";
const IDENTITY: &str = "the identity of an organization, 64 hexadecimal digits";

fn sentences(problems: &[PlanProblem], lang: Lang) -> String {
    let each = problems.iter().map(|it| match lang {
        Lang::En => format!("`{}` {}", it.place, it.what.en),
        Lang::Fr => format!("« {} » {}", it.place, it.what.fr),
    });
    each.collect::<Vec<_>>().join("; ")
}

impl Plan {
    /// Reads a draft. `roles` take the place of those in the file; a file without any needs them.
    pub fn from_toml(draft: &str, roles: Option<Roles>) -> Result<Self, PlanDraftError> {
        let draft: Draft =
            toml::from_str(draft).map_err(|error| PlanDraftError::Toml(error.to_string()))?;
        let plan = draft.plan(roles)?;
        match plan.problems() {
            problems if problems.is_empty() => Ok(plan),
            problems => Err(PlanDraftError::Problems(problems)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    name: String,
    version: u32,
    title: Pair,
    first_year: i16,
    last_year: i16,
    counting_rule: String,
    definition: String,
    budget: DraftBudget,
    schedule: DraftSchedule,
    safeguards: DraftSafeguards,
    cube: Vec<DraftCube>,
    roles: Option<DraftRoles>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    en: String,
    fr: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftBudget {
    nano_rho_per_year: u64,
    node_cap_nano_rho_per_year: u64,
    partner_cap_nano_rho_per_year: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftSchedule {
    first_after_days: u32,
    #[serde(default)]
    revisions_after_days: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftSafeguards {
    #[serde(default = "default_min_contributors")]
    min_contributors: u32,
    #[serde(default = "default_min_outside")]
    min_outside: u32,
    organizations_per_person: u32,
    floor: Option<u32>,
    #[serde(default)]
    round_to_5: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftCube {
    name: String,
    dimensions: Vec<String>,
    period: String,
    nano_rho: u64,
    #[serde(default)]
    revision_nano_rho: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftRoles {
    queriers: BTreeMap<String, String>,
    contributors: BTreeMap<String, String>,
    #[serde(default)]
    aggregators: Option<[String; 2]>,
}

fn default_min_contributors() -> u32 {
    MIN_CONTRIBUTORS
}

fn default_min_outside() -> u32 {
    MIN_OUTSIDE
}

impl Draft {
    fn plan(self, roles: Option<Roles>) -> Result<Plan, PlanDraftError> {
        let roles = match (roles, self.roles) {
            (Some(roles), _) => roles,
            (None, Some(draft)) => draft.roles()?,
            (None, None) => Roles::default(),
        };
        let cubes = self.cube.into_iter().map(DraftCube::cube);
        Ok(Plan {
            name: self.name,
            version: self.version,
            title: Text::new(self.title.en, self.title.fr),
            first_year: year("first_year", self.first_year)?,
            last_year: year("last_year", self.last_year)?,
            rule: word("counting_rule", &self.counting_rule)?,
            definition: word("definition", &self.definition)?,
            cubes: cubes.collect::<Result<_, _>>()?,
            budget: Budget {
                year: NanoRho(self.budget.nano_rho_per_year),
                node_cap: NanoRho(self.budget.node_cap_nano_rho_per_year),
                partner_cap: NanoRho(self.budget.partner_cap_nano_rho_per_year),
            },
            schedule: Schedule {
                first_after_days: self.schedule.first_after_days,
                revisions_after_days: self.schedule.revisions_after_days,
            },
            safeguards: Safeguards {
                min_contributors: self.safeguards.min_contributors,
                min_outside: self.safeguards.min_outside,
                organizations_per_person: self.safeguards.organizations_per_person,
                floor: self.safeguards.floor,
                round_to_5: self.safeguards.round_to_5,
            },
            roles,
        })
    }
}

impl DraftCube {
    fn cube(self) -> Result<Cube, PlanDraftError> {
        let dimensions = self.dimensions.iter().map(|it| word("cube.dimensions", it));
        Ok(Cube {
            dimensions: dimensions.collect::<Result<_, _>>()?,
            period: word("cube.period", &self.period)?,
            name: self.name,
            cost: NanoRho(self.nano_rho),
            revision_cost: NanoRho(self.revision_nano_rho),
        })
    }
}

impl DraftRoles {
    fn roles(self) -> Result<Roles, PlanDraftError> {
        let kinds = |named: BTreeMap<String, String>, place| {
            let pair = |(id, kind): (String, String)| Ok((org(place, &id)?, word(place, &kind)?));
            named.into_iter().map(pair).collect::<Result<BTreeMap<_, _>, PlanDraftError>>()
        };
        let aggregators = match self.aggregators {
            Some([leader, helper]) => {
                Some([org("roles.aggregators", &leader)?, org("roles.aggregators", &helper)?])
            }
            None => None,
        };
        Ok(Roles {
            queriers: kinds(self.queriers, "roles.queriers")?,
            contributors: kinds(self.contributors, "roles.contributors")?,
            aggregators,
        })
    }
}

fn year(place: &'static str, number: i16) -> Result<Year, PlanDraftError> {
    Year::new(number).map_err(|_| PlanDraftError::Value { place, what: YEAR })
}

fn org(place: &'static str, text: &str) -> Result<OrgId, PlanDraftError> {
    text.parse().map_err(|_| PlanDraftError::Value { place, what: IDENTITY })
}

fn word<C: Code>(place: &'static str, text: &str) -> Result<C, PlanDraftError> {
    C::parse(text).map_err(|_| PlanDraftError::Word {
        place,
        allowed: C::ALL.iter().map(|code| code.code()).collect::<Vec<_>>().join(", "),
    })
}
