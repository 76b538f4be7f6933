//! Referrals that an organization without a node makes through its sponsor, and where they stand.

use entente_core::codes::{Barrier, GivenBy, OverrideReason, ReferralOutcome};
use entente_core::consent::{Consent, ConsentId};
use entente_core::handover::{KeyId, RefusedWhy};
use entente_core::identity::OrgId;
use entente_core::lang::Text;
use entente_core::referral::{HomeStep, OfferStep, ReferralId};
use entente_core::sponsor::{
    Asked, AskedOrg, Handed, HandoverPlace, MAX_NAMED, MAX_TOLD, NotTaken, Request, RequestRefusal,
    RequestStanding, Wanted,
};
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_LOG, MAX_NAME, MAX_SECONDS, array, code_number, day, day_number, line, nfc, optional_array,
    optional_code, org, present, seconds, seconds_number, set, within,
};
use crate::referral::{card_message, parse_card};
use crate::statement::{MAX_DOCUMENT, parse_agreement};
use crate::v1;

/// The most bytes of a request: contact details of the largest size, and room.
pub const MAX_REQUEST: usize = 128 * 1024;

/// The bytes of a request: what the organization signs, and its sponsor too.
pub fn encode_request(request: &Request) -> Vec<u8> {
    let Request { org, sponsor, referral, step, previous, at_s, what } = request;
    let mut message = v1::ReferralRequest {
        org: org.as_bytes().to_vec(),
        sponsor: sponsor.as_bytes().to_vec(),
        referral: referral.0.to_vec(),
        step: *step,
        previous: previous.map(|hash| hash.to_vec()).unwrap_or_default(),
        at_s: seconds_number(*at_s),
        refer: None,
        hand_over: Vec::new(),
        withdraw: false,
    };
    match what {
        Asked::Refer(wanted) => message.refer = Some(wanted_message(wanted)),
        Asked::HandOver(payload) => message.hand_over = payload.clone(),
        Asked::Withdraw => message.withdraw = true,
    }
    message.encode_to_vec()
}

fn wanted_message(wanted: &Wanted) -> v1::WantedReferral {
    let Wanted { card, consent, kinds, is_indigenous, exploitation, matching } = wanted;
    let Consent {
        id: _, // The referral's name.
        scopes,
        needs,
        recipients,
        given_by,
        informed_of,
        language: _, // In which language they were told decides nothing here.
        given_on,
        valid_until,
        withdrawn_on: _, // What is withdrawn is not asked for.
        override_reason,
    } = consent;
    v1::WantedReferral {
        card: Some(card_message(card)),
        scopes: scopes.bits(),
        needs: needs.bits(),
        recipients: recipients.iter().map(|org| org.as_bytes().to_vec()).collect(),
        kinds: kinds.bits(),
        given_by: number(*given_by),
        informed: *informed_of == [true; 4],
        given_on: day_number(*given_on),
        valid_until: valid_until.map_or(0, day_number),
        override_reason: override_reason.map_or(0, number),
        indigenous: *is_indigenous,
        exploitation: exploitation.bits(),
        matching: *matching,
    }
}

/// The number of a code that has no list in `proto/`, from 1.
fn number<C: entente_core::codes::Code>(code: C) -> u32 {
    u32::from(code.number()) + 1
}

fn of_number<C: entente_core::codes::Code>(
    field: &'static str,
    number: u32,
) -> Result<Option<C>, Invalid> {
    let number = i32::try_from(number).map_err(|_| Invalid::new(field, "is out of bounds"))?;
    optional_code(field, number)
}

