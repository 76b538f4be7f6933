//! Referrals in the folder of an organization without a node: mail from the sponsor, and answers to it.
//!
//! ```text
//! referrals.sealed    what was offered, handed over and answered, under a key of the folder
//! ```
//!
//! The folder is a partner's side of a referral ([`entente_core::referral::PartnerState`]) like any
//! node's, with the sponsor instead of a network. It takes nothing on the sponsor's word: what is in the
//! mail has to be signed by a home and be for this organization, and contact details open with the
//! folder's own key and in their own place alone. Answers are signed here. Each file of answers has all
//! that may still be of use, so one that was lost does no harm.

use entente_core::codes::{Barrier, ReferralOutcome};
use entente_core::envelope::payload_type;
use entente_core::handover::ContactDetails;
use entente_core::lang::Text;
use entente_core::referral::{PartnerEvent, ReferralId};

use super::faults::{no_such_referral, not_handed_over, not_mail, not_now};
use super::requests::FolderRequest;
use super::requests::own::Evidence;
use super::{SponsoredFolder, SponsoredProfile};
use crate::answer::instant;
use crate::fault::Both;
use crate::local::doc::{Named, Private, ReferralOpenTold, ReferralTold};
use crate::node::Outcome;
use crate::node::referrals::ReceivedReferral;

mod unlocked;

pub(super) use unlocked::Unlocked;
use unlocked::told;

/// A referral in the folder.
#[derive(Clone, Debug)]
pub struct FolderReferral {
    /// Where it stands.
    pub kept: ReceivedReferral,
    /// What the sponsor calls its home.
    pub home: Text,
    /// Whether there are contact details to open.
    pub has_details: bool,
}

impl FolderReferral {
    /// The referral as a document.
    pub fn document(&self, profile: &SponsoredProfile, now_s: i64, done: bool) -> ReferralTold {
        let name = Both::new(&*profile.name.en, &*profile.name.fr);
        let us = Named { id: profile.id.to_string(), name };
        crate::answer::referrals::of_folder(self, us, now_s, done)
    }
}

impl FolderOpened {
    /// What was opened as a document. Holds what identifies a person.
    pub fn document(&self) -> ReferralOpenTold {
        let FolderReferral { kept, home, .. } = &self.referral;
        ReferralOpenTold {
            referral: kept.id.to_string(),
            from: kept.home.to_string(),
            from_en: home.en.clone(),
            from_fr: home.fr.clone(),
            details: Private(crate::answer::handovers::document(&self.details)),
            sealed_at: instant(self.sealed_at_s),
            first_opened_at: instant(self.first_opened_at_s),
            opens_until: None,
        }
    }
}

/// What was found in mail.
#[derive(Clone, Debug)]
pub struct FolderInbox {
    /// All referrals in the folder, the newest first.
    pub referrals: Vec<FolderReferral>,
    /// Those that the organization made itself, the newest first.
    pub own: Vec<FolderRequest>,
    /// How many words were new.
    pub n_new: usize,
    /// What was not taken, of which referral if that is known, and why: a code.
    pub refused: Vec<(Option<ReferralId>, &'static str)>,
}

/// Contact details that were opened.
#[derive(Debug)]
pub struct FolderOpened {
    /// The referral.
    pub referral: FolderReferral,
    /// How to reach the person.
    pub details: ContactDetails,
    /// When they were sealed; seconds since 1970.
    pub sealed_at_s: i64,
    /// When they were first opened; seconds since 1970.
    pub first_opened_at_s: i64,
    /// The file for the sponsor, with the receipt.
    pub file: Vec<u8>,
}

impl SponsoredFolder {
    /// Reads mail of the sponsor, if there is some, and says what is in the folder.
    pub fn inbox(&self, passphrase: &str, mail: Option<&[u8]>, now_s: i64) -> Outcome<FolderInbox> {
        let mut it = self.unlock(passphrase, now_s)?;
        let (mut n_new, mut refused) = (0, Vec::new());
        if let Some(file) = mail {
            let mail = entente_proto::read_mail(file).map_err(|invalid| not_mail(&invalid))?;
            if mail.cover.org != it.profile.id || mail.cover.sponsor != it.profile.sponsor {
                return Err(not_mail(&"it is of others"));
            }
            let mut evidence = Evidence::default();
            let words: Vec<_> = mail.items.iter().filter(|item| !evidence.take(item)).collect();
            for item in words {
                let heard = match item.payload_type.as_str() {
                    payload_type::REQUEST_STANDING => {
                        it.own.hear(&it.profile, item, &evidence, now_s)?
                    }
                    payload_type::REQUEST_REFUSAL => {
                        it.own.hear_refusal(&it.profile, item, now_s)?
                    }
                    _ => it.hear(&mail.cover.homes, item)?,
                };
                match heard {
                    Ok(is_new) => n_new += usize::from(is_new),
                    Err(why) => refused.push(why),
                }
            }
            it.save()?;
        }
        let mut referrals: Vec<_> = it.all.iter().map(told).collect::<Outcome<_>>()?;
        referrals.sort_by_key(|it| (std::cmp::Reverse(it.kept.received_at_s), it.kept.id));
        let own = (0..it.own.rows.len()).rev().map(|at| it.own.told(at));
        let own = own.collect::<Outcome<_>>()?;
        Ok(FolderInbox { referrals, own, n_new, refused })
    }

