//! Asking partners for news, at our own pace.
//!
//! Sync is pull. The cursor is in the store and moves in the same transaction as what it counts; a
//! lost answer, a crash or a week offline all mean the same: ask again from the cursor. A node
//! behind a firewall needs no open port to receive, and what it has to say it delivers itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entente_core::envelope::Envelope;
use entente_core::feed::FeedFault;
use entente_core::identity::OrgId;
use entente_proto::v1::exchange_client::ExchangeClient;
use entente_proto::v1::onboarding_client::OnboardingClient;
use entente_proto::{VERSIONS, v1};
use entente_store::rows::{PartnerRow, PartnerState};
use tokio_stream::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use crate::doors::{self, DoorError, MAX_MESSAGE, PartnerChannel, SUSPENDED};
use crate::fault::Fault;
use crate::node::feeds::{Accepted, Ahead, MAX_TOGETHER, Refused, Via};
use crate::node::pairing::{Opened, random};
use crate::node::{Node, Outcome, unpoisoned};
use crate::tls::LiveIdentity;
use entente_core::audit::Actor;

pub use live::live;

mod hello;
mod live;
mod overlap;
mod releases;
mod sums;

/// How long a partner may take to begin an answer.
const DEADLINE: Duration = Duration::from_secs(20);

/// Batches asked for at a time. A partner sends at most 64.
const PULL_BATCHES: u32 = 64;

/// Batches delivered at a time; they are in memory until they are sent.
const DELIVER_BATCHES: usize = 16;

/// What one round with one partner brought.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// What was accepted of what they said.
    pub accepted: Accepted,
    /// Whether they co-signed our audit log.
    pub cosigned: bool,
}

/// Why a round did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The partner could not be reached, or something stands between.
    Door(String),
    /// The partner refuses us, with this word.
    RefusedByPartner(String),
    /// What they sent was refused by us.
    RefusedByUs(String),
    /// There is nobody to ask: the partner accepts no connections.
    NoAddress,
    /// They speak another version of the protocol.
    OtherVersion,
    /// Our own node failed.
    Ours(Box<Fault>),
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Door(why) => write!(f, "unreachable: {why}"),
            Self::RefusedByPartner(why) => write!(f, "refused by the partner: {why}"),
            Self::RefusedByUs(why) => write!(f, "refused by us: {why}"),
            Self::NoAddress => f.write_str("accepts no connections"),
            Self::OtherVersion => f.write_str("speaks another protocol version"),
            Self::Ours(fault) => fault.fmt(f),
        }
    }
}

impl From<Box<Fault>> for Missed {
    fn from(fault: Box<Fault>) -> Self {
        Self::Ours(fault)
    }
}

/// The ways out to partners, one warm connection each.
pub struct Peers {
    node: Arc<Node>,
    identity: LiveIdentity,
    channels: Mutex<HashMap<OrgId, (String, PartnerChannel)>>,
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peers")
    }
}

impl Peers {
    /// The ways out of `node`, which shows `identity`.
    pub fn new(node: Arc<Node>, identity: LiveIdentity) -> Self {
        Self { node, identity, channels: Mutex::default() }
    }

