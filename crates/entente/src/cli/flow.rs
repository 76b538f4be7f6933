//! What happens between a command and its answer, where that is more than one question.
//!
//! Consequences are shown before they happen, digits and passphrases are asked for, files are
//! written on this side. Where nobody sits at the terminal nothing is asked: the command says
//! which option to give.

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ask::{Question, Typed, question};
use super::desk::Desk;
use super::{End, call, faults, handover, offline, prompt, sponsors, watch};
use crate::render;

type Done = Result<End, Box<Fault>>;

/// Does what was typed.
pub(crate) fn run(desk: &Desk, matches: &ArgMatches) -> Done {
    let (path, typed) = leaf(matches);
    if let Some(done) = offline::run(desk, &path, typed) {
        return done;
    }
    let names = Typed(typed);
    match path.as_slice() {
        ["partner", "verify"] if names.many("digits").is_empty() => {
            return verify(desk, &names.text("partner"));
        }
        ["inbox"] if names.flag("watch") => return watch::inbox(desk),
        ["record", "add"] => {
            if let Some(question) = question(&path, typed) {
                return plain(desk, &question?);
            }
            return add_record(desk);
        }
        ["record", "search"] if names.maybe("text").is_none() => return search(desk, &names),
        ["backup", "drill"] => return drill(desk, &names),
        _ => {}
    }
    if let Some(question) = sponsors::question(desk, &path, &names) {
        return plain(desk, &question?);
    }
    if let Some(question) = handover::question(desk, &path, &names) {
        return plain(desk, &question?);
    }
    let Some(question) = question(&path, typed) else {
        return Err(faults::not_understood());
    };
    let question = question?;
    match question.op {
        Op::PartnerInvite => invite(desk, &question, names.raw_path("out")),
        Op::PartnerOpen if !names.flag("peek") => open(desk, question),
        Op::AgreementDraft => draft(desk, &question, names.raw_path("out")),
        Op::AgreementShow if names.flag("toml") => show_toml(desk, &question),
        Op::AgreementSign => sign(desk, &question),
        // Then it is kept here, and sent: there is no file.
        Op::PlanDraft | Op::OverlapDraft if names.flag("propose") => plain(desk, &question),
        Op::PlanDraft => plan_draft(desk, &question, names.raw_path("out")),
        Op::PlanSign | Op::OverlapSign => sign_after_reading(desk, &question),
        Op::ApprovalApprove => approve(desk, &question),
        Op::OverlapDraft => overlap_draft(desk, &question, names.raw_path("out")),
        Op::OverlapShow => {
            let (table, signed) = (names.raw_path("out"), names.raw_path("signed"));
            overlap_show(desk, &question, table, signed)
        }
        Op::PartnerSuspend
        | Op::PartnerEnd
        | Op::AgreementSuspend
        | Op::AgreementEnd
        | Op::OpenerRemove
        | Op::RecordWithdraw
        | Op::ConsentWithdraw => with_consequences(desk, &question),
        _ => plain(desk, &question),
    }
}

/// The names of the command and its subcommands, and what was typed for the last of them.
pub(super) fn leaf(matches: &ArgMatches) -> (Vec<&str>, &ArgMatches) {
    let mut path = Vec::new();
    let mut matches = matches;
    while let Some((name, inner)) = matches.subcommand() {
        path.push(name);
        matches = inner;
    }
    (path, matches)
}

/// One question, one answer.
fn plain(desk: &Desk, question: &Question) -> Done {
    let told = call::ask(desk, question)?;
    let end = verdict(question.op, &told);
    tell(desk, question.op, told)?;
    Ok(end)
}

/// Prints an answer: the document as it is, or a page.
fn tell(desk: &Desk, op: Op, told: Value) -> Result<(), Box<Fault>> {
    let text = if desk.json {
        told.to_string()
    } else {
        render::told(op, told, desk.view()).map_err(|_| faults::not_understood())?
    };
    desk.print(&text);
    Ok(())
}

