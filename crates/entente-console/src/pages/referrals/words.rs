//! The words of referrals: steps, tones, and how long is left.

use entente_core::lang::Lang;
use entente_node::fault::Both;
use entente_node::local::doc::{Named, ReferralRow};
use entente_node::local::words;
use jiff::Timestamp;

use crate::page::Page;

/// What pages about referrals say alike.
pub(crate) trait Words {
    /// The shell of the page.
    fn page(&self) -> &Page;

    /// Now, in seconds since 1970.
    fn now_s(&self) -> i64;

    /// The beginning of a name: enough to recognise it, and to say it on the telephone.
    fn short<'r>(&self, id: &'r str) -> &'r str {
        id.get(..8).unwrap_or(id)
    }

    /// The words of a step.
    fn step(&self, code: &str) -> String {
        let (en, fr) = step(code);
        let text = self.page().t(en, fr);
        if text.is_empty() { code.to_owned() } else { text.to_owned() }
    }

    /// The tone of an urgency.
    fn urgency_tone(&self, urgency: &Option<String>) -> &'static str {
        match urgency.as_deref() {
            Some("1h") => "bad",
            Some("3h") => "warn",
            Some("1d") => "info",
            _ => "",
        }
    }

    /// Where the service is wanted; blank for anywhere.
    fn wanted_in(&self, row: &ReferralRow) -> String {
        row.area.as_ref().map(|code| area(self.page(), code)).unwrap_or_default()
    }

    /// The tone of the tag of a step.
    fn tone(&self, row: &ReferralRow) -> &'static str {
        match row.step.as_str() {
            _ if row.overdue => "bad",
            "accepted" | "handed_over" | "delivered" | "opened" | "in_service" | "done" => "good",
            "unmet" | "expired" => "bad",
            "taken" | "revoked" | "declined" => "",
            "offered" | "created" if row.ours => "info",
            _ => "warn",
        }
    }

    /// The other side: who offered it, or who has it.
    fn other(&self, row: &ReferralRow) -> String {
        let p = self.page();
        match (&row.with, row.ours) {
            (_, false) => said(p, &row.home.name).to_owned(),
            (Some(with), true) => said(p, &with.name).to_owned(),
            (None, true) if row.asked > 0 => p.count(
                &row.asked.into(),
                &("partner asked", "partners asked"),
                &("partenaire sollicité", "partenaires sollicités"),
            ),
            (None, true) => p.t("nobody asked yet", "personne encore").to_owned(),
        }
    }

    /// The needs in one line.
    fn needs(&self, row: &ReferralRow) -> String {
        if row.needs.is_empty() {
            return self.page().t("Referral", "Aiguillage").to_owned();
        }
        self.page().labels("need", &row.needs)
    }

    /// How long is left, or for how long it is overdue.
    fn left(&self, due: &Option<String>) -> String {
        let Some(due_s) = due.as_deref().and_then(seconds) else { return "—".to_owned() };
        let (p, left_s) = (self.page(), due_s - self.now_s());
        let span = span(p, left_s.abs());
        if left_s < 0 {
            return p.t("late by ", "retard de ").to_owned() + &span;
        }
        span
    }

    /// The tone of what is left: an hour is little.
    fn left_tone(&self, due: &Option<String>) -> &'static str {
        match due.as_deref().and_then(seconds).map(|due_s| due_s - self.now_s()) {
            None => "",
            Some(left_s) if left_s < 0 => "bad",
            Some(left_s) if left_s < 3600 => "warn",
            Some(_) => "info",
        }
    }

    /// A name in the language of the page, or in the other if there is only one.
    fn named<'r>(&self, named: &'r Named) -> &'r str {
        said(self.page(), &named.name)
    }

    /// A text in the language of the page, or in the other if there is only one.
    fn said<'r>(&self, both: &'r Both) -> &'r str {
        said(self.page(), both)
    }
}

/// A text in the language of the page, or in the other if there is only one.
pub(crate) fn said<'r>(p: &Page, both: &'r Both) -> &'r str {
    match (both.text(p.lang), both.text(p.other())) {
        ("", other) => other,
        (text, _) => text,
    }
}

/// The order of lists of what is to be done: what is late, then what is due first, then what is urgent. What nobody
/// waits for has no time that runs out, and stands last.
pub(super) fn most_urgent_first(rows: &mut [ReferralRow]) {
    let urgencies = words::list("urgency", Lang::En).unwrap_or_default();
    let place = |row: &ReferralRow| {
        let code = row.urgency.as_deref();
        let at = urgencies.iter().position(|(known, _)| Some(*known) == code);
        at.unwrap_or(urgencies.len())
    };
    rows.sort_by_cached_key(|row| (!row.overdue, row.due.is_none(), row.due.clone(), place(row)));
}

