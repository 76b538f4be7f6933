//! A set against another set, or against a few cells of codes, by intersecting bitmaps.

use std::ops::Range;

use super::lanes;
use super::query::Dim;
use super::rows::Bits;
use super::scan::{BLOCK, Block, Blocks, Passing, Scan};

pub(super) struct Planes<'a> {
    scan: &'a Scan<'a>,
    set: &'a Dim,
    other: Option<&'a Dim>,
    /// The other dimensions, as they would be without the sets.
    codes: Vec<Dim>,
    /// Where each cell of the codes begins in the answer.
    offsets: Vec<usize>,
}

/// Bitmaps of one block.
struct Words {
    /// The rows that pass.
    mask: Vec<u64>,
    /// Those of them with one label.
    kept: Vec<u64>,
    /// The rows of each cell of the codes.
    cells: Vec<Vec<u64>>,
}

impl<'a> Planes<'a> {
    /// `None` if there is no set.
    pub(super) fn new(scan: &'a Scan<'a>) -> Option<Self> {
        let mut sets = scan.plan.dims.iter().filter(|dim| dim.is_set);
        let (set, other) = (sets.next()?, sets.next());
        let (mut codes, mut offsets, mut stride) = (Vec::new(), vec![0_usize], 1);
        for dim in scan.plan.dims.iter().rev().filter(|dim| !dim.is_set) {
            codes.push(Dim { stride, ..*dim });
            stride *= u32::try_from(dim.size).unwrap_or(u32::MAX);
            let further = (0..dim.size).map(|code| code * dim.stride as usize);
            offsets = further.flat_map(|by| offsets.iter().map(move |it| it + by)).collect();
        }
        codes.reverse();
        Some(Self { scan, set, other, codes, offsets })
    }

    pub(super) fn counts(&self, blocks: &Blocks) -> Vec<u32> {
        let mut counts = vec![0_u32; self.scan.plan.n_cells];
        let mut block = Block::new(BLOCK, 0);
        let empty = || vec![0; BLOCK / 64];
        let cells = vec![empty(); self.offsets.len()];
        let mut words = Words { mask: empty(), kept: empty(), cells };
        while let Some(rows) = blocks.take() {
            if self.make(&rows, &mut block, &mut words) {
                self.add(&rows, &mut words, &mut counts);
            }
        }
        counts
    }

    /// Makes the bitmaps of a block. Returns whether a row passes.
    fn make(&self, rows: &Range<usize>, block: &mut Block<u8>, words: &mut Words) -> bool {
        let n = rows.len();
        let Block { pass, hit, index, .. } = block;
        let (Some(pass), Some(hit), Some(index)) =
            (pass.get_mut(..n), hit.get_mut(..n), index.get_mut(..n))
        else {
            return false;
        };
        if matches!(self.scan.test(rows, pass, hit, false), Passing::None) {
            return false;
        }
        lanes::pack(pass, &mut words.mask);
        if self.other.is_none() {
            self.scan.number(&self.codes, rows, index);
            for (cell, words) in (0..=u8::MAX).zip(&mut words.cells) {
                lanes::pack_equal(index, cell, words);
            }
        }
        true
    }

    fn add(&self, rows: &Range<usize>, words: &mut Words, counts: &mut [u32]) {
        let Words { mask, kept, cells } = words;
        for (label, plane) in self.scan.planes(self.set.column).iter().enumerate() {
            let plane = self.scan.words(plane, rows);
            for ((kept, word), mask) in kept.iter_mut().zip(plane).zip(&*mask) {
                *kept = word & mask;
            }
            // The last block is shorter, and behind it are words of the one before.
            let kept = kept.get(..plane.len()).unwrap_or_default();
            let mut add = |at: usize, words: &[u64]| {
                if let Some(count) = counts.get_mut(label * self.set.stride as usize + at) {
                    *count = count.wrapping_add(lanes::n_common(kept, words));
                }
            };
            match self.other {
                Some(other) => {
                    let planes: &[Bits] = self.scan.planes(other.column);
                    for (label, plane) in planes.iter().enumerate() {
                        add(label * other.stride as usize, self.scan.words(plane, rows));
                    }
                }
                None => {
                    for (offset, words) in self.offsets.iter().zip(&*cells) {
                        add(*offset, words);
                    }
                }
            }
        }
    }
}
