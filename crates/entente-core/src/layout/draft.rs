//! Drafts: what a row or a form says of a case, before the node gives it an id.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, date};

use crate::codes::{ConsentScope, GivenBy, Need, Set};
use crate::consent::{Consent, ConsentId};
use crate::record::{CaseRecord, Field, InvalidValue, Language, Reason, RecordId, Value};

/// A case without ids, with the consent that came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    // Invariant: its id is nil and shown to nobody.
    pub(crate) record: CaseRecord,
    /// What the person allowed; `None` if the source does not say.
    pub consent: Option<ConsentDraft>,
}

/// A consent without an id. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentDraft {
    /// What is allowed.
    pub scopes: Set<ConsentScope>,
    /// For which needs.
    pub needs: Set<Need>,
    /// Who gave it.
    pub given_by: GivenBy,
    /// Whether the person was told everything they must be told.
    pub is_informed: bool,
    /// The language in which they were told.
    pub language: Option<Language>,
    /// The first day on which it holds.
    pub given_on: Date,
    /// The last day on which it holds.
    pub valid_until: Option<Date>,
    /// The day on which it was withdrawn.
    pub withdrawn_on: Option<Date>,
}

/// A part of a consent that a column can feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentField {
    /// What is allowed, as codes.
    Scopes,
    /// For which needs, as codes.
    Needs,
    /// Who gave it.
    GivenBy,
    /// Whether the person was told everything.
    Informed,
    /// The language.
    Language,
    /// The first day.
    GivenOn,
    /// The last day.
    ValidUntil,
    /// The day of withdrawal.
    WithdrawnOn,
}

impl ConsentField {
    /// All parts.
    pub const ALL: [Self; 8] = [
        Self::Scopes,
        Self::Needs,
        Self::GivenBy,
        Self::Informed,
        Self::Language,
        Self::GivenOn,
        Self::ValidUntil,
        Self::WithdrawnOn,
    ];

    /// Its name, for files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scopes => "consent_scopes",
            Self::Needs => "consent_needs",
            Self::GivenBy => "consent_given_by",
            Self::Informed => "consent_informed",
            Self::Language => "consent_language",
            Self::GivenOn => "consent_given_on",
            Self::ValidUntil => "consent_valid_until",
            Self::WithdrawnOn => "consent_withdrawn_on",
        }
    }
}

impl Draft {
    /// A draft of which nothing is known but when the case was registered.
    pub fn new(registered_on: Date) -> Self {
        Self { record: CaseRecord::new(RecordId([0; 16]), registered_on), consent: None }
    }

    /// A draft without even that: [`Field::RegisteredOn`] has to be set.
    pub(super) fn empty() -> Self {
        Self::new(date(1900, 1, 1))
    }

    /// Sets a field; see [`CaseRecord::set`].
    pub fn set(&mut self, field: Field, text: &str) -> Result<(), InvalidValue> {
        self.record.set(field, text)
    }

    /// The number it has in its source, if it has one.
    pub fn external_ref(&self) -> Option<&str> {
        self.record.external_ref.as_deref()
    }

    /// The record, under the id that the node has made for it.
    pub fn into_record(self, id: RecordId) -> CaseRecord {
        CaseRecord { id, ..self.record }
    }

    /// The record and its consent, under ids that the node has made for them.
    pub fn into_parts(self, id: RecordId, consent: ConsentId) -> (CaseRecord, Option<Consent>) {
        let consent = self.consent.clone().map(|draft| draft.into_consent(consent));
        (self.into_record(id), consent)
    }
}

impl ConsentDraft {
    /// Nothing is allowed yet, by the person, informed, from `given_on`.
    pub fn new(given_on: Date) -> Self {
        Self {
            scopes: Set::EMPTY,
            needs: Set::EMPTY,
            given_by: GivenBy::Person,
            is_informed: true,
            language: None,
            given_on,
            valid_until: None,
            withdrawn_on: None,
        }
    }

