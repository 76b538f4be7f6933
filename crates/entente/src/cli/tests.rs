//! The command line as a whole: every command in both languages, and every operation reached.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Command;
use entente_core::lang::Lang;
use entente_node::local::Op;
use entente_node::local::doc::PlanSignAsk;
use serde_json::json;

use super::ask::{Question, question};
use super::flow::leaf;
use super::tree;

#[test]
fn what_is_signed_is_what_was_shown() {
    let ask = |plan: Option<&str>, toml: Option<&str>| {
        let (plan, toml) = (plan.map(str::to_owned), toml.map(str::to_owned));
        Question::new(&PlanSignAsk { plan, toml, dry_run: false })
    };
    let told = json!({"plan": {"id": "ab12"}});
    assert_eq!(ask(Some("canada"), None).as_shown(&told), ask(Some("ab12"), None));
    let draft = ask(None, Some("name = \"canada\""));
    assert_eq!(draft.as_shown(&told), draft);
}

/// Every command with something that can be typed for it, and the operation behind it.
const LINES: &[(&str, Option<Op>)] = &[
    ("status", Some(Op::Status)),
    ("inbox", Some(Op::Inbox)),
    ("inbox --watch", Some(Op::Inbox)),
    ("notify test", Some(Op::NotifyTest)),
    ("doctor", Some(Op::Doctor)),
    ("sync", Some(Op::Sync)),
    ("sync Harbour", Some(Op::Sync)),
    ("count --by province,quarter --where exploitation=forced_labour", Some(Op::Count)),
    ("count --own --by gender --period 2026-Q3", Some(Op::CountOwn)),
    ("node init --name-en A --name-fr B --kind ngo --listen 127.0.0.1:7443", None),
    ("node run --passphrase-file p", None),
    ("node stop", Some(Op::NodeStop)),
    ("node renew", None),
    // The one operation whose question is made after asking for secrets.
    ("node passphrase", None),
    ("partner invite Harbour --expires 7 --template ngo-province", Some(Op::PartnerInvite)),
    ("partner invite Harbour --contact Desk --telephone 204-555-0117", Some(Op::PartnerInvite)),
    ("partner open https://node.example/i#x --peek", Some(Op::PartnerOpen)),
    ("partner digits Harbour", Some(Op::PartnerDigits)),
    ("partner verify Harbour 123 456", Some(Op::PartnerVerify)),
    ("partner verify Harbour", None),
    ("partner test Harbour", Some(Op::PartnerTest)),
    ("partner list --state half_signed", Some(Op::PartnerList)),
    ("partner show Harbour", Some(Op::PartnerShow)),
    ("partner suspend Harbour --reason x", Some(Op::PartnerSuspend)),
    ("partner resume Harbour", Some(Op::PartnerResume)),
    ("partner end Harbour --dry-run", Some(Op::PartnerEnd)),
    ("partner decline Harbour", Some(Op::PartnerDecline)),
    ("partner feed Harbour --received --before 9", Some(Op::FeedList)),
    ("partner quarantine", Some(Op::QuarantineList)),
    ("partner release Harbour --reason x", Some(Op::QuarantineRelease)),
    (
        "agreement draft counts-only Harbour --set term.expires_on=2027-01-01",
        Some(Op::AgreementDraft),
    ),
    ("agreement propose /dev/null Harbour", Some(Op::AgreementPropose)),
    ("agreement list --state active", Some(Op::AgreementList)),
    ("agreement show 0190", Some(Op::AgreementShow)),
    ("agreement diff 0190 --against 0180", Some(Op::AgreementDiff)),
    ("agreement sign 0190", Some(Op::AgreementSign)),
    ("agreement decline 0190", Some(Op::AgreementDecline)),
    ("agreement amend 0190 /dev/null", Some(Op::AgreementAmend)),
    ("agreement suspend 0190", Some(Op::AgreementSuspend)),
    ("agreement resume 0190", Some(Op::AgreementResume)),
    ("agreement end 0190", Some(Op::AgreementEnd)),
    ("agreement explain r Harbour", Some(Op::AgreementExplain)),
    ("record add exploitation=forced_labour", Some(Op::RecordAdd)),
    ("record add", None),
    ("record show r --reveal --version 2", Some(Op::RecordShow)),
    ("record list --where gender=woman --limit 5", Some(Op::RecordList)),
    ("record list --where majority=minor --no-consent", Some(Op::RecordList)),
    ("record search x", Some(Op::RecordSearch)),
    ("record search", None),
    ("record edit r risk=", Some(Op::RecordEdit)),
    ("record history r", Some(Op::RecordHistory)),
    ("record withdraw r", Some(Op::RecordWithdraw)),
    (
        "record import cases.csv --layout ctdc-2017 --consent stats --dry-run",
        Some(Op::RecordImport),
    ),
    ("record export out.csv --reveal", Some(Op::RecordExport)),
    ("record duplicates --score 90", Some(Op::RecordDuplicates)),
    ("record link a b --same", Some(Op::RecordLink)),
    ("record steward r Harbour", Some(Op::RecordSteward)),
    ("record steward r --none", Some(Op::RecordSteward)),
    ("record steward r --allows no", Some(Op::RecordSteward)),
    ("record steward r Harbour --allows yes", Some(Op::RecordSteward)),
    ("consent give r --scope stats,research --informed", Some(Op::ConsentGive)),
    ("consent give r --override court_order", Some(Op::ConsentGive)),
    ("consent withdraw r", Some(Op::ConsentWithdraw)),
    ("consent list r", Some(Op::ConsentList)),
    (
        "referral create r --need legal,emergency_housing --urgency 3h --safety do_not_call",
        Some(Op::ReferralCreate),
    ),
    ("referral offer a1b2 --to Harbour,Office", Some(Op::ReferralOffer)),
    ("referral offer a1b2 --matching --dry-run", Some(Op::ReferralOffer)),
    ("referral offer a1b2 --service Beds", Some(Op::ReferralOffer)),
    ("referral inbox --all", Some(Op::ReferralInbox)),
    ("referral accept a1b2", Some(Op::ReferralAccept)),
    ("referral decline a1b2 --barrier no_capacity", Some(Op::ReferralDecline)),
    ("referral start a1b2", Some(Op::ReferralStart)),
    ("referral close a1b2 --outcome provided", Some(Op::ReferralClose)),
    ("referral withdraw a1b2", Some(Op::ReferralWithdraw)),
    ("referral show a1b2", Some(Op::ReferralShow)),
    ("referral list --record r", Some(Op::ReferralList)),
    ("referral overdue", Some(Op::ReferralOverdue)),
    ("referral gaps --period 2026", Some(Op::ReferralGaps)),
    ("epoch close 2026-Q3", Some(Op::EpochClose)),
    ("epoch preview 2026-Q3 --partner Harbour", Some(Op::EpochPreview)),
    ("epoch list", Some(Op::EpochList)),
    ("held list --partner Harbour", Some(Op::HeldList)),
    ("held show 9f", Some(Op::HeldShow)),
    ("bundle export Harbour out.bundle --from 3", Some(Op::BundleExport)),
    ("bundle import in.bundle", Some(Op::BundleImport)),
    ("plan draft --asks us --contributes Harbour,Office", Some(Op::PlanDraft)),
    ("plan sign canada --dry-run", Some(Op::PlanSign)),
    ("plan show canada@1", Some(Op::PlanShow)),
    ("plan list", Some(Op::PlanList)),
    ("stats run canada --period 2025 --cube province", Some(Op::StatsRun)),
    ("stats status", Some(Op::StatsStatus)),
    ("stats show canada", Some(Op::StatsShow)),
    ("stats return canada 2025 --out canada-2025.return", Some(Op::StatsReturn)),
    ("stats returns", Some(Op::ReturnList)),
    ("stats verdict b5bb9d", Some(Op::ReturnShow)),
    ("stats publish b5bb9d", Some(Op::ReturnPublish)),
    ("stats unpublish b5bb9d", Some(Op::ReturnUnpublish)),
    (
        "stats overlap draft 2025 --helpers A,B --contributes Harbour=ngo,Police --size 300",
        Some(Op::OverlapDraft),
    ),
    ("stats overlap sign 8a88e3", Some(Op::OverlapSign)),
    ("stats overlap list", Some(Op::OverlapList)),
    ("stats overlap run 2025 --without Harbour", Some(Op::OverlapRun)),
    ("stats overlap show 2025", Some(Op::OverlapShow)),
    ("stats overlap end 2025", Some(Op::OverlapEnd)),
    (
        "service add --name A --interpreted es,ar --eligibility B --documents none --fees C --access wheelchair \
         --area canada --contact Roy --email a@b.ca",
        Some(Op::ServiceAdd),
    ),
    ("service import services.json --layout hsds-3.0 --dry-run", Some(Op::ServiceImport)),
    ("service add --name Beds --province MB --hidden --hours always", Some(Op::ServiceAdd)),
    ("service list --stale", Some(Op::ServiceList)),
    ("service show ac14", Some(Op::ServiceShow)),
    (
        "service search --need legal,medical --near -49.8951,-97.1384 --within 10 --open",
        Some(Op::ServiceSearch),
    ),
    ("service search --near 49.8951,-97.1384 --nearest", Some(Op::ServiceSearch)),
    ("service confirm Beds", Some(Op::ServiceConfirm)),
    ("service close Beds --for-good", Some(Op::ServiceClose)),
    ("service export out.json --for-partners", Some(Op::ServiceExport)),
    ("capacity set Beds 2 --for women,with_children --until 18:00", Some(Op::CapacitySet)),
    ("capacity show", Some(Op::CapacityShow)),
    ("sponsor add harbour.entente --fingerprint 1234", Some(Op::SponsorAdd)),
    ("sponsor add harbour.entente", None),
    ("sponsor take harbour.entente", Some(Op::SponsorTake)),
    ("sponsor list", Some(Op::SponsorList)),
    ("sponsor give Harbour --out receipt.entente", Some(Op::SponsorGive)),
    ("sponsor mail Harbour --out mail.entente", Some(Op::SponsorMail)),
    ("sponsored inbox f mail.entente", None),
    ("sponsored inbox f", None),
    ("sponsored accept f 3b6a --out answers.entente", None),
    ("sponsored decline f 3b6a --barrier no_capacity --out answers.entente", None),
    ("sponsored open f 3b6a --out answers.entente", None),
    ("sponsored serve f 3b6a --out answers.entente", None),
    ("sponsored close f 3b6a --outcome provided --out answers.entente", None),
    ("sponsored answers f --out answers.entente", None),
    ("sponsored refer f --need legal --scope referral_need --informed --out o", None),
    ("sponsored handover f 4f1d --from c.toml --fingerprint 1234 --out o", None),
    ("sponsored withdraw f 4f1d --out o", None),
    ("sponsored check f receipt.entente", None),
    ("sponsor end Harbour", Some(Op::SponsorEnd)),
    ("sponsored new f --name-en A --name-fr B --kind ngo --sponsor 3b6a", None),
    ("sponsored service f --name Beds --province MB --hidden", None),
    ("sponsored service f --remove Beds", None),
    ("sponsored sign f --out harbour.entente", None),
    ("sponsored rotate f --out harbour.entente", None),
    ("sponsored show f", None),
    ("budget", Some(Op::Budget)),
    ("verify canada-2025.return --trust 3b6a --format sdmx", None),
    ("audit list --action record_read", Some(Op::AuditList)),
    (
        "audit list --by lea --from 2026-11-01 --until 2026-11-22 --agreement 0190",
        Some(Op::AuditList),
    ),
    ("audit show 12", Some(Op::AuditShow)),
    ("audit verify", Some(Op::AuditVerify)),
    ("approvals list --decided", Some(Op::ApprovalList)),
    ("approvals approve 3f2a9c10", Some(Op::ApprovalApprove)),
    ("approvals refuse 3f2a9c10", Some(Op::ApprovalRefuse)),
    ("settings show", Some(Op::SettingsShow)),
    ("settings edit --name-fr Havre --kind ngo", Some(Op::SettingsEdit)),
    ("settings edit --role protection,prevention --languages fr,cr", Some(Op::SettingsEdit)),
    ("settings edit --mandate-en A --mandate-fr B", Some(Op::SettingsEdit)),
    ("audit disclosures r", Some(Op::AuditDisclosures)),
    ("audit export a.json", Some(Op::AuditExport)),
    ("backup create --folder /tmp", Some(Op::BackupCreate)),
    ("user add lea --role case_worker --role auditor", Some(Op::UserAdd)),
    ("user list", Some(Op::UserList)),
    ("user roles lea supervisor auditor", Some(Op::UserRoles)),
    ("user disable lea", Some(Op::UserDisable)),
    ("user enable lea", Some(Op::UserEnable)),
    ("user reset lea", Some(Op::UserReset)),
    ("user sign-out lea", Some(Op::UserSignOut)),
    ("console link", Some(Op::ConsoleLink)),
    ("backup list", Some(Op::BackupList)),
    ("backup verify b --passphrase-file p", None),
    ("backup drill b --passphrase-file p", None),
    ("backup restore b --config entente.toml", None),
    ("store size", Some(Op::StoreSize)),
    ("store migrate --to redb", None),
    ("store rekey", None),
    ("stats mse overlaps.csv --replications 500 --seed 2", None),
    ("opener add", None),
    ("opener add Alex --passphrase-file p", None),
    ("opener list", Some(Op::OpenerList)),
    ("opener remove Alex --dry-run", Some(Op::OpenerRemove)),
    ("opener rotate", Some(Op::OpenerRotate)),
    ("referral handover 4f1d --from contact.toml", None),
    ("referral open 4f1d --as Alex --passphrase-file p", None),
    ("demo --keep --seed 2 --records 700 --engine redb", None),
    ("demo --import f.csv --layout ctdc-2017", None),
    ("codes", None),
    ("codes exploitation", None),
    ("completion bash", None),
    ("man pages", None),
];

