//! The `SLURM_*` variables of a batch job, an array task and a step.
//!
//! Left out, because we have no such thing and a value would be a lie: `SLURM_CONF`, `SLURM_WORKING_CLUSTER`, and the
//! ports of a step's launcher (`SLURM_SRUN_COMM_PORT`, `SLURM_STEP_LAUNCHER_PORT`).

use model::{IndexSet, JobId, JobSpec, Memory};

use crate::environ::Variable;

/// A job's place: what the centre decided.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The record.
    pub job: JobId,
    /// Of an array task: the array's number, the task's, and all tasks as submitted.
    pub array: Option<(JobId, u32, &'a IndexSet)>,
    /// Name: a job may be renamed after submission.
    pub name: &'a [u8],
    /// Project.
    pub account: &'a str,
    /// Partition.
    pub partition: &'a str,
    /// QOS.
    pub qos: &'a str,
    /// Cluster name.
    pub cluster: &'a str,
    /// The machine, short.
    pub node: &'a str,
    /// CPUs given.
    pub cpus: u32,
    /// Memory as granted, the partition's default filled in.
    pub memory: Memory,
    /// GPUs given, by number.
    pub gpus: &'a [u32],
    /// How often the job was requeued.
    pub restarts: u32,
    /// The process of the script, where it is known.
    pub pid: Option<u32>,
}

/// A list of variables under construction.
#[derive(Default)]
struct Builder(Vec<Variable>);

impl Builder {
    fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.0.push((name.as_bytes().to_vec(), value.as_ref().to_vec()));
    }

    fn number(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push((name.as_bytes().to_vec(), value.to_string().into_bytes()));
    }
}

/// How nice (-20 to 19) the process was that submitted: told to the job, which itself begins with the niceness of the
/// launcher.
pub fn niceness(nice: i32) -> Variable {
    (b"SLURM_PRIO_PROCESS".to_vec(), nice.to_string().into_bytes())
}

/// What a batch script gets on top of what came along from the caller, which has its [`niceness`].
pub fn batch(spec: &JobSpec, place: &Place<'_>) -> Vec<Variable> {
    let mut env = Builder::default();
    env.set("ENVIRONMENT", "BATCH");
    env.set("HOSTNAME", place.node);
    job(&mut env, spec, place);
    env.set("SLURMD_NODENAME", place.node);
    env.number("SLURM_CPUS_ON_NODE", place.cpus);
    env.number("SLURM_JOB_GID", spec.owner.gid);
    env.number("SLURM_JOB_UID", spec.owner.uid);
    env.set("SLURM_JOB_USER", &spec.owner.user);
    for name in ["SLURM_GTIDS", "SLURM_LOCALID", "SLURM_NODEID", "SLURM_PROCID"] {
        env.set(name, "0");
    }
    env.set("SLURM_TOPOLOGY_ADDR", place.node);
    env.set("SLURM_TOPOLOGY_ADDR_PATTERN", "node");
    if spec.open_mode == model::OpenMode::Append {
        env.set("SLURM_OPEN_MODE", "a");
    }
    if let Some((base, index, tasks)) = place.array {
        let (first, last, step, count) = crate::patterns::array_bounds(tasks);
        env.number("SLURM_ARRAY_JOB_ID", base);
        env.number("SLURM_ARRAY_TASK_ID", index);
        env.number("SLURM_ARRAY_TASK_COUNT", count);
        env.number("SLURM_ARRAY_TASK_MIN", first);
        env.number("SLURM_ARRAY_TASK_MAX", last);
        env.number("SLURM_ARRAY_TASK_STEP", step);
    }
    memory(&mut env, place.memory);
    if let Some(export) = &spec.export {
        env.set("SLURM_EXPORT_ENV", export.as_bytes());
    }
    if spec.get_user_env || spec.export.as_ref().is_some_and(|export| !export.as_bytes().eq_ignore_ascii_case(b"ALL")) {
        env.set("SLURM_GET_USER_ENV", "1");
    }
    if place.restarts > 0 {
        env.number("SLURM_RESTART_COUNT", place.restarts);
    }
    if let Some(pid) = place.pid {
        env.number("SLURM_TASK_PID", pid);
    }
    env.0
}

/// What the shell or the command of `salloc` gets; of memory only what was asked for, which who asks knows
/// ([`asked_memory`]).
pub fn allocation(spec: &JobSpec, place: &Place<'_>) -> Vec<Variable> {
    let mut env = Builder::default();
    job(&mut env, spec, place);
    env.0
}

