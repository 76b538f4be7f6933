//! `epoch …`, `sync`, `held …`, `bundle …` and `count`.

use clap::{ArgAction, Command, value_parser};

use super::words::Words;

/// `entente epoch`.
pub(super) fn epoch(words: Words) -> Command {
    let epoch = || {
        words.place(
            "epoch",
            ("EPOCH", "PÉRIODE"),
            "A quarter, for example 2026-Q3",
            "Un trimestre, par exemple 2026-Q3",
        )
    };
    words.group(
        "epoch",
        "Release summaries at the close of a quarter",
        "Communiquer les résumés à la clôture d’un trimestre",
        [
            words
                .command(
                    "preview",
                    "Show what the close would release, and what would wait",
                    "Montrer ce que la clôture communiquerait, et ce qui attendrait",
                )
                .args([epoch(), words.only_partner()]),
            words
                .command(
                    "close",
                    "Close an epoch: decide, sign and queue its summaries",
                    "Clôturer une période\u{a0}: décider, signer et préparer ses résumés",
                )
                .args([epoch(), words.only_partner()]),
            words.command("list", "List the epochs", "Lister les périodes"),
        ],
    )
}

/// `entente sync`.
pub(super) fn sync(words: Words) -> Command {
    words
        .command(
            "sync",
            "Ask partners for news now",
            "Demander les mises à jour aux partenaires maintenant",
        )
        .arg(words.partner().required(false))
}

/// `entente held`.
pub(super) fn held(words: Words) -> Command {
    words.group(
        "held",
        "Summaries that partners have given us",
        "Résumés que les partenaires nous ont communiqués",
        [
            words.command("list", "List summaries held", "Lister les résumés détenus").args([
                words.only_partner(),
                words.filter(),
                words.limit(),
                words.after(),
            ]),
            words
                .command(
                    "show",
                    "Show a summary, where it came from, and its proof",
                    "Montrer un résumé, sa provenance et sa preuve",
                )
                .arg(words.place(
                    "summary",
                    ("SUMMARY", "RÉSUMÉ"),
                    "The beginning of its id",
                    "Le début de son identifiant",
                )),
        ],
    )
}

/// `entente bundle`.
pub(super) fn bundle(words: Words) -> Command {
    words.group(
        "bundle",
        "Exchange by file, where there is no network",
        "Échanger par fichier, là où il n’y a pas de réseau",
        [
            words
                .command(
                    "export",
                    "Write what a partner has not read yet into a file",
                    "Écrire dans un fichier ce qu’un partenaire n’a pas encore lu",
                )
                .args([words.partner(), words.file("The file to write", "Le fichier à écrire")])
                .arg(
                    words
                        .option(
                            "from",
                            ("N", "N"),
                            "From this entry [where they stopped]",
                            "Depuis cette entrée [là où il s’est arrêté]",
                        )
                        .value_parser(value_parser!(u64)),
                ),
            words
                .command(
                    "import",
                    "Read such a file, as if it had come over the network",
                    "Lire un tel fichier, comme s’il venait du réseau",
                )
                .arg(words.file("The file", "Le fichier")),
        ],
    )
}

/// `entente count`.
pub(super) fn count(words: Words) -> Command {
    let several = |arg: clap::Arg| arg.action(ArgAction::Append).value_delimiter(',');
    words
        .command(
            "count",
            "Count cases: with partners, or our own with --own",
            "Dénombrer\u{a0}: avec les partenaires, ou chez nous avec --own",
        )
        .arg(several(words.option(
            "by",
            ("DIMENSION", "DIMENSION"),
            "Dimensions separated by , (province, quarter, exploitation, gender, age, majority)",
            "Dimensions séparées par , (province, quarter, exploitation, gender, age, majority)",
        )))
        .arg(words.filter())
        .arg(words.periods())
        .arg(several(words.only_partner()))
        .arg(
            words
                .flag(
                    "own",
                    "Our own records only, exactly",
                    "Nos propres dossiers seulement, exactement",
                )
                .conflicts_with("partner"),
        )
        .after_help(words.pick(
            "entente count --by province,quarter --where exploitation=forced_labour\n\
             entente count --own --by gender,majority --period 2026-Q3",
            "entente count --by province,quarter --where exploitation=forced_labour\n\
             entente count --own --by gender,majority --period 2026-Q3",
        ))
}
