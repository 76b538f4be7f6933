//! A partner with a valid identity that does not play by the rules.
//!
//! It signs what it likes with its own key. Whatever it sends, the node refuses without changing
//! anything but the evidence, stops listening to it where that is proof, and goes on with the others.
//!
//! No sockets here; `evil_wire.rs` sends what is too large or no message at all.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this file is a test, its helpers included"
)]

use std::ops::ControlFlow;

use entente_core::feed::{Batch, Carried, Checkpoint, FeedId, MAX_BATCH, MAX_LEAF};
use entente_core::identity::{OrgId, OrgKey};
use entente_core::merkle::{Frontier, Hash, MAX_PROOF, prove_growth};
use entente_core::statement::{AgreementRef, Leaf, Statement, WithdrawReason};
use entente_core::summary::{CaseSummary, SummaryId};
use entente_node::clock::ManualClock;
use entente_node::node::audit::{Witnessed, origin};
use entente_node::node::feeds::{Accepted, Refused, Via};
use entente_node::node::partners::Shut;
use entente_proto::encode_statement;
use entente_store::rows::EvidenceRow;
use entente_tests::federation::{Org, START_S, agree, pair, pull, staff};
use entente_tests::net::{add_cases, close, evidence};

const K: u32 = 5;
const EVIL: u8 = 66;

/// A node, a partner that is honest, and one that is not. Both have told it five cases.
struct Scene {
    victim: Org,
    honest: Org,
    evil: Evil,
    // Open, so that the honest node of the same identity can be asked what it said.
    evil_org: Org,
}

/// What the node would lose if it believed too much.
#[derive(Debug, PartialEq)]
struct Kept {
    n_held: u64,
    n_honest: u64,
    n_evil: u64,
    cursors: [(u32, u64); 2],
    feeds: [(u32, u64); 2],
    n_records: u64,
    witnessed: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let clock = ManualClock::new(START_S);
        let [victim, honest, evil_org] = [1, 2, EVIL].map(|seed| Org::new(seed, &clock));
        let mut agreement = None;
        for partner in [&honest, &evil_org] {
            pair(&victim, partner);
            agreement = Some(agree(partner, &victim, K));
            add_cases(partner.node(), 5);
            assert_eq!(close(partner.node(), &victim.id()), 5);
            assert_eq!(pull(&victim, partner).unwrap().n_held, 5);
        }
        let agreement = AgreementRef { id: agreement.unwrap().0, version: 1 };
        let evil = Evil::takes_over(&evil_org, &victim, agreement);
        Self { victim, honest, evil, evil_org }
    }

    fn kept(&self) -> Kept {
        let (node, ids) = (self.victim.node(), [self.honest.id(), self.evil.id()]);
        Kept {
            n_held: node.n_held(),
            n_honest: node.n_held_from(&ids[0]),
            n_evil: node.n_held_from(&ids[1]),
            cursors: ids.map(|id| node.cursor(&id).unwrap()),
            feeds: ids.map(|id| node.feed_head(&id).map(|it| (it.0, it.1)).unwrap()),
            n_records: node.n_records(),
            witnessed: node.witnessed_checkpoint(&ids[1]).unwrap(),
        }
    }

    fn hears(&self, batch: Batch) -> Result<Accepted, Refused> {
        self.victim.node().accept(&self.evil.id(), batch, Via::Connection)
    }

    fn evidence(&self) -> Vec<EvidenceRow> {
        evidence(self.victim.node(), &self.evil.id())
    }

    fn is_quarantined(&self) -> bool {
        self.victim.node().partner_row(&self.evil.id()).unwrap().quarantined.is_some()
    }

    /// The node refuses this under `code`, keeps the evidence and changes nothing else; then it
    /// hears nothing more from there, and the honest partner is not concerned.
    #[track_caller]
    fn refuses(&self, code: &str, batch: Batch) -> EvidenceRow {
        let kept = self.kept();
        let refused = self.hears(batch.clone()).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert_eq!(self.kept(), kept, "{code} changed something");
        let row = self.evidence().pop().unwrap();
        assert_eq!((row.fault.as_str(), row.fatal), (code, true));
        assert!(self.is_quarantined());
        let shut = self.hears(batch);
        assert!(matches!(shut, Err(Refused::Shut(Shut::Quarantined))), "{shut:?}");
        self.goes_on_with_the_honest();
        row
    }

    #[track_caller]
    fn goes_on_with_the_honest(&self) {
        pull(&self.victim, &self.honest).unwrap();
        self.honest.node().send_test(staff(), &self.victim.id()).unwrap();
        assert_eq!(pull(&self.victim, &self.honest).unwrap().n_documents, 1);
        // The answer to the test share comes back.
        pull(&self.honest, &self.victim).unwrap();
        assert_eq!(self.victim.node().n_held_from(&self.honest.id()), 5);
        self.victim.node().verify_audit().unwrap();
    }

    fn lifts_quarantine(&self) {
        self.victim.node().lift_quarantine(staff(), &self.evil.id()).unwrap();
    }
}

