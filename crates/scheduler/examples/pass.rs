//! How long a pass takes and how much memory a waiting job costs: `cargo run --release -p scheduler --example pass`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use model::{Exit, JobId, JobSpec, Machine, Outcome, Span, Text, Time, TimeLimit, Usage};
use scheduler::power::{Node, Power};
use scheduler::{Event, RowFilter, State, What};

#[path = "../tests/it/make.rs"]
#[allow(dead_code)]
mod make;

/// Counts what is allocated.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything to the system's allocator, and only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        USED.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's layout, unchanged.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: allocated above with the same layout.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A mix: 50 users in 25 projects, several sizes, limits and QOS; `named`: every job has a name of its own.
fn mixed(number: usize, named: bool) -> JobSpec {
    let user = number * 7919 % 50;
    let mut spec = make::cpus([1, 1, 1, 2, 4, 8][number * 31 % 6]);
    spec.owner = make::owner(&format!("user{user}"), 1000 + user as u32);
    spec.account = format!("project{}", user / 2);
    spec.time_limit = TimeLimit::Span(Span::minutes([30, 60, 60, 240][number * 17 % 4]));
    spec.qos = ["normal", "normal", "low"][number * 13 % 3].to_owned();
    spec.name = if named { Text::from(format!("job-{number:08}")) } else { Text::from("wrap") };
    spec
}

fn state(cores: u32) -> State {
    let mut config = make::config();
    config.machine = Machine::regular("vm", 2, cores / 2, 2, 256_000);
    State::new(config)
}

fn apply(state: &mut State, at: Time, what: What) {
    state.apply(&Event { at, what }).unwrap();
}

fn fill(state: &mut State, count: usize, make: impl Fn(usize) -> JobSpec) -> Time {
    let mut now = make::T0;
    for number in 0..count {
        now = now + Span(1);
        let spec = state.admit(make(number), true).unwrap();
        let id = state.next_id();
        apply(state, now, What::Submitted { id, spec: Some(Arc::new(spec)), known: Vec::new() });
    }
    now
}

/// Decides until there is nothing more to do; says how many jobs started.
fn settle(state: &mut State, now: Time) -> Vec<JobId> {
    let mut started = Vec::new();
    loop {
        let decision = state.decide(now);
        if decision.events.is_empty() {
            return started;
        }
        for what in decision.events {
            if let What::Started { run, .. } = &what {
                started.push(run.job);
            }
            apply(state, now, what);
        }
    }
}

