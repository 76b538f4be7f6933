//! Messages about a referral: offer, reply, decision, hand-over, progress.

use entente_core::codes::{Province, RegionShared};
use entente_core::envelope::payload_type;
use entente_core::record::Language;
use entente_core::referral::{
    Answer, Area, Body, Head, MAX_NEEDS, MAX_SEALED, Message, NeedCard, Offer, Progress,
    ReferralId, Standing,
};
use entente_core::statement::AgreementRef;
use prost::Message as _;

use crate::canonical::{Invalid, canonical};
use crate::parse::{
    MAX_SECONDS, array, code, code_number, optional_array, optional_code, org, present, seconds,
    seconds_number, set, within,
};
use crate::statement::{MAX_DOCUMENT, parse_agreement};
use crate::v1;

/// Longest tag of a language, in bytes (RFC 5646, section 4.4.1).
const MAX_LANGUAGE: usize = 35;

/// The bytes of a message about a referral: what its issuer signs.
pub fn encode_referral(message: &Message) -> Vec<u8> {
    let head = Some(head_message(&message.head));
    match &message.body {
        Body::Offer(Offer { card, due_at_s, expires_at_s }) => v1::ReferralOffer {
            head,
            card: Some(card_message(card)),
            due_at_s: seconds_number(*due_at_s),
            expires_at_s: seconds_number(*expires_at_s),
        }
        .encode_to_vec(),
        Body::Reply(answer) => {
            let barrier = match answer {
                Answer::Accept => 0,
                Answer::Decline(barrier) => code_number(*barrier),
            };
            v1::ReferralReply { head, barrier }.encode_to_vec()
        }
        Body::Decision(standing) => {
            let (standing, outcome) = match standing {
                Standing::Won => (v1::ReferralStanding::Won, 0),
                Standing::Taken => (v1::ReferralStanding::Taken, 0),
                Standing::Revoked => (v1::ReferralStanding::Revoked, 0),
                Standing::Expired => (v1::ReferralStanding::Expired, 0),
                Standing::Done(outcome) => (v1::ReferralStanding::Done, code_number(*outcome)),
            };
            v1::ReferralDecision { head, standing: standing.into(), outcome }.encode_to_vec()
        }
        Body::HandOver { key, sealed } => {
            v1::ReferralHandover { head, key: key.to_vec(), sealed: sealed.clone() }.encode_to_vec()
        }
        Body::Progress(progress) => {
            let (way, outcome) = match progress {
                Progress::Delivered => (v1::ReferralWay::Delivered, 0),
                Progress::Opened => (v1::ReferralWay::Opened, 0),
                Progress::InService => (v1::ReferralWay::InService, 0),
                Progress::Closed(outcome) => (v1::ReferralWay::Closed, code_number(*outcome)),
            };
            v1::ReferralProgress { head, way: way.into(), outcome }.encode_to_vec()
        }
    }
}

/// The message of this payload type with these bytes. Verify the envelope first.
pub fn decode_referral(kind: &str, bytes: &[u8]) -> Result<Message, Invalid> {
    within("referral", bytes.len(), 1..=MAX_DOCUMENT)?;
    let (head, body) = match kind {
        payload_type::REFERRAL_OFFER => parse_offer(canonical(bytes)?)?,
        payload_type::REFERRAL_REPLY => {
            let message: v1::ReferralReply = canonical(bytes)?;
            let answer = optional_code("barrier", message.barrier)?;
            (message.head, Body::Reply(answer.map_or(Answer::Accept, Answer::Decline)))
        }
        payload_type::REFERRAL_DECISION => parse_decision(canonical(bytes)?)?,
        payload_type::REFERRAL_HANDOVER => {
            let message: v1::ReferralHandover = canonical(bytes)?;
            within("sealed", message.sealed.len(), 1..=MAX_SEALED)?;
            let key = array("key", &message.key)?;
            (message.head, Body::HandOver { key, sealed: message.sealed })
        }
        payload_type::REFERRAL_PROGRESS => parse_progress(canonical(bytes)?)?,
        _ => return Err(Invalid::new("payload_type", "is no message about a referral")),
    };
    Ok(Message { head: parse_head(head)?, body })
}

