//! What travels between organizations: messages, and the types of the core that they mean.
//!
//! A message can say things that make no sense: an age band of 77, an id of three bytes. The types
//! of `entente-core` cannot. Everything that arrives is turned into those types here, once, and the
//! rest of Entente never looks into a message.
//!
//! The specification is `proto/entente/v1`, in prose; this crate follows it. What is signed has one
//! encoding ([`canonical`]). The modules, in the order in which two organizations come to know each
//! other: `partner` (invitations), `about`, `notice` and `agreement`, `statement` with `summary`, `receipt`,
//! `count`, `plan`, `release`, `sum` and `national` (private statistics), `overlap`, `service`, `referral`,
//! `handover`, `sponsor`, `request`,
//! `exchange` (requests and replies), `bundle` (a feed in a file), `audit`.
//!
//! Signatures are not checked here: verify the envelope or the checkpoint first
//! (`entente_core::envelope`, `entente_core::feed`), then decode.

mod about;
mod agreement;
#[cfg(test)]
mod any;
mod audit;
mod bundle;
mod canonical;
mod count;
mod exchange;
mod handover;
mod national;
mod notice;
mod overlap;
mod parse;
mod partner;
mod plan;
mod receipt;
mod referral;
mod release;
mod request;
mod service;
mod sponsor;
mod sponsor_mail;
mod statement;
mod sum;
mod summary;

pub use about::{
    About, MAX_ABOUT_CHARS, MAX_ABOUT_LANGUAGES, about_message, decode_about, encode_about,
    parse_about,
};
pub use agreement::{decode_agreement, encode_agreement};
pub use audit::{MAX_ACCOUNT, MAX_REASONS, MAX_REFERENCE, decode_audit, encode_audit};
pub use bundle::{Bundle, MAX_BATCHES, decode_bundle, encode_bundle};
pub use canonical::{Invalid, canonical};
pub use count::{
    CountAnswer, CountQuestion, CountRefusal, CountTable, CountingRule, MAX_REFUSALS,
    decode_count_answer, decode_count_question, encode_count_answer, encode_count_question,
};
pub use exchange::{
    FeedPlace, Hello, HelloBack, Join, Joined, MAX_BATCH_BYTES, MAX_BATCH_LEAVES, MAX_COSIGNED,
    MAX_PULL_BATCHES, NoCommonVersion, Proved, Pull, VERSIONS, Witness, Witnessed, batch_message,
    choose_version, follow_message, news_message, parse_batch, parse_confirm, parse_follow,
    parse_hello, parse_hello_reply, parse_join, parse_join_reply, parse_news, parse_prove,
    parse_prove_reply, parse_pull, parse_witness, parse_witness_reply, proof_message,
    proved_message,
};
pub use handover::{
    decode_handover_key, decode_handover_receipt, encode_handover_key, encode_handover_receipt,
};
pub use national::{
    MAX_RETURN, decode_given_up, encode_given_up, encode_return, read_return, return_file,
};
pub use notice::{
    AgreementChange, AgreementNotice, FeedRestart, MAX_REASON_TEXT, Notice, PartnerChange,
    TestShare, decode_agreement_notice, decode_feed_restart, decode_notice,
    encode_agreement_notice, encode_feed_restart, encode_notice,
};
pub use overlap::{
    MAX_OVERLAP_DATA, MAX_OVERLAP_RECEIPTS, OverlapContribute, OverlapMixHead, OverlapPiece,
    decode_overlap_parcel, decode_overlap_result, decode_overlap_terms, encode_overlap_parcel,
    encode_overlap_result, encode_overlap_terms, is_overlap_result, overlap_contribute_message,
    overlap_piece_message, overlap_result_file, parse_overlap_contribute, parse_overlap_piece,
    parse_overlap_round, read_overlap_result,
};
pub use partner::{
    Card, Contact, Invitation, LINK_PREFIX, MAX_INVITATION_S, MAX_LINK, card_message,
    decode_invitation, encode_invitation, invitation_link, is_org_name, parse_card,
    parse_invitation_link, peek_invitation,
};
pub use plan::{decode_plan, encode_plan};
pub use receipt::{Done, Fate, MAX_ITEMS, Receipt, Receipted, decode_receipt, encode_receipt};
pub use referral::{decode_card, decode_referral, encode_card, encode_referral};
pub use release::{
    MAX_RECEIPTS, ReleaseQuestion, decode_release_answer, encode_release_answer,
    parse_release_question, release_question_message,
};
pub use request::{
    MAX_REQUEST, decode_request, decode_request_refusal, decode_request_standing, encode_request,
    encode_request_refusal, encode_request_standing,
};
pub use service::{
    MAX_LISTING, decode_capacity, decode_service, decode_service_withdrawal, encode_capacity,
    encode_service, encode_service_withdrawal,
};
pub use sponsor::{
    MAX_SPONSORED, decode_sponsor_receipt, decode_sponsored, decode_sponsorship_end,
    encode_sponsor_receipt, encode_sponsored, encode_sponsorship_end, read_sponsor_receipt,
    read_sponsored, sponsor_receipt_file, sponsored_file,
};
pub use sponsor_mail::{
    Answers, MAX_ANSWERS, MAX_MAIL, MAX_MAIL_ITEMS, Mail, answers_file, encode_mail_cover,
    is_answers, mail_file, read_answers, read_mail,
};
pub use statement::{
    MAX_DOCUMENT, decode_envelope, decode_statement, document_message, encode_envelope,
    encode_statement, parse_document,
};

