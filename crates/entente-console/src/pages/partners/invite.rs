//! Inviting a partner: a text, a file and a QR code that work once.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use entente_core::lang::Lang;
use entente_node::fault::Fault;
use entente_node::local::doc::{
    InvitationContact, PartnerDeclineAsk, PartnerInviteAsk, PartnerInviteTold,
};
use serde::Deserialize;

use super::words::{TEMPLATES, template};
use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};
use crate::pages::join::Picture;
use crate::problem::Problem;

/// For how long an invitation can stay open, in days.
const DAYS: [u16; 4] = [3, 7, 14, 30];

#[derive(Template)]
#[template(path = "partners/invite.html")]
struct InvitePage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    typed: &'a Typed,
}

/// What stands in the form.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    for_name: String,
    #[serde(default)]
    template: String,
    #[serde(default = "two_weeks")]
    days: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    telephone: String,
}

impl Typed {
    /// Whom to call. Half of it is for the node to refuse.
    fn contact(&self) -> Option<InvitationContact> {
        let (desk, telephone) = (self.contact.trim(), self.telephone.trim());
        let is_there = !(desk.is_empty() && telephone.is_empty());
        is_there
            .then(|| InvitationContact { desk: desk.to_owned(), telephone: telephone.to_owned() })
    }
}

fn two_weeks() -> String {
    "14".to_owned()
}

impl InvitePage<'_> {
    fn templates(&self) -> Vec<(&'static str, &'static str, &'static str, bool)> {
        let p = self.p;
        let shown = TEMPLATES.iter();
        shown
            .map(|(name, title, does)| {
                (*name, p.t(title.0, title.1), p.t(does.0, does.1), *name == self.typed.template)
            })
            .collect()
    }

    fn days(&self) -> Vec<(u16, String, bool)> {
        let row = |days: u16| {
            let n = u64::from(days);
            let words = self.p.count(&n, &("day", "days"), &("jour", "jours"));
            (days, words, days.to_string() == self.typed.days)
        };
        DAYS.map(row).to_vec()
    }

    /// Whether this field is the one at fault.
    fn is_wrong(&self, field: &str) -> bool {
        self.fault.is_some_and(|fault| self.field(fault) == field)
    }

    /// The field that a fault is about.
    fn field(&self, fault: &Fault) -> &'static str {
        match fault.code.as_str() {
            "ENT-1305" => "template",
            "ENT-2833" => "contact",
            _ => "for_name",
        }
    }
}

/// `GET /partners/invite`.
pub(super) async fn ask(visit: Visit) -> Answer {
    let typed = Typed {
        for_name: String::new(),
        template: String::new(),
        days: two_weeks(),
        contact: String::new(),
        telephone: String::new(),
    };
    show(&InvitePage { p: &visit.page, fault: None, typed: &typed })
}

#[derive(Template)]
#[template(path = "partners/invited.html")]
struct InvitedPage<'a> {
    p: &'a Page,
    told: &'a PartnerInviteTold,
    picture: Picture,
    template: &'a str,
}

impl InvitedPage<'_> {
    /// What can be written to whoever is invited, with the invitation in it.
    fn mail(&self, lang: Lang) -> String {
        let page = Page { lang, ..self.p.clone() };
        let (from, link) = (page.both(&page.organization), &self.told.link);
        let (to, until) = (&self.told.for_name, page.at(&self.told.expires_at));
        match lang {
            Lang::En => format!(
                "Hello,\n\n{from} invites {to} to become a partner in Entente. The invitation works once, until {until}.\n\n\
                 At the computer on which you use Entente, open your console, choose Partners, then “Open an invitation”, \
                 and paste all of this text:\n\n{link}\n\n\
                 You see first what it says, and nothing is shared by it. Then we call each other on a number that both of us \
                 know already, and check six digits."
            ),
            Lang::Fr => format!(
                "Bonjour,\n\n{from} invite {to} à devenir partenaire dans Entente. L’invitation sert une seule fois, jusqu’au \
                 {until}.\n\nÀ l’ordinateur où vous utilisez Entente, ouvrez votre console, choisissez Partenaires, puis \
                 «\u{a0}Ouvrir une invitation\u{a0}», et collez tout ce texte\u{a0}:\n\n{link}\n\n\
                 Vous voyez d’abord ce qu’elle dit, et rien n’est communiqué. Nous nous appelons ensuite à un numéro que nous \
                 connaissons déjà et vérifions six chiffres."
            ),
        }
    }
}

/// `POST /partners/invite`. The answer shows the invitation, once.
pub(super) async fn make(visit: Visit, Form(typed): Form<Typed>) -> Answer {
    let ask = PartnerInviteAsk {
        for_name: typed.for_name.clone(),
        expires_days: typed.days.trim().parse().unwrap_or_default(),
        template: Some(typed.template.clone()).filter(|name| !name.is_empty()),
        contact: typed.contact(),
    };
    match visit.ask(&ask).await {
        Ok(told) => show(&InvitedPage {
            p: &visit.page,
            picture: Picture::of(&told.link)?,
            template: template(&typed.template, visit.page.lang),
            told: &told,
        }),
        Err(fault)
            if matches!(
                fault.code.as_str(),
                "ENT-1218" | "ENT-1305" | "ENT-1210" | "ENT-1221" | "ENT-2833"
            ) =>
        {
            let page = InvitePage { p: &visit.page, fault: Some(&fault), typed: &typed };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

/// The text of an invitation on its way into a file.
#[derive(Deserialize)]
pub(super) struct Ticket {
    #[serde(default)]
    ticket: String,
    #[serde(default)]
    for_name: String,
}

/// `POST /partners/invite/file`: gives back what the page shows, as a file.
pub(super) async fn file(_: Visit, Form(form): Form<Ticket>) -> Answer {
    // Forms send line ends as CR LF.
    let text = form.ticket.replace("\r\n", "\n");
    if !text.contains("-----BEGIN ENTENTE INVITATION-----") {
        return Err(Problem::new(no_invitation()));
    }
    let disposition = format!("attachment; filename=\"{}.entente\"", file_name(&form.for_name));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text).into_response())
}

/// `ENT-2840`.
fn no_invitation() -> Box<Fault> {
    Fault::new(
        2840,
        ("This is no invitation.", "Ce n’est pas une invitation."),
        (
            "Go back to the page that shows it, or make a new one.",
            "Revenez à la page qui la montre, ou créez-en une autre.",
        ),
    )
}

/// A name that every file system takes: `office-of-alberta`.
fn file_name(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars().flat_map(char::to_lowercase).take(60) {
        if c.is_ascii_alphanumeric() {
            text.push(c);
        } else if !text.ends_with('-') && !text.is_empty() {
            text.push('-');
        }
    }
    let text = text.trim_end_matches('-');
    if text.is_empty() { "invitation".to_owned() } else { text.to_owned() }
}

/// `POST /partners/invitations/{ticket}/take-back`.
pub(super) async fn take_back(visit: Visit, Path(ticket): Path<String>) -> Answer {
    visit.ask(&PartnerDeclineAsk { ticket, reason: None }).await?;
    Ok(Redirect::to(&visit.page.to("/partners")).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_has_nothing_in_it_that_a_file_system_or_a_header_minds() {
        assert_eq!(file_name("Office of Alberta"), "office-of-alberta");
        assert_eq!(file_name("../\"\r\nx: <y>"), "x-y");
        assert_eq!(file_name("\u{202e}…"), "invitation");
    }
}
