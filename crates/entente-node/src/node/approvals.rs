//! Two people for what binds: one asks, another approves, and it happens once.
//!
//! What was asked is kept as it was asked, with a digest of what it is about. A second person, who is not the
//! first under any spelling of the name, takes it in one transaction; only whoever took it may do it. A crash
//! between taking and doing leaves it taken for ever: it happens at most once, and is asked anew.

use entente_core::audit::{Action, Actor};
use entente_store::approvals::{ApprovalId, ApprovalRow, ApprovalState, Approvals as _};

use super::{Node, Outcome};
use crate::fault::Fault;
use crate::people::fold;

/// How long a request waits for a second person, in seconds: a week, so that a weekend is in it.
pub const LASTS_S: i64 = 7 * 86_400;

/// How long what was decided is shown, in seconds. The audit log keeps it for ever.
const KEPT_S: i64 = 90 * 86_400;

/// The most requests that wait at once. More is a mistake, or somebody who floods the list.
const MAX_WAITING: usize = 100;

/// What somebody asks that takes two.
#[derive(Debug)]
pub struct Request {
    /// The operation.
    pub op: String,
    /// The document.
    pub body: String,
    /// What it is about: names and values.
    pub about: Vec<(String, String)>,
    /// A digest of what it is about.
    pub pin: String,
}

/// Whether a request still waits: it was not decided, and a week has not passed.
pub fn is_waiting(row: &ApprovalRow, now_s: i64) -> bool {
    row.state == ApprovalState::Waiting && now_s - row.asked_at_s < LASTS_S
}

impl Node {
    /// Keeps what somebody asked, and gives its id. The same question is kept once.
    pub fn keep_request(&self, by: &str, request: Request) -> Outcome<ApprovalId> {
        let (id, now_s) = (self.new_id()?, self.now_s());
        let Request { op, body, about, pin } = request;
        self.db.write("approval asked", |tx| {
            let all = tx.approvals()?;
            let waiting = || all.iter().filter(|(_, row)| is_waiting(row, now_s));
            let is_same = |row: &ApprovalRow| row.op == op && row.body == body && row.pin == pin;
            if let Some((known, _)) = waiting().find(|(_, row)| is_same(row)) {
                return Ok(*known);
            }
            if waiting().count() >= MAX_WAITING {
                return Err(too_many());
            }
            for (old, row) in &all {
                if !is_waiting(row, now_s) && now_s - row.asked_at_s > KEPT_S {
                    tx.delete_approval(old)?;
                }
            }
            let entry = self.node_entry(by, Action::ApprovalAsked, [op.clone()], &id);
            let row = ApprovalRow {
                op,
                body,
                about,
                pin,
                asked_by: by.to_owned(),
                asked_at_s: now_s,
                state: ApprovalState::Waiting,
                decided_by: String::new(),
                decided_at_s: 0,
                fault: String::new(),
            };
            tx.put_approval(&id, &row)?;
            self.write_audit(tx, vec![entry])?;
            Ok(id)
        })
    }

    /// Takes a request as the second person: nobody else can any more. `noted` is what the audit log says of the two
    /// besides.
    pub fn take_request(
        &self,
        by: &str,
        id: &ApprovalId,
        noted: Vec<String>,
    ) -> Outcome<ApprovalRow> {
        self.decide(by, id, ApprovalState::Approved, Action::ApprovalGiven, noted)
    }

    /// Refuses a request, or takes back one's own.
    pub fn refuse_request(&self, by: &str, id: &ApprovalId) -> Outcome<ApprovalRow> {
        self.decide(by, id, ApprovalState::Refused, Action::ApprovalRefused, Vec::new())
    }

    fn decide(
        &self,
        by: &str,
        id: &ApprovalId,
        to: ApprovalState,
        action: Action,
        noted: Vec<String>,
    ) -> Outcome<ApprovalRow> {
        let now_s = self.now_s();
        self.db.write("approval decided", |tx| {
            let mut row = tx.approval(id)?.ok_or_else(no_such_request)?;
            if row.state != ApprovalState::Waiting {
                return Err(decided_already(&row));
            }
            if !is_waiting(&row, now_s) {
                return Err(too_late());
            }
            if to == ApprovalState::Approved && fold(by) == fold(&row.asked_by) {
                return Err(own_request(by));
            }
            row.state = to;
            row.decided_by = by.to_owned();
            row.decided_at_s = now_s;
            tx.put_approval(id, &row)?;
            let reasons = [row.op.clone(), row.asked_by.clone()].into_iter().chain(noted);
            self.write_audit(tx, vec![self.node_entry(by, action, reasons, id)])?;
            Ok(row)
        })
    }

