//! `scontrol show partition`.

use model::{Memory, PartitionRow, TimeLimit};

use super::Style;
use super::job::Layout;
use crate::text::{put, put_full_limit};
use crate::values::hostlist;

/// Writes one partition.
pub fn put_partition(partition: &PartitionRow, style: Style, out: &mut Vec<u8>) {
    let mut layout = Layout { out, one_line: style.one_line };
    put(layout.out, format_args!("PartitionName={}", partition.name));
    layout.line(format_args!("AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL"));
    let default = if partition.default { "YES" } else { "NO" };
    layout.line(format_args!("AllocNodes=ALL Default={default} QoS=N/A"));
    layout.line(format_args!("DefaultTime="));
    match partition.default_time {
        TimeLimit::Default => layout.out.extend_from_slice(b"NONE"),
        limit => put_full_limit(layout.out, limit),
    }
    layout.out.extend_from_slice(b" DisableRootJobs=NO ExclusiveUser=NO GraceTime=0 Hidden=NO");
    layout.line(format_args!("MaxNodes=UNLIMITED MaxTime="));
    match partition.max_time {
        TimeLimit::Default => layout.out.extend_from_slice(b"UNLIMITED"),
        limit => put_full_limit(layout.out, limit),
    }
    layout.out.extend_from_slice(b" MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED");
    layout.line(format_args!("Nodes={}", hostlist::compress(&partition.nodes)));
    layout.line(format_args!("PriorityJobFactor=1 PriorityTier=1 RootOnly=NO ReqResv=NO OverSubscribe=NO"));
    layout.line(format_args!("OverTimeLimit=NONE PreemptMode=OFF"));
    let state = if partition.up { "UP" } else { "DOWN" };
    let nodes = partition.nodes.len();
    layout
        .line(format_args!("State={state} TotalCPUs={} TotalNodes={nodes} SelectTypeParameters=NONE", partition.cpus));
    layout.line(format_args!("JobDefaults=(null)"));
    match partition.default_memory {
        Memory::PerCpu(mib) => layout.line(format_args!("DefMemPerCPU={mib} MaxMemPerNode=UNLIMITED")),
        Memory::PerNode(mib) => layout.line(format_args!("DefMemPerNode={mib} MaxMemPerNode=UNLIMITED")),
        Memory::Default | Memory::Unlimited => {
            layout.line(format_args!("DefMemPerNode=UNLIMITED MaxMemPerNode=UNLIMITED"));
        }
    }
    let (cpus, memory) = (partition.cpus, partition.memory_mib);
    layout.line(format_args!("TRES=cpu={cpus},mem={memory}M,node={nodes},billing={cpus}"));
    layout.end();
}
