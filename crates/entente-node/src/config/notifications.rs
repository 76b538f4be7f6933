//! Who of the staff is told that something waits, and over which ways.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{BadConfig, role_of};
use crate::local::Role;

/// The most people that are told: more is a mailing list, which has an address of its own.
const MAX_PEOPLE: usize = 50;

/// Who of the staff is told that something waits, and over which ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotificationsConfig {
    /// The least minutes between two messages to one reader.
    #[serde(default = "default_quiet_min")]
    pub quiet_min: u32,
    /// Hours after which what still waits is told again; 0 never.
    #[serde(default = "default_remind_h")]
    pub remind_h: u32,
    /// The mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailConfig>,
    /// A program that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookConfig>,
    /// The people who are told by e-mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonConfig>,
}

/// The mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// Its name.
    pub host: String,
    /// Its port. 0: 587 for `starttls`, 465 for `tls`, 25 for `none`.
    #[serde(default)]
    pub port: u16,
    /// `starttls`, `tls`, or `none`, which is for a server on this machine alone.
    #[serde(default = "default_security")]
    pub security: String,
    /// The sender's address.
    pub from: String,
    /// The account at the server. Empty: none is needed.
    #[serde(default)]
    pub user: String,
    /// The file with its password on the first line.
    #[serde(default)]
    pub password_file: PathBuf,
    /// The authority whose certificates are taken, in PEM. Empty: those of this machine.
    #[serde(default)]
    pub ca_file: PathBuf,
}

/// A program that is told, in the way of Standard Webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// `https://…`, or `http://…` on this machine.
    pub url: String,
    /// The file with the secret on the first line: `whsec_` and base64.
    pub secret_file: PathBuf,
    /// The authority whose certificates are taken, in PEM. Empty: those of this machine.
    #[serde(default)]
    pub ca_file: PathBuf,
}

/// Somebody who is told by e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonConfig {
    /// Where to.
    pub address: String,
    /// What of: what concerns these roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Or what concerns the roles of this account of the machine.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// `en` or `fr`.
    #[serde(default = "default_lang")]
    pub lang: String,
}

/// How a connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// It begins in the clear and nothing is said before it is encrypted.
    StartTls,
    /// It is encrypted from the first byte.
    Tls,
    /// Not at all: on this machine alone.
    None,
}

fn default_quiet_min() -> u32 {
    60
}

fn default_remind_h() -> u32 {
    24
}

fn default_security() -> String {
    "starttls".to_owned()
}

fn default_lang() -> String {
    "en".to_owned()
}

impl Default for NotificationsConfig {
    fn default() -> Self {
        Self {
            quiet_min: default_quiet_min(),
            remind_h: default_remind_h(),
            mail: None,
            webhook: None,
            people: Vec::new(),
        }
    }
}

impl MailConfig {
    /// How the connection is protected, if the setting names a way that there is.
    pub fn protection(&self) -> Option<Security> {
        match self.security.as_str() {
            "starttls" => Some(Security::StartTls),
            "tls" => Some(Security::Tls),
            "none" => Some(Security::None),
            _ => None,
        }
    }
}

impl PersonConfig {
    /// The roles that are named here.
    pub fn named_roles(&self) -> Vec<Role> {
        self.roles.iter().filter_map(|role| role_of(role)).collect()
    }
}

impl NotificationsConfig {
    /// Whether anybody is told anything.
    pub fn is_off(&self) -> bool {
        self.people.is_empty() && self.webhook.is_none()
    }

    /// Says what cannot be used.
    pub(crate) fn check(&self) -> Result<(), BadConfig> {
        let bad = |text: String| Err(BadConfig(text));
        if !(1..=1_440).contains(&self.quiet_min) {
            return bad("notifications.quiet_min must be 1 to 1440 minutes".into());
        }
        if self.remind_h > 720 {
            return bad("notifications.remind_h must be 0 to 720 hours".into());
        }
        if self.people.len() > MAX_PEOPLE {
            return bad(format!("[[notifications.people]] names more than {MAX_PEOPLE}"));
        }
        if !self.people.is_empty() && self.mail.is_none() {
            return bad("[[notifications.people]] needs [notifications.mail]".into());
        }
        if let Some(mail) = &self.mail {
            check_mail(mail)?;
        }
        if let Some(webhook) = &self.webhook {
            check_webhook(webhook)?;
        }
        self.people.iter().try_for_each(check_person)
    }
}

fn check_mail(mail: &MailConfig) -> Result<(), BadConfig> {
    let bad = |text: &str| Err(BadConfig(text.to_owned()));
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    if mail.host.is_empty() || !mail.host.chars().all(is_host) {
        return bad("notifications.mail.host must be the name of a machine");
    }
    match mail.protection() {
        None => return bad("notifications.mail.security must be `starttls`, `tls` or `none`"),
        Some(Security::None) if !is_this_machine(&mail.host) => {
            return bad(
                "notifications.mail.security may be `none` for a server on this machine only",
            );
        }
        Some(_) => {}
    }
    if !is_address(&mail.from) {
        return bad("notifications.mail.from must be an e-mail address");
    }
    if mail.user.is_empty() != mail.password_file.as_os_str().is_empty() {
        return bad("notifications.mail needs both `user` and `password_file`, or neither");
    }
    Ok(())
}

