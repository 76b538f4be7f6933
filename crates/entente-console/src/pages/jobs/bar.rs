//! How far a job is, while it goes on.

use entente_node::jobs::{Job, JobState};

use super::list::title;
use crate::gate::WATCH;
use crate::page::Page;

/// A job that goes on. `jobs/bar.html` shows it as `bar`.
pub(in crate::pages) struct Bar {
    /// Its page.
    pub(in crate::pages) to: String,
    /// The address that shows how far it is, and does not count as using the session.
    pub(in crate::pages) watch: String,
    /// What is done.
    pub(in crate::pages) title: &'static str,
    /// How many parts of a thousand are done, if that is known.
    pub(in crate::pages) per_mille: Option<u64>,
    /// How far it is, in words.
    pub(in crate::pages) how_far: String,
    /// Whether somebody has told it to stop.
    pub(in crate::pages) is_stopping: bool,
}

impl Bar {
    /// That of a job, unless it has ended.
    pub(in crate::pages) fn of(p: &Page, job: &Job) -> Option<Self> {
        let known = job.progress.as_ref().filter(|it| it.total > 0);
        (job.state == JobState::Running).then(|| Self {
            to: p.to(&format!("/jobs/{}", job.id)),
            watch: p.to(&format!("/jobs/{}?{WATCH}", job.id)),
            title: title(p, job.op),
            per_mille: known.map(|it| it.done.min(it.total) * 1000 / it.total),
            how_far: how_far(p, job),
            is_stopping: job.is_stopping,
        })
    }
}

fn how_far(p: &Page, job: &Job) -> String {
    let Some(progress) = &job.progress else {
        return p.t("It has just begun.", "Le travail vient de commencer.").to_owned();
    };
    let (done, total) = (p.n(&progress.done), p.n(&progress.total));
    let mut letters = p.both(&progress.note).chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let note = format!("{}{}", first.unwrap_or_default(), letters.as_str());
    match progress.total {
        0 => format!("{note}: {done}").replace(": ", p.lang.pick(": ", "\u{a0}: ")),
        _ => format!("{note}, {done} {} {total}", p.lang.pick("of", "sur")),
    }
}
