//! Documents of private statistics: release plans, their figures, and the budget.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Coverage, Named, Reason};
use crate::fault::Both;

/// Signs a plan that a partner sent, or one that was drafted here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSignAsk {
    /// Its name, `name@version` or the beginning of its id. Either this or `toml`.
    #[serde(default)]
    pub plan: Option<String>,
    /// A draft. It goes to everybody who has a part in it.
    #[serde(default)]
    pub toml: Option<String>,
    /// Only say what it promises and costs.
    #[serde(default)]
    pub dry_run: bool,
}

/// A plan that was signed, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSignTold {
    /// Whether it is signed now.
    pub done: bool,
    /// The plan.
    pub plan: PlanRow,
    /// The plan in plain words, in Markdown.
    pub page: Both,
    /// What it costs the persons in the figures.
    pub price: PlanPrice,
}

/// What a plan costs the persons in the figures, per year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPrice {
    /// What all its releases of a year cost, in billionths of rho.
    pub year_nano_rho: u64,
    /// At most so much at one organization by all its plans.
    pub cap_nano_rho: u64,
    /// The best attacker's advantage over a coin, in tenths of a percent.
    pub advantage_permille: u32,
    /// The same for a person known to `organizations_per_person` organizations.
    pub advantage_several_permille: u32,
    /// To how many organizations a person is thought to be known.
    pub organizations_per_person: u32,
}

/// Shows a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanShowAsk {
    /// Its name, `name@version` or the beginning of its id.
    pub plan: String,
}

/// A plan in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanShowTold {
    /// The plan.
    pub plan: PlanRow,
    /// In plain words, in Markdown, made from the signed bytes.
    pub page: Both,
    /// What it costs the persons in the figures.
    pub price: PlanPrice,
}

/// Lists plans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanListAsk {}

/// All plans, those of one name by their versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanListTold {
    /// Each of them.
    pub plans: Vec<PlanRow>,
}

/// A plan in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    /// Its identity: SHA-256 of the bytes that are signed, 64 hex digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// What people call it.
    pub title: Both,
    /// The first year of its figures.
    pub first_year: i16,
    /// The last year.
    pub last_year: i16,
    /// When our own officer signed it; absent if that has not happened.
    pub signed_at: Option<String>,
    /// Who else has signed it, as far as we have heard.
    pub signed_by: Vec<Named>,
    /// Who has a part in it and has not signed it, as far as we have heard.
    pub unsigned: Vec<Named>,
    /// Who added up: `bilateral` (each organization adds the noise itself) or `secure_sum`.
    pub mode: String,
}

/// Asks every contributor of a plan for its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatsRunAsk {
    /// The plan.
    pub plan: String,
    /// Periods, `2025` or `2025-Q3`; all that are due if empty.
    #[serde(default)]
    pub periods: Vec<String>,
    /// Only this cube; all if absent.
    #[serde(default)]
    pub cube: Option<String>,
    /// Adds up now what is added up in secret, for ever without those who have not answered.
    #[serde(default)]
    pub close: bool,
    /// Gives up for ever what cannot go on because an aggregator cannot be reached.
    #[serde(default)]
    pub give_up: bool,
}

/// Shows the figures that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatsShowAsk {
    /// The plan.
    pub plan: String,
    /// Periods, `2025` or `2025-Q3`; all that are due if empty.
    #[serde(default)]
    pub periods: Vec<String>,
    /// Only this cube; all if absent.
    #[serde(default)]
    pub cube: Option<String>,
}

/// Figures of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsTold {
    /// The plan.
    pub plan: PlanRow,
    /// One table for each cube, period and revision.
    pub tables: Vec<StatsTable>,
    /// What one unit is: a code of the list `counting_rule`.
    pub counting_rule: String,
    /// The definition of trafficking: a code of the list `definition_profile`.
    pub definition: String,
    /// To how many organizations a person is thought to be known: the same person may be in the
    /// figures of each.
    pub organizations_per_person: u32,
}

/// One release, with everything that has to stand beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsTable {
    /// The cube.
    pub cube: String,
    /// What persons are counted by: a code of `cube_counts`. Never add figures of two of them up.
    pub counts: String,
    /// Its dimensions, in the order of the columns.
    pub by: Vec<String>,
    /// The period.
    pub period: String,
    /// 0 for the first release.
    pub revision: u8,
    /// Every cell, in a fixed order.
    pub cells: Vec<StatsCell>,
    /// Their sum.
    pub total: StatsCell,
    /// The noise of one contribution: its standard deviation, in hundredths.
    pub sigma_hundredths: u32,
    /// The error of a cell here: one standard deviation, in hundredths. Absent without figures.
    pub error_hundredths: Option<u32>,
    /// What it would be if two aggregators added up in secret.
    pub secure_sum_error_hundredths: u32,
    /// Who is in it.
    pub coverage: Coverage,
    /// Who adds up in secret and how far they are; absent if nobody does.
    pub sum: Option<SumTold>,
}

/// A release that two organizations add up in secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumTold {
    /// Takes contributions in, and asks.
    pub leader: Named,
    /// Adds up the other shares.
    pub helper: Named,
    /// How far it is, as far as we know.
    pub state: SumState,
    /// Why it was given up, or does not go on.
    pub why: Option<Reason>,
}

/// How far a secure sum is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SumState {
    /// Nothing of it is known here.
    NotBegun,
    /// Contributions are taken in.
    Open,
    /// The two check and add up.
    Adding,
    /// We contributed. We hear of it again only if it is given up.
    Contributed,
    /// It is finished.
    Done,
    /// It was given up; nothing is published, and what was paid stays spent.
    Aborted,
}

