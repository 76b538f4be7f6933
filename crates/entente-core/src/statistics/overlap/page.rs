//! The readable page of a round's terms: what an officer reads before signing, in either language.

use crate::identity::OrgId;
use crate::lang::Lang;
use crate::statistics::budget::NanoRho;

use super::round::{Round, Terms};

impl Round {
    /// The terms as a page in Markdown. `name` says what an organization is called.
    pub fn render(&self, lang: Lang, name: &dyn Fn(&OrgId) -> String) -> String {
        let mut page = Page { lang, text: String::new() };
        let period = self.terms().period;
        page.text = lang.pick(
            format!("# Overlap of lists, {period}\n\n`{}`\n", self.id()),
            format!("# Recoupement de listes, {period}\n\n`{}`\n", self.id()),
        );
        self.render_persons(&mut page);
        self.render_price(&mut page);
        self.render_roles(&mut page, name);
        page.text
    }

    fn render_persons(&self, page: &mut Page) {
        let Terms { period, per_list, capacity, .. } = self.terms();
        page.title("Whom", "Qui");
        page.item(
            &format!("Persons first identified in {period}, whose consent covers statistics, and who can be matched by names and date of birth."),
            &format!("Les personnes identifiées pour la première fois en {period}, dont le consentement vise la statistique et qui peuvent être appariées par noms et date de naissance."),
        );
        page.item(
            &format!("Every contribution has {capacity} entries, padding included. The same person may be known to {per_list} organizations of one list; beyond that the noise does not cover them."),
            &format!("Chaque contribution a {capacity} entrées, remplissage compris. Une personne peut être connue de {per_list} organismes d’une même liste; au-delà, le bruit ne la couvre pas."),
        );
    }

    fn render_price(&self, page: &mut Page) {
        let Terms { noise, n_before, period, .. } = self.terms();
        let price = NanoRho(noise.nano_rho()).text(page.lang);
        let epsilon = f64::from(noise.epsilon_milli()) / 1_000.0;
        let decimal = page.lang.pick(format!("{epsilon}"), format!("{epsilon}").replace('.', ","));
        page.title("What every person in it pays", "Ce que paie chaque personne");
        page.item(
            &format!("rho {price} of the privacy budget of {}, once and for good: epsilon {decimal} from each helper.", period.year()),
            &format!("rho {price} du budget de confidentialité de {}, une fois pour toutes\u{a0}: epsilon {decimal} de chaque mélangeur.", period.year()),
        );
        if *n_before > 0 {
            page.item(
                &format!("ATTENTION: {n_before} rounds were run on these persons before. Each shows more of them, and this one is paid anew."),
                &format!("ATTENTION\u{a0}: {n_before} recoupements ont déjà porté sur ces personnes. Chacun en montre davantage, et celui-ci se paie de nouveau."),
            );
        }
    }

    fn render_roles(&self, page: &mut Page, name: &dyn Fn(&OrgId) -> String) {
        let Terms { lists, contributors, coordinator, helpers: [first, second], .. } = self.terms();
        page.title("Who", "Qui fait quoi");
        for (number, list) in (0_u8..).zip(lists) {
            let on = contributors.iter().filter(|(_, of)| *of == number);
            let on = on.map(|(org, _)| name(org)).collect::<Vec<_>>().join(", ");
            page.item(&format!("List `{list}`: {on}."), &format!("Liste `{list}`\u{a0}: {on}."));
        }
        let (first, second, coordinator) = (name(first), name(second), name(coordinator));
        page.item(
            &format!("Mix: {first}, then {second}. Counts: {coordinator}."),
            &format!("Mélangent\u{a0}: {first}, puis {second}. Compte\u{a0}: {coordinator}."),
        );
        page.item(
            "Nobody compares names. Whoever has the keys of all three could test them; one of the three that keeps its own to itself prevents it. The keys are destroyed when the round is over.",
            "Personne ne compare de noms. Qui réunirait les clés des trois pourrait en essayer; il suffit que l’un des trois garde la sienne pour l’empêcher. Les clés sont détruites à la fin.",
        );
    }
}

struct Page {
    lang: Lang,
    text: String,
}

impl Page {
    fn title(&mut self, en: &str, fr: &str) {
        self.text.push_str(&format!("\n## {}\n\n", self.lang.pick(en, fr)));
    }

    fn item(&mut self, en: &str, fr: &str) {
        self.text.push_str(&format!("- {}\n", self.lang.pick(en, fr)));
    }
}
