//! The story, step by step. Every step is a question to a running node.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use entente_core::lang::Lang;
use entente_core::layout::{Identifiers, Layout};
use entente_core::period::Period;
use entente_core::record::RecordId;
use entente_core::synthetic;
use entente_node::clock::{Clock as _, SystemClock};
use entente_node::fault::Fault;
use entente_node::local::doc::*;
use entente_node::setup::io_fault;
use entente_node::tabular::{self, CsvOut};

use super::cast::{AGREEMENTS, CAST, DEFAULT_RECORDS, FEDERAL, MANITOBA, ONTARIO, SHELTER};
use super::office::Office;
use super::teller::Teller;
use super::{CellFigure, CoverageFigures, DemoOptions, Figures, Outcome};
use crate::cli::End;
use crate::render::View;
use crate::setup::signal;

/// Runs the demonstration, until it is over or somebody has seen enough.
pub(crate) fn run(options: &DemoOptions, view: View) -> Outcome<End> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| io_fault(&error))?;
    let folder = tempfile::Builder::new().prefix("entente-demo-").tempdir();
    // If a node does not start, its log is still there to read.
    let folder = folder.map_err(|error| io_fault(&error))?.keep();
    let told = runtime.block_on(async {
        tokio::select! {
            told = tell(options, view, &folder) => told,
            () = signal() => Ok(End::Done),
        }
    });
    // Nodes that were just starting end with it.
    drop(runtime);
    if told.is_ok() {
        fs::remove_dir_all(&folder).map_err(|error| io_fault(&error))?;
    }
    told
}

async fn tell(options: &DemoOptions, view: View, folder: &Path) -> Outcome<End> {
    let teller = Teller { lang: options.lang, quiet: options.json, since: Instant::now(), view };
    let mut figures = Figures::default();

    let mut offices = open(&teller, options, folder).await?;
    figures.organizations = offices.len() as u64;
    become_partners(&teller, &offices).await?;
    agree(&teller, &offices).await?;
    figures.records = import(&teller, options, &offices).await?;
    close(&teller, &offices, &mut figures).await?;
    sync(&teller, &offices, &mut figures).await?;
    count(&teller, options, &offices, &mut figures).await?;
    explain(&teller, &offices).await?;
    withdraw(&teller, &offices, &mut figures).await?;
    cut_off(&teller, &offices).await?;
    figures.statistics = super::statistics::tell(&teller, &mut offices, folder).await?;
    figures.referrals = super::referrals::tell(&teller, &offices).await?;
    verify(&teller, &offices, &mut figures).await?;
    figures.summaries_held = held(&offices).await?;
    figures.seconds = (teller.since.elapsed().as_secs_f64() * 10.0).round() / 10.0;

    finish(&teller, &figures);
    if options.keep {
        figures.consoles = super::consoles::open(&teller, &mut offices).await?;
    }
    if options.json {
        let line = serde_json::to_string(&figures).unwrap_or_default();
        teller.print(&line);
    }
    if options.keep {
        super::consoles::tell(&teller, &figures.consoles, folder);
        std::future::pending::<()>().await;
    }
    Ok(End::Done)
}

/// Seven folders, seven keys, seven processes.
async fn open(teller: &Teller, options: &DemoOptions, folder: &Path) -> Outcome<Vec<Office>> {
    teller.step(
        "Seven organizations start their own nodes: own folder, own keys, own port.",
        "Sept organismes démarrent chacun leur nœud\u{a0}: répertoire, clés et port propres.",
    );
    let starting: Vec<_> = CAST
        .iter()
        .map(|role| {
            let (folder, engine, lang) = (folder.to_owned(), options.engine.clone(), options.lang);
            tokio::task::spawn_blocking(move || Office::start(role, &folder, &engine, lang))
        })
        .collect();
    let mut offices = Vec::new();
    for office in starting {
        offices.push(office.await.map_err(|_| went_wrong())??);
    }
    for office in &mut offices {
        office.ready().await?;
        teller.say(office.name(), office.name());
    }
    Ok(offices)
}