/// Memory as it was asked for.
pub fn asked_memory(asked: Option<Memory>) -> Vec<Variable> {
    let mut env = Builder::default();
    memory(&mut env, asked.unwrap_or(Memory::Default));
    env.0
}

fn memory(env: &mut Builder, memory: Memory) {
    match memory {
        Memory::PerNode(mib) => env.number("SLURM_MEM_PER_NODE", mib),
        Memory::PerCpu(mib) => env.number("SLURM_MEM_PER_CPU", mib),
        Memory::Default | Memory::Unlimited => {}
    }
}

/// What the tasks of an allocation that `srun` made have beside: who they are, where.
pub fn of_own_allocation(uid: u32, gid: u32, user: &str, node: &str, cpus: u32) -> Vec<Variable> {
    let mut env = Builder::default();
    env.number("SLURM_CPUS_ON_NODE", cpus);
    env.number("SLURM_JOB_UID", uid);
    env.number("SLURM_JOB_GID", gid);
    env.set("SLURM_JOB_USER", user);
    env.set("SLURM_TOPOLOGY_ADDR", node);
    env.set("SLURM_TOPOLOGY_ADDR_PATTERN", "node");
    env.0
}

/// An allocation as the tasks of an `srun` that made it know it: nothing of other nodes' names.
pub fn without_nodes(mut allocation: Vec<Variable>) -> Vec<Variable> {
    allocation.retain(|(name, _)| name != b"SLURM_NODE_ALIASES");
    allocation
}

/// What every process of a job gets, however it was started.
fn job(env: &mut Builder, spec: &JobSpec, place: &Place<'_>) {
    let request = &spec.request;
    env.set("SLURM_CLUSTER_NAME", place.cluster);
    env.number("SLURM_JOBID", place.job);
    env.number("SLURM_JOB_ID", place.job);
    env.set("SLURM_JOB_ACCOUNT", place.account);
    env.number("SLURM_JOB_CPUS_PER_NODE", place.cpus);
    env.set("SLURM_JOB_NAME", place.name);
    env.set("SLURM_JOB_NODELIST", place.node);
    env.set("SLURM_NODELIST", place.node);
    env.set("SLURM_JOB_NUM_NODES", "1");
    env.set("SLURM_NNODES", "1");
    env.set("SLURM_JOB_PARTITION", place.partition);
    env.set("SLURM_JOB_QOS", place.qos);
    env.set("SLURM_NODE_ALIASES", "(null)");
    env.set("SLURM_SUBMIT_DIR", spec.submit_dir.as_bytes());
    env.set("SLURM_SUBMIT_HOST", &spec.submit_host);
    env.number("SLURM_TASKS_PER_NODE", tasks_here(spec, place));
    // There is one machine, so tasks a machine are tasks.
    if let Some(tasks) = request.tasks.or(request.tasks_per_node) {
        env.number("SLURM_NTASKS", tasks);
        env.number("SLURM_NPROCS", tasks);
    }
    if let Some(cpus) = request.cpus_per_task {
        env.number("SLURM_CPUS_PER_TASK", cpus);
    }
    if let Some(tasks) = request.tasks_per_node {
        env.number("SLURM_NTASKS_PER_NODE", tasks);
    }
    if let Some(threads) = request.threads_per_core {
        env.number("SLURM_THREADS_PER_CORE", threads);
    }
    if let Some(reservation) = &spec.reservation {
        env.set("SLURM_JOB_RESERVATION", reservation);
    }
    if let Some(dependency) = &spec.dependency {
        env.set("SLURM_JOB_DEPENDENCY", crate::values::dependency::show(dependency, |_| None));
    }
    if !place.gpus.is_empty() {
        let list = place.gpus.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        env.set("SLURM_JOB_GPUS", &list);
        env.number("SLURM_GPUS_ON_NODE", place.gpus.len());
        env.set("CUDA_VISIBLE_DEVICES", &list);
        env.set("GPU_DEVICE_ORDINAL", &list);
    }
}

/// Tasks as `srun` would start them without being told.
fn tasks_here(spec: &JobSpec, place: &Place<'_>) -> u32 {
    let request = &spec.request;
    match (request.tasks, request.tasks_per_node) {
        (None, None) => (place.cpus / request.cpus_per_task.unwrap_or(1).max(1)).max(1),
        _ => request.task_count(),
    }
}

