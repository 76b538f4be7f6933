use entente_core::audit::Action;
use entente_core::consent::Consent;
use entente_core::record::Field;

use super::fixture::{actor, audited, case, consent, desk, map, pull, staff, steps, texts, two};
use super::*;
use crate::answer::epochs;

const NAME: &str = "Zoé Exemple-Tremblay";

fn add_named(desk: &Desk, last: &str) -> RecordAddTold {
    let ask = RecordAddAsk {
        fields: texts(&[
            ("name_first", "Zoé"),
            ("name_last", last),
            ("birthdate", "1999-05-17"),
            ("registered_on", "2026-08-15"),
            ("gender", "woman"),
            ("exploitation", "sexual; forced_labour"),
        ]),
    };
    add(desk, &staff(), ask, &steps()).unwrap()
}

fn show_of(desk: &Desk, record: &str, reveal: bool) -> RecordShowTold {
    let ask = RecordShowAsk { record: record.to_owned(), reveal, version: None };
    show(desk, &staff(), ask, &steps()).unwrap()
}

#[test]
fn what_identifies_is_masked_until_it_is_asked_for_and_that_is_audited() {
    let desk = desk(2);
    let added = add_named(&desk, "Exemple-Tremblay");
    let masked = show_of(&desk, &added.record, false);
    let name = |told: &RecordShowTold| {
        told.fields.iter().find(|it| it.field == "name_last").unwrap().clone()
    };
    assert!(name(&masked).masked && name(&masked).values.0.is_empty());
    let text = serde_json::to_string(&masked).unwrap();
    assert!(!text.contains("Tremblay") && !text.contains("1999"), "{text}");

    let revealed = show_of(&desk, &added.record, true);
    assert_eq!(name(&revealed).values.0, ["Exemple-Tremblay"]);
    let free = case(
        &desk,
        &[
            (Field::Vulnerabilities, "sister of Exemple"),
            (Field::RecruitmentPlatform, "exemple.example"),
        ],
    );
    let told = show_of(&desk, &free.to_string(), false);
    let masked: Vec<_> = told.fields.iter().filter(|it| it.masked).map(|it| &it.field).collect();
    assert_eq!(masked, ["vulnerabilities", "recruitment_platform"]);
    assert!(!serde_json::to_string(&told).unwrap().contains("xemple"));
    let forms = revealed.fields.iter().find(|it| it.field == "exploitation").unwrap();
    assert_eq!(forms.values.0, ["sexual", "forced_labour"]);
    let how: Vec<_> = audited(&desk, Action::RecordRead).into_iter().map(|it| it.reasons).collect();
    assert_eq!(how, [vec![], vec!["revealed".to_owned()], vec![]]);
}

#[test]
fn a_wrong_value_is_named_by_its_field_and_never_by_itself() {
    let desk = desk(2);
    for fields in [
        texts(&[("gender", NAME)]),
        texts(&[(NAME, "woman")]),
        texts(&[("birthdate", NAME)]),
        texts(&[("registered_on", "9999-01-01")]),
        texts(&[("registered_on", "2031-01-01")]),
    ] {
        let fault = add(&desk, &staff(), RecordAddAsk { fields }, &steps()).unwrap_err();
        let text = serde_json::to_string(&fault).unwrap();
        assert!(!text.contains("Tremblay"), "{text}");
        assert!(!fault.why.is_empty() && fault.why.iter().all(|why| why.en != why.fr), "{text}");
    }
    assert_eq!(desk.node.n_records(), 0);
}

#[test]
fn an_edit_makes_a_version_and_its_history_says_which_fields_and_not_what() {
    let desk = desk(2);
    let added = add_named(&desk, "Exemple-Tremblay");
    let ask = |version| RecordEditAsk {
        record: added.record.clone(),
        set: texts(&[("gender", "man"), ("name_last", "Exemple-Roy")]),
        version,
    };
    let told = edit(&desk, &staff(), ask(Some(1)), &steps()).unwrap();
    assert_eq!((told.version, told.changed), (2, vec!["name_last".into(), "gender".to_owned()]));
    // Again it changes nothing, and with an old version in mind it is refused.
    assert_eq!(edit(&desk, &staff(), ask(None), &steps()).unwrap().version, 2);
    assert_eq!(edit(&desk, &staff(), ask(Some(1)), &steps()).unwrap_err().code, "ENT-1410");

    let ask = RecordHistoryAsk { record: added.record.clone() };
    let told = history(&desk, &staff(), ask, &steps()).unwrap();
    let versions: Vec<_> = told.versions.iter().map(|it| it.version).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(told.versions[0].changed, ["name_last", "gender"]);
    assert!(!serde_json::to_string(&told).unwrap().contains("Roy"));

    let first = RecordShowAsk { record: added.record, reveal: true, version: Some(1) };
    let first = show(&desk, &staff(), first, &steps()).unwrap();
    assert_eq!(first.record.gender.as_deref(), Some("woman"));
}

