//! Services: where, when, how fresh, and what is free.

use entente_core::codes::{Code, Need, Province};
use entente_core::lang::Lang;
use entente_core::service::{Group, Status, Unit};
use entente_node::local::doc::{
    CapacityRow, CapacitySetTold, CapacityShowTold, ServiceChangeTold, ServiceExportTold,
    ServiceImportTold, ServiceListTold, ServiceRow, ServiceShowTold,
};

use super::Render;
use super::labels::moment;
use super::page::{Grid, Page, Tone};
use super::sponsor::source;

fn labels<C: Code>(codes: &[String], lang: Lang) -> String {
    let label = |text: &String| C::parse(text).map_or(text.clone(), |it| it.label(lang).to_owned());
    codes.iter().map(label).collect::<Vec<_>>().join(", ")
}

pub(super) fn label<C: Code>(code: &str, lang: Lang) -> String {
    labels::<C>(&[code.to_owned()], lang)
}

/// `2 beds (women) until 18:00`.
fn free(capacity: &CapacityRow, lang: Lang) -> String {
    let unit = label::<Unit>(&capacity.unit, lang);
    let of = capacity.maximum.map_or_else(String::new, |it| format!("/{it}"));
    let whom = labels::<Group>(&capacity.whom, lang);
    let whom = if whom.is_empty() { String::new() } else { format!(" ({whom})") };
    let until = lang.pick("until", "jusqu’au");
    format!("{}{of} {unit}{whom} {until} {}", capacity.available, moment(&capacity.until))
}

fn all_free(row: &ServiceRow, lang: Lang) -> String {
    if row.capacities.is_empty() {
        return "—".to_owned();
    }
    row.capacities.iter().map(|it| free(it, lang)).collect::<Vec<_>>().join("; ")
}

fn distance(row: &ServiceRow, lang: Lang) -> String {
    let Some(metres) = row.metres else { return "—".to_owned() };
    let tenths = metres.saturating_add(50) / 100;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    format!("{whole}{}{tenth} km", lang.pick(".", ","))
}

fn open(row: &ServiceRow, lang: Lang) -> (Tone, String) {
    let closed = || (Tone::Warning, label::<Status>(&row.status, lang));
    match row.open.as_str() {
        _ if row.status != "active" => closed(),
        "open" => (Tone::Good, lang.pick("open", "ouvert").to_owned()),
        "closed" => (Tone::Warning, lang.pick("closed", "fermé").to_owned()),
        _ => (Tone::Faint, lang.pick("unknown", "inconnu").to_owned()),
    }
}

fn fresh(row: &ServiceRow, lang: Lang) -> (Tone, String) {
    match (&row.confirmed_on, row.stale) {
        (Some(day), false) => (Tone::Plain, day.clone()),
        (Some(day), true) => {
            (Tone::Warning, format!("{day} ({})", lang.pick("stale", "non confirmé récemment")))
        }
        (None, _) => (Tone::Warning, lang.pick("never", "jamais").to_owned()),
    }
}

fn table(rows: &[ServiceRow], page: &mut Page<'_>) {
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("Service", "Service"),
        lang.pick("Organization", "Organisme"),
        lang.pick("Told by", "Source"),
        lang.pick("Distance", "Distance"),
        lang.pick("Now", "Maintenant"),
        lang.pick("Confirmed", "Confirmé"),
        lang.pick("Free", "Libre"),
        lang.pick("Id", "Identifiant"),
    ]);
    for row in rows {
        let issuer = match row.ours {
            true => lang.pick("us", "nous").to_owned(),
            false => source(row, lang),
        };
        grid.toned([
            (Tone::Plain, row.name.text(lang).to_owned()),
            (Tone::Plain, row.organization.text(lang).to_owned()),
            (Tone::Plain, issuer),
            (Tone::Plain, distance(row, lang)),
            open(row, lang),
            fresh(row, lang),
            (Tone::Plain, all_free(row, lang)),
            (Tone::Plain, row.id.get(..8).unwrap_or(&row.id).to_owned()),
        ]);
    }
    page.table(grid);
}

fn facts(row: &ServiceRow, page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(row.name.text(lang));
    let mut place =
        row.province.as_ref().map_or_else(String::new, |it| label::<Province>(it, lang));
    if row.hidden {
        place.push_str(lang.pick(" (the place is not told)", " (lieu tenu secret)"));
    }
    let (tone, now) = open(row, lang);
    let now = page.paint(tone, &now);
    let (tone, confirmed) = fresh(row, lang);
    let confirmed = page.paint(tone, &confirmed);
    page.facts(&[
        (lang.pick("Id", "Identifiant"), row.id.clone()),
        (lang.pick("Organization", "Organisme"), row.organization.text(lang).to_owned()),
        (lang.pick("Told by", "Source"), source(row, lang)),
        (lang.pick("Helps with", "Répond à"), labels::<Need>(&row.needs, lang)),
        (lang.pick("For", "Pour"), labels::<Group>(&row.groups, lang)),
        (lang.pick("Place", "Lieu"), place),
        (lang.pick("Now", "Maintenant"), now),
        (lang.pick("Confirmed", "Confirmé"), confirmed),
        (lang.pick("Free", "Libre"), all_free(row, lang)),
    ]);
}

