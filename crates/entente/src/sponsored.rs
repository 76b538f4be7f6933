//! `entente sponsored …`: the folder of an organization without a node.

use entente_core::codes::{Code as _, OrgType};
use entente_core::lang::{Lang, Text};
use entente_core::sponsor::{Heard, Receipt, fingerprint};
use entente_node::clock::{Clock as _, SystemClock};
use entente_node::fault::{Both, Fault};
use entente_node::sponsored::{NewSponsored, SponsoredFolder, SponsoredProfile};
use entente_store::seal::KdfParams;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::ask::Typed;
use crate::cli::desk::Desk;
use crate::cli::flow::write_new_bytes;
use crate::cli::{End, faults, prompt, services};
use crate::render::{Page, Render};
use crate::setup::{first_line, unknown_kind};

mod referrals;
mod requests;

type Done = Result<End, Box<Fault>>;

/// Does a command on a folder.
pub(crate) fn run(desk: &Desk, command: &str, typed: &Typed<'_>) -> Done {
    let folder = SponsoredFolder::new(typed.raw_path("folder").unwrap_or_default());
    match command {
        "new" => new(desk, typed, &folder),
        "service" => service(desk, typed, &folder),
        "sign" | "rotate" => sign(desk, typed, &folder, command == "rotate"),
        "check" => check(desk, typed, &folder),
        "inbox" | "accept" | "decline" | "open" | "serve" | "close" | "answers" => {
            referrals::run(desk, command, typed, &folder)
        }
        "refer" | "handover" | "withdraw" => requests::run(desk, command, typed, &folder),
        _ => show(desk, &folder),
    }
}

fn new(desk: &Desk, typed: &Typed<'_>, folder: &SponsoredFolder) -> Done {
    let ask = |id: &str, en: &str, fr: &str| match typed.maybe(id) {
        Some(text) => Ok(text),
        None => prompt::line(desk, en, fr, &format!("--{id}")),
    };
    let kind = typed.maybe("kind").unwrap_or_else(|| OrgType::Ngo.code().to_owned());
    let options = NewSponsored {
        name: Text::new(
            ask("name-en", "Name in English:", "Nom en anglais\u{a0}:")?,
            ask("name-fr", "Name in French:", "Nom en français\u{a0}:")?,
        ),
        kind: OrgType::parse(&kind).map_err(|_| unknown_kind())?,
        sponsor: ask("sponsor", "Identity of the sponsor:", "Identifiant du parrain\u{a0}:")?,
        kdf: KdfParams::STANDARD,
    };
    let passphrase = match typed.raw_path("passphrase-file") {
        Some(path) => first_line(&path)?,
        None => prompt::new_secret(desk, "--passphrase-file")?,
    };
    folder.init(&options, &passphrase)?;
    show(desk, folder)
}

fn service(desk: &Desk, typed: &Typed<'_>, folder: &SponsoredFolder) -> Done {
    let (service, is_there) = match typed.maybe("remove") {
        Some(wanted) => (folder.remove_service(&wanted)?, false),
        None => (folder.put_service(&services::added(typed), SystemClock.today())?, true),
    };
    let told = Kept {
        id: service.id.to_string(),
        name: Both::new(service.name.en.clone(), service.name.fr),
        is_there,
        folder: folder.path().display().to_string(),
        n: folder.services()?.len(),
    };
    tell(desk, &told, told.document())
}

fn sign(desk: &Desk, typed: &Typed<'_>, folder: &SponsoredFolder, rotates: bool) -> Done {
    let out = typed.raw_path("out").unwrap_or_default();
    // Before the passphrase is asked for, and before a number is used up.
    folder.profile()?;
    if out.exists() {
        return Err(faults::exists(&out));
    }
    let passphrase = passphrase(desk, typed)?;
    let (_, file) = match rotates {
        true => folder.rotate(&passphrase, SystemClock.now_s())?,
        false => folder.sign(&passphrase, SystemClock.now_s())?,
    };
    write_new_bytes(&out, &file)?;
    let told = Standing { file: Some(Desk::absolute(&out)), rotates, ..standing(folder)? };
    tell(desk, &told, told.document())
}

