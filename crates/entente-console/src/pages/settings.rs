//! Settings: what an organization looks after so that everything else goes on.

mod approvals;
mod backups;
pub(in crate::pages) mod health;
mod keys;
mod notifications;
mod organization;
mod taken;

pub(crate) use organization::AboutPart;

use askama::Template;
use entente_node::local::Op;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::route::area;

area! {
    GET "/settings", Need::Session => menu;
    GET "/settings/organization", Need::May(Op::SettingsShow) => organization::show_it;
    GET "/settings/organization/edit", Need::May(Op::SettingsEdit) => organization::ask;
    POST "/settings/organization/edit", Need::May(Op::SettingsEdit) => organization::edit;
    GET "/settings/keys", Need::May(Op::SettingsShow) => keys::list;
    GET "/settings/passphrase", Need::May(Op::Passphrase) => keys::ask;
    POST "/settings/passphrase", Need::May(Op::Passphrase) => keys::change;
    GET "/settings/backups", Need::May(Op::BackupList) => backups::list;
    POST "/settings/backups", Need::May(Op::BackupCreate) => backups::create;
    GET "/settings/backups/drill", Need::May(Op::BackupDrill) => backups::ask;
    POST "/settings/backups/drill", Need::May(Op::BackupDrill) => backups::drill;
    GET "/settings/notifications", Need::May(Op::SettingsShow) => notifications::list;
    POST "/settings/notifications", Need::May(Op::NotifyTest) => notifications::test;
    GET "/settings/notifications/people", Need::May(Op::SettingsEdit) => notifications::ask;
    POST "/settings/notifications/people", Need::May(Op::SettingsEdit) => notifications::edit;
    GET "/settings/health", Need::May(Op::Doctor) => health::examine;
    GET "/settings/approvals", Need::May(Op::ApprovalList) => approvals::list;
    GET "/settings/approvals/edit", Need::May(Op::SettingsEdit) => approvals::ask_edit;
    POST "/settings/approvals/edit", Need::May(Op::SettingsEdit) => approvals::edit;
    POST "/settings/approvals/{approval}/approve", Need::May(Op::ApprovalApprove) => approvals::approve;
    POST "/settings/approvals/{approval}/file", Need::May(Op::RecordExport) => taken::take;
    POST "/settings/approvals/{approval}/refuse", Need::May(Op::ApprovalRefuse) => approvals::refuse;
}

#[derive(Template)]
#[template(path = "settings/menu.html")]
struct MenuPage<'a> {
    p: &'a Page,
}

/// A line of the menu.
struct Line {
    to: String,
    title: &'static str,
    hint: &'static str,
}

impl MenuPage<'_> {
    /// What the person here may look after.
    fn lines(&self) -> Vec<Line> {
        let p = self.p;
        let all = [
            (
                "/settings/organization",
                Some(Op::SettingsShow),
                p.t("Organization", "Organisme"),
                p.t(
                    "Its names, what it does, its identity, and where partners reach it.",
                    "Ses noms, ce qu’il fait, son identité et là où les partenaires le joignent.",
                ),
            ),
            (
                "/people",
                Some(Op::UserList),
                p.t("Accounts", "Comptes"),
                p.t(
                    "Who may sign in, and as what. Put somebody out at once.",
                    "Qui peut ouvrir une session, et à quel titre. Retirer un accès immédiatement.",
                ),
            ),
            (
                "/settings/approvals",
                Some(Op::ApprovalList),
                p.t("Approvals", "Approbations"),
                p.t(
                    "What waits for a second person.",
                    "Ce qui attend une deuxième personne.",
                ),
            ),
            (
                "/settings/approvals/edit",
                Some(Op::SettingsEdit),
                p.t("What takes two people", "Ce qui exige deux personnes"),
                p.t(
                    "Choose what a second person has to approve.",
                    "Choisir ce qu’une deuxième personne doit approuver.",
                ),
            ),
            (
                "/settings/keys",
                Some(Op::SettingsShow),
                p.t("Keys and certificates", "Clés et certificats"),
                p.t(
                    "Fingerprints to compare, when certificates end, and how keys are replaced.",
                    "Les empreintes à comparer, la fin des certificats et le remplacement des clés.",
                ),
            ),
            (
                "/openers",
                Some(Op::OpenerList),
                p.t("Who opens hand-overs", "Qui ouvre les transmissions"),
                p.t(
                    "The people who can read contact details that partners hand over.",
                    "Les personnes qui peuvent lire les coordonnées que transmettent les partenaires.",
                ),
            ),
            (
                "/settings/backups",
                Some(Op::BackupList),
                p.t("Backups", "Sauvegardes"),
                p.t(
                    "Make one, list them, and try whether one can be restored.",
                    "En faire une, les lister et essayer d’en restaurer une.",
                ),
            ),
            (
                "/settings/notifications",
                Some(Op::SettingsShow),
                p.t("Messages to the staff", "Messages au personnel"),
                p.t(
                    "Who is told that something waits, and whether messages arrive.",
                    "Qui est avisé que quelque chose attend, et si les messages arrivent.",
                ),
            ),
            (
                "/settings/health",
                Some(Op::Doctor),
                p.t("Health", "État de santé"),
                p.t(
                    "Clock, disk, certificate, backups and partners, each with the next step.",
                    "Horloge, disque, certificat, sauvegardes et partenaires, avec la prochaine étape.",
                ),
            ),
            (
                "/account",
                None,
                p.t("Your own account", "Votre propre compte"),
                p.t(
                    "Your password, your codes and your open sessions.",
                    "Votre mot de passe, vos codes et vos sessions ouvertes.",
                ),
            ),
        ];
        let open = all.into_iter().filter(|(_, op, ..)| op.is_none_or(|op| p.may(op)));
        open.map(|(path, _, title, hint)| Line { to: p.to(path), title, hint }).collect()
    }
}

/// `GET /settings`.
async fn menu(visit: Visit) -> Answer {
    show(&MenuPage { p: &visit.page })
}
