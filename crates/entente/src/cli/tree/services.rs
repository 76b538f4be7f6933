//! `service …` and `capacity …`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use super::words::Words;

fn which(words: Words) -> Arg {
    words.place(
        "service",
        ("SERVICE", "SERVICE"),
        "A service: its name, or the beginning of its id",
        "Un service\u{a0}: son nom, ou le début de son identifiant",
    )
}

fn several(arg: Arg) -> Arg {
    arg.action(ArgAction::Append).value_delimiter(',')
}

fn number(arg: Arg) -> Arg {
    arg.value_parser(value_parser!(u8).range(0..=150))
}

fn needs(words: Words) -> Arg {
    several(words.option(
        "need",
        ("CODE", "CODE"),
        "What it helps with: `entente codes need`; several with ,",
        "Ce à quoi il répond\u{a0}: «\u{a0}entente codes need\u{a0}»; plusieurs avec ,",
    ))
}

fn groups(words: Words) -> Arg {
    several(words.option(
        "for",
        ("GROUP", "GROUPE"),
        "For whom: `entente codes service_group`; several with ,",
        "Pour qui\u{a0}: «\u{a0}entente codes service_group\u{a0}»; plusieurs avec ,",
    ))
}

fn languages(words: Words) -> Arg {
    several(words.option(
        "language",
        ("TAG", "CODE"),
        "A language: fr, cr, es; several with ,",
        "Une langue\u{a0}: fr, cr, es; plusieurs avec ,",
    ))
}

fn province(words: Words) -> Arg {
    words.option(
        "province",
        ("PROVINCE", "PROVINCE"),
        "A province or territory: its name, letters or code",
        "Une province ou un territoire\u{a0}: nom, lettres ou code",
    )
}

/// `entente service`.
pub(super) fn service(words: Words) -> Command {
    words.group(
        "service",
        "The directory of services, ours and our partners’",
        "Le répertoire des services, les nôtres et ceux des partenaires",
        [
            search(words),
            words.command("show", "Show a service", "Montrer un service").arg(which(words)),
            words
                .command("list", "List our services", "Lister nos services")
                .arg(words.flag(
                    "stale",
                    "Only those not confirmed for 180 days",
                    "Seulement ceux qui n’ont pas été confirmés depuis 180 jours",
                ))
                .arg(words.limit()),
            add(words),
            words
                .command(
                    "confirm",
                    "Confirm that what we say of a service is so today",
                    "Confirmer que ce que nous disons d’un service est exact aujourd’hui",
                )
                .arg(which(words)),
            close(words),
            import(words),
            export(words),
        ],
    )
}

fn search(words: Words) -> Command {
    let point = words.option(
        "near",
        ("LAT,LONG", "LAT,LONG"),
        "Near this point, for example 49.8951,-97.1384",
        "Près de ce point, par exemple 49.8951,-97.1384",
    );
    let within = words
        .option("within", ("KM", "KM"), "At most this far from it", "Au plus à cette distance")
        .value_parser(value_parser!(u32).range(1..=20_000))
        .requires("near");
    let nearest =
        words.flag("nearest", "The nearest first", "Les plus proches d’abord").requires("near");
    words
        .command(
            "search",
            "Find services by need, place, language, age, hours and free places",
            "Trouver des services par besoin, lieu, langue, âge, horaire et places libres",
        )
        .arg(
            words
                .place(
                    "words",
                    ("WORDS", "MOTS"),
                    "Words of its name or of its organization’s",
                    "Mots de son nom ou de celui de son organisme",
                )
                .required(false)
                .num_args(0..),
        )
        .args([needs(words), groups(words), languages(words), province(words)])
        .args([point.allow_hyphen_values(true), within, nearest])
        .arg(number(words.option("age", ("YEARS", "ANS"), "For this age", "Pour cet âge")))
        .arg(words.option(
            "gender",
            ("CODE", "CODE"),
            "For this gender: `entente codes gender`",
            "Pour ce genre\u{a0}: «\u{a0}entente codes gender\u{a0}»",
        ))
        .args([
            words.flag("open", "Open now", "Ouvert maintenant"),
            words.flag("free", "Says that it has room", "Indique qu’il a de la place"),
            words.flag("fresh", "Confirmed within 180 days", "Confirmé depuis moins de 180 jours"),
            words.flag(
                "trafficking",
                "Made for people who were trafficked",
                "Destiné aux personnes victimes de la traite",
            ),
            words.flag(
                "without-status",
                "Takes people without immigration status",
                "Accepte les personnes sans statut d’immigration",
            ),
        ])
        .args([unit(words), words.only_partner(), words.limit()])
}

fn unit(words: Words) -> Arg {
    words.choice(
        "unit",
        ("UNIT", "UNITÉ"),
        &["bed", "room", "place", "appointment", "hour"],
        "What is counted [bed]",
        "Ce qui est compté [bed]",
    )
}

