//! Agreements: tables, the readable text, what a change would let out.

use entente_core::lang::Lang;
use entente_node::local::doc::{
    AgreementChangeTold, AgreementDiffTold, AgreementDraftTold, AgreementListTold, AgreementRow,
    AgreementShowTold, AgreementStanding, ClauseText, DiffKind, Who,
};

use super::labels::{self, Label, moment};
use super::page::{Grid, Page, Tone};
use super::{Render, partner};

/// Agreements as a table.
pub(super) fn grid(agreements: &[AgreementRow], lang: Lang) -> Grid {
    let mut grid = Grid::new([
        lang.pick("Agreement", "Entente"),
        lang.pick("With", "Avec"),
        lang.pick("State", "État"),
        lang.pick("Next", "À faire"),
        lang.pick("From", "Du"),
        lang.pick("To", "Au"),
        lang.pick("We send", "Nous envoyons"),
        lang.pick("We receive", "Nous recevons"),
    ]);
    for row in agreements {
        grid.toned([
            (Tone::Plain, format!("{} v{}", short(&row.id), row.version)),
            (Tone::Plain, row.partner.name(lang).to_owned()),
            (row.state.tone(), row.state.label(lang).to_owned()),
            (Tone::Plain, labels::next(row.next_actor, row.next_step, lang)),
            (Tone::Plain, row.effective_on.clone()),
            (Tone::Plain, row.expires_on.clone()),
            (Tone::Plain, tiers(&row.we_send, lang)),
            (Tone::Plain, tiers(&row.we_receive, lang)),
        ]);
    }
    grid
}

/// The beginning of an id: enough to type and to recognise.
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn tiers(tiers: &[String], lang: Lang) -> String {
    if tiers.is_empty() {
        return lang.pick("nothing", "rien").to_owned();
    }
    let name = |tier: &String| match tier.as_str() {
        "summaries" => lang.pick("summaries", "résumés").to_owned(),
        "counts" => lang.pick("counts", "dénombrements").to_owned(),
        "referrals" => lang.pick("referrals", "aiguillages").to_owned(),
        "services" => lang.pick("services", "services").to_owned(),
        other => other.to_owned(),
    };
    tiers.iter().map(name).collect::<Vec<_>>().join(", ")
}

impl Render for AgreementListTold {
    fn render(&self, page: &mut Page<'_>) {
        if self.agreements.is_empty() {
            page.say("No agreements yet.", "Aucune entente pour l’instant.");
            page.next(page.pick(
                "entente agreement draft TEMPLATE PARTNER",
                "entente agreement draft MODÈLE PARTENAIRE",
            ));
            return;
        }
        let grid = grid(&self.agreements, page.lang());
        page.table(grid);
    }
}

impl Render for AgreementShowTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let row = &self.agreement;
        let name = row.partner.name(lang);
        page.title(&match lang {
            Lang::En => format!("Agreement with {name}, version {}", row.version),
            Lang::Fr => format!("Entente avec {name}, version {}", row.version),
        });
        let state = page.paint(row.state.tone(), row.state.label(lang));
        page.facts(&[
            (lang.pick("Id", "Identifiant"), row.id.clone()),
            (lang.pick("State", "État"), state),
            (lang.pick("Next", "À faire"), labels::next(row.next_actor, row.next_step, lang)),
            (
                lang.pick("In force", "En vigueur"),
                match lang {
                    Lang::En => format!("{} to {}", row.effective_on, row.expires_on),
                    Lang::Fr => format!("du {} au {}", row.effective_on, row.expires_on),
                },
            ),
            (lang.pick("Both sign", "Les deux signent"), self.hash.clone()),
        ]);
        clauses(&self.clauses, page);
        page.title(page.pick("Signatures", "Signatures"));
        if self.signatures.is_empty() {
            page.say("None yet.", "Aucune pour l’instant.");
        }
        for signature in &self.signatures {
            page.item(&format!(
                "{}, {} UTC",
                signature.organization.name(lang),
                moment(&signature.signed_at)
            ));
        }
    }
}

