//! `partner …` and `agreement …`.

use std::path::PathBuf;

use clap::{ArgGroup, Command, value_parser};

use super::words::Words;

const PARTNER_STATES: &[&str] =
    &["invited", "connected", "verified", "half_signed", "active", "suspended", "ended"];

const AGREEMENT_STATES: &[&str] =
    &["draft", "proposed", "half_signed", "active", "suspended", "amended", "expired", "ended"];

/// `entente partner`.
pub(super) fn partner(words: Words) -> Command {
    words.group(
        "partner",
        "Organizations we know: invite, check by phone, suspend, end",
        "Organismes connus\u{a0}: inviter, vérifier par téléphone, suspendre, terminer",
        [meeting(words), living(words)].into_iter().flatten(),
    )
}

/// How two organizations come to trust each other, in order.
fn meeting(words: Words) -> Vec<Command> {
    vec![
        invite(words),
        words
            .command(
                "open",
                "Open an invitation: see what it says, then connect",
                "Ouvrir une invitation\u{a0}: voir ce qu’elle dit, puis se connecter",
            )
            .arg(words.place(
                "ticket",
                ("FILE|LINK", "FICHIER|LIEN"),
                "The invitation that was sent to you",
                "L’invitation que vous avez reçue",
            ))
            .arg(words.flag("peek", "Only show what it says", "Montrer seulement ce qu’elle dit")),
        words
            .command(
                "digits",
                "Show the six digits to read aloud on the phone",
                "Montrer les six chiffres à lire à voix haute au téléphone",
            )
            .arg(words.partner()),
        words
            .command(
                "verify",
                "Type the six digits that they read to you",
                "Saisir les six chiffres qu’on vous lit",
            )
            .arg(words.partner())
            .arg(
                words
                    .place(
                        "digits",
                        ("DIGITS", "CHIFFRES"),
                        "Six digits; asked for if absent",
                        "Six chiffres; demandés s’ils sont absents",
                    )
                    .required(false)
                    .num_args(1..=2),
            ),
        words
            .command(
                "test",
                "Send a made-up case both ways and wait for the receipts",
                "Envoyer un dossier fictif dans les deux sens et attendre les accusés de réception",
            )
            .arg(words.partner()),
        words
            .command(
                "decline",
                "Decline an invitation, or a connection that is not verified",
                "Refuser une invitation, ou une connexion non vérifiée",
            )
            .arg(words.place(
                "ticket",
                ("FILE|LINK|PARTNER", "FICHIER|LIEN|PARTENAIRE"),
                "The invitation, or the partner",
                "L’invitation, ou le partenaire",
            ))
            .arg(words.reason()),
    ]
}

/// What happens in the life of a partnership.
fn living(words: Words) -> Vec<Command> {
    vec![
        words
            .command(
                "list",
                "List partners and who must act next",
                "Lister les partenaires et qui doit agir",
            )
            .arg(words.choice(
                "state",
                ("STATE", "ÉTAT"),
                PARTNER_STATES,
                "Only those in this state",
                "Seulement ceux dans cet état",
            )),
        words
            .command(
                "show",
                "Show a partner: agreements, cursors, receipts awaited",
                "Montrer un partenaire\u{a0}: ententes, curseurs, accusés de réception attendus",
            )
            .arg(words.partner()),
        words
            .command(
                "suspend",
                "Shut the doors to a partner at once, for now",
                "Fermer aussitôt les portes à un partenaire, temporairement",
            )
            .arg(words.partner())
            .args([words.reason(), words.dry_run()]),
        words.command("resume", "Open the doors again", "Reprendre l’échange").arg(words.partner()),
        words
            .command(
                "end",
                "End a partnership; what was shared is dealt with as agreed",
                "Mettre fin à un partenariat; ce qui a été communiqué suit l’entente",
            )
            .arg(words.partner())
            .args([words.reason(), words.dry_run()]),
        feed(words),
        words
            .command(
                "quarantine",
                "List partners in quarantine, with the evidence",
                "Lister les partenaires en quarantaine, avec la preuve",
            )
            .arg(words.partner().required(false))
            .arg(words.limit())
            .arg(
                words
                    .option("before", ("N", "N"), "Older than this one", "Avant celle-ci")
                    .value_parser(value_parser!(u64)),
            ),
        words
            .command(
                "release",
                "Lift a quarantine after looking at the evidence",
                "Lever une quarantaine après examen de la preuve",
            )
            .arg(words.partner())
            .arg(words.reason().required(true)),
    ]
}

