//! A node's folder: making it, and opening it.
//!
//! ```text
//! entente.toml   settings            identity.pem   our certificate, for clients in other languages
//! keys.sealed    secrets, sealed     entente.sock   the local door, while the node runs
//! store/         everything else     backups/       unless the settings say another folder
//! jobs/          files of long work, for an hour at most
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use entente_core::codes::{Code as _, OrgType};
use entente_core::identity::{OrgId, OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_proto::is_org_name;
use entente_store::db::{Db, DbError};
use entente_store::engine::{EngineError, Kind};
use entente_store::migrate::{self, MigrateError};
use entente_store::seal::{KdfParams, KeyRing, KeyRingError, names, random_secret};

use crate::clock::Clock;
use crate::config::{Config, Organization};
use crate::fault::Fault;
use crate::node::referrals::ReferralRules;
use crate::node::{Node, Outcome, Profile, Secrets};

/// Name of the secret under which rows of imported files are recognized again.
const IMPORT_KEY: &str = "import";

/// The folder of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

/// What a new node needs to know.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Its name in English.
    pub name_en: String,
    /// Its name in French.
    pub name_fr: String,
    /// What kind of organization it is.
    pub kind: OrgType,
    /// Where the partner door listens.
    pub listen: std::net::SocketAddr,
    /// What partners dial, if it differs.
    pub public_address: String,
    /// The engine of the store.
    pub engine: Kind,
    /// What guessing a passphrase costs.
    pub kdf: KdfParams,
}

/// A node that is open, and the folder's lock with it.
#[derive(Debug)]
pub struct OpenHome {
    /// The folder.
    pub home: Home,
    /// Its settings.
    pub config: Config,
    /// The node.
    pub node: Arc<Node>,
    /// The identity key once more, for certificates.
    pub key: Arc<OrgKey>,
    /// The key ring, for backups and for changing the passphrase.
    pub ring: KeyRing,
}

impl Home {
    /// The node's folder at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The settings.
    pub fn config(&self) -> PathBuf {
        self.0.join("entente.toml")
    }

    /// The sealed secrets.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys.sealed")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// What memory held when the node was last stopped, sealed.
    pub fn memory(&self) -> PathBuf {
        self.0.join("memory.sealed")
    }

    /// Files of long work: what was uploaded for it, and what it wrote.
    pub fn jobs(&self) -> PathBuf {
        self.0.join("jobs")
    }

    /// The local door.
    pub fn socket(&self) -> PathBuf {
        self.0.join("entente.sock")
    }

    /// Our certificate.
    pub fn certificate(&self) -> PathBuf {
        self.0.join("identity.pem")
    }

    /// Where backups go, as the settings say.
    pub fn backups(&self, config: &Config) -> PathBuf {
        if config.backup.folder.as_os_str().is_empty() {
            self.0.join("backups")
        } else {
            config.backup.folder.clone()
        }
    }

