//! Overlap rounds between nodes in memory: what is counted, what is refused, and what is left.
//!
//! RT18 is the number of the red-team list of the design.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::collections::HashSet;
use std::ops::ControlFlow;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity as _;
use entente_core::audit::Action;
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgKey;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::noise::SystemRandomness;
use entente_core::statistics::overlap::{
    Coordinator, Helper, JointKey, LinkageFigures, MatchKey, Role, Round, RoundId, Terms,
    contribute,
};
use entente_node::node::Node;
use entente_node::node::statistics::overlap::{Handed, Heard, KEPT_DAYS, OverlapShut};
use entente_proto::OverlapMixHead;
use entente_store::db::{DbError, Keys, META, RESTORED_AT, Rows as _};
use entente_store::overlap::Overlap as _;
use entente_store::tables::{OVERLAP_KEYS, OVERLAP_PARTS, OVERLAP_ROUNDS, OVERLAP_SIGNATURES};
use entente_tests::federation::{Org, plan, staff};
use entente_tests::net::n_audited;
use entente_tests::overlap::{LISTS, N_PERSONS, Six, knows, person, truth};

/// (1.1 epsilon)² / 2 and (epsilon / 5)² / 2: 625 billionths per square of a thousandth.
const COST: NanoRho = NanoRho(625 * 700 * 700);

#[test]
fn the_histogram_is_the_truth_within_the_noise_that_is_told() {
    let six = Six::new();
    let round = six.sign(six.terms());
    let histogram = six.run(&round.id());
    let truth = truth(&[0, 1, 2]);
    assert_eq!(histogram.lists, LISTS);
    for (set, n) in &truth {
        let error = (histogram.counts[set] - n) as f64 / histogram.sd[set];
        // A sum of two Laplace is beyond eight of its deviations once in tens of thousands.
        assert!(error.abs() < 8.0, "{set:?}: {n} and {}", histogram.counts[set]);
    }
    assert_ne!(histogram.counts, truth, "seven counts without any noise");
    let distinct = (0..N_PERSONS).filter(|it| (0..3).any(|at| knows(at, *it))).count() as f64;
    assert!((histogram.n_distinct() as f64 - distinct).abs() < 8.0 * histogram.sd_distinct());

    let progress = six.centre.node().overlap_progress(&round.id()).unwrap();
    assert_eq!(progress.counted, Some(histogram));
    for (at, contributor) in six.contributors.iter().enumerate() {
        let n = (0..N_PERSONS).filter(|number| knows(at, *number)).count();
        // Everybody once; one without a name, one without a date of birth, one without consent.
        let own = contributor.node().overlap_linkage(&round.id()).unwrap();
        assert_eq!(own, Some([n as u64, 1, 1, 1]));
        let LinkageFigures(said) = progress.given[&contributor.id()];
        let sd = round.terms().noise.linkage_sd();
        let far = |place: usize, exact: f64| (said[place] as f64 - exact).abs() > 8.0 * sd;
        assert!(!far(0, n as f64) && !far(1, 1.0) && !far(2, 1.0), "{said:?}");
        assert_eq!(n_audited(contributor.node(), Action::OverlapGiven), 1);
    }
}

#[track_caller]
fn is_outside<T: std::fmt::Debug>(answer: Result<T, OverlapShut>) {
    assert!(matches!(answer, Err(OverlapShut::OutsideTerms)), "{answer:?}");
}

#[test]
fn nothing_is_done_before_our_own_officer_has_signed_nor_for_anybody_but_the_coordinator() {
    let six = Six::new();
    let round = six.propose(six.terms());
    let (id, centre) = (round.id(), six.centre.id());
    six.centre.node().sign_overlap(staff(), &id).unwrap();
    is_outside(six.helpers[0].node().share_overlap(&centre, &id));
    for helper in &six.helpers {
        helper.node().sign_overlap(staff(), &id).unwrap();
    }
    six.share(&id);
    is_outside(six.ask(0, &id));
    is_outside(six.contributors[0].node().close_overlap(&centre, &id));
    assert_eq!(six.contributors[0].node().odometer().unwrap().n_charges, 0);

    six.contributors[0].node().sign_overlap(staff(), &id).unwrap();
    // A contributor is no helper, a helper no contributor, and no round is another round.
    is_outside(six.contributors[0].node().share_overlap(&centre, &id));
    let question = six.centre.node().overlap_question(&id, &six.helpers[0].id()).unwrap();
    is_outside(six.helpers[0].node().contribute_overlap(&centre, &question));
    is_outside(six.helpers[0].node().share_overlap(&centre, &RoundId([7; 32])));
    let not_a_partner = six.contributors[1].id();
    let shut = six.helpers[0].node().share_overlap(&not_a_partner, &id);
    assert!(matches!(shut, Err(OverlapShut::Shut(_))));
    assert!(six.ask(0, &id).is_ok());
}

