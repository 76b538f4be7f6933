//! Duplicates: records of one organization that may be about one person.
//!
//! Pairs are proposed with reasons; a person decides, and nothing is ever merged here. Names are
//! compared folded (see `duplicates/name.rs`), in any order, since first and last names are
//! swapped, hyphenated and spelled in several orthographies. Records are compared only if they
//! share a birthdate, a number, an address or the sound of two names, so the work grows with the
//! number of records and not with its square.
//!
//! The points are our own choice, meant to err towards asking: 60 is either an identity number,
//! or a birthdate and a similar name.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;

use crate::codes::GenderShared;
use crate::lang::Lang;
use crate::record::{CaseRecord, RecordId};

mod name;

pub(crate) use name::jaro_winkler as likeness;
use name::{Name, Resemblance};

pub(crate) use name::sounds;

/// Two records that may be about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one with the lower id.
    pub one: RecordId,
    /// The other.
    pub other: RecordId,
    /// How much speaks for it, from [`PROPOSED_FROM`] up.
    pub points: i32,
    /// What speaks for it and against it.
    pub reasons: Vec<Clue>,
}

/// What speaks for or against two records being about one person. Never holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clue {
    /// An identity number is the same.
    SameIdNumber,
    /// The e-mail address is the same.
    SameEmail,
    /// A telephone number is the same.
    SamePhone,
    /// The date of birth is the same.
    SameBirthdate,
    /// The date of birth is the same, and a first of January, which often stands for "unknown".
    SameNewYearBirthdate,
    /// Day and month are swapped, or one of day, month and year differs.
    CloseBirthdate,
    /// The names are the same, in whatever order and spelling.
    SameName,
    /// The names are similar.
    SimilarName,
    /// The names are quite different.
    OtherName,
    /// The dates of birth are quite different.
    OtherBirthdate,
    /// The genders are different.
    OtherGender,
}

/// From how many points a pair is proposed.
pub const PROPOSED_FROM: i32 = 60;

/// The most records that are compared because one thing is the same. Past that, the thing (an
/// agency's telephone number, a placeholder date) says nothing about a person.
pub const MAX_ALIKE: usize = 100;

impl Clue {
    fn points(self) -> i32 {
        match self {
            Self::SameIdNumber => 60,
            Self::SameEmail => 40,
            Self::SamePhone => 25,
            Self::SameBirthdate => 35,
            Self::SameNewYearBirthdate => 15,
            Self::CloseBirthdate => 20,
            Self::SameName => 45,
            Self::SimilarName => 30,
            Self::OtherName => -30,
            Self::OtherBirthdate => -25,
            Self::OtherGender => -10,
        }
    }

    /// In words.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::SameIdNumber => lang.pick("same identity number", "même numéro d’identité"),
            Self::SameEmail => lang.pick("same e-mail", "même courriel"),
            Self::SamePhone => lang.pick("same telephone", "même téléphone"),
            Self::SameBirthdate => lang.pick("same date of birth", "même date de naissance"),
            Self::SameNewYearBirthdate => lang.pick(
                "same date of birth, but a first of January",
                "même date de naissance, mais un premier janvier",
            ),
            Self::CloseBirthdate => lang.pick("close date of birth", "date de naissance proche"),
            Self::SameName => lang.pick("same name", "même nom"),
            Self::SimilarName => lang.pick("similar name", "nom semblable"),
            Self::OtherName => lang.pick("but a different name", "mais un nom différent"),
            Self::OtherBirthdate => {
                lang.pick("but a different date of birth", "mais une date de naissance différente")
            }
            Self::OtherGender => lang.pick("but a different gender", "mais un genre différent"),
        }
    }
}

/// The pairs among `records` that may be about one person, the most likely first.
///
/// Records that are linked to one person already are not proposed again. Whoever keeps [`keys`] of many records
/// need not read all of them: see [`compare`].
pub fn propose(records: &[CaseRecord]) -> Vec<Pair> {
    let mut alike: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, record) in records.iter().enumerate() {
        for key in keys(record) {
            alike.entry(key).or_default().push(at);
        }
    }
    let mut candidates = BTreeSet::new();
    for members in alike.values().filter(|members| members.len() <= MAX_ALIKE) {
        for (nth, one) in members.iter().enumerate() {
            candidates.extend(members.iter().skip(nth + 1).map(|other| (*one, *other)));
        }
    }
    compare(records, candidates)
}

/// What a record must share with another to be compared with it: never more than [`MAX_ALIKE`] records for one
/// of these. A record without names, numbers, addresses and date of birth has none.
pub fn keys(record: &CaseRecord) -> Vec<String> {
    Known::of(record).keys()
}

/// Those of the `candidates`, places in `records`, that may be about one person, the most likely first.
pub fn compare(
    records: &[CaseRecord],
    candidates: impl IntoIterator<Item = (usize, usize)>,
) -> Vec<Pair> {
    let known: Vec<Known<'_>> = records.iter().map(Known::of).collect();
    let pair = |(one, other): (usize, usize)| known.get(one)?.compare(known.get(other)?);
    let mut pairs: Vec<_> = candidates.into_iter().filter_map(pair).collect();
    pairs.sort_by_key(Pair::order);
    pairs
}

