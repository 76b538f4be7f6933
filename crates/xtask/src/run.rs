//! Starting other programs, and saying how they ended.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    time::Duration,
};

use crate::tally::Tally;

/// Runs a program that talks to the terminal itself.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    let status = command.status().map_err(|e| format!("`{shown}` did not start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` ended with {status}")) }
}

/// Whether a program is there and content; its output is of no interest.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a test runner, passes on every line as it comes, and counts its tests.
pub(crate) fn run_tests(command: &mut Command) -> (Tally, Result<(), String>) {
    let shown = shown(command);
    // Colours would hide the closing lines from the count.
    command.env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) => return (Tally::default(), Err(format!("`{shown}` did not start: {e}"))),
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let tally = std::thread::scope(|scope| {
        let errors = scope.spawn(move || stderr.map(|from| pass_on(from, std::io::stderr())));
        let lines = stdout.map(|from| pass_on(from, std::io::stdout())).unwrap_or_default();
        lines.plus(errors.join().ok().flatten().unwrap_or_default())
    });
    let outcome = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(e) => Err(format!("`{shown}` was lost: {e}")),
    };
    (tally, outcome)
}

fn pass_on(from: impl Read, mut to: impl Write) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        tally.read_line(&line);
        // A closed terminal is no reason to stop counting.
        drop(writeln!(to, "{line}"));
    }
    tally
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(name.into()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// `8.2 s`, or `3 min 05 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}
