//! Matching: which services might take a need on, in which order, and why.
//!
//! A rank is a sum of points, and every point has a coded reason beside it; nothing else counts.
//! What a service certainly cannot do (none of the needs, another province, no minors) excludes it,
//! with the reason; what is not known about it costs nothing and brings nothing. Who may be asked at
//! all is the policy's to say, not this module's.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::codes::{
    AccessNeed, Code, Dependants, GenderShared, Majority, Need, OrgType, Province, SafetyFlag, Set,
    StatusGroup, Urgency,
};
use crate::consent::enforces_the_law;
use crate::identity::OrgId;
use crate::lang::{Lang, Text};
use crate::record::Language;
use crate::service::{Capacity, Group};

use super::NeedCard;

mod listed;

/// After so many days nobody may rely on what a service says of itself any more.
pub const STALE_DAYS: i32 = 180;

/// A service that might take a need on. What is not known is `None` or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Whose service it is.
    pub partner: OrgId,
    /// What kind of organization that is.
    pub kind: OrgType,
    /// The service's id at its organization; empty where only the organization is known.
    pub service: String,
    /// What it is called.
    pub name: Text,
    /// The needs it answers; none if that is not known.
    pub needs: Set<Need>,
    /// Where it serves; none if that is not known.
    pub provinces: BTreeSet<Province>,
    /// In which languages.
    pub languages: Vec<Language>,
    /// Whether it has interpreters.
    pub interprets: Option<bool>,
    /// Whom, by age; none if that is not known.
    pub ages: Set<Majority>,
    /// Whom, by gender; none if that is not known or does not matter.
    pub genders: Set<GenderShared>,
    /// For whom it is accessible; none if that is not known.
    pub access: Set<AccessNeed>,
    /// Whether it is made for Indigenous people.
    pub indigenous: bool,
    /// Whether children may come along.
    pub takes_children: Option<bool>,
    /// Whether a person without immigration status is served.
    pub accepts_no_status: Option<bool>,
    /// How many beds, rooms or places are free and for whom, where that was said lately.
    pub free: Vec<Capacity>,
    /// Whether it is open now.
    pub open_now: Option<bool>,
    /// When somebody last confirmed all this.
    pub assured_on: Option<Date>,
}

impl Candidate {
    /// A partner of which nothing is known but that it may be asked.
    pub fn partner_only(partner: OrgId, kind: OrgType, name: Text) -> Self {
        Self {
            partner,
            kind,
            service: String::new(),
            name,
            needs: Set::EMPTY,
            provinces: BTreeSet::new(),
            languages: Vec::new(),
            interprets: None,
            ages: Set::EMPTY,
            genders: Set::EMPTY,
            access: Set::EMPTY,
            indigenous: false,
            takes_children: None,
            accepts_no_status: None,
            free: Vec::new(),
            open_now: None,
            assured_on: None,
        }
    }
}

/// One reason for a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchReason {
    /// It answers this need.
    Answers(Need),
    /// It does not.
    DoesNotAnswer(Need),
    /// It answers none of them.
    AnswersNothing,
    /// It serves where the person wants the service.
    ServesArea,
    /// It does not.
    OtherArea,
    /// It speaks the language.
    SpeaksLanguage,
    /// It has interpreters.
    Interprets,
    /// It neither speaks the language nor has interpreters.
    OtherLanguage,
    /// It does not serve this age.
    OtherAge,
    /// It does not serve this gender.
    OtherGender,
    /// It has what the person needs to use it.
    Accessible(AccessNeed),
    /// It says what it has, and not that.
    NotAccessible(AccessNeed),
    /// It is a service of Indigenous people or for them, and one is wanted.
    Indigenous,
    /// Children may come along.
    TakesChildren,
    /// They may not.
    NoChildren,
    /// It serves persons without status.
    AcceptsNoStatus,
    /// It does not.
    RefusesNoStatus,
    /// It has free places.
    HasPlaces,
    /// It is full.
    Full,
    /// It is open now, and it is urgent.
    OpenNow,
    /// It is closed now, and it is urgent.
    ClosedNow,
    /// What it says of itself was not confirmed lately.
    Stale,
    /// It enforces the law, and the person wants no contact with the police.
    PoliceNotWanted,
    /// Nothing is known of its services.
    NothingKnown,
}