/// An answer can be given and still be a no; scripts look at the exit code.
fn verdict(op: Op, told: &Value) -> End {
    let is_bad = |checks: &str| {
        let checks = told.get(checks).and_then(Value::as_array);
        checks.is_some_and(|checks| {
            checks.iter().any(|check| check.get("wellness") == Some(&Value::from("bad")))
        })
    };
    let is_false = |key: &str| told.get(key) == Some(&Value::Bool(false));
    let faulty = match op {
        Op::Doctor => is_bad("checks"),
        Op::PartnerTest => is_bad("steps"),
        Op::NotifyTest => is_untaken(told),
        Op::PartnerVerify => is_false("matched"),
        Op::AuditVerify => is_false("whole"),
        _ => false,
    };
    if faulty { End::Faulty } else { End::Done }
}

fn is_untaken(told: &Value) -> bool {
    let ways = told.get("ways").and_then(Value::as_array);
    ways.is_some_and(|ways| ways.iter().any(|it| it.get("taken") == Some(&Value::Bool(false))))
}

fn typed_answer<T: DeserializeOwned>(told: &Value) -> Result<T, Box<Fault>> {
    serde_json::from_value(told.clone()).map_err(|_| faults::not_understood())
}

/// Shows what would happen, asks, does it.
fn with_consequences(desk: &Desk, question: &Question) -> Done {
    let dry = question.dry().filter(|_| !question.is_dry() && !desk.yes);
    if let Some(dry) = dry {
        if !desk.attended {
            return Err(faults::unconfirmed());
        }
        let told = call::ask(desk, &dry)?;
        tell(desk, question.op, told)?;
        prompt::confirm(desk, "Do this?", "Le faire?")?;
    }
    plain(desk, question)
}

/// Says what the partner could newly see, asks, signs.
fn sign(desk: &Desk, question: &Question) -> Done {
    if desk.attended && !desk.yes {
        let agreement = question.body.get("agreement").and_then(Value::as_str).map(str::to_owned);
        let diff = Question::new(&AgreementDiffAsk { agreement, toml: None, against: None });
        let told = call::ask(desk, &diff)?;
        tell(desk, Op::AgreementDiff, told)?;
        prompt::confirm(
            desk,
            "Sign this in the name of your organization?",
            "Signer au nom de votre organisme?",
        )?;
    }
    plain(desk, question)
}

/// Asks whether to approve; what it is about, the list has shown.
fn approve(desk: &Desk, question: &Question) -> Done {
    if desk.attended && !desk.yes {
        let told = call::ask(desk, &Question::new(&ApprovalListAsk { decided: false }))?;
        tell(desk, Op::ApprovalList, told)?;
        prompt::confirm(
            desk,
            "Approve it? It happens at once, in both your names.",
            "L’approuver? Elle s’exécute aussitôt, en vos deux noms.",
        )?;
    }
    plain(desk, question)
}

/// Asks for the passphrase, since that is what a drill is about.
fn drill(desk: &Desk, names: &Typed<'_>) -> Done {
    let passphrase = crate::setup::known_secret(desk, names)?;
    let passphrase = Private(passphrase.to_string());
    plain(desk, &Question::new(&BackupDrillAsk { file: names.path("file"), passphrase }))
}

/// Shows what a plan promises and costs, asks, signs.
fn sign_after_reading(desk: &Desk, question: &Question) -> Done {
    let dry = question.dry().filter(|_| !question.is_dry() && desk.attended && !desk.yes);
    let Some(dry) = dry else { return plain(desk, question) };
    let told = call::ask(desk, &dry)?;
    let meant = question.as_shown(&told);
    tell(desk, question.op, told)?;
    prompt::confirm(
        desk,
        "Sign this in the name of your organization?",
        "Signer au nom de votre organisme?",
    )?;
    plain(desk, &meant)
}

/// Writes the draft of a plan into a file, or prints nothing but the draft.
fn plan_draft(desk: &Desk, question: &Question, out: Option<PathBuf>) -> Done {
    let toml = |draft: PlanDraftTold| draft.toml;
    draft_into(desk, question, out, toml, "entente plan sign")
}

/// The same for an overlap round.
fn overlap_draft(desk: &Desk, question: &Question, out: Option<PathBuf>) -> Done {
    let toml = |draft: OverlapDraftTold| draft.toml;
    draft_into(desk, question, out, toml, "entente stats overlap sign")
}

