//! Bytes to text: which encoding a file has, and its text as UTF-8.
//!
//! A byte-order mark decides. Without one, zeros in every second byte are UTF-16, and bytes that
//! are no UTF-8 are Windows-1252, as spreadsheets in Canada write it; unless most of them *are*
//! UTF-8, in which case a few are damaged and become U+FFFD, which the layout refuses cell by cell.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Why bytes are no text: zeros in places where no text has any.
#[derive(Debug)]
pub(super) struct Binary;

/// Finds the encoding of `file` by reading all of it, and goes back to its start.
pub(super) fn detect(
    file: &mut (impl Read + Seek),
) -> io::Result<Result<&'static Encoding, Binary>> {
    let mut buffer = vec![0; CHUNK];
    let mut tally = Tally::default();
    let mut is_first = true;
    let found = loop {
        let n_read = file.read(&mut buffer)?;
        let chunk = buffer.get(..n_read).unwrap_or_default();
        if chunk.is_empty() {
            break tally.verdict();
        }
        if is_first {
            if let Some((encoding, _)) = Encoding::for_bom(chunk) {
                break Ok(encoding);
            }
            if let Some(encoding) = utf16_without_mark(chunk) {
                break Ok(encoding);
            }
            is_first = false;
        }
        tally.add(chunk);
    };
    file.seek(SeekFrom::Start(0))?;
    Ok(found)
}

/// Text in one of the two byte orders of UTF-16 has its zeros on one side, if it is mostly Latin.
fn utf16_without_mark(chunk: &[u8]) -> Option<&'static Encoding> {
    let zeros =
        |parity: usize| chunk.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = chunk.len() / 4;
    match () {
        () if odd > most && even == 0 => Some(UTF_16LE),
        () if even > most && odd == 0 => Some(UTF_16BE),
        () => None,
    }
}

/// Counts characters of several bytes, and bytes that belong to none.
#[derive(Default)]
struct Tally {
    n_characters: u64,
    n_strays: u64,
    n_zeros: u64,
    /// How many bytes of a character are still to come.
    awaited: u8,
}

impl Tally {
    fn add(&mut self, chunk: &[u8]) {
        for byte in chunk {
            match (self.awaited, byte) {
                (1, 0x80..=0xbf) => {
                    self.awaited = 0;
                    self.n_characters += 1;
                }
                (2.., 0x80..=0xbf) => self.awaited -= 1,
                (awaited, _) => {
                    self.n_strays += u64::from(awaited > 0);
                    self.awaited = match byte {
                        0xc2..=0xdf => 1,
                        0xe0..=0xef => 2,
                        0xf0..=0xf4 => 3,
                        _ => 0,
                    };
                    let is_stray = matches!(byte, 0x80..=0xc1 | 0xf5..);
                    self.n_strays += u64::from(is_stray);
                    self.n_zeros += u64::from(*byte == 0);
                }
            }
        }
    }

    fn verdict(&self) -> Result<&'static Encoding, Binary> {
        let n_strays = self.n_strays + u64::from(self.awaited > 0);
        match () {
            () if self.n_zeros > 0 => Err(Binary),
            () if n_strays > self.n_characters => Ok(WINDOWS_1252),
            () => Ok(UTF_8),
        }
    }
}

/// Reads text in any encoding as UTF-8, without its byte-order mark.
pub(super) struct Decoding<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// The part of `input` that has not been decoded.
    pending: std::ops::Range<usize>,
    output: Vec<u8>,
    /// The part of `output` that has not been handed out.
    ready: std::ops::Range<usize>,
    is_at_end: bool,
    is_done: bool,
}

impl<R: Read> Decoding<R> {
    pub(super) fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; CHUNK],
            pending: 0..0,
            output: vec![0; CHUNK],
            ready: 0..0,
            is_at_end: false,
            is_done: false,
        }
    }

    /// Decodes until something is ready or all is done.
    fn decode(&mut self) -> io::Result<()> {
        while self.ready.is_empty() && !self.is_done {
            if self.pending.is_empty() && !self.is_at_end {
                let n_read = self.inner.read(&mut self.input)?;
                self.pending = 0..n_read;
                self.is_at_end = n_read == 0;
            }
            let input = self.input.get(self.pending.clone()).unwrap_or_default();
            let (result, n_in, n_out, _) =
                self.decoder.decode_to_utf8(input, &mut self.output, self.is_at_end);
            self.pending.start += n_in;
            self.ready = 0..n_out;
            self.is_done = self.is_at_end && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.decode()?;
        let mut ready = self.output.get(self.ready.clone()).unwrap_or_default();
        let n_read = ready.read(out)?;
        self.ready.start += n_read;
        Ok(n_read)
    }
}

/// How much is read at once. Any size does.
const CHUNK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// What a file of these bytes is taken for, and its text.
    #[track_caller]
    fn check(bytes: &[u8], encoding: &'static Encoding, text: &str) {
        let mut file = Cursor::new(bytes);
        let found = detect(&mut file).unwrap().unwrap();
        assert_eq!(found, encoding);
        let mut decoded = String::new();
        Decoding::new(file, found).read_to_string(&mut decoded).unwrap();
        assert_eq!(decoded, text);
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn every_usual_encoding_gives_the_same_text() {
        let text = "genre;âge\nFemme / fille;9–17\n";
        check(text.as_bytes(), UTF_8, text);
        check(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), UTF_8, text);
        let marked = format!("\u{feff}{text}");
        check(&utf16(&marked, u16::to_le_bytes), UTF_16LE, text);
        check(&utf16(&marked, u16::to_be_bytes), UTF_16BE, text);
        check(&utf16(text, u16::to_le_bytes), UTF_16LE, text);
        check(&utf16(text, u16::to_be_bytes), UTF_16BE, text);
        check(b"genre;\xe2ge\nFemme / fille;9\x9617\n", WINDOWS_1252, text);
    }

    #[test]
    fn one_damaged_name_among_many_good_ones_does_not_change_the_encoding() {
        let bytes = ["Zoé;Noël;Maïté;".as_bytes(), b"L\xe9vesque"].concat();
        check(&bytes, UTF_8, "Zoé;Noël;Maïté;L\u{fffd}vesque");
    }

    #[test]
    fn a_character_cut_by_the_edge_of_a_chunk_is_whole_again() {
        let text = format!("{}é{}", "x".repeat(CHUNK - 1), "y".repeat(10));
        check(text.as_bytes(), UTF_8, &text);
    }

    #[test]
    fn zeros_are_no_text() {
        let mut file = Cursor::new(b"\x00\x01\x02\x00\x00\x07abc".as_slice());
        assert!(detect(&mut file).unwrap().is_err());
    }
}