type Parts = (Option<v1::ReferralHead>, Body);

fn parse_offer(message: v1::ReferralOffer) -> Result<Parts, Invalid> {
    let due_at_s = seconds("due_at_s", message.due_at_s)?;
    let expires_at_s = seconds("expires_at_s", message.expires_at_s)?;
    let at_s = message.head.as_ref().map_or(0, |head| head.at_s);
    within("due_at_s", message.due_at_s, at_s.saturating_add(1)..=MAX_SECONDS)?;
    within("expires_at_s", message.expires_at_s, message.due_at_s..=MAX_SECONDS)?;
    let card = parse_card(present("card", message.card)?)?;
    Ok((message.head, Body::Offer(Offer { card, due_at_s, expires_at_s })))
}

fn parse_decision(message: v1::ReferralDecision) -> Result<Parts, Invalid> {
    let outcome = optional_code("outcome", message.outcome)?;
    let standing = match (v1::ReferralStanding::try_from(message.standing), outcome) {
        (Ok(v1::ReferralStanding::Won), None) => Standing::Won,
        (Ok(v1::ReferralStanding::Taken), None) => Standing::Taken,
        (Ok(v1::ReferralStanding::Revoked), None) => Standing::Revoked,
        (Ok(v1::ReferralStanding::Expired), None) => Standing::Expired,
        (Ok(v1::ReferralStanding::Done), Some(outcome)) => Standing::Done(outcome),
        (Ok(v1::ReferralStanding::Unspecified) | Err(_), _) => {
            return Err(Invalid::new("standing", "must be present and of its list"));
        }
        (Ok(_), _) => {
            return Err(Invalid::new("outcome", "must be present exactly when it is done"));
        }
    };
    Ok((message.head, Body::Decision(standing)))
}

fn parse_progress(message: v1::ReferralProgress) -> Result<Parts, Invalid> {
    let outcome = optional_code("outcome", message.outcome)?;
    let progress = match (v1::ReferralWay::try_from(message.way), outcome) {
        (Ok(v1::ReferralWay::Delivered), None) => Progress::Delivered,
        (Ok(v1::ReferralWay::Opened), None) => Progress::Opened,
        (Ok(v1::ReferralWay::InService), None) => Progress::InService,
        (Ok(v1::ReferralWay::Closed), Some(outcome)) => Progress::Closed(outcome),
        (Ok(v1::ReferralWay::Unspecified) | Err(_), _) => {
            return Err(Invalid::new("way", "must be present and of its list"));
        }
        (Ok(_), _) => {
            return Err(Invalid::new("outcome", "must be present exactly when it is closed"));
        }
    };
    Ok((message.head, Body::Progress(progress)))
}

fn head_message(head: &Head) -> v1::ReferralHead {
    let Head { referral, agreement, step, previous, seen, at_s, sponsored } = head;
    let AgreementRef { id, version } = agreement;
    v1::ReferralHead {
        referral: referral.0.to_vec(),
        agreement_id: id.to_vec(),
        agreement_version: *version,
        step: *step,
        previous: previous.map(|hash| hash.to_vec()).unwrap_or_default(),
        seen: seen.map(|hash| hash.to_vec()).unwrap_or_default(),
        at_s: seconds_number(*at_s),
        sponsored: sponsored.map(|org| org.as_bytes().to_vec()).unwrap_or_default(),
    }
}

fn parse_head(head: Option<v1::ReferralHead>) -> Result<Head, Invalid> {
    let head = present("head", head)?;
    let agreement = parse_agreement(&head.agreement_id, head.agreement_version)?;
    let previous = optional_array("previous", &head.previous)?;
    if previous.is_none() != (head.step == 1) {
        return Err(Invalid::new("previous", "must be empty exactly in the first step"));
    }
    Ok(Head {
        referral: ReferralId(array("referral", &head.referral)?),
        agreement: present("agreement_id", agreement)?,
        step: within("step", head.step, 1..=u32::MAX)?,
        previous,
        seen: optional_array("seen", &head.seen)?,
        at_s: seconds("at_s", head.at_s)?,
        sponsored: match head.sponsored.as_slice() {
            [] => None,
            bytes => Some(org("sponsored", bytes)?),
        },
    })
}

