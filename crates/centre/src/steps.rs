//! Steps of `srun` inside jobs: which CPUs of the job they have, and what accounting keeps of them.

use std::collections::HashMap;

use api::{JobTarget, Refusal, RefusalCode, Reply, StepRequest, StepResult};
use drivers::local::protocol::{Environment, Order};
use model::{CpuSet, Exit, JobId, JobState, RunId, StepId, Text, Time, Usage};
use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
use store::{Fact, StepRecord, Write};

use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    journal::After,
};

/// What a runner finds programs by, before its tasks get their own environment.
const RUNNER_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// So often, in ms, is looked who of the steps without a connection lives.
const LOOK: i64 = 5_000;

/// Steps of one job that run or wait at once.
const MOST: usize = 1024;

/// A running step.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) number: u32,
    pub(crate) attempt: u32,
    pub(crate) name: Text,
    pub(crate) start: Time,
    pub(crate) tasks: u32,
    pub(crate) cpus: CpuSet,
    /// Shares its CPUs with others.
    pub(crate) overlap: bool,
    /// The connection that srun holds while it runs; none after a restart of the centre.
    pub(crate) conn: Option<ConnId>,
    pub(crate) pid: Option<u32>,
    /// The socket where `sattach` finds it.
    pub(crate) attach: Option<Text>,
}

impl Live {
    pub(crate) fn id(&self) -> StepId {
        StepId::Number(self.number)
    }
}

/// A step that waits for CPUs of its job.
#[derive(Debug)]
struct Waiting {
    conn: ConnId,
    peer: Peer,
    request: StepRequest,
}

/// The steps of one job.
#[derive(Debug, Default)]
struct OfJob {
    next: u32,
    live: Vec<Live>,
    waiting: Vec<Waiting>,
}

/// The steps of all running jobs.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    jobs: HashMap<JobId, OfJob>,
    /// When it was last looked who of them lives.
    looked: Time,
}

impl Steps {
    /// Running steps of a job.
    pub(crate) fn of(&self, job: JobId) -> impl Iterator<Item = &Live> {
        self.jobs.get(&job).into_iter().flat_map(|steps| &steps.live)
    }

    /// A step that began before this centre did.
    pub(crate) fn restore(&mut self, job: JobId, step: Live) {
        let steps = self.jobs.entry(job).or_default();
        steps.next = steps.next.max(step.number + 1);
        steps.live.push(step);
    }

    /// A step that ended before this centre began.
    pub(crate) fn drop_restored(&mut self, job: JobId, number: u32) {
        if let Some(steps) = self.jobs.get_mut(&job) {
            steps.live.retain(|step| step.number != number);
        }
    }

    /// The first step of a job whose srun came back by this connection.
    pub(crate) fn take_over(&mut self, job: JobId, conn: ConnId) -> Option<(u32, CpuSet)> {
        let step = self.jobs.get_mut(&job)?.live.iter_mut().find(|step| step.number == 0)?;
        step.conn = Some(conn);
        Some((0, step.cpus.clone()))
    }

    /// Takes over what was known of the same steps before they were read back: who holds them, and who waits.
    pub(crate) fn go_on_from(&mut self, known: Steps) {
        for (job, known) in known.jobs {
            let steps = self.jobs.entry(job).or_default();
            for live in &mut steps.live {
                let same = |old: &&Live| (old.number, old.attempt) == (live.number, live.attempt);
                if let Some(old) = known.live.iter().find(same) {
                    *live = old.clone();
                }
            }
            steps.waiting.extend(known.waiting);
        }
    }

    /// Running steps of a connection. Each connection holds one, of an honest srun.
    fn held_by(&self, conn: ConnId) -> Vec<(JobId, u32)> {
        let of = |(job, steps): (&JobId, &OfJob)| {
            let held = steps.live.iter().filter(|step| step.conn == Some(conn));
            held.map(|step| (*job, step.number)).collect::<Vec<_>>()
        };
        self.jobs.iter().flat_map(of).collect()
    }
}

