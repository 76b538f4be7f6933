//! What each code list is called, for whoever looks for the words that a file may have.

use entente_core::lang::Lang;

/// Name, English, French.
const TITLES: &[(&str, &str, &str)] = &[
    ("access_need", "Needs for access to a service", "Besoins d’accès à un service"),
    ("act", "What was done to the person", "Actes commis envers la personne"),
    ("age_band", "Age group at registration", "Groupe d’âge à l’enregistrement"),
    ("age_shared", "Age group, as shared", "Groupe d’âge, tel que communiqué"),
    ("barrier", "Why a referral is declined", "Motifs de refus d’un aiguillage"),
    ("capacity_unit", "What a capacity counts", "Ce que compte une capacité"),
    ("case_outcome", "Outcome of the criminal case", "Issue de l’affaire criminelle"),
    ("case_status", "Where the case stands", "État du dossier"),
    ("citizenship_group", "Citizenship, as shared", "Citoyenneté, telle que communiquée"),
    ("cma", "Census metropolitan area", "Région métropolitaine de recensement"),
    ("consent_scope", "What a person consents to", "Ce à quoi la personne consent"),
    ("control", "Means of control", "Moyens de contrôle"),
    ("cube_counts", "What a table counts persons by", "Ce que compte un tableau"),
    ("data_source", "Where a case came from", "Provenance d’un dossier"),
    ("date_precision", "How exact a date is", "Précision d’une date"),
    ("definition_profile", "Definitions of trafficking", "Définitions de la traite"),
    ("dependants", "Dependants who come along", "Personnes à charge qui accompagnent"),
    ("duration", "Duration of the trafficking", "Durée de la traite"),
    ("education", "Level of education", "Niveau de scolarité"),
    ("exploitation", "Form of exploitation", "Forme d’exploitation"),
    ("gender", "Gender", "Genre"),
    ("gender_shared", "Gender, as shared", "Genre, tel que communiqué"),
    ("geo_scope", "Within the country or across a border", "Au pays ou au-delà d’une frontière"),
    ("given_by", "Who gave a consent", "Qui a donné un consentement"),
    ("identified_by", "Who identified the person", "Qui a identifié la personne"),
    ("immigration_status", "Immigration status", "Statut d’immigration"),
    ("indicator", "Signs of trafficking", "Indices de traite"),
    ("indigenous_identity", "Indigenous identity", "Identité autochtone"),
    ("labour_sector", "Sector of forced labour", "Secteur du travail forcé"),
    ("majority", "Minor or adult", "Personne mineure ou adulte"),
    ("marital_status", "Marital status", "État matrimonial"),
    ("means", "Means of the trafficking", "Moyens de la traite"),
    ("merged_control", "Means of control, merged", "Moyens de contrôle, regroupés"),
    ("need", "Needs and services", "Besoins et services"),
    ("offence", "Offence charged", "Infraction reprochée"),
    ("org_type", "Type of organization", "Type d’organisme"),
    (
        "override_reason",
        "Legal duty to share without consent",
        "Obligation légale de communiquer sans consentement",
    ),
    ("pillar", "Role of an organization", "Rôle d’un organisme"),
    ("province", "Province or territory", "Province ou territoire"),
    ("purpose", "Purpose of sharing", "Finalité de la communication"),
    ("race", "Racialized group", "Groupe racisé"),
    ("recruiter_relation", "Who the recruiter was", "Lien avec le recruteur"),
    ("recruitment_method", "How the person was recruited", "Mode de recrutement"),
    ("referral_outcome", "Outcome of a referral", "Issue d’un aiguillage"),
    (
        "referral_result",
        "Result of a referral, as counted",
        "Résultat d’un aiguillage, tel que compté",
    ),
    ("referral_status", "Where a referral stands", "État d’un aiguillage"),
    ("region_shared", "Region, as shared", "Région, telle que communiquée"),
    ("risk", "Level of risk", "Niveau de risque"),
    ("safety_flag", "What to look out for", "Précautions à prendre"),
    ("service_group", "For whom a service is made", "À qui un service est destiné"),
    ("service_status", "Whether a service is running", "État d’un service"),
    ("sexual_orientation", "Sexual orientation", "Orientation sexuelle"),
    ("sexual_type", "Type of sexual exploitation", "Type d’exploitation sexuelle"),
    ("status", "Trafficking status", "Statut quant à la traite"),
    ("status_decider", "Who decided the status", "Qui a établi le statut"),
    ("status_group", "Immigration status, for a service", "Statut d’immigration, pour un service"),
    ("suppression", "Why a figure is not shown", "Motifs de suppression d’un chiffre"),
    ("time_zone", "Time zone", "Fuseau horaire"),
    ("trp_stage", "Temporary resident permit", "Permis de séjour temporaire"),
    ("unmet", "Whether a need found nobody", "Besoins sans réponse"),
    ("urgency", "Urgency of a referral", "Urgence d’un aiguillage"),
    ("venue", "Kind of place of exploitation", "Type de lieu d’exploitation"),
    ("waiting", "Time until a referral is accepted", "Délai d’acceptation d’un aiguillage"),
    ("work_permit", "Work permit", "Permis de travail"),
];

/// What a list is called; its name if there is no such list.
pub fn list_title(name: &str, lang: Lang) -> &str {
    let found = TITLES.iter().find(|(known, ..)| *known == name);
    found.map_or(name, |(_, en, fr)| lang.pick(*en, *fr))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::local::words::LISTS;

    #[test]
    fn every_list_is_called_something_of_its_own_in_both_languages() {
        let names: BTreeSet<_> = TITLES.iter().map(|(name, ..)| *name).collect();
        let lists: BTreeSet<_> = LISTS.iter().copied().collect();
        assert_eq!(names, lists);
        for lang in [Lang::En, Lang::Fr] {
            let titles: BTreeSet<_> = LISTS.iter().map(|name| list_title(name, lang)).collect();
            assert_eq!(titles.len(), LISTS.len(), "{titles:?}");
        }
        assert_eq!(list_title("no_such_list", Lang::En), "no_such_list");
    }
}
