//! Adding a service of ours, and changing one.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, RawForm};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::lang::Lang;
use entente_core::service::check::{bad_signs, label};
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::{ServiceAddAsk, ServiceShowAsk, ServiceShowTold};
use entente_node::local::words as lists;

use super::full::{DAYS, Full, both};
use crate::gate::{Visit, encoded, nothing_there};
use crate::page::{Answer, Page, failed, show_as};
use crate::pages::referrals::words::languages;
use crate::problem::Problem;

/// What is in the form.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: Pair,
    description: Pair,
    needs: Vec<String>,
    groups: Vec<String>,
    genders: Vec<String>,
    languages: Vec<String>,
    interpreted: Vec<String>,
    interpretation: Pair,
    access: Vec<String>,
    eligibility: Pair,
    fees: Pair,
    application: Pair,
    // One document on each line, in both languages on the same.
    documents: Pair,
    no_documents: bool,
    alert: Pair,
    // One on each line.
    areas: String,
    contacts: String,
    email: String,
    from_age: String,
    to_age: String,
    province: String,
    hidden: bool,
    street: String,
    city: String,
    postal_code: String,
    at: String,
    phones: String,
    url: String,
    // `keep`, `none`, `always` or `week`.
    hours: String,
    opens: [String; 7],
    closes: [String; 7],
    trafficking: bool,
    no_status: String,
    // What some fields held when the form was made. What is not changed is not sent, since the form
    // shows less than is kept: a telephone has a purpose, a street a name in each language.
    was: BTreeMap<String, String>,
}

/// A text in both languages.
#[derive(Clone, Debug, Default)]
struct Pair {
    en: String,
    fr: String,
}

impl Pair {
    fn of((en, fr): (&str, &str)) -> Self {
        Self { en: en.to_owned(), fr: fr.to_owned() }
    }

    fn asked(&self) -> Option<Both> {
        Some(Both::new(self.en.trim(), self.fr.trim()))
    }

    fn is_empty(&self) -> bool {
        self.en.is_empty() && self.fr.is_empty()
    }

    /// A text from each line.
    fn lines(&self) -> Vec<Both> {
        let (en, fr): (Vec<_>, Vec<_>) = (self.en.lines().collect(), self.fr.lines().collect());
        let line = |all: &[&str], at: usize| all.get(at).map_or("", |it| it.trim()).to_owned();
        let all = (0..en.len().max(fr.len())).map(|at| Both::new(line(&en, at), line(&fr, at)));
        all.filter(|both| !both.en.is_empty() || !both.fr.is_empty()).collect()
    }
}

/// What stands on each line of a field.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

impl Typed {
    fn new() -> Self {
        Self { hours: "none".to_owned(), ..Self::default() }
    }

