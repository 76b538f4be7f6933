//! Documents of overlap rounds.

use serde::{Deserialize, Serialize};

use super::{Both, Named, Reason};

/// Drafts the terms of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapDraftAsk {
    /// The year or quarter.
    pub period: String,
    /// Who mixes, in this order: two partners.
    pub helpers: Vec<String>,
    /// Who contributes: a partner, or `PARTNER=LIST`. Without a list it is the partner's kind.
    pub contributors: Vec<String>,
    /// The noise of each helper in thousandths of epsilon; 500 if absent.
    #[serde(default)]
    pub epsilon_milli: Option<u32>,
    /// How many organizations of one list may know the same person; 2 if absent.
    #[serde(default)]
    pub per_list: Option<u8>,
    /// Entries of every contribution; 200 if absent.
    #[serde(default)]
    pub size: Option<u32>,
    /// Rounds that were run before on the same persons; 0 if absent.
    #[serde(default)]
    pub earlier_rounds: Option<u32>,
    /// Keeps the terms as a round, signs nothing, and sends them to everybody who has a part in it.
    #[serde(default)]
    pub propose: bool,
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapDraftTold {
    /// The year or quarter.
    pub period: String,
    /// Who mixes.
    pub helpers: Vec<Named>,
    /// The lists, and who contributes to each.
    pub lists: Vec<OverlapListRow>,
    /// The draft.
    pub toml: String,
    /// The terms, readable, as they would be signed.
    pub page: Both,
    /// What every person in it would pay, in billionths of rho.
    pub nano_rho: u64,
    /// What that comes to as the best attacker's advantage over a coin, in tenths of a percent.
    pub advantage_permille: u32,
    /// The round as it is kept, if it was proposed.
    pub round: Option<OverlapRoundRow>,
}

/// A list of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapListRow {
    /// Its name.
    pub list: String,
    /// Who contributes to it.
    pub contributors: Vec<Named>,
}

/// Signs the terms of a round: a draft, or a round that was proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapSignAsk {
    /// The beginning of a round's id, or its period.
    #[serde(default)]
    pub round: Option<String>,
    /// The text of a draft.
    #[serde(default)]
    pub toml: Option<String>,
    /// Only say what would be signed.
    #[serde(default)]
    pub dry_run: bool,
}

/// Terms that were signed, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapSignTold {
    /// Whether our officer has signed.
    pub done: bool,
    /// The round.
    pub round: OverlapRoundRow,
    /// The terms, readable, from the bytes that are signed.
    pub page: Both,
    /// What every person in it pays, in billionths of rho.
    pub nano_rho: u64,
    /// What that comes to as the best attacker's advantage over a coin, in tenths of a percent.
    pub advantage_permille: u32,
}

/// Lists rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapListAsk {}

/// All rounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapListTold {
    /// Each, by period.
    pub rounds: Vec<OverlapRoundRow>,
}

/// A round as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapRoundRow {
    /// Its id: 64 hex digits.
    pub id: String,
    /// The year or quarter.
    pub period: String,
    /// The names of the lists.
    pub lists: Vec<String>,
    /// The noise of each helper, in thousandths of epsilon.
    pub epsilon_milli: u32,
    /// How many organizations of one list may know the same person.
    pub per_list: u8,
    /// Entries of every contribution.
    pub size: u32,
    /// Rounds before on the same persons.
    pub earlier_rounds: u32,
    /// What we do in it: `contributor`, `first_helper`, `second_helper` or `coordinator`.
    pub our_part: String,
    /// `proposed`, `signed`, `running`, `counted`, or `over` if its keys are destroyed.
    pub state: String,
    /// When our officer signed.
    pub signed_at: Option<String>,
    /// Others who signed.
    pub signed_by: Vec<Named>,
    /// Others of whom we have no signature.
    pub unsigned: Vec<Named>,
}

/// Drives a round as its coordinator, as far as it goes now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapRunAsk {
    /// The beginning of a round's id, or its period.
    pub round: String,
    /// Contributors to go on without, if they do not answer.
    #[serde(default)]
    pub without: Vec<String>,
}

/// Shows a round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapShowAsk {
    /// The beginning of a round's id, or its period.
    pub round: String,
    /// Whether the signed result is wanted too.
    #[serde(default)]
    pub signed: bool,
}

/// Gives a round up: its keys are destroyed here and, if we coordinate it, everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverlapEndAsk {
    /// The beginning of a round's id, or its period.
    pub round: String,
}

/// Where a round stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapTold {
    /// The round.
    pub round: OverlapRoundRow,
    /// Everybody with a part in it, and what became of it as far as we know.
    pub parties: Vec<OverlapPartyRow>,
    /// What was counted, at the coordinator; at others what it signed of it, once that has come.
    pub counted: Option<OverlapCounted>,
    /// How well our own persons could be matched, exactly. For our own eyes; if we contributed.
    pub own: Option<OverlapOwn>,
    /// The signed result as a file, in hex digits, if it was asked for and is here.
    pub signed: Option<String>,
}

/// One party of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapPartyRow {
    /// Who.
    pub party: Named,
    /// `contributor`, `first_helper`, `second_helper` or `coordinator`.
    pub part: String,
    /// The list of a contributor.
    pub list: Option<String>,
    /// `waiting`, `ready` (the share of the key is there), `given`, `mixed`, `counted`, `missing`,
    /// `refused` or `unreachable`.
    pub outcome: String,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapCounted {
    /// One cell for every set of lists.
    pub cells: Vec<OverlapCell>,
    /// How many persons each list has.
    pub lists: Vec<OverlapTotal>,
    /// How many distinct persons there are on all lists together.
    pub distinct: u64,
    /// The noise in it: one standard deviation, in hundredths.
    pub distinct_error_hundredths: u32,
    /// At least so many there are, without any matching: the largest list alone.
    pub largest: u64,
    /// At most so many: all lists added up.
    pub sum: u64,
    /// Persons whom more organizations of one list know than the terms allow for. Without noise, and
    /// not for publication: absent but at the coordinator.
    pub uncovered: Option<u64>,
    /// How well persons could be matched, all contributors together.
    pub linkage: OverlapLinkage,
    /// The overlap table that `entente stats mse` reads, negative counts as zero.
    pub csv: String,
}

/// How many persons are on exactly these lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapCell {
    /// The lists.
    pub lists: Vec<String>,
    /// How many. Negative numbers are normal: they are noise.
    pub count: i64,
    /// The noise in it: one standard deviation, in hundredths.
    pub error_hundredths: u32,
}

/// How many persons a list has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapTotal {
    /// The list.
    pub list: String,
    /// How many, with noise.
    pub count: i64,
}

/// How well persons could be matched: what contributors said of it, with noise, added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapLinkage {
    /// Could be matched.
    pub usable: i64,
    /// Lacked a name.
    pub without_names: i64,
    /// Lacked a date of birth.
    pub without_birthdate: i64,
    /// The share that could be matched, in tenths of a percent.
    pub usable_permille: Option<u32>,
    /// The noise in each of the three: one standard deviation, in hundredths.
    pub error_hundredths: u32,
}

/// How well our own persons could be matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapOwn {
    /// Could be matched, and are in the round.
    pub usable: u64,
    /// Lacked a name.
    pub without_names: u64,
    /// Lacked a date of birth.
    pub without_birthdate: u64,
    /// Records of the period that are in no statistics: without consent, or taken back.
    pub not_covered: u64,
}
