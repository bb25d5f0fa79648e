//! The real centre under a virtual clock: the very [`scheduler::State`] that runs the machine, with its ages, shares,
//! QOS and reservations, given the jobs of a trace. Must not know how long a job really runs before it ends: that stays
//! on this side.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use model::{
    Exit, Gid, JobId, JobSpec, Limits, MailEvents, Memory, OpenMode, Outcome, Owner, Request, RunId, Span, Text, Time,
    TimeLimit, Uid, Usage,
};
use scheduler::{Config, Event, Impossible, Refusal, State, What};

use crate::clock::{End, Scheduler, Start};
use crate::workload::{Trace, Workload};

/// Why the centre cannot play on.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Fault {
    /// A job was refused.
    #[error("job {id} is refused")]
    Refused {
        /// The job's number in the trace.
        id: i64,
        /// Why.
        source: Refusal,
    },
    /// The centre contradicts itself.
    #[error("the centre contradicts itself")]
    Impossible(#[from] Impossible),
}

/// What becomes of a run.
struct Run {
    run: RunId,
    job: u32,
    /// What of it is left to run when it was last seen to go on.
    left: i64,
    since: i64,
    /// It does not go on: it was stopped, or is no more.
    stands: bool,
    over: bool,
}

/// A centre that plays a workload.
pub struct CentreScheduler<'a> {
    workload: &'a Workload,
    specs: Box<dyn Fn(u32) -> JobSpec + 'a>,
    state: State,
    /// Which job a record is.
    records: BTreeMap<JobId, u32>,
    runs: Vec<Run>,
    running: BTreeMap<RunId, u32>,
    decided: VecDeque<What>,
    wake: Option<i64>,
    forgotten: i64,
}

/// A job of a trace as a submission: its user and group by their numbers, in the default partition and QOS.
pub fn plain_spec(workload: &Workload, trace: &Trace, job: u32) -> JobSpec {
    let job = &workload.jobs[job as usize];
    let line = trace.lines.get(job.line as usize);
    let (user, group) = line.map_or((-1, -1), |line| (line.user, line.group));
    let number = |known: i64| u32::try_from(known).unwrap_or(0);
    let name = |kind: &str, known: i64| if known < 0 { format!("some{kind}") } else { format!("{kind}{known}") };
    spec(job.cores, job.estimate, (&name("user", user), 10_000 + number(user)), &name("project", group))
}

/// A plain batch job of a user in a project: so many cores for so many seconds.
pub fn spec(cores: u32, estimate: u32, (user, uid): (&str, u32), project: &str) -> JobSpec {
    JobSpec {
        name: Text::from("trace"),
        owner: Owner { uid: Uid(uid), gid: Gid(uid), user: user.to_owned(), group: user.to_owned() },
        account: project.to_owned(),
        partition: String::new(),
        qos: String::new(),
        request: Request {
            tasks: None,
            cpus_per_task: Some(cores),
            nodes: None,
            tasks_per_node: None,
            memory: Memory::Unlimited,
            gpus: 0,
            gpu_type: None,
            exclusive: false,
            threads_per_core: None,
        },
        time_limit: TimeLimit::Span(Span::seconds(i64::from(estimate))),
        time_min: None,
        array: None,
        dependency: None,
        kill_on_invalid_dep: None,
        begin: None,
        deadline: None,
        hold: false,
        requeue: true,
        nice: 0,
        priority: None,
        signal: None,
        reservation: None,
        comment: None,
        wckey: None,
        mail: MailEvents::default(),
        mail_user: None,
        workdir: Text::from("/"),
        stdin: None,
        stdout: None,
        stderr: None,
        open_mode: OpenMode::Truncate,
        command: None,
        args: Vec::new(),
        export: None,
        get_user_env: false,
        umask: 0o022,
        limits: Limits::default(),
        submit_host: String::new(),
        submit_dir: Text::from("/"),
        submit_line: Text::from(""),
        features: None,
        batch: true,
    }
}

impl<'a> CentreScheduler<'a> {
    /// A centre so configured, whose machine should have the workload's cores; `specs` says what each job is submitted
    /// as, by its position.
    pub fn new(workload: &'a Workload, config: Config, specs: impl Fn(u32) -> JobSpec + 'a) -> Self {
        CentreScheduler {
            workload,
            specs: Box::new(specs),
            state: State::new(config),
            records: BTreeMap::new(),
            runs: Vec::new(),
            running: BTreeMap::new(),
            decided: VecDeque::new(),
            wake: None,
            forgotten: i64::MIN,
        }
    }

