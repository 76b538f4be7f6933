//! Import: a file comes in, is looked at, and is imported once somebody has seen what would happen.
//!
//! Nothing is kept before that. What the file was called, and what stands in it, is on no page: columns by
//! their names, values covered, rows by their numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, Path, RawForm};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::layout::{ConsentField, Layout};
use entente_core::record::Field;
use entente_node::fault::Fault;
use entente_node::jobs::{ImportChoice, Upload, alike};
use entente_node::local::doc::{ImportColumn, RecordImportTold};
use entente_node::local::{Op, words};

use super::MAX_UPLOAD;
use super::reasons::Place;
use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show, show_as};
use crate::problem::Problem;
use crate::route::area;
use crate::to_the_end;

/// The longest mapping file, in bytes: what is read of it, and no file of ours has a hundredth.
const MAX_MAPPING: usize = 1 << 20;

/// The path of the form that takes the file.
pub(super) const PATH: &str = "/cases/import";

area! {
    GET "/cases/import", Need::May(Op::RecordImport) => ask;
    POST "/cases/import", Need::May(Op::RecordImport) => take;
    GET "/cases/import/{upload}", Need::May(Op::RecordImport) => look;
    POST "/cases/import/{upload}", Need::May(Op::RecordImport) => go_on;
}

#[derive(Template)]
#[template(path = "jobs/import.html")]
struct ImportPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    waiting: &'a [Upload],
}

fn page<'a>(visit: &'a Visit, fault: Option<&'a Fault>, waiting: &'a [Upload]) -> ImportPage<'a> {
    ImportPage { p: &visit.page, fault, waiting }
}

fn waiting(visit: &Visit) -> Result<Vec<Upload>, Problem> {
    Ok(visit.console.desk.jobs.files.waiting(&visit.signed()?.staff.name))
}

/// `GET /cases/import`.
async fn ask(visit: Visit) -> Answer {
    show(&page(&visit, None, &waiting(&visit)?))
}

/// `POST /cases/import`: the file comes in and is kept until its job, at most for an hour.
async fn take(visit: Visit, form: Multipart) -> Answer {
    match receive(&visit, form).await {
        Ok(id) => Ok(Redirect::to(&visit.page.to(&format!("{PATH}/{id}"))).into_response()),
        // Whoever may not any more sees no files that wait.
        Err(fault) if matches!(fault.code.as_str(), "ENT-1901" | "ENT-1902") => {
            Err(Problem::new(fault))
        }
        Err(fault) => show_as(
            StatusCode::UNPROCESSABLE_ENTITY,
            &page(&visit, Some(&fault), &waiting(&visit)?),
        ),
    }
}

async fn receive(visit: &Visit, mut form: Multipart) -> Result<String, Box<Fault>> {
    let desk = &visit.console.desk;
    let by = &visit.page.signed.as_ref().ok_or_else(failed)?.staff.name;
    let mut receiving = desk.jobs.files.receive(by)?;
    while let Some(mut field) = form.next_field().await.map_err(|_| cut_off())? {
        match field.name() {
            Some("file") => {
                let mut n_bytes = 0;
                while let Some(piece) = field.chunk().await.map_err(|_| cut_off())? {
                    n_bytes += piece.len();
                    if n_bytes > MAX_UPLOAD {
                        return Err(too_large());
                    }
                    receiving.push(&piece)?;
                }
            }
            Some("mapping") => {
                let mut bytes = Vec::new();
                while let Some(piece) = field.chunk().await.map_err(|_| cut_off())? {
                    if bytes.len() + piece.len() > MAX_MAPPING {
                        return Err(crate::problem::too_large());
                    }
                    bytes.extend_from_slice(&piece);
                }
                // A browser sends the field also when nothing was chosen.
                if !bytes.is_empty() {
                    receiving.mapping(&bytes)?;
                }
            }
            _ => {}
        }
    }
    // It came in for as long as it pleased whoever sent it.
    desk.permit(Op::RecordImport, &visit.still().await?.staff).await?;
    // Until it is on the disk, which takes its time.
    let now_s = desk.node.now_s();
    visit.console.jobs(move |_| receiving.finish(now_s)).await
}

#[derive(Template)]
#[template(path = "jobs/preview.html")]
struct PreviewPage<'a> {
    p: &'a Page,
    upload: &'a Upload,
    choice: &'a ImportChoice,
    told: Option<&'a RecordImportTold>,
    // Those that the form says, if the file could not be read with it.
    columns: Vec<Column<'a>>,
    places: Vec<Place>,
    fault: Option<&'a Fault>,
}

