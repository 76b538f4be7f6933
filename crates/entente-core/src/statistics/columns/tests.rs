//! The engine beside a plain list of rows that is counted by the book.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;

use super::*;

type Id = [u8; 16];

/// Every kind of column: codes in a byte and in two, a small set and a large one, a list.
const KINDS: [Kind; 7] = [
    Kind::Code(5),
    Kind::Code(300),
    Kind::Set(3),
    Kind::Set(18),
    Kind::Code(4),
    Kind::Code(1),
    Kind::Listed,
];

const LIST: Column = Column(6);

const PERIOD: Column = Column(4);

fn layout(is_ordered: bool) -> Layout {
    let layout = Layout::new(KINDS).unwrap();
    if is_ordered { layout.first_by(PERIOD).unwrap() } else { layout }
}

fn id(n: u16) -> Id {
    // Ids and persons are in another order than their numbers.
    u128::from(n.wrapping_mul(40_503)).to_be_bytes()
}

/// The rows as a list, by id.
#[derive(Clone, Debug, Default)]
struct Model {
    is_ordered: bool,
    rows: BTreeMap<Id, (Id, Vec<u32>)>,
}

impl Model {
    fn passes(values: &[u32], keep: &[Test]) -> bool {
        keep.iter().all(|test| match test {
            Test::OneOf(column, codes) => {
                codes.iter().any(|it| u32::from(*it) == values[column.at()])
            }
            Test::Between(column, low, high) => {
                (u32::from(*low)..=u32::from(*high)).contains(&values[column.at()])
            }
            Test::Has(column, label) => values[column.at()] >> label & 1 == 1,
            Test::Lacks(column, label) => values[column.at()] >> label & 1 == 0,
            Test::Listed(column, listed) => {
                listed.get(values[column.at()] as usize).copied().unwrap_or(false)
            }
        })
    }

    /// The cells of a row.
    fn places(values: &[u32], by: &[Column]) -> Vec<Vec<u16>> {
        let mut places = vec![Vec::new()];
        for column in by {
            let value = values[column.at()];
            let codes: Vec<u16> = match KINDS[column.at()] {
                Kind::Code(_) => vec![u16::try_from(value).unwrap()],
                Kind::Set(n) => (0..u16::from(n)).filter(|it| value >> it & 1 == 1).collect(),
                Kind::Listed => unreachable!("no dimension"),
            };
            places = places
                .iter()
                .flat_map(|place| codes.iter().map(|code| [&place[..], &[*code]].concat()))
                .collect();
        }
        places
    }

    /// The rows of each person in order.
    fn persons(&self) -> HashMap<Id, Vec<&[u32]>> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        if self.is_ordered {
            rows.sort_by_key(|(id, (_, values))| (values[PERIOD.at()], **id));
        }
        let mut persons: HashMap<Id, Vec<&[u32]>> = HashMap::new();
        for (_, (person, values)) in rows {
            persons.entry(*person).or_default().push(values);
        }
        persons
    }

    fn count(&self, Query { by, keep, counted }: &Query) -> BTreeMap<Vec<u16>, u32> {
        let mut counts: BTreeMap<Vec<u16>, u32> = BTreeMap::new();
        for rows in self.persons().values() {
            let passing = rows.iter().filter(|values| Self::passes(values, keep));
            let places = passing.map(|values| Self::places(values, by));
            let counted: Vec<Vec<u16>> = match counted {
                Counted::Rows => places.flatten().collect(),
                Counted::Persons => places.flatten().collect::<BTreeSet<_>>().into_iter().collect(),
                Counted::FirstOfPerson => places.take(1).flatten().collect(),
            };
            for place in counted {
                *counts.entry(place).or_default() += 1;
            }
        }
        counts
    }

    /// A cube is a question per period.
    fn cube(&self, spec: &CubeSpec, period: u16) -> BTreeMap<Vec<u16>, u32> {
        let codes = (0..).zip(&spec.periods.of).filter(|(_, of)| **of == Some(period));
        let mut keep = spec.keep.clone();
        keep.push(Test::OneOf(spec.periods.column, codes.map(|(code, _)| code).collect()));
        self.count(&Query { by: spec.by.clone(), keep, counted: Counted::FirstOfPerson })
    }
}

/// The engine and the model side by side.
struct Both {
    columns: Columns,
    model: Model,
    cubes: Vec<(CubeId, CubeSpec)>,
}