/// The bytes of a card, for keeping it.
pub fn encode_card(card: &NeedCard) -> Vec<u8> {
    card_message(card).encode_to_vec()
}

/// The card with these bytes.
pub fn decode_card(bytes: &[u8]) -> Result<NeedCard, Invalid> {
    parse_card(canonical(bytes)?)
}

pub(crate) fn card_message(card: &NeedCard) -> v1::NeedCard {
    // Every field is named, so that a new one is not forgotten here.
    let NeedCard {
        needs,
        urgency,
        risk,
        age,
        gender,
        language,
        interpreter,
        area,
        access,
        dependants,
        safety,
        status,
        indigenous_service,
    } = card;
    let (province, region) = match area {
        Area::Province(province) => (code_number(*province), 0),
        Area::Region(region) => (0, code_number(*region)),
        Area::Anywhere => (0, 0),
    };
    v1::NeedCard {
        needs: needs.iter().map(|need| code_number(*need)).collect(),
        urgency: code_number(*urgency),
        risk: code_number(*risk),
        age: code_number(*age),
        gender: gender.map_or(0, code_number),
        language: language.as_ref().map(|it| it.to_string()).unwrap_or_default(),
        interpreter: *interpreter,
        province,
        region,
        access: access.bits(),
        dependants: code_number(*dependants),
        safety: safety.bits(),
        status: status.map_or(0, code_number),
        indigenous_service: *indigenous_service,
    }
}

pub(crate) fn parse_card(message: v1::NeedCard) -> Result<NeedCard, Invalid> {
    within("needs", message.needs.len(), 1..=MAX_NEEDS)?;
    let needs = message.needs.iter().map(|need| code("needs", *need));
    let area = match (
        optional_code::<Province>("province", message.province)?,
        optional_code::<RegionShared>("region", message.region)?,
    ) {
        (Some(province), None) => Area::Province(province),
        (None, Some(region)) => Area::Region(region),
        (None, None) => Area::Anywhere,
        (Some(_), Some(_)) => {
            return Err(Invalid::new("region", "must be absent where the province is told"));
        }
    };
    let card = NeedCard {
        needs: needs.collect::<Result<_, _>>()?,
        urgency: code("urgency", message.urgency)?,
        risk: code("risk", message.risk)?,
        age: code("age", message.age)?,
        gender: optional_code("gender", message.gender)?,
        language: language(&message.language)?,
        interpreter: message.interpreter,
        area,
        access: set("access", message.access)?,
        dependants: code("dependants", message.dependants)?,
        safety: set("safety", message.safety)?,
        status: optional_code("status", message.status)?,
        indigenous_service: message.indigenous_service,
    };
    match card.problem() {
        None => Ok(card),
        Some(_) => Err(Invalid::new("needs", "must each stand once")),
    }
}

/// A tag of a language in its usual form, or none.
fn language(text: &str) -> Result<Option<Language>, Invalid> {
    if text.is_empty() {
        return Ok(None);
    }
    within("language", text.len(), 1..=MAX_LANGUAGE)?;
    match Language::new(text) {
        // Another spelling of the same tag would be a second encoding.
        Ok(language) if *language == *text => Ok(Some(language)),
        _ => Err(Invalid::new("language", "must be a tag of BCP 47 in its usual form")),
    }
}

#[cfg(test)]
mod tests {
    use entente_core::codes::{Barrier, Need, ReferralOutcome};
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::any::{self, check_mutations};

    fn area() -> impl Strategy<Value = Area> {
        prop_oneof![
            any::code().prop_map(Area::Province),
            any::code().prop_map(Area::Region),
            Just(Area::Anywhere),
        ]
    }

