//! Receipts: what became of something that was sent or taken back.

use entente_core::agreement::AgreementId;
use entente_core::summary::SummaryId;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{MAX_LOG, MAX_SECONDS, array, within};
use crate::statement::MAX_DOCUMENT;
use crate::v1;

/// The most things one receipt speaks of: as many as one batch of a feed has.
pub const MAX_ITEMS: usize = 512;

/// What the receiver of something has done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// One to [`MAX_ITEMS`], in the order in which they were done.
    pub items: Vec<Receipted>,
}

/// One thing done, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipted {
    /// What was done, to what.
    pub what: Done,
    /// When; seconds since 1970.
    pub done_at_s: u64,
}

/// What was done, to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A withdrawal was carried out.
    Withdrawal {
        /// The summary that was taken back.
        summary: SummaryId,
        /// What became of it.
        fate: Fate,
    },
    /// An agreement's end was carried out.
    AgreementEnd {
        /// The agreement.
        agreement: AgreementId,
        /// What became of the summaries held under it.
        fate: Fate,
        /// How many they were.
        n_summaries: u64,
    },
    /// A test share arrived.
    TestShare {
        /// Its id.
        test: [u8; 16],
    },
    /// Everything up to a place in the feed is durable.
    Delivery {
        /// The `seq` of the last statement.
        cursor: u64,
    },
}

/// What became of something that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The rows are gone.
    Deleted,
    /// Kept, as the agreement allows.
    Kept,
    /// Sent back, then deleted.
    Returned,
    /// The key is destroyed; the sealed bytes cannot be read any more.
    Shredded,
    /// There was nothing.
    WasNotHeld,
}

impl Fate {
    /// Text form, for files and filters.
    pub fn code(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Kept => "kept",
            Self::Returned => "returned",
            Self::Shredded => "shredded",
            Self::WasNotHeld => "was_not_held",
        }
    }
}

/// The bytes of a receipt: what its issuer signs.
pub fn encode_receipt(receipt: &Receipt) -> Vec<u8> {
    let items = receipt.items.iter().map(item_message).collect();
    v1::Receipt { items }.encode_to_vec()
}

