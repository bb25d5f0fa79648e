//! Random histories: what may happen, and a centre that lives through it while somebody outside keeps count.

use std::collections::BTreeMap;

use model::{
    ArrayPlace, ArraySpec, Dependency, DependencyKind, DependencyTerm, Gpu, IndexSet, JobId, JobSpec, JobState,
    Machine, Memory, Outcome, QueueRow, Reason, Span, TimeLimit, Uid,
};
use proptest::prelude::*;
use scheduler::{Cause, Change, Config, Impossible, Prices, RequeueCause, Reservation, RowFilter, What};

use crate::make::{Centre, config, failed, ok, owner, spec};

#[derive(Clone, Debug)]
pub enum Op {
    Submit(Box<Wish>),
    Cancel(usize),
    CancelTask(usize),
    Split(usize),
    Hold(usize, bool),
    Release(usize),
    Requeue(usize, bool),
    Suspend(usize),
    Resume(usize),
    End(usize, u8),
    Urgent(usize),
    Change(usize, u8),
    Reserve {
        from: i64,
        length: i64,
        cores: Option<u32>,
        user: u32,
    },
    Unreserve,
    Drain(bool),
    Pass(i64),
    Back(i64),
    /// Prices change every so many minutes.
    Prices(i64),
}

#[derive(Clone, Debug)]
pub struct Wish {
    cpus: u32,
    memory: u64,
    gpus: u32,
    minutes: Option<i64>,
    user: u32,
    qos: usize,
    partition: bool,
    array: Option<(u32, u32)>,
    after: Option<(u8, usize)>,
    begin: Option<i64>,
    flags: u8,
    nice: i32,
}

const QOS: [&str; 6] = ["normal", "low", "scavenge", "spare", "patient", "urgent"];

fn wish() -> impl Strategy<Value = Op> {
    let size = (1u32..20, prop_oneof![4 => 10u64..400, 1 => 400u64..4_000], prop_oneof![5 => Just(0u32), 1 => 1u32..3]);
    let array = proptest::option::weighted(0.2, (1u32..9, 0u32..4));
    let after = proptest::option::weighted(0.25, (0u8..6, 0usize..20));
    let rest = (0u32..4, 0usize..5, any::<bool>(), proptest::option::weighted(0.1, 1i64..400), any::<u8>(), -50i32..50);
    (size, proptest::option::weighted(0.95, 1i64..60), array, after, rest).prop_map(
        |((cpus, memory, gpus), minutes, array, after, (user, qos, partition, begin, flags, nice))| {
            Op::Submit(Box::new(Wish {
                cpus,
                memory,
                gpus,
                minutes,
                user,
                qos,
                partition,
                array,
                after,
                begin,
                flags,
                nice,
            }))
        },
    )
}

pub fn op() -> impl Strategy<Value = Op> {
    let who = 0usize..40;
    prop_oneof![
        12 => wish(),
        2 => who.clone().prop_map(Op::Cancel),
        1 => who.clone().prop_map(Op::CancelTask),
        1 => who.clone().prop_map(Op::Split),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, operator)| Op::Hold(who, operator)),
        2 => who.clone().prop_map(Op::Release),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, hold)| Op::Requeue(who, hold)),
        2 => who.clone().prop_map(Op::Suspend),
        2 => who.clone().prop_map(Op::Resume),
        9 => (who.clone(), 0u8..8).prop_map(|(who, how)| Op::End(who, how)),
        1 => who.clone().prop_map(Op::Urgent),
        2 => (who, 0u8..12).prop_map(|(who, what)| Op::Change(who, what)),
        1 => (0i64..2_000, 1i64..4_000, proptest::option::of(1u32..9), 0u32..4)
            .prop_map(|(from, length, cores, user)| Op::Reserve { from, length, cores, user }),
        1 => Just(Op::Unreserve),
        1 => prop_oneof![1 => Just(true), 2 => Just(false)].prop_map(Op::Drain),
        6 => (1i64..900).prop_map(Op::Pass),
        1 => (1i64..3_000).prop_map(Op::Back),
        1 => (5i64..60).prop_map(Op::Prices),
    ]
}

/// Dear, cheap, dear, ... from an instant on, each for so many minutes.
pub fn prices(from: model::Time, minutes: i64) -> Prices {
    let steps = (0..40).map(|step| (from + Span::minutes(step * minutes), if step % 2 == 0 { 200 } else { 100 }));
    Prices::new(steps.collect(), from + Span::minutes(40 * minutes))
}

