//! Organizations without a node: those that we sponsor.
//!
//! What such an organization signs comes in a file. It is checked, signed once more by us, kept and said
//! to every partner whose agreement grants the directory, in one transaction. We cannot change it; what
//! we can do is keep it from partners, and then its numbers have a gap there. [`carried`] reads what
//! partners carry for others.

use entente_core::agreement::AgreementState;
use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::policy::{Permitted, Policy};
use entente_core::service::Entry;
use entente_core::sponsor::{Astray, Carried, Follows, Head, Receipt, Sponsored, is_fingerprint};
use entente_core::statement::Statement;
use entente_proto::Invalid;
use entente_store::db::{Rows, Write};
use entente_store::sponsors::{SponsoredRow, Sponsors as _};
use entente_store::tx::Reads as _;

use super::agreements::Kept;
use super::audit::no_randomness;
use super::{Node, Outcome};
use crate::fault::Fault;

mod answers;
pub mod carried;
mod faults;
mod mail;
pub(crate) mod requests;

pub use answers::TakenAnswers;
pub use faults::request_refused;
pub use mail::{GivenMail, Waiting};
pub use requests::{MAX_OPEN_REQUESTS, TakenRequest};

use faults::{
    an_older_one, known_already, not_a_document, not_sponsored, other_fingerprint, other_sponsor,
    several_sponsored, speaks_for_itself, taken_already, too_many_organizations, two_histories,
};

/// The most organizations that one node sponsors: a provincial association has some dozens of members.
pub const MAX_SPONSORED_ORGS: usize = 200;

/// An organization that we sponsor, or did.
#[derive(Clone, Debug, PartialEq)]
pub struct SponsoredOrg {
    /// What it last said.
    pub document: Sponsored,
    /// What we keep of it.
    pub row: SponsoredRow,
}

impl Node {
    /// Takes on an organization as its sponsor, with the first document it hands over.
    ///
    /// `fingerprint` is what an officer heard from the organization itself, by a way that is not the
    /// file's. One whose sponsorship ended can be taken on again.
    pub fn add_sponsored(
        &self,
        actor: &Actor,
        file: &[u8],
        fingerprint: &str,
    ) -> Outcome<SponsoredOrg> {
        let (document, signed) = self.read_sponsored_file(file)?;
        if !is_fingerprint(&document.org, fingerprint) {
            return Err(other_fingerprint());
        }
        self.take(actor, Action::SponsoredAdded, document, signed)
    }

    /// Takes what an organization that we sponsor signed, signs it too, and says it.
    pub fn take_sponsored(&self, actor: &Actor, file: &[u8]) -> Outcome<SponsoredOrg> {
        let (document, signed) = self.read_sponsored_file(file)?;
        self.take(actor, Action::SponsoredTaken, document, signed)
    }

    fn read_sponsored_file(&self, file: &[u8]) -> Outcome<(Sponsored, Envelope)> {
        let read = entente_proto::read_sponsored(file);
        let (document, signed) = read.map_err(|invalid: Invalid| not_a_document(&invalid))?;
        if document.sponsor != self.id() {
            return Err(other_sponsor());
        }
        Ok((document, signed))
    }

    fn take(
        &self,
        actor: &Actor,
        action: Action,
        document: Sponsored,
        signed: Envelope,
    ) -> Outcome<SponsoredOrg> {
        let org = document.org;
        let next = Head::of(&document, &signed.payload);
        let carried = Carried::cosign(signed, &org, &self.secrets.key);
        let carried = carried.map_err(|_| no_randomness())?;
        let row = self.db.write("take sponsored", |tx| {
            let known = tx.sponsored(org.as_bytes())?;
            let standing = known.as_ref().filter(|row| row.ended_at_s.is_none());
            match (action, standing) {
                (Action::SponsoredAdded, Some(_)) => return Err(known_already()),
                (Action::SponsoredTaken, None) => return Err(not_sponsored()),
                _ => {}
            }
            if carried::has_node(tx, &org)? {
                return Err(speaks_for_itself());
            }
            if known.is_none() && tx.all_sponsored()?.len() >= MAX_SPONSORED_ORGS {
                return Err(too_many_organizations());
            }
            let before = known.as_ref().map(|row| Head { seq: row.seq, hash: row.hash });
            let n_missing = match Head::follow(before.as_ref(), &document, &next) {
                Ok(Follows::Same) if action == Action::SponsoredTaken => {
                    return Err(taken_already());
                }
                // What it said before we knew it was never ours to carry.
                Ok(Follows::New { n_missing }) if known.is_some() => n_missing,
                Ok(_) => 0,
                Err(Astray::Older) => return Err(an_older_one()),
                Err(Astray::Forked) => return Err(two_histories()),
            };
            let mut row = known.unwrap_or_default();
            row.name_en = document.name.en.clone();
            row.name_fr = document.name.fr.clone();
            row.seq = next.seq;
            row.hash = next.hash;
            row.document = entente_proto::encode_envelope(carried.envelope());
            row.n_missing += n_missing;
            row.taken_at_s = self.now_s();
            if action == Action::SponsoredAdded {
                row.added_at_s = self.now_s();
                row.ended_at_s = None;
            }
            tx.put_sponsored(org.as_bytes(), &row)?;
            self.say_sponsored(tx, &org)?;
            let entry = self.entry(actor.clone(), action).reference(*org.as_bytes());
            self.write_audit(tx, vec![entry.n(document.services.len() as u64)])?;
            Ok::<_, Box<Fault>>(tx.sponsored(org.as_bytes())?.unwrap_or(row))
        })?;
        self.forget_directory();
        Ok(SponsoredOrg { document, row })
    }