/// A column of the file: what it feeds, what it feeds if nobody chooses otherwise, and what its values look like.
struct Column<'a> {
    name: &'a str,
    feeds: &'a str,
    base: &'a str,
    looks_like: Option<&'a str>,
}

impl<'a> Column<'a> {
    fn of(column: &'a ImportColumn, bases: &'a BTreeMap<String, String>) -> Self {
        let feeds = column.field.as_deref().unwrap_or_default();
        let base = bases.get(column.column.trim()).map_or(feeds, String::as_str);
        Self { name: &column.column, feeds, base, looks_like: column.looks_like.as_deref() }
    }

    fn typed(it: &'a Mapped) -> Self {
        Self { name: &it.column, feeds: &it.map, base: &it.base, looks_like: None }
    }
}

impl PreviewPage<'_> {
    /// The layouts that come with the product: name, title, whether it is chosen.
    fn layouts(&self) -> Vec<(&'static str, String, bool)> {
        let layout = |name: &'static str| {
            let title = Layout::built_in(name)?.title(self.p.lang).to_owned();
            Some((name, title, self.choice.layout.as_deref() == Some(name)))
        };
        Layout::built_in_names().filter_map(layout).collect()
    }

    /// Scopes of consent: code, label, whether it is ticked.
    fn scopes(&self) -> Vec<(&'static str, &'static str, bool)> {
        let all = words::list("consent_scope", self.p.lang).unwrap_or_default();
        let is_chosen = |code: &str| self.choice.consent.iter().any(|it| it == code);
        let real = all.into_iter().filter(|(code, _)| *code != "none");
        real.map(|(code, label)| (code, label, is_chosen(code))).collect()
    }

    /// The sheets of a workbook that has several.
    fn sheets(&self) -> &[String] {
        let sheets = self.told.map(|told| told.sheets.as_slice());
        sheets.filter(|sheets| sheets.len() > 1).unwrap_or_default()
    }

    fn sheet(&self) -> &str {
        self.choice.sheet.as_deref().unwrap_or_default()
    }

    /// What a column can feed: name, label, whether it does.
    fn fields(&self, column: &Column<'_>) -> Vec<(&'static str, String, bool)> {
        let fields = Field::ALL.iter().map(|field| field.name());
        let names = fields.chain(ConsentField::ALL.iter().map(|part| part.name()));
        let is_it = |name: &str| column.feeds == name;
        names.map(|name| (name, words::field_label(name, self.p.lang), is_it(name))).collect()
    }

    fn read_as(&self) -> String {
        read_as(self.choice)
    }

    /// The title of the layout that was used.
    fn title(&self, told: &RecordImportTold) -> String {
        let layout = Layout::built_in(&told.layout);
        layout.map_or_else(|| told.layout.clone(), |it| it.title(self.p.lang).to_owned())
    }
}

/// Of which table the form says how its columns are read.
fn read_as(choice: &ImportChoice) -> String {
    let [layout, sheet] = [&choice.layout, &choice.sheet].map(|it| it.as_deref().unwrap_or("-"));
    format!("{layout} {sheet}")
}

async fn preview(visit: &Visit, upload: &Upload, chosen: &Chosen) -> Answer {
    let choice = &chosen.choice;
    let staff = &visit.signed()?.staff;
    let told = visit.console.preview(staff, upload, choice).await;
    let (told, fault) = match told {
        Ok(told) => (Some(told), None),
        Err(fault) => (None, Some(fault)),
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (p, told, fault) = (&visit.page, told.as_ref(), fault.as_deref());
    let wrong = alike(told.map(|told| told.problems.clone()).unwrap_or_default());
    let places = wrong.iter().map(|it| Place::of(p, it)).collect();
    let columns = match told {
        Some(told) => told.columns.iter().map(|it| Column::of(it, &chosen.bases)).collect(),
        None => chosen.mapped.iter().map(Column::typed).collect(),
    };
    show_as(status, &PreviewPage { p, upload, choice, told, columns, places, fault })
}

fn upload(visit: &Visit, id: &str) -> Result<Upload, Problem> {
    let by = &visit.signed()?.staff.name;
    Ok(visit.console.desk.jobs.files.upload(by, id)?)
}

/// `GET /cases/import/{upload}`: what would happen, with the layout that fits best.
async fn look(visit: Visit, Path(id): Path<String>) -> Answer {
    preview(&visit, &upload(&visit, &id)?, &Chosen::default()).await
}

/// What the form of the preview says.
#[derive(Debug, Default)]
struct Chosen {
    choice: ImportChoice,
    // What the columns fed before somebody chose otherwise.
    bases: BTreeMap<String, String>,
    // All of them, as they stand in the form.
    mapped: Vec<Mapped>,
    go: String,
}

/// What the form says of one column: its name, what it feeds, and what it would feed.
#[derive(Debug, Default)]
struct Mapped {
    column: String,
    map: String,
    base: String,
}

impl Chosen {
    fn read(form: &[u8]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(failed()))?;
        let mut chosen = Self::default();
        let (mut mapped, mut was_read_as) =
            (BTreeMap::<(usize, &str), Mapped>::new(), String::new());
        for (name, value) in &pairs {
            let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
            match name.as_str() {
                "layout" => chosen.choice.layout = value,
                "sheet" => chosen.choice.sheet = value,
                "consent" => chosen.choice.consent.extend(value),
                "go" => chosen.go = value.unwrap_or_default(),
                "read_as" => was_read_as = value.unwrap_or_default(),
                name => {
                    let Some((part, n)) = name.split_once('.') else { continue };
                    let (of, value) =
                        (mapped.entry((n.len(), n)).or_default(), value.unwrap_or_default());
                    match part {
                        "column" => of.column = value,
                        "map" => of.map = value,
                        "base" => of.base = value,
                        _ => {}
                    }
                }
            }
        }
        // Another layout or another sheet has other columns.
        if was_read_as == read_as(&chosen.choice) {
            chosen.mapped = mapped.into_values().filter(|it| !it.column.is_empty()).collect();
            for it in chosen.mapped.iter().filter(|it| it.map != it.base) {
                chosen.choice.columns.insert(it.column.clone(), it.map.clone());
                chosen.bases.insert(it.column.clone(), it.base.clone());
            }
        }
        Ok(chosen)
    }
}

