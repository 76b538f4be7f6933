//! What cannot go through a running node: making one, running it, and moving its folder.
//!
//! The rules of a folder are in [`entente_node::setup`]; here is who is asked for names and
//! passphrases, what is shown, and in which order.

use std::path::Path;
use std::sync::Arc;

use entente_core::codes::{Code as _, OrgType};
use entente_node::clock::SystemClock;
use entente_node::fault::Fault;
use entente_node::local::doc::{PassphraseAsk, Private};
use entente_node::setup::{Home, InitOptions, OpenHome, ring_fault};
use entente_store::engine::Kind;
use entente_store::seal::{KdfParams, KeyRing};
use zeroize::Zeroizing;

use crate::cli::ask::{Question, Typed};
use crate::cli::desk::Desk;
use crate::cli::{End, call, faults, prompt};
use crate::render;

pub(crate) mod backup;
pub(crate) mod store;

type Done = Result<End, Box<Fault>>;

/// Where the partner door listens unless told otherwise.
const DEFAULT_LISTEN: ([u8; 4], u16) = ([0, 0, 0, 0], 7443);

/// `node init`.
pub(crate) fn init(desk: &Desk, typed: &Typed<'_>) -> Done {
    let home = Home::new(&desk.home);
    let options = init_options(desk, typed)?;
    let passphrase = match typed.raw_path("passphrase-file") {
        Some(path) => first_line(&path)?,
        None => prompt::new_secret(desk, "--passphrase-file")?,
    };
    let id = home.init(&options, &passphrase)?;
    let config = home.config();
    if desk.json {
        let document = serde_json::json!({
            "organization": id.to_string(),
            "home": Desk::absolute(&desk.home),
            "config": Desk::absolute(&config),
        });
        desk.print(&document.to_string());
        return Ok(End::Done);
    }
    let (folder, config) = (desk.home.display(), config.display());
    desk.print(&match desk.lang.code() {
        "fr" => format!(
            "Le nœud de {} est prêt dans {folder}.\n\
             Paramètres\u{a0}: {config}\n\
             Gardez la phrase de passe en lieu sûr\u{a0}: sans elle, rien ne s’ouvre.\n\
             → entente --home {folder} node run",
            options.name_fr
        ),
        _ => format!(
            "The node of {} is ready in {folder}.\n\
             Settings: {config}\n\
             Keep the passphrase safe: nothing opens without it.\n\
             → entente --home {folder} node run",
            options.name_en
        ),
    });
    Ok(End::Done)
}

/// Who the organization is, from options and questions.
fn init_options(desk: &Desk, typed: &Typed<'_>) -> Result<InitOptions, Box<Fault>> {
    let ask = |id: &str, en: &str, fr: &str| match typed.maybe(id) {
        Some(text) => Ok(text),
        None => prompt::line(desk, en, fr, &format!("--{id}")),
    };
    let name_en = ask("name-en", "Name in English:", "Nom en anglais\u{a0}:")?;
    let name_fr = ask("name-fr", "Name in French:", "Nom en français\u{a0}:")?;
    let kind = kind(desk, typed)?;
    let listen = typed.number("listen").unwrap_or_else(|| DEFAULT_LISTEN.into());
    Ok(InitOptions {
        name_en,
        name_fr,
        kind,
        listen,
        public_address: typed.maybe("address").unwrap_or_default(),
        engine: engine(typed, "engine"),
        kdf: KdfParams::STANDARD,
    })
}

/// The kind of organization: given, or asked for until it is one.
fn kind(desk: &Desk, typed: &Typed<'_>) -> Result<OrgType, Box<Fault>> {
    if let Some(code) = typed.maybe("kind") {
        return OrgType::parse(&code).map_err(|_| unknown_kind());
    }
    loop {
        let code = prompt::line(
            desk,
            "Kind (? shows the codes):",
            "Type d’organisme (? montre les codes)\u{a0}:",
            "--kind",
        )?;
        match OrgType::parse(&code) {
            Ok(kind) => return Ok(kind),
            Err(_) => {
                let page = render::codes::codes_page(Some(OrgType::LIST), desk.view());
                desk.print(&page.unwrap_or_default());
            }
        }
    }
}

pub(crate) fn unknown_kind() -> Box<Fault> {
    Fault::new(
        4,
        ("--kind does not accept this value", "--kind n’accepte pas cette valeur"),
        ("entente codes org_type", "entente codes org_type"),
    )
}

/// The engine that an option names; clap has seen to it that it is one.
fn engine(typed: &Typed<'_>, id: &str) -> Kind {
    typed.maybe(id).and_then(|name| name.parse().ok()).unwrap_or(Kind::Sled)
}

