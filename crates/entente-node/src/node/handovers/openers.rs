//! Openers: the persons who may open hand-overs.

use entente_core::audit::{Action, Actor};
use entente_core::handover::{OpenerId, OpenerKey};
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::sum::SealingPublic;
use entente_store::db::Rows;
use entente_store::handover::{Handovers as _, OpenerRow};
use entente_store::seal::{KdfParams, seal_for_person};

use super::{no_opener, unknown_opener};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::pairing::random;
use crate::node::{Node, Outcome, unpoisoned};
use crate::setup::{MIN_PASSPHRASE, ring_fault, short_passphrase};

/// The most openers of one node. Each costs 1.2 kB in every team key.
const MAX_OPENERS: usize = 64;

/// The longest name of an opener, in characters.
const MAX_NAME: usize = 60;

/// A person who may open hand-overs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opener {
    /// Its id.
    pub id: OpenerId,
    /// What the person is called.
    pub name: String,
    /// The account that added the opener.
    pub account: String,
    /// When; seconds since 1970.
    pub added_at_s: i64,
}

/// What an opener's secret is sealed for, so that it cannot be put in the place of another's.
pub(super) fn whose(node: &Node, id: OpenerId) -> Vec<u8> {
    [node.id().as_bytes().as_slice(), &id.0].concat()
}

/// The openers with their public keys.
pub(super) fn with_keys<R: Rows>(tx: &R) -> Outcome<Vec<(OpenerId, SealingPublic)>> {
    let openers = tx.openers()?.into_iter();
    // A key of ours that cannot be read is a damaged row; the others still open.
    let keys = openers
        .filter_map(|(id, row)| Some((OpenerId(id), SealingPublic::from_bytes(&row.public).ok()?)));
    Ok(keys.collect())
}

/// The opener with this name.
pub(super) fn named<R: Rows>(tx: &R, name: &str) -> Outcome<(OpenerId, OpenerRow)> {
    let wanted = name.trim().to_lowercase();
    let mut openers = tx.openers()?.into_iter();
    let found = openers.find(|(_, row)| row.name.to_lowercase() == wanted);
    found.map(|(id, row)| (OpenerId(id), row)).ok_or_else(unknown_opener)
}

impl Node {
    /// Who may open hand-overs, by name.
    pub fn openers(&self) -> Outcome<Vec<Opener>> {
        let rows = self.db.read(|tx| tx.openers())?;
        let mut all: Vec<_> = rows
            .into_iter()
            .map(|(id, row)| Opener {
                id: OpenerId(id),
                name: row.name,
                account: row.account,
                added_at_s: row.added_at_s,
            })
            .collect();
        all.sort_by_key(|opener| opener.name.to_lowercase());
        Ok(all)
    }

    /// Makes a key for a person, seals it under the person's passphrase, and makes a new team key that
    /// this person can open too.
    ///
    /// What came before was sealed to an older key, and stays with those who could open that one.
    pub fn add_opener(&self, actor: Actor, name: &str, passphrase: &str) -> Outcome<OpenerId> {
        self.add_opener_with(actor, name, passphrase, KdfParams::STANDARD)
    }

    /// The same, with what guessing the passphrase costs.
    pub fn add_opener_with(
        &self,
        actor: Actor,
        name: &str,
        passphrase: &str,
        kdf: KdfParams,
    ) -> Outcome<OpenerId> {
        let name = opener_name(name)?;
        if passphrase.chars().count() < MIN_PASSPHRASE {
            return Err(short_passphrase());
        }
        let id = OpenerId(random::<16>()?);
        let key = OpenerKey::generate(&mut SystemRandomness).map_err(|_| no_randomness())?;
        let sealed = {
            // One at a time, since each takes 64 MiB.
            let _turn = unpoisoned(self.guesses.lock());
            seal_for_person(passphrase, kdf, &whose(self, id), &key.seed())
        };
        let row = OpenerRow {
            name: name.clone(),
            account: account(&actor),
            public: key.public().map_err(|_| no_randomness())?.to_bytes(),
            sealed: sealed.map_err(ring_fault)?,
            added_at_s: self.now_s(),
        };
        self.db.write("add opener", |tx| {
            if named(tx, &name).is_ok() {
                return Err(name_taken());
            }
            if tx.openers()?.len() >= MAX_OPENERS {
                return Err(too_many());
            }
            tx.put_opener(&id.0, &row)?;
            let entry = self.entry(actor.clone(), Action::OpenerAdded);
            let entry = entry.reference(id.0).reasons([name.clone()]);
            self.write_audit(tx, vec![entry])?;
            self.make_team_key(tx, actor, "opener_added")
        })?;
        Ok(id)
    }