    fn card() -> impl Strategy<Value = NeedCard> {
        use entente_core::codes::Code as _;
        let language = select(vec!["", "fr", "oj", "iu-Cans-CA"]);
        let first = (
            subsequence(Need::ALL, 1..=MAX_NEEDS).prop_shuffle(),
            any::code(),
            any::code(),
            any::code(),
            option::of(any::code()),
            language,
            any::<bool>(),
        );
        let second =
            (area(), any::set(), any::code(), any::set(), option::of(any::code()), any::<bool>());
        (first, second).prop_map(|(first, second)| {
            let (needs, urgency, risk, age, gender, language, interpreter) = first;
            let (area, access, dependants, safety, status, indigenous_service) = second;
            let language = Language::new(language).ok();
            NeedCard {
                needs,
                urgency,
                risk,
                age,
                gender,
                language,
                interpreter,
                area,
                access,
                dependants,
                safety,
                status,
                indigenous_service,
            }
        })
    }

    fn body() -> impl Strategy<Value = Body> {
        let sealed = prop::collection::vec(any::<u8>(), 1..60);
        let outcome = any::code::<ReferralOutcome>;
        prop_oneof![
            (card(), 10_i64..20, 20_i64..30).prop_map(|(card, due_at_s, expires_at_s)| {
                Body::Offer(Offer { card, due_at_s, expires_at_s })
            }),
            Just(Body::Reply(Answer::Accept)),
            any::code::<Barrier>().prop_map(|it| Body::Reply(Answer::Decline(it))),
            select(vec![Standing::Won, Standing::Taken, Standing::Revoked, Standing::Expired])
                .prop_map(Body::Decision),
            outcome().prop_map(|it| Body::Decision(Standing::Done(it))),
            (any::<[u8; 32]>(), sealed).prop_map(|(key, sealed)| Body::HandOver { key, sealed }),
            select(vec![Progress::Delivered, Progress::Opened, Progress::InService])
                .prop_map(Body::Progress),
            outcome().prop_map(|it| Body::Progress(Progress::Closed(it))),
        ]
    }

    fn message() -> impl Strategy<Value = Message> {
        let hash = any::<[u8; 32]>;
        let head = (any::<[u8; 16]>(), any::agreement_ref(), 1..=u32::MAX, hash(), 1_i64..10);
        (head, option::of(hash()), body()).prop_map(|(head, seen, body)| {
            let (referral, agreement, step, previous, at_s) = head;
            let previous = (step > 1).then_some(previous);
            let referral = ReferralId(referral);
            let sponsored = (step % 3 == 0).then(|| any::id(7));
            let head = Head { referral, agreement, step, previous, seen, at_s, sponsored };
            Message { head, body }
        })
    }

    /// An offer that is not the first message of its chain.
    fn offer() -> Message {
        let head = Head {
            referral: ReferralId([1; 16]),
            agreement: AgreementRef { id: [2; 16], version: 3 },
            step: 2,
            previous: Some([4; 32]),
            seen: Some([5; 32]),
            at_s: 6,
            sponsored: Some(any::id(7)),
        };
        let offer = Offer { card: any::one(card()), due_at_s: 10, expires_at_s: 20 };
        Message { head, body: Body::Offer(offer) }
    }

    #[track_caller]
    fn refused(field: &'static str, change: impl FnOnce(&mut v1::ReferralOffer)) {
        let mut message = v1::ReferralOffer::decode(&*encode_referral(&offer())).unwrap();
        change(&mut message);
        let decoded = decode_referral(payload_type::REFERRAL_OFFER, &message.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err(field));
    }

    fn head(it: &mut v1::ReferralOffer) -> &mut v1::ReferralHead {
        it.head.as_mut().unwrap()
    }

    fn card_of(it: &mut v1::ReferralOffer) -> &mut v1::NeedCard {
        it.card.as_mut().unwrap()
    }