fn waiting(count: usize, named: bool) {
    let before = USED.load(Ordering::Relaxed);
    let begun = Instant::now();
    let mut state = state(32);
    let mut now = fill(&mut state, count, |number| mixed(number, named));
    let submitted = begun.elapsed();
    let memory = USED.load(Ordering::Relaxed) - before;
    println!(
        "{count} waiting, names {}: {} bytes a job, {:.2} us to submit one",
        if named { "unique" } else { "alike" },
        memory / count,
        submitted.as_secs_f64() * 1e6 / count as f64
    );
    let begun = Instant::now();
    let started = settle(&mut state, now);
    println!("  first pass: {} started in {:.3} ms", started.len(), begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    for _ in 0..100 {
        state.decide(now);
    }
    println!("  pass with nothing to do: {:.3} ms", begun.elapsed().as_secs_f64() * 10.0);
    let mut worst = 0f64;
    for id in started {
        now = now + Span(50);
        let run = state.job(id).unwrap().run();
        apply(&mut state, now, What::Ended { run, outcome: Outcome::Exited(Exit::default()), usage: Usage::default() });
        let begun = Instant::now();
        state.decide(now);
        worst = worst.max(begun.elapsed().as_secs_f64() * 1e3);
    }
    println!("  slowest pass after an end: {worst:.3} ms");
    settle(&mut state, now);
    let begun = Instant::now();
    let mut count = 0;
    state.rows(&RowFilter::default(), now, &mut |row| count += usize::from(row.cpus > 0));
    println!("  all {count} rows: {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    let begun = Instant::now();
    let last = JobId(count as u32 / 2);
    let why = state.why(last, now).unwrap();
    println!(
        "  why: {:.2} ms ({} before, expected {:?})",
        begun.elapsed().as_secs_f64() * 1e3,
        why.before,
        why.expected
    );
}

/// Short jobs one after the other, as many waiting: what one costs from start to end.
fn flow(count: usize, cores: u32, make: impl Fn(usize) -> JobSpec) {
    let mut state = state(cores);
    let mut now = fill(&mut state, count, make);
    let mut running = settle(&mut state, now);
    let (mut ended, mut forgotten) = (0, now);
    let begun = Instant::now();
    while let Some(id) = running.pop() {
        now = now + Span(1);
        let run = state.job(id).unwrap().run();
        apply(&mut state, now, What::Ended { run, outcome: Outcome::Exited(Exit::default()), usage: Usage::default() });
        ended += 1;
        running.extend(settle(&mut state, now));
        if now - forgotten > Span::seconds(1) {
            state.forget_finished(now);
            forgotten = now;
        }
    }
    println!("{ended} jobs through {cores} cores: {:.2} us each", begun.elapsed().as_secs_f64() * 1e6 / ended as f64);
}

/// One core is free, the first job wants all of them, and none of the others is short enough to go first.
fn nothing_fits(count: usize, alike: bool) {
    let mut state = state(128);
    for _ in 0..127 {
        let spec = state.admit(make::minutes(make::cpus(2), 30), false).unwrap();
        let id = state.next_id();
        apply(&mut state, make::T0, What::Submitted { id, spec: Some(Arc::new(spec)), known: Vec::new() });
    }
    settle(&mut state, make::T0);
    let now = fill(&mut state, count, |number| match number {
        0 => JobSpec { priority: Some(4_000_000), ..make::cpus(256) },
        _ if alike => make::minutes(mixed(number, false), 300),
        _ => JobSpec {
            time_limit: TimeLimit::Span(Span::seconds(3_600 + number as i64 % 30_000)),
            ..mixed(number, false)
        },
    });
    let started = settle(&mut state, now).len();
    let begun = Instant::now();
    for _ in 0..100 {
        state.decide(now);
    }
    let each = begun.elapsed().as_secs_f64() * 10.0;
    // Once a minute all classes are weighed anew.
    let begun = Instant::now();
    apply(&mut state, now + Span::minutes(5), What::Undrained { by: model::Uid(0) });
    let weighed = begun.elapsed().as_secs_f64() * 1e3;
    println!(
        "one core of 128 free, {count} waiting, limits {}: {started} started, pass {each:.3} ms, \
         weighing anew {weighed:.1} ms",
        if alike { "alike" } else { "all different" }
    );
}

/// Nodes of four cores and so much memory, half of them off, and more waiting than they can take, with 100 MiB for each
/// core: a pass that also plans who is woken.
fn switched(count: usize, nodes: u32, memory_mib: u64) {
    let mut config = make::config();
    config.machine = Machine::regular("park", nodes, 4, 1, u64::from(nodes) * memory_mib);
    let node = |number| Node {
        name: format!("n{number}"),
        cores: 4,
        memory_mib,
        gpus: 0,
        boot: Span::seconds(180),
        shutdown: Span::ZERO,
        patience: Span::seconds(600),
    };
    config.nodes = (0..nodes).map(node).collect();
    config.power = Power::OffAfter(600);
    let mut state = State::new(config);
    for number in 0..nodes / 2 {
        apply(&mut state, make::T0, What::WentOff { node: format!("n{number}") });
    }
    let now = fill(&mut state, count, |number| mixed(number, false));
    let begun = Instant::now();
    settle(&mut state, now);
    let first = begun.elapsed().as_secs_f64() * 1e3;
    let off = |state: &State| state.nodes().filter(|view| !view.doing.is_on()).count();
    let boots = off(&state);
    // One that failed to come up is off while all others are busy or on their way.
    apply(&mut state, now, What::BootFailed { node: "n0".to_owned(), reason: String::new() });
    let begun = Instant::now();
    for _ in 0..20 {
        state.decide(now);
    }
    let each = begun.elapsed().as_secs_f64() * 50.0;
    println!(
        "{nodes} nodes of {memory_mib} MiB, {count} waiting: {boots} woken, all starts in {first:.1} ms; a pass with one off {each:.3} ms"
    );
}

fn main() {
    // With as much memory as all need, and with too little for their cores.
    for memory_mib in [4_000, 390] {
        switched(100_000, 64, memory_mib);
        switched(100_000, 1_024, memory_mib);
    }
    nothing_fits(100_000, true);
    nothing_fits(100_000, false);
    waiting(100_000, false);
    waiting(100_000, true);
    flow(10_000, 2, |_| make::spec());
    flow(10_000, 32, |number| mixed(number, false));
    flow(10_000, 128, |number| mixed(number, true));
    flow(1, 2, |_| make::array(0, 99_999, None));
}
