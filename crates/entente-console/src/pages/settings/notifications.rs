//! Messages to the staff: who is told, and whether messages arrive.

use askama::Template;
use axum::extract::RawForm;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::doc::{
    NotifiedPerson, NotifyTestAsk, SettingsEditAsk, SettingsShowAsk, SettingsTold, WayTested,
};
use entente_node::local::{Op, Role};

use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show, show_as};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "settings/notifications.html")]
struct NotificationsPage<'a> {
    p: &'a Page,
    told: &'a SettingsTold,
    fault: Option<&'a Fault>,
    tested: &'a [WayTested],
}

impl NotificationsPage<'_> {
    /// `mail:lea@example.org` as two words: how, and to whom.
    fn way<'r>(&self, way: &'r str) -> (&'static str, &'r str) {
        match way.split_once(':') {
            Some(("mail", address)) => (self.p.t("E-mail to", "Courriel à"), address),
            _ => (self.p.t("A program of ours", "Un de nos programmes"), way),
        }
    }

    /// What somebody is told of.
    fn told_of(&self, person: &NotifiedPerson) -> String {
        let label = |code: &String| Role::parse(code).map_or("", |role| role.label(self.p.lang));
        let all = person.roles.iter().map(label).chain([person.account.as_str()]);
        all.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// `GET /settings/notifications`.
pub(super) async fn list(visit: Visit) -> Answer {
    let told = visit.ask(&SettingsShowAsk {}).await?;
    show(&NotificationsPage { p: &visit.page, told: &told, fault: None, tested: &[] })
}

/// `POST /settings/notifications`: a test message over each way.
pub(super) async fn test(visit: Visit) -> Answer {
    let tested = visit.ask(&NotifyTestAsk {}).await;
    let told = visit.ask(&SettingsShowAsk {}).await?;
    let page = |fault, tested| NotificationsPage { p: &visit.page, told: &told, fault, tested };
    match tested {
        Ok(tested) => show(&page(None, &tested.ways)),
        Err(fault) => show_as(StatusCode::UNPROCESSABLE_ENTITY, &page(Some(&fault), &[])),
    }
}

#[derive(Template)]
#[template(path = "settings/notified.html")]
struct PeoplePage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    people: &'a [NotifiedPerson],
}

impl PeoplePage<'_> {
    /// The roles of whose work somebody may be told: code, label, whether it is chosen.
    fn roles(&self, person: &NotifiedPerson) -> Vec<(&'static str, &'static str, bool)> {
        let is_chosen = |role: &Role| person.roles.iter().any(|code| code == role.code());
        let row = |role: &Role| (role.code(), role.label(self.p.lang), is_chosen(role));
        Role::ALL.iter().map(row).collect()
    }

    /// Whether it is this person that the node did not take.
    fn is_wrong(&self, person: &NotifiedPerson) -> bool {
        let is_refused = self.fault.is_some_and(|fault| fault.code == "ENT-2847");
        is_refused && is_named(person) && !is_whole(person)
    }

    /// The field of the first of them.
    fn field(&self) -> String {
        let at = self.people.iter().position(|person| self.is_wrong(person)).unwrap_or_default();
        format!("address_{}", at + 1)
    }
}

fn is_named(person: &NotifiedPerson) -> bool {
    !person.address.trim().is_empty()
}

/// Whether somebody has an address, and either roles or an account of the machine.
fn is_whole(person: &NotifiedPerson) -> bool {
    person.address.contains('@') && person.roles.is_empty() != person.account.trim().is_empty()
}

/// `GET /settings/notifications/people`: those who are told, and room for one more.
pub(super) async fn ask(visit: Visit) -> Answer {
    let mut people = visit.ask(&SettingsShowAsk {}).await?.written.people;
    people.push(NotifiedPerson { lang: visit.page.lang.to_string(), ..NotifiedPerson::default() });
    show(&PeoplePage { p: &visit.page, fault: None, people: &people })
}

/// `POST /settings/notifications/people`: all of them. Whose address is empty is told no more.
pub(super) async fn edit(visit: Visit, RawForm(form): RawForm) -> Answer {
    let people = read(&form)?;
    let named: Vec<_> = people.iter().filter(|person| is_named(person)).cloned().collect();
    let ask = SettingsEditAsk { people: Some(named), ..SettingsEditAsk::default() };
    match visit.ask(&ask).await {
        Ok(_) => Ok(Redirect::to(&visit.page.to("/settings/notifications")).into_response()),
        Err(fault) if matches!(fault.code.as_str(), "ENT-2794" | "ENT-2847") => {
            let page = PeoplePage { p: &visit.page, fault: Some(&fault), people: &people };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// What is typed: each person begins with an address.
fn read(form: &[u8]) -> Result<Vec<NotifiedPerson>, Problem> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(failed()))?;
    let mut people: Vec<NotifiedPerson> = Vec::new();
    for (name, value) in pairs {
        if name == "address" {
            people.push(NotifiedPerson { address: value, ..NotifiedPerson::default() });
            continue;
        }
        let Some(person) = people.last_mut() else { continue };
        match name.as_str() {
            "role" => person.roles.push(value),
            "account" => person.account = value,
            "lang" => person.lang = value,
            _ => {}
        }
    }
    Ok(people)
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn each_person_of_the_form_begins_with_an_address() {
        let form =
            b"role=auditor&address=a%40b.ca&lang=fr&role=auditor&role=supervisor&address=&lang=en";
        let people = read(form).unwrap_or_default();
        assert_eq!(people.len(), 2);
        assert_eq!(people[0].roles, ["auditor", "supervisor"]);
        assert_eq!((people[0].address.as_str(), people[1].address.as_str()), ("a@b.ca", ""));
    }

    #[test]
    fn the_summary_leads_to_whom_the_node_did_not_take() {
        let form = b"address=a%40b.ca&role=auditor&address=c%40d.ca&address=&lang=en";
        let people = read(form).unwrap_or_default();
        let fault = Fault::new(2847, ("A setting cannot have this value.", ""), ("", ""));
        let p = &test_page(Lang::En);
        let page = PeoplePage { p, fault: Some(&fault), people: &people };
        assert_eq!(page.field(), "address_2");
        let html = page.render().unwrap();
        assert!(html.contains("href=\"#address_2\"") && html.contains("id=\"address_2-error\""));
        assert_eq!(html.matches("-error\">").count(), 2, "{html}");
    }
}
