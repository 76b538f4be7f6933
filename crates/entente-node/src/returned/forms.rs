//! The forms of a return for other programs: JSON, CSV, and SDMX-CSV.
//!
//! A cell is never without its symbol, interval and floor, in any of them. Persons only: there is no
//! column to which incidents could be added. Each table says whether they are counted by their case
//! or by their first referral; the two are never added up.

use entente_core::codes::Code as _;
use entente_core::identity::OrgId;
use entente_core::statistics::national::{
    Errors, Heads, NationalReturn, ReturnTable, SdgRow, sdg_rows,
};
use entente_core::statistics::plan::{Cube, MAX_DIMENSIONS};
use entente_core::statistics::release::{Accuracy, Answer, Figure, ReleaseId, Shown, Symbol};
use serde_json::{Value, json};

use super::Verdict;

pub(super) fn symbol(figure: &Figure) -> &'static str {
    figure.symbol.map_or("", Symbol::code)
}

pub(super) fn count(figure: &Figure) -> Option<u64> {
    match figure.shown {
        Shown::Count(count) => Some(count),
        Shown::Below(_) | Shown::Nothing => None,
    }
}

/// Everything as a document, with the verdict.
pub fn document(national: &NationalReturn, verdict: &Verdict) -> Value {
    let tables: Vec<_> = national.tables.iter().map(|it| table(national, it)).collect();
    let ids = |all: &[OrgId]| all.iter().map(OrgId::to_string).collect::<Vec<_>>();
    let signers: Vec<_> = national.signatures.iter().map(|(org, _)| *org).collect();
    json!({
        "verified": verdict.faults.is_empty(),
        "compared_with_trusted": verdict.compared,
        "faults": verdict.faults,
        "plan": {"id": verdict.plan_id, "name": national.plan.name, "version": national.plan.version,
            "signed_by": ids(&signers)},
        "period": verdict.period,
        "made_on": verdict.made_on,
        "made_by": verdict.maker.to_string(),
        "definitions": {"en": national.definitions.en, "fr": national.definitions.fr},
        "counting_rule": national.plan.rule.code(),
        "definition": national.plan.definition.code(),
        "organizations_per_person": national.plan.safeguards.organizations_per_person,
        "tables": tables,
    })
}

fn table(national: &NationalReturn, table: &ReturnTable) -> Value {
    let Some(cube) = national.plan.cube_at(table.release.cube) else { return Value::Null };
    let cell = |(place, figure): (usize, &Figure)| {
        let names = cube.dimensions.iter().map(|it| it.code().to_owned());
        let labels = cube.labels_at(place).into_iter().map(Value::from);
        let mut cell = figure_document(figure);
        if let Some(cell) = cell.as_object_mut() {
            cell.insert(
                "key".to_owned(),
                names.zip(labels).collect::<serde_json::Map<_, _>>().into(),
            );
            cell.insert("largest".to_owned(), table.at_least(Some(place)).into());
        }
        cell
    };
    let declined = table.voices.iter().filter_map(|(org, heard)| match &heard.as_ref()?.answer {
        Answer::Declined(it) => Some(json!({"org": org.to_string(), "reason": it.reason.code()})),
        Answer::Given(_) | Answer::Added(_) => None,
    });
    let left_out = table.sum.iter().flat_map(|sum| &sum.left_out);
    let left_out: Vec<_> =
        left_out.map(|(org, why)| json!({"org": org.to_string(), "reason": why.code()})).collect();
    let is_in = |org: &OrgId, heard: &Option<_>| {
        let heard: &Option<entente_core::statistics::national::Heard> = heard;
        let is_answer = heard
            .as_ref()
            .is_some_and(|it| matches!(it.answer, Answer::Given(_) | Answer::Added(_)));
        is_answer && table.left_out(org).is_none()
    };
    let answered = table.voices.iter().filter(|(org, heard)| is_in(org, heard));
    let answered: Vec<_> = answered.map(|(org, _)| org.to_string()).collect();

    let silent = table.voices.iter().filter(|(_, heard)| heard.is_none());
    let sigma = cube.sigma(table.release.revision).map(|it| it.hundredths());
    let errors = table.errors(&national.plan);
    let mut total = figure_document(&table.total);
    if let Some(total) = total.as_object_mut() {
        total.insert("largest".to_owned(), table.at_least(None).into());
    }
    json!({
        "cube": cube.name,
        "counts": cube.counts().code(),
        "period": table.release.period.to_string(),
        "revision": table.release.revision,
        "by": cube.dimensions.iter().map(|it| it.code()).collect::<Vec<_>>(),
        "cells": table.figures.iter().enumerate().map(cell).collect::<Vec<_>>(),
        "total": total,
        "sigma_hundredths": sigma,
        "error_hundredths": errors.and_then(|it| it.here).map(Accuracy::hundredths),
        "secure_sum_error_hundredths": errors.map(|it| it.secure_sum.hundredths()),
        "nano_rho": cube.cost_of(table.release.revision).0,
        "secure_sum": table.sum.is_some(),
        "given_up": table.given_up.as_ref().map(|end| json!({
            "why": end.given_up.why.code(),
            "noticed_by": end.given_up.noticed_by.to_string(),
            "signed_by": end.envelope.signatures.first().map(|(org, _)| org.to_string()),
            "at": jiff::Timestamp::from_second(end.given_up.at_s).map(|at| at.to_string()).ok(),
        })),
        "answered": answered,
        "left_out": left_out,
        "declined": declined.collect::<Vec<_>>(),
        "silent": silent.map(|(org, _)| org.to_string()).collect::<Vec<_>>(),
    })
}

