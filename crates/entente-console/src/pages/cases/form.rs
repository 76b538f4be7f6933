//! The form of a record: what was typed, what is wrong with it, and how each field is asked.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::codes::{Code as _, Need};
use entente_core::lang::Lang;
use entente_core::record::{CaseRecord, Field, Kind, RecordId};
use entente_node::fault::Fault;
use entente_node::local::doc::FieldValue;
use jiff::civil::Date;

use super::sections::{SECTIONS, Section, countries, hint, one};
use crate::page::{Page, failed};
use crate::problem::Problem;

/// What a person typed. Texts as they came, right or wrong.
#[derive(Clone, Default)]
pub(crate) struct Typed {
    /// Field → text; several codes with `;` between them.
    pub(crate) texts: BTreeMap<Field, String>,
    /// Masked fields that shall hold nothing from now on.
    pub(crate) emptied: BTreeSet<Field>,
    /// `check`, `form`, `save`.
    pub(crate) step: String,
    /// The version that was edited.
    pub(crate) version: u32,
}

impl Typed {
    /// Reads a form. Boxes of one name are several pairs.
    pub(crate) fn read(form: &[u8]) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (name, value) in pairs(form)? {
            match name.as_str() {
                "step" => typed.step = value,
                "version" => typed.version = value.parse().unwrap_or_default(),
                "empty" => typed.emptied.extend(Field::parse(&value).ok()),
                name => {
                    let Ok(field) = Field::parse(name) else { continue };
                    let text = typed.texts.entry(field).or_default();
                    let is_more = !text.is_empty() && !value.is_empty();
                    text.push_str(if is_more { ";" } else { "" });
                    text.push_str(&value);
                }
            }
        }
        Ok(typed)
    }

    /// What a form with these values would send.
    pub(crate) fn of(fields: &[FieldValue], version: u32) -> Self {
        let known = fields.iter().filter(|it| !it.masked);
        let texts = known.filter_map(|it| Some((Field::parse(&it.field).ok()?, joined(it))));
        Self { texts: texts.collect(), version, ..Self::default() }
    }

    /// The text of a field; empty if nothing was typed.
    pub(crate) fn text(&self, field: Field) -> &str {
        self.texts.get(&field).map_or("", |text| text.trim())
    }

    /// Fields that hold something.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (Field, &str)> {
        let trimmed = self.texts.iter().map(|(field, text)| (*field, text.trim()));
        trimmed.filter(|(_, text)| !text.is_empty())
    }

    /// Everything, for the hidden part of the page on which it is checked.
    pub(crate) fn hidden(&self) -> Vec<(&'static str, &str)> {
        let texts = self.texts.iter().filter(|(_, text)| !text.is_empty());
        let texts = texts.map(|(field, text)| (field.name(), text.as_str()));
        texts.chain(self.emptied.iter().map(|field| ("empty", field.name()))).collect()
    }
}

/// The pairs of a form.
pub(crate) fn pairs(form: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(failed()))
}

/// The values of a field as one text.
pub(crate) fn joined(field: &FieldValue) -> String {
    field.values.0.join(";")
}

/// Something wrong with a form, at its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The field: the name of a record's field, or what else has this id on the page.
    pub(crate) at: String,
    /// What is wrong, in words.
    pub(crate) text: String,
}

impl Wrong {
    /// At this field.
    pub(crate) fn at(at: &str, text: impl Into<String>) -> Self {
        Self { at: at.to_owned(), text: text.into() }
    }
}

