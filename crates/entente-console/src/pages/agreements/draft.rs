//! Drafting: choosing a template, filling in the settings, reading what it would say, proposing it.
//!
//! Nothing is kept between the pages but what stands in the form.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::{
    AgreementAmendAsk, AgreementDeclineAsk, AgreementDiffAsk, AgreementDiffTold, AgreementDraftAsk,
    AgreementDraftTold, AgreementListAsk, AgreementProposeAsk, AgreementRow, AgreementShowAsk,
    AgreementStanding, PartnerShowAsk,
};
use entente_node::node::Outcome;
use serde::Deserialize;

use super::form::{Field, Group, Settings, Typed, edits, groups};
use super::{Article, Part, articles, is_open, named, parts};
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::pages::partners::words::TEMPLATES;
use crate::problem::Problem;
use crate::to_the_end;

/// With whom, and what the draft is made from.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    partner: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    amends: String,
}

impl Source {
    fn of(typed: &Typed) -> Self {
        let value = |name: &str| {
            let found = typed.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self { partner: value("partner"), template: value("template"), amends: value("amends") }
    }

    fn ask(&self, edits: Settings) -> AgreementDraftAsk {
        AgreementDraftAsk {
            template: self.template.clone(),
            partner: self.partner.clone(),
            edits,
            amends: self.amended(),
        }
    }

    /// The version in force, or the one that waits and is answered, as the node is asked for it.
    fn amended(&self) -> Option<String> {
        (!self.amends.is_empty()).then(|| named(&self.amends))
    }

    fn is_chosen(&self) -> bool {
        !self.template.is_empty() || !self.amends.is_empty()
    }
}

#[derive(Template)]
#[template(path = "agreements/choose.html")]
struct ChoosePage<'a> {
    p: &'a Page,
    source: &'a Source,
    name: &'a str,
}

impl ChoosePage<'_> {
    fn templates(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let p = self.p;
        TEMPLATES
            .iter()
            .map(|(name, title, does)| (*name, p.t(title.0, title.1), p.t(does.0, does.1)))
            .collect()
    }
}

#[derive(Template)]
#[template(path = "agreements/draft.html")]
struct FormPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    // The field that it is about.
    wrong: &'a str,
    source: &'a Source,
    name: &'a str,
    groups: Vec<Group>,
}

impl FormPage<'_> {
    fn is_wrong(&self, field: &Field) -> bool {
        self.fault.is_some() && self.wrong == field.name
    }
}

/// `GET /agreements/draft`: the choice of a template, then the form.
pub(super) async fn ask(visit: Visit, Query(source): Query<Source>) -> Answer {
    let p = &visit.page;
    if !source.is_chosen() {
        let told = visit.ask(&PartnerShowAsk { partner: source.partner.clone() }).await?;
        let name = told.partner.partner.name(p.lang);
        return show(&ChoosePage { p, source: &source, name });
    }
    let told = visit.ask(&source.ask(Settings::new())).await?;
    let groups = groups(p, &told.settings, None);
    let name = told.partner.name(p.lang);
    show(&FormPage { p, fault: None, wrong: "", source: &source, name, groups })
}

#[derive(Template)]
#[template(path = "agreements/check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    told: &'a AgreementDraftTold,
    name: &'a str,
    typed: &'a Typed,
    articles: Vec<Article<'a>>,
    diff: Option<AgreementDiffTold>,
    both: bool,
    answers: bool,
}

impl CheckPage<'_> {
    fn parts<'d>(&self, diff: &'d AgreementDiffTold) -> Vec<Part<'d>> {
        parts(diff, self.p)
    }

    /// What keeps it from being proposed: it cannot be read.
    fn is_whole(&self) -> bool {
        !self.told.clauses.is_empty()
    }

    /// What is to be looked at, by the side that it stands on in the form.
    fn missing(&self) -> Vec<String> {
        let p = self.p;
        let shown = |it: &Both| {
            let text = p.both(it);
            let sides = [
                ("ours.", p.t("Our side:", "Notre côté :")),
                ("theirs.", p.t("Their side:", "Leur côté :")),
            ];
            let side = sides.iter().find(|(key, _)| text.starts_with(key));
            match (side, text.split_once(':')) {
                (Some((_, side)), Some((_, what))) => format!("{side} {}", what.trim()),
                _ => text.to_owned(),
            }
        };
        self.told.missing.iter().map(shown).collect()
    }
}

/// The draft that was typed, and the settings it started from.
async fn drafted(
    visit: &Visit,
    typed: &Typed,
) -> Result<AgreementDraftTold, (Box<Fault>, Settings)> {
    let source = Source::of(typed);
    let start = visit.ask(&source.ask(Settings::new())).await;
    let start = start.map_err(|fault| (fault, Settings::new()))?;
    let edits = edits(&visit.page, &start.settings, typed);
    visit.ask(&source.ask(edits)).await.map_err(|fault| (fault, start.settings))
}

