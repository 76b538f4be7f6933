//! National returns: the verdict, for a person.

use entente_core::codes::Code as _;
use entente_core::statistics::national::{GivenUp, Heads};
use entente_node::fault::Both;
use entente_node::returned::Verdict;

use super::Render;
use super::page::{Page, Tone};

impl Render for Verdict {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(self.title.in_lang(lang));
        page.facts(&[
            (lang.pick("Plan", "Plan"), format!("{} ({})", self.plan, self.plan_id)),
            (lang.pick("Period", "Période"), self.period.clone()),
            (lang.pick("Made on", "Produit le"), self.made_on.clone()),
            (lang.pick("Made by", "Produit par"), self.maker.to_string()),
        ]);
        page.line(self.definitions.in_lang(lang));
        page.title(page.pick("What each table counts", "Ce que compte chaque tableau"));
        for (name, counts) in &self.names {
            page.item(&lang.pick(
                format!("{name}: {}", counts.label(lang)),
                format!("{name}\u{a0}: {}", counts.label(lang)),
            ));
        }
        page.title(page.pick("Who is in it", "Qui y figure"));
        for (release, heads) in &self.heads {
            let name = self.name(release);
            let Heads { answered, declined, silent } = heads;
            page.item(&lang.pick(
                format!("{name}, {}, revision {}: {answered} with figures, {declined} refused, {silent} silent", release.period, release.revision),
                format!("{name}, {}, révision {}\u{a0}: {answered} avec chiffres, {declined} refus, {silent} sans réponse", release.period, release.revision),
            ));
        }
        for org in &self.contributors {
            page.line(&format!("      {org}"));
        }
        for GivenUp { release, noticed_by, why, .. } in &self.given_up {
            let name = self.name(release);
            let why = why.label(lang);
            let (period, revision) = (release.period, release.revision);
            let line = lang.pick(
                format!("{name}, {period}, revision {revision}: the sum was given up. {why}; noticed by {noticed_by}"),
                format!("{name}, {period}, révision {revision}\u{a0}: la somme a été abandonnée. {why}; constaté par {noticed_by}"),
            );
            let line = page.paint(Tone::Warning, &line);
            page.item(&line);
        }
        page.blank();
        outcome(self, page);
    }
}

fn outcome(it: &Verdict, page: &mut Page<'_>) {
    let wrong = page.pick("This return is NOT right.", "Ce rapport n’est PAS exact.");
    let right = page.pick(
        "Every signature is right, and every figure follows from the contributions.",
        "Chaque signature est exacte, et chaque chiffre découle des contributions.",
    );
    verdict(page, &it.faults, wrong, right, it.compared);
}

/// The last word on something that was verified: what is wrong with it, or that it is right and what is
/// left to do.
pub(super) fn verdict(
    page: &mut Page<'_>,
    faults: &[Both],
    wrong: &str,
    right: &str,
    compared: bool,
) {
    let lang = page.lang();
    if !faults.is_empty() {
        let line = page.paint(Tone::Bad, wrong);
        page.line(&line);
        for fault in faults {
            page.item(fault.text(lang));
        }
        return;
    }
    let line = page.paint(Tone::Good, right);
    page.line(&line);
    if !compared {
        page.say(
            "Compare the identities with those you know, or name these with --trust.",
            "Comparez les identités à celles que vous connaissez, ou nommez celles-ci avec --trust.",
        );
    }
}
