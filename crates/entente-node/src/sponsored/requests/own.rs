//! What the folder keeps of referrals that the organization made, and what it takes from mail about them.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::key::public_from_bytes;
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_core::referral::{Answer, Body, Message, NeedCard, ReferralId};
use entente_core::sponsor::{Asked, NotTaken, Request, RequestStanding, Wanted};
use entente_core::statistics::sum::SealingPublic;
use entente_store::rows::ChainRow;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{FolderRequest, broken};
use crate::node::Outcome;
use crate::node::audit::no_randomness;
use crate::sponsored::SponsoredProfile;
use crate::sponsored::faults::{no_such_referral, settings_broken, several_referrals};

/// How long what is over is kept, in seconds: 30 days, as in the mail.
const OVER_S: i64 = 30 * 24 * 60 * 60;

/// How far the sponsor's clock may be ahead of ours, in seconds: a day.
const AHEAD_S: i64 = 24 * 60 * 60;

/// All that the organization asked for.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::sponsored) struct Own {
    pub(in crate::sponsored) rows: Vec<OwnRow>,
    /// The organizations whose fingerprint was compared. Before, the name was not kept with it: those are
    /// compared once more.
    #[serde(default)]
    compared: Vec<Compared>,
}

/// An organization whose fingerprint was compared, and what the sponsor called it then: whoever typed the
/// digits called this one.
#[derive(Serialize, Deserialize)]
struct Compared {
    org: [u8; 32],
    name_en: String,
    name_fr: String,
}

/// A referral that the organization asked for.
#[derive(Serialize, Deserialize)]
pub(in crate::sponsored) struct OwnRow {
    pub(in crate::sponsored) id: [u8; 16],
    card: Vec<u8>,
    asked_at_s: i64,
    pub(in crate::sponsored) is_withdrawn: bool,
    /// Our words, to the sponsor.
    pub(in crate::sponsored) ours: ChainRow,
    /// The payloads that were signed here.
    said: Vec<[u8; 32]>,
    words: Vec<Word>,
    /// The payload of the newest standing.
    standing: Option<Vec<u8>>,
    proof: Option<Proof>,
    /// That the sponsor did not take the first word.
    #[serde(default)]
    refused: Option<Refused>,
}

/// When the sponsor did not take the first word, and the number of the reason.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Refused {
    at_s: i64,
    why: u8,
}

/// One word for the sponsor, as an encoded envelope.
#[derive(Serialize, Deserialize)]
struct Word {
    signed: Vec<u8>,
    hash: [u8; 32],
    /// Whether there are sealed contact details in it.
    is_sealed: bool,
}

/// The key of whoever accepted, and that it did, by its own signatures.
#[derive(Serialize, Deserialize)]
struct Proof {
    org: [u8; 32],
    key: Vec<u8>,
    seen: [u8; 32],
}

fn digest(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}

/// What others than the sponsor signed, found in mail: keys, and acceptances by their digests.
#[derive(Default)]
pub(in crate::sponsored) struct Evidence {
    keys: BTreeMap<OrgId, SealingPublic>,
    accepted: BTreeMap<[u8; 32], (Vec<OrgId>, Message)>,
}

impl Evidence {
    /// Takes an item if it is evidence. What is not signed by those whose words it is proves nothing.
    pub(in crate::sponsored) fn take(&mut self, item: &Envelope) -> bool {
        let signers: Vec<OrgId> = item.signatures.iter().map(|(signer, _)| *signer).collect();
        let kind = item.payload_type.as_str();
        let verified = || item.verify(kind, &signers).ok();
        match kind {
            payload_type::HANDOVER_KEY => {
                let key =
                    verified().and_then(|it| entente_proto::decode_handover_key(it.bytes()).ok());
                if let Some(key) = key.filter(|key| signers == [key.org]) {
                    self.keys.insert(key.org, key.key);
                }
                true
            }
            payload_type::SPONSORED => {
                let read =
                    verified().and_then(|it| entente_proto::decode_sponsored(it.bytes()).ok());
                if let Some((org, key)) = read.and_then(|it| Some((it.org, it.handover?)))
                    && signers.contains(&org)
                {
                    self.keys.insert(org, key);
                }
                true
            }
            payload_type::REFERRAL_REPLY => {
                if let Some(payload) = verified()
                    && let Ok(message) = entente_proto::decode_referral(kind, payload.bytes())
                {
                    self.accepted.insert(digest(payload.bytes()), (signers.clone(), message));
                }
                true
            }
            _ => false,
        }
    }

