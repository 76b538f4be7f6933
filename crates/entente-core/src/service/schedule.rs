//! When a service is open: the parts of a recurrence rule (RFC 5545) that HSDS has.
//!
//! All times are local to the service. Times that nobody can compute with (a text alone) are
//! [`Open::Unknown`], never closed.

use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::lang::Text;

/// The most repetitions that a rule may count. A day each for ten years.
pub const MAX_COUNT: u32 = 3_660;

/// How often a rule repeats. HSDS has no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freq {
    /// By weeks.
    Weekly,
    /// By months.
    Monthly,
}

/// A day of the week, or with a number the n-th such day of a month, from its end if negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByDay {
    /// 0 for every one; else from -5 to 5.
    pub nth: i8,
    /// The day.
    pub weekday: Weekday,
}

/// Opening hours (HSDS `schedule`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// First day on which this holds.
    pub valid_from: Option<Date>,
    /// Last day on which this holds.
    pub valid_to: Option<Date>,
    /// The day from which repetitions are counted.
    pub dtstart: Option<Date>,
    /// Last day of the repetition.
    pub until: Option<Date>,
    /// How often it repeats; without it, on the day `dtstart` alone.
    pub freq: Option<Freq>,
    /// Every how many weeks or months; 0 is 1.
    pub interval: u8,
    /// On which days of the week.
    pub byday: Vec<ByDay>,
    /// On which days of the month, from its end if negative.
    pub bymonthday: Vec<i8>,
    /// In which weeks of the year (ISO 8601).
    pub byweekno: Vec<u8>,
    /// On which days of the year.
    pub byyearday: Vec<u16>,
    /// When it opens.
    pub opens_at: Option<Time>,
    /// When it closes. Not later than it opens: on the day after.
    pub closes_at: Option<Time>,
    /// The same in words.
    pub description: Text,
}

/// Whether a service is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// It is.
    Open,
    /// Nobody can compute it.
    Unknown,
    /// It is not.
    Closed,
}

/// Whether a service with these schedules is open at a local time.
pub fn open_at(schedules: &[Schedule], at: DateTime) -> Open {
    let all = || schedules.iter().map(|it| it.open_at(at));
    if all().any(|it| it == Open::Open) {
        Open::Open
    } else if all().all(|it| it == Open::Closed) && !schedules.is_empty() {
        Open::Closed
    } else {
        Open::Unknown
    }
}

impl Schedule {
    /// Whether it is open at a local time by this schedule alone.
    pub fn open_at(&self, at: DateTime) -> Open {
        let (Some(opens), Some(closes)) = (self.opens_at, self.closes_at) else {
            return Open::Unknown;
        };
        let (today, now) = (at.date(), at.time());
        let is_open = if opens < closes {
            self.occurs_on(today) && opens <= now && now < closes
        } else {
            let since_yesterday = || today.yesterday().is_ok_and(|day| self.occurs_on(day));
            (now >= opens && self.occurs_on(today)) || (now < closes && since_yesterday())
        };
        if is_open { Open::Open } else { Open::Closed }
    }

    /// Whether the rule has an occurrence that begins on this day.
    pub fn occurs_on(&self, day: Date) -> bool {
        let after = [self.valid_from, self.dtstart].into_iter().flatten().all(|it| it <= day);
        let before = [self.valid_to, self.until].into_iter().flatten().all(|it| day <= it);
        after && before && self.matches(day)
    }

    fn matches(&self, day: Date) -> bool {
        let Some(freq) = self.freq else {
            return self.has_days() && self.is_among_days(day)
                || !self.has_days() && self.dtstart.is_none_or(|it| it == day);
        };
        self.is_in_turn(freq, day) && self.is_among_days(day) && self.is_on_day_of_start(freq, day)
    }

    fn has_days(&self) -> bool {
        !(self.byday.is_empty() && self.bymonthday.is_empty() && self.byyearday.is_empty())
    }

    /// Without days of its own, a rule repeats the day on which it starts.
    fn is_on_day_of_start(&self, freq: Freq, day: Date) -> bool {
        if self.has_days() {
            return true;
        }
        self.dtstart.is_some_and(|start| match freq {
            Freq::Weekly => start.weekday() == day.weekday(),
            Freq::Monthly => start.day() == day.day(),
        })
    }

