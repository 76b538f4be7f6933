//! To whom the key for hand-overs may be said.
//!
//! Whether contact details may be sealed to a partner is decided as the offer was
//! ([`super::Policy::decide_offer`]) and again when they go: the agreement may have been suspended since,
//! and the person may have changed their mind. That they go to the winner alone is
//! [`super::referral_decision`]'s.

use super::Permitted;
use crate::agreement::clause::item;
use crate::agreement::{Agreement, AgreementState, Clause};
use crate::envelope::{Envelope, payload_type};
use crate::identity::OrgId;
use crate::statement::Statement;

/// Says our key for hand-overs to a partner whose agreement grants referrals, in whichever direction.
///
/// `None` to everybody else, and for another kind of document: who takes part in referrals is nobody
/// else's concern.
pub fn handover_key(
    agreement: &Agreement,
    state: AgreementState,
    ours: &OrgId,
    envelope: Envelope,
) -> Option<Permitted<Statement>> {
    let partner = agreement.partner_of(ours)?.org;
    let (article, from_us) = agreement.grant_from(ours)?;
    let (_, from_them) = agreement.grant_from(&partner)?;
    let is_granted = from_us.referrals || from_them.referrals;
    let is_key = envelope.payload_type == payload_type::HANDOVER_KEY;
    let may = is_granted && is_key && state == AgreementState::Active;
    may.then(|| Permitted {
        partner,
        clause: Clause::of(article, item::REFERRALS),
        inner: Statement::Document(envelope),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Side;
    use crate::agreement::tests::{agreement, orgs};
    use crate::identity::OrgKey;

    fn said(change: impl FnOnce(&mut Agreement), kind: &str, state: AgreementState) -> bool {
        let mut agreement = agreement();
        for grant in &mut agreement.grants {
            grant.referrals = false;
        }
        change(&mut agreement);
        let envelope = Envelope::seal(kind, vec![1], &OrgKey::from_seed(&[1; 32])).unwrap();
        let (ours, theirs) = orgs();
        let permitted = handover_key(&agreement, state, &ours, envelope);
        assert!(permitted.as_ref().is_none_or(|it| *it.partner() == theirs));
        permitted.is_some()
    }

    #[test]
    fn a_key_goes_where_referrals_are_granted_in_either_direction_and_nothing_else_does() {
        let (key, active) = (payload_type::HANDOVER_KEY, AgreementState::Active);
        assert!(said(|it| it.grants[0].referrals = true, key, active));
        assert!(said(|it| it.grants[1].referrals = true, key, active));
        assert!(!said(|_| {}, key, active));
        assert!(!said(|it| it.grants[0].referrals = true, payload_type::NOTICE, active));
        for state in [
            AgreementState::Suspended { by_us: true, by_them: false },
            AgreementState::Ended { by: Side::Ours },
            AgreementState::HalfSigned { by: Side::Ours },
            AgreementState::Expired,
        ] {
            assert!(!said(|it| it.grants[0].referrals = true, key, state), "{state:?}");
        }
    }
}
