//! The rungs of the lattice, and the class that a case falls into on each of them.

use crate::agreement::Elements;
use crate::agreement::terms::{
    AgeLevel, CitizenshipLevel, Detail, GenderLevel, PeriodLevel, PlaceLevel,
};
use crate::codes::{Code, Exploitation, Set};
use crate::lang::Lang;
use crate::period::Period;

use super::{Age, Citizenship, Finest, Place, coarser_period};

/// A rung of the lattice, from 0 (finest) to 6 (coarsest). The module's table says what each tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rung(u8);

impl Rung {
    /// How many there are.
    pub const COUNT: usize = 7;

    /// All of them, the finest first.
    pub const ALL: [Self; Self::COUNT] =
        [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6)];

    /// The finest.
    pub const FINEST: Self = Self(0);

    /// The finest on which a case has a year and no quarter.
    pub const FIRST_OF_YEARS: Self = Self(2);

    /// The finest on which the form of exploitation may be hidden.
    pub const FIRST_THAT_HIDES: Self = Self(3);

    /// The coarsest.
    pub const TOP: Self = Self(6);

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The rung with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The next coarser one; `None` at the top.
    pub fn next(self) -> Option<Self> {
        Self::from_number(self.0 + 1)
    }

    /// Whether a class on it may be released without its form of exploitation.
    pub fn may_hide(self) -> bool {
        self >= Self::FIRST_THAT_HIDES
    }

    /// What it tells at most.
    pub fn levels(self) -> &'static Levels {
        let [r0, r1, r2, r3, r4, r5, r6] = &LEVELS;
        match self.0 {
            0 => r0,
            1 => r1,
            2 => r2,
            3 => r3,
            4 => r4,
            5 => r5,
            _ => r6,
        }
    }

    /// What it tells at most, in words.
    pub fn label(self, lang: Lang) -> String {
        let Levels { period, place, gender, age, citizenship, .. } = self.levels();
        let mut parts = vec![period.label(lang)];
        if *place != PlaceLevel::Withheld {
            parts.push(place.label(lang));
        }
        if *gender != GenderLevel::Withheld {
            parts.push(lang.pick("gender", "genre"));
        }
        if *age != AgeLevel::Withheld {
            parts.push(age.label(lang));
        }
        match citizenship {
            CitizenshipLevel::Group => parts.push(lang.pick("citizenship", "citoyenneté")),
            CitizenshipLevel::CanadianOrOther => {
                parts.push(lang.pick("Canadian or not", "citoyenneté canadienne ou non"));
            }
            CitizenshipLevel::Withheld => {}
        }
        parts.join(", ")
    }
}

/// What one rung tells.
#[derive(Debug)]
pub struct Levels {
    /// The period.
    pub period: PeriodLevel,
    /// The place.
    pub place: PlaceLevel,
    /// The gender.
    pub gender: GenderLevel,
    /// The age.
    pub age: AgeLevel,
    /// The citizenship.
    pub citizenship: CitizenshipLevel,
    /// The fields that are told, counted or not.
    pub details: &'static [Detail],
}

impl Levels {
    /// Whether a field is told.
    pub fn tells(&self, detail: Detail) -> bool {
        self.details.contains(&detail)
    }

    /// The same as the finest levels of an agreement.
    pub fn elements(&self) -> Elements {
        Elements {
            period: self.period,
            place: self.place,
            gender: self.gender,
            age: self.age,
            citizenship: self.citizenship,
            details: self.details.iter().copied().collect(),
        }
    }
}

const NO_SECOND_LINE: &[Detail] = &[
    Detail::Exploitation,
    Detail::SexualTypes,
    Detail::Controls,
    Detail::RecruiterRelation,
    Detail::Needs,
    Detail::GeoScope,
    Detail::DefinitionProfiles,
    Detail::DataSource,
];

