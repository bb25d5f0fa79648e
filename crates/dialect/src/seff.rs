//! `seff JOB`: what a job asked for beside what it used, in the words of the script that comes with Slurm.

use model::{AccountRow, ArrayPlace, JobState, Memory, Span, Usage};

use crate::refusal::Refusal;
use crate::text::{Clock, put, put_full_span};
use crate::values::jobs::{self, JobPick};

const NAME: &str = "seff";

/// Reads a command line: one job, perhaps a task of an array.
///
/// # Errors
/// Help as an answer; anything but one job: exit code 1.
pub fn parse(args: &[Vec<u8>]) -> Result<JobPick, Refusal> {
    let usage = || {
        Refusal::answer(
            "Usage: seff [Options] <Jobid>\n       Options:\n       -h    Help menu\n       -v    Version\n",
        )
    };
    let mut pick = None;
    for word in args {
        match word.as_slice() {
            b"-h" | b"--help" => return Err(usage()),
            b"-v" | b"-V" | b"--version" => return Err(crate::refusal::version()),
            b"-d" | b"-f" => {}
            other => {
                let unknown = || Refusal::error(NAME, format!("Invalid job id {}", String::from_utf8_lossy(other)), 1);
                pick = Some(jobs::parse(other).ok_or_else(unknown)?);
            }
        }
    }
    pick.ok_or_else(|| Refusal { exit: 1, ..usage() })
}

/// Writes what became of one job; `rows` are its own row and those of its steps. Nothing: there is no such job.
pub fn print(rows: &[AccountRow], cluster: &str, clock: &Clock<'_>, out: &mut Vec<u8>) -> bool {
    let Some(job) = rows.iter().find(|row| row.step.is_none()) else { return false };
    let steps = || rows.iter().filter(|row| row.step.is_some() && row.id == job.id && row.attempt == job.attempt);
    // A job's own use includes that of its steps; where only they are known, they count.
    let used = job.usage.unwrap_or_else(|| steps().filter_map(|step| step.usage).fold(Usage::default(), Usage::plus));
    put(out, format_args!("Job ID: {}\n", job.id));
    if let ArrayPlace::Task { base, index } = &job.array {
        put(out, format_args!("Array Job ID: {base}_{index}\n"));
    }
    put(out, format_args!("Cluster: {cluster}\nUser/Group: {}/{}\n", job.owner.user, job.owner.group));
    match job.state {
        JobState::Pending | JobState::Running => put(out, format_args!("State: {}\n", job.state)),
        state => put(out, format_args!("State: {state} (exit code {})\n", job.exit.code)),
    }
    let cpus = if job.cpus > 0 { job.cpus } else { job.cpus_requested };
    put(out, format_args!("Cores: {cpus}\n"));
    if job.state == JobState::Pending {
        out.extend_from_slice(b"Efficiency not available for jobs in the PENDING state.\n");
        return true;
    }
    let elapsed = match job.start {
        Some(start) => {
            let end = job.end.unwrap_or(clock.now);
            Span::seconds((end.seconds() - start.seconds() - job.suspended.as_seconds()).max(0))
        }
        None => Span::ZERO,
    };
    put_cpu(cpus, elapsed, &used, out);
    put_memory(job, cpus, &used, out);
    if job.state == JobState::Running {
        out.extend_from_slice(b"WARNING: Efficiency statistics may be misleading for RUNNING jobs.\n");
    }
    true
}

fn put_cpu(cpus: u32, elapsed: Span, used: &Usage, out: &mut Vec<u8>) {
    let micros = used.user_us.saturating_add(used.system_us);
    let given = Span(elapsed.0.saturating_mul(cpus.into()));
    let share = if given.0 > 0 { micros as f64 / 10.0 / given.0 as f64 } else { 0.0 };
    out.extend_from_slice(b"CPU Utilized: ");
    put_full_span(out, Span(i64::try_from(micros / 1000).unwrap_or(i64::MAX)));
    put(out, format_args!("\nCPU Efficiency: {share:.2}% of "));
    put_full_span(out, given);
    out.extend_from_slice(b" core-walltime\nJob Wall-clock time: ");
    put_full_span(out, elapsed);
    out.push(b'\n');
}

fn put_memory(job: &AccountRow, cpus: u32, used: &Usage, out: &mut Vec<u8>) {
    let given_mib = job.memory_mib.or(match job.memory {
        Memory::PerNode(mib) => Some(mib.saturating_mul(job.nodes.max(1).into())),
        Memory::PerCpu(mib) => Some(mib.saturating_mul(cpus.into())),
        Memory::Default | Memory::Unlimited => None,
    });
    put(out, format_args!("Memory Utilized: {}\n", size(used.max_rss_kib as f64)));
    if let Some(mib) = given_mib.filter(|mib| *mib > 0) {
        let given = mib as f64 * 1024.0;
        put(
            out,
            format_args!("Memory Efficiency: {:.2}% of {}\n", used.max_rss_kib as f64 * 100.0 / given, size(given)),
        );
    }
}

/// KiB in the greatest unit that leaves at least one.
fn size(kib: f64) -> String {
    let (mut number, mut unit) = (kib, 0);
    while number >= 1024.0 && unit < 4 {
        number /= 1024.0;
        unit += 1;
    }
    format!("{number:.2} {}", ["KB", "MB", "GB", "TB", "PB"][unit])
}
