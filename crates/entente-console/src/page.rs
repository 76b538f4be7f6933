//! What every page has in common: language, organization, who is signed in, where it leads.

use std::sync::Arc;

use askama::Template;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use entente_core::lang::{Lang, Text};
use entente_node::fault::{Both, Fault};
use entente_node::local::Op;
use entente_node::local::doc::Named;
use entente_node::local::words;
use entente_node::people::{SESSION_IDLE_S, Signed};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::charts::Datum;
use crate::gate::{LOCKED, encoded, safe};
use crate::problem::Problem;
use crate::{Console, assets};

/// What a handler gives back.
pub(crate) type Answer = Result<Response, Problem>;

/// The shell of a page. Templates have it as `p`.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The language.
    pub(crate) lang: Lang,
    /// The path behind the language, with what follows the `?`: the same in both languages.
    pub(crate) path: String,
    /// Where to go back to after a proof of who is asking, behind the language.
    pub(crate) back: String,
    /// The organization.
    pub(crate) organization: Both,
    /// Whoever is signed in.
    pub(crate) signed: Option<Signed>,
    /// Where *Leave quickly* leads.
    pub(crate) leave_to: Arc<str>,
    /// The zone in which the page tells the time.
    pub(crate) zone: TimeZone,
    /// Whether it stands at an address that no route has, and so nowhere in the navigation.
    pub(crate) is_outside: bool,
}

/// A place in the main navigation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// Its path behind the language; pages below it belong to it.
    pub(crate) path: &'static str,
    words: (&'static str, &'static str),
    // Open to whoever may ask this; to everybody if nothing.
    op: Option<Op>,
}

/// The main navigation, in order.
const ITEMS: &[Item] = &[
    Item { path: "/home", words: ("Home", "Accueil"), op: None },
    Item { path: "/cases", words: ("Cases", "Dossiers"), op: Some(Op::RecordList) },
    Item { path: "/referrals", words: ("Referrals", "Aiguillages"), op: Some(Op::ReferralOverdue) },
    Item { path: "/services", words: ("Services", "Services"), op: Some(Op::ServiceSearch) },
    Item { path: "/partners", words: ("Partners", "Partenaires"), op: Some(Op::PartnerList) },
    Item { path: "/statistics", words: ("Statistics", "Statistiques"), op: Some(Op::PlanList) },
    Item { path: "/audit", words: ("Audit", "Journal"), op: Some(Op::AuditList) },
    Item { path: "/settings", words: ("Settings", "Paramètres"), op: None },
];

impl Page {
    /// A page in a language, for whoever is signed in.
    pub(crate) fn new(console: &Console, lang: Lang, uri: &Uri, signed: Option<Signed>) -> Self {
        let whole = uri.path_and_query().map_or("", |it| it.as_str());
        let path = whole.strip_prefix(&format!("/{lang}")).unwrap_or("/home").to_owned();
        let name = &console.desk.node.profile().name;
        Self {
            lang,
            back: path.clone(),
            path,
            organization: Both::new(&name.en, &name.fr),
            signed,
            leave_to: console.desk.config.console.leave_to.as_str().into(),
            zone: console.zone.clone(),
            is_outside: false,
        }
    }

    /// A page for an address that no route has, in the language it seems to be in.
    pub(crate) fn outside(console: &Console, uri: &Uri) -> Self {
        let is_french = uri.path().starts_with("/fr/");
        let page = Self::new(console, if is_french { Lang::Fr } else { Lang::En }, uri, None);
        Self { path: "/home".to_owned(), back: "/home".to_owned(), is_outside: true, ..page }
    }

    /// A text in the language of the page.
    pub(crate) fn t<'a>(&self, en: &'a str, fr: &'a str) -> &'a str {
        self.lang.pick(en, fr)
    }