fn draft_into<T: DeserializeOwned>(
    desk: &Desk,
    question: &Question,
    out: Option<PathBuf>,
    toml: fn(T) -> String,
    next: &str,
) -> Done {
    if let Some(file) = out.as_ref().filter(|file| file.exists()) {
        return Err(faults::exists(file));
    }
    let told = call::ask(desk, question)?;
    let toml = toml(typed_answer(&told)?);
    if let Some(file) = &out {
        write_new(file, &toml)?;
    }
    match (&out, desk.json) {
        (_, true) => desk.print(&told.to_string()),
        (None, false) => desk.print(toml.trim_end()),
        (Some(file), false) => {
            let file = file.display();
            desk.print(&match desk.lang.code() {
                "fr" => format!("Ébauche écrite\u{a0}: {file}\n→ {next} {file}"),
                _ => format!("Draft written: {file}\n→ {next} {file}"),
            });
        }
    }
    Ok(End::Done)
}

/// Shows a round, or writes what was counted into files: the table, and the signed result.
fn overlap_show(
    desk: &Desk,
    question: &Question,
    table: Option<PathBuf>,
    signed: Option<PathBuf>,
) -> Done {
    if table.is_none() && signed.is_none() {
        return plain(desk, question);
    }
    if let Some(file) = table.iter().chain(&signed).find(|file| file.exists()) {
        return Err(faults::exists(file));
    }
    let told = call::ask(desk, question)?;
    let round: OverlapTold = typed_answer(&told)?;
    let Some(counted) = round.counted else { return Err(faults::not_counted()) };
    let mut lines = Vec::new();
    if let Some(file) = &table {
        write_new(file, &counted.csv)?;
        let file = file.display();
        lines.push(match desk.lang.code() {
            "fr" => format!("Tableau écrit\u{a0}: {file}\n→ entente stats mse {file}"),
            _ => format!("Table written: {file}\n→ entente stats mse {file}"),
        });
    }
    if let Some(file) = &signed {
        let bytes = round.signed.and_then(|text| hex::decode(text).ok());
        write_new_bytes(file, &bytes.ok_or_else(faults::not_counted)?)?;
        let file = file.display();
        lines.push(match desk.lang.code() {
            "fr" => format!("Résultat signé écrit\u{a0}: {file}\n→ entente verify {file}"),
            _ => format!("Signed result written: {file}\n→ entente verify {file}"),
        });
    }
    match desk.json {
        true => desk.print(&told.to_string()),
        false => desk.print(&lines.join("\n")),
    }
    Ok(End::Done)
}

/// Makes an invitation, writes its file, draws its code.
fn invite(desk: &Desk, question: &Question, out: Option<PathBuf>) -> Done {
    let name = question.body.get("for_name").and_then(Value::as_str).unwrap_or_default();
    let file = out.unwrap_or_else(|| PathBuf::from(format!("{}.entente", slug(name))));
    // Before the invitation is made: one that was never written down would lie about for days.
    if file.exists() {
        return Err(faults::exists(&file));
    }
    let told = call::ask(desk, question)?;
    let invitation: PartnerInviteTold = typed_answer(&told)?;
    write_new(&file, &invitation.ticket)?;
    if desk.json {
        let mut told = told;
        if let Some(told) = told.as_object_mut() {
            told.insert("file".to_owned(), Value::from(Desk::absolute(&file)));
        }
        desk.print(&told.to_string());
        return Ok(End::Done);
    }
    desk.page(&invitation);
    if desk.attended && !desk.quiet {
        match render::qr::half_blocks(&invitation.link, desk.view().width.unwrap_or(80)) {
            Some(code) => desk.print(&format!("\n{code}")),
            None => desk.remark(
                "\nIn a wider window the link is also drawn as a QR code.",
                "\nDans une fenêtre plus large, le lien est aussi dessiné en code QR.",
            ),
        }
    }
    let file = file.display();
    desk.print(&match desk.lang.code() {
        "fr" => format!("\nFichier écrit\u{a0}: {file}"),
        _ => format!("\nFile written: {file}"),
    });
    Ok(End::Done)
}

