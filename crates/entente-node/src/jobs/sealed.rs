//! Files that are sealed while they lie on the disk, under a key that is in memory alone.
//!
//! A file is cut into pieces, each sealed as a row of the store is and bound to the file's name, to its number,
//! and to whether it is the last. So a piece that is moved, left out or cut off does not open. Any
//! piece can be read by itself: a workbook is read from its end.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use entente_store::seal::{OVERHEAD, SealError, Sealer};
use zeroize::Zeroizing;

/// Bytes of a piece before it is sealed.
pub(super) const PIECE: usize = 64 * 1024;

/// What a piece is bound to.
fn place(name: &str, nth: u64, is_last: bool) -> Vec<u8> {
    let mut place = vec![0];
    place.extend_from_slice(name.as_bytes());
    place.push(0);
    place.extend_from_slice(&nth.to_be_bytes());
    place.push(u8::from(is_last));
    place
}

fn broken(_: SealError) -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Writes a sealed file.
pub struct SealedWriter {
    file: File,
    sealer: Sealer,
    name: String,
    /// What is not sealed yet. Never empty once something was written, since the last piece says that it is.
    waiting: Zeroizing<Vec<u8>>,
    nth: u64,
    n_bytes: u64,
}

impl fmt::Debug for SealedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedWriter({} bytes)", self.n_bytes)
    }
}

impl SealedWriter {
    pub(super) fn new(file: File, sealer: Sealer, name: &str) -> Self {
        // What is held back is at most one piece, and what one call brings.
        let waiting = Zeroizing::new(Vec::with_capacity(2 * PIECE));
        Self { file, sealer, name: name.to_owned(), waiting, nth: 0, n_bytes: 0 }
    }

    /// That was all. Gives how many bytes were written before they were sealed.
    pub fn finish(&mut self) -> io::Result<u64> {
        self.seal(self.waiting.len(), true)?;
        self.file.sync_all()?;
        Ok(self.n_bytes)
    }

    fn seal(&mut self, n: usize, is_last: bool) -> io::Result<()> {
        let (piece, rest) = self.waiting.split_at(n.min(self.waiting.len()));
        let sealed = self.sealer.seal_row(&place(&self.name, self.nth, is_last), piece);
        let rest = rest.len();
        self.file.write_all(&sealed.map_err(broken)?)?;
        let n = self.waiting.len() - rest;
        self.waiting.copy_within(n.., 0);
        self.waiting.truncate(rest);
        self.nth += 1;
        Ok(())
    }
}

impl Write for SealedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(PIECE);
        let (bytes, _) = bytes.split_at(n);
        self.waiting.extend_from_slice(bytes);
        self.n_bytes += n as u64;
        if self.waiting.len() > PIECE {
            self.seal(PIECE, false)?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        // A piece is written when it is full, and the last one at the end.
        Ok(())
    }
}

/// Reads a sealed file, from anywhere in it.
pub struct SealedReader {
    file: File,
    sealer: Sealer,
    name: String,
    n_pieces: u64,
    len: u64,
    at: u64,
    /// The piece that was opened last.
    open: Option<(u64, Zeroizing<Vec<u8>>)>,
}

impl fmt::Debug for SealedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedReader({} bytes)", self.len)
    }
}

impl SealedReader {
    pub(super) fn new(file: File, sealer: Sealer, name: &str) -> io::Result<Self> {
        let on_disk = file.metadata()?.len();
        let n_pieces = on_disk.div_ceil((PIECE + OVERHEAD) as u64);
        let len = on_disk.checked_sub(n_pieces * OVERHEAD as u64);
        match len {
            Some(len) if n_pieces > 0 => {
                Ok(Self { file, sealer, name: name.to_owned(), n_pieces, len, at: 0, open: None })
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn piece(&mut self, nth: u64) -> io::Result<&[u8]> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != nth) {
            self.open = None;
            self.file.seek(SeekFrom::Start(nth * (PIECE + OVERHEAD) as u64))?;
            let mut sealed = Vec::with_capacity(PIECE + OVERHEAD);
            (&self.file).take((PIECE + OVERHEAD) as u64).read_to_end(&mut sealed)?;
            let place = place(&self.name, nth, nth + 1 == self.n_pieces);
            let piece = self.sealer.open_row(&place, &sealed).map_err(broken)?;
            self.open = Some((nth, Zeroizing::new(piece)));
        }
        Ok(self.open.as_ref().map_or(&[], |(_, piece)| piece.as_slice()))
    }
}

impl Read for SealedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.len {
            return Ok(0);
        }
        let (nth, within) = (self.at / PIECE as u64, self.at % PIECE as u64);
        let within = usize::try_from(within).unwrap_or(PIECE);
        let mut rest = self.piece(nth)?.get(within..).unwrap_or_default();
        let n = rest.read(into)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for SealedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    struct Kept {
        folder: tempfile::TempDir,
        sealer: Sealer,
    }

