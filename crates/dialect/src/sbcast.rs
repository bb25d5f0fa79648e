//! `sbcast`: which file goes where, and how.

use model::{JobId, Text};

use crate::environ::{self, Variable};
use crate::getopt::Arg::{No, Optional, Required};
use crate::getopt::{self, Opt, Order, opt};
use crate::refusal::Refusal;
use crate::submission;
use crate::values::{self, jobs};

const NAME: &str = "sbcast";

const OPTS: &[Opt] = &[
    opt("compress", 'C', Optional),
    opt("exclude", ' ', Required),
    opt("fanout", 'F', Required),
    opt("force", 'f', No),
    opt("help", ' ', No),
    opt("jobid", 'j', Required),
    opt("preserve", 'p', No),
    opt("send-libs", ' ', Optional),
    opt("size", 's', Required),
    opt("timeout", 't', Required),
    opt("usage", ' ', No),
    opt("verbose", 'v', No),
    opt("version", 'V', No),
];

/// A command line of `sbcast`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The job whose machines are meant.
    pub job: JobId,
    /// `-f`: over a file that is there.
    pub force: bool,
    /// `-p`: with its times and mode.
    pub preserve: bool,
    /// From.
    pub source: Text,
    /// To.
    pub target: Text,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options, not two files, no job around.
pub fn parse(args: &[Vec<u8>], environ: &[Variable]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    if let Some(answer) = line.given.iter().find_map(|given| submission::answer(NAME, given.key, OPTS)) {
        return Err(answer);
    }
    let [source, target] = line.rest.as_slice() else {
        return Err(getopt::try_help(NAME, format!("Need two file names, have {} names", line.rest.len()), 1));
    };
    for given in &line.given {
        let is_number = given.value.is_some_and(|value| values::count(value, 1).is_some());
        if matches!(given.key, "fanout" | "timeout") && !is_number {
            return Err(Refusal::error(NAME, format!("bad --{} value", given.key), 1));
        }
    }
    let named = line.given.iter().rfind(|given| given.key == "jobid").and_then(|given| given.value);
    let named = named.or_else(|| environ::non_empty(environ, "SLURM_JOB_ID"));
    let Some(text) = named else {
        let text = "Need a job id to run this command.  Run from within a Slurm job or use the --jobid option.";
        return Err(Refusal::error(NAME, text, 1));
    };
    let unknown = || Refusal::error(NAME, "Invalid job id specified", 1);
    let job = jobs::parse(text).ok_or_else(unknown)?.job;
    let given = |key: &str| line.given.iter().any(|given| given.key == key);
    let forced = environ::get(environ, "SBCAST_FORCE").is_some();
    Ok(Options {
        job,
        force: given("force") || forced,
        preserve: given("preserve"),
        source: Text::from(*source),
        target: Text::from(*target),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let read = |line: &str, job: &str| {
            let args: Vec<Vec<u8>> = line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
            let environ = [(b"SLURM_JOB_ID".to_vec(), job.as_bytes().to_vec())];
            parse(&args, &environ)
                .map(|all| format!("{} {} {} {}->{}", all.job, all.force, all.preserve, all.source, all.target))
                .map_err(|refusal| refusal.lines.first().cloned().unwrap_or_default())
        };
        assert_eq!(read("-fp a b", "7").as_deref(), Ok("7 true true a->b"));
        assert_eq!(read("-j 9.0 a b", "").as_deref(), Ok("9 false false a->b"));
        let none =
            "sbcast: error: Need a job id to run this command.  Run from within a Slurm job or use the --jobid option.";
        assert_eq!(read("a b", ""), Err(none.into()));
        assert_eq!(read("a", "7"), Err("Need two file names, have 1 names".into()));
        assert!(read("-F x a b", "7").is_err() && read("-j x a b", "").is_err());
    }
}
