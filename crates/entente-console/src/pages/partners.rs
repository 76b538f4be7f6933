//! Partners: from the invitation to the end.
//!
//! In the order in which two organizations meet: `invite`, `open`, `check` (the call), and then
//! this page of one partner, `exchange` (what went between us), `bundle` (the same by file) and `change`
//! (suspend, resume, end).

pub(crate) mod bundle;
mod change;
mod check;
mod exchange;
mod invite;
mod open;
mod way;
pub(crate) mod words;

use askama::Template;
use axum::extract::{Path, Query};
use entente_node::local::Op;
use entente_node::local::doc::{
    AgreementRow, BudgetAsk, Check, InvitationBrief, PartnerListAsk, PartnerRow, PartnerShowAsk,
    PartnerShowTold, PartnerState, QuarantineListTold, QuarantineRow, Step, Wellness, Who,
};
use jiff::civil::Date;
use serde::Deserialize;

use crate::gate::Visit;
use crate::page::{Answer, Page, show};
use crate::pages::settings::AboutPart;
use crate::route::area;
use words::Word;

area! {
    GET "/partners", Need::May(Op::PartnerList) => list;
    GET "/partners/invite", Need::May(Op::PartnerInvite) => invite::ask;
    POST "/partners/invite", Need::May(Op::PartnerInvite) => invite::make;
    POST "/partners/invite/file", Need::May(Op::PartnerInvite) => invite::file;
    POST "/partners/invitations/{ticket}/take-back", Need::May(Op::PartnerDecline) => invite::take_back;
    GET "/partners/open", Need::May(Op::PartnerOpen) => open::ask;
    POST "/partners/open", Need::May(Op::PartnerOpen) => open::read;
    POST "/partners/open/connect", Need::May(Op::PartnerOpen) => open::connect;
    POST "/partners/open/decline", Need::May(Op::PartnerDecline) => open::decline;
    POST "/partners/ask", Need::May(Op::Sync) => exchange::ask_all;
    GET "/partners/{partner}", Need::May(Op::PartnerShow) => one;
    GET "/partners/{partner}/check", Need::May(Op::PartnerVerify) => check::ask;
    POST "/partners/{partner}/check", Need::May(Op::PartnerVerify) => check::verify;
    POST "/partners/{partner}/decline", Need::May(Op::PartnerDecline) => check::decline;
    GET "/partners/{partner}/exchange", Need::May(Op::FeedList) => exchange::feed;
    POST "/partners/{partner}/ask", Need::May(Op::Sync) => exchange::ask_now;
    POST "/partners/{partner}/test", Need::May(Op::PartnerTest) => exchange::test;
    GET "/partners/{partner}/suspend", Need::May(Op::PartnerSuspend) => change::ask_suspend;
    POST "/partners/{partner}/suspend", Need::May(Op::PartnerSuspend) => change::suspend;
    POST "/partners/{partner}/resume", Need::May(Op::PartnerResume) => change::resume;
    GET "/partners/{partner}/end", Need::May(Op::PartnerEnd) => change::ask_end;
    POST "/partners/{partner}/end", Need::May(Op::PartnerEnd) => change::end;
    GET "/partners/{partner}/release", Need::May(Op::QuarantineRelease) => change::ask_release;
    POST "/partners/{partner}/release", Need::May(Op::QuarantineRelease) => change::release;
}

pub(crate) use change::{ConfirmPage, Why, is_about_the_reason, reason};

/// Rows on one page.
const ROWS: usize = 50;

/// Which partners are wanted, and from which row on.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    state: String,
    #[serde(default)]
    before: usize,
}

#[derive(Template)]
#[template(path = "partners/list.html")]
struct ListPage<'a> {
    p: &'a Page,
    rows: &'a [PartnerRow],
    invitations: &'a [InvitationBrief],
    states: Vec<StateLink>,
    today: Date,
    is_empty: bool,
    is_filtered: bool,
    range: String,
    before: usize,
    next: Option<String>,
}

/// A state, how many are in it, and the list of those.
struct StateLink {
    word: Word,
    n: u64,
    to: String,
    is_here: bool,
}

/// What pages about partners show of a row.
pub(crate) trait Shown {
    fn page(&self) -> &Page;
    fn today(&self) -> Date;

    fn state(&self, row: &PartnerRow) -> Word {
        words::partner(row, self.page().lang)
    }

    fn who(&self, row: &PartnerRow) -> Word {
        words::turn(row, self.page().lang)
    }

