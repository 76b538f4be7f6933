//! What a sponsored organization signs, as bytes and in a file.

use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::key::public_from_bytes;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::service::Service;
use entente_core::sponsor::{Head, MAX_SERVICES, Receipt, Sponsored};
use entente_core::statistics::sum::SealingPublic;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_LOG, MAX_NAME, array, code, code_number, line, nfc, optional_array, org, seconds,
    seconds_number, within,
};
use crate::service::{decode_service, encode_service};
use crate::statement::{MAX_DOCUMENT, decode_envelope, encode_envelope};
use crate::v1;

/// The most bytes of what an organization signs, in bytes.
pub const MAX_SPONSORED: usize = MAX_DOCUMENT;

const BAD_KEY: Invalid = Invalid::new("handover_key", "must be a key in its only encoding");

/// What a file begins with.
const MAGIC: &[u8] = b"ENTENTE-SPONSORED-1\n";

/// The bytes of a document: what its organization signs, and its sponsor too.
pub fn encode_sponsored(document: &Sponsored) -> Vec<u8> {
    let Sponsored { org, sponsor, seq, previous, at_s, name, kind, services, handover } = document;
    let message = v1::SponsoredDirectory {
        org: org.as_bytes().to_vec(),
        sponsor: sponsor.as_bytes().to_vec(),
        seq: *seq,
        previous: previous.map(|hash| hash.to_vec()).unwrap_or_default(),
        at_s: seconds_number(*at_s),
        name_en: nfc(&name.en),
        name_fr: nfc(&name.fr),
        org_type: code_number(*kind),
        listings: services.iter().map(|service| encode_service(org, service)).collect(),
        handover_key: handover.as_ref().map(SealingPublic::to_bytes).unwrap_or_default(),
    };
    message.encode_to_vec()
}

/// The document with these bytes. Verify the envelope first, and that its signer is `org`.
pub fn decode_sponsored(bytes: &[u8]) -> Result<Sponsored, Invalid> {
    within("sponsored", bytes.len(), 1..=MAX_SPONSORED)?;
    let message: v1::SponsoredDirectory = canonical(bytes)?;
    let id = org("org", &message.org)?;
    let sponsor = org("sponsor", &message.sponsor)?;
    if sponsor == id {
        return Err(Invalid::new("sponsor", "must be another organization"));
    }
    let seq = within("seq", message.seq, 1..=MAX_LOG)?;
    let previous = optional_array("previous", &message.previous)?;
    if previous.is_none() != (seq == 1) {
        return Err(Invalid::new("previous", "must be absent exactly for the first"));
    }
    Ok(Sponsored {
        org: id,
        sponsor,
        seq,
        previous,
        at_s: seconds("at_s", message.at_s)?,
        name: Text::new(
            line("name_en", message.name_en, MAX_NAME)?,
            line("name_fr", message.name_fr, MAX_NAME)?,
        ),
        kind: code("org_type", message.org_type)?,
        services: services(&id, &message.listings)?,
        handover: match message.handover_key.as_slice() {
            [] => None,
            bytes => Some(public_from_bytes(bytes).map_err(|_| BAD_KEY)?),
        },
    })
}

fn services(org: &OrgId, listings: &[Vec<u8>]) -> Result<Vec<Service>, Invalid> {
    within("listings", listings.len(), 0..=MAX_SERVICES)?;
    let mut services: Vec<Service> = Vec::with_capacity(listings.len());
    for listing in listings {
        let (publisher, service) = decode_service(listing)?;
        if publisher != *org {
            return Err(Invalid::new("listings", "must be the organization's own"));
        }
        if services.last().is_some_and(|before| before.id >= service.id) {
            return Err(Invalid::new("listings", "must be ascending by id, each once"));
        }
        services.push(service);
    }
    Ok(services)
}

/// The file in which an organization hands its signed document to its sponsor.
pub fn sponsored_file(signed: &Envelope) -> Vec<u8> {
    [MAGIC, &encode_envelope(signed)].concat()
}

/// What a file says, with its envelope. Its one signature is right and is the organization's.
pub fn read_sponsored(file: &[u8]) -> Result<(Sponsored, Envelope), Invalid> {
    let not_one = Invalid::new("file", "is not of a sponsored organization");
    let signed = decode_envelope(file.strip_prefix(MAGIC).ok_or(not_one)?)?;
    let bad = Invalid::new("signature", "is not right");
    let [(signer, _)] = signed.signatures.as_slice() else { return Err(bad) };
    let signer = *signer;
    let payload = signed.verify(payload_type::SPONSORED, &[signer]).map_err(|_| bad)?;
    let document = decode_sponsored(payload.bytes())?;
    if document.org != signer {
        return Err(bad);
    }
    Ok((document, signed))
}

