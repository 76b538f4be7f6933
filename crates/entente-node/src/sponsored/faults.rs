//! What an organization without a node is told when its folder cannot do something: `ENT-2611` to
//! `ENT-2617`, `ENT-2619` to `ENT-2624`, and `ENT-2626` to `ENT-2632`.

use entente_core::lang::{Lang, Text};
use entente_core::referral::Refused;

use crate::fault::Fault;
use crate::hsds::Aside;

/// `ENT-2611`.
pub(in crate::sponsored) fn no_folder() -> Box<Fault> {
    Fault::new(
        2611,
        (
            "There is no sponsored organization in this folder.",
            "Il n’y a pas d’organisme parrainé dans ce répertoire.",
        ),
        (
            "Make one: `entente sponsored new`, or name its folder.",
            "Créez-en un\u{a0}: `entente sponsored new`, ou indiquez son répertoire.",
        ),
    )
}

/// `ENT-2612`.
pub(in crate::sponsored) fn folder_taken() -> Box<Fault> {
    Fault::new(
        2612,
        (
            "This folder has an organization already. Nothing was made.",
            "Ce répertoire contient déjà un organisme. Rien n’a été créé.",
        ),
        (
            "See it: `entente sponsored show`, or name another folder.",
            "Consultez-le\u{a0}: `entente sponsored show`, ou indiquez un autre répertoire.",
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
            "Demandez au parrain ses 64 chiffres hexadécimaux\u{a0}: `entente --json status` les montre.",
        ),
    )
}

/// `ENT-2614`.
pub(in crate::sponsored) fn too_much() -> Box<Fault> {
    Fault::new(
        2614,
        (
            "This is more than one file can say: 64 services, and 255 KiB in all. Nothing was signed.",
            "C’est plus qu’un fichier ne peut dire\u{a0}: 64 services, et 255 Kio en tout. Rien n’a été signé.",
        ),
        (
            "Shorten the texts or take services out: `entente sponsored service`. With more, a node of your own is needed.",
            "Abrégez les textes ou retirez des services\u{a0}: `entente sponsored service`. Au-delà, il faut un nœud à vous.",
        ),
    )
}

/// `ENT-2615`.
pub(in crate::sponsored) fn services_refused(aside: &[Aside]) -> Box<Fault> {
    let mut fault = Fault::new(
        2615,
        (
            "The services of the folder cannot all be said. Nothing was signed.",
            "Les services du répertoire ne peuvent pas tous être communiqués. Rien n’a été signé.",
        ),
        (
            "Correct `services.json` in the folder, or enter the service again: `entente sponsored service`.",
            "Corrigez `services.json` dans le répertoire, ou saisissez de nouveau le service\u{a0}: `entente sponsored service`.",
        ),
    );
    for Aside { row, problem, .. } in aside.iter().take(5) {
        fault = fault.because(
            format!("service {row}: {}", problem.text(Lang::En)),
            format!("service {row}\u{a0}: {}", problem.text(Lang::Fr)),
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
            "Le répertoire de l’organisme parrainé est endommagé. Rien n’a été signé.",
        ),
        (
            "Bring back the newest copy of the whole folder; if there is none, make a new identity: `entente sponsored new`, and tell your sponsor.",
            "Remettez en place la copie la plus récente du répertoire entier; à défaut, créez une nouvelle identité\u{a0}: `entente sponsored new`, et avisez votre parrain.",
        ),
    )
}

/// `ENT-2617`.
pub(in crate::sponsored) fn not_our_receipt(why: &dyn std::fmt::Display) -> Box<Fault> {
    Fault::new(
        2617,
        (
            "The file is no receipt of our sponsor for us.",
            "Le fichier n’est pas un accusé de réception de notre parrain qui nous soit destiné.",
        ),
        (
            "Ask the sponsor for one: `entente sponsor give`.",
            "Demandez-en un au parrain\u{a0}: `entente sponsor give`.",
        ),
    )
    .because(why.to_string(), format!("détail technique, en anglais\u{a0}: {why}"))
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
            "Demandez au parrain de l’écrire de nouveau\u{a0}: `entente sponsor mail`.",
        ),
    )
    .because(why.to_string(), format!("détail technique, en anglais\u{a0}: {why}"))
}

/// `ENT-2620`.
pub(in crate::sponsored) fn no_such_referral() -> Box<Fault> {
    Fault::new(
        2620,
        (
            "There is no such referral in this folder.",
            "Cet aiguillage n’existe pas dans ce répertoire.",
        ),
        (
            "Read the newest mail of the sponsor: `entente sponsored inbox`.",
            "Lisez le dernier courrier du parrain\u{a0}: `entente sponsored inbox`.",
        ),
    )
}

/// `ENT-2621`.
pub(in crate::sponsored) fn several_referrals() -> Box<Fault> {
    Fault::new(
        2621,
        (
            "Several referrals in this folder match.",
            "Plusieurs aiguillages de ce répertoire correspondent.",
        ),
        (
            "Give more of its name, or whose it is too, REFERRAL@ORGANIZATION: `entente sponsored inbox`.",
            "Donnez une plus grande partie du nom, ou aussi l’organisme, AIGUILLAGE@ORGANISME\u{a0}: `entente sponsored inbox`.",
        ),
    )
}

