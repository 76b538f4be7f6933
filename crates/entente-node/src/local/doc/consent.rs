//! Documents of the operations on consents.

use serde::{Deserialize, Serialize};

use super::Named;

/// A consent as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRow {
    /// Its id.
    pub id: String,
    /// What is allowed: codes of the list `consent_scope`.
    pub scopes: Vec<String>,
    /// For which needs: codes of the list `need`; none means any.
    pub needs: Vec<String>,
    /// Who may receive something; none means anybody with an agreement.
    pub recipients: Vec<Named>,
    /// Who gave it: a code of the list `given_by`.
    pub given_by: String,
    /// The person was told of all four: the interview, its purpose, the use of the data, and its
    /// use without their identity.
    pub informed: bool,
    /// The language in which they were told, for example `cr`.
    pub language: Option<String>,
    /// The first day on which it holds.
    pub given_on: String,
    /// The last day on which it holds.
    pub valid_until: Option<String>,
    /// The day on which it was withdrawn.
    pub withdrawn_on: Option<String>,
    /// A legal duty instead of a consent: a code of the list `override_reason`.
    pub override_reason: Option<String>,
    /// It holds today.
    pub valid: bool,
}

/// Enters a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentGiveAsk {
    /// A record: its id.
    pub record: String,
    /// What is allowed: codes of the list `consent_scope`.
    pub scopes: Vec<String>,
    /// For which needs: codes of the list `need`; none means any.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Who may receive something: partners by name or the beginning of the id; none means anybody
    /// with an agreement.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Who gave it: a code of the list `given_by`; `self` if absent.
    pub given_by: Option<String>,
    /// The person was told of all four: the interview, its purpose, the use of the data, and its
    /// use without their identity. A consent without it covers nothing.
    #[serde(default)]
    pub informed: bool,
    /// The language in which they were told, for example `cr`.
    pub language: Option<String>,
    /// The first day on which it holds; today if absent.
    pub given_on: Option<String>,
    /// The last day on which it holds.
    pub valid_until: Option<String>,
    /// A legal duty instead of a consent: a code of the list `override_reason`. Always audited.
    pub override_reason: Option<String>,
}

/// What was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentGiveTold {
    /// The record's id.
    pub record: String,
    /// The consent.
    pub consent: ConsentRow,
}

/// Withdraws a consent, everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentWithdrawAsk {
    /// A record: its id.
    pub record: String,
    /// Which one; all if absent.
    pub consent: Option<String>,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// Asks for the consents of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentListAsk {
    /// A record: its id.
    pub record: String,
}

/// The consents, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentListTold {
    /// The record's id.
    pub record: String,
    /// One row each.
    pub consents: Vec<ConsentRow>,
}
