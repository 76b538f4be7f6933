//! A secure sum between nodes in memory: a centre that asks and leads, a helper, and offices.

use entente_core::codes::OrgType;
use entente_core::record::Field;
use entente_core::statistics::plan::{Plan, PlanId, Roles};
use entente_core::statistics::release::{DeclineReason, ReleaseId};
use entente_node::clock::ManualClock;
use entente_node::node::statistics::sum::SumShut;
use entente_node::node::statistics::{AnswerKept, Asking};
use entente_proto::{SumQuestion, SumReply};
use entente_store::rows::{RoundRow, RoundState};
use entente_store::sums::Part;

use crate::federation::{Org, START_S, agree, consent, pair, sign_plan, staff};

/// The seeds of the centre and the helper; offices have 3, 4, …
const CENTRE: u8 = 1;
const HELPER: u8 = 2;

/// The nodes of one secure sum, all partners of the centre and of nobody else.
#[derive(Debug)]
pub struct Summed {
    /// What they decide by.
    pub clock: ManualClock,
    /// Asks, and leads.
    pub centre: Org,
    /// Adds up the other shares.
    pub helper: Org,
    /// Contribute.
    pub offices: Vec<Org>,
    /// The plan, which all of them signed.
    pub plan: PlanId,
}

/// The shipped plan of cases, added up in secret.
pub fn secret_plan(
    centre: &Org,
    helper: &Org,
    offices: &[Org],
    change: impl FnOnce(&mut Plan),
) -> Plan {
    let draft = include_str!("../../config/plans/canada-v1.toml");
    let roles = Roles {
        queriers: [(centre.id(), OrgType::Federal)].into(),
        contributors: offices.iter().map(|org| (org.id(), OrgType::Provincial)).collect(),
        aggregators: Some([centre.id(), helper.id()]),
    };
    let mut plan = Plan::from_toml(draft, Some(roles)).expect("a plan");
    crate::federation::of_three_cubes(&mut plan);
    change(&mut plan);
    assert_eq!(plan.problems(), []);
    plan
}

/// Records `n` women of Manitoba in 2025.
pub fn add_women(office: &Org, n: usize) {
    for _ in 0..n {
        let mut record = office.node().blank_record().expect("an id");
        let fields = [
            (Field::RegisteredOn, "2025-05-06"),
            (Field::Status, "actual"),
            (Field::StatusDecidedBy, "ngo"),
            (Field::Gender, "woman"),
            (Field::AgeAtRegistration, "30"),
            (Field::ProvinceOfExploitation, "46"),
            (Field::Exploitation, "forced_labour"),
        ];
        let fields = fields.map(|(field, text)| (field, text.to_owned()));
        office.node().fill(&mut record, &fields).expect("a whole record");
        office.node().add_record(staff(), record, vec![consent(1)]).expect("added");
    }
}

impl Summed {
    /// `n` offices, the first with ten women, the second with eleven, and so on.
    pub fn new(n: u8) -> Self {
        Self::with(n, |_| {})
    }

    /// The same under a changed plan.
    pub fn with(n: u8, change: impl FnOnce(&mut Plan)) -> Self {
        let clock = ManualClock::new(START_S);
        let (centre, helper) = (Org::new(CENTRE, &clock), Org::new(HELPER, &clock));
        pair(&centre, &helper);
        let offices: Vec<_> = (0..n).map(|nth| Org::new(HELPER + 1 + nth, &clock)).collect();
        for (nth, office) in offices.iter().enumerate() {
            pair(office, &centre);
            agree(office, &centre, 5);
            add_women(office, 10 + nth);
        }
        let plan = secret_plan(&centre, &helper, &offices, change);
        let id = sign_plan(&centre, &plan);
        sign_plan(&helper, &plan);
        for office in &offices {
            sign_plan(office, &plan);
        }
        Self { clock, centre, helper, offices, plan: id }
    }

    /// A yearly release of 2025.
    pub fn release(&self, cube: u8) -> ReleaseId {
        ReleaseId { plan: self.plan, cube, period: "2025".parse().expect("a year"), revision: 0 }
    }

    /// Begins at the leader, and opens at the helper.
    pub fn open(&self, release: &ReleaseId) -> Result<(), SumShut> {
        self.centre.node().begin_sum(staff(), release)?;
        let opening = self.helper.node().open_sum(&self.centre.id(), release)?;
        assert!(self.centre.node().keep_opening(release, &opening)?, "not an opening");
        Ok(())
    }

    /// What the leader asks an office.
    pub fn question(&self, nth: usize, release: &ReleaseId) -> SumQuestion {
        let question = self.centre.node().sum_question(
            staff(),
            &self.offices[nth].id(),
            release,
            Asking::First,
        );
        question.expect("no fault").expect("the intake is open")
    }

