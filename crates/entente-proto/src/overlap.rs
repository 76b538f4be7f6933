//! Overlap rounds as messages: terms, parcels, and the pieces in which batches travel.
//!
//! No terms that a round cannot have come out of decoding. Batches and shares are bytes of their own
//! (`entente_core::statistics::overlap`), and are parsed there.

use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::overlap::{
    Counted, LinkageFigures, Maker, Noise, Paid, Parcel, Round, RoundId, Terms,
};
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{MAX_LOG, array, ascii, org, period, present, seconds, seconds_number, within};
use crate::statement::{
    MAX_DOCUMENT, decode_envelope, document_message, encode_envelope, parse_document,
};
use crate::v1;

/// The most bytes of a batch in one piece.
pub const MAX_OVERLAP_DATA: usize = 256 * 1024;

/// The most receipts that a question to a contributor carries.
pub const MAX_OVERLAP_RECEIPTS: usize = 16;

/// More lists than any number of patterns allows for.
const MAX_LISTS: usize = 8;

/// More rounds on the same persons than any budget allows for.
const MAX_BEFORE: u32 = 1_000;

/// A question to a contributor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapContribute {
    /// Which round.
    pub round: RoundId,
    /// The shares of the first helper, the second and the coordinator.
    pub shares: [Envelope; 3],
    /// Parcels of whom it is put to.
    pub receipts: Vec<Envelope>,
}

/// What a helper is to mix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapMixHead {
    /// Which round.
    pub round: RoundId,
    /// The shares of the first helper, the second and the coordinator.
    pub shares: [Envelope; 3],
    /// Who dropped out, in the order of their ids.
    pub missing: Vec<OrgId>,
}

/// A piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OverlapPiece {
    /// The beginning of a question to mix.
    Head(Box<OverlapMixHead>),
    /// The beginning of a parcel.
    Parcel(Envelope),
    /// The next bytes of its batch.
    Data(Vec<u8>),
}

/// The bytes of terms: what everybody who takes part signs.
pub fn encode_overlap_terms(round: &Round) -> Vec<u8> {
    let Terms {
        period,
        lists,
        per_list,
        capacity,
        noise,
        coordinator,
        helpers,
        contributors,
        n_before,
    } = round.terms();
    let contributor = |(org, list): &(OrgId, u8)| v1::OverlapContributor {
        org: org.as_bytes().to_vec(),
        list: u32::from(*list),
    };
    let message = v1::OverlapTerms {
        period: period.number(),
        lists: lists.clone(),
        per_list: u32::from(*per_list),
        capacity: *capacity,
        epsilon_milli: noise.epsilon_milli(),
        coordinator: coordinator.as_bytes().to_vec(),
        helpers: helpers.iter().map(|org| org.as_bytes().to_vec()).collect(),
        contributors: contributors.iter().map(contributor).collect(),
        n_before: *n_before,
    };
    message.encode_to_vec()
}

