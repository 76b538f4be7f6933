//! How many look like a case now: what a close at this moment would find.
//!
//! It is the plan of a close that is not carried out, so the answer cannot differ from what the
//! close will do with the same records. Like a close, it reads all of them.

use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::policy::Disclosure;
use entente_core::record::RecordId;
use entente_core::summary::Rung;

use super::super::{Node, Outcome};

/// Among how many persons a case would be released if its epoch were closed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupNow {
    /// How many distinct persons look alike, the person included: on the rung on which it would be
    /// released, or on the coarsest if it would wait.
    pub n_persons: u32,
    /// The rung; `None` if it would wait.
    pub rung: Option<Rung>,
    /// Whether the form of exploitation would be told on it.
    pub tells_form: bool,
}

impl Node {
    /// What a close of `epoch` for `partner` would find now for a record. `None` if something else
    /// stands against it, so that a close would not look.
    pub fn group_now(
        &self,
        record: &RecordId,
        epoch: Period,
        partner: &OrgId,
    ) -> Outcome<Option<GroupNow>> {
        let (_, _, ready, _) = self.db.read(|tx| self.plan(tx, epoch, partner, &mut |_| {}))?;
        let found = ready.into_iter().find(|it| it.record == *record);
        Ok(found.and_then(|it| match it.proposal.disclosure {
            Disclosure::Ready { rung, class_size, tells_form, .. } => {
                Some(GroupNow { n_persons: class_size, rung: Some(rung), tells_form })
            }
            Disclosure::TooFew { class_size } => {
                Some(GroupNow { n_persons: class_size, rung: None, tells_form: false })
            }
            Disclosure::NotClosed | Disclosure::Done => None,
        }))
    }
}
