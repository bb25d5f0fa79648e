//! The processes of jobs on this machine, and what they use, read from `/proc`: as far as the caller may look, which is
//! at their own processes, or as root at all.
//!
//! A process belongs to the job that its environment names, as everything that a job starts inherits it.

use std::{fs, path::Path};

use dialect::sstat::Use;
use model::{JobId, StepId};
use nix::unistd::{SysconfVar, sysconf};

/// A process of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its job's record.
    pub job: JobId,
    /// Its step; the batch script's where the environment names none.
    pub step: StepId,
    /// The task that it is (its number among all, and on this machine), not one of the task's children.
    pub task: Option<(u32, u32)>,
}

/// All that can be seen.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut found: Vec<Process> = pids.filter_map(of_pid).collect();
    // What a step's task starts inherits its number; the task itself is the one whose parent is of another step.
    let places: Vec<(u32, JobId, StepId)> = found.iter().map(|one| (one.pid, one.job, one.step)).collect();
    for process in &mut found {
        let parent = parent(process.pid).unwrap_or(0);
        let has_parent_beside = places.contains(&(parent, process.job, process.step));
        process.task = process.task.filter(|_| !has_parent_beside);
    }
    found.sort_by_key(|process| (process.job, process.step, process.pid));
    found
}

/// The job of one process, if it has one and we may see it.
pub fn of_pid(pid: u32) -> Option<Process> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = |name: &str| {
        let found = environment
            .split(|byte| *byte == 0)
            .find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        std::str::from_utf8(found?).ok()?.parse::<u32>().ok()
    };
    let job = JobId(value("SLURM_JOB_ID")?);
    let step = value("SLURM_STEP_ID").map_or(StepId::Batch, StepId::Number);
    let task = (value("SLURM_PROCID").unwrap_or(0), value("SLURM_LOCALID").unwrap_or(0));
    Some(Process { pid, job, step, task: Some(task) })
}

/// What some processes use together just now.
pub fn usage(pids: impl IntoIterator<Item = u32>) -> Use {
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().map_or(100, i64::unsigned_abs).max(1);
    let mut sum = Use::default();
    for pid in pids {
        let folder = format!("/proc/{pid}");
        let Some([faults, cpu]) = stat(Path::new(&folder)) else { continue };
        sum.pids.push(pid);
        sum.faults += faults;
        sum.cpu_us += cpu * (1_000_000 / ticks);
        let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        sum.rss_kib += line_of(&status, "VmRSS:");
        sum.vm_kib += line_of(&status, "VmSize:");
        let io = fs::read_to_string(format!("{folder}/io")).unwrap_or_default();
        sum.read_bytes += line_of(&io, "rchar:");
        sum.write_bytes += line_of(&io, "wchar:");
    }
    sum
}

/// Page faults that needed the disk, and CPU time in ticks, that of children that ended included.
fn stat(folder: &Path) -> Option<[u64; 2]> {
    let text = fs::read_to_string(folder.join("stat")).ok()?;
    // After the name, which may hold anything: the third field of proc(5) is the first here.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at - 3).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Some([number(12), number(14) + number(15) + number(16) + number(17)])
}

fn parent(pid: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn line_of(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_use_something() {
        let own = usage([std::process::id(), u32::MAX]);
        assert_eq!(own.pids, [std::process::id()]);
        assert!(own.rss_kib > 0 && own.vm_kib > own.rss_kib, "{own:?}");
    }
}
