//! Code lists: the closed vocabularies of a case, with their labels in English and French.
//!
//! Everything that leaves a node about a case is made of these codes, so a free word cannot. A
//! code has a stable text form (in files and on screen) and a stable number (on the wire and in
//! tables). Lists only grow, and only at their end: a number is never used again for something
//! else.
//!
//! The lists themselves are in `codes/lists.rs`, `codes/case_lists.rs` and `codes/referral_lists.rs`. What each code corresponds to in CTDC, HTCDS, NIEM and
//! other standards is in `docs/DATA_MODEL.md`.

use std::fmt;
use std::marker::PhantomData;

use crate::lang::Lang;

mod case_lists;
mod lists;
mod referral_lists;

pub use case_lists::*;
pub(crate) use lists::code_list;
pub use lists::*;
pub use referral_lists::*;

/// One value of a code list.
pub trait Code: Copy + Eq + Ord + fmt::Debug + Send + Sync + 'static {
    /// The list's name, for example `exploitation`.
    const LIST: &'static str;

    /// All values, in the order of their numbers.
    const ALL: &'static [Self];

    /// The text form, for example `forced_labour`.
    fn code(self) -> &'static str;

    /// What a person reads.
    fn label(self, lang: Lang) -> &'static str;

    /// The stable number: the position in the list, from 0.
    fn number(self) -> u8;

    /// The value with this number, if there is one.
    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Parses the text form. Case and surrounding space do not matter.
    fn parse(text: &str) -> Result<Self, UnknownCode> {
        let text = text.trim();
        let found = Self::ALL.iter().find(|value| value.code().eq_ignore_ascii_case(text));
        found.copied().ok_or(UnknownCode { list: Self::LIST })
    }
}

/// A text that is in no code list.
///
/// Names the list and not the text: what stands in the wrong column may be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code of the list `{list}`")]
pub struct UnknownCode {
    /// The list that was expected.
    pub list: &'static str,
}

/// A set of codes of one list, as bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set<C> {
    bits: u32,
    of: PhantomData<fn() -> C>,
}

impl<C: Code> Set<C> {
    /// No codes.
    pub const EMPTY: Self = Self { bits: 0, of: PhantomData };

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.bits.count_ones() as usize
    }

    /// Whether `code` is one of them.
    pub fn contains(self, code: C) -> bool {
        self.bits & bit(code) != 0
    }

    /// The same with `code`.
    #[must_use]
    pub fn with(self, code: C) -> Self {
        Self { bits: self.bits | bit(code), of: PhantomData }
    }

    /// The codes that are in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self { bits: self.bits & other.bits, of: PhantomData }
    }

    /// The codes, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = C> {
        C::ALL.iter().copied().filter(move |code| self.contains(*code))
    }

    /// One bit per code, the lowest for number 0.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// The set with these bits; `None` if a bit has no code.
    pub fn from_bits(bits: u32) -> Option<Self> {
        let known = C::ALL.iter().fold(0, |all, code| all | bit(*code));
        (bits & !known == 0).then_some(Self { bits, of: PhantomData })
    }

    /// Parses codes separated by `;`, `,` or `|`. An empty text is the empty set.
    pub fn parse(text: &str) -> Result<Self, UnknownCode> {
        text.split([';', ',', '|'])
            .filter(|part| !part.trim().is_empty())
            .try_fold(Self::EMPTY, |set, part| Ok(set.with(C::parse(part)?)))
    }

    /// The codes in their text form, separated by `;`.
    pub fn text(self) -> String {
        self.iter().map(C::code).collect::<Vec<_>>().join(";")
    }

    /// The labels, separated by commas.
    pub fn labels(self, lang: Lang) -> String {
        self.iter().map(|code| code.label(lang)).collect::<Vec<_>>().join(", ")
    }
}

fn bit<C: Code>(code: C) -> u32 {
    // No list has more than 32 values where sets of it are kept; a test holds this.
    1_u32.checked_shl(u32::from(code.number())).unwrap_or(0)
}

impl<C> Default for Set<C> {
    fn default() -> Self {
        Self { bits: 0, of: PhantomData }
    }
}

impl<C: Code> fmt::Debug for Set<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<C: Code> FromIterator<C> for Set<C> {
    fn from_iter<I: IntoIterator<Item = C>>(codes: I) -> Self {
        codes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_text_and_its_number() {
        assert_eq!(Exploitation::parse(" Forced_Labour "), Ok(Exploitation::ForcedLabour));
        assert_eq!(Exploitation::from_number(1), Some(Exploitation::ForcedLabour));
        assert_eq!(Exploitation::ForcedLabour.number(), 1);
        assert_eq!(Exploitation::parse("nonsense"), Err(UnknownCode { list: "exploitation" }));
        assert_eq!(Exploitation::from_number(200), None);
    }

    #[test]
    fn a_set_is_read_and_written_in_the_order_of_the_list() {
        let set = Set::<Means>::parse("deception; force_threat").unwrap();
        assert_eq!(set.text(), "force_threat;deception");
        assert_eq!(Set::from_bits(set.bits()), Some(set));
        assert_eq!(Set::<Means>::from_bits(1 << 31), None);
        assert_eq!(Set::<Means>::parse(""), Ok(Set::EMPTY));
    }

    /// Breaks if a label is missing in one language, or a code stands twice in a list.
    fn check<C: Code>() {
        assert!(C::ALL.len() <= 64);
        for (position, code) in C::ALL.iter().enumerate() {
            assert_eq!(usize::from(code.number()), position);
            assert!(!code.label(Lang::En).is_empty() && !code.label(Lang::Fr).is_empty());
            assert_eq!(C::parse(code.code()).as_ref(), Ok(code));
        }
    }

    #[test]
    fn every_list_has_both_languages_and_no_code_twice() {
        check::<OrgType>();
        check::<Pillar>();
        check::<Gender>();
        check::<Exploitation>();
        check::<Control>();
        check::<Need>();
        check::<Province>();
        check::<Cma>();
        check::<Race>();
        check::<Purpose>();
        check::<Indicator>();
        check::<DatePrecision>();
        check::<MergedControl>();
        check::<SexualOrientation>();
        check::<Education>();
        check::<MaritalStatus>();
        check::<Venue>();
        check::<WorkPermit>();
        check::<TrpStage>();
        check::<CaseOutcome>();
        check::<CaseStatus>();
        check::<GivenBy>();
        check::<OverrideReason>();
        check::<Urgency>();
        check::<ReferralStatus>();
        check::<ReferralOutcome>();
        check::<Barrier>();
        check::<SafetyFlag>();
        check::<AccessNeed>();
        check::<Dependants>();
        check::<StatusGroup>();
    }

    #[test]
    fn lists_kept_as_sets_fit_in_32_bits() {
        let sizes = [
            Act::ALL.len(),
            Means::ALL.len(),
            Control::ALL.len(),
            Exploitation::ALL.len(),
            LabourSector::ALL.len(),
            SexualType::ALL.len(),
            RecruiterRelation::ALL.len(),
            RecruitmentMethod::ALL.len(),
            Race::ALL.len(),
            Need::ALL.len(),
            Offence::ALL.len(),
            DefinitionProfile::ALL.len(),
            ConsentScope::ALL.len(),
            Purpose::ALL.len(),
            Indicator::ALL.len(),
            MergedControl::ALL.len(),
        ];
        assert!(sizes.into_iter().all(|size| size <= 32));
    }
}
