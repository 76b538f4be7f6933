//! Adding a service, or changing what is given of one.

use entente_core::codes::{Province, Set};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::record::Language;
use entente_core::service::check::{is_phone, tidy};
use entente_core::service::place::{self, letters, postal_code};
use entente_core::service::schedule::{Freq, Schedule, parse_byday, parse_time};
use entente_core::service::{
    Address, Area, Contact, Documents, Location, Organization, Phone, Service, ServiceId, Site,
    Spoken, Wrong,
};

use super::{CHANGED, changed, code, point, province_of, set, wrong_value};
use crate::answer::{Desk, Staff, Steps};
use crate::fault::Both;
use crate::hsds::derived_id;
use crate::local::doc::*;
use crate::node::Outcome;
use crate::node::pairing::random;
use crate::node::services::cannot_be_kept;

pub(in crate::answer) fn add(
    desk: &Desk,
    staff: &Staff,
    ask: ServiceAddAsk,
    _: &Steps,
) -> Outcome<ServiceChangeTold> {
    let node = &desk.node;
    let mut service = match &ask.service {
        Some(wanted) => node.own_service(node.find_own_service(wanted)?)?,
        None => new_service(&node.id(), &node.profile().name)?,
    };
    apply(&mut service, &ask)?;
    if ask.service.is_none() {
        // Whoever enters it knows that it is so.
        service.assured_on = Some(node.today());
    }
    let problems = service.problems();
    if !problems.is_empty() {
        return Err(cannot_be_kept(&problems));
    }
    let id = service.id.to_string();
    node.put_services(&staff.actor(), CHANGED, vec![service])?;
    changed(node, &id)
}

/// A service without anything yet, of the organization with this identity and name.
pub(crate) fn new_service(org: &OrgId, name: &Text) -> Outcome<Service> {
    let organization = Organization {
        id: derived_id(&[org.as_bytes(), b"organization"]),
        name: name.clone(),
        ..Organization::default()
    };
    let id = uuid::Builder::from_random_bytes(random::<16>()?).into_uuid();
    Ok(Service::named(ServiceId(*id.as_bytes()), organization, Text::default()))
}

/// Puts what is given of a service into it.
pub(crate) fn apply(service: &mut Service, ask: &ServiceAddAsk) -> Outcome<()> {
    texts(service, ask);
    codes(service, ask)?;
    hours_and_phones(service, ask)?;
    if let Some(contacts) = &ask.contacts {
        service.contacts = contacts.iter().map(|it| contact(it)).collect::<Outcome<_>>()?;
    }
    put_place(service, ask)?;
    // After the place: a province alone stands for the area.
    if let Some(named) = &ask.areas {
        service.areas = areas(named)?;
    }
    Ok(())
}

fn text(both: &Both) -> Text {
    Text::new(tidy(&both.en), tidy(&both.fr))
}

/// A text that is typed as one: `English / français`, or the same in both languages.
fn sides(text: &str) -> Text {
    let (en, fr) = text.split_once(" / ").unwrap_or((text, text));
    Text::new(tidy(en), tidy(fr))
}

fn texts(service: &mut Service, ask: &ServiceAddAsk) {
    let put = |field: &mut Text, given: &Option<Both>| {
        if let Some(given) = given {
            *field = text(given);
        }
    };
    put(&mut service.name, &ask.name);
    put(&mut service.description, &ask.description);
    put(&mut service.eligibility, &ask.eligibility);
    put(&mut service.interpretation, &ask.interpretation);
    put(&mut service.application, &ask.application);
    put(&mut service.fees, &ask.fees);
    put(&mut service.alert, &ask.alert);
    if let Some(url) = &ask.url {
        service.url = tidy(url);
    }
    if let Some(email) = &ask.email {
        service.email = tidy(email);
    }
    if let Some(documents) = &ask.documents {
        let said: Vec<Text> =
            documents.iter().map(text).filter(|it| *it != Text::default()).collect();
        service.documents = match (documents.is_empty(), said.is_empty()) {
            (true, _) => Documents::None,
            (_, true) => Documents::Unknown,
            _ => Documents::Required(said),
        };
    }
}

fn codes(service: &mut Service, ask: &ServiceAddAsk) -> Outcome<()> {
    if let Some(needs) = &ask.needs {
        service.needs = set("need", needs)?;
    }
    if let Some(groups) = &ask.groups {
        service.groups = set("service_group", groups)?;
    }
    if let Some(genders) = &ask.genders {
        service.genders = genders.iter().map(|it| code("gender", it)).collect::<Outcome<_>>()?;
    }
    if let Some(access) = &ask.access {
        service.access = set("access_need", access)?;
    }
    for (tags, interpreted) in [(&ask.languages, false), (&ask.interpreted, true)] {
        if let Some(tags) = tags {
            put_languages(service, tags, interpreted)?;
        }
    }
    service.minimum_age = ask.minimum_age.or(service.minimum_age);
    service.maximum_age = ask.maximum_age.or(service.maximum_age);
    service.trafficking = ask.trafficking.unwrap_or(service.trafficking);
    service.accepts_without_status = ask.accepts_without_status.or(service.accepts_without_status);
    Ok(())
}

