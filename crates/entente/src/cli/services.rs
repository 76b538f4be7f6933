//! `service …` and `capacity …`: from what was typed to the document that is asked.

use entente_node::fault::Both;
use entente_node::local::doc::*;

use super::ask::{Asked, Question, Typed, asked};

/// The question behind `service COMMAND`.
pub(super) fn service(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let service = || typed.text("service");
    match command {
        "import" => asked(&ServiceImportAsk {
            file: typed.path("file").unwrap_or_default(),
            layout: typed.maybe("layout"),
            quarantine: typed.path("quarantine"),
            dry_run: typed.flag("dry-run"),
        }),
        "add" => asked(&added(typed)),
        "list" => asked(&ServiceListAsk { stale: typed.flag("stale"), limit: typed.limit() }),
        "show" => asked(&ServiceShowAsk { service: service() }),
        "search" => asked(&search(typed)),
        "confirm" => asked(&ServiceConfirmAsk { service: service() }),
        "close" => {
            let how = match () {
                () if typed.flag("for-good") => Closing::ForGood,
                () if typed.flag("open-again") => Closing::OpenAgain,
                () if typed.flag("delete") => Closing::Delete,
                () => Closing::ForNow,
            };
            asked(&ServiceCloseAsk { service: service(), how })
        }
        "export" => asked(&ServiceExportAsk {
            file: typed.path("file").unwrap_or_default(),
            layout: typed.maybe("layout"),
            for_partners: typed.flag("for-partners"),
            with_partners: typed.flag("with-partners"),
        }),
        _ => None,
    }
}

/// The question behind `capacity COMMAND`.
pub(super) fn capacity(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    match command {
        "set" => Some(Ok(Question::new(&CapacitySetAsk {
            service: typed.text("service"),
            available: typed.number("available").unwrap_or(0),
            maximum: typed.number("of"),
            unit: typed.maybe("unit"),
            whom: typed.many("for"),
            until: typed.maybe("until"),
        }))),
        "show" => asked(&CapacityShowAsk { service: typed.maybe("service") }),
        _ => None,
    }
}

/// What was typed in one language, or in both.
fn both(typed: &Typed<'_>, en: &str, fr: &str) -> Option<Both> {
    let (en, fr) = (typed.maybe(en), typed.maybe(fr));
    (en.is_some() || fr.is_some())
        .then(|| Both::new(en.unwrap_or_default(), fr.unwrap_or_default()))
}

/// Several texts, or nothing if none was typed.
fn several(typed: &Typed<'_>, id: &str) -> Option<Vec<String>> {
    Some(typed.many(id)).filter(|texts| !texts.is_empty())
}

fn yes(typed: &Typed<'_>, id: &str) -> Option<bool> {
    typed.maybe(id).map(|answer| answer == "yes")
}

/// What has to be shown; `none` says that nothing has.
fn documents(typed: &Typed<'_>) -> Option<Vec<Both>> {
    let said = both(typed, "documents", "documents-fr")?;
    let is_none = [&said.en, &said.fr].iter().any(|text| text.as_str() == "none");
    Some(if is_none { Vec::new() } else { vec![said] })
}

/// What is given of a service.
pub(crate) fn added(typed: &Typed<'_>) -> ServiceAddAsk {
    ServiceAddAsk {
        service: typed.maybe("change"),
        name: both(typed, "name", "name-fr"),
        description: both(typed, "description", "description-fr"),
        needs: several(typed, "need"),
        groups: several(typed, "for"),
        genders: several(typed, "gender"),
        languages: several(typed, "language"),
        interpreted: several(typed, "interpreted"),
        interpretation: both(typed, "interpretation", "interpretation-fr"),
        eligibility: both(typed, "eligibility", "eligibility-fr"),
        minimum_age: typed.number("from-age"),
        maximum_age: typed.number("to-age"),
        application: both(typed, "application", "application-fr"),
        fees: both(typed, "fees", "fees-fr"),
        documents: documents(typed),
        access: several(typed, "access"),
        alert: both(typed, "alert", "alert-fr"),
        areas: several(typed, "area"),
        province: typed.maybe("province"),
        hidden: typed.flag("hidden").then_some(true),
        at: typed.maybe("at"),
        street: both(typed, "street", "street-fr"),
        city: both(typed, "city", "city-fr"),
        postal_code: typed.maybe("postal-code"),
        phones: several(typed, "phone"),
        contacts: several(typed, "contact"),
        hours: several(typed, "hours"),
        url: typed.maybe("url"),
        email: typed.maybe("email"),
        trafficking: yes(typed, "trafficking"),
        accepts_without_status: yes(typed, "without-status"),
    }
}

fn search(typed: &Typed<'_>) -> ServiceSearchAsk {
    let words = typed.many("words").join(" ");
    ServiceSearchAsk {
        needs: typed.many("need"),
        near: typed.maybe("near"),
        within_km: typed.number("within"),
        province: typed.maybe("province"),
        languages: typed.many("language"),
        age: typed.number("age"),
        gender: typed.maybe("gender"),
        groups: typed.many("for"),
        open: typed.flag("open"),
        free: typed.flag("free"),
        unit: typed.maybe("unit"),
        fresh: typed.flag("fresh"),
        trafficking: typed.flag("trafficking"),
        without_status: typed.flag("without-status"),
        text: Some(words).filter(|words| !words.is_empty()),
        from: typed.maybe("partner"),
        nearest: typed.flag("nearest"),
        limit: typed.limit(),
    }
}
