//! Organizations without a node, and who carries what they say.

use entente_core::codes::OrgType;
use entente_core::lang::Lang;
use entente_node::local::doc::{
    CarriedEntry, Named, RequestTaken, ServiceRow, SponsorAnswersTold, SponsorGiveTold,
    SponsorListTold, SponsorMailTold, SponsorTold, SponsoredEntry,
};

use super::Render;
use super::labels::moment;
use super::page::{Grid, Page, Tone};
use super::service::label;

/// Who stands behind a service: `Harbour House, carried by Office A`.
pub(super) fn source(row: &ServiceRow, lang: Lang) -> String {
    let issuer = row.issuer.name(lang);
    match &row.sponsor {
        None => issuer.to_owned(),
        Some(sponsor) => {
            let by = lang.pick("signed by it, carried by", "signé par lui, transmis par");
            format!("{issuer} ({by} {})", sponsor.name(lang))
        }
    }
}

fn names(all: &[Named], lang: Lang) -> String {
    if all.is_empty() {
        return lang.pick("nobody yet", "personne encore").to_owned();
    }
    all.iter().map(|it| it.name(lang).to_owned()).collect::<Vec<_>>().join(", ")
}

/// How many files never came, where that is to be worried about.
fn missing(n: u64, lang: Lang) -> (Tone, String) {
    (if n == 0 { Tone::Plain } else { Tone::Warning }, lang.number(n))
}

/// How many offers wait for an answer, and until when.
fn waiting(org: &SponsoredEntry, lang: Lang) -> (Tone, String) {
    match &org.due {
        None => (Tone::Plain, lang.number(org.waiting)),
        Some(due) => {
            let (n, due) = (lang.number(org.waiting), moment(due));
            let text = match lang {
                Lang::En => format!("{n}, the first due {due}"),
                Lang::Fr => format!("{n}, la première à échéance le {due}"),
            };
            (Tone::Warning, text)
        }
    }
}

fn answers(told: &SponsorAnswersTold, page: &mut Page<'_>) {
    let lang = page.lang();
    page.facts(&[
        (lang.pick("Answers said", "Réponses communiquées"), lang.number(told.said)),
        (lang.pick("Taken before", "Déjà prises"), lang.number(told.before)),
    ]);
    for it in &told.requests {
        request(it, page);
    }
    if !told.refused.is_empty() {
        page.say(
            "These cannot be carried; call the organization:",
            "Celles-ci ne peuvent être transmises; appelez l’organisme\u{a0}:",
        );
        for it in &told.refused {
            page.line(&format!("  {} {}", it.referral, it.reason));
            if let Some(fault) = &it.fault {
                fault.render(page);
            }
        }
    }
}

/// Something that the organization asked for about a referral of its own.
fn request(taken: &RequestTaken, page: &mut Page<'_>) {
    let lang = page.lang();
    let short = taken.referral.get(..8).unwrap_or(&taken.referral);
    let (en, fr) = match taken.what.as_str() {
        "refer" => (
            "a referral of ours now, on its behalf",
            "devient l’un de nos aiguillages, fait en son nom",
        ),
        "hand_over" => ("contact details handed on, sealed", "coordonnées scellées transmises"),
        _ => ("taken back", "retiré"),
    };
    page.line(&match lang {
        Lang::En => format!("Referral {short}: {en}."),
        Lang::Fr => format!("Aiguillage {short}\u{a0}: {fr}."),
    });
    match (taken.what.as_str(), taken.asked) {
        ("refer", 0) => {
            page.say("Nobody was asked yet.", "Rien n’a encore été offert.");
            page.next(&format!("entente referral show {short}"));
        }
        ("refer", n) => page.line(&match lang {
            Lang::En => format!("Asked at once: {}.", lang.number(n)),
            Lang::Fr => format!("Sollicités aussitôt\u{a0}: {}.", lang.number(n)),
        }),
        _ => {}
    }
    if let Some(fault) = &taken.fault {
        fault.render(page);
    }
}

fn state(org: &SponsoredEntry, lang: Lang) -> (Tone, String) {
    match &org.ended_at {
        None => (Tone::Good, lang.pick("carried", "transmis").to_owned()),
        Some(at) => (Tone::Faint, format!("{} {}", lang.pick("ended", "terminé"), moment(at))),
    }
}

