//! The calls of a round's coordinator: `entente.v1.Overlap`.
//!
//! Contributing and mixing take long, and a call has to begin its answer soon: so the answer begins
//! at once, and what it says, a refusal included, comes when it is there. Nothing of a question to
//! mix is read beyond its head before the terms allow it, and then no more than they call for.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use entente_core::identity::OrgId;
use entente_proto::{Invalid, MAX_OVERLAP_DATA, OverlapPiece, v1};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::exchange::caller;
use super::run;
use super::status::ToStatus as _;
use crate::node::Node;
use crate::node::statistics::overlap::{Handed, OverlapShut};

/// How long a coordinator may take from one piece to the next.
const PATIENCE: Duration = Duration::from_secs(60);

type Piece = Result<v1::OverlapPiece, Status>;

/// Does the steps of overlap rounds.
#[derive(Clone, Debug)]
pub struct Overlap {
    node: Arc<Node>,
}

impl Overlap {
    /// Answers on behalf of `node`.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    /// What a message means; if it means nothing, the words of everything that is outside of terms.
    async fn parsed<T>(&self, caller: OrgId, parsed: Result<T, Invalid>) -> Result<T, Status> {
        super::parsed(&self.node, caller, parsed, || OverlapShut::OutsideTerms.to_status()).await
    }

    async fn mixed(
        &self,
        caller: OrgId,
        mut pieces: Streaming<v1::OverlapPiece>,
    ) -> Result<Handed, Status> {
        let Some(OverlapPiece::Head(head)) = self.piece(caller, &mut pieces).await? else {
            return Err(OverlapShut::OutsideTerms.to_status());
        };
        let mixing = run(&self.node, move |node| node.open_mixing(&caller, &head)).await?;
        let mut parcels: Vec<Handed> = Vec::new();
        while let Some(piece) = self.piece(caller, &mut pieces).await? {
            let has_room = parcels.len() < mixing.n_parcels();
            match (piece, parcels.last_mut()) {
                (OverlapPiece::Parcel(parcel), _) if has_room => {
                    parcels.push(Handed { parcel, batch: Vec::new() });
                }
                (OverlapPiece::Data(data), Some(last))
                    if last.batch.len() + data.len() <= mixing.max_bytes() =>
                {
                    last.batch.extend(data);
                }
                _ => return Err(OverlapShut::NotValid("pieces").to_status()),
            }
        }
        run(&self.node, move |node| node.mix_overlap(&caller, &mixing, &parcels)).await
    }

    async fn piece(
        &self,
        caller: OrgId,
        pieces: &mut Streaming<v1::OverlapPiece>,
    ) -> Result<Option<OverlapPiece>, Status> {
        let next = tokio::time::timeout(PATIENCE, pieces.next()).await;
        match next.map_err(|_| Status::deadline_exceeded("pieces"))?.transpose()? {
            Some(message) => {
                let parsed = entente_proto::parse_overlap_piece(message);
                self.parsed(caller, parsed).await.map(Some)
            }
            None => Ok(None),
        }
    }
}

/// Sends what was handed on in pieces, or why it is not.
async fn send(handed: Result<Handed, Status>, to: Sender<Piece>) {
    let Handed { parcel, batch } = match handed {
        Ok(handed) => handed,
        Err(status) => return drop(to.send(Err(status)).await),
    };
    let data = batch.chunks(MAX_OVERLAP_DATA).map(|it| OverlapPiece::Data(it.to_vec()));
    for piece in std::iter::once(OverlapPiece::Parcel(parcel)).chain(data) {
        if to.send(Ok(entente_proto::overlap_piece_message(&piece))).await.is_err() {
            // Nobody is there any more; the step is kept, and who asks again has it.
            return;
        }
    }
}

type Pieces = Pin<Box<dyn Stream<Item = Piece> + Send>>;

/// A stream, and where to put its pieces.
fn pieces() -> (Sender<Piece>, Pieces) {
    let (to, from) = mpsc::channel(2);
    (to, Box::pin(ReceiverStream::new(from)))
}

#[tonic::async_trait]
impl v1::overlap_server::Overlap for Overlap {
    async fn share(
        &self,
        request: Request<v1::OverlapShareRequest>,
    ) -> Result<Response<v1::OverlapShareReply>, Status> {
        let caller = caller(&request)?;
        let round = entente_proto::parse_overlap_round(&request.get_ref().round);
        let round = self.parsed(caller, round).await?;
        let share = run(&self.node, move |node| node.share_overlap(&caller, &round)).await?;
        let share = Some(entente_proto::document_message(&share));
        Ok(Response::new(v1::OverlapShareReply { share }))
    }

    type ContributeStream = Pieces;

    async fn contribute(
        &self,
        request: Request<v1::OverlapContributeRequest>,
    ) -> Result<Response<Self::ContributeStream>, Status> {
        let caller = caller(&request)?;
        let question = entente_proto::parse_overlap_contribute(request.into_inner());
        let question = self.parsed(caller, question).await?;
        let (to, stream) = pieces();
        let node = Arc::clone(&self.node);
        tokio::spawn(async move {
            let handed = run(&node, move |node| node.contribute_overlap(&caller, &question)).await;
            send(handed, to).await;
        });
        Ok(Response::new(stream))
    }

    type MixStream = Pieces;

    async fn mix(
        &self,
        request: Request<Streaming<v1::OverlapPiece>>,
    ) -> Result<Response<Self::MixStream>, Status> {
        let caller = caller(&request)?;
        let (to, stream) = pieces();
        let (overlap, question) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            let handed = overlap.mixed(caller, question).await;
            send(handed, to).await;
        });
        Ok(Response::new(stream))
    }

    async fn close(
        &self,
        request: Request<v1::OverlapCloseRequest>,
    ) -> Result<Response<v1::OverlapCloseReply>, Status> {
        let caller = caller(&request)?;
        let round = entente_proto::parse_overlap_round(&request.get_ref().round);
        let round = self.parsed(caller, round).await?;
        run(&self.node, move |node| node.close_overlap(&caller, &round)).await?;
        Ok(Response::new(v1::OverlapCloseReply {}))
    }
}
