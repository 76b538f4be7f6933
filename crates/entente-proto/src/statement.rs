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

#[cfg(test)]
mod tests {
    use entente_core::identity::OrgId;
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations, id};

    /// A message that passes; each test changes one field and says what follows.
    fn message() -> v1::Statement {
        v1::Statement {
            issuer: id(1).as_bytes().to_vec(),
            audience: id(2).as_bytes().to_vec(),
            feed_epoch: 0,
            seq: 1,
            agreement_id: vec![1; 16],
            agreement_version: 1,
            body: Some(v1::statement::Body::Withdrawal(withdrawal())),
        }
    }

    fn withdrawal() -> v1::Withdrawal {
        v1::Withdrawal { summary_id: vec![2; 16], reason: 1 }
    }

    fn document() -> v1::Document {
        let signature =
            |org: OrgId| v1::Signature { org: org.as_bytes().to_vec(), sig: vec![3; 64] };
        let mut signatures: Vec<_> =
            (1..=MAX_SIGNATURES).map(|seed| signature(id(u8::try_from(seed).unwrap()))).collect();
        signatures.sort_by(|a, b| a.org.cmp(&b.org));
        v1::Document { payload_type: "t".into(), payload: vec![1], signatures }
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::Statement)) {
        let mut message = message();
        change(&mut message);
        let decoded = decode_statement(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[track_caller]
    fn accepted(change: impl FnOnce(&mut v1::Statement)) {
        let mut message = message();
        change(&mut message);
        assert!(decode_statement(&message.encode_to_vec()).is_ok());
    }

    fn document_refused(field: &'static str, change: impl FnOnce(&mut v1::Document)) {
        let mut message = document();
        change(&mut message);
        assert_eq!(parse_document(message).map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_a_statement_has_its_bound() {
        accepted(|_| {});
        refused("issuer", |it| it.issuer.clear());
        refused("issuer", |it| it.issuer = vec![0; 32]);
        refused("audience", |it| it.audience.push(0));
        accepted(|it| it.feed_epoch = u32::MAX);
        refused("seq", |it| it.seq = 0);
        accepted(|it| it.seq = MAX_LOG);
        refused("seq", |it| it.seq = MAX_LOG + 1);
        refused("body", |it| it.body = None);
    }

    #[test]
    fn an_agreement_has_an_id_and_a_version_or_neither() {
        refused("agreement_id", |it| it.agreement_id.push(1));
        refused("agreement_version", |it| it.agreement_version = 0);
        refused("agreement_version", |it| it.agreement_id.clear());
        let bare = |it: &mut v1::Statement| {
            it.agreement_id.clear();
            it.agreement_version = 0;
        };
        refused("agreement_id", bare);
        accepted(|it| {
            bare(it);
            it.body = Some(v1::statement::Body::Document(document()));
        });
    }

    #[test]
    fn a_withdrawal_has_an_id_and_a_known_reason() {
        for (field, id_len, reason) in
            [("summary_id", 15, 1), ("reason", 16, 0), ("reason", 16, 5), ("reason", 16, -1)]
        {
            let withdrawal = v1::Withdrawal { summary_id: vec![2; id_len], reason };
            refused(field, |it| it.body = Some(v1::statement::Body::Withdrawal(withdrawal)));
        }
    }

    #[test]
    fn every_field_of_a_document_has_its_bound() {
        assert!(parse_document(document()).is_ok());
        document_refused("payload_type", |it| it.payload_type.clear());
        document_refused("payload_type", |it| it.payload_type = "a".repeat(MAX_PAYLOAD_TYPE + 1));
        document_refused("payload_type", |it| it.payload_type = "é".into());
        document_refused("payload", |it| it.payload.clear());
        document_refused("payload", |it| it.payload = vec![0; MAX_DOCUMENT + 1]);
        document_refused("signatures", |it| it.signatures.clear());
        document_refused("signatures", |it| it.signatures.push(it.signatures[0].clone()));
        document_refused("signatures", |it| it.signatures.swap(0, 1));
        document_refused("signatures", |it| it.signatures[1] = it.signatures[0].clone());
        document_refused("sig", |it| it.signatures[0].sig.push(1));
        document_refused("org", |it| it.signatures[0].org = vec![0; 32]);
    }

    #[test]
    fn the_largest_document_fits_in_a_leaf_and_one_byte_more_does_not_travel() {
        let largest = v1::Document { payload: vec![1; MAX_DOCUMENT], ..document() };
        let largest = v1::Document { payload_type: "a".repeat(MAX_PAYLOAD_TYPE), ..largest };
        let leaf = Leaf {
            feed: FeedId { issuer: id(1), audience: id(2), epoch: u32::MAX },
            seq: MAX_LOG,
            agreement: Some(AgreementRef { id: [1; 16], version: u32::MAX }),
            statement: Statement::Document(parse_document(largest).unwrap()),
        };
        let bytes = encode_statement(&leaf);
        assert!(bytes.len() <= MAX_LEAF);
        assert_eq!(decode_statement(&bytes), Ok(leaf));
        assert_eq!(decode_statement(&vec![0; MAX_LEAF + 1]).unwrap_err().problem, "is too long");
    }

    #[test]
    fn two_bodies_are_refused_and_not_the_last_one_taken() {
        let mut bytes = message().encode_to_vec();
        bytes.extend_from_slice(&[0x62, 0]);
        assert!(decode_statement(&bytes).is_err());
    }

    #[test]
    fn signatures_travel_in_one_order() {
        let mut envelope = Envelope::seal("t", vec![1], &any::key(1)).unwrap();
        envelope.add_signature(&any::key(2)).unwrap();
        let bytes = encode_envelope(&envelope);
        envelope.signatures.reverse();
        assert_eq!(encode_envelope(&envelope), bytes);
        let signers = [id(1), id(2)];
        assert!(decode_envelope(&bytes).unwrap().verify("t", &signers).is_ok());
    }

    proptest! {
        #[test]
        fn a_leaf_is_read_as_it_is_written(leaf in any::leaf()) {
            prop_assert_eq!(decode_statement(&encode_statement(&leaf)), Ok(leaf));
        }

        #[test]
        fn an_envelope_is_read_as_it_is_written(envelope in any::envelope()) {
            prop_assert_eq!(decode_envelope(&encode_envelope(&envelope)), Ok(envelope));
        }

        #[test]
        fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode_statement(&bytes).is_err());
            prop_assert!(decode_envelope(&bytes).is_err());
        }
    }

    #[test]
    fn no_changed_leaf_is_taken_for_the_same() {
        let leaf = any::one(any::leaf());
        check_mutations(&encode_statement(&leaf), &leaf, decode_statement);
    }
}
