//! The coarse values of a record: all that disclosure and statistics ever read of it.
//!
//! Each rule errs on the side of "unknown" or of the wider class: an age band that straddles two
//! published groups becomes "18 and over", a year without a month has no quarter.

use crate::codes::{
    AgeBand, AgeShared, CitizenshipGroup, Cma, Code, Control, DatePrecision, Gender, GenderShared,
    ImmigrationStatus, Majority, MergedControl, Province, RegionShared, Set,
};
use crate::country::{Country, Region};
use crate::period::{Period, Quarter};

use super::CaseRecord;

impl Gender {
    /// The gender, as shared.
    pub fn shared(self) -> GenderShared {
        match self {
            Self::Woman => GenderShared::Woman,
            Self::Man => GenderShared::Man,
            Self::TransWoman
            | Self::TransMan
            | Self::TwoSpirit
            | Self::NonBinary
            | Self::TransNc => GenderShared::TransNc,
            Self::Unknown => GenderShared::Unknown,
        }
    }
}

impl CaseRecord {
    /// When it was registered: a quarter, or the year where no more is known.
    ///
    /// `None` only for a date outside the years that periods have, which reading refuses.
    pub fn period(&self) -> Option<Period> {
        match self.registered_precision {
            DatePrecision::Day | DatePrecision::Quarter => Period::of(self.registered_on).ok(),
            DatePrecision::Year => Period::whole_year(self.registered_on.year()).ok(),
        }
    }

    /// The quarter of registration; `None` if only the year is known.
    pub fn quarter(&self) -> Option<Quarter> {
        match self.period()? {
            Period::Quarter(quarter) => Some(quarter),
            Period::Year(_) => None,
        }
    }

    /// Gender, as shared.
    pub fn gender_shared(&self) -> GenderShared {
        self.gender.map_or(GenderShared::Unknown, Gender::shared)
    }

    /// Age at registration in full years: as recorded, or from the date of birth if the day of
    /// registration is known.
    pub fn age(&self) -> Option<u8> {
        if let Some(age) = self.age_at_registration {
            return Some(age.number());
        }
        let (born, on) = (self.birthdate?, self.registered_on);
        if self.registered_precision != DatePrecision::Day || born > on {
            return None;
        }
        let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
        u8::try_from(on.year() - born.year() - i16::from(!had_birthday)).ok()
    }

    /// Age band at registration (CTDC).
    pub fn age_band(&self) -> AgeBand {
        match self.age() {
            Some(0..=8) => AgeBand::From0To8,
            Some(9..=17) => AgeBand::From9To17,
            Some(18..=20) => AgeBand::From18To20,
            Some(21..=23) => AgeBand::From21To23,
            Some(24..=26) => AgeBand::From24To26,
            Some(27..=29) => AgeBand::From27To29,
            Some(30..=38) => AgeBand::From30To38,
            Some(39..=47) => AgeBand::From39To47,
            Some(48..) => AgeBand::From48Up,
            None => self.age_band_recorded.unwrap_or(AgeBand::Unknown),
        }
    }

    /// Age at registration in the groups of national tables.
    ///
    /// The CTDC bands 24-26, 30-38 and 39-47 [lie across two groups](AgeShared): they are shared as
    /// 18 and over.
    pub fn age_shared(&self) -> AgeShared {
        match self.age() {
            Some(0..=17) => return AgeShared::From0To17,
            Some(18..=24) => return AgeShared::From18To24,
            Some(25..=34) => return AgeShared::From25To34,
            Some(35..=44) => return AgeShared::From35To44,
            Some(45..) => return AgeShared::From45Up,
            None => {}
        }
        match self.age_band() {
            AgeBand::From0To8 | AgeBand::From9To17 => AgeShared::From0To17,
            AgeBand::From18To20 | AgeBand::From21To23 => AgeShared::From18To24,
            AgeBand::From27To29 => AgeShared::From25To34,
            AgeBand::From48Up => AgeShared::From45Up,
            AgeBand::From24To26 | AgeBand::From30To38 | AgeBand::From39To47 => AgeShared::From18Up,
            AgeBand::Unknown => match self.majority_at_registration {
                Some(Majority::Minor) => AgeShared::From0To17,
                Some(Majority::Adult) => AgeShared::From18Up,
                Some(Majority::Unknown) | None => AgeShared::Unknown,
            },
        }
    }

