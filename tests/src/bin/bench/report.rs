//! Figures: gathered while the benchmarks run, printed as a table, written as JSON.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// There is none.
    None,
    /// So much or more.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
}

impl Aim {
    fn is_met_by(self, value: f64) -> Option<bool> {
        match self {
            Self::None => None,
            Self::AtLeast(least) => Some(value >= least),
            Self::Below(limit) => Some(value < limit),
        }
    }

    fn text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::AtLeast(least) => format!(">= {}", short(least)),
            Self::Below(limit) => format!("< {}", short(limit)),
        }
    }
}

/// One measured quantity.
#[derive(Clone, Debug)]
struct Figure {
    name: String,
    unit: &'static str,
    values: Vec<f64>,
    aim: Aim,
    /// Processor time of this process, in microseconds per unit of work, if it means anything.
    cpu_us: Option<f64>,
    /// The load average of the machine over a minute, when it was measured.
    load: f64,
}

impl Figure {
    fn median(&self) -> f64 {
        percentile(&self.values, 0.5)
    }
}

/// All figures of one run.
#[derive(Debug)]
pub(crate) struct Report {
    is_small: bool,
    /// What the figures that come next are of, behind each name.
    of: String,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(is_small: bool) -> Self {
        Self { is_small, of: String::new(), figures: Vec::new() }
    }

    /// Says behind each name that comes next so many of what it is of; nothing from `None` on.
    pub(crate) fn of(&mut self, size: Option<(usize, &str)>) {
        self.of =
            size.map_or_else(String::new, |(n, what)| format!(", {} {what}", short(n as f64)));
    }

    /// Notes the values of one quantity; their median is what counts.
    pub(crate) fn note(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        values: &[f64],
        aim: Aim,
        cpu_us: Option<f64>,
    ) {
        let name = name.into() + &self.of;
        let figure = Figure { name, unit, values: values.to_vec(), aim, cpu_us, load: load() };
        println!("  {}: {} {unit}", figure.name, short(figure.median()));
        self.figures.push(figure);
    }

    /// Notes p50 and p99 of many latencies, in milliseconds. The aim is for p50.
    pub(crate) fn latencies(&mut self, name: &str, latencies: &[Duration], aim: Aim) {
        let ms: Vec<f64> = latencies.iter().map(|it| it.as_secs_f64() * 1e3).collect();
        self.note(format!("{name}, p50"), "ms", &[percentile(&ms, 0.5)], aim, None);
        self.note(format!("{name}, p99"), "ms", &[percentile(&ms, 0.99)], Aim::None, None);
    }

    /// The table.
    pub(crate) fn print(&self) {
        println!("\n| what | median | lowest–highest | aim | | CPU µs each | load |");
        println!("|---|---|---|---|---|---|---|");
        for figure in &self.figures {
            let Figure { name, unit, values, aim, cpu_us, load } = figure;
            let verdict = match aim.is_met_by(figure.median()) {
                None => "",
                Some(true) => "met",
                Some(false) => "MISSED",
            };
            let spread = match values.len() {
                1 => String::new(),
                _ => {
                    format!("{}–{}", short(percentile(values, 0.0)), short(percentile(values, 1.0)))
                }
            };
            println!(
                "| {name} | {} {unit} | {spread} | {} | {verdict} | {} | {load:.1} |",
                short(figure.median()),
                aim.text(),
                cpu_us.map(short).unwrap_or_default(),
            );
        }
        if self.is_small {
            println!("\nSmall sizes: these figures say nothing about speed.");
        }
    }

    /// Writes the figures beside the build, and says where.
    pub(crate) fn write(&self) -> std::io::Result<PathBuf> {
        let figures: Vec<Value> = self
            .figures
            .iter()
            .map(|it| {
                json!({
                    "name": it.name, "unit": it.unit, "median": it.median(), "values": it.values,
                    "aim": it.aim.text(), "met": it.aim.is_met_by(it.median()),
                    "cpu_us_each": it.cpu_us, "load": it.load,
                })
            })
            .collect();
        let whole = json!({ "small": self.is_small, "figures": figures });
        let target = std::env::current_exe()?;
        let target = target.ancestors().nth(2).map(PathBuf::from).unwrap_or_default();
        let path = target.join("bench.json");
        std::fs::write(&path, serde_json::to_vec_pretty(&whole)?)?;
        Ok(path)
    }
}

/// The value below which this part of all values is.
pub(crate) fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    // Nearest rank: no value that was not measured.
    let rank = (0..=last).find(|rank| *rank as f64 >= part * last as f64).unwrap_or(last);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => {
            let digits = format!("{value:.0}");
            let mut text = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at).is_multiple_of(3) {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
        middle if middle >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Wall and processor time of something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
}

impl Spent {
    /// How many per second.
    pub(crate) fn per_s(self, n: u64) -> f64 {
        n as f64 / self.wall_s
    }

    /// Processor time of each, in microseconds.
    pub(crate) fn cpu_us_each(self, n: u64) -> f64 {
        self.cpu_s * 1e6 / n as f64
    }
}

/// A stop-watch, which also reads the processor time of this process.
#[derive(Debug)]
pub(crate) struct Watch(Instant, f64);

impl Watch {
    pub(crate) fn start() -> Self {
        Self(Instant::now(), cpu_s("self"))
    }

    pub(crate) fn stop(self) -> Spent {
        Spent { wall_s: self.0.elapsed().as_secs_f64(), cpu_s: cpu_s("self") - self.1 }
    }
}

/// Processor time of a process, in seconds: the fields utime and stime of proc(5), in ticks of 10 ms.
pub(crate) fn cpu_s(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name of the program is in parentheses and may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// A line of `/proc/PID/status` in MiB.
pub(crate) fn memory_mib(pid: u32, line: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix(line)?.strip_prefix(':'));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&values, 0.0), 1.0);
        assert_eq!(percentile(&values, 0.5), 51.0);
        assert_eq!(percentile(&values, 0.99), 100.0);
        assert_eq!(percentile(&[3.0, 1.0, 2.0], 0.5), 2.0);
    }

    #[test]
    fn figures_of_two_sizes_have_two_names() {
        let mut report = Report::new(true);
        for size in [Some((10_000_000, "rows")), None] {
            report.of(size);
            report.note("a question", "ms", &[1.0], Aim::None, None);
        }
        let names: Vec<_> = report.figures.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["a question, 10,000,000 rows", "a question"]);
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(short(1_234_567.0), "1,234,567");
        assert_eq!(short(999.0), "999");
        assert_eq!(short(0.123), "0.12");
    }
}
