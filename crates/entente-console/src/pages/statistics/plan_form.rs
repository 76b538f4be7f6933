//! The form of a release plan: what the node says of a draft as fields, and what was typed as a question to
//! the node.
//!
//! Everything that the form holds is a list of names and values, whether the node said it or a browser sent
//! it, so there is one way to show it. A field is named as the draft names its key. Numbers are read here;
//! what they may be is decided by the node.

use entente_core::lang::{Lang, sentence};
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{MAX_CUBES, MAX_DIMENSIONS};
use entente_node::fault::Both;
use entente_node::local::doc::{
    PlanCube, PlanDraftAsk, PlanDraftTold, PlanMember, PlanProblemRow, PlanSettings,
};

/// Names and values, several for several boxes.
pub(super) type Typed = Vec<(String, String)>;

/// How many questions more than the template has can be added at once.
const SPARE: usize = 2;

/// The first value of a name.
pub(super) fn value<'t>(typed: &'t [(String, String)], name: &str) -> &'t str {
    typed.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
}

/// All values of a name.
pub(super) fn values(typed: &[(String, String)], name: &str) -> Vec<String> {
    let all = typed.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
    all.map(|(_, value)| value.trim().to_owned()).collect()
}

/// Whether a box is ticked or a choice is made.
pub(super) fn has(typed: &[(String, String)], name: &str, value: &str) -> bool {
    typed.iter().any(|(known, it)| known == name && it == value)
}

/// A number with up to so many decimals, as people of either language write it, in its smallest unit.
pub(super) fn decimal(text: &str, n_decimals: usize) -> Option<u64> {
    let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    let text = text.replace(',', ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let is_number = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    let has_digits = !(whole.is_empty() && part.is_empty()) && whole.len() <= 9;
    if !has_digits || part.len() > n_decimals || !is_number(whole) || !is_number(part) {
        return None;
    }
    format!("{whole}{part:0<n_decimals$}").parse().ok()
}

/// Rho as it is typed.
fn rho(nano: u64, lang: Lang) -> String {
    NanoRho(nano).text(lang)
}

/// What the node says of a draft, as the form holds it.
pub(super) fn typed(told: &PlanDraftTold, from: &str, lang: Lang) -> Typed {
    let PlanSettings {
        name,
        version,
        title,
        first_year,
        last_year,
        counting_rule,
        definition,
        nano_rho_per_year,
        node_cap_nano_rho_per_year,
        partner_cap_nano_rho_per_year,
        first_after_days,
        revisions_after_days,
        min_contributors,
        min_outside,
        organizations_per_person,
        floor,
        round_to_5,
        cubes,
    } = &told.settings;
    let days: Vec<_> = revisions_after_days.iter().map(u32::to_string).collect();
    let mut typed: Typed = Vec::new();
    let mut put = |name: &str, value: String| typed.push((name.to_owned(), value));
    put("from", from.to_owned());
    put("name", name.clone());
    put("version", version.to_string());
    put("title.en", title.en.clone());
    put("title.fr", title.fr.clone());
    put("first_year", first_year.to_string());
    put("last_year", last_year.to_string());
    put("counting_rule", counting_rule.clone());
    put("definition", definition.clone());
    put("budget.nano_rho_per_year", rho(*nano_rho_per_year, lang));
    put("budget.node_cap_nano_rho_per_year", rho(*node_cap_nano_rho_per_year, lang));
    put("budget.partner_cap_nano_rho_per_year", rho(*partner_cap_nano_rho_per_year, lang));
    put("schedule", first_after_days.to_string());
    put("schedule.revisions_after_days", days.join(", "));
    put("safeguards.min_contributors", min_contributors.to_string());
    put("safeguards.min_outside", min_outside.to_string());
    put("safeguards.organizations_per_person", organizations_per_person.to_string());
    put("safeguards.floor", floor.map(|it| it.to_string()).unwrap_or_default());
    if *round_to_5 {
        put("safeguards.round_to_5", "true".to_owned());
    }
    for PlanMember { organization, asks, contributes, .. } in &told.members {
        if *asks {
            put("asks", organization.id.clone());
        }
        if *contributes {
            put("contributes", organization.id.clone());
        }
    }
    for (name, who) in ["leader", "helper"].into_iter().zip(&told.aggregators) {
        put(name, who.id.clone());
    }
    let n = (cubes.len() + SPARE).min(MAX_CUBES);
    for at in 0..n {
        let cube = cubes.get(at);
        let mut put = |key: &str, value: String| put(&format!("cube.{at}.{key}"), value);
        put("name", cube.map(|it| it.name.clone()).unwrap_or_default());
        if cube.is_some() {
            put("on", "true".to_owned());
        }
        for by in 0..MAX_DIMENSIONS {
            let dimension = cube.and_then(|it| it.dimensions.get(by));
            put(&format!("by.{by}"), dimension.cloned().unwrap_or_default());
        }
        put("period", cube.map_or_else(|| "year".to_owned(), |it| it.period.clone()));
        put("price", cube.map(|it| rho(it.nano_rho, lang)).unwrap_or_default());
        put("revision", cube.map_or_else(|| "0".to_owned(), |it| rho(it.revision_nano_rho, lang)));
    }
    typed
}

/// How many questions the form has room for.
pub(super) fn n_cubes(typed: &[(String, String)]) -> usize {
    let is_there = |at: &usize| {
        let name = format!("cube.{at}.name");
        typed.iter().any(|(known, _)| *known == name)
    };
    (0..MAX_CUBES).take_while(is_there).count()
}

/// Reads numbers, and writes down where there is none.
struct Read<'t> {
    typed: &'t [(String, String)],
    problems: Vec<PlanProblemRow>,
}

