//! What somebody typed into a form that needs a fresh proof first. It waits in memory for ten minutes, and is sent again by
//! the hand that typed it. Of a form with a password or a code nothing is kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{Method, header};

/// How long a form waits, in seconds.
const LASTS_S: i64 = 600;

/// The longest form that waits, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Names of fields that hold what opens something, beside those with `pass` in them.
const SECRET: [&str; 7] = ["code", "digits", "old", "new", "again", "answer", "ceremony"];

/// Where the answer is a file.
const FILES: [&str; 1] = ["/audit/export"];

/// A form that waits.
#[derive(Clone)]
pub(crate) struct Form {
    /// Where it goes, behind the language.
    pub(crate) path: String,
    /// What was typed.
    pub(crate) fields: Vec<(String, String)>,
    at_s: i64,
}

impl Form {
    /// Whether a file comes of it, and no page.
    pub(crate) fn gives_a_file(&self) -> bool {
        FILES.contains(&self.path.as_str())
    }
}

/// The forms that wait, at most one for each session.
#[derive(Default)]
pub(crate) struct Forms(Mutex<HashMap<String, Form>>);

impl Forms {
    /// Keeps a form in place of the one before.
    pub(crate) fn keep(&self, session: &str, form: Form) {
        self.now(form.at_s).insert(session.to_owned(), form);
    }

    /// The form of a session.
    pub(crate) fn of(&self, session: &str, now_s: i64) -> Option<Form> {
        self.now(now_s).get(session).cloned()
    }

    /// Forgets a form that was sent.
    pub(crate) fn sent(&self, session: &str, path: &str, now_s: i64) {
        let mut forms = self.now(now_s);
        if forms.get(session).is_some_and(|it| it.path == path) {
            forms.remove(session);
        }
    }

    /// Forgets the form of a session that has ended.
    pub(crate) fn forget(&self, session: &str) {
        self.lock().remove(session);
    }

    /// Those that still wait. The others are gone with the first look.
    fn now(&self, now_s: i64) -> MutexGuard<'_, HashMap<String, Form>> {
        let mut forms = self.lock();
        forms.retain(|_, it| now_s - it.at_s < LASTS_S);
        forms
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Form>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request brings, if that is a form that may wait.
pub(crate) async fn read(request: Request, path: &str, now_s: i64) -> Option<Form> {
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    if !is_form || request.method() != Method::POST {
        return None;
    }
    let body = to_bytes(request.into_body(), MAX_BYTES).await.ok()?;
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).ok()?;
    let may_wait = !fields.is_empty() && !fields.iter().any(|(name, _)| is_secret(name));
    may_wait.then(|| Form { path: path.to_owned(), fields, at_s: now_s })
}

fn is_secret(name: &str) -> bool {
    name.contains("pass") || SECRET.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::files;

    #[test]
    fn a_form_waits_ten_minutes_and_no_longer_than_its_session() {
        let forms = Forms::default();
        let form = |at_s| Form { path: "/people".to_owned(), fields: Vec::new(), at_s };
        let n = || forms.lock().len();
        forms.keep("one", form(0));
        forms.keep("two", form(300));
        assert!(forms.of("one", 599).is_some());
        // Whoever looks for theirs takes away what is too old of others.
        assert!(forms.of("two", 600).is_some() && n() == 1);
        forms.sent("three", "/people", 900);
        assert_eq!(n(), 0);
        forms.keep("two", form(900));
        forms.forget("two");
        assert_eq!(n(), 0);
    }

    #[test]
    fn every_field_for_a_password_or_a_code_is_known() {
        let mut n_known = 0;
        for (path, text) in files("templates", "html") {
            for input in text.split("<input").skip(1) {
                let input = input.split('>').next().unwrap();
                if input.contains("type=\"password\"") || input.contains("one-time-code") {
                    let name = input.split(" name=\"").nth(1).unwrap().split('"').next().unwrap();
                    assert!(is_secret(name), "{}: {name}", path.display());
                    n_known += 1;
                }
            }
        }
        assert!(n_known > 8, "{n_known}");
    }
}