const LEVELS: [Levels; Rung::COUNT] = [
    Levels {
        period: PeriodLevel::Quarter,
        place: PlaceLevel::Province,
        gender: GenderLevel::Shared,
        age: AgeLevel::Group,
        citizenship: CitizenshipLevel::Group,
        details: Detail::ALL,
    },
    Levels {
        period: PeriodLevel::Quarter,
        place: PlaceLevel::Province,
        gender: GenderLevel::Shared,
        age: AgeLevel::Group,
        citizenship: CitizenshipLevel::CanadianOrOther,
        details: NO_SECOND_LINE,
    },
    Levels {
        period: PeriodLevel::Year,
        place: PlaceLevel::Province,
        gender: GenderLevel::Shared,
        age: AgeLevel::Group,
        citizenship: CitizenshipLevel::CanadianOrOther,
        details: NO_SECOND_LINE,
    },
    Levels {
        period: PeriodLevel::Year,
        place: PlaceLevel::Region,
        gender: GenderLevel::Shared,
        age: AgeLevel::Majority,
        citizenship: CitizenshipLevel::CanadianOrOther,
        details: NO_SECOND_LINE,
    },
    Levels {
        period: PeriodLevel::Year,
        place: PlaceLevel::Region,
        gender: GenderLevel::Shared,
        age: AgeLevel::Majority,
        citizenship: CitizenshipLevel::Withheld,
        details: &[
            Detail::Exploitation,
            Detail::Controls,
            Detail::Needs,
            Detail::DefinitionProfiles,
            Detail::DataSource,
        ],
    },
    Levels {
        period: PeriodLevel::Year,
        place: PlaceLevel::Withheld,
        gender: GenderLevel::Withheld,
        age: AgeLevel::Majority,
        citizenship: CitizenshipLevel::Withheld,
        details: &[Detail::Exploitation, Detail::DefinitionProfiles, Detail::DataSource],
    },
    Levels {
        period: PeriodLevel::Year,
        place: PlaceLevel::Withheld,
        gender: GenderLevel::Withheld,
        age: AgeLevel::Withheld,
        citizenship: CitizenshipLevel::Withheld,
        details: &[Detail::Exploitation],
    },
];

/// The class of a case on one rung: its counted fields but the form of exploitation, packed.
///
/// Two cases have the same key exactly if they look alike on that rung. The rung is part of it, so
/// keys of different rungs never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassKey(u64);

impl ClassKey {
    /// The packed value, for storing.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// A stored value.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The rung it belongs to; `None` if the value was never a key.
    pub fn rung(self) -> Option<Rung> {
        u8::try_from(self.0 >> (u64::BITS - RUNG_BITS)).ok().and_then(Rung::from_number)
    }

    fn of(case: &Finest, rung: Rung) -> Self {
        let levels = rung.levels();
        let place = case.place.at(levels.place).map_or(0, place_number);
        let gender = match levels.gender {
            GenderLevel::Shared => 1 + u64::from(case.gender.number()),
            GenderLevel::Withheld => 0,
        };
        let age = Age::Group(case.age).at(levels.age).map_or(0, age_number);
        let citizenship = Citizenship::Group(case.citizenship)
            .at(levels.citizenship)
            .map_or(0, citizenship_number);
        let told = |detail, number: u64| if levels.tells(detail) { number } else { 0 };

        let mut key = Packed(u64::from(rung.0));
        key.push(period_number(coarser_period(case.period, levels.period)), 12);
        key.push(place, 5);
        key.push(gender, 3);
        key.push(age, 4);
        key.push(citizenship, 4);
        let majority = 1 + u64::from(case.majority_at_exploitation.number());
        key.push(told(Detail::MajorityAtExploitation, majority), 2);
        key.push(told(Detail::Duration, 1 + u64::from(case.duration.number())), 3);
        key.push(told(Detail::LabourSectors, u64::from(case.labour_sectors.bits())), 18);
        Self(key.0 << (u64::BITS - RUNG_BITS - FIELD_BITS))
    }
}

const RUNG_BITS: u32 = 3;
const FIELD_BITS: u32 = 12 + 5 + 3 + 4 + 4 + 2 + 3 + 18;

/// Numbers side by side in one word.
struct Packed(u64);

impl Packed {
    fn push(&mut self, number: u64, bits: u32) {
        debug_assert!(number >> bits == 0, "a code list outgrew its bits");
        self.0 = self.0 << bits | number;
    }
}

/// 300 years of 5 values (four quarters, and the year as a whole) fit into 12 bits.
fn period_number(period: Period) -> u64 {
    let years = u64::from(period.number() / 10).saturating_sub(1900);
    years * 5 + u64::from(period.number() % 10)
}

fn place_number(place: Place) -> u64 {
    match place {
        Place::Province(province) => 1 + u64::from(province.number()),
        Place::Region(region) => 14 + u64::from(region.number()),
        Place::Unknown => 21,
    }
}

