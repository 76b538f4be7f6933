//! `entente sponsored inbox`, `accept` and the others: referrals in the folder of an organization without
//! a node.

use std::path::Path;

use entente_core::codes::{Barrier, Code, ReferralOutcome};
use entente_core::lang::Lang;
use entente_node::clock::{Clock as _, SystemClock};
use entente_node::fault::Fault;
use entente_node::local::doc::{ReferralOpenTold, ReferralRow, ReferralTold, RequestTold};
use entente_node::sponsored::{FolderInbox, FolderRequest, SponsoredFolder, SponsoredProfile};
use serde_json::{Value, json};

use super::{Done, passphrase};
use crate::cli::ask::Typed;
use crate::cli::desk::Desk;
use crate::cli::flow::write_new_bytes;
use crate::cli::{End, faults};
use crate::render::{Page, Render};

/// The longest mail, and room.
const MAX_MAIL: u64 = 16 * 1024 * 1024;

/// Does a command about referrals.
pub(super) fn run(desk: &Desk, command: &str, typed: &Typed<'_>, folder: &SponsoredFolder) -> Done {
    let profile = folder.profile()?;
    if command == "inbox" {
        return inbox(desk, typed, folder, &profile);
    }
    let out = typed.raw_path("out").unwrap_or_default();
    if out.exists() {
        return Err(faults::exists(&out));
    }
    let (wanted, now_s) = (typed.maybe("referral").unwrap_or_default(), SystemClock.now_s());
    let barrier = coded::<Barrier>(typed.maybe("barrier"))?;
    let outcome = coded::<ReferralOutcome>(typed.maybe("outcome"))?;
    let secret = passphrase(desk, typed)?;
    let (found, file) = match (command, barrier, outcome) {
        ("accept", ..) => folder.accept(&secret, &wanted, now_s)?,
        ("decline", Some(barrier), _) => folder.decline(&secret, &wanted, barrier, now_s)?,
        ("serve", ..) => folder.serve(&secret, &wanted, now_s)?,
        ("close", _, Some(outcome)) => folder.close(&secret, &wanted, outcome, now_s)?,
        ("open", ..) => {
            let opened = folder.open_details(&secret, &wanted, now_s)?;
            write_new_bytes(&out, &opened.file)?;
            return tell(desk, &Opened { told: opened.document(), file: Desk::absolute(&out) });
        }
        _ => {
            write_new_bytes(&out, &folder.answers(&secret, now_s)?)?;
            return tell(desk, &Written { file: Desk::absolute(&out) });
        }
    };
    write_new_bytes(&out, &file)?;
    let told = found.document(&profile, now_s, true);
    tell(desk, &Answered { told, file: Desk::absolute(&out) })
}

fn coded<C: Code>(typed: Option<String>) -> Result<Option<C>, Box<Fault>> {
    typed.map(|code| C::parse(&code).map_err(|unknown| unknown_code(unknown.list))).transpose()
}

fn unknown_code(list: &str) -> Box<Fault> {
    Fault::new(
        2625,
        (
            "A word of the answer is not known. Nothing was signed.",
            "Un mot de la réponse est inconnu. Rien n’a été signé.",
        ),
        ("See the codes: `entente codes`.", "Voyez les codes\u{a0}: `entente codes`."),
    )
    .because(
        format!("Not a code of the list `{list}`: see `entente codes {list}`."),
        format!("Ce n’est pas un code de la liste «\u{a0}{list}\u{a0}»\u{a0}: voyez `entente codes {list}`."),
    )
}

fn inbox(
    desk: &Desk,
    typed: &Typed<'_>,
    folder: &SponsoredFolder,
    profile: &SponsoredProfile,
) -> Done {
    let mail = typed.raw_path("file").map(|path| content(&path)).transpose()?;
    let (secret, now_s) = (passphrase(desk, typed)?, SystemClock.now_s());
    let found = folder.inbox(&secret, mail.as_deref(), now_s)?;
    let told = Inbox::of(&found, profile, now_s);
    tell(desk, &told)?;
    Ok(if told.refused.is_empty() { End::Done } else { End::Faulty })
}

