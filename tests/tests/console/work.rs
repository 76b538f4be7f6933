//! Files on their way in: few of them, and not for long.

use entente_node::fault::Fault;
use entente_node::jobs::files::FILE_LASTS_S;
use entente_tests::net::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_leaves_many_files_lying_about_and_none_for_longer_than_an_hour() {
    let site = Site::office("House").await;
    let (files, now_s) = (&site.desk().jobs.files, site.node().now_s());
    let upload = |by: &str| -> Result<String, Box<Fault>> {
        let mut receiving = files.receive(by)?;
        receiving.push(b"external_ref,gender\nA-1,woman\n")?;
        receiving.finish(now_s)
    };
    for _ in 0..4 {
        upload("anna").unwrap();
    }
    assert_eq!(upload("anna").unwrap_err().code, "ENT-2736");
    let other = upload("omar").unwrap();
    files.sweep(now_s + FILE_LASTS_S - 1);
    assert_eq!((files.waiting("anna").len(), files.upload("omar", &other).is_ok()), (4, true));
    files.sweep(now_s + FILE_LASTS_S);
    assert_eq!((files.waiting("anna").len(), files.upload("omar", &other).is_ok()), (0, false));
    assert_eq!(std::fs::read_dir(site.home().join("jobs")).unwrap().count(), 0);
    // There is room again.
    upload("anna").unwrap();
}
