//! `record …` and `consent …`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgGroup, Command, value_parser};

use super::partners::one_of;
use super::words::Words;

/// `entente record`.
pub(super) fn record(words: Words) -> Command {
    words.group(
        "record",
        "Our own cases: add, show, search, import, withdraw",
        "Nos propres dossiers\u{a0}: inscrire, montrer, chercher, importer, retirer",
        [single(words), many(words)].into_iter().flatten(),
    )
}

fn fields(words: Words) -> Arg {
    words
        .place(
            "fields",
            ("FIELD=VALUE", "CHAMP=VALEUR"),
            "Fields and their values; codes of a set are separated by ;",
            "Champs et valeurs; les codes d’un ensemble sont séparés par ;",
        )
        .required(false)
        .num_args(0..)
}

fn from(words: Words) -> Arg {
    words
        .option(
            "from",
            ("FILE", "FICHIER"),
            "Read FIELD=VALUE lines from a file; - for standard input",
            "Lire des lignes CHAMP=VALEUR d’un fichier; - pour l’entrée standard",
        )
        .value_parser(value_parser!(PathBuf))
}

/// What is done to one record.
fn single(words: Words) -> Vec<Command> {
    vec![
        words
            .command("add", "Add a record", "Inscrire un dossier")
            .args([fields(words), from(words)])
            .after_help(words.pick(
                "Without fields, the questions are asked one by one.\n\
                 Names typed on the command line stay in the shell’s history: use --from for them.\n  \
                 entente record add exploitation=forced_labour province_of_exploitation=35 gender=woman",
                "Sans champs, les questions sont posées une à une.\n\
                 Les noms saisis sur la ligne de commande restent dans l’historique\u{a0}: utilisez --from.\n  \
                 entente record add exploitation=forced_labour province_of_exploitation=35 gender=woman",
            )),
        words
            .command("show", "Show a record; names only with --reveal", "Montrer un dossier; les noms seulement avec --reveal")
            .arg(words.record())
            .arg(words.flag(
                "reveal",
                "Show names, numbers and texts too; this is audited",
                "Montrer aussi noms, numéros et textes; c’est consigné",
            ))
            .arg(
                words
                    .option("version", ("N", "N"), "An earlier version", "Une version antérieure")
                    .value_parser(value_parser!(u32)),
            ),
        words
            .command("edit", "Change a record; the earlier version is kept", "Modifier un dossier; la version antérieure est gardée")
            .args([words.record(), fields(words), from(words)])
            .after_help(words.pick(
                "An empty value empties the field:  entente record edit RECORD risk=",
                "Une valeur vide vide le champ\u{a0}:  entente record edit DOSSIER risk=",
            )),
        words
            .command("history", "Show the versions of a record", "Montrer les versions d’un dossier")
            .arg(words.record()),
        words
            .command(
                "withdraw",
                "Take a record out of sharing, everywhere",
                "Retirer un dossier de toute communication, partout",
            )
            .args([words.record(), words.dry_run()]),
        link(words),
        steward(words),
    ]
}

/// `record steward`: names one, notes their answer, or both at once.
fn steward(words: Words) -> Command {
    let name = words.place("steward", ("PARTNER", "PARTENAIRE"), "The steward", "Le gardien");
    let allows = words.choice(
        "allows",
        ("ANSWER", "RÉPONSE"),
        &["yes", "no"],
        "What the steward answered",
        "Ce que le gardien a répondu",
    );
    let none = words.flag("none", "No steward", "Aucun gardien");
    words
        .command(
            "steward",
            "Name the community steward, and note whether they allow it to leave",
            "Nommer le gardien communautaire, et noter s’il permet qu’il sorte",
        )
        .arg(words.record())
        .args([name.required(false), allows, none.conflicts_with_all(["steward", "allows"])])
        .group(
            ArgGroup::new("one").args(["steward", "none", "allows"]).required(true).multiple(true),
        )
}

/// What is done to many.
fn many(words: Words) -> Vec<Command> {
    vec![
        words
            .command("list", "List records", "Lister les dossiers")
            .args([words.filter(), words.limit(), words.after()])
            .arg(words.flag("withdrawn", "Include withdrawn ones", "Inclure ceux qui sont retirés"))
            .arg(words.flag(
                "consent-ending",
                "Only those with a consent that ends within 30 days",
                "Seulement ceux dont un consentement prend fin d’ici 30 jours",
            ))
            .arg(words.flag(
                "no-consent",
                "Only those without a consent to sharing that is valid today",
                "Seulement ceux sans consentement valide aujourd’hui à la communication",
            )),
        words
            .command("search", "Find records by name or number; this is audited", "Trouver des dossiers par nom ou numéro; c’est consigné")
            .arg(
                words
                    .place(
                        "text",
                        ("TEXT", "TEXTE"),
                        "What to look for; asked for if absent, so that it stays out of the history",
                        "Ce qui est cherché; demandé s’il est absent, pour rester hors de l’historique",
                    )
                    .required(false),
            )
            .arg(words.limit()),
        import(words),
        words
            .command("export", "Write records into a CSV or XLSX file", "Écrire des dossiers dans un fichier CSV ou XLSX")
            .arg(words.file("The file to write", "Le fichier à écrire"))
            .arg(words.option("layout", ("LAYOUT", "DISPOSITION"), "The layout [entente]", "La disposition [entente]"))
            .arg(words.filter())
            .arg(words.flag(
                "reveal",
                "Write names, numbers and texts too; this is audited",
                "Écrire aussi noms, numéros et textes; c’est consigné",
            )),
        words
            .command("duplicates", "Propose records that may be of one person", "Proposer des dossiers qui sont peut-être d’une même personne")
            .arg(words.record().required(false))
            .arg(
                words
                    .option("score", ("N", "N"), "How alike at least, 0 to 100 [80]", "Ressemblance minimale, de 0 à 100 [80]")
                    .value_parser(value_parser!(u8).range(0..=100)),
            )
            .arg(words.limit()),
    ]
}