/// The question behind a line, and the names of its command.
fn typed(line: &str, lang: Lang) -> (String, Option<Question>) {
    let words = std::iter::once("entente").chain(line.split(' '));
    let matches = tree::root(lang).try_get_matches_from(words);
    let matches = matches.unwrap_or_else(|error| panic!("{line}: {error}"));
    let (path, typed) = leaf(&matches);
    let question = question(&path, typed).map(|question| question.unwrap());
    (path.join(" "), question)
}

/// Every command that does something, by its names.
fn leaves(command: &Command, path: &str, into: &mut BTreeSet<String>) {
    for inner in command.get_subcommands() {
        let path = format!("{path} {}", inner.get_name());
        if inner.has_subcommands() {
            leaves(inner, &path, into);
        } else {
            into.insert(path.trim().to_owned());
        }
    }
}

#[test]
fn the_comments_of_shipped_files_name_commands_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let mut known = BTreeSet::new();
    leaves(&tree::root(Lang::En), "", &mut known);
    let mut n_named = 0;
    for folder in ["", "agreements", "layouts", "plans"] {
        for file in fs::read_dir(root.join(folder)).unwrap() {
            let path = file.unwrap().path();
            let text = if path.is_file() { fs::read_to_string(&path).unwrap() } else { continue };
            // In backticks, or on a line of its own; elsewhere it is the French word.
            for after in text.split("`entente ").skip(1).chain(text.split("    entente ").skip(1)) {
                let words: Vec<_> = after.split([' ', '`', '\n']).take(2).collect();
                let is_known = known.contains(words[0]) || known.contains(&words.join(" "));
                assert!(is_known, "{}: entente {}", path.display(), words.join(" "));
                assert!(!after.lines().next().unwrap().contains("--draft"));
                n_named += 1;
            }
        }
    }
    assert!(n_named >= 4, "{n_named}");
}

