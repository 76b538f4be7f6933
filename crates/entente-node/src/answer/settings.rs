//! Answers: the settings of the node, its certificates, and what the organization calls itself.
//!
//! A change is written into `entente.toml`, where everything else stays as it was typed, comments
//! included. It holds from the next start on.

use std::fs;

use entente_core::audit::Action;
use entente_core::codes::{Code as _, OrgType};

use super::partners::told::about_told;
use super::{Desk, Staff, Steps, instant};
use crate::config::{BadAbout, Config};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::node::Outcome;
use crate::setup::{bad_org_name, io_fault};
use crate::tls::ConsoleCertificate;

pub(super) fn show(desk: &Desk, _: &Staff, _: SettingsShowAsk, _: &Steps) -> Outcome<SettingsTold> {
    let running = &desk.config;
    let written = desk.home.read_config().ok();
    let restart_needed = written.as_ref() != Some(running);
    let organization = written.map_or_else(|| running.organization.clone(), |it| it.organization);
    let about = organization.about().unwrap_or_default();
    let (console_fingerprint, console_until) = console(desk);
    Ok(SettingsTold {
        file: desk.home.config().display().to_string(),
        restart_needed,
        organization: Organization {
            id: desk.node.id().to_string(),
            name: Both::new(organization.name_en, organization.name_fr),
            kind: organization.kind,
        },
        about: about_told(&about, None),
        address: running.public_address(),
        keys: KeysTold {
            certificate_until: instant(desk.identity.valid_until_s()),
            console_fingerprint,
            console_until,
        },
        backup: BackupSettings {
            folder: desk.home.backups(running).display().to_string(),
            every_h: running.backup.every_h,
            keep: running.backup.keep,
        },
        notifications: NotificationSettings {
            ways: desk.ways.names().map(str::to_owned).collect(),
            quiet_min: running.notifications.quiet_min,
            remind_h: running.notifications.remind_h,
        },
        needs_approval: running.approvals.needed_for.clone(),
        console_name: running.console.public_name.clone(),
    })
}

/// The fingerprint of the console's certificate, and until when it is valid if the node made it.
fn console(desk: &Desk) -> (Option<String>, Option<String>) {
    let (config, folder) = (&desk.config.console, desk.home.path());
    if desk.console().is_none() {
        return (None, None);
    }
    let is_own = config.certificate.as_os_str().is_empty();
    let read = if is_own {
        ConsoleCertificate::read(&folder.join("console.pem"), &folder.join("console.key"))
    } else {
        ConsoleCertificate::read(&config.certificate, &config.key)
    };
    let until = is_own.then(|| ConsoleCertificate::own_until_s(folder)).flatten().map(instant);
    (read.ok().map(|it| it.fingerprint()), until)
}

pub(super) fn edit(
    desk: &Desk,
    staff: &Staff,
    ask: SettingsEditAsk,
    steps: &Steps,
) -> Outcome<SettingsTold> {
    let path = desk.home.config();
    let mut wanted = desk.home.read_config()?;
    let mut text = fs::read_to_string(&path).map_err(|error| io_fault(&error))?;
    let mut changed = Vec::new();
    let organization = &mut wanted.organization;
    for (key, value, into) in [
        ("name_en", ask.name_en, &mut organization.name_en),
        ("name_fr", ask.name_fr, &mut organization.name_fr),
        ("kind", ask.kind, &mut organization.kind),
        ("mandate_en", ask.mandate_en, &mut organization.mandate_en),
        ("mandate_fr", ask.mandate_fr, &mut organization.mandate_fr),
        ("responsibilities_en", ask.responsibilities_en, &mut organization.responsibilities_en),
        ("responsibilities_fr", ask.responsibilities_fr, &mut organization.responsibilities_fr),
    ] {
        let Some(value) = value.map(|value| value.trim().to_owned()) else { continue };
        if key == "kind" && OrgType::parse(&value).is_err() {
            return Err(no_such_kind());
        }
        if key.starts_with("name") && !entente_proto::is_org_name(&value) {
            return Err(bad_org_name());
        }
        if value != *into {
            text = with(&text, key, &toml::Value::String(value.clone()));
            changed.push(format!("organization.{key}"));
            *into = value;
        }
    }
    for (key, values, into) in [
        ("role", ask.role, &mut organization.role),
        ("languages", ask.languages, &mut organization.languages),
    ] {
        let Some(values) = values else { continue };
        let trimmed = values.iter().map(|value| value.trim().to_owned());
        let values: Vec<_> = trimmed.filter(|value| !value.is_empty()).collect();
        if values != *into {
            text = with(&text, key, &toml::Value::from(values.clone()));
            changed.push(format!("organization.{key}"));
            *into = values;
        }
    }
    organization.about().map_err(bad_about)?;
    if changed.is_empty() {
        return show(desk, staff, SettingsShowAsk {}, steps);
    }
    // A file that was typed in some other way than line by line is left to whoever typed it.
    if Config::parse(&text).ok().as_ref() != Some(&wanted) {
        return Err(by_hand());
    }
    let node = &desk.node;
    node.audit(vec![node.entry(staff.actor(), Action::SettingsChanged).reasons(changed)])?;
    let unfinished = path.with_extension("toml.new");
    let replace = || {
        fs::write(&unfinished, &text)?;
        fs::set_permissions(&unfinished, fs::metadata(&path)?.permissions())?;
        fs::File::open(&unfinished)?.sync_all()?;
        fs::rename(&unfinished, &path)
    };
    replace().map_err(|error| io_fault(&error))?;
    show(desk, staff, SettingsShowAsk {}, steps)
}

