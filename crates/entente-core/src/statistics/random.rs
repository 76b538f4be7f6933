//! Randomness that may fail, for libraries that know only randomness that does not.

use std::convert::Infallible;

use rand::{TryCryptoRng, TryRng};

use crate::identity::NoRandomness;

/// Secret bytes.
pub(super) fn fill<R>(rng: &mut R, bytes: &mut [u8]) -> Result<(), NoRandomness>
where
    R: TryCryptoRng + ?Sized,
{
    rng.try_fill_bytes(bytes).map_err(|_| NoRandomness)
}

/// A generator that notices when the one it asks has failed.
///
/// The sampler knows no failure and would have to be interrupted by a panic. Instead it is fed
/// numbers that only let it end, and what it drew with them is thrown away.
pub(super) struct Noticing<'a, R: ?Sized> {
    inner: &'a mut R,
    has_failed: bool,
    n_fed: u64,
}

impl<'a, R: ?Sized> Noticing<'a, R> {
    pub(super) fn new(inner: &'a mut R) -> Self {
        Self { inner, has_failed: false, n_fed: 0 }
    }

    /// Whether everything so far came from the generator that was asked.
    pub(super) fn check(&self) -> Result<(), NoRandomness> {
        if self.has_failed { Err(NoRandomness) } else { Ok(()) }
    }

    /// SplitMix64: it passes tests of uniformity, so the sampler ends as soon as it usually does.
    fn fed(&mut self) -> u64 {
        self.has_failed = true;
        self.n_fed = self.n_fed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.n_fed ^ (self.n_fed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl<R: TryCryptoRng + ?Sized> TryRng for Noticing<'_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if self.has_failed || self.inner.try_fill_bytes(bytes).is_err() {
            for chunk in bytes.chunks_mut(8) {
                let fed = self.fed().to_le_bytes();
                chunk.iter_mut().zip(fed).for_each(|(byte, fed)| *byte = fed);
            }
        }
        Ok(())
    }
}

impl<R: TryCryptoRng + ?Sized> TryCryptoRng for Noticing<'_, R> {}
