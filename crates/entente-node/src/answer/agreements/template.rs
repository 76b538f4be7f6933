//! Drafts from templates: the three files of `config/agreements`, filled in for two organizations.
//!
//! A draft is edited as text, line by line, so that its comments stay: they are what a person
//! reads while they fill in the rest. What comes out is checked by the core and by nothing here.

use entente_core::agreement::{Agreement, AgreementId, DraftError, check_draft_key};
use entente_core::codes::{Code as _, OrgType};
use entente_core::identity::OrgId;
use entente_core::lang::{Lang, Text};
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::collections::BTreeMap;
use toml::{Table, Value};

use crate::fault::{Both, Fault};
use crate::node::Outcome;

/// A template.
#[derive(Clone, Copy, Debug)]
pub(in crate::answer) struct Template {
    /// Its name, for example `ngo-province`.
    pub(in crate::answer) name: &'static str,
    text: &'static str,
}

const TEMPLATES: [Template; 3] = [
    Template {
        name: "province-federal",
        text: include_str!("../../../../../config/agreements/province-federal.toml"),
    },
    Template {
        name: "ngo-province",
        text: include_str!("../../../../../config/agreements/ngo-province.toml"),
    },
    Template {
        name: "counts-only",
        text: include_str!("../../../../../config/agreements/counts-only.toml"),
    },
];

/// What a draft says of the two sides. The templates are written from one side; the other one
/// reads them with these exchanged.
const SIDES: &[(&str, &str)] = &[
    ("[ours]", "[theirs]"),
    ("[we_send", "[they_send"),
    ("What we may send them", "What they may send us"),
    ("Ce que nous pouvons leur envoyer", "Ce qu’ils peuvent nous envoyer"),
    ("ce que nous pouvons leur envoyer", "ce qu’ils peuvent nous envoyer"),
    ("They send nothing", "We send nothing"),
    ("Ils n’envoient rien", "Nous n’envoyons rien"),
    ("The organization that writes this draft.", "The partner."),
    ("L’organisme qui rédige l’ébauche.", "Le partenaire."),
    ("Who writes the draft / qui rédige l’ébauche", "The partner / le partenaire"),
    ("The partner's part of our yearly", "Our part of the partner's yearly"),
    ("La part du partenaire dans notre budget annuel", "Notre part dans son budget annuel"),
];

/// How long a draft runs unless somebody says otherwise. A year: the terms are looked at again
/// while the people who made them are still there.
const YEARS: i64 = 1;

/// The words of a template that two organizations have to make their own.
const TO_CHECK: &[(&str, &str, &str)] = &[
    ("officer_title", "the title of who signs", "le titre de la personne qui signe"),
    ("breach_contact", "whom to call after a breach", "qui joindre en cas d’atteinte"),
    ("authority_to_disclose", "the law that allows sending", "la loi qui permet de communiquer"),
    ("authority_to_collect", "the law that allows receiving", "la loi qui permet de recueillir"),
];

/// One side of a draft.
#[derive(Clone, Copy, Debug)]
pub(in crate::answer) struct Filled<'a> {
    /// Its id.
    pub(in crate::answer) id: &'a OrgId,
    /// Its name.
    pub(in crate::answer) name: &'a Text,
    /// What it is.
    pub(in crate::answer) kind: OrgType,
}

/// The template of this name.
pub(in crate::answer) fn named(name: &str) -> Outcome<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name.trim()).ok_or_else(|| {
        let names = TEMPLATES.map(|template| template.name).join(", ");
        Fault::new(
            1305,
            ("There is no such template.", "Ce modèle n’existe pas."),
            ("Name one of those listed.", "Nommez l’un de ceux qui sont indiqués."),
        )
        .because(names.clone(), names)
    })
}

/// A draft from a template, and what is still to be checked in it.
pub(in crate::answer) fn fill(
    template: &Template,
    ours: Filled<'_>,
    theirs: Filled<'_>,
    today: Date,
    edits: &BTreeMap<String, String>,
) -> Outcome<(String, Vec<Both>)> {
    let mut text = facing(template.text, ours.kind, theirs.kind);
    for (table, side) in [("ours", ours), ("theirs", theirs)] {
        text = set(&text, &format!("{table}.kind"), &quoted(side.kind.code()))?;
        let name = format!("{{ en = {}, fr = {} }}", quoted(&side.name.en), quoted(&side.name.fr));
        text = set(&text, &format!("{table}.name"), &name)?;
    }
    text = set(&text, "effective", &today.to_string())?;
    let last = today.saturating_add(YEARS.years()).saturating_sub(1.days());
    text = set(&text, "expiry", &last.to_string())?;
    let text = with_edits(text, edits, (ours.id, theirs.id))?;
    let missing = missing(&text, edits, ours.id, theirs.id);
    Ok((text, missing))
}

