//! The chapter of referrals: a need card, three services in two provinces, two that accept at once,
//! contact details that one person opens, and what came of it.

use std::collections::BTreeMap;

use entente_node::fault::Both;
use entente_node::local::doc::*;

use super::cast::{BC, MANITOBA, SHELTER, WORKERS};
use super::office::Office;
use super::story::{at, pull, went_wrong};
use super::teller::Teller;
use super::{Outcome, ReferralFigures};

/// What the person at the shelter who opens hand-overs is called.
const OPENER: &str = "Night desk";

/// What that person types, and nobody else knows.
const PASSPHRASE: &str = "five quiet herons by the river";

/// The services: whose, in which province, its names, and who is welcome.
const SERVICES: [(usize, &str, &str, &str, &[&str]); 3] = [
    (SHELTER, "MB", "Safe beds", "Lits sécuritaires", &["women", "with_children"]),
    (MANITOBA, "MB", "Housing desk", "Guichet du logement", &[]),
    (BC, "BC", "Coast housing line", "Ligne logement de la côte", &[]),
];

/// Tells it, and gives its figures.
pub(super) async fn tell(teller: &Teller, offices: &[Office]) -> Outcome<ReferralFigures> {
    let mut figures = ReferralFigures::default();
    list_services(teller, offices).await?;
    let id = create(teller, offices, &mut figures).await?;
    offer(teller, offices, &id, &mut figures).await?;
    hand_over(teller, offices, &id, &mut figures).await?;
    close(teller, offices, &id, &mut figures).await?;
    Ok(figures)
}

/// Three organizations say what they offer, and one how many beds are free tonight.
async fn list_services(teller: &Teller, offices: &[Office]) -> Outcome<()> {
    teller.step(
        "Services and free beds: each organization says its own. Where a safe house is, nobody says.",
        "Services et lits libres\u{a0}: chaque organisme dit les siens. Où est un refuge, personne ne le dit.",
    );
    for (owner, province, en, fr, groups) in SERVICES {
        let ask = ServiceAddAsk {
            name: Some(Both::new(en, fr)),
            needs: Some(vec!["emergency_housing".to_owned(), "transport".to_owned()]),
            groups: Some(groups.iter().map(|it| (*it).to_owned()).collect()),
            province: Some(province.to_owned()),
            hidden: Some(true),
            hours: Some(vec!["always".to_owned()]),
            languages: Some(vec!["en".to_owned(), "fr".to_owned()]),
            minimum_age: Some(18),
            ..ServiceAddAsk::default()
        };
        at(offices, owner)?.ask(&ask).await?;
    }
    let shelter = at(offices, SHELTER)?;
    let ask = CapacitySetAsk {
        service: SERVICES[0].2.to_owned(),
        available: 2,
        maximum: Some(9),
        unit: None,
        whom: vec!["women".to_owned(), "with_children".to_owned()],
        until: None,
    };
    let told = shelter.ask(&ask).await?;
    let (name, n) = (shelter.name(), told.told.len());
    teller.say(
        &format!("{name}: 2 of 9 beds, for four hours; {n} partners are told"),
        &format!("{name}\u{a0}: 2 lits sur 9, pour quatre heures; {n} partenaires en sont avisés"),
    );
    // Somebody there makes a key that opens hand-overs, which the node cannot use by itself.
    let passphrase = Private(PASSPHRASE.to_owned());
    shelter.ask(&OpenerAddAsk { name: Some(OPENER.to_owned()), passphrase }).await?;
    for (owner, ..) in SERVICES {
        pull(at(offices, WORKERS)?, at(offices, owner)?).await?;
    }
    Ok(())
}

/// A need card: codes, and nothing that says who it is.
async fn create(
    teller: &Teller,
    offices: &[Office],
    figures: &mut ReferralFigures,
) -> Outcome<String> {
    let workers = at(offices, WORKERS)?;
    let name = workers.name();
    teller.step(
        &format!("{name} has nowhere for a woman to sleep tonight. It makes a need card: codes, and nothing that says who she is."),
        &format!("{name} n’a pas de lit ce soir pour une femme. Il crée une fiche de besoins\u{a0}: des codes, et rien qui dise qui elle est."),
    );
    let list = RecordListAsk {
        filter: BTreeMap::new(),
        withdrawn: false,
        consent_ending: false,
        no_consent: false,
        limit: 500,
        after: None,
    };
    let records = workers.ask(&list).await?.records;
    let is_woman = |row: &&RecordRow| row.gender.as_deref() == Some("woman");
    let is_adult = |row: &&RecordRow| !matches!(row.age.as_deref(), None | Some("0-8" | "9-17"));
    let record = records
        .iter()
        .filter(is_adult)
        .find(is_woman)
        .or_else(|| records.iter().find(is_adult).or_else(|| records.first()));
    let record = record.ok_or_else(went_wrong)?.id.clone();
    let consent = ConsentGiveAsk {
        record: record.clone(),
        scopes: vec!["referral_need".to_owned(), "stats".to_owned()],
        needs: Vec::new(),
        recipients: Vec::new(),
        given_by: None,
        informed: true,
        language: None,
        given_on: None,
        valid_until: None,
        override_reason: None,
    };
    workers.ask(&consent).await?;
    let card = ReferralCreateAsk {
        record,
        needs: vec!["emergency_housing".to_owned()],
        urgency: "3h".to_owned(),
        language: Some("fr".to_owned()),
        area: Some("anywhere".to_owned()),
        safety: vec!["do_not_leave_message".to_owned()],
        ..ReferralCreateAsk::default()
    };
    let told = workers.ask(&card).await?;
    figures.created += 1;
    teller.page(&told);
    Ok(told.referral.id)
}

