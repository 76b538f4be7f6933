//! From a parsed command to the document that is asked.
//!
//! Reads files where a command names them, makes paths absolute (the node may run elsewhere), and
//! asks nobody anything: what needs a person is in [`super::flow`].

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use entente_node::fault::Fault;
use entente_node::local::doc::*;
use entente_node::local::{Ask, Op};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::desk::Desk;
use super::faults;

/// The largest file that travels inside a document: the node takes 8 MiB.
const MAX_INLINE: u64 = 4 << 20;

/// One question for the node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Question {
    /// Which operation.
    pub(crate) op: Op,
    /// The document.
    pub(crate) body: Value,
}

impl Question {
    /// The question that `ask` is.
    pub(crate) fn new<A: Ask>(ask: &A) -> Self {
        // A document is maps with text keys, so writing it cannot fail.
        Self { op: A::OP, body: serde_json::to_value(ask).unwrap_or_default() }
    }

    /// The same question, only to see what it would do; `None` if it has no such form.
    pub(crate) fn dry(&self) -> Option<Self> {
        let mut dry = self.clone();
        let flag = dry.body.get_mut("dry_run")?;
        *flag = Value::Bool(true);
        Some(dry)
    }

    /// The same question about the plan or round that `told` shows, by its whole id: what a name means can
    /// change while somebody reads.
    pub(crate) fn as_shown(&self, told: &Value) -> Self {
        let mut meant = self.clone();
        for key in ["plan", "round"] {
            let named = meant.body.get_mut(key).filter(|named| named.is_string());
            let id = told.get(key).and_then(|it| it.get("id")).filter(|id| id.is_string());
            if let (Some(named), Some(id)) = (named, id) {
                *named = id.clone();
            }
        }
        meant
    }

    /// Whether it is only to see what it would do.
    pub(crate) fn is_dry(&self) -> bool {
        self.body.get("dry_run") == Some(&Value::Bool(true))
    }
}

pub(super) type Asked = Result<Question, Box<Fault>>;

fn opener(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    match command {
        "list" => asked(&OpenerListAsk {}),
        "remove" => {
            asked(&OpenerRemoveAsk { name: typed.text("name"), dry_run: typed.flag("dry-run") })
        }
        "rotate" => asked(&OpenerRotateAsk {}),
        // To add one takes a passphrase, which is asked for.
        _ => None,
    }
}

/// The question behind a command, for instance `["partner", "list"]`; `None` if the command is
/// not a question for the node, or needs more than what was typed.
pub(crate) fn question(path: &[&str], typed: &ArgMatches) -> Option<Asked> {
    let typed = Typed(typed);
    match path {
        ["status"] => asked(&StatusAsk {}),
        ["inbox"] => asked(&InboxAsk { after: None }),
        ["notify", "test"] => asked(&NotifyTestAsk {}),
        ["doctor"] => asked(&DoctorAsk {}),
        ["sync"] => asked(&SyncAsk { partner: typed.maybe("partner") }),
        ["count"] => count(&typed),
        ["node", "stop"] => asked(&NodeStopAsk {}),
        ["partner", command] => partner(command, &typed),
        ["agreement", command] => agreement(command, &typed),
        ["record", command] => record(command, &typed),
        ["consent", command] => consent(command, &typed),
        ["referral", command] => referral(command, &typed),
        ["epoch", command] => epoch(command, &typed),
        ["held", command] => held(command, &typed),
        ["opener", command] => opener(command, &typed),
        ["bundle", command] => bundle(command, &typed),
        ["plan", command] => plan(command, &typed),
        ["service", command] => super::services::service(command, &typed),
        ["sponsor", command] => super::sponsors::sponsor(command, &typed),
        ["capacity", command] => super::services::capacity(command, &typed),
        ["stats", "overlap", command] => overlap(command, &typed),
        ["stats", command] => stats(command, &typed),
        ["budget"] => asked(&BudgetAsk {}),
        ["audit", command] => audit(command, &typed),
        ["user", command] => user(command, &typed),
        ["approvals", command] => approvals(command, &typed),
        ["settings", "show"] => asked(&SettingsShowAsk {}),
        ["settings", "edit"] => asked(&SettingsEditAsk {
            name_en: typed.maybe("name-en"),
            name_fr: typed.maybe("name-fr"),
            kind: typed.maybe("kind"),
            role: typed.maybe("role").map(|it| separated(&it)),
            languages: typed.maybe("languages").map(|it| separated(&it)),
            mandate_en: typed.maybe("mandate-en"),
            mandate_fr: typed.maybe("mandate-fr"),
            responsibilities_en: typed.maybe("responsibilities-en"),
            responsibilities_fr: typed.maybe("responsibilities-fr"),
            // The console edits the rest; on the machine there is the file.
            ..SettingsEditAsk::default()
        }),
        ["console", "link"] => asked(&ConsoleLinkAsk {}),
        ["backup", "create"] => asked(&BackupCreateAsk { folder: typed.path("folder") }),
        ["backup", "list"] => asked(&BackupListAsk {}),
        ["store", "size"] => asked(&StoreSizeAsk {}),
        _ => None,
    }
}

