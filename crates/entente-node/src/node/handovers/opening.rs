//! Opening: one person, one passphrase, one hand-over.

use entente_core::audit::{Action, Actor};
use entente_core::handover::{
    Binding, ContactDetails, KeyId, OpenerId, OpenerKey, Sealed, TeamKey,
};
use entente_core::identity::OrgId;
use entente_core::referral::ReferralId;
use entente_core::statement::AgreementRef;
use entente_store::db::{Rows, Write};
use entente_store::handover::{HandoverAt, HandoverRow, Handovers as _, OpenerRow, Way};
use entente_store::seal::open_for_person;

use super::keys::until_s;
use super::{openers, unknown_handover};
use crate::fault::Fault;
use crate::node::{Node, Outcome, unpoisoned};
use crate::people::{fold, too_many_attempts};

/// A hand-over that a person has opened.
#[derive(Debug)]
pub struct OpenedHandover {
    /// How to reach the person.
    pub details: ContactDetails,
    /// When it was sealed; seconds since 1970.
    pub sealed_at_s: i64,
    /// When it was first opened; seconds since 1970.
    pub first_opened_at_s: i64,
    /// Until when it opens, if its key was replaced; seconds since 1970.
    pub opens_until_s: Option<i64>,
}

/// What it takes to open one hand-over, but for the passphrase.
struct Prepared {
    opener: OpenerId,
    person: OpenerRow,
    at: HandoverAt,
    row: HandoverRow,
    sealed: Vec<u8>,
    wrapped: Vec<u8>,
    until_s: Option<i64>,
}