impl Pair {
    /// By which pairs are put in order: the most likely first.
    pub fn order(&self) -> (i32, RecordId, RecordId) {
        (-self.points, self.one, self.other)
    }
}

/// A record with what is compared, folded once.
struct Known<'a> {
    record: &'a CaseRecord,
    name: Name,
    id_numbers: BTreeSet<String>,
    phones: BTreeSet<String>,
    email: Option<String>,
}

impl<'a> Known<'a> {
    fn of(record: &'a CaseRecord) -> Self {
        let names = [&record.name_first, &record.name_middle, &record.name_last];
        let names = names.into_iter().flatten().map(|name| &**name);
        let others = record.name_other.iter().map(|name| &**name);
        let bare = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
        };
        let phones = record.contact_phone.as_deref().unwrap_or_default();
        Self {
            record,
            name: Name::of(names, others),
            id_numbers: record.id_numbers.iter().map(|number| bare(number)).collect(),
            phones: phones.split(['/', ';', ',']).filter_map(last_seven_digits).collect(),
            email: record.contact_email.as_deref().map(str::to_lowercase),
        }
    }

    /// What a record must share with another to be compared with it.
    fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> =
            self.name.sounds_in_pairs().into_iter().map(|pair| format!("n{pair}")).collect();
        keys.extend(self.record.birthdate.map(|date| format!("d{date}")));
        keys.extend(self.id_numbers.iter().map(|number| format!("i{number}")));
        keys.extend(self.phones.iter().map(|phone| format!("p{phone}")));
        keys.extend(self.email.iter().map(|email| format!("e{email}")));
        keys
    }

    fn compare(&self, other: &Self) -> Option<Pair> {
        let is_linked = self.record.person_or_self() == other.record.person_or_self();
        if is_linked {
            return None;
        }
        let mut reasons = Vec::new();
        if !self.id_numbers.is_disjoint(&other.id_numbers) {
            reasons.push(Clue::SameIdNumber);
        }
        if self.email.is_some() && self.email == other.email {
            reasons.push(Clue::SameEmail);
        }
        if !self.phones.is_disjoint(&other.phones) {
            reasons.push(Clue::SamePhone);
        }
        if let (Some(one), Some(other)) = (self.record.birthdate, other.record.birthdate) {
            reasons.push(compare_dates(one, other));
        }
        reasons.extend(match self.name.compare(&other.name) {
            Resemblance::Same => Some(Clue::SameName),
            Resemblance::Similar => Some(Clue::SimilarName),
            Resemblance::Different => Some(Clue::OtherName),
            Resemblance::Unclear => None,
        });
        let genders = (self.record.gender_shared(), other.record.gender_shared());
        let is_known = |gender| gender != GenderShared::Unknown;
        if is_known(genders.0) && is_known(genders.1) && genders.0 != genders.1 {
            reasons.push(Clue::OtherGender);
        }
        let points: i32 = reasons.iter().map(|clue| clue.points()).sum();
        let (one, other) = (self.record.id, other.record.id);
        let (one, other) = (one.min(other), one.max(other));
        (points >= PROPOSED_FROM).then_some(Pair { one, other, points, reasons })
    }
}

fn compare_dates(one: Date, other: Date) -> Clue {
    let parts = |date: Date| (date.year(), date.month(), date.day());
    let ((y1, m1, d1), (y2, m2, d2)) = (parts(one), parts(other));
    let n_same = [y1 == y2, m1 == m2, d1 == d2].into_iter().filter(|same| *same).count();
    let is_swapped = y1 == y2 && (m1, d1) == (d2, m2);
    match n_same {
        3 if (m1, d1) == (1, 1) => Clue::SameNewYearBirthdate,
        3 => Clue::SameBirthdate,
        2 => Clue::CloseBirthdate,
        _ if is_swapped => Clue::CloseBirthdate,
        _ => Clue::OtherBirthdate,
    }
}