/// What was typed as one word with commas in it; nothing of an empty one.
fn separated(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "the arms of `question` are alike")]
pub(super) fn asked<A: Ask>(ask: &A) -> Option<Asked> {
    Some(Ok(Question::new(ask)))
}

fn partner(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let partner = || typed.text("partner");
    match command {
        "invite" => asked(&PartnerInviteAsk {
            for_name: typed.text("name"),
            expires_days: typed.number("expires").unwrap_or(14),
            template: typed.maybe("template"),
            contact: typed
                .maybe("contact")
                .map(|desk| InvitationContact { desk, telephone: typed.text("telephone") }),
        }),
        "open" => Some(
            ticket(&typed.text("ticket"))
                .map(|ticket| Question::new(&PartnerOpenAsk { ticket, peek: typed.flag("peek") })),
        ),
        "digits" => asked(&PartnerDigitsAsk { partner: partner() }),
        "verify" => {
            let digits = typed.many("digits").concat();
            // Without digits they are asked for.
            if digits.is_empty() {
                return None;
            }
            asked(&PartnerVerifyAsk { partner: partner(), digits })
        }
        "test" => asked(&PartnerTestAsk { partner: partner() }),
        "list" => asked(&PartnerListAsk { state: typed.word("state") }),
        "show" => asked(&PartnerShowAsk { partner: partner() }),
        "suspend" => asked(&PartnerSuspendAsk {
            partner: partner(),
            reason: typed.maybe("reason"),
            dry_run: typed.flag("dry-run"),
        }),
        "resume" => asked(&PartnerResumeAsk { partner: partner() }),
        "end" => asked(&PartnerEndAsk {
            partner: partner(),
            reason: typed.maybe("reason"),
            dry_run: typed.flag("dry-run"),
        }),
        "decline" => Some(ticket(&typed.text("ticket")).map(|ticket| {
            Question::new(&PartnerDeclineAsk { ticket, reason: typed.maybe("reason") })
        })),
        "feed" => asked(&FeedListAsk {
            partner: partner(),
            direction: if typed.flag("received") { Direction::Received } else { Direction::Sent },
            limit: typed.limit(),
            before: typed.number("before"),
        }),
        "quarantine" => asked(&QuarantineListAsk {
            partner: typed.maybe("partner"),
            limit: typed.limit(),
            before: typed.number("before"),
        }),
        "release" => {
            asked(&QuarantineReleaseAsk { partner: partner(), reason: typed.text("reason") })
        }
        _ => None,
    }
}

fn user(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let user = typed.text("user");
    match command {
        "add" => asked(&UserAddAsk {
            name: user,
            display: typed.maybe("display").unwrap_or_default(),
            roles: typed.many("role"),
        }),
        "list" => asked(&UserListAsk {}),
        "roles" => asked(&UserRolesAsk { user, roles: typed.many("roles") }),
        "disable" => asked(&UserDisableAsk { user }),
        "enable" => asked(&UserEnableAsk { user }),
        "reset" => asked(&UserResetAsk { user }),
        "sign-out" => asked(&UserSignOutAsk { user }),
        _ => None,
    }
}

fn approvals(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let approval = typed.text("approval");
    match command {
        "list" => asked(&ApprovalListAsk { decided: typed.flag("decided") }),
        "approve" => asked(&ApprovalApproveAsk { approval }),
        "refuse" => asked(&ApprovalRefuseAsk { approval }),
        _ => None,
    }
}

