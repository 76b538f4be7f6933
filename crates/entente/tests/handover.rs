//! A hand-over as people do it, by commands: an opener is named, a referral is accepted, contact details
//! go from a file, and one person reads them.

#[expect(dead_code, reason = "shared with other tests, which use more of it")]
mod common;
#[expect(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "common/partners.rs"]
mod partners;

use std::path::Path;

use common::{Folder, PASSPHRASE};
use partners::{Up, done, list, number, pair, set, sync, text};
use serde_json::Value;

const OWN: &str = "seven words that nobody else has";

const DETAILS: &str = "name = \"Zoé Exemple\"
preferred_name = \"Zo\"
safe_times = \"mornings\"
note = \"speak French first\"

[[phones]]
number = \"+1 604 555 0123\"

[[phones]]
number = \"604 555 0199\"
message = true
";

/// Two partners under an agreement that grants referrals from the first to the second.
async fn partners(folder: &Path) -> (Folder, Folder, [Up; 2]) {
    let shelter = Folder::init(folder, "shelter", "redb");
    let office = Folder::init(folder, "office", "sled");
    for node in [&shelter, &office] {
        set(node, "interval_s = 60", "interval_s = 86400");
    }
    let up = [Up(shelter.start().await), Up(office.start().await)];
    pair((&shelter, "shelter"), (&office, "office"), folder);
    let draft = folder.join("agreement.toml").display().to_string();
    done(&shelter, &["agreement", "draft", "ngo-province", "office", "--out", &draft]);
    let id = text(&done(&shelter, &["agreement", "propose", &draft, "office"]), "/agreement/id");
    sync(&office, "shelter");
    done(&office, &["agreement", "sign", &id]);
    sync(&shelter, "office");
    done(&shelter, &["agreement", "sign", &id]);
    sync(&office, "shelter");
    (shelter, office, up)
}

/// A referral that the office has accepted.
fn accepted(shelter: &Folder, office: &Folder) -> String {
    let added = done(
        shelter,
        &[
            "record",
            "add",
            "gender=woman",
            "age_at_registration=30",
            "province_of_exploitation=59",
            "status=actual",
            "status_decided_by=ngo",
            "exploitation=forced_labour",
        ],
    );
    let record = text(&added, "/record");
    let consent = ["consent", "give", &record, "--scope", "referral_need", "--informed"];
    done(shelter, &[&consent[..], &["--by", "self"]].concat());
    let made = done(shelter, &["referral", "create", &record, "--need", "legal"]);
    let id = find_id(&made);
    done(shelter, &["referral", "offer", &id, "--to", "office"]);
    sync(office, "shelter");
    done(office, &["referral", "accept", &id]);
    sync(shelter, "office");
    sync(office, "shelter");
    id
}

/// The name of the referral in an answer: 32 hexadecimal digits.
fn find_id(told: &Value) -> String {
    let is_id = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let id = told.pointer("/referral/id").or_else(|| told.pointer("/id"));
    let id = id.and_then(Value::as_str).filter(|id| is_id(id));
    id.unwrap_or_else(|| panic!("no name of a referral in {told}")).to_owned()
}

fn code(told: &Value) -> String {
    text(told, "/error/code")
}

fn page(node: &Folder, lang: &str, args: &[&str]) -> String {
    let output = node.run(&[&["--lang", lang], args].concat());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contact_details_go_from_a_file_to_the_screen_of_one_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let (shelter, office, _up) = partners(folder.path()).await;
    let id = accepted(&shelter, &office);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let (contact, own) = (file("contact.toml", DETAILS), file("own", OWN));
    let hand_over = ["referral", "handover", &id, "--from", &contact];
    assert_eq!(code(&shelter.json(&hand_over)), "ENT-2404", "nobody there can open it");

    let nodes = file("nodes", PASSPHRASE);
    let add = |own: &str| office.json(&["opener", "add", "Alex", "--passphrase-file", own]);
    assert_eq!(code(&add(&nodes)), "ENT-2416");
    assert_eq!(list(&add(&own), "/openers").len(), 1);
    sync(&shelter, "office");
    let broken = file("broken.toml", "name = Zoé");
    let refused = shelter.json(&["referral", "handover", &id, "--from", &broken]);
    assert_eq!(code(&refused), "ENT-2417");
    assert!(!refused.to_string().contains("Zoé"), "{refused}");
    assert_eq!(number(&done(&shelter, &hand_over), "/bytes"), 4096);
    sync(&office, "shelter");

    let open = ["referral", "open", &id, "--as", "alex", "--passphrase-file"];
    assert_eq!(code(&office.json(&[&open[..], &[&nodes]].concat())), "ENT-2406");
    let open = [&open[..], &[&own]].concat();
    let told = done(&office, &open);
    assert_eq!(text(&told, "/details/name"), "Zoé Exemple");
    assert_eq!(list(&told, "/details/phones").len(), 2);
    let english = page(&office, "en", &open);
    for words in ["Zoé Exemple", "+1 604 555 0123 (leave no message)", "a message may be left"] {
        assert!(english.contains(words), "{english}");
    }
    let french = page(&office, "fr", &open);
    for words in ["ne laissez pas de message", "Moments sûrs pour appeler", "shelter"] {
        assert!(french.contains(words), "{french}");
    }
    sync(&shelter, "office");
    let shown = done(&shelter, &["referral", "show", &id]);
    assert!(shown.to_string().contains("opened"), "{shown}");
    let ours = &list(&shown, "/handovers")[0];
    assert_eq!((&ours["sent"], &ours["opened_by"]), (&Value::Bool(true), &Value::Null));
    assert!(ours["delivered_at"].is_string() && ours["opened_at"].is_string(), "{ours}");
    assert!(ours["kept_until"].is_string() && number(ours, "/kept_days") > 0, "{ours}");
    let theirs = &list(&done(&office, &["referral", "show", &id]), "/handovers")[0];
    assert_eq!((&theirs["sent"], text(theirs, "/opened_by")), (&Value::Bool(false), "Alex".into()));
    for lang in ["en", "fr"] {
        assert!(page(&office, lang, &["opener", "list"]).contains("Alex"));
        page(&office, lang, &["opener", "rotate"]);
    }
    assert_eq!(code(&office.json(&["--yes", "opener", "remove", "Alex"])), "ENT-2402");
}
