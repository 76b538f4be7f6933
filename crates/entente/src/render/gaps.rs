//! What our referrals came to: needs, regions and quarters, with a bar for what is unmet.

use entente_core::codes::{Barrier, Code as _};
use entente_core::lang::Lang;
use entente_core::statistics::plan::CubeDimension;
use entente_core::statistics::referrals::{ReferralResult, Unmet, Waiting};
use entente_node::local::doc::{GapRow, ReferralGapsTold};

use super::Render;
use super::page::{Grid, Page, Tone};

/// How many blocks the bar of the largest row has.
const BAR: u64 = 20;

impl Render for ReferralGapsTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let period = &self.period;
        page.title(&lang.pick(
            format!("Our referrals first offered in {period}"),
            format!("Nos aiguillages offerts pour la première fois en {period}"),
        ));
        if self.referrals == 0 {
            page.say("None.", "Aucun.");
            return;
        }
        page.facts(&[
            (lang.pick("Referrals", "Aiguillages"), lang.number(self.referrals)),
            (lang.pick("Persons", "Personnes"), lang.number(self.persons)),
            (lang.pick("Unmet", "Non comblés"), lang.number(self.unmet)),
        ]);
        for (by, rows) in [
            (CubeDimension::Need, &self.needs),
            (CubeDimension::Region, &self.regions),
            (CubeDimension::Quarter, &self.quarters),
        ] {
            page.table(unmet(by, rows, lang));
        }
        if self.unmet > 0 {
            page.title(
                page.pick("Why needs stay unmet", "Pourquoi des besoins restent non comblés"),
            );
            page.table(why(&self.needs, lang));
        }
        if !self.declines.is_empty() {
            page.title(page.pick("Why partners declined", "Pourquoi des partenaires ont refusé"));
            page.table(declined(&self.needs, lang));
            page.say(
                "Each decline is counted, also where another partner took the referral.",
                "Chaque refus compte, même si un autre partenaire a pris l’aiguillage.",
            );
        }
        page.title(page.pick("Time until the acceptance", "Délai jusqu’à l’acceptation"));
        page.table(waiting(&self.needs, lang));
        page.say(
            "Exact figures for our own staff. Each referral is counted, under its first need; a release plan counts each person once. Do not publish them.",
            "Chiffres exacts, pour notre personnel seulement. Chaque aiguillage compte, sous son premier besoin; un plan de diffusion compte chaque personne une fois. À ne pas publier.",
        );
    }
}

/// Referrals and what is unmet of them: `█` for what is unmet, `░` for the rest.
fn unmet(by: CubeDimension, rows: &[GapRow], lang: Lang) -> Grid {
    let most = rows.iter().map(|row| row.referrals).max().unwrap_or(0);
    let mut grid = Grid::new([
        by.label(lang),
        lang.pick("Referrals", "Aiguillages"),
        lang.pick("Unmet", "Non comblés"),
        "",
    ])
    .numeric([1, 2]);
    for row in rows {
        let blocks = |n: u64| usize::try_from((n * BAR).div_ceil(most.max(1))).unwrap_or(0);
        let (full, all) = (blocks(row.unmet), blocks(row.referrals));
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(all.saturating_sub(full)));
        let tone = if row.unmet > 0 { Tone::Warning } else { Tone::Plain };
        grid.toned([
            (Tone::Plain, by.label_text(&row.code, lang)),
            (Tone::Plain, lang.number(row.referrals)),
            (tone, lang.number(row.unmet)),
            (Tone::Plain, bar),
        ]);
    }
    grid
}

/// By need, what came of those that are unmet.
fn why(rows: &[GapRow], lang: Lang) -> Grid {
    let mut grid = Grid::new([
        CubeDimension::Need.label(lang),
        CubeDimension::Result.label(lang),
        lang.pick("Referrals", "Aiguillages"),
    ])
    .numeric([2]);
    for row in rows {
        for result in ReferralResult::ALL.iter().filter(|it| Unmet::of(**it) == Unmet::Unmet) {
            if let Some(n) = row.results.get(result.code()) {
                let need = CubeDimension::Need.label_text(&row.code, lang);
                grid.row([need, result.label(lang).to_owned(), lang.number(*n)]);
            }
        }
    }
    grid
}

/// By need, the barriers for which partners declined.
fn declined(rows: &[GapRow], lang: Lang) -> Grid {
    let mut grid = Grid::new([
        CubeDimension::Need.label(lang),
        lang.pick("Barrier", "Obstacle"),
        lang.pick("Declines", "Refus"),
    ])
    .numeric([2]);
    for row in rows {
        for barrier in Barrier::ALL {
            if let Some(n) = row.declines.get(barrier.code()) {
                let need = CubeDimension::Need.label_text(&row.code, lang);
                grid.row([need, barrier.label(lang).to_owned(), lang.number(*n)]);
            }
        }
    }
    grid
}

/// By need, how long it took.
fn waiting(rows: &[GapRow], lang: Lang) -> Grid {
    let header = Waiting::ALL.iter().map(|it| it.label(lang));
    let header = std::iter::once(CubeDimension::Need.label(lang)).chain(header);
    let mut grid = Grid::new(header).numeric(1..=Waiting::ALL.len());
    for row in rows {
        let need = CubeDimension::Need.label_text(&row.code, lang);
        let counts = Waiting::ALL.iter().map(|it| row.waiting.get(it.code()).copied());
        let counts = counts.map(|n| lang.number(n.unwrap_or(0)));
        grid.row(std::iter::once(need).chain(counts));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::super::page::View;
    use super::*;

    fn row(code: &str, referrals: u64, unmet: u64) -> GapRow {
        let results = [("provided", referrals - unmet), ("all_no_capacity", unmet)];
        let waiting = [("3h", referrals - unmet), ("never", unmet)];
        let counts = |of: [(&str, u64); 2]| {
            let some = of.into_iter().filter(|(_, n)| *n > 0);
            some.map(|(code, n)| (code.to_owned(), n)).collect()
        };
        GapRow {
            code: code.to_owned(),
            referrals,
            unmet,
            results: counts(results),
            declines: counts([("no_capacity", unmet), ("status_barrier", referrals - unmet)]),
            waiting: counts(waiting),
        }
    }

    fn page(lang: Lang, unmet: u64) -> String {
        let view = View { lang, width: None, colour: false };
        let mut page = Page::new(&view);
        let told = ReferralGapsTold {
            period: "2026".to_owned(),
            referrals: 12,
            persons: 11,
            unmet,
            declines: [("no_capacity".to_owned(), unmet + 1)].into(),
            needs: vec![row("emergency_housing", 10, unmet), row("legal", 2, 0)],
            regions: vec![row("prairies", 12, unmet)],
            quarters: vec![row("Q3", 12, unmet)],
            cells: Vec::new(),
        };
        told.render(&mut page);
        page.finish()
    }

    #[test]
    fn what_is_unmet_has_its_bar_its_reason_and_its_wait_in_both_languages() {
        let english = page(Lang::En, 5);
        for needle in [
            "██████████░░░░░░░░░░",
            "no capacity",
            "Not accepted",
            "Why partners declined",
            "Do not publish",
        ] {
            assert!(english.contains(needle), "{needle}: {english}");
        }
        let french = page(Lang::Fr, 5);
        for needle in
            ["Hébergement d’urgence", "Non accepté", "T3", "Chaque refus", "À ne pas publier"]
        {
            assert!(french.contains(needle), "{needle}: {french}");
        }
        assert!(!page(Lang::En, 0).contains("Why needs stay unmet"));
    }
}
