//! What we carry to organizations that we sponsor: what homes say to them about referrals.
//!
//! We keep it as it came and decide nothing. Contact details are sealed to the organization's own key;
//! they lie here under a key of their own until the organization has opened them or it is over.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{KeyId, Sealed};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::referral::{Body, Head, Message, Offer, ReferralId, Refused, Standing};
use entente_core::sponsor::{MailCover, MailHome};
use entente_store::db::{Rows, Write};
use entente_store::handover::{Handovers as _, Way};
use entente_store::mail::{MailAt, MailRow, SponsorMail as _};
use entente_store::rows::ChainRow;
use entente_store::sponsors::Sponsors as _;
use entente_store::tx::Reads as _;

use super::carried::has_node;
use super::faults::not_sponsored;
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::documents::Used;
use crate::node::handovers;
use crate::node::referrals::MAX_OPEN_WITH_PARTNER;
use crate::node::referrals::read::continues;
use crate::node::{Node, Outcome};

/// How long what is over stays in the mail, in seconds: 30 days. A folder that nobody looked into for
/// longer finds nothing to do in it.
pub(super) const OVER_S: i64 = 30 * 24 * 60 * 60;

/// The most bytes of items in one mail; what is left over follows in the next.
const MAX_ITEM_BYTES: usize = entente_proto::MAX_MAIL - 1024 * 1024;

/// Mail that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenMail {
    /// For whom, as it says itself.
    pub org: OrgId,
    /// How many referrals are in it that were offered to it.
    pub n_referrals: usize,
    /// How many are in it that it asked for itself.
    pub n_requests: usize,
    /// How many did not fit into it.
    pub n_left: usize,
    /// The bytes of the file.
    pub file: Vec<u8>,
}

/// What waits for an organization that we sponsor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many offers it has not answered.
    pub n_offers: usize,
    /// When the first answer is due, by its home's clock; seconds since 1970.
    pub due_at_s: Option<i64>,
    /// About how many referrals there is something that was never written into mail.
    pub n_new: usize,
}

impl Node {
    /// Keeps what a home says to an organization that we sponsor.
    pub(crate) fn carry_word(
        &self,
        tx: &mut Write<'_>,
        home: &OrgId,
        message: &Message,
        envelope: &Envelope,
        hash: [u8; 32],
    ) -> Outcome<Used> {
        let head = &message.head;
        let Some(org) = head.sponsored else { return Ok(Err("document_unknown")) };
        let at = MailAt { org: *org.as_bytes(), referral: head.referral.0, home: *home.as_bytes() };
        match (&message.body, tx.mail(&at)?) {
            (Body::Offer(offer), None) => {
                self.carry_offer(tx, (home, &org, &at), (head, offer), envelope, hash)
            }
            (Body::Offer(_), Some(mut row)) => {
                // Its feed began anew, or ours was set back.
                row.theirs = ChainRow { steps: head.step, last: Some(hash) };
                tx.put_mail(&at, &row)?;
                self.without_effect(tx, home, &head.referral, Refused::Repeated)
            }
            (Body::Decision(Standing::Taken | Standing::Revoked | Standing::Expired), None) => {
                self.without_effect(tx, home, &head.referral, Refused::Over)
            }
            (_, None) => Ok(Err("referral_unknown")),
            (_, Some(row)) => self.carry_decision(tx, (home, &at, row), message, envelope, hash),
        }
    }

    fn carry_offer(
        &self,
        tx: &mut Write<'_>,
        (home, org, at): (&OrgId, &OrgId, &MailAt),
        (head, offer): (&Head, &Offer),
        envelope: &Envelope,
        hash: [u8; 32],
    ) -> Outcome<Used> {
        let ours = tx.sponsored(org.as_bytes())?;
        if ours.is_none_or(|row| row.ended_at_s.is_some()) || has_node(tx, org)? {
            return Ok(Err("sponsored_unknown"));
        }
        if head.step != 1 {
            return Ok(Err("referral_out_of_order"));
        }
        if !self.is_ours(home) && !self.grants_us_referrals(tx, home, head.agreement)? {
            return Ok(Err("referral_not_agreed"));
        }
        let all = tx.all_mail(Some(org.as_bytes()))?;
        let open = all.iter().filter(|(at, row)| at.home == *home.as_bytes() && !row.is_over);
        if open.count() >= MAX_OPEN_WITH_PARTNER {
            return Ok(Err("referral_quota"));
        }
        let row = MailRow {
            agreement: (head.agreement.id, head.agreement.version),
            standing: "offered".to_owned(),
            times: (self.now_s(), offer.due_at_s, offer.expires_at_s),
            since_s: self.now_s(),
            theirs: ChainRow { steps: head.step, last: Some(hash) },
            said: vec![(head.step, entente_proto::encode_envelope(envelope).into())],
            ..MailRow::default()
        };
        tx.put_mail(at, &row)?;
        self.note_mail(tx, home, org, head, &row.standing)?;
        Ok(Ok(()))
    }

