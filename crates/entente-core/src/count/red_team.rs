//! Attacks on protected tables, and what protection costs.
//!
//! The attacker shares no idea with the defence: to it a table is unknown whole numbers, one per
//! finest cell, and each thing told is a limit on a sum of them. It tightens bounds and tries values
//! until it has a table that fits, or knows that there is none. It is itself tested, on tables that
//! are known to leak.

use proptest::prelude::*;

use super::*;

/// Cells, and the least and the most that they hold together.
type Limit = (Vec<usize>, u64, u64);

#[derive(Clone)]
struct Attacker {
    frame: Frame,
    bounds: Vec<(u64, u64)>,
    limits: Vec<Limit>,
    /// How many guesses are left before it gives up, without having ruled the table out.
    guesses: u32,
}

impl Attacker {
    /// More than any table here holds.
    const MANY: u64 = 80;

    fn new(frame: &Frame) -> Self {
        let bounds = vec![(0, Self::MANY); frame.n_places()];
        Self { frame: frame.clone(), bounds, limits: Vec::new(), guesses: 500 }
    }

    /// The finest cells within a place.
    fn leaves(&self, place: usize) -> Vec<usize> {
        let axes: Vec<_> = self.frame.axes().collect();
        axes.iter().fold(vec![place], |places, axis| {
            let split = |p: usize| match axis.coordinate(p) {
                0 => axis.parts(p).collect(),
                _ => vec![p],
            };
            places.into_iter().flat_map(split).collect()
        })
    }

    fn told(&mut self, place: usize, cell: Cell, rules: Rules) {
        let min = u64::from(rules.min_cell());
        let (low, high) = match cell {
            Cell::Ok(value) => (value, value),
            Cell::Lt5 => (u64::from(rules.zeros() == Zeros::Shown), min - 1),
            Cell::Comp => (min, u64::MAX),
            Cell::Withheld => return,
        };
        self.limits.push((self.leaves(place), low, high));
    }

    fn told_all(protected: &Protected) -> Self {
        let mut attacker = Self::new(protected.frame());
        for (place, &cell) in protected.cells().iter().enumerate() {
            attacker.told(place, cell, protected.rules());
        }
        attacker
    }

    /// Bound propagation to the end. False if nothing fits.
    fn tighten(&mut self) -> bool {
        loop {
            let before = self.bounds.clone();
            for (cells, low, high) in &self.limits {
                let least: u64 = cells.iter().map(|&c| self.bounds[c].0).sum();
                let most: u64 = cells.iter().map(|&c| self.bounds[c].1).sum();
                if least > *high || most < *low {
                    return false;
                }
                for &c in cells {
                    let (l, h) = self.bounds[c];
                    let tighter = (
                        l.max(low.saturating_sub(most - h)),
                        h.min(high.saturating_sub(least - l)),
                    );
                    if tighter.0 > tighter.1 {
                        return false;
                    }
                    self.bounds[c] = tighter;
                }
            }
            if before == self.bounds {
                return true;
            }
        }
    }

    /// Whether some table fits everything told.
    fn finds_a_table(&mut self) -> bool {
        if !self.tighten() {
            return false;
        }
        let open = self.limits.iter().flat_map(|(cells, ..)| cells).copied();
        let open = open.filter(|&c| self.bounds[c].0 < self.bounds[c].1);
        let Some(cell) = open.min_by_key(|&c| self.bounds[c].1 - self.bounds[c].0) else {
            return true;
        };
        if self.guesses == 0 {
            return true;
        }
        self.guesses -= 1;
        let (low, high) = self.bounds[cell];
        let middle = low + (high - low) / 2;
        for half in [(low, middle), (middle + 1, high)] {
            let mut guess = self.clone();
            guess.bounds[cell] = half;
            let found = guess.finds_a_table();
            self.guesses = guess.guesses;
            if found {
                return true;
            }
        }
        false
    }

    fn thinks_possible(&self, place: usize, value: u64) -> bool {
        let mut attacker = self.clone();
        attacker.limits.push((self.leaves(place), value, value));
        attacker.finds_a_table()
    }

