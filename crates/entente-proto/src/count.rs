//! Controlled counts: questions and answers as messages.

use entente_core::codes::DefinitionProfile;
use entente_core::count::{
    Answered, Cell, Dimension, Frame, Protected, Question, Rules, Table, Zeros,
};
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::statement::AgreementRef;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_SECONDS, array, ascii, code, code_number, nfc, optional_line, org, period, present, within,
};
use crate::statement::{MAX_DOCUMENT, parse_agreement};
use crate::v1;

/// The most refusals of one answer: every clause of an agreement for a handful of reasons.
pub const MAX_REFUSALS: usize = 256;

/// Longest code of a refusal, and longest clause, in bytes.
const MAX_CODE: usize = 64;

/// Asks for a controlled count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountQuestion {
    /// Random.
    pub id: [u8; 16],
    /// Whom it is put to.
    pub audience: OrgId,
    /// When; seconds since 1970.
    pub asked_at_s: u64,
    /// The agreement that grants the count.
    pub agreement: AgreementRef,
    /// Dimensions to group by, in the order of the table; at most [`Question::MAX_BY`].
    pub by: Vec<String>,
    /// A dimension and the label it must have. Order does not matter.
    pub only: Vec<(String, String)>,
    /// Closed periods. Order does not matter.
    pub periods: Vec<Period>,
    /// Which definition of trafficking counts.
    pub definition: DefinitionProfile,
    /// What is counted.
    pub rule: CountingRule,
}

/// What one is in a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountingRule {
    /// Distinct persons, as far as the node knows.
    Persons,
    /// Records: a person with two is counted twice.
    Records,
}

/// Answers or refuses a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountAnswer {
    /// SHA-256 of the question's payload.
    pub question: [u8; 32],
    /// When; seconds since 1970.
    pub answered_at_s: u64,
    /// The agreement that the answer rests on.
    pub agreement: AgreementRef,
    /// What is below this is hidden, in every table; 0 only without tables.
    pub min_cell: u32,
    /// Which definition was counted.
    pub definition: DefinitionProfile,
    /// What was counted.
    pub rule: CountingRule,
    /// What was counted, by period.
    pub tables: Vec<CountTable>,
    /// Why periods of the question have no table.
    pub refusals: Vec<CountRefusal>,
}

/// The protected table of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountTable {
    /// The period.
    pub period: Period,
    /// Counts and margins, with what is small hidden.
    pub table: Protected,
}

/// One reason of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountRefusal {
    /// A stable code.
    pub code: String,
    /// The clause it rests on, for example `§3.2`. Empty if none.
    pub clause: String,
}

/// The bytes of a question: what its author signs.
pub fn encode_count_question(question: &CountQuestion) -> Vec<u8> {
    let CountQuestion { id, audience, asked_at_s, agreement, by, only, periods, definition, rule } =
        question;
    let mut only: Vec<_> = only
        .iter()
        .map(|(dimension, label)| v1::CountFilter {
            dimension: dimension.clone(),
            label: label.clone(),
        })
        .collect();
    only.sort_by(|a, b| a.dimension.cmp(&b.dimension));
    let mut periods: Vec<_> = periods.iter().map(|period| period.number()).collect();
    periods.sort_unstable();
    periods.dedup();
    let message = v1::CountQuestion {
        question_id: id.to_vec(),
        audience: audience.as_bytes().to_vec(),
        asked_at_s: *asked_at_s,
        agreement_id: agreement.id.to_vec(),
        agreement_version: agreement.version,
        by: by.clone(),
        only,
        periods,
        definition: code_number(*definition),
        rule: rule_number(*rule),
    };
    message.encode_to_vec()
}

