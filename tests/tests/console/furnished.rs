//! A house with one of everything that its pages show, and a partner that wrote what must never be run
//! wherever it may write anything.
//!
//! What a route takes in its path is looked up here by the name in the braces, so a new one does not pass
//! before somebody has said what it is.

use std::collections::BTreeMap;

use entente_core::audit::{Action, Actor};
use entente_core::codes::{Need, OrgType, Purpose, Set, Urgency};
use entente_core::identity::OrgKey;
use entente_core::lang::Text;
use entente_core::period::{Period, Year};
use entente_core::record::{Field, Kind, RecordId};
use entente_core::service::{
    Address, Contact, Documents, Location, Organization, Phone, Service, ServiceId, Site as Place,
};
use entente_core::sponsor::fingerprint;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::Roles;
use entente_node::answer::{Asked, Staff};
use entente_node::jobs::{ExportChoice, JobState};
use entente_node::local::{Op, Role};
use entente_node::node::approvals::Request;
use entente_node::sponsored::{NewSponsored, SponsoredFolder};
use entente_store::people::{PasskeyRow, People as _};
use entente_store::seal::KdfParams;
use entente_tests::federation::{plain_case, staff};
use entente_tests::net::{Site, pair};
use entente_tests::referrals::{card, referral_consent, referrals_only};
use entente_tests::sponsored::SECRET;
use serde_json::{Value, json};

use super::House;

/// What somebody writes where a text belongs: a formula, the end of an attribute, a script, letters from
/// right to left. `word` says where it was written.
pub(super) fn hostile(word: &str) -> String {
    format!("=1+\"'><script>alert('{word}')</script> javascript:alert(2) \u{5de}\u{5e7}")
}

fn both(word: &str) -> Text {
    Text::new(hostile(word), hostile(word))
}

/// The worst that a service may say: markup and scripts are refused by whoever reads it.
fn mild(word: &str) -> Text {
    let text = format!("=1+\"' onmouseover=alert('{word}') {{{{7*7}}}} \u{5de}\u{5e7}");
    Text::new(text.clone(), text)
}

/// Who may do everything, and is none of those who sign in.
pub(super) fn everybody() -> Staff {
    Staff { name: "lea".to_owned(), roles: Role::ALL.to_vec() }
}

/// Asks a node as its staff would.
pub(super) async fn ask(site: &Site, op: Op, body: Value) -> Value {
    let asked = Asked::new(op, everybody(), body.to_string(), Box::new(|_| ()));
    let told = site.desk().ask(asked).await;
    serde_json::from_str(&told.unwrap_or_else(|fault| panic!("{op}: {fault:?}"))).unwrap()
}

/// A house, its partner, and what can stand in the paths of its routes.
pub(super) struct Furnished {
    pub(super) house: House,
    pub(super) partner: Site,
    /// Somebody with every role: the cookie.
    pub(super) chief: String,
    ids: BTreeMap<&'static str, Vec<String>>,
}

impl Furnished {
    /// Everything is there once, and twice where it can be ours or a partner's.
    pub(super) async fn new(seed: u8) -> Self {
        let house = House::open(&format!("{} {seed}", hostile("house"))).await;
        let partner = Site::office(&format!("{} {seed}", hostile("partner"))).await;
        pair(&partner, &house.site).await;
        let chief = house.signed_in("chief", Role::ALL);
        let mut it = Self { house, partner, chief, ids: BTreeMap::new() };
        it.people(seed);
        it.agreements().await;
        it.summaries().await;
        it.cases(seed);
        it.services(seed).await;
        it.referrals().await;
        it.statistics().await;
        it.sponsored();
        it.work(seed).await;
        it
    }

