//! Private statistics: tables with their intervals, who is in them, and the odometer.

use entente_core::codes::Code as _;
use entente_core::lang::Lang;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{CountingRule, CubeDimension};
use entente_node::local::doc::{
    BudgetTold, OwnState, StatsCell, StatsReleaseRow, StatsReturnTold, StatsStatusTold, StatsTable,
    StatsTold, SumRound, SumState, SumTold,
};

use super::labels::count;
use super::page::{Grid, Page, Tone};
use super::{Render, codes};

impl Render for StatsTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(self.plan.title.text(lang));
        for table in &self.tables {
            table.render(page);
        }
        legend(&self.tables, page);
        page.blank();
        page.facts(&[
            (lang.pick("Counted", "Unité comptée"), rule(&self.counting_rule, lang)),
            (
                lang.pick("Definition", "Définition"),
                codes::label("definition_profile", &self.definition, lang),
            ),
        ]);
        let m = self.organizations_per_person;
        if m > 1 {
            page.line(&lang.pick(
                format!("A person may be known to {m} organizations, and is then in the figures of each."),
                format!("Une personne peut être connue de {m} organismes et figure alors dans les chiffres de chacun."),
            ));
        }
        let mut cells = self.tables.iter().flat_map(|it| it.cells.iter().chain([&it.total]));
        if m > 1 && cells.any(|cell| cell.largest.is_some()) {
            page.say(
                "How many distinct persons there are lies between “At least” and the upper end of the interval, 19 times out of 20. “At least” is what the largest single contribution has at least; of a secure sum, the mean.",
                "Le nombre de personnes distinctes se situe entre «\u{a0}Au moins\u{a0}» et le haut de l’intervalle, 19 fois sur 20. «\u{a0}Au moins\u{a0}» est ce que compte au moins la plus grande contribution; pour une somme sécurisée, la moyenne.",
            );
        }
    }
}

fn rule(code: &str, lang: Lang) -> String {
    CountingRule::parse(code).map_or_else(|_| code.to_owned(), |rule| rule.label(lang).to_owned())
}

impl Render for StatsTable {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let revision = match (self.revision, lang) {
            (0, _) => String::new(),
            (n, Lang::En) => format!(", revision {n}"),
            (n, Lang::Fr) => format!(", révision {n}"),
        };
        page.title(&format!("{}, {}{revision}", self.cube, self.period));
        page.line(&super::codes::label("cube_counts", &self.counts, lang));
        page.table(cells(self, lang));
        exactness(self, page);
        if let Some(sum) = &self.sum {
            sum.render(page);
        }
        page.line(&super::count::heads(&self.coverage, lang));
        super::count::who_is_in_it(&self.coverage, page);
    }
}

fn cells(table: &StatsTable, lang: Lang) -> Grid {
    let dimension = |name: &String| CubeDimension::parse(name).ok();
    let mut header: Vec<String> = table
        .by
        .iter()
        .map(|name| dimension(name).map_or_else(|| name.clone(), |it| it.label(lang).to_owned()))
        .collect();
    let n = header.len();
    header.extend([
        lang.pick("Persons", "Personnes").to_owned(),
        lang.pick("95%", "95\u{a0}%").to_owned(),
        lang.pick("At least", "Au moins").to_owned(),
    ]);
    let mut grid = Grid::new(header).numeric([n, n + 1, n + 2]);
    for cell in &table.cells {
        let label = |name: &String| {
            let label = cell.key.get(name).map_or("", String::as_str);
            let text = dimension(name).map(|it| it.label_text(label, lang));
            (Tone::Plain, text.unwrap_or_else(|| label.to_owned()))
        };
        let mut row: Vec<_> = table.by.iter().map(label).collect();
        row.extend(figure(cell, lang));
        grid.toned(row);
    }
    let mut total = vec![(Tone::Plain, String::new()); n.saturating_sub(1)];
    total.insert(0, (Tone::Strong, "Total".to_owned()));
    total.extend(figure(&table.total, lang));
    grid.toned(total);
    grid
}

