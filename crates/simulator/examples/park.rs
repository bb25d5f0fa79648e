//! What a trace costs on a park: `cargo run --release -p simulator --example park -- FILE.swf[.gz] POWER [LOCAL0 [HP HC [PROCS]]]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

use std::io::Read;
use std::time::Instant;

use scheduler::pool::Rule;
use simulator::metrics::Metrics;
use simulator::park::Park;
use simulator::park::replay::{Plan, replay};
use simulator::power::Power;
use simulator::swf::Reader;
use simulator::tariff::Tariff;
use simulator::workload::Estimates;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut reader = Reader::new(false);
    let file = std::fs::File::open(&args[0]).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    reader.feed(&bytes).unwrap();
    let trace = reader.finish().unwrap();
    let number = |place: usize, default: f64| args.get(place).map_or(default, |text| text.parse().unwrap());
    let (local0, high, low) = (number(2, 0.0) as i64, number(3, 0.24), number(4, 0.12));
    let procs = number(5, f64::from(trace.procs().unwrap())) as u32;
    let estimates = if trace.has_no_estimates() { Estimates::Run } else { Estimates::Request };
    let workload = trace.workload(procs, estimates);
    let micro = |price: f64| (price * 1e6).round() as i64;
    let tariff = Tariff::new(String::new(), micro(high), &[(22 * 3600, 6 * 3600, micro(low))]);
    let park = Park::of_processors(procs);
    let mut first = None;
    let mut easy: Option<Vec<i64>> = None;
    for power in ["always-on", &args[1]] {
        let begun = Instant::now();
        let (park, trace, workload, tariff) = (&park, &trace, &workload, &tariff);
        let rule = Rule::Easy { shortest_first: false };
        let power: Power = power.parse().unwrap();
        let plan = Plan { workload, trace, park, tariff, local0, rule, power, states: false };
        let outcome = replay(plan, &mut |_| ()).unwrap();
        let metrics = Metrics::new(workload, &outcome.played);
        let cost = outcome.bill.cost_eur();
        let easy = easy.get_or_insert_with(|| outcome.played.starts.clone());
        let always = *first.get_or_insert(cost);
        println!(
            "{power:?}: {cost:.2} EUR ({:+.2} %), {} Wh, wait {:.1}, bsld {:.2}, boots {}, {:.3} s",
            100.0 * (cost / always - 1.0),
            outcome.bill.energy_wh(),
            metrics.mean_wait_s(),
            metrics.mean_bsld,
            outcome.boot_waits,
            begun.elapsed().as_secs_f64()
        );
        if power == Power::AlwaysOn && std::env::var("BOUND").is_ok() {
            let begun = Instant::now();
            let bounds = simulator::bound::bounds(workload, park, tariff, local0, easy);
            let part = |eur: f64| 100.0 * (eur / always - 1.0);
            let took = begun.elapsed().as_secs_f64();
            println!("bound {:.2} %, loose {:.2} %, {took:.1} s", part(bounds.eur), part(bounds.loose_eur));
        }
    }
}
