//! `scontrol -o show node` (with times as seconds since 1970), `show partition`, and what `scontrol show config` and `sdiag` say of Slurm itself.

use super::{
    pairs::{pairs, value},
    values,
};
use crate::values::hostlist;

/// A machine of the cluster.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Sockets.
    pub sockets: u32,
    /// Cores a socket.
    pub cores_per_socket: u32,
    /// Threads a core.
    pub threads_per_core: u32,
    /// CPUs in all.
    pub cpus: u32,
    /// CPUs given to jobs.
    pub cpus_allocated: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Memory given to jobs.
    pub memory_allocated_mib: u64,
    /// Memory that is free just now.
    pub memory_free_mib: u64,
    /// Load in hundredths.
    pub load_centi: u32,
    /// GPUs.
    pub gpus: u32,
    /// GPUs given to jobs.
    pub gpus_allocated: u32,
    /// Slurm's words for its state, without marks: `IDLE`, `DRAIN`.
    pub states: Vec<String>,
    /// Why it is out of service.
    pub reason: Option<String>,
    /// Its partitions.
    pub partitions: Vec<String>,
    /// When its last job left it; of one that has had none since its slurmd came up: when that was.
    pub last_busy: Option<model::Time>,
    /// Kernel.
    pub os: String,
    /// Version of its slurmd.
    pub version: String,
}

impl Node {
    /// In one of these states.
    pub fn is(&self, state: &str) -> bool {
        self.states.iter().any(|one| one == state)
    }

    /// Its slurmd answers.
    pub fn is_up(&self) -> bool {
        !["DOWN", "UNKNOWN", "NOT_RESPONDING", "FUTURE"].iter().any(|state| self.is(state))
    }
}

/// A partition of the cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partition {
    /// Name.
    pub name: String,
    /// Who names none gets this one.
    pub default: bool,
    /// Starts jobs.
    pub up: bool,
    /// Greatest time limit.
    pub max_time: model::TimeLimit,
    /// Time limit of who asks for none.
    pub default_time: model::TimeLimit,
    /// Memory of who asks for none.
    pub default_memory: model::Memory,
    /// Its machines by name.
    pub nodes: Vec<String>,
    /// CPUs in all.
    pub cpus: u32,
    /// Memory in all, MiB.
    pub memory_mib: u64,
}

fn known(text: &str) -> bool {
    !["", "(null)", "N/A", "n/a"].contains(&text)
}

/// `scontrol -o show node`; a line without a name is no node's.
pub fn nodes(text: &str) -> Vec<Node> {
    text.lines().filter_map(node).collect()
}

fn node(line: &str) -> Option<Node> {
    let pairs = pairs(line);
    let word = |name: &str| value(&pairs, name).filter(|text| known(text));
    let number = |name: &str| word(name).and_then(|text| text.parse().ok()).unwrap_or(0);
    let mib = |name: &str| word(name).and_then(values::memory_mib).unwrap_or(0);
    let state = word("State").unwrap_or("UNKNOWN");
    let states = state.split('+').map(|one| one.trim_end_matches(['*', '~', '#', '%', '$', '@', '^', '!', '-']));
    Some(Node {
        name: word("NodeName")?.to_owned(),
        sockets: number("Sockets"),
        cores_per_socket: number("CoresPerSocket"),
        threads_per_core: number("ThreadsPerCore").max(1),
        cpus: number("CPUTot"),
        cpus_allocated: number("CPUAlloc"),
        memory_mib: mib("RealMemory"),
        memory_allocated_mib: mib("AllocMem"),
        memory_free_mib: mib("FreeMem"),
        load_centi: word("CPULoad").and_then(|load| load.replace('.', "").parse().ok()).unwrap_or(0),
        gpus: values::gpus(word("CfgTRES").unwrap_or("")),
        gpus_allocated: values::gpus(word("AllocTRES").unwrap_or("")),
        states: states.map(str::to_owned).chain(state.contains('*').then(|| "NOT_RESPONDING".to_owned())).collect(),
        reason: word("Reason").map(|reason| reason.split(" [").next().unwrap_or(reason).to_owned()),
        partitions: word("Partitions")
            .unwrap_or("")
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        last_busy: word("LastBusyTime").and_then(values::time),
        os: word("OS").unwrap_or("").to_owned(),
        version: word("Version").unwrap_or("").to_owned(),
    })
}

/// `scontrol -o show partition`.
pub fn partitions(text: &str) -> Vec<Partition> {
    text.lines().filter_map(partition).collect()
}

fn partition(line: &str) -> Option<Partition> {
    let pairs = pairs(line);
    let word = |name: &str| value(&pairs, name).filter(|text| known(text));
    let time = |name: &str| match word(name) {
        None | Some("NONE") => model::TimeLimit::Default,
        Some(text) => crate::values::limit::parse(text.as_bytes()).unwrap_or(model::TimeLimit::Unlimited),
    };
    let memory = |name: &str| word(name).and_then(|text| text.parse::<u64>().ok());
    let default_memory = match (memory("DefMemPerCPU"), memory("DefMemPerNode")) {
        (Some(mib), _) => model::Memory::PerCpu(mib),
        (None, Some(mib)) => model::Memory::PerNode(mib),
        (None, None) => model::Memory::Default,
    };
    Some(Partition {
        name: word("PartitionName")?.to_owned(),
        default: word("Default") == Some("YES"),
        up: word("State") == Some("UP"),
        max_time: time("MaxTime"),
        default_time: time("DefaultTime"),
        default_memory,
        nodes: hostlist::expand(word("Nodes").unwrap_or("")).unwrap_or_default(),
        cpus: word("TotalCPUs").and_then(|text| text.parse().ok()).unwrap_or(0),
        memory_mib: word("TRES").and_then(|text| values::tres(text, "mem")).and_then(values::memory_mib).unwrap_or(0),
    })
}

/// `scontrol show config`, `sdiag`: one `Name = Value` or `Name: Value` a line.
pub fn setting<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(['=', ':'])?;
        (key.trim() == name).then(|| value.trim())
    })
}

/// How many messages slurmctld still has for its accounting database (`sdiag`): while it has some, what ended may not be in
/// it. `None`: it does not say.
pub fn messages_on_their_way(sdiag: &str) -> Option<u64> {
    setting(sdiag, "DBD Agent queue size")?.parse().ok()
}
