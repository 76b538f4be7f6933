//! The directory as people use it, by commands: a shelter adds its beds, says that two are free, and finds
//! them; its file goes out and comes in again.

mod common;
#[path = "common/partners.rs"]
mod partners;

use common::Folder;
use partners::{Up, done, list};
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
    assert_eq!(added["service"]["stale"], false);

    let set = done(
        &shelter,
        &["capacity", "set", "Beds", "2", "--for", "women,with_children", "--until", "4h"],
    );
    assert_eq!(set["service"]["capacities"][0]["available"], 2);
    let found = done(&shelter, &["service", "search", "--free", "--for", "women", "--open"]);
    assert_eq!(services(&found).len(), 1);
    assert_eq!(services(&done(&shelter, &["capacity", "show"])).len(), 1);

    for layout in ["hsds-3.0", "hsds-3.0-package"] {
        let file = folder.path().join(layout).display().to_string();
        done(&shelter, &["service", "export", &file, "--layout", layout, "--for-partners"]);
        let read = done(&shelter, &["service", "import", &file, "--layout", layout]);
        assert_eq!((&read["unchanged"], &read["refused"]), (&1.into(), &0.into()), "{layout}");
    }
    done(&shelter, &["service", "confirm", "Beds"]);
    done(&shelter, &["service", "close", "Beds"]);
    let shown = done(&shelter, &["service", "show", "Lits"]);
    assert_eq!(shown["service"]["status"], "temporarily closed");
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
    fails(&["service", "add", "--name", "A", "--hidden", "--at", "49.8,-97.1"], "ENT-2205");
    fails(&["capacity", "set", "Beds", "2", "--until", "9999h"], "ENT-2206");
    done(&node, &["service", "close", "Beds"]);
    fails(&["capacity", "set", "Beds", "2"], "ENT-2207");
}
