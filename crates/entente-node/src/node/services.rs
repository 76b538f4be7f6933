//! Services: our own, what partners told of theirs, and what is free where.
//!
//! Our own services are said to every partner whose agreement grants the directory, each as a signed
//! document in its feed: all when the agreement comes into force, afterwards what changed. For each
//! partner we keep the hash of what it was last told, so that a change is said once, and what is no
//! longer to be seen is taken back. [`held`] reads what partners say, [`capacity`] what is free, and
//! [`search`] answers from memory.

use std::collections::{HashMap, HashSet};

use entente_core::agreement::AgreementState;
use entente_core::audit::{Action, Actor};
use entente_core::envelope::payload_type;
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::policy::{Permitted, Policy, ServiceNews};
use entente_core::service::{Audience, Entry, Problem, Service, ServiceId, Status};
use entente_core::statement::Statement;
use entente_store::db::{DbError, Rows, Write};
use entente_store::rows::{BadRow, Bytes32, ServiceRow};
use entente_store::services::Services as _;
use entente_store::tx::Reads as _;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::agreements::Kept;
use super::audit::no_randomness;
use super::{Node, Outcome};
use crate::fault::Fault;

pub mod capacity;
pub mod held;
pub mod search;

/// The most services that one organization keeps or tells of: the largest directories of the country
/// have about as many.
pub const MAX_SERVICES: usize = 100_000;

/// How many services are written in one transaction.
const TOGETHER: usize = 500;

/// How many documents are said to one partner in one transaction. What is left is said later.
const SAID_TOGETHER: usize = 2_000;

/// What became of a service that was put into our directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Added,
    /// Something in it is new.
    Changed,
    /// Nothing is.
    Unchanged,
}

impl Node {
    /// Puts services into our own directory, and says what changed to the partners that may know.
    ///
    /// What was confirmed stays confirmed if the newer text says nothing of it. Some of them may be
    /// written when a fault stops the rest; the same can be asked again.
    pub fn put_services(
        &self,
        actor: &Actor,
        action: Action,
        services: Vec<Service>,
    ) -> Outcome<Vec<Put>> {
        self.put_services_within(MAX_SERVICES, actor, action, services)
    }

    /// The same, as long as there are at most `max` afterwards: what is more no partner would keep. What is
    /// there can be changed, however many there are.
    pub(crate) fn put_services_within(
        &self,
        max: usize,
        actor: &Actor,
        action: Action,
        services: Vec<Service>,
    ) -> Outcome<Vec<Put>> {
        let ours = self.id();
        let (n_known, n_new) = self.with_directory(|directory| {
            let ids = services.iter().map(|service| service.id);
            let new: HashSet<_> = ids.filter(|id| directory.get(&ours, *id).is_none()).collect();
            (directory.n_from(&ours), new.len())
        })?;
        if n_new > 0 && n_known + n_new > max {
            return Err(too_many());
        }
        let mut outcome = Vec::with_capacity(services.len());
        for some in services.chunks(TOGETHER) {
            let (put, entries) = self.db.write("put services", |tx| {
                let (mut put, mut entries) = (Vec::new(), Vec::new());
                for service in some {
                    let (became, service) = self.put_service(tx, service)?;
                    put.push(became);
                    if became != Put::Unchanged {
                        entries.push(Entry { issuer: self.id(), sponsor: None, service });
                    }
                }
                let changed: Vec<_> = entries.iter().map(|it| it.service.id.0).collect();
                if !changed.is_empty() {
                    self.say_services(tx, Some(&changed))?;
                    let entry = self.entry(actor.clone(), action).n(changed.len() as u64);
                    let entry = match changed.as_slice() {
                        [one] => entry.reference(*one),
                        _ => entry,
                    };
                    self.write_audit(tx, vec![entry])?;
                }
                Ok::<_, Box<Fault>>((put, entries))
            })?;
            self.in_directory(|directory| {
                for entry in entries {
                    directory.put(entry);
                }
            });
            outcome.extend(put);
        }
        Ok(outcome)
    }

