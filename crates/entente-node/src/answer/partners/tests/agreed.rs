//! What follows once two organizations know each other: agreements, releases, logs, backups.

use super::*;

#[test]
fn an_agreement_is_listed_shown_and_compared_with_its_next_version() {
    let (a, b, id) = in_force();
    let ask = AgreementListAsk { partner: Some("Centre".into()), state: None };
    let listed = agreements::list(&a.desk, &staff(), ask, &silent()).unwrap().agreements;
    assert_eq!(listed[0].state, AgreementStanding::Active);
    assert_eq!(listed[0].we_send, ["summaries", "counts"]);
    assert!(listed[0].we_receive.is_empty());

    let ask = AgreementShowAsk { agreement: id[..8].to_owned() };
    let shown = agreements::show(&b.desk, &staff(), ask, &silent()).unwrap();
    assert_eq!(shown.signatures.len(), 2);
    assert_eq!(shown.agreement.we_receive, ["summaries", "counts"]);
    assert!(shown.clauses.iter().any(|clause| clause.clause == "§2.1"));
    assert!(shown.we_would_receive[0].en.contains("at least 5 persons"), "{shown:?}");
    assert!(shown.we_would_send.is_empty(), "{shown:?}");

    // The draft that is shown, with one more thing granted, is the next version.
    let ask = AgreementShowAsk { agreement: id.clone() };
    let toml = agreements::show(&a.desk, &staff(), ask, &silent()).unwrap().toml;
    let toml = toml.replace("min_group_persons = 5", "min_group_persons = 9");
    let toml = toml.replace("citizenship = \"canadian_or_other\"", "citizenship = \"group\"");
    let ask = AgreementDiffAsk { agreement: None, toml: Some(toml.clone()), against: None };
    let diff = agreements::diff(&a.desk, &staff(), ask, &silent()).unwrap();
    assert_eq!((diff.from_version, diff.to_version), (Some(1), 2));
    let kinds: Vec<_> = diff.changes.iter().map(|line| (line.change, line.sees)).collect();
    assert_eq!(kinds, [(DiffKind::Wider, Who::Them), (DiffKind::Narrower, Who::Them)]);
    // How long they keep it is about what they see; a notice holds for both.
    let rules = toml.replace("retention_days = 1825", "retention_days = 730");
    let rules = rules.replace("notice_days = 30", "notice_days = 14");
    let ask = AgreementDiffAsk { agreement: None, toml: Some(rules), against: None };
    let diff = agreements::diff(&a.desk, &staff(), ask, &silent()).unwrap();
    let others = diff.changes.iter().filter(|line| line.change == DiffKind::Other);
    let sees: Vec<_> = others.map(|line| line.sees).collect();
    assert_eq!(sees, [Who::Nobody, Who::Them]);

    let ask = AgreementAmendAsk { agreement: id.clone(), toml, dry_run: false };
    let told = agreements::amend(&a.desk, &staff(), ask, &silent()).unwrap();
    assert_eq!(told.agreement.version, 2);
    assert!(told.consequences.len() > 1, "what they would newly see is said");
    sync(&a, &b);
    sign(&b, &id);
    sync(&a, &b);
    sign(&a, &id);
    sync(&a, &b);
    for site in [&a, &b] {
        let kept = site.node().agreements().unwrap();
        let states: Vec<_> = kept.iter().map(|kept| kept.state.code()).collect();
        assert_eq!(states, ["amended", "active"]);
    }
}

#[test]
fn a_proposal_that_was_answered_with_another_does_not_hide_it() {
    let (a, b) = partners();
    let toml = draft(&a, &b, "province-federal", &[]);
    let mut waits = propose(&a, &b, &toml).agreement.id;
    // Ids are random: whichever of them comes last, it is the one that waits which is to be signed.
    for _ in 0..4 {
        let other = propose(&a, &b, &toml).agreement.id;
        let ask = AgreementDeclineAsk { agreement: waits, reason: None };
        agreements::decline(&a.desk, &staff(), ask, &silent()).unwrap();
        sync(&a, &b);
        assert_eq!((b.partner(&a).next_actor, b.partner(&a).next_step), (Who::Us, Step::Sign));
        let brief = b.partner(&a).agreement.unwrap();
        assert_eq!((brief.id.as_str(), brief.state), (other.as_str(), AgreementStanding::Proposed));
        waits = other;
    }
}

