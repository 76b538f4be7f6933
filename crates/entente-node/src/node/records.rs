//! Records and consents of this organization, and what withdrawing them sets in motion.
//!
//! Every read and change is an audit entry in its transaction. A withdrawal takes back what every
//! partner was told, in the same transaction: nobody can withdraw a consent and forget a partner.

use std::ops::ControlFlow;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_core::codes::{Code as _, GivenBy, OverrideReason, Set, Status};
use entente_core::consent::{Consent, ConsentId};
use entente_core::definition;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::policy::{self, CaseFacts, Inclusion, StewardDecision};
use entente_core::record::{CaseRecord, Field, InvalidValue, Language, RecordId};
use entente_core::statement::{AgreementRef, WithdrawReason};
use entente_core::summary::{Finest, SummaryId};
use entente_store::db::{DbError, Pending, Rows, Write};
use entente_store::log::{LogKey, Logs as _};
use entente_store::rows::{BadRow, ConsentRow, RecordRow, ReleaseRow};
use entente_store::tx::Reads as _;
use jiff::civil::Date;

use super::pairing::random;
use super::{Node, Outcome, unpoisoned};
use crate::fault::Fault;

pub(crate) mod identified;
pub(crate) mod listing;
mod persons;

/// A record with what is kept beside its fields.
#[derive(Clone, Debug)]
pub struct Case {
    /// The record.
    pub record: CaseRecord,
    /// The consents given for it.
    pub consents: Vec<Consent>,
    /// From 1.
    pub version: u32,
    /// When this version was made; seconds since 1970.
    pub changed_at_s: i64,
    /// The account that made it.
    pub changed_by: String,
    /// Whether it was taken back.
    pub withdrawn: bool,
    /// What the community steward answered.
    pub steward_allows: Option<bool>,
}

impl Case {
    /// Whether a consent of it holds on the day `today`, and is over before the day `then`.
    pub(crate) fn has_consent_ending(&self, today: Date, then: Date) -> bool {
        self.consents.iter().any(|consent| consent.is_ending(today, then))
    }

    /// What the community steward says to sharing this. `ours` is ourselves: an organization that
    /// is the steward decides by sharing.
    pub fn steward_decision(&self, ours: &OrgId) -> StewardDecision {
        match (self.record.steward, self.steward_allows) {
            (_, Some(true)) => StewardDecision::Allowed,
            (_, Some(false)) => StewardDecision::Refused,
            (Some(steward), None) if steward != *ours => StewardDecision::Missing,
            (_, None) => StewardDecision::NotNeeded,
        }
    }

    /// What a policy asks about it beside its consents; `None` if it has no period.
    pub fn facts(&self, ours: &OrgId) -> Option<CaseFacts> {
        let finest = Finest::of(&self.record, definition::met(&self.record))?;
        Some(CaseFacts::of(&finest, self.steward_decision(ours), ours))
    }

    /// Whether it may be in figures for a partner on the day `today`.
    pub fn is_in(&self, of: &Inclusion, ours: &OrgId, today: Date) -> bool {
        let facts = self.facts(ours).filter(|_| !self.withdrawn);
        facts.is_some_and(|facts| of.includes(&facts, &self.consents, today))
    }
}

/// One row of a file, as a record.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The keyed hash that recognizes the row again.
    pub key: [u8; 16],
    /// The fields that the layout made of it.
    pub record: CaseRecord,
    /// The consent that the file documents, if it does.
    pub consent: Option<Consent>,
}

/// What importing rows did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCount {
    /// Records that are new.
    pub n_added: u64,
    /// Rows that had been imported before.
    pub n_known: u64,
}

/// Rows that were imported and are on their way to the disk.
#[derive(Debug)]
#[must_use = "nothing is imported before `Node::finish_import`"]
pub struct Importing {
    count: ImportCount,
    pending: Pending,
}

/// A change of a record, but for what it does to the fields.
struct Change<'a> {
    actor: &'a Actor,
    action: Action,
    /// Codes for the audit log.
    reasons: Vec<String>,
    /// Why partners have to forget what they were told, if they have to.
    takes_back: Option<WithdrawReason>,
    /// What the community steward answered, if they did.
    steward_allows: Option<bool>,
}