fn template(words: Words) -> clap::Arg {
    words.option(
        "template",
        ("TEMPLATE", "MODÈLE"),
        "The agreement in view: province-federal, ngo-province, counts-only",
        "L’entente envisagée\u{a0}: province-federal, ngo-province, counts-only",
    )
}

fn out(words: Words, en: &'static str, fr: &'static str) -> clap::Arg {
    words.option("out", ("FILE", "FICHIER"), en, fr).short('o').value_parser(value_parser!(PathBuf))
}

fn draft_file(words: Words) -> clap::Arg {
    words.file(
        "The draft, in TOML; - for standard input",
        "L’ébauche, en TOML; - pour l’entrée standard",
    )
}

/// `entente agreement`.
pub(super) fn agreement(words: Words) -> Command {
    words.group(
        "agreement",
        "What may be shared with whom: draft, sign, explain, end",
        "Ce qui peut être communiqué à qui\u{a0}: rédiger, signer, expliquer, terminer",
        [writing(words), keeping(words)].into_iter().flatten(),
    )
}

/// From a draft to two signatures.
fn writing(words: Words) -> Vec<Command> {
    vec![
        draft(words),
        words
            .command(
                "propose",
                "Propose a draft to the partner; nothing is signed yet",
                "Proposer une ébauche au partenaire; rien n’est encore signé",
            )
            .args([draft_file(words), words.partner(), words.dry_run()]),
        words
            .command(
                "diff",
                "Say in words what a partner could newly see",
                "Dire en mots ce qu’un partenaire pourrait voir de plus",
            )
            .arg(words.place(
                "new",
                ("AGREEMENT|FILE", "ENTENTE|FICHIER"),
                "The new version: an id or a draft",
                "La nouvelle version\u{a0}: un identifiant ou une ébauche",
            ))
            .arg(words.option(
                "against",
                ("AGREEMENT", "ENTENTE"),
                "The old version [the one in force]",
                "L’ancienne version [celle en vigueur]",
            )),
        words
            .command(
                "sign",
                "Sign what the partner proposed",
                "Signer ce que le partenaire a proposé",
            )
            .arg(words.agreement()),
        words
            .command("decline", "Decline to sign", "Refuser de signer")
            .args([words.agreement(), words.reason()]),
        words.command("amend", "Propose the next version", "Proposer la version suivante").args([
            words.agreement(),
            draft_file(words),
            words.dry_run(),
        ]),
    ]
}

/// What happens to an agreement afterwards.
fn keeping(words: Words) -> Vec<Command> {
    vec![
        words
            .command(
                "list",
                "List agreements and who must act next",
                "Lister les ententes et qui doit agir",
            )
            .arg(words.only_partner())
            .arg(words.choice(
                "state",
                ("STATE", "ÉTAT"),
                AGREEMENT_STATES,
                "Only those in this state",
                "Seulement celles dans cet état",
            )),
        words
            .command(
                "show",
                "Show an agreement in plain words",
                "Montrer une entente en langage clair",
            )
            .arg(words.agreement())
            .arg(words.flag(
                "toml",
                "As a draft for the next version",
                "Comme ébauche de la version suivante",
            )),
        words
            .command(
                "explain",
                "Show exactly what a partner would receive of a record, and why",
                "Montrer exactement ce qu’un partenaire recevrait d’un dossier, et pourquoi",
            )
            .args([words.record(), words.partner()]),
        words
            .command(
                "suspend",
                "Stop everything under an agreement, for now",
                "Arrêter tout ce que permet une entente, temporairement",
            )
            .args([words.agreement(), words.reason(), words.dry_run()]),
        words
            .command("resume", "Lift our own suspension", "Lever notre propre suspension")
            .arg(words.agreement()),
        words
            .command(
                "end",
                "End an agreement; what was shared is dealt with as agreed",
                "Mettre fin à une entente; ce qui a été communiqué suit ses clauses",
            )
            .args([words.agreement(), words.reason(), words.dry_run()]),
    ]
}