    /// Accepts a referral. Returns the file for the sponsor too.
    pub fn accept(&self, passphrase: &str, wanted: &str, now_s: i64) -> Outcome<Answered> {
        self.answer(passphrase, wanted, PartnerEvent::Accept, now_s)
    }

    /// Declines a referral; the card is destroyed here.
    pub fn decline(
        &self,
        passphrase: &str,
        wanted: &str,
        barrier: Barrier,
        now_s: i64,
    ) -> Outcome<Answered> {
        self.answer(passphrase, wanted, PartnerEvent::Decline(barrier), now_s)
    }

    /// Says that the person is being served from now on.
    pub fn serve(&self, passphrase: &str, wanted: &str, now_s: i64) -> Outcome<Answered> {
        self.answer(passphrase, wanted, PartnerEvent::Serve, now_s)
    }

    /// Closes a referral that the organization has.
    pub fn close(
        &self,
        passphrase: &str,
        wanted: &str,
        outcome: ReferralOutcome,
        now_s: i64,
    ) -> Outcome<Answered> {
        self.answer(passphrase, wanted, PartnerEvent::Close(outcome), now_s)
    }

    fn answer(
        &self,
        passphrase: &str,
        wanted: &str,
        event: PartnerEvent,
        now_s: i64,
    ) -> Outcome<Answered> {
        let mut it = self.unlock(passphrase, now_s)?;
        let at = it.find(wanted)?;
        it.on(at, event)?.map_err(not_now)?;
        let file = it.answers()?;
        it.save()?;
        Ok((told(it.row(at)?)?, file))
    }

    /// Everything that was answered and may still be of use: the file for the sponsor.
    pub fn answers(&self, passphrase: &str, now_s: i64) -> Outcome<Vec<u8>> {
        self.unlock(passphrase, now_s)?.answers()
    }

    /// Opens the contact details of a referral. The home hears of it the first time.
    pub fn open_details(
        &self,
        passphrase: &str,
        wanted: &str,
        now_s: i64,
    ) -> Outcome<FolderOpened> {
        let mut it = self.unlock(passphrase, now_s)?;
        let at = it.find(wanted)?;
        let (details, sealed_at_s) = it.open(at)?;
        // Of one that is served or closed already, that it was opened says nothing new.
        let _opened = it.on(at, PartnerEvent::Open)?;
        let row = it.all.get_mut(at).ok_or_else(no_such_referral)?;
        let held = row.held.as_mut().ok_or_else(not_handed_over)?;
        let first_opened_at_s = *held.opened_at_s.get_or_insert(now_s);
        // That it was opened is durable before anybody reads it.
        it.save()?;
        let (referral, file) = (told(it.row(at)?)?, it.answers()?);
        Ok(FolderOpened { referral, details, sealed_at_s, first_opened_at_s, file })
    }
}

/// A referral after an answer, and the file for the sponsor.
pub type Answered = (FolderReferral, Vec<u8>);
