//! Audit entries as leaves of a node's audit log.

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::record::RecordId;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_SECONDS, array, cut, line, optional_array, org, present, seconds, seconds_number, within,
};
use crate::v1;

/// Longest name of an account, in bytes.
pub const MAX_ACCOUNT: usize = 100;

/// The most reasons of one entry, and the longest: a refusal that names every clause of an
/// agreement names fewer than 64.
pub const MAX_REASONS: usize = 64;

/// Longest digest or id that an entry refers to: SHA-512 would fit.
pub const MAX_REFERENCE: usize = 64;

/// Longest leaf: every field at its bound, and room.
const MAX_AUDIT_LEAF: usize = 8 * 1024;

/// Longest code of a reason, in bytes.
const MAX_REASON: usize = 64;

/// The bytes of a leaf of the audit log. `salt` is random, so that nobody guesses the entry back
/// from its hash.
///
/// Never fails, so that nothing is left out of the log because it could not be written: what is
/// out of bounds is cut to its bound.
pub fn encode_audit(entry: &AuditEntry, salt: &[u8; 32]) -> Vec<u8> {
    let AuditEntry { at_s, actor, action, record, partner, agreement, reasons, n, reference } =
        entry;
    let actor = match actor {
        Actor::Staff(account) => v1::audit_leaf::Actor::Staff(cut(account, MAX_ACCOUNT)),
        Actor::Partner(org) => v1::audit_leaf::Actor::PartnerActor(org.as_bytes().to_vec()),
        Actor::Node => v1::audit_leaf::Actor::Node(true),
    };
    let message = v1::AuditLeaf {
        at_s: seconds_number(*at_s).clamp(1, MAX_SECONDS),
        actor: Some(actor),
        action: action.number().into(),
        record: record.map(|id| id.0.to_vec()).unwrap_or_default(),
        partner: partner.map(|org| org.as_bytes().to_vec()).unwrap_or_default(),
        agreement: agreement.map(|id| id.to_vec()).unwrap_or_default(),
        reasons: reasons.iter().take(MAX_REASONS).map(|reason| cut(reason, MAX_REASON)).collect(),
        n: *n,
        reference: reference.iter().take(MAX_REFERENCE).copied().collect(),
        salt: salt.to_vec(),
    };
    message.encode_to_vec()
}

/// The entry in a leaf of the audit log.
pub fn decode_audit(bytes: &[u8]) -> Result<AuditEntry, Invalid> {
    within("audit", bytes.len(), 1..=MAX_AUDIT_LEAF)?;
    let message: v1::AuditLeaf = canonical(bytes)?;
    array::<32>("salt", &message.salt)?;
    let actor = match present("actor", message.actor)? {
        v1::audit_leaf::Actor::Staff(account) => Actor::Staff(line("staff", account, MAX_ACCOUNT)?),
        v1::audit_leaf::Actor::PartnerActor(id) => Actor::Partner(org("partner_actor", &id)?),
        v1::audit_leaf::Actor::Node(true) => Actor::Node,
        v1::audit_leaf::Actor::Node(false) => {
            return Err(Invalid::new("node", "must be true if it is there"));
        }
    };
    let action = u8::try_from(message.action).ok().and_then(Action::from_number);
    let partner = match message.partner.as_slice() {
        [] => None,
        id => Some(org("partner", id)?),
    };
    within("reasons", message.reasons.len(), 0..=MAX_REASONS)?;
    let reasons = message.reasons.into_iter().map(|code| line("reasons", code, MAX_REASON));
    within("reference", message.reference.len(), 0..=MAX_REFERENCE)?;
    Ok(AuditEntry {
        at_s: seconds("at_s", message.at_s)?,
        actor,
        action: action.ok_or(Invalid::new("action", "is not a known action"))?,
        record: optional_array("record", &message.record)?.map(RecordId),
        partner,
        agreement: optional_array("agreement", &message.agreement)?,
        reasons: reasons.collect::<Result<_, _>>()?,
        n: message.n,
        reference: message.reference,
    })
}
