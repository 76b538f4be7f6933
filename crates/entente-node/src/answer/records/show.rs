//! Records as documents: rows, fields, verdicts, consents, and what partners have of them.

use std::collections::HashMap;

use entente_core::codes::{AgeBand, Code as _, ConsentScope};
use entente_core::consent::Consent;
use entente_core::definition::{self, Answer};
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_core::record::{CaseRecord, Field, Kind};
use entente_core::screening::{self, Suggestion};
use entente_store::rows::ReleaseRow;
use jiff::civil::Date;

use crate::answer::instant;
use crate::fault::Both;
use crate::local::doc::*;
use crate::node::records::Case;
use crate::node::{Node, Outcome};

/// What organizations are called.
pub(in crate::answer) struct Names(HashMap<OrgId, Both>);

impl Names {
    /// The names of all partners, of those that they or we sponsor, and our own.
    pub(in crate::answer) fn of(node: &Node) -> Outcome<Self> {
        let rows = node.partner_rows()?.into_iter();
        let mut names: HashMap<_, _> =
            rows.map(|(id, row)| (id, Both::new(row.name_en, row.name_fr))).collect();
        for (org, name) in node.sponsored_names()? {
            names.entry(org).or_insert_with(|| Both::new(name.en, name.fr));
        }
        let ours = &node.profile().name;
        names.insert(node.id(), Both::new(ours.en.clone(), ours.fr.clone()));
        Ok(Self(names))
    }

    /// An organization with its name; with the beginning of its id if it has none here.
    pub(in crate::answer) fn named(&self, id: &OrgId) -> Named {
        let name = self.0.get(id).cloned();
        let short = || Both::new(format!("{}", id.short()), format!("{}", id.short()));
        Named { id: id.to_string(), name: name.unwrap_or_else(short) }
    }
}

/// A record as a row of a table. `releases` is what partners were told of it.
pub(in crate::answer) fn row(
    case: &Case,
    releases: &[(OrgId, ReleaseRow)],
    names: &Names,
    today: Date,
) -> RecordRow {
    let record = &case.record;
    let standing = releases.iter().filter(|(_, release)| release.withdrawn_at_s.is_none()).count();
    let age = Some(record.age_band()).filter(|band| *band != AgeBand::Unknown);
    RecordRow {
        id: record.id.to_string(),
        version: case.version,
        period: record.period().map(|period| period.to_string()).unwrap_or_default(),
        status: record.status.map(|it| it.code().to_owned()),
        gender: record.gender.map(|it| it.code().to_owned()),
        age: age.map(|it| it.code().to_owned()),
        province: record.province().map(|it| it.code().to_owned()),
        exploitation: record.exploitation.iter().map(|it| it.code().to_owned()).collect(),
        consent: has_consent(case, today),
        shared_with: u32::try_from(standing).unwrap_or(u32::MAX),
        steward: record.steward.as_ref().map(|id| names.named(id)),
        withdrawn: case.withdrawn,
        updated_at: instant(case.changed_at_s),
    }
}

/// Whether a consent to sharing is valid today.
pub(in crate::answer) fn has_consent(case: &Case, today: Date) -> bool {
    case.consents.iter().any(|consent| covers_sharing(consent, today))
}

/// Whether a consent allows anything at all to be shared today.
fn covers_sharing(consent: &Consent, today: Date) -> bool {
    consent.is_current(today)
        && consent.override_reason.is_none()
        && consent.informed_of == [true; 4]
        && !consent.scopes.is_empty()
        && !consent.scopes.contains(ConsentScope::None)
}

/// Every field that holds something; what may name a person is masked unless `reveal`.
pub(in crate::answer) fn fields(record: &CaseRecord, reveal: bool) -> Vec<FieldValue> {
    let value = |(field, text): (Field, String)| {
        let identifying = field.may_name();
        let masked = identifying && !reveal;
        let is_list = matches!(
            field.kind(),
            Kind::Codes(_) | Kind::Countries(_) | Kind::Lines { .. } | Kind::Languages(_)
        );
        let values = match () {
            () if masked => Vec::new(),
            () if is_list => text.split(';').map(|part| part.trim().to_owned()).collect(),
            () => vec![text],
        };
        let field = field.name().to_owned();
        FieldValue { field, values: Private(values), identifying, masked }
    };
    record.to_fields().into_iter().map(value).collect()
}

