//! What waits, and whether messages about it arrive.

use entente_node::local::doc::{InboxTold, NotifyTestTold};

use super::Render;
use super::page::{Page, Tone};

impl Render for InboxTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(self.organization.text(lang));
        if self.waiting.is_empty() {
            let nothing = page.pick("✓ Nothing waits for you.", "✓ Rien ne vous attend.");
            let nothing = page.paint(Tone::Good, nothing);
            page.line(&nothing);
        }
        for line in &self.waiting {
            page.line(line.text.text(lang));
            page.next(&line.next);
        }
    }
}

impl Render for NotifyTestTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        for way in &self.ways {
            let mark = match &way.why {
                None => page.paint(Tone::Good, page.pick("✓ taken", "✓ accepté")),
                Some(_) => page.paint(Tone::Bad, page.pick("✗ not taken", "✗ refusé")),
            };
            page.line(&format!("{mark} {}", way.way));
            if let Some(why) = &way.why {
                page.line(&format!("  {}", why.text(lang)));
            }
        }
        if self.ways.iter().all(|way| way.taken) {
            page.say(
                "A server took each message. Look whether they arrived.",
                "Un serveur a accepté chaque message. Vérifiez qu’ils sont arrivés.",
            );
        } else {
            page.say(
                "Correct [notifications] in entente.toml, restart the node, and test again.",
                "Corrigez [notifications] dans entente.toml, relancez le nœud, puis refaites l’essai.",
            );
            page.next("entente notify test");
        }
    }
}
