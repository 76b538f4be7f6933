//! The rest of a synthetic case. All shares here are our own choice; see the module above.

use jiff::ToSpan;

use crate::codes::{
    Act, Cma, Code, Control, Duration, IdentifiedBy, LabourSector, Means, Need, Province,
    RecruiterRelation, RecruitmentMethod, Risk, Set, SexualType, WorkPermit,
};
use crate::layout::Draft;
use crate::record::{Line, Prose, province_of};

use super::chance::Chance;
use super::{Form, forms};

/// Each code of the table, as often as it says in a hundred.
fn some<C: Code>(chance: &mut Chance, table: &[(C, u32)]) -> Set<C> {
    table.iter().filter(|(_, percent)| chance.percent(*percent)).map(|(code, _)| *code).collect()
}

/// Yes, no or not known, in parts of a hundred.
fn perhaps(chance: &mut Chance, yes: u32, no: u32) -> Option<bool> {
    chance.pick(&[(Some(true), yes), (Some(false), no), (None, 100 - yes - no)])
}

/// What was done, by what means, and what the definitions ask.
pub(super) fn exploitation(chance: &mut Chance, form: Form, draft: &mut Draft) {
    let is_labour = matches!(form, Form::Labour | Form::Both);
    let is_sexual = matches!(form, Form::Sexual | Form::Both);
    let record = &mut draft.record;
    record.exploitation = forms(chance, form);
    record.acts = some(
        chance,
        &[(Act::Recruit, 75), (Act::Transport, 35), (Act::Harbour, 40), (Act::ControlMovement, 45)],
    );
    record.means = some(
        chance,
        &[
            (Means::Deception, 45),
            (Means::ForceThreat, 40),
            (Means::Coercion, 40),
            (Means::AbuseVulnerability, 35),
            (Means::Fraud, 10),
        ],
    );
    record.controls = some(
        chance,
        &[
            (Control::PsychologicalAbuse, 45),
            (Control::Threats, 40),
            (Control::TakesEarnings, 40),
            (Control::FalsePromises, 35),
            (Control::PhysicalAbuse, if is_sexual { 35 } else { 8 }),
            (Control::Psychoactive, if is_sexual { 25 } else { 3 }),
            (Control::WithholdsDocuments, if is_labour { 35 } else { 6 }),
            (Control::ExcessiveHours, if is_labour { 60 } else { 5 }),
            (Control::DebtBondage, if is_labour { 35 } else { 15 }),
            (Control::RestrictsMovement, 30),
        ],
    );
    record.safety_threat_believed = perhaps(chance, 50, 20);
    record.menace_of_penalty = perhaps(chance, 45, 15);
    record.not_voluntary = perhaps(chance, 50, 10);
    record.freedom_restricted = perhaps(chance, 45, 20);
}

/// In which work or trade, for how long, and who recruited the person.
pub(super) fn circumstances(chance: &mut Chance, form: Form, draft: &mut Draft) {
    let is_labour = matches!(form, Form::Labour | Form::Both);
    let is_sexual = matches!(form, Form::Sexual | Form::Both);
    let record = &mut draft.record;
    if is_labour {
        record.labour_sectors = Set::EMPTY.with(chance.pick(&[
            (LabourSector::Agriculture, 38),
            (LabourSector::Domestic, 18),
            (LabourSector::Hospitality, 16),
            (LabourSector::Construction, 14),
            (LabourSector::Cleaning, 8),
            (LabourSector::Manufacturing, 6),
        ]));
        record.work_permit = Some(chance.pick(&[
            (WorkPermit::LmiaAgriculture, 35),
            (WorkPermit::LmiaLowWage, 35),
            (WorkPermit::None, 30),
        ]));
    }
    if is_sexual {
        record.sexual_types = some(
            chance,
            &[
                (SexualType::Prostitution, 85),
                (SexualType::Pornography, 20),
                (SexualType::RemoteInteractive, 12),
            ],
        );
    }
    record.duration = Some(chance.pick(&[
        (Duration::From0To12, 55),
        (Duration::From13To24, 18),
        (Duration::From25Up, 12),
        (Duration::Unknown, 15),
    ]));
    record.recruiter_relation = Set::EMPTY.with(if form == Form::Labour {
        chance
            .pick(&[(RecruiterRelation::Employer, 55), (RecruiterRelation::RecruitmentAgency, 45)])
    } else {
        chance.pick(&[
            (RecruiterRelation::IntimatePartner, 33),
            (RecruiterRelation::Friend, 30),
            (RecruiterRelation::Family, 9),
            (RecruiterRelation::Other, 10),
            (RecruiterRelation::Unknown, 18),
        ])
    });
    record.recruitment_method = Set::EMPTY.with(chance.pick(&[
        (RecruitmentMethod::OnlineSocial, 40),
        (RecruitmentMethod::FriendsEvent, 25),
        (RecruitmentMethod::OnlineAd, 15),
        (RecruitmentMethod::TfwRecruiter, 10),
        (RecruitmentMethod::Other, 10),
    ]));
}