/// `POST /agreements/draft`: what it would say, in words; or the form again.
pub(super) async fn check(visit: Visit, Form(typed): Form<Vec<(String, String)>>) -> Answer {
    let p = &visit.page;
    let source = Source::of(&typed);
    let has = |name: &str| typed.iter().any(|(key, _)| key == name);
    let told = match drafted(&visit, &typed).await {
        Ok(told) => told,
        Err((fault, settings)) if fault.code == "ENT-1306" => {
            return form_again(&visit, &source, &settings, &typed, Some(&fault));
        }
        Err((fault, _)) => return Err(Problem::new(fault)),
    };
    if has("change") {
        return form_again(&visit, &source, &told.settings, &typed, None);
    }
    let against = source.amended();
    // Of a first agreement everything is new: then its clauses say it all.
    let diff = if against.is_some() && !told.clauses.is_empty() {
        let toml = Some(told.toml.clone());
        Some(visit.ask(&AgreementDiffAsk { agreement: None, toml, against }).await?)
    } else {
        None
    };
    let answers = waiting(&visit, &source).await?.is_some();
    show(&CheckPage {
        p,
        name: told.partner.name(p.lang),
        typed: &typed,
        articles: articles(&told.clauses, p),
        diff,
        both: has("both"),
        answers,
        told: &told,
    })
}

/// The version that waits for signatures and would be answered with the draft.
async fn waiting(visit: &Visit, source: &Source) -> Outcome<Option<AgreementRow>> {
    let Some(agreement) = source.amended() else { return Ok(None) };
    let row = visit.ask(&AgreementShowAsk { agreement }).await?.agreement;
    Ok(Some(row).filter(is_open))
}

/// Answers a version that waits with another one: the one in force gets its next version, and without one it is a
/// new agreement. What waited is declined, so that nobody signs both.
async fn answered(visit: &Visit, waits: &AgreementRow, toml: String) -> Outcome<AgreementRow> {
    let reason = "Answered with another version. / Une autre version y répond.";
    let decline = AgreementDeclineAsk {
        agreement: format!("{}@{}", waits.id, waits.version),
        reason: Some(reason.to_owned()),
    };
    let known = visit.ask(&AgreementListAsk::default()).await?.agreements;
    let is_in_force = |it: &&AgreementRow| {
        let is_one = matches!(it.state, AgreementStanding::Active | AgreementStanding::Suspended);
        it.id == waits.id && is_one
    };
    let Some(before) = known.iter().find(is_in_force) else {
        let partner = waits.partner.id.clone();
        let told = visit.ask(&AgreementProposeAsk { partner, toml, dry_run: false }).await?;
        visit.ask(&decline).await?;
        return Ok(told.agreement);
    };
    // Two versions cannot have one number: what waits goes first, once the other is known to be taken.
    let agreement = format!("{}@{}", before.id, before.version);
    let ask = AgreementAmendAsk { agreement, toml, dry_run: true };
    visit.ask(&ask).await?;
    visit.ask(&decline).await?;
    Ok(visit.ask(&AgreementAmendAsk { dry_run: false, ..ask }).await?.agreement)
}

fn form_again(
    visit: &Visit,
    source: &Source,
    settings: &Settings,
    typed: &Typed,
    fault: Option<&Fault>,
) -> Answer {
    let p = &visit.page;
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let groups = groups(p, settings, Some(typed));
    // The first reason is the key of the field: it says where, and is no word for people.
    let key = fault.and_then(|fault| fault.why.first());
    let wrong = key.map_or("effective", |why| why.en.as_str());
    let said = fault.map(|fault| {
        let why = fault.why.iter().skip(1).cloned().collect();
        Fault { why, ..fault.clone() }
    });
    let page = FormPage { p, fault: said.as_ref(), wrong, source, name: "", groups };
    show_as(status, &page)
}

/// `POST /agreements/propose`: the same draft once more, sent to the partner.
pub(super) async fn propose(visit: Visit, Form(typed): Form<Vec<(String, String)>>) -> Answer {
    let source = Source::of(&typed);
    let told = drafted(&visit, &typed).await.map_err(|(fault, _)| Problem::new(fault))?;
    let toml = told.toml;
    let row = match (waiting(&visit, &source).await?, source.amended()) {
        (Some(waits), _) => {
            let visit = visit.clone();
            to_the_end(async move { answered(&visit, &waits, toml).await }).await?
        }
        (None, None) => {
            let ask = AgreementProposeAsk { partner: source.partner, toml, dry_run: false };
            visit.ask(&ask).await?.agreement
        }
        (None, Some(agreement)) => {
            visit.ask(&AgreementAmendAsk { agreement, toml, dry_run: false }).await?.agreement
        }
    };
    let to = format!("/agreements/{}-{}", row.id, row.version);
    Ok(Redirect::to(&visit.page.to(&to)).into_response())
}
