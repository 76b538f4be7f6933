//! Backups, the size of the store, the passphrase.

use entente_node::local::doc::{
    BackupCreateTold, BackupDrillTold, BackupListTold, BackupRow, PassphraseTold, StoreSizeTold,
};

use super::Render;
use super::labels::{bytes, moment, yes_no};
use super::page::{Grid, Page, Tone};

impl Render for BackupCreateTold {
    fn render(&self, page: &mut Page<'_>) {
        page.say("The backup was made.", "La sauvegarde est faite.");
        backups(std::slice::from_ref(&self.backup), page);
        page.say(
            "Keep a copy on another machine. It cannot be opened without the passphrase.",
            "Gardez-en une copie sur une autre machine. Sans la phrase de passe, on ne peut l’ouvrir.",
        );
    }
}

fn backups(backups: &[BackupRow], page: &mut Page<'_>) {
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("File", "Fichier"),
        lang.pick("Made", "Faite"),
        lang.pick("Size", "Taille"),
        lang.pick("Verified", "Vérifiée"),
    ])
    .numeric([2]);
    for backup in backups {
        let tone = if backup.verified { Tone::Good } else { Tone::Warning };
        grid.toned([
            (Tone::Plain, backup.file.clone()),
            (Tone::Plain, moment(&backup.at)),
            (Tone::Plain, bytes(backup.bytes, lang)),
            (tone, yes_no(backup.verified, lang).to_owned()),
        ]);
    }
    page.table(grid);
}

impl Render for BackupListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.facts(&[(lang.pick("Folder", "Répertoire"), self.folder.clone())]);
        if self.backups.is_empty() {
            page.say("No backups yet.", "Aucune sauvegarde pour l’instant.");
            page.next("entente backup create");
            return;
        }
        backups(&self.backups, page);
    }
}

impl Render for BackupDrillTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.say(
            "✓ The backup was restored beside the node, opened, and removed again.",
            "✓ La sauvegarde a été restaurée à côté du nœud, ouverte, puis supprimée.",
        );
        page.facts(&[
            (lang.pick("Backup of", "Sauvegarde du"), moment(&self.backup.at)),
            (lang.pick("Rows", "Lignes"), lang.number(self.rows)),
            (lang.pick("Records in it", "Dossiers qu’elle contient"), lang.number(self.records)),
            (lang.pick("Records now", "Dossiers maintenant"), lang.number(self.records_now)),
            (lang.pick("Audit entries", "Entrées du journal"), lang.number(self.audit_entries)),
            (lang.pick("Seconds", "Secondes"), lang.number(self.took_ms.div_ceil(1000))),
        ]);
    }
}

impl Render for StoreSizeTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.facts(&[
            (lang.pick("Engine", "Moteur"), self.engine.clone()),
            (lang.pick("Folder", "Répertoire"), self.folder.clone()),
            (lang.pick("Size", "Taille"), bytes(self.bytes, lang)),
            (lang.pick("Free", "Libre"), bytes(self.free_bytes, lang)),
        ]);
        let mut grid =
            Grid::new([lang.pick("Table", "Table"), lang.pick("Rows", "Lignes")]).numeric([1]);
        for table in &self.tables {
            grid.row([table.table.clone(), lang.number(table.rows)]);
        }
        page.table(grid);
    }
}

impl Render for PassphraseTold {
    fn render(&self, page: &mut Page<'_>) {
        page.say(
            "The passphrase was changed. Older backups still open with the old one.",
            "La phrase de passe est changée. Les anciennes sauvegardes s’ouvrent avec l’ancienne.",
        );
    }
}
