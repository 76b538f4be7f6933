//! Agreements: from a draft to two signatures, and to their end.
//!
//! The document travels in the feeds as an envelope; each side keeps the exact bytes and both
//! signatures. What is in force is asked of the core's state machine, and what may be said of the
//! policy compiled from the bytes: nothing else opens a door.

use entente_core::agreement::{Agreement, AgreementId, AgreementState, Event, Side};
use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::{OrgId, Signature};
use entente_core::policy::Policy;
use entente_core::statement::AgreementRef;
use entente_core::summary::SummaryId;
use entente_proto::{AgreementChange, AgreementNotice};
use entente_store::db::{Rows, Write};
use entente_store::rows::{AgreementRow, PartnerState};
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use super::documents::Used;
use super::endings::Ending;
use super::feeds::Gathered;
use super::pairing::random;
use super::partners::{Shut, unknown_partner};
use super::{Node, Outcome, unpoisoned};
use crate::fault::Fault;

/// An agreement as this node keeps it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The document.
    pub agreement: Agreement,
    /// The hash both sides sign, in effect: over the canonical bytes.
    pub hash: [u8; 32],
    /// The other party.
    pub partner: OrgId,
    /// Where it stands today.
    pub state: AgreementState,
    /// The row it was read from.
    pub row: AgreementRow,
}

impl Kept {
    /// How statements refer to it.
    pub fn reference(&self) -> AgreementRef {
        AgreementRef { id: self.agreement.id.0, version: self.agreement.version }
    }
}

/// The state in a row.
pub(crate) fn state_of(row: &AgreementRow) -> AgreementState {
    let (code, by_us, by_them) = &row.state;
    let by = if *by_us { Side::Ours } else { Side::Theirs };
    match code.as_str() {
        "proposed" => AgreementState::Proposed { by },
        "half-signed" => AgreementState::HalfSigned { by },
        "active" => AgreementState::Active,
        "suspended" => AgreementState::Suspended { by_us: *by_us, by_them: *by_them },
        "amended" => AgreementState::Amended,
        "expired" => AgreementState::Expired,
        "ended" => AgreementState::Ended { by },
        _ => AgreementState::Draft,
    }
}

fn state_row(state: AgreementState) -> (String, bool, bool) {
    let (by_us, by_them) = match state {
        AgreementState::Proposed { by }
        | AgreementState::HalfSigned { by }
        | AgreementState::Ended { by } => (by == Side::Ours, by == Side::Theirs),
        AgreementState::Suspended { by_us, by_them } => (by_us, by_them),
        _ => (false, false),
    };
    (state.code().to_owned(), by_us, by_them)
}

/// How much of an id has to be said.
const MIN_ID: usize = 4;

/// Which agreement a text names: the beginning of its id, perhaps with `@version`.
fn matches(kept: &Kept, wanted: &str) -> bool {
    let (id, version) = match wanted.split_once('@') {
        Some((id, version)) => (id, Some(version)),
        None => (wanted, None),
    };
    // What is no version is none of this agreement, and not whichever is the newest.
    let is_version = |text: &str| text.parse::<u32>() == Ok(kept.agreement.version);
    id.len() >= MIN_ID
        && kept.agreement.id.to_string().starts_with(&id.to_lowercase())
        && version.is_none_or(is_version)
}

impl Node {
    /// All agreements, in the order of their ids and versions, as they stand today.
    pub fn agreements(&self) -> Outcome<Vec<Kept>> {
        self.db.read(|tx| self.all_kept(tx))
    }

    pub(crate) fn all_kept<R: Rows>(&self, tx: &R) -> Outcome<Vec<Kept>> {
        let rows = tx.agreements()?;
        Ok(rows.into_iter().filter_map(|(_, _, row)| self.kept(row)).collect())
    }

