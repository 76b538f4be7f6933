//! What a service may hold: bounds, texts without mark-up, hours and places that can be.
//!
//! A text that holds HTML, control characters or signs that turn the direction of writing is refused
//! and never repaired: what a repair leaves of an attack is a guess. A problem names the field and
//! never what stood in it.

use unicode_normalization::UnicodeNormalization;

use crate::codes::Set;
use crate::lang::{Lang, Text};

use super::schedule::Schedule;
use super::{Area, Documents, Location, Service, Site};

/// The most characters of a name.
pub const MAX_NAME: usize = 200;
/// The most characters of a text.
pub const MAX_PROSE: usize = 2_000;
/// The most characters of one line: an address of a page, a number.
pub const MAX_LINE: usize = 250;
/// The most of anything that a service has several of.
pub const MAX_ITEMS: usize = 32;

/// What is wrong with a service, and in which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, by its HSDS name.
    pub field: &'static str,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It must not be blank.
    Missing,
    /// It is longer than it may be.
    TooLong,
    /// There are more than there may be.
    TooMany,
    /// It holds control characters.
    Control,
    /// It holds HTML or a script.
    Markup,
    /// It is no address of a web page.
    NotAUrl,
    /// It is no address for mail.
    NotAnEmail,
    /// It is no UUID.
    NotAUuid,
    /// It is no telephone number.
    NotAPhone,
    /// It is no postal code of Canada.
    NotAPostalCode,
    /// It is no day, such as 2026-11-28.
    NotADate,
    /// It is no number, or none that can be.
    NotANumber,
    /// There is no such place on Earth.
    NoSuchPlace,
    /// The hours cannot be computed.
    BrokenSchedule,
    /// It is no code of the list.
    UnknownCode,
    /// It is a taxonomy that is not known here; its terms are left out.
    UnknownTaxonomy,
    /// It is no language.
    NotALanguage,
    /// A service with a place that is not told must not tell one in a text.
    TellsPlace,
    /// It refers to something that is not in the file.
    Dangling,
    /// The same stands in the file before.
    Repeated,
    /// It is left out, since it is about a place that is not told.
    Redacted,
    /// It does not have the form that it must have.
    WrongForm,
}

impl Wrong {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::Control => "control_characters",
            Self::Markup => "markup",
            Self::NotAUrl => "not_a_url",
            Self::NotAnEmail => "not_an_email",
            Self::NotAUuid => "not_a_uuid",
            Self::NotAPhone => "not_a_phone",
            Self::NotAPostalCode => "not_a_postal_code",
            Self::NotADate => "not_a_date",
            Self::NotANumber => "not_a_number",
            Self::NoSuchPlace => "no_such_place",
            Self::BrokenSchedule => "broken_schedule",
            Self::UnknownCode => "unknown_code",
            Self::UnknownTaxonomy => "unknown_taxonomy",
            Self::NotALanguage => "not_a_language",
            Self::TellsPlace => "tells_place",
            Self::Dangling => "dangling",
            Self::Repeated => "repeated",
            Self::Redacted => "redacted",
            Self::WrongForm => "wrong_form",
        }
    }

    /// What a person reads.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::Missing => lang.pick("must not be blank", "ne doit pas être vide"),
            Self::TooLong => lang.pick("is too long", "est trop long"),
            Self::TooMany => lang.pick("has too many values", "a trop de valeurs"),
            Self::Control => {
                lang.pick("holds control characters", "contient des caractères de commande")
            }
            Self::Markup => lang.pick("holds HTML or a script", "contient du HTML ou un script"),
            Self::NotAUrl => lang.pick(
                "is no address of a web page (http:// or https://)",
                "n’est pas une adresse Web (http:// ou https://)",
            ),
            Self::NotAnEmail => {
                lang.pick("is no address for mail", "n’est pas une adresse de courriel")
            }
            Self::NotAUuid => lang.pick("is no UUID", "n’est pas un UUID"),
            Self::NotAPhone => {
                lang.pick("is no telephone number", "n’est pas un numéro de téléphone")
            }
            Self::NotAPostalCode => {
                lang.pick("is no Canadian postal code", "n’est pas un code postal canadien")
            }
            Self::NotADate => {
                lang.pick("is no day such as 2026-11-28", "n’est pas un jour comme 2026-11-28")
            }
            Self::NotANumber => lang.pick(
                "is no number, or none that can be",
                "n’est pas un nombre, ou est un nombre impossible",
            ),
            Self::NoSuchPlace => lang.pick("is no place on Earth", "n’est pas un lieu sur Terre"),
            Self::BrokenSchedule => {
                lang.pick("has hours that cannot be computed", "a un horaire impossible à calculer")
            }
            Self::UnknownCode => {
                lang.pick("is no code of its list", "n’est pas un code de sa liste")
            }
            Self::UnknownTaxonomy => lang.pick(
                "is of a taxonomy that is not known here",
                "relève d’une taxonomie inconnue ici",
            ),
            Self::NotALanguage => lang.pick("is no language", "n’est pas une langue"),
            Self::TellsPlace => lang.pick(
                "tells a postal code, and the place of this service is not told",
                "donne un code postal, alors que le lieu de ce service est tenu secret",
            ),
            Self::Dangling => lang.pick(
                "refers to something that is not in the file",
                "renvoie à un élément absent du fichier",
            ),
            Self::Repeated => lang.pick("stands in the file before", "figure déjà dans le fichier"),
            Self::Redacted => lang.pick(
                "was left out, since the place is not told",
                "a été omis, car le lieu est tenu secret",
            ),
            Self::WrongForm => lang.pick("does not have the right form", "n’a pas la forme voulue"),
        }
    }
}

