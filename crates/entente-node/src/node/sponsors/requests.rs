//! Referrals that organizations without a node ask us for: taken from their files, made referrals of ours,
//! and told back in their mail.
//!
//! We are the home. What stands for the record is what the organization signed: the card, and the consent
//! or the duty. Contact details are sealed by the organization itself; we check where they belong and hand
//! the bytes on.

use entente_core::audit::{Action, Actor};
use entente_core::codes::IndigenousIdentity;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{KeyId, RefusedWhy, Sealed};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::record::{CaseRecord, RecordId};
use entente_core::referral::{Answer, Body, Head, HomeStep, Message, OfferStep, ReferralId};
use entente_core::sponsor::{
    Asked, AskedOrg, CarriedRequest, Handed, HandoverPlace, MAX_TOLD, NotTaken, Request,
    RequestRefusal, RequestStanding, Wanted,
};
use entente_core::statement::AgreementRef;
use entente_store::db::{Rows, Write};
use entente_store::handover::{Handovers as _, Way};
use entente_store::referrals::Referrals as _;
use entente_store::requests::{RefusalRow, RequestRow, Requests as _};
use entente_store::rows::ChainRow;
use entente_store::sponsors::Sponsors as _;
use entente_store::tx::Reads as _;
use jiff::civil::date;
use sha2::{Digest as _, Sha256};

use super::carried::{damaged, has_node};
use super::faults::set_back_since;
use super::mail::OVER_S;
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::records::Case;
use crate::node::referrals::KeptReferral;
use crate::node::{Node, Outcome};

/// The most referrals of one organization that are not over: a shelter has two dozen.
pub const MAX_OPEN_REQUESTS: usize = 100;

/// The most words about one referral: the request, corrections of what is handed over, and its end.
const MAX_WORDS: u32 = 64;

/// The most refusals that are kept for one organization, which folders read and then send no more.
const MAX_REFUSALS: usize = 100;

/// Stands in the store once requests are found by their organizations.
const FOUND: &str = "requests_by_org";

/// A request that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenRequest {
    /// The referral.
    pub referral: ReferralId,
    /// What was asked for: a code.
    pub what: &'static str,
    /// How many organizations were asked at once.
    pub n_asked: usize,
    /// Why those that match were not asked, if that failed.
    pub fault: Option<Box<Fault>>,
}

/// A request, with the organization's signature checked.
pub(super) struct ReadRequest {
    pub(super) signed: Envelope,
    pub(super) digest: [u8; 32],
    pub(super) request: Request,
}

/// What became of one: whether it is new, or why it is not taken.
type Took = Result<bool, &'static str>;

impl Node {
    /// Takes one request, and writes down why if it does not. `is_withdrawn` says whether the same file
    /// takes the referral back.
    pub(super) fn take_asked(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        org: &OrgId,
        read: &ReadRequest,
        is_withdrawn: bool,
    ) -> Outcome<Took> {
        let took = self.try_asked(tx, actor, org, read, is_withdrawn)?;
        if let Err(reason) = took {
            self.note_request(tx, actor, (Action::RequestRefused, org), read, reason)?;
            let why = NotTaken::from_code(reason);
            if let (Asked::Refer(_), Some(why)) = (&read.request.what, why) {
                self.keep_refusal(tx, org, read, why)?;
            }
        }
        Ok(took)
    }

    /// Keeps that the first word about a referral was not taken, so that the organization is told.
    fn keep_refusal(
        &self,
        tx: &mut Write<'_>,
        org: &OrgId,
        read: &ReadRequest,
        why: NotTaken,
    ) -> Outcome<()> {
        let (org, id) = (org.as_bytes(), read.request.referral.0);
        // What was taken before has a standing.
        if tx.request(&id)?.is_some_and(|row| row.org == *org) {
            return Ok(());
        }
        let (request, why, at_s) = (read.digest, why.number(), self.now_s());
        let known = tx.refusals_of(org)?;
        match known.iter().find(|(referral, _)| *referral == id) {
            Some((_, row)) if row.request == request && row.why == why => return Ok(()),
            Some(_) => {}
            None if known.len() >= MAX_REFUSALS => {
                if let Some((oldest, _)) = known.iter().min_by_key(|(_, row)| row.at_s) {
                    tx.delete_refusal(org, oldest)?;
                }
            }
            None => {}
        }
        let row = RefusalRow { request, why, at_s, is_told: false };
        Ok(tx.put_refusal(org, &id, &row)?)
    }

