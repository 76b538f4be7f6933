//! What is typed for hand-overs: passphrases and contact details, from files or at the terminal.
//!
//! Never from arguments: whoever is on the machine reads those in the list of processes, and the shell
//! keeps them.

use std::path::Path;

use entente_core::handover::Part;
use entente_node::fault::Fault;
use entente_node::local::doc::*;
use zeroize::Zeroizing;

use super::ask::{Question, Typed, content};
use super::desk::Desk;
use super::{faults, prompt};

type Asked = Result<Question, Box<Fault>>;

/// The question behind a command of hand-overs that needs a person or a file.
pub(super) fn question(desk: &Desk, path: &[&str], typed: &Typed<'_>) -> Option<Asked> {
    match path {
        ["opener", "add"] => Some(add(desk, typed)),
        ["referral", "handover"] => Some(hand_over(desk, typed)),
        ["referral", "open"] => Some(open(desk, typed)),
        _ => None,
    }
}

fn add(desk: &Desk, typed: &Typed<'_>) -> Asked {
    let passphrase = match typed.raw_path("passphrase-file") {
        Some(path) => first_line(&path)?,
        None => {
            desk.remark(
                "Choose a passphrase that nobody else knows, and that is not the node’s.",
                "Choisissez une phrase de passe que personne d’autre ne connaît, et qui n’est pas celle du nœud.",
            );
            prompt::new_secret(desk, "--passphrase-file")?
        }
    };
    let passphrase = Private(passphrase.to_string());
    Ok(Question::new(&OpenerAddAsk { name: typed.maybe("name"), passphrase }))
}

fn open(desk: &Desk, typed: &Typed<'_>) -> Asked {
    let passphrase = match typed.raw_path("passphrase-file") {
        Some(path) => first_line(&path)?,
        None => prompt::secret(
            desk,
            "Your own passphrase:",
            "Votre propre phrase de passe\u{a0}:",
            "--passphrase-file",
        )?,
    };
    Ok(Question::new(&ReferralOpenAsk {
        referral: typed.text("referral"),
        opener: typed.maybe("as"),
        passphrase: Private(passphrase.to_string()),
    }))
}

/// The contact details that are typed, or in a file.
pub(crate) fn details(desk: &Desk, typed: &Typed<'_>) -> Result<ContactDocument, Box<Fault>> {
    match typed.raw_path("from") {
        Some(path) => {
            let text = Zeroizing::new(content(&path)?);
            // The error of the reader quotes the file, and is not passed on.
            toml::from_str(&text).map_err(|_| faults::not_contact_details(&path))
        }
        None => asked(desk),
    }
}

fn hand_over(desk: &Desk, typed: &Typed<'_>) -> Asked {
    let details = Private(details(desk, typed)?);
    Ok(Question::new(&ReferralHandoverAsk { referral: typed.text("referral"), details }))
}

/// Asks part by part. Anything can be left open.
fn asked(desk: &Desk) -> Result<ContactDocument, Box<Fault>> {
    desk.remark(
        "Leave open what the person does not want said: just press Enter.",
        "Laissez vide ce que la personne ne veut pas communiquer\u{a0}: appuyez sur Entrée.",
    );
    let mut details = ContactDocument::default();
    for part in Part::ALL {
        if *part == Part::SafeTimes {
            details.phones = phones(desk)?;
        }
        let label = part.label(desk.lang);
        let text = line(desk, &format!("{label}:"), &format!("{label}\u{a0}:"))?;
        *place(&mut details, *part) = text;
    }
    prompt::confirm(desk, "Seal this and hand it over?", "Sceller et transmettre?")?;
    Ok(details)
}

fn phones(desk: &Desk) -> Result<Vec<PhoneDocument>, Box<Fault>> {
    let mut phones = Vec::new();
    loop {
        let number = line(desk, "Telephone:", "Téléphone\u{a0}:")?;
        if number.is_empty() {
            return Ok(phones);
        }
        let message = line(
            desk,
            "May a message be left there? [y/N]",
            "Peut-on y laisser un message? [o/N]",
        )?;
        phones.push(PhoneDocument { number, message: prompt::is_yes(&message) });
    }
}

fn line(desk: &Desk, en: &str, fr: &str) -> Result<String, Box<Fault>> {
    prompt::line(desk, en, fr, "--from")
}

fn place(details: &mut ContactDocument, part: Part) -> &mut String {
    match part {
        Part::Name => &mut details.name,
        Part::PreferredName => &mut details.preferred_name,
        Part::Pronouns => &mut details.pronouns,
        Part::SafeTimes => &mut details.safe_times,
        Part::Email => &mut details.email,
        Part::Address => &mut details.address,
        Part::Language => &mut details.language,
        Part::Guardian => &mut details.guardian,
        Part::Note => &mut details.note,
    }
}

/// The first line of a file, without its end.
fn first_line(path: &Path) -> Result<Zeroizing<String>, Box<Fault>> {
    let text = Zeroizing::new(content(path)?);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
