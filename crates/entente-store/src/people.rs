//! Who signs in at the console, with types.
//!
//! Nothing here can be used to sign in: passwords, recovery codes and links are kept as hashes. The
//! secret of an authenticator app has to be kept as it is, sealed like every row. Sessions are in
//! memory only, so that no backup opens one.

use std::fmt;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::db::{DbError, Rows, Write};
use crate::rows::{BadRow, Bytes32};
use crate::seal::Password;
use crate::tables::{SIGN_IN_LINKS, USERS};
use crate::tx::RowsExt;

/// The id of a person who signs in.
pub type UserId = [u8; 16];

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// What they type to sign in, folded.
    pub name: String,
    /// What others read.
    pub display: String,
    /// Codes of their roles.
    pub roles: Vec<String>,
    /// Whether they may sign in.
    pub enabled: bool,
    /// When the account was made, in seconds since 1970.
    pub made_at_s: i64,
    /// When they last signed in; 0 if never.
    pub signed_in_at_s: i64,
    /// Their password.
    pub password: Option<Password>,
    /// Their authenticator app.
    pub totp: Option<TotpRow>,
    /// Hashes of the recovery codes that are not used up.
    pub recovery: Vec<Bytes32>,
    /// Their passkeys.
    pub passkeys: Vec<PasskeyRow>,
    /// Whom the organization's identity provider knows them as: issuer and subject.
    pub federated: Option<(String, String)>,
}

/// An authenticator app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpRow {
    /// The secret that it shares with us.
    pub secret: [u8; 20],
    /// The number of the last time step whose code was used. None before it is taken.
    pub last_step: u64,
}

impl fmt::Debug for TotpRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpRow(..)")
    }
}

/// A passkey.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyRow {
    /// The credential's id, as the authenticator chose it.
    pub id: Vec<u8>,
    /// What its owner calls it.
    pub label: String,
    /// The public key and what else is needed to check it.
    pub data: Vec<u8>,
    /// When it was added, in seconds since 1970.
    pub made_at_s: i64,
    /// When it was last used; 0 if never.
    pub used_at_s: i64,
}

impl fmt::Debug for PasskeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasskeyRow({})", self.label)
    }
}

/// A link with which somebody sets up their way in, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// Whose it is; nobody's yet for the first administrator.
    pub user: Option<UserId>,
    /// Until when it works, in seconds since 1970.
    pub until_s: i64,
    /// Who made it.
    pub by: String,
    /// The secret that its owner's authenticator app is shown.
    pub totp: [u8; 20],
}

impl fmt::Debug for LinkRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkRow(until {})", self.until_s)
    }
}

/// Reading people and links.
pub trait People: Rows {
    /// A person.
    fn user(&self, id: &UserId) -> Result<Option<UserRow>, DbError> {
        self.row(USERS, id)
    }

    /// All of them, the oldest account first.
    fn users(&self) -> Result<Vec<(UserId, UserRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(USERS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// A link.
    fn link(&self, hash: &Bytes32) -> Result<Option<LinkRow>, DbError> {
        self.row(SIGN_IN_LINKS, hash)
    }

    /// All links.
    fn links(&self) -> Result<Vec<(Bytes32, LinkRow)>, DbError> {
        let mut all = Vec::new();
        self.rows(SIGN_IN_LINKS, &[], &mut |key, row| {
            all.push((*key.first_chunk().ok_or(BadRow)?, row));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }
}

impl<T: Rows + ?Sized> People for T {}

impl Write<'_> {
    /// Keeps a person.
    pub fn put_user(&mut self, id: &UserId, row: &UserRow) -> Result<(), DbError> {
        self.put_row(USERS, id, row)
    }

    /// Keeps a link.
    pub fn put_link(&mut self, hash: &Bytes32, row: &LinkRow) -> Result<(), DbError> {
        self.put_row(SIGN_IN_LINKS, hash, row)
    }

    /// Forgets a link: it was used, or is over.
    pub fn delete_link(&mut self, hash: &Bytes32) -> Result<(), DbError> {
        self.delete(SIGN_IN_LINKS, hash)
    }
}
