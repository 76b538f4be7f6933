//! Envelopes: a document with one or more signatures.
//!
//! [DSSE], version 1: the signature covers the type of the document and its exact bytes, so one
//! kind of document is never taken for another, and nothing has to be encoded again to be
//! checked. Agreements, invitations, receipts, notices and count answers travel like this;
//! summaries do not, since a checkpoint signs many of them at once ([`crate::identity`]).
//!
//! An [`Envelope`] is only bytes that somebody claims to have signed. What may be read is a
//! [`VerifiedPayload`], and [`Envelope::verify`] is the only place that makes one.
//!
//! [DSSE]: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md

use std::fmt;

use crate::identity::{OrgId, OrgKey, Signature};

/// The most bytes a document has. The longest is an agreement: all its grants, elements and texts
/// in two languages stay below 64 KiB, and four times that leaves room.
pub const MAX_PAYLOAD: usize = 256 * 1024;

/// The most signatures an envelope carries. Two organizations sign an agreement; an identity that
/// is rolled over signs with the old key and the new one.
pub const MAX_SIGNATURES: usize = 4;

/// What an envelope can hold. Each is a Protocol Buffers message of `proto/entente`; a change
/// that an older node would misread gets a new version.
pub mod payload_type {
    /// An agreement that both organizations sign.
    pub const AGREEMENT: &str = "application/vnd.entente.agreement.v1+proto";
    /// The text of an agreement that one organization proposes. Not its signature under it.
    pub const AGREEMENT_PROPOSAL: &str = "application/vnd.entente.agreement-proposal.v1+proto";
    /// The agreement is suspended, resumed or ended by one side.
    pub const AGREEMENT_NOTICE: &str = "application/vnd.entente.agreement-notice.v1+proto";
    /// An invitation to become a partner.
    pub const INVITATION: &str = "application/vnd.entente.invitation.v1+proto";
    /// One step of becoming partners: hello, nonce, confirmation.
    pub const PAIRING: &str = "application/vnd.entente.pairing.v1+proto";
    /// What became of a withdrawal or of the end of an agreement.
    pub const RECEIPT: &str = "application/vnd.entente.receipt.v1+proto";
    /// Anything else that one organization must be able to prove it told another.
    pub const NOTICE: &str = "application/vnd.entente.notice.v1+proto";
    /// A question for counts under an agreement.
    pub const COUNT_QUERY: &str = "application/vnd.entente.count-query.v1+proto";
    /// The answer to such a question.
    pub const COUNT_ANSWER: &str = "application/vnd.entente.count-answer.v1+proto";
    /// The text of a release plan that one organization proposes. Not its signature under it.
    pub const PLAN_PROPOSAL: &str = "application/vnd.entente.release-plan-proposal.v1+proto";
    /// A release plan that one organization signs, to take part.
    pub const PLAN: &str = "application/vnd.entente.release-plan.v1+proto";
    /// The answer to one question of a release plan, or that there is none.
    pub const RELEASE_ANSWER: &str = "application/vnd.entente.release-answer.v1+proto";
    /// The figures of a period with everything that proves them, in a file.
    pub const NATIONAL_RETURN: &str = "application/vnd.entente.national-return.v1+proto";
    /// A feed of one organization for another, carried in a file.
    pub const BUNDLE: &str = "application/vnd.entente.bundle.v1+proto";
    /// A checkpoint that was seen of a log, in a document.
    pub const CHECKPOINT: &str = "application/vnd.entente.checkpoint.v1+proto";
    /// An aggregator opens a round of a secure sum. Not Protocol Buffers: `statistics::sum`.
    pub const SUM_OPENING: &str = "application/vnd.entente.sum-opening.v1";
    /// A contributor's report to a secure sum. Not Protocol Buffers: `statistics::sum`.
    pub const SUM_REPORT: &str = "application/vnd.entente.sum-report.v1";
    /// What an aggregator of a secure sum reveals. Not Protocol Buffers: `statistics::sum`.
    pub const SUM_SHARE: &str = "application/vnd.entente.sum-share.v1";
    /// That a secure sum was given up, and why.
    pub const SUM_GIVEN_UP: &str = "application/vnd.entente.sum-given-up.v1+proto";
    /// A region's sum in a secure sum, for the aggregator above. Not Protocol Buffers.
    pub const SUM_SUBTOTAL: &str = "application/vnd.entente.sum-subtotal.v1";
    /// The terms of an overlap round that one organization proposes. Not its signature under them.
    pub const OVERLAP_PROPOSAL: &str = "application/vnd.entente.overlap-proposal.v1+proto";
    /// The terms of an overlap round that one organization signs, to take part.
    pub const OVERLAP_TERMS: &str = "application/vnd.entente.overlap-terms.v1+proto";
    /// A share of the key of an overlap round. Not Protocol Buffers: `statistics::overlap`.
    pub const OVERLAP_SHARE: &str = "application/vnd.entente.overlap-share.v1";
    /// What one organization hands on in an overlap round: by whom, of what, and its hash.
    pub const OVERLAP_PARCEL: &str = "application/vnd.entente.overlap-parcel.v1+proto";
    /// A service of the directory, as a partner may see it.
    pub const SERVICE: &str = "application/vnd.entente.service.v1+proto";
    /// A service is taken out of the directory.
    pub const SERVICE_WITHDRAWAL: &str = "application/vnd.entente.service-withdrawal.v1+proto";
    /// What a service has free, and until when.
    pub const CAPACITY: &str = "application/vnd.entente.capacity.v1+proto";
    /// What an overlap round came to, signed by its coordinator.
    pub const OVERLAP_RESULT: &str = "application/vnd.entente.overlap-result.v1+proto";
    /// An organization offers a referral: the anonymized need card.
    pub const REFERRAL_OFFER: &str = "application/vnd.entente.referral-offer.v1+proto";
    /// A partner accepts or declines a referral that it was offered.
    pub const REFERRAL_REPLY: &str = "application/vnd.entente.referral-reply.v1+proto";
    /// What the organization that offered a referral decided: who has it, or that it is over.
    pub const REFERRAL_DECISION: &str = "application/vnd.entente.referral-decision.v1+proto";
    /// The sealed contact details of a referral, for the partner that has it.
    pub const REFERRAL_HANDOVER: &str = "application/vnd.entente.referral-handover.v1+proto";
    /// How far the partner that has a referral has come with it.
    pub const REFERRAL_PROGRESS: &str = "application/vnd.entente.referral-progress.v1+proto";
    /// All kinds of documents of a referral.
    pub const REFERRALS: [&str; 5] =
        [REFERRAL_OFFER, REFERRAL_REPLY, REFERRAL_DECISION, REFERRAL_HANDOVER, REFERRAL_PROGRESS];
    /// The key to which hand-overs for an organization are sealed.
    pub const HANDOVER_KEY: &str = "application/vnd.entente.handover-key.v1+proto";
    /// That a hand-over was destroyed, or was not taken.
    pub const HANDOVER_RECEIPT: &str = "application/vnd.entente.handover-receipt.v1+proto";
    /// Everything that an organization without a node says of itself; its sponsor signs it too.
    pub const SPONSORED: &str = "application/vnd.entente.sponsored.v1+proto";
    /// What a sponsor has of an organization, for that organization.
    pub const SPONSOR_RECEIPT: &str = "application/vnd.entente.sponsor-receipt.v1+proto";
    /// What lies on top of the mail that a sponsor hands to an organization. In a file, not in a feed.
    pub const SPONSOR_MAIL: &str = "application/vnd.entente.sponsor-mail.v1+proto";
    /// What an organization without a node asks its sponsor for, about a referral of its own. In a file.
    pub const REFERRAL_REQUEST: &str = "application/vnd.entente.referral-request.v1+proto";
    /// Where such a referral stands, said by the sponsor. In a file.
    pub const REQUEST_STANDING: &str = "application/vnd.entente.request-standing.v1+proto";
    /// That the first word about such a referral was not taken, said by the sponsor. In a file.
    pub const REQUEST_REFUSAL: &str = "application/vnd.entente.request-refusal.v1+proto";
    /// A sponsor no longer carries an organization.
    pub const SPONSORSHIP_END: &str = "application/vnd.entente.sponsorship-end.v1+proto";
    /// A feed begins a new epoch of sequence numbers, after a restore.
    pub const NEW_FEED: &str = "application/vnd.entente.new-feed.v1+proto";
    /// What holds nothing about a case and asks for no grant. Any other kind has a decision of its own.
    pub const PLAIN: [&str; 15] = [
        AGREEMENT,
        AGREEMENT_PROPOSAL,
        AGREEMENT_NOTICE,
        RECEIPT,
        NOTICE,
        PLAN_PROPOSAL,
        PLAN,
        SUM_GIVEN_UP,
        OVERLAP_PROPOSAL,
        OVERLAP_TERMS,
        OVERLAP_RESULT,
        SERVICE_WITHDRAWAL,
        HANDOVER_RECEIPT,
        SPONSORSHIP_END,
        NEW_FEED,
    ];
}

