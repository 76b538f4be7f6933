//! Case summaries as messages.

use entente_core::agreement::grant::MIN_GROUP_FLOOR;
use entente_core::codes::{Code, Set, Status};
use entente_core::summary::{Age, CaseSummary, Citizenship, Place, Rung, SummaryId};

use crate::canonical::Invalid;
use crate::parse::{array, code, code_number, optional_code, optional_number, period, within};
use crate::v1;

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

    let mut message = v1::Summary {
        summary_id: id.0.to_vec(),
        period: period.number(),
        status: code_number(*status),
        status_decided_by: optional_number(*status_decided_by),
        gender: optional_number(*gender),
        exploitation: told_number(*exploitation),
        majority_at_exploitation: optional_number(*majority_at_exploitation),
        k_at_release: *k_at_release,
        rung: u32::from(rung.number()),
        data_source: optional_number(*data_source),
        duration: optional_number(*duration),
        geo_scope: optional_number(*geo_scope),
        definition_profiles: told_number(*definition_profiles),
        controls: told_number(*controls),
        labour_sectors: told_number(*labour_sectors),
        sexual_types: told_number(*sexual_types),
        recruiter_relation: told_number(*recruiter_relation),
        needs: told_number(*needs),
        ..v1::Summary::default()
    };
    match place {
        None => {}
        Some(Place::Province(province)) => message.province = code_number(*province),
        Some(Place::Region(region)) => message.region = code_number(*region),
        Some(Place::Unknown) => message.place_unknown = true,
    }
    match age {
        None => {}
        Some(Age::Group(group)) => message.age = code_number(*group),
        Some(Age::Majority(majority)) => message.majority = code_number(*majority),
    }
    match citizenship {
        None => {}
        Some(Citizenship::Group(group)) => message.citizenship = code_number(*group),
        Some(Citizenship::Canadian) => message.canadian = v1::CanadianOrOther::Canadian.into(),
        Some(Citizenship::Other) => message.canadian = v1::CanadianOrOther::Other.into(),
        Some(Citizenship::Unknown) => message.canadian = v1::CanadianOrOther::Unknown.into(),
    }
    message
}

/// What this message says.
pub(crate) fn parse_summary(message: &v1::Summary) -> Result<CaseSummary, Invalid> {
    let status = code("status", message.status)?;
    if status == Status::NotVictim {
        return Err(Invalid::new("status", "must be of a victim"));
    }
    Ok(CaseSummary {
        id: SummaryId(array("summary_id", &message.summary_id)?),
        rung: parse_rung(message.rung)?,
        period: period("period", message.period)?,
        place: parse_place(message)?,
        gender: optional_code("gender", message.gender)?,
        age: parse_age(message)?,
        citizenship: parse_citizenship(message)?,
        majority_at_exploitation: optional_code(
            "majority_at_exploitation",
            message.majority_at_exploitation,
        )?,
        exploitation: told("exploitation", message.exploitation)?,
        labour_sectors: told("labour_sectors", message.labour_sectors)?,
        sexual_types: told("sexual_types", message.sexual_types)?,
        duration: optional_code("duration", message.duration)?,
        controls: told("controls", message.controls)?,
        recruiter_relation: told("recruiter_relation", message.recruiter_relation)?,
        needs: told("needs", message.needs)?,
        geo_scope: optional_code("geo_scope", message.geo_scope)?,
        definition_profiles: told("definition_profiles", message.definition_profiles)?,
        data_source: optional_code("data_source", message.data_source)?,
        status,
        status_decided_by: optional_code("status_decided_by", message.status_decided_by)?,
        k_at_release: within("k_at_release", message.k_at_release, MIN_GROUP_FLOOR..=u32::MAX)?,
    })
}

fn parse_rung(number: u32) -> Result<Rung, Invalid> {
    let rung = u8::try_from(number).ok().and_then(Rung::from_number);
    rung.ok_or(Invalid::new("rung", "is not a rung of the lattice"))
}

fn parse_place(message: &v1::Summary) -> Result<Option<Place>, Invalid> {
    let province = optional_code("province", message.province)?.map(Place::Province);
    let region = optional_code("region", message.region)?.map(Place::Region);
    let unknown = message.place_unknown.then_some(Place::Unknown);
    at_most_one("province", [province, region, unknown])
}

fn parse_age(message: &v1::Summary) -> Result<Option<Age>, Invalid> {
    let group = optional_code("age", message.age)?.map(Age::Group);
    let majority = optional_code("majority", message.majority)?.map(Age::Majority);
    at_most_one("age", [group, majority])
}

fn parse_citizenship(message: &v1::Summary) -> Result<Option<Citizenship>, Invalid> {
    let group = optional_code("citizenship", message.citizenship)?.map(Citizenship::Group);
    let canadian = match v1::CanadianOrOther::try_from(message.canadian) {
        Ok(v1::CanadianOrOther::Unspecified) => None,
        Ok(v1::CanadianOrOther::Canadian) => Some(Citizenship::Canadian),
        Ok(v1::CanadianOrOther::Other) => Some(Citizenship::Other),
        Ok(v1::CanadianOrOther::Unknown) => Some(Citizenship::Unknown),
        Err(_) => return Err(Invalid::new("canadian", "is a code that is not in its list")),
    };
    at_most_one("citizenship", [group, canadian])
}

fn at_most_one<T, const N: usize>(
    field: &'static str,
    values: [Option<T>; N],
) -> Result<Option<T>, Invalid> {
    let mut set = values.into_iter().flatten();
    let first = set.next();
    if set.next().is_some() {
        return Err(Invalid::new(field, "is told twice, at two levels"));
    }
    Ok(first)
}

/// A set that is told or not: bit n for value n, and bit 0 for "told".
fn told_number<C: Code>(set: Option<Set<C>>) -> u64 {
    set.map_or(0, |set| u64::from(set.bits()) << 1 | 1)
}

fn told<C: Code>(field: &'static str, number: u64) -> Result<Option<Set<C>>, Invalid> {
    if number == 0 {
        return Ok(None);
    }
    let bits = u32::try_from(number >> 1).ok().filter(|_| number & 1 == 1);
    let set = bits.and_then(Set::from_bits);
    set.map(Some).ok_or(Invalid::new(field, "has a bit that is no code of its list"))
}
