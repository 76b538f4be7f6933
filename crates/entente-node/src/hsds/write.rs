//! Writing services as HSDS 3.0 objects: `service_full`, each with its organization.
//!
//! What is written is what an audience may see ([`Service::seen_by`]); capacities are for no file.
//! Ids of the smaller objects follow from what they belong to, so that two exports are equal.

use entente_core::codes::{Code, Set};
use entente_core::lang::{Lang, Text};
use entente_core::service::{
    Area, Audience, Contact, Cost, Documents, Location, Organization, Phone, Service, Site, Spoken,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::derived_id;
use super::read::taxonomy;
use super::schedule::write_schedule;

type Fields = Map<String, Value>;

/// The services as a list of HSDS `service_full`, as an audience may see them.
pub fn write<'a>(services: impl IntoIterator<Item = &'a Service>, audience: Audience) -> Value {
    let all = services.into_iter().map(|service| write_service(&service.seen_by(audience)));
    Value::Array(all.collect())
}

/// An object on its way, with the attributes that are gathered for it.
struct Writing {
    fields: Fields,
    id: Vec<u8>,
    attributes: Vec<Value>,
}

impl Writing {
    fn new(id: [u8; 16]) -> Self {
        let mut fields = Fields::new();
        fields.insert("id".to_owned(), json!(Uuid::from_bytes(id).to_string()));
        Self { fields, id: id.to_vec(), attributes: Vec::new() }
    }

    /// A part of a thing: its id follows from the thing's.
    fn part(of: &Writing, kind: &str, at: usize) -> Self {
        Self::new(derived_id(&[&of.id, kind.as_bytes(), &at.to_be_bytes()]))
    }

    fn put(&mut self, field: &str, value: impl Into<Value>) {
        self.fields.insert(field.to_owned(), value.into());
    }

    fn line(&mut self, field: &str, text: &str) {
        if !text.is_empty() {
            self.put(field, text);
        }
    }

    /// The English where HSDS has the text, and the French beside it.
    fn text(&mut self, field: &str, text: &Text) {
        let shown = text.in_lang(Lang::En);
        if shown.is_empty() {
            return;
        }
        self.put(field, shown);
        if text.en.is_empty() {
            let code = format!("{field}{}", taxonomy::ALONE);
            self.attribute(taxonomy::FRENCH_ALONE, &code, "French text alone", &text.fr);
        } else if !text.fr.is_empty() {
            self.attribute(taxonomy::FRENCH, field, "French text", &text.fr);
        }
    }

    fn attribute(&mut self, taxonomy: &str, code: &str, name: &str, value: &str) {
        let id = derived_id(&[&self.id, taxonomy.as_bytes(), code.as_bytes()]);
        let term = derived_id(&[taxonomy.as_bytes(), code.as_bytes()]);
        let is_french = matches!(taxonomy, taxonomy::FRENCH | taxonomy::FRENCH_ALONE);
        let language = if is_french { "fra" } else { "eng" };
        let mut attribute = json!({
            "id": Uuid::from_bytes(id).to_string(),
            "taxonomy_term": {
                "id": Uuid::from_bytes(term).to_string(),
                "code": code,
                "name": name,
                "description": name,
                "taxonomy": taxonomy,
                "language": language,
            },
        });
        if let (false, Some(object)) = (value.is_empty(), attribute.as_object_mut()) {
            object.insert("value".to_owned(), json!(value));
        }
        self.attributes.push(attribute);
    }

    fn codes<C: Code>(&mut self, taxonomy: &str, set: Set<C>) {
        for code in set.iter() {
            self.attribute(taxonomy, code.code(), code.label(Lang::En), "");
        }
    }

    fn list(&mut self, field: &str, items: Vec<Value>) {
        if !items.is_empty() {
            self.put(field, items);
        }
    }

    fn done(mut self) -> Value {
        let attributes = std::mem::take(&mut self.attributes);
        self.list("attributes", attributes);
        Value::Object(self.fields)
    }
}

