//! All commands, in English or in French.
//!
//! Names of commands and options are the same in both languages, so that instructions and scripts
//! work everywhere; what explains them is not. The first page is grouped by what people come for,
//! not by how the program is built.

use clap::Command;
use entente_core::lang::Lang;

mod approvals;
mod cases;
mod inbox;
mod machine;
mod opener;
mod overlap;
mod partners;
mod people;
mod referrals;
mod services;
mod sharing;
mod sponsors;
mod statistics;
pub(crate) mod words;

use words::Words;

/// The commands under each heading of the first page.
const GROUPS: [(&str, &str, &[&str]); 7] = [
    (
        "Every day",
        "Tous les jours",
        &["inbox", "status", "record", "consent", "referral", "held", "count", "sync"],
    ),
    ("Services", "Services", &["service", "capacity", "sponsor", "sponsored"]),
    ("Partners", "Partenaires", &["partner", "agreement", "opener", "epoch", "bundle"]),
    ("Statistics", "Statistiques", &["plan", "stats", "budget", "verify"]),
    ("Accountability", "Reddition de comptes", &["approvals", "audit", "codes"]),
    (
        "Administration",
        "Administration",
        &["node", "settings", "user", "console", "doctor", "notify", "backup", "store"],
    ),
    ("To begin", "Pour commencer", &["demo", "completion", "man"]),
];

/// The whole command line.
pub(crate) fn root(lang: Lang) -> Command {
    let words = Words(lang);
    let root = words
        .command(
            "entente",
            "Share what helps, and nothing else: case work between independent organizations.",
            "Communiquer ce qui aide, et rien d’autre\u{a0}: la gestion de dossiers entre organismes \
             indépendants.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(words.version())
        .args(words.common())
        .subcommands(all(words));
    let first_page = first_page(&root, lang);
    root.override_help(first_page)
}

fn all(words: Words) -> Vec<Command> {
    vec![
        inbox::inbox(words),
        machine::status(words),
        cases::record(words),
        cases::consent(words),
        referrals::group(words),
        sharing::held(words),
        opener::opener(words),
        sharing::count(words),
        sharing::sync(words),
        services::service(words),
        services::capacity(words),
        sponsors::sponsor(words),
        sponsors::sponsored(words),
        partners::partner(words),
        partners::agreement(words),
        sharing::epoch(words),
        sharing::bundle(words),
        statistics::plan(words),
        statistics::stats(words),
        statistics::budget(words),
        statistics::verify(words),
        approvals::approvals(words),
        machine::audit(words),
        machine::codes(words),
        machine::node(words),
        approvals::settings(words),
        machine::doctor(words),
        inbox::notify(words),
        people::user(words),
        people::console(words),
        machine::backup(words),
        machine::store(words),
        machine::demo(words),
        machine::completion(words),
        machine::man(words),
    ]
}

/// The help of `entente` itself: commands by what people come for.
fn first_page(root: &Command, lang: Lang) -> String {
    let bold = |text: &str| format!("\u{1b}[1m{text}\u{1b}[0m");
    let about =
        |command: &Command| command.get_about().map_or_else(String::new, |about| about.to_string());
    let mut page = format!("{}\n{}\n", bold("Entente"), about(root));
    page.push_str(lang.pick(
        "\nUsage: entente [OPTIONS] COMMAND\n",
        "\nUtilisation\u{a0}: entente [OPTIONS] COMMANDE\n",
    ));
    for (en, fr, names) in GROUPS {
        page.push_str(&format!("\n{}\n", bold(lang.pick(en, fr))));
        for name in names {
            let about = root.find_subcommand(name).map(about).unwrap_or_default();
            page.push_str(&format!("  {name:<12}{about}\n"));
        }
    }
    page.push_str(&format!("\n{}\n", bold(lang.pick("Options", "Options"))));
    for arg in root.get_arguments() {
        let short =
            arg.get_short().map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
        let long = arg.get_long().unwrap_or_default();
        let value = arg
            .get_value_names()
            .filter(|_| arg.get_action().takes_values())
            .map_or_else(String::new, |names| format!(" {}", names.join(" ")));
        let help = arg.get_help().map_or_else(String::new, |help| help.to_string());
        page.push_str(&format!("  {:<22}{help}\n", format!("{short}--{long}{value}")));
    }
    page.push_str(lang.pick(
        "\nSee it work in a minute:     entente demo\n\
         Start a node of your own:    entente node init\n\
         More about any command:      entente COMMAND --help\n",
        "\nVoir le tout à l’œuvre en une minute\u{a0}:  entente demo\n\
         Créer son propre nœud\u{a0}:                 entente node init\n\
         En savoir plus sur une commande\u{a0}:       entente COMMANDE --help\n",
    ));
    page
}