#[test]
fn a_list_is_filtered_by_codes_and_read_page_by_page() {
    let desk = desk(2);
    for _ in 0..3 {
        case(&desk, &[]);
    }
    case(&desk, &[(Field::Exploitation, "sexual;forced_labour")]);
    case(&desk, &[(Field::Exploitation, "sexual")]);
    let ask = |filter: &[(&str, &str)], limit, after| RecordListAsk {
        filter: map(filter),
        withdrawn: false,
        consent_ending: false,
        no_consent: false,
        limit,
        after,
    };
    let list = |ask| list(&desk, &staff(), ask, &steps());
    let forms = list(ask(&[("exploitation", "sexual")], 10, None)).unwrap();
    assert_eq!((forms.total, forms.next), (2, None));
    assert_eq!(list(ask(&[("period", "2026")], 10, None)).unwrap().total, 5);
    assert_eq!(list(ask(&[("province", "35")], 10, None)).unwrap().total, 0);
    assert_eq!(list(ask(&[("majority", "adult")], 10, None)).unwrap().total, 5);
    assert_eq!(list(ask(&[("majority", "minor")], 10, None)).unwrap().total, 0);

    let first = list(ask(&[], 3, None)).unwrap();
    let second = list(ask(&[], 3, first.next.clone())).unwrap();
    assert_eq!((first.records.len(), second.records.len(), second.next), (3, 2, None));
    let mut ids: Vec<_> = first.records.iter().chain(&second.records).map(|it| &it.id).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older));
    ids.dedup();
    assert_eq!(ids.len(), 5);
    assert_eq!(audited(&desk, Action::RecordsListed).len(), 7);

    for field in ["name_last", "vulnerabilities"] {
        assert_eq!(list(ask(&[(field, "x")], 3, None)).unwrap_err().code, "ENT-1405");
    }
    assert_eq!(list(ask(&[("gender", "x")], 3, None)).unwrap_err().code, "ENT-1406");
    assert_eq!(list(ask(&[("x", "y")], 3, None)).unwrap_err().code, "ENT-1404");
}

#[test]
fn a_list_of_those_whose_consent_ends_soon_has_no_others() {
    let desk = desk(2);
    let (node, today) = (&desk.node, desk.node.today());
    let with = |days: i64| {
        let last = today.saturating_add(jiff::Span::new().days(days));
        let consent = Consent { valid_until: Some(last), ..consent() };
        let record = node.blank_record().unwrap();
        node.add_record(actor(), record, vec![consent]).unwrap().to_string()
    };
    case(&desk, &[]);
    // Two of one millisecond are in the order of their names.
    let mut soon = [with(0), with(29)];
    soon.sort();
    with(-1);
    with(30);
    let ask = |filter: &[(&str, &str)]| RecordListAsk {
        filter: map(filter),
        withdrawn: false,
        consent_ending: true,
        no_consent: false,
        limit: 1,
        after: None,
    };
    let list = |ask| list(&desk, &staff(), ask, &steps()).unwrap();
    let first = list(ask(&[]));
    assert_eq!((first.total, &first.records[0].id), (2, &soon[1]));
    let second = list(RecordListAsk { after: first.next, ..ask(&[]) });
    assert_eq!((&second.records[0].id, second.next), (&soon[0], None));
    // A filter that memory cannot answer, and one that lets nobody in.
    assert_eq!(list(ask(&[("case_status", "active")])).total, 0);
    assert_eq!(list(ask(&[("gender", "man")])).total, 0);
    // What has none that is valid is the rest.
    let without = RecordListAsk { consent_ending: false, no_consent: true, limit: 10, ..ask(&[]) };
    let told = list(without);
    assert_eq!((told.total, told.records[0].consent), (1, false));
}