    /// What stands in place of `{name}`.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.ids.get(name).unwrap_or_else(|| panic!("nobody here knows what {{{name}}} is"))
    }

    /// The first of them.
    pub(super) fn one(&self, name: &str) -> &str {
        &self.all(name)[0]
    }

    /// The paths of a route with everything that is here in place of each name.
    pub(super) fn paths(&self, route: &str) -> Vec<String> {
        let mut paths = vec![String::new()];
        for part in route.split('/').skip(1) {
            let values = match super::name(part) {
                Some(name) => self.all(name).to_vec(),
                None => vec![part.to_owned()],
            };
            let longer = |path: &String| {
                values.iter().map(|value| format!("{path}/{value}")).collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(longer).collect();
        }
        paths
    }

    fn put(&mut self, name: &'static str, ids: impl IntoIterator<Item = String>) {
        self.ids.entry(name).or_default().extend(ids);
    }

    fn people(&mut self, seed: u8) {
        let people = &self.house.site.desk().people;
        let root = Actor::Staff("root".to_owned());
        people.add(&root, "other", &hostile("display"), &[Role::Auditor]).unwrap();
        let (_, link, _) = people.reset(&root, "other").unwrap();
        let (other, shown) = people.find("other").unwrap();
        let (chief, _) = people.find("chief").unwrap();
        let session = people.sessions_of(&chief)[0].id.clone();
        // A passkey that no device shows: what is kept of it is no key.
        let db = self.house.site.node().db();
        let row = PasskeyRow {
            id: vec![seed; 16],
            label: hostile("passkey"),
            data: b"{}".to_vec(),
            made_at_s: 1,
            used_at_s: 0,
        };
        let put = db.write("a passkey", |tx| {
            let mut user = tx.user(&chief)?.unwrap();
            user.passkeys.push(row.clone());
            tx.put_user(&chief, &user)
        });
        put.unwrap();
        let passkey = people.passkeys_of(&chief).unwrap()[0].id.clone();
        assert_ne!(other, chief);
        self.put("user", [shown.id]);
        self.put("session", [session]);
        self.put("passkey", [passkey]);
        self.put("token", [link.text()]);
    }

    /// One in force, written by the partner, and one of ours that it declined.
    async fn agreements(&mut self) {
        let (ours, theirs) = (self.house.site.node(), self.partner.node());
        let mut draft = theirs.read_draft(&referrals_only(), &ours.id(), None).unwrap();
        draft.governing_law = both("law");
        // Both may give what the draft has one of them give.
        let given = draft.grants.iter().find(|grant| grant.retention_days > 0).unwrap().clone();
        draft.grants = [given.clone(), given];
        for grant in &mut draft.grants {
            grant.services = true;
            grant.summaries = true;
            grant.min_group = 5;
        }
        for party in &mut draft.parties {
            party.officer_title = both("officer");
            party.breach_contact = hostile("breach");
            party.authority_to_disclose = both("disclose");
            party.authority_to_collect = both("collect");
        }
        draft.purposes = draft.purposes.with(Purpose::Referral).with(Purpose::Statistics);
        theirs.propose(staff(), &draft).unwrap();
        self.house.site.round(&theirs.id()).await.unwrap();
        let name = format!("{}@{}", draft.id, draft.version);
        for (signer, other) in
            [(&self.house.site, &self.partner), (&self.partner, &self.house.site)]
        {
            let kept = signer.node().find_agreement(&name).unwrap();
            signer.node().sign_agreement(staff(), &kept).unwrap();
            other.round(&signer.id()).await.unwrap();
        }
        let next = ours.read_draft(&referrals_only(), &theirs.id(), None).unwrap();
        ours.propose(staff(), &next).unwrap();
        self.partner.round(&self.house.site.id()).await.unwrap();
        let body = json!({"agreement": format!("{}@1", next.id), "reason": hostile("declined")});
        ask(&self.partner, Op::AgreementDecline, body).await;
        self.house.site.round(&self.partner.id()).await.unwrap();
        let ticket = self.house.site.node().invite(staff(), &hostile("invited"), "", 14).unwrap();
        let id = self.partner.id().to_string();
        self.put("agreement", [format!("{}-1", draft.id), format!("{}-1", next.id)]);
        self.put("partner", [id]);
        self.put("ticket", [ticket.id.iter().map(|byte| format!("{byte:02x}")).collect()]);
    }

    /// What the partner told of its cases at the close of a quarter.
    async fn summaries(&mut self) {
        self.partner.add_cases(6);
        assert_eq!(self.partner.close(&self.house.site.id()), 6);
        self.house.site.round(&self.partner.id()).await.unwrap();
        let told =
            ask(&self.house.site, Op::HeldList, json!({"partner": null, "after": null})).await;
        let held = told["held"].as_array().unwrap();
        assert_eq!(held.len(), 6);
        self.put("summary", [held[0]["summary"].as_str().unwrap().to_owned()]);
    }

    /// A case in whose every text somebody wrote something.
    fn cases(&mut self, seed: u8) {
        let node = self.house.site.node();
        let mut record = node.blank_record().unwrap();
        let telling = Field::ALL.iter().filter(|field| field.may_name());
        let text = |field: &Field| match field.kind() {
            Kind::Person | Kind::Date => None,
            // The shortest field has room for forty characters.
            _ => Some((*field, "=1+<script>alert('case')</script>".to_owned())),
        };
        let fields: Vec<_> = plain_case().into_iter().chain(telling.filter_map(text)).collect();
        node.fill(&mut record, &fields).unwrap();
        let consent = referral_consent(seed);
        let id = node.add_record(staff(), record, vec![consent.clone()]).unwrap();
        let consent: String = consent.id.0.iter().map(|byte| format!("{byte:02x}")).collect();
        self.put("case", [id.to_string()]);
        self.put("consent", [consent]);
        self.put("version", ["1".to_owned()]);
    }

    /// One of the partner's, and one of ours.
    async fn services(&mut self, seed: u8) {
        let (ours, theirs) = (ServiceId([seed; 16]), ServiceId([seed ^ 0xff; 16]));
        let put = |site: &Site, id| {
            let put = vec![service(id)];
            site.node().put_services(&staff(), Action::ServiceChanged, put).unwrap();
        };
        let worse = Service { name: both("worse"), ..service(ours) };
        let refused =
            self.house.site.node().put_services(&staff(), Action::ServiceChanged, vec![worse]);
        assert!(refused.is_err(), "markup in a service");
        put(&self.house.site, ours);
        put(&self.partner, theirs);
        self.house.site.round(&self.partner.id()).await.unwrap();
        self.put("service", [ours.to_string(), theirs.to_string()]);
    }

    /// One of ours, and one that the partner offers.
    async fn referrals(&mut self) {
        let urgency = Urgency::OneDay;
        let ours = self.house.site.node();
        let record: RecordId = ours.find_record(self.one("case")).unwrap();
        let own = ours.create_referral(staff(), &record, card(urgency)).unwrap().id;
        let theirs = self.partner.node();
        let mut case = theirs.blank_record().unwrap();
        theirs.fill(&mut case, &plain_case()).unwrap();
        let case = theirs.add_record(staff(), case, vec![referral_consent(9)]).unwrap();
        let offered = theirs.create_referral(staff(), &case, card(urgency)).unwrap().id;
        theirs.offer_referral(staff(), &offered, &[ours.id()]).unwrap();
        self.house.site.round(&self.partner.id()).await.unwrap();
        self.put("referral", [own.to_string(), offered.to_string()]);
    }

    /// A plan of ours with a return, one of the partner's, and an overlap round.
    async fn statistics(&mut self) {
        let draft = include_str!("../../../config/plans/canada-v1.toml");
        let (ours, theirs) = (self.house.site.node(), self.partner.node());
        let roles = |asks: &Site, gives: &Site| Roles {
            queriers: [(asks.id(), OrgType::Federal)].into(),
            contributors: [(gives.id(), OrgType::Provincial)].into(),
            aggregators: None,
        };
        let mut plan = ours.read_plan(draft, Some(roles(&self.house.site, &self.partner))).unwrap();
        plan.title = both("plan");
        // Room for both plans.
        plan.budget.node_cap = NanoRho(2 * plan.budget.node_cap.0);
        let own = ours.propose_plan(staff(), &plan).unwrap().id;
        ours.sign_plan(staff(), &own).unwrap();
        let kept = ours.find_plan(&own.to_string()).unwrap();
        ours.national_return(staff(), &kept, "2025".parse().unwrap()).unwrap();
        let made = ours.returns().unwrap()[0].0;
        let mut plan =
            theirs.read_plan(draft, Some(roles(&self.partner, &self.house.site))).unwrap();
        (plan.name, plan.title) = ("theirs".to_owned(), both("theirs"));
        plan.budget.node_cap = NanoRho(2 * plan.budget.node_cap.0);
        let other = theirs.propose_plan(staff(), &plan).unwrap().id;
        theirs.sign_plan(staff(), &other).unwrap();
        let keys: Vec<_> = (60..64).map(|at| OrgKey::from_seed(&[at; 32]).id()).collect();
        let parts = [ours.id(), keys[2], keys[3]];
        let mut terms = entente_tests::overlap::terms(theirs.id(), [keys[0], keys[1]], &parts);
        terms.period = Period::Year(Year::new(2019).unwrap());
        let round = terms.check().unwrap();
        ours.propose_overlap(staff(), &round).unwrap();
        self.house.site.round(&self.partner.id()).await.unwrap();
        self.put("plan", [own.to_string(), other.to_string()]);
        self.put("return", [made.iter().map(|byte| format!("{byte:02x}")).collect()]);
        self.put("form", ["csv", "xlsx", "json", "sdmx", "return"].map(str::to_owned));
        self.put("round", [round.id().to_string()]);
        self.put("epoch", ["2026-Q3".to_owned()]);
    }

    /// An organization without a node that the house sponsors.
    fn sponsored(&mut self) {
        let house = self.house.site.node();
        let place = tempfile::tempdir().unwrap();
        let folder = SponsoredFolder::new(place.path().join("folder"));
        let options = NewSponsored {
            name: mild("sponsored"),
            kind: OrgType::Ngo,
            sponsor: house.id().to_string(),
            kdf: KdfParams::WEAK_FOR_TESTS,
        };
        let org = folder.init(&options, SECRET).unwrap().id;
        let (_, file) = folder.sign(SECRET, house.now_s()).unwrap();
        house.add_sponsored(&staff(), &file, &fingerprint(&org)).unwrap();
        self.put("organization", [org.to_string()]);
    }

    /// Exports that have ended, an upload, and a request that waits; an entry of the log.
    async fn work(&mut self, seed: u8) {
        let desk = self.house.site.desk().clone();
        let lea = everybody();
        for as_workbook in [false, true] {
            let choice = ExportChoice { as_workbook, reveal: true, ..ExportChoice::default() };
            let job = desk.start_export(&lea, choice).await.unwrap();
            while desk.jobs.one(&lea, &job).unwrap().state == JobState::Running {
                tokio::task::yield_now().await;
            }
            assert_eq!(desk.jobs.one(&lea, &job).unwrap().state, JobState::Done);
            self.put("job", [job]);
        }
        let mut receiving = desk.jobs.files.receive("chief").unwrap();
        let rows = format!("external_ref,{}\n=1+1,{seed}\n", "<script>alert('column')</script>");
        receiving.push(rows.as_bytes()).unwrap();
        let upload = receiving.finish(desk.node.now_s()).unwrap();
        let request = Request {
            op: "record_export".to_owned(),
            body: json!({"file": "/nowhere/cases.csv"}).to_string(),
            about: vec![
                ("file".to_owned(), hostile("file")),
                ("partner".to_owned(), hostile("about")),
            ],
            pin: String::new(),
        };
        let approval = desk.node.keep_request("lea", request).unwrap();
        self.put("upload", [upload]);
        self.put("approval", [uuid(&approval)]);
        self.put("entry", ["1".to_owned()]);
        self.put("list", ["gender".to_owned()]);
    }
}

