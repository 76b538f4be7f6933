//! Pages: one module for each area, with its routes, its handlers and its forms.

use crate::route::Route;

pub(crate) mod account;
pub(crate) mod agreements;
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod explain;
pub(crate) mod held;
pub(crate) mod home;
pub(crate) mod jobs;
pub(crate) mod join;
pub(crate) mod oidc;
pub(crate) mod partners;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod referrals;
pub(crate) mod services;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod sponsored;
pub(crate) mod statistics;

/// The routes of all areas.
pub(crate) fn routes() -> Vec<Route> {
    [
        home::routes(),
        cases::routes(),
        explain::routes(),
        referrals::routes(),
        services::routes(),
        partners::routes(),
        partners::bundle::routes(),
        agreements::routes(),
        held::routes(),
        sponsored::routes(),
        statistics::routes(),
        audit::routes(),
        settings::routes(),
        jobs::routes(),
        people::routes(),
        account::routes(),
        passkeys::routes(),
        join::routes(),
        sign_in::routes(),
        oidc::routes(),
    ]
    .concat()
}
