//! Where a referral stands, said to a person: what it means, and what comes next.

use crate::page::Page;

/// What is shown above everything else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Banner {
    /// Its tone; blank for none.
    pub(super) tone: &'static str,
    /// In a few words.
    pub(super) title: &'static str,
    /// What comes of it.
    pub(super) text: &'static str,
}

type Said = (&'static str, &'static str);

/// Whether it is ours, its step, the tone, and the words: a title and a sentence in each language.
const BANNERS: &[(bool, &str, &str, Said, Said)] = &[
    (
        true,
        "created",
        "info",
        ("Nobody has been asked yet", "Tick whom to ask below. The first who accepts has it."),
        (
            "Personne n’a encore été sollicité",
            "Cochez ci-dessous à qui l’offrir. Le premier qui accepte l’obtient.",
        ),
    ),
    (
        true,
        "offered",
        "info",
        (
            "Waiting for an answer",
            "Those who were asked have been told. You see here as soon as somebody answers.",
        ),
        (
            "En attente d’une réponse",
            "Les organismes sollicités en sont avisés. Leur réponse paraîtra ici aussitôt.",
        ),
    ),
    (
        true,
        "unmet",
        "bad",
        (
            "All who were asked have declined",
            "Ask others below, or take it back. The barriers stay in the figures about gaps.",
        ),
        (
            "Tous ont refusé",
            "Offrez-le à d’autres ci-dessous ou retirez-le. Les motifs restent dans les chiffres sur les lacunes.",
        ),
    ),
    (
        true,
        "accepted",
        "good",
        (
            "Accepted: hand over the contact details",
            "They are sealed here and only persons named there can open them.",
        ),
        (
            "Accepté : transmettez les coordonnées",
            "Elles sont scellées ici; seules les personnes désignées là-bas peuvent les ouvrir.",
        ),
    ),
    (
        true,
        "handed_over",
        "info",
        (
            "The contact details are on their way",
            "You see here when they have arrived and when somebody has opened them.",
        ),
        (
            "Les coordonnées sont en route",
            "Vous verrez ici quand elles sont arrivées et quand quelqu’un les a ouvertes.",
        ),
    ),
    (
        true,
        "delivered",
        "info",
        ("The contact details have arrived", "Nobody has opened them yet. If it is urgent, call."),
        (
            "Les coordonnées sont arrivées",
            "Personne ne les a encore ouvertes. Si c’est urgent, appelez.",
        ),
    ),
    (
        true,
        "opened",
        "good",
        ("Somebody there has the contact details", "They will say what came of it."),
        ("Quelqu’un a les coordonnées", "L’organisme indiquera le résultat."),
    ),
    (
        true,
        "in_service",
        "good",
        ("The person is being served", "They will say what came of it."),
        ("La personne reçoit le service", "L’organisme indiquera le résultat."),
    ),
    (
        true,
        "done",
        "good",
        ("Closed", "What came of it is below. Nothing is left to do."),
        ("Fermé", "Le résultat figure ci-dessous. Il n’y a plus rien à faire."),
    ),
    (
        true,
        "revoked",
        "",
        ("Withdrawn", "Those who had it were told, and contact details are destroyed."),
        ("Retiré", "Les organismes concernés en sont avisés et les coordonnées sont détruites."),
    ),
    (
        true,
        "expired",
        "bad",
        ("Nobody accepted in time", "Make a new referral, or call somebody."),
        ("Personne n’a accepté à temps", "Créez un nouvel aiguillage ou appelez quelqu’un."),
    ),
    (
        false,
        "offered",
        "warn",
        (
            "Can we take this on?",
            "The first organization that accepts has it. Declining with a reason helps too: they can go on searching.",
        ),
        (
            "Pouvons-nous nous en charger?",
            "Le premier organisme qui accepte l’obtient. Refuser avec un motif aide aussi : la recherche peut continuer.",
        ),
    ),
    (
        false,
        "accepting",
        "info",
        (
            "You have accepted; they decide in a moment",
            "The first acceptance that their node reads has it. You see here who that is.",
        ),
        (
            "Vous avez accepté; la décision suit",
            "L’aiguillage est confié à l’organisme dont l’acceptation est lue en premier. Le résultat s’affichera ici.",
        ),
    ),
    (
        false,
        "accepted",
        "good",
        (
            "It is yours",
            "They now hand over how to reach the person. You see it here and on the home page.",
        ),
        (
            "Il vous est attribué",
            "L’organisme transmet maintenant comment joindre la personne. Vous le verrez ici et à l’accueil.",
        ),
    ),
    (
        false,
        "handed_over",
        "warn",
        ("The contact details are here", "Somebody with the right to open them can read them now."),
        (
            "Les coordonnées sont arrivées",
            "Une personne qui a le droit de les ouvrir peut les lire maintenant.",
        ),
    ),
    (
        false,
        "opened",
        "good",
        (
            "The contact details were opened",
            "Say when the service begins and, when you are done, what came of it: both go back to whoever asked.",
        ),
        (
            "Les coordonnées ont été ouvertes",
            "Indiquez quand le service commence puis, une fois terminé, le résultat : l’organisme qui a demandé recevra les deux.",
        ),
    ),
    (
        false,
        "in_service",
        "good",
        ("The person is being served", "When you are done, say what came of it."),
        ("La personne reçoit le service", "Une fois terminé, indiquez le résultat."),
    ),
    (
        false,
        "closing",
        "info",
        ("Closed here", "What came of it is on its way to whoever asked."),
        ("Fermé ici", "Le résultat est en route vers l’organisme qui a demandé."),
    ),
    (
        false,
        "done",
        "good",
        ("Closed", "Thank you. Nothing is left to do."),
        ("Fermé", "Merci. Il n’y a plus rien à faire."),
    ),
    (
        false,
        "declined",
        "",
        ("You have declined", "They were told why, and go on searching."),
        ("Vous avez refusé", "L’organisme connaît le motif et poursuit sa recherche."),
    ),
    (
        false,
        "taken",
        "",
        (
            "Somebody else was first",
            "The person has help. Thank you for being ready; nothing is left to do, and the card is destroyed.",
        ),
        (
            "Un autre organisme a été plus rapide",
            "La personne a de l’aide. Merci d’avoir été disponible; il n’y a plus rien à faire et la fiche est détruite.",
        ),
    ),
    (
        false,
        "revoked",
        "",
        ("Taken back", "They withdrew it. Nothing is left to do; what came with it is destroyed."),
        (
            "Retiré",
            "L’organisme l’a retiré. Il n’y a plus rien à faire; ce qui l’accompagnait est détruit.",
        ),
    ),
    (
        false,
        "expired",
        "",
        ("The time to answer is over", "If you can still help, call them."),
        ("Le délai de réponse est passé", "Si vous pouvez encore aider, appelez l’organisme."),
    ),
];

