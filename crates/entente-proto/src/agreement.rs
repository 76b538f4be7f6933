//! Agreements as messages.
//!
//! A message that decodes is not yet an agreement that may be signed: whether its terms make sense
//! together is for [`Agreement::problems`], which is called here, so that no agreement that has any
//! comes out.

use std::collections::BTreeSet;

use entente_core::agreement::terms::Onward;
use entente_core::agreement::{
    Agreement, AgreementId, Counts, Elements, Forbids, Geography, Grant, Party, Term,
};
use entente_core::agreement::{MAX_NAMED, MAX_TEXT};
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_TEXT_CHARS, array, bits, code, code_number, day, day_number, line, nfc, optional_array,
    optional_text, org, present, set, text, text_message, within,
};
use crate::statement::MAX_DOCUMENT;
use crate::v1;

const _: () = assert!(MAX_TEXT == MAX_TEXT_CHARS);

/// Longest breach contact, in bytes: as many characters as a text, of four bytes each.
const MAX_CONTACT: usize = MAX_TEXT * 4;

/// The bytes of an agreement: what both parties sign.
pub fn encode_agreement(agreement: &Agreement) -> Vec<u8> {
    let Agreement {
        id,
        version,
        supersedes,
        parties,
        grants: [first, second],
        governing_law,
        purposes,
        term: Term { effective, expiry },
        at_end,
        notice_days,
        breach_notice_hours,
    } = agreement;
    let message = v1::Agreement {
        agreement_id: id.0.to_vec(),
        version: *version,
        supersedes: supersedes.map(|digest| digest.to_vec()).unwrap_or_default(),
        parties: parties.iter().map(party_message).collect(),
        effective_on: day_number(*effective),
        expires_on: day_number(*expiry),
        purposes: purposes.bits(),
        governing_law: text_message(governing_law),
        notice_days: *notice_days,
        breach_notice_h: *breach_notice_hours,
        at_end: code_number(*at_end),
        first_grants: Some(grant_message(first)),
        second_grants: Some(grant_message(second)),
    };
    message.encode_to_vec()
}

