//! National returns that are kept here: the list, the checks of one, and its publication.

use entente_node::local::doc::{
    ReturnChangeTold, ReturnListTold, ReturnRow, ReturnShowTold, StatsTold,
};

use super::Render;
use super::labels::moment;
use super::page::{Grid, Page, Tone};

/// The beginning of a return's name: enough to recognise it.
fn short(row: &ReturnRow) -> &str {
    row.id.get(..16).unwrap_or(&row.id)
}

fn published(row: &ReturnRow) -> String {
    row.published_at.as_deref().map_or_else(|| "—".to_owned(), moment)
}

impl Render for ReturnListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.returns.is_empty() {
            page.say("No return was made yet.", "Aucun rapport n’a encore été produit.");
            page.next("entente stats return");
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Return", "Rapport"),
            lang.pick("Plan", "Plan"),
            lang.pick("Period", "Période"),
            lang.pick("Made", "Produit"),
            lang.pick("Published", "Publié"),
        ]);
        for row in &self.returns {
            grid.toned([
                (Tone::Plain, short(row).to_owned()),
                (Tone::Plain, row.plan.clone()),
                (Tone::Plain, row.period.clone()),
                (Tone::Plain, moment(&row.made_at)),
                (Tone::Plain, published(row)),
            ]);
        }
        page.table(grid);
    }
}

impl Render for ReturnShowTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let figures = StatsTold {
            plan: self.plan.clone(),
            tables: self.tables.clone(),
            counting_rule: self.counting_rule.clone(),
            definition: self.definition.clone(),
            organizations_per_person: self.organizations_per_person,
        };
        figures.render(page);
        page.title(page.pick("Checks", "Vérifications"));
        for check in &self.checks {
            let (tone, word) = match check.right {
                true => (Tone::Good, lang.pick("right", "exact")),
                false => (Tone::Bad, lang.pick("WRONG", "INEXACT")),
            };
            let word = page.paint(tone, word);
            page.item(&lang.pick(
                format!("{}: {word}", check.text.text(lang)),
                format!("{}\u{a0}: {word}", check.text.text(lang)),
            ));
            for fault in &check.faults {
                page.line(&format!("      {}", fault.text(lang)));
            }
        }
        if self.row.published_at.is_none() && self.verified {
            page.next(&format!("entente stats publish {}", short(&self.row)));
        }
    }
}

impl Render for ReturnChangeTold {
    fn render(&self, page: &mut Page<'_>) {
        match &self.path {
            Some(path) => {
                page.say(
                    "Everybody can see it now, on the public site:",
                    "Tout le monde peut le voir maintenant, sur le site public\u{a0}:",
                );
                page.line(path);
            }
            None => page.say(
                "It is off the public site. Whoever copied it still has it.",
                "Il est retiré du site public. Qui l’a copié l’a toujours.",
            ),
        }
    }
}
