//! The index beside the records, counted by the book after any history.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use entente_core::agreement::terms::Dimension;
use entente_core::agreement::{Agreement, AgreementId, AgreementState};
use entente_core::audit::Actor;
use entente_core::codes::{
    ConsentScope, DefinitionProfile, GivenBy, OrgType, OverrideReason, Set, Status,
};
use entente_core::consent::{Consent, ConsentId};
use entente_core::count::Table;
use entente_core::definition;
use entente_core::identity::{OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_core::period::Period;
use entente_core::policy::Inclusion;
use entente_core::record::{CaseRecord, Field, RecordId};
use entente_core::statistics::plan::{Cube, CubeDimension, Plan, Roles};
use entente_store::db::Db;
use entente_store::engine::Memory;
use entente_store::seal::Sealer;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::node::records::Case;
use crate::node::{Node, Profile, Secrets, unpoisoned};

mod identified;
mod listed;

const DRAFT: &str = include_str!("../../../../../config/agreements/province-federal.toml");
const PLAN: &str = include_str!("../../../../../config/plans/canada-v1.toml");

/// 2026-11-22, noon.
const START_S: i64 = 1_795_348_800;
const START: Date = date(2026, 11, 22);

fn key(seed: u8) -> OrgKey {
    OrgKey::from_seed(&[seed; 32])
}

pub(super) fn ours() -> OrgId {
    key(1).id()
}

/// A case that counts, and another for every number.
pub(super) fn case(nth: u8) -> Case {
    let mut record = CaseRecord::new(RecordId([0x80 | nth; 16]), START);
    let age = (20 + u32::from(nth)).to_string();
    record.set(Field::AgeAtRegistration, &age).unwrap();
    let given_on = START.saturating_sub(jiff::Span::new().days(i64::from(nth)));
    Case {
        record,
        consents: vec![Consent { given_on, ..consent() }],
        version: 1,
        changed_at_s: START_S,
        changed_by: "test".to_owned(),
        withdrawn: false,
        steward_allows: None,
    }
}

fn consent() -> Consent {
    Consent {
        id: ConsentId([1; 16]),
        scopes: Set::EMPTY.with(ConsentScope::Stats),
        needs: Set::EMPTY,
        recipients: BTreeSet::new(),
        given_by: GivenBy::Person,
        informed_of: [true; 4],
        language: None,
        given_on: date(2026, 1, 1),
        valid_until: None,
        withdrawn_on: None,
        override_reason: None,
    }
}

/// What different agreements with different partners let be counted.
fn inclusions() -> Vec<Inclusion> {
    let changes: [&[(&str, &str)]; 5] = [
        &[],
        &[("indigenous = true", "indigenous = false"), ("minors = false", "minors = true")],
        &[("provinces = \"all\"", "provinces = [\"QC\", \"ON\"]"), ("organ_removal", "begging")],
        &[("[\"minor\", \"adult\", \"unknown\"]", "[\"adult\"]")],
        &[("\"statistics\", \"evaluation\"", "\"statistics\", \"research\"")],
    ];
    (2_u8..)
        .zip(changes)
        .map(|(partner, changes)| {
            let mut draft = DRAFT.to_owned();
            for (from, to) in changes {
                assert!(draft.contains(from), "{from}");
                draft = draft.replace(from, to);
            }
            let id = AgreementId([partner; 16]);
            let agreement = Agreement::from_toml(&draft, &ours(), &key(partner).id(), id).unwrap();
            let policy = agreement.policy_for(&ours()).unwrap();
            let granted = policy.decide_statistics(AgreementState::Active, START).unwrap();
            granted.inner().of.clone()
        })
        .collect()
}

/// What orders the records of a person: the quarter, 5 if only the year is known; then the id.
type Order = (u8, [u8; 16]);

/// One organization's persons of one year, each with what counts of their first identification,
/// record by record: what the columns must come to.
struct Tally {
    period: Period,
    first: HashMap<[u8; 16], (Order, CaseRecord)>,
}

impl Tally {
    fn new(period: Period) -> Self {
        Self { period, first: HashMap::new() }
    }

    fn add(&mut self, record: &CaseRecord) {
        let Some(period) = record.period().filter(|it| it.year() == self.period.year()) else {
            return;
        };
        let quarter = match period {
            Period::Quarter(quarter) => quarter.number(),
            Period::Year(_) => 5,
        };
        let identified = ((quarter, record.id.0), record.clone());
        let person = record.person_or_self().0;
        let first = self.first.entry(person).or_insert_with(|| identified.clone());
        if identified.0 < first.0 {
            *first = identified;
        }
    }

    /// The cells of a cube: somebody of whom only the year is known is in no quarter.
    fn cells(&self, cube: &Cube) -> Vec<u64> {
        let mut cells = vec![0; cube.n_cells()];
        for ((quarter, _), record) in self.first.values() {
            if matches!(self.period, Period::Quarter(it) if it.number() != *quarter) {
                continue;
            }
            let numbers = cube.dimensions.iter().map(|it| it.number_of(record).unwrap());
            cells[cube.place(&numbers.collect::<Vec<_>>()).unwrap()] += 1;
        }
        cells
    }
}

/// A node whose records change, and what is asked of it.
struct Both {
    node: Node,
    clock: ManualClock,
    inclusions: Vec<Inclusion>,
}

fn id(nth: u8) -> RecordId {
    // In another order than the numbers.
    RecordId([nth.wrapping_mul(101), nth, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
}

fn actor() -> Actor {
    Actor::Node
}

impl Both {
    fn new() -> Self {
        let clock = ManualClock::new(START_S);
        let profile = Profile {
            name: Text::new("Office", "Bureau"),
            kind: OrgType::Provincial,
            address: String::new(),
        };
        let secrets = Secrets {
            key: key(1),
            pseudonyms: PseudonymKey::from_bytes(&[1; 32]),
            import_key: [1; 32],
        };
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[1; 32])).unwrap();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let node = Node::open(profile, secrets, db, shared, None).unwrap();
        Self { node, clock, inclusions: inclusions() }
    }

    /// Does it, or finds that it cannot be done.
    fn run(&self, op: &Op) {
        let node = &self.node;
        let _outcome = match op {
            Op::Add { nth, fields, consents } => {
                let mut record = CaseRecord::new(id(*nth), START);
                fields.iter().for_each(|(field, text)| record.set(*field, text).unwrap());
                node.add_record(actor(), record, consents.clone()).map(drop)
            }
            Op::Edit { nth, fields } => node
                .edit_record(actor(), &id(*nth), |case| {
                    fields.iter().for_each(|(field, text)| case.record.set(*field, text).unwrap());
                    Ok(())
                })
                .map(drop),
            Op::Link(one, other) => node.link_records(&actor(), &id(*one), &id(*other)).map(drop),
            Op::Part(one, other) => node.part_records(&actor(), &id(*one), &id(*other)),
            Op::Withdraw(nth) => node.withdraw_record(actor(), &id(*nth)).map(drop),
            Op::Give(nth, consent) => {
                node.give_consent(actor(), &id(*nth), consent.clone()).map(drop)
            }
            Op::Refuse(nth) => node.withdraw_consent(actor(), &id(*nth), None).map(drop),
            Op::Steward { nth, steward, allows } => {
                let steward = steward.map(|seed| key(seed).id());
                node.name_steward(actor(), &id(*nth), steward, *allows).map(drop)
            }
            Op::Days(n) => {
                self.clock.advance(i64::from(*n) * 86_400);
                Ok(())
            }
            Op::Stop => {
                let mut cases = unpoisoned(node.cases.write());
                let bytes = to_bytes(&mut cases, &HeldIndex::default());
                *cases = remember::from_bytes(&bytes).unwrap().0;
                Ok(())
            }
            Op::Crash => {
                *unpoisoned(node.cases.write()) = rebuild(&node.db, &ours()).unwrap().0;
                Ok(())
            }
            // Nothing waits between the two threads, so each reads some of the rows.
            Op::CrashWhenBusy => {
                let read = node.db.read(|tx| read_cases(tx, &ours(), 1, 0)).unwrap();
                *unpoisoned(node.cases.write()) = read;
                Ok(())
            }
        };
    }

    fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        let visit = &mut |case| {
            cases.push(case);
            ControlFlow::Continue(())
        };
        self.node.each_case(visit).unwrap();
        cases
    }

    /// Whether a case is in a figure, from the record itself.
    fn is_meant(&self, case: &Case, whose: &Whose<'_>) -> bool {
        let is_met = match whose.definition {
            DefinitionProfile::Programme => true,
            profile => definition::met(&case.record).contains(profile),
        };
        let mut granted = whose.granted.iter();
        is_met
            && !whose.granted.is_empty()
            && granted.all(|it| case.is_in(it, &ours(), whose.today))
    }

    #[track_caller]
    fn check(&self) {
        let cases = self.cases();
        listed::check(self, &cases);
        identified::check(self, &cases);
        let index = unpoisoned(self.node.cases.read());
        assert_eq!(index.n_records(), cases.len() as u64);
        let each = self.inclusions.iter().map(std::slice::from_ref);
        let together = [&self.inclusions[..2], &self.inclusions[1..4], &[]];
        for (nth, granted) in each.chain(together).enumerate() {
            let definition = match nth % 3 {
                2 => DefinitionProfile::IloFl,
                _ => DefinitionProfile::Programme,
            };
            let whose = Whose { granted, definition, today: self.node.today() };
            let meant: Vec<&Case> =
                cases.iter().filter(|case| self.is_meant(case, &whose)).collect();
            for period in PERIODS.map(|number| Period::from_number(number).unwrap()) {
                let mut tally = Tally::new(period);
                meant.iter().for_each(|case| tally.add(&case.record));
                for cube in cubes() {
                    let cells = index.tally(&cube, period, &whose).into_addends();
                    assert_eq!(cells, tally.cells(&cube), "{:?}, {period}", cube.dimensions);
                }
                check_counts(&index, &meant, period, Some(&whose));
            }
        }
        let is_ours =
            |case: &&Case| !case.withdrawn && case.record.status != Some(Status::NotVictim);
        let all: Vec<&Case> = cases.iter().filter(is_ours).collect();
        for period in PERIODS.map(|number| Period::from_number(number).unwrap()) {
            check_counts(&index, &all, period, None);
        }
    }
}