impl Problem {
    /// What a person reads.
    pub fn text(&self, lang: Lang) -> String {
        let colon = lang.pick(":", "\u{a0}:");
        format!("{}{colon} {}", label(self.field, lang), self.wrong.text(lang))
    }
}

/// What forms call a field. One that no form has keeps its HSDS name, which whoever wrote the file knows.
pub fn label(field: &'static str, lang: Lang) -> &'static str {
    let (en, fr) = match field {
        "name" => ("Name", "Nom"),
        "description" => ("What it does", "Ce qu’il fait"),
        "url" => ("Web page", "Page Web"),
        "email" => ("Public address for mail", "Adresse de courriel publique"),
        "eligibility_description" => ("Who can have it", "Qui y a droit"),
        "interpretation_services" => ("Interpretation", "Interprétation"),
        "application_process" => ("How to apply", "Comment présenter une demande"),
        "fees_description" => ("What it costs", "Ce qu’il coûte"),
        "alert" => ("What should be known today", "Ce qu’il faut savoir aujourd’hui"),
        "required_documents" => ("Documents to show", "Documents à présenter"),
        "maximum_age" => ("Oldest age", "Âge maximal"),
        "languages" => ("Languages", "Langues"),
        "areas" | "service_areas" => {
            ("For people of which places", "Pour les gens de quels endroits")
        }
        "phones" | "phones.number" => ("Telephones", "Téléphones"),
        "contacts" | "contacts.name" | "contacts.title" | "contacts.email" | "contacts.phones" => {
            ("People to call, for colleagues", "Personnes à joindre, pour les collègues")
        }
        "hours" | "schedules" => ("Hours", "Horaire"),
        "province" => ("Province or territory", "Province ou territoire"),
        "addresses.address_1" => ("Number and street", "Numéro et rue"),
        "addresses.city" => ("Town", "Ville"),
        "postal_code" | "addresses.postal_code" => ("Postal code", "Code postal"),
        "at" | "latitude" => ("Point on the map", "Point sur la carte"),
        _ => (field, field),
    };
    lang.pick(en, fr)
}

/// Brings a text into its one form: no space around it, lines ended by `\n`, Unicode NFC.
pub fn tidy(text: &str) -> String {
    text.trim().replace("\r\n", "\n").nfc().collect()
}

/// Collects what is wrong.
#[derive(Debug, Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn say(&mut self, field: &'static str, wrong: Wrong) {
        let problem = Problem { field, wrong };
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    fn plain(&mut self, field: &'static str, text: &str, max: usize, lines: bool) {
        if text.chars().nth(max).is_some() {
            self.say(field, Wrong::TooLong);
        }
        if let Some(wrong) = bad_signs(text, lines) {
            self.say(field, wrong);
        }
    }

    fn line(&mut self, field: &'static str, text: &str) {
        self.plain(field, text, MAX_LINE, false);
    }

    fn name(&mut self, field: &'static str, text: &Text) {
        for side in [&text.en, &text.fr] {
            self.plain(field, side, MAX_NAME, false);
        }
    }

    fn required(&mut self, field: &'static str, text: &Text) {
        if text.en.is_empty() && text.fr.is_empty() {
            self.say(field, Wrong::Missing);
        }
        self.name(field, text);
    }

    fn prose(&mut self, field: &'static str, text: &Text) {
        for side in [&text.en, &text.fr] {
            self.plain(field, side, MAX_PROSE, true);
        }
    }

    fn url(&mut self, field: &'static str, text: &str) {
        self.line(field, text);
        if !text.is_empty() && !is_url(text) {
            self.say(field, Wrong::NotAUrl);
        }
    }

    fn email(&mut self, field: &'static str, text: &str) {
        self.line(field, text);
        if !text.is_empty() && !is_email(text) {
            self.say(field, Wrong::NotAnEmail);
        }
    }

    fn items<T>(&mut self, field: &'static str, items: &[T]) {
        if items.len() > MAX_ITEMS {
            self.say(field, Wrong::TooMany);
        }
    }
}

