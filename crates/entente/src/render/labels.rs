//! Words for the states, steps and outcomes of documents, in both languages.

use entente_core::lang::Lang;
use entente_node::local::doc::{
    AgreementStanding, CountOutcome, Decision, DiffKind, Fate, PartnerState, Step, SyncEnd, Tri,
    Wellness, Who,
};

use super::page::Tone;

/// What a person reads for a value of a closed set.
pub(crate) trait Label: Copy {
    /// The words.
    fn label(self, lang: Lang) -> &'static str;

    /// How it stands out.
    fn tone(self) -> Tone {
        Tone::Plain
    }
}

impl Label for PartnerState {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Invited => lang.pick("invited", "invité"),
            Self::Connected => lang.pick("connected", "connecté"),
            Self::Verified => lang.pick("verified", "vérifié"),
            Self::HalfSigned => lang.pick("half signed", "signature attendue"),
            Self::Active => lang.pick("active", "actif"),
            Self::Suspended => lang.pick("suspended", "suspendu"),
            Self::Ended => lang.pick("ended", "terminé"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Good,
            Self::Suspended => Tone::Bad,
            Self::Ended => Tone::Faint,
            Self::Invited | Self::Connected | Self::Verified | Self::HalfSigned => Tone::Warning,
        }
    }
}

impl Label for AgreementStanding {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Draft => lang.pick("draft", "ébauche"),
            Self::Proposed => lang.pick("proposed", "proposée"),
            Self::HalfSigned => lang.pick("half signed", "signée par une partie"),
            Self::Active => lang.pick("active", "en vigueur"),
            Self::Suspended => lang.pick("suspended", "suspendue"),
            Self::Amended => lang.pick("amended", "remplacée"),
            Self::Expired => lang.pick("expired", "expirée"),
            Self::Ended => lang.pick("ended", "résiliée"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Good,
            Self::Suspended | Self::Expired => Tone::Bad,
            Self::Amended | Self::Ended => Tone::Faint,
            Self::Draft | Self::Proposed | Self::HalfSigned => Tone::Warning,
        }
    }
}

impl Label for Who {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Us => lang.pick("us", "nous"),
            Self::Them => lang.pick("them", "le partenaire"),
            Self::Both => lang.pick("both", "les deux"),
            Self::Nobody => lang.pick("nobody", "personne"),
        }
    }
}

impl Label for Step {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Open => lang.pick("open the invitation", "ouvrir l’invitation"),
            Self::Verify => lang.pick("check by phone", "vérifier par téléphone"),
            Self::Propose => lang.pick("propose an agreement", "proposer une entente"),
            Self::Sign => lang.pick("sign the agreement", "signer l’entente"),
            Self::Test => lang.pick("run the test share", "faire l’échange d’essai"),
            Self::Renew => lang.pick("renew the agreement", "renouveler l’entente"),
            Self::Look => lang.pick("look at the evidence", "examiner la preuve"),
            Self::Resume => lang.pick("resume", "lever la suspension"),
            Self::Nothing => lang.pick("nothing", "rien"),
        }
    }
}

/// Who must do what, in a few words; what is offered alone, and a dash if there is nothing to do.
pub(crate) fn next(who: Who, step: Step, lang: Lang) -> String {
    match (who, step) {
        (Who::Nobody, Step::Test) => Step::Test.label(lang).to_owned(),
        (Who::Nobody, _) | (_, Step::Nothing) => "—".to_owned(),
        (who, step) => match lang {
            Lang::En => format!("{}: {}", who.label(lang), step.label(lang)),
            Lang::Fr => format!("{}\u{a0}: {}", who.label(lang), step.label(lang)),
        },
    }
}

impl Label for Decision {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Permit => lang.pick("goes out at the close", "part à la clôture"),
            Self::Wait => lang.pick("waits for a later close", "attend une clôture ultérieure"),
            Self::Refuse => lang.pick("does not go out", "ne part pas"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Permit => Tone::Good,
            Self::Wait => Tone::Warning,
            Self::Refuse => Tone::Bad,
        }
    }
}

impl Label for Fate {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Kept => lang.pick("kept", "conservé"),
            Self::Generalized => lang.pick("generalized", "généralisé"),
            Self::Removed => lang.pick("removed", "retiré"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Kept => Tone::Plain,
            Self::Generalized => Tone::Warning,
            Self::Removed => Tone::Faint,
        }
    }
}

impl Label for DiffKind {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Wider => lang.pick("more", "plus"),
            Self::Narrower => lang.pick("less", "moins"),
            Self::Other => lang.pick("other", "autre"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Wider => Tone::Bad,
            Self::Narrower => Tone::Good,
            Self::Other => Tone::Plain,
        }
    }
}

impl Label for SyncEnd {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::News => lang.pick("news", "mises à jour"),
            Self::NothingNew => lang.pick("nothing new", "rien de neuf"),
            Self::Unreachable => lang.pick("unreachable", "injoignable"),
            Self::Closed => lang.pick("closed", "fermé"),
            Self::Quarantined => lang.pick("quarantined", "en quarantaine"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::News => Tone::Good,
            Self::NothingNew => Tone::Plain,
            Self::Unreachable => Tone::Warning,
            Self::Closed | Self::Quarantined => Tone::Bad,
        }
    }
}

