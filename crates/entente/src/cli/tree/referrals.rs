//! `referral …`.

use clap::{Arg, ArgAction, Command};

use super::words::Words;

fn referral(words: Words) -> Arg {
    words.place(
        "referral",
        ("REFERRAL", "AIGUILLAGE"),
        "A referral: the beginning of its name, and if others have the same, whose: NAME@ORGANIZATION",
        "Un aiguillage\u{a0}: le début de son nom et, si d’autres ont le même, l’organisme\u{a0}: NOM@ORGANISME",
    )
}

fn several(arg: Arg) -> Arg {
    arg.action(ArgAction::Append).value_delimiter(',')
}

/// `entente referral`.
pub(super) fn group(words: Words) -> Command {
    words.group(
        "referral",
        "Find a service for an anonymized need: offer, accept, close",
        "Trouver un service pour un besoin anonymisé\u{a0}: offrir, accepter, fermer",
        [home(words), partner(words), both(words)].into_iter().flatten(),
    )
}

/// What the organization does whose client it is.
fn home(words: Words) -> Vec<Command> {
    vec![
        create(words),
        words
            .command(
                "offer",
                "Offer a referral to partners: to all of those named, or to none",
                "Offrir un aiguillage à des partenaires\u{a0}: à tous ceux nommés, ou à aucun",
            )
            .arg(referral(words))
            .arg(
                several(words.option(
                    "to",
                    ("PARTNER", "PARTENAIRE"),
                    "To these partners, separated by ,",
                    "À ces partenaires, séparés par ,",
                ))
                .required_unless_present_any(["service", "matching"]),
            )
            .arg(several(words.option(
                "service",
                ("SERVICE", "SERVICE"),
                "To the organizations of these services, separated by ,",
                "Aux organismes de ces services, séparés par ,",
            )))
            .arg(words.flag(
                "matching",
                "To all partners that match and may be asked",
                "À tous les partenaires qui conviennent et à qui il peut être offert",
            ))
            .arg(words.dry_run()),
        super::opener::handover(words),
        words
            .command(
                "withdraw",
                "Take a referral of ours back, everywhere",
                "Retirer un de nos aiguillages, partout",
            )
            .arg(referral(words)),
    ]
}

fn create(words: Words) -> Command {
    words
        .command(
            "create",
            "Make a need card for a record; nobody is asked yet",
            "Créer une fiche de besoins pour un dossier; rien n’est encore offert",
        )
        .arg(words.record())
        .arg(several(words.option(
            "need",
            ("NEED", "BESOIN"),
            "What is needed, the most important first: codes of need [those of the record]",
            "Les besoins, le plus important d’abord\u{a0}: codes de need [ceux du dossier]",
        )))
        .arg(words.option(
            "urgency",
            ("CODE", "CODE"),
            "How urgent: a code of urgency [1d]",
            "L’urgence\u{a0}: un code de urgency [1d]",
        ))
        .arg(words.option(
            "area",
            ("CODE", "CODE"),
            "Where: a code of province or region_shared, or anywhere [the record’s province]",
            "Où\u{a0}: un code de province ou region_shared, ou anywhere [la province du dossier]",
        ))
        .arg(words.option(
            "language",
            ("CODE", "CODE"),
            "The language, for example cr [the record’s first]",
            "La langue, par exemple cr [la première du dossier]",
        ))
        .arg(words.flag("interpreter", "An interpreter is needed", "Une personne interprète est nécessaire"))
        .arg(words.option(
            "gender",
            ("CODE", "CODE"),
            "Only where a service needs to know it: a code of gender_shared",
            "Seulement si un service doit le savoir\u{a0}: un code de gender_shared",
        ))
        .arg(words.option(
            "risk",
            ("CODE", "CODE"),
            "A code of risk [the record’s]",
            "Un code de risk [celui du dossier]",
        ))
        .arg(several(words.option(
            "access",
            ("CODE", "CODE"),
            "What the person needs to use a service: codes of access_need",
            "Ce qu’il faut pour utiliser un service\u{a0}: codes de access_need",
        )))
        .arg(words.option(
            "dependants",
            ("CODE", "CODE"),
            "Who comes along: a code of dependants [the record’s]",
            "Qui accompagne la personne\u{a0}: un code de dependants [celui du dossier]",
        ))
        .arg(several(words.option(
            "safety",
            ("CODE", "CODE"),
            "What must not be done: codes of safety_flag",
            "Ce qu’il ne faut pas faire\u{a0}: codes de safety_flag",
        )))
        .arg(words.flag(
            "tell-status",
            "Tell the immigration status, as a group",
            "Indiquer le statut d’immigration, par groupe",
        ))
        .arg(words.flag(
            "indigenous-service",
            "A service of Indigenous peoples is wanted",
            "Un service des peuples autochtones est souhaité",
        ))
        .after_help(words.pick(
            "A card is made of codes: no names, no texts, no place finer than a province.\n  \
             entente referral create RECORD --need emergency_housing,legal --urgency 3h",
            "Une fiche est faite de codes\u{a0}: ni nom, ni texte, ni lieu plus précis qu’une province.\n  \
             entente referral create DOSSIER --need emergency_housing,legal --urgency 3h",
        ))
}

/// What a partner does that was offered one.
fn partner(words: Words) -> Vec<Command> {
    vec![
        words
            .command(
                "inbox",
                "List referrals that partners offer us",
                "Lister les aiguillages que des partenaires nous offrent",
            )
            .arg(words.flag("all", "Those that are over as well", "Aussi ceux qui sont terminés")),
        words
            .command(
                "accept",
                "Accept a referral; the first acceptance that its home reads has it",
                "Accepter un aiguillage; il est confié à l’organisme dont l’acceptation est lue en premier",
            )
            .arg(referral(words)),
        words
            .command(
                "decline",
                "Decline a referral, with a barrier",
                "Refuser un aiguillage, avec un motif",
            )
            .arg(referral(words))
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
        super::opener::open(words),
        words
            .command(
                "start",
                "Say that the person is being served, once the contact details have come",
                "Indiquer que le service a commencé, une fois les coordonnées reçues",
            )
            .arg(referral(words)),
    ]
}

/// What both do.
fn both(words: Words) -> Vec<Command> {
    vec![
        words
            .command(
                "close",
                "Close a referral, with what came of it",
                "Fermer un aiguillage, avec son résultat",
            )
            .arg(referral(words))
            .arg(
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
                "show",
                "Show a referral: its card, who might take it, and what happened",
                "Montrer un aiguillage\u{a0}: sa fiche, qui pourrait le prendre, et ce qui s’est passé",
            )
            .arg(referral(words)),
        words
            .command("list", "List our referrals", "Lister nos aiguillages")
            .arg(words.flag("all", "Those that are over as well", "Aussi ceux qui sont terminés"))
            .arg(words.option(
                "record",
                ("RECORD", "DOSSIER"),
                "Only those of this record",
                "Seulement ceux de ce dossier",
            )),
        words.command(
            "overdue",
            "List what nobody has answered or carried on in time",
            "Afficher ce qui est resté sans réponse ou sans suite dans les délais",
        ),
        words
            .command(
                "gaps",
                "Count our referrals: which needs stay unmet, why, and how long it takes",
                "Compter nos aiguillages\u{a0}: quels besoins restent non comblés, pourquoi, et en combien de temps",
            )
            .arg(words.option(
                "period",
                ("PERIOD", "PÉRIODE"),
                "First offered in this year or quarter [the current year]",
                "Offerts pour la première fois en cette année ou ce trimestre [l’année en cours]",
            )),
    ]
}