/// The question with these bytes. Verify the envelope first.
pub fn decode_count_question(bytes: &[u8]) -> Result<CountQuestion, Invalid> {
    within("question", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::CountQuestion = canonical(bytes)?;
    within("by", message.by.len(), 0..=Question::MAX_BY)?;
    within("only", message.only.len(), 0..=Frame::MAX_DIMENSIONS)?;
    within("periods", message.periods.len(), 1..=Answered::MAX_PERIODS)?;
    if !message.only.is_sorted_by(|a, b| a.dimension < b.dimension) {
        return Err(Invalid::new("only", "must be ascending by dimension, each once"));
    }
    if !message.periods.is_sorted_by(|a, b| a < b) {
        return Err(Invalid::new("periods", "must be ascending, each once"));
    }
    let by = message.by.into_iter().map(|name| label("by", name));
    let by = by.collect::<Result<Vec<_>, _>>()?;
    let only = message
        .only
        .into_iter()
        .map(|filter| Ok((label("dimension", filter.dimension)?, label("label", filter.label)?)));
    let only = only.collect::<Result<Vec<_>, Invalid>>()?;
    let twice = |at: usize| by.iter().skip(at + 1).any(|other| by.get(at) == Some(other));
    if (0..by.len()).any(twice) || only.iter().any(|(name, _)| by.contains(name)) {
        return Err(Invalid::new("by", "names a dimension twice"));
    }
    let agreement = parse_agreement(&message.agreement_id, message.agreement_version)?;
    Ok(CountQuestion {
        id: array("question_id", &message.question_id)?,
        audience: org("audience", &message.audience)?,
        asked_at_s: within("asked_at_s", message.asked_at_s, 1..=MAX_SECONDS)?,
        agreement: present("agreement_id", agreement)?,
        by,
        only,
        periods: message
            .periods
            .iter()
            .map(|it| period("periods", *it))
            .collect::<Result<_, _>>()?,
        definition: code("definition", message.definition)?,
        rule: parse_rule(message.rule)?,
    })
}

/// The bytes of an answer: what its author signs. All tables hide what is below `min_cell`.
pub fn encode_count_answer(answer: &CountAnswer) -> Vec<u8> {
    let CountAnswer {
        question,
        answered_at_s,
        agreement,
        min_cell,
        definition,
        rule,
        tables,
        refusals,
    } = answer;
    let mut tables: Vec<_> = tables.iter().map(table_message).collect();
    tables.sort_by_key(|table| table.period);
    let mut refusals: Vec<_> = refusals
        .iter()
        .map(|CountRefusal { code, clause }| v1::CountRefusal {
            code: code.clone(),
            clause: nfc(clause),
        })
        .collect();
    refusals.sort_by(|a, b| (&a.code, &a.clause).cmp(&(&b.code, &b.clause)));
    refusals.dedup();
    let message = v1::CountAnswer {
        question_digest: question.to_vec(),
        answered_at_s: *answered_at_s,
        agreement_id: agreement.id.to_vec(),
        agreement_version: agreement.version,
        min_cell: *min_cell,
        definition: code_number(*definition),
        rule: rule_number(*rule),
        tables,
        refusals,
    };
    message.encode_to_vec()
}

/// The answer with these bytes. Verify the envelope first.
pub fn decode_count_answer(bytes: &[u8]) -> Result<CountAnswer, Invalid> {
    within("answer", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::CountAnswer = canonical(bytes)?;
    within("tables", message.tables.len(), 0..=Answered::MAX_PERIODS)?;
    within("refusals", message.refusals.len(), 0..=MAX_REFUSALS)?;
    if message.tables.is_empty() && message.refusals.is_empty() {
        return Err(Invalid::new("tables", "must be present, or a refusal"));
    }
    if !message.tables.is_sorted_by(|a, b| a.period < b.period) {
        return Err(Invalid::new("tables", "must be ascending by period, each once"));
    }
    if !message.refusals.is_sorted_by(|a, b| (&a.code, &a.clause) < (&b.code, &b.clause)) {
        return Err(Invalid::new("refusals", "must be ascending, each once"));
    }
    let least = if message.tables.is_empty() { 0 } else { *Rules::MIN_CELL_RANGE.start() };
    let min_cell = within("min_cell", message.min_cell, least..=*Rules::MIN_CELL_RANGE.end())?;
    let tables = message.tables.into_iter().map(|table| parse_table(table, min_cell));
    let refusals = message.refusals.into_iter().map(parse_refusal);
    let agreement = parse_agreement(&message.agreement_id, message.agreement_version)?;
    Ok(CountAnswer {
        question: array("question_digest", &message.question_digest)?,
        answered_at_s: within("answered_at_s", message.answered_at_s, 1..=MAX_SECONDS)?,
        agreement: present("agreement_id", agreement)?,
        min_cell,
        definition: code("definition", message.definition)?,
        rule: parse_rule(message.rule)?,
        tables: tables.collect::<Result<_, _>>()?,
        refusals: refusals.collect::<Result<_, _>>()?,
    })
}

fn table_message(CountTable { period, table }: &CountTable) -> v1::CountTable {
    let zeros = match table.rules().zeros() {
        Zeros::Shown => v1::Zeros::Shown,
        Zeros::Flagged => v1::Zeros::Flagged,
        Zeros::Defended => v1::Zeros::Defended,
    };
    let dimensions = table.frame().dimensions().iter();
    v1::CountTable {
        period: period.number(),
        zeros: zeros.into(),
        dimensions: dimensions
            .map(|Dimension { name, labels }| v1::CountDimension {
                name: name.clone(),
                labels: labels.clone(),
            })
            .collect(),
        cells: table.cells().iter().map(|cell| cell_number(*cell)).collect(),
    }
}

fn parse_table(message: v1::CountTable, min_cell: u32) -> Result<CountTable, Invalid> {
    let zeros = match v1::Zeros::try_from(message.zeros) {
        Ok(v1::Zeros::Shown) => Zeros::Shown,
        Ok(v1::Zeros::Flagged) => Zeros::Flagged,
        Ok(v1::Zeros::Defended) => Zeros::Defended,
        Ok(v1::Zeros::Unspecified) | Err(_) => {
            return Err(Invalid::new("zeros", "must be present and of its list"));
        }
    };
    within("dimensions", message.dimensions.len(), 0..=Question::MAX_BY)?;
    within("cells", message.cells.len(), 1..=Frame::MAX_PLACES)?;
    let dimensions = message.dimensions.into_iter().map(parse_dimension);
    let frame = Frame::new(dimensions.collect::<Result<_, _>>()?)
        .map_err(|_| Invalid::new("dimensions", "do not make a table"))?;
    let rules = present("min_cell", Rules::new(min_cell, zeros))?;
    let cells = message.cells.into_iter().map(parse_cell).collect::<Result<_, _>>()?;
    let table = Protected::from_parts(frame, rules, cells)
        .ok_or(Invalid::new("cells", "do not fit the table, or show what must be hidden"))?;
    Ok(CountTable { period: period("period", message.period)?, table })
}

fn parse_dimension(message: v1::CountDimension) -> Result<Dimension, Invalid> {
    let labels = message.labels.into_iter().map(|text| label("labels", text));
    Ok(Dimension { name: label("name", message.name)?, labels: labels.collect::<Result<_, _>>()? })
}

fn cell_number(cell: Cell) -> u64 {
    match cell {
        Cell::Lt5 => 0,
        Cell::Comp => 1,
        Cell::Withheld => 2,
        Cell::Ok(count) => count.saturating_add(3),
    }
}

fn parse_cell(number: u64) -> Result<Cell, Invalid> {
    match within("cells", number, 0..=Table::MAX_PERSONS + 3)? {
        0 => Ok(Cell::Lt5),
        1 => Ok(Cell::Comp),
        2 => Ok(Cell::Withheld),
        count => Ok(Cell::Ok(count - 3)),
    }
}

fn parse_refusal(message: v1::CountRefusal) -> Result<CountRefusal, Invalid> {
    let is_code = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let code = ascii("code", message.code, MAX_CODE)?;
    if !code.bytes().all(is_code) {
        return Err(Invalid::new("code", "must be lower-case letters, digits and _"));
    }
    Ok(CountRefusal { code, clause: optional_line("clause", message.clause, MAX_CODE)? })
}

fn label(field: &'static str, text: String) -> Result<String, Invalid> {
    ascii(field, text, Dimension::MAX_LABEL_BYTES)
}

fn rule_number(rule: CountingRule) -> i32 {
    match rule {
        CountingRule::Persons => v1::CountingRule::Persons.into(),
        CountingRule::Records => v1::CountingRule::Records.into(),
    }
}

fn parse_rule(number: i32) -> Result<CountingRule, Invalid> {
    match v1::CountingRule::try_from(number) {
        Ok(v1::CountingRule::Persons) => Ok(CountingRule::Persons),
        Ok(v1::CountingRule::Records) => Ok(CountingRule::Records),
        Ok(v1::CountingRule::Unspecified) | Err(_) => {
            Err(Invalid::new("rule", "must be present and of its list"))
        }
    }
}