    /// Reads the settings.
    pub fn read_config(&self) -> Outcome<Config> {
        let text = fs::read_to_string(self.config()).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Fault::new(
                1001,
                ("There is no node in this folder.", "Il n’y a pas de nœud dans ce répertoire."),
                (
                    "Make one: `entente node init`, or name the folder: `--home DIR`.",
                    "Créez-en un\u{a0}: `entente node init`, ou indiquez le répertoire\u{a0}: `--home RÉPERTOIRE`.",
                ),
            ),
            _ => io_fault(&error),
        })?;
        Config::parse(&text).map_err(|error| {
            Fault::new(
                1002,
                ("The settings cannot be used.", "Les paramètres sont inutilisables."),
                (
                    "Correct `entente.toml` in the folder of the node.",
                    "Corrigez `entente.toml` dans le répertoire du nœud.",
                ),
            )
            .in_detail(&error)
        })
    }

    /// Makes a node: folder, secrets, store and settings. Refuses a folder that has one.
    pub fn init(&self, options: &InitOptions, passphrase: &str) -> Outcome<OrgId> {
        if self.config().exists() || self.keys().exists() {
            return Err(Fault::new(
                1003,
                ("This folder has a node already.", "Ce répertoire contient déjà un nœud."),
                (
                    "Start it: `entente node run`, or name another folder: `--home DIR`.",
                    "Démarrez-le\u{a0}: `entente node run`, ou indiquez un autre répertoire\u{a0}: `--home RÉPERTOIRE`.",
                ),
            ));
        }
        if passphrase.chars().count() < MIN_PASSPHRASE {
            return Err(short_passphrase());
        }
        if ![&options.name_en, &options.name_fr].into_iter().all(|it| is_org_name(it)) {
            return Err(bad_org_name());
        }
        make_private(&self.0).map_err(|error| io_fault(&error))?;
        let mut ring =
            KeyRing::create(&self.keys(), passphrase, options.kdf).map_err(ring_fault)?;
        for name in [names::IDENTITY, names::PSEUDONYM, IMPORT_KEY] {
            let secret = random_secret().map_err(|_| crate::node::audit::no_randomness())?;
            ring.put_secret(name, &secret).map_err(ring_fault)?;
        }
        let id = secrets(&ring)?.key.id();
        drop(open_store(self, &mut ring, options.engine)?);
        let config = Config {
            organization: Organization {
                name_en: options.name_en.clone(),
                name_fr: options.name_fr.clone(),
                kind: options.kind.code().to_owned(),
                ..Organization::default()
            },
            partner_door: crate::config::PartnerDoorConfig {
                listen: options.listen,
                public_address: options.public_address.clone(),
            },
            store: crate::config::StoreConfig { engine: options.engine.name().to_owned() },
            sync: crate::config::SyncConfig::default(),
            backup: crate::config::BackupConfig::default(),
            referrals: crate::config::ReferralsConfig::default(),
            notifications: crate::config::NotificationsConfig::default(),
            console: crate::config::ConsoleConfig::default(),
            oidc: None,
            approvals: crate::config::ApprovalsConfig::default(),
            public: crate::config::PublicConfig::default(),
            staff_door: crate::config::StaffDoorConfig::default(),
            staff: std::collections::BTreeMap::new(),
        };
        // Last, so that a folder with settings is a whole node.
        fs::write(self.config(), config.to_text()).map_err(|error| io_fault(&error))?;
        Ok(id)
    }

    /// Opens the node. Nobody else can open it until it is dropped.
    pub fn open(&self, passphrase: &str, clock: Arc<dyn Clock>) -> Outcome<OpenHome> {
        let config = self.read_config()?;
        let mut ring = KeyRing::open(&self.keys(), passphrase).map_err(ring_fault)?;
        let kind = config.store.engine.parse().unwrap_or(Kind::Sled);
        let db = open_store(self, &mut ring, kind)?;
        let profile = Profile {
            name: Text::new(&config.organization.name_en, &config.organization.name_fr),
            kind: config.kind().unwrap_or(OrgType::Ngo),
            address: config.public_address(),
        };
        let secrets = secrets(&ring)?;
        let key = Arc::new(OrgKey::from_seed(&secrets.key.seed()));
        let node = Arc::new(Node::open(profile, secrets, db, clock, Some(&self.memory()))?);
        node.set_about(config.organization.about().unwrap_or_default());
        node.set_referral_rules(ReferralRules {
            coordinator: config.referrals.coordinator.clone(),
            routine_days: config.referrals.routine_days,
        });
        Ok(OpenHome { home: self.clone(), config, node, key, ring })
    }
}

/// The shortest passphrase. Twelve characters with argon2id at 64 MiB outlast a stolen disk if they
/// are not a word; the documentation says how to make one.
pub const MIN_PASSPHRASE: usize = 12;

fn secrets(ring: &KeyRing) -> Outcome<Secrets> {
    let secret = |name: &str| ring.secret(name).ok_or_else(|| ring_fault(KeyRingError::Damaged));
    Ok(Secrets {
        key: OrgKey::from_seed(&*secret(names::IDENTITY)?),
        pseudonyms: PseudonymKey::from_bytes(&*secret(names::PSEUDONYM)?),
        import_key: *secret(IMPORT_KEY)?,
    })
}

fn open_store(home: &Home, ring: &mut KeyRing, kind: Kind) -> Outcome<Db> {
    // Finishes a `store rekey` that a crash interrupted.
    migrate::open(&home.store(), kind, ring).map_err(|error| match error {
        MigrateError::Db(DbError::Engine(error)) => engine_fault(error),
        MigrateError::Db(error) => error.into(),
        MigrateError::KeyRing(error) => ring_fault(error),
        MigrateError::Differs => engine_fault(EngineError::Ambiguous),
    })
}

pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// What a person is told of a file that cannot be used.
pub fn io_fault(error: &io::Error) -> Box<Fault> {
    let fault = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => disk_full(),
        _ => Fault::new(
            1004,
            ("A file or folder cannot be used.", "Un fichier ou un répertoire est inutilisable."),
            (
                "Check its path, its owner and its permissions.",
                "Vérifiez son chemin, son propriétaire et ses droits.",
            ),
        ),
    };
    let (en, fr) = io_reason(error.kind());
    fault.because(en, fr)
}

