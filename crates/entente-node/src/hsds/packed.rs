//! A data package in one file: its tables, zipped.
//!
//! A zip comes from anywhere, so nothing in it is believed: how many entries there are is bounded before
//! any is read, what is unpacked is counted as it comes, and no entry becomes a file on the disk. Only the
//! tables that [`super::package`] knows are unpacked. An entry whose name would leave the package makes the
//! whole zip unusable, though nothing would be written there: whoever packed it meant harm, or a tool did.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::Path;

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::MAX_FILE_BYTES;
use crate::fault::Fault;
use crate::node::Outcome;
use crate::setup::io_fault;

/// How many entries a zip may have: HSDS 3.0 has two dozen tables, and some tools add an entry of their own
/// to each.
pub(crate) const MAX_ENTRIES: usize = 256;

/// The most bytes of one table, unpacked: the largest known directory in JSON is shorter.
pub(crate) const MAX_TABLE_BYTES: u64 = 128 * 1024 * 1024;

/// The most bytes of all tables together, unpacked.
pub(crate) const MAX_TOTAL_BYTES: u64 = 2 * MAX_TABLE_BYTES;

/// What is unpacked, and at most how much of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) entries: usize,
    pub(super) table_bytes: u64,
    pub(super) total_bytes: u64,
}

impl Bounds {
    pub(super) const DEFAULT: Self =
        Self { entries: MAX_ENTRIES, table_bytes: MAX_TABLE_BYTES, total_bytes: MAX_TOTAL_BYTES };
}

/// The tables of a package, by the names of their files.
pub(super) type Tables = BTreeMap<&'static str, Vec<u8>>;

/// Whether a path is a zip, by its name or by how it begins.
pub(super) fn is_packed(path: &Path) -> bool {
    is_named(path)
        || File::open(path).is_ok_and(|mut file| {
            let mut begin = [0; 4];
            file.read_exact(&mut begin).is_ok() && begins(&begin)
        })
}

/// Whether a file that begins like this is a zip.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether a path is called a zip.
pub(crate) fn is_named(path: &Path) -> bool {
    !path.is_dir() && path.extension().is_some_and(|it| it.eq_ignore_ascii_case("zip"))
}

