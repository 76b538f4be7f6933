//! National returns as files: what checking one comes to, and its forms for other programs.
//!
//! Nothing here needs a node: whoever has a file and trusts the identities in it can do the same. The
//! outer signature and the form are checked where the file is read; everything else by
//! [`NationalReturn::faults`]. What is added here is trust: an identity that is not among the known ones
//! is a fault, if known ones are given.

use entente_core::identity::OrgId;
use entente_core::lang::{Lang, Text};
use entente_core::statistics::national::{GivenUp, Heads, NationalReturn};
use entente_core::statistics::overlap::Counted;
use entente_core::statistics::referrals::Counts;
use entente_core::statistics::release::{Answer, ReleaseId};
use entente_proto::Invalid;

use crate::fault::{Both, Fault};
use crate::local::doc::ReturnCheck;

mod checks;
mod forms;
#[cfg(test)]
mod tests;
mod workbook;

pub use forms::{csv, document, sdmx};
pub use workbook::workbook;

/// What became of checking a return.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What people call the plan.
    pub title: Text,
    /// The plan: `name@version`.
    pub plan: String,
    /// Its identity.
    pub plan_id: String,
    /// The period.
    pub period: String,
    /// The day on which the return was made.
    pub made_on: String,
    /// What is counted, in the maker's words.
    pub definitions: Text,
    /// Who signed the file.
    pub maker: OrgId,
    /// Who contributed to any table.
    pub contributors: Vec<OrgId>,
    /// Who is in each table.
    pub heads: Vec<(ReleaseId, Heads)>,
    /// Which sums were given up.
    pub given_up: Vec<GivenUp>,
    /// The names of the plan's tables, and what each counts.
    pub names: Vec<(String, Counts)>,
    /// Whether the identities were compared with trusted ones.
    pub compared: bool,
    /// Every check that was made, and how it ended.
    pub checks: Vec<ReturnCheck>,
    /// What is wrong.
    pub faults: Vec<Both>,
}

impl Verdict {
    /// What the table of a release is called.
    pub fn name(&self, release: &ReleaseId) -> &str {
        self.names.get(usize::from(release.cube)).map_or("", |(name, _)| name)
    }

    /// Whether nothing is wrong.
    pub fn is_right(&self) -> bool {
        self.faults.is_empty()
    }
}

/// A return, and what is wrong with it. With `trusted`, whoever else signed in it is a fault.
pub fn read(bytes: &[u8], trusted: Option<&[OrgId]>) -> Result<(NationalReturn, Verdict), Invalid> {
    let (national, maker) = entente_proto::read_return(bytes)?;
    let verdict = verdict(&national, maker, trusted);
    Ok((national, verdict))
}

fn verdict(national: &NationalReturn, maker: OrgId, trusted: Option<&[OrgId]>) -> Verdict {
    let wrong = national.faults(&maker);
    let mut faults: Vec<Both> =
        wrong.iter().map(|it| Both::new(it.text(Lang::En), it.text(Lang::Fr))).collect();
    let (voices, contributors) = voices(national, maker);
    let strangers = strangers(&voices, trusted);
    let checks = checks::checks(&wrong, trusted.is_some().then_some(strangers.as_slice()));
    faults.extend(strangers);
    Verdict {
        title: national.plan.title.clone(),
        plan: format!("{}@{}", national.plan.name, national.plan.version),
        plan_id: national.plan_id().to_string(),
        period: national.period.to_string(),
        made_on: national.made_on.to_string(),
        definitions: national.definitions.clone(),
        maker,
        contributors,
        heads: national.tables.iter().map(|it| (it.release, it.heads())).collect(),
        given_up: national
            .tables
            .iter()
            .filter_map(|it| Some(it.given_up.as_ref()?.given_up))
            .collect(),
        names: national.plan.cubes.iter().map(|it| (it.name.clone(), it.counts())).collect(),
        compared: trusted.is_some(),
        checks,
        faults,
    }
}

/// Whether a file is the result of an overlap round, right or wrong.
pub fn is_overlap(bytes: &[u8]) -> bool {
    entente_proto::is_overlap_result(bytes)
}

/// The result of an overlap round, who signed it, and what is wrong with it. With `trusted`, whoever else signed in it
/// is a fault.
pub fn read_overlap(
    bytes: &[u8],
    trusted: Option<&[OrgId]>,
) -> Result<(Counted, OrgId, Vec<Both>), Invalid> {
    let (counted, maker) = entente_proto::read_overlap_result(bytes)?;
    let wrong = counted.faults(&maker);
    let mut faults: Vec<Both> =
        wrong.iter().map(|it| Both::new(it.text(Lang::En), it.text(Lang::Fr))).collect();
    let signers = counted.parcels.iter().flat_map(|(envelope, _)| &envelope.signatures);
    let voices: Vec<OrgId> = signers.map(|(org, _)| *org).chain([maker]).collect();
    faults.extend(strangers(&voices, trusted));
    Ok((counted, maker, faults))
}

/// The identities that were named, in full: the beginning of one proves nothing. `ENT-0018`.
pub fn identities<'t>(named: impl IntoIterator<Item = &'t str>) -> Result<Vec<OrgId>, Box<Fault>> {
    let parsed: Result<Vec<OrgId>, _> = named.into_iter().map(|text| text.trim().parse()).collect();
    parsed.map_err(|_| {
        Fault::new(
            18,
            (
                "A trusted identity is not written in full.",
                "Une identité de confiance n’est pas écrite en entier.",
            ),
            (
                "Give its 64 hexadecimal digits: `entente --json status` shows those of a node.",
                "Donnez ses 64 chiffres hexadécimaux\u{a0}: `entente --json status` montre ceux d’un nœud.",
            ),
        )
    })
}

/// Everybody who signed something in a return, and who of them contributed.
fn voices(national: &NationalReturn, maker: OrgId) -> (Vec<OrgId>, Vec<OrgId>) {
    let mut voices: Vec<OrgId> = national.signatures.iter().map(|(org, _)| *org).collect();
    voices.push(maker);
    let mut contributors = Vec::new();
    for table in &national.tables {
        if table.sum.is_some() || table.given_up.is_some() {
            voices.extend(national.plan.roles.aggregators.iter().flatten());
        }
        for (org, heard) in &table.voices {
            let Some(heard) = heard else { continue };
            voices.push(*org);
            if matches!(heard.answer, Answer::Given(_) | Answer::Added(_)) {
                contributors.push(*org);
            }
        }
    }
    for all in [&mut voices, &mut contributors] {
        all.sort_unstable();
        all.dedup();
    }
    (voices, contributors)
}

/// Whoever signed in it and was not named as trusted.
fn strangers(voices: &[OrgId], trusted: Option<&[OrgId]>) -> Vec<Both> {
    let Some(trusted) = trusted else { return Vec::new() };
    let strangers = voices.iter().filter(|org| !trusted.contains(org));
    let fault = |org: &OrgId| {
        Both::new(
            format!("{org} signed in it, and is not among the trusted identities"),
            format!("{org} y a signé, et n’est pas parmi les identités de confiance"),
        )
    };
    strangers.map(fault).collect()
}
