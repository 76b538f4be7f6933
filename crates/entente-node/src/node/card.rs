//! Our card: what partners are told of our names, our kind and our address once it changes.

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_proto::{Card, Notice};
use entente_store::rows::PartnerState;
use entente_store::tx::Reads as _;

use super::{Node, Outcome};

/// Under which name the store keeps what partners were last told.
const TOLD: &str = "card-told";

impl Node {
    /// Tells every partner what our card says, if it says something else than when it was last told.
    ///
    /// A new node has told nobody: whoever becomes a partner sees the card then. Whoever is suspended
    /// finds the notice in the feed later.
    pub(crate) fn tell_card(&self, card: &Card) -> Outcome<()> {
        let now = text_of(card);
        let told = self.db.read(|tx| tx.meta(TOLD))?;
        if told.as_deref() == Some(now.as_bytes()) {
            return Ok(());
        }
        self.db.write("card", |tx| {
            let mut entries = Vec::new();
            for (id, row) in tx.partners()? {
                let Ok(partner) = OrgId::from_bytes(&id) else { continue };
                // Before the check by phone nothing is said; after the end nothing any more.
                if told.is_none()
                    || matches!(row.state, PartnerState::Connected | PartnerState::Ended)
                {
                    continue;
                }
                let at_s = u64::try_from(self.now_s()).unwrap_or(0);
                let notice = self.notice(&partner, &Notice::Card { at_s, card: card.clone() })?;
                self.say(tx, &partner, None, vec![notice])?;
                let entry = self.entry(Actor::Node, Action::SettingsChanged).partner(partner);
                entries.push(entry.reasons(["card".to_owned()]));
            }
            tx.put_meta(TOLD, now.as_bytes())?;
            self.write_audit(tx, entries)
        })
    }
}

/// What a card says, to be compared.
fn text_of(card: &Card) -> String {
    let Card { org: _, name, kind, address } = card;
    format!("{}\n{}\n{}\n{address}", name.en, name.fr, kind.code())
}
