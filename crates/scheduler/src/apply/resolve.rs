//! What waits for whom: terms of dependencies, looked at anew when something they are about has happened.

use std::collections::BTreeMap;

use model::{DependencyKind, JobId, JobState, Time};

use crate::array::Array;
use crate::dependency::{Dependencies, TaskStates, Term, TermState};
use crate::job::{Job, Phase, Place};
use crate::state::State;

/// How jobs ended that had left the state.
type Known<'a> = &'a [(JobId, Option<u32>, JobState)];

impl State {
    /// Looks at all terms of a waiting job.
    pub(super) fn resolve_all(&mut self, id: JobId, at: Time, known: Known) {
        self.watch_twins(id);
        self.resolve(id, at, known, |_| true);
    }

    /// Looks whether a waiting job is the only one of its name, if it wants to be.
    pub(super) fn look_for_twins(&mut self, id: JobId, at: Time) {
        self.watch_twins(id);
        self.resolve(id, at, &[], |term| term.wish.kind == DependencyKind::Singleton);
    }

    /// Looks at some terms of a waiting job, and notes what has changed.
    fn resolve(&mut self, id: JobId, at: Time, known: Known, pick: impl Fn(&Term) -> bool) {
        let Some(job) = self.jobs.get(&id).filter(|job| job.is_pending()) else { return };
        let Some(dependencies) = job.dependencies() else { return };
        let mut fresh = dependencies.clone();
        for term in fresh.terms.iter_mut().filter(|term| pick(term)) {
            term.whole_array = self.is_whole_array(term, known);
            term.state = self.term_state(job, term, known);
        }
        fresh.tasks = self.task_states(job, &fresh, known);
        if fresh != *dependencies {
            self.revise(id, |job| {
                job.extra_mut().dependencies = Some(fresh);
                job.note_eligible(at);
            });
        }
    }

    fn is_whole_array(&self, term: &Term, known: Known) -> bool {
        let among_known = |id| known.iter().any(|(job, task, _)| *job == id && task.is_some());
        term.wish.task.is_none() && term.wish.job.is_some_and(|id| self.arrays.contains_key(&id) || among_known(id))
    }

    fn term_state(&self, job: &Job, term: &Term, known: Known) -> TermState {
        let kind = term.wish.kind;
        let Some(target) = term.wish.job else {
            return if kind == DependencyKind::Singleton { self.single_state(job) } else { TermState::Met };
        };
        let own_index = match job.place {
            Place::Task { index, .. } if kind == DependencyKind::AfterCorr => Some(index),
            _ => None,
        };
        match (self.arrays.get(&target), term.wish.task.or(own_index)) {
            (Some(array), Some(index)) => self.task_state(target, array, index, kind),
            (Some(array), None) => array_state(array, kind),
            (None, index) => match self.jobs.get(&target) {
                Some(target) => record_state(target, kind),
                None => known_state(known, target, index, kind),
            },
        }
    }

    /// How far a term about one task of an array is. A task that the array does not have keeps nobody waiting.
    fn task_state(&self, base: JobId, array: &Array, index: u32, kind: DependencyKind) -> TermState {
        let ended = if array.ok.contains(index) { Some(true) } else { array.bad.contains(index).then_some(false) };
        let record = array.tasks.get(&index).and_then(|id| self.jobs.get(id));
        match (record, ended) {
            (Some(record), _) => record_state(record, kind),
            (None, Some(ok)) => ended_state(ok, kind),
            (None, None) if array.all.contains(index) => match self.jobs.get(&base) {
                Some(record) => record_state(record, kind),
                None => TermState::Open,
            },
            (None, None) => TermState::Met,
        }
    }

    /// For an array's record with `aftercorr`: which tasks may start, which never will.
    fn task_states(&self, job: &Job, dependencies: &Dependencies, known: Known) -> Option<Box<TaskStates>> {
        let by_task = |term: &Term| term.wish.kind == DependencyKind::AfterCorr && term.whole_array;
        let Place::Array(tasks) = &job.place else { return None };
        if !dependencies.terms.iter().any(by_task) {
            return None;
        }
        let told = Told::new(known);
        let mut states = TaskStates::default();
        for index in tasks.iter() {
            let of_term = |term: &Term| match term.wish.job {
                Some(target) if by_task(term) => match self.arrays.get(&target) {
                    Some(array) => self.task_state(target, array, index, DependencyKind::AfterCorr),
                    None if known.is_empty() => dependencies.kept_state(index),
                    None => told.state(target, index),
                },
                _ => term.state,
            };
            match Dependencies::together(dependencies.any, dependencies.terms.iter().map(of_term)) {
                TermState::Met | TermState::From(_) => drop(states.ready.insert(index)),
                TermState::Failed => drop(states.failed.insert(index)),
                TermState::Open => {}
            }
        }
        Some(Box::new(states))
    }

