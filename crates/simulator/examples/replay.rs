//! How fast traces are replayed: `cargo run --release -p simulator --example replay -- FILE.swf[.gz] [RULE] [PROCS]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

use std::io::Read;
use std::time::Instant;

use scheduler::pool::Rule;
use simulator::clock::{self, Order};
use simulator::metrics::{self, Metrics};
use simulator::pool::PoolScheduler;
use simulator::swf::Reader;
use simulator::workload::Estimates;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let begun = Instant::now();
    let mut reader = Reader::new(false);
    let file = std::fs::File::open(&args[0]).unwrap();
    let mut input: Box<dyn Read> =
        if args[0].ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let mut buffer = vec![0; 1 << 16];
    loop {
        let got = input.read(&mut buffer).unwrap();
        if got == 0 {
            break;
        }
        reader.feed(&buffer[..got]).unwrap();
    }
    let trace = reader.finish().unwrap();
    let read = begun.elapsed();
    let (rule, order) = match args.get(1).map_or("easy", String::as_str) {
        "fcfs" => (Rule::Fcfs, Order::Batch),
        "sjbf" => (Rule::Easy { shortest_first: true }, Order::Batch),
        "pyss" => (Rule::Easy { shortest_first: false }, Order::Pyss),
        "conservative" => (Rule::Conservative { compress: 1 }, Order::Batch),
        "compress" => (Rule::Conservative { compress: u32::MAX }, Order::Batch),
        _ => (Rule::Easy { shortest_first: false }, Order::Batch),
    };
    let procs = args.get(2).map_or_else(|| trace.procs().unwrap(), |procs| procs.parse().unwrap());
    let estimates = if trace.has_no_estimates() { Estimates::Run } else { Estimates::Request };
    let workload = trace.workload(procs, estimates);
    let prepared = begun.elapsed() - read;
    let mut best = f64::MAX;
    for _ in 0..args.get(3).map_or(3, |times| times.parse().unwrap()) {
        let begun = Instant::now();
        let mut scheduler = PoolScheduler::new(&workload, rule, order);
        let played = clock::run(&workload, &mut scheduler, order, &mut |_| ()).unwrap();
        let took = begun.elapsed();
        let metrics = Metrics::new(&workload, &played);
        best = best.min(took.as_secs_f64());
        println!(
            "{} jobs, sum {}, mean {:.4}, bsld {:.6}, makespan {}, use {:.6}, differ {}; {:.4} s, {:.2} M/s; read {:.3} s, prepare {:.3}; {:?}",
            metrics.jobs,
            metrics.sum_wait_s,
            metrics.mean_wait_s(),
            metrics.mean_bsld,
            metrics.makespan_s,
            metrics.utilisation,
            metrics::differ_from_trace_wait(&trace, &workload, &played),
            took.as_secs_f64(),
            metrics.jobs as f64 / took.as_secs_f64() / 1e6,
            read.as_secs_f64(),
            prepared.as_secs_f64(),
            ()
        );
    }
    println!("best {:.4} s, {:.2} M/s", best, workload.jobs.len() as f64 / best / 1e6);
}