fn age_number(age: Age) -> u64 {
    match age {
        Age::Group(group) => 1 + u64::from(group.number()),
        Age::Majority(majority) => 8 + u64::from(majority.number()),
    }
}

fn citizenship_number(citizenship: Citizenship) -> u64 {
    match citizenship {
        Citizenship::Group(group) => 1 + u64::from(group.number()),
        Citizenship::Canadian => 9,
        Citizenship::Other => 10,
        Citizenship::Unknown => 11,
    }
}

/// The classes of a case on all rungs, and its forms of exploitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    keys: [ClassKey; Rung::COUNT],
    /// The finest rung that the case has a place on.
    pub start: Rung,
    /// Its forms of exploitation, taken as one value.
    pub forms: Set<Exploitation>,
}

impl Ladder {
    pub(super) fn of(case: &Finest) -> Self {
        let start = match case.period {
            Period::Quarter(_) => Rung::FINEST,
            Period::Year(_) => Rung::FIRST_OF_YEARS,
        };
        let keys = Rung::ALL.map(|rung| ClassKey::of(case, rung));
        Self { keys, start, forms: case.exploitation }
    }

    /// The class on a rung.
    pub fn key(&self, rung: Rung) -> ClassKey {
        let [k0, k1, k2, k3, k4, k5, k6] = self.keys;
        match rung.0 {
            0 => k0,
            1 => k1,
            2 => k2,
            3 => k3,
            4 => k4,
            5 => k5,
            _ => k6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::{AgeShared, CitizenshipGroup, LabourSector, Majority};
    use crate::summary::finest_example as finest;

    #[test]
    fn every_rung_is_coarser_than_the_one_before_in_every_field() {
        for pair in Rung::ALL.windows(2) {
            let (fine, coarse) = (pair[0].levels(), pair[1].levels());
            assert!(fine.period <= coarse.period && fine.place <= coarse.place);
            assert!(fine.gender <= coarse.gender && fine.age <= coarse.age);
            assert!(fine.citizenship <= coarse.citizenship);
            assert!(coarse.details.iter().all(|detail| fine.tells(*detail)));
        }
        assert_eq!(Rung::FIRST_OF_YEARS.levels().period, PeriodLevel::Year);
    }

    #[test]
    fn the_code_lists_fit_into_their_bits() {
        const { assert!(RUNG_BITS + FIELD_BITS <= u64::BITS) };
        assert!(LabourSector::ALL.len() <= 18);
        assert!(AgeShared::ALL.len() <= 7 && CitizenshipGroup::ALL.len() <= 8);
        assert!(
            crate::codes::Province::ALL.len() == 13 && crate::codes::RegionShared::ALL.len() == 7
        );
        assert!(crate::codes::GenderShared::ALL.len() < 8 && Majority::ALL.len() <= 3);
        assert!(crate::codes::Duration::ALL.len() < 8);
        let last = Period::from_number(21_994).unwrap();
        assert!(period_number(last) < 1 << 12);
    }

    #[test]
    fn cases_that_differ_where_a_rung_tells_are_in_different_classes() {
        let case = finest();
        let older = Finest { age: AgeShared::From45Up, ..finest() };
        assert_ne!(case.ladder().key(Rung::FINEST), older.ladder().key(Rung::FINEST));
        // Both are adults, and from rung 3 on nothing else is told of the age.
        assert_eq!(case.ladder().key(Rung::ALL[3]), older.ladder().key(Rung::ALL[3]));

        let child = Finest { age: AgeShared::From0To17, ..finest() };
        assert_ne!(case.ladder().key(Rung::ALL[5]), child.ladder().key(Rung::ALL[5]));
        assert_eq!(case.ladder().key(Rung::TOP), child.ladder().key(Rung::TOP));
        assert_eq!(case.ladder().key(Rung::TOP).rung(), Some(Rung::TOP));
    }

    #[test]
    fn a_case_known_by_its_year_begins_at_the_first_rung_of_years() {
        let case = Finest { period: Period::whole_year(2026).unwrap(), ..finest() };
        assert_eq!(case.ladder().start, Rung::FIRST_OF_YEARS);
        assert_eq!(case.ladder().key(Rung::ALL[2]), finest().ladder().key(Rung::ALL[2]));
    }
}
