//! What a record could say at most: every field of a summary at its finest level.
//!
//! Here, and only here, is a record read for a partner.

use crate::agreement::terms::Detail;
use crate::codes::{
    AgeShared, CitizenshipGroup, DataSource, DefinitionProfile, Duration, Exploitation,
    GenderShared, GeoScope, IndigenousIdentity, LabourSector, Majority, MergedControl, Need,
    Province, RecruiterRelation, Set, SexualType, Status, StatusDecider,
};
use crate::identity::OrgId;
use crate::period::Period;
use crate::record::CaseRecord;

use super::{Age, CaseSummary, Citizenship, Ladder, Place, Rung, SummaryId, coarser_period};

/// A case at the finest levels of the lattice, with the facts a policy asks about. Stays at home.
#[derive(Clone, PartialEq, Eq)]
pub struct Finest {
    /// When it was registered.
    pub period: Period,
    /// Where the exploitation took place.
    pub place: Place,
    /// Gender.
    pub gender: GenderShared,
    /// Age at registration.
    pub age: AgeShared,
    /// Citizenship.
    pub citizenship: CitizenshipGroup,
    /// Minor or adult when exploited.
    pub majority_at_exploitation: Majority,
    /// Forms of exploitation.
    pub exploitation: Set<Exploitation>,
    /// Sectors of forced labour.
    pub labour_sectors: Set<LabourSector>,
    /// Types of sexual exploitation.
    pub sexual_types: Set<SexualType>,
    /// How long it lasted.
    pub duration: Duration,
    /// Means of control, merged.
    pub controls: Set<MergedControl>,
    /// Who the recruiter was to the person.
    pub recruiter_relation: Set<RecruiterRelation>,
    /// Needs.
    pub needs: Set<Need>,
    /// Whether a border was crossed.
    pub geo_scope: GeoScope,
    /// Definitions met.
    pub definition_profiles: Set<DefinitionProfile>,
    /// Where the record came from.
    pub data_source: Option<DataSource>,
    /// The status, if one was decided.
    pub status: Option<Status>,
    /// Who decided it.
    pub status_decided_by: Option<StatusDecider>,
    /// Whether the person declared an Indigenous identity. In no summary; a policy may forbid by it.
    pub is_indigenous: bool,
    /// The community steward who must allow it too. In no summary.
    pub steward: Option<OrgId>,
}

impl std::fmt::Debug for Finest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // All fields together come close to naming a person.
        f.write_str("Finest(..)")
    }
}

