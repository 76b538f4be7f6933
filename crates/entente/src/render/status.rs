//! `status` and `doctor`: who we are first, health at the bottom.

use entente_core::lang::Lang;
use entente_node::local::doc::{Check, DoctorTold, NodeStopTold, StatusTold, Wellness};

use super::labels::{Label, bytes, count, moment, moment_or_dash};
use super::page::{Page, Tone};
use super::{Render, codes, partner};

impl Render for StatusTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(self.organization.name.text(lang));
        page.facts(&[
            (
                lang.pick("Kind", "Type d’organisme"),
                codes::label("org_type", &self.organization.kind, lang),
            ),
            (lang.pick("Fingerprint", "Empreinte"), fingerprint(&self.organization.id)),
            (lang.pick("In 24 digits", "En 24 chiffres"), digits(&self.organization.id)),
            (lang.pick("Partner door", "Porte des partenaires"), self.listen.clone()),
            ("Console", self.console.clone().unwrap_or_else(|| "—".to_owned())),
            (
                lang.pick("Running since", "En marche depuis"),
                format!("{} UTC (entente {})", moment(&self.started_at), self.version),
            ),
        ]);

        page.title(page.pick("Partners", "Partenaires"));
        if self.partners.is_empty() {
            page.say("None yet.", "Aucun pour l’instant.");
            page.next("entente partner invite");
        } else {
            page.table(partner::grid(&self.partners, lang));
        }

        page.title(page.pick("Cases", "Dossiers"));
        page.facts(&[
            (lang.pick("Our records", "Nos dossiers"), lang.number(self.records.own)),
            (
                lang.pick("with a valid consent", "avec un consentement valide"),
                lang.number(self.records.with_consent),
            ),
            (lang.pick("Withdrawn", "Retirés"), lang.number(self.records.withdrawn)),
            (lang.pick("Summaries held", "Résumés détenus"), lang.number(self.records.held)),
            (lang.pick("Open epoch", "Période ouverte"), self.open_epoch.clone()),
        ]);

        super::statistics::unfinished(&self.sums, page);

        page.title(page.pick("Store", "Dépôt"));
        page.facts(&[
            (lang.pick("Engine", "Moteur"), self.store.engine.clone()),
            (lang.pick("Size", "Taille"), bytes(self.store.bytes, lang)),
            (lang.pick("Free", "Libre"), bytes(self.store.free_bytes, lang)),
            (
                lang.pick("Last backup", "Dernière sauvegarde"),
                moment_or_dash(self.last_backup_at.as_ref()),
            ),
        ]);

        page.title(page.pick("Health", "État"));
        if self.health.is_empty() {
            let well = page.paint(Tone::Good, page.pick("✓ All is well.", "✓ Tout va bien."));
            page.line(&well);
        }
        checks(&self.health, page);
    }
}

impl Render for DoctorTold {
    fn render(&self, page: &mut Page<'_>) {
        checks(&self.checks, page);
        let n_of = |wellness| self.checks.iter().filter(|check| check.wellness == wellness).count();
        let (bad, warnings) = (n_of(Wellness::Bad) as u64, n_of(Wellness::Warning) as u64);
        page.blank();
        let lang = page.lang();
        let problems = count(bad, ("problem", "problems"), ("problème", "problèmes"), lang);
        let warnings =
            count(warnings, ("warning", "warnings"), ("avertissement", "avertissements"), lang);
        page.line(&format!("{problems}, {warnings}"));
    }
}

/// What was checked, a line each, and what helps.
pub(super) fn checks(checks: &[Check], page: &mut Page<'_>) {
    let lang = page.lang();
    for check in checks {
        let mark = page.paint(check.wellness.tone(), check.wellness.label(lang));
        page.line(&format!("{mark} {}", check.text.text(lang)));
        if let Some(next) = &check.next {
            page.next(next.text(lang));
        }
    }
}

impl Render for NodeStopTold {
    fn render(&self, page: &mut Page<'_>) {
        page.say(
            "The node stops as soon as what it is doing is safely stored.",
            "Le nœud s’arrête dès que son travail en cours est conservé en lieu sûr.",
        );
    }
}

/// An id in groups of eight, as two people compare it.
pub(super) fn fingerprint(id: &str) -> String {
    let digits: Vec<char> = id.chars().collect();
    let groups: Vec<String> = digits.chunks(8).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// The same as organizations without a node compare it: what two people read to each other.
fn digits(id: &str) -> String {
    id.parse().map(|org| entente_core::sponsor::fingerprint(&org)).unwrap_or_default()
}

/// “…” or « … », with the spaces of each language.
pub(super) fn quoted(text: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("“{text}”"),
        Lang::Fr => format!("«\u{a0}{text}\u{a0}»"),
    }
}
