//! What staff are told when a sponsored organization's file is not taken: `ENT-2601` to `ENT-2610`,
//! `ENT-2618`, and `ENT-2633` to `ENT-2638` and `ENT-2641` for one request in it.

use entente_proto::Invalid;

use crate::fault::Fault;

/// `ENT-2601`.
pub(crate) fn not_a_document(invalid: &Invalid) -> Box<Fault> {
    Fault::new(
        2601,
        (
            "This is no whole file of a sponsored organization. Nothing was taken.",
            "Ce n’est pas le fichier complet d’un organisme parrainé. Rien n’a été pris.",
        ),
        (
            "Ask the organization to sign it again: `entente sponsored sign`.",
            "Demandez à l’organisme de le signer de nouveau\u{a0}: `entente sponsored sign`.",
        ),
    )
    .because(invalid.to_string(), format!("détail technique, en anglais\u{a0}: {invalid}"))
}

/// `ENT-2602`.
pub(crate) fn other_sponsor() -> Box<Fault> {
    Fault::new(
        2602,
        (
            "The file names another sponsor. Nothing was taken.",
            "Le fichier désigne un autre parrain. Rien n’a été pris.",
        ),
        (
            "Ask the organization which identity it was given: ours stands in `entente status`.",
            "Demandez à l’organisme quel identifiant lui a été donné\u{a0}: le nôtre figure dans `entente status`.",
        ),
    )
}

/// `ENT-2603`.
pub(crate) fn other_fingerprint() -> Box<Fault> {
    Fault::new(
        2603,
        (
            "The fingerprint is another one. Nothing was taken.",
            "L’empreinte ne correspond pas. Rien n’a été pris.",
        ),
        (
            "Call the organization and let it read its own: `entente sponsored show`. If it differs again, the file is not from there.",
            "Appelez l’organisme pour qu’il lise la sienne\u{a0}: `entente sponsored show`. Si elle diffère encore, le fichier ne vient pas de lui.",
        ),
    )
}

/// `ENT-2604`.
pub(crate) fn not_sponsored() -> Box<Fault> {
    Fault::new(
        2604,
        ("We do not sponsor this organization.", "Nous ne parrainons pas cet organisme."),
        (
            "List those we do: `entente sponsor list`; take one on: `entente sponsor add`.",
            "Affichez la liste\u{a0}: `entente sponsor list`; parrainez-en un\u{a0}: `entente sponsor add`.",
        ),
    )
}

/// `ENT-2605`.
pub(crate) fn known_already() -> Box<Fault> {
    Fault::new(
        2605,
        ("We sponsor this organization already.", "Nous parrainons déjà cet organisme."),
        (
            "Take its file: `entente sponsor take`.",
            "Prenez son fichier\u{a0}: `entente sponsor take`.",
        ),
    )
}

/// `ENT-2606`: one that is older than what was taken.
pub(crate) fn an_older_one() -> Box<Fault> {
    not_the_newest(
        "A newer file of the organization was taken.",
        "Un fichier plus récent de l’organisme a été pris.",
    )
}

/// `ENT-2606`: the very one that was taken.
pub(crate) fn taken_already() -> Box<Fault> {
    not_the_newest("This very file was taken already.", "Ce fichier même a déjà été pris.")
}

fn not_the_newest(en: &str, fr: &str) -> Box<Fault> {
    Fault::new(
        2606,
        (
            "The file is not newer than what we have. Nothing was taken.",
            "Le fichier n’est pas plus récent que ce que nous avons. Rien n’a été pris.",
        ),
        (
            "Ask the organization for its newest: `entente sponsored show` has the number.",
            "Demandez à l’organisme le plus récent\u{a0}: `entente sponsored show` en donne le numéro.",
        ),
    )
    .because(en, fr)
}

