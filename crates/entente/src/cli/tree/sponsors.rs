//! `sponsor …` for a node that carries others, and `sponsored …` for an organization without a node.

use std::path::PathBuf;

use clap::{Arg, Command, value_parser};

use super::words::Words;

/// `entente sponsor`.
pub(super) fn sponsor(words: Words) -> Command {
    let file = || {
        words.file("The file that the organization signed", "Le fichier que l’organisme a signé")
    };
    words.group(
        "sponsor",
        "Organizations without a node, whose services we carry",
        "Les organismes sans nœud dont nous transmettons les services",
        [
            words
                .command(
                    "add",
                    "Take on an organization, after comparing its fingerprint by telephone",
                    "Parrainer un organisme, après avoir comparé son empreinte au téléphone",
                )
                .arg(file())
                .arg(words.option(
                    "fingerprint",
                    ("DIGITS", "CHIFFRES"),
                    "The 24 digits that the organization reads to you [asked]",
                    "Les 24 chiffres que l’organisme vous lit [demandés]",
                )),
            words
                .command(
                    "take",
                    "Take its newest file, or its answers about referrals, sign it too, and say it",
                    "Prendre son dernier fichier, ou ses réponses sur des renvois, signer aussi et communiquer",
                )
                .arg(file()),
            words.command(
                "list",
                "List those we sponsor, and those that partners sponsor",
                "Lister ceux que nous parrainons et ceux que des partenaires parrainent",
            ),
            words
                .command(
                    "give",
                    "Write a receipt for it: what we have of it, and how many partners know",
                    "Lui écrire un accusé\u{a0}: ce que nous avons de lui et combien de partenaires le savent",
                )
                .args([organization(words), out(words)]),
            words
                .command(
                    "mail",
                    "Write what waits for it: referrals that were offered to it, and what became of them",
                    "Écrire ce qui l’attend\u{a0}: les renvois qui lui sont offerts et leurs suites",
                )
                .args([organization(words), out(words)]),
            words
                .command(
                    "end",
                    "End a sponsorship; partners no longer see the organization",
                    "Mettre fin à un parrainage; les partenaires ne voient plus l’organisme",
                )
                .arg(organization(words)),
        ],
    )
}

fn organization(words: Words) -> Arg {
    words.place(
        "organization",
        ("ORGANIZATION", "ORGANISME"),
        "Its name, or the beginning of its id",
        "Son nom, ou le début de son identifiant",
    )
}

fn out(words: Words) -> Arg {
    words
        .option(
            "out",
            ("FILE", "FICHIER"),
            "The file; it must not exist",
            "Le fichier; il ne doit pas exister",
        )
        .required(true)
        .value_parser(value_parser!(PathBuf))
}

fn folder(words: Words) -> Arg {
    words
        .place(
            "folder",
            ("FOLDER", "DOSSIER"),
            "The folder of the organization",
            "Le dossier de l’organisme",
        )
        .value_parser(value_parser!(PathBuf))
}

fn passphrase(words: Words) -> Arg {
    words
        .option(
            "passphrase-file",
            ("FILE", "FICHIER"),
            "Read the passphrase from the first line of this file [asked]",
            "Lire la phrase de passe sur la première ligne de ce fichier [demandée]",
        )
        .value_parser(value_parser!(PathBuf))
}

