//! What is said of a referral of ours: signed, placed in the feed, written down.

use entente_core::audit::Action;
use entente_core::codes::{Code as _, Set};
use entente_core::identity::OrgId;
use entente_core::policy::{Permitted, referral_decision};
use entente_core::referral::{Body, Head, Message, OfferStep, ReferralId, Refused, Said, Standing};
use entente_core::statement::{AgreementRef, Statement};
use entente_store::db::Write;
use entente_store::log::{LogKey, Logs as _};
use entente_store::rows::{ChainRow, OfferRow};
use sha2::{Digest as _, Sha256};

use super::faults::{not_offered, refused};
use super::home::{Doing, put};
use super::{KeptReferral, rows};
use crate::node::audit::no_randomness;
use crate::node::{Node, Outcome};

impl Node {
    /// The head of the next message in a chain.
    pub(super) fn head(
        &self,
        referral: ReferralId,
        agreement: AgreementRef,
        ours: Option<&ChainRow>,
        seen: Option<[u8; 32]>,
    ) -> Head {
        Head {
            referral,
            agreement,
            step: ours.map_or(0, |it| it.steps) + 1,
            previous: ours.and_then(|it| it.last),
            seen,
            at_s: self.now_s(),
            sponsored: None,
        }
    }

    /// Says one thing to one partner, and remembers that.
    pub(super) fn say_home(
        &self,
        tx: &mut Write<'_>,
        kept: &mut KeptReferral,
        doing: &Doing<'_>,
        partner: &OrgId,
        what: Said,
    ) -> Outcome<()> {
        let mut duties = Set::EMPTY;
        let permitted = match what {
            Said::Offer => {
                let case = self.case_for(tx, &kept.record)?;
                match self.permit_offer(tx, kept, &case, partner)? {
                    Ok(permitted) => {
                        duties = permitted.duties;
                        permitted.message
                    }
                    Err(refusal) => return Err(refusal.explain(not_offered(), ("", ""))),
                }
            }
            Said::Decision(standing) => self.tell(tx, kept, partner, Body::Decision(standing))?,
            Said::HandOver => self.seal_message(tx, kept, partner, doing)?,
        };
        let through = *permitted.partner();
        if what == Said::Offer && through != *partner {
            tx.put_offered_through(&kept.id.0, partner.as_bytes(), through.as_bytes())?;
        }
        let message = permitted.inner().clone();
        let head = &message.head;
        let (at, hash) = self.say_referral(tx, permitted)?;
        self.remember_handover(tx, partner, &message, hash, at)?;
        let row = kept.offers.entry(*partner).or_insert_with(|| OfferRow {
            partner: *partner.as_bytes(),
            step: rows::offer_coded(OfferStep::Open),
            agreement: (head.agreement.id, head.agreement.version),
            at,
            offered_at_s: self.now_s(),
            ours: ChainRow::default(),
            theirs: ChainRow::default(),
        });
        row.ours = ChainRow { steps: head.step, last: Some(hash) };
        let offered_at = row.at;
        let (code, action) = match what {
            Said::Offer => ("offered_to", Action::ReferralOffered),
            Said::Decision(standing) => (standing.code(), decided(standing)),
            Said::HandOver => ("handed_over_to", Action::ReferralHandedOver),
        };
        if matches!(what, Said::Decision(standing) if standing != Standing::Won) {
            self.shred_offer(tx, &through, offered_at)?;
        }
        let entry = self.referral_entry(doing.actor.clone(), action, &kept.id);
        let entry = entry.record(kept.record).partner(*partner).agreement(head.agreement.id);
        // On what it rests, where it is no consent of the person.
        let rests_on = duties.iter().map(|duty| format!("override:{}", duty.code()));
        let reasons = std::iter::once(code.to_owned()).chain(rests_on);
        self.write_audit(tx, vec![entry.reasons(reasons)])?;
        self.add_step(tx, kept, doing.actor, Some(*partner), (code, ""), Some(hash))
    }

    /// Says again where a referral stands for a partner, in a feed that begins anew.
    pub(super) fn say_standing_again(
        &self,
        tx: &mut Write<'_>,
        kept: &mut KeptReferral,
        partner: &OrgId,
    ) -> Outcome<()> {
        let Some(row) = kept.offers.get_mut(partner) else { return Ok(()) };
        row.ours = ChainRow::default();
        if let Some(standing) = kept.state.standing_of(partner) {
            let permitted = self.tell(tx, kept, partner, Body::Decision(standing))?;
            let step = permitted.inner().head.step;
            let (_, hash) = self.say_referral(tx, permitted)?;
            if let Some(row) = kept.offers.get_mut(partner) {
                row.ours = ChainRow { steps: step, last: Some(hash) };
            }
        }
        put(tx, kept)
    }

    /// A message to a partner that has the offer.
    fn tell(
        &self,
        tx: &Write<'_>,
        kept: &KeptReferral,
        partner: &OrgId,
        body: Body,
    ) -> Outcome<Permitted<Message>> {
        let row = kept.offers.get(partner).ok_or_else(|| refused(Refused::NotOffered))?;
        let agreement = AgreementRef { id: row.agreement.0, version: row.agreement.1 };
        let through = self.through(tx, &kept.id, partner)?;
        let head = self.head(kept.id, agreement, Some(&row.ours), row.theirs.last);
        let head = Head { sponsored: (through != *partner).then_some(*partner), ..head };
        let message = Message { head, body };
        referral_decision(&kept.state, *partner, through, message)
            .ok_or_else(|| refused(Refused::NotOffered))
    }

    /// Signs and says a permitted message. Returns where it stands in our feed, and its hash.
    pub(super) fn say_referral(
        &self,
        tx: &mut Write<'_>,
        permitted: Permitted<Message>,
    ) -> Outcome<((u32, u64), [u8; 32])> {
        let partner = *permitted.partner();
        let agreement = permitted.inner().head.agreement;
        let hash = Sha256::digest(entente_proto::encode_referral(permitted.inner())).into();
        let message = permitted.inner().clone();
        let statement = permitted.seal(entente_proto::encode_referral, &self.secrets.key);
        let statement = statement.map_err(|_| no_randomness())?;
        if self.is_ours(&partner) {
            // Nothing goes into a feed: it is kept for the mail that we write ourselves.
            if let Statement::Document(envelope) = statement.inner() {
                let kept = self.carry_word(tx, &partner, &message, envelope, hash)?;
                kept.map_err(|_| refused(Refused::NotOffered))?;
            }
            return Ok(((0, 0), hash));
        }
        let places = self.say(tx, &partner, Some(agreement), vec![statement])?;
        Ok((places.first().copied().unwrap_or_default(), hash))
    }

    /// What a partner has not read of an offer that is over is never sent.
    pub(super) fn shred_offer(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        (epoch, seq): (u32, u64),
    ) -> Outcome<()> {
        let log = LogKey::Feed(*partner.as_bytes());
        if seq > 0 && tx.log_head(log)?.epoch == epoch {
            tx.shred_leaves(log, epoch, &[seq - 1])?;
        }
        Ok(())
    }
}

fn decided(standing: Standing) -> Action {
    match standing {
        Standing::Won | Standing::Taken => Action::ReferralDecided,
        Standing::Revoked => Action::ReferralWithdrawn,
        Standing::Expired => Action::ReferralExpired,
        Standing::Done(_) => Action::ReferralClosed,
    }
}