fn agreement(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let agreement = || typed.text("agreement");
    match command {
        "draft" => Some(pairs(&typed.many("set"), "--set").map(|edits| {
            Question::new(&AgreementDraftAsk {
                template: typed.text("template"),
                partner: typed.text("partner"),
                edits,
                amends: None,
            })
        })),
        "propose" => Some(typed.content("file").map(|toml| {
            Question::new(&AgreementProposeAsk {
                partner: typed.text("partner"),
                toml,
                dry_run: typed.flag("dry-run"),
            })
        })),
        "list" => {
            asked(&AgreementListAsk { partner: typed.maybe("partner"), state: typed.word("state") })
        }
        "show" => asked(&AgreementShowAsk { agreement: agreement() }),
        "diff" => Some(diff(&typed.text("new"), typed.maybe("against"))),
        "sign" => asked(&AgreementSignAsk { agreement: agreement() }),
        "decline" => {
            asked(&AgreementDeclineAsk { agreement: agreement(), reason: typed.maybe("reason") })
        }
        "amend" => Some(typed.content("file").map(|toml| {
            Question::new(&AgreementAmendAsk {
                agreement: agreement(),
                toml,
                dry_run: typed.flag("dry-run"),
            })
        })),
        "suspend" => asked(&AgreementSuspendAsk {
            agreement: agreement(),
            reason: typed.maybe("reason"),
            dry_run: typed.flag("dry-run"),
        }),
        "resume" => asked(&AgreementResumeAsk { agreement: agreement() }),
        "end" => asked(&AgreementEndAsk {
            agreement: agreement(),
            reason: typed.maybe("reason"),
            dry_run: typed.flag("dry-run"),
        }),
        "explain" => asked(&AgreementExplainAsk {
            record: typed.text("record"),
            partner: typed.text("partner"),
            group: true,
        }),
        _ => None,
    }
}

/// What is new is a file if there is one of that name, and else an id.
fn diff(new: &str, against: Option<String>) -> Asked {
    let path = Path::new(new);
    let (agreement, toml) = if new == "-" || path.exists() {
        (None, Some(content(path)?))
    } else {
        (Some(new.to_owned()), None)
    };
    Ok(Question::new(&AgreementDiffAsk { agreement, toml, against }))
}

fn record(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let record = || typed.text("record");
    match command {
        "add" => {
            if typed.many("fields").is_empty() && typed.path("from").is_none() {
                // Without fields they are asked for.
                return None;
            }
            Some(
                typed
                    .fields()
                    .map(|fields| Question::new(&RecordAddAsk { fields: Private(fields) })),
            )
        }
        "show" => asked(&RecordShowAsk {
            record: record(),
            reveal: typed.flag("reveal"),
            version: typed.number("version"),
        }),
        "list" => Some(typed.filter().map(|filter| {
            Question::new(&RecordListAsk {
                filter,
                withdrawn: typed.flag("withdrawn"),
                consent_ending: typed.flag("consent-ending"),
                no_consent: typed.flag("no-consent"),
                limit: typed.limit(),
                after: typed.maybe("after"),
            })
        })),
        "search" => {
            let text = Private(typed.maybe("text")?);
            asked(&RecordSearchAsk { text, limit: typed.limit() })
        }
        "edit" => Some(typed.fields().map(|set| {
            Question::new(&RecordEditAsk { record: record(), set: Private(set), version: None })
        })),
        "history" => asked(&RecordHistoryAsk { record: record() }),
        "withdraw" => {
            asked(&RecordWithdrawAsk { record: record(), dry_run: typed.flag("dry-run") })
        }
        "import" => asked(&RecordImportAsk {
            file: typed.path("file").unwrap_or_default(),
            layout: typed.maybe("layout"),
            mapping: typed.path("mapping"),
            columns: BTreeMap::new(),
            sheet: typed.maybe("sheet"),
            quarantine: typed.path("quarantine"),
            consent: Some(typed.many("consent")).filter(|scopes| !scopes.is_empty()),
            dry_run: typed.flag("dry-run"),
        }),
        "export" => Some(typed.filter().map(|filter| {
            Question::new(&RecordExportAsk {
                file: typed.path("file").unwrap_or_default(),
                layout: typed.maybe("layout"),
                filter,
                reveal: typed.flag("reveal"),
            })
        })),
        "duplicates" => asked(&RecordDuplicatesAsk {
            record: typed.maybe("record"),
            min_score: typed.number("score").unwrap_or(80),
            fields: false,
            from: 0,
            limit: typed.limit(),
        }),
        "link" => asked(&RecordLinkAsk {
            left: record(),
            right: typed.text("other"),
            same_person: typed.flag("same"),
        }),
        "steward" => asked(&RecordStewardAsk {
            record: record(),
            steward: typed.maybe("steward"),
            allows: typed.maybe("allows").map(|answer| answer == "yes"),
        }),
        _ => None,
    }
}

