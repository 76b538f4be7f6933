//! `entente sponsored refer`, `handover` and `withdraw`: referrals that an organization without a node
//! makes itself.

use entente_core::lang::Text;
use entente_core::sponsor::NotTaken;
use entente_node::clock::{Clock as _, SystemClock};
use entente_node::fault::Fault;
use entente_node::local::doc::RequestTold;
use entente_node::sponsored::{ReferAsk, SponsoredFolder, contact_details};
use serde_json::{Value, json};

use super::referrals::{Told, for_the_sponsor, tell};
use super::{Done, passphrase};
use crate::cli::ask::Typed;
use crate::cli::desk::Desk;
use crate::cli::flow::write_new_bytes;
use crate::cli::{faults, handover, prompt};
use crate::render::labels::moment;
use crate::render::page::{Grid, Tone};
use crate::render::referral::{card_facts, step};
use crate::render::{Page, Render, codes};

/// Does a command about a referral of the organization's own.
pub(super) fn run(desk: &Desk, command: &str, typed: &Typed<'_>, folder: &SponsoredFolder) -> Done {
    folder.profile()?;
    let out = typed.raw_path("out").unwrap_or_default();
    if out.exists() {
        return Err(faults::exists(&out));
    }
    let (wanted, now_s) = (typed.maybe("referral").unwrap_or_default(), SystemClock.now_s());
    let secret = passphrase(desk, typed)?;
    let (found, file) = match command {
        "refer" => folder.refer(&secret, &asked(typed), now_s, SystemClock.today())?,
        "withdraw" => folder.withdraw(&secret, &wanted, now_s)?,
        _ => {
            let print = match folder.to_compare(&secret, &wanted, now_s)? {
                None => None,
                Some(name) => Some(fingerprint(desk, typed, &name)?),
            };
            let details = contact_details(handover::details(desk, typed)?)?;
            folder.hand_over(&secret, &wanted, &details, print.as_deref(), now_s)?
        }
    };
    write_new_bytes(&out, &file)?;
    tell(desk, &Signed { told: found.document(), file: Desk::absolute(&out) })
}

/// What was typed of a new referral.
fn asked(typed: &Typed<'_>) -> ReferAsk {
    ReferAsk {
        needs: typed.many("need"),
        urgency: typed.maybe("urgency").unwrap_or_else(|| "1d".to_owned()),
        risk: typed.maybe("risk"),
        age: typed.maybe("age"),
        gender: typed.maybe("gender"),
        language: typed.maybe("language"),
        interpreter: typed.flag("interpreter"),
        area: typed.maybe("area"),
        access: typed.many("access"),
        dependants: typed.maybe("dependants"),
        safety: typed.many("safety"),
        status: typed.maybe("status"),
        indigenous_service: typed.flag("indigenous-service"),
        scopes: typed.many("scope"),
        to: typed.many("to"),
        kinds: typed.many("kind"),
        given_by: typed.maybe("by"),
        informed: typed.flag("informed"),
        given_on: typed.maybe("since"),
        valid_until: typed.maybe("until"),
        override_reason: typed.maybe("override"),
        is_indigenous: typed.flag("indigenous"),
        exploitation: typed.many("exploitation"),
        matching: typed.flag("matching"),
    }
}

/// The fingerprint of whoever accepted: typed as it is read out, and never shown first.
fn fingerprint(desk: &Desk, typed: &Typed<'_>, name: &Text) -> Result<String, Box<Fault>> {
    match typed.maybe("fingerprint") {
        Some(print) => Ok(print),
        None => prompt::line(
            desk,
            &format!("Call {} at a number you know. The 24 digits that it reads to you:", name.en),
            &format!(
                "Appelez {} à un numéro que vous connaissez. Les 24 chiffres qu’on vous lit\u{a0}:",
                name.fr
            ),
            "--fingerprint",
        ),
    }
}

