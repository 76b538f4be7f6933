//! The doors: how connections come in and go out.
//!
//! The **partner door** speaks gRPC over the TLS of [`crate::tls`]; the **local door** is a Unix
//! socket for the command line; the **console door** is HTTPS for browsers. The accept loop is ours, because everything that keeps strangers
//! out happens before the first request: deadlines for the handshake and for the first bytes of
//! HTTP/2, a cap on connections, and one for each partner. After that, [`LiveCheck`] asks again on
//! every request, and [`Admissions::set`] ends the open streams of a partner that is suspended.
//!
//! Handlers find out who is calling from [`Peer`] or [`LocalPeer`] in the request's extensions,
//! never from a field of the message. What a caller may ask for is decided behind the door.

use std::time::Duration;

use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::server::HealthReporter;
use tonic_reflection::pb;
use tower::layer::util::{Identity, Stack};

mod admissions;
mod check;
mod connect;
mod console;
mod error;
mod guarded;
mod local;
mod partner;
mod steady;

pub use admissions::Admissions;
pub(crate) use check::SUSPENDED;
pub use check::{Checked, LiveCheck};
pub use connect::{PartnerChannel, connect};
pub use console::{ConsoleDoor, ConsoleStream, Knock};
pub use error::DoorError;
pub use local::{LocalDoor, LocalDoorError, LocalPeer, LocalStream, connect_local};
pub use partner::{DoorLimits, Incoming, PartnerDoor, Peer, PeerStream};

/// The longest message that a partner may send, in bytes.
///
/// A batch of 512 summaries of 150 bytes is 75 KiB, and an agreement is at most 256 KiB; 1 MiB
/// leaves room and is little to hold for each stream. Every service sets it as its limit.
pub const MAX_MESSAGE: usize = 1 << 20;

/// How often an open connection is probed, and how long it may take to answer.
///
/// A partner that vanished is noticed after 30 s at most. More often would wake sleeping links.
pub(crate) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
pub(crate) const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// A server without services, with limits for callers who may be hostile.
///
/// The values are those under which rapid reset, header floods, windows of zero, silent
/// connections and endless streams were tried against this stack without harm to other callers.
pub fn partner_server(check: LiveCheck) -> PartnerServer {
    limited().layer(check)
}

/// A [`Server`] that looks callers up on every request.
pub type PartnerServer = Server<Stack<LiveCheck, Identity>>;

/// A server without services, for the local door.
pub fn local_server() -> Server {
    limited()
}

fn limited() -> Server {
    Server::builder()
        .max_concurrent_streams(64)
        .concurrency_limit_per_connection(32)
        // Above 32 at once, the caller is told to come back rather than kept waiting.
        .load_shed(true)
        // HTTP/2's own default for a stream, and 16 times that for the connection: a caller that
        // does not read holds at most 1 MiB of our memory.
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(1 << 20)
        .http2_max_pending_accept_reset_streams(Some(16))
        .http2_max_local_error_reset_streams(Some(64))
        .http2_max_header_list_size(16 * 1024)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        // Until the answer begins. The longest question, a count over a full store, takes less
        // than a second.
        .timeout(Duration::from_secs(30))
        // A connection outlives neither the leaf it was opened with nor a renewed identity for
        // long. Its open streams are allowed to end.
        .max_connection_age(Duration::from_secs(3600))
}

/// The services that every gRPC server has: health, and the description of its interface.
///
/// `descriptors` is the encoded `FileDescriptorSet` of our own services.
pub fn standard_services(
    descriptors: &[u8],
) -> Result<(HealthReporter, Routes), tonic_reflection::server::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Each version would otherwise list only itself.
            .register_encoded_file_descriptor_set(pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(pb::v1alpha::FILE_DESCRIPTOR_SET)
            .include_reflection_service(false)
    };
    // Most tools still ask in the older version.
    let routes = Routes::new(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    Ok((reporter, routes))
}
