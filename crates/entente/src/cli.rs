//! The command line: what a person types, and what they get to see.
//!
//! In the order in which a command travels: [`speech`] finds the language before anything is
//! parsed; [`tree`] is all commands in that language; [`usage`] says what was mistyped; [`ask`]
//! makes the document that is asked; [`flow`] asks for confirmation, digits and passphrases where
//! a person is present; [`call`] carries the document to the node; [`crate::render`] makes a page
//! of the answer.
//!
//! Nothing here decides anything about a case: the node does.

use std::process::ExitCode;

use entente_node::fault::Fault;

pub(crate) mod ask;
pub(crate) mod call;
pub(crate) mod desk;
pub(crate) mod faults;
pub(crate) mod flow;
pub(crate) mod handover;
mod offline;
pub(crate) mod prompt;
pub(crate) mod services;
pub(crate) mod speech;
mod sponsors;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
mod usage;
pub(crate) mod verify;
mod watch;

use desk::Desk;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was done.
    Done,
    /// It was not done, because something is wrong.
    Faulty,
    /// It was not done, because it was mistyped.
    Mistyped,
    /// It was not done, because a rule refuses it.
    Refused,
}

impl End {
    /// The exit code (`docs/JSON.md`): 0, 1, 2 or 3.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Faulty => 1,
            Self::Mistyped => 2,
            Self::Refused => 3,
        }
    }

    /// The end that a fault calls for: the first digit of its code names the area.
    pub(crate) fn of(fault: &Fault) -> Self {
        match fault.code.strip_prefix("ENT-") {
            Some(number) if number.starts_with("000") => Self::Mistyped,
            // Kept for a second person: it was not done.
            Some("2780") => Self::Refused,
            Some(number) if number.starts_with("19") => Self::Refused,
            _ => Self::Faulty,
        }
    }
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        Self::from(end.code())
    }
}

/// Runs the command in `args`, the first of which is the program.
pub(crate) fn run(args: Vec<std::ffi::OsString>) -> End {
    let lang = speech::of(&args, |name| std::env::var(name).ok());
    let json = args.iter().any(|arg| arg == "--json");
    let root = tree::root(lang);
    let matches = match root.clone().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) if usage::is_help(&error) => {
            // Not being able to print help is no fault of the command.
            let _ = error.print();
            return if error.use_stderr() { End::Mistyped } else { End::Done };
        }
        Err(error) => {
            let fault = usage::fault(&error, &root, &args);
            Desk::bare(lang, json).complain(&fault);
            return End::Mistyped;
        }
    };
    let desk = Desk::new(lang, &matches);
    match flow::run(&desk, &matches) {
        Ok(end) => end,
        Err(fault) => {
            desk.complain(&fault);
            End::of(&fault)
        }
    }
}

#[cfg(test)]
mod end_tests {
    use super::*;

    #[test]
    fn the_exit_code_says_whose_fault_it_is() {
        let end = |code| End::of(&Fault::new(code, ("x", "x"), ("", ""))).code();
        assert_eq!(end(1), 2);
        assert_eq!(end(20), 1);
        assert_eq!(end(1203), 1);
        assert_eq!(end(1901), 3);
        assert_eq!((end(2780), end(2781)), (3, 1));
    }
}
