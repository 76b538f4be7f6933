//! Overlap rounds over real sockets: six nodes, mutual TLS, and the command of the coordinator.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::collections::BTreeSet;

use entente_core::identity::OrgId;
use entente_core::statistics::overlap::{Counted, CountedFault, Round, Terms};
use entente_node::answer::{Asked, Staff};
use entente_node::local::{Op, Role};
use entente_node::node::statistics::overlap::Heard;
use entente_node::sync::Missed;
use entente_proto::v1;
use entente_proto::v1::overlap_client::OverlapClient;
use entente_store::overlap::Overlap as _;
use entente_tests::federation::staff;
use entente_tests::net::{Site, agree, evidence, pair, soon, summaries_and_counts};
use entente_tests::overlap::{LISTS, N_PERSONS, fill, knows, terms, truth};
use serde_json::{Value, json};
use tonic::{Code, Status};

/// Six sites; everybody is a partner of the coordinator, and of nobody else.
struct Sites {
    centre: Site,
    helpers: Vec<Site>,
    contributors: Vec<Site>,
}

impl Sites {
    async fn new() -> Self {
        let mut sites = Vec::new();
        for name in ["Centre", "First", "Second", "Hotline", "Harbour", "Police"] {
            sites.push(Site::office(name).await);
        }
        let contributors = sites.split_off(3);
        let helpers = sites.split_off(1);
        let centre = sites.pop().unwrap();
        for helper in &helpers {
            pair(&centre, helper).await;
        }
        for (at, contributor) in contributors.iter().enumerate() {
            pair(&centre, contributor).await;
            agree(contributor, &centre, &summaries_and_counts(5)).await;
            fill(contributor.node(), at);
        }
        Self { centre, helpers, contributors }
    }

    fn terms(&self) -> Terms {
        let ids: Vec<OrgId> = self.contributors.iter().map(Site::id).collect();
        terms(self.centre.id(), [self.helpers[0].id(), self.helpers[1].id()], &ids)
    }

    fn others(&self) -> impl Iterator<Item = &Site> {
        self.helpers.iter().chain(&self.contributors)
    }

    /// Proposed and signed by the coordinator, and heard of by all.
    async fn propose(&self, terms: Terms) -> Round {
        let round = terms.check().unwrap();
        let centre = self.centre.node();
        centre.propose_overlap(staff(), &round).unwrap();
        centre.sign_overlap(staff(), &round.id()).unwrap();
        for other in self.others() {
            other.round(&self.centre.id()).await.unwrap();
        }
        round
    }

    async fn signed(&self, terms: Terms) -> Round {
        let round = self.propose(terms).await;
        for other in self.others() {
            other.node().sign_overlap(staff(), &round.id()).unwrap();
        }
        round
    }

    async fn run(&self, round: &Round, without: &[String]) -> Value {
        let body = json!({"round": round.id().to_string(), "without": without});
        ask(&self.centre, Op::OverlapRun, body).await
    }
}

async fn ask(site: &Site, op: Op, body: Value) -> Value {
    let staff = Staff { name: "test".to_owned(), roles: Role::ALL.to_vec() };
    let asked = Asked::new(op, staff, body.to_string(), Box::new(|_| ()));
    // A round takes seconds where everything is compiled for tests.
    let answer = tokio::time::timeout(std::time::Duration::from_secs(120), site.desk().ask(asked));
    serde_json::from_str(&answer.await.unwrap().unwrap()).unwrap()
}

/// What became of a party, by its name.
fn outcome(told: &Value, name: &str) -> String {
    let parties = told["parties"].as_array().unwrap();
    let party = parties.iter().find(|it| it["party"]["name"]["en"] == name).unwrap();
    let reasons = party["reasons"].as_array().unwrap();
    let reasons = reasons.iter().map(|it| it["code"].as_str().unwrap());
    std::iter::once(party["outcome"].as_str().unwrap()).chain(reasons).collect::<Vec<_>>().join(" ")
}

