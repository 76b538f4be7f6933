//! The chapter of private statistics: a plan that all seven sign, figures that two organizations add
//! up without seeing a part of them, and a return that anybody can verify.

use std::path::Path;

use entente_core::identity::OrgId;
use entente_node::local::doc::*;

use super::cast::{FEDERAL, ONTARIO, POLICE, WORKERS};
use super::office::Office;
use super::story::{at, pull, went_wrong};
use super::teller::Teller;
use super::{Outcome, StatisticsFigures};
use crate::cli::verify;

/// Tells it, and gives its figures.
pub(super) async fn tell(
    teller: &Teller,
    offices: &mut [Office],
    folder: &Path,
) -> Outcome<StatisticsFigures> {
    let plan = sign(teller, offices).await?;
    offices.get_mut(POLICE).ok_or_else(went_wrong)?.fail();
    let mut figures = add_up(teller, offices, &plan).await?;
    figures.verified = publish(teller, offices, &plan, folder).await?;
    let told = at(offices, ONTARIO)?.ask(&BudgetAsk {}).await?;
    figures.budget_spent_nano_rho = told.spent_nano_rho;
    teller.step(
        "What the persons in Ontario’s figures have paid for them, out of their yearly budget:",
        "Ce que les personnes comptées par l’Ontario ont payé, sur leur budget annuel\u{a0}:",
    );
    teller.page(&told);
    offices.get_mut(POLICE).ok_or_else(went_wrong)?.come_back().await?;
    Ok(figures)
}

/// A plan, read and signed by everybody. Gives its id.
async fn sign(teller: &Teller, offices: &[Office]) -> Outcome<String> {
    teller.step(
        "A release plan says what may be published, and what it costs the persons in it. All seven sign it.",
        "Un plan de diffusion dit ce qui peut être publié et ce que paient les personnes comptées. Les sept le signent.",
    );
    let federal = at(offices, FEDERAL)?;
    let others = || offices.iter().filter(|it| it.role.key != federal.role.key);
    let us = federal.role.name_en.to_owned();
    let draft = PlanDraftAsk {
        queriers: vec![us.clone()],
        contributors: others().map(|it| it.role.name_en.to_owned()).collect(),
        aggregators: vec![us, at(offices, WORKERS)?.role.name_en.to_owned()],
        ..PlanDraftAsk::default()
    };
    let toml = federal.ask(&draft).await?.toml;
    let ask = PlanSignAsk { plan: None, toml: Some(toml), dry_run: false };
    let signed = federal.ask(&ask).await?;
    let id = signed.plan.id;
    for office in others() {
        pull(office, federal).await?;
        office.ask(&PlanSignAsk { plan: Some(id.clone()), toml: None, dry_run: false }).await?;
        pull(federal, office).await?;
    }
    let (rho, bound) = (signed.price.year_nano_rho, f64::from(signed.price.advantage_permille));
    let bound = teller.lang.percent(bound / 1000.0);
    teller.say(
        &format!("{rho} nano-rho a year: whoever knows all others can tell at most {bound} better than a coin whether one person is in it"),
        &format!("{rho} nano-rho par an\u{a0}: qui connaît tous les autres devine au plus {bound} mieux qu’à pile ou face si une personne est comptée"),
    );
    Ok(id)
}

/// The newest year whose figures are due.
async fn due(federal: &Office, plan: &str) -> Outcome<String> {
    let told = federal.ask(&StatsStatusAsk { plan: Some(plan.to_owned()) }).await?;
    let due = told.releases.into_iter().filter(|row| row.due).map(|row| row.period);
    due.max().ok_or_else(went_wrong)
}

/// The centre and the workers' centre add up what the others send, without one who is down.
async fn add_up(teller: &Teller, offices: &[Office], plan: &str) -> Outcome<StatisticsFigures> {
    let (federal, helper, down) =
        (at(offices, FEDERAL)?, at(offices, WORKERS)?, at(offices, POLICE)?);
    let (a, b, c) = (federal.name(), helper.name(), down.name());
    teller.step(
        &format!("{c} is down. {a} and {b} add up what the five others send: each sees random bytes, and adds noise."),
        &format!("{c} est en panne. {a} et {b} additionnent ce qu’envoient les cinq autres\u{a0}: chacun voit des octets aléatoires et ajoute du bruit."),
    );
    let ask = StatsRunAsk {
        plan: plan.to_owned(),
        periods: vec![due(federal, plan).await?],
        cube: None,
        close: true,
        give_up: false,
    };
    let mut told = federal.ask(&ask).await?;
    let n_tables = told.tables.len();
    told.tables.truncate(1);
    teller.page(&told);
    teller.say(
        &format!("{n_tables} tables; this is the first."),
        &format!("{n_tables} tableaux; voici le premier."),
    );
    let coverage = &told.tables.first().ok_or_else(went_wrong)?.coverage;
    Ok(StatisticsFigures {
        contributors: coverage.answered,
        dropped: coverage.refused + coverage.unreachable,
        aggregators: 2,
        ..StatisticsFigures::default()
    })
}

/// The figures with their proofs in a file, which is verified with nothing but trusted identities.
async fn publish(teller: &Teller, offices: &[Office], plan: &str, folder: &Path) -> Outcome<bool> {
    teller.step(
        "The national return: every figure with its proofs in one file, verified without any node.",
        "Le rapport national\u{a0}: chaque chiffre avec ses preuves dans un fichier, vérifié sans aucun nœud.",
    );
    let federal = at(offices, FEDERAL)?;
    let file = folder.join("national.return");
    let ask = StatsReturnAsk {
        plan: plan.to_owned(),
        period: due(federal, plan).await?,
        file: Some(file.display().to_string()),
    };
    federal.ask(&ask).await?;
    let verdict = verify::check(&file, Some(&identities(offices).await?))?.1;
    teller.page(&verdict);
    Ok(verdict.faults.is_empty())
}

/// Everybody's identity. Whose node is down is known to the centre.
async fn identities(offices: &[Office]) -> Outcome<Vec<OrgId>> {
    let federal = at(offices, FEDERAL)?;
    let known = federal.ask(&PartnerListAsk::default()).await?.partners;
    let own = federal.ask(&StatusAsk {}).await?.organization.id;
    let ids = known.into_iter().map(|it| it.partner.id).chain([own]);
    ids.map(|id| id.parse().map_err(|_| went_wrong())).collect()
}
