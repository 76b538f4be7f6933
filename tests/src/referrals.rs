//! Referrals in a federation in one thread, driven by lists of operations, beside a model.
//!
//! The model knows nothing of the state machines: it has words for where things stand, and a list of
//! what was said to whom when a feed was how long. After every operation, and after everything was
//! healed:
//!
//! - each node calls each referral what the model does; so the first acceptance that was read in time
//!   has won, and nothing else has;
//! - no two partners have one referral, at no moment;
//! - each feed is exactly as long as what had to be said, so nothing is half said or said twice;
//! - no partner that has nothing to do with a referral has its card;
//! - what was repeated on the way has happened once, by the timelines;
//! - both sides agree, and the audit logs verify.

use entente_core::codes::{
    Barrier, Code as _, ConsentScope, Dependants, Majority, Need, Province, ReferralOutcome, Risk,
    Set, Urgency,
};
use entente_core::consent::Consent;
use entente_core::record::RecordId;
use entente_core::referral::{Area, NeedCard, OfferStep, PartnerEvent, ReferralId};
use entente_node::clock::ManualClock;
use entente_node::node::feeds::Via;
use entente_node::node::referrals::KeptReferral;

use crate::federation::{
    Org, START_S, consent, pair, plain_case, propose_and_sign, pull_at_most, staff,
};
use crate::handovers::{add_opener, marked};

/// The draft of an agreement that grants referrals to whom it is proposed.
pub fn referrals_only() -> String {
    include_str!("../../config/agreements/province-federal.toml")
        .replace("purposes = [\"statistics\", \"evaluation\"]", "purposes = [\"referral\"]")
        .replace("summaries = true", "summaries = false\nreferrals = true")
        .replace("indigenous = true", "indigenous = false")
}

/// An agreement that grants referrals from `from` to `to`.
pub fn agree_on_referrals(from: &Org, to: &Org) {
    let draft = referrals_only();
    let draft = from.node().read_draft(&draft, &to.id(), None).expect("a draft");
    propose_and_sign(from, to, &draft);
}

/// A home and `n` partners that it may offer referrals to.
pub fn network(n: u8) -> (ManualClock, Org, Vec<Org>) {
    let clock = ManualClock::new(START_S);
    let home = Org::new(2, &clock);
    let partners: Vec<Org> = (0..n).map(|n| Org::new(10 + n, &clock)).collect();
    for partner in &partners {
        pair(&home, partner);
        agree_on_referrals(&home, partner);
    }
    (clock, home, partners)
}

/// A consent to referrals for any need, to anybody.
pub fn referral_consent(seed: u8) -> Consent {
    Consent { scopes: Set::EMPTY.with(ConsentScope::ReferralNeed), ..consent(seed) }
}

/// A plain case of a person who consents to referrals.
pub fn case_with_consent(home: &Org) -> RecordId {
    let mut record = home.node().blank_record().expect("an id");
    home.node().fill(&mut record, &plain_case()).expect("a whole record");
    home.node().add_record(staff(), record, vec![referral_consent(1)]).expect("added")
}

/// An adult in Manitoba who needs a safe place to sleep.
pub fn card(urgency: Urgency) -> NeedCard {
    NeedCard {
        needs: vec![Need::EmergencyHousing, Need::Legal],
        urgency,
        risk: Risk::High,
        age: Majority::Adult,
        gender: None,
        language: None,
        interpreter: false,
        area: Area::Province(Province::Manitoba),
        access: Set::EMPTY,
        dependants: Dependants::Nobody,
        safety: Set::EMPTY,
        status: None,
        indigenous_service: false,
    }
}

/// How many partners there are in a simulation.
pub const PARTNERS: usize = 3;

