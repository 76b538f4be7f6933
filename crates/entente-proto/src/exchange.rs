//! Requests and replies between nodes, parsed once at the edge.
//!
//! Each request has a type here that its handler gets, and a function that makes it from the
//! message or says which field is wrong. Replies go through the same door on the caller's side.
//! Nothing here decides anything; who the caller is comes from the connection alone.

use entente_core::feed::{Batch, Carried, MAX_BATCH, MAX_CHECKPOINT, MAX_LEAF};
use entente_core::identity::COSIGNATURE_LEN;
use entente_core::merkle::{Hash, MAX_PROOF};

use crate::canonical::Invalid;
use crate::parse::{MAX_LOG, array, present, within};
use crate::partner::{Card, parse_card};
use crate::v1;

/// The protocol versions that this program speaks.
pub const VERSIONS: &[u32] = &[1];

/// The most versions that a partner may list.
const MAX_VERSIONS: usize = 16;

/// The most batches of one answer: half a million summaries, after which the caller asks again.
pub const MAX_PULL_BATCHES: u32 = 1_024;

/// All leaves of a batch together, in bytes. With the checkpoint it stays below the message limit
/// of 1 MiB.
pub const MAX_BATCH_LEAVES: usize = 900 * 1024;

/// Longest batch: 512 leaves with up to four bytes each before them, a checkpoint, and numbers.
pub const MAX_BATCH_BYTES: usize = MAX_BATCH_LEAVES + MAX_CHECKPOINT + 16 * 1024;

/// Longest co-signed checkpoint of an audit log: one with forty co-signatures.
pub const MAX_COSIGNED: usize = 8 * 1024;

/// Longest line of a co-signature: a name of 255 bytes, and the signature in base64.
const MAX_COSIGNATURE_LINE: usize = 512;

const _: () = assert!(MAX_COSIGNATURE_LINE > 255 + COSIGNATURE_LEN * 4 / 3 + 16);

/// The two have no protocol version in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ENT-2001 no protocol version in common; the older node must be updated")]
pub struct NoCommonVersion;

/// The highest version that both speak.
pub fn choose_version(theirs: &[u32]) -> Result<u32, NoCommonVersion> {
    VERSIONS.iter().copied().filter(|ours| theirs.contains(ours)).max().ok_or(NoCommonVersion)
}

/// Asks to join with an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The invitation's id.
    pub ticket: [u8; 16],
    /// What the caller says of itself. Compare its identity with the connection's.
    pub card: Card,
    /// The caller's number.
    pub nonce: [u8; 32],
    /// The versions it speaks.
    pub versions: Vec<u32>,
}

/// Parses a [`Join`].
pub fn parse_join(message: v1::JoinRequest) -> Result<Join, Invalid> {
    let v1::JoinRequest { ticket_id, card, nonce_b, versions } = message;
    Ok(Join {
        ticket: array("ticket_id", &ticket_id)?,
        card: parse_card(card)?,
        nonce: array("nonce_b", &nonce_b)?,
        versions: parse_versions(versions)?,
    })
}

/// The inviter's answer to a [`Join`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What the inviter says of itself.
    pub card: Card,
    /// The number it committed to.
    pub nonce: [u8; 32],
    /// The version chosen.
    pub version: u32,
}

/// Parses a [`Joined`].
pub fn parse_join_reply(message: v1::JoinReply) -> Result<Joined, Invalid> {
    let v1::JoinReply { card, nonce_a, version } = message;
    Ok(Joined {
        card: parse_card(card)?,
        nonce: array("nonce_a", &nonce_a)?,
        version: parse_version(version)?,
    })
}

/// Parses the ticket of a confirmation.
pub fn parse_confirm(message: &v1::ConfirmRequest) -> Result<[u8; 16], Invalid> {
    array("ticket_id", &message.ticket_id)
}

/// Opens a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The versions that the caller speaks.
    pub versions: Vec<u32>,
    /// The highest checkpoint of our feed that it holds: a signed note. Empty if none.
    pub our_checkpoint: Vec<u8>,
    /// The highest checkpoint of our audit log that it has co-signed. Empty if none.
    pub our_audit_checkpoint: Vec<u8>,
}

/// Parses a [`Hello`].
pub fn parse_hello(message: v1::HelloRequest) -> Result<Hello, Invalid> {
    let v1::HelloRequest { versions, your_checkpoint, your_audit_checkpoint } = message;
    Ok(Hello {
        versions: parse_versions(versions)?,
        our_checkpoint: note("your_checkpoint", your_checkpoint, MAX_CHECKPOINT)?,
        our_audit_checkpoint: note("your_audit_checkpoint", your_audit_checkpoint, MAX_COSIGNED)?,
    })
}

