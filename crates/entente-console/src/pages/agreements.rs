//! Agreements: what may be shared with whom, in words, from the draft to the end.

mod change;
mod draft;
mod form;

use askama::Template;
use axum::extract::{Path, Query};
use entente_core::lang::Lang;
use entente_node::fault::Both;
use entente_node::local::Op;
use entente_node::local::doc::{
    AgreementDiffAsk, AgreementDiffTold, AgreementListAsk, AgreementRow, AgreementShowAsk,
    AgreementShowTold, AgreementStanding, ClauseText, DiffKind, DiffLine, Named, Step, Who,
};
use jiff::civil::Date;
use serde::Deserialize;

use super::partners::Shown;
use super::partners::words::{self, Word};
use crate::gate::{Visit, encoded};
use crate::page::{Answer, Page, day_in, show};
use crate::paging::Pages;
use crate::route::area;

area! {
    GET "/agreements", Need::May(Op::AgreementList) => list;
    GET "/agreements/draft", Need::May(Op::AgreementDraft) => draft::ask;
    POST "/agreements/draft", Need::May(Op::AgreementDraft) => draft::check;
    POST "/agreements/propose", Need::May(Op::AgreementPropose) => draft::propose;
    GET "/agreements/{agreement}", Need::May(Op::AgreementShow) => one;
    GET "/agreements/{agreement}/sign", Need::May(Op::AgreementSign) => change::ask_sign;
    POST "/agreements/{agreement}/sign", Need::May(Op::AgreementSign) => change::sign;
    GET "/agreements/{agreement}/decline", Need::May(Op::AgreementDecline) => change::ask_decline;
    POST "/agreements/{agreement}/decline", Need::May(Op::AgreementDecline) => change::decline;
    GET "/agreements/{agreement}/suspend", Need::May(Op::AgreementSuspend) => change::ask_suspend;
    POST "/agreements/{agreement}/suspend", Need::May(Op::AgreementSuspend) => change::suspend;
    POST "/agreements/{agreement}/resume", Need::May(Op::AgreementResume) => change::resume;
    GET "/agreements/{agreement}/end", Need::May(Op::AgreementEnd) => change::ask_end;
    POST "/agreements/{agreement}/end", Need::May(Op::AgreementEnd) => change::end;
}

/// Which agreements, and from which row on.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    /// The partner's id; empty for all.
    #[serde(default)]
    partner: String,
    /// The code of a state, [`TURN`] or [`ENDING`]; empty for all.
    #[serde(default)]
    state: String,
    #[serde(default)]
    from: usize,
}

/// Those that wait for us.
const TURN: &str = "turn";

/// Those that are to be renewed.
const ENDING: &str = "ending";

impl Wanted {
    fn is_filtered(&self) -> bool {
        !self.partner.is_empty() || !self.state.is_empty()
    }

    fn has(&self, row: &AgreementRow) -> bool {
        let is_in_state = match self.state.as_str() {
            "" => true,
            TURN => is_ours(row),
            ENDING => row.next_step == Step::Renew,
            code => words::agreement_code(row.state) == code,
        };
        is_in_state && (self.partner.is_empty() || row.partner.id == self.partner)
    }
}

/// Whether we have to act.
fn is_ours(row: &AgreementRow) -> bool {
    matches!(row.next_actor, Who::Us | Who::Both)
}

#[derive(Template)]
#[template(path = "agreements/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    agreements: &'a [AgreementRow],
    partners: &'a [Named],
    wanted: &'a Wanted,
    today: Date,
    pages: Pages,
}

impl ListPage<'_> {
    /// What can be chosen: code, words, whether it is.
    fn states(&self) -> Vec<(&'static str, &'static str, bool)> {
        let p = self.p;
        let first = [
            (TURN, p.t("your turn", "à vous")),
            (ENDING, p.t("ends soon: to renew", "prend bientôt fin : à renouveler")),
        ];
        let standings = words::STANDINGS.iter();
        let standings =
            standings.map(|it| (words::agreement_code(*it), words::agreement(*it, p.lang).text));
        let all = first.into_iter().chain(standings);
        all.map(|(code, text)| (code, text, code == self.wanted.state)).collect()
    }
}

