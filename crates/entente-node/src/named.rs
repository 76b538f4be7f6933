//! Files that the settings name: secrets, and certificates of authorities.
//!
//! What is wrong with one is a text; whoever needs the file makes a fault of it.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::fault::Both;
use crate::setup::{Home, io_reason};

/// The longest secret, and the longest file of certificates.
const MAX_SECRET: u64 = 4 * 1024;
const MAX_CERTIFICATES: u64 = 256 * 1024;

/// The first line of a file that nobody else may read.
pub(crate) fn first_line(path: &Path, home: &Home) -> Result<Zeroizing<String>, Both> {
    let path = beside(path, home);
    let about = |en: &str, fr: &str| about(&path, en, fr);
    let read = || {
        let file = fs::File::open(&path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Ok(None);
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_SECRET).read_to_string(&mut text)?;
        Ok::<_, io::Error>(Some(text))
    };
    match read() {
        Ok(Some(text)) => {
            let line = text.lines().next().unwrap_or_default().trim();
            if line.is_empty() {
                return Err(about("it is empty", "il est vide"));
            }
            Ok(Zeroizing::new(line.to_owned()))
        }
        Ok(None) => Err(about("other accounts may read it", "d’autres comptes peuvent le lire")),
        Err(error) => {
            let (en, fr) = io_reason(error.kind());
            Err(about(&en, &fr))
        }
    }
}

/// A file of certificates in PEM; `None` if the settings name none.
pub(crate) fn certificates(path: &Path, home: &Home) -> Result<Option<Vec<u8>>, Both> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let path = beside(path, home);
    let mut pem = Vec::new();
    let read =
        fs::File::open(&path).and_then(|file| file.take(MAX_CERTIFICATES).read_to_end(&mut pem));
    match read {
        Ok(_) => Ok(Some(pem)),
        Err(error) => {
            let (en, fr) = io_reason(error.kind());
            Err(about(&path, &en, &fr))
        }
    }
}

/// The authorities that a server of the web is checked with: those of `ca_file`, or of this machine. In
/// the way: what has none.
pub(crate) fn authorities(ca_file: &Path, home: &Home) -> Result<RootCertStore, Both> {
    let mut roots = RootCertStore::empty();
    let of = match certificates(ca_file, home)? {
        Some(pem) => {
            let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
            roots.add_parsable_certificates(certificates);
            ca_file.display().to_string()
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            "/etc/ssl/certs".to_owned()
        }
    };
    if roots.is_empty() { Err(Both::new(&of, &of)) } else { Ok(roots) }
}

/// A path as the settings mean it: from the node's folder, unless it is whole.
pub(crate) fn beside(path: &Path, home: &Home) -> PathBuf {
    home.path().join(path)
}

/// What is wrong with a file.
pub(crate) fn about(path: &Path, en: &str, fr: &str) -> Both {
    Both::new(format!("{}: {en}", path.display()), format!("{}\u{a0}: {fr}", path.display()))
}
