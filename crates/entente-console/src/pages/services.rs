//! Services: the directory of what partners and we ourselves offer, and our own services in it.
//!
//! [`list`] searches, [`one`] is the page of a service and what is done with one click, [`edit`] the form,
//! [`import`] takes a file, [`export`] gives one. Where a place is that is not told, no document says, so no page can.

use axum::extract::DefaultBodyLimit;

use crate::route::Route;

mod edit;
mod export;
mod full;
mod import;
mod land;
mod list;
mod map;
mod one;
mod places;
pub(super) mod rows;

pub(crate) use full::DAYS;

mod table {
    use entente_node::local::Op;

    use super::{edit, export, import, list, one};
    use crate::route::area;

    area! {
        GET "/services", Need::May(Op::ServiceSearch) => list::search;
        GET "/services/ours", Need::May(Op::ServiceList) => list::ours;
        GET "/services/add", Need::May(Op::ServiceAdd) => edit::ask_new;
        POST "/services/add", Need::May(Op::ServiceAdd) => edit::add;
        GET "/services/import", Need::May(Op::ServiceImport) => import::ask;
        POST "/services/import", Need::May(Op::ServiceImport) => import::import;
        POST "/services/export", Need::May(Op::ServiceExport) => export::export;
        GET "/services/{service}", Need::May(Op::ServiceShow) => one::one;
        GET "/services/{service}/edit", Need::May(Op::ServiceAdd) => edit::ask_change;
        GET "/services/{service}/delete", Need::May(Op::ServiceClose) => one::ask_delete;
        POST "/services/{service}/edit", Need::May(Op::ServiceAdd) => edit::change;
        POST "/services/{service}/confirm", Need::May(Op::ServiceConfirm) => one::confirm;
        POST "/services/{service}/capacity", Need::May(Op::CapacitySet) => one::capacity;
        POST "/services/{service}/close", Need::May(Op::ServiceClose) => one::close;
    }
}

/// The routes of this area.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = table::routes();
    // A file is larger than a form.
    for route in routes.iter_mut().filter(|route| route.path == "/services/import") {
        route.answer = route.answer.clone().layer(DefaultBodyLimit::max(import::MAX_FILE));
    }
    routes
}
