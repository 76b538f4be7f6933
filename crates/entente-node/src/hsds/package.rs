//! HSDS 3.0 as a tabular data package: `datapackage.json` and one CSV file per kind of object, in a folder
//! or in a zip.
//!
//! The tables are the JSON objects taken apart: a list in an object is a table whose rows name the
//! object. Both directions are one table of kinds (`kinds`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::kinds::{KINDS, Kind, NOT_SAID, SERVICES, SINGLE, is_never_blank, plain};
use super::packed::{self, Bounds};
use super::shape::Form;
use super::{FileRead, bounded, not_services, read};
use crate::fault::Fault;
use crate::node::Outcome;
use crate::setup::io_fault;

type Fields = Map<String, Value>;

/// Rows by kind, each once.
#[derive(Default)]
struct Tables {
    rows: BTreeMap<&'static str, Vec<Fields>>,
    seen: BTreeSet<(&'static str, String)>,
}

impl Tables {
    /// Takes an object apart.
    fn add(&mut self, kind: &'static Kind, object: &Fields, link: Option<(&str, &str)>) {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut row = Fields::new();
        for column in kind.columns {
            if let Some(value) = object.get(plain(column)) {
                row.insert(plain(column).to_owned(), value.clone());
            }
        }
        if let Some((parent, parent_id)) = link {
            if kind.name == "attribute" {
                row.insert("link_id".to_owned(), json!(parent_id));
                row.insert("link_entity".to_owned(), json!(parent));
            } else {
                row.insert(format!("{parent}_id"), json!(parent_id));
            }
        }
        for (field, owner, column) in SINGLE {
            let single =
                object.get(field).and_then(Value::as_object).filter(|_| owner == kind.name);
            if let (Some(part), Some(of)) = (single, KINDS.iter().find(|it| it.name == field)) {
                row.insert(column.to_owned(), part.get("id").cloned().unwrap_or(Value::Null));
                self.add(of, part, None);
            }
        }
        for part in KINDS.iter().filter(|it| !it.list.is_empty()) {
            let list = object.get(part.list).and_then(Value::as_array);
            for item in list.into_iter().flatten().filter_map(Value::as_object) {
                self.add(part, item, Some((kind.name, &id)));
            }
        }
        if self.seen.insert((kind.name, id)) {
            self.rows.entry(kind.name).or_default().push(row);
        }
    }
}

/// Writes a list of services into a folder that is there and empty.
pub fn write(services: &Value, folder: &Path) -> Outcome<()> {
    for (name, bytes) in files(services)? {
        let written = File::create(folder.join(name)).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        written.map_err(|error| io_fault(&error))?;
    }
    Ok(())
}

/// Writes a list of services as a zip.
pub fn write_packed(services: &Value, file: &mut (impl io::Write + io::Seek)) -> io::Result<()> {
    let files = files(services).map_err(|_| io::ErrorKind::InvalidData)?;
    packed::write(&files, file)
}

/// The files of a package, by their names; `datapackage.json` is the last.
fn files(services: &Value) -> Outcome<Vec<(&'static str, Vec<u8>)>> {
    let mut tables = Tables::default();
    let kind = KINDS.iter().find(|it| it.name == "service");
    for service in services.as_array().into_iter().flatten().filter_map(Value::as_object) {
        if let Some(kind) = kind {
            tables.add(kind, service, None);
        }
    }
    let (mut files, mut resources) = (Vec::new(), Vec::new());
    for kind in KINDS {
        let Some(rows) = tables.rows.get(kind.name) else { continue };
        files.push((kind.file, table(kind, rows)?));
        resources.push(resource(kind));
    }
    let package = json!({
        "name": "human_services_data",
        "title": "Human Services Data Specification",
        "profile": "tabular-data-package",
        "version": "3.0.0",
        "homepage": "http://docs.openreferral.org",
        "resources": resources,
    });
    let bytes = serde_json::to_vec_pretty(&package).map_err(|error| io_fault(&error.into()))?;
    files.push(("datapackage.json", bytes));
    Ok(files)
}

fn table(kind: &Kind, rows: &[Fields]) -> Outcome<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| io_fault(&io::Error::other(error));
    writer.write_record(kind.columns.iter().map(|it| plain(it))).map_err(failed)?;
    for row in rows {
        let cell = |column: &&str| match row.get(plain(column)) {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            Some(Value::String(_) | Value::Null) | None if is_never_blank(column) => {
                NOT_SAID.to_owned()
            }
            Some(Value::String(_) | Value::Null) | None => String::new(),
            Some(value) => value.to_string(),
        };
        writer.write_record(kind.columns.iter().map(cell)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| io_fault(&error.into_error()))
}

fn resource(kind: &Kind) -> Value {
    let field = |column: &&str| {
        let number = column.starts_with('#');
        json!({
            "name": plain(column),
            "type": if number { "number" } else { "string" },
            "constraints": { "required": is_never_blank(column) },
        })
    };
    json!({
        "name": kind.name,
        "path": kind.file,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "profile": "tabular-data-resource",
        "schema": {
            "primaryKey": "id",
            "fields": kind.columns.iter().map(field).collect::<Vec<_>>(),
        },
    })
}

/// Reads a data package: its zip, its folder, or the `datapackage.json` in it.
pub fn read(path: &Path) -> Outcome<FileRead> {
    let tables = if packed::is_packed(path) {
        by_kind(packed::read(path, &wanted(), Bounds::DEFAULT)?)?
    } else {
        in_folder(path)?
    };
    read_tables(&tables)
}

/// Reads a package that is packed and in memory.
pub(super) fn read_packed(bytes: &[u8]) -> Outcome<FileRead> {
    let zip = std::io::Cursor::new(bytes);
    read_tables(&by_kind(packed::read_from(zip, &wanted(), Bounds::DEFAULT)?)?)
}

fn read_tables(tables: &Rows) -> Outcome<FileRead> {
    let joined = Joined::of(tables);
    let mut read = FileRead::default();
    let mut rows = Vec::new();
    for (row, service) in (2_u64..).zip(tables.get("service").into_iter().flatten()) {
        let before = read.services.len();
        let whole = joined.object("service", service, 0);
        read::take(&mut read, row, &Value::Object(whole), Form::Tables);
        if read.services.len() > before {
            rows.push(row);
        }
    }
    Ok(read.without_repeats(&rows))
}

type Rows = HashMap<&'static str, Vec<Fields>>;

/// The files of a package that are read.
fn wanted() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.file).collect()
}

