//! Messages to the staff: who is told when, and that each is sent at least once and not for ever.
//!
//! A message is made, in one transaction with the note of what its reader was told, when more of
//! something waits than the reader knows. A try is counted before it is made, so a node that dies in
//! the middle repeats a message, under the same id, and a node that dies each time gives up. Nothing
//! here sends; [`crate::notify`] does.

use std::time::Duration;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_store::notices::{Counts, LastNotice, NoticeRow, NoticedRow, Notices as _};

use super::pairing::random;
use super::waiting::{Matter, Waiting};
use super::{Node, Outcome};
use crate::fault::Fault;
use crate::local::Role;

/// How often a message is tried: over about a day, as `wait_after` has it.
pub const MAX_TRIES: u32 = 8;

/// The least time between two messages about referrals under way, if the settings have no shorter one: an
/// answer may be due within the hour, and a shelter's night desk needs no message each minute.
const URGENT_QUIET: Duration = Duration::from_secs(5 * 60);

/// Tries after which a message counts as stuck.
const STUCK_TRIES: u32 = 3;

/// Somebody, or something, that is told what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The name of the way in the settings: `mail:lea@example.org`, `webhook`.
    pub way: String,
    /// What it is told of: what concerns one of these roles.
    pub roles: Vec<Role>,
    /// Whether the settings name it as who coordinates referrals: it is then told of what somebody else does
    /// not see to, whatever its roles.
    pub is_coordinator: bool,
}

/// How often a reader is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// The least time between two messages.
    pub quiet: Duration,
    /// After how long what still waits is told again; never if zero.
    pub remind: Duration,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// It was taken.
    Sent,
    /// It was not, for this reason; a stable word.
    Failed(&'static str),
}

impl Node {
    /// Makes the messages that are due, for what `waiting` says now. Returns how many.
    ///
    /// A message that is still on its way to the same reader is replaced by the newer one. What goes
    /// to somebody whom the settings no longer name is forgotten.
    pub fn make_notices(
        &self,
        readers: &[Reader],
        waiting: &Waiting,
        pace: Pace,
    ) -> Outcome<usize> {
        let (known, on_way) =
            self.db.read(|tx| Ok::<_, Box<Fault>>((tx.noticed()?, tx.notices()?)))?;
        let now_s = self.now_s();
        let mut made = Vec::new();
        let mut ways = Vec::with_capacity(readers.len());
        for reader in readers {
            let last = known.ways.iter().find(|(way, _)| *way == reader.way);
            let last = last.map(|(_, last)| last.clone()).unwrap_or_default();
            // That messages are stuck is for the inbox: it would be one more message that is stuck.
            let mine = waiting
                .only(|matter| {
                    let is_its_own = reader.is_coordinator && matter.is_for_coordinator();
                    is_its_own || matter.concerns(&reader.roles)
                })
                .without(Matter::MessagesStuck);
            let (is_due, next) = decide(&last, &mine, pace, now_s);
            if is_due {
                made.push(NoticeRow {
                    way: reader.way.clone(),
                    counts: counts_of(&mine),
                    made_at_s: now_s,
                    n_tries: 0,
                    next_try_s: now_s,
                });
            }
            ways.push((reader.way.clone(), next));
        }
        let replaced: Vec<_> = on_way
            .into_iter()
            .filter(|(_, row)| {
                made.iter().any(|it| it.way == row.way)
                    || !readers.iter().any(|it| it.way == row.way)
            })
            .map(|(id, _)| id)
            .collect();
        let noticed = NoticedRow { ways };
        if noticed == known && replaced.is_empty() {
            return Ok(0);
        }
        let n_made = made.len();
        self.db.write("notices", |tx| {
            for id in &replaced {
                tx.delete_notice(id)?;
            }
            for row in &made {
                tx.put_notice(&random::<16>()?, row)?;
            }
            Ok::<_, Box<Fault>>(tx.put_noticed(&noticed)?)
        })?;
        Ok(n_made)
    }

    /// The messages that are to be tried now.
    pub fn due_notices(&self) -> Outcome<Vec<[u8; 16]>> {
        let now_s = self.now_s();
        let all = self.db.read(|tx| Ok::<_, Box<Fault>>(tx.notices()?))?;
        Ok(all.into_iter().filter(|(_, row)| row.next_try_s <= now_s).map(|(id, _)| id).collect())
    }

