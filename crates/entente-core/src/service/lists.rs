//! The code lists of services.

use jiff::tz::TimeZone;

use crate::codes::{Code, Province, code_list};

code_list! {
    /// Whether a service is running (HSDS `service.status`).
    Status = "service_status" {
        Active = "active", "Active", "En activité";
        Inactive = "inactive", "Inactive", "Inactif";
        Defunct = "defunct", "Closed for good", "Fermé définitivement";
        TemporarilyClosed = "temporarily closed", "Closed for now", "Fermé temporairement";
    }
}

code_list! {
    /// For whom a service is made.
    Group = "service_group" {
        Women = "women", "Women", "Femmes";
        Men = "men", "Men", "Hommes";
        WithChildren = "with_children", "People with children", "Personnes avec enfants";
        Youth = "youth", "Youth", "Jeunes";
        Seniors = "seniors", "Seniors", "Personnes âgées";
        Lgbtq2 = "lgbtq2", "2SLGBTQI+ people", "Personnes 2ELGBTQI+";
        Francophone = "francophone", "Francophones", "Francophones";
        Indigenous = "indigenous", "Indigenous people", "Autochtones";
        Newcomers = "newcomers", "Newcomers", "Nouveaux arrivants";
        Children = "children", "Children", "Enfants";
        Disability = "disability", "People with disabilities", "Personnes handicapées";
    }
}

code_list! {
    /// What a capacity counts (HSDS 3.1 `unit`).
    Unit = "capacity_unit" {
        Bed = "bed", "beds", "lits";
        Room = "room", "rooms", "chambres";
        Place = "place", "places", "places";
        Appointment = "appointment", "appointments", "rendez-vous";
        Hour = "hour", "hours", "heures";
    }
}

code_list! {
    /// A time zone of Canada, by its name in the tz database.
    Zone = "time_zone" {
        StJohns = "America/St_Johns", "Newfoundland time", "heure de Terre-Neuve";
        Halifax = "America/Halifax", "Atlantic time", "heure de l’Atlantique";
        Moncton = "America/Moncton", "Atlantic time (New Brunswick)", "heure de l’Atlantique (Nouveau-Brunswick)";
        Toronto = "America/Toronto", "Eastern time", "heure de l’Est";
        Iqaluit = "America/Iqaluit", "Eastern time (Nunavut)", "heure de l’Est (Nunavut)";
        Winnipeg = "America/Winnipeg", "Central time", "heure du Centre";
        Regina = "America/Regina", "Central time (Saskatchewan)", "heure du Centre (Saskatchewan)";
        Edmonton = "America/Edmonton", "Mountain time", "heure des Rocheuses";
        Vancouver = "America/Vancouver", "Pacific time", "heure du Pacifique";
        Whitehorse = "America/Whitehorse", "Yukon time", "heure du Yukon";
        Utc = "UTC", "Coordinated universal time", "temps universel coordonné";
    }
}

impl Zone {
    /// The zone in which most people of a province live.
    pub fn of(province: Province) -> Self {
        match province {
            Province::Newfoundland => Self::StJohns,
            Province::PrinceEdwardIsland | Province::NovaScotia => Self::Halifax,
            Province::NewBrunswick => Self::Moncton,
            Province::Quebec | Province::Ontario => Self::Toronto,
            Province::Manitoba => Self::Winnipeg,
            Province::Saskatchewan => Self::Regina,
            Province::Alberta | Province::NorthwestTerritories => Self::Edmonton,
            Province::BritishColumbia => Self::Vancouver,
            Province::Yukon => Self::Whitehorse,
            Province::Nunavut => Self::Iqaluit,
        }
    }

    /// Its rules, from the tz database that is built in. `None` only if the database lacks it, which
    /// a test rules out.
    pub fn time_zone(self) -> Option<TimeZone> {
        TimeZone::get(self.code()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_every_zone_are_built_in() {
        for zone in Zone::ALL {
            assert!(zone.time_zone().is_some(), "{}", zone.code());
        }
    }
}
