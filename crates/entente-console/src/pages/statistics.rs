//! Statistics: plans, figures, the national return.

use crate::route::Route;

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    Vec::new()
}