    fn next(&self, row: &PartnerRow) -> &'static str {
        words::next(row, self.page().lang)
    }

    fn agreement_state(&self, row: &AgreementRow) -> Word {
        words::agreement(row.state, self.page().lang)
    }

    fn agreement_who(&self, row: &AgreementRow) -> Word {
        words::who(row.next_actor, self.page().lang)
    }

    fn tiers(&self, tiers: &[String]) -> String {
        words::tiers(tiers, self.page().lang)
    }

    fn ends_soon(&self, expires_on: &str) -> Option<(String, &'static str)> {
        words::ends_soon(self.page(), self.today(), expires_on)
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

/// `GET /partners`. Those that wait for us stand first.
async fn list(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let p = &visit.page;
    let told = visit.ask(&PartnerListAsk { state: None }).await?;
    let is_wanted =
        |row: &PartnerRow| wanted.state.is_empty() || words::code(row.state) == wanted.state;
    let mut rows: Vec<_> = told.partners.iter().filter(|row| is_wanted(row)).cloned().collect();
    // Those who were invited stand with their invitations.
    rows.retain(|row| !row.partner.id.is_empty());
    rows.sort_by_key(|row| (turn(row), row.partner.name(p.lang).to_lowercase()));
    let total = rows.len();
    let rows: Vec<_> = rows.into_iter().skip(wanted.before).take(ROWS).collect();
    let shows_invitations = matches!(wanted.state.as_str(), "" | "invited");
    let after = wanted.before + rows.len();
    let next = (after < total).then(|| {
        p.to(&format!("/partners?state={}&before={after}", crate::gate::encoded(&wanted.state)))
    });
    let [first, last, total] = [wanted.before + usize::from(after > 0), after, total]
        .map(|n| u64::try_from(n).unwrap_or_default());
    show(&ListPage {
        p,
        states: states(p, &told.partners, &wanted.state),
        invitations: if shows_invitations { &told.invitations } else { &[] },
        today: visit.console.desk.node.today(),
        is_empty: told.partners.is_empty(),
        is_filtered: !wanted.state.is_empty(),
        range: p.range(&first, &last, &total),
        before: wanted.before,
        next,
        rows: &rows,
    })
}

/// The order of a list: what waits for us, for both, for them, for nobody; and what is over.
fn turn(row: &PartnerRow) -> u8 {
    match row.next_actor {
        _ if row.state == PartnerState::Ended => 4,
        Who::Us => 0,
        Who::Both => 1,
        Who::Them => 2,
        Who::Nobody => 3,
    }
}

fn states(p: &Page, partners: &[PartnerRow], wanted: &str) -> Vec<StateLink> {
    let link = |state: &PartnerState| {
        let n = partners.iter().filter(|row| row.state == *state).count();
        let code = words::code(*state);
        let link = StateLink {
            word: words::state(*state, p.lang),
            n: u64::try_from(n).unwrap_or_default(),
            to: p.to(&format!("/partners?state={code}")),
            is_here: code == wanted,
        };
        (n > 0 || link.is_here).then_some(link)
    };
    words::STATES.iter().filter_map(link).collect()
}

#[derive(Template)]
#[template(path = "partners/one.html")]
struct OnePage<'a> {
    p: &'a Page,
    told: &'a PartnerShowTold,
    row: &'a PartnerRow,
    today: Date,
    quarantine: Option<&'a QuarantineRow>,
    wrongs: Option<&'a QuarantineListTold>,
    budget: Option<Budget>,
    tested: &'a [Check],
}