/// Three are asked. One declines, two accept at once, and the home decides.
async fn offer(
    teller: &Teller,
    offices: &[Office],
    id: &str,
    figures: &mut ReferralFigures,
) -> Outcome<()> {
    let workers = at(offices, WORKERS)?;
    let (shelter, manitoba, bc) = (at(offices, SHELTER)?, at(offices, MANITOBA)?, at(offices, BC)?);
    let (a, b, c) = (shelter.name(), manitoba.name(), bc.name());
    teller.step(
        &format!("It asks all three. {c} declines for want of room; {a} and {b} accept before either has heard of the other."),
        &format!("Il demande aux trois. {c} refuse faute de place; {a} et {b} acceptent avant d’avoir entendu parler l’un de l’autre."),
    );
    let ask = ReferralOfferAsk {
        referral: id.to_owned(),
        partners: Vec::new(),
        services: SERVICES.iter().map(|(_, _, name, ..)| (*name).to_owned()).collect(),
        matching: false,
        dry_run: false,
    };
    workers.ask(&ask).await?;
    for office in [shelter, manitoba, bc] {
        pull(office, workers).await?;
    }
    let no = ReferralDeclineAsk { referral: id.to_owned(), barrier: "no_capacity".to_owned() };
    bc.ask(&no).await?;
    for office in [shelter, manitoba] {
        office.ask(&ReferralAcceptAsk { referral: id.to_owned() }).await?;
    }
    for office in [bc, shelter, manitoba] {
        pull(workers, office).await?;
    }
    for office in [shelter, manitoba] {
        pull(office, workers).await?;
        let told = office.ask(&ReferralShowAsk { referral: id.to_owned() }).await?;
        let (name, step) = (office.name(), told.referral.step);
        figures.accepted += u64::from(step == "accepted");
        teller.say(&format!("{name}: {step}"), &format!("{name}\u{a0}: {step}"));
    }
    Ok(())
}

/// The contact details, sealed to one recipient and opened by one person there.
async fn hand_over(
    teller: &Teller,
    offices: &[Office],
    id: &str,
    figures: &mut ReferralFigures,
) -> Outcome<()> {
    let (workers, shelter) = (at(offices, WORKERS)?, at(offices, SHELTER)?);
    teller.step(
        "Now the contact details, sealed to the shelter alone. Its node cannot open them; the person at its night desk can.",
        "Maintenant les coordonnées, scellées pour le refuge seul. Son nœud ne peut les ouvrir; la personne de garde, oui.",
    );
    pull(workers, shelter).await?;
    let phone = PhoneDocument { number: "204-555-0143".to_owned(), message: false };
    let details = ContactDocument {
        preferred_name: "Demo".to_owned(),
        phones: vec![phone],
        safe_times: teller.lang.pick("after 9 pm", "après 21 h").to_owned(),
        language: "fr".to_owned(),
        ..ContactDocument::default()
    };
    let ask = ReferralHandoverAsk { referral: id.to_owned(), details: Private(details) };
    let sealed = workers.ask(&ask).await?;
    teller.page(&sealed);
    pull(shelter, workers).await?;
    let ask = ReferralOpenAsk {
        referral: id.to_owned(),
        opener: Some(OPENER.to_owned()),
        passphrase: Private(PASSPHRASE.to_owned()),
    };
    let opened = shelter.ask(&ask).await?;
    figures.handovers_opened += 1;
    teller.page(&opened);
    pull(workers, shelter).await?;
    Ok(())
}

/// What came of it goes back to who asked, and the refusal stays as a gap, although another took her in.
async fn close(
    teller: &Teller,
    offices: &[Office],
    id: &str,
    figures: &mut ReferralFigures,
) -> Outcome<()> {
    let (workers, shelter) = (at(offices, WORKERS)?, at(offices, SHELTER)?);
    teller.step(
        "She has a bed. The shelter closes the referral, and what came of it goes back.",
        "Elle a un lit. Le refuge ferme l’aiguillage, et le résultat revient.",
    );
    let ask = ReferralCloseAsk { referral: id.to_owned(), outcome: "provided".to_owned() };
    shelter.ask(&ask).await?;
    pull(workers, shelter).await?;
    let told = workers.ask(&ReferralShowAsk { referral: id.to_owned() }).await?;
    figures.closed += u64::from(told.referral.step == "done");
    teller.page(&told);
    let name = at(offices, BC)?.name();
    teller.step(
        &format!("She was served, and that {name} had no room stays a gap: counted, and said of nobody."),
        &format!("Le service a commencé, et le manque de place chez {name} reste un besoin non comblé\u{a0}: compté, sans rien dire de personne."),
    );
    let gaps = workers.ask(&ReferralGapsAsk::default()).await?;
    figures.declined += gaps.declines.values().sum::<u64>();
    teller.page(&gaps);
    Ok(())
}