    fn note_request(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        (action, org): (Action, &OrgId),
        read: &ReadRequest,
        code: &str,
    ) -> Outcome<()> {
        let entry = self.entry(actor.clone(), action).reference(read.request.referral.0);
        self.write_audit(tx, vec![entry.reasons([code.to_owned(), org.to_string()])])
    }

    fn try_asked(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        org: &OrgId,
        read: &ReadRequest,
        is_withdrawn: bool,
    ) -> Outcome<Took> {
        let request = &read.request;
        if request.sponsor != self.id() {
            return Ok(Err("request_for_another"));
        }
        let row = match (tx.request(&request.referral.0)?, &request.what) {
            (Some(row), _) if row.org != *org.as_bytes() => {
                return Ok(Err("request_name_taken"));
            }
            // Of what is over and forgotten, only how many words were read is known.
            (Some(row), _) if row.is_forgotten() => {
                let is_known = request.step <= row.theirs.steps;
                return Ok(if is_known { Ok(false) } else { Err("referral_over") });
            }
            (Some(row), _) if row.heard.contains(&read.digest) => return Ok(Ok(false)),
            (Some(row), _) => row,
            (None, Asked::Refer(wanted)) => {
                return self.take_wanted(tx, actor, org, read, wanted);
            }
            (None, _) => return Ok(Err("referral_unknown")),
        };
        if request.step != row.theirs.steps + 1 || request.previous != row.theirs.last {
            return Ok(Err("request_out_of_order"));
        }
        // Taking it back is always heard, and once.
        let is_first_end = request.what == Asked::Withdraw && row.withdrawal.is_empty();
        if request.step > MAX_WORDS && !is_first_end {
            return Ok(Err("request_too_many"));
        }
        match &request.what {
            Asked::Refer(_) => Ok(Err("request_out_of_order")),
            Asked::HandOver(payload) => {
                let handed = match is_withdrawn {
                    // The next words in the same file take it back.
                    true => Err("request_taken_back"),
                    false => self.pass_sealed_on(tx, actor, &request.referral, payload, &row)?,
                };
                match handed {
                    Ok(digest) => {
                        let row = RequestRow { handed: Some(digest), ..row };
                        self.took(tx, actor, Action::RequestHandedOver, read, row)
                    }
                    // It was read, so the next word follows it.
                    Err(reason) => {
                        self.passed(tx, read, row)?;
                        Ok(Err(reason))
                    }
                }
            }
            Asked::Withdraw => {
                let mut kept = self.kept_referral(tx, &request.referral)?;
                // What is over already needs no taking back.
                let _over = self.withdraw_for_request(tx, &mut kept, actor, "asked_for")?;
                let withdrawal = self.cosigned(&read.signed, org)?;
                let row = RequestRow { withdrawal: withdrawal.into(), ..row };
                self.took(tx, actor, Action::RequestWithdrawn, read, row)
            }
        }
    }

    fn cosigned(&self, signed: &Envelope, org: &OrgId) -> Outcome<Vec<u8>> {
        let carried = CarriedRequest::cosign(signed.clone(), org, &self.secrets.key);
        let carried = carried.map_err(|_| no_randomness())?;
        Ok(entente_proto::encode_envelope(carried.envelope()))
    }

    /// Remembers that a word was taken, and writes it down.
    fn took(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        action: Action,
        read: &ReadRequest,
        row: RequestRow,
    ) -> Outcome<Took> {
        self.passed(tx, read, row)?;
        let Request { org, what, .. } = &read.request;
        self.note_request(tx, actor, (action, org), read, what.code())?;
        Ok(Ok(true))
    }