impl MatchReason {
    /// Text form.
    pub fn code(self) -> &'static str {
        match self {
            Self::Answers(_) => "answers_need",
            Self::DoesNotAnswer(_) => "need_not_answered",
            Self::AnswersNothing => "no_need_answered",
            Self::ServesArea => "serves_area",
            Self::OtherArea => "other_area",
            Self::SpeaksLanguage => "speaks_language",
            Self::Interprets => "interprets",
            Self::OtherLanguage => "other_language",
            Self::OtherAge => "other_age",
            Self::OtherGender => "other_gender",
            Self::Accessible(_) => "accessible",
            Self::NotAccessible(_) => "not_accessible",
            Self::Indigenous => "indigenous_service",
            Self::TakesChildren => "takes_children",
            Self::NoChildren => "no_children",
            Self::AcceptsNoStatus => "accepts_no_status",
            Self::RefusesNoStatus => "refuses_no_status",
            Self::HasPlaces => "has_places",
            Self::Full => "full",
            Self::OpenNow => "open_now",
            Self::ClosedNow => "closed_now",
            Self::Stale => "stale",
            Self::PoliceNotWanted => "police_not_wanted",
            Self::NothingKnown => "nothing_known",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> String {
        let pick = |en: &str, fr: &str| lang.pick(en, fr).to_owned();
        let of = |en: &str, fr: &str, label: &str| match lang {
            Lang::En => format!("{en}: {label}"),
            Lang::Fr => format!("{fr}\u{a0}: {label}"),
        };
        match self {
            Self::Answers(need) => of("answers", "répond à", need.label(lang)),
            Self::DoesNotAnswer(need) => of("does not answer", "ne répond pas à", need.label(lang)),
            Self::Accessible(access) => of("accessible", "accessible", access.label(lang)),
            Self::NotAccessible(access) => {
                of("not said to be accessible", "accessibilité non confirmée", access.label(lang))
            }
            Self::AnswersNothing => {
                pick("answers none of the needs", "ne répond à aucun des besoins")
            }
            Self::ServesArea => pick("serves the area", "dessert la région"),
            Self::OtherArea => pick("serves another area", "dessert une autre région"),
            Self::SpeaksLanguage => pick("speaks the language", "offre le service dans la langue"),
            Self::Interprets => pick("has interpreters", "offre l’interprétation"),
            Self::OtherLanguage => {
                pick("neither language nor interpreter", "ni la langue ni l’interprétation")
            }
            Self::OtherAge => pick("does not serve this age", "ne sert pas ce groupe d’âge"),
            Self::OtherGender => pick("does not serve this gender", "ne sert pas ce genre"),
            Self::Indigenous => {
                pick("of Indigenous people, or for them", "autochtone ou destiné aux Autochtones")
            }
            Self::TakesChildren => pick("takes children", "accueille les enfants"),
            Self::NoChildren => pick("takes no children", "n’accueille pas les enfants"),
            Self::AcceptsNoStatus => {
                pick("serves persons without status", "sert les personnes sans statut")
            }
            Self::RefusesNoStatus => pick(
                "does not serve persons without status",
                "ne sert pas les personnes sans statut",
            ),
            Self::HasPlaces => pick("has free places", "a des places libres"),
            Self::Full => pick("is full", "est complet"),
            Self::OpenNow => pick("is open now", "est ouvert en ce moment"),
            Self::ClosedNow => pick("is closed now", "est fermé en ce moment"),
            Self::Stale => pick(
                "was not confirmed in the last 180 days",
                "n’a pas été confirmé depuis 180 jours",
            ),
            Self::PoliceNotWanted => pick(
                "enforces the law, and the person wants no contact with the police",
                "applique la loi, et la personne ne veut aucun contact avec la police",
            ),
            Self::NothingKnown => {
                pick("nothing is known of its services", "rien n’est connu de ses services")
            }
        }
    }

    /// Whether it rules the service out, and else what it is worth.
    fn weight(self, card: &NeedCard) -> Option<i32> {
        let place = |need| card.needs.iter().position(|it| *it == need).unwrap_or_default();
        // The first need counts as much as the third, fourth and fifth together.
        let of_need = |need| 60 - 12 * i32::try_from(place(need)).unwrap_or_default();
        Some(match self {
            Self::AnswersNothing
            | Self::OtherArea
            | Self::OtherAge
            | Self::OtherGender
            | Self::NoChildren
            | Self::RefusesNoStatus
            | Self::PoliceNotWanted => return None,
            Self::Answers(need) => of_need(need),
            Self::DoesNotAnswer(need) => -of_need(need) / 2,
            Self::ServesArea => 20,
            Self::SpeaksLanguage | Self::Indigenous => 15,
            Self::Interprets => 8,
            Self::OtherLanguage => -15,
            Self::Accessible(_) => 6,
            Self::NotAccessible(_) => -12,
            Self::TakesChildren | Self::AcceptsNoStatus => 8,
            Self::HasPlaces => 18,
            Self::Full => -30,
            Self::OpenNow => 12,
            Self::ClosedNow => -12,
            Self::Stale => -10,
            Self::NothingKnown => 0,
        })
    }
}

/// How well a service fits, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The service.
    pub candidate: Candidate,
    /// The sum of the points of all reasons. Meaningless for a service that is ruled out.
    pub score: i32,
    /// Every reason, with its points; `None` for one that rules the service out.
    pub reasons: Vec<(MatchReason, Option<i32>)>,
}

