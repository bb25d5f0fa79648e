//! Machines that can be switched: who waits for a boot, who is woken when, who goes off, and what becomes of those that
//! do not come up.

use std::collections::BTreeMap;

use model::{JobSpec, JobState, Machine, Reason, Span, Time, Uid};
use proptest::prelude::*;
use scheduler::power::{Doing, Node, Power};
use scheduler::thrift::{Reserve, Worth};
use scheduler::{Cause, Config, Event, Reservation, State, What};

use crate::history::{Story, big_config, op, rows};
use crate::make::{Centre, T0, at, config, cpus, minutes, ok, owner, spec};

/// Seconds of a boot, and until it has failed.
const BOOT: i64 = 180;
const PATIENCE: i64 = 400;
const REST: i64 = 600;

fn node(name: String, cores: u32, memory_mib: u64) -> Node {
    Node {
        name,
        cores,
        memory_mib,
        gpus: 0,
        boot: Span::seconds(BOOT),
        shutdown: Span::ZERO,
        patience: Span::seconds(PATIENCE),
    }
}

/// Four nodes of two cores each.
fn park() -> Config {
    let nodes = (1..=4).map(|number| node(format!("n{number}"), 2, 2_000)).collect();
    Config { machine: Machine::regular("park", 4, 2, 1, 8_000), nodes, power: Power::OffAfter(REST as u32), ..config() }
}

fn name(node: &str) -> String {
    node.to_owned()
}

/// What every node does, one letter each: On, Leaving, oFf, Booting, failed (X).
fn doings(centre: &Centre) -> String {
    let letter = |doing: &Doing| match doing {
        Doing::On { .. } => '1',
        Doing::Leaving { .. } => '>',
        Doing::Off { .. } => '0',
        Doing::Booting { .. } => '<',
        Doing::Failed { .. } => 'X',
    };
    centre.state.nodes().map(|view| letter(view.doing)).collect()
}

/// What was decided about nodes, shortly.
fn orders(events: &[What]) -> String {
    let told = events.iter().filter_map(|what| match what {
        What::SwitchedOn { node } => Some(format!("+{node}")),
        What::SwitchedOff { node } => Some(format!("-{node}")),
        What::BootFailed { node, .. } => Some(format!("!{node}")),
        What::Started { run, .. } => Some(format!("start {}", run.job)),
        _ => None,
    });
    told.collect::<Vec<_>>().join(" ")
}

fn see(centre: &mut Centre, what: What) -> String {
    centre.apply(what).unwrap();
    orders(&centre.settle())
}

fn off(centre: &mut Centre, nodes: &[&str]) {
    for node in nodes {
        centre.apply(What::WentOff { node: name(node) }).unwrap();
    }
    centre.settle();
}

/// All nodes off, some time after [`T0`].
fn asleep() -> Centre {
    let mut centre = Centre::new(park());
    centre.settle();
    assert_eq!(orders(&centre.go_to(at(REST))), "-n4 -n3 -n2 -n1");
    off(&mut centre, &["n1", "n2", "n3", "n4"]);
    assert_eq!(doings(&centre), "0000");
    centre
}

/// When the centre wants to be asked again.
fn wake(centre: &mut Centre) -> Option<Time> {
    let decision = centre.state.decide(centre.now);
    assert!(decision.events.is_empty(), "{:?}", decision.events);
    assert!(decision.wake.is_none_or(|wake| wake > centre.now), "it would never sleep");
    decision.wake
}

#[test]
fn idle_nodes_go_off_when_it_is_time_and_not_before() {
    let mut centre = Centre::new(park());
    centre.settle();
    let job = centre.submit(minutes(cpus(2), 60));
    assert_eq!(wake(&mut centre), Some(at(REST)));
    assert_eq!(orders(&centre.go_to(at(REST - 1))), "");
    assert_eq!(orders(&centre.go_to(at(REST))), "-n4 -n3 -n2", "the one with a job stays");
    centre.go_to(at(1_000));
    centre.end(job, ok());
    assert_eq!(wake(&mut centre), Some(at(1_000 + REST)));
    assert_eq!(orders(&centre.go_to(at(1_000 + REST))), "-n1");
}