/// `entente sponsored`.
pub(super) fn sponsored(words: Words) -> Command {
    words.group(
        "sponsored",
        "For an organization without a node: services and referrals that a sponsor carries",
        "Pour un organisme sans nœud\u{a0}: des services et des renvois qu’un parrain transmet",
        [
            words
                .command(
                    "new",
                    "Make an identity in a new folder; no node is needed",
                    "Créer une identité dans un nouveau dossier; aucun nœud n’est nécessaire",
                )
                .arg(folder(words))
                .args([
                    words.option("name-en", ("NAME", "NOM"), "Name in English", "Nom en anglais"),
                    words.option("name-fr", ("NAME", "NOM"), "Name in French", "Nom en français"),
                    words.option(
                        "kind",
                        ("CODE", "CODE"),
                        "Kind of organization: `entente codes org_type` [ngo]",
                        "Genre d’organisme\u{a0}: «\u{a0}entente codes org_type\u{a0}» [ngo]",
                    ),
                    words.option(
                        "sponsor",
                        ("ID", "IDENTIFIANT"),
                        "The sponsor’s identity: 64 hexadecimal digits",
                        "L’identifiant du parrain\u{a0}: 64 chiffres hexadécimaux",
                    ),
                    passphrase(words),
                ]),
            super::services::details(
                words,
                words
                    .command(
                        "service",
                        "Add a service to the folder, change one, or take one out",
                        "Ajouter un service au dossier, en modifier ou en retirer un",
                    )
                    .arg(folder(words)),
            )
            .arg(
                words
                    .option(
                        "remove",
                        ("SERVICE", "SERVICE"),
                        "Take this service out",
                        "Retirer ce service",
                    )
                    .conflicts_with("change"),
            ),
            words
                .command(
                    "sign",
                    "Sign what the folder says now, into a file for the sponsor",
                    "Signer ce que dit le dossier, dans un fichier destiné au parrain",
                )
                .arg(folder(words))
                .arg(out(words))
                .arg(passphrase(words)),
            words
                .command(
                    "check",
                    "Check the sponsor’s receipt: whether what was last signed has arrived",
                    "Vérifier l’accusé du parrain\u{a0}: si ce qui a été signé en dernier est arrivé",
                )
                .arg(folder(words))
                .arg(words.file("The receipt", "L’accusé")),
            words
                .command(
                    "show",
                    "Show the identity, its fingerprint, and what was last signed",
                    "Montrer l’identité, son empreinte et ce qui a été signé en dernier",
                )
                .arg(folder(words)),
        ]
        .into_iter()
        .chain(referrals(words)),
    )
}

/// What an organization without a node does about referrals.
fn referrals(words: Words) -> Vec<Command> {
    let about = |command: Command| {
        command.args([folder(words), referral(words), out(words), passphrase(words)])
    };
    vec![
        words
            .command(
                "inbox",
                "Read the sponsor’s mail, and list the referrals in the folder",
                "Lire le courrier du parrain et lister les renvois du dossier",
            )
            .arg(folder(words))
            .arg(words.file("The mail", "Le courrier").required(false))
            .arg(passphrase(words)),
        about(words.command(
            "accept",
            "Accept a referral: sign that into a file for the sponsor",
            "Accepter un renvoi\u{a0}: signer la réponse dans un fichier destiné au parrain",
        )),
        about(words.command(
            "decline",
            "Decline a referral; the card is destroyed here",
            "Refuser un renvoi; la fiche est détruite ici",
        ))
        .arg(
            words
                .option(
                    "barrier",
                    ("CODE", "CODE"),
                    "Why: a code of barrier",
                    "Le motif\u{a0}: un code de barrier",
                )
                .required(true),
        ),
        about(words.command(
            "open",
            "Open contact details that were handed over; the receipt goes into the file",
            "Ouvrir les coordonnées transmises; l’accusé va dans le fichier",
        )),
        about(words.command(
            "serve",
            "Say that the person is being served",
            "Indiquer que la personne reçoit le service",
        )),
        about(words.command("close", "Close a referral", "Fermer un renvoi")).arg(
            words
                .option(
                    "outcome",
                    ("CODE", "CODE"),
                    "What came of it: a code of referral_outcome",
                    "Le résultat\u{a0}: un code de referral_outcome",
                )
                .required(true),
        ),
        words
            .command(
                "answers",
                "Write all answers once more, if a file was lost",
                "Écrire de nouveau toutes les réponses, si un fichier s’est perdu",
            )
            .args([folder(words), out(words), passphrase(words)]),
    ]
}

fn referral(words: Words) -> Arg {
    words.place(
        "referral",
        ("REFERRAL", "RENVOI"),
        "A referral: the beginning of its name",
        "Un renvoi\u{a0}: le début de son nom",
    )
}
