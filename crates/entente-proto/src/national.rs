//! National returns as the bytes of a file.
//!
//! The content is larger than any document, so what is signed is its SHA-256. Reading a file checks
//! the form and that the content is the one that was signed; whether the signatures are right and
//! the figures follow is for `entente_core::statistics::national`.

use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::{OrgId, Signature};
use entente_core::statistics::national::{
    GivenUp, Heard, NationalReturn, ReturnTable, SignedEnd, SumProof, digest,
};
use entente_core::statistics::plan::{
    MAX_CELLS, MAX_CONTRIBUTORS, MAX_CUBES, MAX_QUERIERS, MAX_REVISIONS,
};
use entente_core::statistics::release::{Figure, Shown, Symbol};
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_TEXT_CHARS, array, code, code_number, day, day_number, optional_code, org, period, present,
    seconds, seconds_number, text, text_message, within,
};
use crate::release::{decode_release_answer, parse_release, release_message};
use crate::statement::{decode_envelope, document_message, encode_envelope, parse_document};
use crate::{decode_plan, v1};

/// The first bytes of every return.
const MAGIC: &[u8; 16] = b"ENTENTE-RETURN-1";

/// The longest content: three tables of 5,000 contributors with 72 cells each are 8 MB.
pub const MAX_RETURN: usize = 64 << 20;

/// Everybody who can have a part in a plan.
const MAX_MEMBERS: usize = MAX_CONTRIBUTORS + MAX_QUERIERS + 2;

/// The most tables: of all cubes, in all quarters of a year, with all revisions and the first.
const MAX_TABLES: usize = MAX_CUBES * 4 * (MAX_REVISIONS + 1) * 5;

/// The content of a return, which is signed by its SHA-256.
pub fn encode_return(it: &NationalReturn) -> Vec<u8> {
    let signature = |(org, signature): &(OrgId, Signature)| v1::Signature {
        org: org.as_bytes().to_vec(),
        sig: signature.as_bytes().to_vec(),
    };
    let message = v1::NationalReturn {
        plan: it.plan_bytes.clone(),
        signatures: it.signatures.iter().map(signature).collect(),
        period: it.period.number(),
        made_on: day_number(it.made_on),
        definitions: text_message(&it.definitions),
        tables: it.tables.iter().map(table_message).collect(),
    };
    message.encode_to_vec()
}

/// The bytes of the file. `seal` is the signed digest of the content.
pub fn return_file(content: &[u8], seal: &Envelope) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    // A content that is too long for its length is refused by whoever reads it.
    file.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend_from_slice(content);
    file.extend_from_slice(&encode_envelope(seal));
    file
}

/// The return in a file, and who signed it. The outer signature is verified; nothing else is.
pub fn read_return(bytes: &[u8]) -> Result<(NationalReturn, OrgId), Invalid> {
    let cut_off = Invalid::new("file", "is cut off");
    let rest = bytes.strip_prefix(MAGIC).ok_or(Invalid::new("file", "is not a national return"))?;
    let (len, rest) = rest.split_first_chunk::<4>().ok_or(cut_off)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| cut_off)?;
    within("file", len, 1..=MAX_RETURN)?;
    let (content, seal) = rest.split_at_checked(len).ok_or(cut_off)?;
    let seal = decode_envelope(seal)?;
    let bad_seal = Invalid::new("signature", "is not right");
    let [(maker, _)] = seal.signatures.as_slice() else { return Err(bad_seal) };
    let signed = seal.verify(payload_type::NATIONAL_RETURN, &[*maker]).map_err(|_| bad_seal)?;
    if signed.bytes() != digest(content) {
        return Err(Invalid::new("content", "is not what was signed"));
    }
    Ok((decode_return(content)?, *maker))
}

fn decode_return(content: &[u8]) -> Result<NationalReturn, Invalid> {
    let message: v1::NationalReturn = canonical(content)?;
    within("signatures", message.signatures.len(), 0..=MAX_MEMBERS)?;
    within("tables", message.tables.len(), 1..=MAX_TABLES)?;
    let plan = decode_plan(&message.plan)?;
    let signature = |it: v1::Signature| {
        Ok((org("org", &it.org)?, Signature::from_bytes(array("sig", &it.sig)?)))
    };
    let signatures = message.signatures.into_iter().map(signature);
    let tables = message.tables.into_iter().map(parse_table);
    Ok(NationalReturn {
        plan,
        plan_bytes: message.plan,
        signatures: signatures.collect::<Result<_, Invalid>>()?,
        period: period("period", message.period)?,
        made_on: day("made_on", message.made_on)?,
        definitions: text("definitions", message.definitions, MAX_TEXT_CHARS)?,
        tables: tables.collect::<Result<_, _>>()?,
    })
}