impl Finest {
    /// Reads a record. `definition_profiles` are the definitions it meets, which are computed
    /// ([`crate::definition::met`]).
    ///
    /// `None` for a record whose date lies outside the years that periods have.
    pub fn of(record: &CaseRecord, definition_profiles: Set<DefinitionProfile>) -> Option<Self> {
        // Every field is named, so that a field added to `CaseRecord` does not compile until
        // someone has decided, here, what becomes of it. "Through" names the function of the
        // record that reads the field.
        let CaseRecord {
            id: _,                   // Ours alone; a summary has a name of its own.
            person: _,               // For counting distinct persons, in `disclose`.
            external_ref: _,         // Identifies.
            steward,                 // A fact for the policy.
            name_salutation: _,      // Identifies.
            name_first: _,           // Identifies.
            name_middle: _,          // Identifies.
            name_last: _,            // Identifies.
            name_other: _,           // Identifies.
            birthdate: _,            // Through `age_shared`.
            contact_email: _,        // Identifies.
            contact_phone: _,        // Identifies.
            contact_address: _,      // Identifies.
            id_numbers: _,           // Identifies.
            notes: _,                // Free text can hold anything.
            registered_on: _,        // Through `period`.
            registered_precision: _, // Through `period`.
            data_source,
            identified_by: _, // Points at who told; adds little to the source.
            status,
            status_decided_by,
            case_status: _,         // Changes after release; would need a second one.
            retention_until: _,     // Our own housekeeping.
            gender: _,              // Through `gender_shared`.
            age_at_registration: _, // Through `age_shared`.
            age_band_recorded: _,   // Through `age_shared`.
            age_at_entry: _,        // Through `majority_when_exploited`.
            majority_at_registration: _, // Through `age_shared`.
            majority_at_exploitation: _, // Through `majority_when_exploited`.
            citizenship: _,         // Through `citizenship_group`.
            immigration_status: _,  // L1: harms where it reaches enforcement.
            indigenous_identity,    // A fact for the policy; never told (OCAP®).
            indigenous_nation: _,   // Identifies.
            race: _,                // L3: protected statistics only.
            disability: _,          // L3.
            sexual_orientation: _,  // L0.
            languages: _,           // L1: a rare language identifies.
            education: _,           // L0.
            marital_status: _,      // L0.
            dependants: _,          // L1.
            vulnerabilities: _,     // L0.
            acts: _,                // Through the definitions met.
            acts_absent: _,         // L0.
            means: _,               // Through the definitions met.
            means_absent: _,        // L0.
            controls: _,            // Through `merged_controls`.
            controls_absent: _,     // L0.
            controls_merged: _,     // Through `merged_controls`.
            exploitation,
            exploitation_absent: _, // L0.
            labour_sectors,
            sexual_types,
            abduction: _, // L3.
            duration,
            recruiter_relation,
            recruitment_method: _,       // L3.
            recruitment_platform: _,     // L3, and free text.
            indicators: _,               // L0: suggest a status, which is told.
            safety_threat_believed: _,   // Through the definitions met.
            crossed_into_canada: _,      // Through the definitions met.
            menace_of_penalty: _,        // Through the definitions met.
            not_voluntary: _,            // Through the definitions met.
            freedom_restricted: _,       // Through the definitions met.
            place_of_exploitation: _,    // Identifies.
            province_of_exploitation: _, // Through `province`.
            cma_of_exploitation: _,      // Through `province`; as such L3.
            country_of_exploitation: _,  // Through `region_shared`.
            geo_scope,
            venue: _,       // L3.
            employer_id: _, // Identifies.
            work_permit: _, // Names, with the sector, a workplace.
            needs,
            risk: _,             // L1.
            trp_stage: _,        // L3.
            offences_charged: _, // L3.
            case_outcome: _,     // L3.
        } = record;

        Some(Self {
            period: record.period()?,
            place: match (record.province(), record.region_shared()) {
                (Some(province), _) => Place::Province(province),
                (None, Some(region)) => Place::Region(region),
                (None, None) => Place::Unknown,
            },
            gender: record.gender_shared(),
            age: record.age_shared(),
            citizenship: record.citizenship_group(),
            majority_at_exploitation: record.majority_when_exploited(),
            exploitation: *exploitation,
            labour_sectors: *labour_sectors,
            sexual_types: *sexual_types,
            duration: duration.unwrap_or(Duration::Unknown),
            controls: record.merged_controls(),
            recruiter_relation: *recruiter_relation,
            needs: *needs,
            geo_scope: geo_scope.unwrap_or(GeoScope::Unknown),
            definition_profiles,
            data_source: *data_source,
            status: *status,
            status_decided_by: *status_decided_by,
            is_indigenous: matches!(
                indigenous_identity,
                Some(
                    IndigenousIdentity::FirstNations
                        | IndigenousIdentity::Metis
                        | IndigenousIdentity::Inuit
                        | IndigenousIdentity::MultipleOther
                )
            ),
            steward: *steward,
        })
    }

    /// Its class on each rung.
    pub fn ladder(&self) -> Ladder {
        Ladder::of(self)
    }

    /// The province, if it is known.
    pub fn province(&self) -> Option<Province> {
        match self.place {
            Place::Province(province) => Some(province),
            Place::Region(_) | Place::Unknown => None,
        }
    }

    /// Minor or adult at registration.
    pub fn majority(&self) -> Majority {
        Age::Group(self.age).majority()
    }

