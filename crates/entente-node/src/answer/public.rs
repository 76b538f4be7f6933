//! What everybody may see of this organization: the returns that it published, and the public part of its
//! directory. Nobody is signed in here, nothing is written down, and nothing changes.
//!
//! **Of a service only what [`Audience::Public`] may see gets here, and a service with a place that is not
//! told is left out as a whole**: a telephone number can be enough to find a house. What partners told us
//! under an agreement is theirs to publish.

use std::collections::BTreeSet;

use entente_core::codes::{Code as _, Need, Province, Set};
use entente_core::lang::{Lang, Text};
use entente_core::record::Language;
use entente_core::service::schedule::Freq;
use entente_core::service::{Area, Audience, Entry, Location, Query, Schedule, Service};
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};

use super::Desk;
use super::returns::{row_of, told};
use crate::local::doc::{ReturnFile, ReturnRow, ReturnShowTold};
use crate::node::Outcome;
use crate::node::statistics::returns::no_such_return;

/// What is looked for in the directory. What is no code is not heeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicQuery {
    /// What it helps with: a code of the list `need`.
    pub need: String,
    /// For people of which province: a code of the list `province`.
    pub province: String,
    /// A language that is spoken there: its tag.
    pub language: String,
    /// Words of its name, or that of its organization.
    pub words: String,
}

/// A service as everybody may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicService {
    /// What it is called.
    pub name: Text,
    /// Who provides it.
    pub organization: Text,
    /// What it does.
    pub description: Text,
    /// What should be known today.
    pub alert: Text,
    /// Codes of the list `need`.
    pub needs: Vec<String>,
    /// The languages it is given in, as tags.
    pub languages: Vec<String>,
    /// For people of which provinces: codes of the list `province`. Empty if it is for all of Canada, or says
    /// nothing.
    pub provinces: Vec<String>,
    /// It is for people in all of Canada.
    pub everywhere: bool,
    /// Its addresses: street, town, postal code.
    pub places: Vec<(Text, Text, String)>,
    /// Its telephones: the number, and what it is for.
    pub phones: Vec<(String, Text)>,
    /// Its page.
    pub url: String,
    /// Its address for mail.
    pub email: String,
    /// What it costs, in words.
    pub fees: Text,
    /// When it opens and closes on each day of the week from Monday on, as `08:30`: seven days, or none if it does
    /// not say so.
    pub week: Vec<Vec<(String, String)>>,
    /// Hours in words.
    pub other_hours: Vec<Text>,
    /// It is called and not gone to.
    pub is_hotline: bool,
    /// The day on which it was last confirmed.
    pub confirmed_on: Option<String>,
}

impl PublicService {
    /// `None` if a place of it is not told.
    fn of(service: &Service, today: Date) -> Option<Self> {
        let is_hidden = |it: &Location| matches!(it, Location::Redacted { .. });
        if service.locations.iter().any(is_hidden) {
            return None;
        }
        let it = service.seen_by(Audience::Public);
        let place = |location: &Location| match location {
            Location::Physical(site) => {
                let address = &site.address;
                Some((address.street.clone(), address.city.clone(), address.postal_code.clone()))
            }
            Location::Virtual { .. } | Location::Redacted { .. } => None,
        };
        let places: Vec<_> = it.locations.iter().filter_map(place).collect();
        let phones: Vec<_> = it.phones.iter().map(phone_of).collect();
        Some(Self {
            needs: it.needs.iter().map(|need| need.code().to_owned()).collect(),
            languages: it.languages.iter().map(|spoken| spoken.language.to_string()).collect(),
            provinces: provinces(&it),
            everywhere: it.areas.contains(&Area::Canada),
            week: week(&it.schedules, today),
            other_hours: it
                .schedules
                .iter()
                .map(|it| it.description.clone())
                .filter(is_said)
                .collect(),
            is_hotline: places.is_empty() && !phones.is_empty(),
            places,
            phones,
            name: it.name,
            organization: it.organization.name,
            description: it.description,
            alert: it.alert,
            url: it.url,
            email: it.email,
            fees: it.fees,
            confirmed_on: it.assured_on.map(|day| day.to_string()),
        })
    }
}

fn phone_of(phone: &entente_core::service::Phone) -> (String, Text) {
    let number = match phone.extension.as_str() {
        "" => phone.number.clone(),
        extension => format!("{} × {extension}", phone.number),
    };
    (number, phone.description.clone())
}

fn is_said(text: &Text) -> bool {
    !text.en.is_empty() || !text.fr.is_empty()
}

/// The hours of every week, as they are in the one that begins today.
fn week(schedules: &[Schedule], today: Date) -> Vec<Vec<(String, String)>> {
    let is_weekly = |it: &&Schedule| it.freq == Some(Freq::Weekly) && it.interval <= 1;
    let shown = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
    let of = |day: Date| -> Vec<(String, String)> {
        let on = schedules.iter().filter(is_weekly).filter(|it| it.occurs_on(day));
        on.filter_map(|it| Some((shown(it.opens_at?), shown(it.closes_at?)))).collect()
    };
    let mut days: Vec<Date> = today.series(1.day()).take(7).collect();
    days.sort_by_key(|day| day.weekday().to_monday_zero_offset());
    let week: Vec<_> = days.into_iter().map(of).collect();
    if week.iter().all(Vec::is_empty) { Vec::new() } else { week }
}

