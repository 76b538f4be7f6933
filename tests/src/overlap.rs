//! Overlap rounds among nodes in memory: six organizations whose truth is known.

use std::collections::{BTreeMap, BTreeSet};

use entente_core::consent::Consent;
use entente_core::identity::OrgId;
use entente_core::period::Period;
use entente_core::record::Field;
use entente_core::statistics::mse::Lists;
use entente_core::statistics::overlap::{Histogram, Noise, Role, Round, RoundId, Terms};
use entente_node::clock::ManualClock;
use entente_node::node::Node;
use entente_node::node::statistics::overlap::{Handed, Heard, OverlapShut};

use crate::federation::{Org, START_S, agree, consent, pair, pull, staff};

/// The lists, each with one contributor.
pub const LISTS: [&str; 3] = ["hotline", "ngo", "police"];

/// Of how many made-up persons there are.
pub const N_PERSONS: u32 = 120;

/// A made-up person, by number. The family name is the number, a syllable for each digit, and no two
/// syllables sound alike.
pub fn person(number: u32) -> (String, String, String) {
    let syllables = ["bax", "kex", "dix", "fox", "gux", "lax", "mex", "nix", "sox", "rax"];
    let digits = number.to_string();
    let spelled = |c: char| c.to_digit(10).and_then(|digit| syllables.get(digit as usize).copied());
    let last = digits.chars().filter_map(spelled).collect();
    let first = if number.is_multiple_of(2) { "Ana" } else { "Milo" };
    (first.to_owned(), last, format!("1990-03-{:02}", number % 28 + 1))
}

/// Whether the contributor at a place knows a person.
pub fn knows(at: usize, number: u32) -> bool {
    match at {
        0 => number.is_multiple_of(2),
        1 => number.is_multiple_of(3),
        _ => number % 5 < 2,
    }
}

/// The truth: how many persons are on exactly these lists, of the contributors at `places`.
pub fn truth(places: &[usize]) -> BTreeMap<Lists, i64> {
    let mut counts = BTreeMap::new();
    for set in 1..1_usize << LISTS.len() {
        let on = (0..LISTS.len()).filter(|at| set >> at & 1 == 1);
        counts.insert(on.fold(Lists::NONE, |all, at| all.and(Lists::only(at))), 0);
    }
    for number in 0..N_PERSONS {
        let on = places.iter().filter(|at| knows(**at, number));
        let set = on.fold(Lists::NONE, |all, at| all.and(Lists::only(*at)));
        if let Some(count) = counts.get_mut(&set) {
            *count += 1;
        }
    }
    counts
}

/// Records a person at a node: without a name if `last` is empty, and so on.
pub fn record(node: &Node, who: (&str, &str, &str), registered_on: &str, consents: Vec<Consent>) {
    let (first, last, born) = who;
    let mut record = node.blank_record().expect("an id");
    let fields = [
        (Field::RegisteredOn, registered_on),
        (Field::NameFirst, first),
        (Field::NameLast, last),
        (Field::Birthdate, born),
        (Field::Status, "actual"),
        (Field::StatusDecidedBy, "ngo"),
        (Field::Gender, "woman"),
        (Field::ProvinceOfExploitation, "46"),
        (Field::Exploitation, "forced_labour"),
    ];
    let fields = fields.into_iter().filter(|(_, text)| !text.is_empty());
    let fields: Vec<_> = fields.map(|(field, text)| (field, text.to_owned())).collect();
    node.fill(&mut record, &fields).expect("a whole record");
    node.add_record(staff(), record, consents).expect("added");
}

/// Records everybody whom the contributor at a place knows, in 2025; and some who are in no round.
pub fn fill(node: &Node, at: usize) {
    for number in (0..N_PERSONS).filter(|number| knows(at, *number)) {
        let (first, last, born) = person(number);
        record(node, (&first, &last, &born), "2025-05-06", vec![consent(1)]);
    }
    let (first, last, born) = person(700);
    // The same person again; without consent; of another year.
    let (again, name, day) = person((0..N_PERSONS).find(|it| knows(at, *it)).expect("somebody"));
    record(node, (&again, &name, &day), "2025-08-06", vec![consent(1)]);
    record(node, (&first, &last, &born), "2025-05-06", Vec::new());
    record(node, (&first, &last, &born), "2024-05-06", vec![consent(1)]);
    // Who cannot be matched.
    record(node, (&first, "", &born), "2025-05-06", vec![consent(1)]);
    record(node, (&first, &last, ""), "2025-05-06", vec![consent(1)]);
}

/// The terms of a round among these six.
pub fn terms(coordinator: OrgId, helpers: [OrgId; 2], contributors: &[OrgId]) -> Terms {
    let mut contributors: Vec<_> = contributors.iter().copied().zip(0..).collect();
    contributors.sort_unstable();
    Terms {
        period: Period::whole_year(2025).expect("a year"),
        lists: LISTS.map(str::to_owned).to_vec(),
        per_list: 1,
        capacity: 80,
        // As much as is allowed: tests are about who sees what, and are quicker with fewer dummies.
        noise: Noise::from_epsilon_milli(700).expect("noise"),
        coordinator,
        helpers,
        contributors,
        n_before: 0,
    }
}

