//! Filters: which records a list, an export or a search is about.

use std::collections::BTreeMap;

use entente_core::codes::{AgeBand, Code, Exploitation, Majority, Province};
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_core::record::{CaseRecord, Field, RecordId};
use jiff::civil::date;

use crate::fault::Fault;
use crate::node::Outcome;
use crate::node::index::Wanted;

/// What a record must be like. Empty: anything.
pub(in crate::answer) struct Filter(Vec<Test>);

enum Test {
    /// The field holds all of these.
    Holds(Field, Vec<String>),
    /// The province of exploitation, also where only the city is recorded.
    Province(Province),
    /// The age band, also where only the age is recorded.
    Age(AgeBand),
    /// Minor or adult at registration, as recorded or by the age.
    Majority(Majority),
    /// Registered in it.
    Period(Period),
}

impl Filter {
    /// Reads what was asked: a field, or one of `province`, `age`, `majority` and `period`, and its value.
    pub(in crate::answer) fn read(asked: &BTreeMap<String, String>) -> Outcome<Self> {
        let test = |(name, value): (&String, &String)| match name.as_str() {
            "province" => Ok(Test::Province(Province::parse(value).map_err(unknown_value)?)),
            "age" => Ok(Test::Age(AgeBand::parse(value).map_err(unknown_value)?)),
            "majority" => Ok(Test::Majority(Majority::parse(value).map_err(unknown_value)?)),
            "period" | "quarter" | "year" => {
                Ok(Test::Period(value.parse().map_err(unknown_value)?))
            }
            name => Test::of_field(name, value),
        };
        Ok(Self(asked.iter().map(test).collect::<Outcome<_>>()?))
    }

    /// The same as what memory knows of every record; `None` if a test asks for more.
    pub(in crate::answer) fn in_memory(&self) -> Option<Wanted> {
        let mut wanted = Wanted::default();
        for test in &self.0 {
            match test {
                Test::Province(province) => wanted.province = Some(*province),
                Test::Age(band) => wanted.age = Some(*band),
                Test::Period(period) => wanted.periods.push(*period),
                Test::Holds(Field::Status, codes) => wanted.status = Some(one(codes)?),
                Test::Holds(Field::Gender, codes) => wanted.gender = Some(one(codes)?),
                Test::Holds(Field::Exploitation, codes) => {
                    let codes = codes.iter().map(|code| Exploitation::parse(code).ok());
                    wanted.exploitation = codes.collect::<Option<_>>()?;
                }
                Test::Holds(..) | Test::Majority(_) => return None,
            }
        }
        Some(wanted)
    }

    /// Whether a record is meant.
    pub(in crate::answer) fn admits(&self, record: &CaseRecord) -> bool {
        self.0.iter().all(|test| match test {
            Test::Holds(field, wanted) => {
                let held = record.text(*field).unwrap_or_default();
                wanted.iter().all(|wanted| held.split(';').any(|held| held == wanted))
            }
            Test::Province(province) => record.province() == Some(*province),
            Test::Age(band) => record.age_band() == *band,
            Test::Majority(majority) => record.majority() == *majority,
            Test::Period(period) => record.period().is_some_and(|it| period.contains(it)),
        })
    }
}

/// The code of a field that holds one.
fn one<C: Code>(codes: &[String]) -> Option<C> {
    let [code] = codes else { return None };
    C::parse(code).ok()
}

impl Test {
    fn of_field(name: &str, value: &str) -> Outcome<Self> {
        let field = Field::parse(name).map_err(|_| unknown_fields())?;
        if field.may_name() {
            return Err(Fault::new(
                1405,
                (
                    "Lists cannot be filtered by what identifies a person.",
                    "Une liste ne se filtre pas par ce qui identifie une personne.",
                ),
                (
                    "Search instead, which is audited: `entente record search`.",
                    "Cherchez plutôt, ce qui est consigné\u{a0}: `entente record search`.",
                ),
            ));
        }
        // Read and written again, a value has the form that records have.
        let mut probe = CaseRecord::new(RecordId([0; 16]), date(1900, 1, 1));
        probe.set(field, value).map_err(|invalid| {
            unknown_value(()).because(invalid.text(Lang::En), invalid.text(Lang::Fr))
        })?;
        let text = probe.text(field).ok_or_else(|| unknown_value(()))?;
        Ok(Self::Holds(field, text.split(';').map(str::to_owned).collect()))
    }
}

/// Fields by name, with their new texts. What was typed as a name is not repeated: it may be a
/// person's.
pub(in crate::answer) fn named_fields(
    asked: &BTreeMap<String, String>,
) -> Outcome<Vec<(Field, String)>> {
    let field = |(name, text): (&String, &String)| {
        Ok((Field::parse(name).map_err(|_| unknown_fields())?, text.clone()))
    };
    asked.iter().map(field).collect()
}

fn unknown_fields() -> Box<Fault> {
    let names: Vec<_> = Field::ALL.iter().map(|field| field.name()).collect();
    Fault::new(
        1404,
        ("A field is unknown.", "Un champ est inconnu."),
        (
            "Write FIELD=VALUE, for example `exploitation=forced_labour`.",
            "Écrivez CHAMP=VALEUR, par exemple `exploitation=forced_labour`.",
        ),
    )
    .because(
        format!("Fields of a record: {}", names.join(", ")),
        format!("Champs d’un dossier\u{a0}: {}", names.join(", ")),
    )
}

fn unknown_value<E>(_: E) -> Box<Fault> {
    Fault::new(
        1406,
        ("A value does not fit its field.", "Une valeur ne convient pas à son champ."),
        ("See the codes: `entente codes`.", "Voyez les codes\u{a0}: `entente codes`."),
    )
}
