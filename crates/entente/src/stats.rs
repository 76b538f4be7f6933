//! `entente stats mse`: an estimate from a file, without a node.

use std::path::Path;

use entente_core::statistics::mse::{self, Estimate, Interval, Lists, OverlapTable};
use entente_node::fault::{Both, Fault};
use entente_node::tabular;
use serde_json::{Value, json};

use crate::cli::ask::Typed;
use crate::cli::desk::Desk;
use crate::cli::{End, faults};
use crate::render::mse::Estimated;

/// How often the bootstrap draws unless told otherwise: the ends then move by a few percent of the
/// width of the interval from one seed to the next.
const REPLICATIONS: u32 = 1_000;

/// `stats mse`.
pub(crate) fn mse(desk: &Desk, typed: &Typed<'_>) -> Result<End, Box<Fault>> {
    let path = typed.raw_path("file").unwrap_or_default();
    let table = read(&path)?;
    let replications = typed.number("replications").unwrap_or(REPLICATIONS);
    let seed = typed.number("seed").unwrap_or(1);
    let estimate = mse::estimate(&table, replications, seed)
        .map_err(|refusal| faults::no_estimate(&path, &refusal))?;
    if desk.json {
        desk.print(&document(&table, &estimate).to_string());
    } else {
        desk.page(&Estimated { table: &table, estimate: &estimate });
    }
    Ok(End::Done)
}

fn read(path: &Path) -> Result<OverlapTable, Box<Fault>> {
    let unreadable = |error: tabular::TableError| match error {
        tabular::TableError::File(kind) => faults::unreadable(path, &kind.into()),
        other => faults::no_overlap_table(path, |lang| other.text(lang)),
    };
    let mut rows = tabular::open(path).map_err(unreadable)?;
    let header = std::mem::take(&mut rows.headers);
    let mut broken = None;
    let cells = rows.map_while(|row| row.map_err(|error| broken = Some(error)).ok());
    let table = OverlapTable::read(&header, cells.map(|row| row.cells));
    match broken {
        Some(error) => Err(unreadable(error)),
        None => table.map_err(|error| faults::no_overlap_table(path, |lang| error.text(lang))),
    }
}

/// The estimate as a document (`docs/JSON.md`).
pub(crate) fn document(table: &OverlapTable, estimate: &Estimate) -> Value {
    let ends = |interval: Interval| json!([interval.low, interval.high]);
    let lists = table
        .lists()
        .iter()
        .enumerate()
        .map(|(at, name)| json!({"name": name, "persons": table.n_on_all(Lists::only(at))}));
    let parameters = estimate.model.terms.iter().map(|(term, value)| {
        // What is infinite is `null`.
        json!({"term": term.names(table), "value": value})
    });
    let alternatives = estimate.alternatives.iter().map(|other| {
        let interactions = other.interactions.iter().map(|pair| pair.names(table));
        json!({
            "interactions": interactions.collect::<Vec<_>>(),
            "estimate": other.n_persons,
            "aic": other.aic,
        })
    });
    let caveats = estimate.caveats.iter().map(|caveat| {
        use entente_core::lang::Lang::{En, Fr};
        let Both { en, fr } = Both::new(caveat.text(En), caveat.text(Fr));
        json!({"code": caveat.code(), "en": en, "fr": fr})
    });
    json!({
        "observed": estimate.n_observed,
        "estimate": estimate.n_persons,
        "interval": ends(estimate.bootstrap),
        "interval_profile": ends(estimate.profile),
        "replications": estimate.replications,
        "seed": estimate.seed,
        "lists": lists.collect::<Vec<_>>(),
        "model": estimate.model.names(table),
        "parameters": parameters.collect::<Vec<_>>(),
        "aic": estimate.model.aic,
        "alternatives": alternatives.collect::<Vec<_>>(),
        "caveats": caveats.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn a_table_becomes_the_promised_document() {
        let file = file("A;B;frequency\n1;0;400\n0;1;300\n1;1;60\n");
        let table = read(file.path()).unwrap();
        let estimate = mse::estimate(&table, 200, 1).unwrap();
        let told = document(&table, &estimate);
        assert_eq!(told["observed"], 760);
        assert!((told["estimate"].as_f64().unwrap() - 2_760.0).abs() < 1e-6);
        assert_eq!(told["model"], json!(["A", "B"]));
        assert_eq!(told["lists"][1], json!({"name": "B", "persons": 360}));
        for interval in ["interval", "interval_profile"] {
            let ends: Vec<f64> = serde_json::from_value(told[interval].clone()).unwrap();
            assert!(ends[0] < 2_760.0 && ends[1] > 2_760.0 && ends.len() == 2, "{interval}");
        }
        assert!(told["caveats"].as_array().unwrap().len() >= 5);
        assert!(told["caveats"][0]["fr"].as_str().unwrap().contains("dossiers"));
    }

    #[test]
    fn an_estimate_from_the_file_of_an_overlap_round_says_that_its_counts_carry_noise() {
        let codes = |name: &str| -> Vec<Value> {
            let file = file(&format!("A,B,{name}\n1,0,400\n0,1,300\n1,1,60\n"));
            let table = read(file.path()).unwrap();
            let told = document(&table, &mse::estimate(&table, 200, 1).unwrap());
            told["caveats"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect()
        };
        assert_eq!(codes("noisy_frequency").last(), Some(&json!("noisy_counts")));
        assert!(!codes("frequency").contains(&json!("noisy_counts")));
    }

    #[test]
    fn a_file_that_is_no_overlap_table_is_a_fault_that_says_why() {
        let negative = read(file("A,B,frequency\n1,0,-4\n").path()).unwrap_err();
        assert_eq!(negative.code, "ENT-0033");
        assert!(negative.why[0].en.contains("row 2") && negative.why[0].fr.contains("ligne 2"));
        assert_eq!(read(file("").path()).unwrap_err().code, "ENT-0033");
        assert_eq!(read(Path::new("/nowhere.csv")).unwrap_err().code, "ENT-0010");
    }
}
