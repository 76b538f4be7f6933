//! The folder of an organization without a node.
//!
//! ```text
//! keys.sealed      its identity and its keys for hand-overs, sealed under its passphrase
//! sponsored.toml   who it is and who its sponsor is
//! services.json    its services, as HSDS 3.0: changed here by commands, or by any HSDS tool
//! last.entente     the newest file that it signed
//! referrals.sealed what it was offered, handed over and answered
//! requests.sealed  the referrals that it made itself, and where they stand
//! ```
//!
//! It has no store, no socket and no network: what it signs goes to its sponsor as a file, by whatever
//! way there is. `last.entente` says which number is next, so it is durable before the file is handed
//! out; a folder that was set back signs a second history, which its sponsor sees and refuses.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use entente_core::codes::{Code as _, OrgType};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{KEY_WINDOW_S, TeamKey};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_core::service::{Audience, Service, ServiceId};
use entente_core::sponsor::{Head, Heard, MAX_SERVICES, Receipt, Sponsored};
use entente_store::seal::{KdfParams, KeyRing, KeyRingError, names, random_secret};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::answer::services::{apply, new_service};
use crate::fault::Fault;
use crate::hsds;
use crate::local::doc::ServiceAddAsk;
use crate::node::Outcome;
use crate::node::audit::no_randomness;
use crate::node::services::{cannot_be_kept, unknown_service};
use crate::setup::{MIN_PASSPHRASE, io_fault, make_private, ring_fault, short_passphrase};

mod faults;
mod referrals;
mod requests;

pub use referrals::{Answered as AnsweredReferral, FolderInbox, FolderOpened, FolderReferral};
pub use requests::{FolderRequest, ReferAsk, Signed as SignedRequest, contact_details};

use faults::{
    bad_sponsor, folder_taken, no_folder, not_our_receipt, services_refused, settings_broken,
    too_much,
};

/// The folder of an organization without a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SponsoredFolder(PathBuf);

/// What a new organization needs to know.
#[derive(Clone, Debug)]
pub struct NewSponsored {
    /// What it is called.
    pub name: Text,
    /// What kind of organization it is.
    pub kind: OrgType,
    /// The identity of its sponsor: 64 hexadecimal digits.
    pub sponsor: String,
    /// What guessing the passphrase costs.
    pub kdf: KdfParams,
}

/// Who the organization is, as its folder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SponsoredProfile {
    /// Its identity.
    pub id: OrgId,
    /// Its sponsor's.
    pub sponsor: OrgId,
    /// What it is called.
    pub name: Text,
    /// What kind of organization it is.
    pub kind: OrgType,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    organization: String,
    sponsor: String,
    name_en: String,
    name_fr: String,
    kind: String,
}