/// What a file with a receipt begins with.
const RECEIPT_MAGIC: &[u8] = b"ENTENTE-SPONSOR-RECEIPT-1\n";

/// The bytes of a receipt: what the sponsor signs.
pub fn encode_sponsor_receipt(receipt: &Receipt) -> Vec<u8> {
    let Receipt { sponsor, org, head, at_s, n_told, ended } = receipt;
    let message = v1::SponsorReceipt {
        sponsor: sponsor.as_bytes().to_vec(),
        org: org.as_bytes().to_vec(),
        seq: head.seq,
        hash: head.hash.to_vec(),
        at_s: seconds_number(*at_s),
        n_told: *n_told,
        ended: *ended,
    };
    message.encode_to_vec()
}

/// The receipt with these bytes. Verify the envelope first.
pub fn decode_sponsor_receipt(bytes: &[u8]) -> Result<Receipt, Invalid> {
    let message: v1::SponsorReceipt = canonical(bytes)?;
    Ok(Receipt {
        sponsor: org("sponsor", &message.sponsor)?,
        org: org("org", &message.org)?,
        head: Head {
            seq: within("seq", message.seq, 1..=MAX_LOG)?,
            hash: array("hash", &message.hash)?,
        },
        at_s: seconds("at_s", message.at_s)?,
        n_told: message.n_told,
        ended: message.ended,
    })
}

/// The file in which a sponsor hands a signed receipt to the organization.
pub fn sponsor_receipt_file(signed: &Envelope) -> Vec<u8> {
    [RECEIPT_MAGIC, &encode_envelope(signed)].concat()
}

/// What a file says that a sponsor has. Its one signature is right and is the sponsor's.
pub fn read_sponsor_receipt(file: &[u8]) -> Result<Receipt, Invalid> {
    let not_one = Invalid::new("file", "is no receipt of a sponsor");
    let signed = decode_envelope(file.strip_prefix(RECEIPT_MAGIC).ok_or(not_one)?)?;
    let bad = Invalid::new("signature", "is not right");
    let [(signer, _)] = signed.signatures.as_slice() else { return Err(bad) };
    let payload = signed.verify(payload_type::SPONSOR_RECEIPT, &[*signer]).map_err(|_| bad)?;
    let receipt = decode_sponsor_receipt(payload.bytes())?;
    if receipt.sponsor == *signer { Ok(receipt) } else { Err(bad) }
}

/// The bytes of an end: what the sponsor signs.
pub fn encode_sponsorship_end(sponsor: &OrgId, org: &OrgId, at_s: i64) -> Vec<u8> {
    let (sponsor, org) = (sponsor.as_bytes().to_vec(), org.as_bytes().to_vec());
    v1::SponsorshipEnd { sponsor, org, at_s: seconds_number(at_s) }.encode_to_vec()
}

/// The sponsor and the organization of an end, and when it was signed. Verify the envelope first.
pub fn decode_sponsorship_end(bytes: &[u8]) -> Result<(OrgId, OrgId, i64), Invalid> {
    let message: v1::SponsorshipEnd = canonical(bytes)?;
    let at_s = seconds("at_s", message.at_s)?;
    Ok((org("sponsor", &message.sponsor)?, org("org", &message.org)?, at_s))
}

#[cfg(test)]
mod tests {
    use entente_core::codes::OrgType;
    use entente_core::handover::TeamKey;
    use entente_core::service::{Organization, ServiceId};

    use super::*;
    use crate::any::{check_mutations, id, key};

    fn service(seed: u8) -> Service {
        let name = Text::new("Beds", "Lits");
        let organization =
            Organization { id: [7; 16], name: name.clone(), ..Organization::default() };
        Service { modified_s: 1, ..Service::named(ServiceId([seed; 16]), organization, name) }
    }