    fn carry_decision(
        &self,
        tx: &mut Write<'_>,
        (home, at, mut row): (&OrgId, &MailAt, MailRow),
        message: &Message,
        envelope: &Envelope,
        hash: [u8; 32],
    ) -> Outcome<Used> {
        let head = &message.head;
        if row.agreement != (head.agreement.id, head.agreement.version) {
            return Ok(Err("referral_other_agreement"));
        }
        if !continues(&row.theirs, message) && head.step <= row.theirs.steps + 1 {
            return Ok(Err("referral_out_of_order"));
        }
        let bytes = entente_proto::encode_envelope(envelope);
        match &message.body {
            Body::HandOver { .. } if row.is_over => {
                return self.without_effect(tx, home, &head.referral, Refused::Over);
            }
            Body::HandOver { key, sealed } => {
                if Sealed::from_bytes(sealed.clone()).is_err() {
                    return Ok(Err("handover_malformed"));
                }
                self.shred_handovers(tx, Way::Carried, home, &head.referral, "replaced")?;
                let held = handovers::row_of(head, KeyId(*key), sealed.len(), hash, self.now_s());
                tx.hold_handover(&handovers::at(Way::Carried, home, head), held, &bytes)?;
                row.standing = "handed_over".to_owned();
            }
            Body::Decision(standing) => {
                row.standing = standing.code().to_owned();
                row.is_over = *standing != Standing::Won;
                if row.is_over {
                    // The card is of no more use; what is sealed here is for nobody any more.
                    row.said.clear();
                    self.shred_handovers(tx, Way::Carried, home, &head.referral, standing.code())?;
                }
                row.said.push((head.step, bytes.into()));
            }
            Body::Offer(_) | Body::Reply(_) | Body::Progress(_) => {
                return Ok(Err("document_unknown"));
            }
        }
        row.theirs = ChainRow { steps: head.step, last: Some(hash) };
        row.since_s = self.now_s();
        row.given_at_s = None;
        tx.put_mail(at, &row)?;
        let org = head.sponsored.unwrap_or(*home);
        self.note_mail(tx, home, &org, head, &row.standing)?;
        Ok(Ok(()))
    }

    fn note_mail(
        &self,
        tx: &mut Write<'_>,
        home: &OrgId,
        org: &OrgId,
        head: &Head,
        standing: &str,
    ) -> Outcome<()> {
        let by = if self.is_ours(home) { Actor::Node } else { Actor::Partner(*home) };
        let mut entry = self.entry(by, Action::SponsorMailHeld).reference(head.referral.0);
        if !self.is_ours(home) {
            entry = entry.partner(*home).agreement(head.agreement.id);
        }
        self.write_audit(tx, vec![entry.reasons([standing.to_owned(), org.to_string()])])
    }