/// The request with these bytes. Verify the envelope first, and that its signer is `org`.
pub fn decode_request(bytes: &[u8]) -> Result<Request, Invalid> {
    within("request", bytes.len(), 1..=MAX_REQUEST)?;
    let message: v1::ReferralRequest = canonical(bytes)?;
    let id = org("org", &message.org)?;
    let sponsor = org("sponsor", &message.sponsor)?;
    if sponsor == id {
        return Err(Invalid::new("sponsor", "must be another organization"));
    }
    let referral = ReferralId(array("referral", &message.referral)?);
    let step = within("step", message.step, 1..=u32::MAX)?;
    let previous = optional_array("previous", &message.previous)?;
    if previous.is_none() != (step == 1) {
        return Err(Invalid::new("previous", "must be empty exactly in the first step"));
    }
    let what = match (message.refer, message.hand_over, message.withdraw) {
        (Some(wanted), payload, false) if payload.is_empty() => {
            Asked::Refer(Box::new(parse_wanted(referral, wanted)?))
        }
        (None, payload, false) if !payload.is_empty() => Asked::HandOver(payload),
        (None, payload, true) if payload.is_empty() => Asked::Withdraw,
        _ => return Err(Invalid::new("refer", "must be present, or one of the two beside it")),
    };
    if matches!(what, Asked::Refer(_)) != (step == 1) {
        return Err(Invalid::new("refer", "must be present exactly in the first step"));
    }
    let at_s = seconds("at_s", message.at_s)?;
    Ok(Request { org: id, sponsor, referral, step, previous, at_s, what })
}

fn parse_wanted(referral: ReferralId, message: v1::WantedReferral) -> Result<Wanted, Invalid> {
    within("recipients", message.recipients.len(), 0..=MAX_NAMED)?;
    let mut recipients: Vec<OrgId> = Vec::with_capacity(message.recipients.len());
    for recipient in &message.recipients {
        let recipient = org("recipients", recipient)?;
        if recipients.last().is_some_and(|before| *before >= recipient) {
            return Err(Invalid::new("recipients", "must be ascending, each once"));
        }
        recipients.push(recipient);
    }
    let given_by = of_number::<GivenBy>("given_by", message.given_by)?;
    let consent = Consent {
        id: ConsentId(referral.0),
        scopes: set("scopes", message.scopes)?,
        needs: set("needs", message.needs)?,
        recipients: recipients.into_iter().collect(),
        given_by: present("given_by", given_by)?,
        informed_of: [message.informed; 4],
        language: None,
        given_on: day("given_on", message.given_on)?,
        valid_until: match message.valid_until {
            0 => None,
            number => Some(day("valid_until", number)?),
        },
        withdrawn_on: None,
        override_reason: of_number::<OverrideReason>("override_reason", message.override_reason)?,
    };
    Ok(Wanted {
        card: parse_card(present("card", message.card)?)?,
        consent,
        kinds: set("kinds", message.kinds)?,
        is_indigenous: message.indigenous,
        exploitation: set("exploitation", message.exploitation)?,
        matching: message.matching,
    })
}

/// The bytes of a standing: what the sponsor signs.
pub fn encode_request_standing(standing: &RequestStanding) -> Vec<u8> {
    let RequestStanding {
        sponsor,
        org,
        referral,
        at_s,
        seq,
        heard,
        step,
        expires_at_s,
        offers,
        place,
        handed,
    } = standing;
    let (step, outcome) = step_numbers(*step);
    v1::RequestStanding {
        sponsor: sponsor.as_bytes().to_vec(),
        org: org.as_bytes().to_vec(),
        referral: referral.0.to_vec(),
        at_s: seconds_number(*at_s),
        seq: *seq,
        heard: heard.to_vec(),
        step: step.into(),
        outcome,
        expires_at_s: seconds_number(*expires_at_s),
        offers: offers.iter().map(offer_message).collect(),
        place: place.as_ref().map(|place| v1::RequestPlace {
            agreement_id: place.agreement.id.to_vec(),
            agreement_version: place.agreement.version,
            step: place.step,
            previous: place.previous.to_vec(),
            seen: place.seen.to_vec(),
            sponsored: place.sponsored,
        }),
        handed: handed.map(|handed| v1::RequestHanded {
            digest: handed.digest.to_vec(),
            key: handed.key.0.to_vec(),
            refused: handed.refused.map_or(0, |why| i32::from(why.number())),
            destroyed: handed.is_destroyed,
        }),
    }
    .encode_to_vec()
}

