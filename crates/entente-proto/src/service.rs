//! Services and capacities as messages.
//!
//! No service that has any problem ([`Service::problems`]) comes out of decoding, and none whose
//! texts are not in their one form.

use entente_core::codes::Set;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::record::Language;
use entente_core::service::check::{MAX_ITEMS, tidy};
use entente_core::service::{
    Address, Area, Capacity, Contact, Cost, Documents, Location, Organization, Phone, Point,
    Service, ServiceId, Site, Spoken,
};
use jiff::Timestamp;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    array, code, code_number, day, day_number, nfc, optional_code, org, present, seconds,
    seconds_number, set, within,
};
use crate::v1;

mod schedule;

use schedule::{parse_schedule, schedule_message};

/// The most bytes of a listing. Names and descriptions in two languages come to some kilobytes.
pub const MAX_LISTING: usize = 64 * 1024;

/// The bytes of a listing: what its publisher signs.
pub fn encode_service(publisher: &OrgId, service: &Service) -> Vec<u8> {
    let Service {
        id,
        organization,
        name,
        description,
        url,
        email,
        status,
        needs,
        groups,
        genders,
        eligibility,
        minimum_age,
        maximum_age,
        languages,
        interpretation,
        access,
        application,
        fees,
        costs,
        documents,
        alert,
        schedules,
        zone,
        areas,
        locations,
        phones,
        contacts,
        trafficking,
        accepts_without_status,
        assured_on,
        modified_s,
    } = service;
    let (needs_no_documents, documents) = match documents {
        Documents::Unknown => (false, Vec::new()),
        Documents::None => (true, Vec::new()),
        Documents::Required(all) => (false, all.iter().filter_map(text_message).collect()),
    };
    let (all_of_canada, provinces, areas) = area_messages(areas);
    let message = v1::ServiceListing {
        publisher: publisher.as_bytes().to_vec(),
        id: id.0.to_vec(),
        organization: Some(organization_message(organization)),
        name: text_message(name),
        description: text_message(description),
        url: line(url),
        email: line(email),
        status: code_number(*status),
        needs: needs.bits(),
        groups: groups.bits(),
        genders: genders.bits(),
        eligibility: text_message(eligibility),
        minimum_age_plus_1: plus_1(*minimum_age),
        maximum_age_plus_1: plus_1(*maximum_age),
        languages: languages.iter().map(language_message).collect(),
        interpretation: text_message(interpretation),
        application: text_message(application),
        fees: text_message(fees),
        costs: costs.iter().map(cost_message).collect(),
        needs_no_documents,
        documents,
        alert: text_message(alert),
        schedules: schedules.iter().map(schedule_message).collect(),
        time_zone: zone.map_or(0, code_number),
        all_of_canada,
        provinces,
        areas,
        locations: locations.iter().map(location_message).collect(),
        phones: phones.iter().map(phone_message).collect(),
        contacts: contacts.iter().map(contact_message).collect(),
        trafficking: *trafficking,
        accepts_without_status: accepts_without_status.map_or(0, |it| 1 + u32::from(it)),
        assured_on: assured_on.map_or(0, day_number),
        modified_s: seconds_number(*modified_s),
        access: access.bits(),
    };
    message.encode_to_vec()
}

