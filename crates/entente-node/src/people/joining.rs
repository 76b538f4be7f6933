//! Links: how somebody gets their own way in, without anybody else knowing it.
//!
//! A link is 256 random bits, works once and for a day, and a newer one for the same account
//! replaces it. Looking at it uses nothing up: programs that check links in mail do that.
//!
//! A link that somebody makes for their own account is followed at once, and stays in the history of the browser. It is
//! kept in the session and nowhere else: it works in that browser alone, for ten minutes, and is gone with the session.

use std::collections::BTreeSet;

use entente_core::audit::{Action, Actor, AuditEntry};
use entente_store::people::{LinkRow, People as _, TotpRow, UserId, UserRow};
use entente_store::seal::{Password, digest};

use super::name::{is_good, is_good_display};
use super::sign_in::{MAX_PASSWORD, recovery_text};
use super::{Method, People, Place, Token, base32, faults, fold, link_is_over, totp};
use crate::local::Role;
use crate::node::Outcome;

/// How long a link works, in seconds.
const LINK_LASTS_S: i64 = 86_400;
/// How long one works that somebody made for themselves: to read a page and to find a telephone.
const RENEWAL_LASTS_S: i64 = 600;
/// The shortest password, in characters.
const MIN_PASSWORD: usize = 12;
const N_RECOVERY_CODES: usize = 10;

/// Whom a link is for, before it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Invited {
    /// The name of the account and what others read; nobody's yet for the first administrator.
    pub account: Option<(String, String)>,
    /// The secret for an authenticator app, in base 32.
    pub secret: String,
    /// Until when it works, in seconds since 1970.
    pub until_s: i64,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Invited(..)")
    }
}

/// What somebody with a link chose.
#[derive(Clone, Default)]
pub struct Joining {
    /// The name of the account, for the first administrator.
    pub name: String,
    /// What others read, for the first administrator.
    pub display: String,
    /// The password.
    pub password: String,
    /// The code that the app shows.
    pub code: String,
}

impl std::fmt::Debug for Joining {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Joining(..)")
    }
}

/// Somebody who has just got in with a link.
#[derive(Debug)]
pub struct Joined {
    /// Their session.
    pub token: Token,
    /// Ten codes for when the app is lost, each good once. Shown now and never again.
    pub recovery: RecoveryCodes,
}

/// Codes that must not be written to a log.
pub struct RecoveryCodes(pub Vec<String>);

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecoveryCodes({})", self.0.len())
    }
}

impl People {
    /// A link for the first administrator. `ENT-2716` once there is one who can sign in.
    pub fn first_link(&self, by: &Actor) -> Outcome<(Token, i64)> {
        if self.has_administrator()? {
            return Err(faults::has_administrator());
        }
        self.make_link(by, None, Vec::new())
    }

    /// A link for an account that exists; other links for it stop to work.
    pub(super) fn link_for(&self, by: &Actor, user: UserId) -> Outcome<(Token, i64)> {
        self.make_link(by, Some(user), Vec::new())
    }

    /// A link for somebody's own account, to set up their way in anew. They keep what they have until
    /// it is used. `ENT-2812` if that is the identity provider.
    pub fn renew(&self, signed: &super::Signed) -> Outcome<Token> {
        if self.is_provided(&signed.user)? {
            return Err(faults::only_at_provider());
        }
        let (token, secret) = (Token::new()?, Token::new()?);
        let row = LinkRow {
            user: Some(signed.user),
            until_s: self.node.now_s() + RENEWAL_LASTS_S,
            by: signed.staff.name.clone(),
            totp: *secret.0.first_chunk().unwrap_or(&[0; 20]),
        };
        if !self.keep_renewal(signed, token.hash(), row) {
            return Err(super::not_signed_in());
        }
        let entry = self.node.entry(signed.staff.actor(), Action::LinkMade);
        self.node.audit(vec![entry.reference(signed.user)])?;
        Ok(token)
    }

