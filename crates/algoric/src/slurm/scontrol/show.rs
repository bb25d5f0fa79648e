//! `scontrol show`.

use api::{JobTarget, Reply, Request};
use dialect::{
    errors::Action,
    refusal::Refusal,
    scontrol::{self, Request as Asked, Style},
    text::Clock,
    values::jobs::JobPick,
};
use model::{ArrayPlace, JobId, Memory, QueueDetail, StepRow};

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
        Asked::ShowAliases => aliases(caller),
        Asked::ShowDaemon => daemon(shown, caller),
        Asked::ShowAssociations => associations(shown, caller),
        Asked::Completing => completing(shown, caller),
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
    let mut found = details(picks.iter().map(target).collect(), &mut centre).map_err(load_jobs)?;
    found.iter_mut().for_each(|job| only_named(&mut job.row.array, picks));
    if found.is_empty() {
        console::line("No jobs in the system");
        return Ok(0);
    }
    scontrol::put_jobs(&found, shown.style, &shown.clock, &mut shown.out);
    shown.print()
}

/// Of the tasks that wait, those that were asked for.
fn only_named(place: &mut ArrayPlace, picks: &[JobPick]) {
    let ArrayPlace::Pending { base, tasks, .. } = place else { return };
    let of_it: Vec<&JobPick> = picks.iter().filter(|pick| pick.job == *base).collect();
    let named = |task: &u32| of_it.iter().any(|pick| pick.tasks.as_ref().is_none_or(|tasks| tasks.contains(*task)));
    if of_it.iter().any(|pick| pick.tasks.is_some()) && tasks.iter().any(|task| named(&task)) {
        *tasks = tasks.iter().filter(named).collect();
    }
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

/// The machines by name.
fn aliases(caller: &Caller) -> Result<u8, Refusal> {
    let nodes = caller.call().and_then(|mut centre| asked::nodes(&mut centre)).map_err(call("slurm_load_node"))?;
    nodes.iter().for_each(|node| console::line(&node.name));
    Ok(0)
}

/// What Slurm's daemon on the machine would say of it.
fn daemon(mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_load_slurmd_status");
    let mut centre = caller.call().map_err(&refuse)?;
    let nodes = asked::nodes(&mut centre).map_err(&refuse)?;
    let Reply::Steps(steps) = centre.ask(&Request::Steps(Vec::new())).map_err(&refuse)? else {
        return Err(refuse(ClientError::Unfit));
    };
    let Some(node) = nodes.first() else { return Ok(0) };
    let active: Vec<String> = steps.iter().map(|step| format!("{}.{}", step.job, step.step)).collect();
    let mut line = |name: &str, value: String| shown.out.extend(format!("{name:<24} = {value}\n").into_bytes());
    line("Active Steps", if active.is_empty() { "NONE".to_owned() } else { active.join(", ") });
    line("Actual CPUs", node.cpus.to_string());
    line("Actual Boards", "1".to_owned());
    line("Actual sockets", node.sockets.to_string());
    line("Actual cores", node.cores_per_socket.to_string());
    line("Actual threads per core", node.threads_per_core.to_string());
    line("Actual real memory", format!("{} MB", node.memory_mib));
    let mut booted = Vec::new();
    dialect::text::put_timestamp_or(&mut booted, node.started, shown.clock.zone, "Unknown");
    line("Boot time", String::from_utf8_lossy(&booted).into_owned());
    line("Hostname", node.name.clone());
    line("Version", dialect::refusal::VERSION.rsplit(' ').next().unwrap_or_default().to_owned());
    shown.print()
}

/// Projects, their users, and what they used: of Slurm's long list what is true here.
fn associations(mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let refuse = call("slurm_load_assoc_mgr_info");
    let mut centre = caller.call().map_err(&refuse)?;
    let cluster = asked::cluster(&mut centre).map_err(&refuse)?;
    let Reply::Shares(rows) = centre.ask(&Request::Shares).map_err(&refuse)? else {
        return Err(refuse(ClientError::Unfit));
    };
    let mut text = "Current Association Manager state\n\nAssociation Records\n\n".to_owned();
    for row in &rows {
        let user = row.user.as_deref().unwrap_or_default();
        text.push_str(&format!(
            "ClusterName={cluster} Account={} UserName={user} Partition= Priority=0 ID=0\n",
            row.account
        ));
        let factor = f64::from(row.factor.unwrap_or(0)) / 65_536.0;
        text.push_str(&format!("    SharesRaw/Norm/Level/Factor={}/0.00/1/{factor:.2}\n", row.shares));
        text.push_str(&format!("    UsageRaw/Norm/Efctv={}.00/0.00/0.00\n", row.used_cpu_ms / 1000));
    }
    shown.out.extend(text.into_bytes());
    shown.print()
}

/// Jobs that are ending.
fn completing(mut shown: Shown<'_>, caller: &Caller) -> Result<u8, Refusal> {
    let request = Request::Queue(api::QueueQuery::default());
    let rows = caller.call().and_then(|mut centre| {
        centre.collect(&request, |reply| match reply {
            Reply::Queue(rows) => Some(rows),
            _ => None,
        })
    });
    for row in rows.map_err(load_jobs)?.iter().filter(|row| row.state == model::JobState::Completing) {
        let end = row.end.unwrap_or(shown.clock.now);
        let mut line = format!("JobId={} EndTime=", row.id).into_bytes();
        dialect::text::put_timestamp(&mut line, end, shown.clock.zone);
        line.extend(format!(" Nodes(COMPLETING)={}\n", row.node).into_bytes());
        shown.out.append(&mut line);
    }
    shown.print()
}
