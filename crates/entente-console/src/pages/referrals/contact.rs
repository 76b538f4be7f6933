//! Contact details: handed over by whoever made the referral, opened by one person who may.
//!
//! What is typed here is read once more, then goes into one request to the node, and is kept nowhere: the page on
//! which it is read carries it in hidden fields. The node seals it, and cannot open it again
//! (`docs/decisions/0041-sealed-hand-over.md`).

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_core::handover::Part;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{
    ContactDocument, OpenerListAsk, PhoneDocument, Private, ReferralHandoverAsk, ReferralOpenAsk,
    ReferralOpenTold, ReferralShowAsk, ReferralTold,
};
use entente_node::people::{Typed, fresh_proof_needed};
use serde::Deserialize;

use super::one::receipts;
use super::words::{Words, said};
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, show, show_as};
use crate::problem::Problem;

/// What the form of contact details sends.
#[derive(Default, Deserialize)]
pub(super) struct ContactForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    preferred_name: String,
    #[serde(default)]
    pronouns: String,
    #[serde(default)]
    phone1: String,
    #[serde(default)]
    message1: String,
    #[serde(default)]
    phone2: String,
    #[serde(default)]
    message2: String,
    #[serde(default)]
    safe_times: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    guardian: String,
    #[serde(default)]
    note: String,
    // `check`, `form` or `send`.
    #[serde(default)]
    step: String,
    // A proof of who is asking, if the last one is too old by the time the form is sent.
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

impl ContactForm {
    fn part(&self, part: &Part) -> &str {
        match part {
            Part::Name => &self.name,
            Part::PreferredName => &self.preferred_name,
            Part::Pronouns => &self.pronouns,
            Part::SafeTimes => &self.safe_times,
            Part::Email => &self.email,
            Part::Address => &self.address,
            Part::Language => &self.language,
            Part::Guardian => &self.guardian,
            Part::Note => &self.note,
        }
    }

    /// The telephones that were typed: the number, and whether a message may be left.
    fn phones(&self) -> impl Iterator<Item = (&str, bool)> {
        let phones = [(&self.phone1, &self.message1), (&self.phone2, &self.message2)];
        let typed = phones.into_iter().filter(|(number, _)| !number.trim().is_empty());
        typed.map(|(number, message)| (number.as_str(), !message.is_empty()))
    }

    /// What was typed, as it travels to the next page.
    fn hidden(&self) -> Vec<(&'static str, &str)> {
        let parts = Part::ALL.iter().map(|part| (part.code(), self.part(part)));
        let phones = [
            ("phone1", self.phone1.as_str()),
            ("message1", &self.message1),
            ("phone2", &self.phone2),
            ("message2", &self.message2),
        ];
        parts.chain(phones).filter(|(_, text)| !text.is_empty()).collect()
    }

    fn document(&self) -> ContactDocument {
        // Browsers end a line with two characters.
        let lines = |text: &str| text.replace("\r\n", "\n");
        ContactDocument {
            name: self.name.clone(),
            preferred_name: self.preferred_name.clone(),
            pronouns: self.pronouns.clone(),
            phones: self
                .phones()
                .map(|(number, message)| PhoneDocument { number: number.to_owned(), message })
                .collect(),
            safe_times: lines(&self.safe_times),
            email: self.email.clone(),
            address: lines(&self.address),
            language: self.language.clone(),
            guardian: lines(&self.guardian),
            note: lines(&self.note),
        }
    }
}

#[derive(Template)]
#[template(path = "referrals/contact.html")]
struct ContactPage<'a> {
    p: &'a Page,
    now_s: i64,
    told: &'a ReferralTold,
    form: &'a ContactForm,
    fault: Option<&'a Fault>,
}

impl Words for ContactPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl ContactPage<'_> {
    fn to_whom(&self) -> String {
        self.other(&self.told.referral)
    }

    fn first_parts(&self) -> &'static [Part] {
        &[Part::Name]
    }

    fn safe_parts(&self) -> &'static [Part] {
        &[Part::SafeTimes]
    }

    fn last_parts(&self) -> &'static [Part] {
        &[Part::Note]
    }

    fn more_parts(&self) -> &'static [Part] {
        &[Part::PreferredName, Part::Pronouns, Part::Email, Part::Language]
    }

    fn long_parts(&self) -> &'static [Part] {
        &[Part::Address, Part::Guardian]
    }

    /// Whether something was typed of what most people do not need.
    fn has_more(&self) -> bool {
        let mut parts = self.more_parts().iter().chain(self.long_parts());
        !self.form.phone2.is_empty() || parts.any(|part| !self.form.part(part).is_empty())
    }

    fn label(&self, part: &Part) -> &'static str {
        part.label(self.p.lang)
    }

    fn first_phone(&self) -> [(u8, &str, bool); 1] {
        [(1, &self.form.phone1, !self.form.message1.is_empty())]
    }

    fn second_phone(&self) -> [(u8, &str, bool); 1] {
        [(2, &self.form.phone2, !self.form.message2.is_empty())]
    }
}

