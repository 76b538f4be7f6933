//! Hello: is the partner there, what time is it with them, how far have they read, and what do they do?

use entente_core::feed::{Checkpoint, FeedId};
use entente_core::identity::OrgId;
use entente_proto::v1::exchange_client::ExchangeClient;
use entente_proto::{HelloBack, VERSIONS, v1};
use entente_store::rows::PartnerRow;

use super::{Missed, Peers, missed, timed};

impl Peers {
    /// Greets a partner. What it says of our feed is noted, if we signed that; so is what it says that it does.
    pub async fn hello(&self, partner: &OrgId, row: &PartnerRow) -> Result<HelloBack, Missed> {
        let channel = self.channel(partner, &row.address)?;
        let mut client = ExchangeClient::new(channel.clone());
        // Whoever is shut out, or checked by phone yet, is neither told nor heard.
        let is_open = self.node.open_to(row).is_ok();
        let request = v1::HelloRequest {
            versions: VERSIONS.to_vec(),
            about: is_open.then(|| entente_proto::about_message(&self.node.about())),
            ..Default::default()
        };
        let reply = client.hello(timed(request)).await;
        let reply = reply.map_err(|status| missed(&channel, &status))?.into_inner();
        let back = entente_proto::parse_hello_reply(reply)
            .map_err(|error| Missed::RefusedByUs(error.to_string()))?;
        let (id, note, about) = (*partner, back.our_checkpoint.clone(), back.about.clone());
        let keep = move |node: &crate::node::Node| {
            if let Some(about) = about.filter(|_| is_open) {
                node.heard_about(&id, &about)?;
            }
            let (epoch, _, _) = node.feed_head(&id)?;
            let feed = FeedId { issuer: node.id(), audience: id, epoch };
            match Checkpoint::verify(&note, &feed.origin(), &node.id()) {
                Ok(read) => node.note_read(&id, epoch, read.size),
                // None yet, or one of an earlier epoch: nothing is known of this one.
                Err(_) => Ok(()),
            }
        };
        self.blocking(keep).await??;
        Ok(back)
    }
}
