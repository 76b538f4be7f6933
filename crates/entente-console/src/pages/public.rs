//! The public site: published returns, public services.

use crate::route::Route;

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
