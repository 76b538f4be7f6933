//! `sponsor …` for a node that carries others, and `sponsored …` for an organization without a node.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

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
                    "Take its newest file, or its answers and requests about referrals, sign it too, and say it",
                    "Prendre son dernier fichier, ou ses réponses et demandes sur des aiguillages, signer aussi et communiquer",
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
                    "Lui écrire un accusé de réception\u{a0}: ce que nous avons de lui et combien de partenaires le savent",
                )
                .args([organization(words), out(words)]),
            words
                .command(
                    "mail",
                    "Write what waits for it: referrals that were offered to it or that it made, and what became of them",
                    "Écrire ce qui l’attend\u{a0}: les aiguillages qui lui sont offerts ou qu’il a faits, et leurs suites",
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
            ("FOLDER", "RÉPERTOIRE"),
            "The folder of the organization",
            "Le répertoire de l’organisme",
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
        "Pour un organisme sans nœud\u{a0}: des services et des aiguillages qu’un parrain transmet",
        [
            words
                .command(
                    "new",
                    "Make an identity in a new folder; no node is needed",
                    "Créer une identité dans un nouveau répertoire; aucun nœud n’est nécessaire",
                )
                .arg(folder(words))
                .args([
                    words.option("name-en", ("NAME", "NOM"), "Name in English", "Nom en anglais"),
                    words.option("name-fr", ("NAME", "NOM"), "Name in French", "Nom en français"),
                    words.option(
                        "kind",
                        ("CODE", "CODE"),
                        "Kind of organization: `entente codes org_type` [ngo]",
                        "Type d’organisme\u{a0}: «\u{a0}entente codes org_type\u{a0}» [ngo]",
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
                        "Ajouter un service au répertoire, en modifier ou en retirer un",
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
                    "Signer ce que dit le répertoire, dans un fichier destiné au parrain",
                )
                .arg(folder(words))
                .arg(out(words))
                .arg(passphrase(words)),
            words
                .command(
                    "rotate",
                    "Replace the key for hand-overs and sign that, into a file for the sponsor; the old one opens for 30 days",
                    "Remplacer la clé de transmission et le signer, dans un fichier destiné au parrain; l’ancienne ouvre encore 30 jours",
                )
                .arg(folder(words))
                .arg(out(words))
                .arg(passphrase(words)),
            words
                .command(
                    "check",
                    "Check the sponsor’s receipt: whether what was last signed has arrived",
                    "Vérifier l’accusé de réception du parrain\u{a0}: si ce qui a été signé en dernier est arrivé",
                )
                .arg(folder(words))
                .arg(words.file("The receipt", "L’accusé de réception")),
            words
                .command(
                    "show",
                    "Show the identity, its fingerprint, and what was last signed",
                    "Montrer l’identité, son empreinte et ce qui a été signé en dernier",
                )
                .arg(folder(words)),
        ]
        .into_iter()
        .chain(referrals(words))
        .chain(own(words)),
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
                "Lire le courrier du parrain et lister les aiguillages du répertoire",
            )
            .arg(folder(words))
            .arg(words.file("The mail", "Le courrier").required(false))
            .arg(passphrase(words)),
        about(words.command(
            "accept",
            "Accept a referral: sign that into a file for the sponsor",
            "Accepter un aiguillage\u{a0}: signer la réponse dans un fichier destiné au parrain",
        )),
        about(words.command(
            "decline",
            "Decline a referral; the card is destroyed here",
            "Refuser un aiguillage; la fiche est détruite ici",
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
            "Ouvrir les coordonnées transmises; l’accusé de réception va dans le fichier",
        )),
        about(words.command(
            "serve",
            "Say that the person is being served",
            "Indiquer que la personne reçoit le service",
        )),
        about(words.command("close", "Close a referral", "Fermer un aiguillage")).arg(
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
                "Write all answers and requests once more, if a file was lost",
                "Écrire de nouveau toutes les réponses et demandes, si un fichier s’est perdu",
            )
            .args([folder(words), out(words), passphrase(words)]),
    ]
}

/// What an organization without a node does about referrals that it makes itself.
fn own(words: Words) -> Vec<Command> {
    vec![
        refer(words),
        words
            .command(
                "handover",
                "Seal contact details to whoever has accepted a referral of ours; the sponsor cannot read them",
                "Sceller des coordonnées pour l’organisme qui a accepté un de nos aiguillages; le parrain ne peut pas les lire",
            )
            .args([folder(words), referral(words), super::opener::details(words)])
            .arg(words.option(
                "fingerprint",
                ("DIGITS", "CHIFFRES"),
                "The 24 digits that whoever accepted reads to you, the first time [asked]",
                "Les 24 chiffres que vous lit l’organisme qui a accepté, la première fois [demandés]",
            ))
            .args([out(words), passphrase(words)]),
        words
            .command(
                "withdraw",
                "Take a referral of ours back, everywhere",
                "Retirer un de nos aiguillages, partout",
            )
            .args([folder(words), referral(words), out(words), passphrase(words)]),
    ]
}