impl Shown for ListPage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn today(&self) -> Date {
        self.today
    }
}

/// `GET /agreements`. Those that wait for us first, then the newest.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let p = &visit.page;
    let mut rows = visit.ask(&AgreementListAsk::default()).await?.agreements;
    let mut partners: Vec<Named> = rows.iter().map(|row| row.partner.clone()).collect();
    partners.sort_by_key(|partner| (partner.name(p.lang).to_lowercase(), partner.id.clone()));
    partners.dedup();
    rows.retain(|row| wanted.has(row));
    rows.sort_by_key(|row| !is_ours(row));
    let [partner, state] = [&wanted.partner, &wanted.state].map(|it| encoded(it));
    let address = format!("/agreements?partner={partner}&state={state}");
    let (agreements, pages) = Pages::of(p, &address, wanted.from, rows);
    show(&ListPage {
        p,
        agreements: &agreements,
        partners: &partners,
        wanted: &wanted,
        today: visit.console.desk.node.today(),
        pages,
    })
}

/// How an agreement is named to the node: its id, perhaps with a version, `ID-2` in an address.
pub(crate) fn named(address: &str) -> String {
    address.replace('-', "@")
}

/// Which languages are shown, and with which version it is compared.
#[derive(Debug, Default, Deserialize)]
struct View {
    #[serde(default)]
    both: bool,
    #[serde(default)]
    against: String,
}

/// The clauses under one article.
pub(crate) struct Article<'a> {
    /// Its number and what it is about.
    pub(crate) title: String,
    /// Its clauses, but for those that are folded away.
    pub(crate) clauses: Vec<Line<'a>>,
    /// What is folded away: what opens nothing, and identities.
    pub(crate) aside: Vec<Line<'a>>,
    /// The fields that a summary says, by name.
    pub(crate) sent: Vec<&'a Both>,
    /// The fields that it does not say.
    pub(crate) kept: Vec<&'a Both>,
}

impl Article<'_> {
    /// What the folded part is called.
    pub(crate) fn aside_title(&self, p: &Page) -> String {
        if self.title.starts_with("§1") {
            return p.t("Identities", "Identités").to_owned();
        }
        let n = u64::try_from(self.aside.len()).unwrap_or_default();
        p.count(
            &n,
            &("clause that opens nothing", "clauses that open nothing"),
            &("article qui n’ouvre rien", "articles qui n’ouvrent rien"),
        )
    }
}

/// A clause as it is shown.
pub(crate) struct Line<'a> {
    /// Its number.
    pub(crate) clause: &'a str,
    /// What it is about.
    pub(crate) title: &'a Both,
    /// What it says, with its date in words.
    pub(crate) text: Both,
}

impl<'a> Line<'a> {
    fn of(clause: &'a ClauseText) -> Self {
        let Both { en, fr } = &clause.text;
        let text = match clause.clause.as_str() {
            "§2.1" | "§2.2" => Both::new(day_in(Lang::En, en), day_in(Lang::Fr, fr)),
            _ => clause.text.clone(),
        };
        Self { clause: &clause.clause, title: &clause.title, text }
    }
}

