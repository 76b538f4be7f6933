//! The little linear algebra that the models need, on matrices of a few dozen rows.

/// Values below this are zero. What is reduced here are matrices of zeros and ones of at most 56
/// columns, in which no true pivot comes near it.
const ZERO: f64 = 1e-9;

/// Solves `matrix * x = right` for a symmetric positive definite matrix, by Cholesky; `None` if it
/// is not.
pub(super) fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
    for (at, row) in matrix.iter().enumerate() {
        let mut new: Vec<f64> = Vec::with_capacity(at + 1);
        for (above, value) in lower.iter().zip(row) {
            let rest = value - dot(&new, above);
            new.push(rest / above.last()?);
        }
        let pivot = row.get(at)? - dot(&new, &new);
        // Relative to the diagonal: what rounding leaves of nothing is not a pivot.
        if pivot <= row.get(at)? * 1e-13 {
            return None;
        }
        new.push(pivot.sqrt());
        lower.push(new);
    }
    let mut x: Vec<f64> = Vec::with_capacity(right.len());
    for (row, value) in lower.iter().zip(right) {
        x.push((value - dot(&x, row)) / row.last()?);
    }
    // Backwards, by columns of the transposed factor.
    for (at, row) in lower.iter().enumerate().rev() {
        let (before, rest) = x.split_at_mut(at);
        let value = rest.first_mut()?;
        *value /= row.last()?;
        for (other, factor) in before.iter_mut().zip(row) {
            *other -= factor * *value;
        }
    }
    Some(x)
}

/// The sum of products, over the shorter of the two.
pub(super) fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// A basis of all `x` with `row * x = 0` for every row, by Gauss and Jordan.
pub(super) fn null_space(mut rows: Vec<Vec<f64>>, n_columns: usize) -> Vec<Vec<f64>> {
    let mut pivots: Vec<usize> = Vec::new();
    for column in 0..n_columns {
        let n_done = pivots.len();
        let left = rows.iter().enumerate().skip(n_done);
        let sizes = left.map(|(at, row)| (at, row.get(column).map_or(0.0, |value| value.abs())));
        let Some((best, size)) = sizes.max_by(|one, other| one.1.total_cmp(&other.1)) else {
            break;
        };
        if size < ZERO {
            continue;
        }
        rows.swap(n_done, best);
        eliminate(&mut rows, n_done, column);
        pivots.push(column);
    }
    let free = (0..n_columns).filter(|column| !pivots.contains(column));
    free.map(|free| {
        let mut vector = vec![0.0; n_columns];
        for (row, pivot) in rows.iter().zip(&pivots) {
            if let (Some(entry), Some(value)) = (vector.get_mut(*pivot), row.get(free)) {
                *entry = -value;
            }
        }
        if let Some(entry) = vector.get_mut(free) {
            *entry = 1.0;
        }
        vector
    })
    .collect()
}

/// Makes the pivot 1 and everything else in its column 0.
fn eliminate(rows: &mut [Vec<f64>], at: usize, column: usize) {
    let Some(row) = rows.get_mut(at) else { return };
    let pivot = row.get(column).copied().unwrap_or(1.0);
    row.iter_mut().for_each(|value| *value /= pivot);
    let row = row.clone();
    for other in rows.iter_mut().enumerate().filter(|(nth, _)| *nth != at).map(|it| it.1) {
        let factor = other.get(column).copied().unwrap_or_default();
        if factor != 0.0 {
            other.iter_mut().zip(&row).for_each(|(value, part)| *value -= factor * part);
        }
    }
}

/// Whether some `y` with every entry above zero has `sum of y * row = 0`.
///
/// Scaled, this asks for `y = 1 + w` with `w` from zero up: the first phase of the simplex method,
/// with Bland's rule, which always ends.
pub(super) fn has_positive_relation(rows: &[Vec<f64>]) -> bool {
    let n_equations = rows.first().map_or(0, Vec::len);
    let mut tableau: Vec<Vec<f64>> = Vec::with_capacity(n_equations);
    for equation in 0..n_equations {
        let mut line: Vec<f64> =
            rows.iter().map(|row| row.get(equation).copied().unwrap_or_default()).collect();
        let right = -line.iter().sum::<f64>();
        line.push(right);
        if right < 0.0 {
            line.iter_mut().for_each(|value| *value = -*value);
        }
        tableau.push(line);
    }
    // Each line begins with an artificial variable of its own, which is what must become zero.
    // They need no columns: one that has left never comes back.
    let mut basis: Vec<Option<usize>> = vec![None; n_equations];
    let mut goal = vec![0.0; rows.len() + 1];
    for line in &tableau {
        goal.iter_mut().zip(line).for_each(|(sum, value)| *sum += value);
    }
    tableau.push(goal);
    loop {
        let goal = tableau.last().map_or(&[][..], Vec::as_slice);
        let infeasible = goal.last().copied().unwrap_or_default();
        let entering = goal.iter().take(rows.len()).position(|value| *value > ZERO);
        let Some(column) = entering.filter(|_| infeasible > ZERO) else {
            return infeasible <= ZERO;
        };
        let Some(leaving) = leaving(&tableau, &basis, column) else { return false };
        eliminate(&mut tableau, leaving, column);
        if let Some(variable) = basis.get_mut(leaving) {
            *variable = Some(column);
        }
    }
}

