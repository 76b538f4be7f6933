//! What travels between organizations: messages, and the types of the core that they mean.
//!
//! A message can say things that make no sense: an age band of 77, an id of three bytes. The types
//! of `entente-core` cannot. Everything that arrives is turned into those types here, once, and the
//! rest of Entente never looks into a message.
//!
//! The specification is `proto/entente/v1`, in prose; this crate follows it. What is signed has one
//! encoding ([`canonical`]). The modules, in the order in which two organizations come to know each
//! other: `partner` (invitations), `notice` and `agreement`, `statement` with `summary`, `receipt`,
//! `count`, `exchange` (requests and replies), `bundle` (a feed in a file), `audit`.
//!
//! Signatures are not checked here: verify the envelope or the checkpoint first
//! (`entente_core::envelope`, `entente_core::feed`), then decode.

mod agreement;
#[cfg(test)]
mod any;
mod audit;
mod bundle;
mod canonical;
mod count;
mod exchange;
mod notice;
mod parse;
mod partner;
mod receipt;
mod statement;
mod summary;

pub use agreement::{decode_agreement, encode_agreement};
pub use audit::{MAX_ACCOUNT, MAX_REASONS, MAX_REFERENCE, decode_audit, encode_audit};
pub use bundle::{Bundle, MAX_BATCHES, decode_bundle, encode_bundle};
pub use canonical::{Invalid, canonical};
pub use count::{
    CountAnswer, CountQuestion, CountRefusal, CountTable, CountingRule, MAX_REFUSALS,
    decode_count_answer, decode_count_question, encode_count_answer, encode_count_question,
};
pub use exchange::{
    Hello, HelloBack, Join, Joined, MAX_BATCH_BYTES, MAX_BATCH_LEAVES, MAX_COSIGNED,
    MAX_PULL_BATCHES, NoCommonVersion, Proved, Pull, VERSIONS, Witness, Witnessed, batch_message,
    choose_version, parse_batch, parse_confirm, parse_hello, parse_hello_reply, parse_join,
    parse_join_reply, parse_prove, parse_prove_reply, parse_pull, parse_witness,
    parse_witness_reply, proof_message, proved_message,
};
pub use notice::{
    AgreementChange, AgreementNotice, FeedRestart, MAX_REASON_TEXT, Notice, PartnerChange,
    TestShare, decode_agreement_notice, decode_feed_restart, decode_notice,
    encode_agreement_notice, encode_feed_restart, encode_notice,
};
pub use partner::{
    Card, Invitation, LINK_PREFIX, MAX_INVITATION_S, MAX_LINK, card_message, decode_invitation,
    encode_invitation, invitation_link, parse_card, parse_invitation_link, peek_invitation,
};
pub use receipt::{Done, Fate, MAX_ITEMS, Receipt, Receipted, decode_receipt, encode_receipt};
pub use statement::{
    MAX_DOCUMENT, decode_envelope, decode_statement, document_message, encode_envelope,
    encode_statement, parse_document,
};

/// The messages and services of version 1, as generated from `proto/entente/v1`.
///
/// They can say things that make no sense, so nothing but this crate reads their fields; the gRPC
/// shells hand them to the functions here.
#[expect(
    missing_docs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated; documented in proto/entente/v1"
)]
pub mod v1 {
    tonic::include_proto!("entente.v1");
}

/// The compiled specification (an encoded `google.protobuf.FileDescriptorSet`), for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
