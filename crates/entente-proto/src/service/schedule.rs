//! Opening hours as messages.

use entente_core::service::check::MAX_ITEMS;
use entente_core::service::schedule::{Freq, Schedule, parse_byday, write_byday};
use jiff::civil::{Date, Time};

use super::{optional_day, text, text_message};
use crate::canonical::Invalid;
use crate::parse::{day_number, within};
use crate::v1;

pub(super) fn schedule_message(schedule: &Schedule) -> v1::ServiceSchedule {
    let Schedule {
        valid_from,
        valid_to,
        dtstart,
        until,
        freq,
        interval,
        byday,
        bymonthday,
        byweekno,
        byyearday,
        opens_at,
        closes_at,
        description,
    } = schedule;
    let day = |it: &Option<Date>| it.map_or(0, day_number);
    v1::ServiceSchedule {
        valid_from: day(valid_from),
        valid_to: day(valid_to),
        dtstart: day(dtstart),
        until: day(until),
        freq: match freq {
            None => 0,
            Some(Freq::Weekly) => 1,
            Some(Freq::Monthly) => 2,
        },
        interval: u32::from(*interval),
        byday: write_byday(byday),
        bymonthday: bymonthday.iter().map(|it| i32::from(*it)).collect(),
        byweekno: byweekno.iter().map(|it| u32::from(*it)).collect(),
        byyearday: byyearday.iter().map(|it| u32::from(*it)).collect(),
        opens_at_plus_1: time_number(*opens_at),
        closes_at_plus_1: time_number(*closes_at),
        description: text_message(description),
    }
}

pub(super) fn parse_schedule(message: v1::ServiceSchedule) -> Result<Schedule, Invalid> {
    let byday = parse_byday(&message.byday).filter(|it| write_byday(it) == message.byday);
    Ok(Schedule {
        valid_from: optional_day("valid_from", message.valid_from)?,
        valid_to: optional_day("valid_to", message.valid_to)?,
        dtstart: optional_day("dtstart", message.dtstart)?,
        until: optional_day("until", message.until)?,
        freq: match message.freq {
            0 => None,
            1 => Some(Freq::Weekly),
            2 => Some(Freq::Monthly),
            _ => return Err(Invalid::new("freq", "is out of bounds")),
        },
        interval: small("interval", message.interval)?,
        byday: byday.ok_or(Invalid::new("byday", "must be days such as MO,TU"))?,
        bymonthday: numbers("bymonthday", message.bymonthday)?,
        byweekno: numbers("byweekno", message.byweekno)?,
        byyearday: numbers("byyearday", message.byyearday)?,
        opens_at: time("opens_at_plus_1", message.opens_at_plus_1)?,
        closes_at: time("closes_at_plus_1", message.closes_at_plus_1)?,
        description: text("schedules.description", message.description)?,
    })
}

fn small<M, T: TryFrom<M>>(field: &'static str, value: M) -> Result<T, Invalid> {
    T::try_from(value).map_err(|_| Invalid::new(field, "is out of bounds"))
}

fn numbers<M, T: TryFrom<M>>(field: &'static str, values: Vec<M>) -> Result<Vec<T>, Invalid> {
    within(field, values.len(), 0..=MAX_ITEMS)?;
    values.into_iter().map(|it| small(field, it)).collect()
}

/// Seconds since midnight and one more.
fn time_number(time: Option<Time>) -> u32 {
    let part = |value: i8| u32::from(value.unsigned_abs());
    time.map_or(0, |it| part(it.hour()) * 3600 + part(it.minute()) * 60 + part(it.second()) + 1)
}

fn time(field: &'static str, value: u32) -> Result<Option<Time>, Invalid> {
    let Some(seconds) = value.checked_sub(1) else { return Ok(None) };
    let part = |value: u32| small::<u32, i8>(field, value);
    let time = Time::new(part(seconds / 3600)?, part(seconds / 60 % 60)?, part(seconds % 60)?, 0);
    time.map(Some).map_err(|_| Invalid::new(field, "is out of bounds"))
}
