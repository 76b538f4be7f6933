//! Sponsors as people use them, by commands: an organization without a node signs its beds, a node
//! carries them.

#[expect(dead_code, reason = "shared with other tests, which use more of it")]
mod common;
#[expect(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "common/partners.rs"]
mod partners;

use common::{Folder, PASSPHRASE};
use partners::{Up, done, list};

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_without_a_node_signs_its_beds_and_a_node_carries_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Folder::init(folder.path(), "office", "sled");
    let _up = Up(node.start().await);
    let secret = folder.path().join("secret");
    std::fs::write(&secret, PASSPHRASE).expect("written");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (home, secret, file) = (path("harbour"), path("secret"), path("harbour-1.entente"));

    let sponsor = done(&node, &["status"])["organization"]["id"].as_str().expect("us").to_owned();
    let made = done(
        &node,
        &[
            "sponsored",
            "new",
            &home,
            "--name-en",
            "Harbour House",
            "--name-fr",
            "Maison du Havre",
            "--sponsor",
            &sponsor,
            "--passphrase-file",
            &secret,
        ],
    );
    let print = made["fingerprint"].as_str().expect("a fingerprint").to_owned();
    assert!(made["signed"].is_null());
    let beds = ["sponsored", "service", &home, "--name", "Beds", "--province", "MB", "--hidden"];
    assert_eq!(done(&node, &beds)["services"], 1);
    let sign = |out: &str| {
        done(&node, &["sponsored", "sign", &home, "--out", out, "--passphrase-file", &secret])
    };
    assert_eq!(sign(&file)["signed"]["number"], 1);

    let refused = node.json(&["sponsor", "add", &file, "--fingerprint", "1234"]);
    assert_eq!(refused["error"]["code"], "ENT-2603");
    let added = done(&node, &["sponsor", "add", &file, "--fingerprint", &print]);
    assert_eq!(added["organization"]["fingerprint"], print.as_str());
    let found = done(&node, &["service", "search", "Beds"]);
    assert_eq!(found["services"][0]["issuer"]["name"]["en"], "Harbour House");
    assert_eq!(found["services"][0]["sponsor"]["id"], sponsor.as_str());

    let mail = path("mail.entente");
    assert_eq!(done(&node, &["sponsor", "mail", "Harbour House", "--out", &mail])["referrals"], 0);
    let inbox = ["sponsored", "inbox", &home, &mail, "--passphrase-file", &secret];
    assert_eq!(done(&node, &inbox)["new"], 0);
    let answers = path("answers.entente");
    let of = ["sponsored", "answers", &home, "--out", &answers, "--passphrase-file", &secret];
    assert_eq!(done(&node, &of)["file"], answers.as_str());
    assert_eq!(done(&node, &["sponsor", "take", &answers])["answers"]["said"], 0);
    let nothing = path("nothing.entente");
    let of =
        ["sponsored", "accept", &home, "3b6a", "--out", &nothing, "--passphrase-file", &secret];
    assert_eq!(node.json(&of)["error"]["code"], "ENT-2620");

    done(&node, &["sponsored", "service", &home, "--remove", "Beds"]);
    let second = path("harbour-2.entente");
    assert_eq!(sign(&second)["signed"]["services"], 0);
    assert_eq!(done(&node, &["sponsor", "take", &second])["organization"]["number"], 2);
    assert_eq!(list(&done(&node, &["service", "search", "Beds"]), "/services").len(), 0);
    let receipt = path("receipt.entente");
    done(&node, &["sponsor", "give", "Maison du Havre", "--out", &receipt]);
    let checked = done(&node, &["sponsored", "check", &home, &receipt]);
    assert_eq!((&checked["heard"], &checked["told"]), (&"newest".into(), &0.into()));
    for lang in ["en", "fr"] {
        for arguments in [
            ["--lang", lang, "sponsor", "list"].as_slice(),
            &["--lang", lang, "sponsored", "show", &home],
        ] {
            let output = node.run(arguments);
            let page = String::from_utf8_lossy(&output.stdout).into_owned();
            let name = if lang == "fr" { "Maison du Havre" } else { "Harbour House" };
            assert!(output.status.success() && page.contains(name), "{arguments:?}: {page}");
        }
    }
    let ended = done(&node, &["sponsor", "end", "Harbour House"]);
    assert!(ended["organization"]["ended_at"].is_string());
}
