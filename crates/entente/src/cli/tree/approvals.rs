//! `approvals …`, `settings …`: what takes two people, and what the organization says of itself.

use clap::{Arg, Command};

use super::words::Words;

fn approval(words: Words) -> Arg {
    words.place(
        "approval",
        ("ID", "ID"),
        "A request: the end of its id",
        "Une demande\u{a0}: la fin de son identifiant",
    )
}

/// `entente approvals`.
pub(super) fn approvals(words: Words) -> Command {
    let one = |name, en, fr| words.command(name, en, fr).arg(approval(words));
    words.group(
        "approvals",
        "What takes a second person: look, approve, refuse",
        "Ce qui exige une deuxième personne\u{a0}: voir, approuver, refuser",
        [
            words
                .command(
                    "list",
                    "List what waits for a second person",
                    "Lister ce qui attend une deuxième personne",
                )
                .arg(words.flag(
                    "decided",
                    "Also what was decided within 90 days",
                    "Aussi ce qui a été tranché depuis 90 jours",
                )),
            one(
                "approve",
                "Approve what somebody else asked; it happens at once",
                "Approuver la demande d’une autre personne; elle s’exécute aussitôt",
            ),
            one(
                "refuse",
                "Refuse a request, or take back your own",
                "Refuser une demande, ou reprendre la vôtre",
            ),
        ],
    )
}

/// What the organization does. An empty text takes back what was said.
fn about(words: Words) -> [Arg; 6] {
    let text = ("TEXT", "TEXTE");
    [
        words.option(
            "role",
            ("CODES", "CODES"),
            "Its role: codes of pillar, separated by commas",
            "Son rôle\u{a0}: des codes de pillar, séparés par des virgules",
        ),
        words.option(
            "languages",
            ("TAGS", "LANGUES"),
            "The languages it serves in, for example en,fr,cr",
            "Les langues de service, par exemple en,fr,cr",
        ),
        words.option("mandate-en", text, "Its mandate in English", "Son mandat en anglais"),
        words.option("mandate-fr", text, "Its mandate in French", "Son mandat en français"),
        words.option(
            "responsibilities-en",
            text,
            "What it answers for, in English",
            "Ses responsabilités en anglais",
        ),
        words.option(
            "responsibilities-fr",
            text,
            "What it answers for, in French",
            "Ses responsabilités en français",
        ),
    ]
}

/// `entente settings`.
pub(super) fn settings(words: Words) -> Command {
    let name = ("NAME", "NOM");
    words.group(
        "settings",
        "The settings of the node, its keys and certificates",
        "Les paramètres du nœud, ses clés et ses certificats",
        [
            words.command("show", "Show them; never a secret", "Les montrer; jamais un secret"),
            words
                .command(
                    "edit",
                    "Change what the organization says about itself",
                    "Modifier ce que l’organisme dit de lui-même",
                )
                .args([
                    words.option("name-en", name, "Its name in English", "Son nom en anglais"),
                    words.option("name-fr", name, "Its name in French", "Son nom en français"),
                    words.option(
                        "kind",
                        ("CODE", "CODE"),
                        "Its kind: a code of org_type",
                        "Son type d’organisme\u{a0}: un code de org_type",
                    ),
                ])
                .args(about(words)),
        ],
    )
}