/// What is left of a partner's part of this year's privacy budget, in percent.
struct Budget {
    year: i16,
    left_percent: u64,
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
    /// What the partner says that it does, if it says anything.
    fn about(&self) -> Option<AboutPart<'_>> {
        let about = self.told.about.as_ref().map(|about| AboutPart::of(about, self.p));
        about.filter(|about| !about.is_empty())
    }

    fn said_at(&self) -> Option<&String> {
        self.told.about.as_ref()?.said_at.as_ref()
    }

    fn fingerprint(&self) -> String {
        words::grouped(&self.row.partner.id)
    }

    fn tone(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => "good",
            Wellness::Warning => "warn",
            Wellness::Bad => "bad",
        }
    }

    fn word(&self, check: &Check) -> &'static str {
        match check.wellness {
            Wellness::Good => self.p.t("done", "fait"),
            Wellness::Warning => self.p.t("not yet", "pas encore"),
            Wellness::Bad => self.p.t("failed", "échec"),
        }
    }

    /// Where the person here does what is to be done next: the address and the words of a button.
    fn link(&self) -> Option<(String, &'static str)> {
        let (p, row) = (self.p, self.row);
        let id = &row.partner.id;
        if !matches!(row.next_actor, Who::Us | Who::Both) {
            return None;
        }
        match row.next_step {
            Step::Verify if p.may(Op::PartnerVerify) => Some((
                p.to(&format!("/partners/{id}/check")),
                p.t("Check by phone", "Vérifier par téléphone"),
            )),
            Step::Propose if p.may(Op::AgreementDraft) => Some((
                p.to(&format!("/agreements/draft?partner={id}")),
                p.t("Draft an agreement", "Rédiger une entente"),
            )),
            Step::Sign => {
                let is_open = |it: &&AgreementRow| it.next_step == Step::Sign;
                let open = self.told.agreements.iter().find(is_open)?;
                Some((
                    p.to(&format!("/agreements/{}-{}", open.id, open.version)),
                    p.t("Read the agreement", "Lire l’entente"),
                ))
            }
            Step::Renew if p.may(Op::AgreementAmend) => {
                let brief = row.agreement.as_ref()?;
                let source = format!("partner={id}&amends={}-{}", brief.id, brief.version);
                Some((
                    p.to(&format!("/agreements/draft?{source}")),
                    p.t("Draft the next version", "Rédiger la version suivante"),
                ))
            }
            Step::Look if p.may(Op::QuarantineRelease) => Some((
                p.to(&format!("/partners/{id}/release")),
                p.t("Look at the evidence", "Examiner la preuve"),
            )),
            _ => None,
        }
    }

    /// Once the call was made, and while the doors are open.
    fn may_test(&self) -> bool {
        let is_shut = self.row.quarantined || self.row.state == PartnerState::Suspended;
        self.is_checked() && !is_shut && self.p.may(Op::PartnerTest)
    }

    fn suspended_by_us(&self) -> bool {
        self.told.reasons.iter().any(|reason| reason.code == "suspended_by_us")
    }

    /// Whether the call was made: before it there is nothing to suspend.
    fn is_checked(&self) -> bool {
        self.told.verified_at.is_some() && self.row.state != PartnerState::Ended
    }

    /// Whether more is kept against them than is shown.
    fn is_part(&self, wrongs: &QuarantineListTold) -> bool {
        wrongs.length > u64::try_from(wrongs.cases.len()).unwrap_or_default()
    }

    fn way(&self) -> Vec<way::Milestone> {
        way::way(self.p, self.told)
    }
}

/// `GET /partners/{partner}`.
async fn one(visit: Visit, Path(partner): Path<String>) -> Answer {
    page_of(&visit, partner, &[]).await
}

/// The page of one partner, perhaps with how a test share went.
async fn page_of(visit: &Visit, partner: String, tested: &[Check]) -> Answer {
    let told = visit.ask(&PartnerShowAsk { partner }).await?;
    let p = &visit.page;
    let may_look = told.partner.quarantined && p.may(Op::QuarantineList);
    let case =
        if may_look { change::quarantine(visit, &told.partner.partner.id).await? } else { None };
    let wrongs = if p.may(Op::QuarantineList) {
        Some(change::wrongs(visit, &told.partner.partner.id).await?)
    } else {
        None
    };
    let wrongs = wrongs.as_ref().filter(|wrongs| !wrongs.cases.is_empty());
    show(&OnePage {
        p,
        wrongs,
        row: &told.partner,
        today: visit.console.desk.node.today(),
        quarantine: case.as_ref(),
        budget: budget(visit, &told).await?,
        tested,
        told: &told,
    })
}

async fn budget(
    visit: &Visit,
    told: &PartnerShowTold,
) -> Result<Option<Budget>, crate::problem::Problem> {
    let all = told.budget_nano_rho_per_year;
    if all == 0 || !visit.page.may(Op::Budget) {
        return Ok(None);
    }
    let years = visit.ask(&BudgetAsk {}).await?.years;
    let year = visit.console.desk.node.today().year();
    let this = years.iter().find(|it| it.year == year);
    let id = &told.partner.partner.id;
    let part = this.and_then(|it| it.partners.iter().find(|part| part.partner.id == *id));
    let spent = part.map_or(0, |part| part.spent_nano_rho);
    let left = u128::from(all.saturating_sub(spent)) * 100 / u128::from(all);
    Ok(Some(Budget { year, left_percent: u64::try_from(left).unwrap_or_default() }))
}