pub use sum::{
    MAX_CONTRIBUTION, MAX_PIECE, SecretSum, SumQuestion, SumReply, decode_secret_sum,
    encode_secret_sum, parse_sum_question, parse_sum_release, parse_sum_reply,
    sum_question_message, sum_release_message, sum_reply_message,
};

/// The messages and services of version 1, as generated from `proto/entente/v1`.
///
/// They can say things that make no sense, so nothing but this crate reads their fields; the gRPC
/// shells hand them to the functions here.
#[expect(
    missing_docs,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::doc_lazy_continuation,
    reason = "generated; documented in proto/entente/v1"
)]
pub mod v1 {
    tonic::include_proto!("entente.v1");
}

/// The compiled specification (an encoded `google.protobuf.FileDescriptorSet`), for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

#[cfg(test)]
mod tests {
    use entente_core::agreement::terms;
    use entente_core::codes::{self, Code};
    use entente_core::service;
    use entente_core::statistics::{plan, release, sum};
    use prost::Message;
    use prost_types::{FileDescriptorProto, FileDescriptorSet};

    use super::*;

    fn files() -> Vec<FileDescriptorProto> {
        FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file
    }

    #[test]
    fn the_comments_of_a_grant_cite_the_clauses_that_the_agreement_has() {
        use entente_core::agreement::clause::item;
        let proto = include_str!("../../../proto/entente/v1/documents.proto");
        let grant = proto.split_once("message Grant {").unwrap().1;
        for (field, clause) in [
            ("bool summaries", item::SUMMARIES),
            ("CountsGrant counts", item::COUNTS),
            ("bool referrals", item::REFERRALS),
            ("bool services", item::SERVICES),
            ("uint32 provinces", item::GEOGRAPHY),
            ("uint32 age_classes", item::AGE_CLASSES),
            ("uint32 min_group", item::MIN_GROUP),
            ("uint32 min_cell", item::MIN_CELL),
            ("Elements elements", item::ELEMENTS),
            ("uint32 retention_days", item::RETENTION),
            ("Onward onward", item::ONWARD),
            ("uint64 budget_nano_rho", item::BUDGET),
            ("bool forbid_minors", item::FORBIDS),
        ] {
            let before = grant.split_once(field).unwrap().0;
            let comment = before.rsplit_once("\n\n").map_or(before, |(_, comment)| comment);
            assert!(comment.contains(&format!("// .{clause} ")), "{field}: {comment}");
        }
    }

    fn methods(service: &str) -> Vec<String> {
        let files = files();
        let services = files.iter().flat_map(|file| &file.service);
        let service = services.clone().find(|it| it.name() == service).unwrap();
        service.method.iter().map(|method| method.name().to_owned()).collect()
    }

    #[test]
    fn the_descriptors_list_the_services_and_their_methods() {
        let files = files();
        let services: Vec<_> =
            files.iter().flat_map(|file| &file.service).map(|service| service.name()).collect();
        assert_eq!(
            services,
            ["Onboarding", "Exchange", "Local", "Overlap", "Statistics", "SecureSum"]
        );
        assert_eq!(methods("SecureSum"), ["Open", "Contribute", "Ask", "Fetch"]);
        assert_eq!(methods("Statistics"), ["Release"]);
        assert_eq!(methods("Overlap"), ["Share", "Contribute", "Mix", "Close"]);
        assert_eq!(methods("Onboarding"), ["Join", "Confirm"]);
        let exchange = ["Hello", "Pull", "Follow", "Deliver", "Count", "Witness", "Prove"];
        assert_eq!(methods("Exchange"), exchange);
    }

