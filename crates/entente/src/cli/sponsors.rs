//! `sponsor …`: from what was typed to the document that is asked.

use entente_node::fault::Fault;
use entente_node::local::doc::*;

use super::ask::{Asked, Question, Typed, asked};
use super::desk::Desk;
use super::prompt;

/// The question behind `sponsor COMMAND`.
pub(super) fn sponsor(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let file = || typed.path("file").unwrap_or_default();
    match command {
        // Without a fingerprint it is asked for.
        "add" => {
            let fingerprint = typed.maybe("fingerprint")?;
            asked(&SponsorAddAsk { file: file(), fingerprint })
        }
        "take" => asked(&SponsorTakeAsk { file: file() }),
        "list" => asked(&SponsorListAsk {}),
        "give" => asked(&SponsorGiveAsk {
            organization: typed.text("organization"),
            file: typed.path("out").unwrap_or_default(),
        }),
        "mail" => asked(&SponsorMailAsk {
            organization: typed.text("organization"),
            file: typed.path("out").unwrap_or_default(),
        }),
        "end" => asked(&SponsorEndAsk { organization: typed.text("organization") }),
        _ => None,
    }
}

/// The question behind `sponsor add` without a fingerprint: it is typed as it is read out, and never
/// shown first, so that nobody just says yes to it.
pub(super) fn question(
    desk: &Desk,
    path: &[&str],
    typed: &Typed<'_>,
) -> Option<Result<Question, Box<Fault>>> {
    if path != ["sponsor", "add"] || typed.maybe("fingerprint").is_some() {
        return None;
    }
    let fingerprint = prompt::line(
        desk,
        "Call the organization at a number you know. The 24 digits that it reads to you:",
        "Appelez l’organisme à un numéro que vous connaissez. Les 24 chiffres qu’on vous lit\u{a0}:",
        "--fingerprint",
    );
    let file = typed.path("file").unwrap_or_default();
    Some(fingerprint.map(|fingerprint| Question::new(&SponsorAddAsk { file, fingerprint })))
}
