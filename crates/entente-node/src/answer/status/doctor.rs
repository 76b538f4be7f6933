//! The thorough check: partners are called, clocks compared, and the audit log is read in full.

use std::sync::Arc;
use std::time::Duration;

use entente_core::identity::OrgId;
use entente_proto::HelloBack;
use entente_store::rows::{PartnerRow, PartnerState};

use super::health::{at_hand, found, good};
use super::last;
use crate::answer::audit::verified;
use crate::answer::partners::{blocking, missed_text};
use crate::answer::{Desk, Staff, Steps, instant, step};
use crate::fault::Both;
use crate::local::doc::{Check, DoctorAsk, DoctorTold, Wellness};
use crate::node::Outcome;
use crate::node::partners::partner_text;
use crate::sync::Missed;

/// How long one partner may take. All are called at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// Seconds by which clocks may differ. A leaf is valid from a little before it was made, and an
/// answer takes its time on a slow link.
const SKEW_S: i64 = 120;

/// A partner that accepts no connections should have called within a day.
const QUIET_S: i64 = 24 * 60 * 60;

/// What calling one partner gave: its clock less ours, in seconds.
struct Called {
    row: PartnerRow,
    answer: Result<i64, Missed>,
}

pub(in crate::answer) async fn doctor(
    desk: Arc<Desk>,
    _: Staff,
    _: DoctorAsk,
    steps: Steps,
) -> Outcome<DoctorTold> {
    match examined(&desk, &steps).await {
        Ok(checks) => Ok(DoctorTold { checks }),
        Err(fault) => {
            let mut checks = blocking(&desk, |desk| last::checks(desk, fault)).await?;
            checks.push(certificate(&desk));
            Ok(DoctorTold { checks })
        }
    }
}

async fn examined(desk: &Arc<Desk>, steps: &Steps) -> Outcome<Vec<Check>> {
    step(steps, 0, 3, "looking at the node", "examen du nœud");
    let near = blocking(desk, |desk| {
        let standings = desk.node.standings()?;
        Ok((at_hand(desk, &standings)?, desk.node.partner_rows()?))
    });
    let (mut checks, rows) = near.await?;
    checks.push(certificate(desk));
    step(steps, 1, 3, "calling partners", "appel des partenaires");
    let called = call_all(desk, rows).await;
    checks.push(clock(&called));
    step(steps, 2, 3, "verifying the audit log", "vérification du journal");
    checks.push(blocking(desk, audit).await?);
    let now_s = desk.node.now_s();
    checks.extend(called.iter().map(|called| partner(called, now_s)));
    checks.extend(provider(desk).await);
    step(steps, 3, 3, "done", "terminé");
    Ok(checks)
}

fn certificate(desk: &Desk) -> Check {
    // Asking for the renewal is the check: it is done if it is due, ten days before the end.
    match desk.identity.renew_if_due(desk.node.now_s()) {
        Ok(_) => good(
            "certificate",
            "Our certificate is valid for ten days or more and renews itself.",
            "Notre certificat est valide au moins dix jours et se renouvelle de lui-même.",
        ),
        Err(_) => found(
            "certificate",
            Wellness::Bad,
            Both::new(
                "Our certificate cannot be renewed.",
                "Notre certificat ne peut pas être renouvelé.",
            ),
            (
                "Check the clock of the machine: timedatectl",
                "Vérifiez l’horloge de la machine\u{a0}: timedatectl",
            ),
        ),
    }
}

/// Whether people can sign in at the identity provider, if there is one.
async fn provider(desk: &Desk) -> Option<Check> {
    let answer = desk.provider.as_ref()?.check().await;
    Some(match answer {
        Ok(()) => good(
            "identity_provider",
            "The identity provider answers.",
            "Le fournisseur d’identité répond.",
        ),
        Err(word) => {
            let (en, fr, next) = told(word);
            found(
                "identity_provider",
                Wellness::Bad,
                Both::new(
                    format!("Nobody can sign in with the identity provider: {en}."),
                    format!(
                        "Personne ne peut ouvrir de session avec le fournisseur d’identité\u{a0}: {fr}."
                    ),
                ),
                next,
            )
        }
    })
}

/// Why the identity provider is of no use, in words, and what helps.
fn told(word: &str) -> (&'static str, &'static str, (&'static str, &'static str)) {
    let settings = (
        "Look at [oidc] in entente.toml, and at the description of the provider.",
        "Examinez [oidc] dans entente.toml et la description du fournisseur.",
    );
    match word {
        "unreachable" | "no_answer" | "broken" => (
            "it does not answer",
            "il ne répond pas",
            ("Check the network to the provider.", "Vérifiez le réseau vers le fournisseur."),
        ),
        "tls" => (
            "its certificate is not trusted",
            "son certificat n’est pas reconnu",
            (
                "Name its authority with oidc.ca_file in entente.toml.",
                "Indiquez son autorité avec oidc.ca_file dans entente.toml.",
            ),
        ),
        "not_https" => (
            "it sends people where nothing is encrypted",
            "il envoie les gens où rien n’est chiffré",
            settings,
        ),
        "issuer" => (
            "it names itself otherwise than oidc.issuer does",
            "il se nomme autrement que oidc.issuer",
            settings,
        ),
        _ => (
            "it is no OpenID Connect provider",
            "ce n’est pas un fournisseur OpenID Connect",
            settings,
        ),
    }
}

