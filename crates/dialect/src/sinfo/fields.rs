//! What `sinfo` can show: letters, field names, headings, values.

use model::{NodeRow, PartitionRow, TimeLimit};

use super::state;
use crate::refusal::VERSION;
use crate::text::{Clock, put, put_number, put_short_span, put_timestamp};
use crate::values::hostlist;

macro_rules! fields {
    ($($name:ident: $letter:literal, [$($long:literal),*], $heading:literal;)*) => {
        /// One thing to show.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Field { $($name),* }

        impl Field {
            /// The field of a letter of `-o`.
            pub fn of_letter(letter: u8) -> Option<Field> {
                match letter { $($letter if $letter != b' ' => Some(Field::$name),)* _ => None }
            }

            /// The field of a name of `-O`, in any case.
            pub fn named(name: &str) -> Option<Field> {
                let known: &[(Field, &[&str])] = &[$((Field::$name, &[$($long),*])),*];
                known
                    .iter()
                    .find(|(_, names)| names.iter().any(|long| long.eq_ignore_ascii_case(name)))
                    .map(|(field, _)| *field)
            }

            /// What stands above it.
            pub fn heading(self) -> &'static str {
                match self { $(Field::$name => $heading),* }
            }
        }
    };
}

fields! {
    Avail: b'a', ["Available"], "AVAIL";
    NodesAi: b'A', ["NodeAI"], "NODES(A/I)";
    ActiveFeatures: b'b', ["features_act"], "ACTIVE_FEATURES";
    MaxCpusPerNode: b'B', ["MaxCPUsPerNode"], "MAX_CPUS_PER_NODE";
    Cpus: b'c', ["CPUs"], "CPUS";
    CpusState: b'C', ["CPUsState"], "CPUS(A/I/O/T)";
    Disk: b'd', ["Disk"], "TMP_DISK";
    Nodes: b'D', ["Nodes"], "NODES";
    FreeMemory: b'e', ["FreeMem"], "FREE_MEM";
    Reason: b'E', ["Reason"], "REASON";
    Features: b'f', ["features"], "AVAIL_FEATURES";
    NodesAiot: b'F', ["NodeAIOT"], "NODES(A/I/O/T)";
    Groups: b'g', ["Groups"], "GROUPS";
    Gres: b'G', ["Gres"], "GRES";
    Oversubscribe: b'h', ["OverSubscribe"], "OVERSUBSCRIBE";
    Timestamp: b'H', ["Timestamp"], "TIMESTAMP";
    JobFactor: b'I', ["PriorityJobFactor"], "PRIO_JOB_FACTOR";
    TimeLimit: b'l', ["Time"], "TIMELIMIT";
    DefaultTime: b'L', ["DefaultTime"], "DEFAULTTIME";
    Memory: b'm', ["Memory"], "MEMORY";
    Preempt: b'M', ["PreemptMode"], "PREEMPT_MODE";
    HostNames: b'n', ["NodeHost"], "HOSTNAMES";
    NodeList: b'N', ["NodeList"], "NODELIST";
    Address: b'o', ["NodeAddr"], "NODE_ADDR";
    Load: b'O', ["CPUsLoad"], "CPU_LOAD";
    Tier: b'p', ["PriorityTier"], "PRIO_TIER";
    Partition: b'P', ["Partition"], "PARTITION";
    Root: b'r', ["Root"], "ROOT";
    PartitionName: b'R', ["PartitionName"], "PARTITION";
    Size: b's', ["Size"], "JOB_SIZE";
    AllocNodes: b'S', ["AllocNodes"], "ALLOCNODES";
    StateShort: b't', ["StateCompact"], "STATE";
    State: b'T', ["StateLong"], "STATE";
    User: b'u', ["User"], "USER";
    UserLong: b'U', ["UserLong"], "USER";
    Version: b'v', ["Version"], "VERSION";
    Cluster: b'V', ["Cluster"], "CLUSTER";
    Weight: b'w', ["Weight"], "WEIGHT";
    Sockets: b'X', ["Sockets"], "SOCKETS";
    Cores: b'Y', ["Cores"], "CORES";
    Threads: b'Z', ["Threads"], "THREADS";
    Geometry: b'z', ["SocketCoreThread"], "S:C:T";
    Comment: b' ', ["Comment"], "COMMENT";
    Extra: b' ', ["Extra"], "EXTRA";
    Port: b' ', ["Port"], "PORT";
    StateComplete: b' ', ["StateComplete"], "STATECOMPLETE";
    GresUsed: b' ', ["GresUsed"], "GRES_USED";
    AllocMemory: b' ', ["AllocMem"], "ALLOCMEM";
}