fn consent(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let record = || typed.text("record");
    match command {
        "give" => asked(&ConsentGiveAsk {
            record: record(),
            scopes: typed.many("scope"),
            needs: typed.many("need"),
            recipients: typed.many("to"),
            given_by: typed.maybe("by"),
            informed: typed.flag("informed"),
            language: typed.maybe("language"),
            given_on: typed.maybe("from"),
            valid_until: typed.maybe("until"),
            override_reason: typed.maybe("override"),
        }),
        "withdraw" => asked(&ConsentWithdrawAsk {
            record: record(),
            consent: typed.maybe("consent"),
            dry_run: typed.flag("dry-run"),
        }),
        "list" => asked(&ConsentListAsk { record: record() }),
        _ => None,
    }
}

fn epoch(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let partner = || typed.maybe("partner");
    match command {
        "close" => asked(&EpochCloseAsk { epoch: typed.text("epoch"), partner: partner() }),
        "preview" => asked(&EpochPreviewAsk { epoch: typed.text("epoch"), partner: partner() }),
        "list" => asked(&EpochListAsk {}),
        _ => None,
    }
}

fn held(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    match command {
        "list" => Some(typed.filter().map(|filter| {
            Question::new(&HeldListAsk {
                partner: typed.maybe("partner"),
                filter,
                limit: typed.limit(),
                after: typed.maybe("after"),
            })
        })),
        "show" => asked(&HeldShowAsk { summary: typed.text("summary") }),
        _ => None,
    }
}

fn bundle(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let file = typed.path("file").unwrap_or_default();
    match command {
        "export" => asked(&BundleExportAsk {
            partner: typed.text("partner"),
            file,
            from: typed.number("from"),
        }),
        "import" => asked(&BundleImportAsk { file }),
        _ => None,
    }
}

fn count(typed: &Typed<'_>) -> Option<Asked> {
    let (by, periods) = (typed.many("by"), typed.many("period"));
    let own = typed.flag("own");
    Some(typed.filter().map(|filter| {
        if own {
            Question::new(&CountOwnAsk { by, filter, periods })
        } else {
            Question::new(&CountAsk { by, filter, periods, partners: typed.many("partner") })
        }
    }))
}

fn plan(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    match command {
        "draft" => asked(&PlanDraftAsk {
            queriers: typed.many("asks"),
            contributors: typed.many("contributes"),
            aggregators: typed.many("adds-up"),
            template: typed.maybe("template"),
            propose: typed.flag("propose"),
            ..PlanDraftAsk::default()
        }),
        "sign" => Some(plan_to_sign(&typed.text("plan"), typed.flag("dry-run"))),
        "show" => asked(&PlanShowAsk { plan: typed.text("plan") }),
        "list" => asked(&PlanListAsk {}),
        _ => None,
    }
}

/// What is signed is a file if there is one of that name, and else a plan that we have.
fn plan_to_sign(typed: &str, dry_run: bool) -> Asked {
    let path = Path::new(typed);
    let (plan, toml) = if typed == "-" || path.is_file() {
        (None, Some(content(path)?))
    } else {
        (Some(typed.to_owned()), None)
    };
    Ok(Question::new(&PlanSignAsk { plan, toml, dry_run }))
}

