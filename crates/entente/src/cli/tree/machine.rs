//! `node …`, `status`, `doctor`, `audit …`, `backup …`, `store …`, `demo`, `codes`, `completion`,
//! `man`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Arg, Command, value_parser};
use clap_complete::Shell;

use super::words::Words;

const ENGINES: &[&str] = &["sled", "redb"];

fn engine(words: Words) -> Arg {
    words.choice(
        "engine",
        ("ENGINE", "MOTEUR"),
        ENGINES,
        "The storage engine",
        "Le moteur de stockage",
    )
}

fn passphrase_file(words: Words) -> Arg {
    path(
        words,
        "passphrase-file",
        "Read the passphrase from the first line of this file [asked]",
        "Lire la phrase de passe à la première ligne de ce fichier [demandée]",
    )
}

fn path(words: Words, id: &'static str, en: &'static str, fr: &'static str) -> Arg {
    words.option(id, ("FILE", "FICHIER"), en, fr).value_parser(value_parser!(PathBuf))
}

fn folder(words: Words, id: &'static str, en: &'static str, fr: &'static str) -> Arg {
    words.option(id, ("FOLDER", "RÉPERTOIRE"), en, fr).value_parser(value_parser!(PathBuf))
}

/// `entente node`.
pub(super) fn node(words: Words) -> Command {
    words.group(
        "node",
        "Make, run and stop this organization’s node",
        "Créer, exécuter et arrêter le nœud de l’organisme",
        [
            init(words),
            words
                .command(
                    "run",
                    "Run the node until it is stopped",
                    "Exécuter le nœud jusqu’à l’arrêt",
                )
                .arg(passphrase_file(words)),
            words.command(
                "stop",
                "Stop the node after what is under way",
                "Arrêter le nœud après le travail en cours",
            ),
            words
                .command(
                    "renew",
                    "Renew the certificate now, even if it has expired",
                    "Renouveler le certificat maintenant, même expiré",
                )
                .arg(passphrase_file(words)),
            words
                .command(
                    "passphrase",
                    "Change the passphrase that seals the keys",
                    "Changer la phrase de passe qui scelle les clés",
                )
                .arg(path(
                    words,
                    "old-file",
                    "Read the old one from this file [asked]",
                    "Lire l’ancienne de ce fichier [demandée]",
                ))
                .arg(path(
                    words,
                    "new-file",
                    "Read the new one from this file [asked]",
                    "Lire la nouvelle de ce fichier [demandée]",
                )),
        ],
    )
}

fn init(words: Words) -> Command {
    words
        .command(
            "init",
            "Make a node: keys, folder, configuration",
            "Créer un nœud\u{a0}: clés, répertoire, configuration",
        )
        .args(organization(words))
        .args([engine(words), passphrase_file(words)])
}

/// Who an organization is and where it is reached: for a new node, and for one from a backup.
fn organization(words: Words) -> Vec<Arg> {
    let name = ("NAME", "NOM");
    let address = ("HOST:PORT", "HÔTE:PORT");
    vec![
        words.option(
            "name-en",
            name,
            "The organization’s name in English [asked]",
            "Le nom de l’organisme en anglais [demandé]",
        ),
        words.option(
            "name-fr",
            name,
            "The organization’s name in French [asked]",
            "Le nom de l’organisme en français [demandé]",
        ),
        words
            .option(
                "kind",
                ("CODE", "CODE"),
                "Its kind: a code of org_type [asked]",
                "Son type d’organisme\u{a0}: un code de org_type [demandé]",
            )
            .alias("type"),
        words
            .option(
                "listen",
                address,
                "Where partners reach it [0.0.0.0:7443]",
                "Où les partenaires le joignent [0.0.0.0:7443]",
            )
            .value_parser(value_parser!(SocketAddr)),
        words.option(
            "address",
            address,
            "The address that invitations tell partners [the same]",
            "L’adresse donnée aux partenaires dans les invitations [la même]",
        ),
    ]
}

/// `entente status`.
pub(super) fn status(words: Words) -> Command {
    words.command(
        "status",
        "Who we are, our partners, and whether all is well",
        "Qui nous sommes, nos partenaires, et si tout va bien",
    )
}

