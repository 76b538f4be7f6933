//! Bundles: a feed in a file, for partners without a connection.
//!
//! The batches are those of the wire, with the same signed checkpoints. Nothing in a file is more
//! trusted than in a stream; the head is signed by nobody, and only says whether to read on.

use entente_core::feed::Batch;
use entente_core::identity::OrgId;
use prost::Message;

use crate::canonical::{Invalid, canonical};
use crate::exchange::{MAX_BATCH_BYTES, batch_message, parse_batch};
use crate::parse::{MAX_SECONDS, org, within};
use crate::v1;

/// The most batches of a file: two million summaries.
pub const MAX_BATCHES: usize = 4_096;

/// The first bytes of every bundle.
const MAGIC: &[u8; 8] = b"ENTENTE1";

/// Longest head: two identities and two numbers.
const MAX_HEAD: usize = 128;

/// A feed, or a part of one, in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// Who speaks.
    pub issuer: OrgId,
    /// To whom.
    pub audience: OrgId,
    /// When it was written; seconds since 1970.
    pub written_at_s: u64,
    /// At most [`MAX_BATCHES`], in order.
    pub batches: Vec<Batch>,
}

/// The bytes of the file.
pub fn encode_bundle(bundle: &Bundle) -> Vec<u8> {
    let Bundle { issuer, audience, written_at_s, batches } = bundle;
    let head = v1::BundleHead {
        issuer: issuer.as_bytes().to_vec(),
        audience: audience.as_bytes().to_vec(),
        written_at_s: *written_at_s,
        n_batches: u32::try_from(batches.len()).unwrap_or(u32::MAX),
    };
    let mut file = MAGIC.to_vec();
    put(&mut file, &head);
    for batch in batches {
        put(&mut file, &batch_message(batch));
    }
    file
}

/// The bundle in a file. Nothing in it is verified by this.
pub fn decode_bundle(bytes: &[u8]) -> Result<Bundle, Invalid> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(Invalid::new("file", "is not a bundle"))?;
    let v1::BundleHead { issuer, audience, written_at_s, n_batches } =
        canonical(take(&mut rest, MAX_HEAD)?)?;
    let (issuer, audience) = (org("issuer", &issuer)?, org("audience", &audience)?);
    let written_at_s = within("written_at_s", written_at_s, 1..=MAX_SECONDS)?;
    let n_batches = usize::try_from(n_batches).unwrap_or(usize::MAX);
    within("n_batches", n_batches, 0..=MAX_BATCHES)?;

    let mut batches = Vec::new();
    for _ in 0..n_batches {
        batches.push(parse_batch(canonical(take(&mut rest, MAX_BATCH_BYTES)?)?)?);
    }
    if !rest.is_empty() {
        return Err(Invalid::new("file", "goes on after its end"));
    }
    Ok(Bundle { issuer, audience, written_at_s, batches })
}

fn put(file: &mut Vec<u8>, message: &impl Message) {
    let bytes = message.encode_to_vec();
    // A batch is far below 4 GiB; one that is not would be refused by its length.
    file.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend_from_slice(&bytes);
}

fn take<'a>(rest: &mut &'a [u8], max: usize) -> Result<&'a [u8], Invalid> {
    let cut_off = Invalid::new("file", "is cut off");
    let (len, after) = rest.split_first_chunk::<4>().ok_or(cut_off)?;
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| cut_off)?;
    within("file", len, 0..=max)?;
    let (bytes, after) = after.split_at_checked(len).ok_or(cut_off)?;
    *rest = after;
    Ok(bytes)
}
