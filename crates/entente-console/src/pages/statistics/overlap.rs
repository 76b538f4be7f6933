//! Overlap rounds: what they do and cost, where they stand, what was counted, and how many persons there may be
//! that no list has. How one is drafted, run and ended is in [`super::round`].

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::lang::Lang;
use entente_core::statistics::mse::{self, Estimate, Lists, OverlapTable};
use entente_core::statistics::overlap::Noise;
use entente_node::local::Op;
use entente_node::local::doc::{
    OverlapCell, OverlapCounted, OverlapListAsk, OverlapPartyRow, OverlapRoundRow, OverlapShowAsk,
    OverlapSignAsk, OverlapSignTold, OverlapTold,
};

use super::rho;
use crate::charts::bars::{Title, bars};
use crate::charts::estimate::{Estimated, estimate};
use crate::charts::{Datum, Mark, Picture};
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

/// How the interval of an estimate is drawn. The same seed gives the same interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws {
    pub(super) replications: u32,
    pub(super) seed: u64,
}

impl Default for Draws {
    fn default() -> Self {
        Self { replications: REPLICATIONS, seed: 1 }
    }
}

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

    fn ours<'w>(&self, part: &'w str) -> &'w str {
        ours(self.p, part)
    }
}

/// What we do in a round.
fn ours<'w>(p: &Page, part: &'w str) -> &'w str {
    match part {
        "contributor" => p.lang.pick("we contribute", "nous contribuons"),
        "first_helper" => p.lang.pick("we mix first", "nous mélangeons en premier"),
        "second_helper" => p.lang.pick("we mix second", "nous mélangeons en second"),
        "coordinator" => p.lang.pick("we count", "nous comptons"),
        other => word(p, other),
    }
}

/// The words of a list, by their codes.
pub(super) fn word<'w>(p: &Page, code: &'w str) -> &'w str {
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
    histogram: Vec<Picture>,
    estimated: Option<Shown>,
    // Why there is no estimate, if something was counted.
    refused: Option<String>,
}

/// An estimate as it is shown.
pub(super) struct Shown {
    pub(super) pictures: Vec<Picture>,
    /// How many persons each list has.
    pub(super) lists: Vec<(String, u64)>,
    pub(super) observed: u64,
    pub(super) estimate: u64,
    pub(super) interval: String,
    /// The interval if the model were certain.
    pub(super) profile: String,
    /// The interactions of lists that the model has.
    pub(super) pairs: String,
    pub(super) caveats: Vec<String>,
    /// How often its interval was drawn, and from which seed.
    pub(super) replications: u64,
    pub(super) seed: u64,
}

impl RoundPage<'_> {
    fn word<'w>(&self, code: &'w str) -> &'w str {
        word(self.p, code)
    }

    fn ours<'w>(&self, part: &'w str) -> &'w str {
        ours(self.p, part)
    }

    fn signed(&self, n: &i64) -> String {
        signed(*n, self.p.lang)
    }

    /// A number that is read on its own: nobody is fewer than none. In the table of lists a negative one stays, since
    /// only so its cells add up.
    fn not_negative(&self, n: &i64) -> String {
        signed((*n).max(0), self.p.lang)
    }

    fn interval(&self, cell: &OverlapCell) -> String {
        let (low, high) = interval(cell);
        let (low, high) = (signed(low, self.p.lang), signed(high, self.p.lang));
        self.p.lang.pick(format!("{low} to {high}"), format!("de {low} à {high}"))
    }

    /// What a person in the round pays; nothing that terms could not say.
    fn rho(&self) -> Option<String> {
        let noise = Noise::from_epsilon_milli(self.told.round.epsilon_milli)?;
        Some(rho(self.p, noise.nano_rho()))
    }

    fn is_ours(&self) -> bool {
        self.told.round.our_part == "coordinator"
    }

    /// Whether signatures are still being gathered.
    fn is_signing(&self) -> bool {
        matches!(self.told.round.state.as_str(), "proposed" | "signed")
    }

    /// Whether its coordinator, we, can go on with it.
    fn can_run(&self) -> bool {
        let goes_on = matches!(self.told.round.state.as_str(), "signed" | "running");
        self.is_ours() && goes_on && self.p.may(Op::OverlapRun)
    }

    fn is_over(&self) -> bool {
        matches!(self.told.round.state.as_str(), "counted" | "over")
    }

    /// Contributors who have not given anything, once the round was begun: one can go on without them,
    /// until the first helper has mixed.
    fn lacking(&self) -> Vec<&OverlapPartyRow> {
        let parties = &self.told.parties;
        let is_mixed = parties.iter().any(|it| it.outcome == "mixed");
        let begun = self.told.round.state == "running" && !is_mixed;
        let lacks = |it: &&OverlapPartyRow| {
            it.part == "contributor" && !matches!(it.outcome.as_str(), "given" | "missing")
        };
        parties.iter().filter(|_| begun).filter(lacks).collect()
    }

    fn percent(&self, permille: &u32) -> String {
        self.p.lang.percent(f64::from(*permille) / 1000.0)
    }

    fn error(&self, hundredths: &u32) -> String {
        let text = format!("±{}.{}", hundredths / 100, hundredths / 10 % 10);
        self.p.lang.pick(text.clone(), text.replace('.', ","))
    }

    fn names(&self, lists: &[String]) -> String {
        lists.join(" + ")
    }
}