impl Both {
    fn new(is_ordered: bool) -> Self {
        let columns = Columns::new(layout(is_ordered));
        let model = Model { is_ordered, ..Model::default() };
        let mut both = Self { columns, model, cubes: Vec::new() };
        both.maintain();
        both
    }

    fn maintain(&mut self) {
        let half_years = || vec![Some(0), Some(0), None, Some(1)];
        let periods = |of: Vec<Option<u16>>| Periods { column: PERIOD, of };
        let specs = [
            CubeSpec {
                by: vec![Column(0)],
                keep: Vec::new(),
                periods: periods((0..4).map(Some).collect()),
            },
            CubeSpec {
                by: vec![Column(1), Column(0)],
                keep: vec![Test::Has(Column(2), 1)],
                periods: periods(half_years()),
            },
            CubeSpec { by: Vec::new(), keep: Vec::new(), periods: periods(half_years()) },
        ];
        self.cubes =
            specs.into_iter().map(|spec| (self.columns.maintain(&spec).unwrap(), spec)).collect();
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Put { id: nth, person, values } => {
                let (id, person) = (id(*nth), id(*person));
                self.columns.put(&Row { id, person, values }).unwrap();
                self.model.rows.insert(id, (person, values.clone()));
            }
            Op::Withdraw { id: nth } => {
                let was_there = self.model.rows.remove(&id(*nth)).is_some();
                assert_eq!(self.columns.withdraw(&id(*nth)), was_there);
            }
            Op::Merge => self.columns.merge(1),
            Op::Restart => {
                let bytes = self.columns.to_bytes(1);
                let layout = self.columns.layout().clone();
                self.columns = Columns::from_bytes(layout, &bytes).unwrap();
                self.maintain();
            }
        }
    }

    #[track_caller]
    fn check(&self, query: &Query, n_threads: usize) {
        let cells = self.columns.count(query, n_threads).unwrap();
        let counted: BTreeMap<_, _> = cells.occupied().collect();
        assert_eq!(counted, self.model.count(query), "{query:?}");
        for (place, count) in cells.occupied() {
            assert_eq!(cells.at(&place), Some(count));
        }
    }

    #[track_caller]
    fn check_cubes(&self) {
        for (id, spec) in &self.cubes {
            let cube = self.columns.cube(*id).unwrap();
            for period in 0..u16::try_from(cube.n_periods()).unwrap() {
                let cells = Cells::new(cube.sizes(), cube.period(period).unwrap().to_vec());
                let counted: BTreeMap<_, _> = cells.occupied().collect();
                assert_eq!(counted, self.model.cube(spec, period), "{spec:?}, {period}");
            }
        }
        assert!(self.columns.cubes_are_right());
    }
}

#[derive(Clone, Debug)]
enum Op {
    /// A row comes, or comes again with other values or about another person.
    Put { id: u16, person: u16, values: Vec<u32> },
    /// A row is taken back.
    Withdraw { id: u16 },
    /// New rows are brought among the others.
    Merge,
    /// The columns are written to bytes and read again.
    Restart,
}

fn values() -> impl Strategy<Value = Vec<u32>> {
    let wide = prop_oneof![Just(0), 0_u32..1 << 18];
    let listed = prop_oneof![0_u32..4, any::<u32>()];
    (0_u32..5, prop_oneof![0_u32..3, 0_u32..300], 0_u32..8, wide, 0_u32..4, listed)
        .prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, 0, f])
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (0_u16..40, 0_u16..8, values())
            .prop_map(|(id, person, values)| Op::Put { id, person, values }),
        4 => (0_u16..40).prop_map(|id| Op::Withdraw { id }),
        1 => Just(Op::Merge),
        1 => Just(Op::Restart),
    ]
}

fn counted() -> impl Strategy<Value = Counted> {
    prop_oneof![Just(Counted::Rows), Just(Counted::Persons), Just(Counted::FirstOfPerson)]
}

