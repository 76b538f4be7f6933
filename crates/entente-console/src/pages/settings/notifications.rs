//! Messages to the staff: who is told, and whether messages arrive.

use askama::Template;
use axum::http::StatusCode;
use entente_node::fault::Fault;
use entente_node::local::Op;
use entente_node::local::doc::{NotifyTestAsk, SettingsShowAsk, SettingsTold, WayTested};

use crate::gate::Visit;
use crate::page::{Answer, Page, show, show_as};

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
