//! Columns as bytes, so that a start need not read every record.
//!
//! A snapshot is the segment as it lies in memory, between a header and a digest. The digest tells
//! damage; it is no protection against somebody who can write the file. That is the store's: it
//! seals the bytes as one object. Still nothing is taken on trust: whatever the bytes say, reading
//! them makes columns whose every code is in range, or fails.

use sha2::{Digest as _, Sha256};

use super::layout::{Kind, Layout};
use super::rows::{Bits, FEW_LABELS, Rows, Values};
use super::segment::Segment;
use super::{Columns, Delta};

/// The first bytes of a snapshot; the last of them is the version.
const MAGIC: &[u8; 8] = b"entcols\x02";

const DIGEST: usize = 32;

/// Why bytes are no snapshot of these columns. Build them from the records instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSnapshot {
    /// They are no snapshot, or of another version.
    #[error("these bytes are no snapshot of this version")]
    Unknown,
    /// They are of other columns.
    #[error("the snapshot is of other columns")]
    OtherLayout,
    /// They are not what was written.
    #[error("the snapshot is damaged")]
    Damaged,
}

impl Columns {
    /// All rows as bytes. Merges first, by so many threads. Cubes are not in it.
    pub fn to_bytes(&mut self, n_threads: usize) -> Vec<u8> {
        self.merge(n_threads);
        let Segment { rows, persons, starts, ids, by_id, .. } = &self.segment;
        let mut bytes = Vec::with_capacity(self.segment.n_bytes() + 1024);
        bytes.extend(MAGIC);
        let layout = self.layout.to_bytes();
        push_n(&mut bytes, layout.len());
        bytes.extend(layout);
        push_n(&mut bytes, rows.n());
        push_n(&mut bytes, persons.len());
        for values in &rows.values {
            match values {
                Values::Bytes(codes) => bytes.extend(codes),
                Values::Longs(numbers) => {
                    bytes.extend(numbers.iter().flat_map(|it| it.to_le_bytes()));
                }
                Values::Set { codes, planes } if codes.is_empty() => {
                    let words = planes.iter().flat_map(Bits::words);
                    bytes.extend(words.flat_map(|word| word.to_le_bytes()));
                }
                Values::Words(codes) | Values::Set { codes, .. } => {
                    bytes.extend(codes.iter().flat_map(|it| it.to_le_bytes()));
                }
            }
        }
        bytes.extend(persons.iter().flat_map(|it| it.to_le_bytes()));
        bytes.extend(starts.iter().flat_map(|it| it.to_le_bytes()));
        bytes.extend(ids.iter().flat_map(|it| it.to_le_bytes()));
        bytes.extend(by_id.iter().flat_map(|it| it.to_le_bytes()));
        let digest = Sha256::digest(&bytes);
        bytes.extend(digest);
        bytes
    }

    /// The reverse of [`Columns::to_bytes`], with no cubes.
    pub fn from_bytes(layout: Layout, bytes: &[u8]) -> Result<Self, BadSnapshot> {
        if !bytes.starts_with(MAGIC) {
            return Err(BadSnapshot::Unknown);
        }
        let (content, digest) = bytes.split_last_chunk::<DIGEST>().ok_or(BadSnapshot::Damaged)?;
        if Sha256::digest(content)[..] != digest[..] {
            return Err(BadSnapshot::Damaged);
        }
        let mut reader = Reader(content);
        reader.take(MAGIC.len()).ok_or(BadSnapshot::Damaged)?;
        let n = reader.n().ok_or(BadSnapshot::Damaged)?;
        if reader.take(n).ok_or(BadSnapshot::Damaged)? != layout.to_bytes() {
            return Err(BadSnapshot::OtherLayout);
        }
        let segment = read_segment(&layout, &mut reader).ok_or(BadSnapshot::Damaged)?;
        let delta = Delta::new(&layout);
        Ok(Self { layout, segment, delta, cubes: Vec::new() })
    }
}

fn push_n(bytes: &mut Vec<u8>, n: usize) {
    // Rows are numbered in 32 bits.
    bytes.extend(u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn n(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    }

    /// So many items of `N` bytes.
    fn items<const N: usize, T>(&mut self, n: usize, item: fn([u8; N]) -> T) -> Option<Vec<T>> {
        let (items, _) = self.take(n.checked_mul(N)?)?.as_chunks::<N>();
        Some(items.iter().map(|bytes| item(*bytes)).collect())
    }
}

fn read_segment(layout: &Layout, reader: &mut Reader<'_>) -> Option<Segment> {
    let (n, n_persons) = (reader.n()?, reader.n()?);
    let values: Option<Vec<Values>> =
        layout.kinds().iter().map(|kind| read_values(*kind, n, reader)).collect();
    let rows = Rows { values: values?, alive: Bits::all(n) };
    let persons = reader.items(n_persons, u128::from_le_bytes)?;
    let starts = reader.items(n_persons + 1, u32::from_le_bytes)?;
    let ids = reader.items(n, u128::from_le_bytes)?;
    let by_id = reader.items(n, u32::from_le_bytes)?;
    let ends = starts.first() == Some(&0) && starts.last().map(|it| *it as usize) == Some(n);
    let is_good = reader.0.is_empty()
        && ends
        && is_increasing(persons.iter())
        && is_increasing(starts.iter())
        && by_id.iter().all(|row| (*row as usize) < n)
        && is_increasing(by_id.iter().map(|row| ids.get(*row as usize)));
    is_good.then(|| Segment::of(rows, persons, starts, ids, by_id))
}

fn read_values(kind: Kind, n: usize, reader: &mut Reader<'_>) -> Option<Values> {
    match kind {
        Kind::Code(n_codes @ 0..=256) => {
            let codes = reader.take(n)?.to_vec();
            let most = codes.iter().copied().max().unwrap_or(0);
            (u16::from(most) < n_codes).then_some(Values::Bytes(codes))
        }
        Kind::Code(n_codes) => {
            let codes = reader.items(n, u16::from_le_bytes)?;
            let most = codes.iter().copied().max().unwrap_or(0);
            (most < n_codes).then_some(Values::Words(codes))
        }
        Kind::Listed => Some(Values::Longs(reader.items(n, u32::from_le_bytes)?)),
        Kind::Set(n_labels) if usize::from(n_labels) <= FEW_LABELS => {
            let codes = reader.items(n, u16::from_le_bytes)?;
            let most = codes.iter().copied().max().unwrap_or(0);
            let fits = u32::from(most) < 1 << n_labels;
            fits.then(|| Values::set_of(usize::from(n_labels), codes))
        }
        Kind::Set(n_labels) => {
            let mut plane = || Bits::of(n, reader.items(n.div_ceil(64), u64::from_le_bytes)?);
            let planes: Option<Vec<Bits>> = (0..n_labels).map(|_| plane()).collect();
            Some(Values::Set { planes: planes?, codes: Vec::new() })
        }
    }
}

fn is_increasing<T: PartialOrd>(items: impl Iterator<Item = T>) -> bool {
    items.is_sorted_by(|item, next| item < next)
}
