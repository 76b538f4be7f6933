//! Hand-overs, and who may open them.

use entente_core::handover::Part;
use entente_core::lang::Lang;
use entente_node::local::doc::{
    ContactDocument, OpenerChangeTold, OpenerListTold, ReferralHandoverTold, ReferralOpenTold,
};

use super::Render;
use super::agreement::short;
use super::labels::{bytes, moment};
use super::page::{Grid, Page, Tone};

impl Render for OpenerListTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if self.openers.is_empty() {
            page.say(
                "Nobody here may open hand-overs yet, so nobody can hand over to us.",
                "Personne ici ne peut encore ouvrir de transmission; on ne peut donc rien nous transmettre.",
            );
            page.next("entente opener add");
            return;
        }
        let mut grid = Grid::new([
            lang.pick("Opener", "Dépositaire"),
            lang.pick("Account", "Compte"),
            lang.pick("Since", "Depuis"),
        ]);
        for opener in &self.openers {
            grid.row([opener.name.clone(), opener.account.clone(), moment(&opener.added_at)]);
        }
        page.table(grid);
        page.blank();
        let mut grid = Grid::new([
            lang.pick("Key", "Clé"),
            lang.pick("State", "État"),
            lang.pick("Made", "Créée"),
            lang.pick("Opens until", "Ouvre jusqu’au"),
            lang.pick("Openers", "Dépositaires"),
            lang.pick("Partners told", "Partenaires avisés"),
        ])
        .numeric([4, 5]);
        for key in &self.keys {
            let (tone, state) = match &*key.state {
                "current" => (Tone::Good, lang.pick("current", "courante")),
                "replaced" => (Tone::Plain, lang.pick("replaced", "remplacée")),
                _ => (Tone::Plain, lang.pick("destroyed", "détruite")),
            };
            grid.toned([
                (Tone::Plain, short(&key.key).to_owned()),
                (tone, state.to_owned()),
                (Tone::Plain, moment(&key.created_at)),
                (Tone::Plain, key.opens_until.as_deref().map(moment).unwrap_or_default()),
                (Tone::Plain, lang.number(key.openers)),
                (Tone::Plain, lang.number(key.partners)),
            ]);
        }
        page.table(grid);
    }
}

impl Render for OpenerChangeTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let names = self.openers.join(", ");
        if !self.done {
            let name = self.name.clone().unwrap_or_default();
            page.line(&match lang {
                Lang::En => format!(
                    "{name} could open no hand-over any more, not even earlier ones. A new key would be made for: {names}."
                ),
                Lang::Fr => format!(
                    "{name} ne pourrait plus ouvrir de transmission, même antérieure. Une nouvelle clé serait créée pour\u{a0}: {names}."
                ),
            });
            return;
        }
        page.say(
            "A new key for hand-overs is in force, and partners are told of it.",
            "Une nouvelle clé de transmission est en vigueur, et les partenaires en sont avisés.",
        );
        page.facts(&[
            (lang.pick("May open", "Peuvent ouvrir"), names),
            (
                lang.pick("Key", "Clé"),
                self.key.as_deref().map(|key| short(key).to_owned()).unwrap_or_default(),
            ),
        ]);
        page.say(
            "The key before it opens what was sealed to it for 30 days, and is then destroyed.",
            "La clé précédente ouvre pendant 30 jours ce qu’elle a servi à sceller, puis est détruite.",
        );
        page.say(
            "A passphrase that is forgotten cannot be replaced: have at least two openers.",
            "Une phrase de passe oubliée ne se remplace pas\u{a0}: prévoyez au moins deux dépositaires.",
        );
    }
}

impl Render for ReferralHandoverTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let to = lang.pick(&self.to_en, &self.to_fr);
        page.line(&match lang {
            Lang::En => format!("The contact details are sealed to {to} and on their way."),
            Lang::Fr => format!("Les coordonnées sont scellées pour {to} et en route."),
        });
        page.facts(&[
            (lang.pick("Referral", "Aiguillage"), short(&self.referral).to_owned()),
            (lang.pick("Key", "Clé"), short(&self.key).to_owned()),
            (lang.pick("Sealed size", "Taille scellée"), bytes(self.bytes, lang)),
        ]);
        page.say(
            "Nobody here can read them any more. Destroy the file you typed them in.",
            "Plus personne ici ne peut les lire. Détruisez le fichier où vous les aviez saisies.",
        );
    }
}

impl Render for ReferralOpenTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(lang.pick("How to reach the person", "Comment joindre la personne"));
        contact(&self.details.0, page);
        page.blank();
        page.facts(&[
            (
                lang.pick("Handed over by", "Transmis par"),
                lang.pick(&self.from_en, &self.from_fr).clone(),
            ),
            (lang.pick("Referral", "Aiguillage"), short(&self.referral).to_owned()),
            (lang.pick("Sealed", "Scellé"), moment(&self.sealed_at)),
            (lang.pick("First opened", "Première ouverture"), moment(&self.first_opened_at)),
        ]);
        if let Some(until) = &self.opens_until {
            let until = moment(until);
            page.line(&match lang {
                Lang::En => format!("Its key was replaced: this opens until {until}."),
                Lang::Fr => {
                    format!(
                        "Sa clé a été remplacée\u{a0}: l’ouverture est possible jusqu’au {until}."
                    )
                }
            });
        }
        page.say(
            "This page is written down with your name. Clear the screen when you have read it.",
            "Cette consultation est consignée à votre nom. Effacez l’écran après lecture.",
        );
    }
}

fn contact(details: &ContactDocument, page: &mut Page<'_>) {
    let lang = page.lang();
    let mut facts: Vec<(&str, String)> = Vec::new();
    for part in Part::ALL {
        if *part == Part::SafeTimes {
            for phone in &details.phones {
                let message = if phone.message {
                    lang.pick("a message may be left", "on peut laisser un message")
                } else {
                    lang.pick("leave no message", "ne laissez pas de message")
                };
                let number = format!("{} ({message})", phone.number);
                facts.push((lang.pick("Telephone", "Téléphone"), number));
            }
        }
        let text = match part {
            Part::Name => &details.name,
            Part::PreferredName => &details.preferred_name,
            Part::Pronouns => &details.pronouns,
            Part::SafeTimes => &details.safe_times,
            Part::Email => &details.email,
            Part::Address => &details.address,
            Part::Language => &details.language,
            Part::Guardian => &details.guardian,
            Part::Note => &details.note,
        };
        if !text.is_empty() {
            facts.push((part.label(lang), text.clone()));
        }
    }
    page.facts(&facts);
}
