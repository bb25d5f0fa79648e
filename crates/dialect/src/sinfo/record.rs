//! `sinfo --json` and `--yaml`: every machine with all that Slurm 22.05 tells of one.

use model::{NodeRow, Uid};

use super::{Options, state};
use crate::refusal::VERSION;
use crate::text::{Clock, shown};
use crate::tree::{self, Notation, Tree};

/// Writes the whole document. As in Slurm, machines are listed once each, whatever partitions they are in.
pub fn print_records(options: &Options, notation: Notation, nodes: &[NodeRow], clock: &Clock<'_>, out: &mut Vec<u8>) {
    let mut tree = tree::start(notation, tree::QUEUE_PLUGIN);
    tree.list("nodes", |tree| {
        for node in nodes.iter().filter(|node| options.selects_node(node)) {
            tree.item(|tree| put_node(tree, node, clock));
        }
    });
    out.extend_from_slice(&tree.finish());
}

fn put_node(tree: &mut Tree, node: &NodeRow, clock: &Clock<'_>) {
    let (os, architecture) = node.os.rsplit_once(' ').unwrap_or((&node.os, "unknown"));
    tree.text("architecture", architecture);
    tree.text_or_none("burstbuffer_network_address", "");
    tree.number("boards", 1);
    tree.number("boot_time", node.boot.map_or(0, model::Time::seconds));
    tree.text_or_none("comment", "");
    tree.number("cores", node.cores_per_socket);
    tree.number("cpu_binding", 0);
    tree.number("cpu_load", node.load_centi);
    tree.text_or_none("extra", "");
    tree.number("free_memory", node.memory_free_mib as i64);
    tree.number("cpus", node.cpus);
    tree.number("last_busy", clock.now.seconds());
    tree.text_or_none("features", "");
    tree.text_or_none("active_features", "");
    let gres = |count: u32| if count > 0 { format!("gpu:{count}") } else { String::new() };
    tree.text_or_none("gres", gres(node.gpus));
    tree.text("gres_drained", "N/A");
    tree.text_or_none("gres_used", gres(node.gpus_allocated));
    tree.text_or_none("mcs_label", "");
    tree.text("name", &node.name);
    tree.text("next_state_after_reboot", "invalid");
    tree.text("address", &node.name);
    tree.text("hostname", &node.name);
    tree.text("state", state::base(node));
    tree.list("state_flags", |tree| {
        if node.drained.is_some() {
            tree.word("DRAIN");
        }
        if node.reserved {
            tree.word("RESERVED");
        }
    });
    tree.list("next_state_after_reboot_flags", |_| {});
    tree.text("operating_system", os);
    tree.null("owner");
    tree.list("partitions", |tree| node.partitions.iter().for_each(|name| tree.word(name)));
    // There is no port: commands reach the centre through a socket in the file system.
    tree.number("port", 0);
    put_condition(tree, node);
}

fn put_condition(tree: &mut Tree, node: &NodeRow) {
    tree.number("real_memory", node.memory_mib as i64);
    let (reason, by, since) = match &node.drained {
        Some((reason, by, since)) => (reason.as_str(), Some(*by), since.seconds()),
        None => ("", None, 0),
    };
    tree.text_or_none("reason", reason);
    tree.number("reason_changed_at", since);
    match by {
        Some(Uid(by)) => tree.text("reason_set_by_user", crate::scontrol::by_whom(Uid(by))),
        None => tree.null("reason_set_by_user"),
    }
    tree.number("slurmd_start_time", node.started.map_or(0, model::Time::seconds));
    tree.number("sockets", node.sockets);
    tree.number("threads", node.threads_per_core);
    tree.number("temporary_disk", 0);
    tree.number("weight", 1);
    let gpus = |count: u32| if count > 0 { format!(",gres/gpu={count}") } else { String::new() };
    tree.text("tres", format!("cpu={},mem={}M,billing={0}{}", node.cpus, node.memory_mib, gpus(node.gpus)));
    tree.text("slurmd_version", VERSION.rsplit(' ').next().unwrap_or_default());
    tree.number("alloc_memory", node.memory_allocated_mib as i64);
    tree.number("alloc_cpus", node.cpus_allocated);
    tree.number("idle_cpus", node.cpus.saturating_sub(node.cpus_allocated));
    let memory = shown(|out| crate::text::put_memory(out, node.memory_allocated_mib));
    let used = match (node.cpus_allocated, node.memory_allocated_mib) {
        (0, _) => String::new(),
        (cpus, 0) => format!("cpu={cpus}{}", gpus(node.gpus_allocated)),
        (cpus, _) => format!("cpu={cpus},mem={memory}{}", gpus(node.gpus_allocated)),
    };
    tree.text_or_none("tres_used", used);
    tree.float("tres_weighted", node.cpus_allocated.into());
}
