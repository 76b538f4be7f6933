//! What can be asked of a directory, what is found, and why in this order.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::codes::{Gender, Need, Province, Set};
use crate::identity::OrgId;
use crate::lang::{Lang, Text, folded};
use crate::record::Language;

use super::{Capacity, Entry, Freshness, Group, Open, Point, Service, Unit};

/// A place, and how far from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// From where.
    pub point: Point,
    /// At most this many kilometres. Without it, all, the nearest first; with it, nothing that has no
    /// place on the map.
    pub within_km: Option<f64>,
}

/// What is looked for. What is left empty does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Helps with one of these.
    pub needs: Set<Need>,
    /// Near this place.
    pub near: Option<Near>,
    /// For people of this province.
    pub province: Option<Province>,
    /// In one of these languages.
    pub languages: Vec<Language>,
    /// For somebody of this age, in years.
    pub age: Option<u8>,
    /// For somebody of this gender.
    pub gender: Option<Gender>,
    /// Made for all of these.
    pub groups: Set<Group>,
    /// Open now.
    pub open_now: bool,
    /// Says that it has something free.
    pub with_capacity: bool,
    /// Of this.
    pub unit: Option<Unit>,
    /// Confirmed lately.
    pub fresh_only: bool,
    /// Made for people who were trafficked.
    pub trafficking_only: bool,
    /// Takes people without status.
    pub without_status: bool,
    /// With these words in its name or that of its organization.
    pub text: String,
    /// Told of by one of these organizations; `None` is any.
    pub from: Option<BTreeSet<OrgId>>,
    /// Those that are not running too.
    pub closed_too: bool,
    /// The nearest before all others, whatever else is said of them; without a place, as ever.
    pub nearest_first: bool,
    /// The most that are wanted; 0 is all.
    pub limit: usize,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matches {
    /// How many fit, of which `found` may hold only the first.
    pub n: usize,
    /// How many more there are whose hours nobody can compute, if only open ones were wanted.
    pub n_unknown_hours: usize,
    /// The best first.
    pub found: Vec<Found>,
}

/// One service that fits.
///
/// The order: what says it has something free, before what says nothing, before what is full; then
/// what is confirmed, what is not closed now, and the nearest; with [`Query::nearest_first`] that comes
/// before all others. [`Rank`] says which of these applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The service, and who told of it.
    pub entry: Arc<Entry>,
    /// How far, in kilometres, if a place was asked for and it has one.
    pub km: Option<f64>,
    /// Whether it is open now.
    pub open: Open,
    /// Whether it was confirmed lately.
    pub freshness: Freshness,
    /// What it says it has free now.
    pub capacities: Vec<Capacity>,
    /// Why it stands where it stands, the most important first.
    pub rank: Vec<Rank>,
}

/// A reason for a place in the order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rank {
    /// It says that it has this many free.
    Free(u32),
    /// It says nothing of what is free.
    NotSaid,
    /// It says that it is full.
    Full,
    /// It was confirmed lately.
    Confirmed,
    /// It was not.
    NotConfirmed,
    /// It is open.
    Open,
    /// Its hours cannot be computed.
    HoursUnknown,
    /// It is closed.
    Closed,
    /// It is this far, in kilometres.
    Km(f64),
    /// It has no place on the map.
    NoPlace,
}

impl Rank {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Free(_) => "free",
            Self::NotSaid => "capacity_not_said",
            Self::Full => "full",
            Self::Confirmed => "confirmed",
            Self::NotConfirmed => "not_confirmed",
            Self::Open => "open",
            Self::HoursUnknown => "hours_unknown",
            Self::Closed => "closed",
            Self::Km(_) => "distance",
            Self::NoPlace => "no_place",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> String {
        match self {
            Self::Free(n) => lang.pick(format!("{n} free"), format!("{n} libres")),
            Self::NotSaid => lang.pick("capacity not said", "capacité non indiquée").to_owned(),
            Self::Full => lang.pick("full", "complet").to_owned(),
            Self::Confirmed => lang.pick("confirmed", "confirmé").to_owned(),
            Self::NotConfirmed => {
                lang.pick("not confirmed for 180 days", "non confirmé depuis 180 jours").to_owned()
            }
            Self::Open => lang.pick("open", "ouvert").to_owned(),
            Self::HoursUnknown => lang.pick("hours unknown", "horaire inconnu").to_owned(),
            Self::Closed => lang.pick("closed now", "fermé maintenant").to_owned(),
            Self::Km(km) => {
                let km = format!("{km:.1} km");
                lang.pick(km.clone(), km.replace('.', ","))
            }
            Self::NoPlace => lang.pick("no place on the map", "aucun lieu sur la carte").to_owned(),
        }
    }
}

