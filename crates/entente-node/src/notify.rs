//! Telling the staff that something waits: by e-mail, and a program by webhook.
//!
//! A message is counts and nothing else ([`crate::node::waiting`]), because mailboxes are read by
//! others. Who is told when, and that a message is repeated until it was taken and not for ever, the
//! node decides ([`crate::node::notices`]); here are the ways, and the one job that sends.
//!
//! What a server says in refusing is not kept: it may hold an address. What went wrong is a word.

pub mod mail;
mod secret;
pub mod text;
pub mod webhook;

use std::sync::Arc;
use std::time::Duration;

use entente_core::lang::{Lang, Text};
use tokio_util::sync::CancellationToken;

use crate::accounts::Account;
use crate::answer::{Desk, waiting};
use crate::config::{Config, NotificationsConfig, PersonConfig};
use crate::fault::Both;
use crate::local::Role;
use crate::node::notices::{Pace, Reader, Tried, waiting_of};
use crate::node::waiting::Waiting;
use crate::node::{Node, Outcome};
use crate::setup::Home;

use mail::Mailer;
use webhook::Webhook;

/// Looking at what waits reads much of the store, so it is done once in this time at most.
const LOOK_LEAST: Duration = Duration::from_secs(30);

/// What comes due by the day alone is noticed within this time.
const LOOK_MOST: Duration = Duration::from_secs(15 * 60);

/// The name of the way to a program.
const WEBHOOK: &str = "webhook";

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A stable word, for the audit log.
    pub code: &'static str,
    /// What a person reads.
    pub why: Both,
}

impl Failure {
    pub(crate) fn new(code: &'static str, en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self { code, why: Both::new(en, fr) }
    }
}

/// Somebody who is told by e-mail.
#[derive(Clone, Debug)]
struct Person {
    address: lettre::Address,
    lang: Lang,
}

/// The ways of the settings, ready to be used.
#[derive(Debug, Default)]
pub struct Ways {
    organization: Text,
    id: String,
    readers: Vec<Reader>,
    people: Vec<Person>,
    mail: Option<Mailer>,
    webhook: Option<Webhook>,
    pace: Pace,
}

impl Ways {
    /// Reads the secrets and certificates that the settings name. Nothing is connected.
    ///
    /// Faults: `ENT-2500` if a secret, `ENT-2501` if a certificate cannot be used, `ENT-2502` if an
    /// account has no role.
    pub fn open(config: &Config, home: &Home) -> Outcome<Self> {
        let NotificationsConfig { quiet_min, remind_h, mail, webhook, people } =
            &config.notifications;
        let organization = &config.organization;
        let mail = mail.as_ref().map(|it| Mailer::open(it, home)).transpose()?;
        let webhook = webhook.as_ref().map(|it| Webhook::open(it, home)).transpose()?;
        let (mut readers, mut persons) = (Vec::new(), Vec::new());
        for person in people {
            let roles = roles_of(person, config)?;
            let is_coordinator = is_named(person, &config.referrals.coordinator);
            readers.push(Reader { way: format!("mail:{}", person.address), roles, is_coordinator });
            let lang = if person.lang == "fr" { Lang::Fr } else { Lang::En };
            persons.push(Person { address: mail::address(&person.address)?, lang });
        }
        if webhook.is_some() {
            let roles = Role::ALL.to_vec();
            readers.push(Reader { way: WEBHOOK.to_owned(), roles, is_coordinator: false });
        }
        let seconds = |n: u32, each: u64| Duration::from_secs(u64::from(n) * each);
        Ok(Self {
            organization: Text::new(&organization.name_en, &organization.name_fr),
            id: String::new(),
            readers,
            people: persons,
            mail,
            webhook,
            pace: Pace { quiet: seconds(*quiet_min, 60), remind: seconds(*remind_h, 3600) },
        })
    }

    /// The same, of this node.
    #[must_use]
    pub fn of(mut self, node: &Node) -> Self {
        self.id = node.id().to_string();
        self
    }

    /// Whether nobody is told anything.
    pub fn is_off(&self) -> bool {
        self.readers.is_empty()
    }

