//! The faults of the command line itself: `ENT-0001` to `ENT-0099`.
//!
//! `ENT-0001` to `ENT-0009` are mistyped commands (see `usage`); the others are about files, the
//! terminal and the way to the node.

use std::io;
use std::path::Path;

use entente_core::lang::Lang;
use entente_core::statistics::mse::NoEstimate;
use entente_node::fault::Fault;

/// `ENT-0010`: a file cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Box<Fault> {
    let name = path.display();
    let (en, fr) = io_reason(error);
    Fault::new(
        10,
        (&format!("{name} cannot be read"), &format!("{name} est illisible")),
        ("check the path and its permissions", "vérifiez le chemin et ses permissions"),
    )
    .because(en, fr)
}

/// `ENT-0011`: a file cannot be written.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Box<Fault> {
    let name = path.display();
    let (en, fr) = io_reason(error);
    Fault::new(
        11,
        (&format!("{name} cannot be written"), &format!("impossible d’écrire {name}")),
        (
            "choose another place with --out, or free some space",
            "choisissez un autre endroit avec --out, ou libérez de l’espace",
        ),
    )
    .because(en, fr)
}

/// `ENT-0012`: a file is there already.
pub(crate) fn exists(path: &Path) -> Box<Fault> {
    let name = path.display();
    Fault::new(
        12,
        (&format!("{name} exists already"), &format!("{name} existe déjà")),
        ("choose another name, or move it away", "choisissez un autre nom, ou déplacez-le"),
    )
}

/// `ENT-0013`: someone must confirm, and nobody is at the terminal.
pub(crate) fn unconfirmed() -> Box<Fault> {
    Fault::new(
        13,
        ("this needs a confirmation", "cette commande demande une confirmation"),
        (
            "look at the consequences with --dry-run, then repeat with --yes",
            "voyez les conséquences avec --dry-run, puis répétez avec --yes",
        ),
    )
}

/// `ENT-0014`: something must be typed, and nobody is at the terminal.
pub(crate) fn nobody_to_ask(option: &str) -> Box<Fault> {
    Fault::new(
        14,
        (
            "this asks a question, and there is no terminal to ask it on",
            "cette commande pose une question, et il n’y a pas de terminal où la poser",
        ),
        (&format!("give {option}"), &format!("donnez {option}")),
    )
}

/// `ENT-0015`: the person said no.
pub(crate) fn not_confirmed() -> Box<Fault> {
    Fault::new(
        15,
        ("nothing was done", "rien n’a été fait"),
        (
            "repeat the command when you are sure",
            "répétez la commande quand votre décision sera prise",
        ),
    )
}

/// `ENT-0016`: no such code list.
pub(crate) fn no_such_list(name: &str) -> Box<Fault> {
    Fault::new(
        16,
        (&format!("there is no code list {name}"), &format!("il n’y a pas de liste {name}")),
        ("entente codes", "entente codes"),
    )
}

/// `ENT-0017`: not `NAME=VALUE`. Does not repeat what was typed: it may be about a person.
pub(crate) fn not_a_pair(place: &str) -> Box<Fault> {
    Fault::new(
        17,
        (
            &format!("{place}: expected NAME=VALUE"),
            &format!("{place}\u{a0}: la forme attendue est NOM=VALEUR"),
        ),
        (
            "write for example province_of_exploitation=35; entente codes shows the codes",
            "écrivez par exemple province_of_exploitation=35; entente codes montre les codes",
        ),
    )
}

/// `ENT-0020`: the node does not run; or `ENT-0025`: there is none.
pub(crate) fn not_running(socket: &Path) -> Box<Fault> {
    let home = socket.parent().unwrap_or(socket);
    if !home.join("entente.toml").exists() {
        return no_node(home);
    }
    let home = home.display();
    Fault::new(
        20,
        ("the node is not running", "le nœud n’est pas en marche"),
        (&format!("entente --home {home} node run"), &format!("entente --home {home} node run")),
    )
    .because(
        format!("nothing answers at {}", socket.display()),
        format!("rien ne répond à {}", socket.display()),
    )
}

