//! Long work: its list, one job while it goes on and when it has ended, and what is started from here.

mod bar;
mod duplicates;
mod epochs;
mod export;
mod import;
mod list;
mod one;
mod reasons;
mod result;

use axum::extract::DefaultBodyLimit;

use crate::route::Route;

pub(super) use bar::Bar;

/// The longest file that is taken, in bytes. Larger ones are imported on the machine.
const MAX_UPLOAD: usize = 64 << 20;

/// Room for what stands around the file in a form.
const MAX_FORM: usize = MAX_UPLOAD + 64 * 1024;

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = [
        list::routes(),
        one::routes(),
        import::routes(),
        export::routes(),
        duplicates::routes(),
        epochs::routes(),
        reasons::routes(),
    ]
    .concat();
    for route in &mut routes {
        if route.path == import::PATH {
            route.answer = route.answer.clone().layer(DefaultBodyLimit::max(MAX_FORM));
        }
    }
    routes
}