#[test]
fn a_job_waits_for_no_longer_than_a_boot() {
    let mut centre = asleep();
    let id = centre.try_submit(minutes(cpus(3), 10), true).unwrap();
    assert_eq!(orders(&centre.settle()), "+n1 +n2", "as many as it needs, and no more");
    let row = centre.state.row(id, centre.now).unwrap();
    assert_eq!((row.reason, row.start), (Reason::Resources, Some(centre.now + Span::seconds(BOOT))));
    let booting = Cause::Booting { nodes: vec![name("n1"), name("n2")], up: centre.now + Span::seconds(BOOT) };
    assert!(centre.state.why(id, centre.now).unwrap().causes.contains(&booting));
    centre.now = centre.now + Span::seconds(BOOT);
    assert_eq!(see(&mut centre, What::CameUp { node: name("n1") }), "");
    assert_eq!(see(&mut centre, What::CameUp { node: name("n2") }), format!("start {id}"));
    assert_eq!(centre.state.nodes_of(id), ["n1", "n2"]);
}

/// Whoever comes while nodes boot takes nothing from who waits for them.
#[test]
fn the_head_is_not_delayed_while_its_nodes_boot() {
    let mut centre = Centre::new(park());
    let first = centre.submit(minutes(cpus(1), 600));
    centre.go_to(at(REST));
    off(&mut centre, &["n2", "n3", "n4"]);
    let head = centre.try_submit(minutes(cpus(7), 10), true).unwrap();
    assert_eq!(orders(&centre.settle()), "+n2 +n3 +n4");
    let long = centre.try_submit(minutes(cpus(1), 10), true).unwrap();
    let short = centre.try_submit(minutes(cpus(1), 3), true).unwrap();
    assert_eq!(orders(&centre.settle()), format!("start {short}"), "only who is gone by then goes first");
    centre.now = centre.now + Span::seconds(BOOT);
    centre.end(short, ok());
    for node in ["n2", "n3"] {
        assert_eq!(see(&mut centre, What::CameUp { node: name(node) }), "");
    }
    assert_eq!(see(&mut centre, What::CameUp { node: name("n4") }), format!("start {head}"));
    assert_eq!(centre.state.job(long).unwrap().state(), JobState::Pending);
    centre.end(first, ok());
}

/// (what is to come, in how many seconds nodes must be told, which)
#[test]
fn nodes_are_up_before_they_are_needed() {
    let begin = |seconds: i64, spec: JobSpec| JobSpec { begin: Some(at(REST + seconds)), ..spec };
    let check = |spec: JobSpec, told: i64, which: &str| {
        let mut centre = asleep();
        let id = centre.try_submit(spec, true).unwrap();
        assert_eq!(orders(&centre.settle()), "");
        while let Some(next) = wake(&mut centre) {
            let events = centre.go_to(next);
            if !events.is_empty() {
                assert_eq!(((next - at(REST)).0, orders(&events)), (told * 1000, which.to_owned()));
                let mut starts = String::new();
                centre.now = at(REST + told + BOOT);
                for node in which.split(' ').map(|order| order.trim_start_matches('+')) {
                    starts = see(&mut centre, What::CameUp { node: name(node) });
                }
                assert_eq!(starts, format!("start {id}"), "in the very second");
                return;
            }
        }
        panic!("nobody was woken");
    };
    check(begin(3_600, cpus(1)), 3_600 - BOOT, "+n1");
    check(begin(200, cpus(4)), 200 - BOOT, "+n1 +n2");
}

fn reservation(from: i64, until: i64, cores: Option<u32>) -> What {
    What::Reserved(Reservation {
        name: name("course"),
        start: at(from),
        end: at(until),
        cores,
        users: vec![name("alice")],
        accounts: Vec::new(),
        flags: Vec::new(),
    })
}

#[test]
fn reservations_find_their_nodes_on() {
    let mut centre = asleep();
    assert_eq!(see(&mut centre, reservation(4_000, 5_000, Some(4))), "");
    let mut told = Vec::new();
    while let Some(next) = wake(&mut centre) {
        let events = centre.go_to(next);
        if orders(&events).contains('+') {
            told.push(((centre.now - T0).0 / 1000, orders(&events)));
            centre.now = centre.now + Span::seconds(BOOT);
            for node in ["n1", "n2"] {
                see(&mut centre, What::CameUp { node: name(node) });
            }
            centre.go_to(at(4_999));
            break;
        }
    }
    assert_eq!(told, [(4_000 - BOOT, "+n1 +n2".to_owned())]);
    assert_eq!(doings(&centre), "1100", "while it lasts they stay on without a job");
    assert_eq!(orders(&centre.go_to(at(5_000))), "-n2 -n1");
}

