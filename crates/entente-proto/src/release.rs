//! Releases of statistics as messages: which one, and what an organization answers.

use entente_core::envelope::Envelope;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::noise::Sigma;
use entente_core::statistics::plan::{MAX_CELLS, MAX_CUBES, MAX_REVISIONS, PlanId};
use entente_core::statistics::release::{
    Addend, Answer, Contribution, Declined, Receipt, ReleaseId,
};
use entente_core::statistics::sum::ReportId;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_LOG, array, code_number, optional_code, period, present, seconds, seconds_number, within,
};
use crate::statement::{MAX_DOCUMENT, document_message, parse_document};
use crate::v1;

/// The most receipts that a question carries.
pub const MAX_RECEIPTS: usize = 16;

/// A cell is at most this far from zero: a trillion, as in controlled counts.
const MAX_CELL: i64 = 1 << 40;

/// A question for a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseQuestion {
    /// Which release.
    pub release: ReleaseId,
    /// Answers of whom it is put to, ascending by the number of their charge.
    pub receipts: Vec<Envelope>,
}

/// The message of a question.
pub fn release_question_message(question: &ReleaseQuestion) -> v1::ReleaseRequest {
    v1::ReleaseRequest {
        release: Some(release_message(&question.release)),
        receipts: question.receipts.iter().map(document_message).collect(),
    }
}

/// The question in a message.
pub fn parse_release_question(message: v1::ReleaseRequest) -> Result<ReleaseQuestion, Invalid> {
    within("receipts", message.receipts.len(), 0..=MAX_RECEIPTS)?;
    let receipts = message.receipts.into_iter().map(parse_document);
    Ok(ReleaseQuestion {
        release: parse_release(message.release)?,
        receipts: receipts.collect::<Result<_, _>>()?,
    })
}

/// The bytes of an answer: what its author signs.
pub fn encode_release_answer(answer: &Answer) -> Vec<u8> {
    let message = match answer {
        Answer::Given(Contribution { release, drawn_at_s, sigma, cost, receipt, cells }) => {
            v1::ReleaseAnswer {
                release: Some(release_message(release)),
                at_s: seconds_number(*drawn_at_s),
                declined: 0,
                sigma_hundredths: sigma.hundredths(),
                nano_rho: cost.0,
                charge: receipt.number,
                year_spent_nano_rho: receipt.year_spent.0,
                spent_nano_rho: receipt.spent.0,
                cells: cells.clone(),
                report: None,
            }
        }
        Answer::Added(it) => v1::ReleaseAnswer {
            release: Some(release_message(&it.release)),
            at_s: seconds_number(it.at_s),
            declined: 0,
            sigma_hundredths: it.sigma.hundredths(),
            nano_rho: it.cost.0,
            charge: it.receipt.number,
            year_spent_nano_rho: it.receipt.year_spent.0,
            spent_nano_rho: it.receipt.spent.0,
            cells: Vec::new(),
            report: Some(v1::ReportHead {
                context: it.context.to_vec(),
                id: it.report.0.to_vec(),
                digest: it.digest.to_vec(),
            }),
        },
        Answer::Declined(Declined { release, at_s, reason, n_charges }) => v1::ReleaseAnswer {
            release: Some(release_message(release)),
            at_s: seconds_number(*at_s),
            declined: code_number(*reason),
            charge: *n_charges,
            ..v1::ReleaseAnswer::default()
        },
    };
    message.encode_to_vec()
}