/// Somebody who holds the key of a partner and writes its feed by hand.
struct Evil {
    key: OrgKey,
    feed: FeedId,
    /// Every leaf that the victim has accepted.
    leaves: Vec<Vec<u8>>,
    sample: CaseSummary,
    agreement: AgreementRef,
}

impl Evil {
    fn takes_over(org: &Org, victim: &Org, agreement: AgreementRef) -> Self {
        let (epoch, _, _) = org.node().feed_head(&victim.id()).unwrap();
        let batches = org.node().feed_batches(&victim.id(), epoch, 0, usize::MAX).unwrap();
        let whole = |leaf| match leaf {
            Carried::Whole(bytes) => bytes,
            Carried::Redacted(_) => unreachable!("nothing was withdrawn"),
        };
        let leaves: Vec<_> = batches.into_iter().flat_map(|it| it.leaves).map(whole).collect();
        let mut sample = None;
        let look = &mut |leaf: Leaf| {
            if let Statement::Summary(summary) = leaf.statement {
                sample = Some(summary);
            }
            ControlFlow::Continue(())
        };
        victim.node().held_statements(&org.id(), look).unwrap();
        Self {
            key: OrgKey::from_seed(&[EVIL; 32]),
            feed: FeedId { issuer: org.id(), audience: victim.id(), epoch },
            leaves,
            sample: sample.unwrap(),
            agreement,
        }
    }

    fn id(&self) -> OrgId {
        self.feed.issuer
    }

    fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    fn summary(&self, id: u8) -> Statement {
        self.summary_called(SummaryId([id; 16]))
    }

    fn summary_called(&self, id: SummaryId) -> Statement {
        Statement::Summary(CaseSummary { id, ..self.sample.clone() })
    }

    /// A leaf as it belongs at the `n`-th place after what the victim has, from 1.
    fn leaf(&self, n: u64, statement: Statement) -> Leaf {
        Leaf { feed: self.feed, seq: self.size() + n, agreement: Some(self.agreement), statement }
    }

    fn bytes(&self, n: u64, statement: Statement) -> Vec<u8> {
        encode_statement(&self.leaf(n, statement))
    }

    /// The next batch, signed as an honest node would.
    fn next(&self, leaves: Vec<Vec<u8>>) -> Batch {
        batch(&self.feed, &self.key, &self.leaves, leaves)
    }

    /// The next batch, which the victim accepts.
    fn said(&mut self, leaves: Vec<Vec<u8>>) -> Batch {
        let batch = self.next(leaves.clone());
        self.leaves.extend(leaves);
        batch
    }
}

/// The batch with `leaves` after `before`, signed by `key`.
fn batch(feed: &FeedId, key: &OrgKey, before: &[Vec<u8>], leaves: Vec<Vec<u8>>) -> Batch {
    let mut frontier = Frontier::default();
    for leaf in before.iter().chain(&leaves) {
        frontier.push(leaf, &mut Vec::new());
    }
    Batch {
        epoch: feed.epoch,
        first: before.len() as u64,
        checkpoint: Checkpoint::sign(&feed.origin(), &frontier, key).unwrap().note,
        leaves: leaves.into_iter().map(Carried::Whole).collect(),
    }
}

