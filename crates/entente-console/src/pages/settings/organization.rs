//! The profile of the organization: what it says about itself.

use askama::Template;
use axum::extract::RawForm;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::doc::{AboutTold, SettingsEditAsk, SettingsShowAsk, SettingsTold};
use entente_node::local::{Op, words};

use crate::gate::Visit;
use crate::page::{Answer, Page, failed, show, show_as};
use crate::pages::referrals::words::{language, languages};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "settings/organization.html")]
struct OrganizationPage<'a> {
    p: &'a Page,
    told: &'a SettingsTold,
}

/// What an organization does, for the part `parts/about.html`: ours, or a partner's.
pub(crate) struct AboutPart<'a> {
    about: &'a AboutTold,
    p: &'a Page,
}

impl<'a> AboutPart<'a> {
    pub(crate) fn of(about: &'a AboutTold, p: &'a Page) -> Self {
        Self { about, p }
    }

    /// Whether there is anything to show.
    pub(crate) fn is_empty(&self) -> bool {
        let AboutTold { role, languages, mandate, responsibilities, said_at: _ } = self.about;
        let texts = [&mandate.en, &responsibilities.en];
        role.is_empty() && languages.is_empty() && texts.into_iter().all(String::is_empty)
    }

    /// What is said of each, or a dash.
    pub(crate) fn rows(&self) -> [(&'static str, String); 4] {
        let p = self.p;
        let languages: Vec<_> = self.about.languages.iter().map(|it| language(p, it)).collect();
        let or_dash = |text: String| if text.is_empty() { "—".to_owned() } else { text };
        [
            (p.t("Role", "Rôle"), or_dash(p.labels("pillar", &self.about.role))),
            (p.t("Mandate", "Mandat"), or_dash(p.both(&self.about.mandate).to_owned())),
            (
                p.t("Responsibilities", "Responsabilités"),
                or_dash(p.both(&self.about.responsibilities).to_owned()),
            ),
            (p.t("Languages of service", "Langues de service"), or_dash(languages.join(", "))),
        ]
    }
}

impl OrganizationPage<'_> {
    fn about(&self) -> AboutPart<'_> {
        AboutPart::of(&self.told.about, self.p)
    }

    /// The identity in groups of eight, as two people compare it.
    fn identity(&self) -> String {
        super::keys::groups(&self.told.organization.id)
    }
}

/// `GET /settings/organization`.
pub(super) async fn show_it(visit: Visit) -> Answer {
    let told = visit.ask(&SettingsShowAsk {}).await?;
    show(&OrganizationPage { p: &visit.page, told: &told })
}

/// What is typed.
#[derive(Debug, Default)]
struct Typed {
    name_en: String,
    name_fr: String,
    kind: String,
    role: Vec<String>,
    languages: Vec<String>,
    mandate_en: String,
    mandate_fr: String,
    responsibilities_en: String,
    responsibilities_fr: String,
    time_zone: String,
}

impl Typed {
    fn read(form: &[u8]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(failed()))?;
        let mut typed = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name_en" => typed.name_en = value,
                "name_fr" => typed.name_fr = value,
                "kind" => typed.kind = value,
                "role" => typed.role.push(value),
                "language" => typed.languages.push(value),
                "mandate_en" => typed.mandate_en = one_line(&value),
                "mandate_fr" => typed.mandate_fr = one_line(&value),
                "responsibilities_en" => typed.responsibilities_en = one_line(&value),
                "responsibilities_fr" => typed.responsibilities_fr = one_line(&value),
                "time_zone" => typed.time_zone = value,
                _ => {}
            }
        }
        Ok(typed)
    }
}

/// Partners take one line. Whoever typed several meant no more by it.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[derive(Template)]
#[template(path = "settings/organization_edit.html")]
struct EditPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    typed: &'a Typed,
}

/// One of the four texts of the form.
struct Text<'a> {
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    lang: &'static str,
    value: &'a str,
}

