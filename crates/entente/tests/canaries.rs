//! Canaries: every field that identifies a person holds a text that is nowhere else, and two real
//! nodes do everything that nodes do with such cases. Then the texts are looked for in every byte
//! that went over the network, every file, log, backup and bundle, and every page that was shown
//! without being asked to reveal. None may be there, in no disguise.

mod common;
#[path = "common/partners.rs"]
mod partners;
#[path = "common/wire.rs"]
mod wire;

use std::fs::File;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine as _};
use common::{Folder, PASSPHRASE, ask, told};
use entente_core::codes::{ConsentScope, Set};
use entente_core::layout::{ConsentDraft, Draft, Identifiers, Layout};
use entente_core::record::{Field, Kind, RecordId};
use jiff::civil::date;
use partners::{Up, agree, done, is, list, number, pair, set, text};
use serde_json::{Value, json};
use wire::Tap;

/// In every text that identifies, and in every free text: anything may have been written there.
const MARK: &str = "zqcanarixy";
/// In every birthdate: nobody else here was born in 1913.
const BORN: &str = "1913-04-0";
/// In every id of a person, and so in no id that a node makes.
const PERSON: &str = "dead-7bee-8bee-";

const N_CASES: usize = 24;

/// What is planted in case `n`.
fn planted(n: usize) -> Vec<(Field, String)> {
    let telling = Field::ALL.iter().filter(|field| field.may_name()).map(|field| {
        let text = match field.kind() {
            Kind::Person => format!("0190f5c2-{PERSON}{n:012}"),
            Kind::Date => format!("{BORN}{}", n % 9 + 1),
            _ => format!("{MARK}-{}-{n}", field.name()),
        };
        (*field, text)
    });
    telling.collect()
}

/// Everything that was said, shown or kept, by where it was found.
#[derive(Default)]
struct Corpus(Vec<(String, Vec<u8>)>);

impl Corpus {
    fn add(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    /// Everything under a folder, names included.
    fn add_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let place = path.display().to_string();
            self.add(format!("the name of {place}"), place.clone());
            if path.is_dir() {
                self.add_folder(&path);
            } else if path.is_file() {
                self.add(place, std::fs::read(&path).expect("a file"));
            }
        }
    }

    /// A command and its document, whether it works or not.
    fn json(&mut self, node: &Folder, args: &[&str]) -> Value {
        let output = node.run(&[&["--json"], args].concat());
        let (place, out) = (format!("--json {args:?}"), output.stdout);
        self.add(format!("the error output of {place}"), output.stderr);
        let text = String::from_utf8_lossy(&out).into_owned();
        self.add(place, out);
        serde_json::from_str(text.lines().last().unwrap_or_default())
            .unwrap_or_else(|_| panic!("{args:?} said {text}"))
    }

    /// A command that works, as a document and as a page in both languages.
    fn shown(&mut self, node: &Folder, args: &[&str]) -> Value {
        let told = self.json(node, args);
        assert!(told.get("error").is_none(), "{args:?}: {told}");
        self.pages(node, args);
        told
    }

    /// A command that is refused, in the three forms.
    fn refused(&mut self, node: &Folder, args: &[&str]) {
        let told = self.json(node, args);
        assert!(told.get("error").is_some(), "{args:?}: {told}");
        self.pages(node, args);
    }

    fn pages(&mut self, node: &Folder, args: &[&str]) {
        for lang in ["en", "fr"] {
            let output = node.run(&[&["--lang", lang], args].concat());
            self.add(format!("--lang {lang} {args:?}"), [output.stdout, output.stderr].concat());
        }
    }

    /// Where secrets are, in any disguise.
    fn hits(&self, secrets: &[&str]) -> Vec<String> {
        let needles: Vec<_> = secrets.iter().flat_map(|secret| disguises(secret)).collect();
        let hits = self.0.iter().flat_map(|(place, bytes)| hits_in(place, bytes, &needles));
        hits.collect()
    }
}

