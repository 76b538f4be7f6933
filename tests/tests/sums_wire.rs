//! Secure sums over real sockets: a centre that asks and leads, a shelter's umbrella that helps, and
//! six offices, of which one is down when it counts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::collections::{BTreeMap, BTreeSet};

use entente_core::codes::OrgType;
use entente_core::statistics::national::SumEnd;
use entente_core::statistics::plan::{PlanId, Roles};
use entente_core::statistics::release::ReleaseId;
use entente_node::answer::{Asked, Staff};
use entente_node::local::{Op, Role};
use entente_node::node::statistics::AnswerKept;
use entente_node::node::statistics::sum::SumKept;
use entente_node::sync::Missed;
use entente_proto::v1::secure_sum_client::SecureSumClient;
use entente_proto::{MAX_PIECE, v1};
use entente_store::engine::Kind;
use entente_store::rows::RoundState;
use entente_store::sums::Part;
use entente_tests::federation::staff;
use entente_tests::net::{Site, agree, pair, soon, summaries_and_counts};
use entente_tests::sums::near;
use serde_json::{Value, json};
use tonic::{Code, Status};

/// Women of Manitoba at each office.
const EACH: usize = 4;

struct World {
    centre: Site,
    helper: Site,
    offices: Vec<Site>,
    plan: PlanId,
}

impl World {
    async fn new(n: usize) -> Self {
        Self::with(n, &[]).await
    }

    /// The same with others who may ask; each office has an agreement with them.
    async fn with(n: usize, others: &[&Site]) -> Self {
        let centre = Site::start("Centre", OrgType::Federal, Kind::Redb).await;
        let helper = Site::start("Umbrella", OrgType::Ngo, Kind::Redb).await;
        pair(&centre, &helper).await;
        let mut offices = Vec::new();
        for nth in 0..n {
            let office = Site::office(&format!("Office {nth}")).await;
            pair(&centre, &office).await;
            agree(&office, &centre, &summaries_and_counts(5)).await;
            for other in others {
                pair(other, &office).await;
                agree(&office, other, &summaries_and_counts(5)).await;
            }
            office.add_cases(EACH);
            offices.push(office);
        }
        let mut queriers: BTreeMap<_, _> = [(centre.id(), OrgType::Federal)].into();
        for other in others {
            pair(&centre, other).await;
            queriers.insert(other.id(), OrgType::Police);
        }
        let roles = Roles {
            queriers,
            contributors: offices.iter().map(|it| (it.id(), OrgType::Provincial)).collect(),
            aggregators: Some([centre.id(), helper.id()]),
        };
        let draft = include_str!("../../config/plans/canada-v1.toml");
        let plan = centre.node().read_plan(draft, Some(roles)).unwrap();
        let plan = centre.node().propose_plan(staff(), &plan).unwrap().id;
        for site in offices.iter().chain([&helper]) {
            site.round(&centre.id()).await.unwrap();
        }
        for site in offices.iter().chain([&helper, &centre]) {
            site.node().sign_plan(staff(), &plan).unwrap();
            // The cases are of 2026; the day is in 2027.
            site.clock.advance(100 * 86_400);
        }
        Self { centre, helper, offices, plan }
    }

    fn release(&self) -> ReleaseId {
        let period = "2026".parse().unwrap();
        ReleaseId { plan: self.plan, cube: 0, period, revision: 0 }
    }

    async fn ask(&self, nth: usize) -> Result<AnswerKept, Missed> {
        let id = self.offices[nth].id();
        soon(self.centre.peers().ask_contribution(staff(), &id, &self.release())).await
    }

    fn state(&self) -> RoundState {
        let row = self.centre.node().sum_standing(Part::Leader, &self.release()).unwrap();
        row.unwrap().state
    }

    fn cells(&self) -> Option<Vec<i64>> {
        self.cells_at(&self.centre)
    }

