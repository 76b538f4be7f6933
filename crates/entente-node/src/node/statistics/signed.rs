//! Documents that several parties sign: release plans, and the terms of overlap rounds.
//!
//! A text goes to every partner with a part in it, and so does our signature under it. What comes is
//! kept if the sender and we have a part in it, and whose signatures we have seen with it; nothing
//! follows from that before our own officer signs.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::statistics::overlap::Round;
use entente_core::statistics::plan::Plan;
use entente_store::db::Write;
use entente_store::rows::Bytes32;
use entente_store::tx::Reads as _;

use crate::fault::Fault;
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::{Node, Outcome};

/// The most documents of a kind that are kept of one partner and unsigned by us: who proposes without
/// end fills no disk, and keeps nobody else's out.
const MAX_UNSIGNED: usize = 8;

/// The most that are kept in all, with those that are over or that a newer version replaces.
const MAX_KEPT: usize = 64;

/// How many count against a sender of whom this many are kept unsigned, and this many may still be signed.
pub(super) fn counted(n_kept: usize, n_open: usize) -> usize {
    if n_kept >= MAX_KEPT { n_kept } else { n_open }
}

/// A kind of document that several parties sign.
pub(super) trait Signable: Sized {
    /// The payload type of a signature. Anything else is a proposal.
    const SIGNATURE: &'static str;
    /// Why one is skipped in which the sender or we have no part.
    const OF_OTHERS: &'static str;
    /// Why one is skipped that is one too many.
    const TOO_MANY: &'static str;
    /// What is written down of a proposal, and of a signature.
    const ACTIONS: [Action; 2];

    /// The document with these bytes.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// Its id.
    fn id(&self, bytes: &[u8]) -> Bytes32;

    /// Whether an organization has a part in it.
    fn names(&self, org: &OrgId) -> bool;

    /// Whether it is kept; and else how many of this sender are kept that we have not signed and still could,
    /// without what it replaces itself, as [`counted`].
    fn is_kept(&self, tx: &Write<'_>, id: &Bytes32, from: &Bytes32) -> Outcome<Result<(), usize>>;

    /// Keeps it, unsigned.
    fn keep(
        node: &Node,
        tx: &mut Write<'_>,
        id: &Bytes32,
        bytes: Vec<u8>,
        from: &OrgId,
    ) -> Outcome<()>;

    /// Keeps a signature under it.
    fn keep_signature(
        tx: &mut Write<'_>,
        id: &Bytes32,
        org: &Bytes32,
        document: &[u8],
    ) -> Outcome<()>;
}

impl Node {
    /// Reads a plan, the terms of a round, or a signature under one, from a partner's feed.
    pub(crate) fn read_plan_or_terms(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        match envelope.payload_type.as_str() {
            payload_type::PLAN | payload_type::PLAN_PROPOSAL => {
                self.read_signable::<Plan>(tx, issuer, envelope, gathered)
            }
            _ => self.read_signable::<Round>(tx, issuer, envelope, gathered),
        }
    }

    /// Reads a document or a signature under one from a partner's feed.
    fn read_signable<D: Signable>(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Some(document) = D::read(&envelope.payload) else {
            return Ok(Err("document_unreadable"));
        };
        if !document.names(issuer) || !document.names(&self.id()) {
            return Ok(Err(D::OF_OTHERS));
        }
        let (id, from) = (document.id(&envelope.payload), issuer.as_bytes());
        if let Err(n_unsigned) = document.is_kept(tx, &id, from)? {
            if n_unsigned >= MAX_UNSIGNED {
                return Ok(Err(D::TOO_MANY));
            }
            D::keep(self, tx, &id, envelope.payload.clone(), issuer)?;
        }
        let [proposed, signed] = D::ACTIONS;
        let is_signature = envelope.payload_type == D::SIGNATURE;
        if is_signature {
            let document = entente_proto::encode_envelope(envelope);
            D::keep_signature(tx, &id, from, &document)?;
        }
        let action = if is_signature { signed } else { proposed };
        let entry = self.entry(Actor::Partner(*issuer), action).partner(*issuer);
        gathered.entries.push(entry.reference(id));
        Ok(Ok(()))
    }

    /// Whether a proposal of ours is new. Where as many of ours can still be signed as a partner keeps of us, one
    /// more would be skipped there in silence: it is refused here.
    pub(super) fn may_propose(
        &self,
        tx: &Write<'_>,
        document: &impl Signable,
        id: &Bytes32,
    ) -> Outcome<bool> {
        match document.is_kept(tx, id, self.id().as_bytes())? {
            Ok(()) => Ok(false),
            Err(n_unsigned) if n_unsigned >= MAX_UNSIGNED => Err(too_many_unsigned()),
            Err(_) => Ok(true),
        }
    }

    /// Says a document to every partner among `parties` to whom we may speak.
    pub(super) fn say_to_parties(
        &self,
        tx: &mut Write<'_>,
        parties: impl IntoIterator<Item = OrgId>,
        kind: &str,
        bytes: &[u8],
    ) -> Outcome<()> {
        for party in parties {
            let Some(row) = tx.partner(party.as_bytes())? else { continue };
            if self.open_to(&row).is_ok() {
                let document = self.document(&party, kind, bytes.to_vec())?;
                self.say(tx, &party, None, vec![document])?;
            }
        }
        Ok(())
    }
}

/// `ENT-2640`.
fn too_many_unsigned() -> Box<Fault> {
    Fault::new(
        2640,
        (
            "As many of our own proposals wait for a signature as partners keep of one organization: 8. Nothing was kept or sent.",
            "Autant de nos propositions attendent une signature que les partenaires en gardent d’un organisme\u{a0}: 8. Rien n’a été conservé ni envoyé.",
        ),
        (
            "Sign one of them, or draft its next version; take no part in a round that will not be: `entente plan list`, `entente stats overlap list`.",
            "Signez-en une, ou rédigez-en la version suivante; renoncez à un recoupement qui n’aura pas lieu\u{a0}: `entente plan list`, `entente stats overlap list`.",
        ),
    )
}