impl Field {
    /// Whether it is about the partition, whatever its machines are.
    pub fn of_partition(self) -> bool {
        use Field::{
            AllocNodes, Avail, DefaultTime, Groups, JobFactor, MaxCpusPerNode, Oversubscribe, Partition, PartitionName,
            Preempt, Root, Size, Tier, TimeLimit,
        };
        matches!(
            self,
            Avail
                | MaxCpusPerNode
                | Groups
                | Oversubscribe
                | JobFactor
                | TimeLimit
                | DefaultTime
                | Preempt
                | Tier
                | Partition
                | Root
                | PartitionName
                | Size
                | AllocNodes
        )
    }

    /// Whether it counts or lists the machines of a line, instead of telling them apart.
    pub fn is_sum(self) -> bool {
        use Field::{CpusState, NodeList, Nodes, NodesAi, NodesAiot};
        matches!(self, NodesAi | NodesAiot | CpusState | Nodes | NodeList)
    }
}

/// What one line is about.
pub struct Group<'a> {
    /// Where the partition stands among those shown.
    pub order: usize,
    /// The partition; of several the first, where the format does not tell them apart.
    pub partition: &'a PartitionRow,
    /// Its machines that look alike.
    pub nodes: Vec<&'a NodeRow>,
}

impl Group<'_> {
    /// Writes one value.
    pub fn put(&self, field: Field, clock: &Clock<'_>, out: &mut Vec<u8>) {
        if field.of_partition() {
            self.put_partition(field, out);
        } else if field.is_sum() {
            self.put_sum(field, out);
        } else {
            match self.nodes.first() {
                Some(node) => put_node(field, node, clock, out),
                None => out.extend_from_slice(b"n/a"),
            }
        }
    }

    fn put_partition(&self, field: Field, out: &mut Vec<u8>) {
        let partition = self.partition;
        let text: &str = match field {
            Field::Partition if partition.default => return put(out, format_args!("{}*", partition.name)),
            Field::Partition | Field::PartitionName => &partition.name,
            Field::Avail if partition.up => "up",
            Field::Avail => "down",
            Field::MaxCpusPerNode => "UNLIMITED",
            Field::TimeLimit => return put_limit(out, partition.max_time, "infinite"),
            Field::DefaultTime => return put_limit(out, partition.default_time, "n/a"),
            Field::Groups | Field::AllocNodes => "all",
            Field::Oversubscribe => "NO",
            Field::Root => "no",
            Field::Preempt => "OFF",
            Field::Size => "1-infinite",
            _ => "1",
        };
        out.extend_from_slice(text.as_bytes());
    }

    fn put_sum(&self, field: Field, out: &mut Vec<u8>) {
        let [mut busy, mut idle, mut other] = [0u32; 3];
        let [mut cpus_busy, mut cpus_idle, mut cpus_other] = [0u32; 3];
        for node in &self.nodes {
            let free = node.cpus.saturating_sub(node.cpus_allocated);
            let usable = node.up && node.drained.is_none();
            cpus_busy += node.cpus_allocated;
            *if usable { &mut cpus_idle } else { &mut cpus_other } += free;
            *match state::names(node).0 {
                "allocated" | "mixed" | "draining" => &mut busy,
                "idle" => &mut idle,
                _ => &mut other,
            } += 1;
        }
        let total = self.nodes.len();
        match field {
            Field::NodesAi => put(out, format_args!("{busy}/{idle}")),
            Field::NodesAiot => put(out, format_args!("{busy}/{idle}/{other}/{total}")),
            Field::CpusState => {
                let cpus = cpus_busy + cpus_idle + cpus_other;
                put(out, format_args!("{cpus_busy}/{cpus_idle}/{cpus_other}/{cpus}"));
            }
            Field::Nodes => put_number(out, total as u64),
            _ => {
                let names: Vec<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
                out.extend_from_slice(hostlist::compress(&names).as_bytes());
            }
        }
    }
}

