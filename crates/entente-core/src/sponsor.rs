//! Sponsors: an organization without a node, and the partner whose node carries what it signs.
//!
//! The organization signs one document with everything it has to say: who it is, who may carry it, and
//! its services. A newer one takes the place of the older, under the next number and with the hash of
//! the one before. So nothing can be taken out of it or put into it on the way, an older one is known
//! by its number, and one that was never carried leaves a gap that is seen.
//!
//! The sponsor signs the same document once more ([`Carried`]): that says who vouches for the key. It
//! does not say that the organization exists: whoever wants to know that asks it for its
//! [`fingerprint`], as the sponsor's officer did.
//!
//! Referrals go through a sponsor too. What the home says is carried as it is ([`MailCover`]), what
//! the organization answers has its own signature and the sponsor's ([`CarriedAnswer`]), and contact
//! details are sealed to the organization's own key: the sponsor carries, and reads and decides nothing.
//! The organization makes referrals of its own by a [`Request`].

use sha2::{Digest as _, Sha256};

use crate::codes::OrgType;
use crate::envelope::{Envelope, EnvelopeError, VerifiedPayload, payload_type};
use crate::identity::{OrgId, OrgKey};
use crate::lang::Text;
use crate::service::Service;
use crate::statistics::sum::SealingPublic;

mod answer;
mod mail;
mod request;

pub use answer::{CarriedAnswer, CarriedRequest};
pub use mail::{MailCover, MailHome};
pub use request::{
    Asked, AskedOrg, Handed, HandoverPlace, MAX_NAMED, MAX_TOLD, NotTaken, Request, RequestRefusal,
    RequestStanding, Wanted,
};

/// The most services that one organization without a node has: with more it needs a directory.
pub const MAX_SERVICES: usize = 64;

/// Everything that a sponsored organization says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sponsored {
    /// Who says it.
    pub org: OrgId,
    /// The only one who may carry it.
    pub sponsor: OrgId,
    /// 1, 2, 3 and so on.
    pub seq: u64,
    /// Hash of the document before; `None` for the first.
    pub previous: Option<[u8; 32]>,
    /// When it was signed, in seconds since 1970.
    pub at_s: i64,
    /// What the organization is called.
    pub name: Text,
    /// What kind of organization it is.
    pub kind: OrgType,
    /// All its services, ascending by id; at most [`MAX_SERVICES`].
    pub services: Vec<Service>,
    /// The key to which hand-overs for it are sealed. Without one it is offered no referrals.
    pub handover: Option<SealingPublic>,
}

/// The newest document of an organization that somebody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Head {
    /// The place of a document with these bytes.
    pub fn of(document: &Sponsored, payload: &[u8]) -> Self {
        Self { seq: document.seq, hash: Sha256::digest(payload).into() }
    }

    /// Whether `next` may stand after what was known.
    ///
    /// A gap is no fault: a document takes the place of all before it, so that nothing which still
    /// holds is hidden by one that was lost. How many were is told, so that it is seen.
    pub fn follow(
        before: Option<&Self>,
        document: &Sponsored,
        next: &Self,
    ) -> Result<Follows, Astray> {
        let Some(before) = before else {
            return Ok(Follows::New { n_missing: next.seq.saturating_sub(1) });
        };
        if next.seq < before.seq {
            return Err(Astray::Older);
        }
        if next.seq == before.seq {
            let same = next.hash == before.hash;
            return if same { Ok(Follows::Same) } else { Err(Astray::Forked) };
        }
        let n_missing = next.seq.saturating_sub(before.seq).saturating_sub(1);
        if n_missing == 0 && document.previous != Some(before.hash) {
            return Err(Astray::Forked);
        }
        Ok(Follows::New { n_missing })
    }
}

/// How a document stands to what was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// It is what was known.
    Same,
    /// It is newer.
    New {
        /// How many between were never seen.
        n_missing: u64,
    },
}