impl<'a> Change<'a> {
    fn new(actor: &'a Actor, action: Action) -> Self {
        Self { actor, action, reasons: Vec::new(), takes_back: None, steward_allows: None }
    }
}

/// The record in a row.
pub(crate) fn record_of(id: &[u8; 16], row: &RecordRow) -> Result<CaseRecord, DbError> {
    let fields = row.fields.iter().map(|(number, text)| {
        Field::from_number(*number).map(|field| (field, text.as_str())).ok_or(BadRow)
    });
    let fields: Vec<_> = fields.collect::<Result<_, _>>()?;
    CaseRecord::from_fields(RecordId(*id), fields).map_err(|_| BadRow.into())
}

pub(crate) fn case_of(id: &[u8; 16], row: RecordRow) -> Result<Case, DbError> {
    Ok(Case {
        record: record_of(id, &row)?,
        consents: row.consents.iter().map(consent_of).collect::<Option<_>>().ok_or(BadRow)?,
        version: row.version,
        changed_at_s: row.changed_at_s,
        changed_by: row.changed_by,
        withdrawn: row.withdrawn,
        steward_allows: row.steward_allows,
    })
}

fn row_of(case: &Case) -> RecordRow {
    let fields = case.record.to_fields();
    RecordRow {
        fields: fields.into_iter().map(|(field, text)| (field.number(), text)).collect(),
        consents: case.consents.iter().map(consent_row).collect(),
        version: case.version,
        changed_at_s: case.changed_at_s,
        changed_by: case.changed_by.clone(),
        withdrawn: case.withdrawn,
        steward_allows: case.steward_allows,
    }
}

pub(crate) fn consent_row(consent: &Consent) -> ConsentRow {
    ConsentRow {
        id: consent.id.0,
        scopes: consent.scopes.bits(),
        needs: consent.needs.bits(),
        recipients: consent.recipients.iter().map(|org| *org.as_bytes()).collect(),
        given_by: consent.given_by.number(),
        informed_of: consent.informed_of,
        language: consent.language.as_ref().map(|it| it.to_string()).unwrap_or_default(),
        given_on: consent.given_on.to_string(),
        valid_until: consent.valid_until.map(|day| day.to_string()),
        withdrawn_on: consent.withdrawn_on.map(|day| day.to_string()),
        override_reason: consent.override_reason.map(|reason| reason.number()),
    }
}

pub(crate) fn consent_of(row: &ConsentRow) -> Option<Consent> {
    let day = |text: &Option<String>| match text {
        Some(text) => text.parse().ok().map(Some),
        None => Some(None),
    };
    Some(Consent {
        id: ConsentId(row.id),
        scopes: Set::from_bits(row.scopes)?,
        needs: Set::from_bits(row.needs)?,
        recipients: row
            .recipients
            .iter()
            .map(|org| OrgId::from_bytes(org).ok())
            .collect::<Option<_>>()?,
        given_by: GivenBy::from_number(row.given_by)?,
        informed_of: row.informed_of,
        language: match row.language.as_str() {
            "" => None,
            text => Some(Language::new(text).ok()?),
        },
        given_on: row.given_on.parse().ok()?,
        valid_until: day(&row.valid_until)?,
        withdrawn_on: day(&row.withdrawn_on)?,
        override_reason: match row.override_reason {
            Some(number) => Some(OverrideReason::from_number(number)?),
            None => None,
        },
    })
}

