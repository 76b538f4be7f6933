//! The privacy budget: what a release costs the persons in it, counted in whole numbers.
//!
//! The measure is rho of zero-concentrated differential privacy (Bun and Steinke 2016), in
//! billionths, so that a year of charges adds up without rounding. The noise of a release follows
//! from its cost ([`super::noise`]) and is rounded up: never less than was paid for.
//!
//! What people are promised is said as *advantage*: how much better than a coin the best attacker,
//! who knows everybody else in the figures, tells whether one person is in them. Epsilon is not
//! shown, since it misleads: at equal epsilon two mechanisms protect very differently.
//!
//! The rule here is pure: given two pools and what is known of a release, [`charge`] debits both or
//! neither. That a charge is durable before anything is drawn is for whoever keeps the pools.

use std::fmt;

use super::noise::Sigma;
use crate::codes::code_list;
use crate::lang::Lang;

/// Privacy loss in billionths of rho.
///
/// An integer, so that adding up a year of releases has no rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoRho(pub u64);

impl NanoRho {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum; what does not fit is the largest number there is, which no cap reaches.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The same `n` times.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }

    /// What is left of this after `spent`.
    #[must_use]
    pub fn less(self, spent: Self) -> Self {
        Self(self.0.saturating_sub(spent.0))
    }

    /// As people read it: `0.08815`, and `0,08815` in French.
    pub fn text(self, lang: Lang) -> String {
        let text = self.to_string();
        lang.pick(text.clone(), text.replace('.', ","))
    }

    /// As a fraction, for formulas.
    pub fn rho(self) -> f64 {
        // Above 2^53 a digit is lost, and the advantage has been 1 for long.
        let whole = u32::try_from(self.0 / 1_000_000_000).unwrap_or(u32::MAX);
        let rest = u32::try_from(self.0 % 1_000_000_000).unwrap_or(0);
        f64::from(whole) + f64::from(rest) / 1e9
    }

    /// The most by which the true-positive rate of an attacker exceeds the false-positive rate, when
    /// they ask whether one person is in the figures and know all others: 0 to 1.
    ///
    /// Two Gaussians whose means are sqrt(2 rho) standard deviations apart differ in total variation
    /// by 2 Phi(sqrt(2 rho) / 2) - 1, which is erf(sqrt(rho) / 2).
    pub fn advantage(self) -> f64 {
        erf(self.rho().sqrt() / 2.0)
    }

    /// The advantage if the person is known to `m` organizations, whose sums they move by `m`.
    pub fn advantage_in(self, m: u32) -> f64 {
        let m = u64::from(m);
        self.times(m.saturating_mul(m)).advantage()
    }

    /// The standard deviation of the noise that this pays for, in a cube in which a person moves one
    /// cell by one. `None` for a cost so small or so large that no table could use it.
    pub fn sigma(self) -> Option<Sigma> {
        Sigma::for_cube(self.0, 1)
    }
}

impl fmt::Display for NanoRho {
    /// As rho: `0.08815`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let digits = format!("{rest:09}");
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { write!(f, "{whole}") } else { write!(f, "{whole}.{digits}") }
    }
}

/// What may be spent in a year, and what was.
///
/// The node-wide pool is what a person is promised, because partners may put their answers together.
/// The pool of a partner is only a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    cap: NanoRho,
    spent: NanoRho,
}

impl Pool {
    /// A pool of which `spent` is gone. More than the cap may be: the cap was lowered since.
    pub fn new(cap: NanoRho, spent: NanoRho) -> Self {
        Self { cap, spent }
    }

    /// The most that may be spent.
    pub fn cap(&self) -> NanoRho {
        self.cap
    }

    /// What was spent.
    pub fn spent(&self) -> NanoRho {
        self.spent
    }

    /// What is left.
    pub fn left(&self) -> NanoRho {
        self.cap.less(self.spent)
    }

    fn has(&self, cost: NanoRho) -> bool {
        cost <= self.left()
    }

    fn debit(&mut self, cost: NanoRho) {
        self.spent = self.spent.plus(cost);
    }
}

/// What is known of a release before it is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nobody has it, and nothing was paid.
    New,
    /// It was paid for, and this partner has not had it.
    ByOthers,
    /// It was paid for, for this partner too.
    ByThisPartner,
}

/// What a release was charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charged {
    /// To the node-wide pool.
    pub node: NanoRho,
    /// To the partner's.
    pub partner: NanoRho,
}

code_list! {
    /// Why a release is not paid for.
    BudgetRefusal = "budget_refusal" {
        Free = "free", "A release that costs nothing has no noise.", "Une diffusion qui ne coûte rien n’a pas de bruit.";
        NodeSpent = "node_spent", "The budget of the persons of that year is spent.", "Le budget des personnes de cette année est épuisé.";
        PartnerSpent = "partner_spent", "The partner’s part of the budget of that year is spent.", "La part du partenaire dans le budget de cette année est épuisée.";
    }
}

impl fmt::Display for BudgetRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::codes::Code::label(*self, Lang::En))
    }
}

impl std::error::Error for BudgetRefusal {}

