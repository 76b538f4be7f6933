//! Consents: what a person allows, entered with them and listed.

use askama::Template;
use axum::extract::{Path, Query, RawForm};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::codes::{Code as _, ConsentScope};
use entente_core::record::Language;
use entente_node::local::doc::{
    ConsentGiveAsk, ConsentListAsk, ConsentListTold, ConsentRow, PartnerListAsk, PartnerState,
};
use entente_node::local::{Op, words};
use jiff::civil::Date;

use super::form::{Answered, Wrong, pairs};
use super::show::News;
use super::{found, short};
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::pages::referrals::words::{language, languages};
use crate::problem::Problem;

/// What a page shows of a consent.
pub(crate) trait Consents {
    fn page(&self) -> &Page;

    /// What it allows.
    fn allows(&self, row: &ConsentRow) -> String {
        let p = self.page();
        match &row.override_reason {
            Some(reason) => p.label("override_reason", reason),
            None => p.labels("consent_scope", &row.scopes),
        }
    }

    /// Names of those it allows it to; empty if anybody with an agreement.
    fn recipients<'r>(&self, row: &'r ConsentRow) -> Vec<&'r str> {
        row.recipients.iter().map(|it| it.name(self.page().lang)).collect()
    }

    /// Whether it holds, in a word, with its tone.
    fn state(&self, row: &ConsentRow) -> (&'static str, &'static str) {
        let p = self.page();
        match () {
            () if row.withdrawn_on.is_some() => ("", p.t("withdrawn", "retiré")),
            () if !row.valid => ("warn", p.t("does not hold today", "pas valide aujourd’hui")),
            () if !row.informed && row.override_reason.is_none() => (
                "warn",
                p.t("covers nothing: not informed", "ne couvre rien : personne non informée"),
            ),
            () => ("good", p.t("valid", "valide")),
        }
    }

    /// From when until when.
    fn term(&self, row: &ConsentRow) -> String {
        let p = self.page();
        let from = p.day(&row.given_on);
        match (&row.withdrawn_on, &row.valid_until) {
            (Some(day), _) => format!("{from} – {}", p.day(day)),
            (None, Some(day)) => format!("{from} – {}", p.day(day)),
            (None, None) => format!("{} {from}", p.t("since", "depuis le")),
        }
    }
}

#[derive(Template)]
#[template(path = "cases/consents.html")]
struct ListPage<'a> {
    p: &'a Page,
    told: &'a ConsentListTold,
    news: &'a News,
}

impl Consents for ListPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl ListPage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record)
    }

    /// Whether any could be withdrawn.
    fn is_standing(&self) -> bool {
        self.told.consents.iter().any(|it| it.withdrawn_on.is_none())
    }
}

/// `GET /cases/{case}/consents`.
pub(crate) async fn list(
    visit: Visit,
    Path(case): Path<String>,
    Query(news): Query<News>,
) -> Answer {
    let told = found(visit.ask(&ConsentListAsk { record: case }).await)?;
    show(&ListPage { p: &visit.page, told: &told, news: &news })
}

/// What was typed.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    scopes: Vec<String>,
    needs: Vec<String>,
    recipients: Vec<String>,
    given_by: String,
    informed: bool,
    language: String,
    given_on: String,
    valid_until: String,
    override_reason: String,
    // `check`, `form`, `save`.
    step: String,
}

