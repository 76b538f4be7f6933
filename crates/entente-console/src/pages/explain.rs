//! What each partner will receive of a case, field by field, before anything goes out.
//!
//! Everything here is what [`AgreementExplainAsk`] tells: the function that shares, asked now. What a
//! partner has already is what the account of disclosures says, not what would go out today.

use askama::Template;
use axum::extract::{Path, Query};
use entente_core::codes::{Code as _, ConsentScope};
use entente_node::local::Op;
use entente_node::local::doc::{
    AgreementExplainAsk, AgreementExplainTold, AgreementShowAsk, AuditDisclosuresAsk, ClauseText,
    ConsentListAsk, ConsentRow, Decision, Disclosure, Fate, FieldFate, PartnerListAsk, PartnerRow,
    PartnerState,
};

use crate::charts::fates::fates;
use crate::charts::{Mark, Picture};
use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show};
use crate::pages::cases::{found, short};
use crate::problem::Problem;
use crate::route::area;

mod fields;
mod verdict;

use fields::{Cell, Row, Table, table};
use verdict::{Receives, Verdict};

area! {
    GET "/cases/{case}/explain", Need::May(Op::AgreementExplain) => explain;
}

/// How many partners are asked about at once; the rest is a click away.
const OVERVIEW: usize = 12;

/// How many partners stand beside each other.
const BESIDE: usize = 3;

/// A partner, and what it would receive.
pub(crate) struct Offer {
    pub(crate) told: AgreementExplainTold,
    pub(crate) verdict: Verdict,
    /// What it has already.
    pub(crate) has: Option<Receives>,
}

#[derive(Template)]
#[template(path = "cases/explain.html")]
struct ExplainPage<'a> {
    p: &'a Page,
    case: &'a str,
    /// Everybody in the overview: id, name, verdict, whether it is looked at.
    all: Vec<Known>,
    /// How many partners there are beyond the overview.
    beyond: Vec<Known>,
    chosen: &'a [Offer],
    table: Table,
    clauses: Vec<ClauseText>,
    /// Whether a consent that holds is one to statistics.
    counts: bool,
}

/// How much of a case a partner reads.
struct Tally {
    /// Tone, and how many fields in words.
    chips: [(&'static str, String); 4],
    picture: Picture,
}

/// A partner in the overview.
struct Known {
    id: String,
    name: String,
    verdict: Option<Verdict>,
    chosen: bool,
}

impl ExplainPage<'_> {
    fn short(&self) -> &str {
        short(self.case)
    }

    fn name<'o>(&self, offer: &'o Offer) -> &'o str {
        offer.told.partner.name(self.p.lang)
    }

    fn end<'t>(&self, id: &'t str) -> &'t str {
        short(id)
    }

    /// The class of a cell: what becomes of the field.
    fn class(&self, cell: &Cell) -> &'static str {
        match cell.fate {
            Fate::Kept => "case-kept",
            Fate::Generalized => "case-coarser",
            Fate::Removed => "case-gone",
        }
    }

    fn read<'c>(&self, cell: &'c Cell) -> &'c str {
        cell.theirs.as_deref().unwrap_or_default()
    }

    /// The heading of a partner's column. Where there is one partner only, its name is above.
    fn heading(&self, offer: &Offer) -> String {
        let (p, is_alone) = (self.p, self.chosen.len() == 1);
        let words = match () {
            () if offer.has.is_some() && is_alone => p.t("They have read", "Il a lu"),
            () if offer.has.is_some() => p.t("has read", "a lu"),
            () if offer.verdict.is_refusal && is_alone => p.t(
                "They would read, if nothing stood against it",
                "Il lirait, si rien ne s’y opposait",
            ),
            () if offer.verdict.is_refusal => {
                p.t("would read, if nothing stood against it", "lirait, si rien ne s’y opposait")
            }
            () if is_alone => p.t("They will read", "Il lira"),
            () => p.t("will read", "lira"),
        };
        if is_alone { words.to_owned() } else { format!("{} {words}", self.name(offer)) }
    }

    /// The cells of a row, each with the heading of its column.
    fn cells<'r>(&self, row: &'r Row) -> Vec<(String, &'r Cell)> {
        self.chosen.iter().map(|offer| self.heading(offer)).zip(&row.cells).collect()
    }

    /// How much of what is recorded a partner reads.
    fn tally(&self, at: &usize) -> Option<Tally> {
        let cells: Vec<_> = self.table.levels.iter().filter_map(|row| row.cells.get(*at)).collect();
        let n = |fate: Fate| cells.iter().filter(|it| it.fate == fate).count() as u64;
        let [kept, less, gone] = [Fate::Kept, Fate::Generalized, Fate::Removed].map(n);
        let never = self.table.never.len() as u64;
        let p = self.p;
        let kept_words =
            p.count(&kept, &("sent as it is", "sent as they are"), &("tel quel", "tels quels"));
        let less_words = p.count(
            &less,
            &("made less exact", "made less exact"),
            &("moins précis", "moins précis"),
        );
        let gone_words = p.count(&gone, &("not sent", "not sent"), &("non envoyé", "non envoyés"));
        let never_words =
            p.count(&never, &("never sent", "never sent"), &("jamais envoyé", "jamais envoyés"));
        let said = [&kept_words, &less_words, &gone_words, &never_words].map(String::as_str);
        let name = p.t("What becomes of the fields", "Ce que deviennent les champs").to_owned();
        let picture =
            fates((format!("tally-{at}"), name, said.join(", ")), [kept, less, gone, never]);
        let chips =
            [("good", kept_words), ("warn", less_words), ("", gone_words), ("", never_words)];
        (!cells.is_empty()).then_some(Tally { chips, picture })
    }

    /// The id of a clause on the page.
    fn anchor(&self, clause: &str) -> String {
        format!("clause-{}", clause.trim_start_matches('§'))
    }

    /// The id of a clause that stands below, or of the one that it is a part of.
    fn below(&self, clause: &str) -> Option<String> {
        let named = self.clauses.iter().filter(|it| is_within(clause, &it.clause));
        named.max_by_key(|it| it.clause.len()).map(|it| self.anchor(&it.clause))
    }

    fn has_fields(&self) -> bool {
        !self.table.levels.is_empty()
    }
}

