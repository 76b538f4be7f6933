//! Overlap rounds: what they do and cost, where they stand, and what was counted.

use entente_core::lang::Lang;
use entente_core::statistics::budget::NanoRho;
use entente_node::local::doc::{
    OverlapCounted, OverlapDraftTold, OverlapListTold, OverlapOwn, OverlapPartyRow,
    OverlapRoundRow, OverlapSignTold, OverlapTold,
};

use super::Render;
use super::agreement::short;
use super::page::{Grid, Page, Tone};
use super::plan::{markdown, names};

impl Render for OverlapDraftTold {
    fn render(&self, page: &mut Page<'_>) {
        let Some(round) = &self.round else { return page.line(self.toml.trim_end()) };
        let id = short(&round.id);
        let line = page.lang().pick(
            format!("The overlap round {id} is kept here and sent. Nothing is signed yet."),
            format!("Le recoupement {id} est conservé ici et envoyé. Rien n’est encore signé."),
        );
        page.line(&line);
        standing(round, page);
        page.next(&format!("entente stats overlap sign {id}"));
    }
}

impl Render for OverlapSignTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let id = short(&self.round.id);
        if self.done {
            page.line(&lang.pick(
                format!("The overlap round {id} is signed. We answer its coordinator from now on."),
                format!(
                    "Le recoupement {id} est signé. Nous répondons désormais à son coordonnateur."
                ),
            ));
            standing(&self.round, page);
            return;
        }
        markdown(self.page.text(lang), page);
        page.facts(&[
            (
                lang.pick("Privacy cost per person", "Coût en confidentialité par personne"),
                format!("rho {}", NanoRho(self.nano_rho)),
            ),
            (
                lang.pick("An attacker’s advantage", "Avantage d’un attaquant"),
                lang.percent(f64::from(self.advantage_permille) / 1000.0),
            ),
        ]);
        page.blank();
        page.say("Nothing is signed yet.", "Rien n’est encore signé.");
    }
}

fn standing(round: &OverlapRoundRow, page: &mut Page<'_>) {
    let lang = page.lang();
    page.facts(&[
        (lang.pick("Signed by", "Signé par"), names(&round.signed_by, lang)),
        (lang.pick("Not signed by", "Non signé par"), names(&round.unsigned, lang)),
    ]);
    if round.our_part == "coordinator" && matches!(&*round.state, "signed" | "running") {
        page.next(&format!("entente stats overlap run {}", short(&round.id)));
    }
}

/// The words of a list, by their codes.
fn word(code: &str, lang: Lang) -> &str {
    let (en, fr) = match code {
        "contributor" => ("contributes", "contribue"),
        "first_helper" => ("mixes first", "mélange en premier"),
        "second_helper" => ("mixes second", "mélange en second"),
        "coordinator" => ("counts", "compte"),
        "proposed" => ("not signed by us", "non signé par nous"),
        "signed" => ("signed", "signé"),
        "running" => ("running", "en cours"),
        "counted" => ("counted", "compté"),
        "over" => ("over, keys destroyed", "terminé, clés détruites"),
        "waiting" => ("not yet", "pas encore"),
        "ready" => ("key made", "clé créée"),
        "given" => ("contributed", "a contribué"),
        "mixed" => ("mixed", "a mélangé"),
        "missing" => ("left out", "laissé de côté"),
        "refused" => ("refused", "refusé"),
        "unreachable" => ("not reached", "injoignable"),
        other => return other,
    };
    lang.pick(en, fr)
}

impl Render for OverlapListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.rounds.is_empty() {
            page.say("No overlap rounds yet.", "Aucun recoupement pour l’instant.");
            page.next("entente stats overlap draft --help");
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Round", "Recoupement"),
            lang.pick("Period", "Période"),
            lang.pick("Lists", "Listes"),
            lang.pick("Our part", "Notre rôle"),
            lang.pick("State", "État"),
            lang.pick("Not signed by", "Non signé par"),
        ]);
        for round in &self.rounds {
            grid.row([
                short(&round.id).to_owned(),
                round.period.clone(),
                round.lists.join(", "),
                word(&round.our_part, lang).to_owned(),
                word(&round.state, lang).to_owned(),
                names(&round.unsigned, lang),
            ]);
        }
        page.table(grid);
    }
}

impl Render for OverlapTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let round = &self.round;
        page.title(&lang.pick(
            format!("Overlap of lists, {} ({})", round.period, short(&round.id)),
            format!("Recoupement de listes, {} ({})", round.period, short(&round.id)),
        ));
        parties(&self.parties, page);
        if let Some(own) = &self.own {
            own_linkage(own, page);
        }
        match &self.counted {
            Some(counted) => counted_page(counted, &round.id, page),
            None => next(self, page),
        }
    }
}

fn parties(parties: &[OverlapPartyRow], page: &mut Page<'_>) {
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("Organization", "Organisme"),
        lang.pick("Part", "Rôle"),
        lang.pick("List", "Liste"),
        lang.pick("State", "État"),
    ]);
    for row in parties {
        let why = row.reasons.iter().map(|reason| reason.text.text(lang));
        let state = std::iter::once(word(&row.outcome, lang)).chain(why);
        let tone = match &*row.outcome {
            "refused" | "unreachable" | "missing" => Tone::Warning,
            _ => Tone::Plain,
        };
        grid.toned([
            (Tone::Plain, row.party.name(lang).to_owned()),
            (Tone::Plain, word(&row.part, lang).to_owned()),
            (Tone::Plain, row.list.clone().unwrap_or_else(|| "—".to_owned())),
            (tone, state.collect::<Vec<_>>().join(", ")),
        ]);
    }
    page.table(grid);
}

