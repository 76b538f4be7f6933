//! The organization's own identity provider, at which its people sign in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{BadConfig, role_of};
use crate::local::Role;

/// The most groups that give a role: more is a directory, which has groups of groups.
const MAX_GROUPS: usize = 200;

/// The longest text of a setting here, in characters.
const MAX_TEXT: usize = 200;

/// The most hours of a session: as many as one has that a password opened.
const MAX_SESSION_HOURS: u32 = 12;

/// The longest name on the button.
const MAX_NAME: usize = 60;

/// The organization's own identity provider (OpenID Connect).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider, exactly as it names itself: `https://…`.
    pub issuer: String,
    /// What this console is called at the provider.
    pub client_id: String,
    /// The file with the client's secret on its first line. Empty: a client without a secret.
    #[serde(default)]
    pub client_secret_file: PathBuf,
    /// The authority whose certificates are taken, in PEM. Empty: those of this machine.
    #[serde(default)]
    pub ca_file: PathBuf,
    /// What the button says behind *Sign in with*.
    pub name_en: String,
    /// The same in French.
    pub name_fr: String,
    /// The claim of the ID token that names the groups of a person.
    #[serde(default = "default_groups_claim")]
    pub groups_claim: String,
    /// What is asked for besides `openid` and `profile`, if the provider tells groups only then.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Ways of authentication (`amr`) of which one has to be named, `mfa` alone and any other beside a second way.
    #[serde(default = "default_require_amr")]
    pub require_amr: Vec<String>,
    /// Classes of authentication (`acr`) of which one is enough too.
    #[serde(default)]
    pub require_acr: Vec<String>,
    /// The provider always asks for two factors, and nothing is looked at.
    #[serde(default)]
    pub always_two_factors: bool,
    /// For how many hours a session lasts at most: until then, nobody hears that a group was taken away.
    #[serde(default = "default_session_hours")]
    pub session_hours: u32,
    /// Which roles a group gives. Whoever is in none of them stays out.
    pub roles: BTreeMap<String, Vec<String>>,
}

fn default_session_hours() -> u32 {
    4
}

fn default_groups_claim() -> String {
    "groups".to_owned()
}

/// Of RFC 8176: what is had or is, and not only known. A text message (`sms`) and a call (`tel`) are
/// not among them.
fn default_require_amr() -> Vec<String> {
    ["mfa", "otp", "hwk", "swk", "sc", "fpt", "face", "iris", "retina"].map(str::to_owned).into()
}

impl OidcConfig {
    /// For how many seconds a session lasts at most.
    pub(crate) fn session_s(&self) -> i64 {
        i64::from(self.session_hours) * 3_600
    }