fn test() -> impl Strategy<Value = Test> {
    prop_oneof![
        proptest::collection::vec(0_u16..5, 0..4).prop_map(|it| Test::OneOf(Column(0), it)),
        proptest::collection::vec(0_u16..300, 0..4).prop_map(|it| Test::OneOf(Column(1), it)),
        (0_u16..4, 0_u16..300).prop_map(|(low, high)| Test::Between(Column(1), low, high)),
        (0_u16..4, 0_u16..4).prop_map(|(low, high)| Test::Between(PERIOD, low, high)),
        (0_u8..3).prop_map(|label| Test::Has(Column(2), label)),
        (0_u8..18).prop_map(|label| Test::Lacks(Column(3), label)),
        proptest::collection::vec(any::<bool>(), 0..5).prop_map(|it| Test::Listed(LIST, it)),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let by = proptest::sample::subsequence(vec![0, 1, 2, 3, 4, 5], 0..=4).prop_shuffle();
    (by, proptest::collection::vec(test(), 0..3), counted()).prop_map(|(by, keep, counted)| Query {
        by: by.into_iter().map(Column).collect(),
        keep,
        counted,
    })
}

proptest! {
    #[test]
    fn after_any_history_every_question_is_answered_as_a_recount_answers_it(
        is_ordered: bool,
        ops in proptest::collection::vec(op(), 0..60),
        queries in proptest::collection::vec(query(), 1..6),
    ) {
        let mut both = Both::new(is_ordered);
        for op in &ops {
            both.run(op);
        }
        prop_assert_eq!(both.columns.n_rows(), both.model.rows.len());
        for query in &queries {
            both.check(query, 1);
        }
    }

    #[test]
    fn after_every_step_of_any_history_the_cubes_equal_a_recount(
        is_ordered: bool,
        ops in proptest::collection::vec(op(), 0..40),
    ) {
        let mut both = Both::new(is_ordered);
        for op in &ops {
            both.run(op);
            both.check_cubes();
        }
    }
}

/// Many rows from a seed: several blocks, persons with many rows at the edges of blocks, one with
/// more than a block scan looks at.
fn many(n: u16, is_ordered: bool) -> Both {
    let mut both = Both {
        columns: Columns::new(layout(is_ordered)),
        model: Model::default(),
        cubes: Vec::new(),
    };
    both.model.is_ordered = is_ordered;
    let mut state = 7_u64;
    let mut random = |n: u32| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(state >> 33).unwrap() % n
    };
    for nth in 0..n {
        let person = match random(10) {
            0 => u16::try_from(random(100)).unwrap(),
            1 if nth % 8 == 0 => 1_000,
            _ => nth / 3,
        };
        let rare = if random(20) == 0 { random(300) } else { random(2) };
        let wide = random(1 << 18) & random(1 << 18);
        let values = vec![random(5), rare, random(8), wide, random(4), 0, random(70)];
        both.model.rows.insert(id(nth), (id(person), values));
    }
    let rows = both.model.rows.iter().map(|(id, (person, values))| Row {
        id: *id,
        person: *person,
        values,
    });
    both.columns = Columns::build(layout(is_ordered), rows, 2).unwrap();
    both
}

fn questions() -> Vec<Query> {
    let by: [&[u8]; 9] =
        [&[], &[0], &[0, 4], &[0, 1, 4], &[1, 0, 4, 5], &[2, 0], &[3, 0], &[3, 2], &[2, 3, 0]];
    let keep = [
        vec![],
        vec![Test::OneOf(Column(1), vec![7, 9, 10])],
        // After the first, few are left in a block.
        vec![
            Test::Between(Column(1), 7, 20),
            Test::Has(Column(3), 2),
            Test::OneOf(PERIOD, vec![0, 2, 3]),
            Test::Between(Column(0), 1, 3),
        ],
        vec![Test::Between(PERIOD, 1, 2), Test::Has(Column(2), 1)],
        vec![Test::Lacks(Column(3), 4), Test::OneOf(Column(0), vec![0, 2])],
        vec![Test::Listed(LIST, (0..60).map(|it| it % 3 > 0).collect())],
        vec![Test::OneOf(Column(1), vec![7, 9, 10]), Test::Listed(LIST, vec![true; 35])],
    ];
    let mut questions = Vec::new();
    for by in by {
        for keep in &keep {
            for counted in [Counted::Rows, Counted::Persons, Counted::FirstOfPerson] {
                let by = by.iter().copied().map(Column).collect();
                questions.push(Query { by, keep: keep.clone(), counted });
            }
        }
    }
    questions
}

#[test]
fn many_rows_are_counted_as_few_are_by_any_number_of_threads() {
    let mut both = many(17_000, true);
    assert_eq!(both.columns.segment.long.len(), 1);
    for (nth, query) in questions().iter().enumerate() {
        both.check(query, nth % 3 + 1);
    }
    both.maintain();
    for nth in (0..17_000).step_by(7) {
        both.run(&Op::Withdraw { id: nth });
    }
    for nth in (0..17_000).step_by(50) {
        let values = vec![1, 299, 7, 1, 0, 0, 2];
        both.run(&Op::Put { id: nth, person: nth / 2, values });
    }
    both.check_cubes();
    for (nth, query) in questions().iter().enumerate().step_by(2) {
        both.check(query, nth % 3 + 1);
    }
    both.run(&Op::Merge);
    both.check_cubes();
    for query in questions().iter().step_by(5) {
        both.check(query, 2);
    }
}