#[test]
fn a_proposal_signs_nothing_and_does_not_say_so() {
    let all = [Lang::En, Lang::Fr].into_iter().flat_map(texts);
    let about: Vec<_> =
        all.filter(|(path, _)| path.ends_with("agreement propose")).map(|(_, it)| it).collect();
    assert!(about.iter().any(|it| it.contains("nothing is signed")), "{about:?}");
    assert!(about.iter().any(|it| it.contains("rien n’est encore signé")), "{about:?}");
}

#[test]
fn a_stewards_answer_is_yes_or_no_and_nobodys_answer_is_none() {
    for rest in ["", " --allows perhaps", " --none --allows yes", " Harbour --none"] {
        let line = format!("entente record steward r{rest}");
        assert!(tree::root(Lang::En).try_get_matches_from(line.split(' ')).is_err(), "{line}");
    }
    assert!(allows_of("record steward r --allows yes") == Some(true));
    assert!(allows_of("record steward r --allows no") == Some(false));
    assert!(allows_of("record steward r Harbour").is_none());
}

fn allows_of(line: &str) -> Option<bool> {
    let (_, question) = typed(line, Lang::Fr);
    question.unwrap().body["allows"].as_bool()
}

#[test]
fn every_command_is_parsed_in_both_languages_to_the_same_question() {
    let mut seen = BTreeSet::new();
    for (line, op) in LINES {
        let (path, english) = typed(line, Lang::En);
        let (_, french) = typed(line, Lang::Fr);
        assert_eq!(english, french, "{line}");
        assert_eq!(english.map(|question| question.op), *op, "{line}");
        seen.insert(path);
    }
    let mut all = BTreeSet::new();
    leaves(&tree::root(Lang::En), "", &mut all);
    assert_eq!(seen, all);
}