fn text(words: Words, id: &'static str, en: &'static str, fr: &'static str) -> Arg {
    words.option(id, ("TEXT", "TEXTE"), en, fr)
}

fn add(words: Words) -> Command {
    let command = words.command(
        "add",
        "Add a service of ours, or change one",
        "Ajouter un de nos services, ou en modifier un",
    );
    details(words, command)
}

/// Everything that can be given of a service.
pub(super) fn details(words: Words, command: Command) -> Command {
    let answer = |id, en, fr| words.choice(id, ("ANSWER", "RÉPONSE"), &["yes", "no"], en, fr);
    command
        .args([
            text(words, "name", "Its name", "Son nom en anglais"),
            text(words, "name-fr", "Its name in French", "Son nom en français"),
            text(words, "description", "What it does", "Ce qu’il fait, en anglais"),
            text(words, "description-fr", "The same in French", "Ce qu’il fait, en français"),
            words.option(
                "change",
                ("SERVICE", "SERVICE"),
                "Change this service, and only what is given",
                "Modifier ce service, et seulement ce qui est donné",
            ),
        ])
        .args([needs(words), groups(words), languages(words), province(words)])
        .arg(several(words.option(
            "gender",
            ("CODE", "CODE"),
            "Only for these genders; several with ,",
            "Seulement pour ces genres; plusieurs avec ,",
        )))
        .arg(several(words.option(
            "interpreted",
            ("TAG", "CODE"),
            "A language through an interpreter; several with ,",
            "Une langue par interprète; plusieurs avec ,",
        )))
        .arg(number(words.option("from-age", ("YEARS", "ANS"), "Youngest age", "Âge minimal")))
        .arg(number(words.option("to-age", ("YEARS", "ANS"), "Oldest age", "Âge maximal")))
        .args(terms(words))
        .args([
            words.flag(
                "hidden",
                "A safe house: keep its province and no address at all",
                "Lieu secret\u{a0}: ne garder que la province, aucune adresse",
            ),
            words
                .option("at", ("LAT,LONG", "LAT,LONG"), "Where it is", "Où il se trouve")
                .allow_hyphen_values(true),
            text(words, "street", "Number and street", "Numéro et rue, en anglais"),
            text(words, "street-fr", "The same in French", "Numéro et rue, en français"),
            text(words, "city", "Town", "Ville, en anglais"),
            text(words, "city-fr", "The same in French", "Ville, en français"),
            text(words, "postal-code", "Postal code", "Code postal"),
            text(words, "url", "Its page", "Sa page Web"),
            words.option(
                "email",
                ("ADDRESS", "ADRESSE"),
                "Its public address for mail",
                "Son adresse de courriel publique",
            ),
        ])
        .args([
            words
                .option(
                    "phone",
                    ("NUMBER", "NUMÉRO"),
                    "A telephone; may be repeated",
                    "Un téléphone; peut être répété",
                )
                .action(ArgAction::Append),
            words
                .option(
                    "hours",
                    ("HOURS", "HORAIRE"),
                    "For example `MO,TU 09:00-17:00`, or `always`; may be repeated",
                    "Par exemple «\u{a0}MO,TU 09:00-17:00\u{a0}», ou «\u{a0}always\u{a0}»; peut être répété",
                )
                .action(ArgAction::Append),
            answer(
                "trafficking",
                "Made for people who were trafficked",
                "Destiné aux personnes victimes de la traite",
            ),
            answer(
                "without-status",
                "Takes people without status; told to partners only",
                "Accepte les personnes sans statut; communiqué aux partenaires seulement",
            ),
        ])
}

/// On which terms a service is given, and for whom.
fn terms(words: Words) -> Vec<Arg> {
    let again = ("The same in French", "La même chose en français");
    let both = |id, id_fr, en, fr| [text(words, id, en, fr), text(words, id_fr, again.0, again.1)];
    let repeated = |arg: Arg| arg.action(ArgAction::Append);
    let texts = [
        both("eligibility", "eligibility-fr", "Who can have it", "Qui y a droit, en anglais"),
        both(
            "interpretation",
            "interpretation-fr",
            "What there is of interpretation",
            "L’interprétation offerte, en anglais",
        ),
        both("application", "application-fr", "How to apply", "Comment s’inscrire, en anglais"),
        both("fees", "fees-fr", "What it costs", "Ce qu’il coûte, en anglais"),
        both(
            "documents",
            "documents-fr",
            "What has to be shown, or `none`",
            "Ce qu’il faut présenter, en anglais, ou «\u{a0}none\u{a0}»",
        ),
        both("alert", "alert-fr", "What should be known today", "Ce qu’il faut savoir, en anglais"),
    ];
    let others = [
        several(words.option(
            "access",
            ("CODE", "CODE"),
            "What it has for people who need it: `entente codes access_need`; several with ,",
            "Ce qu’il offre à qui en a besoin\u{a0}: «\u{a0}entente codes access_need\u{a0}»; plusieurs avec ,",
        )),
        repeated(words.option(
            "area",
            ("AREA", "TERRITOIRE"),
            "For people of `canada`, a province, or `the north / le Nord`; may be repeated",
            "Pour les gens de «\u{a0}canada\u{a0}», d’une province ou de «\u{a0}the north / le Nord\u{a0}»; peut être répété",
        )),
        repeated(words.option(
            "contact",
            ("PERSON", "PERSONNE"),
            "`Name; title / titre; telephone; e-mail`, told to partners only; may be repeated",
            "«\u{a0}Nom; title / titre; téléphone; courriel\u{a0}», pour les partenaires seulement; peut être répété",
        )),
    ];
    texts.into_iter().flatten().chain(others).collect()
}

