//! Records and consents.

use entente_core::lang::Lang;
use entente_node::local::doc::{
    ConsentGiveTold, ConsentListTold, ConsentRow, DuplicateHint, FieldValue, Reason, RecordAddTold,
    RecordDuplicatesTold, RecordEditTold, RecordExportTold, RecordHistoryTold, RecordImportTold,
    RecordLinkTold, RecordListTold, RecordRow, RecordSearchTold, RecordShowTold, RecordStewardTold,
    RowProblem, Screening, SharedWith, Verdict, WithdrawTold,
};

use super::labels::{Label, bytes, count, moment, moment_or_dash, yes_no};
use super::page::{Grid, Page, Tone};
use super::{Render, codes};

/// Fields as labels and values.
pub(super) fn fields(fields: &[FieldValue], page: &mut Page<'_>) {
    let lang = page.lang();
    let labels: Vec<String> =
        fields.iter().map(|field| codes::field_label(&field.field, lang)).collect();
    let facts: Vec<(&str, String)> = labels
        .iter()
        .zip(fields)
        .map(|(label, field)| (label.as_str(), codes::values(field, lang)))
        .collect();
    page.facts(&facts);
}

impl Render for RecordAddTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.line(&match lang {
            Lang::En => format!("Record {} was added.", self.record),
            Lang::Fr => format!("Le dossier {} a été inscrit.", self.record),
        });
        warnings(&self.warnings, page);
        screening(&self.screening, page);
        definitions(&self.definitions, page);
        if !self.duplicates.is_empty() {
            page.title(page.pick("May be of the same person as", "Peut-être la même personne que"));
            for hint in &self.duplicates {
                let DuplicateHint { record, score, because } = hint;
                let because: Vec<_> =
                    because.iter().map(|field| codes::field_label(field, lang)).collect();
                page.item(&format!("{record} ({score}/100: {})", because.join(", ")));
            }
            page.next(&match lang {
                Lang::En => format!("entente record link {} RECORD --same", self.record),
                Lang::Fr => format!("entente record link {} DOSSIER --same", self.record),
            });
        }
        page.next(&format!("entente consent give {}", self.record));
    }
}

fn warnings(warnings: &[Reason], page: &mut Page<'_>) {
    let lang = page.lang();
    for warning in warnings {
        let text = page.paint(Tone::Warning, warning.text.text(lang));
        page.line(&format!("! {text}"));
    }
}

fn definitions(verdicts: &[Verdict], page: &mut Page<'_>) {
    if verdicts.is_empty() {
        return;
    }
    page.title(page.pick("Definitions", "Définitions"));
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("Definition", "Définition"),
        lang.pick("Met", "Le dossier y répond"),
        lang.pick("Why", "Pourquoi"),
    ]);
    for verdict in verdicts {
        grid.row([
            codes::label("definition_profile", &verdict.profile, lang),
            verdict.met.label(lang).to_owned(),
            codes::why(verdict, lang).join(". "),
        ]);
    }
    page.table(grid);
}

fn screening(screening: &Screening, page: &mut Page<'_>) {
    if screening.indicators.is_empty() {
        return;
    }
    let lang = page.lang();
    page.title(page.pick("Indicators", "Indicateurs"));
    page.line(&codes::labels("indicator", &screening.indicators, lang));
    if let Some(suggested) = &screening.suggested_status {
        let suggested = codes::label("status", suggested, lang);
        page.line(&match lang {
            Lang::En => format!("They suggest: {suggested}. A person decides."),
            Lang::Fr => format!("Ils suggèrent\u{a0}: {suggested}. La décision est humaine."),
        });
    }
}