    fn make_link(
        &self,
        by: &Actor,
        user: Option<UserId>,
        reasons: Vec<String>,
    ) -> Outcome<(Token, i64)> {
        let (token, secret) = (Token::new()?, Token::new()?);
        let until_s = self.node.now_s() + LINK_LASTS_S;
        let by_name = match by {
            Actor::Staff(name) => name.clone(),
            Actor::Partner(_) | Actor::Node => String::new(),
        };
        let totp = *secret.0.first_chunk().unwrap_or(&[0; 20]);
        let row = LinkRow { user, until_s, by: by_name, totp };
        self.node.db.write("link", |tx| {
            let now_s = self.node.now_s();
            for (hash, other) in tx.links()? {
                if other.user == user || other.until_s <= now_s {
                    tx.delete_link(&hash)?;
                }
            }
            tx.put_link(&token.hash(), &row)?;
            let entry = self.node.entry(by.clone(), Action::LinkMade).reasons(reasons);
            self.node.write_audit(tx, vec![entry.reference(user.unwrap_or_default())])
        })?;
        Ok((token, until_s))
    }

    /// Whom a link is for, without using it up. `ENT-2704` if it does not work, or not in this browser.
    pub fn invited(&self, token: &Token, from: &Place) -> Outcome<Invited> {
        let (link, user) = self.node.db.read(|tx| {
            let kept = tx.link(&token.hash())?;
            let link = kept.or_else(|| self.renewal(&token.hash(), from));
            let user = link.as_ref().and_then(|link| link.user);
            let row = user.map(|id| tx.user(&id)).transpose()?.flatten();
            Ok::<_, Box<crate::fault::Fault>>((link, row))
        })?;
        let link = link.filter(|link| link.until_s > self.node.now_s()).ok_or_else(link_is_over)?;
        let account = match link.user {
            Some(_) => {
                let row = user.filter(|row| row.enabled).ok_or_else(link_is_over)?;
                Some((row.name, row.display))
            }
            None if self.has_administrator()? => return Err(link_is_over()),
            None => None,
        };
        Ok(Invited { account, secret: base32(&link.totp), until_s: link.until_s })
    }

    /// Uses a link up: sets the password and the app of its account, ends its other sessions and
    /// opens one.
    pub fn join(&self, token: &Token, chosen: &Joining, from: &Place) -> Outcome<Joined> {
        let invited = self.invited(token, from)?;
        let (name, display) = match &invited.account {
            Some(account) => account.clone(),
            None => (fold(&chosen.name), chosen.display.trim().to_owned()),
        };
        if !is_good(&name) || !is_good_display(&display) {
            return Err(faults::bad_name());
        }
        check_password(&chosen.password, &name, self)?;
        let codes = recovery_codes()?;
        let password = Password::keep(&chosen.password, self.cost);
        let set = Set {
            password: password.map_err(|_| crate::node::audit::no_randomness())?,
            recovery: codes.iter().map(|it| digest(recovery_text(it).as_bytes())).collect(),
            code: &chosen.code,
        };
        let user = self.use_up(token, (&name, &display), set, from)?;
        self.end_sessions_of(&user);
        let token = self.open(user, Method::Link, from)?;
        Ok(Joined { token, recovery: RecoveryCodes(codes) })
    }

    /// Everything that a link changes, in one transaction.
    fn use_up(
        &self,
        token: &Token,
        names: (&str, &str),
        set: Set<'_>,
        from: &Place,
    ) -> Outcome<UserId> {
        let (now_s, hash, (name, display)) = (self.node.now_s(), token.hash(), names);
        self.node.db.write("join", |tx| {
            let kept = tx.link(&hash)?;
            let is_own = kept.is_none();
            let link = kept.or_else(|| self.renewal(&hash, from)).ok_or_else(link_is_over)?;
            let totp = TotpRow { secret: link.totp, last_step: 0 };
            let step = totp::step_of(&totp, set.code, now_s).ok_or_else(faults::wrong_code)?;
            let (user, mut row) = match link.user {
                Some(user) => {
                    let row = tx.user(&user)?.filter(|row| row.enabled).ok_or_else(link_is_over)?;
                    // Moved to the provider meanwhile.
                    if row.federated.is_some() {
                        return Err(faults::only_at_provider());
                    }
                    (user, row)
                }
                None => {
                    if tx.users()?.iter().any(|(_, other)| other.name == name) {
                        return Err(faults::name_is_taken());
                    }
                    let roles = vec![Role::Administrator.code().to_owned()];
                    (self.node.new_id()?, new_row(name, display, roles, now_s))
                }
            };
            row.password = Some(set.password);
            row.totp = Some(TotpRow { last_step: step, ..totp });
            row.recovery = set.recovery;
            row.signed_in_at_s = now_s;
            if is_own && !self.use_renewal(&hash, from) {
                return Err(link_is_over());
            }
            tx.put_user(&user, &row)?;
            tx.delete_link(&hash)?;
            self.node.write_audit(tx, self.joined_entries(&user, &row, link.user.is_none()))?;
            Ok::<_, super::Refusal>(user)
        })
    }

