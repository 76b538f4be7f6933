//! Everything that is known of a service, from its HSDS document to what a page shows.
//!
//! The document is what a partner may see: of a place that is not told it has the province and nothing
//! else. French texts stand in attributes beside the English ones.

use entente_core::lang::Lang;
use serde_json::Value;

use crate::page::{Page, hour_text};

/// The days of the week, as HSDS has them, in order.
pub(crate) const DAYS: [(&str, &str, &str); 7] = [
    ("MO", "Monday", "lundi"),
    ("TU", "Tuesday", "mardi"),
    ("WE", "Wednesday", "mercredi"),
    ("TH", "Thursday", "jeudi"),
    ("FR", "Friday", "vendredi"),
    ("SA", "Saturday", "samedi"),
    ("SU", "Sunday", "dimanche"),
];

/// A service, as one reads its document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Full<'a> {
    pub(super) p: &'a Page,
    pub(super) hsds: &'a Value,
}

/// A text, and its language where that is not the language of the page. `parts/said.html` shows it as `said`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) lang: Option<Lang>,
}

/// A text of an object that has no language.
fn plain<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The attribute of an object in this taxonomy, with this code.
fn attribute<'a>(object: &'a Value, taxonomy: &str, code: &str) -> Option<&'a str> {
    let found = list(object, "attributes").iter().find(|it| {
        let term = it.get("taxonomy_term");
        let is = |field: &str, text: &str| term.is_some_and(|term| plain(term, field) == text);
        is("taxonomy", taxonomy) && is("code", code)
    });
    found.map(|it| plain(it, "value"))
}

/// All codes of an object in this taxonomy.
fn codes(object: &Value, taxonomy: &str) -> Vec<String> {
    let terms = list(object, "attributes").iter().filter_map(|it| it.get("taxonomy_term"));
    let ours = terms.filter(|term| plain(term, "taxonomy") == taxonomy);
    ours.map(|term| plain(term, "code").to_owned()).collect()
}

/// A text of an object in English and in French; one of them may be blank.
pub(super) fn both<'a>(object: &'a Value, field: &str) -> (&'a str, &'a str) {
    let text = plain(object, field);
    if let Some(french) = attribute(object, "entente-text-fr-alone", &format!("{field}-alone")) {
        return ("", french);
    }
    (text, attribute(object, "entente-text-fr", field).unwrap_or_default())
}

