//! Field by field: what we have, and what each partner reads of it.

use entente_core::codes::{Code as _, Province, RegionShared};
use entente_core::record::region_of;
use entente_node::local::doc::{Fate, FieldFate, FieldValue};
use entente_node::local::words;

use super::Offer;
use crate::page::Page;
use crate::pages::cases::sections::{is_plain, value};

/// The fields of a case beside what partners read of them.
pub(crate) struct Table {
    /// What a summary can say.
    pub(crate) levels: Vec<Row>,
    /// What no summary says.
    pub(crate) never: Vec<Row>,
    /// Levels of which nothing is recorded: label, and what partners read instead.
    pub(crate) unknown: Vec<(String, String)>,
}

/// One field or level.
pub(crate) struct Row {
    pub(crate) label: String,
    /// What is recorded, a line each.
    pub(crate) ours: Vec<String>,
    /// For each partner that is looked at.
    pub(crate) cells: Vec<Cell>,
}

/// What becomes of a field on its way to one partner.
pub(crate) struct Cell {
    pub(crate) fate: Fate,
    /// What we have, struck through unless it is kept.
    pub(crate) struck: String,
    /// What they read.
    pub(crate) theirs: Option<String>,
    pub(crate) clause: Option<String>,
    /// What decided, where no clause did.
    pub(crate) why: &'static str,
}

impl Cell {
    /// It goes as it is.
    pub(crate) fn is_kept(&self) -> bool {
        self.fate == Fate::Kept
    }
}

/// The table for the partners that are looked at. All of them are told of the same record.
pub(crate) fn table(p: &Page, chosen: &[Offer]) -> Table {
    let mut table = Table { levels: Vec::new(), never: Vec::new(), unknown: Vec::new() };
    let Some(with) = chosen.iter().find(|it| !it.told.fields.is_empty()) else { return table };
    for fate in &with.told.fields {
        let name = &fate.ours.field;
        let of =
            |offer: &Offer| offer.told.fields.iter().find(|it| it.ours.field == *name).cloned();
        let is_never = fate.theirs.is_none() && fate.clause.is_none();
        let has_nothing = fate.from.is_empty() && !is_never;
        if has_nothing {
            // Who was told before may have been told more than is recorded now.
            let says = |has: &super::Receives| told(has, name).is_some_and(says_something);
            let was_told = chosen.iter().any(|it| it.has.as_ref().is_some_and(says));
            if !was_told {
                let reads = fate.theirs.as_ref().filter(|it| !it.values.0.is_empty());
                let reads = reads.map_or_else(|| nothing(p), |it| value(p, it));
                table.unknown.push((words::field_label(name, p.lang), reads));
                continue;
            }
        }
        let row = Row {
            label: words::field_label(name, p.lang),
            ours: ours(p, fate),
            cells: chosen.iter().map(|offer| cell(p, offer, of(offer), fate)).collect(),
        };
        if is_never { table.never.push(row) } else { table.levels.push(row) }
    }
    table
}

fn nothing(p: &Page) -> String {
    p.t("nothing", "rien").to_owned()
}

/// The fields of the record that a line is read from.
fn sources(fate: &FieldFate) -> Vec<&FieldValue> {
    match fate.from.as_slice() {
        [] => vec![&fate.ours],
        from => from.iter().filter(|it| !is_plain(it)).collect(),
    }
}

/// What is recorded. The field is named where it is not the level itself.
fn ours(p: &Page, fate: &FieldFate) -> Vec<String> {
    let sources = sources(fate);
    let is_named = sources.len() > 1;
    let line = |it: &FieldValue| {
        let label = words::field_label(&it.field, p.lang);
        if is_named { format!("{label}{} {}", p.t(":", " :"), value(p, it)) } else { value(p, it) }
    };
    sources.into_iter().map(line).collect()
}

/// The same in one line, without the names of the fields.
fn struck(p: &Page, fate: &FieldFate) -> String {
    let values = sources(fate).into_iter().map(|it| value(p, it));
    values.collect::<Vec<_>>().join("; ")
}

fn told<'h>(has: &'h super::Receives, name: &str) -> Option<&'h FieldValue> {
    has.fields.iter().find(|it| it.field == name)
}

