//! Answers: national returns that are kept here, and their publication.
//!
//! A return is never changed. What is shown of it is read from its signed file each time, and checked each
//! time, whether staff ask or everybody.

use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_core::statistics::national::NationalReturn;
use entente_core::statistics::plan::PlanId;
use entente_store::rows::Bytes32;
use entente_store::statistics::ReturnRow as Row;

use super::partners::told::both;
use super::plans::plan_row;
use super::records::show::Names;
use super::statistics::table_of;
use super::{Desk, Staff, Steps, failed, instant};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::{Node, Outcome};
use crate::returned::{self, Verdict};

pub(super) fn list(
    desk: &Desk,
    _: &Staff,
    ask: ReturnListAsk,
    _: &Steps,
) -> Outcome<ReturnListTold> {
    let node = &desk.node;
    let plan = ask.plan.map(|name| node.find_plan(&name)).transpose()?;
    let mut all = node.returns()?;
    all.retain(|(_, row)| plan.as_ref().is_none_or(|kept| kept.id.0 == row.plan));
    let returns = all.iter().map(|(name, row)| row_of(node, name, row));
    Ok(ReturnListTold { returns: returns.collect::<Outcome<_>>()? })
}

pub(super) fn show(
    desk: &Desk,
    _: &Staff,
    ask: ReturnShowAsk,
    _: &Steps,
) -> Outcome<ReturnShowTold> {
    let (name, row) = desk.node.find_return(&ask.id)?;
    let lang = ask.lang.as_deref().map_or(Lang::En, Lang::from_locale);
    let known = known(&desk.node)?;
    told(&desk.node, (&name, &row), Some(&known), ask.form.as_deref(), lang)
}

/// The identities that we know: our own, and those of partners.
fn known(node: &Node) -> Outcome<Vec<OrgId>> {
    let partners = node.partner_rows()?.into_iter().map(|(id, _)| id);
    Ok(partners.chain([node.id()]).collect())
}

/// A return with its checks and figures, and as a file if `form` is named.
pub(super) fn told(
    node: &Node,
    (name, row): (&Bytes32, &Row),
    known: Option<&[OrgId]>,
    form: Option<&str>,
    lang: Lang,
) -> Outcome<ReturnShowTold> {
    let bytes = node.return_file(name)?;
    let read = returned::read(&bytes, known);
    let (national, verdict) = read.map_err(|invalid| not_a_return(&invalid))?;
    let names = Names::of(node)?;
    let tables = newest(&national).map(|it| table_of(node, &names, &national.plan, it));
    let tables = tables.collect::<Outcome<Vec<_>>>()?;
    let kept = node.plan_by_id(&PlanId(row.plan))?;
    let file = form.map(|form| file(&national, &verdict, (form, lang), &bytes)).transpose()?;
    Ok(ReturnShowTold {
        row: row_of(node, name, row)?,
        plan: plan_row(node, &names, &kept),
        definitions: both(&national.definitions),
        counting_rule: entente_core::codes::Code::code(national.plan.rule).to_owned(),
        definition: entente_core::codes::Code::code(national.plan.definition).to_owned(),
        organizations_per_person: national.plan.safeguards.organizations_per_person,
        verified: verdict.is_right(),
        checks: verdict.checks,
        tables: tables.into_iter().flatten().collect(),
        file,
    })
}

/// Of each cube and period the newest revision.
fn newest(
    national: &NationalReturn,
) -> impl Iterator<Item = &entente_core::statistics::national::ReturnTable> {
    let of = |at: usize| national.tables.get(at).map(|it| (it.release.cube, it.release.period));
    let tables = national.tables.iter().enumerate();
    tables.filter(move |(at, _)| of(*at) != of(at + 1)).map(|(_, table)| table)
}