/// Referrals that the organization made, as a table.
pub(super) fn table(rows: &[RequestTold], page: &mut Page<'_>) {
    let lang = page.lang();
    let mut grid = Grid::new([
        lang.pick("Referral", "Aiguillage"),
        lang.pick("With", "Avec"),
        lang.pick("Needs", "Besoins"),
        lang.pick("Step", "Étape"),
        lang.pick("Contact details", "Coordonnées"),
        lang.pick("As of", "En date du"),
    ]);
    for row in rows {
        let with = row.with.as_ref().map(|it| it.name.text(lang).to_owned());
        let of = |list: &str, code: &str| codes::label(list, code, lang);
        let needs: Vec<_> = row.card.needs.iter().map(|code| of("need", code)).collect();
        let tone = match row.step.as_str() {
            "unmet" | "expired" | "refused" => Tone::Bad,
            "accepted" | "handed_over" | "delivered" | "opened" | "in_service" | "done" => {
                Tone::Good
            }
            "revoked" => Tone::Faint,
            _ => Tone::Warning,
        };
        let outcome = row.outcome.as_ref().map(|code| of("referral_outcome", code));
        let state = match outcome {
            Some(outcome) => format!("{} ({outcome})", step(&row.step, lang)),
            None => step(&row.step, lang).to_owned(),
        };
        let handover = row.handover.as_deref().map_or("—", |code| {
            let (en, fr) = match code {
                "ready" => ("can be handed over", "peuvent être transmises"),
                "no_key" => ("no key yet", "pas encore de clé"),
                "waiting" => ("sealed, in the file", "scellées, dans le fichier"),
                "handed_over" => ("handed over", "transmises"),
                "delivered" => ("delivered", "livrées"),
                "opened" => ("opened", "ouvertes"),
                "refused" => ("not taken; seal again", "non reçues; scellez de nouveau"),
                _ => ("destroyed there", "détruites là-bas"),
            };
            lang.pick(en, fr)
        });
        let as_of = row.as_of.as_deref().map_or_else(|| "—".to_owned(), moment);
        grid.toned([
            (Tone::Plain, row.id.get(..8).unwrap_or(&row.id).to_owned()),
            (Tone::Plain, with.unwrap_or_else(|| "—".to_owned())),
            (Tone::Plain, needs.join(", ")),
            (tone, state),
            (Tone::Plain, handover.to_owned()),
            (Tone::Plain, as_of),
        ]);
    }
    page.table(grid);
    for row in rows {
        if let Some(why) = row.refused.as_deref().and_then(NotTaken::from_code) {
            let (id, why) = (row.id.get(..8).unwrap_or(&row.id), why.text(lang));
            page.item(&lang.pick(
                format!("{id} was not taken: {why}. Call the sponsor, or ask anew."),
                format!("{id} n’a pas été pris\u{a0}: {why}. Appelez le parrain ou faites une nouvelle demande."),
            ));
        }
        for offer in &row.offers {
            let barrier = offer.barrier.as_ref().map(|code| codes::label("barrier", code, lang));
            let barrier = barrier.map(|it| format!(" ({it})")).unwrap_or_default();
            let (name, state) = (offer.partner.name.text(lang), step(&offer.step, lang));
            let id = row.id.get(..8).unwrap_or(&row.id);
            page.item(&lang.pick(
                format!("{id}, {name}: {state}{barrier}"),
                format!("{id}, {name}\u{a0}: {state}{barrier}"),
            ));
        }
    }
}

/// Something was signed about a referral of ours.
struct Signed {
    told: RequestTold,
    file: String,
}

impl Told for Signed {
    fn document(&self) -> Value {
        json!({"request": self.told, "file": self.file})
    }
}

impl Render for Signed {
    fn render(&self, page: &mut Page<'_>) {
        table(std::slice::from_ref(&self.told), page);
        if self.told.step == "asked" {
            card_facts(&self.told.card, page);
        }
        if let Some(with) = &self.told.with
            && self.told.handover.as_deref() == Some("waiting")
        {
            let (lang, name, id) = (page.lang(), with.name.text(page.lang()), &with.id);
            page.item(&lang.pick(
                format!("Sealed for {name}, identity {id}"),
                format!("Scellées pour {name}, identifiant {id}"),
            ));
        }
        for_the_sponsor(&self.file, page);
    }
}
