//! The settings of the node, its keys and its certificates.

use entente_node::local::doc::SettingsTold;

use super::Render;
use super::codes::label;
use super::labels::{moment, moment_or_dash};
use super::page::Page;
use super::status::fingerprint;

impl Render for SettingsTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let (backup, keys) = (&self.backup, &self.keys);
        page.title(self.organization.name.text(lang));
        page.facts(&[
            (lang.pick("Name in English", "Nom en anglais"), self.organization.name.en.clone()),
            (lang.pick("Name in French", "Nom en français"), self.organization.name.fr.clone()),
            (
                lang.pick("Kind", "Type d’organisme"),
                label("org_type", &self.organization.kind, lang),
            ),
            (lang.pick("Identity", "Identité"), fingerprint(&self.organization.id)),
            (lang.pick("Address", "Adresse"), self.address.clone()),
            (
                lang.pick("Certificate until", "Certificat jusqu’au"),
                moment(&keys.certificate_until),
            ),
            (
                lang.pick("Certificate of the console", "Certificat de la console"),
                keys.console_fingerprint.clone().unwrap_or_else(|| "—".to_owned()),
            ),
            (lang.pick("Until", "Jusqu’au"), moment_or_dash(keys.console_until.as_ref())),
            (lang.pick("Backups", "Sauvegardes"), backup.folder.clone()),
            (
                lang.pick("Every, kept", "Intervalle, nombre conservé"),
                format!("{}\u{a0}h, {}", backup.every_h, backup.keep),
            ),
            (lang.pick("Messages to", "Avis à"), self.notifications.ways.join(", ")),
            (lang.pick("Takes two people", "Exige deux personnes"), self.needs_approval.join(", ")),
            (lang.pick("File", "Fichier"), self.file.clone()),
        ]);
        self.about.render(page);
        if self.restart_needed {
            page.say(
                "The file says something else than what the node runs with. It holds from the next start.",
                "Le fichier diffère des paramètres actuels du nœud; il prendra effet au prochain démarrage.",
            );
            page.next("entente node run");
        }
    }
}
