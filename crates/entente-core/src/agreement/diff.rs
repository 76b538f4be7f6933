//! The difference between two versions, in words: what could a partner newly see?
//!
//! Every field of a grant is named here, so a new one does not compile until someone has decided
//! what a change of it means. *Widened* is said of exactly those changes by which the policy would
//! let more through.

use std::collections::BTreeSet;

use super::clause::{Clause, item};
use super::grant::{Counts, Element, Elements, Forbids, Geography, Grant};
use super::render;
use super::{Agreement, list};
use crate::codes::{Code, Purpose, Set};
use crate::identity::OrgId;
use crate::lang::{Lang, Text};

/// Which way something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The partner could see more.
    Widened,
    /// The partner sees less.
    Narrowed,
    /// Something else changes: what may be done with it, who is called.
    Other,
}

impl ChangeKind {
    /// What a person reads.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Widened => lang.pick("newly visible", "nouvellement visible"),
            Self::Narrowed => lang.pick("no longer visible", "n’est plus visible"),
            Self::Other => lang.pick("changed", "modifié"),
        }
    }
}

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which way.
    pub kind: ChangeKind,
    /// What, in words.
    pub text: Text,
    /// Which clause.
    pub clause: Clause,
}

/// What changes for `viewer` from `old` to `new`, the widenings first.
///
/// Compares what `viewer` may receive, and the terms that hold for both. Without an old version,
/// everything granted is new. Empty if `viewer` is no party of the new one.
pub fn diff(old: Option<&Agreement>, new: &Agreement, viewer: &OrgId) -> Vec<Change> {
    let Some((article, grant)) = new.grant_to(viewer) else { return Vec::new() };
    let nothing = Grant::nothing();
    let before = old.and_then(|old| old.grant_to(viewer)).map_or(&nothing, |(_, grant)| grant);

    let mut changes = Changes { all: Vec::new(), is_first: old.is_none() };
    grants(article, before, grant, &mut changes);
    if let Some(old) = old {
        terms(old, new, grant, &mut changes);
        parties(old, new, &mut changes);
    }
    let mut changes = changes.all;
    changes.sort_by_key(|change| (change.kind, change.clause));
    changes
}

struct Changes {
    all: Vec<Change>,
    // There was no version before, so nothing became anything.
    is_first: bool,
}

impl Changes {
    fn push(&mut self, kind: ChangeKind, clause: Clause, text: Text) {
        self.all.push(Change { kind, text, clause });
    }

    /// A value that became another.
    fn moved(
        &mut self,
        kind: ChangeKind,
        clause: Clause,
        label: Text,
        value: impl Fn(Lang) -> (String, String),
    ) {
        let ((old_en, new_en), (old_fr, new_fr)) = (value(Lang::En), value(Lang::Fr));
        let text = if self.is_first {
            Text::new(format!("{}: {new_en}", label.en), format!("{}\u{a0}: {new_fr}", label.fr))
        } else {
            Text::new(
                format!("{}: {old_en} → {new_en}", label.en),
                format!("{}\u{a0}: {old_fr} → {new_fr}", label.fr),
            )
        };
        self.push(kind, clause, text);
    }

    /// A yes or no that became the other.
    fn switched(&mut self, clause: Clause, old: bool, new: bool, label: Text) {
        if old != new {
            let kind = if new { ChangeKind::Widened } else { ChangeKind::Narrowed };
            let word = |yes: bool, lang: Lang| {
                if yes { lang.pick("yes", "oui") } else { lang.pick("no", "non") }.to_owned()
            };
            self.moved(kind, clause, label, |lang| (word(old, lang), word(new, lang)));
        }
    }

