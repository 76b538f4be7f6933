//! Health that is at hand: without calling anybody and without reading the whole store.

use std::os::unix::fs::PermissionsExt as _;

use entente_core::agreement::AgreementState;
use entente_core::lang::Lang;
use entente_store::engine::EngineError;
use entente_store::rows;

use crate::answer::agreements::days_left;
use crate::answer::{Desk, instant, store};
use crate::fault::Both;
use crate::local::doc::{Check, Wellness};
use crate::node::partners::partner_text;
use crate::node::status::Standing;
use crate::node::waiting::RENEW_DAYS;
use crate::node::{Node, Outcome};

/// Below this the store will soon refuse writes; a close of an epoch writes some tens of megabytes.
const FREE_LEAST: u64 = 256 << 20;

/// A check that found nothing.
pub(super) fn good(code: &str, en: impl Into<String>, fr: impl Into<String>) -> Check {
    Check { code: code.to_owned(), wellness: Wellness::Good, text: Both::new(en, fr), next: None }
}

/// A check that found something, with what helps.
pub(super) fn found(code: &str, wellness: Wellness, text: Both, next: (&str, &str)) -> Check {
    Check { code: code.to_owned(), wellness, text, next: Some(Both::new(next.0, next.1)) }
}

/// What can be said without reading the store.
pub(super) fn beside_the_store(desk: &Desk) -> Outcome<Vec<Check>> {
    Ok(vec![writes(&desk.node), disk(desk)?, folder(desk), backup(desk)])
}

/// Everything that can be said at once, in a fixed order.
pub(super) fn at_hand(desk: &Desk, standings: &[Standing]) -> Outcome<Vec<Check>> {
    let node = &desk.node;
    let mut checks = beside_the_store(desk)?;
    checks.push(invitations(node)?);
    checks.extend(standings.iter().flat_map(|standing| partner(node, standing)));
    Ok(checks)
}

fn writes(node: &Node) -> Check {
    match node.db().poison() {
        None => good("store", "The store accepts writes.", "Le dépôt accepte les écritures."),
        Some(cause) => found(
            "store",
            Wellness::Bad,
            Both::new(
                format!("The store refuses writes since one failed: {cause}."),
                format!(
                    "Le dépôt refuse toute écriture depuis un échec\u{a0}: {}.",
                    in_french(&cause)
                ),
            ),
            (
                "Free space on the disk, check it, and restart: entente node run",
                "Libérez de l’espace, vérifiez le disque, puis relancez\u{a0}: entente node run",
            ),
        ),
    }
}

/// What stopped the store. Only what nobody can do anything about is said in English.
fn in_french(cause: &EngineError) -> String {
    match cause {
        EngineError::Full => "le disque est plein".to_owned(),
        EngineError::ReadOnly => "le disque est en lecture seule".to_owned(),
        other => format!("détail technique, en anglais\u{a0}: {other}"),
    }
}

fn disk(desk: &Desk) -> Outcome<Check> {
    let store = store::size_at_a_glance(desk)?;
    let mib = |bytes: u64, lang: Lang| lang.number(bytes >> 20);
    let text = Both::new(
        format!("{} MiB are free on the disk of the store.", mib(store.free_bytes, Lang::En)),
        format!("{} Mio sont libres sur le disque du dépôt.", mib(store.free_bytes, Lang::Fr)),
    );
    let next = ("Free some space on this disk.", "Libérez de l’espace sur ce disque.");
    // A backup in the same place, or a migration, takes about as much as the store.
    Ok(if store.free_bytes < FREE_LEAST {
        found("disk", Wellness::Bad, text, next)
    } else if store.free_bytes < store.bytes.saturating_mul(2) {
        found("disk", Wellness::Warning, text, next)
    } else {
        good("disk", text.en, text.fr)
    })
}

fn folder(desk: &Desk) -> Check {
    let path = desk.home.path();
    let open = std::fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o077 != 0);
    if !open {
        return good(
            "folder",
            "Nobody else can read the node’s folder.",
            "Personne d’autre ne peut lire le répertoire du nœud.",
        );
    }
    let command = format!("chmod 700 {}", path.display());
    found(
        "folder",
        Wellness::Warning,
        Both::new(
            "Other accounts of this machine can look into the node’s folder.",
            "D’autres comptes de cette machine peuvent lire le répertoire du nœud.",
        ),
        (&command, &command),
    )
}