impl Render for RecordShowTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let row = &self.record;
        page.title(&match lang {
            Lang::En => format!("Record {}, version {}", row.id, row.version),
            Lang::Fr => format!("Dossier {}, version {}", row.id, row.version),
        });
        if row.withdrawn {
            let line = page.paint(
                Tone::Bad,
                page.pick(
                    "Withdrawn: it is shared with nobody.",
                    "Retiré\u{a0}: communiqué à personne.",
                ),
            );
            page.line(&line);
        }
        page.facts(&[
            (lang.pick("Added", "Ajouté"), moment(&self.created_at)),
            (lang.pick("Changed", "Modifié"), moment(&self.updated_at)),
            (
                lang.pick("Community steward", "Gardien communautaire"),
                row.steward.as_ref().map_or_else(String::new, |named| named.name(lang).to_owned()),
            ),
            (lang.pick("Same person as", "Même personne que"), self.linked.join(", ")),
        ]);
        page.title(page.pick("What is known", "Ce qui est connu"));
        fields(&self.fields, page);
        screening(&self.screening, page);
        definitions(&self.definitions, page);
        page.title(page.pick("Consent", "Consentement"));
        consents(&self.consents, page);
        page.title(page.pick("Shared with", "Communiqué à"));
        shared(&self.shared_with, page);
        if self.fields.iter().any(|field| field.masked) {
            page.blank();
            page.next(&format!("entente record show {} --reveal", row.id));
        }
    }
}

fn shared(shared: &[SharedWith], page: &mut Page<'_>) {
    if shared.is_empty() {
        page.say("Nobody.", "Personne.");
        return;
    }
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("Partner", "Partenaire"),
        lang.pick("Epoch", "Période"),
        lang.pick("Summary", "Résumé"),
        lang.pick("Withdrawn", "Retiré"),
        lang.pick("Receipt", "Accusé de réc."),
    ]);
    for one in shared {
        grid.row([
            one.partner.name(lang).to_owned(),
            one.epoch.clone(),
            one.summary.clone(),
            moment_or_dash(one.withdrawn_at.as_ref()),
            moment_or_dash(one.receipt_at.as_ref()),
        ]);
    }
    page.table(grid);
}

fn rows_grid(lang: Lang, extra: &[&str]) -> Grid {
    let columns = [
        lang.pick("Record", "Dossier"),
        lang.pick("Period", "Période"),
        lang.pick("Status", "Statut"),
        lang.pick("Gender", "Genre"),
        lang.pick("Age", "Âge"),
        lang.pick("Province", "Province"),
        lang.pick("Exploitation", "Exploitation"),
        lang.pick("Consent", "Consent."),
        lang.pick("Shared", "Communiqué"),
    ];
    Grid::new(columns.iter().chain(extra).copied())
}

fn row_cells(row: &RecordRow, lang: Lang) -> Vec<(Tone, String)> {
    let consent = if row.consent { Tone::Good } else { Tone::Warning };
    let id = if row.withdrawn { Tone::Struck } else { Tone::Plain };
    vec![
        (id, row.id.clone()),
        (Tone::Plain, row.period.clone()),
        (Tone::Plain, codes::label_or_dash("status", row.status.as_ref(), lang)),
        (Tone::Plain, codes::label_or_dash("gender", row.gender.as_ref(), lang)),
        (Tone::Plain, codes::label_or_dash("age_band", row.age.as_ref(), lang)),
        (Tone::Plain, codes::label_or_dash("province", row.province.as_ref(), lang)),
        (Tone::Plain, codes::labels("exploitation", &row.exploitation, lang)),
        (consent, yes_no(row.consent, lang).to_owned()),
        (Tone::Plain, row.shared_with.to_string()),
    ]
}

impl Render for RecordListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let total = count(self.total, ("record", "records"), ("dossier", "dossiers"), lang);
        page.title(&total);
        if self.records.is_empty() {
            return;
        }
        let mut grid = rows_grid(lang, &[]).numeric([8]);
        for row in &self.records {
            grid.toned(row_cells(row, lang));
        }
        page.table(grid);
        if let Some(next) = &self.next {
            page.next(&format!("entente record list --after {next}"));
        }
    }
}

