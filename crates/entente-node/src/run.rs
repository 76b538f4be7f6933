//! A running node: its two doors, its sync loop, its backups, and how it stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use entente_core::audit::{Action, Actor};
use entente_proto::v1;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;

use crate::accounts;
use crate::answer::Desk;
use crate::clock::{Clock, SystemClock};
use crate::doors::{
    self, DoorLimits, LiveCheck, LocalDoor, LocalDoorError, MAX_MESSAGE, PartnerDoor,
};
use crate::fault::Fault;
use crate::grpc::exchange::Exchange;
use crate::grpc::follow::Following;
use crate::grpc::local::Local;
use crate::grpc::overlap::Overlap;
use crate::grpc::statistics::Statistics;
use crate::grpc::sums::Sums;
use crate::node::Outcome;
use crate::notify::{self, Ways};
use crate::oidc::Provider;
use crate::setup::{OpenHome, io_fault};
use crate::sync::{self, Peers};
use crate::tls::{Doorkeeper, LiveIdentity};

/// Services that somebody who was invited may call before the phone check.
const FOR_INVITEES: &[&str] = &["entente.v1.Onboarding"];

/// How often the certificate is looked at. It is renewed ten days before it lapses, so an hour
/// more or less does not matter.
const RENEWAL_CHECK: Duration = Duration::from_secs(3600);

/// A node that is up.
#[derive(Debug)]
pub struct Running {
    /// Where the partner door listens.
    pub address: SocketAddr,
    /// The desk that answers staff, for whoever runs the node in the same process.
    pub desk: Arc<Desk>,
    stop: CancellationToken,
    tasks: tokio::task::JoinSet<()>,
}

/// Opens the doors of a node and starts what it does by itself.
pub async fn start(open: OpenHome) -> Outcome<Running> {
    let OpenHome { home, config, node, key, ring } = open;
    accounts::check(&config)?;
    let ways = Arc::new(Ways::open(&config, &home)?.of(&node));
    let provider = config.oidc.as_ref().map(|it| Provider::open(it, &home)).transpose()?;
    let identity = LiveIdentity::new(key, Arc::new(SystemClock)).map_err(|_| no_certificate())?;
    std::fs::write(home.certificate(), identity.certificate_pem())
        .map_err(|error| io_fault(&error))?;

    let stop = CancellationToken::new();
    let admissions = Arc::clone(&node.admissions);
    let listen = config.partner_door.listen;
    let door = PartnerDoor::bind(listen, &identity, Arc::clone(&admissions), DoorLimits::default());
    let door = door.await.map_err(|error| port_fault(listen, &error))?;
    let address = door.local_addr().map_err(|error| io_fault(&error))?;

    let peers = Arc::new(Peers::new(Arc::clone(&node), identity.clone()));
    let desk = Desk::new(
        Arc::clone(&node),
        Arc::clone(&peers),
        home.clone(),
        config.clone(),
        identity.clone(),
        ring,
        stop.clone(),
    );
    let desk = Arc::new(desk.telling(Arc::clone(&ways)).trusting(provider));
    let recovering = Arc::clone(&desk);
    let recovered = tokio::task::spawn_blocking(move || recovering.jobs.recover()).await;
    match recovered.unwrap_or_else(|_| Err(crate::answer::failed()))? {
        0 => {}
        n_lost => tracing::warn!(n_lost, "long work was ended by the last stop"),
    }
    let group = accounts::group_id(&config.staff_door.group);
    let for_staff = config.staff_socket().zip(group);
    let for_staff = for_staff.map(|(path, group)| LocalDoor::bind_for_group(path, group));
    let for_staff = for_staff.transpose().map_err(|error| staff_door_fault(&error))?;
    let socket = LocalDoor::bind(&home.socket()).map_err(|error| socket_fault(&error))?;

    let mut tasks = tokio::task::JoinSet::new();
    let (_, routes) = doors::standard_services(entente_proto::FILE_DESCRIPTOR_SET)
        .map_err(|_| no_certificate())?;
    let hold_back = Duration::from_secs(u64::from(config.sync.hold_back_s));
    let following = Following::new(hold_back, stop.clone());
    let exchange = Exchange::new(Arc::clone(&node), following);
    let service = v1::exchange_server::ExchangeServer::new(exchange.clone())
        .max_decoding_message_size(MAX_MESSAGE)
        .send_compressed(CompressionEncoding::Zstd)
        .accept_compressed(CompressionEncoding::Zstd);
    let statistics =
        v1::statistics_server::StatisticsServer::new(Statistics::new(Arc::clone(&node)))
            .max_decoding_message_size(MAX_MESSAGE);
    let overlap = v1::overlap_server::OverlapServer::new(Overlap::new(Arc::clone(&node)))
        .max_decoding_message_size(MAX_MESSAGE);
    let sums = v1::secure_sum_server::SecureSumServer::new(Sums::new(Arc::clone(&node)))
        .max_decoding_message_size(MAX_MESSAGE);
    let doorkeeper = admissions as Arc<dyn Doorkeeper>;
    let router = doors::partner_server(LiveCheck::new(doorkeeper, FOR_INVITEES))
        .add_routes(routes)
        .add_service(service)
        .add_service(v1::onboarding_server::OnboardingServer::new(exchange))
        .add_service(statistics)
        .add_service(overlap)
        .add_service(sums);
    let stopping = stop.clone();
    tasks.spawn(async move {
        if door.serve(router, stopping).await.is_err() {
            tracing::error!("the partner door failed");
        }
    });
    let local = v1::local_server::LocalServer::new(Local::new(Arc::clone(&desk)))
        .max_decoding_message_size(16 * MAX_MESSAGE);
    for socket in [Some(socket), for_staff].into_iter().flatten() {
        let (local, stopping) = (local.clone(), stop.clone());
        tasks.spawn(async move {
            let served = socket.serve(doors::local_server().add_service(local), stopping);
            if served.await.is_err() {
                tracing::error!("the local door failed");
            }
        });
    }
    let every = Duration::from_secs(u64::from(config.sync.interval_s));
    if config.sync.live {
        tasks.spawn(sync::live(Arc::clone(&peers), stop.clone()));
    }
    tasks.spawn(sync::follow(peers, every, stop.clone()));
    tasks.spawn(renew(identity, stop.clone()));
    tasks.spawn(draw(Arc::clone(&desk.node), stop.clone()));
    tasks.spawn(keep_house(Arc::clone(&desk.node), stop.clone()));
    tasks.spawn(watch_referrals(Arc::clone(&desk.node), stop.clone()));
    tasks.spawn(notify::keep_telling(Arc::clone(&desk), ways, stop.clone()));
    tasks.spawn(sweep(Arc::clone(&desk), stop.clone()));
    tasks.spawn(crate::answer::nightly_backups(Arc::clone(&desk), stop.clone()));
    tracing::info!(%address, "node is up");
    Ok(Running { address, desk, stop, tasks })
}

