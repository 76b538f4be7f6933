//! A contributor's step: charged, made, stored, sent, in this order.
//!
//! The charge is durable before a person is encrypted, in the ledger of releases and under the same
//! cap. A crash in between loses no budget and gives none back: the contribution stays paid for, and
//! the next question makes it. Why we decline is in our audit log; the coordinator hears one word.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::period::{Period, Year};
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::overlap::{
    JointKey, LinkageFigures, Maker, NotContributed, Paid, Parcel, Past, Refused, Round, RoundId,
    admit, contribute,
};
use entente_proto::OverlapContribute;
use entente_store::db::{DbError, Rows, Write};
use entente_store::overlap::{Overlap as _, Part};
use entente_store::rows::{BadRow, ChargeRow};
use entente_store::statistics::Statistics as _;

use super::persons::Persons;
use super::terms::not_signable;
use super::{Handed, KeptRound, OverlapShut, joint_key};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::statistics::ledger::{is_behind, node_pool};
use crate::node::statistics::plans::{is_replaced, signed_plans};
use crate::node::{Node, Outcome};

/// What charges of rounds begin with in the ledger, where releases have the id of their plan.
const CHARGE: &[u8] = b"overlap round ";

/// What a round is called in the ledger.
fn charge_key(id: &RoundId, period: Period) -> Vec<u8> {
    [CHARGE, &id.0, &period.number().to_be_bytes()].concat()
}

/// The round that a charge is for, if it is for one.
fn charged_round(release: &[u8]) -> Option<Past> {
    let (id, rest) = release.strip_prefix(CHARGE)?.split_first_chunk::<32>()?;
    let period = Period::from_number(u32::from_be_bytes(rest.try_into().ok()?)).ok()?;
    Some(Past { id: RoundId(*id), period })
}

/// The rounds for which our persons have paid.
fn past<R: Rows>(tx: &R) -> Outcome<Vec<Past>> {
    Ok(tx.charges()?.iter().filter_map(|(_, row)| charged_round(&row.release)).collect())
}

/// What the persons of a year pay for rounds: those that were charged, and those that our officer
/// signed and that may be charged yet, but for `besides`.
pub(in crate::node::statistics) fn rounds_of<R: Rows>(
    tx: &R,
    ours: &OrgId,
    year: Year,
    besides: Option<RoundId>,
) -> Outcome<NanoRho> {
    let charges = tx.charges()?;
    let mut sum = NanoRho::ZERO;
    let of_year = charges.iter().filter(|(_, row)| row.year == year.number());
    for (_, row) in of_year.filter(|(_, row)| charged_round(&row.release).is_some()) {
        sum = sum.plus(NanoRho(row.nano_rho));
    }
    for (_, row) in tx.overlap_rounds()? {
        let round = KeptRound::of(tx, row)?;
        let terms = round.round.terms();
        let key = charge_key(&round.round.id(), terms.period);
        let is_open = round.is_signed() && !round.is_over() && terms.period.year() == year;
        let is_other = besides != Some(round.round.id());
        if is_open
            && is_other
            && round.round.list_of(ours).is_some()
            && tx.charge_of(&key)?.is_none()
        {
            sum = sum.plus(NanoRho(terms.noise.nano_rho()));
        }
    }
    Ok(sum)
}

/// What the plans we signed cost the persons of a year at most.
fn planned<R: Rows>(tx: &R, year: Year) -> Outcome<NanoRho> {
    let plans = signed_plans(tx)?;
    let covers = plans.iter().map(|(_, plan)| plan);
    let covers = covers.filter(|it| (it.first_year..=it.last_year).contains(&year));
    let covers = covers.filter(|it| !is_replaced(it, year, plans.iter().map(|(_, plan)| plan)));
    Ok(covers.fold(NanoRho::ZERO, |sum, plan| sum.plus(plan.budget.year)))
}

/// A charge, and how to go on from it.
struct Charged {
    row: ChargeRow,
    number: u64,
}

impl Node {
    /// Says why our officer cannot promise to contribute, if that is so.
    pub(super) fn may_contribute(&self, round: &Round) -> Outcome<()> {
        let (period, capacity) = (round.terms().period, u64::from(round.terms().capacity));
        self.db.read(|tx| {
            let charge = admit(round, &past(tx)?).map_err(not_admitted)?;
            let year = period.year();
            let cap = node_pool(tx, year)?.cap();
            let rounds = rounds_of(tx, &self.id(), year, Some(round.id()))?;
            let sum = planned(tx, year)?.plus(rounds).plus(NanoRho(charge.nano_rho));
            if sum > cap {
                let (sum_fr, cap_fr) = (sum.text(Lang::Fr), cap.text(Lang::Fr));
                return Err(not_signable(
                    format!("With what is signed already, the persons of {year} would pay rho {sum}, and the cap is {cap}."),
                    format!("Avec ce qui est déjà signé, les personnes de {year} paieraient rho {sum_fr}, et le plafond est {cap_fr}."),
                ));
            }
            Ok(())
        })?;
        let Some(persons) = self.overlap_persons(round)? else {
            return Err(not_signable(
                "No agreement in force lets the coordinator have our statistics.",
                "Aucune entente en vigueur ne donne nos statistiques au coordonnateur.",
            ));
        };
        let n = persons.keys.len() as u64;
        if n > capacity {
            return Err(not_signable(
                format!("We have {n} persons, and a contribution has {capacity} entries."),
                format!("Nous avons {n} personnes, et une contribution a {capacity} entrées."),
            ));
        }
        Ok(())
    }

