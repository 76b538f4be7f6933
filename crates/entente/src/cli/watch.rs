//! `entente inbox --watch`: the same page again whenever it changes.

use entente_node::fault::Fault;
use entente_node::local::doc::{InboxAsk, InboxTold};

use super::ask::Question;
use super::desk::Desk;
use super::{End, call, faults};

/// Clears the screen and goes to its corner.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// Shows what waits until the node stops or somebody interrupts.
pub(super) fn inbox(desk: &Desk) -> Result<End, Box<Fault>> {
    let mut shown: Option<InboxTold> = None;
    loop {
        let after = shown.as_ref().map(|told| told.seen);
        let answer = call::ask(desk, &Question::new(&InboxAsk { after }))?;
        let told: InboxTold =
            serde_json::from_value(answer.clone()).map_err(|_| faults::not_understood())?;
        if shown.as_ref().is_none_or(|before| before.waiting != told.waiting) {
            if desk.json {
                desk.print(&answer.to_string());
            } else {
                if desk.attended {
                    desk.print(CLEAR);
                }
                desk.page(&told);
            }
        }
        shown = Some(told);
    }
}
