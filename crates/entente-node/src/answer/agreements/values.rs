//! What a summary says, as codes: the fields of documents.

use entente_core::agreement::Element;
use entente_core::agreement::terms::Detail;
use entente_core::codes::{Code, Set};
use entente_core::summary::{Age, CaseSummary, Citizenship, Place};

use crate::local::doc::{FieldValue, Private};

/// Everything a summary says.
pub(in crate::answer) fn summary_fields(summary: &CaseSummary) -> Vec<FieldValue> {
    let mut fields: Vec<_> = Element::all()
        .filter_map(|element| Some(field(element.name(), values(summary, element)?)))
        .collect();
    fields.push(field("status", vec![summary.status.code().to_owned()]));
    if let Some(decider) = summary.status_decided_by {
        fields.push(field("status_decided_by", vec![decider.code().to_owned()]));
    }
    fields
}

/// A field with values that identify nobody on their own.
pub(crate) fn field(name: &str, values: Vec<String>) -> FieldValue {
    FieldValue {
        field: name.to_owned(),
        values: Private(values),
        identifying: false,
        masked: false,
    }
}

/// What a summary says in one field; `None` if it says nothing.
pub(crate) fn values(summary: &CaseSummary, element: Element) -> Option<Vec<String>> {
    let one = |code: &str| Some(vec![code.to_owned()]);
    match element {
        Element::Period => Some(vec![summary.period.to_string()]),
        Element::Place => one(match summary.place? {
            Place::Province(province) => province.code(),
            Place::Region(region) => region.code(),
            Place::Unknown => "unknown",
        }),
        Element::Gender => code(summary.gender),
        Element::Age => one(match summary.age? {
            Age::Group(group) => group.code(),
            Age::Majority(majority) => majority.code(),
        }),
        Element::Citizenship => one(match summary.citizenship? {
            Citizenship::Group(group) => group.code(),
            Citizenship::Canadian => "canadian",
            Citizenship::Other => "other",
            Citizenship::Unknown => "unknown",
        }),
        Element::Detail(detail) => details(summary, detail),
    }
}

fn details(summary: &CaseSummary, detail: Detail) -> Option<Vec<String>> {
    match detail {
        Detail::Exploitation => codes(summary.exploitation),
        Detail::MajorityAtExploitation => code(summary.majority_at_exploitation),
        Detail::LabourSectors => codes(summary.labour_sectors),
        Detail::Duration => code(summary.duration),
        Detail::SexualTypes => codes(summary.sexual_types),
        Detail::Controls => codes(summary.controls),
        Detail::RecruiterRelation => codes(summary.recruiter_relation),
        Detail::Needs => codes(summary.needs),
        Detail::GeoScope => code(summary.geo_scope),
        Detail::DefinitionProfiles => codes(summary.definition_profiles),
        Detail::DataSource => code(summary.data_source),
    }
}

fn code<C: Code>(code: Option<C>) -> Option<Vec<String>> {
    Some(vec![code?.code().to_owned()])
}

fn codes<C: Code>(codes: Option<Set<C>>) -> Option<Vec<String>> {
    Some(codes?.iter().map(|code| code.code().to_owned()).collect())
}
