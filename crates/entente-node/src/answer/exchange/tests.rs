use entente_core::record::Field;

use super::*;
use crate::answer::epochs;
use crate::answer::records::fixture::{actor, case, desk, map, pair, pull, staff, steps, two};

/// Two partners, twenty-two cases closed for the centre.
fn released() -> (Arc<Desk>, Arc<Desk>) {
    let (province, centre) = two();
    for nth in 0..22 {
        let form = if nth % 2 == 0 { "sexual" } else { "forced_labour" };
        case(&province, &[(Field::Exploitation, form)]);
    }
    let ask = EpochCloseAsk { epoch: "2026-Q3".to_owned(), partner: None };
    epochs::close(&province, &staff(), ask, &steps()).unwrap();
    (province, centre)
}

fn bundle(from: &Desk, to: &str, folder: &tempfile::TempDir) -> BundleExportTold {
    let file = folder.path().join("bundle").display().to_string();
    let ask = BundleExportAsk { partner: to.to_owned(), file, from: None };
    bundle_export(from, &staff(), ask, &steps()).unwrap()
}

fn read_bundle(desk: &Desk, file: &str) -> Outcome<BundleImportTold> {
    bundle_import(desk, &staff(), BundleImportAsk { file: file.to_owned() }, &steps())
}

#[test]
fn a_bundle_has_the_effect_of_a_connection_and_a_second_time_none() {
    let (province, centre) = released();
    let folder = tempfile::tempdir().unwrap();
    let written = bundle(&province, "Organization 1", &folder);
    let read = read_bundle(&centre, &written.file).unwrap().outcome;
    assert_eq!((read.held, read.outcome), (22, SyncEnd::News));
    assert_eq!(read.cursor, written.entries);
    let again = read_bundle(&centre, &written.file).unwrap().outcome;
    assert_eq!((again.held, again.pulled, again.outcome), (0, 0, SyncEnd::NothingNew));
    assert_eq!(pull(&centre, &province).n_held, 0);
}

#[test]
fn a_bundle_for_somebody_else_or_a_damaged_one_changes_nothing() {
    let (province, centre) = released();
    let other = desk(3);
    pair(&province, &other);
    let folder = tempfile::tempdir().unwrap();
    let written = bundle(&province, "Organization 1", &folder);
    assert_eq!(read_bundle(&other, &written.file).unwrap_err().code, "ENT-1512");

    let mut bytes = fs::read(&written.file).unwrap();
    let short = folder.path().join("short").display().to_string();
    fs::write(&short, &bytes[..bytes.len() - 9]).unwrap();
    assert_eq!(read_bundle(&centre, &short).unwrap_err().code, "ENT-1510");
    let last = bytes.len() - 9;
    bytes[last] ^= 1;
    fs::write(&short, &bytes).unwrap();
    let fault = read_bundle(&centre, &short).unwrap_err();
    assert!(["ENT-1510", "ENT-1511"].contains(&fault.code.as_str()), "{fault:?}");
    // The whole one is still accepted: a file proves nothing against its issuer.
    assert_eq!(read_bundle(&centre, &written.file).unwrap().outcome.held, 22);
}

#[test]
fn a_file_that_exists_is_not_written_over() {
    let (province, _) = released();
    let folder = tempfile::tempdir().unwrap();
    let written = bundle(&province, "Organization 1", &folder);
    let ask = |file: &str| BundleExportAsk {
        partner: "Organization 1".to_owned(),
        file: file.to_owned(),
        from: None,
    };
    let export = |file: &str| bundle_export(&province, &staff(), ask(file), &steps());
    assert_eq!(export(&written.file).unwrap_err().code, "ENT-1011");
    assert_eq!(export("bundle").unwrap_err().code, "ENT-1010");
}