#[test]
fn a_second_round_on_the_same_persons_is_refused_in_silence_and_paid_when_it_is_said() {
    let six = Six::new();
    let terms = Terms { noise: noise(450), ..six.terms() };
    let first = six.sign(terms.clone());
    // Signed beside the first, before anything was run: signing alone would let it through.
    let beside = six.sign(Terms { capacity: 81, noise: noise(100), ..six.terms() });
    six.run(&first.id());
    six.share(&beside.id());
    let refused = six.ask(0, &beside.id());
    assert!(matches!(refused, Err(OverlapShut::Declined("round_before"))), "{refused:?}");

    let silent = six.propose(Terms { capacity: 82, ..terms.clone() });
    let contributor = six.contributors[0].node();
    let fault = contributor.sign_overlap(staff(), &silent.id()).unwrap_err();
    assert!(fault.code == "ENT-2122" && fault.why[0].en.contains("1 rounds"), "{fault:?}");

    // What is signed and not given up may still be paid, so it counts.
    for org in six.others() {
        org.node().end_overlap(staff(), &beside.id()).unwrap();
    }
    let said = six.sign(Terms { n_before: 1, ..terms });
    six.run(&said.id());
    let odometer = contributor.odometer().unwrap();
    assert_eq!((odometer.n_charges, odometer.spent), (2, NanoRho(2 * 625 * 450 * 450)));
    assert_eq!(odometer.years[0].node.spent(), odometer.spent);
    // The very same round once more is the same answer, or none.
    assert!(matches!(six.ask(0, &first.id()), Ok(_) | Err(OverlapShut::Done)));
    assert_eq!(contributor.odometer().unwrap().n_charges, 2);
}

fn noise(epsilon_milli: u32) -> entente_core::statistics::overlap::Noise {
    entente_core::statistics::overlap::Noise::from_epsilon_milli(epsilon_milli).unwrap()
}

#[test]
fn a_round_and_plans_together_stay_below_the_cap_of_a_year() {
    let six = Six::new();
    let round = six.propose(six.terms());
    let contributor = &six.contributors[0];
    // The shipped plan gives the whole of its cap away.
    let plan = plan(&[contributor], &[&six.centre], |_| {});
    let kept = contributor.node().propose_plan(staff(), &plan).unwrap();
    contributor.node().sign_plan(staff(), &kept.id).unwrap();
    let fault = contributor.node().sign_overlap(staff(), &round.id()).unwrap_err();
    assert!(fault.why[0].en.contains("the cap is 0.08815"), "{fault:?}");

    // The other way round: what the round may cost is kept free from plans.
    let other = &six.contributors[1];
    other.node().sign_overlap(staff(), &round.id()).unwrap();
    let plan = entente_tests::federation::plan(&[other], &[&six.centre], |_| {});
    let kept = other.node().propose_plan(staff(), &plan).unwrap();
    assert!(other.node().sign_plan(staff(), &kept.id).is_err());
    other.node().end_overlap(staff(), &round.id()).unwrap();
    assert!(other.node().sign_plan(staff(), &kept.id).is_ok());
}

/// What an attacker has: everything that crossed, and some of the secrets.
struct Seen {
    batches: Vec<Vec<u8>>,
    shares: [Scalar; 3],
    factors: [Scalar; 2],
}

