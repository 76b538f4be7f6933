//! Whole rounds, and attacks on them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as BASE;
use curve25519_dalek::scalar::Scalar;
use jiff::civil::{Date, date};
use rand::rngs::SysRng;

use crate::identity::{OrgId, OrgKey};
use crate::period::Period;
use crate::statistics::mse::{self, Caveat, Lists};
use crate::statistics::random::Noticing;

use super::round::lists_of;
use super::*;

mod refusals;

pub(super) fn org(seed: u8) -> OrgId {
    OrgKey::from_seed(&[seed; 32]).id()
}

/// Three lists; two shelters and two hotlines may know the same person.
pub(super) fn terms() -> Terms {
    Terms {
        period: Period::whole_year(2025).unwrap(),
        lists: ["police", "shelter", "hotline"].map(str::to_owned).to_vec(),
        per_list: 2,
        capacity: 80,
        noise: Noise::from_epsilon_milli(500).unwrap(),
        coordinator: org(1),
        helpers: [org(2), org(3)],
        contributors: vec![(org(10), 0), (org(11), 1), (org(12), 2), (org(13), 1), (org(14), 2)],
        n_before: 0,
    }
}

fn round() -> Round {
    terms().check().unwrap()
}

/// A made-up person, by number. The family name is the number, a syllable for each digit, and no two
/// syllables sound alike.
fn person(number: u32) -> ([String; 2], Date) {
    let syllables = ["bax", "kex", "dix", "fox", "gux", "lax", "mex", "nix", "sox", "rax"];
    let digits: String = number.to_string();
    let spelled = |c: char| syllables[usize::try_from(c.to_digit(10).unwrap()).unwrap()];
    let last: String = digits.chars().map(spelled).collect();
    let day = i8::try_from(number % 28 + 1).unwrap();
    ([["Ana", "Lea", "Noor"][number as usize % 3].to_owned(), last], date(2001, 3, day))
}

fn key(number: u32, round: &Round) -> MatchKey {
    let ([first, last], birthdate) = person(number);
    MatchKey::new([first.as_str(), last.as_str()], birthdate, round).unwrap()
}

/// Whom each contributor knows: a police service, shelters and hotlines with persons in common.
fn known(round: &Round) -> Vec<(OrgId, Vec<u32>)> {
    let knows = |at: usize, number: u32| match at {
        0 => number.is_multiple_of(5),
        1 => number.is_multiple_of(3),
        2 => number % 7 < 2,
        3 => number % 4 == 1,
        _ => number.is_multiple_of(11),
    };
    let contributors = round.terms().contributors.iter().enumerate();
    contributors
        .map(|(at, (who, _))| (*who, (0..200).filter(|n| knows(at, *n)).collect()))
        .collect()
}

/// The true histogram, counted without any of the code that is tested.
fn truth(round: &Round, known: &[(OrgId, Vec<u32>)]) -> BTreeMap<Lists, i64> {
    let mut patterns: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for (who, numbers) in known {
        let list = usize::from(round.list_of(who).unwrap());
        for number in numbers {
            patterns.entry(*number).or_insert_with(|| vec![0; 3])[list] += 1;
        }
    }
    let mut counts: BTreeMap<_, _> =
        round.shape().patterns().map(|pattern| (lists_of(&pattern), 0)).collect();
    for pattern in patterns.values() {
        *counts.get_mut(&lists_of(pattern)).unwrap() += 1;
    }
    counts
}

/// Everything that was ever sent, and every secret: an attack takes its part of them.
struct Transcript {
    sent: Batch,
    once: Batch,
    twice: Batch,
    /// The shares of the first helper, the second, and the coordinator.
    shares: [Scalar; 3],
    /// What the first and the second helper multiplied by.
    factors: [Scalar; 2],
    histogram: Histogram,
}

/// How many dummies the helpers add.
#[derive(Clone, Copy)]
enum Dummies {
    Drawn,
    /// Exactly as many as the coordinator subtracts.
    Shift,
}

/// What happens to a batch on its way.
type Tampering<'a> = &'a dyn Fn(Batch, Stage) -> Batch;

fn run(round: &Round, known: &[(OrgId, Vec<u32>)], dummies: Dummies) -> Transcript {
    run_with(round, known, dummies, &|batch, _| batch)
}

