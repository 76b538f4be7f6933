//! `opener …`, and the two commands of a referral that have to do with contact details.

use std::path::PathBuf;

use clap::{Arg, Command, value_parser};

use super::words::Words;

fn name(words: Words, en: &'static str, fr: &'static str) -> Arg {
    words.place("name", ("NAME", "NOM"), en, fr)
}

fn passphrase_file(words: Words) -> Arg {
    words
        .option(
            "passphrase-file",
            ("FILE", "FICHIER"),
            "Read the passphrase from the first line of this file [asked]",
            "Lire la phrase de passe sur la première ligne de ce fichier [demandée]",
        )
        .value_parser(value_parser!(PathBuf))
}

/// `entente opener`.
pub(super) fn opener(words: Words) -> Command {
    words.group(
        "opener",
        "Who may open the contact details that are handed over to us",
        "Qui peut ouvrir les coordonnées qui nous sont transmises",
        [
            words
                .command(
                    "add",
                    "Let a person open hand-overs, under a passphrase of their own",
                    "Permettre à une personne d’ouvrir des transmissions, avec sa propre phrase de passe",
                )
                .arg(
                    name(
                        words,
                        "What the person is called [the name of the account]",
                        "Comment s’appelle la personne [le nom du compte]",
                    )
                    .required(false),
                )
                .arg(passphrase_file(words)),
            words.command(
                "list",
                "List openers, and the keys they open with",
                "Lister les dépositaires et les clés qu’ils peuvent utiliser",
            ),
            words
                .command(
                    "remove",
                    "Take the right to open from a person, and make a new key",
                    "Retirer à une personne le droit d’ouvrir, et créer une nouvelle clé",
                )
                .arg(name(words, "Who", "Qui"))
                .arg(words.dry_run()),
            words.command(
                "rotate",
                "Make a new key; the old one opens for 30 more days",
                "Créer une nouvelle clé; l’ancienne ouvre encore 30 jours",
            ),
        ],
    )
}

fn referral(words: Words) -> Arg {
    words.place(
        "referral",
        ("REFERRAL", "AIGUILLAGE"),
        "A referral: the beginning of its name, and if others have the same, whose: NAME@ORGANIZATION",
        "Un aiguillage\u{a0}: le début de son nom et, si d’autres ont le même, l’organisme\u{a0}: NOM@ORGANISME",
    )
}

/// `entente referral handover`.
pub(super) fn handover(words: Words) -> Command {
    words
        .command(
            "handover",
            "Seal contact details to whoever has accepted a referral",
            "Sceller des coordonnées pour l’organisme qui a accepté un aiguillage",
        )
        .arg(referral(words))
        .arg(details(words))
}

/// Where the contact details are read.
pub(super) fn details(words: Words) -> Arg {
    words
        .option(
            "from",
            ("FILE", "FICHIER"),
            "Read the contact details from this TOML file; - for standard input [asked]",
            "Lire les coordonnées dans ce fichier TOML; - pour l’entrée standard [demandées]",
        )
        .value_parser(value_parser!(PathBuf))
}

/// `entente referral open`.
pub(super) fn open(words: Words) -> Command {
    words
        .command(
            "open",
            "Open the contact details of a referral that we have, and read them",
            "Ouvrir et lire les coordonnées d’un aiguillage qui nous revient",
        )
        .arg(referral(words))
        .arg(words.option(
            "as",
            ("NAME", "NOM"),
            "As this opener [the name of the account]",
            "En tant que ce dépositaire [le nom du compte]",
        ))
        .arg(passphrase_file(words))
}