/// The passphrase of the folder.
fn passphrase(desk: &Desk, typed: &Typed<'_>) -> Result<Zeroizing<String>, Box<Fault>> {
    match typed.raw_path("passphrase-file") {
        Some(path) => first_line(&path),
        None => prompt::secret(desk, "Passphrase:", "Phrase de passe\u{a0}:", "--passphrase-file"),
    }
}

/// The longest receipt, and room.
const MAX_RECEIPT: u64 = 4096;

fn check(desk: &Desk, typed: &Typed<'_>, folder: &SponsoredFolder) -> Done {
    let path = typed.raw_path("file").unwrap_or_default();
    let unreadable = |error: std::io::Error| faults::unreadable(&path, &error);
    if std::fs::metadata(&path).map_err(unreadable)?.len() > MAX_RECEIPT {
        return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
    }
    let (receipt, heard) = folder.check(&std::fs::read(&path).map_err(unreadable)?)?;
    let told = Checked { receipt, heard };
    tell(desk, &told, told.document())?;
    let is_well = heard == Heard::Newest && !receipt.ended;
    Ok(if is_well { End::Done } else { End::Faulty })
}

fn show(desk: &Desk, folder: &SponsoredFolder) -> Done {
    let told = standing(folder)?;
    tell(desk, &told, told.document())
}

fn tell(desk: &Desk, page: &impl Render, document: Value) -> Done {
    if desk.json {
        desk.print(&document.to_string());
    } else {
        desk.page(page);
    }
    Ok(End::Done)
}

/// Where the organization stands.
struct Standing {
    profile: SponsoredProfile,
    folder: String,
    /// Number of the newest file that was signed, how many services are in it, and when.
    last: Option<(u64, usize, String)>,
    /// How many services the folder has now.
    n_services: usize,
    /// The file that was written.
    file: Option<String>,
    /// Whether it has another key for hand-overs.
    rotates: bool,
}

fn standing(folder: &SponsoredFolder) -> Result<Standing, Box<Fault>> {
    let last = folder.last()?.map(|(document, _)| {
        let at = jiff::Timestamp::from_second(document.at_s).map(|at| at.to_string());
        (document.seq, document.services.len(), at.unwrap_or_default())
    });
    Ok(Standing {
        profile: folder.profile()?,
        folder: Desk::absolute(folder.path()),
        last,
        n_services: folder.services()?.len(),
        file: None,
        rotates: false,
    })
}

impl Standing {
    fn document(&self) -> Value {
        let SponsoredProfile { id, sponsor, name, kind } = &self.profile;
        let last = self.last.as_ref();
        json!({
            "organization": id.to_string(),
            "fingerprint": fingerprint(id),
            "name": {"en": name.en, "fr": name.fr},
            "kind": kind.code(),
            "sponsor": sponsor.to_string(),
            "folder": self.folder,
            "services": self.n_services,
            "signed": last.map(|(number, services, at)| {
                json!({"number": number, "services": services, "at": at})
            }),
            "file": self.file,
        })
    }
}

