//! Settings of one node, from `entente.toml` in its folder.
//!
//! A setting nobody knows is an error, so a misspelt one does not fall back to its default in
//! silence. Reading a configuration has no effect: nothing is opened or bound until all of it has
//! been understood. Secrets are never in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::local::role::MAY_NEED_APPROVAL;
use crate::local::{Op, Role};

mod notifications;
mod oidc;
mod organization;

pub use notifications::{MailConfig, NotificationsConfig, PersonConfig, Security, WebhookConfig};
pub use oidc::OidcConfig;
pub use organization::{BadAbout, Organization};

/// How the node presents itself and behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who we are.
    pub organization: Organization,
    /// The partner door.
    #[serde(default)]
    pub partner_door: PartnerDoorConfig,
    /// Where and how rows are kept.
    #[serde(default)]
    pub store: StoreConfig,
    /// How often partners are asked for news.
    #[serde(default)]
    pub sync: SyncConfig,
    /// Where nightly backups go.
    #[serde(default)]
    pub backup: BackupConfig,
    /// How referrals are followed up.
    #[serde(default)]
    pub referrals: ReferralsConfig,
    /// Who of the staff is told that something waits.
    #[serde(default)]
    pub notifications: NotificationsConfig,
    /// The console in a browser.
    #[serde(default)]
    pub console: ConsoleConfig,
    /// The organization's own identity provider, if its people sign in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcConfig>,
    /// What takes two people.
    #[serde(default)]
    pub approvals: ApprovalsConfig,
    /// The public site.
    #[serde(default)]
    pub public: PublicConfig,
    /// The door for accounts of this machine besides the node's own.
    #[serde(default)]
    pub staff_door: StaffDoorConfig,
    /// Accounts and groups of this machine and what they may do, besides the node's own account.
    #[serde(default)]
    pub staff: BTreeMap<String, Vec<String>>,
}

/// The partner door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerDoorConfig {
    /// Address and port to listen on.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where partners reach it, `host:port`. Empty: as `listen` says.
    #[serde(default)]
    pub public_address: String,
}

/// Where and how rows are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// `sled` or `redb`.
    #[serde(default = "default_engine")]
    pub engine: String,
}

/// How often partners are asked for news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncConfig {
    /// Seconds between two questions. News travels in half this time on average.
    #[serde(default = "default_interval_s")]
    pub interval_s: u32,
    /// Whether partners are also listened to all the time, and news fetched within a second.
    #[serde(default = "default_live")]
    pub live: bool,
    /// The longest that partners who listen are kept waiting, by chance, in seconds. 0: not at all.
    #[serde(default)]
    pub hold_back_s: u32,
}

/// Where backups go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupConfig {
    /// The folder, best on another disk. Empty: `backups` in the node's folder.
    #[serde(default)]
    pub folder: PathBuf,
    /// Hours between two backups; 0 makes none.
    #[serde(default = "default_every_h")]
    pub every_h: u32,
    /// How many are kept.
    #[serde(default = "default_keep")]
    pub keep: u32,
}

/// How referrals are followed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralsConfig {
    /// To whom what is overdue goes: a name or an office. Empty: to nobody in particular. The address or the
    /// account of somebody who is notified is told by e-mail.
    #[serde(default)]
    pub coordinator: String,
    /// Days that a partner has to answer what is not urgent, and to close what it serves.
    #[serde(default = "default_routine_days")]
    pub routine_days: u32,
}

/// The console in a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Whether there is one.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
    /// Address and port to listen on. Port 0 lets the system choose; `entente status` says which.
    #[serde(default = "default_console_listen")]
    pub listen: SocketAddr,
    /// The name under which browsers reach it, without a port. Passkeys are bound to it for ever. Empty:
    /// by address only, and no passkeys.
    #[serde(default)]
    pub public_name: String,
    /// The origin that browsers see if a proxy stands in front: `https://host` or `https://host:port`.
    /// Empty: `public_name` and the port of `listen`.
    #[serde(default)]
    pub trusted_origin: String,
    /// A certificate chain in PEM. Empty: one that the node makes itself.
    #[serde(default)]
    pub certificate: PathBuf,
    /// The key of the certificate in PEM. A path; the key itself is never in the settings.
    #[serde(default)]
    pub key: PathBuf,
    /// Where the button *Leave quickly* leads.
    #[serde(default = "default_leave_to")]
    pub leave_to: String,
    /// The time zone in which pages tell the time, by its name in the IANA database. Empty: the zone of
    /// the machine.
    #[serde(default)]
    pub time_zone: String,
}

