//! A long sealed stream: chunks that cannot be reordered, dropped, repeated or cut off.
//!
//! The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): each chunk is sealed with
//! AES-256-GCM under a nonce that holds its number and whether it is the last. The key is fresh for
//! every stream, so the nonces need no randomness. The header is bound into every chunk.
//!
//! ```text
//! length of sealed chunk u32, top bit set if last | sealed chunk
//! nonce: 0 × 7 | number u32 | 1 if last
//! ```

use std::io::{self, Read, Write};

use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce, aead::AeadInOut as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::BackupError;

/// Bytes in a chunk before sealing: large enough that tags and lengths do not matter, small enough
/// that a reader needs little memory.
const CHUNK_BYTES: usize = 64 << 10;
const TAG_LEN: usize = 16;
/// Marks the length of the last chunk. The nonce says the same, so changing it does not open.
const LAST: u32 = 1 << 31;

struct Chunks {
    cipher: Aes256Gcm,
    aad: [u8; 32],
    number: u32,
}

impl Chunks {
    fn new(key: &[u8; 32], header: &[u8]) -> Self {
        Self { cipher: Aes256Gcm::new(key.into()), aad: Sha256::digest(header).into(), number: 0 }
    }

    fn nonce(&mut self, last: bool) -> io::Result<Nonce<aes_gcm::aead::consts::U12>> {
        let [a, b, c, d] = self.number.to_be_bytes();
        // 2³² chunks are 256 TiB.
        self.number = self.number.checked_add(1).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok([0, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(last)].into())
    }
}

/// Seals what is written.
pub(super) struct Sealing<W> {
    out: W,
    chunks: Chunks,
    buffer: Zeroizing<Vec<u8>>,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(out: W, key: &[u8; 32], header: &[u8]) -> Self {
        let buffer = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        Self { out, chunks: Chunks::new(key, header), buffer }
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // A full chunk is written only when more follows, so the last is never empty.
            if self.buffer.len() == CHUNK_BYTES {
                self.chunk(false)?;
            }
            let n = bytes.len().min(CHUNK_BYTES - self.buffer.len());
            let (now, later) = bytes.split_at(n);
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Seals the last chunk and hands the writer back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.chunk(true)?;
        Ok(self.out)
    }

    fn chunk(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(last)?;
        let tag = self
            .chunks
            .cipher
            .encrypt_inout_detached(&nonce, &self.chunks.aad, self.buffer.as_mut_slice().into())
            .map_err(|_| io::ErrorKind::FileTooLarge)?;
        let len = u32::try_from(self.buffer.len() + TAG_LEN);
        let len = len.map_err(|_| io::ErrorKind::FileTooLarge)? | if last { LAST } else { 0 };
        self.out.write_all(&len.to_be_bytes())?;
        self.out.write_all(&self.buffer)?;
        self.out.write_all(&tag)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Opens what [`Sealing`] made.
pub(super) struct Opener<R> {
    input: R,
    chunks: Chunks,
    /// The current chunk, opened, and how much of it was read.
    buffer: Zeroizing<Vec<u8>>,
    at: usize,
    ended: bool,
    n_read: u64,
}

impl<R: Read> Opener<R> {
    pub(super) fn new(input: R, key: &[u8; 32], header: &[u8]) -> Self {
        Self {
            input,
            chunks: Chunks::new(key, header),
            buffer: Zeroizing::new(Vec::new()),
            at: 0,
            ended: false,
            n_read: header.len() as u64,
        }
    }

    /// Sealed bytes read so far, the header included.
    pub(super) fn n_read(&self) -> u64 {
        self.n_read
    }

    pub(super) fn read_exact(&mut self, mut bytes: &mut [u8]) -> Result<(), BackupError> {
        while !bytes.is_empty() {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.next_chunk()?;
                continue;
            }
            let n = rest.len().min(bytes.len());
            let (now, later) = bytes.split_at_mut(n);
            now.copy_from_slice(rest.get(..n).unwrap_or_default());
            self.at += n;
            bytes = later;
        }
        Ok(())
    }

    /// Whether everything was read, and nothing follows in the file.
    pub(super) fn ends(&mut self) -> Result<bool, BackupError> {
        let mut beyond = [0; 1];
        match self.fill(&mut beyond) {
            Err(BackupError::Truncated) => Ok(self.ended && self.at == self.buffer.len()),
            other => other.map(|()| false),
        }
    }

    fn next_chunk(&mut self) -> Result<(), BackupError> {
        if self.ended {
            // The content asks for more than was sealed.
            return Err(BackupError::Damaged);
        }
        let mut len = [0; 4];
        self.fill(&mut len)?;
        let len = u32::from_be_bytes(len);
        let (last, len) = (len & LAST != 0, (len & !LAST) as usize);
        if !(TAG_LEN + 1..=CHUNK_BYTES + TAG_LEN).contains(&len) {
            return Err(BackupError::Damaged);
        }
        let mut sealed = Zeroizing::new(vec![0; len]);
        self.fill(&mut sealed)?;
        self.n_read += 4 + len as u64;
        let nonce = self.chunks.nonce(last).map_err(|_| BackupError::Damaged)?;
        let (body, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(BackupError::Damaged)?;
        let opened = self.chunks.cipher.decrypt_inout_detached(
            &nonce,
            &self.chunks.aad,
            (&mut *body).into(),
            &(*tag).into(),
        );
        opened.map_err(|_| BackupError::Damaged)?;
        sealed.truncate(len - TAG_LEN);
        self.buffer = sealed;
        self.at = 0;
        self.ended = last;
        Ok(())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BackupError::Truncated,
            kind => BackupError::Io { doing: "reading the backup", kind },
        })
    }
}
