//! What partners have given us: summaries as rows and in full.

use std::collections::{BTreeMap, HashMap};

use entente_core::agreement::Element;
use entente_core::audit::Action;
use entente_core::codes::{Code, Set};
use entente_core::identity::OrgId;
use entente_core::lang::Lang;
use entente_core::period::Period;
use entente_core::statement::Statement;
use entente_core::summary::{Age, CaseSummary, Citizenship, Place, SummaryId};

use crate::answer::records::page;
use crate::answer::records::show::Names;
use crate::answer::{Desk, Staff, Steps, instant};
use crate::fault::Fault;
use crate::local::doc::*;
use crate::node::feeds::holding::Holding;
use crate::node::{Node, Outcome};

const DAY_S: i64 = 24 * 60 * 60;

/// What is needed to tell of held summaries.
struct Telling {
    names: Names,
    /// For how many days the agreement with an issuer lets us keep what it gave us.
    days: HashMap<OrgId, u32>,
}

impl Telling {
    fn of(node: &Node) -> Outcome<Self> {
        let mut days = HashMap::new();
        for (issuer, _) in node.partner_rows()? {
            // The newest agreement decides, as it does when time is up.
            let kept = node.db().read(|tx| node.newest(tx, &issuer))?;
            let grant = kept.as_ref().and_then(|kept| kept.agreement.grant_to(&node.id()));
            days.extend(grant.map(|(_, grant)| (issuer, grant.retention_days)));
        }
        Ok(Self { names: Names::of(node)?, days })
    }

    /// `came_s` is when it came; seconds since 1970.
    fn row(&self, issuer: &OrgId, came_s: i64, summary: &CaseSummary) -> HeldRow {
        let until = self.days.get(issuer).map(|days| came_s + i64::from(*days) * DAY_S);
        let forms = summary.exploitation.unwrap_or_default();
        HeldRow {
            summary: summary.id.to_string(),
            partner: self.names.named(issuer),
            period: summary.period.to_string(),
            place: summary.place.map(|it| place(it).to_owned()),
            gender: summary.gender.map(|it| it.code().to_owned()),
            age: summary.age.map(|it| age(it).to_owned()),
            exploitation: forms.iter().map(|it| it.code().to_owned()).collect(),
            keep_until: until.map(|at_s| instant(at_s).chars().take(10).collect()),
        }
    }
}

pub(in crate::answer) fn list(
    desk: &Desk,
    staff: &Staff,
    ask: HeldListAsk,
    _: &Steps,
) -> Outcome<HeldListTold> {
    let node = &*desk.node;
    let only = ask.partner.as_deref().map(|text| node.find_partner(text)).transpose()?;
    for name in ask.filter.keys() {
        let known = name == "status" || Element::all().any(|element| element.name() == name);
        if !known {
            return Err(unknown_level());
        }
    }
    let mut filter = ask.filter;
    // As a summary says it, however it was typed.
    if let Some(typed) = filter.get_mut("period")
        && let Ok(period) = typed.parse::<Period>()
    {
        *typed = period.to_string();
    }
    let after = ask.after.as_deref().map(|text| find(node, text)).transpose()?;
    let is_meant = |it: &&Holding| {
        only.as_ref().is_none_or(|(only, _)| *only == it.issuer) && admits(&filter, &it.summary)
    };
    let limit = page(ask.limit);
    let (mut total, mut shown, mut is_more, mut is_after) = (0, Vec::new(), false, after.is_none());
    node.holdings(|all| {
        for it in all.all().filter(is_meant) {
            total += 1;
            match is_after {
                true if shown.len() < limit => shown.push(it.summary.id),
                true => is_more = true,
                false => is_after = Some(it.summary.id) == after,
            }
        }
        Ok(())
    })?;
    if !is_after {
        return Err(unknown_summary());
    }
    let telling = Telling::of(node)?;
    let mut held = Vec::with_capacity(shown.len());
    // One that was taken back this moment is not told any more.
    for (leaf, came_s) in node.held_statements_of(&shown)? {
        if let Statement::Summary(summary) = &leaf.statement {
            held.push(telling.row(&leaf.feed.issuer, came_s, summary));
        }
    }
    let entry = node.entry(staff.actor(), Action::RecordsListed).n(held.len() as u64);
    node.audit(vec![entry.reasons(["held".to_owned()])])?;
    let next = shown.last().filter(|_| is_more).map(SummaryId::to_string);
    Ok(HeldListTold { total, held, next })
}

/// Whether a summary holds all these codes, at the level at which it was told.
fn admits(filter: &BTreeMap<String, String>, summary: &CaseSummary) -> bool {
    filter.iter().all(|(name, wanted)| {
        let wanted = wanted.trim();
        // The year of a quarter is asked for as often as the quarter.
        let holds =
            |value: &str| value == wanted || (name == "period" && value.starts_with(wanted));
        let mut is_held = false;
        each_value(summary, name, &mut |value| is_held |= holds(value));
        is_held
    })
}

