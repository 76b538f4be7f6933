//! The checks of a return, each with what it found: also those that found nothing.

use entente_core::lang::Lang;
use entente_core::statistics::national::ReturnFault;

use crate::fault::Both;
use crate::local::doc::ReturnCheck;

/// What a check looks at.
type Looks = fn(&ReturnFault) -> bool;

/// A check: its code, what it looks at, and its words.
type Row = (&'static str, Looks, &'static str, &'static str);

/// Every check but that of the identities, in the order in which they are made.
const CHECKS: [Row; 11] = [
    (
        "maker",
        |it| matches!(it, ReturnFault::NotTheirs(_)),
        "Whoever made it may ask under the plan, and has signed it",
        "Qui l’a produit peut demander en vertu du plan, et l’a signé",
    ),
    (
        "plan",
        |it| matches!(it, ReturnFault::PlanSignature(_)),
        "Every signature under the plan is right",
        "Chaque signature au bas du plan est exacte",
    ),
    (
        "definitions",
        |it| matches!(it, ReturnFault::Definitions),
        "It says that it counts what the plan counts",
        "Il dit compter ce que compte le plan",
    ),
    (
        "order",
        |it| matches!(it, ReturnFault::Order),
        "Every organization is named once, in order",
        "Chaque organisme est nommé une fois, dans l’ordre",
    ),
    (
        "tables",
        |it| matches!(it, ReturnFault::Tables),
        "It holds exactly the tables of its period, no fewer and no more",
        "Il contient exactement les tableaux de sa période, ni plus ni moins",
    ),
    (
        "coverage",
        |it| matches!(it, ReturnFault::Coverage(_)),
        "Every table names every contributor, and who did not answer",
        "Chaque tableau nomme tous les contributeurs, et qui n’a pas répondu",
    ),
    (
        "answers",
        |it| matches!(it, ReturnFault::Answer(..) | ReturnFault::Unsigned(..)),
        "Every answer is signed by its organization, which has signed the plan",
        "Chaque réponse est signée par son organisme, qui a signé le plan",
    ),
    (
        "due",
        |it| matches!(it, ReturnFault::TooEarly(..)),
        "Nobody answered before the release was due",
        "Personne n’a répondu avant l’échéance de la diffusion",
    ),
    (
        "charges",
        |it| matches!(it, ReturnFault::DrawnTwice(_) | ReturnFault::Overspent(..)),
        "Nobody answered twice under one charge, or spent more of the year than the plan allows",
        "Personne n’a répondu deux fois pour une même imputation, ni dépensé plus que le plan ne permet",
    ),
    (
        "sums",
        |it| matches!(it, ReturnFault::Share(..) | ReturnFault::Set(_) | ReturnFault::GivenUp(_)),
        "Secure sums are what the reports say, or were given up by who may say so",
        "Les sommes sécurisées sont conformes aux rapports, ou abandonnées par qui peut le dire",
    ),
    (
        "figures",
        |it| matches!(it, ReturnFault::Figures(_)),
        "Every figure follows from the contributions, to the last unit",
        "Chaque chiffre découle des contributions, à l’unité près",
    ),
];

/// All checks. `strangers` are identities that nobody knows; `None` if there was nothing to compare with.
pub(super) fn checks(wrong: &[ReturnFault], strangers: Option<&[Both]>) -> Vec<ReturnCheck> {
    let made = |code: &str, en: &str, fr: &str, faults: Vec<Both>| ReturnCheck {
        code: code.to_owned(),
        text: Both::new(en, fr),
        right: faults.is_empty(),
        faults,
    };
    let whole = made(
        "file",
        "The file is whole, and signed by whoever made it",
        "Le fichier est entier, et signé par qui l’a produit",
        Vec::new(),
    );
    let mut checks = vec![whole];
    for (code, looks, en, fr) in CHECKS {
        let found = wrong.iter().filter(|it| looks(it));
        let faults = found.map(|it| Both::new(it.text(Lang::En), it.text(Lang::Fr)));
        checks.push(made(code, en, fr, faults.collect()));
    }
    if let Some(strangers) = strangers {
        checks.push(made(
            "identities",
            "Every identity in it is one that we know",
            "Chaque identité qui y figure nous est connue",
            strangers.to_vec(),
        ));
    }
    checks
}

#[cfg(test)]
mod tests {
    use entente_core::identity::OrgKey;
    use entente_core::statistics::plan::PlanId;
    use entente_core::statistics::release::ReleaseId;
    use entente_core::statistics::sum::Role;

    use super::*;

    #[test]
    fn whatever_is_wrong_shows_in_exactly_one_check() {
        let org = OrgKey::from_seed(&[1; 32]).id();
        let period = "2025".parse().unwrap();
        let release = ReleaseId { plan: PlanId([0; 32]), cube: 0, period, revision: 0 };
        let all = [
            ReturnFault::NotTheirs(org),
            ReturnFault::PlanSignature(org),
            ReturnFault::Order,
            ReturnFault::Tables,
            ReturnFault::Coverage(release),
            ReturnFault::Answer(release, org),
            ReturnFault::Unsigned(release, org),
            ReturnFault::TooEarly(release, org),
            ReturnFault::Overspent(release, org),
            ReturnFault::Definitions,
            ReturnFault::DrawnTwice(org),
            ReturnFault::Share(release, Role::Leader),
            ReturnFault::Set(release),
            ReturnFault::GivenUp(release),
            ReturnFault::Figures(release),
        ];
        for fault in all {
            let checks = checks(std::slice::from_ref(&fault), None);
            let n_wrong = checks.iter().filter(|it| !it.right).count();
            assert_eq!(n_wrong, 1, "{fault:?}");
        }
        assert!(checks(&[], Some(&[])).iter().all(|it| it.right));
        assert_eq!(
            checks(&[], Some(&[Both::new("a", "b")])).last().map(|it| it.right),
            Some(false)
        );
    }
}
