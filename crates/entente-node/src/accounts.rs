//! Accounts and groups of this machine, and the roles that the settings give them.
//!
//! The system's own name service is asked, so accounts of a directory count like those in
//! `/etc/passwd`. Who is calling is the kernel's word and is known before this is asked.

use std::collections::BTreeSet;
use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use crate::config::{Config, StaffName};
use crate::fault::Fault;
use crate::local::Role;
use crate::node::Outcome;

/// An account of this machine, as its name service knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name, or its number if it has none.
    pub name: String,
    /// The names of its groups.
    pub groups: BTreeSet<String>,
}

impl Account {
    /// The account with this number.
    pub fn of(uid: u32) -> Self {
        let Ok(Some(user)) = User::from_uid(Uid::from_raw(uid)) else {
            return Self { name: uid.to_string(), groups: BTreeSet::new() };
        };
        let of_user = CString::new(user.name.as_str()).ok();
        let gids = of_user.and_then(|name| getgrouplist(&name, user.gid).ok());
        let groups = gids.unwrap_or_default().into_iter().filter_map(group_name).collect();
        Self { name: user.name, groups }
    }

    /// The account of this name, if the machine has it.
    pub fn named(name: &str) -> Option<Self> {
        let user = User::from_name(name).ok().flatten()?;
        Some(Self::of(user.uid.as_raw()))
    }

    /// What the settings let it do: what its own line says, and those of its groups.
    pub fn roles(&self, config: &Config) -> Vec<Role> {
        let lines = config.staff().filter(|(who, _)| match who {
            StaffName::Account(name) => *name == self.name,
            StaffName::Group(name) => self.groups.contains(*name),
        });
        let roles: BTreeSet<Role> = lines.flat_map(|(_, roles)| roles).collect();
        roles.into_iter().collect()
    }
}

fn group_name(gid: Gid) -> Option<String> {
    Group::from_gid(gid).ok().flatten().map(|group| group.name)
}

/// The number of a group, if this machine has it.
pub(crate) fn group_id(name: &str) -> Option<u32> {
    Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
}

/// Whether this machine has every account and group that the settings name: `ENT-1014` if not.
///
/// A misspelt name would otherwise be somebody who cannot work, and nobody who is told.
pub fn check(config: &Config) -> Outcome<()> {
    let door = config.staff_door.group.as_str();
    let door = (!door.is_empty()).then_some(("staff_door.group", StaffName::Group(door)));
    let named = config.staff().map(|(who, _)| ("[staff]", who)).chain(door);
    let missing: Vec<_> = named.filter(|(_, who)| !is_there(who)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let fault = Fault::new(
        1014,
        (
            "The settings name an account or a group that this machine does not have.",
            "Les paramètres nomment un compte ou un groupe que cette machine n’a pas.",
        ),
        (
            "Correct `entente.toml`, or create it: `useradd`, `groupadd`.",
            "Corrigez `entente.toml`, ou créez-le\u{a0}: `useradd`, `groupadd`.",
        ),
    );
    Err(missing.into_iter().fold(fault, |fault, (place, who)| match who {
        StaffName::Account(name) => fault
            .because(format!("{place}: account {name}"), format!("{place}\u{a0}: compte {name}")),
        StaffName::Group(name) => {
            fault.because(format!("{place}: group {name}"), format!("{place}\u{a0}: groupe {name}"))
        }
    }))
}

fn is_there(who: &StaffName<'_>) -> bool {
    match who {
        StaffName::Account(name) => matches!(User::from_name(name), Ok(Some(_))),
        StaffName::Group(name) => group_id(name).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: &str = "[organization]\nname_en = \"A\"\nname_fr = \"A\"\nkind = \"ngo\"\n\
        [staff_door]\nsocket = \"/run/entente/staff.sock\"\ngroup = \"root\"\n[staff]\n";

    fn config(staff: &str) -> Config {
        Config::parse(&format!("{SETTINGS}{staff}")).unwrap()
    }

    fn account(name: &str, groups: &[&str]) -> Account {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        Account { name: name.to_owned(), groups }
    }

    #[test]
    fn an_account_has_the_roles_of_its_line_and_of_its_groups() {
        let config = config(
            "lea = [\"case_worker\"]\nomar = [\"auditor\"]\n\
             \"@shelter\" = [\"supervisor\", \"case_worker\"]\n\"@lea\" = [\"administrator\"]\n",
        );
        use Role::{Auditor, CaseWorker, Supervisor};
        assert_eq!(account("lea", &[]).roles(&config), [CaseWorker]);
        assert_eq!(account("lea", &["shelter"]).roles(&config), [CaseWorker, Supervisor]);
        assert_eq!(account("omar", &["users"]).roles(&config), [Auditor]);
        // A group is not an account of the same name, nor the reverse.
        assert_eq!(account("shelter", &[]).roles(&config), []);
        assert_eq!(account("zoe", &["omar"]).roles(&config), []);
    }

    #[test]
    fn the_machine_knows_its_accounts_and_their_groups() {
        let root = Account::of(0);
        assert_eq!(root.name, "root");
        assert!(root.groups.contains("root"), "{root:?}");
        let nobody_has_it = Account::of(3_999_999_999);
        assert_eq!(nobody_has_it, account("3999999999", &[]));
    }

    #[test]
    fn settings_that_name_nobody_are_refused_with_every_name() {
        check(&config("root = [\"auditor\"]\n")).unwrap();
        let fault =
            check(&config("no-such-account = [\"auditor\"]\n\"@no-such-group\" = [\"auditor\"]\n"))
                .unwrap_err();
        assert_eq!(fault.code, "ENT-1014");
        let why: Vec<_> = fault.why.iter().map(|why| why.en.as_str()).collect();
        assert_eq!(why, ["[staff]: group no-such-group", "[staff]: account no-such-account"]);
    }
}
