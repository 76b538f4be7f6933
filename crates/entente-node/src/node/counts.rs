//! Controlled counts: what partners are told of our records, and what we know of them ourselves.
//!
//! The first question of a partner about a period counts the cases that its agreement includes,
//! over everything the agreement lets be counted, protects that table as a whole, and keeps it.
//! Every later question is a look-up in it, so questions cannot be played off against each other.
//!
//! Zeros are shown. If they looked like small counts, the sum over organizations that serve different
//! provinces would be unknown in every cell (measured on the demonstration: 0 of 224 known). What
//! this costs is said in [`Zeros::Shown`]; the answer is controlled information under an agreement.

use entente_core::agreement::terms::Dimension;
use entente_core::audit::{Action, Actor};
use entente_core::codes::{Code as _, DefinitionProfile};
use entente_core::count::{
    Answered, Coverage, Merged, Protected, Question, Rules, Table, Zeros, merge,
};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::policy::{CountGrant, CountProposal};
use entente_proto::{CountAnswer, CountQuestion, CountRefusal, CountTable, CountingRule};
use entente_store::db::{DbError, Write};
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use super::agreements::{Kept, unknown_agreement};
use super::audit::no_randomness;
use super::index::Whose;
use super::pairing::random;
use super::partners::Shut;
use super::{Node, Outcome, unpoisoned};
use crate::fault::Fault;

/// The key in the store of everything a partner was told; the periods are inside.
const ALL_PERIODS: u32 = 0;

/// What was asked of one partner and what came back.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A signed answer.
    Answered(Box<CountAnswer>),
    /// It would not say, for these reasons (codes, and the clause that decided).
    Refused(Vec<(String, String)>),
    /// It could not be asked.
    Unreachable,
}

/// A question as people ask it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Dimensions of the table; `quarter` and `year` among them break it down by period.
    pub by: Vec<String>,
    /// A dimension and the code it must have.
    pub only: Vec<(String, String)>,
    /// The periods; they must be closed.
    pub periods: Vec<Period>,
}

impl Wanted {
    /// Whether the table has a line per period.
    pub fn by_period(&self) -> bool {
        self.by.iter().any(|name| is_period(name))
    }

    /// What is asked of each period.
    pub fn question(&self) -> Question {
        let by = self.by.iter().filter(|name| !is_period(name)).cloned().collect();
        Question { by, only: self.only.clone() }
    }

    /// The dimensions of the table, and what is fixed: a dimension and the number of its label.
    fn parts(&self) -> Outcome<(Vec<Dimension>, Fixed)> {
        let parse = |name: &String| Dimension::parse(name).map_err(|_| unknown_dimension());
        let question = self.question();
        let by = question.by.iter().map(parse).collect::<Outcome<_>>()?;
        let mut only = Vec::new();
        for (name, label) in &question.only {
            let dimension = parse(name)?;
            let labels = dimension.labels();
            let number = labels.iter().position(|it| it == label).ok_or_else(unknown_dimension)?;
            only.push((dimension, u16::try_from(number).unwrap_or(u16::MAX)));
        }
        Ok((by, only))
    }
}

/// Dimensions with the number of the label that each must have.
type Fixed = Vec<(Dimension, u16)>;

fn is_period(name: &str) -> bool {
    matches!(name, "quarter" | "year" | "period")
}

impl Node {
    /// Signed questions, one for each of these partners; `None` where there is no agreement.
    pub fn count_questions(
        &self,
        actor: &Actor,
        partners: &[OrgId],
        wanted: &Wanted,
    ) -> Outcome<Vec<Option<Envelope>>> {
        wanted.parts()?;
        self.db.write("ask counts", |tx| {
            let (mut questions, mut entries) = (Vec::with_capacity(partners.len()), Vec::new());
            for partner in partners {
                let Some(kept) = self.newest(tx, partner)? else {
                    questions.push(None);
                    continue;
                };
                questions.push(Some(self.count_question(&kept, wanted)?));
                let entry = self.entry(actor.clone(), Action::CountAsked).partner(*partner);
                entries.push(entry.agreement(kept.agreement.id.0));
            }
            self.write_audit(tx, entries)?;
            Ok(questions)
        })
    }

    fn count_question(&self, kept: &Kept, wanted: &Wanted) -> Outcome<Envelope> {
        let question = wanted.question();
        let message = CountQuestion {
            id: random::<16>()?,
            audience: kept.partner,
            asked_at_s: u64::try_from(self.now_s()).unwrap_or(0),
            agreement: kept.reference(),
            by: question.by,
            only: question.only,
            periods: wanted.periods.clone(),
            definition: DefinitionProfile::Programme,
            rule: CountingRule::Persons,
        };
        let payload = entente_proto::encode_count_question(&message);
        let envelope = Envelope::seal(payload_type::COUNT_QUERY, payload, &self.secrets.key);
        envelope.map_err(|_| no_randomness())
    }