    fn kept(&self, row: AgreementRow) -> Option<Kept> {
        let agreement = entente_proto::decode_agreement(&row.bytes).ok()?;
        let partner = OrgId::from_bytes(&row.partner).ok()?;
        let state = state_of(&row).on(agreement.term, self.today());
        Some(Kept { hash: hash(&row.bytes), agreement, partner, state, row })
    }

    /// The newest agreement whose id begins like this.
    pub fn find_agreement(&self, wanted: &str) -> Outcome<Kept> {
        let found = self.agreements()?.into_iter().rfind(|kept| matches(kept, wanted.trim()));
        found.ok_or_else(unknown_agreement)
    }

    /// The newest agreement with a partner in whatever state, for explaining what is closed.
    pub(crate) fn newest<R: Rows>(&self, tx: &R, partner: &OrgId) -> Outcome<Option<Kept>> {
        let rows = tx.agreements_with(partner.as_bytes())?;
        let mut kept: Vec<_> = rows.into_iter().filter_map(|row| self.kept(row)).collect();
        let active = kept.iter().position(|kept| kept.state == AgreementState::Active);
        Ok(active.map(|at| kept.swap_remove(at)).or_else(|| kept.pop()))
    }

    /// The agreement that says where a partnership stands: the same, but what is over gives way to what waits for
    /// signatures.
    pub(crate) fn that_counts<R: Rows>(&self, tx: &R, partner: &OrgId) -> Outcome<Option<Kept>> {
        let newest = self.newest(tx, partner)?;
        let is_over = |kept: &Kept| {
            use AgreementState::{Amended, Ended, Expired};
            matches!(kept.state, Ended { .. } | Expired | Amended)
        };
        if !newest.as_ref().is_some_and(is_over) {
            return Ok(newest);
        }
        let waits = |kept: &Kept| {
            use AgreementState::{HalfSigned, Proposed};
            matches!(kept.state, Proposed { .. } | HalfSigned { .. })
        };
        let rows = tx.agreements_with(partner.as_bytes())?;
        let open = rows.into_iter().filter_map(|row| self.kept(row)).rfind(waits);
        Ok(open.or(newest))
    }

    /// The agreement in force with a partner, or else the newest that ever was, whatever waits for signatures.
    pub(crate) fn last_in_force<R: Rows>(&self, tx: &R, partner: &OrgId) -> Outcome<Option<Kept>> {
        let rows = tx.agreements_with(partner.as_bytes())?;
        let is_signed =
            |row: &AgreementRow| row.our_signature.is_some() && row.their_signature.is_some();
        let kept = rows.into_iter().filter(is_signed).filter_map(|row| self.kept(row));
        // Ids are random: when one changed last says which is newer.
        let newness = |it: &Kept| (it.state == AgreementState::Active, it.row.changed_at_s);
        Ok(kept.max_by_key(newness))
    }

    /// The policy for what we may say under this agreement.
    pub(crate) fn policy(&self, kept: &Kept) -> Outcome<Policy> {
        kept.agreement.policy_for(&self.id()).ok_or_else(unknown_agreement)
    }

    /// Reads a draft as a new agreement with this partner, or as the next version of one.
    pub fn read_draft(
        &self,
        draft: &str,
        partner: &OrgId,
        amends: Option<&Kept>,
    ) -> Outcome<Agreement> {
        let id = match amends {
            Some(kept) => kept.agreement.id,
            None => AgreementId(random::<16>()?),
        };
        let agreement = Agreement::from_toml(draft, &self.id(), partner, id).map_err(|error| {
            Fault::new(
                1302,
                ("The draft is not an agreement.", "L’ébauche n’est pas une entente."),
                (
                    "Correct the file and try again: `entente agreement propose FILE`.",
                    "Corrigez le fichier et réessayez\u{a0}: `entente agreement propose FICHIER`.",
                ),
            )
            .because(
                error.text(entente_core::lang::Lang::En),
                error.text(entente_core::lang::Lang::Fr),
            )
        })?;
        let Some(kept) = amends else { return Ok(agreement) };
        let mut next = agreement.amending(&kept.agreement, kept.hash);
        // A version that was declined keeps its number: the one after it is free.
        let all = self.agreements()?;
        let is_over = |version| {
            let known =
                all.iter().find(|it| it.agreement.id == next.id && it.agreement.version == version);
            known.is_some_and(|it| matches!(it.state, AgreementState::Ended { .. }))
        };
        let mut version = next.version;
        while is_over(version) {
            version = version.saturating_add(1);
        }
        next.version = version;
        Ok(next)
    }