/// Unpacks the tables of these names. The one folder that has the table `services` is the package.
pub(super) fn read(path: &Path, wanted: &[&'static str], bounds: Bounds) -> Outcome<Tables> {
    read_from(File::open(path).map_err(|error| io_fault(&error))?, wanted, bounds)
}

/// The same, from whatever can be read from anywhere.
pub(super) fn read_from(
    mut file: impl Read + Seek,
    wanted: &[&'static str],
    bounds: Bounds,
) -> Outcome<Tables> {
    if n_said(&mut file).map_err(|error| io_fault(&error))? > bounds.entries {
        return Err(unusable(Why::TooMany));
    }
    let mut zip = ZipArchive::new(file).map_err(|error| broken(&error))?;
    if zip.len() > bounds.entries || zip.has_duplicate_names() {
        return Err(unusable(if zip.len() > bounds.entries { Why::TooMany } else { Why::Twice }));
    }
    let mut names = Vec::new();
    for at in 0..zip.len() {
        let entry = zip.by_index_data(at).map_err(|error| broken(&error))?;
        let name = entry.name().map_err(|error| broken(&error))?.into_owned();
        if !stays_inside(&name) || entry.is_symlink() {
            return Err(unusable(Why::Leaves));
        }
        names.push(name);
    }
    let folder = folder_of(&names)?;
    let mut tables = Tables::new();
    let mut left = bounds.total_bytes;
    for (at, name) in names.iter().enumerate() {
        let table = name.strip_prefix(folder).and_then(|it| wanted.iter().find(|one| **one == it));
        let Some(table) = table else { continue };
        let bytes = unpacked(&mut zip, at, bounds.table_bytes.min(left))?;
        left -= bytes.len() as u64;
        tables.insert(table, bytes);
    }
    Ok(tables)
}

/// How many entries a zip says that it has, by every record near its end that could be the one that says
/// so (APPNOTE 6.3, section 4.3.16). One that leaves a number to its 64-bit companion says too many: a
/// package that may be read here has no need of it.
pub(crate) fn n_said(file: &mut (impl Read + Seek)) -> io::Result<usize> {
    const RECORD: usize = 22;
    const LONGEST_COMMENT: usize = 65_535;
    let length = file.seek(SeekFrom::End(0))?;
    if length > MAX_FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let window = ((RECORD + LONGEST_COMMENT) as u64).min(length);
    file.seek(SeekFrom::Start(length - window))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let records = tail.windows(RECORD).filter(|record| record.starts_with(b"PK\x05\x06"));
    let said = records.map(|record| match record {
        [_, _, _, _, _, _, _, _, here @ .., _, _] => {
            let number = |at: usize, n: usize| {
                here.iter()
                    .skip(at)
                    .take(n)
                    .rev()
                    .fold(0_usize, |all, byte| all << 8 | usize::from(*byte))
            };
            let (n_here, n_all, size, start) =
                (number(0, 2), number(2, 2), number(4, 4), number(8, 4));
            let is_64 = size == u32::MAX as usize || start == u32::MAX as usize;
            if is_64 { usize::MAX } else { n_here.max(n_all) }
        }
        _ => usize::MAX,
    });
    Ok(said.max().unwrap_or(0))
}

/// The one folder of a zip in which `services.csv` is, with its `/`; empty if it is the zip itself.
fn folder_of(names: &[String]) -> Outcome<&str> {
    let mut found = names.iter().filter_map(|name| {
        let folder = name.strip_suffix(super::kinds::SERVICES)?;
        (folder.is_empty() || folder.ends_with('/')).then_some(folder)
    });
    match (found.next(), found.next()) {
        (Some(folder), None) => Ok(folder),
        (Some(_), Some(_)) => Err(unusable(Why::Twice)),
        (None, _) => Err(super::not_services(
            "The zip has no services.csv.".to_owned(),
            "Le fichier zip n’a pas de services.csv.".to_owned(),
        )),
    }
}

/// Whether a name stays in the folder into which somebody would unpack it, on any system.
fn stays_inside(name: &str) -> bool {
    let odd = |c: char| c == '\\' || c == ':' || c.is_control();
    !name.is_empty() && !name.starts_with('/') && !name.contains(odd) && {
        let mut parts = name.split('/');
        parts.all(|part| part != "..")
    }
}

/// One entry, and no more than `max` bytes of it. What it says of its own size is not believed.
fn unpacked(zip: &mut ZipArchive<impl Read + Seek>, at: usize, max: u64) -> Outcome<Vec<u8>> {
    let entry = zip.by_index(at).map_err(|error| broken(&error))?;
    if entry.size() > max {
        return Err(unusable(Why::TooLarge));
    }
    let mut bytes = Vec::new();
    let n = entry.take(max + 1).read_to_end(&mut bytes).map_err(|_| unusable(Why::Broken))?;
    if n as u64 > max {
        return Err(unusable(Why::TooLarge));
    }
    Ok(bytes)
}

/// Writes files as a zip. They bear no date, so that equal services make equal files.
pub(super) fn write(
    files: &[(&str, Vec<u8>)],
    file: &mut (impl io::Write + Seek),
) -> io::Result<()> {
    let mut zip = ZipWriter::new(file);
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default())?;
        zip.write_all(bytes)?;
    }
    zip.finish()?;
    Ok(())
}

/// What is wrong with a zip.
#[derive(Clone, Copy)]
enum Why {
    Broken,
    Locked,
    TooMany,
    TooLarge,
    Leaves,
    Twice,
}

