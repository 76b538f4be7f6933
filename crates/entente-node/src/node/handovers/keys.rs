//! Team keys: ours, wrapped for each opener, and those of partners.

use entente_core::agreement::AgreementState;
use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::handover::{HandoverKey, KEY_WINDOW_S, KeyId, TeamKey};
use entente_core::identity::OrgId;
use entente_core::policy;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::sum::SealingPublic;
use entente_store::db::{DbError, Rows, Write};
use entente_store::handover::{Handovers as _, TeamKeyRow};
use entente_store::rows::BadRow;
use entente_store::tx::Reads as _;

use super::{no_opener, openers};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::{Node, Outcome};

/// How far a team key of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Partners seal to it.
    Current,
    /// Replaced; opens what was sealed to it until this instant, in seconds since 1970.
    Until(i64),
    /// Destroyed.
    Destroyed,
}

/// A team key of ours, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Its name.
    pub id: KeyId,
    /// When it was made; seconds since 1970.
    pub created_at_s: i64,
    /// How far it is.
    pub state: KeyState,
    /// For how many openers it is wrapped.
    pub n_openers: usize,
    /// To how many partners it was said.
    pub n_partners: usize,
}

/// Until when a key opens what was sealed to it; `None` while nothing has replaced it.
pub(super) fn until_s(row: &TeamKeyRow) -> Option<i64> {
    row.replaced_at_s.map(|at_s| at_s.saturating_add(KEY_WINDOW_S))
}

impl Node {
    /// Our team keys, the newest first.
    pub fn our_team_keys(&self) -> Outcome<Vec<KnownKey>> {
        let rows = self.db.read(|tx| tx.team_keys(self.id().as_bytes()))?;
        let known = |(id, row): ([u8; 32], TeamKeyRow)| KnownKey {
            id: KeyId(id),
            created_at_s: row.at_s.0,
            state: match until_s(&row) {
                None => KeyState::Current,
                Some(until_s) if !row.wraps.is_empty() && self.now_s() < until_s => {
                    KeyState::Until(until_s)
                }
                Some(_) => KeyState::Destroyed,
            },
            n_openers: row.wraps.len(),
            n_partners: row.said_to.len(),
        };
        let mut all: Vec<_> = rows.into_iter().map(known).collect();
        all.sort_by_key(|key| (key.state != KeyState::Current, -key.created_at_s));
        Ok(all)
    }

    /// Makes a team key for everybody who may open, and says it to the partners.
    pub(super) fn make_team_key(
        &self,
        tx: &mut Write<'_>,
        actor: Actor,
        reason: &str,
    ) -> Outcome<KeyId> {
        let ours = self.id();
        let openers = openers::with_keys(tx)?;
        if openers.is_empty() {
            return Err(no_opener());
        }
        let team = TeamKey::generate(&mut SystemRandomness).map_err(|_| no_randomness())?;
        let id = team.id().map_err(|_| no_randomness())?;
        let mut wraps = Vec::with_capacity(openers.len());
        for (opener, public) in &openers {
            let wrapped = team.wrap(&ours, *opener, public, &mut SystemRandomness);
            wraps.push((opener.0, wrapped.map_err(|_| no_randomness())?));
        }
        let before = tx.current_team_key(ours.as_bytes())?;
        let document = HandoverKey {
            org: ours,
            key: team.public().map_err(|_| no_randomness())?,
            created_at_s: self.now_s(),
            replaces: before.as_ref().map(|(id, _)| KeyId(*id)),
        };
        let row = TeamKeyRow {
            document: entente_proto::encode_handover_key(&document),
            at_s: (self.now_s(), self.now_s()),
            replaced_at_s: None,
            wraps,
            said_to: Vec::new(),
        };
        if let Some((before, mut row)) = before {
            row.replaced_at_s = Some(self.now_s());
            tx.put_team_key(ours.as_bytes(), &before, &row)?;
        }
        tx.put_team_key(ours.as_bytes(), &id.0, &row)?;
        let entry = self.entry(actor, Action::TeamKeyMade).reference(id.0);
        self.write_audit(tx, vec![entry.reasons([reason.to_owned()])])?;
        for (partner, _) in tx.partners()? {
            if let Ok(partner) = OrgId::from_bytes(&partner) {
                self.say_team_key(tx, &partner)?;
            }
        }
        Ok(id)
    }

    /// Says our current team key to a partner whose agreement grants referrals, unless it knows it.
    pub(crate) fn say_team_key(&self, tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
        let ours = self.id();
        let Some((id, mut row)) = tx.current_team_key(ours.as_bytes())? else { return Ok(()) };
        if row.said_to.contains(partner.as_bytes()) {
            return Ok(());
        }
        let is_open = tx.partner(partner.as_bytes())?.is_some_and(|row| self.open_to(&row).is_ok());
        let kept = self.newest(tx, partner)?.filter(|_| is_open);
        let Some(kept) = kept.filter(|kept| kept.state == AgreementState::Active) else {
            return Ok(());
        };
        let payload = row.document.clone();
        let envelope = Envelope::seal(payload_type::HANDOVER_KEY, payload, &self.secrets.key);
        let envelope = envelope.map_err(|_| no_randomness())?;
        let permitted = policy::handover_key(&kept.agreement, kept.state, &ours, envelope);
        let Some(permitted) = permitted else { return Ok(()) };
        self.say(tx, partner, Some(kept.reference()), vec![permitted])?;
        row.said_to.push(*partner.as_bytes());
        Ok(tx.put_team_key(ours.as_bytes(), &id, &row)?)
    }