    /// Minor or adult at registration.
    pub fn majority(&self) -> Majority {
        match self.age_shared() {
            AgeShared::From0To17 => Majority::Minor,
            AgeShared::Unknown => Majority::Unknown,
            _ => Majority::Adult,
        }
    }

    /// Minor or adult when exploited.
    ///
    /// As recorded; else from the age at which it began, in which a minor at any time counts as
    /// a minor; else a minor at registration was a minor before.
    pub fn majority_when_exploited(&self) -> Majority {
        if let Some(recorded) = self.majority_at_exploitation {
            return recorded;
        }
        match self.age_at_entry {
            Some(age) if age.number() < 18 => Majority::Minor,
            Some(_) => Majority::Adult,
            None if self.majority() == Majority::Minor => Majority::Minor,
            None => Majority::Unknown,
        }
    }

    /// Citizenship, as shared: Canadian if one of them is; unknown if they lie in two groups.
    pub fn citizenship_group(&self) -> CitizenshipGroup {
        if self.citizenship.contains(&Country::CANADA) {
            return CitizenshipGroup::Can;
        }
        let mut groups = self.citizenship.iter().map(|country| group_of(*country));
        match groups.next() {
            Some(first) if groups.all(|group| group == first) => first,
            Some(_) => CitizenshipGroup::Unknown,
            None if self.immigration_status == Some(ImmigrationStatus::Citizen) => {
                CitizenshipGroup::Can
            }
            None => CitizenshipGroup::Unknown,
        }
    }

    /// The province of exploitation: as recorded, or the one in which the metropolitan area lies.
    pub fn province(&self) -> Option<Province> {
        self.province_of_exploitation.or_else(|| self.cma_of_exploitation.and_then(province_of))
    }

    /// The region of exploitation; `Canada` if no more is known, `None` if not even that is.
    pub fn region_shared(&self) -> Option<RegionShared> {
        let region = self.province().map(region_of);
        let is_canada = self.country_of_exploitation == Some(Country::CANADA)
            || self.cma_of_exploitation.is_some();
        region.or(is_canada.then_some(RegionShared::Canada))
    }

    /// How the person was controlled, in the merged columns of CTDC 2024.
    ///
    /// "Other" and "not specified" have no merged column.
    pub fn merged_controls(&self) -> Set<MergedControl> {
        let merged = self.controls.iter().filter_map(merge);
        merged.fold(self.controls_merged, Set::with)
    }
}

/// The region in which a province lies.
pub fn region_of(province: Province) -> RegionShared {
    match province {
        Province::Newfoundland
        | Province::PrinceEdwardIsland
        | Province::NovaScotia
        | Province::NewBrunswick => RegionShared::Atlantic,
        Province::Quebec => RegionShared::Quebec,
        Province::Ontario => RegionShared::Ontario,
        Province::Manitoba | Province::Saskatchewan | Province::Alberta => RegionShared::Prairies,
        Province::BritishColumbia => RegionShared::Bc,
        Province::Yukon | Province::NorthwestTerritories | Province::Nunavut => RegionShared::North,
    }
}

/// The province in which a metropolitan area lies; `None` for Ottawa–Gatineau, which lies in two.
///
/// The first digit of the code is the one of the Atlantic, Quebec, Ontario, ... numbering of the
/// Standard Geographical Classification.
pub fn province_of(cma: Cma) -> Option<Province> {
    match cma.code().as_bytes() {
        [b'0', ..] => Some(Province::Newfoundland),
        [b'2', ..] => Some(Province::NovaScotia),
        [b'3', ..] => Some(Province::NewBrunswick),
        [b'4', ..] => Some(Province::Quebec),
        b"505" => None,
        [b'5', ..] => Some(Province::Ontario),
        [b'6', ..] => Some(Province::Manitoba),
        [b'7', ..] => Some(Province::Saskatchewan),
        [b'8', ..] => Some(Province::Alberta),
        [b'9', ..] => Some(Province::BritishColumbia),
        _ => None,
    }
}

