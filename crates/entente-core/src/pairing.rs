//! Pairing: how two organizations make sure that they speak with each other and nobody between.
//!
//! The inviter commits to a secret number in the invitation, the invitee sends its own number, and
//! only then the inviter reveals the secret. Both compute twelve digits from all of it. Over a
//! telephone number they already knew, the inviter reads the first six and the invitee types
//! them; the invitee reads the last six and the inviter types them.
//!
//! Somebody in the middle has to choose his numbers before he learns the other's, and the
//! invitation can be opened once: he has one try, with a chance of one in a million to fool one
//! side and one in a million million to fool both.

use sha2::{Digest, Sha256};

use crate::identity::OrgId;

/// How often wrong digits may be typed before a new invitation is needed.
///
/// Three typing mistakes are human; an attacker gains nothing from more, since the digits do not
/// change, but a person who is told to "try again" for an hour is being worked on.
pub const MAX_WRONG_DIGITS: u8 = 3;

/// Days an invitation stays open unless its maker says otherwise.
pub const DEFAULT_EXPIRY_DAYS: u32 = 14;

/// What the inviter promises in the invitation: a hash over its key and its secret number.
pub fn commitment(inviter: &OrgId, nonce: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"entente-commitment-v1\0");
    hash.update(inviter.as_bytes());
    hash.update(nonce);
    hash.finalize().into()
}

/// Everything the digits depend on.
#[derive(Clone, Copy, Debug)]
pub struct Exchanged<'a> {
    /// Who made the invitation.
    pub inviter: &'a OrgId,
    /// Who opened it.
    pub invitee: &'a OrgId,
    /// The inviter's number, as revealed.
    pub inviter_nonce: &'a [u8; 32],
    /// The invitee's number.
    pub invitee_nonce: &'a [u8; 32],
    /// The hash of the invitation, and with it of what was proposed.
    pub invitation: &'a [u8; 32],
}

/// The twelve digits of the phone check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits([u8; 12]);

impl Digits {
    /// Computes the digits.
    pub fn of(exchanged: Exchanged<'_>) -> Self {
        let Exchanged { inviter, invitee, inviter_nonce, invitee_nonce, invitation } = exchanged;
        let mut hash = Sha256::new();
        hash.update(b"entente-sas-v1\0");
        hash.update(inviter.as_bytes());
        hash.update(invitee.as_bytes());
        hash.update(inviter_nonce);
        hash.update(invitee_nonce);
        hash.update(invitation);
        let digest: [u8; 32] = hash.finalize().into();
        let (number, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        // 10^12 does not divide 2^128; the bias is below 10^-26.
        let mut rest = u128::from_be_bytes(*number) % 1_000_000_000_000;
        let mut digits = [0; 12];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        Self(digits)
    }

    /// The six that this side reads aloud.
    pub fn to_read(&self, we_invited: bool) -> String {
        let (first, last) = self.0.split_at(6);
        text(if we_invited { first } else { last })
    }

    /// Whether these are the six that the other side reads.
    pub fn matches(&self, we_invited: bool, typed: &str) -> bool {
        let (first, last) = self.0.split_at(6);
        let expected = if we_invited { last } else { first };
        let typed: Vec<u8> = typed.bytes().filter(u8::is_ascii_digit).collect();
        typed == expected
    }

    /// All twelve.
    pub fn as_text(&self) -> String {
        text(&self.0)
    }

    /// The reverse of [`Digits::as_text`].
    pub fn parse(text: &str) -> Option<Self> {
        let digits: [u8; 12] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::OrgKey;

    fn org(seed: u8) -> OrgId {
        OrgKey::from_seed(&[seed; 32]).id()
    }

    fn digits(inviter: OrgId, invitee: OrgId, nonce: u8) -> Digits {
        Digits::of(Exchanged {
            inviter: &inviter,
            invitee: &invitee,
            inviter_nonce: &[1; 32],
            invitee_nonce: &[nonce; 32],
            invitation: &[3; 32],
        })
    }

    #[test]
    fn each_side_types_what_the_other_reads() {
        let digits = digits(org(1), org(2), 2);
        assert!(digits.matches(false, &digits.to_read(true)));
        assert!(digits.matches(true, &digits.to_read(false)));
        assert!(!digits.matches(true, &digits.to_read(true)));
        assert_eq!(Digits::parse(&digits.as_text()), Some(digits));
    }

    #[test]
    fn spaces_between_the_digits_do_not_matter() {
        let digits = digits(org(1), org(2), 2);
        let read = digits.to_read(true);
        let (a, b) = read.split_at(3);
        assert!(digits.matches(false, &format!(" {a} {b} ")));
    }

    #[test]
    fn another_key_or_number_gives_other_digits() {
        let honest = digits(org(1), org(2), 2);
        for other in
            [digits(org(3), org(2), 2), digits(org(1), org(3), 2), digits(org(1), org(2), 9)]
        {
            assert_ne!(honest, other);
        }
    }

    #[test]
    fn a_commitment_binds_the_key_and_the_number() {
        assert_ne!(commitment(&org(1), &[1; 32]), commitment(&org(1), &[2; 32]));
        assert_ne!(commitment(&org(1), &[1; 32]), commitment(&org(2), &[1; 32]));
    }
}
