//! Accounts: who may sign in, and as what. For administrators.

use askama::Template;
use axum::extract::{Path, Query, RawForm};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use entente_node::fault::Fault;
use entente_node::local::doc::{
    UserAddAsk, UserDisableAsk, UserEnableAsk, UserLinkTold, UserListAsk, UserResetAsk,
    UserRolesAsk, UserRow, UserSignOutAsk,
};
use entente_node::local::{Op, Role};
use serde::Deserialize;

use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show, show_as};
use crate::paging::Pages;
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/people", Need::May(Op::UserList) => list;
    GET "/people/add", Need::May(Op::UserAdd) => ask;
    POST "/people/add", Need::May(Op::UserAdd) => add;
    GET "/people/{user}", Need::May(Op::UserList) => one;
    POST "/people/{user}/roles", Need::May(Op::UserRoles) => set_roles;
    GET "/people/{user}/disable", Need::May(Op::UserDisable) => ask_disable;
    POST "/people/{user}/disable", Need::May(Op::UserDisable) => disable;
    POST "/people/{user}/enable", Need::May(Op::UserEnable) => enable;
    GET "/people/{user}/reset", Need::May(Op::UserReset) => ask_reset;
    POST "/people/{user}/reset", Need::May(Op::UserReset) => reset;
    POST "/people/{user}/sign-out", Need::May(Op::UserSignOut) => sign_out;
}

/// What a page about accounts shows of them.
trait Shown {
    fn page(&self) -> &Page;

    fn roles(&self, row: &UserRow) -> String {
        let lang = self.page().lang;
        let label = |code: &String| Role::parse(code).map_or("", |role| role.label(lang));
        row.roles.iter().map(label).collect::<Vec<_>>().join(", ")
    }

    fn choices(&self, chosen: &[String]) -> Vec<(&'static str, &'static str, &'static str, bool)> {
        let p = self.page();
        let choice = |role: &Role| {
            let is_chosen = chosen.iter().any(|code| code == role.code());
            (role.code(), role.label(p.lang), does(*role, p), is_chosen)
        };
        Role::ALL.iter().map(choice).collect()
    }
}

/// What a role is there to do, in a line.
fn does(role: Role, p: &Page) -> &'static str {
    match role {
        Role::CaseWorker => p.t(
            "Keeps cases and consents; may reveal names.",
            "Tient les dossiers et les consentements; peut révéler les noms.",
        ),
        Role::Supervisor => {
            p.t("Also imports, exports and counts.", "Importe, exporte et dénombre aussi.")
        }
        Role::PrivacyOfficer => p.t(
            "Signs agreements, releases summaries, reads the audit log.",
            "Signe les ententes, communique les résumés, lit le journal.",
        ),
        Role::Coordinator => p.t(
            "Invites partners, drafts agreements, counts with partners.",
            "Invite les partenaires, rédige les ententes, dénombre avec eux.",
        ),
        Role::Auditor => p.t(
            "Reads everything that was done; changes nothing.",
            "Lit tout ce qui a été fait; ne change rien.",
        ),
        Role::Administrator => p.t(
            "Runs the machine and the accounts; sees no case.",
            "Gère la machine et les comptes; ne voit aucun dossier.",
        ),
    }
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage<'a> {
    p: &'a Page,
    users: &'a [UserRow],
    pages: Pages,
}

impl Shown for PeoplePage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

/// From which row on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    from: usize,
}

/// `GET /people`.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let told = visit.ask(&UserListAsk {}).await?;
    let (users, pages) = Pages::of(&visit.page, "/people", wanted.from, told.users);
    show(&PeoplePage { p: &visit.page, users: &users, pages })
}

#[derive(Template)]
#[template(path = "person_add.html")]
struct AddPage<'a> {
    p: &'a Page,
    fault: Option<&'a Fault>,
    typed: &'a Typed,
}

impl Shown for AddPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

/// A form about an account. Several boxes of one name are several pairs.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    display: String,
    roles: Vec<String>,
}

impl Typed {
    fn read(form: &[u8]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(crate::page::failed()))?;
        let mut typed = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => typed.name = value,
                "display" => typed.display = value,
                "role" => typed.roles.push(value),
                _ => {}
            }
        }
        Ok(typed)
    }
}

/// `GET /people/add`.
async fn ask(visit: Visit) -> Answer {
    show(&AddPage { p: &visit.page, fault: None, typed: &Typed::default() })
}

#[derive(Template)]
#[template(path = "person_link.html")]
struct LinkPage<'a> {
    p: &'a Page,
    told: &'a UserLinkTold,
}