#[test]
fn of_several_rows_with_one_id_the_last_is_built_in() {
    let rows = [(3, 1), (3, 2), (4, 1), (3, 0)]
        .map(|(nth, code)| (id(nth), id(9), vec![code, 0, 0, 0, 0, 0, 0]));
    let rows = rows.iter().map(|(id, person, values)| Row { id: *id, person: *person, values });
    let columns = Columns::build(layout(false), rows, 1).unwrap();
    let query = Query { by: vec![Column(0)], keep: Vec::new(), counted: Counted::Rows };
    assert_eq!(columns.count(&query, 1).unwrap().counts(), [1, 1, 0, 0, 0]);
}

#[test]
fn a_merge_pays_when_many_rows_are_new() {
    let mut columns = Columns::new(layout(false));
    let values = [0; 7];
    for nth in 0..4096 {
        assert!(!columns.wants_merge());
        columns.put(&Row { id: id(nth), person: id(nth), values: &values }).unwrap();
    }
    assert!(columns.wants_merge());
    columns.merge(1);
    assert!(!columns.wants_merge());
}

#[test]
fn what_does_not_fit_the_layout_is_refused() {
    let mut columns = Columns::new(layout(false));
    let mut put = |values: &[u32]| columns.put(&Row { id: id(1), person: id(1), values });
    assert_eq!(put(&[4, 299, 7, (1 << 18) - 1, 3, 0, u32::MAX]), Ok(()));
    assert_eq!(put(&[5, 0, 0, 0, 0, 0, 0]), Err(BadRow::OutOfRange(Column(0))));
    assert_eq!(put(&[0, 300, 0, 0, 0, 0, 0]), Err(BadRow::OutOfRange(Column(1))));
    assert_eq!(put(&[0, 0, 8, 0, 0, 0, 0]), Err(BadRow::OutOfRange(Column(2))));
    assert_eq!(put(&[0, 0, 0, 1 << 18, 0, 0, 0]), Err(BadRow::OutOfRange(Column(3))));
    assert_eq!(put(&[0; 6]), Err(BadRow::Length));
    assert_eq!(columns.n_rows(), 1);

    for kinds in [vec![], vec![Kind::Code(0)], vec![Kind::Set(0)], vec![Kind::Set(33)]] {
        assert_eq!(Layout::new(kinds), Err(BadLayout));
    }
    assert!(Layout::new([Kind::Set(32), Kind::Code(u16::MAX)]).is_ok());
    assert_eq!(layout(false).first_by(Column(2)), Err(BadLayout));
    assert_eq!(layout(false).first_by(LIST), Err(BadLayout));
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    let columns = Columns::new(layout(false));
    let ask = |by: &[u8], keep: Vec<Test>| {
        let by = by.iter().copied().map(Column).collect();
        columns.count(&Query { by, keep, counted: Counted::Rows }, 1).map(|cells| cells.total())
    };
    assert_eq!(ask(&[0, 1], vec![]), Ok(0));
    assert_eq!(ask(&[7], vec![]), Err(BadQuery::Column(Column(7))));
    assert_eq!(ask(&[0, 0], vec![]), Err(BadQuery::Column(Column(0))));
    assert_eq!(ask(&[0, 1, 2, 3, 4], vec![]), Err(BadQuery::TooManyDimensions));
    let value = |column| Err(BadQuery::Value(Column(column)));
    assert_eq!(ask(&[], vec![Test::OneOf(Column(0), vec![5])]), value(0));
    assert_eq!(ask(&[], vec![Test::Between(Column(1), 0, 300)]), value(1));
    assert_eq!(ask(&[], vec![Test::Has(Column(2), 3)]), value(2));
    assert_eq!(ask(&[], vec![Test::Has(Column(0), 0)]), value(0));
    assert_eq!(ask(&[], vec![Test::OneOf(Column(2), vec![0])]), value(2));
    assert_eq!(ask(&[], vec![Test::OneOf(LIST, vec![0])]), value(6));
    assert_eq!(ask(&[], vec![Test::Listed(Column(0), vec![true])]), value(0));
    assert_eq!(ask(&[6], vec![]), value(6));

    let wide = Columns::new(Layout::new([Kind::Code(3000), Kind::Code(3000)]).unwrap());
    let query = Query { by: vec![Column(0), Column(1)], keep: vec![], counted: Counted::Rows };
    assert_eq!(wide.count(&query, 1), Err(BadQuery::TooManyCells));
}