    /// Whether the person is, was or may have been a minor. Unknown counts as "may".
    pub fn may_be_minor(&self) -> bool {
        self.majority() != Majority::Adult || self.majority_at_exploitation != Majority::Adult
    }

    /// The status, if it is one that may leave: possible or actual victim.
    pub fn shareable_status(&self) -> Option<Status> {
        self.status.filter(|status| *status != Status::NotVictim)
    }

    /// The summary on a rung; `None` if the status is not one that may leave.
    ///
    /// `tells_form` says whether the class was large and varied enough to tell the form of
    /// exploitation; without it, what would give the form away is left out too.
    pub fn at(
        &self,
        rung: Rung,
        tells_form: bool,
        id: SummaryId,
        k_at_release: u32,
    ) -> Option<CaseSummary> {
        let status = self.shareable_status()?;
        let levels = rung.levels();
        let tells = |detail| levels.tells(detail) && (tells_form || !gives_form_away(detail));
        Some(CaseSummary {
            id,
            rung,
            period: coarser_period(self.period, levels.period),
            place: self.place.at(levels.place),
            gender: match levels.gender {
                crate::agreement::terms::GenderLevel::Shared => Some(self.gender),
                crate::agreement::terms::GenderLevel::Withheld => None,
            },
            age: Age::Group(self.age).at(levels.age),
            citizenship: Citizenship::Group(self.citizenship).at(levels.citizenship),
            majority_at_exploitation: tells(Detail::MajorityAtExploitation)
                .then_some(self.majority_at_exploitation),
            exploitation: tells(Detail::Exploitation).then_some(self.exploitation),
            labour_sectors: tells(Detail::LabourSectors).then_some(self.labour_sectors),
            sexual_types: tells(Detail::SexualTypes).then_some(self.sexual_types),
            duration: tells(Detail::Duration).then_some(self.duration),
            controls: tells(Detail::Controls).then_some(self.controls),
            recruiter_relation: tells(Detail::RecruiterRelation).then_some(self.recruiter_relation),
            needs: tells(Detail::Needs).then_some(self.needs),
            geo_scope: tells(Detail::GeoScope).then_some(self.geo_scope),
            definition_profiles: tells(Detail::DefinitionProfiles)
                .then_some(self.definition_profiles),
            data_source: self.data_source.filter(|_| tells(Detail::DataSource)),
            status,
            status_decided_by: self.status_decided_by,
            k_at_release,
        })
    }
}

