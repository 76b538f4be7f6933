//! What a workbook unpacks to, looked at before the library that reads it sees any of it.
//!
//! That library believes what a workbook says: it makes room for as many strings as a number in the file claims, and a
//! piece of memory that cannot be had ends the whole process, not only the thread. It also keeps all shared strings,
//! all styles and each cell in memory. So every part is unpacked once here, a piece at a time, and what no spreadsheet
//! would write is refused. What the library asks for nothing (dimensions, merged cells, positions of cells) is not
//! bounded here.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use entente_core::layout::MAX_CELL_BYTES;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::{MAX_ROWS, TableError};
use crate::hsds::packed::n_said;

/// How much a workbook may unpack to, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// All parts together.
    total: u64,
    /// The shared strings.
    strings: u64,
    /// Beyond this, [`RATIO`] times what the file has packed.
    unquestioned: u64,
}

impl Bounds {
    pub(super) const DEFAULT: Self =
        Self { total: 256 << 20, strings: 64 << 20, unquestioned: 16 << 20 };
}

/// How many times larger than the file its content may be. Sheets shrink to a tenth, seldom to a fiftieth.
const RATIO: u64 = 200;

/// The most parts. A sheet with pictures and tables has a dozen.
const MAX_PARTS: usize = 10_000;

/// The most shared strings that a workbook may announce: four texts in every row.
const MAX_STRINGS: u64 = 4 * MAX_ROWS;

/// The longest text of a cell, in bytes: what a spreadsheet can hold, 32,767 characters. A text that is longer than
/// ours may be is quarantined with its row.
const MAX_TEXT: usize = 4 * MAX_CELL_BYTES;

/// The longest tag or text between two tags.
const MAX_PIECE: u64 = 1 << 20;

/// The same among styles, which are copied for every format that uses them.
const MAX_STYLE: u64 = 2 << 10;

/// The longest tag that names another part.
const MAX_LINK: usize = 4 << 10;

/// The most styles, names and links of one part: a spreadsheet has 65,490 formats at most.
const MAX_LISTED: usize = 1 << 16;

/// The most sheets.
const MAX_SHEETS: usize = 256;

/// How deep tags may stand in each other.
const MAX_DEPTH: u32 = 64;

/// Refuses a workbook that would take more memory than we give it.
pub(super) fn check(file: &mut (impl Read + Seek), bounds: Bounds) -> Result<(), TableError> {
    let n_packed = file.seek(SeekFrom::End(0))?;
    if n_said(file)? > MAX_PARTS {
        return Err(TableError::TooLarge);
    }
    let mut zip = ZipArchive::new(BufReader::new(&mut *file)).map_err(|_| TableError::Damaged)?;
    let mut left = bounds.total.min(bounds.unquestioned.saturating_add(n_packed * RATIO));
    for at in 0..zip.len() {
        let part = zip.by_index(at).map_err(|_| TableError::Damaged)?;
        // In the form in which the library looks it up.
        let name = part.name().map_err(|_| TableError::Damaged)?.replace('\\', "/");
        let name = name.to_ascii_lowercase();
        let max = if name.ends_with("sharedstrings.xml") { left.min(bounds.strings) } else { left };
        left -= if is_read(&name) {
            let longest = if name.ends_with("styles.xml") { MAX_STYLE } else { MAX_PIECE };
            scan(part, max, longest)?
        } else {
            count(part, max)?
        };
    }
    drop(zip);
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}

/// Whether the library may read a part of this name. [`link`] refuses links to others.
fn is_read(name: &str) -> bool {
    !name.starts_with("customxml/") && (name.ends_with(".xml") || name.ends_with(".rels"))
}

/// The size of a part that is no more than unpacked, such as a picture.
fn count(part: impl Read, max: u64) -> Result<u64, TableError> {
    let n = io::copy(&mut part.take(max.saturating_add(1)), &mut io::sink());
    match n.map_err(|_| TableError::Damaged)? {
        n if n > max => Err(TableError::TooLarge),
        n => Ok(n),
    }
}

/// The size of a part of tags and texts, none of which is longer than `longest`.
fn scan(part: impl Read, max: u64, longest: u64) -> Result<u64, TableError> {
    let mut xml = Reader::from_reader(BufReader::new(part).take(longest));
    xml.config_mut().expand_empty_elements = true;
    let (mut piece, mut seen) = (Vec::new(), Seen::default());
    loop {
        piece.clear();
        xml.get_mut().set_limit(longest);
        let event = xml.read_event_into(&mut piece);
        if xml.get_ref().limit() == 0 || xml.buffer_position() > max {
            return Err(TableError::TooLarge);
        }
        match event.map_err(|_| TableError::Damaged)? {
            Event::Start(tag) => seen.start(&tag)?,
            Event::End(_) => seen.end(),
            Event::Text(text) => seen.text(text.len())?,
            Event::CData(text) => seen.text(text.len())?,
            // One character, however it is written.
            Event::GeneralRef(_) => seen.text(4)?,
            Event::Eof => return Ok(xml.buffer_position()),
            _ => {}
        }
    }
}

