//! Answers: the settings of the node, its certificates, what the organization calls itself, who is told by e-mail,
//! and what takes two people.
//!
//! A change is written into `entente.toml`, where everything else stays as it was typed, comments
//! included. It holds from the next start on.

use std::fs;

use entente_core::audit::Action;
use entente_core::codes::{Code as _, OrgType};

use super::partners::told::about_told;
use super::{Desk, Staff, Steps, instant};
use crate::config::{BadAbout, Config, PersonConfig};
use crate::fault::{Both, Fault};
use crate::local::doc::*;
use crate::local::role::MAY_NEED_APPROVAL;
use crate::node::Outcome;
use crate::setup::{bad_org_name, io_fault};
use crate::tls::ConsoleCertificate;

pub(super) fn show(desk: &Desk, _: &Staff, _: SettingsShowAsk, _: &Steps) -> Outcome<SettingsTold> {
    let running = &desk.config;
    let written = desk.home.read_config().ok();
    let restart_needed = written.as_ref() != Some(running);
    let file = written.unwrap_or_else(|| running.clone());
    let organization = file.organization;
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
        written: WrittenSettings {
            time_zone: file.console.time_zone,
            needs_approval: file.approvals.needed_for,
            has_mail: file.notifications.mail.is_some(),
            people: file.notifications.people.into_iter().map(notified).collect(),
        },
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
            text = with(&text, "organization", key, &toml::Value::String(value.clone()));
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
            text = with(&text, "organization", key, &toml::Value::from(values.clone()));
            changed.push(format!("organization.{key}"));
            *into = values;
        }
    }
    organization.about().map_err(bad_about)?;
    let zone = ask.time_zone.map(|zone| zone.trim().to_owned());
    if let Some(zone) = zone.filter(|zone| *zone != wanted.console.time_zone) {
        if !zone.is_empty() && jiff::tz::TimeZone::get(&zone).is_err() {
            return Err(bad_zone());
        }
        text = with(&text, "console", "time_zone", &toml::Value::String(zone.clone()));
        changed.push("console.time_zone".to_owned());
        wanted.console.time_zone = zone;
    }
    if let Some(names) = ask.needs_approval {
        let was = wanted.approvals.needed_for.clone();
        let (now, lines) = approvals(&was, &names)?;
        if !lines.is_empty() {
            text = with(&text, "approvals", "needed_for", &toml::Value::from(now.clone()));
            changed.extend(lines);
            wanted.approvals.needed_for = now;
        }
    }
    if let Some(people) = ask.people {
        let people: Vec<_> = people.into_iter().map(person).collect();
        if people != wanted.notifications.people {
            text = with_people(&text, &people);
            changed.push("notifications.people".to_owned());
            wanted.notifications.people = people;
            wanted.notifications.check().map_err(|_| bad_people())?;
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

/// What takes two people afterwards, in the order of the list; and what is new of it, for the audit log. Nothing is taken
/// off here: one person would undo what two are wanted for.
fn approvals(was: &[String], wanted: &[String]) -> Outcome<(Vec<String>, Vec<String>)> {
    let known = || MAY_NEED_APPROVAL.iter().map(|op| op.name().to_owned());
    if wanted.iter().any(|name| known().all(|it| it != *name)) {
        return Err(cannot_take_two());
    }
    if was.iter().any(|name| !wanted.contains(name)) {
        return Err(stays_with_two());
    }
    let now: Vec<_> = known().filter(|name| wanted.contains(name)).collect();
    let new = now.iter().filter(|name| !was.contains(name));
    let lines = new.map(|name| format!("approvals.needed_for +{name}")).collect();
    Ok((now, lines))
}

fn notified(person: PersonConfig) -> NotifiedPerson {
    let PersonConfig { address, roles, account, lang } = person;
    NotifiedPerson { address, roles, account, lang }
}

fn person(person: NotifiedPerson) -> PersonConfig {
    let NotifiedPerson { address, roles, account, lang } = person;
    let [address, account] = [address, account].map(|text| text.trim().to_owned());
    PersonConfig { address, roles, account, lang }
}

/// The text of the settings with another value for a key of a section. A key that is not there yet comes after the last
/// that is, and a section at the end.
fn with(text: &str, section: &str, key: &str, value: &toml::Value) -> String {
    let header = format!("[{section}]");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut is_in = false;
    let (mut found, mut last) = (None, None);
    for (nth, line) in lines.iter().enumerate() {
        let bare = line.trim();
        if bare.starts_with('[') {
            is_in = bare.starts_with(&header);
        }
        if is_in && !bare.is_empty() && !bare.starts_with('#') {
            last = Some(nth);
            let is_it =
                bare.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
            found = found.or(is_it.then_some(nth));
        }
    }
    let line = format!("{key} = {value}");
    match (found, last) {
        (Some(nth), _) => {
            let rest = lines.split_off(nth);
            // A list may go over several lines.
            let value = rest.first().and_then(|it| it.split_once('=')).map(|(_, value)| value);
            let is_open =
                value.is_some_and(|it| it.trim_start().starts_with('[') && !it.contains(']'));
            let within =
                rest.iter().take_while(|it| is_open && !it.trim().starts_with(']')).count();
            lines.push(line);
            lines.extend(rest.into_iter().skip(within + 1));
        }
        (None, Some(nth)) => lines.insert(nth + 1, line),
        (None, None) => lines.extend([String::new(), header, line]),
    }
    lines.join("\n") + "\n"
}

/// The text of the settings with these people who are told by e-mail, and no others. Comments stay.
fn with_people(text: &str, people: &[PersonConfig]) -> String {
    const HEADER: &str = "[[notifications.people]]";
    let mut lines = Vec::new();
    let (mut is_in, mut place) = (false, None);
    for line in text.lines() {
        let bare = line.trim();
        if bare.starts_with('[') {
            is_in = bare.starts_with(HEADER);
        }
        if is_in && !bare.is_empty() && !bare.starts_with('#') {
            place = place.or(Some(lines.len()));
        } else {
            lines.push(line.to_owned());
        }
    }
    let rest = lines.split_off(place.unwrap_or(lines.len()));
    for PersonConfig { address, roles, account, lang } in people {
        let quoted = |text: &String| toml::Value::String(text.clone());
        lines.extend([HEADER.to_owned(), format!("address = {}", quoted(address))]);
        if !roles.is_empty() {
            lines.push(format!("roles = {}", toml::Value::from(roles.clone())));
        }
        if !account.is_empty() {
            lines.push(format!("account = {}", quoted(account)));
        }
        lines.extend([format!("lang = {}", quoted(lang)), String::new()]);
    }
    lines.extend(rest);
    lines.join("\n") + "\n"
}

/// `ENT-2847`, with what is wrong.
fn bad_value(en: &str, fr: &str) -> Box<Fault> {
    let fault = Fault::new(
        2847,
        ("A setting cannot have this value.", "Un réglage ne peut pas prendre cette valeur."),
        ("Correct it and save again.", "Corrigez et enregistrez de nouveau."),
    );
    fault.because(en, fr)
}

fn bad_zone() -> Box<Fault> {
    bad_value(
        "The time zone is the name of one, such as America/Winnipeg, or empty.",
        "Le fuseau horaire est le nom d’un fuseau, comme America/Winnipeg, ou rien.",
    )
}

fn cannot_take_two() -> Box<Fault> {
    bad_value(
        "What takes two people is chosen from the list.",
        "Ce qui exige deux personnes se choisit dans la liste.",
    )
}

fn stays_with_two() -> Box<Fault> {
    bad_value(
        "What takes two people is taken off in `entente.toml` on the machine, and the node started again: one person at a \
         console does not undo what two are wanted for.",
        "Ce qui exige deux personnes se retire dans `entente.toml` sur la machine, puis on redémarre le nœud\u{a0}: une \
         personne seule devant une console ne défait pas ce pour quoi il en faut deux.",
    )
}

fn bad_people() -> Box<Fault> {
    bad_value(
        "Each person has an e-mail address and either roles or an account of the machine; at most fifty, and none \
         without a mail server.",
        "Chaque personne a une adresse de courriel et soit des rôles, soit un compte de la machine; cinquante au plus, et \
         aucune sans serveur de courriel.",
    )
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
        let text = with(EXAMPLE, "organization", "name_fr", &"Maison \"du Havre\"\\".into());
        let config = Config::parse(&text).unwrap();
        assert_eq!(config.organization.name_fr, "Maison \"du Havre\"\\");
        let differ = text.lines().zip(EXAMPLE.lines()).filter(|(one, other)| one != other);
        assert_eq!((differ.count(), text.lines().count()), (1, EXAMPLE.lines().count()));
        // A key of the same name elsewhere is not meant.
        let other = "[organization]\nname_en = \"a\"\n[other]\nname_en = \"b\"\n";
        assert_eq!(
            with(other, "organization", "name_en", &"c".into()),
            other.replace("\"a\"", "\"c\"")
        );
    }

    #[test]
    fn a_key_that_is_not_there_yet_comes_after_the_last_that_is() {
        let old = "[organization]\nname_en = \"a\"\n\n# Doors.\n[partner_door]\nrole = 1\n";
        let text = with(old, "organization", "role", &vec!["prevention"].into());
        let (before, after) = old.split_once("\n\n").unwrap();
        assert_eq!(text, format!("{before}\nrole = [\"prevention\"]\n\n{after}"));
        let text = with(old, "console", "time_zone", &"America/Regina".into());
        assert_eq!(text, format!("{old}\n[console]\ntime_zone = \"America/Regina\"\n"));
    }

    #[test]
    fn a_list_over_several_lines_is_replaced_as_a_whole() {
        let old = "[approvals]\nneeded_for = [\n    \"plan_sign\",\n    \"epoch_close\",\n]\n\n[public]\n";
        let text = with(old, "approvals", "needed_for", &vec!["stats_run"].into());
        assert_eq!(text, "[approvals]\nneeded_for = [\"stats_run\"]\n\n[public]\n");
        // A bracket in a text, or beside it, begins none.
        let old = "[organization]\nname_en = \"a [b\" # [\nname_fr = \"c\"\n[public]\n";
        let text = with(old, "organization", "name_en", &"d".into());
        assert_eq!(text, "[organization]\nname_en = \"d\"\nname_fr = \"c\"\n[public]\n");
    }

    #[test]
    fn other_people_take_the_place_of_those_who_were_told_and_comments_stay() {
        let mona = "[[notifications.people]]\naddress = \"mona@example.org\"\nroles = [\n \"auditor\",\n]\n";
        let mail = "[notifications.mail]\nhost = \"mail.example.org\"\nfrom = \"e@example.org\"\n";
        let (base, _) = EXAMPLE.split_once("[console]").unwrap();
        let old = format!("{base}{mail}{mona}# Kept.\n{mona}[console]\nenabled = true\n");
        let omar = PersonConfig {
            address: "omar@example.org".to_owned(),
            roles: vec!["supervisor".to_owned()],
            account: String::new(),
            lang: "fr".to_owned(),
        };
        let text = with_people(&old, std::slice::from_ref(&omar));
        let parsed = Config::parse(&text).unwrap().notifications.people;
        assert_eq!(parsed, std::slice::from_ref(&omar));
        assert!(text.contains("# Kept.") && !text.contains("mona@"), "{text}");
        let none = with_people(&text, &[]);
        assert!(Config::parse(&none).unwrap().notifications.is_off());
        let again = with_people(&none, std::slice::from_ref(&omar));
        assert_eq!(Config::parse(&again).unwrap().notifications.people, [omar]);
    }

    #[test]
    fn what_takes_two_people_is_added_each_by_itself_and_never_taken_off() {
        let names = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let was = names(&["agreement_sign", "plan_sign"]);
        let wanted = names(&["epoch_close", "plan_sign", "agreement_sign"]);
        let (now, lines) = approvals(&was, &wanted).unwrap();
        assert_eq!(now, ["agreement_sign", "plan_sign", "epoch_close"]);
        assert_eq!(lines, ["approvals.needed_for +epoch_close"]);
        assert_eq!(approvals(&was, &was).unwrap().1, names(&[]));
        for refused in [&["agreement_sign", "plan_sign", "record_show"][..], &["plan_sign"], &[]] {
            assert_eq!(approvals(&was, &names(refused)).unwrap_err().code, "ENT-2847");
        }
    }
}
