//! The machines, one by one.

use api::{Ask, BoardReply, BoardRequest, BoardState, MachineHealth, MachineShown, MachinesBoard, PortalReply};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    MOST, Page, USUAL,
    asked::{Asked, Asker, At, Json},
    problem::Trap,
    stamp,
};
use crate::{door::DoorError, visit::Visit};

/// A machine.
#[derive(Serialize, ToSchema)]
pub struct Machine {
    /// Its name.
    name: String,
    /// `busy`, `free`, `drained`, `off`, `switching`, `down`; `reports`: no jobs are sent there, it only reports.
    state: &'static str,
    /// Cores,
    cores: u32,
    /// and those that jobs have.
    cores_allocated: u32,
    /// Memory for jobs,
    memory_mib: u64,
    /// and what of it jobs have; `null`: nobody knows.
    memory_allocated_mib: Option<u64>,
    /// GPUs,
    gpus: u32,
    /// and those that jobs have.
    gpus_allocated: u32,
    /// Jobs that run there.
    running: u32,
    /// What it draws now; `null`: no meter tells.
    power_mw: Option<i64>,
    /// `good`, `bad`, `silent`, `unknown`: what its probes find.
    health: &'static str,
    /// Operators: why it takes no jobs.
    reason: Option<String>,
    /// Operators: what it says of itself; `null`: it does not report, or that is not yours to see.
    report: Option<MachineReport>,
}

/// What a machine says of itself.
#[derive(Serialize, ToSchema)]
pub struct MachineReport {
    /// When it reported last.
    #[schema(format = DateTime)]
    seen: Option<String>,
    /// For how long nothing was heard, where that is too long.
    silent_ms: Option<i64>,
    /// Version of its agent.
    agent: String,
    /// Of its kernel.
    kernel: String,
    /// Its processors.
    model: String,
    /// The meter that tells what it draws; empty: none.
    meter: String,
    /// Why no meter answers, or the preferred one does not.
    meter_fault: Option<String>,
    /// By how much its clock goes ahead of the centre's.
    clock_ahead_ms: Option<i64>,
    /// Readings that it gave up.
    readings_lost: u64,
    /// Slurm's words for its state.
    slurm: Option<String>,
    /// What its probes found.
    probes: Vec<ProbeFound>,
}

/// What a probe found.
#[derive(Serialize, ToSchema)]
pub struct ProbeFound {
    /// The probe.
    name: String,
    /// `good`, `bad`, `unknown`.
    state: String,
    /// What was found.
    text: String,
}

impl From<MachineShown> for Machine {
    fn from(shown: MachineShown) -> Self {
        let (reason, report) = shown.inside.map_or((None, None), |inside| (inside.reason, inside.report));
        Self {
            name: shown.name,
            state: match shown.state {
                None => "reports",
                Some(BoardState::Busy) => "busy",
                Some(BoardState::Free) => "free",
                Some(BoardState::Drained) => "drained",
                Some(BoardState::Off) => "off",
                Some(BoardState::Switching) => "switching",
                Some(BoardState::Down) => "down",
            },
            cores: shown.cores,
            cores_allocated: shown.busy,
            memory_mib: shown.memory_mib,
            memory_allocated_mib: shown.memory_used_mib,
            gpus: shown.gpus,
            gpus_allocated: shown.gpus_used,
            running: shown.running,
            power_mw: shown.power_mw,
            health: match shown.health {
                MachineHealth::Unknown => "unknown",
                MachineHealth::Good => "good",
                MachineHealth::Bad => "bad",
                MachineHealth::Silent => "silent",
            },
            reason,
            report: report.map(MachineReport::from),
        }
    }
}

impl From<api::AgentRow> for MachineReport {
    fn from(row: api::AgentRow) -> Self {
        let probe = |one: api::AgentFinding| ProbeFound { name: one.name, state: one.state, text: one.text };
        Self {
            seen: row.seen.map(stamp),
            silent_ms: row.silent_ms,
            agent: row.agent,
            kernel: row.kernel,
            model: row.model,
            meter: row.meter,
            meter_fault: row.meter_fault,
            clock_ahead_ms: row.clock_ms,
            readings_lost: row.lost,
            slurm: row.slurm.map(|(state, _)| state),
            probes: row.findings.into_iter().map(probe).collect(),
        }
    }
}

/// Which of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MachinesQuery {
    /// Only machines behind this one.
    after: Option<String>,
    /// So many at most, up to 500; without it 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

async fn ask(visit: &Visit, name: Option<String>, query: MachinesQuery) -> Result<MachinesBoard, Trap> {
    // As all calls but the document.
    if visit.me.member.is_none() {
        return Err(Trap::new("token", ""));
    }
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
    match visit.ask(Ask::Board(BoardRequest::Machines { name, after: query.after, limit })).await? {
        PortalReply::Board(BoardReply::Machines(board)) => Ok(*board),
        _ => Err(DoorError::Unfit.into()),
    }
}

/// The machines, by name: what each does, what it draws, whether it is well.
#[utoipa::path(get, path = "/api/v1/machines", tag = "centre", operation_id = "machines", params(MachinesQuery),
    responses((status = 200, body = Page<Machine>)))]
pub async fn list(Asker(visit): Asker, Asked(query): Asked<MachinesQuery>) -> Result<Json<Page<Machine>>, Trap> {
    let board = ask(&visit, None, query).await?;
    let next = board.machines.last().filter(|_| board.more).map(|last| last.name.clone());
    Ok(Json(Page { items: board.machines.into_iter().map(Machine::from).collect(), next }))
}

/// A machine.
#[utoipa::path(get, path = "/api/v1/machines/{machine}", tag = "centre", operation_id = "machine",
    params(("machine" = String, Path, description = "Its name.")), responses((status = 200, body = Machine)))]
pub async fn one(Asker(visit): Asker, At(name): At<String>) -> Result<Json<Machine>, Trap> {
    let board = ask(&visit, Some(name.clone()), MachinesQuery { after: None, limit: None }).await?;
    board.machines.into_iter().next().map(|found| Json(found.into())).ok_or_else(|| Trap::missing(name))
}