    /// What a set gained and what it lost.
    fn set<C: Code>(
        &mut self,
        [gained, lost]: [ChangeKind; 2],
        clause: Clause,
        (old, new): (&BTreeSet<C>, &BTreeSet<C>),
        label: &Text,
    ) {
        let more: Vec<_> = new.difference(old).copied().collect();
        let less: Vec<_> = old.difference(new).copied().collect();
        let listed = |codes: &[C], lang| list(codes.iter().copied(), lang);
        // Nothing was there to which it could be added.
        let (added, ajout) = if self.is_first { ("", "") } else { ("added ", "ajout de ") };
        if !more.is_empty() {
            let text = Text::new(
                format!("{}: {added}{}", label.en, listed(&more, Lang::En)),
                format!("{}\u{a0}: {ajout}{}", label.fr, listed(&more, Lang::Fr)),
            );
            self.push(gained, clause, text);
        }
        if !less.is_empty() {
            let text = Text::new(
                format!("{}: removed {}", label.en, listed(&less, Lang::En)),
                format!("{}\u{a0}: retrait de {}", label.fr, listed(&less, Lang::Fr)),
            );
            self.push(lost, clause, text);
        }
    }
}

/// The direction of a change, unless nothing is granted for which it would matter.
fn direction(matters: bool, widens: bool) -> ChangeKind {
    match (matters, widens) {
        (false, _) => ChangeKind::Other,
        (true, true) => ChangeKind::Widened,
        (true, false) => ChangeKind::Narrowed,
    }
}

fn grants(article: u8, old: &Grant, new: &Grant, changes: &mut Changes) {
    let Grant {
        summaries,
        counts,
        referrals,
        services,
        geography,
        age_classes,
        min_group,
        elements,
        retention_days,
        onward,
        budget_nano_rho,
        forbids,
    } = new;
    let at = |item| Clause::of(article, item);
    let is_asked = *summaries || counts.is_some();

    let label = Text::new("case summaries", "résumés de cas");
    changes.switched(at(item::SUMMARIES), old.summaries, *summaries, label);
    let label = Text::new("referrals", "aiguillages");
    changes.switched(at(item::REFERRALS), old.referrals, *referrals, label);
    let label = Text::new("service directory", "répertoire de services");
    changes.switched(at(item::SERVICES), old.services, *services, label);

    count_changes(article, old.counts.as_ref(), counts.as_ref(), changes);
    places(at(item::GEOGRAPHY), is_asked, &old.geography, geography, changes);
    let label = Text::new("persons", "personnes");
    let sets = (&old.age_classes.iter().collect(), &age_classes.iter().collect());
    let kinds = [direction(is_asked, true), direction(is_asked, false)];
    changes.set(kinds, at(item::AGE_CLASSES), sets, &label);

    if old.min_group != *min_group {
        let kind = direction(*summaries, *min_group < old.min_group);
        let label = Text::new("smallest group of persons", "plus petit groupe de personnes");
        changes.moved(kind, at(item::MIN_GROUP), label, |_| {
            (old.min_group.to_string(), min_group.to_string())
        });
    }
    // Where summaries are new, each field is new, whatever an idle grant said of it before.
    let withheld = Elements::withheld();
    let were = if *summaries && !old.summaries { &withheld } else { &old.elements };
    for element in Element::all() {
        if let Some(finer) = is_finer(element, elements, were) {
            let kind = direction(*summaries, finer);
            changes.moved(kind, element.clause(article), element.label(), |lang| {
                let value = |it| render::level(it, element, lang).to_owned();
                (value(were), value(elements))
            });
        }
    }
    forbid_changes(article, is_asked, &old.forbids, forbids, changes);

    // From here on: what is done with it, which lets nothing more through.
    if old.retention_days != *retention_days {
        let label = Text::new("kept for (days)", "conservé pendant (jours)");
        changes.moved(ChangeKind::Other, at(item::RETENTION), label, |_| {
            (old.retention_days.to_string(), retention_days.to_string())
        });
    }
    if old.onward != *onward {
        let label = Text::new("may be passed on to", "peut être transmis à");
        changes.moved(ChangeKind::Other, at(item::ONWARD), label, |lang| {
            (render::onward(&old.onward, lang), render::onward(onward, lang))
        });
    }
    if old.budget_nano_rho != *budget_nano_rho {
        let label = Text::new(
            "statistics, part of the yearly privacy budget",
            "statistique, part du budget annuel de confidentialité",
        );
        changes.moved(ChangeKind::Other, at(item::BUDGET), label, |lang| {
            (render::rho(old.budget_nano_rho, lang), render::rho(*budget_nano_rho, lang))
        });
    }
}

