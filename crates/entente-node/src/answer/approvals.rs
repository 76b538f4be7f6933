//! Answers: what takes two people. Everybody who asks for it comes through [`Desk::ask`], at the console and on the
//! command line alike.

use std::sync::Arc;

use entente_core::audit::{Action, Actor};
use entente_core::lang::Lang;
use entente_store::approvals::{ApprovalId, ApprovalRow as Row, ApprovalState as State};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::partners::blocking;
use super::{Asked, Desk, Staff, Steps, instant, read};
use crate::accounts::Account;
use crate::fault::Fault;
use crate::local::doc::*;
use crate::local::{Op, allowed};
use crate::node::approvals::{LASTS_S, Request, is_waiting, no_such_request};
use crate::node::{Node, Outcome};
use crate::people::{Changed, fold};

const DAY_S: i64 = 86_400;

/// For how many days an account is called new, also where it may approve sooner.
const NEW_FOR_DAYS: u32 = 7;

/// Whether a second person has to approve this. To see what it would do takes none.
pub(super) fn is_needed(desk: &Desk, op: Op, body: &str) -> bool {
    desk.config.needs_approval(op)
        && serde_json::from_str::<Value>(body)
            .map_or(true, |body| body.get("dry_run") != Some(&Value::Bool(true)))
}

/// Keeps a question until a second person approves it, and gives the fault that says so.
pub(super) async fn keep(desk: &Arc<Desk>, asked: Asked) -> Box<Fault> {
    let kept = blocking(desk, move |desk| {
        let request = request(&desk.node, asked.op, &asked.body)?;
        desk.node.keep_request(&asked.staff.name, request)
    });
    kept.await.map_or_else(|fault| fault, |id| kept_for_another(&id))
}

/// What is asked, with what a second person has to know of it.
fn request(node: &Node, op: Op, body: &str) -> Outcome<Request> {
    let mut about = lines(body);
    let mut add = |name: &str, value: String| about.push((name.to_owned(), value));
    let pin = match op {
        Op::AgreementSign => {
            let kept = node.find_agreement(&read::<AgreementSignAsk>(body)?.agreement)?;
            let partner = super::partners::told::partner_named(node, &kept.partner);
            add("partner", format!("{} / {}", partner.name.en, partner.name.fr));
            add("version", kept.agreement.version.to_string());
            let hash = hex::encode(kept.hash);
            add("sha256", hash.clone());
            hash
        }
        Op::PlanSign => {
            match read::<PlanSignAsk>(body)?.plan {
                Some(plan) => node.find_plan(&plan)?.id.to_string(),
                // The text of a draft is what is signed, and stands in `body` as it is.
                None => String::new(),
            }
        }
        Op::StatsRun => node.find_plan(&read::<StatsRunAsk>(body)?.plan)?.id.to_string(),
        Op::StatsReturn => node.find_plan(&read::<StatsReturnAsk>(body)?.plan)?.id.to_string(),
        Op::OverlapSign => match read::<OverlapSignAsk>(body)?.round {
            Some(round) => node.find_overlap(&round)?.round.id().to_string(),
            None => String::new(),
        },
        Op::ReturnPublish | Op::ReturnUnpublish => {
            let id = match op {
                Op::ReturnPublish => read::<ReturnPublishAsk>(body)?.id,
                _ => read::<ReturnUnpublishAsk>(body)?.id,
            };
            let (name, _) = node.find_return(&id)?;
            let pin = hex::encode(name);
            add("sha256", pin.clone());
            pin
        }
        Op::EpochClose => read::<EpochCloseAsk>(body).map(|_| String::new())?,
        Op::RecordExport => read::<RecordExportAsk>(body).map(|_| String::new())?,
        _ => String::new(),
    };
    if matches!(op, Op::PlanSign | Op::StatsRun | Op::StatsReturn) && !pin.is_empty() {
        add("id", pin.clone());
    }
    Ok(Request { op: op.name().to_owned(), body: body.to_owned(), about, pin })
}