/// The publisher and the service of a listing, without problems. Verify the envelope first, and that
/// the publisher is the issuer.
pub fn decode_service(bytes: &[u8]) -> Result<(OrgId, Service), Invalid> {
    within("service", bytes.len(), 1..=MAX_LISTING)?;
    let message: v1::ServiceListing = canonical(bytes)?;
    let service = Service {
        id: ServiceId(array("id", &message.id)?),
        organization: parse_organization(present("organization", message.organization)?)?,
        name: text("name", message.name)?,
        description: text("description", message.description)?,
        url: plain("url", message.url)?,
        email: plain("email", message.email)?,
        status: code("status", message.status)?,
        needs: set("needs", message.needs)?,
        groups: set("groups", message.groups)?,
        genders: set("genders", message.genders)?,
        eligibility: text("eligibility", message.eligibility)?,
        minimum_age: minus_1("minimum_age_plus_1", message.minimum_age_plus_1)?,
        maximum_age: minus_1("maximum_age_plus_1", message.maximum_age_plus_1)?,
        languages: all("languages", message.languages, parse_language)?,
        interpretation: text("interpretation", message.interpretation)?,
        access: set("access", message.access)?,
        application: text("application", message.application)?,
        fees: text("fees", message.fees)?,
        costs: all("costs", message.costs, parse_cost)?,
        documents: parse_documents(message.needs_no_documents, message.documents)?,
        alert: text("alert", message.alert)?,
        schedules: all("schedules", message.schedules, parse_schedule)?,
        zone: optional_code("time_zone", message.time_zone)?,
        areas: parse_areas(message.all_of_canada, message.provinces, message.areas)?,
        locations: all("locations", message.locations, parse_location)?,
        phones: all("phones", message.phones, parse_phone)?,
        contacts: all("contacts", message.contacts, parse_contact)?,
        trafficking: message.trafficking,
        accepts_without_status: match message.accepts_without_status {
            0 => None,
            1 => Some(false),
            2 => Some(true),
            _ => return Err(Invalid::new("accepts_without_status", "is out of bounds")),
        },
        assured_on: optional_day("assured_on", message.assured_on)?,
        modified_s: seconds("modified_s", message.modified_s)?,
    };
    if service.problems().is_empty() {
        Ok((org("publisher", &message.publisher)?, service))
    } else {
        Err(Invalid::new("service", "has fields that cannot be"))
    }
}

/// The bytes of a withdrawal of a service.
pub fn encode_service_withdrawal(publisher: &OrgId, id: ServiceId, at_s: i64) -> Vec<u8> {
    let (publisher, id) = (publisher.as_bytes().to_vec(), id.0.to_vec());
    v1::ServiceWithdrawal { publisher, id, at_s: seconds_number(at_s) }.encode_to_vec()
}

/// The publisher and the service of a withdrawal. Verify the envelope first.
pub fn decode_service_withdrawal(bytes: &[u8]) -> Result<(OrgId, ServiceId), Invalid> {
    let message: v1::ServiceWithdrawal = canonical(bytes)?;
    seconds("at_s", message.at_s)?;
    Ok((org("publisher", &message.publisher)?, ServiceId(array("id", &message.id)?)))
}

/// The bytes of a capacity: what its publisher signs.
pub fn encode_capacity(publisher: &OrgId, capacity: &Capacity) -> Vec<u8> {
    let Capacity { service, available, maximum, unit, whom, said_at, until } = capacity;
    let message = v1::ServiceCapacity {
        publisher: publisher.as_bytes().to_vec(),
        service: service.0.to_vec(),
        available: *available,
        maximum_plus_1: maximum.map_or(0, |it| it.saturating_add(1)),
        unit: code_number(*unit),
        whom: whom.bits(),
        said_at_s: seconds_number(said_at.as_second()),
        until_s: seconds_number(until.as_second()),
    };
    message.encode_to_vec()
}

/// The publisher and the claim of a capacity. Whether it holds now is [`Capacity::check`]'s to say.
pub fn decode_capacity(bytes: &[u8]) -> Result<(OrgId, Capacity), Invalid> {
    let message: v1::ServiceCapacity = canonical(bytes)?;
    let instant = |field: &'static str, value: u64| {
        let out = Invalid::new(field, "is out of bounds");
        Timestamp::from_second(seconds(field, value)?).map_err(|_| out)
    };
    let capacity = Capacity {
        service: ServiceId(array("service", &message.service)?),
        available: message.available,
        maximum: message.maximum_plus_1.checked_sub(1),
        unit: code("unit", message.unit)?,
        whom: set("whom", message.whom)?,
        said_at: instant("said_at_s", message.said_at_s)?,
        until: instant("until_s", message.until_s)?,
    };
    // What it says of itself; whether it is over by now depends on when it is read.
    if capacity.check(capacity.said_at).is_err() {
        return Err(Invalid::new("capacity", "says what cannot be"));
    }
    Ok((org("publisher", &message.publisher)?, capacity))
}

/// At most [`MAX_ITEMS`], each parsed.
fn all<M, T>(
    field: &'static str,
    messages: Vec<M>,
    parse: impl FnMut(M) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    within(field, messages.len(), 0..=MAX_ITEMS)?;
    messages.into_iter().map(parse).collect()
}

/// A text in its one form.
fn plain(field: &'static str, text: String) -> Result<String, Invalid> {
    if tidy(&text) == text { Ok(text) } else { Err(Invalid::new(field, "is not in its one form")) }
}

