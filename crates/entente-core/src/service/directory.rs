//! The directory in memory: services of several organizations, what they have free, and the search.
//!
//! What an organization says is kept under its own name: it can neither replace nor change what
//! another one says, even of a service with the same id. A search reads one short row of codes per
//! service and looks at the service itself only where the row fits.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::codes::{Code, Gender, Province};
use crate::identity::OrgId;

use super::query::{Found, Matches, Query};
use super::{Capacity, Freshness, Point, Service, ServiceId};

/// A service and the organization that told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who signed it.
    pub issuer: OrgId,
    /// The sponsor who carried it here and signed it too; `None` if the issuer has a node.
    pub sponsor: Option<OrgId>,
    /// The service.
    pub service: Service,
}

/// Services of several organizations. See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct Directory {
    slots: Vec<Slot>,
    at: HashMap<(OrgId, ServiceId), usize>,
    capacities: HashMap<(OrgId, ServiceId), Vec<Capacity>>,
    n_from: HashMap<OrgId, usize>,
}

/// An entry with what a search reads first.
#[derive(Clone, Debug)]
struct Slot {
    entry: Arc<Entry>,
    needs: u32,
    groups: u32,
    genders: u32,
    ages: (u8, u8),
    /// One bit per province whose people it serves.
    provinces: u16,
    /// At most one of a service's points is nearest; most services have one.
    points: Vec<Point>,
    is_active: bool,
}

impl Slot {
    fn of(entry: Entry) -> Self {
        let service = &entry.service;
        let bit = |province: &Province| 1_u16 << province.number();
        let serves = Province::ALL.iter().filter(|it| service.serves(**it));
        Self {
            needs: service.needs.bits(),
            groups: service.groups.bits(),
            genders: service.genders.bits(),
            ages: (service.minimum_age.unwrap_or(0), service.maximum_age.unwrap_or(u8::MAX)),
            provinces: serves.fold(0, |all, it| all | bit(it)),
            points: service.locations.iter().filter_map(super::Location::point).collect(),
            is_active: service.is_active(),
            entry: Arc::new(entry),
        }
    }

    /// Whether what the row says fits the query. Cheap: this is read of every service.
    fn fits(&self, query: &Query) -> bool {
        let gender = query.gender.filter(|it| *it != Gender::Unknown);
        (self.is_active || query.closed_too)
            && query.from.as_ref().is_none_or(|it| it.contains(&self.entry.issuer))
            && (query.needs.is_empty() || self.needs & query.needs.bits() != 0)
            && self.groups & query.groups.bits() == query.groups.bits()
            && gender.is_none_or(|it| self.genders == 0 || self.genders & (1 << it.number()) != 0)
            && query.age.is_none_or(|age| (self.ages.0..=self.ages.1).contains(&age))
            && query.province.is_none_or(|it| self.provinces & (1 << it.number()) != 0)
    }

    /// How far it is, in kilometres; `None` if it has no place on the map.
    fn km_from(&self, here: Point) -> Option<f64> {
        let all = self.points.iter().map(|it| here.km_to(*it));
        all.min_by(f64::total_cmp)
    }
}

impl Directory {
    /// How many services there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Puts a service in, in place of what its issuer said of it before.
    pub fn put(&mut self, entry: Entry) {
        let key = (entry.issuer, entry.service.id);
        let slot = Slot::of(entry);
        match self.at.get(&key).and_then(|at| self.slots.get_mut(*at)) {
            Some(there) => *there = slot,
            None => {
                *self.n_from.entry(key.0).or_default() += 1;
                self.at.insert(key, self.slots.len());
                self.slots.push(slot);
            }
        }
    }

    /// Takes a service out, with what it had free.
    pub fn remove(&mut self, issuer: &OrgId, id: ServiceId) {
        self.capacities.remove(&(*issuer, id));
        let Some(at) = self.at.remove(&(*issuer, id)) else { return };
        if let Some(n) = self.n_from.get_mut(issuer) {
            *n = n.saturating_sub(1);
        }
        self.slots.swap_remove(at);
        if let Some(moved) = self.slots.get(at) {
            self.at.insert((moved.entry.issuer, moved.entry.service.id), at);
        }
    }