fn write_service(service: &Service) -> Value {
    let mut it = Writing::new(service.id.0);
    it.put("organization", write_organization(&service.organization));
    it.text("name", &service.name);
    it.text("description", &service.description);
    it.line("url", &service.url);
    it.line("email", &service.email);
    it.put("status", service.status.code());
    it.text("eligibility_description", &service.eligibility);
    if let Some(age) = service.minimum_age {
        it.put("minimum_age", age);
    }
    if let Some(age) = service.maximum_age {
        it.put("maximum_age", age);
    }
    it.text("interpretation_services", &service.interpretation);
    it.text("application_process", &service.application);
    it.text("fees_description", &service.fees);
    it.text("alert", &service.alert);
    if let Some(day) = service.assured_on {
        it.put("assured_date", day.to_string());
    }
    if let Ok(at) = jiff::Timestamp::from_second(service.modified_s) {
        it.put("last_modified", at.to_string());
    }
    write_codes(&mut it, service);
    write_parts(&mut it, service);
    it.done()
}

fn write_codes(it: &mut Writing, service: &Service) {
    it.codes(taxonomy::NEED, service.needs);
    it.codes(taxonomy::GROUP, service.groups);
    it.codes(taxonomy::GENDER, service.genders);
    for need in service.access.iter() {
        let code = format!("{}{}", taxonomy::ACCESS_CODE, need.code());
        it.attribute(taxonomy::ACCESS, &code, need.label(Lang::En), "");
    }
    if let Some(zone) = service.zone {
        it.attribute(taxonomy::ZONE, zone.code(), zone.label(Lang::En), "");
    }
    if service.trafficking {
        it.attribute(taxonomy::FLAG, "ht_specialised", "For people who were trafficked", "yes");
    }
    if let Some(accepts) = service.accepts_without_status {
        let value = if accepts { "yes" } else { "no" };
        let name = "Takes people without immigration status";
        it.attribute(taxonomy::FLAG, "accepts_no_status", name, value);
    }
    if service.documents == Documents::None {
        it.attribute(taxonomy::FLAG, "no_documents", "Nothing has to be shown", "yes");
    }
}

fn write_parts(it: &mut Writing, service: &Service) {
    let phones = service.phones.iter().enumerate();
    let phones = phones.map(|(at, phone)| write_phone(Writing::part(it, "phone", at), phone));
    let phones: Vec<_> = phones.collect();
    let schedules = service.schedules.iter().enumerate().map(|(at, schedule)| {
        let mut part = Writing::part(it, "schedule", at);
        part.fields.extend(write_schedule(schedule));
        part.text("description", &schedule.description);
        part.done()
    });
    let schedules: Vec<_> = schedules.collect();
    let areas = service.areas.iter().enumerate();
    let areas = areas.map(|(at, area)| write_area(Writing::part(it, "area", at), area));
    let areas: Vec<_> = areas.collect();
    let languages = service.languages.iter().enumerate();
    let languages =
        languages.map(|(at, spoken)| write_language(Writing::part(it, "language", at), spoken));
    let languages: Vec<_> = languages.collect();
    let costs = service.costs.iter().enumerate();
    let costs: Vec<_> =
        costs.map(|(at, cost)| write_cost(Writing::part(it, "cost", at), cost)).collect();
    let contacts = service.contacts.iter().enumerate();
    let contacts: Vec<_> = contacts
        .map(|(at, contact)| write_contact(Writing::part(it, "contact", at), contact))
        .collect();
    let locations = service.locations.iter().enumerate().map(|(at, location)| {
        let mut part = Writing::part(it, "location", at);
        part.put("location", write_location(location));
        part.done()
    });
    let locations: Vec<_> = locations.collect();
    let mut documents = Vec::new();
    if let Documents::Required(all) = &service.documents {
        for (at, document) in all.iter().enumerate() {
            let mut part = Writing::part(it, "document", at);
            part.text("document", document);
            documents.push(part.done());
        }
    }
    it.list("phones", phones);
    it.list("schedules", schedules);
    it.list("service_areas", areas);
    it.list("languages", languages);
    it.list("cost_options", costs);
    it.list("contacts", contacts);
    it.list("service_at_locations", locations);
    it.list("required_documents", documents);
}