/// `ENT-0025`: there is no node in this folder.
fn no_node(home: &Path) -> Box<Fault> {
    let home = home.display();
    Fault::new(
        25,
        (&format!("there is no node in {home}"), &format!("il n’y a pas de nœud dans {home}")),
        (
            "name its folder with --home or ENTENTE_HOME; or make one: entente node init; or see one \
             at work: entente demo",
            "nommez son répertoire avec --home ou ENTENTE_HOME; ou créez-en un\u{a0}: entente node init; \
             ou voyez-en un à l’œuvre\u{a0}: entente demo",
        ),
    )
}

/// `ENT-0021`: the socket belongs to somebody else.
pub(crate) fn not_allowed(socket: &Path) -> Box<Fault> {
    Fault::new(
        21,
        ("you may not talk to this node", "vous n’avez pas le droit d’accéder à ce nœud"),
        (
            "log in as the user that runs the node; or, if the node has a door for staff, name it \
             with --socket, and ask the administrator for its group",
            "ouvrez une session en tant que l’utilisateur qui exécute le nœud; ou, si le nœud a une porte \
             du personnel, nommez-la avec --socket et demandez son groupe à la personne qui administre le nœud",
        ),
    )
    .because(
        format!("{} is closed to your account", socket.display()),
        format!("{} est fermé à votre compte", socket.display()),
    )
}

/// `ENT-0027`: nothing answers at the door for staff.
pub(crate) fn staff_door_shut(socket: &Path) -> Box<Fault> {
    Fault::new(
        27,
        ("nothing answers at the door for staff", "rien ne répond à la porte du personnel"),
        (
            "ask the administrator whether the node is running, and where its socket is",
            "demandez à la personne qui administre le nœud s’il est en marche, et où est sa socket",
        ),
    )
    .because(socket.display().to_string(), socket.display().to_string())
}

/// `ENT-0022`: the node went away before it had answered.
pub(crate) fn went_away() -> Box<Fault> {
    Fault::new(
        22,
        ("the node stopped before it had answered", "le nœud s’est arrêté avant d’avoir répondu"),
        ("entente status", "entente status"),
    )
    .because(
        "what it had acknowledged is kept; the rest was not done",
        "ce qu’il a confirmé est conservé; le reste n’a pas été fait",
    )
}

/// `ENT-0023`: the answer is not one that this program knows.
pub(crate) fn not_understood() -> Box<Fault> {
    Fault::new(
        23,
        ("the node’s answer is not understood", "la réponse du nœud n’est pas comprise"),
        (
            "use the same version of entente for both; --json shows the answer as it is",
            "utilisez la même version d’entente des deux côtés; --json montre la réponse telle quelle",
        ),
    )
}

/// `ENT-0024`: the question does not fit the way to the node.
pub(crate) fn too_large() -> Box<Fault> {
    Fault::new(
        24,
        ("the question is too large", "la question est trop volumineuse"),
        ("ask for less at once", "demandez moins à la fois"),
    )
}

/// `ENT-0031`: a backup cannot be used, or not here.
pub(crate) fn backup(en: &str, fr: &str) -> Box<Fault> {
    Fault::new(
        31,
        ("the backup cannot be used", "la sauvegarde est inutilisable"),
        (
            "try an older one: entente backup list; restore only into an empty folder",
            "essayez une plus ancienne\u{a0}: entente backup list; ne restaurez que dans un \
             répertoire vide",
        ),
    )
    .because(en, fr)
}

/// `ENT-0035`: a file is no national return, or not as it was signed.
pub(crate) fn not_a_return(reason: &impl std::fmt::Display) -> Box<Fault> {
    Fault::new(
        35,
        (
            "the file is not a whole national return as it was signed",
            "le fichier n’est pas un rapport national entier, tel que signé",
        ),
        (
            "ask for the file again: entente stats return writes it",
            "redemandez le fichier\u{a0}: entente stats return l’écrit",
        ),
    )
    .in_detail(reason)
}

