//! What organizations without a node answer: taken from their files and signed too by their sponsor, and
//! read by the home.
//!
//! The sponsor looks at whose signature it is and at the place in the chain, and at nothing else: whether
//! an answer has an effect is for the home to say.

use std::collections::BTreeSet;

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::policy;
use entente_core::referral::{Answer, Body, Message, Progress, ReferralId};
use entente_core::sponsor::{Asked, CarriedAnswer, CarriedRequest, Request};
use entente_core::statement::AgreementRef;
use entente_proto::Answers;
use entente_store::db::{Rows, Write};
use entente_store::handover::{Handovers as _, Way};
use entente_store::mail::{MailAt, MailRow, SponsorMail as _};
use entente_store::rows::ChainRow;
use entente_store::sponsors::Sponsors as _;
use entente_store::tx::Reads as _;
use sha2::{Digest as _, Sha256};

use super::faults::{bad_answers, not_sponsored};
use super::requests::{ReadRequest, TakenRequest};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::documents::Used;
use crate::node::feeds::Gathered;
use crate::node::{Node, Outcome};

/// What became of a file with answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenAnswers {
    /// Whose answers.
    pub org: OrgId,
    /// How many were signed too and said to their homes.
    pub n_said: usize,
    /// How many words had been taken before.
    pub n_before: usize,
    /// What it asked for about referrals of its own, that is new.
    pub requests: Vec<TakenRequest>,
    /// Those that cannot be carried, and why: a code.
    pub refused: Vec<(ReferralId, &'static str)>,
}

/// One answer, with the organization's signature checked.
struct Read {
    signed: Envelope,
    digest: [u8; 32],
    referral: ReferralId,
    what: What,
}

enum What {
    Message(Box<Message>),
    Receipt([u8; 32]),
}

/// One word of the file.
enum Word {
    Answer(Box<Read>),
    Request(Box<ReadRequest>),
}

impl Word {
    /// The referral of its own that the organization takes back with it.
    fn withdraws(&self) -> Option<ReferralId> {
        match self {
            Self::Request(read) if read.request.what == Asked::Withdraw => {
                Some(read.request.referral)
            }
            Self::Request(_) | Self::Answer(_) => None,
        }
    }
}

impl Node {
    /// Takes answers of an organization that we sponsor, signs them too, and says them to the homes; and
    /// what it asks for about referrals of its own.
    ///
    /// If one was not signed by the organization itself, nothing of the file is taken.
    pub fn take_answers(&self, actor: &Actor, file: &[u8]) -> Outcome<TakenAnswers> {
        let Answers { org, items } =
            entente_proto::read_answers(file).map_err(|invalid| bad_answers(&invalid))?;
        let read: Vec<Word> =
            items.into_iter().map(|signed| read(signed, &org)).collect::<Outcome<_>>()?;
        let withdrawn: BTreeSet<ReferralId> = read.iter().filter_map(Word::withdraws).collect();
        let mut taken = self.db.write("take answers", |tx| {
            let standing = tx.sponsored(org.as_bytes())?.filter(|row| row.ended_at_s.is_none());
            standing.ok_or_else(not_sponsored)?;
            let (requests, refused) = (Vec::new(), Vec::new());
            let mut taken = TakenAnswers { org, n_said: 0, n_before: 0, requests, refused };
            for word in &read {
                let (referral, done) = match word {
                    Word::Answer(answer) => {
                        let said = self.carry_answer(tx, actor, &org, answer)?;
                        taken.n_said += usize::from(said == Ok(true));
                        (answer.referral, said)
                    }
                    Word::Request(read) => {
                        let is_gone = withdrawn.contains(&read.request.referral);
                        let took = self.take_asked(tx, actor, &org, read, is_gone)?;
                        let (referral, what) = (read.request.referral, read.request.what.code());
                        if took == Ok(true) {
                            let (n_asked, fault) = (0, None);
                            taken.requests.push(TakenRequest { referral, what, n_asked, fault });
                        }
                        (referral, took)
                    }
                };
                taken.n_before += usize::from(done == Ok(false));
                taken.refused.extend(done.err().map(|why| (referral, why)));
            }
            Ok::<_, Box<Fault>>(taken)
        })?;
        for word in &read {
            if let Word::Request(read) = word {
                self.offer_if_wanted(actor, &read.request, &mut taken)?;
            }
        }
        Ok(taken)
    }

