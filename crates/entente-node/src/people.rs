//! People who sign in at the console: accounts, ways to sign in, sessions.
//!
//! An account is made by an administrator, who gets a link that works once and hands it over; nobody
//! ever knows another's password. What an account may do is decided by its roles where every other
//! question of staff is: [`crate::local::allowed`].
//!
//! Sessions are kept in memory: a restart ends them, and no backup opens one. The account is read
//! anew on every request, so that whoever is disabled is out at once. Wrong passwords and codes are counted together,
//! for each account and each address, and what is wrong in a session or with a passkey for that one ([`Attempts`]); an
//! account that does not exist is counted, answered and written down like one that does.
//!
//! Whoever signs in with the organization's identity provider has nothing else to sign in with here
//! (`provider`); who they are there is asked by [`crate::oidc`].

mod accounts;
mod attempts;
mod ceremonies;
mod changed;
pub(crate) mod faults;
mod joining;
mod name;
#[cfg(test)]
mod passkey_tests;
mod passkeys;
mod provider;
#[cfg(test)]
mod provider_tests;
mod sessions;
mod sign_in;
#[cfg(test)]
mod tests;
mod totp;

use std::fmt;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entente_store::people::UserId;
use entente_store::seal::{KdfParams, Password, digest, random_secret};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::fault::Fault;
use crate::node::{Node, Outcome};

pub use accounts::{Person, Way};
pub use attempts::Attempts;
pub(crate) use changed::Changed;
pub(crate) use faults::wait as too_many_attempts;
pub use faults::{fresh_proof_needed, link_is_over, not_signed_in, provider_too_late};
pub use joining::{Invited, Joined, Joining, RecoveryCodes};
pub use name::{MAX_NAME, fold};
pub use passkeys::{MAX_PASSKEYS, PasskeyAnswer, PasskeyAsk, PasskeyShown, Site};
pub use provider::{Errand, Returned, Sent};
pub use sessions::{Method, PROOF_LASTS_S, SESSION_IDLE_S, SESSION_LASTS_S, SessionRow, Signed};
pub use sign_in::{Place, Typed};
pub use totp::base32;

/// Everything about people who sign in.
pub struct People {
    pub(crate) node: Arc<Node>,
    attempts: Mutex<Attempts>,
    ceremonies: Mutex<ceremonies::Ceremonies<ceremonies::Doing>>,
    errands: Mutex<ceremonies::Ceremonies<Returned>>,
    kept_faults: Mutex<ceremonies::Ceremonies<Refusal>>,
    sessions: Mutex<sessions::Sessions>,
    guard: provider::Guard,
    cost: KdfParams,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("People")
    }
}

impl People {
    /// The people of a node.
    pub fn new(node: Arc<Node>) -> Self {
        Self::with_cost(node, Password::COST)
    }

    /// The same, with another cost of guessing a password.
    pub fn with_cost(node: Arc<Node>, cost: KdfParams) -> Self {
        Self {
            node,
            attempts: Mutex::default(),
            ceremonies: lasting(ceremonies::PASSKEY_LASTS_S),
            errands: lasting(provider::ERRAND_LASTS_S),
            kept_faults: lasting(provider::FAULT_LASTS_S),
            sessions: Mutex::default(),
            guard: provider::Guard::default(),
            cost,
        }
    }

    /// The same people, where accounts that the identity provider makes keep to these settings.
    #[must_use]
    pub fn guarded(mut self, config: &Config) -> Self {
        self.guard = provider::Guard::of(config);
        self
    }
}

fn lasting<T>(lasts_s: i64) -> Mutex<ceremonies::Ceremonies<T>> {
    Mutex::new(ceremonies::Ceremonies::lasting(lasts_s))
}

/// A secret that is shown once: of a session, of a link, or of a way to the identity provider.
#[derive(Clone)]
pub struct Token(Zeroizing<[u8; 32]>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Token {
    fn new() -> Outcome<Self> {
        random_secret().map(Self).map_err(|_| crate::node::audit::no_randomness())
    }

    /// From its text; `None` if it is not the text of one.
    pub fn parse(text: &str) -> Option<Self> {
        // 43 digits of base64 are 32 bytes.
        let bytes = URL_SAFE_NO_PAD.decode((text.len() == 43).then_some(text)?).ok()?;
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// One that everybody knows, for tests elsewhere.
    #[cfg(test)]
    pub(crate) fn of(byte: u8) -> Self {
        Self(Zeroizing::new([byte; 32]))
    }

    /// Its text: 43 letters and digits, `-` and `_`.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.0)
    }

    fn hash(&self) -> [u8; 32] {
        digest(&*self.0)
    }
}

/// An account's id as documents write it.
fn id_text(id: &UserId) -> String {
    uuid::Uuid::from_bytes(*id).to_string()
}

type Refusal = Box<Fault>;
