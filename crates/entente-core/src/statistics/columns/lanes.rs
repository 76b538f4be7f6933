//! The inner loops: plain loops over slices that the compiler turns into vector instructions.
//!
//! A loop here has no branch that depends on the data and no length that depends on a row. Codes are
//! compared a block at a time; what passes is a byte of 1 or 0 per row, in place of a bit, since
//! bytes line up with codes.

/// The number of a cell, in as few bytes as hold all of them.
pub(super) trait Index: Copy + PartialEq + Default + Send + Sync {
    /// Of a code. Callers know that it fits.
    fn of(code: u16) -> Self;
    /// Of a cell. Callers know that it fits.
    fn cell(cell: u32) -> Self;
    /// Further on by so many strides. Of 16 bits each, since the smallest processors of x86-64 do
    /// not multiply vectors of more.
    fn plus(self, code: u16, stride: u16) -> Self;
    /// Further on by so many strides of 2^16 each.
    fn plus_high(self, code: u16, stride: u16) -> Self;
    fn place(self) -> usize;
    /// Itself if `pass` is 1, else the other. Arithmetic, since a choice would become a branch.
    fn or(self, other: Self, pass: u8) -> Self;
    /// How many places a histogram of `n` cells needs.
    fn n_places(n: usize) -> usize;
    /// Adds one at each index.
    fn tally(indexes: &[Self], n: usize, places: &mut [u32]);
}

/// Up to so many cells, each is compared with all rows; past it, a row adds to its cell. Measured: a
/// comparison takes 0.012 ns a row, an addition 0.22 ns.
const FEW: usize = 16;

/// Cells for rows that do not count.
pub(super) const N_OTHERS: usize = 16;

impl Index for u8 {
    fn of(code: u16) -> Self {
        code.to_le_bytes()[0]
    }

    fn cell(cell: u32) -> Self {
        cell.to_le_bytes()[0]
    }

    fn plus(self, code: u16, stride: u16) -> Self {
        self.wrapping_add(Self::of(code).wrapping_mul(Self::of(stride)))
    }

    fn plus_high(self, _: u16, _: u16) -> Self {
        self
    }

    fn place(self) -> usize {
        self.into()
    }

    fn or(self, other: Self, pass: u8) -> Self {
        other ^ (self ^ other) & pass.wrapping_neg()
    }

    fn n_places(_: usize) -> usize {
        4 * 256
    }

    fn tally(indexes: &[Self], n: usize, places: &mut [u32]) {
        if n <= FEW {
            for (cell, place) in (0..=u8::MAX).zip(places.iter_mut()).take(n) {
                *place = place.wrapping_add(n_equal(indexes, cell));
            }
        } else {
            scatter4::<Self, 256>(indexes, places);
        }
    }
}

impl Index for u16 {
    fn of(code: u16) -> Self {
        code
    }

    fn cell(cell: u32) -> Self {
        let [low, high, ..] = cell.to_le_bytes();
        Self::from_le_bytes([low, high])
    }

    fn plus(self, code: u16, stride: u16) -> Self {
        self.wrapping_add(Self::of(code).wrapping_mul(Self::of(stride)))
    }

    fn plus_high(self, _: u16, _: u16) -> Self {
        self
    }

    fn place(self) -> usize {
        self.into()
    }

    fn or(self, other: Self, pass: u8) -> Self {
        other ^ (self ^ other) & Self::from(pass).wrapping_neg()
    }

    fn n_places(n: usize) -> usize {
        match n + N_OTHERS {
            0..=1024 => 4 * 1024,
            1025..=4096 => 2 * 4096,
            4097..=32_768 => 2 * 32_768,
            _ => 65_536,
        }
    }

    fn tally(indexes: &[Self], n: usize, places: &mut [u32]) {
        match n + N_OTHERS {
            0..=1024 => scatter4::<Self, 1024>(indexes, places),
            1025..=4096 => scatter2::<Self, 4096>(indexes, places),
            4097..=32_768 => scatter2::<Self, 32_768>(indexes, places),
            _ => scatter1::<Self, 65_536>(indexes, places),
        }
    }
}

impl Index for u32 {
    fn of(code: u16) -> Self {
        code.into()
    }

    fn cell(cell: u32) -> Self {
        cell
    }

