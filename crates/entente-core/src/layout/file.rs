//! The file of a layout: what may stand in it, and every mistake found when it is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::lang::Lang;
use crate::record::{Field, Kind};

use super::draft::ConsentField;
use super::{Column, Derived, Draft, Layout, Take, Target, Values, simplify};

/// Why a text is not a layout. Names the column; a layout holds nobody's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLayout {
    /// Not TOML, or a key that layouts do not have.
    #[error("{0}")]
    Toml(String),
    /// A column that makes no sense.
    #[error("column `{column}`: {problem}")]
    Column {
        /// Its name.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A field that has a default and does not take it, or does not exist.
    #[error("default of `{field}`: {problem}")]
    Default {
        /// Its name.
        field: String,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutFile {
    layout: String,
    title_en: String,
    title_fr: String,
    #[serde(default)]
    missing: Vec<String>,
    /// A column for every field and every part of a consent, under its own name.
    #[serde(default)]
    all_fields: bool,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    defaults: BTreeMap<String, String>,
    #[serde(default)]
    column: Vec<ColumnFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnFile {
    name: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    required: bool,
    take: Option<TakeFile>,
    field: Option<String>,
    code: Option<String>,
    absent: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    missing: Vec<String>,
    join: Option<String>,
    separators: Option<String>,
    export: Option<Derived>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TakeFile {
    Nothing,
    Text,
    Codes,
    Flag,
    Year,
    Band,
    Date,
}

impl Layout {
    /// Reads the text of a layout file. A key that nobody knows is an error.
    pub fn parse(text: &str) -> Result<Self, BadLayout> {
        let file: LayoutFile =
            toml::from_str(text).map_err(|error| BadLayout::Toml(error.to_string()))?;
        let mut columns = Vec::new();
        if file.all_fields {
            columns.extend(every_field(&file.required));
        }
        for column in file.column {
            columns.push(column.check()?);
        }
        let mut seen = BTreeSet::new();
        for column in &columns {
            for spelling in &column.spellings {
                if !seen.insert(spelling.clone()) {
                    return Err(bad(&column.name, "another column has the same header"));
                }
            }
        }
        let mut defaults = Vec::new();
        for (name, text) in file.defaults {
            defaults.push((default_target(&name, &text)?, text));
        }
        Ok(Self {
            name: file.layout,
            title: (file.title_en, file.title_fr),
            missing: lower(file.missing),
            defaults,
            columns,
        })
    }
}

impl Layout {
    /// The same, with these columns of a table read otherwise: the name of each in the header, and the name of the field
    /// or the part of a consent that it feeds, as in our own template. It is left out if that is empty.
    pub fn reading(mut self, columns: &BTreeMap<String, String>) -> Result<Self, BadLayout> {
        for (header, target) in columns {
            let take = match parse_target(target) {
                _ if target.is_empty() => Take::Nothing,
                // Only a text can be longer than one; of anything else the first counts.
                Some(Target::Field(field)) if matches!(field.kind(), Kind::Prose(_)) => {
                    plain(Target::Field(field), Some("; "))
                }
                Some(target) => plain(target, None),
                None => return Err(bad(header, "no such field")),
            };
            let spelling = simplify(header);
            // Rows are known again by the names of columns: it keeps the one that it had.
            let mut name = header.clone();
            for column in self.columns.iter_mut().filter(|it| it.spellings.contains(&spelling)) {
                column.spellings.retain(|known| *known != spelling);
                column.is_required = false;
                name.clone_from(&column.name);
            }
            self.columns.push(Column {
                name,
                spellings: vec![spelling],
                is_required: false,
                missing: Vec::new(),
                take,
                export: None,
            });
        }
        Ok(self)
    }
}

/// The columns of our own template: one for each field, known by its name and both labels.
fn every_field(required: &[String]) -> Vec<Column> {
    let fields = Field::ALL.iter().map(|field| {
        let also = [field.label(Lang::En), field.label(Lang::Fr)];
        (Target::Field(*field), field.name(), also.to_vec())
    });
    let consents =
        ConsentField::ALL.iter().map(|field| (Target::Consent(*field), field.name(), Vec::new()));
    let column = |(target, name, also): (Target, &str, Vec<&str>)| {
        let mut spellings = vec![simplify(name)];
        for spelling in also.into_iter().map(simplify) {
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
        let is_required = required.iter().any(|required| required == name);
        Column {
            name: name.to_owned(),
            spellings,
            is_required,
            missing: Vec::new(),
            take: plain(target, None),
            export: None,
        }
    };
    fields.chain(consents).map(column).collect()
}

/// How the column of our own template for this is read. A text of a second column follows behind `join`.
fn plain(target: Target, join: Option<&str>) -> Take {
    let has_codes = match target {
        Target::Field(field) => matches!(field.kind(), Kind::Codes(_)),
        Target::Consent(field) => matches!(field, ConsentField::Scopes | ConsentField::Needs),
    };
    let values = Values::default();
    if has_codes {
        Take::Codes { target, values, separators: SEPARATORS.to_vec() }
    } else {
        Take::Text { target, values, join: join.map(str::to_owned) }
    }
}

impl ColumnFile {
    fn check(self) -> Result<Column, BadLayout> {
        let name = self.name.clone();
        let mut spellings = vec![simplify(&name)];
        spellings.extend(self.also.iter().map(|also| simplify(also)));
        spellings.dedup();
        let is_plain = self.code.is_none() && self.absent.is_none();
        let take = self.take.unwrap_or(if is_plain { TakeFile::Text } else { TakeFile::Flag });
        if take != TakeFile::Flag && !is_plain {
            return Err(bad(&name, "`code` and `absent` belong to flags"));
        }
        let takes_values = matches!(take, TakeFile::Text | TakeFile::Codes);
        if !takes_values && !self.values.is_empty() {
            return Err(bad(&name, "`values` belong to text and codes"));
        }
        Ok(Column {
            take: self.take(take)?,
            spellings,
            is_required: self.required,
            missing: lower(self.missing),
            export: self.export,
            name,
        })
    }

    fn take(&self, take: TakeFile) -> Result<Take, BadLayout> {
        if take == TakeFile::Nothing {
            return Ok(Take::Nothing);
        }
        if take == TakeFile::Year {
            return Ok(Take::Year);
        }
        let name = self.field.as_deref().ok_or_else(|| bad(&self.name, "`field` is missing"))?;
        let target = parse_target(name).ok_or_else(|| bad(&self.name, "no such `field`"))?;
        let field = match target {
            Target::Field(field) => Ok(field),
            Target::Consent(_) => Err(bad(&self.name, "a consent has no such column")),
        };
        let values = Values::new(&self.values);
        for code in values.codes() {
            check_value(target, code).map_err(|problem| bad(&self.name, &problem))?;
        }
        Ok(match take {
            TakeFile::Text => Take::Text { target, values, join: self.join.clone() },
            TakeFile::Codes => {
                let separators = self.separators.as_ref().map(|text| text.chars().collect());
                let separators = separators.unwrap_or_else(|| SEPARATORS.to_vec());
                Take::Codes { target, values, separators }
            }
            TakeFile::Flag => self.flag(field?)?,
            TakeFile::Band => Take::Band(field?),
            TakeFile::Date => Take::Date(target),
            TakeFile::Nothing | TakeFile::Year => Take::Nothing,
        })
    }

    fn flag(&self, field: Field) -> Result<Take, BadLayout> {
        let code = self.code.clone().ok_or_else(|| bad(&self.name, "`code` is missing"))?;
        let absent = match self.absent.as_deref().map(parse_target) {
            None => None,
            Some(Some(Target::Field(absent))) => Some(absent),
            Some(_) => return Err(bad(&self.name, "no such field as `absent`")),
        };
        for field in [Some(field), absent].into_iter().flatten() {
            check_value(Target::Field(field), &code).map_err(|text| bad(&self.name, &text))?;
        }
        Ok(Take::Flag { field, code, absent })
    }
}

/// What separates codes in one cell, unless the column says otherwise.
const SEPARATORS: [char; 3] = [';', ',', '|'];

fn parse_target(name: &str) -> Option<Target> {
    let consent = ConsentField::ALL.iter().find(|field| field.name() == name);
    let consent = consent.map(|field| Target::Consent(*field));
    consent.or_else(|| Field::parse(name).ok().map(Target::Field))
}

fn default_target(name: &str, text: &str) -> Result<Target, BadLayout> {
    let bad = |problem: String| BadLayout::Default { field: name.to_owned(), problem };
    let target = parse_target(name).ok_or_else(|| bad("no such field".to_owned()))?;
    check_value(target, text).map_err(bad)?;
    Ok(target)
}

/// Whether `target` would take `text`. A layout's own values are tried when it is read, so that a
/// mistake in it is not reported as one of the table's.
fn check_value(target: Target, text: &str) -> Result<(), String> {
    let outcome = match target {
        Target::Field(field) => Draft::empty().set(field, text).map_err(|invalid| invalid.reason),
        Target::Consent(field) => super::draft::ConsentParts::default().set(field, text),
    };
    outcome.map_err(|reason| reason.text(Lang::En))
}

fn bad(column: &str, problem: &str) -> BadLayout {
    BadLayout::Column { column: column.to_owned(), problem: problem.to_owned() }
}

fn lower(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|text| text.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "layout = \"x\"\ntitle_en = \"X\"\ntitle_fr = \"X\"\n";

    #[track_caller]
    fn refused(text: &str, contains: &str) {
        let error = Layout::parse(&format!("{HEAD}{text}")).unwrap_err().to_string();
        assert!(error.contains(contains), "{error}");
    }

    #[test]
    fn every_layout_of_the_product_is_read() {
        let names: Vec<_> = Layout::built_in_names().collect();
        assert_eq!(names, ["ctdc-2017", "ctdc-2024", "htcds-2.0", "entente"]);
        for name in names {
            let layout = Layout::built_in(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(layout.name(), name);
            assert_ne!(layout.title(Lang::En), layout.title(Lang::Fr));
        }
        assert!(Layout::built_in("nonsense").is_none());
    }

    #[test]
    fn the_layouts_have_as_many_columns_as_the_published_tables() {
        let columns = |name| Layout::built_in(name).unwrap().columns.len();
        // The 2017 dictionary has 62 variables; the last is in it without a description.
        assert_eq!(columns("ctdc-2017"), 62);
        assert_eq!(columns("ctdc-2024"), 27);
        assert_eq!(columns("entente"), Field::ALL.len() + ConsentField::ALL.len());
    }

    #[test]
    fn a_column_is_read_as_somebody_says_and_the_others_as_before() {
        let layout = Layout::parse(&format!(
            "{HEAD}[[column]]\nname = \"a\"\nalso = [\"b\"]\nrequired = true\nfield = \"gender\"\nvalues = {{ F = \"woman\" }}"
        ));
        let said = |columns: &[(&str, &str)]| {
            let columns = columns.iter().map(|(name, field)| ((*name).into(), (*field).into()));
            layout.clone().unwrap().reading(&columns.collect())
        };
        let headers = ["A", "More"];
        let feeds = |columns| said(columns).unwrap().bind(&headers).unwrap().feeds();
        assert_eq!(feeds(&[]), [Some("gender"), None]);
        assert_eq!(feeds(&[("more", "notes")]), [Some("gender"), Some("notes")]);
        // What was required is not, once somebody says that it is something else or nothing.
        assert_eq!(feeds(&[("A", "")]), [None, None]);
        assert_eq!(feeds(&[("a", "notes"), ("More", "notes")]), [Some("notes"), Some("notes")]);
        // Another spelling of the same column stays what it was.
        let apart = said(&[("a", "notes")]).unwrap();
        assert_eq!(apart.bind(&["a", "b"]).unwrap().feeds(), [Some("notes"), Some("gender")]);
        assert!(said(&[("a", "nonsense")]).unwrap_err().to_string().contains("no such field"));
    }

    #[test]
    fn a_mistake_in_a_layout_is_found_when_it_is_read() {
        refused("colour = 1", "unknown field `colour`");
        refused("[[column]]\nname = \"a\"\nfiled = \"gender\"", "unknown field `filed`");
        refused("[[column]]\nname = \"a\"", "`field` is missing");
        refused("[[column]]\nname = \"a\"\nfield = \"b\"", "no such `field`");
        refused(
            "[[column]]\nname = \"a\"\nfield = \"gender\"\nvalues = { F = \"female\" }",
            "not one of the accepted words",
        );
        refused(
            "[[column]]\nname = \"a\"\nfield = \"exploitation\"\ncode = \"x\"",
            "not one of the accepted words",
        );
        refused("[[column]]\nname = \"a\"\ntake = \"flag\"\nfield = \"acts\"", "`code` is missing");
        refused("[defaults]\ngender = \"female\"", "default of `gender`");
        let same = "[[column]]\nname = \"a_b\"\ntake = \"nothing\"\n[[column]]\nname = \"A b\"\ntake = \"nothing\"";
        refused(same, "another column has the same header");
    }
}
