//! Counts: a table, who is in it, and how it may be used.

use entente_core::lang::Lang;
use entente_node::local::doc::{CountCell, CountOutcome, CountTold, Coverage, Notice};

use super::labels::{Label, count, moment};
use super::page::{Grid, Page, Tone};
use super::{Render, codes};

/// Tables with more cells are shown without their rows of zero: a case worker looks for figures,
/// and province by form of exploitation alone has more than 200 cells. The document has them all.
const DENSE_CELLS: usize = 20;

impl Render for CountTold {
    fn render(&self, page: &mut Page<'_>) {
        if self.notice == Notice::Controlled && self.coverage.answered == 0 {
            page.say(
                "Nobody answered, so there are no figures.",
                "Personne n’a répondu\u{a0}: aucun chiffre.",
            );
        } else {
            self.figures(page);
        }
        self.about(page);
        self.who(page);
        self.notice_line(page);
    }
}

/// A figure with its symbol: `x` hidden, `≥` only a lower bound is known, `p` some did not answer.
fn figure(cell: &CountCell, lang: Lang) -> (Tone, String) {
    match (cell.value, cell.at_least) {
        (Some(value), _) if cell.flag == "partial" => {
            (Tone::Warning, format!("{}\u{a0}p", lang.number(value)))
        }
        (Some(value), _) => (Tone::Plain, lang.number(value)),
        (None, Some(at_least)) if at_least > 0 => {
            (Tone::Warning, format!("≥\u{a0}{}", lang.number(at_least)))
        }
        (None, _) if cell.flag == "na" => (Tone::Faint, "..".to_owned()),
        (None, _) => (Tone::Faint, "x".to_owned()),
    }
}

/// How many answered, refused and could not be reached.
pub(super) fn heads(coverage: &Coverage, lang: Lang) -> String {
    let unreachable = ("unreachable", "unreachable");
    format!(
        "{}, {}, {}",
        count(coverage.answered, ("answered", "answered"), ("a répondu", "ont répondu"), lang),
        count(coverage.refused, ("refused", "refused"), ("a refusé", "ont refusé"), lang),
        count(coverage.unreachable, unreachable, ("injoignable", "injoignables"), lang),
    )
}

/// What each did with the question, and why.
pub(super) fn who_is_in_it(coverage: &Coverage, page: &mut Page<'_>) {
    let lang = page.lang();
    for row in &coverage.partners {
        let outcome = page.paint(row.outcome.tone(), row.outcome.label(lang));
        let colon = lang.pick(":", "\u{a0}:");
        page.item(&format!("{}{colon} {outcome}", row.partner.name(lang)));
        if row.outcome == CountOutcome::Refused {
            for reason in &row.reasons {
                page.line(&format!("      {}", reason.text.text(lang)));
            }
        }
    }
}

