//! Generates Rust from `proto/`, in Rust: no `protoc` to install, no generated code to commit.

use std::error::Error;
use std::path::PathBuf;

use prost::Message;

/// The files, from the root of the specification.
const FILES: [&str; 12] = [
    "entente/v1/codes.proto",
    "entente/v1/documents.proto",
    "entente/v1/exchange.proto",
    "entente/v1/handover.proto",
    "entente/v1/local.proto",
    "entente/v1/overlap.proto",
    "entente/v1/referral.proto",
    "entente/v1/service.proto",
    "entente/v1/sponsor.proto",
    "entente/v1/statement.proto",
    "entente/v1/statistics.proto",
    "entente/v1/sum.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = "../../proto";
    println!("cargo:rerun-if-changed={root}");

    let descriptors = protox::compile(FILES, [root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // For reflection: what a client in another language lists is what was compiled here.
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
