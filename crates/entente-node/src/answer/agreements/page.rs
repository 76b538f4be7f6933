//! An agreement on paper: its clauses in both languages, and the draft of its next version.
//!
//! The clauses are those of the page that the core renders from the signed bytes, so that what is
//! shown here cannot say something else.

use entente_core::agreement::terms::Onward;
use entente_core::agreement::{Agreement, Geography, Grant, Party};
use entente_core::codes::Code;
use entente_core::identity::OrgId;
use entente_core::lang::{Lang, Text};
use toml::{Table, Value};

use crate::answer::partners::told::both;
use crate::fault::Both;
use crate::local::doc::ClauseText;

/// The clauses, in their order.
pub(super) fn clauses(agreement: &Agreement) -> Vec<ClauseText> {
    let pairs = agreement.lines(Lang::En).into_iter().zip(agreement.lines(Lang::Fr));
    pairs
        .map(|(en, fr)| ClauseText {
            clause: en.clause.to_string(),
            title: both(&en.label),
            text: Both::new(en.value, fr.value),
            aside: en.aside,
        })
        .collect()
}

/// The draft, as `ours` would write it, that becomes this agreement again.
pub(super) fn draft(agreement: &Agreement, ours: &OrgId) -> String {
    let mut table = Table::new();
    let day = |day: jiff::civil::Date| match day.to_string().parse() {
        Ok(day) => Value::Datetime(day),
        Err(_) => Value::String(day.to_string()),
    };
    table.insert("effective".into(), day(agreement.term.effective));
    table.insert("expiry".into(), day(agreement.term.expiry));
    table.insert("purposes".into(), words(agreement.purposes.iter()));
    table.insert("at_end".into(), word(agreement.at_end));
    table.insert("notice_days".into(), number(agreement.notice_days));
    table.insert("breach_notice_hours".into(), number(agreement.breach_notice_hours));
    table.insert("governing_law".into(), pair(&agreement.governing_law));
    let theirs = agreement.partner_of(ours);
    for (name, party) in
        [("ours", theirs.and_then(|it| agreement.partner_of(&it.org))), ("theirs", theirs)]
    {
        if let Some(party) = party {
            table.insert(name.into(), Value::Table(side(party)));
        }
    }
    for (name, grant) in
        [("we_send", agreement.grant_from(ours)), ("they_send", agreement.grant_to(ours))]
    {
        if let Some((_, grant)) = grant.filter(|(_, grant)| **grant != Grant::nothing()) {
            table.insert(name.into(), Value::Table(sends(grant)));
        }
    }
    toml::to_string_pretty(&table).unwrap_or_default()
}

fn side(party: &Party) -> Table {
    let mut table = Table::new();
    table.insert("name".into(), pair(&party.name));
    table.insert("kind".into(), word(party.kind));
    table.insert("officer_title".into(), pair(&party.officer_title));
    table.insert("breach_contact".into(), Value::String(party.breach_contact.clone()));
    for (name, text) in [
        ("authority_to_disclose", &party.authority_to_disclose),
        ("authority_to_collect", &party.authority_to_collect),
    ] {
        if !(text.en.is_empty() && text.fr.is_empty()) {
            table.insert(name.into(), pair(text));
        }
    }
    table
}

