//! The way to the node: one document there, progress and one document back.
//!
//! Over gRPC on the Unix socket in the node's folder. The client is generic over the operation, so
//! that there is one path and not one per method; a test of `entente-node` holds that methods and
//! operations are the same.

use std::path::Path;
use std::time::Duration;

use entente_core::lang::Lang;
use entente_node::doors::{LocalDoorError, connect_local};
use entente_node::fault::Fault;
use entente_node::local::{Ask, Op, Progress};
use entente_proto::v1;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};

use super::ask::Question;
use super::desk::Desk;
use super::faults;

/// The largest answer that is read. A page of records is some 100 kB; this is far above, and far
/// below what would trouble a small machine.
const MAX_ANSWER: usize = 256 << 20;

/// How long nothing is shown. Most answers come sooner, and a bar that flashes up unsettles.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks the node at this desk, showing how far it is.
pub(crate) fn ask(desk: &Desk, question: &Question) -> Result<Value, Box<Fault>> {
    let bar = Bar::new(desk);
    let told = call(&desk.socket(), question, desk, |progress| bar.show(desk, &progress));
    bar.clear();
    // Whoever comes by the door for staff cannot start the node.
    let at_staff_door = desk.staff_door.as_deref().filter(|_| is_down(&told));
    at_staff_door.map_or(told, |socket| Err(faults::staff_door_shut(socket)))
}

fn is_down(told: &Result<Value, Box<Fault>>) -> bool {
    let code = told.as_ref().err().map(|fault| fault.code.as_str());
    matches!(code, Some("ENT-0020" | "ENT-0025"))
}

/// Asks the node behind `socket`.
fn call(
    socket: &Path,
    question: &Question,
    desk: &Desk,
    progress: impl FnMut(Progress),
) -> Result<Value, Box<Fault>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| faults::went_away())?;
    let ask = v1::Ask { body: question.body.to_string(), lang: desk.lang.code().to_owned() };
    runtime.block_on(exchange(socket, question.op, ask, progress))
}

/// Asks the node behind `socket`, typed, and without showing how far it is.
pub(crate) async fn told<A: Ask>(
    socket: &Path,
    ask: &A,
    lang: Lang,
) -> Result<A::Told, Box<Fault>> {
    let body = serde_json::to_string(ask).map_err(|_| faults::not_understood())?;
    let ask = v1::Ask { body, lang: lang.code().to_owned() };
    let told = exchange(socket, A::OP, ask, |_| {}).await?;
    serde_json::from_value(told).map_err(|_| faults::not_understood())
}

async fn exchange(
    socket: &Path,
    op: Op,
    ask: v1::Ask,
    mut progress: impl FnMut(Progress),
) -> Result<Value, Box<Fault>> {
    let channel = connect_local(socket).await.map_err(|error| unreachable(socket, &error))?;
    let mut client = tonic::client::Grpc::new(channel).max_decoding_message_size(MAX_ANSWER);
    client.ready().await.map_err(|_| faults::went_away())?;
    let path = PathAndQuery::try_from(format!("/entente.v1.Local/{}", op.method()))
        .map_err(|_| faults::not_understood())?;
    let codec = tonic_prost::ProstCodec::<v1::Ask, v1::Told>::default();
    let answer = client.server_streaming(Request::new(ask), path, codec).await;
    let mut told = answer.map_err(|status| refused(&status))?.into_inner();
    loop {
        let step = told.message().await.map_err(|status| refused(&status))?;
        match step.and_then(|step| step.told) {
            Some(v1::told::Told::Progress(step)) => progress(Progress {
                done: step.done,
                total: step.total,
                note: entente_node::fault::Both::new(step.note_en, step.note_fr),
            }),
            Some(v1::told::Told::Result(result)) => {
                return serde_json::from_str(&result).map_err(|_| faults::not_understood());
            }
            Some(v1::told::Told::Fault(fault)) => {
                let fault: Fault =
                    serde_json::from_str(&fault).map_err(|_| faults::not_understood())?;
                return Err(Box::new(fault));
            }
            None => return Err(faults::went_away()),
        }
    }
}

fn unreachable(socket: &Path, error: &LocalDoorError) -> Box<Fault> {
    match error {
        LocalDoorError::NotAllowed(_) => faults::not_allowed(socket),
        LocalDoorError::AlreadyRunning(_)
        | LocalDoorError::NotASocket(_)
        | LocalDoorError::OpenFolder(_)
        | LocalDoorError::LooseFolder(_)
        | LocalDoorError::NotOurGroup(_)
        | LocalDoorError::NotRunning(_)
        | LocalDoorError::Io(..) => faults::not_running(socket),
    }
}

/// What a gRPC error means here: the node's own refusals come as documents, so these are about the
/// way to it.
fn refused(status: &Status) -> Box<Fault> {
    match status.code() {
        Code::Unimplemented | Code::DataLoss => faults::not_understood(),
        Code::OutOfRange | Code::ResourceExhausted | Code::InvalidArgument => faults::too_large(),
        _ => faults::went_away(),
    }
}

/// The bar that shows how far a long operation is.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar that nobody sees yet.
    pub(crate) fn new(desk: &Desk) -> Self {
        let hidden = desk.json || desk.quiet;
        let target =
            if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self(ProgressBar::with_draw_target(None, target))
    }

    /// Shows how far it is, once it has taken a while.
    pub(crate) fn show(&self, desk: &Desk, progress: &Progress) {
        if self.0.elapsed() < PATIENCE {
            return;
        }
        let template = if progress.total > 0 {
            self.0.set_length(progress.total);
            "{msg} {wide_bar} {human_pos}/{human_len} {eta}"
        } else {
            "{spinner} {msg} {human_pos}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style.progress_chars("━╸ "));
        }
        self.0.set_message(progress.note.text(desk.lang).to_owned());
        self.0.set_position(progress.done);
    }

    /// Takes it away.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entente_node::local::doc::StatusAsk;

    #[test]
    fn a_folder_without_a_running_node_names_the_command_that_starts_it() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk { home: folder.path().to_owned(), ..Desk::bare(Lang::En, true) };
        let fault = ask(&desk, &Question::new(&StatusAsk {})).unwrap_err();
        assert_eq!(fault.code, "ENT-0025");

        std::fs::write(folder.path().join("entente.toml"), "").unwrap();
        let fault = ask(&desk, &Question::new(&StatusAsk {})).unwrap_err();
        assert_eq!(fault.code, "ENT-0020");
        assert_eq!(fault.next.fr, format!("entente --home {} node run", folder.path().display()));
    }

    #[test]
    fn a_socket_that_nobody_listens_on_is_a_node_that_does_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk { home: folder.path().to_owned(), ..Desk::bare(Lang::En, true) };
        std::fs::write(folder.path().join("entente.toml"), "").unwrap();
        drop(std::os::unix::net::UnixListener::bind(desk.socket()).unwrap());
        let fault = ask(&desk, &Question::new(&StatusAsk {})).unwrap_err();
        assert_eq!(fault.code, "ENT-0020");
    }
}