#[test]
fn a_search_for_a_number_finds_that_number_before_others_like_it() {
    let desk = desk(2);
    let add = |number: &str| case(&desk, &[(Field::ExternalRef, number)]).to_string();
    let wanted = add("CASE-1");
    let others = ["CASE-2", "CASE-11", "CASE-1-B", "X CASE-1"].map(add);
    let find = |text: &str| {
        let ask = RecordSearchAsk { text: Private(text.to_owned()), limit: 10 };
        let found = search(&desk, &staff(), ask, &steps()).unwrap().found;
        found.into_iter().map(|it| (it.record.id, it.score)).collect::<Vec<_>>()
    };
    for typed in ["CASE-1", "case 1", "Case1"] {
        let found = find(typed);
        assert_eq!(found.first(), Some(&(wanted.clone(), 100)), "{typed}");
        assert!(found.iter().skip(1).all(|(_, score)| *score < 100), "{typed}: {found:?}");
    }
    // The one whose number is another comes last.
    assert_eq!(find("CASE-1").last().map(|(id, _)| id), others.first());
}

#[test]
fn a_search_finds_names_in_any_spelling_and_leaves_no_word_behind() {
    let desk = desk(2);
    let record = add_named(&desk, "Exemple-Tremblay").record;
    add_named(&desk, "Exemple-Gagnon");
    let find = |text: &str| {
        let ask = RecordSearchAsk { text: Private(text.to_owned()), limit: 10 };
        search(&desk, &staff(), ask, &steps()).unwrap().found
    };
    let found = find("TREMBLAY zoe");
    assert_eq!(found.iter().map(|it| &it.record.id).collect::<Vec<_>>(), [&record]);
    assert_eq!(
        (found[0].score, found[0].matched.clone()),
        (99, vec!["name_last".into(), "name_first".into()])
    );
    assert_eq!(find("zo").len(), 2);
    assert!(find("tremblay gagnon").is_empty());
    for entry in audited(&desk, Action::RecordsListed) {
        assert_eq!(entry.reasons, ["search"]);
    }
}

#[test]
fn two_records_of_one_person_are_proposed_linked_and_taken_apart() {
    let desk = desk(2);
    let one = add_named(&desk, "Exemple-Tremblay");
    let other = add_named(&desk, "Exemple Tremblay");
    assert_eq!(other.duplicates[0].record, one.record);
    assert!(other.duplicates[0].because.contains(&"birthdate".to_owned()));
    let pairs = |fields| {
        let ask = RecordDuplicatesAsk { record: None, min_score: 80, fields, from: 0, limit: 10 };
        duplicates(&desk, &staff(), ask, &steps()).unwrap().pairs
    };
    let proposed = || pairs(false).len();
    let decide = |same_person| {
        let ask =
            RecordLinkAsk { left: one.record.clone(), right: other.record.clone(), same_person };
        link(&desk, &staff(), ask, &steps()).unwrap().linked
    };
    assert_eq!(proposed(), 1);
    let bare = pairs(false);
    assert!(audited(&desk, Action::RecordRead).is_empty(), "nothing of a record was shown");
    let full = pairs(true);
    let read = audited(&desk, Action::RecordRead);
    assert_eq!(read.len(), 2, "each record that is shown is read");
    for record in [&one.record, &other.record] {
        let id = desk.node.find_record(record).unwrap();
        let entry = read.iter().find(|it| it.record == Some(id)).unwrap();
        assert_eq!(entry.reasons, ["duplicates"]);
    }
    let after =
        RecordDuplicatesAsk { record: None, min_score: 80, fields: true, from: 1, limit: 10 };
    let after = duplicates(&desk, &staff(), after, &steps()).unwrap();
    assert_eq!((after.total, after.pairs.len()), (1, 0), "it was passed over");
    assert_eq!(audited(&desk, Action::RecordRead).len(), 2, "and nothing was read for it");
    assert!(bare[0].left_fields.is_empty() && bare[0].right_fields.is_empty());
    for held in [&full[0].left_fields, &full[0].right_fields] {
        let birthdate = held.iter().find(|it| it.field == "birthdate").unwrap();
        assert!(birthdate.masked && birthdate.values.0.is_empty(), "a birthdate is shown");
    }
    assert_eq!(decide(true).len(), 2);
    assert_eq!(proposed(), 0);
    assert_eq!(show_of(&desk, &one.record, false).linked, std::slice::from_ref(&other.record));
    decide(false);
    assert!(show_of(&desk, &one.record, false).linked.is_empty());
    assert_eq!(proposed(), 0, "decided once, not asked again");
    decide(true);
    assert_eq!(show_of(&desk, &other.record, false).linked, std::slice::from_ref(&one.record));
}

