//! What a round came to, as its coordinator signs it for everybody with a part in it.
//!
//! The parcels of all who took part are in it: each is signed by its maker, and says how well its
//! persons could be matched. So who took part, and that all worked under one key, is the word of the
//! parties themselves. That the counts are what came out of the last batch is the coordinator's word:
//! its key is destroyed, and nobody can count again.

use crate::envelope::{Envelope, payload_type};
use crate::identity::OrgId;
use crate::lang::Lang;

use super::histogram::Histogram;
use super::linkage::LinkageFigures;
use super::parcel::{Maker, Parcel};
use super::round::Round;

/// What a round came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The terms.
    pub round: Round,
    /// A count for every set of lists, in the order of [`Histogram::counts`].
    pub counts: Vec<i64>,
    /// What contributors handed on, ascending by identity, then the first helper and the second.
    pub parcels: Vec<(Envelope, Parcel)>,
    /// Contributors that are not in it, ascending.
    pub missing: Vec<OrgId>,
    /// When; seconds since 1970.
    pub counted_at_s: i64,
}

/// What is wrong with what a round is said to have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedFault {
    /// Whoever signed it does not count by the terms.
    NotTheirs(OrgId),
    /// There are not as many counts as the terms call for.
    Counts,
    /// Those who took part and those who are missing are not everybody in the terms, each once.
    Parties,
    /// What somebody handed on has no right signature, or belongs to another round or key.
    Parcel(OrgId),
}

impl CountedFault {
    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::NotTheirs(org) => lang.pick(
                format!("{org} signed it, and does not count by the terms"),
                format!("{org} l’a signé, et ne compte pas selon les conditions"),
            ),
            Self::Counts => lang.pick(
                "there are not as many counts as the terms call for".to_owned(),
                "le nombre de comptes n’est pas celui que prévoient les conditions".to_owned(),
            ),
            Self::Parties => lang.pick(
                "not everybody in the terms took part or is named as missing, each once".to_owned(),
                "tous ceux que nomment les conditions n’ont pas participé ou ne sont pas nommés absents, chacun une fois".to_owned(),
            ),
            Self::Parcel(org) => lang.pick(
                format!("what {org} handed on is not of this round, or not signed by it"),
                format!("ce que {org} a remis n’est pas de ce recoupement, ou n’est pas signé par lui"),
            ),
        }
    }
}

impl Counted {
    /// Everything that is wrong with it, if `signer` signed it; nothing if it is right.
    pub fn faults(&self, signer: &OrgId) -> Vec<CountedFault> {
        let terms = self.round.terms();
        let mut faults = Vec::new();
        if terms.coordinator != *signer {
            faults.push(CountedFault::NotTheirs(*signer));
        }
        if self.histogram().is_none() {
            faults.push(CountedFault::Counts);
        }
        let contributors = terms.contributors.iter().map(|(org, _)| *org);
        let there = contributors.filter(|org| !self.missing.contains(org));
        let everybody: Vec<OrgId> = there.chain(terms.helpers).collect();
        let are_known = self.missing.iter().all(|org| self.round.list_of(org).is_some());
        let is_once = self.missing.is_sorted_by(|a, b| a < b);
        if everybody.len() != self.parcels.len() || !are_known || !is_once {
            faults.push(CountedFault::Parties);
            return faults;
        }
        let joint = self.parcels.first().map(|(_, parcel)| parcel.joint);
        for (org, (envelope, parcel)) in everybody.iter().zip(&self.parcels) {
            let is_signed = envelope.verify(payload_type::OVERLAP_PARCEL, &[*org]).is_ok();
            let is_in_place = match parcel.maker {
                Maker::Contributor(..) => self.round.list_of(org).is_some(),
                Maker::First => terms.helpers[0] == *org,
                Maker::Second => terms.helpers[1] == *org,
            };
            let is_of_round = parcel.round == self.round.id() && Some(parcel.joint) == joint;
            if !is_signed || !is_in_place || !is_of_round {
                faults.push(CountedFault::Parcel(*org));
            }
        }
        faults
    }

    /// What was counted. Nothing in it says how many persons the noise does not cover: that number has
    /// no noise, and stays with the coordinator.
    pub fn histogram(&self) -> Option<Histogram> {
        Histogram::restore(&self.round, &self.counts, 0)
    }

    /// Who contributed, and what each says of how well its persons could be matched.
    pub fn given(&self) -> impl Iterator<Item = (OrgId, LinkageFigures)> {
        self.parcels.iter().filter_map(|(envelope, parcel)| match parcel.maker {
            Maker::Contributor(_, figures) => Some((envelope.signatures.first()?.0, figures)),
            Maker::First | Maker::Second => None,
        })
    }
}