fn close(words: Words) -> Command {
    let how = ["for-good", "open-again", "delete"];
    let flag = |id: &'static str, en, fr| {
        words.flag(id, en, fr).conflicts_with_all(how.iter().filter(|it| **it != id))
    };
    words
        .command(
            "close",
            "Close a service of ours, for now; partners no longer see it",
            "Fermer temporairement un de nos services; les partenaires ne le voient plus",
        )
        .arg(which(words))
        .args([
            flag("for-good", "For good", "Définitivement"),
            flag("open-again", "Open it again", "Le rouvrir"),
            flag("delete", "Delete it", "Le supprimer"),
        ])
}

fn import(words: Words) -> Command {
    words
        .command(
            "import",
            "Import services: HSDS 3.0 JSON or data package, and known directories",
            "Importer des services\u{a0}: HSDS 3.0 en JSON ou en tableaux, et répertoires connus",
        )
        .arg(words.file(
            "The file, or the folder or zip of a data package",
            "Le fichier, ou le répertoire ou zip de tableaux",
        ))
        .arg(words.choice(
            "layout",
            ("LAYOUT", "DISPOSITION"),
            &["hsds-3.0", "hsds-3.0-package", "ircc-2022", "hotlines"],
            "How the file is laid out [guessed]",
            "La disposition du fichier [devinée]",
        ))
        .arg(
            words
                .option(
                    "quarantine",
                    ("FILE", "FICHIER"),
                    "Write what was set aside, and why, into this file",
                    "Écrire dans ce fichier ce qui a été mis de côté, et pourquoi",
                )
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(words.dry_run())
}

fn export(words: Words) -> Command {
    words
        .command(
            "export",
            "Write our services into a file that any HSDS tool can read",
            "Écrire nos services dans un fichier lisible par tout outil HSDS",
        )
        .arg(words.file(
            "The file, or the folder or .zip of a data package; it must not exist",
            "Le fichier, ou le répertoire ou .zip de tableaux; il ne doit pas exister",
        ))
        .arg(words.choice(
            "layout",
            ("LAYOUT", "DISPOSITION"),
            &["hsds-3.0", "hsds-3.0-package"],
            "JSON or tables [hsds-3.0; tables for a .zip]",
            "JSON ou tableaux [hsds-3.0; tableaux pour un .zip]",
        ))
        .arg(words.flag(
            "for-partners",
            "With what only partners may see; do not publish it",
            "Avec ce que seuls les partenaires peuvent voir; à ne pas publier",
        ))
        .arg(
            words
                .flag(
                    "with-partners",
                    "With the services of partners",
                    "Avec les services des partenaires",
                )
                .requires("for-partners"),
        )
}

/// `entente capacity`.
pub(super) fn capacity(words: Words) -> Command {
    words.group(
        "capacity",
        "What is free now: beds, rooms, places",
        "Ce qui est libre\u{a0}: lits, chambres, places",
        [
            words
                .command(
                    "set",
                    "Say what a service has free; partners know within seconds",
                    "Indiquer ce qui est libre; les partenaires le savent en quelques secondes",
                )
                .arg(which(words))
                .arg(
                    words
                        .place(
                            "available",
                            ("N", "N"),
                            "How many are free; 0 is full",
                            "Combien sont libres; 0 veut dire complet",
                        )
                        .value_parser(value_parser!(u32)),
                )
                .arg(
                    words
                        .option("of", ("N", "N"), "How many there are", "Combien il y en a en tout")
                        .value_parser(value_parser!(u32)),
                )
                .args([unit(words), groups(words)])
                .arg(words.option(
                    "until",
                    ("TIME", "HEURE"),
                    "Until when: 18:00, 6h, or an instant [4h]",
                    "Jusqu’à quand\u{a0}: 18:00, 6h, ou un instant [4h]",
                )),
            words
                .command("show", "Show what is free", "Montrer ce qui est libre")
                .arg(which(words).required(false)),
        ],
    )
}