impl Centre {
    /// A step wants to start; the answer comes when there is room in the job.
    pub(crate) fn step_begin(&mut self, conn: ConnId, peer: Peer, request: StepRequest) -> Result<(), Refusal> {
        self.writable()?;
        let count = self.steps.jobs.get(&request.job).map_or(0, |steps| steps.live.len() + steps.waiting.len());
        if request.name.as_bytes().len() > 1024 || request.tasks == 0 || count >= MOST {
            let text = format!("a step has a task, a name of 1024 bytes at most, and a job {MOST} steps at once");
            return Err(refuse(RefusalCode::Other, text));
        }
        let unknown = || refuse(RefusalCode::InvalidJobId, request.job.to_string());
        let job = self.state.job(request.job).ok_or_else(unknown)?;
        if job.owner().uid != peer.uid && !peer.uid.eq(&model::Uid::ROOT) {
            return Err(refuse(RefusalCode::AccessDenied, request.job.to_string()));
        }
        let Some(placement) = job.placement() else { return Err(unknown()) };
        let needed = request.tasks.saturating_mul(request.cpus_per_task.max(1));
        if !request.overlap && !request.overcommit && needed > placement.cpus.len() as u32 {
            return Err(refuse(RefusalCode::StepTooBig, needed.to_string()));
        }
        match self.grant(conn, peer, &request) {
            true => Ok(()),
            false if request.immediate => Err(refuse(RefusalCode::StepBusy, "")),
            false => {
                let steps = self.steps.jobs.entry(request.job).or_default();
                steps.waiting.push(Waiting { conn, peer, request });
                Ok(())
            }
        }
    }

    /// Starts a step if its CPUs are free, and answers.
    fn grant(&mut self, conn: ConnId, peer: Peer, request: &StepRequest) -> bool {
        let Some((step, cpus)) = self.open_step(conn, peer, request) else { return false };
        if let (Some(socket), Some(run)) = (&request.runner, self.live_run(request.job)) {
            let env = Environment::from_pairs([("PATH", RUNNER_PATH)]);
            let join = Order::Join { run, command: self.runner(socket), env };
            self.journal.after(After::Order(Box::new(join)));
        }
        let outside = request.runner.is_some();
        let kill_wait = self.file.limits.kill_wait;
        let environment = if outside { self.allocation_environment(request.job) } else { Vec::new() };
        self.reply_when_safe(conn, Reply::Step { step, cpus, environment, kill_wait });
        true
    }

    /// A step begins, if its CPUs are free: its number, and its CPUs where they are bound.
    pub(crate) fn open_step(&mut self, conn: ConnId, peer: Peer, request: &StepRequest) -> Option<(u32, CpuSet)> {
        let job = self.state.job(request.job)?;
        let placement = job.placement()?;
        let run = job.run();
        let all = placement.cpus.clone();
        let steps = self.steps.jobs.entry(request.job).or_default();
        let needed = request.tasks.saturating_mul(request.cpus_per_task.max(1)) as usize;
        let taken = |cpu: &u32| steps.live.iter().any(|step| !step.overlap && step.cpus.contains(*cpu));
        let free: Vec<u32> =
            if request.overlap { all.iter().collect() } else { all.iter().filter(|cpu| !taken(cpu)).collect() };
        if free.len() < needed.min(all.len()) {
            return None;
        }
        // Without --exact a step has all that is free in the job, as in Slurm.
        let count = if request.exact { needed } else { free.len() };
        let cpus: CpuSet = free.into_iter().take(count).collect();
        let number = steps.next;
        steps.next += 1;
        steps.live.push(Live {
            number,
            attempt: run.attempt,
            name: request.name.clone(),
            start: self.now,
            tasks: request.tasks,
            cpus: cpus.clone(),
            overlap: request.overlap,
            conn: Some(conn),
            pid: (peer.pid > 0).then_some(peer.pid),
            attach: request.attach.clone(),
        });
        let fact = Fact::StepBegan {
            job: run.job,
            attempt: run.attempt,
            step: number,
            name: request.name.clone(),
            tasks: request.tasks,
            cpus: cpus.clone(),
            pid: (peer.pid > 0).then_some(peer.pid),
        };
        self.note_step(run.job, fact);
        let simulated = self.state.config().machine.simulated;
        Some((number, if simulated { CpuSet::default() } else { cpus }))
    }

    fn note_step(&mut self, job: JobId, fact: Fact) {
        let base = self.state.job(job).map_or(job, |job| job.base());
        self.journal.write(Write::Event { at: self.now, base: Some(base), fact: Box::new(fact) });
    }

