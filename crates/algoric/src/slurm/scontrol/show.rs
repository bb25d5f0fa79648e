//! `scontrol show`.

use api::{JobTarget, Reply, Request};
use dialect::{
    errors::Action,
    refusal::Refusal,
    scontrol::{self, Request as Asked, Style},
    text::Clock,
    values::jobs::JobPick,
};
use model::{JobId, Memory, QueueDetail, StepRow};

use super::{Caller, asked, call, failed};
use crate::{
    client::{Client, ClientError},
    console,
};

/// Shows it.
pub fn run(what: Asked, style: Style, caller: &Caller) -> Result<u8, Refusal> {
    let shown = Shown { style, clock: caller.clock(), out: Vec::new() };
    match what {
        Asked::ShowJobs(picks) => jobs(&picks, shown, caller),
        Asked::ShowSteps(pick) => steps(pick.as_ref(), shown, caller),
        Asked::ShowNodes(names) => nodes(&names, shown, caller),
        Asked::ShowPartitions(name) => partitions(name.as_deref(), shown, caller),
        Asked::ShowReservations(name) => reservations(name.as_deref(), shown, caller),
        _ => config(shown, caller),
    }
}

struct Shown<'a> {
    style: Style,
    clock: Clock<'a>,
    out: Vec<u8>,
}

impl Shown<'_> {
    fn print(self) -> Result<u8, Refusal> {
        console::print(self.out);
        Ok(0)
    }
}

/// What is not there is told on standard output.
fn absent(text: String) -> Result<u8, Refusal> {
    Err(Refusal { stdout: text + "\n", lines: Vec::new(), exit: 1 })
}

fn load_jobs(error: ClientError) -> Refusal {
    failed(error).refusal(Action::LoadJobs)
}

fn details(targets: Vec<JobTarget>, centre: &mut Client) -> Result<Vec<QueueDetail>, ClientError> {
    centre.collect(&Request::Details(targets), |reply| match reply {
        Reply::Details(details) => Some(details),
        _ => None,
    })
}

fn target(pick: &JobPick) -> JobTarget {
    JobTarget { id: pick.job, tasks: pick.tasks.clone() }
}

fn jobs(picks: &[JobPick], mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let mut centre = caller.call().map_err(load_jobs)?;
    let found = details(picks.iter().map(target).collect(), &mut centre).map_err(load_jobs)?;
    if found.is_empty() {
        console::line("No jobs in the system");
        return Ok(0);
    }
    scontrol::put_jobs(&found, shown.style, &shown.clock, &mut shown.out);
    shown.print()
}

fn steps(pick: Option<&JobPick>, mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_get_job_steps");
    let mut centre = caller.call().map_err(&refuse)?;
    let wanted = pick.map(target).into_iter().collect();
    let mut steps = match centre.ask(&Request::Steps(wanted)).map_err(&refuse)? {
        Reply::Steps(steps) => steps,
        _ => return Err(refuse(ClientError::Unfit)),
    };
    steps.retain(|step| pick.is_none_or(|pick| pick.covers_step(Some(step.step))));
    match (steps.is_empty(), pick) {
        (true, Some(pick)) => return absent(format!("Job step {} not found", pick.text)),
        (true, None) => return absent("No job steps in the system".to_owned()),
        _ => {}
    }
    let mut ids: Vec<JobId> = steps.iter().map(|step| step.job).collect();
    ids.dedup();
    let jobs =
        details(ids.into_iter().map(|id| JobTarget { id, tasks: None }).collect(), &mut centre).map_err(&refuse)?;
    for step in &steps {
        let memory = jobs.iter().find(|job| job.row.id == step.job).and_then(|job| memory(job, step));
        scontrol::put_step(step, memory, shown.style, &shown.clock, &mut shown.out);
    }
    shown.print()
}

/// The part of the job's memory that goes with the step's CPUs, MiB.
fn memory(job: &QueueDetail, step: &StepRow) -> Option<u64> {
    match job.row.memory {
        Memory::PerCpu(mib) => Some(mib.saturating_mul(step.cpus.into())),
        Memory::PerNode(mib) => Some(mib),
        Memory::Default | Memory::Unlimited => None,
    }
}

fn nodes(names: &[String], mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_load_node");
    let nodes = caller.call().and_then(|mut centre| asked::nodes(&mut centre)).map_err(refuse)?;
    if let Some(name) = names.iter().find(|name| !nodes.iter().any(|node| node.name == **name)) {
        return absent(format!("Node {name} not found"));
    }
    for node in nodes.iter().filter(|node| names.is_empty() || names.contains(&node.name)) {
        scontrol::put_node(node, shown.style, &shown.clock, &mut shown.out);
    }
    shown.print()
}

fn partitions(name: Option<&str>, mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_load_partitions");
    let partitions = caller.call().and_then(|mut centre| asked::partitions(&mut centre)).map_err(&refuse)?;
    let chosen: Vec<_> = partitions.iter().filter(|one| name.is_none_or(|name| one.name == name)).collect();
    match (chosen.is_empty(), name) {
        (true, Some(name)) => return absent(format!("Partition {name} not found")),
        (true, None) => return absent("No partitions in the system".to_owned()),
        _ => {}
    }
    for partition in chosen {
        scontrol::put_partition(partition, shown.style, &mut shown.out);
    }
    shown.print()
}

fn reservations(name: Option<&str>, mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_load_reservations");
    let mut all = caller.call().and_then(|mut centre| asked::reservations(&mut centre)).map_err(refuse)?;
    all.retain(|one| name.is_none_or(|name| one.name == name));
    match (all.is_empty(), name) {
        (true, Some(name)) => return absent(format!("Reservation {name} not found")),
        (true, None) => {
            console::line("No reservations in the system");
            return Ok(0);
        }
        _ => {}
    }
    for reservation in &all {
        scontrol::put_reservation(reservation, shown.style, &shown.clock, &mut shown.out);
    }
    shown.print()
}

fn config(mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_load_ctl_conf");
    let settings = caller.call().and_then(|mut centre| asked::settings(&mut centre)).map_err(refuse)?;
    scontrol::put_config(&settings, &super::caller::host(), &shown.clock, &mut shown.out);
    shown.print()
}