#[test]
fn what_is_held_is_listed_filtered_and_shown_with_its_proof() {
    let (province, centre) = released();
    pull(&centre, &province);
    let ask = |filter: &[(&str, &str)], limit, after| HeldListAsk {
        partner: None,
        filter: map(filter),
        limit,
        after,
    };
    let list = |ask| held_list(&centre, &staff(), ask, &steps());
    let sexual = list(ask(&[("exploitation", "sexual"), ("place", "46")], 99, None)).unwrap();
    assert_eq!(sexual.total, 11);
    let first = list(ask(&[], 20, None)).unwrap();
    let rest = list(ask(&[], 20, first.next.clone())).unwrap();
    assert_eq!((first.held.len(), rest.held.len(), rest.next), (20, 2, None));
    assert_eq!(list(ask(&[("name_last", "x")], 9, None)).unwrap_err().code, "ENT-1513");
    let of = |period: &str| list(ask(&[("period", period)], 99, None)).unwrap().total;
    assert!(of("2026-Q3") > 0);
    assert_eq!([of("Q3 2026"), of("T3 2026")], [of("2026-Q3"); 2]);

    let row = &first.held[0];
    let ask = HeldShowAsk { summary: row.summary[..12].to_owned() };
    let shown = held_show(&centre, &staff(), ask, &steps()).unwrap();
    assert_eq!(shown.summary, *row);
    assert!(shown.min_group >= 11 && shown.sequence <= shown.checkpoint_size);
    assert_eq!(shown.received_at, "2026-11-22T12:00:00Z");
    // The agreement lets a summary be kept for five years.
    assert_eq!(row.keep_until.as_deref(), Some("2031-11-21"));
    let place = shown.fields.iter().find(|it| it.field == "place").unwrap();
    assert_eq!(place.values.0, ["46"]);
}