pub(in crate::answer) fn show(
    desk: &Desk,
    staff: &Staff,
    ask: HeldShowAsk,
    _: &Steps,
) -> Outcome<HeldShowTold> {
    let node = &*desk.node;
    let id = find(node, &ask.summary)?;
    let (leaf, came_s) = node.held_statement(&id)?.ok_or_else(unknown_summary)?;
    let Statement::Summary(summary) = &leaf.statement else { return Err(unknown_summary()) };
    let telling = Telling::of(node)?;
    // The newest checkpoint proves everything before it; of an epoch that is over, the leaf is all.
    let (epoch, size, _) = node.followed_checkpoint(&leaf.feed.issuer)?;
    let field = |(field, values): (&'static str, Vec<String>)| FieldValue {
        field: field.to_owned(),
        values: Private(values),
        identifying: false,
        masked: false,
    };
    let entry = node.entry(staff.actor(), Action::RecordsListed);
    let entry = entry.partner(leaf.feed.issuer).reference(id.0);
    node.audit(vec![entry.reasons(["held".to_owned()])])?;
    Ok(HeldShowTold {
        summary: telling.row(&leaf.feed.issuer, came_s, summary),
        fields: fields(summary).into_iter().map(field).collect(),
        min_group: summary.k_at_release,
        rung: summary.rung.number(),
        agreement: leaf.agreement.map(|it| hex::encode(it.id)).unwrap_or_default(),
        sequence: leaf.seq,
        checkpoint_size: if epoch == leaf.feed.epoch { size } else { leaf.seq },
        received_at: instant(came_s),
    })
}

/// The held summary whose id begins like this.
fn find(node: &Node, text: &str) -> Outcome<SummaryId> {
    let wanted = text.trim().to_lowercase();
    // Memory knows where a whole one is; only the beginning of one is looked for.
    if let Some(id) = hex::decode(&wanted).ok().and_then(|bytes| bytes.try_into().ok()) {
        return Ok(SummaryId(id));
    }
    let begins = |id: &SummaryId| wanted.len() >= 4 && id.to_string().starts_with(&wanted);
    let found: Vec<_> =
        node.holdings(|all| Ok(all.all().map(|it| it.summary.id).filter(begins).collect()))?;
    match found.as_slice() {
        [one] => Ok(*one),
        _ => Err(unknown_summary()),
    }
}

/// The fields of a summary, in the order in which they are shown.
const FIELDS: [&str; 18] = [
    "period",
    "status",
    "status_decided_by",
    "place",
    "gender",
    "age",
    "citizenship",
    "majority_at_exploitation",
    "exploitation",
    "labour_sectors",
    "sexual_types",
    "duration",
    "controls",
    "recruiter_relation",
    "needs",
    "geo_scope",
    "definition_profiles",
    "data_source",
];

/// What a summary says, field by field, as codes.
fn fields(summary: &CaseSummary) -> Vec<(&'static str, Vec<String>)> {
    let said = |name: &'static str| {
        let mut values = Vec::new();
        let is_said = each_value(summary, name, &mut |value| values.push(value.to_owned()));
        is_said.then_some((name, values))
    };
    FIELDS.into_iter().filter_map(said).collect()
}

/// Visits the codes that a summary has for a field; false if it says nothing of it.
fn each_value(summary: &CaseSummary, name: &str, visit: &mut dyn FnMut(&str)) -> bool {
    let it = summary;
    match name {
        "period" => visited(visit, Some(&*it.period.to_string())),
        "status" => visited(visit, Some(it.status.code())),
        "status_decided_by" => visited(visit, it.status_decided_by.map(Code::code)),
        "place" => visited(visit, it.place.map(place)),
        "gender" => visited(visit, it.gender.map(Code::code)),
        "age" => visited(visit, it.age.map(age)),
        "citizenship" => visited(visit, it.citizenship.map(citizenship)),
        "majority_at_exploitation" => visited(visit, it.majority_at_exploitation.map(Code::code)),
        "exploitation" => several(visit, it.exploitation),
        "labour_sectors" => several(visit, it.labour_sectors),
        "sexual_types" => several(visit, it.sexual_types),
        "duration" => visited(visit, it.duration.map(Code::code)),
        "controls" => several(visit, it.controls),
        "recruiter_relation" => several(visit, it.recruiter_relation),
        "needs" => several(visit, it.needs),
        "geo_scope" => visited(visit, it.geo_scope.map(Code::code)),
        "definition_profiles" => several(visit, it.definition_profiles),
        "data_source" => visited(visit, it.data_source.map(Code::code)),
        _ => false,
    }
}

fn visited(visit: &mut dyn FnMut(&str), value: Option<&str>) -> bool {
    value.map(visit).is_some()
}

fn several<C: Code>(visit: &mut dyn FnMut(&str), codes: Option<Set<C>>) -> bool {
    codes.map(|codes| codes.iter().for_each(|code| visit(code.code()))).is_some()
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Province(province) => province.code(),
        Place::Region(region) => region.code(),
        Place::Unknown => "unknown",
    }
}

fn age(age: Age) -> &'static str {
    match age {
        Age::Group(group) => group.code(),
        Age::Majority(majority) => majority.code(),
    }
}

fn citizenship(citizenship: Citizenship) -> &'static str {
    match citizenship {
        Citizenship::Group(group) => group.code(),
        Citizenship::Canadian => "can",
        Citizenship::Other => "other",
        Citizenship::Unknown => "unknown",
    }
}

fn unknown_level() -> Box<Fault> {
    let names = |lang: Lang| {
        let all = Element::all().map(|element| match lang {
            Lang::En => format!("{} ({})", element.name(), element.label().en),
            Lang::Fr => format!("{} ({})", element.name(), element.label().fr),
        });
        all.collect::<Vec<_>>().join(", ")
    };
    Fault::new(
        1513,
        ("Summaries have no such field.", "Les résumés n’ont pas ce champ."),
        (
            "Use one of them: `--where exploitation=forced_labour`.",
            "Utilisez l’un d’eux\u{a0}: `--where exploitation=forced_labour`.",
        ),
    )
    .because(names(Lang::En), names(Lang::Fr))
}

fn unknown_summary() -> Box<Fault> {
    Fault::new(
        1514,
        ("No such summary is held.", "Ce résumé n’est pas détenu."),
        ("List them: `entente held list`.", "Affichez la liste\u{a0}: `entente held list`."),
    )
}