impl Render for RecordSearchTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.found.is_empty() {
            page.say("Nothing was found.", "Rien n’a été trouvé.");
            return;
        }
        let mut grid =
            rows_grid(lang, &[lang.pick("Fit", "Score"), lang.pick("Found in", "Trouvé dans")])
                .numeric([8, 9]);
        for found in &self.found {
            let matched: Vec<_> =
                found.matched.iter().map(|field| codes::field_label(field, lang)).collect();
            let mut cells = row_cells(&found.record, lang);
            cells.push((Tone::Plain, found.score.to_string()));
            cells.push((Tone::Plain, matched.join(", ")));
            grid.toned(cells);
        }
        page.table(grid);
    }
}

impl Render for RecordEditTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.line(&match lang {
            Lang::En => format!("Record {} is now version {}.", self.record, self.version),
            Lang::Fr => {
                format!("Le dossier {} en est à la version {}.", self.record, self.version)
            }
        });
        let changed: Vec<_> =
            self.changed.iter().map(|field| codes::field_label(field, lang)).collect();
        page.facts(&[(lang.pick("Changed", "Modifié"), changed.join(", "))]);
        warnings(&self.warnings, page);
        if self.summaries_outdated > 0 {
            page.line(&count(
                self.summaries_outdated,
                (
                    "summary no longer fits and is replaced or withdrawn",
                    "summaries no longer fit and are replaced or withdrawn",
                ),
                (
                    "résumé ne convient plus et sera remplacé ou retiré",
                    "résumés ne conviennent plus et seront remplacés ou retirés",
                ),
                lang,
            ));
        }
    }
}

impl Render for RecordHistoryTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let mut grid = Grid::new([
            lang.pick("Version", "Version"),
            lang.pick("When", "Quand"),
            lang.pick("By", "Par"),
            lang.pick("Changed", "Modifié"),
        ])
        .numeric([0]);
        for version in &self.versions {
            let changed: Vec<_> =
                version.changed.iter().map(|field| codes::field_label(field, lang)).collect();
            grid.row([
                version.version.to_string(),
                moment(&version.at),
                version.by.clone(),
                changed.join(", "),
            ]);
        }
        page.table(grid);
    }
}

impl Render for WithdrawTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.line(&match (self.done, lang) {
            (true, Lang::En) => format!("Record {}: withdrawn from sharing.", self.record),
            (true, Lang::Fr) => {
                format!("Dossier {}\u{a0}: retiré de toute communication.", self.record)
            }
            (false, Lang::En) => format!("This would happen to record {}:", self.record),
            (false, Lang::Fr) => {
                format!("Voici ce qui arriverait au dossier {}\u{a0}:", self.record)
            }
        });
        if !self.consents.is_empty() {
            page.item(&count(
                self.consents.len() as u64,
                ("consent withdrawn", "consents withdrawn"),
                ("consentement retiré", "consentements retirés"),
                lang,
            ));
        }
        if self.partners.is_empty() {
            page.item(
                lang.pick("No partner has a summary of it.", "Aucun partenaire n’en a de résumé."),
            );
            return;
        }
        page.item(&count(
            self.partners.len() as u64,
            (
                "partner must destroy its copy and confirm it, signed",
                "partners must destroy their copies and confirm it, signed",
            ),
            (
                "partenaire doit détruire sa copie et le confirmer par signature",
                "partenaires doivent détruire leur copie et le confirmer par signature",
            ),
            lang,
        ));
        shared(&self.partners, page);
    }
}

impl Render for RecordDuplicatesTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.pairs.is_empty() {
            page.say("No pair looks like one person.", "Aucune paire ne semble être une personne.");
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Records", "Dossiers"),
            lang.pick("Alike", "Score"),
            lang.pick("Because of", "En raison de"),
        ])
        .numeric([1]);
        for pair in &self.pairs {
            let because: Vec<_> =
                pair.because.iter().map(|field| codes::field_label(field, lang)).collect();
            grid.row([
                // One below the other, so that both can be copied whole from a narrow window.
                format!("{}\n{}", pair.left.id, pair.right.id),
                pair.score.to_string(),
                because.join(", "),
            ]);
        }
        page.table(grid);
        page.next(page.pick(
            "entente record link RECORD RECORD --same | --different",
            "entente record link DOSSIER DOSSIER --same | --different",
        ));
    }
}

