//! The directory of settlement services of Immigration, Refugees and Citizenship Canada, in the layout
//! of 2022: a table of 33 columns, texts in both languages, and a flag for each kind of service and for
//! whom it is.
//!
//! Its rows have no ids; they get one from the columns that name a service.

use std::collections::HashMap;

use entente_core::codes::{Need, Set};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::record::Language;
use entente_core::service::check::{is_phone, is_url, tidy};
use entente_core::service::place::{letters, postal_code, province};
use entente_core::service::{
    Address, Area, Group, Location, Organization, Phone, Point, Problem, Service, Site, Spoken,
    Wrong,
};

use super::{FileRead, derived_id, derived_service_id, not_services};
use crate::node::Outcome;

/// The columns, all of which must be there.
pub const COLUMNS: [&str; 33] = [
    "name_en",
    "name_fr",
    "address_en",
    "address_fr",
    "city_en",
    "city_fr",
    "province_en",
    "province_fr",
    "postal_en",
    "postal_fr",
    "website_en",
    "website_fr",
    "telephone_en",
    "telephone_fr",
    "note_en",
    "note_fr",
    "Lang_assess",
    "Lang_training",
    "Job_lang_training",
    "General",
    "Job_search",
    "Citzenship_test_prep",
    "Volunteer",
    "Help_gar",
    "Franco",
    "EngFra",
    "Women",
    "LGBTQ2",
    "Seniors",
    "Youth",
    "Other",
    "longitude",
    "latitude",
];

/// What a flag says a service helps with.
const NEEDS: [(&str, &[Need]); 9] = [
    ("Lang_assess", &[Need::Language]),
    ("Lang_training", &[Need::Language]),
    ("Job_lang_training", &[Need::Language, Need::Employment]),
    ("General", &[Need::Settlement]),
    ("Job_search", &[Need::Employment]),
    ("Citzenship_test_prep", &[Need::Education]),
    ("Volunteer", &[Need::Settlement]),
    ("Help_gar", &[Need::Settlement]),
    ("Other", &[Need::Other]),
];

/// For whom a flag says it is.
const GROUPS: [(&str, Group); 5] = [
    ("Women", Group::Women),
    ("LGBTQ2", Group::Lgbtq2),
    ("Seniors", Group::Seniors),
    ("Youth", Group::Youth),
    ("Franco", Group::Francophone),
];

/// The most rows of a file.
const MAX_ROWS: usize = 200_000;

/// Reads the directory.
pub fn read(bytes: &[u8], publisher: &OrgId) -> Outcome<FileRead> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.headers().map_err(|_| no_table())?.clone();
    let at: HashMap<&str, usize> =
        header.iter().enumerate().map(|(at, it)| (it.trim(), at)).collect();
    if let Some(missing) = COLUMNS.iter().find(|column| !at.contains_key(**column)) {
        return Err(not_services(
            format!("The column {missing} is missing."),
            format!("La colonne {missing} manque."),
        ));
    }
    let (mut read, mut rows) = (FileRead::default(), Vec::new());
    for (row, record) in (2_u64..).zip(reader.into_byte_records().take(MAX_ROWS)) {
        let before = read.services.len();
        match record.ok().filter(|record| record.len() == header.len()) {
            Some(record) => {
                let cell = |column: &str| {
                    let bytes = at.get(column).and_then(|at| record.get(*at)).unwrap_or_default();
                    std::str::from_utf8(bytes).map(tidy)
                };
                take(&mut read, row, &cell, publisher);
            }
            None => {
                let problem = Problem { field: "row", wrong: Wrong::WrongForm };
                read.take(row, Err(vec![problem]), &[]);
            }
        }
        if read.services.len() > before {
            rows.push(row);
        }
    }
    Ok(read.without_repeats(&rows))
}

fn no_table() -> Box<crate::fault::Fault> {
    not_services("It is no table.".to_owned(), "Ce n’est pas un tableau.".to_owned())
}

fn take(
    read: &mut FileRead,
    row: u64,
    cell: &dyn Fn(&str) -> Result<String, std::str::Utf8Error>,
    publisher: &OrgId,
) {
    if COLUMNS.iter().any(|column| cell(column).is_err()) {
        let problem = Problem { field: "row", wrong: Wrong::Control };
        return read.take(row, Err(vec![problem]), &[]);
    }
    let cell = |column: &str| cell(column).unwrap_or_default();
    let (mut aside, mut refused) = (Vec::new(), Vec::new());
    let service = service(&cell, publisher, &mut aside, &mut refused);
    let service = if refused.is_empty() { Ok(service) } else { Err(refused) };
    read.take(row, service, &aside);
}

