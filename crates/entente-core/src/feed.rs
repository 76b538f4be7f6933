//! Feeds: everything one organization has said to one partner, in order.
//!
//! A feed is a Merkle log. Its issuer signs a [`Checkpoint`] for each batch of at most
//! [`MAX_BATCH`] leaves; one signature covers the whole batch. The partner keeps the frontier of
//! the tree and the last checkpoint, and so notices every gap, fork and rollback by itself.
//!
//! A leaf whose summary was withdrawn before the partner pulled it travels as its hash: the tree
//! still adds up, and the content is never sent.

use signed_note::{Note, Signer, Verifier, VerifierList};
use tlog_tiles::Checkpoint as TreeHead;

use crate::identity::{
    CosignatureVerifier, Cosigner, NoteSigner, NoteVerifier, ORIGIN, OrgId, OrgKey,
};
use crate::merkle::{Frontier, Hash, MAX_SIZE};

/// The most leaves one checkpoint signs.
///
/// Past 512 the signature costs less than 0.1 µs a leaf; a batch of summaries is about 60 kB, one
/// store transaction on the other side and a few seconds on a 2G link.
pub const MAX_BATCH: usize = 512;

/// The largest leaf. An agreement with every clause is 20 kB.
pub const MAX_LEAF: usize = 256 * 1024;

/// The largest checkpoint: an origin of 160 bytes, a root, and four signatures.
pub const MAX_CHECKPOINT: usize = 2048;

/// One feed: everything `issuer` says to `audience` in one epoch of the feed.
///
/// A node opens a new epoch only after it was restored from a backup, so that it never says two
/// different things at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId {
    /// Who speaks.
    pub issuer: OrgId,
    /// To whom.
    pub audience: OrgId,
    /// From 0.
    pub epoch: u32,
}

impl FeedId {
    /// The first line of the feed's checkpoints (C2SP `tlog-checkpoint`).
    pub fn origin(&self) -> String {
        format!("{ORIGIN}feed/v1/{}/{}/{}", self.issuer, self.audience, self.epoch)
    }
}

/// The size and root of a log, as its issuer signed them (a C2SP signed note).
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The signed note itself.
    pub note: Vec<u8>,
}

/// A checkpoint is not one, or its issuer did not sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint is not signed by its issuer")]
pub struct BadCheckpoint;

impl Checkpoint {
    /// Signs the size and root of the log called `origin`.
    pub fn sign(origin: &str, frontier: &Frontier, key: &OrgKey) -> Result<Self, BadCheckpoint> {
        let (size, root) = (frontier.size(), frontier.root());
        let head = TreeHead::new(origin, size, root, "").map_err(|_| BadCheckpoint)?;
        let mut note = Note::new(&head.to_bytes(), &[]).map_err(|_| BadCheckpoint)?;
        let signer = NoteSigner::new(origin, key).map_err(|_| BadCheckpoint)?;
        note.add_sigs(&[&signer as &dyn Signer]).map_err(|_| BadCheckpoint)?;
        Ok(Self { size, root, note: note.to_bytes() })
    }

    /// Checks that `issuer` signed this note for the log called `origin`.
    pub fn verify(note: &[u8], origin: &str, issuer: &OrgId) -> Result<Self, BadCheckpoint> {
        if note.len() > MAX_CHECKPOINT {
            return Err(BadCheckpoint);
        }
        let parsed = Note::from_bytes(note).map_err(|_| BadCheckpoint)?;
        let verifier = NoteVerifier::new(origin, *issuer).map_err(|_| BadCheckpoint)?;
        let verifier: Box<dyn Verifier> = Box::new(verifier);
        parsed.verify(&VerifierList::new(vec![verifier])).map_err(|_| BadCheckpoint)?;
        let head = TreeHead::from_bytes(parsed.text()).map_err(|_| BadCheckpoint)?;
        if head.origin() != origin || head.size() > MAX_SIZE || !head.extension().is_empty() {
            return Err(BadCheckpoint);
        }
        Ok(Self { size: head.size(), root: *head.hash(), note: note.to_vec() })
    }
}

/// Adds a witness's signature to a checkpoint of the log called `origin` (C2SP `cosignature/v1`).
pub fn cosign(
    note: &[u8],
    origin: &str,
    key: &OrgKey,
    time_s: u64,
) -> Result<Vec<u8>, BadCheckpoint> {
    let mut note = Note::from_bytes(note).map_err(|_| BadCheckpoint)?;
    let signer = Cosigner::new(origin, key, time_s).map_err(|_| BadCheckpoint)?;
    note.add_sigs(&[&signer as &dyn Signer]).map_err(|_| BadCheckpoint)?;
    Ok(note.to_bytes())
}