fn broken(error: &ZipError) -> Box<Fault> {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => io_fault(error),
        ZipError::InvalidPassword | ZipError::UnsupportedArchive(_) => unusable(Why::Locked),
        _ => unusable(Why::Broken),
    }
}

/// `ENT-2230`.
fn unusable(why: Why) -> Box<Fault> {
    const MIB: u64 = 1024 * 1024;
    let (en, fr): (String, String) = match why {
        Why::Broken => {
            ("It is damaged, or no zip.".into(), "Il est endommagé, ou n’est pas un zip.".into())
        }
        Why::Locked => (
            "It is locked with a password, or packed in a way that is not read here.".into(),
            "Il est protégé par un mot de passe, ou compressé d’une façon qui ne se lit pas ici."
                .into(),
        ),
        Why::TooMany => (
            format!("It has more than {MAX_ENTRIES} entries."),
            format!("Il compte plus de {MAX_ENTRIES} entrées."),
        ),
        Why::TooLarge => (
            format!(
                "Unpacked, a table may have {} MB, and all together {} MB.",
                MAX_TABLE_BYTES / MIB,
                MAX_TOTAL_BYTES / MIB
            ),
            format!(
                "Décompressé, un tableau peut compter {} Mo, et l’ensemble {} Mo.",
                MAX_TABLE_BYTES / MIB,
                MAX_TOTAL_BYTES / MIB
            ),
        ),
        Why::Leaves => (
            "An entry of it would be written outside of its folder.".into(),
            "Une de ses entrées s’écrirait hors de son répertoire.".into(),
        ),
        Why::Twice => {
            ("It holds a table twice.".into(), "Il contient deux fois le même tableau.".into())
        }
    };
    Fault::new(
        2230,
        (
            "The zip cannot be used. Nothing was kept.",
            "Le fichier zip est inutilisable. Rien n’a été conservé.",
        ),
        (
            "Ask whoever made it for a new one, or unpack it yourself and import the folder.",
            "Demandez-en un nouveau à qui l’a produit, ou décompressez-le et importez le répertoire.",
        ),
    )
    .because(en, fr)
}

#[cfg(test)]
mod tests {
    use zip::CompressionMethod;

    use super::*;

    const SMALL: Bounds = Bounds { entries: 8, table_bytes: 1000, total_bytes: 1500 };
    const WANTED: [&str; 3] = ["services.csv", "phones.csv", "contacts.csv"];

