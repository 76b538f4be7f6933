//! Settings: the organization, keys, backups, health.

use crate::route::Route;

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