/// Whether `witness` has co-signed this checkpoint of the log called `origin`.
pub fn is_cosigned(note: &[u8], origin: &str, witness: &OrgId) -> bool {
    let verified = || {
        let verifier = CosignatureVerifier::new(origin, *witness).ok()?;
        let verifier: Box<dyn Verifier> = Box::new(verifier);
        Note::from_bytes(note).ok()?.verify(&VerifierList::new(vec![verifier])).ok()
    };
    note.len() <= MAX_CHECKPOINT && verified().is_some()
}

/// A leaf as it travels.
#[derive(Clone, Debug, PartialEq)]
pub enum Carried {
    /// The exact bytes of the statement.
    Whole(Vec<u8>),
    /// Only its hash: it was withdrawn before it was ever read.
    Redacted(Hash),
}

/// Leaves that end at a signed checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The epoch of the feed.
    pub epoch: u32,
    /// How many leaves come before the first one here.
    pub first: u64,
    /// The signed note over everything up to and with the last one here.
    pub checkpoint: Vec<u8>,
    /// One to [`MAX_BATCH`] leaves.
    pub leaves: Vec<Carried>,
}

/// The bytes of leaves in order; `None` for a redacted one.
pub type Contents = Vec<Option<Vec<u8>>>;

/// What we know of a feed that we follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// The feed.
    pub feed: FeedId,
    /// The right edge of its tree: its size is our cursor.
    pub frontier: Frontier,
    /// The last checkpoint we accepted. Empty before the first.
    pub checkpoint: Vec<u8>,
}

/// Why a batch is refused. None of these changes any state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedFault {
    /// No leaves, too many, or one that is too large.
    #[error("the batch is out of bounds")]
    OutOfBounds,
    /// The checkpoint is not a signed checkpoint of this feed.
    #[error(transparent)]
    BadCheckpoint(#[from] BadCheckpoint),
    /// Leaves are missing between what we have and what came.
    #[error("the feed has a gap: expected {expected}, got {got}")]
    Gap {
        /// Our cursor.
        expected: u64,
        /// Where the batch begins.
        got: u64,
    },
    /// We have these leaves already.
    #[error("the batch repeats what we have")]
    Repeated,
    /// The batch is of an earlier epoch, or of a later one that does not begin at its start.
    #[error("the feed is in epoch {expected}, the batch in {got}")]
    WrongEpoch {
        /// Ours.
        expected: u32,
        /// Theirs.
        got: u32,
    },
    /// The leaves do not give the root that the checkpoint signs.
    ///
    /// From the issuer's own node this is another history; in a file anybody may have changed it.
    #[error("the leaves do not belong to the checkpoint")]
    Mismatch {
        /// Our last checkpoint, and theirs.
        evidence: Box<(Vec<u8>, Vec<u8>)>,
    },
    /// The issuer signed two different roots for one size.
    #[error("the issuer signed two histories")]
    Fork {
        /// The two signed notes: proof to anybody.
        evidence: Box<(Vec<u8>, Vec<u8>)>,
    },
}

impl FeedFault {
    /// Whether the fault is one that an honest node cannot make.
    pub fn is_proof(&self) -> bool {
        matches!(self, Self::Fork { .. })
    }
}

impl Followed {
    /// A feed of which nothing is known yet.
    pub fn new(feed: FeedId) -> Self {
        Self { feed, frontier: Frontier::default(), checkpoint: Vec::new() }
    }

