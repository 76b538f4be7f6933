//! Explain: exactly what a partner would receive of a case, and why.
//!
//! There is no second set of rules here. The decision is [`Policy::decide`]'s, and the fields are
//! read off the summary that it made, or would make once what is in its way is gone.

use crate::agreement::clause::item;
use crate::agreement::{Clause, Element, Elements};
use crate::codes::{Code, Status};
use crate::lang::{Lang, Text};
use crate::statement::Statement;
use crate::summary::{CaseSummary, Finest, Rung};

use super::{Denied, Policy, Proposal};

/// What becomes of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldFate {
    /// The partner sees what we have.
    Kept,
    /// The partner sees something coarser.
    Generalized,
    /// The partner sees nothing of it.
    Removed,
    /// We have nothing ourselves.
    Empty,
}

impl FieldFate {
    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Kept => lang.pick("kept", "conservé"),
            Self::Generalized => lang.pick("generalized", "généralisé"),
            Self::Removed => lang.pick("removed", "retiré"),
            Self::Empty => lang.pick("not recorded", "non inscrit"),
        }
    }
}

/// One field of a case: ours, and what the partner would see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldLine {
    /// The field's name, for files and commands.
    pub name: &'static str,
    /// Its label.
    pub label: Text,
    /// What we could say at most.
    pub ours: Option<Text>,
    /// What the partner would see.
    pub theirs: Option<Text>,
    /// What becomes of it.
    pub fate: FieldFate,
    /// The clause behind that: the field's own, or the one on group size where the field was
    /// coarsened so that enough persons look alike.
    pub clause: Clause,
}

/// What a partner would receive of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it goes out, or every reason why not.
    pub decision: Result<Clause, Denied>,
    /// The rung on which it goes out; the finest it could be if the decision is no.
    pub rung: Rung,
    /// The fields. What is not among them never leaves a node.
    pub lines: Vec<FieldLine>,
}

impl Policy {
    /// Says what `decide` would, field by field.
    pub fn explain(&self, proposal: &Proposal) -> Explanation {
        let decision = self.decide(proposal);
        let theirs = match &decision {
            Ok(permitted) => match permitted.inner() {
                Statement::Summary(summary) => Some(summary.clone()),
                Statement::Withdrawal(..) | Statement::Document(_) => None,
            },
            Err(_) => self.view(proposal),
        };
        let rung = theirs.as_ref().map_or(proposal.case.ladder().start, |it| it.rung);
        let ours = everything(proposal);
        let mut lines: Vec<_> = Element::all()
            .map(|element| self.line(element, ours.as_ref(), theirs.as_ref(), rung))
            .collect();
        lines.extend(status_lines(proposal, theirs.as_ref()));
        Explanation { decision: decision.map(|permitted| permitted.clause()), rung, lines }
    }

    fn line(
        &self,
        element: Element,
        ours: Option<&CaseSummary>,
        theirs: Option<&CaseSummary>,
        rung: Rung,
    ) -> FieldLine {
        let both = |summary: Option<&CaseSummary>| {
            let summary = summary?;
            Some(Text::new(summary.shown(element, Lang::En)?, summary.shown(element, Lang::Fr)?))
        };
        let (ours, theirs) = (both(ours), both(theirs));
        let fate = fate(ours.as_ref(), theirs.as_ref());
        let by_agreement = is_coarser(element, &self.grant.elements, &rung.levels().elements());
        let clause = match fate {
            FieldFate::Generalized | FieldFate::Removed if !by_agreement => {
                self.clause(item::MIN_GROUP)
            }
            _ => element.clause(self.article),
        };
        let (name, label) = (element.name(), element.label());
        FieldLine { name, label, ours, theirs, fate, clause }
    }
}

/// The status and who decided it: in every summary, at no other level.
fn status_lines(proposal: &Proposal, theirs: Option<&CaseSummary>) -> [FieldLine; 2] {
    fn both<C: Code>(code: Option<C>) -> Option<Text> {
        code.map(|it| Text::new(it.label(Lang::En), it.label(Lang::Fr)))
    }
    let line = |name, label, ours: Option<Text>, theirs: Option<Text>| FieldLine {
        name,
        label,
        fate: fate(ours.as_ref(), theirs.as_ref()),
        ours,
        theirs,
        clause: Clause::ALWAYS,
    };
    [
        line(
            "status",
            Text::new("status", "statut"),
            both(proposal.case.status),
            both(theirs.map(|it| it.status)),
        ),
        line(
            "status_decided_by",
            Text::new("status decided by", "statut décidé par"),
            both(proposal.case.status_decided_by),
            both(theirs.and_then(|it| it.status_decided_by)),
        ),
    ]
}

/// All that the lattice could say of the case, whatever its status.
fn everything(proposal: &Proposal) -> Option<CaseSummary> {
    let case = Finest { status: Some(Status::Possible), ..proposal.case.clone() };
    case.at(Rung::FINEST, true, proposal.id, 0)
}

fn fate(ours: Option<&Text>, theirs: Option<&Text>) -> FieldFate {
    match (ours, theirs) {
        (None, _) => FieldFate::Empty,
        (Some(_), None) => FieldFate::Removed,
        (Some(ours), Some(theirs)) if ours == theirs => FieldFate::Kept,
        (Some(_), Some(_)) => FieldFate::Generalized,
    }
}

/// Whether `one` tells less of a field than `other`.
fn is_coarser(element: Element, one: &Elements, other: &Elements) -> bool {
    match element {
        Element::Period => one.period > other.period,
        Element::Place => one.place > other.place,
        Element::Gender => one.gender > other.gender,
        Element::Age => one.age > other.age,
        Element::Citizenship => one.citizenship > other.citizenship,
        Element::Detail(detail) => {
            !one.details.contains(&detail) && other.details.contains(&detail)
        }
    }
}

impl Explanation {
    /// What a person reads: the decision, and a line for each field.
    pub fn text(&self, lang: Lang) -> String {
        let mut lines = vec![match &self.decision {
            Ok(clause) => match lang {
                Lang::En => format!("may go out ({clause})"),
                Lang::Fr => format!("peut être communiqué ({clause})"),
            },
            Err(denied) => denied.text(lang),
        }];
        for line in &self.lines {
            let shown = |text: &Option<Text>| {
                text.as_ref().map_or("–".to_owned(), |it| it.in_lang(lang).to_owned())
            };
            let (label, fate) = (line.label.in_lang(lang), line.fate.label(lang));
            let (ours, theirs, clause) = (shown(&line.ours), shown(&line.theirs), line.clause);
            let colon = lang.pick(":", "\u{a0}:");
            lines.push(format!("  {label}{colon} {ours} → {theirs} ({fate}, {clause})"));
        }
        lines.join("\n")
    }
}
