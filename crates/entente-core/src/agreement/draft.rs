//! Drafts: the TOML that people write and two organizations turn into an agreement.
//!
//! A draft says "ours" and "theirs", "we send" and "they send"; the agreement it becomes has the
//! same order for both. Anything unknown is an error, so a misspelt field does not fall back to
//! "withheld" (or worse) in silence. `config/agreements` holds three commented drafts.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::clause::Clause;
use super::grant::{Counts, Elements, Forbids, Geography, Grant};
use super::terms::Onward;
use super::{Agreement, AgreementId, Party, Problem, Term};
use crate::codes::{Code, Province, Set};
use crate::identity::OrgId;
use crate::lang::{Lang, Text};

/// Why a text is not the draft of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// It is not TOML, or a key is unknown or missing. Says where.
    #[error("the draft cannot be read: {0}")]
    Toml(String),
    /// A value is no word of the list it must come from.
    #[error("`{place}` must be one of: {allowed}")]
    Word {
        /// Which key, for example `we_send.fields.age`.
        place: String,
        /// The words it may be.
        allowed: String,
    },
    /// Everything could be read, and some of it cannot be.
    #[error("the draft cannot become an agreement: {}", sentences(.0, Lang::En))]
    Problems(Vec<Problem>),
}

impl DraftError {
    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Fr, Self::Toml(detail)) => {
                format!("impossible de lire l’ébauche\u{a0}: {detail}")
            }
            (Lang::Fr, Self::Word { place, allowed }) => {
                format!("«\u{a0}{place}\u{a0}» doit être l’un des mots suivants\u{a0}: {allowed}")
            }
            (Lang::Fr, Self::Problems(problems)) => {
                format!(
                    "l’ébauche ne peut pas devenir une entente\u{a0}: {}",
                    sentences(problems, lang)
                )
            }
        }
    }
}

fn sentences(problems: &[Problem], lang: Lang) -> String {
    let each = problems.iter().map(|it| format!("{} {}", it.clause, it.what.in_lang(lang)));
    each.collect::<Vec<_>>().join("; ")
}

impl Agreement {
    /// Reads a draft, as version 1 of the agreement `id` between `ours` and `theirs`.
    pub fn from_toml(
        draft: &str,
        ours: &OrgId,
        theirs: &OrgId,
        id: AgreementId,
    ) -> Result<Self, DraftError> {
        let draft: Draft =
            toml::from_str(draft).map_err(|error| DraftError::Toml(error.to_string()))?;
        let agreement = draft.between(ours, theirs, id)?;
        match agreement.problems() {
            problems if problems.is_empty() => Ok(agreement),
            problems => Err(DraftError::Problems(problems)),
        }
    }

