//! Hand-overs: who may open them, the keys they are sealed to, and what becomes of them.
//!
//! The node makes keys, hands sealed bytes on and destroys them. It opens nothing by itself: that takes
//! the passphrase of one of the openers, which is here for one operation and is kept nowhere
//! (`docs/decisions/0041-sealed-hand-over.md`).

mod keys;
mod openers;
mod opening;
mod sealing;
mod shredding;

pub use keys::{KeyState, KnownKey};
pub use openers::Opener;
pub use opening::OpenedHandover;
pub(crate) use opening::key_destroyed;
pub(crate) use sealing::{Came, at, row_of};
pub(crate) use shredding::kept_until_s;

use entente_core::handover::BadDetails;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::referral::ReferralId;
use entente_store::handover::{HandoverAt, HandoverRow, Handovers as _, Way};

use super::{Node, Outcome};
use crate::fault::Fault;

impl Node {
    /// What is known of the hand-overs of a referral, the first first.
    pub fn handovers_of(
        &self,
        way: Way,
        partner: &OrgId,
        referral: &ReferralId,
    ) -> Outcome<Vec<(HandoverAt, HandoverRow)>> {
        Ok(self.db.read(|tx| tx.handovers_of(way, partner.as_bytes(), &referral.0))?)
    }
}

/// `ENT-2400`.
pub(crate) fn unknown_opener() -> Box<Fault> {
    Fault::new(
        2400,
        ("There is no such opener.", "Ce dépositaire n’existe pas."),
        ("List them: `entente opener list`.", "Affichez la liste\u{a0}: `entente opener list`."),
    )
}

/// `ENT-2403`.
pub(crate) fn no_opener() -> Box<Fault> {
    Fault::new(
        2403,
        (
            "Nobody here may open hand-overs yet.",
            "Personne ici ne peut encore ouvrir de transmission.",
        ),
        (
            "Add an opener: `entente opener add`.",
            "Ajoutez un dépositaire\u{a0}: `entente opener add`.",
        ),
    )
}

/// `ENT-2405`.
pub(crate) fn unusable_details(error: BadDetails) -> Box<Fault> {
    Fault::new(
        2405,
        ("These contact details cannot be used.", "Ces coordonnées sont inutilisables."),
        (
            "Correct the file and try again: `entente referral handover`.",
            "Corrigez le fichier et réessayez\u{a0}: `entente referral handover`.",
        ),
    )
    .because(error.text(Lang::En), error.text(Lang::Fr))
}

/// `ENT-2410`.
pub(crate) fn unknown_handover() -> Box<Fault> {
    Fault::new(
        2410,
        (
            "No contact details were handed over with this referral.",
            "Aucune coordonnée n’a été transmise avec cet aiguillage.",
        ),
        (
            "Ask the partner for news: `entente sync`.",
            "Demandez les mises à jour au partenaire\u{a0}: `entente sync`.",
        ),
    )
}
