//! What is in `deploy/`, checked as far as a plain machine allows.
//!
//! No container is built and no service is started here: there may be no container engine and no
//! systemd. The files are read with our own small parsers, which know what must be in them; where
//! `systemd-analyze` is installed, it is asked too.

#![expect(clippy::unwrap_used, reason = "a test whose input cannot be read has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::{Map, Value, json};

// The service.

/// What the service file must say, and what a node could do without it.
const HARDENING: [(&str, &str); 29] = [
    ("AmbientCapabilities", ""),
    ("CapabilityBoundingSet", ""),
    ("KeyringMode", "private"),
    ("LimitCORE", "0"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("NoNewPrivileges", "yes"),
    ("PrivateDevices", "yes"),
    ("PrivateTmp", "yes"),
    ("PrivateUsers", "yes"),
    ("ProcSubset", "pid"),
    ("ProtectClock", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectHome", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelTunables", "yes"),
    ("ProtectProc", "invisible"),
    ("ProtectSystem", "strict"),
    ("RemoveIPC", "yes"),
    ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("SocketBindDeny", "any"),
    ("StateDirectoryMode", "0700"),
    ("SystemCallArchitectures", "native"),
    ("UMask", "0077"),
];

/// Every other setting in the file, from systemd.unit(5), systemd.service(5), systemd.exec(5) and
/// systemd.resource-control(5). systemd only warns about one that is misspelt.
const OTHER_SETTINGS: [&str; 21] = [
    "After",
    "Description",
    "Documentation",
    "ExecStart",
    "Group",
    "LimitNOFILE",
    "LoadCredential",
    "Restart",
    "RestartSec",
    "SocketBindAllow",
    "StartLimitBurst",
    "StartLimitIntervalSec",
    "StateDirectory",
    "SystemCallErrorNumber",
    "SystemCallFilter",
    "TasksMax",
    "TimeoutStopSec",
    "Type",
    "User",
    "WantedBy",
    "Wants",
];

#[test]
fn the_service_takes_away_what_a_node_does_not_need() {
    let service = settings(&read("deploy/entente.service"));
    for (name, expected) in HARDENING {
        assert_eq!(values(&service, name), [expected], "{name}");
    }
    assert_eq!(values(&service, "SocketBindAllow"), ["tcp:7443"]);
    assert_eq!(
        values(&service, "SystemCallFilter"),
        ["@system-service", "~@privileged @resources", "prlimit64"]
    );
}

#[test]
fn every_setting_of_the_service_is_one_that_systemd_knows() {
    let known: BTreeSet<&str> =
        HARDENING.iter().map(|(name, _)| *name).chain(OTHER_SETTINGS).collect();
    let text = read("deploy/entente.service");
    let names: BTreeSet<String> = settings(&text).into_iter().map(|(name, _)| name).collect();
    let unknown: Vec<_> = names.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let sections: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(sections, ["[Unit]", "[Service]", "[Install]"]);
}

#[test]
fn what_lets_staff_in_takes_back_no_more_than_it_must() {
    let drop_in = settings(&read("deploy/entente-staff.conf"));
    let given: Vec<_> = drop_in.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
    assert_eq!(
        given,
        [
            ("PrivateUsers", "no"),
            ("RuntimeDirectory", "entente"),
            ("RuntimeDirectoryMode", "0755"),
            ("SupplementaryGroups", "entente-staff"),
            ("SystemCallFilter", "@chown"),
        ]
    );
    // It is what the manual installs, for the door that the manual names.
    let manual = read("docs/OPERATING.md");
    assert!(manual.contains("socket = \"/run/entente/staff.sock\"\ngroup = \"entente-staff\""));
    assert!(manual.contains("deploy/entente-staff.conf"));
}

#[test]
fn the_service_never_has_the_passphrase_in_its_file_or_environment() {
    let service = settings(&read("deploy/entente.service"));
    assert_eq!(values(&service, "LoadCredential"), ["passphrase:/etc/entente/passphrase"]);
    assert_eq!(
        values(&service, "ExecStart"),
        ["/usr/bin/entente --home /var/lib/entente node run \
          --passphrase-file ${CREDENTIALS_DIRECTORY}/passphrase"]
    );
    assert!(service.iter().all(|(name, _)| !name.starts_with("Environment")));
}

#[test]
fn the_user_of_the_service_is_the_one_that_is_created() {
    let service = settings(&read("deploy/entente.service"));
    let users = read("deploy/entente.sysusers");
    let created: Vec<&str> =
        users.lines().filter_map(|line| line.strip_prefix("u ")?.split(' ').next()).collect();
    assert_eq!(created, values(&service, "User"));
    assert_eq!(created, values(&service, "Group"));
}

#[test]
fn systemd_finds_nothing_wrong_with_the_service() {
    let Some(unit) = for_systemd() else { return };
    let verified = systemd_analyze(&["verify", "--man=no"], &unit.path);
    let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
    // A machine without a running systemd complains about its own units, which are not ours.
    let ours: Vec<&str> =
        complaints.lines().filter(|line| line.contains("entente.service")).collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[test]
fn systemd_rates_the_exposure_of_the_service_below_two_of_ten() {
    let Some(unit) = for_systemd() else { return };
    let rated = systemd_analyze(&["security", "--offline=true", "--threshold=20"], &unit.path);
    let said = String::from_utf8_lossy(&rated.stdout);
    assert!(rated.status.success(), "{said}{}", String::from_utf8_lossy(&rated.stderr));
}

/// The service as a file that systemd can check here, or `None` where it is not installed, or is
/// older than version 250, which first rated a file that is not installed.
fn for_systemd() -> Option<UnitFile> {
    let output = Command::new("systemd-analyze").arg("--version").output().ok();
    let version = output.and_then(|output| {
        let text = String::from_utf8(output.stdout).ok()?;
        text.split_whitespace().nth(1)?.parse::<u32>().ok()
    });
    if version.is_none_or(|version| version < 250) {
        eprintln!("skipped: there is no systemd-analyze of version 250 or later");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entente.service");
    // The binary is not installed here, and `verify` looks for it.
    let text = read("deploy/entente.service").replace("=/usr/bin/entente ", "=/bin/true ");
    fs::write(&path, text).unwrap();
    Some(UnitFile { path, _folder: folder })
}

struct UnitFile {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

fn systemd_analyze(arguments: &[&str], unit: &Path) -> Output {
    Command::new("systemd-analyze").arg("--no-pager").args(arguments).arg(unit).output().unwrap()
}

fn settings(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.starts_with(['#', '[']));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn values<'a>(settings: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    settings.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
}

// The image.

#[test]
fn everything_the_image_copies_from_the_repository_exists() {
    let copied = instructions().into_iter().filter(|(name, _)| name == "COPY");
    let copied: Vec<String> = copied.map(|(_, arguments)| arguments).collect();
    assert!(!copied.is_empty());
    for arguments in copied.iter().filter(|arguments| !arguments.starts_with("--from=")) {
        let mut paths: Vec<&str> = arguments.split_whitespace().collect();
        paths.pop().unwrap();
        for path in paths {
            assert!(top().join(path).exists(), "COPY {path}");
        }
    }
}

#[test]
fn the_image_is_built_from_every_member_of_the_workspace() {
    let copied: Vec<String> = instructions().into_iter().map(|(_, arguments)| arguments).collect();
    for folder in ["crates", "proto", "tests"] {
        assert!(copied.contains(&format!("{folder} {folder}")), "{folder}");
    }
}

#[test]
fn the_image_starts_from_pinned_images() {
    for (_, image) in instructions().iter().filter(|(name, _)| name == "FROM") {
        let image = image.split(' ').next().unwrap();
        let (_, tag) = image.split_once(':').unwrap();
        let is_full = tag.split('-').next().unwrap().contains('.');
        assert!(is_full, "{image} moves when its maintainers move it");
    }
}

#[test]
fn the_image_does_not_run_as_root() {
    let users = instructions().into_iter().filter(|(name, _)| name == "USER");
    assert_eq!(users.map(|(_, user)| user).collect::<Vec<_>>(), ["10001:10001"]);
    let after = instructions().into_iter().skip_while(|(name, _)| name != "USER");
    let written = after.filter(|(name, _)| matches!(name.as_str(), "RUN" | "COPY" | "ADD"));
    assert_eq!(written.count(), 0, "nothing is installed after root is given up");
}

#[test]
fn the_image_asks_the_node_whether_it_is_well() {
    let instructions = instructions();
    let health = instructions.iter().find(|(name, _)| name == "HEALTHCHECK").unwrap();
    assert!(health.1.contains(r#""status", "--json""#), "{}", health.1);
    let start = ["ENTRYPOINT", "CMD"].map(|wanted| {
        let (_, arguments) = instructions.iter().find(|(name, _)| name == wanted).unwrap();
        serde_json::from_str::<Vec<String>>(arguments).unwrap().join(" ")
    });
    assert_eq!(
        start.join(" "),
        "/usr/bin/entente --home /var/lib/entente node run \
         --passphrase-file /run/secrets/passphrase"
    );
}

/// The instructions of the Containerfile, with continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let text = read("deploy/Containerfile").replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, arguments) = line.split_once(' ').unwrap();
            (name.to_owned(), arguments.trim().to_owned())
        })
        .collect()
}

// The federation of three.

#[test]
fn three_nodes_run_with_nothing_that_they_do_not_need() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.len(), 3);
    for (name, service) in services {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{name}");
        assert_eq!(service["user"], "10001:10001", "{name}");
        for refused in ["privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "ports"] {
            assert!(service.get(refused).is_none(), "{name}: {refused}");
        }
    }
}

