//! The folder with its passphrase: what is in it, and what happens to it.

use std::fs;

use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{
    Binding, ContactDetails, HandoverDeed, HandoverReceipt, KeyId, RefusedWhy, Sealed, TeamKey,
};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::lang::Text;
use entente_core::referral::{
    Body, Head, Message, Offer, PartnerEvent, PartnerState, ReferralId, Refused, Reply,
};
use entente_core::sponsor::MailHome;
use entente_store::rows::{ChainRow, ReceivedReferralRow};
use entente_store::seal::Sealer;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::FolderReferral;
use crate::node::Outcome;
use crate::node::audit::no_randomness;
use crate::node::handovers::key_destroyed;
use crate::node::referrals::read::continues;
use crate::node::referrals::{MAX_OPEN_WITH_PARTNER, ReceivedReferral, name_and_home, rows};
use crate::setup::io_fault;
use crate::sponsored::faults::{
    file_too_long, no_such_referral, not_handed_over, not_opened, settings_broken,
    several_referrals,
};
use crate::sponsored::requests::own::Own;
use crate::sponsored::{SponsoredFolder, SponsoredProfile, write_whole};

/// Where the sealed file stands, for its seal.
const PLACE: &[u8] = b"entente/v1/sponsored/referrals";

/// Where the sealed file with the referrals that the organization made stands, for its seal.
const OWN_PLACE: &[u8] = b"entente/v1/sponsored/requests";

/// How long what is over is kept, in seconds: 30 days, as in the mail.
const OVER_S: i64 = 30 * 24 * 60 * 60;

/// A referral in the folder, as it is kept.
#[derive(Serialize, Deserialize)]
pub(in crate::sponsored) struct Row {
    pub(in crate::sponsored) home: [u8; 32],
    pub(super) id: [u8; 16],
    pub(in crate::sponsored) name_en: String,
    pub(in crate::sponsored) name_fr: String,
    pub(super) row: ReceivedReferralRow,
    /// The payloads that were read, so that each has its effect once.
    pub(super) heard: Vec<[u8; 32]>,
    /// Ours from the acceptance on: what a hand-over has to have seen.
    pub(super) accepted: Vec<[u8; 32]>,
    pub(super) held: Option<Held>,
    /// What we signed, as encoded envelopes.
    pub(super) answers: Vec<Vec<u8>>,
}

/// Contact details, sealed as they came.
#[derive(Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) payload: Vec<u8>,
    pub(super) opened_at_s: Option<i64>,
}

/// The folder with its passphrase: everything secret is in here, and is wiped with it.
pub(in crate::sponsored) struct Unlocked<'a> {
    pub(in crate::sponsored) folder: &'a SponsoredFolder,
    pub(in crate::sponsored) profile: SponsoredProfile,
    pub(in crate::sponsored) key: OrgKey,
    /// What opens hand-overs: the key of now, and those that were replaced less than 30 days ago.
    pub(super) teams: Vec<TeamKey>,
    pub(super) sealer: Sealer,
    pub(in crate::sponsored) all: Vec<Row>,
    pub(in crate::sponsored) own: Own,
    pub(in crate::sponsored) now_s: i64,
}

impl SponsoredFolder {
    fn referrals_file(&self) -> std::path::PathBuf {
        self.path().join("referrals.sealed")
    }

    fn requests_file(&self) -> std::path::PathBuf {
        self.path().join("requests.sealed")
    }

    pub(in crate::sponsored) fn unlock(
        &self,
        passphrase: &str,
        now_s: i64,
    ) -> Outcome<Unlocked<'_>> {
        let profile = self.profile()?;
        let (mut ring, key) = self.ring(&profile, passphrase)?;
        let teams = Self::opening_keys(&mut ring, now_s)?;
        let sealer = Sealer::new(&*Self::referrals_key(&mut ring)?);
        let all = sealed_in(&sealer, PLACE, &self.referrals_file())?;
        let own = sealed_in(&sealer, OWN_PLACE, &self.requests_file())?;
        Ok(Unlocked { folder: self, profile, key, teams, sealer, all, own, now_s })
    }
}

