//! One job: how far it is, or what came of it and what to do next.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use entente_node::jobs::{Job, JobState, no_such_file};
use entente_node::local::doc::{OverlapTold, RecordImportTold, StatsTable, StatsTold};
use entente_node::local::{Op, needs_proof};
use entente_node::people::fresh_proof_needed;
use serde::Deserialize;

use super::bar::Bar;
use super::list::{title, tone, word};
use super::reasons::Place;
use super::result::{Told, is_open};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::paging::Pages;
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/jobs/{job}", Need::Session => one;
    POST "/jobs/{job}/stop", Need::Session => stop;
    GET "/jobs/{job}/file", Need::Session => file;
    POST "/jobs/{job}/file/remove", Need::Session => remove;
    GET "/jobs/{job}/rows", Need::Session => rows;
    GET "/jobs/{job}/rows/file", Need::Session => rows_file;
    POST "/jobs/{job}/rows/remove", Need::Session => rows_seen_to;
}

#[derive(Template)]
#[template(path = "jobs/one.html")]
struct OnePage<'a> {
    p: &'a Page,
    job: &'a Job,
    bar: Option<Bar>,
    told: Told,
    has_file: bool,
}

impl OnePage<'_> {
    fn label(&self) -> &'static str {
        title(self.p, self.job.op)
    }

    fn is_lost(&self) -> bool {
        self.job.state == JobState::Lost
    }

    fn tone(&self) -> &'static str {
        tone(self.job.state)
    }

    fn word(&self) -> &'static str {
        word(self.p, self.job.state)
    }

    /// The tables that lack somebody, or are not added up.
    fn open<'t>(&self, told: &'t StatsTold) -> Vec<&'t StatsTable> {
        told.tables.iter().filter(|table| is_open(table)).collect()
    }

    /// The newest period of the tables.
    fn newest<'t>(&self, told: &'t StatsTold) -> &'t str {
        told.tables.iter().map(|table| table.period.as_str()).max().unwrap_or_default()
    }

    /// Whether a round is not counted yet: somebody has still to do their part.
    fn lacks_somebody(&self, told: &OverlapTold) -> bool {
        told.counted.is_none()
    }

    fn may_remove(&self) -> bool {
        let staff = self.p.signed.as_ref().map(|signed| &signed.staff);
        staff.is_some_and(|staff| staff.may(self.job.to_remove_for(staff)))
    }

    /// Where the same can be started again.
    fn again(&self) -> &'static str {
        match self.job.op {
            Op::BackupCreate => "/settings/backups",
            Op::ApprovalApprove => "/settings/approvals",
            Op::RecordImport => "/cases/import",
            Op::RecordExport => "/cases/export",
            Op::EpochClose => "/epochs",
            Op::StatsRun => "/statistics",
            Op::OverlapRun => "/statistics/overlap",
            _ => "/jobs",
        }
    }
}

async fn job(visit: &Visit, id: String) -> Result<Job, Problem> {
    let staff = visit.signed()?.staff.clone();
    Ok(visit.console.jobs(move |jobs| jobs.one(&staff, &id)).await?)
}

/// `GET /jobs/{job}`.
async fn one(visit: Visit, Path(id): Path<String>) -> Answer {
    let job = job(&visit, id).await?;
    // Whoever started it may have lost the role since.
    visit.console.desk.permit(job.op, &visit.signed()?.staff).await?;
    let has_file = visit.console.desk.jobs.files.made(&job.id).is_ok();
    let told = Told::of(&job)?;
    let bar = Bar::of(&visit.page, &job);
    show(&OnePage { p: &visit.page, job: &job, bar, told, has_file })
}

/// `POST /jobs/{job}/stop`.
async fn stop(visit: Visit, Path(id): Path<String>) -> Answer {
    let running = job(&visit, id.clone()).await?;
    let staff = visit.signed()?.staff.clone();
    visit.console.desk.permit(running.op, &staff).await?;
    let job = visit.console.jobs(move |jobs| jobs.stop(&staff, &id)).await?;
    Ok(Redirect::to(&visit.page.to(&format!("/jobs/{}", job.id))).into_response())
}

