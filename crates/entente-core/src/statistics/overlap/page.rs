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
            format!(
                "# Overlap of lists, {period}\n\nFingerprint of these terms: `{}`\n",
                self.id()
            ),
            format!(
                "# Recoupement de listes, {period}\n\nEmpreinte de ces conditions\u{a0}: `{}`\n",
                self.id()
            ),
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
        let (known_to, connue) = match *per_list {
            1 => ("one organization".to_owned(), "d’un organisme".to_owned()),
            n => (format!("{n} organizations"), format!("de {n} organismes")),
        };
        page.item(
            &format!("Every contribution has {capacity} entries, padding included. The same person may be known to {known_to} of one list; beyond that the noise does not cover them."),
            &format!("Chaque contribution a {capacity} entrées, remplissage compris. Une personne peut être connue {connue} d’une même liste; au-delà, le bruit ne la couvre pas."),
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
        if *n_before == 1 {
            page.item(
                "ATTENTION: a round was run on these persons before. Each shows more of them, and this one is paid anew.",
                "ATTENTION\u{a0}: un recoupement a déjà porté sur ces personnes. Chacun en montre davantage, et celui-ci se paie de nouveau.",
            );
        } else if *n_before > 1 {
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

#[cfg(test)]
mod tests {
    use super::super::tests::terms;
    use super::*;

    #[test]
    fn the_page_names_its_fingerprint_and_says_one_organization_and_several() {
        let page = |per_list, lang| {
            let round = Terms { per_list, ..terms() }.check().unwrap();
            (round.id().to_string(), round.render(lang, &|_| "A".to_owned()))
        };
        let (id, english) = page(1, Lang::En);
        assert!(english.contains(&format!("Fingerprint of these terms: `{id}`")), "{english}");
        assert!(english.contains("known to one organization of one list"), "{english}");
        let (id, french) = page(1, Lang::Fr);
        assert!(french.contains(&format!("Empreinte de ces conditions\u{a0}: `{id}`")), "{french}");
        assert!(french.contains("connue d’un organisme d’une même liste"), "{french}");
        assert!(page(2, Lang::En).1.contains("known to 2 organizations of one list"));
        assert!(page(2, Lang::Fr).1.contains("connue de 2 organismes d’une même liste"));
    }
}
