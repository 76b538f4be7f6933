//! Our services, and those of partners if that is wanted, as a file, for whoever keeps a directory of their own.

use axum::Form;
use entente_node::local::doc::ServiceExportAsk;
use serde::Deserialize;

use crate::carried::{self, Kind};
use crate::gate::Visit;
use crate::page::Answer;

/// Which kind of file, and for whom.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    kind: String,
    // With what only partners may see.
    #[serde(default)]
    partners: String,
    // With the services of partners: what only partners may see is then in it.
    #[serde(default)]
    with: String,
}

/// `POST /services/export`.
pub(super) async fn export(visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let command = ("entente service export FILE", "entente service export FICHIER");
    let (layout, kind) = match chosen.kind.as_str() {
        "zip" => ("hsds-3.0-package", Kind { media: "application/zip", ending: "zip", command }),
        _ => ("hsds-3.0", Kind { media: "application/json", ending: "json", command }),
    };
    let with_partners = !chosen.with.is_empty();
    let place = visit.console.jobs(|jobs| jobs.files.place()).await?;
    let ask = ServiceExportAsk {
        file: place.path(),
        layout: Some(layout.to_owned()),
        for_partners: !chosen.partners.is_empty() || with_partners,
        with_partners,
    };
    let (told, place) = carried::asked(&visit, place, ask).await?;
    let whom = if told.for_partners { "for-partners" } else { "public" };
    let name = format!("entente-services-{whom}-{}", visit.console.desk.node.today());
    carried::download(&visit, place, &name, kind).await
}
