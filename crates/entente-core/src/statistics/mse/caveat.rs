//! What must be said with an estimate, in words.

use crate::lang::Lang;

/// Something that a reader of the estimate has to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Caveat {
    /// Missed links between lists: always.
    MissedLinks,
    /// Lists that depend on each other: always.
    DependentLists,
    /// Persons who could be on no list, and whoever is likelier to be on all: always.
    UnequalChances,
    /// That the method is disputed for victims of trafficking: always.
    Disputed,
    /// Only two lists.
    TwoLists,
    /// How many were on two lists or more: the whole estimate hangs on them.
    FewOnSeveral {
        /// How many persons.
        n: u64,
    },
    /// Pairs of lists with nobody in common.
    SparseOverlaps {
        /// How many such pairs.
        n_empty: usize,
        /// Of how many.
        n_pairs: usize,
    },
    /// Interactions that an empty overlap makes infinite.
    InfiniteTerms {
        /// Their names.
        terms: Vec<String>,
    },
    /// Models that the table does not determine were not considered.
    UndeterminedModels {
        /// How many.
        n: usize,
    },
    /// As many parameters as cells: nothing is left by which to judge the model.
    NothingLeftToCheck,
    /// Other models do about as well.
    OtherModels {
        /// How many, within [`super::CLOSE_AIC`].
        n: usize,
        /// The lowest of their estimates.
        lowest: u64,
        /// The highest of their estimates.
        highest: u64,
    },
    /// Some replications of the bootstrap had no estimate.
    ReplicationsWithout {
        /// How many.
        n: u32,
        /// Of how many.
        of: u32,
    },
    /// The upper end of an interval cannot be told.
    OpenInterval,
    /// The estimate is not within the interval by bootstrap.
    OutsideInterval,
    /// The counts are not exact: noise protects the persons in them.
    NoisyCounts,
}