impl Match {
    /// Whether nothing rules it out.
    pub fn fits(&self) -> bool {
        self.reasons.iter().all(|(_, points)| points.is_some())
    }
}

/// Ranks services for a card: those that fit before those that do not, the best first, and equal
/// ones in the order of organization and service, so that the same question has the same answer.
pub fn rank(
    card: &NeedCard,
    candidates: impl IntoIterator<Item = Candidate>,
    today: Date,
) -> Vec<Match> {
    let mut matches: Vec<Match> =
        candidates.into_iter().map(|candidate| judge(card, candidate, today)).collect();
    matches.sort_by(|a, b| {
        let key = |it: &Match| (!it.fits(), std::cmp::Reverse(it.score));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.candidate.partner.cmp(&b.candidate.partner))
            .then_with(|| a.candidate.service.cmp(&b.candidate.service))
    });
    matches
}

fn judge(card: &NeedCard, candidate: Candidate, today: Date) -> Match {
    let mut reasons = Vec::new();
    needs(card, &candidate, &mut reasons);
    person(card, &candidate, &mut reasons);
    service(card, &candidate, today, &mut reasons);
    let reasons: Vec<_> =
        reasons.into_iter().map(|reason: MatchReason| (reason, reason.weight(card))).collect();
    let score = reasons.iter().filter_map(|(_, points)| *points).sum();
    Match { candidate, score, reasons }
}

fn needs(card: &NeedCard, candidate: &Candidate, reasons: &mut Vec<MatchReason>) {
    if candidate.needs.is_empty() {
        reasons.push(MatchReason::NothingKnown);
        return;
    }
    for need in &card.needs {
        let answers = candidate.needs.contains(*need);
        reasons.push(match answers {
            true => MatchReason::Answers(*need),
            false => MatchReason::DoesNotAnswer(*need),
        });
    }
    // Who does not help need not know.
    if !card.needs.iter().any(|need| candidate.needs.contains(*need)) {
        reasons.push(MatchReason::AnswersNothing);
    }
}