/// A number without its area code, which is often left out; `None` for an extension.
fn last_seven_digits(phone: &str) -> Option<String> {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let start = digits.len().checked_sub(7)?;
    digits.get(start..).map(|last| last.iter().collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::record::{Field, PersonRef};

    use super::*;

    fn record(id: u8, fields: &[(Field, &str)]) -> CaseRecord {
        let mut record = CaseRecord::new(RecordId([id; 16]), date(2025, 6, 30));
        for (field, text) in fields {
            record.set(*field, text).unwrap();
        }
        record
    }

    fn named(id: u8, first: &str, last: &str, born: &str) -> CaseRecord {
        let fields = [(Field::NameFirst, first), (Field::NameLast, last), (Field::Birthdate, born)];
        record(id, &fields)
    }

    /// What speaks for two people being one; empty if they are not proposed.
    fn clues(one: &CaseRecord, other: &CaseRecord) -> Vec<Clue> {
        propose(&[one.clone(), other.clone()]).pop().map(|pair| pair.reasons).unwrap_or_default()
    }

    #[test]
    fn the_same_name_and_birthdate_are_proposed_in_every_spelling() {
        let same = [Clue::SameBirthdate, Clue::SameName];
        let spellings = [
            ("Marie-Ève", "de la Tremblay"),
            ("marie eve", "Tremblay"),
            ("TREMBLAY", "Marie Ève"),
            ("Marie‑Eve", "Trèmblay de"),
        ];
        for (first, last) in spellings {
            let one = named(1, "Marie-Ève", "de la Tremblay", "2001-02-03");
            assert_eq!(clues(&one, &named(2, first, last, "2001-02-03")), same, "{first} {last}");
        }
    }

    #[test]
    fn indigenous_orthographies_meet_their_plain_spellings() {
        let pairs = [("Łukáčʔa", "Lukaca"), ("K’wásšxən", "Kwassxen"), ("Xʷəlméxʷ", "Xwelmexw")];
        for (one, other) in pairs {
            let one = named(1, one, "Exemple", "2001-02-03");
            let other = named(2, other, "Exemple", "2001-02-03");
            assert_eq!(clues(&one, &other), [Clue::SameBirthdate, Clue::SameName]);
        }
    }

    #[test]
    fn a_short_form_of_a_name_is_the_name() {
        let one = named(1, "Elizabeth", "Exemple", "2001-02-03");
        let other = named(2, "Liz", "Exemple", "2001-02-03");
        assert_eq!(clues(&one, &other), [Clue::SameBirthdate, Clue::SameName]);
    }

    #[test]
    fn a_typing_mistake_is_similar_and_another_person_is_not_proposed() {
        let one = named(1, "Katarzyna", "Exemplarska", "2001-02-03");
        let typed = named(2, "Katarzina", "Exemplaraka", "2001-02-03");
        assert_eq!(clues(&one, &typed), [Clue::SameBirthdate, Clue::SimilarName]);
        let other = named(3, "Boris", "Quux", "2001-02-03");
        assert_eq!(clues(&one, &other), []);
    }

    #[test]
    fn day_and_month_are_swapped_by_software_and_years_are_misread() {
        let one = named(1, "Ana", "Exemple", "2001-02-03");
        let swapped = named(2, "Ana", "Exemple", "2001-03-02");
        assert_eq!(clues(&one, &swapped), [Clue::CloseBirthdate, Clue::SameName]);
        let misread = named(3, "Ana", "Exemple", "2007-02-03");
        assert_eq!(clues(&one, &misread), [Clue::CloseBirthdate, Clue::SameName]);
        let far = named(4, "Ana", "Exemple", "1987-08-13");
        assert_eq!(clues(&one, &far), []);
    }

    #[test]
    fn a_first_of_january_says_little() {
        let one = named(1, "Ana", "Exemple", "2001-01-01");
        let other = named(2, "Anna", "Exampel", "2001-01-01");
        assert_eq!(clues(&one, &other), []);
        let same = named(3, "Ana", "Exemple", "2001-01-01");
        assert_eq!(clues(&one, &same), [Clue::SameNewYearBirthdate, Clue::SameName]);
    }

    #[test]
    fn a_number_is_enough_on_its_own_and_a_telephone_is_not() {
        let one =
            record(1, &[(Field::IdNumbers, "AB 123-456"), (Field::ContactPhone, "604 555-0123")]);
        let number = record(2, &[(Field::IdNumbers, "ab123456")]);
        assert_eq!(clues(&one, &number), [Clue::SameIdNumber]);
        let phone = record(3, &[(Field::ContactPhone, "+1 (604) 555 0123")]);
        assert_eq!(clues(&one, &phone), []);
    }

    #[test]
    fn records_of_one_person_are_not_proposed_again() {
        let mut one = named(1, "Ana", "Exemple", "2001-02-03");
        let mut other = named(2, "Ana", "Exemple", "2001-02-03");
        assert_eq!(propose(&[one.clone(), other.clone()]).len(), 1);
        one.person = Some(PersonRef([9; 16]));
        other.person = Some(PersonRef([9; 16]));
        assert_eq!(propose(&[one, other]), []);
    }

    #[test]
    fn records_of_which_nothing_is_known_are_not_alike() {
        let records: Vec<_> = (0..50).map(|id| record(id, &[])).collect();
        assert_eq!(propose(&records), []);
    }

    #[test]
    fn the_likeliest_pair_comes_first_whatever_the_order() {
        let mut records = [
            named(1, "Ana", "Exemple", "2001-02-03"),
            named(2, "Ana", "Exemple", "2001-03-02"),
            named(3, "Ana", "Exemple", "2001-02-03"),
        ];
        let forward = propose(&records);
        records.reverse();
        let backward = propose(&records);
        assert_eq!(forward, backward);
        assert_eq!((forward[0].one, forward[0].other), (RecordId([1; 16]), RecordId([3; 16])));
    }
}
