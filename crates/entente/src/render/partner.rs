//! Partners: tables, invitations, digits.

use entente_core::lang::Lang;
use entente_node::local::doc::{
    AboutTold, Both, Invitation, PartnerChangeTold, PartnerDeclineTold, PartnerDigitsTold,
    PartnerInviteTold, PartnerListTold, PartnerOpenTold, PartnerRow, PartnerShowTold, PartnerState,
    PartnerTestTold, PartnerVerifyTold, ReceiptDue, Step, Who,
};

use super::labels::{self, Label, count, moment, moment_or_dash, yes_no};
use super::page::{Grid, Page, Tone};
use super::status::{checks, fingerprint, quoted};
use super::{Render, agreement, codes};

impl Render for PartnerListTold {
    fn render(&self, page: &mut Page<'_>) {
        if self.partners.is_empty() {
            page.say("No partners yet.", "Aucun partenaire pour l’instant.");
            page.next("entente partner invite");
            return;
        }
        let grid = grid(&self.partners, page.lang());
        page.table(grid);
    }
}

/// Partners as a table: state, who must act next, and what went between us.
pub(super) fn grid(partners: &[PartnerRow], lang: Lang) -> Grid {
    let mut grid = Grid::new([
        lang.pick("Partner", "Partenaire"),
        lang.pick("State", "État"),
        lang.pick("Next", "À faire"),
        lang.pick("Agreement", "Entente"),
        lang.pick("Last contact", "Dernier contact"),
        lang.pick("Held", "Résumés détenus"),
        lang.pick("Unread", "Non lus"),
        lang.pick("Receipts overdue", "Accusés de réc. en retard"),
    ])
    .numeric([5, 6, 7]);
    for row in partners {
        let (state, tone) = if row.quarantined {
            (lang.pick("quarantined", "en quarantaine"), Tone::Bad)
        } else {
            (row.state.label(lang), row.state.tone())
        };
        let next_tone = match row.next_actor {
            Who::Us | Who::Both => Tone::Strong,
            Who::Them | Who::Nobody => Tone::Plain,
        };
        let agreement = row.agreement.as_ref().map_or_else(
            || "—".to_owned(),
            |brief| {
                format!("v{} {} → {}", brief.version, brief.state.label(lang), brief.expires_on)
            },
        );
        let overdue = if row.receipts_overdue > 0 { Tone::Bad } else { Tone::Plain };
        grid.toned([
            (Tone::Plain, row.partner.name(lang).to_owned()),
            (tone, state.to_owned()),
            (next_tone, labels::next(row.next_actor, row.next_step, lang)),
            (Tone::Plain, agreement),
            (Tone::Plain, moment_or_dash(row.last_contact_at.as_ref())),
            (Tone::Plain, lang.number(row.held)),
            (Tone::Plain, lang.number(row.feed_length.saturating_sub(row.their_cursor))),
            (overdue, lang.number(row.receipts_overdue)),
        ]);
    }
    grid
}

impl Render for PartnerShowTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let row = &self.partner;
        page.title(row.partner.name(lang));
        let state = page.paint(row.state.tone(), row.state.label(lang));
        page.facts(&[
            (
                lang.pick("Kind", "Type d’organisme"),
                codes::label_or_dash("org_type", row.kind.as_ref(), lang),
            ),
            (lang.pick("Fingerprint", "Empreinte"), fingerprint(&row.partner.id)),
            (lang.pick("State", "État"), state),
            (lang.pick("Next", "À faire"), labels::next(row.next_actor, row.next_step, lang)),
            (lang.pick("Address", "Adresse"), self.address.clone().unwrap_or_default()),
            (
                lang.pick("Checked by phone", "Vérifié par téléphone"),
                moment_or_dash(self.verified_at.as_ref()),
            ),
            (
                lang.pick("Last contact", "Dernier contact"),
                moment_or_dash(row.last_contact_at.as_ref()),
            ),
            (
                lang.pick("Certificate until", "Certificat jusqu’au"),
                moment_or_dash(self.certificate_expires_at.as_ref()),
            ),
            (lang.pick("Invitation", "Invitation"), self.ticket_id.clone().unwrap_or_default()),
            (lang.pick("We read", "Nous avons lu"), lang.number(row.cursor)),
            (
                lang.pick("They read", "Le partenaire a lu"),
                match lang {
                    Lang::En => format!(
                        "{} of {}",
                        lang.number(row.their_cursor),
                        lang.number(row.feed_length)
                    ),
                    Lang::Fr => format!(
                        "{} sur {}",
                        lang.number(row.their_cursor),
                        lang.number(row.feed_length)
                    ),
                },
            ),
            (lang.pick("Summaries held", "Résumés détenus"), lang.number(row.held)),
        ]);
        if let Some(about) = &self.about {
            about.render(page);
        }
        for reason in &self.reasons {
            page.item(reason.text.text(lang));
        }
        if !self.agreements.is_empty() {
            page.title(page.pick("Agreements", "Ententes"));
            page.table(agreement::grid(&self.agreements, lang));
        }
        receipts(&self.receipts_due, page);
    }
}