    /// Checks a batch against everything known of the feed. All of it holds, or none.
    ///
    /// Returns what is known afterwards, and the leaves' bytes; a redacted leaf is `None`.
    pub fn accept(&self, batch: Batch) -> Result<(Self, Contents), FeedFault> {
        let Batch { epoch, first, checkpoint, leaves } = batch;
        let fits = |leaf: &Carried| match leaf {
            Carried::Whole(bytes) => !bytes.is_empty() && bytes.len() <= MAX_LEAF,
            Carried::Redacted(_) => true,
        };
        if leaves.is_empty() || leaves.len() > MAX_BATCH || !leaves.iter().all(fits) {
            return Err(FeedFault::OutOfBounds);
        }
        if epoch != self.feed.epoch {
            return Err(FeedFault::WrongEpoch { expected: self.feed.epoch, got: epoch });
        }
        let signed = Checkpoint::verify(&checkpoint, &self.feed.origin(), &self.feed.issuer)?;

        let ours = self.frontier.size();
        if first > ours {
            return Err(FeedFault::Gap { expected: ours, got: first });
        }
        if first < ours {
            return Err(self.compare(&signed));
        }

        let (mut frontier, mut stored) = (self.frontier.clone(), Vec::new());
        let mut contents = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            match leaf {
                Carried::Whole(bytes) => {
                    frontier.push(&bytes, &mut stored);
                    contents.push(Some(bytes));
                }
                Carried::Redacted(hash) => {
                    frontier.push_hash(hash, &mut stored);
                    contents.push(None);
                }
            }
        }
        if signed.size != frontier.size() || signed.root != frontier.root() {
            let evidence = Box::new((self.checkpoint.clone(), signed.note));
            return Err(FeedFault::Mismatch { evidence });
        }
        Ok((Self { feed: self.feed, frontier, checkpoint }, contents))
    }

    /// What an old batch means: a repetition, or another history at a size that we know.
    fn compare(&self, signed: &Checkpoint) -> FeedFault {
        let forked = signed.size == self.frontier.size() && signed.root != self.frontier.root();
        if !forked {
            return FeedFault::Repeated;
        }
        FeedFault::Fork { evidence: Box::new((self.checkpoint.clone(), signed.note.clone())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> OrgKey {
        OrgKey::from_seed(&[seed; 32])
    }

    fn feed() -> FeedId {
        FeedId { issuer: key(1).id(), audience: key(2).id(), epoch: 0 }
    }

    /// The batch that an honest issuer sends: `n` leaves after the first `first`.
    fn batch(first: u64, n: u64, text: &str) -> Batch {
        let (mut frontier, mut stored) = (Frontier::default(), Vec::new());
        for i in 0..first {
            frontier.push(format!("leaf {i}").as_bytes(), &mut stored);
        }
        let leaves: Vec<_> =
            (first..first + n).map(|i| format!("{text} {i}").into_bytes()).collect();
        for leaf in &leaves {
            frontier.push(leaf, &mut stored);
        }
        let checkpoint = Checkpoint::sign(&feed().origin(), &frontier, &key(1)).unwrap().note;
        Batch {
            epoch: 0,
            first,
            checkpoint,
            leaves: leaves.into_iter().map(Carried::Whole).collect(),
        }
    }

    fn followed() -> Followed {
        Followed::new(feed()).accept(batch(0, 3, "leaf")).unwrap().0
    }

    #[test]
    fn batches_in_order_are_accepted() {
        let (after, contents) = followed().accept(batch(3, 2, "leaf")).unwrap();
        assert_eq!(after.frontier.size(), 5);
        assert_eq!(contents[1].as_deref(), Some(&b"leaf 4"[..]));
    }

    #[test]
    fn a_redacted_leaf_keeps_its_place_and_loses_its_content() {
        let mut cut = batch(3, 2, "leaf");
        cut.leaves[0] = Carried::Redacted(crate::merkle::leaf_hash(b"leaf 3"));
        let (after, contents) = followed().accept(cut).unwrap();
        assert_eq!(after.frontier.size(), 5);
        assert_eq!(contents[0], None);
    }

    #[test]
    fn a_gap_is_refused() {
        let fault = followed().accept(batch(4, 2, "leaf")).unwrap_err();
        assert_eq!(fault, FeedFault::Gap { expected: 3, got: 4 });
    }

    #[test]
    fn a_repeated_batch_is_refused_and_proves_nothing() {
        let fault = followed().accept(batch(0, 3, "leaf")).unwrap_err();
        assert_eq!(fault, FeedFault::Repeated);
        assert!(!fault.is_proof());
    }

    #[test]
    fn another_history_at_a_known_size_is_a_fork_with_evidence() {
        let fault = followed().accept(batch(0, 3, "other")).unwrap_err();
        assert!(matches!(fault, FeedFault::Fork { .. }), "{fault:?}");
        assert!(fault.is_proof());
    }

    #[test]
    fn an_altered_leaf_is_refused() {
        let mut altered = batch(3, 2, "leaf");
        altered.leaves[1] = Carried::Whole(b"leaf x".to_vec());
        let fault = followed().accept(altered).unwrap_err();
        assert!(matches!(fault, FeedFault::Mismatch { .. }), "{fault:?}");
        assert!(!fault.is_proof());
    }

    #[test]
    fn a_checkpoint_of_somebody_else_or_of_another_feed_is_refused() {
        let mut batch = batch(3, 2, "leaf");
        let (mut frontier, mut stored) = (Frontier::default(), Vec::new());
        for i in 0..5 {
            frontier.push(format!("leaf {i}").as_bytes(), &mut stored);
        }
        for (origin, signer) in [
            (feed().origin(), key(3)),
            (FeedId { audience: key(3).id(), ..feed() }.origin(), key(1)),
        ] {
            batch.checkpoint = Checkpoint::sign(&origin, &frontier, &signer).unwrap().note;
            assert_eq!(
                followed().accept(batch.clone()).unwrap_err(),
                FeedFault::BadCheckpoint(BadCheckpoint)
            );
        }
    }

    #[test]
    fn an_empty_or_oversize_batch_is_refused() {
        let mut empty = batch(3, 1, "leaf");
        empty.leaves.clear();
        assert_eq!(followed().accept(empty).unwrap_err(), FeedFault::OutOfBounds);

        let mut large = batch(3, 1, "leaf");
        large.leaves[0] = Carried::Whole(vec![0; MAX_LEAF + 1]);
        assert_eq!(followed().accept(large).unwrap_err(), FeedFault::OutOfBounds);
    }
}