    #[test]
    fn every_local_method_has_the_one_form() {
        let files = files();
        let local = files.iter().flat_map(|file| &file.service).find(|it| it.name() == "Local");
        for method in &local.unwrap().method {
            assert_eq!(method.input_type(), ".entente.v1.Ask");
            assert_eq!(method.output_type(), ".entente.v1.Told");
            assert!(method.server_streaming() && !method.client_streaming());
        }
    }

    #[test]
    fn no_message_has_a_map_a_float_or_an_optional_field() {
        use prost_types::field_descriptor_proto::Type;
        for message in files().iter().flat_map(|file| &file.message_type) {
            assert!(message.nested_type.is_empty(), "{} has a map", message.name());
            for field in &message.field {
                assert!(!matches!(field.r#type(), Type::Float | Type::Double), "{}", field.name());
                assert!(!field.proto3_optional(), "{} is optional", field.name());
            }
        }
    }

    /// The specification's list is the core's: as many values, their numbers one higher, and the name
    /// of each follows from its code or from its name in the core.
    #[track_caller]
    fn check_list<C: Code>(name: &str) {
        let files = files();
        let list = files.iter().flat_map(|file| &file.enum_type).find(|it| it.name() == name);
        let list = list.unwrap_or_else(|| panic!("no list {name}"));
        let numbers: Vec<_> = list.value.iter().map(|value| value.number()).collect();
        let expected: Vec<_> = (0..=i32::try_from(C::ALL.len()).unwrap()).collect();
        assert_eq!(numbers, expected, "{name}");
        let plain = |text: &str| text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
        let prefix = plain(name);
        for (code, value) in C::ALL.iter().zip(&list.value[1..]) {
            let said = plain(value.name());
            let said = said.strip_prefix(&prefix).unwrap();
            let by_code = plain(&code.code().replace('+', "plus"));
            let by_name = plain(&format!("{code:?}"));
            assert!(said == by_code || said == by_name, "{}", value.name());
        }
    }

    #[test]
    fn the_code_lists_of_the_specification_are_those_of_the_core() {
        check_list::<codes::OrgType>("OrgType");
        check_list::<codes::Pillar>("Pillar");
        check_list::<codes::DataSource>("DataSource");
        check_list::<codes::Status>("Status");
        check_list::<codes::StatusDecider>("StatusDecider");
        check_list::<codes::GenderShared>("GenderShared");
        check_list::<codes::AgeShared>("AgeShared");
        check_list::<codes::Majority>("Majority");
        check_list::<codes::Exploitation>("Exploitation");
        check_list::<codes::LabourSector>("LabourSector");
        check_list::<codes::SexualType>("SexualType");
        check_list::<codes::RecruiterRelation>("RecruiterRelation");
        check_list::<codes::Duration>("Duration");
        check_list::<codes::GeoScope>("GeoScope");
        check_list::<codes::Province>("Province");
        check_list::<codes::RegionShared>("RegionShared");
        check_list::<codes::CitizenshipGroup>("CitizenshipGroup");
        check_list::<codes::DefinitionProfile>("DefinitionProfile");
        check_list::<codes::Need>("Need");
        check_list::<codes::Suppression>("Suppression");
        check_list::<codes::Purpose>("Purpose");
        check_list::<codes::MergedControl>("MergedControl");
        check_list::<terms::PeriodLevel>("PeriodLevel");
        check_list::<terms::PlaceLevel>("PlaceLevel");
        check_list::<terms::GenderLevel>("GenderLevel");
        check_list::<terms::AgeLevel>("AgeLevel");
        check_list::<terms::CitizenshipLevel>("CitizenshipLevel");
        check_list::<terms::Detail>("Detail");
        check_list::<terms::Dimension>("Dimension");
        check_list::<terms::Consequence>("Consequence");
        check_list::<plan::CubeDimension>("CubeDimension");
        check_list::<release::DeclineReason>("DeclineReason");
        check_list::<entente_core::statistics::national::SumEnd>("SumEnd");
        check_list::<sum::Rejection>("SumRejection");
        check_list::<release::Symbol>("ReturnSymbol");
        check_list::<service::Status>("ServiceStatus");
        check_list::<service::Group>("ServiceGroup");
        check_list::<service::Unit>("CapacityUnit");
        check_list::<service::Zone>("TimeZone");
        check_list::<codes::Urgency>("Urgency");
        check_list::<codes::Risk>("Risk");
        check_list::<codes::ReferralOutcome>("ReferralOutcome");
        check_list::<codes::Barrier>("Barrier");
        check_list::<codes::SafetyFlag>("SafetyFlag");
        check_list::<codes::AccessNeed>("AccessNeed");
        check_list::<codes::Dependants>("Dependants");
        check_list::<codes::StatusGroup>("StatusGroup");
    }
}