/// `node run`.
pub(crate) fn run(desk: &Desk, typed: &Typed<'_>) -> Done {
    let open = open(desk, typed)?;
    log_to_stderr();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| faults::unreadable(&desk.home, &error))?;
    runtime.block_on(serve(desk, open))
}

async fn serve(desk: &Desk, open: OpenHome) -> Done {
    let id = open.key.id();
    let running = entente_node::run::start(open).await?;
    let address = running.address;
    let console = console(desk, &running).await;
    if desk.json {
        let socket = Desk::absolute(&desk.socket());
        let document = serde_json::json!({
            "organization": id.to_string(),
            "listening": address.to_string(),
            "console": console.as_ref().map(|console| &console.at.origin),
            "socket": socket,
        });
        desk.print(&document.to_string());
    } else {
        desk.remark(
            &format!("The node is up: partners reach it at {address}. Ctrl-C stops it."),
            &format!(
                "Le nœud est en marche\u{a0}: les partenaires le joignent à {address}. \
                 Ctrl-C l’arrête."
            ),
        );
        if let Some(console) = &console {
            where_the_console_is(desk, &running, console);
        }
    }
    let stop = running.stopping();
    let signalled = stop.clone();
    let watch = tokio::spawn(async move {
        tokio::select! {
            () = signal() => signalled.cancel(),
            () = signalled.cancelled() => {}
        }
    });
    running.wait().await;
    watch.abort();
    if let Some(console) = console {
        console.wait().await;
    }
    desk.remark("The node has stopped.", "Le nœud est arrêté.");
    Ok(End::Done)
}

/// Opens the console. A node without one still serves its partners, so a fault is only said.
async fn console(
    desk: &Desk,
    running: &entente_node::run::Running,
) -> Option<entente_console::Running> {
    let opened = entente_console::start(Arc::clone(&running.desk), running.stopping()).await;
    opened.unwrap_or_else(|fault| {
        tracing::error!(code = %fault.code, "the console is not open");
        // On standard error where documents are wanted on standard output.
        eprint_fault(desk, &fault);
        None
    })
}

/// Says where the console is, and how the first person gets in.
fn where_the_console_is(
    desk: &Desk,
    running: &entente_node::run::Running,
    console: &entente_console::Running,
) {
    let origin = &console.at.origin;
    desk.remark(
        &format!("The console: {origin}  certificate (SHA-256): {}", console.fingerprint),
        &format!("La console\u{a0}: {origin}  certificat (SHA-256)\u{a0}: {}", console.fingerprint),
    );
    if matches!(running.desk.people.has_administrator(), Ok(false)) {
        let home = desk.home.display();
        desk.remark(
            &format!("Nobody can sign in yet: entente --home {home} console link"),
            &format!("Personne ne peut encore y entrer\u{a0}: entente --home {home} console link"),
        );
    }
}

fn eprint_fault(desk: &Desk, fault: &Fault) {
    use std::io::Write as _;
    let view = crate::render::View { colour: false, ..*desk.view() };
    let _ = writeln!(std::io::stderr().lock(), "{}", render::fault::text(fault, &view));
}

/// Waits for Ctrl-C or for the service manager to ask for the end.
pub(crate) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            // Without it, Ctrl-C and `node stop` still work.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

/// Logs to standard error: our own crates from `info`, others from `warn`, unless `ENTENTE_LOG`
/// says otherwise. Other crates at `debug` would write down what they are given.
fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("ENTENTE_LOG").unwrap_or_else(|_| {
        EnvFilter::new(
            "warn,entente=info,entente_console=info,entente_node=info,entente_store=info",
        )
    });
    // A second logger in one process is the tests' business.
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// `node renew`.
///
/// The leaf is made anew at every start and by itself while the node runs; this checks that it can
/// be made and writes the certificate for clients in other languages again.
pub(crate) fn renew(desk: &Desk, typed: &Typed<'_>) -> Done {
    let open = open(desk, typed)?;
    let identity =
        entente_node::tls::LiveIdentity::new(Arc::clone(&open.key), Arc::new(SystemClock));
    let identity = identity.map_err(|_| entente_node::run::no_certificate())?;
    let path = open.home.certificate();
    std::fs::write(&path, identity.certificate_pem())
        .map_err(|error| faults::unwritable(&path, &error))?;
    if desk.json {
        let document = serde_json::json!({ "certificate": Desk::absolute(&path) });
        desk.print(&document.to_string());
    } else {
        desk.remark(
            "The certificate can be made; a new one is used from the next start.",
            "Le certificat peut être fait; un nouveau sert dès le prochain démarrage.",
        );
    }
    Ok(End::Done)
}

