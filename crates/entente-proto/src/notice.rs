//! Notices: what one organization tells another about partnership, agreements and feeds.

use entente_core::lang::Text;
use entente_core::statement::AgreementRef;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_LOG, MAX_SECONDS, array, nfc, optional_array, optional_line, present, text, text_message,
    within,
};
use crate::partner::{Card, card_message, parse_card};
use crate::statement::{MAX_DOCUMENT, parse_agreement};
use crate::v1;

/// Longest reason that people give, in bytes.
pub const MAX_REASON_TEXT: usize = 500;

/// A change that the other side must know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The partnership was suspended, resumed or ended.
    Partner {
        /// When; seconds since 1970.
        at_s: u64,
        /// What became of it.
        change: PartnerChange,
        /// Why, for people. Empty if not said.
        reason: String,
    },
    /// The issuer's names, kind or address have changed.
    Card {
        /// When; seconds since 1970.
        at_s: u64,
        /// What it says of itself now. Compare its identity with the issuer's.
        card: Card,
    },
    /// Tries the connection out.
    Test {
        /// When; seconds since 1970.
        at_s: u64,
        /// The marker.
        test: TestShare,
    },
}

/// A marker that proves both directions work. Says nothing about any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestShare {
    /// Random; named in the receipt.
    pub id: [u8; 16],
}

/// What became of a partnership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerChange {
    /// Nothing is shared for now.
    Suspended,
    /// Sharing goes on.
    Resumed,
    /// For good.
    Ended,
}

/// What one party says about an agreement, alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementNotice {
    /// The agreement.
    pub agreement: AgreementRef,
    /// What the issuer does.
    pub change: AgreementChange,
    /// When; seconds since 1970.
    pub at_s: u64,
    /// Why, for people. Empty if not said.
    pub reason: String,
}

/// What one party does with an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgreementChange {
    /// Does not sign what the other proposed.
    Declined,
    /// Takes its own proposal back.
    Retracted,
    /// Stops it for now.
    Suspended,
    /// Lifts its own suspension.
    Resumed,
    /// Ends it.
    Ended,
}

/// Opens a new epoch of a feed, after a restore from a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRestart {
    /// The epoch before.
    pub previous_epoch: u32,
    /// The highest size of its feed that the issuer knows of, and the root at that size; `None` if
    /// it knows of none.
    pub previous: Option<(u64, [u8; 32])>,
    /// Why.
    pub reason: Text,
}

/// The bytes of a notice: what its issuer signs.
pub fn encode_notice(notice: &Notice) -> Vec<u8> {
    let (at_s, about) = match notice {
        Notice::Partner { at_s, change, reason } => {
            let change = match change {
                PartnerChange::Suspended => v1::PartnerChange::Suspended,
                PartnerChange::Resumed => v1::PartnerChange::Resumed,
                PartnerChange::Ended => v1::PartnerChange::Ended,
            };
            let notice = v1::PartnerNotice { change: change.into(), reason: nfc(reason) };
            (at_s, v1::notice::About::Partner(notice))
        }
        Notice::Card { at_s, card } => (at_s, v1::notice::About::Card(card_message(card))),
        Notice::Test { at_s, test: TestShare { id } } => {
            (at_s, v1::notice::About::Test(v1::TestShare { test_id: id.to_vec() }))
        }
    };
    v1::Notice { at_s: *at_s, about: Some(about) }.encode_to_vec()
}

