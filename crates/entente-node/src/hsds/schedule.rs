//! Schedules between HSDS objects and the core.

use entente_core::lang::Text;
use entente_core::service::check::tidy;
use entente_core::service::schedule::{
    Freq, MAX_COUNT, Schedule, parse_byday, parse_time, write_byday,
};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::read::Object;

/// Reads a schedule; `None` if its parts cannot be computed with.
pub(super) fn read_schedule(object: Object<'_>) -> Option<Schedule> {
    let day = |field| read_day(&object.text(field));
    let numbers = |field| object.text(field);
    let mut schedule = Schedule {
        valid_from: day("valid_from")?,
        valid_to: day("valid_to")?,
        dtstart: day("dtstart")?,
        until: day("until")?,
        freq: match object.text("freq").to_uppercase().as_str() {
            "" => None,
            "WEEKLY" => Some(Freq::Weekly),
            "MONTHLY" => Some(Freq::Monthly),
            _ => return None,
        },
        interval: match object.text("interval").as_str() {
            "" => 0,
            text => whole(text)?.try_into().ok()?,
        },
        byday: parse_byday(&object.text("byday"))?,
        bymonthday: list(&numbers("bymonthday"))?,
        byweekno: list(&numbers("byweekno"))?,
        byyearday: list(&numbers("byyearday"))?,
        opens_at: time(&object.text("opens_at"))?,
        closes_at: time(&object.text("closes_at"))?,
        description: object.bilingual("description"),
    };
    let count = object.text("count");
    if !count.is_empty() && schedule.until.is_none() {
        let count = u32::try_from(whole(&count)?).ok().filter(|it| (1..=MAX_COUNT).contains(it))?;
        schedule.until = Some(schedule.last_of(count)?);
    }
    let is_empty = Schedule { description: Text::default(), ..Schedule::default() } == schedule;
    (!is_empty).then_some(schedule)
}

/// A day, or none if the text is blank. A time after the day is not read.
#[expect(clippy::option_option, reason = "blank and broken are two things")]
pub(super) fn read_day(text: &str) -> Option<Option<Date>> {
    if text.is_empty() {
        return Some(None);
    }
    let day = text.split(['T', ' ']).next()?;
    let day: Date = day.parse().ok()?;
    entente_core::period::YEARS.contains(&day.year()).then_some(Some(day))
}

#[expect(clippy::option_option, reason = "blank and broken are two things")]
fn time(text: &str) -> Option<Option<jiff::civil::Time>> {
    if text.is_empty() { Some(None) } else { parse_time(text).map(Some) }
}

fn whole(text: &str) -> Option<i64> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse().ok()
}

fn list<T: TryFrom<i64>>(text: &str) -> Option<Vec<T>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| T::try_from(whole(part)?).ok()).collect()
}

/// Writes a schedule, without its id and its French text.
pub(super) fn write_schedule(schedule: &Schedule) -> Map<String, Value> {
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
        description: _, // In both languages: `write` does all texts.
    } = schedule;
    let mut object = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            object.insert(name.to_owned(), value);
        }
    };
    let day = |it: &Option<Date>| it.map(|day| json!(day.to_string()));
    put("valid_from", day(valid_from));
    put("valid_to", day(valid_to));
    put("dtstart", day(dtstart));
    put("until", day(until));
    let freq = freq.map(|it| match it {
        Freq::Weekly => json!("WEEKLY"),
        Freq::Monthly => json!("MONTHLY"),
    });
    put("freq", freq);
    put("interval", (*interval > 0).then(|| json!(interval)));
    put("byday", (!byday.is_empty()).then(|| json!(write_byday(byday))));
    put("bymonthday", joined(bymonthday));
    put("byweekno", joined(byweekno));
    put("byyearday", joined(byyearday));
    let time =
        |it: &Option<jiff::civil::Time>| it.map(|it| json!(it.strftime("%H:%M:%S").to_string()));
    put("opens_at", time(opens_at));
    put("closes_at", time(closes_at));
    object
}

fn joined<T: ToString>(numbers: &[T]) -> Option<Value> {
    let texts: Vec<_> = numbers.iter().map(T::to_string).collect();
    (!texts.is_empty()).then(|| json!(texts.join(",")))
}

/// A text in its one form.
pub(super) fn tidied(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => tidy(text),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(yes)) => yes.to_string(),
        _ => String::new(),
    }
}