    /// When to look again at the latest: for the next try of a message, or because what is urgent and came
    /// right after a message may then go. Seconds since 1970.
    pub fn next_look_s(&self) -> Outcome<Option<i64>> {
        let (known, on_way) =
            self.db.read(|tx| Ok::<_, Box<Fault>>((tx.noticed()?, tx.notices()?)))?;
        let now_s = self.now_s();
        let quiet_s = i64::try_from(URGENT_QUIET.as_secs()).unwrap_or(i64::MAX);
        let told = known.ways.iter().filter_map(|(_, last)| last.at_s);
        let pauses = told.map(|at_s| at_s.saturating_add(quiet_s)).filter(|at_s| *at_s > now_s);
        Ok(on_way.iter().map(|(_, row)| row.next_try_s).chain(pauses).min())
    }

    /// Counts a try of a message, before it is made. `None` if the message is gone.
    ///
    /// One whose tries are used up, by a node that died in each, is given up here.
    pub fn begin_notice(&self, id: &[u8; 16]) -> Outcome<Option<NoticeRow>> {
        self.db.write("notice begun", |tx| {
            let Some(mut row) = tx.notice(id)? else { return Ok(None) };
            if row.n_tries >= MAX_TRIES {
                tx.delete_notice(id)?;
                self.write_audit(tx, vec![self.noted(id, &row, Action::NoticeGivenUp)])?;
                return Ok(None);
            }
            row.n_tries += 1;
            let wait_s = i64::try_from(wait_after(row.n_tries).as_secs()).unwrap_or(i64::MAX);
            row.next_try_s = self.now_s().saturating_add(wait_s);
            tx.put_notice(id, &row)?;
            Ok(Some(row))
        })
    }

    /// Notes how a try ended.
    pub fn end_notice(&self, id: &[u8; 16], tried: Tried) -> Outcome<()> {
        self.db.write("notice ended", |tx| {
            // Replaced meanwhile; that it was sent, or not, is written down all the same.
            let row = tx.notice(id)?;
            let known = row.clone().unwrap_or_default();
            let mut entries = Vec::new();
            match tried {
                Tried::Sent => {
                    tx.delete_notice(id)?;
                    entries.push(self.noted(id, &known, Action::NoticeSent));
                }
                Tried::Failed(why) => {
                    let entry = self.noted(id, &known, Action::NoticeFailed);
                    entries.push(entry.reasons([why.to_owned()]));
                    if row.is_some_and(|row| row.n_tries >= MAX_TRIES) {
                        tx.delete_notice(id)?;
                        entries.push(self.noted(id, &known, Action::NoticeGivenUp));
                    }
                }
            }
            self.write_audit(tx, entries)
        })
    }

    /// Writes down that somebody had a test message sent.
    pub fn note_test_notice(&self, actor: Actor, way: &str, tried: Tried) -> Outcome<()> {
        let action = match tried {
            Tried::Sent => Action::NoticeSent,
            Tried::Failed(_) => Action::NoticeFailed,
        };
        let mut reasons = vec!["test".to_owned(), kind_of(way).to_owned()];
        if let Tried::Failed(why) = tried {
            reasons.push(why.to_owned());
        }
        self.audit(vec![self.entry(actor, action).reasons(reasons)])
    }

    /// How many messages have failed several times and are still tried.
    pub(super) fn n_stuck_notices(&self) -> Outcome<u64> {
        let all = self.db.read(|tx| Ok::<_, Box<Fault>>(tx.notices()?))?;
        Ok(all.iter().filter(|(_, row)| row.n_tries >= STUCK_TRIES).count() as u64)
    }

    /// Whom it went to is a reason, as its kind only: an address is somebody's.
    fn noted(&self, id: &[u8; 16], row: &NoticeRow, action: Action) -> AuditEntry {
        let n = row.counts.iter().map(|(_, n)| n).sum();
        let entry = self.entry(Actor::Node, action).n(n).reference(*id);
        entry.reasons([kind_of(&row.way).to_owned()])
    }
}

/// Whether a reader is to be told now, and what it knows afterwards.
fn decide(last: &LastNotice, mine: &Waiting, pace: Pace, now_s: i64) -> (bool, LastNotice) {
    // What was done meanwhile is news when it comes back.
    let known = waiting_of(&last.counts);
    let known = Waiting::new(known.iter().map(|(matter, n)| (matter, n.min(mine.n(matter)))));
    let after = |pause: Duration| {
        let pause_s = i64::try_from(pause.as_secs()).unwrap_or(i64::MAX);
        // A clock that was set back does not silence anybody.
        last.at_s.is_none_or(|at_s| now_s < at_s || now_s - at_s >= pause_s)
    };
    let is_news = mine.has_more_than(&known);
    let is_urgent = mine.only(Matter::is_urgent).has_more_than(&known);
    let quiet = if is_urgent { pace.quiet.min(URGENT_QUIET) } else { pace.quiet };
    let is_reminder = !pace.remind.is_zero() && !mine.is_empty() && after(pace.remind);
    if (is_news || is_reminder) && after(quiet) {
        (true, LastNotice { at_s: Some(now_s), counts: counts_of(mine) })
    } else {
        (false, LastNotice { at_s: last.at_s, counts: counts_of(&known) })
    }
}

