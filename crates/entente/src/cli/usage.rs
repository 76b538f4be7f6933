//! What was mistyped, in both languages: `ENT-0001` to `ENT-0008`.
//!
//! clap knows what is wrong and says it in English only. Its messages also repeat what was typed,
//! which may be about a person, so values are never repeated here; names of options and commands
//! are.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use entente_node::fault::Fault;

/// Whether clap wants to print help or the version rather than to complain.
pub(crate) fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// What was mistyped, why, and what to type instead.
pub(crate) fn fault(error: &clap::Error, root: &Command, args: &[OsString]) -> Box<Fault> {
    let help = Help::of(root, args);
    let fault = match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(&help),
        ErrorKind::UnknownArgument => unknown_option(error, &help),
        ErrorKind::MissingRequiredArgument => missing(error, &help),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => invalid_value(error, &help),
        ErrorKind::NoEquals
        | ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues => wrong_number(error, &help),
        ErrorKind::MissingSubcommand => missing_command(&help),
        ErrorKind::ArgumentConflict => conflict(error, &help),
        _ => Fault::new(
            8,
            ("the command cannot be read", "la commande est illisible"),
            ("entente --help", "entente --help"),
        ),
    };
    closest(fault, error)
}

fn unknown_command(help: &Help) -> Box<Fault> {
    Fault::new(1, ("there is no such command", "cette commande n’existe pas"), help.as_pair())
}

fn unknown_option(error: &clap::Error, help: &Help) -> Box<Fault> {
    let name = text(error, ContextKind::InvalidArg);
    // A stray value may be a name; only what begins like an option is repeated.
    let (en, fr) = match name.as_deref().filter(|name| name.starts_with('-')) {
        Some(name) => {
            let name = name.split('=').next().unwrap_or_default();
            (format!("there is no option {name} here"), format!("il n’y a pas d’option {name} ici"))
        }
        None => ("there is one word too many".to_owned(), "il y a un mot de trop".to_owned()),
    };
    Fault::new(2, (&en, &fr), help.as_pair())
}

fn missing(error: &clap::Error, help: &Help) -> Box<Fault> {
    let names = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(names)) => names.join(" "),
        _ => String::new(),
    };
    Fault::new(
        3,
        (&format!("still needed: {names}"), &format!("il manque\u{a0}: {names}")),
        help.as_pair(),
    )
}

fn invalid_value(error: &clap::Error, help: &Help) -> Box<Fault> {
    let option = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let fault = Fault::new(
        4,
        (
            &format!("{option} does not accept this value"),
            &format!("{option} n’accepte pas cette valeur"),
        ),
        help.as_pair(),
    );
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            let values = values.join(", ");
            fault.because(
                format!("it accepts: {values}"),
                format!("valeurs acceptées\u{a0}: {values}"),
            )
        }
        _ => fault,
    }
}

fn wrong_number(error: &clap::Error, help: &Help) -> Box<Fault> {
    let option = text(error, ContextKind::InvalidArg).unwrap_or_default();
    Fault::new(
        5,
        (
            &format!("{option} has the wrong number of values"),
            &format!("{option} n’a pas le bon nombre de valeurs"),
        ),
        help.as_pair(),
    )
}

fn missing_command(help: &Help) -> Box<Fault> {
    Fault::new(6, ("a command is missing", "il manque une commande"), help.as_pair())
}

fn conflict(error: &clap::Error, help: &Help) -> Box<Fault> {
    let option = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let other = match error.get(ContextKind::PriorArg) {
        Some(ContextValue::String(other)) => other.clone(),
        Some(ContextValue::Strings(others)) => others.join(", "),
        _ => String::new(),
    };
    let fault = Fault::new(
        7,
        (
            &format!("{option} cannot be used with {other}"),
            &format!("{option} ne va pas avec {other}"),
        ),
        help.as_pair(),
    );
    if option == other {
        return fault.because("it was given twice", "elle a été donnée deux fois");
    }
    fault
}

/// Adds what was probably meant. Only names of commands and options are suggested.
fn closest(fault: Box<Fault>, error: &clap::Error) -> Box<Fault> {
    let suggested = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg]
        .into_iter()
        .find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(name)) => Some(name.clone()),
            // The last is the closest.
            Some(ContextValue::Strings(names)) => names.last().cloned(),
            _ => None,
        });
    match suggested {
        Some(name) => {
            fault.because(format!("did you mean {name}?"), format!("vouliez-vous dire {name}?"))
        }
        None => fault,
    }
}

/// The command whose help says more: as many words of `args` as name commands.
struct Help(String);

impl Help {
    fn of(root: &Command, args: &[OsString]) -> Self {
        let mut names = String::from(root.get_name());
        let mut command = root;
        for arg in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
            if let Some(inner) = command.find_subcommand(arg) {
                names.push(' ');
                names.push_str(inner.get_name());
                command = inner;
            }
        }
        Self(format!("{names} --help"))
    }

    fn as_pair(&self) -> (&str, &str) {
        (&self.0, &self.0)
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tree;
    use entente_core::lang::Lang;

    fn mistyped(line: &str, lang: Lang) -> Box<Fault> {
        let (root, args) =
            (tree::root(lang), line.split(' ').map(OsString::from).collect::<Vec<_>>());
        fault(&root.clone().try_get_matches_from(&args).unwrap_err(), &root, &args)
    }

    #[track_caller]
    fn check(line: &str, code: &str, en: &str, fr: &str, next: &str) {
        for lang in [Lang::En, Lang::Fr] {
            let fault = mistyped(line, lang);
            assert_eq!(fault.code, code);
            assert_eq!(fault.next.en, next);
        }
        assert_eq!(mistyped(line, Lang::En).what.en, en);
        assert_eq!(mistyped(line, Lang::Fr).what.fr, fr);
    }

    #[test]
    fn what_was_mistyped_is_said_in_both_languages_with_the_help_that_fits() {
        check(
            "entente statsu",
            "ENT-0001",
            "there is no such command",
            "cette commande n’existe pas",
            "entente --help",
        );
        check(
            "entente partner list --colour",
            "ENT-0002",
            "there is no option --colour here",
            "il n’y a pas d’option --colour ici",
            "entente partner list --help",
        );
        check(
            "entente record show",
            "ENT-0003",
            "still needed: <RECORD>",
            "il manque\u{a0}: <DOSSIER>",
            "entente record show --help",
        );
        check(
            "entente partner list --state sleepy",
            "ENT-0004",
            "--state <STATE> does not accept this value",
            "--state <ÉTAT> n’accepte pas cette valeur",
            "entente partner list --help",
        );
        check(
            "entente record link a b --same --different",
            "ENT-0007",
            "--same cannot be used with --different",
            "--same ne va pas avec --different",
            "entente record link --help",
        );
    }

    #[test]
    fn a_near_miss_is_suggested() {
        let fault = mistyped("entente statuss", Lang::Fr);
        assert_eq!(fault.why[0].fr, "vouliez-vous dire status?");
    }

    #[test]
    fn an_option_that_was_given_twice_is_told_as_that() {
        let twice = mistyped("entente partner list --state active --state ended", Lang::Fr);
        assert_eq!(twice.code, "ENT-0007");
        assert_eq!(twice.why[0].fr, "elle a été donnée deux fois");
    }

    #[test]
    fn a_stray_value_is_not_repeated_since_it_may_be_a_name() {
        for line in ["entente status Marie", "entente partner list --state Marie"] {
            let fault = mistyped(line, Lang::En);
            assert!(!format!("{fault:?}").contains("Marie"), "{line}");
        }
    }
}