impl<'a> Full<'a> {
    /// A text of a part, in the language of the page if there is one.
    fn text(&self, object: &'a Value, field: &str) -> &'a str {
        let (en, fr) = both(object, field);
        let text = self.p.lang.pick(en, fr);
        if text.is_empty() { self.p.lang.pick(fr, en) } else { text }
    }

    /// The same, with its language.
    fn said(&self, object: &'a Value, field: &str) -> Said {
        let (en, fr) = both(object, field);
        Said { text: self.text(object, field).to_owned(), lang: self.p.other_lang(en, fr) }
    }

    /// The texts of parts in one, with their language if that is one.
    fn joined(&self, parts: &str, field: &str) -> Said {
        let all = list(self.hsds, parts).iter().map(|it| self.said(it, field));
        let all: Vec<_> = all.filter(|it| !it.text.is_empty()).collect();
        let lang = all.first().and_then(|it| it.lang);
        let is_one = all.iter().all(|it| it.lang == lang);
        let texts: Vec<_> = all.iter().map(|it| it.text.as_str()).collect();
        Said { text: texts.join(", "), lang: lang.filter(|_| is_one) }
    }

    /// What it does.
    pub(super) fn description(&self) -> Said {
        self.said(self.hsds, "description")
    }

    /// What should be known today.
    pub(super) fn alert(&self) -> Said {
        self.said(self.hsds, "alert")
    }

    /// The texts about who can have it and how, with what each is.
    pub(super) fn terms(&self) -> Vec<(&'static str, Said)> {
        let p = self.p;
        let text = |field: &str| self.said(self.hsds, field);
        let here = |text: String| Said { text, lang: None };
        let rows = [
            (p.t("Who can have it", "Admissibilité"), text("eligibility_description")),
            (p.t("Age", "Âge"), here(self.ages())),
            (p.t("Gender", "Genre"), here(p.labels("gender", &codes(self.hsds, "entente-gender")))),
            (
                p.t("For whom it is made", "Public visé"),
                here(p.labels("service_group", &codes(self.hsds, "entente-service-group"))),
            ),
            (p.t("Accessibility", "Accessibilité"), here(p.labels("access_need", &self.access()))),
            (p.t("Languages", "Langues"), here(self.languages())),
            (p.t("Interpretation", "Interprétation"), text("interpretation_services")),
            (p.t("How to apply", "Comment présenter une demande"), text("application_process")),
            (p.t("Costs", "Coûts"), self.costs()),
            (p.t("Documents to show", "Documents à présenter"), self.documents()),
            (p.t("People without status", "Personnes sans statut"), here(self.without_status())),
            (p.t("Area", "Territoire desservi"), self.joined("service_areas", "name")),
        ];
        rows.into_iter().filter(|(_, said)| !said.text.is_empty()).collect()
    }

    fn ages(&self) -> String {
        let age = |field: &str| self.hsds.get(field).and_then(Value::as_u64);
        let p = self.p;
        match (age("minimum_age"), age("maximum_age")) {
            (None, None) => String::new(),
            (Some(from), None) => format!("{from} {}", p.t("and older", "ans et plus")),
            (None, Some(to)) => format!("{} {to} {}", p.t("up to", "jusqu’à"), p.t("years", "ans")),
            (Some(from), Some(to)) => format!("{from}–{to} {}", p.t("years", "ans")),
        }
    }

    /// The tags of its languages, of those that are spoken or of those through an interpreter.
    pub(super) fn tags(&self, interpreted: bool) -> Vec<String> {
        let languages = list(self.hsds, "languages").iter();
        let asked = languages.filter(|it| is_interpreted(it) == interpreted);
        asked.map(|it| plain(it, "code").to_owned()).collect()
    }

    /// The documents that have to be shown, in English and in French.
    pub(super) fn required(&self) -> Vec<(&'a str, &'a str)> {
        list(self.hsds, "required_documents").iter().map(|it| both(it, "document")).collect()
    }

    /// The areas that it serves, as they are typed.
    pub(super) fn area_lines(&self) -> Vec<String> {
        let line = |it: &'a Value| match plain(it, "extent") {
            "" => sides(both(it, "name")),
            _ => self.text(it, "name").to_owned(),
        };
        list(self.hsds, "service_areas").iter().map(line).collect()
    }