/// How exact a cell is, and how much more exact a secure sum would be.
fn exactness(table: &StatsTable, page: &mut Page<'_>) {
    let lang = page.lang();
    let Some(error) = table.error_hundredths else { return };
    let (sigma, error, secure) = (
        decimal(table.sigma_hundredths, lang),
        decimal(error, lang),
        decimal(table.secure_sum_error_hundredths, lang),
    );
    if table.sum.is_some() {
        page.line(&lang.pick(
            format!("Noise: {sigma} by each of the two who add up; error of a cell ±{error} (one standard deviation), however many contribute."),
            format!("Bruit\u{a0}: {sigma} par chacun des deux qui additionnent; erreur d’une cellule ±{error} (un écart-type), quel que soit le nombre de contributeurs."),
        ));
        return;
    }
    page.line(&lang.pick(
        format!("Noise: {sigma} in each contribution; error of a cell ±{error} (one standard deviation)."),
        format!("Bruit\u{a0}: {sigma} dans chaque contribution; erreur d’une cellule ±{error} (un écart-type)."),
    ));
    if table.error_hundredths > Some(table.secure_sum_error_hundredths) {
        let times = f64::from(table.error_hundredths.unwrap_or(0))
            / f64::from(table.secure_sum_error_hundredths.max(1));
        let times = lang.pick(format!("{times:.1}"), format!("{times:.1}").replace('.', ","));
        let line = lang.pick(
            format!("Each organization added its noise itself. If two of them added up in secret, the error would be ±{secure}: it is {times} times as large here."),
            format!("Chaque organisme a ajouté son bruit lui-même. Si deux d’entre eux additionnaient de façon chiffrée, l’erreur serait de ±{secure}\u{a0}: elle est ici {times} fois plus grande."),
        );
        let line = page.paint(Tone::Warning, &line);
        page.line(&line);
    }
}

impl Render for SumTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let (leader, helper) = (self.leader.name(lang), self.helper.name(lang));
        page.line(&lang.pick(
            format!(
                "Added up in secret by {leader} (leader) and {helper} (helper): {}.",
                state_label(self.state, lang)
            ),
            format!(
                "Additionnée de façon chiffrée par {leader} (calculateur principal) et {helper} (calculateur adjoint)\u{a0}: {}.",
                state_label(self.state, lang)
            ),
        ));
        if let Some(why) = &self.why {
            let line = page.paint(Tone::Warning, why.text.text(lang));
            page.line(&line);
        }
    }
}

fn state_label(state: SumState, lang: Lang) -> &'static str {
    match state {
        SumState::NotBegun => lang.pick("not begun", "non commencée"),
        SumState::Open => lang.pick("contributions are taken in", "réception des contributions"),
        SumState::Adding => lang.pick("being added up", "addition en cours"),
        SumState::Contributed => lang.pick("we contributed", "nous avons contribué"),
        SumState::Done => lang.pick("finished", "achevée"),
        SumState::Aborted => lang.pick("given up", "abandonnée"),
    }
}

/// The secure sums in which we add up and which are not finished.
pub(super) fn unfinished(sums: &[SumRound], page: &mut Page<'_>) {
    if sums.is_empty() {
        return;
    }
    let lang = page.lang();
    page.title(page.pick("Secure sums", "Sommes sécurisées"));
    for sum in sums {
        let SumRound { plan, cube, period, taken, refused, silent, .. } = sum;
        let revision =
            if sum.revision == 0 { String::new() } else { format!(" r{}", sum.revision) };
        let role = match sum.role.as_str() {
            "leader" => lang.pick("we lead", "calculateur principal"),
            _ => lang.pick("we help", "calculateur adjoint"),
        };
        let state = state_label(sum.state, lang);
        page.item(&lang.pick(
            format!("{plan} {cube} {period}{revision}, {role}: {state}"),
            format!("{plan} {cube} {period}{revision}, {role}\u{a0}: {state}"),
        ));
        if sum.state == SumState::Open && sum.role == "leader" {
            page.line(&lang.pick(
                format!("      {taken} contributed, {refused} refused, {silent} have not answered"),
                format!(
                    "      {taken} ont contribué, {refused} ont refusé, {silent} n’ont pas répondu"
                ),
            ));
        }
        if let Some(why) = &sum.why {
            page.line(&format!("      {}", why.text.text(lang)));
        }
        if sum.role == "leader" && sum.state != SumState::Aborted {
            page.next(&format!("entente stats run {plan}"));
        }
    }
}

fn decimal(hundredths: u32, lang: Lang) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    lang.pick(text.clone(), text.replace('.', ","))
}

/// The figure with its symbol, its interval and how many the largest contribution has at least.
fn figure(cell: &StatsCell, lang: Lang) -> [(Tone, String); 3] {
    let symbol = cell.symbol.as_deref().unwrap_or_default();
    let shown = match (cell.value, symbol) {
        (None, "..") => return [(Tone::Faint, "..".to_owned()), none(), none()],
        (None, symbol) => {
            (Tone::Faint, format!("<{}\u{a0}{symbol}", lang.number(u64::from(cell.floor))))
        }
        (Some(value), "") => (Tone::Plain, lang.number(value)),
        (Some(value), symbol) => (Tone::Plain, format!("{}\u{a0}{symbol}", lang.number(value))),
    };
    let interval = format!("{}–{}", lang.number(cell.low), lang.number(cell.high));
    let largest = cell.largest.map_or_else(none, |it| (Tone::Faint, lang.number(it)));
    [shown, (Tone::Plain, interval), largest]
}

