//! Merkle logs: lists that can only grow (RFC 6962; stored as `tlog_tiles` lays hashes out).
//!
//! Appending needs only the right edge of the tree, the [`Frontier`]. Whoever follows a log from
//! its start keeps the same frontier, and so checks every signed root without a proof. Proofs are
//! for a statement that is taken out of its log, and for witnesses who see roots only.

use tlog_tiles::{Error, HashReader, RecordProof, TreeProof};

pub use tlog_tiles::Hash;

/// Most hashes in a proof: a tree of 2^63 leaves has paths of 63.
pub const MAX_PROOF: usize = 63;

/// The largest tree we speak about. Far above any log, far below where tree arithmetic wraps.
pub const MAX_SIZE: u64 = 1 << 48;

/// The right edge of a Merkle tree: enough to append and to compute the root.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frontier {
    size: u64,
    // One root per full subtree, the largest first: as many as `size` has bits set.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf. Adds the hashes this completes to `stored`, in the order of their indexes.
    pub fn push(&mut self, leaf: &[u8], stored: &mut Vec<Hash>) {
        self.push_hash(tlog_tiles::record_hash(leaf), stored);
    }

    /// Appends a leaf of which only the hash is known.
    pub fn push_hash(&mut self, leaf: Hash, stored: &mut Vec<Hash>) {
        let mut hash = leaf;
        stored.push(hash);
        let mut rest = self.size;
        while rest & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = tlog_tiles::node_hash(left, hash);
            stored.push(hash);
            rest >>= 1;
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree. An empty tree has the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return tlog_tiles::EMPTY_HASH };
        peaks.fold(*last, |right, left| tlog_tiles::node_hash(*left, right))
    }

    /// The size (8 bytes, big-endian) and the peaks (32 bytes each).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for peak in &self.peaks {
            bytes.extend_from_slice(&peak.0);
        }
        bytes
    }

    /// The reverse of [`Frontier::to_bytes`]; `None` if the bytes are no frontier.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, peaks) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (chunks, rest) = peaks.as_chunks::<32>();
        let fits = rest.is_empty() && chunks.len() == size.count_ones() as usize;
        fits.then(|| Self { size, peaks: chunks.iter().map(|chunk| Hash(*chunk)).collect() })
    }
}

/// The hash of a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    tlog_tiles::record_hash(leaf)
}

/// Which leaf completed the stored hash at `index`, and how many hashes are stored before the
/// first hash of that leaf. Tells a store in which batch to look.
pub fn completed_by(index: u64) -> u64 {
    let (level, n) = tlog_tiles::split_stored_hash_index(index);
    ((n + 1) << level) - 1
}

/// How many hashes are stored for a tree of `size` leaves.
pub fn stored_count(size: u64) -> u64 {
    tlog_tiles::stored_hash_count(size)
}

/// A proof could not be made or does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not hold")]
pub struct BadProof;

struct Reader<F>(F);

impl<F: Fn(u64) -> Option<Hash>> HashReader for Reader<F> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let missing = || Error::InvalidInput("a stored hash is missing".into());
        indexes.iter().map(|index| (self.0)(*index).ok_or_else(missing)).collect()
    }
}

/// Proves that the tree of `size` leaves has the leaf at `position` (from 0).
pub fn prove_leaf(
    size: u64,
    position: u64,
    stored: impl Fn(u64) -> Option<Hash>,
) -> Result<Vec<Hash>, BadProof> {
    if position >= size || size > MAX_SIZE {
        return Err(BadProof);
    }
    tlog_tiles::prove_record(size, position, &Reader(stored)).map_err(|_| BadProof)
}

/// Checks that the tree with this size and root has `leaf` at `position`.
pub fn check_leaf(
    size: u64,
    root: Hash,
    position: u64,
    leaf: Hash,
    proof: Vec<Hash>,
) -> Result<(), BadProof> {
    if proof.len() > MAX_PROOF || size > MAX_SIZE || position >= size {
        return Err(BadProof);
    }
    let proof: RecordProof = proof;
    tlog_tiles::check_record(&proof, size, root, position, leaf).map_err(|_| BadProof)
}