/// Fifteen cases alike, closed for the centre and read by it.
fn shared() -> (std::sync::Arc<Desk>, std::sync::Arc<Desk>, Vec<RecordId>) {
    let (province, centre) = two();
    let ids = (0..30)
        .map(|nth| {
            let form = if nth % 2 == 0 { "sexual" } else { "forced_labour" };
            case(&province, &[(Field::Exploitation, form)])
        })
        .collect();
    let ask = EpochCloseAsk { epoch: "2026-Q3".to_owned(), partner: None };
    let told = epochs::close(&province, &staff(), ask, &steps()).unwrap();
    assert_eq!(told.partners[0].released, 30);
    assert_eq!(pull(&centre, &province).n_held, 30);
    (province, centre, ids)
}

#[test]
fn a_withdrawn_consent_takes_the_summary_back_and_comes_back_as_a_receipt() {
    let (province, centre, ids) = shared();
    let ask = |dry_run| ConsentWithdrawAsk { record: ids[0].to_string(), consent: None, dry_run };
    let would = consent_withdraw(&province, &staff(), ask(true), &steps()).unwrap();
    assert_eq!((would.done, would.partners.len(), would.receipts_expected), (false, 1, 0));
    assert_eq!(would.partners[0].withdrawn_at, None);

    let told = consent_withdraw(&province, &staff(), ask(false), &steps()).unwrap();
    assert_eq!((told.done, told.consents.len(), told.receipts_expected), (true, 1, 1));
    assert_eq!(told.partners[0].summary, would.partners[0].summary);
    assert_eq!(
        consent_withdraw(&province, &staff(), ask(false), &steps()).unwrap_err().code,
        "ENT-1413"
    );

    let accepted = pull(&centre, &province);
    assert_eq!((accepted.n_withdrawn, accepted.n_receipts_sent), (1, 1));
    assert_eq!(centre.node.n_held(), 29);
    assert_eq!(pull(&province, &centre).n_receipts, 1);
    let shown = show_of(&province, &ids[0].to_string(), false);
    assert!(shown.shared_with[0].receipt_at.is_some());
    assert!(!shown.record.consent && shown.record.shared_with == 0);
}

#[test]
fn what_a_partner_has_not_read_is_never_sent_after_a_withdrawal() {
    let (province, centre) = two();
    let ids: Vec<_> = (0..11).map(|_| case(&province, &[])).collect();
    let ask = EpochCloseAsk { epoch: "2026-Q3".to_owned(), partner: None };
    epochs::close(&province, &staff(), ask, &steps()).unwrap();
    let ask = RecordWithdrawAsk { record: ids[0].to_string(), dry_run: false };
    let told = withdraw(&province, &staff(), ask, &steps()).unwrap();
    assert_eq!((told.partners.len(), told.receipts_expected), (1, 1));

    let (epoch, after) = centre.node.cursor(&province.node.id()).unwrap();
    let batches = province.node.feed_batches(&centre.node.id(), epoch, after, 99).unwrap();
    let redacted = batches.iter().flat_map(|batch| &batch.leaves);
    let redacted = redacted.filter(|it| matches!(it, entente_core::feed::Carried::Redacted(_)));
    assert_eq!(redacted.count(), 1);
    let accepted = pull(&centre, &province);
    // It held ten, and was told to forget one that it never saw.
    assert_eq!((accepted.n_held, accepted.n_withdrawn, accepted.n_receipts_sent), (10, 0, 1));
    assert_eq!(pull(&province, &centre).n_receipts, 1);
}