impl Node {
    /// A new id: a UUID of version 7, so that ids sort by the time they were made.
    pub(crate) fn new_id(&self) -> Outcome<[u8; 16]> {
        let millis = u64::try_from(self.now_s()).unwrap_or(0).saturating_mul(1000);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random::<10>()?).into_uuid();
        Ok(*id.as_bytes())
    }

    /// A record with nothing but its date of registration, ready to be filled in.
    pub fn blank_record(&self) -> Outcome<CaseRecord> {
        Ok(CaseRecord::new(RecordId(self.new_id()?), self.today()))
    }

    /// Sets fields of a record from text, and checks the whole.
    pub fn fill(&self, record: &mut CaseRecord, fields: &[(Field, String)]) -> Outcome<()> {
        let wrong: Vec<InvalidValue> =
            fields.iter().filter_map(|(field, text)| record.set(*field, text).err()).collect();
        let mut fault = Fault::new(
            1402,
            ("The record cannot be kept like this.", "Le dossier ne peut pas être conservé ainsi."),
            (
                "Correct the fields named and try again. `entente codes` shows what each may be.",
                "Corrigez les champs indiqués et réessayez. `entente codes` montre les valeurs possibles.",
            ),
        );
        for value in &wrong {
            fault = fault.because(value.text(Lang::En), value.text(Lang::Fr));
        }
        for problem in record.check(self.today()) {
            fault = fault.because(problem.text(Lang::En), problem.text(Lang::Fr));
        }
        if fault.why.is_empty() { Ok(()) } else { Err(fault) }
    }

    /// Keeps a new record.
    pub fn add_record(
        &self,
        actor: Actor,
        record: CaseRecord,
        consents: Vec<Consent>,
    ) -> Outcome<RecordId> {
        let case = Case {
            record,
            consents,
            version: 1,
            changed_at_s: self.now_s(),
            changed_by: super::audit::actor_name(&actor),
            withdrawn: false,
            steward_allows: None,
        };
        let id = case.record.id;
        self.db.write("add record", |tx| {
            tx.put_new_record(&id.0, &row_of(&case))?;
            self.write_audit(tx, vec![self.entry(actor, Action::RecordAdded).record(id)])?;
            self.index_cases([&case]);
            Ok(id)
        })
    }

    /// Keeps imported rows that are not known yet, in one transaction.
    pub fn import(&self, actor: &Actor, rows: Vec<Imported>) -> Outcome<ImportCount> {
        let importing = self.import_ahead(actor, rows)?;
        self.finish_import(importing)
    }

    /// The same, but returns before the rows are durable, so that the next can be prepared
    /// meanwhile.
    pub fn import_ahead(&self, actor: &Actor, rows: Vec<Imported>) -> Outcome<Importing> {
        let changed_by = super::audit::actor_name(actor);
        let now_s = self.now_s();
        let (count, pending) = self.db.write_ahead("import", |tx| {
            let (mut count, mut added, mut entries) =
                (ImportCount::default(), Vec::new(), Vec::new());
            for Imported { key, record, consent } in rows {
                if tx.imported(&key)?.is_some() {
                    count.n_known += 1;
                    continue;
                }
                let case = Case {
                    record,
                    consents: consent.into_iter().collect(),
                    version: 1,
                    changed_at_s: now_s,
                    changed_by: changed_by.clone(),
                    withdrawn: false,
                    steward_allows: None,
                };
                tx.put_new_record(&case.record.id.0, &row_of(&case))?;
                tx.put_imported(&key, &case.record.id.0)?;
                entries.push(
                    AuditEntry::new(now_s, actor.clone(), Action::RecordAdded)
                        .record(case.record.id),
                );
                added.push(case);
                count.n_added += 1;
            }
            self.write_audit(tx, entries)?;
            self.index_cases(&added);
            Ok::<_, Box<Fault>>(count)
        })?;
        Ok(Importing { count, pending })
    }

    /// Waits until imported rows are durable.
    pub fn finish_import(&self, importing: Importing) -> Outcome<ImportCount> {
        let Importing { count, pending } = importing;
        pending.wait()?;
        Ok(count)
    }

    /// How many of these rows were imported before.
    pub fn n_known(&self, keys: &[[u8; 16]]) -> Outcome<u64> {
        self.db.read(|tx| {
            let mut n_known = 0;
            for key in keys {
                n_known += u64::from(tx.imported(key)?.is_some());
            }
            Ok(n_known)
        })
    }

    /// A record, without an audit entry: for the node's own decisions.
    pub(crate) fn case(&self, id: &RecordId) -> Outcome<Case> {
        self.db.read(|tx| {
            let row = tx.record(&id.0)?.ok_or_else(unknown_record)?;
            Ok(case_of(&id.0, row)?)
        })
    }

    /// A record with its earlier versions, the oldest first, for a person to read. That they read
    /// it, and how, is kept: `how` are codes such as `revealed`.
    pub fn read_record(
        &self,
        actor: Actor,
        id: &RecordId,
        how: impl IntoIterator<Item = String>,
    ) -> Outcome<Vec<Case>> {
        let versions = self.record_versions(id)?;
        self.audit(vec![self.entry(actor, Action::RecordRead).record(*id).reasons(how)])?;
        Ok(versions)
    }

    /// What partners were told of a record, and what was taken back.
    pub fn releases_of(&self, id: &RecordId) -> Outcome<Vec<(OrgId, ReleaseRow)>> {
        self.db.read(|tx| Ok(to_partners(tx.releases(&id.0)?)))
    }

    /// The earlier versions of a record, the oldest first.
    pub fn record_versions(&self, id: &RecordId) -> Outcome<Vec<Case>> {
        self.db.read(|tx| {
            let mut versions = Vec::new();
            for row in tx.record_history(&id.0)? {
                versions.push(case_of(&id.0, row)?);
            }
            let row = tx.record(&id.0)?.ok_or_else(unknown_record)?;
            versions.push(case_of(&id.0, row)?);
            Ok(versions)
        })
    }

    /// Visits every record until `visit` breaks. The caller writes the audit entry that fits.
    pub fn each_case(&self, visit: &mut dyn FnMut(Case) -> ControlFlow<()>) -> Outcome<()> {
        self.db.read(|tx| {
            tx.records(&mut |id, row| Ok(visit(case_of(&id, row)?)))?;
            Ok(())
        })
    }

    /// Finds a record by the beginning of its id.
    pub fn find_record(&self, text: &str) -> Outcome<RecordId> {
        let wanted: String = text.trim().to_lowercase().chars().filter(|c| *c != '-').collect();
        if let Ok(bytes) = hex::decode(&wanted)
            && let Ok(id) = <[u8; 16]>::try_from(bytes.as_slice())
        {
            return self.case(&RecordId(id)).map(|case| case.record.id);
        }
        let mut found = Vec::new();
        self.db.read(|tx| {
            tx.records(&mut |id, _| {
                // Version 7 ids begin with the time, so people copy their ends as well.
                let text = hex::encode(id);
                if wanted.len() >= 4 && (text.starts_with(&wanted) || text.ends_with(&wanted)) {
                    found.push(RecordId(id));
                }
                let enough = found.len() > 1;
                Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            Ok::<_, Box<Fault>>(())
        })?;
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(unknown_record()),
            _ => Err(unknown_record().because(
                "Several records match; give the whole id.",
                "Plusieurs dossiers correspondent; donnez l’identifiant complet.",
            )),
        }
    }

    /// Changes a record; the version before it is kept.
    pub fn edit_record(
        &self,
        actor: Actor,
        id: &RecordId,
        change: impl FnOnce(&mut Case) -> Outcome<()>,
    ) -> Outcome<Case> {
        self.change_case(&Change::new(&actor, Action::RecordChanged), id, change)
    }

    fn change_case(
        &self,
        how: &Change<'_>,
        id: &RecordId,
        change: impl FnOnce(&mut Case) -> Outcome<()>,
    ) -> Outcome<Case> {
        self.db.write("change record", |tx| {
            let case = self.change_in(tx, how, id, change)?;
            self.index_cases([&case]);
            Ok(case)
        })
    }

    /// Brings cases into the index: the last step of their transaction, when nothing can undo it
    /// any more.
    fn index_cases<'a>(&self, cases: impl IntoIterator<Item = &'a Case> + Clone) {
        self.identified.changed(cases.clone());
        self.groups.changed(cases.clone());
        let mut index = unpoisoned(self.cases.write());
        cases.into_iter().for_each(|case| index.put(case, &self.id()));
    }

    fn change_in(
        &self,
        tx: &mut Write<'_>,
        how: &Change<'_>,
        id: &RecordId,
        change: impl FnOnce(&mut Case) -> Outcome<()>,
    ) -> Outcome<Case> {
        let row = tx.record(&id.0)?.ok_or_else(unknown_record)?;
        let mut case = case_of(&id.0, row)?;
        let steward = case.record.steward;
        change(&mut case)?;
        case.version += 1;
        case.changed_at_s = self.now_s();
        case.changed_by = super::audit::actor_name(how.actor);
        // What one steward answered, another did not; whoever it is, silence is a no.
        let is_other_steward = case.record.steward != steward;
        if is_other_steward || how.steward_allows.is_some() {
            case.steward_allows = how.steward_allows;
        }
        tx.put_record(&id.0, &row_of(&case))?;
        let is_no_victim = case.record.status == Some(Status::NotVictim);
        let decision = case.steward_decision(&self.id());
        let is_not_allowed = decision == StewardDecision::Refused
            || (is_other_steward && decision == StewardDecision::Missing);
        let reason = how
            .takes_back
            .or(is_no_victim.then_some(WithdrawReason::Correction))
            .or(is_not_allowed.then_some(WithdrawReason::RecordWithdrawn));
        if let Some(reason) = reason {
            self.take_back(tx, how.actor, &case, reason)?;
            if reason != WithdrawReason::Correction {
                self.take_back_referrals(tx, how.actor, &case, reason)?;
            }
        }
        let entry = self.entry(how.actor.clone(), how.action).record(*id);
        self.write_audit(tx, vec![entry.reasons(how.reasons.clone())])?;
        Ok(case)
    }

    /// Takes a record back, everywhere. The node keeps it for its own history.
    pub fn withdraw_record(&self, actor: Actor, id: &RecordId) -> Outcome<Case> {
        let takes_back = Some(WithdrawReason::RecordWithdrawn);
        let how = Change { takes_back, ..Change::new(&actor, Action::RecordWithdrawn) };
        self.change_case(&how, id, |case| {
            case.withdrawn = true;
            Ok(())
        })
    }

    /// Names the community steward of a record, or takes the name away, and keeps what they
    /// answered. Partners that were told of it have to forget it while the steward has not allowed
    /// it.
    pub fn name_steward(
        &self,
        actor: Actor,
        id: &RecordId,
        steward: Option<OrgId>,
        allows: Option<bool>,
    ) -> Outcome<Case> {
        let answer = allows.map(|it| if it { "steward_allows" } else { "steward_refuses" });
        let reasons = ["steward"].into_iter().chain(answer).map(str::to_owned).collect();
        let how = Change { reasons, ..Change::new(&actor, Action::RecordChanged) };
        self.change_case(&Change { steward_allows: allows, ..how }, id, |case| {
            case.record.steward = steward;
            Ok(())
        })
    }

    /// Records a consent.
    pub fn give_consent(&self, actor: Actor, id: &RecordId, consent: Consent) -> Outcome<Case> {
        let duty = consent.override_reason.map(|reason| format!("override:{}", reason.code()));
        let reasons = duty.into_iter().collect();
        let how = Change { reasons, ..Change::new(&actor, Action::ConsentGiven) };
        self.change_case(&how, id, |case| {
            case.consents.push(consent);
            Ok(())
        })
    }

    /// Records that a person withdrew a consent, or all of them; takes back what rested on it.
    pub fn withdraw_consent(
        &self,
        actor: Actor,
        id: &RecordId,
        which: Option<ConsentId>,
    ) -> Outcome<Case> {
        let today = self.today();
        let takes_back = Some(WithdrawReason::ConsentWithdrawn);
        let how = Change { takes_back, ..Change::new(&actor, Action::ConsentWithdrawn) };
        self.change_case(&how, id, |case| {
            let n_withdrawn = case.withdraw_consents(which, today).len();
            if n_withdrawn == 0 { Err(no_consent()) } else { Ok(()) }
        })
    }

    /// The partners that would have to forget a record if it were like `case` for this reason.
    pub fn would_take_back(
        &self,
        case: &Case,
        reason: WithdrawReason,
    ) -> Outcome<Vec<(OrgId, ReleaseRow)>> {
        self.db.read(|tx| self.to_take_back(tx, case, reason))
    }

    fn to_take_back<R: Rows>(
        &self,
        tx: &R,
        case: &Case,
        reason: WithdrawReason,
    ) -> Outcome<Vec<(OrgId, ReleaseRow)>> {
        let mut releases = to_partners(tx.releases(&case.record.id.0)?);
        releases.retain(|(_, release)| release.withdrawn_at_s.is_none());
        if reason != WithdrawReason::ConsentWithdrawn {
            return Ok(releases);
        }
        let mut meant = Vec::new();
        for (partner, release) in releases {
            if !self.still_allowed(tx, &partner, case)? {
                meant.push((partner, release));
            }
        }
        Ok(meant)
    }

    /// Tells every partner that was told of this record to forget it, unless what the person still
    /// allows covers that partner. What a partner has not read yet is never sent.
    fn take_back(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        case: &Case,
        reason: WithdrawReason,
    ) -> Outcome<()> {
        for (partner, mut release) in self.to_take_back(tx, case, reason)? {
            release.withdrawn_at_s = Some(self.now_s());
            self.put_release(tx, &case.record.id.0, partner.as_bytes(), &release)?;
            let withdrawal = policy::withdraw(partner, SummaryId(release.summary), reason);
            let (id, version) = release.agreement;
            self.say(tx, &partner, Some(AgreementRef { id, version }), vec![withdrawal])?;
            let log = LogKey::Feed(*partner.as_bytes());
            if tx.log_head(log)?.epoch == release.at.0 {
                tx.shred_leaves(log, release.at.0, &[release.at.1.saturating_sub(1)])?;
            }
            let entry = self.entry(actor.clone(), Action::SummaryTakenBack).record(case.record.id);
            let entry = entry.partner(partner).reasons([reason.code().to_owned()]);
            self.write_audit(tx, vec![entry])?;
        }
        Ok(())
    }

    fn still_allowed<R: Rows>(&self, tx: &R, partner: &OrgId, case: &Case) -> Outcome<bool> {
        let Some(kept) = self.newest(tx, partner)? else { return Ok(false) };
        let policy = self.policy(&kept)?;
        let facts = policy::ConsentFacts::of(&case.consents, &policy, self.today());
        let purposes = policy.summary_purposes();
        Ok(!purposes.is_empty() && purposes.iter().all(|purpose| facts.covered.contains(purpose)))
    }
}