    /// Proposes an agreement: keeps it, signs nothing, and sends the text to the other side.
    pub fn propose(&self, actor: Actor, agreement: &Agreement) -> Outcome<Kept> {
        let partner = agreement.partner_of(&self.id()).ok_or_else(unknown_agreement)?.org;
        let bytes = entente_proto::encode_agreement(agreement);
        let row = AgreementRow {
            partner: *partner.as_bytes(),
            bytes: bytes.clone(),
            our_signature: None,
            their_signature: None,
            ours: true,
            state: state_row(self.next(
                AgreementState::Draft,
                Event::Propose(Side::Ours),
                agreement,
            )?),
            changed_at_s: self.now_s(),
            ended_at_s: None,
            end_receipt_at_s: None,
        };
        self.db.write("propose", |tx| {
            let partner_row =
                tx.partner(partner.as_bytes())?.ok_or_else(|| unknown_partner(&partner))?;
            self.open_to(&partner_row).map_err(not_yet)?;
            if tx.agreement(&agreement.id.0, agreement.version)?.is_some() {
                return Err(known_version());
            }
            tx.put_agreement(&agreement.id.0, agreement.version, &row)?;
            // The proposal travels signed as a notice, so that nobody can put words in our mouth;
            // it is not our signature under the agreement.
            let document = self.document(&partner, payload_type::AGREEMENT_PROPOSAL, bytes)?;
            self.say(tx, &partner, None, vec![document])?;
            let entry = self.entry(actor, Action::AgreementProposed).partner(partner);
            self.write_audit(tx, vec![entry.agreement(agreement.id.0)])
        })?;
        self.kept(row).ok_or_else(unknown_agreement)
    }

    pub(crate) fn next(
        &self,
        state: AgreementState,
        event: Event,
        agreement: &Agreement,
    ) -> Outcome<AgreementState> {
        state.after(event, agreement.term, self.today()).map_err(|refused| {
            use entente_core::lang::Lang;
            Fault::new(
                1303,
                (
                    "This cannot be done to the agreement now.",
                    "Impossible pour cette entente à l’heure actuelle.",
                ),
                (
                    "See where it stands: `entente agreement show`.",
                    "Voyez où elle en est\u{a0}: `entente agreement show`.",
                ),
            )
            .because(refused.text(Lang::En), refused.text(Lang::Fr))
        })
    }

    /// Signs an agreement. With both signatures it is in force.
    pub fn sign_agreement(&self, actor: Actor, kept: &Kept) -> Outcome<Kept> {
        let envelope =
            Envelope::seal(payload_type::AGREEMENT, kept.row.bytes.clone(), &self.secrets.key)
                .map_err(|_| super::audit::no_randomness())?;
        let signature =
            envelope.signatures.first().map(|(_, signature)| signature.as_bytes().to_vec());
        self.db.write("sign agreement", |tx| {
            let mut row = self.current(tx, kept)?;
            let state = state_of(&row).on(kept.agreement.term, self.today());
            let state = self.next(state, Event::Sign(Side::Ours), &kept.agreement)?;
            row.our_signature = signature;
            self.put_state(tx, kept, &mut row, state)?;
            let document = entente_core::policy::document(kept.partner, envelope);
            self.say(tx, &kept.partner, None, vec![document.ok_or_else(crate::answer::failed)?])?;
            let mut entries = vec![
                self.entry(actor.clone(), Action::AgreementSigned)
                    .partner(kept.partner)
                    .agreement(kept.agreement.id.0),
            ];
            if state == AgreementState::Active {
                entries.push(self.activate(tx, kept, actor)?);
            }
            self.write_audit(tx, entries)?;
            self.say_services_to(tx, &kept.partner, None)?;
            Ok::<_, Box<Fault>>(())
        })?;
        self.refresh_admissions()?;
        self.find_agreement(&format!("{}@{}", kept.agreement.id, kept.agreement.version))
    }

