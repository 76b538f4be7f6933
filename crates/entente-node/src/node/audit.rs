//! The audit log of a node: written with each effect, co-signed by partners, read by people.

use std::ops::ControlFlow;

use entente_core::audit::{Actor, AuditEntry};
use entente_core::feed::{Checkpoint, cosign, is_cosigned};
use entente_core::identity::{ORIGIN, OrgId};
use entente_core::merkle::{self, Frontier, Hash};
use entente_store::db::{DbError, Write};
use entente_store::log::{LogKey, Logs as _};
use entente_store::rows::WitnessRow;
use entente_store::tx::Reads as _;

use super::feeds::Refused;
use super::partners::Shut;
use super::{Node, Outcome};
use crate::fault::Fault;

pub(crate) mod noted;

/// What verifying the audit log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// How many entries there are.
    pub size: u64,
    /// The root over them, in hex.
    pub root: String,
    /// Partners whose co-signature was checked against it, and the size they signed.
    pub cosigned: Vec<(OrgId, u64)>,
}

/// What a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// The co-signed note.
    Cosigned(Vec<u8>),
    /// The size it last co-signed; the proof has to begin there.
    Conflict(u64),
    /// The history shown contradicts the one it co-signed.
    Refused,
}

/// The origin of an organization's audit log.
pub fn origin(org: &OrgId, epoch: u32) -> String {
    format!("{ORIGIN}audit/v1/{org}/{epoch}")
}

impl Node {
    /// Writes entries in the transaction of what they speak of.
    pub(crate) fn write_audit(&self, tx: &mut Write<'_>, entries: Vec<AuditEntry>) -> Outcome<()> {
        let leaves: Result<Vec<_>, _> = entries.iter().map(salted).collect();
        let leaves = leaves.map_err(|_| no_randomness())?;
        if !leaves.is_empty() {
            self.tell_of_anything(tx);
        }
        tx.append_log::<Box<Fault>>(LogKey::Audit, leaves, |_, _| Ok(Vec::new()))?;
        Ok(())
    }

    /// Writes entries that have no other effect: a refusal, a read.
    pub(crate) fn audit(&self, entries: Vec<AuditEntry>) -> Outcome<()> {
        self.db.write("audit", |tx| self.write_audit(tx, entries))
    }