/// What the acts, means and purposes amount to.
pub(in crate::answer) fn definitions(record: &CaseRecord) -> Vec<Verdict> {
    let ground = |ground: definition::Ground| Ground {
        field: ground.field.name().to_owned(),
        values: ground.values.into_iter().map(str::to_owned).collect(),
    };
    let verdict = |finding: definition::Finding| Verdict {
        profile: finding.profile.code().to_owned(),
        met: match finding.answer {
            Answer::Yes => Tri::Yes,
            Answer::No => Tri::No,
            Answer::Undetermined => Tri::Undetermined,
        },
        missing: finding.missing.iter().map(|field| field.name().to_owned()).collect(),
        because: finding.because.into_iter().map(ground).collect(),
        lacks: finding.lacks.into_iter().map(ground).collect(),
    };
    definition::findings(record).into_iter().map(verdict).collect()
}

/// What the screening indicators suggest.
pub(in crate::answer) fn screening(record: &CaseRecord) -> Screening {
    let suggested = screening::suggest(record.indicators).and_then(|it| it.status);
    Screening {
        indicators: record.indicators.iter().map(|it| it.code().to_owned()).collect(),
        suggested_status: suggested.map(|it| it.code().to_owned()),
        recorded_status: record.status.map(|it| it.code().to_owned()),
    }
}

/// What looks odd in a record and is still accepted, and the caution beside every suggestion.
pub(in crate::answer) fn warnings(record: &CaseRecord) -> Vec<Reason> {
    let reason = |code: &str, en: String, fr: String| Reason {
        code: code.to_owned(),
        clause: None,
        text: Both::new(en, fr),
    };
    let mut warnings = Vec::new();
    if let Some(suggestion) = screening::suggest(record.indicators) {
        warnings.push(reason(
            "screening",
            format!("{} {}", suggestion.text(Lang::En), Suggestion::caution(Lang::En)),
            format!("{} {}", suggestion.text(Lang::Fr), Suggestion::caution(Lang::Fr)),
        ));
    }
    if record.status.is_none() {
        warnings.push(reason(
            "no_status",
            "Without a status, the record is shared with nobody.".to_owned(),
            "Sans statut, le dossier n’est communiqué à personne.".to_owned(),
        ));
    }
    if record.province().is_none() && record.country_of_exploitation.is_none() {
        warnings.push(reason(
            "no_place",
            "Without a province, the record counts under “unknown”.".to_owned(),
            "Sans province, le dossier compte sous «\u{a0}inconnu\u{a0}».".to_owned(),
        ));
    }
    warnings
}

/// A consent as a row of a table.
pub(in crate::answer) fn consent_row(consent: &Consent, names: &Names, today: Date) -> ConsentRow {
    ConsentRow {
        id: consent.id.to_string(),
        scopes: consent.scopes.iter().map(|it| it.code().to_owned()).collect(),
        needs: consent.needs.iter().map(|it| it.code().to_owned()).collect(),
        recipients: consent.recipients.iter().map(|id| names.named(id)).collect(),
        given_by: consent.given_by.code().to_owned(),
        informed: consent.informed_of == [true; 4],
        language: consent.language.as_ref().map(|it| it.to_string()),
        given_on: consent.given_on.to_string(),
        valid_until: consent.valid_until.map(|day| day.to_string()),
        withdrawn_on: consent.withdrawn_on.map(|day| day.to_string()),
        override_reason: consent.override_reason.map(|it| it.code().to_owned()),
        valid: consent.is_current(today),
    }
}

/// A partner that has, or had, a summary of a record.
pub(in crate::answer) fn shared_with(
    (partner, release): &(OrgId, ReleaseRow),
    names: &Names,
) -> SharedWith {
    let epoch = Period::from_number(release.epoch);
    SharedWith {
        partner: names.named(partner),
        summary: hex::encode(release.summary),
        epoch: epoch.map(|it| it.to_string()).unwrap_or_default(),
        withdrawn_at: release.withdrawn_at_s.map(instant),
        receipt_at: release.receipt.as_ref().map(|(at_s, _)| instant(*at_s)),
    }
}