/// What is wrong with what was typed, by the rules that the node keeps records by. `known` is what
/// the record holds already and the form does not repeat.
pub(crate) fn wrong(typed: &Typed, known: &[FieldValue], today: Date, lang: Lang) -> Vec<Wrong> {
    let mut record = CaseRecord::new(RecordId([0; 16]), today);
    for field in known.iter().filter(|it| !it.masked) {
        if let Ok(name) = Field::parse(&field.field) {
            // What the node kept can be read again; if not, the node says so when it is asked.
            let _ = record.set(name, &joined(field));
        }
    }
    let mut wrong = Vec::new();
    for (field, text) in &typed.texts {
        // The date of registration is today if it is left empty.
        if *field == Field::RegisteredOn && text.trim().is_empty() {
            continue;
        }
        if let Err(invalid) = record.set(*field, text) {
            wrong.push(Wrong::at(field.name(), invalid.text(lang)));
        }
    }
    let problems = record.check(today).into_iter();
    wrong.extend(problems.map(|it| Wrong::at(it.field().name(), sentence(&it.text(lang)))));
    // In the order of the form.
    let place = |wrong: &Wrong| {
        SECTIONS.iter().flat_map(Section::fields).position(|field| field.name() == wrong.at)
    };
    wrong.sort_by_key(place);
    wrong.dedup();
    wrong
}

/// What is wrong, where the label of the field stands above it already.
fn unlabelled(text: &str, label: &str) -> String {
    let rest = text.strip_prefix(label).map(|rest| rest.trim_start_matches([' ', '\u{a0}']));
    let said = rest.and_then(|rest| rest.strip_prefix(':'));
    said.map_or_else(|| text.to_owned(), |said| sentence(said.trim_start_matches([' ', '\u{a0}'])))
}

/// With a capital at its beginning: it stands alone.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The lines of a fault of the node, each at the field that it names, or at `default`.
pub(crate) fn from_fault(fault: &Fault, lang: Lang, default: &str) -> Vec<Wrong> {
    let line = |text: &str| {
        let named = Field::ALL.iter().filter(|field| text.contains(field.label(lang)));
        let longest = named.max_by_key(|field| field.label(lang).len());
        Wrong::at(longest.map_or(default, |field| field.name()), sentence(text))
    };
    if fault.why.is_empty() {
        return vec![line(fault.what.text(lang))];
    }
    fault.why.iter().map(|why| line(why.text(lang))).collect()
}

/// A field as it is asked.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) control: Control,
    pub(crate) error: Option<String>,
    /// It holds something that is not shown here.
    pub(crate) masked: bool,
    pub(crate) emptied: bool,
}

/// What a field is asked with.
pub(crate) enum Control {
    /// A line, with its longest text, and whether it is a short one. `mode` is `numeric`, `date` or nothing.
    Line { text: String, max: usize, is_short: bool, mode: &'static str },
    /// Several lines.
    Area { text: String, max: usize },
    /// One of a list; several lists if several can be chosen of many.
    Selects(Vec<Vec<Choice>>),
    /// Any of a list: what is in sight, and what is folded away.
    Boxes { usual: Vec<Choice>, more: Vec<Choice> },
}

/// A code that can be chosen.
pub(crate) struct Choice {
    pub(crate) code: &'static str,
    pub(crate) label: &'static str,
    pub(crate) chosen: bool,
}

/// The needs that most people have.
const USUAL_NEEDS: [Need; 8] = [
    Need::EmergencyHousing,
    Need::TransitionalHousing,
    Need::Legal,
    Need::Immigration,
    Need::Medical,
    Need::MentalHealth,
    Need::SafetyPlanning,
    Need::BasicNeeds,
];

/// How many countries a form asks for.
const COUNTRIES: usize = 2;

impl Input {
    /// How a field is asked, with what was typed and what is wrong.
    pub(crate) fn new(
        p: &Page,
        field: Field,
        typed: &Typed,
        wrong: &[Wrong],
        masked: bool,
    ) -> Self {
        let mine = wrong.iter().find(|it| it.at == field.name());
        Self {
            name: field.name(),
            label: field.label(p.lang),
            hint: hint(field, p.lang),
            control: control(p, field, typed.texts.get(&field).map_or("", String::as_str)),
            error: mine.map(|it| unlabelled(&it.text, field.label(p.lang))),
            masked,
            emptied: typed.emptied.contains(&field),
        }
    }

