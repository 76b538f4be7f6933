//! What a sponsor says about the mail that it hands to an organization without a node.

use sha2::{Digest as _, Sha256};

use crate::identity::OrgId;
use crate::lang::Text;

/// What lies on top of mail, signed by the sponsor. What lies under it was signed by others, whom the
/// cover names: so somebody who is no partner of the sponsor has no way into the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailCover {
    /// Who carries it.
    pub sponsor: OrgId,
    /// For whom.
    pub org: OrgId,
    /// When it was put together; seconds since 1970.
    pub at_s: i64,
    /// Whose words are in it, ascending by id, each once.
    pub homes: Vec<MailHome>,
    /// SHA-256 of each item, in order.
    pub items: Vec<[u8; 32]>,
}

impl MailCover {
    /// What names an item: its SHA-256.
    pub fn hash(item: &[u8]) -> [u8; 32] {
        Sha256::digest(item).into()
    }
}

/// An organization whose words are in mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHome {
    /// Its identity.
    pub org: OrgId,
    /// What the sponsor calls it.
    pub name: Text,
}