fn offer_message(offer: &AskedOrg) -> v1::RequestOffer {
    let AskedOrg { org, name, step, offered_at_s } = offer;
    let (step, barrier) = match step {
        OfferStep::Open => (v1::RequestOfferStep::Open, 0),
        OfferStep::Declined(barrier) => (v1::RequestOfferStep::Declined, code_number(*barrier)),
        OfferStep::Won => (v1::RequestOfferStep::Won, 0),
        OfferStep::Taken => (v1::RequestOfferStep::Taken, 0),
        OfferStep::Revoked => (v1::RequestOfferStep::Revoked, 0),
        OfferStep::Expired => (v1::RequestOfferStep::Expired, 0),
    };
    v1::RequestOffer {
        org: org.as_bytes().to_vec(),
        name_en: nfc(&name.en),
        name_fr: nfc(&name.fr),
        step: step.into(),
        barrier,
        offered_at_s: seconds_number(*offered_at_s),
    }
}

fn step_numbers(step: HomeStep) -> (v1::RequestStep, i32) {
    match step {
        HomeStep::Created => (v1::RequestStep::Created, 0),
        HomeStep::Offered => (v1::RequestStep::Offered, 0),
        HomeStep::Accepted => (v1::RequestStep::Accepted, 0),
        HomeStep::HandedOver => (v1::RequestStep::HandedOver, 0),
        HomeStep::Delivered => (v1::RequestStep::Delivered, 0),
        HomeStep::Opened => (v1::RequestStep::Opened, 0),
        HomeStep::InService => (v1::RequestStep::InService, 0),
        HomeStep::Done(outcome) => (v1::RequestStep::Done, code_number(outcome)),
        HomeStep::Unmet => (v1::RequestStep::Unmet, 0),
        HomeStep::Revoked => (v1::RequestStep::Revoked, 0),
        HomeStep::Expired => (v1::RequestStep::Expired, 0),
    }
}

fn parse_step(step: i32, outcome: i32) -> Result<HomeStep, Invalid> {
    let outcome = optional_code::<ReferralOutcome>("outcome", outcome)?;
    let step = match (v1::RequestStep::try_from(step), outcome) {
        (Ok(v1::RequestStep::Done), Some(outcome)) => return Ok(HomeStep::Done(outcome)),
        (Ok(v1::RequestStep::Done), None) | (Ok(_), Some(_)) => {
            return Err(Invalid::new("outcome", "must be present exactly when it is done"));
        }
        (Ok(step), None) => step,
        (Err(_), _) => v1::RequestStep::Unspecified,
    };
    Ok(match step {
        v1::RequestStep::Created => HomeStep::Created,
        v1::RequestStep::Offered => HomeStep::Offered,
        v1::RequestStep::Accepted => HomeStep::Accepted,
        v1::RequestStep::HandedOver => HomeStep::HandedOver,
        v1::RequestStep::Delivered => HomeStep::Delivered,
        v1::RequestStep::Opened => HomeStep::Opened,
        v1::RequestStep::InService => HomeStep::InService,
        v1::RequestStep::Unmet => HomeStep::Unmet,
        v1::RequestStep::Revoked => HomeStep::Revoked,
        v1::RequestStep::Expired => HomeStep::Expired,
        v1::RequestStep::Unspecified | v1::RequestStep::Done => {
            return Err(Invalid::new("step", "must be present and of its list"));
        }
    })
}