fn signed(n: i64, lang: Lang) -> String {
    let digits = lang.number(n.unsigned_abs());
    if n < 0 { format!("−{digits}") } else { digits }
}

/// From how many to how many, 19 times out of 20: 1.96 standard deviations to either side.
fn interval(cell: &OverlapCell) -> (i64, i64) {
    let half = i64::from((cell.error_hundredths.saturating_mul(196)).div_ceil(10_000));
    (cell.count.saturating_sub(half), cell.count.saturating_add(half))
}

/// Who is on exactly which lists, as bars. What noise made negative has no length, and its number.
fn histogram(p: &Page, counted: &OverlapCounted) -> Picture {
    let least = |n: i64| u64::try_from(n).unwrap_or(0);
    let datum = |cell: &OverlapCell| {
        let (low, high) = interval(cell);
        let label = cell.lists.join(" + ");
        match u64::try_from(cell.count) {
            Ok(count) => Datum {
                label,
                value: Some(count),
                interval: Some((least(low), least(high))),
                ..Datum::default()
            },
            Err(_) => Datum { label, symbol: signed(cell.count, p.lang), ..Datum::default() },
        }
    };
    let data: Vec<_> = counted.cells.iter().map(datum).collect();
    let name = p.t("Persons on exactly these lists", "Personnes exactement sur ces listes");
    let title = Title {
        id: "histogram".to_owned(),
        name: name.to_owned(),
        unit: p.t("Persons", "Personnes"),
    };
    bars(title, &data, p.lang)
}

/// `GET /statistics/overlap/{round}`.
async fn one(visit: Visit, Path(round): Path<String>) -> Answer {
    let p = visit.page.clone();
    let told = visit.ask(&OverlapShowAsk { round, signed: false }).await?;
    let (mut estimated, mut refused) = (None, None);
    if let Some(counted) = &told.counted {
        let (csv, lang) = (counted.csv.clone(), p.lang);
        let estimates = &visit.console.estimates;
        match estimates.run(move || Ok(estimate_of(&csv, Draws::default(), lang))).await? {
            Ok(shown) => estimated = Some(shown),
            Err(why) => refused = Some(why),
        }
    }
    let histogram = told.counted.iter().map(|counted| histogram(&p, counted)).collect();
    show(&RoundPage { p: &p, told: &told, histogram, estimated, refused })
}

/// How many persons there may be in all, from the table as `entente stats mse` reads it.
pub(super) fn estimate_of(csv: &str, draws: Draws, lang: Lang) -> Result<Shown, String> {
    let mut lines = csv.lines().map(|line| {
        line.split([',', ';', '\t']).map(|it| it.trim().to_owned()).collect::<Vec<_>>()
    });
    let header = lines.next().unwrap_or_default();
    let table = OverlapTable::read(&header, lines).map_err(|error| error.text(lang))?;
    let made = mse::estimate(&table, draws.replications, draws.seed);
    let made = made.map_err(|error| error.text(lang))?;
    Ok(shown(&table, &made, lang))
}

