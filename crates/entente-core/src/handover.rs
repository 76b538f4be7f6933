//! Hand-overs: a person's contact details, sealed to one organization that accepted a referral.
//!
//! [`details`] is what is handed over and how it is written, [`sealed`] how it is sealed and opened,
//! [`key`] to whose key. Everything that identifies is a [`details::Sensitive`]: it is wiped when
//! dropped, has no `Serialize` and prints nothing.
//!
//! It travels in a message of the referral ([`crate::referral::Body::HandOver`]). What is sealed opens with its recipient's key and its own [`Binding`] alone. The home organization's
//! signature is the envelope's ([`crate::envelope`]); since its name is in the binding, another
//! organization that signs the same sealed bytes has something that does not open.
//!
//! An organization's node never holds what opens a hand-over. The key is wrapped for each person who
//! may open, and that person's own key is sealed under a passphrase that no node keeps
//! (`docs/decisions/0041-sealed-hand-over.md`).

pub mod details;
pub mod key;
mod receipt;
pub mod sealed;
#[cfg(test)]
mod tests;

pub use details::{BadDetails, ContactDetails, Part, Phone, Sensitive};
pub use key::{BadWrap, HandoverKey, KeyId, OpenerId, OpenerKey, TeamKey, Wrapped};
pub use receipt::{HandoverDeed, HandoverReceipt, RefusedWhy};
pub use sealed::{NotOpened, Sealed, Size};

use crate::identity::OrgId;
use crate::referral::{Head, ReferralId};
use crate::statement::AgreementRef;

/// How long a key opens what was sealed to it after another replaced it, in seconds: 30 days. An
/// office that was closed over the holidays has then heard of the new key.
pub const KEY_WINDOW_S: i64 = 30 * 24 * 60 * 60;

/// What a hand-over belongs to. It opens with exactly this and with nothing else.
///
/// Its place in the chain of messages about the referral ([`Head`]) says which answer was accepted: the
/// hash of the decision, or of the hand-over that this one replaces, and that of the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Who hands over: the home organization of the referral.
    pub home: OrgId,
    /// To whom.
    pub recipient: OrgId,
    /// The referral.
    pub referral: ReferralId,
    /// The agreement it rests on.
    pub agreement: AgreementRef,
    /// Its number among the home's messages about this referral to this recipient.
    pub step: u32,
    /// SHA-256 of the home's message before it.
    pub previous: [u8; 32],
    /// SHA-256 of the recipient's last message that the home had read: the reply that was accepted, or
    /// one after it.
    pub seen: [u8; 32],
    /// The key it is sealed to.
    pub key: KeyId,
}

impl Binding {
    /// The binding of a hand-over at this place. `None` where nothing was said before: then nothing was
    /// accepted.
    pub fn of(home: OrgId, recipient: OrgId, head: &Head, key: KeyId) -> Option<Self> {
        let Head { referral, agreement, step, previous, seen, at_s: _, sponsored: _ } = head;
        Some(Self {
            home,
            recipient,
            referral: *referral,
            agreement: *agreement,
            step: *step,
            previous: (*previous)?,
            seen: (*seen)?,
            key,
        })
    }

    /// The bytes that are bound: a label, then every field at a fixed length.
    fn to_bytes(self) -> Vec<u8> {
        let Self { home, recipient, referral, agreement, step, previous, seen, key } = self;
        [
            b"entente/v1/handover\0".as_slice(),
            home.as_bytes(),
            recipient.as_bytes(),
            &referral.0,
            &agreement.id,
            &agreement.version.to_be_bytes(),
            &step.to_be_bytes(),
            &previous,
            &seen,
            &key.0,
        ]
        .concat()
    }
}