/// The receipt with these bytes. Verify the envelope first.
pub fn decode_receipt(bytes: &[u8]) -> Result<Receipt, Invalid> {
    within("receipt", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::Receipt = canonical(bytes)?;
    within("items", message.items.len(), 1..=MAX_ITEMS)?;
    let items = message.items.iter().map(parse_item).collect::<Result<_, _>>()?;
    Ok(Receipt { items })
}

fn item_message(item: &Receipted) -> v1::ReceiptItem {
    let (kind, subject, deed, n) = match &item.what {
        Done::Withdrawal { summary, fate } => {
            let n = u64::from(*fate != Fate::WasNotHeld);
            (v1::ReceiptKind::Withdrawal, summary.0.to_vec(), deed(*fate), n)
        }
        Done::AgreementEnd { agreement, fate, n_summaries } => {
            (v1::ReceiptKind::AgreementEnd, agreement.0.to_vec(), deed(*fate), *n_summaries)
        }
        Done::TestShare { test } => {
            (v1::ReceiptKind::TestShare, test.to_vec(), v1::Deed::Received, 1)
        }
        Done::Delivery { cursor } => {
            (v1::ReceiptKind::Delivery, Vec::new(), v1::Deed::Received, *cursor)
        }
    };
    v1::ReceiptItem { kind: kind.into(), subject, deed: deed.into(), done_at_s: item.done_at_s, n }
}

fn parse_item(message: &v1::ReceiptItem) -> Result<Receipted, Invalid> {
    let unknown = |field| Invalid::new(field, "is a code that is not in its list");
    let kind = v1::ReceiptKind::try_from(message.kind).map_err(|_| unknown("kind"))?;
    let deed = v1::Deed::try_from(message.deed).map_err(|_| unknown("deed"))?;
    let n = within("n", message.n, 0..=MAX_LOG)?;
    let id = || array("subject", &message.subject);
    let what = match (kind, deed) {
        (v1::ReceiptKind::Unspecified, _) => return Err(Invalid::new("kind", "must be present")),
        (v1::ReceiptKind::Withdrawal, deed) => {
            let fate = parse_fate(deed)?;
            let expected = u64::from(fate != Fate::WasNotHeld);
            within("n", n, expected..=expected)?;
            Done::Withdrawal { summary: SummaryId(id()?), fate }
        }
        (v1::ReceiptKind::AgreementEnd, deed) => Done::AgreementEnd {
            agreement: AgreementId(id()?),
            fate: parse_fate(deed)?,
            n_summaries: n,
        },
        (v1::ReceiptKind::TestShare, v1::Deed::Received) => {
            within("n", n, 1..=1)?;
            Done::TestShare { test: id()? }
        }
        (v1::ReceiptKind::Delivery, v1::Deed::Received) => {
            if !message.subject.is_empty() {
                return Err(Invalid::new("subject", "must be empty for a delivery"));
            }
            Done::Delivery { cursor: n }
        }
        _ => return Err(Invalid::new("deed", "does not fit the kind of receipt")),
    };
    Ok(Receipted { what, done_at_s: within("done_at_s", message.done_at_s, 1..=MAX_SECONDS)? })
}

fn deed(fate: Fate) -> v1::Deed {
    match fate {
        Fate::Deleted => v1::Deed::Deleted,
        Fate::Kept => v1::Deed::Kept,
        Fate::Returned => v1::Deed::Returned,
        Fate::Shredded => v1::Deed::Shredded,
        Fate::WasNotHeld => v1::Deed::WasNotHeld,
    }
}

fn parse_fate(deed: v1::Deed) -> Result<Fate, Invalid> {
    match deed {
        v1::Deed::Deleted => Ok(Fate::Deleted),
        v1::Deed::Kept => Ok(Fate::Kept),
        v1::Deed::Returned => Ok(Fate::Returned),
        v1::Deed::Shredded => Ok(Fate::Shredded),
        v1::Deed::WasNotHeld => Ok(Fate::WasNotHeld),
        v1::Deed::Unspecified | v1::Deed::Received => {
            Err(Invalid::new("deed", "does not fit the kind of receipt"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations};

    fn fate() -> impl Strategy<Value = Fate> {
        prop::sample::select(vec![
            Fate::Deleted,
            Fate::Kept,
            Fate::Returned,
            Fate::Shredded,
            Fate::WasNotHeld,
        ])
    }

    fn done() -> impl Strategy<Value = Done> {
        let id = || any::<[u8; 16]>();
        prop_oneof![
            (id(), fate()).prop_map(|(id, fate)| Done::Withdrawal { summary: SummaryId(id), fate }),
            (id(), fate(), 0..=MAX_LOG).prop_map(|(id, fate, n_summaries)| Done::AgreementEnd {
                agreement: AgreementId(id),
                fate,
                n_summaries,
            }),
            id().prop_map(|test| Done::TestShare { test }),
            (0..=MAX_LOG).prop_map(|cursor| Done::Delivery { cursor }),
        ]
    }

    fn receipt() -> impl Strategy<Value = Receipt> {
        let item =
            (done(), any::seconds()).prop_map(|(what, done_at_s)| Receipted { what, done_at_s });
        prop::collection::vec(item, 1..8).prop_map(|items| Receipt { items })
    }

    /// A withdrawal that was carried out: what passes.
    fn item() -> v1::ReceiptItem {
        v1::ReceiptItem {
            kind: v1::ReceiptKind::Withdrawal.into(),
            subject: vec![1; 16],
            deed: v1::Deed::Shredded.into(),
            done_at_s: 1,
            n: 1,
        }
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::ReceiptItem)) {
        assert!(parse_item(&item()).is_ok());
        let mut item = item();
        change(&mut item);
        assert_eq!(parse_item(&item).map_err(|it| it.field), Err(field));
    }

    #[test]
    fn every_field_of_a_receipt_has_its_bound() {
        refused("kind", |it| it.kind = 0);
        refused("kind", |it| it.kind = 5);
        refused("subject", |it| it.subject.clear());
        refused("deed", |it| it.deed = 0);
        refused("deed", |it| it.deed = 7);
        refused("done_at_s", |it| it.done_at_s = 0);
        refused("done_at_s", |it| it.done_at_s = MAX_SECONDS + 1);
        refused("n", |it| it.n = 0);
        refused("n", |it| it.n = MAX_LOG + 1);
    }

    #[test]
    fn what_was_done_fits_what_it_answers() {
        refused("deed", |it| it.deed = v1::Deed::Received.into());
        refused("deed", |it| it.kind = v1::ReceiptKind::TestShare.into());
        refused("deed", |it| it.kind = v1::ReceiptKind::Delivery.into());
        refused("n", |it| it.deed = v1::Deed::WasNotHeld.into());
        refused("subject", |it| {
            it.kind = v1::ReceiptKind::Delivery.into();
            it.deed = v1::Deed::Received.into();
        });
    }

    #[test]
    fn a_receipt_speaks_of_one_thing_to_512() {
        let receipt = |n| v1::Receipt { items: vec![item(); n] }.encode_to_vec();
        assert!(decode_receipt(&receipt(0)).is_err());
        assert!(decode_receipt(&receipt(1)).is_ok());
        assert!(decode_receipt(&receipt(MAX_ITEMS)).is_ok());
        assert!(decode_receipt(&receipt(MAX_ITEMS + 1)).is_err());
    }

    proptest! {
        #[test]
        fn a_receipt_is_read_as_it_is_written(receipt in receipt()) {
            prop_assert_eq!(decode_receipt(&encode_receipt(&receipt)), Ok(receipt));
        }

        #[test]
        fn random_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode_receipt(&bytes);
        }
    }

    #[test]
    fn no_changed_receipt_is_taken_for_the_same() {
        let receipt = any::one(receipt());
        check_mutations(&encode_receipt(&receipt), &receipt, decode_receipt);
    }
}
