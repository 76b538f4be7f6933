use std::sync::Arc;

use entente_core::codes::ConsentScope;
use entente_core::consent::Consent;
use entente_core::record::Field;

use super::*;
use crate::answer::records::fixture::{
    actor, agree, audited, case, consent, desk, pair, pull, staff, steps,
};
use crate::node::waiting::{Beside, Matter};

/// A province that may offer referrals to the centre, and a record of somebody who consents.
fn two() -> (Arc<Desk>, Arc<Desk>, String) {
    let (province, centre) = (desk(2), desk(1));
    pair(&province, &centre);
    let changes = [
        (
            "purposes = [\"statistics\", \"evaluation\"]",
            "purposes = [\"statistics\", \"referral\"]",
        ),
        ("summaries = true", "summaries = true\nreferrals = true"),
    ];
    agree(&province, &centre, &changes);
    let fields = [
        (Field::Needs, "legal;immigration"),
        (Field::Languages, "cr"),
        (Field::Dependants, "2"),
        (Field::Risk, "high"),
    ];
    let record = case(&province, &fields);
    let scopes = Set::EMPTY.with(ConsentScope::ReferralNeed);
    let given = Consent { scopes, ..consent() };
    province.node.give_consent(actor(), &record, given).unwrap();
    (province, centre, record.to_string())
}

fn asked(record: &str) -> ReferralCreateAsk {
    ReferralCreateAsk {
        record: record.to_owned(),
        urgency: "3h".to_owned(),
        ..ReferralCreateAsk::default()
    }
}

fn made(desk: &Desk, ask: ReferralCreateAsk) -> Outcome<ReferralTold> {
    create(desk, &staff(), ask, &steps())
}

#[test]
fn a_card_starts_from_the_record_and_what_is_said_wins() {
    let (province, _, record) = two();
    let card = made(&province, asked(&record)).unwrap().card.unwrap();
    assert_eq!(card.needs, ["legal", "immigration"]);
    assert_eq!((card.language.as_deref(), card.area.as_deref()), (Some("cr"), Some("46")));
    assert_eq!((&*card.dependants, &*card.risk, card.gender), ("1-2", "high", None));

    let said = ReferralCreateAsk {
        needs: vec!["emergency_housing".to_owned()],
        area: Some("prairies".to_owned()),
        gender: Some("woman".to_owned()),
        safety: vec!["do_not_call".to_owned()],
        tell_status: true,
        ..asked(&record)
    };
    let card = made(&province, said).unwrap().card.unwrap();
    assert_eq!((card.needs.len(), card.area.as_deref()), (1, Some("prairies")));
    assert_eq!((card.gender.as_deref(), card.status.as_deref()), (Some("woman"), Some("unknown")));
}

#[test]
fn a_word_that_is_in_no_list_is_refused_by_the_name_of_the_list() {
    let (province, _, record) = two();
    let wrong = |change: &dyn Fn(&mut ReferralCreateAsk)| {
        let mut ask = asked(&record);
        change(&mut ask);
        let fault = made(&province, ask).unwrap_err();
        (fault.code.clone(), fault.why.first().map(|it| it.en.clone()).unwrap_or_default())
    };
    let (code, why) = wrong(&|it| it.needs = vec!["Jean Tremblay".to_owned()]);
    assert_eq!(code, "ENT-2312");
    assert!(why.contains("`need`") && !why.contains("Jean"), "{why}");
    assert_eq!(wrong(&|it| it.urgency = "now".to_owned()).0, "ENT-2312");
    assert_eq!(wrong(&|it| it.area = Some("Winnipeg".to_owned())).0, "ENT-2312");
    assert_eq!(wrong(&|it| it.language = Some("not a tag".to_owned())).0, "ENT-2312");
    let twice = vec!["legal".to_owned(), "legal".to_owned()];
    assert_eq!(wrong(&|it| it.needs.clone_from(&twice)).0, "ENT-2303");
}

