//! One case: what is known, what it amounts to, what the person allows, who has it, what can be done next.

use askama::Template;
use axum::extract::{Path, Query};
use entente_core::codes::{Code as _, ConsentScope};
use entente_node::local::doc::{
    ConsentRow, FieldValue, RecordShowAsk, RecordShowTold, ReferralListAsk, ReferralRow, Tri,
    Verdict,
};
use entente_node::local::{Op, words};
use serde::Deserialize;

use super::consent::Consents;
use super::sections::{SECTIONS, Section, is_plain, value};
use super::{found, short};
use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::pages::referrals::words::Words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "cases/show.html")]
struct CasePage<'a> {
    p: &'a Page,
    told: &'a RecordShowTold,
    news: &'a News,
    parts: Vec<Part<'a>>,
    revealed: bool,
    /// For whoever may see them.
    referrals: Option<Referrals<'a>>,
}

/// The referrals of the case.
struct Referrals<'a> {
    p: &'a Page,
    now_s: i64,
    rows: Vec<ReferralRow>,
}

impl Words for Referrals<'_> {
    fn page(&self) -> &Page {
        self.p
    }

    fn now_s(&self) -> i64 {
        self.now_s
    }
}

/// What has just been done, as the address says after it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct News {
    #[serde(default)]
    new: bool,
    /// Ids of records that may be of the same person.
    #[serde(default)]
    like: String,
    /// The version that was saved.
    saved: Option<u32>,
    #[serde(default)]
    outdated: u64,
    /// A consent was given; one was taken back, or all; the record was.
    #[serde(default)]
    given: bool,
    #[serde(default)]
    pub(crate) taken: bool,
    #[serde(default)]
    pub(crate) all: bool,
    #[serde(default)]
    pub(crate) out: bool,
    #[serde(default)]
    pub(crate) awaited: u64,
    /// The steward, or who is the same person, was decided.
    #[serde(default)]
    decided: bool,
}

/// A part of what is known.
struct Part<'a> {
    id: &'static str,
    title: &'static str,
    rows: Vec<&'a FieldValue>,
}

/// Where all consents are withdrawn.
const STOP: &str = "/consents/withdraw";

/// Something that can be done next.
struct Next {
    to: String,
    text: &'static str,
    hint: &'static str,
}

impl Consents for CasePage<'_> {
    fn page(&self) -> &Page {
        self.p
    }
}

