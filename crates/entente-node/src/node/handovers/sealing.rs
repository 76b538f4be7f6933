//! Sealing for a partner, and taking what a partner sealed for us.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::payload_type;
use entente_core::handover::{
    Binding, ContactDetails, HandoverDeed, HandoverReceipt, KeyId, RefusedWhy, Sealed,
};
use entente_core::identity::OrgId;
use entente_core::referral::{Head, ReferralId};
use entente_core::statistics::noise::SystemRandomness;
use entente_store::db::Write;
use entente_store::handover::{HandoverAt, HandoverRow, Handovers as _, Way};

use super::keys::until_s;
use super::unusable_details;
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::{Node, Outcome};

/// A hand-over that came, in its message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came<'a> {
    /// Whose referral it is.
    pub(crate) home: OrgId,
    /// Its place in the chain.
    pub(crate) head: &'a Head,
    /// The key that it is sealed to.
    pub(crate) key: KeyId,
    /// The sealed bytes.
    pub(crate) sealed: &'a [u8],
    /// SHA-256 of the payload.
    pub(crate) digest: [u8; 32],
}

impl Node {
    /// Seals contact details to the newest key of a partner, for one place in the chain of a referral.
    ///
    /// Nothing of them is kept here but the sealed bytes, which nobody here opens.
    pub(crate) fn seal_handover(
        &self,
        tx: &Write<'_>,
        partner: &OrgId,
        head: &Head,
        details: &ContactDetails,
    ) -> Outcome<(KeyId, Sealed)> {
        details.check().map_err(unusable_details)?;
        let key = self.key_of(tx, partner)?;
        let id = KeyId::of(&key);
        let binding = Binding::of(self.id(), *partner, head, id).ok_or_else(not_accepted)?;
        let sealed = Sealed::seal(&key, &binding, details, &mut SystemRandomness);
        Ok((id, sealed.map_err(|_| no_randomness())?))
    }

    /// Remembers where a hand-over was said, so that it can be destroyed. One before it is destroyed now.
    pub(crate) fn keep_sent_handover(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        head: &Head,
        (key, sealed): (KeyId, &Sealed),
        digest: [u8; 32],
        said_at: (u32, u64),
    ) -> Outcome<()> {
        self.shred_handovers(tx, Way::Sent, partner, &head.referral, "replaced")?;
        let at = at(Way::Sent, partner, head);
        let row = HandoverRow {
            said_at: Some(said_at),
            ..row_of(head, key, sealed.as_bytes().len(), digest, self.now_s())
        };
        Ok(tx.put_handover(&at, &row)?)
    }

    /// Keeps a hand-over that came, or says why not. `is_ours` says whether we have the referral and
    /// `head.seen` is a message of ours that accepted it, or a later one.
    ///
    /// Whatever can be refused without opening it is refused here.
    pub(crate) fn take_handover(
        &self,
        tx: &mut Write<'_>,
        came: &Came<'_>,
        is_ours: bool,
        gathered: &mut Gathered,
    ) -> Outcome<Result<(), RefusedWhy>> {
        let Came { home, head, key, sealed, digest } = came;
        if let Err(why) = self.may_take(tx, came, is_ours)? {
            let entry = self.entry(Actor::Partner(*home), Action::HandoverRefused).partner(*home);
            let entry = entry.reference(head.referral.0).reasons([why.code().to_owned()]);
            gathered.entries.push(entry);
            let deed = HandoverDeed::Refused(why);
            self.say_handover_receipt(tx, home, head.referral, *digest, deed)?;
            return Ok(Err(why));
        }
        self.shred_handovers(tx, Way::Received, home, &head.referral, "replaced")?;
        let row = row_of(head, *key, sealed.len(), *digest, self.now_s());
        tx.hold_handover(&at(Way::Received, home, head), row, sealed)?;
        Ok(Ok(()))
    }