pub(super) fn uuid(bytes: &[u8; 16]) -> String {
    ServiceId(*bytes).to_string()
}

/// A service with something in each of its texts.
fn service(id: ServiceId) -> Service {
    let organization = Organization {
        id: [7; 16],
        name: mild("organization"),
        description: mild("about them"),
        ..Organization::default()
    };
    let address = Address {
        street: mild("street"),
        city: mild("city"),
        state_province: "MB".to_owned(),
        ..Address::default()
    };
    let place = Place { id: [8; 16], name: mild("place"), address, ..Place::default() };
    Service {
        description: mild("description"),
        url: "http://example.org/'onload=alert(3)".to_owned(),
        eligibility: mild("eligibility"),
        application: mild("application"),
        fees: mild("fees"),
        alert: mild("alert"),
        documents: Documents::Required(vec![mild("documents")]),
        needs: Set::EMPTY.with(Need::EmergencyHousing),
        locations: vec![Location::Physical(Box::new(place))],
        phones: vec![Phone {
            number: "204-555-0100".to_owned(),
            description: mild("phone"),
            ..Phone::default()
        }],
        contacts: vec![Contact {
            name: mild("contact").en,
            title: mild("title"),
            ..Contact::default()
        }],
        ..Service::named(id, organization, mild("service"))
    }
}