impl Render for Standing {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let SponsoredProfile { id, sponsor, name, kind } = &self.profile;
        page.title(name.in_lang(lang));
        let signed = match &self.last {
            None => lang.pick("nothing yet", "rien encore").to_owned(),
            Some((number, services, at)) => {
                let at = crate::render::labels::moment(at);
                match lang {
                    Lang::En => format!("number {number}, {services} services, {at}"),
                    Lang::Fr => format!("numéro {number}, {services} services, {at}"),
                }
            }
        };
        page.facts(&[
            (lang.pick("Id", "Identifiant"), id.to_string()),
            (lang.pick("Fingerprint", "Empreinte"), fingerprint(id)),
            (lang.pick("Kind", "Type d’organisme"), kind.label(lang).to_owned()),
            (lang.pick("Sponsor", "Parrain"), sponsor.to_string()),
            (lang.pick("Services here", "Services ici"), self.n_services.to_string()),
            (lang.pick("Last signed", "Dernier signé"), signed),
        ]);
        match &self.file {
            Some(file) => {
                page.line(&match lang {
                    Lang::En => format!("File for the sponsor: {file}"),
                    Lang::Fr => format!("Fichier pour le parrain\u{a0}: {file}"),
                });
                if self.rotates {
                    page.say(
                        "The key for hand-overs is another one. What was sealed to the one before opens for 30 days more: send the file today.",
                        "La clé de transmission est une autre. Ce qui a été scellé avec la précédente s’ouvre encore 30 jours\u{a0}: envoyez le fichier aujourd’hui.",
                    );
                }
                page.say(
                    "Read the fingerprint to your sponsor when they call. Keep a copy of the folder after each signature.",
                    "Lisez l’empreinte à votre parrain lorsqu’il appelle. Gardez une copie du répertoire après chaque signature.",
                );
            }
            None => {
                page.say(
                    "Keep the passphrase safe: nothing is signed without it.",
                    "Gardez la phrase de passe en lieu sûr\u{a0}: sans elle, rien n’est signé.",
                );
                let file = lang.pick("FILE", "FICHIER");
                page.next(&format!("entente sponsored sign {} --out {file}", self.folder));
            }
        }
    }
}

/// What the sponsor has of what was signed here.
struct Checked {
    receipt: Receipt,
    heard: Heard,
}

impl Checked {
    fn document(&self) -> Value {
        let heard = match self.heard {
            Heard::Newest => "newest",
            Heard::Behind(_) => "behind",
            Heard::Another => "another",
        };
        let at = jiff::Timestamp::from_second(self.receipt.at_s).map(|at| at.to_string());
        json!({
            "heard": heard,
            "number": self.receipt.head.seq,
            "told": self.receipt.n_told,
            "ended": self.receipt.ended,
            "at": at.unwrap_or_default(),
        })
    }
}

impl Render for Checked {
    fn render(&self, page: &mut Page<'_>) {
        let (number, told) = (self.receipt.head.seq, self.receipt.n_told);
        page.line(&match page.lang() {
            Lang::En => format!("The sponsor has number {number}; partners told: {told}."),
            Lang::Fr => {
                format!("Le parrain a le numéro {number}; partenaires avisés\u{a0}: {told}.")
            }
        });
        match self.heard {
            Heard::Newest => page.say(
                "That is what was last signed here.",
                "C’est ce qui a été signé ici en dernier.",
            ),
            Heard::Behind(_) => page.say(
                "A newer one was signed here: send it to the sponsor.",
                "Un plus récent a été signé ici\u{a0}: envoyez-le au parrain.",
            ),
            Heard::Another => page.say(
                "That was not signed in this folder as it stands: it was copied or set back, or somebody else has the key. Call the sponsor.",
                "Cela n’a pas été signé dans ce répertoire tel qu’il est\u{a0}: il a été copié ou ramené à un état antérieur, ou quelqu’un d’autre a la clé. Appelez le parrain.",
            ),
        }
        if self.receipt.ended {
            page.say("The sponsorship has ended.", "Le parrainage est terminé.");
        }
    }
}

/// A service was kept in the folder, or taken out of it.
struct Kept {
    id: String,
    name: Both,
    is_there: bool,
    folder: String,
    n: usize,
}

impl Kept {
    fn document(&self) -> Value {
        json!({
            "service": self.id,
            "name": {"en": self.name.en, "fr": self.name.fr},
            "kept": self.is_there,
            "services": self.n,
        })
    }
}

impl Render for Kept {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let name = self.name.text(lang);
        page.line(&match (lang, self.is_there) {
            (Lang::En, true) => format!("{name} is in the folder."),
            (Lang::Fr, true) => format!("{name} est dans le répertoire."),
            (Lang::En, false) => format!("{name} is taken out of the folder."),
            (Lang::Fr, false) => format!("{name} est retiré du répertoire."),
        });
        page.say(
            "Partners learn of it when you have signed and your sponsor has taken the file.",
            "Les partenaires l’apprennent quand vous aurez signé et que votre parrain aura pris le fichier.",
        );
        let file = lang.pick("FILE", "FICHIER");
        page.next(&format!("entente sponsored sign {} --out {file}", self.folder));
    }
}