/// `GET /cases/{case}/explain?with=PARTNER&with=PARTNER`.
async fn explain(
    visit: Visit,
    Path(case): Path<String>,
    Query(asked): Query<Vec<(String, String)>>,
) -> Answer {
    let p = &visit.page;
    let wanted: Vec<&str> = asked
        .iter()
        .filter(|(name, _)| name == "with")
        .map(|(_, id)| id.as_str())
        .take(BESIDE)
        .collect();
    let told = visit.ask(&PartnerListAsk { state: None }).await?;
    let mut partners: Vec<_> = told.partners.into_iter().filter(can_receive).collect();
    partners.sort_by_key(|row| row.agreement.is_none());
    let mut others = Vec::new();
    for row in partners.iter().take(OVERVIEW) {
        if !wanted.contains(&row.partner.id.as_str()) {
            let told = asked_of(&visit, &case, &row.partner.id, false).await?;
            others.push(Offer { verdict: Verdict::of(p, &told, None), told, has: None });
        }
    }
    // Those that something goes to stand first.
    others.sort_by_key(|it| it.verdict.order);
    let first = others.first().map(|it| it.told.partner.id.clone());
    let ids: Vec<String> = match wanted.as_slice() {
        [] => first.into_iter().collect(),
        wanted => wanted.iter().map(|id| (*id).to_owned()).collect(),
    };
    let mut chosen = Vec::new();
    for id in &ids {
        if !partners.iter().any(|row| row.partner.id == *id) {
            return Err(Problem::new(nothing_there()));
        }
        // Who looks alike decides only what waits; everything else is known from above.
        let is_known = |it: &Offer| it.told.partner.id == *id && it.told.decision != Decision::Wait;
        let told = match others.iter().position(is_known) {
            Some(at) => others.remove(at).told,
            None => asked_of(&visit, &case, id, true).await?,
        };
        chosen.push(offer(&visit, &case, told).await?);
    }
    others.retain(|it| !ids.contains(&it.told.partner.id));
    // Where there is nobody to ask about: still, only a case that is there has a page.
    let allowed = found(visit.ask(&ConsentListAsk { record: case }).await)?;
    let counts = allowed.consents.iter().any(is_for_statistics);
    let known = |it: &Offer, chosen| Known {
        id: it.told.partner.id.clone(),
        name: it.told.partner.name(p.lang).to_owned(),
        verdict: Some(it.verdict.clone()),
        chosen,
    };
    let mut all: Vec<_> = chosen.iter().map(|it| known(it, true)).collect();
    all.extend(others.iter().map(|it| known(it, false)));
    let beyond = partners.iter().skip(OVERVIEW).filter(|row| !ids.contains(&row.partner.id));
    let beyond = beyond.map(|row| Known {
        id: row.partner.id.clone(),
        name: row.partner.name(p.lang).to_owned(),
        verdict: None,
        chosen: false,
    });
    for offer in &mut chosen {
        name_steward(p, offer, &partners);
    }
    let table = table(p, &chosen);
    let clauses = clauses(&visit, &chosen, &table).await?;
    show(&ExplainPage {
        p,
        case: &allowed.record,
        all,
        beyond: beyond.collect(),
        chosen: &chosen,
        table,
        clauses,
        counts,
    })
}

