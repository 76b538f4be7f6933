//! Canaries in a hand-over between real nodes: everything that went over the network, was logged,
//! stored, backed up or carried in a file, and everything that a third node has, is searched.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

#[path = "../../crates/entente/tests/common/wire.rs"]
mod wire;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use entente_core::codes::{OrgType, Urgency};
use entente_core::handover::Size;
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::referral::ReferralId;
use entente_core::sponsor::fingerprint;
use entente_node::answer::{Asked, Staff};
use entente_node::local::{Op, Role};
use entente_node::node::Node;
use entente_node::setup::Home;
use entente_node::sponsored::{NewSponsored, SponsoredFolder};
use entente_store::backup;
use entente_store::db::{Keys, Rows as _, Table};
use entente_store::engine::Kind;
use entente_store::handover::Way;
use entente_store::seal::KdfParams;
use entente_tests::federation::{START_S, plain_case, staff};
use entente_tests::handovers::{MARK, PASSPHRASE as OWN, marked};
use entente_tests::net::{PASSPHRASE, Site, agree, pair};
use entente_tests::referrals::{card, referral_consent, referrals_only};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use wire::Tap;

/// Everything that was said, written or kept, by where it was found.
#[derive(Default)]
struct Corpus(Vec<(String, Vec<u8>)>);

impl Corpus {
    fn add(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    fn add_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.add_folder(&path);
            } else if path.is_file() {
                self.add(path.display().to_string(), std::fs::read(&path).unwrap());
            }
        }
    }

    /// Every row of a store, opened with its own key.
    fn add_store(&mut self, place: &str, node: &Node) {
        for number in 1..=253 {
            let mut rows = Vec::new();
            let mut visit = |key: &[u8], value: &[u8]| {
                rows.extend_from_slice(key);
                rows.extend_from_slice(value);
                ControlFlow::Continue(())
            };
            let table = Table::new(number, "any");
            node.db().read(|tx| tx.scan(table, Keys::All, &mut visit)).unwrap();
            self.add(format!("table {number} of {place}"), rows);
        }
    }

    /// Everything that a node has: its folder, its rows, and its backup opened with its passphrase.
    async fn add_site(&mut self, site: &Site, name: &str) {
        let told = asked(site, Op::BackupCreate, json!({}), Role::ALL).await.unwrap();
        let file = told.pointer("/backup/file").and_then(Value::as_str).unwrap().to_owned();
        self.add(format!("the backup of {name}"), std::fs::read(&file).unwrap());
        // With the right passphrase, as whoever found both would.
        let restored = tempfile::tempdir().unwrap();
        let folder = restored.path().join("node");
        backup::restore(Path::new(&file), PASSPHRASE, &folder, Kind::Redb, &mut |_, _| {}).unwrap();
        let settings = std::fs::read_to_string(site.home().join("entente.toml")).unwrap();
        let settings = settings.replace("engine = \"sled\"", "engine = \"redb\"");
        std::fs::write(folder.join("entente.toml"), settings).unwrap();
        let open = Home::new(&folder).open(PASSPHRASE, Arc::new(site.clock.clone())).unwrap();
        self.add_store(&format!("the restored {name}"), &open.node);
        self.add_store(name, site.node());
        self.add_folder(&site.home());
    }

    /// Where the text is, as it is or in a disguise.
    fn hits(&self, text: &str) -> Vec<String> {
        let needles = disguises(text);
        let holds = |bytes: &[u8]| {
            needles.iter().any(|needle| bytes.windows(needle.len()).any(|it| it == needle))
        };
        let found = self.0.iter().filter(|(_, bytes)| holds(bytes));
        found.map(|(place, _)| place.clone()).collect()
    }
}

fn disguises(text: &str) -> Vec<Vec<u8>> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        text.as_bytes().to_vec(),
        text.to_uppercase().into_bytes(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for shift in 0..3 {
        let shifted = [&vec![0; shift], text.as_bytes()].concat();
        let encoded = BASE64_STANDARD_NO_PAD.encode(&shifted);
        let from = if shift == 0 { 0 } else { 4 };
        all.push(encoded.as_bytes()[from..shifted.len() / 3 * 4].to_vec());
    }
    all
}

