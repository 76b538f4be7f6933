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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations, id};

    fn rule() -> impl Strategy<Value = CountingRule> {
        prop_oneof![Just(CountingRule::Persons), Just(CountingRule::Records)]
    }

    fn question() -> impl Strategy<Value = CountQuestion> {
        let names = Just(["age_group", "gender", "province", "status", "region"].map(String::from));
        let shape = (names.prop_shuffle(), 0..=3_usize, 0..=2_usize);
        let head = (any::<[u8; 16]>(), any::org(), any::seconds(), any::agreement_ref());
        let periods = prop::collection::btree_set(any::period(), 1..5);
        (head, shape, periods, any::code(), rule()).prop_map(
            |(head, (names, n_by, n_only), periods, definition, rule)| {
                let (id, audience, asked_at_s, agreement) = head;
                let (by, rest) = names.split_at(n_by);
                let mut only: Vec<_> =
                    rest[..n_only].iter().map(|name| (name.clone(), "24".to_owned())).collect();
                only.sort();
                let periods = periods.into_iter().collect();
                let by = by.to_vec();
                CountQuestion {
                    id,
                    audience,
                    asked_at_s,
                    agreement,
                    by,
                    only,
                    periods,
                    definition,
                    rule,
                }
            },
        )
    }

    fn table(min_cell: u32) -> impl Strategy<Value = Protected> {
        let zeros = prop_oneof![Just(Zeros::Shown), Just(Zeros::Flagged), Just(Zeros::Defended)];
        let shape = prop::collection::vec(1..4_usize, 0..=3);
        (zeros, shape).prop_flat_map(move |(zeros, shape)| {
            let dimensions = shape.iter().enumerate().map(|(at, n)| {
                Dimension::new(format!("d{at}"), (0..*n).map(|label| format!("{label}+")))
            });
            let frame = Frame::new(dimensions.collect()).unwrap();
            let least = u64::from(min_cell);
            let cell = prop_oneof![
                Just(Cell::Lt5),
                Just(Cell::Comp),
                Just(Cell::Withheld),
                (least..=Table::MAX_PERSONS).prop_map(Cell::Ok),
                Just(if zeros == Zeros::Shown { Cell::Ok(0) } else { Cell::Ok(least) }),
            ];
            let rules = Rules::new(min_cell, zeros).unwrap();
            let n_places = frame.n_places();
            prop::collection::vec(cell, n_places)
                .prop_map(move |cells| Protected::from_parts(frame.clone(), rules, cells).unwrap())
        })
    }

    fn answer() -> impl Strategy<Value = CountAnswer> {
        let head = (any::<[u8; 32]>(), any::seconds(), any::agreement_ref(), any::code(), rule());
        let refusals = prop::collection::btree_set(("[a-z_]{1,20}", "(§[34]\\.[0-9])?"), 1..4);
        let tables = (3..=1_000_u32).prop_flat_map(|min_cell| {
            let tables = prop::collection::btree_map(any::period(), table(min_cell), 0..4);
            tables.prop_map(move |tables| (min_cell, tables))
        });
        (head, refusals, tables).prop_map(|(head, refusals, (min_cell, tables))| {
            let (question, answered_at_s, agreement, definition, rule) = head;
            let tables = tables.into_iter().map(|(period, table)| CountTable { period, table });
            let refusals = refusals.into_iter().map(|(code, clause)| CountRefusal { code, clause });
            CountAnswer {
                question,
                answered_at_s,
                agreement,
                min_cell,
                definition,
                rule,
                tables: tables.collect(),
                refusals: refusals.collect(),
            }
        })
    }

    fn question_message() -> v1::CountQuestion {
        v1::CountQuestion {
            question_id: vec![1; 16],
            audience: id(1).as_bytes().to_vec(),
            asked_at_s: 1,
            agreement_id: vec![2; 16],
            agreement_version: 1,
            by: vec!["province".into(), "gender".into()],
            only: vec![filter("age_group"), filter("status")],
            periods: vec![20_251, 20_252],
            definition: 1,
            rule: 1,
        }
    }

    fn filter(dimension: &str) -> v1::CountFilter {
        v1::CountFilter { dimension: dimension.into(), label: "x".into() }
    }

    #[track_caller]
    fn question_refused(field: &'static str, change: impl FnOnce(&mut v1::CountQuestion)) {
        let mut message = question_message();
        assert!(decode_count_question(&message.encode_to_vec()).is_ok());
        change(&mut message);
        let decoded = decode_count_question(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_a_question_has_its_bound() {
        question_refused("question_id", |it| it.question_id.clear());
        question_refused("audience", |it| it.audience.clear());
        question_refused("asked_at_s", |it| it.asked_at_s = 0);
        question_refused("agreement_version", |it| it.agreement_version = 0);
        question_refused("agreement_id", |it| {
            it.agreement_id.clear();
            it.agreement_version = 0;
        });
        question_refused("by", |it| it.by = ["a", "b", "c", "d"].map(String::from).to_vec());
        question_refused("by", |it| it.by = vec!["gender".into(); 2]);
        question_refused("by", |it| it.by.push("status".into()));
        question_refused("by", |it| it.by = vec![String::new()]);
        question_refused("by", |it| it.by = vec!["a".repeat(Dimension::MAX_LABEL_BYTES + 1)]);
        question_refused("by", |it| it.by = vec!["é".into()]);
        question_refused("only", |it| it.only = ["a", "b", "c", "d", "e"].map(filter).to_vec());
        question_refused("only", |it| it.only.reverse());
        question_refused("only", |it| it.only.push(filter("status")));
        question_refused("label", |it| it.only[0].label.clear());
        question_refused("periods", |it| it.periods.clear());
        question_refused("periods", |it| it.periods.reverse());
        question_refused("periods", |it| it.periods = vec![20_251; 2]);
        question_refused("periods", |it| it.periods = (0..201).collect());
        question_refused("periods", |it| it.periods = vec![20_255]);
        question_refused("definition", |it| it.definition = 0);
        question_refused("definition", |it| it.definition = 7);
        question_refused("rule", |it| it.rule = 0);
        question_refused("rule", |it| it.rule = 3);
    }

    /// Five persons in "a", and "b" hidden.
    fn answer_message() -> v1::CountAnswer {
        v1::CountAnswer {
            question_digest: vec![1; 32],
            answered_at_s: 1,
            agreement_id: vec![2; 16],
            agreement_version: 1,
            min_cell: 5,
            definition: 1,
            rule: 1,
            tables: vec![v1::CountTable {
                period: 20_251,
                zeros: 1,
                dimensions: vec![v1::CountDimension {
                    name: "gender".into(),
                    labels: vec!["a".into(), "b".into()],
                }],
                cells: vec![1, 8, 0],
            }],
            refusals: vec![refusal("no_such_period")],
        }
    }

    fn refusal(code: &str) -> v1::CountRefusal {
        v1::CountRefusal { code: code.into(), clause: "§3.2".into() }
    }

    #[track_caller]
    fn answer_refused(field: &'static str, change: impl FnOnce(&mut v1::CountAnswer)) {
        let mut message = answer_message();
        assert!(decode_count_answer(&message.encode_to_vec()).is_ok());
        change(&mut message);
        let decoded = decode_count_answer(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_an_answer_has_its_bound() {
        answer_refused("question_digest", |it| it.question_digest.truncate(31));
        answer_refused("answered_at_s", |it| it.answered_at_s = 0);
        answer_refused("agreement_version", |it| it.agreement_version = 0);
        answer_refused("min_cell", |it| it.min_cell = 0);
        answer_refused("min_cell", |it| it.min_cell = 1_001);
        answer_refused("definition", |it| it.definition = 0);
        answer_refused("rule", |it| it.rule = 0);
        answer_refused("tables", |it| (it.tables, it.refusals) = (vec![], vec![]));
        answer_refused("tables", |it| it.tables.push(it.tables[0].clone()));
        answer_refused("refusals", |it| it.refusals.push(it.refusals[0].clone()));
        answer_refused("refusals", |it| it.refusals.push(refusal("a")));
        answer_refused("refusals", |it| {
            it.refusals = (0..=MAX_REFUSALS).map(|n| refusal(&format!("r{n:03}"))).collect();
        });
        answer_refused("code", |it| it.refusals[0].code = "Not a code".into());
        answer_refused("clause", |it| it.refusals[0].clause = "§".repeat(33));
    }

    #[test]
    fn every_field_of_a_table_has_its_bound() {
        answer_refused("period", |it| it.tables[0].period = 20_255);
        answer_refused("zeros", |it| it.tables[0].zeros = 0);
        answer_refused("zeros", |it| it.tables[0].zeros = 4);
        let dimension = |it: &v1::CountAnswer| it.tables[0].dimensions[0].clone();
        answer_refused("dimensions", |it| it.tables[0].dimensions = vec![dimension(it); 4]);
        answer_refused("dimensions", |it| it.tables[0].dimensions = vec![dimension(it); 2]);
        answer_refused("dimensions", |it| it.tables[0].dimensions[0].labels.clear());
        answer_refused("labels", |it| it.tables[0].dimensions[0].labels[0].clear());
        answer_refused("name", |it| it.tables[0].dimensions[0].name = "a\n".into());
        answer_refused("cells", |it| it.tables[0].cells.clear());
        answer_refused("cells", |it| it.tables[0].cells.push(0));
        answer_refused("cells", |it| it.tables[0].cells[0] = Table::MAX_PERSONS + 4);
    }

    #[test]
    fn a_count_that_must_be_hidden_is_not_accepted() {
        // 3 is a count of 0, which may be shown; 4 to 7 are counts of 1 to 4.
        for shown in [4, 7] {
            answer_refused("cells", |it| it.tables[0].cells[2] = shown);
        }
        let mut message = answer_message();
        message.tables[0].cells[2] = 3;
        assert!(decode_count_answer(&message.encode_to_vec()).is_ok());
        answer_refused("cells", |it| (it.tables[0].zeros, it.tables[0].cells[2]) = (2, 3));
    }

    #[test]
    fn order_and_repetition_mean_nothing_and_have_one_encoding() {
        let mut question = any::one(question());
        question.only = vec![("b".into(), "1".into()), ("a".into(), "2".into())];
        question.periods = vec!["2025-Q2".parse().unwrap(), "2025-Q1".parse().unwrap()];
        let bytes = encode_count_question(&question);
        question.only.reverse();
        question.periods.reverse();
        question.periods.push(question.periods[0]);
        assert_eq!(encode_count_question(&question), bytes);
        assert!(decode_count_question(&bytes).is_ok());
    }

    #[test]
    fn no_changed_question_or_answer_is_taken_for_the_same() {
        let question = any::one(question());
        check_mutations(&encode_count_question(&question), &question, decode_count_question);
        let answer = any::one(answer());
        check_mutations(&encode_count_answer(&answer), &answer, decode_count_answer);
    }

    proptest! {
        #[test]
        fn questions_and_answers_are_read_as_they_are_written(question in question(), answer in answer()) {
            let decoded = decode_count_question(&encode_count_question(&question));
            prop_assert_eq!(decoded, Ok(question));
            prop_assert_eq!(decode_count_answer(&encode_count_answer(&answer)), Ok(answer));
        }

        #[test]
        fn random_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode_count_question(&bytes).is_err());
            prop_assert!(decode_count_answer(&bytes).is_err());
        }
    }
}
