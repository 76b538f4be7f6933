//! Both indexes as bytes, from a stop to the next start.
//!
//! ```text
//! n u64 | version of the program n
//! n u64 | columns n
//! n u64 | id of a record that does not count 16 × n
//! n u64 | facts about a case 12 × n
//! n u64 | n u64 | consents n, as many times
//! n u64 | id of a record 16, its line in lists 17 × n
//! n u64 | issuer 32 × n
//! n u64 | id of a summary 16, issuer u32, epoch u32, first u64, position u32 × n
//! ```
//!
//! Little-endian. The store seals them and knows whether they are of its last state. They are read
//! with care all the same: whatever does not fit makes the caller build anew.

use std::collections::{BTreeMap, HashMap};

use entente_core::policy::CaseFacts;
use entente_core::statistics::columns::Columns;
use entente_core::summary::SummaryId;
use entente_store::tx::HeldAt;

use super::coded::layout;
use super::listed::Listed;
use super::standing::Standings;
use super::{Cases, HeldIndex, HeldPlace};

/// Another version may give cases other codes.
const VERSION: &[u8] = env!("CARGO_PKG_VERSION").as_bytes();

const PLACE_BYTES: usize = 16 + 4 + 4 + 8 + 4;

/// Both as bytes. Merges the columns first.
pub(crate) fn to_bytes(cases: &mut Cases, held: &HeldIndex) -> Vec<u8> {
    let columns = cases.columns.to_bytes(2);
    let n_beside = 16 * cases.uncounted.len() + Listed::ITEM * cases.listed.n();
    let n_bytes = columns.len() + n_beside + PLACE_BYTES * held.places.len();
    let mut bytes = Vec::with_capacity(n_bytes + (1 << 16));
    push_n(&mut bytes, VERSION.len());
    bytes.extend(VERSION);
    push_n(&mut bytes, columns.len());
    bytes.extend(columns);
    push_n(&mut bytes, cases.uncounted.len());
    cases.uncounted.iter().for_each(|id| bytes.extend(id));
    push_standings(&mut bytes, &cases.standings);
    push_n(&mut bytes, cases.listed.n());
    cases.listed.push_to(&mut bytes);
    let issuers: BTreeMap<_, _> = held.by_issuer.keys().zip(0_u32..).collect();
    let mut in_order: Vec<_> = issuers.iter().collect();
    in_order.sort_unstable_by_key(|(_, at)| **at);
    push_n(&mut bytes, in_order.len());
    in_order.iter().for_each(|(issuer, _)| bytes.extend(**issuer));
    push_n(&mut bytes, held.places.len());
    for (id, place) in &held.places {
        bytes.extend(id.0);
        let issuer = issuers.get(&place.at.issuer).copied().unwrap_or(u32::MAX);
        bytes.extend(issuer.to_le_bytes());
        bytes.extend(place.at.epoch.to_le_bytes());
        bytes.extend(place.at.first.to_le_bytes());
        bytes.extend(u32::try_from(place.position).unwrap_or(u32::MAX).to_le_bytes());
    }
    bytes
}

fn push_n(bytes: &mut Vec<u8>, n: usize) {
    bytes.extend((n as u64).to_le_bytes());
}

fn push_standings(bytes: &mut Vec<u8>, standings: &Standings) {
    let (facts, consents) = (standings.facts.in_order(), standings.consents.in_order());
    push_n(bytes, facts.len());
    facts.into_iter().for_each(|entry| bytes.extend(entry));
    push_n(bytes, consents.len());
    for entry in consents {
        push_n(bytes, entry.len());
        bytes.extend(entry);
    }
}

fn read_standings(rest: &mut Rest<'_>) -> Option<Standings> {
    let mut standings = Standings::default();
    for entry in rest.items(CaseFacts::LEN)?.as_chunks().0 {
        standings.remember_facts(*entry)?;
    }
    for _ in 0..u64::from_le_bytes(*rest.array()?) {
        standings.remember_consents(rest.items(1)?)?;
    }
    Some(standings)
}