fn secret(org: &Org, id: &RoundId) -> Vec<Scalar> {
    let bytes = org.node().db().read(|tx| tx.overlap_key(&id.0)).unwrap().unwrap();
    let scalars = bytes.as_chunks::<32>().0.iter();
    scalars.map(|it| Scalar::from_canonical_bytes(*it).unwrap()).collect()
}

/// A round of which everything is written down: what the coordinator carried, and all secrets.
fn seen(six: &Six, id: &RoundId) -> Seen {
    six.share(id);
    let secrets = [&six.helpers[0], &six.helpers[1], &six.centre].map(|org| secret(org, id));
    let mut batches: Vec<_> = (0..3).map(|at| six.ask(at, id).unwrap().batch).collect();
    six.gather(id, &[0, 1, 2]);
    batches.push(six.mixed(id, Role::First).batch);
    batches.push(six.mixed(id, Role::Second).batch);
    Seen {
        batches,
        shares: [secrets[0][0], secrets[1][0], secrets[2][0]],
        factors: [secrets[0][1], secrets[1][1]],
    }
}

/// The entries of a batch: two points each.
fn entries(batch: &[u8]) -> Vec<(RistrettoPoint, RistrettoPoint)> {
    let point =
        |bytes: &[u8]| CompressedRistretto::from_slice(bytes).unwrap().decompress().unwrap();
    let cells = batch[41..].as_chunks::<65>().0.iter();
    cells.map(|cell| (point(&cell[..32]), point(&cell[32..64]))).collect()
}

/// The points of the first made-up persons. Whoever makes a key of their own can open what they
/// encrypt under it, and needs no more than what everybody has.
fn candidates(round: &Round, n: u32) -> Vec<RistrettoPoint> {
    let mut rng = SystemRandomness;
    let (first, a) = Helper::begin(round, true, &mut rng).unwrap();
    let (second, b) = Helper::begin(round, false, &mut rng).unwrap();
    let (coordinator, c) = Coordinator::begin(round, &mut rng).unwrap();
    let joint = JointKey::new(round, [a, b, c]).unwrap();
    let scalar = |bytes: &[u8]| Scalar::from_canonical_bytes(bytes.try_into().unwrap()).unwrap();
    let sum = scalar(&first.secrets()[..32])
        + scalar(&second.secrets()[..32])
        + scalar(&*coordinator.secret());
    let key = |number| {
        let (first, last, born) = person(number);
        MatchKey::new([&*first, &*last], born.parse().unwrap(), round).unwrap()
    };
    let keys: Vec<_> = (0..n).map(key).collect();
    let from = round.terms().contributors[0].0;
    let mut points = Vec::new();
    for some in keys.chunks(round.terms().capacity as usize) {
        let made = contribute(round, &joint, &from, some, &mut rng).unwrap();
        let opened =
            entries(&made.batch.to_bytes()).into_iter().map(|(one, other)| other - one * sum);
        points.extend(opened.filter(|point| !point.is_identity()));
    }
    assert_eq!(points.len(), n as usize);
    points
}

/// How many of the candidates are recognized: everything that crossed, opened with every combination
/// of the shares, against every candidate times each of the factors.
fn hits(
    seen: &Seen,
    shares: &[Scalar],
    factors: &[Scalar],
    candidates: &[RistrettoPoint],
) -> usize {
    let combinations = (0..1_u32 << shares.len()).map(|set| {
        let chosen = shares.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        chosen.map(|(_, share)| share).sum::<Scalar>()
    });
    let combinations: Vec<_> = combinations.collect();
    let mut opened = HashSet::new();
    for (one, other) in seen.batches.iter().flat_map(|batch| entries(batch)) {
        opened.insert(one.compress().0);
        opened.extend(combinations.iter().map(|it| (other - one * it).compress().0));
    }
    let is_found = |candidate: &&RistrettoPoint| {
        factors.iter().any(|factor| opened.contains(&(**candidate * factor).compress().0))
    };
    candidates.iter().filter(is_found).count()
}