/// The text of the settings with another value for a key of `[organization]`. A key that is not there yet comes after
/// the last that is.
fn with(text: &str, key: &str, value: &toml::Value) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut is_in = false;
    let (mut found, mut last) = (None, None);
    for (nth, line) in lines.iter().enumerate() {
        let bare = line.trim();
        if bare.starts_with('[') {
            is_in = bare.starts_with("[organization]");
        }
        if is_in && !bare.is_empty() && !bare.starts_with('#') {
            last = Some(nth);
            let is_it =
                bare.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
            found = found.or(is_it.then_some(nth));
        }
    }
    let line = format!("{key} = {value}");
    match (found.and_then(|nth| lines.get_mut(nth)), last) {
        (Some(old), _) => *old = line,
        (None, Some(nth)) => lines.insert(nth + 1, line),
        (None, None) => {}
    }
    lines.join("\n") + "\n"
}

fn bad_about(bad: BadAbout) -> Box<Fault> {
    match bad {
        BadAbout::Role => Fault::new(
            2830,
            ("There is no such role.", "Ce rôle n’existe pas."),
            (
                "Use those listed: `entente codes pillar`.",
                "Utilisez ceux de la liste\u{a0}: `entente codes pillar`.",
            ),
        ),
        BadAbout::Languages => Fault::new(
            2831,
            ("This is no list of languages.", "Ce n’est pas une liste de langues."),
            (
                "Give each once, as its tag, like `fr` or `iu-Cans-CA`; at most 32.",
                "Donnez chacune une fois, par son code, comme `fr` ou `iu-Cans-CA`; au plus 32.",
            ),
        ),
        BadAbout::Mandate | BadAbout::Responsibilities => {
            let fault = Fault::new(
                2832,
                (
                    "What the organization does cannot be told like this.",
                    "Ce que fait l’organisme ne peut pas être communiqué ainsi.",
                ),
                (
                    "Write one line in English and one in French, of at most 500 characters each, or leave both empty.",
                    "Écrivez une ligne en anglais et une en français, d’au plus 500 caractères chacune, ou laissez les deux vides.",
                ),
            );
            if bad == BadAbout::Mandate {
                fault.because("It is about the mandate.", "Il s’agit du mandat.")
            } else {
                fault.because("It is about the responsibilities.", "Il s’agit des responsabilités.")
            }
        }
    }
}

fn no_such_kind() -> Box<Fault> {
    Fault::new(
        2793,
        ("There is no such kind of organization.", "Ce type d’organisme n’existe pas."),
        (
            "Use one of those listed: `entente codes org_type`.",
            "Utilisez l’un de ceux de la liste\u{a0}: `entente codes org_type`.",
        ),
    )
}

fn by_hand() -> Box<Fault> {
    Fault::new(
        2794,
        (
            "The settings are written in a way that only you can change.",
            "Les paramètres sont écrits d’une façon que personne d’autre que vous ne peut modifier.",
        ),
        (
            "Change `entente.toml` in the folder of the node by hand.",
            "Modifiez `entente.toml` dans le répertoire du nœud à la main.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../config/entente.example.toml");

    #[test]
    fn a_name_is_replaced_and_every_other_line_stays_as_it_was_typed() {
        let text = with(EXAMPLE, "name_fr", &"Maison \"du Havre\"\\".into());
        let config = Config::parse(&text).unwrap();
        assert_eq!(config.organization.name_fr, "Maison \"du Havre\"\\");
        let differ = text.lines().zip(EXAMPLE.lines()).filter(|(one, other)| one != other);
        assert_eq!((differ.count(), text.lines().count()), (1, EXAMPLE.lines().count()));
        // A key of the same name elsewhere is not meant.
        let other = "[organization]\nname_en = \"a\"\n[other]\nname_en = \"b\"\n";
        assert_eq!(with(other, "name_en", &"c".into()), other.replace("\"a\"", "\"c\""));
    }

    #[test]
    fn a_key_that_is_not_there_yet_comes_after_the_last_that_is() {
        let old = "[organization]\nname_en = \"a\"\n\n# Doors.\n[partner_door]\nrole = 1\n";
        let text = with(old, "role", &vec!["prevention"].into());
        let (before, after) = old.split_once("\n\n").unwrap();
        assert_eq!(text, format!("{before}\nrole = [\"prevention\"]\n\n{after}"));
    }
}