pub fn big_config() -> Config {
    let mut config = config();
    config.machine = Machine::regular("vm", 2, 4, 2, 4_000);
    config.machine.gpus = (0..3).map(|index| Gpu { index, kind: "k80".to_owned(), numa: Some(index % 2) }).collect();
    let mut small = config.partitions[0].clone();
    (small.name, small.default, small.max_cores) = ("small".to_owned(), false, Some(3));
    config.partitions.push(small);
    config.qos[1].max_jobs_per_user = Some(3);
    config.qos[2].max_cpus = Some(8);
    config.half_life = Span::ZERO;
    config.max_age = Span::minutes(20);
    config
}

/// The centre with what is remembered about it from outside.
pub struct Story {
    pub centre: Centre,
    /// How often each job or task has ended for good, and how often that was undone.
    pub ends: BTreeMap<(JobId, Option<u32>), i32>,
    seen: usize,
}

pub fn rows(centre: &Centre, finished: bool) -> Vec<QueueRow> {
    let mut rows = Vec::new();
    let filter = RowFilter { finished, ..RowFilter::default() };
    centre.state.rows(&filter, centre.now, &mut |row| rows.push(row));
    rows
}

impl Story {
    pub fn new() -> Self {
        Story::of(big_config())
    }

    /// In a centre so configured.
    pub fn of(config: Config) -> Self {
        Story { centre: Centre::new(config), ends: BTreeMap::new(), seen: 0 }
    }

    fn pick(&self, which: usize, wanted: impl Fn(&QueueRow) -> bool) -> Option<JobId> {
        let ids: Vec<JobId> =
            rows(&self.centre, true).into_iter().filter(|row| wanted(row)).map(|row| row.id).collect();
        if ids.is_empty() { None } else { Some(ids[which % ids.len()]) }
    }

    fn pending(&self, which: usize) -> Option<JobId> {
        self.pick(which, |row| row.state == JobState::Pending)
    }

    fn submission(&self, wish: &Wish) -> JobSpec {
        let mut spec = JobSpec {
            owner: owner(&format!("u{}", wish.user), wish.user),
            account: format!("p{}", wish.user / 2),
            qos: QOS[if wish.flags & 7 == 7 { 5 } else { wish.qos }].to_owned(),
            partition: if wish.partition { "main" } else { "small" }.to_owned(),
            time_limit: wish.minutes.map_or(TimeLimit::Unlimited, |minutes| TimeLimit::Span(Span::minutes(minutes))),
            nice: wish.nice,
            hold: wish.flags & 0x70 == 0x70,
            requeue: wish.flags & 8 == 0,
            begin: wish.begin.map(|seconds| self.centre.now + Span::seconds(seconds)),
            deadline: (wish.flags & 0xb0 == 0xb0).then(|| self.centre.now + Span::minutes(45)),
            kill_on_invalid_dep: Some(wish.flags & 0x80 != 0),
            name: if wish.user == 0 { "same" } else { "other" }.into(),
            ..spec()
        };
        spec.request.cpus_per_task = Some(wish.cpus);
        spec.request.memory = Memory::PerNode(wish.memory);
        spec.request.gpus = wish.gpus;
        spec.request.exclusive = wish.flags & 0x1f == 0x1f;
        spec.request.threads_per_core = (wish.flags & 0x22 == 0x22).then_some(1);
        spec.array = wish.array.map(|(last, limit)| ArraySpec {
            tasks: IndexSet::from_ranges([(0, last, 1)]).unwrap(),
            limit: Some(limit).filter(|limit| *limit > 0),
        });
        spec.reservation = (wish.flags & 0x43 == 0x43).then(|| "kept".to_owned());
        spec.dependency = wish.after.and_then(|(kind, which)| {
            let kind = [
                DependencyKind::After(Span::minutes(1)),
                DependencyKind::AfterAny,
                DependencyKind::AfterOk,
                DependencyKind::AfterNotOk,
                DependencyKind::AfterCorr,
                DependencyKind::Singleton,
            ][kind as usize];
            let job = if kind == DependencyKind::Singleton { None } else { Some(self.pick(which, |_| true)?) };
            let other = self.pick(which + 1, |_| true);
            let term = |job| DependencyTerm { kind, job, task: None };
            let mut terms = vec![term(job)];
            if which % 3 == 0 && job.is_some() {
                terms.extend(other.map(|other| term(Some(other))));
            }
            Some(Dependency { terms, any: which % 2 == 0 })
        });
        spec
    }

