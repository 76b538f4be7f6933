//! Multiple-systems estimation: how many persons there may be in all, from how lists overlap.
//!
//! Several organizations each have a list of victims. Those who are on two lists say how much of
//! the whole each list reaches, and so how many persons no list has. [`estimate`] fits Poisson
//! log-linear models to an [`OverlapTable`]: an effect of each list, and interactions of pairs of
//! lists, added one by one while Akaike's criterion falls. What the table does not determine is
//! refused ([`NoEstimate`]) or passed over, by a check that is made before fitting.
//!
//! Two intervals of 95 % are given. The one by parametric bootstrap chooses the model anew in each
//! replication, and so includes that the model is uncertain; it is the main one. The one by the
//! profile of the likelihood takes the chosen model for granted.
//!
//! An estimate is not a finding. [`Caveat`]s belong to it and are never left out: lists of victims
//! overlap little, refer persons to one another, and are linked imperfectly. Which lists may be
//! compared, and whether a figure is fit to be used, is for statisticians. The reasons for the
//! method stand in `docs/decisions/0023-multiple-systems.md`.

mod caveat;
mod fit;
mod interval;
mod linear;
mod model;
mod select;
mod table;
#[cfg(test)]
mod tests;

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use crate::lang::Lang;

pub use caveat::Caveat;
pub use table::{Lists, NOISY_FREQUENCY, OverlapTable, TableError};

use interval::Bootstrap;
use select::{Selection, Tried, select};

/// How much higher Akaike's criterion may be for a model to do about as well (Burnham and Anderson
/// 2002, section 2.6).
pub const CLOSE_AIC: f64 = 2.0;

/// From which number of replications percentiles mean something: five lie outside of each end.
pub const MIN_REPLICATIONS: u32 = 200;

/// The most replications. More only repeat the same digits.
pub const MAX_REPLICATIONS: u32 = 10_000;

/// No population is larger. An estimate beyond it says that there is nothing to estimate from.
const MAX_ESTIMATE: f64 = 1e12;

/// How many persons there may be, and how sure that is.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// How many persons are on a list.
    pub n_observed: u64,
    /// How many there may be in all.
    pub n_persons: f64,
    /// By parametric bootstrap.
    pub bootstrap: Interval,
    /// How many replications it took.
    pub replications: u32,
    /// From what they were drawn.
    pub seed: u64,
    /// By the profile of the likelihood, for the chosen model.
    pub profile: Interval,
    /// The model that was chosen.
    pub model: Model,
    /// Models within [`CLOSE_AIC`] of it, the best first.
    pub alternatives: Vec<Alternative>,
    /// What has to be said with it. Never empty.
    pub caveats: Vec<Caveat>,
}

/// From where to where, with 95 % confidence. `None` is an end that is not there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// A fitted model.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its terms: the constant, the lists, the interactions; and their parameters.
    pub terms: Vec<(Lists, f64)>,
    /// Akaike's criterion.
    pub aic: f64,
}

/// A model that does about as well as the chosen one.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Its interactions.
    pub interactions: Vec<Lists>,
    /// Akaike's criterion.
    pub aic: f64,
    /// How many persons there may be in all, by this model.
    pub n_persons: f64,
}

/// Why a table gives no estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEstimate {
    /// Nobody is on two lists.
    #[error("nobody is on two lists")]
    NoOverlap,
    /// Too few persons are on two lists, or in a pattern that says nothing, such as a list within
    /// another.
    #[error("the table does not determine an estimate")]
    Undetermined,
    /// Fewer replications than [`MIN_REPLICATIONS`], or more than [`MAX_REPLICATIONS`].
    #[error("the bootstrap takes {MIN_REPLICATIONS} to {MAX_REPLICATIONS} replications")]
    Replications,
}

impl NoEstimate {
    /// A stable code for `--json`.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoOverlap => "no_overlap",
            Self::Undetermined => "undetermined",
            Self::Replications => "replications",
        }
    }

    /// In words.
    pub fn text(self, lang: Lang) -> String {
        let (min, max) = (u64::from(MIN_REPLICATIONS), u64::from(MAX_REPLICATIONS));
        let (min, max) = (lang.number(min), lang.number(max));
        match self {
            Self::NoOverlap => lang.pick(
                "nobody is on two lists, so nothing says how much of the whole the lists reach"
                    .to_owned(),
                "personne ne figure sur deux listes; rien n’indique donc quelle part de l’ensemble \
                 les listes atteignent"
                    .to_owned(),
            ),
            Self::Undetermined => lang.pick(
                "too few persons are on two lists, or only in a way that determines no estimate \
                 (for example one list within another)"
                    .to_owned(),
                "trop peu de personnes figurent sur deux listes, ou seulement d’une manière qui ne \
                 détermine aucune estimation (par exemple une liste comprise dans une autre)"
                    .to_owned(),
            ),
            Self::Replications => lang.pick(
                format!("the bootstrap takes {min} to {max} replications"),
                format!("le bootstrap demande de {min} à {max} répétitions"),
            ),
        }
    }
}