/// RT18: a helper and the coordinator together, with everything that crossed between the nodes and
/// every secret of their own, test 10,000 names, all true ones among them.
#[test]
fn rt18_a_helper_and_the_coordinator_together_find_nobody() {
    let six = Six::new();
    // As few dummies as the budget allows for: they have no part in this.
    let round = six.sign(six.terms());
    let seen = seen(&six, &round.id());
    let candidates = candidates(&round, 10_000);
    let [first, second, coordinator] = seen.shares;
    let [a, b] = seen.factors;
    let one = Scalar::ONE;
    assert_eq!(hits(&seen, &[first, coordinator], &[one, a], &candidates), 0);
    assert_eq!(hits(&seen, &[second, coordinator], &[one, b], &candidates), 0);
    // The attack works: all three together find those who are there, and nobody else.
    let n_there = (0..N_PERSONS).filter(|it| (0..3).any(|at| knows(at, *it))).count();
    let found = hits(&seen, &seen.shares, &[one, a, b, a * b], &candidates[..400]);
    assert_eq!(found, n_there);
}

#[test]
fn who_drops_out_is_named_and_a_helper_mixes_for_nobody_who_leaves_somebody_out_in_silence() {
    let six = Six::new();
    // Two organizations on one list, so that one can go.
    let mut terms = six.terms();
    terms.lists.truncate(2);
    for (org, list) in &mut terms.contributors {
        *list = u8::from(*org != six.contributors[0].id());
    }
    terms.per_list = 2;
    let id = six.sign(terms).id();
    six.share(&id);
    six.gather(&id, &[0, 1]);
    let (centre, helper) = (six.centre.id(), six.helpers[0].node());
    let (head, parcels) = six.centre.node().overlap_mixing(&id, Role::First).unwrap();
    assert_eq!(head.missing, [six.contributors[2].id()]);

    let mix = |head: &OverlapMixHead, parcels: &[Handed]| {
        helper.mix_overlap(&centre, &helper.open_mixing(&centre, head)?, parcels)
    };
    let silent = OverlapMixHead { missing: Vec::new(), ..head.clone() };
    let refused = mix(&silent, &parcels);
    assert!(matches!(refused, Err(OverlapShut::NotValid("contributor_missing"))), "{refused:?}");
    // Missing and there, twice there, or a stranger.
    let both = OverlapMixHead { missing: vec![six.contributors[0].id()], ..head.clone() };
    assert!(matches!(mix(&both, &parcels), Err(OverlapShut::NotValid("contributor_twice"))));
    let twice = [parcels.clone(), parcels[..1].to_vec()].concat();
    assert!(matches!(mix(&head, &twice), Err(OverlapShut::NotValid("contributor_twice"))));
    let stranger = OverlapMixHead { missing: vec![centre], ..head };
    assert!(matches!(mix(&stranger, &parcels), Err(OverlapShut::NotValid("missing_is_unknown"))));

    six.mixed(&id, Role::First);
    six.mixed(&id, Role::Second);
    let histogram = six.centre.node().count_overlap(staff(), &id).unwrap();
    let n = (0..N_PERSONS).filter(|it| knows(0, *it) || knows(1, *it)).count() as f64;
    assert!((histogram.n_distinct() as f64 - n).abs() < 8.0 * histogram.sd_distinct());
    // Who dropped out has paid nothing.
    assert_eq!(six.contributors[2].node().odometer().unwrap().n_charges, 0);
}

#[test]
fn a_contribution_under_another_s_name_is_refused_by_whoever_gets_it() {
    let six = Six::new();
    let id = six.sign(six.terms()).id();
    six.share(&id);
    let mine = six.ask(0, &id).unwrap();
    let node = six.centre.node();
    // As it is, it is not the other's; signed by the other, it is of another list.
    let theirs = node.keep_overlap_contribution(&six.contributors[1].id(), &id, &mine).unwrap();
    assert_eq!(theirs, Heard::NotValid("parcel_not_signed"));
    let key = OrgKey::from_seed(&[5; 32]);
    let resealed =
        Envelope::seal(payload_type::OVERLAP_PARCEL, mine.parcel.payload.clone(), &key).unwrap();
    let copied = Handed { parcel: resealed, ..mine.clone() };
    let theirs = node.keep_overlap_contribution(&six.contributors[1].id(), &id, &copied).unwrap();
    assert_eq!(theirs, Heard::NotValid("batch_unreadable"));
    let mut cut = mine;
    cut.batch.pop();
    let theirs = node.keep_overlap_contribution(&six.contributors[0].id(), &id, &cut).unwrap();
    assert_eq!(theirs, Heard::NotValid("batch_is_another"));

    // A coordinator that lets it pass gets no further.
    six.gather(&id, &[0, 1, 2]);
    let (head, mut parcels) = node.overlap_mixing(&id, Role::First).unwrap();
    let at = parcels.iter().position(|it| it.parcel.signatures[0].0 == key.id()).unwrap();
    parcels[at] = copied;
    let helper = six.helpers[0].node();
    let mixing = helper.open_mixing(&six.centre.id(), &head).unwrap();
    let refused = helper.mix_overlap(&six.centre.id(), &mixing, &parcels);
    assert!(matches!(refused, Err(OverlapShut::NotValid("batch_unreadable"))), "{refused:?}");
    six.mixed(&id, Role::First);
}

