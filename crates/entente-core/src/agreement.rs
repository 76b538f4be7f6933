//! Agreements: the only thing that opens a door between two organizations.
//!
//! One document per pair of organizations, in versions. Both sign the same bytes, and
//! [`Agreement::policy_for`] compiles what the code enforces from this value and nothing else. What
//! the document does not grant is refused; what it forbids is refused whatever it grants.
//!
//! This module holds the document: its terms ([`terms`]), its two grants ([`grant`]), the numbers
//! of its clauses ([`clause`]), the draft that people write ([`Agreement::from_toml`]), its states
//! ([`AgreementState`]), the difference between two versions ([`diff`]), the readable page
//! ([`Agreement::render`]) and what each may send in sentences ([`Agreement::sends`]). It does not
//! decide ([`crate::policy`]) and does not encode or sign ([`crate::envelope`]).

use std::fmt;

use jiff::civil::Date;

use crate::codes::{Code, OrgType, Purpose, Set};
use crate::count::FrameError;
use crate::identity::OrgId;
use crate::lang::{Lang, Text};

pub mod clause;
mod diff;
mod draft;
pub mod grant;
mod keys;
mod plain;
mod render;
mod state;
pub mod terms;

pub use clause::Clause;
pub use diff::{Change, ChangeKind, diff};
pub use draft::DraftError;
pub use grant::{Counts, Element, Elements, Forbids, Geography, Grant};
pub use keys::check_draft_key;
pub use render::Line;
pub use state::{AgreementState, Event, Refused, Side, Term};

use clause::item;
use grant::{MAX_COUNT_DIMENSIONS, MIN_CELL_FLOOR, MIN_GROUP_FLOOR};
use terms::{Consequence, Onward};

/// The name of an agreement: random, and the same in all its versions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgreementId(pub [u8; 16]);

impl fmt::Display for AgreementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for AgreementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgreementId({self})")
    }
}

/// What two organizations have agreed, or may agree.
///
/// Equal for both of them: the first party is the one with the smaller id, whoever wrote the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Its name.
    pub id: AgreementId,
    /// From 1.
    pub version: u32,
    /// SHA-256 of the signed bytes of the version before; `None` for version 1 only.
    pub supersedes: Option<[u8; 32]>,
    /// The parties, in the order of their ids.
    pub parties: [Party; 2],
    /// What the first party may send the second, and the second the first.
    pub grants: [Grant; 2],
    /// Which law applies to what was received.
    pub governing_law: Text,
    /// What the information may be used for. A person must have consented to each of them.
    pub purposes: Set<Purpose>,
    /// From when until when.
    pub term: Term,
    /// What happens to held summaries at the end.
    pub at_end: Consequence,
    /// How many days before ending the agreement a party says so. Suspension needs no notice.
    pub notice_days: u32,
    /// Within how many hours a party tells the other of a breach.
    pub breach_notice_hours: u32,
}

/// One of the two organizations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its identity.
    pub org: OrgId,
    /// Its legal name.
    pub name: Text,
    /// What kind of organization it is.
    pub kind: OrgType,
    /// The title, not the name, of the officer who signs for it.
    pub officer_title: Text,
    /// Whom to call when something went wrong: an office's address or number, day and night.
    pub breach_contact: String,
    /// By which law it may disclose what it sends.
    pub authority_to_disclose: Text,
    /// By which law it may collect what it receives.
    pub authority_to_collect: Text,
}

/// Something in an agreement that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub clause: Clause,
    /// What is wrong and what would be right.
    pub what: Text,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.clause, self.what.en)
    }
}

/// The longest time an agreement may run: it is looked at anew at least every five years.
pub const MAX_YEARS: i16 = 5;

/// The longest text of a clause, in characters.
pub const MAX_TEXT: usize = 2_000;

/// The most organizations that may be named for onward sharing. Arbitrary; more is a circle.
pub const MAX_NAMED: usize = 64;

/// The most days a summary may be kept: ten years, the longest retention seen in the field.
pub const MAX_RETENTION_DAYS: u32 = 3_660;

/// The most that one partner may get of a year's privacy budget, in billionths of rho: the looser
/// of the two options that were weighed, at which the best attacker's advantage is 0.31.
pub const MAX_BUDGET_NANO_RHO: u64 = 311_000_000;

impl Agreement {
    /// Whether `org` is one of the parties.
    pub fn is_party(&self, org: &OrgId) -> bool {
        self.position(org).is_some()
    }

    /// The other party, as seen from `org`; `None` if `org` is no party.
    pub fn partner_of(&self, org: &OrgId) -> Option<&Party> {
        let [first, second] = &self.parties;
        match self.position(org)? {
            0 => Some(second),
            _ => Some(first),
        }
    }

