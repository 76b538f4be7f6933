//! Reading a service from HSDS 3.0 objects.
//!
//! HSDS has one language per text. Ours has two: the English stands where HSDS has it, the French in an
//! attribute of the same object, of the taxonomy `entente-text-fr`, whose code is the field. Needs,
//! groups and the other codes are attributes of the service.

use entente_core::codes::{AccessNeed, Code, Gender, Need, Set};
use entente_core::lang::Text;
use entente_core::record::Language;
use entente_core::service::place::{letters, postal_code, province};
use entente_core::service::{
    Address, Area, Contact, Cost, Documents, Group, Location, Organization, Phone, Point, Problem,
    Schedule, Service, ServiceId, Site, Spoken, Status, Wrong, Zone,
};
use serde_json::{Map, Value};

use super::schedule::{read_day, read_schedule, tidied};
use super::shape::{self, Form};
use super::{FileRead, not_services};
use crate::node::Outcome;

/// The taxonomies of our attributes.
pub(super) mod taxonomy {
    /// The French of a text; the code is the field.
    pub(in super::super) const FRENCH: &str = "entente-text-fr";
    /// The French of a text that has no English: it stands where HSDS has the English, too. The code is
    /// the field with [`ALONE`] after it.
    pub(in super::super) const FRENCH_ALONE: &str = "entente-text-fr-alone";
    /// What makes a code of that another one: HSDS wants no code twice, of whichever taxonomy.
    pub(in super::super) const ALONE: &str = "-alone";
    /// What a service helps with.
    pub(in super::super) const NEED: &str = "entente-need";
    /// For whom it is made.
    pub(in super::super) const GROUP: &str = "entente-service-group";
    /// The genders it takes.
    pub(in super::super) const GENDER: &str = "entente-gender";
    /// What it has for people who need it to use a service. The code is that of the list with
    /// [`ACCESS_CODE`] before it.
    pub(in super::super) const ACCESS: &str = "entente-access";
    /// What makes a code of that another one: there is a need `medical` too.
    pub(in super::super) const ACCESS_CODE: &str = "access-";
    /// What is so or not: `yes` or `no` in the attribute's value.
    pub(in super::super) const FLAG: &str = "entente-flag";
    /// The time zone of its hours.
    pub(in super::super) const ZONE: &str = "entente-time-zone";
    /// A place that is not told; the code is the province.
    pub(in super::super) const REDACTED: &str = "entente-redacted-location";
}

/// One HSDS object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// A text in its one form; empty if it is missing.
    pub(super) fn text(self, field: &str) -> String {
        tidied(self.0.get(field))
    }

    /// A text with its French.
    pub(super) fn bilingual(self, field: &str) -> Text {
        let en = self.text(field);
        let is_it = |(taxonomy, code, _): &(String, String, String)| match taxonomy.as_str() {
            taxonomy::FRENCH => code == field,
            taxonomy::FRENCH_ALONE => code.strip_suffix(taxonomy::ALONE).unwrap_or(code) == field,
            _ => false,
        };
        match self.attributes().find(is_it) {
            None => Text::new(en, ""),
            Some((alone, _, fr)) if alone == taxonomy::FRENCH_ALONE => Text::new("", fr),
            Some((_, _, fr)) => Text::new(en, fr),
        }
    }

    fn object(self, field: &str) -> Option<Object<'a>> {
        self.0.get(field).and_then(Object::of)
    }

    fn list(self, field: &str) -> impl Iterator<Item = Object<'a>> + use<'a> {
        let list = self.0.get(field).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Object::of)
    }

    /// The attributes: taxonomy, code, value.
    fn attributes(self) -> impl Iterator<Item = (String, String, String)> + use<'a> {
        self.list("attributes").filter_map(|attribute| {
            let term = attribute.object("taxonomy_term")?;
            Some((term.text("taxonomy"), term.text("code"), attribute.text("value")))
        })
    }

    /// A UUID: present, or missing, or none.
    fn id(self) -> Result<[u8; 16], Wrong> {
        let text = self.text("id");
        if text.is_empty() {
            return Err(Wrong::Missing);
        }
        uuid::Uuid::try_parse(&text).map(|id| *id.as_bytes()).map_err(|_| Wrong::NotAUuid)
    }
}

