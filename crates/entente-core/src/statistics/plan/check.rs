//! What cannot be in a plan, and which plan may follow another.
//!
//! A plan is checked where it is drafted, where it is decoded and where it is signed, by the same
//! function. Every problem names the key of the draft and says what would be right.

use std::collections::BTreeSet;
use std::fmt;

use super::*;
use crate::agreement::MAX_BUDGET_NANO_RHO;
use crate::codes::Code;
use crate::lang::{Lang, sentence};

/// Something in a plan that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    /// The key of the draft, for example `cube.dimensions`.
    pub place: &'static str,
    /// What is wrong and what would be right, in sentences.
    pub what: Text,
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.place, self.what.en)
    }
}

/// Why a plan may not follow one that was signed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Downgrade {
    /// It is not newer.
    #[error("version {offered} is not newer than version {signed}, which is signed")]
    NotNewer {
        /// The version that is signed.
        signed: u32,
        /// The version that was offered.
        offered: u32,
    },
    /// It would answer again for years that were answered under the other.
    #[error("it answers for {year}, for which figures were released under version {signed}")]
    Overlaps {
        /// The last year that was answered for.
        year: Year,
        /// The version under which it was.
        signed: u32,
    },
}

impl Downgrade {
    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Fr, Self::NotNewer { signed, offered }) => format!(
                "la version {offered} n’est pas plus récente que la version {signed}, déjà signée"
            ),
            (Lang::Fr, Self::Overlaps { year, signed }) => format!(
                "il répond pour {year}, année déjà diffusée en vertu de la version {signed}"
            ),
        }
    }
}

impl Plan {
    /// Whether this may be signed after `signed`, another version of the same plan, of which
    /// figures up to `released` were released.
    ///
    /// Two plans that answer for the same year would draw twice for the same people, and noise that
    /// is drawn twice averages away.
    pub fn follows(&self, signed: &Self, released: Option<Year>) -> Result<(), Downgrade> {
        if self.version <= signed.version {
            let (signed, offered) = (signed.version, self.version);
            return Err(Downgrade::NotNewer { signed, offered });
        }
        match released {
            Some(year) if year >= self.first_year => {
                Err(Downgrade::Overlaps { year, signed: signed.version })
            }
            _ => Ok(()),
        }
    }

    /// Everything in it that cannot be. A node keeps, signs and accepts only a plan without any.
    pub fn problems(&self) -> Vec<PlanProblem> {
        let mut check = Check(Vec::new());
        self.check_head(&mut check);
        self.check_cubes(&mut check);
        self.check_overlaps(&mut check);
        self.check_budget(&mut check);
        self.check_schedule(&mut check);
        self.check_roles(&mut check);
        check.0
    }

    fn check_head(&self, check: &mut Check) {
        check.name("name", &self.name);
        check.that(self.version >= 1, "version", "must be 1 or more", "doit être 1 ou plus");
        for line in [&self.title.en, &self.title.fr] {
            let fine = !line.trim().is_empty()
                && line.chars().count() <= MAX_TITLE
                && !line.chars().any(char::is_control);
            check.that(
                fine,
                "title",
                &format!(
                    "must be one line of 1 to {MAX_TITLE} characters, in English and in French"
                ),
                &format!(
                    "doit être une ligne de 1 à {MAX_TITLE} caractères, en anglais et en français"
                ),
            );
        }
        let n_years = i32::from(self.last_year.number()) - i32::from(self.first_year.number()) + 1;
        check.that(
            usize::try_from(n_years).is_ok_and(|n| (1..=MAX_YEARS).contains(&n)),
            "last_year",
            &format!("must be the first year or at most {} years later", MAX_YEARS - 1),
            &format!("doit être la première année ou la suivre d’au plus {} ans", MAX_YEARS - 1),
        );
    }