fn referral(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let referral = || typed.text("referral");
    match command {
        "create" => asked(&ReferralCreateAsk {
            record: typed.text("record"),
            needs: typed.many("need"),
            urgency: typed.maybe("urgency").unwrap_or_else(|| "1d".to_owned()),
            risk: typed.maybe("risk"),
            gender: typed.maybe("gender"),
            language: typed.maybe("language"),
            interpreter: typed.flag("interpreter"),
            area: typed.maybe("area"),
            access: typed.many("access"),
            dependants: typed.maybe("dependants"),
            safety: typed.many("safety"),
            tell_status: typed.flag("tell-status"),
            indigenous_service: typed.flag("indigenous-service"),
        }),
        "offer" => asked(&ReferralOfferAsk {
            referral: referral(),
            partners: typed.many("to"),
            services: typed.many("service"),
            matching: typed.flag("matching"),
            dry_run: typed.flag("dry-run"),
        }),
        "inbox" => asked(&ReferralInboxAsk { all: typed.flag("all") }),
        "accept" => asked(&ReferralAcceptAsk { referral: referral() }),
        "decline" => {
            asked(&ReferralDeclineAsk { referral: referral(), barrier: typed.text("barrier") })
        }
        "start" => asked(&ReferralStartAsk { referral: referral() }),
        "close" => {
            asked(&ReferralCloseAsk { referral: referral(), outcome: typed.text("outcome") })
        }
        "withdraw" => asked(&ReferralWithdrawAsk { referral: referral() }),
        "show" => asked(&ReferralShowAsk { referral: referral() }),
        "list" => asked(&ReferralListAsk { all: typed.flag("all"), record: typed.maybe("record") }),
        "overdue" => asked(&ReferralOverdueAsk {}),
        "gaps" => asked(&ReferralGapsAsk { period: typed.maybe("period") }),
        _ => None,
    }
}

fn overlap(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let round = || typed.text("round");
    match command {
        "draft" => asked(&OverlapDraftAsk {
            period: typed.text("period"),
            helpers: typed.many("helpers"),
            contributors: typed.many("contributes"),
            epsilon_milli: typed.number("epsilon"),
            per_list: typed.number("per-list"),
            size: typed.number("size"),
            earlier_rounds: typed.number("earlier-rounds"),
            propose: typed.flag("propose"),
        }),
        "sign" => Some(round_to_sign(&round(), typed.flag("dry-run"))),
        "list" => asked(&OverlapListAsk {}),
        "run" => asked(&OverlapRunAsk { round: round(), without: typed.many("without") }),
        "show" => {
            asked(&OverlapShowAsk { round: round(), signed: typed.raw_path("signed").is_some() })
        }
        "end" => asked(&OverlapEndAsk { round: round() }),
        _ => None,
    }
}

/// What is signed is a file if there is one of that name, and else a round that we have.
fn round_to_sign(typed: &str, dry_run: bool) -> Asked {
    let path = Path::new(typed);
    let (round, toml) = if typed == "-" || path.is_file() {
        (None, Some(content(path)?))
    } else {
        (Some(typed.to_owned()), None)
    };
    Ok(Question::new(&OverlapSignAsk { round, toml, dry_run }))
}

fn stats(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    let plan = || typed.text("plan");
    let (periods, cube) = (typed.many("period"), typed.maybe("cube"));
    match command {
        "run" => asked(&StatsRunAsk {
            plan: plan(),
            periods,
            cube,
            close: typed.flag("close"),
            give_up: typed.flag("give-up"),
        }),
        "status" => asked(&StatsStatusAsk { plan: typed.maybe("plan") }),
        "show" => asked(&StatsShowAsk { plan: plan(), periods, cube }),
        "return" => asked(&StatsReturnAsk {
            plan: plan(),
            period: typed.text("period"),
            file: typed.path("out"),
        }),
        "returns" => asked(&ReturnListAsk { plan: typed.maybe("plan") }),
        "verdict" => asked(&ReturnShowAsk { id: typed.text("return"), form: None, lang: None }),
        "publish" => asked(&ReturnPublishAsk { id: typed.text("return") }),
        "unpublish" => asked(&ReturnUnpublishAsk { id: typed.text("return") }),
        _ => None,
    }
}

fn audit(command: &str, typed: &Typed<'_>) -> Option<Asked> {
    match command {
        "list" => asked(&AuditListAsk {
            action: typed.maybe("action"),
            except: typed.maybe("except"),
            record: typed.maybe("record"),
            partner: typed.maybe("partner"),
            agreement: typed.maybe("agreement"),
            actor: typed.maybe("by"),
            from: typed.maybe("from"),
            until: typed.maybe("until"),
            limit: typed.limit(),
            before: typed.number("before"),
        }),
        "show" => asked(&AuditShowAsk { sequence: typed.number("entry").unwrap_or_default() }),
        "verify" => asked(&AuditVerifyAsk {}),
        "disclosures" => asked(&AuditDisclosuresAsk { record: typed.text("record") }),
        "export" => asked(&AuditExportAsk { file: typed.path("file").unwrap_or_default() }),
        _ => None,
    }
}