impl EditPage<'_> {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        words::list("org_type", self.p.lang).unwrap_or_default()
    }

    /// The codes of the role: code, label, whether it is chosen.
    fn roles(&self) -> Vec<(&'static str, &'static str, bool)> {
        let all = words::list("pillar", self.p.lang).unwrap_or_default();
        let chosen = |code: &str| self.typed.role.iter().any(|it| it == code);
        all.into_iter().map(|(code, label)| (code, label, chosen(code))).collect()
    }

    /// Languages to choose from: tag, name, whether it is chosen.
    fn languages(&self) -> Vec<(String, String, bool)> {
        let all = languages(self.p, &self.typed.languages);
        let chosen = |tag: &String| self.typed.languages.contains(tag);
        all.into_iter().map(|(tag, name)| (tag.clone(), name, chosen(&tag))).collect()
    }

    fn texts(&self) -> [Text<'_>; 4] {
        let (p, typed) = (self.p, self.typed);
        let mandate = p.t(
            "What you are there for, and under which law or decision. At most 500 characters.",
            "Votre raison d’être, et la loi ou la décision qui la fonde. Au plus 500 caractères.",
        );
        let responsibilities = p.t(
            "What others can count on you for. At most 500 characters. Nothing about a person.",
            "Ce pour quoi l’on peut compter sur vous. Au plus 500 caractères. Rien sur une personne.",
        );
        [
            Text {
                id: "mandate_en",
                label: p.t("Mandate in English", "Mandat en anglais"),
                hint: mandate,
                lang: "en",
                value: &typed.mandate_en,
            },
            Text {
                id: "mandate_fr",
                label: p.t("Mandate in French", "Mandat en français"),
                hint: mandate,
                lang: "fr",
                value: &typed.mandate_fr,
            },
            Text {
                id: "responsibilities_en",
                label: p.t("Responsibilities in English", "Responsabilités en anglais"),
                hint: responsibilities,
                lang: "en",
                value: &typed.responsibilities_en,
            },
            Text {
                id: "responsibilities_fr",
                label: p.t("Responsibilities in French", "Responsabilités en français"),
                hint: responsibilities,
                lang: "fr",
                value: &typed.responsibilities_fr,
            },
        ]
    }

    /// The field that a fault is about: of two languages, the one that is empty.
    fn field(&self, fault: &Fault) -> &'static str {
        let typed = self.typed;
        let is_about = |word: &str| fault.why.iter().any(|why| why.en.contains(word));
        let lacks_french = |en: &str, fr: &str| fr.trim().is_empty() && !en.trim().is_empty();
        match fault.code.as_str() {
            "ENT-2793" => "kind",
            "ENT-2830" => "role",
            "ENT-2831" => "languages",
            "ENT-2832" if is_about("mandate") => {
                let lacks_it = lacks_french(&typed.mandate_en, &typed.mandate_fr);
                if lacks_it { "mandate_fr" } else { "mandate_en" }
            }
            "ENT-2832" if lacks_french(&typed.responsibilities_en, &typed.responsibilities_fr) => {
                "responsibilities_fr"
            }
            "ENT-2832" => "responsibilities_en",
            "ENT-2847" => "time_zone",
            _ if lacks_french(&typed.name_en, &typed.name_fr) => "name_fr",
            _ => "name_en",
        }
    }

    /// Whether a fault is about this field.
    fn is_wrong(&self, id: &str) -> bool {
        self.fault.is_some_and(|fault| self.field(fault) == id)
    }
}

/// `GET /settings/organization/edit`.
pub(super) async fn ask(visit: Visit) -> Answer {
    let SettingsTold { organization: now, about, written, .. } =
        visit.ask(&SettingsShowAsk {}).await?;
    let typed = Typed {
        name_en: now.name.en,
        name_fr: now.name.fr,
        kind: now.kind,
        role: about.role,
        languages: about.languages,
        mandate_en: about.mandate.en,
        mandate_fr: about.mandate.fr,
        responsibilities_en: about.responsibilities.en,
        responsibilities_fr: about.responsibilities.fr,
        time_zone: written.time_zone,
    };
    show(&EditPage { p: &visit.page, fault: None, typed: &typed })
}

/// `POST /settings/organization/edit`.
pub(super) async fn edit(visit: Visit, RawForm(form): RawForm) -> Answer {
    let typed = Typed::read(&form)?;
    let ask = SettingsEditAsk {
        name_en: Some(typed.name_en.clone()),
        name_fr: Some(typed.name_fr.clone()),
        kind: Some(typed.kind.clone()),
        role: Some(typed.role.clone()),
        languages: Some(typed.languages.clone()),
        mandate_en: Some(typed.mandate_en.clone()),
        mandate_fr: Some(typed.mandate_fr.clone()),
        responsibilities_en: Some(typed.responsibilities_en.clone()),
        responsibilities_fr: Some(typed.responsibilities_fr.clone()),
        time_zone: Some(typed.time_zone.clone()),
        ..SettingsEditAsk::default()
    };
    match visit.ask(&ask).await {
        Ok(_) => Ok(Redirect::to(&visit.page.to("/settings/organization")).into_response()),
        Err(fault) if is_about_the_form(&fault) => {
            let page = EditPage { p: &visit.page, fault: Some(&fault), typed: &typed };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

fn is_about_the_form(fault: &Fault) -> bool {
    matches!(
        fault.code.as_str(),
        "ENT-2792" | "ENT-2793" | "ENT-2794" | "ENT-2830" | "ENT-2831" | "ENT-2832" | "ENT-2847"
    )
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn the_summary_says_why_and_leads_to_the_language_that_is_missing() {
        let typed = Typed { mandate_en: "Safe housing".to_owned(), ..Typed::default() };
        let fault = Fault::new(2832, ("It cannot be told like this.", "On ne peut pas."), ("", ""))
            .because("It is about the mandate.", "Il s’agit du mandat.");
        let p = &test_page(Lang::En);
        let page = EditPage { p, fault: Some(&fault), typed: &typed };
        assert_eq!(page.field(&fault), "mandate_fr");
        let html = page.render().unwrap();
        assert!(html.contains("href=\"#mandate_fr\""), "{html}");
        assert_eq!(html.matches("It is about the mandate.").count(), 1, "{html}");
        assert_eq!(html.matches("class=\"field wrong\"").count(), 1, "{html}");
    }
}
