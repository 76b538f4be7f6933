//! Partners and staff call us.
//!
//! A handler learns who is calling, parses what they want, lets the [`Node`] do it on a blocking
//! thread, and turns the answer into messages. Anything more belongs in [`Node`]. What a caller is
//! told of an error is decided in one place, [`status`].

pub mod exchange;
pub mod follow;
pub mod local;
pub mod overlap;
pub mod statistics;
pub mod status;
pub mod sums;

use std::sync::Arc;

use entente_core::identity::OrgId;
use entente_proto::Invalid;
use tonic::Status;

use crate::node::Node;

/// Runs `f` where it may block, and turns its error into what the caller gets to see.
pub(crate) async fn run<T, E>(
    node: &Arc<Node>,
    f: impl FnOnce(&Node) -> Result<T, E> + Send + 'static,
) -> Result<T, Status>
where
    T: Send + 'static,
    E: status::ToStatus + Send + 'static,
{
    let node = Arc::clone(node);
    match tokio::task::spawn_blocking(move || f(&node)).await {
        Ok(result) => result.map_err(|error| error.to_status()),
        Err(_) => Err(Status::internal("the node failed")),
    }
}

/// What a message means. What no honest node sends is noted, and gets `refusal`: which field was wrong
/// says something about our parser, not about their mistake.
pub(crate) async fn parsed<T>(
    node: &Arc<Node>,
    caller: OrgId,
    parsed: Result<T, Invalid>,
    refusal: impl FnOnce() -> Status,
) -> Result<T, Status> {
    match parsed {
        Ok(parsed) => Ok(parsed),
        Err(Invalid { field, .. }) => {
            run(node, move |node| node.note_malformed(&caller, field)).await?;
            Err(refusal())
        }
    }
}
