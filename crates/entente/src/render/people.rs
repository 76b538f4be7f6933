//! The accounts of the console.

use entente_core::lang::Lang;
use entente_node::local::Role;
use entente_node::local::doc::{ConsoleLinkTold, UserLinkTold, UserListTold, UserRow, UserTold};

use super::Render;
use super::labels::{moment, moment_or_dash, yes_no};
use super::page::{Grid, Page, Tone};

impl Render for UserLinkTold {
    fn render(&self, page: &mut Page<'_>) {
        grid(std::slice::from_ref(&self.user), page);
        link(&self.link, &self.valid_until, page);
    }
}

impl Render for ConsoleLinkTold {
    fn render(&self, page: &mut Page<'_>) {
        link(&self.link, &self.valid_until, page);
    }
}

impl Render for UserTold {
    fn render(&self, page: &mut Page<'_>) {
        grid(std::slice::from_ref(&self.user), page);
    }
}

impl Render for UserListTold {
    fn render(&self, page: &mut Page<'_>) {
        if self.users.is_empty() {
            page.say("No accounts yet.", "Aucun compte pour l’instant.");
            page.next("entente console link");
            return;
        }
        grid(&self.users, page);
    }
}

fn link(link: &str, until: &str, page: &mut Page<'_>) {
    page.blank();
    page.line(link);
    page.blank();
    page.say(
        "The link works once, and is not shown again. Hand it over yourself: whoever has it gets in.",
        "Le lien sert une fois et ne sera plus affiché. Remettez-le vous-même\u{a0}: qui l’a peut entrer.",
    );
    let lang = page.lang();
    page.facts(&[(lang.pick("Valid until", "Valide jusqu’à"), moment(until))]);
}

fn grid(users: &[UserRow], page: &mut Page<'_>) {
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("Account", "Compte"),
        lang.pick("Name", "Nom"),
        lang.pick("Roles", "Rôles"),
        lang.pick("Signs in with", "Ouvre une session avec"),
        lang.pick("Enabled", "Actif"),
        lang.pick("Last signed in", "Dernière session"),
    ]);
    for user in users {
        let tone = if user.enabled { Tone::Plain } else { Tone::Faint };
        grid.toned([
            (tone, user.name.clone()),
            (tone, user.display.clone()),
            (tone, roles(&user.roles, lang)),
            (tone, ways(&user.ways, lang)),
            (tone, yes_no(user.enabled, lang).to_owned()),
            (tone, moment_or_dash(user.signed_in_at.as_ref())),
        ]);
    }
    page.table(grid);
}

fn ways(codes: &[String], lang: Lang) -> String {
    let word = |code: &String| match code.as_str() {
        "passkey" => lang.pick("passkey", "clé d’accès").to_owned(),
        "password" => lang.pick("password and code", "mot de passe et code").to_owned(),
        "identity_provider" => lang.pick("identity provider", "fournisseur d’identité").to_owned(),
        other => other.to_owned(),
    };
    codes.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn roles(codes: &[String], lang: Lang) -> String {
    let label =
        |code: &String| Role::parse(code).map_or(code.clone(), |it| it.label(lang).to_owned());
    codes.iter().map(label).collect::<Vec<_>>().join(", ")
}