fn content(path: &Path) -> Result<Vec<u8>, Box<Fault>> {
    let unreadable = |error: std::io::Error| faults::unreadable(path, &error);
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_MAIL {
        return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read(path).map_err(unreadable)
}

/// What is printed as a document or as a page.
pub(super) trait Told: Render {
    fn document(&self) -> Value;
}

pub(super) fn tell(desk: &Desk, told: &impl Told) -> Done {
    if desk.json {
        desk.print(&told.document().to_string());
    } else {
        desk.page(told);
    }
    Ok(End::Done)
}

/// What is in the folder, and what the mail brought.
struct Inbox {
    referrals: Vec<ReferralRow>,
    to_open: Vec<String>,
    own: Vec<RequestTold>,
    new: usize,
    refused: Vec<(Option<String>, &'static str)>,
}

impl Inbox {
    fn of(found: &FolderInbox, profile: &SponsoredProfile, now_s: i64) -> Self {
        let referrals = found.referrals.iter();
        let to_open = referrals.clone().filter(|it| it.has_details);
        Self {
            to_open: to_open.map(|it| it.kept.id.to_string()).collect(),
            referrals: referrals.map(|it| it.document(profile, now_s, false).referral).collect(),
            own: found.own.iter().map(FolderRequest::document).collect(),
            new: found.n_new,
            refused: found
                .refused
                .iter()
                .map(|(id, why)| (id.map(|id| id.to_string()), *why))
                .collect(),
        }
    }
}

impl Told for Inbox {
    fn document(&self) -> Value {
        let refused = self.refused.iter();
        let refused: Vec<_> =
            refused.map(|(id, why)| json!({"referral": id, "reason": why})).collect();
        json!({
            "referrals": self.referrals,
            "with_details": self.to_open,
            "requests": self.own,
            "new": self.new,
            "refused": refused,
        })
    }
}

impl Render for Inbox {
    fn render(&self, page: &mut Page<'_>) {
        crate::render::referral::table(&self.referrals, page);
        if !self.own.is_empty() {
            page.title(page.pick("Referrals that we made", "Aiguillages que nous avons faits"));
            super::requests::table(&self.own, page);
        }
        let (lang, refused) = (page.lang(), self.refused.len());
        if self.new > 0 {
            let n = lang.number(self.new as u64);
            page.line(&match lang {
                Lang::En => format!("New words in the mail: {n}."),
                Lang::Fr => format!("Nouveaux messages dans le courrier\u{a0}: {n}."),
            });
        }
        if refused > 0 {
            let n = lang.number(refused as u64);
            page.line(&match lang {
                Lang::En => format!("Words that were not taken: {n}. Call the sponsor."),
                Lang::Fr => {
                    format!("Messages qui n’ont pas été pris\u{a0}: {n}. Appelez le parrain.")
                }
            });
            for (referral, why) in &self.refused {
                page.line(&format!("  {} {why}", referral.as_deref().unwrap_or("—")));
            }
        }
        if !self.to_open.is_empty() {
            page.say(
                "Contact details can be opened:",
                "Des coordonnées peuvent être ouvertes\u{a0}:",
            );
            page.next("entente sponsored open");
        }
        if self.own.iter().any(|it| it.handover.as_deref() == Some("ready")) {
            page.say(
                "Somebody has accepted, and contact details can be handed over:",
                "Un organisme a accepté, et les coordonnées peuvent être transmises\u{a0}:",
            );
            page.next("entente sponsored handover");
        }
    }
}

/// An answer was signed.
struct Answered {
    told: ReferralTold,
    file: String,
}

impl Told for Answered {
    fn document(&self) -> Value {
        json!({"referral": self.told.referral, "card": self.told.card, "file": self.file})
    }
}

impl Render for Answered {
    fn render(&self, page: &mut Page<'_>) {
        crate::render::referral::table(std::slice::from_ref(&self.told.referral), page);
        for_the_sponsor(&self.file, page);
    }
}

/// Contact details were opened.
struct Opened {
    told: ReferralOpenTold,
    file: String,
}

impl Told for Opened {
    fn document(&self) -> Value {
        let mut told = serde_json::to_value(&self.told).unwrap_or_default();
        if let Some(fields) = told.as_object_mut() {
            fields.insert("file".to_owned(), Value::String(self.file.clone()));
        }
        told
    }
}

impl Render for Opened {
    fn render(&self, page: &mut Page<'_>) {
        self.told.render(page);
        for_the_sponsor(&self.file, page);
    }
}

/// Answers were written once more.
struct Written {
    file: String,
}

impl Told for Written {
    fn document(&self) -> Value {
        json!({"file": self.file})
    }
}

impl Render for Written {
    fn render(&self, page: &mut Page<'_>) {
        for_the_sponsor(&self.file, page);
    }
}

pub(super) fn for_the_sponsor(file: &str, page: &mut Page<'_>) {
    page.line(&match page.lang() {
        Lang::En => format!("File for the sponsor: {file}"),
        Lang::Fr => format!("Fichier pour le parrain\u{a0}: {file}"),
    });
    page.say(
        "The home hears of it when your sponsor has taken the file. If it is urgent, call.",
        "L’organisme d’origine l’apprendra quand votre parrain aura pris le fichier. En cas d’urgence, appelez.",
    );
}