    /// Remembers that a word was read, whether it had an effect or not.
    fn passed(&self, tx: &mut Write<'_>, read: &ReadRequest, mut row: RequestRow) -> Outcome<()> {
        let Request { referral, step, .. } = &read.request;
        row.theirs = ChainRow { steps: *step, last: Some(read.digest) };
        row.heard.push(read.digest);
        Ok(tx.put_request(&referral.0, &row)?)
    }

    /// Makes a referral of ours from what the organization signed. Nobody is asked yet.
    fn take_wanted(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        org: &OrgId,
        read: &ReadRequest,
        wanted: &Wanted,
    ) -> Outcome<Took> {
        let id = read.request.referral;
        if has_node(tx, org)? {
            return Ok(Err("request_has_node"));
        }
        // The same name stands for the record, and neither may be another's.
        if tx.record(&id.0)?.is_some() || tx.referral(&id.0)?.is_some() {
            return Ok(Err("request_name_taken"));
        }
        if wanted.is_to_nobody() {
            return Ok(Err("request_to_nobody"));
        }
        if wanted.consent.valid_until.is_some_and(|last| last < self.today()) {
            return Ok(Err("request_expired"));
        }
        if !wanted.uncovered(&self.id(), self.today()).is_empty() {
            return Ok(Err("request_not_covered"));
        }
        if self.n_open_requests(tx, org)? >= MAX_OPEN_REQUESTS {
            return Ok(Err("request_too_many"));
        }
        let row = RequestRow {
            org: *org.as_bytes(),
            signed: self.cosigned(&read.signed, org)?.into(),
            ..RequestRow::default()
        };
        // The organization cannot offer it itself: it waits for our staff.
        let timers = Some(self.timers_of(&wanted.card));
        self.make_referral(tx, actor, id, (RecordId(id.0), wanted.card.clone()), timers)?;
        tx.delete_refusal(org.as_bytes(), &id.0)?;
        self.took(tx, actor, Action::RequestTaken, read, row)
    }

    fn n_open_requests<R: Rows>(&self, tx: &R, org: &OrgId) -> Outcome<usize> {
        let mut n = 0;
        for id in tx.requested_by(org.as_bytes())? {
            let kept = self.kept_referral(tx, &ReferralId(id))?;
            n += usize::from(!kept.state.step.is_over());
        }
        Ok(n)
    }

