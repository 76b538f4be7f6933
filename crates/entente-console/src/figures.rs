//! Figures as a page shows them: for each table a headline, pictures, the table itself, and what must be said.
//!
//! For staff and for everybody from the same document, by the same code: nothing can show on the public site
//! that is not in the table of the return.

use entente_core::codes::Code as _;
use entente_core::lang::Lang;
use entente_core::statistics::plan::CubeDimension;
use entente_core::statistics::referrals::Counts;
use entente_core::statistics::release::Symbol;
use entente_node::local::doc::{StatsCell, StatsTable, SumState, SumTold};
use entente_node::local::words;

use crate::charts::bars::{Title, bars};
use crate::charts::dots::dots;
use crate::charts::matrix::matrix;
use crate::charts::tiles::tiles;
use crate::charts::{Datum, Picture};
use crate::page::period_text;

/// One table with everything that belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// Unique on its page.
    pub(crate) id: String,
    /// By what persons are counted here.
    pub(crate) heading: String,
    /// Its period and revision.
    pub(crate) source: String,
    /// What is counted: cases, or referrals.
    pub(crate) counts: String,
    /// All together.
    pub(crate) total: Datum,
    /// The pictures, the plainest first.
    pub(crate) pictures: Vec<Picture>,
    /// The heads of the columns of labels.
    pub(crate) by: Vec<String>,
    /// The year of another column, if there is one.
    pub(crate) before: Option<String>,
    /// Every figure.
    pub(crate) rows: Vec<Row>,
    /// Whether it is known of any figure how many distinct persons there are at least.
    pub(crate) has_largest: bool,
    /// How many distinct persons there are at least, all together.
    pub(crate) largest: Option<u64>,
    /// Whether anybody gave figures.
    pub(crate) has_figures: bool,
    /// What must be said.
    pub(crate) notes: Vec<String>,
    /// How many answered, refused, and are silent.
    pub(crate) heads: [u64; 3],
    /// Who is not in it, and why.
    pub(crate) missing: Vec<(String, String)>,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) labels: Vec<String>,
    pub(crate) figure: Datum,
    pub(crate) largest: Option<u64>,
    pub(crate) before: Option<Datum>,
}

/// The symbols with what they mean, and the floor.
pub(crate) fn legend(lang: Lang) -> Vec<(&'static str, &'static str)> {
    Symbol::ALL.iter().map(|symbol| (symbol.code(), symbol.label(lang))).collect()
}

/// The periods of tables, the newest first.
pub(crate) fn periods(tables: &[StatsTable]) -> Vec<String> {
    let mut periods: Vec<String> = tables.iter().map(|it| it.period.clone()).collect();
    periods.sort_unstable();
    periods.dedup();
    periods.reverse();
    periods
}

/// The sheets of a period, each beside the one of the period before if there is one.
pub(crate) fn sheets(tables: &[StatsTable], period: &str, lang: Lang) -> Vec<Sheet> {
    let of_period = tables.iter().filter(|table| table.period == period);
    let beside = |(at, table): (usize, &StatsTable)| {
        let earlier = |it: &&StatsTable| {
            it.cube == table.cube
                && it.period.as_str() < period
                && it.error_hundredths.is_some()
                && it.cells.len() == table.cells.len()
        };
        let before = tables.iter().filter(earlier).max_by(|a, b| a.period.cmp(&b.period));
        sheet(at, table, before, lang)
    };
    of_period.enumerate().map(beside).collect()
}