    /// Answers a partner's question about our own records, or says why not. Both are signed.
    pub fn answer_count(
        &self,
        partner: &OrgId,
        question: &Envelope,
    ) -> Result<Envelope, CountShut> {
        let payload = question.verify(payload_type::COUNT_QUERY, &[*partner]);
        let payload = payload.map_err(|_| CountShut::Unreadable)?;
        let asked = entente_proto::decode_count_question(payload.bytes());
        let asked = asked.map_err(|_| CountShut::Unreadable)?;
        if asked.audience != self.id() {
            return Err(CountShut::Unreadable);
        }
        let digest: [u8; 32] = Sha256::digest(payload.bytes()).into();
        let answer = self.db.write("answer count", |tx| {
            let row = tx.partner(partner.as_bytes())?.ok_or(Shut::Unknown)?;
            self.open_to(&row)?;
            Ok::<_, CountShut>(self.decide_counts(tx, partner, &asked, digest)?)
        })?;
        let bytes = entente_proto::encode_count_answer(&answer);
        let envelope = Envelope::seal(payload_type::COUNT_ANSWER, bytes, &self.secrets.key);
        envelope.map_err(|_| CountShut::Fault(no_randomness()))
    }

    fn decide_counts(
        &self,
        tx: &mut Write<'_>,
        partner: &OrgId,
        asked: &CountQuestion,
        digest: [u8; 32],
    ) -> Outcome<CountAnswer> {
        let kept = self.newest(tx, partner)?.ok_or_else(unknown_agreement)?;
        let policy = self.policy(&kept)?;
        let stored = tx.answered(partner.as_bytes(), ALL_PERIODS)?;
        let mut answered = stored.as_deref().map_or_else(
            || Ok(Answered::default()),
            |bytes| {
                Answered::from_bytes(bytes).map_err(|_| DbError::from(entente_store::rows::BadRow))
            },
        )?;
        let question = Question { by: asked.by.clone(), only: asked.only.clone() };
        let names = asked.by.iter().chain(asked.only.iter().map(|(name, _)| name));
        let dimensions: Result<Vec<_>, _> = names.map(|name| Dimension::parse(name)).collect();
        let (mut tables, mut refusals, mut min_cell) = (Vec::new(), Vec::new(), 0);
        for period in &asked.periods {
            let Ok(dimensions) = dimensions.clone() else {
                refusals
                    .push(CountRefusal { code: "unknown_dimension".into(), clause: String::new() });
                break;
            };
            let proposal = CountProposal {
                dimensions,
                period: *period,
                state: kept.state,
                today: self.today(),
            };
            let grant = match policy.decide_count(&proposal) {
                Ok(permitted) => permitted.inner().clone(),
                Err(denied) => {
                    refusals.extend(denied.reasons().iter().map(|reason| CountRefusal {
                        code: reason.why.code().to_owned(),
                        clause: reason.clause.to_string(),
                    }));
                    continue;
                }
            };
            min_cell = grant.min_cell;
            match self.answer_period(&grant, &question, &mut answered) {
                Ok(table) => tables.push(CountTable { period: *period, table }),
                Err(code) => refusals.push(CountRefusal { code, clause: String::new() }),
            }
        }
        let answered = answered.to_bytes();
        if stored.as_ref() != Some(&answered) {
            tx.put_answered(partner.as_bytes(), ALL_PERIODS, &answered)?;
        }
        refusals.sort();
        refusals.dedup();
        let action = if tables.is_empty() { Action::CountRefused } else { Action::CountAnswered };
        let entry = self.entry(Actor::Partner(*partner), action).partner(*partner);
        let entry = entry.agreement(kept.agreement.id.0).reference(digest).n(tables.len() as u64);
        let codes = refusals.iter().map(|refusal| refusal.code.clone());
        self.write_audit(tx, vec![entry.reasons(codes)])?;
        Ok(CountAnswer {
            question: digest,
            answered_at_s: u64::try_from(self.now_s()).unwrap_or(0),
            agreement: kept.reference(),
            min_cell,
            definition: DefinitionProfile::Programme,
            rule: CountingRule::Persons,
            tables,
            refusals,
        })
    }

    fn answer_period(
        &self,
        grant: &CountGrant,
        question: &Question,
        answered: &mut Answered,
    ) -> Result<Protected, String> {
        let dimensions = &grant.frame;
        let Ok(frame) = Dimension::frame(dimensions) else {
            return Err("frame_too_large".into());
        };
        let Some(rules) = Rules::new(grant.min_cell, Zeros::Shown) else {
            return Err("bad_minimum".into());
        };
        let label = grant.period.to_string();
        if overlaps(answered, grant.period) {
            return Err("would_reveal".into());
        }
        let whose = Whose {
            granted: std::slice::from_ref(&grant.of),
            definition: DefinitionProfile::Programme,
            today: self.today(),
        };
        let cases = unpoisoned(self.cases.read());
        let table = || cases.count(&frame, dimensions, &[], grant.period, Some(&whose));
        let protected = answered.answer(&label, &frame, rules, question, table);
        protected.map_err(|it| it.code().to_owned())
    }

