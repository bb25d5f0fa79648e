//! `salloc`: an allocation, and a command or a shell in it.

use model::{JobId, JobSpec, Text};

use crate::environ::Variable;
use crate::errors::Refused;
use crate::getopt::Arg::{No, Optional};
use crate::getopt::{self, Order, opt};
use crate::refusal::Refusal;
use crate::submission::{self, Asked, Context, Holder, Reader, Row, Standing};
use crate::text::Clock;

const NAME: &str = "salloc";

/// A command line of `salloc`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Salloc {
    /// What describes the job.
    pub asked: Asked,
    /// `--no-shell`.
    pub no_shell: bool,
    /// `-K`: the signal that the command gets when the allocation ends; `None`: the command is left alone.
    pub kill_command: Option<u8>,
    /// The command; empty: the user's shell.
    pub command: Vec<Text>,
    line: Vec<Vec<u8>>,
}

const OWN: &[Row<Salloc>] = &[
    Row { opt: opt("bell", ' ', No), standing: Standing::Accepted, note: "no bell is rung", set: |_, _| Ok(()) },
    Row {
        opt: opt("get-user-env", ' ', Optional),
        standing: Standing::Accepted,
        note: "the command has the environment of its caller",
        set: |_, _| Ok(()),
    },
    Row {
        opt: opt("immediate", 'I', Optional),
        standing: Standing::Honoured,
        note: "seconds to wait",
        set: |all, value| {
            all.asked.immediate = Some(if value.given { value.count(0)? } else { 0 });
            Ok(())
        },
    },
    Row {
        opt: opt("kill-command", 'K', Optional),
        standing: Standing::Honoured,
        note: "the signal for the command when the allocation ends",
        set: |all, value| {
            let signal = if value.given { crate::values::signal::number(value.text) } else { Some(15) };
            all.kill_command = Some(signal.ok_or(submission::Bad::Specification)?);
            Ok(())
        },
    },
    Row { opt: opt("no-bell", ' ', No), standing: Standing::Accepted, note: "no bell is rung", set: |_, _| Ok(()) },
    Row {
        opt: opt("no-shell", ' ', No),
        standing: Standing::Honoured,
        note: "",
        set: |all, _| {
            all.no_shell = true;
            Ok(())
        },
    },
    Row {
        opt: opt("x11", ' ', Optional),
        standing: Standing::Refused,
        note: "there is no X11 forwarding",
        set: |_, _| Err(Refused::NotSupported("X11 forwarding is not supported here".into()).into()),
    },
];

/// Input variables and the options they stand for.
const ENVIRON: &[(&str, &str)] = &[
    ("SALLOC_ACCOUNT", "account"),
    ("SALLOC_ACCTG_FREQ", "acctg-freq"),
    ("SALLOC_BURST_BUFFER", "bb"),
    ("SALLOC_CLUSTERS", "clusters"),
    ("SALLOC_CONTAINER", "container"),
    ("SALLOC_CORE_SPEC", "core-spec"),
    ("SALLOC_DELAY_BOOT", "delay-boot"),
    ("SALLOC_GPU_BIND", "gpu-bind"),
    ("SALLOC_GPU_FREQ", "gpu-freq"),
    ("SALLOC_GRES_FLAGS", "gres-flags"),
    ("SALLOC_MEM_BIND", "mem-bind"),
    ("SALLOC_NETWORK", "network"),
    ("SALLOC_NO_KILL", "no-kill"),
    ("SALLOC_OVERCOMMIT", "overcommit"),
    ("SALLOC_POWER", "power"),
    ("SALLOC_PROFILE", "profile"),
    ("SALLOC_REQ_SWITCH", "switches"),
    ("SALLOC_SPREAD_JOB", "spread-job"),
    ("SALLOC_THREAD_SPEC", "thread-spec"),
    ("SALLOC_USE_MIN_NODES", "use-min-nodes"),
    ("SALLOC_WAIT_ALL_NODES", "wait-all-nodes"),
    ("SLURM_CLUSTERS", "clusters"),
    ("SALLOC_CONSTRAINT", "constraint"),
    ("SALLOC_CPUS_PER_GPU", "cpus-per-gpu"),
    ("SALLOC_DEBUG", "verbose"),
    ("SALLOC_EXCLUSIVE", "exclusive"),
    ("SALLOC_GPUS", "gpus"),
    ("SALLOC_GPUS_PER_NODE", "gpus-per-node"),
    ("SALLOC_GPUS_PER_TASK", "gpus-per-task"),
    ("SALLOC_GRES", "gres"),
    ("SLURM_HINT", "hint"),
    ("SALLOC_HINT", "hint"),
    ("SALLOC_IMMEDIATE", "immediate"),
    ("SALLOC_KILL_CMD", "kill-command"),
    ("SALLOC_MEM_PER_CPU", "mem-per-cpu"),
    ("SALLOC_MEM_PER_GPU", "mem-per-gpu"),
    ("SALLOC_MEM_PER_NODE", "mem"),
    ("SALLOC_PARTITION", "partition"),
    ("SALLOC_QOS", "qos"),
    ("SALLOC_RESERVATION", "reservation"),
    ("SALLOC_SIGNAL", "signal"),
    ("SALLOC_THREADS_PER_CORE", "threads-per-core"),
    ("SALLOC_TIMELIMIT", "time"),
    ("SALLOC_WCKEY", "wckey"),
];

impl Holder for Salloc {
    const OWN: &'static [Row<Self>] = OWN;

    fn asked(&mut self) -> &mut Asked {
        &mut self.asked
    }
}

impl Salloc {
    /// The specification of the job to allocate.
    pub fn spec(&self, context: &Context) -> JobSpec {
        // Slurm names it so whatever the command is.
        let name = Text::from(if self.no_shell { "no-shell" } else { "interactive" });
        self.asked.spec(context, name, submission::command_line(NAME, &self.line))
    }

    /// Lines for standard error: the allocation was granted, and given back.
    pub fn granted(&self, job: JobId) -> [Option<String>; 2] {
        let line = |text: &str| (self.asked.quiet == 0).then(|| format!("{NAME}: {text} job allocation {job}"));
        [line("Granted"), line("Relinquishing")]
    }
}

/// Reads a command line; `root` says whether the caller is the superuser.
///
/// # Errors
/// Unknown options (exit code 255), values that are none.
pub fn parse(args: &[Vec<u8>], environ: &[Variable], clock: &Clock<'_>, root: bool) -> Result<Salloc, Refusal> {
    let opts = Salloc::opts();
    let line = getopt::read(NAME, &[&opts], args, Order::StopAtWord)
        .map_err(|message| submission::bad_option(NAME, message))?;
    if let Some(answer) = line.given.iter().find_map(|given| submission::answer(NAME, given.key, &opts)) {
        return Err(answer);
    }
    if line.rest.contains(&b":".as_slice()) {
        return Err(submission::heterogeneous(NAME));
    }
    let mut salloc = Salloc { line: args.to_vec(), ..Salloc::default() };
    let reader = Reader { program: NAME, clock, root };
    salloc.take_environ(&reader, ENVIRON, environ)?;
    for given in &line.given {
        salloc.take(&reader, given)?;
    }
    salloc.command = line.rest.iter().map(|word| Text::from(*word)).collect();
    Ok(salloc)
}

/// The table of `salloc`'s options for the docs, as Markdown.
pub fn table() -> String {
    submission::table(NAME, OWN)
}
