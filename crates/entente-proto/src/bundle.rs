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

#[cfg(test)]
mod tests {
    use entente_core::feed::Carried;
    use proptest::prelude::*;

    use super::*;
    use crate::any::{check_mutations, id};

    fn bundle(n_batches: u64) -> Bundle {
        let batch = |first| Batch {
            epoch: 1,
            first,
            checkpoint: vec![4; 20],
            leaves: vec![Carried::Whole(vec![5; 30])],
        };
        Bundle {
            issuer: id(1),
            audience: id(2),
            written_at_s: 1_795_000_000,
            batches: (0..n_batches).map(batch).collect(),
        }
    }

    #[test]
    fn a_bundle_is_read_as_it_is_written() {
        for n in [0, 1, 3] {
            assert_eq!(decode_bundle(&encode_bundle(&bundle(n))), Ok(bundle(n)));
        }
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_refused() {
        let file = encode_bundle(&bundle(3));
        for len in 0..file.len() {
            assert!(decode_bundle(&file[..len]).is_err(), "cut off at {len}");
        }
        assert!(decode_bundle(&[&file[..], &[0]].concat()).is_err());
        assert_eq!(decode_bundle(b"hello").unwrap_err().problem, "is not a bundle");
    }

    #[test]
    fn no_changed_file_is_taken_for_the_same() {
        check_mutations(&encode_bundle(&bundle(2)), &bundle(2), decode_bundle);
    }

    #[test]
    fn a_length_that_lies_allocates_nothing() {
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&[0xff; 4]);
        assert!(decode_bundle(&file).is_err());
    }

    proptest! {
        #[test]
        fn random_files_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode_bundle(&[MAGIC, bytes.as_slice()].concat()).is_err());
        }
    }
}