    /// What the audit log says of somebody who came in with a link.
    fn joined_entries(&self, user: &UserId, row: &UserRow, is_new: bool) -> Vec<AuditEntry> {
        let entry = |action| self.node.entry(Actor::Staff(row.name.clone()), action);
        let added = entry(Action::UserAdded).reasons(row.roles.clone()).reference(*user);
        let set = entry(Action::CredentialSet).reference(*user);
        let how = ["console".to_owned(), Method::Link.code().to_owned()];
        let came = entry(Action::LoggedIn).reasons(how.into_iter().chain(row.roles.clone()));
        let set = set.reasons(["password".to_owned(), "code".to_owned()]);
        is_new.then_some(added).into_iter().chain([set, came]).collect()
    }
}

/// What a link sets up.
struct Set<'a> {
    password: Password,
    recovery: Vec<[u8; 32]>,
    code: &'a str,
}

/// A new account without any way to sign in.
pub(super) fn new_row(name: &str, display: &str, roles: Vec<String>, now_s: i64) -> UserRow {
    UserRow {
        name: name.to_owned(),
        display: display.to_owned(),
        roles,
        enabled: true,
        made_at_s: now_s,
        signed_in_at_s: 0,
        password: None,
        totp: None,
        recovery: Vec::new(),
        passkeys: Vec::new(),
        federated: None,
    }
}

/// Refuses what is short, a few characters over and over, or made of what everybody knows; and what is longer than
/// signing in looks at.
fn check_password(password: &str, name: &str, people: &People) -> Outcome<()> {
    if password.len() > MAX_PASSWORD {
        return Err(faults::long_password());
    }
    let bare = |text: &str| -> String {
        text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let organization = &people.node.profile().name;
    let mut rest = bare(password);
    for known in [name, &organization.en, &organization.fr].map(bare) {
        rest = rest.replace(&known, "");
    }
    // What is left of a common beginning is a number that people put behind it.
    let is_common = |common: &&str| rest.starts_with(*common) && rest.len() < common.len() + 6;
    let n_kinds = rest.chars().collect::<BTreeSet<_>>().len();
    let is_short = password.chars().count() < MIN_PASSWORD || rest.chars().count() < 8;
    if is_short || n_kinds < 5 || COMMON.iter().any(is_common) {
        return Err(faults::weak_password());
    }
    Ok(())
}

/// Beginnings of the passwords that guessing begins with, of those long enough to be accepted.
const COMMON: &[&str] = &[
    "password",
    "motdepasse",
    "passw0rd",
    "123456",
    "qwerty",
    "azerty",
    "iloveyou",
    "jetaime",
    "administrator",
    "welcome",
    "bienvenue",
    "letmein",
    "changeme",
    "entente",
    "abcdef",
    "trustno1",
    "correcthorsebatterystaple",
    "bonjour",
    "football",
    "princess",
    "sunshine",
    "soleil",
    "canada",
];

fn recovery_codes() -> Outcome<Vec<String>> {
    let one = || {
        let secret = Token::new()?;
        // Ten bytes: 80 bits, which outlast any guessing.
        let text = base32(secret.0.first_chunk::<10>().unwrap_or(&[0; 10]));
        let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        Ok(groups.join("-"))
    };
    (0..N_RECOVERY_CODES).map(|_| one()).collect()
}
