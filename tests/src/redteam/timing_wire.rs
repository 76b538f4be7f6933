//! RT13 as partners see it: what an answer takes over a socket, from the question to its last byte.
//!
//! Nodes that have done as much as each other, on a copy of one store each, answer the same call; they
//! differ in what was asked before. Everything a partner has to measure with is here, and nothing of
//! a network: the caller is on the same machine.

use std::path::Path;
use std::time::Instant;

use entente_core::codes::OrgType;
use entente_core::statistics::plan::{PlanId, Roles};
use entente_node::clock::ManualClock;
use entente_node::tls::LiveIdentity;
use entente_proto::v1;
use entente_proto::v1::statistics_client::StatisticsClient;
use tempfile::TempDir;

use super::Measure;
use super::timing::alike;
use crate::federation::{START_S, staff};
use crate::net::{Site, agree, pair, soon, summaries_and_counts};

/// A contributor that is not running, and two partners that may ask it.
struct Template {
    folder: TempDir,
    address: std::net::SocketAddr,
    askers: [Site; 2],
    plan: PlanId,
}

impl Template {
    async fn new() -> Self {
        let office = Site::office("Office").await;
        let askers = [Site::office("Centre").await, Site::office("Other").await];
        for asker in &askers {
            pair(asker, &office).await;
            agree(&office, asker, &summaries_and_counts(5)).await;
        }
        let queriers = askers.iter().map(|asker| (asker.id(), OrgType::Federal)).collect();
        let contributors = [(office.id(), OrgType::Provincial)].into();
        let roles = Roles { queriers, contributors, aggregators: None };
        let text = include_str!("../../../config/plans/canada-v1.toml");
        let plan = office.node().read_plan(text, Some(roles)).unwrap();
        let plan = office.node().propose_plan(staff(), &plan).unwrap().id;
        office.node().sign_plan(staff(), &plan).unwrap();
        office.add_cases(60);
        let address = office.address;
        Self { folder: office.stop().await, address, askers, plan }
    }

    /// The contributor as it was made.
    async fn office(&self) -> Site {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        Site::again(folder, self.address, ManualClock::new(START_S)).await
    }

    /// Asks; gives the seconds until the answer was whole.
    async fn ask(&self, client: &mut Client, cube: u32) -> f64 {
        let release =
            v1::ReleaseRef { plan: self.plan.0.to_vec(), cube, period: 20_250, revision: 0 };
        let request = v1::ReleaseRequest { release: Some(release), receipts: Vec::new() };
        let started = Instant::now();
        let answer = soon(client.release(request)).await;
        let took = started.elapsed().as_secs_f64();
        answer.expect("the plan allows it");
        took
    }

    /// What the first answer with figures takes, or the second one.
    async fn fresh_or_replayed(&self, is_fresh: bool) -> f64 {
        let office = self.office().await;
        let mut client = client(&office, self.askers[0].identity());
        for cube in [THIS, ANOTHER] {
            self.ask(&mut client, cube).await;
        }
        assert_eq!(office.node().draw_releases().unwrap(), 2, "both were asked for");
        self.ask(&mut client, ANOTHER).await;
        self.ask(&mut client, if is_fresh { ANOTHER } else { THIS }).await;
        let took = self.ask(&mut client, THIS).await;
        office.stop().await;
        took
    }

    /// What a partner's first question takes if nobody has asked it before, or if somebody has the
    /// figures.
    async fn first_or_later(&self, is_first: bool) -> f64 {
        let office = self.office().await;
        let [mut before, mut now] =
            [0, 1].map(|nth: usize| client(&office, self.askers[nth].identity()));
        let asked = if is_first { ANOTHER } else { THIS };
        self.ask(&mut before, asked).await;
        assert_eq!(office.node().draw_releases().unwrap(), 1, "it was asked for");
        self.ask(&mut before, asked).await;
        // The connection is there; what is asked on it is about neither.
        self.ask(&mut now, THIRD).await;
        let took = self.ask(&mut now, THIS).await;
        office.stop().await;
        took
    }
}

const THIS: u32 = 0;
const ANOTHER: u32 = 2;
const THIRD: u32 = 1;

type Client = StatisticsClient<entente_node::doors::PartnerChannel>;

fn client(office: &Site, caller: &LiveIdentity) -> Client {
    StatisticsClient::new(office.dialled_by(caller))
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            std::fs::create_dir(&to).unwrap();
            // A node opens no door in a folder that others may look into.
            std::fs::set_permissions(&to, entry.metadata().unwrap().permissions()).unwrap();
            copy(&entry.path(), &to);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// `n` pairs of requests of each kind.
pub(super) fn pairs(n: usize) -> Vec<Measure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let template = Template::new().await;
        let (mut fresh, mut first) = ([(); 2].map(|()| Vec::new()), [(); 2].map(|()| Vec::new()));
        for nth in 0..n {
            // Each side comes first as often.
            for side in [nth % 2, 1 - nth % 2] {
                fresh[side].push(template.fresh_or_replayed(side == 0).await);
                first[side].push(template.first_or_later(side == 0).await);
            }
        }
        let mut measures = Vec::from(alike("over a socket, fresh vs replayed", &fresh));
        measures.extend(alike("over a socket, asked first or after others", &first));
        measures
    })
}