/// `ENT-2607`.
pub(crate) fn two_histories() -> Box<Fault> {
    Fault::new(
        2607,
        (
            "The organization has signed two different histories. Nothing was taken.",
            "L’organisme a signé deux historiques différents. Rien n’a été pris.",
        ),
        (
            "Its folder was copied or set back, or its key is in other hands: call it. It goes on from the folder that signed the file we have; if that is lost, or somebody else has the key, it makes a new identity: `entente sponsored new`.",
            "Son répertoire a été copié ou ramené à un état antérieur, ou sa clé est en d’autres mains\u{a0}: appelez-le. Il continue à partir du répertoire qui a signé notre fichier; si ce répertoire est perdu, ou si quelqu’un d’autre a la clé, il crée une nouvelle identité\u{a0}: `entente sponsored new`.",
        ),
    )
}

/// `ENT-2608`.
pub(crate) fn speaks_for_itself() -> Box<Fault> {
    Fault::new(
        2608,
        (
            "This organization is a partner with a node of its own, which speaks for it.",
            "Cet organisme est un partenaire doté d’un nœud, qui parle en son nom.",
        ),
        ("See it: `entente partner show`.", "Consultez-le\u{a0}: `entente partner show`."),
    )
}

/// `ENT-2609`.
pub(crate) fn too_many_organizations() -> Box<Fault> {
    Fault::new(
        2609,
        (
            "This node sponsors as many organizations as one can: 200.",
            "Ce nœud parraine le maximum d’organismes possible\u{a0}: 200.",
        ),
        (
            "Find another sponsor for it, or help it to a node of its own.",
            "Trouvez-lui un autre parrain, ou aidez-le à se doter d’un nœud.",
        ),
    )
}

/// `ENT-2610`.
pub(crate) fn several_sponsored() -> Box<Fault> {
    Fault::new(
        2610,
        (
            "Several organizations that we sponsor match.",
            "Plusieurs organismes parrainés correspondent.",
        ),
        (
            "Name one by its id: `entente sponsor list`.",
            "Désignez-en un par son identifiant\u{a0}: `entente sponsor list`.",
        ),
    )
}

/// `ENT-2618`.
pub(crate) fn bad_answers(why: &dyn std::fmt::Display) -> Box<Fault> {
    Fault::new(
        2618,
        (
            "The file has no whole answers of a sponsored organization. Nothing was taken.",
            "Le fichier ne contient pas les réponses complètes d’un organisme parrainé. Rien n’a été pris.",
        ),
        (
            "Call the organization and ask it to write them again: `entente sponsored answers`.",
            "Appelez l’organisme et demandez-lui de les écrire de nouveau\u{a0}: `entente sponsored answers`.",
        ),
    )
    .because(why.to_string(), format!("détail technique, en anglais\u{a0}: {why}"))
}

/// What staff are told of a request that was not taken, by its code; `None` for an answer.
pub fn request_refused(reason: &str) -> Option<Box<Fault>> {
    Some(match reason {
        "request_for_another" => for_another(),
        "request_expired" => not_covered().because(
            "the last day of the consent is over",
            "le dernier jour du consentement est passé",
        ),
        "request_not_covered" => not_covered().because(
            "no need is covered by the consent, or by the duty, on this day",
            "le consentement ou l’obligation ne vise pas les besoins à ce jour",
        ),
        "request_to_nobody" => not_covered().because(
            "it is a legal duty that names nobody",
            "c’est une obligation légale qui ne vise personne",
        ),
        "request_out_of_order" => other_history(),
        "request_name_taken" => name_taken(),
        "request_too_many" => too_many_requests(),
        "request_has_node" => speaks_for_itself(),
        "handover_malformed" => not_handed_on("it is damaged", "elles sont endommagées"),
        "handover_not_accepted" => not_handed_on(
            "nobody has the referral who waits for them",
            "aucun organisme n’a accepté l’aiguillage ni n’attend les coordonnées",
        ),
        "handover_other_place" => not_handed_on(
            "they were sealed for another place: the organization reads its newest mail first",
            "elles ont été scellées pour une autre étape de l’aiguillage\u{a0}: que l’organisme lise d’abord son dernier courrier",
        ),
        "handover_old_key" => not_handed_on(
            "they were sealed to a key that is no longer the recipient’s",
            "elles ont été scellées avec une clé qui n’est plus celle du destinataire",
        ),
        "handover_not_permitted" => not_handed_on(
            "the consent or the agreement no longer allows it",
            "le consentement ou l’entente ne le permet plus",
        ),
        "request_taken_back" => not_handed_on(
            "the organization takes the referral back",
            "l’organisme retire l’aiguillage",
        ),
        _ => return None,
    })
}

