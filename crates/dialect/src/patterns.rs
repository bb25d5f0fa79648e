//! File names with `%`: `slurm-%j.out`, `out-%A_%a`, `%3t`.
//!
//! Pure text: knows the facts handed in, touches no file.

use model::{ArrayPlace, IndexSet, JobId, JobSpec, StepId, Text};

use crate::text::{put, put_number};

/// What `%a` shows where there is no task: Slurm's mark for "no value".
pub const NO_TASK: u32 = u32::MAX - 1;

/// Of a job without `-o`.
pub const DEFAULT_OUTPUT: &str = "slurm-%j.out";
/// Of an array without `-o`.
pub const DEFAULT_ARRAY_OUTPUT: &str = "slurm-%A_%a.out";
/// Where input comes from without `-i`.
pub const NO_INPUT: &str = "/dev/null";

/// What the patterns stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    /// The record's number (`%j`).
    pub job: JobId,
    /// The array's number and the task's (`%A`, `%a`).
    pub array: Option<(JobId, u32)>,
    /// The job's name (`%x`).
    pub name: &'a [u8],
    /// The owner's login name (`%u`).
    pub user: &'a str,
    /// The machine, short (`%N`).
    pub node: &'a str,
    /// The step (`%s`); a batch script is the step `batch`.
    pub step: StepId,
    /// The machine's number in the job (`%n`).
    pub node_index: u32,
    /// The task's number in the step (`%t`).
    pub task: u32,
}

impl<'a> Facts<'a> {
    /// Of a batch script.
    pub fn batch(job: JobId, array: Option<(JobId, u32)>, name: &'a [u8], user: &'a str, node: &'a str) -> Self {
        Self { job, array, name, user, node, step: StepId::Batch, node_index: 0, task: 0 }
    }

    /// Of a record, started or not: a pending array's files show [`NO_TASK`], as Slurm's do.
    pub fn of_record(id: JobId, place: &ArrayPlace, name: &'a [u8], user: &'a str, node: &'a str) -> Self {
        let array = match place {
            ArrayPlace::Single => None,
            ArrayPlace::Task { base, index } => Some((*base, *index)),
            ArrayPlace::Pending { base, .. } => Some((*base, NO_TASK)),
        };
        Self::batch(id, array, name, user, node)
    }
}

/// Fills a pattern in. What is no known letter stays as it is; a backslash anywhere switches all letters off and goes.
pub fn expand(pattern: &[u8], facts: &Facts<'_>) -> Vec<u8> {
    if pattern.contains(&b'\\') {
        return pattern.iter().copied().filter(|byte| *byte != b'\\').collect();
    }
    let mut out = Vec::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let width = rest[..digits]
            .iter()
            .fold(0usize, |sum, digit| sum.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
        let start = out.len();
        if rest.get(digits).is_some_and(|letter| letter_value(*letter, facts, width.min(10), &mut out)) {
            rest = &rest[digits + 1..];
        } else {
            out.truncate(start);
            out.push(b'%');
        }
    }
    out.extend_from_slice(rest);
    out
}

fn letter_value(letter: u8, facts: &Facts<'_>, width: usize, out: &mut Vec<u8>) -> bool {
    let number = |out: &mut Vec<u8>, number: u32| put(out, format_args!("{number:0width$}"));
    match letter {
        b'%' => out.push(b'%'),
        b'A' => number(out, facts.array.map_or(facts.job.0, |(base, _)| base.0)),
        b'a' => number(out, facts.array.map_or(NO_TASK, |(_, index)| index)),
        b'j' => number(out, facts.job.0),
        b'J' => {
            number(out, facts.job.0);
            if let StepId::Number(step) = facts.step {
                out.push(b'.');
                put_number(out, step.into());
            }
        }
        b'N' => out.extend_from_slice(facts.node.as_bytes()),
        b'n' => number(out, facts.node_index),
        b's' => match facts.step {
            StepId::Batch => out.extend_from_slice(b"batch"),
            StepId::Number(step) => number(out, step),
        },
        b't' => number(out, facts.task),
        b'u' => out.extend_from_slice(facts.user.as_bytes()),
        b'x' => out.extend_from_slice(facts.name),
        _ => return false,
    }
    true
}

/// A pattern filled in, below the working directory unless absolute.
pub fn file(pattern: &[u8], facts: &Facts<'_>, workdir: &Text) -> Text {
    crate::submission::join(workdir, &Text::from(expand(pattern, facts)))
}

/// Output, error and input of a batch job: absolute paths. Error follows output where it was not asked for.
pub fn batch_files(spec: &JobSpec, facts: &Facts<'_>) -> [Text; 3] {
    let default = if facts.array.is_some() { DEFAULT_ARRAY_OUTPUT } else { DEFAULT_OUTPUT };
    let output = spec.stdout.as_ref().map_or(default.as_bytes(), Text::as_bytes);
    let error = spec.stderr.as_ref().map_or(output, Text::as_bytes);
    let input = spec.stdin.as_ref().map_or(NO_INPUT.as_bytes(), Text::as_bytes);
    [output, error, input].map(|pattern| file(pattern, facts, &spec.workdir))
}

/// The first, the last, the step and the number of tasks of an array (`SLURM_ARRAY_TASK_*`).
pub fn array_bounds(tasks: &IndexSet) -> (u32, u32, u32, u64) {
    (tasks.first().unwrap_or(0), tasks.last().unwrap_or(0), tasks.step(), tasks.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that Slurm made of these, see `tests/facts/patterns.txt`.
    #[test]
    fn letters() {
        let plain = Facts::batch(JobId(17677), None, b"nm", "alice", "vm");
        let task = Facts::batch(JobId(17680), Some((JobId(17680), 7)), b"nm", "alice", "vm");
        let step = Facts { step: StepId::Number(0), task: 1, ..plain };
        for (pattern, facts, expected) in [
            ("%%", plain, "%"),
            ("A%A", plain, "A17677"),
            ("a%a", plain, "a4294967294"),
            ("J%J", plain, "J17677"),
            ("N%N-%n-%t-%s", plain, "Nvm-0-0-batch"),
            ("%u%x", plain, "alicenm"),
            ("b%b", plain, "b%b"),
            ("%3j", plain, "17677"),
            ("%10j", plain, "0000017677"),
            ("%99j", plain, "0000017677"),
            ("z%z%", plain, "z%z%"),
            ("arr-%A-%a-%j-%J-%3a-%b", task, "arr-17680-7-17680-17680-007-%b"),
            ("step-%j-%s-%t-%n-%N-%J", step, "step-17677-0-1-0-vm-17677.0"),
            ("\\%j", plain, "%j"),
        ] {
            assert_eq!(String::from_utf8_lossy(&expand(pattern.as_bytes(), &facts)), expected, "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(pattern: Vec<u8>) {
            expand(&pattern, &Facts::batch(JobId(1), None, b"x", "u", "n"));
        }
    }
}