    /// How many neighbouring values a place could have, around the true one; stops at `enough`.
    fn values(&self, place: usize, truth: u64, enough: u64) -> u64 {
        assert!(self.thinks_possible(place, truth), "the truth was ruled out");
        // Upwards first: what a reader can rule out is hard to prove, and seldom needed this way.
        let above = ((truth + 1)..=(truth + 2)).take_while(|&v| self.thinks_possible(place, v));
        let mut n_values = 1 + above.count() as u64;
        if n_values < enough {
            let below = (1..=truth.min(2)).map(|k| truth - k);
            n_values += below.take_while(|&v| self.thinks_possible(place, v)).count() as u64;
        }
        n_values
    }
}

fn frame(sizes: &[usize]) -> Frame {
    let dimension = |(i, &n): (usize, &usize)| {
        Dimension::new(format!("d{i}"), (0..n).map(|label| label.to_string()))
    };
    Frame::new(sizes.iter().enumerate().map(dimension).collect()).unwrap()
}

/// A table of these sizes, the first dimension running fastest.
fn table(sizes: &[usize], counts: &[u64]) -> Table {
    let mut table = Table::new(frame(sizes));
    for (i, &count) in counts.iter().enumerate() {
        let mut rest = i;
        let codes: Vec<u16> = (sizes.iter())
            .map(|n| {
                let code = rest % n;
                rest /= n;
                code.try_into().unwrap()
            })
            .collect();
        table.add_codes(&codes, count).unwrap();
    }
    table
}

/// Must not be derivable.
fn defended(rules: Rules, count: u64) -> bool {
    count < u64::from(rules.min_cell()) && (count > 0 || rules.zeros() == Zeros::Defended)
}

/// Promise 1 of the module, against whatever the attacker was told.
fn keeps_its_spread(table: &Table, rules: Rules, attacker: &Attacker) {
    for (place, count) in table.with_margins().into_iter().enumerate() {
        if defended(rules, count) {
            let values = attacker.values(place, count, rules.spread());
            let selection = attacker.frame.selection(place);
            assert!(values >= rules.spread(), "{selection:?} is one of {values} values");
        }
    }
}

/// Promises 2 and 3, by their words, and that no flag lies.
fn keeps_groups_and_nesting(table: &Table, protected: &Protected) {
    let (rules, counts, cells) = (protected.rules(), table.with_margins(), protected.cells());
    let min = u64::from(rules.min_cell());
    let zero_shown = rules.zeros() == Zeros::Shown;
    for (place, &cell) in cells.iter().enumerate() {
        match cell {
            Cell::Ok(value) => {
                assert!(value == counts[place] && (value >= min || value == 0 && zero_shown))
            }
            Cell::Lt5 => assert!(counts[place] < min && (counts[place] > 0 || !zero_shown)),
            Cell::Comp => assert!(counts[place] >= min),
            Cell::Withheld => {}
        }
        for axis in protected.frame().axes().filter(|axis| axis.coordinate(place) == 0) {
            let hidden: Vec<_> =
                axis.parts(place).filter(|&part| cells[part].value().is_none()).collect();
            let together: u64 = hidden.iter().map(|&part| counts[part]).sum();
            assert!(hidden.is_empty() || !defended(rules, together) || counts[place] < min);
        }
        for (whole, other) in cells.iter().enumerate() {
            let (inner, outer) =
                (protected.frame().selection(place), protected.frame().selection(whole));
            let within = inner.iter().zip(&outer).all(|(i, o)| o.is_none() || i == o);
            if let (true, Some(part), Some(whole)) = (within, cell.value(), other.value()) {
                assert!(part == 0 || whole == part || whole - part >= min);
            }
        }
    }
}

/// Promise 4: what was hidden to protect another has another value, and no level is withheld of which
/// something follows line by line.
fn hides_nothing_in_vain(table: &Table, protected: &Protected, attacker: &Attacker) {
    let (rules, counts) = (protected.rules(), table.with_margins());
    for (place, &cell) in protected.cells().iter().enumerate() {
        if cell == Cell::Comp {
            let selection = protected.frame().selection(place);
            assert!(attacker.values(place, counts[place], 2) >= 2, "{selection:?} follows");
        }
    }
    let min = u64::from(rules.min_cell());
    let told = |cell: &Cell| match *cell {
        Cell::Ok(value) => (value, value),
        Cell::Lt5 => (u64::from(rules.zeros() == Zeros::Shown), min - 1),
        Cell::Comp => (min, lines::OPEN),
        Cell::Withheld => (0, lines::OPEN),
    };
    let axes: Vec<_> = protected.frame().axes().collect();
    let ranges = lines::tighten(&axes, protected.cells().iter().map(told).collect());
    for (place, (least, most)) in ranges.into_iter().enumerate() {
        assert!((least..=most).contains(&counts[place]), "the truth was ruled out");
        // The total alone is what is left where nothing else may be told.
        let is_alone = protected.cells().iter().skip(1).all(|cell| cell.value().is_none());
        let is_hidden = protected.cells()[place].value().is_none();
        assert!(is_alone || !is_hidden || least < min || least < most, "{place} follows");
    }
}

