//! The console: what a person of the organization does in a browser.
//!
//! It is thin. A page asks the node what the command line would ask, through
//! [`Desk::ask`](entente_node::answer::Desk::ask), and shows the document that comes back; it
//! decides nothing about a case. Read on in the order of a request:
//!
//! 1. `serve`: from a TLS connection to HTTP;
//! 2. `guard`: what every answer carries, and requests of other sites;
//! 3. `gate`: who is asking, and which routes are open to whom;
//! 4. `pages`: one module for each area, with its routes;
//! 5. `page`: what every page has in common, and `problem`, the page of a fault;
//! 6. `figures` and `charts`: tables of figures and their pictures;
//! 7. `public`: the site for everybody, a router of its own.
//!
//! Every page works without scripts; they add comfort. Nothing is fetched from anywhere else.

mod assets;
mod carried;
mod charts;
mod figures;
mod gate;
mod guard;
mod kept;
mod notices;
mod page;
mod pages;
mod paging;
mod problem;
mod prose;
mod public;
mod route;
mod serve;
#[cfg(test)]
mod texts;
mod turns;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use entente_node::answer::{Asked, ConsoleAt, Desk, Halt, Staff};
use entente_node::clock::SystemClock;
use entente_node::doors::ConsoleDoor;
use entente_node::fault::Fault;
use entente_node::jobs::{ImportChoice, Upload};
use entente_node::local::doc::RecordImportTold;
use entente_node::local::{Ask, Op};
use entente_node::node::Outcome;
use entente_node::tls::{ConsoleCertificate, Shown, console_config};
use tokio_util::sync::CancellationToken;

pub use route::{Need, Route, routes};
use turns::Turns;

/// How often the console looks whether its certificate was renewed.
const LOOK_AT_CERTIFICATE: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// The console of one node.
pub struct Console {
    desk: Arc<Desk>,
    cookie: String,
    origins: Vec<String>,
    zone: jiff::tz::TimeZone,
    // What was typed when a proof was asked for.
    forms: kept::Forms,
    // Checking a password takes 19 MiB and one core for a moment: so many at once.
    proofs: Turns,
    // A return is checked whenever anybody looks at it. One at a time leaves a core to the staff.
    public: Turns,
    // What the public site shows without checking a return, such as numbers to call.
    listed: Turns,
    newest: public::Newest,
    // An estimate of persons on no list draws thousands of tables.
    estimates: Turns,
    // A workbook is unpacked for it, which takes memory.
    previews: Turns,
}

/// How many may wait for a page of the public site: what a few hundred readers ask for at the same moment.
const PUBLIC_QUEUE: usize = 64;

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

/// A console that is open.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub at: ConsoleAt,
    /// The SHA-256 of its certificate, as browsers show it.
    pub fingerprint: String,
    /// Where the public site listens besides, if it has an address of its own.
    pub public: Option<SocketAddr>,
    serving: tokio::task::JoinHandle<()>,
    serving_public: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// Waits until it has closed.
    pub async fn wait(self) {
        let _ = self.serving.await;
        if let Some(public) = self.serving_public {
            let _ = public.await;
        }
    }
}

/// Opens the console of a node, until `stop` is cancelled. `None` if the settings want none.
pub async fn start(desk: Arc<Desk>, stop: CancellationToken) -> Outcome<Option<Running>> {
    let config = desk.config.console.clone();
    if !config.enabled {
        return Ok(None);
    }
    let certificate = certificate(&desk)?;
    let fingerprint = certificate.fingerprint();
    let shown = Shown::new(certificate).map_err(|e| bad_files(&e))?;
    let tls =
        console_config(Arc::clone(&shown), Arc::new(SystemClock)).map_err(|e| bad_files(&e))?;
    let door = ConsoleDoor::bind(config.listen, tls).await.map_err(|e| shut(config.listen, &e))?;
    let address = door.local_addr().map_err(|e| shut(config.listen, &e))?;
    let at = ConsoleAt { address, origin: origin(&desk, address) };
    desk.console_is_at(at.clone());
    let (public, serving_public) = open_public(&desk, &at, &shown, &stop).await?.unzip();
    tokio::spawn(keep_current(Arc::clone(&desk), shown, stop.clone()));
    let serving = tokio::spawn(serve::serve(door, router(desk, &at), stop));
    tracing::info!(address = %at.address, "the console is open");
    Ok(Some(Running { at, fingerprint, public, serving, serving_public }))
}