impl Render for SponsorTold {
    fn render(&self, page: &mut Page<'_>) {
        let (lang, org) = (page.lang(), &self.organization);
        page.title(org.organization.name(lang));
        let (tone, state) = state(org, lang);
        let state = page.paint(tone, &state);
        let (tone, missing) = missing(org.missing, lang);
        let missing = page.paint(tone, &missing);
        page.facts(&[
            (lang.pick("Id", "Identifiant"), org.organization.id.clone()),
            (lang.pick("Kind", "Type d’organisme"), label::<OrgType>(&org.kind, lang)),
            (lang.pick("Fingerprint", "Empreinte"), org.fingerprint.clone()),
            (lang.pick("State", "État"), state),
            (lang.pick("Newest file", "Dernier fichier"), lang.number(org.number)),
            (lang.pick("Files that never came", "Fichiers jamais reçus"), missing),
            (lang.pick("Services", "Services"), lang.number(org.services)),
            (lang.pick("Signed by it", "Signé par lui"), moment(&org.signed_at)),
            (lang.pick("Signed by us", "Signé par nous"), moment(&org.taken_at)),
            (lang.pick("Told to", "Communiqué à"), names(&org.told, lang)),
            (lang.pick("Offers that wait", "Offres en attente"), waiting(org, lang).1),
        ]);
        if let Some(told) = &self.answers {
            answers(told, page);
        }
        if !org.handover_key {
            page.say(
                "It has no key for hand-overs, so it is offered no referrals: it signs once more.",
                "Il n’a pas de clé de transmission, donc aucun aiguillage ne lui est offert\u{a0}: qu’il signe de nouveau.",
            );
        }
        if org.unsent > 0 {
            let file = lang.pick("FILE", "FICHIER");
            page.next(&format!("entente sponsor mail {} --out {file}", org.organization.short()));
        }
        if org.missing > 0 {
            page.say(
                "Ask the organization what became of the files between.",
                "Demandez à l’organisme ce que sont devenus les fichiers intermédiaires.",
            );
        }
    }
}

impl Render for SponsorGiveTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.line(&match lang {
            Lang::En => format!("Receipt for {}: {}", self.organization.name(lang), self.file),
            Lang::Fr => {
                format!(
                    "Accusé de réception pour {}\u{a0}: {}",
                    self.organization.name(lang),
                    self.file
                )
            }
        });
        page.facts(&[
            (lang.pick("Newest file", "Dernier fichier"), lang.number(self.number)),
            (lang.pick("Partners told", "Partenaires avisés"), lang.number(u64::from(self.told))),
        ]);
    }
}

impl Render for SponsorMailTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.line(&match lang {
            Lang::En => format!("Mail for {}: {}", self.organization.name(lang), self.file),
            Lang::Fr => {
                format!("Courrier pour {}\u{a0}: {}", self.organization.name(lang), self.file)
            }
        });
        page.facts(&[
            (
                lang.pick("Offered to it", "Aiguillages qui lui sont offerts"),
                lang.number(self.referrals),
            ),
            (lang.pick("Its own", "Aiguillages qu’il a demandés"), lang.number(self.requests)),
            (lang.pick("Left for the next", "Laissés pour le prochain"), lang.number(self.left)),
        ]);
    }
}

impl Render for SponsorListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.ours.is_empty() && self.carried.is_empty() {
            page.say(
                "No organization without a node is known here.",
                "Aucun organisme sans nœud n’est connu ici.",
            );
            page.next("entente sponsor add");
            return;
        }
        if !self.ours.is_empty() {
            page.title(lang.pick("Sponsored by us", "Parrainés par nous"));
            let mut grid = Grid::new([
                lang.pick("Organization", "Organisme"),
                lang.pick("File", "Fichier"),
                lang.pick("Never came", "Jamais reçus"),
                lang.pick("Services", "Services"),
                lang.pick("Offers that wait", "Offres en attente"),
                lang.pick("Told to", "Communiqué à"),
                lang.pick("State", "État"),
                lang.pick("Id", "Identifiant"),
            ])
            .numeric([1, 2, 3]);
            for org in &self.ours {
                grid.toned([
                    (Tone::Plain, org.organization.name(lang).to_owned()),
                    (Tone::Plain, lang.number(org.number)),
                    missing(org.missing, lang),
                    (Tone::Plain, lang.number(org.services)),
                    waiting(org, lang),
                    (Tone::Plain, names(&org.told, lang)),
                    state(org, lang),
                    (Tone::Plain, org.organization.short().to_owned()),
                ]);
            }
            page.table(grid);
        }
        if !self.carried.is_empty() {
            carried(&self.carried, page);
        }
    }
}

fn carried(all: &[CarriedEntry], page: &mut Page<'_>) {
    let lang = page.lang();
    page.title(lang.pick("Sponsored by partners", "Parrainés par des partenaires"));
    let mut grid = Grid::new([
        lang.pick("Organization", "Organisme"),
        lang.pick("Carried by", "Transmis par"),
        lang.pick("File", "Fichier"),
        lang.pick("Never came", "Jamais reçus"),
        lang.pick("Services", "Services"),
        lang.pick("Fingerprint", "Empreinte"),
    ])
    .numeric([2, 3, 4]);
    for org in all {
        grid.toned([
            (Tone::Plain, org.organization.name(lang).to_owned()),
            (Tone::Plain, org.sponsor.name(lang).to_owned()),
            (Tone::Plain, lang.number(org.number)),
            missing(org.missing, lang),
            (Tone::Plain, lang.number(org.services)),
            (Tone::Plain, org.fingerprint.clone()),
        ]);
    }
    page.table(grid);
    page.say(
        "Both signatures were checked. Whether the organization exists is its sponsor’s word: call it and compare the fingerprint.",
        "Les deux signatures ont été vérifiées. Que l’organisme existe, c’est son parrain qui le dit\u{a0}: appelez-le et comparez l’empreinte.",
    );
}
