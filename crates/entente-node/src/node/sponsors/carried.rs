//! What partners carry for organizations without a node.
//!
//! It is believed under the organization's own signature, and only from the one sponsor that it names.
//! The highest number that was seen stays known for ever, so that nobody brings an older one back.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::service::Entry;
use entente_core::sponsor::{Astray, Carried, Follows, Head, Sponsored};
use entente_store::db::{DbError, Rows, Write};
use entente_store::rows::{BadRow, PartnerState};
use entente_store::sponsors::{CarriedRow, Sponsors as _};
use entente_store::tx::Reads as _;

use super::MAX_SPONSORED_ORGS;
use crate::fault::Fault;
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::services::is_told_by;
use crate::node::{Node, Outcome};

/// An organization that a partner sponsors.
#[derive(Clone, Debug, PartialEq)]
pub struct CarriedOrg {
    /// What it last said.
    pub document: Sponsored,
    /// How many of its documents never came, since we first heard of it.
    pub n_missing: u64,
}

impl Node {
    /// Reads what a partner carries, from its feed.
    pub(crate) fn read_carried(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Ok((carried, org, payload)) = Carried::verify(envelope.clone(), issuer) else {
            return Ok(Err("document_not_signed"));
        };
        let Ok(document) = entente_proto::decode_sponsored(payload.bytes()) else {
            return Ok(Err("document_unreadable"));
        };
        if document.org != org || document.sponsor != *issuer {
            return Ok(Err("sponsored_by_others"));
        }
        if !is_told_by(self, tx, issuer)? {
            return Ok(Err("no_agreement"));
        }
        if org == self.id() || has_node(tx, &org)? {
            return Ok(Err("sponsored_has_node"));
        }
        let known = tx.carried(org.as_bytes())?;
        let next = Head::of(&document, payload.bytes());
        let before = known.as_ref().map(|row| Head { seq: row.seq, hash: row.hash });
        let n_missing = match Head::follow(before.as_ref(), &document, &next) {
            // What it said before we heard of it was never said to us.
            Ok(Follows::New { n_missing }) if known.is_some() => n_missing,
            Ok(_) => 0,
            Err(Astray::Older) => return Ok(Err("sponsored_older")),
            Err(Astray::Forked) => return Ok(Err("sponsored_forked")),
        };
        if known.is_none() {
            let all = tx.all_carried()?;
            let theirs = all.iter().filter(|(_, row)| row.sponsor == *issuer.as_bytes());
            if theirs.count() >= MAX_SPONSORED_ORGS {
                return Ok(Err("too_many_sponsored"));
            }
        }
        let row = CarriedRow {
            name_en: document.name.en.clone(),
            name_fr: document.name.fr.clone(),
            sponsor: *issuer.as_bytes(),
            seq: next.seq,
            hash: next.hash,
            document: entente_proto::encode_envelope(carried.envelope()),
            n_missing: known.map_or(0, |row| row.n_missing).saturating_add(n_missing),
        };
        tx.put_carried(org.as_bytes(), &row)?;
        gathered.services.forget = true;
        let entry = self.entry(Actor::Partner(*issuer), Action::SponsoredHeld).partner(*issuer);
        let n = document.services.len() as u64;
        gathered.entries.push(entry.reference(*org.as_bytes()).n(n));
        Ok(Ok(()))
    }

    /// Reads that a partner no longer carries an organization.
    pub(crate) fn read_sponsorship_end(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        bytes: &[u8],
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Ok((sponsor, org, _)) = entente_proto::decode_sponsorship_end(bytes) else {
            return Ok(Err("document_unreadable"));
        };
        if sponsor != *issuer {
            return Ok(Err("sponsored_by_others"));
        }
        let Some(mut row) = tx.carried(org.as_bytes())? else { return Ok(Ok(())) };
        if row.sponsor != *issuer.as_bytes() || row.document.is_empty() {
            return Ok(Ok(()));
        }
        row.document.clear();
        tx.put_carried(org.as_bytes(), &row)?;
        // Nobody carries referrals to it now.
        self.end_referrals_with(tx, &org)?;
        gathered.services.forget = true;
        let entry = self.entry(Actor::Partner(*issuer), Action::SponsoredEnded).partner(*issuer);
        gathered.entries.push(entry.reference(*org.as_bytes()));
        Ok(Ok(()))
    }

    /// The organizations that partners sponsor, of those that may be shown now.
    pub fn carried_orgs(&self) -> Outcome<Vec<CarriedOrg>> {
        let shown = self.shown_issuers()?;
        let rows = self.db.read(|tx| Ok::<_, Box<Fault>>(tx.all_carried()?))?;
        let read = rows.into_iter().filter_map(|(_, row)| {
            let sponsor = OrgId::from_bytes(&row.sponsor).ok()?;
            let (_, document) = opened(&row.document, &sponsor)?;
            let is_shown = shown.contains(&sponsor) && shown.contains(&document.org);
            is_shown.then_some(CarriedOrg { document, n_missing: row.n_missing })
        });
        Ok(read.collect())
    }
}

/// Whether an organization is a partner, and so speaks for itself.
pub(crate) fn has_node<R: Rows>(tx: &R, org: &OrgId) -> Outcome<bool> {
    let row = tx.partner(org.as_bytes())?;
    Ok(row.is_some_and(|row| row.state != PartnerState::Ended))
}

/// A document that we keep, with both signatures checked again; `None` if it was taken back.
pub(crate) fn opened(document: &[u8], sponsor: &OrgId) -> Option<(Carried, Sponsored)> {
    let envelope = entente_proto::decode_envelope(document).ok()?;
    let (carried, _, payload) = Carried::verify(envelope, sponsor).ok()?;
    Some((carried, entente_proto::decode_sponsored(payload.bytes()).ok()?))
}

/// The services in a document, under whose they are and who carried them.
pub(crate) fn entries(document: Sponsored) -> impl Iterator<Item = Entry> {
    let (issuer, sponsor) = (document.org, Some(document.sponsor));
    document.services.into_iter().map(move |service| Entry { issuer, sponsor, service })
}

/// A row of ours that cannot be read is damaged.
pub(super) fn damaged() -> Box<Fault> {
    DbError::from(BadRow).into()
}
