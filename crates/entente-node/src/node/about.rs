//! What organizations do: what we tell partners of ourselves, and what they told us.
//!
//! It travels in the greeting ([`entente_proto::About`]), is shown to people, and nothing acts on it.

use entente_core::audit::{Action, Actor};
use entente_core::identity::OrgId;
use entente_proto::{About, decode_about, encode_about};
use entente_store::tx::Reads as _;

use super::partners::unknown_partner;
use super::{Node, Outcome};

/// How often a partner can say something new: once an hour, so that a node that says something else each time does
/// not fill the log.
const EVERY_S: i64 = 60 * 60;

impl Node {
    /// Takes over what the settings say that the organization does. Counts once.
    pub fn set_about(&self, about: About) {
        // Whoever comes second changes nothing.
        let _set = self.about.set(about);
    }

    /// What we tell partners that we do.
    pub fn about(&self) -> About {
        self.about.get().cloned().unwrap_or_default()
    }

    /// What a partner said that it does, and when; seconds since 1970.
    pub fn partner_about(&self, partner: &OrgId) -> Outcome<Option<(i64, About)>> {
        let kept = self.db.read(|tx| tx.meta(&key(partner)))?;
        Ok(kept.and_then(|kept| {
            let (at_s, bytes) = kept.split_first_chunk()?;
            Some((i64::from_be_bytes(*at_s), decode_about(bytes).ok()?))
        }))
    }

    /// A partner says what it does.
    pub(crate) fn heard_about(&self, partner: &OrgId, about: &About) -> Outcome<()> {
        let bytes = encode_about(about);
        let kept = self.db.read(|tx| tx.meta(&key(partner)))?;
        // The same is said with each greeting.
        if !self.is_news(kept.as_deref(), &bytes) {
            return Ok(());
        }
        self.db.write("what a partner does", |tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or_else(|| unknown_partner(partner))?;
            let kept = tx.meta(&key(partner))?;
            if self.open_to(&row).is_err() || !self.is_news(kept.as_deref(), &bytes) {
                return Ok(());
            }
            let kept = [&self.now_s().to_be_bytes()[..], &bytes].concat();
            tx.put_meta(&key(partner), &kept)?;
            let entry = self.entry(Actor::Partner(*partner), Action::PartnerAbout);
            self.write_audit(tx, vec![entry.partner(*partner)])
        })
    }

    fn is_news(&self, kept: Option<&[u8]>, bytes: &[u8]) -> bool {
        match kept.and_then(|kept| kept.split_first_chunk()) {
            // To say nothing is no news of somebody who never said anything.
            None => !bytes.is_empty(),
            Some((at_s, before)) => {
                before != bytes && self.now_s() >= i64::from_be_bytes(*at_s) + EVERY_S
            }
        }
    }
}

fn key(partner: &OrgId) -> String {
    format!("about:{partner}")
}