fn text(field: &'static str, message: Option<v1::ServiceText>) -> Result<Text, Invalid> {
    let Some(v1::ServiceText { en, fr }) = message else { return Ok(Text::default()) };
    if en.is_empty() && fr.is_empty() {
        return Err(Invalid::new(field, "must not be blank"));
    }
    Ok(Text::new(plain(field, en)?, plain(field, fr)?))
}

fn line(text: &str) -> String {
    nfc(text)
}

fn text_message(text: &Text) -> Option<v1::ServiceText> {
    let is_empty = text.en.is_empty() && text.fr.is_empty();
    (!is_empty).then(|| v1::ServiceText { en: nfc(&text.en), fr: nfc(&text.fr) })
}

fn plus_1(age: Option<u8>) -> u32 {
    age.map_or(0, |age| u32::from(age) + 1)
}

fn minus_1(field: &'static str, value: u32) -> Result<Option<u8>, Invalid> {
    let Some(age) = within(field, value, 0..=151)?.checked_sub(1) else { return Ok(None) };
    u8::try_from(age).map(Some).map_err(|_| Invalid::new(field, "is out of bounds"))
}

fn optional_day(field: &'static str, value: u32) -> Result<Option<jiff::civil::Date>, Invalid> {
    if value == 0 { Ok(None) } else { day(field, value).map(Some) }
}

fn organization_message(organization: &Organization) -> v1::ServiceOrganization {
    let Organization { id, name, description, website, email, identifiers } = organization;
    let identifier = |(scheme, number): &(String, String)| v1::ServiceIdentifier {
        scheme: line(scheme),
        number: line(number),
    };
    v1::ServiceOrganization {
        id: id.to_vec(),
        name: text_message(name),
        description: text_message(description),
        website: line(website),
        email: line(email),
        identifiers: identifiers.iter().map(identifier).collect(),
    }
}

fn parse_organization(message: v1::ServiceOrganization) -> Result<Organization, Invalid> {
    let identifier =
        |it: v1::ServiceIdentifier| Ok((plain("scheme", it.scheme)?, plain("number", it.number)?));
    Ok(Organization {
        id: array("organization.id", &message.id)?,
        name: text("organization.name", message.name)?,
        description: text("organization.description", message.description)?,
        website: plain("organization.website", message.website)?,
        email: plain("organization.email", message.email)?,
        identifiers: all("organization.identifiers", message.identifiers, identifier)?,
    })
}

fn language_message(spoken: &Spoken) -> v1::ServiceLanguage {
    v1::ServiceLanguage { tag: spoken.language.to_string(), interpreted: spoken.interpreted }
}

fn parse_language(message: v1::ServiceLanguage) -> Result<Spoken, Invalid> {
    let language = Language::new(&message.tag).ok().filter(|it| **it == *message.tag);
    let language = language.ok_or(Invalid::new("languages", "must be a tag in lower case"))?;
    Ok(Spoken { language, interpreted: message.interpreted })
}

fn cost_message(cost: &Cost) -> v1::ServiceCost {
    v1::ServiceCost {
        option: text_message(&cost.option),
        amount_cents_plus_1: cost.amount_cents.map_or(0, |it| u64::from(it) + 1),
        currency: line(&cost.currency),
    }
}

fn parse_cost(message: v1::ServiceCost) -> Result<Cost, Invalid> {
    let cents = message.amount_cents_plus_1.checked_sub(1).map(u32::try_from).transpose();
    Ok(Cost {
        option: text("costs.option", message.option)?,
        amount_cents: cents
            .map_err(|_| Invalid::new("costs.amount_cents_plus_1", "is out of bounds"))?,
        currency: plain("costs.currency", message.currency)?,
    })
}

fn parse_documents(none: bool, documents: Vec<v1::ServiceText>) -> Result<Documents, Invalid> {
    match (none, documents.is_empty()) {
        (true, true) => Ok(Documents::None),
        (false, true) => Ok(Documents::Unknown),
        (false, false) => {
            let documents = all("documents", documents, |it| text("documents", Some(it)))?;
            Ok(Documents::Required(documents))
        }
        (true, false) => Err(Invalid::new("documents", "must be none if none is needed")),
    }
}

fn area_messages(areas: &[Area]) -> (bool, u32, Vec<v1::ServiceText>) {
    let mut messages = (false, Set::EMPTY, Vec::new());
    for area in areas {
        match area {
            Area::Canada => messages.0 = true,
            Area::Province(province) => messages.1 = messages.1.with(*province),
            Area::Named(name) => messages.2.extend(text_message(name)),
        }
    }
    (messages.0, messages.1.bits(), messages.2)
}

