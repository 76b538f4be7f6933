//! Adding a service, or changing what is given of one.

use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::record::Language;
use entente_core::service::check::tidy;
use entente_core::service::place::{letters, postal_code};
use entente_core::service::schedule::{Freq, Schedule, parse_byday, parse_time};
use entente_core::service::{
    Address, Area, Location, Organization, Phone, Service, ServiceId, Site, Spoken, Wrong,
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
    place(service, ask)
}

fn text(both: &Both) -> Text {
    Text::new(tidy(&both.en), tidy(&both.fr))
}

fn texts(service: &mut Service, ask: &ServiceAddAsk) {
    if let Some(name) = &ask.name {
        service.name = text(name);
    }
    if let Some(description) = &ask.description {
        service.description = text(description);
    }
    if let Some(url) = &ask.url {
        service.url = tidy(url);
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
    if let Some(languages) = &ask.languages {
        let spoken = |tag: &String| {
            let language = Language::new(tag.trim());
            let language = language.map_err(|_| wrong_value("languages", Wrong::NotALanguage))?;
            Ok(Spoken { language, interpreted: false })
        };
        service.languages = languages.iter().map(spoken).collect::<Outcome<_>>()?;
    }
    service.minimum_age = ask.minimum_age.or(service.minimum_age);
    service.maximum_age = ask.maximum_age.or(service.maximum_age);
    service.trafficking = ask.trafficking.unwrap_or(service.trafficking);
    service.accepts_without_status = ask.accepts_without_status.or(service.accepts_without_status);
    Ok(())
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

fn place(service: &mut Service, ask: &ServiceAddAsk) -> Outcome<()> {
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