    /// The entries from `first` (from 0) on, in order, until `visit` breaks.
    pub fn audit_entries(
        &self,
        first: u64,
        visit: &mut dyn FnMut(u64, AuditEntry) -> ControlFlow<()>,
    ) -> Outcome<()> {
        self.db.read(|tx| {
            let epoch = tx.log_head(LogKey::Audit)?.epoch;
            let start = tx.log_batch_with(LogKey::Audit, epoch, first)?;
            let start = start.map_or(0, |placed| placed.first);
            tx.log_batches(LogKey::Audit, epoch, start, &mut |placed| {
                for (position, leaf) in (placed.first..).zip(placed.batch.leaves) {
                    let entry = leaf.and_then(|bytes| entente_proto::decode_audit(&bytes).ok());
                    let Some(entry) = entry.filter(|_| position >= first) else { continue };
                    if visit(position, entry).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(())
        })
    }

    /// How many entries the log has.
    pub fn audit_length(&self) -> Outcome<u64> {
        self.db.read(|tx| Ok(tx.log_head(LogKey::Audit)?.frontier.size()))
    }

    /// The exact bytes of the entries from `first` (from 0) on, in order, until `visit` breaks.
    /// Their hashes are what the root is over, so whoever has them can check the log without us.
    pub fn audit_leaves(
        &self,
        first: u64,
        visit: &mut dyn FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Outcome<()> {
        self.db.read(|tx| {
            let epoch = tx.log_head(LogKey::Audit)?.epoch;
            let start = tx.log_batch_with(LogKey::Audit, epoch, first)?;
            let start = start.map_or(0, |placed| placed.first);
            tx.log_batches(LogKey::Audit, epoch, start, &mut |placed| {
                for (position, leaf) in (placed.first..).zip(&placed.batch.leaves) {
                    let bytes = leaf.as_deref().ok_or(entente_store::rows::BadRow)?;
                    if position >= first && visit(position, bytes).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(())
        })
    }

    /// A partner's last co-signature on our log: how long it was, and when.
    pub fn cosigned_at(&self, partner: &OrgId) -> Outcome<Option<(u64, i64)>> {
        self.db.read(|tx| {
            let epoch = tx.log_head(LogKey::Audit)?.epoch;
            let row = tx.cosigned(partner.as_bytes())?;
            let row = row.filter(|row| epoch_of(&row.note) == Some(epoch));
            Ok(row.map(|row| (row.size, row.at_s)))
        })
    }

    /// Recomputes the whole log from its entries, and compares it with the kept head, the stored
    /// hashes and every partner's co-signature.
    pub fn verify_audit(&self) -> Outcome<AuditCheck> {
        self.db.read(|tx| {
            let head = tx.log_head(LogKey::Audit)?;
            let (mut frontier, mut roots) = (Frontier::default(), Vec::new());
            let cosigners: Vec<_> = tx
                .partners()?
                .into_iter()
                .filter_map(|(id, _)| OrgId::from_bytes(&id).ok())
                .filter_map(|id| Some((id, tx.cosigned(id.as_bytes()).ok()??)))
                // What was co-signed before a restore speaks of an earlier log.
                .filter(|(_, row)| epoch_of(&row.note) == Some(head.epoch))
                .collect();
            tx.log_batches(LogKey::Audit, head.epoch, 0, &mut |placed| {
                if placed.first != frontier.size() {
                    return Err(entente_store::rows::BadRow.into());
                }
                for leaf in &placed.batch.leaves {
                    let bytes = leaf.as_deref().ok_or(entente_store::rows::BadRow)?;
                    frontier.push(bytes, &mut Vec::new());
                    if cosigners.iter().any(|(_, row)| row.size == frontier.size()) {
                        roots.push((frontier.size(), frontier.root()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if frontier != head.frontier {
                return Err(rewritten("the entries do not give the kept root"));
            }
            let mut cosigned = Vec::new();
            for (partner, row) in cosigners {
                let matches = roots.contains(&(row.size, Hash(row.root))) || row.size == 0;
                let name = origin(&self.id(), head.epoch);
                if !matches || !is_cosigned(&row.note, &name, &partner) {
                    return Err(rewritten(&format!(
                        "partner {} co-signed another history",
                        partner.short()
                    )));
                }
                cosigned.push((partner, row.size));
            }
            let root = hex::encode(frontier.root().0);
            Ok(AuditCheck { size: frontier.size(), root, cosigned })
        })
    }

    /// Our audit checkpoint and the proof that it continues what `old` leaves were.
    pub fn audit_checkpoint(&self, old: u64) -> Outcome<(Checkpoint, Vec<Hash>)> {
        self.db.read(|tx| {
            let head = tx.log_head(LogKey::Audit)?;
            let name = origin(&self.id(), head.epoch);
            let checkpoint = Checkpoint::sign(&name, &head.frontier, &self.secrets.key)
                .map_err(|_| no_randomness())?;
            let stored = |index| tx.log_hash(LogKey::Audit, head.epoch, index).ok().flatten();
            let proof = merkle::prove_growth(checkpoint.size, old, stored)
                .map_err(|_| rewritten("a stored hash is missing"))?;
            Ok((checkpoint, proof))
        })
    }

    /// How much of our audit log this partner has co-signed.
    pub fn cosigned_size(&self, partner: &OrgId) -> Outcome<u64> {
        self.db.read(|tx| {
            let epoch = tx.log_head(LogKey::Audit)?.epoch;
            let row = tx.cosigned(partner.as_bytes())?;
            let row = row.filter(|row| epoch_of(&row.note) == Some(epoch));
            Ok(row.map_or(0, |row| row.size))
        })
    }

    /// The last checkpoint of a partner's audit log that we co-signed. Empty before the first.
    pub fn witnessed_checkpoint(&self, partner: &OrgId) -> Outcome<Vec<u8>> {
        self.db.read(|tx| Ok(tx.witnessed(partner.as_bytes())?.unwrap_or_default().note))
    }

    /// Keeps a partner's co-signature on our audit log, after checking it.
    pub fn keep_cosignature(
        &self,
        partner: &OrgId,
        checkpoint: &Checkpoint,
        note: Vec<u8>,
    ) -> Outcome<()> {
        let epoch = self.db.read(|tx| Ok::<_, DbError>(tx.log_head(LogKey::Audit)?.epoch))?;
        if !is_cosigned(&note, &origin(&self.id(), epoch), partner) {
            return Err(rewritten("the partner's co-signature is not valid"));
        }
        let row =
            WitnessRow { size: checkpoint.size, root: checkpoint.root.0, note, at_s: self.now_s() };
        self.db.write("cosigned", |tx| Ok(tx.put_cosigned(partner.as_bytes(), &row)?))
    }

    /// Co-signs a partner's audit log if it continues the one we co-signed before (C2SP
    /// `tlog-witness`). What we co-sign is kept before it is answered.
    pub fn witness(
        &self,
        partner: &OrgId,
        old: u64,
        proof: Vec<Hash>,
        note: &[u8],
    ) -> Result<Witnessed, Refused> {
        let witnessed = self.db.write("witness", |tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
            self.open_to(&row)?;
            let last = tx.witnessed(partner.as_bytes())?.unwrap_or_default();
            let checkpoint = match continued(partner, &last, old, proof, note) {
                Ok(checkpoint) => checkpoint,
                Err(NotContinued::From(size)) => return Ok(Witnessed::Conflict(size)),
                Err(NotContinued::At { code, is_proof }) => {
                    let notes = vec![last.note, note.to_vec()];
                    self.keep_evidence(tx, partner, code, notes, is_proof)?;
                    return Ok(Witnessed::Refused);
                }
            };
            let name = origin(partner, epoch_of(note).unwrap_or_default());
            let row = WitnessRow {
                size: checkpoint.size,
                root: checkpoint.root.0,
                note: note.to_vec(),
                at_s: self.now_s(),
            };
            tx.put_witnessed(partner.as_bytes(), &row)?;
            let time_s = u64::try_from(self.now_s()).unwrap_or(0);
            let cosigned = cosign(note, &name, &self.secrets.key, time_s);
            Ok::<_, Refused>(cosigned.map_or(Witnessed::Refused, Witnessed::Cosigned))
        })?;
        if witnessed == Witnessed::Refused {
            // What was shown may have been a proof against the partner.
            self.refresh_admissions()?;
        }
        Ok(witnessed)
    }
}

/// The checkpoint in `note`, if it continues what we co-signed last.
fn continued(
    partner: &OrgId,
    last: &WitnessRow,
    old: u64,
    proof: Vec<Hash>,
    note: &[u8],
) -> Result<Checkpoint, NotContinued> {
    let refused = |code, is_proof| NotContinued::At { code, is_proof };
    let (epoch, checkpoint) = signed_by(partner, note).ok_or(refused("audit_not_signed", false))?;
    let (mut size, mut root) = (last.size, Hash(last.root));
    match epoch_of(&last.note) {
        Some(before) if before > epoch => return Err(refused("audit_rolled_back", false)),
        // After a restore a partner's log begins a new epoch.
        Some(before) if before < epoch => (size, root) = (0, Hash([0; 32])),
        _ => {}
    }
    if size != old {
        return Err(NotContinued::From(size));
    }
    if old == 0 {
        return Ok(checkpoint);
    }
    match merkle::check_growth(checkpoint.size, checkpoint.root, old, root, proof) {
        Ok(()) => Ok(checkpoint),
        // Two signatures over two histories of one length.
        Err(_) if checkpoint.size == old && checkpoint.root != root => {
            Err(refused("audit_forked", true))
        }
        Err(_) => Err(refused("audit_not_grown", false)),
    }
}

/// Why a partner's audit log is not co-signed.
enum NotContinued {
    /// The proof has to begin at this size.
    From(u64),
    /// What was shown is kept under this code.
    At { code: &'static str, is_proof: bool },
}

/// The epoch in a checkpoint's origin.
pub(crate) fn epoch_of(note: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(note).ok()?;
    text.lines().next()?.rsplit('/').next()?.parse().ok()
}

fn signed_by(partner: &OrgId, note: &[u8]) -> Option<(u32, Checkpoint)> {
    let epoch = epoch_of(note)?;
    Some((epoch, Checkpoint::verify(note, &origin(partner, epoch), partner).ok()?))
}

fn salted(entry: &AuditEntry) -> Result<Vec<u8>, getrandom::Error> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt)?;
    Ok(entente_proto::encode_audit(entry, &salt))
}

pub(crate) fn no_randomness() -> Box<Fault> {
    Fault::new(
        1704,
        ("The system gave no random bytes.", "Le système n’a fourni aucun octet aléatoire."),
        ("Restart the node.", "Relancez le nœud."),
    )
}

fn rewritten(why: &str) -> Box<Fault> {
    Fault::new(
        1801,
        ("The audit log does not verify.", "L’intégrité du journal d’audit n’est pas confirmée."),
        (
            "Keep the folder as it is and restore the last backup elsewhere to compare: `entente backup restore FILE`.",
            "Conservez le répertoire tel quel et restaurez la dernière sauvegarde ailleurs pour comparer\u{a0}: `entente backup restore FICHIER`.",
        ),
    )
    .because(why, why)
}

/// Whether an entry is of interest to somebody who asks about one record.
pub fn concerns(entry: &AuditEntry, record: &entente_core::record::RecordId) -> bool {
    entry.record.as_ref() == Some(record)
}

/// The name of an actor, for tables.
pub fn actor_name(actor: &Actor) -> String {
    match actor {
        Actor::Staff(name) => name.clone(),
        Actor::Partner(id) => format!("{}", id.short()),
        Actor::Node => "node".to_owned(),
    }
}
