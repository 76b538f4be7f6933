//! Answers: what goes between partners. Sync, what is held, feeds, quarantine, bundles.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use entente_core::identity::OrgId;
use entente_store::rows::{PartnerRow, PartnerState};

use super::epochs::words;
use super::records::show::Names;
use super::{Desk, Staff, Steps, step};
use crate::doors::SUSPENDED;
use crate::fault::Fault;
use crate::jobs::Files;
use crate::local::doc::*;
use crate::node::bundles::refused_by_us;
use crate::node::feeds::Accepted;
use crate::node::{Node, Outcome};
use crate::setup::io_fault;
use crate::sync::{Missed, Round};

mod feeds;
mod held;
#[cfg(test)]
mod tests;

pub(super) use feeds::{list as feed_list, quarantine_list, quarantine_release};
pub(super) use held::{list as held_list, show as held_show};

/// The largest bundle that is read: four times what a node writes at most.
const MAX_BUNDLE_BYTES: u64 = 256 << 20;

pub(super) async fn sync(
    desk: Arc<Desk>,
    _: Staff,
    ask: SyncAsk,
    steps: Steps,
) -> Outcome<SyncTold> {
    let node = Arc::clone(&desk.node);
    let partners = blocking(move || whom(&node, ask.partner.as_deref())).await?;
    let total = partners.len() as u64;
    step(&steps, 0, total, "asking partners", "question aux partenaires");
    let mut asking = tokio::task::JoinSet::new();
    for (partner, row) in partners {
        let desk = Arc::clone(&desk);
        asking.spawn(async move { one(desk, partner, row).await });
    }
    let mut outcomes = Vec::new();
    while let Some(outcome) = asking.join_next().await {
        outcomes.push(outcome.map_err(|_| super::failed())??);
        let done = outcomes.len() as u64;
        step(&steps, done, total, "asking partners", "question aux partenaires");
    }
    outcomes.sort_by(|a, b| a.partner.name.en.cmp(&b.partner.name.en));
    let node = Arc::clone(&desk.node);
    blocking(move || node.draw_releases()).await?;
    Ok(SyncTold { partners: outcomes })
}

async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|_| Err(super::failed()))
}

/// Whom to ask: one partner, or all with whom something is still going on.
fn whom(node: &Node, only: Option<&str>) -> Outcome<Vec<(OrgId, PartnerRow)>> {
    if let Some(text) = only {
        return Ok(vec![node.find_partner(text)?]);
    }
    let rows = node.partner_rows()?.into_iter();
    Ok(rows
        .filter(|(_, row)| row.state != PartnerState::Ended || row.ended_at_s.is_some())
        .collect())
}

/// One round with one partner, and what came of it.
async fn one(desk: Arc<Desk>, partner: OrgId, row: PartnerRow) -> Outcome<SyncOutcome> {
    let node = Arc::clone(&desk.node);
    let before = blocking(move || node.cursor(&partner)).await?;
    let round = if row.quarantined.is_some() {
        Err(Missed::RefusedByUs("quarantined".to_owned()))
    } else {
        desk.peers.round(&partner).await
    };
    let node = Arc::clone(&desk.node);
    blocking(move || outcome(&node, &partner, before, round)).await
}

fn outcome(
    node: &Node,
    partner: &OrgId,
    before: (u32, u64),
    round: Result<Round, Missed>,
) -> Outcome<SyncOutcome> {
    let after = node.cursor(partner)?;
    let named = Names::of(node)?.named(partner);
    let (accepted, end, fault) = match round {
        Ok(round) => (round.accepted, None, None),
        Err(Missed::Ours(fault)) => return Err(fault),
        Err(missed) => {
            let (end, fault) = missed_fault(&missed);
            (Accepted::default(), Some(end), Some(*fault))
        }
    };
    let mut told = news(named, before, after, &accepted);
    told.outcome = end.unwrap_or(told.outcome);
    told.fault = fault;
    Ok(told)
}

fn news(partner: Named, before: (u32, u64), after: (u32, u64), accepted: &Accepted) -> SyncOutcome {
    // A feed that began anew was read from its start.
    let pulled = if before.0 == after.0 { after.1.saturating_sub(before.1) } else { after.1 };
    SyncOutcome {
        partner,
        outcome: if pulled > 0 { SyncEnd::News } else { SyncEnd::NothingNew },
        pulled,
        held: accepted.n_held,
        withdrawn: accepted.n_withdrawn,
        skipped: accepted.skipped.len() as u64,
        receipts_sent: accepted.n_receipts_sent,
        receipts_received: accepted.n_receipts,
        cursor: after.1,
        fault: None,
    }
}

