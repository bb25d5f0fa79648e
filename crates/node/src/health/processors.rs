//! Processors: how many, and whether one was slowed down as it got too hot.

use super::{Expect, Finding, State, Tree, below};

/// Threads that are on.
pub(super) fn count(tree: &Tree, expect: &Expect) -> Finding {
    let Some(seen) = tree.get("/sys/devices/system/cpu/online").map(|text| listed(text)) else {
        return Finding::new("cpus", State::Unknown, "the kernel does not list them");
    };
    match expect.cpus {
        Some(wanted) if seen != wanted => {
            Finding::new("cpus", State::Bad, format!("{seen} of {wanted} processors are there"))
        }
        _ => Finding::new("cpus", State::Good, format!("{seen} processors")),
    }
}

/// How many numbers `0-3,8` has.
fn listed(text: &str) -> u32 {
    let part = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let span = last.trim().parse::<u32>().ok()?.checked_sub(first.trim().parse().ok()?)?;
        span.checked_add(1)
    };
    text.trim().split(',').filter_map(part).sum()
}

/// Times that a core was slowed down since the start; that the kernel counts, where a processor can.
pub(super) fn errors(tree: &Tree) -> Finding {
    let counts: Vec<u64> = below(tree, "/sys/devices/system/cpu/cpu")
        .filter(|(path, _)| path.ends_with("/thermal_throttle/core_throttle_count"))
        .filter_map(|(_, text)| text.trim().parse().ok())
        .collect();
    match counts.iter().sum::<u64>() {
        _ if counts.is_empty() => Finding::new("cpu-errors", State::Unknown, "these processors do not count any"),
        0 => Finding::new("cpu-errors", State::Good, "never slowed down by heat"),
        sum => Finding::new("cpu-errors", State::Bad, format!("slowed down by heat {sum} times since the start")),
    }
}