#[test]
fn an_agreement_that_expired_is_a_warning_until_another_is_in_force() {
    let (a, b, id) = in_force();
    let last = a.node().find_agreement(&id).unwrap().agreement.term.expiry;
    let days = (last - a.node().today()).get_days();
    assert!(!a.health().contains(&"agreement".to_owned()));
    a.clock.advance((i64::from(days) + 1) * 86_400);
    b.clock.advance((i64::from(days) + 1) * 86_400);
    assert!(a.health().contains(&"agreement".to_owned()));
    // Ids are random: whichever comes last, what waits for signatures does not hide it.
    let toml = draft(&a, &b, "province-federal", &[]);
    let mut waits = String::new();
    for _ in 0..4 {
        waits = propose(&a, &b, &toml).agreement.id;
        assert!(a.health().contains(&"agreement".to_owned()));
    }
    sync(&a, &b);
    sign(&b, &waits);
    sync(&a, &b);
    assert!(a.health().contains(&"agreement".to_owned()));
    sign(&a, &waits);
    assert!(!a.health().contains(&"agreement".to_owned()));
}

#[test]
fn the_next_version_is_drafted_from_the_one_in_force_and_waits_for_the_other_side() {
    let (a, b, id) = in_force();
    let ask = |edits: &[(&str, &str)]| AgreementDraftAsk {
        template: String::new(),
        partner: b.id().to_string(),
        edits: edits.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        amends: Some(id.clone()),
    };
    let drafted = |edits: &[(&str, &str)]| {
        agreements::draft(&a.desk, &staff(), ask(edits), &silent()).unwrap()
    };
    let as_it_is = drafted(&[]);
    assert!(as_it_is.missing.is_empty(), "{:?}", as_it_is.missing);
    assert_eq!(as_it_is.settings["we_send.min_group_persons"], "5");
    assert_eq!(as_it_is.settings["purposes"], "[\"statistics\"]");
    // A list stands on several lines here, and is one value all the same.
    let told = drafted(&[("purposes", "[\"statistics\", \"audit\"]"), ("at_end", "keep")]);
    assert!(told.missing.is_empty(), "{:?}", told.missing);
    assert!(told.clauses.iter().any(|it| it.clause == "§2.3" && it.text.en.contains("Audit")));
    let toml = told.toml;

    let amend = |toml: &str| {
        let toml = toml.to_owned();
        let ask = AgreementAmendAsk { agreement: format!("{id}@1"), toml, dry_run: false };
        agreements::amend(&a.desk, &staff(), ask, &silent())
    };
    assert_eq!(amend(&toml).unwrap().agreement.version, 2);
    assert_eq!(amend(&toml).unwrap_err().code, "ENT-1304");
    sync(&a, &b);
    assert_eq!((b.partner(&a).next_actor, b.partner(&a).next_step), (Who::Us, Step::Sign));

    // After a no the number is used up, and there can be another version.
    let no = AgreementDeclineAsk { agreement: format!("{id}@2"), reason: None };
    agreements::decline(&b.desk, &staff(), no, &silent()).unwrap();
    sync(&a, &b);
    assert_ne!(b.partner(&a).next_step, Step::Sign);
    assert_eq!(amend(&toml).unwrap().agreement.version, 3);
    sync(&a, &b);
    sign(&b, &id);
    sync(&a, &b);
    sign(&a, &id);
    sync(&a, &b);
    for site in [&a, &b] {
        let kept = site.node().agreements().unwrap();
        let states: Vec<_> = kept.iter().map(|kept| kept.state.code()).collect();
        assert_eq!(states, ["amended", "ended", "active"]);
    }
}

#[test]
fn a_dry_run_proposes_nothing_and_a_retracted_proposal_is_over_on_both_sides() {
    let (a, b) = partners();
    let toml = draft(&a, &b, "counts-only", &[]);
    let ask = AgreementProposeAsk { partner: "Centre".into(), toml: toml.clone(), dry_run: true };
    let told = agreements::propose(&a.desk, &staff(), ask, &silent()).unwrap();
    assert!(!told.done && told.agreement.state == AgreementStanding::Draft);
    assert!(a.node().agreements().unwrap().is_empty());

    let id = propose(&a, &b, &toml).agreement.id;
    sync(&a, &b);
    let ask = AgreementDeclineAsk { agreement: id, reason: None };
    agreements::decline(&a.desk, &staff(), ask, &silent()).unwrap();
    sync(&a, &b);
    for site in [&a, &b] {
        assert_eq!(site.node().agreements().unwrap()[0].state.code(), "ended");
        assert_eq!(site.n(Action::AgreementDeclined), 1);
    }
}

