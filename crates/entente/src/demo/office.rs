//! One organization of the demonstration: a folder, a process, and the way to ask it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use entente_core::lang::Lang;
use entente_node::config::Config;
use entente_node::fault::Fault;
use entente_node::local::Ask;
use entente_node::local::doc::{NodeStopAsk, StatusAsk};
use entente_node::setup::{Home, InitOptions, io_fault};
use entente_store::seal::KdfParams;

use super::Outcome;
use super::cast::Role;
use crate::cli::call;

/// How long a node may take to open its doors.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// How often a process is looked at that is starting or ending.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// The file with the passphrase, in the node's folder.
const PASSPHRASE: &str = "passphrase";

/// An organization that is up.
pub(super) struct Office {
    /// Who it plays.
    pub(super) role: &'static Role,
    /// Its folder.
    pub(super) home: Home,
    lang: Lang,
    child: Option<Child>,
}

impl Office {
    /// Makes the organization's node in `folder` and starts it as a process of its own.
    pub(super) fn start(
        role: &'static Role,
        folder: &Path,
        engine: &str,
        lang: Lang,
    ) -> Outcome<Self> {
        let home = Home::new(folder.join(role.key));
        let options = InitOptions {
            name_en: role.name_en.to_owned(),
            name_fr: role.name_fr.to_owned(),
            kind: role.kind,
            listen: free_port().map_err(|error| io_fault(&error))?,
            public_address: String::new(),
            engine: engine.parse().map_err(|_| no_engine())?,
            kdf: KdfParams::STANDARD,
        };
        let passphrase = passphrase()?;
        home.init(&options, &passphrase)?;
        // The story says when somebody asks for news, and nobody looks in by a browser meanwhile.
        set(&home, |config| (config.sync.live, config.console.enabled) = (false, false))?;
        let secret = home.path().join(PASSPHRASE);
        write_private(&secret, &passphrase).map_err(|error| io_fault(&error))?;
        Ok(Self { role, child: Some(spawn(&home)?), home, lang })
    }

    /// Ends the node's process, as a power cut would.
    pub(super) fn fail(&mut self) {
        // Only the process that this started, by its handle.
        if let Some(mut child) = self.child.take() {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Starts the node again.
    pub(super) async fn come_back(&mut self) -> Outcome<()> {
        self.child = Some(spawn(&self.home)?);
        self.ready().await
    }

    /// Waits until the node answers.
    pub(super) async fn ready(&mut self) -> Outcome<()> {
        self.until(async |office| {
            let socket = office.home.socket();
            Ok(entente_node::doors::connect_local(&socket).await.is_ok().then_some(()))
        })
        .await
    }

    /// Waits until there is something to see. The process tells nobody when that is, so it is asked.
    async fn until<T>(&mut self, look: impl AsyncFn(&Self) -> Outcome<Option<T>>) -> Outcome<T> {
        let since = Instant::now();
        loop {
            if let Some(seen) = look(self).await? {
                return Ok(seen);
            }
            if self.has_ended() || since.elapsed() > READY_WITHIN {
                return Err(did_not_start(&self.home.path().join("node.log")));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Asks the node what the command line would ask.
    pub(super) async fn ask<A: Ask>(&self, ask: &A) -> Outcome<A::Told> {
        call::told(&self.home.socket(), ask, self.lang).await
    }

    /// Asks the node to stop, and waits until it has.
    pub(super) async fn stop(&mut self) -> Outcome<()> {
        self.ask(&NodeStopAsk {}).await?;
        let since = Instant::now();
        while !self.has_ended() && since.elapsed() < READY_WITHIN {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.fail();
        Ok(())
    }

    /// Starts the node again with its console, on a port that is free, and with news at once.
    pub(super) fn open_console(&mut self) -> Outcome<()> {
        set(&self.home, |config| {
            (config.sync.live, config.console.enabled) = (true, true);
            config.console.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        })?;
        self.child = Some(spawn(&self.home)?);
        Ok(())
    }

    /// Waits until the console is open, and gives its address.
    pub(super) async fn console(&mut self) -> Outcome<String> {
        self.ready().await?;
        self.until(async |office| Ok(office.ask(&StatusAsk {}).await?.console)).await
    }

    /// Its name, in the language of the story.
    pub(super) fn name(&self) -> &'static str {
        self.lang.pick(self.role.name_en, self.role.name_fr)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.fail();
    }
}

/// Changes the settings of a node that is not running.
fn set(home: &Home, change: impl Fn(&mut Config)) -> Outcome<()> {
    let mut config = home.read_config()?;
    change(&mut config);
    fs::write(home.config(), config.to_text()).map_err(|error| io_fault(&error))
}

fn spawn(home: &Home) -> Outcome<Child> {
    let log = home.path().join("node.log");
    let log = fs::File::options().create(true).append(true).open(log);
    let log = log.map_err(|error| io_fault(&error))?;
    let child = std::env::current_exe().and_then(|program| {
        Command::new(program)
            .arg("--home")
            .arg(home.path())
            .args(["node", "run", "--passphrase-file"])
            .arg(home.path().join(PASSPHRASE))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
    });
    child.map_err(|error| io_fault(&error))
}

fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}

fn passphrase() -> Outcome<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| no_engine())?;
    Ok(hex::encode(bytes))
}

fn write_private(path: &PathBuf, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")
}

fn no_engine() -> Box<Fault> {
    Fault::new(
        26,
        ("There is no such engine.", "Ce moteur n’existe pas."),
        ("Use `--engine sled` or `--engine redb`.", "Utilisez `--engine sled` ou `--engine redb`."),
    )
}

fn did_not_start(log: &Path) -> Box<Fault> {
    let log = log.display();
    Fault::new(
        1012,
        (
            "A node of the demonstration did not start.",
            "Un nœud de la démonstration n’a pas démarré.",
        ),
        ("Read its log; the folder was kept.", "Lisez son journal; le répertoire a été conservé."),
    )
    .because(format!("{log}"), format!("{log}"))
}