/// Why a document is not taken, although it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Astray {
    /// A newer one is known.
    #[error("a newer document of the organization is known")]
    Older,
    /// The organization signed two with one number, or continued another history.
    #[error("the organization signed two histories")]
    Forked,
}

/// A document with the signatures of its organization and of the sponsor. Nobody else signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carried(Envelope);

impl Carried {
    /// Checks what an organization signed and signs it too, as its sponsor.
    ///
    /// What stands in the document has been looked at by whoever calls this.
    pub fn cosign(
        mut signed: Envelope,
        org: &OrgId,
        sponsor: &OrgKey,
    ) -> Result<Self, EnvelopeError> {
        signed.verify(payload_type::SPONSORED, &[*org])?;
        signed.add_signature(sponsor)?;
        Ok(Self(signed))
    }

    /// Checks both signatures. Returns the document's bytes and whose it is: the one who signed
    /// beside the sponsor. That the document says the same is for the caller to compare.
    pub fn verify(
        envelope: Envelope,
        sponsor: &OrgId,
    ) -> Result<(Self, OrgId, VerifiedPayload), EnvelopeError> {
        let mut others = envelope.signatures.iter().map(|(signer, _)| *signer);
        let org = others.find(|signer| signer != sponsor).ok_or(EnvelopeError::NotSigned)?;
        let payload = envelope.verify(payload_type::SPONSORED, &[org, *sponsor])?;
        Ok((Self(envelope), org, payload))
    }

    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.0
    }

    /// The envelope.
    pub fn into_envelope(self) -> Envelope {
        self.0
    }
}

/// What a sponsor says that it has of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Who says it.
    pub sponsor: OrgId,
    /// Of whom, and to whom.
    pub org: OrgId,
    /// The newest document that the sponsor signed too.
    pub head: Head,
    /// When this was signed, in seconds since 1970.
    pub at_s: i64,
    /// How many partners were told of that document.
    pub n_told: u32,
    /// Whether the sponsorship has ended.
    pub ended: bool,
}

/// How a receipt stands to what the organization last signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The sponsor has the newest.
    Newest,
    /// The sponsor has an older one: so many are missing.
    Behind(u64),
    /// The sponsor has one that was not signed here, or a number that was never reached here.
    Another,
}

impl Receipt {
    /// Compares the receipt with the newest document that was signed. Of an older one only the number
    /// is known here.
    pub fn compare(&self, last: &Head) -> Heard {
        match last.seq.checked_sub(self.head.seq) {
            Some(0) if self.head.hash == last.hash => Heard::Newest,
            Some(0) | None => Heard::Another,
            Some(n) => Heard::Behind(n),
        }
    }
}