/// What takes two people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalsConfig {
    /// Operations that a second person has to approve, by name: some of
    /// [`MAY_NEED_APPROVAL`].
    #[serde(default)]
    pub needed_for: Vec<String>,
    /// For how many days an account may not approve that was added, enabled, given other roles or reset.
    #[serde(default = "default_settled_days")]
    pub settled_days: u32,
}

/// The public site: what everybody may see. It is always there below `/public` of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicConfig {
    /// An address and port of its own, where nothing else answers. Empty: none.
    #[serde(default)]
    pub listen: String,
}

impl PublicConfig {
    /// The address of its own, if it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    /// What is wrong with it.
    fn problem(&self) -> Option<&'static str> {
        (!self.listen.is_empty() && self.address().is_none())
            .then_some("public.listen must be an address and a port, like `0.0.0.0:443`")
    }
}

/// The door for accounts of this machine besides the node's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffDoorConfig {
    /// Its socket, outside the node's folder, which others cannot enter. Empty: there is none.
    #[serde(default)]
    pub socket: PathBuf,
    /// The group whose members may connect.
    #[serde(default)]
    pub group: String,
}

/// Whom a line of `[staff]` is about: `lea`, or `"@shelter"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffName<'a> {
    /// An account.
    Account(&'a str),
    /// Everybody in a group.
    Group(&'a str),
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 7443))
}

fn default_enabled() -> bool {
    true
}

fn default_console_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8443))
}

fn default_leave_to() -> String {
    "https://weather.gc.ca/".to_owned()
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            enabled: default_enabled(),
            listen: default_console_listen(),
            public_name: String::new(),
            trusted_origin: String::new(),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            leave_to: default_leave_to(),
            time_zone: String::new(),
        }
    }
}

impl ConsoleConfig {
    /// The time zone in which pages tell the time.
    pub fn zone(&self) -> TimeZone {
        let zone = match self.time_zone.as_str() {
            "" => TimeZone::try_system().unwrap_or(TimeZone::UTC),
            name => TimeZone::get(name).unwrap_or(TimeZone::UTC),
        };
        // A machine that keeps no place's time calls it by several names.
        let is_utc = zone.iana_name().is_none_or(|name| matches!(name, "UTC" | "Etc/UTC"));
        if is_utc { TimeZone::UTC } else { zone }
    }

    /// What is wrong with it.
    fn problem(&self) -> Option<&'static str> {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        if self.certificate.as_os_str().is_empty() != self.key.as_os_str().is_empty() {
            return Some("console needs both `certificate` and `key`, or neither");
        }
        if !self.public_name.chars().all(is_name)
            || self.public_name.parse::<std::net::IpAddr>().is_ok()
        {
            return Some(
                "console.public_name must be a name in small letters, without a port, and no address",
            );
        }
        let origin = self.trusted_origin.strip_prefix("https://").unwrap_or_default();
        if !self.trusted_origin.is_empty() && (origin.is_empty() || origin.contains('/')) {
            return Some(
                "console.trusted_origin must be like `https://host` or `https://host:port`",
            );
        }
        if !self.leave_to.starts_with("https://") || self.leave_to.contains(char::is_whitespace) {
            return Some("console.leave_to must begin with `https://`");
        }
        if !self.time_zone.is_empty() && TimeZone::get(&self.time_zone).is_err() {
            return Some(
                "console.time_zone must be the name of a zone, such as `America/Winnipeg`",
            );
        }
        None
    }
}

fn default_engine() -> String {
    "sled".to_owned()
}

fn default_interval_s() -> u32 {
    60
}

fn default_live() -> bool {
    true
}

fn default_every_h() -> u32 {
    24
}

fn default_keep() -> u32 {
    14
}

fn default_settled_days() -> u32 {
    7
}

fn default_routine_days() -> u32 {
    crate::node::referrals::ROUTINE_DAYS
}

impl Default for PartnerDoorConfig {
    fn default() -> Self {
        Self { listen: default_listen(), public_address: String::new() }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { engine: default_engine() }
    }
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self { interval_s: default_interval_s(), live: default_live(), hold_back_s: 0 }
    }
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self { folder: PathBuf::new(), every_h: default_every_h(), keep: default_keep() }
    }
}

impl Default for ApprovalsConfig {
    fn default() -> Self {
        Self { needed_for: Vec::new(), settled_days: default_settled_days() }
    }
}

