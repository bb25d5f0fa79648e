//! Which jobs and steps are meant: `35`, `35_3`, `35_[1-4]`, `35.0`, `35_3.batch`, and lists of them.

use model::{ArrayPlace, IndexSet, JobId, StepId};

/// One job, some tasks of an array, or one step of those.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobPick {
    /// The number before `_` and `.`: a record's, or an array's.
    pub job: JobId,
    /// The tasks after `_`; `None`: all.
    pub tasks: Option<IndexSet>,
    /// The step after `.`.
    pub step: Option<StepPick>,
    /// As it was typed, for messages.
    pub text: String,
}

/// A step by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepPick {
    /// A step that we have.
    Step(StepId),
    /// `extern`, `interactive`: names that Slurm has and we never use.
    Foreign,
}

impl JobPick {
    /// Whether a record is meant, be it by its own number or as a part of its array.
    pub fn covers(&self, id: JobId, place: &ArrayPlace) -> bool {
        match (&self.tasks, place) {
            (None, ArrayPlace::Single) => id == self.job,
            (None, ArrayPlace::Task { base, .. } | ArrayPlace::Pending { base, .. }) => {
                id == self.job || *base == self.job
            }
            (Some(_), ArrayPlace::Single) => false,
            (Some(tasks), ArrayPlace::Task { base, index }) => *base == self.job && tasks.contains(*index),
            (Some(tasks), ArrayPlace::Pending { base, tasks: pending, .. }) => {
                *base == self.job && pending.iter().any(|index| tasks.contains(index))
            }
        }
    }

    /// Whether a step of a record is meant; `None` is the job itself, which a pick without a step means too.
    pub fn covers_step(&self, step: Option<StepId>) -> bool {
        match self.step {
            None => true,
            Some(StepPick::Step(wanted)) => step == Some(wanted),
            Some(StepPick::Foreign) => false,
        }
    }
}

/// One pick; `None` where it makes no sense.
pub fn parse(text: &[u8]) -> Option<JobPick> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (job, step) = match text.split_once('.') {
        Some((job, step)) => (job, Some(parse_step(step)?)),
        None => (text, None),
    };
    let (job, tasks) = match job.split_once('_') {
        Some((job, "*")) => (job, None),
        // A limit may stand there, because that is what squeue shows.
        Some((job, tasks)) => (job, Some(task_list(tasks)?)),
        None => (job, None),
    };
    let id = if job.bytes().all(|byte| byte.is_ascii_digit()) { job.parse().ok()? } else { return None };
    (id > 0).then(|| JobPick { job: JobId(id), tasks, step, text: text.to_owned() })
}

fn task_list(text: &str) -> Option<IndexSet> {
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    super::array::task_list(text.split_once('%').map_or(text, |(list, _)| list))
}

fn parse_step(text: &str) -> Option<StepPick> {
    match text {
        "batch" => Some(StepPick::Step(StepId::Batch)),
        "extern" | "interactive" => Some(StepPick::Foreign),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().map(|number| StepPick::Step(StepId::Number(number)))
        }
        _ => None,
    }
}

/// A list with commas, those in brackets aside.
///
/// # Errors
/// The part that makes no sense.
pub fn parse_list(text: &[u8]) -> Result<Vec<JobPick>, String> {
    let mut picks = Vec::new();
    for part in split_outside_brackets(text).filter(|part| !part.is_empty()) {
        picks.push(parse(part).ok_or_else(|| String::from_utf8_lossy(part).into_owned())?);
    }
    Ok(picks)
}

/// The parts between commas, where commas in `[...]` do not count.
pub fn split_outside_brackets(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut depth = 0i32;
    text.split(move |byte| {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => {}
        }
        *byte == b',' && depth <= 0
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shapes() {
        for (text, job, tasks, step) in [
            ("35", 35, "", None),
            ("35_3", 35, "3", None),
            ("35_[1-4%2]", 35, "1-4", None),
            ("35_*", 35, "", None),
            ("35.0", 35, "", Some(StepPick::Step(StepId::Number(0)))),
            ("35_3.batch", 35, "3", Some(StepPick::Step(StepId::Batch))),
            ("35.extern", 35, "", Some(StepPick::Foreign)),
        ] {
            let pick = parse(text.as_bytes()).unwrap();
            assert_eq!(pick.job, JobId(job));
            assert_eq!(pick.tasks.map(|tasks| tasks.to_string()).unwrap_or_default(), tasks);
            assert_eq!(pick.step, step);
        }
        for text in ["abc", "", "0", "35_", "35_x", "35.x", "-1", "35.", "99999999999"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        let list = parse_list(b"35_[1,3],36,,37.0").unwrap();
        assert_eq!(list.iter().map(|pick| pick.text.as_str()).collect::<Vec<_>>(), ["35_[1,3]", "36", "37.0"]);
        assert_eq!(parse_list(b"35,x"), Err("x".to_owned()));
    }

    #[test]
    fn covers() {
        let task = ArrayPlace::Task { base: JobId(35), index: 3 };
        let pending = ArrayPlace::Pending { base: JobId(35), tasks: [4, 5].into_iter().collect(), limit: None };
        for (text, id, place, expected) in [
            ("36", 36, &ArrayPlace::Single, true),
            ("36_1", 36, &ArrayPlace::Single, false),
            ("35", 37, &task, true),
            ("37", 37, &task, true),
            ("35_3", 37, &task, true),
            ("35_4", 37, &task, false),
            ("35_4", 35, &pending, true),
            ("35_3", 35, &pending, false),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().covers(JobId(id), place), expected, "{text} {id}");
        }
    }
}