    /// Contributes to a round: charges, makes, stores and gives back what is stored.
    pub fn contribute_overlap(
        &self,
        partner: &OrgId,
        question: &OverlapContribute,
    ) -> Result<Handed, OverlapShut> {
        let (ours, id) = (self.id(), question.round);
        let kept = self.within_terms(partner, &id, |round| round.list_of(&ours).is_some())?;
        let refuse = |shut| self.refuse_step(partner, &id, shut);
        if kept.is_over() {
            return Err(refuse(OverlapShut::Done));
        }
        let joint = joint_key(&kept.round, &question.shares);
        let joint = joint.map_err(|why| refuse(OverlapShut::NotValid(why)))?;
        if let Some(before) = self.db.read(|tx| Handed::kept(tx, &id, &ours))? {
            // The same persons under another key would be a second contribution.
            return match before.checked(&kept.round, &joint, &ours) {
                Ok(_) => Ok(before),
                Err(_) => Err(refuse(OverlapShut::Done)),
            };
        }
        let Some(persons) = self.overlap_persons(&kept.round)? else {
            return Err(refuse(OverlapShut::Declined("not_granted")));
        };
        if persons.keys.len() as u64 > u64::from(kept.round.terms().capacity) {
            return Err(refuse(OverlapShut::Declined("too_many_persons")));
        }
        if question.receipts.iter().any(|it| self.is_our_parcel(it, &id)) {
            // We gave it before this store was set back. Another one would contradict the first.
            return Err(refuse(OverlapShut::Declined("given_before")));
        }
        let charged = self.charge_overlap(partner, &kept.round, &question.receipts);
        let charged = charged.map_err(&refuse)?;
        self.make_parcel(partner, &kept.round, &joint, &persons, &charged)
    }

    fn is_our_parcel(&self, receipt: &Envelope, id: &RoundId) -> bool {
        let payload = receipt.verify(payload_type::OVERLAP_PARCEL, &[self.id()]);
        let parcel = payload.map(|it| entente_proto::decode_overlap_parcel(it.bytes()));
        matches!(parcel, Ok(Ok(parcel)) if parcel.round == *id)
    }

    fn charge_overlap(
        &self,
        partner: &OrgId,
        round: &Round,
        receipts: &[Envelope],
    ) -> Result<Charged, OverlapShut> {
        let (id, period) = (round.id(), round.terms().period);
        // In a transaction of its own: what was learnt stays, whatever is decided on it.
        self.db.write("heed overlap receipts", |tx| self.heed_parcels(tx, partner, receipts))?;
        self.db.write("charge overlap", |tx| {
            let key = charge_key(&id, period);
            if let Some((number, row)) = tx.charge_of(&key)? {
                return Ok(Charged { row, number });
            }
            if is_behind(tx)? || !self.is_settled(tx)? {
                return Err(OverlapShut::Declined("behind"));
            }
            let admitted = admit(round, &past(tx)?);
            let cost = admitted.map_err(|_| OverlapShut::Declined("round_before"))?.nano_rho;
            let year = period.year();
            let pool = node_pool(tx, year)?;
            let year_spent = pool.spent().plus(NanoRho(cost));
            if year_spent > pool.cap() {
                return Err(OverlapShut::Declined("budget_spent"));
            }
            let last = tx.n_charges()?;
            let spent = NanoRho(tx.charge(last)?.map_or(0, |row| row.spent));
            let row = ChargeRow {
                release: key,
                year: year.number(),
                nano_rho: cost,
                year_spent: year_spent.0,
                spent: spent.plus(NanoRho(cost)).0,
                at_s: self.now_s(),
                heeded: vec![*partner.as_bytes()],
                partners: vec![*partner.as_bytes()],
            };
            tx.put_charge(last + 1, &row)?;
            let entry = self.entry(Actor::Partner(*partner), Action::OverlapCharged);
            self.write_audit(tx, vec![entry.partner(*partner).reference(id.0)])?;
            Ok(Charged { row, number: last + 1 })
        })
    }