/// A document and the signatures that somebody claims it has. Nothing here is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is: one of [`payload_type`].
    pub payload_type: String,
    /// The document's exact bytes.
    pub payload: Vec<u8>,
    /// Who signed, and the signature.
    pub signatures: Vec<(OrgId, Signature)>,
}

impl Envelope {
    /// Puts a document into an envelope and signs it.
    pub fn seal(payload_type: &str, payload: Vec<u8>, key: &OrgKey) -> Result<Self, EnvelopeError> {
        let mut envelope =
            Self { payload_type: payload_type.to_owned(), payload, signatures: Vec::new() };
        envelope.add_signature(key)?;
        Ok(envelope)
    }

    /// Signs the document too. What was there before is not verified by this.
    pub fn add_signature(&mut self, key: &OrgKey) -> Result<(), EnvelopeError> {
        let id = key.id();
        if self.signatures.iter().any(|(signer, _)| *signer == id) {
            return Err(EnvelopeError::SignedTwice);
        }
        self.check_bounds(1)?;
        let signature = key.sign(&pre_authentication(&self.payload_type, &self.payload));
        self.signatures.push((id, signature));
        Ok(())
    }

    /// Checks that this is a document of `expected_type` signed by all of `signers` and by nobody
    /// else, and opens it.
    ///
    /// A signature of a stranger is refused rather than passed over: it would be carried along,
    /// and stored, unverified.
    pub fn verify(
        &self,
        expected_type: &str,
        signers: &[OrgId],
    ) -> Result<VerifiedPayload, EnvelopeError> {
        if self.payload_type != expected_type {
            return Err(EnvelopeError::WrongType);
        }
        self.check_bounds(0)?;
        if signers.is_empty() {
            return Err(EnvelopeError::NotSigned);
        }

        let signed = pre_authentication(&self.payload_type, &self.payload);
        let mut seen = Vec::with_capacity(self.signatures.len());
        for (signer, signature) in &self.signatures {
            if seen.contains(signer) {
                return Err(EnvelopeError::SignedTwice);
            }
            if !signers.contains(signer) {
                return Err(EnvelopeError::UnexpectedSigner);
            }
            signer.verify(&signed, signature).map_err(|_| EnvelopeError::BadSignature)?;
            seen.push(*signer);
        }
        if signers.iter().any(|signer| !seen.contains(signer)) {
            return Err(EnvelopeError::NotSigned);
        }

        Ok(VerifiedPayload { bytes: self.payload.clone(), signers: seen })
    }

