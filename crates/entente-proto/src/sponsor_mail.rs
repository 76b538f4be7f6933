//! Mail between a sponsor and an organization without a node: files with what others signed.

use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::sponsor::{MailCover, MailHome};
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{MAX_NAME, array, line, nfc, org, seconds, seconds_number, within};
use crate::statement::{decode_envelope, encode_envelope};
use crate::v1;

/// The most bytes of mail: two hundred hand-overs, or what one organization is told in a bad year.
pub const MAX_MAIL: usize = 16 * 1024 * 1024;

/// The most items of mail.
pub const MAX_MAIL_ITEMS: usize = 4096;

/// The most bytes of a file with answers: a thousand and more, which are a few hundred bytes each, or a
/// dozen contact details of the largest size that wait to be handed over.
pub const MAX_ANSWERS: usize = 1024 * 1024;

const MAIL_MAGIC: &[u8] = b"ENTENTE-SPONSOR-MAIL-1\n";
const ANSWERS_MAGIC: &[u8] = b"ENTENTE-SPONSORED-ANSWERS-1\n";

/// The bytes of a cover: what the sponsor signs.
pub fn encode_mail_cover(cover: &MailCover) -> Vec<u8> {
    let MailCover { sponsor, org, at_s, homes, items } = cover;
    let homes = homes.iter().map(|home| v1::MailHome {
        org: home.org.as_bytes().to_vec(),
        name_en: nfc(&home.name.en),
        name_fr: nfc(&home.name.fr),
    });
    let message = v1::SponsorMailCover {
        sponsor: sponsor.as_bytes().to_vec(),
        org: org.as_bytes().to_vec(),
        at_s: seconds_number(*at_s),
        homes: homes.collect(),
        items: items.iter().map(|hash| hash.to_vec()).collect(),
    };
    message.encode_to_vec()
}

fn decode_mail_cover(bytes: &[u8]) -> Result<MailCover, Invalid> {
    let message: v1::SponsorMailCover = canonical(bytes)?;
    within("items", message.items.len(), 0..=MAX_MAIL_ITEMS)?;
    let mut homes: Vec<MailHome> = Vec::with_capacity(message.homes.len());
    for home in message.homes {
        let name_en = line("name_en", home.name_en, MAX_NAME)?;
        let name_fr = line("name_fr", home.name_fr, MAX_NAME)?;
        let home = MailHome { org: org("homes", &home.org)?, name: Text::new(name_en, name_fr) };
        if homes.last().is_some_and(|before| before.org >= home.org) {
            return Err(Invalid::new("homes", "must be ascending, each once"));
        }
        homes.push(home);
    }
    let items = message.items.iter().map(|hash| array("items", hash));
    Ok(MailCover {
        sponsor: org("sponsor", &message.sponsor)?,
        org: org("org", &message.org)?,
        at_s: seconds("at_s", message.at_s)?,
        homes,
        items: items.collect::<Result<_, _>>()?,
    })
}

/// Mail: its cover, whose one signature is right and is the sponsor's, and what lies under it, of which
/// nothing is verified but that the cover names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The cover.
    pub cover: MailCover,
    /// What homes said.
    pub items: Vec<Envelope>,
}

/// The file with mail. `items` are encoded envelopes, of which `cover` has the hashes.
pub fn mail_file(cover: &Envelope, items: Vec<Vec<u8>>) -> Vec<u8> {
    let message = v1::SponsorMail { cover: encode_envelope(cover), items };
    [MAIL_MAGIC, &message.encode_to_vec()].concat()
}

/// The mail in a file.
pub fn read_mail(file: &[u8]) -> Result<Mail, Invalid> {
    within("file", file.len(), 0..=MAX_MAIL)?;
    let not_one = Invalid::new("file", "is no mail of a sponsor");
    let message: v1::SponsorMail = canonical(file.strip_prefix(MAIL_MAGIC).ok_or(not_one)?)?;
    let signed = decode_envelope(&message.cover)?;
    let bad = Invalid::new("signature", "is not right");
    let [(signer, _)] = signed.signatures.as_slice() else { return Err(bad) };
    let payload = signed.verify(payload_type::SPONSOR_MAIL, &[*signer]).map_err(|_| bad)?;
    let cover = decode_mail_cover(payload.bytes())?;
    if cover.sponsor != *signer {
        return Err(bad);
    }
    let hashes = message.items.iter().map(|item| MailCover::hash(item));
    if !hashes.eq(cover.items.iter().copied()) {
        return Err(Invalid::new("items", "must be those that the cover names"));
    }
    let items = message.items.iter().map(|item| decode_envelope(item)).collect::<Result<_, _>>()?;
    Ok(Mail { cover, items })
}