impl Case {
    /// Marks a consent, or all of them, as withdrawn on a day. Returns those it meant.
    pub fn withdraw_consents(&mut self, which: Option<ConsentId>, on: Date) -> Vec<ConsentId> {
        let meant = |consent: &&mut Consent| {
            which.is_none_or(|id| consent.id == id) && consent.withdrawn_on.is_none()
        };
        let meant = self.consents.iter_mut().filter(meant);
        meant
            .map(|consent| {
                consent.withdrawn_on = Some(on);
                consent.id
            })
            .collect()
    }
}

fn to_partners(releases: Vec<([u8; 32], ReleaseRow)>) -> Vec<(OrgId, ReleaseRow)> {
    let known = |(id, row): ([u8; 32], ReleaseRow)| Some((OrgId::from_bytes(&id).ok()?, row));
    releases.into_iter().filter_map(known).collect()
}

pub(crate) fn unknown_record() -> Box<Fault> {
    Fault::new(
        1401,
        ("There is no such record.", "Ce dossier n’existe pas."),
        ("List them: `entente record list`.", "Affichez la liste\u{a0}: `entente record list`."),
    )
}

fn no_consent() -> Box<Fault> {
    Fault::new(
        1413,
        ("There is no consent to withdraw.", "Il n’y a aucun consentement à retirer."),
        (
            "See them: `entente consent list RECORD`.",
            "Voyez-les\u{a0}: `entente consent list DOSSIER`.",
        ),
    )
}
