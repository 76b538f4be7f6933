//! Leading a secure sum over the network, and fetching one that somebody else led.
//!
//! Everything that is asked here may be asked again: what comes back was stored on the other side
//! before it was sent.

use std::time::Duration;

use entente_core::audit::Actor;
use entente_core::envelope::Envelope;
use entente_core::identity::OrgId;
use entente_core::statistics::release::ReleaseId;
use entente_proto::v1::secure_sum_client::SecureSumClient;
use entente_proto::{MAX_PIECE, MAX_RETURN, v1};
use tokio_stream::StreamExt as _;
use tonic::Status;

use super::{MAX_MESSAGE, Missed, Peers, missed, timed};
use crate::doors::PartnerChannel;
use crate::node::statistics::sum::{FATAL, SumKept};
use crate::node::statistics::{AnswerKept, Asking};

/// How long the helper may take for one question: it opens and checks each report, 10 ms each for
/// 400 cells, and a plan has at most 5,000.
const HELPER_DEADLINE: Duration = Duration::from_secs(300);

impl Peers {
    async fn sum_client(
        &self,
        partner: &OrgId,
    ) -> Result<(SecureSumClient<PartnerChannel>, PartnerChannel), Missed> {
        let id = *partner;
        let row = self.blocking(move |node| node.partner_row(&id)).await??;
        let channel = self.channel(partner, &row.address)?;
        let client = SecureSumClient::new(channel.clone()).max_decoding_message_size(MAX_MESSAGE);
        Ok((client, channel))
    }

    /// Asks the helper to open a round that we lead, and keeps its opening.
    pub async fn open_sum(&self, helper: &OrgId, release: &ReleaseId) -> Result<(), Missed> {
        let (mut client, channel) = self.sum_client(helper).await?;
        let of = Some(entente_proto::sum_release_message(release));
        let reply = client.open(timed(v1::SumOpenRequest { release: of })).await;
        let reply = match reply {
            Ok(reply) => reply.into_inner(),
            Err(status) => return Err(self.refused(release, &channel, &status).await?),
        };
        let opening = parsed(reply.opening)?;
        let of = *release;
        match self.blocking(move |node| node.keep_opening(&of, &opening)).await?? {
            true => Ok(()),
            false => Err(Missed::RefusedByUs("opening".to_owned())),
        }
    }

    /// Asks a contributor for its contribution to a round that we lead, and keeps it.
    pub async fn ask_contribution(
        &self,
        actor: Actor,
        contributor: &OrgId,
        release: &ReleaseId,
    ) -> Result<AnswerKept, Missed> {
        let mut asking = Asking::First;
        loop {
            let (id, of, by) = (*contributor, *release, actor.clone());
            let question =
                self.blocking(move |node| node.sum_question(by, &id, &of, asking)).await??;
            let Some(question) = question else { return Ok(AnswerKept::TooLate) };
            let reply = if id == self.node.id() {
                let own = move |node: &crate::node::Node| node.contribute(&id, &question);
                let own = self.blocking(own).await?;
                own.map_err(|shut| Missed::RefusedByUs(shut.to_string()))?
            } else {
                let (mut client, channel) = self.sum_client(&id).await?;
                let request = entente_proto::sum_question_message(&question);
                let reply = client.contribute(timed(request)).await;
                let reply = reply.map_err(|status| missed(&channel, &status))?.into_inner();
                entente_proto::parse_sum_reply(reply)
                    .map_err(|invalid| Missed::RefusedByUs(invalid.to_string()))?
            };
            let kept = self.blocking(move |node| node.keep_sum_reply(&id, &of, &reply)).await??;
            match asking.next(&kept) {
                Some(next) => asking = next,
                None => return Ok(kept),
            }
        }
    }

    /// Asks the helper the next question of a round, and keeps what it answers. Says whether there
    /// was one to ask.
    pub async fn ask_helper(&self, helper: &OrgId, release: &ReleaseId) -> Result<bool, Missed> {
        let of = *release;
        let question = self.blocking(move |node| node.next_sum_question(&of)).await??;
        let Some(question) = question else { return Ok(false) };
        let (mut client, channel) = self.sum_client(helper).await?;
        let mut pieces: Vec<_> = question
            .chunks(MAX_PIECE)
            .map(|piece| v1::SumQuestion { release: None, piece: piece.to_vec() })
            .collect();
        if let Some(first) = pieces.first_mut() {
            first.release = Some(entente_proto::sum_release_message(release));
        }
        let mut request = tonic::Request::new(tokio_stream::iter(pieces));
        request.set_timeout(HELPER_DEADLINE);
        let mut stream = match client.ask(request).await {
            Ok(stream) => stream.into_inner(),
            Err(status) => return Err(self.refused(release, &channel, &status).await?),
        };
        let (mut answer, mut share) = (Vec::new(), None);
        while let Some(reply) = stream.next().await {
            let reply = reply.map_err(|status| missed(&channel, &status))?;
            answer.extend_from_slice(&reply.piece);
            if answer.len() > MAX_RETURN {
                return Err(Missed::RefusedByUs("malformed".to_owned()));
            }
            share = reply.share.map(|share| parsed(Some(share))).transpose()?;
        }
        let keep = move |node: &crate::node::Node| {
            node.sum_answered(&of, &question, &answer, share.as_ref())
        };
        self.blocking(keep).await??;
        Ok(true)
    }

    /// What the helper's refusal means. Some end the round for good.
    async fn refused(
        &self,
        release: &ReleaseId,
        channel: &PartnerChannel,
        status: &Status,
    ) -> Result<Missed, Missed> {
        let missed = missed(channel, status);
        if let Missed::RefusedByPartner(word) = &missed
            && FATAL.contains(&word.as_str())
        {
            let (release, word) = (*release, word.clone());
            self.blocking(move |node| node.give_sum_up(&release, &word)).await??;
        }
        Ok(missed)
    }

    /// Fetches a finished sum from the leader and keeps it.
    pub async fn fetch_sum(&self, leader: &OrgId, release: &ReleaseId) -> Result<SumKept, Missed> {
        let (mut client, channel) = self.sum_client(leader).await?;
        let of = Some(entente_proto::sum_release_message(release));
        let stream = client.fetch(timed(v1::SumFetchRequest { release: of })).await;
        let mut stream = stream.map_err(|status| missed(&channel, &status))?.into_inner();
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            bytes.extend(piece.map_err(|status| missed(&channel, &status))?.piece);
            if bytes.len() > MAX_RETURN {
                return Err(Missed::RefusedByUs("malformed".to_owned()));
            }
        }
        let release = *release;
        Ok(self.blocking(move |node| node.keep_sum(&release, &bytes)).await??)
    }
}

fn parsed(document: Option<v1::Document>) -> Result<Envelope, Missed> {
    let document = document.ok_or_else(|| Missed::RefusedByUs("malformed".to_owned()))?;
    entente_proto::parse_document(document).map_err(|error| Missed::RefusedByUs(error.to_string()))
}
