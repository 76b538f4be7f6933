//! The overlap round: how many persons are known to which lists, without anybody comparing names.
//!
//! Once a year organizations that choose to may find out how their lists overlap. A list is a kind
//! of organization (police, shelters, a hotline) or one organization. Two *helpers* and a
//! *coordinator*, run by three different organizations, work together:
//!
//! 1. Each of the three makes a share of a key for this round ([`Helper::begin`],
//!    [`Coordinator::begin`]) and proves that it knows it.
//! 2. Each organization turns its persons into points that nobody can turn back, encrypts them
//!    under all three shares at once ([`contribute()`]), and sends them to the first helper.
//! 3. The first helper multiplies every point by a number that only it knows, takes its share of
//!    the key off, adds dummies, and shuffles ([`Helper::mix`]); the second helper does the same.
//! 4. The coordinator takes its own share off ([`Coordinator::count`]). Equal points are one
//!    person, of whom nothing is left but on which lists they are. It gets a noisy
//!    [`Histogram`], and everybody destroys their keys, since each of these steps consumes them.
//!
//! To test a name, the numbers of *both* helpers are needed; a helper and the coordinator together
//! have one. What the coordinator sees is differentially private towards it and either helper: each
//! adds the full noise ([`Noise`]).
//!
//! **What is not promised.** The three follow the steps: nothing proves that a helper shuffled.
//! Two helpers together with the coordinator can test names. The noise covers persons whom at most
//! [`Terms::per_list`] organizations of one list know; an organization that sends somebody more
//! often than that and works with the coordinator can see whether they are on another list. The
//! reasons, and what was rejected, are in `docs/decisions/0024-overlap-round.md`.
//!
//! No I/O is here: every message has bytes, is bounded, and is parsed once.

mod batch;
mod contribute;
mod draft;
mod histogram;
mod keys;
mod linkage;
mod mix;
mod noise;
mod outcome;
mod page;
mod parcel;
mod round;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Contribution, Malformed, Stage};
pub use contribute::{Contributed, MatchKey, NotContributed, contribute};
pub use draft::{DraftError, draft_toml};
pub use histogram::{Bounds, Coordinator, Histogram};
pub use keys::{JointKey, PublicShare, Role, ShareError};
pub use linkage::{Linkage, LinkageFigures};
pub use mix::{Helper, MixError};
pub use noise::Noise;
pub use outcome::{Counted, CountedFault};
pub use parcel::{Maker, Paid, Parcel};
pub use round::{Charge, Past, Refused, Round, RoundId, Terms, TermsError, admit};
