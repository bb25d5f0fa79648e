//! Processor time of processes, as `/proc` tells it (proc(5)).

use std::fs;

use super::party::Party;

/// Clock ticks a second in `/proc/PID/stat`: the same on every Linux that Rust's own programs run on (`USER_HZ`).
const TICKS: f64 = 100.0;

/// Seconds that a party and all commands that we have called have used so far, jobs that are over included.
///
/// `None` where that cannot be told: HyperQueue's server lives in a call, and nobody waits for Slurm's job keepers.
pub fn of_party(party: &Party) -> Option<f64> {
    let ours = seconds_of_children(&std::process::id().to_string())?;
    match party {
        Party::Bare(_) => Some(ours),
        Party::Cluster(cluster) if !cluster.who.is_peer() => {
            let processes = cluster.processes().ok()?;
            let all = processes.iter().map(|pid| {
                let pid = pid.to_string();
                Some(seconds(&pid, &[OWN_USER, OWN_SYSTEM])? + seconds_of_children(&pid)?)
            });
            Some(ours + all.sum::<Option<f64>>()?)
        }
        _ => None,
    }
}

/// Fields of `/proc/PID/stat`, counted from the one after the program's name, which is the third.
const OWN_USER: usize = 11;
const OWN_SYSTEM: usize = 12;
const CHILDREN_USER: usize = 13;
const CHILDREN_SYSTEM: usize = 14;

/// Of the children that it has waited for, and theirs.
fn seconds_of_children(pid: &str) -> Option<f64> {
    seconds(pid, &[CHILDREN_USER, CHILDREN_SYSTEM])
}

fn seconds(pid: &str, fields: &[usize]) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    ticks(&stat, fields).map(|ticks| ticks / TICKS)
}

fn ticks(stat: &str, fields: &[usize]) -> Option<f64> {
    // The name is in brackets, and may hold anything.
    let rest: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    fields.iter().map(|field| rest.get(*field)?.parse::<f64>().ok()).sum()
}

/// Seconds that all threads of these processes have been on a core, to the nanosecond (`schedstat`).
pub fn of_threads(processes: &[u32]) -> Option<f64> {
    let threads = processes.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok()).flatten();
    let times = threads.filter_map(Result::ok).map(|thread| {
        fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().next()?.parse::<f64>().ok()
    });
    times.sum::<Option<f64>>().map(|nanoseconds| nanoseconds / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194304 109 0 0 0 7 3 100 20 20 0 1 0 99";
        assert_eq!(ticks(stat, &[OWN_USER, OWN_SYSTEM]), Some(10.0));
        assert_eq!(ticks(stat, &[CHILDREN_USER, CHILDREN_SYSTEM]), Some(120.0));
        assert_eq!(ticks("42 (a) S", &[OWN_USER]), None);
        assert!(of_threads(&[std::process::id()]).is_some());
    }
}
