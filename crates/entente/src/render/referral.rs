//! Referrals: lists of them, and one with its card, its rank and its timeline.

use entente_core::lang::Lang;
use entente_node::local::doc::{
    DutyRow, MatchRow, NeedCardRow, ReferralListTold, ReferralRow, ReferralStep, ReferralTold,
};

use super::Render;
use super::agreement::short;
use super::codes::{label, label_or_dash, labels};
use super::labels::moment;
use super::page::{Grid, Page, Tone};

/// The words of a step, by its code.
pub(crate) fn step(code: &str, lang: Lang) -> &str {
    let (en, fr) = match code {
        "created" => ("made, not offered", "créé, non offert"),
        "offered" => ("offered", "offert"),
        "offered_to" => ("offered to", "offert à"),
        "accepting" => ("accepted here, not decided", "accepté ici, non attribué"),
        "accepted" => ("accepted", "accepté"),
        "handed_over" | "handed_over_to" => ("handed over", "transmis"),
        "delivered" => ("delivered", "livré"),
        "opened" => ("opened", "ouvert"),
        "in_service" => ("in service", "service commencé"),
        "closing" => ("closed here, not confirmed", "fermé ici, non confirmé"),
        "closed" => ("closed", "fermé"),
        "done" => ("done", "terminé"),
        "declined" => ("declined", "refusé"),
        "unmet" => ("declined by all", "refusé par tous"),
        "won" => ("decided: has it", "attribué"),
        "taken" => ("taken by another", "pris par un autre"),
        "taken_back" => ("offer taken back", "offre retirée"),
        "withdrawn" | "revoked" => ("withdrawn", "retiré"),
        "expired" => ("expired", "expiré"),
        "reminded" => ("reminder", "rappel"),
        "overdue" => ("overdue", "en retard"),
        "open" => ("no answer yet", "sans réponse"),
        "asked" => ("asked for, not taken yet", "demandé, pas encore pris"),
        "refused" => ("not taken by the sponsor", "non pris par le parrain"),
        "withdrawing" => ("withdrawn here, not confirmed", "retiré ici, non confirmé"),
        other => return other,
    };
    lang.pick(en, fr)
}

fn tone(row: &ReferralRow) -> Tone {
    match row.step.as_str() {
        _ if row.overdue => Tone::Bad,
        "accepted" | "handed_over" | "delivered" | "opened" | "in_service" | "done" => Tone::Good,
        "unmet" | "expired" => Tone::Bad,
        "taken" | "revoked" | "declined" => Tone::Faint,
        _ => Tone::Warning,
    }
}

fn who(row: &ReferralRow, lang: Lang) -> String {
    match (&row.with, row.ours) {
        (Some(with), true) => with.name.text(lang).to_owned(),
        (_, false) => row.home.name.text(lang).to_owned(),
        (None, true) if row.asked > 0 => match lang {
            Lang::En => format!("{} asked", lang.number(row.asked.into())),
            Lang::Fr => format!("offert à {}", lang.number(row.asked.into())),
        },
        (None, true) => "—".to_owned(),
    }
}

/// Referrals as a table.
pub(crate) fn table(rows: &[ReferralRow], page: &mut Page<'_>) {
    let lang = page.lang();
    if rows.is_empty() {
        page.say("No referrals here.", "Aucun aiguillage ici.");
        return;
    }
    let mut grid = Grid::new([
        lang.pick("Referral", "Aiguillage"),
        lang.pick("With", "Avec"),
        lang.pick("Needs", "Besoins"),
        lang.pick("Urgency", "Urgence"),
        lang.pick("Step", "Étape"),
        lang.pick("Due", "Échéance"),
    ]);
    for row in rows {
        let needs = labels("need", &row.needs, lang);
        let due = row.due.as_deref().map(moment).unwrap_or_else(|| "—".to_owned());
        // Two organizations may give one name: then whose it is tells them apart.
        let is_twin = |it: &ReferralRow| it.id == row.id && it.home.id != row.home.id;
        let name = match rows.iter().any(is_twin) {
            true => format!("{}@{}", short(&row.id), short(&row.home.id)),
            false => short(&row.id).to_owned(),
        };
        grid.toned([
            (Tone::Plain, name),
            (Tone::Plain, who(row, lang)),
            (Tone::Plain, if needs.is_empty() { "—".to_owned() } else { needs }),
            (Tone::Plain, label_or_dash("urgency", row.urgency.as_ref(), lang)),
            (tone(row), step(&row.step, lang).to_owned()),
            (if row.overdue { Tone::Bad } else { Tone::Plain }, due),
        ]);
    }
    page.table(grid);
}

