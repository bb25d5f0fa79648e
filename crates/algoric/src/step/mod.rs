//! Running the tasks of a step inside a job: as children of `srun` or of the runner that stands in for it, so that they
//! stay in the job's control group and die with it; their streams brought together; signals passed on; ends told and
//! summed up.
//!
//! Must not know the centre, nor how options are written.

mod attach;
mod broadcast;
mod endings;
mod hooks;
mod lines;
mod mpi;
mod outputs;
mod pmi;
mod remote;
mod running;
mod signals;
mod task;
mod terminal;

use std::{fs::File, io, os::fd::BorrowedFd, time::Duration};

use dialect::environ::Variable;
use model::{CpuSet, Exit, JobState, Text, Usage};
use serde::{Deserialize, Serialize};

pub use self::{
    attach::{Piece, Shown, Tap},
    hooks::unmasked,
    lines::{Lines, label},
    remote::{Channel, Door, FromRunner, ToRunner, run_runner},
    terminal::{Raw, size as terminal_size},
};
use self::{running::Running, signals::Signals};

/// A step as it is to be run.
#[derive(Serialize, Deserialize)]
pub struct Step {
    /// `88.6`
    pub id: String,
    /// The machine's name, in messages.
    pub node: String,
    /// Where the tasks run.
    pub workdir: Vec<u8>,
    /// What all tasks have.
    pub environment: Vec<Variable>,
    /// One plan a task, in the order of their numbers; at least one.
    pub tasks: Vec<TaskPlan>,
    /// Open files that the plans name by their place here; the first three are `srun`'s own.
    #[serde(skip)]
    pub files: Vec<File>,
    /// `-l`: the task's number before each line.
    pub label: bool,
    /// `-u`: pieces of lines are shown at once.
    pub unbuffered: bool,
    /// `-K`: the first bad end ends all.
    pub kill_on_bad_exit: bool,
    /// `-W`: how long after the first end the others may go on.
    pub wait: Option<Duration>,
    /// How long tasks may take to leave once the step is to end, before SIGKILL.
    pub patience: Duration,
    /// `-X`: one Ctrl-C goes to the tasks.
    pub disable_status: bool,
    /// `-q`: one Ctrl-C ends the step.
    pub quit_on_interrupt: bool,
    /// `-Q`: no messages but errors.
    pub quiet: bool,
    /// `--pty`: the first task has a terminal of so many rows and columns.
    pub terminal: Option<(u16, u16)>,
    /// `--mpi=pmi2`: tasks find each other through us; the name of their common store.
    pub pmi: Option<String>,
    /// `--task-prolog`: run before each task; what it prints changes the task's environment.
    pub task_prolog: Option<Text>,
    /// `--task-epilog`: run after each task.
    pub task_epilog: Option<Text>,
    /// Where `sattach` comes.
    #[serde(skip)]
    pub door: Option<Door>,
}

/// What differs from task to task.
#[derive(Serialize, Deserialize)]
pub struct TaskPlan {
    /// Program and arguments; at least the program.
    pub command: Vec<Vec<u8>>,
    /// What it has beside the common environment.
    pub environment: Vec<Variable>,
    /// The CPUs; none: not bound.
    pub cpus: CpuSet,
    /// `--cpu-bind=verbose`: say so.
    pub tell_cpus: bool,
    /// Standard input.
    pub stdin: Source,
    /// Standard output.
    pub stdout: Sink,
    /// Standard error.
    pub stderr: Sink,
}

/// `srun`'s own files among [`Step::files`].
pub const STDIN: usize = 0;
/// Its standard output.
pub const STDOUT: usize = 1;
/// Its standard error.
pub const STDERR: usize = 2;

/// Where a task reads from.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Source {
    /// A copy of what `srun` reads, as every other task of this kind gets.
    Broadcast,
    /// This one of the step's files.
    File(usize),
}

/// Where a task writes to.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub enum Sink {
    /// Line by line into this one of the step's files.
    Lines(usize),
    /// This one of the step's files.
    File(usize),
}

/// How the step ended.
pub struct Ended {
    /// What `srun` returns.
    pub code: u8,
    /// What is accounted.
    pub state: JobState,
    /// The same.
    pub exit: Exit,
    /// What the tasks used together.
    pub usage: Usage,
}

/// What a running step is told from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// This signal, as if a person had sent it.
    Signal(i32),
    /// End.
    End,
    /// The terminal has another size: rows, columns.
    Resize(u16, u16),
    /// Who could tell is gone, and the step goes with it.
    Gone,
    /// Nothing more will be told.
    Silence,
}

/// Who may tell a running step something.
pub trait Orders {
    /// What to wait at.
    fn source(&self) -> Option<BorrowedFd<'_>>;
    /// What is there to be heard.
    fn hear(&mut self) -> Vec<Told>;
    /// Our parent is the job's supervisor, whose signals go to all processes of the job.
    fn is_below_supervisor(&self) -> bool {
        false
    }
}

/// Runs the step to its end.
///
/// # Errors
/// When a pipe or a process cannot be made; tasks already started are ended.
pub fn run(step: Step, orders: &mut dyn Orders) -> io::Result<Ended> {
    let mut signals = Signals::take(orders.is_below_supervisor())?;
    let mut running = Running::start(step, orders.is_below_supervisor())?;
    while !running.is_over() {
        running.turn(&mut signals, orders)?;
    }
    Ok(running.finish())
}