    /// Asks all that match, where that is wanted. A crash between is made good by the same file.
    fn offer_if_wanted(
        &self,
        actor: &Actor,
        request: &Request,
        taken: &mut TakenAnswers,
    ) -> Outcome<()> {
        let id = request.referral;
        let is_wanted = matches!(&request.what, Asked::Refer(wanted) if wanted.matching);
        if !is_wanted || self.asked_by(&id)? != Some(request.org) {
            return Ok(());
        }
        let (n_asked, fault) = self.offer_request(actor, (&id, request.at_s))?;
        match taken.requests.iter_mut().find(|it| it.referral == id) {
            Some(it) => (it.n_asked, it.fault) = (n_asked, fault),
            None if n_asked > 0 || fault.is_some() => {
                taken.requests.push(TakenRequest { referral: id, what: "refer", n_asked, fault });
            }
            None => {}
        }
        Ok(())
    }

    /// Signs one answer too and says it; whether it is new.
    fn carry_answer(
        &self,
        tx: &mut Write<'_>,
        actor: &Actor,
        org: &OrgId,
        answer: &Read,
    ) -> Outcome<Result<bool, &'static str>> {
        let Some((at, mut row)) = mail_of(tx, org, answer)? else {
            return Ok(Err("referral_unknown"));
        };
        if row.answers.iter().any(|(digest, _)| *digest == answer.digest) {
            return Ok(Ok(false));
        }
        let Ok(home) = OrgId::from_bytes(&at.home) else { return Ok(Err("referral_unknown")) };
        let partner = tx.partner(&at.home)?;
        let is_open = self.is_ours(&home) || partner.is_some_and(|row| self.open_to(&row).is_ok());
        if !is_open {
            return Ok(Err("partner_closed"));
        }
        let mut code = "receipt";
        if let What::Message(message) = &answer.what {
            let head = &message.head;
            if head.step != row.ours.steps + 1 || head.previous != row.ours.last {
                return Ok(Err("referral_out_of_order"));
            }
            row.ours = ChainRow { steps: head.step, last: Some(answer.digest) };
            code = code_of(&message.body);
            row.answer = code.to_owned();
            if matches!(message.body, Body::Progress(Progress::Opened | Progress::Closed(_))) {
                // The organization has them; what is here is one copy too many.
                self.shred_handovers(tx, Way::Carried, &home, &answer.referral, "opened")?;
            }
        }
        let carried = CarriedAnswer::cosign(answer.signed.clone(), org, &self.secrets.key);
        let carried = carried.map_err(|_| no_randomness())?;
        let bytes = entente_proto::encode_envelope(carried.envelope());
        row.answers.push((answer.digest, bytes.into()));
        row.since_s = self.now_s();
        tx.put_mail(&at, &row)?;
        let agreement = AgreementRef { id: row.agreement.0, version: row.agreement.1 };
        let entry = self.entry(actor.clone(), Action::SponsorAnswerSaid);
        let mut entry = entry.reference(answer.referral.0);
        if !self.is_ours(&home) {
            entry = entry.partner(home).agreement(agreement.id);
        }
        self.write_audit(tx, vec![entry.reasons([code.to_owned(), org.to_string()])])?;
        if self.is_ours(&home) {
            // We are the home ourselves: it is read at once.
            let mut gathered = Gathered::default();
            let read = self.read_carried_answer(tx, &home, carried.envelope(), &mut gathered)?;
            self.write_audit(tx, gathered.entries)?;
            return Ok(read.map(|()| true));
        }
        self.say(tx, &home, Some(agreement), vec![policy::carried_answer(home, carried)])?;
        Ok(Ok(true))
    }

    /// Says the answers of those whom we sponsor again to a home in whose feed everything begins anew.
    pub(crate) fn say_answers_again(&self, tx: &mut Write<'_>, home: &OrgId) -> Outcome<()> {
        for (at, row) in tx.all_mail(None)? {
            if at.home != *home.as_bytes() || row.is_over {
                continue;
            }
            let agreement = AgreementRef { id: row.agreement.0, version: row.agreement.1 };
            for (_, bytes) in &row.answers {
                let envelope = entente_proto::decode_envelope(bytes);
                let kept = envelope.ok().and_then(|it| CarriedAnswer::kept(it, &self.id()).ok());
                let Some(kept) = kept else { return Err(super::carried::damaged()) };
                self.say(tx, home, Some(agreement), vec![policy::carried_answer(*home, kept)])?;
            }
        }
        Ok(())
    }

    /// Reads what an organization without a node answers us, from the feed of its sponsor. Both have to
    /// have signed it.
    pub(crate) fn read_carried_answer(
        &self,
        tx: &mut Write<'_>,
        sponsor: &OrgId,
        envelope: &Envelope,
        gathered: &mut Gathered,
    ) -> Outcome<Used> {
        let Ok((org, payload)) = CarriedAnswer::verify(envelope, sponsor) else {
            return Ok(Err("document_not_signed"));
        };
        let (kind, bytes) = (envelope.payload_type.as_str(), payload.bytes());
        if kind == payload_type::HANDOVER_RECEIPT {
            return self.read_handover_receipt(tx, (&org, sponsor), bytes, gathered);
        }
        let Ok(message) = entente_proto::decode_referral(kind, bytes) else {
            return Ok(Err("document_unreadable"));
        };
        let hash = Sha256::digest(bytes).into();
        let used = if message.head.sponsored == Some(org) {
            self.read_answer(tx, (&org, sponsor), &message, hash)?
        } else {
            Err("sponsored_by_others")
        };
        if used.is_ok() {
            self.keep_acceptance(tx, &org, &message, envelope)?;
        }
        if let Err(reason) = used {
            gathered.entries.push(self.ignored(&org, &message.head.referral, reason));
        }
        Ok(used)
    }
}