    fn channel(&self, partner: &OrgId, address: &str) -> Result<PartnerChannel, Missed> {
        if address.is_empty() {
            return Err(Missed::NoAddress);
        }
        let mut channels = unpoisoned(self.channels.lock());
        if let Some((known, channel)) = channels.get(partner)
            && known == address
        {
            return Ok(channel.clone());
        }
        let cut = CancellationToken::new();
        let channel = doors::connect(address, *partner, &self.identity, cut)
            .map_err(|error| Missed::Door(error.to_string()))?;
        channels.insert(*partner, (address.to_owned(), channel.clone()));
        Ok(channel)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Node) -> T + Send + 'static,
    ) -> Result<T, Missed> {
        let node = Arc::clone(&self.node);
        let done = tokio::task::spawn_blocking(move || f(&node)).await;
        done.map_err(|_| Missed::Ours(panicked()))
    }

    /// Opens an invitation: first contact, and the check of what the inviter had promised.
    pub async fn join(&self, actor: Actor, opened: Opened) -> Result<(), Missed> {
        let inviter = opened.invitation.inviter.clone();
        let channel = self.channel(&inviter.org, &inviter.address)?;
        let nonce = random::<32>()?;
        let request = v1::JoinRequest {
            ticket_id: opened.invitation.ticket.to_vec(),
            card: Some(entente_proto::card_message(&self.node.card())),
            nonce_b: nonce.to_vec(),
            versions: VERSIONS.to_vec(),
        };
        let mut client = OnboardingClient::new(channel.clone());
        let reply = client.join(timed(request)).await;
        let reply = match reply.map_err(|status| missed(&channel, &status)) {
            Ok(reply) => reply.into_inner(),
            Err(missed) => {
                if let Missed::RefusedByPartner(_) = &missed {
                    self.blocking(move |node| node.not_joined(actor, &opened)).await??;
                }
                return Err(missed);
            }
        };
        let theirs = entente_proto::parse_join_reply(reply)
            .map_err(|error| Missed::RefusedByUs(error.to_string()))?;
        let keep =
            move |node: &Node| node.joined(actor, &opened, &nonce, &theirs.card, &theirs.nonce);
        self.blocking(keep).await??;
        Ok(())
    }

    /// Tells the inviter that our officer typed the right digits, and asks whether theirs did.
    pub async fn confirm(&self, partner: &OrgId, row: &PartnerRow) -> Result<bool, Missed> {
        let channel = self.channel(partner, &row.address)?;
        let request = v1::ConfirmRequest { ticket_id: row.ticket.to_vec() };
        let mut client = OnboardingClient::new(channel.clone());
        let reply = client.confirm(timed(request)).await;
        let reply = reply.map_err(|status| missed(&channel, &status))?.into_inner();
        if reply.confirmed {
            let partner = *partner;
            self.blocking(move |node| node.confirmed_by(&partner)).await??;
        }
        Ok(reply.confirmed)
    }

    /// One round with one partner: confirm if need be, pull everything new, have our audit log
    /// co-signed.
    pub async fn round(&self, partner: &OrgId) -> Result<Round, Missed> {
        let id = *partner;
        let row = self.blocking(move |node| node.partner_row(&id)).await??;
        if row.state == PartnerState::Connected {
            if row.we_verified && !row.address.is_empty() {
                self.confirm(partner, &row).await?;
            }
            return Ok(Round::default());
        }
        let theirs = match self.hello(partner, &row).await {
            Err(Missed::RefusedByPartner(word)) if word == SUSPENDED => {
                self.blocking(move |node| node.heard_of_suspension(&id)).await??;
                return Err(Missed::RefusedByPartner(word));
            }
            other => other?,
        };
        let heed = move |node: &Node| node.heed_own_checkpoint(&id, &theirs.our_checkpoint);
        if self.blocking(heed).await?? {
            tracing::warn!(partner = %id.short(), "this node was set back: its feed begins anew");
        }
        let channel = self.channel(partner, &row.address)?;
        let mut client = ExchangeClient::new(channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .accept_compressed(CompressionEncoding::Zstd);
        let accepted = self.pull(partner, &mut client, &channel).await?;
        let cosigned = match row.state {
            PartnerState::Ended => false,
            _ => self.be_witnessed(partner, &mut client, &channel).await?,
        };
        if self.node.profile().address.is_empty() && row.state != PartnerState::Ended {
            // Nobody can ask us, so what we have to say goes with us.
            self.deliver(partner, &row).await?;
        }
        Ok(Round { accepted, cosigned })
    }

    async fn pull(
        &self,
        partner: &OrgId,
        client: &mut ExchangeClient<PartnerChannel>,
        channel: &PartnerChannel,
    ) -> Result<Accepted, Missed> {
        let id = *partner;
        let mut total = Accepted::default();
        loop {
            let (feed_epoch, after) = self.blocking(move |node| node.cursor(&id)).await??;
            let request = v1::PullRequest { feed_epoch, after, max_batches: PULL_BATCHES };
            let stream = client.pull(timed(request)).await;
            let mut stream = stream.map_err(|status| missed(channel, &status))?.into_inner().fuse();
            let (accepted, n_batches) = self.accept_stream(&id, &mut stream, channel).await?;
            // A partner that only repeats itself would keep us for ever.
            let is_news = accepted.cursor > 0;
            total = total.and(accepted);
            if n_batches < PULL_BATCHES as usize || !is_news {
                return Ok(total);
            }
        }
    }

    /// Acts on batches as they come, several at a time if they come faster than the disk syncs.
    ///
    /// Returns what they did, and how many there were.
    async fn accept_stream(
        &self,
        partner: &OrgId,
        stream: &mut (impl Stream<Item = Result<v1::FeedBatch, Status>> + Unpin),
        channel: &PartnerChannel,
    ) -> Result<(Accepted, usize), Missed> {
        let id = *partner;
        let read = |message: Result<v1::FeedBatch, Status>| {
            let message = message.map_err(|status| missed(channel, &status))?;
            entente_proto::parse_batch(message)
                .map_err(|error| Missed::RefusedByUs(error.to_string()))
        };
        let (mut ahead, mut on_its_way) = (Ahead::default(), None);
        let (mut waiting, mut n_batches) = (Vec::new(), 0);
        let mut ended = false;
        loop {
            if waiting.is_empty() {
                match stream.next().await {
                    Some(message) => waiting.push(read(message)?),
                    None => break,
                }
            }
            n_batches += waiting.len();
            let taken = std::mem::take(&mut waiting);
            let accepting = self.blocking(move |node| {
                let outcome = node.accept_ahead(&id, taken, Via::Connection, &mut ahead);
                // One group on its way to the disk while the next is looked at.
                let before = std::mem::replace(&mut on_its_way, ahead.take_pending());
                let written = before.map_or(Ok(()), |pending| pending.wait());
                (outcome, written, ahead, on_its_way)
            });
            tokio::pin!(accepting);
            let (outcome, written, returned, pending) = loop {
                tokio::select! {
                    accepted = &mut accepting => break accepted?,
                    message = stream.next(), if !ended && waiting.len() < MAX_TOGETHER => {
                        match message {
                            Some(message) => waiting.push(read(message)?),
                            None => ended = true,
                        }
                    }
                }
            };
            (ahead, on_its_way) = (returned, pending);
            written.map_err(|error| Missed::Ours(error.into()))?;
            match outcome {
                Ok(_) => {}
                // They came another way meanwhile; the next question begins where that left us.
                Err(Refused::Feed(FeedFault::Repeated)) => break,
                Err(Refused::Fault(fault)) => return Err(Missed::Ours(fault)),
                Err(refused) => return Err(Missed::RefusedByUs(refused.code().to_owned())),
            }
        }
        let total = ahead.accepted.clone();
        let written = self.blocking(move |_| on_its_way.map_or(Ok(()), |it| it.wait())).await?;
        written.map_err(|error| Missed::Ours(error.into()))?;
        Ok((total, n_batches))
    }

    /// Shows our audit log to the partner, who signs that it only grew.
    async fn be_witnessed(
        &self,
        partner: &OrgId,
        client: &mut ExchangeClient<PartnerChannel>,
        channel: &PartnerChannel,
    ) -> Result<bool, Missed> {
        let id = *partner;
        let mut old = self.blocking(move |node| node.cosigned_size(&id)).await??;
        // A second try if the partner remembers another size than we do.
        for _ in 0..2 {
            let (checkpoint, proof) =
                self.blocking(move |node| node.audit_checkpoint(old)).await??;
            if checkpoint.size == old {
                return Ok(false);
            }
            let request = v1::WitnessRequest {
                old_size: old,
                proof: entente_proto::proof_message(&proof),
                checkpoint: checkpoint.note.clone(),
            };
            let reply = client.witness(timed(request)).await;
            let reply = reply.map_err(|status| missed(channel, &status))?.into_inner();
            match reply.outcome {
                Some(v1::witness_reply::Outcome::Cosignature(note)) => {
                    let keep = move |node: &Node| node.keep_cosignature(&id, &checkpoint, note);
                    self.blocking(keep).await??;
                    return Ok(true);
                }
                Some(v1::witness_reply::Outcome::ConflictSize(size)) => old = size,
                None => return Err(Missed::RefusedByUs("malformed".to_owned())),
            }
        }
        Ok(false)
    }

    /// Sends a partner what it has not read: for nodes that accept no connections themselves.
    ///
    /// Returns how far it has read then.
    pub async fn deliver(&self, partner: &OrgId, row: &PartnerRow) -> Result<u64, Missed> {
        self.hello(partner, row).await?;
        let channel = self.channel(partner, &row.address)?;
        let mut client =
            ExchangeClient::new(channel.clone()).max_decoding_message_size(MAX_MESSAGE);
        let id = *partner;
        let (epoch, mut after) = self.blocking(move |node| node.read_by(&id)).await??;
        loop {
            let next = move |node: &Node| node.feed_batches(&id, epoch, after, DELIVER_BATCHES);
            let batches = self.blocking(next).await?;
            let batches =
                batches.map_err(|refused| Missed::RefusedByUs(refused.code().to_owned()))?;
            if batches.is_empty() {
                return Ok(after);
            }
            let messages: Vec<_> = batches.iter().map(entente_proto::batch_message).collect();
            let reply = client.deliver(tokio_stream::iter(messages)).await;
            let cursor = reply.map_err(|status| missed(&channel, &status))?.into_inner().cursor;
            if cursor <= after {
                return Ok(after);
            }
            after = cursor;
        }
    }

    /// Puts a question for counts to a partner.
    pub async fn count(&self, partner: &OrgId, question: &Envelope) -> Result<Envelope, Missed> {
        let id = *partner;
        let row = self.blocking(move |node| node.partner_row(&id)).await??;
        let channel = self.channel(partner, &row.address)?;
        let request =
            v1::CountRequest { question: Some(entente_proto::document_message(question)) };
        let mut client =
            ExchangeClient::new(channel.clone()).max_decoding_message_size(MAX_MESSAGE);
        let reply = client.count(timed(request)).await;
        let reply = reply.map_err(|status| missed(&channel, &status))?.into_inner();
        let answer = reply.answer.ok_or_else(|| Missed::RefusedByUs("malformed".to_owned()))?;
        entente_proto::parse_document(answer)
            .map_err(|error| Missed::RefusedByUs(error.to_string()))
    }

    /// One round with every partner, all at once.
    pub async fn rounds(self: &Arc<Self>) -> Outcome<Vec<(OrgId, Result<Round, Missed>)>> {
        let rows = self.node.partner_rows()?;
        let mut tasks = tokio::task::JoinSet::new();
        for (id, row) in rows {
            if row.quarantined.is_some() || row.address.is_empty() || !worth_asking(&row) {
                continue;
            }
            let peers = Arc::clone(self);
            tasks.spawn(async move { (id, peers.round(&id).await) });
        }
        let mut rounds = tasks.join_all().await;
        rounds.sort_by_key(|(id, _)| *id);
        Ok(rounds)
    }
}