    #[test]
    fn every_field_of_an_offer_has_its_bound() {
        refused("head", |it| it.head = None);
        refused("referral", |it| head(it).referral = vec![1; 15]);
        refused("agreement_id", |it| head(it).agreement_id = vec![1; 17]);
        refused("previous", |it| head(it).step = 1);
        refused("previous", |it| head(it).previous.clear());
        refused("previous", |it| head(it).previous = vec![1; 31]);
        refused("seen", |it| head(it).seen = vec![1; 33]);
        refused("at_s", |it| head(it).at_s = 0);
        refused("sponsored", |it| head(it).sponsored = vec![1; 31]);
        refused("due_at_s", |it| it.due_at_s = head(it).at_s);
        refused("expires_at_s", |it| it.expires_at_s = it.due_at_s - 1);
        refused("expires_at_s", |it| it.expires_at_s = MAX_SECONDS + 1);
        refused("card", |it| it.card = None);
        refused("needs", |it| card_of(it).needs.clear());
        refused("needs", |it| card_of(it).needs = vec![1; 2]);
        refused("needs", |it| card_of(it).needs = (1..=6).collect());
        refused("needs", |it| card_of(it).needs = vec![99]);
        refused("urgency", |it| card_of(it).urgency = 0);
        refused("risk", |it| card_of(it).risk = 5);
        refused("age", |it| card_of(it).age = -1);
        refused("gender", |it| card_of(it).gender = 99);
        refused("language", |it| card_of(it).language = "FR".into());
        refused("language", |it| card_of(it).language = "Jean Tremblay".into());
        refused("language", |it| card_of(it).language = "a".repeat(MAX_LANGUAGE + 1));
        refused("region", |it| (card_of(it).province, card_of(it).region) = (1, 1));
        refused("access", |it| card_of(it).access = 1 << 31);
        refused("dependants", |it| card_of(it).dependants = 0);
        refused("safety", |it| card_of(it).safety = 1 << 4);
        refused("status", |it| card_of(it).status = 5);
    }

    #[test]
    fn an_outcome_is_told_exactly_when_it_is_over() {
        let head = Some(head_message(&offer().head));
        let standing = v1::ReferralStanding::Won.into();
        let won = v1::ReferralDecision { head: head.clone(), standing, outcome: 1 };
        let standing = v1::ReferralStanding::Done.into();
        let done = v1::ReferralDecision { head: head.clone(), standing, outcome: 0 };
        for message in [won, done] {
            let kind = payload_type::REFERRAL_DECISION;
            let decoded = decode_referral(kind, &message.encode_to_vec());
            assert_eq!(decoded.map_err(|it| it.field), Err("outcome"));
        }
        let way = v1::ReferralWay::Closed.into();
        let closed = v1::ReferralProgress { head, way, outcome: 0 };
        let decoded = decode_referral(payload_type::REFERRAL_PROGRESS, &closed.encode_to_vec());
        assert_eq!(decoded.map_err(|it| it.field), Err("outcome"));
    }

    #[test]
    fn what_is_handed_over_is_bounded() {
        let body = |len| Body::HandOver { key: [1; 32], sealed: vec![1; len] };
        let decoded = |len| {
            let message = Message { body: body(len), ..offer() };
            decode_referral(payload_type::REFERRAL_HANDOVER, &encode_referral(&message)).is_ok()
        };
        assert!(decoded(1) && decoded(MAX_SEALED));
        assert!(!decoded(0) && !decoded(MAX_SEALED + 1));
    }

    #[test]
    fn one_kind_of_message_is_never_taken_for_another() {
        let bytes = encode_referral(&offer());
        for kind in payload_type::REFERRALS.iter().filter(|it| **it != payload_type::REFERRAL_OFFER)
        {
            assert!(decode_referral(kind, &bytes).is_err(), "{kind}");
        }
        assert!(decode_referral(payload_type::NOTICE, &bytes).is_err());
    }

    proptest! {
        #[test]
        fn a_message_is_read_as_it_is_written(message in message()) {
            let bytes = encode_referral(&message);
            prop_assert_eq!(decode_referral(message.payload_type(), &bytes), Ok(message));
        }

        #[test]
        fn a_card_is_kept_as_it_is(card in card()) {
            prop_assert_eq!(decode_card(&encode_card(&card)), Ok(card));
        }

        #[test]
        fn random_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for kind in payload_type::REFERRALS {
                prop_assert!(decode_referral(kind, &bytes).is_err());
            }
        }
    }

    #[test]
    fn no_changed_offer_is_taken_for_the_same() {
        let offer = offer();
        let decode = |bytes: &[u8]| decode_referral(payload_type::REFERRAL_OFFER, bytes);
        check_mutations(&encode_referral(&offer), &offer, decode);
    }
}
