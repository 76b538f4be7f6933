//! Documents of the service directory and of capacities.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Both, Named, RowProblem, default_limit};

/// Imports services from a file into our own directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceImportAsk {
    /// The file, or the folder or zip of a data package: an absolute path.
    pub file: String,
    /// `hsds-3.0`, `hsds-3.0-package`, `ircc-2022` or `hotlines`. Guessed if absent.
    pub layout: Option<String>,
    /// Where to write what was set aside: an absolute path. Holds places and reasons, no content.
    pub quarantine: Option<String>,
    /// Read and check everything; keep nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// How an import of services went, or would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceImportTold {
    /// Nothing was kept.
    pub dry_run: bool,
    /// Services in the file.
    pub rows: u64,
    /// Services that are new.
    pub added: u64,
    /// Services with something new; 0 in a dry run.
    pub changed: u64,
    /// Services that were already so; in a dry run those that are known.
    pub unchanged: u64,
    /// Services that were not kept.
    pub refused: u64,
    /// Parts that a service was kept without.
    pub left_out: u64,
    /// Where those are written: a path.
    pub quarantine: Option<String>,
    /// How many for each reason.
    pub by_reason: BTreeMap<String, u64>,
    /// The first of them. Names the place and not what stands there.
    pub problems: Vec<RowProblem>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// Adds a service of ours, or changes what is given of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceAddAsk {
    /// The service to change: its id or name. A new one if absent.
    pub service: Option<String>,
    /// Its name. One language is enough.
    pub name: Option<Both>,
    /// What it does.
    pub description: Option<Both>,
    /// Codes of the list `need`.
    pub needs: Option<Vec<String>>,
    /// For whom it is made: codes of the list `service_group`.
    pub groups: Option<Vec<String>>,
    /// The genders it takes: codes of the list `gender`; none is all.
    pub genders: Option<Vec<String>>,
    /// Languages that are spoken, as tags: `fr`, `cr`.
    pub languages: Option<Vec<String>>,
    /// Languages through an interpreter, as tags.
    pub interpreted: Option<Vec<String>>,
    /// What there is of interpretation, in words.
    pub interpretation: Option<Both>,
    /// Who can have it, in words.
    pub eligibility: Option<Both>,
    /// The youngest age, in years.
    pub minimum_age: Option<u8>,
    /// The oldest age, in years.
    pub maximum_age: Option<u8>,
    /// How to apply.
    pub application: Option<Both>,
    /// What it costs, in words.
    pub fees: Option<Both>,
    /// What has to be shown. An empty list says: nothing; a text without words: not known.
    pub documents: Option<Vec<Both>>,
    /// What it has for people who need it to use a service: codes of the list `access_need`.
    pub access: Option<Vec<String>>,
    /// What should be known today.
    pub alert: Option<Both>,
    /// For people of which places it is: `canada`, a province by code, letters or name, or another area in words,
    /// as `the north shore / la Côte-Nord`.
    pub areas: Option<Vec<String>>,
    /// Its province, by code, letters or name.
    pub province: Option<String>,
    /// Whether its place is not told: it then has its province and nothing else.
    pub hidden: Option<bool>,
    /// Where it is on the map: `49.8951,-97.1384`.
    pub at: Option<String>,
    /// Number and street.
    pub street: Option<Both>,
    /// Town.
    pub city: Option<Both>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Telephone numbers.
    pub phones: Option<Vec<String>>,
    /// Its people for colleagues, told to partners only: `A. Roy; Intake / Accueil; 204-555-0100; roy@example.org`.
    pub contacts: Option<Vec<String>>,
    /// Opening hours: `MO,TU,WE 09:00-17:00`, or `always`.
    pub hours: Option<Vec<String>>,
    /// Its page.
    pub url: Option<String>,
    /// Its public address for mail.
    pub email: Option<String>,
    /// Made for people who were trafficked.
    pub trafficking: Option<bool>,
    /// Takes people without immigration status. Told to partners only.
    pub accepts_without_status: Option<bool>,
}

/// Lists our own services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceListAsk {
    /// Only those that are running and were not confirmed for 180 days.
    #[serde(default)]
    pub stale: bool,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
}

/// Searches our services and those of partners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceSearchAsk {
    /// Helps with one of these: codes of the list `need`.
    pub needs: Vec<String>,
    /// Near this point: `49.8951,-97.1384`.
    pub near: Option<String>,
    /// At most this far from it, in kilometres.
    pub within_km: Option<u32>,
    /// For people of this province.
    pub province: Option<String>,
    /// In one of these languages.
    pub languages: Vec<String>,
    /// For somebody of this age, in years.
    pub age: Option<u8>,
    /// For somebody of this gender.
    pub gender: Option<String>,
    /// Made for all of these groups.
    pub groups: Vec<String>,
    /// Open now.
    pub open: bool,
    /// Says that it has something free.
    pub free: bool,
    /// Of this: a code of the list `capacity_unit`.
    pub unit: Option<String>,
    /// Confirmed within 180 days.
    pub fresh: bool,
    /// Made for people who were trafficked.
    pub trafficking: bool,
    /// Takes people without immigration status.
    pub without_status: bool,
    /// Words of its name or of its organization's.
    pub text: Option<String>,
    /// Told of by this partner; `us` for our own.
    pub from: Option<String>,
    /// The nearest before all others, if a place is given.
    pub nearest: bool,
    /// At most so many.
    #[serde(default = "default_limit")]
    pub limit: u32,
}

