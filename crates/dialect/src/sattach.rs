//! `sattach`: which step, and what of it is shown.

use crate::getopt::Arg::{No, Required};
use crate::getopt::{self, Opt, Order, opt};
use crate::refusal::Refusal;
use crate::submission;
use crate::values::jobs::{self, JobPick, StepPick};

const NAME: &str = "sattach";

const OPTS: &[Opt] = &[
    opt("debugger-wait", ' ', No),
    opt("error-filter", ' ', Required),
    opt("help", 'h', No),
    opt("input-filter", ' ', Required),
    opt("label", 'l', No),
    opt("layout", ' ', No),
    opt("output-filter", ' ', Required),
    opt("pty", ' ', No),
    opt("quiet", 'Q', No),
    opt("usage", 'u', No),
    opt("verbose", 'v', No),
    opt("version", 'V', No),
];

/// A command line of `sattach`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The job.
    pub job: JobPick,
    /// The step.
    pub step: model::StepId,
    /// `-l`: each line with its task's number.
    pub label: bool,
    /// `--layout`: only say where the tasks are.
    pub layout: bool,
    /// `--pty`: what is typed goes on key by key.
    pub pty: bool,
    /// Only this task's standard output.
    pub output: Option<u32>,
    /// Only this task's standard error.
    pub error: Option<u32>,
    /// What is typed is only for this task.
    pub input: Option<u32>,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options, no step, several.
pub fn parse(args: &[Vec<u8>]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    if let Some(answer) = line.given.iter().find_map(|given| submission::answer(NAME, given.key, OPTS)) {
        return Err(answer);
    }
    let usage = |text: &str| Refusal::error(NAME, text, 1).and("Usage: sattach [options] <jobid.stepid>");
    let [step] = line.rest.as_slice() else { return Err(usage("too many parameters")) };
    let bad = || usage("Failed to parse stepid from command line options");
    let job = jobs::parse(step).ok_or_else(bad)?;
    let Some(StepPick::Step(step)) = job.step else { return Err(bad()) };
    let given = |key: &str| line.given.iter().any(|given| given.key == key);
    let task = |key: &str| -> Result<Option<u32>, Refusal> {
        let Some(value) = line.given.iter().rfind(|given| given.key == key).and_then(|given| given.value) else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(value);
        let wrong = || Refusal::error(NAME, format!("Invalid --{key} specification: {text}"), 1);
        crate::values::count(value, 0).ok_or_else(wrong).map(Some)
    };
    Ok(Options {
        job,
        step,
        label: given("label"),
        layout: given("layout"),
        pty: given("pty"),
        output: task("output-filter")?,
        error: task("error-filter")?,
        input: task("input-filter")?,
    })
}

/// `--layout`: where the tasks are.
pub fn layout(tasks: u32, node: &str) -> String {
    let all: Vec<String> = (0..tasks).map(|task| task.to_string()).collect();
    let all = all.join(" ");
    format!("Job step layout:\n\t{tasks} tasks, 1 nodes ({node})\n\n\tNode 0 ({node}), {tasks} task(s): {all} \n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let read = |line: &str| {
            let args: Vec<Vec<u8>> = line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
            parse(&args).map(|options| (options.job.job.0, options.step.to_string(), options.label, options.output))
        };
        assert_eq!(read("-l --output-filter 3 12.0"), Ok((12, "0".into(), true, Some(3))));
        for wrong in ["", "12", "x", "12.batch 13.0", "--output-filter x 1.0", "--bogus 1.0"] {
            assert!(read(wrong).is_err_and(|refusal| refusal.exit == 1), "{wrong}");
        }
    }
}
