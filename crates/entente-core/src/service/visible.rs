//! Who may see which field of a service: one table, and the view that follows from it.
//!
//! A view is built up from nothing. [`Service::seen_by`] names every field, so that a new one does
//! not compile until somebody has decided, here, who sees it.

use super::{Contact, Service};

/// Who may see a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Partners whose agreement grants the directory.
    Partners,
    /// Nobody outside of the organization; or it is not kept at all.
    Never,
}

/// For whom a view is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everybody: a file that is published.
    Public,
    /// A partner whose agreement grants the directory.
    Partner,
}

/// Every field by its HSDS name (ours where HSDS has none), and who may see it.
pub const FIELDS: &[(&str, Visibility)] = &[
    ("organization", Visibility::Public),
    ("name", Visibility::Public),
    ("description", Visibility::Public),
    ("url", Visibility::Public),
    ("email", Visibility::Public),
    ("status", Visibility::Public),
    ("needs", Visibility::Public),
    ("groups", Visibility::Public),
    ("genders", Visibility::Public),
    ("eligibility_description", Visibility::Public),
    ("minimum_age", Visibility::Public),
    ("maximum_age", Visibility::Public),
    ("languages", Visibility::Public),
    ("interpretation_services", Visibility::Public),
    ("access", Visibility::Public),
    ("application_process", Visibility::Public),
    ("fees_description", Visibility::Public),
    ("cost_options", Visibility::Public),
    ("required_documents", Visibility::Public),
    ("alert", Visibility::Public),
    ("schedules", Visibility::Public),
    ("time_zone", Visibility::Public),
    ("service_areas", Visibility::Public),
    ("locations", Visibility::Public),
    ("phones", Visibility::Public),
    ("ht_specialised", Visibility::Public),
    ("assured_date", Visibility::Public),
    ("last_modified", Visibility::Public),
    ("contacts", Visibility::Partners),
    ("accepts_no_status", Visibility::Partners),
    ("capacities", Visibility::Partners),
    ("assurer_email", Visibility::Never),
    ("addresses of a redacted location", Visibility::Never),
    ("coordinates of a redacted location", Visibility::Never),
];

impl Service {
    /// What `audience` may see of it.
    pub fn seen_by(&self, audience: Audience) -> Self {
        // Every field is named: see the head of this file.
        let Self {
            id,
            organization,
            name,
            description,
            url,
            email,
            status,
            needs,
            groups,
            genders,
            eligibility,
            minimum_age,
            maximum_age,
            languages,
            interpretation,
            access,
            application,
            fees,
            costs,
            documents,
            alert,
            schedules,
            zone,
            areas,
            locations,
            phones,
            contacts,
            trafficking,
            accepts_without_status,
            assured_on,
            modified_s,
        } = self;
        let partners: &[Contact] = match audience {
            Audience::Public => &[],
            Audience::Partner => contacts,
        };
        Self {
            id: *id,
            organization: organization.clone(),
            name: name.clone(),
            description: description.clone(),
            url: url.clone(),
            email: email.clone(),
            status: *status,
            needs: *needs,
            groups: *groups,
            genders: *genders,
            eligibility: eligibility.clone(),
            minimum_age: *minimum_age,
            maximum_age: *maximum_age,
            languages: languages.clone(),
            interpretation: interpretation.clone(),
            access: *access,
            application: application.clone(),
            fees: fees.clone(),
            costs: costs.clone(),
            documents: documents.clone(),
            alert: alert.clone(),
            schedules: schedules.clone(),
            zone: *zone,
            areas: areas.clone(),
            // A redacted one has its province and nothing else to show.
            locations: locations.clone(),
            phones: phones.clone(),
            contacts: partners.to_vec(),
            trafficking: *trafficking,
            accepts_without_status: match audience {
                Audience::Public => None,
                Audience::Partner => *accepts_without_status,
            },
            assured_on: *assured_on,
            modified_s: *modified_s,
        }
    }
}