fn sheet(at: usize, table: &StatsTable, before: Option<&StatsTable>, lang: Lang) -> Sheet {
    let id = format!("table-{}", at + 1);
    let labels = |cell: &StatsCell| -> Vec<String> {
        table.by.iter().map(|by| label(by, cell, lang)).collect()
    };
    let rows: Vec<Row> = in_order(table)
        .into_iter()
        .filter_map(|place| {
            let cell = table.cells.get(place)?;
            let earlier = before.and_then(|it| it.cells.get(place));
            Some(Row {
                labels: labels(cell),
                figure: datum(cell, labels(cell).join(", ")),
                largest: cell.largest,
                before: earlier.map(|cell| datum(cell, labels(cell).join(", "))),
            })
        })
        .collect();
    let by: Vec<String> = table.by.iter().map(|by| capital(&dimension(by, lang))).collect();
    let heading = heading(&table.by, lang);
    let revision = match table.revision {
        0 => String::new(),
        n => lang.pick(format!(", revision {n}"), format!(", révision {n}")),
    };
    let mut sheet = Sheet {
        total: datum(&table.total, lang.pick("All together", "Ensemble").to_owned()),
        counts: words::label("cube_counts", &table.counts, lang),
        source: format!("{}{revision}", period_text(&table.period, lang)),
        pictures: Vec::new(),
        has_largest: table.cells.iter().chain([&table.total]).any(|it| it.largest.is_some()),
        largest: table.total.largest,
        has_figures: table.error_hundredths.is_some(),
        notes: notes(table, lang)
            .into_iter()
            .chain(distinct(table, lang))
            .chain(sum(table.sum.as_ref(), lang))
            .collect(),
        heads: [table.coverage.answered, table.coverage.refused, table.coverage.unreachable],
        missing: missing(table, lang),
        before: before.map(|it| it.period.clone()),
        id,
        heading,
        by,
        rows,
    };
    let is_shown = |row: &Row| row.figure.value.is_some();
    if sheet.rows.iter().any(is_shown) {
        sheet.pictures = pictures(&sheet, table, lang);
    } else if table.error_hundredths.is_some() {
        let note = lang.pick(
            "Every figure of this table is below its floor, so there is no picture of it.",
            "Chaque chiffre de ce tableau est sous son plancher; il n’y en a donc pas d’image.",
        );
        sheet.notes.insert(0, note.to_owned());
    }
    sheet
}

/// The places of the cells as people read them: by the first dimension, within it by the next. In a release
/// the first one changes fastest.
fn in_order(table: &StatsTable) -> Vec<usize> {
    let rank = |cell: &StatsCell| -> Vec<usize> {
        let of = |by: &String| {
            let labels = CubeDimension::parse(by).map_or_else(|_| Vec::new(), |it| it.labels());
            let code = cell.key.get(by).map_or("", String::as_str);
            labels.iter().position(|label| *label == code).unwrap_or(usize::MAX)
        };
        table.by.iter().map(of).collect()
    };
    let mut places: Vec<(Vec<usize>, usize)> =
        table.cells.iter().map(rank).zip(0..table.cells.len()).collect();
    places.sort();
    places.into_iter().map(|(_, place)| place).collect()
}

fn datum(cell: &StatsCell, label: String) -> Datum {
    let symbol = cell.symbol.clone().unwrap_or_default();
    let is_there = symbol != "..";
    Datum {
        label,
        value: cell.value,
        interval: is_there.then_some((cell.low, cell.high)),
        floor: cell.floor.into(),
        symbol,
    }
}

fn label(by: &str, cell: &StatsCell, lang: Lang) -> String {
    let code = cell.key.get(by).map_or("", String::as_str);
    CubeDimension::parse(by).map_or_else(|_| code.to_owned(), |it| it.label_text(code, lang))
}