fn service(
    cell: &dyn Fn(&str) -> String,
    publisher: &OrgId,
    aside: &mut Vec<Problem>,
    refused: &mut Vec<Problem>,
) -> Service {
    let both =
        |column: &str| Text::new(cell(&format!("{column}_en")), cell(&format!("{column}_fr")));
    let named = ["name_en", "name_fr", "address_en", "city_en", "postal_en", "telephone_en"];
    let named = named.iter().chain(&["note_en", "website_en", "longitude", "latitude"]);
    let named: Vec<String> = named.map(|column| cell(column)).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let id = derived_service_id(publisher, "ircc-2022", &named);
    let (name, note) = (both("name"), both("note"));
    let mut website = url(&cell("website_en"));
    if !website.is_empty() && !is_url(&website) {
        aside.push(Problem { field: "website_en", wrong: Wrong::NotAUrl });
        website.clear();
    }
    let organization = Organization {
        // With its site: rows of one name and two sites would else be one organization that differs.
        id: derived_id(&[
            publisher.as_bytes(),
            b"ircc-2022",
            name.en.as_bytes(),
            name.fr.as_bytes(),
            website.as_bytes(),
        ]),
        name: name.clone(),
        website: website.clone(),
        ..Organization::default()
    };
    let mut service = Service {
        description: note,
        url: website,
        groups: Set::EMPTY.with(Group::Newcomers),
        ..Service::named(id, organization, name)
    };
    flags(cell, &mut service, aside);
    let province = province(&cell("province_en"));
    match province {
        Some(province) => service.areas.push(Area::Province(province)),
        None => refused.push(Problem { field: "province_en", wrong: Wrong::UnknownCode }),
    }
    let degrees = cell("latitude").parse().ok().zip(cell("longitude").parse().ok());
    let point = degrees.and_then(|(latitude, longitude)| Point::new(latitude, longitude));
    if point.is_none() {
        refused.push(Problem { field: "latitude", wrong: Wrong::NoSuchPlace });
    }
    let code = cell("postal_en");
    let fits = postal_code(&code);
    if fits.is_none() && !code.is_empty() {
        aside.push(Problem { field: "postal_en", wrong: Wrong::NotAPostalCode });
    }
    let address = Address {
        street: both("address"),
        city: both("city"),
        state_province: province.map(letters).unwrap_or_default().to_owned(),
        postal_code: fits.unwrap_or_default(),
        country: "CA".to_owned(),
    };
    let site = Site { id: derived_id(&[&id.0, b"location"]), address, point, ..Site::default() };
    service.locations.push(Location::Physical(Box::new(site)));
    service.phones = phones(&cell("telephone_en"), aside);
    service
}

fn flags(cell: &dyn Fn(&str) -> String, service: &mut Service, aside: &mut Vec<Problem>) {
    let mut is_yes = |column: &'static str| match cell(column).to_lowercase().as_str() {
        "yes" | "oui" => true,
        "no" | "non" | "" => false,
        _ => {
            aside.push(Problem { field: column, wrong: Wrong::UnknownCode });
            false
        }
    };
    for (column, needs) in NEEDS {
        if is_yes(column) {
            service.needs = needs.iter().fold(service.needs, |all, need| all.with(*need));
        }
    }
    for (column, group) in GROUPS {
        if is_yes(column) {
            service.groups = service.groups.with(group);
        }
    }
    if service.groups.contains(Group::Francophone)
        && let Ok(language) = Language::new("fr")
    {
        service.languages.push(Spoken { language, interpreted: false });
    }
}

/// The address of a page; many are written without the beginning.
fn url(text: &str) -> String {
    if text.is_empty() || text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}

/// Telephone numbers: one, or several with `or` or `;` between them, each perhaps with an extension.
fn phones(text: &str, aside: &mut Vec<Problem>) -> Vec<Phone> {
    let mut phones = Vec::new();
    for part in text.split(" or ").flat_map(|part| part.split(';')).map(str::trim) {
        if part.is_empty() {
            continue;
        }
        let (number, extension) = part.split_once("ext.").unwrap_or((part, ""));
        // What stands before a colon says whose line it is.
        let number = number.rsplit(':').next().unwrap_or(number).trim();
        if is_phone(number) {
            phones.push(Phone {
                number: number.to_owned(),
                extension: extension.trim().to_owned(),
                kind: "voice".to_owned(),
                description: Text::default(),
            });
        } else {
            aside.push(Problem { field: "telephone_en", wrong: Wrong::NotAPhone });
        }
    }
    phones
}