/// `node passphrase`: through the node if it runs, and on its folder if it does not.
pub(crate) fn passphrase(desk: &Desk, typed: &Typed<'_>) -> Done {
    let old = match typed.raw_path("old-file") {
        Some(path) => first_line(&path)?,
        None => prompt::secret(
            desk,
            "Old passphrase:",
            "Ancienne phrase de passe\u{a0}:",
            "--old-file",
        )?,
    };
    let new = match typed.raw_path("new-file") {
        Some(path) => first_line(&path)?,
        None => prompt::new_secret(desk, "--new-file")?,
    };
    let ask = PassphraseAsk { old: Private(old.to_string()), new: Private(new.to_string()) };
    match call::ask(desk, &Question::new(&ask)) {
        Err(fault) if matches!(fault.code.as_str(), "ENT-0020" | "ENT-0025") => {}
        Err(fault) => return Err(fault),
        Ok(told) => {
            if desk.json {
                desk.print(&told.to_string());
                return Ok(End::Done);
            }
            return Ok(changed(desk));
        }
    }
    let home = Home::new(&desk.home);
    home.read_config()?;
    if new.chars().count() < entente_node::setup::MIN_PASSPHRASE {
        return Err(too_short());
    }
    let mut ring = KeyRing::open(&home.keys(), &old).map_err(ring_fault)?;
    ring.change_passphrase(&new, KdfParams::STANDARD).map_err(ring_fault)?;
    if desk.json {
        desk.print(&serde_json::json!({ "changed_at": null }).to_string());
        return Ok(End::Done);
    }
    Ok(changed(desk))
}

fn changed(desk: &Desk) -> End {
    desk.page(&entente_node::local::doc::PassphraseTold { changed_at: String::new() });
    End::Done
}

fn too_short() -> Box<Fault> {
    Fault::new(
        1103,
        ("The passphrase is too short.", "La phrase de passe est trop courte."),
        (
            "Use at least 12 characters; five random words are good.",
            "Utilisez au moins 12 caractères; cinq mots au hasard conviennent.",
        ),
    )
}

/// Opens the node's folder with its passphrase.
fn open(desk: &Desk, typed: &Typed<'_>) -> Result<OpenHome, Box<Fault>> {
    let home = Home::new(&desk.home);
    // Before the passphrase is asked for: a wrong folder should not cost anybody typing it.
    home.read_config()?;
    home.open(&known_secret(desk, typed)?, Arc::new(SystemClock))
}

/// The passphrase of a node that exists: from a file, or asked for.
pub(crate) fn known_secret(
    desk: &Desk,
    typed: &Typed<'_>,
) -> Result<Zeroizing<String>, Box<Fault>> {
    match typed.raw_path("passphrase-file") {
        Some(path) => first_line(&path),
        None => prompt::secret(desk, "Passphrase:", "Phrase de passe\u{a0}:", "--passphrase-file"),
    }
}

/// The first line of a file, without its end.
pub(crate) fn first_line(path: &Path) -> Result<Zeroizing<String>, Box<Fault>> {
    let text = std::fs::read_to_string(path).map_err(|error| faults::unreadable(path, &error))?;
    let text = Zeroizing::new(text);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tree;
    use entente_core::lang::Lang;

    fn with(line: &[&str], then: impl FnOnce(&Desk, &Typed<'_>)) {
        let matches = tree::root(Lang::Fr).try_get_matches_from(line).unwrap();
        let (_, group) = matches.subcommand().unwrap();
        let (_, typed) = group.subcommand().unwrap();
        let desk = Desk { attended: false, ..Desk::new(Lang::Fr, typed) };
        then(&desk, &Typed(typed));
    }

    #[test]
    fn a_node_is_made_from_options_alone() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("node");
        let secret = folder.path().join("passphrase");
        std::fs::write(&secret, "twelve words are not needed\nsecond line\n").unwrap();
        let (home_text, secret_text) = (home.to_str().unwrap(), secret.to_str().unwrap());
        let line = [
            "entente",
            "--home",
            home_text,
            "--json",
            "node",
            "init",
            "--name-en",
            "A",
            "--name-fr",
            "B",
            "--type",
            "ngo",
            "--listen",
            "127.0.0.1:0",
            "--passphrase-file",
            secret_text,
        ];
        with(&line, |desk, typed| {
            assert_eq!(init(desk, typed), Ok(End::Done));
            // A second one is refused, and the first is untouched.
            assert_eq!(init(desk, typed).unwrap_err().code, "ENT-1003");
        });
        assert!(home.join("entente.toml").exists());
    }

    #[test]
    fn what_was_not_given_is_named_where_nobody_can_be_asked() {
        with(&["entente", "node", "init"], |desk, typed| {
            let fault = init(desk, typed).unwrap_err();
            assert_eq!(fault.next.fr, "donnez --name-en");
        });
    }

    #[test]
    fn only_the_first_line_is_the_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        std::fs::write(&path, "phrase de passe\r\nautre").unwrap();
        assert_eq!(first_line(&path).unwrap().as_str(), "phrase de passe");
    }
}