    /// A job has started, ended, or been put back: who waits for it looks again.
    pub(super) fn tell_waiters(&mut self, id: JobId, at: Time) {
        self.visit_waiters(id, at, |term| term.state == TermState::Open);
    }

    /// A job that was over is not over after all: what failed through it may still come about.
    pub(super) fn reopen_waiters(&mut self, id: JobId, at: Time) {
        self.visit_waiters(id, at, |term| term.state != TermState::Met);
    }

    fn visit_waiters(&mut self, id: JobId, at: Time, pick: impl Fn(&Term) -> bool) {
        if self.index.waiters.is_empty() {
            return;
        }
        let base = self.jobs.get(&id).map_or(id, Job::base);
        let mut targets = vec![id, base];
        targets.dedup();
        for target in targets {
            let range = (target, JobId(0))..=(target, JobId(u32::MAX));
            let waiters: Vec<JobId> = self.index.waiters.range(range).map(|(_, waiter)| *waiter).collect();
            for waiter in waiters {
                self.resolve(waiter, at, &[], |term| term.wish.job == Some(target) && pick(term));
            }
        }
    }

    /// Whether a job that wants to be the only one of its name is.
    fn single_state(&self, job: &Job) -> TermState {
        let twins = self.index.twins.get(&(self.uid_of(job), job.name.clone()));
        match twins.and_then(|twins| twins.first()) {
            Some((base, _)) if *base < job.base() => TermState::Open,
            _ => TermState::Met,
        }
    }

    /// Begins to keep a list of the jobs that have the name of this one, if it wants to be the only one.
    fn watch_twins(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        let single = |term: &Term| term.wish.kind == DependencyKind::Singleton;
        if !job.dependencies().is_some_and(|dependencies| dependencies.terms.iter().any(single)) {
            return;
        }
        let key = (self.uid_of(job), job.name.clone());
        if self.index.twins.contains_key(&key) {
            return;
        }
        let of_user = self.index.by_user.range((key.0, JobId(0))..=(key.0, JobId(u32::MAX)));
        let twins = of_user
            .filter_map(|(_, id)| self.jobs.get(id))
            .filter(|job| job.name == key.1 && !job.is_done())
            .map(|job| (job.base(), job.id))
            .collect();
        self.index.twins.insert(key, twins);
    }

    /// A record is over or changes its name: the next of its name may be the only one now.
    pub(super) fn leave_twins(&mut self, id: JobId, at: Time) {
        let Some(job) = self.jobs.get(&id).filter(|_| !self.index.twins.is_empty()) else { return };
        let key = (self.uid_of(job), job.name.clone());
        let base = job.base();
        let Some(twins) = self.index.twins.get_mut(&key) else { return };
        twins.remove(&(base, id));
        let next: Vec<JobId> = match twins.first() {
            Some((first, _)) => {
                twins.range((*first, JobId(0))..=(*first, JobId(u32::MAX))).map(|(_, id)| *id).collect()
            }
            None => Vec::new(),
        };
        for id in next {
            self.resolve(id, at, &[], |term| term.wish.kind == DependencyKind::Singleton);
        }
        let waiting = (key.0, key.1.clone(), JobId(0))..=(key.0, key.1.clone(), JobId(u32::MAX));
        if self.index.singles.range(waiting).next().is_none() {
            self.index.twins.remove(&key);
        }
    }

    /// A record has this name (again).
    pub(super) fn enter_twins(&mut self, id: JobId) {
        let Some(job) = self.jobs.get(&id).filter(|_| !self.index.twins.is_empty()) else { return };
        let key = (self.uid_of(job), job.name.clone());
        let entry = (job.base(), id);
        if let Some(twins) = self.index.twins.get_mut(&key) {
            twins.insert(entry);
        }
    }
}

