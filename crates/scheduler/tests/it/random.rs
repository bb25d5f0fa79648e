//! Random histories: whatever happens in whatever order, nothing is given twice, nobody is lost, nobody overtakes
//! without reason, time is charged once, and the same events make the same state.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    ArrayPlace, ArraySpec, Dependency, DependencyKind, DependencyTerm, Gpu, IndexSet, JobId, JobSpec, JobState,
    Machine, Memory, Outcome, QueueRow, Reason, Span, TimeLimit, Uid,
};
use proptest::prelude::*;
use scheduler::{Cause, Change, Config, Impossible, RequeueCause, Reservation, RowFilter, State, TaskPlace, What};

use crate::make::{Centre, T0, at, config, failed, ok, owner, spec};

#[derive(Clone, Debug)]
enum Op {
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
    Reserve { from: i64, length: i64, cores: Option<u32>, user: u32 },
    Unreserve,
    Drain(bool),
    Pass(i64),
    Back(i64),
}

#[derive(Clone, Debug)]
struct Wish {
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

const QOS: [&str; 5] = ["normal", "low", "scavenge", "spare", "urgent"];

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

fn op() -> impl Strategy<Value = Op> {
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
        2 => (who, 0u8..11).prop_map(|(who, what)| Op::Change(who, what)),
        1 => (0i64..2_000, 1i64..4_000, proptest::option::of(1u32..9), 0u32..4)
            .prop_map(|(from, length, cores, user)| Op::Reserve { from, length, cores, user }),
        1 => Just(Op::Unreserve),
        1 => prop_oneof![1 => Just(true), 2 => Just(false)].prop_map(Op::Drain),
        6 => (1i64..900).prop_map(Op::Pass),
        1 => (1i64..3_000).prop_map(Op::Back),
    ]
}