/// The agreement with these bytes, without problems.
///
/// Verify the envelope first: against the proposer while it is a proposal, against both
/// parties before it is in force.
pub fn decode_agreement(bytes: &[u8]) -> Result<Agreement, Invalid> {
    within("agreement", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::Agreement = canonical(bytes)?;
    let [first_party, second_party]: [v1::Party; 2] =
        message.parties.try_into().map_err(|_| Invalid::new("parties", "must be two"))?;
    let agreement = Agreement {
        id: AgreementId(array("agreement_id", &message.agreement_id)?),
        version: within("version", message.version, 1..=u32::MAX)?,
        supersedes: optional_array("supersedes", &message.supersedes)?,
        parties: [parse_party(first_party)?, parse_party(second_party)?],
        grants: [
            parse_grant(present("first_grants", message.first_grants)?)?,
            parse_grant(present("second_grants", message.second_grants)?)?,
        ],
        governing_law: text("governing_law", message.governing_law, MAX_TEXT)?,
        purposes: set("purposes", message.purposes)?,
        term: Term {
            effective: day("effective_on", message.effective_on)?,
            expiry: day("expires_on", message.expires_on)?,
        },
        at_end: code("at_end", message.at_end)?,
        notice_days: message.notice_days,
        breach_notice_hours: message.breach_notice_h,
    };
    if !agreement.problems().is_empty() {
        return Err(Invalid::new("agreement", "has terms that cannot be"));
    }
    Ok(agreement)
}

fn party_message(party: &Party) -> v1::Party {
    let Party {
        org,
        name,
        kind,
        officer_title,
        breach_contact,
        authority_to_disclose,
        authority_to_collect,
    } = party;
    v1::Party {
        org: org.as_bytes().to_vec(),
        name: text_message(name),
        org_type: code_number(*kind),
        officer_title: text_message(officer_title),
        breach_contact: nfc(breach_contact),
        authority_to_disclose: text_message(authority_to_disclose),
        authority_to_collect: text_message(authority_to_collect),
    }
}

fn parse_party(message: v1::Party) -> Result<Party, Invalid> {
    let (to_disclose, to_collect) = (message.authority_to_disclose, message.authority_to_collect);
    Ok(Party {
        org: org("org", &message.org)?,
        name: text("name", message.name, MAX_TEXT)?,
        kind: code("org_type", message.org_type)?,
        officer_title: text("officer_title", message.officer_title, MAX_TEXT)?,
        breach_contact: line("breach_contact", message.breach_contact, MAX_CONTACT)?,
        authority_to_disclose: optional_text("authority_to_disclose", to_disclose, MAX_TEXT)?,
        authority_to_collect: optional_text("authority_to_collect", to_collect, MAX_TEXT)?,
    })
}

fn grant_message(grant: &Grant) -> v1::Grant {
    let Grant {
        summaries,
        counts,
        referrals,
        services,
        geography,
        age_classes,
        min_group,
        elements,
        retention_days,
        onward,
        budget_nano_rho,
        forbids: Forbids { exploitation, indigenous, minors },
    } = grant;
    let (everywhere, provinces) = match geography {
        Geography::Everywhere => (true, 0),
        Geography::Only(provinces) => (false, bits(provinces)),
    };
    let (onward, onward_to) = match onward {
        Onward::Never => (v1::Onward::Never, Vec::new()),
        Onward::Circle => (v1::Onward::Circle, Vec::new()),
        Onward::Named(orgs) => {
            (v1::Onward::Named, orgs.iter().map(|org| org.as_bytes().to_vec()).collect())
        }
    };
    v1::Grant {
        summaries: *summaries,
        counts: counts.as_ref().map(counts_message),
        referrals: *referrals,
        services: *services,
        everywhere,
        provinces,
        age_classes: age_classes.bits(),
        min_group: *min_group,
        elements: Some(elements_message(elements)),
        retention_days: *retention_days,
        onward: onward.into(),
        onward_to,
        budget_nano_rho: *budget_nano_rho,
        forbid_exploitation: bits(exploitation),
        forbid_indigenous: *indigenous,
        forbid_minors: *minors,
    }
}

fn parse_grant(message: v1::Grant) -> Result<Grant, Invalid> {
    let geography = match (message.everywhere, message.provinces) {
        (true, 0) => Geography::Everywhere,
        (true, _) => return Err(Invalid::new("provinces", "must be absent with `everywhere`")),
        (false, provinces) => Geography::Only(set("provinces", provinces)?.iter().collect()),
    };
    Ok(Grant {
        summaries: message.summaries,
        counts: message.counts.map(parse_counts).transpose()?,
        referrals: message.referrals,
        services: message.services,
        geography,
        age_classes: set("age_classes", message.age_classes)?,
        min_group: message.min_group,
        elements: parse_elements(present("elements", message.elements)?)?,
        retention_days: message.retention_days,
        onward: parse_onward(message.onward, &message.onward_to)?,
        budget_nano_rho: message.budget_nano_rho,
        forbids: Forbids {
            exploitation: set("forbid_exploitation", message.forbid_exploitation)?.iter().collect(),
            indigenous: message.forbid_indigenous,
            minors: message.forbid_minors,
        },
    })
}

fn parse_onward(onward: i32, to: &[Vec<u8>]) -> Result<Onward, Invalid> {
    let unknown = Invalid::new("onward", "is a code that is not in its list");
    match (v1::Onward::try_from(onward).map_err(|_| unknown)?, to) {
        (v1::Onward::Unspecified, _) => Err(Invalid::new("onward", "must be present")),
        (v1::Onward::Never, []) => Ok(Onward::Never),
        (v1::Onward::Circle, []) => Ok(Onward::Circle),
        (v1::Onward::Named, to) => {
            within("onward_to", to.len(), 1..=MAX_NAMED)?;
            if !to.is_sorted_by(|a, b| a < b) {
                return Err(Invalid::new("onward_to", "must be ascending, each once"));
            }
            let named = to.iter().map(|bytes| org("onward_to", bytes));
            Ok(Onward::Named(named.collect::<Result<BTreeSet<_>, _>>()?))
        }
        (_, [_, ..]) => Err(Invalid::new("onward_to", "must be empty unless `onward` is NAMED")),
    }
}

fn counts_message(counts: &Counts) -> v1::CountsGrant {
    let Counts { period, dimensions, min_cell } = counts;
    v1::CountsGrant {
        period: code_number(*period),
        dimensions: bits(dimensions),
        min_cell: *min_cell,
    }
}

fn parse_counts(message: v1::CountsGrant) -> Result<Counts, Invalid> {
    Ok(Counts {
        period: code("period", message.period)?,
        dimensions: set("dimensions", message.dimensions)?.iter().collect(),
        min_cell: message.min_cell,
    })
}

fn elements_message(elements: &Elements) -> v1::Elements {
    let Elements { period, place, gender, age, citizenship, details } = elements;
    v1::Elements {
        period: code_number(*period),
        place: code_number(*place),
        gender: code_number(*gender),
        age: code_number(*age),
        citizenship: code_number(*citizenship),
        details: bits(details),
    }
}

fn parse_elements(message: v1::Elements) -> Result<Elements, Invalid> {
    Ok(Elements {
        period: code("period", message.period)?,
        place: code("place", message.place)?,
        gender: code("gender", message.gender)?,
        age: code("age", message.age)?,
        citizenship: code("citizenship", message.citizenship)?,
        details: set("details", message.details)?.iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations, id};

    fn message() -> v1::Agreement {
        let bytes = encode_agreement(&any::one(any::agreement()));
        v1::Agreement::decode(bytes.as_slice()).unwrap()
    }

    /// Changes an agreement that passes, and says which field is then wrong.
    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::Agreement)) {
        let mut message = message();
        change(&mut message);
        let decoded = decode_agreement(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[track_caller]
    fn grant_refused(field: &'static str, change: impl FnOnce(&mut v1::Grant)) {
        refused(field, |it| change(it.first_grants.as_mut().unwrap()));
    }

    #[test]
    fn every_field_of_an_agreement_has_its_bound() {
        refused("agreement_id", |it| it.agreement_id.clear());
        refused("version", |it| it.version = 0);
        refused("supersedes", |it| it.supersedes = vec![1; 31]);
        refused("parties", |it| it.parties.truncate(1));
        refused("parties", |it| it.parties.push(it.parties[0].clone()));
        refused("agreement", |it| it.parties.swap(0, 1));
        refused("effective_on", |it| it.effective_on = 0);
        refused("expires_on", |it| it.expires_on = 20_270_230);
        refused("agreement", |it| it.expires_on = it.effective_on);
        refused("purposes", |it| it.purposes = u32::MAX);
        refused("agreement", |it| it.purposes = 0);
        refused("governing_law", |it| it.governing_law = None);
        refused("agreement", |it| it.notice_days = 366);
        refused("agreement", |it| it.breach_notice_h = 0);
        refused("at_end", |it| it.at_end = 0);
        refused("at_end", |it| it.at_end = 4);
        refused("first_grants", |it| it.first_grants = None);
    }

    #[test]
    fn every_field_of_a_party_has_its_bound() {
        refused("org", |it| it.parties[0].org = vec![0; 32]);
        refused("name", |it| it.parties[0].name.as_mut().unwrap().fr.clear());
        refused("name", |it| it.parties[0].name.as_mut().unwrap().en = "a".repeat(MAX_TEXT + 1));
        refused("org_type", |it| it.parties[0].org_type = 0);
        refused("officer_title", |it| it.parties[0].officer_title = None);
        refused("breach_contact", |it| it.parties[0].breach_contact = "a\nb".into());
        let longest = "a".repeat(MAX_TEXT);
        let mut message = message();
        message.parties[0].name.as_mut().unwrap().en = longest;
        assert!(decode_agreement(&message.encode_to_vec()).is_ok());
    }

    #[test]
    fn every_field_of_a_grant_has_its_bound() {
        grant_refused("provinces", |it| (it.everywhere, it.provinces) = (true, 1));
        grant_refused("provinces", |it| (it.everywhere, it.provinces) = (false, 1 << 31));
        grant_refused("agreement", |it| (it.everywhere, it.provinces) = (false, 0));
        grant_refused("age_classes", |it| it.age_classes = 8);
        grant_refused("agreement", |it| it.min_group = 4);
        grant_refused("agreement", |it| it.min_group = 1_001);
        grant_refused("elements", |it| it.elements = None);
        grant_refused("place", |it| it.elements.as_mut().unwrap().place = 0);
        grant_refused("details", |it| it.elements.as_mut().unwrap().details = 1 << 11);
        grant_refused("agreement", |it| it.retention_days = 0);
        grant_refused("agreement", |it| it.retention_days = 3_661);
        grant_refused("agreement", |it| it.budget_nano_rho = 311_000_001);
        grant_refused("forbid_exploitation", |it| it.forbid_exploitation = 1 << 15);
        let counts = |min_cell, dimensions| v1::CountsGrant { period: 1, dimensions, min_cell };
        grant_refused("agreement", |it| it.counts = Some(counts(4, 1)));
        grant_refused("agreement", |it| it.counts = Some(counts(5, 0)));
        grant_refused("agreement", |it| it.counts = Some(counts(5, 0b11111)));
        grant_refused("dimensions", |it| it.counts = Some(counts(5, 1 << 10)));
    }

    #[test]
    fn who_may_be_told_onward_is_named_in_order_or_not_at_all() {
        let mut orgs: Vec<_> = (8..10).map(|seed| id(seed).as_bytes().to_vec()).collect();
        orgs.sort();
        let onward = |kind: v1::Onward, to: Vec<Vec<u8>>| {
            move |it: &mut v1::Grant| (it.onward, it.onward_to) = (kind.into(), to)
        };
        grant_refused("onward", onward(v1::Onward::Unspecified, vec![]));
        grant_refused("onward", |it| it.onward = 4);
        grant_refused("onward_to", onward(v1::Onward::Never, orgs.clone()));
        grant_refused("onward_to", onward(v1::Onward::Circle, orgs.clone()));
        grant_refused("onward_to", onward(v1::Onward::Named, vec![]));
        grant_refused("onward_to", onward(v1::Onward::Named, vec![orgs[0].clone(); 2]));
        grant_refused("onward_to", onward(v1::Onward::Named, vec![vec![1; 31]]));
        let mut reversed = orgs;
        reversed.reverse();
        grant_refused("onward_to", onward(v1::Onward::Named, reversed));
    }

    #[test]
    fn no_changed_agreement_is_taken_for_the_same() {
        let agreement = any::one(any::agreement());
        check_mutations(&encode_agreement(&agreement), &agreement, decode_agreement);
    }

    proptest! {
        #[test]
        fn an_agreement_is_read_as_it_is_written(agreement in any::agreement()) {
            prop_assert_eq!(decode_agreement(&encode_agreement(&agreement)), Ok(agreement));
        }

        #[test]
        fn random_bytes_are_no_agreement(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode_agreement(&bytes).is_err());
        }
    }
}