fn check_webhook(webhook: &WebhookConfig) -> Result<(), BadConfig> {
    let bad = |text: &str| Err(BadConfig(text.to_owned()));
    let url: Result<hyper::Uri, _> = webhook.url.parse();
    let Ok(url) = url else { return bad("notifications.webhook.url is no address") };
    let host = url.host().unwrap_or_default();
    if url.authority().is_none_or(|it| it.as_str().contains('@')) || host.is_empty() {
        return bad("notifications.webhook.url must name a machine, and no account");
    }
    match url.scheme_str() {
        Some("https") => {}
        Some("http") if is_this_machine(host) => {}
        _ => return bad("notifications.webhook.url must begin with https://"),
    }
    if webhook.secret_file.as_os_str().is_empty() {
        return bad("notifications.webhook.secret_file must name a file");
    }
    Ok(())
}

fn check_person(person: &PersonConfig) -> Result<(), BadConfig> {
    let bad = |text: String| Err(BadConfig(text));
    let PersonConfig { address, roles, account, lang } = person;
    if !is_address(address) {
        return bad("[[notifications.people]] has an address that is no e-mail address".into());
    }
    if account.chars().any(char::is_control) || account.chars().count() > 64 {
        return bad("[[notifications.people]] has an account that is no name".into());
    }
    if roles.is_empty() == account.is_empty() {
        return bad(format!("[[notifications.people]]: {address} needs `roles` or `account`"));
    }
    if let Some(role) = roles.iter().find(|role| role_of(role).is_none()) {
        return bad(format!("`{role}` in [[notifications.people]] is no role"));
    }
    if !matches!(lang.as_str(), "en" | "fr") {
        return bad("lang in [[notifications.people]] must be `en` or `fr`".into());
    }
    Ok(())
}

/// Whether a text is one e-mail address and nothing else: no name, no list, no line end.
fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Whether a host is this machine, by what it is called.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    const BASE: &str = "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n";
    const MAIL: &str =
        "[notifications.mail]\nhost = \"mail.example.org\"\nfrom = \"entente@example.org\"\n";
    const HOOK: &str =
        "[notifications.webhook]\nurl = \"https://hooks.example.org/e\"\nsecret_file = \"s\"\n";
    const LEA: &str =
        "[[notifications.people]]\naddress = \"lea@example.org\"\nroles = [\"supervisor\"]\n";

    #[test]
    fn whole_settings_are_read_and_written_as_they_are() {
        let config = Config::parse(&format!("{BASE}{MAIL}{HOOK}{LEA}lang = \"fr\"\n")).unwrap();
        assert_eq!(config.notifications.people[0].lang, "fr");
        assert!(!config.notifications.is_off());
        assert_eq!(Config::parse(&config.to_text()), Ok(config));
        assert!(Config::parse(BASE).unwrap().notifications.is_off());
    }

    #[test]
    fn a_name_or_an_address_of_more_than_one_line_is_refused() {
        let person = |address: &str, account: &str| {
            let lines = format!("address = \"{address}\"\naccount = \"{account}\"\n");
            Config::parse(&format!("{BASE}{MAIL}[[notifications.people]]\n{lines}"))
        };
        assert!(person("lea@example.org", "lea").is_ok());
        assert!(person("lea@example.org", "lea\\n[x]").is_err());
        assert!(person("lea@example.org", &"a".repeat(65)).is_err());
        assert!(person("lea@exa\u{2028}mple.org", "lea").is_err());
    }

    #[test]
    fn what_would_leak_a_password_or_a_message_is_refused() {
        for (settings, why) in [
            (MAIL.to_owned() + "security = \"none\"\n", "on this machine only"),
            (MAIL.to_owned() + "security = \"maybe\"\n", "security"),
            (MAIL.to_owned() + "user = \"entente\"\n", "password_file"),
            (MAIL.to_owned() + "password = \"secret\"\n", "password"),
            (HOOK.replace("https", "http"), "https://"),
            (HOOK.replace("https", "ftp"), "https://"),
            (HOOK.replace("hooks.", "me:secret@hooks."), "no account"),
        ] {
            let error = Config::parse(&format!("{BASE}{settings}")).unwrap_err().0;
            assert!(error.contains(why), "{settings}: {error}");
        }
        let here = HOOK.replace("https://hooks.example.org", "http://127.0.0.1:8080");
        assert!(Config::parse(&format!("{BASE}{here}")).is_ok());
        // An address that only looks like this machine.
        let elsewhere = HOOK.replace("https://hooks.example.org", "http://127.0.0.1.example.org");
        assert!(Config::parse(&format!("{BASE}{elsewhere}")).is_err());
    }

    #[test]
    fn an_address_is_one_address_on_one_line() {
        for address in
            ["lea", "lea@example.org\\r\\nBcc: all@example.org", "a@b.ca, c@d.ca", "L <l@e.ca>"]
        {
            let person = LEA.replace("lea@example.org", address);
            let error = Config::parse(&format!("{BASE}{MAIL}{person}")).unwrap_err().0;
            assert!(error.contains("no e-mail address"), "{error}");
        }
        assert!(Config::parse(&format!("{BASE}{LEA}")).unwrap_err().0.contains("mail"));
        let both = format!("{BASE}{MAIL}{LEA}account = \"lea\"\n");
        assert!(Config::parse(&both).unwrap_err().0.contains("roles"));
        let boss = LEA.replace("supervisor", "boss");
        assert!(Config::parse(&format!("{BASE}{MAIL}{boss}")).unwrap_err().0.contains("no role"));
    }
}
