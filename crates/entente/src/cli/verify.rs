//! `entente verify`: checks a national return, or the result of an overlap round, with nothing but the
//! file.
//!
//! The outer signature and the form are checked where the file is read; everything else by
//! [`NationalReturn::faults`]. What this command adds is trust: with `--trust`, an identity that was
//! not named is a fault. Without it, the identities are shown, to be compared with known ones.

use std::io::Read as _;
use std::path::Path;

use entente_core::identity::OrgId;
use entente_core::statistics::national::NationalReturn;
use entente_node::fault::Fault;
use entente_node::returned::{self, Verdict};

use super::ask::Typed;
use super::desk::Desk;
use super::{End, faults};
use crate::render::overlap_result::OverlapVerdict;

/// The longest file that is read: the longest content, and what stands around it.
const MAX_FILE: u64 = (entente_proto::MAX_RETURN as u64) + (1 << 20);

/// Checks the file, and says what is wrong with it or prints its figures.
pub(super) fn run(desk: &Desk, typed: &Typed<'_>) -> Result<End, Box<Fault>> {
    let path = typed.raw_path("file").unwrap_or_default();
    let trusted = trusted(&typed.many("trust"))?;
    let bytes = contents(&path)?;
    if returned::is_overlap(&bytes) {
        return overlap(desk, typed, &bytes, trusted.as_deref());
    }
    let (national, verdict) = checked(&bytes, trusted.as_deref())?;
    let is_right = verdict.faults.is_empty();
    let end = if is_right { End::Done } else { End::Faulty };
    match typed.maybe("format").filter(|_| is_right).as_deref() {
        Some("csv") => desk.print(returned::csv(&national).trim_end()),
        Some("sdmx") => desk.print(returned::sdmx(&national).trim_end()),
        Some(_) => desk.print(&returned::document(&national, &verdict).to_string()),
        None if desk.json => desk.print(&returned::document(&national, &verdict).to_string()),
        None => desk.page(&verdict),
    }
    Ok(end)
}

/// A return, and what is wrong with it. With `trusted`, whoever else signed in it is a fault.
pub(crate) fn check(
    path: &Path,
    trusted: Option<&[OrgId]>,
) -> Result<(NationalReturn, Verdict), Box<Fault>> {
    checked(&contents(path)?, trusted)
}

fn checked(
    bytes: &[u8],
    trusted: Option<&[OrgId]>,
) -> Result<(NationalReturn, Verdict), Box<Fault>> {
    returned::read(bytes, trusted).map_err(|invalid| faults::not_a_return(&invalid))
}

/// The same for the result of an overlap round.
fn overlap(
    desk: &Desk,
    typed: &Typed<'_>,
    bytes: &[u8],
    trusted: Option<&[OrgId]>,
) -> Result<End, Box<Fault>> {
    let read = returned::read_overlap(bytes, trusted);
    let (counted, maker, faults) = read.map_err(|invalid| faults::not_a_return(&invalid))?;
    let verdict = OverlapVerdict { counted, maker, compared: trusted.is_some(), faults };
    let is_right = verdict.faults.is_empty();
    match (typed.maybe("format").filter(|_| is_right).as_deref(), desk.json) {
        (Some("csv"), _) => desk.print(verdict.csv().trim_end()),
        (Some("sdmx"), _) => return Err(faults::not_a_return(&"an overlap has no such form")),
        (Some(_), _) | (None, true) => desk.print(&verdict.document().to_string()),
        (None, false) => desk.page(&verdict),
    }
    Ok(if is_right { End::Done } else { End::Faulty })
}

/// The identities that were named, in full: the beginning of one proves nothing.
fn trusted(typed: &[String]) -> Result<Option<Vec<OrgId>>, Box<Fault>> {
    if typed.is_empty() {
        return Ok(None);
    }
    returned::identities(typed.iter().map(String::as_str)).map(Some)
}

fn contents(path: &Path) -> Result<Vec<u8>, Box<Fault>> {
    let unreadable = |error: std::io::Error| faults::unreadable(path, &error);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_identity_is_not_trusted() {
        let id = entente_core::identity::OrgKey::from_seed(&[1; 32]).id();
        assert_eq!(trusted(&[id.to_string()]).unwrap(), Some(vec![id]));
        assert_eq!(trusted(&[]).unwrap(), None);
        let short = id.to_string()[..16].to_owned();
        assert_eq!(trusted(&[short]).unwrap_err().code, "ENT-0018");
    }

    #[test]
    fn what_is_no_return_is_named_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "ENTENTE-RETURN-1 and nonsense").unwrap();
        assert_eq!(check(&path, None).unwrap_err().code, "ENT-0035");
        assert_eq!(check(&folder.path().join("y"), None).unwrap_err().code, "ENT-0010");
    }
}
