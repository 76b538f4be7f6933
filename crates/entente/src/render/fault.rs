//! Faults on screen: what, why, next, code.

use entente_node::fault::Fault;

use super::page::{Page, Tone};
use super::{Render, View};

impl Render for Fault {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let what = page.paint(Tone::Bad, self.what.text(lang));
        page.line(&format!("{what} ({})", self.code));
        for why in &self.why {
            page.item(why.text(lang));
        }
        let next = self.next.text(lang);
        if !next.is_empty() {
            page.next(next);
        }
    }
}

/// A fault as a person reads it.
pub(crate) fn text(fault: &Fault, view: &View) -> String {
    super::page(fault, view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use entente_core::lang::Lang;

    #[test]
    fn a_fault_says_what_why_next_and_its_code_in_both_languages() {
        let fault = Fault::new(
            20,
            ("the node is not running", "le nœud n’est pas en marche"),
            ("entente node run", "entente node run"),
        )
        .because("nothing answers", "rien ne répond");
        let view = |lang| View { lang, width: None, colour: false };
        assert_eq!(
            text(&fault, &view(Lang::En)),
            "the node is not running (ENT-0020)\n  • nothing answers\n→ entente node run"
        );
        assert_eq!(
            text(&fault, &view(Lang::Fr)),
            "le nœud n’est pas en marche (ENT-0020)\n  • rien ne répond\n→ entente node run"
        );
    }
}
