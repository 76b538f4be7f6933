//! What each partner will receive of a case.

use crate::route::Route;

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
