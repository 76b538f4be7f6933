//! A file that the node has just written for one question, on its way to a browser.

use axum::http::header;
use axum::response::IntoResponse as _;
use entente_node::fault::Fault;
use entente_node::jobs::Once;

use crate::gate::Visit;
use crate::page::Answer;
use crate::problem::Problem;

/// The longest file that is brought or taken in one piece of memory, in bytes: a bundle of 250,000 summaries, or
/// ten thousand services.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// What a browser makes of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Its type.
    pub(crate) media: &'static str,
    /// How its name ends.
    pub(crate) ending: &'static str,
    /// What writes a larger one on the machine.
    pub(crate) command: &'static str,
}

/// The file at this place, under a name that has no ending yet. It is removed here.
pub(crate) async fn download(visit: &Visit, place: Once, name: &str, kind: Kind) -> Answer {
    let bytes = visit.console.jobs(move |_| place.read(MAX_BYTES + 1)).await?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Problem::new(too_large(kind.command)));
    }
    let disposition = format!("attachment; filename=\"{name}.{}\"", kind.ending);
    let headers =
        [(header::CONTENT_TYPE, kind.media.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

/// `ENT-2851`.
pub(crate) fn too_large(command: &str) -> Box<Fault> {
    Fault::new(
        2851,
        (
            "The file is too large for a browser: 16 MiB at most.",
            "Le fichier est trop volumineux pour un navigateur : 16 Mio au plus.",
        ),
        (
            &format!("Do it on the machine: `{command}`."),
            &format!("Faites-le sur la machine : `{command}`."),
        ),
    )
}
