//! Case summaries as messages.
//!
//! A feed is mostly summaries, and each is a leaf of its own, so they are small: the codes of a case
//! are one byte each, and fields with levels (place, age, citizenship) have one byte for all of
//! their levels, so that no message can tell two at once.

use entente_core::agreement::grant::MIN_GROUP_FLOOR;
use entente_core::codes::{Code, Set, Status};
use entente_core::summary::{Age, CaseSummary, Citizenship, Place, Rung, SummaryId};

use crate::canonical::Invalid;
use crate::parse::{array, period, present, within};
use crate::v1;

/// How many codes a summary has.
const N_CODES: usize = 11;

/// What is added to a coarser level where it shares a byte with the finer one.
const MAJORITY: u8 = 16;
const REGION: u8 = 32;
const PLACE_UNKNOWN: u8 = 63;
const CANADIAN: u8 = 17;
const NOT_CANADIAN: u8 = 18;
const CITIZENSHIP_UNKNOWN: u8 = 19;

/// The message that says this.
pub(crate) fn summary_message(summary: &CaseSummary) -> v1::Summary {
    // Every field is named, so that a field added to `CaseSummary` does not compile until
    // somebody has decided, here, how it travels.
    let CaseSummary {
        id,
        rung,
        period,
        place,
        gender,
        age,
        citizenship,
        majority_at_exploitation,
        exploitation,
        labour_sectors,
        sexual_types,
        duration,
        controls,
        recruiter_relation,
        needs,
        geo_scope,
        definition_profiles,
        data_source,
        status,
        status_decided_by,
        k_at_release,
    } = summary;

    let mut codes = vec![
        byte(Some(*status)),
        byte(*status_decided_by),
        rung.number() + 1,
        byte(*gender),
        age.map_or(0, age_byte),
        place.map_or(0, place_byte),
        citizenship.map_or(0, citizenship_byte),
        byte(*majority_at_exploitation),
        byte(*data_source),
        byte(*duration),
        byte(*geo_scope),
    ];
    while codes.last() == Some(&0) {
        codes.pop();
    }
    v1::Summary {
        summary_id: id.0.to_vec(),
        period: period.number(),
        codes,
        k_at_release: *k_at_release,
        exploitation: told_number(*exploitation),
        definition_profiles: told_number(*definition_profiles),
        controls: told_number(*controls),
        labour_sectors: told_number(*labour_sectors),
        sexual_types: told_number(*sexual_types),
        recruiter_relation: told_number(*recruiter_relation),
        needs: told_number(*needs),
    }
}

/// What this message says.
pub(crate) fn parse_summary(message: &v1::Summary) -> Result<CaseSummary, Invalid> {
    let v1::Summary { codes, .. } = message;
    if codes.len() > N_CODES || codes.last() == Some(&0) {
        return Err(Invalid::new("codes", "must be at most 11 bytes, the last one not 0"));
    }
    let mut all = [0; N_CODES];
    all.iter_mut().zip(codes).for_each(|(to, from)| *to = *from);
    let [
        status,
        decided_by,
        rung,
        gender,
        age,
        place,
        citizenship,
        majority,
        source,
        duration,
        geo,
    ] = all;

    let status = present("status", code("status", status)?)?;
    if status == Status::NotVictim {
        return Err(Invalid::new("status", "must be of a victim"));
    }
    let rung = rung.checked_sub(1).and_then(Rung::from_number);
    Ok(CaseSummary {
        id: SummaryId(array("summary_id", &message.summary_id)?),
        rung: rung.ok_or(Invalid::new("rung", "is not a rung of the lattice"))?,
        period: period("period", message.period)?,
        place: parse_place(place)?,
        gender: code("gender", gender)?,
        age: parse_age(age)?,
        citizenship: parse_citizenship(citizenship)?,
        majority_at_exploitation: code("majority_at_exploitation", majority)?,
        exploitation: told("exploitation", message.exploitation)?,
        labour_sectors: told("labour_sectors", message.labour_sectors)?,
        sexual_types: told("sexual_types", message.sexual_types)?,
        duration: code("duration", duration)?,
        controls: told("controls", message.controls)?,
        recruiter_relation: told("recruiter_relation", message.recruiter_relation)?,
        needs: told("needs", message.needs)?,
        geo_scope: code("geo_scope", geo)?,
        definition_profiles: told("definition_profiles", message.definition_profiles)?,
        data_source: code("data_source", source)?,
        status,
        status_decided_by: code("status_decided_by", decided_by)?,
        k_at_release: within("k_at_release", message.k_at_release, MIN_GROUP_FLOOR..=u32::MAX)?,
    })
}