    pub(crate) fn current<R: Rows>(&self, tx: &R, kept: &Kept) -> Outcome<AgreementRow> {
        tx.agreement(&kept.agreement.id.0, kept.agreement.version)?.ok_or_else(unknown_agreement)
    }

    pub(crate) fn put_state(
        &self,
        tx: &mut Write<'_>,
        kept: &Kept,
        row: &mut AgreementRow,
        state: AgreementState,
    ) -> Outcome<()> {
        row.state = state_row(state);
        row.changed_at_s = self.now_s();
        Ok(tx.put_agreement(&kept.agreement.id.0, kept.agreement.version, row)?)
    }

    /// Marks older versions as replaced and the partner as active.
    fn activate(
        &self,
        tx: &mut Write<'_>,
        kept: &Kept,
        actor: Actor,
    ) -> Outcome<entente_core::audit::AuditEntry> {
        for older in self.all_kept(tx)? {
            let same = older.agreement.id == kept.agreement.id;
            if same && older.agreement.version < kept.agreement.version {
                let state = state_of(&older.row).after(
                    Event::Superseded,
                    older.agreement.term,
                    self.today(),
                );
                if let Ok(state) = state {
                    let mut row = older.row.clone();
                    self.put_state(tx, &older, &mut row, state)?;
                }
            }
        }
        if let Some(mut partner) = tx.partner(kept.partner.as_bytes())?
            && partner.state == PartnerState::Verified
        {
            partner.state = PartnerState::Active;
            tx.put_partner(kept.partner.as_bytes(), &partner)?;
        }
        self.say_team_key(tx, &kept.partner)?;
        let entry = self.entry(actor, Action::AgreementActive).partner(kept.partner);
        Ok(entry.agreement(kept.agreement.id.0))
    }

    /// Declines, suspends, resumes or ends an agreement, and tells the other side.
    pub fn change_agreement(
        &self,
        actor: Actor,
        kept: &Kept,
        change: AgreementChange,
        reason: &str,
    ) -> Outcome<()> {
        let gone = self.db.write("change agreement", |tx| {
            let was_in_force = is_in_force(state_of(&self.current(tx, kept)?));
            self.apply_change(tx, actor, kept, change, Side::Ours)?;
            let notice = AgreementNotice {
                agreement: kept.reference(),
                change,
                at_s: u64::try_from(self.now_s()).unwrap_or(0),
                reason: reason.to_owned(),
            };
            let payload = entente_proto::encode_agreement_notice(&notice);
            let document = self.document(&kept.partner, payload_type::AGREEMENT_NOTICE, payload)?;
            self.say(tx, &kept.partner, None, vec![document])?;
            if change == AgreementChange::Resumed {
                self.say_services_to(tx, &kept.partner, None)?;
            }
            match change {
                AgreementChange::Ended if was_in_force => self.execute_our_end(tx, kept),
                _ => Ok(Vec::new()),
            }
        })?;
        self.forget_held(&gone);
        Ok(())
    }

    /// Summaries that are no longer held leave the index too, once the store has committed.
    pub(crate) fn forget_held(&self, gone: &[SummaryId]) {
        let mut held = unpoisoned(self.held.write());
        for id in gone {
            held.remove(id);
        }
        drop(held);
        self.forget_directory();
    }

