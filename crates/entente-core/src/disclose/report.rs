//! What the close of an epoch came to, in numbers that name nobody.

use std::collections::HashMap;

use crate::lang::Lang;
use crate::summary::Rung;

use super::{Outcome, Rules, SeenClass};

/// How well those who are released now are hidden, from a reader who knows every counted field of
/// a person and that the person is in ("prosecutor").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Among how many persons the least hidden one is, counting all that the partner then holds;
    /// `None` if nobody is released.
    pub smallest_group: Option<u32>,
}

impl Risk {
    /// The greatest chance of finding a person: 1 / the smallest group; 0 if nobody is released.
    pub fn max(self) -> f64 {
        self.smallest_group.map_or(0.0, |size| 1.0 / f64::from(size.max(1)))
    }
}

/// What the close of an epoch came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReport {
    /// The rules that held.
    pub rules: Rules,
    /// How many cases went out on each rung, the finest first.
    pub released_by_rung: [u64; Rung::COUNT],
    /// How many of them without their form of exploitation.
    pub n_form_hidden: u64,
    /// How many wait for a later close.
    pub n_waiting: u64,
    /// How many classes went out with k to 2k - 1, 2k to 5k - 1, and 5k persons or more.
    pub n_classes_by_size: [u64; 3],
    /// How well they are hidden.
    pub risk: Risk,
    /// How many classes that the partner held before have fewer than k persons left, because others
    /// in them were withdrawn.
    pub n_thin_held: u64,
}

impl CloseReport {
    pub(super) fn new(
        outcomes: &[Outcome],
        held: HashMap<SeenClass, u32>,
        risk: Risk,
        rules: Rules,
    ) -> Self {
        let mut report = Self {
            rules,
            released_by_rung: [0; Rung::COUNT],
            n_form_hidden: 0,
            n_waiting: 0,
            n_classes_by_size: [0; 3],
            risk,
            n_thin_held: 0,
        };
        let mut classes = HashMap::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Released(release) => {
                    let rung = usize::from(release.rung.number());
                    if let Some(n) = report.released_by_rung.get_mut(rung) {
                        *n += 1;
                    }
                    report.n_form_hidden += u64::from(!release.tells_form);
                    classes.insert(release.class, release.class_size);
                }
                Outcome::Waiting { .. } => report.n_waiting += 1,
            }
        }
        let [small, medium, large] = &mut report.n_classes_by_size;
        for size in classes.into_values() {
            match size / rules.k() {
                0 | 1 => *small += 1,
                2..=4 => *medium += 1,
                _ => *large += 1,
            }
        }
        let thin = held.into_values().filter(|size| *size < rules.k()).count();
        report.n_thin_held = u64::try_from(thin).unwrap_or(u64::MAX);
        report
    }

    /// How many cases went out.
    pub fn n_released(&self) -> u64 {
        self.released_by_rung.iter().sum()
    }

    /// The greatest risk that the rules allow: 1 / k.
    pub fn risk_bound(&self) -> f64 {
        1.0 / f64::from(self.rules.k())
    }

    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        let number = |n| lang.number(n);
        let (released, waiting) = (number(self.n_released()), number(self.n_waiting));
        let k = self.rules.k();
        let mut lines = vec![match lang {
            Lang::En => format!(
                "{released} released, {waiting} waiting; every class has at least {k} persons"
            ),
            Lang::Fr => format!(
                "{released} communiqués, {waiting} en attente; chaque classe compte au moins {k} personnes"
            ),
        }];
        for (rung, n) in Rung::ALL.into_iter().zip(self.released_by_rung).filter(|it| it.1 > 0) {
            let (level, n, label) = (rung.number(), number(n), rung.label(lang));
            lines.push(match lang {
                Lang::En => format!("  level {level}: {n} ({label})"),
                Lang::Fr => format!("  niveau {level}\u{a0}: {n} ({label})"),
            });
        }
        if let Some(size) = self.risk.smallest_group {
            let (risk, bound) = (lang.percent(self.risk.max()), lang.percent(self.risk_bound()));
            lines.push(match lang {
                Lang::En => format!(
                    "greatest chance of finding a known person: 1 in {size} ({risk}; the limit is {bound})"
                ),
                Lang::Fr => format!(
                    "plus grande probabilité de retrouver une personne connue\u{a0}: 1 sur {size} ({risk}; la limite est de {bound})"
                ),
            });
        }
        if self.n_form_hidden > 0 {
            let n = number(self.n_form_hidden);
            lines.push(match lang {
                Lang::En => format!("{n} without their form of exploitation"),
                Lang::Fr => format!("{n} sans leur forme d’exploitation"),
            });
        }
        lines.join("\n")
    }
}