fn by_kind(mut files: packed::Tables) -> Outcome<Rows> {
    let mut tables = Rows::new();
    for kind in KINDS {
        if let Some(bytes) = files.remove(kind.file) {
            tables.insert(kind.name, rows_of(kind, &bytes)?);
        }
    }
    Ok(tables)
}

fn in_folder(path: &Path) -> Outcome<Rows> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    if !folder.join(SERVICES).exists() {
        return Err(not_services(
            "The folder has no services.csv.".to_owned(),
            "Le répertoire n’a pas de services.csv.".to_owned(),
        ));
    }
    let mut tables = Rows::new();
    for kind in KINDS {
        let path = folder.join(kind.file);
        if path.exists() {
            tables.insert(kind.name, rows_of(kind, &bounded(&path)?)?);
        }
    }
    Ok(tables)
}

/// The rows of a table; blank cells are left out, and what is not said is blank.
fn rows_of(kind: &Kind, bytes: &[u8]) -> Outcome<Vec<Fields>> {
    let name = kind.file;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let no_table = || -> Box<Fault> {
        not_services(format!("{name} is no table."), format!("{name} n’est pas un tableau."))
    };
    let header = reader.headers().map_err(|_| no_table())?.clone();
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|_| no_table())?;
        let cells = header.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty());
        let said = |name: &str, cell: &str| {
            let must = |column: &&str| is_never_blank(column) && plain(column) == name;
            let is_blank = cell == NOT_SAID && kind.columns.iter().any(must);
            (name.to_owned(), json!(if is_blank { "" } else { cell }))
        };
        rows.push(cells.map(|(name, cell)| said(name.trim(), cell)).collect());
    }
    Ok(rows)
}

/// Where the parts of each object are.
struct Joined<'a> {
    /// By kind and id.
    by_id: HashMap<(&'a str, &'a str), &'a Fields>,
    /// By the kind of the part and the id of what it belongs to.
    parts: HashMap<(&'a str, &'a str), Vec<&'a Fields>>,
}

impl<'a> Joined<'a> {
    fn of(tables: &'a HashMap<&'static str, Vec<Fields>>) -> Self {
        let mut joined = Self { by_id: HashMap::new(), parts: HashMap::new() };
        for kind in KINDS {
            for row in tables.get(kind.name).into_iter().flatten() {
                let text = |field: &str| row.get(field).and_then(Value::as_str);
                if let Some(id) = text("id") {
                    joined.by_id.insert((kind.name, id), row);
                }
                if kind.list.is_empty() || kind.name == "service" {
                    continue;
                }
                // A part belongs to the nearest thing that it names: a telephone of a contact is not
                // one of the service too.
                let owners = ["link_id", "contact_id", "service_at_location_id", "location_id"];
                let owners: &[&str] = match kind.name {
                    "service_at_location" | "organization_identifier" | "language" => &[],
                    _ => &owners,
                };
                let owner = owners.iter().chain(&["service_id", "organization_id"]);
                if let Some(owner) = owner.copied().find_map(text) {
                    joined.parts.entry((kind.name, owner)).or_default().push(row);
                }
            }
        }
        joined
    }

    /// An object with its parts in it. Nothing is deeper than a term of an attribute of an address of a
    /// location of a service.
    fn object(&self, kind: &str, row: &Fields, depth: u8) -> Fields {
        const DEEPEST: u8 = 8;
        let mut whole = row.clone();
        if depth >= DEEPEST {
            return whole;
        }
        for (field, owner, column) in SINGLE {
            let id = row.get(column).and_then(Value::as_str).filter(|_| owner == kind);
            if let Some(part) = id.and_then(|id| self.by_id.get(&(field, id))) {
                whole.insert(field.to_owned(), Value::Object(self.object(field, part, depth + 1)));
            }
        }
        let Some(id) = row.get("id").and_then(Value::as_str) else { return whole };
        for part in KINDS.iter().filter(|it| !it.list.is_empty()) {
            let Some(rows) = self.parts.get(&(part.name, id)) else { continue };
            let items =
                rows.iter().map(|row| Value::Object(self.object(part.name, row, depth + 1)));
            whole.insert(part.list.to_owned(), Value::Array(items.collect()));
        }
        whole
    }
}