/// Six organizations: three that contribute, two helpers, a coordinator. All are partners of the
/// coordinator and of nobody else.
#[derive(Debug)]
pub struct Six {
    /// The time of all.
    pub clock: ManualClock,
    /// Counts.
    pub centre: Org,
    /// Mix.
    pub helpers: [Org; 2],
    /// Contribute, in the order of [`LISTS`].
    pub contributors: [Org; 3],
}

impl Default for Six {
    fn default() -> Self {
        Self::new()
    }
}

impl Six {
    /// Partners with agreements and cases. Nothing is signed.
    pub fn new() -> Self {
        let clock = ManualClock::new(START_S);
        let org = |seed| Org::new(seed, &clock);
        let (centre, helpers) = (org(1), [org(2), org(3)]);
        let contributors = [org(4), org(5), org(6)];
        for helper in &helpers {
            pair(&centre, helper);
        }
        for (at, contributor) in contributors.iter().enumerate() {
            pair(&centre, contributor);
            agree(contributor, &centre, 5);
            fill(contributor.node(), at);
        }
        Self { clock, centre, helpers, contributors }
    }

    /// The terms of a round among them.
    pub fn terms(&self) -> Terms {
        let contributors = self.contributors.each_ref().map(Org::id);
        terms(self.centre.id(), self.helpers.each_ref().map(Org::id), &contributors)
    }

    /// Everybody but the coordinator.
    pub fn others(&self) -> impl Iterator<Item = &Org> {
        self.helpers.iter().chain(&self.contributors)
    }

    /// Proposed by the coordinator, heard of by all, signed by nobody.
    pub fn propose(&self, terms: Terms) -> Round {
        let round = terms.check().expect("a round");
        self.centre.node().propose_overlap(staff(), &round).expect("proposed");
        for other in self.others() {
            pull(other, &self.centre).expect("heard of it");
        }
        round
    }

    /// Signed by everybody.
    pub fn sign(&self, terms: Terms) -> Round {
        let round = self.propose(terms);
        for org in self.others().chain([&self.centre]) {
            org.node().sign_overlap(staff(), &round.id()).expect("signed");
        }
        for other in self.others() {
            pull(&self.centre, other).expect("heard of the signature");
        }
        round
    }

    /// The three shares of the key.
    pub fn share(&self, id: &RoundId) {
        let node = self.centre.node();
        node.begin_overlap(staff(), id).expect("begun");
        for helper in &self.helpers {
            let share = helper.node().share_overlap(&self.centre.id(), id).expect("a share");
            assert_eq!(
                node.keep_overlap_share(&helper.id(), id, &share).expect("kept"),
                Heard::Kept
            );
        }
    }

    /// What the contributor at a place hands over.
    pub fn ask(&self, at: usize, id: &RoundId) -> Result<Handed, OverlapShut> {
        let contributor = self.contributors.get(at).expect("three of them");
        let question = self.centre.node().overlap_question(id, &contributor.id());
        contributor.node().contribute_overlap(&self.centre.id(), &question.expect("a question"))
    }

    /// The contributors at these places are asked; the others have dropped out.
    pub fn gather(&self, id: &RoundId, places: &[usize]) {
        let node = self.centre.node();
        for at in places {
            let handed = self.ask(*at, id).expect("a contribution");
            let org = self.contributors.get(*at).expect("three of them").id();
            let heard = node.keep_overlap_contribution(&org, id, &handed).expect("kept");
            assert_eq!(heard, Heard::Kept);
        }
        let missing = self.contributors.iter().enumerate();
        let missing = missing.filter(|(at, _)| !places.contains(at)).map(|(_, org)| org.id());
        node.close_gathering(id, &missing.collect::<BTreeSet<_>>()).expect("closed");
    }

    /// What a helper makes of what the coordinator brings it.
    pub fn mix(&self, id: &RoundId, role: Role) -> Result<Handed, OverlapShut> {
        let (head, parcels) = self.centre.node().overlap_mixing(id, role).expect("a question");
        let node = self.helper(role).node();
        let mixing = node.open_mixing(&self.centre.id(), &head)?;
        node.mix_overlap(&self.centre.id(), &mixing, &parcels)
    }

    /// The same, kept by the coordinator.
    pub fn mixed(&self, id: &RoundId, role: Role) -> Handed {
        let handed = self.mix(id, role).expect("mixed");
        let helper = self.helper(role).id();
        let heard = self.centre.node().keep_overlap_mixed(&helper, id, &handed).expect("kept");
        assert_eq!(heard, Heard::Kept);
        handed
    }

    /// The helper of a role.
    pub fn helper(&self, role: Role) -> &Org {
        let [first, second] = &self.helpers;
        if role == Role::First { first } else { second }
    }

    /// A whole round.
    pub fn run(&self, id: &RoundId) -> Histogram {
        self.share(id);
        self.gather(id, &[0, 1, 2]);
        self.mixed(id, Role::First);
        self.mixed(id, Role::Second);
        self.centre.node().count_overlap(staff(), id).expect("counted")
    }
}