impl Query {
    /// The words that are looked for, folded.
    pub(super) fn words(&self) -> Vec<String> {
        self.text.split_whitespace().map(folded).collect()
    }

    /// Whether a service fits what only the service itself can say.
    pub(super) fn fits_service(&self, service: &Service, words: &[String]) -> bool {
        let speaks = |it: &Language| {
            service.speaks(it).is_some()
                || (it.split('-').next() == Some("fr")
                    && service.groups.contains(Group::Francophone))
        };
        (self.languages.is_empty() || self.languages.iter().any(speaks))
            && (!self.trafficking_only || service.trafficking)
            && (!self.without_status || service.accepts_without_status == Some(true))
            && (words.is_empty() || has_words(service, words))
    }

    /// Whether one of these claims has something free for those who are meant.
    pub(super) fn has_free(&self, capacities: &[Capacity]) -> bool {
        capacities.iter().any(|it| it.available > 0 && self.means(it))
    }

    fn means(&self, capacity: &Capacity) -> bool {
        self.unit.is_none_or(|unit| unit == capacity.unit) && capacity.is_for(self.groups)
    }
}

fn has_words(service: &Service, words: &[String]) -> bool {
    let sides = |text: &Text| [folded(&text.en), folded(&text.fr)];
    let names: Vec<String> =
        [&service.name, &service.organization.name].into_iter().flat_map(sides).collect();
    words.iter().all(|word| names.iter().any(|name| name.contains(word)))
}

impl Found {
    pub(super) fn new(
        entry: Arc<Entry>,
        km: Option<f64>,
        open: Open,
        freshness: Freshness,
        capacities: Vec<Capacity>,
        query: &Query,
    ) -> Self {
        let meant = || capacities.iter().filter(|it| query.means(it));
        let n_free = meant().map(|it| it.available).fold(0, u32::saturating_add);
        let capacity = match meant().next() {
            None => Rank::NotSaid,
            Some(_) if n_free == 0 => Rank::Full,
            Some(_) => Rank::Free(n_free),
        };
        let confirmed = if freshness.is_fresh() { Rank::Confirmed } else { Rank::NotConfirmed };
        let hours = match open {
            Open::Open => Rank::Open,
            Open::Unknown => Rank::HoursUnknown,
            Open::Closed => Rank::Closed,
        };
        let mut rank = vec![capacity, confirmed, hours];
        if query.near.is_some() {
            let at = if query.nearest_first { 0 } else { rank.len() };
            rank.insert(at, km.map_or(Rank::NoPlace, Rank::Km));
        }
        Self { entry, km, open, freshness, capacities, rank }
    }

    fn capacity_order(&self) -> u8 {
        let order = self.rank.iter().find_map(|it| match it {
            Rank::Free(_) => Some(0),
            Rank::NotSaid => Some(1),
            Rank::Full => Some(2),
            _ => None,
        });
        order.unwrap_or(1)
    }

    /// The order that the head of [`Found`] describes; names and ids decide what is left.
    pub fn cmp_rank(&self, other: &Self) -> Ordering {
        let key = |it: &Self| (it.capacity_order(), !it.freshness.is_fresh(), it.open);
        let last = |it: &Self| (it.entry.service.id, it.entry.issuer);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.cmp_km(other))
            .then_with(|| self.entry.service.name.cmp(&other.entry.service.name))
            .then_with(|| last(self).cmp(&last(other)))
    }

    /// The nearest first, and what has no place last.
    fn cmp_km(&self, other: &Self) -> Ordering {
        let km = |it: &Self| it.km.unwrap_or(f64::INFINITY);
        km(self).total_cmp(&km(other))
    }
}

impl Matches {
    pub(super) fn put_best_first(&mut self, query: &Query) {
        let order = |a: &Found, b: &Found| match query.nearest_first {
            true => a.cmp_km(b).then_with(|| a.cmp_rank(b)),
            false => a.cmp_rank(b),
        };
        let limit = query.limit;
        if limit > 0 && limit < self.found.len() {
            self.found.select_nth_unstable_by(limit, order);
            self.found.truncate(limit);
        }
        self.found.sort_unstable_by(order);
    }
}