/// Who is wanted again before it would be back stays on.
#[test]
fn nobody_goes_off_who_is_wanted_soon() {
    let mut centre = Centre::new(park());
    centre.settle();
    centre.apply(reservation(REST + 2 * BOOT, 3_000, Some(2))).unwrap();
    assert_eq!(orders(&centre.go_to(at(REST))), "-n4 -n3 -n2");
    let mut centre = Centre::new(park());
    centre.settle();
    centre.apply(reservation(REST + 2 * BOOT + 1, 3_000, Some(2))).unwrap();
    assert_eq!(orders(&centre.go_to(at(REST))), "-n4 -n3 -n2 -n1");
}

#[test]
fn nothing_is_switched_while_the_machine_is_drained() {
    let mut centre = Centre::new(park());
    centre.settle();
    centre.apply(What::Drained { reason: name("fan"), by: Uid(0) }).unwrap();
    assert_eq!(orders(&centre.go_to(at(10 * REST))), "");
    assert_eq!(see(&mut centre, What::Undrained { by: Uid(0) }), "-n4 -n3 -n2 -n1");
}

#[test]
fn a_stopped_job_keeps_its_node_on() {
    let mut centre = Centre::new(park());
    let id = centre.submit(minutes(cpus(2), 600));
    let run = centre.run_of(id);
    centre.apply(What::Suspended { run, cause: None }).unwrap();
    assert_eq!(orders(&centre.go_to(at(10 * REST))), "-n4 -n3 -n2");
    assert!(centre.apply(What::WentOff { node: name("n1") }).is_err());
}

/// A boot that fails is tried once more; then the node is down, and who fits without it goes elsewhere.
#[test]
fn nodes_that_do_not_come_up_are_given_up() {
    let mut centre = asleep();
    let all = centre.try_submit(minutes(cpus(8), 10), true).unwrap();
    assert_eq!(orders(&centre.settle()), "+n1 +n2 +n3 +n4");
    for node in ["n2", "n3", "n4"] {
        see(&mut centre, What::CameUp { node: name(node) });
    }
    assert_eq!(wake(&mut centre), Some(at(REST + PATIENCE)));
    centre.now = centre.now + Span::seconds(PATIENCE);
    assert_eq!(orders(&centre.settle()), "!n1 +n1", "tried once more");
    centre.now = centre.now + Span::seconds(PATIENCE);
    assert_eq!(orders(&centre.settle()), "!n1 -n4 -n3 -n2");
    assert_eq!(doings(&centre), "X>>>");
    let why = centre.state.why(all, centre.now).unwrap();
    let failed = Cause::NodeFailed { node: name("n1"), reason: format!("did not come up within {PATIENCE} s") };
    assert_eq!((why.reason, why.causes), (Reason::NodeDown, vec![failed]));
    off(&mut centre, &["n2", "n3", "n4"]);
    let other = centre.try_submit(minutes(cpus(2), 2), true).unwrap();
    assert_eq!(orders(&centre.settle()), "+n2", "elsewhere");
    assert_eq!(see(&mut centre, What::CameUp { node: name("n2") }), format!("start {other}"));
    assert_eq!(see(&mut centre, What::Mended { node: name("n1"), by: Uid(0) }), "+n1 +n3 +n4");
}

#[test]
fn limits_of_a_qos_wake_nobody_in_vain() {
    let mut config = park();
    config.qos[0].max_jobs_per_user = Some(1);
    let mut centre = Centre::new(config);
    centre.settle();
    centre.go_to(at(REST));
    off(&mut centre, &["n1", "n2", "n3", "n4"]);
    for _ in 0..5 {
        centre.try_submit(minutes(cpus(2), 10), true).unwrap();
    }
    assert_eq!(orders(&centre.settle()), "+n1");
}

#[test]
fn arrays_wake_as_many_as_may_run() {
    let check = |limit: Option<u32>, told: &str| {
        let mut centre = asleep();
        let array = crate::make::array(0, 4, limit);
        centre.try_submit(minutes(array, 10), true).unwrap();
        assert_eq!(orders(&centre.settle()), told);
    };
    check(None, "+n1 +n2 +n3");
    check(Some(2), "+n1");
}

/// What was always on, or was told to be, is on.
#[test]
fn by_the_policy_of_always_on_all_are_on() {
    let mut centre = Centre::new(Config { power: Power::AlwaysOn, ..park() });
    centre.settle();
    assert_eq!(orders(&centre.go_to(at(100 * REST))), "");
    assert_eq!(see(&mut centre, What::WentOff { node: name("n3") }), "+n3");
}