fn none() -> (Tone, String) {
    (Tone::Faint, "—".to_owned())
}

/// The symbols that the tables use, in words.
fn legend(tables: &[StatsTable], page: &mut Page<'_>) {
    use entente_core::statistics::release::Symbol;
    let lang = page.lang();
    let cells = || tables.iter().flat_map(|it| it.cells.iter().chain([&it.total]));
    page.blank();
    for symbol in Symbol::ALL {
        if cells().any(|cell| cell.symbol.as_deref() == Some(symbol.code())) {
            let line = format!("{:<3} {}", symbol.code(), symbol.label(lang));
            let line = page.paint(Tone::Faint, &line);
            page.line(&line);
        }
    }
}

impl Render for StatsStatusTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.releases.is_empty() {
            page.say(
                "We have no part in figures of any plan that we have signed.",
                "Nous n’avons aucun rôle dans les plans que nous avons signés.",
            );
            page.next("entente plan list");
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Plan", "Plan"),
            lang.pick("Table", "Tableau"),
            lang.pick("Period", "Période"),
            lang.pick("Due", "Échéance"),
            lang.pick("Gave", "Donné"),
            lang.pick("Refused", "Refusé"),
            lang.pick("Silent", "Muets"),
            lang.pick("Our own", "La nôtre"),
            lang.pick("Secure sum", "Somme sécurisée"),
        ])
        .numeric([4, 5, 6]);
        for row in &self.releases {
            let tone = if row.due { Tone::Good } else { Tone::Faint };
            let revision =
                if row.revision == 0 { String::new() } else { format!(" r{}", row.revision) };
            grid.toned([
                (Tone::Plain, row.plan.clone()),
                (Tone::Plain, row.cube.clone()),
                (Tone::Plain, format!("{}{revision}", row.period)),
                (tone, row.due_on.clone()),
                (Tone::Plain, lang.number(row.answered)),
                (Tone::Plain, lang.number(row.refused)),
                (Tone::Plain, lang.number(row.silent)),
                own(row, lang),
                secret(row, lang),
            ]);
        }
        page.table(grid);
        for row in &self.releases {
            let Some(why) = &row.why else { continue };
            page.line(&format!("{} {} {}", row.plan, row.cube, row.period));
            let line = page.paint(Tone::Warning, &format!("      {}", why.text.text(lang)));
            page.line(&line);
        }
        if let Some(row) = self.releases.iter().find(|row| is_to_run(row)) {
            page.next(&format!("entente stats run {}", row.plan));
        }
    }
}

/// How far our own answer is.
fn own(row: &StatsReleaseRow, lang: Lang) -> (Tone, String) {
    match row.own {
        Some(OwnState::Drawn) => (Tone::Good, lang.pick("drawn", "produite").to_owned()),
        Some(OwnState::Charged) => (Tone::Plain, lang.pick("paid", "payée").to_owned()),
        None => (Tone::Faint, "—".to_owned()),
    }
}

/// What we are in a secure sum, and how far it is.
fn secret(row: &StatsReleaseRow, lang: Lang) -> (Tone, String) {
    let Some(state) = row.sum else { return (Tone::Faint, "—".to_owned()) };
    let tone = match state {
        SumState::Done => Tone::Good,
        SumState::Aborted => Tone::Bad,
        _ => Tone::Plain,
    };
    let role = |role: &String| match role.as_str() {
        "querier" => lang.pick("asks", "demande"),
        "leader" => lang.pick("leads", "dirige"),
        "helper" => lang.pick("helps", "seconde"),
        _ => lang.pick("contributes", "contribue"),
    };
    let roles = row.roles.iter().map(role).collect::<Vec<_>>().join(", ");
    (tone, format!("{} ({roles})", state_label(state, lang)))
}

/// Whether a run would bring a release further.
fn is_to_run(row: &StatsReleaseRow) -> bool {
    let runs = |role: &String| role == "querier" || role == "leader";
    row.due
        && row.roles.iter().any(runs)
        && match row.sum {
            None => row.silent > 0,
            Some(state) => !matches!(state, SumState::Done | SumState::Aborted),
        }
}