/// Why the system did not give what was asked of a file, in words.
pub(crate) fn io_reason(kind: io::ErrorKind) -> (String, String) {
    let known = match kind {
        io::ErrorKind::NotFound => ("there is no such file or folder", "ce chemin n’existe pas"),
        io::ErrorKind::PermissionDenied => {
            ("the node’s account may not use it", "le compte du nœud n’y a pas droit")
        }
        io::ErrorKind::AlreadyExists => ("it is there already", "il existe déjà"),
        io::ErrorKind::IsADirectory => ("it is a folder", "c’est un répertoire"),
        io::ErrorKind::NotADirectory => {
            ("a part of the path is no folder", "une partie du chemin n’est pas un répertoire")
        }
        io::ErrorKind::InvalidData => ("it is not text", "ce n’est pas du texte"),
        io::ErrorKind::FileTooLarge => ("it is too large", "il est trop gros"),
        io::ErrorKind::StorageFull => ("the disk is full", "le disque est plein"),
        io::ErrorKind::QuotaExceeded => ("the quota is used up", "le quota est épuisé"),
        io::ErrorKind::ReadOnlyFilesystem => {
            ("the disk is read-only", "le disque est en lecture seule")
        }
        other => {
            return (other.to_string(), format!("détail technique, en anglais\u{a0}: {other}"));
        }
    };
    (known.0.to_owned(), known.1.to_owned())
}

fn disk_full() -> Box<Fault> {
    Fault::new(
        1705,
        ("The disk is full.", "Le disque est plein."),
        (
            "Free some space and try again. If that is not enough, start the node again: `entente node run`.",
            "Libérez de l’espace et réessayez. Si cela ne suffit pas, relancez le nœud\u{a0}: `entente node run`.",
        ),
    )
}

/// What a person is told of a key ring that does not open.
pub fn ring_fault(error: KeyRingError) -> Box<Fault> {
    let fault = match &error {
        KeyRingError::WrongPassphrase => Fault::new(
            1101,
            ("The passphrase is wrong.", "La phrase de passe est incorrecte."),
            (
                "Try again. Without it, only a backup whose passphrase you know can help.",
                "Réessayez. Sans elle, seule une sauvegarde dont vous connaissez la phrase peut aider.",
            ),
        ),
        _ => Fault::new(
            1102,
            ("The key ring cannot be opened.", "Le trousseau ne peut pas être ouvert."),
            (
                "Restore the last backup: `entente backup restore FILE`.",
                "Restaurez la dernière sauvegarde\u{a0}: `entente backup restore FICHIER`.",
            ),
        ),
    };
    match error {
        KeyRingError::WrongPassphrase => fault,
        _ => fault.in_detail(&error),
    }
}

/// What a person is told of a store that does not open.
pub fn engine_fault(error: EngineError) -> Box<Fault> {
    let fault = match &error {
        EngineError::InUse => Fault::new(
            1005,
            ("Another node uses this folder.", "Un autre nœud utilise ce répertoire."),
            (
                "Stop it first, or name another folder: `--home DIR`.",
                "Arrêtez-le d’abord, ou indiquez un autre répertoire\u{a0}: `--home RÉPERTOIRE`.",
            ),
        ),
        EngineError::OtherEngine { .. } => Fault::new(
            1706,
            (
                "The store was made by another engine than the settings name.",
                "Le dépôt a été créé par un autre moteur que celui des paramètres.",
            ),
            (
                "Correct `store.engine`, or move it: `entente store migrate`.",
                "Corrigez `store.engine`, ou migrez-le\u{a0}: `entente store migrate`.",
            ),
        ),
        EngineError::Corrupt { .. } => Fault::new(
            1707,
            ("The store is damaged. The node stops.", "Le dépôt est endommagé. Le nœud s’arrête."),
            (
                "Keep the folder as it is, and restore the last backup into a new one: `entente --home NEW backup restore FILE`.",
                "Conservez le répertoire tel quel et restaurez la dernière sauvegarde dans un nouveau\u{a0}: `entente --home NOUVEAU backup restore FICHIER`.",
            ),
        ),
        EngineError::Full => disk_full(),
        _ => Fault::new(
            1708,
            ("The store cannot be opened.", "Le dépôt ne peut pas être ouvert."),
            ("Run `entente doctor`.", "Lancez `entente doctor`."),
        ),
    };
    match error {
        EngineError::InUse | EngineError::Full => fault,
        _ => fault.in_detail(&error),
    }
}

/// A name that no partner would take.
pub(crate) fn bad_org_name() -> Box<Fault> {
    Fault::new(
        2792,
        ("This is no name for an organization.", "Ce nom ne peut pas être celui d’un organisme."),
        (
            "Use one line of letters, digits and spaces, at most 200 (some 65 in syllabics): \
             `--name-en`, `--name-fr`.",
            "Utilisez une ligne de lettres, de chiffres et d’espaces, au plus 200 (environ 65 en \
             écriture syllabique)\u{a0}: `--name-en`, `--name-fr`.",
        ),
    )
}

pub(crate) fn short_passphrase() -> Box<Fault> {
    Fault::new(
        1103,
        ("The passphrase is too short.", "La phrase de passe est trop courte."),
        (
            "Use at least 12 characters; five random words are good.",
            "Utilisez au moins 12 caractères; cinq mots au hasard conviennent.",
        ),
    )
}
