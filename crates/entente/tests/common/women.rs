//! Cases for figures: women of Manitoba who consent, in 2025.

use std::path::Path;

use serde_json::{Value, json};

use super::common::Folder;
use super::partners::{done, list, number};

/// Imports `n` of them.
pub(crate) fn import(node: &Folder, folder: &Path, n: u64) {
    let header = "external_ref,registered_on,status,status_decided_by,gender,\
        age_at_registration,province_of_exploitation,citizenship,exploitation,\
        consent_scopes,consent_given_by,consent_informed,consent_given_on";
    let line = |n| {
        format!(
            "s-{n},2025-08-15,actual,ngo,woman,30,46,CAN,forced_labour,services;stats,self,yes,2025-08-15"
        )
    };
    let lines: Vec<_> = (0..n).map(line).collect();
    let path = folder.join("cases.csv");
    std::fs::write(&path, format!("{header}\n{}\n", lines.join("\n"))).expect("written");
    let told = done(node, &["record", "import", &path.display().to_string()]);
    assert_eq!(number(&told, "/added"), n, "{told}");
}

/// The cell of Manitoba in the first table.
pub(crate) fn manitoba(told: &Value) -> Value {
    let cells = list(told, "/tables/0/cells");
    let is_it = |cell: &&Value| cell.pointer("/key/province") == Some(&json!("46"));
    cells.iter().find(is_it).expect("a cell").clone()
}
