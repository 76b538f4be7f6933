//! The duty to report a child in need of protection, by province and territory.
//!
//! A referral of a minor says which duty applies and to whom it is owed, so that nobody has to look
//! it up at night. One thing is decided by it: a referral rests on that duty instead of a consent only
//! if its card has one ([`extends_to`]), so never that of an adult. Beyond that this is no legal advice:
//! up to which age a statute protects, and what has to be reported, is for the statute and for whoever
//! answers there.
//!
//! Every province and territory has the duty. Where the section was not seen in a source, the duty counts
//! all the same, and no section is cited.
//!
//! Sources: Public Health Agency of Canada, *Provincial and territorial child protection legislation
//! and policy – 2018* (180736), table 6. Its sections were found again in later texts for Ontario (subsection
//! 125(1), quoted by the province's Policy/Program Memorandum 9), Saskatchewan (the Act's own table of
//! contents), Alberta, British Columbia and Manitoba (a church's directory of duties), and nowhere
//! contradicted. For what came later: the Child and Youth Well-Being Act of New Brunswick (S.N.B. 2022, c. 35;
//! in force since 2024-01-26 by the preamble of the province's Bill 25 of 2024; section 30 of the Family
//! Services Act was repealed by 2023, c. 36, s. 13) and the Child, Youth and Family Services Act of Prince
//! Edward Island (in force since 2024-09-09). Of both, the section was not seen in a source and is left out.

use crate::codes::{Majority, OverrideReason, Province};
use crate::lang::Text;

use super::{Area, NeedCard};

/// Which law makes people report, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Where.
    pub province: Province,
    /// The statute.
    pub statute: Text,
    /// Its section; `None` if it was not verified.
    pub section: Option<&'static str>,
    /// To whom it is reported.
    pub authority: Text,
    /// What a referral without consent would rest on.
    pub reason: OverrideReason,
}

/// The duty of a province or territory.
pub fn duty_of(province: Province) -> Duty {
    let (statute, section, authority) = row(province);
    Duty {
        province,
        statute: Text::new(statute.0, statute.1),
        section,
        authority: Text::new(authority.0, authority.1),
        reason: OverrideReason::ChildProtectionDuty,
    }
}

/// The duties that a card may bring with it: none for an adult, and one for each province where the
/// service may be wanted, if that is one province or region.
pub fn duties_for(card: &NeedCard) -> Vec<Duty> {
    match (card.age, card.area) {
        (Majority::Adult, _) | (_, Area::Anywhere) => Vec::new(),
        (Majority::Minor | Majority::Unknown, area) => area.provinces().map(duty_of).collect(),
    }
}

/// Whether a legal duty of this kind lets a referral of this card go without a consent.
///
/// Danger and an order of a court may concern anybody. The duty to report a child extends to whom
/// [`duties_for`] knows one: a minor, or somebody who may be one, where the card says in which province or
/// region.
pub fn extends_to(reason: OverrideReason, card: &NeedCard) -> bool {
    match reason {
        OverrideReason::ChildProtectionDuty => !duties_for(card).is_empty(),
        OverrideReason::ImminentDanger | OverrideReason::CourtOrder => true,
    }
}

type Both = (&'static str, &'static str);