impl Render for RecordLinkTold {
    fn render(&self, page: &mut Page<'_>) {
        if self.same_person {
            page.say(
                "These records are of one person:",
                "Ces dossiers sont d’une même personne\u{a0}:",
            );
            for record in &self.linked {
                page.item(record);
            }
        } else {
            page.say(
                "These records are of different people.",
                "Ces dossiers sont de personnes différentes.",
            );
        }
    }
}

impl Render for RecordStewardTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let record = &self.record;
        let answered = match self.allows {
            None => lang.pick("It leaves only if they allow it", "Il ne part qu’avec son accord"),
            Some(true) => lang.pick("They allow it to leave", "Cet organisme permet qu’il parte"),
            Some(false) => lang
                .pick("They do not allow it to leave", "Cet organisme ne permet pas qu’il parte"),
        };
        page.line(&match (&self.steward, lang) {
            (Some(steward), Lang::En) => format!(
                "Record {record} is under the stewardship of {}. {answered}.",
                steward.name.en
            ),
            (Some(steward), Lang::Fr) => {
                format!("Le dossier {record} est sous la garde de {}. {answered}.", steward.name.fr)
            }
            (None, Lang::En) => format!("Record {record} has no community steward."),
            (None, Lang::Fr) => format!("Le dossier {record} n’a pas de gardien communautaire."),
        });
        if self.summaries_withdrawn > 0 {
            page.line(&count(
                self.summaries_withdrawn,
                ("summary withdrawn", "summaries withdrawn"),
                ("résumé retiré", "résumés retirés"),
                lang,
            ));
        }
    }
}

impl Render for RecordImportTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(if self.dry_run {
            page.pick("Dry run: nothing was kept", "Essai à blanc\u{a0}: rien n’a été conservé")
        } else {
            page.pick("Import", "Importation")
        });
        let per_second =
            self.rows.saturating_mul(1000).checked_div(self.took_ms.max(1)).unwrap_or_default();
        let separator =
            self.separator.as_ref().map_or_else(String::new, |sep| format!(", `{sep}`"));
        page.facts(&[
            (lang.pick("Layout", "Disposition"), self.layout.clone()),
            (lang.pick("Read as", "Lu comme"), format!("{}{separator}", self.encoding)),
            (
                lang.pick("Rows", "Lignes"),
                match lang {
                    Lang::En => {
                        format!("{} ({} a second)", lang.number(self.rows), lang.number(per_second))
                    }
                    Lang::Fr => format!(
                        "{} ({} par seconde)",
                        lang.number(self.rows),
                        lang.number(per_second)
                    ),
                },
            ),
            (lang.pick("Added", "Ajoutés"), lang.number(self.added)),
            (lang.pick("Changed", "Modifiés"), lang.number(self.updated)),
            (lang.pick("Unchanged", "Inchangés"), lang.number(self.unchanged)),
            (lang.pick("In quarantine", "Mises de côté"), lang.number(self.quarantined)),
            (
                lang.pick("Columns not used", "Colonnes inutilisées"),
                self.ignored_columns.join(", "),
            ),
        ]);
        if self.quarantined == 0 {
            return;
        }
        page.title(page.pick("Rows that could not be read", "Lignes illisibles"));
        problems(page, lang.pick("Column", "Colonne"), &self.problems);
        if let Some(file) = &self.quarantine {
            page.line(&match lang {
                Lang::En => format!("They are in {file}. It identifies people: keep it safe."),
                Lang::Fr => {
                    format!(
                        "Elles sont dans {file}. Il identifie des personnes\u{a0}: protégez-le."
                    )
                }
            });
        }
    }
}