/// Shows a certificate that was renewed, in its files or by the node itself, without a start.
async fn keep_current(desk: Arc<Desk>, shown: Arc<Shown>, stop: CancellationToken) {
    let mut hours = tokio::time::interval(LOOK_AT_CERTIFICATE);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hours.tick() => {}
        }
        let (desk, shown) = (Arc::clone(&desk), Arc::clone(&shown));
        let look = move || {
            let certificate = certificate(&desk)?;
            shown.replace(certificate).map_err(|error| bad_files(&error))
        };
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok(true)) => tracing::info!("browsers are shown another certificate"),
            Ok(Err(fault)) => tracing::warn!(code = %fault.code, "the certificate of the console"),
            _ => {}
        }
    }
}

/// Opens the public site at an address of its own, with the certificate of the console.
async fn open_public(
    desk: &Arc<Desk>,
    at: &ConsoleAt,
    shown: &Arc<Shown>,
    stop: &CancellationToken,
) -> Outcome<Option<(SocketAddr, tokio::task::JoinHandle<()>)>> {
    let Some(address) = desk.config.public.address() else { return Ok(None) };
    let tls =
        console_config(Arc::clone(shown), Arc::new(SystemClock)).map_err(|e| bad_files(&e))?;
    let door = ConsoleDoor::bind(address, tls).await.map_err(|e| public_shut(address, &e))?;
    let address = door.local_addr().map_err(|e| public_shut(address, &e))?;
    let site = public_router(Arc::clone(desk), at);
    tracing::info!(%address, "the public site is open");
    Ok(Some((address, tokio::spawn(serve::serve(door, site, stop.clone())))))
}

/// The public site alone, for whoever brings connections of their own.
pub fn public_router(desk: Arc<Desk>, at: &ConsoleAt) -> axum::Router {
    public::site(Arc::new(Console::new(desk, at)))
}

/// Everything that the console of a desk serves, for whoever brings connections of their own.
pub fn router(desk: Arc<Desk>, at: &ConsoleAt) -> axum::Router {
    route::router(Arc::new(Console::new(desk, at)))
}

impl Console {
    fn new(desk: Arc<Desk>, at: &ConsoleAt) -> Self {
        // Cookies know no port: two consoles on one machine must not share the name.
        let id = desk.node.id().to_string();
        let cookie = format!("__Host-entente-{}", id.get(..8).unwrap_or_default());
        let mut origins = vec![at.origin.clone()];
        let trusted = &desk.config.console.trusted_origin;
        origins.extend((!trusted.is_empty()).then(|| trusted.clone()));
        let zone = desk.config.console.zone();
        Self {
            desk,
            cookie,
            origins,
            zone,
            forms: kept::Forms::default(),
            proofs: Turns::of(2),
            public: Turns::queued(1, PUBLIC_QUEUE),
            listed: Turns::queued(1, PUBLIC_QUEUE),
            newest: public::Newest::default(),
            estimates: Turns::of(1),
            previews: Turns::of(1),
        }
    }

    /// Asks the node, as the command line would. What was begun is done, also if whoever asked is gone meanwhile.
    async fn ask<A: Ask>(&self, staff: &Staff, ask: &A) -> Outcome<A::Told> {
        let failed = |_| page::failed();
        let body = serde_json::to_string(ask).map_err(failed)?;
        let asked = Asked::new(A::OP, staff.clone(), body, Box::new(|_| {}));
        let desk = Arc::clone(&self.desk);
        let asking = async move { desk.ask(asked).await };
        let told = match A::OP {
            // It waits for news, of which nobody who is gone is in need.
            Op::Inbox => asking.await,
            _ => to_the_end(asking).await,
        }?;
        serde_json::from_str(&told).map_err(failed)
    }

    /// Does something with accounts, which blocks.
    async fn people<T: Send + 'static>(
        &self,
        work: impl FnOnce(&entente_node::people::People) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let desk = Arc::clone(&self.desk);
        let done = tokio::task::spawn_blocking(move || work(&desk.people));
        done.await.unwrap_or_else(|_| Err(page::failed()))
    }
}

