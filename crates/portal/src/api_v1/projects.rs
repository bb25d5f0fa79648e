//! Projects: members, budgets, use, invoices.

use api::{
    Ask, BudgetRow, InvoiceRow, PortalReply, ProjectMember, ProjectRow, ProjectShown, ProjectUsed, ProjectsReply,
    ProjectsRequest, Sums,
};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page,
    asked::{Asked, Asker, At, Json, Sent},
    done,
    problem::{Trap, of_project},
    stamp,
};
use crate::{door::DoorError, project::papers, visit::Visit};

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next` of the part before.
    after: Option<String>,
    /// So many at most, 1 to 500; without it 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A project.
#[derive(Serialize, ToSchema)]
pub struct Project {
    /// Its name.
    name: String,
    /// What it is.
    description: String,
    /// It takes no new jobs.
    closed: bool,
    /// What the asker is to it: `manager`, `member`, `viewer`; empty: nothing.
    role: String,
    /// How many members.
    members: u32,
    /// Its fullest budget: thousandths that are spent or set aside; `null`: it has none.
    full_permille: Option<i64>,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        let ProjectRow { name, description, closed, role, members, full_permille } = row;
        Self { name, description, closed, role, members, full_permille }
    }
}

/// A project with what only it shows.
#[derive(Serialize, ToSchema)]
pub struct ProjectDetails {
    /// In short.
    #[serde(flatten)]
    project: Project,
    /// What it computes may be told to everybody, in words.
    public: bool,
    /// Who pays; `null`: nobody, its jobs have no price.
    customer: Option<String>,
    /// Jobs that run,
    running: u32,
    /// and wait.
    pending: u64,
    /// All that it has spent.
    spent_microeur: i64,
    /// Set aside for jobs that are not over.
    reserved_microeur: i64,
    /// Spent and not billed.
    unbilled_microeur: i64,
    /// Credit left.
    credit_microeur: i64,
    /// Hours in the public interest left, in core-milliseconds.
    in_kind_core_ms: i64,
    /// Prepaid hours left, in core-milliseconds.
    prepaid_core_ms: i64,
    /// What it paid by month, the oldest first.
    paid: Vec<Paid>,
}

/// What a project paid in a month.
#[derive(Serialize, ToSchema)]
pub struct Paid {
    /// `2026-11`.
    month: String,
    /// How much.
    amount_microeur: i64,
    /// For so many core-milliseconds,
    core_ms: i64,
    /// and so much energy.
    energy_uj: i64,
}

/// Somebody in a project.
#[derive(Serialize, ToSchema)]
pub struct Member {
    /// Their account, or what they log in by while they have none.
    user: String,
    /// What they are called; empty: they do not use the pages.
    name: String,
    /// What they are to it.
    role: MemberRole,
    /// Waits until an account of the machine is linked to them.
    promised: bool,
}

/// What a member is to a project.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Answers for it.
    Manager,
    /// Computes.
    Member,
    /// Looks.
    Viewer,
}

impl MemberRole {
    fn word(self) -> &'static str {
        match self {
            MemberRole::Manager => "manager",
            MemberRole::Member => "member",
            MemberRole::Viewer => "viewer",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "manager" => MemberRole::Manager,
            "viewer" => MemberRole::Viewer,
            _ => MemberRole::Member,
        }
    }
}

impl From<ProjectMember> for Member {
    fn from(member: ProjectMember) -> Self {
        let ProjectMember { user, name, role, promised, .. } = member;
        Self { user, name, role: MemberRole::of(&role), promised }
    }
}

/// A budget, in its unit.
#[derive(Serialize, ToSchema)]
pub struct Budget {
    /// `euros` (micro-euros), `core_hours` (core-milliseconds), `kwh` (microjoules).
    unit: String,
    /// `once`, `month`, `year`.
    period: String,
    /// `stop`, `warn`.
    on_full: String,
    /// Thousandths at which members are warned.
    warn_permille: u32,
    /// In all.
    limit: i64,
    /// Spent in its period.
    spent: i64,
    /// Set aside.
    reserved: i64,
    /// What is left.
    left: i64,
}

impl From<BudgetRow> for Budget {
    fn from(row: BudgetRow) -> Self {
        let BudgetRow { unit, period, on_full, warn_permille, limit, spent, reserved, left } = row;
        Self { unit, period, on_full, warn_permille, limit, spent, reserved, left }
    }
}

/// What a project used in a period.
#[derive(Serialize, ToSchema)]
pub struct Usage {
    /// As it is named: `2026-11`.
    period: String,
    /// From,
    #[schema(format = DateTime)]
    from: String,
    /// up to.
    #[schema(format = DateTime)]
    until: String,
    /// All of it.
    total: Used,
    /// By month of a year, by day else.
    parts: Vec<Used>,
    /// By member, the greatest first. Who does not answer for the project sees themselves, and the others together under an
    /// empty name.
    members: Vec<Used>,
    /// By application (a job's name without digits), likewise.
    applications: Vec<Used>,
}

/// Sums of runs that are over.
#[derive(Serialize, ToSchema)]
pub struct Used {
    /// Of what: a part of the period, a member, an application; empty: of all, or of the others.
    name: String,
    /// How many runs.
    runs: i64,
    /// Of these, those that ended well.
    completed: i64,
    /// Physical cores that were held, times milliseconds.
    core_ms: i64,
    /// CPU time.
    cpu_ms: i64,
    /// From when they could have started until they did, together.
    waited_ms: i64,
    /// Energy,
    energy_uj: i64,
    /// what that cost,
    electricity_microeur: i64,
    /// CO2e, production average,
    carbon_production_mg: i64,
    /// and CO2e, consumption with its life cycle. Never to be added to the other one.
    carbon_lifecycle_mg: i64,
    /// What the project pays, without tax.
    price_microeur: i64,
}

fn used(name: String, sums: &Sums) -> Used {
    Used {
        name,
        runs: sums.runs,
        completed: sums.completed,
        core_ms: sums.core_ms,
        cpu_ms: sums.cpu_ms,
        waited_ms: sums.waited_ms,
        energy_uj: sums.energy_uj,
        electricity_microeur: sums.electricity_microeur,
        carbon_production_mg: sums.production_mg,
        carbon_lifecycle_mg: sums.lifecycle_mg,
        price_microeur: sums.price_microeur,
    }
}

/// An issued invoice or credit note.
#[derive(Serialize, ToSchema)]
pub struct Invoice {
    /// `F2026-0001`.
    number: String,
    /// The invoice that a credit note corrects; `null`: it is an invoice.
    credit_of: Option<String>,
    /// The month that it bills.
    month: String,
    /// When it was issued: `2026-12-01`.
    issued: String,
    /// To be paid until.
    due: String,
    /// Without tax.
    net_microeur: i64,
    /// With tax.
    total_microeur: i64,
    /// Not paid yet.
    open_microeur: i64,
}

impl From<InvoiceRow> for Invoice {
    fn from(row: InvoiceRow) -> Self {
        let InvoiceRow { number, credit_of, month, day, due, net_microeur, total_microeur, open_microeur } = row;
        Self { number, credit_of, month, issued: day, due, net_microeur, total_microeur, open_microeur }
    }
}

async fn ask(visit: &Visit, request: ProjectsRequest) -> Result<ProjectsReply, Trap> {
    match visit.ask(Ask::Projects(request)).await.map_err(of_project)? {
        PortalReply::Projects(reply) => Ok(reply),
        _ => Err(DoorError::Unfit.into()),
    }
}

async fn shown(visit: &Visit, name: String) -> Result<ProjectShown, Trap> {
    match ask(visit, ProjectsRequest::Show(name)).await? {
        ProjectsReply::One(shown) => Ok(*shown),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// The projects of who asks; all of them for operators and treasurers.
#[utoipa::path(get, path = "/api/v1/projects", tag = "projects", operation_id = "projects", params(PageQuery),
    responses((status = 200, body = Page<Project>)))]
pub async fn list(Asker(visit): Asker, Asked(page): Asked<PageQuery>) -> Result<Json<Page<Project>>, Trap> {
    let ProjectsReply::List(rows) = ask(&visit, ProjectsRequest::List).await? else {
        return Err(DoorError::Unfit.into());
    };
    let all = rows.into_iter().map(Project::from);
    Ok(Json(Page::cut(all, |project| project.name.clone(), page.after.as_deref(), page.limit)))
}

/// A project, and how it stands.
#[utoipa::path(get, path = "/api/v1/projects/{project}", tag = "projects", operation_id = "project",
    params(("project" = String, Path, description = "Its name")), responses((status = 200, body = ProjectDetails)))]
pub async fn one(Asker(visit): Asker, At(name): At<String>) -> Result<Json<ProjectDetails>, Trap> {
    let ProjectShown { row, public, customer, running, pending, purse, paid, .. } = shown(&visit, name).await?;
    Ok(Json(ProjectDetails {
        project: row.into(),
        public,
        customer: (!customer.is_empty()).then_some(customer),
        running,
        pending,
        spent_microeur: purse.spent_microeur,
        reserved_microeur: purse.reserved_microeur,
        unbilled_microeur: purse.unbilled_microeur,
        credit_microeur: purse.credit_microeur,
        in_kind_core_ms: purse.in_kind_ms,
        prepaid_core_ms: purse.prepaid_ms,
        paid: (paid.into_iter())
            .map(|month| Paid {
                month: month.month,
                amount_microeur: month.microeur,
                core_ms: month.core_ms,
                energy_uj: month.energy_uj,
            })
            .collect(),
    }))
}

/// What becomes different of a project.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectChange {
    /// What it is, in words.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Whether what it computes may be told to everybody.
    public: Option<bool>,
}

/// Changes what a project is called in words, and whether it is shown to everybody. For who answers for it.
#[utoipa::path(patch, path = "/api/v1/projects/{project}", tag = "projects", operation_id = "change_project",
    params(("project" = String, Path, description = "Its name")), request_body = ProjectChange,
    responses((status = 204, description = "It is done, and on disk.")))]
pub async fn change(
    Asker(visit): Asker,
    At(project): At<String>,
    Sent(change): Sent<ProjectChange>,
) -> Result<Response, Trap> {
    shown(&visit, project.clone()).await?;
    if let Some(description) = change.description {
        ask(&visit, ProjectsRequest::Describe { project: project.clone(), description }).await?;
    }
    if let Some(public) = change.public {
        ask(&visit, ProjectsRequest::Consent { project, public }).await?;
    }
    Ok(done())
}

/// Who is in a project.
#[utoipa::path(get, path = "/api/v1/projects/{project}/members", tag = "projects", operation_id = "members",
    params(("project" = String, Path, description = "Its name"), PageQuery),
    responses((status = 200, body = Page<Member>)))]
pub async fn members(
    Asker(visit): Asker,
    At(name): At<String>,
    Asked(page): Asked<PageQuery>,
) -> Result<Json<Page<Member>>, Trap> {
    let mut all: Vec<Member> = shown(&visit, name).await?.members.into_iter().map(Member::from).collect();
    all.sort_by(|one, other| one.user.cmp(&other.user));
    Ok(Json(Page::cut(all.into_iter(), |member| member.user.clone(), page.after.as_deref(), page.limit)))
}

/// What a member is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// From now on.
    role: MemberRole,
}

/// Changes what a member is to a project. For who answers for it.
#[utoipa::path(put, path = "/api/v1/projects/{project}/members/{user}", tag = "projects",
    operation_id = "change_member", request_body = RoleChange,
    params(("project" = String, Path, description = "Its name"), ("user" = String, Path, description = "The member")),
    responses((status = 204, description = "It is done, and on disk.")))]
pub async fn put_member(
    Asker(visit): Asker,
    At((project, user)): At<(String, String)>,
    Sent(change): Sent<RoleChange>,
) -> Result<Response, Trap> {
    let role = Some(change.role.word().to_owned());
    ask(&visit, ProjectsRequest::Role { project, user, role }).await?;
    Ok(done())
}

/// A member leaves a project. For who answers for it.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/members/{user}", tag = "projects",
    operation_id = "remove_member",
    params(("project" = String, Path, description = "Its name"), ("user" = String, Path, description = "The member")),
    responses((status = 204, description = "It is done, and on disk.")))]
pub async fn remove_member(Asker(visit): Asker, At((project, user)): At<(String, String)>) -> Result<Response, Trap> {
    ask(&visit, ProjectsRequest::Role { project, user, role: None }).await?;
    Ok(done())
}

/// The budgets of a project.
#[utoipa::path(get, path = "/api/v1/projects/{project}/budgets", tag = "projects", operation_id = "budgets",
    params(("project" = String, Path, description = "Its name")), responses((status = 200, body = Vec<Budget>)))]
pub async fn budgets(Asker(visit): Asker, At(name): At<String>) -> Result<Json<Vec<Budget>>, Trap> {
    Ok(Json(shown(&visit, name).await?.purse.budgets.into_iter().map(Budget::from).collect()))
}

/// When.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// `2026`, `2026-11` or `2026-11-22`; without it this month.
    #[param(pattern = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
    period: Option<String>,
}

/// What a project used, by day or month, member and application. A run counts on the day on which it ends.
#[utoipa::path(get, path = "/api/v1/projects/{project}/usage", tag = "projects", operation_id = "usage",
    params(("project" = String, Path, description = "Its name"), PeriodQuery),
    responses((status = 200, body = Usage)))]
pub async fn usage(
    Asker(visit): Asker,
    At(project): At<String>,
    Asked(query): Asked<PeriodQuery>,
) -> Result<Json<Usage>, Trap> {
    let request = ProjectsRequest::Used { project, period: query.period };
    let ProjectsReply::Used(report) = ask(&visit, request).await? else { return Err(DoorError::Unfit.into()) };
    let ProjectUsed { period, from, until, total, parts, members, applications, .. } = *report;
    let rows = |rows: Vec<(String, Sums)>| rows.into_iter().map(|(name, sums)| used(name, &sums)).collect();
    Ok(Json(Usage {
        period,
        from: stamp(from),
        until: stamp(until),
        total: used(String::new(), &total),
        parts: rows(parts),
        members: rows(members),
        applications: rows(applications),
    }))
}

/// The invoices and credit notes of who pays for a project, the newest first. For who answers for it.
#[utoipa::path(get, path = "/api/v1/projects/{project}/invoices", tag = "projects", operation_id = "invoices",
    params(("project" = String, Path, description = "Its name")), responses((status = 200, body = Vec<Invoice>)))]
pub async fn invoices(Asker(visit): Asker, At(name): At<String>) -> Result<Json<Vec<Invoice>>, Trap> {
    match ask(&visit, ProjectsRequest::Invoices(name)).await? {
        ProjectsReply::Invoices(rows) => Ok(Json(rows.into_iter().map(Invoice::from).collect())),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// An invoice as a paper: PDF/A-3 with its Factur-X data inside.
#[utoipa::path(get, path = "/api/v1/projects/{project}/invoices/{number}/pdf", tag = "projects",
    operation_id = "invoice_pdf",
    params(("project" = String, Path, description = "Its name"), ("number" = String, Path, description = "Its number")),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>)))]
pub async fn invoice_pdf(Asker(visit): Asker, At((project, number)): At<(String, String)>) -> Result<Response, Trap> {
    let paper = papers::invoice(&visit, &project, &number).await.map_err(of_project)?;
    let bytes = paper.pdf().await.map_err(|()| Trap::new("inside", ""))?;
    Ok(([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response())
}

/// The same for machines: UN/CEFACT CII, profile EN 16931.
#[utoipa::path(get, path = "/api/v1/projects/{project}/invoices/{number}/xml", tag = "projects",
    operation_id = "invoice_xml",
    params(("project" = String, Path, description = "Its name"), ("number" = String, Path, description = "Its number")),
    responses((status = 200, content_type = "application/xml", body = String)))]
pub async fn invoice_xml(Asker(visit): Asker, At((project, number)): At<(String, String)>) -> Result<Response, Trap> {
    let paper = papers::invoice(&visit, &project, &number).await.map_err(of_project)?;
    let text = paper.xml().map_err(|()| Trap::new("inside", ""))?;
    Ok(([(header::CONTENT_TYPE, "application/xml")], text).into_response())
}