fn count_changes(article: u8, old: Option<&Counts>, new: Option<&Counts>, changes: &mut Changes) {
    let (clause, cell) = (Clause::of(article, item::COUNTS), Clause::of(article, item::MIN_CELL));
    let label = Text::new("controlled counts", "dénombrements contrôlés");
    let (Some(before), Some(after)) = (old, new) else {
        changes.switched(clause, old.is_some(), new.is_some(), label);
        let none = BTreeSet::new();
        let dimensions = |it: Option<&Counts>| it.map_or(none.clone(), |it| it.dimensions.clone());
        let sets = (&dimensions(old), &dimensions(new));
        let by = Text::new("counts by", "dénombrements par");
        changes.set([ChangeKind::Widened, ChangeKind::Narrowed], clause, sets, &by);
        return;
    };
    let Counts { period, dimensions, min_cell } = after;
    if before.period != *period {
        let kind = direction(true, *period < before.period);
        let label = Text::new("counts by period", "dénombrements par période");
        changes.moved(kind, clause, label, |lang| {
            (before.period.label(lang).to_owned(), period.label(lang).to_owned())
        });
    }
    let by = Text::new("counts by", "dénombrements par");
    let kinds = [ChangeKind::Widened, ChangeKind::Narrowed];
    changes.set(kinds, clause, (&before.dimensions, dimensions), &by);
    if before.min_cell != *min_cell {
        let kind = direction(true, *min_cell < before.min_cell);
        let label = Text::new("smallest count shown", "plus petit nombre montré");
        changes.moved(kind, cell, label, |_| (before.min_cell.to_string(), min_cell.to_string()));
    }
}

fn places(clause: Clause, matters: bool, old: &Geography, new: &Geography, changes: &mut Changes) {
    let label = Text::new("places covered", "lieux visés");
    match (old, new) {
        (Geography::Only(before), Geography::Only(after)) => {
            let kinds = [direction(matters, true), direction(matters, false)];
            changes.set(kinds, clause, (before, after), &label);
        }
        (Geography::Everywhere, Geography::Everywhere) => {}
        _ => {
            let kind = direction(matters, *new == Geography::Everywhere);
            changes.moved(kind, clause, label, |lang| {
                (render::geography(old, lang), render::geography(new, lang))
            });
        }
    }
}

fn forbid_changes(article: u8, matters: bool, old: &Forbids, new: &Forbids, changes: &mut Changes) {
    let Forbids { exploitation, indigenous, minors } = new;
    let mut lifted = |clause, was: bool, is: bool, what: Text| {
        if was != is {
            let text = if is {
                Text::new(format!("never: {}", what.en), format!("jamais\u{a0}: {}", what.fr))
            } else {
                Text::new(
                    format!("no longer excluded: {}", what.en),
                    format!("n’est plus exclu\u{a0}: {}", what.fr),
                )
            };
            changes.push(direction(matters, was), clause, text);
        }
    };
    let what = Text::new("cases of Indigenous persons", "dossiers de personnes autochtones");
    lifted(Forbids::indigenous_clause(article), old.indigenous, *indigenous, what);
    let what = Text::new(
        "cases of persons who are or may have been minors",
        "dossiers de personnes qui sont ou pouvaient être mineures",
    );
    lifted(Forbids::minors_clause(article), old.minors, *minors, what);
    for form in old.exploitation.symmetric_difference(exploitation) {
        let what = Text::new(form.label(Lang::En), form.label(Lang::Fr));
        let (was, is) = (old.exploitation.contains(form), exploitation.contains(form));
        lifted(Forbids::form_clause(article, *form), was, is, what);
    }
}

