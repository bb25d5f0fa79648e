//! `scontrol show node`, and the states of machines.

use model::{NodePower, NodeRow, Uid};

use super::Style;
use super::job::Layout;
use crate::refusal::VERSION;
use crate::text::{Clock, put, put_timestamp, put_timestamp_or};

/// The state of a machine, as `scontrol` has it: `IDLE`, `MIXED+DRAIN`, `DOWN`.
pub fn state_text(node: &NodeRow) -> String {
    let failed = matches!(node.power, NodePower::Failed { .. });
    let base = match (node.up && !failed, node.cpus_allocated) {
        (false, _) => "DOWN",
        (true, 0) => "IDLE",
        (true, cpus) if cpus >= node.cpus => "ALLOCATED",
        (true, _) => "MIXED",
    };
    let drain = if node.drained.is_some() && !failed { "+DRAIN" } else { "" };
    let reserved = if node.reserved { "+RESERVED" } else { "" };
    let power = match node.power {
        NodePower::On | NodePower::Failed { .. } => "",
        NodePower::Off => "+POWERED_DOWN",
        NodePower::Booting => "+POWERING_UP",
        NodePower::GoingOff => "+POWERING_DOWN",
    };
    format!("{base}{drain}{reserved}{power}")
}

/// Writes one machine.
pub fn put_node(node: &NodeRow, style: Style, clock: &Clock<'_>, out: &mut Vec<u8>) {
    let mut layout = Layout { out, one_line: style.one_line };
    let zone = clock.zone;
    let (os, arch) = node.os.rsplit_once(' ').unwrap_or((&node.os, "unknown"));
    put(layout.out, format_args!("NodeName={} Arch={arch} CoresPerSocket={} ", node.name, node.cores_per_socket));
    layout.line(format_args!(
        "CPUAlloc={} CPUEfctv={2} CPUTot={2} CPULoad={1}.{3:02}",
        node.cpus_allocated,
        node.load_centi / 100,
        node.cpus,
        node.load_centi % 100
    ));
    layout.line(format_args!("AvailableFeatures=(null)"));
    layout.line(format_args!("ActiveFeatures=(null)"));
    match node.gpus {
        0 => layout.line(format_args!("Gres=(null)")),
        gpus => layout.line(format_args!("Gres=gpu:{gpus}")),
    }
    let version = VERSION.rsplit(' ').next().unwrap_or_default();
    layout.line(format_args!("NodeAddr={0} NodeHostName={0} Version={version}", node.name));
    layout.line(format_args!("OS={os} "));
    layout.line(format_args!(
        "RealMemory={} AllocMem={} FreeMem={} Sockets={} Boards=1",
        node.memory_mib, node.memory_allocated_mib, node.memory_free_mib, node.sockets
    ));
    layout.line(format_args!(
        "State={} ThreadsPerCore={} TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A",
        state_text(node),
        node.threads_per_core
    ));
    layout.line(format_args!("Partitions={} ", node.partitions.join(",")));
    layout.line(format_args!("BootTime="));
    put_timestamp_or(layout.out, node.boot, zone, "None");
    layout.out.extend_from_slice(b" SlurmdStartTime=");
    put_timestamp_or(layout.out, node.started, zone, "None");
    layout.line(format_args!("LastBusyTime="));
    put_timestamp(layout.out, clock.now, zone);
    layout.line(format_args!("CfgTRES=cpu={},mem={}M,billing={0}", node.cpus, node.memory_mib));
    if node.gpus > 0 {
        put(layout.out, format_args!(",gres/gpu={}", node.gpus));
    }
    layout.line(format_args!("AllocTRES="));
    if node.cpus_allocated > 0 {
        put(layout.out, format_args!("cpu={}", node.cpus_allocated));
        if node.memory_allocated_mib > 0 {
            layout.out.extend_from_slice(b",mem=");
            crate::text::put_memory(layout.out, node.memory_allocated_mib);
        }
        if node.gpus_allocated > 0 {
            put(layout.out, format_args!(",gres/gpu={}", node.gpus_allocated));
        }
    }
    layout.line(format_args!("CapWatts=n/a"));
    let (now, on_average) = node.watts.unwrap_or_default();
    layout.line(format_args!("CurrentWatts={now} AveWatts={on_average}"));
    layout.line(format_args!("ExtSensorsJoules=n/s ExtSensorsWatts=0 ExtSensorsTemp=n/s"));
    if let Some((reason, by, since)) = &node.drained {
        layout.line(format_args!("Reason={reason} [{}@", by_whom(*by)));
        put_timestamp(layout.out, *since, zone);
        layout.out.push(b']');
    }
    layout.end();
}

/// Rows carry the number of who drained a machine, not the name.
pub(crate) fn by_whom(uid: Uid) -> String {
    if uid == Uid::ROOT { String::from("root") } else { uid.to_string() }
}
