//! What takes two people.

use entente_core::lang::Lang;
use entente_node::local::Op;
use entente_node::local::doc::{
    ApprovalListTold, ApprovalRow, ApprovalState, ApprovalTold, NewAccount,
};
use entente_node::local::words::about_label;

use super::labels::moment;
use super::page::{Page, Tone};
use super::{Render, View, told};

impl Render for ApprovalListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.needed_for.is_empty() {
            page.say(
                "Nothing takes two people here: [approvals] in entente.toml says what does.",
                "Rien n’exige deux personnes ici\u{a0}: [approvals] dans entente.toml précise lesquelles.",
            );
        } else {
            let names: Vec<_> = self.needed_for.iter().map(|name| operation(name, lang)).collect();
            page.facts(&[(
                lang.pick("Takes two people", "Exige deux personnes"),
                names.join("; "),
            )]);
        }
        for account in &self.new_accounts {
            new(account, page);
        }
        if self.approvals.is_empty() {
            page.say("Nothing waits.", "Rien n’attend.");
        }
        for approval in &self.approvals {
            one(approval, page);
            if approval.may_approve {
                page.next(&format!("entente approvals approve {}", end(&approval.id)));
            }
        }
    }
}

impl Render for ApprovalTold {
    fn render(&self, page: &mut Page<'_>) {
        one(&self.approval, page);
        let (Some(answer), Some(op)) = (&self.told, Op::parse(&self.approval.operation)) else {
            return;
        };
        page.blank();
        let view = View { lang: page.lang(), width: None, colour: false };
        for line in told(op, answer.clone(), &view).unwrap_or_default().lines() {
            page.line(line);
        }
    }
}

/// Whose account is new, and until when it approves nothing.
fn new(account: &NewAccount, page: &mut Page<'_>) {
    let NewAccount { name, what, by, at, may_from } = account;
    let (at, en, fr) = (moment(at), what.label(Lang::En), what.label(Lang::Fr));
    page.say(
        &format!("New account: {name}, {en} by {by}, {at}."),
        &format!("Compte récent\u{a0}: {name}, {fr} par {by}, {at}."),
    );
    if let Some(from) = may_from {
        let from = moment(from);
        page.say(
            &format!("It approves nothing until {from}."),
            &format!("Il n’approuve rien avant le {from}."),
        );
    }
}

fn one(approval: &ApprovalRow, page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(&operation(&approval.operation, lang));
    let (tone, state) = state(approval.state, lang);
    let who = |name: &str, at: &str| format!("{name}, {}", moment(at));
    let mut facts = vec![
        (lang.pick("Id", "Identifiant").to_owned(), end(&approval.id).to_owned()),
        (lang.pick("State", "État").to_owned(), page.paint(tone, state)),
        (
            lang.pick("Asked by", "Demandé par").to_owned(),
            who(&approval.asked_by, &approval.asked_at),
        ),
    ];
    if let (Some(by), Some(at)) = (&approval.decided_by, &approval.decided_at) {
        facts.push((lang.pick("Decided by", "Tranché par").to_owned(), who(by, at)));
    } else {
        facts.push((lang.pick("Until", "Jusqu’au").to_owned(), moment(&approval.until)));
    }
    if let Some(fault) = &approval.fault {
        facts.push((lang.pick("Fault", "Erreur").to_owned(), fault.clone()));
    }
    for line in &approval.about {
        let value = match line.value.as_str() {
            "true" => lang.pick("yes", "oui"),
            value => value,
        };
        facts.push((about_label(&line.name, lang), value.to_owned()));
    }
    let facts: Vec<_> = facts.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    page.facts(&facts);
}

fn operation(name: &str, lang: Lang) -> String {
    Op::parse(name).map_or_else(|| name.to_owned(), |op| op.label(lang).to_owned())
}

/// The end of an id: the beginning is the time, which many share.
fn end(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}

fn state(state: ApprovalState, lang: Lang) -> (Tone, &'static str) {
    match state {
        ApprovalState::Waiting => {
            (Tone::Warning, lang.pick("waits for a second person", "attend une deuxième personne"))
        }
        ApprovalState::Expired => {
            (Tone::Faint, lang.pick("too late: ask again", "trop tard\u{a0}: à redemander"))
        }
        ApprovalState::Approved => {
            (Tone::Warning, lang.pick("approved, not finished", "approuvé, non terminé"))
        }
        ApprovalState::Done => (Tone::Good, lang.pick("done", "fait")),
        ApprovalState::Failed => (Tone::Bad, lang.pick("could not be done", "n’a pu être fait")),
        ApprovalState::Refused => (Tone::Faint, lang.pick("refused", "refusé")),
    }
}
