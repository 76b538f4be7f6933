//! Routes: one table of everything that a browser may ask for, and who may.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get};
use entente_core::lang::Lang;
use entente_node::local::Op;

use crate::gate::{Gate, gate};
use crate::guard::guard;
use crate::serve::patience;
use crate::{Console, assets, gate, pages, public};

/// Who may ask for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Everybody, signed in or not.
    Nothing,
    /// Whoever is signed in.
    Session,
    /// Whoever is signed in, and has proved who they are a short while ago.
    Fresh,
    /// Whoever is signed in and has a role that may ask this of the node. What
    /// [needs a fresh proof](entente_node::local::needs_proof) needs it here too.
    May(Op),
}

/// The longest form, in bytes. Routes that take files say so themselves.
pub(crate) const MAX_FORM: usize = 256 * 1024;

/// The longest form of a route that takes more without a file: a plan with 5,000 contributors by their ids.
pub(crate) const MAX_LONG_FORM: usize = 1 << 20;

/// One route, without the language in front.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, for example `/cases/{case}`.
    pub path: &'static str,
    /// Who may ask for it.
    pub need: Need,
    pub(crate) answer: MethodRouter<Arc<Console>>,
}

/// Makes the routes of one area: method, path, need, handler.
macro_rules! area {
    ($($method:ident $path:literal, $need:expr => $handler:path;)+) => {
        /// The routes of this area.
        pub(crate) fn routes() -> Vec<$crate::route::Route> {
            use $crate::route::Need;
            vec![$($crate::route::Route {
                method: axum::http::Method::$method,
                path: $path,
                need: $need,
                answer: $crate::route::verb!($method)($handler),
            },)+]
        }
    };
}

macro_rules! verb {
    (GET) => {
        axum::routing::get
    };
    (POST) => {
        axum::routing::post
    };
}

pub(crate) use {area, verb};

/// Every route, for the router and for the table of who may what.
pub fn routes() -> Vec<Route> {
    pages::routes()
}

/// Everything that is served.
pub(crate) fn router(console: Arc<Console>) -> Router {
    let pages = |lang: Lang| {
        let mut pages = Router::new();
        for route in routes() {
            let Route { need, path, .. } = route;
            let gate_state = Gate { console: Arc::clone(&console), need, lang, path };
            let answer = route.answer.layer(from_fn_with_state(gate_state, gate));
            pages = pages.route(route.path, answer);
        }
        pages
    };
    Router::new()
        .route("/", get(gate::to_language))
        .route("/en", get(gate::to_home))
        .route("/en/", get(gate::to_home))
        .route("/fr", get(gate::to_home))
        .route("/fr/", get(gate::to_home))
        .route("/join/{token}", get(gate::to_join))
        // One address for both languages: providers are told it once, letter for letter.
        .route(pages::oidc::BACK, get(pages::oidc::back))
        .route(pages::oidc::OUT, get(pages::oidc::out))
        .nest("/en", pages(Lang::En))
        .nest("/fr", pages(Lang::Fr))
        .route("/assets/{version}/{name}", get(assets::get))
        .merge(public::routes(&console))
        .fallback(gate::not_there)
        .method_not_allowed_fallback(gate::not_there)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(from_fn_with_state(Arc::clone(&console), patience))
        .layer(from_fn_with_state(Arc::clone(&console), guard))
        .layer(from_fn(gate::remember_uri))
        .with_state(console)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::files;

    /// What the local door answers and the console does not ask like everything else, and why.
    const NOT_ASKED: &[(Op, &str)] = &[
        (Op::NodeStop, "a console that stops its node cannot start it again"),
        (Op::RecordImport, "asked with the names of its files: `Desk::start_import`"),
        (Op::RecordExport, "asked with the name of its file: `Desk::start_export`"),
        (Op::CapacityShow, "the page of a service shows it with all the rest: `ServiceShow`"),
        (Op::StoreSize, "`Doctor` says when room gets short; the numbers are for the machine"),
        (Op::ConsoleLink, "the first way in, made on the machine; others are made by `UserAdd`"),
    ];

    /// Whether a source makes the question of this name.
    fn makes(source: &str, question: &str) -> bool {
        source.match_indices(question).any(|(at, _)| {
            let before = source[..at].chars().next_back();
            let after = &source[at + question.len()..];
            !before.is_some_and(char::is_alphanumeric)
                && (after.starts_with(" {") || after.starts_with("::"))
        })
    }

    #[test]
    fn everything_that_can_be_asked_is_asked_at_the_console_or_there_is_a_reason() {
        let sources = files("src", "rs");
        let mut n_asked = 0;
        for op in Op::ALL {
            let question = format!("{}Ask", op.method());
            let is_asked = sources.iter().any(|(_, text)| makes(text, &question));
            let reason = NOT_ASKED.iter().find(|(known, _)| known == op);
            assert_ne!(is_asked, reason.is_some(), "{op}: {reason:?}");
            assert!(reason.is_none_or(|(_, why)| !why.is_empty()), "{op}");
            n_asked += usize::from(is_asked);
        }
        assert_eq!(n_asked + NOT_ASKED.len(), Op::ALL.len());
    }
}