#[test]
fn nobody_encrypts_or_mixes_under_a_share_that_its_holder_did_not_sign() {
    let six = Six::new();
    let round = six.sign(six.terms());
    let id = round.id();
    six.share(&id);
    let contributor = six.contributors[0].node();
    let mut question = six.centre.node().overlap_question(&id, &six.contributors[0].id()).unwrap();
    // The coordinator makes the first helper's share itself, and would know two of three.
    let (_, own) = Helper::begin(&round, true, &mut SystemRandomness).unwrap();
    let payload = [id.0.as_slice(), &own.to_bytes()].concat();
    let centre = OrgKey::from_seed(&[1; 32]);
    question.shares[0] = Envelope::seal(payload_type::OVERLAP_SHARE, payload, &centre).unwrap();
    let refused = contributor.contribute_overlap(&six.centre.id(), &question);
    assert!(matches!(refused, Err(OverlapShut::NotValid("share_not_signed"))), "{refused:?}");
    let heard = six.centre.node();
    let heard = heard.keep_overlap_share(&six.helpers[0].id(), &id, &question.shares[0]).unwrap();
    assert_eq!(heard, Heard::NotValid("share_not_signed"));
    question.shares.swap(1, 2);
    let refused = contributor.contribute_overlap(&six.centre.id(), &question);
    assert!(matches!(refused, Err(OverlapShut::NotValid(_))));
    assert_eq!(contributor.odometer().unwrap().n_charges, 0);
}

#[test]
fn each_step_is_done_once_and_the_same_question_has_the_same_answer() {
    let six = Six::new();
    let round = six.sign(six.terms());
    let (id, centre) = (round.id(), six.centre.id());
    six.share(&id);
    let share = || six.helpers[0].node().share_overlap(&centre, &id).unwrap();
    assert_eq!(share(), share());
    let given = six.ask(0, &id).unwrap();
    assert_eq!(six.ask(0, &id).unwrap(), given);
    assert_eq!(six.contributors[0].node().odometer().unwrap().spent, COST);
    // Another share of the coordinator's, properly signed: a second contribution, refused.
    let mut question = six.centre.node().overlap_question(&id, &six.contributors[0].id()).unwrap();
    let (_, other) = Coordinator::begin(&round, &mut SystemRandomness).unwrap();
    let payload = [id.0.as_slice(), &other.to_bytes()].concat();
    let key = OrgKey::from_seed(&[1; 32]);
    question.shares[2] = Envelope::seal(payload_type::OVERLAP_SHARE, payload, &key).unwrap();
    let refused = six.contributors[0].node().contribute_overlap(&centre, &question);
    assert!(matches!(refused, Err(OverlapShut::Done)), "{refused:?}");

    six.gather(&id, &[0, 1, 2]);
    let (head, parcels) = six.centre.node().overlap_mixing(&id, Role::First).unwrap();
    let mixed = six.mixed(&id, Role::First);
    assert_eq!(six.mix(&id, Role::First).unwrap(), mixed);
    // With one contributor less it would be another batch under the same factor: never.
    let fewer = OverlapMixHead { missing: vec![six.contributors[0].id()], ..head };
    let helper = six.helpers[0].node();
    let mixing = helper.open_mixing(&centre, &fewer).unwrap();
    let fewer: Vec<_> = parcels.into_iter().filter(|it| it.parcel != given.parcel).collect();
    let refused = helper.mix_overlap(&centre, &mixing, &fewer);
    assert!(matches!(refused, Err(OverlapShut::Done)), "{refused:?}");
    // What contradicts what was kept is not kept.
    let mut other = mixed;
    other.batch.rotate_left(1);
    let heard = six.centre.node().keep_overlap_mixed(&helper.id(), &id, &other).unwrap();
    assert_eq!(heard, Heard::NotValid("batch_is_another"));
}