/// Where everything is logged that any crate says at all.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Where everything goes from now on.
    fn everything() -> Self {
        let log = Self::default();
        let lines = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_writer(move || lines.clone());
        let _only_here = subscriber.try_init();
        log
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Asks at the local door of a node, as somebody with these roles.
async fn asked(site: &Site, op: Op, body: Value, roles: &[Role]) -> Result<Value, String> {
    let staff = Staff { name: "alex".to_owned(), roles: roles.to_vec() };
    let asked = Asked::new(op, staff, body.to_string(), Box::new(|_| {}));
    let answer = site.desk().ask(asked).await;
    answer.map(|told| serde_json::from_str(&told).unwrap()).map_err(|fault| fault.code)
}

/// A home, a winner that accepted a referral, and a third.
async fn accepted(home: &Site, winner: &Site, third: &Site) -> ReferralId {
    for partner in [winner, third] {
        pair(home, partner).await;
        agree(home, partner, &referrals_only()).await;
    }
    let node = home.node();
    let mut record = node.blank_record().unwrap();
    node.fill(&mut record, &plain_case()).unwrap();
    let record = node.add_record(staff(), record, vec![referral_consent(1)]).unwrap();
    let id = node.create_referral(staff(), &record, card(Urgency::Routine)).unwrap().id;
    node.offer_referral(staff(), &id, &[winner.id(), third.id()]).unwrap();
    winner.round(&home.id()).await.unwrap();
    winner.node().accept_referral(staff(), &home.id(), &id).unwrap();
    home.round(&winner.id()).await.unwrap();
    for partner in [winner, third] {
        partner.round(&home.id()).await.unwrap();
    }
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_hand_over_is_anywhere_but_on_the_screen_of_who_opened_it() {
    let log = Log::everything();
    let mut taps = Vec::new();
    let mut sites = Vec::new();
    for (name, engine) in [("Home", Kind::Redb), ("Winner", Kind::Sled), ("Third", Kind::Redb)] {
        let site = Site::start_behind(name, OrgType::Ngo, engine, |address| {
            let tap = Tap::before(&address.to_string());
            let public = tap.address.to_string();
            taps.push(tap);
            public
        });
        sites.push(site.await);
    }
    let [home, winner, third] = <[Site; 3]>::try_from(sites).ok().unwrap();
    let referral = accepted(&home, &winner, &third).await;

    let everything = Role::ALL;
    let add = json!({"name": "Alex", "passphrase": OWN});
    let node_passphrase = json!({"name": "Root", "passphrase": PASSPHRASE});
    let refused = asked(&winner, Op::OpenerAdd, node_passphrase, everything).await;
    assert_eq!(refused, Err("ENT-2416".to_owned()));
    asked(&winner, Op::OpenerAdd, add, everything).await.unwrap();
    home.round(&winner.id()).await.unwrap();

    home.node().hand_over_referral(staff(), &referral, &marked()).unwrap();
    let bundle = home.node();
    let (epoch, _) = winner.node().cursor(&home.id()).unwrap();
    let batches = bundle.feed_batches(&winner.id(), epoch, 0, usize::MAX).unwrap();
    winner.round(&home.id()).await.unwrap();
    let open = json!({"referral": referral.to_string(), "opener": "Alex", "passphrase": OWN});
    let told = asked(&winner, Op::ReferralOpen, open, everything).await.unwrap();
    assert!(told.to_string().matches(MARK).count() >= 12, "whoever opened it reads it");
    home.round(&winner.id()).await.unwrap();
    third.round(&home.id()).await.unwrap();
    let sent = home.node().handovers_of(Way::Sent, &winner.id(), &referral).unwrap();
    assert_eq!(sent[0].1.n_bytes as usize, Size::Small.bytes());

    let mut corpus = Corpus::default();
    for batch in batches {
        for leaf in batch.leaves {
            corpus.add("what a relay carries in a file", format!("{leaf:?}"));
            if let entente_core::feed::Carried::Whole(bytes) = leaf {
                corpus.add("what a relay carries in a file", bytes);
            }
        }
    }
    for (site, name) in [(&home, "home"), (&winner, "winner"), (&third, "third")] {
        corpus.add_site(site, name).await;
    }
    for (tap, name) in taps.iter().zip(["home", "winner", "third"]) {
        let bytes = tap.bytes();
        assert!(name == "third" || bytes.len() > 4096, "{} bytes to {name}", bytes.len());
        corpus.add(format!("the wire to {name}"), bytes);
    }
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.len() > 1 << 16, "everything is logged: {} bytes", logged.len());
    corpus.add("the log", logged);

    let hits = corpus.hits(MARK);
    assert!(hits.is_empty(), "{hits:?}");
    let hits = corpus.hits(OWN);
    assert!(hits.is_empty(), "{hits:?}");
    // It would be easy to find nothing.
    corpus.add("here", format!("before {} after", BASE64_STANDARD_NO_PAD.encode(MARK)));
    assert_eq!(corpus.hits(MARK), ["here"]);
}

/// Referrals from `home`, and the directory both ways.
async fn agree_on_services_too(home: &Site, sponsor: &Site) {
    let node = home.node();
    let mut draft = node.read_draft(&referrals_only(), &sponsor.id(), None).unwrap();
    draft.grants.iter_mut().for_each(|grant| grant.services = true);
    node.propose(staff(), &draft).unwrap();
    sponsor.round(&home.id()).await.unwrap();
    let name = format!("{}@{}", draft.id, draft.version);
    for (signer, other) in [(sponsor, home), (home, sponsor)] {
        let kept = signer.node().find_agreement(&name).unwrap();
        signer.node().sign_agreement(staff(), &kept).unwrap();
        other.round(&signer.id()).await.unwrap();
    }
}

/// The folder of an organization whose sponsor is this node, taken on there.
fn folder_of(sponsor: &Site, place: &Path) -> (SponsoredFolder, OrgId) {
    let folder = SponsoredFolder::new(place.join("harbour"));
    let options = NewSponsored {
        name: Text::new("Harbour House", "Maison du Havre"),
        kind: OrgType::Ngo,
        sponsor: sponsor.id().to_string(),
        kdf: KdfParams::WEAK_FOR_TESTS,
    };
    let org = folder.init(&options, OWN).unwrap().id;
    let (_, file) = folder.sign(OWN, START_S).unwrap();
    sponsor.node().add_sponsored(&staff(), &file, &fingerprint(&org)).unwrap();
    (folder, org)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_hand_over_through_a_sponsor_is_anywhere_but_on_the_screen_of_its_organization()
 {
    let log = Log::everything();
    let mut taps = Vec::new();
    let mut sites = Vec::new();
    for (name, engine) in [("Home", Kind::Redb), ("Sponsor", Kind::Sled)] {
        let site = Site::start_behind(name, OrgType::Ngo, engine, |address| {
            let tap = Tap::before(&address.to_string());
            let public = tap.address.to_string();
            taps.push(tap);
            public
        });
        sites.push(site.await);
    }
    let [home, sponsor] = <[Site; 2]>::try_from(sites).ok().unwrap();
    pair(&home, &sponsor).await;
    agree_on_services_too(&home, &sponsor).await;
    let place = tempfile::tempdir().unwrap();
    let (folder, org) = folder_of(&sponsor, place.path());
    home.round(&sponsor.id()).await.unwrap();
    // Somebody at the sponsor may open what is for the sponsor.
    let add = json!({"name": "Alex", "passphrase": "other words that nobody else has"});
    asked(&sponsor, Op::OpenerAdd, add, Role::ALL).await.unwrap();
    home.round(&sponsor.id()).await.unwrap();

    let mut corpus = Corpus::default();
    let node = home.node();
    let mut record = node.blank_record().unwrap();
    node.fill(&mut record, &plain_case()).unwrap();
    let record = node.add_record(staff(), record, vec![referral_consent(1)]).unwrap();
    let id = node.create_referral(staff(), &record, card(Urgency::Routine)).unwrap().id;
    node.offer_referral(staff(), &id, &[org]).unwrap();
    let name = id.to_string();
    for step in 0..3 {
        sponsor.round(&home.id()).await.unwrap();
        let mail = sponsor.node().give_mail(&staff(), &org).unwrap().file;
        folder.inbox(OWN, Some(&mail), START_S).unwrap();
        corpus.add("mail", mail);
        let answers = match step {
            0 => folder.accept(OWN, &name, START_S).unwrap().1,
            1 => folder.answers(OWN, START_S).unwrap(),
            _ => {
                let opened = folder.open_details(OWN, &name, START_S).unwrap();
                assert_eq!(opened.details, marked(), "whoever opened it reads it");
                opened.file
            }
        };
        sponsor.node().take_answers(&staff(), &answers).unwrap();
        corpus.add("answers", answers);
        home.round(&sponsor.id()).await.unwrap();
        if step == 1 {
            node.hand_over_referral(staff(), &id, &marked()).unwrap();
            // While the sponsor carries it.
            sponsor.round(&home.id()).await.unwrap();
            corpus.add_store("the sponsor that carries", sponsor.node());
        }
    }
    let sent = node.handovers_of(Way::Sent, &org, &id).unwrap();
    assert!(sent[0].1.opened.is_some() || sent[0].1.n_bytes as usize == Size::Small.bytes());
    for (site, name) in [(&home, "home"), (&sponsor, "sponsor")] {
        corpus.add_site(site, name).await;
    }
    corpus.add_folder(place.path());
    for (tap, name) in taps.iter().zip(["home", "sponsor"]) {
        let bytes = tap.bytes();
        assert!(bytes.len() > 4096, "{} bytes to {name}", bytes.len());
        corpus.add(format!("the wire to {name}"), bytes);
    }
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.len() > 1 << 16, "everything is logged: {} bytes", logged.len());
    corpus.add("the log", logged);
    for secret in [MARK, OWN] {
        let hits = corpus.hits(secret);
        assert!(hits.is_empty(), "{hits:?}");
    }
    corpus.add("here", format!("before {} after", BASE64_STANDARD_NO_PAD.encode(MARK)));
    assert_eq!(corpus.hits(MARK), ["here"]);
}