/// Invitation, opening, and the twelve digits that two officers read to each other.
async fn become_partners(teller: &Teller, offices: &[Office]) -> Outcome<()> {
    teller.step(
        "They become partners: an invitation, then six digits each over the telephone.",
        "Ils deviennent partenaires\u{a0}: une invitation, puis six chiffres chacun au téléphone.",
    );
    for (sender, receiver, _) in AGREEMENTS {
        let (inviter, invitee) = (at(offices, receiver)?, at(offices, sender)?);
        let ask = PartnerInviteAsk {
            for_name: invitee.role.name_en.to_owned(),
            expires_days: 14,
            template: None,
            contact: None,
        };
        let ticket = inviter.ask(&ask).await?;
        invitee.ask(&PartnerOpenAsk { ticket: ticket.link, peek: false }).await?;
        let heard_a = digits(inviter, invitee).await?;
        let heard_b = digits(invitee, inviter).await?;
        typed(inviter, invitee, &heard_b).await?;
        typed(invitee, inviter, &heard_a).await?;
        let (a, b) = (inviter.name(), invitee.name());
        teller.say(
            &format!("{a} ↔ {b}: “{heard_a}” and “{heard_b}” match"),
            &format!(
                "{a} ↔ {b}\u{a0}: «\u{a0}{heard_a}\u{a0}» et «\u{a0}{heard_b}\u{a0}» concordent"
            ),
        );
    }
    Ok(())
}

async fn digits(office: &Office, other: &Office) -> Outcome<String> {
    let ask = PartnerDigitsAsk { partner: other.role.name_en.to_owned() };
    Ok(office.ask(&ask).await?.read_aloud)
}

async fn typed(office: &Office, other: &Office, digits: &str) -> Outcome<()> {
    let partner = other.role.name_en.to_owned();
    office.ask(&PartnerVerifyAsk { partner, digits: digits.to_owned() }).await?;
    Ok(())
}

/// Drafts from templates, proposals, and two signatures under the same bytes.
async fn agree(teller: &Teller, offices: &[Office]) -> Outcome<()> {
    teller.step(
        "Each pair signs an agreement; both sign the same bytes.",
        "Chaque paire signe une entente; les deux signent les mêmes octets.",
    );
    for (sender, receiver, template) in AGREEMENTS {
        let (from, to) = (at(offices, sender)?, at(offices, receiver)?);
        let mut edits = BTreeMap::new();
        if receiver == FEDERAL {
            // Its part of the yearly budget, for the chapter of private statistics.
            edits.insert("we_send.budget_nano_rho_per_year".to_owned(), "88150000".to_owned());
        }
        let draft = AgreementDraftAsk {
            template: template.to_owned(),
            partner: to.role.name_en.to_owned(),
            edits,
            amends: None,
        };
        let toml = from.ask(&draft).await?.toml;
        let partner = to.role.name_en.to_owned();
        let proposed = from.ask(&AgreementProposeAsk { partner, toml, dry_run: false }).await?;
        let id = proposed.agreement.id;
        pull(to, from).await?;
        to.ask(&AgreementSignAsk { agreement: id.clone() }).await?;
        pull(from, to).await?;
        let signed = from.ask(&AgreementSignAsk { agreement: id }).await?;
        pull(to, from).await?;
        let (a, b) = (from.name(), to.name());
        let hash: String = signed.hash.chars().take(12).collect();
        teller.say(
            &format!("{a} → {b}: {template}, {hash}…, in force"),
            &format!("{a} → {b}\u{a0}: {template}, {hash}…, en vigueur"),
        );
    }
    Ok(())
}

pub(super) async fn pull(office: &Office, from: &Office) -> Outcome<SyncTold> {
    office.ask(&SyncAsk { partner: Some(from.role.name_en.to_owned()) }).await
}

/// Cases come in through the same import that a case worker uses.
async fn import(teller: &Teller, options: &DemoOptions, offices: &[Office]) -> Outcome<u64> {
    teller.step(
        "Each imports its own cases. They stay on its node, sealed.",
        "Chacun importe ses propres dossiers. Ils restent sur son nœud, scellés.",
    );
    let files = match &options.import {
        Some(file) => split(file, offices)?,
        None => synthesize(options, offices)?,
    };
    let layout = match &options.import {
        Some(_) => options.layout.clone(),
        None => Some("entente".to_owned()),
    };
    let mut n_records = 0;
    for (office, file) in files {
        let office = at(offices, office)?;
        let ask = RecordImportAsk {
            file: file.display().to_string(),
            layout: layout.clone(),
            mapping: None,
            columns: BTreeMap::new(),
            sheet: None,
            quarantine: None,
            // The person at the demonstration answers for the file, as whoever imports does.
            consent: options.import.as_ref().map(|_| vec!["stats".to_owned()]),
            dry_run: false,
        };
        let told = office.ask(&ask).await?;
        n_records += told.added;
        let (name, n) = (office.name(), teller.lang.number(told.added));
        let bad = teller.lang.number(told.quarantined);
        teller.say(
            &format!("{name}: {n} records, {bad} rows in quarantine"),
            &format!("{name}\u{a0}: {n} dossiers, {bad} lignes mises de côté"),
        );
    }
    Ok(n_records)
}