impl Caveat {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissedLinks => "missed_links",
            Self::DependentLists => "dependent_lists",
            Self::UnequalChances => "unequal_chances",
            Self::Disputed => "disputed_method",
            Self::TwoLists => "two_lists",
            Self::FewOnSeveral { .. } => "few_on_several",
            Self::SparseOverlaps { .. } => "sparse_overlaps",
            Self::InfiniteTerms { .. } => "infinite_terms",
            Self::UndeterminedModels { .. } => "undetermined_models",
            Self::NothingLeftToCheck => "nothing_left_to_check",
            Self::OtherModels { .. } => "other_models",
            Self::ReplicationsWithout { .. } => "replications_without_estimate",
            Self::OpenInterval => "open_interval",
            Self::OutsideInterval => "outside_interval",
            Self::NoisyCounts => "noisy_counts",
        }
    }

    /// In words.
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english(),
            Lang::Fr => self.french(),
        }
    }

    fn english(&self) -> String {
        let number = |n| Lang::En.number(n);
        let count = |n: usize| number(u64::try_from(n).unwrap_or(u64::MAX));
        match self {
            Self::MissedLinks => "A person whose records were not recognized as those of one \
                person makes the estimate too high; a few such links missed in every ten matter."
                .into(),
            Self::DependentLists => "If one list refers persons to another, the estimate is too \
                low, and if lists avoid each other it is too high. Interactions between two lists \
                can show this only in part."
                .into(),
            Self::UnequalChances => "The estimate says nothing about persons who could not have \
                been on any of the lists, and is too low if some were likelier than others to be \
                on all of them. It is about the place and period of the lists, and no other."
                .into(),
            Self::Disputed => "Specialists disagree on whether this method suits victims of \
                trafficking. Have a statistician review the lists and the model before any use, \
                and publish the interval and these remarks with the figure."
                .into(),
            Self::TwoLists => "With two lists nothing shows whether they depend on each other: \
                the estimate assumes that they do not."
                .into(),
            Self::FewOnSeveral { n: 1 } => {
                "The estimate hangs on the one person who is on two lists or more.".into()
            }
            Self::FewOnSeveral { n } => format!(
                "The estimate hangs on the {} persons who are on two lists or more.",
                number(*n)
            ),
            Self::SparseOverlaps { n_empty, n_pairs } => format!(
                "{} of {} pairs of lists have nobody in common. Small changes in such a table can \
                 change the model and the estimate.",
                count(*n_empty),
                count(*n_pairs)
            ),
            Self::InfiniteTerms { terms } => format!(
                "The model takes for certain that nobody can be on both of these lists, because \
                 nobody was: {}.",
                terms.join(", ")
            ),
            Self::UndeterminedModels { n } => format!(
                "{} passed over because the table does not determine the estimate.",
                if *n == 1 { "One model was".into() } else { format!("{} models were", count(*n)) }
            ),
            Self::NothingLeftToCheck => "The model has as many parameters as the table has cells. \
                It fits perfectly whatever the truth is."
                .into(),
            Self::OtherModels { n: 1, lowest, .. } => format!(
                "Another model does about as well by Akaike’s criterion (within 2); its estimate \
                 is {}.",
                number(*lowest)
            ),
            Self::OtherModels { n, lowest, highest } => format!(
                "{} other models do about as well by Akaike’s criterion (within 2), with \
                 estimates from {} to {}.",
                count(*n),
                number(*lowest),
                number(*highest)
            ),
            Self::ReplicationsWithout { n, of } => format!(
                "{} of {} replications of the bootstrap had no estimate; they count as being \
                 without bound.",
                number(u64::from(*n)),
                number(u64::from(*of))
            ),
            Self::OpenInterval => "The table does not bound the number from above: an interval \
                has no upper end."
                .into(),
            Self::OutsideInterval => "The estimate is outside the interval by bootstrap: tables \
                like this one usually lead to another model."
                .into(),
            Self::NoisyCounts => "The counts carry noise that protects persons, and negative ones \
                were taken as zero. The intervals do not include this noise."
                .into(),
        }
    }

    fn french(&self) -> String {
        let number = |n| Lang::Fr.number(n);
        let count = |n: usize| number(u64::try_from(n).unwrap_or(u64::MAX));
        match self {
            Self::MissedLinks => {
                "Une personne dont les dossiers n’ont pas été reconnus comme ceux \
                d’une seule fait surestimer le nombre; quelques liens manqués sur dix suffisent à \
                le fausser."
                    .into()
            }
            Self::DependentLists => "Si une liste oriente des personnes vers une autre, le nombre \
                est sous-estimé; si des listes s’évitent, il est surestimé. Les interactions entre \
                deux listes ne le montrent qu’en partie."
                .into(),
            Self::UnequalChances => "L’estimation ne dit rien des personnes qui n’auraient pu \
                figurer sur aucune des listes, et elle est trop basse si certaines étaient plus \
                susceptibles que d’autres de figurer sur toutes. Elle porte sur le lieu et la \
                période des listes, et sur rien d’autre."
                .into(),
            Self::Disputed => "Les spécialistes ne s’entendent pas sur l’emploi de cette méthode \
                pour les victimes de la traite. Faites examiner les listes et le modèle par une \
                statisticienne ou un statisticien avant toute utilisation, et publiez l’intervalle \
                et les présentes remarques avec le chiffre."
                .into(),
            Self::TwoLists => "Avec deux listes, rien n’indique si elles dépendent l’une de \
                l’autre\u{a0}: l’estimation suppose que non."
                .into(),
            Self::FewOnSeveral { n: 1 } => {
                "L’estimation tient à la seule personne qui figure sur deux listes ou plus.".into()
            }
            Self::FewOnSeveral { n } => format!(
                "L’estimation tient aux {} personnes qui figurent sur deux listes ou plus.",
                number(*n)
            ),
            Self::SparseOverlaps { n_empty, n_pairs } => format!(
                "{} des {} paires de listes n’ont personne en commun. De petits changements dans \
                 un tel tableau peuvent changer le modèle et l’estimation.",
                count(*n_empty),
                count(*n_pairs)
            ),
            Self::InfiniteTerms { terms } => format!(
                "Le modèle tient pour certain que personne ne peut figurer sur les deux listes \
                 suivantes, parce que personne n’y figurait\u{a0}: {}.",
                terms.join(", ")
            ),
            Self::UndeterminedModels { n } => format!(
                "{} parce que le tableau ne détermine pas l’estimation.",
                if *n == 1 {
                    "Un modèle a été écarté".into()
                } else {
                    format!("{} modèles ont été écartés", count(*n))
                }
            ),
            Self::NothingLeftToCheck => "Le modèle compte autant de paramètres que le tableau \
                compte de cellules. Il s’ajuste parfaitement, quelle que soit la vérité."
                .into(),
            Self::OtherModels { n: 1, lowest, .. } => format!(
                "Un autre modèle convient à peu près aussi bien selon le critère d’Akaike (à 2 \
                 près); son estimation est de {}.",
                number(*lowest)
            ),
            Self::OtherModels { n, lowest, highest } => format!(
                "{} autres modèles conviennent à peu près aussi bien selon le critère d’Akaike (à \
                 2 près), avec des estimations de {} à {}.",
                count(*n),
                number(*lowest),
                number(*highest)
            ),
            Self::ReplicationsWithout { n, of } => format!(
                "{} des {} répétitions du bootstrap n’ont donné aucune estimation; elles comptent \
                 comme étant sans borne.",
                number(u64::from(*n)),
                number(u64::from(*of))
            ),
            Self::OpenInterval => "Le tableau ne borne pas le nombre par le haut\u{a0}: un \
                intervalle n’a pas de limite supérieure."
                .into(),
            Self::OutsideInterval => "L’estimation se trouve hors de l’intervalle par \
                bootstrap\u{a0}: des tableaux semblables mènent d’ordinaire à un autre modèle."
                .into(),
            Self::NoisyCounts => {
                "Les effectifs portent un bruit qui protège les personnes, et les \
                effectifs négatifs ont été pris pour zéro. Les intervalles ne tiennent pas compte \
                de ce bruit."
                    .into()
            }
        }
    }
}