fn group_of(country: Country) -> CitizenshipGroup {
    match country.region() {
        _ if country == Country::CANADA => CitizenshipGroup::Can,
        _ if country == Country::STATELESS => CitizenshipGroup::Stateless,
        Some(Region::Africa) => CitizenshipGroup::Africa,
        Some(Region::Americas) => CitizenshipGroup::Americas,
        Some(Region::Asia) => CitizenshipGroup::Asia,
        Some(Region::Europe) => CitizenshipGroup::Europe,
        Some(Region::Oceania) => CitizenshipGroup::Oceania,
        None => CitizenshipGroup::Unknown,
    }
}

/// The crosswalk of the CTDC codebook from the columns of 2017 to those of 2024.
fn merge(control: Control) -> Option<MergedControl> {
    match control {
        Control::DebtBondage | Control::TakesEarnings => Some(MergedControl::DebtBondageEarnings),
        Control::Threats | Control::UsesChildren | Control::ThreatOfLaw => {
            Some(MergedControl::Threats)
        }
        Control::PsychologicalAbuse | Control::PhysicalAbuse | Control::SexualAbuse => {
            Some(MergedControl::AbusePsyPhySex)
        }
        Control::FalsePromises => Some(MergedControl::FalsePromises),
        Control::Psychoactive => Some(MergedControl::DrugsAlcohol),
        Control::RestrictsFinance
        | Control::RestrictsMovement
        | Control::RestrictsMedical
        | Control::WithholdsNecessities => Some(MergedControl::DenyBasicNeeds),
        Control::ExcessiveHours => Some(MergedControl::ExcessiveWorkHours),
        Control::WithholdsDocuments => Some(MergedControl::WithholdDocs),
        Control::Other | Control::NotSpecified => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::record::{Field, RecordId};

    use super::*;

    fn with(fields: &[(Field, &str)]) -> CaseRecord {
        let mut record = CaseRecord::new(RecordId([1; 16]), date(2025, 6, 30));
        for (field, text) in fields {
            record.set(*field, text).unwrap();
        }
        record
    }

    #[test]
    fn a_record_known_by_its_year_has_no_quarter() {
        let record = with(&[]);
        assert_eq!(record.quarter().unwrap().to_string(), "2025-Q2");
        let record =
            with(&[(Field::RegisteredOn, "2025-01-01"), (Field::RegisteredPrecision, "year")]);
        assert_eq!(record.quarter(), None);
        assert_eq!(record.period().unwrap().to_string(), "2025");
    }

    #[test]
    fn an_age_comes_from_the_birthdate_only_if_the_day_is_known() {
        let fields = [(Field::Birthdate, "2007-07-01")];
        assert_eq!(with(&fields).age(), Some(17));
        assert_eq!(with(&[(Field::Birthdate, "2007-06-30")]).age(), Some(18));
        assert_eq!(
            with(&[(Field::Birthdate, "2007-06-30"), (Field::AgeAtRegistration, "30")]).age(),
            Some(30)
        );
        let year_only = with(&[
            (Field::Birthdate, "2007-07-01"),
            (Field::RegisteredOn, "2025-01-01"),
            (Field::RegisteredPrecision, "year"),
        ]);
        assert_eq!(year_only.age(), None);
    }

    #[test]
    fn bands_and_groups_meet_at_their_edges() {
        let cases = [
            ("8", AgeBand::From0To8, AgeShared::From0To17),
            ("9", AgeBand::From9To17, AgeShared::From0To17),
            ("17", AgeBand::From9To17, AgeShared::From0To17),
            ("18", AgeBand::From18To20, AgeShared::From18To24),
            ("24", AgeBand::From24To26, AgeShared::From18To24),
            ("25", AgeBand::From24To26, AgeShared::From25To34),
            ("34", AgeBand::From30To38, AgeShared::From25To34),
            ("35", AgeBand::From30To38, AgeShared::From35To44),
            ("44", AgeBand::From39To47, AgeShared::From35To44),
            ("45", AgeBand::From39To47, AgeShared::From45Up),
            ("48", AgeBand::From48Up, AgeShared::From45Up),
        ];
        for (age, band, shared) in cases {
            let record = with(&[(Field::AgeAtRegistration, age)]);
            assert_eq!((record.age_band(), record.age_shared()), (band, shared), "{age}");
        }
    }

    #[test]
    fn a_band_that_lies_across_two_groups_is_shared_as_adult() {
        for band in ["24-26", "30-38", "39-47"] {
            let record = with(&[(Field::AgeBandRecorded, band)]);
            assert_eq!(record.age_shared(), AgeShared::From18Up, "{band}");
            assert_eq!(record.majority(), Majority::Adult);
        }
        assert_eq!(with(&[(Field::AgeBandRecorded, "9-17")]).majority(), Majority::Minor);
        assert_eq!(with(&[]).majority(), Majority::Unknown);
        let minor = with(&[(Field::MajorityAtRegistration, "minor")]);
        assert_eq!(minor.age_shared(), AgeShared::From0To17);
    }

    #[test]
    fn who_was_a_minor_when_it_began_was_exploited_as_a_minor() {
        let began = with(&[(Field::AgeAtEntry, "17"), (Field::AgeAtRegistration, "25")]);
        assert_eq!(began.majority_when_exploited(), Majority::Minor);
        let began = with(&[(Field::AgeAtEntry, "18")]);
        assert_eq!(began.majority_when_exploited(), Majority::Adult);
        // An adult today may have been a minor then.
        let adult = with(&[(Field::AgeAtRegistration, "30")]);
        assert_eq!(adult.majority_when_exploited(), Majority::Unknown);
        let minor = with(&[(Field::AgeAtRegistration, "15")]);
        assert_eq!(minor.majority_when_exploited(), Majority::Minor);
    }

    #[test]
    fn one_canadian_citizenship_is_enough_and_two_continents_are_unknown() {
        let group = |text| with(&[(Field::Citizenship, text)]).citizenship_group();
        assert_eq!(group("PH;CA"), CitizenshipGroup::Can);
        assert_eq!(group("PH;VN"), CitizenshipGroup::Asia);
        assert_eq!(group("PH;FR"), CitizenshipGroup::Unknown);
        assert_eq!(group("XXA"), CitizenshipGroup::Stateless);
        assert_eq!(group("US"), CitizenshipGroup::Americas);
        assert_eq!(group(""), CitizenshipGroup::Unknown);
        let citizen = with(&[(Field::ImmigrationStatus, "citizen")]);
        assert_eq!(citizen.citizenship_group(), CitizenshipGroup::Can);
    }

    #[test]
    fn a_region_comes_from_the_finest_place_that_is_known() {
        let region = |field, text| with(&[(field, text)]).region_shared();
        assert_eq!(region(Field::CmaOfExploitation, "933"), Some(RegionShared::Bc));
        assert_eq!(region(Field::CmaOfExploitation, "505"), Some(RegionShared::Canada));
        assert_eq!(region(Field::ProvinceOfExploitation, "62"), Some(RegionShared::North));
        assert_eq!(region(Field::CountryOfExploitation, "CA"), Some(RegionShared::Canada));
        assert_eq!(region(Field::CountryOfExploitation, "US"), None);
        for cma in Cma::ALL {
            assert_eq!(province_of(*cma).is_none(), *cma == Cma::OttawaGatineau);
        }
    }

    #[test]
    fn merged_controls_follow_the_codebook_and_keep_what_was_merged_before() {
        let record = with(&[
            (Field::Controls, "takes_earnings;uses_children;restricts_medical;other"),
            (Field::ControlsMerged, "withhold_docs"),
        ]);
        assert_eq!(
            record.merged_controls().text(),
            "debt_bondage_earnings;threats;deny_basic_needs;withhold_docs"
        );
    }

    #[test]
    fn every_gender_has_one_shared_form() {
        for gender in Gender::ALL {
            let shared = with(&[(Field::Gender, gender.code())]).gender_shared();
            assert_eq!(shared == GenderShared::Unknown, *gender == Gender::Unknown);
        }
        assert_eq!(with(&[(Field::Gender, "two_spirit")]).gender_shared(), GenderShared::TransNc);
    }
}
