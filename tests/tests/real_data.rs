//! Published data: the CTDC Global Dataset of April 2020, 48,773 cases, dealt out to five nodes.
//!
//! Their own counts add up to those of the whole file, and nothing that they release to a sixth
//! shows anybody in a class of fewer than eleven, by a count that uses nothing of the code that
//! decided. The file is not ours to distribute: without it the test says that it was skipped.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use entente_core::consent::ConsentId;
use entente_core::layout::Layout;
use entente_core::period::{Period, Quarter};
use entente_core::statement::Statement;
use entente_core::summary::CaseSummary;
use entente_node::clock::ManualClock;
use entente_node::node::counts::Wanted;
use entente_node::node::records::Imported as Case;
use entente_node::tabular::{self, Import, Imported};
use entente_tests::federation::{Org, START_S, agree, consent, pair, pull, staff};

const N_NODES: usize = 5;
const K: u32 = 11;

/// Rows of one transaction.
const ROWS_PER_WRITE: usize = 1024;

fn ctdc_2020() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("ENTENTE_REAL_DATA")?);
    Some(folder.join("ctdc/ctdc_global_2020.csv"))
}

#[test]
fn a_real_file_split_over_five_nodes_adds_up_and_is_released_in_classes_of_eleven() {
    let Some(file) = ctdc_2020() else {
        println!("skipped: ENTENTE_REAL_DATA is not set");
        return;
    };
    let clock = ManualClock::new(START_S);
    let orgs: Vec<_> = (2..).take(N_NODES).map(|seed| Org::new(seed, &clock)).collect();
    deal(&file, &orgs);

    let mut total = BTreeMap::new();
    for org in &orgs {
        count_by_gender(org, &mut total);
    }
    assert_eq!((total.get("woman"), total.get("man")), (Some(&35_506), Some(&13_267)));

    let centre = Org::new(1, &clock);
    let epoch = Period::Quarter(Quarter::new(2026, 3).expect("a quarter"));
    let mut n_released = 0;
    for org in &orgs {
        pair(&centre, org);
        agree(org, &centre, K);
        let report = org.node().close_epoch(&staff(), epoch, &centre.id(), true).expect("closed");
        pull(&centre, org).expect("read");
        let classes = classes_held(&centre, org);
        let n_held: u32 = classes.values().sum();
        assert_eq!(u64::from(n_held), report.n_released, "everything released is held");
        let small: Vec<_> = classes.iter().filter(|(_, n)| **n < K).collect();
        assert!(small.is_empty(), "{} classes are too small: {small:?}", small.len());
        n_released += report.n_released;
    }
    // It would be easy to release nothing.
    assert!(n_released > 40_000, "{n_released} of 48,773 are released");
}

/// Gives the rows of the file to the nodes, in turn. Each comes with a consent to statistics.
fn deal(file: &std::path::Path, orgs: &[Org]) {
    let layout = Layout::built_in("ctdc-2017").expect("a layout");
    let table = tabular::open(file).expect("a table");
    let today = jiff::civil::date(2026, 11, 22);
    let import = Import::new(table, &layout, &[7; 32], today).expect("the header fits");
    let mut hands: Vec<Vec<Case>> = orgs.iter().map(|_| Vec::new()).collect();
    let mut n_rows = 0;
    for row in import {
        let Imported::Accepted { key, draft, .. } = row.expect("a row") else {
            panic!("a row is quarantined");
        };
        let at = n_rows % orgs.len();
        let (Some(org), Some(hand)) = (orgs.get(at), hands.get_mut(at)) else { continue };
        let id = org.node().blank_record().expect("an id").id;
        let (record, _) = draft.into_parts(id, ConsentId([1; 16]));
        hand.push(Case { key: key.0, record, consent: Some(consent(1)) });
        if hand.len() == ROWS_PER_WRITE {
            org.node().import(&staff(), std::mem::take(hand)).expect("imported");
        }
        n_rows += 1;
    }
    for (org, hand) in orgs.iter().zip(hands) {
        org.node().import(&staff(), hand).expect("imported");
    }
    assert_eq!(n_rows, 48_773);
}

/// Adds what a node's staff count of its own cases.
fn count_by_gender(org: &Org, total: &mut BTreeMap<String, u64>) {
    let periods = org.node().own_periods(false);
    let wanted = Wanted { by: vec!["gender".to_owned()], only: Vec::new(), periods };
    for (_, table) in org.node().count_own(staff(), &wanted).expect("counted") {
        let frame = table.frame();
        for (place, n) in table.with_margins().into_iter().enumerate() {
            if let [Some(gender)] = frame.selection(place)[..] {
                *total.entry(gender.to_owned()).or_default() += n;
            }
        }
    }
}

/// How many of the summaries that the centre holds of one organization look alike in everything by
/// which a person could be found.
fn classes_held(centre: &Org, issuer: &Org) -> BTreeMap<String, u32> {
    let mut classes = BTreeMap::new();
    let mut count = |leaf: entente_core::statement::Leaf| {
        if let Statement::Summary(summary) = leaf.statement {
            *classes.entry(shown_of(&summary)).or_insert(0) += 1;
        }
        ControlFlow::Continue(())
    };
    centre.node().held_statements(&issuer.id(), &mut count).expect("held");
    classes
}

/// The quasi-identifiers of a summary, written out.
fn shown_of(summary: &CaseSummary) -> String {
    let CaseSummary {
        period,
        place,
        gender,
        age,
        citizenship,
        majority_at_exploitation,
        exploitation,
        labour_sectors,
        duration,
        // What is told of a person in such a class, and counted in none.
        id: _,
        rung: _,
        sexual_types: _,
        controls: _,
        recruiter_relation: _,
        needs: _,
        geo_scope: _,
        definition_profiles: _,
        data_source: _,
        status: _,
        status_decided_by: _,
        k_at_release: _,
    } = summary;
    format!(
        "{period} {place:?} {gender:?} {age:?} {citizenship:?} {majority_at_exploitation:?} \
         {exploitation:?} {labour_sectors:?} {duration:?}"
    )
}