/// One row of the table.
fn row(province: Province) -> (Both, Option<&'static str>, Both) {
    let director = (
        "a director of child protection",
        "une directrice ou un directeur de la protection de l’enfance",
    );
    match province {
        Province::Newfoundland => (
            (
                "Children, Youth and Families Act (S.N.L. 2018, c. C-12.3)",
                "Children, Youth and Families Act (S.N.L. 2018, ch. C-12.3)",
            ),
            Some("11"),
            (
                "a manager or social worker of the department, or a peace officer",
                "une ou un gestionnaire, une travailleuse sociale ou un travailleur social du ministère, ou un agent de la paix",
            ),
        ),
        Province::PrinceEdwardIsland => (
            (
                "Child, Youth and Family Services Act (P.E.I., in force 2024-09-09)",
                "Child, Youth and Family Services Act (Î.-P.-É., en vigueur le 9 septembre 2024)",
            ),
            None,
            director,
        ),
        Province::NovaScotia => (
            (
                "Children and Family Services Act (S.N.S. 1990, c. 5)",
                "Children and Family Services Act (S.N.S. 1990, ch. 5)",
            ),
            Some("23"),
            ("an agency under the Act", "un organisme visé par la loi"),
        ),
        Province::NewBrunswick => (
            (
                "Child and Youth Well-Being Act (S.N.B. 2022, c. 35)",
                "Loi sur le bien-être des enfants et des jeunes (L.N.-B. 2022, ch. 35)",
            ),
            None,
            ("the Minister (Social Development)", "la ou le ministre (Développement social)"),
        ),
        Province::Quebec => (
            (
                "Youth Protection Act (CQLR, c. P-34.1)",
                "Loi sur la protection de la jeunesse (RLRQ, c. P-34.1)",
            ),
            Some("39"),
            (
                "the director of youth protection (DYP)",
                "la directrice ou le directeur de la protection de la jeunesse (DPJ)",
            ),
        ),
        Province::Ontario => (
            (
                "Child, Youth and Family Services Act, 2017 (S.O. 2017, c. 14, Sched. 1)",
                "Loi de 2017 sur les services à l’enfance, à la jeunesse et à la famille (L.O. 2017, ch. 14, ann. 1)",
            ),
            Some("125"),
            ("a children’s aid society", "une société d’aide à l’enfance"),
        ),
        Province::Manitoba => (
            (
                "The Child and Family Services Act (C.C.S.M., c. C80)",
                "Loi sur les services à l’enfant et à la famille (C.P.L.M., c. C80)",
            ),
            Some("18"),
            (
                "a child and family services agency",
                "un office de services à l’enfant et à la famille",
            ),
        ),
        Province::Saskatchewan => (
            (
                "The Child and Family Services Act (S.S. 1989-90, c. C-7.2)",
                "The Child and Family Services Act (S.S. 1989-90, ch. C-7.2)",
            ),
            Some("12"),
            (
                "an officer of the ministry, a First Nations agency or a peace officer",
                "un agent du ministère, un organisme des Premières Nations ou un agent de la paix",
            ),
        ),
        Province::Alberta => (
            (
                "Child, Youth and Family Enhancement Act (R.S.A. 2000, c. C-12)",
                "Child, Youth and Family Enhancement Act (R.S.A. 2000, ch. C-12)",
            ),
            Some("4"),
            (
                "a director under the Act, or a peace officer",
                "une directrice ou un directeur visé par la loi, ou un agent de la paix",
            ),
        ),
        Province::BritishColumbia => (
            (
                "Child, Family and Community Service Act (R.S.B.C. 1996, c. 46)",
                "Child, Family and Community Service Act (R.S.B.C. 1996, ch. 46)",
            ),
            Some("14"),
            director,
        ),
        Province::Yukon => (
            (
                "Child and Family Services Act (S.Y. 2008, c. 1)",
                "Loi sur les services à l’enfance et à la famille (L.Y. 2008, ch. 1)",
            ),
            Some("22"),
            (
                "a director, or a peace officer",
                "une directrice ou un directeur, ou un agent de la paix",
            ),
        ),
        Province::NorthwestTerritories => (
            (
                "Child and Family Services Act (S.N.W.T. 1997, c. 13)",
                "Loi sur les services à l’enfance et à la famille (L.T.N.-O. 1997, ch. 13)",
            ),
            Some("8"),
            (
                "a child protection worker, a peace officer or an authorized person",
                "un préposé à la protection de l’enfance, un agent de la paix ou une personne autorisée",
            ),
        ),
        Province::Nunavut => (
            (
                "Child and Family Services Act (S.N.W.T. (Nu.) 1997, c. 13)",
                "Loi sur les services à l’enfance et à la famille (L.T.N.-O. (Nu.) 1997, ch. 13)",
            ),
            Some("8"),
            (
                "a child protection worker, a peace officer or an authorized person",
                "un préposé à la protection de l’enfance, un agent de la paix ou une personne autorisée",
            ),
        ),
    }
}
