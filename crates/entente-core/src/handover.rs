//! Hand-overs: a person's contact details, sealed to one organization that accepted a referral.
//!
//! [`details`] is what is handed over and how it is written, [`sealed`] how it is sealed and opened,
//! [`key`] to whose key. Everything that identifies is a [`details::Sensitive`]: it is wiped when
//! dropped, has no `Serialize` and prints nothing.
//!
//! What is sealed opens with its recipient's key and its own [`Binding`] alone. The home organization's
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
use crate::statement::AgreementRef;

/// How long a key opens what was sealed to it after another replaced it, in seconds: 30 days. An
/// office that was closed over the holidays has then heard of the new key.
pub const KEY_WINDOW_S: i64 = 30 * 24 * 60 * 60;

/// How often one referral can be handed over: a wrong number is corrected by sending all again.
pub const MAX_NUMBER: u32 = 16;

/// The referral that a hand-over belongs to: its id, which the home organization made.
pub type ReferralKey = [u8; 16];

/// What a hand-over belongs to. It opens with exactly this and with nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Who hands over: the home organization of the referral.
    pub home: OrgId,
    /// To whom.
    pub recipient: OrgId,
    /// The referral.
    pub referral: ReferralKey,
    /// The agreement it rests on.
    pub agreement: AgreementRef,
    /// SHA-256 of the reply that accepted the referral and won.
    pub acceptance: [u8; 32],
    /// The key it is sealed to.
    pub key: KeyId,
    /// 1 for the first hand-over of this referral, one more for each that replaces it.
    pub number: u32,
}

impl Binding {
    /// The bytes that are bound: a label, then every field at a fixed length.
    fn to_bytes(self) -> Vec<u8> {
        let Self { home, recipient, referral, agreement, acceptance, key, number } = self;
        [
            b"entente/v1/handover\0".as_slice(),
            home.as_bytes(),
            recipient.as_bytes(),
            &referral,
            &agreement.id,
            &agreement.version.to_be_bytes(),
            &acceptance,
            &key.0,
            &number.to_be_bytes(),
        ]
        .concat()
    }
}

/// A hand-over as it is sent: what it belongs to, and the sealed bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Handover {
    /// What it belongs to.
    pub binding: Binding,
    /// When it was sealed; seconds since 1970.
    pub sealed_at_s: i64,
    /// The sealed contact details.
    pub sealed: Sealed,
}

impl std::fmt::Debug for Handover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handover({:?})", self.sealed)
    }
}