fn own_linkage(own: &OverlapOwn, page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(lang.pick("Our own persons", "Nos propres personnes"));
    page.facts(&[
        (lang.pick("In the round", "Dans le recoupement"), lang.number(own.usable)),
        (
            lang.pick("Left out: no name", "Écartées\u{a0}: sans nom"),
            lang.number(own.without_names),
        ),
        (
            lang.pick("Left out: no date of birth", "Écartées\u{a0}: sans date de naissance"),
            lang.number(own.without_birthdate),
        ),
        (
            lang.pick("Records without consent", "Dossiers sans consentement"),
            lang.number(own.not_covered),
        ),
    ]);
}

/// What is to be done next, at the coordinator.
fn next(told: &OverlapTold, page: &mut Page<'_>) {
    let id = short(&told.round.id);
    if told.round.our_part != "coordinator" || told.round.state == "over" {
        return;
    }
    let open = |row: &&OverlapPartyRow| {
        row.part == "contributor" && matches!(&*row.outcome, "refused" | "unreachable")
    };
    let lacking: Vec<_> = told.parties.iter().filter(open).collect();
    page.next(&format!("entente stats overlap run {id}"));
    if !lacking.is_empty() {
        let without = lacking.iter().map(|row| short(&row.party.id)).collect::<Vec<_>>().join(",");
        page.next(&format!("entente stats overlap run {id} --without {without}"));
    }
}

fn signed(n: i64, lang: Lang) -> String {
    let digits = lang.number(n.unsigned_abs());
    if n < 0 { format!("−{digits}") } else { digits }
}

fn decimal(hundredths: u32, lang: Lang) -> String {
    let text = format!("{}.{}", hundredths / 100, hundredths / 10 % 10);
    lang.pick(text.clone(), text.replace('.', ","))
}

fn counted_page(counted: &OverlapCounted, id: &str, page: &mut Page<'_>) {
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("On exactly these lists", "Exactement sur ces listes"),
        lang.pick("Persons", "Personnes"),
        lang.pick("Error", "Erreur"),
    ])
    .numeric([1, 2]);
    for cell in &counted.cells {
        let error = format!("±{}", decimal(cell.error_hundredths, lang));
        grid.row([cell.lists.join(" + "), signed(cell.count, lang), error]);
    }
    page.title(lang.pick("Who is on which lists", "Qui est sur quelles listes"));
    page.table(grid);
    page.say(
        "Every number has noise; the error is one standard deviation. Negative ones are normal.",
        "Chaque nombre comporte du bruit; l’erreur est un écart-type. Un nombre négatif est normal.",
    );
    page.title(lang.pick("How many persons", "Combien de personnes"));
    let (largest, sum) = (lang.number(counted.largest), lang.number(counted.sum));
    let error = decimal(counted.distinct_error_hundredths, lang);
    page.facts(&[
        (
            lang.pick("Without matching", "Sans appariement"),
            lang.pick(
                format!("between {largest} (the largest list) and {sum} (all added up)"),
                format!("entre {largest} (la plus grande liste) et {sum} (toutes additionnées)"),
            ),
        ),
        (
            lang.pick("Distinct persons", "Personnes distinctes"),
            format!("{} ±{error}", lang.number(counted.distinct)),
        ),
    ]);
    linkage(counted, page);
    page.next(&format!("entente stats overlap show {} --out overlap.csv", short(id)));
    page.next("entente stats mse overlap.csv");
}

fn linkage(counted: &OverlapCounted, page: &mut Page<'_>) {
    let lang = page.lang();
    let linkage = &counted.linkage;
    let error = decimal(linkage.error_hundredths, lang);
    let figure = |n: i64| format!("{} ±{error}", signed(n, lang));
    let share = linkage
        .usable_permille
        .map_or_else(|| "—".to_owned(), |permille| lang.percent(f64::from(permille) / 1000.0));
    page.title(lang.pick("How well persons could be matched", "Qualité de l’appariement"));
    page.facts(&[
        (
            lang.pick("Could be matched", "Appariables"),
            format!("{} ({share})", figure(linkage.usable)),
        ),
        (lang.pick("Left out: no name", "Écartées\u{a0}: sans nom"), figure(linkage.without_names)),
        (
            lang.pick("Left out: no date of birth", "Écartées\u{a0}: sans date de naissance"),
            figure(linkage.without_birthdate),
        ),
    ]);
    page.say(
        "Links that are missed make an estimate too high: a tenth of them by a tenth and more.",
        "Les liens manqués gonflent une estimation\u{a0}: un dixième de liens manqués, d’un dixième et plus.",
    );
    if let Some(n) = counted.uncovered.filter(|n| *n > 0) {
        let line = lang.pick(
            format!("{} persons are known to more organizations of one list than the terms allow for. Not for publication; allow for more next time.", lang.number(n)),
            format!("{} personnes sont connues de plus d’organismes d’une liste que prévu. À ne pas publier; prévoyez-en davantage la prochaine fois.", lang.number(n)),
        );
        let line = page.paint(Tone::Warning, &line);
        page.line(&line);
    }
}
