//! An organization without a node that makes referrals, its sponsor, and those who may accept.

use std::path::Path;

use entente_core::codes::OrgType;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::referral::{HomeStep, ReferralId};
use entente_core::sponsor::fingerprint;
use entente_node::clock::{Clock as _, ManualClock};
use entente_node::fault::{Both, Fault};
use entente_node::local::doc::ServiceAddAsk;
use entente_node::node::sponsors::TakenAnswers;
use entente_node::sponsored::{
    FolderInbox, FolderRequest, NewSponsored, ReferAsk, SponsoredFolder,
};
use entente_store::seal::KdfParams;
use jiff::civil::{Date, date};

use crate::federation::{Org, START_S, pair, pull, staff};
use crate::handovers::{add_opener, marked};
use crate::referrals::agree_on_referrals;
use crate::sponsored::{SECRET, has_mark};

/// The day on which everything begins.
pub const TODAY: Date = date(2026, 11, 22);

/// The seed of the sponsor.
pub const SPONSOR: u8 = 10;

/// The seed of the partner.
pub const PARTNER: u8 = 11;

/// A sponsor with an organization that has no node, and a partner who takes referrals.
#[derive(Debug)]
pub struct World {
    /// Everybody's clock.
    pub clock: ManualClock,
    /// Who carries, and is the home.
    pub sponsor: Org,
    /// A partner with a node and somebody who may open.
    pub partner: Org,
    /// The folder of the organization.
    pub folder: SponsoredFolder,
    /// The organization.
    pub org: OrgId,
    /// Where the folders are.
    pub place: tempfile::TempDir,
}

/// A folder of an organization that this sponsor carries.
pub fn folder_of(sponsor: &Org, place: &Path, en: &str, fr: &str) -> (SponsoredFolder, OrgId) {
    let folder = SponsoredFolder::new(place.join(en));
    let options = NewSponsored {
        name: Text::new(en, fr),
        kind: OrgType::Ngo,
        sponsor: sponsor.id().to_string(),
        kdf: KdfParams::WEAK_FOR_TESTS,
    };
    let org = folder.init(&options, SECRET).expect("as it should be").id;
    let beds = ServiceAddAsk {
        name: Some(Both::new("Beds", "Lits")),
        needs: Some(vec!["emergency_housing".to_owned()]),
        province: Some("MB".to_owned()),
        hidden: Some(true),
        ..ServiceAddAsk::default()
    };
    folder.put_service(&beds, TODAY).expect("as it should be");
    let (_, file) = folder.sign(SECRET, START_S).expect("as it should be");
    sponsor.node().add_sponsored(&staff(), &file, &fingerprint(&org)).expect("as it should be");
    (folder, org)
}

/// Agreements, a key at the partner, and a folder.
pub fn world() -> World {
    let clock = ManualClock::new(START_S);
    let (sponsor, partner) = (Org::new(SPONSOR, &clock), Org::new(PARTNER, &clock));
    pair(&sponsor, &partner);
    agree_on_referrals(&sponsor, &partner);
    add_opener(&partner, "Alex");
    pull(&sponsor, &partner).expect("as it should be");
    let place = tempfile::tempdir().expect("as it should be");
    let (folder, org) = folder_of(&sponsor, place.path(), "Harbour House", "Maison du Havre");
    World { clock, sponsor, partner, folder, org, place }
}

/// An adult in Manitoba who needs a safe place to sleep and agrees that anybody may know.
pub fn ask() -> ReferAsk {
    ReferAsk {
        needs: vec!["emergency_housing".to_owned(), "legal".to_owned()],
        urgency: "routine".to_owned(),
        risk: Some("high".to_owned()),
        age: Some("adult".to_owned()),
        area: Some("46".to_owned()),
        scopes: vec!["referral_need".to_owned()],
        informed: true,
        ..ReferAsk::default()
    }
}

impl World {
    /// A request that was signed.
    pub fn refer(&self, ask: &ReferAsk) -> (ReferralId, Vec<u8>) {
        let signed = self.folder.refer(SECRET, ask, START_S, TODAY);
        let (told, file) = signed.expect("as it should be");
        (told.id, file)
    }

    /// The sponsor takes a file of the organization.
    pub fn take(&self, file: &[u8]) -> TakenAnswers {
        self.sponsor.node().take_answers(&staff(), file).expect("as it should be")
    }

    /// A request that the sponsor took.
    pub fn taken(&self, ask: &ReferAsk) -> ReferralId {
        let (id, file) = self.refer(ask);
        assert_eq!(self.take(&file).refused, []);
        id
    }

    /// What the sponsor writes for the organization.
    pub fn mail(&self) -> Vec<u8> {
        self.sponsor.node().give_mail(&staff(), &self.org).expect("as it should be").file
    }

    /// The folder reads mail.
    pub fn read(&self, mail: &[u8]) -> FolderInbox {
        self.folder.inbox(SECRET, Some(mail), self.clock.now_s()).expect("as it should be")
    }

    /// The sponsor's news reach the folder: how the referral stands there.
    pub fn news(&self, id: &ReferralId) -> FolderRequest {
        let inbox = self.read(&self.mail());
        assert_eq!(inbox.refused, []);
        inbox.own.into_iter().find(|it| it.id == *id).expect("as it should be")
    }

    /// How a referral stands in the folder now.
    pub fn known(&self, id: &ReferralId) -> FolderRequest {
        let inbox = self.folder.inbox(SECRET, None, START_S).expect("as it should be");
        inbox.own.into_iter().find(|it| it.id == *id).expect("as it should be")
    }

    /// A referral that the partner has.
    pub fn accepted(&self) -> ReferralId {
        let id = self.taken(&ask());
        let to = [self.partner.id()];
        self.sponsor.node().offer_referral(staff(), &id, &to).expect("as it should be");
        pull(&self.partner, &self.sponsor).expect("as it should be");
        let home = self.sponsor.id();
        self.partner.node().accept_referral(staff(), &home, &id).expect("as it should be");
        pull(&self.sponsor, &self.partner).expect("as it should be");
        id
    }

    /// How far a referral is at the sponsor.
    pub fn step(&self, id: &ReferralId) -> HomeStep {
        self.sponsor.node().find_referral(&id.to_string()).expect("as it should be").state.step
    }

    /// The organization seals the marked contact details for whoever accepted. Returns the file.
    pub fn hand_over(&self, id: &ReferralId, print: Option<&str>) -> Result<Vec<u8>, Box<Fault>> {
        let sealed = self.folder.hand_over(SECRET, &id.to_string(), &marked(), print, START_S);
        sealed.map(|(_, file)| file)
    }

    /// The files of the folder that have the mark in them.
    pub fn marked_files(&self) -> Vec<std::path::PathBuf> {
        let files = std::fs::read_dir(self.folder.path()).expect("as it should be");
        let paths = files.map(|entry| entry.expect("as it should be").path());
        paths.filter(|path| has_mark(&std::fs::read(path).expect("as it should be"))).collect()
    }
}