    fn plus(self, code: u16, stride: u16) -> Self {
        self.wrapping_add(Self::from(code) * Self::from(stride))
    }

    fn plus_high(self, code: u16, stride: u16) -> Self {
        self.wrapping_add((Self::from(code) * Self::from(stride)) << 16)
    }

    fn place(self) -> usize {
        self as usize
    }

    fn or(self, other: Self, pass: u8) -> Self {
        other ^ (self ^ other) & Self::from(pass).wrapping_neg()
    }

    fn n_places(n: usize) -> usize {
        n + N_OTHERS
    }

    fn tally(indexes: &[Self], _: usize, places: &mut [u32]) {
        for index in indexes {
            if let Some(place) = places.get_mut(*index as usize) {
                *place = place.wrapping_add(1);
            }
        }
    }
}

/// The counts that `tally` left in so many places.
pub(super) fn collect<I: Index>(n: usize, places: &[u32]) -> Vec<u32> {
    let each = match (size_of::<I>(), n + N_OTHERS) {
        (1, _) => 256,
        (2, 0..=1024) => 1024,
        (2, 1025..=4096) => 4096,
        (2, 4097..=32_768) => 32_768,
        _ => places.len(),
    };
    let mut counts = vec![0_u32; n];
    for way in places.chunks(each) {
        for (count, place) in counts.iter_mut().zip(way) {
            *count = count.wrapping_add(*place);
        }
    }
    counts
}

fn n_equal(indexes: &[u8], wanted: u8) -> u32 {
    let mut n = 0;
    // A lane holds 255 matches.
    for part in indexes.chunks(64 * 255) {
        let (chunks, rest) = part.as_chunks::<64>();
        let mut lanes = [0_u8; 64];
        for chunk in chunks {
            for (lane, index) in lanes.iter_mut().zip(chunk) {
                *lane = lane.wrapping_add(u8::from(*index == wanted));
            }
        }
        // Wrapping, since a sum that checks is no vector instruction.
        n = lanes.iter().fold(n, |n: u32, lane| n.wrapping_add((*lane).into()));
        n += rest.iter().map(|index| u32::from(*index == wanted)).sum::<u32>();
    }
    n
}

/// How many rows pass.
pub(super) fn n_passing(pass: &[u8]) -> u32 {
    n_equal(pass, 1)
}

/// Adds the numbers of the rows that pass, where they are few.
pub(super) fn gather(pass: &[u8], rows: &mut Vec<u32>) {
    let (eights, rest) = pass.as_chunks::<8>();
    for (start, eight) in (0..).step_by(8).zip(eights) {
        let mut bits = u64::from_le_bytes(*eight);
        while bits != 0 {
            rows.push(start + bits.trailing_zeros() / 8);
            bits &= bits - 1;
        }
    }
    let rest = (0..pass.len()).rev().zip(rest.iter().rev()).filter(|(_, pass)| **pass == 1);
    rows.extend(rest.filter_map(|(row, _)| u32::try_from(row).ok()));
}

// Rows that follow each other often go to the same cell, and adding to what was just written waits
// for the write. With several histograms taken in turns it rarely does.

#[expect(clippy::indexing_slicing, reason = "the mask keeps every index within the array")]
fn bump<const N: usize>(places: &mut [u32; N], index: usize) {
    places[index & (N - 1)] = places[index & (N - 1)].wrapping_add(1);
}

fn scatter4<I: Index, const N: usize>(indexes: &[I], places: &mut [u32]) {
    let (ways, _) = places.as_chunks_mut::<N>();
    let [a, b, c, d, ..] = ways else { return };
    let (fours, rest) = indexes.as_chunks::<4>();
    for [i, j, k, l] in fours {
        bump(a, i.place());
        bump(b, j.place());
        bump(c, k.place());
        bump(d, l.place());
    }
    rest.iter().for_each(|index| bump(a, index.place()));
}

fn scatter2<I: Index, const N: usize>(indexes: &[I], places: &mut [u32]) {
    let (ways, _) = places.as_chunks_mut::<N>();
    let [a, b, ..] = ways else { return };
    let (pairs, rest) = indexes.as_chunks::<2>();
    for [i, j] in pairs {
        bump(a, i.place());
        bump(b, j.place());
    }
    rest.iter().for_each(|index| bump(a, index.place()));
}