/// What was seen of a part.
#[derive(Default)]
struct Seen {
    depth: u32,
    /// In a cell or a string: how deep it stands, and how much text there was in it.
    text: Option<(u32, usize)>,
    listed: usize,
    sheets: usize,
}

impl Seen {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), TableError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(TableError::Damaged);
        }
        let name = tag.local_name().into_inner();
        if matches!(name, "c" | "si" | "definedName") && self.text.is_none() {
            self.text = Some((self.depth, 0));
        }
        match name {
            "sst" => announced(tag)?,
            "sheet" => self.sheets += 1,
            "Relationship" => link(tag)?,
            _ => {}
        }
        if matches!(
            name,
            "xf" | "font" | "fill" | "border" | "numFmt" | "definedName" | "Relationship"
        ) {
            self.listed += 1;
        }
        if self.sheets > MAX_SHEETS || self.listed > MAX_LISTED {
            return Err(TableError::TooLarge);
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.text.is_some_and(|(depth, _)| depth == self.depth) {
            self.text = None;
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn text(&mut self, n_bytes: usize) -> Result<(), TableError> {
        let Some((_, n)) = &mut self.text else { return Ok(()) };
        *n += n_bytes;
        if *n > MAX_TEXT { Err(TableError::TooLarge) } else { Ok(()) }
    }
}

/// How many shared strings there are said to be.
fn announced(tag: &BytesStart<'_>) -> Result<(), TableError> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| TableError::Damaged)?;
        let is_sane = || attribute.value.parse::<u64>().is_ok_and(|n| n <= MAX_STRINGS);
        if attribute.key.into_inner().trim_ascii() == "uniqueCount" && !is_sane() {
            return Err(TableError::Damaged);
        }
    }
    Ok(())
}

