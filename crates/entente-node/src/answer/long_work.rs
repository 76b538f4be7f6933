//! Long work at the desk: who sees it, how it ends, and what it leaves behind.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use entente_core::audit::Action;
use entente_store::engine::Memory;
use entente_store::jobs::{JobRow, JobState, Jobs as _};
use tempfile::TempDir;

use super::records::fixture::{audited, desk_on};
use super::{Asked, Desk, Halt, Staff};
use crate::jobs::{ExportChoice, Files, ImportChoice, Job, Jobs};
use crate::local::doc::*;
use crate::local::{Op, Role};
use crate::node::unpoisoned;
use crate::node::waiting::Matter;
use crate::setup::Home;

struct Office {
    desk: Arc<Desk>,
    folder: TempDir,
}

fn office() -> Office {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(folder.path().join("node"));
    Office { desk: desk_on(2, Arc::new(Memory::default()), home), folder }
}

fn somebody(name: &str, role: Role) -> Staff {
    Staff { name: name.to_owned(), roles: vec![role] }
}

impl Office {
    fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("node/jobs")) else {
            return Vec::new();
        };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn upload(&self, by: &str, text: &str) -> String {
        let mut receiving = self.desk.jobs.files.receive(by).unwrap();
        receiving.push(text.as_bytes()).unwrap();
        receiving.finish(self.desk.node.now_s()).unwrap()
    }

    /// A job, once it has ended.
    async fn ended(&self, staff: &Staff, id: &str) -> Job {
        loop {
            let job = self.desk.jobs.one(staff, id).unwrap();
            if job.state != JobState::Running {
                return job;
            }
            tokio::task::yield_now().await;
        }
    }
}

