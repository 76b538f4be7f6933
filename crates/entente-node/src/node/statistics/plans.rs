//! Plans: from a draft to our officer's signature.
//!
//! A plan goes to every partner that has a part in it, and so does our signature. We keep whose
//! signatures we have seen; whether *we* answer depends on our own alone.

use entente_core::audit::{Action, Actor};
use entente_core::envelope::{Envelope, payload_type};
use entente_core::identity::OrgId;
use entente_core::lang::{Lang, Text, sentence};
use entente_core::period::Year;
use entente_core::statistics::budget::NanoRho;
use entente_core::statistics::plan::{Downgrade, Plan, PlanDraftError, PlanId, PlanProblem, Roles};
use entente_core::statistics::release::ReleaseId;
use entente_store::db::{Rows, Write};
use entente_store::rows::{BadRow, Bytes32, PlanRow};
use entente_store::statistics::Statistics as _;

use super::overlap::contributing::rounds_of;
use super::signed::{Signable, counted};
use crate::fault::Fault;
use crate::node::audit::no_randomness;
use crate::node::{Node, Outcome};

/// The highest version that is drafted or taken: a partner could else use up all the numbers of a name.
const MAX_VERSION: u32 = 10_000;

/// A plan as this node keeps it.
#[derive(Clone, Debug)]
pub struct KeptPlan {
    /// Its identity.
    pub id: PlanId,
    /// The document.
    pub plan: Plan,
    /// The row it was read from.
    pub row: PlanRow,
    /// Whose signatures we have, in the order of their ids.
    pub signers: Vec<OrgId>,
}

impl KeptPlan {
    /// Whether our own officer has signed it.
    pub fn is_signed(&self) -> bool {
        self.row.signed_at_s.is_some()
    }
}

impl Node {
    /// Reads the draft of a plan.
    pub fn read_plan(&self, draft: &str, roles: Option<Roles>) -> Outcome<Plan> {
        let plan = Plan::from_toml(draft, roles).map_err(|error| not_a_plan(&error))?;
        if let Some(problem) = not_told_apart(&plan) {
            return Err(no_plan(vec![problem]));
        }
        self.require_part(&plan)?;
        Ok(plan)
    }

    fn require_part(&self, plan: &Plan) -> Outcome<()> {
        if plan.roles.members().contains(&self.id()) {
            return Ok(());
        }
        Err(Fault::new(
            2104,
            (
                "This organization has no part in the plan.",
                "Cet organisme n’a aucun rôle dans le plan.",
            ),
            (
                "Name it among those who ask, contribute or add up.",
                "Nommez-le parmi ceux qui demandent, contribuent ou additionnent.",
            ),
        ))
    }

    /// Keeps a plan, signs nothing, and sends the text to all partners that have a part in it.
    pub fn propose_plan(&self, actor: Actor, plan: &Plan) -> Outcome<KeptPlan> {
        self.require_part(plan)?;
        let bytes = entente_proto::encode_plan(plan);
        let id = PlanId::of(&bytes);
        self.db.write("propose plan", |tx| {
            if self.may_propose(tx, plan, &id.0)? {
                tx.put_plan(&id.0, &self.plan_row(bytes.clone(), &self.id()))?;
            }
            self.say_to_parties(tx, plan.roles.members(), payload_type::PLAN_PROPOSAL, &bytes)?;
            let entry = self.entry(actor, Action::PlanProposed).reference(id.0);
            self.write_audit(tx, vec![entry])
        })?;
        self.plan_by_id(&id)
    }

    fn plan_row(&self, bytes: Vec<u8>, from: &OrgId) -> PlanRow {
        PlanRow { bytes, from: *from.as_bytes(), at_s: self.now_s(), signed_at_s: None }
    }

    /// Says why our officer could not sign a plan now, if that is so.
    pub fn check_plan(&self, plan: &Plan) -> Outcome<()> {
        self.require_part(plan)?;
        self.db.read(|tx| may_sign(tx, plan, &self.id()))
    }

    /// What keeps a plan from being signed here now besides what it says itself, at the key that would
    /// have to be another.
    pub fn speaks_against_plan(&self, plan: &Plan) -> Outcome<Option<PlanProblem>> {
        if !plan.roles.members().contains(&self.id()) {
            let what = Text::new(
                "Must name this organization among those who ask, contribute or add up.",
                "Doit nommer cet organisme parmi ceux qui demandent, contribuent ou additionnent.",
            );
            return Ok(Some(PlanProblem { place: "roles.contributors", what }));
        }
        if let Some(problem) = not_told_apart(plan) {
            return Ok(Some(problem));
        }
        self.db.read(|tx| speaks_against(tx, plan, &self.id()))
    }