    /// One part of it, as a column has it.
    pub(super) fn text(&self, field: ConsentField) -> Option<String> {
        match field {
            ConsentField::Scopes => Value::text(&self.scopes),
            ConsentField::Needs => Value::text(&self.needs),
            ConsentField::GivenBy => Value::text(&Some(self.given_by)),
            ConsentField::Informed => Value::text(&Some(self.is_informed)),
            ConsentField::Language => Value::text(&self.language),
            ConsentField::GivenOn => Value::text(&self.given_on),
            ConsentField::ValidUntil => Value::text(&self.valid_until),
            ConsentField::WithdrawnOn => Value::text(&self.withdrawn_on),
        }
    }

    /// What is left of a consent in a table: it has no recipients and no override there.
    ///
    /// `None` for an override, which is no consent, and for one that is limited to recipients,
    /// which would be widened by leaving them out.
    pub fn of(consent: &Consent) -> Option<Self> {
        if consent.override_reason.is_some() || !consent.recipients.is_empty() {
            return None;
        }
        Some(Self {
            scopes: consent.scopes,
            needs: consent.needs,
            given_by: consent.given_by,
            is_informed: consent.informed_of == [true; 4],
            language: consent.language.clone(),
            given_on: consent.given_on,
            valid_until: consent.valid_until,
            withdrawn_on: consent.withdrawn_on,
        })
    }

    /// The consent, under the id that the node has made for it.
    pub fn into_consent(self, id: ConsentId) -> Consent {
        Consent {
            id,
            scopes: self.scopes,
            needs: self.needs,
            recipients: BTreeSet::new(),
            given_by: self.given_by,
            informed_of: [self.is_informed; 4],
            language: self.language,
            given_on: self.given_on,
            valid_until: self.valid_until,
            withdrawn_on: self.withdrawn_on,
            override_reason: None,
        }
    }
}

impl fmt::Debug for ConsentDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsentDraft(..)")
    }
}

/// A consent while its cells are read, one by one.
#[derive(Default)]
pub(super) struct ConsentParts {
    scopes: Option<Set<ConsentScope>>,
    needs: Set<Need>,
    given_by: Option<GivenBy>,
    is_informed: Option<bool>,
    language: Option<Language>,
    given_on: Option<Date>,
    valid_until: Option<Date>,
    withdrawn_on: Option<Date>,
}

impl ConsentParts {
    pub(super) fn set(&mut self, field: ConsentField, text: &str) -> Result<(), Reason> {
        match field {
            ConsentField::Scopes => self.scopes = Some(Value::read(text)?),
            ConsentField::Needs => self.needs = Value::read(text)?,
            ConsentField::GivenBy => self.given_by = Value::read(text)?,
            ConsentField::Informed => self.is_informed = Value::read(text)?,
            ConsentField::Language => self.language = Value::read(text)?,
            ConsentField::GivenOn => self.given_on = Value::read(text)?,
            ConsentField::ValidUntil => self.valid_until = Value::read(text)?,
            ConsentField::WithdrawnOn => self.withdrawn_on = Value::read(text)?,
        }
        Ok(())
    }

    /// The codes of a set so far.
    pub(super) fn text(&self, field: ConsentField) -> Option<String> {
        match field {
            ConsentField::Scopes => self.scopes.and_then(|scopes| Value::text(&scopes)),
            ConsentField::Needs => Value::text(&self.needs),
            _ => None,
        }
    }

    /// The consent, if the source says what is allowed. Without a date it holds from the day of
    /// registration; without a word on information the person counts as not informed.
    pub(super) fn finish(self, registered_on: Date) -> Option<ConsentDraft> {
        Some(ConsentDraft {
            scopes: self.scopes.filter(|scopes| !scopes.is_empty())?,
            needs: self.needs,
            given_by: self.given_by.unwrap_or(GivenBy::Person),
            is_informed: self.is_informed.unwrap_or(false),
            language: self.language,
            given_on: self.given_on.unwrap_or(registered_on),
            valid_until: self.valid_until,
            withdrawn_on: self.withdrawn_on,
        })
    }
}
