//! What of a need card the services of whoever is asked have to know.
//!
//! Gender and immigration status are on a card for the services that ask for them. A partner none of whose
//! services does is not told; of one that lists none nothing is known, and it is told what the agreement
//! allows.

use std::ops::ControlFlow;

use entente_core::identity::OrgId;
use entente_core::referral::{Asks, NeedCard};
use entente_core::service::Service;
use entente_store::db::Rows;
use entente_store::services::Services as _;
use entente_store::sponsors::Sponsors as _;

use super::through::Route;
use crate::node::services::held::listed_in;
use crate::node::sponsors::carried::{entries, opened};
use crate::node::{Node, Outcome};

impl Node {
    /// The card for an organization: without what none of its services asks for.
    pub(super) fn card_for<R: Rows>(
        &self,
        tx: &R,
        card: &NeedCard,
        org: &OrgId,
        route: Option<&Route>,
    ) -> Outcome<NeedCard> {
        // Most cards have nothing that could be left out, and then nothing is read.
        if card.gender.is_none() && card.status.is_none() {
            return Ok(card.clone());
        }
        let asks = match route {
            None => asks_of(tx, org)?,
            Some(route) => asks_of_sponsored(tx, org, route)?,
        };
        Ok(asks.map_or_else(|| card.clone(), |asks| card.asked_by(asks)))
    }
}

fn with(asks: Option<Asks>, service: &Service) -> Option<Asks> {
    if service.is_active() { Some(asks.unwrap_or_default().with(service)) } else { asks }
}

/// What the services of a partner ask for; `None` if it lists none that is running.
///
/// From the store, since this is asked within transactions, where the directory must not be built.
fn asks_of<R: Rows>(tx: &R, partner: &OrgId) -> Outcome<Option<Asks>> {
    let mut asks = None;
    tx.held_services_of(partner.as_bytes(), &mut |document| {
        if let Some(entry) = listed_in(document) {
            asks = with(asks, &entry.service);
        }
        // More than everything is not asked for.
        if asks == Some(Asks::ALL) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(asks)
}

/// The same of an organization without a node, by what it signed.
fn asks_of_sponsored<R: Rows>(tx: &R, org: &OrgId, route: &Route) -> Outcome<Option<Asks>> {
    let ours = tx.sponsored(org.as_bytes())?.filter(|row| row.ended_at_s.is_none());
    let document = match ours {
        Some(row) => Some(row.document),
        None => tx.carried(org.as_bytes())?.map(|row| row.document),
    };
    let document = document.and_then(|document| opened(&document, &route.sponsor));
    let services = document.into_iter().flat_map(|(_, document)| entries(document));
    Ok(services.fold(None, |asks, entry| with(asks, &entry.service)))
}
