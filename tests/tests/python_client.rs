//! A partner in another language: its own key, its own TLS and gRPC, nothing of ours.
//!
//! The programs are in `tests/python`; without an interpreter the test says that it was skipped.

#![expect(clippy::unwrap_used, reason = "this file is a test, its helpers included")]

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use base64::Engine as _;
use entente_core::codes::OrgType;
use entente_core::identity::{OrgKey, PseudonymKey};
use entente_core::lang::Text;
use entente_node::clock::ManualClock;
use entente_node::node::feeds::Via;
use entente_node::node::{Node, Profile, Secrets};
use entente_store::db::Db;
use entente_store::engine::Memory;
use entente_store::seal::Sealer;
use entente_tests::federation::{START_S, staff};
use entente_tests::net::{Site, summaries_and_counts};
use entente_tests::python;
use serde_json::Value;

/// Python starts in a second or two on a busy machine; a node that hangs would take longer.
const BOUND: std::time::Duration = std::time::Duration::from_secs(60);

async fn run(python: &Path, program: &str, arguments: &[&std::ffi::OsStr]) -> Output {
    let mut command = std::process::Command::new(python);
    command.arg(python::program(program)).args(arguments);
    let ended = tokio::task::spawn_blocking(move || command.output().expect("python runs"));
    tokio::time::timeout(BOUND, ended).await.expect("it took too long").expect("no panic")
}

/// An identity made by the Python program, in a folder of its own.
struct Stranger {
    folder: tempfile::TempDir,
}

impl Stranger {
    async fn made_by(python: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = run(python, "make_identity.py", &[folder.path().as_os_str()]).await;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let said = String::from_utf8(made.stdout).unwrap();
        let stranger = Self { folder };
        assert_eq!(said.trim(), stranger.key().id().to_string(), "we read its key as it does");
        stranger
    }

    /// The key, from its file: the seed is the end of PKCS #8 (RFC 8410, section 7).
    fn key(&self) -> OrgKey {
        let pem = std::fs::read_to_string(self.folder.path().join("identity.key")).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        OrgKey::from_seed(der.last_chunk().unwrap())
    }

    /// A node in memory with that key. It signs what the Python partner's officers would sign.
    fn officers(&self) -> Node {
        let profile = Profile {
            name: Text::new("Partner in Python", "Partenaire en Python"),
            kind: OrgType::Federal,
            address: String::new(),
        };
        let secrets = Secrets {
            key: self.key(),
            pseudonyms: PseudonymKey::from_bytes(&[1; 32]),
            import_key: [1; 32],
        };
        let db = Db::open(Arc::new(Memory::default()), Sealer::new(&[1; 32])).unwrap();
        Node::open(profile, secrets, db, Arc::new(ManualClock::new(START_S)), None).unwrap()
    }

    async fn asks(&self, python: &Path, node: &Site) -> Output {
        let address = node.address.to_string();
        let (server, files) = (node.certificate(), self.folder.path());
        let [leaf, key] = ["leaf.pem", "leaf.key"].map(|name| files.join(name));
        let arguments = [
            address.as_ref(),
            "--server-identity".as_ref(),
            server.as_os_str(),
            "--leaf".as_ref(),
            leaf.as_os_str(),
            "--key".as_ref(),
            key.as_os_str(),
        ];
        run(python, "client.py", &arguments).await
    }
}

/// Everything that `from` has said to `to`, by hand.
fn hear(to: &Node, from: &Node) {
    let (epoch, after) = to.cursor(&from.id()).unwrap();
    for batch in from.feed_batches(&to.id(), epoch, after, usize::MAX).unwrap() {
        to.accept(&from.id(), batch, Via::Connection).unwrap();
    }
}

/// Makes the two partners, with an agreement in force under which `node` sends summaries.
fn make_partners(node: &Node, officers: &Node) {
    let ticket = node.invite(staff(), "Python", "", 14).unwrap();
    let opened = officers.open_invitation(&ticket.envelope).unwrap();
    let nonce = [9; 32];
    let revealed = node.join(&officers.id(), &ticket.id, &officers.card(), &nonce).unwrap();
    officers.joined(staff(), &opened, &nonce, &node.card(), &revealed).unwrap();
    let read = node.digits_to_read(&officers.id()).unwrap();
    let answer = officers.digits_to_read(&node.id()).unwrap();
    officers.type_digits(staff(), &node.id(), &read).unwrap();
    node.type_digits(staff(), &officers.id(), &answer).unwrap();
    assert!(node.confirmed_by(&officers.id()).unwrap());
    officers.confirmed_by(&node.id()).unwrap();

    let draft = node.read_draft(&summaries_and_counts(5), &officers.id(), None).unwrap();
    let name = format!("{}@{}", draft.id, draft.version);
    node.propose(staff(), &draft).unwrap();
    hear(officers, node);
    for (signer, other) in [(officers, node), (node, officers)] {
        let kept = signer.find_agreement(&name).unwrap();
        signer.sign_agreement(staff(), &kept).unwrap();
        hear(other, signer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_in_python_checks_lists_and_pulls_its_feed() {
    let Some(python) = python::interpreter() else { return };
    let node = Site::office("Office").await;
    let partner = Stranger::made_by(&python).await;
    let officers = partner.officers();
    make_partners(node.node(), &officers);
    let cases = node.add_cases(6);
    assert_eq!(node.close(&officers.id()), 6);
    // One person withdraws before the partner has read: her summary travels as a hash.
    node.node().withdraw_consent(staff(), &cases[0], None).unwrap();
    let (epoch, size, _) = node.node().feed_head(&officers.id()).unwrap();

    let output = partner.asks(&python, &node).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["health"], "SERVING");
    for services in ["services", "services_v1"] {
        let listed = said[services].as_array().unwrap();
        for name in ["entente.v1.Exchange", "entente.v1.Onboarding", "grpc.health.v1.Health"] {
            assert!(listed.iter().any(|it| it == name), "{name} in {listed:?}");
        }
    }
    assert_eq!(said["leaves"].as_u64(), Some(size));
    assert_eq!(said["redacted"], 1);
    assert_eq!(said["signatures"], said["batches"]);
    let origin = format!("entente.invalid/feed/v1/{}/{}/{epoch}", node.id(), officers.id());
    assert_eq!(said["origin"], origin.as_str());

    node.node().suspend_partner(staff(), &officers.id()).unwrap();
    refused(&partner.asks(&python, &node).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_in_python_is_turned_away() {
    let Some(python) = python::interpreter() else { return };
    let node = Site::office("Office").await;
    refused(&Stranger::made_by(&python).await.asks(&python, &node).await);
}

/// 3 is how the program says that it was refused, and not that it failed.
#[track_caller]
fn refused(output: &Output) {
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());
}
