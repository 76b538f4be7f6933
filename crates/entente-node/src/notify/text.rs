//! What a message says: counts, in words and as a document. Nothing about anybody.

use entente_core::lang::{Lang, Text};
use serde::Serialize;

use crate::answer::instant;
use crate::node::waiting::Waiting;

/// A letter: its subject and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Lines of plain text.
    pub body: String,
}

/// What a program is told.
#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    organization: &'a str,
    name: Name<'a>,
    waiting: Vec<Line>,
}

#[derive(Serialize)]
struct Name<'a> {
    en: &'a str,
    fr: &'a str,
}

#[derive(Serialize)]
struct Line {
    matter: &'static str,
    n: u64,
    next: &'static str,
}

/// The letter for what waits, or one that only says that letters arrive.
pub fn letter(organization: &Text, waiting: &Waiting, lang: Lang, is_test: bool) -> Letter {
    let name = one_line(match lang {
        Lang::En => &organization.en,
        Lang::Fr => &organization.fr,
    });
    let mut lines: Vec<String> =
        waiting.iter().map(|(matter, n)| format!("{}.", matter.text(n).text(lang))).collect();
    if is_test {
        lines.insert(
            0,
            lang.pick(
                "This is a test. Messages of the node reach you.",
                "Ceci est un essai. Les avis du nœud vous parviennent.",
            )
            .to_owned(),
        );
    }
    let subject = match (is_test, waiting.iter().next(), waiting.iter().nth(1)) {
        (true, ..) => lang.pick("Test of notifications", "Essai des avis").to_owned(),
        (_, Some((matter, n)), None) => matter.text(n).text(lang).to_owned(),
        _ => lang.pick("Several matters wait", "Plusieurs affaires attendent").to_owned(),
    };
    let (open, end) = (
        lang.pick("Open: entente inbox", "Ouvrir\u{a0}: entente inbox"),
        lang.pick(
            "This message is counts alone. Nobody reads answers to it.",
            "Cet avis ne contient que des nombres. Personne ne lit les réponses.",
        ),
    );
    Letter {
        // In a header, readers of mail decode what looks like an encoded word (RFC 2047), line ends too.
        subject: format!("{subject} – {}", name.replace("=?", "= ?")),
        body: format!("{}\n\n{name}\n{open}\n\n{end}\n", lines.join("\n")),
    }
}

/// The document for what waits, as JSON.
pub fn document(
    id: &str,
    organization: &Text,
    waiting: &Waiting,
    now_s: i64,
    is_test: bool,
) -> Vec<u8> {
    let line = |(matter, n): (crate::node::waiting::Matter, u64)| Line {
        matter: matter.code(),
        n,
        next: matter.next(),
    };
    let document = Document {
        r#type: if is_test { "entente.test" } else { "entente.waiting" },
        timestamp: instant(now_s),
        data: Data {
            organization: id,
            name: Name { en: &organization.en, fr: &organization.fr },
            waiting: waiting.iter().map(line).collect(),
        },
    };
    serde_json::to_vec(&document).unwrap_or_default()
}

/// A name on one line: a line end in it would begin a header of its own.
fn one_line(name: &str) -> String {
    let spaced = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    spaced.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::waiting::Matter;

    fn house() -> Text {
        Text::new("Example House", "Maison Exemple")
    }

    #[test]
    fn a_letter_says_how_much_of_what_waits_where_and_what_to_type() {
        let waiting = Waiting::new([(Matter::AgreementsToSign, 3)]);
        let letter = letter(&house(), &waiting, Lang::En, false);
        assert_eq!(letter.subject, "3\u{a0}agreements wait for our signature – Example House");
        assert_eq!(
            letter.body,
            "3\u{a0}agreements wait for our signature.\n\nExample House\nOpen: entente inbox\n\n\
             This message is counts alone. Nobody reads answers to it.\n"
        );
        let both = Waiting::new([(Matter::AgreementsToSign, 1), (Matter::BackupOld, 1)]);
        let french = super::letter(&house(), &both, Lang::Fr, false);
        assert_eq!(french.subject, "Plusieurs affaires attendent – Maison Exemple");
        assert!(french.body.starts_with(
            "1\u{a0}entente\u{a0}attend notre signature.\n1\u{a0}sauvegarde est en retard.\n"
        ));
    }

    #[test]
    fn a_name_stays_on_one_line() {
        let name = Text::new("House\r\nBcc: all@example.org", "Maison\u{0}\u{85}\nX: y");
        for lang in [Lang::En, Lang::Fr] {
            let letter = letter(&name, &Waiting::default(), lang, true);
            assert!(!letter.subject.chars().any(char::is_control), "{:?}", letter.subject);
        }
    }

    #[test]
    fn a_document_has_counts_under_stable_codes() {
        let waiting = Waiting::new([(Matter::Quarantines, 2)]);
        let document = document("5c7b", &house(), &waiting, 1_800_000_000, false);
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "type": "entente.waiting", "timestamp": "2027-01-15T08:00:00Z",
                "data": {
                    "organization": "5c7b",
                    "name": {"en": "Example House", "fr": "Maison Exemple"},
                    "waiting": [
                        {"matter": "quarantines", "n": 2, "next": "entente partner quarantine"}
                    ]
                }
            })
        );
    }
}
