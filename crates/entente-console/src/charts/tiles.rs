//! A map of Canada in tiles: one for each province and territory, all of one size, so that nobody is small.

use entente_core::lang::Lang;

use super::palette::{self, CLASSES, FAINT, HATCH, INK, VOID};
use super::{Datum, Mark, Picture, Words, bars};

/// Column, row, code, and the abbreviations of Statistics Canada.
const TILES: [(i64, i64, &str, &str, &str); 13] = [
    (0, 0, "60", "Y.T.", "Yn"),
    (1, 0, "61", "N.W.T.", "T.N.-O."),
    (2, 0, "62", "Nvt.", "Nt"),
    (0, 1, "59", "B.C.", "C.-B."),
    (1, 1, "48", "Alta.", "Alb."),
    (2, 1, "47", "Sask.", "Sask."),
    (3, 1, "46", "Man.", "Man."),
    (4, 1, "35", "Ont.", "Ont."),
    (5, 1, "24", "Que.", "Qc"),
    (6, 1, "10", "N.L.", "T.-N.-L."),
    (6, 2, "13", "N.B.", "N.-B."),
    (7, 2, "11", "P.E.I.", "Î.-P.-É."),
    (7, 3, "12", "N.S.", "N.-É."),
];

/// The side of a tile, with the white line around it.
const SIDE: i64 = 88;
const GAP: i64 = 5;
/// Where the legend begins.
const LEGEND: i64 = 2 * (SIDE + GAP) + 26;

/// The map of figures by province. `data` are by code of the list `province`; what is in none is left to the
/// table.
pub(crate) fn tiles(id: String, name: String, data: &[(String, Datum)], lang: Lang) -> Picture {
    let of = |code: &str| data.iter().find(|(known, _)| known == code).map(|(_, datum)| datum);
    let here = TILES.iter().filter_map(|(_, _, code, ..)| of(code));
    let most = here.clone().filter_map(|it| it.value).max().unwrap_or(0);
    let listed: Vec<Datum> = here.cloned().collect();
    let mut picture = Picture {
        id,
        name,
        description: bars::description(&listed, lang),
        width: 8 * 93,
        height: 4 * 93,
        marks: Vec::new(),
    };
    for (column, row, code, en, fr) in TILES {
        tile(&mut picture, (column, row), lang.pick(en, fr), of(code), (most, lang));
    }
    legend(&mut picture, most, listed.iter().any(Datum::is_suppressed), lang);
    picture
}

fn tile(
    picture: &mut Picture,
    (column, row): (i64, i64),
    short: &str,
    datum: Option<&Datum>,
    (most, lang): (u64, Lang),
) {
    let (x, y) = (column * (SIDE + GAP), row * (SIDE + GAP));
    let value = datum.and_then(|it| it.value);
    let is_hatched = datum.is_some_and(Datum::is_suppressed);
    let (fill, ink) = match value {
        Some(value) => {
            let (fill, ink) = palette::colours(palette::class(value, most));
            (fill.to_owned(), ink)
        }
        None if is_hatched => (picture.hatch(), INK),
        None => (VOID.to_owned(), INK),
    };
    let line = if is_hatched { HATCH } else { "none" };
    picture.marks.push(Mark::Box { x, y, width: SIDE, height: SIDE, round: 6, fill, line });
    let middle = x + SIDE / 2;
    let shown = datum.map_or_else(|| "..".to_owned(), |it| it.shown(lang));
    let words = |y: i64, text: &str, size: u32, weight: u32| Words {
        fill: ink,
        halo: is_hatched,
        weight,
        ..Words::at(middle, y, text).middle().size(size)
    };
    picture.text(words(y + 36, short, 15, 400));
    picture.text(words(y + 62, &shown, 19, 600));
}

/// The classes with their bounds, below the map on the left, where nothing is.
fn legend(picture: &mut Picture, most: u64, is_hatched: bool, lang: Lang) {
    let width = palette::width(most);
    let n = CLASSES.len();
    let mut rows = Vec::new();
    for (at, (fill, _)) in CLASSES.iter().enumerate() {
        let (low, high) = (at as u64 * width, (at as u64 + 1) * width - 1);
        if low > most && at > 0 {
            break;
        }
        let (low, high) = (lang.number(low), lang.number(high));
        let text = if low == high {
            low
        } else {
            lang.pick(format!("{low} to {high}"), format!("{low} à {high}"))
        };
        rows.push(((*fill).to_owned(), "none", text));
    }
    debug_assert!(rows.len() <= n, "a row for each class");
    if is_hatched {
        let text = lang.pick(
            "x: noise alone could have made it",
            "x\u{a0}: le bruit seul aurait pu le produire",
        );
        rows.push((picture.hatch(), HATCH, text.to_owned()));
    }
    let title = lang.pick("Persons", "Personnes");
    picture.text(Words::at(0, LEGEND, title).bold().size(14));
    for (at, (fill, line, text)) in (0_i64..).zip(rows) {
        let (x, y) = ((at / 3) * 150, LEGEND + 14 + (at % 3) * 30);
        picture.marks.push(Mark::Box { x: x + 1, y, width: 30, height: 20, round: 3, fill, line });
        let words = Words { fill: FAINT, ..Words::at(x + 40, y + 15, text).size(14) };
        picture.text(words);
    }
}

#[cfg(test)]
mod tests {
    use entente_core::codes::{Code as _, Province};

    use super::*;

    #[test]
    fn every_province_and_territory_has_one_tile_of_its_own() {
        let mut codes: Vec<_> = TILES.iter().map(|it| it.2).collect();
        codes.sort_unstable();
        let mut all: Vec<_> = Province::ALL.iter().map(|it| it.code()).collect();
        all.sort_unstable();
        assert_eq!(codes, all);
        let mut places: Vec<_> = TILES.iter().map(|it| (it.0, it.1)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), TILES.len());
    }

    #[test]
    fn what_is_suppressed_is_hatched_and_its_text_has_a_rim() {
        let hidden = Datum { symbol: "x".to_owned(), floor: 15, ..Datum::default() };
        let data = [("35".to_owned(), Datum::exact("Ontario", 214)), ("62".to_owned(), hidden)];
        let picture = tiles("m".to_owned(), "Map".to_owned(), &data, Lang::Fr);
        let texts = picture.marks.iter().filter_map(|mark| match mark {
            Mark::Text(words) => Some(words),
            _ => None,
        });
        let of = |text: &str| texts.clone().find(|it| it.text == text).unwrap();
        assert!(of("Nt").halo && of("x").halo && !of("Ont.").halo && !of("214").halo);
        assert_eq!(texts.clone().filter(|it| it.text == "..").count(), 11);
    }
}