fn place_byte(place: Place) -> u8 {
    match place {
        Place::Province(province) => byte(Some(province)),
        Place::Region(region) => REGION + byte(Some(region)),
        Place::Unknown => PLACE_UNKNOWN,
    }
}

fn parse_place(byte: u8) -> Result<Option<Place>, Invalid> {
    match byte {
        PLACE_UNKNOWN => Ok(Some(Place::Unknown)),
        REGION.. => present("place", code("place", byte - REGION)?).map(Place::Region).map(Some),
        _ => Ok(code("place", byte)?.map(Place::Province)),
    }
}

fn age_byte(age: Age) -> u8 {
    match age {
        Age::Group(group) => byte(Some(group)),
        Age::Majority(majority) => MAJORITY + byte(Some(majority)),
    }
}

fn parse_age(byte: u8) -> Result<Option<Age>, Invalid> {
    match byte {
        MAJORITY.. => present("age", code("age", byte - MAJORITY)?).map(Age::Majority).map(Some),
        _ => Ok(code("age", byte)?.map(Age::Group)),
    }
}

fn citizenship_byte(citizenship: Citizenship) -> u8 {
    match citizenship {
        Citizenship::Group(group) => byte(Some(group)),
        Citizenship::Canadian => CANADIAN,
        Citizenship::Other => NOT_CANADIAN,
        Citizenship::Unknown => CITIZENSHIP_UNKNOWN,
    }
}

fn parse_citizenship(byte: u8) -> Result<Option<Citizenship>, Invalid> {
    match byte {
        CANADIAN => Ok(Some(Citizenship::Canadian)),
        NOT_CANADIAN => Ok(Some(Citizenship::Other)),
        CITIZENSHIP_UNKNOWN => Ok(Some(Citizenship::Unknown)),
        _ => Ok(code("citizenship", byte)?.map(Citizenship::Group)),
    }
}

/// A code in its byte; 0 for none. The longest list has 64 values.
fn byte<C: Code>(code: Option<C>) -> u8 {
    code.map_or(0, |code| code.number() + 1)
}

fn code<C: Code>(field: &'static str, byte: u8) -> Result<Option<C>, Invalid> {
    let Some(number) = byte.checked_sub(1) else { return Ok(None) };
    let code = C::from_number(number);
    code.map(Some).ok_or(Invalid::new(field, "is a code that is not in its list"))
}

/// A set that is told or not: bit n for value n, and bit 0 for "told".
fn told_number<C: Code>(set: Option<Set<C>>) -> u64 {
    set.map_or(0, |set| (u64::from(set.bits()) << 1) | 1)
}

fn told<C: Code>(field: &'static str, number: u64) -> Result<Option<Set<C>>, Invalid> {
    if number == 0 {
        return Ok(None);
    }
    let bits = u32::try_from(number >> 1).ok().filter(|_| number & 1 == 1);
    let set = bits.and_then(Set::from_bits);
    set.map(Some).ok_or(Invalid::new(field, "has a bit that is no code of its list"))
}

#[cfg(test)]
mod tests {
    use entente_core::codes::Exploitation;
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::any;

    /// A message that passes; each test changes one field and says what follows.
    fn message() -> v1::Summary {
        v1::Summary {
            summary_id: vec![1; 16],
            period: 20_253,
            codes: vec![1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            k_at_release: 11,
            ..v1::Summary::default()
        }
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::Summary)) {
        let mut message = message();
        change(&mut message);
        assert_eq!(parse_summary(&message).map_err(|it| it.field), Err(field));
    }

    #[track_caller]
    fn accepted(change: impl FnOnce(&mut v1::Summary)) {
        let mut message = message();
        change(&mut message);
        assert!(parse_summary(&message).is_ok());
    }

    #[test]
    fn what_must_be_there_must_be_there() {
        accepted(|_| {});
        refused("summary_id", |it| it.summary_id.clear());
        refused("summary_id", |it| it.summary_id.push(1));
        refused("period", |it| it.period = 0);
        refused("period", |it| it.period = 20_255);
        refused("status", |it| it.codes[0] = 0);
        refused("status", |it| it.codes.clear());
        refused("rung", |it| it.codes.truncate(2));
        accepted(|it| it.codes.truncate(3));
    }