/// What a text must not hold, if it does.
pub fn bad_signs(text: &str, lines: bool) -> Option<Wrong> {
    let is_control = |c: char| {
        (c.is_control() && !(lines && matches!(c, '\n' | '\t')))
            // Signs that turn the direction of writing, so that a text shows other than it is, and
            // those that nobody sees.
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
    };
    if text.chars().any(is_control) {
        return Some(Wrong::Control);
    }
    let opens = text.match_indices('<').any(|(at, _)| {
        let next = text.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
    });
    let folded = text.to_ascii_lowercase();
    let scripts = ["javascript:", "vbscript:", "data:text/html"];
    (opens || scripts.iter().any(|it| folded.contains(it))).then_some(Wrong::Markup)
}

/// The address of a web page, `http` or `https`.
pub fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.contains('.')
            && !rest.starts_with(['.', '/'])
            && !rest.contains(|c: char| c.is_whitespace() || "<>\"`{}|\\^".contains(c))
    })
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(who, host)| {
        !who.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !text.contains(|c: char| c.is_whitespace() || "<>\",;".contains(c))
    })
}

/// A telephone number as it is dialled: digits with the usual signs between them.
pub fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (3..=20).contains(&digits)
        && text.chars().all(|c| c.is_ascii_digit() || " +-().*#/".contains(c))
}

/// Whether a Canadian postal code stands somewhere in a text.
fn tells_postal_code(text: &str) -> bool {
    let signs: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    signs.windows(6).any(|six| super::place::postal_code(&six.iter().collect::<String>()).is_some())
}

impl Service {
    /// Says everything that is wrong with the service; nothing is wrong if it is empty.
    pub fn problems(&self) -> Vec<Problem> {
        let mut all = Problems::default();
        self.check_texts(&mut all);
        self.check_numbers(&mut all);
        self.check_people(&mut all);
        for location in &self.locations {
            if let Location::Physical(site) = location {
                check_site(site, &mut all);
            }
        }
        for schedule in &self.schedules {
            check_schedule(schedule, &mut all);
        }
        if self.locations.iter().any(|it| matches!(it, Location::Redacted { .. })) {
            self.check_secrecy(&mut all);
        }
        all.0
    }