/// The line that bounds the entering variable first; of equals, the one whose variable has the
/// lowest number (artificial ones before all).
fn leaving(tableau: &[Vec<f64>], basis: &[Option<usize>], column: usize) -> Option<usize> {
    let lines = tableau.iter().zip(basis).enumerate();
    let ratios = lines.filter_map(|(at, (line, variable))| {
        let factor = *line.get(column)?;
        (factor > ZERO).then(|| (at, line.last().copied().unwrap_or_default() / factor, variable))
    });
    ratios
        .min_by(|one, other| {
            let is_equal = (one.1 - other.1).abs() <= ZERO;
            if is_equal { one.2.cmp(other.2) } else { one.1.total_cmp(&other.1) }
        })
        .map(|(at, ..)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_positive_definite_system_is_solved_and_another_is_not() {
        let matrix = vec![vec![4.0, 2.0, 0.6], vec![2.0, 5.0, 1.0], vec![0.6, 1.0, 3.0]];
        let x = solve(&matrix, &[1.0, -2.0, 0.5]).unwrap();
        for (row, right) in matrix.iter().zip([1.0, -2.0, 0.5]) {
            assert!((dot(row, &x) - right).abs() < 1e-12);
        }
        assert_eq!(solve(&[vec![1.0, 1.0], vec![1.0, 1.0]], &[1.0, 1.0]), None);
        assert_eq!(solve(&[vec![1.0, 2.0], vec![2.0, 1.0]], &[1.0, 1.0]), None);
    }

    #[test]
    fn the_null_space_is_what_every_row_sends_to_zero() {
        let rows =
            vec![vec![1.0, 1.0, 0.0, 0.0], vec![0.0, 1.0, 1.0, 0.0], vec![1.0, 2.0, 1.0, 0.0]];
        let basis = null_space(rows.clone(), 4);
        assert_eq!(basis.len(), 2);
        for (row, vector) in rows.iter().flat_map(|row| basis.iter().map(move |v| (row, v))) {
            assert!(dot(row, vector).abs() < 1e-12);
        }
        assert_eq!(null_space(vec![vec![1.0, 0.0], vec![1.0, 1.0]], 2), Vec::<Vec<f64>>::new());
        assert_eq!(null_space(Vec::new(), 1), [[1.0]]);
    }

    #[test]
    fn a_positive_relation_is_found_where_there_is_one() {
        let rows = |rows: &[[f64; 2]]| rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        assert!(has_positive_relation(&rows(&[[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])));
        assert!(!has_positive_relation(&rows(&[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])));
        assert!(!has_positive_relation(&rows(&[[1.0, 0.0], [0.0, 1.0]])));
        assert!(has_positive_relation(&rows(&[[1.0, -2.0], [-3.0, 6.0]])));
        assert!(has_positive_relation(&rows(&[[0.0, 0.0]])));
    }

    proptest! {
        /// Rows that were built to have a relation, and the same with one row that leans away.
        #[test]
        fn the_simplex_method_agrees_with_how_the_rows_were_made(
            rows in prop::collection::vec(prop::collection::vec(-2_i8..=2, 3), 1..12),
            weights in prop::collection::vec(1_u8..4, 12),
        ) {
            let mut rows: Vec<Vec<f64>> =
                rows.iter().map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect();
            let mut last = vec![0.0; 3];
            for (row, weight) in rows.iter().zip(&weights) {
                last.iter_mut().zip(row).for_each(|(sum, v)| *sum -= f64::from(*weight) * v);
            }
            rows.push(last);
            prop_assert!(has_positive_relation(&rows));
            // Along a fourth axis everything is zero except one row, so nothing cancels it.
            rows.iter_mut().for_each(|row| row.push(0.0));
            rows[0][3] = 1.0;
            prop_assert!(!has_positive_relation(&rows));
        }
    }
}