/// Synthetic cases, a file for each organization that has any.
fn synthesize(options: &DemoOptions, offices: &[Office]) -> Outcome<Vec<(usize, PathBuf)>> {
    let total = options.records.unwrap_or(DEFAULT_RECORDS);
    let today = SystemClock.today();
    let last = epoch()?.last_day();
    let first = today.saturating_sub(jiff::Span::new().years(2));
    let layout = Layout::built_in("entente").ok_or_else(went_wrong)?;
    let mut files = Vec::new();
    for (position, office) in offices.iter().enumerate() {
        let Some((profile, percent)) = office.role.cases else { continue };
        let seed = options.seed.wrapping_add(position as u64);
        let n = total.saturating_mul(percent) / 100;
        let path = office.home.path().join("cases.csv");
        let file = fs::File::create(&path).map_err(|error| io_fault(&error))?;
        let headers = layout.headers(Identifiers::Include);
        let mut out = CsvOut::new(std::io::BufWriter::new(file), &headers)
            .map_err(|error| io_fault(&error))?;
        for draft in synthetic::generate(seed, &profile(), n, first, last) {
            let consent = draft.consent.clone();
            let record = draft.into_record(RecordId([0; 16]));
            let row = layout.write(&record, consent.as_ref(), Identifiers::Include);
            out.row(&row).map_err(|error| io_fault(&error))?;
        }
        out.finish().map_err(|error| io_fault(&error))?;
        files.push((position, path));
    }
    Ok(files)
}

/// A real file, dealt out row by row to the organizations that have cases.
fn split(file: &Path, offices: &[Office]) -> Outcome<Vec<(usize, PathBuf)>> {
    let table = tabular::open(file).map_err(|error| {
        Fault::new(
            1427,
            ("The file cannot be read as a table.", "Le fichier ne peut être lu comme un tableau."),
            (
                "Save it as CSV or XLSX and try again.",
                "Enregistrez-le en CSV ou XLSX et réessayez.",
            ),
        )
        .because(error.text(Lang::En), error.text(Lang::Fr))
    })?;
    let headers = table.headers.clone();
    let mut outs = Vec::new();
    for (position, office) in offices.iter().enumerate() {
        if office.role.cases.is_none() {
            continue;
        }
        let path = office.home.path().join("cases.csv");
        let file = fs::File::create(&path).map_err(|error| io_fault(&error))?;
        let out = CsvOut::new(std::io::BufWriter::new(file), &headers);
        outs.push((position, path, out.map_err(|error| io_fault(&error))?));
    }
    let n_outs = outs.len();
    for (n, row) in table.enumerate() {
        let Ok(row) = row else { continue };
        if let Some((_, _, out)) = outs.get_mut(n % n_outs.max(1)) {
            out.row(&row.cells).map_err(|error| io_fault(&error))?;
        }
    }
    let mut files = Vec::new();
    for (position, path, out) in outs {
        out.finish().map_err(|error| io_fault(&error))?;
        files.push((position, path));
    }
    Ok(files)
}

/// The last quarter that is over.
fn epoch() -> Outcome<Period> {
    let today = SystemClock.today();
    let now = Period::of(today).map_err(|_| went_wrong())?;
    let before = now.first_day().saturating_sub(jiff::Span::new().days(1));
    Period::of(before).map_err(|_| went_wrong())
}

/// The last year that is over.
fn last_year() -> Outcome<Period> {
    Period::whole_year(SystemClock.today().year() - 1).map_err(|_| went_wrong())
}

/// What looks like enough others leaves, as coarse as it must.
async fn close(teller: &Teller, offices: &[Office], figures: &mut Figures) -> Outcome<()> {
    let epoch = epoch()?.to_string();
    teller.step(
        &format!("They close the epoch {epoch}: what looks like enough others is released."),
        &format!(
            "Ils clôturent la période {epoch}\u{a0}: ce qui ressemble à assez d’autres est communiqué."
        ),
    );
    for office in offices.iter().filter(|office| office.role.cases.is_some()) {
        let told = office.ask(&EpochCloseAsk { epoch: epoch.clone(), partner: None }).await?;
        for outcome in &told.partners {
            figures.summaries_released += outcome.released;
            figures.summaries_suppressed += outcome.waiting;
            figures.refusals += outcome.refused;
            if outcome.released + outcome.waiting + outcome.refused == 0 {
                continue;
            }
            let number = |n: u64| teller.lang.number(n);
            let (from, to) = (office.name(), outcome.partner.name(teller.lang));
            let (out, wait, no) =
                (number(outcome.released), number(outcome.waiting), number(outcome.refused));
            teller.say(
                &format!(
                    "{from} → {to}: {out} released, {wait} wait, {no} refused (k = {})",
                    outcome.min_group
                ),
                &format!(
                    "{from} → {to}\u{a0}: {out} communiqués, {wait} en attente, {no} refusés (k = {})",
                    outcome.min_group
                ),
            );
        }
    }
    Ok(())
}

