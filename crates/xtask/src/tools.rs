//! What the checks need beyond Rust and a C compiler, and how it gets there.
//!
//! Debian packages are installed by name if the user may do so; Python packages go into a folder
//! under `target`, in the versions of `tests/python/requirements.txt`. Everything that is
//! installed is named first. Nothing is installed that is already there.

use std::{
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::Command,
};

use crate::run::{answers, run};

/// A Debian package, and how to see that what is needed from it is there.
struct Need {
    package: &'static str,
    why: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

/// What the pages of the console are looked at with.
const BROWSER: [Need; 3] = [
    Need {
        package: "chromium",
        why: "the console is looked at in a browser",
        program: "chromium",
        arguments: &["--version"],
    },
    Need {
        package: "nodejs",
        why: "the browser is led by a script",
        program: "node",
        arguments: &["--version"],
    },
    Need {
        package: "npm",
        why: "what leads the browser comes from there",
        program: "npm",
        arguments: &["--version"],
    },
];

const NEEDS: [Need; 2] = [
    Need {
        package: "python3",
        why: "a client in another language connects to a node",
        program: "python3",
        arguments: &["--version"],
    },
    Need {
        package: "python3-venv",
        why: "that client's packages stay in a folder of their own",
        program: "python3",
        arguments: &["-c", "import venv, ensurepip"],
    },
];

/// Installs what is missing, or says what to type.
pub(crate) fn prepare(root: &Path, target: &Path) -> Result<(), String> {
    rust_components()?;
    debian_packages(&NEEDS)?;
    let python = python_packages(root, target)?;
    println!("python: {}", python.display());
    match std::env::var_os("ENTENTE_REAL_DATA") {
        Some(folder) => println!("real data: {}", Path::new(&folder).display()),
        None => println!("real data: skipped, ENTENTE_REAL_DATA does not name a folder"),
    }
    Ok(())
}

/// The interpreter that the tests start, with the packages they need.
pub(crate) fn python(target: &Path) -> PathBuf {
    target.join("venv/bin/python")
}

/// Whether tests run under `cargo nextest`.
pub(crate) fn has_nextest() -> bool {
    answers("cargo", &["nextest", "--version"])
}

fn rust_components() -> Result<(), String> {
    for (component, debian) in [("rustfmt", "rustfmt"), ("clippy", "rust-clippy")] {
        let subcommand = if component == "rustfmt" { "fmt" } else { component };
        if answers("cargo", &[subcommand, "--version"]) {
            continue;
        }
        println!("installing {component}, which is missing");
        if answers("rustup", &["--version"]) {
            run(Command::new("rustup").args(["component", "add", component]))?;
        } else {
            install(&[debian])?;
        }
    }
    Ok(())
}

/// Installs what the console is looked at with, and says where its packages are.
pub(crate) fn browser(root: &Path, target: &Path) -> Result<PathBuf, String> {
    debian_packages(&BROWSER)?;
    let folder = target.join("browser");
    let manifest = root.join("tests/browser/package.json");
    let wanted =
        fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
    let (modules, installed) = (folder.join("node_modules"), folder.join("installed.json"));
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(modules);
    }
    println!("installing into {}: what {} names", folder.display(), manifest.display());
    let cannot = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(&folder).map_err(cannot)?;
    fs::write(folder.join("package.json"), &wanted).map_err(cannot)?;
    run(Command::new("npm").current_dir(&folder).args([
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--silent",
    ]))?;
    // Last, so that an installation cut short is done again.
    fs::write(&installed, wanted).map_err(cannot)?;
    Ok(modules)
}

fn debian_packages(needs: &'static [Need]) -> Result<(), String> {
    let missing = missing(needs);
    for need in &missing {
        println!("missing: {} ({})", need.package, need.why);
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    install(&packages)?;
    match self::missing(needs).first() {
        None => Ok(()),
        Some(need) => Err(format!(
            "{} is installed, but the `{}` that is found first cannot use it",
            need.package, need.program
        )),
    }
}

fn missing(needs: &'static [Need]) -> Vec<&'static Need> {
    needs.iter().filter(|need| !answers(need.program, need.arguments)).collect()
}

fn install(packages: &[&str]) -> Result<(), String> {
    let names = packages.join(" ");
    let by_hand = format!("please install: {names}\n  sudo apt-get install {names}");
    if !answers("apt-get", &["--version"]) {
        return Err(by_hand);
    }
    let elevation: &[&str] = if answers("sh", &["-c", "test \"$(id -u)\" = 0"]) {
        &[]
    } else if answers("sudo", &["-n", "true"]) {
        &["sudo", "-n"]
    } else if std::io::stdin().is_terminal() && answers("sudo", &["--version"]) {
        &["sudo"]
    } else {
        return Err(by_hand);
    };
    println!("installing with apt-get: {names}");
    let apt = |arguments: &[&str]| {
        let words = [elevation, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments];
        let mut words = words.concat().into_iter();
        let mut command = Command::new(words.next().unwrap_or("env"));
        run(command.args(words))
    };
    // An old list of packages names files that are gone, and a new machine has no list at all.
    apt(&["update", "-q"])?;
    apt(&[["install", "-q", "-y", "--no-install-recommends"].as_slice(), packages].concat())
        .map_err(|why| format!("{why}\n{by_hand}"))
}

/// Installs what the programs in Python need, if it is not there, and says where the interpreter is.
pub(crate) fn python_packages(root: &Path, target: &Path) -> Result<PathBuf, String> {
    let (python, folder) = (python(target), target.join("venv"));
    let wanted = fs::read_to_string(root.join("tests/python/requirements.txt"))
        .map_err(|e| format!("tests/python/requirements.txt cannot be read: {e}"))?;
    // Written last, so that an installation cut short is done again.
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted)
        && Command::new(&python).arg("--version").output().is_ok()
    {
        return Ok(python);
    }
    println!("installing into {}: {}", folder.display(), package_names(&wanted));
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(root.join("tests/python/requirements.txt")))?;
    fs::write(&installed, wanted).map_err(|e| format!("{} : {e}", installed.display()))?;
    Ok(python)
}

fn package_names(requirements: &str) -> String {
    let lines = requirements.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_packages_are_named_without_the_comments() {
        assert_eq!(super::package_names("# Why.\na==1\n\nb==2\n"), "a==1, b==2");
    }
}
