//! Whether a service or a capacity may be told to the partner.
//!
//! They say nothing about a case, and still go only where an agreement grants the directory: what a
//! shelter has free tonight is no public fact.

use jiff::civil::Date;

use crate::agreement::AgreementState;
use crate::agreement::clause::item;
use crate::envelope::{Envelope, EnvelopeError, payload_type};
use crate::identity::OrgKey;
use crate::service::{Audience, Capacity, Service};
use crate::sponsor::Carried;
use crate::statement::Statement;

use super::{Denied, Permitted, Policy, Reason, Why};

/// What is to be told of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceNews {
    /// The service, as a partner may see it. Boxed, since it is large.
    Listing(Box<Service>),
    /// What it has free.
    Capacity(Capacity),
}

impl Policy {
    /// Decides whether the partner may be told of services at all.
    pub fn decide_services(&self, state: AgreementState, today: Date) -> Result<(), Denied> {
        let mut reasons = Vec::new();
        self.judge_state(state, today, &mut reasons);
        if !self.grant.services {
            let clause = self.clause(item::SERVICES);
            let why =
                if self.grant.is_empty() { Why::NothingGranted } else { Why::ServicesNotGranted };
            reasons.push(Reason { clause, why });
        }
        if reasons.is_empty() { Ok(()) } else { Err(Denied::new(reasons)) }
    }

    /// Decides whether a service may be told to the partner, and makes of it what a partner may see.
    pub fn decide_service(
        &self,
        service: &Service,
        state: AgreementState,
        today: Date,
    ) -> Result<Permitted<ServiceNews>, Denied> {
        self.decide_services(state, today)?;
        let seen = Box::new(service.seen_by(Audience::Partner));
        Ok(self.permitted(ServiceNews::Listing(seen)))
    }

    /// Decides whether what a service has free may be told to the partner.
    pub fn decide_capacity(
        &self,
        capacity: Capacity,
        state: AgreementState,
        today: Date,
    ) -> Result<Permitted<ServiceNews>, Denied> {
        self.decide_services(state, today)?;
        Ok(self.permitted(ServiceNews::Capacity(capacity)))
    }

    /// Decides whether what a sponsored organization says may be carried to the partner. It is part of
    /// the directory; the organization itself signed what partners may see, so nothing is left out here.
    pub fn decide_sponsored(
        &self,
        carried: Carried,
        state: AgreementState,
        today: Date,
    ) -> Result<Permitted<Statement>, Denied> {
        self.decide_services(state, today)?;
        let inner = Statement::Document(carried.into_envelope());
        Ok(Permitted { partner: self.partner, clause: self.clause(item::SERVICES), inner })
    }

    fn permitted(&self, inner: ServiceNews) -> Permitted<ServiceNews> {
        Permitted { partner: self.partner, clause: self.clause(item::SERVICES), inner }
    }
}

impl Permitted<ServiceNews> {
    /// Signs it. `encode` makes the bytes of the document.
    pub fn seal(
        self,
        encode: impl FnOnce(&ServiceNews) -> Vec<u8>,
        key: &OrgKey,
    ) -> Result<Permitted<Statement>, EnvelopeError> {
        let kind = match &self.inner {
            ServiceNews::Listing(_) => payload_type::SERVICE,
            ServiceNews::Capacity(_) => payload_type::CAPACITY,
        };
        let envelope = Envelope::seal(kind, encode(&self.inner), key)?;
        Ok(self.map(|_| Statement::Document(envelope)))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::agreement::Side;
    use crate::agreement::tests::{agreement, orgs};
    use crate::codes::Set;
    use crate::service::Unit;
    use crate::service::tests::shelter;

    fn policy(services: bool) -> Policy {
        let mut agreement = agreement();
        agreement.grants[0].services = services;
        agreement.policy_for(&orgs().0).unwrap()
    }

    const TODAY: Date = date(2026, 10, 1);

    fn two_beds() -> Capacity {
        let now = jiff::Timestamp::UNIX_EPOCH;
        Capacity {
            service: shelter(1).id,
            available: 2,
            maximum: None,
            unit: Unit::Bed,
            whom: Set::EMPTY,
            said_at: now,
            until: now + jiff::SignedDuration::from_hours(6),
        }
    }

    #[test]
    fn a_service_goes_only_where_the_directory_is_granted_and_while_that_holds() {
        let (granted, without) = (policy(true), policy(false));
        let permitted = granted.decide_service(&shelter(1), AgreementState::Active, TODAY).unwrap();
        assert_eq!(permitted.clause().to_string(), "§3.4");
        assert_eq!(permitted.partner(), &orgs().1);

        let denied = without.decide_service(&shelter(1), AgreementState::Active, TODAY);
        let why: Vec<_> = denied.unwrap_err().reasons().iter().map(|it| it.why).collect();
        assert_eq!(why, [Why::ServicesNotGranted]);
        assert!(granted.decide_capacity(two_beds(), AgreementState::Active, TODAY).is_ok());
        let denied = without.decide_capacity(two_beds(), AgreementState::Active, TODAY);
        assert_eq!(
            denied.unwrap_err().reasons().len(),
            1,
            "what is free tonight is no public fact"
        );
        for state in [
            AgreementState::Suspended { by_us: false, by_them: true },
            AgreementState::Ended { by: Side::Theirs },
            AgreementState::Expired,
            AgreementState::Draft,
        ] {
            assert!(granted.decide_services(state, TODAY).is_err(), "{state:?}");
        }
        assert!(granted.decide_services(AgreementState::Active, date(2040, 1, 1)).is_err());
    }
}