/// `entente doctor`.
pub(super) fn doctor(words: Words) -> Command {
    words.command(
        "doctor",
        "Check clock, certificate, disk, backups and partners; name the fix",
        "Vérifier horloge, certificat, disque, sauvegardes, partenaires; indiquer le correctif",
    )
}

/// `entente audit`.
pub(super) fn audit(words: Words) -> Command {
    words.group(
        "audit",
        "What was done, by whom, and who was told what",
        "Ce qui a été fait, par qui, et ce qui a été communiqué à qui",
        [
            words
                .command(
                    "list",
                    "List entries, the newest first",
                    "Lister les entrées, les plus récentes d’abord",
                )
                .arg(words.option(
                    "action",
                    ("ACTION", "ACTION"),
                    "Only this action, for example summary_released",
                    "Seulement cette action, par exemple summary_released",
                ))
                .arg(words.option(
                    "except",
                    ("ACTION", "ACTION"),
                    "Not this action, for example audit_read",
                    "Sans cette action, par exemple audit_read",
                ))
                .arg(words.option(
                    "record",
                    ("RECORD", "DOSSIER"),
                    "Only about this record",
                    "Seulement sur ce dossier",
                ))
                .args(narrowed(words))
                .args([words.only_partner(), words.limit()])
                .arg(
                    words
                        .option("before", ("N", "N"), "Older than this entry", "Avant cette entrée")
                        .value_parser(value_parser!(u64)),
                ),
            words
                .command(
                    "show",
                    "Show one entry in full: its bytes, its hash, its witnesses",
                    "Montrer une entrée en entier\u{a0}: octets, empreinte, témoins",
                )
                .arg(
                    words
                        .place(
                            "entry",
                            ("N", "N"),
                            "The number of the entry",
                            "Le numéro de l’entrée",
                        )
                        .value_parser(value_parser!(u64)),
                ),
            words.command(
                "verify",
                "Check that nothing was changed or removed",
                "Vérifier que rien n’a été changé ni enlevé",
            ),
            words
                .command(
                    "disclosures",
                    "A plain page for a person: who was told what about them",
                    "Une page claire pour la personne\u{a0}: ce qui a été communiqué à qui",
                )
                .arg(words.record()),
            words
                .command(
                    "export",
                    "Write the log and its proofs into a file",
                    "Écrire le journal et ses preuves dans un fichier",
                )
                .arg(words.file("The file to write", "Le fichier à écrire")),
        ],
    )
}

/// What else a list of entries is narrowed to.
fn narrowed(words: Words) -> [Arg; 4] {
    let day = ("DATE", "DATE");
    [
        words.option(
            "agreement",
            ("AGREEMENT", "ENTENTE"),
            "Only about this agreement",
            "Seulement sur cette entente",
        ),
        words.option(
            "by",
            ("NAME", "NOM"),
            "Only what this account did; node for the node itself",
            "Seulement ce que ce compte a fait; node pour le nœud",
        ),
        words.option("from", day, "From this day on (UTC)", "À partir de ce jour (UTC)"),
        words.option("until", day, "Up to this day (UTC)", "Jusqu’à ce jour inclus (UTC)"),
    ]
}

/// `entente backup`.
pub(super) fn backup(words: Words) -> Command {
    words.group(
        "backup",
        "Encrypted backups: create, verify, restore",
        "Sauvegardes chiffrées\u{a0}: créer, vérifier, restaurer",
        [
            words
                .command(
                    "create",
                    "Write a backup while the node runs",
                    "Écrire une sauvegarde pendant que le nœud fonctionne",
                )
                .arg(folder(
                    words,
                    "folder",
                    "Into this folder [the configured one]",
                    "Dans ce répertoire [celui de la configuration]",
                )),
            words.command("list", "List the backups", "Lister les sauvegardes"),
            words
                .command(
                    "drill",
                    "Restore a backup beside the node, open it, and remove it again",
                    "Restaurer une sauvegarde à côté du nœud, l’ouvrir, puis la supprimer",
                )
                .arg(
                    words
                        .file(
                            "A backup of the list [the newest]",
                            "Une sauvegarde de la liste [la plus récente]",
                        )
                        .required(false),
                )
                .arg(passphrase_file(words)),
            words
                .command(
                    "verify",
                    "Read a backup from start to end",
                    "Lire une sauvegarde du début à la fin",
                )
                .args([words.file("The backup", "La sauvegarde"), passphrase_file(words)]),
            words
                .command(
                    "restore",
                    "Make a node from a backup, in an empty folder",
                    "Refaire un nœud d’une sauvegarde, dans un répertoire vide",
                )
                .args([
                    words.file("The backup", "La sauvegarde"),
                    engine(words),
                    passphrase_file(words),
                ])
                .arg(path(
                    words,
                    "config",
                    "The entente.toml of the lost node; else its names are asked for",
                    "Le fichier entente.toml du nœud perdu; sinon ses noms sont demandés",
                ))
                .args(organization(words)),
        ],
    )
}

