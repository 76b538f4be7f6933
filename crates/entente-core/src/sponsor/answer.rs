//! What an organization without a node answers, with its sponsor's signature.

use crate::envelope::{Envelope, EnvelopeError, VerifiedPayload, payload_type};
use crate::identity::{OrgId, OrgKey};

/// A word of an organization about a referral or a hand-over that reached it through its sponsor. Both
/// signed it, and nobody else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CarriedAnswer(Envelope);

impl CarriedAnswer {
    /// What may be said like this.
    pub const KINDS: [&str; 3] = [
        payload_type::REFERRAL_REPLY,
        payload_type::REFERRAL_PROGRESS,
        payload_type::HANDOVER_RECEIPT,
    ];

    /// Checks what the organization signed, alone. The type of its document is one of [`Self::KINDS`].
    pub fn check(signed: &Envelope, org: &OrgId) -> Result<VerifiedPayload, EnvelopeError> {
        verify(signed, &[*org])
    }

    /// Checks what an organization signed and signs it too, as its sponsor.
    pub fn cosign(
        mut signed: Envelope,
        org: &OrgId,
        sponsor: &OrgKey,
    ) -> Result<Self, EnvelopeError> {
        Self::check(&signed, org)?;
        signed.add_signature(sponsor)?;
        Ok(Self(signed))
    }

    /// Checks both signatures. Returns the document's bytes and whose it is: the one who signed beside
    /// the sponsor.
    pub fn verify(
        envelope: &Envelope,
        sponsor: &OrgId,
    ) -> Result<(OrgId, VerifiedPayload), EnvelopeError> {
        let mut others = envelope.signatures.iter().map(|(signer, _)| *signer);
        let org = others.find(|signer| signer != sponsor).ok_or(EnvelopeError::NotSigned)?;
        Ok((org, verify(envelope, &[org, *sponsor])?))
    }

    /// What was signed here before, as it was kept.
    pub fn kept(envelope: Envelope, sponsor: &OrgId) -> Result<Self, EnvelopeError> {
        Self::verify(&envelope, sponsor)?;
        Ok(Self(envelope))
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

/// A word of an organization without a node about a referral of its own. Both signed it, and nobody else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CarriedRequest(Envelope);

impl CarriedRequest {
    /// Checks what the organization signed, alone.
    pub fn check(signed: &Envelope, org: &OrgId) -> Result<VerifiedPayload, EnvelopeError> {
        signed.verify(payload_type::REFERRAL_REQUEST, &[*org])
    }

    /// Checks what an organization signed and signs it too, as its sponsor.
    pub fn cosign(
        mut signed: Envelope,
        org: &OrgId,
        sponsor: &OrgKey,
    ) -> Result<Self, EnvelopeError> {
        Self::check(&signed, org)?;
        signed.add_signature(sponsor)?;
        Ok(Self(signed))
    }

    /// Checks both signatures of what was kept. Returns its bytes.
    pub fn verify(
        envelope: &Envelope,
        org: &OrgId,
        sponsor: &OrgId,
    ) -> Result<VerifiedPayload, EnvelopeError> {
        envelope.verify(payload_type::REFERRAL_REQUEST, &[*org, *sponsor])
    }

    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.0
    }
}

fn verify(envelope: &Envelope, signers: &[OrgId]) -> Result<VerifiedPayload, EnvelopeError> {
    let kind = CarriedAnswer::KINDS.into_iter().find(|kind| *kind == envelope.payload_type);
    envelope.verify(kind.ok_or(EnvelopeError::WrongType)?, signers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> OrgKey {
        OrgKey::from_seed(&[seed; 32])
    }

    fn signed(kind: &str, by: u8) -> Envelope {
        Envelope::seal(kind, b"yes".to_vec(), &key(by)).unwrap()
    }

    #[test]
    fn an_answer_has_the_signatures_of_both_and_of_nobody_else() {
        let (org, sponsor) = (key(1).id(), key(2).id());
        let reply = || signed(payload_type::REFERRAL_REPLY, 1);
        let carried = CarriedAnswer::cosign(reply(), &org, &key(2)).unwrap().into_envelope();
        let (who, payload) = CarriedAnswer::verify(&carried, &sponsor).unwrap();
        assert_eq!((who, payload.bytes()), (org, b"yes".as_slice()));

        let refused = |envelope: &Envelope| CarriedAnswer::verify(envelope, &sponsor).err();
        assert_eq!(refused(&reply()), Some(EnvelopeError::NotSigned), "the organization alone");
        let alone = signed(payload_type::REFERRAL_REPLY, 2);
        assert_eq!(refused(&alone), Some(EnvelopeError::NotSigned), "the sponsor alone");
        let mut changed = carried.clone();
        changed.payload[0] ^= 1;
        assert_eq!(refused(&changed), Some(EnvelopeError::BadSignature));
        let mut third = carried;
        third.add_signature(&key(3)).unwrap();
        assert_eq!(refused(&third), Some(EnvelopeError::UnexpectedSigner));
    }

    #[test]
    fn a_request_is_signed_by_both_and_is_no_answer() {
        let (org, sponsor) = (key(1).id(), key(2).id());
        let request = || signed(payload_type::REFERRAL_REQUEST, 1);
        let carried = CarriedRequest::cosign(request(), &org, &key(2)).unwrap();
        let payload = CarriedRequest::verify(carried.envelope(), &org, &sponsor).unwrap();
        assert_eq!(payload.bytes(), b"yes");
        assert!(CarriedRequest::verify(&request(), &org, &sponsor).is_err(), "one alone");
        assert!(CarriedRequest::check(carried.envelope(), &org).is_err(), "signed by both already");
        assert!(CarriedAnswer::check(&request(), &org).is_err());
        assert!(CarriedRequest::check(&signed(payload_type::REFERRAL_REPLY, 1), &org).is_err());
    }

    #[test]
    fn a_sponsor_signs_nothing_but_answers_and_only_those_of_its_organization() {
        let org = key(1).id();
        let decision = signed(payload_type::REFERRAL_DECISION, 1);
        let refused = CarriedAnswer::cosign(decision, &org, &key(2)).err();
        assert_eq!(refused, Some(EnvelopeError::WrongType));
        let of_another = signed(payload_type::REFERRAL_REPLY, 3);
        assert!(CarriedAnswer::cosign(of_another, &org, &key(2)).is_err());
    }
}