    /// A text that an organization wrote in one language or both.
    pub(crate) fn text<'a>(&self, text: &'a Text) -> &'a str {
        text.in_lang(self.lang)
    }

    /// The language of a text that is not there in the language of the page, so that it is read out rightly.
    pub(crate) fn lang_of(&self, text: &Text) -> Option<Lang> {
        self.other_lang(&text.en, &text.fr)
    }

    /// The same of a text in English and in French.
    pub(crate) fn other_lang(&self, en: &str, fr: &str) -> Option<Lang> {
        let (here, there) = self.lang.pick((en, fr), (fr, en));
        (here.is_empty() && !there.is_empty()).then(|| self.other())
    }

    /// A figure with its symbol.
    pub(crate) fn shown(&self, figure: &Datum) -> String {
        figure.shown(self.lang)
    }

    /// The interval of a figure.
    pub(crate) fn interval(&self, figure: &Datum) -> String {
        figure.interval(self.lang)
    }

    /// What an organization is called, also one that is no partner.
    pub(crate) fn org(&self, named: &Named) -> String {
        named.called(self.lang)
    }

    /// A text that the node wrote in both languages.
    pub(crate) fn both<'a>(&self, both: &'a Both) -> &'a str {
        both.text(self.lang)
    }

    /// The same, in pieces: what stands between backticks is a command.
    pub(crate) fn pieces<'a>(&self, both: &'a Both) -> Vec<Piece<'a>> {
        let text = both.text(self.lang);
        // A text that is a command and nothing else has no backticks.
        if text.starts_with("entente ") && !text.contains('`') {
            return vec![Piece { text, is_code: true }];
        }
        let pieces = text.split('`').enumerate();
        pieces.map(|(at, text)| Piece { text, is_code: at % 2 == 1 }).collect()
    }

    /// What to do next, for whoever is here: commands and settings are told to those who run the node,
    /// and the others are told to ask them.
    pub(crate) fn steps<'a>(&self, both: &'a Both) -> Vec<Piece<'a>> {
        let pieces = self.pieces(both);
        if self.may(Op::BackupCreate) || !pieces.iter().any(|piece| piece.is_code) {
            return pieces;
        }
        // Of "Advice: `command`." the advice is for everybody.
        let advice = |sentence: &'a str| match sentence.split_once('`') {
            None if sentence.starts_with("entente ") => None,
            None => Some([sentence, ""]),
            Some((before, _)) => {
                let before = before.trim_end_matches(SPACES).strip_suffix(':')?;
                Some([before.trim_end_matches(SPACES), ". "])
            }
        };
        let rest = both.text(self.lang).split_inclusive(". ").filter_map(advice).flatten();
        let rest: Vec<_> = rest.map(|text| Piece { text, is_code: false }).collect();
        if !rest.is_empty() {
            return rest;
        }
        let ask = self.t(
            "Tell whoever runs the node of your organization.",
            "Avisez la personne qui administre le nœud de votre organisme.",
        );
        vec![Piece { text: ask, is_code: false }]
    }

    /// Why something could not be done, for whoever is here: as [`Page::steps`], and what stands there without any
    /// command stays as it is.
    pub(crate) fn why<'a>(&self, both: &'a Both) -> Vec<Piece<'a>> {
        let text = both.text(self.lang);
        if self.may(Op::BackupCreate) || !text.contains("`entente ") {
            return self.pieces(both);
        }
        // Of "Not a code: see `command`." the first part is the reason.
        let said = |sentence: &'a str| match sentence.split_once("`entente ") {
            None => Some([sentence, ""]),
            Some((before, _)) => Some([before.rsplit_once(':')?.0.trim_end_matches(SPACES), ". "]),
        };
        let rest = text.split_inclusive(". ").filter_map(said).flatten();
        let pieces = rest.flat_map(|text| text.split('`').enumerate());
        let rest: Vec<_> = pieces.map(|(at, text)| Piece { text, is_code: at % 2 == 1 }).collect();
        if rest.is_empty() { self.pieces(both) } else { rest }
    }

    /// The other language.
    pub(crate) fn other(&self) -> Lang {
        match self.lang {
            Lang::En => Lang::Fr,
            Lang::Fr => Lang::En,
        }
    }

    /// What the other language is called, in itself.
    pub(crate) fn other_name(&self) -> &'static str {
        self.lang.pick("Français", "English")
    }

    /// For how many seconds the session lasts if nobody uses it after this page.
    pub(crate) fn idle_s(&self) -> i64 {
        SESSION_IDLE_S.min(self.lasts_s())
    }

    /// After how many seconds a page without scripts goes: when the session has surely ended.
    pub(crate) fn alone_s(&self) -> i64 {
        self.idle_s() + 5
    }

    /// For how many seconds it lasts at most.
    pub(crate) fn lasts_s(&self) -> i64 {
        // Asking for this page was the last use.
        let left = |it: &Signed| it.until_s - (it.idle_until_s - SESSION_IDLE_S);
        self.signed.as_ref().map_or(0, left)
    }

    /// Until when it lasts if no other page is opened.
    pub(crate) fn ends_at(&self) -> String {
        self.at_s(&self.signed.as_ref().map_or(0, Signed::ends_s))
    }

    /// Where this page goes when the session has ended: from there one comes back.
    pub(crate) fn locked(&self) -> String {
        self.to(&format!("{LOCKED}?to={}", encoded(safe(&self.back))))
    }

    /// Which rows of how many a page shows.
    pub(crate) fn range(&self, first: &u64, last: &u64, total: &u64) -> String {
        let [first, last, total] = [first, last, total].map(|n| self.n(n));
        match self.lang {
            Lang::En => format!("{first} to {last} of {total}"),
            Lang::Fr => format!("{first} à {last} sur {total}"),
        }
    }

    /// This page in the other language.
    pub(crate) fn other_address(&self) -> String {
        format!("/{}{}", self.other(), self.path)
    }

    /// The address of a page in the same language.
    pub(crate) fn to(&self, path: &str) -> String {
        format!("/{}{path}", self.lang)
    }

    /// The address of a style, script or image.
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// A telephone number as a link: digits, and nothing of an extension.
    pub(crate) fn dialled(&self, number: &str) -> String {
        let first = number.split(['×', '#']).next().unwrap_or_default();
        let digits: String = first.chars().filter(char::is_ascii_digit).collect();
        format!("tel:{digits}")
    }

    /// A whole number.
    pub(crate) fn n(&self, value: &u64) -> String {
        self.lang.number(*value)
    }

    /// `n` things, in the right form of the word. In French, zero is singular.
    pub(crate) fn count(&self, n: &u64, en: &(&str, &str), fr: &(&str, &str)) -> String {
        Both::count(*n, *en, *fr).text(self.lang).to_owned()
    }

    /// The right form of a word for `n` things, without the number.
    pub(crate) fn word<'a>(
        &self,
        n: &u64,
        en: &(&'a str, &'a str),
        fr: &(&'a str, &'a str),
    ) -> &'a str {
        match self.lang {
            Lang::En => {
                if *n == 1 {
                    en.0
                } else {
                    en.1
                }
            }
            Lang::Fr => {
                if *n < 2 {
                    fr.0
                } else {
                    fr.1
                }
            }
        }
    }

    /// The length of a file: in KiB, from ten MiB on in MiB.
    pub(crate) fn file_size(&self, bytes: &u64) -> String {
        let (n, unit) = match bytes.div_ceil(1024) {
            kib if kib < 10 * 1024 => (kib, self.lang.pick("KiB", "Kio")),
            kib => (kib / 1024, self.lang.pick("MiB", "Mio")),
        };
        format!("{}\u{a0}{unit}", self.n(&n))
    }

    /// An instant of a document, `2026-11-22T14:03:00Z`, as a date and a time.
    pub(crate) fn at(&self, instant: &str) -> String {
        instant.parse().map_or_else(|_| instant.to_owned(), |at: Timestamp| self.timestamp(at))
    }

    /// The day of an instant of a document.
    pub(crate) fn at_day(&self, instant: &str) -> String {
        instant.parse().map_or_else(
            |_| self.day(instant.get(..10).unwrap_or(instant)),
            |at: Timestamp| self.date(at.to_zoned(self.zone.clone()).date()),
        )
    }

    /// A period of a document, `2026-Q4` or `2026`, in words.
    pub(crate) fn period(&self, text: &str) -> String {
        period_text(text, self.lang)
    }

    /// Seconds since 1970 as a date and a time.
    pub(crate) fn at_s(&self, at_s: &i64) -> String {
        Timestamp::from_second(*at_s).map_or_else(|_| String::new(), |at| self.timestamp(at))
    }

    fn timestamp(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        let (day, hour, minute) = (self.date(at.date()), at.hour(), at.minute());
        // Staff know their own time; that of no place is named.
        let zone = if self.zone == TimeZone::UTC { " UTC" } else { "" };
        match self.lang {
            Lang::En => format!("{day}, {hour:02}:{minute:02}{zone}"),
            Lang::Fr => {
                let time = hour_text(&format!("{hour}:{minute:02}"), Lang::Fr);
                format!("{day} à {time}{zone}")
            }
        }
    }

    /// A date of a document, `2026-11-22`, in words.
    pub(crate) fn day(&self, date: &str) -> String {
        day_in(self.lang, date)
    }

    fn date(&self, date: Date) -> String {
        date_in(self.lang, date)
    }

    /// The label of a code of a list.
    pub(crate) fn label(&self, list: &str, code: &str) -> String {
        words::label(list, code, self.lang)
    }

    /// The label of a code, or a dash.
    pub(crate) fn label_or_dash(&self, list: &str, code: &Option<String>) -> String {
        words::label_or_dash(list, code.as_ref(), self.lang)
    }

    /// The labels of several codes.
    pub(crate) fn labels(&self, list: &str, codes: &[String]) -> String {
        words::labels(list, codes, self.lang)
    }

    /// Whether the person here may ask this of the node.
    pub(crate) fn may(&self, op: Op) -> bool {
        self.signed.as_ref().is_some_and(|signed| signed.staff.may(op))
    }

    /// Where the person here can go.
    pub(crate) fn items(&self) -> Vec<Link> {
        let open = ITEMS.iter().filter(|item| item.op.is_none_or(|op| self.may(op)));
        let here = self.part();
        open.map(|item| Link {
            to: self.to(item.path),
            text: self.t(item.words.0, item.words.1),
            is_here: !self.is_outside && here == item.path.get(1..),
        })
        .collect()
    }

    /// The part of the navigation to which this page belongs.
    fn part(&self) -> Option<&str> {
        match self.path.split(['?', '/']).nth(1) {
            // Agreements and summaries are part of what is between partners, and sponsored organizations stand beside
            // them.
            Some("agreements" | "held" | "sponsored") => Some("partners"),
            // Closing a period sends cases, and the accepted words are those of a file of cases.
            Some("epochs" | "codes") => Some("cases"),
            Some("people") => Some("settings"),
            part => part,
        }
    }

    /// What a part of the navigation is called, by the first part of its paths.
    pub(crate) fn area(&self, first: &str) -> Option<&'static str> {
        let item = ITEMS.iter().find(|item| item.path.get(1..) == Some(first))?;
        Some(self.lang.pick(item.words.0, item.words.1))
    }

    /// The first letter of the organization, for the plain sign beside its name.
    pub(crate) fn initial(&self) -> String {
        let name = self.both(&self.organization);
        name.chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default()
    }
}

