//! The readable page: the same agreement, in words, in either language.
//!
//! Made from the value that is signed and enforced, so the page cannot say something else. Every
//! line begins with its clause, which is what refusals cite.

use super::clause::{Clause, item};
use super::grant::{Element, Elements, Forbids, Geography, Grant};
use super::terms::{AgeLevel, CitizenshipLevel, GenderLevel, Onward, PlaceLevel};
use super::{Agreement, Party, list};
use crate::codes::Code;
use crate::lang::{Lang, Text};

/// A clause in words: a line of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which one.
    pub clause: Clause,
    /// What it is about.
    pub label: Text,
    /// What it says.
    pub value: String,
    /// It opens nothing (not granted, withheld, or about what is not granted), or is a key that
    /// nobody reads. It counts like every other; a screen may fold it away.
    pub aside: bool,
}

impl Line {
    fn aside(self, aside: bool) -> Self {
        Self { aside, ..self }
    }
}

impl Agreement {
    /// The agreement as a page in Markdown.
    pub fn render(&self, lang: Lang) -> String {
        let [first, second] = &self.parties;
        let (one, other) = (first.name.in_lang(lang), second.name.in_lang(lang));
        let mut page = match lang {
            Lang::En => format!(
                "# Information-sharing agreement\n\nbetween **{one}** and **{other}**\n\nAgreement {}, version {}\n",
                self.id, self.version
            ),
            Lang::Fr => format!(
                "# Entente de communication de renseignements\n\nentre **{one}** et **{other}**\n\nEntente {}, version {}\n",
                self.id, self.version
            ),
        };
        if let Some(hash) = &self.supersedes {
            let hash = hex::encode(hash);
            page.push_str(&match lang {
                Lang::En => format!("\nReplaces the version with the hash `{hash}`.\n"),
                Lang::Fr => {
                    format!("\nRemplace la version dont l’empreinte est «\u{a0}{hash}\u{a0}».\n")
                }
            });
        }

        article(
            &mut page,
            lang.pick("§1 The parties", "§1 Les parties"),
            &self.party_lines(lang),
            lang,
        );
        article(
            &mut page,
            lang.pick("§2 Term, purposes and rules", "§2 Durée, fins et règles"),
            &self.term_lines(lang),
            lang,
        );
        for (number, grant, from, to) in
            [(3, &self.grants[0], one, other), (4, &self.grants[1], other, one)]
        {
            let title = match lang {
                Lang::En => format!("§{number} What {from} may send {to}"),
                Lang::Fr => format!(
                    "§{number} Ce que peut envoyer «\u{a0}{from}\u{a0}» à «\u{a0}{to}\u{a0}»"
                ),
            };
            article(&mut page, &title, &grant_lines(number, grant, lang), lang);
        }
        page
    }

    /// Every clause in words, in their order.
    pub fn lines(&self, lang: Lang) -> Vec<Line> {
        let [first, second] = &self.grants;
        let mut lines = self.party_lines(lang);
        lines.extend(self.term_lines(lang));
        lines.extend(grant_lines(3, first, lang));
        lines.extend(grant_lines(4, second, lang));
        lines
    }

    fn party_lines(&self, lang: Lang) -> Vec<Line> {
        let lines = |(party, position): (&Party, u8)| {
            let at = |part| Clause::party(position).part(part);
            let kind = party.kind.label(lang);
            let text = |text: &Text| match text.in_lang(lang) {
                "" => lang.pick("(not needed)", "(sans objet)").to_owned(),
                text => text.to_owned(),
            };
            [
                line(at(1), "name", "nom", format!("{} ({kind})", party.name.in_lang(lang))),
                line(at(2), "signed by", "signée par", text(&party.officer_title)),
                line(
                    at(3),
                    "call in case of a breach",
                    "à joindre en cas d’atteinte",
                    party.breach_contact.clone(),
                ),
                line(
                    at(4),
                    "authority to disclose",
                    "pouvoir de communiquer",
                    text(&party.authority_to_disclose),
                ),
                line(
                    at(5),
                    "authority to collect",
                    "pouvoir de recueillir",
                    text(&party.authority_to_collect),
                ),
                line(at(6), "identity", "identité", party.org.to_string()).aside(true),
            ]
        };
        self.parties.iter().zip(0_u8..).flat_map(lines).collect()
    }