impl Label for CountOutcome {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Answered => lang.pick("answered", "a répondu"),
            Self::Refused => lang.pick("refused", "a refusé"),
            Self::Unreachable => lang.pick("unreachable", "injoignable"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Answered => Tone::Good,
            Self::Refused => Tone::Bad,
            Self::Unreachable => Tone::Warning,
        }
    }
}

impl Label for Tri {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Yes => lang.pick("yes", "oui"),
            Self::No => lang.pick("no", "non"),
            Self::Undetermined => lang.pick("undetermined", "indéterminé"),
        }
    }
}

impl Label for Wellness {
    fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Warning => "!",
            Self::Bad => lang.pick("✗", "✗"),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Good => Tone::Good,
            Self::Warning => Tone::Warning,
            Self::Bad => Tone::Bad,
        }
    }
}

/// Yes or no.
pub(crate) fn yes_no(yes: bool, lang: Lang) -> &'static str {
    if yes { lang.pick("yes", "oui") } else { lang.pick("no", "non") }
}

/// `n` things, with the right form of the word: `1 record`, `12 records`; `0 dossier`, `2
/// dossiers`.
pub(crate) fn count(n: u64, en: (&str, &str), fr: (&str, &str), lang: Lang) -> String {
    // In French, zero is singular.
    let one = lang.pick(n == 1, n < 2);
    let (one_form, many_form) = lang.pick(en, fr);
    format!("{}\u{a0}{}", lang.number(n), if one { one_form } else { many_form })
}

/// Bytes in a unit that a person can compare.
pub(crate) fn bytes(bytes: u64, lang: Lang) -> String {
    const UNITS: [(&str, &str); 5] =
        [("B", "o"), ("kB", "ko"), ("MB", "Mo"), ("GB", "Go"), ("TB", "To")];
    let mut scaled = bytes;
    let mut rest = 0;
    let mut unit = 0;
    while scaled >= 1000 && unit + 1 < UNITS.len() {
        rest = scaled % 1000 / 100;
        scaled /= 1000;
        unit += 1;
    }
    let unit_name = UNITS.get(unit).map_or("", |(en, fr)| lang.pick(en, fr));
    let number = lang.number(scaled);
    if unit == 0 || scaled >= 100 {
        format!("{number}\u{a0}{unit_name}")
    } else {
        format!("{number}{}{rest}\u{a0}{unit_name}", lang.pick('.', ','))
    }
}

/// A UTC instant such as `2026-11-22T14:03:00Z` without its seconds: `2026-11-22 14:03`.
pub(crate) fn moment(instant: &str) -> String {
    match (instant.get(..10), instant.get(11..16)) {
        (Some(day), Some(minute)) if instant.as_bytes().get(10) == Some(&b'T') => {
            format!("{day} {minute}")
        }
        _ if instant.is_empty() => "—".to_owned(),
        _ => instant.to_owned(),
    }
}

/// The same for one that may be absent: a dash.
pub(crate) fn moment_or_dash(instant: Option<&String>) -> String {
    instant.map_or_else(|| "—".to_owned(), |instant| moment(instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_singular_in_french_and_plural_in_english() {
        let records = |n, lang| count(n, ("record", "records"), ("dossier", "dossiers"), lang);
        assert_eq!(records(0, Lang::En), "0\u{a0}records");
        assert_eq!(records(0, Lang::Fr), "0\u{a0}dossier");
        assert_eq!(records(1, Lang::En), "1\u{a0}record");
        assert_eq!(records(9_242, Lang::En), "9,242\u{a0}records");
        assert_eq!(records(9_242, Lang::Fr), "9\u{a0}242\u{a0}dossiers");
    }

    #[test]
    fn bytes_have_a_unit_in_each_language() {
        assert_eq!(bytes(999, Lang::En), "999\u{a0}B");
        assert_eq!(bytes(1_500, Lang::En), "1.5\u{a0}kB");
        assert_eq!(bytes(1_500, Lang::Fr), "1,5\u{a0}ko");
        assert_eq!(bytes(64_000_000, Lang::Fr), "64,0\u{a0}Mo");
        assert_eq!(bytes(812_000_000_000, Lang::En), "812\u{a0}GB");
        assert_eq!(bytes(u64::MAX, Lang::En), "18,446,744\u{a0}TB");
    }

    #[test]
    fn an_instant_is_shown_to_the_minute_and_anything_else_as_it_is() {
        assert_eq!(moment("2026-11-22T14:03:59Z"), "2026-11-22 14:03");
        assert_eq!(moment("2026-11-22"), "2026-11-22");
        assert_eq!(moment(""), "—");
        assert_eq!(moment("é"), "é");
    }

    #[test]
    fn who_must_act_is_said_with_the_punctuation_of_each_language() {
        assert_eq!(next(Who::Us, Step::Sign, Lang::En), "us: sign the agreement");
        assert_eq!(next(Who::Them, Step::Sign, Lang::Fr), "le partenaire\u{a0}: signer l’entente");
        assert_eq!(next(Who::Both, Step::Nothing, Lang::Fr), "—");
        assert_eq!(next(Who::Nobody, Step::Test, Lang::En), "run the test share");
        assert_eq!(next(Who::Nobody, Step::Renew, Lang::En), "—");
    }
}
