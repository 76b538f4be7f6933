//! Documents of drafts of release plans: from a template and what somebody changes in it to a proposal.

use serde::{Deserialize, Serialize};

use super::{Both, Named, PlanPrice, PlanRow};

/// Writes a draft of a release plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDraftAsk {
    /// Who may ask, by name or the beginning of an id, `us` for ourselves. Without `settings`: who asks
    /// in the template, or we alone, if empty.
    #[serde(default)]
    pub queriers: Vec<String>,
    /// Whose cases are counted. Without `settings`: those of the template, or all active partners, if
    /// empty.
    #[serde(default)]
    pub contributors: Vec<String>,
    /// Who adds up in secret: the leader, then the helper. Nobody if empty.
    #[serde(default)]
    pub aggregators: Vec<String>,
    /// A plan that we have, from which the draft starts: its name, `name@version` or the beginning of
    /// its id. The plan for Canada that comes with the node if absent.
    #[serde(default)]
    pub template: Option<String>,
    /// What the draft says; what the template says if absent.
    #[serde(default)]
    pub settings: Option<PlanSettings>,
    /// For a form: what cannot be is told at its place instead of being refused; without `settings` the
    /// next version is suggested, for years that were not answered for.
    #[serde(default)]
    pub form: bool,
    /// Keeps the draft as a plan, signs nothing, and sends its text to everybody who has a part in it.
    #[serde(default)]
    pub propose: bool,
}

/// The draft, to be read and corrected in an editor or a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDraftTold {
    /// The TOML text; empty if there is no plan that it could be.
    pub toml: String,
    /// Who may ask.
    pub queriers: Vec<Named>,
    /// Whose cases are counted.
    pub contributors: Vec<Named>,
    /// Who adds up in secret: the leader, then the helper. Empty: nobody does.
    pub aggregators: Vec<Named>,
    /// What the draft says.
    pub settings: PlanSettings,
    /// Everybody who can have a part: we, active partners, and who has one in the template.
    pub members: Vec<PlanMember>,
    /// What cannot be in it. Told to forms; otherwise refused.
    pub problems: Vec<PlanProblemRow>,
    /// What it says in plain words and the template does not, and the other way around.
    pub differences: Vec<PlanDifference>,
    /// In plain words, in Markdown, made from what would be signed; absent if there are problems.
    pub page: Option<Both>,
    /// What it costs the persons in the figures; absent if there are problems.
    pub price: Option<PlanPrice>,
    /// The plan as it is kept, if it was proposed.
    pub plan: Option<PlanRow>,
}

/// What a plan says, besides who takes part. The keys of a draft, in one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSettings {
    /// Its name: lower-case letters, digits and dashes.
    pub name: String,
    /// Its version, from 1.
    pub version: u32,
    /// What people call it.
    pub title: Both,
    /// The first year it answers for.
    pub first_year: i16,
    /// The last year.
    pub last_year: i16,
    /// What one is: a code of the list `counting_rule`.
    pub counting_rule: String,
    /// Which cases are counted: a code of the list `definition_profile`.
    pub definition: String,
    /// At most so much a year by this plan, in billionths of rho.
    pub nano_rho_per_year: u64,
    /// At most so much at one organization by all its plans.
    pub node_cap_nano_rho_per_year: u64,
    /// At most so much of it to one partner.
    pub partner_cap_nano_rho_per_year: u64,
    /// Days after the end of a period until its first release.
    pub first_after_days: u32,
    /// Days until each revision, ascending.
    pub revisions_after_days: Vec<u32>,
    /// A secure sum of fewer organizations is not published.
    pub min_contributors: u32,
    /// Nor one with fewer of another kind than who asks.
    pub min_outside: u32,
    /// To how many organizations a person is thought to be known.
    pub organizations_per_person: u32,
    /// Below it figures are shown as such; what follows from the noise if absent.
    pub floor: Option<u32>,
    /// Whether figures are shown to the nearest five.
    pub round_to_5: bool,
    /// The questions.
    pub cubes: Vec<PlanCube>,
}

/// One question of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCube {
    /// Its name.
    pub name: String,
    /// By what: codes of the list `cube_dimension`.
    pub dimensions: Vec<String>,
    /// One answer per `year` or per `quarter`.
    pub period: String,
    /// What the first release of a period costs each person in it, in billionths of rho.
    pub nano_rho: u64,
    /// What each revision costs; 0 if there are none.
    pub revision_nano_rho: u64,
}

/// Somebody who can have a part in a plan, and the one they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanMember {
    /// Who.
    pub organization: Named,
    /// Its kind: a code of the list `org_type`.
    pub kind: String,
    /// Whether it may ask.
    pub asks: bool,
    /// Whether its cases are counted.
    pub contributes: bool,
}

/// Something in a draft that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanProblemRow {
    /// The key of the draft, for example `budget.nano_rho_per_year`.
    pub place: String,
    /// What is wrong and what would be right.
    pub text: Both,
}

/// A line of the readable page that the draft and its template do not share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDifference {
    /// Whether the draft says it, and not the template.
    pub added: bool,
    /// The line.
    pub text: Both,
}
