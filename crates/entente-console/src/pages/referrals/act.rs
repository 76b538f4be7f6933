//! What can be done about a referral. Each leads back to its page.

use axum::Form;
use axum::extract::{Path, RawForm};
use axum::response::{IntoResponse as _, Redirect};
use entente_node::local::Ask;
use entente_node::local::doc::{
    ReferralAcceptAsk, ReferralCloseAsk, ReferralDeclineAsk, ReferralOfferAsk, ReferralStartAsk,
    ReferralTold, ReferralWithdrawAsk,
};
use entente_node::node::Outcome;
use serde::Deserialize;

use super::one::show_fault;
use crate::gate::{Visit, encoded};
use crate::page::{Answer, failed};
use crate::problem::Problem;

/// Several values of one name, as check boxes send them.
pub(super) fn pairs(form: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    serde_urlencoded::from_bytes(form).map_err(|_| Problem::new(failed()))
}

async fn done<A: Ask<Told = ReferralTold>>(visit: &Visit, id: &str, ask: &A) -> Answer {
    led_back(visit, id, "", visit.ask(ask).await.map(|_| ())).await
}

async fn led_back(visit: &Visit, id: &str, found: &str, done: Outcome<()>) -> Answer {
    match done {
        Ok(()) => {
            let to = visit.page.to(&format!("/referrals/{}", encoded(id)));
            Ok(Redirect::to(&to).into_response())
        }
        Err(fault) => show_fault(visit, id, found, fault).await,
    }
}

/// `POST /referrals/{referral}/offer`: to those ticked.
pub(super) async fn offer(visit: Visit, Path(id): Path<String>, RawForm(form): RawForm) -> Answer {
    let (mut partners, mut found) = (Vec::new(), String::new());
    for (name, value) in pairs(&form)? {
        match name.as_str() {
            "partner" => partners.push(value),
            "service" => found = value,
            _ => {}
        }
    }
    let ask = ReferralOfferAsk { referral: id.clone(), partners, ..ReferralOfferAsk::default() };
    let offered = visit.ask(&ask).await.map(|_| ());
    led_back(&visit, &id, &found, offered).await
}

/// `POST /referrals/{referral}/accept`. That somebody else was first is no mistake: the page says it.
pub(super) async fn accept(visit: Visit, Path(id): Path<String>) -> Answer {
    let told = visit.ask(&ReferralAcceptAsk { referral: id.clone() }).await;
    let told = match told {
        Err(fault) if fault.code == "ENT-2307" => Ok(()),
        other => other.map(|_| ()),
    };
    led_back(&visit, &id, "", told).await
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    code: String,
}

/// `POST /referrals/{referral}/decline`.
pub(super) async fn decline(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Chosen>,
) -> Answer {
    done(&visit, &id, &ReferralDeclineAsk { referral: id.clone(), barrier: form.code }).await
}

/// `POST /referrals/{referral}/start`: the person is being served.
pub(super) async fn start(visit: Visit, Path(id): Path<String>) -> Answer {
    done(&visit, &id, &ReferralStartAsk { referral: id.clone() }).await
}

/// `POST /referrals/{referral}/close`.
pub(super) async fn close(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Chosen>,
) -> Answer {
    done(&visit, &id, &ReferralCloseAsk { referral: id.clone(), outcome: form.code }).await
}

/// `POST /referrals/{referral}/withdraw`.
pub(super) async fn withdraw(visit: Visit, Path(id): Path<String>) -> Answer {
    let withdrawn = visit.ask(&ReferralWithdrawAsk { referral: id.clone() }).await;
    // The privacy officer may withdraw and sees no card.
    if withdrawn.is_ok() && !visit.page.may(entente_node::local::Op::ReferralShow) {
        return Ok(Redirect::to(&visit.page.to("/referrals")).into_response());
    }
    led_back(&visit, &id, "", withdrawn.map(|_| ())).await
}