/// `POST /people/add`. The answer shows the link, once.
async fn add(visit: Visit, RawForm(form): RawForm) -> Answer {
    let typed = Typed::read(&form)?;
    let ask = UserAddAsk {
        name: typed.name.clone(),
        display: typed.display.clone(),
        roles: typed.roles.clone(),
    };
    match visit.ask(&ask).await {
        Ok(told) => show(&LinkPage { p: &visit.page, told: &told }),
        Err(fault) if matches!(fault.code.as_str(), "ENT-2705" | "ENT-2706" | "ENT-2717") => {
            let page = AddPage { p: &visit.page, fault: Some(&fault), typed: &typed };
            show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(fault) => Err(Problem::new(fault)),
    }
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage<'a> {
    p: &'a Page,
    user: &'a UserRow,
    is_me: bool,
}

impl Shown for PersonPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl PersonPage<'_> {
    /// Whether the identity provider says who this is and what they may do.
    fn is_provided(&self) -> bool {
        self.user.ways.iter().any(|way| way == "identity_provider")
    }

    fn ways(&self) -> String {
        let word = |way: &String| match way.as_str() {
            "passkey" => self.p.t("passkey", "clé d’accès"),
            "password" => self.p.t("password and code", "mot de passe et code"),
            _ => self.p.t("identity provider", "fournisseur d’identité"),
        };
        let words: Vec<_> = self.user.ways.iter().map(word).collect();
        if words.is_empty() {
            return self
                .p
                .t("None yet: the link was not used", "Aucun : le lien n’a pas servi")
                .to_owned();
        }
        words.join(", ")
    }
}

/// `GET /people/{user}`.
async fn one(visit: Visit, Path(id): Path<String>) -> Answer {
    let told = visit.ask(&UserListAsk {}).await?;
    let user = told.users.iter().find(|user| user.id == id).ok_or_else(nothing_there)?;
    let is_me = visit.signed()?.staff.name == user.name;
    show(&PersonPage { p: &visit.page, user, is_me })
}

/// `POST /people/{user}/roles`.
async fn set_roles(visit: Visit, Path(user): Path<String>, RawForm(form): RawForm) -> Answer {
    let roles = Typed::read(&form)?.roles;
    let told = visit.ask(&UserRolesAsk { user, roles }).await?;
    Ok(Redirect::to(&visit.page.to(&format!("/people/{}", told.user.id))).into_response())
}

#[derive(Template)]
#[template(path = "person_confirm.html")]
struct ConfirmPage<'a> {
    p: &'a Page,
    user: &'a UserRow,
    disables: bool,
    /// The roles that nobody else has who can sign in, in words.
    alone: String,
}

/// The roles of an account that no other account has that can sign in.
fn alone(user: &UserRow, users: &[UserRow]) -> Vec<Role> {
    let is_other =
        |other: &&UserRow| other.id != user.id && other.enabled && !other.ways.is_empty();
    let has = |code: &String| users.iter().filter(is_other).any(|other| other.roles.contains(code));
    user.roles.iter().filter(|code| !has(code)).filter_map(|code| Role::parse(code)).collect()
}

/// What it means, before it is done.
async fn confirmed_first(visit: &Visit, id: &str, disables: bool) -> Answer {
    let p = &visit.page;
    let users = visit.ask(&UserListAsk {}).await?.users;
    let user = users.iter().find(|user| user.id == id).ok_or_else(nothing_there)?;
    let alone: Vec<_> = alone(user, &users).into_iter().map(|role| role.label(p.lang)).collect();
    show(&ConfirmPage { p, user, disables, alone: alone.join(", ") })
}

/// `GET /people/{user}/disable`.
async fn ask_disable(visit: Visit, Path(user): Path<String>) -> Answer {
    confirmed_first(&visit, &user, true).await
}

/// `GET /people/{user}/reset`.
async fn ask_reset(visit: Visit, Path(user): Path<String>) -> Answer {
    confirmed_first(&visit, &user, false).await
}

/// `POST /people/{user}/disable`.
async fn disable(visit: Visit, Path(user): Path<String>) -> Answer {
    let told = visit.ask(&UserDisableAsk { user }).await?;
    Ok(Redirect::to(&visit.page.to(&format!("/people/{}", told.user.id))).into_response())
}

/// `POST /people/{user}/enable`.
async fn enable(visit: Visit, Path(user): Path<String>) -> Answer {
    let told = visit.ask(&UserEnableAsk { user }).await?;
    Ok(Redirect::to(&visit.page.to(&format!("/people/{}", told.user.id))).into_response())
}

/// `POST /people/{user}/reset`. The answer shows the link, once.
async fn reset(visit: Visit, Path(user): Path<String>) -> Answer {
    let told = visit.ask(&UserResetAsk { user }).await?;
    show(&LinkPage { p: &visit.page, told: &told })
}

/// `POST /people/{user}/sign-out`.
async fn sign_out(visit: Visit, Path(user): Path<String>) -> Answer {
    let told = visit.ask(&UserSignOutAsk { user }).await?;
    Ok(Redirect::to(&visit.page.to(&format!("/people/{}", told.user.id))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, roles: &[Role], enabled: bool) -> UserRow {
        UserRow {
            id: id.to_owned(),
            name: id.to_owned(),
            display: id.to_owned(),
            roles: roles.iter().map(|role| role.code().to_owned()).collect(),
            enabled,
            ways: vec!["password".to_owned()],
            recovery_codes: 0,
            sessions: 0,
            added_at: String::new(),
            signed_in_at: None,
        }
    }

    #[test]
    fn a_role_is_alone_where_nobody_else_can_sign_in_with_it() {
        let lea = user("lea", &[Role::CaseWorker, Role::PrivacyOfficer], true);
        let omar = user("omar", &[Role::CaseWorker], true);
        let gone = user("gone", &[Role::PrivacyOfficer], false);
        let link = UserRow { ways: Vec::new(), ..user("link", &[Role::PrivacyOfficer], true) };
        let users = [lea.clone(), omar, gone, link];
        assert_eq!(alone(&lea, &users), [Role::PrivacyOfficer]);
    }
}