    /// A step is over, says srun.
    pub(crate) fn step_end(&mut self, conn: ConnId, peer: Peer, result: &StepResult) -> Result<(), Refusal> {
        let StepId::Number(number) = result.step else {
            return Err(refuse(RefusalCode::InvalidJobId, result.job.to_string()));
        };
        let owner = self.state.job(result.job).map(|job| job.owner().uid);
        if owner != Some(peer.uid) && peer.uid != model::Uid::ROOT {
            return Err(refuse(RefusalCode::AccessDenied, result.job.to_string()));
        }
        self.step_over(result.job, number, result.state, result.exit, result.usage);
        if result.last {
            self.let_go(conn, result.job);
        }
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    fn step_over(&mut self, job: JobId, number: u32, state: JobState, exit: Exit, usage: Usage) {
        let Some(steps) = self.steps.jobs.get_mut(&job) else { return };
        let Some(at) = steps.live.iter().position(|step| step.number == number) else { return };
        let step = steps.live.remove(at);
        let fact = Fact::StepEnded { job, attempt: step.attempt, step: number, state, exit };
        self.note_step(job, fact);
        self.journal.write(Write::Step(Box::new(StepRecord {
            job,
            attempt: step.attempt,
            step: number,
            name: step.name,
            state,
            exit,
            start: step.start,
            end: self.now.max(step.start),
            cpus: step.cpus.len() as u32,
            tasks: step.tasks,
            usage,
        })));
        self.grant_waiting(job);
    }

    fn grant_waiting(&mut self, job: JobId) {
        let waiting = self.steps.jobs.get_mut(&job).map(|steps| std::mem::take(&mut steps.waiting)).unwrap_or_default();
        let mut left = Vec::new();
        for wish in waiting {
            if self.conns.get(wish.conn).is_some() && !self.grant(wish.conn, wish.peer, &wish.request) {
                left.push(wish);
            }
        }
        if let Some(steps) = self.steps.jobs.get_mut(&job) {
            steps.waiting = left;
        }
    }

    /// Where `sattach` finds a step: only its owner may look.
    pub(crate) fn attach(&mut self, conn: ConnId, peer: Peer, target: &JobTarget, step: StepId) -> Result<(), Refusal> {
        let unknown = || refuse(RefusalCode::InvalidJobId, target.id.to_string());
        for (id, _) in self.resolve(target)? {
            let owner = self.state.job(id).map(|job| job.owner().uid);
            let Some(live) = self.steps.of(id).find(|live| live.id() == step) else { continue };
            if owner != Some(peer.uid) && peer.uid != model::Uid::ROOT {
                return Err(refuse(RefusalCode::AccessDenied, target.id.to_string()));
            }
            let Some(socket) = live.attach.clone() else { return Err(unknown()) };
            let tasks = live.tasks;
            self.reply(conn, &Reply::Attach { socket, tasks });
            return Ok(());
        }
        Err(unknown())
    }

    /// Sends a signal to the tasks of one step (0: ends it), by way of its srun; says whether there is such a step.
    pub(crate) fn signal_step(&mut self, job: JobId, step: StepId, signal: u8) -> bool {
        let Some(conn) = self.steps.of(job).find(|live| live.id() == step).map(|live| live.conn) else { return false };
        if let Some(conn) = conn {
            self.reply(conn, &Reply::Signal(signal));
        }
        true
    }

    /// Steps from before this centre whose srun has died since hold CPUs for nobody. One whose number another process has
    /// by now is left until its job ends.
    pub(crate) fn end_lost_steps(&mut self) {
        if self.degraded.is_some() || (self.now - self.steps.looked).0.abs() < LOOK {
            return;
        }
        self.steps.looked = self.now;
        // A process of another user may not be signalled, and is there all the same.
        let gone = |pid: u32| kill(Pid::from_raw(pid.cast_signed()), None) == Err(Errno::ESRCH);
        let lost: Vec<(JobId, u32)> = (self.steps.jobs.iter())
            .flat_map(|(job, steps)| steps.live.iter().map(|live| (*job, live)))
            .filter(|(_, live)| live.conn.is_none() && live.pid.is_some_and(gone))
            .map(|(job, live)| (job, live.number))
            .collect();
        for (job, number) in lost {
            self.step_over(job, number, JobState::Cancelled, Exit { code: 0, signal: 9 }, Usage::default());
        }
    }

    /// An srun went away without a word: its step is over.
    pub(crate) fn step_lost(&mut self, conn: ConnId) {
        for steps in self.steps.jobs.values_mut() {
            steps.waiting.retain(|wish| wish.conn != conn);
        }
        for (job, number) in self.steps.held_by(conn) {
            self.step_over(job, number, JobState::Cancelled, Exit { code: 0, signal: 9 }, Usage::default());
        }
    }

    /// A job is over: so are its steps.
    pub(crate) fn close_steps(&mut self, run: RunId) {
        let live: Vec<u32> = self.steps.of(run.job).map(|step| step.number).collect();
        for number in live {
            self.step_over(run.job, number, JobState::Cancelled, Exit { code: 0, signal: 15 }, Usage::default());
        }
        if let Some(steps) = self.steps.jobs.remove(&run.job) {
            for wish in steps.waiting {
                let gone = refuse(RefusalCode::InvalidJobId, run.job.to_string());
                self.reply(wish.conn, &Reply::Refused(gone));
            }
        }
    }
}