/// The clauses of an agreement under their articles.
pub(crate) fn articles<'a>(clauses: &'a [ClauseText], p: &Page) -> Vec<Article<'a>> {
    let names: Vec<_> = clauses.iter().filter(|it| it.title.en == "name").collect();
    let party = |at: usize| names.get(at).map_or("", |it| p.both(&it.text));
    let (one, other) = (party(0), party(1));
    let mut articles: Vec<Article<'a>> = Vec::new();
    let mut last = "";
    for clause in clauses {
        let number = clause.clause.split('.').next().unwrap_or_default();
        if number != last {
            last = number;
            let title = match number {
                "§1" => p.t("The parties", "Les parties").to_owned(),
                "§2" => p.t("Term, purposes and rules", "Durée, fins et règles").to_owned(),
                "§3" => may_send(p, one, other),
                "§4" => may_send(p, other, one),
                _ => String::new(),
            };
            let title = format!("{number} {title}");
            articles.push(Article {
                title,
                clauses: Vec::new(),
                aside: Vec::new(),
                sent: Vec::new(),
                kept: Vec::new(),
            });
        }
        if let Some(article) = articles.last_mut() {
            if is_field(&clause.clause) {
                let names = if clause.aside { &mut article.kept } else { &mut article.sent };
                names.push(&clause.title);
            }
            let lines = if clause.aside { &mut article.aside } else { &mut article.clauses };
            lines.push(Line::of(clause));
        }
    }
    articles
}

/// Whether a clause says how exactly a field goes into a summary: the parts of item 9.
fn is_field(clause: &str) -> bool {
    clause.starts_with("§3.9.") || clause.starts_with("§4.9.")
}

fn may_send(p: &Page, from: &str, to: &str) -> String {
    // Isolated, so that a name from right to left stays where it is.
    let (from, to) = (format!("\u{2068}{from}\u{2069}"), format!("\u{2068}{to}\u{2069}"));
    match p.lang {
        Lang::En => format!("What {from} may send {to}"),
        Lang::Fr => format!("Ce que {from} peut envoyer à {to}"),
    }
}

/// Changes of one kind, under a title.
pub(crate) struct Part<'a> {
    /// Who sees more or less.
    pub(crate) title: &'static str,
    /// `warn` for more, `good` for less.
    pub(crate) tone: &'static str,
    /// Each change.
    pub(crate) lines: Vec<&'a DiffLine>,
}

/// A difference, in the order in which somebody asks: what they would see, what we would see.
pub(crate) fn parts<'a>(diff: &'a AgreementDiffTold, p: &Page) -> Vec<Part<'a>> {
    // Of a first agreement all is new: it says what each would see, and what limits that.
    let is_first = diff.from_version.is_none();
    let title = |first: (&'static str, &'static str), later: (&'static str, &'static str)| {
        let (en, fr) = if is_first { first } else { later };
        p.t(en, fr)
    };
    let limits = ("What limits it", "Ce qui le limite");
    let they = ("They would see", "Ils verraient");
    let we = ("We would see", "Nous verrions");
    let kinds = [
        (
            Who::Them,
            DiffKind::Wider,
            title(they, ("They would newly see", "Ils verraient de plus")),
            "warn",
        ),
        (
            Who::Them,
            DiffKind::Narrower,
            title(limits, ("They would no longer see", "Ils ne verraient plus")),
            "good",
        ),
        (
            Who::Us,
            DiffKind::Wider,
            title(we, ("We would newly see", "Nous verrions de plus")),
            "info",
        ),
        (
            Who::Us,
            DiffKind::Narrower,
            title(limits, ("We would no longer see", "Nous ne verrions plus")),
            "good",
        ),
        (
            Who::Them,
            DiffKind::Other,
            title(
                ("Rules for what they see", "Règles pour ce qu’ils voient"),
                ("Other changes for what they see", "Autres changements à ce qu’ils voient"),
            ),
            "",
        ),
        (
            Who::Us,
            DiffKind::Other,
            title(
                ("Rules for what we see", "Règles pour ce que nous voyons"),
                ("Other changes for what we see", "Autres changements à ce que nous voyons"),
            ),
            "",
        ),
        (
            Who::Nobody,
            DiffKind::Other,
            title(("Rules", "Règles"), ("Other changes", "Autres changements")),
            "",
        ),
    ];
    kinds
        .into_iter()
        .filter_map(|(who, kind, title, tone)| {
            let is_one = |it: &&DiffLine| it.sees == who && it.change == kind;
            let lines: Vec<_> = diff.changes.iter().filter(is_one).collect();
            (!lines.is_empty()).then_some(Part { title, tone, lines })
        })
        .collect()
}

