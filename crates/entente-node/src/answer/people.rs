//! Answers: the accounts that sign in at the console.

use super::{Desk, Staff, Steps, instant};
use crate::fault::Fault;
use crate::local::Role;
use crate::local::doc::*;
use crate::node::Outcome;
use crate::people::{Person, Token, faults, fold};

pub(super) fn add(desk: &Desk, staff: &Staff, ask: UserAddAsk, _: &Steps) -> Outcome<UserLinkTold> {
    let roles = parsed(&ask.roles)?;
    let origin = origin(desk)?;
    let (user, token, until_s) =
        desk.people.add(&staff.actor(), &ask.name, &ask.display, &roles)?;
    Ok(UserLinkTold { user: row(user), link: link(&origin, &token), valid_until: instant(until_s) })
}

pub(super) fn list(desk: &Desk, _: &Staff, _: UserListAsk, _: &Steps) -> Outcome<UserListTold> {
    Ok(UserListTold { users: desk.people.all()?.into_iter().map(row).collect() })
}

pub(super) fn roles(desk: &Desk, staff: &Staff, ask: UserRolesAsk, _: &Steps) -> Outcome<UserTold> {
    let roles = parsed(&ask.roles)?;
    let takes_two = !desk.config.approvals.needed_for.is_empty();
    if takes_two && desk.people.find(&ask.user)?.1.name == fold(&staff.name) {
        return Err(faults::own_roles());
    }
    Ok(UserTold { user: row(desk.people.set_roles(&staff.actor(), &ask.user, &roles)?) })
}

pub(super) fn disable(
    desk: &Desk,
    staff: &Staff,
    ask: UserDisableAsk,
    _: &Steps,
) -> Outcome<UserTold> {
    Ok(UserTold { user: row(desk.people.set_enabled(&staff.actor(), &ask.user, false)?) })
}

pub(super) fn enable(
    desk: &Desk,
    staff: &Staff,
    ask: UserEnableAsk,
    _: &Steps,
) -> Outcome<UserTold> {
    Ok(UserTold { user: row(desk.people.set_enabled(&staff.actor(), &ask.user, true)?) })
}

pub(super) fn reset(
    desk: &Desk,
    staff: &Staff,
    ask: UserResetAsk,
    _: &Steps,
) -> Outcome<UserLinkTold> {
    let origin = origin(desk)?;
    let (user, token, until_s) = desk.people.reset(&staff.actor(), &ask.user)?;
    Ok(UserLinkTold { user: row(user), link: link(&origin, &token), valid_until: instant(until_s) })
}

pub(super) fn sign_out(
    desk: &Desk,
    staff: &Staff,
    ask: UserSignOutAsk,
    _: &Steps,
) -> Outcome<UserTold> {
    Ok(UserTold { user: row(desk.people.sign_out_all(&staff.actor(), &ask.user)?) })
}

pub(super) fn first_link(
    desk: &Desk,
    staff: &Staff,
    _: ConsoleLinkAsk,
    _: &Steps,
) -> Outcome<ConsoleLinkTold> {
    let origin = origin(desk)?;
    let (token, until_s) = desk.people.first_link(&staff.actor())?;
    Ok(ConsoleLinkTold { link: link(&origin, &token), valid_until: instant(until_s) })
}

/// Without a language: the browser says which.
fn link(origin: &str, token: &Token) -> String {
    format!("{origin}/join/{}", token.text())
}

fn origin(desk: &Desk) -> Outcome<String> {
    desk.console().map(|at| at.origin.clone()).ok_or_else(|| {
        Fault::new(
            2715,
            ("The console is not open.", "La console n’est pas ouverte."),
            (
                "Set `console.enabled` and `console.listen` in `entente.toml`, and see what `entente node run` says at its start.",
                "Réglez `console.enabled` et `console.listen` dans `entente.toml`, et voyez ce que dit `entente node run` au démarrage.",
            ),
        )
    })
}

fn parsed(codes: &[String]) -> Outcome<Vec<Role>> {
    let role = |code: &String| {
        Role::parse(code).ok_or_else(|| {
            let all: Vec<_> = Role::ALL.iter().map(|role| role.code()).collect();
            Fault::new(
                2717,
                ("There is no such role.", "Ce rôle n’existe pas."),
                (
                    &format!("Use one of: {}.", all.join(", ")),
                    &format!("Utilisez l’un de ceux-ci\u{a0}: {}.", all.join(", ")),
                ),
            )
        })
    };
    codes.iter().map(role).collect()
}

fn row(person: Person) -> UserRow {
    UserRow {
        id: person.id,
        name: person.name,
        display: person.display,
        roles: person.roles.iter().map(|role| role.code().to_owned()).collect(),
        enabled: person.enabled,
        ways: person.ways.iter().map(|way| way.code().to_owned()).collect(),
        recovery_codes: person.n_recovery,
        sessions: person.n_sessions,
        added_at: instant(person.made_at_s),
        signed_in_at: (person.signed_in_at_s > 0).then(|| instant(person.signed_in_at_s)),
    }
}