impl Running {
    /// Waits until the node was asked to stop, and then until everything has ended.
    pub async fn wait(mut self) {
        self.stop.cancelled().await;
        self.desk.jobs.end().await;
        while self.tasks.join_next().await.is_some() {}
        let node = Arc::clone(&self.desk.node);
        let stopped = move || node.audit(vec![node.entry(Actor::Node, Action::NodeStopped)]);
        if !matches!(tokio::task::spawn_blocking(stopped).await, Ok(Ok(()))) {
            tracing::warn!("the stop could not be written down");
            return;
        }
        let desk = Arc::clone(&self.desk);
        let remember = move || desk.node.remember(&desk.home.memory());
        if !matches!(tokio::task::spawn_blocking(remember).await, Ok(Ok(()))) {
            tracing::warn!("the next start will read every record");
        }
    }

    /// Asks the node to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Cancelled when the node stops.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }
}

/// Ends what has expired, destroys what is kept too long, and closes the door to invitations that have lapsed.
async fn keep_house(node: Arc<crate::node::Node>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(HOUSEKEEPING)).await.is_some() {
        let node = Arc::clone(&node);
        let kept = move || {
            node.refresh_admissions()?;
            node.expire_agreements()?;
            node.end_stale_overlaps()?;
            node.forget_capacities_over()?;
            node.say_all_services()?;
            node.publish_team_key()?;
            node.destroy_old_team_keys()?;
            let n_shredded = node.shred_expired()? + node.shred_expired_handovers()?;
            Ok::<_, Box<Fault>>(n_shredded + node.forget_requests()?)
        };
        match tokio::task::spawn_blocking(kept).await {
            Ok(Ok(0)) => {}
            Ok(Ok(n_shredded)) => tracing::info!(n_shredded, "retention is over"),
            Ok(Err(fault)) => tracing::error!(code = %fault.code, "housekeeping failed"),
            Err(_) => tracing::error!("housekeeping failed"),
        }
    }
}