#[test]
fn each_node_reaches_the_partner_door_of_the_two_others_and_nothing_else() {
    let compose = compose();
    let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, service) in compose["services"].as_object().unwrap() {
        assert_eq!(service["expose"], json!(["7443"]), "{name}");
        for network in service["networks"].as_array().unwrap() {
            members.entry(network.as_str().unwrap()).or_default().push(name);
        }
    }
    let pairs: BTreeSet<Vec<&str>> = members.values().cloned().collect();
    let expected =
        [["centre", "province"], ["centre", "shelter"], ["province", "shelter"]].map(Vec::from);
    assert_eq!(pairs, expected.into());
    for (name, network) in compose["networks"].as_object().unwrap() {
        assert_eq!(network["internal"], true, "{name} has a way out");
        assert!(members.contains_key(name.as_str()), "{name} is used by nobody");
    }
}

#[test]
fn each_node_keeps_its_own_store_and_its_own_secret() {
    let compose = compose();
    let (mut volumes, mut secrets) = (BTreeSet::new(), BTreeSet::new());
    for (name, service) in compose["services"].as_object().unwrap() {
        let volume = service["volumes"][0].as_str().unwrap();
        let volume = volume.strip_suffix(":/var/lib/entente").unwrap();
        assert!(compose["volumes"].get(volume).is_some(), "{name}");
        assert!(volumes.insert(volume.to_owned()), "{name} shares a store");

        let secret = &service["secrets"][0];
        assert_eq!(secret["target"], "passphrase", "{name}");
        let source = secret["source"].as_str().unwrap();
        let file = compose["secrets"][source]["file"].as_str().unwrap();
        assert!(secrets.insert(file.to_owned()), "{name} shares a passphrase");
    }
}