/// A step made by `srun`.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// Its number.
    pub id: u32,
    /// Its tasks.
    pub tasks: u32,
    /// CPUs a task, where `srun -c` said so.
    pub cpus_per_task: Option<u32>,
    /// The machine.
    pub node: &'a str,
    /// The job's CPUs.
    pub job_cpus: u32,
    /// File mode creation mask of `srun`.
    pub umask: u32,
    /// GPUs of the step, by number.
    pub gpus: &'a [u32],
    /// The job is the step's own: `srun` has made it.
    pub own_job: bool,
    /// `srun -J`.
    pub name: Option<&'a model::Text>,
}

/// How Slurm calls the way in which so many tasks are put on the one machine.
pub fn distribution(tasks: u32) -> &'static str {
    if tasks > 1 { "Block" } else { "Cyclic" }
}

/// What the tasks of a step get on top of the environment of `srun`.
pub fn step(step: &Step<'_>) -> Vec<Variable> {
    let mut env = Builder::default();
    env.number("SLURM_STEPID", step.id);
    env.number("SLURM_STEP_ID", step.id);
    env.set("SLURM_STEP_NODELIST", step.node);
    env.set("SLURM_STEP_NUM_NODES", "1");
    env.number("SLURM_STEP_NUM_TASKS", step.tasks);
    env.number("SLURM_STEP_TASKS_PER_NODE", step.tasks);
    env.number("SLURM_TASKS_PER_NODE", step.tasks);
    env.number("SLURM_NTASKS", step.tasks);
    env.number("SLURM_NPROCS", step.tasks);
    if !step.own_job {
        env.number("SLURM_JOB_CPUS_PER_NODE_PACK_GROUP_0", step.job_cpus);
        if let Some(name) = step.name {
            env.set("SLURM_JOB_NAME", name.as_bytes());
        }
    }
    match step.tasks {
        1 if step.own_job => {}
        tasks => env.set("SLURM_DISTRIBUTION", distribution(tasks).to_ascii_lowercase()),
    }
    env.set("SLURM_LAUNCH_NODE_IPADDR", "127.0.0.1");
    env.set("SLURM_SRUN_COMM_HOST", "127.0.0.1");
    env.set("SLURM_UMASK", format!("{:04o}", step.umask));
    env.set("SLURMD_NODENAME", step.node);
    env.set("SLURM_NODEID", "0");
    env.set("SRUN_DEBUG", "3");
    let all: Vec<String> = (0..step.tasks).map(|task| task.to_string()).collect();
    env.set("SLURM_GTIDS", all.join(","));
    if let Some(cpus) = step.cpus_per_task {
        env.number("SLURM_CPUS_PER_TASK", cpus);
    }
    if !step.gpus.is_empty() {
        let list = step.gpus.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        env.set("SLURM_STEP_GPUS", &list);
        env.set("CUDA_VISIBLE_DEVICES", &list);
        env.set("GPU_DEVICE_ORDINAL", &list);
    }
    env.0
}

/// What one task gets beside; `pid` where it is known.
pub fn task(number: u32, pid: Option<u32>) -> Vec<Variable> {
    let mut env = Builder::default();
    env.number("SLURM_PROCID", number);
    env.number("SLURM_LOCALID", number);
    if let Some(pid) = pid {
        env.number("SLURM_TASK_PID", pid);
    }
    env.0
}

/// The variables of the caller with ours over them, and `TMPDIR` where there is none.
pub fn complete(caller: Vec<Variable>, ours: Vec<Variable>) -> Vec<Variable> {
    let borrowed = caller.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect();
    completed(borrowed, &ours).map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// A variable of somebody's.
pub type Borrowed<'a> = (&'a [u8], &'a [u8]);

/// As [`complete`], without a copy of anything: it is done for every job that starts.
pub fn completed<'a>(caller: Vec<Borrowed<'a>>, ours: &'a [Variable]) -> impl Iterator<Item = Borrowed<'a>> {
    let all = |(name, value): &'a Variable| (name.as_slice(), value.as_slice());
    let is_theirs = |(name, _): &Borrowed<'a>| !ours.iter().any(|(our, _)| our == name);
    let has_place = caller.iter().any(|(name, _)| *name == b"TMPDIR") || ours.iter().any(|(name, _)| name == b"TMPDIR");
    let place = (!has_place).then_some((b"TMPDIR".as_slice(), b"/tmp".as_slice()));
    caller.into_iter().filter(is_theirs).chain(ours.iter().map(all)).chain(place)
}