fn dimension(by: &str, lang: Lang) -> String {
    CubeDimension::parse(by).map_or_else(|_| by.to_owned(), |it| it.label(lang).to_owned())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What a table is called in a list: by what it counts, and what, unless it is cases.
pub(crate) fn named(by: &[String], counts: &str, lang: Lang) -> String {
    let heading = heading(by, lang);
    match counts == Counts::Referrals.code() {
        true => format!("{heading} ({})", lang.pick("referrals", "aiguillages")),
        false => heading,
    }
}

/// `By province or territory`, `By region and quarter`.
fn heading(by: &[String], lang: Lang) -> String {
    let mut small: Vec<String> = by.iter().map(|it| dimension(it, lang)).collect();
    let last = small.pop().unwrap_or_default();
    let by = match small.is_empty() {
        true => last,
        false => format!("{} {} {last}", small.join(", "), lang.pick("and", "et")),
    };
    lang.pick(format!("By {by}"), format!("Par {by}"))
}

/// The pictures of a sheet: bars and a map, a shaded table, or several of them; and two years.
fn pictures(sheet: &Sheet, table: &StatsTable, lang: Lang) -> Vec<Picture> {
    let data: Vec<Datum> = sheet.rows.iter().map(|row| row.figure.clone()).collect();
    let unit = lang.pick("Persons, with 95% intervals", "Personnes, avec intervalles à 95\u{a0}%");
    let name = format!("{}, {}", sheet.heading, table.period);
    let mut pictures = Vec::new();
    if let [_] = table.by.as_slice() {
        let title = Title { id: format!("{}-bars", sheet.id), name, unit };
        pictures.push(bars(title, &data, lang));
        if table.by.iter().any(|by| by == "province") {
            let code = |cell: &StatsCell| cell.key.get("province").cloned().unwrap_or_default();
            let by_code: Vec<_> = table.cells.iter().map(code).zip(data).collect();
            let name = lang.pick(
                format!("Map: provinces and territories, {}", table.period),
                format!("Carte : provinces et territoires, {}", table.period),
            );
            pictures.push(tiles(format!("{}-map", sheet.id), name, &by_code, lang));
        }
        pictures.extend(years(sheet, table, lang));
    } else {
        pictures.extend(matrices(sheet, table, &name, lang));
    }
    pictures
}

/// A shaded table of the last two dimensions for each label of those before.
fn matrices(sheet: &Sheet, table: &StatsTable, name: &str, lang: Lang) -> Vec<Picture> {
    let of = |at: usize| -> Vec<String> {
        let by = table.by.get(at).and_then(|by| CubeDimension::parse(by).ok());
        let labels = by.map(|by| (by, by.labels())).into_iter();
        labels
            .flat_map(|(by, all)| all.into_iter().map(move |it| by.label_text(it, lang)))
            .collect()
    };
    let n = table.by.len();
    let (rows, columns) = (of(n.saturating_sub(2)), of(n.saturating_sub(1)));
    let size = rows.len() * columns.len();
    if size == 0 {
        return Vec::new();
    }
    // Nothing is to be seen where everything is below the floor.
    let is_shown = |part: &[Row]| part.iter().any(|row| row.figure.value.is_some());
    let parts = sheet.rows.chunks(size).enumerate().filter(|(_, part)| is_shown(part));
    let part = |(at, part): (usize, &[Row])| {
        let data: Vec<Datum> = part.iter().map(|row| row.figure.clone()).collect();
        let of_part = part.first().and_then(|row| row.labels.first());
        let name = match of_part.filter(|_| n > 2) {
            Some(label) => format!("{name} : {label}").replace(" : ", lang.pick(": ", " : ")),
            None => name.to_owned(),
        };
        matrix((format!("{}-part-{}", sheet.id, at + 1), name), &rows, &columns, &data, lang)
    };
    parts.filter_map(part).collect()
}

/// This period beside the one before.
fn years(sheet: &Sheet, table: &StatsTable, lang: Lang) -> Option<Picture> {
    let before = sheet.before.as_deref()?;
    let pairs: Vec<(Datum, Datum)> = sheet
        .rows
        .iter()
        .filter_map(|row| Some((row.before.clone()?, row.figure.clone())))
        .collect();
    let name = lang.pick(
        format!("{} and {before} side by side", table.period),
        format!("{} et {before} côte à côte", table.period),
    );
    Some(dots((format!("{}-years", sheet.id), name), (before, table.period.as_str()), &pairs, lang))
}

/// How exact a cell is, and what the floors are.
fn notes(table: &StatsTable, lang: Lang) -> Vec<String> {
    let Some(error) = table.error_hundredths else {
        let text = lang.pick(
            "Nobody has given figures for this table yet.",
            "Personne n’a encore donné de chiffres pour ce tableau.",
        );
        return vec![text.to_owned()];
    };
    let mut notes = Vec::new();
    let larger = larger(error, table.secure_sum_error_hundredths, lang);
    let error = decimal(error, lang);
    notes.push(lang.pick(
        format!("Noise was added to every figure. It is off by ±{error} (one standard deviation), and by no more than its interval 19 times out of 20."),
        format!("Un bruit a été ajouté à chaque chiffre. L’écart est de ±{error} (un écart-type), et reste dans l’intervalle 19 fois sur 20."),
    ));
    notes.extend(larger);
    if let Some(cell) = table.cells.iter().find(|cell| cell.floor > 0) {
        let floor = lang.number(cell.floor.into());
        notes.push(lang.pick(
            format!("A figure below {floor} is not shown (x): noise alone could have made it."),
            format!("Un chiffre inférieur à {floor} n’est pas montré (x) : le bruit seul aurait pu le produire."),
        ));
    }
    // A total has the noise of every cell, and so a floor of its own: a cell may be shown beside a total that is not.
    let floor = table.cells.iter().map(|cell| cell.floor).max();
    let is_higher = floor.is_some_and(|floor| floor < table.total.floor);
    if is_higher && table.total.value.is_none() {
        let floor = lang.number(table.total.floor.into());
        notes.push(lang.pick(
            format!("The total has the noise of all figures: below {floor} it is not shown (x)."),
            format!("Le total porte le bruit de tous les chiffres\u{a0}: sous {floor}, il n’est pas montré (x)."),
        ));
    }
    notes
}

/// What a figure says of distinct persons.
fn distinct(table: &StatsTable, lang: Lang) -> Option<String> {
    let has_largest = table.cells.iter().chain([&table.total]).any(|it| it.largest.is_some());
    let text = if has_largest {
        lang.pick(
            "A person known to several organizations is in the figures of each: how many distinct persons there are lies between “at least” and the upper end of the interval, 19 times out of 20.",
            "Une personne connue de plusieurs organismes figure chez chacun\u{a0}: le nombre de personnes distinctes se situe entre «\u{a0}au moins\u{a0}» et le haut de l’intervalle, 19 fois sur 20.",
        )
    } else {
        lang.pick(
            "A person known to several organizations is in the figures of each: there may be fewer distinct persons than a figure says.",
            "Une personne connue de plusieurs organismes figure chez chacun\u{a0}: il peut y avoir moins de personnes distinctes qu’un chiffre ne le dit.",
        )
    };
    table.error_hundredths.map(|_| text.to_owned())
}

/// Takes out of the tables what each of them that has figures would say alike: it is said once.
pub(crate) fn said_once(sheets: &mut [Sheet]) -> Vec<String> {
    let mut with_figures = sheets.iter().filter(|sheet| sheet.has_figures);
    let Some(first) = with_figures.next() else { return Vec::new() };
    let rest: Vec<&Sheet> = with_figures.collect();
    if rest.is_empty() {
        return Vec::new();
    }
    let is_shared = |note: &&String| rest.iter().all(|sheet| sheet.notes.contains(note));
    let shared: Vec<String> = first.notes.iter().filter(is_shared).cloned().collect();
    for sheet in sheets {
        sheet.notes.retain(|note| !shared.contains(note));
    }
    shared
}

/// By how much the error is larger than that of a secure sum, if it is.
fn larger(error: u32, secure: u32, lang: Lang) -> Option<String> {
    if error <= secure {
        return None;
    }
    let times = format!("{:.1}", f64::from(error) / f64::from(secure.max(1)));
    let times = lang.pick(times.clone(), times.replace('.', ","));
    let secure = decimal(secure, lang);
    Some(lang.pick(
        format!("Each organization added its noise itself. If two of them added up in secret, the error would be ±{secure}: it is {times} times as large here."),
        format!("Chaque organisme a ajouté son bruit lui-même. Si deux d’entre eux additionnaient en secret, l’erreur serait de ±{secure} : elle est ici {times} fois plus grande."),
    ))
}

/// Who adds up in secret, and how far they are.
fn sum(sum: Option<&SumTold>, lang: Lang) -> Vec<String> {
    let Some(sum) = sum else { return Vec::new() };
    let (leader, helper) = (sum.leader.name(lang), sum.helper.name(lang));
    let state = match sum.state {
        SumState::NotBegun => lang.pick("not begun", "non commencée"),
        SumState::Open => lang.pick("contributions are taken in", "réception des contributions"),
        SumState::Adding => lang.pick("being added up", "addition en cours"),
        SumState::Contributed => lang.pick("we contributed", "nous avons contribué"),
        SumState::Done => lang.pick("finished", "achevée"),
        SumState::Aborted => lang.pick("given up", "abandonnée"),
    };
    let line = lang.pick(
        format!("Added up in secret by {leader} and {helper}: {state}."),
        format!("Additionnée en secret par {leader} et {helper} : {state}."),
    );
    let why = sum.why.as_ref().map(|why| why.text.text(lang).to_owned());
    std::iter::once(line).chain(why).collect()
}

fn decimal(hundredths: u32, lang: Lang) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    lang.pick(text.clone(), text.replace('.', ","))
}

