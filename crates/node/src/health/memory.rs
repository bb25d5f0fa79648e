//! Memory: how much, and what its controllers corrected or could not (the kernel's EDAC).

use super::{Expect, Finding, State, Tree, below};

/// Memory that the kernel has.
pub(super) fn size(tree: &Tree, expect: &Expect) -> Finding {
    let total = tree.get("/proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    let Some(seen) = total.map(|kib| kib / 1024) else {
        return Finding::new("memory", State::Unknown, "the kernel does not say how much");
    };
    match expect.memory_mib {
        // A new kernel keeps a little more or less for itself.
        Some(wanted) if seen < wanted - wanted / 50 => {
            Finding::new("memory", State::Bad, format!("{seen} of {wanted} MiB are there"))
        }
        _ => Finding::new("memory", State::Good, format!("{seen} MiB")),
    }
}

/// Errors since the start.
pub(super) fn corrected(tree: &Tree, expect: &Expect) -> Finding {
    let sum = |name: &str| {
        let counts = below(tree, "/sys/devices/system/edac/mc/mc").filter(|(path, _)| {
            // Of the controllers, not of their ranks besides.
            path.split_once('/').is_some_and(|(_, rest)| rest == name)
        });
        let counts: Vec<u64> = counts.filter_map(|(_, text)| text.trim().parse().ok()).collect();
        (!counts.is_empty()).then(|| counts.iter().sum::<u64>())
    };
    match (sum("ce_count"), sum("ue_count")) {
        (None, None) => Finding::new("memory-errors", State::Unknown, "no controller counts them"),
        (_, Some(lost)) if lost > 0 => {
            Finding::new("memory-errors", State::Bad, format!("{lost} errors that could not be corrected"))
        }
        (Some(mended), _) if mended > expect.corrected => {
            Finding::new("memory-errors", State::Bad, format!("{mended} errors corrected since the start"))
        }
        (mended, _) => Finding::new("memory-errors", State::Good, format!("{} corrected", mended.unwrap_or(0))),
    }
}