trait Parts {
    fn figures(&self, page: &mut Page<'_>);
    fn legend(&self, page: &mut Page<'_>);
    fn about(&self, page: &mut Page<'_>);
    fn who(&self, page: &mut Page<'_>);
    fn notice_line(&self, page: &mut Page<'_>);
}

impl Parts for CountTold {
    fn figures(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let mut header: Vec<String> =
            self.by.iter().map(|dimension| codes::field_label(dimension, lang)).collect();
        header.push(match self.counting_rule.as_str() {
            "persons" => lang.pick("Persons", "Personnes").to_owned(),
            "records" => lang.pick("Records", "Dossiers").to_owned(),
            other => other.to_owned(),
        });
        let is_dense = self.cells.len() > DENSE_CELLS;
        let is_shown = |cell: &&CountCell| !is_dense || cell.value != Some(0);
        let mut grid = Grid::new(header).numeric([self.by.len()]);
        let mut n_shown = 0;
        for cell in self.cells.iter().filter(is_shown) {
            n_shown += 1;
            let label = |dimension: &String| {
                let code = cell.key.get(dimension);
                code.map_or_else(
                    || "—".to_owned(),
                    |code| codes::value_label(dimension, code, lang),
                )
            };
            let mut cells: Vec<(Tone, String)> =
                self.by.iter().map(|dimension| (Tone::Plain, label(dimension))).collect();
            cells.push(figure(cell, lang));
            grid.toned(cells);
        }
        if !self.by.is_empty() {
            let mut total = vec![(Tone::Plain, String::new()); self.by.len() - 1];
            total.insert(0, (Tone::Strong, lang.pick("Total", "Total").to_owned()));
            total.push(figure(&self.total, lang));
            grid.toned(total);
        } else if self.cells.is_empty() {
            grid.toned([figure(&self.total, lang)]);
        }
        page.table(grid);
        let n_hidden = (self.cells.len() - n_shown) as u64;
        if n_hidden > 0 {
            let rows = count(
                n_hidden,
                ("row of 0 is not shown", "rows of 0 are not shown"),
                ("ligne de 0 n’est pas montrée", "lignes de 0 ne sont pas montrées"),
                lang,
            );
            let rows = page.paint(Tone::Faint, &rows);
            page.line(&rows);
        }
        self.legend(page);
    }

    /// The symbols that the table uses, in words.
    fn legend(&self, page: &mut Page<'_>) {
        let cells = || self.cells.iter().chain([&self.total]);
        let mut used: Vec<&str> = Vec::new();
        for cell in cells() {
            let (_, figure) = figure(cell, Lang::En);
            let symbol = match figure.as_str() {
                "x" => "x",
                ".." => "..",
                text if text.starts_with('≥') => "≥",
                text if text.ends_with('p') => "p",
                _ => continue,
            };
            if !used.contains(&symbol) {
                used.push(symbol);
            }
        }
        for symbol in used {
            let meaning = match symbol {
                "x" => page
                    .pick("x   hidden to protect people", "x   masqué pour protéger des personnes"),
                ".." => page.pick("..  not available", "..  non disponible"),
                "≥" => page.pick(
                    "≥   at least; a part is hidden to protect people",
                    "≥   au moins; une partie est masquée pour protéger des personnes",
                ),
                _ => page.pick("p   not everybody answered", "p   réponses partielles"),
            };
            let meaning = page.paint(Tone::Faint, meaning);
            page.line(&meaning);
        }
    }

    fn about(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.blank();
        let filter: Vec<String> = self
            .filter
            .iter()
            .map(|(field, code)| {
                format!(
                    "{} = {}",
                    codes::field_label(field, lang),
                    codes::value_label(field, code, lang)
                )
            })
            .collect();
        page.facts(&[
            (lang.pick("Periods", "Périodes"), self.periods.join(", ")),
            (lang.pick("Only", "Seulement"), filter.join("; ")),
            (
                lang.pick("Definition", "Définition"),
                self.definition.as_ref().map_or_else(
                    || lang.pick("every record", "tous les dossiers").to_owned(),
                    |code| codes::label("definition_profile", code, lang),
                ),
            ),
            (lang.pick("Asked", "Demandé"), format!("{} UTC", moment(&self.asked_at))),
        ]);
    }

    fn who(&self, page: &mut Page<'_>) {
        if self.notice == Notice::OwnStaffOnly {
            return;
        }
        let lang = page.lang();
        let coverage = &self.coverage;
        page.title(page.pick("Who is in it", "Qui y figure"));
        page.line(&heads(coverage, lang));
        who_is_in_it(coverage, page);
    }

    fn notice_line(&self, page: &mut Page<'_>) {
        let text = match self.notice {
            Notice::Controlled => page.pick(
                "Controlled information, not for publication.",
                "Renseignements contrôlés, ne pas publier.",
            ),
            Notice::OwnStaffOnly => page.pick(
                "Exact figures, for our own staff only. Not for publication.",
                "Chiffres exacts, pour notre personnel seulement. Ne pas publier.",
            ),
        };
        let text = page.paint(Tone::Warning, text);
        page.blank();
        page.line(&text);
    }
}