#[test]
fn a_round_goes_on_after_a_crash_between_any_two_steps() {
    let mut six = Six::new();
    let id = six.sign(six.terms()).id();
    fn crash(six: &mut Six) {
        six.centre.crash();
        six.helpers.iter_mut().chain(&mut six.contributors).for_each(Org::crash);
    }
    crash(&mut six);
    six.share(&id);
    crash(&mut six);
    let given = six.ask(1, &id).unwrap();
    crash(&mut six);
    assert_eq!(six.ask(1, &id).unwrap(), given);
    six.gather(&id, &[0, 1, 2]);
    crash(&mut six);
    let mixed = six.mix(&id, Role::First).unwrap();
    // The first helper has mixed, and nobody heard of it.
    crash(&mut six);
    assert_eq!(six.mixed(&id, Role::First), mixed);
    crash(&mut six);
    six.mixed(&id, Role::Second);
    crash(&mut six);
    let histogram = six.centre.node().count_overlap(staff(), &id).unwrap();
    crash(&mut six);
    let progress = six.centre.node().overlap_progress(&id).unwrap();
    assert_eq!(progress.counted, Some(histogram));
    assert_eq!(six.contributors[1].node().odometer().unwrap().n_charges, 1);
}

/// Every value of the tables of rounds.
fn values(node: &Node) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    node.db()
        .read(|tx| {
            for table in [OVERLAP_ROUNDS, OVERLAP_SIGNATURES, OVERLAP_KEYS, OVERLAP_PARTS] {
                tx.scan(table, Keys::All, &mut |_, value| {
                    values.push(value.to_vec());
                    ControlFlow::Continue(())
                })?;
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
    values
}

fn holds(node: &Node, secret: &Scalar) -> bool {
    let bytes = secret.to_bytes();
    values(node).iter().any(|value| value.windows(32).any(|window| window == bytes))
}

#[test]
fn no_key_and_no_batch_is_in_any_store_when_the_round_is_over() {
    let six = Six::new();
    let id = six.sign(six.terms()).id();
    six.share(&id);
    let parties = [&six.helpers[0], &six.helpers[1], &six.centre];
    let secrets = parties.map(|org| secret(org, &id));
    let there = |org: &Org, at: usize| secrets[at].iter().any(|it| holds(org.node(), it));
    assert!((0..3).all(|at| there(parties[at], at)), "the search finds what is there");
    six.gather(&id, &[0, 1, 2]);
    six.mixed(&id, Role::First);
    assert!(!there(parties[0], 0) && there(parties[1], 1) && there(parties[2], 2));
    six.mixed(&id, Role::Second);
    assert!(!there(parties[1], 1) && there(parties[2], 2));
    six.centre.node().count_overlap(staff(), &id).unwrap();
    assert!(!there(parties[2], 2));

    for org in six.others() {
        org.node().close_overlap(&six.centre.id(), &id).unwrap();
    }
    let batch = |value: &Vec<u8>| value.windows(4).any(|window| window == b"EOV1");
    for org in six.others().chain([&six.centre]) {
        assert!(!values(org.node()).iter().any(batch), "a batch is left");
        assert_eq!(org.node().db().read(|tx| tx.overlap_keys()).unwrap(), [[0; 32]; 0]);
        let ended = n_audited(org.node(), Action::OverlapEnded)
            + n_audited(org.node(), Action::OverlapCounted);
        assert_eq!(ended, 1);
    }
    assert!(matches!(six.ask(0, &id), Err(OverlapShut::Done)));
}

#[test]
fn a_round_that_is_given_up_is_over_for_good() {
    let six = Six::new();
    let id = six.sign(six.terms()).id();
    six.share(&id);
    six.gather(&id, &[0, 1, 2]);
    let helper = &six.helpers[0];
    let secrets = secret(helper, &id);
    helper.node().end_overlap(staff(), &id).unwrap();
    assert!(!secrets.iter().any(|it| holds(helper.node(), it)));
    assert!(matches!(six.mix(&id, Role::First), Err(OverlapShut::Done)));
    let again = helper.node().share_overlap(&six.centre.id(), &id);
    assert!(matches!(again, Err(OverlapShut::Done)));
    six.centre.node().end_overlap(staff(), &id).unwrap();
    let fault = six.centre.node().begin_overlap(staff(), &id).unwrap_err();
    assert_eq!(fault.code, "ENT-2126");
    assert_eq!(six.centre.node().count_overlap(staff(), &id).unwrap_err().code, "ENT-2126");
    // What was paid stays paid.
    assert_eq!(six.contributors[0].node().odometer().unwrap().spent, COST);
}

#[test]
fn keys_that_were_left_lying_are_destroyed_after_a_month() {
    let six = Six::new();
    let id = six.sign(six.terms()).id();
    six.share(&id);
    six.clock.advance(KEPT_DAYS * 86_400);
    assert_eq!(six.helpers[1].node().end_stale_overlaps().unwrap(), 0);
    six.clock.advance(1);
    for org in six.helpers.iter().chain([&six.centre]) {
        assert_eq!(org.node().end_stale_overlaps().unwrap(), 1);
        assert_eq!(org.node().db().read(|tx| tx.overlap_keys()).unwrap(), [[0; 32]; 0]);
        assert_eq!(org.node().end_stale_overlaps().unwrap(), 0);
    }
}

/// A helper that mixed, and is restored to before: its factor would be used a second time.
#[test]
fn a_helper_that_was_restored_does_not_use_its_key_again() {
    let mut six = Six::new();
    let id = six.sign(six.terms()).id();
    six.share(&id);
    six.gather(&id, &[0, 1, 2]);
    let before = six.helpers[0].copied();
    six.mixed(&id, Role::First);
    six.helpers[0].set_back(&before);
    let mark = |tx: &mut entente_store::db::Write<'_>| tx.put(META, RESTORED_AT, &[0; 8]);
    six.helpers[0].node().db().write::<_, DbError>("restored", mark).unwrap();
    assert_eq!(six.helpers[0].node().db().read(|tx| tx.overlap_keys()).unwrap(), [id.0]);
    six.helpers[0].crash();
    assert_eq!(six.helpers[0].node().db().read(|tx| tx.overlap_keys()).unwrap(), [[0; 32]; 0]);
    assert!(matches!(six.mix(&id, Role::First), Err(OverlapShut::Done)));
}

#[test]
fn a_ledger_that_was_set_back_learns_of_its_charge_from_the_coordinator() {
    let mut six = Six::new();
    let terms = Terms { noise: noise(450), ..six.terms() };
    let first = six.sign(terms.clone());
    let before = six.contributors[0].copied();
    six.run(&first.id());
    six.contributors[0].set_back(&before);
    assert_eq!(six.contributors[0].node().odometer().unwrap().n_charges, 0);

    // To its own books the second round is the first one. The receipt says otherwise.
    let again = Terms { capacity: 81, ..terms }.check().unwrap();
    let node = six.contributors[0].node();
    let (mut parties, id) = (vec![node], again.id());
    parties.extend(six.helpers.iter().map(Org::node));
    parties.push(six.centre.node());
    for node in parties {
        // By hand: the feeds of a node that was set back are another test's.
        node.propose_overlap(staff(), &again).unwrap();
        node.sign_overlap(staff(), &id).unwrap();
    }
    six.share(&id);
    let refused = six.ask(0, &id);
    assert!(matches!(refused, Err(OverlapShut::Declined("round_before"))), "{refused:?}");
    let odometer = six.contributors[0].node().odometer().unwrap();
    assert_eq!((odometer.n_charges, odometer.spent), (1, NanoRho(625 * 450 * 450)));
}