/// Another configuration, or what runs, may say otherwise than what was known.
#[test]
fn what_runs_is_on_whatever_was_known() {
    let mut centre = asleep();
    let id = centre.try_submit(spec(), true).unwrap();
    let placement = scheduler::Placement { cpus: [0].into_iter().collect(), ..Default::default() };
    centre.apply(What::Started { run: centre.run_of(id), task: None, placement }).unwrap();
    assert_eq!(doings(&centre), "1000");
    let mut other = park();
    other.nodes.swap(0, 3);
    centre.state.reconfigure(other);
    centre.state.check().unwrap();
    assert_eq!(doings(&centre), "1001", "n4 stands first now, and has the job");
}

/// Boots and ends of a park in a random history: as long as somebody outside wishes, sometimes never.
fn powered() -> Config {
    let mut config = big_config();
    let sizes = [(3, 1_500, 1), (3, 1_500, 1), (2, 1_000, 1)];
    let make = |(number, (cores, memory, gpus)): (usize, &(u32, u64, u32))| Node {
        gpus: *gpus,
        shutdown: Span::seconds(20),
        ..node(format!("n{number}"), *cores, *memory)
    };
    config.nodes = sizes.iter().enumerate().map(make).collect();
    config.power = Power::OffAfter(300);
    config
}

/// What the nodes make of their orders, `luck` deciding; says whether anything happened.
fn answer(centre: &mut Centre, luck: u8) -> bool {
    let views: Vec<(String, Doing)> =
        centre.state.nodes().map(|view| (view.node.name.clone(), view.doing.clone())).collect();
    let mut any = false;
    for (number, (node, doing)) in views.into_iter().enumerate() {
        let lucky = luck >> number & 1 == 0;
        let what = match doing {
            Doing::Leaving { .. } => What::WentOff { node },
            Doing::Booting { since, .. } if centre.now - since >= Span::seconds(BOOT) && lucky => What::CameUp { node },
            Doing::Booting { .. } if luck & 0x30 == 0x30 => What::BootFailed { node, reason: name("bad luck") },
            Doing::Failed { .. } if luck & 0xc0 == 0xc0 => What::Mended { node, by: Uid(0) },
            _ => continue,
        };
        any |= centre.apply(what).is_ok();
    }
    any
}

fn replayed(centre: &Centre) {
    let mut fresh = State::new(powered());
    fresh.decide(T0);
    for event in &centre.log {
        fresh.apply(event).unwrap();
    }
    assert_eq!(fresh.digest(), centre.state.digest());
    fresh.set_prices(centre.state.prices().clone());
    let mut live = centre.state.clone();
    for seconds in [0, 1, 600, 86_400] {
        let now = centre.now + Span::seconds(seconds);
        assert_eq!(fresh.decide(now), live.decide(now));
    }
}

