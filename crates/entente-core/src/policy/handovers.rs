//! To whom the key for hand-overs may be said, and whether contact details may be sealed to somebody.
//!
//! Contact details name a person. Everything that had to hold for the offer has to hold again when they
//! go: the agreement may have been suspended since, and the person may have changed their mind.

use jiff::civil::Date;

use super::{Denied, NeedConsent, Permitted, Policy, Reason, Why};
use crate::agreement::clause::item;
use crate::agreement::{Agreement, AgreementState, Clause};
use crate::codes::{Need, Set};
use crate::envelope::{Envelope, payload_type};
use crate::identity::OrgId;
use crate::statement::Statement;

impl Policy {
    /// Decides whether contact details may go to the partner now: that it accepted is the referral's
    /// concern ([`super::referral_decision`]).
    pub fn decide_handover(
        &self,
        needs: &[Need],
        consent: NeedConsent,
        is_withdrawn: bool,
        state: AgreementState,
        today: Date,
    ) -> Result<(), Denied> {
        let mut reasons = match self.grants_referrals(state, today) {
            Ok(()) => Vec::new(),
            Err(denied) => denied.reasons().to_vec(),
        };
        let mut deny = |why| reasons.push(Reason { clause: Clause::ALWAYS, why });
        let missing: Set<Need> =
            needs.iter().copied().filter(|need| !consent.covered.contains(*need)).collect();
        if !missing.is_empty() {
            deny(Why::NeedsNotCovered { needs: missing });
            if consent.is_withdrawn {
                deny(Why::ConsentWithdrawn);
            }
        }
        if is_withdrawn {
            deny(Why::RecordWithdrawn);
        }
        if reasons.is_empty() { Ok(()) } else { Err(Denied::new(reasons)) }
    }
}

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