    fn is_in_turn(&self, freq: Freq, day: Date) -> bool {
        let interval = i32::from(self.interval.max(1));
        let Some(start) = self.dtstart.filter(|_| interval > 1) else { return true };
        let turn = match freq {
            Freq::Weekly => weeks(day) - weeks(start),
            Freq::Monthly => months(day) - months(start),
        };
        turn.rem_euclid(interval) == 0
    }

    fn is_among_days(&self, day: Date) -> bool {
        let length = day.days_in_month();
        let from_end = day.day() - length - 1;
        let fits = |by: &ByDay| {
            by.weekday == day.weekday()
                && match by.nth {
                    0 => true,
                    nth if nth > 0 => (day.day() - 1) / 7 + 1 == nth,
                    nth => (length - day.day()) / 7 + 1 == -nth,
                }
        };
        (self.byday.is_empty() || self.byday.iter().any(fits))
            && (self.bymonthday.is_empty()
                || self.bymonthday.iter().any(|it| *it == day.day() || *it == from_end))
            && (self.byweekno.is_empty()
                || self.byweekno.iter().any(|it| i32::from(*it) == week_number(day)))
            && (self.byyearday.is_empty()
                || self.byyearday.iter().any(|it| i32::from(*it) == i32::from(day.day_of_year())))
    }

    /// The day of the `count`-th occurrence. A rule that ends after a number of repetitions is kept by
    /// its last day, so that no search ever counts. `None` if there are not as many in twenty years.
    pub fn last_of(&self, count: u32) -> Option<Date> {
        let mut left = count;
        let mut day = self.dtstart?;
        for _ in 0..7_305 {
            if self.occurs_on(day) {
                left = left.saturating_sub(1);
                if left == 0 {
                    return Some(day);
                }
            }
            day = day.tomorrow().ok()?;
        }
        None
    }
}

/// Weeks since some Monday.
fn weeks(day: Date) -> i32 {
    let monday = Date::constant(1900, 1, 1);
    let days = monday.until(day).map_or(0, |span| span.get_days());
    days.div_euclid(7)
}

fn months(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month())
}

fn week_number(day: Date) -> i32 {
    i32::from(day.iso_week_date().week())
}

/// Reads days of the week: `MO,TU` or `1MO,-1FR`.
pub fn parse_byday(text: &str) -> Option<Vec<ByDay>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(parse_day).collect()
}

fn parse_day(part: &str) -> Option<ByDay> {
    let (nth, name) = part.split_at_checked(part.len().checked_sub(2)?)?;
    let at = DAYS.iter().position(|day| day.eq_ignore_ascii_case(name))?;
    let nth = if nth.is_empty() { 0 } else { nth.parse().ok().filter(|it| *it != 0)? };
    let weekday = Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()?;
    (-5..=5).contains(&nth).then_some(ByDay { nth, weekday })
}

/// Writes days of the week as [`parse_byday`] reads them.
pub fn write_byday(days: &[ByDay]) -> String {
    let day = |by: &ByDay| {
        let name = DAYS.get(usize::from(by.weekday.to_monday_zero_offset().unsigned_abs()));
        let name = name.copied().unwrap_or_default();
        if by.nth == 0 { name.to_owned() } else { format!("{}{name}", by.nth) }
    };
    days.iter().map(day).collect::<Vec<_>>().join(",")
}

