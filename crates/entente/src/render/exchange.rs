//! What goes between partners: sync, what is held, feeds, quarantine, bundles.

use entente_core::lang::Lang;
use entente_node::local::doc::{
    BundleExportTold, BundleImportTold, Direction, FeedListTold, HeldListTold, HeldRow,
    HeldShowTold, QuarantineListTold, QuarantineReleaseTold, SyncOutcome, SyncTold,
};

use super::agreement::short;
use super::labels::{Label, bytes, count, moment, yes_no};
use super::page::{Grid, Page, Tone};
use super::{Render, codes, record};

impl Render for SyncTold {
    fn render(&self, page: &mut Page<'_>) {
        if self.partners.is_empty() {
            page.say("There is nobody to ask.", "Il n’y a personne à interroger.");
            return;
        }
        outcomes(&self.partners, page);
    }
}

fn outcomes(outcomes: &[SyncOutcome], page: &mut Page<'_>) {
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("Partner", "Partenaire"),
        lang.pick("Outcome", "Issue"),
        lang.pick("Read", "Lus"),
        lang.pick("Held", "Résumés détenus"),
        lang.pick("Withdrawn", "Résumés retirés"),
        lang.pick("Skipped", "Omis"),
        lang.pick("Receipts sent", "Accusés de réc. envoyés"),
        lang.pick("Receipts received", "Accusés de réc. reçus"),
    ])
    .numeric(2..8);
    for outcome in outcomes {
        let numbers = [
            outcome.pulled,
            outcome.held,
            outcome.withdrawn,
            outcome.skipped,
            outcome.receipts_sent,
            outcome.receipts_received,
        ];
        let mut cells = vec![
            (Tone::Plain, outcome.partner.name(lang).to_owned()),
            (outcome.outcome.tone(), outcome.outcome.label(lang).to_owned()),
        ];
        cells.extend(numbers.into_iter().map(|n| (Tone::Plain, lang.number(n))));
        grid.toned(cells);
    }
    page.table(grid);
    for outcome in outcomes {
        if let Some(fault) = &outcome.fault {
            page.title(outcome.partner.name(lang));
            fault.render(page);
        }
    }
}

/// What stands under everything that came from a partner.
fn controlled(page: &mut Page<'_>) {
    let notice = page.paint(
        Tone::Warning,
        page.pick(
            "Controlled information: de-identified, not anonymous; not for publication.",
            "Renseignements contrôlés\u{a0}: dépersonnalisés, non anonymes; ne pas publier.",
        ),
    );
    page.line(&notice);
}

fn held_grid(rows: &[HeldRow], lang: Lang) -> Grid {
    let mut grid = Grid::new([
        lang.pick("Summary", "Résumé"),
        lang.pick("From", "De"),
        lang.pick("Period", "Période"),
        lang.pick("Place", "Lieu"),
        lang.pick("Gender", "Genre"),
        lang.pick("Age", "Âge"),
        lang.pick("Exploitation", "Exploitation"),
        lang.pick("Keep until", "À conserver jusqu’au"),
    ]);
    for row in rows {
        let value = |field: &str, value: &Option<String>| {
            value
                .as_ref()
                .map_or_else(|| "—".to_owned(), |value| codes::value_label(field, value, lang))
        };
        grid.row([
            short(&row.summary).to_owned(),
            row.partner.name(lang).to_owned(),
            row.period.clone(),
            value("place", &row.place),
            value("gender", &row.gender),
            value("age", &row.age),
            codes::labels("exploitation", &row.exploitation, lang),
            row.keep_until.clone().unwrap_or_else(|| "—".to_owned()),
        ]);
    }
    grid
}

impl Render for HeldListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(&count(
            self.total,
            ("summary held", "summaries held"),
            ("résumé détenu", "résumés détenus"),
            lang,
        ));
        if self.held.is_empty() {
            return;
        }
        page.table(held_grid(&self.held, lang));
        if let Some(next) = &self.next {
            page.next(&format!("entente held list --after {next}"));
        }
        controlled(page);
    }
}

impl Render for HeldShowTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(&match lang {
            Lang::En => format!("Summary {}", self.summary.summary),
            Lang::Fr => format!("Résumé {}", self.summary.summary),
        });
        record::fields(&self.fields, page);
        page.title(page.pick("Where it came from", "D’où il vient"));
        page.facts(&[
            (lang.pick("From", "De"), self.summary.partner.name(lang).to_owned()),
            (lang.pick("Received", "Reçu"), moment(&self.received_at)),
            (
                lang.pick("Keep until", "À conserver jusqu’au"),
                self.summary.keep_until.clone().unwrap_or_default(),
            ),
            (lang.pick("Agreement", "Entente"), self.agreement.clone()),
            (lang.pick("Entry", "Entrée"), lang.number(self.sequence)),
            (
                lang.pick("Signed checkpoint", "Point de contrôle signé"),
                lang.number(self.checkpoint_size),
            ),
            (
                lang.pick("Looked alike, at least", "Semblables, au moins"),
                self.min_group.to_string(),
            ),
            (lang.pick("Rung", "Échelon"), self.rung.to_string()),
        ]);
        page.blank();
        controlled(page);
    }
}

