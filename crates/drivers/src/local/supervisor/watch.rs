//! What a run uses while it runs: memory is looked at once a second (twice where the kernel keeps no limit).

use std::time::Duration;

use model::Outcome;
use nix::unistd::Pid;

use super::super::cgroup::Cage;
use super::super::sys::Moved;
use super::super::tree;
use super::super::{clock, sys};
use super::Supervisor;
use super::job::Stage;

const EVERY: Duration = Duration::from_secs(1);
const EVERY_TO_LIMIT: Duration = Duration::from_millis(500);

/// What was seen so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// Greatest resident memory of all processes together.
    pub(super) peak_kib: u64,
    /// More than was asked for was seen, and everybody killed for it.
    over: bool,
    /// The limit that has to be kept by looking.
    limit_kib: Option<u64>,
    next: Duration,
    /// The group's CPU time, and our own, when it began.
    cpu: (Duration, Duration),
}

impl Watch {
    /// Of a run that begins now.
    pub(super) fn new(cage: Option<&Cage>, memory_mib: Option<u64>) -> Self {
        let kept = cage.is_some_and(|cage| cage.has().memory);
        let limit_kib = memory_mib.filter(|_| !kept).map(|mib| mib.saturating_mul(1024));
        let every = if limit_kib.is_some() { EVERY_TO_LIMIT } else { EVERY };
        let cpu = cage.and_then(Cage::cpu_time).unwrap_or_default();
        Self { peak_kib: 0, over: false, limit_kib, next: clock::since_boot() + every, cpu: (cpu, sys::own_cpu()) }
    }

    pub(super) fn due(&self) -> Duration {
        self.next
    }
}

impl Supervisor {
    /// Looks at the run's memory, if it is time.
    pub(super) fn tick_watch(&mut self, now: Duration) {
        let Some(job) = &self.job else { return };
        if job.watch.next > now || !matches!(job.stage, Stage::Running { .. }) {
            return;
        }
        let limit = job.watch.limit_kib;
        let resident = match &self.cage {
            Ok(Some(cage)) => cage.resident_kib(),
            _ => None,
        };
        let resident = resident.unwrap_or_else(|| tree_kib(self.pid));
        let over = limit.is_some_and(|limit| resident > limit && shared_out_kib(self.pid) > limit);
        let Some(job) = &mut self.job else { return };
        job.watch.peak_kib = job.watch.peak_kib.max(resident);
        job.watch.next = now + if limit.is_some() { EVERY_TO_LIMIT } else { EVERY };
        if over {
            job.watch.over = true;
            job.killing = true;
            self.kill_everybody();
        }
        self.write_down_use();
    }

    /// For whoever has to account for the run if we are killed, or measures it meanwhile.
    pub(super) fn write_down_use(&self) {
        let Some(job) = &self.job else { return };
        let cpu = self.watched_cpu().unwrap_or_else(|| job.waited_cpu() + tree_cpu(self.pid));
        let has_account = matches!(&self.cage, Ok(Some(cage)) if cage.has().cpu_time);
        let group_before = has_account.then_some(job.watch.cpu.0.as_micros() as u64);
        self.slot.write_use(job.launch.run, &job.usage(Some(cpu)), group_before);
    }

    /// When nobody is left: was it for want of memory?
    pub(super) fn judge_memory(&mut self) {
        let mut kills = match &mut self.cage {
            Ok(Some(cage)) => cage.new_kills(),
            _ => 0,
        };
        let Some(job) = &mut self.job else { return };
        kills += u64::from(std::mem::take(&mut job.watch.over));
        let Some(Outcome::Exited(exit)) = &job.verdict else { return };
        if kills == 0 {
            return;
        }
        job.verdict = Some(Outcome::OutOfMemory(*exit));
        let line = format!(
            "{}: error: Detected {kills} oom-kill event(s) in StepId={}.batch. Some of your processes may have been \
             killed by the cgroup out-of-memory handler.",
            job.launch.speaker, job.launch.label
        );
        self.write_note(&line);
    }

    /// What children of ours that are over have read and written since this was last asked.
    pub(super) fn moved_by_children(&mut self) -> Option<Moved> {
        let now = self.accounts.as_ref()?.of_children()?;
        let before = std::mem::replace(&mut self.moved, now);
        Some(Moved { read: now.read.saturating_sub(before.read), written: now.written.saturating_sub(before.written) })
    }

    /// CPU time of the run by its group's account, which we may be in ourselves.
    pub(super) fn watched_cpu(&self) -> Option<Duration> {
        let Ok(Some(cage)) = &self.cage else { return None };
        let (group, own) = self.job.as_ref()?.watch.cpu;
        let spent = cage.cpu_time()?.checked_sub(group)?;
        let ours = if cage.is_shared() { sys::own_cpu().saturating_sub(own) } else { Duration::ZERO };
        Some(spent.saturating_sub(ours))
    }
}

/// CPU time of everybody below us, and of those that they have taken leave of.
fn tree_cpu(root: Pid) -> Duration {
    let ticks: u64 = tree::descendants(root).iter().map(|(_, stat)| stat.cpu_ticks).sum();
    sys::ticks(ticks)
}

/// Resident memory of everybody below us; what several share is counted for each.
fn tree_kib(root: Pid) -> u64 {
    let pages: u64 = tree::descendants(root).iter().map(|(_, stat)| stat.rss_pages).sum();
    pages.saturating_mul(sys::page_kib())
}

/// The same, with what several share shared out between them: dearer to ask for, so only when it matters. Where it may
/// not be asked, resident memory stands in.
fn shared_out_kib(root: Pid) -> u64 {
    let one = |pid: Pid| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    let all = tree::descendants(root);
    all.iter().map(|(process, stat)| one(process.pid).unwrap_or(stat.rss_pages * sys::page_kib())).sum()
}