    /// The people for colleagues, as they are typed.
    pub(super) fn contact_lines(&self) -> Vec<String> {
        let line = |it: &'a Value| {
            let phone = list(it, "phones").first().map_or("", |it| plain(it, "number"));
            let title = sides(both(it, "title"));
            let parts = [plain(it, "name"), &title, phone, plain(it, "email")];
            parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("; ")
        };
        list(self.hsds, "contacts").iter().map(line).collect()
    }

    fn languages(&self) -> String {
        let named = list(self.hsds, "languages").iter().map(|it| {
            let name = crate::pages::referrals::words::language(self.p, plain(it, "code"));
            match is_interpreted(it) {
                true => {
                    format!("{name} ({})", self.p.t("through an interpreter", "par interprète"))
                }
                false => name,
            }
        });
        named.collect::<Vec<_>>().join(", ")
    }

    fn costs(&self) -> Said {
        let words = self.said(self.hsds, "fees_description");
        if list(self.hsds, "cost_options").is_empty() {
            return words;
        }
        let options = list(self.hsds, "cost_options").iter().map(|it| {
            let amount = it.get("amount").and_then(Value::as_f64);
            let amount = amount.map(|amount| {
                let text = format!("{amount:.2}");
                let text = self.p.lang.pick(text.clone(), text.replace('.', ","));
                format!("{text}\u{a0}{}", plain(it, "currency"))
            });
            let option = self.text(it, "option").to_owned();
            let parts: Vec<_> = [option, amount.unwrap_or_default()]
                .into_iter()
                .filter(|it| !it.trim().is_empty())
                .collect();
            parts.join(" : ")
        });
        let all = std::iter::once(words.text).chain(options).filter(|it| !it.is_empty());
        Said { text: all.collect::<Vec<_>>().join("; "), lang: None }
    }

    fn documents(&self) -> Said {
        if attribute(self.hsds, "entente-flag", "no_documents").is_some() {
            return Said { text: self.p.t("None", "Aucun").to_owned(), lang: None };
        }
        self.joined("required_documents", "document")
    }

    fn without_status(&self) -> String {
        match attribute(self.hsds, "entente-flag", "accepts_no_status") {
            Some("yes") => self.p.t("are welcome", "sont accueillies").to_owned(),
            Some(_) => self.p.t("are not taken", "ne sont pas admises").to_owned(),
            None => String::new(),
        }
    }

    /// Whether it says yes to a flag, or no, or nothing.
    pub(super) fn flag(&self, code: &str) -> Option<bool> {
        attribute(self.hsds, "entente-flag", code).map(|value| value != "no")
    }

    /// The hours of each day of the week; a day may have several.
    pub(super) fn week(&self) -> Vec<(&'static str, String)> {
        let schedules: Vec<_> =
            list(self.hsds, "schedules").iter().filter(|it| is_weekly(it)).collect();
        if schedules.is_empty() {
            return Vec::new();
        }
        let day = |(code, en, fr): &(&str, &'static str, &'static str)| {
            let on =
                schedules.iter().filter(|it| plain(it, "byday").split(',').any(|day| day == *code));
            let hours: Vec<_> = on.map(|it| self.hours(it)).collect();
            let closed = || self.p.t("closed", "fermé").to_owned();
            (self.p.lang.pick(*en, *fr), if hours.is_empty() { closed() } else { hours.join(", ") })
        };
        DAYS.iter().map(day).collect()
    }

    fn hours(&self, schedule: &Value) -> String {
        let time = |field: &str| plain(schedule, field).get(..5).unwrap_or_default().to_owned();
        let (opens, closes) = (time("opens_at"), time("closes_at"));
        if opens == closes {
            return self.p.t("day and night", "jour et nuit").to_owned();
        }
        let shown = |time: &str| hour_text(time, self.p.lang);
        format!("{}–{}", shown(&opens), shown(&closes))
    }

    /// Hours that are only said in words, or that are not of every week.
    pub(super) fn other_hours(&self) -> Vec<Said> {
        let texts = list(self.hsds, "schedules").iter().map(|it| self.said(it, "description"));
        texts.filter(|said| !said.text.is_empty()).collect()
    }

    /// The telephones: number, what it is for.
    pub(super) fn phones(&self) -> Vec<(String, Said)> {
        let phone = |it: &'a Value| {
            let extension = it.get("extension").and_then(Value::as_u64);
            let extension = extension.map(|it| format!(" #{it}")).unwrap_or_default();
            (format!("{}{extension}", plain(it, "number")), self.said(it, "description"))
        };
        list(self.hsds, "phones").iter().map(phone).collect()
    }

    /// People for colleagues: name and title, address for mail, telephones.
    pub(super) fn contacts(&self) -> Vec<(String, &'a str, Vec<&'a str>)> {
        let contact = |it: &'a Value| {
            let parts = [plain(it, "name"), self.text(it, "title")];
            let who: Vec<_> = parts.into_iter().filter(|it| !it.is_empty()).collect();
            let phones = list(it, "phones").iter().map(|it| plain(it, "number"));
            (who.join(", "), plain(it, "email"), phones.filter(|it| !it.is_empty()).collect())
        };
        list(self.hsds, "contacts").iter().map(contact).collect()
    }

    /// Its address for mail.
    pub(super) fn email(&self) -> &'a str {
        plain(self.hsds, "email")
    }

    /// Its page, as it was said.
    pub(super) fn url(&self) -> &'a str {
        plain(self.hsds, "url")
    }

    /// Whether its page may be a link: the secure form alone.
    pub(super) fn is_link(&self) -> bool {
        self.url().strip_prefix("https:").is_some_and(|rest| rest.starts_with("//"))
    }

    /// The places that are told, each in one line.
    pub(super) fn addresses(&self) -> Vec<String> {
        let locations = list(self.hsds, "service_at_locations").iter();
        let addresses = locations
            .filter_map(|it| it.get("location"))
            .flat_map(|location| list(location, "addresses"));
        let line = |it: &'a Value| {
            let parts = [
                self.text(it, "address_1"),
                self.text(it, "city"),
                plain(it, "state_province"),
                plain(it, "postal_code"),
            ];
            parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(", ")
        };
        addresses.map(line).filter(|it| !it.is_empty()).collect()
    }

    /// The first address in parts, for the form.
    pub(super) fn address(&self) -> Option<&'a Value> {
        let first = list(self.hsds, "service_at_locations").first()?.get("location")?;
        list(first, "addresses").first()
    }

    /// What it has for people who need it to use a service.
    pub(super) fn access(&self) -> Vec<String> {
        let codes = codes(self.hsds, "entente-access").into_iter();
        codes.map(|code| code.trim_start_matches("access-").to_owned()).collect()
    }

    /// The genders it takes.
    pub(super) fn genders(&self) -> Vec<String> {
        codes(self.hsds, "entente-gender")
    }
}