/// What a document says, line by line. What it leaves out is left out.
fn lines(body: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::from_str(body) else { return Vec::new() };
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let values = |value: &Value| match value {
        Value::Null | Value::Bool(false) => None,
        Value::Array(all) if all.is_empty() => None,
        Value::Object(all) if all.is_empty() => None,
        Value::Array(all) => Some(all.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Object(all) => {
            let pairs = all.iter().map(|(name, value)| format!("{name} = {}", text(value)));
            Some(pairs.collect::<Vec<_>>().join(", "))
        }
        other => Some(text(other)),
    };
    fields.iter().filter_map(|(name, value)| Some((name.clone(), values(value)?))).collect()
}

pub(super) fn list(
    desk: &Desk,
    staff: &Staff,
    ask: ApprovalListAsk,
    _: &Steps,
) -> Outcome<ApprovalListTold> {
    let now_s = desk.node.now_s();
    let wanted = |row: &Row| ask.decided || is_waiting(row, now_s);
    let rows = desk.node.requests()?.into_iter();
    let rows = rows.filter(|(_, row)| is_seen_by(row, staff) && wanted(row));
    let new = new_accounts(desk)?;
    let is_settled = unsettled(desk, &new, &staff.name).is_none();
    let row = |(id, row)| {
        let told = told(&id, row, staff, now_s);
        ApprovalRow { may_approve: told.may_approve && is_settled, ..told }
    };
    let approves = |it: &&Changed| it.roles.iter().any(|role| allowed(Op::ApprovalApprove, *role));
    Ok(ApprovalListTold {
        needed_for: desk.config.approvals.needed_for.clone(),
        approvals: rows.map(row).collect(),
        new_accounts: new.iter().filter(approves).map(|it| told_new(desk, it)).collect(),
    })
}

/// The accounts that somebody changed a short while ago; none where nothing takes two people.
fn new_accounts(desk: &Desk) -> Outcome<Vec<Changed>> {
    let config = &desk.config.approvals;
    if config.needed_for.is_empty() {
        return Ok(Vec::new());
    }
    let days = i64::from(config.settled_days.max(NEW_FOR_DAYS));
    desk.people.changed_since(desk.node.now_s() - days * DAY_S)
}

/// From when on an account may approve again.
fn may_from_s(desk: &Desk, account: &Changed) -> i64 {
    account.at_s + i64::from(desk.config.approvals.settled_days) * DAY_S
}

/// The account of this name, if it is so new that it may not approve.
fn unsettled<'a>(desk: &Desk, new: &'a [Changed], name: &str) -> Option<&'a Changed> {
    let (name, now_s) = (fold(name), desk.node.now_s());
    new.iter().find(|it| it.name == name && may_from_s(desk, it) > now_s)
}

/// What the audit log says of the two who did something together, if one of their accounts is new.
fn noted(new: &[Changed], asked_by: &str, approved_by: &str) -> Vec<String> {
    let is_new = |name: &str| new.iter().any(|it| it.name == fold(name));
    let both =
        [("asked_by_new_account", asked_by), ("approved_by_new_account", approved_by)].into_iter();
    both.filter(|(_, name)| is_new(name)).map(|(code, _)| code.to_owned()).collect()
}

fn what(account: &Changed) -> AccountChange {
    match account.action {
        Action::UserAdded => AccountChange::Added,
        Action::UserEnabled => AccountChange::Enabled,
        Action::CredentialRemoved => AccountChange::Reset,
        Action::Restored => AccountChange::Restored,
        _ => AccountChange::Roles,
    }
}

fn told_new(desk: &Desk, account: &Changed) -> NewAccount {
    let from_s = may_from_s(desk, account);
    NewAccount {
        name: account.name.clone(),
        what: what(account),
        by: account.by.clone(),
        at: instant(account.at_s),
        may_from: (from_s > desk.node.now_s()).then(|| instant(from_s)),
    }
}

/// Whose a request is: of whoever asked, of whoever might have, and of auditors, who see everything. To
/// others it does not exist.
fn is_seen_by(row: &Row, staff: &Staff) -> bool {
    let may = Op::parse(&row.op).is_some_and(|op| staff.may(op));
    may || is_own(row, staff) || staff.roles.contains(&crate::local::Role::Auditor)
}

/// Whether somebody asked this, under any spelling of the name.
fn is_own(row: &Row, staff: &Staff) -> bool {
    fold(&row.asked_by) == fold(&staff.name)
}

fn told(id: &ApprovalId, row: Row, staff: &Staff, now_s: i64) -> ApprovalRow {
    let state = match row.state {
        State::Waiting if is_waiting(&row, now_s) => ApprovalState::Waiting,
        State::Waiting => ApprovalState::Expired,
        State::Approved => ApprovalState::Approved,
        State::Done => ApprovalState::Done,
        State::Failed => ApprovalState::Failed,
        State::Refused => ApprovalState::Refused,
    };
    let may = Op::parse(&row.op).is_some_and(|op| staff.may(op));
    let may_decide = staff.may(Op::ApprovalApprove) && may && !is_own(&row, staff);
    ApprovalRow {
        id: Uuid::from_bytes(*id).to_string(),
        operation: row.op,
        about: row.about.into_iter().map(|(name, value)| AboutLine { name, value }).collect(),
        asked_by: row.asked_by,
        asked_at: instant(row.asked_at_s),
        until: instant(row.asked_at_s + LASTS_S),
        state,
        may_approve: state == ApprovalState::Waiting && may_decide,
        decided_by: (!row.decided_by.is_empty()).then_some(row.decided_by),
        decided_at: (row.decided_at_s > 0).then(|| instant(row.decided_at_s)),
        fault: (!row.fault.is_empty()).then_some(row.fault),
    }
}