/// Charges a release of `cost` for one partner: both pools, or neither.
///
/// The same noise given to a second partner tells both together nothing more than it told the
/// first, so only that partner's own pool pays; and an answer that a partner has had is free.
pub fn charge(
    node: &mut Pool,
    partner: &mut Pool,
    cost: NanoRho,
    known: Known,
) -> Result<Charged, BudgetRefusal> {
    if cost == NanoRho::ZERO {
        return Err(BudgetRefusal::Free);
    }
    let (for_node, for_partner) = match known {
        Known::ByThisPartner => (NanoRho::ZERO, NanoRho::ZERO),
        Known::ByOthers => (NanoRho::ZERO, cost),
        Known::New => (cost, cost),
    };
    if for_node > NanoRho::ZERO && !node.has(for_node) {
        return Err(BudgetRefusal::NodeSpent);
    }
    if for_partner > NanoRho::ZERO && !partner.has(for_partner) {
        return Err(BudgetRefusal::PartnerSpent);
    }
    node.debit(for_node);
    partner.debit(for_partner);
    Ok(Charged { node: for_node, partner: for_partner })
}

/// The error function, by its Maclaurin series: exact to 10 digits, and from 4 on to eight.
pub(super) fn erf(x: f64) -> f64 {
    // Beyond 4 the function is 1 to eight digits, and the series would lose them by cancellation.
    if x >= 4.0 {
        return 1.0;
    }
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > 1e-17 {
        n += 1.0;
        term *= -x * x / n;
        sum += term / (2.0 * n + 1.0);
    }
    sum * std::f64::consts::FRAC_2_SQRT_PI
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEFAULT: NanoRho = NanoRho(88_150_000);

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-3
    }

    #[test]
    fn the_default_budget_promises_what_was_computed_for_it() {
        // As computed with another library: rho .08815 over 3 cubes is sigma 4.13 and advantage .17.
        let cube = NanoRho(DEFAULT.0 / 3);
        assert_eq!(cube.sigma().unwrap().to_string(), "4.13");
        assert!(near(DEFAULT.advantage(), 0.166));
        assert!(near(NanoRho(311_060_000).advantage(), 0.307));
        // A person known to three organizations.
        assert!(near(DEFAULT.advantage_in(3), 0.471));
    }

    #[test]
    fn a_release_is_charged_to_both_pools_or_to_neither() {
        let pools = |node, partner| {
            (Pool::new(NanoRho(100), NanoRho(node)), Pool::new(NanoRho(50), NanoRho(partner)))
        };
        let (mut node, mut partner) = pools(0, 0);
        let charged = charge(&mut node, &mut partner, NanoRho(50), Known::New).unwrap();
        assert_eq!(charged, Charged { node: NanoRho(50), partner: NanoRho(50) });
        let again = charge(&mut node, &mut partner, NanoRho(1), Known::New);
        assert_eq!(again, Err(BudgetRefusal::PartnerSpent));
        assert_eq!((node.left(), partner.left()), (NanoRho(50), NanoRho(0)));

        let (mut node, mut partner) = pools(100, 0);
        let refused = charge(&mut node, &mut partner, NanoRho(1), Known::New);
        assert_eq!(refused, Err(BudgetRefusal::NodeSpent));
        assert_eq!(partner.spent(), NanoRho::ZERO);
    }

    #[test]
    fn what_was_drawn_costs_the_node_nothing_and_a_second_partner_its_own_part() {
        let mut node = Pool::new(NanoRho(10), NanoRho(10));
        let mut partner = Pool::new(NanoRho(10), NanoRho(0));
        let charged = charge(&mut node, &mut partner, NanoRho(10), Known::ByOthers).unwrap();
        assert_eq!(charged, Charged { node: NanoRho(0), partner: NanoRho(10) });
        let charged = charge(&mut node, &mut partner, NanoRho(10), Known::ByThisPartner).unwrap();
        assert_eq!(charged, Charged { node: NanoRho(0), partner: NanoRho(0) });
    }

    #[test]
    fn a_release_for_nothing_or_beyond_all_numbers_is_refused() {
        let mut node = Pool::new(NanoRho(u64::MAX), NanoRho(1));
        let mut partner = node;
        for (cost, refusal) in [(0, BudgetRefusal::Free), (u64::MAX, BudgetRefusal::NodeSpent)] {
            let refused = charge(&mut node, &mut partner, NanoRho(cost), Known::New);
            assert_eq!(refused, Err(refusal));
        }
        assert_eq!(node.spent(), NanoRho(1));
    }

    #[test]
    fn rho_is_written_without_zeros_that_say_nothing() {
        for (nano, text) in
            [(0, "0"), (88_150_000, "0.08815"), (1_000_000_000, "1"), (1, "0.000000001")]
        {
            assert_eq!(NanoRho(nano).to_string(), text);
        }
        assert_eq!(NanoRho(88_150_000).text(Lang::Fr), "0,08815");
    }

    proptest! {
        #[test]
        fn no_order_of_charges_passes_a_cap(
            cap in 0_u64..1_000, part in 0_u64..1_000,
            costs in prop::collection::vec(0_u64..300, 0..40),
        ) {
            let mut node = Pool::new(NanoRho(cap), NanoRho::ZERO);
            let mut partner = Pool::new(NanoRho(part), NanoRho::ZERO);
            let mut paid = 0;
            for cost in costs {
                if charge(&mut node, &mut partner, NanoRho(cost), Known::New).is_ok() {
                    paid += cost;
                }
                prop_assert!(node.spent() <= node.cap() && partner.spent() <= partner.cap());
                prop_assert_eq!((node.spent(), partner.spent()), (NanoRho(paid), NanoRho(paid)));
            }
        }
    }
}