    /// The same document as the next version of `before`, whose signed bytes hash to `supersedes`.
    #[must_use]
    pub fn amending(self, before: &Self, supersedes: [u8; 32]) -> Self {
        let version = before.version.saturating_add(1);
        Self { id: before.id, version, supersedes: Some(supersedes), ..self }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    effective: toml::value::Datetime,
    expiry: toml::value::Datetime,
    purposes: Vec<String>,
    at_end: String,
    notice_days: u32,
    breach_notice_hours: u32,
    governing_law: Pair,
    ours: DraftParty,
    theirs: DraftParty,
    we_send: Option<DraftGrant>,
    they_send: Option<DraftGrant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftParty {
    name: Pair,
    kind: String,
    officer_title: Pair,
    breach_contact: String,
    #[serde(default)]
    authority_to_disclose: Pair,
    #[serde(default)]
    authority_to_collect: Pair,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftGrant {
    #[serde(default)]
    summaries: bool,
    #[serde(default)]
    referrals: bool,
    #[serde(default)]
    services: bool,
    provinces: OneOrMany,
    age_classes: Vec<String>,
    #[serde(default = "default_min_group")]
    min_group_persons: u32,
    #[serde(default)]
    retention_days: u32,
    onward: OneOrMany,
    #[serde(default)]
    budget_nano_rho_per_year: u64,
    fields: Option<DraftFields>,
    counts: Option<DraftCounts>,
    #[serde(default)]
    forbid: DraftForbid,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftFields {
    period: Option<String>,
    place: Option<String>,
    gender: Option<String>,
    age: Option<String>,
    citizenship: Option<String>,
    #[serde(default)]
    details: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftCounts {
    period: String,
    dimensions: Vec<String>,
    min_cell_persons: u32,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct DraftForbid {
    #[serde(default)]
    exploitation: Vec<String>,
    #[serde(default)]
    indigenous: bool,
    #[serde(default)]
    minors: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Pair {
    en: String,
    fr: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a word in quotes, or a list of them in brackets")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn default_min_group() -> u32 {
    super::grant::MIN_GROUP_DEFAULT
}

impl Draft {
    fn between(
        self,
        ours: &OrgId,
        theirs: &OrgId,
        id: AgreementId,
    ) -> Result<Agreement, DraftError> {
        let our_party = self.ours.party(*ours, "ours")?;
        let their_party = self.theirs.party(*theirs, "theirs")?;
        let we_send = grant(self.we_send, "we_send")?;
        let they_send = grant(self.they_send, "they_send")?;
        let (parties, grants) = if ours <= theirs {
            ([our_party, their_party], [we_send, they_send])
        } else {
            ([their_party, our_party], [they_send, we_send])
        };

        Ok(Agreement {
            id,
            version: 1,
            supersedes: None,
            parties,
            grants,
            governing_law: self.governing_law.into(),
            purposes: words(&self.purposes, "purposes")?.into_iter().collect(),
            term: Term {
                effective: day(&self.effective, Clause::EFFECTIVE)?,
                expiry: day(&self.expiry, Clause::EXPIRY)?,
            },
            at_end: word(&self.at_end, "at_end")?,
            notice_days: self.notice_days,
            breach_notice_hours: self.breach_notice_hours,
        })
    }
}

impl DraftParty {
    fn party(self, org: OrgId, table: &str) -> Result<Party, DraftError> {
        Ok(Party {
            org,
            name: self.name.into(),
            kind: word(&self.kind, &format!("{table}.kind"))?,
            officer_title: self.officer_title.into(),
            breach_contact: self.breach_contact,
            authority_to_disclose: self.authority_to_disclose.into(),
            authority_to_collect: self.authority_to_collect.into(),
        })
    }
}

impl From<Pair> for Text {
    fn from(pair: Pair) -> Self {
        Self::new(pair.en, pair.fr)
    }
}

fn grant(draft: Option<DraftGrant>, table: &str) -> Result<Grant, DraftError> {
    let Some(draft) = draft else { return Ok(Grant::nothing()) };
    let key = |name: &str| format!("{table}.{name}");
    let forms = words(&draft.forbid.exploitation, &key("forbid.exploitation"))?;
    Ok(Grant {
        summaries: draft.summaries,
        counts: draft.counts.map(|it| counts(&it, &key("counts"))).transpose()?,
        referrals: draft.referrals,
        services: draft.services,
        geography: geography(&draft.provinces, &key("provinces"))?,
        age_classes: words(&draft.age_classes, &key("age_classes"))?
            .into_iter()
            .collect::<Set<_>>(),
        min_group: draft.min_group_persons,
        elements: match draft.fields {
            Some(fields) => elements(&fields, &key("fields"))?,
            None => Elements::withheld(),
        },
        retention_days: draft.retention_days,
        onward: onward(&draft.onward, &key("onward"))?,
        budget_nano_rho: draft.budget_nano_rho_per_year,
        forbids: Forbids {
            exploitation: forms.into_iter().collect(),
            indigenous: draft.forbid.indigenous,
            minors: draft.forbid.minors,
        },
    })
}

fn counts(draft: &DraftCounts, table: &str) -> Result<Counts, DraftError> {
    Ok(Counts {
        period: word(&draft.period, &format!("{table}.period"))?,
        dimensions: words(&draft.dimensions, &format!("{table}.dimensions"))?.into_iter().collect(),
        min_cell: draft.min_cell_persons,
    })
}

fn elements(draft: &DraftFields, table: &str) -> Result<Elements, DraftError> {
    let DraftFields { period, place, gender, age, citizenship, details } = draft;
    let withheld = Elements::withheld();
    Ok(Elements {
        period: level(period.as_deref(), withheld.period, &format!("{table}.period"))?,
        place: level(place.as_deref(), withheld.place, &format!("{table}.place"))?,
        gender: level(gender.as_deref(), withheld.gender, &format!("{table}.gender"))?,
        age: level(age.as_deref(), withheld.age, &format!("{table}.age"))?,
        citizenship: level(
            citizenship.as_deref(),
            withheld.citizenship,
            &format!("{table}.citizenship"),
        )?,
        details: words(details, &format!("{table}.details"))?.into_iter().collect(),
    })
}

fn level<C: Code>(text: Option<&str>, otherwise: C, place: &str) -> Result<C, DraftError> {
    text.map_or(Ok(otherwise), |text| word(text, place))
}

fn geography(draft: &OneOrMany, place: &str) -> Result<Geography, DraftError> {
    match draft {
        OneOrMany::One(all) if all == "all" => Ok(Geography::Everywhere),
        OneOrMany::One(one) => Ok(Geography::Only(BTreeSet::from([province(one, place)?]))),
        OneOrMany::Many(many) => {
            let provinces: Result<_, _> = many.iter().map(|it| province(it, place)).collect();
            provinces.map(Geography::Only)
        }
    }
}

/// A province by its postal abbreviation, which is what people know, or by its SGC code.
fn province(text: &str, place: &str) -> Result<Province, DraftError> {
    let position = ABBREVIATIONS.iter().position(|it| it.eq_ignore_ascii_case(text.trim()));
    let by_abbreviation = position.and_then(|it| Province::ALL.get(it)).copied();
    by_abbreviation.or_else(|| Province::parse(text).ok()).ok_or_else(|| DraftError::Word {
        place: place.to_owned(),
        allowed: format!("all, {}", ABBREVIATIONS.join(", ")),
    })
}

/// The abbreviations of Canada Post, in the order of the code list.
const ABBREVIATIONS: [&str; 13] =
    ["NL", "PE", "NS", "NB", "QC", "ON", "MB", "SK", "AB", "BC", "YT", "NT", "NU"];

fn onward(draft: &OneOrMany, place: &str) -> Result<Onward, DraftError> {
    let wrong = || DraftError::Word {
        place: place.to_owned(),
        allowed: "never, circle, [identities of organizations]".to_owned(),
    };
    match draft {
        OneOrMany::One(text) if text == "never" => Ok(Onward::Never),
        OneOrMany::One(text) if text == "circle" => Ok(Onward::Circle),
        OneOrMany::One(_) => Err(wrong()),
        OneOrMany::Many(ids) => {
            let ids: Result<_, _> = ids.iter().map(|id| id.parse().map_err(|_| wrong())).collect();
            ids.map(Onward::Named)
        }
    }
}

fn word<C: Code>(text: &str, place: &str) -> Result<C, DraftError> {
    C::parse(text).map_err(|_| DraftError::Word {
        place: place.to_owned(),
        allowed: C::ALL.iter().map(|code| code.code()).collect::<Vec<_>>().join(", "),
    })
}

fn words<C: Code>(texts: &[String], place: &str) -> Result<Vec<C>, DraftError> {
    texts.iter().map(|text| word(text, place)).collect()
}

/// A calendar day; a time of day or an offset would be meaningless in an agreement.
fn day(value: &toml::value::Datetime, clause: Clause) -> Result<Date, DraftError> {
    let parsed = match (value.date, value.time, value.offset) {
        (Some(date), None, None) => date.to_string().parse::<Date>().ok(),
        _ => None,
    };
    parsed.filter(|date| crate::period::YEARS.contains(&date.year())).ok_or_else(|| {
        DraftError::Problems(vec![Problem {
            clause,
            what: Text::new(
                "must be a day such as 2026-04-01, from 1900 to 2199, without quotes or time",
                "doit être un jour comme 2026-04-01, de 1900 à 2199, sans guillemets ni heure",
            ),
        }])
    })
}
