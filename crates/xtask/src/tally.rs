//! Counts tests from what the test runners print.
//!
//! It reads the closing lines only: `cargo nextest` prints one for the whole run, `cargo test` one
//! for each binary.

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// Adds what one line of a test runner's output says, if it is a closing line.
    pub(crate) fn read_line(&mut self, line: &str) {
        // An indented `test result:` is what nextest quotes of a test that failed.
        let counts = if let Some(rest) = line.strip_prefix("test result:") {
            rest.split_once(". ").map(|(_, counts)| counts)
        } else if line.trim_start().starts_with("Summary [") {
            line.split_once(" run:").map(|(_, counts)| counts)
        } else {
            None
        };
        for part in without_brackets(counts.unwrap_or_default().trim_end()).split([',', ';']) {
            self.add(part.trim());
        }
    }

    fn add(&mut self, part: &str) {
        let Some((number, word)) = part.split_once(' ') else { return };
        let Ok(number) = number.parse::<u64>() else { return };
        match word.trim() {
            "passed" => self.passed += number,
            "failed" | "timed out" | "exec failed" => self.failed += number,
            "ignored" | "skipped" => self.skipped += number,
            _ => {}
        }
    }

    pub(crate) fn plus(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// `12 passed (2 slow, 1 flaky), 1 failed` without what is in brackets.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read_line(line));
        tally
    }

    #[test]
    fn a_nextest_run_closes_with_one_line() {
        let line = "     Summary [  12.010s] 9 tests run: 6 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 4 skipped";
        assert_eq!(tally(&[line]), Tally { passed: 6, failed: 3, skipped: 4 });
    }

    #[test]
    fn a_cancelled_nextest_run_still_counts() {
        let line = "     Summary [   0.010s] 3/5 tests run: 2 passed, 1 failed, 0 skipped";
        assert_eq!(tally(&[line]), Tally { passed: 2, failed: 1, skipped: 0 });
    }

    #[test]
    fn cargo_test_closes_each_binary() {
        let lines = [
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.1s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        ];
        assert_eq!(tally(&lines), Tally { passed: 4, failed: 2, skipped: 1 });
    }

    #[test]
    fn other_lines_count_for_nothing() {
        let lines = [
            "test fields::passed ... ok",
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured",
            "3 passed, 1 failed",
            "warning: 4 failed",
        ];
        assert_eq!(tally(&lines), Tally::default());
    }
}
