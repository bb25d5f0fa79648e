//! New records: submissions, and tasks that leave their array's record.

use model::{IndexSet, JobId, JobSpec, JobState, Time};

use crate::array::Array;
use crate::dependency::Dependencies;
use crate::flexible::wish;
use crate::job::{Extra, Hold, Job, Phase, Place, Slot};
use crate::refusal::Impossible;
use crate::state::State;

impl State {
    pub(super) fn submitted(
        &mut self,
        at: Time,
        id: JobId,
        spec: &JobSpec,
        known: &[(JobId, Option<u32>, JobState)],
    ) -> Result<(), Impossible> {
        if self.jobs.contains_key(&id) || self.arrays.contains_key(&id) {
            return Err(Impossible::IdTaken(id));
        }
        let traits = self.traits(spec);
        let uid = spec.owner.uid;
        if self.fair.know(traits.account, uid) {
            self.rebase();
        }
        let (rules, fair) = (&self.rules, &self.fair);
        let class = self.classes.join(traits, |traits| rules.standing(traits, fair.factor(traits.account, uid)));
        let place = match &spec.array {
            Some(array) => {
                self.arrays.insert(id, Array::new(id, array.tasks.clone(), array.limit));
                Place::Array(Box::new(array.tasks.clone()))
            }
            None => Place::Single,
        };
        let hold = (spec.hold || spec.priority == Some(0)).then_some(Hold::User);
        let extra = Extra {
            begin: spec.begin,
            delay: None,
            deadline: spec.deadline,
            timer: None,
            flexible: wish(spec),
            expected: None,
            held: None,
            dependencies: spec.dependency.as_ref().map(Dependencies::new),
        };
        let job = Job {
            id,
            class,
            name: self.titles.share(&spec.name),
            place,
            submit: at,
            eligible: None,
            restarts: 0,
            hold,
            slot: Slot::Out,
            phase: Phase::Pending,
            extra: (extra != Extra::default()).then(|| Box::new(extra)),
        };
        self.next_id = self.next_id.max(JobId(id.0.saturating_add(1)));
        self.count_in(uid, job.task_count());
        self.enter(uid, job);
        self.resolve_all(id, at, known);
        self.revise(id, |job| job.note_eligible(at));
        Ok(())
    }

    /// Puts a new record where all are found.
    fn enter(&mut self, uid: model::Uid, job: Job) {
        self.index.by_user.insert((uid, job.id));
        if !self.index.twins.is_empty()
            && let Some(twins) = self.index.twins.get_mut(&(uid, job.name.clone()))
        {
            twins.insert((job.base(), job.id));
        }
        self.jobs.insert(job.id, job);
    }

    pub(super) fn split(&mut self, array: JobId, index: u32, id: JobId) -> Result<(), Impossible> {
        self.can_leave(array, index, id)?;
        if id == array {
            return Err(Impossible::NoTask { array, index });
        }
        self.detach(array, index, id);
        Ok(())
    }

    /// Whether a task may leave its array's record under this number: the array's own only for the last task.
    pub(super) fn can_leave(&self, array: JobId, index: u32, id: JobId) -> Result<(), Impossible> {
        let missing = Impossible::NoTask { array, index };
        let job = self.pending(array)?;
        let Place::Array(tasks) = &job.place else { return Err(missing) };
        if !tasks.contains(index) || (tasks.len() == 1) != (id == array) {
            return Err(missing);
        }
        if id != array && (self.jobs.contains_key(&id) || self.arrays.contains_key(&id)) {
            return Err(Impossible::IdTaken(id));
        }
        Ok(())
    }

    /// Makes a waiting record of its own for a task; the last one takes the array's.
    pub(super) fn detach(&mut self, array: JobId, index: u32, id: JobId) {
        let place = Place::Task { base: array, index };
        if let Some(info) = self.arrays.get_mut(&array) {
            info.tasks.insert(index, id);
            info.records.insert(id);
        }
        if id == array {
            self.revise(array, |job| {
                let dependencies = job.dependencies_of_task(index);
                job.place = place;
                if let Some(extra) = &mut job.extra {
                    extra.dependencies = dependencies;
                }
            });
            return;
        }
        let copy = self.revise(array, |job| {
            let dependencies = job.dependencies_of_task(index);
            if let Place::Array(tasks) = &mut job.place {
                tasks.remove(index);
            }
            job.forget_task(index);
            let rest = std::mem::replace(&mut job.place, place);
            let mut copy = Job { id, slot: Slot::Out, ..job.clone() };
            job.place = rest;
            if let Some(extra) = &mut copy.extra {
                extra.dependencies = dependencies;
            }
            copy
        });
        let Some(copy) = copy else { return };
        self.classes.rejoin(copy.class);
        self.next_id = self.next_id.max(JobId(id.0.saturating_add(1)));
        let uid = self.uid_of(&copy);
        self.enter(uid, copy);
        self.index_job(id);
    }
}

impl Job {
    /// A task has left the array's record.
    pub(crate) fn forget_task(&mut self, index: u32) {
        if let Some(tasks) = self.dependencies_mut().and_then(|dependencies| dependencies.tasks.as_mut()) {
            tasks.ready.remove(&index);
            tasks.failed.remove(&index);
        }
    }

    /// The task that starts next out of an array's record.
    pub(crate) fn next_task(&self) -> Option<u32> {
        let Place::Array(tasks) = &self.place else { return None };
        match self.dependencies().and_then(|dependencies| dependencies.tasks.as_ref()) {
            Some(states) => states.ready.first().copied(),
            None => tasks.first(),
        }
    }

    /// How many tasks the record stands for.
    pub(crate) fn task_count(&self) -> u64 {
        self.tasks().map_or(1, IndexSet::len)
    }

    /// The tasks in an array's record.
    pub(crate) fn tasks(&self) -> Option<&IndexSet> {
        match &self.place {
            Place::Array(tasks) => Some(tasks),
            Place::Single | Place::Task { .. } => None,
        }
    }
}
