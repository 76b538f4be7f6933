//! What is wrong with rows of a file: the same once, with its rows, and the lists of what is accepted.

use askama::Template;
use axum::extract::Path;
use entente_core::lang::{Lang, folded};
use entente_node::jobs::Alike;
use entente_node::local::{Op, words};

use crate::gate::{Visit, nothing_there};
use crate::page::{Answer, Page, show};
use crate::problem::Problem;
use crate::route::area;

area! {
    GET "/codes", Need::Session => lists;
    GET "/codes/{list}", Need::Session => list;
}

/// Rows with which the same is wrong, in words. `jobs/reasons.html` shows several as `places`.
pub(super) struct Place {
    pub(super) rows: String,
    pub(super) column: Option<String>,
    pub(super) parts: Vec<Part>,
}

/// A part of a reason: words, or a list that has a page.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) list: Option<String>,
}

impl Place {
    pub(super) fn of(p: &Page, alike: &Alike) -> Self {
        let n = p.count(&alike.n, &("row", "rows"), &("ligne", "lignes"));
        let rows: Vec<_> = alike.rows.iter().map(|row| p.n(row)).collect();
        let more =
            if u64::try_from(rows.len()).is_ok_and(|shown| shown < alike.n) { " …" } else { "" };
        let colon = p.lang.pick(":", "\u{a0}:");
        let part = |piece: crate::page::Piece<'_>| Part {
            text: piece.text.to_owned(),
            list: words::list(piece.text, p.lang)
                .filter(|_| piece.is_code)
                .map(|_| p.to(&format!("/codes/{}", piece.text))),
        };
        Self {
            rows: format!("{n}{colon} {}{more}", rows.join(", ")),
            column: alike.column.clone(),
            parts: p.pieces(&alike.reason.text).into_iter().map(part).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "jobs/lists.html")]
struct ListsPage<'a> {
    p: &'a Page,
}

impl ListsPage<'_> {
    /// Each list with what it is called, in the order of that.
    fn lists(&self) -> Vec<(&'static str, &'static str)> {
        let lang = self.p.lang;
        let mut lists: Vec<_> =
            words::LISTS.iter().map(|&name| (words::list_title(name, lang), name)).collect();
        lists.sort_by_cached_key(|(title, _)| folded(title));
        lists
    }
}

/// `GET /codes`.
async fn lists(visit: Visit) -> Answer {
    show(&ListsPage { p: &visit.page })
}

#[derive(Template)]
#[template(path = "jobs/codes.html")]
struct CodesPage<'a> {
    p: &'a Page,
    title: &'a str,
    name: &'a str,
    // Each code with its English and its French label.
    codes: Vec<(&'static str, &'static str, &'static str)>,
}

/// `GET /codes/{list}`: what a file may say.
async fn list(visit: Visit, Path(name): Path<String>) -> Answer {
    let of = |lang| words::list(&name, lang).ok_or_else(|| Problem::new(nothing_there()));
    let (english, french) = (of(Lang::En)?, of(Lang::Fr)?);
    let codes = english.into_iter().zip(french);
    let codes = codes.map(|((code, en), (_, fr))| (code, en, fr)).collect();
    let title = words::list_title(&name, visit.page.lang);
    show(&CodesPage { p: &visit.page, title, name: &name, codes })
}