/// Services, the best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceListTold {
    /// How many there are.
    pub total: u64,
    /// How many more there are whose hours nobody can compute, if only open ones were wanted.
    pub hours_unknown: u64,
    /// The first of them.
    pub services: Vec<ServiceRow>,
}

/// A service in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRow {
    /// Its id: a UUID.
    pub id: String,
    /// Its name.
    pub name: Both,
    /// Who provides it.
    pub organization: Both,
    /// Who told of it.
    pub issuer: Named,
    /// The partner that carries it, and signed it too, if its organization has no node.
    pub sponsor: Option<Named>,
    /// It is ours.
    pub ours: bool,
    /// `active`, `inactive`, `defunct` or `temporarily closed`.
    pub status: String,
    /// Codes of the list `need`.
    pub needs: Vec<String>,
    /// Codes of the list `service_group`.
    pub groups: Vec<String>,
    /// Its province, by code.
    pub province: Option<String>,
    /// Its place is not told.
    pub hidden: bool,
    /// Where it is on the map: `49.8951,-97.1384`; `null` if it has no place there, or none that is told.
    pub at: Option<String>,
    /// Its town, if its place is told.
    pub city: Option<Both>,
    /// How far, in metres, if that was asked.
    pub metres: Option<u64>,
    /// `open`, `closed` or `unknown`.
    pub open: String,
    /// The day it was last confirmed.
    pub confirmed_on: Option<String>,
    /// Not confirmed for 180 days.
    pub stale: bool,
    /// What it says it has free now.
    pub capacities: Vec<CapacityRow>,
    /// Why it stands where it stands, the most important first.
    pub rank: Vec<RankReason>,
}

/// A reason for a place in the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankReason {
    /// Stable, for example `free`.
    pub code: String,
    /// In words.
    pub text: Both,
}

/// What a service has free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityRow {
    /// How many.
    pub available: u32,
    /// Of how many, if that is said.
    pub maximum: Option<u32>,
    /// A code of the list `capacity_unit`.
    pub unit: String,
    /// For whom: codes of the list `service_group`; none is everybody.
    pub whom: Vec<String>,
    /// When it was said.
    pub said_at: String,
    /// Until when it holds.
    pub until: String,
}

/// Shows a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceShowAsk {
    /// The service: its id, the beginning of it, or its name.
    pub service: String,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceShowTold {
    /// The service.
    pub service: ServiceRow,
    /// All that is known of it, as an HSDS 3.0 `service_full`.
    pub hsds: serde_json::Value,
}

/// Confirms that what we say of a service is so, today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConfirmAsk {
    /// The service: its id, the beginning of it, or its name.
    pub service: String,
}

/// Closes a service of ours, opens it again, or takes it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceCloseAsk {
    /// The service: its id, the beginning of it, or its name.
    pub service: String,
    /// How.
    pub how: Closing,
}

/// How a service is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// For now.
    ForNow,
    /// For good.
    ForGood,
    /// Not at all: it is opened again.
    OpenAgain,
    /// It is deleted.
    Delete,
}

/// What became of a service of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceChangeTold {
    /// The service; absent if it was deleted.
    pub service: Option<ServiceRow>,
}

/// Writes services into a new file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceExportAsk {
    /// The file, or for a data package the folder, or a name that ends with `.zip`: an absolute path that
    /// does not exist.
    pub file: String,
    /// `hsds-3.0` or `hsds-3.0-package`. Absent: the second for a zip, else the first.
    pub layout: Option<String>,
    /// With what only partners may see.
    #[serde(default)]
    pub for_partners: bool,
    /// With the services of partners; only together with `for_partners`.
    #[serde(default)]
    pub with_partners: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceExportTold {
    /// Where.
    pub file: String,
    /// In which layout.
    pub layout: String,
    /// How many services.
    pub services: u64,
    /// It holds what only partners may see.
    pub for_partners: bool,
}

/// Says what a service of ours has free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacitySetAsk {
    /// The service: its id, the beginning of it, or its name.
    pub service: String,
    /// How many. 0 says that it is full.
    pub available: u32,
    /// Of how many.
    pub maximum: Option<u32>,
    /// A code of the list `capacity_unit`. Beds if absent.
    pub unit: Option<String>,
    /// For whom: codes of the list `service_group`; none is everybody.
    #[serde(default)]
    pub whom: Vec<String>,
    /// Until when: the next `18:00` of the service's time, `2026-11-22T18:00:00Z`, or `4h`. Four hours
    /// if absent.
    pub until: Option<String>,
}

/// Who was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacitySetTold {
    /// The service.
    pub service: ServiceRow,
    /// The partners that are told.
    pub told: Vec<Named>,
}

/// Asks what is free, at all services or at one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityShowAsk {
    /// One service: its id, the beginning of it, or its name.
    pub service: Option<String>,
}

/// What is free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityShowTold {
    /// The services that say something now.
    pub services: Vec<ServiceRow>,
}
