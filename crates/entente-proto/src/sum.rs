//! Secure sums as messages: what a contributor is asked and answers, and a finished sum.
//!
//! Openings, reports, questions and shares are bytes of the core and stay bytes here.

use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::statistics::national::{Heard, SignedEnd, SumProof};
use entente_core::statistics::release::ReleaseId;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::national::{parse_end, parse_sum, parse_voices, sum_message, voices_message};
use crate::parse::{present, within};
use crate::release::{MAX_RECEIPTS, parse_release, release_message};
use crate::statement::{document_message, parse_document};
use crate::{MAX_RETURN, v1};

/// The longest contribution: 400 cells of the largest range are below 100 kB.
pub const MAX_CONTRIBUTION: usize = 261_120;

/// The longest piece of what travels in pieces: half of the longest message.
pub const MAX_PIECE: usize = 512 << 10;

/// A question for a contribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumQuestion {
    /// To which release.
    pub release: ReleaseId,
    /// The openings of the leader and the helper.
    pub openings: [Envelope; 2],
    /// Answers of whom it is put to, ascending by the number of their charge.
    pub receipts: Vec<Envelope>,
}

/// What a contributor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumReply {
    /// That it contributes, or why not.
    pub answer: Envelope,
    /// Its contribution; empty if it declines.
    pub contribution: Vec<u8>,
}

/// A finished sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSum {
    /// Which release.
    pub release: ReleaseId,
    /// What every contributor said.
    pub voices: Vec<(OrgId, Option<Heard>)>,
    /// What makes figures of it, or that there are none and never will be.
    pub end: Result<SumProof, SignedEnd>,
}

/// The reference to a release.
pub fn sum_release_message(release: &ReleaseId) -> v1::ReleaseRef {
    release_message(release)
}

/// The release that is meant.
pub fn parse_sum_release(message: Option<v1::ReleaseRef>) -> Result<ReleaseId, Invalid> {
    parse_release(message)
}

/// The message of a question.
pub fn sum_question_message(question: &SumQuestion) -> v1::SumContributeRequest {
    let [leader, helper] = &question.openings;
    v1::SumContributeRequest {
        release: Some(release_message(&question.release)),
        leader: Some(document_message(leader)),
        helper: Some(document_message(helper)),
        receipts: question.receipts.iter().map(document_message).collect(),
    }
}

/// The question in a message.
pub fn parse_sum_question(message: v1::SumContributeRequest) -> Result<SumQuestion, Invalid> {
    let v1::SumContributeRequest { release, leader, helper, receipts } = message;
    within("receipts", receipts.len(), 0..=MAX_RECEIPTS)?;
    let receipts = receipts.into_iter().map(parse_document);
    Ok(SumQuestion {
        release: parse_release(release)?,
        openings: [
            parse_document(present("leader", leader)?)?,
            parse_document(present("helper", helper)?)?,
        ],
        receipts: receipts.collect::<Result<_, _>>()?,
    })
}

/// The message of what a contributor says.
pub fn sum_reply_message(reply: &SumReply) -> v1::SumContributeReply {
    v1::SumContributeReply {
        answer: Some(document_message(&reply.answer)),
        contribution: reply.contribution.clone(),
    }
}

/// What a contributor says, from a message.
pub fn parse_sum_reply(message: v1::SumContributeReply) -> Result<SumReply, Invalid> {
    let v1::SumContributeReply { answer, contribution } = message;
    within("contribution", contribution.len(), 0..=MAX_CONTRIBUTION)?;
    Ok(SumReply { answer: parse_document(present("answer", answer)?)?, contribution })
}

/// The bytes of a finished sum.
pub fn encode_secret_sum(sum: &SecretSum) -> Vec<u8> {
    let message = v1::SecretSum {
        release: Some(release_message(&sum.release)),
        voices: voices_message(&sum.voices),
        sum: sum.end.as_ref().ok().map(sum_message),
        given_up: sum.end.as_ref().err().map(|it| document_message(&it.envelope)),
    };
    message.encode_to_vec()
}

