//! What two organizations say to each other about a referral.
//!
//! Each message names its number among those that its issuer said about this referral to this
//! partner, and the hash of the one before it; and the last one of the other side that its issuer
//! had read. Together they are a chain that each side can show to a third.

use super::{Answer, NeedCard, Progress, ReferralId, Standing};
use crate::envelope::{Envelope, EnvelopeError, payload_type};
use crate::identity::{OrgId, OrgKey};
use crate::policy::Permitted;
use crate::statement::{AgreementRef, Statement};

/// The most bytes of sealed contact details that are parsed. What [`crate::handover::Sealed`] does not
/// take is refused with a receipt.
pub const MAX_SEALED: usize = 70_000;

/// What every message about a referral says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The referral.
    pub referral: ReferralId,
    /// The agreement it is offered under.
    pub agreement: AgreementRef,
    /// The number among its issuer's messages about this referral to this partner, from 1.
    pub step: u32,
    /// SHA-256 of the payload before that one; `None` for the first.
    pub previous: Option<[u8; 32]>,
    /// SHA-256 of the last payload of the other side that its issuer had read, if there is one.
    pub seen: Option<[u8; 32]>,
    /// When, by its issuer's clock; seconds since 1970.
    pub at_s: i64,
    /// The organization without a node that it is about, where the partner is its sponsor and only
    /// carries ([`crate::sponsor`]).
    pub sponsored: Option<OrgId>,
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What is needed.
    pub card: NeedCard,
    /// When an answer is due, by the home's clock; seconds since 1970.
    pub due_at_s: i64,
    /// When the offer lapses, by the home's clock; seconds since 1970.
    pub expires_at_s: i64,
}

/// What a message is about.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Home to partner: would you take this?
    Offer(Offer),
    /// Partner to home.
    Reply(Answer),
    /// Home to partner: where it stands.
    Decision(Standing),
    /// Home to the partner that has it: the contact details, sealed to the key with this id.
    HandOver {
        /// The recipient's key.
        key: [u8; 32],
        /// At most [`MAX_SEALED`] bytes that only the recipient opens.
        sealed: Vec<u8>,
    },
    /// The partner that has it, to the home.
    Progress(Progress),
}

// A card comes close to a person, and sealed details are secret: only the kind is printed.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Offer(_) => f.write_str("Offer(..)"),
            Self::Reply(answer) => write!(f, "Reply({answer:?})"),
            Self::Decision(standing) => write!(f, "Decision({standing:?})"),
            Self::HandOver { sealed, .. } => write!(f, "HandOver({} bytes)", sealed.len()),
            Self::Progress(progress) => write!(f, "Progress({progress:?})"),
        }
    }
}

/// A message about a referral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which, and where in the chain.
    pub head: Head,
    /// What it says.
    pub body: Body,
}

impl Message {
    /// The type under which it is signed.
    pub fn payload_type(&self) -> &'static str {
        match self.body {
            Body::Offer(_) => payload_type::REFERRAL_OFFER,
            Body::Reply(_) => payload_type::REFERRAL_REPLY,
            Body::Decision(_) => payload_type::REFERRAL_DECISION,
            Body::HandOver { .. } => payload_type::REFERRAL_HANDOVER,
            Body::Progress(_) => payload_type::REFERRAL_PROGRESS,
        }
    }
}

impl Permitted<Message> {
    /// Signs the message, so that it can be said. What is signed is what was permitted.
    ///
    /// `encode` makes the bytes; it is the same function for all that is said.
    pub fn seal(
        self,
        encode: impl FnOnce(&Message) -> Vec<u8>,
        key: &OrgKey,
    ) -> Result<Permitted<Statement>, EnvelopeError> {
        let message = self.inner();
        let envelope = Envelope::seal(message.payload_type(), encode(message), key)?;
        Ok(self.map(|_| Statement::Document(envelope)))
    }
}