impl Default for ReferralsConfig {
    fn default() -> Self {
        Self { coordinator: String::new(), routine_days: default_routine_days() }
    }
}

/// The settings cannot be used. Says which and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub String);

impl Config {
    /// Reads settings.
    pub fn parse(text: &str) -> Result<Self, BadConfig> {
        let config: Self = toml::from_str(text).map_err(|error| BadConfig(error.to_string()))?;
        let bad = |text: String| Err(BadConfig(text));
        let Organization { name_en, name_fr, .. } = &config.organization;
        if ![name_en, name_fr].into_iter().all(|name| entente_proto::is_org_name(name)) {
            return bad(
                "organization.name_en and organization.name_fr must be one line each, of at most 200 \
                 bytes, without marks that turn the direction: partners take no other"
                    .into(),
            );
        }
        config.organization.about().map_err(|error| BadConfig(error.to_string()))?;
        if config.kind().is_none() {
            return bad(format!(
                "organization.kind `{}` is no code of `org_type`",
                config.organization.kind
            ));
        }
        if config.sync.interval_s == 0 || config.sync.interval_s > 86_400 {
            return bad("sync.interval_s must be 1 to 86400 seconds".into());
        }
        if config.sync.hold_back_s > 3_600 {
            return bad("sync.hold_back_s must be 0 to 3600 seconds".into());
        }
        if config.store.engine.parse::<entente_store::engine::Kind>().is_err() {
            return bad("store.engine must be `sled` or `redb`".into());
        }
        if config.referrals.routine_days == 0 || config.referrals.routine_days > 365 {
            return bad("referrals.routine_days must be 1 to 365 days".into());
        }
        if config.referrals.coordinator.chars().count() > 100 {
            return bad("referrals.coordinator must be at most 100 characters".into());
        }
        config.notifications.check()?;
        config.oidc.as_ref().map_or(Ok(()), OidcConfig::check)?;
        if let Some(problem) = config.console.problem().or(config.public.problem()) {
            return bad(problem.into());
        }
        let may_need = &config.approvals.needed_for;
        if let Some(name) = may_need.iter().find(|name| approvable(name).is_none()) {
            let all: Vec<_> = MAY_NEED_APPROVAL.iter().map(|op| op.name()).collect();
            return bad(format!("approvals.needed_for: `{name}` is none of {}", all.join(", ")));
        }
        if config.approvals.settled_days > 90 {
            return bad("approvals.settled_days must be 0 to 90 days".into());
        }
        let door = &config.staff_door;
        if !door.socket.as_os_str().is_empty() && !door.socket.is_absolute() {
            return bad("staff_door.socket must be a path from `/` on".into());
        }
        if door.socket.as_os_str().is_empty() != door.group.is_empty() {
            return bad("staff_door needs both `socket` and `group`".into());
        }
        if !config.staff.is_empty() && door.group.is_empty() {
            return bad("[staff] names accounts, and no door lets them in: set `socket` and `group` in [staff_door]".into());
        }
        if let Some(role) = config.staff.values().flatten().find(|role| role_of(role).is_none()) {
            return bad(format!("`{role}` in [staff] is no role"));
        }
        Ok(config)
    }