async fn call_all(desk: &Arc<Desk>, rows: Vec<(OrgId, PartnerRow)>) -> Vec<Called> {
    let mut calls = tokio::task::JoinSet::new();
    for (id, row) in rows {
        let open = match row.state {
            PartnerState::Connected | PartnerState::Ended => false,
            PartnerState::Verified | PartnerState::Active | PartnerState::Suspended => {
                !row.suspended_by_us && row.quarantined.is_none()
            }
        };
        if !open {
            continue;
        }
        let desk = Arc::clone(desk);
        calls.spawn(async move {
            let answer = tokio::time::timeout(PATIENCE, desk.peers.hello(&id, &row)).await;
            let answer = answer.unwrap_or_else(|_| Err(Missed::Door("timeout".to_owned())));
            let ahead = |back: HelloBack| {
                i64::try_from(back.clock_s).unwrap_or(i64::MAX).saturating_sub(desk.node.now_s())
            };
            Called { row, answer: answer.map(ahead) }
        });
    }
    let mut called = calls.join_all().await;
    called.sort_by(|one, other| one.row.name_en.cmp(&other.row.name_en));
    called
}

/// Our clock against the middle one of theirs: one partner's wrong clock is not our fault.
fn clock(called: &[Called]) -> Check {
    let mut ahead: Vec<i64> =
        called.iter().filter_map(|called| called.answer.as_ref().ok().copied()).collect();
    ahead.sort_unstable();
    let Some(middle) = ahead.get(ahead.len() / 2).copied() else {
        return no_clock(called);
    };
    let by = Both::count(middle.unsigned_abs(), ("second", "seconds"), ("seconde", "secondes"));
    let text = match middle.signum() {
        0 => Both::new(
            "Partners’ clocks agree with ours.",
            "Les horloges des partenaires concordent avec la nôtre.",
        ),
        1 => Both::new(
            format!("Partners’ clocks are {} ahead of ours.", by.en),
            format!("Les horloges des partenaires avancent de {} sur la nôtre.", by.fr),
        ),
        _ => Both::new(
            format!("Partners’ clocks are {} behind ours.", by.en),
            format!("Les horloges des partenaires retardent de {} sur la nôtre.", by.fr),
        ),
    };
    if middle.abs() <= SKEW_S {
        return good("clock", text.en, text.fr);
    }
    let next = (
        "Set the clock: timedatectl set-ntp true",
        "Réglez l’horloge\u{a0}: timedatectl set-ntp true",
    );
    found("clock", Wellness::Bad, text, next)
}

/// Nothing to compare our clock with: nobody is there to be called, or nobody who is answered.
fn no_clock(called: &[Called]) -> Check {
    // Whoever accepts no connections is not there to be called, as was agreed.
    if called.iter().all(|called| called.answer == Err(Missed::NoAddress)) {
        return good(
            "clock",
            "There is no partner to call and compare clocks with.",
            "Il n’y a aucun partenaire à appeler pour comparer les horloges.",
        );
    }
    found(
        "clock",
        Wellness::Warning,
        Both::new(
            "No partner was reached to compare clocks with.",
            "Aucun partenaire n’a pu être joint pour comparer les horloges.",
        ),
        (
            "Check the network, then: entente doctor",
            "Vérifiez le réseau, puis\u{a0}: entente doctor",
        ),
    )
}

fn audit(desk: &Desk) -> Outcome<Check> {
    let told = verified(&desk.node)?;
    if let Some(problem) = told.problems.into_iter().next() {
        return Ok(problem);
    }
    let length = Both::count(told.length, ("entry", "entries"), ("entrée", "entrées"));
    let n_witnesses = told.witnesses.len() as u64;
    let witnesses = Both::count(n_witnesses, ("witness", "witnesses"), ("témoin", "témoins"));
    Ok(good(
        "audit",
        format!("The audit log is whole: {}, {}.", length.en, witnesses.en),
        format!("Le journal est intact\u{a0}: {}, {}.", length.fr, witnesses.fr),
    ))
}