    pub(crate) fn apply_change(
        &self,
        tx: &mut Write<'_>,
        actor: Actor,
        kept: &Kept,
        change: AgreementChange,
        side: Side,
    ) -> Outcome<()> {
        let (event, action) = match change {
            AgreementChange::Declined | AgreementChange::Retracted => {
                (Event::Decline(side), Action::AgreementDeclined)
            }
            AgreementChange::Suspended => (Event::Suspend(side), Action::AgreementSuspended),
            AgreementChange::Resumed => (Event::Resume(side), Action::AgreementResumed),
            AgreementChange::Ended => (Event::End(side), Action::AgreementEnded),
        };
        let mut row = self.current(tx, kept)?;
        let was_in_force = is_in_force(state_of(&row));
        let state = self.next(state_of(&row), event, &kept.agreement)?;
        if change == AgreementChange::Ended {
            row.ended_at_s = Some(self.now_s());
        }
        self.put_state(tx, kept, &mut row, state)?;
        if change == AgreementChange::Ended && was_in_force {
            self.after_end(tx, kept)?;
        }
        let entry = self.entry(actor, action).partner(kept.partner);
        self.write_audit(tx, vec![entry.agreement(kept.agreement.id.0)])?;
        if change == AgreementChange::Resumed && side == Side::Theirs {
            self.say_services_to(tx, &kept.partner, None)?;
        }
        Ok(())
    }

    /// A proposal of the other side, or its signature under an agreement.
    pub(crate) fn read_agreement(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Ok(payload) = envelope.verify(&envelope.payload_type, &[*issuer]) else {
            return Ok(Err("document_not_signed"));
        };
        let bytes = payload.bytes();
        let Ok(agreement) = entente_proto::decode_agreement(bytes) else {
            return Ok(Err("agreement_unreadable"));
        };
        let ours = agreement.partner_of(&self.id()).is_some_and(|party| party.org == *issuer);
        if !ours || !agreement.problems().is_empty() {
            return Ok(Err("agreement_not_ours"));
        }
        let known = tx.agreement(&agreement.id.0, agreement.version)?;
        let proposed = envelope.payload_type == payload_type::AGREEMENT_PROPOSAL;
        match known {
            Some(row) if row.bytes != bytes => Ok(Err("agreement_changed")),
            Some(_) if proposed => Ok(Err("agreement_known")),
            Some(row) => self.read_signature(tx, issuer, envelope, &agreement, row, gathered),
            None if proposed => self.read_proposal(tx, issuer, bytes, &agreement, gathered),
            None => Ok(Err("agreement_unknown")),
        }
    }

    fn read_proposal(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        bytes: &[u8],
        agreement: &Agreement,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let event = Event::Propose(Side::Theirs);
        let Ok(state) = AgreementState::Draft.after(event, agreement.term, self.today()) else {
            return Ok(Err("agreement_over"));
        };
        let row = AgreementRow {
            partner: *issuer.as_bytes(),
            bytes: bytes.to_vec(),
            our_signature: None,
            their_signature: None,
            ours: false,
            state: state_row(state),
            changed_at_s: self.now_s(),
            ended_at_s: None,
            end_receipt_at_s: None,
        };
        tx.put_agreement(&agreement.id.0, agreement.version, &row)?;
        let entry = self.entry(Actor::Partner(*issuer), Action::AgreementProposed);
        gathered.entries.push(entry.partner(*issuer).agreement(agreement.id.0));
        Ok(Ok(()))
    }

    fn read_signature(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        agreement: &Agreement,
        mut row: AgreementRow,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let state = state_of(&row).on(agreement.term, self.today());
        let Ok(state) = state.after(Event::Sign(Side::Theirs), agreement.term, self.today()) else {
            return Ok(Err("agreement_not_now"));
        };
        row.their_signature =
            envelope.signatures.first().map(|(_, signature)| signature.as_bytes().to_vec());
        let Some(kept) = self.kept(row.clone()) else { return Ok(Err("agreement_unreadable")) };
        self.put_state(tx, &kept, &mut row, state)?;
        let entry = self.entry(Actor::Partner(*issuer), Action::AgreementSigned);
        gathered.entries.push(entry.partner(*issuer).agreement(agreement.id.0));
        if state == AgreementState::Active {
            gathered.entries.push(self.activate(tx, &kept, Actor::Partner(*issuer))?);
            self.say_services_to(tx, issuer, None)?;
        }
        Ok(Ok(()))
    }

