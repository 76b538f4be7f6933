//! What takes two people: asked by one, approved by another, done once.

use serde_json::json;

use super::*;
use crate::answer::Asked;
use crate::jobs::JobState;
use crate::local::{Op, Role};
use crate::node::approvals::LASTS_S;

/// An organization where these operations take two. Lea and Omar are supervisors, Ana and Noa privacy officers,
/// Zoe coordinates and Eve administers.
fn careful(mut site: Site, needed_for: &[&str]) -> Site {
    let desk = Arc::get_mut(&mut site.desk).unwrap();
    desk.config.approvals.needed_for = needed_for.iter().map(|it| (*it).to_owned()).collect();
    // They have worked here for long.
    desk.config.approvals.settled_days = 0;
    for (name, role) in TEAM {
        site.desk.people.add(&Actor::Node, name, "", &[role]).unwrap();
    }
    site
}

const TEAM: [(&str, Role); 6] = [
    ("lea", Role::Supervisor),
    ("omar", Role::Supervisor),
    ("ana", Role::PrivacyOfficer),
    ("noa", Role::PrivacyOfficer),
    ("zoe", Role::Coordinator),
    ("eve", Role::Administrator),
];

fn somebody(name: &str) -> Staff {
    let role = TEAM.iter().find(|(known, _)| *known == name.trim().to_lowercase()).unwrap().1;
    Staff { name: name.to_owned(), roles: vec![role] }
}

/// What somebody is answered, or the code of the fault.
async fn ask(
    site: &Site,
    who: &str,
    op: Op,
    body: serde_json::Value,
) -> Result<serde_json::Value, String> {
    let asked = Asked::new(op, somebody(who), body.to_string(), Box::new(|_| {}));
    let told = site.desk.ask(asked).await.map_err(|fault| fault.code)?;
    Ok(serde_json::from_str(&told).unwrap())
}

async fn export(site: &Site, who: &str) -> Result<serde_json::Value, String> {
    ask(site, who, Op::RecordExport, json!({"file": file(site), "layout": null})).await
}

fn file(site: &Site) -> std::path::PathBuf {
    site.folder.path().join("cases.csv")
}

async fn approve(site: &Site, who: &str, id: &str) -> Result<serde_json::Value, String> {
    ask(site, who, Op::ApprovalApprove, json!({"approval": id})).await
}

async fn refuse(site: &Site, who: &str, id: &str) -> Result<serde_json::Value, String> {
    ask(site, who, Op::ApprovalRefuse, json!({"approval": id})).await
}

/// The requests that somebody sees.
async fn listed(site: &Site, who: &str) -> Vec<ApprovalRow> {
    let told = ask(site, who, Op::ApprovalList, json!({"decided": true})).await.unwrap();
    serde_json::from_value::<ApprovalListTold>(told).unwrap().approvals
}

/// A request of Lea's that waits, and its id.
async fn asked(needed_for: &[&str]) -> (Site, String) {
    let site = careful(Site::new(1, "Office", "provincial"), needed_for);
    assert_eq!(export(&site, "lea").await, Err("ENT-2780".to_owned()));
    let id = listed(&site, "lea").await[0].id.clone();
    (site, id)
}

/// Who did this, by the log.
fn actors(site: &Site, action: Action) -> Vec<String> {
    let mut actors = Vec::new();
    let mut push = |_, entry: entente_core::audit::AuditEntry| {
        if entry.action == action {
            actors.push(crate::node::audit::actor_name(&entry.actor));
        }
        std::ops::ControlFlow::Continue(())
    };
    site.node().audit_entries(0, &mut push).unwrap();
    actors
}