    fn what(&self, op: &Op) -> Option<What> {
        let centre = &self.centre;
        let run = |which, state| Some(centre.run_of(self.pick(which, |row| row.state == state)?));
        let by = Uid(0);
        Some(match op {
            Op::Submit(wish) => {
                let mut spec = self.submission(wish);
                if centre.state.admit(spec.clone(), true).is_err() {
                    // Its reservation is not there, or is not for this user.
                    spec.reservation = None;
                }
                let spec = Some(std::sync::Arc::new(centre.state.admit(spec, true).ok()?));
                What::Submitted { id: centre.state.next_id(), spec, known: Vec::new() }
            }
            Op::Cancel(which) => {
                What::Cancelled { id: self.pick(*which, |row| !row.state.is_final())?, tasks: None, by }
            }
            Op::CancelTask(which) => {
                let is_array = |row: &QueueRow| matches!(row.array, ArrayPlace::Pending { .. });
                What::Cancelled { id: self.pick(*which, is_array)?, tasks: Some(IndexSet::from_iter([0, 2])), by }
            }
            Op::Split(which) => {
                let array = self.pick(*which, |row| matches!(row.array, ArrayPlace::Pending { .. }))?;
                What::Split { array, index: *which as u32 % 8, id: centre.state.next_id() }
            }
            Op::Hold(which, by_operator) => What::Held { id: self.pending(*which)?, by_operator: *by_operator },
            Op::Release(which) => What::Released { id: self.pick(*which, |row| row.priority == 0)? },
            Op::Requeue(which, hold) => {
                let id = self.pick(*which, |row| row.state != JobState::Pending)?;
                What::Requeued { id, cause: RequeueCause::Asked(by), hold: *hold }
            }
            Op::Suspend(which) => What::Suspended { run: run(*which, JobState::Running)?, cause: None },
            Op::Resume(which) => What::Resumed { run: run(*which, JobState::Suspended)? },
            Op::End(which, how) => {
                let run = centre.state.runs().nth(which % centre.state.runs().count().max(1))?.0;
                let outcome = match how {
                    0 => failed(1),
                    1 => Outcome::Lost,
                    _ => ok(),
                };
                What::Ended { run, outcome, usage: model::Usage::default() }
            }
            Op::Urgent(which) => What::MadeUrgent { id: self.pending(*which)?, by, why: String::new() },
            Op::Change(which, what) => {
                let id = self.pick(*which, |row| !row.state.is_final())?;
                What::Updated { id, change: self.change(*what, *which), by }
            }
            Op::Reserve { from, length, cores, user } => What::Reserved(Reservation {
                name: "kept".to_owned(),
                start: centre.now + Span::seconds(*from),
                end: centre.now + Span::seconds(from + length),
                cores: *cores,
                users: vec![format!("u{user}")],
                accounts: Vec::new(),
                flags: Vec::new(),
            }),
            Op::Unreserve => What::Unreserved { name: "kept".to_owned() },
            Op::Drain(true) => What::Drained { reason: String::new(), by },
            Op::Drain(false) => What::Undrained { by },
            Op::Pass(_) | Op::Back(_) | Op::Prices(_) => return None,
        })
    }

    fn change(&self, what: u8, which: usize) -> Change {
        match what {
            0 => Change::TimeLimit(TimeLimit::Span(Span::minutes(which as i64 + 1))),
            1 => Change::Priority(which as u32 * 300),
            2 => Change::Nice(which as i32 * 10),
            3 => Change::Name("same".into()),
            4 => Change::Begin(Some(self.centre.now + Span::seconds(which as i64 * 20))),
            5 => Change::Partition("small".to_owned()),
            6 => Change::Qos("low".to_owned()),
            7 => Change::Dependency { wish: None, known: Vec::new() },
            8 => Change::ArrayLimit(Some(which as u32 % 3)),
            9 => Change::Account("p9".to_owned()),
            10 => Change::Comment(if which.is_multiple_of(2) { "flexible" } else { "" }.into()),
            _ => Change::Deadline(Some(self.centre.now + Span::minutes(which as i64 * 3))),
        }
    }