    fn document() -> Sponsored {
        Sponsored {
            org: id(1),
            sponsor: id(2),
            seq: 2,
            previous: Some([3; 32]),
            at_s: 1_795_000_000,
            name: Text::new("Harbour House", "Maison du Havre"),
            kind: OrgType::Ngo,
            services: vec![service(1), service(2)],
            handover: TeamKey::from_seed(&[9; 32]).public().ok(),
        }
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::SponsoredDirectory)) {
        let mut message = v1::SponsoredDirectory::decode(&*encode_sponsored(&document())).unwrap();
        change(&mut message);
        assert_eq!(decode_sponsored(&message.encode_to_vec()).map_err(|it| it.field), Err(field));
    }

    #[test]
    fn a_document_is_read_as_it_is_written_and_in_no_other_way() {
        let bytes = encode_sponsored(&document());
        assert_eq!(decode_sponsored(&bytes), Ok(document()));
        check_mutations(&bytes, &document(), decode_sponsored);
        let end = encode_sponsorship_end(&id(1), &id(2), 9);
        assert_eq!(decode_sponsorship_end(&end), Ok((id(1), id(2), 9)));
        check_mutations(&end, &(id(1), id(2), 9), decode_sponsorship_end);
    }

    #[test]
    fn a_receipt_is_read_as_it_is_written_with_the_sponsor_s_one_signature() {
        let receipt = Receipt {
            sponsor: id(2),
            org: id(1),
            head: Head { seq: 3, hash: [4; 32] },
            at_s: 5,
            n_told: 6,
            ended: true,
        };
        let bytes = encode_sponsor_receipt(&receipt);
        assert_eq!(decode_sponsor_receipt(&bytes), Ok(receipt));
        check_mutations(&bytes, &receipt, decode_sponsor_receipt);
        let seal = |seed| {
            Envelope::seal(payload_type::SPONSOR_RECEIPT, bytes.clone(), &key(seed)).unwrap()
        };
        let read = |envelope: &Envelope| read_sponsor_receipt(&sponsor_receipt_file(envelope));
        assert_eq!(read(&seal(2)), Ok(receipt));
        assert_eq!(read(&seal(1)).map_err(|it| it.field), Err("signature"));
        let mut changed = seal(2);
        changed.payload[70] ^= 1;
        assert_eq!(read(&changed).map_err(|it| it.field), Err("signature"));
        assert_eq!(read_sponsor_receipt(b"x").map_err(|it| it.field), Err("file"));
    }

    #[test]
    fn every_field_of_a_document_has_its_bound() {
        refused("org", |it| it.org = vec![0; 32]);
        refused("sponsor", |it| it.sponsor = it.org.clone());
        refused("seq", |it| it.seq = 0);
        refused("seq", |it| it.seq = MAX_LOG + 1);
        refused("previous", |it| it.previous.clear());
        refused("previous", |it| it.seq = 1);
        refused("at_s", |it| it.at_s = 0);
        refused("name_en", |it| it.name_en.clear());
        refused("name_fr", |it| it.name_fr = "a".repeat(MAX_NAME + 1));
        refused("org_type", |it| it.org_type = 0);
        refused("listings", |it| it.listings.swap(0, 1));
        refused("listings", |it| it.listings[1] = it.listings[0].clone());
        refused("listings", |it| it.listings = vec![it.listings[0].clone(); MAX_SERVICES + 1]);
        refused("listings", |it| it.listings[0] = encode_service(&id(3), &service(1)));
    }

    #[test]
    fn a_file_opens_with_the_one_signature_of_the_organization_in_it() {
        let seal = |seed| {
            let payload = encode_sponsored(&document());
            Envelope::seal(payload_type::SPONSORED, payload, &key(seed)).unwrap()
        };
        let file = sponsored_file(&seal(1));
        assert_eq!(read_sponsored(&file).map(|(it, _)| it), Ok(document()));
        assert_eq!(read_sponsored(&file[..40]).map_err(|it| it.field), Err("message"));
        assert_eq!(read_sponsored(b"hello").map_err(|it| it.field), Err("file"));
        let signature = |envelope: &Envelope| read_sponsored(&sponsored_file(envelope)).err();
        assert_eq!(signature(&seal(4)).map(|it| it.field), Some("signature"), "another's");
        let mut two = seal(1);
        two.add_signature(&key(2)).unwrap();
        assert_eq!(signature(&two).map(|it| it.field), Some("signature"));
        let mut changed = seal(1);
        changed.payload[40] ^= 1;
        assert_eq!(signature(&changed).map(|it| it.field), Some("signature"));
    }
}
