//! Memory belongs to nodes: nobody has cores of a node that has no memory for them, and everybody gets through.

use std::collections::BTreeMap;

use model::{JobId, JobSpec, JobState, Machine, Memory, Reason, Span, Time};
use proptest::prelude::*;
use scheduler::power::{Doing, Node, Power};
use scheduler::{Config, Event, Placement, Refusal, Shortage, What};

use crate::history::{Story, op, rows};
use crate::make::{Centre, T0, at, config, cpus, minutes, ok};

/// Seconds of a boot.
const BOOT: i64 = 100;

fn node(number: usize, cores: u32, memory_mib: u64) -> Node {
    Node {
        name: format!("n{number}"),
        cores,
        memory_mib,
        gpus: 0,
        boot: Span::seconds(BOOT),
        shutdown: Span::ZERO,
        patience: Span::seconds(10 * BOOT),
    }
}

/// Nodes with these cores and MiB.
fn park(sizes: &[(u32, u64)]) -> Config {
    let cores = sizes.iter().map(|(cores, _)| cores).sum();
    let memory = sizes.iter().map(|(_, memory)| memory).sum();
    let nodes = sizes.iter().enumerate().map(|(number, (cores, memory))| node(number, *cores, *memory)).collect();
    let weights = scheduler::Weights { age: 0, fair_share: 0, size: 0, partition: 0, qos: 5_000 };
    Config { machine: Machine::regular("park", 1, cores, 1, memory), nodes, weights, ..config() }
}

fn job(cores: u32, memory: u64, limit: i64) -> JobSpec {
    let mut spec = minutes(cpus(cores), limit);
    spec.request.memory = Memory::PerNode(memory);
    spec
}

/// Which of the nodes each CPU belongs to.
fn node_of(sizes: &[(u32, u64)], cpu: u32) -> usize {
    let mut first = 0;
    let after = |(cores, _): &(u32, u64)| {
        first += cores;
        cpu < first
    };
    sizes.iter().position(after).unwrap()
}

/// What a run has on each node, from its place alone: its memory by cores, rounded up; of who has all cores, where that is
/// more than a node has, by the nodes' memory.
fn parts(sizes: &[(u32, u64)], placement: &Placement) -> Vec<u64> {
    let (memory, all) = (placement.memory_mib.unwrap_or(0), placement.cpus.len() as u64);
    let mut here = vec![0; sizes.len()];
    placement.cpus.iter().for_each(|cpu| here[node_of(sizes, cpu)] += 1);
    let by_cores: Vec<u64> = here.iter().map(|cores| (memory * cores).div_ceil(all)).collect();
    let has_all = here.iter().zip(sizes).all(|(cores, (all, _))| *cores == u64::from(*all));
    if has_all && by_cores.iter().zip(sizes).any(|(part, (_, has))| part > has) {
        let total: u64 = sizes.iter().map(|(_, has)| has).sum();
        return sizes.iter().map(|(_, has)| (memory * has).div_ceil(total)).collect();
    }
    by_cores
}

/// Whoever asks for the whole machine gets it, though its nodes have unlike memory for their cores.
#[test]
fn who_has_all_cores_has_all_memory() {
    let sizes = [(1, 100), (3, 900)];
    let mut centre = Centre::new(park(&sizes));
    let whole = |memory| {
        let mut spec = job(1, memory, 10);
        spec.request.exclusive = true;
        spec
    };
    let first = centre.submit(whole(1000));
    assert_eq!(centre.state.job(first).unwrap().state(), JobState::Running);
    no_node_gives_more_than_it_has(&centre.log, &sizes);
    centre.state.check().unwrap();
    assert!(centre.state.admit(whole(1001), false).is_err());
}

/// Goes along the events and adds up, node by node, what those have that are on the machine: stopped or not.
fn no_node_gives_more_than_it_has(log: &[Event], sizes: &[(u32, u64)]) {
    let mut runs = BTreeMap::new();
    for event in log {
        match &event.what {
            What::Started { run, placement, .. } => drop(runs.insert(*run, parts(sizes, placement))),
            What::Ended { run, .. } => drop(runs.remove(run)),
            _ => {}
        }
        for (node, (_, memory)) in sizes.iter().enumerate() {
            let used: u64 = runs.values().map(|parts| parts[node]).sum();
            assert!(used <= *memory, "{used} MiB of {memory} are used on n{node} after {event:?}");
        }
    }
}

