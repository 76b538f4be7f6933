//! What each partner will receive of a case, field by field, before anything goes out.
//!
//! Everything here is what [`AgreementExplainAsk`] tells: the function that shares, asked now. What a
//! partner has already is what the account of disclosures says, not what would go out today.

use askama::Template;
use axum::extract::{Path, Query};
use entente_core::codes::{Code as _, ConsentScope};
use entente_core::lang::Lang;
use entente_node::local::Op;
use entente_node::local::doc::{
    AgreementExplainAsk, AgreementExplainTold, AgreementShowAsk, AuditDisclosuresAsk, ClauseText,
    ConsentListAsk, ConsentRow, Disclosure, Fate, FieldFate, PartnerListAsk, PartnerRow,
    PartnerState,
};

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
    fn tally(&self, at: &usize) -> Option<String> {
        let cells: Vec<_> = self.table.levels.iter().filter_map(|row| row.cells.get(*at)).collect();
        let n = |fate: Fate| self.p.n(&(cells.iter().filter(|it| it.fate == fate).count() as u64));
        let [kept, coarser, gone] = [Fate::Kept, Fate::Generalized, Fate::Removed].map(n);
        let stays = self.p.n(&(self.table.never.len() as u64));
        let text = match self.p.lang {
            Lang::En => format!(
                "{kept} as recorded, {coarser} coarser, {gone} left out; {stays} never leave."
            ),
            Lang::Fr => format!(
                "Tels qu’inscrits : {kept}; généralisés : {coarser}; retirés : {gone}; ne partent jamais : {stays}."
            ),
        };
        (!cells.is_empty()).then_some(text)
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
            others.push(offer(&visit, &case, &row.partner.id, false).await?);
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
        chosen.push(offer(&visit, &case, id, true).await?);
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

/// What one partner would receive. `group` also counts who looks alike, which reads all records.
async fn offer(visit: &Visit, case: &str, partner: &str, group: bool) -> Result<Offer, Problem> {
    let ask = AgreementExplainAsk { record: case.to_owned(), partner: partner.to_owned(), group };
    let told = found(visit.ask(&ask).await)?;
    let mut has = None;
    if group && told.already_shared.is_some() && visit.page.may(Op::AuditDisclosures) {
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
    let is_named = |clause: &str| {
        named.iter().any(|it| {
            *it == clause || it.strip_prefix(clause).is_some_and(|rest| rest.starts_with('.'))
        })
    };
    Ok(shown.clauses.into_iter().filter(|it| is_named(&it.clause)).collect())
}
