//! Referrals that a partner has accepted, and contact details that are nowhere else.

use entente_core::codes::Urgency;
use entente_core::handover::{ContactDetails, Part};
use entente_core::record::RecordId;
use entente_core::referral::ReferralId;
use entente_node::clock::ManualClock;
use entente_node::fault::Fault;
use entente_node::node::handovers::OpenedHandover;
use entente_store::seal::KdfParams;

use crate::federation::{Org, pull, staff};
use crate::referrals::{card, case_with_consent, network};

/// In every text that is handed over.
pub const MARK: &str = "zqcanarixy";

/// The passphrase of every opener.
pub const PASSPHRASE: &str = "seven words that nobody else has";

/// Contact details with a mark in every field.
pub fn marked() -> ContactDetails {
    let mut details = ContactDetails::new();
    for part in Part::ALL {
        details.set(*part, &format!("{MARK}-{}", part.code())).expect("a text");
    }
    for n in 0..3 {
        details.add_phone(&format!("{MARK}-60455501{n}"), n == 0).expect("a number");
    }
    details
}

/// Adds an opener whose passphrase is cheap to try.
pub fn add_opener(org: &Org, name: &str) {
    let kdf = KdfParams::WEAK_FOR_TESTS;
    org.node().add_opener_with(staff(), name, PASSPHRASE, kdf).expect("added");
}

/// A home, the winner of a referral, and somebody else.
#[derive(Debug)]
pub struct Accepted {
    /// Everybody's clock.
    pub clock: ManualClock,
    /// Whose referral it is.
    pub home: Org,
    /// Who has it.
    pub winner: Org,
    /// Who was asked too.
    pub third: Org,
    /// The record.
    pub record: RecordId,
    /// The referral.
    pub referral: ReferralId,
}

impl Accepted {
    /// A referral that the winner accepted; one person there may open hand-overs.
    pub fn new() -> Self {
        let here = Self::without_opener();
        add_opener(&here.winner, "Alex");
        pull(&here.home, &here.winner).expect("heard of the key");
        here
    }

    /// The same where nobody may open anything.
    pub fn without_opener() -> Self {
        let (clock, home, partners) = network(2);
        let [winner, third] = partners.try_into().expect("two partners");
        let record = case_with_consent(&home);
        let kept = home.node().create_referral(staff(), &record, card(Urgency::Routine));
        let referral = kept.expect("made").id;
        home.node()
            .offer_referral(staff(), &referral, &[winner.id(), third.id()])
            .expect("offered");
        pull(&winner, &home).expect("offered");
        winner.node().accept_referral(staff(), &home.id(), &referral).expect("accepted");
        pull(&home, &winner).expect("decided");
        pull(&winner, &home).expect("told");
        pull(&third, &home).expect("told");
        Self { clock, home, winner, third, record, referral }
    }

    /// Hands the marked contact details over.
    pub fn hand_over(&self) -> Result<(), Box<Fault>> {
        self.home.node().hand_over_referral(staff(), &self.referral, &marked()).map(|_| ())
    }

    /// Both hear everything that the other one said.
    pub fn exchange(&self) {
        for _ in 0..2 {
            pull(&self.winner, &self.home).expect("heard");
            pull(&self.home, &self.winner).expect("heard");
        }
    }

    /// Opens what was handed over, as this opener.
    pub fn open_as(&self, name: &str, passphrase: &str) -> Result<OpenedHandover, Box<Fault>> {
        let opener = (name, passphrase);
        self.winner.node().open_referral(staff(), &self.home.id(), &self.referral, opener)
    }

    /// The code of the fault with which this opener opens nothing.
    pub fn not_opened(&self, name: &str, passphrase: &str) -> String {
        self.open_as(name, passphrase).map(|_| ()).expect_err("nothing opens").code
    }
}

impl Default for Accepted {
    fn default() -> Self {
        Self::new()
    }
}