fn scatter1<I: Index, const N: usize>(indexes: &[I], places: &mut [u32]) {
    let (ways, _) = places.as_chunks_mut::<N>();
    let [a, ..] = ways else { return };
    indexes.iter().for_each(|index| bump(a, index.place()));
}

/// A code of a column.
pub(super) trait Code: Copy + PartialEq + Into<u16> {
    /// The code with this number. Callers know that it fits.
    fn code(number: u16) -> Self;
    /// Whether it is in the range of so many codes after the lowest.
    fn is_within(self, low: Self, width: Self) -> bool;
}

impl Code for u8 {
    fn code(number: u16) -> Self {
        number.to_le_bytes()[0]
    }

    fn is_within(self, low: Self, width: Self) -> bool {
        self.wrapping_sub(low) <= width
    }
}

impl Code for u16 {
    fn code(number: u16) -> Self {
        number
    }

    fn is_within(self, low: Self, width: Self) -> bool {
        self.wrapping_sub(low) <= width
    }
}

/// Makes the indexes those of the last dimension, whose codes are one apart.
pub(super) fn set_dimension<I: Index, C: Code>(indexes: &mut [I], codes: &[C]) {
    for (index, code) in indexes.iter_mut().zip(codes) {
        *index = I::of((*code).into());
    }
}

/// Makes the indexes those of up to three dimensions and the last, all of bytes, in one pass: the
/// columns are then read side by side, and waiting for memory overlaps.
pub(super) fn set_dimensions<I: Index>(
    indexes: &mut [I],
    dimensions: &[(&[u8], u16)],
    last: &[u8],
) {
    let indexes = indexes.iter_mut().zip(last);
    match *dimensions {
        [] => indexes.for_each(|(index, last)| *index = I::of((*last).into())),
        [(a, by_a)] => {
            for ((index, last), a) in indexes.zip(a) {
                *index = I::of((*last).into()).plus((*a).into(), by_a);
            }
        }
        [(a, by_a), (b, by_b)] => {
            for (((index, last), a), b) in indexes.zip(a).zip(b) {
                let two = I::of((*last).into()).plus((*b).into(), by_b);
                *index = two.plus((*a).into(), by_a);
            }
        }
        [(a, by_a), (b, by_b), (c, by_c)] => {
            for ((((index, last), a), b), c) in indexes.zip(a).zip(b).zip(c) {
                let two = I::of((*last).into()).plus((*c).into(), by_c);
                *index = two.plus((*b).into(), by_b).plus((*a).into(), by_a);
            }
        }
        // An answer has at most four dimensions.
        _ => (),
    }
}

/// Adds a dimension to the indexes.
pub(super) fn add_dimension<I: Index, C: Code>(indexes: &mut [I], codes: &[C], stride: u32) {
    // A long stride in two factors.
    let [low_0, low_1, high_0, high_1] = stride.to_le_bytes();
    let (low, high) = (u16::from_le_bytes([low_0, low_1]), u16::from_le_bytes([high_0, high_1]));
    for (index, code) in indexes.iter_mut().zip(codes) {
        *index = index.plus((*code).into(), low);
    }
    if high > 0 {
        for (index, code) in indexes.iter_mut().zip(codes) {
            *index = index.plus_high((*code).into(), high);
        }
    }
}

/// Lets only those pass on whose code is in one of the ranges. `hit` is as long, and is written over.
pub(super) fn keep_codes<C: Code>(
    pass: &mut [u8],
    codes: &[C],
    ranges: &[(u16, u16)],
    hit: &mut [u8],
) {
    if let &[(low, width)] = ranges {
        let (low, is_one) = (C::code(low), width == 0);
        if is_one {
            for (pass, code) in pass.iter_mut().zip(codes) {
                *pass &= u8::from(*code == low);
            }
            return;
        }
        let width = C::code(width);
        for (pass, code) in pass.iter_mut().zip(codes) {
            *pass &= u8::from(code.is_within(low, width));
        }
        return;
    }
    hit.fill(0);
    for (low, width) in ranges {
        let (low, width) = (C::code(*low), C::code(*width));
        for (hit, code) in hit.iter_mut().zip(codes) {
            *hit |= u8::from(code.is_within(low, width));
        }
    }
    for (pass, hit) in pass.iter_mut().zip(hit) {
        *pass &= *hit;
    }
}