/// `entente store`.
pub(super) fn store(words: Words) -> Command {
    words.group(
        "store",
        "Where everything is kept",
        "Là où tout est conservé",
        [
            words.command("size", "Show what takes the room", "Montrer ce qui prend la place"),
            words
                .command(
                    "migrate",
                    "Move to another engine, while the node is stopped",
                    "Passer à un autre moteur, le nœud étant arrêté",
                )
                .arg(
                    words
                        .choice(
                            "to",
                            ("ENGINE", "MOTEUR"),
                            ENGINES,
                            "The new engine",
                            "Le nouveau moteur",
                        )
                        .required(true),
                )
                .arg(passphrase_file(words)),
            words
                .command(
                    "rekey",
                    "Seal everything under new keys, while the node is stopped",
                    "Tout sceller sous de nouvelles clés, le nœud étant arrêté",
                )
                .arg(passphrase_file(words)),
        ],
    )
}

/// `entente demo`.
pub(super) fn demo(words: Words) -> Command {
    words
        .command(
            "demo",
            "Watch seven fictional organizations share cases, in a minute",
            "Voir sept organismes fictifs se communiquer des dossiers, en une minute",
        )
        .arg(words.flag(
            "keep",
            "Go on with the seven consoles open, until Ctrl-C",
            "Continuer avec les sept consoles ouvertes, jusqu’à Ctrl-C",
        ))
        .arg(
            words
                .option(
                    "seed",
                    ("N", "N"),
                    "The same seed makes the same cases [1]",
                    "La même graine donne les mêmes dossiers [1]",
                )
                .value_parser(value_parser!(u64)),
        )
        .arg(
            words
                .option(
                    "records",
                    ("N", "N"),
                    "How many cases to make up",
                    "Combien de dossiers inventer",
                )
                .value_parser(value_parser!(u32).range(7..=1_000_000)),
        )
        .arg(path(words, "import", "Use a real file instead", "Utiliser plutôt un fichier réel"))
        .arg(
            words
                .option(
                    "layout",
                    ("LAYOUT", "DISPOSITION"),
                    "The layout of that file",
                    "La disposition de ce fichier",
                )
                .requires("import"),
        )
        .arg(engine(words))
}

/// `entente codes`.
pub(super) fn codes(words: Words) -> Command {
    words
        .command(
            "codes",
            "Show the code lists, or one of them",
            "Montrer les listes de codes, ou l’une d’elles",
        )
        .arg(
            words
                .place(
                    "list",
                    ("LIST", "LISTE"),
                    "For example exploitation",
                    "Par exemple exploitation",
                )
                .required(false),
        )
}

/// `entente completion`.
pub(super) fn completion(words: Words) -> Command {
    words
        .command(
            "completion",
            "Print the completion of commands for a shell",
            "Afficher le complètement des commandes pour un interpréteur",
        )
        .arg(
            words
                .place(
                    "shell",
                    ("SHELL", "INTERPRÉTEUR"),
                    "bash, elvish, fish, powershell, zsh",
                    "bash, elvish, fish, powershell, zsh",
                )
                .hide_possible_values(true)
                .value_parser(value_parser!(Shell)),
        )
        .after_help("entente completion bash > ~/.local/share/bash-completion/completions/entente")
}

/// `entente man`.
pub(super) fn man(words: Words) -> Command {
    words
        .command(
            "man",
            "Write the manual pages into a folder",
            "Écrire les pages de manuel dans un répertoire",
        )
        .arg(
            words
                .place(
                    "folder",
                    ("FOLDER", "RÉPERTOIRE"),
                    "The folder; made if absent",
                    "Le répertoire; créé au besoin",
                )
                .value_parser(value_parser!(PathBuf)),
        )
}
