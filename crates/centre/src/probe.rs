//! The machine as the system shows it, until `drivers::local::{topology, system}` do.
use model::{Machine, Time};
fn number(path: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
}
pub(crate) fn discover() -> std::io::Result<Machine> {
    let cpus = std::thread::available_parallelism()?.get() as u32;
    let name = nix::unistd::gethostname()?.to_string_lossy().split('.').next().unwrap_or("localhost").to_owned();
    Ok(Machine::regular(&name, 1, cpus, 1, number("/proc/meminfo", "MemTotal:").unwrap_or(0) / 1024))
}
pub(crate) fn memory_free_mib() -> Option<u64> {
    number("/proc/meminfo", "MemAvailable:").map(|kib| kib / 1024)
}
pub(crate) fn load_centi() -> Option<u32> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    Some((text.split_whitespace().next()?.parse::<f64>().ok()? * 100.0) as u32)
}
pub(crate) fn boot_time() -> Option<Time> {
    number("/proc/stat", "btime ").map(|at| Time::from_seconds(at as i64))
}
pub(crate) fn os() -> String {
    std::fs::read_to_string("/proc/version")
        .unwrap_or_default()
        .split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}
pub(crate) fn resident_kib(_pid: u32) -> Option<u64> {
    number("/proc/self/status", "VmRSS:")
}