    fn term_lines(&self, lang: Lang) -> Vec<Line> {
        let days = |n: u32| match lang {
            Lang::En => format!("{n} days"),
            Lang::Fr => format!("{n} jours"),
        };
        let hours = |n: u32| match lang {
            Lang::En => format!("within {n} hours"),
            Lang::Fr => format!("dans les {n} heures"),
        };
        vec![
            line(
                Clause::EFFECTIVE,
                "in force from",
                "en vigueur du",
                self.term.effective.to_string(),
            ),
            line(Clause::EXPIRY, "to, included", "au, inclusivement", self.term.expiry.to_string()),
            line(Clause::PURPOSES, "purposes", "fins", list(self.purposes.iter(), lang)),
            line(
                Clause::LAW,
                "governing law",
                "droit applicable",
                self.governing_law.in_lang(lang).to_owned(),
            ),
            line(
                Clause::NOTICE,
                "notice before ending",
                "préavis de résiliation",
                days(self.notice_days),
            ),
            line(
                Clause::BREACH,
                "a breach is reported",
                "une atteinte est signalée",
                hours(self.breach_notice_hours),
            ),
            line(Clause::SUSPENSION, "suspension", "suspension", SUSPENSION.in_lang_owned(lang)),
            line(
                Clause::END,
                "at the end, held summaries",
                "à la fin, les résumés détenus",
                self.at_end.label(lang).to_owned(),
            ),
            line(Clause::ALWAYS, "always", "toujours", ALWAYS.in_lang_owned(lang)),
        ]
    }
}

/// A sentence that is the same in every agreement.
struct Sentence(&'static str, &'static str);

impl Sentence {
    fn in_lang_owned(&self, lang: Lang) -> String {
        lang.pick(self.0, self.1).to_owned()
    }
}

const SUSPENSION: Sentence = Sentence(
    "either party may suspend at once; nothing is shared until it resumes",
    "chaque partie peut suspendre immédiatement; rien n’est communiqué jusqu’à la levée de la suspension",
);

const ALWAYS: Sentence = Sentence(
    "only cases of possible or actual victims, only with the person’s consent to each purpose \
     (a summary serves statistics, research, evaluation and audit, and nothing else), and only with \
     the community steward’s approval where a record has one; released once, at the close of a \
     period; withdrawals take effect at once and are always sent",
    "seulement les dossiers de victimes possibles ou avérées, seulement avec le consentement de la \
     personne à chacune des fins (un résumé sert la statistique, la recherche, l’évaluation et la \
     vérification, et rien d’autre), et seulement avec l’accord du gardien communautaire s’il y en \
     a un; communiqué une seule fois, à la clôture d’une période; les retraits ont effet \
     immédiatement et sont toujours transmis",
);

fn article(page: &mut String, title: &str, lines: &[Line], lang: Lang) {
    page.push_str(&format!("\n## {title}\n\n"));
    for Line { clause, label, value, aside: _ } in lines {
        let colon = lang.pick(":", "\u{a0}:");
        page.push_str(&format!("- **{clause}** {}{colon} {value}\n", label.in_lang(lang)));
    }
}

fn line(clause: Clause, en: &str, fr: &str, value: String) -> Line {
    Line { clause, label: Text::new(en, fr), value, aside: false }
}

fn grant_lines(article: u8, grant: &Grant, lang: Lang) -> Vec<Line> {
    let at = |item| Clause::of(article, item);
    let yes_no = |yes: bool| {
        let word = if yes { lang.pick("yes", "oui") } else { lang.pick("no", "non") };
        word.to_owned()
    };
    let mut lines = vec![
        line(at(item::SUMMARIES), "case summaries", "résumés de cas", yes_no(grant.summaries))
            .aside(!grant.summaries),
        line(at(item::COUNTS), "controlled counts", "dénombrements contrôlés", counts(grant, lang))
            .aside(grant.counts.is_none()),
        line(at(item::REFERRALS), "referrals", "aiguillages", yes_no(grant.referrals))
            .aside(!grant.referrals),
        line(
            at(item::SERVICES),
            "service directory",
            "répertoire de services",
            yes_no(grant.services),
        )
        .aside(!grant.services),
    ];
    if grant.is_empty() {
        return lines;
    }
    let is_limited = is_limited(grant);
    lines.push(
        line(
            at(item::GEOGRAPHY),
            "places covered",
            "lieux visés",
            geography(&grant.geography, lang),
        )
        .aside(!is_limited),
    );
    lines.push(
        line(at(item::AGE_CLASSES), "persons", "personnes", list(grant.age_classes.iter(), lang))
            .aside(!is_limited),
    );
    lines.push(
        line(
            at(item::MIN_GROUP),
            "each person is hidden among at least",
            "chaque personne est dissimulée parmi au moins",
            format!("{} {}", grant.min_group, lang.pick("persons", "personnes")),
        )
        .aside(!grant.summaries),
    );
    if let Some(counts) = &grant.counts {
        let below = match lang {
            Lang::En => format!("counts below {} are hidden", counts.min_cell),
            Lang::Fr => format!("les nombres inférieurs à {} sont supprimés", counts.min_cell),
        };
        lines.push(line(at(item::MIN_CELL), "smallest count", "plus petit nombre", below));
    }
    if grant.summaries {
        lines.extend(Element::all().map(|element| Line {
            clause: element.clause(article),
            label: element.label(),
            value: level(&grant.elements, element, lang).to_owned(),
            aside: !is_told(&grant.elements, element),
        }));
    }
    let n_days = lang.number(u64::from(grant.retention_days));
    let days = format!("{n_days} {}", lang.pick("days", "jours"));
    lines.push(
        line(at(item::RETENTION), "kept for", "conservé pendant", days).aside(!grant.summaries),
    );
    lines.push(
        line(at(item::ONWARD), "passed on to", "peut être transmis à", onward(&grant.onward, lang))
            .aside(!grant.summaries && grant.counts.is_none()),
    );
    lines.push(
        line(
            at(item::BUDGET),
            "statistics, part of the yearly privacy budget",
            "statistique, part du budget annuel de confidentialité",
            rho(grant.budget_nano_rho, lang),
        )
        .aside(grant.budget_nano_rho == 0),
    );
    lines.extend(forbid_lines(article, grant, lang).into_iter().map(|it| it.aside(!is_limited)));
    lines
}

