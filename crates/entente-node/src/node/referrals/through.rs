//! Organizations without a node in our referrals: through whom they are reached.
//!
//! Such an organization is asked under its own name. Only the way differs: what we say to it stands in
//! the feed of its sponsor, under the agreement with that, and names whom it is for.

use entente_core::codes::OrgType;
use entente_core::identity::OrgId;
use entente_core::referral::ReferralId;
use entente_core::statement::AgreementRef;
use entente_core::statistics::sum::SealingPublic;
use entente_store::db::Rows;
use entente_store::mail::SponsorMail as _;
use entente_store::rows::BadRow;
use entente_store::sponsors::Sponsors as _;

use crate::node::sponsors::carried::{has_node, opened};
use crate::node::{Node, Outcome};

/// How an organization without a node is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The partner that carries it.
    pub(crate) sponsor: OrgId,
    /// What kind of organization it is.
    pub(crate) kind: OrgType,
    /// The key to which hand-overs for it are sealed, by its own signature.
    pub(crate) key: Option<SealingPublic>,
}

impl Node {
    /// How an organization without a node is reached now; `None` if it is none that a partner carries.
    pub(crate) fn route_to<R: Rows>(&self, tx: &R, org: &OrgId) -> Outcome<Option<Route>> {
        if has_node(tx, org)? {
            return Ok(None);
        }
        // Those whom we sponsor ourselves need nobody between.
        if let Some(row) = tx.sponsored(org.as_bytes())?.filter(|row| row.ended_at_s.is_none()) {
            return Ok(route_in(&row.document, self.id()));
        }
        let Some(row) = tx.carried(org.as_bytes())? else { return Ok(None) };
        let sponsor = OrgId::from_bytes(&row.sponsor).map_err(|_| Self::bad_row())?;
        Ok(route_in(&row.document, sponsor))
    }

    /// In whose feed we speak to an organization about a referral of ours: its own, unless it was asked
    /// through its sponsor.
    pub(crate) fn through<R: Rows>(&self, tx: &R, id: &ReferralId, org: &OrgId) -> Outcome<OrgId> {
        match tx.offered_through(&id.0, org.as_bytes())? {
            None => Ok(*org),
            Some(sponsor) => OrgId::from_bytes(&sponsor).map_err(|_| Self::bad_row()),
        }
    }

    /// Whether what is said there goes into mail that we write ourselves.
    pub(crate) fn is_ours(&self, through: &OrgId) -> bool {
        *through == self.id()
    }

    fn bad_row() -> Box<crate::fault::Fault> {
        entente_store::db::DbError::from(BadRow).into()
    }
}

/// What stands for the agreement in a referral between us and an organization that we sponsor ourselves:
/// there is none with oneself.
pub(crate) const WITH_OURSELVES: AgreementRef = AgreementRef { id: [0; 16], version: 1 };

/// How the organization of a document is reached.
fn route_in(document: &[u8], sponsor: OrgId) -> Option<Route> {
    let (_, document) = opened(document, &sponsor)?;
    Some(Route { sponsor, kind: document.kind, key: document.handover })
}