fn file(
    national: &NationalReturn,
    verdict: &Verdict,
    (form, lang): (&str, Lang),
    bytes: &[u8],
) -> Outcome<ReturnFile> {
    let (ending, media, content) = match form {
        "return" => ("return", "application/octet-stream", bytes.to_vec()),
        "csv" => ("csv", "text/csv; charset=utf-8", returned::csv(national).into_bytes()),
        "json" => {
            ("json", "application/json", returned::document(national, verdict).to_string().into())
        }
        "sdmx" => ("sdmx.csv", "text/csv; charset=utf-8", returned::sdmx(national).into_bytes()),
        "xlsx" => {
            let media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            let made = returned::workbook(national, verdict, lang);
            ("xlsx", media, made.map_err(|_| failed())?)
        }
        _ => return Err(no_such_form()),
    };
    Ok(ReturnFile {
        name: format!("{}-{}.{ending}", national.plan.name, national.period),
        media: media.to_owned(),
        hex: hex::encode(content),
    })
}

pub(super) fn publish(
    desk: &Desk,
    staff: &Staff,
    ask: ReturnPublishAsk,
    _: &Steps,
) -> Outcome<ReturnChangeTold> {
    let node = &desk.node;
    let (name, _) = node.find_return(&ask.id)?;
    let bytes = node.return_file(&name)?;
    let read = returned::read(&bytes, None);
    let (_, verdict) = read.map_err(|invalid| not_a_return(&invalid))?;
    if let Some(fault) = verdict.faults.first() {
        return Err(not_right().because(fault.en.clone(), fault.fr.clone()));
    }
    let row = node.publish_return(staff.actor(), &name, true)?;
    changed(node, &name, &row)
}

pub(super) fn unpublish(
    desk: &Desk,
    staff: &Staff,
    ask: ReturnUnpublishAsk,
    _: &Steps,
) -> Outcome<ReturnChangeTold> {
    let node = &desk.node;
    let (name, _) = node.find_return(&ask.id)?;
    let row = node.publish_return(staff.actor(), &name, false)?;
    changed(node, &name, &row)
}

fn changed(node: &Node, name: &Bytes32, row: &Row) -> Outcome<ReturnChangeTold> {
    let row = row_of(node, name, row)?;
    let short = row.id.get(..16).unwrap_or_default();
    let path = row.published_at.is_some().then(|| format!("/public/en/figures/{short}"));
    Ok(ReturnChangeTold { row, path })
}

/// A return as a row of a table.
pub(super) fn row_of(node: &Node, name: &Bytes32, row: &Row) -> Outcome<ReturnRow> {
    let plan = node.plan_by_id(&PlanId(row.plan))?.plan;
    let period = Period::from_number(row.period).map_err(|_| failed())?;
    Ok(ReturnRow {
        id: hex::encode(name),
        plan: format!("{}@{}", plan.name, plan.version),
        title: both(&plan.title),
        period: period.to_string(),
        made_at: instant(row.made_at_s),
        bytes: row.n_bytes,
        published_at: row.published_at_s.map(instant),
    })
}

/// `ENT-2770`: also for a file that somebody sent to be checked.
pub fn not_a_return(reason: &impl std::fmt::Display) -> Box<Fault> {
    Fault::new(
        2770,
        (
            "The file is no whole national return as it was signed.",
            "Le fichier n’est pas un rapport national entier, tel que signé.",
        ),
        (
            "Ask whoever made it for the file again; it was perhaps changed on its way.",
            "Redemandez le fichier à qui l’a produit; il a peut-être été modifié en route.",
        ),
    )
    .in_detail(reason)
}

/// `ENT-2772`.
fn not_right() -> Box<Fault> {
    Fault::new(
        2772,
        ("A return that is not right is not published.", "Un rapport inexact n’est pas publié."),
        (
            "See what is wrong with it: `entente stats verdict`.",
            "Voyez ce qui est inexact\u{a0}: `entente stats verdict`.",
        ),
    )
}

/// `ENT-2773`.
fn no_such_form() -> Box<Fault> {
    Fault::new(
        2773,
        ("A return has no such form.", "Un rapport n’a pas cette forme."),
        (
            "Choose one of `return`, `csv`, `xlsx`, `json` and `sdmx`.",
            "Choisissez parmi `return`, `csv`, `xlsx`, `json` et `sdmx`.",
        ),
    )
}
