//! The settings of a draft as fields of a form, and what was typed as edits of the draft.
//!
//! A field is named as the draft names its key, `we_send.fields.age`, so that there is no second list
//! of what an agreement can say. What stays as it is is no edit: the node then still says which words of
//! the template nobody has made their own.

use std::collections::BTreeMap;

use entente_core::agreement::Grant;
use entente_core::agreement::terms::{
    AgeLevel, CitizenshipLevel, Consequence, Detail, GenderLevel, PeriodLevel, PlaceLevel,
};
use entente_core::codes::{Code, Purpose};

use crate::page::Page;

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Date,
    Number,
    Line,
    /// A text in both languages: two fields.
    Pair,
    Yes,
    One(List),
    Many(List),
}

/// A list of codes that a field takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Purpose,
    Consequence,
    Period,
    Place,
    Gender,
    Age,
    Citizenship,
    Detail,
}

/// One setting: its key, without the table it stands in, what it takes, and what it is called.
type Setting = (&'static str, Kind, (&'static str, &'static str));

const TERM: &[Setting] = &[
    ("effective", Kind::Date, ("First day", "Premier jour")),
    ("expiry", Kind::Date, ("Last day", "Dernier jour")),
    ("purposes", Kind::Many(List::Purpose), ("What it may be used for", "À quoi cela peut servir")),
    (
        "at_end",
        Kind::One(List::Consequence),
        ("What happens to summaries at the end", "Ce que deviennent les résumés à la fin"),
    ),
    (
        "notice_days",
        Kind::Number,
        ("Notice before ending, in days", "Préavis de résiliation, en jours"),
    ),
    (
        "breach_notice_hours",
        Kind::Number,
        (
            "A breach is reported within, in hours",
            "Une atteinte est signalée dans un délai, en heures, de",
        ),
    ),
    ("governing_law", Kind::Pair, ("Law that applies", "Droit applicable")),
];

const PARTY: &[Setting] = &[
    ("officer_title", Kind::Pair, ("Title of who signs", "Titre de la personne qui signe")),
    (
        "breach_contact",
        Kind::Line,
        (
            "Whom to call after a breach: an office, no person",
            "Qui joindre en cas d’atteinte : un bureau, pas une personne",
        ),
    ),
    (
        "authority_to_disclose",
        Kind::Pair,
        ("Law that allows sending", "Loi qui permet de communiquer"),
    ),
    (
        "authority_to_collect",
        Kind::Pair,
        ("Law that allows receiving", "Loi qui permet de recueillir"),
    ),
];

const GRANT: &[Setting] = &[
    (
        "summaries",
        Kind::Yes,
        (
            "Case summaries, coarse and de-identified",
            "Résumés de cas, généralisés et dépersonnalisés",
        ),
    ),
    (
        "referrals",
        Kind::Yes,
        ("Referrals: needs without names", "Aiguillages : des besoins sans noms"),
    ),
    ("services", Kind::Yes, ("The directory of services", "Le répertoire des services")),
    (
        "min_group_persons",
        Kind::Number,
        (
            "Each person is hidden among at least so many",
            "Chaque personne est dissimulée parmi au moins",
        ),
    ),
    (
        "retention_days",
        Kind::Number,
        ("Summaries are kept at most so many days", "Les résumés sont conservés au plus, en jours"),
    ),
    ("fields.period", Kind::One(List::Period), ("Time, at the finest", "Temps, au plus fin")),
    ("fields.place", Kind::One(List::Place), ("Place, at the finest", "Lieu, au plus fin")),
    ("fields.gender", Kind::One(List::Gender), ("Gender", "Genre")),
    ("fields.age", Kind::One(List::Age), ("Age, at the finest", "Âge, au plus fin")),
    (
        "fields.citizenship",
        Kind::One(List::Citizenship),
        ("Citizenship, at the finest", "Citoyenneté, au plus fin"),
    ),
    (
        "fields.details",
        Kind::Many(List::Detail),
        ("Details that are told", "Précisions communiquées"),
    ),
    (
        "forbid.minors",
        Kind::Yes,
        (
            "Never cases of persons who are or may have been minors",
            "Jamais les dossiers de personnes qui sont ou pouvaient être mineures",
        ),
    ),
    (
        "forbid.indigenous",
        Kind::Yes,
        ("Never cases of Indigenous persons", "Jamais les dossiers de personnes autochtones"),
    ),
];

/// A part of the form.
pub(super) struct Group {
    /// What it is about.
    pub(super) title: &'static str,
    /// Its fields.
    pub(super) fields: Vec<Field>,
}

/// A field as a template shows it.
pub(super) struct Field {
    /// Its name and id: the key of the draft.
    pub(super) name: String,
    /// What it is called.
    pub(super) label: &'static str,
    /// `date`, `number`, `line`, `pair`, `yes`, `one`, `many`.
    pub(super) kind: &'static str,
    /// What it holds; of a pair, the English.
    pub(super) value: String,
    /// Of a pair, the French.
    pub(super) french: String,
    /// What can be chosen: code, words, whether it is chosen.
    pub(super) choices: Vec<(&'static str, &'static str, bool)>,
}

impl Field {
    /// Whether a box is ticked.
    pub(super) fn is_yes(&self) -> bool {
        self.value == "true"
    }
}

/// What was typed, as a browser sends it: name and value, several for several boxes.
pub(super) type Typed = [(String, String)];

/// The settings of a draft, by key.
pub(super) type Settings = BTreeMap<String, String>;

fn codes<C: Code>(p: &Page) -> Vec<(&'static str, &'static str)> {
    C::ALL.iter().map(|code| (code.code(), code.label(p.lang))).collect()
}

fn listed(list: List, p: &Page) -> Vec<(&'static str, &'static str)> {
    match list {
        List::Purpose => codes::<Purpose>(p),
        List::Consequence => codes::<Consequence>(p),
        List::Period => codes::<PeriodLevel>(p),
        List::Place => codes::<PlaceLevel>(p),
        List::Gender => codes::<GenderLevel>(p),
        List::Age => codes::<AgeLevel>(p),
        List::Citizenship => codes::<CitizenshipLevel>(p),
        List::Detail => codes::<Detail>(p),
    }
}

/// A table of a draft: what its keys begin with, its settings, what it is called.
type Table = (&'static str, &'static [Setting], (&'static str, &'static str));

/// The tables of a draft with their settings: those that it has.
fn tables(settings: &Settings) -> Vec<Table> {
    let has = |table: &str| settings.keys().any(|key| key.starts_with(table));
    let all = [
        ("", TERM, ("Term and rules", "Durée et règles")),
        ("we_send.", GRANT, ("What we may send", "Ce que nous pouvons envoyer")),
        ("they_send.", GRANT, ("What they may send", "Ce qu’ils peuvent envoyer")),
        ("ours.", PARTY, ("Our side", "Notre côté")),
        ("theirs.", PARTY, ("Their side", "Leur côté")),
    ];
    all.into_iter().filter(|(table, ..)| table.is_empty() || has(table)).collect()
}

/// The form, filled with what the draft says, or with what was typed.
pub(super) fn groups(p: &Page, settings: &Settings, typed: Option<&Typed>) -> Vec<Group> {
    let field = |table: &str, (key, kind, label): &Setting| {
        let name = format!("{table}{key}");
        let now = |name: &str| match typed {
            Some(typed) => typed_value(name, *kind, typed, p),
            None => settings.get(name).cloned().unwrap_or_else(|| unsaid(name, *kind)),
        };
        let (value, french) = match kind {
            Kind::Pair => (now(&format!("{name}.en")), now(&format!("{name}.fr"))),
            _ => (now(&name), String::new()),
        };
        let choices = match kind {
            Kind::One(list) | Kind::Many(list) => listed(*list, p)
                .into_iter()
                .map(|(code, words)| {
                    let is_chosen = match kind {
                        Kind::One(_) => value == code,
                        _ => value.contains(&format!("\"{code}\"")),
                    };
                    (code, words, is_chosen)
                })
                .collect(),
            _ => Vec::new(),
        };
        Field { name, label: p.t(label.0, label.1), kind: kind_name(*kind), value, french, choices }
    };
    let group =
        |(table, settings, title): (&str, &[Setting], (&'static str, &'static str))| Group {
            title: p.t(title.0, title.1),
            fields: settings.iter().map(|setting| field(table, setting)).collect(),
        };
    tables(settings).into_iter().map(group).collect()
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Date => "date",
        Kind::Number => "number",
        Kind::Line => "line",
        Kind::Pair => "pair",
        Kind::Yes => "yes",
        Kind::One(_) => "one",
        Kind::Many(_) => "many",
    }
}

