//! Controlled counts: exact counts of distinct persons for a partner, with what is small hidden.
//!
//! The one idea: **a period is protected once, as a whole, and every question is a look-up.** An
//! agreement names a [`Frame`]: the few dimensions its counts may use (province, form of
//! exploitation, gender, …). For each closed period the node counts its own records once over that
//! frame, and [`protect`] hides what must be hidden in the cells *and in every margin of every
//! order*. A question groups by some dimensions and fixes others to one value, so each of its
//! cells is one cell of that protected cube, and [`Answered`] keeps the cube for ever.
//!
//! Why repeated questions are safe: whatever a partner asks, in whatever order, it holds a part of
//! one table that was safe when complete. Differencing (the same question with a filter and
//! without, finer and coarser groups, complements, three questions of which no two are enough)
//! is arithmetic on that table, and the protection is a statement about all such arithmetic. There
//! is no history of questions to audit, no limit on their number, and the same question has the
//! same answer. The price: more is hidden than one question alone would need, and a dimension
//! outside the frame is refused for a period that was already answered ([`Refusal::WouldReveal`]).
//!
//! **What is promised** of a [`Protected`] table, to a reader who knows every shown cell, every
//! flag and the rules themselves (`lt5` is below the minimum; `comp` is at least the minimum):
//!
//! 1. *Spread.* Each count in `1..min_cell`, in a cell or a margin, shown as a flag or withheld,
//!    could still be any of at least [`Rules::spread`] neighbouring values; so could 0 where zeros
//!    are not shown. This is proved by witness: for each such value there is another table of whole,
//!    non-negative counts with the same shown numbers and the same flags. Tightening bounds can find
//!    a leak but never show that there is none; a witness does.
//! 2. *Groups.* In every line (a total and its parts along one dimension) of a total that is not
//!    itself small, the hidden parts together count `min_cell` persons or more.
//! 3. *Nesting.* Two shown counts, one within the other, differ by 0 or by `min_cell` or more.
//! 4. *Nothing hidden in vain.* A count of `min_cell` or more that was hidden to protect another could
//!    have at least one other value, by witness too. One that is withheld with its level and follows
//!    from what is shown, line by line (`count/lines.rs`), is shown: where all of a total are women, the
//!    women of each age are the total of that age.
//!
//! The witnesses are *hypercube moves* (Giessing and Repsilber's hypercube method, here on the cube
//! extended by its margins): see `count/protect.rs`. If they do not suffice at the finest level, that
//! whole level is withheld, but for what follows anyway, and the next coarser one is tried; the last
//! resort is the total alone.
//!
//! **What is not promised.** A reader who replays this very program on every table that fits may
//! exclude some values, since the cheapest cells are hidden first; thresholds are not noise, and what
//! is published goes through private statistics instead. Two partners with *different* frames for one
//! period can compare notes: use one frame for all, then all get the same table. A person must fall
//! in exactly one cell of the frame: a list-valued field needs a category for "several". Whether
//! a period is closed, which records count, and signatures are the caller's.

mod answered;
mod lines;
mod merge;
mod moves;
mod protect;
#[cfg(test)]
mod red_team;
mod table;

pub use answered::{Answered, MalformedHistory, Refusal};
pub use merge::{Coverage, Flag, Merged, MergedCell, NotAlike, merge};
pub use protect::{Cell, Protected, Rules, Zeros, protect};
pub use table::{Dimension, Frame, FrameError, Question, Table, TableError};