    /// What proves that `org` accepted, and which key is its own.
    fn proof(&self, standing: &RequestStanding) -> Result<Option<Proof>, &'static str> {
        let (Some(place), Some(winner)) = (&standing.place, standing.winner()) else {
            return Ok(None);
        };
        let is_it = |(signers, message): &(Vec<OrgId>, Message)| {
            signers.contains(&winner.org)
                && message.head.referral == standing.referral
                && message.head.agreement == place.agreement
                && message.head.sponsored == place.sponsored.then_some(winner.org)
                && message.body == Body::Reply(Answer::Accept)
        };
        if !self.accepted.get(&place.seen).is_some_and(is_it) {
            return Err("acceptance_not_proved");
        }
        let proof = |key: &SealingPublic| Proof {
            org: *winner.org.as_bytes(),
            key: key.to_bytes(),
            seen: place.seen,
        };
        Ok(self.keys.get(&winner.org).map(proof))
    }
}

impl OwnRow {
    pub(super) fn new(id: ReferralId, card: &NeedCard, now_s: i64) -> Self {
        Self {
            id: id.0,
            card: entente_proto::encode_card(card),
            asked_at_s: now_s,
            is_withdrawn: false,
            ours: ChainRow::default(),
            said: Vec::new(),
            words: Vec::new(),
            standing: None,
            proof: None,
            refused: None,
        }
    }

    /// Signs a word and keeps it for the file.
    pub(super) fn sign(&mut self, request: &Request, key: &OrgKey) -> Outcome<()> {
        let payload = entente_proto::encode_request(request);
        let hash = digest(&payload);
        let signed = Envelope::seal(payload_type::REFERRAL_REQUEST, payload, key);
        let signed = entente_proto::encode_envelope(&signed.map_err(|_| no_randomness())?);
        self.ours = ChainRow { steps: request.step, last: Some(hash) };
        self.said.push(hash);
        let is_sealed = matches!(request.what, Asked::HandOver(_));
        self.words.push(Word { signed, hash, is_sealed });
        Ok(())
    }

    /// What the sponsor has passed of sealed contact details, whether it handed them on or not, is of no
    /// more use here. The other words are short, and stay.
    fn acknowledge(&mut self, heard: &[u8; 32]) {
        let passed = self.up_to(heard).to_vec();
        self.words.retain(|word| !word.is_sealed || !passed.contains(&word.hash));
    }

    /// What was signed up to this word, with it.
    fn up_to(&self, heard: &[u8; 32]) -> &[[u8; 32]] {
        let n = self.said.iter().position(|said| said == heard).map_or(0, |at| at + 1);
        self.said.get(..n).unwrap_or_default()
    }

    /// The words that the sponsor has and need not get again. As long as nobody has accepted, a sponsor that was
    /// set back makes the referral anew from them. Once somebody has, it would offer it to others again: then
    /// only taking it back is said from the beginning, since nobody is asked then.
    fn not_again(&self) -> &[[u8; 32]] {
        match self.told_standing() {
            Ok(Some(standing)) if standing.step.is_taken() && !self.is_withdrawn => {
                self.up_to(&standing.heard)
            }
            _ => &[],
        }
    }

    fn told_standing(&self) -> Outcome<Option<RequestStanding>> {
        let read = self.standing.as_deref().map(entente_proto::decode_request_standing);
        read.transpose().map_err(broken)
    }
}

impl Own {
    pub(super) fn row_mut(&mut self, at: usize) -> Outcome<&mut OwnRow> {
        self.rows.get_mut(at).ok_or_else(no_such_referral)
    }