/// Whether a language is there through an interpreter.
fn is_interpreted(language: &Value) -> bool {
    attribute(language, "entente-flag", "interpreted").is_some()
}

/// A text in both languages as it is typed in one line.
fn sides((en, fr): (&str, &str)) -> String {
    match (en, fr) {
        ("", one) | (one, "") => one.to_owned(),
        (en, fr) if en == fr => en.to_owned(),
        (en, fr) => format!("{en} / {fr}"),
    }
}

/// Hours of every week, which a table can show.
fn is_weekly(schedule: &Value) -> bool {
    let interval = schedule.get("interval").and_then(Value::as_u64).unwrap_or(1);
    plain(schedule, "freq") == "WEEKLY" && interval <= 1 && !plain(schedule, "opens_at").is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::test_page;
    use serde_json::json;

    fn french(field: &str, text: &str) -> Value {
        let term = json!({"taxonomy": "entente-text-fr", "code": field});
        json!({"taxonomy_term": term, "value": text})
    }

    #[test]
    fn a_text_is_said_in_the_language_of_the_page_or_in_the_other() {
        let hsds = json!({"description": "Beds", "alert": "Full",
            "attributes": [french("description", "Lits")]});
        let (en, fr) = (test_page(Lang::En), test_page(Lang::Fr));
        let said = |text: &str, lang| Said { text: text.to_owned(), lang };
        assert_eq!(Full { p: &en, hsds: &hsds }.description(), said("Beds", None));
        assert_eq!(Full { p: &fr, hsds: &hsds }.description(), said("Lits", None));
        assert_eq!(Full { p: &fr, hsds: &hsds }.alert(), said("Full", Some(Lang::En)));
    }

    #[test]
    fn what_is_typed_in_lines_is_shown_as_it_is_typed() {
        let page = test_page(Lang::Fr);
        let hsds = json!({
            "service_areas": [
                {"name": "Manitoba", "extent": "46"},
                {"name": "the north shore", "attributes": [french("name", "la Côte-Nord")]},
            ],
            "contacts": [{"name": "A. Roy", "title": "Intake", "email": "roy@example.org",
                "phones": [{"number": "204-555-0100"}]}],
            "languages": [{"code": "fr"}, {"code": "cr", "attributes": [
                {"taxonomy_term": {"taxonomy": "entente-flag", "code": "interpreted"}, "value": "yes"}]}],
        });
        let full = Full { p: &page, hsds: &hsds };
        assert_eq!(full.area_lines(), ["Manitoba", "the north shore / la Côte-Nord"]);
        assert_eq!(full.contact_lines(), ["A. Roy; Intake; 204-555-0100; roy@example.org"]);
        assert_eq!(
            (full.tags(false), full.tags(true)),
            (vec!["fr".to_owned()], vec!["cr".to_owned()])
        );
    }

    #[test]
    fn only_a_secure_address_is_a_link() {
        let page = test_page(Lang::En);
        for (url, is_link) in [
            ("https://example.org", true),
            ("http://example.org", false),
            ("javascript:alert(1)", false),
            ("https:evil", false),
            ("", false),
        ] {
            let hsds = json!({"url": url});
            assert_eq!(Full { p: &page, hsds: &hsds }.is_link(), is_link, "{url}");
        }
    }

    #[test]
    fn the_hours_of_a_week_are_a_table_and_other_hours_are_words() {
        let page = test_page(Lang::Fr);
        let hsds = json!({"schedules": [
            {"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "09:00:00", "closes_at": "17:00:00"},
            {"freq": "WEEKLY", "byday": "SU", "opens_at": "00:00:00", "closes_at": "00:00:00"},
            {"freq": "MONTHLY", "byday": "1FR", "description": "Premier vendredi"},
        ]});
        let full = Full { p: &page, hsds: &hsds };
        let week = full.week();
        assert_eq!(week[0], ("lundi", "9\u{a0}h–17\u{a0}h".to_owned()));
        assert_eq!(week[2].1, "fermé");
        assert_eq!(week[6].1, "jour et nuit");
        let words: Vec<_> = full.other_hours().into_iter().map(|said| said.text).collect();
        assert_eq!(words, ["Premier vendredi"]);
    }
}
