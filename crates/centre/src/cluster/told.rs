//! From a row of Slurm's accounting to a run of ours. Must not know where either is kept.

use std::sync::Arc;

use dialect::cluster::accounting::{Accounted, Place, Step};
use model::{Exit, IndexSet, JobId, JobSpec, JobState, Memory, Reason, Request, RunId, Span, Time};
use scheduler::{Finished, Placement};
use store::{ClusterRun, StepRecord};

/// The run that a row tells of, under this number of an attempt; `None`: it is not over.
pub(crate) fn run(job: Accounted, attempt: u32, is_known: bool) -> Option<ClusterRun> {
    let end = job.end.filter(|_| job.state.is_final())?;
    // What ended without a node never began, whatever Slurm writes for its start.
    let start = job.start.filter(|_| job.nodes > 0);
    let (base, task, tasks) = place(&job);
    let spec = Arc::new(spec(&job));
    let ran = start.map_or(Span::ZERO, |start| end - start);
    let finished = Finished {
        run: RunId { job: job.job, attempt },
        task,
        tasks,
        state: job.state,
        reason: reason(job.state, job.exit),
        exit: job.exit,
        script_exit: job.script_exit.unwrap_or(job.exit),
        cancelled_by: job.cancelled_by,
        eligible: job.eligible,
        start,
        end,
        suspended: Span((ran.0 - job.elapsed.0).max(0)),
        placement: Placement { memory_mib: job.memory_mib, ..Placement::default() },
        usage: job.usage,
        priority: job.priority,
        displaced_by: None,
    };
    let steps = job.steps.iter().filter_map(|one| step(job.job, attempt, end, one)).collect();
    let held = start.is_some();
    Some(ClusterRun {
        key: job.key,
        mark: job.fingerprint,
        is_known,
        base,
        at: job.submit,
        spec,
        finished,
        cpus: if held { job.cpus } else { 0 },
        gpus: if held { job.gpus } else { 0 },
        nodes: job.node_list,
        energy_uj: job.energy_uj,
        steps,
    })
}

/// The submission, and the task or the tasks of it. Each part of a heterogeneous job stands for itself: it has its own
/// needs, its own machines and its own price.
fn place(job: &Accounted) -> (JobId, Option<(JobId, u32)>, Option<IndexSet>) {
    match &job.place {
        Place::Single | Place::Part(..) => (job.job, None, None),
        Place::Task(base, index) => (*base, Some((*base, *index)), None),
        Place::Tasks(base, tasks) => (*base, None, Some(tasks.clone())),
    }
}

/// What was asked for, as far as the accounting tells.
fn spec(job: &Accounted) -> JobSpec {
    let (cpus, nodes, memory_mib, gpus) = job.asked;
    JobSpec {
        account: job.account.clone(),
        partition: job.partition.clone(),
        qos: job.qos.clone(),
        request: Request {
            tasks: Some(cpus),
            nodes: Some((nodes, nodes)),
            memory: memory_mib.map_or(Memory::Default, Memory::PerNode),
            gpus,
            ..Request::default()
        },
        time_limit: job.time_limit,
        reservation: job.reservation.clone(),
        submit_line: job.submit_line.clone(),
        batch: job.script_exit.is_some(),
        ..JobSpec::plain(job.name.clone(), job.owner.clone(), job.workdir.clone())
    }
}

/// Why it ended so: Slurm keeps the last reason to wait, which says nothing any more.
fn reason(state: JobState, exit: Exit) -> Reason {
    match state {
        JobState::Failed if exit.code != 0 => Reason::NonZeroExitCode,
        JobState::Failed => Reason::JobLaunchFailure,
        JobState::Timeout => Reason::TimeLimit,
        JobState::OutOfMemory => Reason::OutOfMemory,
        JobState::NodeFail => Reason::NodeFailure,
        JobState::Deadline => Reason::DeadLine,
        _ => Reason::None,
    }
}

/// A step that Slurm lost sight of ended with its job.
fn step(job: JobId, attempt: u32, job_end: Time, step: &Step) -> Option<StepRecord> {
    let start = step.start?;
    Some(StepRecord {
        job,
        attempt,
        step: step.number,
        name: step.name.clone(),
        state: if step.state.is_final() { step.state } else { JobState::Cancelled },
        exit: step.exit,
        start,
        end: step.end.unwrap_or(job_end).max(start),
        cpus: step.cpus,
        tasks: step.tasks,
        usage: step.usage,
    })
}
