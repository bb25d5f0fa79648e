//! One job record and where it is in its life: an enum that carries what belongs to each state. Small, as there may be
//! a hundred thousand. Must not know the other jobs.

use std::sync::Arc;

use model::{Exit, IndexSet, JobId, JobState, Reason, RunId, Span, Text, Time, TimeLimit, Uid};

use crate::class::{ClassNumber, Traits};
use crate::dependency::Dependencies;
use crate::event::{Placement, RequeueCause};

/// A record.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Job {
    /// Its number.
    pub id: JobId,
    /// What it has in common with others.
    pub class: ClassNumber,
    /// Its name.
    pub name: Arc<Text>,
    /// What it is to an array.
    pub place: Place,
    /// When it was submitted or requeued.
    pub submit: Time,
    /// When it could have started; `None`: not yet known.
    pub eligible: Option<Time>,
    /// How often it was requeued: the attempt of its present or next run.
    pub restarts: u32,
    /// Who holds it.
    pub hold: Option<Hold>,
    /// Where the indexes have it.
    pub slot: Slot,
    /// Where it is in its life.
    pub phase: Phase,
    /// What few jobs have.
    pub extra: Option<Box<Extra>>,
}

/// What a record is to an array.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Place {
    /// Nothing.
    Single,
    /// The array's own record: the tasks that have no record of their own.
    Array(Box<IndexSet>),
    /// One task.
    Task {
        /// The array.
        base: JobId,
        /// The task's number.
        index: u32,
    },
}

/// Who holds a waiting job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold {
    /// Its owner.
    User,
    /// An operator.
    Operator,
    /// It was put back in the queue, held.
    Requeued,
}

/// Where the indexes have a record: a cache of what follows from its data and the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    /// Nowhere: it does not wait, or for something else than its turn.
    Out,
    /// It waits for an instant.
    Timed,
    /// Its array runs enough tasks.
    Throttled,
    /// In its class's line.
    Queued,
}

/// Where a job is in its life.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Phase {
    /// It waits.
    Pending,
    /// It has a place on the machine.
    Active(Box<Active>),
    /// It is over.
    Done(Box<Done>),
}

/// A run that has a place on the machine.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Active {
    /// Its priority when it started.
    pub priority: u32,
    /// When it started.
    pub start: Time,
    /// What it has.
    pub placement: Placement,
    /// Its cores, by position in the topology.
    pub cores: Vec<u32>,
    /// Its GPUs, by position in the topology.
    pub gpus: Vec<usize>,
    /// How long it was stopped, without the present stop.
    pub suspended: Span,
    /// It is stopped.
    pub stop: Option<Stop>,
    /// For whom it made place.
    pub displaced_by: Option<JobId>,
    /// It is being ended: since when, and why.
    pub ending: Option<(Time, Ending)>,
    /// Its `--signal` was sent.
    pub signalled: bool,
    /// How much of its time is charged to its owner.
    pub charged: Span,
}

/// A stop of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stop {
    /// Since when.
    pub since: Time,
    /// For whom; `None`: an operator wanted it.
    pub cause: Option<JobId>,
}

/// Why a run is being ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Somebody wanted it.
    Cancelled(Uid),
    /// Its time is over.
    TimeLimit,
    /// Its deadline is there.
    Deadline,
    /// It goes back to the queue.
    Requeued {
        /// Why.
        cause: RequeueCause,
        /// Held there.
        hold: bool,
    },
    /// It makes place for this job.
    Preempted(JobId),
}

/// What is kept of a record that is over.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Done {
    /// A final state.
    pub state: JobState,
    /// Why.
    pub reason: Reason,
    /// As `scontrol` shows it.
    pub script_exit: Exit,
    /// When it started; `None`: never.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Time,
    /// How long it was stopped.
    pub suspended: Span,
    /// CPUs it had.
    pub cpus: u32,
    /// Its priority.
    pub priority: u32,
}

/// What few jobs have.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Extra {
    /// Not before, by its owner's wish.
    pub begin: Option<Time>,
    /// Not before, after a requeue: from when, how long. Kept apart from `begin`, as a clock that has jumped back
    /// before `from` ends this wait.
    pub delay: Option<(Time, Span)>,
    /// Ended by then.
    pub deadline: Option<Time>,
    /// What it waits for.
    pub dependencies: Option<Dependencies>,
    /// When the indexes look at it again: a cache, like [`Slot`].
    pub timer: Option<Time>,
    /// Whether its owner says that it fears no delay; `None`: nothing about that.
    pub flexible: Option<bool>,
    /// How long it is expected to run, as somebody has learned: a hint that no event says.
    pub expected: Option<Span>,
    /// Until when it is held for cheap hours: a cache, like [`Slot`].
    pub held: Option<Time>,
}