fn write_organization(organization: &Organization) -> Value {
    let mut it = Writing::new(organization.id);
    it.text("name", &organization.name);
    // HSDS wants one; the name is all we know.
    let no_description = organization.description == Text::default();
    let description = if no_description { &organization.name } else { &organization.description };
    it.text("description", description);
    it.line("website", &organization.website);
    it.line("email", &organization.email);
    let identifiers = organization.identifiers.iter().enumerate().map(|(at, (scheme, number))| {
        let mut part = Writing::part(&it, "identifier", at);
        part.line("identifier_scheme", scheme);
        part.put("identifier_type", if scheme.is_empty() { "register" } else { scheme });
        part.put("identifier", number.as_str());
        part.done()
    });
    let identifiers: Vec<_> = identifiers.collect();
    it.list("organization_identifiers", identifiers);
    it.done()
}

fn write_phone(mut it: Writing, phone: &Phone) -> Value {
    it.put("number", phone.number.as_str());
    // HSDS wants a number here; what is none stays with the number.
    match phone.extension.parse::<u32>() {
        Ok(extension) => it.put("extension", extension),
        Err(_) if phone.extension.is_empty() => {}
        Err(_) => it.put("number", format!("{} #{}", phone.number, phone.extension)),
    }
    it.line("type", &phone.kind);
    it.text("description", &phone.description);
    it.done()
}

fn write_area(mut it: Writing, area: &Area) -> Value {
    match area {
        Area::Canada => {
            it.put("name", "Canada");
            it.put("extent", "CA");
            it.put("extent_type", "ISO 3166-1");
        }
        Area::Province(province) => {
            it.text("name", &Text::new(province.label(Lang::En), province.label(Lang::Fr)));
            it.put("extent", province.code());
            it.put("extent_type", "SGC");
        }
        Area::Named(name) => it.text("name", name),
    }
    it.done()
}

fn write_language(mut it: Writing, spoken: &Spoken) -> Value {
    it.put("code", &*spoken.language);
    if spoken.interpreted {
        it.put("note", "Through an interpreter");
        it.attribute(taxonomy::FLAG, "interpreted", "Through an interpreter", "yes");
    }
    it.done()
}

fn write_cost(mut it: Writing, cost: &Cost) -> Value {
    it.text("option", &cost.option);
    it.line("currency", &cost.currency);
    if let Some(cents) = cost.amount_cents {
        it.put("amount", f64::from(cents) / 100.0);
    }
    it.done()
}

fn write_contact(mut it: Writing, contact: &Contact) -> Value {
    it.line("name", &contact.name);
    it.text("title", &contact.title);
    it.line("email", &contact.email);
    if !contact.phone.is_empty() {
        let mut phone = Writing::part(&it, "phone", 0);
        phone.put("number", contact.phone.as_str());
        it.list("phones", vec![phone.done()]);
    }
    it.done()
}

fn write_location(location: &Location) -> Value {
    let mut it = Writing::new(location.id());
    match location {
        Location::Virtual { .. } => it.put("location_type", "virtual"),
        // HSDS 3.0 has no such type. Nothing but the province is there to be written.
        Location::Redacted { province, .. } => {
            it.put("location_type", "virtual");
            let name = "A place that is not told";
            it.attribute(taxonomy::REDACTED, province.code(), name, "");
        }
        Location::Physical(site) => write_site(&mut it, site),
    }
    it.done()
}

fn write_site(it: &mut Writing, site: &Site) {
    it.put("location_type", "physical");
    it.text("name", &site.name);
    it.text("transportation", &site.transportation);
    if let Some(point) = site.point {
        it.put("latitude", point.latitude());
        it.put("longitude", point.longitude());
    }
    let address = &site.address;
    let mut part = Writing::part(it, "address", 0);
    // HSDS wants all of them, blank or not.
    let street = address.street.in_lang(Lang::En);
    part.put("address_1", street);
    part.put("city", address.city.in_lang(Lang::En));
    part.text("address_1", &address.street);
    part.text("city", &address.city);
    part.put("state_province", address.state_province.as_str());
    part.put("postal_code", address.postal_code.as_str());
    part.put("country", address.country.as_str());
    part.put("address_type", "physical");
    if *address != entente_core::service::Address::default() {
        let address = part.done();
        it.list("addresses", vec![address]);
    }
    let accessibility = site.accessibility.iter().enumerate().map(|(at, text)| {
        let mut part = Writing::part(it, "accessibility", at);
        part.text("description", text);
        part.done()
    });
    let accessibility: Vec<_> = accessibility.collect();
    it.list("accessibility", accessibility);
}
