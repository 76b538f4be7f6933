//! The calls of partners: `entente.v1.Onboarding` and `entente.v1.Exchange`.

use std::pin::Pin;
use std::sync::Arc;

use entente_core::feed::FeedFault;
use entente_core::identity::OrgId;
use entente_proto::{Invalid, v1};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use super::follow::{self, Following};
use super::run;
use super::status::ToStatus as _;
use crate::doors::Peer;
use crate::node::Node;
use crate::node::audit::Witnessed;
use crate::node::feeds::{Proof, Refused, Via};

/// The most batches we send in answer to one `Pull`: 32,768 summaries, about 2 MB. Who wants more
/// asks again, and others get their turn.
const MAX_BATCHES: usize = 64;

/// Batches that are read from the store at a time while a stream is sent.
const READ_AHEAD: usize = 8;

/// Answers the calls of partners.
#[derive(Clone, Debug)]
pub struct Exchange {
    node: Arc<Node>,
    following: Arc<Following>,
}

impl Exchange {
    /// Answers on behalf of `node`.
    pub fn new(node: Arc<Node>, following: Following) -> Self {
        Self { node, following: Arc::new(following) }
    }

    async fn parsed<T>(&self, caller: OrgId, parsed: Result<T, Invalid>) -> Result<T, Status> {
        super::parsed(&self.node, caller, parsed, || Status::invalid_argument("malformed")).await
    }
}

/// Who is calling, as proved by TLS.
pub(super) fn caller<T>(request: &Request<T>) -> Result<OrgId, Status> {
    let peer = request.extensions().get::<Peer>();
    peer.map(|peer| peer.id).ok_or_else(|| Status::unauthenticated("no identity"))
}

/// Asked before anything else is looked at: another version may mean something else by it.
fn version(offered: &[u32]) -> Result<u32, Status> {
    entente_proto::choose_version(offered)
        .map_err(|_| Status::failed_precondition("ENT-2001 this node speaks protocol version 1"))
}

#[tonic::async_trait]
impl v1::onboarding_server::Onboarding for Exchange {
    async fn join(
        &self,
        request: Request<v1::JoinRequest>,
    ) -> Result<Response<v1::JoinReply>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let version = version(&request.versions)?;
        let join = self.parsed(caller, entente_proto::parse_join(request)).await?;
        let nonce =
            run(&self.node, move |node| node.join(&caller, &join.ticket, &join.card, &join.nonce))
                .await?;
        let card = Some(entente_proto::card_message(&self.node.card()));
        Ok(Response::new(v1::JoinReply { card, nonce_a: nonce.to_vec(), version }))
    }

    async fn confirm(
        &self,
        request: Request<v1::ConfirmRequest>,
    ) -> Result<Response<v1::ConfirmReply>, Status> {
        let caller = caller(&request)?;
        let ticket = entente_proto::parse_confirm(request.get_ref());
        let ticket = self.parsed(caller, ticket).await?;
        let confirmed = run(&self.node, move |node| node.confirmed_with(&caller, &ticket)).await?;
        Ok(Response::new(v1::ConfirmReply { confirmed }))
    }
}