#[test]
fn every_operation_has_a_command() {
    let mut reached: BTreeSet<Op> = LINES.iter().filter_map(|(_, op)| *op).collect();
    reached.extend([
        Op::Passphrase,
        Op::BackupDrill,
        Op::OpenerAdd,
        Op::ReferralHandover,
        Op::ReferralOpen,
    ]);
    assert_eq!(reached, Op::ALL.iter().copied().collect());
}

#[test]
fn a_question_is_one_that_the_node_accepts() {
    use entente_node::local::doc::*;
    let (_, question) = typed("record list --where gender=woman --limit 5", Lang::Fr);
    let ask: RecordListAsk = serde_json::from_value(question.unwrap().body).unwrap();
    assert_eq!((ask.filter["gender"].as_str(), ask.limit), ("woman", 5));

    let (_, question) = typed("partner verify Harbour 123 456", Lang::En);
    let ask: PartnerVerifyAsk = serde_json::from_value(question.unwrap().body).unwrap();
    assert_eq!(ask.digits, "123456");

    let (_, question) = typed("partner list --state half_signed", Lang::En);
    let ask: PartnerListAsk = serde_json::from_value(question.unwrap().body).unwrap();
    assert_eq!(ask.state, Some(PartnerState::HalfSigned));

    let (_, question) = typed("record import cases.csv", Lang::En);
    let ask: RecordImportAsk = serde_json::from_value(question.unwrap().body).unwrap();
    assert!(ask.file.starts_with('/'), "the node may run in another folder");
}