fn has_key(site: &Site) -> bool {
    !site.node().db().read(|tx| tx.overlap_keys()).unwrap().is_empty()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_nodes_find_out_how_their_lists_overlap() {
    let sites = Sites::new().await;
    let round = sites.propose(sites.terms()).await;
    let early = sites.run(&round, &[]).await;
    assert_eq!(outcome(&early, "First"), "refused not_signed");
    assert_eq!(early["counted"], Value::Null);
    for other in sites.others() {
        other.node().sign_overlap(staff(), &round.id()).unwrap();
        sites.centre.round(&other.id()).await.unwrap();
    }
    let told = sites.run(&round, &[]).await;
    assert_eq!(told["round"]["state"], "counted", "{told}");
    assert_eq!(told["round"]["unsigned"], json!([]));
    let counted = &told["counted"];
    let cells = counted["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 7);
    for ((_, n), cell) in truth(&[0, 1, 2]).iter().zip(cells) {
        let error = cell["error_hundredths"].as_f64().unwrap() / 100.0;
        let off = cell["count"].as_i64().unwrap() - n;
        assert!((off as f64).abs() < 8.0 * error, "{cell} and {n}");
    }
    let number = |name: &str| counted[name].as_u64().unwrap();
    assert!(number("largest") <= number("sum"));
    assert_eq!(counted["uncovered"], 0);
    let csv = counted["csv"].as_str().unwrap();
    assert!(csv.starts_with(&format!("{},noisy_frequency\n1,0,0,", LISTS.join(","))), "{csv}");
    assert_eq!(csv.lines().count(), 8);
    // The same answer once more, and nobody is asked.
    assert_eq!(sites.run(&round, &[]).await["counted"], told["counted"]);

    for site in sites.others().chain([&sites.centre]) {
        assert!(!has_key(site), "a key is left");
        assert!(site.node().overlap_by_id(&round.id()).unwrap().is_over());
    }
    let own = ask(&sites.contributors[0], Op::OverlapShow, json!({"round": "2025"})).await;
    let n = (0..N_PERSONS).filter(|it| knows(0, *it)).count();
    assert_eq!(own["own"]["usable"], n);
    assert_eq!(own["counted"], Value::Null);

    // Everybody hears what it came to, and can show it to whoever has no node.
    for site in sites.others() {
        site.round(&sites.centre.id()).await.unwrap();
        let body = json!({"round": "2025", "signed": true});
        let own = ask(site, Op::OverlapShow, body).await;
        for what in ["cells", "distinct", "linkage", "csv"] {
            assert_eq!(own["counted"][what], counted[what], "{what}");
        }
        assert_eq!(own["counted"]["uncovered"], Value::Null, "a number without noise");
        let signed = site.node().overlap_result(&round.id()).unwrap().unwrap();
        let file = entente_proto::overlap_result_file(&signed);
        assert_eq!(own["signed"].as_str().unwrap().len(), 2 * file.len());
        let (result, signer) = entente_proto::read_overlap_result(&file).unwrap();
        assert_eq!((result.faults(&signer), signer), (vec![], sites.centre.id()));
        let mut changed = file.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(entente_proto::read_overlap_result(&changed).is_err());
        lies(&result, &signer);
    }
}

/// A result that leaves somebody out, takes somebody's place, or counts otherwise than the terms say.
fn lies(result: &Counted, signer: &OrgId) {
    let wrong = |change: &dyn Fn(&mut Counted)| {
        let mut result = result.clone();
        change(&mut result);
        result.faults(signer)
    };
    assert_eq!(wrong(&|it| it.counts.truncate(1)), [CountedFault::Counts]);
    assert_eq!(wrong(&|it| drop(it.parcels.remove(0))), [CountedFault::Parties]);
    assert_eq!(wrong(&|it| it.missing.push(*signer)), [CountedFault::Parties]);
    assert_eq!(wrong(&|it| it.parcels.swap(0, 1)).len(), 2);
    assert_eq!(wrong(&|it| it.parcels[4].1.joint[0] ^= 1).len(), 1);
    let helper = result.round.terms().helpers[0];
    assert_eq!(result.faults(&helper), [CountedFault::NotTheirs(helper)]);
}

/// A copy of the folder of a node that is stopped.
fn copied(folder: &tempfile::TempDir) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(folder.path(), copy.path());
    copy
}

fn copy_into(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&to).unwrap();
            std::fs::set_permissions(&to, entry.metadata().unwrap().permissions()).unwrap();
            copy_into(&entry.path(), &to);
        } else if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_a_step_twice_is_in_quarantine_and_both_answers_are_evidence() {
    let mut sites = Sites::new().await;
    let round = sites.signed(sites.terms()).await;
    // Two nodes run with the key of a contributor, and of a helper, each as it was before its step.
    let liar = sites.contributors.pop().unwrap();
    let (address, clock) = (liar.address, liar.clock.clone());
    let folder = liar.stop().await;
    let before = copied(&folder);
    sites.contributors.push(Site::again(folder, address, clock.clone()).await);
    let helper = sites.helpers.pop().unwrap();
    let (helper_at, helper_clock) = (helper.address, helper.clock.clone());
    let helper_folder = helper.stop().await;
    let helper_before = copied(&helper_folder);
    let contributor = sites.contributors.last().unwrap().id();
    // Its key is made, everybody gives, and the second helper is away.
    sites.run(&round, &[]).await;
    sites.helpers.push(Site::again(helper_folder, helper_at, helper_clock.clone()).await);
    let second = sites.helpers[1].id();
    let peers = sites.centre.peers();
    assert_eq!(peers.overlap_share(staff(), &second, &round.id()).await, Ok(Heard::Kept));
    let honest = soon(peers.overlap_contribution(staff(), &contributor, &round)).await;
    assert_eq!(honest, Ok(Heard::Kept));

    sites.contributors.pop().unwrap().stop().await;
    sites.contributors.push(Site::again(before, address, clock).await);
    // Shown what it gave, the one that was set back gives nothing else.
    let shown = soon(peers.overlap_contribution(staff(), &contributor, &round)).await;
    assert_eq!(shown, Err(Missed::RefusedByPartner("declined".to_owned())));
    let node = sites.contributors.last().unwrap().node();
    let mut question = sites.centre.node().overlap_question(&round.id(), &contributor).unwrap();
    question.receipts.clear();
    let other = node.contribute_overlap(&sites.centre.id(), &question).unwrap();
    let centre = sites.centre.node();
    let heard = centre.keep_overlap_contribution(&contributor, &round.id(), &other).unwrap();
    assert_eq!(heard, Heard::Contradicts);

    sites.helpers.pop().unwrap().stop().await;
    sites.helpers.push(Site::again(helper_before, helper_at, helper_clock).await);
    let heard = soon(peers.overlap_share(staff(), &second, &round.id())).await;
    assert_eq!(heard, Ok(Heard::Contradicts));

    for liar in [contributor, second] {
        assert_eq!(centre.partner_row(&liar).unwrap().quarantined.as_deref(), Some("done_twice"));
        let kept = evidence(centre, &liar);
        let proof = &kept.iter().find(|it| it.fault == "done_twice").unwrap().proof;
        assert_eq!(proof.len(), 2);
        assert_ne!(proof[0], proof[1]);
        for document in proof {
            let signed = entente_proto::decode_envelope(document).unwrap();
            assert!(signed.verify(&signed.payload_type, &[liar]).is_ok());
        }
    }
    // The first answer counts, and others are not affected.
    let progress = centre.overlap_progress(&round.id()).unwrap();
    assert_eq!((progress.given.len(), progress.shares.len()), (1, 3));
    assert!(centre.partner_row(&sites.helpers[0].id()).unwrap().quarantined.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_waits_for_a_helper_that_disappeared_in_the_middle() {
    let mut sites = Sites::new().await;
    let round = sites.propose(sites.terms()).await;
    for other in sites.others().take(4) {
        other.node().sign_overlap(staff(), &round.id()).unwrap();
    }
    // Keys are made, two have given, one has not signed.
    let told = sites.run(&round, &[]).await;
    assert_eq!(outcome(&told, "Police"), "refused not_signed");
    assert_eq!((&*outcome(&told, "Harbour"), &*outcome(&told, "Second")), ("given", "ready"));
    sites.contributors[2].node().sign_overlap(staff(), &round.id()).unwrap();

    let second = sites.helpers.pop().unwrap();
    let (address, clock) = (second.address, second.clock.clone());
    let folder = second.stop().await;
    let told = sites.run(&round, &[]).await;
    assert_eq!((&*outcome(&told, "First"), &*outcome(&told, "Second")), ("mixed", "unreachable"));
    assert!(!has_key(&sites.helpers[0]) && has_key(&sites.centre));

    sites.helpers.push(Site::again(folder, address, clock).await);
    let told = sites.run(&round, &[]).await;
    assert_eq!(told["round"]["state"], "counted", "{told}");
    for contributor in &sites.contributors {
        assert_eq!(contributor.node().odometer().unwrap().n_charges, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_goes_on_without_a_contributor_only_when_somebody_says_so() {
    let mut sites = Sites::new().await;
    let mut terms = sites.terms();
    terms.lists.truncate(2);
    for (org, list) in &mut terms.contributors {
        *list = u8::from(*org != sites.contributors[0].id());
    }
    let round = sites.signed(terms).await;
    let gone = sites.contributors.pop().unwrap();
    let _folder = gone.stop().await;
    let told = sites.run(&round, &[]).await;
    assert_eq!((&*outcome(&told, "Police"), &*outcome(&told, "Harbour")), ("unreachable", "given"));
    assert_eq!(told["round"]["state"], "running");
    let told = sites.run(&round, &["Police".to_owned()]).await;
    assert_eq!(
        (&*outcome(&told, "Police"), &told["round"]["state"]),
        ("missing", &json!("counted"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_a_round_up_destroys_keys_everywhere() {
    let sites = Sites::new().await;
    let round = sites.propose(sites.terms()).await;
    for helper in &sites.helpers {
        helper.node().sign_overlap(staff(), &round.id()).unwrap();
    }
    sites.run(&round, &[]).await;
    assert!(sites.helpers.iter().chain([&sites.centre]).all(has_key));
    let told = ask(&sites.centre, Op::OverlapEnd, json!({"round": "2025"})).await;
    assert_eq!(told["round"]["state"], "over");
    assert!(!sites.helpers.iter().chain([&sites.centre]).any(has_key));
}

/// Everything that a caller can see of a status, but for the time of day.
fn said(status: &Status) -> String {
    let mut headers = status.metadata().clone().into_headers();
    headers.remove("date");
    format!("{:?} {:?} {:?} {headers:?}", status.code(), status.message(), status.details())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_outside_of_terms_hears_the_same_refusal() {
    let sites = Sites::new().await;
    let round = sites.signed(sites.terms()).await;
    let other = sites.propose(Terms { capacity: 81, ..sites.terms() }).await;
    let helper = &sites.helpers[0];
    let mut client = OverlapClient::new(helper.dialled_by(sites.centre.identity()));
    let mut heard = BTreeSet::new();
    // No such round, one that we did not sign, and what no honest node sends.
    for id in [vec![7; 32], other.id().0.to_vec(), vec![7; 31], Vec::new()] {
        let share = v1::OverlapShareRequest { round: id.clone() };
        heard.insert(said(&soon(client.share(share)).await.unwrap_err()));
        let close = v1::OverlapCloseRequest { round: id };
        heard.insert(said(&soon(client.close(close)).await.unwrap_err()));
    }
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert_eq!(evidence(helper.node(), &sites.centre.id()).len(), 4, "the malformed are noted");

    // A stream that begins with anything but a head, or with nothing.
    for pieces in [vec![], vec![v1::OverlapPiece { piece: None }], vec![data(9)]] {
        let mut reply = soon(client.mix(tokio_stream::iter(pieces))).await.unwrap().into_inner();
        let status = soon(reply.message()).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::PermissionDenied, "terms"));
    }
    // Nobody but the coordinator: a contributor is no partner of the helper's at all.
    let stranger = helper.dialled_by(sites.contributors[0].identity());
    let share = v1::OverlapShareRequest { round: round.id().0.to_vec() };
    assert!(soon(OverlapClient::new(stranger).share(share)).await.is_err());
    assert!(!has_key(helper));
}

fn data(n: usize) -> v1::OverlapPiece {
    v1::OverlapPiece { piece: Some(v1::overlap_piece::Piece::Data(vec![1; n])) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_helper_reads_no_more_than_the_terms_call_for() {
    let sites = Sites::new().await;
    let round = sites.propose(sites.terms()).await;
    for helper in &sites.helpers {
        helper.node().sign_overlap(staff(), &round.id()).unwrap();
    }
    sites.run(&round, &[]).await;
    let (head, _) = sites
        .centre
        .node()
        .overlap_mixing(&round.id(), entente_core::statistics::overlap::Role::First)
        .unwrap();
    let parcel = head.shares[0].clone();
    let head = entente_proto::OverlapPiece::Head(Box::new(head));
    let head = entente_proto::overlap_piece_message(&head);
    let parcel = entente_proto::overlap_piece_message(&entente_proto::OverlapPiece::Parcel(parcel));
    let mut client = OverlapClient::new(sites.helpers[0].dialled_by(sites.centre.identity()));
    // A contribution of 80 entries has 5,241 bytes; three contributors have three parcels.
    let floods = [
        vec![head.clone(), data(9)],
        vec![head.clone(), parcel.clone(), data(5_242)],
        [vec![head.clone()], vec![parcel; 4]].concat(),
        vec![head.clone(), head],
    ];
    for pieces in floods {
        let mut reply = soon(client.mix(tokio_stream::iter(pieces))).await.unwrap().into_inner();
        let status = soon(reply.message()).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "not_valid"));
    }
    assert!(has_key(&sites.helpers[0]), "junk does not use the key up");
}
