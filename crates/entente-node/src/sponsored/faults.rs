//! What an organization without a node is told when its folder cannot do something: `ENT-2611` to
//! `ENT-2617`,
//! and `ENT-2619` to `ENT-2624`.

use entente_core::lang::Lang;
use entente_core::referral::Refused;

use crate::fault::Fault;
use crate::hsds::Aside;

/// `ENT-2611`.
pub(in crate::sponsored) fn no_folder() -> Box<Fault> {
    Fault::new(
        2611,
        (
            "There is no sponsored organization in this folder.",
            "Il n’y a pas d’organisme parrainé dans ce dossier.",
        ),
        (
            "Make one: `entente sponsored new`, or name its folder.",
            "Créez-en un : `entente sponsored new`, ou indiquez son dossier.",
        ),
    )
}

/// `ENT-2612`.
pub(in crate::sponsored) fn folder_taken() -> Box<Fault> {
    Fault::new(
        2612,
        (
            "This folder has an organization already. Nothing was made.",
            "Ce dossier contient déjà un organisme. Rien n’a été créé.",
        ),
        (
            "See it: `entente sponsored show`, or name another folder.",
            "Consultez-le : `entente sponsored show`, ou indiquez un autre dossier.",
        ),
    )
}

/// `ENT-2613`.
pub(in crate::sponsored) fn bad_sponsor() -> Box<Fault> {
    Fault::new(
        2613,
        (
            "The sponsor is not named by its identity. Nothing was made.",
            "Le parrain n’est pas désigné par son identifiant. Rien n’a été créé.",
        ),
        (
            "Ask the sponsor for its 64 hexadecimal digits: `entente --json status` shows them.",
            "Demandez au parrain ses 64 chiffres hexadécimaux : `entente --json status` les montre.",
        ),
    )
}

/// `ENT-2614`.
pub(in crate::sponsored) fn too_much() -> Box<Fault> {
    Fault::new(
        2614,
        (
            "This is more than one file can say: 64 services, and 255 KiB in all. Nothing was signed.",
            "C’est plus qu’un fichier ne peut dire : 64 services, et 255 Kio en tout. Rien n’a été signé.",
        ),
        (
            "Shorten the texts or take services out: `entente sponsored service`. With more, a node of your own is needed.",
            "Abrégez les textes ou retirez des services : `entente sponsored service`. Au-delà, il faut un nœud à vous.",
        ),
    )
}

/// `ENT-2615`.
pub(in crate::sponsored) fn services_refused(aside: &[Aside]) -> Box<Fault> {
    let mut fault = Fault::new(
        2615,
        (
            "The services of the folder cannot all be said. Nothing was signed.",
            "Les services du dossier ne peuvent pas tous être communiqués. Rien n’a été signé.",
        ),
        (
            "Correct `services.json` in the folder, or enter the service again: `entente sponsored service`.",
            "Corrigez `services.json` dans le dossier, ou saisissez de nouveau le service : `entente sponsored service`.",
        ),
    );
    for Aside { row, problem, .. } in aside.iter().take(5) {
        fault = fault.because(
            format!("service {row}: {}", problem.text(Lang::En)),
            format!("service {row} : {}", problem.text(Lang::Fr)),
        );
    }
    fault
}

/// `ENT-2616`.
pub(in crate::sponsored) fn settings_broken() -> Box<Fault> {
    Fault::new(
        2616,
        (
            "The folder of the sponsored organization is damaged. Nothing was signed.",
            "Le dossier de l’organisme parrainé est endommagé. Rien n’a été signé.",
        ),
        (
            "Bring back the newest copy of the whole folder; if there is none, make a new identity: `entente sponsored new`, and tell your sponsor.",
            "Remettez en place la copie la plus récente du dossier entier; à défaut, créez une nouvelle identité : `entente sponsored new`, et avisez votre parrain.",
        ),
    )
}