/// What the service is to this person: area, language, age, gender, access, children, status.
fn person(card: &NeedCard, candidate: &Candidate, reasons: &mut Vec<MatchReason>) {
    if !candidate.provinces.is_empty() {
        let serves = card.area.provinces().any(|it| candidate.provinces.contains(&it));
        reasons.push(if serves { MatchReason::ServesArea } else { MatchReason::OtherArea });
    }
    if let Some(language) = &card.language
        && !candidate.languages.is_empty()
    {
        let speaks = candidate.languages.iter().any(|it| primary(it) == primary(language));
        reasons.push(match (speaks, candidate.interprets) {
            (true, _) => MatchReason::SpeaksLanguage,
            (false, Some(true)) => MatchReason::Interprets,
            (false, _) => MatchReason::OtherLanguage,
        });
    } else if card.interpreter && candidate.interprets == Some(true) {
        reasons.push(MatchReason::Interprets);
    }
    if !candidate.ages.is_empty()
        && card.age != Majority::Unknown
        && !candidate.ages.contains(card.age)
    {
        reasons.push(MatchReason::OtherAge);
    }
    if let Some(gender) = card.gender
        && !candidate.genders.is_empty()
        && gender != GenderShared::Unknown
        && !candidate.genders.contains(gender)
    {
        reasons.push(MatchReason::OtherGender);
    }
    let is_theirs =
        matches!(candidate.kind, OrgType::FirstNation | OrgType::Inuit | OrgType::Metis);
    if card.indigenous_service && (is_theirs || candidate.indigenous) {
        reasons.push(MatchReason::Indigenous);
    }
    for access in card.access.iter().filter(|_| !candidate.access.is_empty()) {
        reasons.push(match candidate.access.contains(access) {
            true => MatchReason::Accessible(access),
            false => MatchReason::NotAccessible(access),
        });
    }
    match candidate.takes_children {
        Some(takes) if card.dependants != Dependants::Nobody => reasons.push(match takes {
            true => MatchReason::TakesChildren,
            false => MatchReason::NoChildren,
        }),
        _ => {}
    }
    match candidate.accepts_no_status {
        Some(accepts) if card.status == Some(StatusGroup::NoStatus) => {
            reasons.push(match accepts {
                true => MatchReason::AcceptsNoStatus,
                false => MatchReason::RefusesNoStatus,
            });
        }
        _ => {}
    }
    if enforces_the_law(candidate.kind) && card.safety.contains(SafetyFlag::NoPoliceContact) {
        reasons.push(MatchReason::PoliceNotWanted);
    }
}

/// How the service is today: places, hours, and whether that can be relied on.
fn service(card: &NeedCard, candidate: &Candidate, today: Date, reasons: &mut Vec<MatchReason>) {
    match free_for(card, &candidate.free) {
        Some(0) => reasons.push(MatchReason::Full),
        Some(_) => reasons.push(MatchReason::HasPlaces),
        None => {}
    }
    let is_urgent = matches!(card.urgency, Urgency::OneHour | Urgency::ThreeHours);
    match candidate.open_now {
        Some(true) if is_urgent => reasons.push(MatchReason::OpenNow),
        Some(false) if is_urgent => reasons.push(MatchReason::ClosedNow),
        _ => {}
    }
    let is_stale = candidate.assured_on.is_some_and(|on| (today - on).get_days() > STALE_DAYS);
    if is_stale {
        reasons.push(MatchReason::Stale);
    }
}

/// How many places are free that are meant for this person; `None` if nothing is said of such.
///
/// Whose gender the card does not tell is kept out of nothing by it.
fn free_for(card: &NeedCard, claims: &[Capacity]) -> Option<u32> {
    let groups = groups_of(card);
    let is_alone = card.dependants == Dependants::Nobody;
    let is_meant = |claim: &&Capacity| {
        claim.is_for(groups) && !(is_alone && claim.whom.contains(Group::WithChildren))
    };
    let mut meant = claims.iter().filter(is_meant).map(|claim| claim.available).peekable();
    let is_said = meant.peek().is_some();
    is_said.then(|| meant.fold(0, u32::saturating_add))
}

/// The groups of a service's words to which the person of a card belongs, as far as the card tells.
fn groups_of(card: &NeedCard) -> Set<Group> {
    let gender = match card.gender {
        Some(GenderShared::Woman) => Some(Group::Women),
        Some(GenderShared::Man) => Some(Group::Men),
        Some(GenderShared::TransNc | GenderShared::Unknown) | None => None,
    };
    let children = (card.dependants != Dependants::Nobody).then_some(Group::WithChildren);
    gender.into_iter().chain(children).collect()
}

/// The first part of a tag: `fr` of `fr-CA`.
fn primary(language: &Language) -> &str {
    language.split('-').next().unwrap_or_default()
}