/// The days of the week as RFC 5545 writes them.
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Reads a local time of day: `09:00` or `09:00:00`. A time with a zone is refused: HSDS says that
/// times are local, and whoever wrote a zone meant something else.
pub fn parse_time(text: &str) -> Option<Time> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    let number = |at: usize| {
        let part = parts.get(at).copied().unwrap_or("00");
        let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse::<i8>().ok()).flatten()
    };
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    // The end of the day has two names.
    let hour = if number(0)? == 24 && number(1)? == 0 { 0 } else { number(0)? };
    Time::new(hour, number(1)?, number(2)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime, time};

    use super::*;

    fn weekly(byday: &str, opens: (i8, i8), closes: (i8, i8)) -> Schedule {
        Schedule {
            freq: Some(Freq::Weekly),
            byday: parse_byday(byday).unwrap(),
            opens_at: Some(time(opens.0, opens.1, 0, 0)),
            closes_at: Some(time(closes.0, closes.1, 0, 0)),
            ..Schedule::default()
        }
    }

    #[test]
    fn hours_of_a_day_end_when_it_closes() {
        let schedule = weekly("MO,TU", (9, 0), (17, 30));
        // 23 November 2026 is a Monday.
        for (day, hour, minute, open) in [
            (23, 8, 59, Open::Closed),
            (23, 9, 0, Open::Open),
            (24, 17, 29, Open::Open),
            (24, 17, 30, Open::Closed),
            (25, 12, 0, Open::Closed),
        ] {
            assert_eq!(schedule.open_at(datetime(2026, 11, day, hour, minute, 0, 0)), open);
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let schedule = weekly("FR", (20, 0), (8, 0));
        assert_eq!(schedule.open_at(datetime(2026, 11, 27, 23, 0, 0, 0)), Open::Open);
        assert_eq!(schedule.open_at(datetime(2026, 11, 28, 7, 59, 0, 0)), Open::Open);
        assert_eq!(schedule.open_at(datetime(2026, 11, 28, 20, 0, 0, 0)), Open::Closed);
        assert_eq!(schedule.open_at(datetime(2026, 11, 27, 7, 0, 0, 0)), Open::Closed);
        let always = weekly("MO,TU,WE,TH,FR,SA,SU", (0, 0), (0, 0));
        assert_eq!(always.open_at(datetime(2026, 11, 27, 3, 0, 0, 0)), Open::Open);
    }

    #[test]
    fn days_of_a_month_are_counted_from_both_ends() {
        let monthly = |byday: &str| Schedule {
            freq: Some(Freq::Monthly),
            byday: parse_byday(byday).unwrap(),
            ..Schedule::default()
        };
        // November 2026 begins on a Sunday.
        let days = |schedule: &Schedule| -> Vec<i8> {
            (1..=30).filter(|day| schedule.occurs_on(date(2026, 11, *day))).collect()
        };
        assert_eq!(days(&monthly("1MO,3TH")), [2, 19]);
        assert_eq!(days(&monthly("-1MO")), [30]);
        let ends = Schedule { bymonthday: vec![1, -1], ..monthly("") };
        assert_eq!(days(&ends), [1, 30]);
    }

    #[test]
    fn every_second_week_is_counted_from_the_start() {
        let schedule = Schedule {
            interval: 2,
            dtstart: Some(date(2026, 11, 4)),
            ..weekly("WE", (9, 0), (10, 0))
        };
        let occurs = |month, day| schedule.occurs_on(date(2026, month, day));
        assert!(occurs(11, 4) && !occurs(11, 11) && occurs(11, 18) && occurs(12, 2));
        assert!(!occurs(10, 21), "nothing before the start");
        assert_eq!(schedule.last_of(3), Some(date(2026, 12, 2)));
    }

    #[test]
    fn a_text_alone_is_unknown_and_never_closed() {
        let said = Schedule { description: Text::new("By chance", ""), ..Schedule::default() };
        let at = datetime(2026, 11, 27, 12, 0, 0, 0);
        assert_eq!(open_at(std::slice::from_ref(&said), at), Open::Unknown);
        let with_hours = [said, weekly("FR", (9, 0), (17, 0))];
        assert_eq!(open_at(&with_hours, at), Open::Open);
        assert_eq!(open_at(&[], at), Open::Unknown);
    }

    #[test]
    fn times_and_days_are_read_strictly() {
        assert_eq!(parse_time("09:05:07"), Some(time(9, 5, 7, 0)));
        assert_eq!(parse_time("24:00"), Some(time(0, 0, 0, 0)));
        for wrong in ["", "9", "25:00", "09:60", "09:00Z", "9h", "-1:00", "09:00:00:00"] {
            assert_eq!(parse_time(wrong), None, "{wrong}");
        }
        assert_eq!(write_byday(&parse_byday("mo, -1FR").unwrap()), "MO,-1FR");
        for wrong in ["XX", "0MO", "6MO", "M", "é"] {
            assert_eq!(parse_byday(wrong), None, "{wrong}");
        }
    }
}