#[test]
fn explaining_and_accounting_say_the_same_as_what_went_out() {
    let (a, b, id) = in_force();
    let records = release(&a, &b, 12);
    assert_eq!(b.node().n_held(), 12);
    let record = hex::encode(records[0].0);

    let ask = AgreementExplainAsk { record: record.clone(), partner: "Centre".into(), group: true };
    let explained = agreements::explain(&a.desk, &staff(), ask, &silent()).unwrap();
    assert_eq!(explained.decision, Decision::Refuse);
    assert_eq!(explained.reasons[0].code, "already_released");
    assert!(explained.already_shared.is_some());
    assert_eq!(explained.min_group, 5);

    a.node().read_record(staff().actor(), &records[0], Vec::new()).unwrap();
    let ask = AuditDisclosuresAsk { record };
    let told = audit::disclosures(&a.desk, &staff(), ask.clone(), &silent()).unwrap();
    assert_eq!((told.disclosures.len(), told.readings), (1, 1));
    let before = &told.disclosures[0];
    assert_eq!((before.agreement.as_str(), before.purpose.as_str()), (id.as_str(), "statistics"));
    assert!(before.clause.as_ref().is_some_and(|clause| clause.starts_with('§')));
    assert!(before.fields.iter().any(|field| field.field == "period"));

    // Taken back, the statement is destroyed; the account of it still says what it said.
    a.node().withdraw_consent(staff().actor(), &records[0], None).unwrap();
    sync(&a, &b);
    assert_eq!(b.node().n_held(), 11);
    let told = audit::disclosures(&a.desk, &staff(), ask, &silent()).unwrap();
    let after = &told.disclosures[0];
    assert_eq!(after.fields, before.fields);
    assert!(after.withdrawn_at.is_some() && after.receipt_at.is_some());
}

#[test]
fn an_end_destroys_what_either_side_holds_and_one_receipt_answers_for_all() {
    let (a, b, id) = in_force();
    release(&a, &b, 12);
    // The receiver ends it: what it holds of theirs is gone at once, and it says so.
    let ask = AgreementEndAsk { agreement: id, reason: None, dry_run: false };
    let told = agreements::end(&b.desk, &staff(), ask, &silent()).unwrap();
    assert_eq!(told.agreement.state, AgreementStanding::Ended);
    assert_eq!(b.node().n_held(), 0);
    sync(&a, &b);
    let standing = a.node().standing(&b.id()).unwrap();
    assert_eq!((standing.n_released, standing.n_withdrawn, standing.n_receipts), (0, 12, 12));
    a.clock.advance(30 * 24 * 3600);
    assert_eq!(a.node().standing(&b.id()).unwrap().n_overdue, 0);
    assert!(a.show(&b).receipts_due.is_empty());
}

#[test]
fn the_sender_ends_it_and_gets_the_receipt_of_the_other_side() {
    let (a, b, id) = in_force();
    release(&a, &b, 12);
    let ask = AgreementEndAsk { agreement: id, reason: None, dry_run: false };
    let told = agreements::end(&a.desk, &staff(), ask, &silent()).unwrap();
    assert_eq!(told.receipts_expected, 1);
    assert_eq!(a.node().standing(&b.id()).unwrap().n_withdrawn, 12);
    assert_eq!(a.show(&b).receipts_due.len(), 12);
    sync(&a, &b);
    assert_eq!(b.node().n_held(), 0);
    assert!(a.show(&b).receipts_due.is_empty());
    assert_eq!(b.n(Action::SummaryShredded), 1);
}

fn everything() -> AuditListAsk {
    serde_json::from_str("{}").unwrap()
}

