//! Countries: ISO 3166-1 codes with their names and United Nations region.
//!
//! The table is `country/countries.tsv`: names from Unicode CLDR (en-CA, fr-CA), regions from the
//! United Nations' M49. A region is the coarsening that sharing uses; see [`Region`]. Two rows
//! are not ISO 3166: `XKX` (Kosovo, as CLDR has it) and `XXA` (a stateless person, ICAO 9303).

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use crate::lang::Lang;

/// A country or territory, by its alpha-3 code. `XXA` stands for statelessness.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country {
    // Invariant: the alpha-3 code of a row of the table.
    alpha3: [u8; 3],
}

/// A region of the world (M49).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// Africa.
    Africa,
    /// The Americas, with Canada.
    Americas,
    /// Asia.
    Asia,
    /// Europe.
    Europe,
    /// Oceania.
    Oceania,
}

impl Country {
    /// Canada.
    pub const CANADA: Self = Self { alpha3: *b"CAN" };

    /// No country: a stateless person.
    pub const STATELESS: Self = Self { alpha3: *b"XXA" };

    /// All countries, in the order of their alpha-3 codes.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.country)
    }

    /// The alpha-3 code, for example `CAN`.
    pub fn alpha3(self) -> &'static str {
        self.row().map_or("", |row| row.alpha3)
    }

    /// The alpha-2 code, for example `CA`.
    pub fn alpha2(self) -> &'static str {
        self.row().map_or("", |row| row.alpha2)
    }

    /// The name.
    pub fn name(self, lang: Lang) -> &'static str {
        self.row().map_or("", |row| lang.pick(row.english, row.french))
    }

    /// The region; `None` for Antarctica and for statelessness.
    pub fn region(self) -> Option<Region> {
        self.row().and_then(|row| row.region)
    }

    /// Finds a country by its alpha-2 or alpha-3 code. Case and surrounding space do not matter.
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.trim();
        let is_it = |row: &&Row| {
            row.alpha3.eq_ignore_ascii_case(code) || row.alpha2.eq_ignore_ascii_case(code)
        };
        TABLE.iter().find(is_it).map(|row| row.country)
    }

    fn row(self) -> Option<&'static Row> {
        let at = TABLE.binary_search_by_key(&self, |row| row.country).ok()?;
        TABLE.get(at)
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(code: &str) -> Result<Self, UnknownCountry> {
        Self::parse(code).ok_or(UnknownCountry)
    }
}

/// A text that is no country's code. Does not hold the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 3166-1 alpha-2 or alpha-3 code")]
pub struct UnknownCountry;

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha3())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha3())
    }
}

struct Row {
    country: Country,
    alpha2: &'static str,
    alpha3: &'static str,
    region: Option<Region>,
    english: &'static str,
    french: &'static str,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let lines = include_str!("country/countries.tsv").lines();
    let mut rows: Vec<Row> =
        lines.filter(|line| !line.starts_with('#')).filter_map(parse_row).collect();
    rows.sort_by_key(|row| row.country);
    rows
});

fn parse_row(line: &'static str) -> Option<Row> {
    let mut cells = line.split('\t');
    let mut cell = || cells.next();
    let (alpha2, alpha3, region, english, french) = (cell()?, cell()?, cell()?, cell()?, cell()?);
    let region = match region {
        "Africa" => Some(Region::Africa),
        "Americas" => Some(Region::Americas),
        "Asia" => Some(Region::Asia),
        "Europe" => Some(Region::Europe),
        "Oceania" => Some(Region::Oceania),
        _ => None,
    };
    let country = Country { alpha3: alpha3.as_bytes().try_into().ok()? };
    Some(Row { country, alpha2, alpha3, region, english, french })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_country() {
        let lines = include_str!("country/countries.tsv").lines();
        assert_eq!(TABLE.len(), lines.filter(|line| !line.starts_with('#')).count());
        // ISO 3166-1 has 249 entries.
        assert_eq!(TABLE.len(), 249 + 2);
        let codes: BTreeSet<_> = TABLE.iter().flat_map(|row| [row.alpha2, row.alpha3]).collect();
        assert_eq!(codes.len(), 2 * TABLE.len());
        for country in Country::all() {
            assert_eq!(Country::parse(country.alpha2()), Some(country));
            assert_eq!(Country::parse(country.alpha3()), Some(country));
            assert!(!country.name(Lang::En).is_empty() && !country.name(Lang::Fr).is_empty());
        }
    }

    #[test]
    fn only_antarctica_and_statelessness_have_no_region() {
        let without: Vec<_> = Country::all().filter(|country| country.region().is_none()).collect();
        let codes: Vec<_> = without.iter().map(|country| country.alpha3()).collect();
        assert_eq!(codes, ["ATA", "XXA"]);
    }

    #[test]
    fn a_country_is_found_by_either_code_and_named_in_either_language() {
        let country = Country::parse(" de ").unwrap();
        assert_eq!(country, Country::parse("DEU").unwrap());
        assert_eq!(country.name(Lang::En), "Germany");
        assert_eq!(country.name(Lang::Fr), "Allemagne");
        assert_eq!(Country::CANADA.region(), Some(Region::Americas));
        assert_eq!(Country::parse("Germany"), None);
        assert_eq!(Country::parse(""), None);
    }
}
