//! Timers of a referral: by when an answer is due, and when the offer lapses.

use crate::codes::Urgency;

const HOUR_S: i64 = 60 * 60;
const DAY_S: i64 = 24 * HOUR_S;

/// How long a partner has to answer, in seconds. `routine_days` is the node's setting for what is
/// not urgent.
pub fn window_s(urgency: Urgency, routine_days: u32) -> i64 {
    match urgency {
        Urgency::OneHour => HOUR_S,
        Urgency::ThreeHours => 3 * HOUR_S,
        Urgency::OneDay => DAY_S,
        Urgency::ThreeDays => 3 * DAY_S,
        Urgency::Routine => i64::from(routine_days).saturating_mul(DAY_S),
    }
}

/// The instants that matter of one wait, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Half of the time is over: somebody is reminded.
    pub remind_at_s: i64,
    /// The time is over: it is overdue, and goes to the coordinator.
    pub due_at_s: i64,
    /// An open offer lapses. Twice the time, so that an answer which is only late still counts, and
    /// the coordinator has as long to act as the partner had.
    pub expires_at_s: i64,
}

impl Timers {
    /// The timers of a wait of `window_s` seconds that begins at `from_s`.
    pub fn of(from_s: i64, window_s: i64) -> Self {
        Self {
            remind_at_s: from_s.saturating_add(window_s / 2),
            due_at_s: from_s.saturating_add(window_s),
            expires_at_s: from_s.saturating_add(window_s.saturating_mul(2)),
        }
    }
}