/// The receipts that are awaited, if there are any.
fn receipts(awaited: &[ReceiptDue], page: &mut Page<'_>) {
    if awaited.is_empty() {
        return;
    }
    let lang = page.lang();
    page.title(page.pick("Receipts awaited", "Accusés de réception attendus"));
    let mut grid = Grid::new([
        lang.pick("Entry", "Entrée"),
        lang.pick("Summary", "Résumé"),
        lang.pick("Due", "Échéance"),
        lang.pick("Overdue", "En retard"),
    ])
    .numeric([0]);
    for due in awaited {
        let tone = if due.overdue { Tone::Bad } else { Tone::Plain };
        grid.toned([
            (Tone::Plain, lang.number(due.sequence)),
            (Tone::Plain, due.summary.clone().unwrap_or_else(|| "—".to_owned())),
            (tone, moment(&due.due_at)),
            (tone, yes_no(due.overdue, lang).to_owned()),
        ]);
    }
    page.table(grid);
}

impl Render for PartnerInviteTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let name = quoted(&self.for_name, lang);
        page.title(&match lang {
            Lang::En => format!("Invitation for {name}"),
            Lang::Fr => format!("Invitation pour {name}"),
        });
        page.facts(&[
            (lang.pick("Ticket", "Billet"), self.ticket_id.clone()),
            (
                lang.pick("Can be opened until", "Peut être ouverte jusqu’au"),
                format!("{} UTC", moment(&self.expires_at)),
            ),
            (lang.pick("Link", "Lien"), self.link.clone()),
        ]);
        page.blank();
        page.say(
            "It works once. Send the file or the link to the person you know there, and nobody \
             else. You will then check by phone that it was them.",
            "Elle ne sert qu’une fois. Envoyez le fichier ou le lien à la personne que vous y \
             connaissez, et à personne d’autre. Vous vérifierez ensuite par téléphone que c’était \
             bien elle.",
        );
    }
}

impl Render for PartnerOpenTold {
    fn render(&self, page: &mut Page<'_>) {
        self.invitation.render(page);
        if let Some(partner) = &self.partner {
            let lang = page.lang();
            let name = partner.partner.name(lang);
            page.title(&match lang {
                Lang::En => format!("Connected to {name}"),
                Lang::Fr => format!("Connecté à {name}"),
            });
        }
        if let Some(digits) = &self.digits {
            digits.render(page);
        }
    }
}

impl Render for AboutTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let facts = [
            (lang.pick("Role", "Rôle"), codes::labels("pillar", &self.role, lang)),
            (lang.pick("Mandate", "Mandat"), self.mandate.text(lang).to_owned()),
            (
                lang.pick("Responsibilities", "Responsabilités"),
                self.responsibilities.text(lang).to_owned(),
            ),
            (lang.pick("Languages of service", "Langues de service"), self.languages.join(", ")),
        ];
        if facts.iter().any(|(_, text)| !text.is_empty()) {
            page.title(lang.pick("What it does", "Ce qu’il fait"));
            page.facts(&facts);
        }
    }
}