fn path(words: Words, id: &'static str, en: &'static str, fr: &'static str) -> Arg {
    words.option(id, ("FILE", "FICHIER"), en, fr).value_parser(value_parser!(PathBuf))
}

/// `entente consent`.
pub(super) fn consent(words: Words) -> Command {
    words.group(
        "consent",
        "What a person allows: enter, withdraw, list",
        "Ce qu’une personne permet\u{a0}: consigner, retirer, lister",
        [
            give(words),
            words
                .command(
                    "withdraw",
                    "Withdraw a consent, everywhere",
                    "Retirer un consentement, partout",
                )
                .arg(words.record())
                .arg(words.option(
                    "consent",
                    ("ID", "ID"),
                    "Only this one [all]",
                    "Seulement celui-ci [tous]",
                ))
                .arg(words.dry_run()),
            words
                .command(
                    "list",
                    "List the consents of a record",
                    "Lister les consentements d’un dossier",
                )
                .arg(words.record()),
        ],
    )
}

fn give(words: Words) -> Command {
    let several = |arg: Arg| arg.action(ArgAction::Append).value_delimiter(',');
    words
        .command("give", "Enter a person’s consent", "Consigner le consentement d’une personne")
        .arg(words.record())
        .arg(several(words.option(
            "scope",
            ("SCOPE", "PORTÉE"),
            "What is allowed: codes of consent_scope, separated by ,",
            "Ce qui est permis\u{a0}: codes de consent_scope, séparés par ,",
        ))
        .required_unless_present("override"))
        .arg(several(words.option("need", ("NEED", "BESOIN"), "For these needs [any]", "Pour ces besoins [tous]")))
        .arg(several(words.option(
            "to",
            ("PARTNER", "PARTENAIRE"),
            "Only to these partners [any with an agreement]",
            "Seulement à ces partenaires [tous ceux qui ont une entente]",
        )))
        .arg(words.option("by", ("WHO", "QUI"), "Who gave it: a code of given_by [self]", "Qui l’a donné\u{a0}: un code de given_by [self]"))
        .arg(words.flag(
            "informed",
            "The person was told of the interview, its purpose, the use of the data, and its use without their identity",
            "La personne a été informée de l’entrevue, de son but, de l’usage des données et de leur usage sans son identité",
        ))
        .arg(words.option("language", ("CODE", "CODE"), "In which language, for example cr", "Dans quelle langue, par exemple cr"))
        .arg(words.option("from", ("DATE", "DATE"), "The first day [today]", "Le premier jour [aujourd’hui]"))
        .arg(words.option("until", ("DATE", "DATE"), "The last day", "Le dernier jour"))
        .arg(words.option(
            "override",
            ("REASON", "MOTIF"),
            "A legal duty instead of a consent: a code of override_reason; always audited",
            "Une obligation légale au lieu d’un consentement\u{a0}: un code de override_reason; toujours consigné",
        ))
}

/// `record link`.
fn link(words: Words) -> Command {
    one_of(
        words
            .command(
                "link",
                "Decide whether two records are of one person",
                "Décider si deux dossiers sont d’une même personne",
            )
            .arg(words.record())
            .arg(words.place("other", ("RECORD", "DOSSIER"), "The other record", "L’autre dossier"))
            .arg(
                words
                    .flag("same", "They are of one person", "C’est une même personne")
                    .conflicts_with("different"),
            )
            .arg(words.flag(
                "different",
                "They are of different people",
                "Ce sont des personnes différentes",
            )),
        ["same", "different"],
    )
}

/// `record import`.
fn import(words: Words) -> Command {
    words
        .command("import", "Import a CSV or XLSX file", "Importer un fichier CSV ou XLSX")
        .arg(words.file("The file", "Le fichier"))
        .arg(words.option(
            "layout",
            ("LAYOUT", "DISPOSITION"),
            "ctdc-2017, ctdc-2024, htcds-2.0, entente [guessed]",
            "ctdc-2017, ctdc-2024, htcds-2.0, entente [deviné]",
        ))
        .arg(path(
            words,
            "mapping",
            "A mapping file of your own",
            "Un fichier de correspondance à vous",
        ))
        .arg(words.option(
            "sheet",
            ("NAME", "NOM"),
            "The sheet of a spreadsheet [first that is not empty]",
            "La feuille du classeur [première non vide]",
        ))
        .arg(path(
            words,
            "quarantine",
            "Where rows that cannot be read go",
            "Où vont les lignes illisibles",
        ))
        .arg(
            words
                .option(
                    "consent",
                    ("SCOPE", "PORTÉE"),
                    "A consent that you hold documents for, if the file says nothing of it",
                    "Un consentement que vous détenez par écrit, si le fichier n’en dit rien",
                )
                .action(ArgAction::Append),
        )
        .arg(words.dry_run())
        .after_help(words.pick(
            "Look first:  entente record import cases.xlsx --dry-run",
            "Regardez d’abord\u{a0}:  entente record import dossiers.xlsx --dry-run",
        ))
}
