//! `srun`: a step inside a job, or (outside) an allocation with one step in it.
//!
//! Does not know whether there is room, nor how tasks are started.

mod binding;
mod multi;
mod rows;

pub use binding::Binding;
pub use multi::{MultiProg, parse_multi_prog};

use model::{JobId, JobSpec, Text};

use crate::environ::{self, Variable};
use crate::getopt::{self, Order};
use crate::refusal::Refusal;
use crate::submission::{self, Asked, Context, Holder, Reader, Row};
use crate::text::Clock;
use crate::values;

const NAME: &str = "srun";

/// A command line of `srun`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Srun {
    /// What describes the step, or the job it needs.
    pub asked: Asked,
    /// The job that it runs in; `None`: it has to be allocated first.
    pub job: Option<JobId>,
    /// The program and its arguments, or with `--multi-prog` the configuration file.
    pub command: Vec<Text>,
    /// `-l`: each line with its task's number.
    pub label: bool,
    /// `-u`.
    pub unbuffered: bool,
    /// `--exact`: only the CPUs that its tasks need.
    pub exact: bool,
    /// `--overlap`: may share CPUs with other steps.
    pub overlap: bool,
    /// `-O`: more tasks than CPUs.
    pub overcommit: bool,
    /// `--exclusive` inside a job: does not share CPUs with other steps.
    pub exclusive: bool,
    /// `-i`.
    pub input: Stream,
    /// `-o`.
    pub output: Stream,
    /// `-e`; `None` follows the output.
    pub error: Option<Stream>,
    /// `-K`: one task that fails ends the step. `None`: as configured.
    pub kill_on_bad_exit: Option<bool>,
    /// `-W`: seconds to wait for the others after the first task has ended; 0 is for ever.
    pub wait: Option<u32>,
    /// `-X`.
    pub disable_status: bool,
    /// `-q`: one interrupt is enough.
    pub quit_on_interrupt: bool,
    /// `--pty`.
    pub pty: bool,
    /// `--multi-prog`.
    pub multi_prog: bool,
    /// `--mpi`.
    pub mpi: Option<String>,
    /// `--cpu-bind`.
    pub cpu_bind: Binding,
    /// `--cpu-bind=verbose`: each task says where it is bound.
    pub cpu_bind_verbose: bool,
    /// `-r`: the first machine.
    pub relative: Option<u32>,
    /// `--bcast`: copy the program there, or where Slurm would (`None` inside), and run the copy.
    pub bcast: Option<Option<Text>>,
    /// `-Z`, `--test-only` and the like: only say whether it could run.
    pub test_only: bool,
    /// `-E`.
    pub preserve_env: bool,
    /// `--task-prolog`.
    pub task_prolog: Option<Text>,
    /// `--task-epilog`.
    pub task_epilog: Option<Text>,
    /// `--prolog`.
    pub prolog: Option<Text>,
    /// `--epilog`.
    pub epilog: Option<Text>,
    /// The arguments as typed.
    pub(crate) line: Vec<Vec<u8>>,
}

/// Where a standard stream of the tasks comes from or goes to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Stream {
    /// All tasks: through `srun`.
    #[default]
    All,
    /// No task.
    None,
    /// Only this task: through `srun`.
    Task(u32),
    /// A file name pattern; with `%t` and its like one file for each task.
    File(Text),
}

impl Stream {
    /// Reads a value of `-i`, `-o`, `-e`.
    pub fn parse(text: &[u8]) -> Self {
        if text.eq_ignore_ascii_case(b"all") {
            Stream::All
        } else if text.eq_ignore_ascii_case(b"none") {
            Stream::None
        } else if let (Some(task), false) = (values::count(text, 0), text.is_empty()) {
            Stream::Task(task)
        } else {
            Stream::File(Text::from(text))
        }
    }
}

impl Holder for Srun {
    const OWN: &'static [Row<Self>] = rows::OWN;

    fn asked(&mut self) -> &mut Asked {
        &mut self.asked
    }
}

impl Srun {
    /// Tasks to start; 1 where nobody said.
    pub fn tasks(&self) -> u32 {
        self.asked.request().task_count()
    }

    /// The step's name: `-J`, else the program's file name.
    pub fn name(&self) -> Text {
        let program = self.command.first().map(Text::as_bytes).unwrap_or_default();
        let file = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        self.asked.job_name.clone().unwrap_or_else(|| Text::from(file))
    }

