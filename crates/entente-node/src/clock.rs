//! The clock: the one place where a node learns what time it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time, in seconds since 1970.
    fn now_s(&self) -> i64;

    /// The day in UTC. Agreements and consents count in whole days.
    fn today(&self) -> Date {
        let now = Timestamp::from_second(self.now_s()).unwrap_or(Timestamp::UNIX_EPOCH);
        now.to_zoned(TimeZone::UTC).date()
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now_s(&self) -> i64 {
        Timestamp::now().as_second()
    }
}

/// A clock that stands still until it is moved. Simulations and tests use it.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows `now_s`.
    pub fn new(now_s: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now_s)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_s(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
