//! Bundles: a feed in a file, for a USB stick where there is no line.
//!
//! A bundle holds the same batches as the wire, with the same signed checkpoints, and is accepted
//! by the same function. Nothing more is trusted of a file than of a stranger: a bundle for
//! somebody else, a truncated or altered one changes nothing.

use entente_core::audit::{Action, Actor};
use entente_core::feed::FeedFault;
use entente_core::identity::OrgId;
use entente_proto::Bundle;

use super::feeds::{Accepted, Refused, Via};
use super::{Node, Outcome};
use crate::fault::Fault;

/// The most batches that go into one file: a million summaries, about 60 MB.
const MAX_BATCHES: usize = 2048;

impl Node {
    /// Everything we have said to a partner after its first `after` leaves, as the bytes of a file.
    pub fn write_bundle(
        &self,
        actor: Actor,
        partner: &OrgId,
        after: u64,
    ) -> Outcome<(Vec<u8>, u64)> {
        let (epoch, size, _) = self.feed_head(partner)?;
        let batches = self.feed_batches(partner, epoch, after.min(size), MAX_BATCHES);
        let batches = batches.map_err(|refused| refused_fault(&refused))?;
        let n_leaves = batches.iter().map(|batch| batch.leaves.len() as u64).sum();
        let bundle = Bundle {
            issuer: self.id(),
            audience: *partner,
            written_at_s: u64::try_from(self.now_s()).unwrap_or(0),
            batches,
        };
        self.audit(vec![self.entry(actor, Action::BundleWritten).partner(*partner).n(n_leaves)])?;
        Ok((entente_proto::encode_bundle(&bundle), n_leaves))
    }

    /// Acts on a bundle as if its batches had come over the line. Batches we have are passed over.
    pub fn read_bundle(&self, actor: Actor, bytes: &[u8]) -> Outcome<(OrgId, Accepted)> {
        let bundle = entente_proto::decode_bundle(bytes).map_err(|_| not_a_bundle())?;
        if bundle.audience != self.id() {
            return Err(Fault::new(
                1512,
                (
                    "This bundle is for somebody else.",
                    "Cette liasse est destinée à un autre organisme.",
                ),
                (
                    "Give it to the organization it is for, and tell its sender.",
                    "Remettez-la à l’organisme visé et avisez l’expéditeur.",
                ),
            ));
        }
        let issuer = bundle.issuer;
        self.partner_row(&issuer)?;
        let mut total = Accepted::default();
        for batch in bundle.batches {
            match self.accept(&issuer, batch, Via::Bundle) {
                Ok(accepted) => total = total.and(accepted),
                Err(Refused::Feed(FeedFault::Repeated)) => {}
                Err(refused) => return Err(refused_fault(&refused)),
            }
        }
        let entry = self.entry(actor, Action::BundleRead).partner(issuer).n(total.n_held);
        self.audit(vec![entry])?;
        Ok((issuer, total))
    }
}

impl Accepted {
    /// Two batches after each other.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        if later.cursor > 0 {
            self.cursor = later.cursor;
        }
        self.n_held += later.n_held;
        self.n_withdrawn += later.n_withdrawn;
        self.n_receipts += later.n_receipts;
        self.n_receipts_sent += later.n_receipts_sent;
        self.n_documents += later.n_documents;
        self.skipped.extend(later.skipped);
        self
    }
}

/// What a person is told of a refused batch.
fn refused_fault(refused: &Refused) -> Box<Fault> {
    if let Refused::Fault(fault) = refused {
        return fault.clone();
    }
    refused_by_us().in_detail(&refused)
}

/// The fault of everything that is refused from a partner; the reason is yet to be added.
pub(crate) fn refused_by_us() -> Box<Fault> {
    Fault::new(
        1511,
        (
            "What this partner sent was refused. Nothing was changed.",
            "Ce que ce partenaire a envoyé a été refusé. Rien n’a été modifié.",
        ),
        (
            "See the evidence: `entente partner show`, then call the partner.",
            "Voyez les preuves\u{a0}: `entente partner show`, puis appelez le partenaire.",
        ),
    )
}

fn not_a_bundle() -> Box<Fault> {
    Fault::new(
        1510,
        ("The file is not a whole bundle.", "Le fichier n’est pas une liasse complète."),
        ("Ask the sender to write it again.", "Demandez à l’expéditeur de la réécrire."),
    )
}