    /// Whether there is room for `n_more` signatures and the payload is not too long.
    fn check_bounds(&self, n_more: usize) -> Result<(), EnvelopeError> {
        if self.payload.len() > MAX_PAYLOAD {
            return Err(EnvelopeError::TooLong);
        }
        if self.signatures.len() + n_more > MAX_SIGNATURES {
            return Err(EnvelopeError::TooManySignatures);
        }
        Ok(())
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signers: Vec<_> = self.signatures.iter().map(|(signer, _)| signer).collect();
        f.debug_struct("Envelope")
            .field("payload_type", &self.payload_type)
            .field("payload_len", &self.payload.len())
            .field("signers", &signers)
            .finish()
    }
}

/// The bytes of a document that all of its signers signed.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedPayload {
    bytes: Vec<u8>,
    signers: Vec<OrgId>,
}

impl VerifiedPayload {
    /// The document's exact bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The document's exact bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Who signed it, in the order of the signatures.
    pub fn signers(&self) -> &[OrgId] {
        &self.signers
    }
}

impl fmt::Debug for VerifiedPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPayload")
            .field("len", &self.bytes.len())
            .field("signers", &self.signers)
            .finish()
    }
}

/// Why an envelope was not opened, or not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It holds another kind of document.
    #[error("the envelope holds another kind of document")]
    WrongType,
    /// The document is longer than [`MAX_PAYLOAD`].
    #[error("the document is longer than {MAX_PAYLOAD} bytes")]
    TooLong,
    /// There are more signatures than [`MAX_SIGNATURES`].
    #[error("the envelope has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// The same organization signed twice.
    #[error("the same organization signed twice")]
    SignedTwice,
    /// Somebody signed who was not expected to.
    #[error("somebody signed who is no party to this document")]
    UnexpectedSigner,
    /// Somebody who must sign did not.
    #[error("a signature is missing")]
    NotSigned,
    /// A signature is not good.
    #[error("a signature is not good")]
    BadSignature,
}