/// A line for each clause, and a space between articles.
fn clauses(clauses: &[ClauseText], page: &mut Page<'_>) {
    let lang = page.lang();
    let mut article = "";
    for clause in clauses {
        let this = clause.clause.split('.').next().unwrap_or_default();
        if this != article {
            page.blank();
            article = this;
        }
        let number = page.paint(Tone::Faint, &format!("{:<8}", clause.clause));
        let colon = lang.pick(":", "\u{a0}:");
        page.line(&format!(
            "{number} {}{colon} {}",
            clause.title.text(lang),
            clause.text.text(lang)
        ));
    }
}

impl Render for AgreementDraftTold {
    fn render(&self, page: &mut Page<'_>) {
        page.line(self.toml.trim_end());
    }
}

impl Render for AgreementDiffTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let name = self.partner.name(lang);
        page.title(&match (self.from_version, lang) {
            (None, Lang::En) => {
                format!("Version {} with {name}: all of it is new", self.to_version)
            }
            (None, Lang::Fr) => {
                format!("Version {} avec {name}\u{a0}: tout est nouveau", self.to_version)
            }
            (Some(from), Lang::En) => {
                format!("From version {from} to {} with {name}", self.to_version)
            }
            (Some(from), Lang::Fr) => {
                format!("De la version {from} à la version {} avec {name}", self.to_version)
            }
        });
        if self.changes.is_empty() {
            page.say("Nothing changes.", "Rien ne change.");
        }
        let parts = [
            (Who::Them, DiffKind::Wider, ("They would newly see", "Le partenaire verrait de plus")),
            (
                Who::Them,
                DiffKind::Narrower,
                ("They would no longer see", "Le partenaire ne verrait plus"),
            ),
            (Who::Us, DiffKind::Wider, ("We would newly see", "Nous verrions de plus")),
            (Who::Us, DiffKind::Narrower, ("We would no longer see", "Nous ne verrions plus")),
        ];
        let mut said = vec![false; self.changes.len()];
        for (who, kind, title) in parts {
            self.part(page, title, &mut said, |line| line.0 == who && line.1 == kind);
        }
        self.part(page, ("Other changes", "Autres changements"), &mut said, |_| true);
    }
}

/// The changes that are of one kind, under a title.
trait Part {
    fn part(
        &self,
        page: &mut Page<'_>,
        title: (&str, &str),
        said: &mut [bool],
        wanted: impl Fn((Who, DiffKind)) -> bool,
    );
}

impl Part for AgreementDiffTold {
    fn part(
        &self,
        page: &mut Page<'_>,
        title: (&str, &str),
        said: &mut [bool],
        wanted: impl Fn((Who, DiffKind)) -> bool,
    ) {
        let lang = page.lang();
        let mut titled = false;
        for (line, said) in self.changes.iter().zip(said) {
            if *said || !wanted((line.sees, line.change)) {
                continue;
            }
            if !titled {
                let title = page.pick(title.0, title.1).to_owned();
                page.title(&title);
                titled = true;
            }
            let text = page.paint(line.change.tone(), line.text.text(lang));
            page.item(&format!("{text} ({})", line.clause));
            *said = true;
        }
    }
}

impl Render for AgreementChangeTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let row = &self.agreement;
        let name = row.partner.name(lang);
        let (id, version) = (short(&row.id), row.version);
        let state = page.paint(row.state.tone(), row.state.label(lang));
        page.line(&match (self.done, lang) {
            (true, Lang::En) => format!("Agreement {id} v{version} with {name} is {state}."),
            (true, Lang::Fr) => format!("L’entente {id} v{version} avec {name} est {state}."),
            (false, Lang::En) => {
                format!("This would happen to agreement {id} v{version} with {name}:")
            }
            (false, Lang::Fr) => {
                format!("Voici ce qui arriverait à l’entente {id} v{version} avec {name}\u{a0}:")
            }
        });
        for consequence in &self.consequences {
            page.item(consequence.text(lang));
        }
        if !self.done {
            return;
        }
        partner::done_lines(0, self.partner_told, self.receipts_expected, page);
        if row.state == AgreementStanding::HalfSigned || row.state == AgreementStanding::Proposed {
            page.facts(&[
                (lang.pick("Both sign", "Les deux signent"), self.hash.clone()),
                (lang.pick("Next", "À faire"), labels::next(row.next_actor, row.next_step, lang)),
            ]);
        }
    }
}
