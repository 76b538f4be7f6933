//! Who may come in now: the register that the doors ask.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use entente_core::identity::OrgId;
use tokio_util::sync::CancellationToken;

use super::partner::Places;
use crate::tls::{Admission, Doorkeeper};

/// Who may come in now, with a way to throw them out.
///
/// In memory only: the node fills it from its store when it starts, and changes it in the same
/// step in which it changes a partner's state.
pub struct Admissions {
    register: RwLock<Register>,
    /// The connections that are open.
    pub(super) places: Arc<Places>,
    /// Until when the leaf that each showed last is valid; seconds since 1970.
    leaves: Mutex<HashMap<OrgId, i64>>,
}

struct Register {
    known: HashMap<OrgId, Entry>,
    /// How far somebody we do not know may come: as far as the steps of becoming a partner, or not
    /// at all.
    strangers: Admission,
}

impl Register {
    /// Ends the connections of those who are no partners, and forgets them.
    fn forget_strangers(&mut self) {
        self.known.retain(|_, entry| {
            if entry.is_stranger {
                entry.cut.cancel();
            }
            !entry.is_stranger
        });
    }
}

struct Entry {
    admission: Admission,
    cut: CancellationToken,
    /// Known only because it came while an invitation was open.
    is_stranger: bool,
}

/// Strangers that are remembered while an invitation is open. The door has fewer connections; this
/// bounds what those who come and go leave behind.
const MAX_STRANGERS: usize = 1024;

impl Entry {
    fn new(admission: Admission) -> Self {
        Self { admission, cut: CancellationToken::new(), is_stranger: false }
    }

    /// Changes the admission. Open connections end if less is allowed than before; if more is,
    /// they go on, since every request is looked up again: whoever uses an invitation up must hear
    /// the answer.
    fn set(&mut self, admission: Admission) {
        if rank(admission) < rank(self.admission) {
            self.cut.cancel();
            *self = Self::new(admission);
        }
        self.admission = admission;
        self.is_stranger = false;
    }
}

fn rank(admission: Admission) -> u8 {
    match admission {
        Admission::Refused => 0,
        Admission::Suspended => 1,
        Admission::Invitee => 2,
        Admission::Partner => 3,
    }
}

impl Admissions {
    /// Nobody may come in.
    pub fn nobody() -> Self {
        let strangers = Admission::Refused;
        Self {
            register: RwLock::new(Register { known: HashMap::new(), strangers }),
            places: Arc::default(),
            leaves: Mutex::default(),
        }
    }

    /// Says how far `id` may come in from now on.
    ///
    /// Connections that were made when more was allowed end at once.
    pub fn set(&self, id: OrgId, admission: Admission) {
        let mut register = self.write();
        match register.known.get_mut(&id) {
            Some(entry) => entry.set(admission),
            None => {
                let replaced = register.known.insert(id, Entry::new(admission));
                debug_assert!(replaced.is_none());
            }
        }
    }

    /// Ends the open connections of `id`, and lets it in no more.
    pub fn cut(&self, id: &OrgId) {
        self.set(*id, Admission::Refused);
    }

    /// Says whether somebody we do not know may come in as an invitee.
    ///
    /// While an invitation is open, whoever was invited calls under a key that we do not know
    /// yet. A key that [`Self::set`] refuses stays refused.
    pub fn expect_invitees(&self, expected: bool) {
        let mut register = self.write();
        register.strangers = if expected { Admission::Invitee } else { Admission::Refused };
        if !expected {
            register.forget_strangers();
        }
    }

    /// How far `id` may come in now, and what ends its connections when that changes.
    pub(crate) fn look_up(&self, id: &OrgId) -> (Admission, CancellationToken) {
        if let Some(entry) = self.read().known.get(id) {
            return (entry.admission, entry.cut.child_token());
        }
        let mut register = self.write();
        let strangers = register.strangers;
        if strangers == Admission::Refused {
            return (Admission::Refused, CancellationToken::new());
        }
        if register.known.values().filter(|entry| entry.is_stranger).count() >= MAX_STRANGERS {
            // Whoever filled the register does not keep the one who was invited out.
            register.forget_strangers();
        }
        let stranger = || Entry { is_stranger: true, ..Entry::new(strangers) };
        let entry = register.known.entry(*id).or_insert_with(stranger);
        (entry.admission, entry.cut.child_token())
    }