#[test]
fn the_list_of_what_is_held_follows_what_comes_and_what_is_taken_back() {
    let (province, centre) = released();
    let ids = || {
        let ask = HeldListAsk { partner: None, filter: map(&[]), limit: 99, after: None };
        let told = held_list(&centre, &staff(), ask, &steps()).unwrap();
        assert_eq!(told.total, told.held.len() as u64);
        told.held.into_iter().map(|row| row.summary).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(ids().is_empty());
    pull(&centre, &province);
    let all = ids();
    assert_eq!(all.len(), 22);
    let mut first = None;
    province
        .node
        .each_case(&mut |case| {
            first = Some(case.record.id);
            std::ops::ControlFlow::Break(())
        })
        .unwrap();
    province.node.withdraw_record(actor(), &first.unwrap()).unwrap();
    pull(&centre, &province);
    let rest = ids();
    assert!(rest.len() == 21 && rest.is_subset(&all));
}

#[test]
fn a_feed_is_listed_from_both_ends() {
    let (province, centre) = released();
    pull(&centre, &province);
    let ask = |direction, limit| FeedListAsk {
        partner: if direction == Direction::Sent { "Organization 1" } else { "Organization 2" }
            .to_owned(),
        direction,
        limit,
        before: None,
    };
    let sent = feed_list(&province, &staff(), ask(Direction::Sent, 5), &steps()).unwrap();
    assert_eq!((sent.entries.len(), sent.entries[0].sequence), (5, sent.length));
    assert!(sent.entries.iter().all(|it| it.kind == "summary"));
    assert_eq!(sent.entries[0].epoch.as_deref(), Some("2026-Q3"));
    let got = feed_list(&centre, &staff(), ask(Direction::Received, 99), &steps()).unwrap();
    assert_eq!((got.entries.len(), got.length), (22, sent.length));
    assert_eq!(got.entries[0].summary, sent.entries[0].summary);
    assert_eq!(got.entries[0].at, "2026-11-22T12:00:00Z");
}

#[test]
fn what_a_partner_asked_for_the_next_of_is_listed_as_read() {
    let (province, centre) = released();
    let n_read = || {
        let ask = FeedListAsk {
            partner: "Organization 1".to_owned(),
            direction: Direction::Sent,
            limit: 99,
            before: None,
        };
        let told = feed_list(&province, &staff(), ask, &steps()).unwrap();
        let read = told.entries.iter().filter(|it| it.read);
        assert!(read.clone().all(|it| it.sequence <= told.cursor));
        (told.cursor, read.count())
    };
    assert_eq!(n_read(), (0, 0));
    let reader = centre.node.id();
    let (epoch, length, _) = province.node.feed_head(&reader).unwrap();
    let note_read = |epoch, cursor| province.node.note_read(&reader, epoch, cursor).unwrap();
    note_read(epoch, length - 2);
    assert_eq!(n_read(), (length - 2, usize::try_from(length - 2).unwrap()));
    // How far it came in another feed of ours says nothing of this one.
    note_read(epoch + 1, length);
    assert_eq!(n_read(), (0, 0));
}

#[test]
fn a_quarantine_is_listed_with_its_evidence_and_lifted_with_a_reason() {
    let (province, centre) = released();
    let (epoch, after) = centre.node.cursor(&province.node.id()).unwrap();
    let batches = province.node.feed_batches(&centre.node.id(), epoch, after, 1).unwrap();
    let mut batch = batches.into_iter().next().unwrap();
    batch.first += 5;
    let via = crate::node::feeds::Via::Connection;
    centre.node.accept(&province.node.id(), batch, via).unwrap_err();

    let list = |partner: Option<&str>| {
        let partner = partner.map(str::to_owned);
        let ask = QuarantineListAsk { partner, ..QuarantineListAsk::default() };
        quarantine_list(&centre, &staff(), ask, &steps()).unwrap().cases
    };
    let cases = list(None);
    assert_eq!((cases.len(), cases[0].reason.code.as_str()), (1, "gap"));
    assert_eq!(cases[0].evidence.len(), 64);
    let ask = QuarantineReleaseAsk {
        partner: "Organization 2".to_owned(),
        reason: "restored from a backup, confirmed by telephone".to_owned(),
    };
    quarantine_release(&centre, &staff(), ask.clone(), &steps()).unwrap();
    assert!(list(None).is_empty());
    assert_eq!(list(Some("Organization 2")).len(), 1, "the evidence is kept");
    let again = quarantine_release(&centre, &staff(), ask, &steps());
    assert_eq!(again.unwrap_err().code, "ENT-1515");
    assert_eq!(pull(&centre, &province).n_held, 22);
}

#[test]
fn what_is_kept_against_a_partner_is_told_page_by_page() {
    let (province, centre) = released();
    for n in 1..=7 {
        centre.node.note_malformed(&province.node.id(), &format!("field {n}")).unwrap();
    }
    let list = |before| {
        let partner = Some("Organization 2".to_owned());
        let ask = QuarantineListAsk { partner, limit: 3, before };
        let told = quarantine_list(&centre, &staff(), ask, &steps()).unwrap();
        let numbers: Vec<_> = told.cases.iter().map(|case| case.number).collect();
        (numbers, told.length)
    };
    assert_eq!(list(None), (vec![7, 6, 5], 7));
    assert_eq!(list(Some(5)), (vec![4, 3, 2], 7));
    assert_eq!(list(Some(2)), (vec![1], 7));
    assert_eq!(list(Some(1)), (vec![], 7));
    assert_eq!(list(Some(0)), (vec![], 7));
    // None of it shut a door.
    let all = quarantine_list(&centre, &staff(), QuarantineListAsk::default(), &steps()).unwrap();
    assert_eq!((all.cases.len(), all.length), (0, 0));
}

#[tokio::test]
async fn a_partner_that_accepts_no_connections_is_told_of_and_not_fatal() {
    let (province, centre) = released();
    let changed = entente_core::audit::Action::PartnerConnected;
    let without = |row: &mut PartnerRow| row.address.clear();
    province.node.change_partner(staff().actor(), &centre.node.id(), changed, without).unwrap();
    let told = sync(province, staff(), SyncAsk::default(), steps()).await.unwrap();
    assert_eq!(told.partners.len(), 1);
    assert_eq!(told.partners[0].outcome, SyncEnd::Unreachable);
    assert_eq!(told.partners[0].fault.as_ref().unwrap().code, "ENT-1521");
}