/// Reads services: one, a list, or a page of a list (`contents`). An organization may stand in the
/// place of a service, with its services in it.
pub fn read(value: &Value) -> Outcome<FileRead> {
    let items: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(object) => match object.get("contents") {
            Some(Value::Array(items)) => items.iter().collect(),
            _ => vec![value],
        },
        _ => {
            return Err(not_services(
                "It is neither an object nor a list.".to_owned(),
                "Ce n’est ni un objet ni une liste.".to_owned(),
            ));
        }
    };
    let (mut read, mut rows) = (FileRead::default(), Vec::new());
    for (row, item) in (1_u64..).zip(items) {
        for service in services_in(item) {
            let before = read.services.len();
            take(&mut read, row, &service, Form::Json);
            if read.services.len() > before {
                rows.push(row);
            }
        }
    }
    Ok(read.without_repeats(&rows))
}

/// A service stands for itself; an organization for the services in it.
fn services_in(item: &Value) -> Vec<Value> {
    let Some(services) = item.get("services").and_then(Value::as_array) else {
        return vec![item.clone()];
    };
    let mut organization = item.clone();
    if let Some(object) = organization.as_object_mut() {
        object.remove("services");
    }
    let with_it = |service: &Value| {
        let mut service = service.clone();
        if let Some(object) = service.as_object_mut() {
            object.entry("organization").or_insert_with(|| organization.clone());
        }
        service
    };
    services.iter().map(with_it).collect()
}

/// Takes up the service in one object, if it is one as the schemas want it.
pub(super) fn take(read: &mut FileRead, row: u64, value: &Value, form: Form) {
    let mut aside = Vec::new();
    let service = match Object::of(value) {
        Some(object) => match shape::problems(object.0, form) {
            wrong if wrong.is_empty() => {
                Reading { aside: &mut aside, refused: Vec::new() }.service(object)
            }
            wrong => Err(wrong),
        },
        None => Err(vec![Problem { field: "service", wrong: Wrong::WrongForm }]),
    };
    read.take(row, service, &aside);
}

/// What is wrong, while a service is read.
struct Reading<'a> {
    /// Parts that it is kept without.
    aside: &'a mut Vec<Problem>,
    /// Why it is not kept.
    refused: Vec<Problem>,
}