/// What a sealed file of the folder holds; nothing if there is none.
fn sealed_in<T: Default + serde::de::DeserializeOwned>(
    sealer: &Sealer,
    place: &[u8],
    path: &std::path::Path,
) -> Outcome<T> {
    match fs::read(path) {
        Ok(sealed) => {
            let opened = sealer.open_row(place, &sealed).map_err(|_| settings_broken())?;
            serde_json::from_slice(&opened).map_err(|_| settings_broken())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(io_fault(&error)),
    }
}

/// What was read: whether it was new, or of which referral it is and why it was not taken.
pub(super) type Heard = Result<bool, (Option<ReferralId>, &'static str)>;

fn received(row: &Row) -> Outcome<ReceivedReferral> {
    let home = OrgId::from_bytes(&row.home).map_err(|_| settings_broken())?;
    rows::received(home, ReferralId(row.id), row.row.clone()).map_err(|_| settings_broken())
}

pub(super) fn told(row: &Row) -> Outcome<FolderReferral> {
    Ok(FolderReferral {
        kept: received(row)?,
        home: Text::new(row.name_en.clone(), row.name_fr.clone()),
        has_details: row.held.is_some(),
    })
}

/// Whether an organization that was named is the home: by the beginning of its identity, or by what the
/// sponsor calls it.
fn is_home(row: &Row, named: &str) -> bool {
    let is_id = named.len() >= 4
        && OrgId::from_bytes(&row.home).is_ok_and(|home| home.to_string().starts_with(named));
    is_id || [&row.name_en, &row.name_fr].iter().any(|name| name.to_lowercase() == named)
}

impl Unlocked<'_> {
    pub(super) fn row(&self, at: usize) -> Outcome<&Row> {
        self.all.get(at).ok_or_else(no_such_referral)
    }

    /// The referral that is meant, by the beginning of its name; and by whose it is, if that was said:
    /// a home that was told of another's referral could give its name to one of its own.
    pub(super) fn find(&self, wanted: &str) -> Outcome<usize> {
        let (name, home) = name_and_home(wanted);
        let is_meant = |row: &Row| {
            name.len() >= 4
                && ReferralId(row.id).to_string().starts_with(&name)
                && home.as_deref().is_none_or(|home| is_home(row, home))
        };
        let mut found = (0..).zip(&self.all).filter(|(_, row)| is_meant(row)).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(several_referrals()),
            (None, _) => Err(no_such_referral()),
        }
    }

    /// The key of this name, if it still opens.
    fn team(&self, key: KeyId) -> Option<&TeamKey> {
        self.teams.iter().find(|team| team.id().is_ok_and(|id| id == key))
    }

    pub(in crate::sponsored) fn save(&mut self) -> Outcome<()> {
        let since = self.now_s.saturating_sub(OVER_S);
        self.all.retain(|row| {
            let is_over = received(row).is_ok_and(|it| it.state.is_over());
            !is_over || row.row.since_s >= since
        });
        let text = serde_json::to_vec(&self.all).map_err(|_| settings_broken())?;
        let sealed = self.sealer.seal_row(PLACE, &text).map_err(|_| no_randomness())?;
        write_whole(&self.folder.referrals_file(), &sealed)?;
        self.own.forget(self.now_s);
        let text = serde_json::to_vec(&self.own).map_err(|_| settings_broken())?;
        let sealed = self.sealer.seal_row(OWN_PLACE, &text).map_err(|_| no_randomness())?;
        write_whole(&self.folder.requests_file(), &sealed)
    }

    /// The file for the sponsor: everything that was signed and may still be of use.
    pub(in crate::sponsored) fn answers(&self) -> Outcome<Vec<u8>> {
        let answers = self.all.iter().flat_map(|row| row.answers.iter().cloned());
        let all = answers.chain(self.own.words()).collect();
        let file = entente_proto::answers_file(&self.profile.id, all);
        if file.len() > entente_proto::MAX_ANSWERS { Err(file_too_long()) } else { Ok(file) }
    }

    /// Reads one word of a home.
    pub(super) fn hear(&mut self, homes: &[MailHome], item: &Envelope) -> Outcome<Heard> {
        let Ok((home, message)) = self.checked(homes, item) else {
            return Ok(Err((None, "mail_not_signed")));
        };
        let (id, digest) = (message.head.referral, Sha256::digest(&item.payload).into());
        if message.head.sponsored != Some(self.profile.id) {
            return Ok(Err((Some(id), "mail_of_another")));
        }
        let is_it = |row: &Row| row.home == *home.org.as_bytes() && row.id == id.0;
        let known = self.all.iter().position(is_it);
        if let Some(row) = known.and_then(|at| self.all.get(at))
            && row.heard.contains(&digest)
        {
            return Ok(Ok(false));
        }
        let used = match (&message.body, known) {
            (Body::Offer(offer), None) => self.offered(home, &message.head, offer, digest),
            (Body::Offer(_), Some(_)) => Err("referral_repeated"),
            (Body::Decision(standing), Some(at)) => {
                let event = PartnerEvent::Told(*standing);
                self.decided(at, &message, digest, event)?
            }
            (Body::HandOver { .. }, Some(at)) => self.handed_over(at, &message, item, digest)?,
            // Of what was over before it came here there is nothing to do.
            (Body::Decision(_), None) => return Ok(Ok(false)),
            _ => Err("referral_unknown"),
        };
        Ok(used.map(|()| true).map_err(|why| (Some(id), why)))
    }

    /// A message that one of the homes signed, alone.
    fn checked<'h>(
        &self,
        homes: &'h [MailHome],
        item: &Envelope,
    ) -> Result<(&'h MailHome, Message), ()> {
        let [(signer, _)] = item.signatures.as_slice() else { return Err(()) };
        let home = homes.iter().find(|home| home.org == *signer).ok_or(())?;
        let payload = item.verify(&item.payload_type, &[*signer]).map_err(|_| ())?;
        let message = entente_proto::decode_referral(&item.payload_type, payload.bytes());
        Ok((home, message.map_err(|_| ())?))
    }

    fn offered(
        &mut self,
        home: &MailHome,
        head: &Head,
        offer: &Offer,
        digest: [u8; 32],
    ) -> Result<(), &'static str> {
        if head.step != 1 {
            return Err("referral_out_of_order");
        }
        let theirs = self.all.iter().filter(|row| row.home == *home.org.as_bytes());
        if theirs.count() >= MAX_OPEN_WITH_PARTNER {
            return Err("referral_quota");
        }
        let kept = ReceivedReferral {
            home: home.org,
            id: head.referral,
            card: Some(offer.card.clone()),
            state: PartnerState::Offered,
            agreement: head.agreement,
            received_at_s: self.now_s,
            due_at_s: offer.due_at_s,
            expires_at_s: offer.expires_at_s,
            since_s: self.now_s,
            reminded: false,
            key: None,
            ours: ChainRow::default(),
            theirs: ChainRow { steps: head.step, last: Some(digest) },
            n_steps: 0,
        };
        self.all.push(Row {
            home: *home.org.as_bytes(),
            id: head.referral.0,
            name_en: home.name.en.clone(),
            name_fr: home.name.fr.clone(),
            row: rows::received_row(&kept),
            heard: vec![digest],
            accepted: Vec::new(),
            held: None,
            answers: Vec::new(),
        });
        Ok(())
    }

    /// The home says where it stands, or that it handed over: the next word in its chain.
    fn decided(
        &mut self,
        at: usize,
        message: &Message,
        digest: [u8; 32],
        event: PartnerEvent,
    ) -> Outcome<Result<(), &'static str>> {
        let row = self.all.get_mut(at).ok_or_else(no_such_referral)?;
        let mut kept = received(row)?;
        if kept.agreement != message.head.agreement {
            return Ok(Err("referral_other_agreement"));
        }
        // What was destroyed on the way leaves a gap.
        if !continues(&kept.theirs, message) && message.head.step <= kept.theirs.steps + 1 {
            return Ok(Err("referral_out_of_order"));
        }
        kept.theirs = ChainRow { steps: message.head.step, last: Some(digest) };
        row.row = rows::received_row(&kept);
        row.heard.push(digest);
        Ok(self.on(at, event)?.map_err(Refused::code))
    }

    /// Takes sealed contact details, if they are for us, in their place and to our key; and says so.
    fn handed_over(
        &mut self,
        at: usize,
        message: &Message,
        item: &Envelope,
        digest: [u8; 32],
    ) -> Outcome<Result<(), &'static str>> {
        let Body::HandOver { key, sealed } = &message.body else { return Ok(Err("")) };
        let row = self.row(at)?;
        let home = OrgId::from_bytes(&row.home).map_err(|_| settings_broken())?;
        let is_ours = message.head.seen.is_some_and(|seen| row.accepted.contains(&seen));
        let binding = Binding::of(home, self.profile.id, &message.head, KeyId(*key));
        let why = if Sealed::from_bytes(sealed.clone()).is_err() {
            Some(RefusedWhy::Malformed)
        } else if !is_ours || binding.is_none() {
            Some(RefusedWhy::NotAccepted)
        } else if self.team(KeyId(*key)).is_none() {
            Some(RefusedWhy::OldKey)
        } else {
            None
        };
        if let Some(why) = why {
            self.receipt(at, message.head.referral, digest, HandoverDeed::Refused(why))?;
            let row = self.all.get_mut(at).ok_or_else(no_such_referral)?;
            row.heard.push(digest);
            return Ok(Err(why.code()));
        }
        let used = self.decided(at, message, digest, PartnerEvent::HandedOver)?;
        if used.is_ok() {
            self.destroy(at)?;
            let row = self.all.get_mut(at).ok_or_else(no_such_referral)?;
            row.row.key = Some(*key);
            row.held = Some(Held { payload: item.payload.clone(), opened_at_s: None });
        }
        Ok(used)
    }

    /// Does something to a referral, and signs what has to be said about it.
    pub(super) fn on(&mut self, at: usize, event: PartnerEvent) -> Outcome<Result<(), Refused>> {
        let mut kept = received(self.row(at)?)?;
        let (state, reply) = match kept.state.after(event) {
            Ok(next) => next,
            Err(refused) => return Ok(Err(refused)),
        };
        kept.state = state;
        kept.since_s = self.now_s;
        if let Some(reply) = reply {
            self.say(at, &mut kept, reply)?;
        }
        if state.is_over() {
            kept.card = None;
        }
        let row = self.all.get_mut(at).ok_or_else(no_such_referral)?;
        row.row = rows::received_row(&kept);
        if state.is_over() {
            self.destroy(at)?;
        }
        Ok(Ok(()))
    }

    fn say(&mut self, at: usize, kept: &mut ReceivedReferral, reply: Reply) -> Outcome<()> {
        let body = match reply {
            Reply::Answer(answer) => Body::Reply(answer),
            Reply::Progress(progress) => Body::Progress(progress),
        };
        let head = Head {
            referral: kept.id,
            agreement: kept.agreement,
            step: kept.ours.steps + 1,
            previous: kept.ours.last,
            seen: kept.theirs.last,
            at_s: self.now_s.max(1),
            sponsored: Some(self.profile.id),
        };
        let message = Message { head, body };
        let payload = entente_proto::encode_referral(&message);
        let hash: [u8; 32] = Sha256::digest(&payload).into();
        kept.ours = ChainRow { steps: message.head.step, last: Some(hash) };
        let declines = matches!(kept.state, PartnerState::Declined(_));
        self.sign(at, message.payload_type(), payload)?;
        if !declines {
            let row = self.all.get_mut(at).ok_or_else(no_such_referral)?;
            row.accepted.push(hash);
        }
        Ok(())
    }

    fn sign(&mut self, at: usize, kind: &str, payload: Vec<u8>) -> Outcome<()> {
        let signed = Envelope::seal(kind, payload, &self.key).map_err(|_| no_randomness())?;
        let row = self.all.get_mut(at).ok_or_else(no_such_referral)?;
        row.answers.push(entente_proto::encode_envelope(&signed));
        Ok(())
    }

    fn receipt(
        &mut self,
        at: usize,
        referral: ReferralId,
        digest: [u8; 32],
        deed: HandoverDeed,
    ) -> Outcome<()> {
        let receipt = HandoverReceipt { referral, digest, deed, at_s: self.now_s.max(1) };
        let payload = entente_proto::encode_handover_receipt(&receipt);
        self.sign(at, payload_type::HANDOVER_RECEIPT, payload)
    }

    /// Destroys the contact details of a referral, if there are any, and says so.
    fn destroy(&mut self, at: usize) -> Outcome<()> {
        let row = self.all.get_mut(at).ok_or_else(no_such_referral)?;
        let Some(held) = row.held.take() else { return Ok(()) };
        let id = ReferralId(row.id);
        let digest = Sha256::digest(&held.payload).into();
        self.receipt(at, id, digest, HandoverDeed::Shredded)
    }

    pub(super) fn open(&self, at: usize) -> Outcome<(ContactDetails, i64)> {
        let row = self.row(at)?;
        let held = row.held.as_ref().ok_or_else(not_handed_over)?;
        let kind = payload_type::REFERRAL_HANDOVER;
        let message = entente_proto::decode_referral(kind, &held.payload);
        let Message { head, body } = message.map_err(|_| settings_broken())?;
        let Body::HandOver { key, sealed } = body else { return Err(settings_broken()) };
        let home = OrgId::from_bytes(&row.home).map_err(|_| settings_broken())?;
        let binding = Binding::of(home, self.profile.id, &head, KeyId(key));
        let sealed = Sealed::from_bytes(sealed).map_err(|_| not_opened())?;
        let team = self.team(KeyId(key)).ok_or_else(key_destroyed)?;
        let details = sealed.open(team, &binding.ok_or_else(not_opened)?);
        Ok((details.map_err(|_| not_opened())?, head.at_s))
    }
}