    fn check_texts(&self, all: &mut Problems) {
        let organization = &self.organization;
        all.required("organization.name", &organization.name);
        all.prose("organization.description", &organization.description);
        all.url("organization.website", &organization.website);
        all.email("organization.email", &organization.email);
        all.items("organization.organization_identifiers", &organization.identifiers);
        for (scheme, number) in &organization.identifiers {
            all.line("organization.organization_identifiers", scheme);
            all.line("organization.organization_identifiers", number);
        }
        all.required("name", &self.name);
        all.prose("description", &self.description);
        all.url("url", &self.url);
        all.email("email", &self.email);
        all.prose("eligibility_description", &self.eligibility);
        all.prose("interpretation_services", &self.interpretation);
        all.prose("application_process", &self.application);
        all.prose("fees_description", &self.fees);
        all.prose("alert", &self.alert);
        if let Documents::Required(documents) = &self.documents {
            all.items("required_documents", documents);
            for document in documents {
                if *document == Text::default() {
                    all.say("required_documents", Wrong::Missing);
                }
                all.prose("required_documents", document);
            }
        }
    }

    fn check_numbers(&self, all: &mut Problems) {
        if let (Some(minimum), Some(maximum)) = (self.minimum_age, self.maximum_age)
            && minimum > maximum
        {
            all.say("maximum_age", Wrong::NotANumber);
        }
        all.items("cost_options", &self.costs);
        for cost in &self.costs {
            all.name("cost_options", &cost.option);
            let is_currency = cost.currency.len() == 3
                && cost.currency.bytes().all(|byte| byte.is_ascii_uppercase());
            if !cost.currency.is_empty() && !is_currency {
                all.say("cost_options.currency", Wrong::UnknownCode);
            }
        }
        all.items("languages", &self.languages);
        all.items("service_areas", &self.areas);
        all.items("locations", &self.locations);
        all.items("schedules", &self.schedules);
        for area in &self.areas {
            if let Area::Named(name) = area {
                all.required("service_areas", name);
            }
        }
    }

    fn check_people(&self, all: &mut Problems) {
        all.items("phones", &self.phones);
        for phone in &self.phones {
            if !is_phone(&phone.number) {
                all.say("phones.number", Wrong::NotAPhone);
            }
            all.line("phones.number", &phone.number);
            all.line("phones.extension", &phone.extension);
            all.line("phones.type", &phone.kind);
            all.name("phones.description", &phone.description);
        }
        all.items("contacts", &self.contacts);
        for contact in &self.contacts {
            all.line("contacts.name", &contact.name);
            all.name("contacts.title", &contact.title);
            all.email("contacts.email", &contact.email);
            all.line("contacts.phones", &contact.phone);
            if !contact.phone.is_empty() && !is_phone(&contact.phone) {
                all.say("contacts.phones", Wrong::NotAPhone);
            }
        }
    }

    /// A type keeps a safe house's address out of its place; this keeps it out of all texts beside.
    fn check_secrecy(&self, all: &mut Problems) {
        for (field, text) in self.texts() {
            if tells_postal_code(text) {
                all.say(field, Wrong::TellsPlace);
            }
        }
    }

    /// Every text of it that stands beside its places, by its field.
    fn texts(&self) -> Vec<(&'static str, &str)> {
        // Every field is named, so that a text in a new one does not go unseen.
        let Self {
            id: _,
            organization,
            name,
            description,
            url,
            email,
            status: _,
            needs: _,
            groups: _,
            genders: _,
            eligibility,
            minimum_age: _,
            maximum_age: _,
            languages: _,
            interpretation,
            access: _,
            application,
            fees,
            costs,
            documents,
            alert,
            schedules,
            zone: _,
            areas,
            // One that is not told has no text, and of another the address is known.
            locations: _,
            phones,
            contacts,
            trafficking: _,
            accepts_without_status: _,
            assured_on: _,
            modified_s: _,
        } = self;
        let documents: &[Text] = match documents {
            Documents::Required(documents) => documents,
            Documents::Unknown | Documents::None => &[],
        };
        let mut texts: Vec<(&'static str, &Text)> = vec![
            ("organization.name", &organization.name),
            ("organization.description", &organization.description),
            ("name", name),
            ("description", description),
            ("eligibility_description", eligibility),
            ("interpretation_services", interpretation),
            ("application_process", application),
            ("fees_description", fees),
            ("alert", alert),
        ];
        texts.extend(costs.iter().map(|it| ("cost_options", &it.option)));
        texts.extend(documents.iter().map(|it| ("required_documents", it)));
        texts.extend(schedules.iter().map(|it| ("schedules.description", &it.description)));
        texts.extend(areas.iter().filter_map(|area| match area {
            Area::Named(name) => Some(("service_areas", name)),
            Area::Canada | Area::Province(_) => None,
        }));
        texts.extend(phones.iter().map(|it| ("phones.description", &it.description)));
        texts.extend(contacts.iter().map(|it| ("contacts.title", &it.title)));
        let mut lines = vec![
            ("organization.website", organization.website.as_str()),
            ("organization.email", organization.email.as_str()),
            ("url", url.as_str()),
            ("email", email.as_str()),
        ];
        for (scheme, number) in &organization.identifiers {
            let field = "organization.organization_identifiers";
            lines.extend([(field, scheme.as_str()), (field, number.as_str())]);
        }
        for phone in phones {
            lines.push(("phones.extension", phone.extension.as_str()));
            lines.push(("phones.type", phone.kind.as_str()));
        }
        for contact in contacts {
            lines.push(("contacts.name", contact.name.as_str()));
            lines.push(("contacts.email", contact.email.as_str()));
        }
        for (field, text) in texts {
            lines.extend([(field, text.en.as_str()), (field, text.fr.as_str())]);
        }
        lines
    }

