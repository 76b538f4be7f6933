//! A federation in one thread, driven by lists of operations, beside a model.
//!
//! The model says what *must* happen, not only what must not: a model that only forbids things is
//! satisfied by nodes that do nothing. After every operation:
//!
//! - the receiver holds exactly the summaries that were released to it, up to its cursor, and were
//!   not withdrawn, each once;
//! - an epoch close releases exactly the cases that may go, if they are enough, and else none;
//! - every withdrawal that the receiver has read has a receipt once the issuer has pulled;
//! - what is refused changes nothing;
//! - both audit logs verify.
//!
//! All cases look alike, so that the model needs no lattice: whoever may go goes together. (The
//! lattice has property tests of its own.)

use std::collections::BTreeSet;

use entente_core::period::{Period, Quarter};
use entente_core::record::RecordId;
use entente_node::clock::ManualClock;
use entente_proto::AgreementChange;

use crate::federation::{self, Org, START_S, consent, plain_case, pull_at_most, staff};

/// The smallest group in these federations.
pub const K: usize = 5;

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A case worker records a case, with a consent or without.
    Record {
        /// Whether the person consents.
        consents: bool,
    },
    /// A person consents later. Numbers wrap around the cases there are.
    Consent(usize),
    /// A person withdraws.
    Withdraw(usize),
    /// The organization takes its record back.
    TakeBack(usize),
    /// The issuer closes the epoch.
    Close,
    /// The receiver asks for news and gets it.
    Pull {
        /// At most this many batches.
        max: usize,
    },
    /// The receiver asks, and the answer is lost.
    PullLost,
    /// The receiver gets an old answer again.
    PullRepeated,
    /// The issuer asks the receiver for news: receipts.
    PullBack,
    /// A node ends without a word and starts again.
    Crash {
        /// The issuer's, or the receiver's.
        issuer: bool,
    },
    /// The issuer suspends the agreement, or lifts that.
    SuspendAgreement(bool),
    /// The issuer suspends the partner, or lifts that.
    SuspendPartner(bool),
    /// Time goes by.
    Advance {
        /// Days.
        days: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Released,
    Withdrawn,
}

#[derive(Clone, Copy, Debug, Default)]
struct Case {
    consents: bool,
    taken_back: bool,
    released: bool,
    withdrawn: bool,
}

impl Case {
    fn may_go(self) -> bool {
        self.consents && !self.taken_back && !self.released
    }
}

/// Two nodes and what must be true of them.
#[derive(Debug)]
pub struct Simulation {
    issuer: Org,
    receiver: Org,
    clock: ManualClock,
    cases: Vec<(RecordId, Case)>,
    /// What the issuer has said of which case, and how long its feed was then.
    said: Vec<(usize, Said, u64)>,
    /// The receiver's cursor in the issuer's feed.
    cursor: u64,
    /// The cases that the receiver must hold.
    held: BTreeSet<usize>,
    /// The cases whose withdrawal the receiver has read.
    answered: BTreeSet<usize>,
    agreement: String,
    agreement_suspended: bool,
    partner_suspended: bool,
}

impl Simulation {
    /// Two partners with an agreement in force.
    pub fn new() -> Self {
        let clock = ManualClock::new(START_S);
        let (issuer, receiver) = (Org::new(2, &clock), Org::new(1, &clock));
        federation::pair(&issuer, &receiver);
        let k = u32::try_from(K).unwrap_or(u32::MAX);
        let agreement = federation::agree(&issuer, &receiver, k).to_string();
        Self {
            issuer,
            receiver,
            clock,
            cases: Vec::new(),
            said: Vec::new(),
            cursor: 0,
            held: BTreeSet::new(),
            answered: BTreeSet::new(),
            agreement,
            agreement_suspended: false,
            partner_suspended: false,
        }
    }

    /// Runs the operations, and checks after each that what must be true is.
    pub fn run(mut self, ops: Vec<Op>) {
        for op in ops {
            self.step(&op);
            self.check(&op);
        }
        self.issuer.node().verify_audit().expect("the issuer's audit log verifies");
        self.receiver.node().verify_audit().expect("the receiver's audit log verifies");
    }