/// Whether anything is granted for which place and persons matter: all but the directory.
pub(super) fn is_limited(grant: &Grant) -> bool {
    grant.summaries || grant.counts.is_some() || grant.referrals || grant.budget_nano_rho > 0
}

/// A part of the privacy budget, exactly: `0.05 rho`.
pub(super) fn rho(nano: u64, lang: Lang) -> String {
    let digits = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    match lang {
        Lang::En => format!("{digits} rho"),
        Lang::Fr => format!("{} rho", digits.replace('.', ",")),
    }
}

pub(super) fn forbid_lines(article: u8, grant: &Grant, lang: Lang) -> Vec<Line> {
    let never = |clause, what: String| line(clause, "never", "jamais", what);
    let mut lines = Vec::new();
    if grant.forbids.indigenous {
        let what = lang.pick("cases of Indigenous persons", "dossiers de personnes autochtones");
        lines.push(never(Forbids::indigenous_clause(article), what.to_owned()));
    }
    if grant.forbids.minors {
        let what = lang.pick(
            "cases of persons who are or may have been minors",
            "dossiers de personnes qui sont ou pouvaient être mineures",
        );
        lines.push(never(Forbids::minors_clause(article), what.to_owned()));
    }
    for form in &grant.forbids.exploitation {
        lines.push(never(Forbids::form_clause(article, *form), form.label(lang).to_owned()));
    }
    lines
}

pub(super) fn counts(grant: &Grant, lang: Lang) -> String {
    let Some(counts) = &grant.counts else { return lang.pick("no", "non").to_owned() };
    let (period, by) = (counts.period.label(lang), list(counts.dimensions.iter().copied(), lang));
    match lang {
        Lang::En => format!("by {period} and by {by}; never published"),
        Lang::Fr => format!("par {period} et par {by}; jamais publiés"),
    }
}

pub(super) fn geography(geography: &Geography, lang: Lang) -> String {
    match geography {
        Geography::Everywhere => {
            lang.pick("everywhere, unknown included", "partout, y compris lieu inconnu").to_owned()
        }
        Geography::Only(provinces) => list(provinces.iter().copied(), lang),
    }
}

pub(super) fn onward(onward: &Onward, lang: Lang) -> String {
    match onward {
        Onward::Never => lang.pick("nobody", "aucun autre organisme").to_owned(),
        Onward::Circle => {
            lang.pick("members of a common circle", "membres d’un cercle commun").to_owned()
        }
        Onward::Named(orgs) => orgs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Whether a summary tells a field at all.
pub(super) fn is_told(elements: &Elements, element: Element) -> bool {
    match element {
        Element::Period => true,
        Element::Place => elements.place != PlaceLevel::Withheld,
        Element::Gender => elements.gender != GenderLevel::Withheld,
        Element::Age => elements.age != AgeLevel::Withheld,
        Element::Citizenship => elements.citizenship != CitizenshipLevel::Withheld,
        Element::Detail(detail) => elements.details.contains(&detail),
    }
}

/// The finest level of a field, in words.
pub(super) fn level(elements: &Elements, element: Element, lang: Lang) -> &'static str {
    let withheld = lang.pick("not sent", "non envoyé");
    match element {
        Element::Period => elements.period.label(lang),
        Element::Place => elements.place.label(lang),
        Element::Gender => elements.gender.label(lang),
        Element::Age => elements.age.label(lang),
        Element::Citizenship => elements.citizenship.label(lang),
        Element::Detail(detail) if elements.details.contains(&detail) => {
            lang.pick("sent", "envoyé")
        }
        Element::Detail(_) => withheld,
    }
}