// Two histories.

#[test]
fn another_history_of_the_same_length_is_proof_to_anybody() {
    let scene = Scene::new();
    let evil = &scene.evil;
    let (last, before) = evil.leaves.split_last().unwrap();
    let mut other = last.clone();
    *other.last_mut().unwrap() ^= 1;
    let row = scene.refuses("fork", batch(&evil.feed, &evil.key, before, vec![other]));
    let signed = |note: &Vec<u8>| Checkpoint::verify(note, &evil.feed.origin(), &evil.id());
    let [ours, theirs] = [&row.proof[0], &row.proof[1]].map(|note| signed(note).unwrap());
    assert_eq!(ours.size, theirs.size);
    assert_ne!(ours.root, theirs.root);
}

#[test]
fn a_history_that_begins_again_is_not_read_and_cannot_be_continued() {
    let scene = Scene::new();
    let evil = &scene.evil;
    let other: Vec<_> = (0..3).map(|n| vec![n; 40]).collect();
    let kept = scene.kept();
    let again = scene.hears(batch(&evil.feed, &evil.key, &[], other.clone())).unwrap_err();
    assert_eq!(again.code(), "repeated");
    assert_eq!(scene.kept(), kept);

    let mut continued = batch(&evil.feed, &evil.key, &other, vec![vec![9; 40]]);
    continued.first = evil.size();
    scene.refuses("mismatch", continued);
}

#[test]
fn a_new_epoch_forgets_no_withdrawal_and_is_noted_with_both_checkpoints() {
    let mut scene = Scene::new();
    let taken_back = scene.evil.sample.id;
    let withdrawal = Statement::Withdrawal(taken_back, WithdrawReason::ConsentWithdrawn);
    let leaf = scene.evil.bytes(1, withdrawal);
    let said = scene.evil.said(vec![leaf]);
    assert_eq!(scene.hears(said).unwrap().n_withdrawn, 1);

    let evil = &scene.evil;
    let feed = FeedId { epoch: evil.feed.epoch + 1, ..evil.feed };
    let statement = evil.summary_called(taken_back);
    let leaf = Leaf { feed, seq: 1, agreement: Some(evil.agreement), statement };
    let restart = batch(&feed, &evil.key, &[], vec![encode_statement(&leaf)]);
    let accepted = scene.hears(restart).unwrap();
    assert_eq!(accepted.skipped, [(1, "taken_back")]);
    assert_eq!(scene.kept().n_evil, 4);
    let restarted = scene.evidence().into_iter().find(|row| row.fault == "feed_restarted");
    assert_eq!(restarted.unwrap().proof.len(), 2);
    assert!(!scene.is_quarantined(), "a node that was restored does this too");

    // There is no way back to the epoch it left.
    scene.refuses("wrong_epoch", evil.next(vec![evil.bytes(1, evil.summary(1))]));
}

#[test]
fn a_gap_and_a_feed_that_goes_back_are_not_believed() {
    let scene = Scene::new();
    let evil = &scene.evil;
    // Back: an older checkpoint over leaves that the node has.
    let (old, kept) = (evil.leaves[..2].to_vec(), scene.kept());
    let back = scene.hears(batch(&evil.feed, &evil.key, &old[..1], old[1..].to_vec())).unwrap_err();
    assert_eq!(back.code(), "repeated");
    assert_eq!(scene.kept(), kept);

    let mut gap = evil.next(vec![evil.bytes(2, evil.summary(1))]);
    gap.first += 1;
    // In a file anybody may have cut something out: kept, and no reason to stop.
    let refused = scene.victim.node().accept(&evil.id(), gap.clone(), Via::Bundle).unwrap_err();
    assert_eq!(refused.code(), "gap");
    assert!(!scene.is_quarantined());
    assert_eq!(scene.kept(), kept);
    scene.refuses("gap", gap);
}

// For somebody else, and by somebody else.