    /// What describes it to whoever does not see it.
    pub(crate) fn described_by(&self) -> String {
        let mut ids = Vec::new();
        let parts = [
            ("hint", !self.hint.is_empty()),
            ("error", self.error.is_some()),
            ("masked", self.masked),
        ];
        for (part, _) in parts.iter().filter(|(_, it)| *it) {
            ids.push(format!("{}-{part}", self.name));
        }
        ids.join(" ")
    }
}

fn control(p: &Page, field: Field, text: &str) -> Control {
    let codes: Vec<&str> = text.split(';').map(str::trim).filter(|it| !it.is_empty()).collect();
    let choice = |(code, label): (&'static str, &'static str)| Choice {
        code,
        label,
        chosen: codes.contains(&code),
    };
    let line = |max, is_short, mode| Control::Line { text: text.to_owned(), max, is_short, mode };
    let of_countries = |n: usize| {
        // One list for each that is chosen, and one more.
        let n_lists = (codes.len() + usize::from(n > codes.len())).clamp(1, n);
        let list = |at: usize| -> Vec<Choice> {
            let chosen = codes.get(at).copied();
            let all = countries(p.lang).into_iter();
            all.map(|(code, label)| Choice { code, label, chosen: Some(code) == chosen }).collect()
        };
        Control::Selects((0..n_lists).map(list).collect())
    };
    match field.kind() {
        Kind::Code(_) => Control::Selects(vec![choices(p, field).map(choice).collect()]),
        Kind::Codes(_) => {
            let is_common = |code: &str| USUAL_NEEDS.iter().any(|need| need.code() == code);
            let in_sight = |it: &Choice| field != Field::Needs || it.chosen || is_common(it.code);
            let (usual, more) = choices(p, field).map(choice).partition(in_sight);
            Control::Boxes { usual, more }
        }
        Kind::YesNo => {
            let both = [("yes", p.t("Yes", "Oui")), ("no", p.t("No", "Non"))];
            Control::Selects(vec![both.into_iter().map(choice).collect()])
        }
        Kind::Country => of_countries(1),
        Kind::Countries(n) => of_countries(n.min(COUNTRIES.max(codes.len()))),
        Kind::Number(_) => line(3, true, "numeric"),
        Kind::Date => line(10, true, "date"),
        Kind::Line(max) => line(max, max <= 40, ""),
        Kind::Lines { n, max } => line(n * (max + 1), false, ""),
        Kind::Languages(n) => line(n * 12, false, ""),
        Kind::Prose(max) => Control::Area { text: text.to_owned(), max },
        Kind::Organization => line(64, false, ""),
        Kind::Person => line(36, false, ""),
    }
}

/// The codes of a field that a person may choose.
fn choices(p: &Page, field: Field) -> impl Iterator<Item = (&'static str, &'static str)> {
    // Derived, never recorded: the record would be refused.
    let derived = "sexual_and_labour";
    field.choices(p.lang).into_iter().filter(move |(code, _)| *code != derived)
}

/// A part of the form.
pub(crate) struct Part {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) more: &'static str,
    pub(crate) usual: Vec<Input>,
    pub(crate) rest: Vec<Input>,
    /// The rest holds something, or something is wrong with it.
    pub(crate) is_open: bool,
}

impl Part {
    /// A part as it is asked. `masked` are the fields that hold something which is not shown.
    pub(crate) fn new(
        p: &Page,
        of: &Section,
        typed: &Typed,
        wrong: &[Wrong],
        masked: &[Field],
    ) -> Self {
        let input = |field: &Field| Input::new(p, *field, typed, wrong, masked.contains(field));
        let rest: Vec<_> = of.rest.iter().map(input).collect();
        let holds = |field: &Field| !typed.text(*field).is_empty() || masked.contains(field);
        // A date is precise to the day unless somebody says otherwise.
        let is_plain = |field: &Field| *field == Field::RegisteredPrecision;
        Self {
            id: of.id,
            title: of.title(p.lang),
            more: of.more(p.lang),
            is_open: rest.iter().any(|it| it.error.is_some())
                || of.rest.iter().any(|field| holds(field) && !is_plain(field)),
            usual: of.usual.iter().map(input).collect(),
            rest,
        }
    }
}