#[derive(Template)]
#[template(path = "agreements/one.html")]
struct OnePage<'a> {
    p: &'a Page,
    told: &'a AgreementShowTold,
    row: &'a AgreementRow,
    articles: Vec<Article<'a>>,
    diff: Option<&'a AgreementDiffTold>,
    today: Date,
    both: bool,
    newer: Option<&'a AgreementRow>,
    others: Vec<AgreementRow>,
    compared: Option<(u32, &'a AgreementDiffTold)>,
}

impl Shown for OnePage<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn today(&self) -> Date {
        self.today
    }
}

impl OnePage<'_> {
    fn next_text(&self) -> &'static str {
        match self.row.state {
            AgreementStanding::Amended => self
                .p
                .t("A newer version took its place.", "Une version plus récente l’a remplacée."),
            AgreementStanding::Ended => self.p.t("It is over.", "Elle est terminée."),
            AgreementStanding::Active if self.row.next_step == Step::Nothing => {
                self.p.t("Everything goes as agreed.", "Tout se passe comme il a été convenu.")
            }
            AgreementStanding::Expired => {
                self.p.t("Its last day has passed.", "Son dernier jour est passé.")
            }
            _ => words::step_text(self.row.next_actor, self.row.next_step, self.p.lang),
        }
    }

    fn parts<'d>(&self, diff: &'d AgreementDiffTold) -> Vec<Part<'d>> {
        parts(diff, self.p)
    }

    /// The page itself.
    fn address(&self) -> String {
        self.p.to(&format!("/agreements/{}-{}", self.row.id, self.row.version))
    }

    /// With which version it is compared, as the address says it.
    fn also(&self) -> String {
        self.compared.map_or_else(String::new, |(version, _)| format!("against={version}"))
    }

    /// When the side with this id signed, or the other one.
    fn signed_at(&self, theirs: bool) -> Option<&str> {
        let id = &self.row.partner.id;
        let signature =
            self.told.signatures.iter().find(|it| (it.organization.id == *id) == theirs);
        signature.map(|it| it.signed_at.as_str())
    }

    fn is_open(&self) -> bool {
        is_open(self.row)
    }

    fn is_in_force(&self) -> bool {
        matches!(self.row.state, AgreementStanding::Active | AgreementStanding::Suspended)
    }

    fn may_amend(&self) -> bool {
        self.is_in_force() && self.newer.is_none() && self.p.may(Op::AgreementAmend)
    }

    /// Whether this version, which waits, can be answered with another one.
    fn may_answer(&self) -> bool {
        self.is_open() && self.p.may(Op::AgreementPropose) && self.p.may(Op::AgreementDecline)
    }

    fn is_compared_with(&self, other: &AgreementRow) -> bool {
        self.compared.is_some_and(|(version, _)| version == other.version)
    }

    fn may_sign(&self) -> bool {
        self.is_open() && self.signed_at(false).is_none() && self.p.may(Op::AgreementSign)
    }

    fn may_resume(&self) -> bool {
        self.row.next_step == Step::Resume
            && matches!(self.row.next_actor, Who::Us | Who::Both)
            && self.p.may(Op::AgreementResume)
    }

    /// What stands between the agreement and being in force.
    fn steps(&self) -> Vec<(&'static str, String, Word)> {
        let p = self.p;
        let done = Word { text: p.t("done", "fait"), tone: "good" };
        let us = words::who(Who::Us, p.lang);
        let them = words::who(Who::Them, p.lang);
        let signed = |theirs| match self.signed_at(theirs) {
            Some(at) => (p.at(at), done),
            None if theirs => (String::new(), them),
            None => (String::new(), us),
        };
        let ((ours, our_word), (theirs, their_word)) = (signed(false), signed(true));
        let begins = p.day(&self.row.effective_on);
        let is_begun = self.row.effective_on.parse().is_ok_and(|day: Date| day <= self.today);
        let begun =
            if is_begun { done } else { Word { text: p.t("not yet", "pas encore"), tone: "" } };
        vec![
            (
                p.t("Proposed, both have the text", "Proposée, les deux ont le texte"),
                String::new(),
                done,
            ),
            (p.t("Signed by you", "Signée par vous"), ours, our_word),
            (p.t("Signed by them", "Signée par le partenaire"), theirs, their_word),
            (p.t("First day reached", "Premier jour atteint"), begins, begun),
        ]
    }
}