#[tonic::async_trait]
impl v1::exchange_server::Exchange for Exchange {
    async fn hello(
        &self,
        request: Request<v1::HelloRequest>,
    ) -> Result<Response<v1::HelloReply>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let version = version(&request.versions)?;
        let hello = self.parsed(caller, entente_proto::parse_hello(request)).await?;
        let reply = run(&self.node, move |node| {
            let row = node.partner_row(&caller)?;
            // Whoever is shut out, or checked by phone yet, is neither heard nor told.
            let is_open = node.open_to(&row).is_ok();
            if let Some(about) = hello.about.filter(|_| is_open) {
                node.heard_about(&caller, &about)?;
            }
            let (feed_epoch, feed_size, _) = node.feed_head(&caller)?;
            let (_, _, checkpoint) = node.followed_checkpoint(&caller)?;
            let audit = node.witnessed_checkpoint(&caller)?;
            Ok::<_, Box<crate::fault::Fault>>((
                node.is_open_or_over(&row),
                v1::HelloReply {
                    version,
                    your_checkpoint: checkpoint,
                    your_audit_checkpoint: audit,
                    clock_s: u64::try_from(node.now_s()).unwrap_or(0),
                    feed_epoch,
                    feed_size,
                    about: is_open.then(|| entente_proto::about_message(&node.about())),
                },
            ))
        })
        .await?;
        let (open, reply) = reply;
        open.map_err(|shut| shut.to_status())?;
        Ok(Response::new(reply))
    }

    type PullStream = Pin<Box<dyn Stream<Item = Result<v1::FeedBatch, Status>> + Send>>;

    async fn pull(
        &self,
        request: Request<v1::PullRequest>,
    ) -> Result<Response<Self::PullStream>, Status> {
        let caller = caller(&request)?;
        let pull = self.parsed(caller, entente_proto::parse_pull(request.into_inner())).await?;
        let entente_proto::Pull { feed_epoch, after, max_batches } = pull;
        let wanted = match usize::try_from(max_batches) {
            Ok(0) | Err(_) => MAX_BATCHES,
            Ok(wanted) => wanted.min(MAX_BATCHES),
        };
        // The first read decides whether the caller may pull at all; later ones ask again, so that
        // a suspension in the middle of a stream ends it.
        let node = Arc::clone(&self.node);
        let first = read(&node, caller, feed_epoch, after, wanted).await?;
        // Whoever asks for what comes after a place has what comes before it.
        run(&node, move |node| node.note_read(&caller, feed_epoch, after)).await?;
        let stream = async_stream(node, caller, first, wanted);
        Ok(Response::new(Box::pin(stream)))
    }

    type FollowStream = follow::Ticks;

    async fn follow(
        &self,
        request: Request<v1::FollowRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let caller = caller(&request)?;
        let peer = request.extensions().get::<Peer>().cloned();
        let peer = peer.ok_or_else(|| Status::unauthenticated("no identity"))?;
        let told = entente_proto::parse_follow(request.get_ref());
        let told = self.parsed(caller, told).await?;
        Ok(Response::new(follow::open(&self.node, &self.following, peer, told).await?))
    }

    async fn deliver(
        &self,
        request: Request<Streaming<v1::FeedBatch>>,
    ) -> Result<Response<v1::DeliverReply>, Status> {
        let caller = caller(&request)?;
        let mut batches = request.into_inner();
        let mut cursor = None;
        while let Some(message) = batches.next().await {
            let batch = self.parsed(caller, entente_proto::parse_batch(message?)).await?;
            let accepted =
                run(&self.node, move |node| match node.accept(&caller, batch, Via::Connection) {
                    Err(Refused::Feed(FeedFault::Repeated)) => Ok(None),
                    other => other.map(|accepted| Some(accepted.cursor)),
                })
                .await?;
            cursor = accepted.or(cursor);
        }
        let cursor = match cursor {
            Some(cursor) => cursor,
            None => run(&self.node, move |node| node.cursor(&caller)).await?.1,
        };
        Ok(Response::new(v1::DeliverReply { cursor }))
    }

    async fn count(
        &self,
        request: Request<v1::CountRequest>,
    ) -> Result<Response<v1::CountReply>, Status> {
        let caller = caller(&request)?;
        let question = request.into_inner().question.unwrap_or_default();
        let question = self.parsed(caller, entente_proto::parse_document(question)).await?;
        let answer = run(&self.node, move |node| node.answer_count(&caller, &question)).await?;
        let answer = Some(entente_proto::document_message(&answer));
        Ok(Response::new(v1::CountReply { answer }))
    }

    async fn witness(
        &self,
        request: Request<v1::WitnessRequest>,
    ) -> Result<Response<v1::WitnessReply>, Status> {
        let caller = caller(&request)?;
        let asked = self.parsed(caller, entente_proto::parse_witness(request.into_inner())).await?;
        let entente_proto::Witness { old_size, proof, checkpoint } = asked;
        let witnessed =
            run(&self.node, move |node| node.witness(&caller, old_size, proof, &checkpoint))
                .await?;
        let outcome = match witnessed {
            Witnessed::Cosigned(note) => v1::witness_reply::Outcome::Cosignature(note),
            Witnessed::Conflict(size) => v1::witness_reply::Outcome::ConflictSize(size),
            Witnessed::Refused => return Err(Status::invalid_argument("history")),
        };
        Ok(Response::new(v1::WitnessReply { outcome: Some(outcome) }))
    }

    async fn prove(
        &self,
        request: Request<v1::ProveRequest>,
    ) -> Result<Response<v1::ProveReply>, Status> {
        let caller = caller(&request)?;
        let asked = entente_proto::parse_prove(request.into_inner());
        let (feed_epoch, seq) = self.parsed(caller, asked).await?;
        let proved = run(&self.node, move |node| node.prove(&caller, feed_epoch, seq)).await?;
        let proved = proved.ok_or_else(|| Status::not_found("entry"))?;
        let Proof { checkpoint, proof, leaf, leaf_hash } = proved;
        let proved = entente_proto::Proved { checkpoint, proof, leaf, leaf_hash };
        Ok(Response::new(entente_proto::proved_message(proved)))
    }
}

async fn read(
    node: &Arc<Node>,
    caller: OrgId,
    epoch: u32,
    after: u64,
    wanted: usize,
) -> Result<Vec<entente_core::feed::Batch>, Status> {
    let n = wanted.min(READ_AHEAD);
    run(node, move |node| node.feed_batches(&caller, epoch, after, n)).await
}

/// Sends `first` and what follows it, at most `wanted` batches.
fn async_stream(
    node: Arc<Node>,
    caller: OrgId,
    first: Vec<entente_core::feed::Batch>,
    wanted: usize,
) -> impl Stream<Item = Result<v1::FeedBatch, Status>> + Send {
    let (sender, receiver) = tokio::sync::mpsc::channel(READ_AHEAD);
    tokio::spawn(async move {
        let (mut batches, mut n_sent) = (first, 0);
        loop {
            let Some(last) = batches.last() else { return };
            let (epoch, after) = (last.epoch, last.first + last.leaves.len() as u64);
            for batch in &batches {
                if sender.send(Ok(entente_proto::batch_message(batch))).await.is_err() {
                    return;
                }
            }
            n_sent += batches.len();
            if n_sent >= wanted {
                return;
            }
            batches = match read(&node, caller, epoch, after, wanted - n_sent).await {
                Ok(batches) => batches,
                Err(status) => {
                    // Whether they hear it or not, the stream ends here.
                    let _heard = sender.send(Err(status)).await;
                    return;
                }
            };
        }
    });
    tokio_stream::wrappers::ReceiverStream::new(receiver)
}
