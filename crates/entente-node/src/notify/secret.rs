//! Files that the settings name: passwords, secrets, certificates of authorities.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::node::Outcome;
use crate::setup::{Home, io_reason};

/// The longest secret, and the longest file of certificates.
const MAX_SECRET: u64 = 4 * 1024;
const MAX_CERTIFICATES: u64 = 256 * 1024;

/// The first line of a file that nobody else may read: `ENT-2500` if it cannot be used.
pub(super) fn first_line(path: &Path, home: &Home) -> Outcome<Zeroizing<String>> {
    let path = beside(path, home);
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
                return Err(no_secret(&path, ("it is empty", "il est vide")));
            }
            Ok(Zeroizing::new(line.to_owned()))
        }
        Ok(None) => Err(no_secret(
            &path,
            ("other accounts may read it", "d’autres comptes peuvent le lire"),
        )),
        Err(error) => {
            let (en, fr) = io_reason(error.kind());
            Err(no_secret(&path, (&en, &fr)))
        }
    }
}

/// A file of certificates in PEM; `None` if the settings name none.
pub(super) fn certificates(path: &Path, home: &Home) -> Outcome<Option<Vec<u8>>> {
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
            Err(no_certificates(&path.display().to_string()).because(en, fr))
        }
    }
}

/// A path as the settings mean it: from the node's folder, unless it is whole.
fn beside(path: &Path, home: &Home) -> PathBuf {
    home.path().join(path)
}

/// A secret that is no secret of its kind: `ENT-2500`.
pub(super) fn no_secret(path: &Path, (en, fr): (&str, &str)) -> Box<Fault> {
    Fault::new(
        2500,
        (
            "A file with a secret for notifications cannot be used.",
            "Un fichier de secret pour les avis est inutilisable.",
        ),
        (
            "Write the secret on its first line and close it to others: `chmod 600 FILE`.",
            "Inscrivez le secret à la première ligne et fermez le fichier aux autres : `chmod 600 FICHIER`.",
        ),
    )
    .because(format!("{}: {en}", path.display()), format!("{} : {fr}", path.display()))
}

/// Certificates of authorities that cannot be used: `ENT-2501`.
pub(super) fn no_certificates(of: &str) -> Box<Fault> {
    Fault::new(
        2501,
        (
            "The certificates that servers for notifications are checked with cannot be used.",
            "Les certificats qui servent à vérifier les serveurs d’avis sont inutilisables.",
        ),
        (
            "Name a file in PEM with `ca_file`, or install those of the system: `apt-get install ca-certificates`.",
            "Indiquez un fichier PEM avec `ca_file`, ou installez ceux du système : `apt-get install ca-certificates`.",
        ),
    )
    .because(of, of)
}

/// Somebody who would never be told anything: `ENT-2502`.
pub(super) fn no_roles(account: &str) -> Box<Fault> {
    Fault::new(
        2502,
        (
            "Somebody who is to be notified has no role here.",
            "Une personne à aviser n’a aucun rôle ici.",
        ),
        (
            "Give the account a role under [staff] in `entente.toml`, or name `roles` in its place.",
            "Donnez un rôle au compte sous [staff] dans `entente.toml`, ou indiquez plutôt `roles`.",
        ),
    )
    .because(account, account)
}
