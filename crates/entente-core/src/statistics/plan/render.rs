//! The readable page of a plan: what an officer reads before signing, in either language.
//!
//! Made from the value whose bytes are signed, so the page cannot say something else. Names of
//! organizations are not in a plan; whoever shows the page gives them.

use super::*;
use crate::codes::Code;
use crate::lang::Lang;
use crate::statistics::release::{Accuracy, default_floor, value};

impl Plan {
    /// The plan as a page in Markdown. `name` says what an organization is called.
    pub fn render(&self, lang: Lang, name: &dyn Fn(&OrgId) -> String) -> String {
        let mut page = Page { lang, text: String::new() };
        page.text.push_str(&format!("# {}\n", self.title.in_lang(lang)));
        let version = lang.pick("version", "version");
        page.text.push_str(&format!("\n`{}`, {version} {}\n", self.name, self.version));
        self.render_promise(&mut page);
        self.render_cubes(&mut page);
        self.render_schedule(&mut page);
        self.render_roles(&mut page, name);
        page.text
    }

    fn render_promise(&self, page: &mut Page) {
        let (lang, budget) = (page.lang, self.budget);
        let m = self.safeguards.organizations_per_person;
        let alone = lang.percent_at_most(budget.year.advantage());
        let several = lang.percent_at_most(budget.year.advantage_in(m));
        page.title(
            "What every person in the figures is promised",
            "Ce qui est promis à chaque personne comptée",
        );
        page.item(
            &format!(
                "Whoever knows everybody else in one organization’s figures of a year learns at most {alone} more than by tossing a coin whether one person is in them."
            ),
            &format!(
                "Qui connaît toutes les autres personnes comptées par un organisme pour une année apprend au plus {alone} de plus qu’à pile ou face si une personne y figure."
            ),
        );
        if m > 1 {
            page.item(
                &format!("For a person known to {m} organizations it is at most {several}."),
                &format!("Pour une personne connue de {m} organismes, c’est au plus {several}."),
            );
        }
        let [year, node, partner] =
            [budget.year, budget.node_cap, budget.partner_cap].map(|it| it.text(lang));
        page.item(
            &format!("Budget: rho {year} a year by this plan, at most {node} at one organization by all plans, at most {partner} of it to one partner."),
            &format!("Budget\u{a0}: rho {year} par année pour ce plan, au plus {node} chez un organisme pour tous les plans, dont au plus {partner} pour un partenaire."),
        );
        page.item(
            "Nothing outside this plan is answered. No small count is left out before noise is added.",
            "Rien n’est communiqué hors de ce plan. Aucun petit nombre n’est omis avant l’ajout du bruit.",
        );
    }

    fn render_cubes(&self, page: &mut Page) {
        let lang = page.lang;
        page.title("The figures", "Les chiffres");
        page.item(
            &format!(
                "Counted: {}; definition: {}.",
                self.rule.label(lang),
                self.definition.label(lang)
            ),
            &format!(
                "Unité comptée\u{a0}: {}; définition\u{a0}: {}.",
                self.rule.label(lang),
                self.definition.label(lang)
            ),
        );
        page.text.push('\n');
        page.row(&match lang {
            Lang::En => ["Table", "Cells", "Price", "Error", "Hidden below"],
            Lang::Fr => ["Tableau", "Cellules", "Prix", "Erreur", "Masqué sous"],
        });
        page.row(&["---"; 5]);
        for cube in &self.cubes {
            let by =
                cube.dimensions.iter().map(|it| it.label(lang)).collect::<Vec<_>>().join(" × ");
            let n_cells = cube.n_cells();
            let Some(sigma) = cube.sigma(0) else { continue };
            let sd = self.accuracy(sigma, self.roles.contributors.len()).sd;
            let floor = self.safeguards.floor.unwrap_or_else(|| default_floor(sd));
            let sd = decimal(sd, lang);
            let period = cube.period.label(lang);
            let of = match cube.counts() {
                Counts::Cases => lang.pick("cases", "dossiers"),
                Counts::Referrals => lang.pick("referrals", "aiguillages"),
            };
            let table = lang.pick(
                format!("`{}`, {of}, per {period}: {by}", cube.name),
                format!("`{}`, {of}, par {period}\u{a0}: {by}", cube.name),
            );
            let error = lang.pick(
                format!("±{sd} (noise {sigma})"),
                format!("±{sd} (bruit {})", decimal(value(sigma), lang)),
            );
            let price = format!("rho {}", cube.cost.text(lang));
            page.row(&[&table, &n_cells.to_string(), &price, &error, &floor.to_string()]);
        }
        page.text.push('\n');
        page.item(
            "All cells of a table are published, always. The error is that of the sum, as one standard deviation; the noise is that in each part.",
            "Toutes les cellules d’un tableau sont diffusées, toujours. L’erreur est celle de la somme, en écart-type; le bruit est celui de chaque partie.",
        );
        if self.cubes.iter().any(|cube| cube.counts() == Counts::Referrals) {
            page.item(
                "Figures of referrals are about needs: they are no victims more, and are never added to figures of cases. Region and quarter are there where the service was wanted and when it was first offered.",
                "Les chiffres des aiguillages portent sur les besoins\u{a0}: ce ne sont pas d’autres victimes, et ils ne s’ajoutent jamais aux chiffres des dossiers. La région et le trimestre y sont ceux du service souhaité et de la première offre.",
            );
        }
        if self.safeguards.round_to_5 {
            page.item(
                "Figures are shown to the nearest five. What is proved stays exact.",
                "Les chiffres sont montrés aux cinq unités près. Ce qui est prouvé reste exact.",
            );
        }
        for dimension in CubeDimension::ALL {
            let used = self.cubes.iter().any(|cube| cube.dimensions.contains(dimension));
            if let Some(coarser) = dimension.coarser().filter(|_| used) {
                let (fine, coarse) = (dimension.label(lang), coarser.label(lang));
                page.item(
                    &format!("Hierarchy: {fine}, then {coarse}, then all."),
                    &format!("Hiérarchie\u{a0}: {fine}, puis {coarse}, puis l’ensemble."),
                );
            }
        }
    }