/// What a key that a draft does not mention comes to.
fn unsaid(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Number if name.ends_with("min_group_persons") => {
            Grant::nothing().min_group.to_string()
        }
        Kind::Number => "0".to_owned(),
        Kind::Yes => "false".to_owned(),
        Kind::Many(_) => "[]".to_owned(),
        Kind::One(List::Period) => "quarter".to_owned(),
        Kind::One(_) => "withheld".to_owned(),
        _ => String::new(),
    }
}

/// What was typed for a key, as the node tells settings.
fn typed_value(name: &str, kind: Kind, typed: &Typed, p: &Page) -> String {
    let mut values = typed.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match kind {
        Kind::Yes => values.next().is_some().to_string(),
        Kind::Many(list) => {
            let chosen: Vec<_> = values.collect();
            let codes = listed(list, p).into_iter().map(|(code, _)| code);
            let codes = codes.filter(|code| chosen.contains(code));
            format!("[{}]", codes.map(|code| format!("\"{code}\"")).collect::<Vec<_>>().join(", "))
        }
        _ => values.next().unwrap_or_default().trim().to_owned(),
    }
}

/// What was typed and differs from the draft, as edits of it. What was not sent stays as it is; of
/// boxes, that is how a browser says that none is ticked.
pub(super) fn edits(p: &Page, settings: &Settings, typed: &Typed) -> Settings {
    let mut edits = Settings::new();
    for (table, keys, _) in tables(settings) {
        for (key, kind, _) in keys {
            let name = format!("{table}{key}");
            let is_sent = typed.iter().any(|(sent, _)| sent.starts_with(&name));
            if !is_sent && !matches!(kind, Kind::Yes | Kind::Many(_)) {
                continue;
            }
            let was =
                |name: &str| settings.get(name).cloned().unwrap_or_else(|| unsaid(name, *kind));
            if *kind == Kind::Pair {
                let [en, fr] = ["en", "fr"].map(|lang| {
                    let name = format!("{name}.{lang}");
                    (was(&name), typed_value(&name, *kind, typed, p))
                });
                if en.0 != en.1 || fr.0 != fr.1 {
                    let text = format!("{{ en = {}, fr = {} }}", quoted(&en.1), quoted(&fr.1));
                    edits.insert(name, text);
                }
                continue;
            }
            let (before, now) = (was(&name), typed_value(&name, *kind, typed, p));
            if same(*kind, &before, &now) {
                continue;
            }
            let is_text = matches!(kind, Kind::Line | Kind::One(_));
            edits.insert(name, if is_text { quoted(&now) } else { now });
        }
    }
    edits
}

/// Whether two values say the same; the order of a list does not matter.
fn same(kind: Kind, one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut words: Vec<_> = text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    match kind {
        Kind::Many(_) => sorted(one) == sorted(other),
        _ => one == other,
    }
}

/// A text as TOML has it: as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_the_same_in_whichever_order_it_stands() {
        let many = Kind::Many(List::Purpose);
        assert!(same(many, "[\"referral\", \"statistics\"]", "[\"statistics\",\"referral\"]"));
        assert!(!same(many, "[\"referral\"]", "[]"));
        assert!(!same(Kind::Number, "15", "20"));
    }

    #[test]
    fn a_text_cannot_end_the_value_it_stands_in() {
        assert_eq!(quoted("a\" }\nat_end = \"keep"), r#""a\" }\nat_end = \"keep""#);
    }
}