/// Shows what an invitation says, asks, connects, and goes on with the check by phone.
fn open(desk: &Desk, mut question: Question) -> Done {
    if desk.attended && !desk.yes {
        let mut peek = question.clone();
        set(&mut peek, "peek", Value::Bool(true));
        let told = call::ask(desk, &peek)?;
        tell(desk, Op::PartnerOpen, told)?;
        prompt::confirm(
            desk,
            "Connect to them? (No declines nothing: entente partner decline does.)",
            "Vous y connecter? (Non ne refuse rien\u{a0}: entente partner decline le fait.)",
        )?;
    }
    set(&mut question, "peek", Value::Bool(false));
    let told = call::ask(desk, &question)?;
    let opened: PartnerOpenTold = typed_answer(&told)?;
    if desk.json {
        desk.print(&told.to_string());
        return Ok(End::Done);
    }
    match opened.digits {
        Some(digits) if desk.attended => {
            desk.page(&digits);
            if digits.we_typed {
                return Ok(End::Done);
            }
            verify(desk, &digits.partner.id)
        }
        _ => tell(desk, Op::PartnerOpen, told).map(|()| End::Done),
    }
}

fn set(question: &mut Question, key: &str, value: Value) {
    if let Some(body) = question.body.as_object_mut() {
        body.insert(key.to_owned(), value);
    }
}

/// Asks for the partner's digits until they match or no try is left.
fn verify(desk: &Desk, partner: &str) -> Done {
    loop {
        let digits = prompt::line(
            desk,
            "The six digits that they read to you (nothing to do it later):",
            "Les six chiffres qu’on vous lit (rien pour le faire plus tard)\u{a0}:",
            desk.lang.pick("DIGITS", "CHIFFRES"),
        )?;
        if digits.is_empty() {
            desk.remark(
                "The check stays open: entente partner verify.",
                "La vérification reste ouverte\u{a0}: entente partner verify.",
            );
            return Ok(End::Done);
        }
        let ask = PartnerVerifyAsk { partner: partner.to_owned(), digits };
        let told = call::ask(desk, &Question::new(&ask))?;
        let verified: PartnerVerifyTold = typed_answer(&told)?;
        tell(desk, Op::PartnerVerify, told)?;
        if verified.matched {
            return Ok(End::Done);
        }
        if verified.tries_left == 0 {
            return Ok(End::Faulty);
        }
    }
}

/// Writes a draft into a file, or prints nothing but the draft.
fn draft(desk: &Desk, question: &Question, out: Option<PathBuf>) -> Done {
    if let Some(file) = out.as_ref().filter(|file| file.exists()) {
        return Err(faults::exists(file));
    }
    let told = call::ask(desk, question)?;
    let draft: AgreementDraftTold = typed_answer(&told)?;
    if let Some(file) = &out {
        write_new(file, &draft.toml)?;
    }
    match (&out, desk.json) {
        (_, true) => desk.print(&told.to_string()),
        (None, false) => desk.print(draft.toml.trim_end()),
        (Some(file), false) => {
            let (file, partner) = (file.display(), draft.partner.short());
            for missing in &draft.missing {
                desk.print(&format!("  • {}", missing.text(desk.lang)));
            }
            desk.print(&match desk.lang.code() {
                "fr" => format!(
                    "Ébauche écrite\u{a0}: {file}\n→ entente agreement propose {file} {partner}"
                ),
                _ => format!("Draft written: {file}\n→ entente agreement propose {file} {partner}"),
            });
        }
    }
    Ok(End::Done)
}

/// Prints an agreement as a draft.
fn show_toml(desk: &Desk, question: &Question) -> Done {
    let told = call::ask(desk, question)?;
    if desk.json {
        desk.print(&told.to_string());
    } else {
        let agreement: AgreementShowTold = typed_answer(&told)?;
        desk.print(agreement.toml.trim_end());
    }
    Ok(End::Done)
}

/// Asks what to look for, so that a name stays out of the shell's history.
fn search(desk: &Desk, typed: &Typed<'_>) -> Done {
    let text = prompt::line(desk, "Look for:", "Chercher\u{a0}:", "TEXT")?;
    let limit = typed.number("limit").unwrap_or(100);
    plain(desk, &Question::new(&RecordSearchAsk { text: Private(text), limit }))
}

/// The fields that a first conversation usually gives, in the order in which it gives them.
const FORM: &[&str] = &[
    "name_first",
    "name_last",
    "birthdate",
    "gender",
    "age_at_registration",
    "citizenship",
    "province_of_exploitation",
    "exploitation",
    "acts",
    "means",
    "controls",
    "indicators",
    "needs",
    "status",
    "notes",
];

