//! A return as a workbook: the figures on one sheet, what they mean on another.
//!
//! Texts are written as texts, so that none becomes a formula; numbers are numbers. What is below the
//! floor has no number, as everywhere.

use entente_core::codes::Code as _;
use entente_core::lang::Lang;
use entente_core::statistics::national::{Heads, NationalReturn};
use entente_core::statistics::plan::MAX_DIMENSIONS;
use entente_core::statistics::release::{Accuracy, Figure, Symbol};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::Verdict;
use super::forms::{count, symbol};

/// One value of a row.
enum Value {
    Text(String),
    Number(u64),
    Nothing,
}

/// The widths of the columns of figures, in characters.
const WIDTHS: [f64; 14] =
    [20.0, 14.0, 10.0, 9.0, 34.0, 26.0, 26.0, 11.0, 10.0, 11.0, 11.0, 9.0, 11.0, 11.0];

/// The workbook in a language, as the bytes of its file.
pub fn workbook(
    national: &NationalReturn,
    verdict: &Verdict,
    lang: Lang,
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    figures(workbook.add_worksheet(), national, lang)?;
    method(workbook.add_worksheet(), national, verdict, lang)?;
    workbook.save_to_buffer()
}

fn write(
    sheet: &mut Worksheet,
    row: u32,
    values: &[Value],
    format: &Format,
) -> Result<(), XlsxError> {
    for (column, value) in (0_u16..).zip(values) {
        match value {
            Value::Text(text) => sheet.write_string_with_format(row, column, text, format)?,
            #[expect(clippy::cast_precision_loss, reason = "persons, far below 2^53")]
            Value::Number(number) => {
                sheet.write_number_with_format(row, column, *number as f64, format)?
            }
            Value::Nothing => continue,
        };
    }
    Ok(())
}