    /// Says it to a partner who may have heard of another one meanwhile.
    pub(crate) fn say_team_key_again(&self, tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
        let ours = self.id();
        let Some((id, mut row)) = tx.current_team_key(ours.as_bytes())? else { return Ok(()) };
        row.said_to.retain(|org| org != partner.as_bytes());
        tx.put_team_key(ours.as_bytes(), &id, &row)?;
        self.say_team_key(tx, partner)
    }

    /// Says our current team key to every partner that should know it and does not.
    pub fn publish_team_key(&self) -> Outcome<()> {
        let ours = *self.id().as_bytes();
        let unsaid = self.db.read(|tx| {
            let Some((_, row)) = tx.current_team_key(&ours)? else { return Ok(Vec::new()) };
            let partners = tx.partners()?.into_iter().map(|(id, _)| id);
            Ok::<_, DbError>(partners.filter(|id| !row.said_to.contains(id)).collect())
        })?;
        if unsaid.is_empty() {
            return Ok(());
        }
        self.db.write("publish team key", |tx| {
            for partner in unsaid.iter().filter_map(|id| OrgId::from_bytes(id).ok()) {
                self.say_team_key(tx, &partner)?;
            }
            Ok(())
        })
    }

    /// Destroys team keys of ours that were replaced 30 days ago. Returns how many.
    pub fn destroy_old_team_keys(&self) -> Outcome<u64> {
        let ours = *self.id().as_bytes();
        let is_due = |row: &TeamKeyRow| {
            !row.wraps.is_empty() && until_s(row).is_some_and(|until_s| self.now_s() >= until_s)
        };
        if !self.db.read(|tx| tx.team_keys(&ours))?.iter().any(|(_, row)| is_due(row)) {
            return Ok(0);
        }
        self.db.write("destroy team keys", |tx| {
            let mut n_destroyed = 0;
            for (id, mut row) in tx.team_keys(&ours)? {
                if is_due(&row) {
                    row.wraps.clear();
                    tx.put_team_key(&ours, &id, &row)?;
                    let entry = self.entry(Actor::Node, Action::TeamKeyDestroyed).reference(id);
                    self.write_audit(tx, vec![entry])?;
                    n_destroyed += 1;
                }
            }
            Ok(n_destroyed)
        })
    }

    /// Reads a partner's team key from its feed: the one it says last is the one to seal to.
    pub(crate) fn read_team_key(
        &self,
        tx: &mut Write<'_>,
        issuer: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let bytes = envelope.payload.as_slice();
        let Ok(key) = entente_proto::decode_handover_key(bytes) else {
            return Ok(Err("document_unreadable"));
        };
        if key.org != *issuer {
            return Ok(Err("handover_key_of_another"));
        }
        let id = key.id();
        for (other, _) in tx.team_keys(issuer.as_bytes())? {
            tx.delete_team_key(issuer.as_bytes(), &other)?;
        }
        let row = TeamKeyRow {
            document: bytes.to_vec(),
            at_s: (key.created_at_s, self.now_s()),
            replaced_at_s: None,
            wraps: Vec::new(),
            said_to: Vec::new(),
        };
        tx.put_team_key(issuer.as_bytes(), &id.0, &row)?;
        // Whom we sponsor seals to it too, and takes it from us under no other signature.
        tx.put_signed_key(issuer.as_bytes(), &entente_proto::encode_envelope(envelope))?;
        let entry = self.entry(Actor::Partner(*issuer), Action::TeamKeyReceived).partner(*issuer);
        gathered.entries.push(entry.reference(id.0));
        Ok(Ok(()))
    }

    /// The key to which hand-overs for a partner are sealed now. That of an organization without a node is
    /// its own, by its own signature, and never its sponsor's.
    pub(crate) fn key_of<R: Rows>(&self, tx: &R, partner: &OrgId) -> Outcome<SealingPublic> {
        if let Some(route) = self.route_to(tx, partner)? {
            return route.key.ok_or_else(no_key);
        }
        let (_, row) = tx.current_team_key(partner.as_bytes())?.ok_or_else(no_key)?;
        let key = entente_proto::decode_handover_key(&row.document);
        Ok(key.map_err(|_| Box::<Fault>::from(DbError::from(BadRow)))?.key)
    }
}

fn no_key() -> Box<Fault> {
    Fault::new(
        2404,
        (
            "The partner has published no key to seal contact details to.",
            "Le partenaire n’a publié aucune clé pour sceller des coordonnées.",
        ),
        (
            "Ask its staff to run `entente opener add`, then fetch its news: `entente sync`.",
            "Demandez à son personnel de lancer `entente opener add`, puis demandez ses mises à jour\u{a0}: `entente sync`.",
        ),
    )
}
