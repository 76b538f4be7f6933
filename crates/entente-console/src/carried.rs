//! Files that the node writes or reads for one question of a browser.

use axum::http::header;
use axum::response::IntoResponse as _;
use entente_node::fault::Fault;
use entente_node::jobs::Once;
use entente_node::local::doc::Ask;
use entente_node::node::Outcome;
use entente_node::setup::io_fault;
use entente_node::tabular::CsvOut;

use crate::gate::Visit;
use crate::page::Answer;
use crate::problem::Problem;
use crate::to_the_end;

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
    /// What writes a larger one on the machine, in both languages.
    pub(crate) command: (&'static str, &'static str),
}

/// Asks the node something about a file, and keeps the file until that is done. Whoever hangs up meanwhile leaves
/// nothing lying about: the file is removed when the node has ended.
pub(crate) async fn asked<A>(visit: &Visit, file: Once, ask: A) -> Outcome<(A::Told, Once)>
where
    A: Ask + Send + Sync + 'static,
    A::Told: Send + 'static,
{
    let asking = visit.clone();
    to_the_end(async move {
        let told = asking.ask(&ask).await?;
        Ok((told, file))
    })
    .await
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

/// A table that was made for one answer, as a CSV file.
pub(crate) fn table(name: &str, heads: &[String], rows: &[Vec<String>]) -> Answer {
    let written = CsvOut::new(Vec::new(), heads).and_then(|mut csv| {
        rows.iter().try_for_each(|row| csv.row(row))?;
        csv.finish()
    });
    let bytes = written.map_err(|error| io_fault(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")),
    ];
    Ok((headers, bytes).into_response())
}

/// `ENT-2851`.
pub(crate) fn too_large((en, fr): (&str, &str)) -> Box<Fault> {
    Fault::new(
        2851,
        (
            "The file is too large for a browser: 16 MiB at most.",
            "Le fichier est trop volumineux pour un navigateur : 16 Mio au plus.",
        ),
        (&format!("Do it on the machine: `{en}`."), &format!("Faites-le sur la machine : `{fr}`.")),
    )
}