impl Render for ReferralListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.referrals.is_empty() {
            page.say("No referrals here.", "Aucun aiguillage ici.");
            return;
        }
        table(&self.referrals, page);
        if self.referrals.iter().any(|row| row.overdue) && !self.coordinator.is_empty() {
            let to = &self.coordinator;
            page.line(&lang.pick(
                format!("What is overdue goes to: {to}"),
                format!("En retard, à signaler à\u{a0}: {to}"),
            ));
        }
    }
}

impl Render for ReferralTold {
    fn render(&self, page: &mut Page<'_>) {
        head(self, page);
        if let Some(card) = &self.card {
            card_facts(card, page);
        } else {
            page.say("The card was destroyed.", "La fiche a été détruite.");
        }
        duties(&self.duties, page);
        offers(self, page);
        matches(&self.matches, page);
        timeline(&self.timeline, page);
        next(&self.referral, page);
    }
}

fn head(told: &ReferralTold, page: &mut Page<'_>) {
    let (lang, row) = (page.lang(), &told.referral);
    let title =
        lang.pick(format!("Referral {}", short(&row.id)), format!("Aiguillage {}", short(&row.id)));
    page.title(&title);
    let state = page.paint(tone(row), step(&row.step, lang));
    let outcome = row.outcome.as_ref().map(|it| label("referral_outcome", it, lang));
    let barrier = row.barrier.as_ref().map(|it| label("barrier", it, lang));
    page.facts(&[
        (lang.pick("Step", "Étape"), state),
        (lang.pick("Outcome", "Résultat"), outcome.unwrap_or_default()),
        (lang.pick("Barrier", "Motif"), barrier.unwrap_or_default()),
        (lang.pick("From", "De"), row.home.name.text(lang).to_owned()),
        (
            lang.pick("With", "Avec"),
            row.with.as_ref().map(|it| it.name.text(lang).to_owned()).unwrap_or_default(),
        ),
        (lang.pick("Record", "Dossier"), row.record.clone().unwrap_or_default()),
        (
            lang.pick("Asked for by", "Demandé par"),
            row.on_behalf_of.as_ref().map(|it| it.name.text(lang).to_owned()).unwrap_or_default(),
        ),
        (lang.pick("Since", "Depuis"), moment(&row.since)),
        (lang.pick("Due", "Échéance"), row.due.as_deref().map(moment).unwrap_or_default()),
        (lang.pick("Lapses", "Expire"), row.expires.as_deref().map(moment).unwrap_or_default()),
    ]);
}

pub(crate) fn card_facts(card: &NeedCardRow, page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(lang.pick("Need card", "Fiche de besoins"));
    let yes = |it: bool| if it { lang.pick("yes", "oui").to_owned() } else { String::new() };
    let one = |list: &str, code: &Option<String>| {
        code.as_ref().map(|code| label(list, code, lang)).unwrap_or_default()
    };
    let area = card.area.as_ref().map(|code| super::codes::value_label("place", code, lang));
    page.facts(&[
        (lang.pick("Needs", "Besoins"), labels("need", &card.needs, lang)),
        (lang.pick("Urgency", "Urgence"), label("urgency", &card.urgency, lang)),
        (lang.pick("Risk", "Risque"), label("risk", &card.risk, lang)),
        (lang.pick("Age", "Âge"), label("majority", &card.age, lang)),
        (lang.pick("Gender", "Genre"), one("gender_shared", &card.gender)),
        (lang.pick("Language", "Langue"), card.language.clone().unwrap_or_default()),
        (lang.pick("Interpreter", "Interprétation"), yes(card.interpreter)),
        (lang.pick("Where", "Où"), area.unwrap_or_default()),
        (lang.pick("Access", "Accessibilité"), labels("access_need", &card.access, lang)),
        (
            lang.pick("Dependants", "Personnes à charge"),
            label("dependants", &card.dependants, lang),
        ),
        (lang.pick("Safety", "Sécurité"), labels("safety_flag", &card.safety, lang)),
        (lang.pick("Status", "Statut"), one("status_group", &card.status)),
        (
            lang.pick("Indigenous service wanted", "Service autochtone souhaité"),
            yes(card.indigenous_service),
        ),
    ]);
}