/// Draws what was paid for since the last time. Who asks sees when they asked, and not when this is.
async fn draw(node: Arc<crate::node::Node>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(DRAWING)).await.is_some() {
        let node = Arc::clone(&node);
        match tokio::task::spawn_blocking(move || node.draw_releases()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(n_drawn)) => tracing::info!(n_drawn, "releases were drawn"),
            Ok(Err(fault)) => tracing::error!(code = %fault.code, "releases were not drawn"),
            Err(_) => tracing::error!("releases were not drawn"),
        }
    }
}

/// Reminds of referrals, and lets offers lapse.
async fn watch_referrals(node: Arc<crate::node::Node>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(REFERRAL_CHECK)).await.is_some() {
        let node = Arc::clone(&node);
        match tokio::task::spawn_blocking(move || node.referral_timers()).await {
            Ok(Ok(alarms)) => {
                for alarm in alarms {
                    tracing::warn!(referral = %alarm.id, kind = alarm.kind.code(), "referral");
                }
            }
            Ok(Err(fault)) => tracing::error!(code = %fault.code, "referral timers failed"),
            Err(_) => tracing::error!("referral timers failed"),
        }
    }
}

async fn renew(identity: LiveIdentity, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(RENEWAL_CHECK)).await.is_some() {
        match identity.renew_if_due(SystemClock.now_s()) {
            Ok(true) => tracing::info!("certificate renewed"),
            Ok(false) => {}
            Err(_) => tracing::error!("the certificate could not be renewed"),
        }
    }
}

/// Removes files of long work that nobody came back for.
async fn sweep(desk: Arc<Desk>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_some() {
        let desk = Arc::clone(&desk);
        let sweep = move || desk.jobs.files.sweep(desk.node.now_s());
        if tokio::task::spawn_blocking(sweep).await.is_err() {
            tracing::error!("files of long work were not removed");
        }
    }
}

/// Files of long work stay for an hour; a minute more does not matter.
const SWEEP: Duration = Duration::from_secs(60);

/// How often what was paid for is drawn. A person who asks for figures asks again after that long.
const DRAWING: Duration = Duration::from_secs(30);

/// Retention counts in days and invitations in days; an hour late is early enough.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

/// The shortest time to answer a referral is an hour; a minute late is early enough.
const REFERRAL_CHECK: Duration = Duration::from_secs(60);

/// A certificate that could not be made: `ENT-1104`.
pub fn no_certificate() -> Box<Fault> {
    Fault::new(
        1104,
        ("The certificate could not be made.", "Le certificat n’a pas pu être créé."),
        (
            "Check the clock of the machine: `entente doctor`.",
            "Vérifiez l’horloge\u{a0}: `entente doctor`.",
        ),
    )
}

fn port_fault(address: SocketAddr, error: &std::io::Error) -> Box<Fault> {
    let taken = error.kind() == std::io::ErrorKind::AddrInUse;
    let fault = Fault::new(
        1007,
        (
            "The partner door cannot be opened.",
            "La porte des partenaires ne peut pas être ouverte.",
        ),
        (
            "Choose another port: `partner_door.listen` in `entente.toml`.",
            "Choisissez un autre port\u{a0}: `partner_door.listen` dans `entente.toml`.",
        ),
    );
    if taken {
        return fault.because(
            format!("Something else listens on {address}."),
            format!("Un autre programme écoute sur {address}."),
        );
    }
    fault.in_detail(&error.kind())
}

fn staff_door_fault(error: &LocalDoorError) -> Box<Fault> {
    Fault::new(
        1015,
        ("The door for staff cannot be opened.", "La porte du personnel ne peut pas être ouverte."),
        (
            "Check `staff_door` in `entente.toml`: the folder of the socket, and that the account of the node is a member of the group.",
            "Vérifiez `staff_door` dans `entente.toml`\u{a0}: le répertoire de la socket, et que le compte du nœud est membre du groupe.",
        ),
    )
    .in_detail(&error)
}

fn socket_fault(error: &LocalDoorError) -> Box<Fault> {
    Fault::new(
        1008,
        ("The local door cannot be opened.", "La porte locale ne peut pas être ouverte."),
        (
            "Check that no other node runs in this folder, and that it belongs to you alone.",
            "Vérifiez qu’aucun autre nœud n’utilise ce répertoire et qu’il n’appartient qu’à vous.",
        ),
    )
    .in_detail(&error)
}