/// The notice with these bytes. Verify the envelope first.
pub fn decode_notice(bytes: &[u8]) -> Result<Notice, Invalid> {
    within("notice", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::Notice = canonical(bytes)?;
    let at_s = within("at_s", message.at_s, 1..=MAX_SECONDS)?;
    match present("about", message.about)? {
        v1::notice::About::Partner(v1::PartnerNotice { change, reason }) => {
            let change = match v1::PartnerChange::try_from(change) {
                Ok(v1::PartnerChange::Suspended) => PartnerChange::Suspended,
                Ok(v1::PartnerChange::Resumed) => PartnerChange::Resumed,
                Ok(v1::PartnerChange::Ended) => PartnerChange::Ended,
                Ok(v1::PartnerChange::Unspecified) | Err(_) => return Err(unknown_change()),
            };
            let reason = optional_line("reason", reason, MAX_REASON_TEXT)?;
            Ok(Notice::Partner { at_s, change, reason })
        }
        v1::notice::About::Card(card) => Ok(Notice::Card { at_s, card: parse_card(Some(card))? }),
        v1::notice::About::Test(v1::TestShare { test_id }) => {
            Ok(Notice::Test { at_s, test: TestShare { id: array("test_id", &test_id)? } })
        }
    }
}

/// The bytes of a notice about an agreement: what its issuer signs.
pub fn encode_agreement_notice(notice: &AgreementNotice) -> Vec<u8> {
    let AgreementNotice { agreement: AgreementRef { id, version }, change, at_s, reason } = notice;
    let change = match change {
        AgreementChange::Declined => v1::AgreementChange::Declined,
        AgreementChange::Retracted => v1::AgreementChange::Retracted,
        AgreementChange::Suspended => v1::AgreementChange::Suspended,
        AgreementChange::Resumed => v1::AgreementChange::Resumed,
        AgreementChange::Ended => v1::AgreementChange::Ended,
    };
    let message = v1::AgreementNotice {
        agreement_id: id.to_vec(),
        agreement_version: *version,
        change: change.into(),
        at_s: *at_s,
        reason: nfc(reason),
    };
    message.encode_to_vec()
}

/// The notice about an agreement with these bytes. Verify the envelope first.
pub fn decode_agreement_notice(bytes: &[u8]) -> Result<AgreementNotice, Invalid> {
    within("notice", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::AgreementNotice = canonical(bytes)?;
    let change = match v1::AgreementChange::try_from(message.change) {
        Ok(v1::AgreementChange::Declined) => AgreementChange::Declined,
        Ok(v1::AgreementChange::Retracted) => AgreementChange::Retracted,
        Ok(v1::AgreementChange::Suspended) => AgreementChange::Suspended,
        Ok(v1::AgreementChange::Resumed) => AgreementChange::Resumed,
        Ok(v1::AgreementChange::Ended) => AgreementChange::Ended,
        Ok(v1::AgreementChange::Unspecified) | Err(_) => return Err(unknown_change()),
    };
    let agreement = parse_agreement(&message.agreement_id, message.agreement_version)?;
    Ok(AgreementNotice {
        agreement: present("agreement_id", agreement)?,
        change,
        at_s: within("at_s", message.at_s, 1..=MAX_SECONDS)?,
        reason: optional_line("reason", message.reason, MAX_REASON_TEXT)?,
    })
}

/// The bytes of the document that opens a new epoch of a feed: what its issuer signs.
pub fn encode_feed_restart(restart: &FeedRestart) -> Vec<u8> {
    let FeedRestart { previous_epoch, previous, reason } = restart;
    let message = v1::FeedRestart {
        previous_epoch: *previous_epoch,
        previous_size: previous.map_or(0, |(size, _)| size),
        previous_root: previous.map(|(_, root)| root.to_vec()).unwrap_or_default(),
        reason: text_message(reason),
    };
    message.encode_to_vec()
}

/// The document with these bytes. Verify the envelope first.
pub fn decode_feed_restart(bytes: &[u8]) -> Result<FeedRestart, Invalid> {
    within("restart", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::FeedRestart = canonical(bytes)?;
    let size = within("previous_size", message.previous_size, 0..=MAX_LOG)?;
    let previous = match (size, optional_array("previous_root", &message.previous_root)?) {
        (0, None) => None,
        (1.., Some(root)) => Some((size, root)),
        _ => return Err(Invalid::new("previous_root", "must be empty exactly without a size")),
    };
    Ok(FeedRestart {
        previous_epoch: message.previous_epoch,
        previous,
        reason: text("reason", message.reason, MAX_REASON_TEXT)?,
    })
}

fn unknown_change() -> Invalid {
    Invalid::new("change", "must be present and of its list")
}
