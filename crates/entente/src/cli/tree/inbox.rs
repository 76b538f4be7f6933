//! `inbox`, `notify test`.

use clap::Command;

use super::words::Words;

/// `entente inbox`.
pub(super) fn inbox(words: Words) -> Command {
    words
        .command(
            "inbox",
            "What waits for you, and the next command",
            "Ce qui vous attend, et la prochaine commande",
        )
        .arg(words.flag(
            "watch",
            "Stay, and show what changes as it happens",
            "Rester, et montrer les changements à mesure",
        ))
}

/// `entente notify`.
pub(super) fn notify(words: Words) -> Command {
    words.group(
        "notify",
        "Tell the staff by e-mail or webhook that something waits",
        "Aviser le personnel, par courriel ou webhook, que quelque chose attend",
        [words.command(
            "test",
            "Send a test message over each way of the settings",
            "Envoyer un avis d’essai par chaque moyen des paramètres",
        )],
    )
}