/// A draft with keys set as somebody asked.
pub(super) fn with_edits(
    mut text: String,
    edits: &BTreeMap<String, String>,
    sides: (&OrgId, &OrgId),
) -> Outcome<String> {
    for (key, value) in edits {
        text = edited(&text, key.trim(), value, sides)?;
    }
    Ok(text)
}

/// What a draft says, by dotted key: texts as they are, everything else in TOML.
pub(super) fn settings(text: &str) -> BTreeMap<String, String> {
    fn collect(prefix: &str, table: &Table, into: &mut BTreeMap<String, String>) {
        for (name, value) in table {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                Value::Table(inner) => collect(&key, inner, into),
                Value::String(text) => drop(into.insert(key, text.clone())),
                other => drop(into.insert(key, other.to_string())),
            }
        }
    }
    let mut settings = BTreeMap::new();
    collect("", &toml::from_str(text).unwrap_or_default(), &mut settings);
    settings
}

/// The agreement that a template would come to, for a look at what it grants.
pub(in crate::answer) fn preview(
    template: &Template,
    (ours, our_kind): (&OrgId, OrgType),
    (theirs, their_kind): (&OrgId, OrgType),
) -> Option<Agreement> {
    let text = facing(template.text, our_kind, their_kind);
    Agreement::from_toml(&text, ours, theirs, AgreementId([0; 16])).ok()
}

/// The template as the side of `ours` would write it: turned around if it was written by one that
/// is what they are.
fn facing(text: &str, ours: OrgType, theirs: OrgType) -> String {
    let table: Table = toml::from_str(text).unwrap_or_default();
    let kind = |side: &str| {
        let kind = table.get(side)?.get("kind")?.as_str()?;
        OrgType::parse(kind).ok()
    };
    let (writer, reader) = (kind("ours"), kind("theirs"));
    let fits = writer == Some(ours) || reader == Some(theirs);
    let fits_turned = writer == Some(theirs) || reader == Some(ours);
    if fits || !fits_turned { text.to_owned() } else { turned(text) }
}

fn turned(text: &str) -> String {
    let mut text = text.to_owned();
    for (one, other) in SIDES {
        // A character that no draft holds stands in while both are exchanged.
        text = text.replace(one, "\u{1}").replace(other, one).replace('\u{1}', other);
    }
    text
}

/// A draft with one key set as somebody asked. A key that no draft has, and a value that is not
/// what its key takes, are refused here: nobody looks for them in a file that was written.
fn edited(text: &str, key: &str, value: &str, (ours, theirs): (&OrgId, &OrgId)) -> Outcome<String> {
    check_draft_key(key).map_err(|nearest| {
        bad_edit(key).because(
            format!("There is no such key. The nearest is {nearest}."),
            format!("Cette clé n’existe pas. La plus proche est {nearest}."),
        )
    })?;
    let read = |text: &str| Agreement::from_toml(text, ours, theirs, AgreementId([0; 16]));
    let is_unread = |error: &DraftError| !matches!(error, DraftError::Problems(_));
    let after = set(text, key, &value_of(value))?;
    match read(&after) {
        // A draft that could not be read before lacks something else, which is told at the end.
        Err(error) if is_unread(&error) && !read(text).is_err_and(|before| is_unread(&before)) => {
            // A table that is new, a grant for example, is built key by key.
            let grows = key.contains('.') && !has_table(text, key);
            if grows {
                return Ok(after);
            }
            Err(bad_edit(key).because(error.text(Lang::En), error.text(Lang::Fr)))
        }
        _ => Ok(after),
    }
}

/// Whether the table that a key stands in is there.
fn has_table(text: &str, key: &str) -> bool {
    let table: Table = toml::from_str(text).unwrap_or_default();
    let (path, _) = key.rsplit_once('.').unwrap_or_default();
    let mut parts = path.split('.');
    let first = parts.next().and_then(|part| table.get(part));
    parts.try_fold(first, |place, part| place.map(|place| place.get(part))).flatten().is_some()
}

