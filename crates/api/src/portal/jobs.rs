//! Jobs as pages show them: what somebody has now, all that they ever had, and one of them with everything about it.

use model::{AccountRow, JobId, JobSpec, JobState, QueueRow, Text, Time};
use serde::{Deserialize, Serialize};

/// About jobs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum JobsRequest {
    /// What the asker has that is not over: so many records of each at most. Answered by `Mine`.
    Mine {
        /// Of those that run.
        running: u32,
        /// Of those that wait.
        waiting: u32,
    },
    /// Submissions, the newest first. Answered by `List`.
    List(JobsQuery),
    /// One of them. Answered by `Job`.
    Job(JobQuery),
}

/// Which submissions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct JobsQuery {
    /// Older than this one.
    pub before: Option<JobId>,
    /// In this state.
    pub which: JobsWhich,
    /// With this in their name, whatever the size of letters; empty: all.
    pub name: String,
    /// Of which something is in this state, or ended in it.
    pub state: Option<JobState>,
    /// Of this project; empty: all.
    pub project: String,
    /// Of this application: the name without digits; empty: all.
    pub application: String,
    /// Submitted on this day or later: `2026-11-22`, local to the centre.
    pub since: Option<String>,
    /// Submitted on this day or before.
    pub until: Option<String>,
    /// Everybody's that the asker may see, not only their own.
    pub everybody: bool,
    /// So many at most.
    pub count: u32,
}

/// States that people look for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum JobsWhich {
    /// All.
    #[default]
    All,
    /// Something of it waits or runs.
    Open,
    /// Over, and all of it went well.
    Well,
    /// Over, and not all of it went well.
    Badly,
}

/// Which job, and which of its tasks to show.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobQuery {
    /// Its number, or that of a record of it.
    pub id: JobId,
    /// Only this task of the array.
    pub task: Option<u32>,
    /// Of an array: tasks that ended in this state; `None`: in the one in which fewest did.
    pub state: Option<JobState>,
    /// Of an array: tasks from this number on.
    pub from: u32,
    /// Of an array: so many tasks at most.
    pub count: u32,
}

/// Answers about jobs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum JobsReply {
    /// What the asker has that is not over.
    Mine {
        /// Records that run, those that started last first.
        running: Vec<QueueRow>,
        /// Records that wait, the first of the queue first.
        waiting: Vec<QueueRow>,
        /// All that run.
        all_running: u64,
        /// All that wait.
        all_waiting: u64,
    },
    /// Submissions.
    List {
        /// As asked.
        lines: Vec<JobLine>,
        /// Where to go on; `None`: there are no more.
        next: Option<JobId>,
    },
    /// One job.
    Job(Box<JobReport>),
}

/// A submission in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobLine {
    /// Its number.
    pub id: JobId,
    /// When.
    pub submitted: Time,
    /// What it is called.
    pub name: Text,
    /// Whose.
    pub user: String,
    /// The project.
    pub account: String,
    /// CPUs asked for, of each task.
    pub cpus: u32,
    /// Tasks of its array; `None`: it is none.
    pub tasks: Option<u64>,
    /// Something of it waits or runs.
    pub open: bool,
    /// What is over, by state, the most frequent first.
    pub states: Vec<(JobState, u64)>,
    /// Start of a job that is over and no array.
    pub start: Option<Time>,
    /// Its end.
    pub end: Option<Time>,
    /// Its energy, microjoules, where it was measured.
    pub energy_uj: Option<i64>,
}

/// A job with everything about it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct JobReport {
    /// Its number.
    pub id: JobId,
    /// The task that was asked for.
    pub task: Option<u32>,
    /// When it was submitted.
    pub submitted: Time,
    /// The wishes.
    pub spec: Box<JobSpec>,
    /// The script; empty: there is none.
    pub script: Vec<u8>,
    /// Something of it waits or runs.
    pub open: bool,
    /// It is the asker's own.
    pub own: bool,
    /// What is over, by state, the most frequent first.
    pub states: Vec<(JobState, u64)>,
    /// Of a job: all its attempts, and their steps. Of an array: tasks that are over.
    pub rows: Vec<AccountRow>,
    /// Of an array: the state of the rows.
    pub shown: Option<JobState>,
    /// Of an array: the number from which on there are more of these.
    pub next: Option<u32>,
    /// Output and errors, patterns filled in; `None`: nobody knows yet, or it is thrown away.
    pub files: [Option<Text>; 2],
    /// What it used over time, as far as that was looked at.
    pub series: Vec<SeriesPoint>,
    /// The form that it was filled in on, for its owner.
    pub form: Option<JobForm>,
}

/// What a job was made by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobForm {
    /// The template.
    pub app: String,
    /// What was filled in: names and values.
    pub values: Vec<(String, String)>,
}

/// What a run used from the point before until this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SeriesPoint {
    /// When.
    pub at: Time,
    /// CPUs that computed, in thousandths, on average.
    pub cpus_milli: i64,
    /// Memory at that moment, KiB; `None`: not known.
    pub memory_kib: Option<i64>,
    /// What it drew, milliwatts, on average; `None`: not measured.
    pub power_mw: Option<i64>,
}