fn partner(called: &Called, now_s: i64) -> Check {
    let Called { row, answer } = called;
    let (name, _) = partner_text(row);
    let Err(why) = answer else {
        let (en, fr) = (format!("{} answers.", name.en), format!("{} répond.", name.fr));
        return good("partner", en, fr);
    };
    let heard = row.last_contact_s;
    let quiet = heard.is_none_or(|at_s| now_s - at_s > QUIET_S);
    if *why == Missed::NoAddress && !quiet {
        return good(
            "partner",
            format!("{} asks us itself, and did within a day.", name.en),
            format!("{} nous interroge, et l’a fait au cours des dernières 24 heures.", name.fr),
        );
    }
    let Both { en, fr } = missed_text(why);
    let last = heard.map_or_else(|| "—".to_owned(), instant);
    let wellness = match why {
        Missed::Door(_) | Missed::NoAddress => Wellness::Warning,
        Missed::RefusedByPartner(_)
        | Missed::RefusedByUs(_)
        | Missed::OtherVersion
        | Missed::Ours(_) => Wellness::Bad,
    };
    let next = match why {
        Missed::OtherVersion => (
            "Update the node that is older.".to_owned(),
            "Mettez à jour le nœud le plus ancien.".to_owned(),
        ),
        Missed::RefusedByPartner(_) => (
            format!("Call them: they may have suspended us. entente partner show \"{}\"", name.en),
            format!(
                "Appelez le partenaire\u{a0}: il nous a peut-être suspendus. entente partner show \"{}\"",
                name.fr
            ),
        ),
        _ => (
            format!("Check the network to {}, then: entente sync", row.address),
            format!("Vérifiez le réseau vers {}, puis\u{a0}: entente sync", row.address),
        ),
    };
    found(
        "partner",
        wellness,
        Both::new(
            format!("{}: {en}. Last contact: {last}.", name.en),
            format!("{}\u{a0}: {fr}. Dernier contact\u{a0}: {last}.", name.fr),
        ),
        (&next.0, &next.1),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(answer: Result<i64, Missed>) -> Called {
        let row = PartnerRow {
            name_en: "P".into(),
            name_fr: "P".into(),
            kind: 0,
            address: "p.example:7443".into(),
            state: PartnerState::Active,
            inviter: true,
            ticket: [0; 16],
            digits: String::new(),
            wrong_digits: 0,
            we_verified: true,
            they_verified: true,
            suspended_by_us: false,
            suspended_by_them: false,
            test_sent_at_s: None,
            test_done_at_s: None,
            last_contact_s: None,
            since_s: 0,
            ended_at_s: None,
            quarantined: None,
        };
        Called { row, answer }
    }

    #[test]
    fn one_partner_with_a_wrong_clock_does_not_make_ours_wrong() {
        let all = [called(Ok(1)), called(Ok(90_000)), called(Ok(-2))];
        assert_eq!(clock(&all).wellness, Wellness::Good);
        let all = [called(Ok(90_001)), called(Ok(90_000)), called(Ok(-2))];
        assert_eq!(clock(&all).wellness, Wellness::Bad);
    }

    #[test]
    fn a_clock_that_could_be_compared_and_was_not_is_a_warning() {
        let unreached = || called(Err(Missed::Door("refused".into())));
        let silent = || called(Err(Missed::NoAddress));
        let said = clock(&[unreached(), silent()]);
        assert_eq!(said.text.en, "No partner was reached to compare clocks with.");
        assert!(said.wellness == Wellness::Warning && said.next.is_some(), "{said:?}");
        assert_eq!(clock(&[unreached(), called(Ok(1))]).wellness, Wellness::Good);
        // Where nobody is there to be called, nothing is wrong.
        for nobody in [Vec::new(), vec![silent()]] {
            let said = clock(&nobody);
            assert_eq!(said.text.en, "There is no partner to call and compare clocks with.");
            assert!(said.wellness == Wellness::Good && said.next.is_none(), "{said:?}");
        }
    }

    #[test]
    fn a_clock_is_ahead_or_behind_by_one_second_or_several() {
        let said = |ahead_s| clock(&[called(Ok(ahead_s))]).text;
        assert_eq!(said(0).en, "Partners’ clocks agree with ours.");
        assert_eq!(said(1).en, "Partners’ clocks are 1\u{a0}second ahead of ours.");
        let fr = "Les horloges des partenaires retardent de 2\u{a0}secondes sur la nôtre.";
        assert_eq!(said(-2).fr, fr);
    }

    #[test]
    fn every_partner_that_does_not_answer_comes_with_a_next_step() {
        for missed in [
            Missed::Door("refused".into()),
            Missed::RefusedByPartner("suspended".into()),
            Missed::RefusedByUs("fork".into()),
            Missed::NoAddress,
            Missed::OtherVersion,
        ] {
            let check = partner(&called(Err(missed)), 0);
            assert!(check.wellness != Wellness::Good && check.next.is_some(), "{check:?}");
        }
        assert_eq!(partner(&called(Ok(0)), 0).wellness, Wellness::Good);
    }
}
