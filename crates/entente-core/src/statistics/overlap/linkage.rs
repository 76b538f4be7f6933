//! How well an organization's persons could be matched, for whoever reads an estimate.
//!
//! Who lacks a name or a date of birth is on no list, and links that are missed make an estimate too
//! high: a tenth of them, by a tenth and more. So each organization says how many of its persons
//! could be matched. It says so with noise, which is a part of the price: the exact number would tell
//! how much of a contribution is padding, and undo the noise of the round.

use rand::TryCryptoRng;

use crate::identity::NoRandomness;
use crate::record::CaseRecord;
use crate::statistics::random::Noticing;

use super::noise::Noise;

/// How many persons could be matched, and why the others could not. Exact: for the organization's
/// own eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    /// Names and date of birth sufficed.
    pub usable: u64,
    /// Fewer than two words of a name.
    pub without_names: u64,
    /// No date of birth.
    pub without_birthdate: u64,
}

impl Linkage {
    /// Counts a person who cannot be matched, by the best of their records.
    pub fn leave_out(&mut self, record: &CaseRecord) {
        if record.birthdate.is_none() {
            self.without_birthdate += 1;
        } else {
            self.without_names += 1;
        }
    }

    /// The same with noise. A person is in one of the three numbers, so the noise of one hides them.
    pub fn with_noise<R>(self, noise: Noise, rng: &mut R) -> Result<LinkageFigures, NoRandomness>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut rng = Noticing::new(rng);
        let drawn = noise.linkage().draw(3, &mut rng);
        rng.check()?;
        let exact = [self.usable, self.without_names, self.without_birthdate];
        let mut figures = [0; 3];
        for ((figure, exact), noise) in figures.iter_mut().zip(exact).zip(drawn) {
            *figure = i64::try_from(exact).unwrap_or(i64::MAX).saturating_add(noise);
        }
        Ok(LinkageFigures(figures))
    }
}

/// The numbers of a [`Linkage`], in its order, with noise. Negative ones are normal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkageFigures(pub [i64; 3]);

impl LinkageFigures {
    /// The farthest that a figure may be from zero: a trillion.
    pub const MAX: i64 = 1 << 40;

    /// What several organizations say together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let mut sum = self.0;
        for (sum, more) in sum.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(more);
        }
        Self(sum)
    }

    /// The share of persons who could be matched, in tenths of a percent. `None` if the noise left
    /// nobody.
    pub fn usable_permille(self) -> Option<u32> {
        let [usable, ..] = self.0.map(|n| u64::try_from(n).unwrap_or(0));
        let all = self.0.iter().map(|n| u64::try_from(*n).unwrap_or(0)).sum::<u64>();
        let permille = usable.saturating_mul(1_000).checked_div(all)?;
        u32::try_from(permille).ok()
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::SysRng;

    use super::*;

    #[test]
    fn what_is_said_of_linkage_has_the_noise_that_was_paid_for() {
        let noise = Noise::from_epsilon_milli(500).unwrap();
        // 1 / 0.1, times the square root of two.
        assert!((noise.linkage_sd() - 14.1).abs() < 0.1);
        let linkage = Linkage { usable: 100, without_names: 0, without_birthdate: 7 };
        let drawn: Vec<_> =
            (0..400).map(|_| linkage.with_noise(noise, &mut SysRng).unwrap()).collect();
        for (place, exact) in [100.0, 0.0, 7.0].into_iter().enumerate() {
            let mean = drawn.iter().map(|it| it.0[place] as f64).sum::<f64>() / 400.0;
            // Six standard errors.
            assert!((mean - exact).abs() < 6.0 * noise.linkage_sd() / 20.0, "{mean}");
            let n_same = drawn.iter().filter(|it| it.0[place] as f64 == exact).count();
            assert!(n_same < 80, "{n_same} without noise");
        }
    }

    #[test]
    fn the_share_that_could_be_matched_is_of_what_is_not_negative() {
        let figures = LinkageFigures([90, -5, 10]);
        assert_eq!(figures.usable_permille(), Some(900));
        assert_eq!(figures.plus(LinkageFigures([0, 5, 90])).usable_permille(), Some(473));
        assert_eq!(LinkageFigures([-1, 0, -3]).usable_permille(), None);
    }
}
