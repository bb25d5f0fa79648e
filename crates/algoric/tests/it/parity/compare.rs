//! What of two texts is compared: everything but
//!
//! - times of day and dates (but those after 2030), and how long something took (less than a minute);
//! - numbers of processes and of sessions, priorities, how nice who types is, and where the centre keeps a script;
//! - which number a job is given (Slurm uses one up also for some that it refuses), as long as it keeps it;
//! - variables that say where Slurm's own parts are (`SLURM_CONF`, its ports, `SLURM_WORKING_CLUSTER`);
//! - the order of the two streams, of what several write at once (standard error, lines labelled with a task), and how
//!   often one line of standard error is said;
//! - that Slurm keeps an `srun` waiting until the one before is tidied up (but where a case is about waiting).

use crate::replay::replace_shape;

/// Lines of variables that only Slurm can have.
const ABSENT: &[&str] =
    &["SLURM_CONF=", "SLURM_WORKING_CLUSTER=", "SLURM_SRUN_COMM_PORT=", "SLURM_STEP_LAUNCHER_PORT="];

/// What stands after these is nobody's business.
const MASKED: &[&str] =
    &["Priority=", "AllocNode:Sid=", "SLURM_TASK_PID=", "SLURM_PRIO_PROCESS=", "LastSchedEval=", "SrunHost:Pid="];

/// Where a line belongs: those whose order is anybody's guess are put in order.
fn place(line: &str) -> (u8, &str) {
    let labelled = line.split_once(": ").is_some_and(|(task, _)| task.parse::<u32>().is_ok());
    match line {
        _ if line.starts_with("[exit") => (2, line),
        _ if line.starts_with("2> ") => (1, line),
        _ if labelled => (0, line),
        _ => (0, ""),
    }
}

/// How strictly.
#[derive(Clone, Copy)]
pub struct Compare {
    /// Also that something had to wait.
    pub waits: bool,
}

/// Whether `srun` is still there to see it when all its tasks are gone is anybody's guess.
fn is_slow(line: &str) -> bool {
    line == "2> srun: got SIGCONT"
}

fn is_waiting(line: &str) -> bool {
    // What a script's steps say is in the file of its output.
    let is_step = line.starts_with("srun: ")
        && (line.contains(" step creation temporarily disabled, retrying") || line.contains("Step created for job "));
    is_step
        || line.starts_with("2> ")
            && ["queued and waiting for resources", "has been allocated resources"]
                .iter()
                .any(|end| line.ends_with(end))
}

/// The text without what differs between any two machines and moments.
pub fn tidy(text: &str, typed: &str, Compare { waits }: Compare) -> Vec<String> {
    // A date that a case has named itself is compared.
    let mut text = text.replace("203", "\u{1}");
    for (shape, name) in [
        ("dddd-dd-ddTdd:dd:dd", "dddd-dd-ddTtt:tt:tt"),
        ("aaa aaa dd dd:dd:dd dddd", "DATE"),
        ("00:00:dd", "00:00:SS"),
        ("dddddddddd", "EPOCH"),
    ] {
        text = replace_shape(&text, shape, name);
    }
    if typed.contains("squeue") {
        text = replace_shape(&text, "0:dd", "0:SS");
    }
    text = text.replace('\u{1}', "203");
    let mut lines: Vec<String> = text.lines().map(tidy_line).collect();
    lines.retain(|line| !ABSENT.iter().any(|name| line.starts_with(name)) && line != "2>" && !is_slow(line));
    if !waits {
        lines.retain(|line| !is_waiting(line));
    }
    lines.sort_by(|one, other| place(one).cmp(&place(other)));
    lines.dedup_by(|one, other| one == other && one.starts_with("2> "));
    lines
}

fn tidy_line(line: &str) -> String {
    let mut line = line.to_owned();
    for key in MASKED {
        if let Some(start) = line.find(key).map(|at| at + key.len()) {
            let end = line[start..].find(' ').map_or(line.len(), |length| start + length);
            line.replace_range(start..end, "...");
        }
    }
    if let Some(end) = line.find("/slurm_script") {
        let start = line[..end].rfind([' ', '"', '\'']).map_or(0, |at| at + 1);
        let job = line[start..end].rfind('/').map_or(start, |at| start + at);
        line.replace_range(start..job, "");
    }
    // The shell's own words about a process of its.
    if let Some(at) = [" Killed", " Terminated"].iter().find_map(|word| line.find(word))
        && let Some(start) = line[..at].trim_end().rfind(' ')
    {
        // As many blanks as the process has fewer digits than others.
        let start = line[..start].trim_end().len();
        line.replace_range(start..at, " PID");
    }
    line.trim_end().to_owned()
}

/// The lines that only one of both has; empty if they are the same.
pub fn difference(slurm: &[String], ours: &[String]) -> String {
    if slurm == ours {
        return String::new();
    }
    let only = |mark: &str, these: &[String], those: &[String]| -> String {
        let alone = these.iter().filter(|line| !those.contains(line));
        alone.map(|line| format!("  {mark} {line}\n")).collect()
    };
    let lines = only("slurm:", slurm, ours) + &only("ours: ", ours, slurm);
    if lines.is_empty() {
        format!("  the same lines in another order or number:\n{}\n", ours.join("\n"))
    } else {
        lines
    }
}

#[test]
fn what_is_compared() {
    let text =
        "2> e\nRunTime=00:00:03 TimeLimit=00:01:00 Priority=12 x\n/var/job00007/slurm_script: line 2:   123 Killed";
    let expected =
        ["RunTime=00:00:SS TimeLimit=00:01:00 Priority=... x", "/job00007/slurm_script: line 2: PID Killed", "2> e"];
    assert_eq!(tidy(text, "scontrol", Compare { waits: true }), expected);
    let waited = "srun: Job 7 step creation temporarily disabled, retrying (Requested nodes are busy)\nran";
    assert_eq!(tidy(waited, "sbatch", Compare { waits: false }), ["ran"]);
    assert_eq!(tidy(waited, "sbatch", Compare { waits: true }).len(), 2);
    assert_eq!(tidy("a   0:03 b", "squeue", Compare { waits: true }), ["a   0:SS b"]);
}
