//! Cases: the list, one case and everything that is done with it.

use entente_node::local::Op;
use entente_node::node::Outcome;

use crate::gate::nothing_there;
use crate::problem::Problem;
use crate::route::area;

mod add;
mod beside;
pub(crate) mod compared;
mod consent;
mod edit;
mod form;
mod history;
pub(crate) mod list;
mod search;
pub(crate) mod sections;
mod show;
mod withdraw;

area! {
    GET "/cases", Need::May(Op::RecordList) => list::list;
    GET "/cases/add", Need::May(Op::RecordAdd) => add::ask;
    POST "/cases/add", Need::May(Op::RecordAdd) => add::answer;
    GET "/cases/search", Need::May(Op::RecordSearch) => search::ask;
    POST "/cases/search", Need::May(Op::RecordSearch) => search::answer;
    GET "/cases/{case}", Need::May(Op::RecordShow) => show::one;
    POST "/cases/{case}/reveal", Need::May(Op::RecordShow) => show::reveal;
    GET "/cases/{case}/edit", Need::May(Op::RecordEdit) => edit::ask;
    POST "/cases/{case}/edit", Need::May(Op::RecordEdit) => edit::answer;
    GET "/cases/{case}/history", Need::May(Op::RecordHistory) => history::versions;
    GET "/cases/{case}/history/{version}", Need::May(Op::RecordShow) => history::version;
    GET "/cases/{case}/consents", Need::May(Op::ConsentList) => consent::list;
    GET "/cases/{case}/consents/add", Need::May(Op::ConsentGive) => consent::ask;
    POST "/cases/{case}/consents/add", Need::May(Op::ConsentGive) => consent::give;
    GET "/cases/{case}/consents/withdraw", Need::May(Op::ConsentWithdraw) => withdraw::ask_all;
    POST "/cases/{case}/consents/withdraw", Need::May(Op::ConsentWithdraw) => withdraw::all;
    GET "/cases/{case}/consents/{consent}/withdraw", Need::May(Op::ConsentWithdraw) => withdraw::ask_consent;
    POST "/cases/{case}/consents/{consent}/withdraw", Need::May(Op::ConsentWithdraw) => withdraw::consent;
    GET "/cases/{case}/withdraw", Need::May(Op::RecordWithdraw) => withdraw::ask_record;
    POST "/cases/{case}/withdraw", Need::May(Op::RecordWithdraw) => withdraw::record;
    GET "/cases/{case}/steward", Need::May(Op::RecordSteward) => beside::steward;
    POST "/cases/{case}/steward", Need::May(Op::RecordSteward) => beside::set_steward;
    GET "/cases/{case}/duplicates", Need::May(Op::RecordDuplicates) => beside::duplicates;
    POST "/cases/{case}/link", Need::May(Op::RecordLink) => beside::link;
    POST "/cases/duplicates/reveal", Need::May(Op::RecordDuplicates) => compared::reveal;
}

/// What the node told, or the page of what is not there for a case that it does not know.
pub(crate) fn found<T>(told: Outcome<T>) -> Result<T, Problem> {
    told.map_err(|fault| match fault.code.as_str() {
        "ENT-1401" | "ENT-1403" | "ENT-1411" => Problem::new(nothing_there()),
        _ => Problem::new(fault),
    })
}

/// The end of an id: the beginning is the time, which many share.
pub(crate) fn short(id: &str) -> &str {
    id.get(id.len().saturating_sub(8)..).unwrap_or(id)
}