impl Banner {
    /// The banner of a referral at a step.
    pub(super) fn of(p: &Page, ours: bool, step: &str) -> Self {
        let found = BANNERS.iter().find(|(whose, known, ..)| *whose == ours && *known == step);
        let nothing = (p.t("Referral", "Aiguillage"), "");
        found.map_or(
            Self { tone: "", title: nothing.0, text: nothing.1 },
            |(_, _, tone, en, fr)| {
                let (title, text) = p.lang.pick(*en, *fr);
                Self { tone, title, text }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn every_step_that_a_document_can_name_has_a_banner_on_its_side() {
        let ours = [
            "created",
            "offered",
            "unmet",
            "accepted",
            "handed_over",
            "delivered",
            "opened",
            "in_service",
            "done",
            "revoked",
            "expired",
        ];
        let theirs = [
            "offered",
            "accepting",
            "accepted",
            "handed_over",
            "opened",
            "in_service",
            "closing",
            "done",
            "declined",
            "taken",
            "revoked",
            "expired",
        ];
        let page = test_page(Lang::Fr);
        for (is_ours, steps) in [(true, ours.as_slice()), (false, theirs.as_slice())] {
            for step in steps {
                assert!(!Banner::of(&page, is_ours, step).text.is_empty(), "{is_ours} {step}");
            }
        }
        assert_eq!(BANNERS.len(), ours.len() + theirs.len());
        for (_, step, _, en, fr) in BANNERS {
            assert!(en != fr && !fr.0.contains('\''), "{step}");
        }
    }
}