    /// Makes what was paid for and stores it; of two at once the first to be stored counts.
    fn make_parcel(
        &self,
        partner: &OrgId,
        round: &Round,
        joint: &JointKey,
        persons: &Persons,
        charged: &Charged,
    ) -> Result<Handed, OverlapShut> {
        let (ours, id) = (self.id(), round.id());
        let made = contribute(round, joint, &ours, &persons.keys, &mut SystemRandomness);
        let made = made.map_err(|error| match error {
            NotContributed::TooMany { .. } => OverlapShut::Declined("too_many_persons"),
            NotContributed::Elsewhere => OverlapShut::NotValid("share_of_others"),
            NotContributed::NoRandomness(_) => no_randomness().into(),
        })?;
        let noise = round.terms().noise;
        let figures = persons.linkage.with_noise(noise, &mut SystemRandomness);
        let figures = figures.map_err(|_| no_randomness())?;
        let handed = self.contribution(joint, made.batch.to_bytes(), charged, figures, &id)?;
        let linkage = linkage_bytes(persons);
        self.db.write("store contribution", |tx| {
            if let Some(before) = Handed::kept(tx, &id, &ours)? {
                return Ok(before);
            }
            if !handed.keep(tx, &id, &ours)? {
                return Err(OverlapShut::Done);
            }
            tx.put_overlap_part(&id.0, Part::Linkage, ours.as_bytes(), &linkage)?;
            if let Some(mut row) = tx.overlap_round(&id.0)? {
                row.begun_at_s = Some(self.now_s());
                tx.put_overlap_round(&id.0, &row)?;
            }
            let entry = self.entry(Actor::Partner(*partner), Action::OverlapGiven);
            self.write_audit(tx, vec![entry.partner(*partner).reference(id.0)])?;
            Ok(handed)
        })
    }

    fn contribution(
        &self,
        joint: &JointKey,
        batch: Vec<u8>,
        charged: &Charged,
        figures: LinkageFigures,
        id: &RoundId,
    ) -> Outcome<Handed> {
        let Charged { row, number } = charged;
        let past = charged_round(&row.release).ok_or(DbError::from(BadRow))?;
        let paid = Paid {
            number: *number,
            period: past.period,
            cost: NanoRho(row.nano_rho),
            year_spent: NanoRho(row.year_spent),
            spent: NanoRho(row.spent),
            at_s: row.at_s,
        };
        let parcel = Parcel {
            round: *id,
            joint: joint.digest(),
            sha256: Parcel::digest(&batch),
            maker: Maker::Contributor(paid, figures),
        };
        Ok(Handed { parcel: self.signed_parcel(&parcel)?, batch })
    }

    /// Takes in what a coordinator holds of ours: a charge that our ledger does not know was made
    /// before this store was set back.
    fn heed_parcels(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        receipts: &[Envelope],
    ) -> Outcome<()> {
        for receipt in receipts {
            let payload = receipt.verify(payload_type::OVERLAP_PARCEL, &[self.id()]);
            // What we did not sign says nothing about us.
            let Ok(payload) = payload else { continue };
            let Ok(parcel) = entente_proto::decode_overlap_parcel(payload.bytes()) else {
                continue;
            };
            let Maker::Contributor(paid, _) = parcel.maker else { continue };
            let key = charge_key(&parcel.round, paid.period);
            if tx.charge_of(&key)?.is_some() || tx.charge(paid.number)?.is_some() {
                continue;
            }
            let row = ChargeRow {
                release: key,
                year: paid.period.year().number(),
                nano_rho: paid.cost.0,
                year_spent: paid.year_spent.0,
                spent: paid.spent.0,
                at_s: paid.at_s,
                heeded: vec![*partner.as_bytes()],
                partners: vec![*partner.as_bytes()],
            };
            tx.put_charge(paid.number, &row)?;
            let entry = self.entry(Actor::Partner(*partner), Action::LedgerBehind);
            let entry = entry.partner(*partner).reasons(["restored".to_owned()]);
            self.write_audit(tx, vec![entry.reference(parcel.round.0)])?;
        }
        Ok(())
    }

    /// How well our own persons could be matched when we contributed: usable, without names, without
    /// date of birth, not covered.
    pub fn overlap_linkage(&self, id: &RoundId) -> Outcome<Option<[u64; 4]>> {
        let ours = self.id();
        let kept = self.db.read(|tx| tx.overlap_part(&id.0, Part::Linkage, ours.as_bytes()))?;
        Ok(kept.map(|bytes| {
            let mut numbers = [0; 4];
            for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *number = u64::from_be_bytes(*bytes);
            }
            numbers
        }))
    }
}

fn linkage_bytes(persons: &Persons) -> Vec<u8> {
    let linkage = persons.linkage;
    let numbers =
        [linkage.usable, linkage.without_names, linkage.without_birthdate, persons.n_not_covered];
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn not_admitted(refused: Refused) -> Box<Fault> {
    match refused {
        Refused::SameRound => not_signable(
            "This organization has taken part in this very round.",
            "Cet organisme a déjà participé à ce recoupement.",
        ),
        Refused::SameData { n } => not_signable(
            format!(
                "There were {n} rounds on these persons before, and the terms count fewer: each has to be said and paid."
            ),
            format!(
                "{n} recoupements ont déjà porté sur ces personnes, et les conditions en comptent moins\u{a0}: chacun doit être dit et payé."
            ),
        ),
    }
}