    fn check_cubes(&self, check: &mut Check) {
        check.that(
            (1..=MAX_CUBES).contains(&self.cubes.len()),
            "cube",
            &format!("must be there, 1 to {MAX_CUBES} times"),
            &format!("doit figurer de 1 à {MAX_CUBES} fois"),
        );
        let names: BTreeSet<_> = self.cubes.iter().map(|cube| &cube.name).collect();
        check.that(
            names.len() == self.cubes.len(),
            "cube.name",
            "must differ from cube to cube",
            "doit différer d’un cube à l’autre",
        );
        for cube in &self.cubes {
            check.name("cube.name", &cube.name);
            let distinct: BTreeSet<_> = cube.dimensions.iter().collect();
            let nested = cube
                .dimensions
                .iter()
                .any(|it| it.coarser().is_some_and(|coarser| cube.dimensions.contains(&coarser)));
            check.that(
                (1..=MAX_DIMENSIONS).contains(&cube.dimensions.len())
                    && distinct.len() == cube.dimensions.len()
                    && !nested,
                "cube.dimensions",
                &format!("must be 1 to {MAX_DIMENSIONS}, each once, none that adds up to another"),
                &format!(
                    "doit en nommer de 1 à {MAX_DIMENSIONS}, chacune une fois, aucune qui se regroupe en une autre"
                ),
            );
            check.that(
                cube.dimensions.iter().filter_map(|it| it.counts()).all(|it| it == cube.counts()),
                "cube.dimensions",
                "must be all of cases or all of referrals, whose figures are not the same people’s",
                "doivent toutes porter sur les dossiers ou toutes sur les aiguillages, qui ne concernent pas les mêmes personnes",
            );
            check.that(
                cube.n_cells() <= MAX_CELLS,
                "cube.dimensions",
                &format!(
                    "have {} cells together, and may have {MAX_CELLS}: noise would bury more",
                    cube.n_cells()
                ),
                &format!(
                    "comptent ensemble {} cellules, pour un maximum de {MAX_CELLS}\u{a0}: le bruit noierait davantage",
                    cube.n_cells()
                ),
            );
            check.that(
                cube.period == PeriodLevel::Year
                    || !cube.dimensions.contains(&CubeDimension::Quarter),
                "cube.period",
                "must be year for a cube by quarter",
                "doit être «\u{a0}year\u{a0}» pour un cube par trimestre",
            );
        }
    }

    /// Two cubes by the same dimensions are the same question twice, whether the quarter is its
    /// period or one of its dimensions.
    fn check_overlaps(&self, check: &mut Check) {
        let mut seen = BTreeSet::new();
        for cube in &self.cubes {
            let by = cube.dimensions.iter().filter(|it| **it != CubeDimension::Quarter);
            let by: BTreeSet<_> = by.collect();
            let by_text = by.iter().map(|it| it.code()).collect::<Vec<_>>().join(", ");
            check.that(
                seen.insert(by),
                "cube.period",
                &format!("overlaps: two cubes ask for the same people by {by_text}"),
                &format!(
                    "se chevauche\u{a0}: deux cubes portent sur les mêmes personnes par {by_text}"
                ),
            );
        }
    }

    fn check_budget(&self, check: &mut Check) {
        let Budget { year, node_cap, partner_cap } = self.budget;
        let has_revisions = !self.schedule.revisions_after_days.is_empty();
        for cube in &self.cubes {
            check.that(
                cube.cost.sigma().is_some(),
                "cube.nano_rho",
                "is so small or so large that its noise makes no table",
                "est si petit ou si grand que son bruit ne donne aucun tableau",
            );
            let fine = match has_revisions {
                true => cube.revision_cost.sigma().is_some(),
                false => cube.revision_cost == NanoRho::ZERO,
            };
            check.that(
                fine,
                "cube.revision_nano_rho",
                "must be the price of a revision, and 0 if none is scheduled",
                "doit être le prix d’une révision, et 0 si aucune n’est prévue",
            );
        }
        let (cost, most) = (self.cost_per_year(), NanoRho(MAX_BUDGET_NANO_RHO));
        let french = |rho: NanoRho| rho.text(Lang::Fr);
        check.that(
            cost <= year,
            "budget.nano_rho_per_year",
            &format!(
                "The tables of one year cost {cost}; the budget is {year}. Raise the budget or remove a table."
            ),
            &format!(
                "Les tableaux d’une année coûtent {}; le budget est de {}. Augmentez-le ou retirez un tableau.",
                french(cost),
                french(year)
            ),
        );
        check.that(
            year <= node_cap && node_cap <= most,
            "budget.node_cap_nano_rho_per_year",
            &format!("must be at least the budget of the plan and at most {most}"),
            &format!("doit être au moins le budget du plan et au plus {}", french(most)),
        );
        check.that(
            partner_cap > NanoRho::ZERO && partner_cap <= node_cap,
            "budget.partner_cap_nano_rho_per_year",
            "must be more than 0 and at most the cap of the node",
            "doit être supérieur à 0 et au plus le plafond du nœud",
        );
    }