    /// Hands sealed contact details on, if they belong where the referral stands now. What is in them
    /// nobody here can read.
    fn pass_sealed_on(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        id: &ReferralId,
        payload: &[u8],
        row: &RequestRow,
    ) -> Outcome<Result<[u8; 32], &'static str>> {
        let kind = payload_type::REFERRAL_HANDOVER;
        let Ok(message) = entente_proto::decode_referral(kind, payload) else {
            return Ok(Err("handover_malformed"));
        };
        let Body::HandOver { key, sealed } = &message.body else {
            return Ok(Err("handover_malformed"));
        };
        if Sealed::from_bytes(sealed.clone()).is_err() {
            return Ok(Err("handover_malformed"));
        }
        let mut kept = self.kept_referral(tx, id)?;
        let Some(winner) = kept.state.winner().filter(|_| takes_details(kept.state.step)) else {
            return Ok(Err("handover_not_accepted"));
        };
        let through = self.through(tx, &kept.id, &winner)?;
        let place = place_of(&kept, &winner, &through, row);
        if place.is_none_or(|place| !is_at(&message.head, &kept.id, &place, &winner)) {
            return Ok(Err("handover_other_place"));
        }
        if self.key_of(tx, &winner).ok().map(|key| KeyId::of(&key)) != Some(KeyId(*key)) {
            return Ok(Err("handover_old_key"));
        }
        let case = self.case_for(tx, &kept.record)?;
        if self.permit_offer(tx, &kept, &case, &winner)?.is_err() {
            return Ok(Err("handover_not_permitted"));
        }
        if let Err(refused) = self.hand_over_sealed(tx, &mut kept, actor, &message)? {
            return Ok(Err(refused.code()));
        }
        Ok(Ok(Sha256::digest(payload).into()))
    }

    /// Asks all that match about a referral that was taken, if the organization wants that and nobody was
    /// asked yet. Returns how many were, and else why that failed: the staff then offer it by hand.
    pub(super) fn offer_request(
        &self,
        actor: &Actor,
        (id, signed_at_s): (&ReferralId, i64),
    ) -> Outcome<(usize, Option<Box<Fault>>)> {
        let kept = self.db.read(|tx| self.kept_referral(tx, id))?;
        if kept.state.step != HomeStep::Created {
            return Ok((0, None));
        }
        // Somebody may have accepted it in the history that is lost.
        if self.was_set_back_since(signed_at_s)? {
            return Ok((0, Some(set_back_since())));
        }
        let to = self.matching_partners(&kept)?;
        if to.is_empty() {
            return Ok((0, None));
        }
        Ok(match self.offer_referral(actor.clone(), id, &to) {
            Ok(kept) => (kept.state.offers.len(), None),
            Err(fault) => (0, Some(fault)),
        })
    }

    /// Which organization without a node asked for a referral of ours; `None` if it is our own.
    pub fn asked_by(&self, id: &ReferralId) -> Outcome<Option<OrgId>> {
        let row = self.db.read(|tx| tx.request(&id.0))?;
        row.map(|row| OrgId::from_bytes(&row.org).map_err(|_| damaged())).transpose()
    }

    /// What the organization signed when it asked for a referral of ours, signed by us too; `None` once it is
    /// forgotten.
    pub fn signed_request(&self, id: &ReferralId) -> Outcome<Option<Envelope>> {
        let row = self.db.read(|tx| tx.request(&id.0))?.filter(|row| !row.is_forgotten());
        row.map(|row| entente_proto::decode_envelope(&row.signed).map_err(|_| damaged()))
            .transpose()
    }

    /// Keeps the acceptance of a referral that was asked for, so that the organization can be shown it.
    pub(crate) fn keep_acceptance(
        &self,
        tx: &mut Write<'_>,
        by: &OrgId,
        message: &Message,
        envelope: &Envelope,
    ) -> Outcome<()> {
        let id = message.head.referral;
        if !matches!(message.body, Body::Reply(Answer::Accept)) {
            return Ok(());
        }
        let row = tx.request(&id.0)?.filter(|row| !row.is_forgotten());
        let Some(mut row) = row else { return Ok(()) };
        if row.acceptance.is_empty() && self.kept_referral(tx, &id)?.state.winner() == Some(*by) {
            row.acceptance = entente_proto::encode_envelope(envelope).into();
            tx.put_request(&id.0, &row)?;
        }
        Ok(())
    }

    /// Takes back what an organization asked for whose sponsorship ends. What was handed over stays with
    /// whoever has it.
    pub(super) fn end_requests(&self, tx: &mut Write<'_>, org: &OrgId) -> Outcome<()> {
        for id in tx.requested_by(org.as_bytes())? {
            let mut kept = self.kept_referral(tx, &ReferralId(id))?;
            let step = kept.state.step;
            let is_asked = step == HomeStep::Accepted || !step.is_taken();
            if is_asked && !step.is_over() {
                let by = Actor::Node;
                let _over = self.withdraw_for_request(tx, &mut kept, &by, "sponsorship_ended")?;
            }
        }
        Ok(())
    }

    /// Where the referrals stand that an organization asked for, each with its items for the mail; those that
    /// are over come last, and what was not taken first. What was over or refused before `since_s` is left out.
    /// What is not written into the mail was not told: [`Self::told_request`].
    pub(super) fn standings_for(
        &self,
        tx: &mut Write<'_>,
        org: &OrgId,
        since_s: i64,
    ) -> Outcome<Vec<(ReferralId, Vec<Vec<u8>>)>> {
        let mut all = Vec::new();
        for (id, mut row) in tx.requests_of(org.as_bytes())? {
            let kept = self.kept_referral(tx, &ReferralId(id))?;
            if kept.state.step.is_over() && kept.since_s < since_s {
                continue;
            }
            row.n_told += 1;
            let standing = self.request_standing(tx, org, &kept, &row)?;
            let mut items = vec![self.signed_standing(&standing)?];
            if standing.place.is_some()
                && let Some(winner) = kept.state.winner()
            {
                items.push(row.acceptance.to_vec());
                items.extend(self.key_evidence(tx, &winner)?);
            }
            tx.put_request(&id, &row)?;
            all.push((kept.state.step.is_over(), kept.created.0, (kept.id, items)));
        }
        all.sort_by_key(|(is_over, created_s, _)| (*is_over, *created_s));
        let mut items = Vec::new();
        for (id, row) in tx.refusals_of(org.as_bytes())? {
            if row.at_s >= since_s {
                items.push((ReferralId(id), vec![self.signed_refusal(org, &id, &row)?]));
            }
        }
        items.extend(all.into_iter().map(|(_, _, of_one)| of_one));
        Ok(items)
    }

    /// Notes that where a referral stands, or that it was not taken, is in the mail that is written now.
    pub(super) fn told_request(
        &self,
        tx: &mut Write<'_>,
        org: &OrgId,
        id: &ReferralId,
    ) -> Outcome<()> {
        let org = org.as_bytes();
        if let Some(mut row) = tx.request(&id.0)?.filter(|row| row.org == *org) {
            row.told_at = Some(self.kept_referral(tx, id)?.n_steps);
            return Ok(tx.put_request(&id.0, &row)?);
        }
        let Some(row) = tx.refusal(org, &id.0)? else { return Ok(()) };
        Ok(tx.put_refusal(org, &id.0, &RefusalRow { is_told: true, ..row })?)
    }

    fn signed_refusal(&self, org: &OrgId, id: &[u8; 16], row: &RefusalRow) -> Outcome<Vec<u8>> {
        let refusal = RequestRefusal {
            sponsor: self.id(),
            org: *org,
            referral: ReferralId(*id),
            at_s: row.at_s.max(1),
            request: row.request,
            why: NotTaken::from_number(row.why).ok_or_else(damaged)?,
        };
        let payload = entente_proto::encode_request_refusal(&refusal);
        let signed = Envelope::seal(payload_type::REQUEST_REFUSAL, payload, &self.secrets.key);
        Ok(entente_proto::encode_envelope(&signed.map_err(|_| no_randomness())?))
    }

    fn signed_standing(&self, standing: &RequestStanding) -> Outcome<Vec<u8>> {
        let payload = entente_proto::encode_request_standing(standing);
        let signed = Envelope::seal(payload_type::REQUEST_STANDING, payload, &self.secrets.key);
        Ok(entente_proto::encode_envelope(&signed.map_err(|_| no_randomness())?))
    }

    /// The key for hand-overs of whoever accepted, under its own signature.
    fn key_evidence<R: Rows>(&self, tx: &R, org: &OrgId) -> Outcome<Option<Vec<u8>>> {
        if has_node(tx, org)? {
            return Ok(tx.signed_key(org.as_bytes())?);
        }
        if let Some(row) = tx.sponsored(org.as_bytes())?.filter(|row| row.ended_at_s.is_none()) {
            return Ok(Some(row.document));
        }
        Ok(tx.carried(org.as_bytes())?.map(|row| row.document))
    }

    fn request_standing<R: Rows>(
        &self,
        tx: &R,
        org: &OrgId,
        kept: &KeptReferral,
        row: &RequestRow,
    ) -> Outcome<RequestStanding> {
        let winner = kept.state.winner();
        let mut offers = Vec::new();
        for (asked, step) in &kept.state.offers {
            let offered_at_s = kept.offers.get(asked).map_or(1, |it| it.offered_at_s.max(1));
            let name = self.name_of(tx, asked)?;
            offers.push(AskedOrg { org: *asked, name, step: *step, offered_at_s });
        }
        offers.sort_by_key(|offer| (offer.step != OfferStep::Won, offer.org));
        offers.truncate(MAX_TOLD);
        offers.sort_by_key(|offer| offer.org);
        let (mut place, mut handed) = (None, None);
        if let Some(winner) = &winner {
            let through = self.through(tx, &kept.id, winner)?;
            place =
                place_of(kept, winner, &through, row).filter(|_| takes_details(kept.state.step));
            let sent = tx.handovers_of(Way::Sent, winner.as_bytes(), &kept.id.0)?;
            let last = sent.iter().find(|(_, sent)| Some(sent.digest) == row.handed);
            handed = last.map(|(_, sent)| Handed {
                digest: sent.digest,
                key: KeyId(sent.key),
                refused: sent.refused.as_ref().and_then(|(_, code)| refused_why(code)),
                is_destroyed: sent.shredded_there_at_s.is_some(),
            });
        }
        Ok(RequestStanding {
            sponsor: self.id(),
            org: *org,
            referral: kept.id,
            at_s: self.now_s().max(1),
            seq: row.n_told.max(1),
            heard: row.theirs.last.unwrap_or_default(),
            step: kept.state.step,
            expires_at_s: kept.state.expires_at_s,
            offers,
            place,
            handed,
        })
    }

    fn name_of<R: Rows>(&self, tx: &R, org: &OrgId) -> Outcome<Text> {
        if let Some(row) = tx.partner(org.as_bytes())? {
            return Ok(Text::new(row.name_en, row.name_fr));
        }
        if let Some(row) = tx.sponsored(org.as_bytes())? {
            return Ok(Text::new(row.name_en, row.name_fr));
        }
        let short = format!("{}", org.short());
        let carried = tx.carried(org.as_bytes())?;
        Ok(carried
            .map_or(Text::new(short.clone(), short), |row| Text::new(row.name_en, row.name_fr)))
    }

    /// How many referrals that an organization asked for have something that was never written into mail, or
    /// were not taken.
    pub(super) fn n_untold<R: Rows>(&self, tx: &R, org: &OrgId) -> Outcome<usize> {
        let mut n = 0;
        let since_s = self.now_s() - OVER_S;
        for (id, row) in tx.requests_of(org.as_bytes())? {
            let kept = self.kept_referral(tx, &ReferralId(id))?;
            let is_told = !kept.state.step.is_over() || kept.since_s >= since_s;
            n += usize::from(is_told && row.told_at != Some(kept.n_steps));
        }
        let refusals = tx.refusals_of(org.as_bytes())?;
        n += refusals.iter().filter(|(_, row)| !row.is_told && row.at_s >= since_s).count();
        Ok(n)
    }

    /// Destroys what organizations signed about referrals that are long over, and forgets what was refused long
    /// ago. Returns how many were destroyed.
    ///
    /// It is kept as long as the organization is told of it, and as long as the agreement with whoever had
    /// the referral lets what was handed over be kept.
    pub fn forget_requests(&self) -> Outcome<u64> {
        let (mut due, mut refused) = (Vec::new(), Vec::new());
        for (org, _) in self.db.read(|tx| tx.all_sponsored())? {
            let since_s = self.now_s() - OVER_S;
            let refusals = self.db.read(|tx| tx.refusals_of(&org))?.into_iter();
            let old = refusals.filter(|(_, row)| row.at_s < since_s);
            refused.extend(old.map(|(id, _)| (org, id)));
            for id in self.db.read(|tx| tx.requested_by(&org))? {
                let id = ReferralId(id);
                let kept = self.db.read(|tx| self.kept_referral(tx, &id))?;
                if self.is_long_over(&kept)? {
                    due.push(id);
                }
            }
        }
        if due.is_empty() && refused.is_empty() {
            return Ok(0);
        }
        self.db.write("forget requests", |tx| {
            let mut n_forgotten = 0;
            for (org, id) in &refused {
                // One that was told anew meanwhile stays.
                if tx.refusal(org, id)?.is_some_and(|row| row.at_s < self.now_s() - OVER_S) {
                    tx.delete_refusal(org, id)?;
                }
            }
            for id in &due {
                let row = tx.request(&id.0)?.filter(|row| !row.is_forgotten());
                let Some(row) = row else { continue };
                let entry = self.entry(Actor::Node, Action::RequestForgotten).reference(id.0);
                let reasons = ["retention".to_owned(), hex::encode(row.org)];
                tx.forget_request(&id.0, row)?;
                self.forget_card(tx, id)?;
                self.write_audit(tx, vec![entry.reasons(reasons)])?;
                n_forgotten += 1;
            }
            Ok(n_forgotten)
        })
    }

    fn is_long_over(&self, kept: &KeptReferral) -> Outcome<bool> {
        if !kept.state.step.is_over() {
            return Ok(false);
        }
        let days = match kept.state.winner() {
            Some(winner) => self.handover_days(&winner, Way::Sent, &kept.id)?,
            None => 0,
        };
        let kept_s = OVER_S.max(i64::from(days) * 24 * 60 * 60);
        Ok(self.now_s() > kept.since_s.saturating_add(kept_s))
    }

    /// Finds requests by their organizations in a store that was made before they were. Once.
    pub(crate) fn find_requests_by_org(&self) -> Outcome<()> {
        if self.db.read(|tx| tx.meta(FOUND))?.is_some() {
            return Ok(());
        }
        self.db.write("requests found", |tx| {
            tx.find_requests_by_org()?;
            Ok(tx.put_meta(FOUND, &[])?)
        })
    }
}