    /// Ends the sponsorship of an organization. Partners no longer see what it said.
    pub fn end_sponsored(&self, actor: &Actor, org: &OrgId) -> Outcome<SponsoredOrg> {
        let row = self.db.write("end sponsored", |tx| {
            let row = tx.sponsored(org.as_bytes())?.filter(|row| row.ended_at_s.is_none());
            let row =
                SponsoredRow { ended_at_s: Some(self.now_s()), ..row.ok_or_else(not_sponsored)? };
            tx.put_sponsored(org.as_bytes(), &row)?;
            self.say_sponsored(tx, org)?;
            // Our own referrals to it, and then what we carry for others.
            self.end_referrals_with(tx, org)?;
            self.forget_mail(tx, org)?;
            self.end_requests(tx, org)?;
            let entry = self.entry(actor.clone(), Action::SponsoredEnded);
            self.write_audit(tx, vec![entry.reference(*org.as_bytes())])?;
            Ok::<_, Box<Fault>>(tx.sponsored(org.as_bytes())?.unwrap_or(row))
        })?;
        self.forget_directory();
        let document = self.sponsored_document(&row)?.1;
        Ok(SponsoredOrg { document, row })
    }

    /// What we have of an organization and how many partners know it, signed: the bytes of a file for it.
    pub fn sponsor_receipt(&self, actor: &Actor, org: &OrgId) -> Outcome<(Receipt, Vec<u8>)> {
        let row = self.db.read(|tx| tx.sponsored(org.as_bytes()))?.ok_or_else(not_sponsored)?;
        let n_told = row.said.iter().filter(|(_, hash)| *hash == row.hash).count();
        let receipt = Receipt {
            sponsor: self.id(),
            org: *org,
            head: Head { seq: row.seq, hash: row.hash },
            at_s: self.now_s().max(1),
            n_told: u32::try_from(n_told).unwrap_or(u32::MAX),
            ended: row.ended_at_s.is_some(),
        };
        let payload = entente_proto::encode_sponsor_receipt(&receipt);
        let signed = Envelope::seal(payload_type::SPONSOR_RECEIPT, payload, &self.secrets.key);
        let file = entente_proto::sponsor_receipt_file(&signed.map_err(|_| no_randomness())?);
        let entry = self.entry(actor.clone(), Action::SponsoredReceipt);
        self.audit(vec![entry.reference(*org.as_bytes())])?;
        Ok((receipt, file))
    }

    /// The organizations that we sponsor, or did, by their ids.
    pub fn sponsored_orgs(&self) -> Outcome<Vec<SponsoredOrg>> {
        let rows = self.db.read(|tx| tx.all_sponsored())?;
        let read = rows.into_iter().map(|(_, row)| {
            let document = self.sponsored_document(&row)?.1;
            Ok(SponsoredOrg { document, row })
        });
        read.collect()
    }

