//! `plan …`, `stats …`, `budget` and `verify`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};
use entente_core::statistics::mse::{MAX_REPLICATIONS, MIN_REPLICATIONS};

use super::words::Words;

/// How the figures of a return are written.
const FORMATS: &[&str] = &["json", "csv", "sdmx"];

fn plan_name(words: Words) -> Arg {
    words.place(
        "plan",
        ("PLAN", "PLAN"),
        "A plan: its name, name@version, or the beginning of its id",
        "Un plan\u{a0}: son nom, nom@version, ou le début de son identifiant",
    )
}

fn return_name(words: Words) -> Arg {
    words.place(
        "return",
        ("RETURN", "RAPPORT"),
        "A return: the beginning of its name, as `entente stats returns` shows it",
        "Un rapport\u{a0}: le début de son nom, tel que le montre `entente stats returns`",
    )
}

fn out(words: Words, en: &'static str, fr: &'static str) -> Arg {
    words.option("out", ("FILE", "FICHIER"), en, fr).value_parser(value_parser!(PathBuf))
}

fn several(arg: Arg) -> Arg {
    arg.action(ArgAction::Append).value_delimiter(',')
}

/// `entente plan`.
pub(super) fn plan(words: Words) -> Command {
    words.group(
        "plan",
        "Release plans: what may be published, and at what price",
        "Plans de diffusion\u{a0}: ce qui peut être publié, et à quel prix",
        [
            words
                .command(
                    "draft",
                    "Write the plan for Canada with who asks and who contributes",
                    "Rédiger le plan pour le Canada avec qui demande et qui contribue",
                )
                .arg(several(words.option(
                    "asks",
                    ("ORG", "ORGANISME"),
                    "Who may ask, separated by , [us]",
                    "Qui peut demander, séparés par , [us\u{a0}: nous]",
                )))
                .arg(several(words.option(
                    "contributes",
                    ("ORG", "ORGANISME"),
                    "Whose cases are counted, separated by , [all active partners]",
                    "Dont les dossiers sont comptés, séparés par , [tous les partenaires actifs]",
                )))
                .arg(several(words.option(
                    "adds-up",
                    ("LEADER,HELPER", "PRINCIPAL,ADJOINT"),
                    "Who adds up in secret, so that the error of a sum is smaller [nobody]",
                    "Qui additionne de façon chiffrée, pour une erreur moindre de la somme [personne]",
                )))
                .arg(words.option(
                    "template",
                    ("PLAN", "PLAN"),
                    "Start from a plan that we have [the plan for Canada]",
                    "Partir d’un plan que nous avons [le plan pour le Canada]",
                ))
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
                )),
            words
                .command(
                    "sign",
                    "See what a plan promises and costs, then sign it",
                    "Voir ce qu’un plan promet et coûte, puis le signer",
                )
                .arg(words.place(
                    "plan",
                    ("PLAN", "PLAN"),
                    "The file of a draft, or a plan that a partner sent: its name or id",
                    "Le fichier d’une ébauche, ou un plan reçu\u{a0}: son nom ou identifiant",
                ))
                .arg(words.dry_run()),
            words
                .command("show", "Show a plan in plain words", "Montrer un plan en mots simples")
                .arg(plan_name(words)),
            words.command(
                "list",
                "List plans, and who has signed them",
                "Lister les plans, et qui les a signés",
            ),
        ],
    )
}