const PERIODS: [u32; 4] = [20_250, 20_251, 20_253, 20_260];

fn cubes() -> Vec<Cube> {
    use CubeDimension as D;
    let roles = Roles {
        queriers: BTreeMap::from([(key(2).id(), OrgType::Federal)]),
        contributors: BTreeMap::from([(ours(), OrgType::Provincial)]),
        aggregators: None,
    };
    let cube = Plan::from_toml(PLAN, Some(roles)).unwrap().cubes[0].clone();
    let by: [&[D]; 5] = [
        &[D::Province],
        &[D::Region, D::Quarter],
        &[D::Majority, D::Gender, D::Form],
        &[D::Quarter, D::AgeGroup],
        &[D::Citizenship, D::Region, D::Form],
    ];
    by.map(|by| Cube { dimensions: by.to_vec(), ..cube.clone() }).to_vec()
}

/// Distinct persons of a period, at the first of their cases in it.
#[track_caller]
fn check_counts(index: &Cases, meant: &[&Case], period: Period, whose: Option<&Whose<'_>>) {
    let by = [Dimension::Region, Dimension::Exploitation];
    let frame = Dimension::frame(&by).unwrap();
    for only in [vec![], vec![(Dimension::Majority, 1)]] {
        let mut first: BTreeMap<[u8; 16], (u32, [u8; 16], Vec<u16>)> = BTreeMap::new();
        for case in meant {
            let record = &case.record;
            let code = |it| u16::from(coded::code_of(record, it));
            let of = record.period().unwrap();
            if !period.contains(of) || only.iter().any(|(it, label)| code(*it) != *label) {
                continue;
            }
            let order = if of.number() % 10 == 0 { of.number() + 5 } else { of.number() };
            let here = (order, record.id.0, by.map(code).to_vec());
            let first = first.entry(record.person_or_self().0).or_insert_with(|| here.clone());
            *first = here.min(first.clone());
        }
        let mut table = Table::new(frame.clone());
        first.values().for_each(|(_, _, labels)| table.add_codes(labels, 1).unwrap());
        assert!(index.count(&frame, &by, &only, period, whose) == table, "{period}, {only:?}");
    }
}

