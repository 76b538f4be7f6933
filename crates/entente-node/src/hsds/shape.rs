//! What the official schemas of HSDS 3.0 want of each object that is read here: which fields must be
//! there, and what each of them is.
//!
//! What is neither read nor written is not looked at, and a field that is said to be nothing (`null`) is not there. In a
//! table a number is text, and a blank that must not be one is as good as missing. Where more is taken
//! than the schemas allow, and why, is in `docs/decisions/0069-hsds-as-its-schemas-want-it.md`.

use entente_core::service::{Problem, Wrong};
use serde_json::{Map, Value};

/// In what the objects come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In JSON.
    Json,
    /// In tables, where every cell is text.
    Tables,
}

/// What a field is.
enum Is {
    /// A UUID.
    Id,
    /// A text.
    Text,
    /// A number.
    Number,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An object.
    One(&'static [Field]),
    /// A list of objects.
    List(&'static [Field]),
}

/// A field of an object.
struct Field {
    name: &'static str,
    /// The name under which a problem is told.
    told: &'static str,
    must: bool,
    is: Is,
}

const fn must(name: &'static str, told: &'static str, is: Is) -> Field {
    Field { name, told, must: true, is }
}

const fn may(name: &'static str, told: &'static str, is: Is) -> Field {
    Field { name, told, must: false, is }
}

const TERM: &[Field] = &[
    must("id", "taxonomy_terms.id", Is::Id),
    may("code", "taxonomy_terms.code", Is::Text),
    must("name", "taxonomy_terms.name", Is::Text),
    must("description", "taxonomy_terms.description", Is::Text),
    may("taxonomy", "taxonomy_terms.taxonomy", Is::Text),
    may("language", "taxonomy_terms.language", Is::Text),
];

const ATTRIBUTE: &[Field] = &[
    must("id", "attributes.id", Is::Id),
    may("value", "attributes.value", Is::Text),
    may("taxonomy_term", "attributes.taxonomy_term", Is::One(TERM)),
];

const ATTRIBUTES: Field = may("attributes", "attributes", Is::List(ATTRIBUTE));

const IDENTIFIER: &[Field] = &[
    must("id", "organization_identifiers.id", Is::Id),
    may("identifier_scheme", "organization_identifiers.identifier_scheme", Is::Text),
    must("identifier_type", "organization_identifiers.identifier_type", Is::Text),
    must("identifier", "organization_identifiers.identifier", Is::Text),
];

const ORGANIZATION: &[Field] = &[
    must("id", "organization.id", Is::Id),
    must("name", "organization.name", Is::Text),
    must("description", "organization.description", Is::Text),
    may("email", "organization.email", Is::Text),
    may("website", "organization.website", Is::Text),
    may("organization_identifiers", "organization.organization_identifiers", Is::List(IDENTIFIER)),
    ATTRIBUTES,
];

const PHONE: &[Field] = &[
    must("id", "phones.id", Is::Id),
    must("number", "phones.number", Is::Text),
    may("extension", "phones.extension", Is::Number),
    may("type", "phones.type", Is::Text),
    may("description", "phones.description", Is::Text),
    ATTRIBUTES,
];

const SCHEDULE: &[Field] = &[
    must("id", "schedules.id", Is::Id),
    may("valid_from", "schedules.valid_from", Is::Text),
    may("valid_to", "schedules.valid_to", Is::Text),
    may("dtstart", "schedules.dtstart", Is::Text),
    may("until", "schedules.until", Is::Text),
    may("count", "schedules.count", Is::Number),
    may("freq", "schedules.freq", Is::Text),
    may("interval", "schedules.interval", Is::Number),
    may("byday", "schedules.byday", Is::Text),
    may("byweekno", "schedules.byweekno", Is::Text),
    may("bymonthday", "schedules.bymonthday", Is::Text),
    may("byyearday", "schedules.byyearday", Is::Text),
    may("opens_at", "schedules.opens_at", Is::Text),
    may("closes_at", "schedules.closes_at", Is::Text),
    may("description", "schedules.description", Is::Text),
    ATTRIBUTES,
];

const AREA: &[Field] = &[
    must("id", "service_areas.id", Is::Id),
    may("name", "service_areas.name", Is::Text),
    may("extent", "service_areas.extent", Is::Text),
    may("extent_type", "service_areas.extent_type", Is::Text),
    ATTRIBUTES,
];

const LANGUAGE: &[Field] = &[
    must("id", "languages.id", Is::Id),
    may("name", "languages.name", Is::Text),
    may("code", "languages.code", Is::Text),
    may("note", "languages.note", Is::Text),
    ATTRIBUTES,
];

const COST: &[Field] = &[
    must("id", "cost_options.id", Is::Id),
    may("option", "cost_options.option", Is::Text),
    may("currency", "cost_options.currency", Is::Text),
    may("amount", "cost_options.amount", Is::Number),
    ATTRIBUTES,
];

const DOCUMENT: &[Field] = &[
    must("id", "required_documents.id", Is::Id),
    may("document", "required_documents.document", Is::Text),
    ATTRIBUTES,
];

const CONTACT: &[Field] = &[
    must("id", "contacts.id", Is::Id),
    may("name", "contacts.name", Is::Text),
    may("title", "contacts.title", Is::Text),
    may("email", "contacts.email", Is::Text),
    may("phones", "contacts.phones", Is::List(PHONE)),
    ATTRIBUTES,
];

const ADDRESS: &[Field] = &[
    must("id", "addresses.id", Is::Id),
    must("address_1", "addresses.address_1", Is::Text),
    must("city", "addresses.city", Is::Text),
    must("state_province", "addresses.state_province", Is::Text),
    must("postal_code", "addresses.postal_code", Is::Text),
    must("country", "addresses.country", Is::Text),
    must("address_type", "addresses.address_type", Is::Word(&["physical", "postal", "virtual"])),
    ATTRIBUTES,
];

const ACCESSIBILITY: &[Field] = &[
    must("id", "accessibility.id", Is::Id),
    may("description", "accessibility.description", Is::Text),
    ATTRIBUTES,
];

const LOCATION: &[Field] = &[
    must("id", "locations.id", Is::Id),
    // Which words there are is for the reading to say: a draft of 3.1 has one more.
    must("location_type", "locations.location_type", Is::Text),
    may("name", "locations.name", Is::Text),
    may("description", "locations.description", Is::Text),
    may("transportation", "locations.transportation", Is::Text),
    may("latitude", "latitude", Is::Number),
    may("longitude", "longitude", Is::Number),
    may("addresses", "addresses", Is::List(ADDRESS)),
    may("accessibility", "accessibility", Is::List(ACCESSIBILITY)),
    may("phones", "phones", Is::List(PHONE)),
    may("schedules", "schedules", Is::List(SCHEDULE)),
    ATTRIBUTES,
];

const AT_LOCATION: &[Field] = &[
    must("id", "service_at_locations.id", Is::Id),
    may("location", "service_at_locations.location", Is::One(LOCATION)),
    may("phones", "phones", Is::List(PHONE)),
    may("schedules", "schedules", Is::List(SCHEDULE)),
];

const SERVICE: &[Field] = &[
    must("id", "id", Is::Id),
    may("organization", "organization", Is::One(ORGANIZATION)),
    must("name", "name", Is::Text),
    must("status", "status", Is::Text),
    may("description", "description", Is::Text),
    may("url", "url", Is::Text),
    may("email", "email", Is::Text),
    may("interpretation_services", "interpretation_services", Is::Text),
    may("application_process", "application_process", Is::Text),
    may("fees_description", "fees_description", Is::Text),
    may("eligibility_description", "eligibility_description", Is::Text),
    may("minimum_age", "minimum_age", Is::Number),
    may("maximum_age", "maximum_age", Is::Number),
    may("assured_date", "assured_date", Is::Text),
    may("alert", "alert", Is::Text),
    may("last_modified", "last_modified", Is::Text),
    may("phones", "phones", Is::List(PHONE)),
    may("schedules", "schedules", Is::List(SCHEDULE)),
    may("service_areas", "service_areas", Is::List(AREA)),
    may("languages", "languages", Is::List(LANGUAGE)),
    may("cost_options", "cost_options", Is::List(COST)),
    may("required_documents", "required_documents", Is::List(DOCUMENT)),
    may("contacts", "contacts", Is::List(CONTACT)),
    may("service_at_locations", "service_at_locations", Is::List(AT_LOCATION)),
    ATTRIBUTES,
];

/// What of a service is not as the schemas want it.
pub(super) fn problems(service: &Map<String, Value>, form: Form) -> Vec<Problem> {
    let mut all = Vec::new();
    look(service, SERVICE, form, &mut all);
    all
}

fn look(object: &Map<String, Value>, fields: &[Field], form: Form, all: &mut Vec<Problem>) {
    for field in fields {
        let wrong = match object.get(field.name).filter(|value| !value.is_null()) {
            None => field.must.then_some(Wrong::Missing),
            Some(value) => field.is.wrong(value, form, all),
        };
        if let Some(wrong) = wrong {
            let problem = Problem { field: field.told, wrong };
            if !all.contains(&problem) {
                all.push(problem);
            }
        }
    }
}

impl Is {
    /// What is wrong with a value, if it is not this. What is wrong in it is added to `all`.
    fn wrong(&self, value: &Value, form: Form, all: &mut Vec<Problem>) -> Option<Wrong> {
        match (self, value) {
            (Self::Id, Value::String(text)) if text.trim().is_empty() => Some(Wrong::Missing),
            (Self::Id, Value::String(text)) => {
                uuid::Uuid::try_parse(text.trim()).is_err().then_some(Wrong::NotAUuid)
            }
            (Self::Text, Value::String(_)) | (Self::Number, Value::Number(_)) => None,
            (Self::Number, Value::String(text)) if form == Form::Tables => {
                text.trim().parse::<f64>().is_err().then_some(Wrong::NotANumber)
            }
            (Self::Number, _) => Some(Wrong::NotANumber),
            (Self::Word(words), Value::String(text)) => {
                (!words.contains(&text.trim())).then_some(Wrong::UnknownCode)
            }
            (Self::One(fields), Value::Object(part)) => {
                look(part, fields, form, all);
                None
            }
            (Self::List(fields), Value::Array(items)) => {
                for item in items {
                    let Some(part) = item.as_object() else { return Some(Wrong::WrongForm) };
                    look(part, fields, form, all);
                }
                None
            }
            (Self::Id | Self::Text | Self::Word(_) | Self::One(_) | Self::List(_), _) => {
                Some(Wrong::WrongForm)
            }
        }
    }
}