/// Lets only those pass on for whose number `listed` says 1.
pub(super) fn keep_listed(pass: &mut [u8], numbers: &[u32], listed: &[u8]) {
    for (pass, number) in pass.iter_mut().zip(numbers) {
        *pass &= listed.get(*number as usize).copied().unwrap_or(0);
    }
}

/// Lets only those pass on whose bit is as wanted. The first bit of `words` is of the first row.
pub(super) fn keep_bits(pass: &mut [u8], words: &[u64], wanted: bool) {
    let flip = if wanted { 0 } else { u64::MAX };
    let (full, rest) = pass.as_chunks_mut::<64>();
    let (words, last) = words.split_at(full.len().min(words.len()));
    for (rows, word) in full.iter_mut().zip(words) {
        let (eights, _) = rows.as_chunks_mut::<8>();
        for (eight, bits) in eights.iter_mut().zip((word ^ flip).to_le_bytes()) {
            *eight = (u64::from_le_bytes(*eight) & spread(bits)).to_le_bytes();
        }
    }
    let bits = last.first().map_or(0, |word| word ^ flip);
    for (nth, pass) in rest.iter_mut().enumerate() {
        *pass &= u8::from(bits >> nth & 1 == 1);
    }
}

/// A byte of 1 or 0 per bit.
fn spread(bits: u8) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // A copy of the bits per byte, of which byte `n` keeps bit `n`; then whatever is not 0 becomes 1.
    let kept = u64::from(bits).wrapping_mul(EACH) & 0x8040_2010_0804_0201;
    (kept + EACH * 0x7F) >> 7 & EACH
}

/// A bit per byte of 1 or 0.
pub(super) fn pack(pass: &[u8], words: &mut [u64]) {
    for (word, rows) in words.iter_mut().zip(pass.chunks(64)) {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(rows).for_each(|(byte, row)| *byte = *row);
        *word = packed(&bytes);
    }
}

/// A bit per row: whether it has this index.
pub(super) fn pack_equal(indexes: &[u8], wanted: u8, words: &mut [u64]) {
    for (word, rows) in words.iter_mut().zip(indexes.chunks(64)) {
        let mut bytes = [0; 64];
        for (byte, index) in bytes.iter_mut().zip(rows) {
            *byte = u8::from(*index == wanted);
        }
        *word = packed(&bytes);
    }
}

fn packed(bytes: &[u8; 64]) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    let bits = |eight: &[u8; 8]| {
        // The product has the byte `n` at bit 56 + n; nothing else reaches so high.
        u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
    };
    eights.iter().rev().fold(0, |word, eight| word << 8 | bits(eight))
}

/// The bitmap of one label, out of the labels of each row as bits.
pub(super) fn plane(codes: &[u16], label: usize) -> Vec<u64> {
    let word = |codes: &[u16]| {
        let mut bytes = [0; 64];
        for (byte, code) in bytes.iter_mut().zip(codes) {
            *byte = u8::code(code >> label & 1);
        }
        packed(&bytes)
    };
    codes.chunks(64).map(word).collect()
}

/// As many words as a vector register of common machines holds, or twice as many.
type Lanes = [u64; 4];