/// Asks field by field. Anything can be left open.
fn add_record(desk: &Desk) -> Done {
    let mut fields = std::collections::BTreeMap::new();
    desk.remark(
        "Leave open what you do not know: just press Enter. ? shows the codes.",
        "Laissez vide ce que vous ne savez pas\u{a0}: appuyez sur Entrée. ? montre les codes.",
    );
    for name in FORM {
        let Ok(field) = entente_core::record::Field::parse(name) else {
            continue;
        };
        if let Some(text) = one_field(desk, field)? {
            fields.insert((*name).to_owned(), text);
        }
    }
    prompt::confirm(desk, "Keep this record?", "Conserver ce dossier?")?;
    plain(desk, &Question::new(&RecordAddAsk { fields: Private(fields) }))
}

/// Asks for one field until what is typed can be read, or nothing is typed.
fn one_field(
    desk: &Desk,
    field: entente_core::record::Field,
) -> Result<Option<String>, Box<Fault>> {
    let lang = desk.lang;
    let label = field.label(lang);
    let choices = field.choices(lang);
    // The record is thrown away; it only says whether the text can be read.
    let mut draft = entente_core::record::CaseRecord::new(
        entente_core::record::RecordId([0; 16]),
        jiff::civil::date(2000, 1, 1),
    );
    loop {
        let text =
            prompt::line(desk, &format!("{label}:"), &format!("{label}\u{a0}:"), "FIELD=VALUE")?;
        if text.is_empty() {
            return Ok(None);
        }
        if text == "?" {
            for (code, label) in &choices {
                desk.print(&format!("  {code:<28}{label}"));
            }
            continue;
        }
        match draft.set(field, &text) {
            Ok(()) => return Ok(Some(text)),
            Err(invalid) => desk.print(&format!("  {}", invalid.text(lang))),
        }
    }
}

/// A name as part of a file name: lower-case letters and digits, dashes for the rest.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "partner".to_owned() } else { slug.to_owned() }
}

/// Writes a file that must not exist, for its owner alone.
fn write_new(path: &Path, text: &str) -> Result<(), Box<Fault>> {
    write_new_bytes(path, text.as_bytes())
}

pub(crate) fn write_new_bytes(path: &Path, bytes: &[u8]) -> Result<(), Box<Fault>> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => faults::exists(path),
        _ => faults::unwritable(path, &error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use entente_core::lang::Lang;

    #[test]
    fn an_invitation_file_is_named_after_whom_it_is_for() {
        assert_eq!(slug("Bureau du Québec (BQ)"), "bureau-du-québec-bq");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("…"), "partner");
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.entente");
        write_new(&path, "first").unwrap();
        assert_eq!(write_new(&path, "second").unwrap_err().code, "ENT-0012");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
    }

    #[test]
    fn what_has_consequences_is_not_done_where_nobody_can_confirm_it() {
        let desk = Desk::bare(Lang::En, true);
        let question = Question::new(&RecordWithdrawAsk { record: "r".into(), dry_run: false });
        assert_eq!(with_consequences(&desk, &question).unwrap_err().code, "ENT-0013");
        // With --yes or --dry-run it goes to the node, which does not run here.
        let sure = Desk { yes: true, ..desk.clone() };
        assert_eq!(with_consequences(&sure, &question).unwrap_err().code, "ENT-0025");
        let dry = question.dry().unwrap();
        assert_eq!(with_consequences(&desk, &dry).unwrap_err().code, "ENT-0025");
    }

    #[test]
    fn an_answer_that_is_a_no_ends_with_a_fault() {
        let told = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let check = |op, text, end| assert_eq!(verdict(op, &told(text)), end);
        check(Op::AuditVerify, r#"{"whole": true}"#, End::Done);
        check(Op::AuditVerify, r#"{"whole": false}"#, End::Faulty);
        check(Op::PartnerVerify, r#"{"matched": false}"#, End::Faulty);
        check(Op::Doctor, r#"{"checks": [{"wellness": "warning"}]}"#, End::Done);
        check(Op::Doctor, r#"{"checks": [{"wellness": "bad"}]}"#, End::Faulty);
    }

    #[test]
    fn the_form_asks_for_fields_that_exist() {
        for name in FORM {
            assert!(entente_core::record::Field::parse(name).is_ok(), "{name}");
        }
    }
}
