//! The real centre under a virtual clock: the very [`scheduler::State`] that runs the machine, with its ages, shares,
//! QOS and reservations, given the jobs of a trace. Must not know how long a job really runs before it ends: that stays
//! on this side.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use model::{
    CpuSet, Exit, Gid, JobId, JobSpec, Memory, Outcome, Owner, Request, RunId, Span, Text, Time, TimeLimit, Uid, Usage,
};
use scheduler::thrift::{Reserve, Worth};
use scheduler::{Config, Event, Impossible, Refusal, State, What};

use crate::clock::{self, End, Order, Scheduler, Start};
use crate::park::meter::Meter;
use crate::park::replay::{self, Plan, at_speed};
use crate::park::switched::{self, Switched};
use crate::park::{NORMAL_SPEED, Park};
use crate::power::Power;
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
    /// Its cores, where machines matter.
    cores: CpuSet,
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
    /// The machines that it switches, if it does.
    machines: Option<Switched<'a>>,
    /// Jobs that are over.
    done: usize,
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
    let owner = Owner { uid: Uid(uid), gid: Gid(uid), user: user.to_owned(), group: user.to_owned() };
    JobSpec {
        account: project.to_owned(),
        request: Request { cpus_per_task: Some(cores), memory: Memory::Unlimited, ..Request::default() },
        time_limit: TimeLimit::Span(Span::seconds(i64::from(estimate))),
        ..JobSpec::plain(Text::from("trace"), owner, Text::from("/"))
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
            machines: None,
            done: 0,
        }
    }

    /// The same with machines that it switches: [`Config::nodes`] are those of the park.
    fn with(self, machines: Switched<'a>) -> Self {
        CentreScheduler { machines: Some(machines), ..self }
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
            What::Started { run, task, placement } => return Ok(self.begin(now, run, task, placement.cpus)),
            What::SwitchedOn { node } => self.switch(now, node, true)?,
            What::SwitchedOff { node } => self.switch(now, node, false)?,
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

    /// An order to a machine: it is off at once, and on when it has booted.
    fn switch(&mut self, now: i64, node: String, on: bool) -> Result<(), Impossible> {
        let at = self.state.nodes().position(|view| view.node.name == node);
        let (Some(at), Some(machines)) = (at, &mut self.machines) else { return Ok(()) };
        if on {
            machines.switch_on(now, at);
            return Ok(());
        }
        machines.switch_off(now, at);
        self.tell(now, What::WentOff { node })
    }

    /// Machines that have booted by now take jobs.
    fn come_up(&mut self, now: i64) -> Result<(), Impossible> {
        while let Some(machine) = self.machines.as_mut().and_then(|machines| machines.come_up(now)) {
            let name = self.state.nodes().nth(machine).map(|view| view.node.name.clone());
            self.tell(now, What::CameUp { node: name.unwrap_or_default() })?;
        }
        Ok(())
    }

    fn begin(&mut self, now: i64, run: RunId, task: Option<(JobId, u32)>, cores: CpuSet) -> Option<Start> {
        let record = task.map_or(run.job, |(array, _)| array);
        let job = *self.records.get(&record)?;
        self.records.insert(run.job, job);
        let asked = &self.workload.jobs[job as usize];
        let machines = self.machines.as_mut();
        let speed = machines.map_or(NORMAL_SPEED, |machines| machines.begin(now, asked.submit, &cores));
        let long = at_speed(asked.run, speed);
        let number = self.runs.len() as u32;
        self.runs.push(Run { run, job, left: long, since: now, stands: false, over: false, cores });
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
        if let Some(number) = self.running.remove(&run) {
            self.leave(now, number);
        }
        Ok(())
    }

    /// A run has left the machine.
    fn leave(&mut self, now: i64, number: u32) {
        let run = &mut self.runs[number as usize];
        run.over = true;
        if let Some(machines) = &mut self.machines {
            machines.end(now, &run.cores);
        }
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
        let (job, name) = (known.job, known.run);
        self.leave(now, run);
        self.running.remove(&name);
        self.done += 1;
        self.finish(now, name)?;
        if now.saturating_sub(self.forgotten) >= 60 {
            self.state.forget_finished(Time::from_seconds(now));
            self.forgotten = now;
        }
        Ok(End::Of(job))
    }

    fn start(&mut self, now: i64) -> Result<Option<Start>, Fault> {
        self.come_up(now)?;
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
        // Nobody stays up for machines alone.
        if self.machines.is_some() && self.done == self.workload.jobs.len() {
            return None;
        }
        let up = self.machines.as_ref().and_then(Switched::next_up);
        self.wake.into_iter().chain(up).filter(|wake| *wake > now).min()
    }
}

