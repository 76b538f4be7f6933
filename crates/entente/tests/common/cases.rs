//! Plain cases, all alike, whose people consent to statistics.

use std::ops::Range;
use std::path::Path;

use super::common::Folder;
use super::partners::{done, number};

/// The columns of [`line`].
pub(crate) const HEADER: &str = "external_ref,registered_on,status,status_decided_by,gender,\
    age_at_registration,province_of_exploitation,citizenship,exploitation,\
    consent_scopes,consent_given_by,consent_informed,consent_given_on";

/// The number of case `n` in its source. No two are alike, so that one is found by it.
pub(crate) fn reference(n: u32) -> String {
    // Knuth's multiplicative hash.
    format!("{:08x}", n.wrapping_add(1).wrapping_mul(2_654_435_761))
}

/// Case number `n`: an adult woman in Manitoba, forced labour, third quarter of 2026.
pub(crate) fn line(n: u32) -> String {
    let reference = reference(n);
    format!(
        "{reference},2026-08-15,actual,ngo,woman,30,46,CAN,forced_labour,services;stats,self,yes,2026-08-15"
    )
}

/// Imports these cases.
#[track_caller]
pub(crate) fn import(node: &Folder, cases: Range<u32>, folder: &Path) {
    let path = folder.join(format!("cases-{}-{}.csv", cases.start, cases.end));
    let lines: Vec<_> = cases.clone().map(line).collect();
    std::fs::write(&path, format!("{HEADER}\n{}\n", lines.join("\n"))).expect("written");
    let told = done(node, &["record", "import", &path.display().to_string()]);
    assert_eq!(number(&told, "/added"), u64::from(cases.end - cases.start), "{told}");
}

/// How many records the node has of its own.
#[track_caller]
pub(crate) fn n_records(node: &Folder) -> u64 {
    number(&done(node, &["status"]), "/records/own")
}