fn run_with(
    round: &Round,
    known: &[(OrgId, Vec<u32>)],
    dummies: Dummies,
    tamper: Tampering<'_>,
) -> Transcript {
    let (first, first_share) = Helper::begin(round, true, &mut SysRng).unwrap();
    let (second, second_share) = Helper::begin(round, false, &mut SysRng).unwrap();
    let (coordinator, coordinator_share) = Coordinator::begin(round, &mut SysRng).unwrap();
    let shares = [first_share, second_share, coordinator_share]
        .map(|share| PublicShare::parse(&share.to_bytes(), round).unwrap());
    let joint = JointKey::new(round, shares).unwrap();

    let contributions = known.iter().map(|(who, numbers)| {
        let persons: Vec<_> = numbers.iter().map(|number| key(*number, round)).collect();
        let made = contribute(round, &joint, who, &persons, &mut SysRng).unwrap();
        assert_eq!(made.n_persons, numbers.len());
        Contribution::parse(&made.batch.to_bytes(), round, *who).unwrap()
    });
    let sent = Batch::gather(round, contributions.collect()).unwrap();
    let on_its_way = |batch: &Batch, stage| {
        tamper(Batch::parse(&batch.to_bytes(), round, stage).unwrap(), stage)
    };
    let shares = [&first.share, &second.share, &coordinator.share].map(|it| *it.scalar());
    let factors = [&first.factor, &second.factor].map(|it| *it.scalar());

    let mix = |helper: Helper, batch: &Batch| match dummies {
        Dummies::Drawn => helper.mix(&joint, batch, &mut SysRng).unwrap(),
        Dummies::Shift => {
            let dummies = vec![round.terms().noise.shift(); round.shape().patterns().count()];
            let added = (dummies.as_slice(), [9, 0, 4].as_slice());
            let mut system = SysRng;
            helper.mix_with(&joint, batch, added, &mut Noticing::new(&mut system)).unwrap()
        }
    };
    let sent = on_its_way(&sent, Stage::Sent);
    let once = on_its_way(&mix(first, &sent), Stage::MixedOnce);
    let twice = on_its_way(&mix(second, &once), Stage::MixedTwice);
    let histogram = coordinator.count(&twice).unwrap();
    Transcript { sent, once, twice, shares, factors, histogram }
}

#[test]
fn without_the_randomness_of_dummies_the_histogram_is_exact() {
    let round = round();
    let known = known(&round);
    let histogram = run(&round, &known, Dummies::Shift).histogram;
    assert_eq!(histogram.counts, truth(&round, &known));
    assert_eq!(histogram.n_uncovered, 0);
    let all: BTreeSet<_> = known.iter().flat_map(|(_, numbers)| numbers).collect();
    assert_eq!(histogram.n_distinct(), u64::try_from(all.len()).unwrap());
}

#[test]
fn with_dummies_the_histogram_is_as_wrong_as_it_says() {
    let round = round();
    let known = known(&round);
    let truth = truth(&round, &known);
    let histogram = run(&round, &known, Dummies::Drawn).histogram;
    let errors: Vec<_> = truth
        .iter()
        .map(|(lists, n)| (histogram.counts[lists] - n) as f64 / histogram.sd[lists])
        .collect();
    // A sum of Laplace is beyond eight of its deviations once in tens of thousands of rounds.
    assert!(errors.iter().all(|error| error.abs() < 8.0), "{errors:?}");
    // Seven exact counts have a probability of about a hundred-thousandth.
    assert_ne!(histogram.counts, truth);
}

/// The amount of padding that was sent is the number of persons that were not.
#[test]
fn the_coordinator_does_not_see_how_much_padding_was_sent() {
    let round = round();
    let seen = run(&round, &known(&round), Dummies::Drawn);
    let last = seen.shares[2];
    let mut padding = [0_usize; 3];
    for entry in seen.twice.entries() {
        if entry.other == entry.one * last {
            padding[usize::from(entry.list)] += 1;
        }
    }
    let [n_police, n_shelter] = [40, 67 + 50];
    let sent = [80 - n_police, 160 - n_shelter, 160 - (58 + 19)];
    // Each helper adds 1,850 to each list on average, give or take 170.
    let added: Vec<_> = padding.iter().zip(sent).map(|(all, sent)| all - sent).collect();
    assert!(added.iter().all(|n| (1_500..6_000).contains(n)), "{added:?}");
    assert_ne!(added[0], added[1]);
    assert_ne!(added[1], added[2]);
}