fn sends(grant: &Grant) -> Table {
    let mut table = Table::new();
    for (name, yes) in [
        ("summaries", grant.summaries),
        ("referrals", grant.referrals),
        ("services", grant.services),
    ] {
        table.insert(name.into(), Value::Boolean(yes));
    }
    let provinces = match &grant.geography {
        Geography::Everywhere => Value::String("all".to_owned()),
        Geography::Only(provinces) => words(provinces.iter().copied()),
    };
    table.insert("provinces".into(), provinces);
    table.insert("age_classes".into(), words(grant.age_classes.iter()));
    table.insert("min_group_persons".into(), number(grant.min_group));
    table.insert("retention_days".into(), number(grant.retention_days));
    let onward = match &grant.onward {
        Onward::Never => Value::String("never".to_owned()),
        Onward::Circle => Value::String("circle".to_owned()),
        Onward::Named(orgs) => {
            Value::Array(orgs.iter().map(|org| Value::String(org.to_string())).collect())
        }
    };
    table.insert("onward".into(), onward);
    let budget = i64::try_from(grant.budget_nano_rho).unwrap_or(i64::MAX);
    table.insert("budget_nano_rho_per_year".into(), Value::Integer(budget));
    table.insert("fields".into(), fields(grant));
    if let Some(counts) = &grant.counts {
        let mut it = Table::new();
        it.insert("period".into(), word(counts.period));
        it.insert("dimensions".into(), words(counts.dimensions.iter().copied()));
        it.insert("min_cell_persons".into(), number(counts.min_cell));
        table.insert("counts".into(), Value::Table(it));
    }
    let mut forbid = Table::new();
    forbid.insert("exploitation".into(), words(grant.forbids.exploitation.iter().copied()));
    forbid.insert("indigenous".into(), Value::Boolean(grant.forbids.indigenous));
    forbid.insert("minors".into(), Value::Boolean(grant.forbids.minors));
    table.insert("forbid".into(), Value::Table(forbid));
    table
}

fn fields(grant: &Grant) -> Value {
    let elements = &grant.elements;
    let mut table = Table::new();
    table.insert("period".into(), word(elements.period));
    table.insert("place".into(), word(elements.place));
    table.insert("gender".into(), word(elements.gender));
    table.insert("age".into(), word(elements.age));
    table.insert("citizenship".into(), word(elements.citizenship));
    table.insert("details".into(), words(elements.details.iter().copied()));
    Value::Table(table)
}

fn word<C: Code>(code: C) -> Value {
    Value::String(code.code().to_owned())
}

fn words<C: Code>(codes: impl IntoIterator<Item = C>) -> Value {
    Value::Array(codes.into_iter().map(word).collect())
}

fn number(number: u32) -> Value {
    Value::Integer(number.into())
}

fn pair(text: &Text) -> Value {
    let mut table = Table::new();
    table.insert("en".into(), Value::String(text.en.clone()));
    table.insert("fr".into(), Value::String(text.fr.clone()));
    Value::Table(table)
}

#[cfg(test)]
mod tests {
    use entente_core::agreement::AgreementId;
    use entente_core::identity::OrgKey;

    use super::*;

    fn agreement(template: &str) -> Agreement {
        let ids = [1, 2].map(|seed| OrgKey::from_seed(&[seed; 32]).id());
        Agreement::from_toml(template, &ids[0], &ids[1], AgreementId([7; 16])).unwrap()
    }

    const TEMPLATES: [&str; 3] = [
        include_str!("../../../../../config/agreements/province-federal.toml"),
        include_str!("../../../../../config/agreements/ngo-province.toml"),
        include_str!("../../../../../config/agreements/counts-only.toml"),
    ];

    #[test]
    fn the_draft_of_an_agreement_becomes_the_same_agreement_from_either_side() {
        for template in TEMPLATES {
            let agreement = agreement(template);
            let [first, second] = agreement.parties.clone();
            for (ours, theirs) in [(first.org, second.org), (second.org, first.org)] {
                let draft = draft(&agreement, &ours);
                let again = Agreement::from_toml(&draft, &ours, &theirs, agreement.id);
                assert_eq!(again.as_ref(), Ok(&agreement), "{draft}");
            }
        }
    }

    #[test]
    fn every_clause_of_the_page_is_there_in_both_languages() {
        for template in TEMPLATES {
            let agreement = agreement(template);
            let clauses = clauses(&agreement);
            for lang in [Lang::En, Lang::Fr] {
                let page = agreement.render(lang);
                assert_eq!(
                    page.lines().filter(|line| line.starts_with("- ")).count(),
                    clauses.len()
                );
                for clause in &clauses {
                    assert!(!clause.title.text(lang).is_empty());
                    assert!(!clause.title.text(lang).ends_with('\u{a0}'), "{clause:?}");
                    assert!(!clause.text.text(lang).is_empty(), "{clause:?}");
                }
            }
        }
    }
}
