//! `sbatch`'s own options, and its input variables.

use super::Sbatch;
use crate::errors::Refused;
use crate::getopt::Arg::{self, No, Optional, Required};
use crate::getopt::opt;
use crate::submission::{Bad, Row, Standing, Value, words};
use crate::values::array;

type Set = fn(&mut Sbatch, Value<'_>) -> Result<(), Bad>;

const fn honoured(long: &'static str, short: char, arg: Arg, note: &'static str, set: Set) -> Row<Sbatch> {
    Row { opt: opt(long, short, arg), standing: Standing::Honoured, note, set }
}

const fn accepted(long: &'static str, short: char, arg: Arg, note: &'static str) -> Row<Sbatch> {
    Row { opt: opt(long, short, arg), standing: Standing::Accepted, note, set: |_, _| Ok(()) }
}

/// The options that only `sbatch` has.
pub const OWN: &[Row<Sbatch>] = &[
    honoured("array", 'a', Required, "`0-15:3%4` and lists", |all, value| {
        all.array = match value.text {
            // As if it had not been given.
            b"" => None,
            text => Some(array::parse(text).ok_or(Bad::Refused(Refused::InvalidArray))?),
        };
        Ok(())
    }),
    accepted("batch", ' ', Required, "one machine has all features or none"),
    honoured("export-file", ' ', Required, "`NAME=value`, parted by NUL; a file or a descriptor", |all, value| {
        all.export_file = Some(value.exact());
        Ok(())
    }),
    honoured(
        "get-user-env",
        ' ',
        Optional,
        "a login shell's variables, asked at submission; timeout and mode have no effect",
        |all, value| {
            all.get_user_env = true;
            words::login(value)
        },
    ),
    accepted("ignore-pbs", ' ', No, "`#PBS` lines are never read"),
    honoured("input", 'i', Required, "file name pattern", |all, value| {
        all.asked.input = Some(value.exact());
        Ok(())
    }),
    honoured("no-requeue", ' ', No, "", |all, _| {
        all.asked.requeue = Some(false);
        Ok(())
    }),
    honoured("parsable", ' ', No, "", |all, _| {
        all.parsable = true;
        Ok(())
    }),
    honoured("requeue", ' ', No, "", |all, _| {
        all.asked.requeue = Some(true);
        Ok(())
    }),
    honoured("test-only", ' ', No, "", |all, _| {
        all.test_only = true;
        Ok(())
    }),
    honoured("wait", 'W', No, "returns the job's exit code", |all, _| {
        all.wait = true;
        Ok(())
    }),
    honoured("wrap", ' ', Required, "", |all, value| {
        all.wrap = Some(value.exact());
        Ok(())
    }),
];

/// Input variables and the options they stand for, as the manual lists them.
pub const ENVIRON: &[(&str, &str)] = &[
    ("SBATCH_ACCOUNT", "account"),
    ("SBATCH_ACCTG_FREQ", "acctg-freq"),
    ("SBATCH_ARRAY_INX", "array"),
    ("SBATCH_BATCH", "batch"),
    ("SLURM_CLUSTERS", "clusters"),
    ("SBATCH_CLUSTERS", "clusters"),
    ("SBATCH_CONSTRAINT", "constraint"),
    ("SBATCH_CONTAINER", "container"),
    ("SBATCH_CORE_SPEC", "core-spec"),
    ("SBATCH_CPUS_PER_GPU", "cpus-per-gpu"),
    ("SBATCH_DEBUG", "verbose"),
    ("SBATCH_DELAY_BOOT", "delay-boot"),
    ("SBATCH_DISTRIBUTION", "distribution"),
    ("SBATCH_ERROR", "error"),
    ("SBATCH_EXCLUSIVE", "exclusive"),
    ("SBATCH_EXPORT", "export"),
    ("SBATCH_GET_USER_ENV", "get-user-env"),
    ("SBATCH_GPU_BIND", "gpu-bind"),
    ("SBATCH_GPU_FREQ", "gpu-freq"),
    ("SBATCH_GPUS", "gpus"),
    ("SBATCH_GPUS_PER_NODE", "gpus-per-node"),
    ("SBATCH_GPUS_PER_TASK", "gpus-per-task"),
    ("SBATCH_GRES", "gres"),
    ("SBATCH_GRES_FLAGS", "gres-flags"),
    ("SLURM_HINT", "hint"),
    ("SBATCH_HINT", "hint"),
    ("SBATCH_IGNORE_PBS", "ignore-pbs"),
    ("SBATCH_INPUT", "input"),
    ("SBATCH_JOB_NAME", "job-name"),
    ("SBATCH_MEM_BIND", "mem-bind"),
    ("SBATCH_MEM_PER_CPU", "mem-per-cpu"),
    ("SBATCH_MEM_PER_GPU", "mem-per-gpu"),
    ("SBATCH_MEM_PER_NODE", "mem"),
    ("SBATCH_NETWORK", "network"),
    ("SBATCH_NO_KILL", "no-kill"),
    ("SBATCH_NO_REQUEUE", "no-requeue"),
    ("SBATCH_OPEN_MODE", "open-mode"),
    ("SBATCH_OUTPUT", "output"),
    ("SBATCH_OVERCOMMIT", "overcommit"),
    ("SBATCH_PARTITION", "partition"),
    ("SBATCH_POWER", "power"),
    ("SBATCH_PROFILE", "profile"),
    ("SBATCH_QOS", "qos"),
    ("SBATCH_REQ_SWITCH", "switches"),
    ("SBATCH_REQUEUE", "requeue"),
    ("SBATCH_RESERVATION", "reservation"),
    ("SBATCH_SIGNAL", "signal"),
    ("SBATCH_SPREAD_JOB", "spread-job"),
    ("SBATCH_THREAD_SPEC", "thread-spec"),
    ("SBATCH_THREADS_PER_CORE", "threads-per-core"),
    ("SBATCH_TIMELIMIT", "time"),
    ("SBATCH_USE_MIN_NODES", "use-min-nodes"),
    ("SBATCH_WAIT", "wait"),
    ("SBATCH_WAIT_ALL_NODES", "wait-all-nodes"),
    ("SBATCH_WCKEY", "wckey"),
];