#[test]
fn naming_a_steward_takes_back_what_was_told_until_they_allow_it() {
    let (province, centre, ids) = shared();
    let ask = steward_ask(&ids[0].to_string(), Some("Organization 1"), None);
    let told = steward(&province, &staff(), ask.clone(), &steps()).unwrap();
    assert_eq!((told.summaries_withdrawn, told.version), (1, 2));
    assert_eq!(told.steward.unwrap().id, centre.node.id().to_string());
    // Named again, nothing changes.
    assert_eq!(steward(&province, &staff(), ask, &steps()).unwrap().version, 2);
    assert_eq!(pull(&centre, &province).n_withdrawn, 1);
}

fn steward_ask(record: &str, steward: Option<&str>, allows: Option<bool>) -> RecordStewardAsk {
    RecordStewardAsk { record: record.to_owned(), steward: steward.map(str::to_owned), allows }
}

#[test]
fn a_stewards_yes_lets_a_record_leave_and_their_no_takes_it_back() {
    let (province, centre) = two();
    let ids: Vec<_> = (0..12).map(|_| case(&province, &[]).to_string()).collect();
    let say = |ask| steward(&province, &staff(), ask, &steps());
    let fault = say(steward_ask(&ids[0], None, Some(true))).unwrap_err();
    assert_eq!(fault.code, "ENT-1412");
    assert_eq!(say(steward_ask(&ids[0], Some("Organization 1"), None)).unwrap().allows, None);
    let told = say(steward_ask(&ids[1], Some("Organization 1"), Some(true))).unwrap();
    assert_eq!((told.allows, told.version), (Some(true), 2));
    let ask = EpochCloseAsk { epoch: "2026-Q3".to_owned(), partner: None };
    epochs::close(&province, &staff(), ask, &steps()).unwrap();
    // Silence is a no: one of twelve stays.
    assert_eq!(pull(&centre, &province).n_held, 11);

    let told = say(steward_ask(&ids[1], None, Some(false))).unwrap();
    assert_eq!((told.allows, told.summaries_withdrawn), (Some(false), 1));
    assert_eq!(told.steward.unwrap().id, centre.node.id().to_string());
    assert_eq!(pull(&centre, &province).n_withdrawn, 1);
    // Answered twice, nothing changes.
    let again = say(steward_ask(&ids[1], None, Some(false))).unwrap();
    assert_eq!((again.version, again.summaries_withdrawn), (3, 0));
    assert_eq!(say(steward_ask(&ids[1], None, None)).unwrap().allows, None);
}

#[test]
fn an_organization_that_is_itself_the_steward_decides_by_sharing() {
    let (province, centre) = two();
    let us = province.node.id().to_string();
    for _ in 0..11 {
        case(&province, &[(Field::Steward, &us)]);
    }
    let ask = EpochCloseAsk { epoch: "2026-Q3".to_owned(), partner: None };
    epochs::close(&province, &staff(), ask, &steps()).unwrap();
    assert_eq!(pull(&centre, &province).n_held, 11);
}

#[test]
fn a_consent_is_checked_before_it_is_kept() {
    let desk = desk(2);
    let record = case(&desk, &[]).to_string();
    let ask = ConsentGiveAsk {
        record: record.clone(),
        scopes: vec!["stats".to_owned()],
        needs: Vec::new(),
        recipients: Vec::new(),
        given_by: None,
        informed: true,
        language: Some("cr".to_owned()),
        given_on: None,
        valid_until: None,
        override_reason: None,
    };
    let give = |ask| consent_give(&desk, &staff(), ask, &steps());
    assert!(give(ask.clone()).unwrap().consent.valid);
    let listed = consent_list(&desk, &staff(), ConsentListAsk { record }, &steps()).unwrap();
    assert_eq!(listed.consents.len(), 2);
    for bad in [
        ConsentGiveAsk { scopes: Vec::new(), ..ask.clone() },
        ConsentGiveAsk { scopes: vec!["everything".to_owned()], ..ask.clone() },
        ConsentGiveAsk { scopes: vec!["stats".to_owned(), "none".to_owned()], ..ask.clone() },
        ConsentGiveAsk { given_on: Some("yesterday".to_owned()), ..ask.clone() },
        ConsentGiveAsk { valid_until: Some("2020-01-01".to_owned()), ..ask.clone() },
        ConsentGiveAsk { override_reason: Some("court_order".to_owned()), ..ask },
    ] {
        assert_eq!(give(bad).unwrap_err().code, "ENT-1407");
    }
}