    fn read(form: &[u8]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(failed()))?;
        let mut typed = Self::default();
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "name_en" => typed.name.en = value,
                "name_fr" => typed.name.fr = value,
                "description_en" => typed.description.en = value,
                "description_fr" => typed.description.fr = value,
                "need" => typed.needs.push(value),
                "group" => typed.groups.push(value),
                "gender" => typed.genders.push(value),
                "language" => typed.languages.push(value),
                "interpreted" => typed.interpreted.push(value),
                "interpretation_en" => typed.interpretation.en = value,
                "interpretation_fr" => typed.interpretation.fr = value,
                "application_en" => typed.application.en = value,
                "application_fr" => typed.application.fr = value,
                "documents_en" => typed.documents.en = value,
                "documents_fr" => typed.documents.fr = value,
                "no_documents" => typed.no_documents = true,
                "alert_en" => typed.alert.en = value,
                "alert_fr" => typed.alert.fr = value,
                "areas" => typed.areas = value,
                "contacts" => typed.contacts = value,
                "access" => typed.access.push(value),
                "eligibility_en" => typed.eligibility.en = value,
                "eligibility_fr" => typed.eligibility.fr = value,
                "fees_en" => typed.fees.en = value,
                "fees_fr" => typed.fees.fr = value,
                "email" => typed.email = value,
                "from_age" => typed.from_age = value,
                "to_age" => typed.to_age = value,
                "province" => typed.province = value,
                "hidden" => typed.hidden = true,
                "street" => typed.street = value,
                "city" => typed.city = value,
                "postal_code" => typed.postal_code = value,
                "at" => typed.at = value,
                "phones" => typed.phones = value,
                "url" => typed.url = value,
                "hours" => typed.hours = value,
                "trafficking" => typed.trafficking = true,
                "no_status" => typed.no_status = value,
                other => match other.strip_prefix("was_") {
                    Some(field) => {
                        typed.was.insert(field.to_owned(), value);
                    }
                    None => typed.time(other, value),
                },
            }
        }
        Ok(typed)
    }

    /// `opens_MO`, `closes_FR`.
    fn time(&mut self, name: &str, value: String) {
        let Some((which, day)) = name.split_once('_') else { return };
        let Some(at) = DAYS.iter().position(|(code, ..)| *code == day) else { return };
        let times = match which {
            "opens" => &mut self.opens,
            "closes" => &mut self.closes,
            _ => return,
        };
        if let Some(time) = times.get_mut(at) {
            *time = value;
        }
    }

    fn of(p: &Page, told: &ServiceShowTold) -> Self {
        let full = Full { p, hsds: &told.hsds };
        let row = &told.service;
        let address = full.address();
        let part = |field: &str| {
            let (en, fr) = address.map(|it| both(it, field)).unwrap_or_default();
            p.lang.pick((en, fr), (fr, en))
        };
        let one = |field: &str| {
            let (first, second) = part(field);
            if first.is_empty() { second.to_owned() } else { first.to_owned() }
        };
        let age = |field: &str| {
            let age = told.hsds.get(field).and_then(serde_json::Value::as_u64);
            age.map(|it| it.to_string()).unwrap_or_default()
        };
        let phones: Vec<_> = full.phones().into_iter().map(|(number, _)| number).collect();
        let (en, fr): (Vec<_>, Vec<_>) = full.required().into_iter().unzip();
        let documents = Pair { en: en.join("\n"), fr: fr.join("\n") };
        Self {
            name: Pair { en: row.name.en.clone(), fr: row.name.fr.clone() },
            description: Pair::of(both(&told.hsds, "description")),
            needs: row.needs.clone(),
            groups: row.groups.clone(),
            genders: full.genders(),
            languages: full.tags(false),
            interpreted: full.tags(true),
            interpretation: Pair::of(both(&told.hsds, "interpretation_services")),
            access: full.access(),
            eligibility: Pair::of(both(&told.hsds, "eligibility_description")),
            fees: Pair::of(both(&told.hsds, "fees_description")),
            application: Pair::of(both(&told.hsds, "application_process")),
            documents,
            no_documents: full.flag("no_documents").unwrap_or_default(),
            alert: Pair::of(both(&told.hsds, "alert")),
            areas: full.area_lines().join("\n"),
            contacts: full.contact_lines().join("\n"),
            email: full.email().to_owned(),
            from_age: age("minimum_age"),
            to_age: age("maximum_age"),
            province: row.province.clone().unwrap_or_default(),
            hidden: row.hidden,
            street: one("address_1"),
            city: one("city"),
            postal_code: one("postal_code"),
            at: row.at.clone().unwrap_or_default(),
            phones: phones.join("\n"),
            url: full.url().to_owned(),
            hours: "keep".to_owned(),
            trafficking: full.flag("ht_specialised").unwrap_or_default(),
            no_status: match full.flag("accepts_no_status") {
                Some(true) => "yes".to_owned(),
                Some(false) => "no".to_owned(),
                None => String::new(),
            },
            ..Self::default()
        }
        .remembered()
    }

    /// The fields of which more is kept than is shown, and what they hold.
    fn shortened(&self) -> [(&'static str, String); 13] {
        let lines = |text: &String| text.replace("\r\n", "\n");
        [
            ("phones", lines(&self.phones)),
            ("languages", self.languages.join(",")),
            ("interpreted", self.interpreted.join(",")),
            ("documents_en", lines(&self.documents.en)),
            ("documents_fr", lines(&self.documents.fr)),
            ("no_documents", if self.no_documents { "yes".to_owned() } else { String::new() }),
            ("areas", lines(&self.areas)),
            ("contacts", lines(&self.contacts)),
            ("street", self.street.clone()),
            ("city", self.city.clone()),
            ("postal_code", self.postal_code.clone()),
            ("at", self.at.clone()),
            ("province", self.province.clone()),
        ]
    }

    fn remembered(mut self) -> Self {
        let fields = self.shortened().into_iter().filter(|(_, value)| !value.is_empty());
        self.was = fields.map(|(field, value)| (field.to_owned(), value)).collect();
        self
    }

    /// Whether a field holds something else than when the form was made.
    fn is_new(&self, field: &str) -> bool {
        let now = self.shortened().into_iter().find(|(name, _)| *name == field);
        let now = now.map(|(_, value)| value).unwrap_or_default();
        let was = self.was.get(field).map(|text| text.replace("\r\n", "\n"));
        now != was.unwrap_or_default()
    }

    fn ask(&self, service: Option<String>) -> ServiceAddAsk {
        let some = |text: &String| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
        // An address is one text here: a street has one name. A place in another province is said anew.
        let moves = self.is_new("province") && !self.was.is_empty();
        let new = |field: &str, text: &String| some(text).filter(|_| moves || self.is_new(field));
        let place =
            |field: &str, text: &String| new(field, text).map(|it| Both::new(it.clone(), it));
        ServiceAddAsk {
            service,
            name: self.name.asked(),
            description: self.description.asked(),
            needs: Some(self.needs.clone()),
            groups: Some(self.groups.clone()),
            genders: Some(self.genders.clone()),
            languages: self.is_new("languages").then(|| self.languages.clone()),
            interpreted: self.is_new("interpreted").then(|| self.interpreted.clone()),
            interpretation: self.interpretation.asked(),
            application: self.application.asked(),
            documents: self.documents(),
            alert: self.alert.asked(),
            areas: self.is_new("areas").then(|| lines(&self.areas)),
            contacts: self.is_new("contacts").then(|| lines(&self.contacts)),
            minimum_age: self.from_age.trim().parse().ok(),
            maximum_age: self.to_age.trim().parse().ok(),
            province: some(&self.province),
            hidden: Some(self.hidden),
            at: new("at", &self.at),
            street: place("street", &self.street),
            city: place("city", &self.city),
            postal_code: new("postal_code", &self.postal_code),
            phones: self.is_new("phones").then(|| lines(&self.phones)),
            hours: self.hours(),
            url: Some(self.url.trim().to_owned()),
            access: Some(self.access.clone()),
            eligibility: self.eligibility.asked(),
            fees: self.fees.asked(),
            email: Some(self.email.trim().to_owned()),
            trafficking: Some(self.trafficking),
            accepts_without_status: match self.no_status.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
        }
    }

    /// What has to be shown: nothing if that is ticked. Where what was kept is gone, it is not said any more.
    fn documents(&self) -> Option<Vec<Both>> {
        let fields = ["documents_en", "documents_fr", "no_documents"];
        let is_new = fields.iter().any(|field| self.is_new(field));
        let lines = self.documents.lines();
        match (self.no_documents, lines.is_empty()) {
            (true, true) => Some(Vec::new()),
            _ if !is_new => None,
            (_, true) => self.documents.asked().map(|nothing| vec![nothing]),
            (_, false) => Some(lines),
        }
    }

    /// A text in both languages, by the id of its fields.
    fn pair(&self, id: &str) -> Option<&Pair> {
        match id {
            "name" => Some(&self.name),
            "description" => Some(&self.description),
            "eligibility" => Some(&self.eligibility),
            "interpretation" => Some(&self.interpretation),
            "application" => Some(&self.application),
            "fees" => Some(&self.fees),
            "alert" => Some(&self.alert),
            "documents" => Some(&self.documents),
            _ => None,
        }
    }

    /// Whether it says that nothing has to be shown, and names what has to be.
    fn contradicts_itself(&self) -> bool {
        self.no_documents && !self.documents.lines().is_empty()
    }

    /// Whether something is there that most services do not say, so that it is shown open.
    fn says_more(&self) -> bool {
        let texts = [&self.interpretation, &self.application, &self.documents, &self.alert];
        self.no_documents || !self.areas.is_empty() || texts.iter().any(|it| !it.is_empty())
    }

    fn hours(&self) -> Option<Vec<String>> {
        match self.hours.as_str() {
            "none" => Some(Vec::new()),
            "always" => Some(vec!["always".to_owned()]),
            "week" => {
                let times = self.opens.iter().zip(&self.closes);
                let days = DAYS.iter().zip(times).filter(|(_, (opens, _))| !opens.is_empty());
                let day =
                    |((code, ..), (opens, closes)): (&(&str, &str, &str), (&String, &String))| {
                        format!("{code} {opens}-{closes}")
                    };
                Some(days.map(day).collect())
            }
            _ => None,
        }
    }
}