#[test]
fn cores_without_memory_are_not_given() {
    let sizes = [(4, 400), (4, 1_000)];
    let mut centre = Centre::new(park(&sizes));
    // Two cores with 200 MiB each on the first, and on the second as many as memory is left for.
    let wide = centre.submit(job(6, 1_200, 10));
    let started = |centre: &Centre, id: JobId| centre.state.job(id).unwrap().state() == JobState::Running;
    assert!(started(&centre, wide));
    no_node_gives_more_than_it_has(&centre.log, &sizes);
    // There are 200 MiB in all, and two cores, but not in one place.
    let next = centre.submit(job(1, 100, 10));
    assert!(!started(&centre, next), "the free cores are where no memory is left");
    let why = centre.state.why(next, centre.now).unwrap();
    assert_eq!(why.short, [Shortage::Memory { needed: 100, free: 0 }]);
    assert_eq!(centre.state.row(next, centre.now).unwrap().start, Some(at(600)));
    centre.go_to(at(600));
    centre.end(wide, ok());
    assert!(started(&centre, next));
}

/// (cores, MiB, refused) on nodes with two cores and 100 MiB, and with four and 1000.
#[test]
fn what_no_nodes_have_is_refused() {
    let mut centre = Centre::new(park(&[(2, 100), (4, 1_000)]));
    for (cores, memory, refused) in
        [(4, 1_000, false), (5, 500, false), (6, 300, false), (6, 301, true), (5, 501, true), (4, 1_001, true)]
    {
        let told = centre.try_submit(job(cores, memory, 10), true);
        let expected = Refusal::NodeConfigUnavailable { memory: true };
        assert_eq!(told.err(), refused.then_some(expected), "{cores} cores, {memory} MiB");
        // Held, it is let in, and says why it does not start when it is released.
        let held = JobSpec { hold: true, ..job(cores, memory, 10) };
        assert!(centre.try_submit(held, true).is_ok());
    }
}

/// A stopped run keeps the memory of its node: who displaces it must find its own beside.
#[test]
fn who_is_stopped_keeps_the_memory_of_its_node() {
    let sizes = [(2, 1_000), (2, 1_000)];
    let mut centre = Centre::new(park(&sizes));
    let of = |qos: &str, spec: JobSpec| JobSpec { qos: qos.to_owned(), ..spec };
    let first = centre.submit(of("low", job(2, 900, 60)));
    let second = centre.submit(of("low", job(2, 300, 60)));
    let urgent = centre.submit(of("urgent", job(2, 600, 60)));
    let state = |centre: &Centre, id: JobId| centre.state.job(id).unwrap().state();
    assert_eq!(state(&centre, first), JobState::Running);
    assert_eq!((state(&centre, second), state(&centre, urgent)), (JobState::Suspended, JobState::Running));
    no_node_gives_more_than_it_has(&centre.log, &sizes);
    centre.end(urgent, ok());
    assert_eq!(state(&centre, second), JobState::Running);
}

/// The node that is on has cores and memory enough in sum, but not for this job: the other is woken for it.
#[test]
fn the_node_that_has_the_memory_is_woken() {
    let sizes = [(4, 400), (2, 100), (2, 1_000)];
    let mut centre = Centre::new(Config { power: Power::OffAfter(60), ..park(&sizes) });
    centre.settle();
    centre.go_to(at(60));
    for node in ["n0", "n1", "n2"] {
        centre.apply(What::WentOff { node: node.to_owned() }).unwrap();
    }
    centre.settle();
    let id = centre.try_submit(job(2, 900, 10), true).unwrap();
    assert_eq!(centre.settle(), [What::SwitchedOn { node: "n2".to_owned() }]);
    assert_eq!(centre.state.row(id, centre.now).unwrap().start, Some(centre.now + Span::seconds(BOOT)));
    centre.now = centre.now + Span::seconds(BOOT);
    centre.apply(What::CameUp { node: "n2".to_owned() }).unwrap();
    centre.settle();
    assert_eq!(centre.state.nodes_of(id), ["n2"]);
}

/// Nodes do what they are told, at once or when they have booted; says whether anything happened.
fn obey(centre: &mut Centre) -> bool {
    let views: Vec<(String, Doing)> =
        centre.state.nodes().map(|view| (view.node.name.clone(), view.doing.clone())).collect();
    let mut any = false;
    for (node, doing) in views {
        let what = match doing {
            Doing::Leaving { .. } => What::WentOff { node },
            Doing::Booting { since, .. } if centre.now - since >= Span::seconds(BOOT) => What::CameUp { node },
            _ => continue,
        };
        any |= centre.apply(what).is_ok();
    }
    any
}

/// Nodes with more or less memory for their cores.
fn sizes() -> impl Strategy<Value = Vec<(u32, u64)>> {
    proptest::collection::vec((1u32..5, prop_oneof![1u64..50, 50u64..2_000]), 2..5)
}

/// When jobs were first promised a start, and when they started.
type Times = BTreeMap<JobId, (Option<Time>, Option<Time>)>;

