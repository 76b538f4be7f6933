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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::any::{self, check_mutations};

    fn entry() -> impl Strategy<Value = AuditEntry> {
        let actor = prop_oneof![
            any::line().prop_map(Actor::Staff),
            any::org().prop_map(Actor::Partner),
            Just(Actor::Node),
        ];
        let what = (any::seconds(), actor, select(Action::ALL), any::<u64>());
        let whom = (
            prop::option::of(any::<[u8; 16]>()),
            prop::option::of(any::org()),
            prop::option::of(any::<[u8; 16]>()),
        );
        let reasons = prop::collection::vec("[§a-z0-9_.]{1,20}", 0..5);
        let reference = prop::collection::vec(any::<u8>(), 0..=MAX_REFERENCE);
        (what, whom, reasons, reference).prop_map(|(what, whom, reasons, reference)| {
            let (at_s, actor, action, n) = what;
            let (record, partner, agreement) = whom;
            AuditEntry {
                at_s: i64::try_from(at_s).unwrap(),
                actor,
                action,
                record: record.map(RecordId),
                partner,
                agreement,
                reasons,
                n,
                reference,
            }
        })
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::AuditLeaf)) {
        let entry = AuditEntry::new(1, Actor::Node, Action::NodeStarted);
        let mut message = v1::AuditLeaf::decode(&*encode_audit(&entry, &[1; 32])).unwrap();
        change(&mut message);
        let decoded = decode_audit(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_an_entry_has_its_bound() {
        refused("at_s", |it| it.at_s = 0);
        refused("at_s", |it| it.at_s = MAX_SECONDS + 1);
        refused("actor", |it| it.actor = None);
        refused("node", |it| it.actor = Some(v1::audit_leaf::Actor::Node(false)));
        let staff = |len| Some(v1::audit_leaf::Actor::Staff("a".repeat(len)));
        refused("staff", |it| it.actor = staff(0));
        refused("staff", |it| it.actor = staff(MAX_ACCOUNT + 1));
        refused("action", |it| it.action = 0);
        refused("action", |it| it.action = 256);
        refused("record", |it| it.record = vec![1; 15]);
        refused("partner", |it| it.partner = vec![0; 32]);
        refused("agreement", |it| it.agreement = vec![1; 17]);
        refused("reasons", |it| it.reasons = vec!["a".into(); MAX_REASONS + 1]);
        refused("reasons", |it| it.reasons = vec!["a".repeat(MAX_REASON + 1)]);
        refused("reference", |it| it.reference = vec![1; MAX_REFERENCE + 1]);
        refused("salt", |it| it.salt = vec![1; 31]);
    }

    #[test]
    fn two_equal_entries_have_different_bytes() {
        let entry = AuditEntry::new(1, Actor::Node, Action::NodeStarted);
        assert_ne!(encode_audit(&entry, &[1; 32]), encode_audit(&entry, &[2; 32]));
    }

    #[test]
    fn an_entry_out_of_bounds_is_cut_and_not_lost() {
        let mut entry = AuditEntry::new(-5, Actor::Staff("é\n".repeat(90)), Action::LoggedIn)
            .reasons(vec!["r".repeat(1_000); 100])
            .reference([1; 100]);
        let decoded = decode_audit(&encode_audit(&entry, &[1; 32])).unwrap();
        assert_eq!(decoded.actor, Actor::Staff("é".repeat(50)));
        assert_eq!(decoded.reasons, vec!["r".repeat(MAX_REASON); MAX_REASONS]);
        assert_eq!((decoded.at_s, decoded.reference.len()), (1, MAX_REFERENCE));

        entry.actor = Actor::Staff("\u{202e}\t ".into());
        let decoded = decode_audit(&encode_audit(&entry, &[1; 32])).unwrap();
        assert_eq!(decoded.actor, Actor::Staff("?".into()));
    }

    #[test]
    fn no_changed_entry_is_taken_for_the_same_but_for_its_salt() {
        let entry = any::one(entry());
        let bytes = encode_audit(&entry, &[1; 32]);
        // The salt stands last.
        let without_salt = |bytes: &[u8]| match bytes.ends_with(&[1; 32]) {
            true => decode_audit(bytes),
            false => Err(Invalid::new("salt", "is another")),
        };
        check_mutations(&bytes, &entry, without_salt);
    }

    proptest! {
        #[test]
        fn an_entry_is_read_as_it_is_written(entry in entry(), salt in any::<[u8; 32]>()) {
            prop_assert_eq!(decode_audit(&encode_audit(&entry, &salt)), Ok(entry));
        }

        #[test]
        fn whatever_is_written_can_be_read(name in ".{0,300}", reason in ".{0,300}", at_s in any::<i64>()) {
            let entry = AuditEntry::new(at_s, Actor::Staff(name), Action::LoggedIn).reasons([reason]);
            prop_assert!(decode_audit(&encode_audit(&entry, &[1; 32])).is_ok());
        }

        #[test]
        fn random_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode_audit(&bytes).is_err());
        }
    }
}
