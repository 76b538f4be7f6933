//! Mail for organizations without a node, with types: what we carry as a sponsor, and through whom we
//! asked as a home.
//!
//! A hand-over that is carried lies among the other hand-overs ([`crate::handover::Way::Carried`]), under
//! a key of its own; here is the rest.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::db::{DbError, Rows, Write};
use crate::rows::{BadRow, Bytes32, ChainRow};
use crate::tables::{OFFERED_THROUGH, SPONSOR_MAIL};
use crate::tx::RowsExt;

/// What we carry about one referral between its home and an organization that we sponsor. Instants are
/// seconds since 1970.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRow {
    /// The agreement it was offered under, by id and version.
    pub agreement: ([u8; 16], u32),
    /// What the home last said, as a code.
    pub standing: String,
    /// What the organization last answered, as a code; empty before.
    pub answer: String,
    /// When it came, when an answer is due and when the offer lapses, the last two by the home's clock.
    pub times: (i64, i64, i64),
    /// When it came to this.
    pub since_s: i64,
    /// When it was last written into mail.
    pub given_at_s: Option<i64>,
    /// Whether it is over.
    pub is_over: bool,
    /// What the home said to the organization.
    pub theirs: ChainRow,
    /// What the organization said to the home.
    pub ours: ChainRow,
    /// The home's envelopes, by their steps, as they came; without hand-overs.
    pub said: Vec<(u32, ByteBuf)>,
    /// The organization's answers, with both signatures, and SHA-256 of the payload of each.
    pub answers: Vec<(Bytes32, ByteBuf)>,
}

// A card comes close to a person; only how far it is is printed.
impl std::fmt::Debug for MailRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailRow({}, {})", self.standing, self.answer)
    }
}

/// Which mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailAt {
    /// The organization that we sponsor.
    pub org: Bytes32,
    /// The referral.
    pub referral: [u8; 16],
    /// Whose referral it is.
    pub home: Bytes32,
}

impl MailAt {
    fn key(&self) -> Vec<u8> {
        [self.org.as_slice(), &self.referral, &self.home].concat()
    }

    fn from_key(key: &[u8]) -> Result<Self, BadRow> {
        let (org, rest) = key.split_first_chunk::<32>().ok_or(BadRow)?;
        let (referral, home) = rest.split_first_chunk::<16>().ok_or(BadRow)?;
        let home = home.try_into().map_err(|_| BadRow)?;
        Ok(Self { org: *org, referral: *referral, home })
    }
}

/// Reading mail.
pub trait SponsorMail: Rows {
    /// What we carry about one referral.
    fn mail(&self, at: &MailAt) -> Result<Option<MailRow>, DbError> {
        self.row(SPONSOR_MAIL, &at.key())
    }

    /// All that we carry, or what is for one organization.
    fn all_mail(&self, org: Option<&Bytes32>) -> Result<Vec<(MailAt, MailRow)>, DbError> {
        mail_below(self, org.map_or(&[][..], |org| org.as_slice()))
    }

    /// What we carry to an organization about referrals of one name: of one home, or of several.
    fn mail_about(
        &self,
        org: &Bytes32,
        referral: &[u8; 16],
    ) -> Result<Vec<(MailAt, MailRow)>, DbError> {
        mail_below(self, &[org.as_slice(), referral].concat())
    }

    /// Through whom a referral of ours was offered to an organization without a node.
    fn offered_through(
        &self,
        referral: &[u8; 16],
        org: &Bytes32,
    ) -> Result<Option<Bytes32>, DbError> {
        let Some(sponsor) = self.get(OFFERED_THROUGH, &[referral.as_slice(), org].concat())? else {
            return Ok(None);
        };
        Ok(Some(sponsor.as_slice().try_into().map_err(|_| BadRow)?))
    }
}

impl<T: Rows + ?Sized> SponsorMail for T {}

fn mail_below<R: Rows + ?Sized>(
    rows: &R,
    prefix: &[u8],
) -> Result<Vec<(MailAt, MailRow)>, DbError> {
    let mut all = Vec::new();
    rows.rows(SPONSOR_MAIL, prefix, &mut |key, row| {
        all.push((MailAt::from_key(key)?, row));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(all)
}

impl Write<'_> {
    /// Keeps what we carry about one referral.
    pub fn put_mail(&mut self, at: &MailAt, row: &MailRow) -> Result<(), DbError> {
        self.put_row(SPONSOR_MAIL, &at.key(), row)
    }

    /// Remembers through whom a referral of ours was offered.
    pub fn put_offered_through(
        &mut self,
        referral: &[u8; 16],
        org: &Bytes32,
        sponsor: &Bytes32,
    ) -> Result<(), DbError> {
        self.put(OFFERED_THROUGH, &[referral.as_slice(), org].concat(), sponsor)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::Db;
    use crate::engine::Memory;
    use crate::seal::Sealer;

    #[test]
    fn mail_is_found_by_its_organization_and_an_offer_by_who_carried_it() {
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[7; 32])).unwrap();
        let at = |org: u8| MailAt { org: [org; 32], referral: [3; 16], home: [4; 32] };
        let row = |code: &str| MailRow { standing: code.to_owned(), ..MailRow::default() };
        db.write("test", |tx| {
            tx.put_mail(&at(1), &row("offered"))?;
            tx.put_mail(&at(2), &row("taken"))?;
            tx.put_offered_through(&[3; 16], &[1; 32], &[9; 32])
        })
        .map_err(|error: DbError| error.to_string())
        .unwrap();
        db.read(|tx| {
            assert_eq!(tx.all_mail(Some(&[2; 32]))?, [(at(2), row("taken"))]);
            assert_eq!(tx.all_mail(None)?.len(), 2);
            assert_eq!(tx.mail_about(&[1; 32], &[3; 16])?, [(at(1), row("offered"))]);
            assert_eq!(tx.mail_about(&[1; 32], &[4; 16])?, []);
            assert_eq!(tx.offered_through(&[3; 16], &[1; 32])?, Some([9; 32]));
            assert_eq!(tx.offered_through(&[3; 16], &[2; 32])?, None);
            Ok::<_, DbError>(())
        })
        .unwrap();
    }
}