impl Typed {
    fn read(form: &[u8]) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (name, value) in pairs(form)? {
            match name.as_str() {
                "scope" => typed.scopes.push(value),
                "need" => typed.needs.push(value),
                "recipient" => typed.recipients.push(value),
                "given_by" => typed.given_by = value,
                "informed" => typed.informed = true,
                "language" => typed.language = value,
                "given_on" => typed.given_on = value,
                "valid_until" => typed.valid_until = value,
                "override_reason" => typed.override_reason = value,
                "step" => typed.step = value,
                _ => {}
            }
        }
        Ok(typed)
    }

    fn ask(&self, record: &str) -> ConsentGiveAsk {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        ConsentGiveAsk {
            record: record.to_owned(),
            scopes: self.scopes.clone(),
            needs: self.needs.clone(),
            recipients: self.recipients.clone(),
            given_by: some(&self.given_by),
            informed: self.informed,
            language: some(&self.language),
            given_on: some(&self.given_on),
            valid_until: some(&self.valid_until),
            override_reason: some(&self.override_reason),
        }
    }

    /// Everything, for the hidden part of the page on which it is checked.
    fn hidden(&self) -> Vec<(&'static str, &str)> {
        let several =
            [("scope", &self.scopes), ("need", &self.needs), ("recipient", &self.recipients)];
        let several =
            several.into_iter().flat_map(|(name, all)| all.iter().map(move |it| (name, it)));
        let one = [
            ("given_by", &self.given_by),
            ("language", &self.language),
            ("given_on", &self.given_on),
            ("valid_until", &self.valid_until),
            ("override_reason", &self.override_reason),
        ];
        let texts = several.chain(one).map(|(name, text)| (name, text.as_str()));
        let informed = self.informed.then_some(("informed", "true"));
        texts.chain(informed).filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Everything as a person reads it. `partners` are those that may be ticked.
    fn answers(&self, p: &Page, partners: &[Partner]) -> Vec<Answered> {
        let day = |text: &str, without: &str| match text.trim() {
            "" => without.to_owned(),
            day => p.day(day),
        };
        let some = |labels: String, without: &str| {
            if labels.is_empty() { without.to_owned() } else { labels }
        };
        let ticked = partners.iter().filter(|(.., is_ticked)| *is_ticked);
        let ticked: Vec<_> = ticked.map(|(_, name, _)| name.as_str()).collect();
        let given_by = if self.given_by.is_empty() { "self" } else { self.given_by.as_str() };
        let told = if self.informed {
            p.t(
                "The interview, its purpose, the use of the data, and its use without their identity",
                "L’entrevue, son but, l’utilisation des données, et leur utilisation sans son identité",
            )
        } else {
            p.t(
                "nothing: a consent covers nothing then",
                "rien : un consentement ne couvre alors rien",
            )
        };
        let language = match self.language.as_str() {
            "" => p.t("Not noted", "Non consignée").to_owned(),
            tag => language(p, tag),
        };
        let anybody = match self.recipients.is_empty() {
            true => p.t("anybody with an agreement", "quiconque a une entente"),
            false => "—",
        };
        let duty = p.label("override_reason", &self.override_reason);
        let all = [
            (p.t("Legal duty", "Obligation légale"), duty),
            (p.t("Allows", "Permet"), p.labels("consent_scope", &self.scopes)),
            (p.t("Told of", "Ce qui a été expliqué"), told.to_owned()),
            (p.t("To whom", "À qui"), some(ticked.join(", "), anybody)),
            (
                p.t("Until when", "Jusqu’à quand"),
                day(&self.valid_until, p.t("until it is withdrawn", "jusqu’au retrait")),
            ),
            (p.t("Given by", "Donné par"), p.label("given_by", given_by)),
            (p.t("Given on", "Donné le"), day(&self.given_on, p.t("today", "aujourd’hui"))),
            (p.t("Language", "Langue"), language),
            (
                p.t("Needs", "Besoins"),
                some(p.labels("need", &self.needs), p.t("any need", "tout besoin")),
            ),
        ];
        let said = all.into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(label, value)| Answered { label, value }).collect()
    }

    /// What the node would refuse, at its field.
    fn wrong(&self, p: &Page) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if self.scopes.is_empty() && self.override_reason.is_empty() {
            let text = p.t("Tick what the person allows.", "Cochez ce que la personne permet.");
            wrong.push(Wrong::at("scope", text));
        }
        // Beside it, everything else that is ticked would count for nothing.
        if self.scopes.len() > 1 && self.scopes.iter().any(|it| it == ConsentScope::None.code()) {
            let text = p.t(
                "“No sharing” rules out all the rest: untick it, or untick the rest.",
                "« Aucune communication » exclut tout le reste : décochez cette case, ou les autres.",
            );
            wrong.push(Wrong::at("scope", text));
        }
        if !self.override_reason.is_empty() && self.recipients.is_empty() {
            let text = p.t(
                "A legal duty names to whom: tick the partner.",
                "Une obligation légale vise un destinataire : cochez le partenaire.",
            );
            wrong.push(Wrong::at("recipient", text));
        }
        let day = |text: &str| text.trim().parse::<Date>();
        for (name, text) in [("given_on", &self.given_on), ("valid_until", &self.valid_until)] {
            if !text.trim().is_empty() && day(text).is_err() {
                let text = p.t("A date is written 2026-11-22.", "Une date s’écrit 2026-11-22.");
                wrong.push(Wrong::at(name, text));
            }
        }
        if !self.language.trim().is_empty()
            && let Err(reason) = Language::new(self.language.trim())
        {
            wrong.push(Wrong::at("language", reason.text(p.lang)));
        }
        wrong
    }
}

#[derive(Template)]
#[template(path = "cases/consent_add.html")]
struct GivePage<'a> {
    p: &'a Page,
    case: &'a str,
    typed: &'a Typed,
    wrong: &'a [Wrong],
    partners: Vec<Partner>,
}

/// A partner: its id, its name, whether it is ticked.
type Partner = (String, String, bool);