/// Partners ask for news.
async fn sync(teller: &Teller, offices: &[Office], figures: &mut Figures) -> Outcome<()> {
    teller.step(
        "Partners ask for news, verify every batch, and co-sign each other’s audit logs.",
        "Les partenaires demandent les mises à jour, vérifient chaque lot et cosignent leurs journaux.",
    );
    for office in offices {
        let told = office.ask(&SyncAsk { partner: None }).await?;
        let held: u64 = told.partners.iter().map(|outcome| outcome.held).sum();
        figures.receipts += told.partners.iter().map(|it| it.receipts_received).sum::<u64>();
        if held > 0 {
            let (name, n) = (office.name(), teller.lang.number(held));
            teller.say(
                &format!("{name} now holds {n} summaries"),
                &format!("{name} détient maintenant {n} résumés"),
            );
        }
    }
    Ok(())
}

/// The year to count: the last one, or the fullest one of a real file.
async fn year_to_count(options: &DemoOptions, offices: &[Office]) -> Outcome<String> {
    let last = last_year()?.to_string();
    if options.import.is_none() {
        return Ok(last);
    }
    let ask =
        CountOwnAsk { by: vec!["year".to_owned()], filter: BTreeMap::new(), periods: Vec::new() };
    let told = at(offices, ONTARIO)?.ask(&ask).await?;
    let fullest = told.cells.iter().max_by_key(|cell| cell.value);
    Ok(fullest.and_then(|cell| cell.key.get("year").cloned()).unwrap_or(last))
}

/// The federal centre asks everybody; each answers about its own records only.
async fn count(
    teller: &Teller,
    options: &DemoOptions,
    offices: &[Office],
    figures: &mut Figures,
) -> Outcome<()> {
    teller.step(
        "The federal centre counts by province and form of exploitation. Each node answers about its own records.",
        "Le centre fédéral dénombre par province et forme d’exploitation. Chaque nœud répond de ses propres dossiers.",
    );
    let ask = CountAsk {
        by: vec!["province".to_owned(), "exploitation".to_owned()],
        filter: BTreeMap::new(),
        // A whole year, since the police service's agreement grants no finer period.
        periods: vec![year_to_count(options, offices).await?],
        partners: Vec::new(),
    };
    let told = at(offices, FEDERAL)?.ask(&ask).await?;
    let shown = |cell: &&CountCell| cell.value.is_none_or(|value| value > 0);
    let cell = |cell: &CountCell| CellFigure { key: cell.key.clone(), value: cell.value };
    figures.count.cells = told.cells.iter().filter(shown).map(cell).collect();
    let coverage = &told.coverage;
    figures.count.coverage = CoverageFigures {
        answered: coverage.answered,
        refused: coverage.refused,
        unreachable: coverage.unreachable,
    };
    figures.refusals += coverage.refused;
    teller.page(&told);
    Ok(())
}

/// "Why did this case not go?", asked of the same function that decided.
async fn explain(teller: &Teller, offices: &[Office]) -> Outcome<()> {
    teller.step(
        "Ontario asks why one of its cases did not go to the federal centre.",
        "L’Ontario demande pourquoi un de ses dossiers n’est pas allé au centre fédéral.",
    );
    let ontario = at(offices, ONTARIO)?;
    let ask = RecordListAsk {
        filter: BTreeMap::new(),
        withdrawn: false,
        consent_ending: false,
        no_consent: false,
        limit: 500,
        after: None,
    };
    let records = ontario.ask(&ask).await?.records;
    let refused = records.iter().find(|record| record.shared_with == 0 && !record.consent);
    let record = refused.or(records.first()).ok_or_else(went_wrong)?;
    let partner = at(offices, FEDERAL)?.role.name_en.to_owned();
    let told = ontario
        .ask(&AgreementExplainAsk { record: record.id.clone(), partner, group: false })
        .await?;
    teller.page(&told);
    Ok(())
}