    #[test]
    fn only_victims_in_large_enough_groups_are_shared() {
        accepted(|it| it.codes[0] = 2);
        refused("status", |it| it.codes[0] = 3);
        accepted(|it| it.k_at_release = 5);
        refused("k_at_release", |it| it.k_at_release = 4);
        refused("k_at_release", |it| it.k_at_release = 0);
    }

    /// Accepted are 1 to `last` and those of `also`; every other byte but 0 is refused.
    #[track_caller]
    fn check_codes(
        position: usize,
        field: &'static str,
        last: u8,
        also: std::ops::RangeInclusive<u8>,
    ) {
        for byte in 1..=u8::MAX {
            if byte <= last || also.contains(&byte) {
                accepted(|it| it.codes[position] = byte);
            } else {
                refused(field, |it| it.codes[position] = byte);
            }
        }
    }

    #[test]
    fn every_code_is_within_its_list() {
        let none = 0..=0;
        check_codes(0, "status", 2, none.clone());
        check_codes(1, "status_decided_by", 6, none.clone());
        check_codes(2, "rung", 7, none.clone());
        check_codes(3, "gender", 4, none.clone());
        check_codes(4, "age", 7, 17..=19);
        check_codes(6, "citizenship", 8, 17..=19);
        check_codes(7, "majority_at_exploitation", 3, none.clone());
        check_codes(8, "data_source", 6, none.clone());
        check_codes(9, "duration", 4, none.clone());
        check_codes(10, "geo_scope", 4, none);
    }

    #[test]
    fn a_place_is_a_province_a_region_or_not_known() {
        for byte in 1..=u8::MAX {
            if matches!(byte, 1..=13 | 33..=39 | 63) {
                accepted(|it| it.codes[5] = byte);
            } else {
                refused("place", |it| it.codes[5] = byte);
            }
        }
    }

    #[test]
    fn what_says_nothing_at_the_end_is_left_out() {
        refused("codes", |it| it.codes[10] = 0);
        refused("codes", |it| it.codes.push(1));
        refused("codes", |it| it.codes.push(0));
    }

    #[test]
    fn nothing_told_and_none_recorded_are_two_things() {
        let told = |number| {
            let mut message = message();
            message.exploitation = number;
            parse_summary(&message).map(|summary| summary.exploitation)
        };
        let one = Set::EMPTY.with(Exploitation::Sexual);
        assert_eq!(told(0), Ok(None));
        assert_eq!(told(1), Ok(Some(Set::EMPTY)));
        assert_eq!(told(0b11), Ok(Some(one)));
        // Without the lowest bit, beyond the list, beyond any list.
        for number in [0b10, 1 << 16 | 1, 1 << 33 | 1, u64::MAX] {
            assert!(told(number).is_err(), "{number:#x}");
        }
    }

    /// Everything that rung 0 can tell of a case, as large as its usual values are.
    fn full() -> v1::Summary {
        v1::Summary {
            k_at_release: 143,
            exploitation: 0b11,
            definition_profiles: 0b1111,
            controls: 0b1_0101_0111,
            sexual_types: 0b11,
            recruiter_relation: 0b11,
            needs: 0b10_1000_0010_0000_0000_0011,
            ..message()
        }
    }

    /// What the coarsest rungs tell.
    fn coarse() -> v1::Summary {
        v1::Summary { period: 20_250, codes: vec![1, 1, 6, 0, 17], exploitation: 3, ..message() }
    }

    #[test]
    fn a_summary_s_whole_statement_fits_in_150_bytes() {
        use entente_core::feed::FeedId;
        use entente_core::statement::{AgreementRef, Leaf, Statement};
        let size = |summary: v1::Summary| {
            let leaf = Leaf {
                feed: FeedId { issuer: any::id(1), audience: any::id(2), epoch: 1 },
                seq: 100_000,
                agreement: Some(AgreementRef { id: [1; 16], version: 3 }),
                statement: Statement::Summary(parse_summary(&summary).unwrap()),
            };
            crate::encode_statement(&leaf).len()
        };
        assert_eq!(size(full()), 150);
        assert_eq!(size(coarse()), 129);
    }

    proptest! {
        #[test]
        fn a_summary_is_read_as_it_is_written(summary in any::summary()) {
            let message = summary_message(&summary);
            prop_assert_eq!(parse_summary(&message), Ok(summary));
            prop_assert!(message.encoded_len() <= 80);
        }
    }
}