    /// The roles that these groups give, in order and each once.
    pub fn roles_of<'a>(&self, groups: impl IntoIterator<Item = &'a str>) -> Vec<Role> {
        let named = groups.into_iter().filter_map(|group| self.roles.get(group)).flatten();
        let mut roles: Vec<_> = named.filter_map(|role| role_of(role)).collect();
        roles.sort();
        roles.dedup();
        roles
    }

    /// Says what cannot be used.
    pub(super) fn check(&self) -> Result<(), BadConfig> {
        let bad = |text: &str| Err(BadConfig(format!("oidc.{text}")));
        let url: Result<hyper::Uri, _> = self.issuer.parse();
        let is_good = url.is_ok_and(|url| {
            let account = url.authority().is_none_or(|it| it.as_str().contains('@'));
            url.scheme_str() == Some("https") && !account && url.query().is_none()
        });
        if !is_good || self.issuer.contains('#') || self.issuer.len() > MAX_TEXT {
            return bad("issuer must begin with https:// and name no account, query or fragment");
        }
        if !is_word(&self.client_id) {
            return bad("client_id must be 1 to 200 letters, digits and signs without spaces");
        }
        for name in [&self.name_en, &self.name_fr] {
            let n_chars = name.trim().chars().count();
            // What partners take as a name, the button takes too.
            if !(1..=MAX_NAME).contains(&n_chars) || !entente_proto::is_org_name(name) {
                return bad("name_en and name_fr must be 1 to 60 characters on one line");
            }
        }
        let words = [&self.scopes, &self.require_amr, &self.require_acr];
        if !is_word(&self.groups_claim) || !words.into_iter().flatten().all(|it| is_word(it)) {
            return bad(
                "groups_claim, scopes, require_amr and require_acr must be words without spaces",
            );
        }
        if self.always_two_factors && !self.require_acr.is_empty() {
            return bad("always_two_factors looks at nothing: leave require_acr away, or it");
        }
        if !self.always_two_factors && self.require_amr.is_empty() && self.require_acr.is_empty() {
            return bad(
                "require_amr and require_acr are empty, and nobody could sign in; if the provider \
                 always asks for two factors, say always_two_factors = true",
            );
        }
        if !(1..=MAX_SESSION_HOURS).contains(&self.session_hours) {
            return bad("session_hours must be 1 to 12");
        }
        if self.roles.is_empty() || self.roles.len() > MAX_GROUPS {
            return bad("roles must give a role to 1 to 200 groups");
        }
        for (group, roles) in &self.roles {
            if group.trim().is_empty() || group.len() > MAX_TEXT || roles.is_empty() {
                return bad("roles has a group without a name or without a role");
            }
            if let Some(role) = roles.iter().find(|role| role_of(role).is_none()) {
                return Err(BadConfig(format!("`{role}` in [oidc.roles] is no role")));
            }
        }
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    (1..=MAX_TEXT).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;
    use crate::people::SESSION_LASTS_S;

    const BASE: &str = "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n";
    const OIDC: &str = "[oidc]\nissuer = \"https://login.example.org/realms/staff\"\n\
        client_id = \"entente\"\nname_en = \"the account of the province\"\n\
        name_fr = \"le compte de la province\"\n";
    const ROLES: &str =
        "[oidc.roles]\n\"entente-cases\" = [\"case_worker\"]\nchiefs = [\"supervisor\"]\n";

    fn parsed(more: &str) -> Result<OidcConfig, String> {
        let config = Config::parse(&format!("{BASE}{OIDC}{more}{ROLES}")).map_err(|it| it.0)?;
        Ok(config.oidc.unwrap())
    }

    #[test]
    fn a_provider_is_read_and_written_as_it_is() {
        let config = Config::parse(&format!("{BASE}{OIDC}{ROLES}")).unwrap();
        assert_eq!(Config::parse(&config.to_text()), Ok(config.clone()));
        let oidc = config.oidc.unwrap();
        assert_eq!(oidc.groups_claim, "groups");
        assert!(oidc.require_amr.contains(&"mfa".to_owned()));
        assert!(!oidc.require_amr.contains(&"sms".to_owned()));
        assert_eq!(oidc.session_hours, 4);
        assert_eq!(parsed("session_hours = 12\n").unwrap().session_s(), SESSION_LASTS_S);
        assert!(Config::parse(BASE).unwrap().oidc.is_none());
    }

    #[test]
    fn groups_give_their_roles_once_and_unknown_ones_give_none() {
        let oidc = parsed("").unwrap();
        assert!(oidc.roles_of(["everybody", "Chiefs"]).is_empty());
        assert_eq!(
            oidc.roles_of(["chiefs", "entente-cases", "chiefs"]),
            [Role::CaseWorker, Role::Supervisor]
        );
    }

    #[test]
    fn what_would_let_in_too_many_or_nobody_is_refused() {
        for (right, wrong, why) in [
            ("https://login", "http://login", "https://"),
            ("https://login", "https://me:secret@login", "no account"),
            ("/realms/staff", "/realms/staff?x=1", "query"),
            ("https://login.example.org/realms/staff", "login.example.org", "https://"),
            ("https://login.example.org/realms/staff", "http://127.0.0.1:8080", "https://"),
            ("\"entente\"", "\"\"", "client_id"),
            ("\"entente\"", "\"a b\"", "client_id"),
            ("\"the account of the province\"", "\"\"", "name_en"),
        ] {
            let text = format!("{BASE}{OIDC}{ROLES}").replace(right, wrong);
            let error = Config::parse(&text).unwrap_err().0;
            assert!(error.contains(why), "{wrong}: {error}");
        }
        for (more, why) in [
            ("require_amr = []\n", "always_two_factors"),
            ("always_two_factors = true\nrequire_acr = [\"gold\"]\n", "always_two_factors"),
            ("client_secret = \"secret\"\n", "client_secret"),
            ("scopes = [\"a b\"]\n", "scopes"),
            ("groups_claim = \"\"\n", "groups_claim"),
            ("session_hours = 0\n", "session_hours"),
            ("session_hours = 13\n", "session_hours"),
        ] {
            let error = parsed(more).unwrap_err();
            assert!(error.contains(why), "{more}: {error}");
        }
        assert!(parsed("always_two_factors = true\n").is_ok());
        for roles in [
            "[oidc.roles]\n",
            "[oidc.roles]\nchiefs = []\n",
            "[oidc.roles]\nchiefs = [\"boss\"]\n",
            "[oidc.roles]\n\"\" = [\"supervisor\"]\n",
        ] {
            assert!(Config::parse(&format!("{BASE}{OIDC}{roles}")).is_err(), "{roles}");
        }
    }
}