/// The finished sum with these bytes. Nothing in it is verified.
pub fn decode_secret_sum(bytes: &[u8]) -> Result<SecretSum, Invalid> {
    within("sum", bytes.len(), 1..=MAX_RETURN)?;
    let v1::SecretSum { release, voices, sum, given_up } = canonical(bytes)?;
    let end = match (sum, given_up) {
        (Some(sum), None) => Ok(parse_sum(sum)?),
        (None, Some(given_up)) => Err(parse_end(given_up)?),
        _ => return Err(Invalid::new("sum", "must be there, or that it was given up")),
    };
    Ok(SecretSum { release: parse_release(release)?, voices: parse_voices(voices)?, end })
}

#[cfg(test)]
mod tests {
    use entente_core::envelope::payload_type;
    use entente_core::identity::OrgKey;
    use entente_core::statistics::national::{GivenUp, SumEnd};
    use entente_core::statistics::sum::Rejection;
    use proptest::prelude::*;

    use super::*;
    use crate::any::{self, check_mutations};
    use crate::encode_release_answer;

    fn sum() -> SecretSum {
        let keys = [1, 2, 3].map(|seed| OrgKey::from_seed(&[seed; 32]));
        let heard = |key: &OrgKey, answer| {
            let payload = encode_release_answer(&answer);
            let envelope = Envelope::seal(payload_type::RELEASE_ANSWER, payload, key).unwrap();
            Some(Heard { envelope, answer })
        };
        let share =
            |key: &OrgKey| Envelope::seal(payload_type::SUM_SHARE, vec![7; 9], key).unwrap();
        let [a, b, c] = &keys;
        SecretSum {
            release: any::one(any::release()),
            voices: vec![
                (a.id(), heard(a, any::one(any::added()))),
                (b.id(), heard(b, any::one(any::release_answer()))),
                (c.id(), None),
            ],
            end: Ok(SumProof {
                left_out: [(a.id(), Rejection::NotProven)].into(),
                shares: [share(a), share(b)],
            }),
        }
    }

    #[test]
    fn a_finished_sum_is_read_as_it_is_written() {
        let sum = sum();
        assert_eq!(decode_secret_sum(&encode_secret_sum(&sum)), Ok(sum));
    }

    #[test]
    fn that_a_sum_was_given_up_is_read_as_it_is_written() {
        let key = OrgKey::from_seed(&[1; 32]);
        let SecretSum { release, voices, .. } = sum();
        let why = SumEnd::TooFew;
        let given_up = GivenUp { release, noticed_by: key.id(), why, at_s: 7 };
        let payload = crate::encode_given_up(&given_up);
        let envelope = Envelope::seal(payload_type::SUM_GIVEN_UP, payload, &key).unwrap();
        let end = SignedEnd { envelope, given_up };
        let ended = SecretSum { release, voices, end: Err(end) };
        let bytes = encode_secret_sum(&ended);
        assert_eq!(decode_secret_sum(&bytes), Ok(ended.clone()));
        check_mutations(&bytes, &ended, decode_secret_sum);
    }

    #[test]
    fn no_changed_sum_is_taken_for_the_same() {
        let sum = sum();
        check_mutations(&encode_secret_sum(&sum), &sum, decode_secret_sum);
    }

    #[test]
    fn what_is_asked_of_a_contributor_and_what_it_says_is_read_as_it_is_written() {
        let question = SumQuestion {
            release: any::one(any::release()),
            openings: [any::one(any::envelope()), any::one(any::envelope())],
            receipts: vec![any::one(any::envelope()); MAX_RECEIPTS],
        };
        let message = sum_question_message(&question);
        assert_eq!(parse_sum_question(message.clone()), Ok(question));
        let field = |message| parse_sum_question(message).map_err(|it| it.field).unwrap_err();
        let mut more = message.clone();
        more.receipts.push(more.receipts[0].clone());
        assert_eq!(field(more), "receipts");
        assert_eq!(field(v1::SumContributeRequest { helper: None, ..message }), "helper");

        let reply = SumReply { answer: any::one(any::envelope()), contribution: vec![1; 9] };
        let message = sum_reply_message(&reply);
        assert_eq!(parse_sum_reply(message.clone()), Ok(reply));
        let long = vec![0; MAX_CONTRIBUTION + 1];
        let long = v1::SumContributeReply { contribution: long, ..message };
        assert_eq!(parse_sum_reply(long).map_err(|it| it.field), Err("contribution"));
    }

    proptest! {
        #[test]
        fn random_bytes_are_no_sum(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode_secret_sum(&bytes).is_err());
        }
    }
}
