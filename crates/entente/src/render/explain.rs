//! `agreement explain`: field by field, what a partner would receive.

use entente_core::lang::Lang;
use entente_node::local::doc::{AgreementExplainTold, Decision, Fate, FieldFate, Reason};

use super::labels::Label;
use super::page::{Grid, Page, Tone};
use super::{Render, codes};

impl Render for AgreementExplainTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let name = self.partner.name(lang);
        page.title(&match lang {
            Lang::En => format!("What {name} would receive of record {}", self.record),
            Lang::Fr => format!("Ce que {name} recevrait du dossier {}", self.record),
        });
        let decision = page.paint(self.decision.tone(), self.decision.label(lang));
        let agreement = self.agreement.as_ref().map_or_else(
            || lang.pick("none", "aucune").to_owned(),
            |row| format!("{} v{}", row.id, row.version),
        );
        page.facts(&[
            (lang.pick("Decision", "Décision"), decision),
            (lang.pick("Epoch", "Période"), self.epoch.clone()),
            (lang.pick("Agreement", "Entente"), agreement),
            (
                lang.pick("Purpose", "Fin"),
                self.purpose
                    .as_ref()
                    .map_or_else(String::new, |purpose| codes::label("purpose", purpose, lang)),
            ),
            (lang.pick("People who look alike", "Personnes semblables"), self.group(lang)),
            (
                lang.pick("Already shared as", "Déjà communiqué sous"),
                self.already_shared.clone().unwrap_or_default(),
            ),
        ]);
        if !self.reasons.is_empty() {
            page.title(match self.decision {
                Decision::Wait => page.pick("Why it waits", "Pourquoi il attend"),
                Decision::Permit | Decision::Refuse => {
                    page.pick("Why it does not go out", "Pourquoi il ne part pas")
                }
            });
            for (index, reason) in self.reasons.iter().enumerate() {
                // One clause can be reached in two ways; it is one reason to whoever reads.
                let earlier = self.reasons.iter().take(index);
                let is_said =
                    |said: &Reason| said.text == reason.text && said.clause == reason.clause;
                if earlier.into_iter().any(is_said) {
                    continue;
                }
                let clause = reason
                    .clause
                    .as_ref()
                    .map_or_else(String::new, |clause| format!(" ({clause})"));
                page.item(&format!("{}{clause}", reason.text.text(lang)));
            }
        }
        if self.fields.is_empty() {
            return;
        }
        page.title(page.pick("Field by field", "Champ par champ"));
        if self.decision == Decision::Refuse {
            page.say(
                "This is what the levels of the agreement would leave, if it went out.",
                "Voici ce que les niveaux de l’entente laisseraient, s’il partait.",
            );
        }
        page.table(grid(&self.fields, lang));
    }
}

trait Group {
    fn group(&self, lang: Lang) -> String;
}

impl Group for AgreementExplainTold {
    fn group(&self, lang: Lang) -> String {
        match (self.group_size, lang) {
            (None, _) if self.min_group == 0 => String::new(),
            (None, Lang::En) => format!("at least {} needed", self.min_group),
            (None, Lang::Fr) => format!("au moins {} requises", self.min_group),
            (Some(size), Lang::En) => {
                format!("{} (at least {} needed)", lang.number(size), self.min_group)
            }
            (Some(size), Lang::Fr) => {
                format!("{} (au moins {} requises)", lang.number(size), self.min_group)
            }
        }
    }
}

fn grid(fields: &[FieldFate], lang: Lang) -> Grid {
    let mut grid = Grid::new([
        lang.pick("Field", "Champ"),
        lang.pick("We have", "Nous avons"),
        lang.pick("They would see", "Ils verraient"),
        lang.pick("Fate", "Sort"),
        lang.pick("Clause", "Clause"),
    ]);
    // What we do not know ourselves cannot go anywhere.
    let is_known = |field: &&FieldFate| field.ours.masked || !field.ours.values.0.is_empty();
    for field in fields.iter().filter(is_known) {
        let recorded: Vec<_> = field.from.iter().map(|it| codes::values(it, lang)).collect();
        let ours = match recorded.as_slice() {
            [] => codes::values(&field.ours, lang),
            recorded => recorded.join("; "),
        };
        let theirs = field
            .theirs
            .as_ref()
            .map_or_else(|| "—".to_owned(), |theirs| codes::values(theirs, lang));
        let ours_tone = match field.fate {
            Fate::Kept => Tone::Plain,
            Fate::Generalized | Fate::Removed => Tone::Struck,
        };
        grid.toned([
            (Tone::Plain, codes::field_label(&field.ours.field, lang)),
            (ours_tone, ours),
            (Tone::Plain, theirs),
            (field.fate.tone(), field.fate.label(lang).to_owned()),
            (Tone::Plain, field.clause.clone().unwrap_or_else(|| "—".to_owned())),
        ]);
    }
    grid
}
