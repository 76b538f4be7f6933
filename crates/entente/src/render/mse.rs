//! An estimate of how many persons there are in all, with what must be said with it.

use entente_core::lang::Lang;
use entente_core::statistics::mse::{Estimate, Interval, Lists, OverlapTable};

use super::Render;
use super::page::{Grid, Page};

/// An estimate, and the table that it was made from.
pub(crate) struct Estimated<'a> {
    pub(crate) table: &'a OverlapTable,
    pub(crate) estimate: &'a Estimate,
}

impl Render for Estimated<'_> {
    fn render(&self, page: &mut Page<'_>) {
        self.lists(page);
        self.model(page);
        self.result(page);
        page.title(page.pick("What must be said with it", "Ce qu’il faut dire avec ce chiffre"));
        let lang = page.lang();
        for caveat in &self.estimate.caveats {
            page.item(&caveat.text(lang));
        }
    }
}

impl Estimated<'_> {
    fn lists(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(page.pick("Lists", "Listes"));
        let mut grid =
            Grid::new([lang.pick("List", "Liste"), lang.pick("Persons", "Personnes")]).numeric([1]);
        for (at, name) in self.table.lists().iter().enumerate() {
            grid.row([name.clone(), lang.number(self.table.n_on_all(Lists::only(at)))]);
        }
        page.table(grid);
        page.facts(&[
            (
                lang.pick("On at least one list", "Sur au moins une liste"),
                lang.number(self.table.n_observed()),
            ),
            (
                lang.pick("On two lists or more", "Sur deux listes ou plus"),
                lang.number(self.table.n_on_several()),
            ),
        ]);
    }

    fn model(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let pairs = self.estimate.model.terms.iter().filter(|(term, _)| term.len() == 2);
        let mut pairs =
            pairs.map(|(term, _)| term.names(self.table)).collect::<Vec<_>>().join(", ");
        if pairs.is_empty() {
            lang.pick("none", "aucune").clone_into(&mut pairs);
        }
        page.title(page.pick("Model", "Modèle"));
        page.say(
            "  Poisson log-linear; an effect of each list",
            "  Log-linéaire de Poisson; un effet de chaque liste",
        );
        page.facts(&[
            (lang.pick("Interactions of lists", "Interactions entre listes"), pairs),
            (
                lang.pick("Akaike’s criterion", "Critère d’Akaike"),
                decimal(self.estimate.model.aic, lang),
            ),
        ]);
    }

    fn result(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let Estimate { n_persons, bootstrap, profile, replications, seed, .. } = self.estimate;
        let draws = lang.number(u64::from(*replications));
        page.title(page.pick("Estimate", "Estimation"));
        page.facts(&[
            (lang.pick("Persons in all", "Personnes en tout"), whole(*n_persons, lang)),
            (
                lang.pick("95% interval", "Intervalle à 95\u{a0}%"),
                match lang {
                    Lang::En => format!(
                        "{} (bootstrap, the model chosen anew in each of {draws} draws; seed {seed})",
                        ends(bootstrap, lang)
                    ),
                    Lang::Fr => format!(
                        "{} (bootstrap, le modèle étant choisi de nouveau à chacun des {draws} \
                         tirages; graine {seed})",
                        ends(bootstrap, lang)
                    ),
                },
            ),
            (
                lang.pick("If the model were certain", "Si le modèle était certain"),
                match lang {
                    Lang::En => format!("{} (profile likelihood)", ends(profile, lang)),
                    Lang::Fr => format!("{} (vraisemblance profilée)", ends(profile, lang)),
                },
            ),
        ]);
    }
}

/// `1,234 to 5,678`; an end that is not there is said in words.
fn ends(interval: &Interval, lang: Lang) -> String {
    let end = |value: Option<f64>| {
        value.map_or_else(
            || lang.pick("no bound", "aucune borne").to_owned(),
            |value| whole(value, lang),
        )
    };
    format!("{} {} {}", end(interval.low), lang.pick("to", "à"), end(interval.high))
}

/// Rounded to a whole number, with its digits in groups.
fn whole(value: f64, lang: Lang) -> String {
    let digits = format!("{value:.0}");
    digits.parse().map_or(digits, |number| lang.number(number))
}

fn decimal(value: f64, lang: Lang) -> String {
    let text = format!("{value:.2}");
    lang.pick(text.clone(), text.replace('.', ","))
}

#[cfg(test)]
mod tests {
    use entente_core::statistics::mse;

    use super::*;
    use crate::render::{View, page};

    fn shown(lang: Lang) -> String {
        let names = ["Police", "Shelter"].map(str::to_owned).to_vec();
        let rows = [(vec![true, false], 40), (vec![false, true], 30), (vec![true, true], 6)];
        let table = OverlapTable::new(names, rows).unwrap();
        let estimate = mse::estimate(&table, 200, 1).unwrap();
        let view = View { lang, width: Some(100), colour: false };
        page(&Estimated { table: &table, estimate: &estimate }, &view)
    }

    #[test]
    fn the_page_has_the_lists_the_model_the_interval_and_every_caveat() {
        let english = shown(Lang::En);
        for text in
            ["Police", "Persons in all", "276", "95% interval", "bootstrap", "profile", "none"]
        {
            assert!(english.contains(text), "{text}:\n{english}");
        }
        assert!(english.matches("  • ").count() >= 6, "{english}");
        let french = shown(Lang::Fr);
        assert!(french.contains("Intervalle à 95\u{a0}%"));
        assert!(!french.contains(" :"), "{french}");
    }

    #[test]
    fn an_end_that_is_not_there_is_said() {
        let open = Interval { low: Some(1_234.4), high: None };
        assert_eq!(ends(&open, Lang::En), "1,234 to no bound");
        assert_eq!(ends(&open, Lang::Fr), "1\u{a0}234 à aucune borne");
    }
}