/// What a person is told of a round that did not come to its end.
pub(super) fn missed_fault(missed: &Missed) -> (SyncEnd, Box<Fault>) {
    match missed {
        Missed::Door(why) => (
            SyncEnd::Unreachable,
            Fault::new(
                1520,
                ("The partner could not be reached.", "Le partenaire est injoignable."),
                (
                    "Nothing to do at first: we ask again by ourselves. If it lasts, call them or use a bundle: `entente bundle export`.",
                    "Rien à faire d’abord\u{a0}: nous réessayons de nous-mêmes. Si cela dure, appelez le partenaire ou utilisez une liasse\u{a0}: `entente bundle export`.",
                ),
            )
            .in_detail(why),
        ),
        Missed::NoAddress => (
            SyncEnd::Unreachable,
            Fault::new(
                1521,
                (
                    "The partner accepts no connections; it calls us.",
                    "Le partenaire n’accepte aucune connexion; c’est lui qui appelle.",
                ),
                (
                    "Wait for its call, or use a bundle: `entente bundle export`.",
                    "Attendez son appel, ou utilisez une liasse\u{a0}: `entente bundle export`.",
                ),
            ),
        ),
        Missed::OtherVersion => (
            SyncEnd::Closed,
            Fault::new(
                1522,
                (
                    "The partner speaks another version of the protocol.",
                    "Le partenaire utilise une autre version du protocole.",
                ),
                ("Update the older node.", "Mettez à jour le nœud le plus ancien."),
            ),
        ),
        Missed::RefusedByPartner(word) => (SyncEnd::Closed, closed(word)),
        Missed::RefusedByUs(code) => {
            let why = words::words(code);
            (SyncEnd::Quarantined, refused_by_us().because(why.en, why.fr))
        }
        Missed::Ours(fault) => (SyncEnd::Unreachable, fault.clone()),
    }
}

fn closed(word: &str) -> Box<Fault> {
    let fault = Fault::new(
        1523,
        (
            "The partner does not exchange anything with us now.",
            "Le partenaire n’échange rien avec nous pour l’instant.",
        ),
        (
            "See where the partnership stands: `entente partner show`; then call them.",
            "Voyez où en est le partenariat\u{a0}: `entente partner show`; puis appelez le partenaire.",
        ),
    );
    if word == SUSPENDED {
        return fault.because("They have suspended us.", "Le partenaire nous a suspendus.");
    }
    fault
}

pub(super) fn bundle_export(
    desk: &Desk,
    staff: &Staff,
    ask: BundleExportAsk,
    steps: &Steps,
) -> Outcome<BundleExportTold> {
    let node = &desk.node;
    let (partner, _) = node.find_partner(&ask.partner)?;
    let path = new_file_path(&ask.file)?;
    let after = ask.from.map_or(0, |from| from.saturating_sub(1));
    step(steps, 0, 0, "writing the bundle", "écriture de la liasse");
    let (bytes, entries) = node.write_bundle(staff.actor(), &partner, after)?;
    let first = entente_proto::decode_bundle(&bytes)
        .ok()
        .and_then(|bundle| bundle.batches.first().map(|batch| batch.first + 1));
    write_file(&desk.jobs.files, path, &bytes)?;
    Ok(BundleExportTold {
        partner: Names::of(node)?.named(&partner),
        file: ask.file,
        bytes: bytes.len() as u64,
        from: first.unwrap_or(after + 1),
        entries,
    })
}

pub(super) fn bundle_import(
    desk: &Desk,
    staff: &Staff,
    ask: BundleImportAsk,
    steps: &Steps,
) -> Outcome<BundleImportTold> {
    let node = &desk.node;
    let mut bytes = Vec::new();
    // What a form of the console brought is sealed while it lies there.
    let file = desk.jobs.files.read(absolute(&ask.file)?).map_err(|error| io_fault(&error))?;
    let read = file.take(MAX_BUNDLE_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| io_fault(&error))?;
    step(steps, 0, 0, "reading the bundle", "lecture de la liasse");
    // Whose it says it is, to compare; nothing is trusted before it is verified.
    let claimed = entente_proto::decode_bundle(&bytes).ok().map(|bundle| bundle.issuer);
    let before = claimed.map(|issuer| node.cursor(&issuer)).transpose()?.unwrap_or_default();
    let (issuer, accepted) = node.read_bundle(staff.actor(), &bytes)?;
    let after = node.cursor(&issuer)?;
    let outcome = news(Names::of(node)?.named(&issuer), before, after, &accepted);
    Ok(BundleImportTold { file: ask.file, outcome })
}

/// The path of a file, which has to be whole: the node's own folder is not the caller's.
pub(super) fn absolute(text: &str) -> Outcome<&Path> {
    let path = Path::new(text);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Fault::new(
        1010,
        ("The path of the file is not whole.", "Le chemin du fichier n’est pas complet."),
        ("Write it from `/` on.", "Écrivez-le à partir de `/`."),
    ))
}

/// The path of a file that does not exist yet.
pub(super) fn new_file_path(text: &str) -> Outcome<&Path> {
    let path = absolute(text)?;
    if path.try_exists().map_err(|error| io_fault(&error))? {
        return Err(Fault::new(
            1011,
            ("The file exists already.", "Le fichier existe déjà."),
            (
                "Choose another name, or move the file away first.",
                "Choisissez un autre nom, ou déplacez d’abord le fichier.",
            ),
        ));
    }
    Ok(path)
}

/// Writes a new file, sealed if it is one of the console's.
pub(super) fn write_file(files: &Files, path: &Path, bytes: &[u8]) -> Outcome<()> {
    let written = match files.create(path) {
        Ok(Some(mut sealed)) => sealed.write_all(bytes).and_then(|()| sealed.finish().map(|_| ())),
        Ok(None) => write_new(path, |file| file.write_all(bytes)),
        Err(error) => Err(error),
    };
    written.map_err(|error| io_fault(&error))
}

/// Writes a new file that only our own account can read: whole, or not at all.
pub(super) fn write_new(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    let written = write(&mut file).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file would look like a whole one. If even this fails, the error says enough.
        let _ = fs::remove_file(path);
    }
    written
}