/// A partnership that ended long ago, or is suspended by us, has no news for us.
fn worth_asking(row: &PartnerRow) -> bool {
    row.state != PartnerState::Ended || row.ended_at_s.is_some()
}

fn timed<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

fn missed(channel: &PartnerChannel, status: &Status) -> Missed {
    if let Some(error) = channel.why(status) {
        return match error {
            DoorError::RefusedByPartner => Missed::RefusedByPartner("identity".to_owned()),
            error => Missed::Door(error.to_string()),
        };
    }
    match status.code() {
        Code::FailedPrecondition if status.message().starts_with("ENT-2001") => {
            Missed::OtherVersion
        }
        Code::PermissionDenied
        | Code::Unauthenticated
        | Code::FailedPrecondition
        | Code::NotFound
        | Code::InvalidArgument => Missed::RefusedByPartner(status.message().to_owned()),
        code => Missed::Door(code.description().to_owned()),
    }
}

fn panicked() -> Box<Fault> {
    Fault::new(
        1006,
        ("The node failed at this.", "Le nœud a échoué à cette étape."),
        ("Run `entente doctor`.", "Lancez `entente doctor`."),
    )
}

/// Asks every partner again and again, until `stop` is cancelled.
///
/// Intervals vary by a quarter, so that the nodes of a federation that came back together do not
/// all ask at the same moment.
pub async fn follow(peers: Arc<Peers>, every: Duration, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(jittered(every))).await.is_some() {
        match peers.rounds().await {
            Ok(rounds) => log(&rounds),
            Err(fault) => tracing::error!(code = %fault.code, "sync failed"),
        }
    }
}

fn jittered(every: Duration) -> Duration {
    let byte = random::<1>().map_or(128, |[byte]| byte);
    every.mul_f64(0.875 + f64::from(byte) / 1024.0)
}

fn log(rounds: &[(OrgId, Result<Round, Missed>)]) {
    for (partner, round) in rounds {
        let partner = partner.short();
        match round {
            Ok(Round { accepted, .. }) if accepted.n_held + accepted.n_withdrawn == 0 => {
                tracing::debug!(%partner, "nothing new");
            }
            Ok(Round { accepted, .. }) => {
                let (n_held, n_withdrawn) = (accepted.n_held, accepted.n_withdrawn);
                tracing::info!(%partner, n_held, n_withdrawn, "caught up");
            }
            Err(missed) => tracing::warn!(%partner, why = %missed, "did not catch up"),
        }
    }
}