/// Whether contact details can be handed over, or handed over again.
fn takes_details(step: HomeStep) -> bool {
    matches!(step, HomeStep::Accepted | HomeStep::HandedOver | HomeStep::Delivered)
}

/// Where the next contact details stand in our words to the one that has the referral.
fn place_of(
    kept: &KeptReferral,
    winner: &OrgId,
    through: &OrgId,
    row: &RequestRow,
) -> Option<HandoverPlace> {
    let offer = kept.offers.get(winner)?;
    let acceptance = entente_proto::decode_envelope(&row.acceptance).ok()?;
    Some(HandoverPlace {
        agreement: AgreementRef { id: offer.agreement.0, version: offer.agreement.1 },
        step: offer.ours.steps + 1,
        previous: offer.ours.last?,
        seen: Sha256::digest(&acceptance.payload).into(),
        sponsored: through != winner,
    })
}

fn is_at(head: &Head, id: &ReferralId, place: &HandoverPlace, winner: &OrgId) -> bool {
    let HandoverPlace { agreement, step, previous, seen, sponsored } = place;
    let expected = Head {
        referral: *id,
        agreement: *agreement,
        step: *step,
        previous: Some(*previous),
        seen: Some(*seen),
        at_s: head.at_s,
        sponsored: sponsored.then_some(*winner),
    };
    *head == expected
}