/// The terms with these bytes. Verify the envelope first.
pub fn decode_overlap_terms(bytes: &[u8]) -> Result<Round, Invalid> {
    within("terms", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::OverlapTerms = canonical(bytes)?;
    within("lists", message.lists.len(), 2..=MAX_LISTS)?;
    within("contributors", message.contributors.len(), 1..=Terms::MAX_CONTRIBUTORS)?;
    if !message.contributors.is_sorted_by(|a, b| a.org < b.org) {
        return Err(Invalid::new("contributors", "must be ascending, each once"));
    }
    let [first, second] = message.helpers.as_slice() else {
        return Err(Invalid::new("helpers", "must be two"));
    };
    let lists = message.lists.into_iter().map(|it| ascii("lists", it, Terms::MAX_NAME_BYTES));
    let contributor = |it: &v1::OverlapContributor| {
        let list = u8::try_from(it.list).map_err(|_| Invalid::new("list", "is out of bounds"))?;
        Ok((org("contributors", &it.org)?, list))
    };
    let per_list = within("per_list", message.per_list, 1..=14)?;
    let terms = Terms {
        period: period("period", message.period)?,
        lists: lists.collect::<Result<_, _>>()?,
        per_list: u8::try_from(per_list)
            .map_err(|_| Invalid::new("per_list", "is out of bounds"))?,
        capacity: message.capacity,
        noise: present("epsilon_milli", Noise::from_epsilon_milli(message.epsilon_milli))?,
        coordinator: org("coordinator", &message.coordinator)?,
        helpers: [org("helpers", first)?, org("helpers", second)?],
        contributors: message.contributors.iter().map(contributor).collect::<Result<_, _>>()?,
        n_before: within("n_before", message.n_before, 0..=MAX_BEFORE)?,
    };
    terms.check().map_err(|_| Invalid::new("terms", "are those of no round"))
}

/// The bytes of a parcel: what its maker signs.
pub fn encode_overlap_parcel(parcel: &Parcel) -> Vec<u8> {
    let Parcel { round, joint, sha256, maker } = parcel;
    let (paid, linkage) = match maker {
        Maker::Contributor(paid, linkage) => (Some(paid_message(paid)), linkage.0.to_vec()),
        Maker::First | Maker::Second => (None, Vec::new()),
    };
    let message = v1::OverlapParcel {
        round: round.0.to_vec(),
        stage: u32::from(parcel.stage().number()),
        joint: joint.to_vec(),
        sha256: sha256.to_vec(),
        paid,
        linkage,
    };
    message.encode_to_vec()
}

/// The parcel with these bytes. Verify the envelope first.
pub fn decode_overlap_parcel(bytes: &[u8]) -> Result<Parcel, Invalid> {
    within("parcel", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::OverlapParcel = canonical(bytes)?;
    let maker = match (message.stage, message.paid, message.linkage.as_slice()) {
        (1, Some(paid), &[usable, without_names, without_birthdate]) => {
            let linkage = [usable, without_names, without_birthdate];
            for figure in linkage {
                within("linkage", figure, -LinkageFigures::MAX..=LinkageFigures::MAX)?;
            }
            Maker::Contributor(parse_paid(&paid)?, LinkageFigures(linkage))
        }
        (2, None, []) => Maker::First,
        (3, None, []) => Maker::Second,
        _ => return Err(Invalid::new("stage", "does not go with the rest of the parcel")),
    };
    Ok(Parcel {
        round: RoundId(array("round", &message.round)?),
        joint: array("joint", &message.joint)?,
        sha256: array("sha256", &message.sha256)?,
        maker,
    })
}

fn paid_message(paid: &Paid) -> v1::OverlapPaid {
    let Paid { number, period, cost, year_spent, spent, at_s } = paid;
    v1::OverlapPaid {
        charge: *number,
        period: period.number(),
        nano_rho: cost.0,
        year_spent_nano_rho: year_spent.0,
        spent_nano_rho: spent.0,
        at_s: seconds_number(*at_s),
    }
}

fn parse_paid(message: &v1::OverlapPaid) -> Result<Paid, Invalid> {
    let cost = within("nano_rho", message.nano_rho, 1..=u64::MAX)?;
    let year_spent = within("year_spent_nano_rho", message.year_spent_nano_rho, cost..=u64::MAX)?;
    let spent = within("spent_nano_rho", message.spent_nano_rho, year_spent..=u64::MAX)?;
    Ok(Paid {
        number: within("charge", message.charge, 1..=MAX_LOG)?,
        period: period("period", message.period)?,
        cost: NanoRho(cost),
        year_spent: NanoRho(year_spent),
        spent: NanoRho(spent),
        at_s: seconds("at_s", message.at_s)?,
    })
}

/// What the coordinator signs of what a round came to.
pub fn encode_overlap_result(counted: &Counted) -> Vec<u8> {
    let Counted { round, counts, parcels, missing, counted_at_s } = counted;
    let message = v1::OverlapResult {
        terms: encode_overlap_terms(round),
        counts: counts.clone(),
        parcels: parcels.iter().map(|(envelope, _)| document_message(envelope)).collect(),
        missing: missing.iter().map(|org| org.as_bytes().to_vec()).collect(),
        counted_at_s: seconds_number(*counted_at_s),
    };
    message.encode_to_vec()
}

/// What a round came to. Verify the envelope first, and then look at what it says.
pub fn decode_overlap_result(bytes: &[u8]) -> Result<Counted, Invalid> {
    within("result", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::OverlapResult = canonical(bytes)?;
    let round = decode_overlap_terms(&message.terms)?;
    within("counts", message.counts.len(), 1..=1 << MAX_LISTS)?;
    for count in &message.counts {
        within("counts", *count, -LinkageFigures::MAX..=LinkageFigures::MAX)?;
    }
    within("parcels", message.parcels.len(), 0..=Terms::MAX_CONTRIBUTORS + 2)?;
    within("missing", message.missing.len(), 0..=Terms::MAX_CONTRIBUTORS)?;
    let parcel = |it: v1::Document| {
        let envelope = parse_document(it)?;
        let parcel = decode_overlap_parcel(&envelope.payload)?;
        Ok((envelope, parcel))
    };
    Ok(Counted {
        round,
        counts: message.counts,
        parcels: message.parcels.into_iter().map(parcel).collect::<Result<_, Invalid>>()?,
        missing: message.missing.iter().map(|it| org("missing", it)).collect::<Result<_, _>>()?,
        counted_at_s: seconds("counted_at_s", message.counted_at_s)?,
    })
}

/// What a file with a result begins with.
const RESULT_MAGIC: &[u8] = b"ENTENTE-OVERLAP-1\n";

/// The file of a signed result.
pub fn overlap_result_file(signed: &Envelope) -> Vec<u8> {
    [RESULT_MAGIC, &encode_envelope(signed)].concat()
}

/// Whether a file claims to be a signed result.
pub fn is_overlap_result(file: &[u8]) -> bool {
    file.starts_with(RESULT_MAGIC)
}

/// What a file says a round came to, and who signed that. The signature is right.
pub fn read_overlap_result(file: &[u8]) -> Result<(Counted, OrgId), Invalid> {
    let not_one = Invalid::new("file", "is no result of an overlap round");
    let signed = decode_envelope(file.strip_prefix(RESULT_MAGIC).ok_or(not_one)?)?;
    let bad = Invalid::new("signature", "is not right");
    let [(signer, _)] = signed.signatures.as_slice() else { return Err(bad) };
    let payload = signed.verify(payload_type::OVERLAP_RESULT, &[*signer]).map_err(|_| bad)?;
    Ok((decode_overlap_result(payload.bytes())?, *signer))
}

/// The round that a message names.
pub fn parse_overlap_round(round: &[u8]) -> Result<RoundId, Invalid> {
    array("round", round).map(RoundId)
}

/// The message of a question to a contributor.
pub fn overlap_contribute_message(question: &OverlapContribute) -> v1::OverlapContributeRequest {
    v1::OverlapContributeRequest {
        round: question.round.0.to_vec(),
        shares: question.shares.iter().map(document_message).collect(),
        receipts: question.receipts.iter().map(document_message).collect(),
    }
}

/// The question to a contributor in a message.
pub fn parse_overlap_contribute(
    message: v1::OverlapContributeRequest,
) -> Result<OverlapContribute, Invalid> {
    within("receipts", message.receipts.len(), 0..=MAX_OVERLAP_RECEIPTS)?;
    let receipts = message.receipts.into_iter().map(parse_document);
    Ok(OverlapContribute {
        round: parse_overlap_round(&message.round)?,
        shares: shares(message.shares)?,
        receipts: receipts.collect::<Result<_, _>>()?,
    })
}

fn shares(messages: Vec<v1::Document>) -> Result<[Envelope; 3], Invalid> {
    within("shares", messages.len(), 3..=3)?;
    let shares = messages.into_iter().map(parse_document).collect::<Result<Vec<_>, _>>()?;
    shares.try_into().map_err(|_| Invalid::new("shares", "must be three"))
}

/// The message of a piece.
pub fn overlap_piece_message(piece: &OverlapPiece) -> v1::OverlapPiece {
    use v1::overlap_piece::Piece;
    let piece = match piece {
        OverlapPiece::Head(head) => Piece::Head(v1::OverlapMixHead {
            round: head.round.0.to_vec(),
            shares: head.shares.iter().map(document_message).collect(),
            missing: head.missing.iter().map(|org| org.as_bytes().to_vec()).collect(),
        }),
        OverlapPiece::Parcel(parcel) => Piece::Parcel(document_message(parcel)),
        OverlapPiece::Data(data) => Piece::Data(data.clone()),
    };
    v1::OverlapPiece { piece: Some(piece) }
}

/// The piece in a message.
pub fn parse_overlap_piece(message: v1::OverlapPiece) -> Result<OverlapPiece, Invalid> {
    use v1::overlap_piece::Piece;
    Ok(match present("piece", message.piece)? {
        Piece::Head(head) => {
            within("missing", head.missing.len(), 0..=Terms::MAX_CONTRIBUTORS)?;
            if !head.missing.is_sorted_by(|a, b| a < b) {
                return Err(Invalid::new("missing", "must be ascending, each once"));
            }
            let missing = head.missing.iter().map(|it| org("missing", it));
            OverlapPiece::Head(Box::new(OverlapMixHead {
                round: parse_overlap_round(&head.round)?,
                missing: missing.collect::<Result<_, _>>()?,
                shares: shares(head.shares)?,
            }))
        }
        Piece::Parcel(parcel) => OverlapPiece::Parcel(parse_document(parcel)?),
        Piece::Data(data) => {
            within("data", data.len(), 1..=MAX_OVERLAP_DATA)?;
            OverlapPiece::Data(data)
        }
    })
}

#[cfg(test)]
mod tests {
    use entente_core::identity::OrgKey;
    use entente_core::period::Period;

    use super::*;
    use crate::any::check_mutations;

    fn id(seed: u8) -> OrgId {
        OrgKey::from_seed(&[seed; 32]).id()
    }

    fn round() -> Round {
        let mut contributors = vec![(id(4), 0), (id(5), 1), (id(6), 2)];
        contributors.sort_unstable();
        let terms = Terms {
            period: Period::whole_year(2025).unwrap(),
            lists: ["police", "ngo", "hotline"].map(str::to_owned).to_vec(),
            per_list: 2,
            capacity: 80,
            noise: Noise::from_epsilon_milli(500).unwrap(),
            coordinator: id(1),
            helpers: [id(2), id(3)],
            contributors,
            n_before: 1,
        };
        terms.check().unwrap()
    }

    /// Changes terms that pass, and says which field is then wrong.
    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::OverlapTerms)) {
        let bytes = encode_overlap_terms(&round());
        let mut message = v1::OverlapTerms::decode(bytes.as_slice()).unwrap();
        change(&mut message);
        let decoded = decode_overlap_terms(&message.encode_to_vec());
        assert_eq!(decoded.map(|_| ()).map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_terms_has_its_bound() {
        refused("period", |it| it.period = 20_259);
        refused("lists", |it| it.lists.truncate(1));
        refused("lists", |it| it.lists = vec!["a".to_owned(); 9]);
        refused("lists", |it| it.lists[0] = "é".to_owned());
        refused("terms", |it| it.lists[1] = it.lists[0].clone());
        refused("per_list", |it| it.per_list = 0);
        refused("per_list", |it| it.per_list = 257);
        refused("terms", |it| it.per_list = 9);
        refused("terms", |it| it.capacity = u32::MAX);
        refused("epsilon_milli", |it| it.epsilon_milli = 99);
        refused("coordinator", |it| it.coordinator.clear());
        refused("helpers", |it| it.helpers.truncate(1));
        refused("terms", |it| it.helpers[1] = it.helpers[0].clone());
        refused("contributors", |it| it.contributors.swap(0, 1));
        refused("contributors", |it| it.contributors.clear());
        refused("list", |it| it.contributors[0].list = 256);
        refused("terms", |it| it.contributors[0].list = 3);
        refused("terms", |it| it.coordinator = it.contributors[0].org.clone());
        refused("n_before", |it| it.n_before = 1_001);
    }

    #[test]
    fn terms_are_read_as_they_are_written_and_no_changed_ones_are_taken_for_the_same() {
        let round = round();
        let bytes = encode_overlap_terms(&round);
        assert_eq!(decode_overlap_terms(&bytes).unwrap(), round);
        check_mutations(&bytes, &round, decode_overlap_terms);
    }

    fn parcel(maker: Maker) -> Parcel {
        Parcel { round: RoundId([1; 32]), joint: [2; 32], sha256: [3; 32], maker }
    }

    fn paid() -> Paid {
        Paid {
            number: 7,
            period: Period::whole_year(2025).unwrap(),
            cost: NanoRho(5),
            year_spent: NanoRho(6),
            spent: NanoRho(7),
            at_s: 1_795_348_800,
        }
    }

    #[test]
    fn a_parcel_is_of_its_stage_or_refused() {
        let contributor = Maker::Contributor(paid(), LinkageFigures([40, -2, 3]));
        for maker in [contributor, Maker::First, Maker::Second] {
            let parcel = parcel(maker);
            let bytes = encode_overlap_parcel(&parcel);
            assert_eq!(decode_overlap_parcel(&bytes), Ok(parcel));
            check_mutations(&bytes, &parcel, decode_overlap_parcel);
        }
        let bytes = encode_overlap_parcel(&parcel(contributor));
        let message = v1::OverlapParcel::decode(bytes.as_slice()).unwrap();
        for stage in [0, 2, 3, 4] {
            let message = v1::OverlapParcel { stage, ..message.clone() };
            assert!(decode_overlap_parcel(&message.encode_to_vec()).is_err(), "{stage}");
        }
        let short = v1::OverlapParcel { linkage: vec![1, 2], ..message.clone() };
        assert!(decode_overlap_parcel(&short.encode_to_vec()).is_err());
        let far = v1::OverlapParcel { linkage: vec![1, 2, i64::MAX], ..message };
        assert!(decode_overlap_parcel(&far.encode_to_vec()).is_err());
    }

    #[test]
    fn a_piece_is_one_thing_within_its_bound() {
        let share = Envelope::seal("share", vec![1], &OrgKey::from_seed(&[1; 32])).unwrap();
        let mut missing = vec![id(4), id(5)];
        missing.sort_unstable();
        let head = OverlapMixHead {
            round: RoundId([1; 32]),
            shares: [share.clone(), share.clone(), share.clone()],
            missing,
        };
        let pieces = [
            OverlapPiece::Head(Box::new(head.clone())),
            OverlapPiece::Parcel(share.clone()),
            OverlapPiece::Data(vec![5; MAX_OVERLAP_DATA]),
        ];
        for piece in pieces {
            assert_eq!(parse_overlap_piece(overlap_piece_message(&piece)), Ok(piece));
        }
        let refused = |piece: OverlapPiece| parse_overlap_piece(overlap_piece_message(&piece));
        assert!(refused(OverlapPiece::Data(Vec::new())).is_err());
        assert!(refused(OverlapPiece::Data(vec![5; MAX_OVERLAP_DATA + 1])).is_err());
        assert!(parse_overlap_piece(v1::OverlapPiece { piece: None }).is_err());
        let backwards: Vec<_> = head.missing.iter().rev().copied().collect();
        let backwards = OverlapMixHead { missing: backwards, ..head };
        assert!(refused(OverlapPiece::Head(Box::new(backwards))).is_err());

        let question = OverlapContribute {
            round: RoundId([1; 32]),
            shares: [share.clone(), share.clone(), share.clone()],
            receipts: vec![share],
        };
        let message = overlap_contribute_message(&question);
        assert_eq!(parse_overlap_contribute(message.clone()), Ok(question));
        let mut two = message;
        two.shares.pop();
        assert!(parse_overlap_contribute(two).is_err());
    }
}