/// The standing with these bytes. Verify the envelope first, and that its signer is `sponsor`.
pub fn decode_request_standing(bytes: &[u8]) -> Result<RequestStanding, Invalid> {
    within("standing", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::RequestStanding = canonical(bytes)?;
    within("offers", message.offers.len(), 0..=MAX_TOLD)?;
    let mut offers: Vec<AskedOrg> = Vec::with_capacity(message.offers.len());
    for offer in message.offers {
        let offer = parse_offer(offer)?;
        if offers.last().is_some_and(|before| before.org >= offer.org) {
            return Err(Invalid::new("offers", "must be ascending, each once"));
        }
        offers.push(offer);
    }
    if offers.iter().filter(|offer| offer.step == OfferStep::Won).count() > 1 {
        return Err(Invalid::new("offers", "must have one at most that has it"));
    }
    let expires = within("expires_at_s", message.expires_at_s, 0..=MAX_SECONDS)?;
    Ok(RequestStanding {
        sponsor: org("sponsor", &message.sponsor)?,
        org: org("org", &message.org)?,
        referral: ReferralId(array("referral", &message.referral)?),
        at_s: seconds("at_s", message.at_s)?,
        seq: within("seq", message.seq, 1..=MAX_LOG)?,
        heard: array("heard", &message.heard)?,
        step: parse_step(message.step, message.outcome)?,
        expires_at_s: i64::try_from(expires).unwrap_or(i64::MAX),
        offers,
        place: message.place.map(parse_place).transpose()?,
        handed: message.handed.map(parse_handed).transpose()?,
    })
}

/// The bytes of a refusal: what the sponsor signs.
pub fn encode_request_refusal(refusal: &RequestRefusal) -> Vec<u8> {
    let RequestRefusal { sponsor, org, referral, at_s, request, why } = refusal;
    v1::RequestRefusal {
        sponsor: sponsor.as_bytes().to_vec(),
        org: org.as_bytes().to_vec(),
        referral: referral.0.to_vec(),
        at_s: seconds_number(*at_s),
        request: request.to_vec(),
        why: i32::from(why.number()),
    }
    .encode_to_vec()
}

/// The refusal with these bytes. Verify the envelope first, and that its signer is `sponsor`.
pub fn decode_request_refusal(bytes: &[u8]) -> Result<RequestRefusal, Invalid> {
    within("refusal", bytes.len(), 1..=MAX_DOCUMENT)?;
    let message: v1::RequestRefusal = canonical(bytes)?;
    let why = u8::try_from(message.why).ok().and_then(NotTaken::from_number);
    Ok(RequestRefusal {
        sponsor: org("sponsor", &message.sponsor)?,
        org: org("org", &message.org)?,
        referral: ReferralId(array("referral", &message.referral)?),
        at_s: seconds("at_s", message.at_s)?,
        request: array("request", &message.request)?,
        why: why.ok_or(Invalid::new("why", "must be present and of its list"))?,
    })
}

fn parse_offer(message: v1::RequestOffer) -> Result<AskedOrg, Invalid> {
    let barrier = optional_code::<Barrier>("barrier", message.barrier)?;
    let step = match (v1::RequestOfferStep::try_from(message.step), barrier) {
        (Ok(v1::RequestOfferStep::Declined), Some(barrier)) => OfferStep::Declined(barrier),
        (Ok(v1::RequestOfferStep::Declined), None) | (Ok(_), Some(_)) => {
            return Err(Invalid::new("barrier", "must be present exactly when it declined"));
        }
        (Ok(v1::RequestOfferStep::Open), None) => OfferStep::Open,
        (Ok(v1::RequestOfferStep::Won), None) => OfferStep::Won,
        (Ok(v1::RequestOfferStep::Taken), None) => OfferStep::Taken,
        (Ok(v1::RequestOfferStep::Revoked), None) => OfferStep::Revoked,
        (Ok(v1::RequestOfferStep::Expired), None) => OfferStep::Expired,
        (Ok(v1::RequestOfferStep::Unspecified) | Err(_), _) => {
            return Err(Invalid::new("step", "must be present and of its list"));
        }
    };
    Ok(AskedOrg {
        org: org("org", &message.org)?,
        name: Text::new(
            line("name_en", message.name_en, MAX_NAME)?,
            line("name_fr", message.name_fr, MAX_NAME)?,
        ),
        step,
        offered_at_s: seconds("offered_at_s", message.offered_at_s)?,
    })
}

fn parse_place(message: v1::RequestPlace) -> Result<HandoverPlace, Invalid> {
    let agreement = parse_agreement(&message.agreement_id, message.agreement_version)?;
    Ok(HandoverPlace {
        agreement: present("agreement_id", agreement)?,
        step: within("step", message.step, 2..=u32::MAX)?,
        previous: array("previous", &message.previous)?,
        seen: array("seen", &message.seen)?,
        sponsored: message.sponsored,
    })
}

fn parse_handed(message: v1::RequestHanded) -> Result<Handed, Invalid> {
    let why = u8::try_from(message.refused).ok().and_then(RefusedWhy::from_number);
    if why.is_none() && message.refused != 0 {
        return Err(Invalid::new("refused", "is a code that is not in its list"));
    }
    Ok(Handed {
        digest: array("digest", &message.digest)?,
        key: KeyId(array("key", &message.key)?),
        refused: why,
        is_destroyed: message.destroyed,
    })
}

#[cfg(test)]
mod tests {
    use entente_core::codes::{
        Code as _, ConsentScope, Dependants, Exploitation, Majority, Need, OrgType, Risk, Set,
        Urgency,
    };
    use entente_core::referral::{Area, NeedCard};
    use entente_core::statement::AgreementRef;
    use jiff::civil::date;

    use super::*;
    use crate::any::{check_mutations, id};

    const AT: i64 = 1_795_348_800;

    fn wanted() -> Wanted {
        Wanted {
            card: NeedCard {
                needs: vec![Need::EmergencyHousing, Need::Legal],
                urgency: Urgency::OneDay,
                risk: Risk::High,
                age: Majority::Adult,
                gender: None,
                language: None,
                interpreter: false,
                area: Area::Anywhere,
                access: Set::EMPTY,
                dependants: Dependants::Nobody,
                safety: Set::EMPTY,
                status: None,
                indigenous_service: false,
            },
            consent: Consent {
                id: ConsentId([1; 16]),
                scopes: Set::EMPTY.with(ConsentScope::ReferralNeed),
                needs: Set::EMPTY.with(Need::Legal),
                recipients: [id(3), id(4)].into(),
                given_by: GivenBy::Person,
                informed_of: [true; 4],
                language: None,
                given_on: date(2026, 11, 1),
                valid_until: Some(date(2027, 1, 31)),
                withdrawn_on: None,
                override_reason: None,
            },
            kinds: Set::EMPTY.with(OrgType::Ngo),
            is_indigenous: true,
            exploitation: Exploitation::ALL.first().into_iter().copied().collect(),
            matching: true,
        }
    }

    fn request(what: Asked) -> Request {
        let step = if matches!(what, Asked::Refer(_)) { 1 } else { 2 };
        let previous = (step == 2).then_some([7; 32]);
        let (org, sponsor) = (id(1), id(2));
        Request { org, sponsor, referral: ReferralId([1; 16]), step, previous, at_s: AT, what }
    }

    #[test]
    fn a_request_is_read_as_it_is_written_and_changed_it_is_another_or_none() {
        let duty = Wanted {
            consent: Consent {
                scopes: Set::EMPTY,
                informed_of: [false; 4],
                valid_until: None,
                override_reason: Some(OverrideReason::CourtOrder),
                ..wanted().consent
            },
            kinds: Set::EMPTY,
            is_indigenous: false,
            exploitation: Set::EMPTY,
            matching: false,
            ..wanted()
        };
        let all = [
            Asked::Refer(Box::new(wanted())),
            Asked::Refer(Box::new(duty)),
            Asked::HandOver(vec![1, 2, 3]),
            Asked::Withdraw,
        ];
        for what in all {
            let request = request(what);
            let bytes = encode_request(&request);
            assert_eq!(decode_request(&bytes), Ok(request.clone()));
            check_mutations(&bytes, &request, decode_request);
        }
    }

    #[test]
    fn a_request_asks_for_one_thing_and_in_the_first_step_for_the_referral() {
        let refused = |change: fn(&mut v1::ReferralRequest)| {
            let bytes = encode_request(&request(Asked::Refer(Box::new(wanted()))));
            let mut message = v1::ReferralRequest::decode(bytes.as_slice()).unwrap();
            change(&mut message);
            decode_request(&message.encode_to_vec()).map_err(|it| it.field).unwrap_err()
        };
        assert_eq!(refused(|it| it.withdraw = true), "refer");
        assert_eq!(refused(|it| it.refer = None), "refer");
        assert_eq!(refused(|it| it.hand_over = vec![1]), "refer");
        assert_eq!(
            refused(|it| {
                it.refer = None;
                it.withdraw = true;
            }),
            "refer"
        );
        assert_eq!(refused(|it| it.step = 2), "previous");
        assert_eq!(refused(|it| it.sponsor = it.org.clone()), "sponsor");
        assert_eq!(refused(|it| it.refer.as_mut().unwrap().recipients.reverse()), "recipients");
        assert_eq!(refused(|it| it.refer.as_mut().unwrap().given_by = 0), "given_by");
        assert_eq!(refused(|it| it.refer.as_mut().unwrap().given_by = 9), "given_by");
        assert_eq!(
            refused(|it| it.refer.as_mut().unwrap().valid_until = 20_270_231),
            "valid_until"
        );
        let many = |it: &mut v1::ReferralRequest| {
            let wanted = it.refer.as_mut().unwrap();
            wanted.recipients = vec![wanted.recipients[0].clone(); MAX_NAMED + 1];
        };
        assert_eq!(refused(many), "recipients");
        let long = encode_request(&request(Asked::HandOver(vec![1; MAX_REQUEST])));
        assert_eq!(decode_request(&long).map_err(|it| it.field), Err("request"));
    }

    fn standing() -> RequestStanding {
        let asked = |seed: u8, step: OfferStep| AskedOrg {
            org: id(seed),
            name: Text::new("A", "B"),
            step,
            offered_at_s: AT,
        };
        let mut offers = vec![
            asked(5, OfferStep::Won),
            asked(6, OfferStep::Declined(Barrier::NoCapacity)),
            asked(7, OfferStep::Taken),
        ];
        offers.sort_by_key(|it| it.org);
        RequestStanding {
            sponsor: id(2),
            org: id(1),
            referral: ReferralId([1; 16]),
            at_s: AT,
            seq: 3,
            heard: [8; 32],
            step: HomeStep::HandedOver,
            expires_at_s: AT + 60,
            offers,
            place: Some(HandoverPlace {
                agreement: AgreementRef { id: [9; 16], version: 1 },
                step: 3,
                previous: [3; 32],
                seen: [4; 32],
                sponsored: true,
            }),
            handed: Some(Handed {
                digest: [5; 32],
                key: KeyId([6; 32]),
                refused: Some(RefusedWhy::OldKey),
                is_destroyed: true,
            }),
        }
    }

    #[test]
    fn a_standing_is_read_as_it_is_written_in_every_step() {
        let bytes = encode_request_standing(&standing());
        check_mutations(&bytes, &standing(), decode_request_standing);
        let done = ReferralOutcome::ALL.iter().copied().map(HomeStep::Done);
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
        for step in plain.into_iter().chain(done) {
            let standing = RequestStanding { step, place: None, handed: None, ..standing() };
            let bytes = encode_request_standing(&standing);
            assert_eq!(decode_request_standing(&bytes), Ok(standing));
        }
    }

    #[test]
    fn a_refusal_is_read_as_it_is_written_for_every_reason() {
        for why in NotTaken::ALL {
            let (sponsor, org, referral) = (id(2), id(1), ReferralId([1; 16]));
            let refusal =
                RequestRefusal { sponsor, org, referral, at_s: AT, request: [8; 32], why };
            let bytes = encode_request_refusal(&refusal);
            assert_eq!(decode_request_refusal(&bytes), Ok(refusal));
            check_mutations(&bytes, &refusal, decode_request_refusal);
            for wrong in [0, 8, 300, -1] {
                let mut message = v1::RequestRefusal::decode(bytes.as_slice()).unwrap();
                message.why = wrong;
                let read = decode_request_refusal(&message.encode_to_vec());
                assert_eq!(read.map_err(|it| it.field), Err("why"));
            }
        }
    }

    #[test]
    fn one_organization_has_it_at_most() {
        let mut two = standing();
        two.offers.iter_mut().for_each(|offer| offer.step = OfferStep::Won);
        let read = decode_request_standing(&encode_request_standing(&two));
        assert_eq!(read.map_err(|it| it.field), Err("offers"));
    }
}