#[test]
fn what_was_said_to_another_or_by_another_is_refused() {
    let feed_batches = |from: &Org, to: &Org| from.node().feed_batches(&to.id(), 0, 0, 1).unwrap();
    let scene = Scene::new();
    // The honest partner's own words, passed on.
    let theirs = feed_batches(&scene.honest, &scene.victim).remove(0);
    scene.refuses("bad_checkpoint", theirs);

    // Its own words to somebody else.
    let scene = Scene::new();
    let evil = &scene.evil;
    let feed = FeedId { audience: scene.honest.id(), ..evil.feed };
    let leaf = Leaf { feed, ..evil.leaf(1, evil.summary(1)) };
    scene.refuses("bad_checkpoint", batch(&feed, &evil.key, &[], vec![encode_statement(&leaf)]));
}

#[test]
fn a_leaf_that_belongs_elsewhere_is_refused_with_all_that_came_with_it() {
    let changes: [fn(&mut Leaf, OrgId); 4] = [
        |leaf, honest| leaf.feed.audience = honest,
        |leaf, honest| leaf.feed.issuer = honest,
        |leaf, _| leaf.feed.epoch += 1,
        |leaf, _| leaf.seq += 1,
    ];
    for change in changes {
        let scene = Scene::new();
        let evil = &scene.evil;
        let mut leaf = evil.leaf(2, evil.summary(2));
        change(&mut leaf, scene.honest.id());
        let good = evil.bytes(1, evil.summary(1));
        scene.refuses("misplaced", evil.next(vec![good, encode_statement(&leaf)]));
    }
}

#[test]
fn the_id_of_another_s_summary_cannot_be_taken_nor_taken_back() {
    let mut scene = Scene::new();
    let mut theirs = None;
    let look = &mut |leaf: Leaf| {
        if let Statement::Summary(summary) = leaf.statement {
            theirs = Some(summary.id);
        }
        ControlFlow::Break(())
    };
    scene.victim.node().held_statements(&scene.honest.id(), look).unwrap();
    let theirs = theirs.unwrap();

    let withdrawal = Statement::Withdrawal(theirs, WithdrawReason::ConsentWithdrawn);
    let leaf = scene.evil.bytes(1, withdrawal);
    let said = scene.evil.said(vec![leaf]);
    assert_eq!(scene.hears(said).unwrap().n_withdrawn, 0);
    assert_eq!(scene.kept().n_honest, 5);

    let evil = &scene.evil;
    scene.refuses("misplaced", evil.next(vec![evil.bytes(1, evil.summary_called(theirs))]));
    assert!(scene.victim.node().held_statement(&theirs).unwrap().is_some());
}

// Signatures and encodings.

#[test]
fn a_checkpoint_that_the_partner_did_not_sign_is_refused() {
    let changes: [fn(&Evil, &mut Batch); 4] = [
        |_, batch| {
            let at = batch.checkpoint.len() - 10;
            batch.checkpoint[at] = if batch.checkpoint[at] == b'A' { b'B' } else { b'A' };
        },
        |evil, batch| {
            let Some(Carried::Whole(leaf)) = batch.leaves.pop() else { panic!("one leaf") };
            let other = OrgKey::from_seed(&[67; 32]);
            *batch = self::batch(&evil.feed, &other, &evil.leaves, vec![leaf]);
        },
        |_, batch| batch.checkpoint = b"no note".to_vec(),
        |_, batch| batch.checkpoint.truncate(40),
    ];
    for change in changes {
        let scene = Scene::new();
        let mut next = scene.evil.next(vec![scene.evil.bytes(1, scene.evil.summary(1))]);
        change(&scene.evil, &mut next);
        scene.refuses("bad_checkpoint", next);
    }
}

#[test]
fn a_leaf_that_was_changed_after_signing_is_refused() {
    let scene = Scene::new();
    let mut next = scene.evil.next(vec![scene.evil.bytes(1, scene.evil.summary(1))]);
    next.leaves[0] = Carried::Whole(scene.evil.bytes(1, scene.evil.summary(2)));
    scene.refuses("mismatch", next);
}