/// Plays jobs (cores, MiB, minutes, pause) that take as long as they may, on nodes that are up in time; says when each
/// was first promised a start, and when it started.
fn play(config: Config, jobs: Vec<(u32, u64, i64, i64)>) -> (Centre, Times) {
    let most = config.machine.cores.len() as u32;
    let mut centre = Centre::new(config);
    let mut times = Times::new();
    let mut arrivals: Vec<_> = jobs.into_iter().rev().collect();
    let mut due = T0;
    for round in 0.. {
        assert!(round < 5_000, "never over:\n{}", centre.list());
        centre.settle();
        while obey(&mut centre) {
            centre.settle();
        }
        for row in rows(&centre, false) {
            let known = times.entry(row.id).or_default();
            match row.reason {
                Reason::Resources => known.0 = known.0.or(row.start),
                _ if row.state != JobState::Pending => known.1 = row.start,
                _ => {}
            }
        }
        let running = rows(&centre, false).into_iter().filter(|row| row.state != JobState::Pending);
        let end = running.map(|row| (row.end.unwrap(), row.id)).min();
        let wake = centre.state.decide(centre.now).wake;
        let boots = centre.state.nodes().filter_map(|view| match view.doing {
            Doing::Booting { since, .. } => Some(*since + view.node.boot),
            _ => None,
        });
        let wakes = boots.chain(wake);
        let arrival = arrivals.last().map(|_| due);
        let Some(next) = wakes.chain(end.map(|(at, _)| at)).chain(arrival).min() else { break };
        centre.now = centre.now.max(next);
        if let Some((_, id)) = end.filter(|(at, _)| *at == next) {
            let run = centre.run_of(id);
            centre.apply(What::Ended { run, outcome: ok(), usage: model::Usage::default() }).unwrap();
        } else if arrival == Some(next)
            && let Some((cores, memory, limit, pause)) = arrivals.pop()
        {
            due = due + Span::minutes(pause);
            // What no nodes have is refused, and nobody waits for it.
            drop(centre.try_submit(job(cores.min(most), memory, limit), true));
        }
    }
    (centre, times)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// EASY with memory on nodes: no node gives more than it has, everybody gets through, and who is first in line starts
    /// when it was first promised to, or earlier; on nodes that are always on, and on those that are switched.
    #[test]
    fn promises_are_kept_with_memory_on_nodes(
        sizes in sizes(),
        jobs in proptest::collection::vec((1u32..9, 1u64..1_500, 1i64..40, 0i64..20), 3..40),
        rest in proptest::option::of(0u32..900),
    ) {
        let power = rest.map_or(Power::AlwaysOn, Power::OffAfter);
        let (centre, times) = play(Config { power, ..park(&sizes) }, jobs);
        no_node_gives_more_than_it_has(&centre.log, &sizes);
        prop_assert_eq!(rows(&centre, false).len(), 0);
        for (id, (promised, started)) in times {
            // A boot is seen up to a millisecond late.
            let late = promised.zip(started).is_some_and(|(promised, started)| started > promised + Span(1));
            prop_assert!(!late, "{} was promised {:?} and started {:?}", id, promised, started);
        }
    }

    /// Whatever happens: displaced, stopped, requeued, drained, reserved for others.
    #[test]
    fn no_node_gives_more_than_it_has_whatever_happens(
        ops in proptest::collection::vec(op(), 1..90),
        memory in proptest::collection::vec(1u64..2_000, 3),
    ) {
        let (cores, threads) = ([3, 3, 2], 2);
        let mut config = crate::history::big_config();
        let list = cores.iter().zip(&memory).enumerate();
        config.nodes = list.map(|(number, (cores, memory))| node(number, *cores, *memory)).collect();
        config.machine.memory_mib = memory.iter().sum();
        // The two threads of a core are eight CPUs apart.
        prop_assert!(config.machine.cores.iter().all(|core| core.threads.len() == threads));
        let cores: u32 = cores.iter().sum();
        let mut story = Story::of(config.clone());
        for op in &ops {
            // What cannot be is refused, and goes on.
            drop(story.act(op));
            story.settle();
        }
        story.finish();
        let placed = |event: &Event| match &event.what {
            What::Started { run, task, placement } => {
                let on_cores: std::collections::BTreeSet<u32> = placement.cpus.iter().map(|cpu| cpu % cores).collect();
                let placement = Placement { cpus: on_cores.into_iter().collect(), ..placement.clone() };
                Event { what: What::Started { run: *run, task: *task, placement }, ..event.clone() }
            }
            _ => event.clone(),
        };
        let log: Vec<Event> = story.centre.log.iter().map(placed).collect();
        let sizes: Vec<(u32, u64)> = config.nodes.iter().map(|node| (node.cores, node.memory_mib)).collect();
        no_node_gives_more_than_it_has(&log, &sizes);
    }
}
