//! What a person is told about the identity provider. Never what the provider itself said.

use crate::fault::{Both, Fault};

/// The secret of the settings: `ENT-2800`.
pub(super) fn no_secret(why: Both) -> Box<Fault> {
    Fault::new(
        2800,
        (
            "The file with the secret for the identity provider cannot be used.",
            "Le fichier du secret pour le fournisseur d’identité est inutilisable.",
        ),
        (
            "Write the secret on its first line and close it to others: `chmod 600 FILE`.",
            "Inscrivez le secret à la première ligne et fermez le fichier aux autres\u{a0}: `chmod 600 FICHIER`.",
        ),
    )
    .because(why.en, why.fr)
}

/// The certificates of the settings: `ENT-2801`.
pub(super) fn no_certificates(why: Both) -> Box<Fault> {
    Fault::new(
        2801,
        (
            "The certificates that the identity provider is checked with cannot be used.",
            "Les certificats qui servent à vérifier le fournisseur d’identité sont inutilisables.",
        ),
        (
            "Name a file in PEM with `oidc.ca_file`, or install those of the system: `apt-get install ca-certificates`.",
            "Indiquez un fichier PEM avec `oidc.ca_file`, ou installez ceux du système\u{a0}: `apt-get install ca-certificates`.",
        ),
    )
    .because(why.en, why.fr)
}

/// It does not answer, or not as a provider.
pub(super) fn silent() -> Box<Fault> {
    Fault::new(
        2802,
        ("The identity provider does not answer.", "Le fournisseur d’identité ne répond pas."),
        (
            "Try again in a minute. Whoever has a password here can sign in with it. The administrator sees why: `entente doctor`.",
            "Réessayez dans une minute. Les personnes qui ont un mot de passe ici peuvent s’en servir. La personne qui administre le nœud voit pourquoi\u{a0}: `entente doctor`.",
        ),
    )
}

/// What it said is not an answer to what was asked.
pub fn not_accepted() -> Box<Fault> {
    Fault::new(
        2803,
        (
            "The answer of the identity provider was not accepted.",
            "La réponse du fournisseur d’identité n’a pas été acceptée.",
        ),
        (
            "Begin again. If it comes back, tell the administrator, who finds the cause in the log of the node.",
            "Recommencez. Si cela revient, avertissez la personne qui administre le nœud\u{a0}: elle trouvera la cause dans le journal technique du nœud.",
        ),
    )
}

/// The person went back, or the provider let them not in.
pub fn not_finished() -> Box<Fault> {
    Fault::new(
        2804,
        (
            "You did not sign in at the identity provider.",
            "Vous n’avez pas ouvert de session chez le fournisseur d’identité.",
        ),
        (
            "Begin again. If the provider refuses you, whoever runs it can say why.",
            "Recommencez. Si le fournisseur vous refuse, la personne qui le gère pourra dire pourquoi.",
        ),
    )
}

/// The person has shown one thing alone.
pub(super) fn no_second_factor() -> Box<Fault> {
    Fault::new(
        2806,
        (
            "The identity provider did not ask you for a second factor.",
            "Le fournisseur d’identité ne vous a pas demandé de second facteur.",
        ),
        (
            "Set up a second factor there and sign in again. If you have one, the administrator looks at `require_amr` and `require_acr`.",
            "Configurez-y un second facteur et recommencez. Si vous en avez un, la personne qui administre le nœud examine `require_amr` et `require_acr`.",
        ),
    )
}

/// The person was to be asked again and was not, or it was not said.
pub(super) fn not_fresh() -> Box<Fault> {
    Fault::new(
        2813,
        (
            "The identity provider did not ask you again who you are.",
            "Le fournisseur d’identité ne vous a pas demandé de vous identifier de nouveau.",
        ),
        (
            "Try again. If it comes back, the administrator has the provider tell `auth_time`.",
            "Réessayez. Si cela revient, la personne qui administre le nœud doit faire transmettre `auth_time` par le fournisseur.",
        ),
    )
}
