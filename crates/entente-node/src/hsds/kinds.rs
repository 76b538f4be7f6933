//! The tables of a data package: which kinds of object of HSDS 3.0 we write, and how they hang together.

/// The table without which there is no package.
pub(super) const SERVICES: &str = "services.csv";

/// A kind of object: its name, its file, the lists that hold it, its columns. A `#` before a column
/// says that it is a number, a `!` that it is never blank.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    pub(super) list: &'static str,
    pub(super) columns: &'static [&'static str],
}

const fn kind(
    name: &'static str,
    file: &'static str,
    list: &'static str,
    columns: &'static [&'static str],
) -> Kind {
    Kind { name, file, list, columns }
}

/// The kinds that we write, parents before their parts.
pub(super) const KINDS: &[Kind] = &[
    kind(
        "organization",
        "organizations.csv",
        "",
        &["!id", "!name", "!description", "email", "website"],
    ),
    kind(
        "service",
        SERVICES,
        "services",
        &[
            "!id",
            "!organization_id",
            "!name",
            "description",
            "url",
            "email",
            "!status",
            "interpretation_services",
            "application_process",
            "fees_description",
            "eligibility_description",
            "#minimum_age",
            "#maximum_age",
            "assured_date",
            "alert",
            "last_modified",
        ],
    ),
    kind(
        "location",
        "locations.csv",
        "",
        &["!id", "!location_type", "name", "transportation", "#latitude", "#longitude"],
    ),
    kind(
        "service_at_location",
        "service_at_location.csv",
        "service_at_locations",
        &["!id", "!service_id", "location_id"],
    ),
    kind(
        "address",
        "addresses.csv",
        "addresses",
        &[
            "!id",
            "location_id",
            "address_1",
            "city",
            "state_province",
            "postal_code",
            "country",
            "!address_type",
        ],
    ),
    kind(
        "phone",
        "phones.csv",
        "phones",
        &["!id", "service_id", "contact_id", "!number", "#extension", "type", "description"],
    ),
    kind(
        "schedule",
        "schedules.csv",
        "schedules",
        &[
            "!id",
            "service_id",
            "service_at_location_id",
            "location_id",
            "valid_from",
            "valid_to",
            "dtstart",
            "until",
            "#count",
            "freq",
            "#interval",
            "byday",
            "byweekno",
            "bymonthday",
            "byyearday",
            "description",
            "opens_at",
            "closes_at",
        ],
    ),
    kind(
        "service_area",
        "service_areas.csv",
        "service_areas",
        &["!id", "service_id", "name", "extent", "extent_type"],
    ),
    kind("language", "languages.csv", "languages", &["!id", "service_id", "code", "name", "note"]),
    kind("contact", "contacts.csv", "contacts", &["!id", "service_id", "name", "title", "email"]),
    kind(
        "cost_option",
        "cost_options.csv",
        "cost_options",
        &["!id", "!service_id", "option", "currency", "#amount"],
    ),
    kind(
        "required_document",
        "required_documents.csv",
        "required_documents",
        &["!id", "service_id", "document"],
    ),
    kind(
        "accessibility",
        "accessibility.csv",
        "accessibility",
        &["!id", "location_id", "description"],
    ),
    kind(
        "organization_identifier",
        "organization_identifiers.csv",
        "organization_identifiers",
        &["!id", "!organization_id", "identifier_scheme", "!identifier_type", "!identifier"],
    ),
    kind(
        "attribute",
        "attributes.csv",
        "attributes",
        &["!id", "!link_id", "!taxonomy_term_id", "link_entity", "value"],
    ),
    kind(
        "taxonomy_term",
        "taxonomy_terms.csv",
        "",
        &["!id", "code", "!name", "!description", "taxonomy", "language"],
    ),
];

/// Objects that stand in another one by themselves: in which kind, and the column that names them. No
/// kind is in itself by way of others, so that taking apart and joining end.
pub(super) const SINGLE: [(&str, &str, &str); 3] = [
    ("organization", "service", "organization_id"),
    ("location", "service_at_location", "location_id"),
    ("taxonomy_term", "attribute", "taxonomy_term_id"),
];

/// The name of a column, without its marks.
pub(super) fn plain(column: &str) -> &str {
    column.trim_start_matches(['#', '!'])
}
