//! What `--keep` is for: seven consoles, and somebody who may do everything at each of them.
//!
//! The nodes start again with their consoles open, each on a port of its own, and with news that travels
//! at once. Whoever watches plays both sides of a partnership or of a referral in two windows.

use std::path::Path;

use entente_node::fault::Both;
use entente_node::local::Role;
use entente_node::local::doc::UserAddAsk;

use super::cast::FEDERAL;
use super::office::Office;
use super::teller::Teller;
use super::{ConsoleFigure, Outcome};

/// The account of whoever watches, at every console.
const NAME: &str = "visitor";

/// Opens the seven consoles, and makes a link for each.
pub(super) async fn open(teller: &Teller, offices: &mut [Office]) -> Outcome<Vec<ConsoleFigure>> {
    teller.step(
        "The nodes start again with their consoles open.",
        "Les nœuds redémarrent, leurs consoles ouvertes.",
    );
    for office in offices.iter_mut() {
        office.stop().await?;
    }
    // All at once: opening a sealed folder takes a second of one core each.
    for office in offices.iter_mut() {
        office.open_console()?;
    }
    let mut consoles = Vec::new();
    for office in offices {
        let address = office.console().await?;
        let ask = UserAddAsk {
            name: NAME.to_owned(),
            display: teller.lang.pick("Visitor", "Visiteur").to_owned(),
            roles: Role::ALL.iter().map(|role| role.code().to_owned()).collect(),
        };
        let link = office.ask(&ask).await?.link;
        let organization = Both::new(office.role.name_en, office.role.name_fr);
        consoles.push(ConsoleFigure { organization, address, link });
    }
    Ok(consoles)
}

/// Says where they are, what to try, and how all of it ends.
pub(super) fn tell(teller: &Teller, consoles: &[ConsoleFigure], folder: &Path) {
    for console in consoles {
        let (name, link) = (console.organization.text(teller.lang), &console.link);
        teller.say(name, name);
        teller.say(&format!("    {link}"), &format!("    {link}"));
    }
    teller.step(
        "Open two of the links in two windows of a browser. Each works once and gives you every role.",
        "Ouvrez deux des liens dans deux fenêtres d’un navigateur. Chacun sert une fois et vous donne tous les rôles.",
    );
    teller.say(
        "The browser warns: each node made its certificate itself. You need an authenticator app.",
        "Le navigateur avertit\u{a0}: chaque nœud a fait lui-même son certificat. Il faut une application d’authentification.",
    );
    teller.say(
        "A partnership: the Office of Ontario invites the Office of Manitoba, under Partners.",
        "Un partenariat\u{a0}: le Bureau de l’Ontario invite le Bureau du Manitoba, sous Partenaires.",
    );
    teller.say(
        "A referral: the Coast Workers’ Centre needs a bed; the Office of Manitoba has one.",
        "Un aiguillage\u{a0}: le Centre des travailleurs de la côte cherche un lit; le Bureau du Manitoba en a un.",
    );
    let federal = folder.join(super::cast::CAST.get(FEDERAL).map_or("", |role| role.key));
    let line = format!("entente --home {} status", federal.display());
    teller.say(
        &format!("From another terminal: {line}"),
        &format!("D’un autre terminal\u{a0}: {line}"),
    );
    teller.step(
        "Ctrl-C stops the seven nodes and removes everything that they made.",
        "Ctrl-C arrête les sept nœuds et supprime tout ce qu’ils ont créé.",
    );
}