/// The answer to a [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloBack {
    /// The version chosen.
    pub version: u32,
    /// The highest checkpoint of our feed that the server holds. Empty if none.
    pub our_checkpoint: Vec<u8>,
    /// The highest checkpoint of our audit log that the server has co-signed. Empty if none.
    pub our_audit_checkpoint: Vec<u8>,
    /// The server's clock; seconds since 1970.
    pub clock_s: u64,
    /// The current epoch of the server's feed for us.
    pub feed_epoch: u32,
    /// How many leaves that feed has.
    pub feed_size: u64,
}

/// Parses a [`HelloBack`].
pub fn parse_hello_reply(message: v1::HelloReply) -> Result<HelloBack, Invalid> {
    let v1::HelloReply {
        version,
        your_checkpoint,
        your_audit_checkpoint,
        clock_s,
        feed_epoch,
        feed_size,
    } = message;
    Ok(HelloBack {
        version: parse_version(version)?,
        our_checkpoint: note("your_checkpoint", your_checkpoint, MAX_CHECKPOINT)?,
        our_audit_checkpoint: note("your_audit_checkpoint", your_audit_checkpoint, MAX_COSIGNED)?,
        clock_s,
        feed_epoch,
        feed_size: within("feed_size", feed_size, 0..=MAX_LOG)?,
    })
}

/// Asks for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    /// The epoch of our feed for the caller.
    pub feed_epoch: u32,
    /// How many leaves the caller has.
    pub after: u64,
    /// The most batches it wants.
    pub max_batches: u32,
}

/// Parses a [`Pull`]. No wish for a number of batches is a wish for as many as there may be.
pub fn parse_pull(message: v1::PullRequest) -> Result<Pull, Invalid> {
    let v1::PullRequest { feed_epoch, after, max_batches } = message;
    let max_batches = match within("max_batches", max_batches, 0..=MAX_PULL_BATCHES)? {
        0 => MAX_PULL_BATCHES,
        wanted => wanted,
    };
    Ok(Pull { feed_epoch, after: within("after", after, 0..=MAX_LOG)?, max_batches })
}

/// The message that carries a batch.
pub fn batch_message(batch: &Batch) -> v1::FeedBatch {
    let Batch { epoch, first, checkpoint, leaves } = batch;
    let mut redacted = Vec::new();
    for (position, leaf) in (0_u32..).zip(leaves) {
        if matches!(leaf, Carried::Redacted(_)) {
            redacted.push(position);
        }
    }
    let leaves = leaves.iter().map(|leaf| match leaf {
        Carried::Whole(bytes) => bytes.clone(),
        Carried::Redacted(hash) => hash.0.to_vec(),
    });
    v1::FeedBatch {
        feed_epoch: *epoch,
        first: *first,
        checkpoint: checkpoint.clone(),
        leaves: leaves.collect(),
        redacted,
    }
}

/// The batch in a message. Nothing in it is verified by this.
pub fn parse_batch(message: v1::FeedBatch) -> Result<Batch, Invalid> {
    let v1::FeedBatch { feed_epoch, first, checkpoint, leaves, redacted } = message;
    within("checkpoint", checkpoint.len(), 1..=MAX_CHECKPOINT)?;
    within("leaves", leaves.len(), 1..=MAX_BATCH)?;
    within("leaves", leaves.iter().map(Vec::len).sum(), 1..=MAX_BATCH_LEAVES)?;
    within("redacted", redacted.len(), 0..=leaves.len())?;
    if !redacted.is_sorted_by(|a, b| a < b) {
        return Err(Invalid::new("redacted", "must be ascending, each once"));
    }
    if redacted.last().is_some_and(|last| usize::try_from(*last).is_ok_and(|it| it >= leaves.len()))
    {
        return Err(Invalid::new("redacted", "names a leaf that is not there"));
    }
    let mut redacted = redacted.into_iter().peekable();
    let leaves = (0_u32..).zip(leaves).map(|(position, leaf)| {
        if redacted.next_if_eq(&position).is_some() {
            return Ok(Carried::Redacted(Hash(array("leaves", &leaf)?)));
        }
        within("leaves", leaf.len(), 1..=MAX_LEAF)?;
        Ok(Carried::Whole(leaf))
    });
    Ok(Batch {
        epoch: feed_epoch,
        first: within("first", first, 0..=MAX_LOG)?,
        checkpoint,
        leaves: leaves.collect::<Result<_, Invalid>>()?,
    })
}

