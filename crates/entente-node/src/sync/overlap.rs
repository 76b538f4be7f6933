//! Asking the parties of an overlap round for their steps.

use entente_core::audit::{Action, Actor};
use entente_core::identity::OrgId;
use entente_core::statistics::overlap::{Batch, Role, Round, RoundId, Stage};
use entente_proto::v1::overlap_client::OverlapClient;
use entente_proto::{MAX_OVERLAP_DATA, OverlapPiece, v1};
use tokio_stream::StreamExt as _;
use tonic::{Status, Streaming};

use super::{MAX_MESSAGE, Missed, Peers, missed, timed};
use crate::doors::PartnerChannel;
use crate::node::Node;
use crate::node::statistics::overlap::{Handed, Heard};

impl Peers {
    /// Asks a helper for its share of the key, and keeps it.
    pub async fn overlap_share(
        &self,
        actor: Actor,
        helper: &OrgId,
        id: &RoundId,
    ) -> Result<Heard, Missed> {
        let (helper, id) = (*helper, *id);
        let (channel, mut client) = self.overlap_client(actor, &helper, &id, "share").await?;
        let request = v1::OverlapShareRequest { round: id.0.to_vec() };
        let reply = client.share(timed(request)).await;
        let reply = reply.map_err(|status| missed(&channel, &status))?.into_inner();
        let share = reply.share.ok_or_else(malformed)?;
        let share = entente_proto::parse_document(share);
        let share = share.map_err(|error| Missed::RefusedByUs(error.to_string()))?;
        Ok(self.blocking(move |node| node.keep_overlap_share(&helper, &id, &share)).await??)
    }

    /// Asks a contributor for its persons, encrypted, and keeps them.
    pub async fn overlap_contribution(
        &self,
        actor: Actor,
        contributor: &OrgId,
        round: &Round,
    ) -> Result<Heard, Missed> {
        let (org, id) = (*contributor, round.id());
        let (channel, mut client) = self.overlap_client(actor, &org, &id, "contribute").await?;
        let question = self.blocking(move |node| node.overlap_question(&id, &org)).await??;
        let request = entente_proto::overlap_contribute_message(&question);
        let reply = client.contribute(timed(request)).await;
        let pieces = reply.map_err(|status| missed(&channel, &status))?.into_inner();
        let max_bytes = Batch::max_bytes(round, Stage::Sent);
        let handed = received(&channel, pieces, max_bytes).await?;
        let keep = move |node: &Node| node.keep_overlap_contribution(&org, &id, &handed);
        Ok(self.blocking(keep).await??)
    }

    /// Has a helper mix, and keeps what it made.
    pub async fn overlap_mix(
        &self,
        actor: Actor,
        round: &Round,
        role: Role,
    ) -> Result<Heard, Missed> {
        let [first, second] = round.terms().helpers;
        let (helper, stage) = match role {
            Role::First => (first, Stage::MixedOnce),
            _ => (second, Stage::MixedTwice),
        };
        let id = round.id();
        let (channel, mut client) = self.overlap_client(actor, &helper, &id, "mix").await?;
        let (head, parcels) = self.blocking(move |node| node.overlap_mixing(&id, role)).await??;
        let head = std::iter::once(OverlapPiece::Head(Box::new(head)));
        let pieces = head.chain(parcels.into_iter().flat_map(pieces_of));
        let pieces = pieces.map(|piece| entente_proto::overlap_piece_message(&piece));
        let reply = client.mix(tokio_stream::iter(pieces)).await;
        let pieces = reply.map_err(|status| missed(&channel, &status))?.into_inner();
        let handed = received(&channel, pieces, Batch::max_bytes(round, stage)).await?;
        let keep = move |node: &Node| node.keep_overlap_mixed(&helper, &id, &handed);
        Ok(self.blocking(keep).await??)
    }

    /// Tells a party that the round is over.
    pub async fn overlap_close(
        &self,
        actor: Actor,
        party: &OrgId,
        id: &RoundId,
    ) -> Result<(), Missed> {
        let (channel, mut client) = self.overlap_client(actor, party, id, "close").await?;
        let reply = client.close(timed(v1::OverlapCloseRequest { round: id.0.to_vec() })).await;
        reply.map(|_| ()).map_err(|status| missed(&channel, &status))
    }

    /// The way to a party, once it is written down that we ask.
    async fn overlap_client(
        &self,
        actor: Actor,
        party: &OrgId,
        id: &RoundId,
        step: &'static str,
    ) -> Result<(PartnerChannel, OverlapClient<PartnerChannel>), Missed> {
        let (party, id) = (*party, *id);
        let ask = move |node: &Node| {
            let row = node.partner_row(&party)?;
            let entry = node.entry(actor, Action::OverlapAsked).partner(party);
            node.audit(vec![entry.reference(id.0).reasons([step.to_owned()])])?;
            Ok::<_, Box<crate::fault::Fault>>(row)
        };
        let row = self.blocking(ask).await??;
        let channel = self.channel(&party, &row.address)?;
        let client = OverlapClient::new(channel.clone()).max_decoding_message_size(MAX_MESSAGE);
        Ok((channel, client))
    }
}

fn malformed() -> Missed {
    Missed::RefusedByUs("malformed".to_owned())
}

/// A parcel and its batch, in pieces.
fn pieces_of(handed: Handed) -> impl Iterator<Item = OverlapPiece> {
    let Handed { parcel, batch } = handed;
    let n = batch.len().div_ceil(MAX_OVERLAP_DATA);
    let data = (0..n).map(move |at| {
        let rest = batch.get(at * MAX_OVERLAP_DATA..).unwrap_or_default();
        OverlapPiece::Data(rest.iter().copied().take(MAX_OVERLAP_DATA).collect())
    });
    std::iter::once(OverlapPiece::Parcel(parcel)).chain(data)
}

/// Reads one parcel and its batch, of so many bytes at most.
async fn received(
    channel: &PartnerChannel,
    mut pieces: Streaming<v1::OverlapPiece>,
    max_bytes: usize,
) -> Result<Handed, Missed> {
    let mut handed: Option<Handed> = None;
    while let Some(message) = pieces.next().await {
        let message = message.map_err(|status: Status| missed(channel, &status))?;
        let piece = entente_proto::parse_overlap_piece(message);
        match (piece.map_err(|error| Missed::RefusedByUs(error.to_string()))?, &mut handed) {
            (OverlapPiece::Parcel(parcel), None) => {
                handed = Some(Handed { parcel, batch: Vec::new() });
            }
            (OverlapPiece::Data(data), Some(handed))
                if handed.batch.len() + data.len() <= max_bytes =>
            {
                handed.batch.extend(data);
            }
            _ => return Err(malformed()),
        }
    }
    handed.ok_or_else(malformed)
}