    fn put_service(&self, tx: &mut Write<'_>, service: &Service) -> Outcome<(Put, Service)> {
        let before = tx.own_service(&service.id.0)?;
        let known = before.as_ref().map(|row| service_of(&row.listing)).transpose()?;
        let mut service = service.clone();
        service.assured_on =
            service.assured_on.max(known.as_ref().and_then(|known| known.assured_on));
        service.modified_s = known.as_ref().map_or(1, |known| known.modified_s);
        if known.as_ref() == Some(&service) {
            return Ok((Put::Unchanged, service));
        }
        service.modified_s = self.now_s().max(1);
        let listing = entente_proto::encode_service(&self.id(), &service);
        // What cannot be read again is not kept.
        if entente_proto::decode_service(&listing).is_err() {
            return Err(cannot_be_kept(&service.problems()));
        }
        let seen = service.seen_by(Audience::Partner);
        let seen = entente_proto::encode_service(&self.id(), &Service { modified_s: 1, ..seen });
        let row =
            ServiceRow { listing, hash: Sha256::digest(&seen).into(), active: service.is_active() };
        tx.put_own_service(&service.id.0, &row)?;
        if !row.active {
            tx.delete_capacities(self.id().as_bytes(), Some(&service.id.0))?;
        }
        Ok((if known.is_some() { Put::Changed } else { Put::Added }, service))
    }

    /// Changes one of our services.
    pub fn change_service(
        &self,
        actor: &Actor,
        action: Action,
        id: ServiceId,
        change: impl FnOnce(&mut Service),
    ) -> Outcome<Service> {
        let mut service = self.own_service(id)?;
        change(&mut service);
        let is_active = service.is_active();
        self.put_services(actor, action, vec![service])?;
        if !is_active {
            self.in_directory(|directory| directory.forget_capacities(&self.id(), id));
        }
        self.own_service(id)
    }

    /// Confirms that what we say of a service is so on `day`.
    pub fn confirm_service(&self, actor: &Actor, id: ServiceId, day: Date) -> Outcome<Service> {
        self.change_service(actor, Action::ServiceConfirmed, id, |it| it.assured_on = Some(day))
    }

    /// Closes a service, for now or for good, or opens it again. Closed, it is taken out of every
    /// partner's directory, with what it had free.
    pub fn set_service_status(
        &self,
        actor: &Actor,
        id: ServiceId,
        status: Status,
    ) -> Outcome<Service> {
        let is_closed = status != Status::Active;
        let action = if is_closed { Action::ServiceClosed } else { Action::ServiceChanged };
        self.change_service(actor, action, id, |it| it.status = status)
    }

    /// Deletes a service of ours, here and in every partner's directory.
    pub fn withdraw_service(&self, actor: &Actor, id: ServiceId) -> Outcome<()> {
        self.db.write("withdraw service", |tx| {
            if tx.own_service(&id.0)?.is_none() {
                return Err(unknown_service());
            }
            tx.delete_own_service(&id.0)?;
            tx.delete_capacities(self.id().as_bytes(), Some(&id.0))?;
            self.say_services(tx, Some(&[id.0]))?;
            let entry = self.entry(actor.clone(), Action::ServiceClosed).reference(id.0);
            self.write_audit(tx, vec![entry])
        })?;
        self.in_directory(|directory| directory.remove(&self.id(), id));
        Ok(())
    }

    /// One of our services.
    pub fn own_service(&self, id: ServiceId) -> Outcome<Service> {
        let row = self.db.read(|tx| tx.own_service(&id.0))?.ok_or_else(unknown_service)?;
        service_of(&row.listing)
    }

    /// Says to every partner what it was not told yet. Returns how many documents were said.
    ///
    /// For what came into force with the day, and for long directories that are said in parts.
    pub fn say_all_services(&self) -> Outcome<u64> {
        let partners = self.partner_rows()?;
        let mut n_said = 0;
        for (partner, _) in partners {
            loop {
                let n =
                    self.db.write("say services", |tx| self.say_services_to(tx, &partner, None))?;
                n_said += n;
                if n < SAID_TOGETHER as u64 {
                    break;
                }
            }
        }
        Ok(n_said)
    }

