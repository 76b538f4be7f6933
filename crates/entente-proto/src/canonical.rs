//! Canonical bytes: one encoding for each message that is signed.
//!
//! Protocol Buffers may encode one message in several ways, and a decoder accepts them all. Two
//! nodes that signed or hashed different encodings of one thing would disagree for ever, and
//! fields that a decoder skips could carry what no rule looked at. So whatever was signed is
//! decoded, encoded again, and compared; anything that is not exactly what we would have written
//! is refused. The rules stand in `proto/entente/v1/statement.proto`.

use prost::Message;

/// A message says something that makes no sense.
///
/// Names the field and the problem. There is no room for the value, which may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Invalid {
    /// The field, as `proto/` calls it.
    pub field: &'static str,
    /// What it would have to be, for example `must be 32 bytes`.
    pub problem: &'static str,
}

impl Invalid {
    pub(crate) const fn new(field: &'static str, problem: &'static str) -> Self {
        Self { field, problem }
    }
}

/// Decodes the one encoding of a message.
///
/// Refuses bytes that are no such message, and bytes that are another encoding of it: an unknown
/// field, a default written out, fields out of order, a number in a longer form.
pub fn canonical<T: Message + Default>(bytes: &[u8]) -> Result<T, Invalid> {
    // The decoder's own words name fields and types of the code, and are not passed on.
    let message = T::decode(bytes).map_err(|_| Invalid::new("message", "cannot be decoded"))?;
    if message.encoded_len() != bytes.len() || message.encode_to_vec() != bytes {
        return Err(Invalid::new("message", "is not in its canonical encoding"));
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::v1;

    const NOT_CANONICAL: Invalid = Invalid::new("message", "is not in its canonical encoding");

    fn check(bytes: &[u8]) -> Result<v1::Withdrawal, Invalid> {
        canonical(bytes)
    }

    #[test]
    fn the_one_encoding_is_decoded() {
        let message = check(&[0x0a, 2, b'a', b'b', 0x10, 3]).unwrap();
        assert_eq!((message.summary_id.as_slice(), message.reason), (&b"ab"[..], 3));
        assert_eq!(check(&[]), Ok(v1::Withdrawal::default()));
    }

    #[test]
    fn every_other_encoding_of_the_same_is_refused() {
        for (bytes, why) in [
            (&[0x10, 3, 0x0a, 1, b'a'][..], "fields out of order"),
            (&[0x0a, 1, b'a', 0x10, 0], "a default written out"),
            (&[0x0a, 0, 0x10, 3], "an empty field written out"),
            (&[0x0a, 1, b'a', 0x10, 0x83, 0x00], "a longer form of a number"),
            (&[0x0a, 0x81, 0x00, b'a', 0x10, 3], "a longer form of a length"),
            (&[0x10, 2, 0x10, 3], "a field twice"),
            (&[0x10, 3, 0x18, 1], "an unknown field"),
            (&[0x0a, 1, b'a', 0x10, 3, 0x7a, 1, b'x'], "an unknown field of bytes"),
        ] {
            assert_eq!(check(bytes), Err(NOT_CANONICAL), "{why}");
        }
    }

    #[test]
    fn an_unknown_field_inside_a_field_is_refused() {
        let inner = [0x10, 3, 0x18, 1];
        let bytes = [&[0x5a, 4][..], &inner].concat();
        assert_eq!(canonical::<v1::Statement>(&bytes), Err(NOT_CANONICAL));
        assert!(canonical::<v1::Statement>(&[0x5a, 2, 0x10, 3]).is_ok());
    }

    #[test]
    fn the_decoder_s_own_words_are_not_passed_on() {
        let error = check(&[0x0a, 200]).unwrap_err();
        assert_eq!(error.to_string(), "message cannot be decoded");
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_what_would_be_written(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            if let Ok(message) = check(&bytes) {
                prop_assert_eq!(message.encode_to_vec(), bytes);
            }
        }
    }
}