    /// What an office replies.
    pub fn reply(&self, nth: usize, release: &ReleaseId) -> Result<SumReply, SumShut> {
        self.offices[nth].node().contribute(&self.centre.id(), &self.question(nth, release))
    }

    /// Asks an office for its contribution, as a node does over the network.
    pub fn ask(&self, nth: usize, release: &ReleaseId) -> AnswerKept {
        let (node, id) = (self.centre.node(), self.offices[nth].id());
        let mut asking = Asking::First;
        loop {
            let question = node.sum_question(staff(), &id, release, asking).expect("no fault");
            let Some(question) = question else { return AnswerKept::TooLate };
            let reply = self.offices[nth].node().contribute(&self.centre.id(), &question);
            let kept = node.keep_sum_reply(&id, release, &reply.expect("a reply")).expect("kept");
            match asking.next(&kept) {
                Some(next) => asking = next,
                None => return kept,
            }
        }
    }

    /// Takes in what these offices contribute.
    pub fn take_in(&self, offices: impl IntoIterator<Item = usize>, release: &ReleaseId) {
        for nth in offices {
            let kept = self.ask(nth, release);
            assert!(matches!(kept, AnswerKept::Added(_)), "office {nth}: {kept:?}");
        }
    }

    /// Why an office does not contribute.
    pub fn declined(&self, nth: usize, release: &ReleaseId) -> DeclineReason {
        match self.ask(nth, release) {
            AnswerKept::Declined(declined) => declined.reason,
            other => panic!("not declined: {other:?}"),
        }
    }

    /// Ends the intake.
    pub fn close(&self, release: &ReleaseId) {
        self.centre.node().close_sum(staff(), release).expect("closed");
    }

    /// One question of the leader and its answer; says whether there was one to ask.
    pub fn step(&self, release: &ReleaseId) -> Result<bool, SumShut> {
        let node = self.centre.node();
        let Some(question) = node.next_sum_question(release)? else { return Ok(false) };
        let (answer, share) =
            self.helper.node().answer_sum(&self.centre.id(), release, &question)?;
        node.sum_answered(release, &question, &answer, share.as_ref())?;
        Ok(true)
    }

    /// Asks the helper until nothing is left to ask.
    pub fn finish(&self, release: &ReleaseId) {
        while self.step(release).expect("an answer") {}
    }

    /// The whole round with these offices.
    pub fn run(&self, offices: impl IntoIterator<Item = usize>, release: &ReleaseId) {
        self.open(release).expect("open");
        self.take_in(offices, release);
        self.close(release);
        self.finish(release);
    }

    /// How far the leader's round is.
    pub fn led(&self, release: &ReleaseId) -> RoundRow {
        let row = self.centre.node().sum_standing(Part::Leader, release).expect("read");
        row.expect("a round")
    }

    /// How far the helper's round is.
    pub fn helped(&self, release: &ReleaseId) -> RoundRow {
        let row = self.helper.node().sum_standing(Part::Helper, release).expect("read");
        row.expect("a round")
    }

    /// The cells as they were drawn, if the sum is finished at the centre.
    pub fn cells(&self, release: &ReleaseId) -> Option<Vec<i64>> {
        cells(&self.centre, release)
    }

    /// How many charges an office has.
    pub fn n_charges(&self, nth: usize) -> u64 {
        self.offices[nth].node().odometer().expect("books").n_charges
    }

    /// Whether the round was given up at the leader, and why.
    pub fn given_up(&self, release: &ReleaseId) -> Option<String> {
        let row = self.led(release);
        (row.state == RoundState::Aborted).then_some(row.why)
    }
}

/// The cells of a finished sum at one node.
pub fn cells(org: &Org, release: &ReleaseId) -> Option<Vec<i64>> {
    let kept = org.node().plan_by_id(&release.plan).expect("a plan");
    let table = org.node().release_table(&kept.plan, release).expect("a table");
    table.stored(&kept.plan).map(|(cells, _)| cells)
}

/// Six standard deviations of two noises of 4.13: once in a billion cells.
const NOISE: i64 = 35;

/// Checks that the cells are those of `manitoba` women there, and noise.
#[track_caller]
pub fn near(cells: &[i64], manitoba: i64) {
    assert_eq!(cells.len(), 14);
    for (at, cell) in cells.iter().enumerate() {
        let truth = if at == 6 { manitoba } else { 0 };
        assert!((cell - truth).abs() <= NOISE, "cell {at}: {cell}, {truth}");
    }
    assert!(cells.iter().any(|cell| *cell != 0), "no noise");
}

/// The word with which a round stops.
#[track_caller]
pub fn stopped<T: std::fmt::Debug>(result: Result<T, SumShut>) -> String {
    match result.expect_err("it goes on") {
        SumShut::Stopped(word) => word,
        other => panic!("not stopped: {other}"),
    }
}
