//! "Exactly what this partner would receive", asked of a node with many records.

use std::time::{Duration, Instant};

use entente_core::codes::OrgType;
use entente_core::record::RecordId;
use entente_node::local::doc::AgreementExplainAsk;
use entente_store::engine::Kind;
use entente_tests::federation::staff;
use entente_tests::net::{Site, agree, pair, summaries_only};

use crate::report::{Aim, Report};
use crate::{Sizes, site};

pub(crate) async fn run(report: &mut Report, sizes: Sizes) {
    println!("explain");
    for kind in Kind::ALL {
        let office = Site::start("Office", OrgType::Provincial, kind).await;
        let (office, home) = site::again(office).await;
        let centre = Site::start("Centre", OrgType::Federal, kind).await;
        pair(&centre, &office).await;
        agree(&office, &centre, &summaries_only(11)).await;
        site::fill(office.node(), 1, sizes.n_records);
        // Records spread over all of them; prime, so that none comes twice.
        let ids = (0..sizes.n_questions as u128 + 20)
            .map(|nth| (1_u128 << 64 | (nth * 7_919 % u128::from(sizes.n_records))).to_be_bytes());
        let ids: Vec<RecordId> = ids.map(RecordId).collect();

        let mut called: Vec<Duration> = Vec::new();
        for id in &ids {
            let since = Instant::now();
            office.node().explain(staff(), id, &centre.id()).expect("explained");
            called.push(since.elapsed());
        }
        let name = format!("explain among {} records, {}", sizes.n_records, kind.name());
        let warm = |latencies: &[Duration]| latencies.iter().skip(20).copied().collect::<Vec<_>>();
        report.latencies(&format!("{name}, in the node"), &warm(&called), Aim::None);

        let mut asked: Vec<Duration> = Vec::new();
        let mut desk = site::desk(&home).await.expect("the node answers");
        for id in &ids {
            let ask = AgreementExplainAsk {
                record: format!("{:032x}", u128::from_be_bytes(id.0)),
                partner: centre.id().to_string(),
                group: false,
            };
            let since = Instant::now();
            let reply = desk.agreement_explain(site::ask(&ask)).await;
            site::told(reply).await.expect("explained");
            asked.push(since.elapsed());
        }
        report.latencies(&format!("{name}, for staff"), &warm(&asked), Aim::Below(5.0));
    }
}
