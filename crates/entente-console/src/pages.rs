//! Pages: one module for each area, with its routes, its handlers and its forms.

use crate::route::Route;

pub(crate) mod account;
pub(crate) mod cases;
pub(crate) mod home;
pub(crate) mod join;
pub(crate) mod people;
pub(crate) mod sign_in;

/// The routes of all areas.
pub(crate) fn routes() -> Vec<Route> {
    [
        home::routes(),
        cases::routes(),
        people::routes(),
        account::routes(),
        join::routes(),
        sign_in::routes(),
    ]
    .concat()
}
