//! A node that does nothing but what a test asks, and is up.

use std::path::Path;

use super::common::Folder;
use super::partners::{Up, set};

/// Makes and starts a node in a folder of this name.
pub(crate) async fn up(folder: &Path, name: &str, engine: &str) -> (Folder, Up) {
    let node = Folder::init(folder, name, engine);
    set(&node, "interval_s = 60", "interval_s = 86400");
    let running = Up(node.start().await);
    (node, running)
}