    /// The other side declined, suspended, resumed or ended an agreement.
    pub(crate) fn read_agreement_notice(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        notice: &AgreementNotice,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let AgreementRef { id, version } = notice.agreement;
        let row = tx.agreement(&id, version)?.filter(|row| row.partner == *issuer.as_bytes());
        let Some(kept) = row.and_then(|row| self.kept(row)) else {
            return Ok(Err("agreement_unknown"));
        };
        let over = matches!(kept.state, AgreementState::Ended { .. });
        if over && notice.change == AgreementChange::Ended {
            // Both sides ended it before they heard of each other; ours did what it says already.
            return Ok(Ok(()));
        }
        let actor = Actor::Partner(*issuer);
        match self.apply_change(tx, actor, &kept, notice.change, Side::Theirs) {
            Ok(()) => {}
            Err(fault) if fault.code == "ENT-1303" => return Ok(Err("agreement_not_now")),
            Err(fault) => return Err(fault),
        }
        if notice.change == AgreementChange::Ended {
            let Ending { receipt, entry, n, gone } = self.execute_end(tx, &kept)?;
            gathered.accepted.n_withdrawn += n;
            gathered.shredded(gone);
            gathered.receipts.push(receipt);
            gathered.entries.push(entry);
        }
        Ok(Ok(()))
    }

    /// The agreement with both signatures, as anybody can verify it.
    pub fn signed_agreement(&self, kept: &Kept) -> Envelope {
        let sign = |org: OrgId, bytes: &Option<Vec<u8>>| {
            let signature = Signature::try_from(bytes.as_deref()?).ok()?;
            Some((org, signature))
        };
        let signatures = [
            sign(self.id(), &kept.row.our_signature),
            sign(kept.partner, &kept.row.their_signature),
        ];
        Envelope {
            payload_type: payload_type::AGREEMENT.to_owned(),
            payload: kept.row.bytes.clone(),
            signatures: signatures.into_iter().flatten().collect(),
        }
    }

    /// How many summaries are held from a partner.
    pub fn n_held_from(&self, partner: &OrgId) -> u64 {
        unpoisoned(self.held.read()).n_from(partner)
    }
}

pub(crate) fn is_in_force(state: AgreementState) -> bool {
    matches!(state, AgreementState::Active | AgreementState::Suspended { .. })
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn not_yet(shut: Shut) -> Box<Fault> {
    let why = match shut {
        Shut::NotVerified => (
            "The phone check is not finished.",
            "La vérification par téléphone n’est pas terminée.",
        ),
        Shut::Suspended => ("The partnership is suspended.", "Le partenariat est suspendu."),
        Shut::Quarantined => ("The partner is in quarantine.", "Le partenaire est en quarantaine."),
        Shut::Ended | Shut::Unknown => {
            ("The partnership has ended.", "Le partenariat est terminé.")
        }
    };
    super::documents::not_open().because(why.0, why.1)
}

pub(crate) fn unknown_agreement() -> Box<Fault> {
    Fault::new(
        1301,
        ("There is no such agreement.", "Cette entente n’existe pas."),
        (
            "List them: `entente agreement list`.",
            "Affichez la liste\u{a0}: `entente agreement list`.",
        ),
    )
}

fn known_version() -> Box<Fault> {
    Fault::new(
        1304,
        ("This version was proposed already.", "Cette version a déjà été proposée."),
        ("See it: `entente agreement list`.", "Voyez-la\u{a0}: `entente agreement list`."),
    )
}
