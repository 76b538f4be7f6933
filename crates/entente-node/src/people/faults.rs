//! What a person is told about accounts and signing in.

use crate::fault::Fault;

/// Wrong name, password, code or passkey, or an account that is disabled: one answer for all.
pub fn not_signed_in() -> Box<Fault> {
    Fault::new(
        2702,
        ("You are not signed in.", "La session n’est pas ouverte."),
        (
            "Check the name, the password and the code, and try again. The administrator can give you a new link.",
            "Vérifiez le nom, le mot de passe et le code, puis réessayez. La personne qui administre le nœud peut vous donner un nouveau lien.",
        ),
    )
    .because(
        "The name, the password, the code or the passkey is not the right one, or the account is disabled.",
        "Le nom, le mot de passe, le code ou la clé d’accès n’est pas le bon, ou le compte est désactivé.",
    )
}

/// Too many wrong attempts.
pub(crate) fn wait(seconds: i64) -> Box<Fault> {
    let (en, fr) = if seconds < 60 {
        (
            "Wait a minute, then try again.".to_owned(),
            "Attendez une minute, puis réessayez.".to_owned(),
        )
    } else {
        let minutes = (seconds + 59) / 60;
        let plural = if minutes == 1 { "" } else { "s" };
        (
            format!("Wait {minutes} minute{plural}, then try again."),
            format!("Attendez {minutes} minute{plural}, puis réessayez."),
        )
    };
    Fault::new(2703, ("There were too many attempts.", "Il y a eu trop de tentatives."), (&en, &fr))
}

/// A link that was used, is too old, was replaced, or never was: one answer for all.
pub fn link_is_over() -> Box<Fault> {
    Fault::new(
        2704,
        ("This link does not work any more.", "Ce lien ne fonctionne plus."),
        (
            "Ask the administrator for a new one. On the machine: `entente user reset NAME`.",
            "Demandez-en un nouveau à la personne qui administre le nœud. Sur la machine\u{a0}: `entente user reset NOM`.",
        ),
    )
    .because(
        "It works once, for a day, until a newer one is made. One that you made for yourself works for ten minutes, in the same session.",
        "Il sert une fois, pendant un jour, jusqu’à ce qu’un plus récent soit créé. Celui que vous avez créé pour vous-même sert pendant dix minutes, dans la même session.",
    )
}

pub(super) fn bad_name() -> Box<Fault> {
    Fault::new(
        2705,
        ("This name cannot be used.", "Ce nom ne peut pas être utilisé."),
        (
            "Use 1 to 64 letters and digits; in the name to sign in also . - _ @ and no space.",
            "Utilisez de 1 à 64 lettres et chiffres; dans le nom d’utilisateur, aussi . - _ @ et aucune espace.",
        ),
    )
}

pub(super) fn name_is_taken() -> Box<Fault> {
    Fault::new(
        2706,
        ("Somebody has this name already.", "Quelqu’un a déjà ce nom."),
        ("Choose another name.", "Choisissez un autre nom."),
    )
}

pub(super) fn weak_password() -> Box<Fault> {
    Fault::new(
        2707,
        ("This password is too easy to guess.", "Ce mot de passe est trop facile à deviner."),
        (
            "Use at least 12 characters; five random words are good.",
            "Utilisez au moins 12 caractères; cinq mots au hasard conviennent.",
        ),
    )
}

pub(super) fn long_password() -> Box<Fault> {
    Fault::new(
        2721,
        ("This password is too long.", "Ce mot de passe est trop long."),
        (
            "Use at most 1,024 bytes, which is some 170 words.",
            "Utilisez au plus 1\u{a0}024 octets, soit environ 170 mots.",
        ),
    )
}

pub(super) fn wrong_code() -> Box<Fault> {
    Fault::new(
        2708,
        ("The code does not match.", "Le code ne correspond pas."),
        (
            "Type the six digits that the app shows now. If that does not help, check the time of the phone.",
            "Saisissez les six chiffres que l’application affiche maintenant. Si cela ne suffit pas, vérifiez l’heure du téléphone.",
        ),
    )
}

pub(super) fn no_such_user() -> Box<Fault> {
    Fault::new(
        2709,
        ("There is no such account.", "Ce compte n’existe pas."),
        ("List them: `entente user list`.", "Affichez la liste\u{a0}: `entente user list`."),
    )
}

pub(super) fn last_administrator() -> Box<Fault> {
    Fault::new(
        2710,
        (
            "This is the last administrator who can sign in.",
            "C’est la dernière personne administratrice qui peut ouvrir une session.",
        ),
        (
            "Make another one first: `entente user add NAME --role administrator`.",
            "Ajoutez-en d’abord une autre\u{a0}: `entente user add NOM --role administrator`.",
        ),
    )
}

/// What was asked needs a proof of who is asking that is fresh.
pub fn fresh_proof_needed() -> Box<Fault> {
    Fault::new(
        2711,
        ("Confirm that it is you.", "Confirmez que c’est bien vous."),
        (
            "Give your password and a code again, or your passkey.",
            "Donnez de nouveau votre mot de passe et un code, ou votre clé d’accès.",
        ),
    )
}