fn put_limit(out: &mut Vec<u8>, limit: TimeLimit, otherwise: &str) {
    match limit {
        TimeLimit::Span(span) => put_short_span(out, span),
        TimeLimit::Unlimited => out.extend_from_slice(b"infinite"),
        TimeLimit::Default => out.extend_from_slice(otherwise.as_bytes()),
    }
}

fn put_node(field: Field, node: &NodeRow, clock: &Clock<'_>, out: &mut Vec<u8>) {
    match field {
        Field::HostNames | Field::Address => out.extend_from_slice(node.name.as_bytes()),
        Field::Cpus => put_number(out, node.cpus.into()),
        Field::Disk | Field::Port => out.push(b'0'),
        Field::Weight => out.push(b'1'),
        Field::FreeMemory => put_number(out, node.memory_free_mib),
        Field::Memory => put_number(out, node.memory_mib),
        Field::AllocMemory => put_number(out, node.memory_allocated_mib),
        Field::Load => put(out, format_args!("{}.{:02}", node.load_centi / 100, node.load_centi % 100)),
        Field::Sockets => put_number(out, node.sockets.into()),
        Field::Cores => put_number(out, node.cores_per_socket.into()),
        Field::Threads => put_number(out, node.threads_per_core.into()),
        Field::Geometry => {
            put(out, format_args!("{}:{}:{}", node.sockets, node.cores_per_socket, node.threads_per_core));
        }
        Field::State => put(out, format_args!("{}{}", state::names(node).0, state::mark(node))),
        Field::StateComplete => out.extend_from_slice(state::complete(node).as_bytes()),
        Field::StateShort => put(out, format_args!("{}{}", state::names(node).1, state::mark(node))),
        Field::Gres if node.gpus > 0 => put(out, format_args!("gpu:{}", node.gpus)),
        Field::GresUsed if node.gpus > 0 => put(out, format_args!("gpu:{}", node.gpus_allocated)),
        Field::Reason => {
            out.extend_from_slice(node.drained.as_ref().map_or("none", |(reason, _, _)| reason).as_bytes());
        }
        Field::Timestamp => match &node.drained {
            Some((_, _, since)) => put_timestamp(out, *since, clock.zone),
            None => out.extend_from_slice(b"Unknown"),
        },
        Field::User => match &node.drained {
            Some((_, by, _)) => out.extend_from_slice(crate::scontrol::by_whom(*by).as_bytes()),
            None => out.extend_from_slice(b"Unknown"),
        },
        Field::UserLong => match &node.drained {
            Some((_, by, _)) => put(out, format_args!("{}({by})", crate::scontrol::by_whom(*by))),
            None => out.extend_from_slice(b"Unknown"),
        },
        Field::Version => out.extend_from_slice(VERSION.rsplit(' ').next().unwrap_or_default().as_bytes()),
        Field::Cluster => out.extend_from_slice(b"N/A"),
        _ => out.extend_from_slice(b"(null)"),
    }
}

/// `%all`: every letter that Slurm lists there, parted by bars; blanks stand where Slurm has them.
pub fn all() -> Vec<u8> {
    let small = (b'a'..=b'z').filter(|letter| Field::of_letter(*letter).is_some());
    let small: Vec<String> = small.map(|letter| format!("%{}|", char::from(letter))).collect();
    let great = (b'A'..=b'Z').filter(|letter| Field::of_letter(*letter).is_some());
    let great: Vec<String> = great.map(|letter| format!("%{} ", char::from(letter))).collect();
    [small.concat(), great.join("|")].concat().into_bytes()
}