impl Job {
    /// The array it belongs to, or itself.
    pub fn base(&self) -> JobId {
        match self.place {
            Place::Task { base, .. } => base,
            Place::Single | Place::Array(_) => self.id,
        }
    }

    /// Whether it belongs to an array.
    pub fn in_array(&self) -> bool {
        !matches!(self.place, Place::Single)
    }

    /// Its present run, or the next.
    pub fn run(&self) -> RunId {
        RunId { job: self.id, attempt: self.restarts }
    }

    /// Its run, if it has a place on the machine.
    pub fn active(&self) -> Option<&Active> {
        match &self.phase {
            Phase::Active(active) => Some(active),
            Phase::Pending | Phase::Done(_) => None,
        }
    }

    /// Whether it waits.
    pub fn is_pending(&self) -> bool {
        self.phase == Phase::Pending
    }

    /// Whether it is over.
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done(_))
    }

    /// What few jobs have, made if needed.
    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Its dependencies.
    pub fn dependencies(&self) -> Option<&Dependencies> {
        self.extra.as_ref()?.dependencies.as_ref()
    }

    /// Its dependencies, to change them.
    pub fn dependencies_mut(&mut self) -> Option<&mut Dependencies> {
        self.extra.as_mut()?.dependencies.as_mut()
    }

    /// When it must have ended.
    pub fn deadline(&self) -> Option<Time> {
        self.extra.as_ref()?.deadline
    }

    /// The instant before which it may not start by its own wishes, if there is one to come at `clock`.
    pub fn not_before(&self, clock: Time) -> Option<Time> {
        let extra = self.extra.as_ref()?;
        let delay = extra.delay.filter(|(from, _)| *from <= clock).map(|(from, span)| from + span);
        let dependency = extra.dependencies.as_ref().and_then(Dependencies::not_before);
        extra.begin.max(delay).max(dependency).filter(|instant| *instant > clock)
    }

    /// The instant at which it may start, if it waits for one to come at `clock`: its own, or that of cheap hours.
    pub fn waits_until(&self, clock: Time) -> Option<Time> {
        let held = self.extra.as_ref()?.held.filter(|instant| *instant > clock);
        self.not_before(clock).max(held)
    }

    /// The instants at which what it waits for changes by time alone.
    pub fn waits(&self) -> impl Iterator<Item = Time> {
        let extra = self.extra.as_deref();
        let delay = extra.and_then(|extra| extra.delay);
        let dependency = extra.and_then(|extra| extra.dependencies.as_ref()?.not_before());
        let begin = extra.and_then(|extra| extra.begin);
        let held = extra.and_then(|extra| extra.held);
        let delays = [delay.map(|(from, _)| from), delay.map(|(from, span)| from + span)];
        [begin, dependency, held].into_iter().chain(delays).flatten()
    }

    /// Whether nobody holds it and nothing it waits for is still open.
    pub fn is_open(&self) -> bool {
        self.hold.is_none() && self.dependencies().is_none_or(Dependencies::are_met)
    }

    /// Notes when it became eligible, if it did so just now, or that it no longer is.
    pub fn note_eligible(&mut self, at: Time) {
        self.eligible = match self.eligible {
            _ if !self.is_open() => None,
            None => Some(self.not_before(at).unwrap_or(at)),
            known => known,
        };
    }

    /// Its state, as listings show it.
    pub fn state(&self) -> JobState {
        match &self.phase {
            Phase::Pending => JobState::Pending,
            Phase::Active(active) => active.state(),
            Phase::Done(done) => done.state,
        }
    }
}

impl Active {
    /// Its state, as listings show it.
    pub fn state(&self) -> JobState {
        match (&self.ending, self.stop) {
            (Some(_), _) => JobState::Completing,
            (None, Some(_)) => JobState::Suspended,
            (None, None) => JobState::Running,
        }
    }

    /// How long it ran until `at`, without stops; never negative, whatever the clock did.
    pub fn ran(&self, at: Time) -> Span {
        let until = self.stop.map_or(at, |stop| stop.since);
        Span(((until - self.start).0.saturating_sub(self.suspended.0)).max(0))
    }

    /// How long it was stopped until `at`.
    pub fn stopped(&self, at: Time) -> Span {
        let present = self.stop.map_or(0, |stop| (at - stop.since).0.max(0));
        self.suspended + Span(present)
    }

    /// When it reaches its limit if it is not stopped (again); `None`: never.
    pub fn limit(&self, limit: TimeLimit) -> Option<Time> {
        Some(self.start + limit.span()? + self.suspended)
    }

    /// When its signal is due, if it has one and has not had it.
    pub fn signal(&self, traits: &Traits) -> Option<Time> {
        let signal = traits.signal.filter(|_| !self.signalled)?;
        let due = self.limit(traits.time_limit)? - signal.before;
        Some(due.max(self.start))
    }

    /// Whether its processes use its cores.
    pub fn uses_cores(&self) -> bool {
        self.stop.is_none()
    }
}