/// How long to wait after this many tries: one minute, four times as long after each, at most six
/// hours.
fn wait_after(n_tries: u32) -> Duration {
    let minutes = 4_u64.saturating_pow(n_tries.saturating_sub(1));
    Duration::from_secs(60).saturating_mul(u32::try_from(minutes).unwrap_or(u32::MAX)).min(LONGEST)
}

/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

fn kind_of(way: &str) -> &str {
    way.split(':').next().unwrap_or_default()
}

fn counts_of(waiting: &Waiting) -> Counts {
    waiting.iter().map(|(matter, n)| (matter.number(), n)).collect()
}

/// What a message says. A matter of a newer version is left out.
pub fn waiting_of(counts: &[(u8, u64)]) -> Waiting {
    let known = counts.iter().filter_map(|(number, n)| Some((Matter::from_number(*number)?, *n)));
    Waiting::new(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace =
        Pace { quiet: Duration::from_secs(3_600), remind: Duration::from_secs(86_400) };

    fn quarantines(n: u64) -> Waiting {
        Waiting::new([(Matter::Quarantines, n)])
    }

    #[test]
    fn news_is_told_once_after_the_quiet_and_again_when_it_still_waits_the_next_day() {
        let told = |last: &LastNotice, n, now_s| decide(last, &quarantines(n), PACE, now_s);
        let (is_due, last) = told(&LastNotice::default(), 1, 1_000);
        assert!(is_due, "the first of anything is told at once");
        assert!(!told(&last, 1, 2_000).0, "the same is no news");
        assert!(!told(&last, 2, 2_000).0, "more waits until the quiet is over");
        assert!(told(&last, 2, 4_600).0);
        assert!(!told(&last, 1, 87_399).0);
        assert!(told(&last, 1, 87_400).0, "a reminder");
        assert!(!told(&last, 0, 87_400).0, "nothing waits");
        assert!(told(&last, 2, 500).0, "the clock was set back");
    }

    #[test]
    fn what_is_about_a_referral_waits_five_minutes_after_another_message_and_no_hour() {
        for matter in Matter::ALL.iter().copied().filter(|it| it.is_urgent()) {
            let both = |n| Waiting::new([(matter, n), (Matter::Quarantines, 1)]);
            let (is_due, last) = decide(&LastNotice::default(), &both(1), PACE, 1_000);
            assert!(is_due, "{matter:?}");
            assert!(!decide(&last, &both(2), PACE, 1_299).0, "{matter:?}");
            let (is_due, last) = decide(&last, &both(2), PACE, 1_300);
            assert!(is_due, "{matter:?}");
            assert!(!decide(&last, &both(2), PACE, 4_899).0, "{matter:?}: the same is no news");
            let more = Waiting::new([(matter, 2), (Matter::Quarantines, 2)]);
            assert!(!decide(&last, &more, PACE, 1_600).0, "the rest keeps its pace");
            let shorter = Pace { quiet: Duration::from_secs(60), ..PACE };
            assert!(decide(&last, &both(3), shorter, 1_360).0, "as short as the settings have it");
        }
        assert!(!Matter::Quarantines.is_urgent() && !Matter::ConsentsEnding.is_urgent());
    }

    #[test]
    fn what_was_done_and_comes_back_is_news() {
        let (_, last) = decide(&LastNotice::default(), &quarantines(2), PACE, 1_000);
        let (is_due, last) = decide(&last, &quarantines(0), PACE, 5_000);
        assert!(!is_due);
        let (is_due, _) = decide(&last, &quarantines(1), PACE, 6_000);
        assert!(is_due);
    }

    #[test]
    fn tries_are_spread_over_a_day() {
        let waits: Vec<u64> = (1..=MAX_TRIES).map(|n| wait_after(n).as_secs() / 60).collect();
        assert_eq!(waits, [1, 4, 16, 64, 256, 360, 360, 360]);
        assert_eq!(wait_after(u32::MAX), LONGEST);
    }
}