    fn render_schedule(&self, page: &mut Page) {
        let Schedule { first_after_days, revisions_after_days } = &self.schedule;
        page.title("When", "Quand");
        let (first, last) = (self.first_year, self.last_year);
        page.item(
            &format!("For the years {first} to {last}, {first_after_days} days after the end of a period, once and for ever."),
            &format!("Pour les années {first} à {last}, {first_after_days} jours après la fin d’une période, une fois pour toutes."),
        );
        if revisions_after_days.is_empty() {
            page.item(
                "There are no revisions: what comes late does not show.",
                "Aucune révision\u{a0}: ce qui arrive en retard ne paraît pas.",
            );
        } else {
            let days =
                revisions_after_days.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            page.item(
                &format!("Revised after {days} days, at a price of its own."),
                &format!("Révisé après {days} jours, à un prix distinct."),
            );
        }
    }

    fn render_roles(&self, page: &mut Page, name: &dyn Fn(&OrgId) -> String) {
        let lang = page.lang;
        let Roles { queriers, contributors, aggregators } = &self.roles;
        let list = |members: &BTreeMap<OrgId, OrgType>| {
            let each =
                members.iter().map(|(id, kind)| format!("{} ({})", name(id), kind.label(lang)));
            each.collect::<Vec<_>>().join(", ")
        };
        page.title("Who", "Qui");
        let (ask, count) = (list(queriers), list(contributors));
        page.item(&format!("May ask: {ask}."), &format!("Peut demander\u{a0}: {ask}."));
        page.item(&format!("Contribute: {count}."), &format!("Contribuent\u{a0}: {count}."));
        let Safeguards { min_contributors, min_outside, .. } = self.safeguards;
        match aggregators {
            Some([leader, helper]) => {
                let (leader, helper) = (name(leader), name(helper));
                page.item(
                    &format!("Add up in secret: {leader} and {helper}. What an organization sends is safe unless both put their parts together. Nothing is published with fewer than {min_contributors} organizations, or fewer than {min_outside} of another kind than the one that asks."),
                    &format!("Additionnent de façon chiffrée\u{a0}: {leader} et {helper}. Ce qu’un organisme envoie est protégé, à moins que les deux ne réunissent leurs parts. Rien n’est publié à moins de {min_contributors} organismes, ou de {min_outside} d’un autre type d’organisme que le demandeur."),
                );
            }
            None => page.item(
                "Nobody adds up in secret: each organization adds all the noise itself, so the error of a sum grows with their number.",
                "Personne n’additionne de façon chiffrée\u{a0}: chaque organisme ajoute tout le bruit lui-même, et l’erreur d’une somme croît avec leur nombre.",
            ),
        }
    }

    /// How exact the sum of `n` organizations is, if each part has noise of `sigma`.
    pub fn accuracy(&self, sigma: Sigma, n: usize) -> Accuracy {
        let n_noises = if self.is_secure_sum() { 2 } else { n.max(1) };
        Accuracy::of(std::iter::repeat_n(sigma, n_noises))
    }
}

/// A number with one decimal, as the language writes it.
fn decimal(value: f64, lang: Lang) -> String {
    let text = format!("{value:.1}");
    lang.pick(text.clone(), text.replace('.', ","))
}

struct Page {
    lang: Lang,
    text: String,
}

impl Page {
    fn title(&mut self, en: &str, fr: &str) {
        self.text.push_str(&format!("\n## {}\n\n", self.lang.pick(en, fr)));
    }

    /// A row of a table, its head first.
    fn row(&mut self, cells: &[&str; 5]) {
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }

    fn item(&mut self, en: &str, fr: &str) {
        self.text.push_str(&format!("- {}\n", self.lang.pick(en, fr)));
    }
}