/// A date of a document in the words of a language; what is none stays as it is.
pub(crate) fn day_in(lang: Lang, date: &str) -> String {
    date.parse().map_or_else(|_| date.to_owned(), |date: Date| date_in(lang, date))
}

fn date_in(lang: Lang, date: Date) -> String {
    let at = usize::try_from(date.month() - 1).unwrap_or_default();
    let (en, fr) = MONTHS.get(at).copied().unwrap_or_default();
    match (lang, date.day()) {
        (Lang::En, day) => format!("{en}\u{a0}{day}, {}", date.year()),
        (Lang::Fr, 1) => format!("1er\u{a0}{fr} {}", date.year()),
        (Lang::Fr, day) => format!("{day}\u{a0}{fr} {}", date.year()),
    }
}

/// A time of day, `09:30`, as it is written: in French `9 h 30`, and `9 h` on the hour.
pub(crate) fn hour_text(time: &str, lang: Lang) -> String {
    let Some((hour, minute)) = time.split_once(':').filter(|_| lang == Lang::Fr) else {
        return time.to_owned();
    };
    let hour = hour.strip_prefix('0').filter(|it| !it.is_empty()).unwrap_or(hour);
    match minute {
        "00" => format!("{hour}\u{a0}h"),
        minute => format!("{hour}\u{a0}h\u{a0}{minute}"),
    }
}

