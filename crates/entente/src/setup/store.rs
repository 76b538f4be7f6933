//! `store migrate` and `store rekey`: on the folder of a node that is stopped.

use entente_node::config::Config;
use entente_node::fault::Fault;
use entente_node::setup::{Home, ring_fault};
use entente_store::engine::Kind;
use entente_store::migrate;
use entente_store::seal::KeyRing;

use super::backup::progress;
use super::{Done, engine, known_secret};
use crate::cli::ask::Typed;
use crate::cli::desk::Desk;
use crate::cli::{End, call::Bar, faults};
use crate::render::labels;

/// `store migrate`.
pub(crate) fn migrate(desk: &Desk, typed: &Typed<'_>) -> Done {
    let home = Home::new(&desk.home);
    let config = home.read_config()?;
    let from = config.store.engine.parse().unwrap_or(Kind::Sled);
    let to = engine(typed, "to");
    let mut ring = ring(desk, typed, &home)?;
    let bar = Bar::new(desk);
    let mut show = progress(desk, &bar, ("Moving rows", "Déplacement des lignes"));
    let moved = migrate::migrate(&home.store(), from, to, &mut ring, &mut show);
    bar.clear();
    let moved = moved.map_err(|error| faults::not_moved(&error.to_string()))?;
    name_engine(&home, config, to)?;
    report(desk, moved, ("moved to", "déplacées vers"), to);
    Ok(End::Done)
}

/// `store rekey`.
pub(crate) fn rekey(desk: &Desk, typed: &Typed<'_>) -> Done {
    let home = Home::new(&desk.home);
    let config = home.read_config()?;
    let kind = config.store.engine.parse().unwrap_or(Kind::Sled);
    let mut ring = ring(desk, typed, &home)?;
    let bar = Bar::new(desk);
    let mut show = progress(desk, &bar, ("Sealing rows again", "Nouveau scellement des lignes"));
    let sealed = migrate::rekey(&home.store(), kind, &mut ring, &mut show);
    bar.clear();
    let sealed = sealed.map_err(|error| faults::not_moved(&error.to_string()))?;
    report(desk, sealed, ("sealed again in", "scellées de nouveau dans"), kind);
    Ok(End::Done)
}

fn ring(desk: &Desk, typed: &Typed<'_>, home: &Home) -> Result<KeyRing, Box<Fault>> {
    let passphrase = known_secret(desk, typed)?;
    KeyRing::open(&home.keys(), &passphrase).map_err(ring_fault)
}

/// Writes the new engine into the settings, and keeps their comments where it can.
fn name_engine(home: &Home, mut config: Config, to: Kind) -> Result<(), Box<Fault>> {
    let path = home.config();
    let unreadable = |error| faults::unreadable(&path, &error);
    let text = std::fs::read_to_string(&path).map_err(unreadable)?;
    let old = format!("\"{}\"", config.store.engine);
    let new = format!("\"{}\"", to.name());
    to.name().clone_into(&mut config.store.engine);
    let edited: String = text
        .lines()
        .map(|line| {
            let is_engine = line.trim_start().starts_with("engine");
            if is_engine { line.replace(&old, &new) + "\n" } else { line.to_owned() + "\n" }
        })
        .collect();
    let text = match Config::parse(&edited) {
        Ok(parsed) if parsed == config => edited,
        _ => config.to_text(),
    };
    std::fs::write(&path, text).map_err(|error| faults::unwritable(&path, &error))
}

fn report(desk: &Desk, rows: u64, verb: (&str, &str), kind: Kind) {
    if desk.json {
        let document = serde_json::json!({ "rows": rows, "engine": kind.name() });
        desk.print(&document.to_string());
        return;
    }
    let lang = desk.lang;
    let n = labels::count(rows, ("row", "rows"), ("ligne", "lignes"), lang);
    desk.print(&format!("{n} {} {}.", lang.pick(verb.0, verb.1), kind.name()));
}