/// Whether a consent covers figures today. Whose they may be is for the agreements to say.
fn is_for_statistics(row: &ConsentRow) -> bool {
    let is_consent = row.valid && row.informed && row.override_reason.is_none();
    let has = |scope: ConsentScope| row.scopes.iter().any(|it| it == scope.code());
    is_consent && has(ConsentScope::Stats) && !has(ConsentScope::None)
}

/// Puts the name of the community steward in the place of its id, where it is a partner.
fn name_steward(p: &Page, offer: &mut Offer, partners: &[PartnerRow]) {
    let is_steward = |it: &&mut FieldFate| it.ours.field == "steward";
    let Some(fate) = offer.told.fields.iter_mut().find(is_steward) else { return };
    for value in &mut fate.ours.values.0 {
        if let Some(row) = partners.iter().find(|row| row.partner.id == *value) {
            *value = row.partner.name(p.lang).to_owned();
        }
    }
}

/// Whether anything could go to a partner: it is there, and not over.
fn can_receive(row: &PartnerRow) -> bool {
    !row.partner.id.is_empty() && !matches!(row.state, PartnerState::Ended | PartnerState::Invited)
}

/// What one partner would receive. `group` also counts who looks alike.
async fn asked_of(
    visit: &Visit,
    case: &str,
    partner: &str,
    group: bool,
) -> Result<AgreementExplainTold, Problem> {
    let ask = AgreementExplainAsk { record: case.to_owned(), partner: partner.to_owned(), group };
    found(visit.ask(&ask).await)
}

/// The same beside what the partner has, if it has something.
async fn offer(visit: &Visit, case: &str, told: AgreementExplainTold) -> Result<Offer, Problem> {
    let mut has = None;
    if told.already_shared.is_some() && visit.page.may(Op::AuditDisclosures) {
        let account = found(visit.ask(&AuditDisclosuresAsk { record: case.to_owned() }).await)?;
        let is_theirs =
            |it: &Disclosure| it.withdrawn_at.is_none() && it.partner.id == told.partner.id;
        has = account.disclosures.into_iter().rev().find(is_theirs).map(Receives::of);
    }
    Ok(Offer { verdict: Verdict::of(&visit.page, &told, has.as_ref()), told, has })
}

/// The clauses that the page names, with their words, if it is about one agreement.
async fn clauses(
    visit: &Visit,
    chosen: &[Offer],
    table: &Table,
) -> Result<Vec<ClauseText>, Problem> {
    let [Offer { told: AgreementExplainTold { agreement: Some(row), reasons, .. }, .. }] = chosen
    else {
        return Ok(Vec::new());
    };
    let shown = visit.ask(&AgreementShowAsk { agreement: row.id.clone() }).await?;
    let mut named: Vec<&str> = reasons.iter().filter_map(|it| it.clause.as_deref()).collect();
    named.extend(
        table.levels.iter().flat_map(|row| &row.cells).filter_map(|it| it.clause.as_deref()),
    );
    let is_named = |clause: &str| named.iter().any(|it| is_within(it, clause));
    Ok(shown.clauses.into_iter().filter(|it| is_named(&it.clause)).collect())
}

/// Whether a clause is this one, or a part of it.
fn is_within(clause: &str, whole: &str) -> bool {
    clause.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