/// Asks for a co-signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The size that we last co-signed, as the caller believes.
    pub old_size: u64,
    /// Consistency proof from there.
    pub proof: Vec<Hash>,
    /// The new checkpoint: a signed note.
    pub checkpoint: Vec<u8>,
}

/// Parses a [`Witness`].
pub fn parse_witness(message: v1::WitnessRequest) -> Result<Witness, Invalid> {
    let v1::WitnessRequest { old_size, proof, checkpoint } = message;
    within("checkpoint", checkpoint.len(), 1..=MAX_CHECKPOINT)?;
    Ok(Witness {
        old_size: within("old_size", old_size, 0..=MAX_LOG)?,
        proof: parse_proof(&proof)?,
        checkpoint,
    })
}

/// The answer to a [`Witness`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// The co-signature, as one line of a signed note.
    Cosigned(Vec<u8>),
    /// Not from there; this is the size that the witness last co-signed.
    Conflict(u64),
}

/// Parses a [`Witnessed`].
pub fn parse_witness_reply(message: v1::WitnessReply) -> Result<Witnessed, Invalid> {
    match present("outcome", message.outcome)? {
        v1::witness_reply::Outcome::Cosignature(line) => {
            within("cosignature", line.len(), 1..=MAX_COSIGNATURE_LINE)?;
            Ok(Witnessed::Cosigned(line))
        }
        v1::witness_reply::Outcome::ConflictSize(size) => {
            Ok(Witnessed::Conflict(within("conflict_size", size, 0..=MAX_LOG)?))
        }
    }
}

/// Parses a request for a proof: the epoch, and the `seq` of the statement.
pub fn parse_prove(message: v1::ProveRequest) -> Result<(u32, u64), Invalid> {
    let v1::ProveRequest { feed_epoch, seq } = message;
    Ok((feed_epoch, within("seq", seq, 1..=MAX_LOG)?))
}

/// A statement, and all that a third party needs to verify it.
#[derive(Clone, Debug, PartialEq)]
pub struct Proved {
    /// Checkpoint of a feed that holds it: a signed note.
    pub checkpoint: Vec<u8>,
    /// Inclusion proof.
    pub proof: Vec<Hash>,
    /// Its bytes; `None` if its content has been destroyed.
    pub leaf: Option<Vec<u8>>,
    /// Its leaf hash. Compare it with the leaf's.
    pub leaf_hash: Hash,
}

/// The message that carries a proof.
pub fn proved_message(proved: Proved) -> v1::ProveReply {
    let Proved { checkpoint, proof, leaf, leaf_hash } = proved;
    v1::ProveReply {
        checkpoint,
        proof: proof_message(&proof),
        leaf: leaf.unwrap_or_default(),
        leaf_hash: leaf_hash.0.to_vec(),
    }
}

/// Parses a [`Proved`].
pub fn parse_prove_reply(message: v1::ProveReply) -> Result<Proved, Invalid> {
    let v1::ProveReply { checkpoint, proof, leaf, leaf_hash } = message;
    within("checkpoint", checkpoint.len(), 1..=MAX_CHECKPOINT)?;
    within("leaf", leaf.len(), 0..=MAX_LEAF)?;
    Ok(Proved {
        checkpoint,
        proof: parse_proof(&proof)?,
        leaf: (!leaf.is_empty()).then_some(leaf),
        leaf_hash: Hash(array("leaf_hash", &leaf_hash)?),
    })
}

/// Hashes of a proof as they travel.
pub fn proof_message(proof: &[Hash]) -> Vec<Vec<u8>> {
    proof.iter().map(|hash| hash.0.to_vec()).collect()
}

fn parse_proof(proof: &[Vec<u8>]) -> Result<Vec<Hash>, Invalid> {
    within("proof", proof.len(), 0..=MAX_PROOF)?;
    proof.iter().map(|hash| array("proof", hash).map(Hash)).collect()
}

fn parse_versions(versions: Vec<u32>) -> Result<Vec<u32>, Invalid> {
    within("versions", versions.len(), 1..=MAX_VERSIONS)?;
    if versions.first() == Some(&0) || !versions.is_sorted_by(|a, b| a < b) {
        return Err(Invalid::new("versions", "must be ascending from 1, each once"));
    }
    Ok(versions)
}

fn parse_version(version: u32) -> Result<u32, Invalid> {
    if VERSIONS.contains(&version) {
        Ok(version)
    } else {
        Err(Invalid::new("version", "is one that was not offered"))
    }
}

fn note(field: &'static str, bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, Invalid> {
    within(field, bytes.len(), 0..=max)?;
    Ok(bytes)
}
