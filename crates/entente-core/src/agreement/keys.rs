//! The keys that a draft may have, for whoever changes one by its name.
//!
//! The structs of [`super::draft`] refuse a key that they do not know, but only once the whole
//! draft is read. This list says it of a single key, and which one was probably meant; a test holds
//! the two together.

use crate::duplicates::likeness;

/// Keys, each with those of the table that it is, if it is one.
type Keys = [(&'static str, &'static [&'static str])];

/// A text in both languages.
const PAIR: &[&str] = &["en", "fr"];

const DRAFT: &Keys = &[
    ("effective", &[]),
    ("expiry", &[]),
    ("purposes", &[]),
    ("at_end", &[]),
    ("notice_days", &[]),
    ("breach_notice_hours", &[]),
    ("governing_law", PAIR),
];

const PARTY: &Keys = &[
    ("name", PAIR),
    ("kind", &[]),
    ("officer_title", PAIR),
    ("breach_contact", &[]),
    ("authority_to_disclose", PAIR),
    ("authority_to_collect", PAIR),
];

const GRANT: &Keys = &[
    ("summaries", &[]),
    ("referrals", &[]),
    ("services", &[]),
    ("provinces", &[]),
    ("age_classes", &[]),
    ("min_group_persons", &[]),
    ("retention_days", &[]),
    ("onward", &[]),
    ("budget_nano_rho_per_year", &[]),
    ("fields", &["period", "place", "gender", "age", "citizenship", "details"]),
    ("counts", &["period", "dimensions", "min_cell_persons"]),
    ("forbid", &["exploitation", "indigenous", "minors"]),
];

/// The tables of a draft, and what may stand in each.
const TABLES: &[(&str, &Keys)] =
    &[("", DRAFT), ("ours", PARTY), ("theirs", PARTY), ("we_send", GRANT), ("they_send", GRANT)];

/// Every key that a draft may have, dotted: `we_send.fields.age`.
fn draft_keys() -> impl Iterator<Item = String> {
    let dotted = |table: &str, name: &str| {
        if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
    };
    TABLES.iter().flat_map(move |(table, keys)| {
        keys.iter().flat_map(move |(name, parts)| {
            let key = dotted(table, name);
            let of_parts: Vec<_> = parts.iter().map(|part| dotted(&key, part)).collect();
            std::iter::once(key).chain(of_parts)
        })
    })
}

/// Whether a draft may have this key; if not, the one that is most like it.
pub fn check_draft_key(key: &str) -> Result<(), String> {
    let like = |known: &String| likeness(known, key);
    let nearest = draft_keys().max_by(|one, other| like(one).total_cmp(&like(other)));
    match nearest {
        Some(nearest) if nearest == key => Ok(()),
        nearest => Err(nearest.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Agreement, AgreementId, DraftError};
    use crate::identity::OrgKey;

    const DRAFT_FILE: &str = include_str!("../../../../config/agreements/province-federal.toml");

    /// What reading the draft says when a table has a key that nobody knows.
    fn complaint(table: &[&str]) -> String {
        let mut draft: toml::Table = toml::from_str(DRAFT_FILE).unwrap();
        let mut place = &mut draft;
        for part in table {
            let next = place.entry(*part).or_insert_with(|| toml::Table::new().into());
            place = next.as_table_mut().unwrap();
        }
        place.insert("zzz".to_owned(), true.into());
        let (ours, theirs) = (OrgKey::from_seed(&[1; 32]).id(), OrgKey::from_seed(&[2; 32]).id());
        let read = Agreement::from_toml(&draft.to_string(), &ours, &theirs, AgreementId([0; 16]));
        let Err(DraftError::Toml(complaint)) = read else { panic!("{table:?}: {read:?}") };
        complaint
    }

    #[test]
    fn the_list_is_what_reading_a_draft_accepts() {
        for (table, keys) in TABLES {
            let path: Vec<&str> = [*table].into_iter().filter(|table| !table.is_empty()).collect();
            let here: Vec<_> = keys.iter().map(|(name, _)| *name).collect();
            let tables = TABLES.iter().map(|(name, _)| *name);
            let tables = tables.filter(|name| table.is_empty() && !name.is_empty());
            let inner = keys.iter().filter(|(_, parts)| !parts.is_empty());
            let inner = inner.map(|(name, parts)| ([path.as_slice(), &[*name]].concat(), *parts));
            let whole = (path.clone(), here.iter().copied().chain(tables).collect::<Vec<_>>());
            let inner = inner.map(|(path, parts)| (path, parts.to_vec()));
            for (path, keys) in inner.chain([whole]) {
                let complaint = complaint(&path);
                let said = complaint.rsplit_once("expected").map_or("", |(_, said)| said);
                let mut said: Vec<_> = said.split('`').skip(1).step_by(2).collect();
                let mut keys = keys;
                said.sort_unstable();
                keys.sort_unstable();
                assert_eq!(said, keys, "{path:?}: {complaint}");
            }
        }
    }

    #[test]
    fn a_misspelt_key_gets_the_one_that_was_meant() {
        for (typed, meant) in [
            ("we_send.min_group", "we_send.min_group_persons"),
            ("they_send.min_group_person", "they_send.min_group_persons"),
            ("notice_dais", "notice_days"),
            ("we_send.field.age", "we_send.fields.age"),
            ("ours.officer_title.de", "ours.officer_title.en"),
        ] {
            assert_eq!(check_draft_key(typed), Err(meant.to_owned()), "{typed}");
            assert_eq!(check_draft_key(meant), Ok(()));
        }
    }
}
