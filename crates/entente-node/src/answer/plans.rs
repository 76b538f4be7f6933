//! Answers: release plans, to our officer's signature. How one is drafted is in [`super::plan_draft`].
//!
//! What is shown is made from the bytes that are signed, by the core and by nothing here.

use entente_core::codes::OrgType;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{Plan, PlanId};
use entente_store::rows::PlanRow as Row;

use super::partners::told::both;
use super::records::show::Names;
use super::{Desk, Staff, Steps, instant};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::partners::partner_text;
use crate::node::statistics::KeptPlan;
use crate::node::{Node, Outcome};

/// How people call their own organization in a draft.
const US: &str = "us";

pub(super) fn member(node: &Node, text: &str) -> Outcome<(OrgId, OrgType)> {
    let ours = node.profile();
    let is_us = text == US || text == node.id().to_string();
    if is_us || text == ours.name.en || text == ours.name.fr {
        return Ok((node.id(), ours.kind));
    }
    let (id, row) = node.find_partner(text)?;
    Ok((id, partner_text(&row).1))
}

pub(super) fn sign(
    desk: &Desk,
    staff: &Staff,
    ask: PlanSignAsk,
    _: &Steps,
) -> Outcome<PlanSignTold> {
    let node = &desk.node;
    let kept = match (&ask.plan, &ask.toml) {
        (Some(name), None) => node.find_plan(name)?,
        (None, Some(toml)) => {
            let plan = node.read_plan(toml, None)?;
            match ask.dry_run {
                true => unkept(node, plan),
                false => node.propose_plan(staff.actor(), &plan)?,
            }
        }
        (Some(_), Some(_)) | (None, None) => return Err(one_of_two()),
    };
    let kept = match ask.dry_run {
        true => {
            if !kept.is_signed() {
                node.check_plan(&kept.plan)?;
            }
            kept
        }
        false => node.sign_plan(staff.actor(), &kept.id)?,
    };
    let names = Names::of(node)?;
    Ok(PlanSignTold {
        done: kept.is_signed(),
        plan: plan_row(node, &names, &kept),
        page: page(&names, &kept.plan),
        price: price(&kept.plan),
    })
}

/// A draft as if it were kept, to be shown.
fn unkept(node: &Node, plan: Plan) -> KeptPlan {
    let bytes = entente_proto::encode_plan(&plan);
    let id = PlanId::of(&bytes);
    let row = Row { bytes, from: *node.id().as_bytes(), at_s: node.now_s(), signed_at_s: None };
    KeptPlan { id, plan, row, signers: Vec::new() }
}

fn one_of_two() -> Box<Fault> {
    Fault::new(
        2107,
        (
            "Name either a plan or the draft of one.",
            "Indiquez soit un plan, soit l’ébauche d’un plan.",
        ),
        ("Try `entente plan sign PLAN`.", "Essayez `entente plan sign PLAN`."),
    )
}

pub(super) fn show(desk: &Desk, _: &Staff, ask: PlanShowAsk, _: &Steps) -> Outcome<PlanShowTold> {
    let node = &desk.node;
    let kept = node.find_plan(&ask.plan)?;
    let names = Names::of(node)?;
    Ok(PlanShowTold {
        plan: plan_row(node, &names, &kept),
        page: page(&names, &kept.plan),
        price: price(&kept.plan),
    })
}

pub(super) fn list(desk: &Desk, _: &Staff, _: PlanListAsk, _: &Steps) -> Outcome<PlanListTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let plans = node.plans()?;
    Ok(PlanListTold { plans: plans.iter().map(|kept| plan_row(node, &names, kept)).collect() })
}

/// A plan as a row of a table.
pub(super) fn plan_row(node: &Node, names: &Names, kept: &KeptPlan) -> PlanRow {
    let KeptPlan { id, plan, row, signers } = kept;
    let ours = node.id();
    let members = plan.roles.members();
    let others = |has_signed: bool| {
        let others = members.iter().filter(|org| **org != ours);
        let others = others.filter(|org| signers.contains(org) == has_signed);
        others.map(|org| names.named(org)).collect()
    };
    PlanRow {
        id: id.to_string(),
        name: plan.name.clone(),
        version: plan.version,
        title: both(&plan.title),
        first_year: plan.first_year.number(),
        last_year: plan.last_year.number(),
        signed_at: row.signed_at_s.map(instant),
        signed_by: others(true),
        unsigned: others(false),
        mode: if plan.is_secure_sum() { "secure_sum" } else { "bilateral" }.to_owned(),
    }
}

/// A plan in plain words.
pub(super) fn page(names: &Names, plan: &Plan) -> Both {
    let page = |lang| plan.render(lang, &|org| names.named(org).name(lang).to_owned());
    Both::new(page(Lang::En), page(Lang::Fr))
}

/// What a plan costs the persons in its figures.
pub(super) fn price(plan: &Plan) -> PlanPrice {
    let m = plan.safeguards.organizations_per_person;
    PlanPrice {
        year_nano_rho: plan.cost_per_year().0,
        cap_nano_rho: plan.budget.node_cap.0,
        advantage_permille: permille(plan.budget.year.advantage()),
        advantage_several_permille: permille(plan.budget.year.advantage_in(m)),
        organizations_per_person: m,
    }
}

/// A fraction in tenths of a percent, rounded up: what is promised is never said too small.
pub(super) fn permille(fraction: f64) -> u32 {
    whole((fraction * 1000.0).ceil())
}

/// A number that is whole and small.
pub(super) fn whole(value: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float becomes an integer by saturating, which is meant"
    )]
    let whole = value as u32;
    whole
}

/// What a price comes to as an advantage.
pub(super) fn advantage(spent: NanoRho) -> u32 {
    permille(spent.advantage())
}
