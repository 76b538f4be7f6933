//! Why, or how, in words: what stands behind an entry of the log is codes of many kinds.

use entente_node::answer::reason_words;
use entente_node::local::{Op, Role, words};

use crate::page::Page;

/// Code, English, French: ways in, and what the node says of itself.
const WORDS: &[(&str, &str, &str)] = &[
    ("account_disabled", "the account is disabled", "le compte est désactivé"),
    ("another_site", "asked by another site", "demandé par un autre site"),
    ("approved_by_new_account", "approved by a new account", "approuvé par un compte récent"),
    ("asked_by_new_account", "asked by a new account", "demandé par un compte récent"),
    ("at_the_door", "turned away at the door", "refusé à l’entrée"),
    ("card", "what we say about ourselves", "ce que nous disons de nous"),
    ("code", "code of an app", "code d’une application"),
    ("commitment", "the digits did not fit", "les chiffres ne concordaient pas"),
    ("console", "at the console", "à la console"),
    ("console.time_zone", "time zone of the pages", "fuseau horaire des pages"),
    ("contradicts", "contradicts what was said before", "contredit ce qui a été dit avant"),
    ("duplicates", "looked for duplicates", "recherche de doublons"),
    ("expired", "the time was over", "le délai était écoulé"),
    ("held", "summaries of partners", "résumés de partenaires"),
    ("identity_provider", "with the identity provider", "par le fournisseur d’identité"),
    ("invitation_declined", "the invitation was declined", "l’invitation a été déclinée"),
    ("invitation_refused", "the invitation was refused", "l’invitation a été refusée"),
    ("invitation_retracted", "the invitation was taken back", "l’invitation a été retirée"),
    ("link", "with a link", "par un lien"),
    ("moved", "moved to the identity provider", "passé au fournisseur d’identité"),
    ("no_fresh_proof", "without a fresh proof", "sans nouvelle preuve d’identité"),
    ("no_such_page", "there is no such page", "cette page n’existe pas"),
    ("notifications.people", "who is told by e-mail", "qui est avisé par courriel"),
    ("organization.kind", "kind of organization", "type d’organisme"),
    ("organization.languages", "languages", "langues"),
    ("organization.mandate_en", "mandate in English", "mandat en anglais"),
    ("organization.mandate_fr", "mandate in French", "mandat en français"),
    ("organization.name_en", "name in English", "nom en anglais"),
    ("organization.name_fr", "name in French", "nom en français"),
    ("organization.responsibilities_en", "duties in English", "responsabilités en anglais"),
    ("organization.responsibilities_fr", "duties in French", "responsabilités en français"),
    ("organization.role", "role of the organization", "rôle de l’organisme"),
    ("outside_plan", "outside of the plan", "hors du plan"),
    ("passkey", "with a passkey", "par une clé d’accès"),
    ("password", "password", "mot de passe"),
    ("password_code", "with a password and a code", "par mot de passe et code"),
    (
        "password_recovery_code",
        "with a password and a recovery code",
        "par mot de passe et code de récupération",
    ),
    ("reset", "reset", "réinitialisation"),
    ("restored", "after a restore", "après une restauration"),
    ("retention", "kept as long as it had to be", "conservation terminée"),
    ("revealed", "with names and numbers", "avec noms et numéros"),
    ("search", "looked for a name or number", "recherche d’un nom ou d’un numéro"),
    ("sign_in", "when signing in", "à l’ouverture de session"),
    ("ticket_used", "the invitation was used before", "l’invitation avait déjà servi"),
    ("unknown_account", "there is no such account", "ce compte n’existe pas"),
    ("wrong_proof", "wrong password or code", "mot de passe ou code erroné"),
];

/// A reason in words; as it is if it is a name, or what somebody wrote.
pub(super) fn reason(p: &Page, code: &str) -> String {
    if let Some((_, en, fr)) = WORDS.iter().find(|(known, ..)| *known == code) {
        return p.lang.pick(*en, *fr).to_owned();
    }
    if let Some(role) = Role::parse(code) {
        return role.label(p.lang).to_owned();
    }
    if let Some(number) = code.strip_prefix("ENT-") {
        return format!("{} ENT-{number}", p.t("fault", "erreur"));
    }
    if let Some(op) = code.strip_prefix("approvals.needed_for +").and_then(Op::parse) {
        let two = p.t("takes two people:", "exige deux personnes :");
        return format!("{two} {}", op.label(p.lang));
    }
    if let Some(scope) = code.strip_prefix("consent:") {
        let scopes: Vec<_> = scope.split([',', ' ']).map(str::to_owned).collect();
        let scopes = p.labels("consent_scope", &scopes);
        return format!("{} {scopes}", p.t("consent:", "consentement :"));
    }
    if let Some((method @ ("GET" | "POST"), path)) = code.split_once(" /") {
        return place(p, method, path);
    }
    let field = words::field_label(code, p.lang);
    if field != code {
        return field;
    }
    if let Some(op) = Op::parse(code) {
        return op.label(p.lang).to_owned();
    }
    reason_words(code).text(p.lang).to_owned()
}

/// A page that was asked for: its area, since what comes after it is a pattern.
fn place(p: &Page, method: &str, path: &str) -> String {
    let area = path.split('/').next().unwrap_or_default();
    let area = p.area(area).unwrap_or(area);
    match method {
        "GET" => format!("{} {area}", p.t("a page of:", "une page de :")),
        _ => format!("{} {area}", p.t("a form of:", "un formulaire de :")),
    }
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;

    use super::*;
    use crate::page::test_page;

    #[test]
    fn reasons_are_words_in_both_languages_and_what_somebody_wrote_stays_as_it_is() {
        let (en, fr) = (test_page(Lang::En), test_page(Lang::Fr));
        for (code, english, french) in [
            ("console", "at the console", "à la console"),
            ("auditor", "Auditor", Role::Auditor.label(Lang::Fr)),
            ("organization.name_en", "name in English", "nom en anglais"),
            ("GET /audit/{entry}", "a page of: Audit", "une page de\u{a0}: Journal"),
            ("POST /nowhere", "a form of: nowhere", "un formulaire de\u{a0}: nowhere"),
            ("ENT-1101", "fault ENT-1101", "erreur ENT-1101"),
            ("partner_invite", "Invite a partner", "Inviter un partenaire"),
            ("console.time_zone", "time zone of the pages", "fuseau horaire des pages"),
            (
                "approvals.needed_for +agreement_sign",
                "takes two people: Sign an agreement",
                "exige deux personnes\u{a0}: Signer une entente",
            ),
            (
                "not_yet_in_force",
                "the agreement is not in force yet",
                "l’entente n’est pas encore en vigueur",
            ),
            ("Not our mandate", "Not our mandate", "Not our mandate"),
        ] {
            assert_eq!(reason(&en, code), english);
            assert_eq!(reason(&fr, code), french);
        }
        assert_eq!(reason(&fr, "gender"), words::field_label("gender", Lang::Fr));
    }

    #[test]
    fn no_code_has_two_texts() {
        let mut codes: Vec<_> = WORDS.iter().map(|(code, ..)| *code).collect();
        let n = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), n);
    }
}