/// Sets the value of a dotted key. Its line is changed in place; a key that has none is added,
/// which costs the comments.
fn set(text: &str, key: &str, value: &str) -> Outcome<String> {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let (mut here, mut found) = (String::new(), false);
    let mut lines = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(header) = trimmed.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            here = header.to_owned();
        }
        // A value that goes on in the next line is none that can be changed in place.
        let is_it = here == section
            && trimmed.split_once('=').is_some_and(|(left, right)| {
                left.trim() == name && toml::from_str::<Table>(&format!("x = {right}")).is_ok()
            });
        if is_it && !found {
            found = true;
            let comment = line.rfind("  #").and_then(|at| line.get(at..)).unwrap_or_default();
            lines.push(format!("{name} = {value}{comment}"));
        } else {
            lines.push(line.to_owned());
        }
    }
    if found {
        lines.push(String::new());
        return Ok(lines.join("\n"));
    }
    add(text, key, value)
}

fn add(text: &str, key: &str, value: &str) -> Outcome<String> {
    let mut table: Table = toml::from_str(text).map_err(|_| bad_edit(key))?;
    let parsed: Table = toml::from_str(&format!("x = {value}")).map_err(|_| bad_edit(key))?;
    let value = parsed.get("x").cloned().ok_or_else(|| bad_edit(key))?;
    let mut path: Vec<&str> = key.split('.').collect();
    let name = path.pop().filter(|name| !name.is_empty()).ok_or_else(|| bad_edit(key))?;
    let mut place = &mut table;
    for part in path {
        let next = place.entry(part.to_owned()).or_insert_with(|| Value::Table(Table::new()));
        place = next.as_table_mut().ok_or_else(|| bad_edit(key))?;
    }
    place.insert(name.to_owned(), value);
    toml::to_string_pretty(&table).map_err(|_| bad_edit(key))
}