/// Whether a field lets the form of exploitation be guessed.
fn gives_form_away(detail: Detail) -> bool {
    matches!(
        detail,
        Detail::Exploitation
            | Detail::LabourSectors
            | Detail::SexualTypes
            | Detail::DefinitionProfiles
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::agreement::{Element, Elements};
    use crate::lang::Lang;
    use crate::record::{Field, RecordId};

    /// A case that every policy of the tests lets out.
    pub(crate) fn finest() -> Finest {
        Finest {
            period: Period::from_number(20_263).unwrap(),
            place: Place::Province(Province::Alberta),
            gender: GenderShared::Woman,
            age: AgeShared::From25To34,
            citizenship: CitizenshipGroup::Asia,
            majority_at_exploitation: Majority::Adult,
            exploitation: Set::EMPTY.with(Exploitation::ForcedLabour),
            labour_sectors: Set::EMPTY.with(LabourSector::Domestic),
            sexual_types: Set::EMPTY,
            duration: Duration::From0To12,
            controls: Set::EMPTY.with(MergedControl::WithholdDocs),
            recruiter_relation: Set::EMPTY,
            needs: Set::EMPTY.with(Need::Legal),
            geo_scope: GeoScope::IntoCanada,
            definition_profiles: Set::EMPTY.with(DefinitionProfile::Palermo),
            data_source: Some(DataSource::CaseManagement),
            status: Some(Status::Actual),
            status_decided_by: Some(StatusDecider::Ngo),
            is_indigenous: false,
            steward: None,
        }
    }

    const ID: SummaryId = SummaryId([7; 16]);

    fn record() -> CaseRecord {
        let mut record = CaseRecord::new(RecordId([1; 16]), date(2026, 8, 15));
        for (field, text) in [
            (Field::Gender, "woman"),
            (Field::AgeAtRegistration, "27"),
            (Field::Citizenship, "PHL"),
            (Field::ProvinceOfExploitation, "48"),
            (Field::Exploitation, "forced_labour"),
            (Field::LabourSectors, "domestic"),
            (Field::Status, "actual"),
        ] {
            record.set(field, text).unwrap();
        }
        record
    }

    #[test]
    fn what_identifies_never_changes_a_summary() {
        let plain = record();
        let mut named = plain.clone();
        for (field, text) in [
            (Field::NameFirst, "Canary"),
            (Field::NameLast, "Canary"),
            (Field::ContactPhone, "780-555-0100"),
            (Field::IdNumbers, "123-456-782"),
            (Field::Notes, "Canary"),
            (Field::PlaceOfExploitation, "12 Canary St"),
            (Field::EmployerId, "BN 1"),
            (Field::IndigenousNation, "Canary"),
            (Field::ImmigrationStatus, "out_of_status"),
            (Field::Venue, "farm"),
        ] {
            named.set(field, text).unwrap();
        }
        assert_ne!(plain, named);
        assert_eq!(Finest::of(&plain, Set::EMPTY), Finest::of(&named, Set::EMPTY));
    }

    #[test]
    fn the_finest_rung_tells_all_and_the_top_almost_nothing() {
        let case = Finest::of(&record(), Set::EMPTY).unwrap();
        let finest = case.at(Rung::FINEST, true, ID, 11).unwrap();
        assert_eq!(finest.period.to_string(), "2026-Q3");
        assert_eq!(finest.place, Some(Place::Province(Province::Alberta)));
        assert_eq!(finest.citizenship, Some(Citizenship::Group(CitizenshipGroup::Asia)));
        assert_eq!(finest.labour_sectors, Some(Set::EMPTY.with(LabourSector::Domestic)));

        let top = case.at(Rung::TOP, false, ID, 11).unwrap();
        let told: Vec<_> =
            Element::all().filter(|element| top.shown(*element, Lang::En).is_some()).collect();
        assert_eq!(told, [Element::Period]);
        assert_eq!(top.period.to_string(), "2026");
    }

    #[test]
    fn with_the_form_goes_what_would_give_it_away() {
        let case = finest();
        let summary = case.at(Rung::FIRST_THAT_HIDES, false, ID, 11).unwrap();
        assert_eq!(summary.exploitation, None);
        assert_eq!(summary.sexual_types, None);
        assert_eq!(summary.definition_profiles, None);
        assert!(summary.controls.is_some());
    }

    #[test]
    fn who_is_no_victim_has_no_summary() {
        for status in [Some(Status::NotVictim), None] {
            assert_eq!(Finest { status, ..finest() }.at(Rung::TOP, false, ID, 50), None);
        }
    }

    #[test]
    fn an_agreement_only_makes_a_summary_coarser() {
        let full = finest().at(Rung::FINEST, true, ID, 11).unwrap();
        assert_eq!(full.clone().limited_to(&Elements::finest()), full);

        let nothing = full.limited_to(&Elements::withheld());
        let told: Vec<_> =
            Element::all().filter(|element| nothing.shown(*element, Lang::Fr).is_some()).collect();
        assert_eq!(told, [Element::Period]);
    }

    #[test]
    fn limiting_to_the_levels_of_a_rung_is_what_that_rung_says() {
        for rung in Rung::ALL {
            let full = finest().at(Rung::FINEST, true, ID, 11).unwrap();
            let limited = CaseSummary { rung, ..full.limited_to(&rung.levels().elements()) };
            assert_eq!(Some(limited), finest().at(rung, true, ID, 11));
        }
    }
}
