//! How far a referral is, as a line of steps.

use entente_node::local::doc::ReferralTold;

use crate::page::Page;

/// The steps of a referral that goes well, in order.
const STAGES: [(&str, &str); 6] = [
    ("Made", "Créé"),
    ("Asked", "Sollicité"),
    ("Accepted", "Accepté"),
    ("Contact details", "Coordonnées"),
    ("In service", "En service"),
    ("Closed", "Fermé"),
];

/// One step of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    /// What it is called.
    pub(super) words: String,
    /// `past`, `here`, `ended`, or blank for what is still to come.
    pub(super) state: &'static str,
}

/// The line of a referral. One that ended otherwise has what it came to, the present step, and then how it ended:
/// `ended`, in words.
pub(super) fn stages(p: &Page, told: &ReferralTold, ended: &str) -> Vec<Stage> {
    let at = stage(&told.referral.step);
    let reached = told.timeline.iter().filter_map(|step| stage(&step.code)).max();
    let now = at.or(reached).unwrap_or_default();
    let all = STAGES.iter().enumerate().map(|(n, (en, fr))| Stage {
        words: p.lang.pick(*en, *fr).to_owned(),
        state: if n == now && at.is_some() {
            "here"
        } else if n <= now {
            "past"
        } else {
            ""
        },
    });
    if at.is_some() {
        return all.collect();
    }
    let end = Stage { words: ended.to_owned(), state: "ended" };
    all.filter(|stage| !stage.state.is_empty()).chain([end]).collect()
}

/// Which step of the line a step or an entry of the timeline belongs to; none if it ended otherwise.
fn stage(code: &str) -> Option<usize> {
    Some(match code {
        "created" => 0,
        "offered" | "offered_to" | "accepting" => 1,
        "accepted" | "won" => 2,
        "handed_over" | "handed_over_to" | "delivered" | "opened" => 3,
        "in_service" => 4,
        "closing" | "closed" | "done" => 5,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use entente_core::lang::Lang;
    use serde_json::json;

    use super::*;
    use crate::page::test_page;

    fn told(step: &str, happened: &[&str]) -> ReferralTold {
        let home = json!({"id": "0", "name": {"en": "House", "fr": "Maison"}});
        let timeline: Vec<_> = happened
            .iter()
            .map(|code| {
                json!({
                    "at": "", "code": code, "detail": "", "partner": null, "by": "", "ours": true, "hash": null,
                })
            })
            .collect();
        serde_json::from_value(json!({
            "done": false,
            "referral": {
                "id": "a", "home": home, "ours": true, "record": null, "on_behalf_of": null, "step": step,
                "status": null, "outcome": null, "barrier": null, "needs": [], "urgency": null, "area": null,
                "with": null, "asked": 0, "since": "", "due": null, "expires": null, "overdue": false,
            },
            "card": null, "duties": [], "offers": [], "matches": [], "handovers": [], "timeline": timeline,
        }))
        .unwrap()
    }

    fn line(step: &str, happened: &[&str]) -> Vec<(String, &'static str)> {
        let all = stages(&test_page(Lang::En), &told(step, happened), "ended so");
        all.into_iter().map(|stage| (stage.words, stage.state)).collect()
    }

    #[test]
    fn the_line_has_one_present_step_and_what_is_to_come() {
        let states = |step| line(step, &[]).into_iter().map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(states("created"), ["here", "", "", "", "", ""]);
        assert_eq!(states("opened"), ["past", "past", "past", "here", "", ""]);
        assert_eq!(states("done"), ["past", "past", "past", "past", "past", "here"]);
    }

    #[test]
    fn a_referral_that_ended_otherwise_says_how_and_promises_nothing_more() {
        let unmet = line("unmet", &["created", "offered", "declined"]);
        let said: Vec<_> = unmet.iter().map(|(words, state)| (words.as_str(), *state)).collect();
        assert_eq!(said, [("Made", "past"), ("Asked", "past"), ("ended so", "ended")]);
        let revoked =
            line("revoked", &["created", "offered", "accepted", "handed_over", "withdrawn"]);
        assert_eq!(revoked.len(), 5);
    }
}