/// Whether `new` tells more of a field than `old`; `None` if it tells the same.
fn is_finer(element: Element, new: &Elements, old: &Elements) -> Option<bool> {
    fn compare<L: Ord>(new: &L, old: &L) -> Option<bool> {
        (new != old).then(|| new < old)
    }
    match element {
        Element::Period => compare(&new.period, &old.period),
        Element::Place => compare(&new.place, &old.place),
        Element::Gender => compare(&new.gender, &old.gender),
        Element::Age => compare(&new.age, &old.age),
        Element::Citizenship => compare(&new.citizenship, &old.citizenship),
        Element::Detail(detail) => {
            let (is, was) = (new.details.contains(&detail), old.details.contains(&detail));
            (is != was).then_some(is)
        }
    }
}

fn terms(old: &Agreement, new: &Agreement, grant: &Grant, changes: &mut Changes) {
    let is_sharing = !grant.is_empty();
    let mut day = |clause, was: jiff::civil::Date, is: jiff::civil::Date, widens, label: Text| {
        if was != is {
            let kind = direction(is_sharing, widens);
            changes.moved(kind, clause, label, |_| (was.to_string(), is.to_string()));
        }
    };
    let (was, is) = (old.term, new.term);
    let label = Text::new("in force from", "en vigueur du");
    day(Clause::EFFECTIVE, was.effective, is.effective, is.effective < was.effective, label);
    let label = Text::new("in force to", "en vigueur jusqu’au");
    day(Clause::EXPIRY, was.expiry, is.expiry, is.expiry > was.expiry, label);

    purposes(old.purposes, new.purposes, changes);
    let mut other = |clause, same: bool, label: Text, value: &dyn Fn(Lang) -> (String, String)| {
        if !same {
            changes.moved(ChangeKind::Other, clause, label, value);
        }
    };
    other(
        Clause::LAW,
        old.governing_law == new.governing_law,
        Text::new("governing law", "droit applicable"),
        &|lang| {
            let text = |it: &Agreement| it.governing_law.in_lang(lang).to_owned();
            (text(old), text(new))
        },
    );
    other(
        Clause::NOTICE,
        old.notice_days == new.notice_days,
        Text::new("notice before ending (days)", "préavis de résiliation (jours)"),
        &|_| (old.notice_days.to_string(), new.notice_days.to_string()),
    );
    other(
        Clause::BREACH,
        old.breach_notice_hours == new.breach_notice_hours,
        Text::new(
            "a breach is reported within (hours)",
            "délai de signalement d’une atteinte à la vie privée (heures)",
        ),
        &|_| (old.breach_notice_hours.to_string(), new.breach_notice_hours.to_string()),
    );
    other(Clause::END, old.at_end == new.at_end, Text::new("at the end", "à la fin"), &|lang| {
        (old.at_end.label(lang).to_owned(), new.at_end.label(lang).to_owned())
    });
}

/// A purpose less asks for one consent less, so more cases can go; a purpose more, for one more.
fn purposes(old: Set<Purpose>, new: Set<Purpose>, changes: &mut Changes) {
    let label = Text::new(
        "purposes (the person must consent to each)",
        "fins (la personne doit consentir à chacune)",
    );
    let sets = (&old.iter().collect(), &new.iter().collect());
    let kinds = [ChangeKind::Other, ChangeKind::Widened];
    changes.set(kinds, Clause::PURPOSES, sets, &label);
}

fn parties(old: &Agreement, new: &Agreement, changes: &mut Changes) {
    for ((before, after), position) in old.parties.iter().zip(&new.parties).zip(0_u8..) {
        if before != after {
            let text = Text::new(
                format!("what the agreement says about {} changes", after.name.en),
                format!("ce que l’entente dit de {} change", after.name.fr),
            );
            changes.push(ChangeKind::Other, Clause::party(position), text);
        }
    }
}