impl SponsoredFolder {
    /// The folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn keys(&self) -> PathBuf {
        self.0.join("keys.sealed")
    }

    fn settings(&self) -> PathBuf {
        self.0.join("sponsored.toml")
    }

    /// Its services, as HSDS 3.0.
    pub fn services_file(&self) -> PathBuf {
        self.0.join("services.json")
    }

    fn last_file(&self) -> PathBuf {
        self.0.join("last.entente")
    }

    /// Makes the folder and the organization's identity. Refuses a folder that has one, or a node.
    pub fn init(&self, options: &NewSponsored, passphrase: &str) -> Outcome<SponsoredProfile> {
        if self.settings().exists() || self.keys().exists() {
            return Err(folder_taken());
        }
        if passphrase.chars().count() < MIN_PASSPHRASE {
            return Err(short_passphrase());
        }
        let sponsor: OrgId = options.sponsor.trim().parse().map_err(|_| bad_sponsor())?;
        make_private(&self.0).map_err(|error| io_fault(&error))?;
        let secret = random_secret().map_err(|_| no_randomness())?;
        let mut ring =
            KeyRing::create(&self.keys(), passphrase, options.kdf).map_err(ring_fault)?;
        ring.put_secret(names::IDENTITY, &secret).map_err(ring_fault)?;
        let id = OrgKey::from_seed(&secret).id();
        let settings = Settings {
            organization: id.to_string(),
            sponsor: sponsor.to_string(),
            name_en: options.name.en.clone(),
            name_fr: options.name.fr.clone(),
            kind: options.kind.code().to_owned(),
        };
        let text = toml::to_string(&settings).map_err(|_| settings_broken())?;
        // Last, so that a folder with settings is a whole one.
        write_whole(&self.settings(), text.as_bytes())?;
        self.profile()
    }

    /// Who the organization is. Needs no passphrase.
    pub fn profile(&self) -> Outcome<SponsoredProfile> {
        let text = fs::read_to_string(self.settings()).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => no_folder(),
            _ => io_fault(&error),
        })?;
        let read: Option<Settings> = toml::from_str(&text).ok();
        let profile = read.and_then(|it| {
            Some(SponsoredProfile {
                id: it.organization.parse().ok()?,
                sponsor: it.sponsor.parse().ok()?,
                name: Text::new(it.name_en, it.name_fr),
                kind: OrgType::parse(&it.kind).ok()?,
            })
        });
        profile.ok_or_else(settings_broken)
    }

    /// The newest document that was signed here, with its envelope.
    pub fn last(&self) -> Outcome<Option<(Sponsored, Envelope)>> {
        let bytes = match fs::read(self.last_file()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_fault(&error)),
        };
        entente_proto::read_sponsored(&bytes).map(Some).map_err(|_| settings_broken())
    }

    /// The services of the folder, by id. All of the file can be said, or it is a fault.
    pub fn services(&self) -> Outcome<Vec<Service>> {
        let file = self.services_file();
        if !file.try_exists().map_err(|error| io_fault(&error))? {
            return Ok(Vec::new());
        }
        let read = hsds::read_file(&file, Some(hsds::Format::Hsds), &self.profile()?.id)?;
        if !read.aside.is_empty() {
            return Err(services_refused(&read.aside));
        }
        let mut services = read.services;
        services.sort_unstable_by_key(|service| service.id);
        Ok(services)
    }

    /// Adds a service to the folder, or changes one. Nothing is signed by this.
    pub fn put_service(&self, ask: &ServiceAddAsk, today: Date) -> Outcome<Service> {
        let profile = self.profile()?;
        let mut services = self.services()?;
        let mut service = match &ask.service {
            Some(wanted) => services.remove(find(&services, wanted)?),
            None => new_service(&profile.id, &profile.name)?,
        };
        apply(&mut service, ask)?;
        // Whoever enters it knows that it is so.
        service.assured_on = Some(today);
        let problems = service.problems();
        if !problems.is_empty() {
            return Err(cannot_be_kept(&problems));
        }
        services.push(service.clone());
        self.write_services(services)?;
        Ok(service)
    }

    /// Takes a service out of the folder. Nothing is signed by this.
    pub fn remove_service(&self, wanted: &str) -> Outcome<Service> {
        let mut services = self.services()?;
        let service = services.remove(find(&services, wanted)?);
        self.write_services(services)?;
        Ok(service)
    }

    fn write_services(&self, mut services: Vec<Service>) -> Outcome<()> {
        if services.len() > MAX_SERVICES {
            return Err(too_much());
        }
        services.sort_unstable_by_key(|service| service.id);
        let hsds = hsds::write::write(&services, Audience::Partner);
        let text = serde_json::to_string_pretty(&hsds).map_err(|_| settings_broken())?;
        write_whole(&self.services_file(), text.as_bytes())
    }

    /// The open key ring, and the organization's own key.
    fn ring(&self, profile: &SponsoredProfile, passphrase: &str) -> Outcome<(KeyRing, OrgKey)> {
        let ring = KeyRing::open(&self.keys(), passphrase).map_err(ring_fault)?;
        let seed = ring.secret(names::IDENTITY);
        let key = OrgKey::from_seed(&*seed.ok_or_else(|| ring_fault(KeyRingError::Damaged))?);
        if key.id() == profile.id { Ok((ring, key)) } else { Err(settings_broken()) }
    }

    /// The key to which hand-overs for the organization are sealed; made once, and kept in the ring.
    fn handover_key(ring: &mut KeyRing) -> Outcome<TeamKey> {
        Ok(TeamKey::from_seed(&*Self::made_once(ring, names::HANDOVER)?))
    }

    /// The keys that open what was handed over to the organization: the one of now, and those that were
    /// replaced and still open. What no longer opens is destroyed by this.
    fn opening_keys(ring: &mut KeyRing, now_s: i64) -> Outcome<Vec<TeamKey>> {
        let mut keys = vec![Self::handover_key(ring)?];
        let known: Vec<String> = ring.names().map(str::to_owned).collect();
        for name in known {
            let until_s = name.strip_prefix(names::HANDOVER_UNTIL).and_then(|it| it.parse().ok());
            let Some(until_s): Option<i64> = until_s else { continue };
            if now_s >= until_s {
                ring.remove_secret(&name).map_err(ring_fault)?;
            } else {
                keys.extend(ring.secret(&name).map(|seed| TeamKey::from_seed(&seed)));
            }
        }
        Ok(keys)
    }

    /// Makes another key for hand-overs, and signs it with everything that the organization has to say: the
    /// file for its sponsor. What was sealed to the key before opens for 30 days more.
    pub fn rotate(&self, passphrase: &str, now_s: i64) -> Outcome<(Sponsored, Vec<u8>)> {
        let profile = self.profile()?;
        let (mut ring, _) = self.ring(&profile, passphrase)?;
        Self::opening_keys(&mut ring, now_s)?;
        let mut until_s = now_s.saturating_add(KEY_WINDOW_S);
        // Two in one second are two keys.
        while ring.secret(&kept_as(until_s)).is_some() {
            until_s += 1;
        }
        let secret = random_secret().map_err(|_| no_randomness())?;
        let replaced = ring.succeed_secret(names::HANDOVER, &kept_as(until_s), &secret);
        replaced.map_err(ring_fault)?;
        self.sign(passphrase, now_s)
    }

    /// What seals the referrals in the folder.
    fn referrals_key(ring: &mut KeyRing) -> Outcome<Zeroizing<[u8; 32]>> {
        Self::made_once(ring, names::REFERRALS)
    }

    fn made_once(ring: &mut KeyRing, name: &str) -> Outcome<Zeroizing<[u8; 32]>> {
        if let Some(secret) = ring.secret(name) {
            return Ok(secret);
        }
        let secret = random_secret().map_err(|_| no_randomness())?;
        ring.put_secret(name, &secret).map_err(ring_fault)?;
        Ok(secret)
    }

    /// Signs everything that the organization has to say now, and returns the file for its sponsor.
    ///
    /// What is signed has the next number, even if nothing is new in it.
    pub fn sign(&self, passphrase: &str, now_s: i64) -> Outcome<(Sponsored, Vec<u8>)> {
        let profile = self.profile()?;
        let (mut ring, key) = self.ring(&profile, passphrase)?;
        let handover = Self::handover_key(&mut ring)?.public().map_err(|_| settings_broken())?;
        let last = self.last()?;
        let head = last.as_ref().map(|(document, signed)| Head::of(document, &signed.payload));
        let mut services = self.services()?;
        for service in &mut services {
            *service = service.seen_by(Audience::Partner);
            service.modified_s = now_s.max(1);
        }
        let document = Sponsored {
            org: profile.id,
            sponsor: profile.sponsor,
            seq: head.map_or(1, |head| head.seq + 1),
            previous: head.map(|head| head.hash),
            at_s: now_s.max(1),
            name: profile.name,
            kind: profile.kind,
            services,
            handover: Some(handover),
        };
        let payload = entente_proto::encode_sponsored(&document);
        // What nobody could read is not signed.
        let document = entente_proto::decode_sponsored(&payload).map_err(|_| too_much())?;
        let signed = Envelope::seal(payload_type::SPONSORED, payload, &key);
        let file = entente_proto::sponsored_file(&signed.map_err(|_| too_much())?);
        write_whole(&self.last_file(), &file)?;
        Ok((document, file))
    }
}