    /// The names of the ways, in the order of the settings.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.readers.iter().map(|reader| reader.way.as_str())
    }

    /// Sends one message over one way. `is_test` says so in it.
    pub async fn send(
        &self,
        way: &str,
        id: &[u8; 16],
        waiting: &Waiting,
        now_s: i64,
        is_test: bool,
    ) -> Result<(), Failure> {
        if way == WEBHOOK
            && let Some(webhook) = &self.webhook
        {
            let body = text::document(&self.id, &self.organization, waiting, now_s, is_test);
            return webhook.send(&hex::encode(id), now_s, body).await;
        }
        let position = self.readers.iter().position(|reader| reader.way == way);
        let person = position.and_then(|at| self.people.get(at));
        let (Some(mail), Some(person)) = (&self.mail, person) else {
            return Err(Failure::new(
                "unknown_way",
                "the settings no longer name it",
                "les paramètres ne le mentionnent plus",
            ));
        };
        let letter = text::letter(&self.organization, waiting, person.lang, is_test);
        mail.send(&person.address, &hex::encode(id), now_s, letter).await
    }
}

/// Whether `coordinator` is this person: by the address, or by the account.
fn is_named(person: &PersonConfig, coordinator: &str) -> bool {
    let wanted = coordinator.trim();
    let is_it = |name: &str| !wanted.is_empty() && name.trim().eq_ignore_ascii_case(wanted);
    is_it(&person.address) || is_it(&person.account)
}

fn roles_of(person: &PersonConfig, config: &Config) -> Outcome<Vec<Role>> {
    if person.account.is_empty() {
        return Ok(person.named_roles());
    }
    let roles = Account::named(&person.account).map(|account| account.roles(config));
    let roles = roles.unwrap_or_default();
    if roles.is_empty() {
        return Err(secret::no_roles(&person.account));
    }
    Ok(roles)
}

/// Makes what is due and sends it. Returns how many were taken, and how many were not.
pub async fn round(desk: &Arc<Desk>, ways: &Ways) -> Outcome<(usize, usize)> {
    let (readers, pace) = (ways.readers.clone(), ways.pace);
    let due = blocking(desk, move |desk| {
        desk.node.make_notices(&readers, &waiting(desk)?, pace)?;
        desk.node.due_notices()
    });
    let (mut n_sent, mut n_failed) = (0, 0);
    for id in due.await? {
        // Counted first: a node that dies now repeats it, and not for ever.
        let Some(row) = blocking(desk, move |desk| desk.node.begin_notice(&id)).await? else {
            continue;
        };
        let counts = waiting_of(&row.counts);
        let sent = ways.send(&row.way, &id, &counts, desk.node.now_s(), false).await;
        let tried = match &sent {
            Ok(()) => Tried::Sent,
            Err(failure) => Tried::Failed(failure.code),
        };
        match sent {
            Ok(()) => n_sent += 1,
            Err(failure) => {
                n_failed += 1;
                tracing::warn!(why = failure.code, "a message to the staff was not taken");
            }
        }
        blocking(desk, move |desk| desk.node.end_notice(&id, tried)).await?;
    }
    Ok((n_sent, n_failed))
}

/// Tells the staff what waits, until `stop` is cancelled.
pub async fn keep_telling(desk: Arc<Desk>, ways: Arc<Ways>, stop: CancellationToken) {
    if ways.is_off() {
        return;
    }
    let mut anything = desk.node.news().of_anything();
    let telling = async {
        loop {
            anything.borrow_and_update();
            if let Err(fault) = round(&desk, &ways).await {
                tracing::error!(code = %fault.code, "the staff could not be told");
            }
            tokio::time::sleep(LOOK_LEAST).await;
            let wait = next_look(&desk).await;
            // Whichever comes first; a late look does no harm.
            drop(tokio::time::timeout(wait, anything.changed()).await);
        }
    };
    stop.run_until_cancelled(telling).await;
}

/// How long until a message may be due that nothing new brings about, at most [`LOOK_MOST`].
async fn next_look(desk: &Arc<Desk>) -> Duration {
    let next = blocking(desk, |desk| Ok((desk.node.next_look_s()?, desk.node.now_s())));
    match next.await {
        Ok((Some(next_s), now_s)) => {
            let wait_s = u64::try_from(next_s.saturating_sub(now_s)).unwrap_or_default();
            Duration::from_secs(wait_s).min(LOOK_MOST)
        }
        _ => LOOK_MOST,
    }
}

async fn blocking<T: Send + 'static>(
    desk: &Arc<Desk>,
    f: impl FnOnce(&Desk) -> Outcome<T> + Send + 'static,
) -> Outcome<T> {
    let desk = Arc::clone(desk);
    let done = tokio::task::spawn_blocking(move || f(&desk)).await;
    done.unwrap_or_else(|_| Err(crate::answer::failed()))
}