    /// The referral that is meant, by the beginning of its name.
    pub(super) fn find(&self, wanted: &str) -> Outcome<usize> {
        let wanted = wanted.trim().to_lowercase();
        let is_meant =
            |row: &OwnRow| wanted.len() >= 4 && ReferralId(row.id).to_string().starts_with(&wanted);
        let mut found = (0..).zip(&self.rows).filter(|(_, row)| is_meant(row)).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(several_referrals()),
            (None, _) => Err(no_such_referral()),
        }
    }

    /// What is known of a referral.
    pub(in crate::sponsored) fn told(&self, at: usize) -> Outcome<FolderRequest> {
        let row = self.rows.get(at).ok_or_else(no_such_referral)?;
        let standing = row.told_standing()?;
        let place = standing.as_ref().and_then(|it| it.place.as_ref());
        Ok(FolderRequest {
            id: ReferralId(row.id),
            card: entente_proto::decode_card(&row.card).map_err(broken)?,
            asked_at_s: row.asked_at_s,
            is_withdrawn: row.is_withdrawn,
            has_key: row
                .proof
                .as_ref()
                .is_some_and(|it| place.is_some_and(|at| at.seen == it.seen)),
            has_sealed: row.words.iter().any(|word| word.is_sealed),
            refused: row
                .refused
                .filter(|_| standing.is_none())
                .and_then(|it| Some((it.at_s, NotTaken::from_number(it.why)?))),
            standing,
        })
    }

    /// The key of whoever accepted, if it was proved.
    pub(super) fn key_for(
        &self,
        at: usize,
        org: &OrgId,
        seen: &[u8; 32],
    ) -> Outcome<Option<SealingPublic>> {
        let row = self.rows.get(at).ok_or_else(no_such_referral)?;
        let proof = row.proof.as_ref().filter(|it| it.org == *org.as_bytes() && it.seen == *seen);
        proof.map(|it| public_from_bytes(&it.key).map_err(broken)).transpose()
    }

    /// What was asked for in the first place: the card, and what the person allows.
    pub(super) fn wanted(&self, at: usize) -> Outcome<Wanted> {
        let row = self.rows.get(at).ok_or_else(no_such_referral)?;
        let first = row.words.first().ok_or_else(settings_broken)?;
        let signed = entente_proto::decode_envelope(&first.signed).map_err(broken)?;
        match entente_proto::decode_request(&signed.payload).map_err(broken)?.what {
            Asked::Refer(wanted) => Ok(*wanted),
            Asked::HandOver(_) | Asked::Withdraw => Err(settings_broken()),
        }
    }

    /// Whether the fingerprint of this organization was compared under this name.
    pub(super) fn is_compared(&self, org: &OrgId, name: &Text) -> bool {
        let is_it = |it: &Compared| {
            it.org == *org.as_bytes() && it.name_en == name.en && it.name_fr == name.fr
        };
        self.compared.iter().any(is_it)
    }

    /// Remembers that the fingerprint was compared, under this name and no older one.
    pub(super) fn compared_now(&mut self, org: &OrgId, name: &Text) {
        let (name_en, name_fr) = (name.en.clone(), name.fr.clone());
        self.compared.retain(|it| it.org != *org.as_bytes());
        self.compared.push(Compared { org: *org.as_bytes(), name_en, name_fr });
    }

    /// The organizations that were compared under this name, in either language.
    pub(super) fn compared_as(&self, name: &str) -> BTreeSet<OrgId> {
        let wanted = name.to_lowercase();
        let is_meant = |it: &&Compared| {
            [&it.name_en, &it.name_fr].iter().any(|name| name.to_lowercase() == wanted)
        };
        let found = self.compared.iter().filter(is_meant);
        found.filter_map(|it| OrgId::from_bytes(&it.org).ok()).collect()
    }

    /// What is for the sponsor, in the order in which it was signed. Nothing of what is over: a sponsor
    /// that was set back would take it as new, and ask again who may take on somebody who was helped. And
    /// nothing of what was refused: it is asked for anew, or not at all.
    pub(in crate::sponsored) fn words(&self) -> impl Iterator<Item = Vec<u8>> {
        let is_open = |row: &&OwnRow| match row.told_standing() {
            Ok(Some(standing)) => !standing.step.is_over(),
            _ => row.refused.is_none(),
        };
        let open = self.rows.iter().filter(is_open);
        open.flat_map(|row| {
            let known = row.not_again();
            let words = row.words.iter().filter(move |word| !known.contains(&word.hash));
            words.map(|word| word.signed.clone())
        })
    }

    /// Forgets what has long been over.
    pub(in crate::sponsored) fn forget(&mut self, now_s: i64) {
        let since = now_s.saturating_sub(OVER_S);
        self.rows.retain(|row| match row.told_standing() {
            Ok(Some(standing)) => !standing.step.is_over() || standing.at_s >= since,
            _ => row.refused.is_none_or(|refused| refused.at_s >= since),
        });
    }

    /// Reads what the sponsor says of a referral. `Ok(true)` if it is news.
    pub(in crate::sponsored) fn hear(
        &mut self,
        profile: &SponsoredProfile,
        item: &Envelope,
        evidence: &Evidence,
        now_s: i64,
    ) -> Outcome<Result<bool, (Option<ReferralId>, &'static str)>> {
        let payload = item.verify(payload_type::REQUEST_STANDING, &[profile.sponsor]);
        let read = payload.ok().and_then(|payload| {
            Some((entente_proto::decode_request_standing(payload.bytes()).ok()?, payload))
        });
        let Some((standing, payload)) = read else { return Ok(Err((None, "mail_not_signed"))) };
        let id = standing.referral;
        if standing.org != profile.id || standing.sponsor != profile.sponsor {
            return Ok(Err((Some(id), "mail_of_another")));
        }
        // It would take the place of all that is said in the years until then.
        if standing.at_s > now_s.saturating_add(AHEAD_S) {
            return Ok(Err((Some(id), "request_dated_ahead")));
        }
        let Some(row) = self.rows.iter_mut().find(|row| row.id == id.0) else {
            return Ok(Err((Some(id), "referral_unknown")));
        };
        // The sponsor took something that was not signed here: this folder was copied, or set back.
        if !row.said.contains(&standing.heard) {
            return Ok(Err((Some(id), "request_not_ours")));
        }
        let before = row.told_standing()?;
        if before.as_ref().is_some_and(|before| !standing.is_after(before)) {
            return Ok(Ok(false));
        }
        let had = before.as_ref().and_then(RequestStanding::winner).map(|winner| winner.org);
        let has = standing.winner().map(|winner| winner.org);
        // What is over may be nobody's any more; else whoever has it keeps it.
        let is_given_up = has.is_none() && standing.step.is_over();
        if had.is_some() && had != has && !is_given_up {
            return Ok(Err((Some(id), "referral_contradiction")));
        }
        let proof = evidence.proof(&standing);
        row.standing = Some(payload.bytes().to_vec());
        row.refused = None;
        row.acknowledge(&standing.heard);
        match proof {
            Ok(proof) => {
                let is_new = proof.is_some() != row.proof.is_some();
                row.proof = proof;
                Ok(Ok(is_new || before.is_none_or(|before| standing.is_news(&before))))
            }
            Err(why) => {
                row.proof = None;
                Ok(Err((Some(id), why)))
            }
        }
    }

    /// Reads that the sponsor did not take the first word about a referral. `Ok(true)` if it is news.
    pub(in crate::sponsored) fn hear_refusal(
        &mut self,
        profile: &SponsoredProfile,
        item: &Envelope,
        now_s: i64,
    ) -> Outcome<Result<bool, (Option<ReferralId>, &'static str)>> {
        let payload = item.verify(payload_type::REQUEST_REFUSAL, &[profile.sponsor]).ok();
        let read =
            payload.and_then(|payload| entente_proto::decode_request_refusal(payload.bytes()).ok());
        let Some(refusal) = read else { return Ok(Err((None, "mail_not_signed"))) };
        let id = refusal.referral;
        if refusal.org != profile.id || refusal.sponsor != profile.sponsor {
            return Ok(Err((Some(id), "mail_of_another")));
        }
        if refusal.at_s > now_s.saturating_add(AHEAD_S) {
            return Ok(Err((Some(id), "request_dated_ahead")));
        }
        let Some(row) = self.rows.iter_mut().find(|row| row.id == id.0) else {
            return Ok(Err((Some(id), "referral_unknown")));
        };
        if row.said.first() != Some(&refusal.request) {
            return Ok(Err((Some(id), "request_not_ours")));
        }
        // It was taken after all; or a sponsor that was set back no longer knows that it took it.
        if let Some(standing) = row.told_standing()? {
            let is_older = refusal.at_s <= standing.at_s;
            return Ok(if is_older {
                Ok(false)
            } else {
                Err((Some(id), "referral_contradiction"))
            });
        }
        let is_new = row.refused.is_none_or(|before| before.at_s < refusal.at_s);
        if is_new {
            row.refused = Some(Refused { at_s: refusal.at_s, why: refusal.why.number() });
        }
        Ok(Ok(is_new))
    }
}