#[test]
fn the_audit_log_is_narrowed_by_who_and_when_and_one_entry_can_be_checked_by_hand() {
    let (a, _) = partners();
    let n = |ask: AuditListAsk| {
        audit::list(&a.desk, &staff(), ask, &silent()).map(|told| told.entries.len())
    };
    let by = |name: &str| AuditListAsk { actor: Some(name.into()), ..everything() };
    let all = n(everything()).unwrap();
    let (node, ines) = (n(by("node")).unwrap(), n(by(" INES")).unwrap());
    assert!(node > 0 && ines > 0 && n(by("zoe")).unwrap() == 0, "{all} {node} {ines}");
    let on = |from: &str, until: &str| AuditListAsk {
        from: Some(from.into()),
        until: Some(until.into()),
        ..everything()
    };
    assert!(n(on("2026-11-22", "2026-11-22")).unwrap() >= all);
    assert_eq!(n(on("2026-11-23", "2026-12-31")), Ok(0));
    assert_eq!(n(on("2026-01-01", "2026-11-21")), Ok(0));
    assert_eq!(n(on("yesterday", "2026-11-21")).unwrap_err().code, "ENT-2791");
    let but = |name: &str| AuditListAsk { except: Some(name.into()), ..everything() };
    let told = audit::list(&a.desk, &staff(), but("audit_read"), &silent()).unwrap();
    assert!(!told.entries.is_empty() && told.length > told.entries.len() as u64);
    assert!(told.entries.iter().all(|entry| entry.action != "audit_read"));
    assert_eq!(n(but("something_else")).unwrap_err().code, "ENT-1802");

    let show = |sequence| {
        audit::show(&a.desk, &staff(), AuditShowAsk { sequence }, &silent()).map_err(|it| it.code)
    };
    let told = show(1).unwrap();
    assert_eq!((told.entry.sequence, told.entry.action.as_str()), (1, "node_started"));
    let leaf = hex::decode(&told.leaf).unwrap();
    assert_eq!(hex::encode(entente_core::merkle::leaf_hash(&leaf).0), told.hash);
    assert!(told.length > 1 && told.root.len() == 64);
    assert_eq!(show(0), Err("ENT-2790".to_owned()));
    assert_eq!(show(1_000_000), Err("ENT-2790".to_owned()));
}

#[test]
fn the_audit_log_is_listed_from_the_newest_and_can_be_checked_from_its_export() {
    let (a, b) = partners();
    let ask = AuditListAsk {
        action: Some("partner_verified".into()),
        partner: Some("Centre".into()),
        limit: 1,
        ..everything()
    };
    let told = audit::list(&a.desk, &staff(), ask.clone(), &silent()).unwrap();
    assert_eq!(told.entries.len(), 1);
    let newest = told.entries[0].sequence;
    let older = AuditListAsk { before: Some(newest), ..ask };
    let told = audit::list(&a.desk, &staff(), older, &silent()).unwrap();
    assert!(told.entries[0].sequence < newest);
    assert_eq!(a.n(Action::AuditRead), 2);
    assert_eq!(b.n(Action::AuditRead), 0);

    let file = a.folder.path().join("audit.jsonl");
    let ask = AuditExportAsk { file: file.display().to_string() };
    let told = audit::export(&a.desk, &staff(), ask.clone(), &silent()).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(told.bytes, text.len() as u64);
    let mut tree = entente_core::merkle::Frontier::default();
    for line in text.lines().skip(1) {
        use base64::prelude::*;
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let leaf = BASE64_STANDARD.decode(line["leaf"].as_str().unwrap()).unwrap();
        tree.push(&leaf, &mut Vec::new());
    }
    assert_eq!(hex::encode(tree.root().0), told.root);
    assert_eq!(tree.size(), told.entries);
    // It is never written over.
    assert!(audit::export(&a.desk, &staff(), ask, &silent()).is_err());

    let table = a.folder.path().join("audit.csv");
    let ask = AuditExportAsk { file: table.display().to_string() };
    audit::export(&a.desk, &staff(), ask, &silent()).unwrap();
    let text = std::fs::read_to_string(&table).unwrap();
    assert_eq!(text.lines().count() as u64, a.node().audit_length().unwrap() + 1);
}

#[test]
fn a_backup_opens_with_the_passphrase_of_its_day() {
    let (a, _) = partners();
    let create = || store::backup_create(&a.desk, &staff(), BackupCreateAsk::default(), &silent());
    let first = create().unwrap().backup;
    let new = "five random words of mine";
    let ask = |old: &str| PassphraseAsk { old: Private(old.into()), new: Private(new.into()) };
    let wrong = store::passphrase(&a.desk, &staff(), ask("not the passphrase"), &silent());
    assert_eq!(wrong.unwrap_err().code, "ENT-1101");
    store::passphrase(&a.desk, &staff(), ask(PASSPHRASE), &silent()).unwrap();
    a.clock.advance(60);
    let second = create().unwrap().backup;
    let opens = |file: &str, passphrase: &str| {
        let file = std::path::Path::new(file);
        entente_store::backup::verify(file, passphrase, &mut |_, _| {}).is_ok()
    };
    assert!(opens(&first.file, PASSPHRASE) && !opens(&first.file, new));
    assert!(opens(&second.file, new) && !opens(&second.file, PASSPHRASE));
    let listed = store::backup_list(&a.desk, &staff(), BackupListAsk {}, &silent()).unwrap();
    assert_eq!(listed.backups, [second.clone(), first]);
    assert!(listed.backups.iter().all(|backup| backup.verified));
    // One that is not what was read back then is not called verified.
    std::fs::write(&second.file, "cut off").unwrap();
    let listed = store::backup_list(&a.desk, &staff(), BackupListAsk {}, &silent()).unwrap();
    let verified: Vec<_> = listed.backups.iter().map(|backup| backup.verified).collect();
    assert_eq!(verified, [false, true]);
    assert_eq!((a.n(Action::BackupMade), a.n(Action::KeysChanged)), (2, 1));
}

