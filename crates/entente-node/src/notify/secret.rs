//! Files that the settings name: passwords, secrets, certificates of authorities.

use std::path::Path;

use zeroize::Zeroizing;

use crate::fault::{Both, Fault};
use crate::named;
use crate::node::Outcome;
use crate::setup::Home;

/// The first line of a file that nobody else may read: `ENT-2500` if it cannot be used.
pub(super) fn first_line(path: &Path, home: &Home) -> Outcome<Zeroizing<String>> {
    named::first_line(path, home).map_err(no_secret)
}

/// A file of certificates in PEM; `None` if the settings name none.
pub(super) fn certificates(path: &Path, home: &Home) -> Outcome<Option<Vec<u8>>> {
    named::certificates(path, home).map_err(no_certificates)
}

/// A secret that is no secret of its kind: `ENT-2500`.
pub(super) fn no_secret(why: Both) -> Box<Fault> {
    Fault::new(
        2500,
        (
            "A file with a secret for notifications cannot be used.",
            "Un fichier de secret pour les avis est inutilisable.",
        ),
        (
            "Write the secret on its first line and close it to others: `chmod 600 FILE`.",
            "Inscrivez le secret à la première ligne et fermez le fichier aux autres\u{a0}: `chmod 600 FICHIER`.",
        ),
    )
    .because(why.en, why.fr)
}

/// Certificates of authorities that cannot be used: `ENT-2501`.
pub(super) fn no_certificates(why: Both) -> Box<Fault> {
    Fault::new(
        2501,
        (
            "The certificates that servers for notifications are checked with cannot be used.",
            "Les certificats qui servent à vérifier les serveurs d’avis sont inutilisables.",
        ),
        (
            "Name a file in PEM with `ca_file`, or install those of the system: `apt-get install ca-certificates`.",
            "Indiquez un fichier PEM avec `ca_file`, ou installez ceux du système\u{a0}: `apt-get install ca-certificates`.",
        ),
    )
    .because(why.en, why.fr)
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