/// How many bits are set in both.
///
/// Counting bits costs some twelve instructions a register, adding three registers bit by bit five:
/// so sixteen are added up first, in a tree of such adders, and only what is carried out of it is
/// counted (Harley and Seal).
pub(super) fn n_common(some: &[u64], others: &[u64]) -> u32 {
    let n_words = some.len().min(others.len());
    let (some, others) = (some.split_at(n_words).0, others.split_at(n_words).0);
    let (some, some_rest) = some.as_chunks::<64>();
    let (others, others_rest) = others.as_chunks::<64>();
    let zero = Lanes::default();
    let (mut ones, mut twos, mut fours, mut eights, mut n) = (zero, zero, zero, zero, 0);
    for (some, others) in some.iter().zip(others) {
        let (some, _) = some.as_chunks::<4>();
        let (others, _) = others.as_chunks::<4>();
        let mut carried = [zero; 2];
        let pairs = some.as_chunks::<8>().0.iter().zip(others.as_chunks::<8>().0);
        for (carried, (some, others)) in carried.iter_mut().zip(pairs) {
            let [a, b, c, d, e, f, g, h] = some;
            let [i, j, k, l, m, o, p, q] = others;
            let two_a = add(&mut ones, both(a, i), both(b, j));
            let two_b = add(&mut ones, both(c, k), both(d, l));
            let four_a = add(&mut twos, two_a, two_b);
            let two_a = add(&mut ones, both(e, m), both(f, o));
            let two_b = add(&mut ones, both(g, p), both(h, q));
            let four_b = add(&mut twos, two_a, two_b);
            *carried = add(&mut fours, four_a, four_b);
        }
        let [eight_a, eight_b] = carried;
        n += 16 * n_set(&add(&mut eights, eight_a, eight_b));
    }
    n += 8 * n_set(&eights) + 4 * n_set(&fours) + 2 * n_set(&twos) + n_set(&ones);
    let rest = some_rest.iter().zip(others_rest);
    n + rest.map(|(some, other)| (some & other).count_ones()).sum::<u32>()
}

fn both(some: &Lanes, others: &Lanes) -> Lanes {
    let mut both = *some;
    both.iter_mut().zip(others).for_each(|(both, other)| *both &= other);
    both
}

/// Adds two more bits to each of `sum`, and gives what is carried.
fn add(sum: &mut Lanes, some: Lanes, others: Lanes) -> Lanes {
    let mut carried = Lanes::default();
    let lanes = sum.iter_mut().zip(some).zip(others).zip(&mut carried);
    for (((sum, some), other), carried) in lanes {
        let either = *sum ^ some;
        *carried = *sum & some | either & other;
        *sum = either ^ other;
    }
    carried
}

fn n_set(lanes: &Lanes) -> u32 {
    lanes.iter().map(|lane| lane.count_ones()).sum()
}

/// Sends the rows that do not pass to other cells, one given for each row.
pub(super) fn divert<I: Index>(indexes: &mut [I], pass: &[u8], others: &[I]) {
    for ((index, pass), other) in indexes.iter_mut().zip(pass).zip(others) {
        *index = index.or(*other, *pass);
    }
}

/// Cells for so many rows that do not count: several in turn, for the reason above.
pub(super) fn others<I: Index>(n_cells: usize, n_rows: usize) -> Vec<I> {
    let cell = |row| I::cell(u32::try_from(n_cells + row % N_OTHERS).unwrap_or(u32::MAX));
    (0..n_rows).map(cell).collect()
}

/// Lets only the first row pass of each person and cell.
///
/// `indexes` are those of the rows, after as many earlier ones as there are.
pub(super) fn keep_first_in_cell<I: Index>(pass: &mut [u8], ranks: &[u8], indexes: &[I], most: u8) {
    for lag in 1..=most {
        let Some((skipped, now, then)) = lagged(indexes, pass.len(), lag.into()) else { break };
        let rows = pass.iter_mut().zip(ranks).skip(skipped).zip(now).zip(then);
        for (((pass, rank), now), then) in rows {
            *pass &= 1 ^ (u8::from(*rank >= lag) & u8::from(now == then));
        }
    }
}

/// Lets only the first row pass of each person.
///
/// `passed` says which rows passed all tests, after as many earlier ones as there are.
pub(super) fn keep_first(pass: &mut [u8], ranks: &[u8], passed: &[u8], most: u8) {
    for lag in 1..=most {
        let Some((skipped, _, then)) = lagged(passed, pass.len(), lag.into()) else { break };
        for ((pass, rank), then) in pass.iter_mut().zip(ranks).skip(skipped).zip(then) {
            *pass &= 1 ^ (u8::from(*rank >= lag) & then);
        }
    }
}

/// The last `n` items, and for each the one so far before it. The first items of all have none: how
/// many are skipped for that comes first.
fn lagged<T>(items: &[T], n: usize, lag: usize) -> Option<(usize, &[T], &[T])> {
    let earlier = items.len().checked_sub(n)?;
    let skipped = lag.saturating_sub(earlier);
    let now = items.get(earlier + skipped..)?;
    let then = items.get(earlier.saturating_sub(lag)..)?;
    Some((skipped, now, then))
}