    /// The specification of the job to allocate, where there is none.
    pub fn spec(&self, context: &Context) -> JobSpec {
        self.asked.spec(context, self.name(), submission::command_line(NAME, &self.line))
    }
}

/// Reads a command line; `root` says whether the caller is the superuser.
///
/// # Errors
/// Unknown options (exit code 255), values that are none, no program to run.
pub fn parse(args: &[Vec<u8>], environ: &[Variable], clock: &Clock<'_>, root: bool) -> Result<Srun, Refusal> {
    let opts = Srun::opts();
    let line = getopt::read(NAME, &[&opts], args, Order::StopAtWord)
        .map_err(|message| submission::bad_option(NAME, message))?;
    if let Some(answer) = line.given.iter().find_map(|given| submission::answer(NAME, given.key, &opts)) {
        return Err(answer);
    }
    if line.rest.contains(&b":".as_slice()) {
        return Err(submission::heterogeneous(NAME));
    }
    let mut srun = Srun { line: args.to_vec(), ..Srun::default() };
    let reader = Reader { program: NAME, clock, root };
    let job = environ::non_empty(environ, "SLURM_JOB_ID").or_else(|| environ::non_empty(environ, "SLURM_JOBID"));
    srun.job = job.and_then(|job| values::count(job, 1)).map(JobId);
    // Inside a job these describe the job, not the step.
    let outside = |key: &str| srun.job.is_none() || !matches!(key, "job-name" | "time" | "signal" | "dependency");
    let list: Vec<(&str, &'static str)> = rows::ENVIRON.iter().filter(|(_, key)| outside(key)).copied().collect();
    srun.take_environ(&reader, &list, environ)?;
    for given in &line.given {
        srun.take(&reader, given)?;
    }
    if srun.mpi.as_deref() == Some("list") {
        return Err(Refusal::answer("MPI plugin types are...\n\tnone\n\tpmi2\n"));
    }
    srun.command = line.rest.iter().map(|word| Text::from(*word)).collect();
    if srun.command.is_empty() {
        return Err(Refusal::line(format!("{NAME}: fatal: No command given to execute."), 1));
    }
    if srun.job.is_some() {
        srun.exclusive = srun.asked.exclusive == submission::Exclusive::Yes;
    }
    Ok(srun)
}

/// The table of `srun`'s options for the docs, as Markdown.
pub fn table() -> String {
    submission::table(NAME, rows::OWN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::tz::TimeZone;
    use model::Time;

    fn words(text: &str) -> Vec<Vec<u8>> {
        text.split_whitespace().map(|word| word.as_bytes().to_vec()).collect()
    }

    fn read(args: &str, environ: &[(&str, &str)]) -> Result<Srun, Refusal> {
        let environ: Vec<Variable> =
            environ.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
        parse(&words(args), &environ, &Clock { now: Time(0), zone: &TimeZone::UTC }, false)
    }

    #[test]
    fn steps() {
        let inside =
            [("SLURM_JOB_ID", "35"), ("SLURM_NTASKS", "2"), ("SLURM_JOB_NAME", "job"), ("SLURM_MEM_PER_CPU", "100")];
        let step = read("-l --cpu-bind=q -o out-%t -K echo -n 5", &inside).unwrap();
        assert_eq!((step.job, step.tasks(), step.label), (Some(JobId(35)), 2, true));
        assert_eq!(step.name(), Text::from("echo"));
        assert_eq!(step.command, [Text::from("echo"), Text::from("-n"), Text::from("5")]);
        assert_eq!((step.output, step.kill_on_bad_exit), (Stream::File(Text::from("out-%t")), Some(true)));
        let step = read("-n1 -o none -e 0 /bin/true", &inside).unwrap();
        assert_eq!((step.tasks(), step.output, step.error), (1, Stream::None, Some(Stream::Task(0))));
        assert_eq!(read("true", &[]).unwrap().job, None);
    }

    #[test]
    fn refusals() {
        let lines = |args| {
            let refusal = read(args, &[]).unwrap_err();
            (refusal.lines.join("\n"), refusal.exit)
        };
        assert_eq!(lines(""), ("srun: fatal: No command given to execute.".into(), 1));
        let unknown = "srun: unrecognized option '--bogus'\nTry \"srun --help\" for more information";
        assert_eq!(lines("--bogus"), (unknown.into(), 255));
        assert_eq!(lines("-n 0 true"), ("srun: error: Invalid numeric value \"0\" for --ntasks.".into(), 1));
        assert_eq!(read("--mpi=list", &[]).unwrap_err().exit, 0);
    }
}
