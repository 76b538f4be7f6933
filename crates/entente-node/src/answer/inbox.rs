//! Answers: what waits for whoever asks, and whether messages about it arrive.

use std::sync::Arc;
use std::time::Duration;

use super::partners::blocking;
use super::partners::told::both;
use super::{Desk, Staff, Steps, step, store};
use crate::fault::{Both, Fault};
use crate::local::doc::{
    InboxAsk, InboxTold, NotifyTestAsk, NotifyTestTold, WaitingLine, WayTested,
};
use crate::node::Outcome;
use crate::node::notices::Tried;
use crate::node::pairing::random;
use crate::node::waiting::{Beside, Waiting};

/// The longest that an answer waits for news. Whoever watches asks again.
const PATIENCE: Duration = Duration::from_secs(25);

/// How long things are let settle after the first piece of news: many come together.
const SETTLE: Duration = Duration::from_millis(200);

/// What waits for somebody here.
pub(crate) fn waiting(desk: &Desk) -> Outcome<Waiting> {
    let n_rows_aside = desk.jobs.n_with_rows_aside()?;
    desk.node.waiting(Beside { is_backup_old: is_backup_old(desk), n_rows_aside })
}

/// Two that were missed in a row mean that something is wrong. With none at all, the first may take
/// its time after the start.
fn is_backup_old(desk: &Desk) -> bool {
    let every_s = i64::from(desk.config.backup.every_h) * 3600;
    let since_s = store::newest(&desk.home.backups(&desk.config)).unwrap_or(desk.started_s);
    every_s > 0 && desk.node.now_s() - since_s > 2 * every_s
}

pub(super) async fn inbox(
    desk: Arc<Desk>,
    staff: Staff,
    ask: InboxAsk,
    _: Steps,
) -> Outcome<InboxTold> {
    let mut anything = desk.node.news().of_anything();
    if let Some(seen) = ask.after
        && *anything.borrow() == seen
    {
        let news = async {
            if anything.wait_for(|n| *n != seen).await.is_ok() {
                tokio::time::sleep(SETTLE).await;
            }
        };
        // Without news the answer is the same as before, and that is one.
        let news = tokio::time::timeout(PATIENCE, news);
        let _late = desk.stop.run_until_cancelled(news).await;
    }
    // Before the look: what happens during it is news to whoever asks next.
    let seen = *anything.borrow_and_update();
    let told = blocking(&desk, move |desk| {
        let waiting = waiting(desk)?.for_roles(&staff.roles);
        let line = |(matter, n): (crate::node::waiting::Matter, u64)| WaitingLine {
            matter: matter.code().to_owned(),
            n,
            text: matter.text(n),
            next: matter.next().to_owned(),
        };
        let organization = both(&desk.node.profile().name);
        Ok(InboxTold { organization, waiting: waiting.iter().map(line).collect(), seen })
    });
    told.await
}

pub(super) async fn notify_test(
    desk: Arc<Desk>,
    staff: Staff,
    _: NotifyTestAsk,
    steps: Steps,
) -> Outcome<NotifyTestTold> {
    if desk.ways.is_off() {
        return Err(nobody_is_told());
    }
    let names: Vec<_> = desk.ways.names().map(str::to_owned).collect();
    let mut ways = Vec::with_capacity(names.len());
    for (done, way) in (0..).zip(&names) {
        step(&steps, done, names.len() as u64, "sending", "envoi");
        let (id, now_s) = (random::<16>()?, desk.node.now_s());
        let sent = desk.ways.send(way, &id, &Waiting::default(), now_s, true).await;
        let tried = match &sent {
            Ok(()) => Tried::Sent,
            Err(failure) => Tried::Failed(failure.code),
        };
        let (actor, kind) = (staff.actor(), way.clone());
        blocking(&desk, move |desk| desk.node.note_test_notice(actor, &kind, tried)).await?;
        let failure = sent.err();
        ways.push(WayTested {
            way: way.clone(),
            taken: failure.is_none(),
            code: failure.as_ref().map(|it| it.code.to_owned()),
            why: failure.map(|it| it.why),
        });
    }
    Ok(NotifyTestTold { ways })
}

fn nobody_is_told() -> Box<Fault> {
    let fault = Fault::new(
        2503,
        ("Nobody is notified of anything.", "Personne n’est avisé de quoi que ce soit."),
        (
            "Name people or a webhook under [notifications] in `entente.toml`, and restart: `entente node run`.",
            "Indiquez des personnes ou un webhook sous [notifications] dans `entente.toml`, puis relancez\u{a0}: `entente node run`.",
        ),
    );
    let Both { en, fr } = Both::new(
        "what waits is shown by entente inbox all the same",
        "entente inbox montre quand même ce qui attend",
    );
    fault.because(en, fr)
}
