//! What pages say of a service in a list, in words.

use entente_core::codes::{Code as _, Province};
use entente_core::lang::Lang;
use entente_core::service::Zone;
use entente_node::fault::Both;
use entente_node::local::Op;
use entente_node::local::doc::{CapacityRow, ServiceRow};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::page::{Page, hour_text};
use crate::pages::referrals::words::said;

/// What pages about services say alike.
pub(in crate::pages) trait Rows {
    /// The shell of the page.
    fn page(&self) -> &Page;

    /// Now, in seconds since 1970.
    fn now_s(&self) -> i64;

    /// A text in the language of the page, or in the other if there is only one.
    fn said<'r>(&self, both: &'r Both) -> &'r str {
        said(self.page(), both)
    }

    /// Whether whoever is here may make a referral, and it could take it on.
    fn may_refer(&self, row: &ServiceRow) -> bool {
        !row.ours && row.status == "active" && self.page().may(Op::ReferralCreate)
    }

    /// The language of a text that is not there in the language of the page.
    fn lang(&self, both: &Both) -> Option<Lang> {
        self.page().other_lang(&both.en, &both.fr)
    }

    /// What it helps with and for whom it is made, as far as it says so.
    fn made_for(&self, row: &ServiceRow) -> Vec<String> {
        let p = self.page();
        let all = [p.labels("need", &row.needs), p.labels("service_group", &row.groups)];
        all.into_iter().filter(|it| !it.is_empty()).collect()
    }

    /// Where it is and what it helps with.
    fn line(&self, row: &ServiceRow) -> String {
        let all = [self.place(row), self.page().labels("need", &row.needs)];
        all.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    /// Who told of it, and who carries it.
    fn source(&self, row: &ServiceRow) -> String {
        let p = self.page();
        if row.ours {
            return p.t("us", "nous").to_owned();
        }
        let issuer = said(p, &row.issuer.name);
        match &row.sponsor {
            Some(sponsor) => {
                format!(
                    "{issuer} {} {}",
                    p.t("through", "par l’entremise de"),
                    said(p, &sponsor.name)
                )
            }
            None => issuer.to_owned(),
        }
    }

    /// Its town and province, or that its place is not told; blank if it says nothing.
    fn place(&self, row: &ServiceRow) -> String {
        let p = self.page();
        let province = row.province.as_ref().map(|code| p.label("province", code));
        if row.hidden {
            let secret = p.t("place not told", "lieu tenu secret");
            return province.map_or_else(|| secret.to_owned(), |it| format!("{it} · {secret}"));
        }
        let city = row.city.as_ref().map(|city| said(p, city).to_owned());
        let parts = city.into_iter().chain(province).filter(|it| !it.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    }

    /// How far, in kilometres.
    fn distance(&self, row: &ServiceRow) -> String {
        let Some(metres) = row.metres else { return String::new() };
        let tenths = metres.saturating_add(50) / 100;
        let lang = self.page().lang;
        let whole = lang.number(tenths / 10);
        format!("{whole}{}{}\u{a0}km", lang.pick(".", ","), tenths % 10)
    }

    /// Whether it is open now: a tone and a word.
    fn open(&self, row: &ServiceRow) -> (&'static str, String) {
        let p = self.page();
        match row.open.as_str() {
            _ if row.status != "active" => ("bad", p.label("service_status", &row.status)),
            "open" => ("good", p.t("open now", "ouvert maintenant").to_owned()),
            "closed" => ("warn", p.t("closed now", "fermé maintenant").to_owned()),
            _ => ("", p.t("hours not known", "horaire inconnu").to_owned()),
        }
    }

    /// When it was last confirmed: a tone and words.
    fn fresh(&self, row: &ServiceRow) -> (&'static str, String) {
        let p = self.page();
        match (&row.confirmed_on, row.stale) {
            (Some(day), false) => {
                ("", format!("{} {}", p.t("confirmed", "confirmé le"), p.day(day)))
            }
            (Some(day), true) => (
                "warn",
                format!("{} {}", p.t("not confirmed since", "non confirmé depuis le"), p.day(day)),
            ),
            (None, _) => ("warn", p.t("never confirmed", "jamais confirmé").to_owned()),
        }
    }

    /// What is free of one thing: `2 of 9 beds (women) until 18:00`.
    fn free(&self, row: &ServiceRow, capacity: &CapacityRow) -> String {
        let p = self.page();
        let unit = p.label("capacity_unit", &capacity.unit);
        let of =
            capacity.maximum.map_or_else(String::new, |it| format!(" {} {it}", p.t("of", "sur")));
        let whom = p.labels("service_group", &capacity.whom);
        let whom = if whom.is_empty() { whom } else { format!(" ({whom})") };
        let until = self.until(row, &capacity.until);
        let n = capacity.available;
        match p.lang {
            Lang::En => format!("{n}{of} {unit}{whom} until {until}"),
            Lang::Fr => format!("{n}{of} {unit}{whom} jusqu’à {until}"),
        }
    }

    /// The tone of what is free.
    fn free_tone(&self, capacity: &CapacityRow) -> &'static str {
        if capacity.available == 0 { "bad" } else { "good" }
    }

    /// An instant in the time of the service: the hour alone if it is within a day.
    fn until(&self, row: &ServiceRow, instant: &str) -> String {
        let Ok(at) = instant.parse::<Timestamp>() else { return instant.to_owned() };
        let province = row.province.as_ref().and_then(|code| Province::parse(code).ok());
        let zone = province.map(Zone::of).and_then(Zone::time_zone);
        let p = self.page();
        let here = at.to_zoned(zone.clone().unwrap_or(TimeZone::UTC));
        let (hour, minute) = (here.hour(), here.minute());
        let time = hour_text(&format!("{hour:02}:{minute:02}"), p.lang);
        let time = if zone.is_none() { format!("{time} UTC") } else { time };
        let hours = (at.as_second() - self.now_s()) / 3600;
        if hours < 20 { time } else { format!("{time}, {}", p.day(&here.date().to_string())) }
    }
}