/// What a job needs for all its cores, in KiB as its machines have it ([`switched::machine`]).
fn memory(each_kib: u64, cores: u32) -> Memory {
    match each_kib.saturating_mul(u64::from(cores)) {
        0 => Memory::Unlimited,
        kib => Memory::PerNode(kib),
    }
}

/// Plays a plan with the centre's own rules on the plan's park; the rest of the configuration is as given. Estimates are
/// as on the slowest machines of the park. Where memory matters, jobs have theirs by those rules too: so much for each of
/// their cores on the machine that the core is of, and no machine gives more than it has. `progress` is told from time to
/// time how many jobs have come.
///
/// # Errors
/// As [`clock::run`].
pub fn replay(plan: Plan<'_>, config: Config, progress: &mut dyn FnMut(usize)) -> Result<replay::Outcome, Fault> {
    let Plan { workload, park, .. } = plan;
    let mut centre = on_machines(plan, config);
    let played = clock::run(workload, &mut centre, Order::Batch, progress)?;
    let begins = workload.jobs.first().map_or(0, |job| job.submit);
    let ends = played.ends.iter().copied().max().unwrap_or(begins);
    // It was given them when it was made.
    #[allow(clippy::expect_used)]
    let mut machines = centre.machines.expect("a centre on a park has machines");
    machines.close(ends);
    let states = if plan.states { machines.meter().states(park) } else { String::new() };
    let (bill, draws) = (machines.meter().bill(park), machines.meter().draws(park));
    Ok(replay::Outcome { bill, boot_waits: machines.boot_waits(), states, draws, played })
}

/// The centre that [`replay`] plays a plan with, before the first job.
pub fn on_machines<'a>(plan: Plan<'a>, config: Config) -> CentreScheduler<'a> {
    let Plan { workload, trace, park, .. } = plan;
    let begins = workload.jobs.first().map_or(0, |job| job.submit);
    let meter = Meter::new(park, plan.tariff.at(plan.local0), plan.states);
    let slowest = park.kinds.iter().map(|kind| kind.speed).min().unwrap_or(NORMAL_SPEED);
    let memory_matters = park.memory_matters(trace, workload);
    let spec = move |job: u32| {
        let asked = &workload.jobs[job as usize];
        let mut spec = plain_spec(workload, trace, job);
        spec.time_limit = TimeLimit::Span(Span::seconds(at_speed(asked.estimate, slowest)));
        if memory_matters {
            spec.request.memory = memory(trace.memory_kib(asked), asked.cores);
        }
        spec
    };
    let machines = Switched::new(park, meter, begins);
    let mut centre = CentreScheduler::new(workload, on_park(config, park, plan.power), spec).with(machines);
    if let Power::Predictive { patience_s } = plan.power {
        let boot_s = park.kinds.iter().map(|kind| i64::from(kind.boot_s)).max().unwrap_or(0);
        let reserve = Reserve::new(park.cores(), boot_s, Worth::new(patience_s), begins, plan.local0);
        centre.state.set_reserve(Some(reserve));
    }
    centre
}

/// A configuration with a park as its machine.
fn on_park(config: Config, park: &Park, power: Power) -> Config {
    Config { machine: switched::machine(park), nodes: switched::nodes(park), power, ..config }
}