/// What two people read to each other to compare a key: six groups of four digits.
///
/// 80 bits of a hash: whoever wants another key with the same digits has to make 2^80 keys.
pub fn fingerprint(org: &OrgId) -> String {
    let mut hash = Sha256::new_with_prefix(b"entente/v1/sponsored-fingerprint\0");
    hash.update(org.as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let mut number = hash.iter().take(16).fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
    let mut groups = Vec::with_capacity(6);
    for _ in 0..6 {
        groups.push(format!("{:04}", number % 10_000));
        number /= 10_000;
    }
    groups.join(" ")
}

/// Whether somebody typed the fingerprint of this key. Spaces and dashes do not matter.
pub fn is_fingerprint(org: &OrgId, typed: &str) -> bool {
    let digits = |text: &str| text.chars().filter(|it| !it.is_whitespace() && *it != '-').collect();
    let (right, typed): (String, String) = (digits(&fingerprint(org)), digits(typed));
    right == typed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> OrgKey {
        OrgKey::from_seed(&[seed; 32])
    }

    fn document(seq: u64, previous: Option<[u8; 32]>) -> Sponsored {
        Sponsored {
            org: key(1).id(),
            sponsor: key(2).id(),
            seq,
            previous,
            at_s: 1,
            name: Text::new("A", "B"),
            kind: OrgType::Ngo,
            services: Vec::new(),
            handover: None,
        }
    }

    fn head(seq: u64, hash: u8) -> Head {
        Head { seq, hash: [hash; 32] }
    }

    #[track_caller]
    fn check(known: Option<Head>, next: (u64, u8), previous: u8, is: Result<Follows, Astray>) {
        let document = document(next.0, Some([previous; 32]));
        assert_eq!(Head::follow(known.as_ref(), &document, &head(next.0, next.1)), is);
    }

    #[test]
    fn a_document_follows_the_one_before_it_and_a_gap_is_told() {
        check(None, (1, 1), 0, Ok(Follows::New { n_missing: 0 }));
        check(None, (4, 1), 9, Ok(Follows::New { n_missing: 3 }));
        check(Some(head(1, 1)), (2, 2), 1, Ok(Follows::New { n_missing: 0 }));
        check(Some(head(1, 1)), (4, 4), 3, Ok(Follows::New { n_missing: 2 }));
        check(Some(head(2, 2)), (2, 2), 1, Ok(Follows::Same));
    }

    #[test]
    fn an_older_one_and_another_history_are_refused() {
        check(Some(head(2, 2)), (1, 1), 0, Err(Astray::Older));
        check(Some(head(2, 2)), (2, 3), 1, Err(Astray::Forked));
        check(Some(head(2, 2)), (3, 3), 9, Err(Astray::Forked));
    }

    #[test]
    fn what_is_carried_has_the_signatures_of_both_and_of_nobody_else() {
        let signed = || Envelope::seal(payload_type::SPONSORED, b"text".to_vec(), &key(1)).unwrap();
        let (org, sponsor) = (key(1).id(), key(2).id());
        let carried = Carried::cosign(signed(), &org, &key(2)).unwrap().into_envelope();
        let (_, who, payload) = Carried::verify(carried.clone(), &sponsor).unwrap();
        assert_eq!((who, payload.bytes()), (org, b"text".as_slice()));

        let refused = |envelope| Carried::verify(envelope, &sponsor).err();
        assert_eq!(refused(signed()), Some(EnvelopeError::NotSigned), "the sponsor did not sign");
        let mut alone = carried.clone();
        alone.signatures.retain(|(signer, _)| *signer == sponsor);
        assert_eq!(refused(alone), Some(EnvelopeError::NotSigned), "the sponsor alone");
        let mut changed = carried.clone();
        changed.payload[0] ^= 1;
        assert_eq!(refused(changed), Some(EnvelopeError::BadSignature));
        let mut third = carried;
        third.add_signature(&key(3)).unwrap();
        assert_eq!(refused(third), Some(EnvelopeError::UnexpectedSigner));
        assert!(Carried::cosign(signed(), &key(3).id(), &key(2)).is_err(), "somebody else's");
    }

    #[test]
    fn a_receipt_says_whether_the_newest_arrived() {
        let of = |head| Receipt {
            sponsor: key(2).id(),
            org: key(1).id(),
            head,
            at_s: 1,
            n_told: 2,
            ended: false,
        };
        assert_eq!(of(head(3, 3)).compare(&head(3, 3)), Heard::Newest);
        assert_eq!(of(head(1, 1)).compare(&head(3, 3)), Heard::Behind(2));
        assert_eq!(of(head(3, 4)).compare(&head(3, 3)), Heard::Another);
        assert_eq!(of(head(4, 4)).compare(&head(3, 3)), Heard::Another);
    }

    #[test]
    fn a_fingerprint_is_read_with_or_without_its_spaces_and_is_one_key_s() {
        let (one, other) = (key(1).id(), key(2).id());
        let print = fingerprint(&one);
        assert_eq!(print.len(), 29);
        assert!(print.split(' ').all(|group| group.len() == 4));
        assert!(is_fingerprint(&one, &print) && is_fingerprint(&one, &print.replace(' ', "-")));
        assert!(!is_fingerprint(&other, &print) && !is_fingerprint(&one, &print[..24]));
        assert!(!is_fingerprint(&one, ""));
    }
}