#[test]
fn a_drill_opens_a_backup_beside_the_node_and_leaves_nothing_of_it() {
    let (a, b, _) = in_force();
    release(&a, &b, 12);
    let drill = |file: Option<String>, words: &str| {
        let ask = BackupDrillAsk { file, passphrase: Private(words.into()) };
        drill::backup_drill(&a.desk, &staff(), ask, &silent()).map_err(|fault| fault.code)
    };
    assert_eq!(drill(None, PASSPHRASE).unwrap_err(), "ENT-2796");
    let made =
        store::backup_create(&a.desk, &staff(), BackupCreateAsk::default(), &silent()).unwrap();
    let told = drill(None, PASSPHRASE).unwrap();
    assert_eq!((told.backup.file.as_str(), told.records), (made.backup.file.as_str(), 12));
    assert!(told.rows > 12 && told.audit_entries > 12 && told.records_now == 12, "{told:?}");
    assert_eq!(drill(None, "other words than these").unwrap_err(), "ENT-1101");
    assert_eq!(drill(Some("/etc/passwd".into()), PASSPHRASE).unwrap_err(), "ENT-2796");
    let bytes = std::fs::read(&made.backup.file).unwrap();
    std::fs::write(&made.backup.file, &bytes[..bytes.len() - 9]).unwrap();
    assert_eq!(drill(None, PASSPHRASE).unwrap_err(), "ENT-2795");
    assert!(!a.folder.path().join("drill").exists());
    // Each try is in the log, those that failed too.
    assert_eq!(a.n(Action::BackupDrilled), 3);
}

#[test]
fn status_says_what_needs_attention_and_stopping_stops() {
    let (a, _) = partners();
    assert!(a.health().contains(&"backup".to_owned()));
    store::backup_create(&a.desk, &staff(), BackupCreateAsk::default(), &silent()).unwrap();
    assert!(!a.health().contains(&"backup".to_owned()));
    a.clock.advance(3 * 24 * 3600);
    assert!(a.health().contains(&"backup".to_owned()));

    let told = status::status(&a.desk, &staff(), StatusAsk {}, &silent()).unwrap();
    assert_eq!(told.open_epoch, "2026-Q4");
    assert_eq!(told.partners.len(), 1);
    assert!(!a.desk.stop.is_cancelled());
    status::node_stop(&a.desk, &staff(), NodeStopAsk {}, &silent()).unwrap();
    assert!(a.desk.stop.is_cancelled());
}

#[tokio::test]
async fn the_doctor_names_a_next_step_for_everything_that_is_not_well() {
    let (a, _) = partners();
    let told = status::doctor(Arc::clone(&a.desk), staff(), DoctorAsk {}, silent()).await.unwrap();
    let codes: Vec<_> = told.checks.iter().map(|check| check.code.as_str()).collect();
    for code in ["store", "disk", "backup", "certificate", "clock", "audit", "partner"] {
        assert!(codes.contains(&code), "{code}");
    }
    for check in &told.checks {
        assert_eq!(check.wellness == Wellness::Good, check.next.is_none(), "{check:?}");
    }
}

#[test]
fn an_actor_is_shown_by_the_name_of_the_partner() {
    let (a, b) = partners();
    let mut seen = Vec::new();
    a.node()
        .audit_entries(0, &mut |_, entry| {
            seen.push(entry.actor);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert!(seen.contains(&Actor::Partner(b.id())));
    let ask = everything();
    let told = audit::list(&a.desk, &staff(), ask, &silent()).unwrap();
    let short = format!("{}", b.id().short());
    let theirs = told.entries.iter().find(|row| row.actor == short);
    assert!(theirs.unwrap().partner.is_some());
    assert!(told.entries.iter().any(|row| row.actor == "ines"));
}