fn duties(duties: &[DutyRow], page: &mut Page<'_>) {
    if duties.is_empty() {
        return;
    }
    let lang = page.lang();
    page.title(lang.pick(
        "The person is or may be a minor: a duty to report may apply",
        "La personne est ou pourrait être mineure\u{a0}: une obligation de signalement peut s’appliquer",
    ));
    for duty in duties {
        let statute = duty.statute.text(lang);
        let section = duty.section.as_ref().map(|section| match lang {
            Lang::En => format!(", s. {section}"),
            Lang::Fr => format!(", art. {section}"),
        });
        let (section, to) = (section.unwrap_or_default(), duty.authority.text(lang));
        page.item(&lang.pick(
            format!("{statute}{section}: report to {to}"),
            format!("{statute}{section}\u{a0}: signaler à {to}"),
        ));
    }
    page.say(
        "Without a consent, a referral rests on `--override child_protection_duty` for that recipient.",
        "Sans consentement, un aiguillage repose sur `--override child_protection_duty` pour ce destinataire.",
    );
}

fn offers(told: &ReferralTold, page: &mut Page<'_>) {
    if told.offers.is_empty() {
        return;
    }
    let lang = page.lang();
    page.title(lang.pick("Offers", "Offres"));
    for offer in &told.offers {
        let name = offer.partner.name.text(lang);
        let state = step(&offer.step, lang);
        let barrier = offer.barrier.as_ref().map(|it| label("barrier", it, lang));
        let barrier = barrier.map(|it| format!(" ({it})")).unwrap_or_default();
        page.item(
            &lang.pick(
                format!("{name}: {state}{barrier}"),
                format!("{name}\u{a0}: {state}{barrier}"),
            ),
        );
    }
}

fn matches(matches: &[MatchRow], page: &mut Page<'_>) {
    if matches.is_empty() {
        return;
    }
    let lang = page.lang();
    page.title(
        lang.pick(
            "Who might take it, the best first",
            "Qui pourrait le prendre, le meilleur d’abord",
        ),
    );
    for found in matches {
        let name = found.partner.name.text(lang);
        let service = found.name.text(lang);
        let name = if service == name { name.to_owned() } else { format!("{service}, {name}") };
        let verdict = match (found.fits, found.may_ask) {
            (true, true) => found.score.to_string(),
            (false, _) => lang.pick("does not fit", "ne convient pas").to_owned(),
            (true, false) => lang.pick("may not be asked", "ne peut recevoir l’offre").to_owned(),
        };
        page.item(&lang.pick(format!("{name}: {verdict}"), format!("{name}\u{a0}: {verdict}")));
        for reason in &found.reasons {
            let points = reason.points.map_or("✗".to_owned(), |points| format!("{points:+}"));
            page.line(&format!("      {points:>4}  {}", reason.text.text(lang)));
        }
        for refusal in &found.refusals {
            page.line(&format!("         ✗  {}", refusal.text.text(lang)));
        }
    }
}

fn timeline(steps: &[ReferralStep], page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(lang.pick("What happened", "Ce qui s’est passé"));
    for it in steps {
        let partner = it.partner.as_ref().map(|it| format!(" · {}", it.name.text(lang)));
        let by = if it.by.is_empty() { String::new() } else { format!(" · {}", it.by) };
        let detail = detail(&it.detail, lang);
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        page.line(&format!(
            "  {}  {}{detail}{}{by}",
            moment(&it.at),
            step(&it.code, lang),
            partner.unwrap_or_default()
        ));
    }
}

/// A barrier or an outcome in words.
fn detail(code: &str, lang: Lang) -> String {
    match label("referral_outcome", code, lang) {
        text if text == code => label("barrier", code, lang),
        text => text,
    }
}

fn next(row: &ReferralRow, page: &mut Page<'_>) {
    let id = short(&row.id);
    match (row.ours, row.step.as_str()) {
        (true, "created" | "unmet") => {
            page.next(&format!("entente referral offer {id} --matching"))
        }
        (true, "expired") => {
            page.next(&format!("entente referral withdraw {id}"));
            page.say(
                "Nobody took it in time. A new referral of the same record, or this, takes it off the list of what waits.",
                "Personne ne l’a pris à temps. Un nouvel aiguillage du même dossier, ou cette commande, le retire de la liste de ce qui attend.",
            );
        }
        (false, "offered") => page.next(&format!("entente referral accept {id}")),
        (false, "accepting") => page.say(
            "Its home decides as soon as it reads this: see `entente referral inbox`.",
            "Son organisme décide dès qu’il lit ceci\u{a0}: voyez `entente referral inbox`.",
        ),
        (false, "handed_over" | "opened") => page.next(&format!("entente referral start {id}")),
        _ => {}
    }
}
