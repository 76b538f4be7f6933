//! A province and a centre: two nodes that are up, partners, and have an agreement.

use super::common::Folder;
use super::partners::{Up, agree, pair};
use super::up::up;

/// The two, and the folder in which they are.
pub(crate) struct Partners {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) province: (Folder, Up),
    pub(crate) centre: (Folder, Up),
}

/// Makes them, on these engines.
pub(crate) async fn partners([province, centre]: [&str; 2]) -> Partners {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let province = up(path, "province", province).await;
    let centre = up(path, "centre", centre).await;
    pair((&centre.0, "centre"), (&province.0, "province"), path);
    agree((&province.0, "province"), (&centre.0, "centre"), path);
    Partners { folder, province, centre }
}