/// An answer as it is checked before it is kept.
pub(crate) struct Answered {
    pub(crate) label: &'static str,
    pub(crate) value: String,
}

/// A typed text as a person reads it.
pub(crate) fn shown(p: &Page, field: Field, text: &str) -> String {
    let is_several = matches!(
        field.kind(),
        Kind::Codes(_) | Kind::Countries(_) | Kind::Lines { .. } | Kind::Languages(_)
    );
    if !is_several {
        return one(p, field.name(), text);
    }
    let parts = text.split(';').map(str::trim).filter(|it| !it.is_empty());
    parts.map(|it| one(p, field.name(), it)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::page::test_page;

    fn typed(form: &str) -> Typed {
        Typed::read(form.as_bytes()).unwrap()
    }

    #[test]
    fn boxes_of_one_name_are_one_text_and_unknown_names_are_nothing() {
        let typed = typed(
            "exploitation=sexual&exploitation=begging&x=y&citizenship=CAN&citizenship=&version=3&empty=notes",
        );
        assert_eq!(typed.text(Field::Exploitation), "sexual;begging");
        assert_eq!(typed.text(Field::Citizenship), "CAN");
        assert_eq!((typed.version, typed.texts.len()), (3, 2));
        assert!(typed.emptied.contains(&Field::Notes));
    }

    #[test]
    fn the_usual_needs_and_whatever_is_ticked_are_in_sight() {
        let boxes = |field, text| match control(&test_page(Lang::En), field, text) {
            Control::Boxes { usual, more } => {
                [usual, more].map(|all| all.into_iter().map(|it| it.code).collect::<Vec<_>>())
            }
            _ => panic!("no boxes"),
        };
        let [usual, more] = boxes(Field::Needs, "transport");
        assert!(usual.contains(&"legal") && usual.contains(&"transport"), "{usual:?}");
        assert!(more.contains(&"child_care") && !more.contains(&"transport"), "{more:?}");
        let [_, more] = boxes(Field::Exploitation, "");
        assert!(more.is_empty(), "{more:?}");
    }

    #[test]
    fn each_fault_stands_at_its_field_in_the_order_of_the_form() {
        let today = date(2026, 11, 22);
        let typed =
            typed("age_at_registration=x&birthdate=22-11-2026&registered_on=&age_at_entry=3");
        let found = wrong(&typed, &[], today, Lang::En);
        let at: Vec<_> = found.iter().map(|it| it.at.as_str()).collect();
        assert_eq!(at, ["age_at_registration", "birthdate"]);
        assert!(found.iter().all(|it| !it.text.contains("22-11")), "{found:?}");
    }

    #[test]
    fn a_line_of_the_node_is_put_at_the_field_that_it_names() {
        let fault = Fault::new(1402, ("No.", "Non."), ("", ""))
            .because(
                "Date of birth: lies in the future",
                "Date de naissance : la date est dans l’avenir",
            )
            .because("something else", "autre chose");
        let at =
            |lang| from_fault(&fault, lang, "top").into_iter().map(|it| it.at).collect::<Vec<_>>();
        assert_eq!(at(Lang::En), ["birthdate", "top"]);
        assert_eq!(at(Lang::Fr), ["birthdate", "top"]);
    }

    #[test]
    fn a_field_does_not_repeat_the_label_above_it() {
        for lang in [Lang::En, Lang::Fr] {
            let typed = typed("age_at_registration=x");
            let found = wrong(&typed, &[], date(2026, 11, 22), lang);
            let label = Field::AgeAtRegistration.label(lang);
            let (whole, said) = (&found[0].text, unlabelled(&found[0].text, label));
            assert!(whole.starts_with(label) && !said.contains(label), "{whole}: {said}");
            assert!(said.chars().next().is_some_and(char::is_uppercase), "{said}");
        }
        assert_eq!(unlabelled("Age is unknown", "Age"), "Age is unknown");
    }
}
