//! Whose work is in `assets`: notices that have to be where the work is.
//!
//! The table is `assets/notices.tsv`, which `cargo xtask licences` reads too; the texts are beside it.

/// A work of others, its holder, and its licence as SPDX names it.
pub(crate) struct Notice {
    pub(crate) work: &'static str,
    pub(crate) holder: &'static str,
    pub(crate) licence: &'static str,
}

/// Everything in `assets` that is not ours.
pub(crate) fn notices() -> Vec<Notice> {
    let lines = include_str!("../assets/notices.tsv").lines();
    let notice = |line: &'static str| {
        let mut cells = line.split('\t');
        Some(Notice { work: cells.next()?, holder: cells.next()?, licence: cells.next()? })
    };
    lines.filter_map(notice).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_work_of_others_has_a_holder_a_licence_and_its_text() {
        assert_eq!(super::notices().len(), 6);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/licences");
        for line in include_str!("../assets/notices.tsv").lines() {
            assert!(folder.join(line.split('\t').nth(3).unwrap()).exists(), "{line}");
        }
    }
}
