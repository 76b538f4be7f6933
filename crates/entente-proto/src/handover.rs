//! Hand-overs: the keys they are sealed to and receipts, as bytes that are signed.

use entente_core::handover::key::public_from_bytes;
use entente_core::handover::{HandoverDeed, HandoverKey, HandoverReceipt, KeyId, RefusedWhy};
use entente_core::referral::ReferralId;
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

/// The bytes of a receipt: what the recipient signs.
pub fn encode_handover_receipt(receipt: &HandoverReceipt) -> Vec<u8> {
    let HandoverReceipt { referral, digest, deed, at_s } = receipt;
    let (deed, why) = match deed {
        HandoverDeed::Shredded => (v1::HandoverDeed::Shredded, 0),
        HandoverDeed::Refused(why) => (v1::HandoverDeed::Refused, i32::from(why.number())),
    };
    let message = v1::HandoverReceipt {
        referral: referral.0.to_vec(),
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
        (v1::HandoverDeed::Shredded, 0) => HandoverDeed::Shredded,
        (v1::HandoverDeed::Refused, _) => HandoverDeed::Refused(why.ok_or(unknown("why"))?),
        (v1::HandoverDeed::Unspecified, _) => {
            return Err(Invalid::new("deed", "must be present"));
        }
        _ => return Err(Invalid::new("why", "must be absent unless it was refused")),
    };
    Ok(HandoverReceipt {
        referral: ReferralId(array("referral", &message.referral)?),
        digest: array("digest", &message.digest)?,
        deed,
        at_s: seconds("at_s", message.at_s)?,
    })
}

#[cfg(test)]
mod tests {
    use entente_core::handover::TeamKey;
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

    #[test]
    fn a_key_is_read_as_it_is_written_and_changed_it_is_another_or_none() {
        let key = key();
        let bytes = encode_handover_key(&key);
        assert_eq!(decode_handover_key(&bytes), Ok(key.clone()));
        check_mutations(&bytes, &key, decode_handover_key);
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
            referral: ReferralId([1; 16]),
            digest: [3; 32],
            deed: HandoverDeed::Shredded,
            at_s: AT,
        };
        let refused = RefusedWhy::ALL.map(HandoverDeed::Refused);
        for deed in refused.into_iter().chain([HandoverDeed::Shredded]) {
            let receipt = HandoverReceipt { deed, ..receipt };
            let bytes = encode_handover_receipt(&receipt);
            assert_eq!(decode_handover_receipt(&bytes), Ok(receipt));
            check_mutations(&bytes, &receipt, decode_handover_receipt);
        }
        let message = v1::HandoverReceipt::decode(encode_handover_receipt(&receipt).as_slice());
        let message = message.unwrap();
        for (deed, why) in [(0, 0), (1, 1), (2, 0), (2, 6), (3, 0)] {
            let message = v1::HandoverReceipt { deed, why, ..message.clone() };
            assert!(decode_handover_receipt(&message.encode_to_vec()).is_err(), "{deed} {why}");
        }
    }
}