/// What was typed, to be read once more before it is sealed.
#[derive(Template)]
#[template(path = "referrals/contact_check.html")]
struct CheckPage<'a> {
    p: &'a Page,
    now_s: i64,
    told: &'a ReferralTold,
    form: &'a ContactForm,
    fault: Option<&'a Fault>,
    wants_proof: bool,
}

impl Words for CheckPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

impl CheckPage<'_> {
    fn to_whom(&self) -> String {
        self.other(&self.told.referral)
    }

    /// The parts that say something, and the telephones.
    fn rows(&self) -> Vec<(&'static str, String)> {
        let (p, form) = (self.p, self.form);
        let phone = |(number, message): (&str, bool)| {
            let may = match message {
                true => p.t("a message may be left", "on peut laisser un message"),
                false => p.t("leave no message", "ne laissez pas de message"),
            };
            (p.t("Telephone", "Téléphone"), format!("{number} ({may})"))
        };
        let part = |part: &Part| (part.label(p.lang), form.part(part).to_owned());
        let parts = Part::ALL.iter().map(part).filter(|(_, text)| !text.trim().is_empty());
        parts.chain(form.phones().map(phone)).collect()
    }
}

async fn of(visit: &Visit, id: &str) -> Result<ReferralTold, Problem> {
    Ok(visit.ask(&ReferralShowAsk { referral: id.to_owned() }).await?)
}

/// Whether a referral is at a step at which something can be handed over.
fn can_hand_over(told: &ReferralTold) -> bool {
    let can = ["accepted", "handed_over", "delivered", "opened"];
    told.referral.ours && can.contains(&told.referral.step.as_str())
}

fn to_referral(visit: &Visit, id: &str) -> Answer {
    let to = visit.page.to(&format!("/referrals/{}", encoded(id)));
    Ok(Redirect::to(&to).into_response())
}

/// The form, if something can be handed over.
async fn form(visit: &Visit, id: &str, form: &ContactForm, fault: Option<&Fault>) -> Answer {
    let told = of(visit, id).await?;
    if !can_hand_over(&told) {
        return to_referral(visit, id);
    }
    let now_s = visit.console.desk.node.now_s();
    let page = ContactPage { p: &visit.page, now_s, told: &told, form, fault };
    let status = fault.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    show_as(status, &page)
}