/// `ENT-0032`: the store could not be moved. It is as it was.
pub(crate) fn not_moved(reason: &str) -> Box<Fault> {
    Fault::new(
        32,
        ("the store was not changed", "le dépôt n’a pas été changé"),
        (
            "stop the node first: entente node stop; then check the disk: entente doctor",
            "arrêtez d’abord le nœud\u{a0}: entente node stop; puis vérifiez le disque\u{a0}: \
             entente doctor",
        ),
    )
    .in_detail(&reason)
}

/// `ENT-0036`: an overlap round that was not counted, or elsewhere.
pub(crate) fn not_counted() -> Box<Fault> {
    Fault::new(
        36,
        (
            "the overlap round has not been counted, or was counted elsewhere",
            "le recoupement n’a pas été compté, ou l’a été ailleurs",
        ),
        (
            "see where it stands: entente stats overlap show",
            "voyez où il en est\u{a0}: entente stats overlap show",
        ),
    )
}

/// `ENT-0033`: a file is not an overlap table.
pub(crate) fn no_overlap_table(path: &Path, why: impl Fn(Lang) -> String) -> Box<Fault> {
    let name = path.display();
    Fault::new(
        33,
        (
            &format!("{name} is not an overlap table"),
            &format!("{name} n’est pas un tableau de recoupements"),
        ),
        (
            "give one row per combination of lists: a column of 0 and 1 for each list, and one called \
             frequency",
            "donnez une ligne par combinaison de listes\u{a0}: une colonne de 0 et de 1 pour chaque \
             liste, et une colonne frequency",
        ),
    )
    .because(why(Lang::En), why(Lang::Fr))
}

/// `ENT-0034`: an overlap table that determines no estimate.
pub(crate) fn no_estimate(path: &Path, refusal: &NoEstimate) -> Box<Fault> {
    let name = path.display();
    Fault::new(
        34,
        (
            &format!("{name} gives no estimate"),
            &format!("{name} ne permet aucune estimation"),
        ),
        (
            "publish the number observed, and the bounds from the largest list to the sum of all; or \
             join lists that are alike",
            "publiez le nombre observé, et les bornes allant de la plus grande liste à la somme de \
             toutes; ou réunissez des listes semblables",
        ),
    )
    .because(refusal.text(Lang::En), refusal.text(Lang::Fr))
}

/// `ENT-2417`: a file holds no contact details. What stands in it is not said.
pub(crate) fn not_contact_details(path: &Path) -> Box<Fault> {
    let name = path.display();
    Fault::new(
        2417,
        (
            &format!("{name} holds no contact details"),
            &format!("{name} ne contient pas de coordonnées"),
        ),
        (
            "give TOML with the keys of docs/JSON.md, section referral_handover",
            "donnez un fichier TOML avec les clés de docs/JSON.md, section referral_handover",
        ),
    )
}

fn io_reason(error: &io::Error) -> (String, String) {
    let (en, fr) = match error.kind() {
        io::ErrorKind::NotFound => ("there is no such file or folder", "ce chemin n’existe pas"),
        io::ErrorKind::PermissionDenied => ("permission denied", "permission refusée"),
        io::ErrorKind::IsADirectory => ("it is a folder", "c’est un répertoire"),
        io::ErrorKind::InvalidData => ("it is not text", "ce n’est pas du texte"),
        io::ErrorKind::StorageFull => ("the disk is full", "le disque est plein"),
        io::ErrorKind::ReadOnlyFilesystem => {
            ("the disk is read-only", "le disque est en lecture seule")
        }
        _ => ("the system refused", "le système a refusé"),
    };
    (en.to_owned(), fr.to_owned())
}
