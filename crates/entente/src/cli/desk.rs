//! The desk: where a person sits. Language, output, the node's folder, and what they wish for.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use entente_core::lang::Lang;
use entente_node::fault::Fault;

use crate::render::{self, Render, View};

/// Where a command was typed, and how its answer is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    /// The language.
    pub(crate) lang: Lang,
    /// Documents instead of pages.
    pub(crate) json: bool,
    /// Only what was asked for; no progress, no explanations.
    pub(crate) quiet: bool,
    /// Every confirmation is given.
    pub(crate) yes: bool,
    /// The node's folder.
    pub(crate) home: PathBuf,
    /// The node's door for staff, for accounts that cannot enter its folder.
    pub(crate) staff_door: Option<PathBuf>,
    /// Somebody sits at the terminal and can be asked.
    pub(crate) attended: bool,
    /// How pages are looked at.
    pub(crate) view: View,
}

impl Desk {
    /// The desk before a command could be parsed.
    pub(crate) fn bare(lang: Lang, json: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Self {
            lang,
            json,
            quiet: false,
            yes: false,
            home: PathBuf::new(),
            staff_door: None,
            attended: !json && is_terminal && std::io::stdin().is_terminal(),
            view: View { lang, width: if is_terminal { width() } else { None }, colour },
        }
    }

    /// The desk for a command.
    pub(crate) fn new(lang: Lang, matches: &ArgMatches) -> Self {
        let mut desk = Self::bare(lang, matches.get_flag("json"));
        desk.quiet = matches.get_flag("quiet");
        desk.yes = matches.get_flag("yes");
        let home = matches.get_one::<PathBuf>("home");
        // What is typed counts more than what the environment says.
        let by_environment = || home.is_none().then(|| from_environment("ENTENTE_SOCKET"))?;
        desk.staff_door = matches.get_one::<PathBuf>("socket").cloned().or_else(by_environment);
        desk.home = home.cloned().unwrap_or_else(default_home);
        desk
    }

    /// The socket of the node.
    pub(crate) fn socket(&self) -> PathBuf {
        self.staff_door.clone().unwrap_or_else(|| self.home.join("entente.sock"))
    }

    /// How pages are looked at.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Prints to standard output. Somebody who closes it (`| head`) has seen enough.
    pub(crate) fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    /// Prints a page, unless documents are wanted.
    pub(crate) fn page(&self, readable: &impl Render) {
        if !self.json {
            self.print(&render::page(readable, &self.view));
        }
    }

    /// Says something beside the answer, unless only that or a document is wanted.
    pub(crate) fn remark(&self, en: &str, fr: &str) {
        if !self.json && !self.quiet {
            self.print(self.lang.pick(en, fr));
        }
    }

    /// Says what went wrong: on standard error, or as the document `{"error": …}`.
    pub(crate) fn complain(&self, fault: &Fault) {
        if self.json {
            self.print(&serde_json::json!({ "error": fault }).to_string());
            return;
        }
        let view =
            View { colour: self.view.colour && std::io::stderr().is_terminal(), ..self.view };
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{}", render::fault::text(fault, &view));
    }

    /// Makes a path absolute: the node may have been started elsewhere.
    pub(crate) fn absolute(path: &Path) -> String {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
    }
}

/// `$ENTENTE_HOME`, or `~/.entente`.
fn default_home() -> PathBuf {
    from_environment("ENTENTE_HOME")
        .unwrap_or_else(|| std::env::home_dir().unwrap_or_default().join(".entente"))
}

fn from_environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The width of the terminal, if it can be had.
///
/// Falls back to what the shell says, then to no limit.
fn width() -> Option<u16> {
    let asked = comfy_table::Table::new().width();
    asked.or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}