    /// What the centre knows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Tells the centre something besides the jobs' comings and goings: a reservation, a drain.
    ///
    /// # Errors
    /// It cannot be.
    pub fn tell(&mut self, now: i64, what: What) -> Result<(), Impossible> {
        self.state.apply(&Event { at: Time::from_seconds(now), what }).map(|_| ())
    }

    fn finish(&mut self, now: i64, run: RunId) -> Result<(), Impossible> {
        let outcome = Outcome::Exited(Exit::default());
        self.tell(now, What::Ended { run, outcome, usage: Usage::default() })
    }

    /// Does what was decided; says who started.
    fn perform(&mut self, now: i64, what: What) -> Result<Option<Start>, Fault> {
        self.tell(now, what.clone())?;
        match what {
            What::Started { run, task, .. } => return Ok(self.begin(now, run, task)),
            What::Suspended { run, .. } => {
                if let Some(known) = self.run_of(run) {
                    known.left -= now - known.since;
                    known.stands = true;
                }
            }
            What::Resumed { run } => {
                if let Some(known) = self.run_of(run) {
                    (known.since, known.stands) = (now, false);
                }
            }
            // Who is to end is gone at once.
            What::Requeued { id, .. } | What::Preempted { id, .. } => self.end_at_once(now, id)?,
            What::TimeLimitReached { run } => self.end_at_once(now, run.job)?,
            What::DeadlineMissed { id } => self.end_at_once(now, id)?,
            _ => {}
        }
        Ok(None)
    }

    fn begin(&mut self, now: i64, run: RunId, task: Option<(JobId, u32)>) -> Option<Start> {
        let record = task.map_or(run.job, |(array, _)| array);
        let job = *self.records.get(&record)?;
        self.records.insert(run.job, job);
        let long = i64::from(self.workload.jobs[job as usize].run);
        let number = self.runs.len() as u32;
        self.runs.push(Run { run, job, left: long, since: now, stands: false, over: false });
        self.running.insert(run, number);
        Some(Start { job, begins: now, ends: now + long, run: number })
    }

    fn run_of(&mut self, run: RunId) -> Option<&mut Run> {
        let number = *self.running.get(&run)?;
        self.runs.get_mut(number as usize)
    }

    fn end_at_once(&mut self, now: i64, id: JobId) -> Result<(), Impossible> {
        let Some(run) = self.state.job(id).map(|job| job.run()).filter(|run| self.running.contains_key(run)) else {
            return Ok(());
        };
        self.finish(now, run)?;
        if let Some(known) = self.run_of(run) {
            known.over = true;
        }
        self.running.remove(&run);
        Ok(())
    }
}

impl Scheduler for CentreScheduler<'_> {
    type Fault = Fault;

    fn arrive(&mut self, now: i64, job: u32) -> Result<(), Fault> {
        let refused = |source| Fault::Refused { id: i64::from(self.workload.jobs[job as usize].line) + 1, source };
        let spec = self.state.admit((self.specs)(job), true).map_err(refused)?;
        let id = self.state.next_id();
        self.records.insert(id, job);
        self.tell(now, What::Submitted { id, spec: Some(Arc::new(spec)), known: Vec::new() })?;
        Ok(())
    }

    fn end(&mut self, now: i64, run: u32) -> Result<End, Fault> {
        let known = &mut self.runs[run as usize];
        if known.over {
            return Ok(End::Stopped);
        }
        // Who was stopped meanwhile has more to do, and no one knows when.
        if known.stands {
            return Ok(End::Later(now + known.left.max(1)));
        }
        let due = known.since + known.left;
        if due > now {
            return Ok(End::Later(due));
        }
        known.over = true;
        let (job, run) = (known.job, known.run);
        self.running.remove(&run);
        self.finish(now, run)?;
        if now.saturating_sub(self.forgotten) >= 60 {
            self.state.forget_finished(Time::from_seconds(now));
            self.forgotten = now;
        }
        Ok(End::Of(job))
    }

    fn start(&mut self, now: i64) -> Result<Option<Start>, Fault> {
        loop {
            while let Some(what) = self.decided.pop_front() {
                if let Some(start) = self.perform(now, what)? {
                    return Ok(Some(start));
                }
            }
            let decision = self.state.decide(Time::from_seconds(now));
            if decision.events.is_empty() {
                self.wake = decision.wake.map(|wake| wake.0.div_euclid(1000) + i64::from(wake.0.rem_euclid(1000) > 0));
                return Ok(None);
            }
            self.decided.extend(decision.events);
        }
    }

    fn wake(&mut self, now: i64) -> Option<i64> {
        self.wake.filter(|wake| *wake > now)
    }
}