fn attack(sizes: &[usize], counts: &[u64], rules: Rules) {
    let table = table(sizes, counts);
    let protected = protect(&table, rules);
    let attacker = Attacker::told_all(&protected);
    keeps_groups_and_nesting(&table, &protected);
    keeps_its_spread(&table, rules, &attacker);
    hides_nothing_in_vain(&table, &protected, &attacker);
}

fn rules() -> impl Strategy<Value = Rules> {
    let zeros = proptest::sample::select(vec![Zeros::Shown, Zeros::Flagged, Zeros::Defended]);
    (3_u32..=5, zeros).prop_map(|(min, zeros)| Rules::new(min, zeros).unwrap())
}

/// Mostly small, often zero, sometimes large: what one organization's quarter looks like.
fn counts(n: usize) -> impl Strategy<Value = Vec<u64>> {
    let count = prop_oneof![3 => Just(0_u64), 4 => 1_u64..=5, 3 => 5_u64..=14, 1 => 20_u64..=60];
    proptest::collection::vec(count, n)
}

fn shaped(
    shapes: impl Strategy<Value = Vec<usize>>,
) -> impl Strategy<Value = (Vec<usize>, Vec<u64>)> {
    shapes.prop_flat_map(|sizes| {
        let n = sizes.iter().product();
        (Just(sizes), counts(n))
    })
}

/// A question over [`frame`]: group by some dimensions, fix others.
fn questions(sizes: &'static [usize]) -> impl Strategy<Value = Question> {
    let role = |(i, &n): (usize, &usize)| {
        let name = format!("d{i}");
        let by = Question { by: vec![name.clone()], only: vec![] };
        prop_oneof![
            Just(Question::default()),
            Just(by),
            (0..n).prop_map(move |label| Question {
                by: vec![],
                only: vec![(name.clone(), label.to_string())]
            }),
        ]
    };
    let roles: Vec<_> = sizes.iter().enumerate().map(role).collect();
    roles.prop_map(|roles| Question {
        by: roles.iter().flat_map(|q| q.by.clone()).collect(),
        only: roles.into_iter().flat_map(|q| q.only).collect(),
    })
}

