//! Referrals as rows: the states of the core, by their codes.

use entente_core::codes::{Barrier, Code as _, ReferralOutcome};
use entente_core::identity::OrgId;
use entente_core::record::RecordId;
use entente_core::referral::{HomeState, HomeStep, OfferStep, PartnerState, ReferralId, Timers};
use entente_core::statement::AgreementRef;
use entente_store::db::DbError;
use entente_store::rows::{BadRow, ReceivedReferralRow, ReferralRow};

use super::{KeptReferral, ReceivedReferral};

type Coded = (String, Option<u8>);

fn outcome(number: Option<u8>) -> Result<ReferralOutcome, BadRow> {
    number.and_then(ReferralOutcome::from_number).ok_or(BadRow)
}

fn barrier(number: Option<u8>) -> Result<Barrier, BadRow> {
    number.and_then(Barrier::from_number).ok_or(BadRow)
}

fn home_step((code, number): &Coded) -> Result<HomeStep, BadRow> {
    let plain = [
        HomeStep::Created,
        HomeStep::Offered,
        HomeStep::Accepted,
        HomeStep::HandedOver,
        HomeStep::Delivered,
        HomeStep::Opened,
        HomeStep::InService,
        HomeStep::Unmet,
        HomeStep::Revoked,
        HomeStep::Expired,
    ];
    match plain.into_iter().find(|step| step.code() == code) {
        Some(step) => Ok(step),
        None if code == "done" => Ok(HomeStep::Done(outcome(*number)?)),
        None => Err(BadRow),
    }
}

fn home_coded(step: HomeStep) -> Coded {
    let number = match step {
        HomeStep::Done(outcome) => Some(outcome.number()),
        _ => None,
    };
    (step.code().to_owned(), number)
}

fn offer_step((code, number): &Coded) -> Result<OfferStep, BadRow> {
    let plain =
        [OfferStep::Open, OfferStep::Won, OfferStep::Taken, OfferStep::Revoked, OfferStep::Expired];
    match plain.into_iter().find(|step| step.code() == code) {
        Some(step) => Ok(step),
        None if code == "declined" => Ok(OfferStep::Declined(barrier(*number)?)),
        None => Err(BadRow),
    }
}

pub(super) fn offer_coded(step: OfferStep) -> Coded {
    let number = match step {
        OfferStep::Declined(barrier) => Some(barrier.number()),
        _ => None,
    };
    (step.code().to_owned(), number)
}

fn partner_state((code, number): &Coded) -> Result<PartnerState, BadRow> {
    let plain = [
        PartnerState::Offered,
        PartnerState::Accepting,
        PartnerState::Accepted,
        PartnerState::HandedOver,
        PartnerState::Opened,
        PartnerState::InService,
        PartnerState::Taken,
        PartnerState::Revoked,
        PartnerState::Expired,
    ];
    match (plain.into_iter().find(|state| state.code() == code), code.as_str()) {
        (Some(state), _) => Ok(state),
        (None, "declined") => Ok(PartnerState::Declined(barrier(*number)?)),
        (None, "closing") => Ok(PartnerState::Closing(outcome(*number)?)),
        (None, "done") => Ok(PartnerState::Done(outcome(*number)?)),
        (None, _) => Err(BadRow),
    }
}

fn partner_coded(state: PartnerState) -> Coded {
    let number = match state {
        PartnerState::Declined(barrier) => Some(barrier.number()),
        PartnerState::Closing(outcome) | PartnerState::Done(outcome) => Some(outcome.number()),
        _ => None,
    };
    (state.code().to_owned(), number)
}

/// The referral in a row.
pub(super) fn kept(id: ReferralId, row: ReferralRow) -> Result<KeptReferral, DbError> {
    let mut state = HomeState {
        step: home_step(&row.step)?,
        offers: Default::default(),
        expires_at_s: row.timers.2,
    };
    let mut offers = std::collections::BTreeMap::new();
    for offer in row.offers {
        let partner = OrgId::from_bytes(&offer.partner).map_err(|_| BadRow)?;
        state.offers.insert(partner, offer_step(&offer.step)?);
        offers.insert(partner, offer);
    }
    let (remind_at_s, due_at_s, expires_at_s) = row.timers;
    let timers = Timers { remind_at_s, due_at_s, expires_at_s };
    Ok(KeptReferral {
        id,
        record: RecordId(row.record),
        card: entente_proto::decode_card(&row.card).map_err(|_| BadRow)?,
        timers: (may_wait(state.step) && due_at_s > 0).then_some(timers),
        state,
        offers,
        created: row.created,
        since_s: row.since_s,
        alarms: row.alarms,
        n_steps: row.n_steps,
    })
}

fn may_wait(step: HomeStep) -> bool {
    step == HomeStep::Created || super::waits(step)
}

/// The row of a referral.
pub(super) fn kept_row(kept: &KeptReferral) -> ReferralRow {
    let offers = kept.state.offers.iter().filter_map(|(partner, step)| {
        let mut row = kept.offers.get(partner)?.clone();
        row.step = offer_coded(*step);
        Some(row)
    });
    let timers = kept.timers.map_or((0, 0), |it| (it.remind_at_s, it.due_at_s));
    ReferralRow {
        record: kept.record.0,
        card: entente_proto::encode_card(&kept.card),
        step: home_coded(kept.state.step),
        offers: offers.collect(),
        created: kept.created.clone(),
        since_s: kept.since_s,
        timers: (timers.0, timers.1, kept.state.expires_at_s),
        alarms: kept.alarms,
        n_steps: kept.n_steps,
    }
}

/// The referral that we were offered in a row.
pub(crate) fn received(
    home: OrgId,
    id: ReferralId,
    row: ReceivedReferralRow,
) -> Result<ReceivedReferral, DbError> {
    let card = match row.card.as_slice() {
        [] => None,
        bytes => Some(entente_proto::decode_card(bytes).map_err(|_| BadRow)?),
    };
    let (received_at_s, due_at_s, expires_at_s) = row.times;
    Ok(ReceivedReferral {
        home,
        id,
        card,
        state: partner_state(&row.state)?,
        agreement: AgreementRef { id: row.agreement.0, version: row.agreement.1 },
        received_at_s,
        due_at_s,
        expires_at_s,
        since_s: row.since_s,
        reminded: row.reminded,
        key: row.key,
        ours: row.ours,
        theirs: row.theirs,
        n_steps: row.n_steps,
    })
}

/// The row of a referral that we were offered.
pub(crate) fn received_row(kept: &ReceivedReferral) -> ReceivedReferralRow {
    ReceivedReferralRow {
        card: kept.card.as_ref().map(entente_proto::encode_card).unwrap_or_default(),
        state: partner_coded(kept.state),
        agreement: (kept.agreement.id, kept.agreement.version),
        times: (kept.received_at_s, kept.due_at_s, kept.expires_at_s),
        since_s: kept.since_s,
        reminded: kept.reminded,
        key: kept.key,
        ours: kept.ours.clone(),
        theirs: kept.theirs.clone(),
        n_steps: kept.n_steps,
    }
}
