//! The calls of partners for secure sums: `entente.v1.SecureSum`.
//!
//! Whatever cannot be read hears the words of every question that no plan has.

use std::pin::Pin;
use std::sync::Arc;

use entente_core::identity::OrgId;
use entente_core::statistics::release::ReleaseId;
use entente_proto::{Invalid, MAX_PIECE, v1};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::exchange::caller;
use super::run;
use super::status::ToStatus as _;
use crate::node::Node;
use crate::node::statistics::ReleaseShut;

type Pieces<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Takes part in secure sums.
#[derive(Clone, Debug)]
pub struct Sums {
    node: Arc<Node>,
}

impl Sums {
    /// Takes part on behalf of `node`.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    /// What a message means; if it means nothing, the words of every other question that no plan has.
    async fn parsed<T>(&self, caller: &OrgId, parsed: Result<T, Invalid>) -> Result<T, Status> {
        super::parsed(&self.node, *caller, parsed, || ReleaseShut::OutsidePlan.to_status()).await
    }

    async fn release(
        &self,
        caller: &OrgId,
        message: Option<v1::ReleaseRef>,
    ) -> Result<ReleaseId, Status> {
        self.parsed(caller, entente_proto::parse_sum_release(message)).await
    }

    /// All pieces of a question together, if they are no more than this round can have.
    async fn question(
        &self,
        caller: &OrgId,
        stream: &mut Streaming<v1::SumQuestion>,
    ) -> Result<(ReleaseId, Vec<u8>), Status> {
        let first = stream.next().await.transpose()?.unwrap_or_default();
        let release = self.release(caller, first.release).await?;
        let leader = *caller;
        let max = run(&self.node, move |node| node.max_sum_question(&leader, &release)).await?;
        let (mut question, mut piece) = (Vec::new(), first.piece);
        loop {
            if piece.len() > MAX_PIECE || question.len() + piece.len() > max {
                return Err(Status::invalid_argument("malformed"));
            }
            question.append(&mut piece);
            let Some(next) = stream.next().await.transpose()? else { break };
            if next.release.is_some() || next.piece.is_empty() {
                return Err(Status::invalid_argument("malformed"));
            }
            piece = next.piece;
        }
        Ok((release, question))
    }
}

#[tonic::async_trait]
impl v1::secure_sum_server::SecureSum for Sums {
    async fn open(
        &self,
        request: Request<v1::SumOpenRequest>,
    ) -> Result<Response<v1::SumOpenReply>, Status> {
        let caller = caller(&request)?;
        let release = self.release(&caller, request.into_inner().release).await?;
        let opening = run(&self.node, move |node| node.open_sum(&caller, &release)).await?;
        let opening = Some(entente_proto::document_message(&opening));
        Ok(Response::new(v1::SumOpenReply { opening }))
    }

    async fn contribute(
        &self,
        request: Request<v1::SumContributeRequest>,
    ) -> Result<Response<v1::SumContributeReply>, Status> {
        let caller = caller(&request)?;
        let question = entente_proto::parse_sum_question(request.into_inner());
        let question = self.parsed(&caller, question).await?;
        let reply = run(&self.node, move |node| node.contribute(&caller, &question)).await?;
        Ok(Response::new(entente_proto::sum_reply_message(&reply)))
    }

    type AskStream = Pieces<v1::SumReply>;

    async fn ask(
        &self,
        request: Request<Streaming<v1::SumQuestion>>,
    ) -> Result<Response<Self::AskStream>, Status> {
        let caller = caller(&request)?;
        let mut stream = request.into_inner();
        let (release, question) = self.question(&caller, &mut stream).await?;
        let said = move |node: &Node| node.answer_sum(&caller, &release, &question);
        let (answer, share) = run(&self.node, said).await?;
        let mut pieces: Vec<_> = answer
            .chunks(MAX_PIECE)
            .map(|piece| v1::SumReply { piece: piece.to_vec(), share: None })
            .collect();
        if let Some(last) = pieces.last_mut() {
            last.share = share.as_ref().map(entente_proto::document_message);
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces.into_iter().map(Ok)))))
    }

    type FetchStream = Pieces<v1::SumPiece>;

    async fn fetch(
        &self,
        request: Request<v1::SumFetchRequest>,
    ) -> Result<Response<Self::FetchStream>, Status> {
        let caller = caller(&request)?;
        let release = self.release(&caller, request.into_inner().release).await?;
        let sum = run(&self.node, move |node| node.finished_sum(&caller, &release)).await?;
        let pieces: Vec<_> =
            sum.chunks(MAX_PIECE).map(|piece| Ok(v1::SumPiece { piece: piece.to_vec() })).collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }
}
