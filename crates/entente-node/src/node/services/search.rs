//! The directory in memory: built when it is first asked for, changed after each transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use entente_core::identity::OrgId;
use entente_core::service::{Capacity, Directory, Entry, Matches, Query, Service, ServiceId};
use entente_store::services::Services as _;
use entente_store::sponsors::Sponsors as _;

use super::held::listed_in;
use super::{is_told_by, service_of, unknown_service};
use crate::fault::Fault;
use crate::node::sponsors::carried::has_node;
use crate::node::{Node, Outcome, unpoisoned};

/// How many characters of an id are enough to mean it.
const MIN_ID: usize = 4;

impl Node {
    /// Finds services: our own, and those of partners that may tell us of theirs now.
    pub fn search_services(&self, mut query: Query) -> Outcome<Matches> {
        let mut shown = self.shown_issuers()?;
        if let Some(wanted) = &query.from {
            shown.retain(|issuer| wanted.contains(issuer));
        }
        query.from = Some(shown);
        let (now, today) = (self.now(), self.today());
        self.with_directory(|directory| directory.search(&query, now, today))
    }

    /// Whose services may be shown: ours, and those of partners under an agreement that grants it.
    pub fn shown_issuers(&self) -> Outcome<BTreeSet<OrgId>> {
        let partners = self.partner_rows()?;
        let mut shown = BTreeSet::from([self.id()]);
        self.db.read(|tx| {
            for (partner, row) in partners {
                if row.quarantined.is_none() && is_told_by(self, tx, &partner)? {
                    shown.insert(partner);
                }
            }
            // Whoever has no node is shown as long as the sponsor is.
            let carried = tx.all_carried()?.into_iter().map(|(org, row)| (org, row.sponsor));
            let ours = tx.all_sponsored()?.into_iter().map(|(org, _)| (org, *self.id().as_bytes()));
            for (org, sponsor) in carried.chain(ours) {
                let both = (OrgId::from_bytes(&org), OrgId::from_bytes(&sponsor));
                let (Ok(org), Ok(sponsor)) = both else { continue };
                if shown.contains(&sponsor) && !has_node(tx, &org)? {
                    shown.insert(org);
                }
            }
            Ok::<_, Box<Fault>>(())
        })?;
        Ok(shown)
    }

    /// The service that is meant, of those that may be shown: by its id, the beginning of it, or its
    /// name in either language. Our own come first.
    pub fn find_service(&self, wanted: &str) -> Outcome<Arc<Entry>> {
        let shown = self.shown_issuers()?;
        let (wanted, ours) = (wanted.trim().to_lowercase(), self.id());
        let is_named = |service: &Service| {
            [&service.name.en, &service.name.fr].iter().any(|it| it.to_lowercase() == wanted)
        };
        let is_meant = |entry: &&Arc<Entry>| {
            let service = &entry.service;
            shown.contains(&entry.issuer)
                && (is_named(service)
                    || (wanted.len() >= MIN_ID && service.id.to_string().starts_with(&wanted)))
        };
        let mut found: Vec<_> = self.with_directory(|directory| {
            directory.entries().filter(is_meant).cloned().collect::<Vec<_>>()
        })?;
        // An id is that of its service alone, whatever others are called.
        let has_id = |entry: &Arc<Entry>| entry.service.id.to_string() == wanted;
        if found.iter().any(has_id) {
            found.retain(has_id);
        }
        if found.iter().any(|entry| entry.issuer == ours) {
            found.retain(|entry| entry.issuer == ours);
        }
        match found.as_slice() {
            [] => Err(unknown_service()),
            [one] => Ok(Arc::clone(one)),
            several => Err(several_services(several.len())),
        }
    }

    /// The same among our own alone.
    pub fn find_own_service(&self, wanted: &str) -> Outcome<ServiceId> {
        let entry = self.find_service(wanted)?;
        if entry.issuer == self.id() { Ok(entry.service.id) } else { Err(not_ours()) }
    }

    /// What a service has free now.
    pub fn capacities(&self, issuer: &OrgId, id: ServiceId) -> Outcome<Vec<Capacity>> {
        let now = self.now();
        self.with_directory(|directory| directory.capacities(issuer, id, now))
    }

    /// Our own services that are running and were not confirmed for 180 days, the longest first.
    pub fn stale_services(&self) -> Outcome<Vec<Arc<Entry>>> {
        let today = self.today();
        self.with_directory(|directory| directory.stale(&self.id(), today))
    }

    /// Asks the directory, which is built if it is not there.
    pub fn with_directory<T>(&self, ask: impl FnOnce(&Directory) -> T) -> Outcome<T> {
        if let Some(directory) = unpoisoned(self.directory.read()).as_ref() {
            return Ok(ask(directory));
        }
        // Built under the lock, so that no change is lost between the reading and the keeping.
        let mut slot = unpoisoned(self.directory.write());
        let directory = match slot.take() {
            Some(directory) => directory,
            None => self.build_directory()?,
        };
        Ok(ask(slot.insert(directory)))
    }

    /// Changes the directory, if it is there; if not, it will be built from what was written.
    pub(crate) fn in_directory(&self, change: impl FnOnce(&mut Directory)) {
        if let Some(directory) = unpoisoned(self.directory.write()).as_mut() {
            change(directory);
        }
        self.news.memory_followed();
    }

    /// Lets the directory be built anew when it is next asked for.
    pub(crate) fn forget_directory(&self) {
        *unpoisoned(self.directory.write()) = None;
        self.news.memory_followed();
    }

    fn build_directory(&self) -> Outcome<Directory> {
        let mut directory = Directory::default();
        self.db.read(|tx| {
            for (_, row) in tx.own_services()? {
                let service = service_of(&row.listing)?;
                directory.put(Entry { issuer: self.id(), sponsor: None, service });
            }
            self.sponsored_entries(tx)?.into_iter().for_each(|entry| directory.put(entry));
            tx.held_services(&mut |_, document| {
                if let Some(entry) = listed_in(document) {
                    directory.put(entry);
                }
            })?;
            for (issuer, row) in tx.capacities()? {
                let claim = entente_proto::decode_capacity(&row.claim);
                if let (Ok(issuer), Ok((_, capacity))) = (OrgId::from_bytes(&issuer), claim) {
                    directory.put_capacity(&issuer, capacity);
                }
            }
            Ok::<_, Box<Fault>>(())
        })?;
        Ok(directory)
    }
}

/// `ENT-2209`.
fn several_services(n: usize) -> Box<Fault> {
    Fault::new(
        2209,
        ("Several services have this name.", "Plusieurs services portent ce nom."),
        (
            "Name one by its id: `entente service list`.",
            "Désignez-en un par son identifiant\u{a0}: `entente service list`.",
        ),
    )
    .because(format!("{n} fit."), format!("{n} correspondent."))
}

/// `ENT-2208`.
fn not_ours() -> Box<Fault> {
    Fault::new(
        2208,
        (
            "This service is a partner's; only its own organization changes it.",
            "Ce service est celui d’un partenaire; seul son organisme le modifie.",
        ),
        ("Look at it: `entente service show`.", "Consultez-le\u{a0}: `entente service show`."),
    )
}
