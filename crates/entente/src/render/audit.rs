//! The audit log, and the page that is handed to a person.

use entente_core::lang::Lang;
use entente_node::local::doc::{
    AuditDisclosuresTold, AuditExportTold, AuditListTold, AuditRow, AuditShowTold, AuditVerifyTold,
    Disclosure, WitnessRow,
};

use super::agreement::short;
use super::labels::{bytes, count, moment, yes_no};
use super::page::{Grid, Page, Tone};
use super::status::checks;
use super::{Render, codes, record};

impl Render for AuditListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(&count(self.length, ("entry", "entries"), ("entrée", "entrées"), lang));
        let mut grid = Grid::new([
            lang.pick("Entry", "Entrée"),
            lang.pick("When", "Quand"),
            lang.pick("Who", "Qui"),
            lang.pick("What", "Quoi"),
            lang.pick("Partner", "Partenaire"),
            lang.pick("Record", "Dossier"),
            lang.pick("Reasons", "Motifs"),
            lang.pick("Number", "Nombre"),
        ])
        .numeric([0, 7]);
        for entry in &self.entries {
            let dash = || "—".to_owned();
            grid.row([
                lang.number(entry.sequence),
                moment(&entry.at),
                who(entry, lang),
                codes::action(&entry.action, lang),
                entry.partner.as_ref().map_or_else(dash, |partner| partner.name(lang).to_owned()),
                entry.record.clone().unwrap_or_else(dash),
                entry.reasons.join(", "),
                lang.number(entry.n),
            ]);
        }
        page.table(grid);
    }
}

/// Who did it. A partner has a name in each language, beside the short id that acts.
fn who(entry: &AuditRow, lang: Lang) -> String {
    let partner = entry.partner.as_ref().filter(|partner| partner.short() == entry.actor);
    partner.map_or_else(|| entry.actor.clone(), |partner| partner.name(lang).to_owned())
}

impl Render for AuditVerifyTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let verdict = if self.whole {
            page.paint(
                Tone::Good,
                page.pick("✓ The audit log is whole.", "✓ Le journal est intact."),
            )
        } else {
            page.paint(
                Tone::Bad,
                page.pick("✗ The audit log is not whole.", "✗ Le journal n’est pas intact."),
            )
        };
        page.line(&verdict);
        page.facts(&[
            (lang.pick("Entries", "Entrées"), lang.number(self.length)),
            (lang.pick("Root", "Racine"), self.root.clone()),
        ]);
        checks(&self.problems, page);
        witnesses(&self.witnesses, page);
    }
}

fn witnesses(all: &[WitnessRow], page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(page.pick("Witnesses", "Témoins"));
    if all.is_empty() {
        page.say(
            "None yet: partners co-sign when they sync.",
            "Aucun pour l’instant\u{a0}: les partenaires cosignent à la synchronisation.",
        );
        return;
    }
    let mut grid = Grid::new([
        lang.pick("Partner", "Partenaire"),
        lang.pick("Signed at entry", "A signé à l’entrée"),
        lang.pick("When", "Quand"),
        lang.pick("Agrees", "Concorde"),
    ])
    .numeric([1]);
    for witness in all {
        let tone = if witness.consistent { Tone::Good } else { Tone::Bad };
        grid.toned([
            (Tone::Plain, witness.partner.name(lang).to_owned()),
            (Tone::Plain, lang.number(witness.length)),
            (Tone::Plain, moment(&witness.signed_at)),
            (tone, yes_no(witness.consistent, lang).to_owned()),
        ]);
    }
    page.table(grid);
}

impl Render for AuditShowTold {
    fn render(&self, page: &mut Page<'_>) {
        let (lang, entry) = (page.lang(), &self.entry);
        page.title(&codes::action(&entry.action, lang));
        let partner =
            entry.partner.as_ref().map_or_else(String::new, |it| it.name(lang).to_owned());
        page.facts(&[
            (
                lang.pick("Entry", "Entrée"),
                format!("{} / {}", lang.number(entry.sequence), lang.number(self.length)),
            ),
            (lang.pick("When", "Quand"), moment(&entry.at)),
            (lang.pick("Who", "Qui"), who(entry, lang)),
            (lang.pick("Partner", "Partenaire"), partner),
            (lang.pick("Record", "Dossier"), entry.record.clone().unwrap_or_default()),
            (lang.pick("Agreement", "Entente"), entry.agreement.clone().unwrap_or_default()),
            (lang.pick("Reasons", "Motifs"), entry.reasons.join(", ")),
            (lang.pick("Number", "Nombre"), lang.number(entry.n)),
            (lang.pick("Refers to", "Renvoie à"), self.reference.clone()),
            (lang.pick("Hash", "Empreinte"), self.hash.clone()),
            (lang.pick("Root", "Racine"), self.root.clone()),
            (lang.pick("Bytes", "Octets"), self.leaf.clone()),
        ]);
        witnesses(&self.witnesses, page);
    }
}