    fn may_take(
        &self,
        tx: &Write<'_>,
        came: &Came<'_>,
        is_ours: bool,
    ) -> Outcome<Result<(), RefusedWhy>> {
        let Came { home, head, key, sealed, .. } = came;
        if Sealed::from_bytes(sealed.to_vec()).is_err() {
            return Ok(Err(RefusedWhy::Malformed));
        }
        if !is_ours || Binding::of(*home, self.id(), head, *key).is_none() {
            return Ok(Err(RefusedWhy::NotAccepted));
        }
        let before = tx.handovers_of(Way::Received, home.as_bytes(), &head.referral.0)?;
        if before.iter().any(|(_, row)| row.digest == came.digest) {
            return Ok(Err(RefusedWhy::Repeated));
        }
        let opens = tx.team_key(self.id().as_bytes(), &key.0)?.is_some_and(|row| {
            !row.wraps.is_empty() && until_s(&row).is_none_or(|until_s| self.now_s() < until_s)
        });
        if !opens {
            return Ok(Err(RefusedWhy::OldKey));
        }
        let kept = self.newest(tx, home)?;
        let agreed = kept.is_some_and(|kept| {
            crate::node::agreements::is_in_force(kept.state)
                && kept.agreement.grant_to(&self.id()).is_some_and(|(_, grant)| grant.referrals)
        });
        Ok(if agreed { Ok(()) } else { Err(RefusedWhy::NotAgreed) })
    }

    pub(super) fn say_handover_receipt(
        &self,
        tx: &mut Write<'_>,
        home: &OrgId,
        referral: ReferralId,
        digest: [u8; 32],
        deed: HandoverDeed,
    ) -> Outcome<()> {
        let receipt = HandoverReceipt { referral, digest, deed, at_s: self.now_s() };
        let payload = entente_proto::encode_handover_receipt(&receipt);
        let document = self.document(home, payload_type::HANDOVER_RECEIPT, payload)?;
        self.say(tx, home, None, vec![document])?;
        Ok(())
    }

    /// Reads what a partner did with a hand-over of ours.
    pub(crate) fn read_handover_receipt(
        &self,
        tx: &mut Write<'_>,
        (issuer, through): (&OrgId, &OrgId),
        bytes: &[u8],
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Ok(receipt) = entente_proto::decode_handover_receipt(bytes) else {
            return Ok(Err("document_unreadable"));
        };
        if self.through(tx, &receipt.referral, issuer)? != *through {
            return Ok(Err("handover_unknown"));
        }
        let sent = tx.handovers_of(Way::Sent, issuer.as_bytes(), &receipt.referral.0)?;
        let found = sent.into_iter().find(|(_, row)| row.digest == receipt.digest);
        let Some((at, mut row)) = found else { return Ok(Err("handover_unknown")) };
        let reason = match receipt.deed {
            HandoverDeed::Shredded => {
                row.shredded_there_at_s.get_or_insert(receipt.at_s);
                "shredded"
            }
            HandoverDeed::Refused(why) => {
                row.refused.get_or_insert((receipt.at_s, why.code().to_owned()));
                why.code()
            }
        };
        tx.put_handover(&at, &row)?;
        gathered.accepted.n_receipts += 1;
        let entry = self.entry(Actor::Partner(*issuer), Action::ReceiptReceived).partner(*issuer);
        let entry = entry.reference(receipt.referral.0).reasons([reason.to_owned()]);
        gathered.entries.push(entry);
        Ok(Ok(()))
    }
}

pub(crate) fn at(way: Way, partner: &OrgId, head: &Head) -> HandoverAt {
    HandoverAt { way, partner: *partner.as_bytes(), referral: head.referral.0, step: head.step }
}

pub(crate) fn row_of(
    head: &Head,
    key: KeyId,
    n_bytes: usize,
    digest: [u8; 32],
    now_s: i64,
) -> HandoverRow {
    HandoverRow {
        agreement: (head.agreement.id, head.agreement.version),
        key: key.0,
        digest,
        chain: (head.previous.unwrap_or_default(), head.seen.unwrap_or_default()),
        n_bytes: u32::try_from(n_bytes).unwrap_or(u32::MAX),
        sealed_at_s: head.at_s,
        at_s: now_s,
        ..HandoverRow::default()
    }
}

fn not_accepted() -> Box<Fault> {
    Fault::new(
        2412,
        ("Nobody has accepted this referral.", "Personne n’a accepté cet aiguillage."),
        (
            "See where it stands: `entente referral show`.",
            "Voyez où il en est\u{a0}: `entente referral show`.",
        ),
    )
}