#[derive(Clone, Debug)]
enum Op {
    Add {
        nth: u8,
        fields: Fields,
        consents: Vec<Consent>,
    },
    Edit {
        nth: u8,
        fields: Fields,
    },
    /// Two records become one person's, and become two persons' again.
    Link(u8, u8),
    Part(u8, u8),
    /// A record is taken back.
    Withdraw(u8),
    Give(u8, Consent),
    /// All consents are withdrawn.
    Refuse(u8),
    Steward {
        nth: u8,
        steward: Option<u8>,
        allows: Option<bool>,
    },
    /// Consents begin and end.
    Days(u8),
    /// The index is remembered and read again.
    Stop,
    /// The index is built anew from the store.
    Crash,
    CrashWhenBusy,
}

type Fields = Vec<(Field, &'static str)>;

/// Some fields, each with one of these texts.
fn fields() -> impl Strategy<Value = Fields> {
    let all: [(Field, &[&str]); 17] = [
        (
            Field::RegisteredOn,
            &["2025-01-01", "2025-02-03", "2025-07-01", "2025-12-31", "2026-01-01"],
        ),
        (Field::RegisteredPrecision, &["day", "quarter", "quarter", "year"]),
        (Field::ProvinceOfExploitation, &["24", "35", "48", ""]),
        (Field::CountryOfExploitation, &["CAN", ""]),
        (Field::AgeAtRegistration, &["15", "30", ""]),
        (Field::MajorityAtExploitation, &["minor", "adult"]),
        (Field::Gender, &["woman", "man", ""]),
        (Field::Citizenship, &["CAN", "PHL", ""]),
        (
            Field::Exploitation,
            &["sexual", "forced_labour", "sexual;begging", "organ_removal", "sexual", ""],
        ),
        (Field::Status, &["possible", "actual", "actual", "actual", "actual", "not_victim"]),
        (Field::IndigenousIdentity, &["metis", "non_indigenous", "non_indigenous"]),
        (Field::MenaceOfPenalty, &["yes", "no"]),
        (Field::NotVoluntary, &["yes"]),
        (Field::NameFirst, &["Ana", "Anna", "Jo", ""]),
        (Field::NameLast, &["Exemple", "Exemple-Autre", "Tremblay", ""]),
        (Field::Birthdate, &["2001-02-03", "2001-03-02", "1987-08-13", ""]),
        (Field::ContactPhone, &["604 555-0199", "604 555-0123", ""]),
    ];
    let each = all.map(|(field, texts)| {
        let some = prop::sample::select(texts).prop_map(move |text| (field, text));
        prop::option::weighted(0.9, some)
    });
    each.to_vec().prop_map(|fields| fields.into_iter().flatten().collect())
}

/// Mostly one that covers most.
fn any_consent() -> impl Strategy<Value = Consent> {
    let most = Set::EMPTY.with(ConsentScope::Stats).with(ConsentScope::Research);
    prop_oneof![2 => Just(Consent { scopes: most, ..consent() }), 1 => odd_consent()]
}

fn odd_consent() -> impl Strategy<Value = Consent> {
    use ConsentScope as S;
    let scopes = prop::sample::select(vec![
        Set::EMPTY.with(S::Stats),
        Set::EMPTY.with(S::Stats),
        Set::EMPTY.with(S::Stats).with(S::Research),
        Set::EMPTY.with(S::Research),
        Set::EMPTY.with(S::Stats).with(S::None),
    ]);
    let day = |days: std::ops::Range<i64>| {
        days.prop_map(|days| START.saturating_add(jiff::Span::new().days(days)))
    };
    let recipients = prop::collection::btree_set((2_u8..5).prop_map(|it| key(it).id()), 0..3);
    let times = (day(-3..4), prop::option::weighted(0.3, day(-1..6)));
    (scopes, recipients, times, prop::bool::weighted(0.9), prop::bool::weighted(0.1)).prop_map(
        |(scopes, recipients, (given_on, valid_until), is_informed, is_duty)| Consent {
            scopes,
            recipients,
            given_on,
            valid_until,
            informed_of: [true, true, true, is_informed],
            override_reason: is_duty.then_some(OverrideReason::CourtOrder),
            ..consent()
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let nth = || 0_u8..12;
    let stewards = prop::option::weighted(0.7, 1_u8..4);
    prop_oneof![
        12 => (nth(), fields(), prop::collection::vec(any_consent(), 1..3))
            .prop_map(|(nth, fields, consents)| Op::Add { nth, fields, consents }),
        3 => (nth(), fields()).prop_map(|(nth, fields)| Op::Edit { nth, fields }),
        6 => (nth(), nth()).prop_map(|(one, other)| Op::Link(one, other)),
        1 => (nth(), nth()).prop_map(|(one, other)| Op::Part(one, other)),
        1 => nth().prop_map(Op::Withdraw),
        2 => (nth(), any_consent()).prop_map(|(nth, consent)| Op::Give(nth, consent)),
        2 => nth().prop_map(Op::Refuse),
        1 => (nth(), stewards, any::<Option<bool>>())
            .prop_map(|(nth, steward, allows)| Op::Steward { nth, steward, allows }),
        1 => (0_u8..4).prop_map(Op::Days),
        1 => Just(Op::Stop),
        1 => Just(Op::Crash),
        1 => Just(Op::CrashWhenBusy),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn after_any_history_figures_are_what_the_records_and_consents_come_to(
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let both = Both::new();
        for (nth, op) in ops.iter().enumerate() {
            both.run(op);
            if nth % 10 == 9 {
                both.check();
            }
        }
        both.check();
    }
}

#[test]
fn changes_of_one_record_at_the_same_time_reach_the_index_in_their_order() {
    let both = Both::new();
    let fields = vec![(Field::RegisteredOn, "2025-02-03"), (Field::Status, "actual")];
    both.run(&Op::Add { nth: 0, fields, consents: Vec::new() });
    let give = Op::Give(0, consent());
    let province = |text| Op::Edit { nth: 0, fields: vec![(Field::ProvinceOfExploitation, text)] };
    let ops = [[give, Op::Refuse(0)], [province("24"), province("35")]];
    for _ in 0..10 {
        std::thread::scope(|scope| {
            for ops in &ops {
                scope.spawn(|| ops.iter().cycle().take(9).for_each(|op| both.run(op)));
            }
        });
        both.check();
    }
}
