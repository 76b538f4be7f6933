//! Epochs: what a close released, what waits, what does not go out and why.

use entente_core::lang::Lang;
use entente_node::local::doc::{EpochListTold, EpochOutcome, EpochTold};

use super::Render;
use super::labels::moment;
use super::page::{Grid, Page, Tone};

impl Render for EpochTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(&match (self.done, lang) {
            (true, Lang::En) => format!("Epoch {} is closed", self.epoch),
            (true, Lang::Fr) => format!("La période {} est clôturée", self.epoch),
            (false, Lang::En) => format!("If epoch {} were closed now", self.epoch),
            (false, Lang::Fr) => format!("Si la période {} était clôturée maintenant", self.epoch),
        });
        let mut grid = Grid::new([
            lang.pick("Partner", "Partenaire"),
            lang.pick("Records", "Dossiers"),
            lang.pick("Released", "Communiqués"),
            lang.pick("Waiting", "En attente"),
            lang.pick("Already shared", "Déjà communiqués"),
            lang.pick("Refused", "Refusés"),
            lang.pick("Smallest group", "Plus petit groupe"),
            lang.pick("Highest risk", "Risque maximal"),
        ])
        .numeric(1..8);
        for outcome in &self.partners {
            grid.row(cells(outcome, lang));
        }
        page.table(grid);
        for outcome in &self.partners {
            details(outcome, page);
        }
    }
}

fn cells(outcome: &EpochOutcome, lang: Lang) -> [String; 8] {
    let dash = || "—".to_owned();
    [
        outcome.partner.name(lang).to_owned(),
        lang.number(outcome.considered),
        lang.number(outcome.released),
        lang.number(outcome.waiting),
        lang.number(outcome.already_shared),
        lang.number(outcome.refused),
        outcome
            .smallest_group
            .map_or_else(dash, |size| format!("{} (≥ {})", lang.number(size), outcome.min_group)),
        outcome
            .highest_risk_per_mille
            .map_or_else(dash, |risk| lang.percent(f64::from(risk) / 1000.0)),
    ]
}

fn details(outcome: &EpochOutcome, page: &mut Page<'_>) {
    if outcome.by_rung.is_empty() && outcome.by_reason.is_empty() {
        return;
    }
    let lang = page.lang();
    page.title(outcome.partner.name(lang));
    for rung in &outcome.by_rung {
        let keeps = rung.keeps.text(lang);
        page.item(&match lang {
            Lang::En => format!("{} released with {keeps}", lang.number(rung.released)),
            Lang::Fr => format!("{} communiqués avec {keeps}", lang.number(rung.released)),
        });
    }
    for tally in &outcome.by_reason {
        let clause =
            tally.reason.clause.as_ref().map_or_else(String::new, |clause| format!(" ({clause})"));
        let text = page.paint(Tone::Warning, tally.reason.text.text(lang));
        if tally.records == 0 {
            page.item(&format!("{text}{clause}"));
            continue;
        }
        page.item(&match lang {
            Lang::En => format!("{} not released: {text}{clause}", lang.number(tally.records)),
            Lang::Fr => {
                format!("{} non communiqués\u{a0}: {text}{clause}", lang.number(tally.records))
            }
        });
    }
}

impl Render for EpochListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.facts(&[(lang.pick("Open", "Ouverte"), self.open.clone())]);
        if self.closed.is_empty() {
            page.say("None was closed yet.", "Aucune n’a encore été clôturée.");
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Epoch", "Période"),
            lang.pick("Partner", "Partenaire"),
            lang.pick("Closed", "Clôturée"),
            lang.pick("Released", "Communiqués"),
            lang.pick("Waiting", "En attente"),
        ])
        .numeric([3, 4]);
        for row in &self.closed {
            grid.row([
                row.epoch.clone(),
                row.partner.name(lang).to_owned(),
                moment(&row.closed_at),
                lang.number(row.released),
                lang.number(row.waiting),
            ]);
        }
        page.table(grid);
    }
}
