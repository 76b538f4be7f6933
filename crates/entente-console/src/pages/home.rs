//! Home: what needs somebody's attention, and what there is.

use askama::Template;
use entente_node::local::doc::{Check, StatusAsk, StatusTold, Wellness};

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/home", Need::Session => home;
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    p: &'a Page,
    name: &'a str,
    status: &'a StatusTold,
    n_active: u64,
    n_waiting: u64,
}

impl HomePage<'_> {
    fn tone(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => "good",
            Wellness::Warning => "warn",
            Wellness::Bad => "bad",
        }
    }

    fn word(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => self.p.t("Well", "Bon état"),
            Wellness::Warning => self.p.t("Soon", "Bientôt"),
            Wellness::Bad => self.p.t("Now", "Maintenant"),
        }
    }
}

/// `GET /home`.
async fn home(visit: Visit) -> Answer {
    let signed = visit.signed()?;
    let status = visit.ask(&StatusAsk {}).await?;
    let in_state = |states: &[&str]| {
        let is_in = |row: &&entente_node::local::doc::PartnerRow| {
            let state = serde_json::to_value(row.state).unwrap_or_default();
            state.as_str().is_some_and(|state| states.contains(&state))
        };
        status.partners.iter().filter(is_in).count() as u64
    };
    show(&HomePage {
        p: &visit.page,
        name: &signed.display,
        n_active: in_state(&["active"]),
        n_waiting: in_state(&["invited", "connected", "verified", "half_signed"]),
        status: &status,
    })
}