#[test]
fn the_containers_are_built_from_our_image() {
    for (name, service) in compose()["services"].as_object().unwrap() {
        let build = &service["build"];
        let context = top().join("deploy").join(build["context"].as_str().unwrap());
        let file = context.join(build["dockerfile"].as_str().unwrap());
        assert!(file.exists(), "{name}: {}", file.display());
        let version = format!("entente:{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(service["image"], json!(version), "{name}");
    }
}

#[test]
fn the_script_makes_every_secret_that_the_federation_needs_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("compose-init.sh");
    fs::copy(top().join("deploy/compose-init.sh"), &script).unwrap();
    let make = || {
        let output = Command::new("bash").arg(&script).arg("--secrets-only").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let secrets = compose()["secrets"].as_object().unwrap().clone();
        let files = secrets.values().map(|secret| secret["file"].as_str().unwrap().to_owned());
        files.map(|file| fs::read_to_string(folder.path().join(file)).unwrap()).collect::<Vec<_>>()
    };
    let secrets = make();
    assert_eq!(secrets.iter().collect::<BTreeSet<_>>().len(), 3, "each is different");
    // 32 bytes in base64, and the end of the line.
    assert!(secrets.iter().all(|secret| secret.len() == 45));
    assert_eq!(make(), secrets, "a second run keeps what is there");
    let ignored = read("deploy/.gitignore");
    assert!(ignored.lines().any(|line| line == "/secrets/"), "a secret is never committed");
}

fn compose() -> Value {
    let text = read("deploy/compose.yaml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let [document] = documents.as_slice() else { panic!("expected one document") };
    to_json(document)
}

/// The same document as JSON, with `<<` merged in (YAML 1.1, which compose files use).
fn to_json(yaml: &Yaml) -> Value {
    if let Some(mapping) = yaml.as_mapping() {
        let mut object = Map::new();
        for (key, value) in mapping {
            match (key.as_str().unwrap(), to_json(value)) {
                ("<<", Value::Object(merged)) => {
                    for (key, value) in merged {
                        object.entry(key).or_insert(value);
                    }
                }
                (key, value) => {
                    object.insert(key.to_owned(), value);
                }
            }
        }
        Value::Object(object)
    } else if let Some(sequence) = yaml.as_sequence() {
        sequence.iter().map(to_json).collect()
    } else if let Some(text) = yaml.as_str() {
        json!(text)
    } else if let Some(flag) = yaml.as_bool() {
        json!(flag)
    } else if let Some(number) = yaml.as_integer() {
        json!(number)
    } else {
        Value::Null
    }
}

// Both.

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap()
}