impl Render for RecordExportTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let records = count(self.records, ("record", "records"), ("dossier", "dossiers"), lang);
        page.line(&format!("{}: {records}, {}", self.file, bytes(self.bytes, lang)));
        if self.identifying {
            let line = page.paint(
                Tone::Warning,
                page.pick(
                    "! The file identifies people. Protect it as you protect the records.",
                    "! Le fichier identifie des personnes. Protégez-le comme les dossiers.",
                ),
            );
            page.line(&line);
        }
        for left_out in &self.left_out {
            page.item(left_out.text(lang));
        }
    }
}

/// Consents as a table.
fn consents(consents: &[ConsentRow], page: &mut Page<'_>) {
    let lang = page.lang();
    if consents.is_empty() {
        page.say(
            "None: nothing of this record is shared.",
            "Aucun\u{a0}: rien de ce dossier n’est communiqué.",
        );
        return;
    }
    let mut grid = Grid::new([
        lang.pick("Consent", "Consentement"),
        lang.pick("Allows", "Permet"),
        lang.pick("To", "À"),
        lang.pick("Given by", "Donné par"),
        lang.pick("From", "Du"),
        lang.pick("Until", "Au"),
        lang.pick("Holds", "Valide"),
    ]);
    for consent in consents {
        let recipients: Vec<_> =
            consent.recipients.iter().map(|named| named.name(lang).to_owned()).collect();
        let to = if recipients.is_empty() {
            lang.pick("anybody with an agreement", "quiconque a une entente").to_owned()
        } else {
            recipients.join(", ")
        };
        let mut allows = codes::labels("consent_scope", &consent.scopes, lang);
        if let Some(reason) = &consent.override_reason {
            allows = codes::label("override_reason", reason, lang);
        }
        let until = consent.withdrawn_on.as_ref().map_or_else(
            || moment_or_dash(consent.valid_until.as_ref()),
            |day| match lang {
                Lang::En => format!("withdrawn {day}"),
                Lang::Fr => format!("retiré le {day}"),
            },
        );
        let tone = if consent.valid { Tone::Good } else { Tone::Bad };
        grid.toned([
            (Tone::Plain, consent.id.clone()),
            (Tone::Plain, allows),
            (Tone::Plain, to),
            (Tone::Plain, codes::label("given_by", &consent.given_by, lang)),
            (Tone::Plain, consent.given_on.clone()),
            (Tone::Plain, until),
            (tone, yes_no(consent.valid, lang).to_owned()),
        ]);
    }
    page.table(grid);
}

impl Render for ConsentGiveTold {
    fn render(&self, page: &mut Page<'_>) {
        page.say("The consent was entered.", "Le consentement a été consigné.");
        consents(std::slice::from_ref(&self.consent), page);
        if !self.consent.informed && self.consent.override_reason.is_none() {
            let line = page.paint(
                Tone::Warning,
                page.pick(
                    "! It covers nothing until the person has been told everything (--informed).",
                    "! Il ne couvre rien tant que la personne n’a pas été informée (--informed).",
                ),
            );
            page.line(&line);
        }
    }
}

impl Render for ConsentListTold {
    fn render(&self, page: &mut Page<'_>) {
        consents(&self.consents, page);
    }
}

/// What was set aside of a file: where, and why.
pub(super) fn problems(page: &mut Page<'_>, part: &str, problems: &[RowProblem]) {
    let lang = page.lang();
    let mut grid =
        Grid::new([lang.pick("Row", "Ligne"), part, lang.pick("Problem", "Problème")]).numeric([0]);
    for problem in problems {
        grid.row([
            lang.number(problem.row),
            problem.column.clone().unwrap_or_else(|| "—".to_owned()),
            problem.reason.text.text(lang).to_owned(),
        ]);
    }
    page.table(grid);
}