/// What was typed, by name. A name that a command does not have is as if it was not typed.
pub(crate) struct Typed<'m>(pub(crate) &'m ArgMatches);

impl Typed<'_> {
    /// A text that must have been typed; clap has seen to it.
    pub(crate) fn text(&self, id: &str) -> String {
        self.maybe(id).unwrap_or_default()
    }

    /// A text.
    pub(crate) fn maybe(&self, id: &str) -> Option<String> {
        self.0.try_get_one::<String>(id).ok().flatten().cloned()
    }

    /// Several texts.
    pub(crate) fn many(&self, id: &str) -> Vec<String> {
        let texts = self.0.try_get_many::<String>(id).ok().flatten();
        texts.map_or_else(Vec::new, |texts| texts.cloned().collect())
    }

    /// A flag.
    pub(crate) fn flag(&self, id: &str) -> bool {
        self.0.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or(false)
    }

    /// A number.
    pub(crate) fn number<N: Copy + Send + Sync + 'static>(&self, id: &str) -> Option<N> {
        self.0.try_get_one::<N>(id).ok().flatten().copied()
    }

    /// A path as it was typed.
    pub(crate) fn raw_path(&self, id: &str) -> Option<PathBuf> {
        self.0.try_get_one::<PathBuf>(id).ok().flatten().cloned()
    }

    /// A path, absolute.
    pub(super) fn path(&self, id: &str) -> Option<String> {
        self.raw_path(id).map(|path| Desk::absolute(&path))
    }

    /// A value of a closed set; clap has seen to it that it is one.
    fn word<W: DeserializeOwned>(&self, id: &str) -> Option<W> {
        serde_json::from_value(Value::String(self.maybe(id)?)).ok()
    }

    pub(super) fn limit(&self) -> u32 {
        self.number("limit").unwrap_or(100)
    }

    /// What a file holds that was named.
    fn content(&self, id: &str) -> Result<String, Box<Fault>> {
        content(&self.raw_path(id).unwrap_or_default())
    }

    /// `--where`.
    fn filter(&self) -> Result<BTreeMap<String, String>, Box<Fault>> {
        pairs(&self.many("where"), "--where")
    }

    /// Fields of a record, from a file and from the command line; the latter win.
    fn fields(&self) -> Result<BTreeMap<String, String>, Box<Fault>> {
        let mut fields = BTreeMap::new();
        if let Some(path) = self.raw_path("from") {
            let text = content(&path)?;
            for (index, line) in text.lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let place = format!("{}:{}", path.display(), index + 1);
                let (name, value) = pair(line, &place)?;
                fields.insert(name, value);
            }
        }
        fields.extend(pairs(&self.many("fields"), "FIELD=VALUE")?);
        Ok(fields)
    }
}

/// `NAME=VALUE` several times.
fn pairs(typed: &[String], place: &str) -> Result<BTreeMap<String, String>, Box<Fault>> {
    typed.iter().map(|text| pair(text, place)).collect()
}

/// `NAME=VALUE`. The fault names the place and not what stands there.
fn pair(text: &str, place: &str) -> Result<(String, String), Box<Fault>> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(faults::not_a_pair(place)),
    }
}

/// An invitation: the text of the file if there is one of that name, and else what was typed.
fn ticket(typed: &str) -> Result<String, Box<Fault>> {
    let path = Path::new(typed);
    if typed == "-" || path.is_file() { content(path) } else { Ok(typed.to_owned()) }
}

/// A text file, or standard input for `-`. Cut short beyond what fits a document, so that a wrong
/// path to something huge does not fill the memory.
pub(crate) fn content(path: &Path) -> Result<String, Box<Fault>> {
    let unreadable = |error: std::io::Error| faults::unreadable(path, &error);
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_INLINE).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(MAX_INLINE).read_to_string(&mut text)
    };
    read.map_err(unreadable)?;
    Ok(text)
}