impl Render for ServiceListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.services.is_empty() {
            page.say("No service fits.", "Aucun service ne correspond.");
        } else {
            table(&self.services, page);
        }
        let shown = lang.number(self.services.len() as u64);
        let total = lang.number(self.total);
        page.line(&match lang {
            Lang::En => format!("{shown} of {total} services"),
            Lang::Fr => format!("{shown} de {total} services"),
        });
        if self.hours_unknown > 0 {
            let n = lang.number(self.hours_unknown);
            page.line(&match lang {
                Lang::En => format!("{n} more do not say their hours; call them."),
                Lang::Fr => format!("{n} autres n’indiquent pas leur horaire; appelez-les."),
            });
        }
        if self.services.iter().any(|row| row.ours && row.stale && row.status == "active") {
            page.next(
                lang.pick("entente service confirm SERVICE", "entente service confirm SERVICE"),
            );
        }
    }
}

impl Render for ServiceShowTold {
    fn render(&self, page: &mut Page<'_>) {
        facts(&self.service, page);
        let lang = page.lang();
        let text = |field: &str| {
            let text = self.hsds.get(field).and_then(serde_json::Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let phones = self.hsds.get("phones").and_then(serde_json::Value::as_array);
        let phones: Vec<_> = phones
            .into_iter()
            .flatten()
            .filter_map(|phone| phone.get("number").and_then(serde_json::Value::as_str))
            .collect();
        page.facts(&[
            (lang.pick("Description", "Description"), text("description")),
            (lang.pick("Telephone", "Téléphone"), phones.join(", ")),
            (lang.pick("Page", "Page Web"), text("url")),
        ]);
    }
}

impl Render for ServiceChangeTold {
    fn render(&self, page: &mut Page<'_>) {
        match &self.service {
            Some(row) => facts(row, page),
            None => page.say("The service is deleted.", "Le service est supprimé."),
        }
    }
}

impl Render for ServiceImportTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(if self.dry_run {
            page.pick("Dry run: nothing was kept", "Essai à blanc\u{a0}: rien n’a été conservé")
        } else {
            page.pick("Import of services", "Importation de services")
        });
        page.facts(&[
            (lang.pick("Services", "Services"), lang.number(self.rows)),
            (lang.pick("Added", "Ajoutés"), lang.number(self.added)),
            (lang.pick("Changed", "Modifiés"), lang.number(self.changed)),
            (lang.pick("Unchanged", "Inchangés"), lang.number(self.unchanged)),
            (lang.pick("Not kept", "Non conservés"), lang.number(self.refused)),
            (lang.pick("Parts left out", "Parties omises"), lang.number(self.left_out)),
            (
                lang.pick("Set aside in", "Mis de côté dans"),
                self.quarantine.clone().unwrap_or_default(),
            ),
        ]);
        if self.problems.is_empty() {
            return;
        }
        page.title(page.pick("What was set aside", "Ce qui a été mis de côté"));
        super::record::problems(page, lang.pick("Field", "Champ"), &self.problems);
    }
}

impl Render for ServiceExportTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(page.pick("Services were written", "Les services ont été écrits"));
        page.facts(&[
            (lang.pick("Where", "Où"), self.file.clone()),
            (lang.pick("Layout", "Disposition"), self.layout.clone()),
            (lang.pick("Services", "Services"), lang.number(self.services)),
        ]);
        if self.for_partners {
            page.say(
                "It holds what only partners may see: do not publish it.",
                "Il contient ce que seuls les partenaires peuvent voir\u{a0}: ne le publiez pas.",
            );
        }
    }
}

impl Render for CapacitySetTold {
    fn render(&self, page: &mut Page<'_>) {
        facts(&self.service, page);
        let lang = page.lang();
        let told: Vec<_> = self.told.iter().map(|partner| partner.name(lang)).collect();
        if told.is_empty() {
            page.say(
                "No partner’s agreement grants the directory, so nobody was told.",
                "Aucune entente n’accorde le répertoire; personne n’en a été avisé.",
            );
        } else {
            page.line(&format!(
                "{} {}",
                lang.pick("Told to:", "Communiqué à\u{a0}:"),
                told.join(", ")
            ));
        }
    }
}

impl Render for CapacityShowTold {
    fn render(&self, page: &mut Page<'_>) {
        if self.services.is_empty() {
            page.say(
                "No service says what it has free.",
                "Aucun service n’indique ce qui est libre.",
            );
        } else {
            table(&self.services, page);
        }
    }
}