/// Proves that the tree of `size` leaves begins with the tree of `old` leaves.
pub fn prove_growth(
    size: u64,
    old: u64,
    stored: impl Fn(u64) -> Option<Hash>,
) -> Result<Vec<Hash>, BadProof> {
    if old == 0 || old == size {
        return Ok(Vec::new());
    }
    if old > size || size > MAX_SIZE {
        return Err(BadProof);
    }
    tlog_tiles::prove_tree(size, old, &Reader(stored)).map_err(|_| BadProof)
}

/// Checks that the tree with `size` and `root` begins with the one with `old` and `old_root`.
pub fn check_growth(
    size: u64,
    root: Hash,
    old: u64,
    old_root: Hash,
    proof: Vec<Hash>,
) -> Result<(), BadProof> {
    if old > size || size > MAX_SIZE || proof.len() > MAX_PROOF {
        return Err(BadProof);
    }
    if old == size {
        return if root == old_root { Ok(()) } else { Err(BadProof) };
    }
    if old == 0 {
        return if proof.is_empty() { Ok(()) } else { Err(BadProof) };
    }
    let proof: TreeProof = proof;
    tlog_tiles::check_tree(&proof, size, root, old, old_root).map_err(|_| BadProof)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grown(n: u64) -> (Frontier, Vec<Hash>) {
        let (mut frontier, mut stored) = (Frontier::default(), Vec::new());
        for i in 0..n {
            frontier.push(&i.to_be_bytes(), &mut stored);
        }
        (frontier, stored)
    }

    fn at(stored: &[Hash]) -> impl Fn(u64) -> Option<Hash> {
        |index| stored.get(usize::try_from(index).unwrap()).copied()
    }

    #[test]
    fn the_root_is_the_one_an_independent_implementation_computes() {
        let mut other =
            ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        let (mut frontier, mut stored) = (Frontier::default(), Vec::new());
        for i in 0..200_u64 {
            frontier.push(&i.to_be_bytes(), &mut stored);
            other.push(i.to_be_bytes().to_vec());
            assert_eq!(frontier.root().0[..], other.root().as_bytes()[..]);
            assert_eq!(stored.len() as u64, stored_count(frontier.size()));
        }
    }

    #[test]
    fn a_stored_hash_is_found_in_the_batch_of_the_leaf_that_completed_it() {
        for n in 0..100 {
            for index in stored_count(n)..stored_count(n + 1) {
                assert_eq!(completed_by(index), n);
            }
        }
    }

    #[test]
    fn hostile_sizes_and_proofs_are_refused() {
        let hash = Hash([1; 32]);
        for (size, position, len) in [(1 << 63, 1, 63), (u64::MAX, 5, 64), (10, 3, 0), (10, 10, 4)]
        {
            assert!(check_leaf(size, hash, position, hash, vec![hash; len]).is_err());
            assert!(check_growth(size, hash, position, Hash([2; 32]), vec![hash; len]).is_err());
        }
    }

    proptest! {
        #[test]
        fn every_leaf_and_every_prefix_can_be_proved(size in 1_u64..200, seed: u64) {
            let (frontier, stored) = grown(size);
            let (position, old) = (seed % size, seed % (size + 1));
            let proof = prove_leaf(size, position, at(&stored)).unwrap();
            let leaf = leaf_hash(&position.to_be_bytes());
            prop_assert!(check_leaf(size, frontier.root(), position, leaf, proof.clone()).is_ok());
            let other = leaf_hash(b"other");
            prop_assert!(check_leaf(size, frontier.root(), position, other, proof).is_err());

            let (before, _) = grown(old);
            let proof = prove_growth(size, old, at(&stored)).unwrap();
            prop_assert!(
                check_growth(size, frontier.root(), old, before.root(), proof).is_ok()
            );
        }

        #[test]
        fn a_frontier_survives_its_bytes(size in 0_u64..300) {
            let (frontier, _) = grown(size);
            prop_assert_eq!(Frontier::from_bytes(&frontier.to_bytes()), Some(frontier));
        }
    }
}