fn figures(sheet: &mut Worksheet, it: &NationalReturn, lang: Lang) -> Result<(), XlsxError> {
    sheet.set_name(lang.pick("Figures", "Chiffres"))?;
    let (bold, plain) = (Format::new().set_bold(), Format::new());
    let head = [
        lang.pick("Table", "Tableau"),
        lang.pick("Counted by", "Compté par"),
        lang.pick("Period", "Période"),
        lang.pick("Revision", "Révision"),
        lang.pick("Label 1", "Libellé 1"),
        lang.pick("Label 2", "Libellé 2"),
        lang.pick("Label 3", "Libellé 3"),
        lang.pick("Persons", "Personnes"),
        lang.pick("Symbol", "Symbole"),
        lang.pick("From (95%)", "De (95\u{a0}%)"),
        lang.pick("To (95%)", "À (95\u{a0}%)"),
        lang.pick("Floor", "Plancher"),
        lang.pick("At least", "Au moins"),
        lang.pick("Answered", "Réponses"),
    ];
    write(sheet, 0, &head.map(|it| Value::Text(it.to_owned())), &bold)?;
    let mut row = 1;
    for table in &it.tables {
        let Some(cube) = it.plan.cube_at(table.release.cube) else { continue };
        let Heads { answered, .. } = table.heads();
        let mut line = |labels: Vec<String>, figure: &Figure, largest: Option<u64>| {
            let mut values = vec![
                Value::Text(cube.name.clone()),
                Value::Text(cube.counts().label(lang).to_owned()),
                Value::Text(table.release.period.to_string()),
                Value::Number(table.release.revision.into()),
            ];
            values.extend(labels.into_iter().map(Value::Text));
            values.resize_with(4 + MAX_DIMENSIONS, || Value::Nothing);
            let number = |it: Option<u64>| it.map_or(Value::Nothing, Value::Number);
            let is_there = figure.symbol != Some(Symbol::NotAvailable);
            values.extend([
                number(count(figure)),
                Value::Text(symbol(figure).to_owned()),
                number(is_there.then_some(figure.interval.0)),
                number(is_there.then_some(figure.interval.1)),
                number(is_there.then_some(figure.floor.into())),
                number(largest),
                Value::Number(answered as u64),
            ]);
            row += 1;
            write(sheet, row - 1, &values, &plain)
        };
        for (place, figure) in table.figures.iter().enumerate() {
            let labels = cube.dimensions.iter().zip(cube.labels_at(place));
            let labels = labels.map(|(by, label)| by.label_text(label, lang)).collect();
            line(labels, figure, table.at_least(Some(place)))?;
        }
        let total = vec![lang.pick("Total", "Total").to_owned()];
        line(total, &table.total, table.at_least(None))?;
    }
    for (column, width) in (0_u16..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// How large the error of a cell is in each table, and how much larger than that of a secure sum.
fn errors(it: &NationalReturn, lang: Lang) -> String {
    let mut lines = vec![
        lang.pick(
            "One standard deviation of a cell in each table. Where each organization added its noise itself, it stands beside what it would be if two of them had added up in secret.",
            "Un écart-type d’une cellule de chaque tableau. Là où chaque organisme a ajouté son bruit lui-même, il figure à côté de ce qu’il serait si deux d’entre eux avaient additionné de façon chiffrée.",
        )
        .to_owned(),
    ];
    for table in &it.tables {
        let Some((cube, errors)) = it.plan.cube_at(table.release.cube).zip(table.errors(&it.plan))
        else {
            continue;
        };
        let Some(here) = errors.here else { continue };
        let name = format!("{}, {}", cube.name, table.release.period);
        let name = match table.release.revision {
            0 => name,
            n => lang.pick(format!("{name}, revision {n}"), format!("{name}, révision {n}")),
        };
        let (error, secure) = (decimal(here, lang), decimal(errors.secure_sum, lang));
        let line = lang.pick(format!("{name}: ±{error}"), format!("{name}\u{a0}: ±{error}"));
        lines.push(match it.plan.is_secure_sum() {
            true => line,
            false => lang.pick(
                format!("{line}; in a secure sum ±{secure}"),
                format!("{line}; dans une somme sécurisée ±{secure}"),
            ),
        });
    }
    lines.join("\n")
}

fn decimal(accuracy: Accuracy, lang: Lang) -> String {
    let hundredths = accuracy.hundredths();
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    lang.pick(text.clone(), text.replace('.', ","))
}

fn method(
    sheet: &mut Worksheet,
    it: &NationalReturn,
    verdict: &Verdict,
    lang: Lang,
) -> Result<(), XlsxError> {
    sheet.set_name(lang.pick("Method", "Méthode"))?;
    let plain = Format::new().set_text_wrap();
    let mut rows: Vec<(String, String)> = vec![
        (
            lang.pick("Title", "Titre").to_owned(),
            verdict.title.in_lang(lang).to_owned(),
        ),
        ("Plan".to_owned(), format!("{} ({})", verdict.plan, verdict.plan_id)),
        (lang.pick("Period", "Période").to_owned(), verdict.period.clone()),
        (lang.pick("Made on", "Produit le").to_owned(), verdict.made_on.clone()),
        (lang.pick("Made by", "Produit par").to_owned(), verdict.maker.to_string()),
        (
            lang.pick("Definition", "Définition").to_owned(),
            verdict.definitions.in_lang(lang).to_owned(),
        ),
        (
            lang.pick("Noise", "Bruit").to_owned(),
            lang.pick(
                "Noise was added to every figure before anybody saw it, so that none tells whether one person is counted. A figure differs from the true one by no more than its interval says, 19 times out of 20. Sums of figures need not agree with a total.",
                "Un bruit a été ajouté à chaque chiffre avant que quiconque le voie, pour qu’aucun ne révèle si une personne est comptée. Un chiffre ne s’écarte du vrai que dans son intervalle, 19 fois sur 20. Une somme de chiffres peut différer d’un total.",
            )
            .to_owned(),
        ),
        (
            lang.pick("Floor", "Plancher").to_owned(),
            lang.pick(
                "What is below the floor of its table is not shown.",
                "Ce qui est sous le plancher de son tableau n’est pas montré.",
            )
            .to_owned(),
        ),
    ];
    rows.push((lang.pick("Error", "Erreur").to_owned(), errors(it, lang)));
    rows.extend(Symbol::ALL.iter().map(|it| (it.code().to_owned(), it.label(lang).to_owned())));
    let persons = it.plan.safeguards.organizations_per_person;
    rows.push((
        lang.pick("Counted twice", "Compté deux fois").to_owned(),
        lang.pick(
            format!("A person may be known to {persons} organizations, and is then in the figures of each. How many distinct persons there are lies between “At least” and the upper end of the interval, 19 times out of 20."),
            format!("Une personne peut être connue de {persons} organismes et figure alors dans les chiffres de chacun. Le nombre de personnes distinctes se situe entre «\u{a0}Au moins\u{a0}» et le haut de l’intervalle, 19 fois sur 20."),
        ),
    ));
    for (row, (name, text)) in (0_u32..).zip(rows) {
        write(sheet, row, &[Value::Text(name), Value::Text(text)], &plain)?;
    }
    sheet.set_column_width(0, 16)?;
    sheet.set_column_width(1, 100)?;
    Ok(())
}