/// One thing that happens. Referrals and partners wrap around those there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A case worker makes a referral, within one hour or one day.
    Create {
        /// Whether an hour.
        urgent: bool,
    },
    /// The home offers it to the partners whose bit is set.
    Offer(usize, u8),
    /// A partner accepts.
    Accept(usize, usize),
    /// A partner declines.
    Decline(usize, usize),
    /// The home hands the contact details over.
    HandOver(usize),
    /// A partner opens them.
    Open(usize, usize),
    /// A partner says that the person is being served.
    Serve(usize, usize),
    /// A partner closes it.
    Close(usize, usize),
    /// The home closes it.
    CloseHome(usize),
    /// The home takes it back.
    Withdraw(usize),
    /// The person withdraws their consent.
    WithdrawConsent(usize),
    /// A partner asks the home for news, and gets at most this many batches.
    Read(usize, usize),
    /// The home asks a partner for news, and gets at most this many batches.
    ReadBack(usize, usize),
    /// A partner asks the home, and the answer is lost.
    Lost(usize),
    /// The home gets an old answer of a partner again, and a partner one of the home.
    Repeated(usize),
    /// The home's node ends without a word (0), or a partner's.
    Crash(usize),
    /// A partner is cut off, or reached again.
    Cut(usize, bool),
    /// The home's clock moves by so many minutes, also back.
    Clock(i64),
    /// A partner's clock does.
    PartnerClock(usize, i64),
    /// The home's timers are looked at.
    Timers,
}

/// What the home says to a partner about a referral, in the words of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Offer,
    Stands(&'static str),
    HandOver,
    /// A hand-over whose content was destroyed: it was replaced, or the referral withdrawn.
    Destroyed,
}

