//! Tables of what others answered, and national returns.
//!
//! Everything here is a function of what is kept: nobody is asked, and nothing is drawn.

use entente_core::audit::{Action, Actor};
use entente_core::codes::Code as _;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::lang::{Lang, Text};
use entente_core::period::Period;
use entente_core::statistics::national::{NationalReturn, ReturnTable, digest, releases_of};
use entente_core::statistics::plan::Plan;
use entente_core::statistics::release::ReleaseId;
use entente_store::db::{DbError, Rows};
use entente_store::rows::BadRow;
use entente_store::statistics::Statistics as _;

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
        self.audit(vec![entry.n(national.tables.len() as u64)])?;
        Ok((national, file))
    }
}

fn table<R: Rows>(tx: &R, plan: &Plan, release: &ReleaseId) -> Outcome<ReturnTable> {
    // What was kept was compared with the plan, so the answers belong together.
    let sum = super::sum::proof(tx, release)?;
    let table = ReturnTable::of(plan, *release, voices(tx, plan, release)?, sum);
    let table = table.ok_or_else(|| DbError::from(BadRow))?;
    Ok(table.with_end(super::sum::end(tx, release)?))
}

/// What is counted and by which definition, in words.
fn definitions(plan: &Plan) -> Text {
    let words = |lang: Lang| {
        let (rule, definition) = (plan.rule.label(lang), plan.definition.label(lang));
        lang.pick(
            format!("Counted: {rule}. Definition: {definition}."),
            format!("Unité comptée : {rule}. Définition : {definition}."),
        )
    };
    Text::new(words(Lang::En), words(Lang::Fr))
}

/// A plan has no answers for what was asked.
pub(crate) fn no_such_figures() -> Box<Fault> {
    Fault::new(
        2105,
        ("The plan has no such figures.", "Le plan ne contient pas ces chiffres."),
        (
            "See its cubes and years: `entente plan show`.",
            "Voyez ses cubes et ses années : `entente plan show`.",
        ),
    )
}