fn provinces(service: &Service) -> Vec<String> {
    let of_area = |area: &Area| match area {
        Area::Province(province) => Some(*province),
        Area::Canada | Area::Named(_) => None,
    };
    let areas = service.areas.iter().filter_map(of_area);
    let all = areas.chain(service.locations.iter().filter_map(Location::province));
    let all: BTreeSet<_> = all.map(|it| it.code()).collect();
    all.into_iter().map(str::to_owned).collect()
}

impl Desk {
    /// The returns that were published, the newest period first.
    pub fn published_returns(&self) -> Outcome<Vec<ReturnRow>> {
        let mut all = self.node.returns()?;
        all.retain(|(_, row)| row.published_at_s.is_some());
        all.sort_by_key(|(_, row)| std::cmp::Reverse((row.period, row.made_at_s)));
        all.iter().map(|(name, row)| row_of(&self.node, name, row)).collect()
    }

    /// A return that was published, checked again. One that is not public is not there.
    pub fn published_return(&self, name: &str) -> Outcome<ReturnShowTold> {
        self.published(name, None, Lang::En)
    }

    /// The same in one of its forms.
    pub fn published_file(&self, name: &str, form: &str, lang: Lang) -> Outcome<ReturnFile> {
        self.published(name, Some(form), lang)?.file.ok_or_else(no_such_return)
    }

    fn published(&self, name: &str, form: Option<&str>, lang: Lang) -> Outcome<ReturnShowTold> {
        let all = self.node.returns()?.into_iter();
        let is_public = |row: &entente_store::statistics::ReturnRow| row.published_at_s.is_some();
        let mut found = all.filter(|(id, row)| is_public(row) && hex::encode(id).starts_with(name));
        // A name that is too short says nothing.
        match (found.next(), found.next()) {
            (Some((id, row)), None) if name.len() >= 16 => {
                told(&self.node, (&id, &row), None, form, lang)
            }
            _ => Err(no_such_return()),
        }
    }

    /// Our services as everybody may see them: those that fit what is wanted.
    pub fn public_services(&self, wanted: &PublicQuery) -> Outcome<Vec<PublicService>> {
        let need = Need::parse(&wanted.need);
        let spoken = Some(wanted.language.as_str()).filter(|tag| !tag.is_empty());
        let query = Query {
            needs: need.map_or(Set::EMPTY, |need| Set::EMPTY.with(need)),
            province: Province::parse(&wanted.province).ok(),
            languages: spoken.and_then(|tag| Language::new(tag).ok()).into_iter().collect(),
            text: wanted.words.clone(),
            from: Some(BTreeSet::from([self.node.id()])),
            limit: 0,
            ..Query::default()
        };
        let today = self.node.today();
        let matches = self.node.search_services(query)?;
        let entries = matches.found.iter().map(|found| &found.entry);
        let public = entries.filter_map(|entry| {
            let Entry { service, .. } = &**entry;
            PublicService::of(service, today)
        });
        Ok(public.collect())
    }
}

#[cfg(test)]
mod tests {
    use entente_core::service::{Contact, Organization, Phone, ServiceId, schedule};

    use super::*;

    fn service() -> Service {
        let organization = Organization::default();
        Service {
            phones: vec![Phone { number: "1 833 900-1010".to_owned(), ..Phone::default() }],
            contacts: vec![Contact { name: "Lea".to_owned(), ..Contact::default() }],
            ..Service::named(ServiceId([1; 16]), organization, Text::new("A", "B"))
        }
    }

    fn of(service: &Service) -> Option<PublicService> {
        // A Sunday.
        PublicService::of(service, jiff::civil::date(2026, 11, 22))
    }

    #[test]
    fn the_hours_of_a_week_are_told_while_they_hold() {
        let mut service = service();
        assert!(of(&service).unwrap().week.is_empty());
        service.schedules = vec![Schedule {
            freq: Some(Freq::Weekly),
            byday: schedule::parse_byday("MO,SU").unwrap(),
            opens_at: schedule::parse_time("18:00"),
            closes_at: schedule::parse_time("08:00"),
            description: Text::new("Ring twice", ""),
            ..Schedule::default()
        }];
        let told = of(&service).unwrap();
        let hours = vec![("18:00".to_owned(), "08:00".to_owned())];
        assert_eq!((told.week.len(), &told.week[0], &told.week[6]), (7, &hours, &hours));
        assert!(told.week[1].is_empty());
        assert_eq!(told.other_hours, [Text::new("Ring twice", "")]);
        service.schedules[0].valid_to = Some(jiff::civil::date(2026, 11, 1));
        assert!(of(&service).unwrap().week.is_empty());
    }

    #[test]
    fn a_house_whose_place_is_not_told_is_not_there_at_all() {
        let mut service = service();
        assert!(of(&service).is_some());
        let hidden = Location::Redacted { id: [2; 16], province: Province::Quebec };
        service.locations = vec![Location::Virtual { id: [3; 16] }, hidden];
        assert_eq!(of(&service), None);
    }

    #[test]
    fn what_is_called_and_not_gone_to_is_a_hotline() {
        let mut service = service();
        service.locations = vec![Location::Virtual { id: [3; 16] }];
        assert!(of(&service).unwrap().is_hotline);
        service.locations = vec![Location::Physical(Box::default())];
        assert!(!of(&service).unwrap().is_hotline);
    }
}
