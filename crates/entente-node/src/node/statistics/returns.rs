//! Tables of what others answered, and national returns.
//!
//! Everything here is a function of what is kept: nobody is asked, and nothing is drawn. A return that was
//! made is kept as it was signed, under its digest; whether everybody may see it is said beside it.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::period::Period;
use entente_core::statistics::national::{
    NationalReturn, ReturnTable, definitions, digest, releases_of,
};
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::ReleaseId;
use entente_store::db::{DbError, Rows};
use entente_store::rows::{BadRow, Bytes32};
use entente_store::statistics::{ReturnRow, Statistics as _};

use super::asking::voices;
use super::plans::KeptPlan;
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::{Node, Outcome};

impl Node {
    /// The table of a release, as far as answers are kept.
    pub fn release_table(&self, plan: &Plan, release: &ReleaseId) -> Outcome<ReturnTable> {
        self.db.read(|tx| table(tx, plan, release))
    }

    /// The return of a plan for a period, and the bytes of its file, which we sign.
    pub fn national_return(
        &self,
        actor: Actor,
        kept: &KeptPlan,
        period: Period,
    ) -> Outcome<(NationalReturn, Vec<u8>)> {
        let plan = &kept.plan;
        let releases = releases_of(plan, kept.id, period, self.today());
        if releases.is_empty() {
            return Err(no_such_figures());
        }
        let national = self.db.read(|tx| {
            let mut signatures = Vec::new();
            for (_, document) in tx.plan_signatures(&kept.id.0)? {
                let envelope = entente_proto::decode_envelope(&document);
                signatures.extend(envelope.map_err(|_| DbError::from(BadRow))?.signatures);
            }
            signatures.sort_by_key(|(org, _)| *org);
            let tables = releases.iter().map(|release| table(tx, plan, release));
            Ok::<_, Box<Fault>>(NationalReturn {
                plan: plan.clone(),
                plan_bytes: kept.row.bytes.clone(),
                signatures,
                period,
                made_on: self.today(),
                definitions: definitions(plan),
                tables: tables.collect::<Outcome<_>>()?,
            })
        })?;
        let content = entente_proto::encode_return(&national);
        let seal = Envelope::seal(
            payload_type::NATIONAL_RETURN,
            digest(&content).to_vec(),
            &self.secrets.key,
        );
        let file = entente_proto::return_file(&content, &seal.map_err(|_| no_randomness())?);
        let entry = self.entry(actor, Action::ReturnWritten).reference(kept.id.0);
        let entry = entry.n(national.tables.len() as u64);
        let name = digest(&file);
        self.db.write("keep return", |tx| {
            // Made twice on one day it is the same file.
            if tx.made_return(&name)?.is_none() {
                let row = ReturnRow {
                    plan: kept.id.0,
                    period: period.number(),
                    made_at_s: self.now_s(),
                    n_bytes: file.len() as u64,
                    published_at_s: None,
                };
                tx.put_return(&name, &row, &file)?;
            }
            self.write_audit(tx, vec![entry])
        })?;
        Ok((national, file))
    }

    /// The returns that were made here, the newest first, each by its name.
    pub fn returns(&self) -> Outcome<Vec<(Bytes32, ReturnRow)>> {
        let mut all = self.db.read(|tx| Ok::<_, Box<Fault>>(tx.made_returns()?))?;
        all.sort_by_key(|(name, row)| (std::cmp::Reverse(row.made_at_s), *name));
        Ok(all)
    }

    /// Finds a return by the beginning of its name.
    pub fn find_return(&self, wanted: &str) -> Outcome<(Bytes32, ReturnRow)> {
        let wanted = wanted.trim().to_ascii_lowercase();
        let all = self.returns()?.into_iter();
        let mut found = all.filter(|(name, _)| hex::encode(name).starts_with(&wanted));
        match (found.next(), found.next()) {
            (Some(only), None) if !wanted.is_empty() => Ok(only),
            _ => Err(no_such_return()),
        }
    }

    /// The file of a return, as it was signed.
    pub fn return_file(&self, name: &Bytes32) -> Outcome<Vec<u8>> {
        let file = self.db.read(|tx| Ok::<_, Box<Fault>>(tx.return_file(name)?))?;
        file.ok_or_else(no_such_return)
    }

    /// Lets everybody see a return, or nobody any more.
    pub fn publish_return(
        &self,
        actor: Actor,
        name: &Bytes32,
        is_public: bool,
    ) -> Outcome<ReturnRow> {
        self.db.write("publish return", |tx| {
            let mut row = tx.made_return(name)?.ok_or_else(no_such_return)?;
            if row.published_at_s.is_some() == is_public {
                return Ok(row);
            }
            row.published_at_s = is_public.then(|| self.now_s());
            tx.put_return_row(name, &row)?;
            let action =
                if is_public { Action::ReturnPublished } else { Action::ReturnUnpublished };
            self.write_audit(tx, vec![self.entry(actor, action).reference(*name)])?;
            Ok(row)
        })
    }
}

/// `ENT-2771`. The same for one that is not public.
pub(crate) fn no_such_return() -> Box<Fault> {
    Fault::new(
        2771,
        ("There is no such return.", "Ce rapport n’existe pas."),
        (
            "See those that are kept: `entente stats returns`.",
            "Voyez ceux qui sont conservés\u{a0}: `entente stats returns`.",
        ),
    )
}

fn table<R: Rows>(tx: &R, plan: &Plan, release: &ReleaseId) -> Outcome<ReturnTable> {
    // What was kept was compared with the plan, so the answers belong together.
    let sum = super::sum::proof(tx, release)?;
    let table = ReturnTable::of(plan, *release, voices(tx, plan, release)?, sum);
    let table = table.ok_or_else(|| DbError::from(BadRow))?;
    Ok(table.with_end(super::sum::end(tx, release)?))
}

/// A plan has no answers for what was asked.
pub(crate) fn no_such_figures() -> Box<Fault> {
    Fault::new(
        2105,
        ("The plan has no such figures.", "Le plan ne contient pas ces chiffres."),
        (
            "See its cubes and years: `entente plan show`.",
            "Voyez ses cubes et ses années\u{a0}: `entente plan show`.",
        ),
    )
}