    /// The settings as a file.
    pub fn to_text(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// The kind of organization.
    pub fn kind(&self) -> Option<entente_core::codes::OrgType> {
        use entente_core::codes::Code as _;
        entente_core::codes::OrgType::parse(&self.organization.kind).ok()
    }

    /// Where partners reach us. Empty if nobody said, and `listen` names no address of its own.
    pub fn public_address(&self) -> String {
        let listen = self.partner_door.listen;
        match self.partner_door.public_address.as_str() {
            "" if listen.ip().is_unspecified() => String::new(),
            "" => listen.to_string(),
            address => address.to_owned(),
        }
    }

    /// Whether a second person has to approve this.
    pub fn needs_approval(&self, op: Op) -> bool {
        self.approvals.needed_for.iter().any(|name| approvable(name) == Some(op))
    }

    /// The lines of `[staff]`: whom each is about, and what they may do.
    pub fn staff(&self) -> impl Iterator<Item = (StaffName<'_>, impl Iterator<Item = Role>)> {
        self.staff.iter().map(|(name, roles)| {
            let who = match name.strip_prefix('@') {
                Some(group) => StaffName::Group(group),
                None => StaffName::Account(name),
            };
            (who, roles.iter().filter_map(|role| role_of(role)))
        })
    }

    /// The socket of the door for staff, if there is one.
    pub fn staff_socket(&self) -> Option<&std::path::Path> {
        let socket = self.staff_door.socket.as_path();
        (!socket.as_os_str().is_empty()).then_some(socket)
    }
}

fn approvable(name: &str) -> Option<Op> {
    MAY_NEED_APPROVAL.iter().copied().find(|op| op.name() == name)
}

fn role_of(text: &str) -> Option<Role> {
    Role::ALL.iter().copied().find(|role| role.code() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../config/entente.example.toml");

    #[test]
    fn the_example_says_what_the_defaults_are() {
        let example = Config::parse(EXAMPLE).unwrap();
        assert_eq!(example.partner_door, PartnerDoorConfig::default());
        assert_eq!(example.store, StoreConfig::default());
        assert_eq!(example.sync, SyncConfig::default());
        assert_eq!(example.console, ConsoleConfig::default());
        assert_eq!(example.public, PublicConfig::default());
        assert_eq!(example.backup, BackupConfig::default());
        assert_eq!(example.referrals, ReferralsConfig::default());
        assert_eq!(example.notifications, NotificationsConfig::default());
        assert_eq!(example.approvals, ApprovalsConfig::default());
        assert_eq!(example.staff_door, StaffDoorConfig::default());
        assert_eq!(Config::parse(&example.to_text()), Ok(example));
    }

    #[test]
    fn an_address_that_nobody_can_dial_is_told_to_nobody() {
        let mut config = Config::parse(EXAMPLE).unwrap();
        assert_eq!(config.public_address(), "");
        config.partner_door.listen = "192.0.2.7:7443".parse().unwrap();
        assert_eq!(config.public_address(), "192.0.2.7:7443");
        config.partner_door.public_address = "node.example:443".to_owned();
        assert_eq!(config.public_address(), "node.example:443");
    }

    #[test]
    fn a_misspelt_setting_is_refused_by_name() {
        let text = EXAMPLE.replace("interval_s", "intervall_s");
        assert!(Config::parse(&text).unwrap_err().0.contains("intervall_s"));
    }

    #[test]
    fn accounts_without_a_door_and_half_a_door_are_refused() {
        let with = |text: &str| {
            let (rest, _) = EXAMPLE.split_once("[staff_door]").unwrap();
            Config::parse(&format!("{rest}{text}"))
        };
        let door = "[staff_door]\nsocket = \"/run/entente/staff.sock\"\ngroup = \"staff\"\n";
        let staff = "[staff]\nlea = [\"case_worker\"]\n\"@shelter\" = [\"supervisor\"]\n";
        let config = with(&format!("{door}{staff}")).unwrap();
        let named: Vec<_> = config.staff().map(|(who, roles)| (who, roles.collect())).collect();
        assert_eq!(
            named,
            [
                (StaffName::Group("shelter"), vec![Role::Supervisor]),
                (StaffName::Account("lea"), vec![Role::CaseWorker])
            ]
        );
        assert_eq!(config.staff_socket(), Some("/run/entente/staff.sock".as_ref()));
        assert!(with(staff).unwrap_err().0.contains("no door"));
        for half in [
            "[staff_door]\nsocket = \"/run/entente/staff.sock\"\n",
            "[staff_door]\ngroup = \"staff\"\n",
            "[staff_door]\nsocket = \"staff.sock\"\ngroup = \"staff\"\n",
        ] {
            assert!(with(half).unwrap_err().0.contains("staff_door"), "{half}");
        }
        assert!(with(&format!("{door}[staff]\nlea = [\"boss\"]\n")).is_err());
    }

    #[test]
    fn wrong_units_and_words_are_refused() {
        for (right, wrong) in [
            ("interval_s = 60", "interval_s = 0"),
            ("routine_days = 14", "routine_days = 0"),
            ("hold_back_s = 0", "hold_back_s = 3601"),
            ("\"sled\"", "\"sqlite\""),
            ("\"ngo\"", "\"club\""),
            ("role = []", "role = [\"rescue\"]"),
            ("languages = []", "languages = [\"some\", \"of them\"]"),
            ("mandate_en = \"\"", "mandate_en = \"Only in one language\""),
            ("needed_for = []", "needed_for = [\"record_show\"]"),
            ("settled_days = 7", "settled_days = 91"),
        ] {
            assert!(Config::parse(&EXAMPLE.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
