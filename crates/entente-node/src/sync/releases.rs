//! Asking partners for releases of their figures.

use entente_core::audit::Actor;
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::statistics::release::ReleaseId;
use entente_proto::v1::statistics_client::StatisticsClient;
use entente_proto::{ReleaseQuestion, v1};

use super::{MAX_MESSAGE, Missed, Peers, missed, timed};
use crate::node::statistics::{AnswerKept, Asking};

impl Peers {
    /// Asks a contributor for one release and keeps what it answers.
    ///
    /// If it has been set back, it is given all receipts that it lacks and we hold, and asked again.
    pub async fn ask_release(
        &self,
        actor: Actor,
        contributor: &OrgId,
        release: &ReleaseId,
    ) -> Result<AnswerKept, Missed> {
        let mut asking = Asking::First;
        loop {
            let kept = self.put_release_question(&actor, contributor, release, asking).await?;
            match asking.next(&kept) {
                Some(next) => asking = next,
                None => return Ok(kept),
            }
        }
    }

    async fn put_release_question(
        &self,
        actor: &Actor,
        contributor: &OrgId,
        release: &ReleaseId,
        asking: Asking,
    ) -> Result<AnswerKept, Missed> {
        let (id, release, actor) = (*contributor, *release, actor.clone());
        let row = self.blocking(move |node| node.partner_row(&id)).await??;
        let question = self
            .blocking(move |node| node.release_question(actor, &id, &release, asking))
            .await??;
        let answer = self.release(&id, &row.address, &question).await?;
        Ok(self.blocking(move |node| node.keep_release_answer(&id, &release, &answer)).await??)
    }

    async fn release(
        &self,
        partner: &OrgId,
        address: &str,
        question: &ReleaseQuestion,
    ) -> Result<Envelope, Missed> {
        let channel = self.channel(partner, address)?;
        let mut client =
            StatisticsClient::new(channel.clone()).max_decoding_message_size(MAX_MESSAGE);
        let request = entente_proto::release_question_message(question);
        let reply = client.release(timed(request)).await;
        let reply: v1::ReleaseReply =
            reply.map_err(|status| missed(&channel, &status))?.into_inner();
        let answer = reply.answer.ok_or_else(|| Missed::RefusedByUs("malformed".to_owned()))?;
        entente_proto::parse_document(answer)
            .map_err(|error| Missed::RefusedByUs(error.to_string()))
    }
}
