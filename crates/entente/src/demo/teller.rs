//! Who tells the story, and in which language.

use std::time::Instant;

use entente_core::lang::Lang;

use crate::render::{self, View};

/// Tells what happens, as it happens.
pub(super) struct Teller {
    /// In which language.
    pub(super) lang: Lang,
    /// Says nothing but the last line.
    pub(super) quiet: bool,
    /// When the story began.
    pub(super) since: Instant,
    /// How pages look.
    pub(super) view: View,
}

impl Teller {
    /// A step begins.
    pub(super) fn step(&self, en: &str, fr: &str) {
        if !self.quiet {
            let seconds = self.since.elapsed().as_secs_f64();
            self.print(&format!("\n{seconds:5.1} s  {}", self.lang.pick(en, fr)));
        }
    }

    /// Something that a step found.
    pub(super) fn say(&self, en: &str, fr: &str) {
        if !self.quiet {
            self.print(&format!("         {}", self.lang.pick(en, fr)));
        }
    }

    /// A page, as the command line would show it.
    pub(super) fn page(&self, told: &impl render::Render) {
        if !self.quiet {
            for line in render::page(told, &self.view).lines() {
                self.print(&format!("         {line}"));
            }
        }
    }

    /// A line.
    pub(super) fn print(&self, text: &str) {
        use std::io::Write as _;
        // Somebody who closes the pipe has seen enough.
        let _closed = writeln!(std::io::stdout().lock(), "{text}");
    }
}