    fn check_schedule(&self, check: &mut Check) {
        let Schedule { first_after_days, revisions_after_days } = &self.schedule;
        let ascending = [first_after_days]
            .into_iter()
            .chain(revisions_after_days)
            .is_sorted_by(|earlier, later| earlier < later);
        let latest = revisions_after_days.last().unwrap_or(first_after_days);
        check.that(
            ascending
                && *latest <= MAX_DELAY_DAYS
                && revisions_after_days.len() <= MAX_REVISIONS,
            "schedule",
            &format!(
                "must be ascending days, the last at most {MAX_DELAY_DAYS}, with at most {MAX_REVISIONS} revisions"
            ),
            &format!(
                "doit nommer des jours croissants, le dernier d’au plus {MAX_DELAY_DAYS}, avec au plus {MAX_REVISIONS} révisions"
            ),
        );
    }

    fn check_roles(&self, check: &mut Check) {
        let Roles { queriers, contributors, aggregators } = &self.roles;
        let Safeguards { min_contributors, min_outside, organizations_per_person, floor, .. } =
            self.safeguards;
        check.range("safeguards.min_contributors", min_contributors, MIN_CONTRIBUTORS..=1_000);
        check.range("safeguards.min_outside", min_outside, MIN_OUTSIDE..=1_000);
        check.range("safeguards.organizations_per_person", organizations_per_person, 1..=10);
        check.range("safeguards.floor", floor.unwrap_or(0), 0..=1_000);
        check.that(
            (1..=MAX_QUERIERS).contains(&queriers.len()),
            "roles.queriers",
            &format!("must name 1 to {MAX_QUERIERS} organizations"),
            &format!("doit nommer de 1 à {MAX_QUERIERS} organismes"),
        );
        check.that(
            (1..=MAX_CONTRIBUTORS).contains(&contributors.len()),
            "roles.contributors",
            &format!("must name 1 to {MAX_CONTRIBUTORS} organizations"),
            &format!("doit nommer de 1 à {MAX_CONTRIBUTORS} organismes"),
        );
        let Some([leader, helper]) = aggregators else { return };
        check.that(
            leader != helper,
            "roles.aggregators",
            "must be two different organizations",
            "doivent être deux organismes différents",
        );
        let enough = |n: usize, min: u32| u32::try_from(n).unwrap_or(u32::MAX) >= min;
        check.that(
            enough(contributors.len(), min_contributors),
            "roles.contributors",
            &format!("must be {min_contributors} or more for a secure sum"),
            &format!("doivent être au moins {min_contributors} pour une somme sécurisée"),
        );
        for kind in queriers.values() {
            let outside = contributors.values().filter(|other| *other != kind).count();
            check.that(
                enough(outside, min_outside),
                "roles.contributors",
                &format!("must have {min_outside} of another kind than who asks"),
                &format!(
                    "doivent en compter {min_outside} d’un autre type d’organisme que le demandeur"
                ),
            );
        }
    }
}

/// Collects problems.
struct Check(Vec<PlanProblem>);

impl Check {
    fn that(&mut self, holds: bool, place: &'static str, en: &str, fr: &str) {
        let problem = PlanProblem { place, what: Text::new(sentence(en), sentence(fr)) };
        // One report is enough for both languages, or for two cubes.
        if !holds && !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    fn range(&mut self, place: &'static str, value: u32, range: std::ops::RangeInclusive<u32>) {
        let (min, max) = (range.start(), range.end());
        self.that(
            range.contains(&value),
            place,
            &format!("is {value}, and must be from {min} to {max}"),
            &format!("vaut {value}, et doit être de {min} à {max}"),
        );
    }

    fn name(&mut self, place: &'static str, name: &str) {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        self.that(
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain),
            place,
            &format!("must be 1 to {MAX_NAME} lower-case letters, digits and dashes"),
            &format!(
                "doit compter de 1 à {MAX_NAME} lettres minuscules, chiffres et traits d’union"
            ),
        );
    }
}