/// The fields that can be wrong, by their HSDS names; the id of one in two languages is without its language.
const FIELDS: &[(&str, &str)] = &[
    ("name", "name"),
    ("description", "description"),
    ("eligibility_description", "eligibility"),
    ("interpretation_services", "interpretation"),
    ("application_process", "application"),
    ("fees_description", "fees"),
    ("alert", "alert"),
    ("required_documents", "documents"),
    ("maximum_age", "to_age"),
    ("service_areas", "areas"),
    ("phones", "phones"),
    ("contacts", "contacts"),
    ("hours", "hours"),
    ("province", "province"),
    ("addresses.address_1", "street"),
    ("addresses.city", "city"),
    ("postal_code", "postal_code"),
    ("at", "at"),
    ("url", "url"),
    ("email", "email"),
];

/// The hours of one day in the form.
struct Day {
    code: &'static str,
    name: &'static str,
    opens: String,
    closes: String,
}

#[derive(Template)]
#[template(path = "services/edit.html")]
struct EditPage<'a> {
    p: &'a Page,
    // The service that is changed, unless it is a new one.
    service: Option<&'a str>,
    typed: &'a Typed,
    week: Vec<(&'static str, String)>,
    fault: Option<&'a Fault>,
}

impl EditPage<'_> {
    fn choices(&self, list: &str) -> Vec<(&'static str, &'static str)> {
        lists::list(list, self.p.lang).unwrap_or_default()
    }

    fn languages(&self) -> Vec<(String, String)> {
        languages(self.p, &self.typed.languages)
    }

    /// Whether everything is shown: where something is kept already, or was typed and not taken.
    fn is_open(&self) -> bool {
        self.service.is_some() || self.fault.is_some()
    }

    /// The fields that a reason is about: its words begin with what the form calls them. Of a text in both languages
    /// the one that is wrong, or both where that cannot be seen here.
    fn at(&self, why: &Both) -> Vec<String> {
        let is_it = |it: &&(&'static str, &str)| why.en.starts_with(label(it.0, Lang::En));
        let Some((_, id)) = FIELDS.iter().find(is_it) else { return Vec::new() };
        let Some(pair) = self.typed.pair(id) else { return vec![(*id).to_owned()] };
        let is_bad = |text: &str| bad_signs(text, true).is_some();
        let langs = match (is_bad(&pair.en), is_bad(&pair.fr)) {
            (true, false) => vec![Lang::En],
            (false, true) => vec![Lang::Fr],
            _ => vec![Lang::En, Lang::Fr],
        };
        langs.into_iter().map(|lang| format!("{id}_{lang}")).collect()
    }

    /// The first field that a fault is about; the form, if none is known.
    fn field(&self, fault: &Fault) -> String {
        let first = fault.why.iter().flat_map(|why| self.at(why)).next();
        first.unwrap_or_else(|| "service".to_owned())
    }

    /// Whether a fault is about this field.
    fn is_wrong(&self, id: &str) -> bool {
        let whys = self.fault.map(|fault| fault.why.as_slice()).unwrap_or_default();
        whys.iter().flat_map(|why| self.at(why)).any(|it| it == id)
    }

    fn interpreted(&self) -> Vec<(String, String)> {
        languages(self.p, &self.typed.interpreted)
    }

    fn has(&self, values: &[String], code: &str) -> bool {
        values.iter().any(|it| it == code)
    }

    fn days(&self) -> Vec<Day> {
        let times = self.typed.opens.iter().zip(&self.typed.closes);
        let day = |((code, en, fr), (opens, closes)): (
            &(&'static str, &'static str, &'static str),
            (&String, &String),
        )| Day {
            code,
            name: self.p.lang.pick(*en, *fr),
            opens: opens.clone(),
            closes: closes.clone(),
        };
        DAYS.iter().zip(times).map(day).collect()
    }
}

fn page(
    visit: &Visit,
    service: Option<&str>,
    typed: &Typed,
    week: Vec<(&'static str, String)>,
    fault: Option<&Fault>,
) -> Answer {
    let status = fault.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    show_as(status, &EditPage { p: &visit.page, service, typed, week, fault })
}

/// `GET /services/add`.
pub(super) async fn ask_new(visit: Visit) -> Answer {
    page(&visit, None, &Typed::new(), Vec::new(), None)
}

/// `POST /services/add`.
pub(super) async fn add(visit: Visit, RawForm(form): RawForm) -> Answer {
    let typed = Typed::read(&form)?;
    keep(&visit, None, &typed).await
}

/// `GET /services/{service}/edit`. Another organization's service is no page of this form.
pub(super) async fn ask_change(visit: Visit, Path(id): Path<String>) -> Answer {
    let told = visit.ask(&ServiceShowAsk { service: id.clone() }).await?;
    if !told.service.ours {
        return Err(Problem::new(nothing_there()));
    }
    let week = Full { p: &visit.page, hsds: &told.hsds }.week();
    page(&visit, Some(&id), &Typed::of(&visit.page, &told), week, None)
}

/// `POST /services/{service}/edit`.
pub(super) async fn change(visit: Visit, Path(id): Path<String>, RawForm(form): RawForm) -> Answer {
    let typed = Typed::read(&form)?;
    keep(&visit, Some(&id), &typed).await
}

/// `ENT-2205`.
fn both_ways() -> Box<Fault> {
    Fault::new(
        2205,
        (
            "A value of the command cannot be. Nothing was done.",
            "Une valeur de la commande est impossible. Rien n’a été fait.",
        ),
        ("Clear the documents, or untick the box.", "Effacez les documents ou décochez la case."),
    )
    .because(
        "Documents to show are named, and “Nothing has to be shown” is ticked.",
        "Des documents à présenter sont nommés, et «\u{a0}Rien n’est à présenter\u{a0}» est coché.",
    )
}

async fn keep(visit: &Visit, service: Option<&str>, typed: &Typed) -> Answer {
    if typed.contradicts_itself() {
        return page(visit, service, typed, Vec::new(), Some(&both_ways()));
    }
    match visit.ask(&typed.ask(service.map(str::to_owned))).await {
        Ok(told) => {
            let id = told.service.map(|row| row.id).unwrap_or_default();
            let to = visit.page.to(&format!("/services/{}", encoded(&id)));
            Ok(Redirect::to(&to).into_response())
        }
        Err(mut fault) if matches!(fault.code.as_str(), "ENT-2203" | "ENT-2204" | "ENT-2205") => {
            if fault.code == "ENT-2205" {
                // What is said besides is for whoever typed a command.
                fault.next =
                    Both::new("Correct it and save again.", "Corrigez et enregistrez de nouveau.");
            }
            page(visit, service, typed, Vec::new(), Some(&fault))
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::test_page;

    #[test]
    fn what_is_not_changed_in_the_form_is_not_sent() {
        let kept = Typed {
            phones: "204-555-0100\n204-555-0101".to_owned(),
            street: "510, rue Main".to_owned(),
            province: "46".to_owned(),
            languages: vec!["fr".to_owned()],
            ..Typed::default()
        }
        .remembered();
        let sent = Typed { phones: "204-555-0100\r\n204-555-0101".to_owned(), ..kept.clone() };
        let ask = sent.ask(None);
        assert_eq!((ask.phones, ask.languages, ask.street), (None, None, None));
        let changed =
            Typed { street: "511, rue Main".to_owned(), phones: String::new(), ..kept.clone() };
        let ask = changed.ask(None);
        assert_eq!(ask.street, Some(Both::new("511, rue Main", "511, rue Main")));
        assert_eq!(ask.phones, Some(Vec::new()));
        let moved = Typed { province: "35".to_owned(), ..kept };
        assert!(moved.ask(None).street.is_some());
    }

    #[test]
    fn documents_are_sent_line_by_line_and_none_only_where_that_is_said() {
        let documents =
            Pair { en: "a card\r\n\r\na letter".to_owned(), fr: "une carte".to_owned() };
        let typed = Typed { documents, ..Typed::default() };
        let sent = vec![Both::new("a card", "une carte"), Both::new("a letter", "")];
        assert_eq!(typed.ask(None).documents, Some(sent));
        let kept = typed.remembered();
        assert_eq!(kept.ask(None).documents, None);
        assert_eq!(Typed::default().ask(None).documents, None);
        let none = Typed { no_documents: true, ..Typed::default() };
        assert_eq!(none.ask(None).documents, Some(Vec::new()));
        assert!(Typed { no_documents: true, ..kept.clone() }.contradicts_itself());
        // What was said can be taken back: lines that are gone, a box that is not ticked any more.
        let unsaid = Some(vec![Both::new("", "")]);
        let cleared = Typed { documents: Pair::default(), ..kept };
        assert_eq!(cleared.ask(None).documents, unsaid);
        let unticked = Typed { no_documents: false, ..none.remembered() };
        assert_eq!(unticked.ask(None).documents, unsaid);
    }

    #[test]
    fn a_fault_leads_to_the_fields_that_it_is_about() {
        let fault = Fault::new(2203, ("The service has fields that cannot be.", ""), ("", ""))
            .because("Web page: holds HTML or a script", "")
            .because("Name: holds HTML or a script", "");
        let typed = Typed {
            url: "javascript:alert(1)".to_owned(),
            name: Pair::of(("Beds", "<b>Lits")),
            ..Typed::new()
        };
        let p = &test_page(Lang::En);
        let page =
            EditPage { p, service: None, typed: &typed, week: Vec::new(), fault: Some(&fault) };
        assert_eq!(page.field(&fault), "url");
        assert!(page.is_wrong("url") && page.is_wrong("name_fr") && !page.is_wrong("name_en"));
        let both = both_ways();
        assert_eq!(page.field(&both), "documents_en");
        let marked = EditPage { fault: Some(&both), ..page };
        assert!(marked.is_wrong("documents_en") && marked.is_wrong("documents_fr"));
        let other = Fault::new(2205, ("", ""), ("", "")).because("Languages: no such", "");
        assert_eq!(marked.field(&other), "service");
        // Each field that is looked for is called in words by the node.
        assert!(FIELDS.iter().all(|it| label(it.0, Lang::En) != it.0));
    }

    #[test]
    fn a_new_service_sends_all_that_was_typed() {
        let typed = Typed { phones: "1".to_owned(), city: "Winnipeg".to_owned(), ..Typed::new() };
        let ask = typed.ask(None);
        assert_eq!(ask.phones, Some(vec!["1".to_owned()]));
        assert!(ask.city.is_some() && ask.street.is_none());
    }
}
