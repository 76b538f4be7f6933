//! `user …`, `console …`: who signs in at the console.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

use super::words::Words;

const ROLES: &[&str] =
    &["case_worker", "supervisor", "privacy_officer", "coordinator", "auditor", "administrator"];

fn account(words: Words) -> Arg {
    words.place(
        "user",
        ("NAME", "NOM"),
        "An account: the name that is typed to sign in",
        "Un compte\u{a0}: le nom d’utilisateur",
    )
}

/// `entente user`.
pub(super) fn user(words: Words) -> Command {
    let one = |name, en, fr| words.command(name, en, fr).arg(account(words));
    words.group(
        "user",
        "Accounts that sign in at the console",
        "Les comptes qui ouvrent une session à la console",
        [
            one(
                "add",
                "Add an account and print its sign-in link, once",
                "Ajouter un compte et afficher son lien, une seule fois",
            )
            .arg(words.option(
                "display",
                ("NAME", "NOM"),
                "What others read [the same name]",
                "Ce que les autres lisent [le même nom]",
            ))
            .arg(
                words
                    .choice(
                        "role",
                        ("ROLE", "RÔLE"),
                        ROLES,
                        "What it may do; may be repeated",
                        "Ce qu’il peut faire; peut être répété",
                    )
                    .action(ArgAction::Append)
                    .required(true),
            ),
            words.command("list", "List the accounts", "Lister les comptes"),
            one(
                "roles",
                "Give an account these roles in place of those it has",
                "Donner à un compte ces rôles à la place des siens",
            )
            .arg(
                words
                    .place("roles", ("ROLE", "RÔLE"), "The roles", "Les rôles")
                    .help(format!(
                        "{} ({})",
                        words.pick("The roles", "Les rôles"),
                        ROLES.join(", ")
                    ))
                    .num_args(1..)
                    .value_parser(PossibleValuesParser::new(ROLES))
                    .hide_possible_values(true),
            ),
            one(
                "disable",
                "Disable an account; it is out at once",
                "Désactiver un compte; l’accès est coupé aussitôt",
            ),
            one("enable", "Enable an account again", "Réactiver un compte"),
            one(
                "reset",
                "Forget how an account signs in, and print a new link, once",
                "Oublier comment un compte ouvre une session et afficher un nouveau lien, une fois",
            ),
            one("sign-out", "End the sessions of an account", "Fermer les sessions d’un compte"),
        ],
    )
}

/// `entente console`.
pub(super) fn console(words: Words) -> Command {
    words.group(
        "console",
        "The console in the browser",
        "La console dans le navigateur",
        [words.command(
            "link",
            "Print the link for the first administrator, once",
            "Afficher le lien de la première personne administratrice, une seule fois",
        )],
    )
}