#[tokio::test]
async fn what_takes_two_waits_for_another_person_and_happens_once_with_both_names() {
    let (site, id) = asked(&["record_export"]).await;
    assert!(!file(&site).exists());
    // Asked again it is the same request, whoever asks.
    for who in ["lea", "omar"] {
        assert_eq!(export(&site, who).await, Err("ENT-2780".to_owned()));
    }
    let rows = listed(&site, "omar").await;
    assert_eq!((rows.len(), rows[0].asked_by.as_str()), (1, "lea"));
    assert!(rows[0].may_approve && !listed(&site, "lea").await[0].may_approve);

    // Whoever asked is no second person, however the name is written.
    for who in ["lea", "LEA", " Lea"] {
        assert_eq!(approve(&site, who, &id).await, Err("ENT-2784".to_owned()));
    }
    assert!(!file(&site).exists());
    assert_eq!(site.n(Action::AccessRefused), 3);

    let told = approve(&site, "omar", &id[id.len() - 8..]).await.unwrap();
    assert!(file(&site).exists());
    assert_eq!(
        (&told["approval"]["state"], &told["approval"]["decided_by"]),
        (&json!("done"), &json!("omar"))
    );
    assert!(told["told"]["file"].as_str().unwrap().ends_with("cases.csv"), "{told}");
    assert_eq!(actors(&site, Action::ApprovalAsked), ["lea"]);
    assert_eq!(actors(&site, Action::ApprovalGiven), ["omar"]);
    assert_eq!(actors(&site, Action::RecordsExported), ["lea + omar"]);

    std::fs::remove_file(file(&site)).unwrap();
    for who in ["omar", "lea"] {
        assert_eq!(approve(&site, who, &id).await, Err("ENT-2782".to_owned()));
    }
    assert!(!file(&site).exists(), "it happened twice");
}

#[tokio::test]
async fn what_is_approved_goes_on_in_the_background_and_is_told_to_whoever_approved_it_alone() {
    let (site, id) = asked(&["record_export"]).await;
    let (omar, ask) = (somebody("omar"), ApprovalApproveAsk { approval: id });
    let ended = async || {
        let job = site.desk.start(&omar, &ask).await.unwrap();
        while site.desk.jobs.one(&omar, &job).unwrap().state == JobState::Running {
            tokio::task::yield_now().await;
        }
        site.desk.jobs.one(&omar, &job).unwrap()
    };
    let job = ended().await;
    assert!(!job.can_be_stopped);
    let told: ApprovalTold = serde_json::from_str(&job.told.unwrap()).unwrap();
    assert_eq!((told.approval.state, file(&site).exists()), (ApprovalState::Done, true));
    // Whoever asked may approve such things too, and others may ask them: what came of it is not theirs to read.
    for who in ["lea", "ana", "zoe"] {
        let hidden = site.desk.jobs.one(&somebody(who), &job.id).unwrap_err();
        assert_eq!(hidden.code, "ENT-2733", "{who}");
        assert!(site.desk.jobs.all(&somebody(who)).unwrap().is_empty(), "{who}");
    }
    let again = ended().await;
    assert_eq!((again.state, again.fault.unwrap().code.as_str()), (JobState::Failed, "ENT-2782"));
}

#[tokio::test]
async fn to_whoever_lacks_the_role_a_request_is_not_there() {
    let (site, id) = asked(&["record_export"]).await;
    assert!(listed(&site, "zoe").await.is_empty(), "what is not theirs is not shown");
    let nothing = "0197a9e0-1f2c-7000-8000-00000000000a";
    for wanted in [id.as_str(), &id[id.len() - 8..], nothing, "ffffffff", ""] {
        assert_eq!(approve(&site, "zoe", wanted).await, Err("ENT-2781".to_owned()), "{wanted}");
        assert_eq!(refuse(&site, "zoe", wanted).await, Err("ENT-2781".to_owned()), "{wanted}");
    }
    assert_eq!(actors(&site, Action::AccessRefused), ["zoe"; 6]);
    assert_eq!(approve(&site, "omar", nothing).await, Err("ENT-2781".to_owned()));
    assert_eq!(listed(&site, "omar").await[0].state, ApprovalState::Waiting);
    assert!(!file(&site).exists());
    // An auditor sees it, and decides nothing.
    let both = Staff { name: "eve".to_owned(), roles: vec![Role::Auditor, Role::Coordinator] };
    let body = json!({"approval": id}).to_string();
    let asked = Asked::new(Op::ApprovalRefuse, both, body, Box::new(|_| {}));
    assert_eq!(site.desk.ask(asked).await.unwrap_err().code, "ENT-2788");
}