/// What is signed (DSSE v1.0.2, section "Signature definition": PAE).
fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::payload_type::{AGREEMENT, RECEIPT};
    use super::*;

    fn key(seed: u8) -> OrgKey {
        OrgKey::from_seed(&[seed; 32])
    }

    /// An agreement signed by 1 and 2.
    fn envelope() -> Envelope {
        let mut envelope = Envelope::seal(AGREEMENT, b"text".to_vec(), &key(1)).unwrap();
        envelope.add_signature(&key(2)).unwrap();
        envelope
    }

    fn parties() -> [OrgId; 2] {
        [key(1).id(), key(2).id()]
    }

    #[test]
    fn what_is_signed_is_what_the_specification_says() {
        // The example of the protocol's text, section "Signature definition".
        let signed = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(signed, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_document_signed_by_all_its_parties_is_opened() {
        let payload = envelope().verify(AGREEMENT, &parties()).unwrap();
        assert_eq!(payload.bytes(), b"text");
        assert_eq!(payload.signers(), parties());
        assert_eq!(payload.into_bytes(), b"text");
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Envelope), expected: EnvelopeError) {
        let mut envelope = envelope();
        change(&mut envelope);
        assert_eq!(envelope.verify(AGREEMENT, &parties()).err(), Some(expected));
    }

    #[test]
    fn a_changed_envelope_is_refused() {
        check(|e| e.payload[0] ^= 1, EnvelopeError::BadSignature);
        check(|e| e.payload_type = RECEIPT.to_owned(), EnvelopeError::WrongType);
        check(|e| e.signatures[0].1 = e.signatures[1].1, EnvelopeError::BadSignature);
        check(|e| e.signatures.truncate(1), EnvelopeError::NotSigned);
        check(|e| e.signatures.clear(), EnvelopeError::NotSigned);
        check(|e| e.signatures.push(e.signatures[0]), EnvelopeError::SignedTwice);
        check(|e| e.add_signature(&key(3)).unwrap(), EnvelopeError::UnexpectedSigner);
        check(|e| e.payload = vec![0; MAX_PAYLOAD + 1], EnvelopeError::TooLong);
        check(
            |e| e.signatures = vec![e.signatures[0]; MAX_SIGNATURES + 1],
            EnvelopeError::TooManySignatures,
        );
    }

    #[test]
    fn a_signature_over_one_kind_of_document_is_none_over_another() {
        let mut receipt = envelope();
        receipt.payload_type = RECEIPT.to_owned();
        assert_eq!(receipt.verify(RECEIPT, &parties()), Err(EnvelopeError::BadSignature));
    }

    #[test]
    fn a_document_of_nobody_is_refused() {
        let unsigned = Envelope { signatures: Vec::new(), ..envelope() };
        assert_eq!(unsigned.verify(AGREEMENT, &[]), Err(EnvelopeError::NotSigned));
    }

    #[test]
    fn the_longest_document_is_signed_and_one_byte_more_is_not() {
        assert!(Envelope::seal(AGREEMENT, vec![0; MAX_PAYLOAD], &key(1)).is_ok());
        let too_long = Envelope::seal(AGREEMENT, vec![0; MAX_PAYLOAD + 1], &key(1));
        assert_eq!(too_long.err(), Some(EnvelopeError::TooLong));
    }

    #[test]
    fn nobody_signs_twice_and_a_fifth_does_not_sign() {
        let mut envelope = envelope();
        assert_eq!(envelope.add_signature(&key(1)), Err(EnvelopeError::SignedTwice));
        envelope.add_signature(&key(3)).unwrap();
        envelope.add_signature(&key(4)).unwrap();
        assert_eq!(envelope.add_signature(&key(5)), Err(EnvelopeError::TooManySignatures));
    }

    #[test]
    fn an_envelope_does_not_print_its_document() {
        let text = format!("{:?}", envelope());
        assert!(text.contains("payload_len: 4") && !text.contains("116"));
    }
}