#[test]
fn another_encoding_of_a_statement_is_skipped_and_its_bytes_are_kept() {
    let mut scene = Scene::new();
    // Field 15, which nobody knows, after a statement that is otherwise right.
    let mut leaf = scene.evil.bytes(1, scene.evil.summary(1));
    leaf.extend([0x78, 1]);
    let kept = scene.kept();
    let said = scene.evil.said(vec![leaf.clone()]);
    assert_eq!(scene.hears(said).unwrap().skipped, [(kept.cursors[1].1 + 1, "unreadable")]);
    assert_eq!(scene.kept().n_held, kept.n_held);
    let row = scene.evidence().pop().unwrap();
    assert_eq!((row.fault.as_str(), row.fatal), ("unreadable", false));
    assert_eq!(row.proof.last().unwrap(), &leaf);

    let leaf = scene.evil.bytes(1, scene.evil.summary(1));
    let said = scene.evil.said(vec![leaf]);
    assert_eq!(scene.hears(said).unwrap().n_held, 1, "the feed goes on");
}

#[test]
fn poison_among_good_leaves_is_skipped_and_reported_and_the_feed_goes_on() {
    let mut scene = Scene::new();
    let evil = &mut scene.evil;
    let no_agreement = AgreementRef { id: [7; 16], version: 1 };
    let stray = Leaf { agreement: Some(no_agreement), ..evil.leaf(4, evil.summary(4)) };
    let seq = evil.size();
    let leaves = vec![
        evil.bytes(1, evil.summary(1)),
        vec![0xff; 200],
        evil.bytes(3, evil.summary(1)),
        encode_statement(&stray),
        vec![1; MAX_LEAF],
        evil.bytes(6, evil.summary(6)),
    ];
    let said = evil.said(leaves);
    let accepted = scene.hears(said).unwrap();
    assert_eq!(accepted.n_held, 2);
    let reasons = ["unreadable", "known_summary", "no_agreement", "unreadable"];
    let expected: Vec<_> = (seq + 2..).zip(reasons).collect();
    assert_eq!(accepted.skipped, expected);
    assert_eq!(scene.evidence().len(), 4);
    assert!(!scene.is_quarantined());
    scene.goes_on_with_the_honest();

    let leaf = scene.evil.bytes(1, scene.evil.summary(7));
    let said = scene.evil.said(vec![leaf]);
    assert_eq!(scene.hears(said).unwrap().n_held, 1);
}

#[test]
fn a_flood_of_poison_fills_no_disk_and_hides_no_proof() {
    let mut scene = Scene::new();
    for _ in 0..2 {
        let said = scene.evil.said(vec![vec![0xff; 50]; 200]);
        assert_eq!(scene.hears(said).unwrap().skipped.len(), 200);
    }
    assert_eq!(scene.evidence().len(), 256);
    let evil = &scene.evil;
    let (last, before) = evil.leaves.split_last().unwrap();
    let other = [&last[..], &[1]].concat();
    scene.refuses("fork", batch(&evil.feed, &evil.key, before, vec![other]));
    assert_eq!(scene.evidence().len(), 257);
}

#[test]
fn a_batch_out_of_bounds_is_refused() {
    let leaves: [&dyn Fn() -> Vec<Vec<u8>>; 4] =
        [&Vec::new, &|| vec![vec![1]; MAX_BATCH + 1], &|| vec![vec![1; MAX_LEAF + 1]], &|| {
            vec![Vec::new()]
        }];
    for leaves in leaves {
        let scene = Scene::new();
        let mut next = scene.evil.next(vec![vec![1]]);
        next.leaves = leaves().into_iter().map(Carried::Whole).collect();
        scene.refuses("out_of_bounds", next);
    }
}