impl Read<'_> {
    fn wrong(&mut self, place: &str, en: &str, fr: &str) {
        let problem =
            PlanProblemRow { place: place.to_owned(), text: Both::new(sentence(en), sentence(fr)) };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn whole<N: std::str::FromStr + Default>(&mut self, name: &str) -> N {
        value(self.typed, name).parse().unwrap_or_else(|_| {
            self.wrong(name, "must be a whole number", "doit être un nombre entier");
            N::default()
        })
    }

    /// Rho at `name`, whose problems are told at `place`.
    fn rho(&mut self, name: &str, place: &str) -> u64 {
        decimal(value(self.typed, name), 9).unwrap_or_else(|| {
            self.wrong(
                place,
                "must be a number such as 0.02355",
                "doit être un nombre comme 0,02355",
            );
            0
        })
    }

    fn days(&mut self, name: &str) -> Vec<u32> {
        let parts = value(self.typed, name).split([',', ';', ' ']).filter(|it| !it.is_empty());
        let days: Option<Vec<u32>> = parts.map(|it| it.parse().ok()).collect();
        days.unwrap_or_else(|| {
            self.wrong(
                "schedule",
                "must be whole numbers of days, separated by commas",
                "doivent être des nombres entiers de jours, séparés par des virgules",
            );
            Vec::new()
        })
    }

    fn cube(&mut self, at: usize) -> Option<PlanCube> {
        let key = |key: &str| format!("cube.{at}.{key}");
        if !has(self.typed, &key("on"), "true") {
            return None;
        }
        let by = (0..MAX_DIMENSIONS).map(|by| value(self.typed, &key(&format!("by.{by}"))));
        Some(PlanCube {
            name: value(self.typed, &key("name")).to_owned(),
            dimensions: by.filter(|it| !it.is_empty()).map(str::to_owned).collect(),
            period: value(self.typed, &key("period")).to_owned(),
            nano_rho: self.rho(&key("price"), "cube.nano_rho"),
            revision_nano_rho: self.rho(&key("revision"), "cube.revision_nano_rho"),
        })
    }
}

/// What was typed as a question to the node, or what could not be read.
pub(super) fn ask(typed: &[(String, String)]) -> Result<PlanDraftAsk, Vec<PlanProblemRow>> {
    let mut read = Read { typed, problems: Vec::new() };
    let text = |name: &str| value(typed, name).to_owned();
    let floor = match value(typed, "safeguards.floor") {
        "" => None,
        _ => Some(read.whole("safeguards.floor")),
    };
    let settings = PlanSettings {
        name: text("name"),
        version: read.whole("version"),
        title: Both::new(text("title.en"), text("title.fr")),
        first_year: read.whole("first_year"),
        last_year: read.whole("last_year"),
        counting_rule: text("counting_rule"),
        definition: text("definition"),
        nano_rho_per_year: read.rho("budget.nano_rho_per_year", "budget.nano_rho_per_year"),
        node_cap_nano_rho_per_year: read
            .rho("budget.node_cap_nano_rho_per_year", "budget.node_cap_nano_rho_per_year"),
        partner_cap_nano_rho_per_year: read
            .rho("budget.partner_cap_nano_rho_per_year", "budget.partner_cap_nano_rho_per_year"),
        first_after_days: read.whole("schedule"),
        revisions_after_days: read.days("schedule.revisions_after_days"),
        min_contributors: read.whole("safeguards.min_contributors"),
        min_outside: read.whole("safeguards.min_outside"),
        organizations_per_person: read.whole("safeguards.organizations_per_person"),
        floor,
        round_to_5: has(typed, "safeguards.round_to_5", "true"),
        cubes: (0..n_cubes(typed)).filter_map(|at| read.cube(at)).collect(),
    };
    let aggregators = [text("leader"), text("helper")];
    let n_named = aggregators.iter().filter(|it| !it.is_empty()).count();
    if n_named == 1 {
        read.wrong("roles.aggregators", "must be two, or nobody", "doivent être deux, ou personne");
    }
    if !read.problems.is_empty() {
        return Err(read.problems);
    }
    Ok(PlanDraftAsk {
        queriers: values(typed, "asks"),
        contributors: values(typed, "contributes"),
        aggregators: if n_named == 2 { aggregators.to_vec() } else { Vec::new() },
        template: template(value(typed, "from")),
        settings: Some(settings),
        form: true,
        propose: false,
    })
}

