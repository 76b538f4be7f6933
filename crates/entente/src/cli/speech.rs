//! The language, before anything is parsed: help and errors are in it too.

use std::ffi::OsString;

use entente_core::lang::Lang;

/// The variables that name a locale, the strongest first (POSIX.1-2024, 8.2).
const LOCALES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// The language of `--lang`, else of `ENTENTE_LANG`, else of the locale, else English.
pub(crate) fn of(args: &[OsString], variable: impl Fn(&str) -> Option<String>) -> Lang {
    typed(args)
        .or_else(|| variable("ENTENTE_LANG")?.parse().ok())
        .or_else(|| {
            let locale =
                LOCALES.iter().find_map(|name| variable(name).filter(|v| !v.is_empty()))?;
            Some(Lang::from_locale(&locale))
        })
        .unwrap_or_default()
}

fn typed(args: &[OsString]) -> Option<Lang> {
    let mut args = args.iter().filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        if arg == "--lang" {
            return args.next()?.parse().ok();
        }
        if let Some(lang) = arg.strip_prefix("--lang=") {
            return lang.parse().ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(args: &[&str], variables: &[(&str, &str)]) -> Lang {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        of(&args, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_is_typed_wins_over_the_variable_and_that_over_the_locale() {
        let all = [("ENTENTE_LANG", "en"), ("LANG", "fr_CA.UTF-8")];
        assert_eq!(lang(&["entente", "--lang", "fr"], &all), Lang::Fr);
        assert_eq!(lang(&["entente", "status", "--lang=fr"], &all), Lang::Fr);
        assert_eq!(lang(&["entente"], &all), Lang::En);
        assert_eq!(lang(&["entente"], &all[1..]), Lang::Fr);
        assert_eq!(lang(&["entente"], &[]), Lang::En);
    }

    #[test]
    fn an_empty_locale_is_passed_over() {
        assert_eq!(lang(&["entente"], &[("LC_ALL", ""), ("LANG", "fr_CA")]), Lang::Fr);
    }
}