/// Estimates how many persons there are in all.
///
/// The same table, replications and seed of the bootstrap give the same answer, everywhere.
pub fn estimate(
    table: &OverlapTable,
    replications: u32,
    seed: u64,
) -> Result<Estimate, NoEstimate> {
    if !(MIN_REPLICATIONS..=MAX_REPLICATIONS).contains(&replications) {
        return Err(NoEstimate::Replications);
    }
    if table.n_on_several() == 0 {
        return Err(NoEstimate::NoOverlap);
    }
    let counts = table.counts();
    let chosen = select(counts).ok_or(NoEstimate::Undetermined)?;
    let n_observed = table.n_observed();
    let in_all = |unseen: f64| n_observed as f64 + unseen;
    let n_persons = in_all(chosen.fit.unseen());
    if !n_persons.is_finite() || n_persons > MAX_ESTIMATE {
        return Err(NoEstimate::Undetermined);
    }
    let (low, high) = interval::profile(counts, &chosen);
    let profile = Interval { low: Some(low), high };
    // By name, since the standard generators of `rand` may change from one version to the next.
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let drawn = interval::bootstrap(counts, &chosen, replications, &mut rng);
    let bootstrap = Interval { low: drawn.low, high: drawn.high };
    let alternatives = alternatives(&chosen, in_all);
    let mut estimate = Estimate {
        n_observed,
        n_persons,
        bootstrap,
        replications,
        seed,
        profile,
        model: Model::of(&chosen),
        alternatives,
        caveats: Vec::new(),
    };
    estimate.caveats = caveats(table, &chosen, &drawn, &estimate);
    if table.is_noisy() {
        estimate.caveats.push(Caveat::NoisyCounts);
    }
    Ok(estimate)
}

impl Interval {
    /// Whether a number lies in it.
    pub fn contains(&self, value: f64) -> bool {
        self.low.is_none_or(|low| low <= value) && self.high.is_none_or(|high| value <= high)
    }
}

impl Model {
    fn of(chosen: &Selection) -> Self {
        let finite = chosen.design.terms.iter().copied().zip(chosen.fit.parameters.iter().copied());
        let infinite = chosen.design.infinite.iter().map(|term| (*term, f64::NEG_INFINITY));
        let mut terms: Vec<_> = finite.chain(infinite).collect();
        terms.sort_by_key(|(term, _)| (term.len(), *term));
        Self { terms, aic: chosen.aic }
    }

    /// The names of its terms but for the constant, as `A` and `A:B`.
    pub fn names(&self, table: &OverlapTable) -> Vec<String> {
        let terms = self.terms.iter().filter(|(term, _)| !term.is_empty());
        terms.map(|(term, _)| term.names(table)).collect()
    }
}

fn alternatives(chosen: &Selection, in_all: impl Fn(f64) -> f64) -> Vec<Alternative> {
    let is_close =
        |it: &&Tried| it.interactions != chosen.interactions && it.aic <= chosen.aic + CLOSE_AIC;
    let close = chosen.tried.iter().filter(is_close);
    let mut close: Vec<_> = close
        .map(|it| Alternative {
            interactions: it.interactions.clone(),
            aic: it.aic,
            n_persons: in_all(it.unseen),
        })
        .collect();
    close.sort_by(|one, other| one.aic.total_cmp(&other.aic));
    // The way up visits no model twice, but for the ones that it starts again from.
    close.dedup_by(|one, other| one.interactions == other.interactions);
    close
}

/// Below this many persons on two lists or more the number itself is part of the message.
const FEW_ON_SEVERAL: u64 = 100;

fn caveats(
    table: &OverlapTable,
    chosen: &Selection,
    drawn: &Bootstrap,
    estimate: &Estimate,
) -> Vec<Caveat> {
    let mut caveats =
        vec![Caveat::MissedLinks, Caveat::DependentLists, Caveat::UnequalChances, Caveat::Disputed];
    let mut also = |applies: bool, caveat: Caveat| {
        if applies {
            caveats.push(caveat);
        }
    };
    also(table.lists().len() == 2, Caveat::TwoLists);
    let n = table.n_on_several();
    also(n < FEW_ON_SEVERAL, Caveat::FewOnSeveral { n });
    let (n_pairs, n_empty) = table.n_pairs();
    also(n_empty > 0, Caveat::SparseOverlaps { n_empty, n_pairs });
    let terms: Vec<_> = chosen.design.infinite.iter().map(|term| term.names(table)).collect();
    also(!terms.is_empty(), Caveat::InfiniteTerms { terms });
    let n = chosen.n_undetermined;
    also(n > 0, Caveat::UndeterminedModels { n });
    let is_saturated = chosen.design.terms.len() >= chosen.design.cells.len();
    also(is_saturated && table.lists().len() > 2, Caveat::NothingLeftToCheck);
    let others = || estimate.alternatives.iter().map(|it| it.n_persons);
    let (lowest, highest) = (others().fold(f64::INFINITY, f64::min), others().fold(0.0, f64::max));
    also(
        others().count() > 0,
        Caveat::OtherModels {
            n: others().count(),
            lowest: interval::whole(lowest.min(MAX_ESTIMATE)),
            highest: interval::whole(highest.min(MAX_ESTIMATE)),
        },
    );
    let (n, of) = (drawn.n_without, estimate.replications);
    also(n > 0, Caveat::ReplicationsWithout { n, of });
    let is_open = estimate.bootstrap.high.is_none() || estimate.profile.high.is_none();
    also(is_open, Caveat::OpenInterval);
    also(!estimate.bootstrap.contains(estimate.n_persons), Caveat::OutsideInterval);
    caveats
}