/// The plan for Canada, as an address names it.
pub(super) const BUILT_IN: &str = "canada-v1";

/// The template as the node is asked for it.
pub(super) fn template(from: &str) -> Option<String> {
    (from != BUILT_IN && !from.is_empty()).then(|| from.to_owned())
}

#[cfg(test)]
mod tests {
    use entente_node::local::doc::Named;

    use super::*;

    fn told() -> PlanDraftTold {
        let who = |id: &str| Named { id: id.to_owned(), name: Both::new("A", "A") };
        let member = |id: &str, asks| PlanMember {
            organization: who(id),
            kind: "ngo".to_owned(),
            asks,
            contributes: !asks,
        };
        let cube = PlanCube {
            name: "province".to_owned(),
            dimensions: vec!["province".to_owned(), "quarter".to_owned()],
            period: "year".to_owned(),
            nano_rho: 23_550_000,
            revision_nano_rho: 0,
        };
        PlanDraftTold {
            toml: String::new(),
            queriers: vec![who("01")],
            contributors: vec![who("02")],
            aggregators: vec![who("01"), who("02")],
            settings: PlanSettings {
                name: "canada".to_owned(),
                version: 2,
                title: Both::new("Figures", "Chiffres"),
                first_year: 2025,
                last_year: 2026,
                counting_rule: "persons".to_owned(),
                definition: "programme".to_owned(),
                nano_rho_per_year: 23_550_000,
                node_cap_nano_rho_per_year: 88_150_000,
                partner_cap_nano_rho_per_year: 1_000_000_000,
                first_after_days: 31,
                revisions_after_days: vec![90, 365],
                min_contributors: 5,
                min_outside: 3,
                organizations_per_person: 3,
                floor: Some(15),
                round_to_5: true,
                cubes: vec![cube],
            },
            members: vec![member("01", true), member("02", false)],
            problems: Vec::new(),
            differences: Vec::new(),
            page: None,
            price: None,
            plan: None,
        }
    }

    #[test]
    fn a_form_that_nobody_touched_asks_for_what_it_was_made_from_in_both_languages() {
        for lang in [Lang::En, Lang::Fr] {
            let ask = ask(&typed(&told(), BUILT_IN, lang)).unwrap();
            assert_eq!(ask.settings, Some(told().settings));
            assert_eq!((ask.queriers, ask.contributors), (vec!["01".into()], vec!["02".into()]));
            assert_eq!(ask.aggregators, ["01", "02"]);
            assert_eq!((ask.template, ask.form, ask.propose), (None, true, false));
        }
    }

    #[test]
    fn what_is_no_number_is_told_at_its_field() {
        let mut typed = typed(&told(), "abcd", Lang::Fr);
        for (name, value) in &mut typed {
            match name.as_str() {
                "version" => *value = "deux".to_owned(),
                "cube.0.price" => *value = "-1".to_owned(),
                "helper" => value.clear(),
                _ => {}
            }
        }
        let places: Vec<_> = ask(&typed).unwrap_err().into_iter().map(|it| it.place).collect();
        assert_eq!(places, ["version", "cube.nano_rho", "roles.aggregators"]);
    }

    #[test]
    fn a_question_that_is_not_ticked_is_not_asked() {
        let mut typed = typed(&told(), BUILT_IN, Lang::En);
        assert_eq!(n_cubes(&typed), 3);
        typed.retain(|(name, _)| name != "cube.0.on");
        assert!(ask(&typed).unwrap().settings.unwrap().cubes.is_empty());
    }

    #[test]
    fn a_decimal_is_read_as_either_language_writes_it_and_nothing_else_is() {
        for (text, nano) in [("0.02355", 23_550_000), ("0,02355", 23_550_000), ("1", 1_000_000_000)]
        {
            assert_eq!(decimal(text, 9), Some(nano), "{text}");
        }
        assert_eq!(decimal(".5", 3), Some(500));
        assert_eq!(decimal("1\u{a0}000", 0), Some(1_000));
        for text in ["", ".", "-1", "1e3", "0.1234", "1.2.3", "9999999999", "zéro"] {
            assert_eq!(decimal(text, 3), None, "{text}");
        }
    }
}