/// A referral as it must be.
#[derive(Clone, Debug)]
struct Model {
    id: ReferralId,
    record: RecordId,
    window_s: i64,
    /// As the home's node calls it.
    step: &'static str,
    deadline_s: i64,
    /// Where the offer to each partner stands: `""` before there is one.
    offers: [&'static str; PARTNERS],
    /// What each partner's node calls it: `""` while it knows nothing of it.
    there: [&'static str; PARTNERS],
    consents: bool,
    /// How often the home handed over.
    n_handed_over: u64,
    /// Whether each partner holds contact details.
    holds: [bool; PARTNERS],
    /// Whether each partner was ever told that it has it.
    won: [bool; PARTNERS],
}

impl Model {
    fn winner(&self) -> Option<usize> {
        self.offers.iter().position(|it| *it == "won")
    }

    fn is_taken(&self) -> bool {
        ["accepted", "handed_over", "delivered", "opened", "in_service"].contains(&self.step)
    }
}

/// A home, three partners, and what must be true of them.
#[derive(Debug)]
pub struct Simulation {
    clock: ManualClock,
    clocks: Vec<ManualClock>,
    home: Org,
    partners: Vec<Org>,
    referrals: Vec<Model>,
    /// What the home said to each partner: at which place of its feed, of which referral, and what.
    said: Vec<Vec<(u64, usize, Told)>>,
    /// What each partner said to the home.
    replied: Vec<Vec<(u64, usize, &'static str)>>,
    /// How long the home's feed for each partner must be, and that partner's for the home.
    sizes: Vec<(u64, u64)>,
    /// How far each partner has read, and how far the home has read each.
    cursors: Vec<(u64, u64)>,
    cut: [bool; PARTNERS],
}

impl Simulation {
    /// Partners of a home, with agreements that grant referrals, each with a clock of its own.
    pub fn new() -> Self {
        let clock = ManualClock::new(START_S);
        let home = Org::new(2, &clock);
        let (mut clocks, mut partners) = (Vec::new(), Vec::new());
        for seed in 10..10 + PARTNERS {
            let clock = ManualClock::new(START_S);
            let partner = Org::new(u8::try_from(seed).unwrap_or(u8::MAX), &clock);
            pair(&home, &partner);
            agree_on_referrals(&home, &partner);
            add_opener(&partner, "Alex");
            pull_at_most(&home, &partner, usize::MAX).expect("heard of the key");
            clocks.push(clock);
            partners.push(partner);
        }
        let mut it = Self {
            clock,
            clocks,
            home,
            partners,
            referrals: Vec::new(),
            said: vec![Vec::new(); PARTNERS],
            replied: vec![Vec::new(); PARTNERS],
            sizes: vec![(0, 0); PARTNERS],
            cursors: vec![(0, 0); PARTNERS],
            cut: [false; PARTNERS],
        };
        for p in 0..PARTNERS {
            it.sizes[p] = it.feeds(p);
            it.cursors[p] = it.places(p);
        }
        it
    }

    /// Runs the operations, checks after each that what must be true is, then heals everything and
    /// checks that both sides agree.
    pub fn run(mut self, ops: Vec<Op>) {
        for op in ops {
            self.step(&op);
            self.check(&op);
        }
        self.heal();
    }

    fn now(&self) -> i64 {
        self.home.node().now_s()
    }

    fn pick(&self, r: usize) -> Option<usize> {
        r.checked_rem(self.referrals.len())
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Create { urgent } => self.create(*urgent),
            Op::Offer(r, mask) => self.offer(*r, *mask),
            Op::Accept(r, p) => self.answer(*r, *p, PartnerEvent::Accept),
            Op::Decline(r, p) => {
                self.answer(*r, *p, PartnerEvent::Decline(Barrier::NoCapacity));
            }
            Op::Open(r, p) => self.answer(*r, *p, PartnerEvent::Open),
            Op::Serve(r, p) => self.answer(*r, *p, PartnerEvent::Serve),
            Op::Close(r, p) => {
                self.answer(*r, *p, PartnerEvent::Close(ReferralOutcome::Provided));
            }
            Op::HandOver(r) => self.hand_over(*r),
            Op::CloseHome(r) => self.close_home(*r),
            Op::Withdraw(r) => self.withdraw(*r),
            Op::WithdrawConsent(r) => self.withdraw_consent(*r),
            Op::Read(p, max) => self.read(p % PARTNERS, *max),
            Op::ReadBack(p, max) => self.read_back(p % PARTNERS, *max),
            Op::Lost(p) => {
                let partner = &self.partners[p % PARTNERS];
                let (epoch, after) = partner.node().cursor(&self.home.id()).expect("a cursor");
                let _lost = self.home.node().feed_batches(&partner.id(), epoch, after, 4);
            }
            Op::Repeated(p) => self.repeated(p % PARTNERS),
            Op::Crash(0) => self.home.crash(),
            Op::Crash(p) => self.partners[p % PARTNERS].crash(),
            Op::Cut(p, cut) => self.cut[p % PARTNERS] = *cut,
            Op::Clock(minutes) => self.clock.advance(minutes * 60),
            Op::PartnerClock(p, minutes) => self.clocks[p % PARTNERS].advance(minutes * 60),
            Op::Timers => self.timers(),
        }
    }

    fn create(&mut self, urgent: bool) {
        let (urgency, window_s) =
            if urgent { (Urgency::OneHour, 3_600) } else { (Urgency::OneDay, 86_400) };
        let record = case_with_consent(&self.home);
        let made = self.home.node().create_referral(staff(), &record, card(urgency));
        self.referrals.push(Model {
            id: made.expect("made").id,
            record,
            window_s,
            step: "created",
            deadline_s: 0,
            offers: [""; PARTNERS],
            there: [""; PARTNERS],
            consents: true,
            n_handed_over: 0,
            holds: [false; PARTNERS],
            won: [false; PARTNERS],
        });
    }

    /// The home says something to a partner: one entry more in its feed.
    fn tell(&mut self, r: usize, p: usize, told: Told) {
        self.sizes[p].0 += 1;
        self.said[p].push((self.sizes[p].0, r, told));
    }

    /// Offers whose time is over lapse with whatever touches the referral next.
    fn lapse(&mut self, r: usize) {
        let now = self.now();
        if self.referrals[r].step == "offered" && now >= self.referrals[r].deadline_s {
            self.referrals[r].step = "expired";
            self.end_open(r, "expired");
        }
    }

    fn end_open(&mut self, r: usize, how: &'static str) {
        for p in 0..PARTNERS {
            if self.referrals[r].offers[p] == "open" {
                self.referrals[r].offers[p] = how;
                self.tell(r, p, Told::Stands(how));
            }
        }
    }

    fn offer(&mut self, r: usize, mask: u8) {
        let Some(r) = self.pick(r) else { return };
        let to: Vec<usize> = (0..PARTNERS).filter(|p| mask >> p & 1 == 1).collect();
        let ids: Vec<_> = to.iter().map(|p| self.partners[*p].id()).collect();
        let offered = self.home.node().offer_referral(staff(), &self.referrals[r].id, &ids);
        if to.is_empty() || !self.referrals[r].consents {
            assert!(offered.is_err(), "offered to nobody, or without a consent");
            return;
        }
        self.lapse(r);
        let (now, it) = (self.now(), &mut self.referrals[r]);
        let fresh: Vec<usize> = to.into_iter().filter(|p| it.offers[*p].is_empty()).collect();
        let may = ["created", "offered", "unmet"].contains(&it.step) && !fresh.is_empty();
        assert_eq!(offered.is_ok(), may, "{it:?}");
        if !may {
            return;
        }
        if it.step != "offered" {
            it.deadline_s = now + 2 * it.window_s;
        }
        it.step = "offered";
        for p in fresh {
            self.referrals[r].offers[p] = "open";
            self.tell(r, p, Told::Offer);
        }
    }

    /// Somebody at a partner does something.
    fn answer(&mut self, r: usize, p: usize, event: PartnerEvent) {
        let Some(r) = self.pick(r) else { return };
        let p = p % PARTNERS;
        let node = self.partners[p].node();
        let id = self.referrals[r].id;
        let done = node.answer_referral(staff(), &self.home.id(), &id, event);
        let next = match (event, self.referrals[r].there[p]) {
            (PartnerEvent::Accept, "offered") => Some(("accepting", "accept")),
            (PartnerEvent::Decline(_), "offered") => Some(("declined", "decline")),
            (PartnerEvent::Open, "handed_over") => Some(("opened", "opened")),
            (PartnerEvent::Serve, "handed_over" | "opened") => Some(("in_service", "in_service")),
            (PartnerEvent::Close(_), "accepted" | "handed_over" | "opened" | "in_service") => {
                Some(("closing", "close"))
            }
            _ => None,
        };
        assert_eq!(done.is_ok(), next.is_some(), "{event:?} of {:?}", self.referrals[r]);
        if let Some((there, said)) = next {
            self.referrals[r].there[p] = there;
            self.reply(r, p, said);
        }
    }

    fn reply(&mut self, r: usize, p: usize, said: &'static str) {
        self.sizes[p].1 += 1;
        self.replied[p].push((self.sizes[p].1, r, said));
    }

    fn hand_over(&mut self, r: usize) {
        let Some(r) = self.pick(r) else { return };
        let id = self.referrals[r].id;
        let done = self.home.node().hand_over_referral(staff(), &id, &marked());
        self.lapse(r);
        let it = &self.referrals[r];
        let may = ["accepted", "handed_over", "delivered"].contains(&it.step);
        assert_eq!(done.is_ok(), may, "{it:?}");
        if let (true, Some(p)) = (may, it.winner()) {
            self.referrals[r].step = "handed_over";
            self.referrals[r].n_handed_over += 1;
            self.destroy(r, p);
            self.tell(r, p, Told::HandOver);
        }
    }

    /// What was handed over before is destroyed in the home's feed, read or not.
    fn destroy(&mut self, r: usize, p: usize) {
        for (_, referral, told) in &mut self.said[p] {
            if *referral == r && *told == Told::HandOver {
                *told = Told::Destroyed;
            }
        }
    }

    fn close_home(&mut self, r: usize) {
        let Some(r) = self.pick(r) else { return };
        let outcome = ReferralOutcome::DeclinedByPerson;
        let done = self.home.node().close_referral(staff(), &self.referrals[r].id, outcome);
        self.lapse(r);
        let it = &self.referrals[r];
        assert_eq!(done.is_ok(), it.is_taken(), "{it:?}");
        if let (true, Some(p)) = (it.is_taken(), it.winner()) {
            self.referrals[r].step = "done";
            self.tell(r, p, Told::Stands("done"));
        }
    }

    fn withdraw(&mut self, r: usize) {
        let Some(r) = self.pick(r) else { return };
        let done = self.home.node().withdraw_referral(staff(), &self.referrals[r].id);
        self.lapse(r);
        let may = !["done", "revoked", "expired"].contains(&self.referrals[r].step);
        assert_eq!(done.is_ok(), may, "{:?}", self.referrals[r]);
        self.revoke(r);
    }

    fn withdraw_consent(&mut self, r: usize) {
        let Some(r) = self.pick(r) else { return };
        let (node, record) = (self.home.node(), self.referrals[r].record);
        let done = node.withdraw_consent(staff(), &record, None);
        assert_eq!(done.is_ok(), self.referrals[r].consents);
        if done.is_ok() {
            self.referrals[r].consents = false;
            self.lapse(r);
            self.revoke(r);
        }
    }

    fn revoke(&mut self, r: usize) {
        if ["done", "revoked", "expired"].contains(&self.referrals[r].step) {
            return;
        }
        self.referrals[r].step = "revoked";
        if let Some(p) = self.referrals[r].winner() {
            self.destroy(r, p);
            self.tell(r, p, Told::Stands("revoked"));
        }
        self.end_open(r, "revoked");
    }

    fn timers(&mut self) {
        self.home.node().referral_timers().expect("timers");
        for r in 0..self.referrals.len() {
            self.lapse(r);
        }
        for partner in &self.partners {
            partner.node().referral_timers().expect("timers");
        }
    }

    fn read(&mut self, p: usize, max: usize) {
        if self.cut[p] {
            return;
        }
        pull_at_most(&self.partners[p], &self.home, max.max(1)).expect("news are read");
        let (cursor, _) = self.places(p);
        let said: Vec<_> = self.said[p]
            .iter()
            .filter(|(size, ..)| *size > self.cursors[p].0 && *size <= cursor)
            .copied()
            .collect();
        self.cursors[p].0 = cursor;
        for (_, r, told) in said {
            self.heard(r, p, told);
        }
    }

    /// A partner has read what the home said.
    fn heard(&mut self, r: usize, p: usize, told: Told) {
        let it = &mut self.referrals[r];
        let ours = ["accepted", "handed_over", "opened", "in_service", "closing"];
        match (told, it.there[p]) {
            // An offer that is over before it is read travels without its content.
            (Told::Offer, "") if ["open", "won"].contains(&it.offers[p]) => {
                it.there[p] = "offered";
            }
            (Told::Stands("won"), "offered" | "accepting") => {
                it.there[p] = "accepted";
                it.won[p] = true;
            }
            (Told::Stands(how @ ("taken" | "expired")), "offered" | "accepting") => {
                it.there[p] = how;
            }
            (Told::Stands("revoked"), "offered" | "accepting") => it.there[p] = "revoked",
            (Told::Stands(how @ ("revoked" | "done")), there) if ours.contains(&there) => {
                it.there[p] = how;
                if how == "revoked" && std::mem::take(&mut it.holds[p]) {
                    self.reply(r, p, "shredded");
                }
            }
            (Told::HandOver, "accepted" | "handed_over") => {
                it.there[p] = "handed_over";
                if std::mem::replace(&mut it.holds[p], true) {
                    self.reply(r, p, "shredded");
                }
                self.reply(r, p, "delivered");
            }
            _ => {}
        }
    }

    fn read_back(&mut self, p: usize, max: usize) {
        if self.cut[p] {
            return;
        }
        pull_at_most(&self.home, &self.partners[p], max.max(1)).expect("news are read");
        let (_, cursor) = self.places(p);
        let replied: Vec<_> = self.replied[p]
            .iter()
            .filter(|(size, ..)| *size > self.cursors[p].1 && *size <= cursor)
            .copied()
            .collect();
        self.cursors[p].1 = cursor;
        for (_, r, said) in replied {
            self.counted(r, p, said);
        }
    }

    /// The home has read what a partner said, in the order in which it came.
    fn counted(&mut self, r: usize, p: usize, said: &'static str) {
        self.lapse(r);
        let open = self.referrals[r].offers[p] == "open";
        match said {
            "accept" if open => {
                self.referrals[r].offers[p] = "won";
                self.referrals[r].step = "accepted";
                self.tell(r, p, Told::Stands("won"));
                self.end_open(r, "taken");
            }
            "decline" if open => {
                self.referrals[r].offers[p] = "declined";
                if !self.referrals[r].offers.contains(&"open") {
                    self.referrals[r].step = "unmet";
                }
            }
            "accept" | "decline" => {}
            _ if self.referrals[r].winner() != Some(p) || !self.referrals[r].is_taken() => {}
            "close" => {
                self.referrals[r].step = "done";
                self.tell(r, p, Told::Stands("done"));
            }
            progress => {
                let way = ["accepted", "handed_over", "delivered", "opened", "in_service"];
                let rank = |step: &str| way.iter().position(|it| *it == step);
                if rank(progress) > rank(self.referrals[r].step) {
                    self.referrals[r].step = progress;
                }
            }
        }
    }

    /// How far a partner has read the home, and the home the partner.
    fn places(&self, p: usize) -> (u64, u64) {
        let (home, partner) = (&self.home, &self.partners[p]);
        let there = partner.node().cursor(&home.id()).expect("a cursor").1;
        (there, home.node().cursor(&partner.id()).expect("a cursor").1)
    }

    /// How long the home's feed for a partner is, and that partner's for the home.
    fn feeds(&self, p: usize) -> (u64, u64) {
        let (home, partner) = (&self.home, &self.partners[p]);
        let out = home.node().feed_head(&partner.id()).expect("a head").1;
        (out, partner.node().feed_head(&home.id()).expect("a head").1)
    }

    fn repeated(&self, p: usize) {
        for (issuer, reader) in [(&self.home, &self.partners[p]), (&self.partners[p], &self.home)] {
            let (epoch, after) = reader.node().cursor(&issuer.id()).expect("a cursor");
            let batches = issuer.node().feed_batches(&reader.id(), epoch, 0, 2).expect("batches");
            for batch in batches.into_iter().filter(|batch| batch.first < after) {
                assert!(reader.node().accept(&issuer.id(), batch, Via::Connection).is_err());
            }
        }
    }

    /// What must be true after every operation.
    fn check(&self, op: &Op) {
        for p in 0..PARTNERS {
            assert_eq!(self.feeds(p), self.sizes[p], "said to and by {p}, after {op:?}");
        }
        for it in &self.referrals {
            let id = it.id.to_string();
            let kept = self.home.node().find_referral(&id).expect("there");
            assert_eq!(kept.state.step.code(), it.step, "at home, after {op:?}: {it:?}");
            let winner = it.winner().map(|p| self.partners[p].id());
            assert_eq!(kept.state.winner(), winner, "after {op:?}: {it:?}");
            let mut n_ours = 0;
            for (p, partner) in self.partners.iter().enumerate() {
                let there = partner.node().find_received(&id).ok();
                let code = there.as_ref().map_or("", |there| there.state.code());
                assert_eq!(code, it.there[p], "at {p}, after {op:?}: {it:?}");
                let Some(there) = there else { continue };
                assert_eq!(there.card.is_some(), !there.state.is_over(), "after {op:?}");
                n_ours += usize::from(there.state.is_ours());
            }
            assert!(n_ours <= 1, "two have it, after {op:?}: {it:?}");
        }
        self.check_open(op);
        self.check_facts(op);
    }

    /// What counts against the bound of each partner is what is open there, and no more.
    fn check_open(&self, op: &Op) {
        let ours = self.home.node().referrals().expect("referrals");
        for (p, partner) in self.partners.iter().enumerate() {
            let is_open = |it: &&KeptReferral| match it.state.offers.get(&partner.id()) {
                Some(OfferStep::Open) => true,
                Some(OfferStep::Won) => !it.state.step.is_over(),
                _ => false,
            };
            let n_open = ours.iter().filter(is_open).count();
            let counted = self.home.node().n_referrals_with(&partner.id()).expect("counted");
            assert_eq!(counted, (n_open, 0), "at {p}, after {op:?}");
            let theirs = partner.node().received_referrals().expect("referrals");
            let n_pending = theirs.iter().filter(|it| !it.state.is_over()).count();
            let counted = partner.node().n_referrals_with(&self.home.id()).expect("counted");
            assert_eq!(counted, (0, n_pending), "by {p}, after {op:?}");
        }
    }

    /// What is counted of each referral is what the model calls it.
    fn check_facts(&self, op: &Op) {
        let facts = self.home.node().own_referral_facts().expect("facts");
        for it in &self.referrals {
            let facts = facts.iter().find(|facts| facts.id == it.id);
            let was_offered = it.offers.iter().any(|offer| !offer.is_empty());
            let has_declined = it.offers.contains(&"declined");
            let expected = was_offered.then_some(match it.step {
                "done" => "done",
                "unmet" if has_declined => "all_no_capacity",
                "unmet" | "revoked" => "taken_back",
                "expired" => "expired",
                _ if it.is_taken() => "under_way",
                _ => "open",
            });
            let counted = facts.map(|facts| match facts.result.code() {
                "provided" | "declined_by_person" => "done",
                code => code,
            });
            assert_eq!(counted, expected, "after {op:?}: {it:?}");
            let is_accepted = facts.is_some_and(|facts| facts.accepted_at_s.is_some());
            assert_eq!(is_accepted, it.winner().is_some(), "after {op:?}: {it:?}");
        }
    }

    /// Everybody is reached again and reads everything. Both sides agree then.
    fn heal(&mut self) {
        self.cut = [false; PARTNERS];
        for _ in 0..3 {
            for p in 0..PARTNERS {
                self.read_back(p, usize::MAX);
                self.read(p, usize::MAX);
            }
        }
        self.check(&Op::Timers);
        for it in &self.referrals {
            for p in 0..PARTNERS {
                let expected = match (it.offers[p], it.step) {
                    ("open", _) => vec!["offered"],
                    ("won", "accepted") => vec!["accepted"],
                    ("won", "delivered") => vec!["handed_over"],
                    ("won", step) => vec![step],
                    ("declined", _) => vec!["declined"],
                    // Nobody has to know of what was over before they read of it.
                    (how, _) => vec![how, "", "declined"],
                };
                assert!(expected.contains(&it.there[p]), "the sides disagree at {p}: {it:?}");
            }
            self.delivered_once(it);
        }
        for org in self.partners.iter().chain([&self.home]) {
            org.node().verify_audit().expect("the audit log verifies");
        }
    }

    /// Whatever was repeated on the way has happened once: by the timelines of the partners.
    fn delivered_once(&self, it: &Model) {
        for (p, partner) in self.partners.iter().enumerate() {
            let steps = partner.node().referral_timeline(&self.home.id(), &it.id).expect("steps");
            let n = |code: &str| steps.iter().filter(|step| step.code == code).count() as u64;
            assert!(n("offered") <= 1 && n("accepting") <= 1 && n("done") <= 1, "{steps:?}");
            assert_eq!(n("won"), u64::from(it.won[p]), "{steps:?}");
            assert!(n("handed_over") <= it.n_handed_over, "{steps:?}");
        }
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}