fn for_another() -> Box<Fault> {
    Fault::new(
        2633,
        (
            "The request names another sponsor. It was not taken.",
            "La demande désigne un autre parrain. Elle n’a pas été prise.",
        ),
        (
            "Ask the organization which identity it was given: ours stands in `entente status`.",
            "Demandez à l’organisme quel identifiant lui a été donné\u{a0}: le nôtre figure dans `entente status`.",
        ),
    )
}

fn not_covered() -> Box<Fault> {
    Fault::new(
        2634,
        (
            "No consent and no legal duty in the request covers the referral now. It was not taken.",
            "Aucun consentement ni aucune obligation légale de la demande ne vise l’aiguillage maintenant. La demande n’a pas été prise.",
        ),
        (
            "Call the organization: it asks the person, and then signs a new request, `entente sponsored refer`.",
            "Appelez l’organisme\u{a0}: qu’il demande à la personne, puis signe une nouvelle demande, `entente sponsored refer`.",
        ),
    )
}

fn other_history() -> Box<Fault> {
    Fault::new(
        2635,
        (
            "The request does not follow those that we have of this referral: a folder was copied or set back. It was not taken.",
            "La demande ne suit pas celles que nous avons de cet aiguillage\u{a0}: un répertoire a été copié ou ramené à un état antérieur. Elle n’a pas été prise.",
        ),
        (
            "Call the organization. It goes on in its newest folder, or makes a new referral: `entente sponsored refer`.",
            "Appelez l’organisme. Qu’il continue dans son répertoire le plus récent, ou fasse un nouvel aiguillage\u{a0}: `entente sponsored refer`.",
        ),
    )
}

fn name_taken() -> Box<Fault> {
    Fault::new(
        2636,
        (
            "Another referral or record here has this name. The request was not taken.",
            "Un autre aiguillage ou dossier porte déjà ce nom ici. La demande n’a pas été prise.",
        ),
        (
            "That does not happen by chance: call the organization, and let it sign a new request, `entente sponsored refer`.",
            "Cela n’arrive pas par hasard\u{a0}: appelez l’organisme, et qu’il signe une nouvelle demande, `entente sponsored refer`.",
        ),
    )
}

fn too_many_requests() -> Box<Fault> {
    Fault::new(
        2637,
        (
            "The organization has as many open referrals here as one can, 100, or too many words about one. The request was not taken.",
            "L’organisme a ici le maximum d’aiguillages ouverts, 100, ou trop de messages sur l’un d’eux. La demande n’a pas été prise.",
        ),
        (
            "Close or withdraw those that are over: `entente referral list`.",
            "Fermez ou retirez ceux qui sont terminés\u{a0}: `entente referral list`.",
        ),
    )
}

/// `ENT-2641`.
pub(super) fn set_back_since() -> Box<Fault> {
    Fault::new(
        2641,
        (
            "This node was set back after the request was signed, so it may have been taken before. Nobody was asked.",
            "Ce nœud a été ramené à un état antérieur après la signature de la demande, qui a donc peut-être déjà été prise. Rien n’a été offert.",
        ),
        (
            "Call the organization: it knows whether somebody has accepted. If nobody has, offer it: `entente referral offer REFERRAL --matching`.",
            "Appelez l’organisme\u{a0}: il sait si quelqu’un a accepté. Sinon, offrez l’aiguillage\u{a0}: `entente referral offer AIGUILLAGE --matching`.",
        ),
    )
}

fn not_handed_on(en: &str, fr: &str) -> Box<Fault> {
    Fault::new(
        2638,
        (
            "The contact details were not handed on.",
            "Les coordonnées n’ont pas été transmises.",
        ),
        (
            "Write new mail, `entente sponsor mail`: the organization sees where the referral stands, and seals them again.",
            "Écrivez un nouveau courrier, `entente sponsor mail`\u{a0}: l’organisme voit où en est l’aiguillage et les scelle de nouveau.",
        ),
    )
    .because(en, fr)
}