/// A person changes their mind.
async fn withdraw(teller: &Teller, offices: &[Office], figures: &mut Figures) -> Outcome<()> {
    teller.step(
        "A person withdraws their consent in Ontario. The withdrawal travels, and a signed receipt comes back.",
        "Une personne retire son consentement en Ontario. Le retrait voyage et un accusé de réception signé revient.",
    );
    let (ontario, federal) = (at(offices, ONTARIO)?, at(offices, FEDERAL)?);
    let ask = RecordListAsk {
        filter: BTreeMap::new(),
        withdrawn: false,
        consent_ending: false,
        no_consent: false,
        limit: 500,
        after: None,
    };
    let records = ontario.ask(&ask).await?.records;
    let shared = records.iter().find(|record| record.shared_with > 0 && record.consent);
    let Some(record) = shared else {
        teller.say("None of its cases had left.", "Aucun de ses dossiers n’était parti.");
        return Ok(());
    };
    let ask = ConsentWithdrawAsk { record: record.id.clone(), consent: None, dry_run: false };
    let told = ontario.ask(&ask).await?;
    figures.withdrawals += told.receipts_expected;
    let destroyed: u64 = pull(federal, ontario).await?.partners.iter().map(|it| it.withdrawn).sum();
    let receipts: u64 =
        pull(ontario, federal).await?.partners.iter().map(|it| it.receipts_received).sum();
    figures.receipts += receipts;
    teller.say(
        &format!(
            "{} destroyed {destroyed} held summary; {receipts} receipt came back",
            federal.name()
        ),
        &format!(
            "{} a détruit {destroyed} résumé détenu; {receipts} accusé de réception est revenu",
            federal.name()
        ),
    );
    let page = ontario.ask(&AuditDisclosuresAsk { record: record.id.clone() }).await?;
    teller.page(&page);
    Ok(())
}

/// One partner is cut off, at once.
async fn cut_off(teller: &Teller, offices: &[Office]) -> Outcome<()> {
    teller.step(
        "Manitoba cuts the shelter off: its connections end now, and it gets nothing more.",
        "Le Manitoba coupe l’échange avec le refuge\u{a0}: ses connexions prennent fin et il ne reçoit plus rien.",
    );
    let (manitoba, shelter) = (at(offices, MANITOBA)?, at(offices, SHELTER)?);
    let ask = PartnerSuspendAsk {
        partner: shelter.role.name_en.to_owned(),
        reason: Some("demo".to_owned()),
        dry_run: false,
    };
    manitoba.ask(&ask).await?;
    let told = pull(shelter, manitoba).await?;
    for outcome in &told.partners {
        let why = outcome.fault.as_ref().map(|fault| fault.what.text(teller.lang).to_owned());
        let (name, why) = (shelter.name(), why.unwrap_or_default());
        teller.say(
            &format!("{name} asks for news: {why}"),
            &format!("{name} demande les mises à jour\u{a0}: {why}"),
        );
    }
    Ok(())
}

/// Every log is recomputed, and compared with what partners co-signed.
async fn verify(teller: &Teller, offices: &[Office], figures: &mut Figures) -> Outcome<()> {
    teller.step(
        "Every audit log is recomputed and compared with what partners co-signed.",
        "Chaque journal d’audit est recalculé et comparé à ce que les partenaires ont cosigné.",
    );
    for office in offices {
        let told = office.ask(&AuditVerifyAsk::default()).await?;
        figures.audit_verified += u64::from(told.whole);
        let (name, n) = (office.name(), teller.lang.number(told.length));
        let good = teller.lang.pick(
            if told.whole { "verified" } else { "DOES NOT VERIFY" },
            if told.whole { "intégrité confirmée" } else { "INTÉGRITÉ NON CONFIRMÉE" },
        );
        teller.say(
            &format!("{name}: {n} entries, {good}"),
            &format!("{name}\u{a0}: {n} inscriptions, {good}"),
        );
    }
    Ok(())
}

async fn held(offices: &[Office]) -> Outcome<u64> {
    let mut n_held = 0;
    for office in offices {
        n_held += office.ask(&StatusAsk {}).await?.records.held;
    }
    Ok(n_held)
}

fn finish(teller: &Teller, figures: &Figures) {
    let seconds = figures.seconds;
    teller.step(
        &format!("Done in {seconds} seconds, without a central database."),
        &format!(
            "Terminé en {} secondes, sans base de données centrale.",
            seconds.to_string().replace('.', ",")
        ),
    );
}

pub(super) fn at(offices: &[Office], position: usize) -> Outcome<&Office> {
    offices.get(position).ok_or_else(went_wrong)
}

pub(super) fn went_wrong() -> Box<Fault> {
    Fault::new(
        1013,
        ("The demonstration went wrong.", "La démonstration a échoué."),
        ("Please report it.", "Veuillez le signaler."),
    )
}
