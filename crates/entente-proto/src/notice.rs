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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::any::{self, check_mutations};

    fn notice() -> impl Strategy<Value = Notice> {
        let change =
            select(vec![PartnerChange::Suspended, PartnerChange::Resumed, PartnerChange::Ended]);
        let reason = prop_oneof![Just(String::new()), any::line()];
        prop_oneof![
            (any::seconds(), change, reason).prop_map(|(at_s, change, reason)| Notice::Partner {
                at_s,
                change,
                reason
            }),
            (any::seconds(), any::card()).prop_map(|(at_s, card)| Notice::Card { at_s, card }),
            (any::seconds(), any::<[u8; 16]>())
                .prop_map(|(at_s, id)| Notice::Test { at_s, test: TestShare { id } }),
        ]
    }

    fn agreement_notice() -> impl Strategy<Value = AgreementNotice> {
        let change = select(vec![
            AgreementChange::Declined,
            AgreementChange::Retracted,
            AgreementChange::Suspended,
            AgreementChange::Resumed,
            AgreementChange::Ended,
        ]);
        let reason = prop_oneof![Just(String::new()), any::line()];
        (any::agreement_ref(), change, any::seconds(), reason).prop_map(
            |(agreement, change, at_s, reason)| AgreementNotice { agreement, change, at_s, reason },
        )
    }

    fn restart() -> impl Strategy<Value = FeedRestart> {
        let previous = prop::option::of((1..=MAX_LOG, any::<[u8; 32]>()));
        (any::<u32>(), previous, any::text()).prop_map(|(previous_epoch, previous, reason)| {
            FeedRestart { previous_epoch, previous, reason }
        })
    }

    #[test]
    fn every_field_of_a_notice_has_its_bound() {
        let partner = |change, reason: String| {
            Some(v1::notice::About::Partner(v1::PartnerNotice { change, reason }))
        };
        let test = |len| Some(v1::notice::About::Test(v1::TestShare { test_id: vec![1; len] }));
        let check = |at_s, about| {
            let bytes = v1::Notice { at_s, about }.encode_to_vec();
            decode_notice(&bytes).map(|_| ()).map_err(|it| it.field)
        };
        let longest = "r".repeat(MAX_REASON_TEXT);
        assert_eq!(check(1, partner(1, longest.clone())), Ok(()));
        assert_eq!(check(1, partner(3, String::new())), Ok(()));
        assert_eq!(check(1, partner(1, longest + "r")), Err("reason"));
        assert_eq!(check(1, partner(1, "a\nb".into())), Err("reason"));
        assert_eq!(check(1, partner(0, String::new())), Err("change"));
        assert_eq!(check(1, partner(4, String::new())), Err("change"));
        assert_eq!(check(0, test(16)), Err("at_s"));
        assert_eq!(check(MAX_SECONDS, test(16)), Ok(()));
        assert_eq!(check(MAX_SECONDS + 1, test(16)), Err("at_s"));
        assert_eq!(check(1, test(15)), Err("test_id"));
        assert_eq!(check(1, None), Err("about"));
    }

    #[test]
    fn every_field_of_a_notice_about_an_agreement_has_its_bound() {
        let check = |change: fn(&mut v1::AgreementNotice)| {
            let mut message = v1::AgreementNotice {
                agreement_id: vec![1; 16],
                agreement_version: 1,
                change: 1,
                at_s: 1,
                reason: String::new(),
            };
            change(&mut message);
            decode_agreement_notice(&message.encode_to_vec()).map(|_| ()).map_err(|it| it.field)
        };
        assert_eq!(check(|_| {}), Ok(()));
        assert_eq!(check(|it| it.agreement_id.truncate(15)), Err("agreement_id"));
        assert_eq!(check(|it| it.agreement_version = 0), Err("agreement_version"));
        let bare = |it: &mut v1::AgreementNotice| {
            it.agreement_id.clear();
            it.agreement_version = 0;
        };
        assert_eq!(check(bare), Err("agreement_id"));
        assert_eq!(check(|it| it.change = 0), Err("change"));
        assert_eq!(check(|it| it.change = 6), Err("change"));
        assert_eq!(check(|it| it.at_s = 0), Err("at_s"));
        assert_eq!(check(|it| it.reason = "r".repeat(MAX_REASON_TEXT + 1)), Err("reason"));
    }

    #[test]
    fn a_restart_names_a_size_with_its_root_or_neither() {
        let check = |previous_size, root_len| {
            let reason = Some(v1::Text { en: "a".into(), fr: "b".into() });
            let previous_root = vec![1; root_len];
            let message =
                v1::FeedRestart { previous_epoch: 0, previous_size, previous_root, reason };
            decode_feed_restart(&message.encode_to_vec()).map(|_| ()).map_err(|it| it.field)
        };
        assert_eq!(check(0, 0), Ok(()));
        assert_eq!(check(MAX_LOG, 32), Ok(()));
        assert_eq!(check(MAX_LOG + 1, 32), Err("previous_size"));
        for (size, len) in [(0, 32), (1, 0), (1, 31)] {
            assert_eq!(check(size, len), Err("previous_root"));
        }
    }

    #[test]
    fn no_changed_notice_is_taken_for_the_same() {
        let notice = any::one(notice());
        check_mutations(&encode_notice(&notice), &notice, decode_notice);
        let notice = any::one(agreement_notice());
        check_mutations(&encode_agreement_notice(&notice), &notice, decode_agreement_notice);
    }

    proptest! {
        #[test]
        fn a_notice_is_read_as_it_is_written(
            notice in notice(), about in agreement_notice(), restart in restart()
        ) {
            prop_assert_eq!(decode_notice(&encode_notice(&notice)), Ok(notice));
            prop_assert_eq!(decode_agreement_notice(&encode_agreement_notice(&about)), Ok(about));
            prop_assert_eq!(decode_feed_restart(&encode_feed_restart(&restart)), Ok(restart));
        }

        #[test]
        fn random_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode_notice(&bytes);
            let _ = decode_agreement_notice(&bytes);
            let _ = decode_feed_restart(&bytes);
        }
    }
}