impl Console {
    /// The same where a password is checked or kept.
    async fn proving<T: Send + 'static>(
        &self,
        work: impl FnOnce(&entente_node::people::People) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let desk = Arc::clone(&self.desk);
        self.proofs.run(move || work(&desk.people)).await
    }

    /// What an import would do, one at a time. It stops when whoever asked is gone.
    async fn preview(
        &self,
        staff: &Staff,
        upload: &Upload,
        choice: &ImportChoice,
    ) -> Outcome<RecordImportTold> {
        let (staff, upload, choice) = (staff.clone(), upload.clone(), choice.clone());
        let gone = Gone(Halt::default());
        let (desk, halt) = (Arc::clone(&self.desk), gone.0.clone());
        let asking = async move { desk.preview_import(&staff, &upload, &choice, halt).await };
        self.previews.ask(asking).await
    }

    /// Does something with long work, which blocks.
    async fn jobs<T: Send + 'static>(
        &self,
        work: impl FnOnce(&entente_node::jobs::Jobs) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let desk = Arc::clone(&self.desk);
        let done = tokio::task::spawn_blocking(move || work(&desk.jobs));
        done.await.unwrap_or_else(|_| Err(page::failed()))
    }
}

/// Stops what goes on for somebody when it is dropped: nobody waits for it any more.
struct Gone(Halt);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Does something to its end, whoever still waits for it: a browser that hangs up takes with it what answers it, and an
/// approval would stop between what it does and what it says of that.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Outcome<T>> + Send + 'static,
) -> Outcome<T> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(page::failed()))
}

fn certificate(desk: &Desk) -> Outcome<ConsoleCertificate> {
    let config = &desk.config.console;
    if config.certificate.as_os_str().is_empty() {
        let (folder, now_s) = (desk.home.path(), desk.node.now_s());
        return ConsoleCertificate::own(folder, &config.public_name, now_s)
            .map_err(|error| bad_files(&error));
    }
    ConsoleCertificate::read(&config.certificate, &config.key).map_err(|error| bad_files(&error))
}

/// What a browser is given: the name and the port.
fn origin(desk: &Desk, address: SocketAddr) -> String {
    let config = &desk.config.console;
    if !config.trusted_origin.is_empty() {
        return config.trusted_origin.clone();
    }
    let host = match config.public_name.as_str() {
        "" if address.ip().is_loopback() => "localhost".to_owned(),
        "" if address.ip().is_ipv6() => format!("[{}]", address.ip()),
        "" => address.ip().to_string(),
        name => name.to_owned(),
    };
    match address.port() {
        443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    }
}

fn shut(address: SocketAddr, error: &std::io::Error) -> Box<Fault> {
    let fault = Fault::new(
        2700,
        ("The console cannot be opened.", "La console ne peut pas être ouverte."),
        (
            "Choose another address: `console.listen` in `entente.toml`.",
            "Choisissez une autre adresse : `console.listen` dans `entente.toml`.",
        ),
    );
    if error.kind() == std::io::ErrorKind::AddrInUse {
        return fault.because(
            format!("Something else listens on {address}."),
            format!("Un autre programme écoute sur {address}."),
        );
    }
    fault.in_detail(&error.kind())
}

fn public_shut(address: SocketAddr, error: &std::io::Error) -> Box<Fault> {
    Fault::new(
        2774,
        ("The public site cannot be opened.", "Le site public ne peut pas être ouvert."),
        (
            "Choose another address: `public.listen` in `entente.toml`.",
            "Choisissez une autre adresse : `public.listen` dans `entente.toml`.",
        ),
    )
    .because(format!("{address}"), format!("{address}"))
    .in_detail(&error.kind())
}

fn bad_files(error: &impl fmt::Display) -> Box<Fault> {
    Fault::new(
        2701,
        (
            "The certificate of the console cannot be used.",
            "Le certificat de la console est inutilisable.",
        ),
        (
            "Check `console.certificate` and `console.key` in `entente.toml`, or remove both.",
            "Vérifiez `console.certificate` et `console.key` dans `entente.toml`, ou retirez les deux.",
        ),
    )
    .in_detail(error)
}
