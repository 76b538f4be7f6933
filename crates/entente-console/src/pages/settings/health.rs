//! Health: everything that is checked, as a list of tasks with the next step for each.

use askama::Template;
use entente_node::local::Op;
use entente_node::local::doc::{Check, DoctorAsk, Wellness};

use crate::gate::Visit;
use crate::page::{Answer, Page, show};

#[derive(Template)]
#[template(path = "settings/health.html")]
struct HealthPage<'a> {
    p: &'a Page,
    checks: &'a [Check],
    n_to_do: u64,
}

impl HealthPage<'_> {
    fn tone(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => "good",
            Wellness::Warning => "warn",
            Wellness::Bad => "bad",
        }
    }

    fn word(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => self.p.t("well", "bon état"),
            Wellness::Warning => self.p.t("soon", "bientôt"),
            Wellness::Bad => self.p.t("now", "maintenant"),
        }
    }

    fn text(&self, check: &Check) -> String {
        text(self.p, check)
    }

    fn place(&self, check: &Check) -> Option<(String, &'static str)> {
        place(self.p, check)
    }
}

/// What was found. The node writes instants as documents do; people read them in words.
pub(in crate::pages) fn text(p: &Page, check: &Check) -> String {
    let words = p.both(&check.text).split(' ').map(|word| {
        let bare = word.trim_end_matches(['.', ',', ';']);
        let is_instant = bare.ends_with('Z') && bare.len() == "2026-11-22T14:03:00Z".len();
        if is_instant { word.replace(bare, &p.at(bare)) } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The page of the console on which it is done, where there is one for whoever is here.
pub(in crate::pages) fn place(p: &Page, check: &Check) -> Option<(String, &'static str)> {
    let (op, path, text) = match check.code.as_str() {
        "backup" => {
            (Op::BackupList, "/settings/backups", p.t("Go to the backups", "Aller aux sauvegardes"))
        }
        "audit" => (Op::AuditVerify, "/audit/verify", p.t("Go to the log", "Aller au journal")),
        "partner" | "receipts" | "agreement" | "quarantine" | "invitations" => {
            (Op::PartnerList, "/partners", p.t("Go to the partners", "Aller aux partenaires"))
        }
        _ => return None,
    };
    let is_to_do = check.wellness != Wellness::Good && p.may(op);
    is_to_do.then(|| (p.to(path), text))
}

/// `GET /settings/health`. Calls the partners, so it takes a moment.
pub(super) async fn examine(visit: Visit) -> Answer {
    let mut checks = visit.ask(&DoctorAsk {}).await?.checks;
    // What is to be done comes first; else in the order of the node.
    checks.sort_by_key(|check| std::cmp::Reverse(check.wellness));
    let n_to_do = checks.iter().filter(|check| check.wellness != Wellness::Good).count() as u64;
    show(&HealthPage { p: &visit.page, checks: &checks, n_to_do })
}
