//! `scontrol`: what is asked for, and the texts of its answers.
//!
//! Parsing gives a [`Request`]; the printing functions take rows and write Slurm's layout, either over several lines or
//! (`-o`) on one. Does not know who may do what.

mod config;
mod job;
mod node;
mod parse;
mod partition;
mod reservation;
mod show;
mod step;
mod update;

pub use config::{ping, put_config};
pub use job::{put_job, put_jobs};
pub(crate) use node::by_whom;
pub use node::{put_node, state_text};
pub use parse::{parse, parse_line};
pub use partition::put_partition;
pub use reservation::{Reservation, ReservationChange, put_reservation};
pub use step::put_step;
pub use update::{JobChange, NodeState, NumberChange};

use crate::values::jobs::JobPick;

/// A command line of `scontrol`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// What to do.
    pub request: Request,
    /// How to show it.
    pub style: Style,
    /// `-Q`: no messages.
    pub quiet: bool,
}

/// How answers are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Style {
    /// `-o`: one line for each thing.
    pub one_line: bool,
    /// `-d`: more of it.
    pub details: bool,
}

/// What `scontrol` can be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// `show job [ID...]`: several in a list; empty: all.
    ShowJobs(Vec<JobPick>),
    /// `show step [ID[.STEP]]`.
    ShowSteps(Option<JobPick>),
    /// `show node [NAME]`, ranges written out; empty: all.
    ShowNodes(Vec<String>),
    /// `show partition [NAME]`.
    ShowPartitions(Option<String>),
    /// `show reservation [NAME]`.
    ShowReservations(Option<String>),
    /// `show config`.
    ShowConfig,
    /// `show hostnames`, `show hostlist`, `show daemons`, `show topology`, `version`: the answer, with its line ends.
    Answer(String),
    /// `hold`, `uhold`.
    Hold(Targets),
    /// `release`.
    Release(Targets),
    /// `requeue`, `requeuehold`.
    Requeue {
        /// Which.
        jobs: Targets,
        /// Held in the queue afterwards.
        hold: bool,
    },
    /// `suspend`.
    Suspend(Targets),
    /// `resume`.
    Resume(Targets),
    /// `update JobId=...`.
    UpdateJobs {
        /// Which.
        jobs: Targets,
        /// What, in the order given.
        changes: Vec<JobChange>,
    },
    /// `update NodeName=...`.
    UpdateNodes {
        /// Which, ranges written out; `ALL` as it is.
        nodes: Vec<String>,
        /// The new state.
        state: Option<NodeState>,
        /// Why.
        reason: Option<String>,
    },
    /// `update PartitionName=... State=UP|DOWN|INACTIVE|DRAIN`.
    UpdatePartition {
        /// Which.
        name: String,
        /// Whether it starts jobs.
        up: bool,
    },
    /// `create reservation`.
    CreateReservation(ReservationChange),
    /// `update ReservationName=...`.
    UpdateReservation(ReservationChange),
    /// `delete ReservationName=...`.
    DeleteReservation(String),
    /// `ping`.
    Ping,
    /// No keyword: commands come from standard input, line by line.
    Interactive,
    /// `exit`, `quit`.
    Exit,
    /// `details`: from now on, as `-d`.
    Details,
    /// `oneliner`: from now on, as `-o`.
    OneLine,
    /// `show aliases`: the machines by name.
    ShowAliases,
    /// `show assoc_mgr`: projects, their users, their use.
    ShowAssociations,
    /// `show slurmd`: the machine that this runs on.
    ShowDaemon,
    /// `completing`: jobs that are ending.
    Completing,
    /// `listpids [JOB[.STEP]]`: processes of jobs on this machine; empty: of all.
    ListPids(Vec<JobPick>),
    /// `pidinfo PID`: the job of a process.
    PidInfo(u32),
    /// `notify JOB TEXT`.
    Notify {
        /// Whom.
        job: JobPick,
        /// What.
        text: Vec<u8>,
    },
    /// `wait_job JOB`: until its machine is ready.
    WaitJob(JobPick),
    /// `top JOBS`.
    Top(Vec<JobPick>),
    /// `reconfigure`, `shutdown`, ...: what operators do here in other ways.
    Operate(String),
    /// `write batch_script ID [FILE]`.
    WriteScript {
        /// Of which job.
        job: JobPick,
        /// Where to; `-` is standard output, `None` a file of Slurm's naming.
        file: Option<String>,
    },
}

/// The jobs that an operation is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Targets {
    /// By number.
    Jobs(Vec<JobPick>),
    /// By name (`hold job_name=x`).
    Named(String),
}