    /// What `org` may send to its partner, with the number of the grant's article.
    pub fn grant_from(&self, org: &OrgId) -> Option<(u8, &Grant)> {
        let [first, second] = &self.grants;
        match self.position(org)? {
            0 => Some((3, first)),
            _ => Some((4, second)),
        }
    }

    /// What `org` may receive from its partner, with the number of the grant's article.
    pub fn grant_to(&self, org: &OrgId) -> Option<(u8, &Grant)> {
        self.grant_from(&self.partner_of(org)?.org)
    }

    /// Everything in it that cannot be. A node signs and accepts only an agreement without any.
    pub fn problems(&self) -> Vec<Problem> {
        let mut check = Check(Vec::new());
        self.check_parties(&mut check);
        self.check_terms(&mut check);
        let [first, second] = &self.parties;
        for (article, grant, sender, receiver) in
            [(3, &self.grants[0], first, second), (4, &self.grants[1], second, first)]
        {
            check_grant(article, grant, &mut check);
            if !grant.is_empty() {
                let at = |party: &Party| Clause::party(u8::from(party.org == second.org));
                check.text(
                    at(sender).part(4),
                    "authority_to_disclose",
                    &sender.authority_to_disclose,
                );
                check.text(
                    at(receiver).part(5),
                    "authority_to_collect",
                    &receiver.authority_to_collect,
                );
            }
        }
        check.0
    }

    fn check_parties(&self, check: &mut Check) {
        let [first, second] = &self.parties;
        check.that(first.org != second.org, Clause::party(1), || {
            Text::new(
                "an organization cannot agree with itself",
                "un organisme ne peut pas conclure une entente avec lui-même",
            )
        });
        check.that(first.org <= second.org, Clause::party(0), || {
            Text::new(
                "the parties must stand in the order of their identities",
                "les parties doivent figurer dans l’ordre de leurs identités",
            )
        });
        for (party, position) in self.parties.iter().zip(0_u8..) {
            let at = Clause::party(position);
            check.text(at.part(1), "name", &party.name);
            check.text(at.part(2), "officer_title", &party.officer_title);
            check.line(at.part(3), "breach_contact", &party.breach_contact);
        }
    }

    fn check_terms(&self, check: &mut Check) {
        check.that(self.version >= 1 && (self.version == 1) == self.supersedes.is_none(), Clause::ALWAYS, || {
            Text::new(
                "version 1 replaces nothing, and every later version names the one before",
                "la version 1 ne remplace rien, et toute version ultérieure nomme la précédente",
            )
        });
        check.that(self.term.effective < self.term.expiry, Clause::EXPIRY, || {
            Text::new(
                "`expiry` must be later than `effective`",
                "«\u{a0}expiry\u{a0}» doit être postérieure à «\u{a0}effective\u{a0}»",
            )
        });
        check.that(self.term.expiry <= latest_expiry(self.term.effective), Clause::EXPIRY, || {
            Text::new(
                format!("`expiry` must be at most {MAX_YEARS} years after `effective`"),
                format!("«\u{a0}expiry\u{a0}» doit suivre «\u{a0}effective\u{a0}» de {MAX_YEARS} ans au plus"),
            )
        });
        check.that(!self.purposes.is_empty(), Clause::PURPOSES, || {
            Text::new(
                "`purposes` must name at least one purpose",
                "«\u{a0}purposes\u{a0}» doit nommer au moins une fin",
            )
        });
        check.text(Clause::LAW, "governing_law", &self.governing_law);
        check.range(Clause::NOTICE, "notice_days", self.notice_days, 0, 365);
        check.range(Clause::BREACH, "breach_notice_hours", self.breach_notice_hours, 1, 720);
        check.that(
            self.grants.iter().any(|grant| !grant.is_empty()),
            Clause::of(3, item::SUMMARIES),
            || {
                Text::new(
                    "the agreement grants nothing in either direction",
                    "l’entente n’accorde rien, ni dans un sens ni dans l’autre",
                )
            },
        );
        let own = self.parties.each_ref().map(|party| party.org);
        for (grant, article) in self.grants.iter().zip([3, 4]) {
            let Onward::Named(named) = &grant.onward else { continue };
            let fine = (1..=MAX_NAMED).contains(&named.len())
                && !own.iter().any(|party| named.contains(party));
            check.that(fine, Clause::of(article, item::ONWARD), || {
                Text::new(
                    format!("`onward` must name 1 to {MAX_NAMED} organizations other than the parties"),
                    format!("«\u{a0}onward\u{a0}» doit nommer de 1 à {MAX_NAMED} organismes autres que les parties"),
                )
            });
        }
    }

    fn position(&self, org: &OrgId) -> Option<usize> {
        self.parties.iter().position(|party| party.org == *org)
    }
}

