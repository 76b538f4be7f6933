//! Whether a case goes to a partner, when, and what stands against it: in words.

use entente_core::lang::Lang;
use entente_node::local::doc::{AgreementExplainTold, Decision, Disclosure, FieldValue, Reason};

use crate::page::Page;

/// What a partner has of the case, as the account of disclosures says.
pub(crate) struct Receives {
    /// When it went out.
    pub(crate) at: String,
    /// What they were told.
    pub(crate) fields: Vec<FieldValue>,
}

impl Receives {
    pub(crate) fn of(disclosure: Disclosure) -> Self {
        Self { at: disclosure.at, fields: disclosure.fields }
    }
}

/// What becomes of a case towards one partner.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// In a few words.
    pub(crate) word: String,
    /// The tone of the tag and of the note.
    pub(crate) tone: &'static str,
    /// In sentences.
    pub(crate) text: String,
    /// Every reason against, once each: words and clause.
    pub(crate) reasons: Vec<(String, Option<String>)>,
    pub(crate) is_refusal: bool,
    /// Those that something goes to come first.
    pub(crate) order: u8,
}

impl Verdict {
    /// The verdict of what the node told.
    pub(crate) fn of(p: &Page, told: &AgreementExplainTold, has: Option<&Receives>) -> Self {
        let is_shared = told.already_shared.is_some();
        let waits = told.decision == Decision::Wait;
        let goes = waits && (told.rung.is_some() || told.group_size.is_none());
        let waits_for = match p.lang {
            Lang::En => format!("waits for the close of {}", p.period(&told.epoch)),
            Lang::Fr => format!("attend la clôture {}", of_period(p, &told.epoch)),
        };
        let (word, tone, order) = match told.decision {
            _ if is_shared => (p.t("has a summary", "a un résumé"), "good", 0),
            Decision::Permit => (p.t("goes out at the close", "part à la clôture"), "good", 1),
            Decision::Wait if goes => (waits_for.as_str(), "info", 2),
            Decision::Wait => {
                (p.t("too few look alike", "trop peu de personnes semblables"), "warn", 3)
            }
            Decision::Refuse => (p.t("does not go out", "ne part pas"), "bad", 4),
        };
        let is_refusal = told.decision == Decision::Refuse && !is_shared;
        // What it has already is no reason against anything that a person could change.
        let reasons = if is_shared { Vec::new() } else { reasons(p, &told.reasons) };
        let word = word.to_owned();
        Self { word, tone, text: text(p, told, has), reasons, is_refusal, order }
    }
}

/// A period behind a French noun: a quarter has an article, a year has none.
fn of_period(p: &Page, epoch: &str) -> String {
    let is_quarter = epoch.contains('Q');
    format!("{} {}", if is_quarter { "du" } else { "de" }, p.period(epoch))
}

/// Every reason once: one clause can be reached in two ways.
fn reasons(p: &Page, told: &[Reason]) -> Vec<(String, Option<String>)> {
    let mut reasons = Vec::new();
    for reason in told.iter().filter(|it| it.code != "waits_for_close") {
        let said = (p.both(&reason.text).to_owned(), reason.clause.clone());
        if !reasons.contains(&said) {
            reasons.push(said);
        }
    }
    reasons
}

fn text(p: &Page, told: &AgreementExplainTold, has: Option<&Receives>) -> String {
    let (epoch, least) = (p.period(&told.epoch), p.n(&u64::from(told.min_group)));
    if told.already_shared.is_some() {
        return shared(p, has);
    }
    match (told.decision, told.group_size, told.rung) {
        (Decision::Refuse, ..) => p
            .t(
                "Nothing of this case goes to this partner.",
                "Rien de ce dossier ne va à ce partenaire.",
            )
            .to_owned(),
        (Decision::Permit, ..) => match p.lang {
            Lang::En => format!("It goes out at the close of {epoch}, as below."),
            Lang::Fr => {
                format!("Il part à la clôture {}, comme ci-dessous.", of_period(p, &told.epoch))
            }
        },
        (Decision::Wait, Some(size), Some(_)) => {
            let people = people(p, size);
            match p.lang {
                Lang::En => format!(
                    "Nothing has gone out yet. If {epoch} were closed now, it would go out as below: {people} \
                     here look alike at this level, and at least {least} must."
                ),
                Lang::Fr => format!(
                    "Rien n’est encore parti. Si la période {epoch} était clôturée maintenant, il partirait \
                     comme ci-dessous\u{a0}: {people} d’ici se ressemblent à ce niveau; il en faut au moins {least}."
                ),
            }
        }
        (Decision::Wait, Some(size), None) => {
            let people = people(p, size);
            match p.lang {
                Lang::En => format!(
                    "Nothing has gone out yet. Even at the least exact level, the group of those here who look \
                     alike is only {people}, and at least {least} are needed: if {epoch} were closed now, it \
                     would wait for a later close. Below is the most that it can come to."
                ),
                Lang::Fr => format!(
                    "Rien n’est encore parti. Même au niveau le moins précis, le groupe des semblables d’ici \
                     ne compterait que {people}; il en faut au moins {least}. Si la période {epoch} était \
                     clôturée maintenant, il attendrait une clôture ultérieure. Voici le maximum que le résumé pourrait contenir."
                ),
            }
        }
        (Decision::Wait, None, _) => match p.lang {
            Lang::En => format!(
                "It waits for the close of {epoch}: at least {least} people must look alike. Below is the \
                 most that it can come to."
            ),
            Lang::Fr => format!(
                "Il attend la clôture {}\u{a0}: au moins {least} personnes doivent se ressembler. Voici le plus \
                 qu’il puisse dire.",
                of_period(p, &told.epoch)
            ),
        },
    }
}

fn shared(p: &Page, has: Option<&Receives>) -> String {
    match (has, p.lang) {
        (Some(has), Lang::En) => format!(
            "They were told on {}. What stands below is what they read; it stays so until the case or its \
             consent is withdrawn.",
            p.at(&has.at)
        ),
        (Some(has), Lang::Fr) => format!(
            "Communiqué le {}. Voici ce qu’ils lisent; cela demeure jusqu’au retrait du dossier ou du \
             consentement.",
            p.at(&has.at)
        ),
        (None, _) => p
            .t("They have a summary of this case already.", "Ils ont déjà un résumé de ce dossier.")
            .to_owned(),
    }
}

fn people(p: &Page, n: u64) -> String {
    p.count(&n, &("person", "people"), &("personne", "personnes"))
}