/// Visits a command and all below it.
fn walk(command: &Command, path: &str, visit: &mut impl FnMut(&Command, &str)) {
    visit(command, path);
    for inner in command.get_subcommands() {
        walk(inner, &format!("{path} {}", inner.get_name()), visit);
    }
}

/// The help of every command and option, by place.
fn texts(lang: Lang) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    walk(&tree::root(lang), "entente", &mut |command, path| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        texts.push((path.to_owned(), about));
        for arg in command.get_arguments() {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            texts.push((format!("{path} {}", arg.get_id()), help));
        }
    });
    texts
}

#[test]
fn every_command_and_option_has_help_in_both_languages() {
    let (english, french) = (texts(Lang::En), texts(Lang::Fr));
    assert_eq!(english.len(), french.len());
    let mut same = BTreeSet::new();
    for ((place, en), (_, fr)) in english.iter().zip(&french) {
        assert!(!en.is_empty() && !fr.is_empty(), "{place} has no help");
        if en == fr {
            same.insert(en.as_str());
        }
    }
    // Lists of names are the same in both languages; sentences are not.
    let names = BTreeSet::from([
        "bash, elvish, fish, powershell, zsh",
        "province-federal, ngo-province, counts-only",
    ]);
    assert_eq!(same, names);
}

#[test]
fn no_help_page_has_a_word_of_the_other_language() {
    let mut root = tree::root(Lang::Fr);
    root.build();
    walk(&root, "entente", &mut |command, path| {
        let mut command = command.clone();
        let page = command.render_help().to_string();
        for word in ["Usage", "Options:", "Arguments:", "Commands:", "possible values", "[default"]
        {
            assert!(!page.contains(word), "{path}: {word}\n{page}");
        }
        assert!(page.contains("Utilisation\u{a0}:"), "{path}\n{page}");
    });
}