    /// Says what became of a request that was taken: it was done, or a fault kept it from that. `made` names
    /// what came of it, where it has a name of its own.
    pub fn settle_request(
        &self,
        id: &ApprovalId,
        fault: Option<&Fault>,
        made: Option<(&str, String)>,
    ) -> Outcome<ApprovalRow> {
        self.db.write("approval settled", |tx| {
            let mut row = tx.approval(id)?.ok_or_else(no_such_request)?;
            if let Some((name, value)) = made {
                row.about.retain(|(known, _)| known != name);
                row.about.push((name.to_owned(), value));
            }
            row.state = if fault.is_some() { ApprovalState::Failed } else { ApprovalState::Done };
            row.fault = fault.map(|it| it.code.clone()).unwrap_or_default();
            // Whatever it was asked with has done its work.
            row.body.clear();
            tx.put_approval(id, &row)?;
            if let Some(fault) = fault {
                let reasons = [row.op.clone(), fault.code.clone()];
                let by = row.decided_by.clone();
                let entry = self.node_entry(&by, Action::ApprovalFailed, reasons, id);
                self.write_audit(tx, vec![entry])?;
            }
            Ok(row)
        })
    }

    /// A request.
    pub fn request(&self, id: &ApprovalId) -> Outcome<ApprovalRow> {
        self.db.read(|tx| tx.approval(id))?.ok_or_else(no_such_request)
    }

    /// All requests that are kept, the newest first.
    pub fn requests(&self) -> Outcome<Vec<(ApprovalId, ApprovalRow)>> {
        let mut all = self.db.read(|tx| tx.approvals())?;
        all.reverse();
        Ok(all)
    }

    /// How many requests wait for a second person.
    pub fn n_approvals_waiting(&self) -> Outcome<u64> {
        let now_s = self.now_s();
        Ok(self.requests()?.iter().filter(|(_, row)| is_waiting(row, now_s)).count() as u64)
    }

    /// Writes down that whoever asked takes the file that their request wrote.
    pub fn approved_file_taken(&self, by: &str, id: &str) -> Outcome<()> {
        let id = uuid::Uuid::parse_str(id).map_err(|_| no_such_request())?.into_bytes();
        let op = self.request(&id)?.op;
        self.audit(vec![self.node_entry(by, Action::ApprovalFileTaken, [op], &id)])
    }

    fn node_entry(
        &self,
        by: &str,
        action: Action,
        reasons: impl IntoIterator<Item = String>,
        id: &ApprovalId,
    ) -> entente_core::audit::AuditEntry {
        let entry = self.entry(Actor::Staff(by.to_owned()), action);
        entry.reasons(reasons).reference(*id)
    }
}

/// There is no such request.
pub(crate) fn no_such_request() -> Box<Fault> {
    Fault::new(
        2781,
        ("There is no such request.", "Cette demande n’existe pas."),
        (
            "List them: `entente approvals list`.",
            "Affichez la liste\u{a0}: `entente approvals list`.",
        ),
    )
}

fn decided_already(row: &ApprovalRow) -> Box<Fault> {
    Fault::new(
        2782,
        ("This request is decided already.", "Cette demande est déjà tranchée."),
        (
            "See by whom: `entente approvals list --decided`.",
            "Voyez par qui\u{a0}: `entente approvals list --decided`.",
        ),
    )
    .because(row.decided_by.clone(), row.decided_by.clone())
}

fn too_late() -> Box<Fault> {
    Fault::new(
        2783,
        (
            "Nobody approved this within seven days.",
            "Personne n’a approuvé cette demande en sept jours.",
        ),
        ("Ask for it again.", "Refaites la demande."),
    )
}

fn own_request(by: &str) -> Box<Fault> {
    Fault::new(
        2784,
        ("Nobody approves a request of their own.", "Personne n’approuve sa propre demande."),
        (
            "Let somebody else with the role look at it: `entente approvals list`.",
            "Faites-la voir à quelqu’un d’autre qui a le rôle\u{a0}: `entente approvals list`.",
        ),
    )
    .because(by, by)
}

fn too_many() -> Box<Fault> {
    Fault::new(
        2787,
        (
            "A hundred requests wait for a second person already.",
            "Cent demandes attendent déjà une deuxième personne.",
        ),
        (
            "Approve or refuse some of them: `entente approvals list`.",
            "Approuvez ou refusez-en\u{a0}: `entente approvals list`.",
        ),
    )
}