/// `ENT-2617`.
pub(in crate::sponsored) fn not_our_receipt(why: &dyn std::fmt::Display) -> Box<Fault> {
    Fault::new(
        2617,
        (
            "The file is no receipt of our sponsor for us.",
            "Le fichier n’est pas un accusé de notre parrain qui nous soit destiné.",
        ),
        (
            "Ask the sponsor for one: `entente sponsor give`.",
            "Demandez-en un au parrain : `entente sponsor give`.",
        ),
    )
    .because(why.to_string(), format!("détail technique, en anglais : {why}"))
}

/// `ENT-2619`.
pub(in crate::sponsored) fn not_mail(why: &dyn std::fmt::Display) -> Box<Fault> {
    Fault::new(
        2619,
        (
            "The file is no whole mail of our sponsor for us. Nothing was taken.",
            "Le fichier n’est pas un courrier complet de notre parrain qui nous soit destiné. Rien n’a été pris.",
        ),
        (
            "Ask the sponsor to write it again: `entente sponsor mail`.",
            "Demandez au parrain de l’écrire de nouveau : `entente sponsor mail`.",
        ),
    )
    .because(why.to_string(), format!("détail technique, en anglais : {why}"))
}

/// `ENT-2620`.
pub(in crate::sponsored) fn no_such_referral() -> Box<Fault> {
    Fault::new(
        2620,
        ("There is no such referral in this folder.", "Ce renvoi n’existe pas dans ce dossier."),
        (
            "Read the newest mail of the sponsor: `entente sponsored inbox`.",
            "Lisez le dernier courrier du parrain : `entente sponsored inbox`.",
        ),
    )
}

/// `ENT-2621`.
pub(in crate::sponsored) fn several_referrals() -> Box<Fault> {
    Fault::new(
        2621,
        (
            "Several referrals in this folder match.",
            "Plusieurs renvois de ce dossier correspondent.",
        ),
        (
            "Give more of its name: `entente sponsored inbox`.",
            "Donnez une plus grande partie du nom : `entente sponsored inbox`.",
        ),
    )
}

/// `ENT-2622`.
pub(in crate::sponsored) fn not_now(refused: Refused) -> Box<Fault> {
    Fault::new(
        2622,
        (
            "This cannot be done with the referral now. Nothing was signed.",
            "C’est impossible avec ce renvoi pour l’instant. Rien n’a été signé.",
        ),
        (
            "See where it stands: `entente sponsored inbox`. To write the answers again: `entente sponsored answers`.",
            "Voyez où il en est : `entente sponsored inbox`. Pour écrire de nouveau les réponses : `entente sponsored answers`.",
        ),
    )
    .because(refused.text(Lang::En), refused.text(Lang::Fr))
}

/// `ENT-2623`.
pub(in crate::sponsored) fn not_handed_over() -> Box<Fault> {
    Fault::new(
        2623,
        (
            "No contact details are here for this referral: none came yet, or they were destroyed.",
            "Aucune coordonnée n’est ici pour ce renvoi : aucune n’est encore arrivée, ou elles ont été détruites.",
        ),
        (
            "Read the newest mail of the sponsor: `entente sponsored inbox`.",
            "Lisez le dernier courrier du parrain : `entente sponsored inbox`.",
        ),
    )
}

/// `ENT-2624`.
pub(in crate::sponsored) fn not_opened() -> Box<Fault> {
    Fault::new(
        2624,
        (
            "The contact details do not open: they were altered, or sealed for something else.",
            "Les coordonnées ne s’ouvrent pas : elles ont été altérées ou scellées pour autre chose.",
        ),
        (
            "Call the organization whose referral it is: `entente sponsored inbox` names it. Do not ask the sponsor for the details.",
            "Appelez l’organisme qui a fait le renvoi : `entente sponsored inbox` le nomme. Ne demandez pas les coordonnées au parrain.",
        ),
    )
}
