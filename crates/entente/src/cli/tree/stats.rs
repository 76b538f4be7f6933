//! `stats …`.

use clap::{Command, value_parser};
use entente_core::statistics::mse::{MAX_REPLICATIONS, MIN_REPLICATIONS};

use super::words::Words;

/// `entente stats`.
pub(super) fn stats(words: Words) -> Command {
    words.group(
        "stats",
        "Statistics that protect the people in them",
        "Des statistiques qui protègent les personnes dont elles parlent",
        [mse(words)],
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