    /// Checks a partner's answer to our question.
    pub fn read_count_answer(
        &self,
        partner: &OrgId,
        question: &Envelope,
        answer: &Envelope,
    ) -> Option<Reply> {
        let payload = answer.verify(payload_type::COUNT_ANSWER, &[*partner]).ok()?;
        let answer = entente_proto::decode_count_answer(payload.bytes()).ok()?;
        let digest: [u8; 32] = Sha256::digest(&question.payload).into();
        if answer.question != digest {
            return None;
        }
        if answer.tables.is_empty() {
            let reasons = answer.refusals.into_iter().map(|refusal| (refusal.code, refusal.clause));
            return Some(Reply::Refused(reasons.collect()));
        }
        Some(Reply::Answered(Box::new(answer)))
    }

    /// The exact tables of our own cases, for our own staff: one per period.
    pub fn count_own(&self, actor: Actor, wanted: &Wanted) -> Outcome<Vec<(Period, Table)>> {
        let (by, only) = wanted.parts()?;
        let frame = Dimension::frame(&by).map_err(|_| table_too_large())?;
        let cases = unpoisoned(self.cases.read());
        let count = |period: &Period| (*period, cases.count(&frame, &by, &only, *period, None));
        let tables = wanted.periods.iter().map(count).collect();
        drop(cases);
        self.audit(vec![self.entry(actor, Action::OwnCounted)])?;
        Ok(tables)
    }

    /// The closed periods of this kind, the newest last, at most `n`.
    pub fn closed_periods(&self, quarters: bool, n: usize) -> Vec<Period> {
        let today = self.today();
        let Ok(now) = Period::of(today) else { return Vec::new() };
        let (mut year, mut quarter) = (i32::from(today.year()), now.number() % 10);
        let mut periods = Vec::new();
        while periods.len() < n {
            if quarters && quarter > 1 {
                quarter -= 1;
            } else {
                year -= 1;
                quarter = 4;
            }
            let number = u32::try_from(year).unwrap_or(0) * 10 + if quarters { quarter } else { 0 };
            let Ok(period) = Period::from_number(number) else { break };
            periods.push(period);
        }
        periods.reverse();
        periods
    }

    /// The periods in which we have cases of our own: years, or quarters.
    pub fn own_periods(&self, quarters: bool) -> Vec<Period> {
        let numbers = unpoisoned(self.cases.read()).periods();
        let wanted = numbers.into_iter().filter(|number| (number % 10 != 0) == quarters);
        wanted.filter_map(|number| Period::from_number(number).ok()).collect()
    }
}

/// Whether the year was answered and one of its quarters is asked, or the other way round: the two
/// tables would be about the same people, and one could be subtracted from the other.
fn overlaps(answered: &Answered, period: Period) -> bool {
    let year = period.number() / 10 * 10;
    let numbers = match period {
        Period::Quarter(_) => vec![year],
        Period::Year(_) => (1..=4).map(|quarter| year + quarter).collect(),
    };
    let told = |number: u32| {
        Period::from_number(number).is_ok_and(|it| answered.period(&it.to_string()).is_some())
    };
    numbers.into_iter().any(told)
}

/// The sum of several answers for one period, with who is in it.
pub fn sum(question: &Question, answers: &[Protected], coverage: Coverage) -> Option<Merged> {
    let dimensions: Option<Vec<_>> =
        question.by.iter().map(|name| Dimension::parse(name).ok()).collect();
    let axes = dimensions?
        .into_iter()
        .map(|dimension| entente_core::count::Dimension::new(dimension.code(), dimension.labels()));
    let frame = entente_core::count::Frame::new(axes.collect()).ok()?;
    merge(frame, answers, coverage).ok()
}

/// Why a question for counts is not even considered.
#[derive(Debug, thiserror::Error)]
pub enum CountShut {
    /// The partner may not ask now.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// It is no question, or not for us.
    #[error("unreadable")]
    Unreadable,
    /// Our own store failed.
    #[error("{0}")]
    Fault(#[from] Box<Fault>),
}

impl From<DbError> for CountShut {
    fn from(error: DbError) -> Self {
        Self::Fault(error.into())
    }
}

pub(crate) fn unknown_dimension() -> Box<Fault> {
    let names: Vec<_> = Dimension::ALL.iter().map(|dimension| dimension.code()).collect();
    Fault::new(
        1601,
        ("A dimension or value is unknown.", "Une dimension ou une valeur est inconnue."),
        (
            "Use `--by province,quarter --where exploitation=forced_labour`.",
            "Utilisez `--by province,quarter --where exploitation=forced_labour`.",
        ),
    )
    .because(
        format!("Dimensions: quarter, year, {}", names.join(", ")),
        format!("Dimensions\u{a0}: quarter, year, {}", names.join(", ")),
    )
}

pub(crate) fn table_too_large() -> Box<Fault> {
    Fault::new(
        1602,
        ("The table would have too many cells.", "Le tableau aurait trop de cellules."),
        ("Ask for fewer dimensions.", "Demandez moins de dimensions."),
    )
}