#[test]
fn whoever_does_not_contribute_is_left_out_but_a_whole_list_is_not() {
    let round = round();
    let mut known = known(&round);
    known.remove(1);
    let histogram = run(&round, &known, Dummies::Shift).histogram;
    assert_eq!(histogram.counts, truth(&round, &known));

    let parts = |who: &[u8]| {
        let made = |who: &u8| contribution(&round, org(*who), &[1, 2]);
        Batch::gather(&round, who.iter().map(made).collect())
    };
    assert!(parts(&[10, 11, 12]).is_ok());
    assert_eq!(parts(&[10, 11, 13]), Err(Malformed::ListMissing));
    assert_eq!(parts(&[10, 11, 12, 11]), Err(Malformed::ContributedTwice));
}

/// RT18: a helper and the coordinator together, with all they saw and all they know, test 10,000
/// names, all true ones among them.
#[test]
fn a_helper_and_the_coordinator_together_find_nobody() {
    // As few dummies as there may be: they have no part in this.
    let noise = Noise::from_epsilon_milli(2_000).unwrap();
    let round = Terms { noise, ..terms() }.check().unwrap();
    let seen = run(&round, &known(&round), Dummies::Drawn);
    let [first, second, coordinator] = seen.shares;
    let [a, b] = seen.factors;
    let one = Scalar::ONE;
    assert_eq!(hits(&round, &seen, &[first, coordinator], &[one, a], 10_000), 0);
    assert_eq!(hits(&round, &seen, &[second, coordinator], &[one, b], 10_000), 0);
    // Two helpers without the coordinator know both numbers, and cannot open what was sent.
    assert_eq!(hits(&round, &seen, &[first, second], &[one, a, b, a * b], 1_000), 0);

    // The attack works: all three together find those who are there, and nobody else.
    let n_there: BTreeSet<_> = known(&round).into_iter().flat_map(|(_, numbers)| numbers).collect();
    let found = hits(&round, &seen, &seen.shares, &[one, a, b, a * b], 400);
    assert_eq!(found, n_there.len());
}

/// How many of the persons with the first numbers are recognized: everything that was sent, opened
/// with every combination of the shares, against every candidate times each of the factors.
fn hits(
    round: &Round,
    seen: &Transcript,
    shares: &[Scalar],
    factors: &[Scalar],
    n_candidates: u32,
) -> usize {
    let combinations: Vec<Scalar> = (0..1_u32 << shares.len())
        .map(|set| {
            let chosen = shares.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
            chosen.map(|(_, share)| share).sum()
        })
        .collect();
    let mut opened = HashSet::new();
    for entry in [&seen.sent, &seen.once, &seen.twice].into_iter().flat_map(|it| it.entries()) {
        opened.insert(entry.one.compress().0);
        for combination in &combinations {
            opened.insert((entry.other - entry.one * combination).compress().0);
        }
    }
    let is_found = |candidate: &u32| {
        let point = key(*candidate, round).0;
        factors.iter().any(|factor| opened.contains(&(point * factor).compress().0))
    };
    (0..n_candidates).filter(is_found).count()
}

#[test]
fn two_rounds_on_the_same_persons_have_nothing_in_common() {
    let one = round();
    let other = Terms { n_before: 1, ..terms() }.check().unwrap();
    let known = known(&one);
    let points = |round: &Round| {
        let seen = run(round, &known, Dummies::Shift);
        let last = seen.shares[2];
        let entries = seen.twice.entries().to_vec();
        let opened = entries.iter().map(|entry| (entry.other - entry.one * last).compress().0);
        // Padding is in every round.
        opened.filter(|bytes| *bytes != [0; 32]).collect::<HashSet<_>>()
    };
    assert!(points(&one).is_disjoint(&points(&other)));
    assert_ne!(key(1, &one), key(1, &other));
}

#[test]
fn an_entry_that_was_tampered_with_moves_no_count_by_more_than_one() {
    let round = round();
    let known = known(&round);
    let truth = truth(&round, &known);
    for at in [Stage::Sent, Stage::MixedOnce, Stage::MixedTwice] {
        let tamper = |batch: Batch, stage: Stage| {
            if stage != at {
                return batch;
            }
            let mut entries = batch.entries().to_vec();
            entries[5].other += BASE;
            Batch::new(batch.round(), stage, entries)
        };
        let counts = run_with(&round, &known, Dummies::Shift, &tamper).histogram.counts;
        let moved: i64 = counts.iter().map(|(lists, n)| (n - truth[lists]).abs()).sum();
        assert!(counts.iter().all(|(lists, n)| (n - truth[lists]).abs() <= 1), "{at:?}");
        // Padding becomes one person more; a person loses a list and leaves one that is not there.
        assert!(moved <= 3, "{at:?}: {moved}");
    }
}

