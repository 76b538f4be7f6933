//! Clauses: the numbers by which everything an agreement says can be named.
//!
//! A number follows from the place in the document and from nothing else, so both parties, the
//! code and the printed page use the same one:
//!
//! | Article | Subject |
//! |---|---|
//! | §1 | the parties |
//! | §2 | term, purposes, governing law, notice, the end |
//! | §3 | what the first party grants the second |
//! | §4 | what the second party grants the first |
//!
//! The first party is the one with the smaller id. Within §3 and §4 the items are the same, and
//! an item is never used again for something else.

use std::fmt;

/// A place in the agreement, such as `§4.2` or `§3.9.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause {
    /// The article.
    pub article: u8,
    /// The item within the article, from 1.
    pub item: u8,
    /// The part of the item, from 1; 0 for the item as a whole.
    pub part: u8,
}

impl Clause {
    /// The effective date.
    pub const EFFECTIVE: Self = Self::of(2, 1);
    /// The last day.
    pub const EXPIRY: Self = Self::of(2, 2);
    /// The purposes.
    pub const PURPOSES: Self = Self::of(2, 3);
    /// The governing law.
    pub const LAW: Self = Self::of(2, 4);
    /// How long before ending the agreement a party says so.
    pub const NOTICE: Self = Self::of(2, 5);
    /// How soon a breach is told.
    pub const BREACH: Self = Self::of(2, 6);
    /// Suspension by either party.
    pub const SUSPENSION: Self = Self::of(2, 7);
    /// The end, and what it brings about.
    pub const END: Self = Self::of(2, 8);
    /// What always holds: consent, stewards, victims only, release once and in batches.
    pub const ALWAYS: Self = Self::of(2, 9);

    /// A party.
    pub const fn party(position: u8) -> Self {
        Self::of(1, position + 1)
    }

    /// The item of an article.
    pub const fn of(article: u8, item: u8) -> Self {
        Self { article, item, part: 0 }
    }

    /// A part of this item.
    #[must_use]
    pub const fn part(self, part: u8) -> Self {
        Self { part, ..self }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "§{}.{}", self.article, self.item)?;
        if self.part > 0 { write!(f, ".{}", self.part) } else { Ok(()) }
    }
}

/// The items of a grant, §3 or §4.
pub mod item {
    /// Case summaries are shared.
    pub const SUMMARIES: u8 = 1;
    /// Controlled counts are answered; its parts are the dimensions.
    pub const COUNTS: u8 = 2;
    /// Referrals are offered.
    pub const REFERRALS: u8 = 3;
    /// The service directory is shared.
    pub const SERVICES: u8 = 4;
    /// Provinces.
    pub const GEOGRAPHY: u8 = 5;
    /// Minors, adults.
    pub const AGE_CLASSES: u8 = 6;
    /// The smallest group.
    pub const MIN_GROUP: u8 = 7;
    /// The smallest cell of a count.
    pub const MIN_CELL: u8 = 8;
    /// The fields and their levels; its parts are the fields.
    pub const ELEMENTS: u8 = 9;
    /// How long the receiver keeps it.
    pub const RETENTION: u8 = 10;
    /// To whom the receiver may pass it on.
    pub const ONWARD: u8 = 11;
    /// The part of the privacy budget of statistics.
    pub const BUDGET: u8 = 12;
    /// What never goes; its parts are the kinds of it.
    pub const FORBIDS: u8 = 13;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_written_as_people_cite_it() {
        assert_eq!(Clause::of(4, 2).to_string(), "§4.2");
        assert_eq!(Clause::of(3, item::ELEMENTS).part(1).to_string(), "§3.9.1");
    }
}
