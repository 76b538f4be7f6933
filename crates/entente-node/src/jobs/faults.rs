//! What can go wrong with long work.

use crate::fault::Fault;

/// The code of work that somebody stopped.
pub(crate) const STOPPED: &str = "ENT-2730";

/// Somebody stopped the work.
pub(crate) fn stopped() -> Box<Fault> {
    Fault::new(
        2730,
        ("The work was stopped.", "Le travail a été arrêté."),
        ("Start it again when you like.", "Relancez-le quand vous voulez."),
    )
}

/// As many go on as may.
pub(super) fn too_many() -> Box<Fault> {
    Fault::new(
        2731,
        (
            "Other work of this kind is still going on.",
            "Un autre travail de ce genre est encore en cours.",
        ),
        (
            "Wait until it has ended, then start again.",
            "Attendez qu’il soit terminé, puis relancez.",
        ),
    )
}

/// It must not end half-way.
pub(super) fn cannot_be_stopped() -> Box<Fault> {
    Fault::new(
        2732,
        ("This work cannot be stopped half-way.", "Ce travail ne peut pas être arrêté en chemin."),
        ("Wait until it has ended.", "Attendez qu’il soit terminé."),
    )
}

/// There is no such job, or it is not yours.
pub fn no_such_job() -> Box<Fault> {
    Fault::new(
        2733,
        ("There is no such work.", "Ce travail n’existe pas."),
        ("See the list of work.", "Affichez la liste des travaux."),
    )
}

/// The file was removed.
pub fn no_such_file() -> Box<Fault> {
    Fault::new(
        2734,
        ("The file is no longer here.", "Le fichier n’est plus ici."),
        (
            "Files are removed after an hour and when the node stops. Start again.",
            "Les fichiers sont supprimés après une heure et à l’arrêt du nœud. Recommencez.",
        ),
    )
}

/// No file was chosen.
pub(super) fn no_file() -> Box<Fault> {
    Fault::new(
        2735,
        ("No file was chosen, or it is empty.", "Aucun fichier n’a été choisi, ou il est vide."),
        (
            "Choose a file that ends in .csv or .xlsx.",
            "Choisissez un fichier qui se termine par .csv ou .xlsx.",
        ),
    )
}

/// Too many files wait for somebody to go on with them.
pub(super) fn too_many_files() -> Box<Fault> {
    Fault::new(
        2736,
        ("Too many files wait to be imported.", "Trop de fichiers attendent d’être importés."),
        (
            "Remove one of them, or wait an hour: they are removed then.",
            "Supprimez-en un, ou attendez une heure\u{a0}: ils sont alors supprimés.",
        ),
    )
}

/// As many files are on their way to browsers as may be.
pub(super) fn too_many_on_the_way() -> Box<Fault> {
    Fault::new(
        2841,
        (
            "Too many files are being downloaded at once.",
            "Trop de fichiers sont téléchargés en même temps.",
        ),
        ("Wait a minute, then try again.", "Attendez une minute, puis réessayez."),
    )
}