    fn case(&self, n: usize) -> Option<usize> {
        n.checked_rem(self.cases.len())
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Record { consents } => self.record(*consents),
            Op::Consent(n) => self.consent(*n),
            Op::Withdraw(n) => self.withdraw(*n),
            Op::TakeBack(n) => self.take_back(*n),
            Op::Close => self.close(),
            Op::Pull { max } => self.pull(*max),
            Op::PullLost => {
                let (epoch, after) =
                    self.receiver.node().cursor(&self.issuer.id()).expect("a cursor");
                let _lost = self.issuer.node().feed_batches(&self.receiver.id(), epoch, after, 4);
            }
            Op::PullRepeated => self.pull_repeated(),
            Op::PullBack => {
                let pulled = federation::pull(&self.issuer, &self.receiver);
                assert!(pulled.is_ok(), "{pulled:?}");
                self.all_read_withdrawals_have_receipts();
            }
            Op::Crash { issuer: true } => self.issuer.crash(),
            Op::Crash { issuer: false } => self.receiver.crash(),
            Op::SuspendAgreement(suspend) => self.suspend_agreement(*suspend),
            Op::SuspendPartner(suspend) => self.suspend_partner(*suspend),
            Op::Advance { days } => self.clock.advance(days * 24 * 60 * 60),
        }
    }

    fn record(&mut self, consents: bool) {
        let node = self.issuer.node();
        let mut record = node.blank_record().expect("an id");
        node.fill(&mut record, &plain_case()).expect("a whole record");
        let given = if consents { vec![consent(1)] } else { Vec::new() };
        let id = node.add_record(staff(), record, given).expect("added");
        self.cases.push((id, Case { consents, ..Case::default() }));
    }

    fn consent(&mut self, n: usize) {
        let Some(n) = self.case(n) else { return };
        let (id, case) = &mut self.cases[n];
        self.issuer.node().give_consent(staff(), id, consent(2)).expect("consent given");
        case.consents = true;
    }

    fn withdraw(&mut self, n: usize) {
        let Some(n) = self.case(n) else { return };
        let (id, case) = &mut self.cases[n];
        let outcome = self.issuer.node().withdraw_consent(staff(), id, None);
        assert_eq!(
            outcome.is_ok(),
            case.consents,
            "there is a consent to withdraw or there is not"
        );
        case.consents = false;
        self.said_withdrawn(n);
    }

    fn take_back(&mut self, n: usize) {
        let Some(n) = self.case(n) else { return };
        let (id, case) = &mut self.cases[n];
        self.issuer.node().withdraw_record(staff(), id).expect("taken back");
        case.taken_back = true;
        self.said_withdrawn(n);
    }

    fn said_withdrawn(&mut self, n: usize) {
        let case = &mut self.cases[n].1;
        if case.released && !case.withdrawn {
            case.withdrawn = true;
            let size = self.feed_size();
            self.said.push((n, Said::Withdrawn, size));
        }
    }

    fn close(&mut self) {
        let epoch = Period::Quarter(Quarter::new(2026, 3).expect("a quarter"));
        let report = self
            .issuer
            .node()
            .close_epoch(&staff(), epoch, &self.receiver.id(), true)
            .expect("the epoch is over");
        let going: Vec<usize> =
            (0..self.cases.len()).filter(|n| self.cases[*n].1.may_go()).collect();
        let expected = if self.agreement_suspended || going.len() < K { 0 } else { going.len() };
        assert_eq!(report.n_released, expected as u64, "{report:?}");
        if expected > 0 {
            for n in going {
                self.cases[n].1.released = true;
                let size = self.feed_size();
                self.said.push((n, Said::Released, size));
            }
        }
    }

    fn pull(&mut self, max: usize) {
        let pulled = pull_at_most(&self.receiver, &self.issuer, max.max(1));
        assert_eq!(pulled.is_ok(), !self.partner_suspended, "{pulled:?}");
        self.read();
    }

    fn pull_repeated(&mut self) {
        let issuer = self.issuer.id();
        let (epoch, after) = self.receiver.node().cursor(&issuer).expect("a cursor");
        let Ok(batches) = self.issuer.node().feed_batches(&self.receiver.id(), epoch, 0, 1) else {
            assert!(self.partner_suspended);
            return;
        };
        for batch in batches.into_iter().filter(|batch| batch.first < after) {
            let via = entente_node::node::feeds::Via::Connection;
            assert!(self.receiver.node().accept(&issuer, batch, via).is_err());
        }
    }

    fn feed_size(&self) -> u64 {
        self.issuer.node().feed_head(&self.receiver.id()).expect("a head").1
    }

    /// What the receiver must have made of what it has read now.
    fn read(&mut self) {
        let (_, cursor) = self.receiver.node().cursor(&self.issuer.id()).expect("a cursor");
        assert!(cursor >= self.cursor, "a cursor never moves back");
        for (n, said, size) in &self.said {
            if *size <= self.cursor || *size > cursor {
                continue;
            }
            match said {
                // What was withdrawn before it was read travels without its content.
                Said::Released if !self.cases[*n].1.withdrawn => {
                    self.held.insert(*n);
                }
                Said::Released => {}
                Said::Withdrawn => {
                    self.held.remove(n);
                    self.answered.insert(*n);
                }
            }
        }
        self.cursor = cursor;
    }

    fn suspend_agreement(&mut self, suspend: bool) {
        if suspend == self.agreement_suspended {
            return;
        }
        let kept = self.issuer.node().find_agreement(&self.agreement).expect("an agreement");
        let change = if suspend { AgreementChange::Suspended } else { AgreementChange::Resumed };
        self.issuer.node().change_agreement(staff(), &kept, change, "test").expect("changed");
        self.agreement_suspended = suspend;
    }

    fn suspend_partner(&mut self, suspend: bool) {
        if suspend == self.partner_suspended {
            return;
        }
        let partner = self.receiver.id();
        let outcome = if suspend {
            self.issuer.node().suspend_partner(staff(), &partner)
        } else {
            self.issuer.node().resume_partner(staff(), &partner)
        };
        outcome.expect("changed");
        self.partner_suspended = suspend;
    }

    fn all_read_withdrawals_have_receipts(&self) {
        let standings = self.issuer.node().standings().expect("standings");
        assert_eq!(standings[0].n_receipts, self.answered.len() as u64);
    }

    /// What must be true after every operation.
    fn check(&self, op: &Op) {
        let n_held = self.receiver.node().n_held_from(&self.issuer.id());
        assert_eq!(n_held, self.held.len() as u64, "after {op:?}");
        assert_eq!(self.issuer.node().n_records(), self.cases.len() as u64, "after {op:?}");
        assert_eq!(self.held_by_looking(), n_held, "what is held can be opened, after {op:?}");
    }

    fn held_by_looking(&self) -> u64 {
        let mut n_held = 0;
        let count = &mut |_| {
            n_held += 1;
            std::ops::ControlFlow::Continue(())
        };
        self.receiver.node().held_statements(&self.issuer.id(), count).expect("held");
        n_held
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}