    /// What ends connections that we opened to `id`, when its admission changes.
    pub fn cut_token(&self, id: &OrgId) -> CancellationToken {
        self.look_up(id).1
    }

    /// How many connections of `id` are open at our door.
    pub fn n_connections(&self, id: &OrgId) -> usize {
        self.places.n_of(id)
    }

    /// Notes until when the leaf is valid that `id` has just shown.
    pub(super) fn note_leaf(&self, id: OrgId, until_s: i64) {
        self.leaves.lock().unwrap_or_else(PoisonError::into_inner).insert(id, until_s);
    }

    /// Until when the leaf is valid that `id` showed last, in seconds since 1970; `None` if it has
    /// not called since we started.
    pub fn leaf_until_s(&self, id: &OrgId) -> Option<i64> {
        self.leaves.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    fn read(&self) -> RwLockReadGuard<'_, Register> {
        self.register.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Register> {
        self.register.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doorkeeper for Admissions {
    fn admits(&self, id: &OrgId) -> Admission {
        let register = self.read();
        register.known.get(id).map_or(register.strangers, |entry| entry.admission)
    }
}

impl fmt::Debug for Admissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admissions").field("n_known", &self.read().known.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use entente_core::identity::OrgKey;

    use super::*;

    fn id(seed: u8) -> OrgId {
        OrgKey::from_seed(&[seed; 32]).id()
    }

    #[test]
    fn nobody_comes_in_unless_the_register_says_so() {
        let admissions = Admissions::nobody();
        assert_eq!(admissions.admits(&id(1)), Admission::Refused);
        admissions.set(id(1), Admission::Partner);
        assert_eq!(admissions.admits(&id(1)), Admission::Partner);
        assert_eq!(admissions.admits(&id(2)), Admission::Refused);
    }

    #[test]
    fn a_change_ends_connections_and_a_repetition_does_not() {
        let admissions = Admissions::nobody();
        admissions.set(id(1), Admission::Partner);
        admissions.set(id(2), Admission::Partner);
        let (first, other) = (admissions.cut_token(&id(1)), admissions.cut_token(&id(2)));

        admissions.set(id(1), Admission::Partner);
        assert!(!first.is_cancelled());
        admissions.cut(&id(1));
        assert!(first.is_cancelled() && !other.is_cancelled());
        assert_eq!(admissions.admits(&id(1)), Admission::Refused);

        admissions.set(id(1), Admission::Partner);
        assert!(!admissions.cut_token(&id(1)).is_cancelled());
    }

    #[test]
    fn strangers_come_in_as_invitees_while_one_is_expected() {
        let admissions = Admissions::nobody();
        admissions.cut(&id(2));
        admissions.expect_invitees(true);
        let stranger = admissions.cut_token(&id(1));
        assert_eq!(admissions.admits(&id(1)), Admission::Invitee);
        assert_eq!(admissions.admits(&id(2)), Admission::Refused);

        admissions.expect_invitees(false);
        assert!(stranger.is_cancelled());
        assert_eq!(admissions.admits(&id(1)), Admission::Refused);
    }

    #[test]
    fn whoever_uses_an_invitation_up_hears_the_answer_and_can_be_cut_later() {
        let admissions = Admissions::nobody();
        admissions.expect_invitees(true);
        let (invitee, other) = (admissions.cut_token(&id(1)), admissions.cut_token(&id(2)));

        // The invitation is used up while the call that uses it is still open.
        admissions.set(id(1), Admission::Invitee);
        admissions.expect_invitees(false);
        assert!(!invitee.is_cancelled() && other.is_cancelled());

        admissions.set(id(1), Admission::Partner);
        assert!(!invitee.is_cancelled());
        admissions.cut(&id(1));
        assert!(invitee.is_cancelled());
    }
}