/// A period of a document, `2026-Q4` or `2026`, in words.
pub(crate) fn period_text(text: &str, lang: Lang) -> String {
    match text.split_once("-Q") {
        Some((year, n)) => format!("{}{n}\u{a0}{year}", lang.pick("Q", "T")),
        None => text.to_owned(),
    }
}

/// What may stand before a colon.
const SPACES: [char; 2] = [' ', '\u{a0}'];

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// The words.
    pub(crate) text: &'a str,
    /// A command, a setting or a file.
    pub(crate) is_code: bool,
}

/// A link of the navigation.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) to: String,
    pub(crate) text: &'static str,
    pub(crate) is_here: bool,
}

const MONTHS: [(&str, &str); 12] = [
    ("January", "janvier"),
    ("February", "février"),
    ("March", "mars"),
    ("April", "avril"),
    ("May", "mai"),
    ("June", "juin"),
    ("July", "juillet"),
    ("August", "août"),
    ("September", "septembre"),
    ("October", "octobre"),
    ("November", "novembre"),
    ("December", "décembre"),
];

/// Shows a template.
pub(crate) fn show(template: &impl Template) -> Answer {
    show_as(StatusCode::OK, template)
}

/// Shows a template under another status: 422 for a form with mistakes.
pub(crate) fn show_as(status: StatusCode, template: &impl Template) -> Answer {
    let html = template.render().map_err(|_| Problem::new(failed()))?;
    Ok((status, Html(html)).into_response())
}

