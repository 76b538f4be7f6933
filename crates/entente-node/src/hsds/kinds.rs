//! The tables of a data package: which kinds of object of HSDS 3.0 we write, and how they hang together.

/// The table without which there is no package.
pub(super) const SERVICES: &str = "services.csv";

/// What stands in a column that is never blank, where there is nothing to say: a postal code of an address,
/// say, that is not known.
pub(super) const NOT_SAID: &str = "-";

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

/// The kinds that we write, parents before their parts, with all columns of the official descriptor in its
/// order: a tool that knows the descriptor finds each where it should be.
pub(super) const KINDS: &[Kind] = &[
    kind(
        "organization",
        "organizations.csv",
        "",
        &[
            "!id",
            "!name",
            "alternate_name",
            "!description",
            "email",
            "website",
            "tax_status",
            "tax_id",
            "#year_incorporated",
            "legal_status",
            "logo",
            "uri",
            "parent_organization_id",
        ],
    ),
    kind(
        "service",
        SERVICES,
        "services",
        &[
            "!id",
            "!organization_id",
            "program_id",
            "!name",
            "alternate_name",
            "description",
            "url",
            "email",
            "!status",
            "interpretation_services",
            "application_process",
            "fees_description",
            "wait_time",
            "fees",
            "accreditations",
            "eligibility_description",
            "#minimum_age",
            "#maximum_age",
            "assured_date",
            "assurer_email",
            "licenses",
            "alert",
            "last_modified",
        ],
    ),
    kind(
        "location",
        "locations.csv",
        "",
        &[
            "!id",
            "!location_type",
            "url",
            "organization_id",
            "name",
            "alternate_name",
            "description",
            "transportation",
            "#latitude",
            "#longitude",
            "external_identifier",
            "external_identifier_type",
        ],
    ),
    kind(
        "service_at_location",
        "service_at_location.csv",
        "service_at_locations",
        &["!id", "!service_id", "!location_id", "description"],
    ),
    kind(
        "address",
        "addresses.csv",
        "addresses",
        &[
            "!id",
            "location_id",
            "attention",
            "!address_1",
            "address_2",
            "!city",
            "region",
            "!state_province",
            "!postal_code",
            "!country",
            "!address_type",
        ],
    ),
    kind(
        "phone",
        "phones.csv",
        "phones",
        &[
            "!id",
            "location_id",
            "service_id",
            "organization_id",
            "contact_id",
            "service_at_location_id",
            "!number",
            "#extension",
            "type",
            "description",
        ],
    ),
    kind(
        "schedule",
        "schedules.csv",
        "schedules",
        &[
            "!id",
            "service_id",
            "location_id",
            "service_at_location_id",
            "valid_from",
            "valid_to",
            "dtstart",
            "#timezone",
            "until",
            "#count",
            "wkst",
            "freq",
            "#interval",
            "byday",
            "byweekno",
            "bymonthday",
            "byyearday",
            "description",
            "opens_at",
            "closes_at",
            "schedule_link",
            "attending_type",
            "notes",
        ],
    ),
    kind(
        "service_area",
        "service_areas.csv",
        "service_areas",
        &["!id", "service_id", "name", "description", "extent", "extent_type", "uri"],
    ),
    kind(
        "language",
        "languages.csv",
        "languages",
        &["!id", "service_id", "location_id", "phone_id", "name", "code", "note"],
    ),
    kind(
        "contact",
        "contacts.csv",
        "contacts",
        &[
            "!id",
            "organization_id",
            "service_id",
            "service_at_location_id",
            "location_id",
            "name",
            "title",
            "department",
            "email",
        ],
    ),
    kind(
        "cost_option",
        "cost_options.csv",
        "cost_options",
        &[
            "!id",
            "!service_id",
            "valid_from",
            "valid_to",
            "option",
            "currency",
            "#amount",
            "amount_description",
        ],
    ),
    kind(
        "required_document",
        "required_documents.csv",
        "required_documents",
        &["!id", "service_id", "document", "uri"],
    ),
    kind(
        "accessibility",
        "accessibility.csv",
        "accessibility",
        &["!id", "location_id", "description", "details", "url"],
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
        &["!id", "!link_id", "!taxonomy_term_id", "link_type", "!link_entity", "value"],
    ),
    kind(
        "taxonomy_term",
        "taxonomy_terms.csv",
        "",
        &[
            "!id",
            "code",
            "!name",
            "!description",
            "parent_id",
            "taxonomy",
            "language",
            "taxonomy_id",
            "term_uri",
        ],
    ),
];

/// Objects that stand in another one by themselves: in which kind, and the column that names them. No
/// kind is in itself by way of others, so that taking apart and joining end.
pub(super) const SINGLE: [(&str, &str, &str); 3] = [
    ("organization", "service", "organization_id"),
    ("location", "service_at_location", "location_id"),
    ("taxonomy_term", "attribute", "taxonomy_term_id"),
];

/// Whether a column is never blank.
pub(super) fn is_never_blank(column: &str) -> bool {
    column.starts_with('!')
}

/// The name of a column, without its marks.
pub(super) fn plain(column: &str) -> &str {
    column.trim_start_matches(['#', '!'])
}