#[test]
fn french_has_a_space_that_does_not_break_before_its_colons() {
    for (place, text) in texts(Lang::Fr) {
        assert!(!text.contains(" :"), "{place}: {text}");
    }
}

#[test]
fn the_first_page_is_grouped_by_task() {
    let page = tree::root(Lang::En).render_help().to_string();
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is missing:\n{page}"));
    assert!(at("Every day") < at("Partners\n"));
    assert!(at("  record ") < at("Partners\n"));
    assert!(at("Partners\n") < at("Administration"));
    for command in tree::root(Lang::En).get_subcommands() {
        at(&format!("\n  {} ", command.get_name()));
    }
    let french = tree::root(Lang::Fr).render_help().to_string();
    assert!(french.contains("Tous les jours") && french.contains("Utilisation\u{a0}: entente"));
    assert!(page.lines().chain(french.lines()).all(|line| line.chars().count() <= 100));
}

#[test]
fn common_options_may_stand_before_or_after_the_command() {
    for line in ["entente --json -q --home /x status", "entente status --home /x --json -q"] {
        let matches = tree::root(Lang::En).try_get_matches_from(line.split(' ')).unwrap();
        let (_, typed) = leaf(&matches);
        let desk = super::desk::Desk::new(Lang::En, typed);
        assert!(desk.json && desk.quiet && !desk.yes, "{line}");
        assert_eq!(desk.socket(), std::path::Path::new("/x/entente.sock"));
    }
}

#[test]
fn whoever_names_the_door_for_staff_goes_there_and_not_to_the_folder() {
    let line = ["entente", "--home", "/x", "status", "--socket", "/run/entente/staff.sock"];
    let matches = tree::root(Lang::En).try_get_matches_from(line).unwrap();
    let desk = super::desk::Desk::new(Lang::En, leaf(&matches).1);
    assert_eq!(desk.socket(), std::path::Path::new("/run/entente/staff.sock"));
}

#[test]
fn the_tree_is_sound() {
    tree::root(Lang::En).debug_assert();
    tree::root(Lang::Fr).debug_assert();
}

/// The texts in a folder of the repository: sources, manuals, examples.
fn texts_in(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            texts_in(&path, found);
        } else if [".rs", ".md", ".toml"].iter().any(|ending| name.ends_with(ending)) {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Whether a command that is named somewhere is one: its first two words, without options.
fn is_command(root: &Command, named: &str) -> bool {
    let mut words = named.split_whitespace();
    let first = loop {
        match words.next() {
            Some("--home" | "--lang") => drop(words.next()),
            Some(option) if option.starts_with('-') => {}
            // A word of a sentence, a place for one, or nothing.
            Some(word) if word.bytes().all(|byte| byte.is_ascii_lowercase()) => break word,
            _ => return true,
        }
    };
    let Some(command) = root.find_subcommand(first) else { return false };
    let second = words.next().filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
    !command.has_subcommands() || second.is_none_or(|it| command.find_subcommand(it).is_some())
}

#[test]
fn every_command_that_a_text_names_is_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut found, root) = (Vec::new(), tree::root(Lang::En));
    for folder in ["crates/entente/src", "crates/entente-node/src", "docs", "config", "deploy"] {
        texts_in(&top.join(folder), &mut found);
    }
    for readme in ["README.md", "README.fr.md"] {
        found.push((readme.to_owned(), fs::read_to_string(top.join(readme)).unwrap()));
    }
    // Its tests mistype commands on purpose.
    found.retain(|(path, _)| !path.ends_with("usage.rs"));
    let (mut n_named, mut unknown) = (0, Vec::new());
    for (path, text) in &found {
        for begun in ["`entente ", "\"entente "] {
            for rest in text.split(begun).skip(1) {
                let named = rest.split(['`', '"', '{', '\\', ';']).next().unwrap_or_default();
                n_named += 1;
                if !is_command(&root, named) {
                    unknown.push(format!("{path}: entente {named}"));
                }
            }
        }
    }
    assert!(n_named > 200, "{n_named}");
    assert!(unknown.is_empty(), "{unknown:#?}");
}