    /// The newest version of the plans of this name that we signed or drafted, and the last year for which
    /// one of them was answered. What partners propose sets no number.
    pub fn newest_version(&self, name: &str) -> Outcome<Option<(u32, Option<Year>)>> {
        self.db.read(|tx| {
            let mut newest = None;
            for (id, row) in tx.plans()? {
                let plan = plan_of(&row)?;
                let is_own = row.signed_at_s.is_some() || row.from == *self.id().as_bytes();
                if is_own && plan.name == name {
                    let released = last_released(tx, &PlanId(id))?;
                    let (version, year) = newest.unwrap_or_default();
                    newest = Some((plan.version.max(version), released.max(year)));
                }
            }
            Ok(newest)
        })
    }

    /// Signs a plan: from now on its questions are answered.
    pub fn sign_plan(&self, actor: Actor, id: &PlanId) -> Outcome<KeptPlan> {
        self.db.write("sign plan", |tx| {
            let mut row = tx.plan(&id.0)?.ok_or_else(unknown_plan)?;
            let plan = plan_of(&row)?;
            self.require_part(&plan)?;
            if row.signed_at_s.is_some() {
                return Ok(());
            }
            may_sign(tx, &plan, &self.id())?;
            row.signed_at_s = Some(self.now_s());
            let sealed = Envelope::seal(payload_type::PLAN, row.bytes.clone(), &self.secrets.key);
            let sealed = sealed.map_err(|_| no_randomness())?;
            let document = entente_proto::encode_envelope(&sealed);
            tx.put_plan(&id.0, &row)?;
            tx.put_plan_signature(&id.0, self.id().as_bytes(), &document)?;
            self.say_to_parties(tx, plan.roles.members(), payload_type::PLAN, &row.bytes)?;
            let entry = self.entry(actor, Action::PlanSigned).reference(id.0);
            self.write_audit(tx, vec![entry])
        })?;
        self.plan_by_id(id)
    }

    /// All plans, those of one name by their versions.
    pub fn plans(&self) -> Outcome<Vec<KeptPlan>> {
        let mut all = self.db.read(|tx| {
            let plans = tx.plans()?.into_iter();
            plans.map(|(id, row)| kept(tx, PlanId(id), row)).collect::<Outcome<Vec<_>>>()
        })?;
        all.sort_by(|a, b| (&a.plan.name, a.plan.version).cmp(&(&b.plan.name, b.plan.version)));
        Ok(all)
    }

    /// How many plans wait for our officer's signature. One in whose place another version stands is not signed any
    /// more, and one that cannot be signed waits for nobody here.
    pub fn n_plans_to_sign(&self) -> Outcome<u64> {
        self.db.read(|tx| {
            let rows = tx.plans()?;
            if rows.iter().all(|(_, row)| row.signed_at_s.is_some()) {
                return Ok(0);
            }
            let plans = read_all(rows)?;
            let mut n = 0;
            for (plan, row) in plans.iter().filter(|(_, row)| row.signed_at_s.is_none()) {
                let waits = !is_superseded(plan, &row.from, &plans)
                    && speaks_against(tx, plan, &self.id())?.is_none();
                n += u64::from(waits);
            }
            Ok(n)
        })
    }

    /// The plan with this id.
    pub fn plan_by_id(&self, id: &PlanId) -> Outcome<KeptPlan> {
        self.db.read(|tx| {
            let row = tx.plan(&id.0)?.ok_or_else(unknown_plan)?;
            kept(tx, *id, row)
        })
    }

    /// Finds a plan by the beginning of its id, and else by its name or by `name@version`. Of several
    /// versions it is the newest that we signed, or else the newest.
    pub fn find_plan(&self, wanted: &str) -> Outcome<KeptPlan> {
        let wanted = wanted.trim();
        let (name, version) = match wanted.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (wanted, None),
        };
        let is_named = |kept: &&KeptPlan| {
            kept.plan.name == name
                && version.is_none_or(|it| it.parse::<u32>() == Ok(kept.plan.version))
        };
        let id = wanted.to_lowercase();
        let is_id = |kept: &&KeptPlan| id.len() >= 4 && kept.id.to_string().starts_with(&id);
        let order = |kept: &&KeptPlan| (kept.is_signed(), kept.plan.version);
        let all = self.plans()?;
        let by_id = all.iter().filter(is_id).max_by_key(order);
        let found = by_id.or_else(|| all.iter().filter(is_named).max_by_key(order));
        found.cloned().ok_or_else(unknown_plan)
    }
}