    /// Says to all partners what changed of these services of ours.
    fn say_services(&self, tx: &mut Write<'_>, only: Option<&[[u8; 16]]>) -> Outcome<u64> {
        let partners = tx.partners()?;
        let mut n_said = 0;
        for (partner, _) in partners {
            let Ok(partner) = OrgId::from_bytes(&partner) else { continue };
            n_said += self.say_services_to(tx, &partner, only)?;
        }
        Ok(n_said)
    }

    /// Says to one partner what it was not told yet of these services, or of all.
    pub(crate) fn say_services_to(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        only: Option<&[[u8; 16]]>,
    ) -> Outcome<u64> {
        let Some(row) = tx.partner(partner.as_bytes())? else { return Ok(0) };
        let Some(kept) = self.newest(tx, partner)? else { return Ok(0) };
        // While it is suspended nothing is said, and what was said is not shown.
        if self.open_to(&row).is_err() || kept.state != AgreementState::Active {
            return Ok(0);
        }
        let policy = self.policy(&kept)?;
        let granted = policy.decide_services(kept.state, self.today()).is_ok();
        let mut said = Vec::new();
        for (id, wanted) in self.to_be_said(tx, partner, granted, only)? {
            if said.len() >= SAID_TOGETHER {
                break;
            }
            match &wanted {
                Some(row) => self.list(tx, &policy, &kept, row, &mut said)?,
                None => {
                    let id = ServiceId(id);
                    let bytes = entente_proto::encode_service_withdrawal(
                        &self.id(),
                        id,
                        self.now_s().max(1),
                    );
                    said.push(self.document(partner, payload_type::SERVICE_WITHDRAWAL, bytes)?);
                }
            }
            let hash = wanted.as_ref().map(|row| &row.hash);
            tx.put_service_said(partner.as_bytes(), &id, hash)?;
        }
        let n_carried = match only {
            None => self.say_sponsored_under(tx, &policy, &kept, None)?,
            Some(_) => 0,
        };
        let n = said.len() as u64;
        if n > 0 {
            self.say(tx, partner, Some(kept.reference()), said)?;
            let entry = self.entry(Actor::Node, Action::ServicesSaid).partner(*partner).n(n);
            self.write_audit(tx, vec![entry.agreement(kept.agreement.id.0)])?;
        }
        Ok(n + n_carried)
    }

    /// The services whose listing differs from what the partner was told, with what it is to be told:
    /// `None` to take one back.
    fn to_be_said(
        &self,
        tx: &Write<'_>,
        partner: &OrgId,
        granted: bool,
        only: Option<&[[u8; 16]]>,
    ) -> Outcome<Vec<([u8; 16], Option<ServiceRow>)>> {
        let mut differing = Vec::new();
        let mut compare = |id: [u8; 16], row: Option<ServiceRow>, said: Option<Bytes32>| {
            let wanted = row.filter(|row| granted && row.active);
            if wanted.as_ref().map(|row| row.hash) != said {
                differing.push((id, wanted));
            }
        };
        match only {
            Some(only) => {
                for id in only {
                    let said = tx.service_said(partner.as_bytes(), id)?;
                    compare(*id, tx.own_service(id)?, said);
                }
            }
            None => {
                let mut said: HashMap<_, _> =
                    tx.services_said(partner.as_bytes())?.into_iter().collect();
                for (id, row) in tx.own_services()? {
                    compare(id, Some(row), said.remove(&id));
                }
                for (id, hash) in said {
                    compare(id, None, Some(hash));
                }
            }
        }
        Ok(differing)
    }

