//! The list of long work: one's own, and that of others which one might have started.

use askama::Template;
use axum::extract::Query;
use entente_node::jobs::{Job, JobState};
use entente_node::local::Op;
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::paging::Pages;
use crate::route::area;

area! {
    GET "/jobs", Need::Session => list;
}

#[derive(Template)]
#[template(path = "jobs/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    jobs: &'a [Job],
    pages: Pages,
}

/// What can be started: its path, the operation, and two texts.
type Start = (&'static str, &'static str, &'static str);

impl ListPage<'_> {
    fn starts(&self) -> Vec<Start> {
        let p = self.p;
        let all = [
            (
                Op::RecordImport,
                "/cases/import",
                p.t("Import cases", "Importer des dossiers"),
                p.t(
                    "From a spreadsheet. Nothing is kept before you have seen what would happen.",
                    "À partir d’une feuille de calcul. Rien n’est conservé avant que vous ayez vu ce qui se passerait.",
                ),
            ),
            (
                Op::RecordExport,
                "/cases/export",
                p.t("Export cases", "Exporter des dossiers"),
                p.t(
                    "Into a spreadsheet, without names unless you ask for them.",
                    "Vers une feuille de calcul, sans les noms à moins que vous les demandiez.",
                ),
            ),
            (
                Op::RecordDuplicates,
                "/cases/duplicates",
                p.t("Decide on duplicates", "Trancher les doublons"),
                p.t(
                    "Pairs of cases that may be about one person.",
                    "Des paires de dossiers qui concernent peut-être une même personne.",
                ),
            ),
            (
                Op::EpochPreview,
                "/epochs",
                p.t("Close a reporting period", "Clôturer une période"),
                p.t(
                    "See what each partner would receive, then release it.",
                    "Voyez ce que chaque partenaire recevrait, puis communiquez-le.",
                ),
            ),
        ];
        let open = all.into_iter().filter(|(op, ..)| p.may(*op));
        open.map(|(_, path, title, hint)| (path, title, hint)).collect()
    }

    fn tone(&self, job: &Job) -> &'static str {
        tone(job.state)
    }

    fn word(&self, job: &Job) -> &'static str {
        word(self.p, job.state)
    }

    fn label(&self, job: &Job) -> &'static str {
        title(self.p, job.op)
    }
}

/// What is done, as the pages call it.
pub(super) fn title(p: &Page, op: Op) -> &'static str {
    match op {
        Op::RecordImport => p.lang.pick("Import of cases", "Importation de dossiers"),
        Op::RecordExport => p.lang.pick("Export of cases", "Exportation de dossiers"),
        Op::EpochClose => p.lang.pick("Close of a reporting period", "Clôture d’une période"),
        Op::BackupCreate => p.lang.pick("Backup", "Sauvegarde"),
        Op::ApprovalApprove => p.lang.pick("What was approved", "Ce qui a été approuvé"),
        Op::StatsRun => p.lang.pick("Figures of a plan", "Chiffres d’un plan"),
        Op::OverlapRun => p.lang.pick("Overlap round", "Recoupement de listes"),
        op => op.label(p.lang),
    }
}

/// The colour of a state.
pub(super) fn tone(state: JobState) -> &'static str {
    match state {
        JobState::Running => "info",
        JobState::Done => "good",
        JobState::Failed | JobState::Lost => "bad",
        JobState::Stopped => "",
    }
}

/// A state in a word.
pub(super) fn word(p: &Page, state: JobState) -> &'static str {
    match state {
        JobState::Running => p.lang.pick("going on", "en cours"),
        JobState::Done => p.lang.pick("done", "terminé"),
        JobState::Failed => p.lang.pick("failed", "échoué"),
        JobState::Stopped => p.lang.pick("stopped", "arrêté"),
        JobState::Lost => p.lang.pick("ended by a restart", "interrompu par un redémarrage"),
    }
}

/// From which row on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    from: usize,
}

/// `GET /jobs`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let staff = visit.signed()?.staff.clone();
    let jobs = visit.console.jobs(move |jobs| jobs.all(&staff)).await?;
    let (jobs, pages) = Pages::of(&visit.page, "/jobs", wanted.from, jobs);
    show(&ListPage { p: &visit.page, jobs: &jobs, pages })
}