impl Signable for Plan {
    const SIGNATURE: &'static str = payload_type::PLAN;
    const OF_OTHERS: &'static str = "plan_of_others";
    const TOO_MANY: &'static str = "too_many_plans";
    const ACTIONS: [Action; 2] = [Action::PlanProposed, Action::PlanSigned];

    fn read(bytes: &[u8]) -> Option<Self> {
        entente_proto::decode_plan(bytes).ok().filter(|plan| not_told_apart(plan).is_none())
    }

    fn id(&self, bytes: &[u8]) -> Bytes32 {
        PlanId::of(bytes).0
    }

    fn names(&self, org: &OrgId) -> bool {
        self.roles.members().contains(org)
    }

    fn is_kept(&self, tx: &Write<'_>, id: &Bytes32, from: &Bytes32) -> Outcome<Result<(), usize>> {
        if tx.plan(id)?.is_some() {
            return Ok(Ok(()));
        }
        let plans = read_all(tx.plans()?)?;
        let unsigned: Vec<&Plan> = plans
            .iter()
            .filter(|(_, row)| row.from == *from && row.signed_at_s.is_none())
            .map(|(plan, _)| plan)
            .collect();
        // What another version replaces, signed here or of the same sender, is not signed any more.
        let replaces = |plan: &Plan| plan.name == self.name && plan.version < self.version;
        let is_open = |plan: &&&Plan| !is_superseded(plan, from, &plans) && !replaces(plan);
        let n_open = unsigned.iter().filter(is_open).count();
        Ok(Err(counted(unsigned.len(), n_open)))
    }

    fn keep(
        node: &Node,
        tx: &mut Write<'_>,
        id: &Bytes32,
        bytes: Vec<u8>,
        from: &OrgId,
    ) -> Outcome<()> {
        Ok(tx.put_plan(id, &node.plan_row(bytes, from))?)
    }

    fn keep_signature(
        tx: &mut Write<'_>,
        id: &Bytes32,
        org: &Bytes32,
        document: &[u8],
    ) -> Outcome<()> {
        Ok(tx.put_plan_signature(id, org, document)?)
    }
}

/// Why a plan could not be told apart by what people type: a name that looks like the beginning of an id, or
/// a version beyond all that are counted.
fn not_told_apart(plan: &Plan) -> Option<PlanProblem> {
    if plan.name.len() >= 4 && plan.name.bytes().all(|it| it.is_ascii_hexdigit()) {
        let what = Text::new(
            "Must have another letter than a to f, or it looks like the beginning of an id.",
            "Doit contenir une autre lettre que a à f, sinon il ressemble au début d’un identifiant.",
        );
        return Some(PlanProblem { place: "name", what });
    }
    if plan.version > MAX_VERSION {
        let what = Text::new(
            format!("Must be {MAX_VERSION} or less."),
            format!("Doit être {MAX_VERSION} ou moins."),
        );
        return Some(PlanProblem { place: "version", what });
    }
    None
}

/// The document in a row. What was kept was without problems; a row that is not is damaged.
pub(crate) fn plan_of(row: &PlanRow) -> Outcome<Plan> {
    entente_proto::decode_plan(&row.bytes)
        .map_err(|_| entente_store::db::DbError::from(BadRow).into())
}

fn read_all(rows: Vec<(Bytes32, PlanRow)>) -> Outcome<Vec<(Plan, PlanRow)>> {
    rows.into_iter().map(|(_, row)| Ok((plan_of(&row)?, row))).collect()
}

/// Whether another version stands in place of a plan that is not signed here: one that is signed, or a newer
/// one of the same sender.
fn is_superseded(plan: &Plan, from: &Bytes32, plans: &[(Plan, PlanRow)]) -> bool {
    plans.iter().filter(|(other, _)| other.name == plan.name).any(|(other, row)| {
        let is_newer = other.version > plan.version;
        match row.signed_at_s {
            Some(_) => other.version >= plan.version,
            None => row.from == *from && is_newer,
        }
    })
}

fn kept<R: Rows>(tx: &R, id: PlanId, row: PlanRow) -> Outcome<KeptPlan> {
    let signatures = tx.plan_signatures(&id.0)?;
    let signers = signatures.iter().filter_map(|(org, _)| OrgId::from_bytes(org).ok()).collect();
    Ok(KeptPlan { id, plan: plan_of(&row)?, row, signers })
}

/// The plans that our officer signed.
pub(crate) fn signed_plans<R: Rows>(tx: &R) -> Outcome<Vec<(PlanId, Plan)>> {
    let signed = tx.plans()?.into_iter().filter(|(_, row)| row.signed_at_s.is_some());
    signed.map(|(id, row)| Ok((PlanId(id), plan_of(&row)?))).collect()
}

