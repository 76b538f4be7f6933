//! A home, a sponsor, and an organization without a node in its folder.

use std::ops::ControlFlow;

use entente_core::codes::{OrgType, Urgency};
use entente_core::feed::Carried;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::record::RecordId;
use entente_core::referral::{PartnerState, ReferralId};
use entente_core::sponsor::fingerprint;
use entente_node::clock::ManualClock;
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::ServiceAddAsk;
use entente_node::node::referrals::KeptReferral;
use entente_node::sponsored::{FolderInbox, NewSponsored, SponsoredFolder};
use entente_store::db::{Keys, Rows as _, Table};
use entente_store::seal::KdfParams;

use crate::federation::{Org, START_S, pair, propose_and_sign, pull, staff};
use crate::handovers::{MARK, marked};
use crate::referrals::{card, case_with_consent, referrals_only};

/// The passphrase of the folder.
pub const SECRET: &str = "five random words for tests";
/// The seed of the home.
pub const HOME: u8 = 2;
/// The seed of the sponsor.
pub const SPONSOR: u8 = 10;

/// A home, a sponsor with an organization that has no node, and another partner.
#[derive(Debug)]
pub struct World {
    /// Everybody's clock.
    pub clock: ManualClock,
    /// Whose referrals these are.
    pub home: Org,
    /// Who carries.
    pub sponsor: Org,
    /// A partner with a node.
    pub third: Org,
    /// The folder of the organization.
    pub folder: SponsoredFolder,
    /// The organization.
    pub org: OrgId,
    /// A record at the home.
    pub record: RecordId,
    _place: tempfile::TempDir,
}

fn agree(from: &Org, to: &Org) {
    let mut draft =
        from.node().read_draft(&referrals_only(), &to.id(), None).expect("as it should be");
    draft.grants.iter_mut().for_each(|grant| grant.services = true);
    propose_and_sign(from, to, &draft);
}

fn beds() -> ServiceAddAsk {
    ServiceAddAsk {
        name: Some(Both::new("Beds", "Lits")),
        needs: Some(vec!["emergency_housing".to_owned()]),
        province: Some("MB".to_owned()),
        hidden: Some(true),
        ..ServiceAddAsk::default()
    }
}

/// Agreements, a service in the directory, and a person who consents.
pub fn world() -> World {
    let clock = ManualClock::new(START_S);
    let (home, sponsor) = (Org::new(HOME, &clock), Org::new(SPONSOR, &clock));
    let third = Org::new(11, &clock);
    for partner in [&sponsor, &third] {
        pair(&home, partner);
        agree(&home, partner);
    }
    let place = tempfile::tempdir().expect("as it should be");
    let folder = SponsoredFolder::new(place.path().join("harbour"));
    let options = NewSponsored {
        name: Text::new("Harbour House", "Maison du Havre"),
        kind: OrgType::Ngo,
        sponsor: sponsor.id().to_string(),
        kdf: KdfParams::WEAK_FOR_TESTS,
    };
    let org = folder.init(&options, SECRET).expect("as it should be").id;
    folder.put_service(&beds(), jiff::civil::date(2026, 11, 22)).expect("as it should be");
    let (_, file) = folder.sign(SECRET, START_S).expect("as it should be");
    sponsor.node().add_sponsored(&staff(), &file, &fingerprint(&org)).expect("as it should be");
    pull(&home, &sponsor).expect("as it should be");
    let record = case_with_consent(&home);
    World { clock, home, sponsor, third, folder, org, record, _place: place }
}

impl World {
    /// A referral that nobody was asked about.
    pub fn create(&self) -> ReferralId {
        let node = self.home.node();
        node.create_referral(staff(), &self.record, card(Urgency::Routine))
            .expect("as it should be")
            .id
    }

    /// A referral that was offered to the organization, and to others.
    pub fn offered(&self, others: &[OrgId]) -> ReferralId {
        let id = self.create();
        let to = [std::slice::from_ref(&self.org), others].concat();
        self.home.node().offer_referral(staff(), &id, &to).expect("as it should be");
        id
    }

    /// A referral at the home.
    pub fn kept(&self, id: &ReferralId) -> KeptReferral {
        self.home.node().find_referral(&id.to_string()).expect("as it should be")
    }

    /// What the home says reaches the folder.
    pub fn mail(&self) -> FolderInbox {
        pull(&self.sponsor, &self.home).expect("as it should be");
        let given = self.sponsor.node().give_mail(&staff(), &self.org).expect("as it should be");
        self.inbox(&given.file).expect("as it should be")
    }

    /// The folder reads mail.
    pub fn inbox(&self, mail: &[u8]) -> Result<FolderInbox, Box<Fault>> {
        self.folder.inbox(SECRET, Some(mail), START_S)
    }

    /// Answers reach the home. How many were new.
    pub fn answer(&self, file: &[u8]) -> usize {
        let taken = self.sponsor.node().take_answers(&staff(), file).expect("as it should be");
        assert_eq!(taken.refused, []);
        pull(&self.home, &self.sponsor).expect("as it should be");
        taken.n_said
    }

    /// Where a referral stands in the folder.
    pub fn state(&self, id: &ReferralId) -> PartnerState {
        let all = self.folder.inbox(SECRET, None, START_S).expect("as it should be").referrals;
        all.iter().find(|it| it.kept.id == *id).expect("as it should be").kept.state
    }

    /// A referral that the organization has.
    pub fn accepted(&self) -> ReferralId {
        let id = self.offered(&[]);
        self.mail();
        self.answer(
            &self.folder.accept(SECRET, &id.to_string(), START_S).expect("as it should be").1,
        );
        self.mail();
        assert_eq!(self.state(&id), PartnerState::Accepted);
        id
    }

    /// Hands the marked contact details over.
    pub fn hand_over(&self, id: &ReferralId) {
        self.home.node().hand_over_referral(staff(), id, &marked()).expect("as it should be");
    }
}

/// Where the mark is in what a node keeps, opened with its own key, and in what it said to partners.
pub fn marks_in(org: &Org, partners: &[&Org]) -> Vec<String> {
    let mut found = Vec::new();
    for number in 1..=253 {
        let mut visit = |key: &[u8], value: &[u8]| {
            if has_mark(key) || has_mark(value) {
                found.push(format!("table {number}"));
            }
            ControlFlow::Continue(())
        };
        let table = Table::new(number, "any");
        org.node().db().read(|tx| tx.scan(table, Keys::All, &mut visit)).expect("as it should be");
    }
    for partner in partners {
        for batch in
            org.node().feed_batches(&partner.id(), 0, 0, usize::MAX).expect("as it should be")
        {
            for leaf in &batch.leaves {
                if matches!(leaf, Carried::Whole(bytes) if has_mark(bytes)) {
                    found.push("the feed".to_owned());
                }
            }
        }
    }
    found
}

/// Whether the mark is in these bytes.
pub fn has_mark(bytes: &[u8]) -> bool {
    bytes.windows(MARK.len()).any(|it| it == MARK.as_bytes())
}