impl Reading<'_> {
    fn refuse<T: Default>(&mut self, field: &'static str, read: Result<T, Wrong>) -> T {
        read.unwrap_or_else(|wrong| {
            self.refused.push(Problem { field, wrong });
            T::default()
        })
    }

    fn leave_out(&mut self, field: &'static str, wrong: Wrong) {
        let problem = Problem { field, wrong };
        if !self.aside.contains(&problem) {
            self.aside.push(problem);
        }
    }

    fn required(&mut self, field: &'static str, text: Text) -> Text {
        if text == Text::default() {
            self.refused.push(Problem { field, wrong: Wrong::Missing });
        }
        text
    }

    fn service(mut self, object: Object<'_>) -> Result<Service, Vec<Problem>> {
        let id = ServiceId(self.refuse("id", object.id()));
        let organization = match object.object("organization") {
            Some(organization) => self.organization(organization),
            None => self.refuse("organization", Err(Wrong::Missing)),
        };
        let name = self.required("name", object.bilingual("name"));
        let mut service = Service::named(id, organization, name);
        let status = object.text("status");
        let parsed = if status.is_empty() {
            Err(Wrong::Missing)
        } else {
            Status::parse(&status).map(Some).map_err(|_| Wrong::UnknownCode)
        };
        service.status = self.refuse("status", parsed).unwrap_or(Status::Inactive);
        service.description = object.bilingual("description");
        service.url = object.text("url");
        service.email = object.text("email");
        service.eligibility = object.bilingual("eligibility_description");
        service.minimum_age = self.age("minimum_age", &object.text("minimum_age"));
        service.maximum_age = self.age("maximum_age", &object.text("maximum_age"));
        service.interpretation = object.bilingual("interpretation_services");
        service.application = object.bilingual("application_process");
        service.fees = object.bilingual("fees_description");
        service.alert = object.bilingual("alert");
        let assured = read_day(&object.text("assured_date")).ok_or(Wrong::NotADate);
        service.assured_on = self.refuse("assured_date", assured);
        self.parts(&mut service, object);
        self.places(&mut service, object);
        self.codes(&mut service, object);
        if self.refused.is_empty() { Ok(service) } else { Err(self.refused) }
    }

    fn organization(&mut self, object: Object<'_>) -> Organization {
        let mut identifiers = Vec::new();
        for identifier in object.list("organization_identifiers") {
            let scheme = identifier.text("identifier_scheme");
            let kind = identifier.text("identifier_type");
            let scheme = if scheme.is_empty() { kind } else { scheme };
            identifiers.push((scheme, identifier.text("identifier")));
        }
        let name = self.required("organization.name", object.bilingual("name"));
        let description = object.bilingual("description");
        let description = self.required("organization.description", description);
        Organization {
            id: self.refuse("organization.id", object.id()),
            // HSDS wants a description; one that repeats the name says that there is none.
            description: if description == name { Text::default() } else { description },
            name,
            website: object.text("website"),
            email: object.text("email"),
            identifiers,
        }
    }

    fn age(&mut self, field: &'static str, text: &str) -> Option<u8> {
        if text.is_empty() {
            return None;
        }
        let age = text.parse::<f64>().ok().filter(|age| (0.0..=150.0).contains(age));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 150")]
        self.refuse(field, age.map(|age| Some(age as u8)).ok_or(Wrong::NotANumber))
    }

    fn parts(&mut self, service: &mut Service, object: Object<'_>) {
        for language in object.list("languages") {
            let code = language.text("code");
            let tag = if code.is_empty() { language.text("name") } else { code };
            let interpreted = language
                .attributes()
                .any(|(taxonomy, code, _)| taxonomy == taxonomy::FLAG && code == "interpreted");
            match Language::new(&tag) {
                Ok(language) => service.languages.push(Spoken { language, interpreted }),
                Err(_) => self.leave_out("languages", Wrong::NotALanguage),
            }
        }
        for cost in object.list("cost_options") {
            let amount = cost.text("amount");
            let cents = amount.parse::<f64>().ok().map(|it| libm_round(it * 100.0));
            if !amount.is_empty() && cents.flatten().is_none() {
                self.leave_out("cost_options.amount", Wrong::NotANumber);
            }
            service.costs.push(Cost {
                option: cost.bilingual("option"),
                amount_cents: cents.flatten(),
                currency: cost.text("currency").to_uppercase(),
            });
        }
        let documents: Vec<Text> =
            object.list("required_documents").map(|it| it.bilingual("document")).collect();
        if !documents.is_empty() {
            service.documents = Documents::Required(documents);
        }
        for area in object.list("service_areas") {
            let (extent, name) = (area.text("extent"), area.bilingual("name"));
            service.areas.push(match (extent.as_str(), province(&extent)) {
                ("CA", _) => Area::Canada,
                (_, Some(province)) => Area::Province(province),
                _ => Area::Named(name),
            });
        }
        for contact in object.list("contacts") {
            let phone = contact.list("phones").next();
            service.contacts.push(Contact {
                name: contact.text("name"),
                title: contact.bilingual("title"),
                email: contact.text("email"),
                phone: phone.map(|it| number(&it.text("number"))).unwrap_or_default(),
            });
        }
        self.hours_and_phones(service, object);
    }

    fn hours_and_phones(&mut self, service: &mut Service, object: Object<'_>) {
        for schedule in object.list("schedules") {
            match read_schedule(schedule) {
                Some(schedule) if service.schedules.contains(&schedule) => {}
                Some(schedule) => service.schedules.push(schedule),
                None => {
                    self.refuse::<Option<Schedule>>("schedules", Err(Wrong::BrokenSchedule));
                }
            }
        }
        for phone in object.list("phones") {
            let phone = Phone {
                number: number(&phone.text("number")),
                extension: phone.text("extension"),
                kind: phone.text("type"),
                description: phone.bilingual("description"),
            };
            if !service.phones.contains(&phone) {
                service.phones.push(phone);
            }
        }
    }

    fn places(&mut self, service: &mut Service, object: Object<'_>) {
        for at in object.list("service_at_locations") {
            self.hours_and_phones(service, at);
            let Some(location) = at.object("location") else {
                self.leave_out("service_at_locations", Wrong::Dangling);
                continue;
            };
            if let Some(read) = self.location(location) {
                // Those of a place that is not told could tell it.
                if !matches!(read, Location::Redacted { .. }) {
                    self.hours_and_phones(service, location);
                }
                if !service.locations.contains(&read) {
                    service.locations.push(read);
                }
            }
        }
    }

    fn location(&mut self, object: Object<'_>) -> Option<Location> {
        let id = self.refuse("locations.id", object.id());
        let hidden = object.attributes().find(|(taxonomy, ..)| taxonomy == taxonomy::REDACTED);
        let address = object.list("addresses").next();
        match (object.text("location_type").as_str(), hidden) {
            ("redacted", _) | (_, Some(_)) => {
                self.redacted(id, object, hidden_in(hidden_code(object)))
            }
            ("virtual", None) => Some(Location::Virtual { id }),
            ("physical" | "postal", None) => {
                let point = self.point(object);
                let site = Site {
                    id,
                    name: object.bilingual("name"),
                    address: address.map(|it| self.address(it)).unwrap_or_default(),
                    point,
                    accessibility: object
                        .list("accessibility")
                        .map(|it| it.bilingual("description"))
                        .filter(|it| *it != Text::default())
                        .collect(),
                    transportation: object.bilingual("transportation"),
                };
                Some(Location::Physical(Box::new(site)))
            }
            ("", None) => self.refuse("locations.location_type", Err(Wrong::Missing)),
            _ => self.refuse("locations.location_type", Err(Wrong::UnknownCode)),
        }
    }

    /// A place that is not told: whatever the file says of it beside its province is left out here.
    fn redacted(
        &mut self,
        id: [u8; 16],
        object: Object<'_>,
        said: Option<entente_core::codes::Province>,
    ) -> Option<Location> {
        let tells = ["latitude", "longitude", "name", "description", "transportation"];
        let address = object.list("addresses").next();
        if address.is_some() || tells.iter().any(|field| !object.text(field).is_empty()) {
            self.leave_out("locations", Wrong::Redacted);
        }
        let of_address = || address.and_then(|it| province(&it.text("state_province")));
        let province = said.or_else(of_address).ok_or(Wrong::Missing).map(Some);
        let province = self.refuse("locations.province", province)?;
        Some(Location::Redacted { id, province })
    }

    fn point(&mut self, object: Object<'_>) -> Option<Point> {
        let (latitude, longitude) = (object.text("latitude"), object.text("longitude"));
        if latitude.is_empty() && longitude.is_empty() {
            return None;
        }
        let degrees = latitude.parse().ok().zip(longitude.parse().ok());
        let point = degrees.and_then(|(latitude, longitude)| Point::new(latitude, longitude));
        self.refuse("latitude", point.map(Some).ok_or(Wrong::NoSuchPlace))
    }

    fn address(&mut self, object: Object<'_>) -> Address {
        let country = object.text("country").to_uppercase();
        let said = object.text("state_province");
        let state_province = match province(&said) {
            Some(province) if country.is_empty() || country == "CA" => letters(province).to_owned(),
            _ => said,
        };
        let mut code = object.text("postal_code");
        if country == "CA" && !code.is_empty() {
            code = postal_code(&code).unwrap_or_else(|| {
                self.leave_out("addresses.postal_code", Wrong::NotAPostalCode);
                String::new()
            });
        }
        Address {
            street: object.bilingual("address_1"),
            city: object.bilingual("city"),
            state_province,
            postal_code: code,
            country,
        }
    }

    fn codes(&mut self, service: &mut Service, object: Object<'_>) {
        for (taxonomy, code, value) in object.attributes() {
            match taxonomy.as_str() {
                taxonomy::NEED => self.code::<Need>(&mut service.needs, &code),
                taxonomy::GROUP => self.code::<Group>(&mut service.groups, &code),
                taxonomy::GENDER => self.code::<Gender>(&mut service.genders, &code),
                taxonomy::ACCESS => {
                    let code = code.strip_prefix(taxonomy::ACCESS_CODE).unwrap_or(&code);
                    self.code::<AccessNeed>(&mut service.access, code);
                }
                taxonomy::ZONE => match Zone::parse(&code) {
                    Ok(zone) => service.zone = Some(zone),
                    Err(_) => self.leave_out("attributes", Wrong::UnknownCode),
                },
                taxonomy::FLAG => match code.as_str() {
                    "ht_specialised" => service.trafficking = value != "no",
                    "accepts_no_status" => service.accepts_without_status = Some(value != "no"),
                    "no_documents" => service.documents = Documents::None,
                    _ => self.leave_out("attributes", Wrong::UnknownCode),
                },
                taxonomy::FRENCH | taxonomy::FRENCH_ALONE => {}
                _ => self.leave_out("attributes", Wrong::UnknownTaxonomy),
            }
        }
    }

    fn code<C: Code>(&mut self, set: &mut Set<C>, code: &str) {
        match C::parse(code) {
            Ok(code) => *set = set.with(code),
            Err(_) => self.leave_out("attributes", Wrong::UnknownCode),
        }
    }
}

fn hidden_code(object: Object<'_>) -> Option<String> {
    let mut all = object.attributes();
    all.find(|(taxonomy, ..)| taxonomy == taxonomy::REDACTED).map(|(_, code, _)| code)
}

fn hidden_in(code: Option<String>) -> Option<entente_core::codes::Province> {
    province(&code?)
}

/// A telephone number as it is dialled: quotation marks around it are no part of it.
fn number(text: &str) -> String {
    text.trim_matches(['"', '\'', ' ']).to_owned()
}

fn libm_round(cents: f64) -> Option<u32> {
    let fits = (0.0..=f64::from(u32::MAX)).contains(&cents);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds")]
    fits.then(|| cents.round() as u32)
}