    /// A zip of these entries in a folder of its own.
    fn zipped(entries: &[(&str, &[u8])]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("package.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
        (folder, path)
    }

    fn refused(entries: &[(&str, &[u8])]) -> String {
        let (_folder, path) = zipped(entries);
        let fault = read(&path, &WANTED, SMALL).unwrap_err();
        assert_eq!(fault.code, "ENT-2230");
        fault.why.iter().map(|it| it.en.clone()).collect()
    }

    #[test]
    fn tables_are_read_from_the_top_or_from_the_one_folder_that_holds_the_package() {
        for folder in ["", "data/", "a/b/"] {
            let name = |file: &str| format!("{folder}{file}");
            let (services, phones, other) =
                (name("services.csv"), name("phones.csv"), name("unknown.csv"));
            let entries: [(&str, &[u8]); 4] = [
                (&services, b"id\n1"),
                (&phones, b"id\n2"),
                (&other, &[7; 4000]),
                ("__MACOSX/._services.csv", b"x"),
            ];
            let (_folder, path) = zipped(&entries);
            let tables = read(&path, &WANTED, SMALL).unwrap();
            assert_eq!(tables.len(), 2, "what is not a table of the package is not even unpacked");
            assert_eq!(tables["phones.csv"], b"id\n2");
        }
    }

    #[test]
    fn a_name_that_leaves_the_package_makes_the_zip_unusable() {
        for name in ["../services.csv", "a/../../b", "/etc/x", "..", "a\\..\\b", "c:x", "a\nb"] {
            let why = refused(&[("services.csv", b"id"), (name, b"x")]);
            assert!(why.contains("outside"), "{name}: {why}");
        }
        for name in ["a", "a/b.csv", "..csv", "a..b/c", ".hidden"] {
            assert!(stays_inside(name), "{name}");
        }
    }

    #[test]
    fn a_link_in_a_zip_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("package.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        zip.add_symlink("services.csv", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        zip.finish().unwrap();
        assert_eq!(read(&path, &WANTED, SMALL).unwrap_err().code, "ENT-2230");
    }

    #[test]
    fn a_bomb_is_refused_by_what_it_says_and_by_what_comes_out_of_it() {
        let large = vec![b'0'; 1001];
        let why = refused(&[("services.csv", &large)]);
        assert!(why.contains("Unpacked"), "{why}");
        let half = vec![b'0'; 800];
        let why = refused(&[("services.csv", &half), ("phones.csv", &half)]);
        assert!(why.contains("Unpacked"), "each is small enough, both are not: {why}");

        // Both places that say how much comes out lie: 5 MB are said to be 100 bytes.
        let (_folder, path) = zipped(&[("services.csv", &vec![b'0'; 5_000_000])]);
        let mut bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() < 20_000, "{} bytes on the disk", bytes.len());
        let (said, lie) = (5_000_000_u32.to_le_bytes(), 100_u32.to_le_bytes());
        let at: Vec<_> = (0..bytes.len() - 4).filter(|at| bytes[*at..at + 4] == said).collect();
        assert_eq!(at.len(), 2);
        for at in at {
            bytes[at..at + 4].copy_from_slice(&lie);
        }
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path, &WANTED, SMALL).unwrap_err().code, "ENT-2230");
    }

    #[test]
    fn more_entries_than_a_package_has_are_not_looked_at() {
        let names: Vec<_> = (0..9).map(|n| format!("{n}.csv")).collect();
        let entries: Vec<(&str, &[u8])> = names.iter().map(|it| (it.as_str(), &b"x"[..])).collect();
        let why = refused(&entries);
        assert!(why.contains("entries"), "{why}");

        // What the end of the zip says is checked before anything else of it is believed.
        let (_folder, path) = zipped(&[("services.csv", b"id")]);
        let whole = std::fs::read(&path).unwrap();
        let end = whole.len() - 22;
        let lies: [(usize, &[u8]); 4] =
            [(8, &[9, 0]), (10, &[9, 0]), (10, &[255, 255]), (16, &[255, 255, 255, 255])];
        for (at, lie) in lies {
            let mut bytes = whole.clone();
            bytes[end + at..end + at + lie.len()].copy_from_slice(lie);
            std::fs::write(&path, bytes).unwrap();
            let fault = read(&path, &WANTED, SMALL).unwrap_err();
            assert!(fault.why[0].en.contains("entries"), "{at}: {fault:?}");
        }
    }

    #[test]
    fn two_packages_or_a_damaged_one_are_refused() {
        let why = refused(&[("a/services.csv", b"id"), ("b/services.csv", b"id")]);
        assert!(why.contains("twice"), "{why}");
        let (_folder, path) = zipped(&[("services.csv", &[b'1'; 900])]);
        let whole = std::fs::read(&path).unwrap();
        for end in [0, 4, 30, whole.len() - 1] {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert_eq!(read(&path, &WANTED, SMALL).unwrap_err().code, "ENT-2230", "{end}");
        }
        // One byte of the content is another: the checksum does not fit.
        let mut stored = ZipWriter::new(File::create(&path).unwrap());
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        stored.start_file("services.csv", options).unwrap();
        stored.write_all(b"id\n12345").unwrap();
        stored.finish().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.windows(5).position(|it| it == b"12345").unwrap();
        bytes[at] = b'9';
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path, &WANTED, SMALL).unwrap_err().code, "ENT-2230");
        assert_eq!(read(Path::new("/nowhere.zip"), &WANTED, SMALL).unwrap_err().code, "ENT-1004");
    }
}
