//! What this machine is, and the clocks that nobody sets. Must not know who asks.

use std::fs::read_to_string;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use node::report::{About, plain};

use crate::local::{system, topology};

/// What can be said of the machine itself; its meters are the caller's to add.
pub(super) fn about(agent: &str) -> About {
    let cores = topology::cores(Path::new("/sys"), &topology::allowed()).unwrap_or_default();
    let threads = cores.iter().map(|core| core.threads.len()).sum::<usize>() as u32;
    let text = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    About {
        agent: plain(agent),
        kernel: plain(&system::os().unwrap_or_default()),
        model: plain(model.map_or("", |(_, model)| model)),
        cpus: threads.max(1),
        cores: (cores.len() as u32).max(1),
        memory_mib: system::memory().map(|memory| memory.total_mib).unwrap_or_default(),
        ..About::default()
    }
}

/// The clock that people set, ms since 1970.
pub(super) fn wall_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// The one that counts since the machine was started, sleep included, ms (to a hundredth of a second).
pub(super) fn up_ms() -> i64 {
    let text = read_to_string("/proc/uptime").unwrap_or_default();
    let field = text.split_whitespace().next().and_then(|field| field.split_once('.'));
    let parts = field.and_then(|(whole, part)| Some((whole.parse::<i64>().ok()?, part.parse::<i64>().ok()?)));
    parts.map_or(0, |(seconds, hundredths)| seconds * 1000 + hundredths * 10)
}
