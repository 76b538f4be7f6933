//! `stats overlap …`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use super::words::Words;

fn round(words: Words) -> Arg {
    words.place(
        "round",
        ("ROUND", "RECOUPEMENT"),
        "A round: the beginning of its id, or its period",
        "Un recoupement\u{a0}: le début de son identifiant, ou sa période",
    )
}

fn out(words: Words, en: &'static str, fr: &'static str) -> Arg {
    words.option("out", ("FILE", "FICHIER"), en, fr).value_parser(value_parser!(PathBuf))
}

fn several(arg: Arg) -> Arg {
    arg.action(ArgAction::Append).value_delimiter(',')
}

/// `entente stats overlap`.
pub(super) fn overlap(words: Words) -> Command {
    words.group(
        "overlap",
        "Once a year: how lists overlap, without anybody comparing names",
        "Une fois l’an\u{a0}: le recoupement des listes, sans que personne compare de noms",
        [
            draft(words),
            words
                .command(
                    "sign",
                    "See what a round does and costs, then sign it",
                    "Voir ce que fait et coûte un recoupement, puis le signer",
                )
                .arg(words.place(
                    "round",
                    ("ROUND", "RECOUPEMENT"),
                    "The file of a draft, or a round that a partner sent: its id or period",
                    "Le fichier d’une ébauche, ou un recoupement reçu\u{a0}: son identifiant ou sa période",
                ))
                .arg(words.dry_run()),
            words.command(
                "list",
                "List rounds, who has signed them, and where they stand",
                "Lister les recoupements, qui les a signés, et où ils en sont",
            ),
            words
                .command(
                    "run",
                    "Run a round as its coordinator, as far as it goes now",
                    "Mener un recoupement en tant que coordonnateur, aussi loin que possible",
                )
                .arg(round(words))
                .arg(several(words.option(
                    "without",
                    ("ORG", "ORGANISME"),
                    "Go on without these contributors, separated by ,: they cannot join later",
                    "Poursuivre sans ces contributeurs, séparés par ,\u{a0}: ils ne pourront plus s’y joindre",
                ))),
            words
                .command(
                    "show",
                    "Show where a round stands and what was counted",
                    "Montrer où en est un recoupement et ce qui a été compté",
                )
                .arg(round(words))
                .arg(out(
                    words,
                    "Write the overlap table for `entente stats mse` into this file",
                    "Écrire dans ce fichier le tableau pour «\u{a0}entente stats mse\u{a0}»",
                ))
                .arg(
                    words
                        .option(
                            "signed",
                            ("FILE", "FICHIER"),
                            "Write the signed result into this file, for `entente verify`",
                            "Écrire dans ce fichier le résultat signé, pour «\u{a0}entente verify\u{a0}»",
                        )
                        .value_parser(value_parser!(PathBuf)),
                ),
            words
                .command(
                    "end",
                    "Give a round up and destroy its keys",
                    "Abandonner un recoupement et détruire ses clés",
                )
                .arg(round(words)),
        ],
    )
}

fn draft(words: Words) -> Command {
    words
        .command(
            "draft",
            "Write the terms of a round that we coordinate",
            "Rédiger les conditions d’un recoupement que nous coordonnons",
        )
        .arg(words.place(
            "period",
            ("PERIOD", "PÉRIODE"),
            "A year or a quarter: 2025 or 2025-Q3",
            "Une année ou un trimestre\u{a0}: 2025 ou 2025-Q3",
        ))
        .arg(
            several(words.option(
                "helpers",
                ("ORG", "ORGANISME"),
                "The two partners who mix, in this order, separated by ,",
                "Les deux partenaires qui mélangent, dans cet ordre, séparés par ,",
            ))
            .required(true),
        )
        .arg(
            several(words.option(
                "contributes",
                ("ORG", "ORGANISME"),
                "Who contributes, as ORG or ORG=LIST, separated by , [list: its kind]",
                "Qui contribue, ORGANISME ou ORGANISME=LISTE, séparés par , [liste\u{a0}: son type d’organisme]",
            ))
            .required(true),
        )
        .arg(
            words
                .option(
                    "epsilon",
                    ("N", "N"),
                    "Noise, in thousandths of epsilon, 100 to 2000 [500]",
                    "Bruit, en millièmes d’epsilon, de 100 à 2000 [500]",
                )
                .value_parser(value_parser!(u32).range(100..=2000)),
        )
        .arg(
            words
                .option(
                    "per-list",
                    ("N", "N"),
                    "How many organizations of one list may know a person [2]",
                    "De combien d’organismes d’une liste une personne peut être connue [2]",
                )
                .value_parser(value_parser!(u8).range(1..=14)),
        )
        .arg(
            words
                .option(
                    "size",
                    ("N", "N"),
                    "Entries of every contribution, padding included [200]",
                    "Entrées de chaque contribution, remplissage compris [200]",
                )
                .value_parser(value_parser!(u32)),
        )
        .arg(
            words
                .option(
                    "earlier-rounds",
                    ("N", "N"),
                    "Rounds that were run before on the same persons [0]",
                    "Recoupements déjà faits sur les mêmes personnes [0]",
                )
                .value_parser(value_parser!(u32)),
        )
        .arg(
            words
                .flag(
                    "propose",
                    "Send it to everybody who has a part in it; sign nothing",
                    "L’envoyer à tous ceux qui y ont un rôle; ne rien signer",
                )
                .conflicts_with("out"),
        )
        .arg(out(
            words,
            "Write the draft into this file [shown]",
            "Écrire l’ébauche dans ce fichier [montrée]",
        ))
}