/// `GET /agreements/{agreement}`.
async fn one(visit: Visit, Path(agreement): Path<String>, Query(view): Query<View>) -> Answer {
    let p = &visit.page;
    let told = visit.ask(&AgreementShowAsk { agreement: named(&agreement) }).await?;
    let row = &told.agreement;
    let newest = visit.ask(&AgreementShowAsk { agreement: row.id.clone() }).await?;
    let newest = &newest.agreement;
    // One that was declined took nobody's place.
    let is_newer = newest.version > row.version && newest.state != AgreementStanding::Ended;
    let diff = if is_open(row) { Some(diff(&visit, &told).await?) } else { None };
    let others = visit.ask(&AgreementListAsk::default()).await?.agreements;
    let others: Vec<_> =
        others.into_iter().filter(|it| it.id == row.id && it.version != row.version).collect();
    let chosen = others.iter().find(|it| it.version.to_string() == view.against);
    let compared = match chosen {
        Some(other) => {
            let agreement = Some(format!("{}@{}", row.id, row.version));
            let against = Some(format!("{}@{}", other.id, other.version));
            let ask = AgreementDiffAsk { agreement, toml: None, against };
            Some((other.version, visit.ask(&ask).await?))
        }
        None => None,
    };
    show(&OnePage {
        p,
        row,
        articles: articles(&told.clauses, p),
        diff: diff.as_ref(),
        today: visit.console.desk.node.today(),
        both: view.both,
        newer: is_newer.then_some(newest),
        compared: compared.as_ref().map(|(version, diff)| (*version, diff)),
        others,
        told: &told,
    })
}

/// Whether a version waits for signatures.
pub(crate) fn is_open(row: &AgreementRow) -> bool {
    matches!(row.state, AgreementStanding::Proposed | AgreementStanding::HalfSigned)
}

/// What signing this version would change.
pub(crate) async fn diff(
    visit: &Visit,
    told: &AgreementShowTold,
) -> Result<AgreementDiffTold, crate::problem::Problem> {
    let agreement = Some(format!("{}@{}", told.agreement.id, told.agreement.version));
    Ok(visit.ask(&AgreementDiffAsk { agreement, toml: None, against: None }).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::test_page;

    #[test]
    fn the_fields_of_a_summary_are_named_as_sent_or_not_under_their_article() {
        let clause = |clause: &str, title: &str, aside| ClauseText {
            clause: clause.to_owned(),
            title: Both::new(title, title),
            text: Both::new(title, title),
            aside,
        };
        let clauses = [
            clause("§2.9", "always", false),
            clause("§3.1", "case summaries", false),
            clause("§3.9.1", "period", false),
            clause("§3.9.3", "gender", true),
            clause("§3.10", "kept for", true),
        ];
        let page = test_page(Lang::En);
        let articles = articles(&clauses, &page);
        let names = |all: &[&Both]| all.iter().map(|it| it.en.clone()).collect::<Vec<_>>();
        assert!(articles[0].sent.is_empty() && articles[0].kept.is_empty());
        assert_eq!(names(&articles[1].sent), ["period"]);
        assert_eq!(names(&articles[1].kept), ["gender"]);
    }
}
