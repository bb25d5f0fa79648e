//! The real centre under the virtual clock: as the pool has it where it has no more to decide, and as a naive centre has
//! it where it does.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    ArraySpec, Dependency, DependencyKind, DependencyTerm, IndexSet, JobId, JobSpec, Machine, Memory, Span, Time,
    TimeLimit,
};
use proptest::prelude::*;
use scheduler::{Config, Partition, PreemptMode, Qos, Reservation, Weights, What};
use simulator::centre::{self, CentreScheduler};
use simulator::clock::{self, End, Order, Scheduler, Start};
use simulator::pool::PoolScheduler;
use simulator::workload::{Dropped, Job, Workload};

use crate::naive_centre::{Kept, Kind, NaiveCentre, Wish};
use crate::traces::{EASY, load};

const REQUEUE_DELAY: i64 = 5;

pub fn config(cores: u32) -> Config {
    let qos = |name: &str, priority: u32, preempts: &[&str], preempt_mode: PreemptMode| Qos {
        name: name.to_owned(),
        priority,
        preempts: preempts.iter().map(|name| (*name).to_owned()).collect(),
        preempt_mode,
        max_cpus_per_user: None,
        max_jobs_per_user: None,
        max_cpus: None,
        max_time: TimeLimit::Unlimited,
        operators_only: false,
        flexible: false,
    };
    Config {
        machine: Machine::regular("trace", 1, cores, 1, 1_000_000),
        partitions: vec![Partition {
            name: "main".to_owned(),
            default: true,
            up: true,
            max_time: TimeLimit::Unlimited,
            default_time: TimeLimit::Unlimited,
            default_memory: Memory::Unlimited,
            max_cores: None,
            priority: 0,
            allow_users: Vec::new(),
            allow_accounts: Vec::new(),
        }],
        qos: vec![
            qos("normal", 500, &[], PreemptMode::Off),
            qos("low", 0, &[], PreemptMode::Off),
            qos("requeued", 0, &[], PreemptMode::Requeue),
            qos("cancelled", 0, &[], PreemptMode::Cancel),
            qos("urgent", 1_000, &["requeued", "cancelled"], PreemptMode::Off),
        ],
        weights: Weights { age: 0, fair_share: 0, size: 0, partition: 0, qos: 10_000 },
        half_life: Span::minutes(10_000),
        max_age: Span::minutes(10_000),
        shares: BTreeMap::new(),
        requeue_delay: Span::seconds(REQUEUE_DELAY),
        max_array: 1_000,
        max_jobs: u32::MAX,
        max_submit_per_user: u32::MAX,
        kill_on_invalid_dep: false,
        min_job_age: Span::minutes(100_000),
        max_finished: 1_000_000,
        backfill: true,
        backfill_depth: 1_000_000,
        flexible: scheduler::Flexible::default(),
        nodes: Vec::new(),
        power: scheduler::power::Power::AlwaysOn,
    }
}

/// Where all that the centre has to decide by is who came first, it does to the second what the pool does: both go by
/// the same rule.
#[test]
fn with_nothing_to_weigh_it_is_the_pool() {
    let (trace, mut workload) = load("KTH-SP2.pyss-easy");
    workload.jobs.truncate(4_000);
    let mut pool = PoolScheduler::new(&workload, EASY, Order::Batch);
    let exact = clock::run(&workload, &mut pool, Order::Batch, &mut |_| ()).unwrap();
    let mut config = config(workload.procs);
    config.min_job_age = Span::ZERO;
    let mut centre = CentreScheduler::new(&workload, config, |job| centre::plain_spec(&workload, &trace, job));
    let played = clock::run(&workload, &mut centre, Order::Batch, &mut |_| ()).unwrap();
    assert_eq!(played, exact);
    centre.state().check().unwrap();
}

/// Writes down every start.
struct Recorder<'a> {
    centre: CentreScheduler<'a>,
    log: Vec<(i64, u32, i64)>,
    kept: Option<Kept>,
}

impl Scheduler for Recorder<'_> {
    type Fault = centre::Fault;

    fn arrive(&mut self, now: i64, job: u32) -> Result<(), centre::Fault> {
        if let Some(kept) = self.kept.take() {
            self.centre.tell(now, What::Reserved(reservation(kept)))?;
        }
        self.centre.arrive(now, job)
    }

    fn end(&mut self, now: i64, run: u32) -> Result<End, centre::Fault> {
        self.centre.end(now, run)
    }

    fn start(&mut self, now: i64) -> Result<Option<Start>, centre::Fault> {
        let start = self.centre.start(now)?;
        self.centre.state().check().unwrap();
        self.log.extend(start.map(|start| (now, start.job, start.ends)));
        Ok(start)
    }

    fn wake(&mut self, now: i64) -> Option<i64> {
        self.centre.wake(now)
    }
}

fn reservation(kept: Kept) -> Reservation {
    Reservation {
        name: "course".to_owned(),
        start: Time::from_seconds(kept.from),
        end: Time::from_seconds(kept.until),
        cores: Some(kept.cores as u32),
        users: vec!["alice".to_owned()],
        accounts: Vec::new(),
        flags: Vec::new(),
    }
}