impl Render for Invitation {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        page.title(&match lang {
            Lang::En => format!("Invitation from {}", self.from.name.en),
            Lang::Fr => format!("Invitation de {}", self.from.name.fr),
        });
        page.facts(&[
            (
                lang.pick("Kind", "Type d’organisme"),
                codes::label("org_type", &self.from.kind, lang),
            ),
            (lang.pick("Fingerprint", "Empreinte"), fingerprint(&self.from.id)),
            (lang.pick("Address", "Adresse"), self.address.clone()),
            (lang.pick("Meant for", "Destinée à"), self.for_name.clone()),
            (
                lang.pick("Agreement in view", "Entente envisagée"),
                self.template.clone().unwrap_or_default(),
            ),
            (
                lang.pick("They say to call", "À appeler, selon l’invitation"),
                self.contact
                    .as_ref()
                    .map_or_else(String::new, |it| format!("{}, {}", it.desk, it.telephone)),
            ),
            (lang.pick("Until", "Jusqu’au"), format!("{} UTC", moment(&self.expires_at))),
        ]);
        lines(page, ("You would receive", "Vous recevriez"), &self.we_would_receive);
        lines(page, ("You would send", "Vous enverriez"), &self.we_would_send);
        page.blank();
        page.say(
            "Nothing of this is proved yet: the check by phone proves it.",
            "Rien de cela n’est encore prouvé\u{a0}: la vérification par téléphone le prouvera.",
        );
        if self.contact.is_some() {
            page.say(
                "Whoever made the invitation wrote the telephone number. Look it up elsewhere before you call it.",
                "Le numéro de téléphone vient de qui a fait l’invitation. Vérifiez-le ailleurs avant d’appeler.",
            );
        }
    }
}

/// A title and texts as a list, if there are any.
pub(super) fn lines(page: &mut Page<'_>, title: (&str, &str), texts: &[Both]) {
    if texts.is_empty() {
        return;
    }
    page.title(page.pick(title.0, title.1).to_owned().as_str());
    let lang = page.lang();
    for text in texts {
        page.item(text.text(lang));
    }
}

/// Six digits as they are read aloud: `123 456`.
pub(crate) fn spaced(digits: &str) -> String {
    match (digits.get(..3), digits.get(3..)) {
        (Some(first), Some(rest)) => format!("{first} {rest}"),
        _ => digits.to_owned(),
    }
}

impl Render for PartnerDigitsTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let name = self.partner.name(lang);
        page.title(&match lang {
            Lang::En => format!("Check by phone with {name}"),
            Lang::Fr => format!("Vérification par téléphone avec {name}"),
        });
        page.say(
            "Call them on a number that you already knew, not one from the invitation.",
            "Appelez à un numéro que vous connaissiez déjà, et non à celui de l’invitation.",
        );
        let read = page.paint(Tone::Strong, &spaced(&self.read_aloud));
        let read = match lang {
            Lang::En => format!("Read aloud:  {read}"),
            Lang::Fr => format!("Lisez à voix haute\u{a0}:  {read}"),
        };
        let type_theirs = lang.pick(
            "Type the six digits that they read to you.",
            "Saisissez les six chiffres qu’on vous lit.",
        );
        let steps = if self.we_read_first {
            [read.as_str(), type_theirs]
        } else {
            [type_theirs, read.as_str()]
        };
        for (number, step) in steps.iter().enumerate() {
            page.line(&format!("  {}. {step}", number + 1));
        }
        page.blank();
        page.facts(&[
            (lang.pick("You typed theirs", "Vous avez saisi"), yes_no(self.we_typed, lang).into()),
            (
                lang.pick("They typed yours", "Votre partenaire a saisi"),
                yes_no(self.they_typed, lang).into(),
            ),
            (lang.pick("Tries left", "Essais restants"), self.tries_left.to_string()),
        ]);
        if !self.we_typed {
            page.next(&match lang {
                Lang::En => format!("entente partner verify {} DIGITS", self.partner.short()),
                Lang::Fr => format!("entente partner verify {} CHIFFRES", self.partner.short()),
            });
        }
    }
}