    /// The organization that is meant, by its name or the beginning of its id.
    pub fn find_sponsored(&self, wanted: &str) -> Outcome<SponsoredOrg> {
        let wanted = wanted.trim().to_lowercase();
        let is_meant = |it: &SponsoredOrg| {
            let name = &it.document.name;
            [&name.en, &name.fr].iter().any(|it| it.to_lowercase() == wanted)
                || (wanted.len() >= 4 && it.document.org.to_string().starts_with(&wanted))
        };
        let mut found: Vec<_> = self.sponsored_orgs()?.into_iter().filter(is_meant).collect();
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (Some(_), false) => Err(several_sponsored()),
            (None, _) => Err(not_sponsored()),
        }
    }

    /// What organizations without a node are called, ours and those of partners.
    pub fn sponsored_names(&self) -> Outcome<Vec<(OrgId, Text)>> {
        let (ours, theirs) =
            self.db.read(|tx| Ok::<_, Box<Fault>>((tx.all_sponsored()?, tx.all_carried()?)))?;
        let ours = ours.into_iter().map(|(org, row)| (org, row.name_en, row.name_fr));
        let theirs = theirs.into_iter().map(|(org, row)| (org, row.name_en, row.name_fr));
        let named = |(org, en, fr): ([u8; 32], String, String)| {
            Some((OrgId::from_bytes(&org).ok()?, Text::new(en, fr)))
        };
        Ok(theirs.chain(ours).filter_map(named).collect())
    }

    fn sponsored_document(&self, row: &SponsoredRow) -> Outcome<(Carried, Sponsored)> {
        carried::opened(&row.document, &self.id()).ok_or_else(carried::damaged)
    }

    /// Says to all partners where one of our organizations stands.
    fn say_sponsored(&self, tx: &mut Write<'_>, org: &OrgId) -> Outcome<()> {
        for (partner, row) in tx.partners()? {
            let Ok(partner) = OrgId::from_bytes(&partner) else { continue };
            let Some(kept) = self.newest(tx, &partner)? else { continue };
            if self.open_to(&row).is_err() || kept.state != AgreementState::Active {
                continue;
            }
            let policy = self.policy(&kept)?;
            self.say_sponsored_under(tx, &policy, &kept, Some(org))?;
        }
        Ok(())
    }

    /// Says to the partner of an agreement what it was not told yet of one of our organizations, or of
    /// all. Returns how many documents were said.
    pub(crate) fn say_sponsored_under(
        &self,
        tx: &mut Write<'_>,
        policy: &Policy,
        kept: &Kept,
        only: Option<&OrgId>,
    ) -> Outcome<u64> {
        let partner = &kept.partner;
        let mut said = Vec::new();
        for (org, mut row) in tx.all_sponsored()? {
            let Ok(org) = OrgId::from_bytes(&org) else { continue };
            if only.is_some_and(|only| *only != org) {
                continue;
            }
            let at = row.said.iter().position(|(told, _)| told == partner.as_bytes());
            let told = at.and_then(|at| row.said.get(at)).map(|(_, hash)| *hash);
            let permitted = match carried::has_node(tx, &org)? {
                true => None,
                false => self.may_carry(policy, kept, &row)?,
            };
            match permitted {
                Some(_) if told == Some(row.hash) => continue,
                None if told.is_none() => continue,
                _ => {}
            }
            row.said.retain(|(told, _)| told != partner.as_bytes());
            match permitted {
                Some(document) => {
                    row.said.push((*partner.as_bytes(), row.hash));
                    said.push(document);
                }
                None => {
                    let end = entente_proto::encode_sponsorship_end(
                        &self.id(),
                        &org,
                        self.now_s().max(1),
                    );
                    said.push(self.document(partner, payload_type::SPONSORSHIP_END, end)?);
                }
            }
            tx.put_sponsored(org.as_bytes(), &row)?;
        }
        let n = said.len() as u64;
        if n > 0 {
            self.say(tx, partner, Some(kept.reference()), said)?;
            let entry = self.entry(Actor::Node, Action::SponsoredSaid).partner(*partner).n(n);
            self.write_audit(tx, vec![entry.agreement(kept.agreement.id.0)])?;
        }
        Ok(n)
    }

    /// The document of an organization, if it is sponsored and the policy lets this partner have it.
    fn may_carry(
        &self,
        policy: &Policy,
        kept: &Kept,
        row: &SponsoredRow,
    ) -> Outcome<Option<Permitted<Statement>>> {
        if row.ended_at_s.is_some() {
            return Ok(None);
        }
        let (carried, _) = self.sponsored_document(row)?;
        Ok(policy.decide_sponsored(carried, kept.state, self.today()).ok())
    }

    /// A partner may no longer know what it was told: it is to be told again.
    pub(crate) fn say_sponsored_again(&self, tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
        for (org, mut row) in tx.all_sponsored()? {
            let before = row.said.len();
            row.said.retain(|(told, _)| told != partner.as_bytes());
            if row.said.len() < before {
                tx.put_sponsored(&org, &row)?;
            }
        }
        Ok(())
    }

    /// The services of the organizations that we sponsor, and of those that partners do.
    pub(crate) fn sponsored_entries<R: Rows>(&self, tx: &R) -> Outcome<Vec<Entry>> {
        let mut entries = Vec::new();
        for (_, row) in tx.all_sponsored()? {
            let (_, document) = self.sponsored_document(&row)?;
            if row.ended_at_s.is_none() && !carried::has_node(tx, &document.org)? {
                entries.extend(carried::entries(document));
            }
        }
        for (_, row) in tx.all_carried()? {
            let Ok(sponsor) = OrgId::from_bytes(&row.sponsor) else { continue };
            if let Some((_, document)) = carried::opened(&row.document, &sponsor)
                && !carried::has_node(tx, &document.org)?
            {
                entries.extend(carried::entries(document));
            }
        }
        Ok(entries)
    }
}