impl Render for StatsReturnTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let file = self.file.as_deref().unwrap_or(lang.pick("kept here", "conservé ici"));
        page.line(&lang.pick(
            format!("National return for {} written: {file}", self.period),
            format!("Rapport national pour {} écrit\u{a0}: {file}", self.period),
        ));
        page.facts(&[
            (lang.pick("Tables", "Tableaux"), lang.number(self.tables)),
            (
                lang.pick("Answers", "Réponses"),
                lang.pick(
                    format!(
                        "{} with figures, {} refused, {} never came",
                        self.answered, self.refused, self.silent
                    ),
                    format!(
                        "{} avec chiffres, {} refusées, {} jamais venues",
                        self.answered, self.refused, self.silent
                    ),
                ),
            ),
            ("SHA-256", self.sha256.clone()),
        ]);
        match &self.file {
            Some(file) => page.next(&format!("entente verify {file}")),
            None => page.next("entente stats returns"),
        }
    }
}

impl Render for BudgetTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.years.is_empty() {
            page.say(
                "No plan is signed, and nothing was spent.",
                "Aucun plan n’est signé, et rien n’a été dépensé.",
            );
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Year", "Année"),
            lang.pick("Spent (rho)", "Dépensé (rho)"),
            lang.pick("Cap (rho)", "Plafond (rho)"),
            lang.pick("Advantage", "Avantage"),
            lang.pick("For", "Pour"),
        ])
        .numeric([1, 2, 3]);
        for year in &self.years {
            let parts = year.partners.iter();
            let parts: Vec<_> = parts
                .map(|it| format!("{} {}", it.partner.name(lang), NanoRho(it.spent_nano_rho)))
                .collect();
            let is_full = year.spent_nano_rho >= year.cap_nano_rho;
            grid.toned([
                (Tone::Plain, year.year.to_string()),
                (
                    if is_full { Tone::Warning } else { Tone::Plain },
                    NanoRho(year.spent_nano_rho).to_string(),
                ),
                (Tone::Plain, NanoRho(year.cap_nano_rho).to_string()),
                (Tone::Plain, lang.percent(f64::from(year.advantage_permille) / 1000.0)),
                (Tone::Plain, parts.join("; ")),
            ]);
        }
        page.table(grid);
        let charges =
            count(self.charges, ("charge", "charges"), ("imputation", "imputations"), lang);
        let spent = NanoRho(self.spent_nano_rho);
        page.line(&lang.pick(
            format!("Odometer: {charges}, rho {spent} in all. It never goes back."),
            format!("Compteur\u{a0}: {charges}, rho {spent} en tout. Il ne recule jamais."),
        ));
        warnings(self, page);
    }
}

fn warnings(budget: &BudgetTold, page: &mut Page<'_>) {
    let lang = page.lang();
    if !budget.whole {
        let line = page.pick(
            "This node was set back: charges that partners hold are missing. Nothing new is drawn before they have shown them.",
            "Ce nœud a été ramené en arrière\u{a0}: des imputations détenues par des partenaires manquent. Rien de nouveau n’est produit avant qu’ils les aient montrées.",
        );
        let line = page.paint(Tone::Bad, line);
        page.line(&line);
    }
    if budget.undrawn > 0 {
        let n = count(budget.undrawn, ("release", "releases"), ("diffusion", "diffusions"), lang);
        let rho = NanoRho(budget.undrawn_nano_rho);
        page.line(&lang.pick(
            format!("Paid for and not drawn yet: {n}, rho {rho}. Nobody has seen a figure of it; it is drawn within a minute of the next question."),
            format!("Payé et pas encore produit\u{a0}: {n}, rho {rho}. Personne n’en a vu un chiffre; la production suit la prochaine demande de moins d’une minute."),
        ));
    }
    if budget.given_up > 0 {
        let n = count(budget.given_up, ("release", "releases"), ("diffusion", "diffusions"), lang);
        let rho = NanoRho(budget.given_up_nano_rho);
        let line = lang.pick(
            format!("Paid for secure sums that were given up: {n}, rho {rho}. It stays spent, and there are no figures."),
            format!("Payé pour des sommes sécurisées abandonnées\u{a0}: {n}, rho {rho}. Cela reste dépensé, et il n’y a pas de chiffres."),
        );
        let line = page.paint(Tone::Warning, &line);
        page.line(&line);
        page.next("entente stats status");
    }
    for partner in &budget.waiting_for {
        let name = partner.name(lang);
        page.line(&lang.pick(
            format!("Since the restore, nothing is drawn before {name} has asked. If it never will:"),
            format!("Depuis la restauration, rien n’est produit avant une demande de {name}. Si elle ne doit jamais venir\u{a0}:"),
        ));
        page.next(&format!("entente partner end {}", partner.short()));
    }
}
