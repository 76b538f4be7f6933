//! Statements: leaves of a feed, as bytes.

use entente_core::envelope::{Envelope, MAX_SIGNATURES};
use entente_core::feed::{FeedId, MAX_LEAF};
use entente_core::identity::Signature;
use entente_core::statement::{AgreementRef, Leaf, Statement, WithdrawReason};
use entente_core::summary::SummaryId;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{MAX_LOG, array, ascii, optional_array, org, present, within};
use crate::summary::{parse_summary, summary_message};
use crate::v1;

/// The longest payload of a document: with its signatures and the head of the statement it still
/// fits in a leaf ([`MAX_LEAF`]).
pub const MAX_DOCUMENT: usize = MAX_LEAF - 1024;

/// Longest name of a payload type. The longest of ours has 53.
const MAX_PAYLOAD_TYPE: usize = 100;

/// The bytes of a leaf: what the feed's checkpoint signs.
pub fn encode_statement(leaf: &Leaf) -> Vec<u8> {
    let Leaf { feed: FeedId { issuer, audience, epoch }, seq, agreement, statement } = leaf;
    let body = match statement {
        Statement::Summary(summary) => v1::statement::Body::Summary(summary_message(summary)),
        Statement::Withdrawal(id, reason) => v1::statement::Body::Withdrawal(v1::Withdrawal {
            summary_id: id.0.to_vec(),
            reason: reason.number().into(),
        }),
        Statement::Document(envelope) => v1::statement::Body::Document(document_message(envelope)),
    };
    let message = v1::Statement {
        issuer: issuer.as_bytes().to_vec(),
        audience: audience.as_bytes().to_vec(),
        feed_epoch: *epoch,
        seq: *seq,
        agreement_id: agreement.map(|it| it.id.to_vec()).unwrap_or_default(),
        agreement_version: agreement.map_or(0, |it| it.version),
        body: Some(body),
    };
    message.encode_to_vec()
}

/// What a leaf says.
///
/// Call this after the feed's checkpoint was verified over these bytes. That issuer, audience,
/// epoch and place are those of the feed in which they stood is for the caller to compare.
pub fn decode_statement(bytes: &[u8]) -> Result<Leaf, Invalid> {
    if bytes.len() > MAX_LEAF {
        return Err(Invalid::new("statement", "is too long"));
    }
    let message: v1::Statement = canonical(bytes)?;
    let v1::Statement { issuer, audience, feed_epoch, seq, agreement_id, agreement_version, body } =
        message;

    let feed = FeedId {
        issuer: org("issuer", &issuer)?,
        audience: org("audience", &audience)?,
        epoch: feed_epoch,
    };
    let agreement = parse_agreement(&agreement_id, agreement_version)?;
    let statement = match present("body", body)? {
        v1::statement::Body::Summary(summary) => Statement::Summary(parse_summary(&summary)?),
        v1::statement::Body::Withdrawal(withdrawal) => parse_withdrawal(&withdrawal)?,
        v1::statement::Body::Document(document) => Statement::Document(parse_document(document)?),
    };
    if agreement.is_none() && !matches!(statement, Statement::Document(_)) {
        return Err(Invalid::new("agreement_id", "must be present with a summary or withdrawal"));
    }
    Ok(Leaf { feed, seq: within("seq", seq, 1..=MAX_LOG)?, agreement, statement })
}

/// The message that holds an envelope. Signatures are put in the order of their signers, which is
/// the canonical one and means nothing.
pub fn document_message(envelope: &Envelope) -> v1::Document {
    let Envelope { payload_type, payload, signatures } = envelope;
    let mut signatures: Vec<_> = signatures
        .iter()
        .map(|(org, sig)| v1::Signature {
            org: org.as_bytes().to_vec(),
            sig: sig.as_bytes().to_vec(),
        })
        .collect();
    signatures.sort_by(|a, b| a.org.cmp(&b.org));
    v1::Document { payload_type: payload_type.clone(), payload: payload.clone(), signatures }
}

/// The envelope in a message. Nothing in it is verified by this.
pub fn parse_document(message: v1::Document) -> Result<Envelope, Invalid> {
    let v1::Document { payload_type, payload, signatures } = message;
    if payload.is_empty() || payload.len() > MAX_DOCUMENT {
        return Err(Invalid::new("payload", "is out of bounds"));
    }
    within("signatures", signatures.len(), 1..=MAX_SIGNATURES)?;
    if !signatures.is_sorted_by(|a, b| a.org < b.org) {
        return Err(Invalid::new("signatures", "must be ascending, each signer once"));
    }
    let signatures = signatures.iter().map(|v1::Signature { org: signer, sig }| {
        Ok((org("org", signer)?, Signature::from_bytes(array("sig", sig)?)))
    });
    Ok(Envelope {
        payload_type: ascii("payload_type", payload_type, MAX_PAYLOAD_TYPE)?,
        payload,
        signatures: signatures.collect::<Result<_, Invalid>>()?,
    })
}

/// The bytes of an envelope outside a feed: in a file or a link.
pub fn encode_envelope(envelope: &Envelope) -> Vec<u8> {
    document_message(envelope).encode_to_vec()
}

/// The envelope with these bytes. Nothing in it is verified by this.
pub fn decode_envelope(bytes: &[u8]) -> Result<Envelope, Invalid> {
    if bytes.len() > MAX_LEAF {
        return Err(Invalid::new("document", "is too long"));
    }
    parse_document(canonical(bytes)?)
}

/// The agreement that something rests on, or none.
pub(crate) fn parse_agreement(id: &[u8], version: u32) -> Result<Option<AgreementRef>, Invalid> {
    match (optional_array("agreement_id", id)?, version) {
        (None, 0) => Ok(None),
        (Some(id), 1..) => Ok(Some(AgreementRef { id, version })),
        _ => Err(Invalid::new("agreement_version", "must be 0 exactly without an agreement")),
    }
}

fn parse_withdrawal(message: &v1::Withdrawal) -> Result<Statement, Invalid> {
    let id = SummaryId(array("summary_id", &message.summary_id)?);
    let reason = u8::try_from(message.reason).ok().and_then(WithdrawReason::from_number);
    Ok(Statement::Withdrawal(id, reason.ok_or(Invalid::new("reason", "is not a known reason"))?))
}