    /// Takes out all that an organization said.
    pub fn remove_all_of(&mut self, issuer: &OrgId) {
        let theirs: Vec<_> = self.at.keys().filter(|(it, _)| it == issuer).copied().collect();
        for (issuer, id) in theirs {
            self.remove(&issuer, id);
        }
    }

    /// Keeps a claim of `issuer`, in place of an older one about the same places.
    pub fn put_capacity(&mut self, issuer: &OrgId, capacity: Capacity) {
        let kept = self.capacities.entry((*issuer, capacity.service)).or_default();
        match kept.iter_mut().find(|it| it.is_same_as(&capacity)) {
            Some(before) if before.said_at <= capacity.said_at => *before = capacity,
            Some(_) => {}
            None => kept.push(capacity),
        }
    }

    /// Forgets what a service had free.
    pub fn forget_capacities(&mut self, issuer: &OrgId, id: ServiceId) {
        self.capacities.remove(&(*issuer, id));
    }

    /// A service of an issuer.
    pub fn get(&self, issuer: &OrgId, id: ServiceId) -> Option<&Arc<Entry>> {
        let at = self.at.get(&(*issuer, id))?;
        self.slots.get(*at).map(|slot| &slot.entry)
    }

    /// How many services an organization told of.
    pub fn n_from(&self, issuer: &OrgId) -> usize {
        self.n_from.get(issuer).copied().unwrap_or(0)
    }

    /// All services.
    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.slots.iter().map(|slot| &slot.entry)
    }

    /// What a service has free, of what still holds at `now`.
    pub fn capacities(&self, issuer: &OrgId, id: ServiceId, now: Timestamp) -> Vec<Capacity> {
        let kept = self.capacities.get(&(*issuer, id)).map_or(&[][..], Vec::as_slice);
        kept.iter().filter(|it| it.holds(now)).copied().collect()
    }

    /// Finds services, the best first (see [`Found`]), at most `query.limit`; 0 is all.
    pub fn search(&self, query: &Query, now: Timestamp, today: Date) -> Matches {
        let words = query.words();
        let mut matches = Matches::default();
        for slot in self.slots.iter().filter(|slot| slot.fits(query)) {
            let km = query.near.map(|near| slot.km_from(near.point));
            if let (Some(near), Some(km)) = (query.near, km)
                && let Some(within) = near.within_km
                && km.is_none_or(|km| km > within)
            {
                continue;
            }
            let (issuer, service) = (&slot.entry.issuer, &slot.entry.service);
            if !query.fits_service(service, &words) {
                continue;
            }
            let freshness = service.freshness(today);
            if query.fresh_only && !freshness.is_fresh() {
                continue;
            }
            let capacities = self.capacities(issuer, service.id, now);
            if query.with_capacity && !query.has_free(&capacities) {
                continue;
            }
            let open = service.open_at(now);
            if query.open_now && open != super::Open::Open {
                matches.n_unknown_hours += usize::from(open == super::Open::Unknown);
                continue;
            }
            let entry = Arc::clone(&slot.entry);
            matches.found.push(Found::new(entry, km.flatten(), open, freshness, capacities, query));
        }
        matches.n = matches.found.len();
        matches.put_best_first(query);
        matches
    }

    /// The services of `issuer` that are running and not confirmed lately, the longest first.
    pub fn stale(&self, issuer: &OrgId, today: Date) -> Vec<Arc<Entry>> {
        let is_stale = |entry: &&Arc<Entry>| {
            entry.issuer == *issuer
                && entry.service.is_active()
                && !matches!(entry.service.freshness(today), Freshness::Fresh { .. })
        };
        let mut stale: Vec<_> = self.entries().filter(is_stale).cloned().collect();
        stale.sort_by(|a, b| {
            let key = |it: &Entry| (it.service.assured_on, it.service.id);
            key(a).cmp(&key(b))
        });
        stale
    }
}
