//! Sponsors as people use them, by commands: an organization without a node signs its beds, a node
//! carries them.

#[expect(dead_code, reason = "shared with other tests, which use more of it")]
mod common;
#[expect(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "common/partners.rs"]
mod partners;

use common::{Folder, PASSPHRASE};
use partners::{Up, done, list, text};

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

/// One organization without a node asks, another one of the same sponsor accepts.
#[tokio::test(flavor = "multi_thread")]
async fn an_organization_without_a_node_makes_a_referral_and_seals_what_the_sponsor_cannot_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = Folder::init(folder.path(), "office", "sled");
    let _up = Up(node.start().await);
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("secret"), PASSPHRASE).expect("written");
    let secret = path("secret");
    let sponsor = text(&done(&node, &["status"]), "/organization/id");
    let organization = |name: &str, fr: &str, service: &str| {
        let home = path(name);
        let new = ["sponsored", "new", &home, "--name-en", name, "--name-fr", fr];
        let made = done(
            &node,
            &[&new[..], &["--sponsor", &sponsor, "--passphrase-file", &secret]].concat(),
        );
        let beds = ["sponsored", "service", &home, "--name", service, "--province", "MB"];
        done(&node, &[&beds[..], &["--hidden", "--need", "emergency_housing"]].concat());
        let file = path(&format!("{name}.entente"));
        done(&node, &["sponsored", "sign", &home, "--out", &file, "--passphrase-file", &secret]);
        let print = text(&made, "/fingerprint");
        done(&node, &["sponsor", "add", &file, "--fingerprint", &print]);
        (home, print)
    };
    let (harbour, _) = organization("Harbour", "Le Havre", "Beds");
    let (quay, print) = organization("Quay", "Le Quai", "Rooms");
    let mut n = 0;
    let mut new_file = || {
        n += 1;
        path(&format!("file-{n}.entente"))
    };

    // Without a consent nothing is signed.
    let asked = ["sponsored", "refer", &harbour, "--need", "emergency_housing", "--area", "46"];
    let file = new_file();
    let of = ["--age", "adult", "--matching", "--out", &file, "--passphrase-file", &secret];
    let refused = node.json(&[&asked[..], &["--scope", "stats"], &of].concat());
    assert_eq!(refused["error"]["code"], "ENT-2626", "{refused}");
    let consent = ["--scope", "referral_need", "--informed"];
    let made = done(&node, &[&asked[..], &consent, &of].concat());
    let id = text(&made, "/request/id");
    assert_eq!((&made["request"]["step"], &made["file"]), (&"asked".into(), &file.clone().into()));

    let taken = done(&node, &["sponsor", "take", &file]);
    let request = &list(&taken, "/answers/requests")[0];
    assert_eq!((&request["what"], &request["asked"]), (&"refer".into(), &1.into()), "{taken}");
    let shown = done(&node, &["referral", "show", &id]);
    assert_eq!(shown["referral"]["on_behalf_of"]["name"]["en"], "Harbour");
    assert!(shown["referral"]["record"].is_null());
    assert_eq!(shown["offers"][0]["partner"]["name"]["en"], "Quay");

    let mail = |name: &str, home: &str, file: &str| {
        done(&node, &["sponsor", "mail", name, "--out", file]);
        done(&node, &["sponsored", "inbox", home, file, "--passphrase-file", &secret])
    };
    assert_eq!(mail("Harbour", &harbour, &new_file())["requests"][0]["step"], "offered");
    assert_eq!(mail("Quay", &quay, &new_file())["referrals"][0]["step"], "offered");
    let answer = |command: &str, home: &str, file: &str| {
        let of = ["sponsored", command, home, &id, "--out", file, "--passphrase-file", &secret];
        let told = done(&node, &of);
        assert_eq!(list(&done(&node, &["sponsor", "take", file]), "/answers/refused").len(), 0);
        told
    };
    answer("accept", &quay, &new_file());
    let inbox = mail("Harbour", &harbour, &new_file());
    assert_eq!(inbox["requests"][0]["handover"], "ready", "{inbox}");
    assert_eq!(inbox["requests"][0]["with"]["name"]["en"], "Quay");

    let contact = path("contact.toml");
    std::fs::write(&contact, "name = \"zqcanarixy\"\nemail = \"zqcanarixy@example.org\"\n")
        .expect("written");
    let file = new_file();
    let of = ["sponsored", "handover", &harbour, &id, "--from", &contact, "--out", &file];
    let of = [&of[..], &["--passphrase-file", &secret]].concat();
    let sponsors_own = node.json(&["referral", "handover", &id, "--from", &contact]);
    assert_eq!(sponsors_own["error"]["code"], "ENT-2639");
    let wrong = node.json(&[&of[..], &["--fingerprint", "1234"]].concat());
    assert_eq!(wrong["error"]["code"], "ENT-2631");
    let sealed = done(&node, &[&of[..], &["--fingerprint", &print]].concat());
    assert_eq!(sealed["request"]["handover"], "waiting");
    let bytes = std::fs::read(&file).expect("a file");
    assert!(!bytes.windows(10).any(|it| it == b"zqcanarixy"));
    let taken = done(&node, &["sponsor", "take", &file]);
    assert_eq!(list(&taken, "/answers/requests")[0]["what"], "hand_over");
    mail("Quay", &quay, &new_file());
    let opened = answer("open", &quay, &new_file());
    assert_eq!(opened["details"]["name"], "zqcanarixy");
    assert_eq!(mail("Harbour", &harbour, &new_file())["requests"][0]["handover"], "opened");

    let (file, home) = (new_file(), harbour.clone());
    for (lang, words) in [
        ("en", ["Harbour", "Referrals that we made"]),
        ("fr", ["Le Havre", "Aiguillages que nous avons faits"]),
    ] {
        let shown = node.run(&["--lang", lang, "referral", "show", &id]);
        let page = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.status.success() && page.contains(words[0]), "{page}");
        let inbox = ["--lang", lang, "sponsored", "inbox", &home, "--passphrase-file", &secret];
        let page = String::from_utf8_lossy(&node.run(&inbox).stdout).into_owned();
        assert!(page.contains(words[1]), "{page}");
    }
    let of = ["sponsored", "withdraw", &harbour, &id, "--out", &file, "--passphrase-file", &secret];
    assert_eq!(done(&node, &of)["request"]["step"], "withdrawing");
    for (lang, word) in [("fr", "retiré"), ("en", "Taken before")] {
        let taken = node.run(&["--lang", lang, "sponsor", "take", &file]);
        let page = String::from_utf8_lossy(&taken.stdout).into_owned();
        assert!(taken.status.success() && page.contains(word), "{page}");
    }
    assert_eq!(mail("Harbour", &harbour, &new_file())["requests"][0]["step"], "revoked");
    assert_eq!(done(&node, &["referral", "show", &id])["referral"]["step"], "revoked");
    done(&node, &["audit", "verify"]);
}
