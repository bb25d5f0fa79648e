//! CPU time of Slurm's jobs on this machine: `scontrol listpids` says which processes are whose, `/proc` what each used.
//! Slurm's control groups are its own affair and are not looked at. Must not know what the times are for.

use std::collections::{BTreeMap, HashMap};
use std::fs::{read_dir, read_to_string};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::meters::command;

/// slurmd answers at once, or not at all.
const LIMIT: Duration = Duration::from_secs(3);

/// A process, as far as it is needed here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Process {
    parent: u32,
    /// Its own and its waited-for children's, ticks.
    ticks: u64,
}

/// What was seen of each job so far: a sum never goes back.
#[derive(Debug, Default)]
pub(super) struct JobTimes {
    seen: BTreeMap<u32, Seen>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// The last sum of its processes,
    last: u64,
    /// and what those that are gone had.
    gone: u64,
}

impl JobTimes {
    /// Jobs that have processes now, and CPU time of each here so far, in microseconds. Without a slurmd there are none.
    pub(super) fn look(&mut self, scontrol: &str, proc: &Path) -> Vec<(u32, u64)> {
        let mut asked = Command::new(scontrol);
        asked.arg("listpids").env("LC_ALL", "C");
        let said = command::run(asked, b"", "scontrol", LIMIT).map(|said| said.output).unwrap_or_default();
        let owners = owners(&String::from_utf8_lossy(&said));
        if owners.is_empty() {
            self.seen.clear();
            return Vec::new();
        }
        let tick = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100).max(1);
        let tick_us = 1_000_000 / tick as u64;
        let sums = sums(&owners, &processes(proc));
        self.take(&sums).into_iter().map(|(job, ticks)| (job, ticks * tick_us)).collect()
    }

    fn take(&mut self, sums: &BTreeMap<u32, u64>) -> Vec<(u32, u64)> {
        self.seen.retain(|job, _| sums.contains_key(job));
        let one = |(job, sum): (&u32, &u64)| {
            let seen = self.seen.entry(*job).or_default();
            // A process ended whose time nobody of the job has taken over.
            seen.gone += seen.last.saturating_sub(*sum);
            seen.last = *sum;
            (*job, seen.gone + sum)
        };
        sums.iter().map(one).collect()
    }
}

/// Whose each process is, of `PID JOBID STEPID LOCALID GLOBALID`.
fn owners(listed: &str) -> HashMap<u32, u32> {
    let one = |line: &str| {
        let mut fields = line.split_whitespace();
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    listed.lines().filter_map(one).collect()
}

fn processes(proc: &Path) -> HashMap<u32, Process> {
    let entries = read_dir(proc).into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let one = |pid: u32| Some((pid, process(&read_to_string(proc.join(format!("{pid}/stat"))).ok()?)?));
    numbers.filter_map(one).collect()
}

/// A line of `/proc/PID/stat`: the name may have anything in it but ends at the last bracket.
fn process(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    // Counted from the state, which is the third: parent is the 4th, times are 14 to 17 (proc(5)).
    let ticks = (11..15).map(|at| fields.get(at)?.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Process { parent: fields.get(1)?.parse().ok()?, ticks })
}

/// By job. A process that was not listed is its parent's, or that one's parent's.
fn sums(owners: &HashMap<u32, u32>, processes: &HashMap<u32, Process>) -> BTreeMap<u32, u64> {
    let owner = |pid: u32| {
        let mut at = pid;
        for _ in 0..64 {
            if let Some(job) = owners.get(&at) {
                return Some(*job);
            }
            at = processes.get(&at)?.parent;
        }
        None
    };
    let mut sums: BTreeMap<u32, u64> = owners.values().map(|job| (*job, 0)).collect();
    for (pid, process) in processes {
        if let Some(sum) = owner(*pid).and_then(|job| sums.get_mut(&job)) {
            *sum += process.ticks;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn processes_are_their_jobs() {
        // As Slurm 22.05.8 lists them: a job with a script and a step.
        let listed = "PID      JOBID    STEPID   LOCALID GLOBALID\n101      7        batch    0       0\n\
            102      7        0        -       -\n201      8        batch    0       0\n";
        let owners = owners(listed);
        assert_eq!(owners.len(), 3);
        let stat = |pid: u32, parent: u32, own: u64| {
            let line = format!("{pid} (a b) c) S {parent} 1 1 0 -1 4194304 100 0 0 0 {own} 2 3 4 20 0 1 0 9 9");
            (pid, process(&line).unwrap())
        };
        let all: HashMap<u32, Process> = [
            stat(1, 0, 1000),
            stat(101, 50, 10),
            stat(102, 1, 20),
            stat(103, 102, 30),
            stat(201, 1, 5),
            stat(300, 1, 9),
        ]
        .into();
        assert_eq!(sums(&owners, &all), [(7, 10 + 20 + 30 + 27), (8, 5 + 9)].into());
        assert!(process("junk").is_none() && process("1 (x) S 1").is_none());
    }

    #[test]
    fn a_sum_never_goes_back() {
        let mut times = JobTimes::default();
        let mut take = |sum: u64| times.take(&[(7, sum)].into());
        assert_eq!(take(10), [(7, 10)]);
        assert_eq!(take(25), [(7, 25)]);
        // A process that had 20 of these is gone.
        assert_eq!(take(5), [(7, 25)]);
        assert_eq!(take(8), [(7, 28)]);
        times.take(&BTreeMap::new());
        assert_eq!(times.take(&[(7, 3)].into()), [(7, 3)]);
    }

    #[test]
    fn without_slurm_there_are_no_jobs() {
        assert!(JobTimes::default().look("no-such-program", Path::new("/proc")).is_empty());
    }
}