/// `--same` or `--different`, exactly one.
pub(super) fn one_of(command: Command, names: [&'static str; 2]) -> Command {
    command.group(ArgGroup::new("one").args(names).required(true))
}

/// `partner invite`.
fn invite(words: Words) -> Command {
    words
            .command(
                "invite",
                "Make an invitation that works once: a file, a link and a QR code",
                "Faire une invitation à usage unique\u{a0}: fichier, lien et code QR",
            )
            .arg(words.place(
                "name",
                ("NAME", "NOM"),
                "Whom it is meant for, as you know them",
                "À qui elle est destinée, comme vous l’appelez",
            ))
            .arg(
                words
                    .option(
                        "expires",
                        ("DAYS", "JOURS"),
                        "For how many days it can be opened [14]",
                        "Pendant combien de jours elle peut être ouverte [14]",
                    )
                    .value_parser(value_parser!(u16).range(1..=90)),
            )
            .arg(template(words))
            .arg(
                words
                    .option(
                        "contact",
                        ("DESK", "SERVICE"),
                        "The desk to call for the check by phone; older nodes refuse such an invitation",
                        "Le service à appeler pour la vérification; les anciens nœuds refusent cette invitation",
                    )
                    .requires("telephone"),
            )
            .arg(
                words
                    .option(
                        "telephone",
                        ("NUMBER", "NUMÉRO"),
                        "Its telephone number",
                        "Son numéro de téléphone",
                    )
                    .requires("contact"),
            )
            .arg(out(words, "The file to write [NAME.entente]", "Le fichier à écrire [NOM.entente]"))
            .after_help(words.pick(
                "Then: send it, and call them once they have opened it.\n  entente partner digits NAME",
                "Ensuite\u{a0}: envoyez-la, et appelez dès qu’elle est ouverte.\n  entente partner digits NOM",
            ))
}

/// `partner feed`.
fn feed(words: Words) -> Command {
    words
        .command(
            "feed",
            "List what we said to a partner, or what they said to us",
            "Lister ce que nous avons dit à un partenaire, ou l’inverse",
        )
        .arg(words.partner())
        .arg(words.flag("received", "What they said to us", "Ce qu’il nous a dit"))
        .arg(words.limit())
        .arg(
            words
                .option("before", ("N", "N"), "Older than this entry", "Avant cette entrée")
                .value_parser(value_parser!(u64)),
        )
}

/// `agreement draft`.
fn draft(words: Words) -> Command {
    words
        .command(
            "draft",
            "Write a draft from a template, to be edited",
            "Écrire une ébauche à partir d’un modèle, à modifier",
        )
        .arg(words.place(
            "template",
            ("TEMPLATE", "MODÈLE"),
            "province-federal, ngo-province, counts-only",
            "province-federal, ngo-province, counts-only",
        ))
        .arg(words.partner())
        .arg(
            words
                .option(
                    "set",
                    ("KEY=VALUE", "CLÉ=VALEUR"),
                    "Replace a value of the template; may be repeated",
                    "Remplacer une valeur du modèle; peut être répété",
                )
                .action(clap::ArgAction::Append),
        )
        .arg(out(
            words,
            "The file to write [standard output]",
            "Le fichier à écrire [sortie standard]",
        ))
}