fn figure_document(figure: &Figure) -> Value {
    json!({
        "value": count(figure),
        "floor": figure.floor,
        "low": figure.interval.0,
        "high": figure.interval.1,
        "symbol": figure.symbol.map(Symbol::code),
    })
}

/// The columns of [`csv`].
const CSV_HEAD: &str = "plan,version,counting_rule,definition,table,counts,period,revision,dimension_1,\
     label_1,dimension_2,label_2,dimension_3,label_3,persons,symbol,low_95,high_95,floor,largest,\
     answered,declined,silent,given_up,error_hundredths,secure_sum_error_hundredths";

/// Every cell of every table, and its total (without labels), as CSV (RFC 4180). The errors are those of
/// what stands in the same line, so that of a total is larger than that of a cell.
///
/// All values are codes and numbers, so none needs quotes.
pub fn csv(national: &NationalReturn) -> String {
    let plan = &national.plan;
    let mut lines = vec![CSV_HEAD.to_owned()];
    for table in &national.tables {
        let Some(cube) = plan.cube_at(table.release.cube) else { continue };
        let ReleaseId { period, revision, .. } = table.release;
        let head = format!(
            "{},{},{},{},{},{},{period},{revision}",
            plan.name,
            plan.version,
            plan.rule.code(),
            plan.definition.code(),
            cube.name,
            cube.counts().code()
        );
        let Heads { answered, declined, silent } = table.heads();
        let given_up = table.given_up.as_ref().map_or("", |end| end.given_up.why.code());
        let mut line = |labels: String, figure: &Figure, largest: Option<u64>, n_cells: usize| {
            let Figure { interval: (low, high), floor, .. } = figure;
            let (persons, largest) = (number(count(figure)), number(largest));
            let errors = error_columns(table.errors(plan).map(|it| it.times(n_cells)));
            lines.push(format!(
                "{head},{labels},{persons},{},{low},{high},{floor},{largest},{answered},{declined},{silent},{given_up},{errors}",
                symbol(figure)
            ));
        };
        for (place, figure) in table.figures.iter().enumerate() {
            line(labels(cube, Some(place)), figure, table.at_least(Some(place)), 1);
        }
        line(labels(cube, None), &table.total, table.at_least(None), table.figures.len());
    }
    lines.push(String::new());
    lines.join("\r\n")
}

/// Two columns: the error of a figure, and what it would be in a secure sum.
fn error_columns(errors: Option<Errors>) -> String {
    let column = |it: Option<Accuracy>| number(it.map(|it| it.hundredths().into()));
    let [here, secure] = [errors.and_then(|it| it.here), errors.map(|it| it.secure_sum)];
    format!("{},{}", column(here), column(secure))
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Three pairs of columns; those that a cube does not have are empty.
fn labels(cube: &Cube, place: Option<usize>) -> String {
    let labels = place.map(|place| cube.labels_at(place)).unwrap_or_default();
    let mut columns = Vec::new();
    for at in 0..MAX_DIMENSIONS {
        let label = labels.get(at).copied().unwrap_or_default();
        let dimension = cube.dimensions.get(at).map_or("", |it| it.code());
        columns.push(if label.is_empty() { "" } else { dimension });
        columns.push(label);
    }
    columns.join(",")
}

/// The columns of [`sdmx`]: the dimensions of the data structure of the SDG indicators, its measure
/// and attributes, and seven columns of our own, which SDMX-CSV allows at the end.
const SDMX_HEAD: &str = "DATAFLOW,FREQ,REPORTING_TYPE,SERIES,REF_AREA,SEX,AGE,URBANISATION,\
     INCOME_WEALTH_QUANTILE,EDUCATION_LEV,OCCUPATION,CUST_BREAKDOWN,COMPOSITE_BREAKDOWN,\
     DISABILITY_STATUS,ACTIVITY,PRODUCT,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE,UNIT_MULT,OBS_STATUS,\
     SYMBOL,LOW_95,HIGH_95,FLOOR,ERROR_HUNDREDTHS,SECURE_SUM_ERROR_HUNDREDTHS,\
     LARGEST";

/// The observations of SDG 16.2.2 as SDMX-CSV: detected victims, nationally reported, for Canada
/// (M49: 124). Incidents are another indicator and are never here.
pub fn sdmx(national: &NationalReturn) -> String {
    let mut lines = vec![SDMX_HEAD.to_owned()];
    for SdgRow { series, sex, age, year, figure, errors, largest, .. } in sdg_rows(national) {
        let Figure { interval: (low, high), floor, .. } = figure;
        lines.push(format!(
            "IAEG-SDGs:DF_SDG_GLH(1.12),A,N,{series},124,{sex},{age},_T,_T,_T,_T,_T,_T,_T,_T,_T,\
             {},{},NUMBER,0,{},{},{low},{high},{floor},{},{}",
            year.number(),
            number(count(&figure)),
            observation_status(&figure),
            symbol(&figure),
            error_columns(Some(errors)),
            number((largest > 0).then_some(largest)),
        ));
    }
    lines.push(String::new());
    lines.join("\r\n")
}

/// The code of the SDMX list `CL_OBS_STATUS`: it has none for revised figures, which are normal.
fn observation_status(figure: &Figure) -> &'static str {
    match figure.symbol {
        Some(Symbol::Suppressed) => "Q",
        Some(Symbol::NotAvailable) => "O",
        Some(Symbol::Preliminary) => "P",
        Some(Symbol::Revised) | None => "A",
    }
}