fn refused_why(code: &str) -> Option<RefusedWhy> {
    RefusedWhy::ALL.into_iter().find(|why| why.code() == code)
}

/// What an organization asked for, as it signed it.
pub(crate) fn wanted_of(row: &RequestRow) -> Outcome<Wanted> {
    let signed = entente_proto::decode_envelope(&row.signed).map_err(|_| damaged())?;
    let request = entente_proto::decode_request(&signed.payload).map_err(|_| damaged())?;
    match request.what {
        Asked::Refer(wanted) => Ok(*wanted),
        Asked::HandOver(_) | Asked::Withdraw => Err(damaged()),
    }
}

/// What stands for the record of a referral that was asked for: what the policy looks at, and nothing of
/// the person.
pub(crate) fn case_of_request(record: &RecordId, row: &RequestRow) -> Outcome<Case> {
    let (mut blank, mut consents) = (CaseRecord::new(*record, date(1970, 1, 1)), Vec::new());
    // What is forgotten is covered by nothing.
    if !row.is_forgotten() {
        let wanted = wanted_of(row)?;
        blank = CaseRecord::new(*record, wanted.consent.given_on);
        blank.exploitation = wanted.exploitation;
        let indigenous = IndigenousIdentity::MultipleOther;
        blank.indigenous_identity = wanted.is_indigenous.then_some(indigenous);
        consents.push(wanted.consent);
    }
    Ok(Case {
        record: blank,
        consents,
        version: 1,
        changed_at_s: 0,
        changed_by: String::new(),
        withdrawn: false,
        steward_allows: None,
    })
}