/// The ways in which a text may lie in a file.
fn disguises(secret: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let utf16 = |order: fn(u16) -> [u8; 2]| secret.encode_utf16().flat_map(order).collect();
    let decimal: Vec<_> = bytes.iter().map(u8::to_string).collect();
    let mut all = vec![
        ("as it is", bytes.to_vec()),
        ("in capitals", secret.to_uppercase().into_bytes()),
        ("in hexadecimal", hex::encode(bytes).into_bytes()),
        ("in hexadecimal", hex::encode_upper(bytes).into_bytes()),
        ("in UTF-16LE", utf16(u16::to_le_bytes)),
        ("in UTF-16BE", utf16(u16::to_be_bytes)),
        ("as numbers", decimal.join(", ").into_bytes()),
    ];
    // Base64 takes three bytes at a time: a text looks different at each of three places, but for
    // the characters at its edges.
    for shift in 0..3 {
        let shifted = [&vec![0; shift], bytes].concat();
        let text = BASE64_STANDARD_NO_PAD.encode(&shifted);
        let whole = shifted.len() / 3 * 4;
        let inner = text.get(if shift == 0 { 0 } else { 4 }..whole).unwrap_or_default();
        all.push(("in base64", inner.as_bytes().to_vec()));
        all.push(("in base64", inner.replace('+', "-").replace('/', "_").into_bytes()));
    }
    all.retain(|(_, needle)| needle.len() >= 8);
    all.into_iter().map(|(how, needle)| (format!("{secret} {how}"), needle)).collect()
}

/// One pass over `bytes`, however many needles there are.
fn hits_in(place: &str, bytes: &[u8], needles: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut begins = [false; 256];
    for (first, begins) in (0..=u8::MAX).zip(&mut begins) {
        *begins = needles.iter().any(|(_, needle)| needle.first() == Some(&first));
    }
    let mut hits = Vec::new();
    let begins = |byte: &u8| begins.get(usize::from(*byte)).copied().unwrap_or_default();
    let candidates = bytes.iter().enumerate().filter(|(_, byte)| begins(byte));
    for (at, _) in candidates {
        let rest = bytes.get(at..).unwrap_or_default();
        if let Some((what, _)) = needles.iter().find(|(_, needle)| rest.starts_with(needle)) {
            let around = bytes.get(at.saturating_sub(60)..(at + 60).min(bytes.len()));
            let around = String::from_utf8_lossy(around.unwrap_or_default()).into_owned();
            hits.push(format!("{what}, at {at} of {place}: …{around}…"));
            // One is enough for one place.
            break;
        }
    }
    hits
}