/// A link to a sheet or to the workbook itself must lead to a part that was looked at.
fn link(tag: &BytesStart<'_>) -> Result<(), TableError> {
    let (mut is_read_later, mut is_plain) = (false, tag.len() <= MAX_LINK);
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| TableError::Damaged)?;
        let value = &*attribute.value;
        match attribute.key.into_inner().trim_ascii() {
            "Type" => {
                is_read_later |= value.ends_with("sheet") || value.ends_with("officeDocument")
            }
            "Target" => {
                let target = value.to_ascii_lowercase();
                let is_other = target.contains("customxml") || target.contains('&');
                is_plain &= !is_other && target.ends_with(".xml");
            }
            _ => {}
        }
    }
    if is_read_later && !is_plain { Err(TableError::Damaged) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const SMALL: Bounds = Bounds { total: 256 << 10, strings: 16 << 10, unquestioned: 32 << 10 };

    fn packed(parts: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap()
    }

    fn verdict(name: &str, bytes: &[u8], bounds: Bounds) -> &'static str {
        match check(&mut packed(&[(name, bytes)]), bounds) {
            Ok(()) => "good",
            Err(error) => error.code(),
        }
    }

    /// Bytes that do not become smaller by packing.
    fn noise(n: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn what_unpacks_to_more_than_it_may_is_refused_whatever_its_directory_says() {
        assert_eq!(verdict("xl/media/1.png", &noise(250 << 10), SMALL), "good");
        assert_eq!(verdict("xl/media/1.png", &noise(270 << 10), SMALL), "file_too_large");
        // Within the total, and far larger than what was packed.
        let noughts = vec![0; 200 << 10];
        assert!(packed(&[("xl/media/1.png", &noughts[..])]).into_inner().len() < 600);
        assert_eq!(verdict("xl/media/1.png", &noughts, SMALL), "file_too_large");
        assert_eq!(verdict("xl/media/1.png", &noughts[..30 << 10], SMALL), "good");
        let lie = |bytes: &mut Vec<u8>, mark: &[u8], at: usize| {
            let start = bytes.windows(4).position(|it| it == mark).unwrap() + at;
            bytes[start..start + 4].copy_from_slice(&100_u32.to_le_bytes());
        };
        let mut bytes = packed(&[("xl/media/1.png", &noise(270 << 10)[..])]).into_inner();
        lie(&mut bytes, b"PK\x03\x04", 22);
        lie(&mut bytes, b"PK\x01\x02", 24);
        assert!(check(&mut Cursor::new(bytes), SMALL).is_err());
    }

    #[test]
    fn the_shared_strings_have_a_bound_of_their_own() {
        let strings = |n: usize| format!("<sst>{}</sst>", "<si><t>abcdefg</t></si>".repeat(n));
        assert_eq!(verdict("xl/sharedStrings.xml", strings(500).as_bytes(), SMALL), "good");
        for name in ["xl/sharedStrings.xml", "XL/SHAREDSTRINGS.XML", "a/sharedstrings.xml"] {
            assert_eq!(verdict(name, strings(1_000).as_bytes(), SMALL), "file_too_large", "{name}");
        }
    }

    #[test]
    fn no_number_in_a_workbook_says_how_much_memory_is_taken() {
        let said = |attributes: &str| {
            let strings = format!("<sst {attributes}><si><t>a</t></si></sst>");
            verdict("xl/sharedStrings.xml", strings.as_bytes(), Bounds::DEFAULT)
        };
        assert_eq!(said("count=\"100000000000000\" uniqueCount=\"1\""), "good");
        for n in ["100000000000000", "18446744073709551616", "4194305", ""] {
            assert_eq!(said(&format!("uniqueCount=\"{n}\"")), "workbook_damaged", "{n}");
            assert_eq!(said(&format!("\u{c}uniqueCount\u{c}='{n}'")), "workbook_damaged", "{n}");
        }
    }

    #[test]
    fn a_cell_a_string_and_a_name_are_as_long_as_a_spreadsheet_can_make_them_and_no_longer() {
        let half = "x".repeat(MAX_TEXT / 2);
        for name in ["c", "si", "definedName"] {
            let of = |pieces: &str| {
                let part = format!("<a><{name}><r><t>{half}</t></r>{pieces}</{name}></a>");
                verdict("xl/worksheets/sheet1.xml", part.as_bytes(), Bounds::DEFAULT)
            };
            assert_eq!(of(&half), "good", "{name}");
            for more in ["x", "<![CDATA[x]]>", "&amp;", "<c/>x", "<!-- --><b>x</b>"] {
                assert_eq!(of(&format!("<t>{half}</t>{more}")), "file_too_large", "{name} {more}");
            }
        }
        let piece = usize::try_from(MAX_PIECE).unwrap();
        for part in [
            format!("<a>{}</a>", "x".repeat(piece)),
            format!("<a b=\"{}\"/>", "x".repeat(piece)),
            format!("<a><!-- {} --></a>", "<".repeat(piece)),
        ] {
            let found = verdict("xl/worksheets/sheet1.xml", part.as_bytes(), Bounds::DEFAULT);
            assert_eq!(found, "file_too_large");
        }
    }

    #[test]
    fn styles_sheets_and_depth_have_their_bounds() {
        let listed = |n: usize| format!("<a>{}</a>", "<xf/>".repeat(n));
        let sheets = |n: usize| format!("<a>{}</a>", "<sheet/>".repeat(n));
        let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        let font = |n: usize| format!("<a><name val=\"{}\"/></a>", "x".repeat(n));
        let of = |name: &str, part: String| verdict(name, part.as_bytes(), Bounds::DEFAULT);
        assert_eq!(of("xl/styles.xml", listed(MAX_LISTED)), "good");
        assert_eq!(of("xl/styles.xml", listed(MAX_LISTED + 1)), "file_too_large");
        assert_eq!(of("xl/styles.xml", font(1_000)), "good");
        assert_eq!(of("xl/styles.xml", font(2_048)), "file_too_large");
        assert_eq!(of("xl/workbook.xml", sheets(MAX_SHEETS)), "good");
        assert_eq!(of("xl/workbook.xml", sheets(MAX_SHEETS + 1)), "file_too_large");
        assert_eq!(of("xl/workbook.xml", deep(64)), "good");
        assert_eq!(of("xl/workbook.xml", deep(65)), "workbook_damaged");
        assert_eq!(of("xl/workbook.xml", "<a><b></a></b>".to_owned()), "workbook_damaged");
    }

    #[test]
    fn no_sheet_hides_where_nobody_looks_and_other_parts_may_be_what_they_are() {
        let of = |kind: &str, target: &str| {
            let link = format!(
                "<a><Relationship Id=\"1\" Type=\"http://x/{kind}\" Target=\"{target}\"/></a>"
            );
            verdict("xl/_rels/workbook.xml.rels", link.as_bytes(), Bounds::DEFAULT)
        };
        assert_eq!(of("worksheet", "worksheets/sheet1.xml"), "good");
        assert_eq!(of("image", "media/1.png"), "good");
        assert_eq!(of("customXml", "../customXml/item1.xml"), "good");
        for target in ["media/1.png", "/customXml/item1.xml", "a&#46;xml", ""] {
            assert_eq!(of("worksheet", target), "workbook_damaged", "{target}");
            assert_eq!(of("officeDocument", target), "workbook_damaged", "{target}");
        }
        // What other programs keep there may be in any encoding.
        let other = [b"\xff\xfe".to_vec(), noise(2 << 20)].concat();
        assert_eq!(verdict("customXml/item1.xml", &other, Bounds::DEFAULT), "good");
    }

    #[test]
    fn a_zip_with_too_many_parts_is_not_even_listed() {
        let mut bytes = packed(&[("a", &b"a"[..])]).into_inner();
        let at = bytes.len() - 22;
        assert_eq!(&bytes[at..at + 4], b"PK\x05\x06");
        bytes[at + 8..at + 12].copy_from_slice(&[0x11, 0x27, 0x11, 0x27]);
        let found = check(&mut Cursor::new(bytes), Bounds::DEFAULT).unwrap_err();
        assert_eq!(found.code(), "file_too_large");
    }
}