fn backup(desk: &Desk) -> Check {
    let every_s = i64::from(desk.config.backup.every_h) * 3600;
    let next = ("entente backup create", "entente backup create");
    let newest = store::newest(&desk.home.backups(&desk.config));
    let Some(at_s) = newest else {
        let text = Both::new("There is no backup yet.", "Il n’y a pas encore de sauvegarde.");
        return found("backup", Wellness::Warning, text, next);
    };
    let text = Both::new(
        format!("The last backup was made at {}.", instant(at_s)),
        format!("La dernière sauvegarde date du {}.", instant(at_s)),
    );
    // One that was missed is made up for; two in a row mean that something is wrong.
    if every_s > 0 && desk.node.now_s() - at_s > 2 * every_s {
        return found("backup", Wellness::Warning, text, next);
    }
    if every_s == 0 {
        let text = Both::new(
            format!("{} Automatic backups are off.", text.en),
            format!("{} Les sauvegardes automatiques sont désactivées.", text.fr),
        );
        let next =
            ("Set `backup.every_h` in entente.toml.", "Réglez `backup.every_h` dans entente.toml.");
        return found("backup", Wellness::Warning, text, next);
    }
    good("backup", text.en, text.fr)
}

fn invitations(node: &Node) -> Outcome<Check> {
    let contested: Vec<_> =
        node.tickets()?.into_iter().filter(|(_, ticket)| ticket.contested).collect();
    // Once the check by phone has succeeded, whoever came second has got nothing.
    let rows = node.partner_rows()?;
    let open = contested.iter().find(|(id, _)| {
        rows.iter().any(|(_, row)| row.ticket == *id && row.state == rows::PartnerState::Connected)
    });
    Ok(match open {
        None => good(
            "invitation",
            "No invitation was opened by two.",
            "Aucune invitation n’a été ouverte par deux organismes.",
        ),
        Some((_, ticket)) => found(
            "invitation",
            Wellness::Bad,
            Both::new(
                format!("The invitation for {} was opened by two.", ticket.recipient),
                format!(
                    "L’invitation pour {} a été ouverte par deux organismes.",
                    ticket.recipient
                ),
            ),
            (
                "Call them. If the digits do not match: entente partner decline PARTNER",
                "Appelez le partenaire. Si les chiffres ne concordent pas\u{a0}: entente partner decline PARTENAIRE",
            ),
        ),
    })
}

/// What is to be done about one partner.
fn partner(node: &Node, standing: &Standing) -> Vec<Check> {
    let (name, _) = partner_text(&standing.row);
    let short = format!("{}", standing.id.short());
    let mut checks = Vec::new();
    if let Some(code) = &standing.row.quarantined {
        let command = format!("entente partner quarantine {short}");
        checks.push(found(
            "quarantine",
            Wellness::Bad,
            Both::new(
                format!("{} is in quarantine: {code}.", name.en),
                format!("{} est en quarantaine\u{a0}: {code}.", name.fr),
            ),
            (&command, &command),
        ));
    }
    if standing.n_overdue > 0 {
        let n = Both::count(
            standing.n_overdue,
            ("receipt", "receipts"),
            ("accusé de réception", "accusés de réception"),
        );
        let command = format!("entente partner show {short}");
        checks.push(found(
            "receipts",
            Wellness::Warning,
            Both::new(
                format!("{} owes {} for more than three days.", name.en, n.en),
                format!("{} doit {} depuis plus de trois jours.", name.fr, n.fr),
            ),
            (&command, &command),
        ));
    }
    if standing.row.state != rows::PartnerState::Ended {
        checks.extend(agreement(node, standing));
    }
    checks
}

fn agreement(node: &Node, standing: &Standing) -> Option<Check> {
    // Not the one that counts: a proposal that waits does not make up for one that is over.
    let kept = standing.last_in_force.as_ref()?;
    let (name, _) = partner_text(&standing.row);
    let (id, last) = (kept.agreement.id.to_string(), kept.agreement.term.expiry);
    let id = id.get(..8).unwrap_or(&id);
    let command = format!("entente agreement amend {id}");
    let (wellness, en, fr) = match kept.state {
        AgreementState::Expired => (Wellness::Bad, "expired", "a expiré"),
        AgreementState::Active if days_left(node, kept) <= RENEW_DAYS => {
            (Wellness::Warning, "ends soon", "prend bientôt fin")
        }
        _ => return None,
    };
    let text = Both::new(
        format!("The agreement with {} {en}: its last day is {last}.", name.en),
        format!("L’entente avec {} {fr}\u{a0}: son dernier jour est le {last}.", name.fr),
    );
    Some(found("agreement", wellness, text, (&command, &command)))
}