fn may_sign<R: Rows>(tx: &R, plan: &Plan, ours: &OrgId) -> Outcome<()> {
    match speaks_against(tx, plan, ours)? {
        None => Ok(()),
        Some(PlanProblem { what, .. }) => Err(not_signed(what.en, what.fr)),
    }
}

/// A plan that is older than one we signed, answers again for what was released, or would spend
/// more than the cap together with the others, is not signed.
fn speaks_against<R: Rows>(tx: &R, plan: &Plan, ours: &OrgId) -> Outcome<Option<PlanProblem>> {
    let signed = signed_plans(tx)?;
    for (other_id, other) in signed.iter().filter(|(_, other)| other.name == plan.name) {
        let released = last_released(tx, other_id)?;
        if let Err(downgrade) = plan.follows(other, released) {
            let place = match downgrade {
                Downgrade::NotNewer { .. } => "version",
                Downgrade::Overlaps { .. } => "first_year",
            };
            let what =
                Text::new(sentence(&downgrade.text(Lang::En)), sentence(&downgrade.text(Lang::Fr)));
            return Ok(Some(PlanProblem { place, what }));
        }
    }
    let others = || signed.iter().map(|(_, other)| other).filter(|it| it.name != plan.name);
    for year in years(plan) {
        let covers = |it: &&Plan| (it.first_year..=it.last_year).contains(&year);
        let rounds = rounds_of(tx, ours, year, None)?;
        let sum = others()
            .filter(covers)
            .filter(|it| !is_replaced(it, year, signed.iter().map(|(_, plan)| plan)))
            .fold(plan.budget.year.plus(rounds), |sum, it| sum.plus(it.budget.year));
        let caps = others().filter(covers).map(|it| it.budget.node_cap);
        let cap = caps.fold(plan.budget.node_cap, NanoRho::min);
        if sum > cap {
            let french = |rho: NanoRho| rho.to_string().replace('.', ",");
            let what = Text::new(
                format!(
                    "With the plans already signed it would spend rho {sum} for {year}, and the cap is {cap}."
                ),
                format!(
                    "Avec les plans déjà signés, il dépenserait rho {} pour {year}, et le plafond est {}.",
                    french(sum),
                    french(cap)
                ),
            );
            return Ok(Some(PlanProblem { place: "budget.nano_rho_per_year", what }));
        }
    }
    Ok(None)
}

/// Whether a newer version that was signed too answers for this year.
pub(crate) fn is_replaced<'a>(
    plan: &Plan,
    year: Year,
    mut signed: impl Iterator<Item = &'a Plan>,
) -> bool {
    signed.any(|it| it.name == plan.name && it.version > plan.version && it.first_year <= year)
}

fn years(plan: &Plan) -> impl Iterator<Item = Year> {
    (plan.first_year.number()..=plan.last_year.number()).filter_map(|it| Year::new(it).ok())
}

/// The last year for which something was charged under a plan.
fn last_released<R: Rows>(tx: &R, id: &PlanId) -> Outcome<Option<Year>> {
    let charges = tx.charges()?.into_iter();
    let releases = charges.filter_map(|(_, row)| ReleaseId::from_bytes(&row.release));
    Ok(releases.filter(|it| it.plan == *id).map(|it| it.period.year()).max())
}

/// What was drafted cannot be a plan.
pub(crate) fn no_plan(problems: Vec<PlanProblem>) -> Box<Fault> {
    not_a_plan(&PlanDraftError::Problems(problems))
}

fn not_a_plan(error: &PlanDraftError) -> Box<Fault> {
    Fault::new(
        2101,
        ("The draft is not a release plan.", "L’ébauche n’est pas un plan de diffusion."),
        (
            "Correct the file and try again: `entente plan sign FILE`.",
            "Corrigez le fichier et réessayez\u{a0}: `entente plan sign FICHIER`.",
        ),
    )
    .because(error.text(Lang::En), error.text(Lang::Fr))
}

fn not_signed(en: String, fr: String) -> Box<Fault> {
    Fault::new(
        2103,
        ("The plan cannot be signed.", "Le plan ne peut pas être signé."),
        (
            "Ask for another version; see what is signed: `entente plan list`.",
            "Demandez une autre version; voyez ce qui est signé\u{a0}: `entente plan list`.",
        ),
    )
    .because(en, fr)
}

pub(crate) fn unknown_plan() -> Box<Fault> {
    Fault::new(
        2102,
        ("There is no such plan.", "Ce plan n’existe pas."),
        ("List them: `entente plan list`.", "Affichez la liste\u{a0}: `entente plan list`."),
    )
}