fn refer(words: Words) -> Command {
    let several = |arg: Arg| arg.action(ArgAction::Append).value_delimiter(',');
    let code = |id: &'static str, en: &'static str, fr: &'static str| {
        words.option(id, ("CODE", "CODE"), en, fr)
    };
    let card = [
        several(words.option(
            "need",
            ("NEED", "BESOIN"),
            "What is needed, the most important first: codes of need",
            "Les besoins, le plus important d’abord\u{a0}: codes de need",
        ))
        .required(true),
        code(
            "urgency",
            "How urgent: a code of urgency [1d]",
            "L’urgence\u{a0}: un code de urgency [1d]",
        ),
        code(
            "area",
            "Where: a code of province or region_shared, or anywhere [anywhere]",
            "Où\u{a0}: un code de province ou region_shared, ou anywhere [anywhere]",
        ),
        code(
            "age",
            "Minor or adult: a code of majority [unknown]",
            "Personne mineure ou adulte\u{a0}: un code de majority [unknown]",
        ),
        code("language", "The language, for example cr", "La langue, par exemple cr"),
        words.flag(
            "interpreter",
            "An interpreter is needed",
            "Une personne interprète est nécessaire",
        ),
        code(
            "gender",
            "Only where a service needs to know it: a code of gender_shared",
            "Seulement si un service doit le savoir\u{a0}: un code de gender_shared",
        ),
        code("risk", "A code of risk [unknown]", "Un code de risk [unknown]"),
        several(code(
            "access",
            "What the person needs to use a service: codes of access_need",
            "Ce qu’il faut pour utiliser un service\u{a0}: codes de access_need",
        )),
        code(
            "dependants",
            "Who comes along: a code of dependants [none]",
            "Qui accompagne la personne\u{a0}: un code de dependants [none]",
        ),
        several(code(
            "safety",
            "What must not be done: codes of safety_flag",
            "Ce qu’il ne faut pas faire\u{a0}: codes de safety_flag",
        )),
        code(
            "status",
            "Only where a service asks for it: a code of status_group",
            "Seulement si un service le demande\u{a0}: un code de status_group",
        ),
        words.flag(
            "indigenous-service",
            "A service of Indigenous peoples is wanted",
            "Un service des peuples autochtones est souhaité",
        ),
    ];
    let consent = [
        several(words.option(
            "scope",
            ("SCOPE", "PORTÉE"),
            "What the person allows: codes of consent_scope",
            "Ce que la personne permet\u{a0}: codes de consent_scope",
        ))
        .required_unless_present("override"),
        several(words.option(
            "to",
            ("ORGANIZATION", "ORGANISME"),
            "Only to these organizations, by identity or by a name whose fingerprint you compared [any]",
            "Seulement à ces organismes, par identifiant ou par un nom dont vous avez comparé l’empreinte [tous]",
        )),
        several(code(
            "kind",
            "Only to these kinds of organizations: codes of org_type [any]",
            "Seulement à ces types d’organismes\u{a0}: codes de org_type [tous]",
        )),
        words.option(
            "by",
            ("WHO", "QUI"),
            "Who gave the consent: a code of given_by [self]",
            "Qui a donné le consentement\u{a0}: un code de given_by [self]",
        ),
        words.flag(
            "informed",
            "The person was told of the interview, its purpose, the use of the data, and its use without their identity",
            "La personne a été informée de l’entrevue, de son but, de l’usage des données et de leur usage sans son identité",
        ),
        words.option("since", ("DATE", "DATE"), "The first day of the consent [today]", "Le premier jour du consentement [aujourd’hui]"),
        words.option("until", ("DATE", "DATE"), "Its last day", "Son dernier jour"),
        words.option(
            "override",
            ("REASON", "MOTIF"),
            "A legal duty instead of a consent: a code of override_reason; always audited",
            "Une obligation légale au lieu d’un consentement\u{a0}: un code de override_reason; toujours consigné",
        ),
        words.flag(
            "indigenous",
            "The person is known to be Indigenous: not told to partners, and some agreements forbid the offer",
            "La personne est autochtone\u{a0}: n’est pas communiqué aux partenaires, et certaines ententes interdisent l’offre",
        ),
        several(code(
            "exploitation",
            "The forms of exploitation, for the same: codes of exploitation",
            "Les formes d’exploitation, dans le même but\u{a0}: codes de exploitation",
        )),
        words.flag(
            "matching",
            "Ask all that match at once [the sponsor’s staff ask]",
            "Solliciter aussitôt tous ceux qui conviennent [le personnel du parrain sollicite]",
        ),
    ];
    words
        .command(
            "refer",
            "Make a referral of our own: sign it into a file for the sponsor",
            "Faire un aiguillage\u{a0}: le signer dans un fichier destiné au parrain",
        )
        .arg(folder(words))
        .args(card)
        .args(consent)
        .args([out(words), passphrase(words)])
        .after_help(words.pick(
            "A card is made of codes: no names, no texts, no place finer than a province.\n  \
             entente sponsored refer FOLDER --need legal --scope referral_need --informed --out FILE",
            "Une fiche est faite de codes\u{a0}: ni nom, ni texte, ni lieu plus précis qu’une province.\n  \
             entente sponsored refer RÉPERTOIRE --need legal --scope referral_need --informed --out FICHIER",
        ))
}

fn referral(words: Words) -> Arg {
    words.place(
        "referral",
        ("REFERRAL", "AIGUILLAGE"),
        "A referral: the beginning of its name, and if others have the same, whose: NAME@ORGANIZATION",
        "Un aiguillage\u{a0}: le début de son nom et, si d’autres ont le même, l’organisme\u{a0}: NOM@ORGANISME",
    )
}
