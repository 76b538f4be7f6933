//! The way that two organizations go, from the invitation to the first exchange, as a list of tasks.

use entente_node::local::doc::{
    AgreementRow, AgreementStanding, PartnerShowTold, PartnerState, Step,
};

use super::words::{self, Word};
use crate::page::Page;

/// One step of the way.
pub(super) struct Milestone {
    /// What it is.
    pub(super) title: &'static str,
    /// When it was reached, or what it waits for.
    pub(super) detail: String,
    /// How far it is.
    pub(super) word: Word,
}

/// All steps, those that are done first.
pub(super) fn way(p: &Page, told: &PartnerShowTold) -> Vec<Milestone> {
    let row = &told.partner;
    let at = |instant: &Option<String>| {
        instant.as_deref().map(|instant| p.at(instant)).unwrap_or_default()
    };
    let step = |title, is_done: bool, steps: &[Step], detail: String| {
        let word = if is_done {
            Word { text: p.t("done", "fait"), tone: "good" }
        } else if steps.contains(&row.next_step) {
            words::turn(row, p.lang)
        } else {
            Word { text: p.t("not started", "pas commencé"), tone: "" }
        };
        Milestone { title, detail, word }
    };
    vec![
        step(
            p.t("Invitation opened, nodes connected", "Invitation ouverte, nœuds connectés"),
            true,
            &[],
            String::new(),
        ),
        step(
            p.t("Checked by phone", "Vérification par téléphone"),
            told.verified_at.is_some(),
            &[Step::Verify],
            at(&told.verified_at),
        ),
        step(
            p.t("Agreement signed by both", "Entente signée par les deux"),
            row.state == PartnerState::Active || told.agreements.iter().any(was_signed),
            &[Step::Propose, Step::Sign],
            newest(p, told),
        ),
        step(
            p.t("Test share came back", "Échange d’essai revenu"),
            told.test_done_at.is_some(),
            &[Step::Test],
            at(&told.test_done_at),
        ),
    ]
}

fn was_signed(row: &AgreementRow) -> bool {
    use AgreementStanding::{Active, Amended, Expired, Suspended};
    matches!(row.state, Active | Suspended | Amended | Expired)
}

/// The agreement that counts, in few words.
fn newest(p: &Page, told: &PartnerShowTold) -> String {
    let Some(brief) = &told.partner.agreement else { return String::new() };
    let state = words::agreement(brief.state, p.lang).text;
    format!("{} {}, {state}", p.t("Version", "Version"), brief.version)
}