pub(super) fn response(chance: &mut Chance, draft: &mut Draft) {
    let record = &mut draft.record;
    record.identified_by = Some(chance.pick(&[
        (IdentifiedBy::Police, 30),
        (IdentifiedBy::Oneself, 20),
        (IdentifiedBy::Shelter, 15),
        (IdentifiedBy::Health, 10),
        (IdentifiedBy::HtOrg, 15),
        (IdentifiedBy::FamilyFriend, 10),
    ]));
    record.needs = some(
        chance,
        &[
            (Need::EmergencyHousing, 45),
            (Need::MentalHealth, 50),
            (Need::Legal, 35),
            (Need::CaseManagement, 40),
            (Need::Medical, 30),
            (Need::Financial, 25),
            (Need::Immigration, 15),
            (Need::CulturalIndigenous, 8),
        ],
    );
    record.risk = Some(chance.pick(&[(Risk::High, 30), (Risk::Medium, 45), (Risk::Low, 25)]));
}

/// Names and numbers that nobody could take for real ones.
pub(super) fn identity(chance: &mut Chance, nth: u32, draft: &mut Draft) {
    let mark = format!("{:08x}", chance.below(u32::MAX));
    let record = &mut draft.record;
    record.external_ref = Line::new(&format!("Exemple-ref-{nth:06}")).ok();
    record.name_first = Line::new(&format!("Exemple-{mark}")).ok();
    record.name_last = Line::new(&format!("Fictive-Exemple-{:04}", chance.below(10_000))).ok();
    record.contact_email = Line::new(&format!("exemple-{mark}@exemple.invalid")).ok();
    // 555-0100 to 555-0199 are kept free for fiction.
    let phone = format!("613-555-01{:02} (exemple-{mark})", chance.below(100));
    record.contact_phone = Line::new(&phone).ok();
    let street = chance.below(900) + 100;
    record.contact_address = Prose::new(&format!("{street}, rue Exemple-{mark}")).ok();
    let place = format!("{street}, chemin Exemple-{mark}");
    record.place_of_exploitation = Prose::new(&place).ok();
    let age = record.age_at_registration.map(|age| i64::from(age.number()));
    if let Some(age) = age.filter(|_| chance.percent(60)) {
        // So many full years, and some days of the next.
        let days = i64::from(chance.below(365));
        record.birthdate = Some(record.registered_on.saturating_sub(age.years().days(days)));
    }
    record.notes = Prose::new(&format!("Exemple-{mark}: synthetic case / cas fictif")).ok();
}

/// A metropolitan area of the province, if it has any.
pub(super) fn city(chance: &mut Chance, province: Province) -> Option<Cma> {
    let cities: Vec<_> = Cma::ALL
        .iter()
        .filter(|cma| province_of(**cma) == Some(province))
        .map(|cma| (*cma, weight(*cma)))
        .collect();
    (!cities.is_empty()).then(|| chance.pick(&cities))
}

/// The largest cities have most of the cases.
fn weight(cma: Cma) -> u32 {
    match cma {
        Cma::Toronto | Cma::Montreal | Cma::Vancouver => 30,
        Cma::Calgary | Cma::Edmonton | Cma::Winnipeg | Cma::Halifax | Cma::Hamilton => 10,
        _ => 2,
    }
}