    /// Puts together what waits for an organization that we sponsor: the bytes of a file for it. Whatever
    /// is not over is in it each time, so a file that was lost needs no repetition.
    pub fn give_mail(&self, actor: &Actor, org: &OrgId) -> Outcome<GivenMail> {
        self.db.write("give mail", |tx| {
            tx.sponsored(org.as_bytes())?.ok_or_else(not_sponsored)?;
            let since = self.now_s() - OVER_S;
            let mut all = tx.all_mail(Some(org.as_bytes()))?;
            all.retain(|(_, row)| !row.is_over || row.since_s >= since);
            all.sort_by_key(|(at, row)| (row.is_over, row.times.1, *at));
            let (mut items, mut homes) = (Vec::new(), Vec::new());
            let (mut n_bytes, mut n_referrals, n_all) = (0, 0, all.len());
            for (at, mut row) in all {
                let of_one = items_of(tx, &at, &row)?;
                let size: usize = of_one.iter().map(Vec::len).sum();
                let n_items = items.len() + of_one.len();
                if n_bytes + size > MAX_ITEM_BYTES || n_items > entente_proto::MAX_MAIL_ITEMS {
                    continue;
                }
                n_bytes += size;
                n_referrals += 1;
                items.extend(of_one);
                homes.push(at.home);
                row.given_at_s = Some(self.now_s());
                tx.put_mail(&at, &row)?;
            }
            let mut n_requests = 0;
            let own = self.standings_for(tx, org, since)?;
            let n_own = own.len();
            for (id, of_one) in own {
                let size: usize = of_one.iter().map(Vec::len).sum();
                let n_items = items.len() + of_one.len();
                if n_bytes + size <= MAX_ITEM_BYTES && n_items <= entente_proto::MAX_MAIL_ITEMS {
                    n_bytes += size;
                    n_requests += 1;
                    items.extend(of_one);
                    self.told_request(tx, org, &id)?;
                }
            }
            let cover = MailCover {
                sponsor: self.id(),
                org: *org,
                at_s: self.now_s().max(1),
                homes: self.mail_homes(tx, homes)?,
                items: items.iter().map(|item| MailCover::hash(item)).collect(),
            };
            let payload = entente_proto::encode_mail_cover(&cover);
            let signed = Envelope::seal(payload_type::SPONSOR_MAIL, payload, &self.secrets.key);
            let file = entente_proto::mail_file(&signed.map_err(|_| no_randomness())?, items);
            let entry = self.entry(actor.clone(), Action::SponsorMailGiven);
            let n = (n_referrals + n_requests) as u64;
            self.write_audit(tx, vec![entry.reference(*org.as_bytes()).n(n)])?;
            let n_left = (n_all - n_referrals) + (n_own - n_requests);
            Ok::<_, Box<Fault>>(GivenMail { org: *org, n_referrals, n_requests, n_left, file })
        })
    }

    /// The homes in mail, with what we call them.
    fn mail_homes<R: Rows>(&self, tx: &R, mut ids: Vec<[u8; 32]>) -> Outcome<Vec<MailHome>> {
        ids.sort_unstable();
        ids.dedup();
        let mut homes = Vec::with_capacity(ids.len());
        for id in ids {
            let Ok(org) = OrgId::from_bytes(&id) else { continue };
            let name = match tx.partner(&id)? {
                Some(row) => Text::new(row.name_en, row.name_fr),
                None if self.is_ours(&org) => self.profile().name.clone(),
                None => Text::new(format!("{}", org.short()), format!("{}", org.short())),
            };
            homes.push(MailHome { org, name });
        }
        homes.sort_by_key(|home| home.org);
        Ok(homes)
    }

    /// What waits for an organization that we sponsor.
    pub fn waiting_mail(&self, org: &OrgId) -> Outcome<Waiting> {
        let (all, n_untold) = self.db.read(|tx| {
            Ok::<_, Box<Fault>>((tx.all_mail(Some(org.as_bytes()))?, self.n_untold(tx, org)?))
        })?;
        let open = all.iter().filter(|(_, row)| row.standing == "offered" && row.answer.is_empty());
        let since = self.now_s() - OVER_S;
        Ok(Waiting {
            n_offers: open.clone().count(),
            due_at_s: open.map(|(_, row)| row.times.1).min(),
            n_new: all
                .iter()
                .filter(|(_, row)| row.given_at_s.is_none() && row.since_s >= since)
                .count()
                + n_untold,
        })
    }

    /// Forgets what we carry for an organization whose sponsorship ends. Its homes hear of the end.
    pub(super) fn forget_mail(&self, tx: &mut Write<'_>, org: &OrgId) -> Outcome<()> {
        for (at, mut row) in tx.all_mail(Some(org.as_bytes()))? {
            if let Ok(home) = OrgId::from_bytes(&at.home)
                && !row.is_over
            {
                self.shred_handovers(
                    tx,
                    Way::Carried,
                    &home,
                    &ReferralId(at.referral),
                    "sponsorship_ended",
                )?;
            }
            row.said.clear();
            row.is_over = true;
            tx.put_mail(&at, &row)?;
        }
        Ok(())
    }
}

/// What a home said about one referral, in its order.
fn items_of(tx: &Write<'_>, at: &MailAt, row: &MailRow) -> Outcome<Vec<Vec<u8>>> {
    let mut all: Vec<(u32, Vec<u8>)> =
        row.said.iter().map(|(step, bytes)| (*step, bytes.to_vec())).collect();
    if row.standing == "handed_over" {
        for (held, _) in tx.handovers_of(Way::Carried, &at.home, &at.referral)? {
            all.extend(tx.handover_sealed(&held)?.map(|bytes| (held.step, bytes)));
        }
    }
    all.sort_by_key(|(step, _)| *step);
    Ok(all.into_iter().map(|(_, bytes)| bytes).collect())
}
