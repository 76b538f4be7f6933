//! Overlap rounds: what they do and cost, where they stand, what was counted, and how many persons there may be
//! that no list has.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::lang::Lang;
use entente_core::statistics::mse::{self, Estimate, OverlapTable};
use entente_node::local::Op;
use entente_node::local::doc::{
    OverlapListAsk, OverlapRoundRow, OverlapShowAsk, OverlapSignAsk, OverlapSignTold, OverlapTold,
};

use super::rho;
use crate::charts::estimate::{Estimated, estimate};
use crate::charts::{Mark, Picture};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::prose::{Block, blocks};
use crate::route::area;

area! {
    GET "/statistics/overlap", Need::May(Op::OverlapList) => list;
    GET "/statistics/overlap/{round}", Need::May(Op::OverlapShow) => one;
    GET "/statistics/overlap/{round}/sign", Need::May(Op::OverlapSign) => terms;
    POST "/statistics/overlap/{round}/sign", Need::May(Op::OverlapSign) => sign;
}

/// How often the bootstrap draws: its ends move by a few percent from one seed to the next.
const REPLICATIONS: u32 = 400;

#[derive(Template)]
#[template(path = "statistics/overlaps.html")]
struct ListPage<'a> {
    p: &'a Page,
    rounds: &'a [OverlapRoundRow],
}

impl ListPage<'_> {
    fn word<'w>(&self, code: &'w str) -> &'w str {
        word(self.p, code)
    }
}

/// The words of a list, by their codes.
fn word<'w>(p: &Page, code: &'w str) -> &'w str {
    match code {
        "contributor" => p.lang.pick("contributes", "contribue"),
        "first_helper" => p.lang.pick("mixes first", "mélange en premier"),
        "second_helper" => p.lang.pick("mixes second", "mélange en second"),
        "coordinator" => p.lang.pick("counts", "compte"),
        "proposed" => p.lang.pick("not signed by us", "non signé par nous"),
        "signed" => p.lang.pick("signed", "signé"),
        "running" => p.lang.pick("running", "en cours"),
        "counted" => p.lang.pick("counted", "compté"),
        "over" => p.lang.pick("over, keys destroyed", "terminé, clés détruites"),
        "waiting" => p.lang.pick("not yet", "pas encore"),
        "ready" => p.lang.pick("key made", "clé créée"),
        "given" => p.lang.pick("contributed", "a contribué"),
        "mixed" => p.lang.pick("mixed", "a mélangé"),
        "missing" => p.lang.pick("left out", "laissé de côté"),
        "refused" => p.lang.pick("refused", "refusé"),
        "unreachable" => p.lang.pick("not reached", "injoignable"),
        other => other,
    }
}

/// `GET /statistics/overlap`.
async fn list(visit: Visit) -> Answer {
    let told = visit.ask(&OverlapListAsk {}).await?;
    show(&ListPage { p: &visit.page, rounds: &told.rounds })
}

#[derive(Template)]
#[template(path = "statistics/overlap.html")]
struct RoundPage<'a> {
    p: &'a Page,
    told: &'a OverlapTold,
    estimated: Option<Shown>,
    // Why there is no estimate, if something was counted.
    refused: Option<String>,
}

/// An estimate as it is shown.
struct Shown {
    pictures: Vec<Picture>,
    estimate: u64,
    interval: String,
    caveats: Vec<String>,
}

impl RoundPage<'_> {
    fn word<'w>(&self, code: &'w str) -> &'w str {
        word(self.p, code)
    }

    fn signed(&self, n: &i64) -> String {
        let digits = self.p.lang.number(n.unsigned_abs());
        if *n < 0 { format!("−{digits}") } else { digits }
    }

    fn error(&self, hundredths: &u32) -> String {
        let text = format!("±{}.{}", hundredths / 100, hundredths / 10 % 10);
        self.p.lang.pick(text.clone(), text.replace('.', ","))
    }

    fn names(&self, lists: &[String]) -> String {
        lists.join(" + ")
    }
}

