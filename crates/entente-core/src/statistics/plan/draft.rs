//! Drafts: the TOML that people write, and that becomes a plan.
//!
//! Anything unknown is an error, so a misspelt key does not fall back to a default in silence.
//! `config/plans` holds the commented draft of version 1. Who does what may stand in the file, by
//! identity, or be given by whoever drafts; the file in the repository names nobody.

use serde::Deserialize;

use super::*;
use crate::codes::Code;
use crate::lang::{Lang, sentence};

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
        let text = match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Fr, Self::Toml(detail)) => {
                format!("impossible de lire l’ébauche\u{a0}: {detail}")
            }
            (Lang::Fr, Self::Word { place, allowed }) => {
                format!("«\u{a0}{place}\u{a0}» doit être l’un des mots suivants\u{a0}: {allowed}")
            }
            (Lang::Fr, Self::Value { place, what }) => {
                let what = if *what == YEAR {
                    "une année, de 1900 à 2199"
                } else {
                    "l’identité d’un organisme, en 64 chiffres hexadécimaux"
                };
                format!("«\u{a0}{place}\u{a0}» doit être {what}")
            }
            (Lang::Fr, Self::Problems(problems)) => {
                format!(
                    "l’ébauche ne peut pas devenir un plan\u{a0}: {}",
                    sentences(problems, lang)
                )
            }
        };
        sentence(&text)
    }
}

const YEAR: &str = "a year, from 1900 to 2199";
const IDENTITY: &str = "the identity of an organization, 64 hexadecimal digits";

fn sentences(problems: &[PlanProblem], lang: Lang) -> String {
    let each = problems.iter().map(|it| match lang {
        Lang::En => format!("`{}`: {}", it.place, it.what.en),
        Lang::Fr => format!("«\u{a0}{}\u{a0}»\u{a0}: {}", it.place, it.what.fr),
    });
    each.collect::<Vec<_>>().join(" ")
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

impl Plan {
    /// The plan as a draft, with comments in both languages: what [`Plan::from_toml`] reads as the
    /// same plan. `name` says what an organization is called.
    pub fn draft_toml(&self, name: &dyn Fn(&OrgId) -> String) -> String {
        // Every field is named, so that a new one does not compile until it is in the draft.
        let Self {
            name: of_plan,
            version,
            title,
            first_year,
            last_year,
            rule,
            definition,
            cubes,
            budget,
            schedule,
            safeguards,
            roles,
        } = self;
        let Budget { year, node_cap, partner_cap } = budget;
        let Schedule { first_after_days, revisions_after_days } = schedule;
        let Safeguards {
            min_contributors,
            min_outside,
            organizations_per_person,
            floor,
            round_to_5,
        } = safeguards;
        let floor = floor.map(|floor| format!("floor = {floor}\n")).unwrap_or_default();
        let mut toml = format!(
            "# Release plan: what may be published, and at what price for the persons in it.\n\
             # Plan de diffusion : ce qui peut être publié, et son prix pour les personnes comptées.\n\
             name = {}\nversion = {version}\ntitle = {{ en = {}, fr = {} }}\n\
             first_year = {first_year}\nlast_year = {last_year}\n\
             counting_rule = \"{}\"\ndefinition = \"{}\"\n\n\
             # In billionths of rho, a year. / En milliardièmes de rho, par année.\n\
             [budget]\nnano_rho_per_year = {}\nnode_cap_nano_rho_per_year = {}\n\
             partner_cap_nano_rho_per_year = {}\n\n\
             # In days after the end of a period. / En jours après la fin d’une période.\n\
             [schedule]\nfirst_after_days = {first_after_days}\n\
             revisions_after_days = {revisions_after_days:?}\n\n\
             [safeguards]\nmin_contributors = {min_contributors}\nmin_outside = {min_outside}\n\
             organizations_per_person = {organizations_per_person}\n{floor}round_to_5 = {round_to_5}\n",
            text(of_plan),
            text(&title.en),
            text(&title.fr),
            rule.code(),
            definition.code(),
            year.0,
            node_cap.0,
            partner_cap.0,
        );
        for Cube { name, dimensions, period, cost, revision_cost } in cubes {
            let by: Vec<_> = dimensions.iter().map(|it| it.code()).collect();
            toml.push_str(&format!(
                "\n[[cube]]\nname = {}\ndimensions = {by:?}\nperiod = \"{}\"\nnano_rho = {}\n\
                 revision_nano_rho = {}\n",
                text(name),
                period.code(),
                cost.0,
                revision_cost.0
            ));
        }
        roles.push_toml(&mut toml, name);
        toml
    }
}

impl Roles {
    /// Writes who asks, contributes and adds up below a draft that says nothing of it yet.
    pub fn push_toml(&self, toml: &mut String, name: &dyn Fn(&OrgId) -> String) {
        // A name could hold a line break only if whoever named it let it; the comment is for people.
        let comment = |org: &OrgId| name(org).replace(char::is_control, " ");
        let Self { queriers, contributors, aggregators } = self;
        if let Some([leader, helper]) = aggregators {
            toml.push_str(&format!(
                "\n# Who adds up in secret: the leader, then the helper.\n\
                 # Qui additionne de façon chiffrée : le calculateur principal, puis l’adjoint.\n\
                 [roles]\naggregators = [\"{leader}\", \"{helper}\"]\n"
            ));
        }
        toml.push_str(
            "\n# Who asks and whose cases are counted, by identity, each with its kind.\n\
             # Qui demande et qui est compté, par identité, chacun avec son type d’organisme.\n",
        );
        for (table, members) in [("queriers", queriers), ("contributors", contributors)] {
            toml.push_str(&format!("[roles.{table}]\n"));
            for (id, kind) in members {
                toml.push_str(&format!("\"{id}\" = \"{}\" # {}\n", kind.code(), comment(id)));
            }
        }
    }
}

fn text(text: &str) -> String {
    toml::Value::from(text).to_string()
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