/// `GET /jobs/{job}/file`. Written down, and as fresh a proof is needed as for making the file.
async fn file(visit: Visit, Path(id): Path<String>) -> Answer {
    let job = job(&visit, id).await?;
    let signed = visit.signed()?.clone();
    visit.console.desk.permit(job.op, &signed.staff).await?;
    if needs_proof(job.op) && !visit.console.desk.people.is_fresh(&signed) {
        return Err(Problem::new(fresh_proof_needed()));
    }
    let opened = visit.console.jobs(move |jobs| {
        let (way, path) = (jobs.files.way()?, jobs.files.made(&job.id)?);
        let source = jobs.files.source(&path)?;
        jobs.file_taken(&signed.staff, &job)?;
        Ok((way, source, path.extension().is_some_and(|ending| ending == "xlsx")))
    });
    let (way, source, is_workbook) = opened.await?;
    Ok(download(Body::from_stream(way.send(source)), is_workbook))
}

fn download(body: Body, is_workbook: bool) -> Response {
    let (kind, disposition) = match is_workbook {
        true => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "attachment; filename=\"entente.xlsx\"",
        ),
        false => ("text/csv; charset=utf-8", "attachment; filename=\"entente.csv\""),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    response
}

/// `POST /jobs/{job}/file/remove`.
async fn remove(visit: Visit, Path(id): Path<String>) -> Answer {
    let job = job(&visit, id).await?;
    let (staff, to) = (visit.signed()?.staff.clone(), format!("/jobs/{}", job.id));
    visit.console.desk.permit(job.to_remove_for(&staff), &staff).await?;
    visit.console.jobs(move |jobs| jobs.remove_made(&staff, &job)).await?;
    Ok(Redirect::to(&visit.page.to(&to)).into_response())
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    from: usize,
}

#[derive(Template)]
#[template(path = "jobs/rows.html")]
struct RowsPage<'a> {
    p: &'a Page,
    job: &'a Job,
    places: Vec<Place>,
    pages: Pages,
    // Rows were set aside, and the list of them is not there any more.
    is_gone: bool,
}

/// `GET /jobs/{job}/rows`: the rows that an import set aside.
async fn rows(visit: Visit, Path(id): Path<String>, Query(wanted): Query<Wanted>) -> Answer {
    let job = job(&visit, id).await?;
    visit.console.desk.permit(job.op, &visit.signed()?.staff).await?;
    // The whole list is read for it.
    let (desk, id) = (Arc::clone(&visit.console.desk), job.id.clone());
    let (total, wrong) = visit.console.jobs(move |_| desk.set_aside(&id)).await?;
    let address = format!("/jobs/{}/rows", job.id);
    let (wrong, pages) = Pages::of(&visit.page, &address, wanted.from, wrong);
    let places = wrong.iter().map(|it| Place::of(&visit.page, it)).collect();
    let imported = job.told.as_deref().and_then(|told| serde_json::from_str(told).ok());
    let is_gone = total == 0 && imported.is_some_and(|it: RecordImportTold| it.quarantined > 0);
    show(&RowsPage { p: &visit.page, job: &job, places, pages, is_gone })
}

/// `GET /jobs/{job}/rows/file`: all of them as a table. Rows, columns and reasons, and nothing that stood in a cell.
async fn rows_file(visit: Visit, Path(id): Path<String>) -> Answer {
    let job = job(&visit, id).await?;
    let staff = visit.signed()?.staff.clone();
    visit.console.desk.permit(job.op, &staff).await?;
    let opened = visit.console.jobs(move |jobs| {
        let path = jobs.files.aside(&job.id)?.ok_or_else(no_such_file)?;
        let (way, source) = (jobs.files.way()?, jobs.files.source(&path)?);
        jobs.file_taken(&staff, &job)?;
        Ok((way, source))
    });
    let (way, source) = opened.await?;
    Ok(download(Body::from_stream(way.send(source)), false))
}

/// `POST /jobs/{job}/rows/remove`: somebody has corrected them, or lets them be. They wait at home no more.
async fn rows_seen_to(visit: Visit, Path(id): Path<String>) -> Answer {
    let job = job(&visit, id).await?;
    let staff = visit.signed()?.staff.clone();
    visit.console.desk.permit(job.op, &staff).await?;
    let job = visit.console.jobs(move |jobs| jobs.rows_seen_to(&staff, &job.id)).await?;
    Ok(Redirect::to(&visit.page.to(&format!("/jobs/{}", job.id))).into_response())
}