/// A value as TOML: what is TOML already stays, and anything else is a text.
fn value_of(text: &str) -> String {
    let text = text.trim();
    let plain = !text.chars().any(char::is_control);
    let is_value = plain && toml::from_str::<Table>(&format!("x = {text}")).is_ok();
    if is_value { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// What two organizations still have to look at before they sign.
fn missing(
    text: &str,
    edits: &BTreeMap<String, String>,
    ours: &OrgId,
    theirs: &OrgId,
) -> Vec<Both> {
    let table: Table = toml::from_str(text).unwrap_or_default();
    let mut missing = Vec::new();
    for side in ["ours", "theirs"] {
        for (name, en, fr) in TO_CHECK {
            let key = format!("{side}.{name}");
            let there = table.get(side).is_some_and(|side| side.get(*name).is_some());
            let edited = edits.keys().any(|edit| edit.starts_with(&key));
            if there && !edited {
                missing.push(Both::new(format!("{key}: {en}"), format!("{key}\u{a0}: {fr}")));
            }
        }
    }
    if let Err(error) = Agreement::from_toml(text, ours, theirs, AgreementId([0; 16])) {
        missing.push(Both::new(error.text(Lang::En), error.text(Lang::Fr)));
    }
    missing
}

fn bad_edit(key: &str) -> Box<Fault> {
    Fault::new(
        1306,
        (
            "A value cannot be set in the draft.",
            "Une valeur ne peut pas être inscrite dans l’ébauche.",
        ),
        (
            "Name the key as the template does, for example `we_send.min_group_persons=15`.",
            "Nommez la clé comme dans le modèle, par exemple `we_send.min_group_persons=15`.",
        ),
    )
    .because(key.to_owned(), key.to_owned())
}

#[cfg(test)]
mod tests {
    use entente_core::identity::OrgKey;
    use jiff::civil::date;

    use super::*;

    fn id(seed: u8) -> OrgId {
        OrgKey::from_seed(&[seed; 32]).id()
    }

    fn draft(name: &str, ours: OrgType, theirs: OrgType, edits: &[(&str, &str)]) -> String {
        let (a, b) = (Text::new("Nous \"A\"", "Nous « A »"), Text::new("B", "B"));
        let edits = edits.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let ours = Filled { id: &id(1), name: &a, kind: ours };
        let theirs = Filled { id: &id(2), name: &b, kind: theirs };
        fill(named(name).unwrap(), ours, theirs, date(2026, 11, 22), &edits).unwrap().0
    }

    fn read(text: &str) -> Agreement {
        Agreement::from_toml(text, &id(1), &id(2), AgreementId([7; 16])).unwrap()
    }

    #[test]
    fn every_template_becomes_an_agreement_of_one_year_between_the_two() {
        for template in TEMPLATES {
            let agreement = read(&draft(template.name, OrgType::Ngo, OrgType::Federal, &[]));
            assert_eq!(agreement.term.effective, date(2026, 11, 22), "{}", template.name);
            assert_eq!(agreement.term.expiry, date(2027, 11, 21));
            assert_eq!(agreement.partner_of(&id(2)).unwrap().name.en, "Nous \"A\"");
        }
    }

    #[test]
    fn the_side_that_the_template_was_not_written_from_reads_it_turned_around() {
        let ngo = read(&draft("ngo-province", OrgType::Ngo, OrgType::Provincial, &[]));
        let office = read(&draft("ngo-province", OrgType::Provincial, OrgType::Ngo, &[]));
        assert!(ngo.grant_from(&id(1)).unwrap().1.summaries);
        assert!(!office.grant_from(&id(1)).unwrap().1.summaries);
        assert!(office.grant_to(&id(1)).unwrap().1.summaries);
        let text = draft("counts-only", OrgType::Federal, OrgType::Police, &[]);
        assert!(text.contains("# We send nothing: there is no [we_send]."));
        assert!(text.contains("# What they may send us"));
    }

    #[test]
    fn an_edit_keeps_the_comments() {
        let edits =
            [("we_send.min_group_persons", "20"), ("at_end", "keep"), ("expiry", "2028-01-31")];
        let text = draft("province-federal", OrgType::Provincial, OrgType::Federal, &edits);
        let agreement = read(&text);
        assert_eq!(agreement.grant_from(&id(1)).unwrap().1.min_group, 20);
        assert_eq!(agreement.term.expiry, date(2028, 1, 31));
        assert!(text.contains("# Case summaries, coarse and de-identified"));
    }

    fn refused(template: &str, edits: &[(&str, &str)]) -> Box<Fault> {
        let name = Text::new("A", "A");
        let edits = edits.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let (a, b) = (id(1), id(2));
        let ours = Filled { id: &a, name: &name, kind: OrgType::Provincial };
        let theirs = Filled { id: &b, name: &name, kind: OrgType::Federal };
        fill(named(template).unwrap(), ours, theirs, date(2026, 11, 22), &edits).unwrap_err()
    }

    #[test]
    fn a_key_that_there_is_not_is_refused_with_the_nearest() {
        let fault = refused("province-federal", &[("we_send.min_group", "20")]);
        assert_eq!(fault.code, "ENT-1306");
        assert_eq!(fault.why[0].en, "we_send.min_group");
        assert!(fault.why[1].fr.contains("we_send.min_group_persons"), "{fault:?}");
    }

    #[test]
    fn a_value_that_its_key_does_not_take_is_refused() {
        for (key, value) in [
            ("we_send.min_group_persons", "many"),
            ("at_end", "burn"),
            ("we_send.fields.age", "to the day"),
            ("expiry", "next year"),
        ] {
            assert_eq!(refused("province-federal", &[(key, value)]).code, "ENT-1306", "{key}");
        }
    }

    #[test]
    fn a_grant_that_the_template_has_not_is_built_key_by_key() {
        let edits = [
            ("they_send.age_classes", "[\"adult\"]"),
            ("they_send.onward", "never"),
            ("they_send.provinces", "all"),
            ("they_send.services", "true"),
        ];
        let without = draft("counts-only", OrgType::Police, OrgType::Federal, &[]);
        assert!(!without.contains("\n[they_send]"));
        let with = draft("counts-only", OrgType::Police, OrgType::Federal, &edits);
        let table: Table = toml::from_str(&with).unwrap();
        assert_eq!(table["they_send"]["services"], Value::Boolean(true));
    }

    #[test]
    fn a_value_cannot_smuggle_in_a_second_key() {
        let edits = [("at_end", "\"keep\"\nnotice_days = 0")];
        assert_eq!(refused("province-federal", &edits).code, "ENT-1306");
        let edits = [("governing_law.en", "\"Law\"\nnotice_days = 0")];
        let text = draft("province-federal", OrgType::Provincial, OrgType::Federal, &edits);
        assert!(text.contains("notice_days = 30"));
    }
}