    /// Adds the listing of a service, and what it has free, to what is said.
    fn list(
        &self,
        tx: &Write<'_>,
        policy: &Policy,
        kept: &Kept,
        row: &ServiceRow,
        said: &mut Vec<Permitted<Statement>>,
    ) -> Outcome<()> {
        let service = service_of(&row.listing)?;
        // The policy was asked for all of them; asked for one it says the same.
        let Ok(listing) = policy.decide_service(&service, kept.state, self.today()) else {
            return Ok(());
        };
        said.push(self.sealed_news(listing)?);
        for capacity in self.own_capacities(tx, service.id)? {
            if let Ok(permitted) = policy.decide_capacity(capacity, kept.state, self.today()) {
                said.push(self.sealed_news(permitted)?);
            }
        }
        Ok(())
    }

    fn sealed_news(&self, news: Permitted<ServiceNews>) -> Outcome<Permitted<Statement>> {
        let encode = |news: &ServiceNews| match news {
            ServiceNews::Listing(service) => entente_proto::encode_service(&self.id(), service),
            ServiceNews::Capacity(capacity) => entente_proto::encode_capacity(&self.id(), capacity),
        };
        news.seal(encode, &self.secrets.key).map_err(|_| no_randomness())
    }

    /// A feed begins anew: everything is said again, since nobody knows what of it arrived.
    pub(crate) fn say_services_anew(&self, tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
        for (id, _) in tx.services_said(partner.as_bytes())? {
            tx.put_service_said(partner.as_bytes(), &id, None)?;
        }
        self.say_sponsored_again(tx, partner)?;
        self.say_services_to(tx, partner, None)?;
        Ok(())
    }

    /// An agreement is over: what each side was told is forgotten. What another agreement with the
    /// same partner still grants is said again.
    pub(crate) fn forget_services_with(&self, tx: &mut Write<'_>, partner: &OrgId) -> Outcome<()> {
        tx.delete_services_of(partner.as_bytes())?;
        tx.forget_carried_by(partner.as_bytes())?;
        self.say_services_anew(tx, partner)
    }
}

/// The service in a listing that we keep. What was kept was without problems; a row that is not is
/// damaged.
pub(crate) fn service_of(listing: &[u8]) -> Outcome<Service> {
    let decoded = entente_proto::decode_service(listing);
    Ok(decoded.map(|(_, service)| service).map_err(|_| DbError::from(BadRow))?)
}

/// The newest agreement under which `issuer` may tell us of services now, if there is one.
pub(crate) fn is_told_by<R: Rows>(node: &Node, tx: &R, issuer: &OrgId) -> Outcome<bool> {
    let Some(kept) = node.newest(tx, issuer)? else { return Ok(false) };
    let Some(policy) = kept.agreement.policy_for(issuer) else { return Ok(false) };
    Ok(policy.decide_services(kept.state, node.today()).is_ok())
}

/// `ENT-2202`.
pub(crate) fn unknown_service() -> Box<Fault> {
    Fault::new(
        2202,
        ("There is no such service.", "Ce service n’existe pas."),
        ("List them: `entente service list`.", "Affichez la liste\u{a0}: `entente service list`."),
    )
}

/// `ENT-2203`.
pub(crate) fn cannot_be_kept(problems: &[Problem]) -> Box<Fault> {
    let fault = Fault::new(
        2203,
        ("The service has fields that cannot be.", "Le service a des champs impossibles."),
        (
            "Correct them and try again; nothing was kept.",
            "Corrigez-les et réessayez; rien n’a été conservé.",
        ),
    );
    problems.iter().fold(fault, |fault, it| fault.because(it.text(Lang::En), it.text(Lang::Fr)))
}

/// `ENT-2204`.
pub(crate) fn too_many() -> Box<Fault> {
    Fault::new(
        2204,
        (
            "There are more services than a directory holds: 100,000.",
            "Il y a plus de services qu’un répertoire n’en contient\u{a0}: 100 000.",
        ),
        (
            "Split the file among the organizations whose services they are.",
            "Répartissez le fichier entre les organismes à qui sont les services.",
        ),
    )
}