fn read(signed: Envelope, org: &OrgId) -> Outcome<Word> {
    let not_signed = |_| bad_answers(&"the organization did not sign it");
    if signed.payload_type == payload_type::REFERRAL_REQUEST {
        let payload = CarriedRequest::check(&signed, org).map_err(not_signed)?;
        let request = entente_proto::decode_request(payload.bytes());
        let request = request.map_err(|invalid| bad_answers(&invalid))?;
        if request.org != *org {
            return Err(bad_answers(&"it names another organization"));
        }
        let digest = Sha256::digest(payload.bytes()).into();
        return Ok(Word::Request(Box::new(ReadRequest { signed, digest, request })));
    }
    let payload = CarriedAnswer::check(&signed, org).map_err(not_signed)?;
    let (kind, bytes) = (signed.payload_type.as_str(), payload.bytes());
    let (referral, what) = if kind == payload_type::HANDOVER_RECEIPT {
        let receipt = entente_proto::decode_handover_receipt(bytes);
        let receipt = receipt.map_err(|invalid| bad_answers(&invalid))?;
        (receipt.referral, What::Receipt(receipt.digest))
    } else {
        let message = entente_proto::decode_referral(kind, bytes);
        let message = message.map_err(|invalid| bad_answers(&invalid))?;
        if message.head.sponsored != Some(*org) {
            return Err(bad_answers(&"it names another organization"));
        }
        (message.head.referral, What::Message(Box::new(message)))
    };
    let digest = Sha256::digest(bytes).into();
    Ok(Word::Answer(Box::new(Read { signed, digest, referral, what })))
}

/// What we carry that an answer is about. Two homes may give one name to two referrals: the agreement
/// tells them apart, and a receipt names what it is for.
fn mail_of<R: Rows>(tx: &R, org: &OrgId, answer: &Read) -> Outcome<Option<(MailAt, MailRow)>> {
    for (at, row) in tx.mail_about(org.as_bytes(), &answer.referral.0)? {
        let is_it = match &answer.what {
            What::Message(message) => {
                let AgreementRef { id, version } = message.head.agreement;
                row.agreement == (id, version)
            }
            What::Receipt(digest) => {
                let held = tx.handovers_of(Way::Carried, &at.home, &at.referral)?;
                held.iter().any(|(_, row)| row.digest == *digest)
            }
        };
        if is_it {
            return Ok(Some((at, row)));
        }
    }
    Ok(None)
}

fn code_of(body: &Body) -> &'static str {
    match body {
        Body::Reply(Answer::Accept) => "accepted",
        Body::Reply(Answer::Decline(_)) => "declined",
        Body::Progress(progress) => progress.code(),
        Body::Offer(_) | Body::Decision(_) | Body::HandOver { .. } => "",
    }
}
