//! Passwords and secrets that are only ever compared: what is kept of them.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{KdfParams, SealError};

/// What is kept of a password: enough to know it again, not enough to say it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    salt: [u8; 16],
    memory_kib: u32,
    passes: u32,
    hash: [u8; 32],
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Password {
    /// 19 MiB and two passes: OWASP's first choice for argon2id, about 30 ms of one core. A node
    /// with two cores checks some 60 in a second, and nobody is let to try so many.
    pub const COST: KdfParams = KdfParams { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    /// What is kept of `password`, under a new salt.
    pub fn keep(password: &str, cost: KdfParams) -> Result<Self, SealError> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| SealError::NoRandomness)?;
        let KdfParams { memory_kib, passes, .. } = cost;
        let hash = cost.key(password, &salt).ok_or(SealError::NoRandomness)?;
        Ok(Self { salt, memory_kib, passes, hash: *hash })
    }

    /// Something that no password fits, and that takes as long to find out.
    pub fn nobodys() -> Self {
        let KdfParams { memory_kib, passes, .. } = Self::COST;
        Self { salt: [0; 16], memory_kib, passes, hash: [0; 32] }
    }

    /// Whether it is this password. Takes the same time whether or not.
    pub fn is(&self, password: &str) -> bool {
        let cost = KdfParams { memory_kib: self.memory_kib, passes: self.passes, lanes: 1 };
        cost.key(password, &self.salt).is_some_and(|key| equal(&key, &self.hash))
    }
}

/// What is kept of a secret of 256 random bits: its SHA-256, which needs no salt.
pub fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Compares without stopping at the first difference.
fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_whichever_way_its_accents_were_typed() {
        let kept = Password::keep("é au hasard", KdfParams::WEAK_FOR_TESTS).unwrap();
        assert!(kept.is("é au hasard"));
        assert!(kept.is("e\u{301} au hasard"));
        assert!(!kept.is("E au hasard"));
        assert!(!kept.is(""));
    }

    #[test]
    fn the_same_password_is_kept_differently_twice() {
        let keep = || Password::keep("deux fois", KdfParams::WEAK_FOR_TESTS).unwrap();
        assert_ne!(keep(), keep());
    }

    #[test]
    fn no_password_is_nobodys() {
        assert!(!Password::nobodys().is(""));
    }
}
