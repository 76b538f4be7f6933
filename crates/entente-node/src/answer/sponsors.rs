//! Answers: organizations without a node, ours and those of partners.

use std::io::{self, Read as _};

use entente_core::codes::Code as _;
use entente_core::sponsor::fingerprint;

use super::exchange::{absolute, new_file_path, write_file};
use super::partners::told::both;
use super::records::show::Names;
use super::{Desk, Staff, Steps, instant};
use crate::jobs::Files;
use crate::local::doc::*;
use crate::node::sponsors::{SponsoredOrg, TakenAnswers, request_refused};
use crate::node::{Node, Outcome};
use crate::setup::io_fault;

/// The largest file that is read: answers are longer than a document with its signatures.
const MAX_FILE: u64 = entente_proto::MAX_ANSWERS as u64;

pub(super) fn add(
    desk: &Desk,
    staff: &Staff,
    ask: SponsorAddAsk,
    _: &Steps,
) -> Outcome<SponsorTold> {
    let file = bytes(&desk.jobs.files, &ask.file)?;
    let org = desk.node.add_sponsored(&staff.actor(), &file, &ask.fingerprint)?;
    told(&desk.node, &org, None)
}

pub(super) fn take(
    desk: &Desk,
    staff: &Staff,
    ask: SponsorTakeAsk,
    _: &Steps,
) -> Outcome<SponsorTold> {
    let file = bytes(&desk.jobs.files, &ask.file)?;
    if entente_proto::is_answers(&file) {
        let taken = desk.node.take_answers(&staff.actor(), &file)?;
        let org = desk.node.find_sponsored(&taken.org.to_string())?;
        return told(&desk.node, &org, Some(answers(taken)));
    }
    let org = desk.node.take_sponsored(&staff.actor(), &file)?;
    told(&desk.node, &org, None)
}

pub(super) fn give(
    desk: &Desk,
    staff: &Staff,
    ask: SponsorGiveAsk,
    _: &Steps,
) -> Outcome<SponsorGiveTold> {
    let path = new_file_path(&ask.file)?;
    let org = desk.node.find_sponsored(&ask.organization)?.document;
    let (receipt, file) = desk.node.sponsor_receipt(&staff.actor(), &org.org)?;
    write_file(&desk.jobs.files, path, &file)?;
    Ok(SponsorGiveTold {
        organization: Named { id: org.org.to_string(), name: both(&org.name) },
        file: ask.file,
        number: receipt.head.seq,
        told: receipt.n_told,
    })
}

pub(super) fn mail(
    desk: &Desk,
    staff: &Staff,
    ask: SponsorMailAsk,
    _: &Steps,
) -> Outcome<SponsorMailTold> {
    let path = new_file_path(&ask.file)?;
    let org = desk.node.find_sponsored(&ask.organization)?.document;
    let given = desk.node.give_mail(&staff.actor(), &org.org)?;
    write_file(&desk.jobs.files, path, &given.file)?;
    Ok(SponsorMailTold {
        organization: Named { id: org.org.to_string(), name: both(&org.name) },
        file: ask.file,
        referrals: given.n_referrals as u64,
        requests: given.n_requests as u64,
        left: given.n_left as u64,
    })
}

fn answers(taken: TakenAnswers) -> SponsorAnswersTold {
    let refused = taken.refused.into_iter().map(|(referral, reason)| SponsorAnswerRefused {
        referral: referral.to_string(),
        reason: reason.to_owned(),
        fault: request_refused(reason).map(|fault| *fault),
    });
    let requests = taken.requests.into_iter().map(|it| RequestTaken {
        referral: it.referral.to_string(),
        what: it.what.to_owned(),
        asked: it.n_asked as u64,
        fault: it.fault.map(|fault| *fault),
    });
    SponsorAnswersTold {
        said: taken.n_said as u64,
        before: taken.n_before as u64,
        requests: requests.collect(),
        refused: refused.collect(),
    }
}

pub(super) fn end(
    desk: &Desk,
    staff: &Staff,
    ask: SponsorEndAsk,
    _: &Steps,
) -> Outcome<SponsorTold> {
    let org = desk.node.find_sponsored(&ask.organization)?;
    let org = desk.node.end_sponsored(&staff.actor(), &org.document.org)?;
    told(&desk.node, &org, None)
}

pub(super) fn list(
    desk: &Desk,
    _: &Staff,
    _: SponsorListAsk,
    _: &Steps,
) -> Outcome<SponsorListTold> {
    let node = &desk.node;
    let names = Names::of(node)?;
    let ours = node.sponsored_orgs()?;
    let carried = node.carried_orgs()?.into_iter().map(|it| {
        let document = it.document;
        CarriedEntry {
            organization: Named { id: document.org.to_string(), name: both(&document.name) },
            kind: document.kind.code().to_owned(),
            fingerprint: fingerprint(&document.org),
            sponsor: names.named(&document.sponsor),
            number: document.seq,
            missing: it.n_missing,
            services: document.services.len() as u64,
            signed_at: instant(document.at_s),
        }
    });
    Ok(SponsorListTold {
        ours: ours.iter().map(|org| entry(node, &names, org)).collect::<Outcome<_>>()?,
        carried: carried.collect(),
    })
}

fn told(
    node: &Node,
    org: &SponsoredOrg,
    answers: Option<SponsorAnswersTold>,
) -> Outcome<SponsorTold> {
    Ok(SponsorTold { organization: entry(node, &Names::of(node)?, org)?, answers })
}

fn entry(node: &Node, names: &Names, org: &SponsoredOrg) -> Outcome<SponsoredEntry> {
    let SponsoredOrg { document, row } = org;
    let waiting = node.waiting_mail(&document.org)?;
    let told = row.said.iter().filter(|(_, hash)| *hash == row.hash);
    let told =
        told.filter_map(|(partner, _)| entente_core::identity::OrgId::from_bytes(partner).ok());
    Ok(SponsoredEntry {
        organization: Named { id: document.org.to_string(), name: both(&document.name) },
        kind: document.kind.code().to_owned(),
        fingerprint: fingerprint(&document.org),
        number: document.seq,
        missing: row.n_missing,
        services: document.services.len() as u64,
        signed_at: instant(document.at_s),
        taken_at: instant(row.taken_at_s),
        added_at: instant(row.added_at_s),
        ended_at: row.ended_at_s.map(instant),
        told: told.map(|partner| names.named(&partner)).collect(),
        handover_key: document.handover.is_some(),
        waiting: waiting.n_offers as u64,
        due: waiting.due_at_s.map(instant),
        unsent: waiting.n_new as u64,
    })
}

/// The bytes of a file, within bounds.
fn bytes(files: &Files, file: &str) -> Outcome<Vec<u8>> {
    let path = absolute(file)?;
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        files.read(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    };
    read().map_err(|error| io_fault(&error))
}
