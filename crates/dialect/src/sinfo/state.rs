//! The states of machines as `sinfo` names them.

use model::{NodePower, NodeRow};

use super::fields::Group;

/// A machine's state, long and short: `draining`, `drng`.
pub fn names(node: &NodeRow) -> (&'static str, &'static str) {
    let busy = node.cpus_allocated > 0;
    match node {
        NodeRow { up: false, .. } | NodeRow { power: NodePower::Failed { .. }, .. } => ("down", "down"),
        NodeRow { drained: Some(_), .. } if busy => ("draining", "drng"),
        NodeRow { drained: Some(_), .. } => ("drained", "drain"),
        NodeRow { reserved: true, .. } if !busy => ("reserved", "resv"),
        _ if !busy => ("idle", "idle"),
        _ if node.cpus_allocated >= node.cpus => ("allocated", "alloc"),
        _ => ("mixed", "mix"),
    }
}

/// What stands behind a state where a machine is not simply on: it is off, comes up, or goes off.
pub fn mark(node: &NodeRow) -> &'static str {
    match node.power {
        NodePower::On | NodePower::Failed { .. } => "",
        NodePower::Off => "~",
        NodePower::Booting => "#",
        NodePower::GoingOff => "%",
    }
}

/// A machine's state without its flags, as `--json` has it.
pub fn base(node: &NodeRow) -> &'static str {
    match node {
        NodeRow { up: false, .. } | NodeRow { power: NodePower::Failed { .. }, .. } => "down",
        NodeRow { cpus_allocated: 0, .. } => "idle",
        NodeRow { cpus_allocated, cpus, .. } if cpus_allocated >= cpus => "allocated",
        _ => "mixed",
    }
}

/// A machine's state with all its flags: `mixed+drain`.
pub fn complete(node: &NodeRow) -> String {
    let failed = matches!(node.power, NodePower::Failed { .. });
    let drain = if node.drained.is_some() && !failed { "+drain" } else { "" };
    let reserved = if node.reserved { "+reserved" } else { "" };
    let power = match node.power {
        NodePower::On | NodePower::Failed { .. } => "",
        NodePower::Off => "+powered_down",
        NodePower::Booting => "+powering_up",
        NodePower::GoingOff => "+powering_down",
    };
    format!("{}{drain}{reserved}{power}", base(node))
}

/// Whether `-t` means this machine by that word.
pub fn is(node: &NodeRow, word: &str) -> bool {
    let (long, short) = names(node);
    let word = word.to_ascii_lowercase();
    match word.as_str() {
        "all" => true,
        // Both drained and draining.
        "drain" => node.drained.is_some(),
        "powered_down" => node.power == NodePower::Off,
        "powering_up" => node.power == NodePower::Booting,
        "powering_down" | "power_down" => node.power == NodePower::GoingOff,
        "resv" | "reserved" => node.reserved,
        other => other == long || other == short,
    }
}

/// The words that `-t` knows.
pub const WORDS: &[&str] = &[
    "all",
    "alloc",
    "allocated",
    "blocked",
    "cloud",
    "comp",
    "completing",
    "down",
    "drain",
    "drained",
    "draining",
    "drng",
    "err",
    "error",
    "fail",
    "future",
    "futr",
    "idle",
    "inval",
    "maint",
    "mix",
    "mixed",
    "no_respond",
    "npc",
    "perfctrs",
    "planned",
    "plnd",
    "power_down",
    "powering_down",
    "powered_down",
    "powering_up",
    "reboot_issued",
    "reboot_requested",
    "resv",
    "reserved",
    "unk",
    "unknown",
];

/// Where Slurm's numbering puts a state.
pub fn rank(group: &Group<'_>) -> u8 {
    group.nodes.first().map_or(0, |node| match names(node).0 {
        "down" => 1,
        "idle" => 2,
        "allocated" => 3,
        "mixed" => 5,
        // Flags beside a state, so after all of them.
        _ => 8,
    })
}
