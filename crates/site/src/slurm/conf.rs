//! `slurm.conf`. Must not know what a step does with it.

use std::fmt::Write as _;

use super::{HEADER, gpus, has_gpus};
use crate::Park;
use crate::park::Machine;

/// Where Slurm calls to have machines switched.
pub const SWITCHES: [(&str, &str); 2] =
    [("off", "/usr/local/sbin/algoric-power-off"), ("on", "/usr/local/sbin/algoric-power-on")];

/// What is the same in every cluster. Weights and limits are those of a centre on one machine, so that nothing changes
/// for members; queued jobs are displaced by going back to the queue, as jobs of one partition that are suspended would
/// take turns with who displaced them (slurm.conf(5), PreemptMode).
const COMMON: &str = "\
AuthType=auth/munge
CredType=cred/munge
SlurmUser=slurm
StateSaveLocation=/var/lib/slurm/slurmctld
SlurmdSpoolDir=/var/lib/slurm/slurmd
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ReturnToService=2
PrivateData=jobs,usage

# Who runs where
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ProctrackType=proctrack/cgroup
TaskPlugin=task/affinity,task/cgroup
PropagateResourceLimitsExcept=MEMLOCK
MpiDefault=none

# Who goes first
SchedulerType=sched/backfill
PriorityType=priority/multifactor
PriorityDecayHalfLife=7-0
PriorityMaxAge=7-0
PriorityWeightAge=1000
PriorityWeightFairshare=10000
PriorityWeightJobSize=0
PriorityWeightPartition=1000
PriorityWeightQOS=100000
PreemptType=preempt/qos
PreemptMode=REQUEUE

# What is kept of it
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageEnforce=associations,limits,qos,safe
AccountingStoreFlags=job_comment
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=30

# Limits
KillWait=30
MinJobAge=300
MaxArraySize=100001
MaxJobCount=100000
";

/// The whole file. Every machine that computes must have been measured.
pub fn conf(park: &Park) -> String {
    let controller = park.controller();
    let own = hostname(park, controller);
    let mut text = format!(
        "{HEADER}ClusterName={}\nSlurmctldHost={own}({})\nAccountingStorageHost={own}\n{COMMON}",
        park.cluster.name, controller.address
    );
    if let Some(first) = park.centre.first_job {
        text.push_str(&format!("FirstJobId={first}\n"));
    }
    if has_gpus(park) {
        text.push_str("GresTypes=gpu\nAccountingStorageTRES=gres/gpu\n");
    }
    text.push_str(&power(park));
    text.push_str("\n# Machines, as they were measured; memory without the system's part\n");
    for machine in park.computing() {
        text.push_str(&node(park, machine));
    }
    text.push_str("\n# Partitions\n");
    text.push_str(&partitions(park));
    if !park.slurm.lines.is_empty() {
        text.push_str("\n# The operator's own lines\n");
        park.slurm.lines.iter().for_each(|line| text.extend([line.as_str(), "\n"]));
    }
    text
}

/// What a machine calls itself.
pub fn hostname<'a>(park: &'a Park, machine: &'a Machine) -> &'a str {
    let said = park.measured.get(&machine.name).map(|measured| measured.hostname.as_str());
    said.filter(|name| !name.is_empty()).unwrap_or(&machine.name)
}

fn node(park: &Park, machine: &Machine) -> String {
    let Some(measured) = park.measured.get(&machine.name) else { return String::new() };
    let own = hostname(park, machine);
    let mut line = format!("NodeName={}", machine.name);
    // Writing to a text cannot fail.
    let mut add = |words: String| line.extend([" ", &words]);
    if own != machine.name {
        add(format!("NodeHostname={own}"));
    }
    add(format!("NodeAddr={}", machine.address));
    add(format!("Sockets={}", measured.sockets));
    add(format!("CoresPerSocket={} ThreadsPerCore={}", measured.cores_per_socket, measured.threads_per_core));
    let serves = park.controller().name == machine.name;
    add(format!("RealMemory={}", measured.memory_for_jobs(serves)));
    let gpus = gpus(measured);
    if !gpus.is_empty() {
        add(format!("Gres={gpus}"));
    }
    add("State=UNKNOWN".to_owned());
    line + "\n"
}

/// Memory of who asks for none, MiB for each CPU: what the machine has that has least for each.
fn memory_per_cpu(park: &Park, names: &[&str]) -> u64 {
    let each = |name: &&str| {
        let measured = park.measured.get(*name)?;
        let serves = park.controller().name == *name;
        measured.memory_for_jobs(serves).checked_div(u64::from(measured.cpus()))
    };
    names.iter().filter_map(each).min().unwrap_or(0).max(1)
}

fn partitions(park: &Park) -> String {
    let all: Vec<&str> = park.computing().map(|machine| machine.name.as_str()).collect();
    let mut text = String::new();
    let mut line = |name: &str, nodes: &[&str], is_default: bool, max: &str, default: &str, priority: Option<u16>| {
        let is_default = if is_default { "YES" } else { "NO" };
        let priority = priority.map_or(String::new(), |priority| format!(" PriorityJobFactor={priority}"));
        let _infallible = writeln!(
            text,
            "PartitionName={name} Nodes={} Default={is_default} MaxTime={max} DefaultTime={default} \
             DefMemPerCPU={}{priority} State=UP",
            nodes.join(","),
            memory_per_cpu(park, nodes)
        );
    };
    if park.partition.is_empty() {
        line("main", &all, true, "UNLIMITED", "1:00:00", None);
    }
    let nobody_is_default = !park.partition.iter().any(|partition| partition.default);
    for (at, partition) in park.partition.iter().enumerate() {
        let named: Vec<&str> = partition.machines.iter().map(String::as_str).collect();
        let nodes = if named.is_empty() { &all } else { &named };
        let max = partition.max_time.as_deref().unwrap_or("UNLIMITED");
        let default = partition.default_time.as_deref().unwrap_or("1:00:00");
        let is_default = partition.default || (nobody_is_default && at == 0);
        line(&partition.name, nodes, is_default, max, default, partition.priority);
    }
    text
}

/// Machines that go off and are woken by Slurm, which calls us. The one with the services stays on.
fn power(park: &Park) -> String {
    let Some(power) = &park.power else { return String::new() };
    let controller = park.controller().name.clone();
    let mut on: Vec<String> = power.stay_on.clone();
    if park.controller().compute && !on.contains(&controller) {
        on.push(controller);
    }
    let except = if on.is_empty() { String::new() } else { format!("SuspendExcNodes={}\n", on.join(",")) };
    let [(_, off), (_, wake)] = SWITCHES;
    format!(
        "\n# Machines that nobody needs go off\nSuspendProgram={off}\nResumeProgram={wake}\nSuspendTime={}\n\
         SuspendTimeout={}\nResumeTimeout={}\nSuspendRate=4\nResumeRate=4\n{except}",
        power.suspend_after,
        power.shutdown.max(30),
        power.boot.saturating_mul(3).saturating_add(60)
    )
}