    /// Whether it has the groups that it must have to be for `groups`.
    pub fn is_made_for(&self, groups: Set<super::Group>) -> bool {
        groups.iter().all(|group| self.groups.contains(group))
    }
}

fn check_site(site: &Site, all: &mut Problems) {
    all.name("locations.name", &site.name);
    all.prose("locations.transportation", &site.transportation);
    all.items("locations.accessibility", &site.accessibility);
    for text in &site.accessibility {
        all.prose("locations.accessibility", text);
    }
    let address = &site.address;
    all.name("addresses.address_1", &address.street);
    all.name("addresses.city", &address.city);
    all.line("addresses.state_province", &address.state_province);
    all.line("addresses.postal_code", &address.postal_code);
    let is_country =
        address.country.len() == 2 && address.country.bytes().all(|byte| byte.is_ascii_uppercase());
    if !address.country.is_empty() && !is_country {
        all.say("addresses.country", Wrong::UnknownCode);
    }
    if address.country == "CA" && !address.postal_code.is_empty() {
        let code = super::place::postal_code(&address.postal_code);
        if code.as_ref() != Some(&address.postal_code) {
            all.say("addresses.postal_code", Wrong::NotAPostalCode);
        }
    }
    if site.point.is_some_and(|point| !point.is_on_earth()) {
        all.say("latitude", Wrong::NoSuchPlace);
    }
}

fn check_schedule(schedule: &Schedule, all: &mut Problems) {
    all.prose("schedules.description", &schedule.description);
    all.items("schedules.byday", &schedule.byday);
    all.items("schedules.bymonthday", &schedule.bymonthday);
    all.items("schedules.byweekno", &schedule.byweekno);
    all.items("schedules.byyearday", &schedule.byyearday);
    let backwards = |from: Option<_>, to: Option<_>| from.zip(to).is_some_and(|(a, b)| a > b);
    let has_days = !(schedule.byday.is_empty()
        && schedule.bymonthday.is_empty()
        && schedule.byyearday.is_empty());
    let is_broken = backwards(schedule.valid_from, schedule.valid_to)
        || backwards(schedule.dtstart, schedule.until)
        || (schedule.opens_at.is_some() != schedule.closes_at.is_some())
        // A rule that repeats nothing, and one that counts weeks from no start.
        || (schedule.freq.is_some() && !has_days && schedule.dtstart.is_none())
        || (schedule.interval > 1 && schedule.dtstart.is_none())
        || schedule.bymonthday.iter().any(|it| *it == 0 || it.unsigned_abs() > 31)
        || schedule.byweekno.iter().any(|it| !(1..=53).contains(it))
        || schedule.byyearday.iter().any(|it| !(1..=366).contains(it));
    if is_broken {
        all.say("schedules", Wrong::BrokenSchedule);
    }
}