fn parse_areas(
    all_of_canada: bool,
    provinces: u32,
    named: Vec<v1::ServiceText>,
) -> Result<Vec<Area>, Invalid> {
    let mut areas = Vec::new();
    if all_of_canada {
        areas.push(Area::Canada);
    }
    let provinces: Set<entente_core::codes::Province> = set("provinces", provinces)?;
    areas.extend(provinces.iter().map(Area::Province));
    areas.extend(all("areas", named, |it| Ok(Area::Named(text("areas", Some(it))?)))?);
    Ok(areas)
}

fn location_message(location: &Location) -> v1::ServiceLocation {
    let empty = v1::ServiceLocation { id: location.id().to_vec(), ..Default::default() };
    match location {
        Location::Physical(site) => v1::ServiceLocation { site: Some(site_message(site)), ..empty },
        Location::Virtual { .. } => v1::ServiceLocation { is_virtual: true, ..empty },
        Location::Redacted { province, .. } => {
            v1::ServiceLocation { redacted_province: code_number(*province), ..empty }
        }
    }
}

fn parse_location(message: v1::ServiceLocation) -> Result<Location, Invalid> {
    let id = array("locations.id", &message.id)?;
    match (message.site, message.is_virtual, message.redacted_province) {
        (Some(site), false, 0) => Ok(Location::Physical(Box::new(parse_site(id, site)?))),
        (None, true, 0) => Ok(Location::Virtual { id }),
        (None, false, province) => {
            Ok(Location::Redacted { id, province: code("redacted_province", province)? })
        }
        _ => Err(Invalid::new("locations", "must be of exactly one kind")),
    }
}

fn site_message(site: &Site) -> v1::ServiceSite {
    let Site { id: _, name, address, point, accessibility, transportation } = site;
    let Address { street, city, state_province, postal_code, country } = address;
    let point = point
        .map(|it| v1::ServicePoint { latitude_e6: it.latitude_e6, longitude_e6: it.longitude_e6 });
    v1::ServiceSite {
        name: text_message(name),
        street: text_message(street),
        city: text_message(city),
        state_province: line(state_province),
        postal_code: line(postal_code),
        country: line(country),
        point,
        accessibility: accessibility.iter().filter_map(text_message).collect(),
        transportation: text_message(transportation),
    }
}

fn parse_site(id: [u8; 16], message: v1::ServiceSite) -> Result<Site, Invalid> {
    let address = Address {
        street: text("street", message.street)?,
        city: text("city", message.city)?,
        state_province: plain("state_province", message.state_province)?,
        postal_code: plain("postal_code", message.postal_code)?,
        country: plain("country", message.country)?,
    };
    let point = message
        .point
        .map(|it| Point { latitude_e6: it.latitude_e6, longitude_e6: it.longitude_e6 });
    let accessibility = |it| text("accessibility", Some(it));
    Ok(Site {
        id,
        name: text("locations.name", message.name)?,
        address,
        point,
        accessibility: all("accessibility", message.accessibility, accessibility)?,
        transportation: text("transportation", message.transportation)?,
    })
}

fn phone_message(phone: &Phone) -> v1::ServicePhone {
    v1::ServicePhone {
        number: line(&phone.number),
        extension: line(&phone.extension),
        kind: line(&phone.kind),
        description: text_message(&phone.description),
    }
}

fn parse_phone(message: v1::ServicePhone) -> Result<Phone, Invalid> {
    Ok(Phone {
        number: plain("phones.number", message.number)?,
        extension: plain("phones.extension", message.extension)?,
        kind: plain("phones.kind", message.kind)?,
        description: text("phones.description", message.description)?,
    })
}

fn contact_message(contact: &Contact) -> v1::ServiceContact {
    v1::ServiceContact {
        name: line(&contact.name),
        title: text_message(&contact.title),
        email: line(&contact.email),
        phone: line(&contact.phone),
    }
}

fn parse_contact(message: v1::ServiceContact) -> Result<Contact, Invalid> {
    Ok(Contact {
        name: plain("contacts.name", message.name)?,
        title: text("contacts.title", message.title)?,
        email: plain("contacts.email", message.email)?,
        phone: plain("contacts.phone", message.phone)?,
    })
}

#[cfg(test)]
mod tests;