/// A plan that Zoe drafted and sent, and that nobody has signed.
async fn proposed(site: &Site) -> String {
    let body = json!({"contributors": ["us"], "propose": true});
    let told = ask(site, "zoe", Op::PlanDraft, body).await.unwrap();
    assert_eq!(told["plan"]["signed_at"], json!(null), "{told}");
    told["plan"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_asked_finds_the_plan_and_the_return_that_another_person_approved() {
    let site = careful(Site::new(1, "Centre", "federal"), &["plan_sign", "stats_return"]);
    let plan = proposed(&site).await;
    assert_eq!(actors(&site, Action::PlanProposed), ["zoe"]);
    let sign = json!({"plan": plan, "toml": null, "dry_run": false});
    assert_eq!(ask(&site, "ana", Op::PlanSign, sign).await, Err("ENT-2780".to_owned()));
    let id = listed(&site, "ana").await[0].id.clone();
    approve(&site, "noa", &id).await.unwrap();
    assert_eq!(actors(&site, Action::PlanSigned), ["ana + noa"]);

    let body = json!({"plan": plan, "period": "2025", "file": null});
    assert_eq!(ask(&site, "zoe", Op::StatsReturn, body).await, Err("ENT-2780".to_owned()));
    let id = listed(&site, "zoe").await[0].id.clone();
    let told = approve(&site, "ana", &id).await.unwrap();
    let row = listed(&site, "zoe").await.remove(0);
    let line = row.about.iter().find(|line| line.name == "return").unwrap();
    assert_eq!(json!(line.value), told["told"]["sha256"]);
    let kept = ask(&site, "zoe", Op::ReturnShow, json!({"return": line.value})).await.unwrap();
    assert_eq!(kept["return"]["period"], json!("2025"));
}

#[tokio::test]
async fn what_takes_two_is_kept_for_the_second_and_is_no_job() {
    let site = careful(Site::new(1, "Centre", "federal"), &["stats_run"]);
    let plan = proposed(&site).await;
    let ask = StatsRunAsk { plan, periods: Vec::new(), cube: None, close: false, give_up: false };
    let kept = site.desk.start(&somebody("zoe"), &ask).await.unwrap_err();
    assert_eq!(kept.code, "ENT-2780");
    assert!(site.desk.jobs.all(&somebody("zoe")).unwrap().is_empty());
    assert_eq!(listed(&site, "zoe").await.len(), 1);
}

#[tokio::test]
async fn after_seven_days_nobody_approves_any_more() {
    let (site, id) = asked(&["record_export"]).await;
    site.clock.advance(LASTS_S - 1);
    assert_eq!(site.node().n_approvals_waiting().unwrap(), 1);
    site.clock.advance(1);
    assert_eq!(site.node().n_approvals_waiting().unwrap(), 0);
    assert_eq!(approve(&site, "omar", &id).await, Err("ENT-2783".to_owned()));
    assert_eq!(listed(&site, "omar").await[0].state, ApprovalState::Expired);
    assert!(!file(&site).exists());
    // It can be asked again.
    assert_eq!(export(&site, "lea").await, Err("ENT-2780".to_owned()));
    assert_eq!(site.node().n_approvals_waiting().unwrap(), 1);
}

#[tokio::test]
async fn somebody_who_has_left_or_lost_the_role_binds_nobody_any_more() {
    let (site, id) = asked(&["record_export"]).await;
    let people = &site.desk.people;
    people.set_roles(&Actor::Node, "lea", &[Role::CaseWorker]).unwrap();
    assert_eq!(approve(&site, "omar", &id).await, Err("ENT-2786".to_owned()));
    people.set_roles(&Actor::Node, "lea", &[Role::Supervisor]).unwrap();
    people.set_enabled(&Actor::Node, "lea", false).unwrap();
    assert_eq!(approve(&site, "omar", &id).await, Err("ENT-2786".to_owned()));
    assert!(!file(&site).exists());
    people.set_enabled(&Actor::Node, "lea", true).unwrap();
    assert!(approve(&site, "omar", &id).await.is_ok());
}

/// What the log says of each approval, besides the operation.
fn approvals(site: &Site) -> Vec<Vec<String>> {
    let mut said = Vec::new();
    let mut push = |_, entry: entente_core::audit::AuditEntry| {
        if entry.action == Action::ApprovalGiven {
            said.push(entry.reasons[1..].to_vec());
        }
        std::ops::ControlFlow::Continue(())
    };
    site.node().audit_entries(0, &mut push).unwrap();
    said
}

#[tokio::test]
async fn whoever_somebody_has_just_made_or_changed_approves_nothing_for_a_week() {
    const WEEK_S: i64 = 7 * 86_400;
    let mut site = careful(Site::new(1, "Office", "provincial"), &["record_export"]);
    Arc::get_mut(&mut site.desk).unwrap().config.approvals.settled_days = 7;
    let (eve, people) = (Actor::Staff("eve".to_owned()), &site.desk.people);
    let changes: [(&str, &dyn Fn()); 4] = [
        ("added", &|| ()),
        ("roles", &|| drop(people.set_roles(&eve, "omar", &[Role::Supervisor]).unwrap())),
        ("enabled", &|| drop(people.set_enabled(&eve, "omar", true).unwrap())),
        ("reset", &|| drop(people.reset(&eve, "omar").unwrap())),
    ];
    for (n, (what, change)) in changes.into_iter().enumerate() {
        change();
        // A request waits for a week too: it is asked on the last day on which the account is new.
        site.clock.advance(WEEK_S - 1);
        assert_eq!(export(&site, "lea").await, Err("ENT-2780".to_owned()));
        let told = ask(&site, "omar", Op::ApprovalList, json!({"decided": false})).await.unwrap();
        let told: ApprovalListTold = serde_json::from_value(told).unwrap();
        let row = &told.approvals[0];
        assert!(!row.may_approve, "{what}");
        let new = told.new_accounts.iter().find(|it| it.name == "omar").unwrap();
        assert_eq!(json!(new.what), json!(what));
        assert_eq!(new.by, if what == "added" { "node" } else { "eve" });
        assert!(new.may_from.is_some(), "{what}");
        assert_eq!(approve(&site, " OMAR", &row.id).await, Err("ENT-2853".to_owned()), "{what}");
        assert!(!file(&site).exists(), "{what}");
        assert_eq!(site.n(Action::AccessRefused), n + 1);
        site.clock.advance(1);
        assert!(listed(&site, "omar").await[0].may_approve, "{what}");
        approve(&site, "omar", &row.id).await.unwrap();
        std::fs::remove_file(file(&site)).unwrap();
    }
    assert_eq!(approvals(&site).last().unwrap(), &["lea", "approved_by_new_account"]);
    // A day later its account is no new one any more; and of whoever asks the log says it.
    site.clock.advance(86_400);
    people.set_roles(&eve, "lea", &[Role::Supervisor]).unwrap();
    assert_eq!(export(&site, "lea").await, Err("ENT-2780".to_owned()));
    let id = listed(&site, "omar").await[0].id.clone();
    approve(&site, "omar", &id).await.unwrap();
    assert_eq!(approvals(&site).last().unwrap(), &["lea", "asked_by_new_account"]);
}

#[tokio::test]
async fn after_a_restore_every_account_is_as_new_as_the_log() {
    const WEEK_S: i64 = 7 * 86_400;
    let mut site = careful(Site::new(1, "Office", "provincial"), &["record_export"]);
    Arc::get_mut(&mut site.desk).unwrap().config.approvals.settled_days = 7;
    site.clock.advance(WEEK_S);
    let began = |actor| site.node().audit(vec![site.node().entry(actor, Action::Restored)]);
    // A partner that began anew says nothing of our accounts.
    began(Actor::Partner(site.id())).unwrap();
    assert_eq!(export(&site, "lea").await, Err("ENT-2780".to_owned()));
    let row = listed(&site, "omar").await.remove(0);
    assert!(row.may_approve);
    refuse(&site, "lea", &row.id).await.unwrap();
    began(Actor::Node).unwrap();
    site.clock.advance(WEEK_S - 1);
    assert_eq!(export(&site, "lea").await, Err("ENT-2780".to_owned()));
    let told = ask(&site, "omar", Op::ApprovalList, json!({"decided": false})).await.unwrap();
    let told: ApprovalListTold = serde_json::from_value(told).unwrap();
    let id = &told.approvals[0].id;
    assert!(told.new_accounts.iter().all(|it| json!(it.what) == json!("restored")));
    assert!(told.new_accounts.iter().any(|it| it.name == "omar" && it.may_from.is_some()));
    assert_eq!(approve(&site, "omar", id).await, Err("ENT-2853".to_owned()));
    site.clock.advance(1);
    approve(&site, "omar", id).await.unwrap();
}

#[tokio::test]
async fn where_something_takes_two_people_nobody_gives_themselves_a_role() {
    let site = careful(Site::new(1, "Office", "provincial"), &["record_export"]);
    let roles = |user: &str| json!({"user": user, "roles": ["administrator", "supervisor"]});
    for own in ["eve", " EVE"] {
        let answer = ask(&site, "eve", Op::UserRoles, roles(own)).await;
        assert_eq!(answer, Err("ENT-2842".to_owned()), "{own}");
    }
    ask(&site, "eve", Op::UserRoles, roles("omar")).await.unwrap();
    // Where nothing does, a small shelter's administrator may also be its case worker.
    let site = careful(Site::new(2, "Shelter", "ngo"), &[]);
    ask(&site, "eve", Op::UserRoles, roles("eve")).await.unwrap();
}

#[tokio::test]
async fn what_was_refused_or_taken_back_does_not_happen() {
    for who in ["omar", "lea"] {
        let (site, id) = asked(&["record_export"]).await;
        let told = refuse(&site, who, &id).await.unwrap();
        assert_eq!(told["approval"]["state"], json!("refused"));
        assert_eq!(approve(&site, "omar", &id).await, Err("ENT-2782".to_owned()));
        assert_eq!(refuse(&site, "omar", &id).await, Err("ENT-2782".to_owned()));
        assert_eq!(actors(&site, Action::ApprovalRefused), [who]);
        assert!(!file(&site).exists());
    }
}

#[tokio::test]
async fn what_was_approved_and_cannot_be_done_says_so_and_is_not_tried_again() {
    let (site, id) = asked(&["record_export"]).await;
    std::fs::write(file(&site), "something else").unwrap();
    assert_eq!(approve(&site, "omar", &id).await, Err("ENT-1011".to_owned()));
    std::fs::remove_file(file(&site)).unwrap();
    assert_eq!(approve(&site, "omar", &id).await, Err("ENT-2782".to_owned()));
    let row = &listed(&site, "omar").await[0];
    assert_eq!((row.state, row.fault.as_deref()), (ApprovalState::Failed, Some("ENT-1011")));
    assert_eq!(site.n(Action::ApprovalFailed), 1);
}

#[tokio::test]
async fn an_agreement_that_has_changed_since_is_not_signed() {
    let (a, b, id) = in_force();
    let b = careful(b, &["agreement_sign"]);
    let amend = |k: u32| {
        let ask = AgreementShowAsk { agreement: id.clone() };
        let toml = agreements::show(&a.desk, &staff(), ask, &silent()).unwrap().toml;
        let toml = toml.replace("min_group_persons = 5", &format!("min_group_persons = {k}"));
        let ask = AgreementAmendAsk { agreement: id.clone(), toml, dry_run: false };
        agreements::amend(&a.desk, &staff(), ask, &silent()).unwrap();
        sync(&a, &b);
    };
    let body = json!({"agreement": id});
    assert_eq!(ask(&b, "ana", Op::AgreementSign, body.clone()).await, Err("ENT-2780".to_owned()));
    let request = listed(&b, "noa").await[0].id.clone();
    // Another version arrives under the same id.
    amend(7);
    let n_signed = b.n(Action::AgreementSigned);
    assert_eq!(approve(&b, "noa", &request).await, Err("ENT-2785".to_owned()));
    assert_eq!(b.n(Action::AgreementSigned), n_signed);

    // Asked anew it is another request, about what is there now.
    assert_eq!(ask(&b, "ana", Op::AgreementSign, body).await, Err("ENT-2780".to_owned()));
    let rows = listed(&b, "noa").await;
    assert_eq!(rows.len(), 2);
    let anew = rows.iter().find(|row| row.id != request).unwrap();
    assert!(anew.about.iter().any(|line| line.name == "sha256"));
    approve(&b, "noa", &anew.id).await.unwrap();
    assert!(actors(&b, Action::AgreementSigned).contains(&"ana + noa".to_owned()));
}

#[test]
fn a_new_name_reaches_the_partners_once() {
    let (a, b) = partners();
    let n_said = |site: &Site| site.n(Action::SettingsChanged);
    a.node().tell_card(&a.node().card()).unwrap();
    assert_eq!(n_said(&a), 0);
    let mut card = a.node().card();
    card.name = Text::new("Harbour House", "Maison du Havre");
    card.address = "new.example:7443".to_owned();
    for _ in 0..2 {
        a.node().tell_card(&card).unwrap();
        assert_eq!(n_said(&a), 1);
    }
    sync(&a, &b);
    let told = b.partner(&a);
    assert_eq!(
        (told.partner.name.fr.as_str(), told.partner.name.en.as_str()),
        ("Maison du Havre", "Harbour House")
    );
    // Somebody else's card changes nothing: it would be another's name.
    assert_eq!(a.partner(&b).partner.name.en, "Centre");
}

#[tokio::test]
async fn what_the_settings_do_not_name_and_what_only_looks_takes_one() {
    let site = careful(Site::new(1, "Office", "provincial"), &["plan_sign"]);
    assert!(export(&site, "lea").await.is_ok());
    let look = json!({"plan": "nothing", "toml": null, "dry_run": true});
    let found = ask(&site, "ana", Op::PlanSign, look.clone()).await.unwrap_err();
    assert_ne!(found, "ENT-2780");
    // What is not there cannot be asked for.
    let mut real = look;
    real["dry_run"] = json!(false);
    assert_eq!(ask(&site, "ana", Op::PlanSign, real).await, Err(found));
    assert!(listed(&site, "ana").await.is_empty());
}

#[tokio::test]
async fn taking_a_return_off_the_site_can_take_two_and_is_about_one_that_is_there() {
    let site = careful(Site::new(1, "Office", "provincial"), &["return_unpublish"]);
    assert!(site.desk.config.needs_approval(Op::ReturnUnpublish));
    let asked = ask(&site, "ana", Op::ReturnUnpublish, json!({"return": "b5bb9d"})).await;
    assert_ne!(asked.unwrap_err(), "ENT-2780");
    assert!(listed(&site, "ana").await.is_empty());
}

#[tokio::test]
async fn a_flood_of_requests_ends_at_a_hundred() {
    let site = careful(Site::new(1, "Office", "provincial"), &["record_export"]);
    let mut codes = Vec::new();
    for n in 0..101 {
        let body = json!({"file": site.folder.path().join(format!("{n}.csv")), "layout": null});
        codes.push(ask(&site, "lea", Op::RecordExport, body).await.unwrap_err());
    }
    let last = codes.pop();
    assert!(codes.iter().all(|code| code == "ENT-2780"));
    assert_eq!(last.as_deref(), Some("ENT-2787"));
}

#[tokio::test]
async fn an_export_asked_for_at_the_console_is_no_job_and_waits_for_whoever_asked() {
    use std::io::Read as _;

    const DAY_S: i64 = 86_400;
    let site = careful(Site::new(1, "Office", "provincial"), &["record_export"]);
    let (files, lea) = (&site.desk.jobs.files, somebody("lea"));
    let asked = site.desk.start_export(&lea, crate::jobs::ExportChoice::default()).await;
    assert_eq!(asked.unwrap_err().code, "ENT-2780");
    assert!(site.desk.jobs.all(&lea).unwrap().is_empty(), "nothing goes on");
    let row = listed(&site, "lea").await.remove(0);
    let line = row.about.iter().find(|line| line.name == "file").unwrap();
    let path = std::path::PathBuf::from(&line.value);
    assert!(!path.exists());
    // What waits for a second person has nothing that could be swept.
    files.sweep(site.node().now_s() + DAY_S);

    approve(&site, "omar", &row.id).await.unwrap();
    let read = || {
        let mut text = String::new();
        files.open(&path).map(|file| file.unwrap().read_to_string(&mut text).unwrap())?;
        Ok::<_, std::io::Error>(text)
    };
    assert!(read().unwrap().contains("registered_on"));
    let on_disk = std::fs::read(&path).unwrap();
    assert!(!String::from_utf8_lossy(&on_disk).contains("registered_on"), "it is not sealed");
    // The sweep of jobs leaves it to whoever asked, for a week.
    files.sweep(site.node().now_s() + 7 * DAY_S - 1);
    assert!(read().is_ok());
    files.sweep(site.node().now_s() + 7 * DAY_S);
    assert!(read().is_err());
}