/// What was typed, to be read once more.
async fn check(
    visit: &Visit,
    id: &str,
    form: &ContactForm,
    fault: Option<&Fault>,
    wants_proof: bool,
) -> Answer {
    let told = of(visit, id).await?;
    if !can_hand_over(&told) {
        return to_referral(visit, id);
    }
    let now_s = visit.console.desk.node.now_s();
    let page = CheckPage { p: &visit.page, now_s, told: &told, form, fault, wants_proof };
    show_as(if wants_proof { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

/// Whether whoever is here sees cards and may therefore see these pages.
fn check_sees(visit: &Visit) -> Result<(), Problem> {
    if visit.page.may(Op::ReferralShow) {
        return Ok(());
    }
    Err(Problem::new(crate::gate::nothing_there()))
}

/// `GET /referrals/{referral}/contact`.
pub(super) async fn ask(visit: Visit, Path(id): Path<String>) -> Answer {
    check_sees(&visit)?;
    if !visit.console.desk.people.is_fresh(visit.signed()?) {
        return Err(Problem::new(fresh_proof_needed()));
    }
    form(&visit, &id, &ContactForm::default(), None).await
}

/// `POST /referrals/{referral}/contact`: read once more, change, or hand over.
///
/// If the proof became too old meanwhile, the page asks for one itself: what was typed is not lost.
pub(super) async fn hand_over(
    visit: Visit,
    Path(id): Path<String>,
    Form(typed): Form<ContactForm>,
) -> Answer {
    check_sees(&visit)?;
    match typed.step.as_str() {
        "send" => {}
        "form" => return form(&visit, &id, &typed, None).await,
        _ => return check(&visit, &id, &typed, None, false).await,
    }
    let is_fresh = visit.console.desk.people.is_fresh(visit.signed()?);
    if !is_fresh {
        if typed.password.is_empty() {
            return check(&visit, &id, &typed, None, true).await;
        }
        if let Err(fault) = prove(&visit, &typed).await {
            return check(&visit, &id, &typed, Some(&fault), true).await;
        }
    }
    let ask = ReferralHandoverAsk { referral: id.clone(), details: Private(typed.document()) };
    match visit.ask(&ask).await {
        Ok(_) => to_referral(&visit, &id),
        Err(fault) if fault.code == "ENT-2301" => Err(Problem::new(fault)),
        Err(fault) => form(&visit, &id, &typed, Some(&fault)).await,
    }
}

async fn prove(visit: &Visit, typed: &ContactForm) -> entente_node::node::Outcome<()> {
    let signed = visit.page.signed.clone().ok_or_else(crate::page::failed)?;
    let place = visit.place.clone();
    let typed = Typed {
        name: signed.staff.name.clone(),
        password: typed.password.clone(),
        code: typed.code.clone(),
    };
    visit.console.proving(move |people| people.prove_again(&signed, &typed, &place)).await
}

#[derive(Template)]
#[template(path = "referrals/open.html")]
struct OpenPage<'a> {
    p: &'a Page,
    id: &'a str,
    openers: &'a [String],
    chosen: &'a str,
    fault: Option<&'a Fault>,
}

async fn passphrase_page(
    visit: &Visit,
    id: &str,
    chosen: Option<&str>,
    fault: Option<&Fault>,
) -> Answer {
    let told = visit.ask(&OpenerListAsk {}).await?;
    let openers: Vec<_> = told.openers.into_iter().map(|opener| opener.name).collect();
    let account = visit.signed()?.staff.name.clone();
    let page = OpenPage {
        p: &visit.page,
        id,
        openers: &openers,
        chosen: chosen.unwrap_or(&account),
        fault,
    };
    let status = fault.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    show_as(status, &page)
}

/// `GET /referrals/{referral}/open`.
pub(super) async fn ask_passphrase(visit: Visit, Path(id): Path<String>) -> Answer {
    check_sees(&visit)?;
    of(&visit, &id).await?;
    passphrase_page(&visit, &id, None, None).await
}

/// Who opens, and what only that person knows.
#[derive(Default, Deserialize)]
pub(super) struct OpenForm {
    #[serde(default)]
    opener: String,
    #[serde(default)]
    passphrase: String,
}

#[derive(Template)]
#[template(path = "referrals/opened.html")]
struct OpenedPage<'a> {
    p: &'a Page,
    opened: &'a ReferralOpenTold,
    told: &'a ReferralTold,
}

impl OpenedPage<'_> {
    fn from(&self) -> &str {
        said(self.p, &self.told.referral.home.name)
    }

    /// The parts that say something, telephones aside.
    fn parts(&self) -> Vec<(&'static str, &str)> {
        let details = &self.opened.details.0;
        let text = |part: Part| match part {
            Part::Name => &details.name,
            Part::PreferredName => &details.preferred_name,
            Part::Pronouns => &details.pronouns,
            Part::SafeTimes => &details.safe_times,
            Part::Email => &details.email,
            Part::Address => &details.address,
            Part::Language => &details.language,
            Part::Guardian => &details.guardian,
            Part::Note => &details.note,
        };
        let parts = Part::ALL.iter().map(|part| (part.label(self.p.lang), text(*part).as_str()));
        parts.filter(|(_, text)| !text.is_empty()).collect()
    }

    fn phones(&self) -> &[PhoneDocument] {
        &self.opened.details.0.phones
    }

    /// What must not be done, from the card: it stands beside the telephone.
    fn safety(&self) -> String {
        let flags = self.told.card.as_ref().map(|card| card.safety.as_slice());
        self.p.labels("safety_flag", flags.unwrap_or_default())
    }

    fn kept(&self) -> Vec<(&'static str, String)> {
        self.told.handovers.last().map(|entry| receipts(self.p, entry)).unwrap_or_default()
    }
}

/// `POST /referrals/{referral}/open`. The answer is the only page that shows them.
pub(super) async fn open(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<OpenForm>,
) -> Answer {
    check_sees(&visit)?;
    let ask = ReferralOpenAsk {
        referral: id.clone(),
        opener: Some(form.opener.clone()).filter(|name| !name.is_empty()),
        passphrase: Private(form.passphrase),
    };
    match visit.ask(&ask).await {
        Ok(opened) => {
            let told = of(&visit, &id).await?;
            show(&OpenedPage { p: &visit.page, opened: &opened, told: &told })
        }
        Err(fault) if matches!(fault.code.as_str(), "ENT-2301" | "ENT-2302" | "ENT-2711") => {
            Err(Problem::new(fault))
        }
        Err(fault) => passphrase_page(&visit, &id, Some(&form.opener), Some(&fault)).await,
    }
}
