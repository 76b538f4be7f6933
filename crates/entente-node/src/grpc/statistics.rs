//! The calls of partners for private statistics: `entente.v1.Statistics`.

use std::sync::Arc;

use entente_proto::v1;
use tonic::{Request, Response, Status};

use super::exchange::caller;
use super::status::ToStatus as _;
use super::{parsed, run};
use crate::node::Node;
use crate::node::statistics::ReleaseShut;

/// Answers questions for releases.
#[derive(Clone, Debug)]
pub struct Statistics {
    node: Arc<Node>,
}

impl Statistics {
    /// Answers on behalf of `node`.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node }
    }
}

#[tonic::async_trait]
impl v1::statistics_server::Statistics for Statistics {
    async fn release(
        &self,
        request: Request<v1::ReleaseRequest>,
    ) -> Result<Response<v1::ReleaseReply>, Status> {
        let caller = caller(&request)?;
        let question = entente_proto::parse_release_question(request.into_inner());
        // In the words of every other question that no plan has.
        let refusal = || ReleaseShut::OutsidePlan.to_status();
        let question = parsed(&self.node, caller, question, refusal).await?;
        let answer = run(&self.node, move |node| node.answer_release(&caller, &question)).await?;
        let answer = Some(entente_proto::document_message(&answer));
        Ok(Response::new(v1::ReleaseReply { answer }))
    }
}