pub(super) fn has_administrator() -> Box<Fault> {
    Fault::new(
        2716,
        ("There is an administrator already.", "Il y a déjà une personne administratrice."),
        (
            "Make other accounts: `entente user add NAME --role ROLE`, or give an administrator a new link: `entente user reset NAME`.",
            "Ajoutez d’autres comptes\u{a0}: `entente user add NOM --role RÔLE`, ou donnez un nouveau lien à une personne administratrice\u{a0}: `entente user reset NOM`.",
        ),
    )
}

fn no_passkeys() -> Box<Fault> {
    Fault::new(
        2760,
        ("There are no passkeys at this console.", "Cette console n’accepte pas de clés d’accès."),
        (
            "Give it a name that stays: `console.public_name` in `entente.toml`, then restart the node.",
            "Donnez-lui un nom qui restera\u{a0}: `console.public_name` dans `entente.toml`, puis redémarrez le nœud.",
        ),
    )
}

/// Browsers reach the console by its address.
pub(super) fn no_passkeys_by_address() -> Box<Fault> {
    no_passkeys().because(
        "Browsers bind a passkey to a name, and this console is reached by an address.",
        "Les navigateurs lient une clé d’accès à un nom, et cette console s’atteint par une adresse.",
    )
}

/// Browsers reach it by another name than the one that passkeys would be bound to.
pub(super) fn no_passkeys_by_name() -> Box<Fault> {
    no_passkeys().because(
        "The name in `console.trusted_origin` is not `console.public_name` or a part of it.",
        "Le nom dans `console.trusted_origin` n’est pas `console.public_name` ni une de ses parties.",
    )
}

pub(super) fn passkey_not_added() -> Box<Fault> {
    Fault::new(
        2761,
        ("The passkey was not added.", "La clé d’accès n’a pas été ajoutée."),
        (
            "Try again, or with another device. What you have goes on working.",
            "Réessayez, ou avec un autre appareil. Ce que vous avez fonctionne toujours.",
        ),
    )
    .because(
        "The device answered with something that is not what was asked, or that is known here already.",
        "L’appareil a répondu autre chose que ce qui était demandé, ou quelque chose de déjà connu ici.",
    )
}

pub(super) fn no_such_passkey() -> Box<Fault> {
    Fault::new(
        2762,
        ("There is no such passkey.", "Cette clé d’accès n’existe pas."),
        (
            "See those of your account, or use your password and a code.",
            "Voyez celles de votre compte, ou utilisez votre mot de passe et un code.",
        ),
    )
}

pub(super) fn too_many_passkeys() -> Box<Fault> {
    let most = super::MAX_PASSKEYS;
    Fault::new(
        2763,
        (
            &format!("An account has at most {most} passkeys."),
            &format!("Un compte a au plus {most} clés d’accès."),
        ),
        ("Remove one that you do not use.", "Retirez-en une que vous n’utilisez pas."),
    )
}

pub(super) fn last_way() -> Box<Fault> {
    Fault::new(
        2764,
        (
            "This passkey is your only way to sign in.",
            "Cette clé d’accès est votre seul moyen d’ouvrir une session.",
        ),
        (
            "Add another one first, or ask the administrator for a new link.",
            "Ajoutez-en d’abord une autre, ou demandez un nouveau lien à la personne qui administre le nœud.",
        ),
    )
}

pub(super) fn passkey_too_late() -> Box<Fault> {
    Fault::new(
        2765,
        ("That took too long.", "Cela a pris trop de temps."),
        (
            "Begin again; you have five minutes to show the passkey.",
            "Recommencez; vous avez cinq minutes pour présenter la clé d’accès.",
        ),
    )
}

/// The browser is back with nothing that is known of it: too late, twice, or another browser.
pub fn provider_too_late() -> Box<Fault> {
    Fault::new(
        2805,
        ("That took too long.", "Cela a pris trop de temps."),
        (
            "Begin again here, in this window; you have ten minutes to sign in at the identity provider.",
            "Recommencez ici, dans cette fenêtre; vous avez dix minutes pour ouvrir une session chez le fournisseur d’identité.",
        ),
    )
    .because(
        "The way there and back works once, in one browser.",
        "L’aller-retour ne vaut qu’une fois, dans un seul navigateur.",
    )
}

/// Whoever is known there has nothing to do here.
pub(super) fn no_group() -> Box<Fault> {
    Fault::new(
        2807,
        (
            "You have no role here.",
            "Vous n’avez aucun rôle ici.",
        ),
        (
            "Ask for a group that has one: whoever runs the identity provider gives it, and `[oidc.roles]` in `entente.toml` names it.",
            "Demandez à être ajouté à un groupe qui donne un rôle\u{a0}: la personne qui gère le fournisseur d’identité s’en charge, et `[oidc.roles]` dans `entente.toml` le nomme.",
        ),
    )
    .because(
        "None of your groups at the identity provider gives a role.",
        "Aucun de vos groupes chez le fournisseur d’identité ne donne de rôle.",
    )
}