/// A round of a secure sum in which we are one of the two who add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumRound {
    /// The plan: `name@version`.
    pub plan: String,
    /// The cube.
    pub cube: String,
    /// The period.
    pub period: String,
    /// 0 for the first release.
    pub revision: u8,
    /// What we are in it: `leader` or `helper`.
    pub role: String,
    /// How far it is.
    pub state: SumState,
    /// Why it was given up.
    pub why: Option<Reason>,
    /// How many contributions are in, at the leader while they are taken in.
    pub taken: u64,
    /// How many declined, or sent what could not be taken.
    pub refused: u64,
    /// How many have not answered.
    pub silent: u64,
}

/// One cell: never without its interval and floor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsCell {
    /// Dimension → label.
    pub key: BTreeMap<String, String>,
    /// How many; absent below the floor, or if nobody answered.
    pub value: Option<u64>,
    /// What is below this is shown as such.
    pub floor: u32,
    /// From how many, 19 times out of 20.
    pub low: u64,
    /// To how many.
    pub high: u64,
    /// How many the largest single contribution has at least: how many distinct persons there are lies
    /// between that and `high`, 19 times out of 20. Absent where nothing can be said, and below the floor.
    pub largest: Option<u64>,
    /// `x` suppressed, `..` not available, `p` preliminary, `r` revised; absent if none.
    pub symbol: Option<String>,
}

/// Says which figures are due and who has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatsStatusAsk {
    /// Only this plan; all if absent.
    #[serde(default)]
    pub plan: Option<String>,
}

/// Every release of the signed plans in which we may ask or have a part in a secure sum, up to the
/// next one that will be due; and of those in which we only answer, what was paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsStatusTold {
    /// Each of them.
    pub releases: Vec<StatsReleaseRow>,
}

/// How far our own answer to a release is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnState {
    /// Paid for, and not drawn yet: nobody has seen a figure of it.
    Charged,
    /// Drawn and stored.
    Drawn,
}

/// Where one release stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsReleaseRow {
    /// The plan: `name@version`.
    pub plan: String,
    /// The cube.
    pub cube: String,
    /// What the cube counts: a code of the list `cube_counts`.
    #[serde(default)]
    pub counts: String,
    /// The dimensions of the cube: codes of the list `cube_dimension`.
    #[serde(default)]
    pub by: Vec<String>,
    /// The period.
    pub period: String,
    /// 0 for the first release.
    pub revision: u8,
    /// From when on it may be drawn.
    pub due_on: String,
    /// Whether that day has come.
    pub due: bool,
    /// How many gave figures.
    pub answered: u64,
    /// How many declined.
    pub refused: u64,
    /// From how many we have heard nothing.
    pub silent: u64,
    /// What we are in it: `querier`, `leader`, `helper`, `contributor`.
    pub roles: Vec<String>,
    /// How far our own answer is; absent if nothing was paid for it.
    pub own: Option<OwnState>,
    /// How far a secure sum is; absent if nobody adds up in secret.
    pub sum: Option<SumState>,
    /// Why it was given up.
    pub why: Option<Reason>,
}

/// Makes a national return, and writes it into a file too if one is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatsReturnAsk {
    /// The plan.
    pub plan: String,
    /// The year or quarter.
    pub period: String,
    /// Path on the node; must not exist. Absent: it is kept here and nowhere else.
    #[serde(default)]
    pub file: Option<String>,
}

/// A return that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatsReturnTold {
    /// The plan.
    pub plan: PlanRow,
    /// The period.
    pub period: String,
    /// Where it was written, besides being kept here.
    pub file: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file: 64 hex digits. Also the name by which it is kept.
    pub sha256: String,
    /// How many tables are in it.
    pub tables: u64,
    /// Answers with figures in it.
    pub answered: u64,
    /// Answers that declined.
    pub refused: u64,
    /// Answers that never came.
    pub silent: u64,
}

/// Shows what was spent of the privacy budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetAsk {}

/// What the persons in our figures have paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetTold {
    /// Each year in which something was spent or a signed plan answers.
    pub years: Vec<BudgetYear>,
    /// How many charges there were.
    pub charges: u64,
    /// What all of them came to, in billionths of rho. Never goes down.
    pub spent_nano_rho: u64,
    /// How many of them paid for a release that is not drawn yet.
    pub undrawn: u64,
    /// What those came to, in billionths of rho.
    pub undrawn_nano_rho: u64,
    /// How many of them paid for a secure sum that was given up, as far as we have heard: they stay spent,
    /// and there are no figures.
    pub given_up: u64,
    /// What those came to, in billionths of rho.
    pub given_up_nano_rho: u64,
    /// Whether every charge up to the last is known. If not, this node was set back to an older
    /// state, and draws nothing new before partners have shown what they hold.
    pub whole: bool,
    /// Who has still to be heard since this node was restored, before anything new is drawn.
    pub waiting_for: Vec<Named>,
}

/// What was spent of one year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetYear {
    /// The year whose persons paid.
    pub year: i16,
    /// What was spent, in billionths of rho.
    pub spent_nano_rho: u64,
    /// At most so much may be spent.
    pub cap_nano_rho: u64,
    /// The best attacker's advantage over a coin after what was spent, in tenths of a percent.
    pub advantage_permille: u32,
    /// Each partner's part.
    pub partners: Vec<BudgetPart>,
}

/// What one partner's part of a year came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetPart {
    /// Who.
    pub partner: Named,
    /// What was spent for it.
    pub spent_nano_rho: u64,
}
