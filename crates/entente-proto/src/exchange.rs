//! Requests and replies between nodes, parsed once at the edge.
//!
//! Each request has a type here that its handler gets, and a function that makes it from the
//! message or says which field is wrong. Replies go through the same door on the caller's side.
//! Nothing here decides anything; who the caller is comes from the connection alone.

use entente_core::feed::{Batch, Carried, MAX_BATCH, MAX_CHECKPOINT, MAX_LEAF};
use entente_core::merkle::{Hash, MAX_PROOF};

use crate::about::{About, parse_about};
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
    /// What it does. `None` if it does not say, or says it in a way that we do not understand.
    pub about: Option<About>,
}

/// Parses a [`Hello`].
pub fn parse_hello(message: v1::HelloRequest) -> Result<Hello, Invalid> {
    let v1::HelloRequest { versions, your_checkpoint, your_audit_checkpoint, about } = message;
    Ok(Hello {
        versions: parse_versions(versions)?,
        our_checkpoint: note("your_checkpoint", your_checkpoint, MAX_CHECKPOINT)?,
        our_audit_checkpoint: note("your_audit_checkpoint", your_audit_checkpoint, MAX_COSIGNED)?,
        about: understood(about),
    })
}

/// What a partner does, if we understand it. A newer one may have codes that we do not know, and that is no reason not
/// to speak with it.
fn understood(about: Option<v1::About>) -> Option<About> {
    about.and_then(|it| parse_about(it).ok())
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
    /// What the server does. `None` if it does not say, or says it in a way that we do not understand.
    pub about: Option<About>,
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
        about,
    } = message;
    Ok(HelloBack {
        version: parse_version(version)?,
        our_checkpoint: note("your_checkpoint", your_checkpoint, MAX_CHECKPOINT)?,
        our_audit_checkpoint: note("your_audit_checkpoint", your_audit_checkpoint, MAX_COSIGNED)?,
        clock_s,
        feed_epoch,
        feed_size: within("feed_size", feed_size, 0..=MAX_LOG)?,
        about: understood(about),
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

/// How far a feed has come: where a follower stands, or where the feed ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPlace {
    /// The epoch of the feed.
    pub epoch: u32,
    /// How many leaves.
    pub size: u64,
}

/// Parses where a caller stands that asks to be told of news.
pub fn parse_follow(message: &v1::FollowRequest) -> Result<FeedPlace, Invalid> {
    let v1::FollowRequest { feed_epoch, after } = *message;
    Ok(FeedPlace { epoch: feed_epoch, size: within("after", after, 0..=MAX_LOG)? })
}

/// The message that asks to be told of what comes after `place`.
pub fn follow_message(place: FeedPlace) -> v1::FollowRequest {
    v1::FollowRequest { feed_epoch: place.epoch, after: place.size }
}

/// Parses where a partner says that its feed for us ends.
pub fn parse_news(message: &v1::News) -> Result<FeedPlace, Invalid> {
    let v1::News { feed_epoch, feed_size } = *message;
    Ok(FeedPlace { epoch: feed_epoch, size: within("feed_size", feed_size, 0..=MAX_LOG)? })
}

/// The message that says where our feed ends.
pub fn news_message(place: FeedPlace) -> v1::News {
    v1::News { feed_epoch: place.epoch, feed_size: place.size }
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
    /// The checkpoint with the witness's co-signature added: a signed note.
    Cosigned(Vec<u8>),
    /// Not from there; this is the size that the witness last co-signed.
    Conflict(u64),
}

/// Parses a [`Witnessed`].
pub fn parse_witness_reply(message: v1::WitnessReply) -> Result<Witnessed, Invalid> {
    match present("outcome", message.outcome)? {
        v1::witness_reply::Outcome::Cosignature(note) => {
            within("cosignature", note.len(), 1..=MAX_CHECKPOINT)?;
            Ok(Witnessed::Cosigned(note))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any;

    pub(crate) fn batch() -> impl Strategy<Value = Batch> {
        let bytes = |max| prop::collection::vec(any::<u8>(), 1..max);
        let leaf = prop_oneof![
            bytes(200).prop_map(Carried::Whole),
            any::<[u8; 32]>().prop_map(|hash| Carried::Redacted(Hash(hash))),
        ];
        let leaves = prop::collection::vec(leaf, 1..20);
        (any::<u32>(), 0..=MAX_LOG, bytes(300), leaves).prop_map(
            |(epoch, first, checkpoint, leaves)| Batch { epoch, first, checkpoint, leaves },
        )
    }

    fn batch_of(leaves: Vec<Vec<u8>>, redacted: Vec<u32>) -> v1::FeedBatch {
        v1::FeedBatch { feed_epoch: 0, first: 0, checkpoint: vec![1], leaves, redacted }
    }

    #[track_caller]
    fn batch_refused(field: &'static str, message: v1::FeedBatch) {
        assert_eq!(parse_batch(message).map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_a_batch_has_its_bound() {
        let one = batch_of(vec![vec![1]], vec![]);
        assert!(parse_batch(one.clone()).is_ok());
        batch_refused("first", v1::FeedBatch { first: MAX_LOG + 1, ..one.clone() });
        batch_refused("checkpoint", v1::FeedBatch { checkpoint: vec![], ..one.clone() });
        let checkpoint = vec![1; MAX_CHECKPOINT + 1];
        batch_refused("checkpoint", v1::FeedBatch { checkpoint, ..one });
        batch_refused("leaves", batch_of(vec![], vec![]));
        batch_refused("leaves", batch_of(vec![vec![]], vec![]));
        batch_refused("leaves", batch_of(vec![vec![1], vec![]], vec![]));
        assert!(parse_batch(batch_of(vec![vec![1]; MAX_BATCH], vec![])).is_ok());
        batch_refused("leaves", batch_of(vec![vec![1]; MAX_BATCH + 1], vec![]));
        assert!(parse_batch(batch_of(vec![vec![1; MAX_LEAF]; 3], vec![])).is_ok());
        batch_refused("leaves", batch_of(vec![vec![1; MAX_LEAF + 1]], vec![]));
        batch_refused("leaves", batch_of(vec![vec![1; MAX_LEAF]; 4], vec![]));
    }

    #[test]
    fn a_redacted_leaf_is_a_hash_and_is_named_once() {
        let leaves = || vec![vec![1; 32], vec![2; 40], vec![3; 32]];
        let parsed = parse_batch(batch_of(leaves(), vec![0, 2])).unwrap();
        assert_eq!(parsed.leaves[0], Carried::Redacted(Hash([1; 32])));
        assert_eq!(parsed.leaves[1], Carried::Whole(vec![2; 40]));
        batch_refused("leaves", batch_of(leaves(), vec![1]));
        batch_refused("redacted", batch_of(leaves(), vec![0, 0]));
        batch_refused("redacted", batch_of(leaves(), vec![2, 0]));
        batch_refused("redacted", batch_of(leaves(), vec![3]));
        batch_refused("redacted", batch_of(leaves(), vec![0, 1, 2, 3]));
    }

    #[test]
    fn an_older_or_newer_partner_is_told_once_and_clearly() {
        assert_eq!(choose_version(&[1]), Ok(1));
        assert_eq!(choose_version(&[1, 2, 3]), Ok(1));
        for theirs in [&[][..], &[2], &[2, 3]] {
            assert_eq!(choose_version(theirs), Err(NoCommonVersion));
        }
        assert!(NoCommonVersion.to_string().starts_with("ENT-2001 "));
    }

    #[test]
    fn versions_are_few_and_ascending() {
        let hello = |versions| {
            parse_hello(v1::HelloRequest { versions, ..Default::default() }).map_err(|it| it.field)
        };
        assert_eq!(hello(vec![1, 2]).unwrap().versions, [1, 2]);
        assert!(hello((1..=16).collect()).is_ok());
        for versions in [vec![], vec![0], vec![0, 1], vec![2, 1], vec![1, 1], (1..=17).collect()] {
            assert_eq!(hello(versions), Err("versions"));
        }
        let reply = |version| parse_hello_reply(v1::HelloReply { version, ..Default::default() });
        assert!(reply(1).is_ok());
        assert!(reply(0).is_err() && reply(2).is_err());
    }

    #[test]
    fn a_greeting_goes_on_if_what_the_other_does_is_not_understood() {
        let hello = |about| {
            let message = v1::HelloRequest { versions: vec![1], about, ..Default::default() };
            parse_hello(message).unwrap().about
        };
        let known = v1::About { role: 1, ..Default::default() };
        assert!(hello(Some(known)).is_some());
        let of_another_time = v1::About { role: 1 << 20, ..Default::default() };
        assert_eq!(hello(Some(of_another_time.clone())), None);
        assert_eq!(hello(None), None);
        let about = Some(of_another_time);
        let reply = v1::HelloReply { version: 1, about, ..Default::default() };
        assert_eq!(parse_hello_reply(reply).unwrap().about, None);
    }

    #[test]
    fn checkpoints_have_their_bounds() {
        let hello = |feed: usize, audit: usize| {
            let message = v1::HelloRequest {
                versions: vec![1],
                your_checkpoint: vec![1; feed],
                your_audit_checkpoint: vec![1; audit],
                about: None,
            };
            parse_hello(message).map(|_| ()).map_err(|it| it.field)
        };
        assert_eq!(hello(0, 0), Ok(()));
        assert_eq!(hello(MAX_CHECKPOINT, MAX_COSIGNED), Ok(()));
        assert_eq!(hello(MAX_CHECKPOINT + 1, 0), Err("your_checkpoint"));
        assert_eq!(hello(0, MAX_COSIGNED + 1), Err("your_audit_checkpoint"));
        let reply = |feed_size| {
            parse_hello_reply(v1::HelloReply { version: 1, feed_size, ..Default::default() })
        };
        assert!(reply(MAX_LOG).is_ok() && reply(MAX_LOG + 1).is_err());
    }

    #[test]
    fn a_pull_asks_for_what_there_can_be() {
        let pull =
            |after, max_batches| parse_pull(v1::PullRequest { feed_epoch: 0, after, max_batches });
        assert_eq!(pull(0, 0).unwrap().max_batches, MAX_PULL_BATCHES);
        assert_eq!(pull(MAX_LOG, 1).unwrap().max_batches, 1);
        assert_eq!(pull(0, MAX_PULL_BATCHES).unwrap().max_batches, MAX_PULL_BATCHES);
        assert_eq!(pull(0, MAX_PULL_BATCHES + 1).unwrap_err().field, "max_batches");
        assert_eq!(pull(MAX_LOG + 1, 0).unwrap_err().field, "after");
    }

    #[test]
    fn every_field_of_a_join_has_its_bound() {
        let card = || Some(crate::card_message(&any::one(any::card())));
        let join = |ticket: usize, card, nonce: usize| {
            let message = v1::JoinRequest {
                ticket_id: vec![1; ticket],
                card,
                nonce_b: vec![2; nonce],
                versions: vec![1],
            };
            parse_join(message).map(|_| ()).map_err(|it| it.field)
        };
        assert_eq!(join(16, card(), 32), Ok(()));
        assert_eq!(join(15, card(), 32), Err("ticket_id"));
        assert_eq!(join(16, None, 32), Err("card"));
        assert_eq!(join(16, card(), 0), Err("nonce_b"));
        let reply = |card, nonce: usize, version| {
            let message = v1::JoinReply { card, nonce_a: vec![1; nonce], version };
            parse_join_reply(message).map(|_| ()).map_err(|it| it.field)
        };
        assert_eq!(reply(card(), 32, 1), Ok(()));
        assert_eq!(reply(card(), 31, 1), Err("nonce_a"));
        assert_eq!(reply(card(), 32, 2), Err("version"));
        assert!(parse_confirm(&v1::ConfirmRequest { ticket_id: vec![1; 17] }).is_err());
    }

    #[test]
    fn every_field_of_a_proof_has_its_bound() {
        let witness = |old_size, n: usize, len: usize, checkpoint: usize| {
            let proof = vec![vec![1; len]; n];
            let message = v1::WitnessRequest { old_size, proof, checkpoint: vec![1; checkpoint] };
            parse_witness(message).map(|_| ()).map_err(|it| it.field)
        };
        assert_eq!(witness(MAX_LOG, MAX_PROOF, 32, MAX_CHECKPOINT), Ok(()));
        assert_eq!(witness(MAX_LOG + 1, 0, 32, 1), Err("old_size"));
        assert_eq!(witness(0, MAX_PROOF + 1, 32, 1), Err("proof"));
        assert_eq!(witness(0, 1, 31, 1), Err("proof"));
        assert_eq!(witness(0, 0, 32, 0), Err("checkpoint"));
        assert_eq!(witness(0, 0, 32, MAX_CHECKPOINT + 1), Err("checkpoint"));
        assert!(parse_prove(v1::ProveRequest { feed_epoch: 0, seq: 0 }).is_err());
        assert_eq!(parse_prove(v1::ProveRequest { feed_epoch: 3, seq: 1 }), Ok((3, 1)));
    }

    #[test]
    fn a_place_in_a_feed_is_read_as_it_is_written_and_has_its_bound() {
        let place = FeedPlace { epoch: 3, size: MAX_LOG };
        assert_eq!(parse_follow(&follow_message(place)), Ok(place));
        assert_eq!(parse_news(&news_message(place)), Ok(place));
        let beyond = FeedPlace { epoch: 3, size: MAX_LOG + 1 };
        assert_eq!(parse_follow(&follow_message(beyond)).unwrap_err().field, "after");
        assert_eq!(parse_news(&news_message(beyond)).unwrap_err().field, "feed_size");
    }

    #[test]
    fn a_witness_answers_one_thing() {
        use v1::witness_reply::Outcome;
        let reply = |outcome| parse_witness_reply(v1::WitnessReply { outcome });
        assert!(reply(None).is_err());
        assert_eq!(reply(Some(Outcome::ConflictSize(7))), Ok(Witnessed::Conflict(7)));
        assert!(reply(Some(Outcome::ConflictSize(MAX_LOG + 1))).is_err());
        assert_eq!(reply(Some(Outcome::Cosignature(vec![1]))), Ok(Witnessed::Cosigned(vec![1])));
        assert!(reply(Some(Outcome::Cosignature(vec![]))).is_err());
        assert!(reply(Some(Outcome::Cosignature(vec![1; MAX_CHECKPOINT + 1]))).is_err());
    }

    #[test]
    fn a_proof_is_read_as_it_is_written_with_its_content_and_without() {
        for leaf in [None, Some(vec![1; 150])] {
            let proved = Proved {
                checkpoint: vec![1],
                proof: vec![Hash([2; 32]); 9],
                leaf,
                leaf_hash: Hash([3; 32]),
            };
            assert_eq!(parse_prove_reply(proved_message(proved.clone())), Ok(proved));
        }
    }

    proptest! {
        #[test]
        fn a_batch_is_read_as_it_is_written(batch in batch()) {
            prop_assert_eq!(parse_batch(batch_message(&batch)), Ok(batch));
        }
    }
}