/// Puts languages in place of those that are given in the same way, with an interpreter or without.
fn put_languages(service: &mut Service, tags: &[String], interpreted: bool) -> Outcome<()> {
    let given = |tag: &String| {
        let language = Language::new(tag.trim());
        let language = language.map_err(|_| wrong_value("languages", Wrong::NotALanguage))?;
        Ok(Spoken { language, interpreted })
    };
    let given: Vec<Spoken> = tags.iter().map(given).collect::<Outcome<_>>()?;
    let is_given = |it: &Spoken| given.iter().any(|one| one.language == it.language);
    service.languages.retain(|it| it.interpreted != interpreted && !is_given(it));
    service.languages.extend(given);
    service.languages.sort_by_key(|it| it.interpreted);
    Ok(())
}

/// `A. Roy; Intake / Accueil; 204-555-0100; roy@example.org`: a name, a title, and how to reach them.
fn contact(text: &str) -> Outcome<Contact> {
    let mut contact = Contact::default();
    for part in text.split(';').map(tidy).filter(|part| !part.is_empty()) {
        match () {
            () if part.contains('@') => contact.email = part,
            () if is_phone(&part) => contact.phone = part,
            () if contact.name.is_empty() => contact.name = part,
            () if contact.title == Text::default() => contact.title = sides(&part),
            () => return Err(wrong_value("contacts", Wrong::WrongForm)),
        }
    }
    if contact == Contact::default() {
        return Err(wrong_value("contacts", Wrong::Missing));
    }
    Ok(contact)
}

/// Canada first, then provinces, then areas in words, as a listing has them.
fn areas(named: &[String]) -> Outcome<Vec<Area>> {
    let (mut canada, mut provinces, mut words) = (None, Set::<Province>::EMPTY, Vec::new());
    for text in named.iter().map(|it| tidy(it)) {
        match place::province(&text) {
            Some(province) => provinces = provinces.with(province),
            None if ["canada", "ca"].contains(&text.to_lowercase().as_str()) => {
                canada = Some(Area::Canada);
            }
            None if text.is_empty() => return Err(wrong_value("areas", Wrong::Missing)),
            None => words.push(Area::Named(sides(&text))),
        }
    }
    Ok(canada.into_iter().chain(provinces.iter().map(Area::Province)).chain(words).collect())
}

fn hours_and_phones(service: &mut Service, ask: &ServiceAddAsk) -> Outcome<()> {
    if let Some(phones) = &ask.phones {
        let phone = |number: &String| Phone {
            number: tidy(number),
            kind: "voice".to_owned(),
            ..Phone::default()
        };
        service.phones = phones.iter().map(phone).collect();
    }
    if let Some(hours) = &ask.hours {
        let parsed = |text: &String| {
            schedule(text).ok_or_else(|| wrong_value("hours", Wrong::BrokenSchedule))
        };
        service.schedules = hours.iter().map(parsed).collect::<Outcome<_>>()?;
    }
    Ok(())
}

/// `MO,TU 09:00-17:00`, or `always`.
fn schedule(text: &str) -> Option<Schedule> {
    let text = text.trim();
    let (days, hours) = match text {
        "always" => ("MO,TU,WE,TH,FR,SA,SU", "00:00-00:00"),
        text => text.split_once(' ')?,
    };
    let (opens, closes) = hours.trim().split_once('-')?;
    let byday = parse_byday(days).filter(|days| !days.is_empty())?;
    Some(Schedule {
        freq: Some(Freq::Weekly),
        byday,
        opens_at: Some(parse_time(opens)?),
        closes_at: Some(parse_time(closes)?),
        ..Schedule::default()
    })
}

fn put_place(service: &mut Service, ask: &ServiceAddAsk) -> Outcome<()> {
    let province = ask.province.as_deref().map(province_of).transpose()?;
    let id = derived_id(&[&service.id.0, b"location"]);
    let is_hidden = service.locations.iter().any(|it| matches!(it, Location::Redacted { .. }));
    let tells =
        ask.at.is_some() || ask.street.is_some() || ask.city.is_some() || ask.postal_code.is_some();
    if ask.hidden.unwrap_or(is_hidden) {
        // An address that was typed for a place that is not told is not dropped in silence.
        if tells {
            return Err(wrong_value("at", Wrong::TellsPlace));
        }
        let province = province.or_else(|| service.province());
        let province = province.ok_or_else(|| wrong_value("province", Wrong::Missing))?;
        service.locations = vec![Location::Redacted { id, province }];
        return Ok(());
    }
    if let Some(province) = province
        && !tells
        && service.locations.is_empty()
    {
        service.areas = vec![Area::Province(province)];
    }
    if !tells && !is_hidden {
        return Ok(());
    }
    let mut site = match service.locations.first() {
        Some(Location::Physical(site)) => (**site).clone(),
        _ => Site { id, ..Site::default() },
    };
    let address = &mut site.address;
    *address = Address {
        street: ask.street.as_ref().map_or_else(|| address.street.clone(), text),
        city: ask.city.as_ref().map_or_else(|| address.city.clone(), text),
        state_province: province.map_or(address.state_province.clone(), |it| letters(it).into()),
        postal_code: match &ask.postal_code {
            Some(code) => postal_code(code)
                .ok_or_else(|| wrong_value("postal_code", Wrong::NotAPostalCode))?,
            None => address.postal_code.clone(),
        },
        country: "CA".to_owned(),
    };
    if let Some(at) = &ask.at {
        site.point = Some(point(at)?);
    }
    service.locations = vec![Location::Physical(Box::new(site))];
    Ok(())
}