fn big_config() -> Config {
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
struct Story {
    centre: Centre,
    /// How often each job or task has ended for good, and how often that was undone.
    ends: BTreeMap<(JobId, Option<u32>), i32>,
    seen: usize,
}

fn rows(centre: &Centre, finished: bool) -> Vec<QueueRow> {
    let mut rows = Vec::new();
    let filter = RowFilter { finished, ..RowFilter::default() };
    centre.state.rows(&filter, centre.now, &mut |row| rows.push(row));
    rows
}

impl Story {
    fn new() -> Self {
        Story { centre: Centre::new(big_config()), ends: BTreeMap::new(), seen: 0 }
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
            qos: QOS[if wish.flags & 7 == 7 { 4 } else { wish.qos % 4 }].to_owned(),
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
            Op::Pass(_) | Op::Back(_) => return None,
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
            7 => Change::Dependency(None),
            8 => Change::ArrayLimit(Some(which as u32 % 3)),
            9 => Change::Account("p9".to_owned()),
            _ => Change::Deadline(Some(self.centre.now + Span::minutes(which as i64 * 3))),
        }
    }

    fn act(&mut self, op: &Op) -> Result<(), Impossible> {
        match op {
            Op::Pass(seconds) => self.centre.now = self.centre.now + Span::seconds(*seconds),
            Op::Back(seconds) => self.centre.now = self.centre.now - Span::seconds(*seconds),
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
    fn settle(&mut self) {
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
    fn finish(&mut self) {
        let by = Uid(0);
        self.centre.apply(What::Undrained { by }).unwrap();
        // There may be none.
        drop(self.centre.apply(What::Unreserved { name: "kept".to_owned() }));
        for round in 0.. {
            assert!(round < 2_000, "never over:\n{}", self.centre.list());
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

/// The same events in a new state: the same knowledge, and the same decisions.
fn replayed(centre: &Centre) {
    let mut fresh = State::new(big_config());
    for event in &centre.log {
        fresh.apply(event).unwrap();
    }
    assert_eq!(fresh.digest(), centre.state.digest());
    let mut live = centre.state.clone();
    for seconds in [0, 1, 600, 86_400] {
        let now = centre.now + Span::seconds(seconds);
        assert_eq!(fresh.decide(now), live.decide(now));
    }
}

/// Whoever has more priority stands before whoever has less.
fn in_order(centre: &Centre) {
    let waits =
        |row: &QueueRow| matches!(row.reason, Reason::Priority | Reason::Resources) && row.qos.as_ref() != "urgent";
    let waiting: Vec<QueueRow> =
        rows(centre, false).into_iter().filter(|row| row.state == JobState::Pending && waits(row)).collect();
    let before = |row: &QueueRow| centre.state.why(row.id, centre.now).unwrap().before;
    let places: Vec<(usize, &QueueRow)> = waiting.iter().map(|row| (before(row), row)).collect();
    for (place, row) in &places {
        for (other_place, other) in &places {
            assert!(row.priority <= other.priority || place < other_place, "{row:?} stands behind {other:?}");
        }
    }
}

/// Runs are started once each, and one after the other for each record.
fn started_once(centre: &Centre) {
    let mut runs = BTreeSet::new();
    for event in &centre.log {
        if let What::Started { run, .. } = &event.what {
            assert!(runs.insert(*run), "{run} was started twice");
        }
    }
    for finished in &centre.finished {
        assert!(finished.start.is_none() || runs.contains(&finished.run));
        assert!(finished.start.is_none_or(|start| start <= finished.end), "{finished:?}");
    }
}

/// Enough for every day; `PROPTEST_CASES=5000` for a night.
fn histories() -> ProptestConfig {
    let usual = ProptestConfig { max_shrink_iters: 4_000, ..ProptestConfig::default() };
    if usual.cases == 256 { ProptestConfig { cases: 64, ..usual } } else { usual }
}

proptest! {
    #![proptest_config(histories())]

    #[test]
    fn nothing_is_lost_or_given_twice(ops in proptest::collection::vec(op(), 1..90)) {
        let mut story = Story::new();
        for op in &ops {
            // What cannot be is refused, and goes on.
            drop(story.act(op));
            story.settle();
        }
        replayed(&story.centre);
        story.finish();
        started_once(&story.centre);
        replayed(&story.centre);
        for ((id, task), ends) in &story.ends {
            prop_assert_eq!(*ends, 1, "job {} task {:?}:\n{}", id, task, story.centre.list());
        }
        for (key, _) in story.ends.iter().filter(|((_, task), _)| task.is_some()) {
            let place = story.centre.state.task(key.0, key.1.unwrap());
            prop_assert!(!matches!(place, TaskPlace::Pending | TaskPlace::Unknown), "{:?} {:?}", key, place);
        }
        story.centre.state.forget_finished(story.centre.now + Span::minutes(600_000));
        story.centre.state.check().unwrap();
        prop_assert_eq!(rows(&story.centre, true).len(), 0);
    }

    /// Time that only goes forward is charged to the millisecond.
    #[test]
    fn time_is_charged_once(ops in proptest::collection::vec(op(), 1..90)) {
        let mut story = Story::new();
        for op in ops.iter().filter(|op| !matches!(op, Op::Back(_))) {
            // What cannot be is refused, and goes on.
            drop(story.act(op));
            story.settle();
        }
        in_order(&story.centre);
        story.finish();
        let mut charged = 0;
        for row in story.centre.state.usage_rows().rows {
            charged += row.cpu_ms + row.recent_cpu_ms;
        }
        let used = |finished: &scheduler::Finished| {
            let elapsed = finished.start.map_or(0, |start| (finished.end - start).0 - finished.suspended.0);
            prop_assert!(elapsed >= 0, "{:?}", finished);
            Ok(elapsed as u64 * finished.placement.cpus.len() as u64)
        };
        let mut sum = 0;
        for finished in &story.centre.finished {
            sum += used(finished)?;
        }
        prop_assert_eq!(charged, sum);
    }

    /// EASY: when jobs take exactly as long as they may, who is first in line starts when it was first promised to, or
    /// earlier.
    #[test]
    fn promises_are_kept(wishes in proptest::collection::vec((1u32..17, 10u64..2_500, 1i64..90, 0i64..20), 5..60)) {
        let mut config = big_config();
        config.weights = scheduler::Weights { age: 0, fair_share: 0, size: 0, partition: 0, qos: 0 };
        let mut centre = Centre::new(config);
        let mut promises: BTreeMap<JobId, model::Time> = BTreeMap::new();
        let mut arrivals: Vec<_> = wishes.into_iter().rev().collect();
        let mut due = T0;
        for round in 0.. {
            prop_assert!(round < 3_000, "never over");
            centre.settle();
            for row in rows(&centre, false) {
                match row.reason {
                    Reason::Resources => drop(promises.entry(row.id).or_insert(row.start.unwrap())),
                    _ if row.state != JobState::Pending => {
                        if let Some(promise) = promises.get(&row.id) {
                            prop_assert!(row.start.unwrap() <= *promise, "{:?} was promised {:?}", row, promise);
                        }
                    }
                    _ => {}
                }
            }
            let ends: Vec<_> = rows(&centre, false).into_iter()
                .filter(|row| row.state != JobState::Pending).map(|row| (row.end.unwrap(), row.id)).collect();
            match (ends.into_iter().min(), arrivals.last()) {
                (Some((end, id)), next) if next.is_none() || end <= due => {
                    centre.now = end;
                    let run = centre.run_of(id);
                    centre.apply(What::Ended { run, outcome: ok(), usage: model::Usage::default() }).unwrap();
                }
                (None, None) => break,
                _ => {
                    let (cpus, memory, minutes, pause) = arrivals.pop().unwrap();
                    centre.now = centre.now.max(due);
                    due = due + Span::minutes(pause);
                    let mut spec = crate::make::minutes(crate::make::cpus(cpus), minutes);
                    spec.request.memory = Memory::PerNode(memory);
                    centre.try_submit(spec, true).unwrap();
                }
            }
        }
        prop_assert_eq!(rows(&centre, false).len(), 0);
        prop_assert!(centre.now >= at(0));
    }
}