impl Render for FeedListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let name = self.partner.name(lang);
        page.title(&match (self.direction, lang) {
            (Direction::Sent, Lang::En) => format!("What we said to {name}"),
            (Direction::Sent, Lang::Fr) => format!("Ce que nous avons dit à {name}"),
            (Direction::Received, Lang::En) => format!("What {name} said to us"),
            (Direction::Received, Lang::Fr) => format!("Ce que {name} nous a dit"),
        });
        page.facts(&[
            (lang.pick("Entries", "Entrées"), lang.number(self.length)),
            (lang.pick("Read up to", "Lu jusqu’à"), lang.number(self.cursor)),
        ]);
        let mut grid = Grid::new([
            lang.pick("Entry", "Entrée"),
            lang.pick("Kind", "Nature"),
            lang.pick("Summary", "Résumé"),
            lang.pick("Epoch", "Période"),
            lang.pick("When", "Quand"),
            lang.pick("Read", "Lu"),
            lang.pick("Receipt", "Accusé de réc."),
        ])
        .numeric([0]);
        for entry in &self.entries {
            let dash = || "—".to_owned();
            grid.row([
                lang.number(entry.sequence),
                entry.about.as_ref().map_or_else(
                    || kind(&entry.kind, lang),
                    |about| format!("{}, {}", kind(&entry.kind, lang), about.text(lang)),
                ),
                entry.summary.as_deref().map_or_else(dash, |id| short(id).to_owned()),
                entry.epoch.clone().unwrap_or_else(dash),
                moment(&entry.at),
                yes_no(entry.read, lang).to_owned(),
                entry.receipt.map_or_else(dash, |came| yes_no(came, lang).to_owned()),
            ]);
        }
        page.table(grid);
    }
}

fn kind(kind: &str, lang: Lang) -> String {
    match kind {
        "summary" => lang.pick("summary", "résumé"),
        "withdrawal" => lang.pick("withdrawal", "retrait"),
        "receipt" => lang.pick("receipt", "accusé de réception"),
        "notice" => lang.pick("notice", "avis"),
        "test" => lang.pick("test", "essai"),
        other => other,
    }
    .to_owned()
}

impl Render for QuarantineListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.cases.is_empty() {
            page.say("No partner is in quarantine.", "Aucun partenaire n’est en quarantaine.");
            return;
        }
        for case in &self.cases {
            page.title(case.partner.name(lang));
            page.facts(&[
                (lang.pick("Number", "Numéro"), lang.number(case.number)),
                (lang.pick("Since", "Depuis"), moment(&case.since)),
                (lang.pick("Why", "Pourquoi"), case.reason.text.text(lang).to_owned()),
                (
                    lang.pick("At entry", "À l’entrée"),
                    case.sequence.map_or_else(String::new, |sequence| lang.number(sequence)),
                ),
                (lang.pick("Evidence", "Preuve"), case.evidence.clone()),
            ]);
            page.next(&match lang {
                Lang::En => {
                    format!("entente partner release {} --reason \"…\"", case.partner.short())
                }
                Lang::Fr => {
                    format!(
                        "entente partner release {} --reason «\u{a0}…\u{a0}»",
                        case.partner.short()
                    )
                }
            });
        }
        let older = self.cases.last().filter(|it| {
            it.number > 1 && self.length > u64::try_from(self.cases.len()).unwrap_or(u64::MAX)
        });
        if let Some(last) = older {
            let partner = last.partner.short();
            page.next(&format!("entente partner quarantine {partner} --before {}", last.number));
        }
    }
}

impl Render for QuarantineReleaseTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let (name, cursor) = (self.partner.name(lang), lang.number(self.cursor));
        page.line(&match lang {
            Lang::En => format!("{name} is out of quarantine; we read on after entry {cursor}."),
            Lang::Fr => {
                format!("{name} sort de quarantaine; la lecture reprend après l’entrée {cursor}.")
            }
        });
    }
}

impl Render for BundleExportTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let entries = count(self.entries, ("entry", "entries"), ("entrée", "entrées"), lang);
        let (file, name) = (&self.file, self.partner.name(lang));
        let size = bytes(self.bytes, lang);
        page.line(&match lang {
            Lang::En => format!("{file}: {entries}, {size}. Only {name} can use it."),
            Lang::Fr => format!("{file}\u{a0}: {entries}, {size}. Seul {name} peut s’en servir."),
        });
    }
}

impl Render for BundleImportTold {
    fn render(&self, page: &mut Page<'_>) {
        outcomes(std::slice::from_ref(&self.outcome), page);
    }
}