#[test]
fn a_secret_is_found_in_every_disguise_and_nothing_else_is() {
    let secret = format!("{MARK}-name_last-3");
    let whole = |text: &str| format!("before {text} after").into_bytes();
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut hidden = vec![
        whole(&secret),
        whole(&secret.to_uppercase()),
        whole(&hex::encode(&secret)),
        whole(&format!("{:?}", secret.as_bytes())),
        utf16,
    ];
    for before in ["", "a", "ab"] {
        hidden.push(BASE64_STANDARD.encode(format!("{before}{secret} and more")).into_bytes());
    }
    for bytes in hidden {
        let mut corpus = Corpus::default();
        corpus.add("here", bytes.clone());
        assert_eq!(corpus.hits(&[MARK]).len(), 1, "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(corpus.hits(&[BORN, PERSON, PASSPHRASE]).len(), 0);
    }
}

/// The two nodes, what lies between them, and everything that was seen.
struct Stage {
    folder: tempfile::TempDir,
    province: Folder,
    centre: Folder,
    taps: [Tap; 2],
    running: Vec<Up>,
    corpus: Corpus,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let province = Folder::init(folder.path(), "province", "sled");
        let centre = Folder::init(folder.path(), "centre", "redb");
        let mut running = Vec::new();
        let mut taps = Vec::new();
        for node in [&province, &centre] {
            let tap = Tap::before(&listens_at(node));
            let dial = format!("public_address = \"{}\"", tap.address);
            set(node, "public_address = \"\"", &dial);
            set(node, "interval_s = 60", "interval_s = 86400");
            running.push(start_with_everything_logged(node).await);
            taps.push(tap);
        }
        let taps = <[Tap; 2]>::try_from(taps).unwrap_or_else(|_| panic!("two taps"));
        Self { folder, province, centre, taps, running, corpus: Corpus::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

fn listens_at(node: &Folder) -> String {
    let text = std::fs::read_to_string(node.home.join("entente.toml")).expect("settings");
    let line = text.lines().find_map(|line| line.strip_prefix("listen = ")).expect("an address");
    line.trim_matches('"').to_owned()
}

/// At `trace`, every crate writes down all it can.
async fn start_with_everything_logged(node: &Folder) -> Up {
    let log = |kind: &str| File::create(node.home.with_extension(kind)).expect("a log");
    let mut command = node.node();
    command.stdout(log("out")).stderr(log("err"));
    command.env("ENTENTE_LOG", "trace").env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    let mut up = Up(command.spawn().expect("the node starts"));
    while node.client().await.is_none() {
        assert!(matches!(up.0.try_wait(), Ok(None)), "the node ended");
        tokio::task::yield_now().await;
    }
    up
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_identifies_leaves_its_row_unless_a_person_reveals_it() {
    let mut stage = Stage::new().await;
    let agreement = become_partners(&stage);
    import(&mut stage);
    let records = reveal(&stage);
    exchange(&mut stage, &records);
    look(&mut stage, &records, &agreement);
    mistake(&mut stage, &records);
    keep(&mut stage);
    withdraw(&mut stage, &records);
    end(&mut stage).await;

    // All of it is in those files, sealed: a node that starts on them can reveal it.
    let mut up = Up(stage.province.start().await);
    let n_marked = planted(0).iter().filter(|(_, text)| text.contains(MARK)).count();
    let revealed = reveal_all(&stage.province, &records);
    assert_eq!(revealed.matches(MARK).count(), n_marked * N_CASES);
    up.kill();

    assert!(stage.corpus.0.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > 1 << 20);
    let hits = stage.corpus.hits(&[MARK, BORN, PERSON, PASSPHRASE]);
    assert!(hits.is_empty(), "{} places:\n{}", hits.len(), hits.join("\n"));
}

fn become_partners(stage: &Stage) -> String {
    let (province, centre) = ((&stage.province, "province"), (&stage.centre, "centre"));
    pair(centre, province, stage.folder.path());
    agree(province, centre, stage.folder.path())
}

/// A file with names, and some rows that cannot be kept and hold names in the wrong places.
fn import(stage: &mut Stage) {
    let layout = Layout::built_in("entente").expect("a layout");
    let headers: Vec<_> =
        layout.headers(Identifiers::Include).into_iter().map(str::to_owned).collect();
    let mut rows: Vec<_> = (0..N_CASES).map(|n| row(&layout, n)).collect();
    for (n, column) in
        ["gender", "registered_on", "birthdate", "person", "province_of_exploitation"]
            .into_iter()
            .enumerate()
    {
        let at = headers.iter().position(|header| header == column).expect("a column");
        let mut bad = row(&layout, N_CASES + n);
        *bad.get_mut(at).expect("a cell") = format!("{MARK} in the wrong place");
        rows.push(bad);
    }
    let mut long = row(&layout, N_CASES + 10);
    let at = headers.iter().position(|header| header == "name_last").expect("a column");
    *long.get_mut(at).expect("a cell") = MARK.repeat(100);
    rows.push(long);
    let line = |cells: &[String]| cells.join(",") + "\n";
    let lines: String = rows.iter().map(|row| line(row)).collect();
    std::fs::write(stage.path("cases.csv"), line(&headers) + &lines).expect("written");
    std::fs::write(stage.path("headless.csv"), &lines).expect("written");
    std::fs::write(stage.path("open.csv"), format!("{}\"{lines}", line(&headers)))
        .expect("written");

    // It would be easy to find nothing.
    for (field, text) in (0..N_CASES).flat_map(planted) {
        assert!(lines.contains(&text), "{} is in the file", field.name());
    }
    let (file, quarantine) = (stage.file("cases.csv"), stage.file("quarantine.csv"));
    let (province, corpus) = (&stage.province, &mut stage.corpus);
    corpus.shown(province, &["record", "import", &file, "--dry-run"]);
    let told = corpus.json(province, &["record", "import", &file, "--quarantine", &quarantine]);
    assert_eq!(number(&told, "/added"), N_CASES as u64, "{told}");
    assert_eq!(number(&told, "/quarantined"), 6, "{told}");
    corpus.add("the quarantine", std::fs::read(&quarantine).expect("the quarantine"));
    for bad in ["headless.csv", "open.csv"] {
        let bad = stage.folder.path().join(bad).display().to_string();
        for layout in ["entente", "ctdc-2017", "htcds-2.0"] {
            let import = ["record", "import", &bad, "--layout", layout, "--dry-run"];
            corpus.json(province, &import);
            corpus.pages(province, &import);
        }
        corpus.json(province, &["record", "import", &bad, "--dry-run"]);
    }
    corpus.shown(province, &["record", "import", &file]);
}

fn row(layout: &Layout, n: usize) -> Vec<String> {
    let registered = date(2026, 8, 15);
    let mut draft = Draft::new(registered);
    let plain = [
        (Field::Status, "actual"),
        (Field::StatusDecidedBy, "ngo"),
        (Field::Gender, "woman"),
        (Field::ProvinceOfExploitation, "46"),
        (Field::Citizenship, "CAN"),
        (Field::Exploitation, "forced_labour"),
    ];
    for (field, text) in plain {
        draft.set(field, text).expect("a value");
    }
    for (field, text) in planted(n) {
        draft.set(field, &text).unwrap_or_else(|_| panic!("{} takes {text}", field.name()));
    }
    let scopes = Set::EMPTY.with(ConsentScope::Stats).with(ConsentScope::Services);
    let consent = ConsentDraft { scopes, ..ConsentDraft::new(registered) };
    let record = draft.into_record(RecordId([0; 16]));
    layout.write(&record, Some(&consent), Identifiers::Include)
}

/// The ids of all cases; and every canary is in what a person reveals.
fn reveal(stage: &Stage) -> Vec<String> {
    let listed = done(&stage.province, &["record", "list", "--limit", "100"]);
    let rows = list(&listed, "/records");
    assert_eq!(rows.len(), N_CASES);
    let ids: Vec<_> = rows.iter().map(|row| text(row, "/id")).collect();
    let all = reveal_all(&stage.province, &ids);
    let file = stage.file("revealed.csv");
    done(&stage.province, &["record", "export", &file, "--reveal"]);
    let exported = std::fs::read_to_string(&file).expect("written");
    for (field, text) in (0..N_CASES).flat_map(planted) {
        assert!(all.contains(&text), "{} is revealed", field.name());
        assert!(exported.contains(&text), "{} is in the file that reveals", field.name());
    }
    ids
}

fn reveal_all(node: &Folder, records: &[String]) -> String {
    let shown = |id: &String| done(node, &["record", "show", id, "--reveal"]).to_string();
    records.iter().map(shown).collect()
}

fn exchange(stage: &mut Stage, records: &[String]) {
    let (province, centre, corpus) = (&stage.province, &stage.centre, &mut stage.corpus);
    corpus.shown(province, &["epoch", "preview", "2026-Q3"]);
    let told = corpus.json(province, &["epoch", "close", "2026-Q3"]);
    assert_eq!(number(&told, "/partners/0/released"), N_CASES as u64, "{told}");
    let bundle = stage.folder.path().join("to-centre.bundle").display().to_string();
    corpus.json(province, &["bundle", "export", "centre", &bundle]);
    corpus.add("the bundle", std::fs::read(&bundle).expect("the bundle"));
    let told = corpus.json(centre, &["sync", "province"]);
    assert_eq!(number(&told, "/partners/0/held"), records.len() as u64, "{told}");
    corpus.shown(centre, &["bundle", "import", &bundle]);
    corpus.shown(province, &["sync"]);

    let held = corpus.shown(centre, &["held", "list"]);
    corpus.shown(centre, &["held", "show", &text(&held, "/held/0/summary")]);
    let by = ["count", "--by", "province,exploitation", "--period", "2026-Q3"];
    let counted = corpus.shown(centre, &by);
    assert_eq!(number(&counted, "/coverage/answered"), 1, "{counted}");
    corpus.shown(province, &["count", "--own", "--by", "gender,age_group"]);
    corpus.shown(province, &["partner", "feed", "centre"]);
    corpus.shown(centre, &["partner", "feed", "province", "--received"]);
    corpus.shown(province, &["partner", "test", "centre"]);
}

/// Everything that shows something about a case, or about all.
fn look(stage: &mut Stage, records: &[String], agreement: &str) {
    let exported = stage.file("masked.csv");
    let workbook = stage.file("masked.xlsx");
    let (province, centre, corpus) = (&stage.province, &stage.centre, &mut stage.corpus);
    let first = records.first().expect("a case").as_str();
    let commands: [&[&str]; 14] = [
        &["record", "show", first],
        &["record", "history", first],
        &["record", "list"],
        &["record", "duplicates", "--score", "1"],
        &["consent", "list", first],
        &["agreement", "explain", first, "centre"],
        &["agreement", "show", agreement],
        &["audit", "list", "--limit", "500"],
        &["audit", "disclosures", first],
        &["audit", "verify"],
        &["store", "size"],
        &["partner", "show", "centre"],
        &["epoch", "list"],
        &["status"],
    ];
    for command in commands {
        corpus.shown(province, command);
    }
    corpus.shown(centre, &["status"]);
    corpus.shown(centre, &["audit", "list", "--limit", "500"]);
    for node in [province, centre] {
        corpus.json(node, &["doctor"]);
        corpus.pages(node, &["doctor"]);
    }
    // What was looked for stands in the question, and must not come back in the answer.
    let found = corpus.shown(province, &["record", "search", &format!("{MARK}-name_last-3")]);
    assert!(!list(&found, "/found").is_empty(), "{found}");
    for file in [exported, workbook] {
        corpus.json(province, &["record", "export", &file]);
        corpus.add(file.clone(), std::fs::read(&file).expect("the export"));
        // A workbook is packed: its cells have to be read.
        let table = entente_node::tabular::open(Path::new(&file)).expect("a table");
        let cells = table.map(|row| row.expect("a row").cells.join(",") + "\n");
        corpus.add(format!("the cells of {file}"), cells.collect::<String>());
    }
    let log = stage.folder.path().join("audit.jsonl").display().to_string();
    corpus.json(province, &["audit", "export", &log]);
    corpus.add("the exported log", std::fs::read(&log).expect("the log"));
}

/// Names in every place where they do not belong.
fn mistake(stage: &mut Stage, records: &[String]) {
    let (province, corpus) = (&stage.province, &mut stage.corpus);
    let first = records.first().expect("a case").as_str();
    let wrong = |field: &str| format!("{field}={MARK} is no value");
    let fields = ["birthdate", "gender", "person", "exploitation", "citizenship", "registered_on"];
    for field in fields {
        corpus.refused(province, &["record", "edit", first, &wrong(field)]);
        corpus.refused(province, &["record", "add", &wrong(field)]);
        corpus.refused(province, &["record", "list", "--where", &wrong(field)]);
    }
    let long = format!("name_last={}", MARK.repeat(60));
    corpus.refused(province, &["record", "edit", first, &long]);
    corpus.refused(province, &["record", "add", "status=possible", &long]);
    corpus.refused(province, &["record", "edit", first, MARK]);
    corpus.refused(province, &["record", "edit", first, &format!("{BORN}1=name")]);
    corpus.refused(province, &["record", "list", "--where", &wrong("name_last")]);
    corpus.refused(province, &["record", "list", "--after", MARK]);
    corpus.refused(province, &["record", "show", MARK]);
    corpus.refused(province, &["record", "history", &format!("{MARK} Exemple")]);
    corpus.refused(province, &["consent", "give", first, "--scope", MARK]);
    corpus.refused(province, &["consent", "withdraw", MARK]);
    corpus.refused(province, &["audit", "disclosures", MARK]);
    corpus.refused(province, &["count", "--own", "--by", MARK]);
    corpus.refused(province, &["count", "--own", "--by", "gender", "--where", &wrong("gender")]);
    corpus.refused(province, &["agreement", "explain", first, MARK]);
    // What is right changes, and what was there before is kept as a version.
    let right = format!("name_last={MARK}-corrected");
    let told = corpus.json(province, &["record", "edit", first, &right]);
    assert_eq!(number(&told, "/version"), 2, "{told}");
    corpus.shown(province, &["record", "history", first]);
    corpus.shown(province, &["record", "show", first, "--version", "1"]);
}

fn keep(stage: &mut Stage) {
    let secret = stage.file("province.passphrase");
    for node in [&stage.province, &stage.centre] {
        let told = stage.corpus.json(node, &["backup", "create"]);
        let file = text(&told, "/backup/file");
        let verify = ["backup", "verify", &file, "--passphrase-file", &secret];
        stage.corpus.shown(node, &verify);
        stage.corpus.shown(node, &["backup", "list"]);
    }
}

fn withdraw(stage: &mut Stage, records: &[String]) {
    let [one, other, ..] = records else { panic!("two cases") };
    let (province, centre, corpus) = (&stage.province, &stage.centre, &mut stage.corpus);
    for command in [["consent", "withdraw", one], ["record", "withdraw", other]] {
        corpus.shown(province, &[&command[..], &["--dry-run"]].concat());
        let told = corpus.json(province, &[&["--yes"], &command[..]].concat());
        assert!(is(&told, "/done"), "{told}");
    }
    let told = corpus.json(centre, &["sync", "province"]);
    assert_eq!(number(&told, "/partners/0/withdrawn"), 2, "{told}");
    let told = corpus.json(province, &["sync", "centre"]);
    assert_eq!(number(&told, "/partners/0/receipts_received"), 2, "{told}");
    corpus.shown(province, &["audit", "disclosures", one]);
}

/// Stops both, and collects what they leave.
async fn end(stage: &mut Stage) {
    for (node, up) in [&stage.province, &stage.centre].into_iter().zip(&mut stage.running) {
        let mut client = node.client().await.expect("the node answers");
        told(client.status(ask(&json!({}))).await).await.expect("the node still answers");
        up.stop(node);
    }
    for (node, tap) in [&stage.province, &stage.centre].into_iter().zip(&stage.taps) {
        stage.corpus.add_folder(&node.home);
        for kind in ["out", "err"] {
            let log = node.home.with_extension(kind);
            let bytes = std::fs::read(&log).expect("a log");
            let words = String::from_utf8_lossy(&bytes);
            assert!(!words.contains("panicked at"), "{words}");
            assert!(kind == "out" || words.contains("TRACE"), "everything is logged");
            stage.corpus.add(log.display().to_string(), bytes);
        }
        let wire = tap.bytes();
        assert!(wire.len() > 4096, "{} bytes went over the wire", wire.len());
        stage.corpus.add(format!("the wire to {}", node.home.display()), wire);
    }
}