fn spec(wish: &Wish) -> JobSpec {
    let qos = match wish.kind {
        Kind::Normal => "normal",
        Kind::Low => "low",
        Kind::Requeued => "requeued",
        Kind::Cancelled => "cancelled",
        Kind::Urgent => "urgent",
    };
    let term = |(other, well): (usize, bool)| DependencyTerm {
        kind: if well { DependencyKind::AfterOk } else { DependencyKind::AfterAny },
        // The position among the wishes, until the record's number is known.
        job: Some(JobId(other as u32)),
        task: None,
    };
    JobSpec {
        qos: qos.to_owned(),
        array: wish
            .array
            .map(|(tasks, limit)| ArraySpec { tasks: IndexSet::from_ranges([(0, tasks - 1, 1)]).unwrap(), limit }),
        dependency: wish.after.map(|after| Dependency { terms: vec![term(after)], any: false }),
        reservation: wish.inside.then(|| "course".to_owned()),
        ..centre::spec(wish.cores as u32, wish.estimate as u32, ("alice", 1_001), "project")
    }
}

#[allow(clippy::type_complexity)] // proptest makes tuples of tuples
fn wishes(most: i64) -> impl Strategy<Value = Vec<Wish>> {
    let kind = prop_oneof![
        4 => Just(Kind::Normal),
        1 => Just(Kind::Low),
        2 => Just(Kind::Requeued),
        2 => Just(Kind::Cancelled),
        1 => Just(Kind::Urgent),
    ];
    let array =
        prop_oneof![4 => Just(None), 1 => (1u32..5, prop_oneof![Just(None), (1u32..3).prop_map(Some)]).prop_map(Some)];
    let after = prop_oneof![3 => Just(None), 1 => (0usize..30, any::<bool>()).prop_map(Some)];
    let size = (1..=most, 1i64..40, 1i64..5);
    let one = (0i64..6, size, kind, array, after, 0u8..8);
    proptest::collection::vec(one, 1..25).prop_map(|list| {
        let mut now = 0;
        let make = |(number, (pause, (cores, estimate, part), kind, array, after, inside)): (
            usize,
            (i64, (i64, i64, i64), Kind, _, Option<(usize, bool)>, u8),
        )| {
            now += pause;
            let after = after.filter(|_| number > 0).map(|(other, well)| (other % number.max(1), well));
            let inside = inside == 0 && kind == Kind::Normal;
            let run = (estimate * part / 4).clamp(1, estimate);
            Wish { submit: now, cores, estimate, run, kind, array, after, inside }
        };
        list.into_iter().enumerate().map(make).collect()
    })
}

fn compare(cores: i64, wishes: &[Wish], kept: Option<Kept>) -> Result<(), TestCaseError> {
    let job = |(line, wish): (usize, &Wish)| Job {
        submit: wish.submit,
        run: wish.run as u32,
        estimate: wish.estimate as u32,
        cores: wish.cores as u32,
        line: line as u32,
    };
    let jobs = wishes.iter().enumerate().map(job).collect();
    let workload = Workload { jobs, dropped: Dropped::default(), procs: cores as u32 };
    // Numbers of records go on with every task that leaves its array: who comes later is named by what it got.
    let naive = NaiveCentre::play(wishes.to_vec(), cores, kept, REQUEUE_DELAY, 1_500);
    let ids = naive.ids.clone();
    let specs = |job: u32| {
        let wish = &wishes[job as usize];
        let mut spec = spec(wish);
        for term in spec.dependency.iter_mut().flat_map(|dependency| &mut dependency.terms) {
            term.job = term.job.map(|other| JobId(ids[other.0 as usize]));
        }
        spec
    };
    let centre = CentreScheduler::new(&workload, config(cores as u32), specs);
    let mut recorder = Recorder { centre, log: Vec::new(), kept };
    clock::run(&workload, &mut recorder, Order::Batch, &mut |_| ()).unwrap();
    prop_assert_eq!(recorder.log, naive.log, "{:?} {:?}", wishes, kept);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Arrays, dependencies, priorities, and emergencies that end others.
    #[test]
    fn it_is_as_the_naive_centre_has_it(list in wishes(6)) {
        let list: Vec<Wish> = list.into_iter().map(|wish| Wish { inside: false, ..wish }).collect();
        compare(8, &list, None)?;
    }

    /// The same beside a reservation.
    #[test]
    fn reservations_are_as_the_naive_centre_has_them(
        list in wishes(6), from in 0i64..60, long in 1i64..80, cores in 1i64..8,
    ) {
        let from = list[0].submit + from;
        // A reservation that is over is refused to who asks for it.
        let list: Vec<Wish> =
            list.into_iter().map(|wish| Wish { inside: wish.inside && wish.submit < from + long, ..wish }).collect();
        compare(8, &list, Some(Kept { cores, from, until: from + long }))?;
    }
}

/// What a job of a trace is submitted as reaches the state.
#[test]
fn jobs_of_a_trace_are_submitted() {
    let (trace, workload) = load("NASA-iPSC-1993-3.1-cln");
    let spec = centre::plain_spec(&workload, &trace, 0);
    assert_eq!((spec.owner.user.as_str(), spec.account.as_str()), ("user1", "project1"));
    assert_eq!(Arc::new(spec).time_limit.span(), Some(Span::seconds(1_451)));
}
