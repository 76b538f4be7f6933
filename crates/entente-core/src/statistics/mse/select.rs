//! Choosing a model: interactions are added one by one while Akaike's criterion falls.

use super::fit::{Fit, fit};
use super::model::Design;
use super::table::{Counts, Lists};

/// The model that was chosen, and those that were looked at on the way.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) design: Design,
    pub(super) fit: Fit,
    pub(super) aic: f64,
    /// In the order of the table's pairs.
    pub(super) interactions: Vec<Lists>,
    /// Every model that was fitted, the chosen one included.
    pub(super) tried: Vec<Tried>,
    /// How many models were passed over because the table does not determine them.
    pub(super) n_undetermined: usize,
}

/// A model that was fitted.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) interactions: Vec<Lists>,
    pub(super) aic: f64,
    pub(super) unseen: f64,
}

/// How much lower the criterion must be to count as lower, so that rounding never decides between
/// two models that say the same.
const LOWER: f64 = 1e-9;

/// Chooses from the model without interactions upwards; `None` if the table does not even determine
/// that one.
pub(super) fn select(counts: &Counts) -> Option<Selection> {
    let mut chosen = attempt(counts, Vec::new(), None)?;
    let mut tried = vec![chosen.tried()];
    let mut n_undetermined = 0;
    loop {
        let mut best: Option<Attempt> = None;
        for pair in counts.pairs().filter(|pair| !chosen.interactions.contains(pair)) {
            let mut interactions = chosen.interactions.clone();
            interactions.push(pair);
            interactions.sort();
            let Some(candidate) = attempt(counts, interactions, Some(&chosen)) else {
                n_undetermined += 1;
                continue;
            };
            tried.push(candidate.tried());
            if candidate.aic < best.as_ref().unwrap_or(&chosen).aic - LOWER {
                best = Some(candidate);
            }
        }
        let Some(best) = best else { break };
        chosen = best;
    }
    let Attempt { design, fit, aic, interactions } = chosen;
    Some(Selection { design, fit, aic, interactions, tried, n_undetermined })
}

/// Fits one model; `None` if the table does not determine it.
fn attempt(counts: &Counts, interactions: Vec<Lists>, near: Option<&Attempt>) -> Option<Attempt> {
    let design = Design::new(counts, &interactions);
    design.check().ok()?;
    let start = near.map(|near| near.start_for(&design));
    let fit = fit(&design, start.as_deref())?;
    let aic = fit.aic(&design);
    Some(Attempt { design, fit, aic, interactions })
}

struct Attempt {
    design: Design,
    fit: Fit,
    aic: f64,
    interactions: Vec<Lists>,
}

impl Attempt {
    fn tried(&self) -> Tried {
        let (interactions, aic) = (self.interactions.clone(), self.aic);
        Tried { interactions, aic, unseen: self.fit.unseen() }
    }

    /// The parameters from which to begin to fit a design with one term more.
    fn start_for(&self, design: &Design) -> Vec<f64> {
        let known = |term| self.design.terms.iter().position(|known| known == term);
        let value = |term| known(term).and_then(|at| self.fit.parameters.get(at));
        design.terms.iter().map(|term| value(term).copied().unwrap_or_default()).collect()
    }
}