    /// Takes the right to open from a person: their key is destroyed, no key is wrapped for them any
    /// more, and a new team key is made for the others.
    pub fn remove_opener(&self, actor: Actor, name: &str) -> Outcome<()> {
        self.db.write("remove opener", |tx| {
            let (id, row) = named(tx, name)?;
            if tx.openers()?.len() < 2 {
                return Err(last_opener());
            }
            tx.delete_opener(&id.0)?;
            let ours = *self.id().as_bytes();
            for (key, mut team) in tx.team_keys(&ours)? {
                team.wraps.retain(|(opener, _)| *opener != id.0);
                tx.put_team_key(&ours, &key, &team)?;
            }
            let entry = self.entry(actor.clone(), Action::OpenerRemoved);
            let entry = entry.reference(id.0).reasons([row.name]);
            self.write_audit(tx, vec![entry])?;
            self.make_team_key(tx, actor, "opener_removed").map(|_| ())
        })
    }

    /// Makes a new team key and tells the partners.
    pub fn rotate_team_key(&self, actor: Actor) -> Outcome<entente_core::handover::KeyId> {
        self.db.write("rotate team key", |tx| {
            if tx.openers()?.is_empty() {
                return Err(no_opener());
            }
            self.make_team_key(tx, actor, "rotated")
        })
    }
}

fn account(actor: &Actor) -> String {
    match actor {
        Actor::Staff(account) => account.clone(),
        Actor::Partner(_) | Actor::Node => String::new(),
    }
}

/// A name that can be typed again and stands in the audit log.
fn opener_name(name: &str) -> Outcome<String> {
    let name = name.trim();
    let fits = !name.is_empty()
        && name.chars().count() <= MAX_NAME
        && name.chars().all(|c| c.is_alphanumeric() || " .-_'’".contains(c));
    if fits { Ok(name.to_owned()) } else { Err(bad_name()) }
}

fn bad_name() -> Box<Fault> {
    Fault::new(
        2414,
        ("This is no name for an opener.", "Ce nom de dépositaire n’est pas valide."),
        (
            "Use letters, digits and spaces, at most 60: `entente opener add NAME`.",
            "Utilisez au plus 60 lettres, chiffres et espaces\u{a0}: `entente opener add NOM`.",
        ),
    )
}

fn name_taken() -> Box<Fault> {
    Fault::new(
        2401,
        ("There is an opener of this name.", "Un dépositaire porte déjà ce nom."),
        (
            "Choose another name, or remove the old one: `entente opener remove`.",
            "Choisissez un autre nom, ou retirez l’ancien\u{a0}: `entente opener remove`.",
        ),
    )
}

fn last_opener() -> Box<Fault> {
    Fault::new(
        2402,
        (
            "This is the last opener: nobody could open hand-overs any more.",
            "C’est le dernier dépositaire\u{a0}: plus personne ne pourrait ouvrir de transmission.",
        ),
        (
            "Add another person first: `entente opener add`.",
            "Ajoutez d’abord une autre personne\u{a0}: `entente opener add`.",
        ),
    )
}

fn too_many() -> Box<Fault> {
    Fault::new(
        2415,
        ("There are 64 openers already.", "Il y a déjà 64 dépositaires."),
        (
            "Remove those who have left: `entente opener remove`.",
            "Retirez ceux qui sont partis\u{a0}: `entente opener remove`.",
        ),
    )
}
