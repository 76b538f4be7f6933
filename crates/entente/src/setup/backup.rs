//! `backup verify` and `backup restore`: without a node, on any machine.

use entente_node::config::{BackupConfig, Config, Organization, PartnerDoorConfig};
use entente_node::config::{StoreConfig, SyncConfig};
use entente_node::fault::{Both, Fault};
use entente_node::local::Progress;
use entente_node::setup::Home;
use entente_store::backup::{self, BackupError, Summary};

use super::{Done, engine, init_options, known_secret};
use crate::cli::ask::Typed;
use crate::cli::desk::Desk;
use crate::cli::{End, call::Bar, faults};
use crate::render::labels;

/// `backup verify`.
pub(crate) fn verify(desk: &Desk, typed: &Typed<'_>) -> Done {
    let path = typed.raw_path("file").unwrap_or_default();
    let passphrase = known_secret(desk, typed)?;
    let bar = Bar::new(desk);
    let mut show = progress(desk, &bar, ("Reading the backup", "Lecture de la sauvegarde"));
    let summary = backup::verify(&path, &passphrase, &mut show).map_err(|error| fault(&error));
    bar.clear();
    report(desk, &summary?, ("The backup is whole.", "La sauvegarde est intacte."));
    Ok(End::Done)
}

/// `backup restore`.
pub(crate) fn restore(desk: &Desk, typed: &Typed<'_>) -> Done {
    let home = Home::new(&desk.home);
    let path = typed.raw_path("file").unwrap_or_default();
    // Everything is asked for and checked before anything is written.
    let config = restored_config(desk, typed)?;
    let passphrase = known_secret(desk, typed)?;
    let kind = config.store.engine.parse().unwrap_or(engine(typed, "engine"));
    let bar = Bar::new(desk);
    let mut show = progress(desk, &bar, ("Restoring", "Restauration"));
    let summary = backup::restore(&path, &passphrase, home.path(), kind, &mut show)
        .map_err(|error| fault(&error));
    bar.clear();
    let summary = summary?;
    // Last, as when a node is made: a folder with settings is a whole node.
    std::fs::write(home.config(), config.to_text())
        .map_err(|error| faults::unwritable(&home.config(), &error))?;
    report(
        desk,
        &summary,
        (
            "Restored. What was done after the backup was made is lost; partners are told at the \
             next contact.\n→ entente node run",
            "Restauré. Ce qui a suivi la sauvegarde est perdu; les partenaires l’apprendront au \
             prochain contact.\n→ entente node run",
        ),
    );
    Ok(End::Done)
}

/// The settings of the restored node: the old ones, or new ones as for a new node.
fn restored_config(desk: &Desk, typed: &Typed<'_>) -> Result<Config, Box<Fault>> {
    if let Some(path) = typed.raw_path("config") {
        let text =
            std::fs::read_to_string(&path).map_err(|error| faults::unreadable(&path, &error))?;
        let mut config = Config::parse(&text)
            .map_err(|error| faults::backup(&error.to_string(), &error.to_string()))?;
        if typed.maybe("engine").is_some() {
            config.store.engine = engine(typed, "engine").name().to_owned();
        }
        return Ok(config);
    }
    let options = init_options(desk, typed)?;
    Ok(Config {
        organization: Organization {
            name_en: options.name_en,
            name_fr: options.name_fr,
            kind: entente_core::codes::Code::code(options.kind).to_owned(),
            ..Organization::default()
        },
        partner_door: PartnerDoorConfig {
            listen: options.listen,
            public_address: options.public_address,
        },
        store: StoreConfig { engine: options.engine.name().to_owned() },
        sync: SyncConfig::default(),
        backup: BackupConfig::default(),
        referrals: entente_node::config::ReferralsConfig::default(),
        notifications: entente_node::config::NotificationsConfig::default(),
        console: entente_node::config::ConsoleConfig::default(),
        oidc: None,
        approvals: entente_node::config::ApprovalsConfig::default(),
        public: entente_node::config::PublicConfig::default(),
        staff_door: entente_node::config::StaffDoorConfig::default(),
        staff: std::collections::BTreeMap::new(),
    })
}

/// Shows how far a long operation on the folder is.
pub(super) fn progress<'a>(
    desk: &'a Desk,
    bar: &'a Bar,
    note: (&'static str, &'static str),
) -> impl FnMut(u64, u64) + 'a {
    move |done, total| {
        bar.show(desk, &Progress { done, total, note: Both::new(note.0, note.1) });
    }
}

fn report(desk: &Desk, summary: &Summary, sentence: (&str, &str)) {
    let Summary { created_at, n_rows, n_bytes, digest } = summary;
    if desk.json {
        let document = serde_json::json!({
            "made_at": created_at.to_string(),
            "rows": n_rows,
            "bytes": n_bytes,
            "sha256": hex::encode(digest),
        });
        desk.print(&document.to_string());
        return;
    }
    let lang = desk.lang;
    let rows = labels::count(*n_rows, ("row", "rows"), ("ligne", "lignes"), lang);
    desk.print(lang.pick(sentence.0, sentence.1));
    let made = labels::moment(&created_at.to_string());
    desk.print(&format!("  {made} UTC, {rows}, {}", labels::bytes(*n_bytes, lang)));
}

/// What a person is told of a backup that cannot be used.
fn fault(error: &BackupError) -> Box<Fault> {
    let fr = match error {
        BackupError::NotABackup => "ce n’est pas une sauvegarde",
        BackupError::Newer => "la sauvegarde est d’un format plus récent que cette version",
        BackupError::WrongPassphrase => "la phrase de passe n’ouvre pas la sauvegarde",
        BackupError::Truncated => "la sauvegarde est tronquée",
        BackupError::Damaged => "la sauvegarde est endommagée",
        BackupError::NotBlank => "le répertoire de restauration n’est pas vide",
        BackupError::Exists => "il y a déjà un fichier de ce nom",
        BackupError::Stopped => "la sauvegarde a été arrêtée",
        BackupError::Io { .. } => "le disque ou le fichier fait défaut",
        BackupError::Db(_) | BackupError::KeyRing(_) => "le dépôt ou le trousseau fait défaut",
    };
    faults::backup(&error.to_string(), fr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_backup_says_so_in_both_languages() {
        let fault = fault(&BackupError::NotABackup);
        assert_eq!(fault.code, "ENT-0031");
        assert_eq!(fault.why[0].en, "this is not a backup");
        assert_eq!(fault.why[0].fr, "ce n’est pas une sauvegarde");
    }
}