    fn cells_at(&self, site: &Site) -> Option<Vec<i64>> {
        let plan = site.node().plan_by_id(&self.plan).unwrap().plan;
        let table = site.node().release_table(&plan, &self.release()).unwrap();
        table.stored(&plan).map(|(cells, _)| cells)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_offices_one_of_which_is_down_and_an_aggregator_that_disappears_for_a_while() {
    let mut world = World::new(6).await;
    let (release, helper) = (world.release(), world.helper.id());
    world.centre.node().begin_sum(staff(), &release).unwrap();
    soon(world.centre.peers().open_sum(&helper, &release)).await.unwrap();
    let gone = world.offices.pop().unwrap();
    let (id, _folder) = (gone.id(), gone.stop().await);
    for nth in 0..5 {
        assert!(matches!(world.ask(nth).await.unwrap(), AnswerKept::Added(_)));
    }
    let asked = soon(world.centre.peers().ask_contribution(staff(), &id, &release)).await;
    assert!(matches!(asked, Err(Missed::Door(_))), "{asked:?}");
    assert_eq!(world.centre.node().sum_intake(&release).unwrap().missing, [id]);
    world.centre.node().close_sum(staff(), &release).unwrap();

    assert!(soon(world.centre.peers().ask_helper(&helper, &release)).await.unwrap());
    let World { centre, helper: running, offices, plan } = world;
    let (address, clock) = (running.address, running.clock.clone());
    let folder = running.stop().await;
    let away = soon(centre.peers().ask_helper(&helper, &release)).await;
    assert!(matches!(away, Err(Missed::Door(_))), "{away:?}");
    let again = Site::again(folder, address, clock).await;
    let world = World { centre, helper: again, offices, plan };
    assert_eq!((world.state(), world.cells()), (RoundState::Adding, None));

    while soon(world.centre.peers().ask_helper(&helper, &release)).await.unwrap() {}
    assert_eq!(world.state(), RoundState::Done);
    near(&world.cells().unwrap(), i64::try_from(5 * EACH).unwrap());
    for office in &world.offices {
        assert_eq!(office.node().odometer().unwrap().n_charges, 1);
    }
    // The centre may ask, and is its own leader; nobody else may.
    let fetched = soon(world.helper.peers().fetch_sum(&world.centre.id(), &release)).await;
    assert_eq!(fetched, Err(Missed::RefusedByPartner("plan".to_owned())));
    assert_ne!(fetched, Ok(SumKept::Kept));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_ask_and_does_not_lead_fetches_the_sum_once_it_is_finished() {
    let police = Site::start("Police", OrgType::Police, Kind::Redb).await;
    let world = World::with(5, &[&police]).await;
    police.round(&world.centre.id()).await.unwrap();
    police.node().sign_plan(staff(), &world.plan).unwrap();
    let (release, helper, leader) = (world.release(), world.helper.id(), world.centre.id());
    let fetch = async || soon(police.peers().fetch_sum(&leader, &release)).await;
    let refused = |word: &str| Err(Missed::RefusedByPartner(word.to_owned()));
    assert_eq!(fetch().await, refused("no_round"));
    world.centre.node().begin_sum(staff(), &release).unwrap();
    soon(world.centre.peers().open_sum(&helper, &release)).await.unwrap();
    for nth in 0..5 {
        assert!(matches!(world.ask(nth).await.unwrap(), AnswerKept::Added(_)));
    }
    assert_eq!(fetch().await, refused("open"));
    world.centre.node().close_sum(staff(), &release).unwrap();
    while soon(world.centre.peers().ask_helper(&helper, &release)).await.unwrap() {}
    assert_eq!(fetch().await, Ok(SumKept::Kept));
    assert_eq!(world.cells_at(&police), world.cells());
    near(&world.cells_at(&police).unwrap(), i64::try_from(5 * EACH).unwrap());
    // Both paid for one contribution, once.
    let odometer = world.offices[0].node().odometer().unwrap();
    assert_eq!(odometer.n_charges, 1);
    let year = odometer.years.iter().find(|it| it.year.number() == 2026).unwrap();
    assert_eq!(year.partners.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_that_a_newer_plan_answers_for_is_one_refused_table_and_the_others_go_on() {
    let world = World::new(5).await;
    let centre = world.centre.node();
    let mut next = centre.plan_by_id(&world.plan).unwrap().plan;
    (next.version, next.first_year) = (2, entente_core::period::Year::new(2026).unwrap());
    let next = centre.propose_plan(staff(), &next).unwrap().id;
    centre.sign_plan(staff(), &next).unwrap();
    let told = ask(
        &world.centre,
        Op::StatsRun,
        json!({"plan": "canada@1", "periods": ["2025", "2026"], "cube": "province", "close": true}),
    )
    .await;
    let tables = told["tables"].as_array().unwrap();
    let state = |nth: usize| (&tables[nth]["period"], &tables[nth]["sum"]["state"]);
    assert_eq!(state(0), (&json!("2025"), &json!("done")), "{told}");
    assert_eq!(state(1), (&json!("2026"), &json!("not_begun")), "{told}");
    assert_eq!(tables[0]["sum"]["why"], Value::Null);
    assert_eq!(tables[1]["sum"]["why"]["code"], "replaced");
    assert_eq!(tables[1]["total"]["symbol"], "..");
    for office in &world.offices {
        assert_eq!(office.node().odometer().unwrap().n_charges, 1, "2026 was paid for nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_helper_that_is_gone_is_waited_for_until_somebody_gives_the_sum_up() {
    let World { centre, helper, offices, plan } = World::new(5).await;
    let _folder = helper.stop().await;
    let run = async |give_up: bool| {
        let body = json!({"plan": "canada@1", "periods": ["2026"], "cube": "province",
            "close": false, "give_up": give_up});
        let told = ask(&centre, Op::StatsRun, body).await;
        let sum = &told["tables"][0]["sum"];
        [&sum["state"], &sum["why"]["code"]].map(|it| it.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(run(false).await, ["open", "helper_away"]);
    assert_eq!(run(true).await, ["aborted", "aggregator_gone"]);
    assert_eq!(run(false).await, ["aborted", "aggregator_gone"]);
    let node = centre.node();
    let kept = node.plan_by_id(&plan).unwrap();
    let period = "2026".parse().unwrap();
    let (_, file) = node.national_return(staff(), &kept, period).unwrap();
    let (national, maker) = entente_proto::read_return(&file).unwrap();
    assert_eq!(national.faults(&maker), []);
    let said = national.tables[0].given_up.as_ref().unwrap().given_up;
    assert_eq!((said.noticed_by, said.why), (centre.id(), SumEnd::Gone));
    for office in &offices {
        assert_eq!(office.node().odometer().unwrap().n_charges, 0, "nobody was asked");
    }
}

async fn ask(site: &Site, op: Op, body: Value) -> Value {
    let staff = Staff { name: "test".to_owned(), roles: Role::ALL.to_vec() };
    let asked = Asked::new(op, staff, body.to_string(), Box::new(|_| ()));
    serde_json::from_str(&soon(site.desk().ask(asked)).await.unwrap()).unwrap()
}

/// Everything that a caller can see of a status, but for the time of day.
fn said(status: &Status) -> String {
    let mut headers = status.metadata().clone().into_headers();
    headers.remove("date");
    format!("{:?} {:?} {:?} {headers:?}", status.code(), status.message(), status.details())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rt14_whatever_is_outside_of_a_plan_or_another_s_part_hears_the_same_refusal() {
    let world = World::new(5).await;
    let within = entente_proto::sum_release_message(&world.release());
    let outside = [
        v1::ReleaseRef { plan: vec![7; 32], ..within.clone() },
        v1::ReleaseRef { plan: vec![7; 31], ..within.clone() },
        v1::ReleaseRef { period: 20_240, ..within.clone() },
        v1::ReleaseRef { cube: 5, ..within.clone() },
        v1::ReleaseRef { revision: 1, ..within.clone() },
    ];
    let mut heard = BTreeSet::new();
    let mut client = SecureSumClient::new(world.helper.dialled_by(world.centre.identity()));
    for release in outside {
        let of = Some(release);
        let open = client.open(v1::SumOpenRequest { release: of.clone() });
        heard.insert(said(&soon(open).await.unwrap_err()));
        let fetch = client.fetch(v1::SumFetchRequest { release: of.clone() });
        heard.insert(said(&soon(fetch).await.unwrap_err()));
        let piece = v1::SumQuestion { release: of.clone(), piece: vec![1] };
        let ask = client.ask(tokio_stream::iter([piece]));
        heard.insert(said(&soon(ask).await.unwrap_err()));
        let give = v1::SumContributeRequest { release: of, ..Default::default() };
        heard.insert(said(&soon(client.contribute(give)).await.unwrap_err()));
    }
    // An office is in the plan, and leads nothing.
    let mut office = SecureSumClient::new(world.centre.dialled_by(world.offices[0].identity()));
    let open = office.open(v1::SumOpenRequest { release: Some(within.clone()) });
    heard.insert(said(&soon(open).await.unwrap_err()));
    let fetch = office.fetch(v1::SumFetchRequest { release: Some(within) });
    heard.insert(said(&soon(fetch).await.unwrap_err()));
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(heard.iter().all(|said| said.contains("PermissionDenied") && said.contains("plan")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_has_no_more_bytes_than_its_round_can_have() {
    let world = World::new(5).await;
    let of = Some(entente_proto::sum_release_message(&world.release()));
    let mut client = SecureSumClient::new(world.helper.dialled_by(world.centre.identity()));
    soon(client.open(v1::SumOpenRequest { release: of.clone() })).await.unwrap();
    let piece = |len: usize| v1::SumQuestion { release: None, piece: vec![1; len] };
    let questions = [
        vec![v1::SumQuestion { release: of.clone(), piece: vec![1; MAX_PIECE] }],
        vec![v1::SumQuestion { release: of.clone(), piece: vec![1; 9] }, piece(40_000)],
        vec![v1::SumQuestion { release: of.clone(), piece: vec![1; 9] }, piece(0)],
        vec![v1::SumQuestion { release: of.clone(), piece: vec![1; 9] }; 2],
        vec![v1::SumQuestion { release: of, piece: vec![1; 9] }],
    ];
    for question in questions {
        let refused = soon(client.ask(tokio_stream::iter(question))).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "malformed"));
    }
}