impl Render for PartnerVerifyTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        if !self.matched {
            let line = page.paint(
                Tone::Bad,
                page.pick("The digits do not match.", "Les chiffres ne correspondent pas."),
            );
            page.line(&line);
            if self.tries_left == 0 {
                page.say(
                    "No tries are left. Somebody may be between you: make a new invitation.",
                    "Il ne reste aucun essai. Quelqu’un s’interpose peut-être\u{a0}: faites une \
                     nouvelle invitation.",
                );
                page.next("entente partner invite");
            } else {
                let left = count(
                    self.tries_left.into(),
                    ("try left", "tries left"),
                    ("essai restant", "essais restants"),
                    lang,
                );
                page.line(&left);
            }
            return;
        }
        let matched = page
            .paint(Tone::Good, page.pick("✓ The digits match.", "✓ Les chiffres correspondent."));
        page.line(&matched);
        if self.they_typed {
            page.say(
                "Both sides are sure of each other.",
                "Les deux côtés sont sûrs l’un de l’autre.",
            );
        } else {
            page.say(
                "They still have to type the digits that you read.",
                "Votre partenaire doit encore saisir les chiffres que vous lisez.",
            );
        }
        next_command(&self.partner, page);
    }
}

/// The command that a partner's state calls for, if it is ours to type; that of the test share is offered.
fn next_command(row: &PartnerRow, page: &mut Page<'_>) {
    if row.next_step != Step::Test && !matches!(row.next_actor, Who::Us | Who::Both) {
        return;
    }
    let partner = row.partner.short();
    let command = match row.next_step {
        Step::Verify => format!("entente partner verify {partner}"),
        Step::Propose => match page.lang() {
            Lang::En => format!("entente agreement draft TEMPLATE {partner}"),
            Lang::Fr => format!("entente agreement draft MODÈLE {partner}"),
        },
        Step::Sign => match &row.agreement {
            Some(brief) => format!("entente agreement sign {}", brief.id),
            None => "entente agreement list".to_owned(),
        },
        Step::Test => format!("entente partner test {partner}"),
        Step::Renew => match &row.agreement {
            Some(brief) => format!("entente agreement show {}", brief.id),
            None => "entente agreement list".to_owned(),
        },
        Step::Look => format!("entente partner quarantine {partner}"),
        Step::Resume => format!("entente partner resume {partner}"),
        Step::Open | Step::Nothing => return,
    };
    page.next(&command);
}

impl Render for PartnerTestTold {
    fn render(&self, page: &mut Page<'_>) {
        checks(&self.steps, page);
        if self.partner.state == PartnerState::Active {
            let lang = page.lang();
            let name = self.partner.partner.name(lang);
            let line = match lang {
                Lang::En => format!("The partnership with {name} is active."),
                Lang::Fr => format!("Le partenariat avec {name} est actif."),
            };
            let line = page.paint(Tone::Good, &line);
            page.line(&line);
        }
    }
}

impl Render for PartnerChangeTold {
    fn render(&self, page: &mut Page<'_>) {
        let lang = page.lang();
        let name = self.partner.partner.name(lang);
        let state = page.paint(self.partner.state.tone(), self.partner.state.label(lang));
        page.line(&match (self.done, lang) {
            (true, Lang::En) => format!("{name} is now {state}."),
            (true, Lang::Fr) => format!("{name} est maintenant {state}."),
            (false, Lang::En) => format!("This would happen with {name}:"),
            (false, Lang::Fr) => format!("Voici ce qui se passerait avec {name}\u{a0}:"),
        });
        for consequence in &self.consequences {
            page.item(consequence.text(lang));
        }
        if self.done {
            done_lines(self.connections_cut, self.partner_told, self.receipts_expected, page);
        }
    }
}

/// What every change says at its end: connections cut, partner told, receipts awaited.
pub(super) fn done_lines(connections: u32, told: bool, receipts: u64, page: &mut Page<'_>) {
    let lang = page.lang();
    if connections > 0 {
        page.item(&count(
            connections.into(),
            ("open connection was cut", "open connections were cut"),
            ("connexion ouverte a été coupée", "connexions ouvertes ont été coupées"),
            lang,
        ));
    }
    if receipts > 0 {
        page.item(&count(
            receipts,
            ("receipt is awaited", "receipts are awaited"),
            ("accusé de réception est attendu", "accusés de réception sont attendus"),
            lang,
        ));
    }
    page.item(if told {
        lang.pick("The partner was told.", "Le partenaire a été avisé.")
    } else {
        lang.pick(
            "The partner will be told at the next contact.",
            "Le partenaire sera avisé au prochain contact.",
        )
    });
}

impl Render for PartnerDeclineTold {
    fn render(&self, page: &mut Page<'_>) {
        page.say("The invitation was declined.", "L’invitation a été refusée.");
        done_lines(0, self.partner_told, 0, page);
    }
}
