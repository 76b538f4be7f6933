//! The terms of rounds: from a draft to our officer's signature.
//!
//! Terms go to every partner that has a part in them, and so does our signature. Whether *we* answer
//! depends on our own alone.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::payload_type;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::statistics::overlap::{Round, RoundId};
use entente_store::db::{DbError, Rows, Write};
use entente_store::overlap::Overlap as _;
use entente_store::rows::{BadRow, Bytes32, OverlapRow};

use super::driving::over;
use crate::fault::Fault;
use crate::node::statistics::signed::{Signable, counted};
use crate::node::{Node, Outcome};

/// A round as this node keeps it.
#[derive(Clone, Debug)]
pub struct KeptRound {
    /// Its terms.
    pub round: Round,
    /// The row it was read from.
    pub row: OverlapRow,
    /// Whose signatures we have, in the order of their ids.
    pub signers: Vec<OrgId>,
}

impl KeptRound {
    pub(super) fn of<R: Rows>(tx: &R, row: OverlapRow) -> Outcome<Self> {
        let round = entente_proto::decode_overlap_terms(&row.bytes);
        let round = round.map_err(|_| Box::<Fault>::from(DbError::from(BadRow)))?;
        let signers = tx.overlap_signers(&round.id().0)?;
        let signers = signers.iter().filter_map(|org| OrgId::from_bytes(org).ok()).collect();
        Ok(Self { round, row, signers })
    }

    /// Whether our own officer has signed it.
    pub fn is_signed(&self) -> bool {
        self.row.signed_at_s.is_some()
    }

    /// Whether it is over for us, counted or given up.
    pub fn is_over(&self) -> bool {
        self.row.ended_at_s.is_some()
    }
}

impl Node {
    /// Reads the draft of a round.
    pub fn read_overlap(&self, draft: &str) -> Outcome<Round> {
        let round = Round::from_toml(draft).map_err(|error| {
            Fault::new(
                2120,
                (
                    "The draft is not the terms of an overlap round.",
                    "L’ébauche ne contient pas les conditions d’un recoupement.",
                ),
                (
                    "Correct the file and try again: `entente stats overlap sign FILE`.",
                    "Corrigez le fichier et réessayez\u{a0}: `entente stats overlap sign FICHIER`.",
                ),
            )
            .because(error.text(Lang::En), error.text(Lang::Fr))
        })?;
        self.require_part_in(&round)?;
        Ok(round)
    }

    fn require_part_in(&self, round: &Round) -> Outcome<()> {
        if round.parties().contains(&self.id()) {
            return Ok(());
        }
        Err(Fault::new(
            2123,
            (
                "This organization has no part in the overlap round.",
                "Cet organisme n’a aucun rôle dans le recoupement.",
            ),
            (
                "Name it among those who contribute, mix or count.",
                "Nommez-le parmi ceux qui contribuent, mélangent ou comptent.",
            ),
        ))
    }

    /// Keeps a round, signs nothing, and sends the terms to all partners that have a part in it.
    pub fn propose_overlap(&self, actor: Actor, round: &Round) -> Outcome<KeptRound> {
        self.require_part_in(round)?;
        let bytes = entente_proto::encode_overlap_terms(round);
        let id = round.id();
        self.db.write("propose overlap", |tx| {
            if self.may_propose(tx, round, &id.0)? {
                tx.put_overlap_round(&id.0, &self.overlap_row(bytes.clone(), &self.id()))?;
            }
            self.say_to_parties(tx, round.parties(), payload_type::OVERLAP_PROPOSAL, &bytes)?;
            let entry = self.entry(actor, Action::OverlapProposed).reference(id.0);
            self.write_audit(tx, vec![entry])
        })?;
        self.overlap_by_id(&id)
    }

    fn overlap_row(&self, bytes: Vec<u8>, from: &OrgId) -> OverlapRow {
        OverlapRow {
            bytes,
            from: *from.as_bytes(),
            at_s: self.now_s(),
            signed_at_s: None,
            begun_at_s: None,
            ended_at_s: None,
        }
    }

    /// Says why our officer could not sign a round now, if that is so.
    pub fn check_overlap(&self, round: &Round) -> Outcome<()> {
        self.require_part_in(round)?;
        if round.list_of(&self.id()).is_some() {
            self.may_contribute(round)?;
        }
        Ok(())
    }

    /// Signs a round: from now on its coordinator is answered.
    pub fn sign_overlap(&self, actor: Actor, id: &RoundId) -> Outcome<KeptRound> {
        let kept = self.overlap_by_id(id)?;
        if kept.is_signed() {
            return Ok(kept);
        }
        // Whoever declined it has said that it is over.
        if kept.is_over() {
            return Err(over());
        }
        self.check_overlap(&kept.round)?;
        self.db.write("sign overlap", |tx| {
            let mut row = tx.overlap_round(&id.0)?.ok_or_else(unknown_round)?;
            if row.signed_at_s.is_some() {
                return Ok(());
            }
            // It may have been declined since it was read.
            if row.ended_at_s.is_some() {
                return Err(over());
            }
            row.signed_at_s = Some(self.now_s());
            let sealed = self.sealed(payload_type::OVERLAP_TERMS, row.bytes.clone())?;
            let document = entente_proto::encode_envelope(&sealed);
            tx.put_overlap_round(&id.0, &row)?;
            tx.put_overlap_signature(&id.0, self.id().as_bytes(), &document)?;
            self.say_to_parties(tx, kept.round.parties(), payload_type::OVERLAP_TERMS, &row.bytes)?;
            let entry = self.entry(actor, Action::OverlapSigned).reference(id.0);
            self.write_audit(tx, vec![entry])
        })?;
        self.overlap_by_id(id)
    }

