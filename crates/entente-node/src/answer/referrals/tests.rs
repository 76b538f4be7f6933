use std::collections::BTreeMap;
use std::sync::Arc;

use entente_core::codes::{ConsentScope, Need};
use entente_core::consent::Consent;
use entente_core::lang::Text;
use entente_core::record::Field;
use entente_core::service::{Organization, Service, ServiceId, Status};

use super::*;
use crate::answer::records::fixture::{
    START_S, actor, agree, audited, case, consent, desk_at, pair, pull, staff, steps,
};
use crate::clock::ManualClock;
use crate::node::waiting::{Beside, Matter};

/// A province that may offer referrals to the centre and hears of its services, and a record of somebody who
/// consents.
fn two() -> (Arc<Desk>, Arc<Desk>, String) {
    two_at(&ManualClock::new(START_S))
}

/// The same with a clock that both have.
fn two_at(clock: &ManualClock) -> (Arc<Desk>, Arc<Desk>, String) {
    let (province, centre) = (desk_at(2, clock), desk_at(1, clock));
    befriend(&province, &centre);
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

/// Makes two desks partners, the first of which may offer referrals to the other.
fn befriend(from: &Desk, to: &Desk) {
    pair(from, to);
    let changes = [
        (
            "purposes = [\"statistics\", \"evaluation\"]",
            "purposes = [\"statistics\", \"referral\"]",
        ),
        ("summaries = true", "summaries = true\nreferrals = true"),
        ("minors = false", THEIR_SERVICES),
    ];
    agree(from, to, &changes);
}

/// What stands in place of the last line of the draft.
const THEIR_SERVICES: &str = "minors = false
[they_send]
services = true
provinces = \"all\"
age_classes = []
onward = \"never\"
#";

/// A desk lists a service.
fn list_service(desk: &Desk, id: ServiceId, name: &str) {
    let (name, organization) = (Text::new(name, name), Organization::default());
    let organization = Organization { name: name.clone(), ..organization };
    let needs = Set::EMPTY.with(Need::Legal);
    let service = Service { needs, ..Service::named(id, organization, name) };
    desk.node.put_services(&actor(), Action::ServiceChanged, vec![service]).unwrap();
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
    let open = list(&province, &staff(), ReferralListAsk::default(), &steps()).unwrap();
    assert_eq!(open.referrals.len(), 1, "it is in the list of what is open");
    withdraw(&province, &staff(), ReferralWithdrawAsk { referral: id }, &steps()).unwrap();
    assert_eq!(waits(), 0);
}

#[test]
fn an_address_says_whose_a_referral_is_and_finds_no_other() {
    let (province, centre, record) = two();
    let id = made(&province, asked(&record)).unwrap().referral.id;
    let ask = ReferralOfferAsk { referral: id.clone(), matching: true, ..Default::default() };
    offer(&province, &staff(), ask, &steps()).unwrap();
    pull(&centre, &province);
    let seen = |desk: &Desk, referral: String| {
        let told = show(desk, &staff(), ReferralShowAsk { referral }, &steps());
        told.map(|told| told.referral).map_err(|fault| fault.code)
    };
    let listed = inbox(&centre, &staff(), ReferralInboxAsk::default(), &steps()).unwrap();
    let row = listed.referrals.into_iter().next().unwrap();
    assert_eq!(row.address(), format!("{id}@{}", province.node.id()));
    assert_eq!(seen(&centre, row.address()), Ok(row));
    let of_centre = format!("{id}@{}", centre.node.id());
    assert_eq!(seen(&centre, of_centre.clone()), Err("ENT-2301".to_owned()));
    assert_eq!(seen(&province, of_centre), Err("ENT-2301".to_owned()));

    let ours = seen(&province, format!("{id}@{}", province.node.id())).unwrap();
    assert_eq!((ours.ours, ours.address()), (true, id));
}

#[test]
fn a_referral_that_nobody_took_in_time_waits_until_somebody_has_seen_to_it() {
    const DAY_S: i64 = 24 * 60 * 60;
    let clock = ManualClock::new(START_S);
    let (province, _, record) = two_at(&clock);
    let node = &province.node;
    let lapse = || {
        let id = made(&province, asked(&record)).unwrap().referral.id;
        let ask = ReferralOfferAsk { referral: id.clone(), matching: true, ..Default::default() };
        offer(&province, &staff(), ask, &steps()).unwrap();
        clock.advance(6 * 60 * 60);
        node.referral_timers().unwrap();
        id
    };
    let waits = || node.waiting(Beside::default()).unwrap().n(Matter::ReferralsLapsed);
    let ids = |told: Outcome<ReferralListTold>| -> Vec<String> {
        told.unwrap().referrals.into_iter().map(|row| row.id).collect()
    };
    let listed = || {
        let open = ids(list(&province, &staff(), ReferralListAsk::default(), &steps()));
        assert_eq!(ids(overdue(&province, &staff(), ReferralOverdueAsk {}, &steps())), open);
        open
    };
    let set_aside = |id: &str| {
        let ask = ReferralWithdrawAsk { referral: id.to_owned() };
        withdraw(&province, &staff(), ask, &steps()).map_err(|fault| fault.code)
    };
    assert_eq!(waits(), 0);
    let first = lapse();
    assert_eq!((waits(), listed()), (1, vec![first.clone()]));
    let told = set_aside(&first).unwrap();
    assert_eq!(told.referral.step, "expired", "what became of it stays what it is");
    assert_eq!(told.timeline.last().map(|it| it.code.as_str()), Some("withdrawn"));
    assert_eq!((waits(), listed()), (0, vec![]));
    assert_eq!(audited(&province, Action::ReferralWithdrawn).len(), 1);
    assert_eq!(set_aside(&first), Err("ENT-2308".to_owned()), "once");

    // Another one for the same person is what somebody did about it.
    let second = lapse();
    assert_eq!((waits(), listed()), (1, vec![second]));
    let third = lapse();
    assert_eq!((waits(), listed()), (1, vec![third]));
    // And nothing waits for ever.
    clock.advance(14 * DAY_S - 1);
    assert_eq!(waits(), 1);
    clock.advance(1);
    assert_eq!((waits(), listed()), (0, vec![]));
    let all = ReferralListAsk { all: true, record: None };
    assert_eq!(ids(list(&province, &staff(), all, &steps())).len(), 3);
}

#[test]
fn a_decline_beside_an_acceptance_is_a_gap_that_our_own_staff_see() {
    let clock = ManualClock::new(START_S);
    let (province, centre, record) = two_at(&clock);
    let third = desk_at(3, &clock);
    befriend(&province, &third);
    let id = made(&province, asked(&record)).unwrap().referral.id;
    let ask = ReferralOfferAsk { referral: id.clone(), matching: true, ..Default::default() };
    assert_eq!(offer(&province, &staff(), ask, &steps()).unwrap().offers.len(), 2);
    for partner in [&centre, &third] {
        pull(partner, &province);
    }
    let no = ReferralDeclineAsk { referral: id.clone(), barrier: "status_barrier".to_owned() };
    decline(&third, &staff(), no, &steps()).unwrap();
    accept(&centre, &staff(), ReferralAcceptAsk { referral: id }, &steps()).unwrap();
    for partner in [&third, &centre] {
        pull(&province, partner);
    }
    let told = gaps(&province, &staff(), ReferralGapsAsk::default(), &steps()).unwrap();
    assert_eq!((told.referrals, told.unmet), (1, 0), "somebody has it");
    assert_eq!(told.declines, BTreeMap::from([("status_barrier".to_owned(), 1)]));
    let [need] = told.needs.as_slice() else { panic!("{:?}", told.needs) };
    assert_eq!((need.code.as_str(), &need.declines), ("legal", &told.declines));
    assert_eq!(told.regions[0].declines, told.declines);
    let [cell] = told.cells.as_slice() else { panic!("{:?}", told.cells) };
    assert_eq!(
        (cell.need.as_str(), cell.region.as_str()),
        ("legal", told.regions[0].code.as_str())
    );
    assert_eq!((cell.referrals, cell.unmet), (1, 0));
}

#[test]
fn whoever_names_a_closed_service_is_sent_to_the_search_and_nobody_is_asked() {
    let (province, centre, record) = two();
    let id = made(&province, asked(&record)).unwrap().referral.id;
    let try_it = |name: &str| {
        let services = vec![name.to_owned()];
        let ask = ReferralOfferAsk { referral: id.clone(), services, ..Default::default() };
        let dry = ReferralOfferAsk { dry_run: true, ..ask.clone() };
        (offer(&province, &staff(), dry, &steps()), ask)
    };
    let refused = |name: &str, code: &str| {
        let (dry, ask) = try_it(name);
        for fault in [dry.unwrap_err(), offer(&province, &staff(), ask, &steps()).unwrap_err()] {
            assert_eq!(fault.code, code);
            assert!(fault.next.en.contains("`entente service search --need NEED`"), "{fault:?}");
            assert!(fault.next.fr.contains("`entente service search --need BESOIN`"), "{fault:?}");
        }
    };
    let (clinic, office) = (ServiceId([3; 16]), ServiceId([4; 16]));
    list_service(&centre, clinic, "Clinic");
    pull(&province, &centre);
    assert_eq!(try_it("Clinic").0.map(|told| told.done), Ok(false));

    // A partner's is taken out of the directory when it is closed; our own stands there as closed.
    centre.node.set_service_status(&actor(), clinic, Status::TemporarilyClosed).unwrap();
    pull(&province, &centre);
    refused("Clinic", "ENT-2211");
    list_service(&province, office, "Office");
    province.node.set_service_status(&actor(), office, Status::Defunct).unwrap();
    refused("Office", "ENT-2313");
    let told = show(&province, &staff(), ReferralShowAsk { referral: id.clone() }, &steps());
    assert_eq!(told.unwrap().referral.step, "created");
}