/// The name that they have there is an account's here.
pub(super) fn name_is_of_an_account() -> Box<Fault> {
    Fault::new(
        2808,
        (
            "Your name at the identity provider is that of another account here.",
            "Votre nom chez le fournisseur d’identité est celui d’un autre compte ici.",
        ),
        (
            "If the account is yours, sign in as before and choose the identity provider on the page of your account. If not, tell the administrator.",
            "Si le compte est à vous, ouvrez une session comme avant et choisissez le fournisseur d’identité à la page de votre compte. Sinon, avertissez la personne qui administre le nœud.",
        ),
    )
    .because(
        "An account is never taken over because a name is the same.",
        "Un nom identique ne suffit jamais pour reprendre un compte.",
    )
}

/// The name that they have there can be no account's here.
pub(super) fn bad_name_at_provider() -> Box<Fault> {
    Fault::new(
        2809,
        (
            "Your name at the identity provider cannot be that of an account here.",
            "Votre nom chez le fournisseur d’identité ne peut pas être celui d’un compte ici.",
        ),
        (
            "The administrator has the provider tell `preferred_username`: 1 to 64 letters, digits and . - _ @, without a space.",
            "La personne qui administre le nœud doit faire transmettre `preferred_username` par le fournisseur\u{a0}: de 1 à 64 lettres, chiffres et . - _ @, sans espace.",
        ),
    )
}

/// The account is disabled here, whatever the provider says.
pub(super) fn disabled_here() -> Box<Fault> {
    Fault::new(
        2810,
        ("Your account here is disabled.", "Votre compte ici est désactivé."),
        (
            "Only the administrator of this console can enable it again.",
            "Seule la personne qui administre cette console peut le réactiver.",
        ),
    )
}

/// The account was made by the provider, and waits for somebody here.
pub(super) fn not_enabled_yet() -> Box<Fault> {
    Fault::new(
        2815,
        (
            "Your account here waits for an administrator to enable it.",
            "Votre compte ici attend d’être activé par une personne qui administre cette console.",
        ),
        (
            "Tell the administrator of this console, then sign in again. On the machine: `entente user enable NAME`.",
            "Avertissez la personne qui administre cette console, puis ouvrez de nouveau une session. Sur la machine\u{a0}: `entente user enable NOM`.",
        ),
    )
    .because(
        "Some steps here take two people, and nobody may be two.",
        "Certaines opérations exigent ici deux personnes, et personne ne doit compter pour deux.",
    )
}

/// The provider knows the owner of a disabled account, who would come in as somebody new.
pub(super) fn disabled_at_provider() -> Box<Fault> {
    Fault::new(
        2816,
        (
            "The account is disabled, and belongs to somebody at the identity provider.",
            "Le compte est désactivé et appartient à une personne connue du fournisseur d’identité.",
        ),
        (
            "Enable it first, `entente user enable NAME`, if its owner may come back.",
            "Réactivez-le d’abord, `entente user enable NOM`, si cette personne peut revenir.",
        ),
    )
    .because(
        "Without it, the same person would get another account, which is not disabled.",
        "Sans lui, la même personne obtiendrait un autre compte, qui ne serait pas désactivé.",
    )
}

/// Another person, or another session, than the one that went.
pub(super) fn somebody_else_at_provider() -> Box<Fault> {
    Fault::new(
        2811,
        (
            "Somebody else has signed in at the identity provider.",
            "Une autre personne a ouvert une session chez le fournisseur d’identité.",
        ),
        (
            "Sign in there as yourself: sign out at the provider first, if you share this computer.",
            "Ouvrez-y une session à votre nom\u{a0}: fermez d’abord celle du fournisseur, si vous partagez cet ordinateur.",
        ),
    )
}

/// Such an account has no other way in.
pub(super) fn only_at_provider() -> Box<Fault> {
    Fault::new(
        2812,
        (
            "You sign in with the identity provider, and with nothing else.",
            "Vous ouvrez vos sessions uniquement avec le fournisseur d’identité.",
        ),
        (
            "Change your password and your second factor there. The administrator can give the account a link of this console again.",
            "Changez-y votre mot de passe et votre second facteur. La personne qui administre le nœud peut redonner au compte un lien de cette console.",
        ),
    )
}

/// Where something takes two people, nobody makes themselves the second.
pub(crate) fn own_roles() -> Box<Fault> {
    Fault::new(
        2842,
        ("Nobody changes their own roles here.", "Personne ne change ses propres rôles ici."),
        (
            "In this organization some things take two people. Ask another administrator.",
            "Dans cet organisme, certaines opérations exigent deux personnes. Demandez à une autre \
             personne qui administre.",
        ),
    )
}

/// Roles of an account that the provider gives.
pub(super) fn roles_follow_groups() -> Box<Fault> {
    Fault::new(
        2814,
        (
            "The roles of this account follow its groups at the identity provider.",
            "Les rôles de ce compte suivent ses groupes chez le fournisseur d’identité.",
        ),
        (
            "Change the groups there. To end everything now, disable the account: `entente user disable NAME`.",
            "Changez-y les groupes. Pour tout arrêter maintenant, désactivez le compte\u{a0}: `entente user disable NOM`.",
        ),
    )
}