const ROWS: &str = "external_ref,registered_on,status,gender\nA-1,2026-02-03,actual,woman\n\
    A-2,2026-02-03,actual,nobody\nA-3,2026-05-01,possible,man\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_tells_what_it_did_and_leaves_nothing_of_the_file() {
    let office = office();
    let (desk, anna) = (&office.desk, somebody("anna", Role::Supervisor));
    let id = office.upload("anna", ROWS);
    let upload = desk.jobs.files.upload("anna", &id).unwrap();
    let path = office.folder.path().join("node/jobs").join(format!("{id}.upload"));
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap()) & 0o777, 0o600);
    assert!(desk.jobs.files.upload("omar", &id).is_err(), "somebody else sees the file");

    let choice = ImportChoice::default();
    let would = desk.preview_import(&anna, &upload, &choice, Halt::default()).await.unwrap();
    assert_eq!((would.dry_run, would.added, would.quarantined), (true, 2, 1));
    assert_eq!(desk.node.n_records(), 0);

    let job = desk.start_import(&anna, &upload, &choice).await.unwrap();
    let ended = office.ended(&anna, &job).await;
    assert_eq!(
        (ended.state, ended.op, ended.can_be_stopped),
        (JobState::Done, Op::RecordImport, false)
    );
    let told: RecordImportTold = serde_json::from_str(&ended.told.unwrap()).unwrap();
    assert_eq!((told.added, told.quarantined), (2, 1));
    assert_eq!(audited(desk, Action::RecordsImported).len(), 1);

    let (total, aside) = desk.set_aside(&job).unwrap();
    assert_eq!((total, aside.len(), aside[0].n, aside[0].rows.as_slice()), (1, 1, 1, &[3][..]));
    assert_eq!(aside[0].column.as_deref(), Some("gender"));
    assert!(!format!("{aside:?}").contains("nobody"), "what stood in a cell is told");
    // The list names columns, and so says what a file was about: it is sealed like all others.
    assert_eq!(office.files(), [format!("{}.aside", job.replace('-', ""))]);
    let folder = office.folder.path().join("node/jobs");
    let on_disk = fs::read(folder.join(&office.files()[0])).unwrap();
    for word in ["gender", "english"] {
        let word = word.as_bytes();
        assert!(!on_disk.windows(word.len()).any(|it| it == word), "{word:?} stands on the disk");
    }
    // It waits for whoever imports, as long as the list is here.
    let waits = || super::inbox::waiting(desk).unwrap().n(Matter::RowsSetAside);
    assert_eq!(waits(), 1);
    assert_eq!(desk.jobs.with_rows_aside(&somebody("omar", Role::Supervisor)).unwrap().len(), 1);
    let other = somebody("omar", Role::CaseWorker);
    assert_eq!(desk.jobs.rows_seen_to(&other, &job).unwrap_err().code, "ENT-2733");
    assert!(desk.jobs.with_rows_aside(&other).unwrap().is_empty());
    // The next process cannot read it, and removes it; the job says what it came to as before.
    let again = Jobs::new(Arc::clone(&desk.node), Files::new(folder));
    assert_eq!((again.recover().unwrap(), office.files().len()), (0, 0));
    assert_eq!(desk.set_aside(&job).unwrap(), (0, Vec::new()));
    assert_eq!(waits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_seen_to_wait_no_more() {
    let office = office();
    let (desk, anna) = (&office.desk, somebody("anna", Role::Supervisor));
    let id = office.upload("anna", ROWS);
    let upload = desk.jobs.files.upload("anna", &id).unwrap();
    let job = desk.start_import(&anna, &upload, &ImportChoice::default()).await.unwrap();
    office.ended(&anna, &job).await;
    let waits = || super::inbox::waiting(desk).unwrap().n(Matter::RowsSetAside);
    assert_eq!(waits(), 1);
    desk.jobs.rows_seen_to(&anna, &job).unwrap();
    // Who removed it is known, and a second time removes nothing.
    desk.jobs.rows_seen_to(&anna, &job).unwrap();
    assert_eq!(audited(desk, Action::JobFileRemoved).len(), 1);
    assert_eq!((waits(), office.files().len()), (0, 0));
    assert_eq!(desk.set_aside(&job).unwrap(), (0, Vec::new()));
}

/// A name that stands in what is uploaded and exported.
const NAME: &str = "Tremblay";

/// What an office has to import, with a name in it.
const NAMED: &str =
    "external_ref,registered_on,status,gender,name_last\nA-1,2026-02-03,actual,woman,Tremblay\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_jobs_say_nothing_on_the_disk_and_are_read_through_their_key_alone() {
    let office = office();
    let (desk, anna) = (&office.desk, somebody("anna", Role::Supervisor));
    let folder = office.folder.path().join("node/jobs");
    let on_disk = || {
        let files = office.files().into_iter();
        files.map(|name| fs::read(folder.join(name)).unwrap()).collect::<Vec<_>>()
    };
    let says = |bytes: &[u8]| bytes.windows(NAME.len()).any(|it| it == NAME.as_bytes());

    let mut receiving = desk.jobs.files.receive("anna").unwrap();
    receiving.push(NAMED.as_bytes()).unwrap();
    let mapping = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/layouts/entente.toml"),
    );
    receiving.mapping(mapping.unwrap().as_bytes()).unwrap();
    let id = receiving.finish(desk.node.now_s()).unwrap();
    assert_eq!(on_disk().len(), 2);
    assert!(!on_disk().iter().any(|it| says(it) || it.starts_with(b"external_ref")));
    let upload = desk.jobs.files.upload("anna", &id).unwrap();
    assert_eq!(upload.n_bytes, NAMED.len() as u64);
    let job = desk.start_import(&anna, &upload, &ImportChoice::default()).await.unwrap();
    assert_eq!(office.ended(&anna, &job).await.state, JobState::Done);
    assert_eq!((desk.node.n_records(), office.files().len()), (1, 0));

    for as_workbook in [false, true] {
        let choice = ExportChoice { as_workbook, reveal: true, ..ExportChoice::default() };
        let job = desk.start_export(&anna, choice).await.unwrap();
        let ended = office.ended(&anna, &job).await;
        let told: RecordExportTold = serde_json::from_str(&ended.told.unwrap()).unwrap();
        assert!(!on_disk().iter().any(|it| says(it) || it.starts_with(b"PK")));
        let mut bytes = Vec::new();
        desk.jobs.files.open_made(&job).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(told.bytes, bytes.len() as u64);
        assert!(as_workbook || says(&bytes));

        // It comes in again as it went out.
        let mut receiving = desk.jobs.files.receive("anna").unwrap();
        receiving.push(&bytes).unwrap();
        let id = receiving.finish(desk.node.now_s()).unwrap();
        let upload = desk.jobs.files.upload("anna", &id).unwrap();
        let choice = ImportChoice { layout: Some("entente".to_owned()), ..Default::default() };
        let would = desk.preview_import(&anna, &upload, &choice, Halt::default()).await.unwrap();
        assert_eq!((would.rows, would.quarantined), (1, 0));

        // To the next process it is noise.
        let next = Files::new(folder.clone());
        let path = desk.jobs.files.made(&job).unwrap();
        let read = next.open(&path).unwrap().unwrap().read_to_end(&mut Vec::new());
        assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_a_file_stops_when_nobody_waits_for_it_any_more() {
    let office = office();
    let (desk, anna) = (&office.desk, somebody("anna", Role::Supervisor));
    let row = |n: usize| format!("A-{n},2026-02-03,actual,woman\n");
    let rows: String = (0..20_000).map(row).collect();
    let id = office.upload("anna", &format!("external_ref,registered_on,status,gender\n{rows}"));
    let upload = desk.jobs.files.upload("anna", &id).unwrap();
    let (choice, halt) = (ImportChoice::default(), Halt::default());
    halt.stop();
    let stopped = desk.preview_import(&anna, &upload, &choice, halt).await.unwrap_err();
    assert_eq!(stopped.code, "ENT-2730");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_services_is_sealed_while_it_is_read_and_gone_after() {
    let office = office();
    let (desk, cora) = (&office.desk, somebody("cora", Role::Coordinator));
    let services = r#"[{"id": "ac148810-d857-441c-9679-408f346de14b", "name": "Night beds",
        "status": "active", "organization": {"id": "1554f2e2-a373-45db-a3fa-9fc48a61c15e",
        "name": "Harbour House", "description": "Harbour House"}}]"#;
    let once = desk.jobs.files.once(services.as_bytes()).unwrap();
    let on_disk = fs::read(once.path()).unwrap();
    assert!(!on_disk.windows(5).any(|it| it == b"Night"), "it stands on the disk as it is");
    let ask =
        ServiceImportAsk { file: once.path(), layout: None, quarantine: None, dry_run: false };
    let body = serde_json::to_string(&ask).unwrap();
    let asked = Asked::new(ServiceImportAsk::OP, cora, body, Box::new(|_| {}));
    let told: ServiceImportTold = serde_json::from_str(&desk.ask(asked).await.unwrap()).unwrap();
    assert_eq!((told.rows, told.added, told.refused), (1, 1, 0));
    drop(once);
    assert!(office.files().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_seen_by_whoever_started_it_and_whoever_may_ask_the_same() {
    let office = office();
    let (desk, anna) = (&office.desk, somebody("anna", Role::Supervisor));
    let choice = ExportChoice::default();
    let job = desk.start_export(&anna, choice.clone()).await.unwrap();
    office.ended(&anna, &job).await;
    let sees = |staff: &Staff| {
        let one = desk.jobs.one(staff, &job).is_ok();
        assert_eq!(one, desk.jobs.all(staff).unwrap().len() == 1);
        one
    };
    assert!(sees(&anna) && sees(&somebody("anna", Role::Auditor)));
    assert!(sees(&somebody("omar", Role::Supervisor)));
    assert!(!sees(&somebody("omar", Role::CaseWorker)));
    let hidden = desk.jobs.one(&somebody("omar", Role::CaseWorker), &job).unwrap_err();
    let nothing = desk.jobs.one(&anna, "0197a9e0-1f2c-7000-8000-00000000000a").unwrap_err();
    assert_eq!(hidden, nothing);
    assert_eq!(hidden.code, "ENT-2733");

    let refused = desk.start_export(&somebody("omar", Role::CaseWorker), choice).await;
    assert_eq!(refused.unwrap_err().code, "ENT-1901");
    assert_eq!(office.files().len(), 1, "a refused export left a file");

    // What was written stays for an hour.
    let now_s = desk.node.now_s();
    assert!(desk.jobs.files.made(&job).is_ok());
    desk.jobs.files.sweep(now_s + 3_599);
    assert!(desk.jobs.files.made(&job).is_ok());
    desk.jobs.files.sweep(now_s + 3_600);
    assert_eq!(desk.jobs.files.made(&job).unwrap_err().code, "ENT-2734");
    assert!(office.files().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_was_told_to_stop_stops_and_is_alone_of_its_kind() {
    let office = office();
    let (desk, root) = (&office.desk, somebody("root", Role::Administrator));
    // A backup cannot begin while the key ring is held.
    let ring = unpoisoned(desk.ring.lock());
    let backups = office.folder.path().join("backups");
    let ask = BackupCreateAsk { folder: Some(backups.display().to_string()) };
    let held = || async { desk.start(&root, &ask).await };
    let job =
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(held()).unwrap());
    let again = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(held()));
    assert_eq!(again.unwrap_err().code, "ENT-2731");
    let stopping = desk.jobs.stop(&root, &job).unwrap();
    assert!(stopping.is_stopping && !stopping.can_be_stopped);
    drop(ring);
    let ended = office.ended(&root, &job).await;
    assert_eq!((ended.state, ended.fault.unwrap().code.as_str()), (JobState::Stopped, "ENT-2730"));
    assert_eq!(fs::read_dir(&backups).unwrap().count(), 0);
    assert_eq!(audited(desk, Action::JobStopped).len(), 1);
    assert!(audited(desk, Action::BackupMade).is_empty());
    // The way is free again.
    let job = desk.start(&root, &ask).await.unwrap();
    assert_eq!(office.ended(&root, &job).await.state, JobState::Done);
}

#[test]
fn so_much_work_goes_on_at_once_and_no_more() {
    let office = office();
    let anna = somebody("anna", Role::Supervisor);
    let begin = |n: u8| {
        let begun = office.desk.jobs.begin(Op::RecordExport, &anna, [n; 16], Halt::default());
        begun.map(|_| ()).map_err(|fault| fault.code)
    };
    for n in 1..=4 {
        assert_eq!(begin(n), Ok(()));
    }
    assert_eq!(begin(5), Err("ENT-2731".to_owned()));
    assert_eq!(office.desk.jobs.all(&anna).unwrap().len(), 4);
}

#[test]
fn a_restart_says_what_it_ended_and_removes_files() {
    let office = office();
    let (desk, id) = (&office.desk, [7; 16]);
    let row = JobRow {
        op: "record_import".to_owned(),
        by: "anna".to_owned(),
        started_s: desk.node.now_s(),
        ended_s: 0,
        state: JobState::Running,
        told: String::new(),
    };
    desk.node.db().write("test", |tx| tx.put_job(&id, &row)).unwrap();
    office.upload("anna", ROWS);
    let folder = office.folder.path().join("node/jobs");
    fs::write(folder.join("whatever.csv"), "x").unwrap();
    fs::write(folder.join(format!("{}.aside", hex::encode(id))), "row\n").unwrap();

    let again = Jobs::new(Arc::clone(&desk.node), Files::new(folder));
    assert_eq!(again.recover().unwrap(), 1);
    assert!(office.files().is_empty());
    let job = again.all(&somebody("anna", Role::CaseWorker)).unwrap().remove(0);
    assert_eq!((job.state, job.ended_at.is_some()), (JobState::Lost, true));
    assert_eq!(audited(desk, Action::JobLost).len(), 1);
    assert_eq!(again.recover().unwrap(), 0);
    assert_eq!(desk.node.db().read(|tx| tx.jobs()).unwrap().len(), 1);
}