pub(crate) fn voices_message(voices: &[(OrgId, Option<Heard>)]) -> Vec<v1::ReturnVoice> {
    let voice = |(org, heard): &(OrgId, Option<Heard>)| v1::ReturnVoice {
        org: org.as_bytes().to_vec(),
        answer: heard.as_ref().map(|it| document_message(&it.envelope)),
    };
    voices.iter().map(voice).collect()
}

pub(crate) fn parse_voices(
    messages: Vec<v1::ReturnVoice>,
) -> Result<Vec<(OrgId, Option<Heard>)>, Invalid> {
    within("voices", messages.len(), 1..=MAX_CONTRIBUTORS)?;
    let voice = |it: v1::ReturnVoice| {
        let heard = it.answer.map(|answer| {
            let envelope = parse_document(answer)?;
            let answer = decode_release_answer(&envelope.payload)?;
            Ok(Heard { envelope, answer })
        });
        Ok((org("org", &it.org)?, heard.transpose()?))
    };
    messages.into_iter().map(voice).collect()
}

pub(crate) fn sum_message(sum: &SumProof) -> v1::ReturnSum {
    let SumProof { left_out, shares: [leader, helper] } = sum;
    let left_out = left_out
        .iter()
        .map(|(org, why)| v1::LeftOut { org: org.as_bytes().to_vec(), why: code_number(*why) });
    v1::ReturnSum {
        left_out: left_out.collect(),
        leader: Some(document_message(leader)),
        helper: Some(document_message(helper)),
    }
}

pub(crate) fn parse_sum(message: v1::ReturnSum) -> Result<SumProof, Invalid> {
    let v1::ReturnSum { left_out, leader, helper } = message;
    within("left_out", left_out.len(), 0..=MAX_CONTRIBUTORS)?;
    if !left_out.is_sorted_by(|a, b| a.org < b.org) {
        return Err(Invalid::new("left_out", "must be ascending, each once"));
    }
    let left_out = left_out.into_iter().map(|it| Ok((org("org", &it.org)?, code("why", it.why)?)));
    Ok(SumProof {
        left_out: left_out.collect::<Result<_, Invalid>>()?,
        shares: [
            parse_document(present("leader", leader)?)?,
            parse_document(present("helper", helper)?)?,
        ],
    })
}

fn table_message(table: &ReturnTable) -> v1::ReturnTable {
    let figures = |all: &[Figure]| all.iter().map(figure_message).collect();
    v1::ReturnTable {
        release: Some(release_message(&table.release)),
        voices: voices_message(&table.voices),
        figures: figures(&table.figures),
        total: Some(figure_message(&table.total)),
        sum: table.sum.as_ref().map(sum_message),
        given_up: table.given_up.as_ref().map(|it| document_message(&it.envelope)),
        largest: table.largest.clone(),
        largest_total: table.largest_total,
    }
}

fn parse_table(message: v1::ReturnTable) -> Result<ReturnTable, Invalid> {
    within("figures", message.figures.len(), 1..=MAX_CELLS)?;
    within("largest", message.largest.len(), 0..=MAX_CELLS)?;
    let figures = |all: Vec<v1::ReturnFigure>| -> Result<Vec<Figure>, Invalid> {
        all.into_iter().map(parse_figure).collect()
    };
    Ok(ReturnTable {
        release: parse_release(message.release)?,
        voices: parse_voices(message.voices)?,
        figures: figures(message.figures)?,
        largest: message.largest,
        total: parse_figure(present("total", message.total)?)?,
        largest_total: message.largest_total,
        sum: message.sum.map(parse_sum).transpose()?,
        given_up: message.given_up.map(parse_end).transpose()?,
    })
}

/// What is signed of a sum that was given up.
pub fn encode_given_up(given_up: &GivenUp) -> Vec<u8> {
    let GivenUp { release, noticed_by, why, at_s } = given_up;
    let message = v1::SumGivenUp {
        release: Some(release_message(release)),
        noticed_by: noticed_by.as_bytes().to_vec(),
        why: code_number(*why),
        at_s: seconds_number(*at_s),
    };
    message.encode_to_vec()
}

/// What a document says of a sum that was given up. The signature is not verified.
pub fn decode_given_up(envelope: Envelope) -> Result<SignedEnd, Invalid> {
    let message: v1::SumGivenUp = canonical(&envelope.payload)?;
    let given_up = GivenUp {
        release: parse_release(message.release)?,
        noticed_by: org("noticed_by", &message.noticed_by)?,
        why: code("why", message.why)?,
        at_s: seconds("at_s", message.at_s)?,
    };
    Ok(SignedEnd { envelope, given_up })
}

pub(crate) fn parse_end(message: v1::Document) -> Result<SignedEnd, Invalid> {
    decode_given_up(parse_document(message)?)
}