impl Render for AuditDisclosuresTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(page.pick(
            "Who was told what about you",
            "Ce qui a été communiqué à votre sujet, et à qui",
        ));
        page.line(&match lang {
            Lang::En => format!(
                "Prepared by {} on {}. Your file here is {}.",
                self.organization.name.en, self.made_on, self.record
            ),
            Lang::Fr => format!(
                "Préparé par {} le {}. Votre dossier ici est {}.",
                self.organization.name.fr, self.made_on, self.record
            ),
        });
        page.blank();
        if self.disclosures.is_empty() {
            page.say(
                "Nothing about you was given to another organization.",
                "Rien à votre sujet n’a été communiqué à un autre organisme.",
            );
        } else {
            page.say(
                "Your name, your contact details and what you told us in your own words were \
                 given to nobody. This is what was given:",
                "Votre nom, vos coordonnées et ce que vous nous avez raconté n’ont été communiqués \
                 à personne. Voici ce qui a été communiqué\u{a0}:",
            );
        }
        for (number, disclosure) in self.disclosures.iter().enumerate() {
            one_disclosure(number + 1, disclosure, page);
        }
        page.blank();
        page.line(&readings(self.readings, self.refusals, lang));
        page.blank();
        page.say(
            "You may ask us to correct your file, to withdraw your permission at any time, and to \
             explain any line of this page. Withdrawing never affects the help you receive.",
            "Vous pouvez nous demander de corriger votre dossier, retirer votre permission en tout \
             temps et nous demander d’expliquer n’importe quelle ligne de cette page. Un retrait \
             ne change jamais l’aide que vous recevez.",
        );
    }
}

fn one_disclosure(number: usize, disclosure: &Disclosure, page: &mut Page<'_>) {
    let lang = page.lang();
    let day = disclosure.at.get(..10).unwrap_or(&disclosure.at);
    let name = disclosure.partner.name(lang);
    page.title(&match lang {
        Lang::En => format!("{number}. To {name}, on {day}"),
        Lang::Fr => format!("{number}. À {name}, le {day}"),
    });
    let clause =
        disclosure.clause.as_ref().map_or_else(String::new, |clause| format!(", {clause}"));
    page.facts(&[
        (lang.pick("What for", "À quelle fin"), codes::label("purpose", &disclosure.purpose, lang)),
        (
            lang.pick("Under agreement", "Selon l’entente"),
            format!("{}{clause}", short(&disclosure.agreement)),
        ),
    ]);
    record::fields(&disclosure.fields, page);
    let Some(withdrawn) = &disclosure.withdrawn_at else {
        return;
    };
    let (withdrawn, receipt) = (moment(withdrawn), disclosure.receipt_at.as_ref());
    page.line(&match (receipt, lang) {
        (Some(receipt), Lang::En) => format!(
            "  Taken back on {withdrawn}. They confirmed, signed, on {} that their copy is \
             destroyed.",
            moment(receipt)
        ),
        (Some(receipt), Lang::Fr) => format!(
            "  Retiré le {withdrawn}. Une confirmation signée du {} atteste la destruction de leur \
             copie.",
            moment(receipt)
        ),
        (None, Lang::En) => {
            format!("  Taken back on {withdrawn}. They have not confirmed it yet.")
        }
        (None, Lang::Fr) => {
            format!("  Retiré le {withdrawn}. La confirmation n’est pas encore arrivée.")
        }
    });
}

fn readings(readings: u64, refusals: u64, lang: Lang) -> String {
    let times = |n| count(n, ("time", "times"), ("fois", "fois"), lang);
    let (read, kept) = (times(readings), times(refusals));
    match lang {
        Lang::En => format!(
            "Inside our organization your file was opened {read}. Our rules kept it from \
             going out {kept}."
        ),
        Lang::Fr => {
            let opened = match readings {
                0 => "n’a pas été ouvert".to_owned(),
                _ => format!("a été ouvert {read}"),
            };
            let kept = match refusals {
                0 => String::new(),
                _ => format!(" Nos règles ont empêché sa communication {kept}."),
            };
            format!("Dans notre organisme, votre dossier {opened}.{kept}")
        }
    }
}

impl Render for AuditExportTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let entries = count(self.entries, ("entry", "entries"), ("entrée", "entrées"), lang);
        let colon = lang.pick(":", "\u{a0}:");
        page.line(&format!("{}{colon} {entries}, {}", self.file, bytes(self.bytes, lang)));
        page.facts(&[(lang.pick("Root", "Racine"), self.root.clone())]);
    }
}

#[cfg(test)]
mod tests {
    use entente_node::fault::Both;
    use entente_node::local::doc::Named;

    use super::*;

    #[test]
    fn a_partner_that_acts_has_its_name_in_the_language_of_the_reader() {
        let entry = |actor: &str| AuditRow {
            sequence: 1,
            at: "2026-11-22T14:03:00Z".to_owned(),
            actor: actor.to_owned(),
            action: "record_read".to_owned(),
            record: None,
            partner: Some(Named {
                id: "5c7b1d0c5a3e1b6d".to_owned(),
                name: Both::new("Harbour Shelter", "Refuge du Havre"),
            }),
            agreement: None,
            reasons: Vec::new(),
            n: 1,
        };
        assert_eq!(who(&entry("5c7b1d0c5a"), Lang::Fr), "Refuge du Havre");
        assert_eq!(who(&entry("5c7b1d0c5a"), Lang::En), "Harbour Shelter");
        // Another partner, and an account whose name happens to begin an id.
        assert_eq!(who(&entry("ffffffffff"), Lang::Fr), "ffffffffff");
        assert_eq!(who(&entry("5c7"), Lang::Fr), "5c7");
    }

    #[test]
    fn a_file_that_nobody_opened_was_not_opened_zero_times() {
        let said = |read, kept| readings(read, kept, Lang::Fr);
        assert_eq!(said(0, 0), "Dans notre organisme, votre dossier n’a pas été ouvert.");
        assert_eq!(
            said(7, 2),
            "Dans notre organisme, votre dossier a été ouvert 7\u{a0}fois. Nos règles ont empêché \
             sa communication 2\u{a0}fois."
        );
    }
}
