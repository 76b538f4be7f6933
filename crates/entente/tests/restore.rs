//! A node is set back: by restoring a backup, and by putting an old copy of its folder back. It
//! never says two things at one place of a feed, so its partner goes on with it.

#[path = "common/cases.rs"]
mod cases;
mod common;
#[path = "common/partners.rs"]
mod partners;
#[path = "common/two.rs"]
mod two;
#[path = "common/up.rs"]
mod up;

use std::path::Path;

use cases::{import, n_records, reference};
use common::{Folder, ask, told};
use partners::{Up, done, is, list, number, sync, text};
use serde_json::json;

/// Two partners with an agreement: twelve cases of the province are released to the centre.
struct Two {
    folder: tempfile::TempDir,
    province: Folder,
    centre: Folder,
    running: Up,
    /// Ends with the test.
    _centre: Up,
}

impl Two {
    async fn partners() -> Self {
        let two::Partners { folder, province: (province, running), centre: (centre, up) } =
            two::partners(["sled", "redb"]).await;
        let two = Self { folder, province, centre, running, _centre: up };
        import(&two.province, 0..12, two.folder.path());
        assert_eq!(release(&two.province), 12);
        assert_eq!(number(&sync(&two.centre, "province"), "/held"), 12);
        two
    }

    /// The province does more, and the centre reads it.
    fn go_on(&self, cases: std::ops::Range<u32>) {
        let n = u64::from(cases.end - cases.start);
        import(&self.province, cases, self.folder.path());
        assert_eq!(release(&self.province), n);
        assert_eq!(number(&sync(&self.centre, "province"), "/held"), n);
    }

    /// Both go on as if nothing had happened: news, receipts, and no quarantine.
    async fn is_well(&self) {
        sync(&self.province, "centre");
        sync(&self.centre, "province");
        for (node, partner) in [(&self.province, "centre"), (&self.centre, "province")] {
            let shown = done(node, &["partner", "show", partner]);
            assert!(!is(&shown, "/partner/quarantined"), "{shown}");
            let cases = done(node, &["partner", "quarantine"]);
            assert!(list(&cases, "/cases").is_empty(), "{cases}");
            let mut client = node.client().await.expect("the node answers");
            let verified = told(client.audit_verify(ask(&json!({}))).await).await;
            assert!(is(&verified.expect("verified"), "/whole"));
        }
    }

    fn n_held(&self) -> u64 {
        number(&done(&self.centre, &["status"]), "/records/held")
    }
}

/// Closes the third quarter, and says how many summaries went into the feed.
fn release(node: &Folder) -> u64 {
    number(&done(node, &["epoch", "close", "2026-Q3"]), "/partners/0/released")
}

/// How often the node noted that it was set back.
fn n_restored(node: &Folder) -> usize {
    let told = done(node, &["audit", "list", "--action", "restored"]);
    list(&told, "/entries").len()
}