pub(super) async fn approve(
    desk: Arc<Desk>,
    staff: Staff,
    ask: ApprovalApproveAsk,
    steps: Steps,
) -> Outcome<ApprovalTold> {
    let who = staff.clone();
    let (id, row) = blocking(&desk, move |desk| found(desk, &who, &ask.approval)).await?;
    let op = Op::parse(&row.op).ok_or_else(no_such_request)?;
    // The second person needs the role for what was asked, as the first did.
    desk.permit(op, &staff).await?;
    let taken = taken(&desk, &staff, id, op).await?;
    let both =
        Staff { name: format!("{} + {}", taken.asked_by, staff.name), roles: staff.roles.clone() };
    let asked = Asked { op, staff: both, body: Zeroizing::new(taken.body), steps };
    let done = match op {
        // It waits for partners, and the node may be told to stop meanwhile: asked again, it goes on from there.
        Op::StatsRun => {
            let stopping = desk.stopping().clone();
            let done = stopping.run_until_cancelled(desk.answer_again(asked)).await;
            done.unwrap_or_else(|| Err(crate::jobs::stopped()))
        }
        _ => desk.answer_again(asked).await,
    };
    let fault = done.as_ref().err().cloned();
    let answer: Option<Value> = done.as_ref().ok().and_then(|told| serde_json::from_str(told).ok());
    let made = answer.as_ref().and_then(|told| made(op, told));
    let settle = move |desk: &Desk| desk.node.settle_request(&id, fault.as_deref(), made);
    let row = blocking(&desk, settle).await?;
    done?;
    let now_s = desk.node.now_s();
    Ok(ApprovalTold { approval: told(&id, row, &staff, now_s), told: answer })
}

/// What came of an operation and has a name by which it is found: whoever asked was not there when it happened.
fn made(op: Op, told: &Value) -> Option<(&'static str, String)> {
    let (name, place) = match op {
        Op::StatsReturn => ("return", "/sha256"),
        Op::PlanSign => ("id", "/plan/id"),
        Op::OverlapSign => ("id", "/round/id"),
        _ => return None,
    };
    Some((name, told.pointer(place)?.as_str()?.to_owned()))
}

/// Takes a request, after everything that speaks against it was looked at. A refusal is kept.
async fn taken(desk: &Arc<Desk>, staff: &Staff, id: ApprovalId, op: Op) -> Outcome<Row> {
    let (by, actor) = (staff.name.clone(), staff.actor());
    blocking(desk, move |desk| {
        let node = &desk.node;
        let row = node.request(&id)?;
        let fits = || -> Outcome<Row> {
            let new = new_accounts(desk)?;
            if is_waiting(&row, node.now_s()) {
                if let Some(account) = unsettled(desk, &new, &by) {
                    return Err(too_new(account, may_from_s(desk, account)));
                }
                if !still_may(desk, &row.asked_by, op)? {
                    return Err(asker_may_no_more(&row.asked_by));
                }
                if request(node, op, &row.body)?.pin != row.pin {
                    return Err(changed_since());
                }
            }
            node.take_request(&by, &id, noted(&new, &row.asked_by, &by))
        };
        fits().or_else(|fault| {
            refused(node, actor, &fault)?;
            Err(fault)
        })
    })
    .await
}

/// Every refusal is in the audit log.
fn refused(node: &Node, actor: Actor, fault: &Fault) -> Outcome<()> {
    let reasons = [Op::ApprovalApprove.name().to_owned(), fault.code.clone()];
    node.audit(vec![node.entry(actor, Action::AccessRefused).reasons(reasons)])
}

/// Whether whoever asked may still ask it: somebody who has left binds nobody any more.
fn still_may(desk: &Desk, name: &str, op: Op) -> Outcome<bool> {
    let people = desk.people.all()?;
    let folded = fold(name);
    if let Some(person) = people.iter().find(|it| it.name == folded) {
        return Ok(person.enabled && person.roles.iter().any(|role| allowed(op, *role)));
    }
    let own = Account::of(rustix::process::geteuid().as_raw()).name;
    if name == own || name == "root" {
        return Ok(true);
    }
    let roles = Account::named(name).map(|account| account.roles(&desk.config));
    Ok(roles.unwrap_or_default().iter().any(|role| allowed(op, *role)))
}