#[derive(Template)]
#[template(path = "cases/consent_check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    case: &'a str,
    typed: &'a Typed,
    answers: Vec<Answered>,
}

impl CheckPage<'_> {
    fn short(&self) -> &str {
        short(self.case)
    }

    fn is_duty(&self) -> bool {
        !self.typed.override_reason.is_empty()
    }
}

impl GivePage<'_> {
    fn short(&self) -> &str {
        short(self.case)
    }

    fn error(&self, name: &str) -> Option<&str> {
        self.wrong.iter().find(|it| it.at == name).map(|it| it.text.as_str())
    }

    /// The codes of a list: code, label, whether it is chosen.
    fn choices(&self, list: &str, chosen: &[String]) -> Vec<(&'static str, &'static str, bool)> {
        let codes = words::list(list, self.p.lang).unwrap_or_default().into_iter();
        codes.map(|(code, label)| (code, label, chosen.iter().any(|it| it == code))).collect()
    }

    /// Languages to choose from: tag and name.
    fn languages(&self) -> Vec<(String, String)> {
        languages(self.p, std::slice::from_ref(&self.typed.language))
    }

    fn one_of(&self, list: &str, chosen: &str) -> Vec<(&'static str, &'static str, bool)> {
        let codes = words::list(list, self.p.lang).unwrap_or_default().into_iter();
        codes.map(|(code, label)| (code, label, code == chosen)).collect()
    }

    /// The part with the rest holds something, or something is wrong with it.
    fn is_more(&self) -> bool {
        let typed = self.typed;
        let is_wrong = self.error("given_on").or(self.error("language")).is_some();
        let is_plain = typed.given_by.is_empty() || typed.given_by == "self";
        let texts = [&typed.given_on, &typed.language];
        is_wrong || !is_plain || !typed.needs.is_empty() || texts.iter().any(|it| !it.is_empty())
    }

    /// The part about a legal duty holds something, or something is wrong with it.
    fn is_duty(&self) -> bool {
        !self.typed.override_reason.is_empty()
    }
}

/// The id of the case, and the partners to whom a consent may be.
async fn known(
    visit: &Visit,
    case: &str,
    typed: &Typed,
) -> Result<(String, Vec<Partner>), Problem> {
    let p = &visit.page;
    // Also says whether there is such a case.
    let known = found(visit.ask(&ConsentListAsk { record: case.to_owned() }).await)?;
    let partners = visit.ask(&PartnerListAsk { state: None }).await?.partners.into_iter();
    let partners = partners
        .filter(|row| !row.partner.id.is_empty() && row.state != PartnerState::Ended)
        .map(|row| {
            let name = row.partner.name(p.lang).to_owned();
            let chosen = typed.recipients.contains(&row.partner.id);
            (row.partner.id, name, chosen)
        })
        .collect();
    Ok((known.record, partners))
}

async fn form(visit: &Visit, case: &str, typed: &Typed, wrong: &[Wrong]) -> Answer {
    let (case, partners) = known(visit, case, typed).await?;
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    show_as(status, &GivePage { p: &visit.page, case: &case, typed, wrong, partners })
}

async fn check(visit: &Visit, case: &str, typed: &Typed) -> Answer {
    let (case, partners) = known(visit, case, typed).await?;
    let p = &visit.page;
    let answers = typed.answers(p, &partners);
    show(&CheckPage { p, case: &case, typed, answers })
}

/// `GET /cases/{case}/consents/add`.
pub(crate) async fn ask(visit: Visit, Path(case): Path<String>) -> Answer {
    form(&visit, &case, &Typed::default(), &[]).await
}

/// `POST /cases/{case}/consents/add`: to check, back to the form, or to keep.
pub(crate) async fn give(visit: Visit, Path(case): Path<String>, RawForm(body): RawForm) -> Answer {
    let (p, typed) = (&visit.page, Typed::read(&body)?);
    if typed.step == "form" {
        return form(&visit, &case, &typed, &[]).await;
    }
    let wrong = typed.wrong(p);
    if !wrong.is_empty() {
        return form(&visit, &case, &typed, &wrong).await;
    }
    if typed.step != "save" {
        return check(&visit, &case, &typed).await;
    }
    match visit.ask(&typed.ask(&case)).await {
        Ok(told) => {
            Ok(Redirect::to(&p.to(&format!("/cases/{}?given=true", told.record))).into_response())
        }
        Err(fault) if fault.code == "ENT-1407" => {
            let lines = fault.why.iter();
            let wrong: Vec<_> = lines.map(|why| Wrong::at("valid_until", p.both(why))).collect();
            form(&visit, &case, &typed, &wrong).await
        }
        Err(fault) => found(Err(fault)),
    }
}
