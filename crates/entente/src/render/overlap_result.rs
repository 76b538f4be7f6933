//! The result of an overlap round, as its coordinator signed it, and the verdict on it.

use entente_core::identity::OrgId;
use entente_core::statistics::mse::Lists;
use entente_core::statistics::overlap::Counted;
use entente_node::fault::Both;
use serde_json::{Value, json};

use super::Render;
use super::page::{Grid, Page};

/// What became of checking a result.
#[derive(Clone, Debug)]
pub(crate) struct OverlapVerdict {
    /// What is said.
    pub(crate) counted: Counted,
    /// Who signed it.
    pub(crate) maker: OrgId,
    /// Whether the identities were compared with trusted ones.
    pub(crate) compared: bool,
    /// What is wrong.
    pub(crate) faults: Vec<Both>,
}

/// A set of lists by their names, a count, and one standard deviation of the noise in it.
type Cell = (Vec<String>, i64, f64);

impl OverlapVerdict {
    fn cells(&self) -> Vec<Cell> {
        let Some(histogram) = self.counted.histogram() else { return Vec::new() };
        let on = |set: &Lists| {
            let named = histogram.lists.iter().enumerate();
            let named = named.filter(|(at, _)| set.hold(Lists::only(*at)));
            named.map(|(_, name)| name.clone()).collect()
        };
        let sd = |set| histogram.sd.get(set).copied().unwrap_or_default();
        histogram.counts.iter().map(|(set, count)| (on(set), *count, sd(set))).collect()
    }

    fn distinct(&self) -> u64 {
        self.counted.histogram().map_or(0, |histogram| histogram.n_distinct())
    }

    fn counted_at(&self) -> String {
        let at = jiff::Timestamp::from_second(self.counted.counted_at_s);
        at.map(|at| at.to_string()).unwrap_or_default()
    }

    /// The overlap table.
    pub(crate) fn csv(&self) -> String {
        self.counted.histogram().map(|histogram| histogram.csv()).unwrap_or_default()
    }

    /// Everything as a document.
    pub(crate) fn document(&self) -> Value {
        let terms = self.counted.round.terms();
        let cell = |(lists, count, sd): Cell| json!({ "lists": lists, "count": count, "sd": sd });
        let given = self.counted.given();
        let given =
            given.map(|(org, linkage)| json!({ "org": org.to_string(), "linkage": linkage.0 }));
        json!({
            "verified": self.faults.is_empty(),
            "compared_with_trusted": self.compared,
            "faults": self.faults,
            "round": self.counted.round.id().to_string(),
            "period": terms.period.to_string(),
            "lists": terms.lists,
            "counted_at": self.counted_at(),
            "made_by": self.maker.to_string(),
            "helpers": terms.helpers.map(|org| org.to_string()),
            "contributors": given.collect::<Vec<_>>(),
            "missing": self.counted.missing.iter().map(OrgId::to_string).collect::<Vec<_>>(),
            "cells": self.cells().into_iter().map(cell).collect::<Vec<_>>(),
            "distinct": self.distinct(),
        })
    }
}

impl Render for OverlapVerdict {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let terms = self.counted.round.terms();
        page.title(&lang.pick(
            format!("Overlap of lists, {}", terms.period),
            format!("Recoupement de listes, {}", terms.period),
        ));
        page.facts(&[
            (lang.pick("Round", "Recoupement"), self.counted.round.id().to_string()),
            (lang.pick("Counted on", "Compté le"), self.counted_at()),
            (lang.pick("Counted by", "Compté par"), self.maker.to_string()),
            (lang.pick("Distinct persons", "Personnes distinctes"), lang.number(self.distinct())),
        ]);
        let mut grid = Grid::new([
            lang.pick("On exactly these lists", "Exactement sur ces listes"),
            lang.pick("Persons", "Personnes"),
            lang.pick("Error", "Erreur"),
        ])
        .numeric([1, 2]);
        for (lists, count, sd) in self.cells() {
            let error = lang.pick(format!("±{sd:.1}"), format!("±{sd:.1}").replace('.', ","));
            grid.row([lists.join(" + "), count.to_string(), error]);
        }
        page.table(grid);
        page.title(lang.pick("Who took part", "Qui a participé"));
        for (org, _) in self.counted.given() {
            page.line(&format!("      {org}"));
        }
        for org in &self.counted.missing {
            page.line(
                &lang.pick(
                    format!("      {org} (left out)"),
                    format!("      {org} (laissé de côté)"),
                ),
            );
        }
        page.blank();
        let wrong = page.pick("It is NOT right.", "Il n’est PAS exact.");
        let right = page.pick(
            "Every party signed what it handed on, and the coordinator signed the counts.",
            "Chaque partie a signé ce qu’elle a remis, et le coordonnateur a signé les comptes.",
        );
        super::returned::verdict(page, &self.faults, wrong, right, self.compared);
    }
}
