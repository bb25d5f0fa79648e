//! `srun`'s own options, and its input variables.

use model::JobId;

use super::{Srun, Stream};
use crate::errors::Refused;
use crate::getopt::Arg::{self, No, Optional, Required};
use crate::getopt::opt;
use crate::submission::{Bad, Row, Standing, Value};

type Set = fn(&mut Srun, Value<'_>) -> Result<(), Bad>;

const fn honoured(long: &'static str, short: char, arg: Arg, note: &'static str, set: Set) -> Row<Srun> {
    Row { opt: opt(long, short, arg), standing: Standing::Honoured, note, set }
}

const fn accepted(long: &'static str, short: char, arg: Arg, note: &'static str) -> Row<Srun> {
    Row { opt: opt(long, short, arg), standing: Standing::Accepted, note, set: |_, _| Ok(()) }
}

/// The options that only `srun` has.
pub const OWN: &[Row<Srun>] = &[
    accepted("accel-bind", ' ', Required, "a job's GPUs are visible to all its tasks"),
    accepted("bcast-exclude", ' ', Required, "no libraries are copied"),
    Row {
        opt: opt("x11", ' ', Optional),
        standing: Standing::Refused,
        note: "there is no X11 forwarding",
        set: |_, _| Err(Refused::NotSupported("X11 forwarding is not supported here".into()).into()),
    },
    honoured("bcast", ' ', Optional, "the program is copied first, and the copy runs", |srun, value| {
        srun.bcast = Some(if value.given { Some(value.exact()) } else { None });
        Ok(())
    }),
    accepted("compress", ' ', Optional, "nothing is sent"),
    honoured("cpu-bind", ' ', Required, "all forms; sockets and NUMA nodes are those of the step", |srun, value| {
        for word in value.string().split(',').filter(|word| !word.is_empty()) {
            match word.to_ascii_lowercase().as_str() {
                "q" | "quiet" => srun.cpu_bind_verbose = false,
                "v" | "verbose" => srun.cpu_bind_verbose = true,
                "help" => return Err(Bad::Says(vec![CPU_BIND_HELP.to_owned()], 0)),
                _ => srun.cpu_bind.push(word).map_err(|()| {
                    let word = word.to_owned();
                    Bad::Fatal(
                        format!("unrecognized --cpu-bind argument \"{word}\""),
                        "Failed to parse --cpu-bind= values.",
                    )
                })?,
            }
        }
        Ok(())
    }),
    honoured("disable-status", 'X', No, "", |srun, _| set(&mut srun.disable_status)),
    honoured("epilog", ' ', Required, "", |srun, value| {
        srun.epilog = Some(value.exact());
        Ok(())
    }),
    honoured("exact", ' ', No, "", |srun, _| set(&mut srun.exact)),
    honoured("error", 'e', Required, "`all`, `none`, a task, a file name pattern", |srun, value| {
        srun.error = Some(Stream::parse(value.text));
        Ok(())
    }),
    Row {
        opt: opt("het-group", ' ', Required),
        standing: Standing::Refused,
        note: "there are no heterogeneous jobs",
        set: |_, _| Err(Refused::NotSupported("heterogeneous jobs are not supported here".into()).into()),
    },
    honoured("immediate", 'I', Optional, "seconds to wait for the allocation", |srun, value| {
        srun.asked.immediate = Some(if value.given { value.count(0)? } else { 0 });
        Ok(())
    }),
    honoured("input", 'i', Required, "`all`, `none`, a task, a file name pattern", |srun, value| {
        srun.input = Stream::parse(value.text);
        Ok(())
    }),
    accepted("interactive", ' ', No, "for steps of an interactive shell"),
    honoured("jobid", ' ', Required, "the job to run in", |srun, value| {
        srun.job = Some(JobId(value.count(1)?));
        Ok(())
    }),
    honoured("kill-on-bad-exit", 'K', Optional, "", |srun, value| {
        srun.kill_on_bad_exit = Some(!value.given || value.count(0)? > 0);
        Ok(())
    }),
    honoured("label", 'l', No, "", |srun, _| set(&mut srun.label)),
    honoured("mpi", ' ', Required, "`none`, `pmi2`, `list`", |srun, value| match value.string().as_str() {
        "openmpi" | "none" => store(&mut srun.mpi, "none"),
        known @ ("pmi2" | "list") => store(&mut srun.mpi, known),
        // Programs that only know PMIx find each other without us.
        "pmix" | "pmix_v2" | "pmix_v3" | "pmix_v4" => Err(Bad::Says(
            vec![
                "PMIx is not supported here".to_owned(),
                "Inside a job start the program by its own mpirun, or a program of MPICH by --mpi=pmi2.".to_owned(),
            ],
            1,
        )),
        other => {
            let lines = [
                format!("Couldn't find the specified plugin name for mpi/{other} looking at all files"),
                format!("cannot find mpi plugin for mpi/{other}"),
                format!("MPI: Cannot create context for mpi/{other}"),
                "MPI: Unable to load any plugin".to_owned(),
                format!("Invalid MPI type '{other}', --mpi=list for acceptable types"),
            ];
            Err(Bad::Says(lines.to_vec(), 1))
        }
    }),
    accepted("msg-timeout", ' ', Required, "there are no messages between machines"),
    honoured("multi-prog", ' ', No, "", |srun, _| set(&mut srun.multi_prog)),
    accepted("no-allocate", 'Z', No, "for root only"),
    honoured("output", 'o', Required, "`all`, `none`, a task, a file name pattern", |srun, value| {
        srun.output = Stream::parse(value.text);
        Ok(())
    }),
    honoured("overcommit", 'O', No, "tasks of a step may share its CPUs", |srun, _| set(&mut srun.overcommit)),
    honoured("overlap", ' ', No, "", |srun, _| set(&mut srun.overlap)),
    honoured("preserve-env", 'E', No, "", |srun, _| set(&mut srun.preserve_env)),
    honoured("prolog", ' ', Required, "", |srun, value| {
        srun.prolog = Some(value.exact());
        Ok(())
    }),
    honoured("pty", ' ', Optional, "", |srun, _| set(&mut srun.pty)),
    honoured("quit-on-interrupt", ' ', No, "", |srun, _| set(&mut srun.quit_on_interrupt)),
    honoured("relative", 'r', Required, "only machine 0", |srun, value| {
        srun.relative = Some(value.count(0)?);
        Ok(())
    }),
    accepted("resv-ports", ' ', Optional, "ports are not reserved"),
    accepted("send-libs", ' ', Optional, "nothing is sent"),
    accepted("slurmd-debug", ' ', Required, "the centre has its own log"),
    honoured("task-epilog", ' ', Required, "", |srun, value| {
        srun.task_epilog = Some(value.exact());
        Ok(())
    }),
    honoured("task-prolog", ' ', Required, "", |srun, value| {
        srun.task_prolog = Some(value.exact());
        Ok(())
    }),
    honoured("test-only", ' ', No, "", |srun, _| set(&mut srun.test_only)),
    accepted("threads", 'T', Required, "one thread is enough for one machine"),
    honoured("unbuffered", 'u', No, "", |srun, _| set(&mut srun.unbuffered)),
    honoured("wait", 'W', Required, "", |srun, value| {
        srun.wait = Some(value.count(0)?);
        Ok(())
    }),
    accepted("whole", ' ', No, "a step without --exact has the whole job"),
];

const CPU_BIND_HELP: &str = "CPU bind options: quiet, verbose, none, rank, map_cpu:LIST, mask_cpu:LIST, rank_ldom, \
                             map_ldom:LIST, mask_ldom:LIST, sockets, cores, threads, ldoms, boards";

fn set(flag: &mut bool) -> Result<(), Bad> {
    *flag = true;
    Ok(())
}

fn store(place: &mut Option<String>, value: &str) -> Result<(), Bad> {
    *place = Some(value.to_owned());
    Ok(())
}

/// Input variables and the options they stand for, as the manual lists them.
pub const ENVIRON: &[(&str, &str)] = &[
    ("SLURM_ACCOUNT", "account"),
    ("SLURM_ACCTG_FREQ", "acctg-freq"),
    ("SLURM_BCAST", "bcast"),
    ("SLURM_BURST_BUFFER", "bb"),
    ("SLURM_COMPRESS", "compress"),
    ("SLURM_CORE_SPEC", "core-spec"),
    ("SLURM_CPU_FREQ_REQ", "cpu-freq"),
    ("SLURM_DELAY_BOOT", "delay-boot"),
    ("SLURM_DISTRIBUTION", "distribution"),
    ("SLURM_GPU_BIND", "gpu-bind"),
    ("SLURM_GPU_FREQ", "gpu-freq"),
    ("SLURM_GRES", "gres"),
    ("SLURM_GRES_FLAGS", "gres-flags"),
    ("SLURM_MEM_BIND", "mem-bind"),
    ("SLURM_NETWORK", "network"),
    ("SLURM_NO_KILL", "no-kill"),
    ("SLURM_NTASKS_PER_CORE", "ntasks-per-core"),
    ("SLURM_NTASKS_PER_GPU", "ntasks-per-gpu"),
    ("SLURM_NTASKS_PER_SOCKET", "ntasks-per-socket"),
    ("SLURM_POWER", "power"),
    ("SLURM_PROFILE", "profile"),
    ("SLURM_REQ_SWITCH", "switches"),
    ("SLURM_RESV_PORTS", "resv-ports"),
    ("SLURM_SEND_LIBS", "send-libs"),
    ("SLURM_SPREAD_JOB", "spread-job"),
    ("SLURM_THREADS", "threads"),
    ("SLURM_THREAD_SPEC", "thread-spec"),
    ("SLURM_USE_MIN_NODES", "use-min-nodes"),
    ("SRUN_CONTAINER", "container"),
    ("SLURM_CLUSTERS", "clusters"),
    ("SLURM_CONSTRAINT", "constraint"),
    ("SLURM_CPU_BIND", "cpu-bind"),
    ("SRUN_CPUS_PER_TASK", "cpus-per-task"),
    ("SLURM_CPUS_PER_GPU", "cpus-per-gpu"),
    ("SLURM_DEBUG", "verbose"),
    ("SLURM_DEPENDENCY", "dependency"),
    ("SLURM_DISABLE_STATUS", "disable-status"),
    ("SLURM_EPILOG", "epilog"),
    ("SLURM_EXACT", "exact"),
    ("SLURM_EXCLUSIVE", "exclusive"),
    ("SRUN_EXPORT_ENV", "export"),
    ("SLURM_EXPORT_ENV", "export"),
    ("SLURM_GPUS", "gpus"),
    ("SLURM_GPUS_PER_NODE", "gpus-per-node"),
    ("SLURM_GPUS_PER_TASK", "gpus-per-task"),
    ("SLURM_HINT", "hint"),
    ("SLURM_IMMEDIATE", "immediate"),
    ("SLURM_JOB_NAME", "job-name"),
    ("SLURM_KILL_BAD_EXIT", "kill-on-bad-exit"),
    ("SLURM_LABELIO", "label"),
    ("SLURM_MEM_PER_CPU", "mem-per-cpu"),
    ("SLURM_MEM_PER_GPU", "mem-per-gpu"),
    ("SLURM_MEM_PER_NODE", "mem"),
    ("SLURM_MPI_TYPE", "mpi"),
    ("SLURM_NNODES", "nodes"),
    ("SLURM_JOB_NUM_NODES", "nodes"),
    ("SLURM_NPROCS", "ntasks"),
    ("SLURM_NTASKS", "ntasks"),
    ("SLURM_NTASKS_PER_NODE", "ntasks-per-node"),
    ("SLURM_OPEN_MODE", "open-mode"),
    ("SLURM_OVERCOMMIT", "overcommit"),
    ("SLURM_OVERLAP", "overlap"),
    ("SLURM_PARTITION", "partition"),
    ("SLURM_PROLOG", "prolog"),
    ("SLURM_QOS", "qos"),
    ("SLURM_REMOTE_CWD", "chdir"),
    ("SLURM_WORKING_DIR", "chdir"),
    ("SLURM_RESERVATION", "reservation"),
    ("SLURM_SIGNAL", "signal"),
    ("SLURM_STEP_GRES", "gres"),
    ("SLURM_STDERRMODE", "error"),
    ("SLURM_STDINMODE", "input"),
    ("SLURM_STDOUTMODE", "output"),
    ("SLURM_TASK_EPILOG", "task-epilog"),
    ("SLURM_TASK_PROLOG", "task-prolog"),
    ("SLURM_THREADS_PER_CORE", "threads-per-core"),
    ("SLURM_TIMELIMIT", "time"),
    ("SLURM_UNBUFFEREDIO", "unbuffered"),
    ("SLURM_WAIT", "wait"),
    ("SLURM_WCKEY", "wckey"),
];