#[test]
fn somebody_known_to_more_organizations_than_agreed_is_counted_and_reported() {
    let mut terms = terms();
    terms.per_list = 1;
    let round = terms.check().unwrap();
    let known = known(&round);
    let histogram = run(&round, &known, Dummies::Shift).histogram;
    assert_eq!(histogram.counts, truth(&round, &known));
    let of = |at: usize| known[at].1.iter().collect::<BTreeSet<_>>();
    let twice: BTreeSet<_> = (&of(1) & &of(3)).union(&(&of(2) & &of(4))).copied().collect();
    assert_eq!(histogram.n_uncovered, u64::try_from(twice.len()).unwrap());
    assert!(histogram.n_uncovered > 0);
}

fn joint(round: &Round) -> (Helper, Helper, Coordinator, JointKey) {
    let (first, a) = Helper::begin(round, true, &mut SysRng).unwrap();
    let (second, b) = Helper::begin(round, false, &mut SysRng).unwrap();
    let (coordinator, c) = Coordinator::begin(round, &mut SysRng).unwrap();
    let joint = JointKey::new(round, [a, b, c]).unwrap();
    (first, second, coordinator, joint)
}

fn contributed(round: &Round, who: OrgId, numbers: &[u32]) -> Contributed {
    let persons: Vec<_> = numbers.iter().map(|number| key(*number, round)).collect();
    contribute(round, &joint(round).3, &who, &persons, &mut SysRng).unwrap()
}

fn contribution(round: &Round, who: OrgId, numbers: &[u32]) -> Contribution {
    let made = contributed(round, who, numbers);
    Contribution::parse(&made.batch.to_bytes(), round, who).unwrap()
}

#[test]
fn spellings_of_one_person_meet_and_other_persons_do_not() {
    let round = round();
    let key = |names: [&str; 2], day| MatchKey::new(names, date(2001, 2, day), &round);
    let ana = key(["Jean-François", "D’Amour"], 3).unwrap();
    for names in
        [["Jean Francois", "Damour"], ["DAMOUR", "Jean-Francois"], ["jean", "damour françois"]]
    {
        assert_eq!(key(names, 3), Some(ana), "{names:?}");
    }
    assert_eq!(key(["Bob", "Exemple"], 3), key(["Robert", "Example"], 3));
    assert_ne!(key(["Jean-François", "D’Amour"], 4), Some(ana));
    assert_ne!(key(["Jean-François", "Martin"], 3), Some(ana));
    assert_eq!(key(["", "Exemple"], 3), None);
    assert_eq!(format!("{ana:?}"), "MatchKey(..)");
}

#[test]
fn what_is_secret_prints_nothing() {
    let round = round();
    let (first, _, coordinator, _) = joint(&round);
    for shown in [format!("{:?}", first.share), format!("{:?}", coordinator.share)] {
        assert_eq!(shown, "Secret(..)");
    }
    let batch = contributed(&round, org(10), &[1]).batch;
    assert_eq!(format!("{batch:?}"), "Batch(Sent, 80 entries)");
}

#[test]
fn a_histogram_becomes_a_table_from_which_the_unseen_are_estimated() {
    let round = round();
    let mut histogram = run(&round, &known(&round), Dummies::Shift).histogram;
    let table = histogram.to_table().unwrap();
    assert_eq!(table.n_observed(), histogram.n_distinct());
    let estimate = mse::estimate(&table, mse::MIN_REPLICATIONS, 1).unwrap();
    assert!(estimate.n_persons > table.n_observed() as f64);
    assert_eq!(estimate.caveats.last(), Some(&Caveat::NoisyCounts));
    // The file is the same table, and says so too.
    let csv = histogram.csv();
    let mut lines = csv.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    assert_eq!(mse::OverlapTable::read(&header, lines), Ok(table));

    // A negative count is nobody in the table, and stays as it is in the histogram.
    let all = Lists::only(0).and(Lists::only(1)).and(Lists::only(2));
    histogram.counts.insert(all, -4);
    assert_eq!(histogram.to_table().unwrap().n_exactly(all), 0);
}

#[test]
fn distinct_persons_are_between_the_largest_figure_and_the_sum() {
    assert_eq!(Bounds::of([40, -3, 25]), Bounds { largest: 40, sum: 65 });
    assert_eq!(Bounds::of([]), Bounds { largest: 0, sum: 0 });
    let round = round();
    let known = known(&round);
    let sizes = known.iter().map(|(_, numbers)| i64::try_from(numbers.len()).unwrap());
    let bounds = Bounds::of(sizes);
    let distinct = run(&round, &known, Dummies::Shift).histogram.n_distinct();
    assert!((bounds.largest..=bounds.sum).contains(&distinct));
}
