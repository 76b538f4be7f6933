//! Bytes between the parties and in the store: fixed widths, big-endian, every count bounded.

/// Bytes that are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes cannot be read")]
pub struct Malformed;

/// Reads from the front. What is left over at the end is an error.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Begins a message of this kind.
    pub(super) fn tagged(bytes: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        let mut reader = Self(bytes);
        if reader.u8()? == tag { Ok(reader) } else { Err(Malformed) }
    }

    pub(super) fn slice(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (slice, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(slice)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number of things that follow, of at least `least` bytes each: no more than there can be.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, Malformed> {
        let n = usize::try_from(self.u32()?).map_err(|_| Malformed)?;
        if n.checked_mul(least).is_some_and(|len| len <= self.0.len()) {
            Ok(n)
        } else {
            Err(Malformed)
        }
    }

    /// A length and so many bytes.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.count(1)?;
        self.slice(len)
    }

    /// Everything that is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// Writes the number of things that follow.
pub(super) fn put_count(bytes: &mut Vec<u8>, n: usize) {
    // Nothing here has 2³² parts: a round has at most MAX_CONTRIBUTORS.
    bytes.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes());
}

/// Writes a length and so many bytes.
pub(super) fn put_sized(bytes: &mut Vec<u8>, content: &[u8]) {
    put_count(bytes, content.len());
    bytes.extend_from_slice(content);
}