    /// All rounds, by their period and then as they came.
    pub fn overlaps(&self) -> Outcome<Vec<KeptRound>> {
        let mut all = self.db.read(|tx| {
            let rows = tx.overlap_rounds()?.into_iter();
            rows.map(|(_, row)| KeptRound::of(tx, row)).collect::<Outcome<Vec<_>>>()
        })?;
        all.sort_by_key(|kept| (kept.round.terms().period.number(), kept.row.at_s));
        Ok(all)
    }

    /// How many rounds wait for our officer's signature, or for us to take no part.
    pub fn n_overlaps_to_sign(&self) -> Outcome<u64> {
        self.db.read(|tx| {
            let waits = |row: &OverlapRow| row.signed_at_s.is_none() && row.ended_at_s.is_none();
            Ok(tx.overlap_rounds()?.iter().filter(|(_, row)| waits(row)).count() as u64)
        })
    }

    /// The round with this id.
    pub fn overlap_by_id(&self, id: &RoundId) -> Outcome<KeptRound> {
        self.db.read(|tx| KeptRound::of(tx, tx.overlap_round(&id.0)?.ok_or_else(unknown_round)?))
    }

    /// Finds a round by the beginning of its id, or by its period: then the newest of that period. If that
    /// one and others wait for our signature, the period names none of them.
    pub fn find_overlap(&self, wanted: &str) -> Outcome<KeptRound> {
        let wanted = wanted.trim().to_lowercase();
        let all = self.overlaps()?;
        let is_id = |kept: &&KeptRound| {
            wanted.len() >= 6 && kept.round.id().to_string().starts_with(&wanted)
        };
        let is_period =
            |kept: &&KeptRound| kept.round.terms().period.to_string().to_lowercase() == wanted;
        if let Some(found) = all.iter().find(is_id) {
            return Ok(found.clone());
        }
        let waits = |kept: &KeptRound| !kept.is_signed() && !kept.is_over();
        let newest = all.iter().rev().find(is_period).ok_or_else(unknown_round)?;
        let n_waiting = all.iter().filter(is_period).filter(|kept| waits(kept)).count();
        if waits(newest) && n_waiting > 1 {
            return Err(several_rounds());
        }
        Ok(newest.clone())
    }
}

impl Signable for Round {
    const SIGNATURE: &'static str = payload_type::OVERLAP_TERMS;
    const OF_OTHERS: &'static str = "overlap_of_others";
    const TOO_MANY: &'static str = "too_many_overlaps";
    const ACTIONS: [Action; 2] = [Action::OverlapProposed, Action::OverlapSigned];

    fn read(bytes: &[u8]) -> Option<Self> {
        entente_proto::decode_overlap_terms(bytes).ok()
    }

    fn id(&self, _: &[u8]) -> Bytes32 {
        Round::id(self).0
    }

    fn names(&self, org: &OrgId) -> bool {
        self.parties().contains(org)
    }

    fn is_kept(&self, tx: &Write<'_>, id: &Bytes32, from: &Bytes32) -> Outcome<Result<(), usize>> {
        if tx.overlap_round(id)?.is_some() {
            return Ok(Ok(()));
        }
        let rounds = tx.overlap_rounds()?.into_iter().map(|(_, row)| row);
        let unsigned = rounds.filter(|row| row.from == *from && row.signed_at_s.is_none());
        let unsigned: Vec<OverlapRow> = unsigned.collect();
        let n_open = unsigned.iter().filter(|row| row.ended_at_s.is_none()).count();
        Ok(Err(counted(unsigned.len(), n_open)))
    }

    fn keep(
        node: &Node,
        tx: &mut Write<'_>,
        id: &Bytes32,
        bytes: Vec<u8>,
        from: &OrgId,
    ) -> Outcome<()> {
        Ok(tx.put_overlap_round(id, &node.overlap_row(bytes, from))?)
    }

    fn keep_signature(
        tx: &mut Write<'_>,
        id: &Bytes32,
        org: &Bytes32,
        document: &[u8],
    ) -> Outcome<()> {
        Ok(tx.put_overlap_signature(id, org, document)?)
    }
}

pub(super) fn not_signable(en: impl Into<String>, fr: impl Into<String>) -> Box<Fault> {
    Fault::new(
        2122,
        (
            "This organization cannot take part in the overlap round.",
            "Cet organisme ne peut pas participer au recoupement.",
        ),
        (
            "Ask for other terms; see what was run: `entente stats overlap list`.",
            "Demandez d’autres conditions; voyez ce qui a été fait\u{a0}: `entente stats overlap list`.",
        ),
    )
    .because(en, fr)
}

fn several_rounds() -> Box<Fault> {
    Fault::new(
        2130,
        (
            "Several overlap rounds of this period wait for a signature.",
            "Plusieurs recoupements de cette période attendent une signature.",
        ),
        (
            "Name one by its id: `entente stats overlap list`.",
            "Désignez-en un par son identifiant\u{a0}: `entente stats overlap list`.",
        ),
    )
}

pub(crate) fn unknown_round() -> Box<Fault> {
    Fault::new(
        2121,
        ("There is no such overlap round.", "Ce recoupement n’existe pas."),
        (
            "List them: `entente stats overlap list`.",
            "Affichez la liste\u{a0}: `entente stats overlap list`.",
        ),
    )
}