/// `GET /statistics/overlap/{round}`.
async fn one(visit: Visit, Path(round): Path<String>) -> Answer {
    let p = visit.page.clone();
    let told = visit.ask(&OverlapShowAsk { round, signed: false }).await?;
    let (mut estimated, mut refused) = (None, None);
    if let Some(counted) = &told.counted {
        let (csv, lang) = (counted.csv.clone(), p.lang);
        let made = tokio::task::spawn_blocking(move || estimate_of(&csv, lang)).await;
        match made {
            Ok(Ok(shown)) => estimated = Some(shown),
            Ok(Err(why)) => refused = Some(why),
            Err(_) => return Err(crate::page::failed().into()),
        }
    }
    show(&RoundPage { p: &p, told: &told, estimated, refused })
}

/// How many persons there may be in all, from the table as `entente stats mse` reads it.
fn estimate_of(csv: &str, lang: Lang) -> Result<Shown, String> {
    let mut lines = csv
        .lines()
        .map(|line| line.split([',', ';']).map(|it| it.trim().to_owned()).collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let table = OverlapTable::read(&header, lines).map_err(|error| error.text(lang))?;
    let made = mse::estimate(&table, REPLICATIONS, 1).map_err(|error| error.text(lang))?;
    Ok(shown(&table, &made, lang))
}

fn shown(table: &OverlapTable, made: &Estimate, lang: Lang) -> Shown {
    let it = Estimated {
        observed: table.n_observed(),
        estimate: whole(made.n_persons),
        low: made.bootstrap.low.map_or(table.n_observed(), whole),
        high: made.bootstrap.high.map(whole),
    };
    let no_bound = lang.pick("no bound", "aucune borne");
    let high = it.high.map_or_else(|| no_bound.to_owned(), |high| lang.number(high));
    let interval = format!("{} {} {high}", lang.number(it.low), lang.pick("to", "à"));
    let n = lang.number(it.estimate);
    let name = lang.pick("Persons in all, estimated", "Personnes en tout, estimation").to_owned();
    let says = lang.pick(
        format!("About {n} persons; 95% interval {interval}."),
        format!("Environ {n} personnes; intervalle à 95\u{a0}% : {interval}."),
    );
    Shown {
        pictures: vec![estimate(("estimate".to_owned(), name, says), &it, lang)],
        estimate: it.estimate,
        interval,
        caveats: made.caveats.iter().map(|it| it.text(lang)).collect(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float becomes an integer by saturating, which is meant"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[derive(Template)]
#[template(path = "statistics/overlap_sign.html")]
struct TermsPage<'a> {
    p: &'a Page,
    told: &'a OverlapSignTold,
    blocks: Vec<Block>,
}

impl TermsPage<'_> {
    fn rho(&self) -> String {
        rho(self.p, self.told.nano_rho)
    }

    fn advantage(&self) -> String {
        self.p.lang.percent(f64::from(self.told.advantage_permille) / 1000.0)
    }
}

/// `GET /statistics/overlap/{round}/sign`.
async fn terms(visit: Visit, Path(round): Path<String>) -> Answer {
    let ask = OverlapSignAsk { round: Some(round), toml: None, dry_run: true };
    let told = visit.ask(&ask).await?;
    let blocks = blocks(visit.page.both(&told.page));
    show(&TermsPage { p: &visit.page, told: &told, blocks })
}

/// `POST /statistics/overlap/{round}/sign`.
async fn sign(visit: Visit, Path(round): Path<String>) -> Answer {
    let ask = OverlapSignAsk { round: Some(round), toml: None, dry_run: false };
    let told = visit.ask(&ask).await?;
    let to = visit.page.to(&format!("/statistics/overlap/{}", told.round.id));
    Ok(Redirect::to(&to).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_comes_with_its_interval_and_its_caveats_in_both_languages() {
        let csv = "Police,Shelter,frequency\n1,0,400\n0,1,300\n1,1,60\n";
        for lang in [Lang::En, Lang::Fr] {
            let shown = estimate_of(csv, lang).unwrap();
            assert_eq!(shown.estimate, 2_760);
            assert!(shown.interval.contains(lang.pick(" to ", " à ")), "{}", shown.interval);
            assert!(shown.caveats.len() >= 5);
            assert!(shown.pictures[0].description.contains(&lang.number(2_760)));
        }
    }

    #[test]
    fn lists_without_a_person_in_common_give_no_estimate_and_say_why() {
        let csv = "Police,Shelter,frequency\n1,0,400\n0,1,300\n1,1,0\n";
        let why = estimate_of(csv, Lang::Fr).err().unwrap();
        assert!(why.contains("deux listes"), "{why}");
    }
}