#[test]
fn a_partner_that_was_looked_at_and_released_goes_on_where_it_was() {
    let mut scene = Scene::new();
    let next = scene.evil.next(vec![scene.evil.bytes(1, scene.evil.summary(1))]);
    let gap = Batch { first: next.first + 1, ..next };
    scene.refuses("gap", gap);
    scene.lifts_quarantine();
    let leaf = scene.evil.bytes(1, scene.evil.summary(1));
    let said = scene.evil.said(vec![leaf]);
    assert_eq!(scene.hears(said).unwrap().n_held, 1);
    assert_eq!(scene.evidence().len(), 1, "what was kept stays");
    assert!(scene.evil_org.node().feed_head(&scene.victim.id()).is_ok());
}

// Its audit log.

/// An audit log that can be shown in more than one version.
struct Log {
    frontiers: Vec<Frontier>,
    stored: Vec<Hash>,
}

impl Log {
    fn of(leaves: &[&str]) -> Self {
        let (mut frontier, mut stored) = (Frontier::default(), Vec::new());
        let mut frontiers = vec![frontier.clone()];
        for leaf in leaves {
            frontier.push(leaf.as_bytes(), &mut stored);
            frontiers.push(frontier.clone());
        }
        Self { frontiers, stored }
    }

    fn checkpoint(&self, size: usize, epoch: u32) -> Vec<u8> {
        let key = OrgKey::from_seed(&[EVIL; 32]);
        Checkpoint::sign(&origin(&key.id(), epoch), &self.frontiers[size], &key).unwrap().note
    }

    fn proof(&self, size: u64, old: u64) -> Vec<Hash> {
        let stored = |at: u64| self.stored.get(usize::try_from(at).ok()?).copied();
        prove_growth(size, old, stored).unwrap()
    }
}

#[test]
fn an_audit_log_that_forgets_or_changes_is_not_co_signed() {
    let scene = Scene::new();
    let (node, evil) = (scene.victim.node(), scene.evil.id());
    let log = Log::of(&["a", "b", "c", "d", "e"]);
    let other = Log::of(&["a", "b", "X", "Y", "Z"]);
    let shown = |old, proof, note: &[u8]| node.witness(&evil, old, proof, note).unwrap();
    let cosigned = shown(0, vec![], &log.checkpoint(3, 1));
    assert!(matches!(cosigned, Witnessed::Cosigned(_)));
    assert_eq!(shown(2, log.proof(5, 2), &log.checkpoint(5, 1)), Witnessed::Conflict(3));

    let kept = scene.kept();
    let bomb = vec![Hash([7; 32]); MAX_PROOF];
    let big = vec![Hash([7; 32]); 4096];
    for (code, proof, note) in [
        ("audit_not_grown", vec![], log.checkpoint(2, 1)),
        ("audit_not_grown", other.proof(5, 3), other.checkpoint(5, 1)),
        ("audit_not_grown", bomb, log.checkpoint(5, 1)),
        ("audit_not_grown", big, log.checkpoint(5, 1)),
        ("audit_not_signed", vec![], b"no note".to_vec()),
        ("audit_not_signed", vec![], scene.victim.node().audit_checkpoint(0).unwrap().0.note),
        ("audit_rolled_back", vec![], log.checkpoint(3, 0)),
    ] {
        assert_eq!(shown(3, proof, &note), Witnessed::Refused, "{code}");
        let row = scene.evidence().pop().unwrap();
        assert_eq!((row.fault.as_str(), row.fatal), (code, false));
        assert_eq!(scene.kept(), kept, "{code}");
    }
    assert!(!scene.is_quarantined(), "none of these is proof to others");

    assert_eq!(shown(3, vec![], &other.checkpoint(3, 1)), Witnessed::Refused);
    let row = scene.evidence().pop().unwrap();
    assert_eq!((row.fault.as_str(), row.fatal), ("audit_forked", true));
    assert_eq!(scene.kept(), kept);
    assert!(scene.is_quarantined());
    let shut = node.witness(&evil, 3, log.proof(5, 3), &log.checkpoint(5, 1));
    assert!(matches!(shut, Err(Refused::Shut(Shut::Quarantined))));
    scene.goes_on_with_the_honest();

    scene.lifts_quarantine();
    let grown = shown(3, log.proof(5, 3), &log.checkpoint(5, 1));
    assert!(matches!(grown, Witnessed::Cosigned(_)));
}