pub(super) fn refuse(
    desk: &Desk,
    staff: &Staff,
    ask: ApprovalRefuseAsk,
    _: &Steps,
) -> Outcome<ApprovalTold> {
    let (id, row) = found(desk, staff, &ask.approval)?;
    if !is_own(&row, staff) && !Op::parse(&row.op).is_some_and(|op| staff.may(op)) {
        let fault = not_yours_to_refuse();
        refused(&desk.node, staff.actor(), &fault)?;
        return Err(fault);
    }
    let row = desk.node.refuse_request(&staff.name, &id)?;
    Ok(ApprovalTold { approval: told(&id, row, staff, desk.node.now_s()), told: None })
}

/// A request by its id, or by the end of it: the beginning is the time, which many share. Somebody else's is
/// not there, and that it was asked for is kept.
fn found(desk: &Desk, staff: &Staff, wanted: &str) -> Outcome<(ApprovalId, Row)> {
    let wanted = wanted.trim().to_lowercase();
    let is_it = |id: &ApprovalId| Uuid::from_bytes(*id).to_string().ends_with(&wanted);
    let all = desk.node.requests()?.into_iter().filter(|(id, _)| is_it(id));
    let (theirs, others): (Vec<_>, Vec<_>) = all.partition(|(_, row)| is_seen_by(row, staff));
    let mut theirs = theirs.into_iter();
    match (theirs.next(), theirs.next()) {
        (Some(one), None) if wanted.len() >= 6 => Ok(one),
        (None, _) if !others.is_empty() => {
            let fault = no_such_request();
            refused(&desk.node, staff.actor(), &fault)?;
            Err(fault)
        }
        _ => Err(no_such_request()),
    }
}

fn kept_for_another(id: &ApprovalId) -> Box<Fault> {
    let id = Uuid::from_bytes(*id).to_string();
    let end = id.get(id.len().saturating_sub(8)..).unwrap_or(&id);
    Fault::new(
        2780,
        (
            "This takes a second person. What you asked is kept for seven days.",
            "Il faut une deuxième personne. Votre demande est conservée sept jours.",
        ),
        (
            &format!("Somebody else with the role approves it: `entente approvals approve {end}`."),
            &format!(
                "Quelqu’un d’autre qui a le rôle l’approuve\u{a0}: `entente approvals approve {end}`."
            ),
        ),
    )
}

fn changed_since() -> Box<Fault> {
    Fault::new(
        2785,
        (
            "What this request is about has changed since.",
            "Ce dont parle cette demande a changé depuis.",
        ),
        (
            "Refuse it, read what is there now, and ask again: `entente approvals refuse ID`.",
            "Refusez-la, lisez ce qui est là maintenant et refaites la demande\u{a0}: `entente approvals refuse ID`.",
        ),
    )
}

fn asker_may_no_more(name: &str) -> Box<Fault> {
    Fault::new(
        2786,
        ("Whoever asked this may not any more.", "La personne qui l’a demandé n’y a plus droit."),
        (
            "Refuse it, and let somebody with the role ask again: `entente approvals refuse ID`.",
            "Refusez-la et faites refaire la demande par qui a le rôle\u{a0}: `entente approvals refuse ID`.",
        ),
    )
    .because(name, name)
}

/// `ENT-2853`.
fn too_new(account: &Changed, from_s: i64) -> Box<Fault> {
    let [at, from] = [account.at_s, from_s].map(|at_s| {
        let text = instant(at_s).replace('T', " ");
        format!("{} UTC", text.get(..16).unwrap_or(&text))
    });
    let (en, fr) = (what(account).label(Lang::En), what(account).label(Lang::Fr));
    Fault::new(
        2853,
        ("This account is too new to approve.", "Ce compte est trop récent pour approuver."),
        (
            &format!("Let somebody else with the role approve it, or wait until {from}."),
            &format!(
                "Faites-la approuver par quelqu’un d’autre qui a le rôle, ou attendez le {from}."
            ),
        ),
    )
    .because(
        format!("It was {en} by {} on {at}.", account.by),
        format!("Il a été {fr} par {} le {at}.", account.by),
    )
}

fn not_yours_to_refuse() -> Box<Fault> {
    Fault::new(
        2788,
        (
            "Only whoever asked, or somebody with the role for it, refuses this.",
            "Seule la personne qui l’a demandé, ou qui en a le rôle, peut le refuser.",
        ),
        (
            "List yours: `entente approvals list`.",
            "Affichez la liste des vôtres\u{a0}: `entente approvals list`.",
        ),
    )
}