/// No start was decided on a node that was not on, and none was switched off under a job: [`State::check`] sees the
/// second after every event, this the first.
fn starts_are_on_what_is_on(log: &[Event], cores: &[(u32, std::ops::Range<u32>)]) {
    let mut on = vec![true; cores.len()];
    for event in log {
        let node = |name: &str| name.trim_start_matches('n').parse::<usize>().unwrap();
        match &event.what {
            What::CameUp { node: name } => on[node(name)] = true,
            What::SwitchedOff { node: name } | What::WentOff { node: name } => on[node(name)] = false,
            What::Started { placement, .. } => {
                for cpu in placement.cpus.iter() {
                    let core = cpu % 8;
                    let at = cores.iter().position(|(_, range)| range.contains(&core)).unwrap();
                    assert!(on[at], "{event:?} is on a node that is off");
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// As in the other random histories, beside nodes that come and go: everybody gets through.
    #[test]
    fn nothing_is_lost_where_nodes_come_and_go(ops in proptest::collection::vec((op(), any::<u8>()), 1..80)) {
        let mut story = Story::of(powered());
        story.centre.settle();
        for (op, luck) in &ops {
            // What cannot be is refused, and goes on.
            drop(story.act(op));
            story.settle();
            answer(&mut story.centre, *luck);
            story.settle();
        }
        replayed(&story.centre);
        starts_are_on_what_is_on(&story.centre.log, &[(0, 0..3), (1, 3..6), (2, 6..8)]);
        story.finish_with(|centre| answer(centre, 0xc0));
        replayed(&story.centre);
        for ((id, task), ends) in &story.ends {
            prop_assert_eq!(*ends, 1, "job {} task {:?}:\n{}", id, task, story.centre.list());
        }
    }

    /// EASY on nodes that boot: who is first in line starts when it was first promised to, or earlier, as long as nodes
    /// come up in time and jobs take as long as they may.
    #[test]
    fn promises_are_kept_by_nodes_that_boot(
        wishes in proptest::collection::vec((1u32..9, 1i64..40, 0i64..30), 3..40),
        rest in 0u32..900,
    ) {
        let mut config = park();
        config.power = Power::OffAfter(rest);
        config.weights = scheduler::Weights { age: 0, fair_share: 0, size: 0, partition: 0, qos: 0 };
        let mut centre = Centre::new(config);
        let mut promises: BTreeMap<model::JobId, Time> = BTreeMap::new();
        let mut arrivals: Vec<_> = wishes.into_iter().rev().collect();
        let mut due = T0;
        for round in 0.. {
            prop_assert!(round < 5_000, "never over");
            centre.settle();
            while answer(&mut centre, 0) {
                centre.settle();
            }
            for row in rows(&centre, false) {
                match row.reason {
                    Reason::Resources => {
                        let start = row.start.unwrap();
                        let promise = promises.entry(row.id).or_insert(start);
                        prop_assert!(start <= *promise + Span(1), "{:?} was promised {:?}", row, promise);
                    }
                    _ if row.state != JobState::Pending => {
                        if let Some(promise) = promises.get(&row.id) {
                            prop_assert!(row.start.unwrap() <= *promise + Span(1), "{:?} was promised {:?}", row, promise);
                        }
                    }
                    _ => {}
                }
            }
            let ends: Vec<_> = rows(&centre, false).into_iter()
                .filter(|row| row.state != JobState::Pending).map(|row| (row.end.unwrap(), row.id)).collect();
            let up = centre.state.nodes().filter_map(|view| match view.doing {
                Doing::Booting { since, .. } => Some(*since + view.node.boot),
                _ => None,
            }).min();
            let off = centre.state.decide(centre.now).wake;
            let end = ends.iter().min().copied();
            let arrival = arrivals.last().map(|_| due);
            let next = [end.map(|(at, _)| at), up, arrival].into_iter().flatten().min();
            let Some(next) = next else { break };
            if let Some(off) = off.filter(|off| *off < next) {
                centre.now = off;
            } else if Some(next) == up {
                centre.now = next;
            } else if let Some((_, id)) = end.filter(|(at, _)| *at == next) {
                centre.now = next;
                let run = centre.run_of(id);
                centre.apply(What::Ended { run, outcome: ok(), usage: model::Usage::default() }).unwrap();
            } else if let Some((cores, limit, pause)) = arrivals.pop() {
                centre.now = centre.now.max(due);
                due = due + Span::minutes(pause);
                let spec = JobSpec { owner: owner("alice", 1001), ..minutes(cpus(cores), limit) };
                centre.try_submit(spec, true).unwrap();
            }
        }
        prop_assert_eq!(rows(&centre, false).len(), 0);
    }
}

/// For two weeks two nodes are used from half a minute past nine: on the fifteenth day they come up before anybody asks,
/// and go off in the night.
#[test]
fn machines_are_ready_for_who_comes_every_day() {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    let mut centre = Centre::new(Config { power: Power::Predictive { patience_s: 60 }, ..park() });
    let begins = centre.now.seconds();
    let midnight = begins - begins.rem_euclid(DAY) + DAY;
    let days = (0..14).map(|day| midnight - (14 - day) * DAY + 9 * HOUR + 30);
    let uses: Vec<(i64, u32)> = days.flat_map(|at| [(at, 4), (at + 2 * HOUR, 0)]).collect();
    let mut reserve = Reserve::new(8, 600, Worth::new(60), midnight, 0);
    reserve.learn(uses, midnight);
    centre.state.set_reserve(Some(reserve));
    let mut told = Vec::new();
    for minute in 0..10 * 60 {
        centre.now = Time::from_seconds(midnight + minute * 60);
        let said = orders(&centre.settle());
        for order in said.split(' ').filter(|order| !order.is_empty()) {
            let (what, node) = order.split_at(1);
            let event =
                if what == "-" { What::WentOff { node: name(node) } } else { What::CameUp { node: name(node) } };
            centre.apply(event).unwrap();
        }
        if !said.is_empty() {
            told.push(format!("{}:{:02} {said}", minute / 60, minute % 60));
        }
    }
    assert_eq!(told, ["0:01 -n4 -n3 -n2 -n1", "9:00 +n1 +n2"]);
}
