//! `strigger`: programs that Slurm starts when something happens. There are none here: the list is empty, and setting one
//! is refused with what to do instead.

use crate::getopt::{self, Arg, Opt, Order, opt};
use crate::refusal::Refusal;

const NAME: &str = "strigger";

const OPTS: &[Opt] = &[
    opt("backup_database_failure", ' ', Arg::No),
    opt("burst_buffer", ' ', Arg::No),
    opt("clear", ' ', Arg::No),
    opt("cluster", 'M', Arg::Required),
    opt("down", 'd', Arg::No),
    opt("drained", 'D', Arg::No),
    opt("fail", 'F', Arg::No),
    opt("fini", 'f', Arg::No),
    opt("flags", ' ', Arg::Required),
    opt("front_end", ' ', Arg::No),
    opt("get", ' ', Arg::No),
    opt("help", 'h', Arg::No),
    opt("id", 'i', Arg::Required),
    opt("idle", 'I', Arg::No),
    opt("jobid", 'j', Arg::Required),
    opt("node", 'n', Arg::Optional),
    opt("noheader", 'N', Arg::No),
    opt("offset", 'o', Arg::Required),
    opt("primary_database_failure", ' ', Arg::No),
    opt("primary_slurmctld_failure", ' ', Arg::No),
    opt("primary_slurmdbd_failure", ' ', Arg::No),
    opt("program", 'p', Arg::Required),
    opt("quiet", 'Q', Arg::No),
    opt("reconfig", 'r', Arg::No),
    opt("set", ' ', Arg::No),
    opt("time", 't', Arg::No),
    opt("up", 'u', Arg::No),
    opt("usage", ' ', Arg::No),
    opt("user", ' ', Arg::Required),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
];

/// Reads a command line; there is nothing else to do.
///
/// # Errors
/// Everything but `--get`.
pub fn run(args: &[Vec<u8>]) -> Result<u8, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let has = |key: &str| line.given.iter().any(|given| given.key == key);
    if has("help") || has("usage") {
        return Err(Refusal::answer(crate::submission::help(NAME, OPTS)));
    }
    if has("version") {
        return Err(crate::refusal::version());
    }
    match ["set", "get", "clear"].map(has) {
        [false, true, false] => Ok(0),
        [true, false, false] => {
            let text = "slurm_set_trigger: Requested operation not supported on this system";
            Err(Refusal::line(text, 1).and(format!(
                "{NAME}: error: A job that waits for others (sbatch --dependency=afterany:JOB) does the same."
            )))
        }
        [false, false, true] => Err(Refusal::line("slurm_clear_trigger: No such process", 1)),
        _ => {
            let text = "You must use exactly one of the following options: --set, --get or --clear";
            Err(Refusal::error(NAME, text, 1))
        }
    }
}