impl Node {
    /// Opens the newest hand-over of a referral with a person's passphrase.
    ///
    /// What is disclosed is first written down; `first` is called in the same transaction when it is
    /// opened for the first time. Attempts that fail are written down too.
    pub(crate) fn open_handover(
        &self,
        actor: Actor,
        home: &OrgId,
        referral: &ReferralId,
        (name, passphrase): (&str, &str),
        first: impl FnOnce(&mut Write<'_>) -> Outcome<()>,
    ) -> Outcome<OpenedHandover> {
        let prepared = self.db.read(|tx| self.prepare_opening(tx, home, referral, name));
        let opened = prepared.and_then(|prepared| {
            let unseal = || self.unseal(home, referral, &prepared, passphrase);
            let details = self.counted(&actor, prepared.opener, unseal)?;
            Ok((prepared, details))
        });
        let (prepared, details) = match opened {
            Ok(opened) => opened,
            Err(fault) => {
                let entry = self.entry(actor, Action::HandoverNotOpened).partner(*home);
                let entry = entry.reference(referral.0).reasons([fault.code.clone()]);
                self.audit(vec![entry])?;
                return Err(fault);
            }
        };
        let Prepared { at, person, until_s, .. } = prepared;
        let row = self.db.write("open hand-over", |tx| {
            let mut row = tx.handover(&at)?.ok_or_else(unknown_handover)?;
            if row.shredded.is_some() {
                return Err(destroyed());
            }
            let is_first = row.opened.is_none();
            if is_first {
                row.opened = Some((self.now_s(), person.name.clone()));
                tx.put_handover(&at, &row)?;
            }
            let entry = self.entry(actor, Action::HandoverOpened).partner(*home);
            let entry = entry.agreement(row.agreement.0).reference(referral.0);
            self.write_audit(tx, vec![entry.reasons([person.name.clone()])])?;
            if is_first {
                first(tx)?;
            }
            Ok::<_, Box<Fault>>(row)
        })?;
        let first_opened_at_s = row.opened.as_ref().map_or(self.now_s(), |(at_s, _)| *at_s);
        Ok(OpenedHandover {
            details,
            sealed_at_s: row.sealed_at_s,
            first_opened_at_s,
            opens_until_s: until_s,
        })
    }

    fn prepare_opening<R: Rows>(
        &self,
        tx: &R,
        home: &OrgId,
        referral: &ReferralId,
        name: &str,
    ) -> Outcome<Prepared> {
        let (opener, person) = openers::named(tx, name)?;
        let mut all = tx.handovers_of(Way::Received, home.as_bytes(), &referral.0)?;
        let (at, row) = all.pop().ok_or_else(unknown_handover)?;
        let sealed = tx.handover_sealed(&at)?.ok_or_else(destroyed)?;
        let team = tx.team_key(self.id().as_bytes(), &row.key)?.ok_or_else(key_destroyed)?;
        let until_s = until_s(&team);
        if team.wraps.is_empty() || until_s.is_some_and(|until_s| self.now_s() >= until_s) {
            return Err(key_destroyed());
        }
        let wrapped = team.wraps.into_iter().find(|(id, _)| *id == opener.0);
        let (_, wrapped) = wrapped.ok_or_else(not_for_this_opener)?;
        Ok(Prepared { opener, person, at, row, sealed, wrapped, until_s })
    }

    /// Tries a passphrase. One at a time, since each takes 64 MiB. Wrong ones count for whoever tries and for whose it is,
    /// so that nobody guesses a colleague's between openings of their own, and nobody keeps a colleague from theirs.
    fn counted<T>(
        &self,
        actor: &Actor,
        opener: OpenerId,
        open: impl FnOnce() -> Outcome<T>,
    ) -> Outcome<T> {
        let who = match actor {
            Actor::Staff(name) => fold(name),
            Actor::Partner(_) | Actor::Node => String::new(),
        };
        let who = format!("{who}\n{}", hex::encode(opener.0));
        let mut guesses = unpoisoned(self.guesses.lock());
        guesses.begin_by(&who, self.now_s()).map_err(too_many_attempts)?;
        let opened = open();
        let is_wrong = opened.as_ref().is_err_and(|fault| fault.code == WRONG_PASSPHRASE);
        if !is_wrong {
            guesses.succeeded_by(&who);
        }
        opened
    }

    /// All that is secret is in here, and is wiped when this returns.
    fn unseal(
        &self,
        home: &OrgId,
        referral: &ReferralId,
        prepared: &Prepared,
        passphrase: &str,
    ) -> Outcome<ContactDetails> {
        let Prepared { opener, person, at, row, sealed, wrapped, .. } = prepared;
        let whose = openers::whose(self, *opener);
        let seed = open_for_person(passphrase, &whose, &person.sealed);
        let secret = OpenerKey::from_seed(&*seed.map_err(|_| wrong_passphrase())?);
        let key = KeyId(row.key);
        let team = TeamKey::unwrap(wrapped, &self.id(), key, *opener, &secret);
        let team = team.map_err(|_| altered())?;
        let (id, version) = row.agreement;
        let (previous, seen) = row.chain;
        let binding = Binding {
            home: *home,
            recipient: self.id(),
            referral: *referral,
            agreement: AgreementRef { id, version },
            step: at.step,
            previous,
            seen,
            key,
        };
        let sealed = Sealed::from_bytes(sealed.clone()).map_err(|_| altered())?;
        sealed.open(&team, &binding).map_err(|_| altered())
    }
}

/// The code of [`wrong_passphrase`].
const WRONG_PASSPHRASE: &str = "ENT-2406";

fn wrong_passphrase() -> Box<Fault> {
    Fault::new(
        2406,
        (
            "The passphrase does not open this person’s key.",
            "La phrase de passe n’ouvre pas la clé de cette personne.",
        ),
        (
            "Try again. If it is lost, another opener can open it: `entente opener list`.",
            "Réessayez. Si elle est perdue, un autre dépositaire peut ouvrir\u{a0}: `entente opener list`.",
        ),
    )
}

fn not_for_this_opener() -> Box<Fault> {
    Fault::new(
        2407,
        (
            "This was sealed before this person could open hand-overs.",
            "Le sceau a été posé avant que cette personne puisse ouvrir des transmissions.",
        ),
        (
            "Ask a person who was an opener then: `entente opener list`.",
            "Adressez-vous à une personne qui était alors dépositaire\u{a0}: `entente opener list`.",
        ),
    )
}

/// `ENT-2408`.
pub(crate) fn key_destroyed() -> Box<Fault> {
    Fault::new(
        2408,
        (
            "The key to this hand-over was replaced more than 30 days ago and is destroyed.",
            "La clé de cette transmission a été remplacée il y a plus de 30 jours et est détruite.",
        ),
        (
            "Ask the organization that made the referral to hand over again.",
            "Demandez à l’organisme qui a fait l’aiguillage de transmettre de nouveau.",
        ),
    )
}

fn altered() -> Box<Fault> {
    Fault::new(
        2409,
        (
            "The hand-over does not open: it was altered, or sealed for something else.",
            "La transmission ne s’ouvre pas\u{a0}: elle a été altérée ou scellée pour autre chose.",
        ),
        (
            "Tell the organization that made the referral, and ask it to hand over again.",
            "Avisez l’organisme qui a fait l’aiguillage et demandez-lui de transmettre de nouveau.",
        ),
    )
}

fn destroyed() -> Box<Fault> {
    Fault::new(
        2411,
        (
            "The contact details of this referral are destroyed.",
            "Les coordonnées de cet aiguillage sont détruites.",
        ),
        (
            "See when and why: `entente referral show`.",
            "Voyez quand et pourquoi\u{a0}: `entente referral show`.",
        ),
    )
}
