//! How fast workloads are played, each rule in turn in every round, beside a program of flat arrays that does nothing
//! but EASY: `cargo run --release -p simulator --example pace [ROUNDS]`. Reading is not in it.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

mod flat;

use std::io::Read;
use std::path::Path;
use std::time::Instant;

use scheduler::pool::Rule;
use simulator::clock::{self, Order};
use simulator::lublin::{self, Wish};
use simulator::metrics::Metrics;
use simulator::pool::PoolScheduler;
use simulator::swf::Reader;
use simulator::workload::{Estimates, Workload};

const EASY: Rule = Rule::Easy { shortest_first: false };
const SJBF: Rule = Rule::Easy { shortest_first: true };
const CONSERVATIVE: Rule = Rule::Conservative;

/// Who plays.
#[derive(Clone, Copy)]
enum Player {
    Pool(Rule),
    /// The flat arrays.
    Flat,
}

struct Row {
    name: &'static str,
    workload: usize,
    player: Player,
    /// So often in a round: short plays are repeated until the clock can tell.
    times: usize,
    /// Seconds of one play, the best of each round.
    seconds: Vec<f64>,
}

fn main() {
    let rounds: usize = std::env::args().nth(1).map_or(3, |rounds| rounds.parse().unwrap());
    let great = lublin::generate(Wish { jobs: 10_000_000, procs: 500_000, seed: 1, load: Some(0.8) });
    let workloads = [load("KTH-SP2.pyss-easy"), load("CEA-curie.pyss-easy"), great.workload(500_000, Estimates::Run)];
    drop(great);
    let row = |name, workload, player, times| Row { name, workload, player, times, seconds: Vec::new() };
    let mut rows = [
        row("KTH, EASY", 0, Player::Pool(EASY), 20),
        row("KTH, flat arrays, EASY", 0, Player::Flat, 20),
        row("Curie, EASY", 1, Player::Pool(EASY), 2),
        row("Curie, flat arrays, EASY", 1, Player::Flat, 1),
        row("Curie, EASY, shortest first", 1, Player::Pool(SJBF), 2),
        row("Curie, conservative", 1, Player::Pool(CONSERVATIVE), 1),
        row("10 million jobs on 500 000 cores, EASY", 2, Player::Pool(EASY), 1),
    ];
    for _ in 0..rounds {
        for row in &mut rows {
            let workload = &workloads[row.workload];
            let best = (0..row.times).map(|_| play(workload, row.player)).fold(f64::INFINITY, f64::min);
            row.seconds.push(best);
        }
    }
    println!("{:45} {:>12} {:>14}", "", "seconds", "jobs/s");
    for row in &mut rows {
        row.seconds.sort_by(f64::total_cmp);
        let median = row.seconds[row.seconds.len() / 2];
        let rate = workloads[row.workload].jobs.len() as f64 / median;
        println!("{:45} {median:12.4} {rate:14.0}", row.name);
    }
    let ratio = |one: usize, other: usize| rows[one].seconds[rounds / 2] / rows[other].seconds[rounds / 2];
    println!("conservative takes {:.2} times as long as EASY on Curie", ratio(5, 2));
    println!("flat arrays take {:.2} times as long on KTH, {:.2} times on Curie", ratio(1, 0), ratio(3, 2));
}

fn load(name: &str) -> Workload {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(format!("{name}.swf.gz"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut text).unwrap();
    let mut reader = Reader::new(false);
    reader.feed(&text).unwrap();
    let trace = reader.finish().unwrap();
    trace.workload(trace.procs().unwrap(), Estimates::Request)
}

/// Seconds of one play; both players must agree on what came of it.
fn play(workload: &Workload, player: Player) -> f64 {
    let begun = Instant::now();
    match player {
        Player::Flat => {
            let sum = flat::easy(workload);
            let seconds = begun.elapsed().as_secs_f64();
            let mut scheduler = PoolScheduler::new(workload, EASY, Order::Batch);
            let played = clock::run(workload, &mut scheduler, Order::Batch, &mut |_| ()).unwrap();
            assert_eq!(Metrics::new(workload, &played).sum_wait_s, i128::from(sum));
            seconds
        }
        Player::Pool(rule) => {
            let mut scheduler = PoolScheduler::new(workload, rule, Order::Batch);
            let played = clock::run(workload, &mut scheduler, Order::Batch, &mut |_| ()).unwrap();
            let seconds = begun.elapsed().as_secs_f64();
            drop(played);
            seconds
        }
    }
}
