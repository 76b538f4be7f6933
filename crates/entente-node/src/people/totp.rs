//! Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of thirty seconds, which
//! is what every app does without being told.

use entente_store::people::TotpRow;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// How long one code is shown, in seconds.
const STEP_S: u64 = 30;
const N_DIGITS: usize = 6;
/// The alphabet of RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The code of one time step.
fn code(secret: &[u8; 20], step: u64) -> Option<u32> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    // RFC 4226, section 5.3: the last four bits say where the number begins.
    let at = usize::from(hash.last()? & 0x0f);
    let number: [u8; 4] = hash.get(at..at + 4)?.try_into().ok()?;
    Some((u32::from_be_bytes(number) & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code was typed, if it is the present one or a neighbour and was not used before.
///
/// One step to each side allows a clock that is half a minute wrong.
pub(super) fn step_of(totp: &TotpRow, typed: &str, now_s: i64) -> Option<u64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(N_DIGITS + 1).collect();
    if digits.len() != N_DIGITS || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let typed: u32 = digits.parse().ok()?;
    let now = u64::try_from(now_s).ok()? / STEP_S;
    let near = now.saturating_sub(1)..=now + 1;
    near.filter(|step| *step > totp.last_step).find(|step| code(&totp.secret, *step) == Some(typed))
}

/// Bytes as people type them into an app: base 32 without padding.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut n_bits) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        n_bits += 8;
        while n_bits >= 5 {
            n_bits -= 5;
            text.push(letter(bits >> n_bits));
        }
    }
    if n_bits > 0 {
        text.push(letter(bits << (5 - n_bits)));
    }
    text
}

fn letter(bits: u32) -> char {
    BASE32.get((bits & 31) as usize).copied().map_or('A', char::from)
}

#[cfg(test)]
pub(crate) fn current_code(secret: &[u8; 20], now_s: i64) -> String {
    format!("{:06}", code(secret, u64::try_from(now_s).unwrap() / STEP_S).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 20] = *b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six digits.
        for (now_s, wanted) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(current_code(&SECRET, now_s), wanted);
        }
    }

    #[test]
    fn a_code_works_for_one_step_to_each_side_and_once() {
        let fresh = TotpRow { secret: SECRET, last_step: 0 };
        let typed = current_code(&SECRET, 900);
        assert_eq!(step_of(&fresh, &typed, 900), Some(30));
        assert_eq!(step_of(&fresh, &format!("{} {}", &typed[..3], &typed[3..]), 930), Some(30));
        assert_eq!(step_of(&fresh, &typed, 870), Some(30));
        assert_eq!(step_of(&fresh, &typed, 960), None);
        let used = TotpRow { secret: SECRET, last_step: 30 };
        assert_eq!(step_of(&used, &typed, 900), None);
        for typed in ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"] {
            assert_eq!(step_of(&fresh, typed, 900), None, "{typed}");
        }
    }

    #[test]
    fn a_secret_is_written_as_apps_read_it() {
        // RFC 4648, section 10.
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(base32(b"f"), "MY");
    }
}
