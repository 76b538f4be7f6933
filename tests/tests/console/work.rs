//! Files on their way in: few of them, and not for long. And on their way out: whole, or again.

use axum::http::StatusCode;
use entente_core::audit::Action;
use entente_node::fault::Fault;
use entente_node::jobs::files::FILE_LASTS_S;
use entente_node::jobs::{ExportChoice, JobState};
use entente_node::local::Role;
use entente_node::node::approvals::Request;
use entente_store::approvals::ApprovalState;
use entente_tests::net::{Site, soon};
use serde_json::json;
use tokio_stream::StreamExt as _;
use tower::ServiceExt as _;

use super::furnished::{everybody, uuid};
use super::{House, ours};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_leaves_many_files_lying_about_and_none_for_longer_than_an_hour() {
    let site = Site::office("House").await;
    let (files, now_s) = (&site.desk().jobs.files, site.node().now_s());
    let upload = |by: &str| -> Result<String, Box<Fault>> {
        let mut receiving = files.receive(by)?;
        receiving.push(b"external_ref,gender\nA-1,woman\n")?;
        receiving.finish(now_s)
    };
    for _ in 0..4 {
        upload("anna").unwrap();
    }
    assert_eq!(upload("anna").unwrap_err().code, "ENT-2736");
    let other = upload("omar").unwrap();
    files.sweep(now_s + FILE_LASTS_S - 1);
    assert_eq!((files.waiting("anna").len(), files.upload("omar", &other).is_ok()), (4, true));
    files.sweep(now_s + FILE_LASTS_S);
    assert_eq!((files.waiting("anna").len(), files.upload("omar", &other).is_ok()), (0, false));
    assert_eq!(std::fs::read_dir(site.home().join("jobs")).unwrap().count(), 0);
    // There is room again.
    upload("anna").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_approved_stays_until_it_was_taken_whole_and_is_written_down_once() {
    let house = House::open("House").await;
    let (desk, node) = (house.site.desk(), house.site.node());
    let lea = house.signed_in("lea", &[Role::Supervisor]);
    let job = exported(&house).await;
    let path = desk.jobs.files.made(&job).unwrap();
    let file = path.display().to_string();
    let request = Request {
        op: "record_export".to_owned(),
        body: json!({ "file": file }).to_string(),
        about: vec![("file".to_owned(), file)],
        pin: String::new(),
    };
    let asked = node.keep_request("lea", request).unwrap();
    node.take_request("omar", &asked, Vec::new()).unwrap();
    node.settle_request(&asked, None, None).unwrap();

    let at = format!("/en/settings/approvals/{}/file", uuid(&asked));
    // The connection breaks before anything came, and before the end was told.
    for n_pieces in [0, 1] {
        let answer = house.router.clone().oneshot(ours("POST", &at, &lea, "")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let mut pieces = answer.into_body().into_data_stream();
        for _ in 0..n_pieces {
            pieces.next().await.unwrap().unwrap();
        }
        drop(pieces);
        assert!(path.exists(), "after {n_pieces}");
    }
    let whole = house.post(&at, &lea, "").await;
    assert!(whole.body.contains("registered_on"), "{}", whole.body);
    assert!(!path.exists());
    assert_eq!(house.post(&at, &lea, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.site.n_audited(Action::ApprovalFileTaken), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_while_something_happens_leaves_nothing_half_done() {
    let house = House::open("House").await;
    let node = house.site.node();
    house.signed_in("lea", &[Role::Supervisor]);
    let omar = house.signed_in("omar", &[Role::Supervisor]);
    let mut patience = 1;
    loop {
        let file = house.site.home().join(format!("{patience}.csv")).display().to_string();
        let request = Request {
            op: "record_export".to_owned(),
            body: json!({ "file": file, "layout": null }).to_string(),
            about: Vec::new(),
            pin: String::new(),
        };
        let asked = node.keep_request("lea", request).unwrap();
        let at = format!("/en/settings/approvals/{}/approve", uuid(&asked));
        let sending = house.router.clone().oneshot(ours("POST", &at, &omar, ""));
        let hangs_up = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        let was_answered = tokio::select! {
            biased;
            answer = sending => answer.unwrap().status().is_redirection(),
            () = hangs_up => false,
        };
        // Approved and not done is on the way to be done, and so is what was answered: it goes on in the background.
        let state = soon(async {
            loop {
                let state = node.request(&asked).unwrap().state;
                let goes_on = was_answered && state == ApprovalState::Waiting;
                if state != ApprovalState::Approved && !goes_on {
                    break state;
                }
                tokio::task::yield_now().await;
            }
        });
        match state.await {
            ApprovalState::Done => break,
            state => assert_eq!(state, ApprovalState::Waiting, "after {patience}"),
        }
        patience *= 2;
    }
}

/// An export that `lea` started, once it has ended.
async fn exported(house: &House) -> String {
    let desk = house.site.desk();
    let job = desk.start_export(&everybody(), ExportChoice::default()).await.unwrap();
    while desk.jobs.one(&everybody(), &job).unwrap().state == JobState::Running {
        tokio::task::yield_now().await;
    }
    job
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_removed_by_whoever_made_it_or_administers_and_that_is_written_down() {
    let house = House::open("House").await;
    let (first, second) = (exported(&house).await, exported(&house).await);
    let lea = house.signed_in("lea", &[Role::Supervisor]);
    let omar = house.signed_in("omar", &[Role::Supervisor]);
    let chief = house.signed_in("chief", &[Role::Supervisor, Role::Administrator]);
    let is_there = |job: &str| house.site.desk().jobs.files.made(job).is_ok();
    let n_removed = || house.site.n_audited(Action::JobFileRemoved);
    for (who, may) in [(&omar, false), (&lea, true), (&chief, true)] {
        let page = house.get(&format!("/en/jobs/{first}"), who).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.body.contains("/file/remove"), may);
    }
    let remove = async |job: &str, who: &str| {
        house.post(&format!("/en/jobs/{job}/file/remove"), who, "").await.status
    };
    assert_eq!(remove(&first, &omar).await, StatusCode::FORBIDDEN);
    assert_eq!((is_there(&first), n_removed()), (true, 0));
    assert!(remove(&first, &lea).await.is_redirection());
    assert_eq!((is_there(&first), n_removed()), (false, 1));
    assert!(remove(&second, &chief).await.is_redirection());
    assert_eq!((is_there(&second), n_removed()), (false, 2));
    // Nothing is left to remove, and nothing to write down.
    assert!(remove(&second, &chief).await.is_redirection());
    assert_eq!(n_removed(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_work_came_to_is_closed_to_whoever_has_lost_the_role_for_it() {
    let house = House::open("House").await;
    let job = exported(&house).await;
    // It is hers, and she may export no more.
    let lea = house.signed_in("lea", &[Role::CaseWorker]);
    let page = house.get(&format!("/en/jobs/{job}"), &lea).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let removed = house.post(&format!("/en/jobs/{job}/file/remove"), &lea, "").await;
    assert_eq!(removed.status, StatusCode::FORBIDDEN);
    assert!(house.site.desk().jobs.files.made(&job).is_ok());
    assert_eq!(house.site.n_audited(Action::AccessRefused), 2);
}