/// `ENT-2622`.
pub(in crate::sponsored) fn not_now(refused: Refused) -> Box<Fault> {
    Fault::new(
        2622,
        (
            "This cannot be done with the referral now. Nothing was signed.",
            "C’est impossible avec cet aiguillage pour l’instant. Rien n’a été signé.",
        ),
        (
            "See where it stands: `entente sponsored inbox`. To write the answers again: `entente sponsored answers`.",
            "Voyez où il en est\u{a0}: `entente sponsored inbox`. Pour écrire de nouveau les réponses\u{a0}: `entente sponsored answers`.",
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
            "Aucune coordonnée n’est ici pour cet aiguillage\u{a0}: aucune n’est encore arrivée, ou elles ont été détruites.",
        ),
        (
            "Read the newest mail of the sponsor: `entente sponsored inbox`.",
            "Lisez le dernier courrier du parrain\u{a0}: `entente sponsored inbox`.",
        ),
    )
}

/// `ENT-2624`.
pub(in crate::sponsored) fn not_opened() -> Box<Fault> {
    Fault::new(
        2624,
        (
            "The contact details do not open: they were altered, or sealed for something else.",
            "Les coordonnées ne s’ouvrent pas\u{a0}: elles ont été altérées ou scellées pour autre chose.",
        ),
        (
            "Call the organization whose referral it is: `entente sponsored inbox` names it. Do not ask the sponsor for the details.",
            "Appelez l’organisme qui a fait l’aiguillage\u{a0}: `entente sponsored inbox` le nomme. Ne demandez pas les coordonnées au parrain.",
        ),
    )
}

/// `ENT-2626`.
pub(in crate::sponsored) fn not_covered() -> Box<Fault> {
    Fault::new(
        2626,
        (
            "No consent and no legal duty covers this referral. Nothing was signed.",
            "Aucun consentement ni aucune obligation légale ne vise cet aiguillage. Rien n’a été signé.",
        ),
        (
            "Ask the person, then say what they allow: `entente sponsored refer … --scope referral_need --informed`.",
            "Demandez à la personne, puis indiquez ce qu’elle permet\u{a0}: `entente sponsored refer … --scope referral_need --informed`.",
        ),
    )
}

/// `ENT-2627`.
pub(in crate::sponsored) fn to_nobody() -> Box<Fault> {
    Fault::new(
        2627,
        (
            "There is nobody to whom this could be referred. Nothing was signed.",
            "Il n’y a personne à qui cet aiguillage puisse être offert. Rien n’a été signé.",
        ),
        (
            "Name the organizations by their identities, or by a name under which you compared their fingerprints: `--to`.",
            "Désignez les organismes par leur identifiant, ou par un nom sous lequel vous avez comparé leur empreinte\u{a0}: `--to`.",
        ),
    )
}

/// `ENT-2628`.
pub(in crate::sponsored) fn bad_request() -> Box<Fault> {
    Fault::new(
        2628,
        (
            "The referral cannot be asked for like this. Nothing was signed.",
            "L’aiguillage ne peut pas être demandé ainsi. Rien n’a été signé.",
        ),
        (
            "See what may be said: `entente sponsored refer --help`.",
            "Voyez ce qui peut être indiqué\u{a0}: `entente sponsored refer --help`.",
        ),
    )
}

/// `ENT-2629`.
pub(in crate::sponsored) fn no_acceptance() -> Box<Fault> {
    Fault::new(
        2629,
        (
            "Nobody has this referral now who waits for contact details. Nothing was signed.",
            "Aucun organisme ayant cet aiguillage n’attend de coordonnées pour l’instant. Rien n’a été signé.",
        ),
        (
            "Read the newest mail of the sponsor: `entente sponsored inbox`.",
            "Lisez le dernier courrier du parrain\u{a0}: `entente sponsored inbox`.",
        ),
    )
}

/// `ENT-2630`.
pub(in crate::sponsored) fn no_key() -> Box<Fault> {
    Fault::new(
        2630,
        (
            "The mail does not prove whose key it is that the contact details would be sealed to. Nothing was signed.",
            "Le courrier ne prouve pas à qui est la clé qui scellerait les coordonnées. Rien n’a été signé.",
        ),
        (
            "Whoever accepted makes a key, `entente opener add`, and the sponsor then writes new mail: `entente sponsor mail`.",
            "L’organisme qui a accepté crée une clé, `entente opener add`, puis le parrain écrit un nouveau courrier\u{a0}: `entente sponsor mail`.",
        ),
    )
}

/// `ENT-2631`.
pub(in crate::sponsored) fn other_recipient(name: &Text) -> Box<Fault> {
    Fault::new(
        2631,
        (
            "The fingerprint of whoever accepted was not typed, or is another one. Nothing was signed.",
            "L’empreinte de l’organisme qui a accepté n’a pas été saisie, ou ne correspond pas. Rien n’a été signé.",
        ),
        (
            "Call that organization at a number that you know, not the sponsor's: its `entente status` shows the digits. Type them: `--fingerprint`.",
            "Appelez cet organisme à un numéro que vous connaissez, qui ne vient pas du parrain\u{a0}: son `entente status` montre les chiffres. Saisissez-les\u{a0}: `--fingerprint`.",
        ),
    )
    .because(format!("accepted: {}", name.en), format!("a accepté\u{a0}: {}", name.fr))
}

/// `ENT-2632`.
pub(in crate::sponsored) fn file_too_long() -> Box<Fault> {
    Fault::new(
        2632,
        (
            "More waits for the sponsor than one file holds: 1 MiB. Nothing was signed.",
            "Ce qui attend le parrain dépasse ce que contient un fichier\u{a0}: 1 Mio. Rien n’a été signé.",
        ),
        (
            "Send what there is, `entente sponsored answers`, and read the mail that comes back.",
            "Envoyez ce qu’il y a, `entente sponsored answers`, puis lisez le courrier qui revient.",
        ),
    )
}
