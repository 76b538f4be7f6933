//! The directory as people use it, by commands: a shelter adds its beds, says that two are free, and finds
//! them; its file goes out and comes in again.

#[expect(dead_code, reason = "other tests need the rest")]
mod common;
#[expect(dead_code, reason = "other tests need the rest")]
#[path = "common/partners.rs"]
mod partners;

use common::Folder;
use partners::{Up, done, list, pair, set, sync, text};
use serde_json::Value;

fn services(told: &Value) -> Vec<Value> {
    list(told, "/services")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shelter_says_two_beds_and_its_file_goes_out_and_comes_in_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelter = Folder::init(folder.path(), "shelter", "sled");
    let _up = Up(shelter.start().await);
    let added = done(
        &shelter,
        &[
            "service",
            "add",
            "--name",
            "Beds",
            "--name-fr",
            "Lits",
            "--need",
            "emergency_housing",
            "--for",
            "women",
            "--province",
            "MB",
            "--hidden",
            "--hours",
            "always",
            "--phone",
            "204-555-0100",
            "--without-status",
            "yes",
        ],
    );
    assert_eq!(added["service"]["hidden"], true);
    assert_eq!((&added["service"]["at"], &added["service"]["city"]), (&Value::Null, &Value::Null));
    let told = ["service", "add", "--name", "Desk", "--province", "MB", "--city", "Winnipeg"];
    let terms = ["--interpreted", "es,ar", "--eligibility", "Women", "--eligibility-fr", "Femmes"];
    let terms = [&terms[..], &["--documents", "none", "--fees", "None", "--access", "wheelchair"]];
    let told =
        done(&shelter, &[&told[..], &["--at", "49.8951,-97.1384"], &terms.concat()[..]].concat());
    assert_eq!(told["service"]["at"], "49.8951,-97.1384");
    assert_eq!(told["service"]["city"]["en"], "Winnipeg");
    let change = ["service", "add", "--change", "Desk", "--contact", "A. Roy; Intake / Accueil"];
    done(&shelter, &[&change[..], &["--area", "canada", "--email", "desk@b.example"]].concat());
    let whole = done(&shelter, &["service", "show", "Desk"])["hsds"].clone();
    let texts = [&whole["eligibility_description"], &whole["fees_description"], &whole["email"]];
    assert_eq!(texts, ["Women", "None", "desk@b.example"]);
    assert_eq!(whole["contacts"][0]["title"], "Intake");
    assert_eq!(whole["service_areas"][0]["extent"], "CA");
    let codes: Vec<_> =
        list(&whole, "/attributes").iter().map(|it| text(it, "/taxonomy_term/code")).collect();
    for code in ["no_documents", "access-wheelchair", "eligibility_description"] {
        assert!(codes.iter().any(|it| it == code), "{code}: {codes:?}");
    }
    done(&shelter, &["--yes", "service", "close", "Desk", "--delete"]);
    assert_eq!(added["service"]["stale"], false);

    let set = done(
        &shelter,
        &["capacity", "set", "Beds", "2", "--for", "women,with_children", "--until", "4h"],
    );
    assert_eq!(set["service"]["capacities"][0]["available"], 2);
    let found = done(&shelter, &["service", "search", "--free", "--for", "women", "--open"]);
    assert_eq!(services(&found).len(), 1);
    assert_eq!(services(&done(&shelter, &["capacity", "show"])).len(), 1);

    for layout in ["hsds-3.0", "hsds-3.0-package", "services.zip"] {
        let file = folder.path().join(layout).display().to_string();
        let said: &[&str] = if layout.ends_with("zip") { &[] } else { &["--layout", layout] };
        let export = ["service", "export", &file, "--for-partners"];
        done(&shelter, &[&export, said].concat());
        let read = done(&shelter, &[&["service", "import", &file], said].concat());
        assert_eq!(
            (&read["unchanged"], &read["refused"]),
            (&1.into(), &0.into()),
            "{layout}: {read}"
        );
    }
    done(&shelter, &["service", "confirm", "Beds"]);
    done(&shelter, &["service", "close", "Beds"]);
    let shown = done(&shelter, &["service", "show", "Lits"]);
    assert_eq!(shown["service"]["status"], "temporarily closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_whose_agreement_grants_it_sees_two_beds_after_one_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelter = Folder::init(folder.path(), "shelter", "sled");
    let centre = Folder::init(folder.path(), "centre", "sled");
    for node in [&shelter, &centre] {
        set(node, "interval_s = 60", "interval_s = 86400");
    }
    let _up = [Up(shelter.start().await), Up(centre.start().await)];
    pair((&centre, "centre"), (&shelter, "shelter"), folder.path());
    let file = folder.path().join("agreement.toml").display().to_string();
    let grant = "we_send.services=true";
    let draft =
        ["agreement", "draft", "province-federal", "centre", "--out", &file, "--set", grant];
    done(&shelter, &draft);
    let id = text(&done(&shelter, &["agreement", "propose", &file, "centre"]), "/agreement/id");
    sync(&centre, "shelter");
    done(&centre, &["agreement", "sign", &id]);
    sync(&shelter, "centre");
    done(&shelter, &["agreement", "sign", &id]);

    done(&shelter, &["service", "add", "--name", "Beds", "--province", "MB", "--hidden"]);
    let told = done(&shelter, &["capacity", "set", "Beds", "2", "--until", "18:00"]);
    assert_eq!(list(&told, "/told").len(), 1);
    sync(&centre, "shelter");
    let found = services(&done(&centre, &["service", "search", "--free", "--partner", "shelter"]));
    assert_eq!(found.len(), 1);
    assert_eq!(text(&found[0], "/issuer/name/en"), "shelter");

    done(&shelter, &["service", "close", "Beds", "--for-good"]);
    sync(&centre, "shelter");
    assert!(services(&done(&centre, &["service", "search"])).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_said_is_one_fault_with_its_next_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Folder::init(folder.path(), "province", "sled");
    let _up = Up(node.start().await);
    let file = folder.path().join("bad.json");
    std::fs::write(&file, "{").expect("written");
    let file = file.display().to_string();
    done(&node, &["service", "add", "--name", "Beds", "--province", "MB"]);
    let fails = |arguments: &[&str], code: &str| {
        let output = node.run(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(text.contains(code), "{arguments:?}: {text}");
    };
    fails(&["service", "import", &file], "ENT-2201");
    fails(&["service", "show", "Nowhere"], "ENT-2202");
    fails(&["service", "add", "--name", "<script>x</script>"], "ENT-2203");
    fails(&["service", "search", "--near", "100,200"], "ENT-2205");
    // An address of a place that is not told is refused; it is neither kept nor dropped in silence.
    let hidden = ["service", "add", "--name", "A", "--province", "MB", "--hidden"];
    for told in [["--at", "49.8,-97.1"], ["--street", "1 Main"], ["--postal-code", "R3C 1K2"]] {
        fails(&[&hidden, told.as_slice()].concat(), "ENT-2205");
    }
    fails(&["capacity", "set", "Beds", "2", "--until", "9999h"], "ENT-2206");
    done(&node, &["service", "close", "Beds"]);
    fails(&["capacity", "set", "Beds", "2"], "ENT-2207");
}