/// `entente stats`.
pub(super) fn stats(words: Words) -> Command {
    let cube = || {
        words.option(
            "cube",
            ("CUBE", "CUBE"),
            "Only this table of the plan",
            "Seulement ce tableau du plan",
        )
    };
    words.group(
        "stats",
        "Private statistics: figures that say nothing about one person",
        "Statistiques privées\u{a0}: des chiffres qui ne disent rien d’une personne",
        [
            words
                .command(
                    "run",
                    "Ask every contributor of a plan for the figures that are due",
                    "Demander à chaque contributeur d’un plan les chiffres à produire",
                )
                .args([plan_name(words), words.periods(), cube()])
                .arg(words.flag(
                    "close",
                    "Add up now, for ever without those who have not answered",
                    "Additionner maintenant, définitivement sans ceux qui n’ont pas répondu",
                ))
                .arg(words.flag(
                    "give-up",
                    "Give up, for ever, sums whose other aggregator cannot be reached",
                    "Abandonner définitivement les sommes dont l’autre calculateur est injoignable",
                )),
            words
                .command(
                    "status",
                    "Show which figures are due, and who has answered",
                    "Montrer quels chiffres sont à produire, et qui a répondu",
                )
                .arg(plan_name(words).required(false)),
            words
                .command(
                    "show",
                    "Show the figures we hold; nobody is asked",
                    "Montrer les chiffres détenus; personne n’est interrogé",
                )
                .args([plan_name(words), words.periods(), cube()]),
            words
                .command(
                    "return",
                    "Write the figures of a period with all their proofs into a file",
                    "Écrire dans un fichier les chiffres d’une période avec leurs preuves",
                )
                .arg(plan_name(words))
                .arg(words.place(
                    "period",
                    ("PERIOD", "PÉRIODE"),
                    "A year or a quarter: 2025 or 2025-Q3",
                    "Une année ou un trimestre\u{a0}: 2025 ou 2025-Q3",
                ))
                .arg(out(words, "The file to write", "Le fichier à écrire").required(true)),
            words
                .command(
                    "returns",
                    "List the returns that are kept here, and which are published",
                    "Lister les rapports conservés ici, et lesquels sont publiés",
                )
                .arg(plan_name(words).required(false)),
            words
                .command(
                    "verdict",
                    "Check a return that is kept here, and show its figures",
                    "Vérifier un rapport conservé ici, et montrer ses chiffres",
                )
                .arg(return_name(words)),
            words
                .command(
                    "publish",
                    "Let everybody see a return on the public site",
                    "Publier un rapport sur le site public",
                )
                .arg(return_name(words)),
            words
                .command(
                    "unpublish",
                    "Take a return off the public site",
                    "Retirer un rapport du site public",
                )
                .arg(return_name(words)),
            super::overlap::overlap(words),
            mse(words),
        ],
    )
}

fn mse(words: Words) -> Command {
    let replications = i64::from(MIN_REPLICATIONS)..=i64::from(MAX_REPLICATIONS);
    words
        .command(
            "mse",
            "Estimate how many persons no list has, from how lists overlap",
            "Estimer combien de personnes ne figurent sur aucune liste, d’après leurs recoupements",
        )
        .arg(words.file(
            "A CSV or XLSX table: a column of 0 and 1 per list, and frequency",
            "Un tableau CSV ou XLSX\u{a0}: une colonne de 0 et de 1 par liste, et frequency",
        ))
        .arg(
            words
                .option(
                    "replications",
                    ("N", "N"),
                    "How often the bootstrap draws, 200 to 10000 [1000]",
                    "Nombre de tirages du bootstrap, de 200 à 10000 [1000]",
                )
                .value_parser(value_parser!(u32).range(replications)),
        )
        .arg(
            words
                .option(
                    "seed",
                    ("N", "N"),
                    "The same seed gives the same interval [1]",
                    "La même graine donne le même intervalle [1]",
                )
                .value_parser(value_parser!(u64)),
        )
}

/// `entente budget`.
pub(super) fn budget(words: Words) -> Command {
    words.command(
        "budget",
        "Show what the persons in our figures have paid, and what is left",
        "Montrer ce qu’ont payé les personnes comptées, et ce qui reste",
    )
}

/// `entente verify`.
pub(super) fn verify(words: Words) -> Command {
    words
        .command(
            "verify",
            "Check a national return: no node and no network are needed",
            "Vérifier un rapport national\u{a0}: ni nœud ni réseau ne sont nécessaires",
        )
        .arg(words.file("The file", "Le fichier"))
        .arg(several(words.option(
            "trust",
            ("ORG", "ORGANISME"),
            "Identities that we know to be right, separated by ,: all others are refused",
            "Identités que nous savons exactes, séparées par ,\u{a0}: toute autre est refusée",
        )))
        .arg(words.choice(
            "format",
            ("FORMAT", "FORMAT"),
            FORMATS,
            "Print the figures, once they are verified",
            "Afficher les chiffres, une fois vérifiés",
        ))
}
