//! Documents of national returns that are kept here, and of their publication.

use serde::{Deserialize, Serialize};

use super::{Both, PlanRow, StatsTable};

/// Lists the returns that are kept here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnListAsk {
    /// Only those of this plan; all if absent.
    #[serde(default)]
    pub plan: Option<String>,
}

/// The returns that are kept here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnListTold {
    /// Each, the newest first.
    pub returns: Vec<ReturnRow>,
}

/// A return as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRow {
    /// Its name: SHA-256 of its file, 64 hex digits.
    pub id: String,
    /// The plan: `name@version`.
    pub plan: String,
    /// What people call the plan.
    pub title: Both,
    /// The year or quarter.
    pub period: String,
    /// When it was made.
    pub made_at: String,
    /// The length of its file.
    pub bytes: u64,
    /// Since when everybody may see it; absent if it is not published.
    pub published_at: Option<String>,
}

/// Checks a return that is kept here, and shows what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnShowAsk {
    /// The return: its name, or the beginning of it.
    #[serde(rename = "return")]
    pub id: String,
    /// Also as a file: `return`, `csv`, `xlsx`, `json` or `sdmx`.
    #[serde(default)]
    pub form: Option<String>,
    /// The language of a workbook: `en` or `fr`. Absent: `en`.
    #[serde(default)]
    pub lang: Option<String>,
}

/// A return, the checks that were made of it, and its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnShowTold {
    /// The return.
    #[serde(rename = "return")]
    pub row: ReturnRow,
    /// The plan.
    pub plan: PlanRow,
    /// What is counted and by which definition, in the words of whoever made it.
    pub definitions: Both,
    /// What one unit is: a code of the list `counting_rule`.
    pub counting_rule: String,
    /// The definition of trafficking: a code of the list `definition_profile`.
    pub definition: String,
    /// To how many organizations a person is thought to be known.
    pub organizations_per_person: u32,
    /// Whether every check found nothing.
    pub verified: bool,
    /// Every check, and what it found.
    pub checks: Vec<ReturnCheck>,
    /// Its tables: of each cube and period the newest revision.
    pub tables: Vec<StatsTable>,
    /// The file that was asked for.
    pub file: Option<ReturnFile>,
}

/// A check of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnCheck {
    /// Stable, for example `figures`.
    pub code: String,
    /// What must be so.
    pub text: Both,
    /// Whether it is so.
    pub right: bool,
    /// What is wrong.
    pub faults: Vec<Both>,
}

/// A return in one of its forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnFile {
    /// What the file is called.
    pub name: String,
    /// Its media type.
    pub media: String,
    /// Its bytes, in hex digits.
    pub hex: String,
}

/// Lets everybody see a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnPublishAsk {
    /// The return: its name, or the beginning of it.
    #[serde(rename = "return")]
    pub id: String,
}

/// Ends the publication of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnUnpublishAsk {
    /// The return: its name, or the beginning of it.
    #[serde(rename = "return")]
    pub id: String,
}

/// What became of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnChangeTold {
    /// The return.
    #[serde(rename = "return")]
    pub row: ReturnRow,
    /// Where everybody finds it, behind the address of the site; absent if it is not published.
    pub path: Option<String>,
}