fn shown(table: &OverlapTable, made: &Estimate, lang: Lang) -> Shown {
    let it = Estimated {
        observed: table.n_observed(),
        estimate: whole(made.n_persons),
        low: made.bootstrap.low.map_or(table.n_observed(), whole),
        high: made.bootstrap.high.map(whole),
    };
    let ends = |low: u64, high: Option<u64>| {
        let no_bound = lang.pick("no bound", "aucune borne");
        let high = high.map_or_else(|| no_bound.to_owned(), |high| lang.number(high));
        format!("{} {} {high}", lang.number(low), lang.pick("to", "à"))
    };
    let interval = ends(it.low, it.high);
    let least = |low: Option<f64>| low.map_or(table.n_observed(), whole);
    let profile = ends(least(made.profile.low), made.profile.high.map(whole));
    let lists = table.lists().iter().enumerate();
    let lists = lists.map(|(at, name)| (name.clone(), table.n_on_all(Lists::only(at))));
    let pairs = made.model.terms.iter().filter(|(term, _)| term.len() == 2);
    let pairs: Vec<_> = pairs.map(|(term, _)| term.names(table)).collect();
    let n = lang.number(it.estimate);
    let name = lang.pick("Persons in all, estimated", "Personnes en tout, estimation").to_owned();
    let says = lang.pick(
        format!("About {n} persons; 95% interval {interval}."),
        format!("Environ {n} personnes; intervalle à 95\u{a0}% : {interval}."),
    );
    Shown {
        pictures: vec![estimate(("estimate".to_owned(), name, says), &it, lang)],
        lists: lists.collect(),
        observed: it.observed,
        estimate: it.estimate,
        interval,
        profile,
        pairs: pairs.join(", "),
        caveats: made.caveats.iter().map(|it| it.text(lang)).collect(),
        replications: u64::from(made.replications),
        seed: made.seed,
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
    use crate::page::test_page;

    #[test]
    fn what_noise_made_negative_has_its_number_and_no_bar() {
        let cell = |lists: &[&str], count| OverlapCell {
            lists: lists.iter().map(|it| (*it).to_owned()).collect(),
            count,
            error_hundredths: 300,
        };
        let (many, none) = (cell(&["police"], 40), cell(&["police", "shelter"], -3));
        assert_eq!((interval(&many), interval(&none)), ((34, 46), (-9, 3)));
        let counted: OverlapCounted = serde_json::from_value(serde_json::json!({
            "cells": [many, none], "lists": [], "distinct": 37, "distinct_error_hundredths": 400,
            "largest": 40, "sum": 40, "uncovered": null, "csv": "",
            "linkage": {"usable": 1, "without_names": 0, "without_birthdate": 0,
                "usable_permille": null, "error_hundredths": 1},
        }))
        .unwrap();
        let picture = histogram(&test_page(Lang::Fr), &counted);
        let is_bar = |mark: &&Mark| matches!(mark, Mark::Box { .. });
        assert_eq!(picture.marks.iter().filter(is_bar).count(), 1);
        let texts: Vec<_> = picture
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Text(words) => Some(words.text.as_str()),
                _ => None,
            })
            .collect();
        assert!(texts.contains(&"−3") && texts.contains(&"police + shelter"), "{texts:?}");
    }

    #[test]
    fn an_estimate_comes_with_its_interval_and_its_caveats_in_both_languages() {
        let csv = "Police,Shelter,frequency\n1,0,400\n0,1,300\n1,1,60\n";
        for lang in [Lang::En, Lang::Fr] {
            let shown = estimate_of(csv, Draws::default(), lang).unwrap();
            assert_eq!(shown.estimate, 2_760);
            assert!(shown.interval.contains(lang.pick(" to ", " à ")), "{}", shown.interval);
            assert!(shown.caveats.len() >= 5);
            assert!(shown.pictures[0].description.contains(&lang.number(2_760)));
        }
    }

    #[test]
    fn an_estimate_from_a_counted_round_says_that_its_counts_carry_noise() {
        let csv = |name: &str| format!("Police,Shelter,{name}\n1,0,400\n0,1,300\n1,1,60\n");
        for (lang, word) in [(Lang::En, "noise"), (Lang::Fr, "bruit")] {
            let said = |name: &str| {
                let shown = estimate_of(&csv(name), Draws::default(), lang).unwrap();
                shown.caveats.last().is_some_and(|it| it.contains(word))
            };
            assert!(said("noisy_frequency") && !said("frequency"));
        }
    }

    #[test]
    fn a_seed_of_ones_own_gives_another_interval_and_the_same_one_again() {
        let csv = "Police,Shelter,frequency\n1,0,400\n0,1,300\n1,1,60\n";
        let interval = |seed| {
            let draws = Draws { replications: 200, seed };
            let shown = estimate_of(csv, draws, Lang::En).unwrap();
            assert_eq!((shown.replications, shown.seed), (200, seed));
            shown.interval
        };
        assert_eq!(interval(7), interval(7));
        assert_ne!(interval(7), interval(8));
    }

    #[test]
    fn lists_without_a_person_in_common_give_no_estimate_and_say_why() {
        let csv = "Police,Shelter,frequency\n1,0,400\n0,1,300\n1,1,0\n";
        let why = estimate_of(csv, Draws::default(), Lang::Fr).err().unwrap();
        assert!(why.contains("deux listes"), "{why}");
    }
}
