//! How a command, an option and a value are written down, once for both languages.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::builder::styling::{AnsiColor, Effects, Style, Styles};
use clap::{Arg, ArgAction, Command, value_parser};
use entente_core::lang::Lang;

/// Builds commands in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(pub(crate) Lang);

impl Words {
    /// One of a pair.
    pub(crate) fn pick(self, en: &'static str, fr: &'static str) -> &'static str {
        self.0.pick(en, fr)
    }

    /// A command. Its help is in the language of `self`, headings included.
    pub(crate) fn command(self, name: &'static str, en: &'static str, fr: &'static str) -> Command {
        Command::new(name)
            .about(self.pick(en, fr))
            .styles(styles())
            .help_template(self.pick(
                "{about-with-newline}\n\u{1b}[1mUsage:\u{1b}[0m {usage}\n\n{all-args}{after-help}\n",
                "{about-with-newline}\n\u{1b}[1mUtilisation\u{a0}:\u{1b}[0m {usage}\n\n\
                 {all-args}{after-help}\n",
            ))
            .subcommand_help_heading(self.pick("Commands", "Commandes\u{a0}"))
            .subcommand_value_name(self.pick("COMMAND", "COMMANDE"))
    }

    /// A command that only has commands.
    pub(crate) fn group(
        self,
        name: &'static str,
        en: &'static str,
        fr: &'static str,
        commands: impl IntoIterator<Item = Command>,
    ) -> Command {
        self.command(name, en, fr)
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommands(commands)
    }

    /// Something that must be given, by its place.
    pub(crate) fn place(
        self,
        id: &'static str,
        value: (&'static str, &'static str),
        en: &'static str,
        fr: &'static str,
    ) -> Arg {
        Arg::new(id)
            .required(true)
            .value_name(self.pick(value.0, value.1))
            .help(self.pick(en, fr))
            .help_heading(self.pick("Arguments", "Arguments\u{a0}"))
    }

    /// An option with a value.
    pub(crate) fn option(
        self,
        id: &'static str,
        value: (&'static str, &'static str),
        en: &'static str,
        fr: &'static str,
    ) -> Arg {
        Arg::new(id)
            .long(id)
            .value_name(self.pick(value.0, value.1))
            .help(self.pick(en, fr))
            .help_heading(self.pick("Options", "Options\u{a0}"))
            .hide_possible_values(true)
            .hide_default_value(true)
    }

    /// An option without a value.
    pub(crate) fn flag(self, id: &'static str, en: &'static str, fr: &'static str) -> Arg {
        Arg::new(id)
            .long(id)
            .action(ArgAction::SetTrue)
            .help(self.pick(en, fr))
            .help_heading(self.pick("Options", "Options\u{a0}"))
    }

    /// `PARTNER`.
    pub(crate) fn partner(self) -> Arg {
        self.place(
            "partner",
            ("PARTNER", "PARTENAIRE"),
            "A partner: its name, or the beginning of its id",
            "Un partenaire\u{a0}: son nom, ou le début de son identifiant",
        )
    }

    /// `--partner PARTNER`, to narrow a list.
    pub(crate) fn only_partner(self) -> Arg {
        self.option(
            "partner",
            ("PARTNER", "PARTENAIRE"),
            "Only this partner: its name, or the beginning of its id",
            "Seulement ce partenaire\u{a0}: son nom, ou le début de son identifiant",
        )
    }

    /// `AGREEMENT`.
    pub(crate) fn agreement(self) -> Arg {
        self.place(
            "agreement",
            ("AGREEMENT", "ENTENTE"),
            "An agreement: the beginning of its id",
            "Une entente\u{a0}: le début de son identifiant",
        )
    }

    /// `RECORD`.
    pub(crate) fn record(self) -> Arg {
        self.place(
            "record",
            ("RECORD", "DOSSIER"),
            "A record: its id",
            "Un dossier\u{a0}: son identifiant",
        )
    }

    /// `FILE`, which must exist.
    pub(crate) fn file(self, en: &'static str, fr: &'static str) -> Arg {
        self.place("file", ("FILE", "FICHIER"), en, fr).value_parser(value_parser!(PathBuf))
    }

    /// `--reason TEXT`.
    pub(crate) fn reason(self) -> Arg {
        self.option(
            "reason",
            ("TEXT", "TEXTE"),
            "Why, for both audit logs; write nothing about a case",
            "Le motif, pour les deux journaux; n’écrivez rien sur un dossier",
        )
    }

    /// `--dry-run`.
    pub(crate) fn dry_run(self) -> Arg {
        self.flag("dry-run", "Only say what it would do", "Dire seulement ce que cela ferait")
    }

    /// `--where FIELD=CODE`, as often as wanted.
    pub(crate) fn filter(self) -> Arg {
        self.option(
            "where",
            ("FIELD=CODE", "CHAMP=CODE"),
            "Only those with this code; may be repeated",
            "Seulement ceux qui ont ce code; peut être répété",
        )
        .action(ArgAction::Append)
    }

    /// `--limit N`.
    pub(crate) fn limit(self) -> Arg {
        self.option("limit", ("N", "N"), "At most so many [100]", "Au plus ce nombre [100]")
            .value_parser(value_parser!(u32).range(1..=10_000))
    }

    /// `--after ID`.
    pub(crate) fn after(self) -> Arg {
        self.option(
            "after",
            ("ID", "ID"),
            "Continue a list after this one",
            "Poursuivre une liste après celui-ci",
        )
    }

    /// `--period PERIOD`, as often as wanted.
    pub(crate) fn periods(self) -> Arg {
        self.option(
            "period",
            ("PERIOD", "PÉRIODE"),
            "A quarter or a year: 2026-Q3 or 2025; may be repeated",
            "Un trimestre ou une année\u{a0}: 2026-Q3 ou 2025; peut être répété",
        )
        .action(ArgAction::Append)
    }

    /// An option that accepts only these values, which its help names.
    pub(crate) fn choice(
        self,
        id: &'static str,
        value: (&'static str, &'static str),
        values: &'static [&'static str],
        en: &'static str,
        fr: &'static str,
    ) -> Arg {
        let help = format!("{} ({})", self.pick(en, fr), values.join(", "));
        self.option(id, value, en, fr).help(help).value_parser(PossibleValuesParser::new(values))
    }

    /// `--version`.
    pub(crate) fn version(self) -> Arg {
        Arg::new("version")
            .short('V')
            .long("version")
            .action(ArgAction::Version)
            .help(self.pick("Show the version", "Montrer la version"))
            .help_heading(self.common_heading())
    }

    /// What every command accepts.
    pub(crate) fn common(self) -> Vec<Arg> {
        let heading = self.common_heading();
        let common = |arg: Arg| arg.global(true).help_heading(heading).display_order(900);
        vec![
            common(
                self.option(
                    "home",
                    ("FOLDER", "RÉPERTOIRE"),
                    "The node’s folder [$ENTENTE_HOME or ~/.entente]",
                    "Le répertoire du nœud [$ENTENTE_HOME ou ~/.entente]",
                )
                .value_parser(value_parser!(PathBuf)),
            ),
            common(
                self.option(
                    "socket",
                    ("FILE", "FICHIER"),
                    "The node’s door for staff [$ENTENTE_SOCKET]",
                    "La porte du personnel du nœud [$ENTENTE_SOCKET]",
                )
                .value_parser(value_parser!(PathBuf)),
            ),
            common(
                self.option("lang", ("LANG", "LANGUE"), "en or fr", "en ou fr")
                    .value_parser(PossibleValuesParser::new(["en", "fr"])),
            ),
            common(self.flag(
                "json",
                "Answer with a document (docs/JSON.md)",
                "Répondre par un document (docs/JSON.md)",
            )),
            common(
                self.flag("quiet", "No progress and no remarks", "Ni progression ni remarques")
                    .short('q'),
            ),
            common(self.flag("yes", "Confirm everything", "Tout confirmer").short('y')),
            common(
                Arg::new("help")
                    .short('h')
                    .long("help")
                    .action(ArgAction::Help)
                    .help(self.pick("Show this page", "Montrer cette page")),
            ),
        ]
    }

    fn common_heading(self) -> &'static str {
        self.pick("Everywhere", "Partout\u{a0}")
    }
}

/// Bold headings and names; nothing that depends on a dark or a light screen.
fn styles() -> Styles {
    let bold = Style::new().effects(Effects::BOLD);
    Styles::styled()
        .header(bold)
        .usage(bold)
        .literal(bold)
        .placeholder(Style::new())
        .error(AnsiColor::Red.on_default().effects(Effects::BOLD))
}
