//! Hotlines: a list of objects with a number, names by language, and a region.

use entente_core::codes::{Need, Set};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::record::Language;
use entente_core::service::place::province;
use entente_core::service::{Area, Location, Organization, Phone, Problem, Service, Spoken, Wrong};
use serde_json::Value;

use super::read::Object;
use super::schedule::tidied;
use super::{FileRead, derived_id, derived_service_id, not_services};
use crate::node::Outcome;

/// Reads a list of hotlines.
pub fn read(value: &Value, publisher: &OrgId) -> Outcome<FileRead> {
    let Some(items) = value.as_array() else {
        return Err(not_services(
            "It is no list.".to_owned(),
            "Ce n’est pas une liste.".to_owned(),
        ));
    };
    let (mut read, mut rows) = (FileRead::default(), Vec::new());
    for (row, item) in (1_u64..).zip(items) {
        let before = read.services.len();
        let service =
            Object::of(item).ok_or(Wrong::WrongForm).map(|it| hotline(it, item, publisher));
        let problem = |wrong| vec![Problem { field: "service", wrong }];
        read.take(row, service.map_err(problem), &[]);
        if read.services.len() > before {
            rows.push(row);
        }
    }
    Ok(read.without_repeats(&rows))
}

fn hotline(object: Object<'_>, item: &Value, publisher: &OrgId) -> Service {
    let name = |lang: &str| tidied(item.get("name").and_then(|names| names.get(lang)));
    let name = Text::new(name("en-us"), name("fr-ca"));
    let (number, region) = (object.text("phoneNumber"), object.text("regionCode"));
    let id = derived_service_id(publisher, "hotlines", &[&name.en, &number, &region]);
    let organization = Organization {
        id: derived_id(&[&id.0, b"organization"]),
        name: name.clone(),
        ..Organization::default()
    };
    let is_emergency = object.text("hotlineType") == "emergency";
    let languages = item.get("supportedLanguages").and_then(Value::as_array);
    let spoken = |tag: &Value| {
        let language = Language::new(tag.as_str().unwrap_or_default()).ok()?;
        Some(Spoken { language, interpreted: false })
    };
    let need = if is_emergency { Need::Police } else { Need::SafetyPlanning };
    Service {
        needs: Set::EMPTY.with(need),
        trafficking: !is_emergency,
        languages: languages.into_iter().flatten().filter_map(spoken).collect(),
        phones: vec![Phone { number, kind: "voice".to_owned(), ..Phone::default() }],
        areas: area(&region).into_iter().collect(),
        locations: vec![Location::Virtual { id: derived_id(&[&id.0, b"location"]) }],
        ..Service::named(id, organization, name)
    }
}

/// `CA`, `CA-ON`, or a region in words or of another country.
fn area(region: &str) -> Option<Area> {
    match (region, region.strip_prefix("CA-").and_then(province)) {
        ("", _) => None,
        ("CA", _) => Some(Area::Canada),
        (_, Some(province)) => Some(Area::Province(province)),
        _ => Some(Area::Named(Text::new(region, ""))),
    }
}