/// The name of a key for hand-overs that was replaced and opens until then.
fn kept_as(until_s: i64) -> String {
    format!("{}{until_s}", names::HANDOVER_UNTIL)
}

/// What a sponsor said of a file of ours, and how that stands to what was last signed here.
pub type Answered = (Receipt, Heard);

impl SponsoredFolder {
    /// Checks the sponsor's receipt in a file: what the sponsor has of what was signed here.
    pub fn check(&self, file: &[u8]) -> Outcome<Answered> {
        let profile = self.profile()?;
        let receipt = entente_proto::read_sponsor_receipt(file);
        let receipt = receipt.map_err(|invalid| not_our_receipt(&invalid))?;
        if receipt.org != profile.id || receipt.sponsor != profile.sponsor {
            return Err(not_our_receipt(&"it is of others"));
        }
        let last = self.last()?;
        let last = last.map(|(document, signed)| Head::of(&document, &signed.payload));
        let heard = last.map_or(Heard::Another, |last| receipt.compare(&last));
        Ok((receipt, heard))
    }
}

/// The place of the service that is meant: by its name, its id, or the beginning of that.
fn find(services: &[Service], wanted: &str) -> Outcome<usize> {
    let wanted = wanted.trim().to_lowercase();
    let is_meant = |service: &Service| {
        [&service.name.en, &service.name.fr].iter().any(|it| it.to_lowercase() == wanted)
            || (wanted.len() >= 4 && service.id.to_string().starts_with(&wanted))
    };
    let found: Vec<ServiceId> = services.iter().filter(|it| is_meant(it)).map(|it| it.id).collect();
    match found.as_slice() {
        [one] => services.iter().position(|it| it.id == *one).ok_or_else(unknown_service),
        _ => Err(unknown_service()),
    }
}

/// Writes a file in one step: after a crash the old one is there, or the new one.
fn write_whole(path: &Path, bytes: &[u8]) -> Outcome<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let next = path.with_extension("next");
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&next)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&next, path)?;
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    };
    write().map_err(|error: std::io::Error| -> Box<Fault> { io_fault(&error) })
}
