//! Chance that is the same everywhere: SplitMix64, seeded for each case on its own.

/// A stream of random numbers.
///
/// SplitMix64 (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014). Not
/// for secrets.
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of the nth case under `seed`.
    pub(super) fn new(seed: u64, nth: u32) -> Self {
        let mut chance = Self(seed);
        let start = chance.next();
        Self(start ^ (u64::from(nth) << 32))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 and below `n`; 0 if `n` is 0.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        // The high half of a 64-bit product: evenly spread to one part in 2^32.
        let wide = (self.next() >> 32) * u64::from(n);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// The same for small numbers.
    pub(super) fn small(&mut self, n: u8) -> u8 {
        u8::try_from(self.below(u32::from(n))).unwrap_or(0)
    }

    /// True `percent` times in a hundred.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of the values, each as often as its weight says.
    ///
    /// # Panics
    ///
    /// If there are no values. All tables are written out in this module.
    pub(super) fn pick<T: Copy>(&mut self, values: &[(T, u32)]) -> T {
        let total = values.iter().map(|(_, weight)| weight).sum();
        let mut at = self.below(total);
        for (value, weight) in values {
            if at < *weight {
                return *value;
            }
            at -= weight;
        }
        #[expect(clippy::expect_used, reason = "the tables are constants with values")]
        values.last().map(|(value, _)| *value).expect("a table with values")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_published_generator() {
        // The first numbers of SplitMix64 from seed 1234567, as in the reference implementation.
        let mut chance = Chance(1_234_567);
        assert_eq!(chance.next(), 6_457_827_717_110_365_317);
        assert_eq!(chance.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn values_come_as_often_as_their_weights_say() {
        let mut chance = Chance::new(1, 1);
        let n = (0..10_000).filter(|_| chance.pick(&[(true, 1), (false, 3), (true, 0)])).count();
        assert!((2_350..2_650).contains(&n), "{n}");
        assert_eq!(chance.below(0), 0);
    }
}
