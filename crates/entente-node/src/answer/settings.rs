//! Answers: the settings of the node, its certificates, and what the organization calls itself.
//!
//! A change is written into `entente.toml`, where everything else stays as it was typed, comments
//! included. It holds from the next start on.

use std::fs;

use entente_core::audit::Action;
use entente_core::codes::{Code as _, OrgType};

use super::{Desk, Staff, Steps, instant};
use crate::config::Config;
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
    let (console_fingerprint, console_until) = console(desk);
    Ok(SettingsTold {
        file: desk.home.config().display().to_string(),
        restart_needed,
        organization: Organization {
            id: desk.node.id().to_string(),
            name: Both::new(organization.name_en, organization.name_fr),
            kind: organization.kind,
        },
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
    ] {
        let Some(value) = value.map(|value| value.trim().to_owned()) else { continue };
        if key == "kind" && OrgType::parse(&value).is_err() {
            return Err(no_such_kind());
        }
        if key != "kind" && !entente_proto::is_org_name(&value) {
            return Err(bad_org_name());
        }
        if value != *into {
            text = with(&text, key, &value);
            changed.push(format!("organization.{key}"));
            *into = value;
        }
    }
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

/// The text of the settings with another value for a key of `[organization]`.
fn with(text: &str, key: &str, value: &str) -> String {
    let mut is_in = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.starts_with('[') {
            is_in = bare.starts_with("[organization]");
        }
        let is_it =
            is_in && bare.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
        lines.push(if is_it {
            format!("{key} = {}", toml::Value::String(value.to_owned()))
        } else {
            line.to_owned()
        });
    }
    lines.join("\n") + "\n"
}

fn no_such_kind() -> Box<Fault> {
    Fault::new(
        2793,
        ("There is no such kind of organization.", "Ce genre d’organisme n’existe pas."),
        (
            "Use one of those listed: `entente codes org_type`.",
            "Utilisez l’un de ceux de la liste : `entente codes org_type`.",
        ),
    )
}

fn by_hand() -> Box<Fault> {
    Fault::new(
        2794,
        (
            "The settings are written in a way that only you can change.",
            "Les réglages sont écrits d’une façon que vous seul pouvez modifier.",
        ),
        (
            "Change `entente.toml` in the folder of the node by hand.",
            "Modifiez `entente.toml` dans le dossier du nœud à la main.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../config/entente.example.toml");

    #[test]
    fn a_name_is_replaced_and_every_other_line_stays_as_it_was_typed() {
        let text = with(EXAMPLE, "name_fr", "Maison \"du Havre\"\\");
        let config = Config::parse(&text).unwrap();
        assert_eq!(config.organization.name_fr, "Maison \"du Havre\"\\");
        let differ = text.lines().zip(EXAMPLE.lines()).filter(|(one, other)| one != other);
        assert_eq!((differ.count(), text.lines().count()), (1, EXAMPLE.lines().count()));
        // A key of the same name elsewhere is not meant.
        let other = "[organization]\nname_en = \"a\"\n[other]\nname_en = \"b\"\n";
        assert_eq!(with(other, "name_en", "c"), other.replace("\"a\"", "\"c\""));
    }
}
