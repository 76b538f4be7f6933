//! Who might take a referral on, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::agreement::AgreementState;
use entente_core::codes::{Code as _, OrgType};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::referral::matching::{Candidate, Match, rank};
use entente_store::sponsors::Sponsors as _;
use entente_store::tx::Reads as _;

use super::{KeptReferral, Refusal};
use crate::node::{Node, Outcome};

/// The most services that are shown for one referral: nobody reads on after the first screens. Whom to
/// ask is found among all of them.
const MAX_SHOWN: usize = 50;

impl Node {
    /// The services that might take a referral on: those that are running, of partners whose
    /// agreement lets us offer them referrals today. A partner that lists none stands there by
    /// itself; of it nothing is known, and that ranks it neither up nor down.
    pub fn referral_candidates(&self) -> Outcome<Vec<Candidate>> {
        let partners = self.referral_partners()?;
        let sponsored = self.referral_sponsored()?;
        let shown = self.shown_issuers()?;
        let now = self.now();
        self.with_directory(|directory| {
            let mut all = Vec::new();
            let mut alone = partners.clone();
            for entry in directory.entries().filter(|entry| shown.contains(&entry.issuer)) {
                let kind = match &entry.sponsor {
                    // The grant is the sponsor's; whoever has no key for hand-overs is not asked.
                    Some(sponsor) if partners.contains_key(sponsor) || self.is_ours(sponsor) => {
                        sponsored.get(&entry.issuer)
                    }
                    Some(_) => None,
                    None => partners.get(&entry.issuer).map(|(kind, _)| kind),
                };
                let Some(kind) = kind else { continue };
                // Who has listed a service and closed it is not asked in its name.
                alone.remove(&entry.issuer);
                if entry.service.is_active() {
                    let claims = directory.capacities(&entry.issuer, entry.service.id, now);
                    let issuer = entry.issuer;
                    all.push(Candidate::of_service(issuer, *kind, &entry.service, &claims, now));
                }
            }
            let of_partner = |(partner, (kind, name))| Candidate::partner_only(partner, kind, name);
            all.extend(alone.into_iter().map(of_partner));
            all
        })
    }

    /// The organizations without a node that partners or we carry, and that have a key for hand-overs.
    fn referral_sponsored(&self) -> Outcome<BTreeMap<OrgId, OrgType>> {
        self.db.read(|tx| {
            let mut all = BTreeMap::new();
            let carried = tx.all_carried()?.into_iter().map(|(org, _)| org);
            let ours = tx.all_sponsored()?.into_iter().map(|(org, _)| org);
            for org in carried.chain(ours) {
                let Ok(org) = OrgId::from_bytes(&org) else { continue };
                if let Some(route) = self.route_to(tx, &org)?.filter(|route| route.key.is_some()) {
                    all.insert(org, route.kind);
                }
            }
            Ok(all)
        })
    }

    /// The partners whose agreement lets us offer them referrals today.
    fn referral_partners(&self) -> Outcome<BTreeMap<OrgId, (OrgType, Text)>> {
        self.db.read(|tx| {
            let mut all = BTreeMap::new();
            for kept in self.all_kept(tx)? {
                let granted = self.policy(&kept)?.grants_referrals(kept.state, self.today());
                if granted.is_err() || kept.state != AgreementState::Active {
                    continue;
                }
                if let Some(row) = tx.partner(kept.partner.as_bytes())? {
                    let kind = OrgType::from_number(row.kind).unwrap_or(OrgType::Ngo);
                    all.insert(kept.partner, (kind, Text::new(row.name_en, row.name_fr)));
                }
            }
            Ok(all)
        })
    }

    /// Ranks the services for a referral, and says of each partner whether it may be asked. The best
    /// fifty, for people to look at.
    pub fn rank_referral(&self, kept: &KeptReferral) -> Outcome<Vec<(Match, Result<(), Refusal>)>> {
        let mut ranked = self.ranked(kept)?;
        ranked.truncate(MAX_SHOWN);
        let mut asked: BTreeMap<OrgId, Result<(), Refusal>> = BTreeMap::new();
        let mut judged = Vec::with_capacity(ranked.len());
        for found in ranked {
            let partner = found.candidate.partner;
            let may = match asked.get(&partner) {
                Some(may) => may.clone(),
                None => asked.entry(partner).or_insert(self.may_offer(kept, &partner)?).clone(),
            };
            judged.push((found, may));
        }
        Ok(judged)
    }

    /// All services for a referral, the best first.
    fn ranked(&self, kept: &KeptReferral) -> Outcome<Vec<Match>> {
        Ok(rank(&kept.card, self.referral_candidates()?, self.today()))
    }

    /// The partners with a service that fits, that may be asked, and that were not asked yet; each once,
    /// however many of its services fit.
    ///
    /// Of a partner that lists no services nothing is known: it is asked only if no other fits, since who
    /// does not help need not know.
    pub fn matching_partners(&self, kept: &KeptReferral) -> Outcome<Vec<OrgId>> {
        let (mut known, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        for found in self.ranked(kept)?.into_iter().filter(Match::fits) {
            let Candidate { partner, needs, .. } = found.candidate;
            if !kept.state.was_offered_to(&partner) {
                let partners = if needs.is_empty() { &mut unknown } else { &mut known };
                partners.insert(partner);
            }
        }
        let helping = self.those_to_ask(kept, known)?;
        if helping.is_empty() { self.those_to_ask(kept, unknown) } else { Ok(helping) }
    }

    fn those_to_ask(&self, kept: &KeptReferral, of: BTreeSet<OrgId>) -> Outcome<Vec<OrgId>> {
        let mut to_ask = Vec::new();
        for partner in of {
            if self.may_offer(kept, &partner)?.is_ok() {
                to_ask.push(partner);
            }
        }
        Ok(to_ask)
    }
}
