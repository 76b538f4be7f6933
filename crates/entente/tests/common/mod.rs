//! The real program, started and asked as people do it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use entente_proto::v1;
use entente_proto::v1::local_client::LocalClient;
use serde_json::Value;

/// The passphrase of every node here.
pub(crate) const PASSPHRASE: &str = "five random words for tests";

/// A node's folder, and how to run it.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    /// The folder.
    pub(crate) home: PathBuf,
    passphrase: PathBuf,
}

impl Folder {
    /// Makes a node in `parent/name`.
    pub(crate) fn init(parent: &Path, name: &str, engine: &str) -> Self {
        let (home, passphrase) = (parent.join(name), parent.join(format!("{name}.passphrase")));
        std::fs::write(&passphrase, PASSPHRASE).expect("written");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
        let folder = Self { home, passphrase };
        let made = folder.run(&[
            "node",
            "init",
            "--name-en",
            name,
            "--name-fr",
            name,
            "--kind",
            "ngo",
            "--engine",
            engine,
            "--listen",
            &port.to_string(),
            "--passphrase-file",
            &folder.passphrase.display().to_string(),
        ]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // Tests say when somebody asks for news.
        let settings = folder.home.join("entente.toml");
        let text = std::fs::read_to_string(&settings).expect("settings");
        std::fs::write(&settings, text.replace("live = true", "live = false")).expect("written");
        folder
    }

    /// Runs one command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command().args(args).output().expect("the program runs")
    }

    /// Runs one command with `--json`, and reads what it says.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.command().arg("--json").args(args).output().expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = text.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|_| panic!("{args:?} said {text}"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entente"));
        command.arg("--home").arg(&self.home).env("ENTENTE_LANG", "en").stdin(Stdio::null());
        command
    }

    /// The command that runs the node.
    pub(crate) fn node(&self) -> Command {
        let mut command = self.command();
        command.args(["node", "run", "--passphrase-file"]).arg(&self.passphrase);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts the node and waits until it answers.
    pub(crate) async fn start(&self) -> Child {
        let mut child = self.node().spawn().expect("the node starts");
        let since = Instant::now();
        while self.client().await.is_none() {
            assert!(matches!(child.try_wait(), Ok(None)), "the node ended");
            assert!(since.elapsed() < Duration::from_secs(60), "the node does not answer");
            tokio::task::yield_now().await;
        }
        child
    }

    /// A way to ask the node without a process for each question.
    pub(crate) async fn client(&self) -> Option<LocalClient<tonic::transport::Channel>> {
        let socket = self.home.join("entente.sock");
        Some(LocalClient::new(entente_node::doors::connect_local(&socket).await.ok()?))
    }
}

/// The answer at the end of what an operation streams; `None` if the node went away.
pub(crate) async fn told(
    reply: Result<tonic::Response<tonic::Streaming<v1::Told>>, tonic::Status>,
) -> Option<Value> {
    let mut stream = reply.ok()?.into_inner();
    while let Ok(Some(message)) = stream.message().await {
        match message.told {
            Some(v1::told::Told::Result(body)) => return serde_json::from_str(&body).ok(),
            Some(v1::told::Told::Fault(fault)) => panic!("a fault: {fault}"),
            _ => {}
        }
    }
    None
}

/// A document to ask with.
pub(crate) fn ask(body: &Value) -> v1::Ask {
    v1::Ask { body: body.to_string(), lang: "en".to_owned() }
}