/// `POST /cases/import/{upload}`: look again, import, or remove the file.
async fn go_on(visit: Visit, Path(id): Path<String>, RawForm(form): RawForm) -> Answer {
    let (chosen, upload) = (Chosen::read(&form)?, upload(&visit, &id)?);
    let (desk, staff) = (&visit.console.desk, &visit.signed()?.staff);
    match chosen.go.as_str() {
        "import" => {
            let (desk, staff) = (Arc::clone(desk), staff.clone());
            let choice = chosen.choice.clone();
            let starting = async move { desk.start_import(&staff, &upload, &choice).await };
            let job = to_the_end(starting).await?;
            Ok(Redirect::to(&visit.page.to(&format!("/jobs/{job}"))).into_response())
        }
        "remove" => {
            desk.jobs.files.remove(&staff.name, &upload.id)?;
            Ok(Redirect::to(&visit.page.to(PATH)).into_response())
        }
        _ => preview(&visit, &upload, &chosen).await,
    }
}

fn too_large() -> Box<Fault> {
    Fault::new(
        2737,
        ("The file is larger than 64 MiB.", "Le fichier dépasse 64 Mio."),
        (
            "Split it, or import it on the machine: `entente record import FILE`.",
            "Divisez-le, ou importez-le sur la machine : `entente record import FICHIER`.",
        ),
    )
}

fn cut_off() -> Box<Fault> {
    Fault::new(
        2738,
        ("The file did not arrive whole.", "Le fichier n’est pas arrivé en entier."),
        (
            "Choose it again. Files of up to 64 MiB are taken.",
            "Choisissez-le de nouveau. Les fichiers jusqu’à 64 Mio sont acceptés.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_counts_as_changed_only_where_somebody_changed_it_and_in_the_same_table() {
        let read = |form: &str| Chosen::read(form.as_bytes()).unwrap();
        let columns = "column.1=Remarks&base.1=&map.1=notes&column.2=gender&base.2=gender&map.2=gender\
            &column.3=age&base.3=age_at_registration&map.3=";
        let chosen = read(&format!("go=look&layout=&read_as=-+-&{columns}"));
        let changed: Vec<_> = chosen.choice.columns.iter().collect();
        assert_eq!(changed.len(), 2);
        assert_eq!(chosen.choice.columns["Remarks"], "notes");
        assert_eq!(
            (&*chosen.choice.columns["age"], &*chosen.bases["age"]),
            ("", "age_at_registration")
        );
        // Where the file cannot be read, the page shows what was chosen.
        let shown: Vec<_> = chosen.mapped.iter().map(Column::typed).collect();
        let shown: Vec<_> = shown.iter().map(|it| (it.name, it.feeds, it.base)).collect();
        assert_eq!(shown[0], ("Remarks", "notes", ""));
        assert_eq!(shown[2], ("age", "", "age_at_registration"));
        let other = read(&format!("go=look&layout=entente&read_as=-+-&{columns}"));
        assert!(other.choice.columns.is_empty() && other.bases.is_empty());
        assert!(other.mapped.is_empty());
    }
}