    pub fn act(&mut self, op: &Op) -> Result<(), Impossible> {
        match op {
            Op::Pass(seconds) => self.centre.now = self.centre.now + Span::seconds(*seconds),
            Op::Back(seconds) => self.centre.now = self.centre.now - Span::seconds(*seconds),
            Op::Prices(minutes) => self.centre.state.set_prices(prices(self.centre.now, *minutes)),
            _ => {}
        }
        let Some(what) = self.what(op) else { return Ok(()) };
        let before = self.centre.state.digest();
        if let What::Submitted { id, spec: Some(spec), .. } = &what {
            match &spec.array {
                None => drop(self.ends.insert((*id, None), 0)),
                Some(array) => self.ends.extend(array.tasks.iter().map(|index| ((*id, Some(index)), 0))),
            }
        }
        if let What::Requeued { id, .. } = &what {
            let job = self.centre.state.job(*id).unwrap();
            if job.state().is_final() && self.centre.apply(what.clone()).is_ok() {
                let job = self.centre.state.job(*id).unwrap();
                *self.ends.get_mut(&(job.base(), job.task())).unwrap() -= 1;
                return Ok(());
            }
        }
        let result = self.centre.apply(what);
        if result.is_err() {
            assert_eq!(before, self.centre.state.digest(), "refused, yet changed");
        }
        result.map(drop)
    }

    /// What the centre does after each event; every start must be right.
    pub fn settle(&mut self) {
        for round in 0.. {
            let last = self.centre.log.len().saturating_sub(6);
            assert!(round < 1_000, "does not come to rest: {:?}\n{}", &self.centre.log[last..], self.centre.list());
            let events = self.centre.state.decide(self.centre.now).events;
            if events.is_empty() {
                break;
            }
            for what in events {
                if let What::Started { run, task, .. } = &what {
                    self.nobody_is_passed_over(task.map_or(run.job, |(array, _)| array));
                }
                self.centre.apply(what.clone()).unwrap_or_else(|error| panic!("{what:?} was decided, but {error}"));
            }
        }
        for finished in &self.centre.finished[self.seen..] {
            if finished.state != JobState::Requeued {
                let over: Vec<(JobId, Option<u32>)> = match (&finished.tasks, finished.task) {
                    (Some(tasks), _) => tasks.iter().map(|index| (finished.run.job, Some(index))).collect(),
                    (None, Some((base, index))) => vec![(base, Some(index))],
                    (None, None) => vec![(finished.run.job, None)],
                };
                for key in over {
                    *self.ends.get_mut(&key).unwrap() += 1;
                }
            }
        }
        self.seen = self.centre.finished.len();
    }

    /// The first job of each partition starts before all others unless there is no room for it.
    fn nobody_is_passed_over(&self, starts: JobId) {
        for row in rows(&self.centre, false) {
            if row.state != JobState::Pending || row.reason != Reason::Resources || row.id == starts {
                continue;
            }
            let why = self.centre.state.why(row.id, self.centre.now).unwrap();
            let kept = |cause: &Cause| matches!(cause, Cause::Kept { .. } | Cause::PartitionFull { .. });
            let explained = !why.short.is_empty() || why.causes.iter().any(kept);
            let other = self.centre.state.why(starts, self.centre.now).unwrap();
            // The first of another partition may be behind this one, and give way to one still before.
            assert!(explained || why.before > 0 || other.before == 0, "{starts} starts before {why:?}");
        }
    }

    /// Everything is let go and comes to its end; what never can is cancelled.
    pub fn finish(&mut self) {
        self.finish_with(|_| false);
    }

    /// The same beside something that lives on: it says whether it did anything.
    pub fn finish_with(&mut self, mut beside: impl FnMut(&mut Centre) -> bool) {
        let by = Uid(0);
        self.centre.apply(What::Undrained { by }).unwrap();
        // There may be none.
        drop(self.centre.apply(What::Unreserved { name: "kept".to_owned() }));
        for round in 0.. {
            assert!(round < 2_000, "never over:\n{}", self.centre.list());
            if beside(&mut self.centre) {
                continue;
            }
            self.settle();
            let active: Vec<_> = self.centre.state.runs().map(|(run, ..)| run).collect();
            let next = active.first().copied();
            if let Some(run) = next {
                let what = What::Ended { run, outcome: ok(), usage: model::Usage::default() };
                self.centre.apply(what).unwrap();
                continue;
            }
            match self.centre.state.decide(self.centre.now).wake {
                Some(wake) => self.centre.now = wake,
                None => match self.pending(0) {
                    Some(id) => drop(self.centre.apply(What::Cancelled { id, tasks: None, by }).unwrap()),
                    None => return,
                },
            }
        }
    }
}