impl CasePage<'_> {
    fn short(&self) -> &str {
        short(&self.told.record.id)
    }

    fn label(&self, field: &FieldValue) -> String {
        words::field_label(&field.field, self.p.lang)
    }

    fn value(&self, field: &FieldValue) -> String {
        value(self.p, field)
    }

    fn has_masked(&self) -> bool {
        self.told.fields.iter().any(|it| it.masked)
    }

    /// Records that may be of the same person, from the address.
    fn like(&self) -> Vec<(&str, &str)> {
        let ids = self.news.like.split(',').filter(|id| !id.is_empty());
        let is_id =
            |id: &&str| id.len() == 36 && id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
        ids.filter(is_id).take(5).map(|id| (id, short(id))).collect()
    }

    fn linked(&self) -> Vec<(&str, &str)> {
        self.told.linked.iter().map(|id| (id.as_str(), short(id))).collect()
    }

    fn to(&self, page: &str) -> String {
        self.p.to(&format!("/cases/{}{page}", self.told.record.id))
    }

    /// Whether a referral is the one thing to do next: the person allows one, and whoever is here may make it.
    fn is_to_refer(&self) -> bool {
        let row = &self.told.record;
        let scope = ConsentScope::ReferralNeed.code();
        let allows = |it: &ConsentRow| it.informed && it.scopes.iter().any(|it| it == scope);
        let is_allowed = row.consent && self.valid().into_iter().any(allows);
        is_allowed && !row.withdrawn && self.p.may(Op::ReferralCreate)
    }

    /// Where a referral for this case begins.
    fn referral(&self) -> String {
        self.p.to(&format!("/referrals/add?case={}", self.told.record.id))
    }

    /// The one thing to do next: for a case that can be shared, by whoever may do it.
    fn primary(&self) -> Option<Next> {
        let (p, row) = (self.p, &self.told.record);
        let (to, text) = match () {
            () if row.withdrawn => return None,
            () if !row.consent && p.may(Op::ConsentGive) => {
                (self.to("/consents/add"), p.t("Enter a consent", "Consigner un consentement"))
            }
            () if self.is_to_refer() => {
                (self.referral(), p.t("Make a referral", "Créer un aiguillage"))
            }
            () if p.may(Op::AgreementExplain) => (
                self.to("/explain"),
                p.t("See what each partner will receive", "Voir ce que chaque partenaire recevra"),
            ),
            () => return None,
        };
        Some(Next { to, text, hint: "" })
    }

    /// The rest of what can be done.
    fn next(&self) -> Vec<Next> {
        let p = self.p;
        let all = [
            (
                Op::AgreementExplain,
                "/explain",
                p.t("See what each partner will receive", "Voir ce que chaque partenaire recevra"),
                p.t(
                    "Field by field, before anything goes out.",
                    "Champ par champ, avant tout envoi.",
                ),
            ),
            (Op::RecordEdit, "/edit", p.t("Edit the case", "Modifier le dossier"), ""),
            (Op::ConsentList, "/consents", p.t("Consents", "Consentements"), ""),
            (Op::RecordHistory, "/history", p.t("Versions of the case", "Versions du dossier"), ""),
            (
                Op::RecordSteward,
                "/steward",
                p.t("Community steward", "Gardien communautaire"),
                p.t(
                    "Who must allow sharing too (OCAP®).",
                    "Qui doit aussi permettre la communication (PCAP®).",
                ),
            ),
            (
                Op::RecordDuplicates,
                "/duplicates",
                p.t("Other records of the same person", "Autres dossiers de la même personne"),
                "",
            ),
            (
                Op::ConsentWithdraw,
                STOP,
                p.t("Withdraw all consents", "Retirer tous les consentements"),
                p.t("If the person says: stop.", "Si la personne dit d’arrêter."),
            ),
            (
                Op::RecordWithdraw,
                "/withdraw",
                p.t("Take the case out of sharing", "Retirer le dossier de la communication"),
                p.t("First shows what it would do.", "Montre d’abord ce que cela ferait."),
            ),
        ];
        let main = self.primary();
        let is_main = |to: &str| main.as_ref().is_some_and(|main| main.to == to);
        all.into_iter()
            .filter(|(op, page, ..)| {
                let is_over = match *page {
                    STOP => self.told.consents.iter().all(|it| it.withdrawn_on.is_some()),
                    "/withdraw" => self.told.record.withdrawn,
                    _ => false,
                };
                p.may(*op) && !is_over
            })
            .map(|(_, page, text, hint)| Next { to: self.to(page), text, hint })
            .filter(|next| !is_main(&next.to))
            .collect()
    }

    fn met(&self, verdict: &Verdict) -> (&'static str, &'static str) {
        match verdict.met {
            Tri::Yes => ("good", self.p.t("met", "remplie")),
            Tri::No => ("", self.p.t("not met", "non remplie")),
            Tri::Undetermined => ("", self.p.t("not enough recorded", "éléments insuffisants")),
        }
    }

    /// Whether what is recorded decides no definition at all.
    fn is_too_little(&self) -> bool {
        self.told.definitions.iter().all(|it| it.met == Tri::Undetermined)
    }

    fn why(&self, verdict: &Verdict) -> Vec<String> {
        words::why(verdict, self.p.lang)
    }

    /// Consents that hold today.
    fn valid(&self) -> Vec<&ConsentRow> {
        self.told.consents.iter().filter(|it| it.valid).collect()
    }
}

/// `GET /cases/{case}`.
pub(crate) async fn one(
    visit: Visit,
    Path(case): Path<String>,
    Query(news): Query<News>,
) -> Answer {
    let ask = RecordShowAsk { record: case, reveal: false, version: None };
    let told = found(visit.ask(&ask).await)?;
    page(&visit, &visit.page, &told, &news, false).await
}

/// `POST /cases/{case}/reveal`: the same page with names, once. A fresh proof is needed, and the node keeps
/// an account of it.
pub(crate) async fn reveal(visit: Visit, Path(case): Path<String>) -> Answer {
    let ask = RecordShowAsk { record: case, reveal: true, version: None };
    let told = found(visit.ask_fresh(&ask).await)?;
    // The other language leads to the page with masks: nothing is revealed by a link.
    let p = Page { path: format!("/cases/{}", told.record.id), ..visit.page.clone() };
    page(&visit, &p, &told, &News::default(), true).await
}

/// The referrals of a case, for whoever may see them.
async fn referrals<'a>(
    visit: &Visit,
    p: &'a Page,
    case: &str,
) -> Result<Option<Referrals<'a>>, Problem> {
    if !p.may(Op::ReferralList) {
        return Ok(None);
    }
    let ask = ReferralListAsk { all: true, record: Some(case.to_owned()) };
    let rows = visit.ask(&ask).await?.referrals;
    Ok(Some(Referrals { p, now_s: visit.console.desk.node.now_s(), rows }))
}

async fn page(
    visit: &Visit,
    p: &Page,
    told: &RecordShowTold,
    news: &News,
    revealed: bool,
) -> Answer {
    let part = |of: &Section| Part {
        id: of.id,
        title: of.title(p.lang),
        rows: of
            .fields()
            .filter_map(|field| told.fields.iter().find(|it| it.field == field.name()))
            .filter(|it| !is_plain(it))
            .collect(),
    };
    let parts = SECTIONS.iter().map(part).filter(|part| !part.rows.is_empty()).collect();
    let referrals = referrals(visit, p, &told.record.id).await?;
    show(&CasePage { p, told, news, parts, revealed, referrals })
}
