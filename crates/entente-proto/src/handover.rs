//! Hand-overs: keys, sealed contact details and receipts, as bytes that are signed.

use entente_core::handover::key::public_from_bytes;
use entente_core::handover::{
    Binding, Handover, HandoverDeed, HandoverKey, HandoverReceipt, KeyId, MAX_NUMBER, RefusedWhy,
    Sealed,
};
use entente_core::statement::AgreementRef;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{array, optional_array, org, seconds, seconds_number, within};
use crate::statement::MAX_DOCUMENT;
use crate::v1;

/// X-Wing, SHAKE256, AES-256-GCM.
const SUITE: u32 = 1;

/// The bytes of a key: what its organization signs.
pub fn encode_handover_key(key: &HandoverKey) -> Vec<u8> {
    let message = v1::HandoverKey {
        org: key.org.as_bytes().to_vec(),
        suite: SUITE,
        public_key: key.key.to_bytes(),
        created_at_s: seconds_number(key.created_at_s),
        replaces: key.replaces.map(|id| id.0.to_vec()).unwrap_or_default(),
    };
    message.encode_to_vec()
}

/// The key with these bytes. Verify the envelope first.
pub fn decode_handover_key(bytes: &[u8]) -> Result<HandoverKey, Invalid> {
    within("handover_key", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::HandoverKey = canonical(bytes)?;
    within("suite", message.suite, SUITE..=SUITE)?;
    let public = public_from_bytes(&message.public_key);
    let key = HandoverKey {
        org: org("org", &message.org)?,
        key: public.map_err(|_| Invalid::new("public_key", "must be an X-Wing key"))?,
        created_at_s: seconds("created_at_s", message.created_at_s)?,
        replaces: optional_array("replaces", &message.replaces)?.map(KeyId),
    };
    if key.replaces == Some(key.id()) {
        return Err(Invalid::new("replaces", "must be another key"));
    }
    Ok(key)
}

/// The bytes of a hand-over: what the home organization signs.
pub fn encode_handover(handover: &Handover) -> Vec<u8> {
    let Handover { binding, sealed_at_s, sealed } = handover;
    let Binding { home, recipient, referral, agreement, acceptance, key, number } = binding;
    let message = v1::Handover {
        home: home.as_bytes().to_vec(),
        recipient: recipient.as_bytes().to_vec(),
        referral: referral.to_vec(),
        agreement_id: agreement.id.to_vec(),
        agreement_version: agreement.version,
        acceptance: acceptance.to_vec(),
        key_id: key.0.to_vec(),
        number: *number,
        sealed_at_s: seconds_number(*sealed_at_s),
        sealed: sealed.as_bytes().to_vec(),
    };
    message.encode_to_vec()
}

/// The hand-over with these bytes. Verify the envelope first.
pub fn decode_handover(bytes: &[u8]) -> Result<Handover, Invalid> {
    within("handover", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::Handover = canonical(bytes)?;
    let agreement = AgreementRef {
        id: array("agreement_id", &message.agreement_id)?,
        version: within("agreement_version", message.agreement_version, 1..=u32::MAX)?,
    };
    let sealed = Sealed::from_bytes(message.sealed);
    Ok(Handover {
        binding: Binding {
            home: org("home", &message.home)?,
            recipient: org("recipient", &message.recipient)?,
            referral: array("referral", &message.referral)?,
            agreement,
            acceptance: array("acceptance", &message.acceptance)?,
            key: KeyId(array("key_id", &message.key_id)?),
            number: within("number", message.number, 1..=MAX_NUMBER)?,
        },
        sealed_at_s: seconds("sealed_at_s", message.sealed_at_s)?,
        sealed: sealed.map_err(|_| Invalid::new("sealed", "must have one of three lengths"))?,
    })
}

/// The bytes of a receipt: what the recipient signs.
pub fn encode_handover_receipt(receipt: &HandoverReceipt) -> Vec<u8> {
    let HandoverReceipt { referral, number, digest, deed, at_s } = receipt;
    let (deed, why) = match deed {
        HandoverDeed::Delivered => (v1::HandoverDeed::Delivered, 0),
        HandoverDeed::Opened => (v1::HandoverDeed::Opened, 0),
        HandoverDeed::Shredded => (v1::HandoverDeed::Shredded, 0),
        HandoverDeed::Refused(why) => (v1::HandoverDeed::Refused, i32::from(why.number())),
    };
    let message = v1::HandoverReceipt {
        referral: referral.to_vec(),
        number: *number,
        digest: digest.to_vec(),
        deed: deed.into(),
        why,
        at_s: seconds_number(*at_s),
    };
    message.encode_to_vec()
}

/// The receipt with these bytes. Verify the envelope first.
pub fn decode_handover_receipt(bytes: &[u8]) -> Result<HandoverReceipt, Invalid> {
    within("receipt", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::HandoverReceipt = canonical(bytes)?;
    let unknown = |field| Invalid::new(field, "is a code that is not in its list");
    let why = u8::try_from(message.why).ok().and_then(RefusedWhy::from_number);
    let deed = v1::HandoverDeed::try_from(message.deed).map_err(|_| unknown("deed"))?;
    let deed = match (deed, message.why) {
        (v1::HandoverDeed::Delivered, 0) => HandoverDeed::Delivered,
        (v1::HandoverDeed::Opened, 0) => HandoverDeed::Opened,
        (v1::HandoverDeed::Shredded, 0) => HandoverDeed::Shredded,
        (v1::HandoverDeed::Refused, _) => HandoverDeed::Refused(why.ok_or(unknown("why"))?),
        (v1::HandoverDeed::Unspecified, _) => {
            return Err(Invalid::new("deed", "must be present"));
        }
        _ => return Err(Invalid::new("why", "must be absent unless it was refused")),
    };
    Ok(HandoverReceipt {
        referral: array("referral", &message.referral)?,
        number: within("number", message.number, 1..=MAX_NUMBER)?,
        digest: array("digest", &message.digest)?,
        deed,
        at_s: seconds("at_s", message.at_s)?,
    })
}

#[cfg(test)]
mod tests {
    use entente_core::handover::{Size, TeamKey};
    use entente_core::identity::OrgKey;

    use super::*;
    use crate::any::check_mutations;

    const AT: i64 = 1_795_348_800;

    fn key() -> HandoverKey {
        let org = OrgKey::from_seed(&[1; 32]).id();
        let team =
            TeamKey::generate(&mut entente_core::statistics::noise::SystemRandomness).unwrap();
        let key = team.public().unwrap();
        HandoverKey { org, key, created_at_s: AT, replaces: Some(KeyId([7; 32])) }
    }

    fn handover() -> Handover {
        let id = |seed| OrgKey::from_seed(&[seed; 32]).id();
        Handover {
            binding: Binding {
                home: id(1),
                recipient: id(2),
                referral: [3; 16],
                agreement: AgreementRef { id: [4; 16], version: 1 },
                acceptance: [5; 32],
                key: KeyId([6; 32]),
                number: 1,
            },
            sealed_at_s: AT,
            sealed: Sealed::from_bytes(vec![9; Size::Small.bytes()]).unwrap(),
        }
    }

    #[test]
    fn a_key_is_read_as_it_is_written_and_changed_it_is_another_or_none() {
        let key = key();
        let bytes = encode_handover_key(&key);
        assert_eq!(decode_handover_key(&bytes), Ok(key.clone()));
        check_mutations(&bytes, &key, decode_handover_key);
    }

    #[test]
    fn a_hand_over_is_read_as_it_is_written_and_no_changed_one_is_taken_for_it() {
        let handover = handover();
        let bytes = encode_handover(&handover);
        assert_eq!(decode_handover(&bytes), Ok(handover.clone()));
        check_mutations(&bytes, &handover, decode_handover);
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::Handover)) {
        let mut message = v1::Handover::decode(encode_handover(&handover()).as_slice()).unwrap();
        change(&mut message);
        let decoded = decode_handover(&message.encode_to_vec());
        assert_eq!(decoded.map(|_| ()).map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_a_hand_over_has_its_bound() {
        refused("home", |it| it.home.clear());
        refused("recipient", |it| it.recipient.push(1));
        refused("referral", |it| it.referral.clear());
        refused("agreement_id", |it| it.agreement_id.truncate(15));
        refused("agreement_version", |it| it.agreement_version = 0);
        refused("acceptance", |it| it.acceptance.truncate(31));
        refused("key_id", |it| it.key_id.clear());
        refused("number", |it| it.number = 0);
        refused("number", |it| it.number = MAX_NUMBER + 1);
        refused("sealed_at_s", |it| it.sealed_at_s = 0);
        refused("sealed", |it| it.sealed.push(1));
        refused("sealed", |it| it.sealed.clear());
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        let refused = |field, change: fn(&mut v1::HandoverKey)| {
            let bytes = encode_handover_key(&key());
            let mut message = v1::HandoverKey::decode(bytes.as_slice()).unwrap();
            change(&mut message);
            let decoded = decode_handover_key(&message.encode_to_vec());
            assert_eq!(decoded.map(|_| ()).map_err(|it| it.field), Err(field));
        };
        refused("suite", |it| it.suite = 2);
        refused("public_key", |it| it.public_key.truncate(1_215));
        refused("public_key", |it| it.public_key.push(0));
        refused("public_key", |it| *it.public_key.last_mut().unwrap() |= 0x80);
        refused("public_key", |it| {
            it.public_key.truncate(1_184);
            it.public_key.extend([&[0xed][..], &[0xff; 30], &[0x7f]].concat());
        });
        refused("created_at_s", |it| it.created_at_s = 0);
        refused("replaces", |it| it.replaces.truncate(3));
        refused("org", |it| it.org.clear());
    }

    #[test]
    fn a_receipt_says_why_exactly_if_it_refuses() {
        let receipt = HandoverReceipt {
            referral: [1; 16],
            number: 2,
            digest: [3; 32],
            deed: HandoverDeed::Delivered,
            at_s: AT,
        };
        let refused = RefusedWhy::ALL.map(HandoverDeed::Refused);
        let deeds = [HandoverDeed::Delivered, HandoverDeed::Opened, HandoverDeed::Shredded];
        for deed in deeds.into_iter().chain(refused) {
            let receipt = HandoverReceipt { deed, ..receipt };
            let bytes = encode_handover_receipt(&receipt);
            assert_eq!(decode_handover_receipt(&bytes), Ok(receipt));
            check_mutations(&bytes, &receipt, decode_handover_receipt);
        }
        let message = v1::HandoverReceipt::decode(encode_handover_receipt(&receipt).as_slice());
        let message = message.unwrap();
        for (deed, why) in [(0, 0), (1, 1), (4, 0), (4, 6), (5, 0)] {
            let message = v1::HandoverReceipt { deed, why, ..message.clone() };
            assert!(decode_handover_receipt(&message.encode_to_vec()).is_err(), "{deed} {why}");
        }
    }
}