/// Adds an answer to what an attacker knows, by the words of the question.
fn overhear(attacker: &mut Attacker, question: &Question, answer: &Protected) {
    for (place, &cell) in answer.cells().iter().enumerate() {
        let mut selection = vec![None; attacker.frame.dimensions().len()];
        let names: Vec<_> = attacker.frame.dimensions().iter().map(|d| d.name.clone()).collect();
        let position = |name: &str| names.iter().position(|n| n == name).unwrap();
        for (name, label) in answer.frame().dimensions().iter().zip(answer.frame().selection(place))
        {
            selection[position(&name.name)] = label;
        }
        for (name, label) in &question.only {
            selection[position(name)] = Some(label.as_str());
        }
        let place = attacker.frame.place(&selection).unwrap();
        attacker.told(place, cell, answer.rules());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_small_count_of_a_list_can_be_derived(
        (sizes, counts) in shaped((1_usize..=6).prop_map(|n| vec![n])),
        rules in rules(),
    ) {
        attack(&sizes, &counts, rules);
    }

    #[test]
    fn no_small_count_of_a_two_way_table_can_be_derived(
        (sizes, counts) in shaped(proptest::collection::vec(1_usize..=4, 2)),
        rules in rules(),
    ) {
        attack(&sizes, &counts, rules);
    }

    #[test]
    fn no_small_count_of_a_three_way_table_can_be_derived(
        (sizes, counts) in shaped(Just(vec![2, 2, 3])),
        rules in rules(),
    ) {
        attack(&sizes, &counts, rules);
    }

    #[test]
    fn no_small_count_follows_from_several_questions_together(
        counts in counts(12),
        rules in rules(),
        questions in proptest::collection::vec(questions(&[2, 2, 3]), 2..=4),
    ) {
        let table = table(&[2, 2, 3], &counts);
        let mut answered = Answered::default();
        let mut attacker = Attacker::new(table.frame());
        for question in &questions {
            let answer = answered
                .answer("2026-Q1", table.frame(), rules, question, || table.clone())
                .unwrap();
            overhear(&mut attacker, question, &answer);
        }
        keeps_its_spread(&table, rules, &attacker);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    /// Too large to try every table, so bounds alone, and fewer of them: each takes a while.
    #[test]
    fn bounds_over_every_margin_of_a_four_way_table_stay_wide(
        counts in counts(36),
        rules in rules(),
    ) {
        let table = table(&[3, 3, 2, 2], &counts);
        let protected = protect(&table, rules);
        let attacker = Attacker::told_all(&protected);
        for (place, count) in table.with_margins().into_iter().enumerate() {
            if defended(rules, count) {
                let possible = |value: u64| {
                    let mut attacker = attacker.clone();
                    attacker.limits.push((attacker.leaves(place), value, value));
                    attacker.tighten()
                };
                let around = count.saturating_sub(2)..=count + 2;
                prop_assert!(around.filter(|&v| possible(v)).count() as u64 >= rules.spread());
            }
        }
    }
}

/// Primary suppression alone.
fn naive(table: &Table, rules: Rules) -> Protected {
    let min = u64::from(rules.min_cell());
    let cell = |count: u64| if count < min { Cell::Lt5 } else { Cell::Ok(count) };
    let cells = table.with_margins().into_iter().map(cell).collect();
    Protected::from_parts(table.frame().clone(), rules, cells).unwrap()
}

/// Women and men by minor, adult, unknown: the layout of the UN's table of detected victims, in which
/// 59 % of the cells printed as "<5" can be had by subtraction.
fn like_glotip() -> Table {
    let dimensions = vec![
        Dimension::new("sex", ["f", "m"]),
        Dimension::new("age", ["minor", "adult", "unknown"]),
    ];
    let mut table = Table::new(Frame::new(dimensions).unwrap());
    for (sex, age, n) in [
        ("f", "minor", 12),
        ("f", "adult", 61),
        ("f", "unknown", 7),
        ("m", "minor", 3),
        ("m", "adult", 18),
        ("m", "unknown", 9),
    ] {
        table.add(&[sex, age], n).unwrap();
    }
    table
}

#[test]
fn printing_less_than_five_leaks_and_what_we_print_does_not() {
    let (table, rules) = (like_glotip(), Rules::default());
    let boys = table.frame().place(&[Some("m"), Some("minor")]).unwrap();

    let leaky = Attacker::told_all(&naive(&table, rules));
    assert_eq!(leaky.values(boys, 3, 3), 1);

    let protected = protect(&table, rules);
    assert!(Attacker::told_all(&protected).values(boys, 3, 3) >= 3);
    keeps_groups_and_nesting(&table, &protected);
    // The cheapest way: the two unknowns and the girls. Every total is still there.
    let shown = |sex, age| protected.cell(&[sex, age]).unwrap();
    assert_eq!(shown(Some("m"), Some("minor")), Cell::Lt5);
    assert_eq!(shown(Some("f"), Some("minor")), Cell::Comp);
    assert_eq!(shown(Some("m"), Some("unknown")), Cell::Comp);
    assert_eq!(shown(Some("f"), Some("unknown")), Cell::Comp);
    assert_eq!(shown(Some("f"), Some("adult")), Cell::Ok(61));
    assert_eq!(shown(Some("m"), None), Cell::Ok(30));
    assert_eq!(shown(None, Some("minor")), Cell::Ok(15));
    assert_eq!(shown(None, None), Cell::Ok(110));
}

#[test]
fn a_small_remainder_of_a_filter_is_not_told() {
    // 100 persons, 97 of them women: the question with the filter and the one without give the rest.
    let table = table(&[3], &[97, 2, 1]);
    let all = Question::default();
    let women = Question { only: vec![("d0".into(), "0".into())], ..all.clone() };
    let mut answered = Answered::default();
    let mut ask = |q| {
        let answer = answered.answer("q", table.frame(), Rules::default(), q, || table.clone());
        answer.unwrap().cells()[0]
    };
    assert_eq!(ask(&all), Cell::Ok(100));
    assert_eq!(ask(&women), Cell::Comp);
}

#[test]
fn parts_of_a_small_total_do_not_betray_it() {
    // Were the four parts known to be there, the total below five could only be four.
    let table = table(&[4, 2], &[1, 1, 1, 1, 30, 40, 50, 60]);
    let rules = Rules::new(5, Zeros::Shown).unwrap();
    let protected = protect(&table, rules);
    assert_eq!(protected.cell(&[None, Some("0")]), Some(Cell::Lt5));
    assert_eq!(protected.cell(&[Some("0"), Some("0")]), Some(Cell::Withheld));
    keeps_its_spread(&table, rules, &Attacker::told_all(&protected));
}

#[test]
fn nothing_is_hidden_where_nothing_is_small() {
    let counts: Vec<u64> = (0..560).map(|i| 40 + i * 7 % 100).collect();
    let table = table(&[14, 8, 5], &counts);
    let protected = protect(&table, Rules::default());
    assert!(protected.cells().iter().all(|cell| cell.value().is_some()));
}

#[test]
fn one_small_count_among_large_ones_costs_one_hypercube() {
    for (sizes, n_hidden) in [(&[6][..], 2), (&[6, 5], 4), (&[6, 5, 4], 8), (&[6, 5, 4, 3], 16)] {
        let n: usize = sizes.iter().product();
        let mut counts = vec![50; n];
        counts[0] = 2;
        let protected = protect(&table(sizes, &counts), Rules::default());
        let hidden = protected.cells().iter().filter(|cell| cell.value().is_none());
        assert_eq!(hidden.count(), n_hidden);
    }
}

#[test]
fn a_node_that_serves_one_province_still_tells_its_count() {
    let table = table(&[13], &[0, 0, 210, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let cells = protect(&table, Rules::default()).cells().to_vec();
    assert_eq!((cells[0], cells[3], cells[1]), (Cell::Ok(210), Cell::Ok(210), Cell::Lt5));

    let strict = protect(&table, Rules::new(5, Zeros::Defended).unwrap());
    assert_eq!(strict.cells()[3].value(), None);
}

#[test]
fn few_persons_are_told_as_few_and_nothing_more() {
    let table = table(&[2, 2], &[1, 0, 2, 0]);
    for zeros in [Zeros::Shown, Zeros::Flagged, Zeros::Defended] {
        let protected = protect(&table, Rules::new(5, zeros).unwrap());
        let (total, rest) = protected.cells().split_first().unwrap();
        assert_eq!(*total, Cell::Lt5);
        assert!(rest.iter().all(|cell| *cell == Cell::Withheld));
    }
}

#[test]
fn of_a_level_that_is_withheld_what_follows_from_its_totals_is_shown() {
    // 18 women and no man, by two ages and three forms. One of the first age and form is alone, and no
    // cell of two dimensions can be shown beside all totals.
    let table = table(&[2, 2, 3], &[1, 0, 5, 0, 0, 0, 6, 0, 6, 0, 0, 0]);
    let rules = Rules::new(5, Zeros::Shown).unwrap();
    let protected = protect(&table, rules);
    let cell = |sex, age, form| protected.cell(&[sex, age, form]).unwrap();
    assert_eq!(cell(None, None, None), Cell::Ok(18));
    assert_eq!(cell(Some("1"), None, None), Cell::Ok(0));
    assert_eq!(cell(None, Some("0"), None), Cell::Ok(7));
    assert_eq!(cell(None, Some("0"), Some("0")), Cell::Withheld);
    // The women of each age, and of each form, are all there are.
    assert_eq!(cell(Some("0"), Some("0"), None), Cell::Ok(7));
    assert_eq!(cell(Some("0"), Some("1"), None), Cell::Ok(11));
    assert_eq!(cell(Some("0"), None, Some("2")), Cell::Ok(6));
    let attacker = Attacker::told_all(&protected);
    keeps_groups_and_nesting(&table, &protected);
    keeps_its_spread(&table, rules, &attacker);
    hides_nothing_in_vain(&table, &protected, &attacker);
}

#[test]
fn a_cell_that_is_nearly_the_total_is_not_shown_beside_it() {
    // Both totals of the 20 are hidden, but 22 less 20 would still be a group of two.
    let table = table(&[2, 2], &[0, 20, 2, 0]);
    let protected = protect(&table, Rules::default());
    assert_eq!(protected.cell(&[None, None]), Some(Cell::Ok(22)));
    assert_eq!(protected.cell(&[Some("1"), Some("0")]), Some(Cell::Comp));
    keeps_groups_and_nesting(&table, &protected);
}