#[test]
fn a_referral_goes_its_way_by_documents_alone() {
    let (province, centre, record) = two();
    let told = made(&province, asked(&record)).unwrap();
    let id = told.referral.id.clone();
    assert_eq!((&*told.referral.step, told.referral.status), ("created", None));
    assert!(told.matches[0].may_ask && told.matches[0].fits, "{:?}", told.matches);

    let ask = ReferralOfferAsk { referral: id.clone(), matching: true, ..Default::default() };
    let dry = ReferralOfferAsk { dry_run: true, ..ask.clone() };
    assert!(!offer(&province, &staff(), dry, &steps()).unwrap().done);
    let told = offer(&province, &staff(), ask, &steps()).unwrap();
    assert_eq!((told.offers.len(), &*told.offers[0].step), (1, "open"));

    pull(&centre, &province);
    let waiting = inbox(&centre, &staff(), ReferralInboxAsk::default(), &steps()).unwrap();
    assert_eq!(waiting.referrals[0].id, id);
    let accepted = ReferralAcceptAsk { referral: id[..8].to_owned() };
    let told = accept(&centre, &staff(), accepted, &steps()).unwrap();
    assert_eq!((&*told.referral.step, told.referral.with), ("accepting", None));

    pull(&province, &centre);
    pull(&centre, &province);
    let close_ask = ReferralCloseAsk { referral: id.clone(), outcome: "no_capacity".to_owned() };
    close(&centre, &staff(), close_ask, &steps()).unwrap();
    pull(&province, &centre);
    let shown = ReferralShowAsk { referral: id };
    let told = show(&province, &staff(), shown, &steps()).unwrap();
    assert_eq!(told.referral.outcome.as_deref(), Some("no_capacity"));
    let codes: Vec<_> = told.timeline.iter().map(|it| it.code.as_str()).collect();
    let expected = ["created", "offered", "offered_to", "accepted", "won", "closed", "done"];
    assert_eq!(codes, expected);
    assert!(told.timeline[4].hash.is_some(), "what was said is named by its hash");
    assert_eq!(audited(&province, Action::ReferralRead).len(), 1);
    let open = list(&province, &staff(), ReferralListAsk::default(), &steps()).unwrap();
    assert_eq!(open.referrals, []);
}

#[test]
fn whoever_has_nothing_to_serve_with_cannot_say_that_it_serves() {
    let (province, centre, record) = two();
    let id = made(&province, asked(&record)).unwrap().referral.id;
    let ask = ReferralOfferAsk { referral: id.clone(), matching: true, ..Default::default() };
    offer(&province, &staff(), ask, &steps()).unwrap();
    pull(&centre, &province);
    let begin = |desk: &Desk| {
        let ask = ReferralStartAsk { referral: id.clone() };
        start(desk, &staff(), ask, &steps()).map(|told| told.referral.step).map_err(|it| it.code)
    };
    assert_eq!(begin(&centre), Err("ENT-2310".to_owned()), "it is only offered");
    accept(&centre, &staff(), ReferralAcceptAsk { referral: id.clone() }, &steps()).unwrap();
    pull(&province, &centre);
    pull(&centre, &province);
    assert_eq!(begin(&centre), Err("ENT-2310".to_owned()), "nobody handed anything over");
    assert_eq!(begin(&province), Err("ENT-2301".to_owned()), "its home has given it away");
}

#[test]
fn a_partner_sees_no_record_and_no_other_offers() {
    let (province, centre, record) = two();
    let told = made(&province, asked(&record)).unwrap();
    let id = told.referral.id;
    let ask = ReferralOfferAsk { referral: id.clone(), matching: true, ..Default::default() };
    offer(&province, &staff(), ask, &steps()).unwrap();
    pull(&centre, &province);
    let told = show(&centre, &staff(), ReferralShowAsk { referral: id }, &steps()).unwrap();
    assert_eq!((told.referral.record, told.offers.len(), told.matches.len()), (None, 0, 0));
    let text = serde_json::to_string(&told.card).unwrap();
    assert!(!text.contains(&record));
}

#[test]
fn a_referral_that_all_decline_waits_for_its_case_worker_until_it_goes_on() {
    let (province, centre, record) = two();
    let id = made(&province, asked(&record)).unwrap().referral.id;
    let ask = ReferralOfferAsk { referral: id.clone(), matching: true, ..Default::default() };
    offer(&province, &staff(), ask, &steps()).unwrap();
    pull(&centre, &province);
    let waits = || province.node.waiting(Beside::default()).unwrap().n(Matter::ReferralsUnmet);
    assert_eq!(waits(), 0);
    let no = ReferralDeclineAsk { referral: id.clone(), barrier: "no_capacity".to_owned() };
    decline(&centre, &staff(), no, &steps()).unwrap();
    pull(&province, &centre);
    assert_eq!(waits(), 1);
    withdraw(&province, &staff(), ReferralWithdrawAsk { referral: id }, &steps()).unwrap();
    assert_eq!(waits(), 0);
}