fn check_grant(article: u8, grant: &Grant, check: &mut Check) {
    let at = |item| Clause::of(article, item);
    check.range(at(item::MIN_GROUP), "min_group_persons", grant.min_group, MIN_GROUP_FLOOR, 1_000);
    check.that(grant.budget_nano_rho <= MAX_BUDGET_NANO_RHO, at(item::BUDGET), || {
        Text::new(
            format!("`budget_nano_rho_per_year` must be at most {MAX_BUDGET_NANO_RHO}"),
            format!(
                "«\u{a0}budget_nano_rho_per_year\u{a0}» doit être d’au plus {MAX_BUDGET_NANO_RHO}"
            ),
        )
    });
    if let Some(counts) = &grant.counts {
        check.range(at(item::MIN_CELL), "min_cell_persons", counts.min_cell, MIN_CELL_FLOOR, 1_000);
        let n = counts.dimensions.len();
        check.that((1..=MAX_COUNT_DIMENSIONS).contains(&n), at(item::COUNTS), || {
            Text::new(
                format!("`dimensions` must name 1 to {MAX_COUNT_DIMENSIONS} dimensions"),
                format!(
                    "«\u{a0}dimensions\u{a0}» doit nommer de 1 à {MAX_COUNT_DIMENSIONS} dimensions"
                ),
            )
        });
        let dimensions: Vec<_> = counts.dimensions.iter().copied().collect();
        let too_many =
            matches!(terms::Dimension::frame(&dimensions), Err(FrameError::TooManyCells));
        check.that(!too_many, at(item::COUNTS), || {
            Text::new(
                "these `dimensions` together have more cells than can be protected; name fewer",
                "ces «\u{a0}dimensions\u{a0}» ont ensemble plus de cellules qu’on ne peut en protéger; nommez-en moins",
            )
        });
    }
    let asks = grant.summaries || grant.counts.is_some() || grant.budget_nano_rho > 0;
    let somewhere = !matches!(&grant.geography, Geography::Only(provinces) if provinces.is_empty());
    check.that(!asks || somewhere, at(item::GEOGRAPHY), || {
        Text::new(
            "`provinces` must be \"all\" or name at least one",
            "«\u{a0}provinces\u{a0}» doit être «\u{a0}all\u{a0}» ou en nommer au moins une",
        )
    });
    check.that(!asks || !grant.age_classes.is_empty(), at(item::AGE_CLASSES), || {
        Text::new(
            "`age_classes` must name at least one of minor, adult, unknown",
            "«\u{a0}age_classes\u{a0}» doit nommer au moins minor, adult ou unknown",
        )
    });
    if grant.summaries {
        check.range(
            at(item::RETENTION),
            "retention_days",
            grant.retention_days,
            1,
            MAX_RETENTION_DAYS,
        );
    }
}

/// The last day on which an agreement that begins on `effective` may end.
fn latest_expiry(effective: Date) -> Date {
    use jiff::ToSpan as _;
    effective.saturating_add(MAX_YEARS.years())
}

/// Collects problems.
struct Check(Vec<Problem>);

impl Check {
    fn that(&mut self, holds: bool, clause: Clause, what: impl FnOnce() -> Text) {
        if !holds {
            self.0.push(Problem { clause, what: what() });
        }
    }

    fn range(&mut self, clause: Clause, name: &str, value: u32, min: u32, max: u32) {
        self.that((min..=max).contains(&value), clause, || {
            Text::new(
                format!("`{name}` is {value}, and must be from {min} to {max}"),
                format!("«\u{a0}{name}\u{a0}» vaut {value}, et doit être de {min} à {max}"),
            )
        });
    }

    fn text(&mut self, clause: Clause, name: &str, text: &Text) {
        self.line(clause, name, &text.en);
        self.line(clause, name, &text.fr);
    }

    fn line(&mut self, clause: Clause, name: &str, line: &str) {
        let fine = !line.trim().is_empty()
            && line.chars().count() <= MAX_TEXT
            && !line.chars().any(char::is_control);
        self.that(fine, clause, || {
            Text::new(
                format!(
                    "`{name}` must be one line of 1 to {MAX_TEXT} characters, in English and in French"
                ),
                format!(
                    "«\u{a0}{name}\u{a0}» doit être une ligne de 1 à {MAX_TEXT} caractères, en anglais et en français"
                ),
            )
        });
        // One report is enough for both languages.
        self.0.dedup();
    }
}

/// The labels of codes, separated by commas; a dash if there are none.
fn list<C: Code>(codes: impl IntoIterator<Item = C>, lang: Lang) -> String {
    let labels: Vec<_> = codes.into_iter().map(|code| code.label(lang)).collect();
    if labels.is_empty() { "–".to_owned() } else { labels.join(", ") }
}

#[cfg(test)]
pub(crate) mod tests;
