//! RT14 over real sockets: what somebody hears who may not ask, or asks for what there is not.

use std::collections::BTreeSet;

use entente_core::codes::OrgType;
use entente_core::identity::OrgId;
use entente_core::statistics::plan::{PlanId, Roles};
use entente_proto::v1;
use entente_proto::v1::statistics_client::StatisticsClient;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tonic::Status;

use super::{Measure, Sizes};
use crate::federation::staff;
use crate::net::{Site, agree, pair, soon, summaries_and_counts};

/// A contributor, a centre that may ask under one plan, and another partner that may not.
struct Sites {
    office: Site,
    centre: Site,
    other: Site,
    plan: PlanId,
    /// One that our officer did not sign, and one that names another as who may ask.
    closed: [PlanId; 2],
}

async fn sites() -> Sites {
    let (office, centre) = (Site::office("Office").await, Site::office("Centre").await);
    let other = Site::office("Other").await;
    for asker in [&centre, &other] {
        pair(asker, &office).await;
        agree(&office, asker, &summaries_and_counts(5)).await;
    }
    let propose = |querier: OrgId, name: &str| {
        let draft = include_str!("../../../config/plans/canada-v1.toml")
            .replace("name = \"canada\"", &format!("name = \"{name}\""));
        let roles = Roles {
            queriers: [(querier, OrgType::Federal)].into(),
            contributors: [(office.id(), OrgType::Provincial)].into(),
            aggregators: None,
        };
        let plan = office.node().read_plan(&draft, Some(roles)).unwrap();
        office.node().propose_plan(staff(), &plan).unwrap().id
    };
    let plan = propose(centre.id(), "canada");
    office.node().sign_plan(staff(), &plan).unwrap();
    let unsigned = propose(centre.id(), "unsigned");
    let of_another = propose(other.id(), "another");
    Sites { office, centre, other, plan, closed: [unsigned, of_another] }
}

/// Everything that a caller can see of a status but for the time of day: code, message, details,
/// headers and trailers, with their size.
fn said(status: &Status) -> String {
    let mut headers = status.metadata().clone().into_headers();
    headers.remove("date");
    format!("{:?} {:?} {:?} {headers:?}", status.code(), status.message(), status.details())
}

/// RT14: unknown, unsigned, not ours, not theirs, not in it, not readable; and persons who were
/// never there, are few, or were withdrawn.
pub fn refusals(sizes: &Sizes) -> Vec<Measure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(refused(sizes.n_fuzzed / 20))
}

async fn refused(n_random: usize) -> Vec<Measure> {
    let Sites { office, centre, other, plan, closed } = sites().await;
    let within = v1::ReleaseRef { plan: plan.0.to_vec(), cube: 0, period: 20_250, revision: 0 };
    let mut outside = vec![
        v1::ReleaseRef { plan: vec![7; 32], ..within.clone() },
        v1::ReleaseRef { plan: closed[0].0.to_vec(), ..within.clone() },
        v1::ReleaseRef { plan: closed[1].0.to_vec(), ..within.clone() },
        v1::ReleaseRef { period: 20_240, ..within.clone() },
        v1::ReleaseRef { period: 20_251, ..within.clone() },
        v1::ReleaseRef { cube: 5, ..within.clone() },
        v1::ReleaseRef { revision: 1, ..within.clone() },
        v1::ReleaseRef { plan: vec![7; 31], ..within.clone() },
        v1::ReleaseRef { period: 20_259, ..within.clone() },
        v1::ReleaseRef { cube: u32::MAX, ..within.clone() },
        v1::ReleaseRef::default(),
    ];
    let mut rng = StdRng::seed_from_u64(14);
    for _ in 0..n_random {
        let mut plan = plan.0.to_vec();
        plan[rng.random_range(0..32)] ^= 1 << rng.random_range(0..8);
        outside.push(v1::ReleaseRef {
            plan,
            cube: rng.random_range(0..16),
            period: rng.random_range(19_000..22_000),
            revision: rng.random_range(0..6),
        });
    }
    let mut heard = BTreeSet::new();
    let mut n_answered = 0;
    let mut note = |answer: Result<tonic::Response<v1::ReleaseReply>, Status>| match answer {
        Ok(_) => n_answered += 1,
        Err(status) => {
            heard.insert(said(&status));
        }
    };
    let n = outside.len() + 1;
    let mut client = StatisticsClient::new(office.dialled_by(centre.identity()));
    for release in outside {
        let request = v1::ReleaseRequest { release: Some(release), receipts: Vec::new() };
        note(soon(client.release(request)).await);
    }
    // Somebody else asks for what the centre may have.
    let mut client_of_other = StatisticsClient::new(office.dialled_by(other.identity()));
    let request = v1::ReleaseRequest { release: Some(within.clone()), receipts: Vec::new() };
    note(soon(client_of_other.release(request)).await);

    // Persons who were never there, are few, are many, and were withdrawn: what is not answered is as
    // long and says the same.
    let open = v1::ReleaseRef { period: 20_260, ..within };
    let mut declined = BTreeSet::new();
    let mut withdrawn = Vec::new();
    for n_added in [0, 1, 20] {
        withdrawn.extend(office.add_cases(n_added));
        declined.insert(declined_as(&mut client, &open).await);
    }
    for id in &withdrawn {
        office.node().withdraw_record(staff(), id).unwrap();
    }
    declined.insert(declined_as(&mut client, &open).await);
    let n_charges = office.node().odometer().unwrap().n_charges as usize;
    vec![
        Measure::exactly("answered outside the plan", n_answered, 0, n),
        Measure::exactly("distinct refusals", heard.len(), 1, n),
        Measure::exactly("distinct answers by who is in it", declined.len(), 1, 4),
        Measure::exactly("charges", n_charges, 0, n + 4),
    ]
}

/// The answer that says no, and its headers.
async fn declined_as(
    client: &mut StatisticsClient<Channel>,
    release: &v1::ReleaseRef,
) -> (Vec<u8>, String) {
    let request = v1::ReleaseRequest { release: Some(release.clone()), receipts: Vec::new() };
    let answer = soon(client.release(request)).await.unwrap();
    let mut headers = answer.metadata().clone().into_headers();
    headers.remove("date");
    let document = prost::Message::encode_to_vec(&answer.into_inner());
    (document, format!("{headers:?}"))
}

/// What the doors hand to a client.
type Channel = entente_node::doors::PartnerChannel;
