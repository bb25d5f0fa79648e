//! Jobs as a trace tells of them, and which of them are played. Must not know the format of traces, nor who schedules.

/// A line of a trace. What is not known is −1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// The job's number in the trace.
    pub id: i64,
    /// When it was submitted, in seconds from the trace's beginning.
    pub submit: i64,
    /// How long it waited there, in seconds.
    pub wait: i64,
    /// How long it ran, in seconds.
    pub run: i64,
    /// Cores: requested, or used where that is not known.
    pub cores: i64,
    /// Requested time, in seconds.
    pub estimate: i64,
    /// Memory for each core, KiB: requested, or used where that is not known.
    pub memory_kib: i64,
    /// User, by number.
    pub user: i64,
    /// Group, by number.
    pub group: i64,
    /// Queue, by number.
    pub queue: i64,
}

/// A trace, as read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// Its jobs, in the order of the file.
    pub lines: Vec<Line>,
    /// Processors of the machine, from the header.
    pub max_procs: Option<i64>,
    /// Nodes of the machine, from the header.
    pub max_nodes: Option<i64>,
    /// Lines that could not be read, where that was allowed.
    pub malformed: u64,
}

/// Where estimates come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Estimates {
    /// What was requested.
    Request,
    /// The run times: perfect knowledge.
    Run,
}

/// Why a job of a trace is not played.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Drop {
    /// It did not run.
    NoRun,
    /// It needs no cores.
    NoCores,
    /// It needs more cores than there are.
    TooLarge,
    /// It was submitted before the trace began.
    NoSubmit,
    /// It has no estimate.
    NoEstimate,
    /// It needs more memory for its cores than the machines have.
    TooMuchMemory,
}

/// How many jobs of a trace are not played, by the first reason that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dropped {
    counts: [u64; Drop::ALL.len()],
}

/// A job that is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Job {
    /// When it is submitted, in seconds.
    pub submit: i64,
    /// How long it runs, in seconds: no longer than its estimate.
    pub run: u32,
    /// Its estimate, in seconds.
    pub estimate: u32,
    /// Its cores.
    pub cores: u32,
    /// Its line in the trace.
    pub line: u32,
}

/// What is played: jobs by submission, those of the same second in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workload {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// Those left out.
    pub dropped: Dropped,
    /// Cores of the machine.
    pub procs: u32,
}

impl Drop {
    /// All reasons, in the order in which they are looked at.
    pub const ALL: [Drop; 6] =
        [Drop::NoRun, Drop::NoCores, Drop::TooLarge, Drop::NoSubmit, Drop::NoEstimate, Drop::TooMuchMemory];
}

impl Dropped {
    /// How many for this reason.
    pub fn count(&self, why: Drop) -> u64 {
        self.counts[why as usize]
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Trace {
    /// Processors as the header says, else nodes.
    pub fn procs(&self) -> Option<u32> {
        let known = |count: Option<i64>| count.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0);
        known(self.max_procs).or(known(self.max_nodes))
    }

    /// Memory that a job needs for each of its cores, KiB; none where that is not known.
    pub fn memory_kib(&self, job: &Job) -> u64 {
        self.lines.get(job.line as usize).map_or(0, |line| u64::try_from(line.memory_kib).unwrap_or(0))
    }

    /// Whether there are jobs, and none has an estimate.
    pub fn has_no_estimates(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|line| line.estimate <= 0)
    }

    /// The jobs that can be played on so many cores.
    pub fn workload(&self, procs: u32, estimates: Estimates) -> Workload {
        let mut dropped = Dropped::default();
        let mut jobs = Vec::with_capacity(self.lines.len());
        for (number, line) in self.lines.iter().enumerate() {
            let estimate = if estimates == Estimates::Run { line.run } else { line.estimate };
            let refused =
                [line.run <= 0, line.cores <= 0, line.cores > i64::from(procs), line.submit < 0, estimate <= 0];
            if let Some(why) = refused.iter().position(|refused| *refused) {
                dropped.counts[why] += 1;
                continue;
            }
            // Readers let nothing greater pass.
            let short = |seconds: i64| u32::try_from(seconds).unwrap_or(u32::MAX);
            jobs.push(Job {
                submit: line.submit,
                run: short(line.run.min(estimate)),
                estimate: short(estimate),
                cores: line.cores as u32,
                line: number as u32,
            });
        }
        if !jobs.is_sorted_by_key(|job: &Job| job.submit) {
            jobs.sort_by_key(|job| job.submit);
        }
        Workload { jobs, dropped, procs }
    }
}

impl Workload {
    /// Leaves out who cannot be played for another reason.
    pub fn leave_out(&mut self, why: Drop, refused: impl Fn(&Job) -> bool) {
        let all = self.jobs.len();
        self.jobs.retain(|job| !refused(job));
        self.dropped.counts[why as usize] += (all - self.jobs.len()) as u64;
    }
}
