//! Two cases side by side, for a person to decide whether they are about one person. `cases/pair.html` shows them.

use askama::Template;
use axum::Form;
use entente_node::local::doc::{DuplicatePair, FieldValue, RecordShowAsk};
use entente_node::local::{Op, words};
use serde::Deserialize;

use super::sections::{SECTIONS, Section, is_plain, value};
use super::{found, short};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};

/// Two cases, field by field.
pub(crate) struct Compared {
    pub(crate) left: String,
    pub(crate) right: String,
    /// How alike they are, 0 to 100, and the fields that agree; nothing where both are revealed.
    pub(crate) likeness: Option<(u8, String)>,
    pub(crate) lines: Vec<Line>,
}

/// A field of both.
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) left: String,
    pub(crate) right: String,
    is_masked: bool,
    /// Whether they differ, in a word with its tone.
    pub(crate) word: &'static str,
    pub(crate) tone: &'static str,
}

impl Compared {
    /// A pair that the node proposes, with what both hold.
    pub(crate) fn of(p: &Page, pair: DuplicatePair) -> Self {
        let mut because: Vec<_> =
            pair.because.iter().map(|it| words::field_label(it, p.lang)).collect();
        because.dedup();
        Self {
            likeness: Some((pair.score, because.join(", "))),
            lines: lines(p, &pair.left_fields, &pair.right_fields),
            left: pair.left.id,
            right: pair.right.id,
        }
    }

    /// The ends of both ids.
    pub(crate) fn ends(&self) -> (&str, &str) {
        (short(&self.left), short(&self.right))
    }

    /// Something that could be revealed.
    pub(crate) fn is_masked(&self) -> bool {
        self.lines.iter().any(|line| line.is_masked)
    }
}

/// Every field that either holds, in the order of the form.
fn lines(p: &Page, left: &[FieldValue], right: &[FieldValue]) -> Vec<Line> {
    let line = |name: &str| {
        let of =
            |held: &[FieldValue]| held.iter().find(|it| it.field == name && !is_plain(it)).cloned();
        let (left, right) = (of(left), of(right));
        let (word, tone) = match (&left, &right) {
            (None, None) => return None,
            (Some(left), Some(right)) if left.masked || right.masked => {
                (p.t("masked", "masqué"), "")
            }
            (Some(left), Some(right)) if left.values == right.values => {
                (p.t("same", "identique"), "good")
            }
            (Some(_), Some(_)) => (p.t("different", "différent"), "warn"),
            _ => (p.t("in one only", "dans un seul"), ""),
        };
        let is_masked = [&left, &right].into_iter().flatten().any(|it| it.masked);
        let shown = |it: Option<FieldValue>| it.map_or_else(|| "—".to_owned(), |it| value(p, &it));
        let label = words::field_label(name, p.lang);
        Some(Line { label, left: shown(left), right: shown(right), is_masked, word, tone })
    };
    SECTIONS.iter().flat_map(Section::fields).filter_map(|field| line(field.name())).collect()
}

/// Two cases, and where the person came from: the list of all pairs as it was, or one case.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Two {
    #[serde(default)]
    pub(crate) left: String,
    #[serde(default)]
    pub(crate) right: String,
    #[serde(default)]
    pub(crate) same: bool,
    #[serde(default)]
    pub(crate) case: String,
    #[serde(default)]
    pub(crate) score: String,
    // How many pairs of the list were passed over.
    #[serde(default)]
    pub(crate) from: String,
}

impl Two {
    /// The list from which they were taken.
    pub(crate) fn list(&self) -> String {
        // Nothing but one of the two stands in the address.
        if !self.case.is_empty() && [&self.left, &self.right].contains(&&self.case) {
            return format!("/cases/{}/duplicates", self.case);
        }
        let score = self.score.parse::<u8>().ok().map(|score| format!("score={score}"));
        let from = self.from.parse::<usize>().ok().filter(|from| *from > 0);
        let from = from.map(|from| format!("from={from}"));
        let query: Vec<_> = score.into_iter().chain(from).collect();
        match query.as_slice() {
            [] => "/cases/duplicates".to_owned(),
            query => format!("/cases/duplicates?{}", query.join("&")),
        }
    }
}

#[derive(Template)]
#[template(path = "cases/pair_revealed.html")]
struct RevealedPage<'a> {
    p: &'a Page,
    pair: Compared,
    kept: Vec<(&'static str, String)>,
    list: String,
}

/// `POST /cases/duplicates/reveal`: both with names, once. A fresh proof is needed, and the node keeps an account of
/// it for each.
pub(crate) async fn reveal(visit: Visit, Form(two): Form<Two>) -> Answer {
    let p = &visit.page;
    let of =
        |record: &String| RecordShowAsk { record: record.clone(), reveal: true, version: None };
    let left = found(visit.ask_fresh(&of(&two.left)).await)?;
    let right = found(visit.ask_fresh(&of(&two.right)).await)?;
    let list = p.to(&two.list());
    let pair = Compared {
        likeness: None,
        lines: lines(p, &left.fields, &right.fields),
        left: left.record.id,
        right: right.record.id,
    };
    let kept = vec![("case", two.case), ("score", two.score), ("from", two.from)];
    show(&RevealedPage { p, pair, kept, list })
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;
    use entente_node::local::doc::Private;

    use super::*;
    use crate::page::test_page;

    fn held(field: &str, values: &[&str], masked: bool) -> FieldValue {
        let values = Private(values.iter().map(|it| (*it).to_owned()).collect());
        FieldValue { field: field.to_owned(), values, identifying: masked, masked }
    }

    #[test]
    fn what_two_cases_hold_is_compared_in_words_and_what_is_masked_is_not() {
        let left = [
            held("name_last", &[], true),
            held("gender", &["woman"], false),
            held("status", &["actual"], false),
            held("needs", &["legal"], false),
        ];
        let right = [
            held("name_last", &[], true),
            held("gender", &["woman"], false),
            held("status", &["possible"], false),
        ];
        let found = lines(&test_page(Lang::En), &left, &right);
        let words: Vec<_> = found.iter().map(|it| (it.word, it.tone)).collect();
        assert_eq!(
            words,
            [("masked", ""), ("same", "good"), ("different", "warn"), ("in one only", "")]
        );
        assert_eq!(found.last().map(|it| it.right.as_str()), Some("—"));
        assert_eq!(found.iter().filter(|it| it.is_masked).count(), 1);
    }

    #[test]
    fn one_goes_back_to_the_case_or_to_the_list_as_it_was_and_nowhere_else() {
        let two = |case: &str, score: &str| Two {
            left: "a".to_owned(),
            right: "b".to_owned(),
            case: case.to_owned(),
            score: score.to_owned(),
            ..Two::default()
        };
        assert_eq!(two("b", "").list(), "/cases/b/duplicates");
        assert_eq!(two("../x", "60").list(), "/cases/duplicates?score=60");
        assert_eq!(two("", "=1").list(), "/cases/duplicates");
        let further = |from: &str| Two { from: from.to_owned(), ..two("", "60") };
        assert_eq!(further("20").list(), "/cases/duplicates?score=60&from=20");
        assert_eq!(further("0").list(), "/cases/duplicates?score=60");
    }
}
