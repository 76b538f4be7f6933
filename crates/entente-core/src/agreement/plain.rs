//! What one party may send the other, in sentences: for whoever signs, before the clauses.
//!
//! Made from the same value as the clauses, and from their words. A sentence stands alone, so that
//! it fits under "you will send" as under "they would send".

use super::grant::{Element, Grant};
use super::render::{counts, forbid_lines, geography, is_limited, is_told, level, rho};
use super::terms::Onward;
use super::{Agreement, list};
use crate::identity::OrgId;
use crate::lang::{Lang, Text};

impl Agreement {
    /// What `org` may send its partner, a sentence each; none if that is nothing.
    pub fn sends(&self, org: &OrgId) -> Vec<Text> {
        let Some((article, grant)) = self.grant_from(org) else { return Vec::new() };
        let english = sentences(article, grant, Lang::En);
        let french = sentences(article, grant, Lang::Fr);
        english.into_iter().zip(french).map(|(en, fr)| Text::new(en, fr)).collect()
    }

    /// What `org` may receive from its partner, likewise.
    pub fn receives(&self, org: &OrgId) -> Vec<Text> {
        self.partner_of(org).map(|party| self.sends(&party.org)).unwrap_or_default()
    }
}

fn sentences(article: u8, grant: &Grant, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
    if grant.summaries {
        said.extend([hidden(grant, lang), told(grant, lang), kept(grant, lang)]);
    }
    if let Some(asked) = &grant.counts {
        let (by, below) = (counts(grant, lang), asked.min_cell);
        said.push(match lang {
            Lang::En => format!("Controlled counts {by}; counts below {below} are hidden."),
            Lang::Fr => format!(
                "Des dénombrements contrôlés {by}; les nombres inférieurs à {below} sont supprimés."
            ),
        });
    }
    if grant.referrals {
        let referrals = lang.pick(
            "Referrals: what somebody needs, without a name, looking for a service.",
            "Des aiguillages\u{a0}: ce dont une personne a besoin, sans son nom, pour trouver un service.",
        );
        said.push(referrals.to_owned());
    }
    if grant.services {
        said.push(lang.pick("The service directory.", "Le répertoire de services.").to_owned());
    }
    if grant.budget_nano_rho > 0 {
        let part = rho(grant.budget_nano_rho, lang);
        said.push(match lang {
            Lang::En => format!(
                "Statistics with noise added, within a part of the yearly privacy budget: {part}."
            ),
            Lang::Fr => format!(
                "Des statistiques brouillées, dans la limite d’une part du budget annuel de \
                 confidentialité\u{a0}: {part}."
            ),
        });
    }
    if is_limited(grant) {
        said.push(limits(grant, lang));
    }
    let never: Vec<_> =
        forbid_lines(article, grant, lang).into_iter().map(|line| line.value).collect();
    if is_limited(grant) && !never.is_empty() {
        let colon = lang.pick(":", "\u{a0}:");
        said.push(format!("{}{colon} {}.", lang.pick("Never", "Jamais"), never.join("; ")));
    }
    said
}

fn hidden(grant: &Grant, lang: Lang) -> String {
    let n = grant.min_group;
    match lang {
        Lang::En => format!(
            "Case summaries without names: each person is hidden among at least {n} persons."
        ),
        Lang::Fr => format!(
            "Des résumés de cas sans nom\u{a0}: chaque personne est dissimulée parmi au moins {n} \
             personnes."
        ),
    }
}

fn told(grant: &Grant, lang: Lang) -> String {
    let elements = &grant.elements;
    let shown = |element: Element| {
        let label = element.label();
        let label = label.in_lang(lang);
        match element {
            Element::Detail(_) => label.to_owned(),
            _ => format!("{label} ({})", level(elements, element, lang)),
        }
    };
    let fields: Vec<_> =
        Element::all().filter(|element| is_told(elements, *element)).map(shown).collect();
    let fields = fields.join(", ");
    match lang {
        Lang::En => format!("A summary tells the status, {fields}, and nothing else."),
        Lang::Fr => format!("Un résumé indique\u{a0}: statut, {fields}, et rien d’autre."),
    }
}

fn kept(grant: &Grant, lang: Lang) -> String {
    let days = lang.number(u64::from(grant.retention_days));
    let passes = match (&grant.onward, lang) {
        (Onward::Never, Lang::En) => "passes it on to nobody".to_owned(),
        (Onward::Never, Lang::Fr) => "ne le transmet à aucun autre organisme".to_owned(),
        (Onward::Circle, Lang::En) => "may pass it on to members of a common circle".to_owned(),
        (Onward::Circle, Lang::Fr) => {
            "peut le transmettre aux membres d’un cercle commun".to_owned()
        }
        (Onward::Named(orgs), Lang::En) => {
            format!("may pass it on to the {} organizations that the clauses name", orgs.len())
        }
        (Onward::Named(orgs), Lang::Fr) => {
            format!("peut le transmettre aux {} organismes que nomment les articles", orgs.len())
        }
    };
    match lang {
        Lang::En => format!("Whoever receives a summary keeps it for {days} days and {passes}."),
        Lang::Fr => {
            format!("Qui reçoit un résumé le conserve {days}\u{a0}jours et {passes}.")
        }
    }
}

fn limits(grant: &Grant, lang: Lang) -> String {
    let persons = list(grant.age_classes.iter(), lang);
    let place = geography(&grant.geography, lang);
    match lang {
        Lang::En => format!("Only of these persons: {persons}. Place of exploitation: {place}."),
        Lang::Fr => format!(
            "Seulement pour ces personnes\u{a0}: {persons}. Lieu de l’exploitation\u{a0}: {place}."
        ),
    }
}