    impl Kept {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), sealer: Sealer::new(&[7; 32]) }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("a")
        }

        fn write(&self, bytes: &[u8], step: usize) {
            let file = File::create(self.path()).unwrap();
            let mut writer = SealedWriter::new(file, self.sealer.clone(), "a");
            for part in bytes.chunks(step) {
                writer.write_all(part).unwrap();
            }
            assert_eq!(writer.finish().unwrap(), bytes.len() as u64);
        }

        fn read_as(&self, path: &Path, name: &str) -> io::Result<Vec<u8>> {
            let file = File::open(path).unwrap();
            let mut bytes = Vec::new();
            SealedReader::new(file, self.sealer.clone(), name)?.read_to_end(&mut bytes)?;
            Ok(bytes)
        }

        fn read(&self) -> io::Result<Vec<u8>> {
            self.read_as(&self.path(), "a")
        }
    }

    fn bytes(n: usize) -> Vec<u8> {
        (0..n).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    #[test]
    fn a_file_of_any_length_is_read_as_it_was_written() {
        let kept = Kept::new();
        for n in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17] {
            for step in [997, PIECE, 5 * PIECE] {
                kept.write(&bytes(n), step);
                assert!(kept.read().unwrap() == bytes(n), "{n} by {step}");
                let pieces = n.div_ceil(PIECE).max(1);
                let on_disk = kept.path().metadata().unwrap().len();
                assert_eq!(on_disk, (n + pieces * OVERHEAD) as u64);
            }
        }
    }

    #[test]
    fn it_is_read_from_anywhere() {
        let (kept, all) = (Kept::new(), bytes(2 * PIECE + 100));
        kept.write(&all, PIECE);
        let file = File::open(kept.path()).unwrap();
        let mut reader = SealedReader::new(file, kept.sealer, "a").unwrap();
        let mut part = [0; 64];
        for (to, at) in [
            (SeekFrom::End(-64), all.len() - 64),
            (SeekFrom::Start(PIECE as u64 - 10), PIECE - 10),
            (SeekFrom::Current(-64), PIECE - 10),
        ] {
            reader.seek(to).unwrap();
            reader.read_exact(&mut part).unwrap();
            assert_eq!(part[..], all[at..at + 64]);
        }
        assert_eq!(reader.seek(SeekFrom::Start(u64::MAX)).unwrap(), u64::MAX);
        assert_eq!(reader.read(&mut part).unwrap(), 0);
        assert!(reader.seek(SeekFrom::End(-1_000_000)).is_err());
    }

    #[test]
    fn what_is_cut_off_moved_swapped_or_under_another_key_or_name_does_not_open() {
        let kept = Kept::new();
        kept.write(&bytes(3 * PIECE), PIECE);
        let whole = std::fs::read(kept.path()).unwrap();
        let sealed = PIECE + OVERHEAD;
        let swapped = [&whole[sealed..2 * sealed], &whole[..sealed], &whole[2 * sealed..]].concat();
        let mut changed = whole.clone();
        changed[sealed + 100] ^= 1;
        let bad =
            [&whole[..2 * sealed], &whole[..whole.len() - 1], &whole[sealed..], &swapped, &changed];
        for bytes in bad.into_iter().chain([&[][..], &whole[..5]]) {
            std::fs::write(kept.path(), bytes).unwrap();
            assert_eq!(kept.read().unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        std::fs::write(kept.path(), &whole).unwrap();
        assert!(kept.read_as(&kept.path(), "b").is_err());
        let other = Kept { folder: kept.folder, sealer: Sealer::new(&[8; 32]) };
        assert!(other.read().is_err());
    }

    #[test]
    fn nothing_of_it_stands_on_the_disk() {
        let kept = Kept::new();
        kept.write(&b"Jean Tremblay, ".repeat(9_000), 1_000);
        let on_disk = std::fs::read(kept.path()).unwrap();
        assert!(!on_disk.windows(8).any(|window| window == b"Tremblay"));
    }

    #[test]
    fn what_comes_before_a_damaged_piece_is_read_and_then_an_error_and_no_end() {
        let (kept, all) = (Kept::new(), bytes(2 * PIECE + 9));
        kept.write(&all, PIECE);
        let mut damaged = std::fs::read(kept.path()).unwrap();
        damaged[PIECE + OVERHEAD] ^= 1;
        std::fs::write(kept.path(), damaged).unwrap();
        let file = File::open(kept.path()).unwrap();
        let mut reader = SealedReader::new(file, kept.sealer, "a").unwrap();
        let mut first = vec![0; PIECE];
        reader.read_exact(&mut first).unwrap();
        assert!(first == all[..PIECE]);
        for _ in 0..2 {
            let error = reader.read(&mut first).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