/// Something that should not happen.
pub(crate) fn failed() -> Box<Fault> {
    Fault::new(
        2713,
        ("The page could not be made.", "La page n’a pas pu être produite."),
        (
            "Go back and try again. If that does not help, run `entente doctor`.",
            "Revenez en arrière et réessayez. Si le problème persiste, lancez `entente doctor`.",
        ),
    )
}

/// A page for the tests of what pages say.
#[cfg(test)]
pub(crate) fn test_page(lang: Lang) -> Page {
    Page {
        lang,
        path: "/home".to_owned(),
        back: "/home".to_owned(),
        organization: Both::new("House", "Maison"),
        signed: None,
        leave_to: "/".into(),
        zone: TimeZone::UTC,
        is_outside: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_at_an_address_that_no_route_has_is_nowhere_in_the_navigation() {
        let page = test_page(Lang::En);
        let n_here = |page: &Page| page.items().iter().filter(|it| it.is_here).count();
        assert_eq!(n_here(&page), 1);
        assert_eq!(n_here(&Page { is_outside: true, ..page }), 0);
    }

    #[test]
    fn a_page_beside_the_navigation_belongs_to_the_part_that_leads_to_it() {
        for (path, part) in [
            ("/cases?before=3", "cases"),
            ("/codes/gender", "cases"),
            ("/epochs", "cases"),
            ("/held", "partners"),
            ("/people?from=20", "settings"),
            ("/people/add", "settings"),
        ] {
            let page = Page { path: path.to_owned(), ..test_page(Lang::Fr) };
            assert_eq!(page.part(), Some(part), "{path}");
        }
    }

    #[test]
    fn whoever_may_run_no_command_is_told_what_it_would_do_or_whom_to_tell() {
        let advice = Both::new(
            "List them: `entente record list`.",
            "Dressez la liste : `entente record list`.",
        );
        let setting = Both::new(
            "Set `console.listen` in `entente.toml`.",
            "Réglez `console.listen` dans `entente.toml`.",
        );
        let both = Both::new(
            "Go back. Else run `entente doctor`.",
            "Revenez. Sinon, lancez `entente doctor`.",
        );
        for (lang, said) in [
            (
                Lang::En,
                ["List them. ", "Tell whoever runs the node of your organization.", "Go back. "],
            ),
            (
                Lang::Fr,
                [
                    "Dressez la liste. ",
                    "Avisez la personne qui administre le nœud de votre organisme.",
                    "Revenez. ",
                ],
            ),
        ] {
            let page = test_page(lang);
            for (text, said) in [&advice, &setting, &both].into_iter().zip(said) {
                let pieces = page.steps(text);
                assert!(pieces.iter().all(|piece| !piece.is_code));
                assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), said);
            }
        }
    }

    #[test]
    fn an_organization_of_which_nothing_is_known_is_said_to_be_no_partner() {
        let named =
            |name: &str| Named { id: "b25392dc17aa".to_owned(), name: Both::new(name, name) };
        let page = test_page(Lang::En);
        assert_eq!(page.org(&named("House")), "House");
        assert_eq!(
            page.org(&named("b25392dc17")),
            "an organization that is not our partner (b25392dc)"
        );
    }

    #[test]
    fn a_reason_keeps_what_it_names_and_loses_the_command() {
        let page = test_page(Lang::En);
        let said = |text: &str| {
            let both = Both::new(text, text);
            page.why(&both).iter().map(|piece| piece.text.to_owned()).collect::<String>()
        };
        assert_eq!(said("the column `gender` is missing"), "the column gender is missing");
        assert_eq!(said("Not in `need`: see `entente codes need`."), "Not in need. ");
        assert_eq!(said("No such list. See them: `entente codes`."), "No such list. See them. ");
    }
}
