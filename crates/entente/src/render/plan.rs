//! Release plans: what they promise, what they cost, and who has signed.

use entente_core::lang::Lang;
use entente_core::statistics::budget::NanoRho;
use entente_node::local::doc::{
    Named, PlanDraftTold, PlanListTold, PlanPrice, PlanRow, PlanShowTold, PlanSignTold,
};

use super::Render;
use super::agreement::short;
use super::labels::moment;
use super::page::{Grid, Page, Tone};

impl Render for PlanDraftTold {
    fn render(&self, page: &mut Page<'_>) {
        let Some(plan) = &self.plan else { return page.line(self.toml.trim_end()) };
        let name = format!("{}@{}", plan.name, plan.version);
        let line = page.lang().pick(
            format!("The plan {name} is kept here and sent. Nothing is signed yet."),
            format!("Le plan {name} est conservé ici et envoyé. Rien n’est encore signé."),
        );
        page.line(&line);
        standing(plan, page);
        page.next(&format!("entente plan sign {}", short(&plan.id)));
    }
}

impl Render for PlanListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.plans.is_empty() {
            page.say("No plans yet.", "Aucun plan pour l’instant.");
            page.next(
                page.pick(
                    "entente plan draft --out plan.toml",
                    "entente plan draft --out plan.toml",
                ),
            );
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Plan", "Plan"),
            lang.pick("Id", "Identifiant"),
            lang.pick("Years", "Années"),
            lang.pick("We", "Nous"),
            lang.pick("Not signed by", "Non signé par"),
        ]);
        for plan in &self.plans {
            grid.toned([
                (Tone::Plain, format!("{}@{}", plan.name, plan.version)),
                (Tone::Plain, short(&plan.id).to_owned()),
                (Tone::Plain, format!("{}–{}", plan.first_year, plan.last_year)),
                signed(plan, lang),
                (Tone::Plain, names(&plan.unsigned, lang)),
            ]);
        }
        page.table(grid);
    }
}

fn signed(plan: &PlanRow, lang: Lang) -> (Tone, String) {
    match &plan.signed_at {
        Some(_) => (Tone::Good, lang.pick("signed", "signé").to_owned()),
        None => (Tone::Warning, lang.pick("not signed", "non signé").to_owned()),
    }
}

pub(super) fn names(named: &[Named], lang: Lang) -> String {
    match named {
        [] => "—".to_owned(),
        named => named.iter().map(|it| it.name(lang)).collect::<Vec<_>>().join(", "),
    }
}

impl Render for PlanShowTold {
    fn render(&self, page: &mut Page<'_>) {
        markdown(self.page.text(page.lang()), page);
        price(&self.price, page);
        standing(&self.plan, page);
        if self.plan.signed_at.is_none() {
            page.next(&format!("entente plan sign {}", short(&self.plan.id)));
        }
    }
}

impl Render for PlanSignTold {
    fn render(&self, page: &mut Page<'_>) {
        if !self.done {
            markdown(self.page.text(page.lang()), page);
            price(&self.price, page);
            page.blank();
            page.say("Nothing is signed yet.", "Rien n’est encore signé.");
            return;
        }
        let name = format!("{}@{}", self.plan.name, self.plan.version);
        let line = page.lang().pick(
            format!("The plan {name} is signed. We answer its questions from now on."),
            format!("Le plan {name} est signé. Nous répondons désormais à ses questions."),
        );
        page.line(&line);
        standing(&self.plan, page);
    }
}

/// The plan's own page, which is Markdown: headings and items.
pub(super) fn markdown(text: &str, page: &mut Page<'_>) {
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ").or(line.strip_prefix("## ")) {
            page.title(title);
        } else if let Some(item) = line.strip_prefix("- ") {
            page.item(item);
        } else if !line.is_empty() {
            page.line(line);
        }
    }
}

/// What it costs the persons in the figures.
fn price(price: &PlanPrice, page: &mut Page<'_>) {
    let lang = page.lang();
    let percent = |permille: u32| lang.percent(f64::from(permille) / 1000.0);
    page.title(lang.pick("What it costs", "Ce qu’il coûte"));
    page.facts(&[
        (
            lang.pick("Each person, a year", "Chaque personne, par année"),
            format!("rho {}", NanoRho(price.year_nano_rho)),
        ),
        (
            lang.pick("At most, by all plans", "Au plus, pour tous les plans"),
            format!("rho {}", NanoRho(price.cap_nano_rho)),
        ),
        (
            lang.pick("An attacker’s advantage", "Avantage d’un attaquant"),
            match lang {
                Lang::En => format!(
                    "at most {}; {} for a person known to {} organizations",
                    percent(price.advantage_permille),
                    percent(price.advantage_several_permille),
                    price.organizations_per_person
                ),
                Lang::Fr => format!(
                    "au plus {}; {} pour une personne connue de {} organismes",
                    percent(price.advantage_permille),
                    percent(price.advantage_several_permille),
                    price.organizations_per_person
                ),
            },
        ),
    ]);
}

/// Who has signed it.
fn standing(plan: &PlanRow, page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(lang.pick("Signatures", "Signatures"));
    let ours = match &plan.signed_at {
        Some(at) => format!("{} UTC", moment(at)),
        None => lang.pick("not signed", "non signé").to_owned(),
    };
    page.facts(&[
        (lang.pick("Id", "Identifiant"), plan.id.clone()),
        (lang.pick("We", "Nous"), ours),
        (lang.pick("Signed by", "Signé par"), names(&plan.signed_by, lang)),
        (lang.pick("Not signed by", "Non signé par"), names(&plan.unsigned, lang)),
    ]);
}