/// Who is not in it, and why.
pub(crate) fn missing(table: &StatsTable, lang: Lang) -> Vec<(String, String)> {
    use entente_node::local::doc::CountOutcome;
    let others = table.coverage.partners.iter();
    let others = others.filter(|row| row.outcome != CountOutcome::Answered);
    others
        .map(|row| {
            let why = row.reasons.iter().map(|reason| reason.text.text(lang).to_owned());
            let why = why.collect::<Vec<_>>().join("; ");
            let why = match why.is_empty() {
                true => lang.pick("has not answered", "n’a pas répondu").to_owned(),
                false => why,
            };
            (row.partner.name(lang).to_owned(), why)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use entente_node::local::doc::Coverage;

    use super::*;
    use crate::charts::Mark;

    fn table(period: &str, values: &[Option<u64>]) -> StatsTable {
        let codes = CubeDimension::Province.labels();
        let cell = |(code, value): (&str, &Option<u64>)| StatsCell {
            key: BTreeMap::from([("province".to_owned(), code.to_owned())]),
            value: *value,
            floor: 15,
            low: 4,
            high: 33,
            largest: None,
            symbol: value.is_none().then(|| "x".to_owned()),
        };
        StatsTable {
            cube: "province".to_owned(),
            counts: "cases".to_owned(),
            by: vec!["province".to_owned()],
            period: period.to_owned(),
            revision: 0,
            cells: codes.into_iter().zip(values).map(cell).collect(),
            total: StatsCell {
                key: BTreeMap::new(),
                value: Some(987),
                floor: 15,
                low: 1,
                high: 2,
                largest: None,
                symbol: None,
            },
            sigma_hundredths: 461,
            error_hundredths: Some(461),
            secure_sum_error_hundredths: 652,
            coverage: Coverage { answered: 1, refused: 0, unreachable: 0, partners: Vec::new() },
            sum: None,
        }
    }

    #[test]
    fn a_suppressed_cell_is_suppressed_in_every_picture_and_in_the_table() {
        let mut values = vec![Some(871); 14];
        values[0] = None;
        let tables = [table("2024", &values), table("2025", &values)];
        for lang in [Lang::En, Lang::Fr] {
            let sheets = sheets(&tables, "2025", lang);
            assert_eq!(sheets.len(), 1);
            let sheet = &sheets[0];
            assert_eq!(sheet.pictures.len(), 3);
            assert_eq!(sheet.rows[0].figure.shown(lang), "x");
            for picture in &sheet.pictures {
                let shown = picture
                    .marks
                    .iter()
                    .filter(|mark| matches!(mark, Mark::Text(words) if words.text == "x"));
                assert!(shown.count() >= 1, "{}", picture.id);
                let hidden =
                    |text: &str| text.contains("871") && text.contains(&sheet.rows[0].labels[0]);
                assert!(!hidden(&picture.description), "{}", picture.description);
            }
        }
    }

    #[test]
    fn a_figure_of_two_dimensions_stands_where_its_labels_say() {
        let mut table = table("2025", &[]);
        table.by = vec!["region".to_owned(), "quarter".to_owned()];
        let (regions, quarters) = (CubeDimension::Region.labels(), CubeDimension::Quarter.labels());
        // As releases have it: the first dimension changes fastest.
        for (q, quarter) in (0_u64..).zip(&quarters) {
            for (r, region) in (0_u64..).zip(&regions) {
                let key = [("region", region), ("quarter", quarter)];
                table.cells.push(StatsCell {
                    key: key
                        .into_iter()
                        .map(|(by, it)| (by.to_owned(), (*it).to_owned()))
                        .collect(),
                    value: Some(100 * (r + 1) + q),
                    symbol: None,
                    ..table.total.clone()
                });
            }
        }
        let sheet = &sheets(&[table], "2025", Lang::En)[0];
        let values: Vec<_> = sheet.rows.iter().filter_map(|row| row.figure.value).collect();
        assert_eq!(values[..6], [100, 101, 102, 103, 104, 200]);
        assert_eq!(sheet.rows[5].labels[1], "Q1");
        let shown = sheet.pictures[0].marks.iter().filter_map(|mark| match mark {
            Mark::Text(words) => words.text.parse::<u64>().ok(),
            _ => None,
        });
        assert_eq!(shown.collect::<Vec<_>>(), values);
    }

    #[test]
    fn a_table_says_how_much_larger_its_error_is_than_that_of_a_secure_sum() {
        let mut table = table("2025", &[Some(871); 14]);
        let said = |table: &StatsTable, lang: Lang| {
            let sheets = sheets(std::slice::from_ref(table), "2025", lang);
            sheets[0].notes.join(" ")
        };
        // One noise alone is less than two.
        assert!(!said(&table, Lang::En).contains("times as large"));
        table.error_hundredths = Some(1_304);
        let (english, french) = (said(&table, Lang::En), said(&table, Lang::Fr));
        assert!(english.contains("would be ±6.52: it is 2.0 times as large"), "{english}");
        assert!(french.contains("±6,52 : elle est ici 2,0 fois plus grande"), "{french}");
        table.error_hundredths = Some(652);
        assert!(!said(&table, Lang::En).contains("times as large"));
    }

    #[test]
    fn what_all_tables_say_alike_is_said_once_and_the_rest_stays_with_its_table() {
        let mut other = table("2025", &[Some(871); 14]);
        other.error_hundredths = Some(1_304);
        let mut both = sheets(&[table("2025", &[Some(871); 14]), other], "2025", Lang::En);
        let shared = said_once(&mut both);
        assert!(shared.iter().any(|note| note.contains("fewer distinct persons")), "{shared:?}");
        assert!(shared.iter().any(|note| note.starts_with("A figure below 15")), "{shared:?}");
        for (sheet, error) in both.iter().zip(["±4.61", "±13.04"]) {
            assert!(sheet.notes.iter().any(|note| note.contains(error)), "{:?}", sheet.notes);
            assert!(sheet.notes.iter().all(|note| !shared.contains(note)), "{:?}", sheet.notes);
        }
        // One table alone keeps its notes.
        let mut one = sheets(&[table("2025", &[Some(871); 14])], "2025", Lang::En);
        assert!(said_once(&mut one).is_empty() && one[0].notes.len() > 1);
    }

    #[test]
    fn a_total_that_is_hidden_beside_a_figure_that_is_not_says_its_own_floor() {
        let mut table = table("2025", &[Some(23); 14]);
        let said = |table: &StatsTable, lang: Lang| {
            let sheets = sheets(std::slice::from_ref(table), "2025", lang);
            sheets[0].notes.join(" ")
        };
        table.total.floor = 65;
        assert!(!said(&table, Lang::En).contains("65"), "a total that is shown");
        table.total.value = None;
        table.total.symbol = Some("x".to_owned());
        assert!(said(&table, Lang::En).contains("all figures: below 65 it is not shown (x)."));
        assert!(said(&table, Lang::Fr).contains("sous 65, il n’est pas montré (x)."));
        // One floor for everything was said already.
        table.total.floor = 15;
        assert!(!said(&table, Lang::En).contains("The total has"));
    }

    #[test]
    fn what_nobody_answered_has_no_picture() {
        let mut table = table("2025", &[None; 14]);
        table.error_hundredths = None;
        assert!(sheets(&[table], "2025", Lang::En)[0].pictures.is_empty());
    }
}