/// Seconds since 1970 of an instant of a document.
fn seconds(instant: &str) -> Option<i64> {
    instant.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// A span in its two largest units.
fn span(p: &Page, seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let days_word = |n: i64| {
        let n = n.unsigned_abs();
        p.count(&n, &("day", "days"), &("jour", "jours"))
    };
    match () {
        () if minutes < 60 => format!("{minutes}\u{a0}min"),
        () if hours < 48 => format!("{hours}\u{a0}h {:02}\u{a0}min", minutes % 60),
        () => days_word(days),
    }
}

/// The words of a step, as the command line says them.
fn step(code: &str) -> (&'static str, &'static str) {
    match code {
        "created" => ("not offered yet", "pas encore offert"),
        "offered" => ("offered", "offert"),
        "accepting" => ("accepted here, not decided", "accepté ici, non attribué"),
        "accepted" => ("accepted", "accepté"),
        "handed_over" => ("contact details handed over", "coordonnées transmises"),
        "delivered" => ("delivered", "livré"),
        "opened" => ("contact details opened", "coordonnées ouvertes"),
        "in_service" => ("in service", "en service"),
        "closing" => ("closed here, not confirmed", "fermé ici, non confirmé"),
        "done" => ("done", "terminé"),
        "declined" => ("declined", "refusé"),
        "unmet" => ("declined by all", "refusé par tous"),
        "won" => ("has it", "attribué"),
        "taken" => ("taken by another", "pris par un autre"),
        "revoked" => ("withdrawn", "retiré"),
        "expired" => ("lapsed", "expiré"),
        "open" => ("no answer yet", "sans réponse"),
        _ => ("", ""),
    }
}

/// Languages that people ask for, as tags, in the order in which they are offered: the official ones,
/// those of Indigenous peoples and of signs, then the rest.
const LANGUAGES: &[(&str, &str, &str)] = &[
    ("en", "English", "anglais"),
    ("fr", "French", "français"),
    ("ase", "American Sign Language (ASL)", "langue des signes américaine (ASL)"),
    ("fcs", "Quebec Sign Language (LSQ)", "langue des signes québécoise (LSQ)"),
    ("cr", "Cree", "cri"),
    ("iu", "Inuktitut", "inuktitut (langue inuite)"),
    ("oj", "Ojibwe", "ojibwé"),
    ("mic", "Mi’kmaq", "mi’kmaw"),
    ("moe", "Innu", "innu-aimun"),
    ("den", "Dene", "déné"),
    ("am", "Amharic", "amharique"),
    ("ar", "Arabic", "arabe"),
    ("bn", "Bengali", "bengali (bangla)"),
    ("zh", "Chinese", "chinois"),
    ("yue", "Cantonese", "cantonais"),
    ("cmn", "Mandarin", "mandarin (chinois)"),
    ("prs", "Dari", "dari (persan)"),
    ("de", "German", "allemand"),
    ("gu", "Gujarati", "goudjarati"),
    ("ht", "Haitian Creole", "créole haïtien"),
    ("hi", "Hindi", "hindi (langue indienne)"),
    ("hu", "Hungarian", "hongrois"),
    ("it", "Italian", "italien"),
    ("ja", "Japanese", "japonais"),
    ("km", "Khmer", "khmer (cambodgien)"),
    ("ko", "Korean", "coréen"),
    ("ne", "Nepali", "népalais"),
    ("fa", "Persian", "persan"),
    ("pl", "Polish", "polonais"),
    ("pt", "Portuguese", "portugais"),
    ("pa", "Punjabi", "pendjabi"),
    ("ro", "Romanian", "roumain"),
    ("ru", "Russian", "russe"),
    ("so", "Somali", "somalien"),
    ("es", "Spanish", "espagnol"),
    ("sw", "Swahili", "swahili (kiswahili)"),
    ("tl", "Tagalog", "tagal"),
    ("ta", "Tamil", "tamoul"),
    ("th", "Thai", "thaï"),
    ("ti", "Tigrinya", "tigrigna"),
    ("tr", "Turkish", "turc"),
    ("uk", "Ukrainian", "ukrainien"),
    ("ur", "Urdu", "ourdou"),
    ("vi", "Vietnamese", "vietnamien"),
];

/// What a language is called; its tag if it is not one of those.
pub(crate) fn language(p: &Page, tag: &str) -> String {
    let found = LANGUAGES.iter().find(|(known, ..)| *known == tag);
    found.map_or_else(|| tag.to_owned(), |(_, en, fr)| p.lang.pick(*en, *fr).to_owned())
}

/// Languages to choose from: tag and name. The one that is chosen is among them, whatever it is.
pub(crate) fn languages(p: &Page, chosen: &[String]) -> Vec<(String, String)> {
    let known = LANGUAGES.iter().map(|(tag, ..)| (*tag).to_owned());
    let is_other =
        |tag: &&String| !tag.is_empty() && LANGUAGES.iter().all(|(known, ..)| known != tag);
    let all = known.chain(chosen.iter().filter(is_other).cloned());
    all.map(|tag| (tag.clone(), language(p, &tag))).collect()
}

/// What a place is called: a province, a region, or anywhere.
pub(crate) fn area(p: &Page, code: &str) -> String {
    match words::value_label("place", code, p.lang) {
        _ if code.is_empty() || code == "anywhere" => {
            p.t("Anywhere, or not told", "Partout, ou non précisé").to_owned()
        }
        label => label,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::page::test_page;

    struct Speaker(Page, i64);

    impl Words for Speaker {
        fn page(&self) -> &Page {
            &self.0
        }

        fn now_s(&self) -> i64 {
            self.1
        }
    }

    #[test]
    fn what_is_left_is_said_in_minutes_hours_or_days_and_what_is_late_says_so() {
        let due = Some("1970-01-10T00:00:00Z".to_owned());
        let due_s = 9 * 86_400;
        for (left_s, en, fr, tone) in [
            (59 * 60, "59\u{a0}min", "59\u{a0}min", "warn"),
            (3 * 3600 + 120, "3\u{a0}h 02\u{a0}min", "3\u{a0}h 02\u{a0}min", "info"),
            (3 * 86_400, "3\u{a0}days", "3\u{a0}jours", "info"),
            (-86_400 * 2, "late by 2\u{a0}days", "retard de 2\u{a0}jours", "bad"),
        ] {
            let english = Speaker(test_page(Lang::En), due_s - left_s);
            assert_eq!(english.left(&due), en);
            assert_eq!(english.left_tone(&due), tone);
            assert_eq!(Speaker(test_page(Lang::Fr), due_s - left_s).left(&due), fr);
        }
        assert_eq!(Speaker(test_page(Lang::En), 0).left(&None), "—");
    }

    #[test]
    fn what_is_late_comes_first_then_what_is_due_then_what_is_urgent() {
        let row = |id: &str, overdue: bool, due: Option<&str>, urgency: &str| -> ReferralRow {
            let home = json!({"id": "0", "name": {"en": "House", "fr": "Maison"}});
            serde_json::from_value(json!({
                "id": id, "home": home, "ours": false, "record": null, "on_behalf_of": null, "step": "offered",
                "status": null, "outcome": null, "barrier": null, "needs": [], "urgency": urgency, "area": "46",
                "with": null, "asked": 0, "since": "", "due": due, "expires": null, "overdue": overdue,
            }))
            .unwrap()
        };
        let (soon, late) = (Some("2026-11-22T14:00:00Z"), Some("2026-11-23T14:00:00Z"));
        let mut rows = [
            row("e", false, None, "routine"),
            row("d", false, None, "1h"),
            row("c", false, late, "1h"),
            row("b", false, soon, "routine"),
            row("a", true, late, "1d"),
        ];
        most_urgent_first(&mut rows);
        assert_eq!(rows.each_ref().map(|row| row.id.as_str()), ["a", "b", "c", "d", "e"]);
        let page = Speaker(test_page(Lang::En), 0);
        assert_eq!(page.wanted_in(&rows[0]), "Manitoba");
        assert_eq!(page.urgency_tone(&rows[3].urgency), "bad");
    }

    #[test]
    fn a_language_that_is_not_in_the_list_stays_to_be_chosen() {
        let page = test_page(Lang::Fr);
        let all = languages(&page, &["iu-Cans-CA".to_owned(), "fr".to_owned()]);
        assert_eq!(all.len(), LANGUAGES.len() + 1);
        assert!(all.contains(&("iu-Cans-CA".to_owned(), "iu-Cans-CA".to_owned())));
        assert_eq!(language(&page, "fr"), "français");
    }
}