/// The reverse; `None` for anything else.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<(Cases, HeldIndex)> {
    let mut rest = Rest(bytes);
    if rest.items(1)? != VERSION {
        return None;
    }
    let columns = rest.items(1)?;
    let columns = Columns::from_bytes(layout(), columns).ok()?;
    let uncounted = rest.items(16)?.as_chunks().0.iter().copied().collect();
    let standings = read_standings(&mut rest)?;
    let n_consents = standings.consents.in_order().len();
    let listed = Listed::from_bytes(rest.items(Listed::ITEM)?, n_consents)?;
    let issuers = rest.items(32)?.as_chunks::<32>().0;
    let places = rest.items(PLACE_BYTES)?.as_chunks::<PLACE_BYTES>().0;
    if !rest.0.is_empty() {
        return None;
    }
    let mut held =
        HeldIndex { places: HashMap::with_capacity(places.len()), ..HeldIndex::default() };
    // An issuer whose summaries were all taken back is known too.
    held.by_issuer.extend(issuers.iter().map(|issuer| (*issuer, 0)));
    for place in places {
        let mut place = Rest(place);
        let id = SummaryId(*place.array()?);
        let issuer = *issuers.get(usize::try_from(u32::from_le_bytes(*place.array()?)).ok()?)?;
        let epoch = u32::from_le_bytes(*place.array()?);
        let first = u64::from_le_bytes(*place.array()?);
        let position = usize::try_from(u32::from_le_bytes(*place.array()?)).ok()?;
        held.put(id, HeldPlace { at: HeldAt { issuer, epoch, first }, position });
    }
    Some((Cases { columns, uncounted, standings, listed }, held))
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(array)
    }

    /// A number, and as many items of `size` bytes.
    fn items(&mut self, size: usize) -> Option<&'a [u8]> {
        let n = usize::try_from(u64::from_le_bytes(*self.array()?)).ok()?;
        let (items, rest) = self.0.split_at_checked(n.checked_mul(size)?)?;
        self.0 = rest;
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::super::listed::Wanted;
    use super::super::tests::{case, ours};
    use super::*;

    fn place(issuer: u8, position: usize) -> HeldPlace {
        HeldPlace { at: HeldAt { issuer: [issuer; 32], epoch: 3, first: 512 }, position }
    }

    fn both() -> (Cases, HeldIndex) {
        let (mut cases, mut held) = (Cases::default(), HeldIndex::default());
        cases.uncounted.extend([[1; 16], [2; 16]]);
        for nth in 0..4 {
            cases.put(&case(nth), &ours());
        }
        for n in 0..5 {
            held.put(SummaryId([n; 16]), place(n % 2, usize::from(n)));
        }
        held.put(SummaryId([9; 16]), place(7, 9));
        held.remove(&SummaryId([9; 16]));
        (cases, held)
    }

    #[test]
    fn what_is_remembered_is_what_was() {
        let (mut cases, held) = both();
        let (again, held_again) = from_bytes(&to_bytes(&mut cases, &held)).unwrap();
        assert_eq!(again.uncounted, cases.uncounted);
        assert_eq!(again.n_records(), 6);
        assert_eq!(again.listed.n(), 4);
        assert_eq!(
            again.newest(&Wanted::default(), None, 9),
            cases.newest(&Wanted::default(), None, 9)
        );
        assert_eq!(again.standings.facts.in_order(), cases.standings.facts.in_order());
        assert_eq!(again.standings.consents.in_order(), cases.standings.consents.in_order());
        assert_eq!(held_again.places, held.places);
        assert_eq!(held_again.by_issuer, held.by_issuer);
    }

    #[test]
    fn bytes_that_were_cut_off_or_go_on_are_nothing() {
        let (mut cases, held) = both();
        let bytes = to_bytes(&mut cases, &held);
        for n in 0..bytes.len() {
            assert!(from_bytes(&bytes[..n]).is_none(), "{n} bytes");
        }
        assert!(from_bytes(&[bytes.as_slice(), &[0]].concat()).is_none());
        let huge = [u64::MAX.to_le_bytes().as_slice(), &[0; 100]].concat();
        assert!(from_bytes(&huge).is_none());
    }
}