#[test]
fn a_cube_has_one_cell_per_person_and_a_period_per_code() {
    let mut columns = Columns::new(layout(false));
    let mut maintain = |by: &[u8], column, n_codes| {
        let periods = Periods { column: Column(column), of: vec![Some(0); n_codes] };
        let by = by.iter().copied().map(Column).collect();
        columns.maintain(&CubeSpec { by, keep: Vec::new(), periods })
    };
    assert!(maintain(&[0], 4, 4).is_ok());
    assert_eq!(maintain(&[0, 2], 4, 4), Err(BadQuery::Value(Column(2))));
    assert_eq!(maintain(&[0], 4, 3), Err(BadQuery::Value(Column(4))));
    assert_eq!(maintain(&[0], 2, 3), Err(BadQuery::Value(Column(2))));
    assert_eq!(maintain(&[0], 9, 3), Err(BadQuery::Column(Column(9))));
}

#[test]
fn a_snapshot_that_was_changed_anywhere_is_refused() {
    let mut both = many(300, true);
    let bytes = both.columns.to_bytes(1);
    let read = |bytes: &[u8]| Columns::from_bytes(layout(true), bytes).map(|it| it.n_rows());
    assert_eq!(read(&bytes), Ok(300));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        let expected = if at < 8 { BadSnapshot::Unknown } else { BadSnapshot::Damaged };
        assert_eq!(read(&flipped), Err(expected), "byte {at}");
    }
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(read(&[&bytes[..], &[0]].concat()).is_err());
    assert_eq!(
        Columns::from_bytes(layout(false), &bytes).map(|it| it.n_rows()),
        Err(BadSnapshot::OtherLayout)
    );
}

/// The bytes with the digest that they should have.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    use sha2::Digest as _;
    let end = bytes.len() - 32;
    let digest = sha2::Sha256::digest(&bytes[..end]);
    bytes[end..].copy_from_slice(&digest);
    bytes
}

#[test]
fn a_snapshot_is_not_believed_for_its_digest() {
    let n = 200;
    let bytes = many(n, false).columns.to_bytes(1);
    let n = usize::from(n);
    // Behind the header: 12 bytes, the layout, and the numbers of rows and persons.
    let codes = 12 + 22 + 8;
    let (words, by_id) = (codes + n, bytes.len() - 32 - 4 * n);
    let read = |bytes: Vec<u8>| Columns::from_bytes(layout(false), &sealed(bytes)).map(|_| ());
    assert_eq!(read(bytes.clone()), Ok(()));
    for (at, with) in [
        (codes, vec![5]),
        (words, vec![44, 1]),
        (by_id, vec![0xFF; 4]),
        (by_id + 4, bytes[by_id..by_id + 4].to_vec()),
    ] {
        let mut changed = bytes.clone();
        changed[at..at + with.len()].copy_from_slice(&with);
        assert_eq!(read(changed), Err(BadSnapshot::Damaged), "byte {at}");
    }
}

proptest! {
    #[test]
    fn a_snapshot_with_a_right_digest_over_wrong_bytes_never_makes_wrong_columns(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = many(200, false).columns.to_bytes(1);
        let end = bytes.len() - 32;
        for (at, byte) in changes {
            bytes[at.index(end)] = byte;
        }
        if let Ok(columns) = Columns::from_bytes(layout(false), &sealed(bytes)) {
            for query in questions().iter().step_by(7) {
                columns.count(query, 1).unwrap();
            }
            for person in columns.segment.persons.clone() {
                prop_assert!(!columns.rows_of(person).is_empty());
            }
        }
    }

    #[test]
    fn common_bits_are_counted_as_they_are_one_by_one(
        some in proptest::collection::vec(any::<u64>(), 0..400),
        others in proptest::collection::vec(any::<u64>(), 0..400),
    ) {
        let pairs = some.iter().zip(&others);
        let expected: u32 = pairs.map(|(some, other)| (some & other).count_ones()).sum();
        prop_assert_eq!(lanes::n_common(&some, &others), expected);
    }
}