/// The answer with these bytes. Verify the envelope first.
pub fn decode_release_answer(bytes: &[u8]) -> Result<Answer, Invalid> {
    within("answer", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::ReleaseAnswer = canonical(bytes)?;
    let release = parse_release(message.release)?;
    let at_s = seconds("at_s", message.at_s)?;
    if let Some(reason) = optional_code("declined", message.declined)? {
        within("cells", message.cells.len(), 0..=0)?;
        within("report", usize::from(message.report.is_some()), 0..=0)?;
        let figures = [
            u64::from(message.sigma_hundredths),
            message.nano_rho,
            message.year_spent_nano_rho,
            message.spent_nano_rho,
        ];
        if figures != [0; 4] {
            return Err(Invalid::new("declined", "must be absent with figures"));
        }
        let n_charges = within("charge", message.charge, 0..=MAX_LOG)?;
        return Ok(Answer::Declined(Declined { release, at_s, reason, n_charges }));
    }
    let fewest = usize::from(message.report.is_none());
    let most = fewest * MAX_CELLS;
    within("cells", message.cells.len(), fewest..=most)?;
    for cell in &message.cells {
        within("cells", *cell, -MAX_CELL..=MAX_CELL)?;
    }
    let sigma = present("sigma_hundredths", Sigma::from_hundredths(message.sigma_hundredths))?;
    let cost = within("nano_rho", message.nano_rho, 1..=u64::MAX)?;
    let year_spent = within("year_spent_nano_rho", message.year_spent_nano_rho, cost..=u64::MAX)?;
    let spent = within("spent_nano_rho", message.spent_nano_rho, year_spent..=u64::MAX)?;
    let cost = NanoRho(cost);
    let receipt = Receipt {
        number: within("charge", message.charge, 1..=MAX_LOG)?,
        year_spent: NanoRho(year_spent),
        spent: NanoRho(spent),
    };
    let Some(v1::ReportHead { context, id, digest }) = message.report else {
        let (drawn_at_s, cells) = (at_s, message.cells);
        return Ok(Answer::Given(Contribution {
            release,
            drawn_at_s,
            sigma,
            cost,
            receipt,
            cells,
        }));
    };
    Ok(Answer::Added(Addend {
        release,
        at_s,
        sigma,
        cost,
        receipt,
        context: array("context", &context)?,
        report: ReportId(array("id", &id)?),
        digest: array("digest", &digest)?,
    }))
}

pub(crate) fn release_message(release: &ReleaseId) -> v1::ReleaseRef {
    v1::ReleaseRef {
        plan: release.plan.0.to_vec(),
        cube: u32::from(release.cube),
        period: release.period.number(),
        revision: u32::from(release.revision),
    }
}

pub(crate) fn parse_release(message: Option<v1::ReleaseRef>) -> Result<ReleaseId, Invalid> {
    let v1::ReleaseRef { plan, cube, period: number, revision } = present("release", message)?;
    let small = |field, value: u32, below: usize| {
        let value = u8::try_from(value).ok().filter(|value| usize::from(*value) < below);
        present(field, value)
    };
    Ok(ReleaseId {
        plan: PlanId(array("plan", &plan)?),
        cube: small("cube", cube, MAX_CUBES)?,
        period: period("period", number)?,
        revision: small("revision", revision, MAX_REVISIONS + 1)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations};

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::ReleaseAnswer)) {
        let bytes = encode_release_answer(&any::one(any::contribution()));
        let mut message = v1::ReleaseAnswer::decode(bytes.as_slice()).unwrap();
        change(&mut message);
        let decoded = decode_release_answer(&message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_an_answer_has_its_bound() {
        refused("release", |it| it.release = None);
        refused("plan", |it| it.release.as_mut().unwrap().plan.clear());
        refused("cube", |it| it.release.as_mut().unwrap().cube = 16);
        refused("cube", |it| it.release.as_mut().unwrap().cube = 256);
        refused("period", |it| it.release.as_mut().unwrap().period = 20_255);
        refused("revision", |it| it.release.as_mut().unwrap().revision = 6);
        refused("at_s", |it| it.at_s = 0);
        refused("declined", |it| it.declined = 10);
        refused("cells", |it| it.declined = 1);
        refused("declined", |it| (it.declined, it.cells) = (1, vec![]));
        refused("sigma_hundredths", |it| it.sigma_hundredths = 0);
        refused("nano_rho", |it| it.nano_rho = 0);
        refused("charge", |it| it.charge = 0);
        refused("year_spent_nano_rho", |it| it.year_spent_nano_rho = 0);
        refused("spent_nano_rho", |it| it.spent_nano_rho = 0);
        refused("cells", |it| it.cells.clear());
        refused("cells", |it| it.cells = vec![0; 401]);
        refused("cells", |it| it.cells[0] = i64::MIN);
        refused("cells", |it| it.cells[0] = (1 << 40) + 1);
        let head = |context: usize, id: usize, digest: usize| v1::ReportHead {
            context: vec![1; context],
            id: vec![2; id],
            digest: vec![3; digest],
        };
        let added = |it: &mut v1::ReleaseAnswer, head| (it.cells, it.report) = (vec![], Some(head));
        refused("cells", |it| it.report = Some(head(32, 16, 32)));
        refused("context", |it| added(it, head(31, 16, 32)));
        refused("id", |it| added(it, head(32, 15, 32)));
        refused("digest", |it| added(it, head(32, 16, 33)));
    }

    #[test]
    fn a_question_carries_few_receipts() {
        let question = ReleaseQuestion {
            release: any::one(any::release()),
            receipts: vec![any::one(any::envelope()); MAX_RECEIPTS],
        };
        let message = release_question_message(&question);
        assert_eq!(parse_release_question(message.clone()), Ok(question));
        let mut more = message;
        more.receipts.push(more.receipts[0].clone());
        assert_eq!(parse_release_question(more).map_err(|it| it.field), Err("receipts"));
    }

    #[test]
    fn no_changed_answer_is_taken_for_the_same() {
        let answer = any::one(any::contribution());
        check_mutations(&encode_release_answer(&answer), &answer, decode_release_answer);
    }

    proptest! {
        #[test]
        fn an_answer_is_read_as_it_is_written(answer in any::release_answer()) {
            prop_assert_eq!(decode_release_answer(&encode_release_answer(&answer)), Ok(answer));
        }

        #[test]
        fn random_bytes_are_no_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode_release_answer(&bytes).is_err());
        }
    }
}
