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

/// A form that waits.
#[derive(Clone)]
pub(crate) struct Form {
    /// Where it goes, behind the language.
    pub(crate) path: String,
    /// What was typed.
    pub(crate) fields: Vec<(String, String)>,
    at_s: i64,
}

/// The forms that wait, at most one for each session.
#[derive(Default)]
pub(crate) struct Forms(Mutex<HashMap<String, Form>>);

impl Forms {
    /// Keeps a form in place of the one before.
    pub(crate) fn keep(&self, session: &str, form: Form) {
        let mut forms = self.lock();
        forms.retain(|_, it| form.at_s - it.at_s < LASTS_S);
        forms.insert(session.to_owned(), form);
    }

    /// The form of a session.
    pub(crate) fn of(&self, session: &str, now_s: i64) -> Option<Form> {
        self.lock().get(session).filter(|it| now_s - it.at_s < LASTS_S).cloned()
    }

    /// Forgets a form that was sent.
    pub(crate) fn sent(&self, session: &str, path: &str) {
        let mut forms = self.lock();
        if forms.get(session).is_some_and(|it| it.path == path) {
            forms.remove(session);
        }
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