/// How far a term about one record is.
fn record_state(target: &Job, kind: DependencyKind) -> TermState {
    match (&target.phase, kind) {
        (Phase::Pending, DependencyKind::After(_)) if target.restarts > 0 => TermState::Met,
        (Phase::Pending, _) => TermState::Open,
        (Phase::Active(active), DependencyKind::After(span)) => TermState::From(active.start + span),
        (Phase::Active(_), _) => TermState::Open,
        (Phase::Done(done), DependencyKind::After(span)) => TermState::From(done.start.unwrap_or(done.end) + span),
        (Phase::Done(done), kind) => ended_state(done.state == JobState::Completed, kind),
    }
}

/// How far a term about all of an array is.
fn array_state(array: &Array, kind: DependencyKind) -> TermState {
    let bad = array.bad.count > 0;
    match kind {
        DependencyKind::After(span) if array.fresh == 0 => TermState::From(array.last_start.max(Time(0)) + span),
        DependencyKind::AfterOk | DependencyKind::AfterCorr if bad => TermState::Failed,
        DependencyKind::After(_) => TermState::Open,
        _ if array.is_over() => ended_state(!bad, kind),
        _ => TermState::Open,
    }
}

/// How far a term is once what it is about is over.
fn ended_state(ok: bool, kind: DependencyKind) -> TermState {
    let met = match kind {
        DependencyKind::After(_) | DependencyKind::AfterAny | DependencyKind::Singleton => true,
        DependencyKind::AfterOk | DependencyKind::AfterCorr => ok,
        DependencyKind::AfterNotOk => !ok,
    };
    if met { TermState::Met } else { TermState::Failed }
}

/// How far a term about a job is that has left the state; one that never was keeps nobody waiting.
fn known_state(known: Known, target: JobId, index: Option<u32>, kind: DependencyKind) -> TermState {
    let of = |exact: bool| {
        known
            .iter()
            .filter(move |(job, task, _)| *job == target && (!exact || *task == index))
            .map(|(_, _, state)| *state)
    };
    // What is said of exactly this (the task, or the whole) counts before what is said of the other.
    let states: Vec<JobState> = if of(true).next().is_some() {
        of(true).collect()
    } else {
        let whole = |(job, task, state): &(JobId, Option<u32>, JobState)| {
            (*job == target && (index.is_none() || task.is_none())).then_some(*state)
        };
        known.iter().filter_map(whole).collect()
    };
    if states.is_empty() {
        return TermState::Met;
    }
    ended_state(states.iter().all(|state| *state == JobState::Completed), kind)
}

/// How jobs ended that had left the state, by task: there may be as many questions as answers.
struct Told(BTreeMap<(JobId, Option<u32>), bool>);

impl Told {
    fn new(known: Known) -> Self {
        let mut told = BTreeMap::new();
        for (job, task, state) in known {
            *told.entry((*job, *task)).or_insert(true) &= *state == JobState::Completed;
        }
        Told(told)
    }

    /// As [`known_state`] says it of one task.
    fn state(&self, target: JobId, index: u32) -> TermState {
        let ok = self.0.get(&(target, Some(index))).or_else(|| self.0.get(&(target, None)));
        ok.map_or(TermState::Met, |ok| ended_state(*ok, DependencyKind::AfterCorr))
    }
}

impl Dependencies {
    /// What was found about a task when what it waits for was still known.
    fn kept_state(&self, index: u32) -> TermState {
        match &self.tasks {
            Some(tasks) if tasks.ready.contains(&index) => TermState::Met,
            Some(tasks) if tasks.failed.contains(&index) => TermState::Failed,
            _ => TermState::Open,
        }
    }
}

impl Job {
    /// The dependencies of a task that leaves its array's record: what was kept for it becomes the state of the terms
    /// that are about its counterparts.
    pub(super) fn dependencies_of_task(&self, index: u32) -> Option<Dependencies> {
        let mut dependencies = self.dependencies()?.clone();
        if dependencies.tasks.is_some() {
            let kept = dependencies.kept_state(index);
            for term in &mut dependencies.terms {
                if term.wish.kind == DependencyKind::AfterCorr && term.whole_array {
                    term.state = kept;
                }
            }
            dependencies.tasks = None;
        }
        Some(dependencies)
    }
}
