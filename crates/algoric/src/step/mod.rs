//! Running the tasks of a step inside a job: started as children of `srun`, so that they stay in the job's control
//! group and die with it; their streams brought together; signals passed on; ends told and summed up.
//!
//! Must not know the centre, nor how options are written.

mod broadcast;
mod endings;
mod lines;
mod running;
mod signals;
mod task;

use std::{fs::File, io, time::Duration};

use dialect::environ::Variable;
use model::{CpuSet, Exit, JobState, Usage};

use self::{running::Running, signals::Signals};

/// A step as it is to be run.
pub struct Step {
    /// `88.6`
    pub id: String,
    /// The machine's name, in messages.
    pub node: String,
    /// Where the tasks run.
    pub workdir: Vec<u8>,
    /// One plan a task, in the order of their numbers; at least one.
    pub tasks: Vec<TaskPlan>,
    /// Where merged lines go: [`Sink::Lines`] names one of these.
    pub outputs: Vec<File>,
    /// `-l`: the task's number before each line.
    pub label: bool,
    /// `-u`: pieces of lines are shown at once.
    pub unbuffered: bool,
    /// `-K`: the first bad end ends all.
    pub kill_on_bad_exit: bool,
    /// `-W`: how long after the first end the others may go on.
    pub wait: Option<Duration>,
    /// `-X`: one Ctrl-C goes to the tasks.
    pub disable_status: bool,
    /// `-q`: one Ctrl-C ends the step.
    pub quit_on_interrupt: bool,
    /// `-Q`: no messages but errors.
    pub quiet: bool,
}

/// What differs from task to task.
pub struct TaskPlan {
    /// Program and arguments; at least the program.
    pub command: Vec<Vec<u8>>,
    /// The whole environment.
    pub environment: Vec<Variable>,
    /// The CPUs; none: not bound.
    pub cpus: CpuSet,
    /// Standard input.
    pub stdin: Source,
    /// Standard output.
    pub stdout: Sink,
    /// Standard error.
    pub stderr: Sink,
}

/// Where a task reads from.
pub enum Source {
    /// What `srun` itself has.
    Inherit,
    /// A copy of what `srun` reads, as every other task of this kind gets.
    Broadcast,
    /// A file.
    Own(File),
}

/// Where a task writes to.
pub enum Sink {
    /// What `srun` itself has.
    Inherit,
    /// Line by line into this one of the step's outputs.
    Lines(usize),
    /// A file.
    Own(File),
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

/// Runs the step to its end.
///
/// # Errors
/// When a pipe or a process cannot be made; tasks already started are ended.
pub fn run(step: Step) -> io::Result<Ended> {
    let mut signals = Signals::take()?;
    let mut running = Running::start(step)?;
    while !running.is_over() {
        running.turn(&mut signals)?;
    }
    Ok(running.finish())
}