/// Withdraws the consent of this case, which was released. Returns how many receipts are awaited.
fn withdraw(node: &Folder, case: u32) -> u64 {
    let found = done(node, &["record", "search", &reference(case)]);
    let record = text(&found, "/found/0/record/id");
    let told = done(node, &["--yes", "consent", "withdraw", &record]);
    number(&told, "/receipts_expected")
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    std::fs::set_permissions(to, std::fs::metadata(from).expect("a folder").permissions())
        .expect("the same permissions");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let copy = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            std::fs::copy(&path, &copy).expect("copied");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_node_has_what_the_backup_had_and_its_partner_follows() {
    let mut two = Two::partners().await;
    // Withdrawn before the backup, with its receipt.
    assert_eq!(withdraw(&two.province, 1), 1);
    assert_eq!(number(&sync(&two.centre, "province"), "/withdrawn"), 1);
    assert_eq!(number(&sync(&two.province, "centre"), "/receipts_received"), 1);
    let backup = text(&done(&two.province, &["backup", "create"]), "/backup/file");

    // After it: six more cases are released, and one of the first is withdrawn.
    two.go_on(12..18);
    assert_eq!(withdraw(&two.province, 2), 1);
    assert_eq!(number(&sync(&two.centre, "province"), "/withdrawn"), 1);
    assert_eq!(two.n_held(), 16);
    two.running.kill();

    // A blank host, and the other engine.
    let old = two.province.home.clone();
    two.province.home = two.folder.path().join("restored");
    let (config, secret) = (old.join("entente.toml"), old.with_extension("passphrase"));
    let restored = done(
        &two.province,
        &[
            "backup",
            "restore",
            &backup,
            "--engine",
            "redb",
            "--config",
            &config.display().to_string(),
            "--passphrase-file",
            &secret.display().to_string(),
        ],
    );
    assert!(number(&restored, "/rows") > 0, "{restored}");
    two.running = Up(two.province.start().await);

    assert_eq!(n_records(&two.province), 12);
    assert_eq!(text(&done(&two.province, &["status"]), "/store/engine"), "redb");
    assert_eq!(n_restored(&two.province), 1);
    // The partner asks first: the new epoch has nothing in it yet.
    assert_eq!(number(&sync(&two.centre, "province"), "/held"), 0);
    two.is_well().await;
    assert_eq!(two.n_held(), 16, "what is withdrawn stays withdrawn, whatever was forgotten");

    // What was lost is entered again, and both withdrawals hold. The partner's receipt was read
    // again, so nothing is awaited.
    assert_eq!(withdraw(&two.province, 2), 0);
    import(&two.province, 12..18, two.folder.path());
    assert_eq!(release(&two.province), 6);
    let told = sync(&two.centre, "province");
    assert_eq!((number(&told, "/held"), number(&told, "/withdrawn")), (6, 0), "{told}");
    assert!(number(&told, "/cursor") < 12, "places are counted anew: {told}");
    assert_eq!(two.n_held(), 22);
    two.is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_folder_was_set_back_hears_of_it_from_its_partner_and_begins_anew() {
    let mut two = Two::partners().await;
    let copy = two.folder.path().join("copy");
    two.running.stop(&two.province);
    copy_folder(&two.province.home, &copy);
    two.running = Up(two.province.start().await);

    two.go_on(12..18);
    assert_eq!(withdraw(&two.province, 1), 1);
    assert_eq!(number(&sync(&two.centre, "province"), "/withdrawn"), 1);
    assert_eq!(two.n_held(), 17);
    two.running.stop(&two.province);
    std::fs::remove_dir_all(&two.province.home).expect("removed");
    copy_folder(&copy, &two.province.home);
    two.running = Up(two.province.start().await);
    assert_eq!((n_records(&two.province), n_restored(&two.province)), (12, 0));

    // One sync is enough, and a second one finds nothing new.
    sync(&two.province, "centre");
    assert_eq!(n_restored(&two.province), 1);
    two.is_well().await;
    assert_eq!(n_restored(&two.province), 1);
    assert_eq!(two.n_held(), 17);
    two.go_on(18..24);
    assert_eq!(two.n_held(), 23);
    two.is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_knows_the_same_after_a_stop_and_after_a_kill() {
    let mut two = Two::partners().await;
    let known = |two: &Two| {
        let own = done(&two.province, &["count", "--own", "--by", "gender,province"]);
        let status = done(&two.province, &["status"]);
        (list(&own, "/cells"), status.pointer("/records").cloned())
    };
    let (memory, before) = (two.province.home.join("memory.sealed"), known(&two));
    two.running.stop(&two.province);
    assert!(memory.exists(), "a stop leaves behind what memory held");
    two.running = Up(two.province.start().await);
    assert!(!memory.exists(), "a start takes it away");
    assert_eq!(known(&two), before);
    two.running.kill();
    two.running = Up(two.province.start().await);
    assert_eq!(known(&two), before);
}
