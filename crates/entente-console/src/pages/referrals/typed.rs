//! The answers in the form of a new referral. All of them are codes.

use entente_node::local::doc::{ConsentGiveAsk, RecordShowTold, ReferralCreateAsk};

use super::act::pairs;
use crate::page::Page;
use crate::problem::Problem;

/// How many needs one card names: `entente_core::referral::MAX_NEEDS`.
pub(super) const NEEDS: usize = entente_core::referral::MAX_NEEDS;

/// The answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) case: String,
    // The service that was found before, if one was: it is asked first.
    pub(super) service: String,
    pub(super) needs: Vec<String>,
    pub(super) urgency: String,
    pub(super) risk: String,
    pub(super) gender: String,
    pub(super) language: String,
    pub(super) interpreter: bool,
    pub(super) area: String,
    pub(super) access: Vec<String>,
    pub(super) dependants: String,
    pub(super) safety: Vec<String>,
    pub(super) tell_status: bool,
    pub(super) indigenous: bool,
    // `consent` or `duty`; empty if a consent is there already.
    pub(super) basis: String,
    pub(super) given_by: String,
    pub(super) informed: bool,
    pub(super) duty: String,
    pub(super) recipients: Vec<String>,
    // `check`, `change` or `create`.
    pub(super) then: String,
}

impl Typed {
    /// What a form sent.
    pub(super) fn read(form: &[u8]) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (name, value) in pairs(form)?.into_iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "case" => typed.case = value,
                "service" => typed.service = value,
                "need" if !typed.needs.contains(&value) => typed.needs.push(value),
                "urgency" => typed.urgency = value,
                "risk" => typed.risk = value,
                "gender" => typed.gender = value,
                "language" => typed.language = value,
                "interpreter" => typed.interpreter = true,
                "area" => typed.area = value,
                "access" => typed.access.push(value),
                "dependants" => typed.dependants = value,
                "safety" => typed.safety.push(value),
                "tell_status" => typed.tell_status = true,
                "indigenous" => typed.indigenous = true,
                "basis" => typed.basis = value,
                "given_by" => typed.given_by = value,
                "informed" => typed.informed = true,
                "duty" => typed.duty = value,
                "recipient" => typed.recipients.push(value),
                "then" => typed.then = value,
                _ => {}
            }
        }
        Ok(typed)
    }

    /// What a record suggests.
    pub(super) fn suggested(told: &RecordShowTold) -> Self {
        let values = |field: &str| {
            let found = told.fields.iter().find(|it| it.field == field && !it.masked);
            found.map(|it| it.values.0.clone()).unwrap_or_default()
        };
        let first = |field: &str| values(field).into_iter().next().unwrap_or_default();
        let dependants = match first("dependants").parse::<u32>() {
            Ok(0) | Err(_) => "none",
            Ok(1 | 2) => "1-2",
            Ok(_) => "3+",
        };
        Self {
            case: told.record.id.clone(),
            needs: values("needs").into_iter().take(NEEDS).collect(),
            urgency: "1d".to_owned(),
            risk: first("risk"),
            language: first("languages"),
            area: told.record.province.clone().unwrap_or_default(),
            dependants: dependants.to_owned(),
            given_by: "self".to_owned(),
            ..Self::default()
        }
    }

    /// The answers as they travel to the next page.
    pub(super) fn hidden(&self) -> Vec<(&'static str, &str)> {
        let flag = |it: bool| if it { "yes" } else { "" };
        let mut all = vec![
            ("case", self.case.as_str()),
            ("service", &self.service),
            ("urgency", &self.urgency),
            ("risk", &self.risk),
            ("gender", &self.gender),
            ("language", &self.language),
            ("interpreter", flag(self.interpreter)),
            ("area", &self.area),
            ("dependants", &self.dependants),
            ("tell_status", flag(self.tell_status)),
            ("indigenous", flag(self.indigenous)),
            ("basis", &self.basis),
            ("given_by", &self.given_by),
            ("informed", flag(self.informed)),
            ("duty", &self.duty),
        ];
        let several = [
            ("need", &self.needs),
            ("access", &self.access),
            ("safety", &self.safety),
            ("recipient", &self.recipients),
        ];
        for (name, values) in several {
            all.extend(values.iter().map(|value| (name, value.as_str())));
        }
        all.retain(|(_, value)| !value.is_empty());
        all
    }

    /// What the node is asked.
    pub(super) fn ask(&self) -> ReferralCreateAsk {
        let some = |text: &String| Some(text.clone()).filter(|it| !it.is_empty());
        ReferralCreateAsk {
            record: self.case.clone(),
            needs: self.needs.clone(),
            urgency: self.urgency.clone(),
            risk: some(&self.risk),
            gender: some(&self.gender),
            language: some(&self.language),
            interpreter: self.interpreter,
            area: some(&self.area).or_else(|| Some("anywhere".to_owned())),
            access: self.access.clone(),
            dependants: some(&self.dependants),
            safety: self.safety.clone(),
            tell_status: self.tell_status,
            indigenous_service: self.indigenous,
        }
    }

    /// The consent or the duty that is entered before, if one is.
    pub(super) fn consent(&self) -> Option<ConsentGiveAsk> {
        let ask = ConsentGiveAsk {
            record: self.case.clone(),
            scopes: Vec::new(),
            needs: Vec::new(),
            recipients: Vec::new(),
            given_by: None,
            informed: false,
            language: None,
            given_on: None,
            valid_until: None,
            override_reason: None,
        };
        match self.basis.as_str() {
            "consent" => Some(ConsentGiveAsk {
                scopes: vec!["referral_need".to_owned()],
                needs: self.needs.clone(),
                given_by: Some(self.given_by.clone()).filter(|it| !it.is_empty()),
                informed: self.informed,
                ..ask
            }),
            "duty" => Some(ConsentGiveAsk {
                recipients: self.recipients.clone(),
                override_reason: Some(self.duty.clone()),
                ..ask
            }),
            _ => None,
        }
    }

    /// What is still missing: the field and what to say of it.
    pub(super) fn missing(
        &self,
        p: &Page,
        has_basis: bool,
    ) -> Option<(&'static str, &'static str)> {
        match () {
            () if self.needs.is_empty() => Some((
                "need-1",
                p.t("Say what is needed.", "Indiquez ce dont la personne a besoin."),
            )),
            () if self.urgency.is_empty() => {
                Some(("urgency-1h", p.t("Say how urgent it is.", "Indiquez l’urgence.")))
            }
            () if has_basis => None,
            () if self.basis == "consent" && !self.informed => Some((
                "informed",
                p.t(
                    "A consent counts only if the person was told what it is for.",
                    "Un consentement ne vaut que si la personne sait à quoi il sert.",
                ),
            )),
            () if self.basis == "duty" && (self.duty.is_empty() || self.recipients.is_empty()) => {
                Some((
                    "duty",
                    p.t(
                        "Say which duty, and towards whom.",
                        "Indiquez quelle obligation et envers qui.",
                    ),
                ))
            }
            () if self.basis.is_empty() => Some((
                "basis-consent",
                p.t(
                    "Say whether the person agrees, or which duty there is.",
                    "Indiquez si la personne est d’accord, ou quelle obligation s’applique.",
                ),
            )),
            () => None,
        }
    }
}