/// What an organization answers. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Whose words these are said to be.
    pub org: OrgId,
    /// The answers.
    pub items: Vec<Envelope>,
}

/// The file in which an organization hands its answers to its sponsor.
pub fn answers_file(org: &OrgId, items: Vec<Vec<u8>>) -> Vec<u8> {
    let message = v1::SponsoredAnswers { org: org.as_bytes().to_vec(), items };
    [ANSWERS_MAGIC, &message.encode_to_vec()].concat()
}

/// Whether a file says that it has answers.
pub fn is_answers(file: &[u8]) -> bool {
    file.starts_with(ANSWERS_MAGIC)
}

/// The answers in a file.
pub fn read_answers(file: &[u8]) -> Result<Answers, Invalid> {
    within("file", file.len(), 0..=MAX_ANSWERS)?;
    let not_one = Invalid::new("file", "has no answers of a sponsored organization");
    let bytes = file.strip_prefix(ANSWERS_MAGIC).ok_or(not_one)?;
    let message: v1::SponsoredAnswers = canonical(bytes)?;
    let items = message.items.iter().map(|item| decode_envelope(item)).collect::<Result<_, _>>()?;
    Ok(Answers { org: org("org", &message.org)?, items })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::any::{check_mutations, id, key};

    fn item(seed: u8) -> Vec<u8> {
        let said = Envelope::seal(payload_type::REFERRAL_OFFER, vec![seed], &key(seed));
        encode_envelope(&said.unwrap())
    }

    fn mail() -> (MailCover, Vec<u8>) {
        let items = vec![item(5), item(6)];
        let home = |seed: u8| MailHome { org: id(seed), name: Text::new("A", "B") };
        let mut homes = vec![home(5), home(6)];
        homes.sort_by_key(|home| home.org);
        let cover = MailCover {
            sponsor: id(2),
            org: id(1),
            at_s: 7,
            homes,
            items: items.iter().map(|item| MailCover::hash(item)).collect(),
        };
        let payload = encode_mail_cover(&cover);
        let signed = Envelope::seal(payload_type::SPONSOR_MAIL, payload, &key(2)).unwrap();
        (cover, mail_file(&signed, items))
    }

    #[test]
    fn mail_is_read_as_it_was_written_and_no_changed_file_is_taken_for_it() {
        let (cover, file) = mail();
        let read = read_mail(&file).unwrap();
        assert_eq!((&read.cover, read.items.len()), (&cover, 2));
        check_mutations(&file, &read, read_mail);
    }

    #[test]
    fn what_the_cover_does_not_name_is_not_in_the_mail() {
        let (_, file) = mail();
        let mut message = v1::SponsorMail::decode(file.strip_prefix(MAIL_MAGIC).unwrap()).unwrap();
        message.items.push(item(7));
        let stuffed = [MAIL_MAGIC, &message.encode_to_vec()].concat();
        assert_eq!(read_mail(&stuffed).map_err(|it| it.field), Err("items"));
        message.items.truncate(1);
        let robbed = [MAIL_MAGIC, &message.encode_to_vec()].concat();
        assert_eq!(read_mail(&robbed).map_err(|it| it.field), Err("items"));
    }

    #[test]
    fn answers_are_read_as_they_were_written() {
        let file = answers_file(&id(1), vec![item(5)]);
        let read = read_answers(&file).unwrap();
        assert!(is_answers(&file) && !is_answers(&mail().1));
        assert_eq!((read.org, read.items.len()), (id(1), 1));
        assert!(read_answers(&file[..file.len() - 1]).is_err());
        assert!(read_answers(&mail().1).is_err());
    }
}