/// What a partner reads. A region is called one: several have the name of a province.
fn read(p: &Page, field: &FieldValue) -> String {
    let Some(first) = field.values.0.first() else { return nothing(p) };
    let regions = words::list("region_shared", p.lang).unwrap_or_default();
    match regions.iter().find(|(code, _)| field.field == "place" && *code == first) {
        Some((_, label)) => {
            let name = label.split(" (").next().unwrap_or(label);
            format!("{} {name}", p.t("Region:", "Région :"))
        }
        None => value(p, field),
    }
}

/// Whether a value is more than the word for what is not known.
fn says_something(value: &FieldValue) -> bool {
    value.values.0.iter().any(|it| it != "unknown")
}

/// Whether a region is read that has no province but the recorded one: nothing is hidden then.
fn is_one_province(theirs: &FieldValue, recorded: &[String]) -> bool {
    let ([theirs], [recorded]) = (theirs.values.0.as_slice(), recorded) else { return false };
    let (Ok(region), Ok(recorded)) = (RegionShared::parse(theirs), Province::parse(recorded))
    else {
        return false;
    };
    Province::ALL.iter().filter(|it| region_of(**it) == region).eq([&recorded])
}

fn cell(p: &Page, offer: &Offer, fate: Option<FieldFate>, any: &FieldFate) -> Cell {
    let struck = struck(p, any);
    let Some(fate) = fate else {
        let why = p.t("no agreement", "pas d’entente");
        return Cell { fate: Fate::Removed, struck, theirs: None, clause: None, why };
    };
    // What they have is what they were told then, whatever would be told now.
    let (theirs, is_then) = match &offer.has {
        Some(has) => (told(has, &fate.ours.field).cloned(), true),
        None => (fate.theirs.clone(), false),
    };
    let recorded = match fate.from.as_slice() {
        [one] if !one.masked => Some(&one.values.0),
        _ => None,
    };
    let word = match &theirs {
        None => Fate::Removed,
        Some(theirs) if recorded.is_some_and(|recorded| is_one_province(theirs, recorded)) => {
            Fate::Kept
        }
        Some(_) if !is_then => fate.fate,
        Some(theirs) if Some(&theirs.values.0) == recorded => Fate::Kept,
        Some(_) => Fate::Generalized,
    };
    // No clause of today decided what went out then.
    let clause = fate.clause.filter(|_| !is_then || word == Fate::Kept);
    let why = match (word, &clause) {
        (Fate::Kept, _) => p.t("sent as it is", "tel quel"),
        (Fate::Generalized, None) if is_then => {
            p.t("less exact when it was sent", "moins précis à l’envoi")
        }
        (Fate::Removed, None) if is_then => p.t("was not sent", "non envoyé"),
        (Fate::Generalized, Some(_)) => p.t("less exact", "moins précis"),
        (Fate::Generalized, None) => p.t("no summary says more", "aucun résumé n’en dit plus"),
        (Fate::Removed, Some(_)) => p.t("not sent", "non envoyé"),
        (Fate::Removed, None) => p.t("never sent", "jamais envoyé"),
    };
    let theirs = theirs.map(|it| read(p, &it));
    Cell { fate: word, struck, theirs, clause, why }
}

#[cfg(test)]
mod tests {
    use entente_node::local::doc::Private;

    use super::*;

    #[test]
    fn a_region_of_one_province_hides_nothing_and_one_of_several_does() {
        let read = |code: &str| FieldValue {
            field: "place".to_owned(),
            values: Private(vec![code.to_owned()]),
            identifying: false,
            masked: false,
        };
        let is_one = |region: RegionShared, recorded: &str| {
            is_one_province(&read(region.code()), &[recorded.to_owned()])
        };
        for (region, province) in [
            (RegionShared::Quebec, Province::Quebec),
            (RegionShared::Ontario, Province::Ontario),
            (RegionShared::Bc, Province::BritishColumbia),
        ] {
            assert!(is_one(region, province.code()), "{region:?}");
        }
        assert!(!is_one(RegionShared::Prairies, Province::Alberta.code()));
        assert!(!is_one(RegionShared::Canada, Province::Ontario.code()));
        assert!(!is_one(RegionShared::Quebec, Province::Ontario.code()));
        // A city is more exact than its province.
        assert!(!is_one(RegionShared::Ontario, "535"));
    }
}