fn figure_message(figure: &Figure) -> v1::ReturnFigure {
    let Figure { shown, interval: (low, high), floor, symbol } = figure;
    let count_plus_1 = match shown {
        Shown::Count(count) => count.saturating_add(1),
        Shown::Below(_) | Shown::Nothing => 0,
    };
    let symbol = symbol.map_or(0, code_number);
    v1::ReturnFigure { count_plus_1, floor: *floor, low: *low, high: *high, symbol }
}

fn parse_figure(message: v1::ReturnFigure) -> Result<Figure, Invalid> {
    let v1::ReturnFigure { count_plus_1, floor, low, high, symbol } = message;
    let symbol: Option<Symbol> = optional_code("symbol", symbol)?;
    let shown = match count_plus_1.checked_sub(1) {
        Some(count) => Shown::Count(count),
        None if symbol == Some(Symbol::NotAvailable) => Shown::Nothing,
        None => Shown::Below(floor),
    };
    Ok(Figure { shown, interval: (low, high), floor, symbol })
}

#[cfg(test)]
mod tests {
    use entente_core::identity::OrgKey;
    use entente_core::lang::Text;
    use entente_core::statistics::national::releases_of;
    use entente_core::statistics::plan::PlanId;
    use entente_core::statistics::sum::Rejection;
    use proptest::prelude::*;

    use super::*;
    use crate::any;
    use crate::encode_plan;

    fn key() -> OrgKey {
        OrgKey::from_seed(&[1; 32])
    }

    /// A return to which nobody has answered but with one stray document, and its file.
    fn national() -> (NationalReturn, Vec<u8>) {
        let plan = any::one(any::plan());
        let plan_bytes = encode_plan(&plan);
        let cube = &plan.cubes[0];
        let period = plan.periods(cube)[0];
        let made_on = jiff::civil::date(2026, 11, 28);
        let releases = releases_of(&plan, PlanId::of(&plan_bytes), period, made_on);
        let answer = any::one(any::release_answer());
        let payload = crate::encode_release_answer(&answer);
        let envelope = Envelope::seal(payload_type::RELEASE_ANSWER, payload, &key()).unwrap();
        let heard = Heard { envelope, answer };
        let table = |release| {
            let silent = plan.roles.contributors.keys().map(|org| (*org, None)).collect();
            ReturnTable::of(&plan, release, silent, None).unwrap()
        };
        let mut tables: Vec<_> = releases.into_iter().map(table).collect();
        tables[0].voices[0].1 = Some(heard);
        tables[0].total.shown = Shown::Count(0);
        tables[0].total.symbol = None;
        let share = |n| Envelope::seal(payload_type::SUM_SHARE, vec![n], &key()).unwrap();
        let left_out = [(key().id(), Rejection::NotProven)].into();
        tables[0].sum = Some(SumProof { left_out, shares: [share(1), share(2)] });
        let national = NationalReturn {
            plan,
            plan_bytes,
            signatures: vec![(key().id(), Signature::from_bytes([7; 64]))],
            period,
            made_on,
            definitions: Text::new("persons", "personnes"),
            tables,
        };
        let file = file_of(&national);
        (national, file)
    }

    fn file_of(national: &NationalReturn) -> Vec<u8> {
        let content = encode_return(national);
        let signed = digest(&content).to_vec();
        let seal = Envelope::seal(payload_type::NATIONAL_RETURN, signed, &key()).unwrap();
        return_file(&content, &seal)
    }

    #[test]
    fn a_return_is_read_as_it_is_written() {
        let (national, file) = national();
        assert_eq!(read_return(&file), Ok((national, key().id())));
    }

    #[test]
    fn no_changed_file_is_read() {
        let (_, file) = national();
        for at in (0..file.len()).step_by(7) {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(read_return(&changed).is_err(), "byte {at}");
        }
        assert!(read_return(&file[..file.len() - 1]).is_err());
        assert!(read_return(&[&file[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_content_that_another_signature_covers_is_refused() {
        let (national, _) = national();
        let content = encode_return(&national);
        let seal = Envelope::seal(payload_type::NATIONAL_RETURN, vec![1; 32], &key()).unwrap();
        let field = |file: &[u8]| read_return(file).map_err(|it| it.field);
        assert_eq!(field(&return_file(&content, &seal)).unwrap_err(), "content");
        let seal = Envelope::seal(payload_type::PLAN, digest(&content).to_vec(), &key()).unwrap();
        assert_eq!(field(&return_file(&content, &seal)).unwrap_err(), "signature");
    }

    proptest! {
        #[test]
        fn random_bytes_are_no_return(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(read_return(&bytes).is_err());
            let file = [MAGIC.as_slice(), &bytes].concat();
            prop_assert!(read_return(&file).is_err());
        }
    }
}
