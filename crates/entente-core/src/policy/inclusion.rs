//! Whose cases may be in figures for a partner: controlled counts and private statistics alike.
//!
//! The same rules as for a summary, since noise and large cells are no argument against a person's
//! no. They ask few things about a case, and many cases answer alike: [`CaseFacts`] and the consents
//! are all there is to it, so who keeps those needs no record to decide again for another partner,
//! another agreement or another day.

use std::fmt;

use jiff::civil::Date;

use crate::codes::{Code, DefinitionProfile, Exploitation, Majority, Province, Set};
use crate::consent::Consent;
use crate::identity::OrgId;
use crate::summary::Finest;

use super::{ConsentFacts, Policy, StewardDecision};

/// What a policy asks about a case beside what the person allows. Stays at home.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CaseFacts {
    /// Whether its status is one that may leave: possible or actual victim.
    pub is_victim: bool,
    /// Where the exploitation took place, if that is known.
    pub province: Option<Province>,
    /// Minor or adult at registration.
    pub majority: Majority,
    /// Whether the person is, was or may have been a minor.
    pub may_be_minor: bool,
    /// Whether the person declared an Indigenous identity.
    pub is_indigenous: bool,
    /// Forms of exploitation.
    pub exploitation: Set<Exploitation>,
    /// Definitions met.
    pub definitions: Set<DefinitionProfile>,
    /// Whether there is a community steward other than ourselves.
    pub has_steward: bool,
    /// What the steward says.
    pub steward: StewardDecision,
}

impl fmt::Debug for CaseFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Few as they are, together they may be rare.
        f.write_str("CaseFacts(..)")
    }
}

impl CaseFacts {
    /// Length of [`CaseFacts::to_bytes`].
    pub const LEN: usize = 12;

    /// What is asked about `case`, whose steward says `steward`. `ours` is ourselves.
    pub fn of(case: &Finest, steward: StewardDecision, ours: &OrgId) -> Self {
        Self {
            is_victim: case.shareable_status().is_some(),
            province: case.province(),
            majority: case.majority(),
            may_be_minor: case.may_be_minor(),
            is_indigenous: case.is_indigenous,
            exploitation: case.exploitation,
            definitions: case.definition_profiles,
            has_steward: case.steward.is_some_and(|steward| steward != *ours),
            steward,
        }
    }

    /// As bytes, for keeping.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let flags = [self.is_victim, self.may_be_minor, self.is_indigenous, self.has_steward];
        let flags = flags.iter().rev().fold(0, |flags, flag| flags << 1 | u8::from(*flag));
        let steward = STEWARD_DECISIONS.iter().position(|it| *it == self.steward);
        let [a, b, c, d] = self.exploitation.bits().to_le_bytes();
        let [e, f, g, h] = self.definitions.bits().to_le_bytes();
        let province = self.province.map_or(NONE, Code::number);
        let steward = steward.and_then(|it| u8::try_from(it).ok()).unwrap_or(NONE);
        [a, b, c, d, e, f, g, h, flags, province, self.majority.number(), steward]
    }

    /// From what [`CaseFacts::to_bytes`] made; `None` for anything else.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, flags, province, majority, steward] = bytes;
        let flag = |nth: u8| flags >> nth & 1 == 1;
        let province = match province {
            NONE => None,
            number => Some(Province::from_number(number)?),
        };
        (flags < 16).then_some(())?;
        Some(Self {
            is_victim: flag(0),
            province,
            majority: Majority::from_number(majority)?,
            may_be_minor: flag(1),
            is_indigenous: flag(2),
            exploitation: Set::from_bits(u32::from_le_bytes([a, b, c, d]))?,
            definitions: Set::from_bits(u32::from_le_bytes([e, f, g, h]))?,
            has_steward: flag(3),
            steward: *STEWARD_DECISIONS.get(usize::from(steward))?,
        })
    }
}

/// Stands for a code that is not known.
const NONE: u8 = u8::MAX;

/// In the order of their numbers.
const STEWARD_DECISIONS: [StewardDecision; 4] = [
    StewardDecision::NotNeeded,
    StewardDecision::Allowed,
    StewardDecision::Missing,
    StewardDecision::Refused,
];

/// Whose cases may be in the figures that a partner was granted. Only a decision of the policy makes
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion(pub(super) Policy);

impl Inclusion {
    /// Whether a case may be in them on the day `today`: all there is to ask, in two parts.
    pub fn includes(&self, case: &CaseFacts, consents: &[Consent], today: Date) -> bool {
        self.is_about(case) && self.is_allowed_by(consents, today)
    }

    /// The part that the case decides: the agreement grants such cases, and no steward objects.
    pub fn is_about(&self, case: &CaseFacts) -> bool {
        let mut reasons = Vec::new();
        self.0.judge_facts(case, &mut reasons);
        reasons.is_empty()
    }

    /// The part that the person decides: a consent covers every purpose that figures serve.
    pub fn is_allowed_by(&self, consents: &[Consent], today: Date) -> bool {
        let mut reasons = Vec::new();
        self.0.judge_consent(ConsentFacts::of(consents, &self.0, today), &mut reasons);
        reasons.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::summary::finest_example;

    fn facts() -> impl Strategy<Value = CaseFacts> {
        let flags = any::<[bool; 4]>();
        let codes = (0..=Province::ALL.len(), 0..Majority::ALL.len(), 0..4_usize);
        let n_forms = u32::try_from(Exploitation::ALL.len()).unwrap();
        let n_definitions = u32::try_from(DefinitionProfile::ALL.len()).unwrap();
        let sets = (0..1_u32 << n_forms, 0..1_u32 << n_definitions);
        (flags, codes, sets).prop_map(|(flags, (province, majority, steward), (forms, met))| {
            CaseFacts {
                is_victim: flags[0],
                province: Province::ALL.get(province).copied(),
                majority: Majority::ALL[majority],
                may_be_minor: flags[1],
                is_indigenous: flags[2],
                exploitation: Set::from_bits(forms).unwrap(),
                definitions: Set::from_bits(met).unwrap(),
                has_steward: flags[3],
                steward: STEWARD_DECISIONS[steward],
            }
        })
    }

    proptest! {
        #[test]
        fn facts_are_read_from_their_bytes_and_from_no_others(
            facts in facts(), at in 0..CaseFacts::LEN, byte: u8,
        ) {
            prop_assert_eq!(CaseFacts::from_bytes(facts.to_bytes()), Some(facts));
            let mut bytes = facts.to_bytes();
            bytes[at] = byte;
            let again = CaseFacts::from_bytes(bytes).map(CaseFacts::to_bytes);
            prop_assert!(again.is_none_or(|again| again == bytes));
        }
    }

    #[test]
    fn we_are_no_steward_of_our_own_records() {
        let (ours, theirs) = crate::agreement::tests::orgs();
        let steward = |org| {
            let case = Finest { steward: Some(org), ..finest_example() };
            CaseFacts::of(&case, StewardDecision::NotNeeded, &ours)
        };
        assert!(!steward(ours).has_steward);
        assert!(steward(theirs).has_steward);
        assert_eq!(format!("{:?}", steward(theirs)), "CaseFacts(..)");
    }
}
