//! What no schedule can undercut, if no job begins later than [`LATEST`] after its start by plain EASY on machines that
//! are always on. Must not know any policy.
//!
//! **The loose bound**: each job alone, at its cheapest start; machines draw more than when off only while busy.
//!
//! **The bound** also knows that there are only so many machines, that a machine that is on draws its idle watts, and
//! that it has to boot. It is a Lagrangian dual. Cut time into slots of one price each, and let the cores of a kind be
//! let for a rent μ(slot) ≥ 0 a core and second. Take any schedule, and write what it costs above machines that are off as
//!
//! > Σ busy cores · (busy − idle watts a core) · price + Σ machines that are on · (idle − off watts) · price + boots.
//!
//! In each slot its busy core-seconds are no more than those of machines that are on, so adding
//! μ · (busy − on) ≤ 0 to each slot makes it no dearer. What is left falls apart: each job alone pays watts and rents
//! for its cores, each machine alone pays for being on and for booting and earns rents. So the sum of each job's
//! cheapest start and of each machine's cheapest way through the slots — on or off in each, as within a slot nothing
//! changes; a boot at the least price of its surroundings — is no more than the schedule costs, whatever the rents
//! are. Any rents give a bound; some steps uphill give good ones.
//!
//! A job on several kinds pays for each core no less than it would on the kind that is cheapest for it; a machine that
//! is partly used is paid for its used cores only.

use crate::park::{Kind, NORMAL_SPEED, Park};
use crate::tariff::{DAY, Prices, Tariff};
use crate::workload::Workload;

/// How much later than by EASY a job may begin, seconds.
pub const LATEST: i64 = 12 * 3600;
/// Steps uphill.
const STEPS: u32 = 120;
/// Slots are an hour, or a part of it if prices change in between, but not shorter than [`SHORTEST`]: then the least
/// price in it counts, which bounds all the same.
const HOUR: i64 = 3600;
const SHORTEST: i64 = 900;

/// Lower bounds, in euros.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounds {
    /// Each job alone.
    pub loose_eur: f64,
    /// With capacity, idle watts and boots.
    pub eur: f64,
}

impl Bounds {
    /// Which part of what can be saved at most was saved, given the cost of machines that are always on.
    pub fn share(&self, always_on_eur: f64, cost_eur: f64) -> f64 {
        let most = always_on_eur - self.eur;
        if most > 0.0 { (always_on_eur - cost_eur) / most } else { 0.0 }
    }
}

/// What [`Prices::sum`] counts, of a euro, for a watt.
const EURO: f64 = 3.6e12;

/// Slots, and what is added up over them.
struct Slots {
    first: i64,
    long: i64,
    /// Price of each.
    price: Vec<f64>,
}

/// Something that is paid by the second, at each slot's own rate: sums up to each slot's beginning.
struct Ramp {
    rate: Vec<f64>,
    before: Vec<f64>,
}

impl Slots {
    fn new(tariff: &Tariff, local0: i64, from: i64, until: i64) -> Slots {
        let long = tariff.steps().fold(HOUR, gcd).max(SHORTEST);
        let first = from - (from + local0).rem_euclid(long);
        let prices = tariff.at(local0);
        let count = ((until - first) / long + 2).max(1);
        let least = |from: i64| {
            let (mut at, mut least) = (from, prices.price(from));
            while let Some(change) = prices.next_change(at).filter(|change| *change < from + long) {
                at = change;
                least = least.min(prices.price(at));
            }
            least as f64
        };
        let price = (0..count).map(|slot| least(first + slot * long)).collect();
        Slots { first, long, price }
    }

    fn ramp(&self, rate: impl Fn(usize) -> f64) -> Ramp {
        let rate: Vec<f64> = (0..self.price.len()).map(rate).collect();
        let mut before = vec![0.0];
        for value in &rate {
            before.push(before.last().copied().unwrap_or(0.0) + value * self.long as f64);
        }
        Ramp { rate, before }
    }

    #[inline]
    fn upto(&self, ramp: &Ramp, at: i64) -> f64 {
        let (slot, rest) = ((at - self.first) / self.long, (at - self.first) % self.long);
        ramp.before[slot as usize] + rest as f64 * ramp.rate[slot as usize]
    }

    #[inline]
    fn sum(&self, ramp: &Ramp, from: i64, until: i64) -> f64 {
        self.upto(ramp, until) - self.upto(ramp, from)
    }

    /// The cheapest start in a window, and what it costs: as costs are straight between, it or the end lies on an
    /// edge, or it is an end of the window.
    fn cheapest(&self, ramp: &Ramp, from: i64, until: i64, run: i64) -> (f64, i64) {
        let mut best = (self.sum(ramp, from, from + run), from);
        let mut look = |start: i64| {
            let cost = self.sum(ramp, start, start + run);
            if cost < best.0 {
                best = (cost, start);
            }
        };
        look(until);
        for end in [0, run] {
            let mut start = from + end - (from + end - self.first) % self.long + self.long - end;
            while start < until {
                look(start);
                start += self.long;
            }
        }
        best
    }
}

fn gcd(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// A kind of machine, with its rents.
struct Market<'a> {
    kind: &'a Kind,
    rent: Vec<f64>,
    /// Core-seconds wanted less core-seconds on offer, of each slot.
    excess: Vec<f64>,
}

impl Market<'_> {
    fn cores(&self) -> f64 {
        f64::from(self.kind.cores)
    }

    /// What a busy core pays in a slot, by the second.
    fn fee(&self, slots: &Slots, slot: usize) -> f64 {
        f64::from(self.kind.busy_w - self.kind.idle_w) / self.cores() * slots.price[slot] + self.rent[slot]
    }

    fn run(&self, run: u32) -> i64 {
        (i64::from(run) * i64::from(NORMAL_SPEED) / i64::from(self.kind.speed)).max(1)
    }

    /// What a machine pays at least, and when it is on.
    fn machine(&self, slots: &Slots) -> (f64, Vec<bool>) {
        let idle = f64::from(self.kind.idle_w - self.kind.off_w);
        let count = slots.price.len();
        // The least cost so far, being off or on in the slot, and whether it was on before.
        let (mut off, mut on) = (0.0, 0.0);
        let mut came: Vec<[bool; 2]> = Vec::with_capacity(count);
        for slot in 0..count {
            let least = slots.price[slot].min(slots.price[slot.saturating_sub(1)]);
            let boot = f64::from(self.kind.boot_s) * idle * least;
            let stay = (idle * slots.price[slot] - self.cores() * self.rent[slot]) * slots.long as f64;
            let (to_off, to_on) = (on < off, on <= off + boot);
            came.push([to_off, to_on]);
            (off, on) = (if to_off { on } else { off }, if to_on { on } else { off + boot } + stay);
        }
        let mut state = on < off;
        let mut way = vec![false; count];
        for slot in (0..count).rev() {
            way[slot] = state;
            state = came[slot][usize::from(state)];
        }
        (off.min(on), way)
    }

    /// Moves rents uphill.
    fn climb(&mut self, slots: &Slots, step: f64) {
        let idle = f64::from(self.kind.idle_w - self.kind.off_w) / self.cores();
        let capacity = f64::from(self.kind.count) * self.cores() * slots.long as f64;
        for (slot, rent) in self.rent.iter_mut().enumerate() {
            let push = (self.excess[slot] / capacity).clamp(-1.0, 1.0);
            *rent = (*rent + step * push * idle.max(1.0) * slots.price[slot].max(1.0)).max(0.0);
        }
    }
}

/// The bounds for jobs whose starts by EASY on machines that are always on are these.
pub fn bounds(workload: &Workload, park: &Park, tariff: &Tariff, local0: i64, easy: &[i64]) -> Bounds {
    let Some(first) = workload.jobs.first().map(|job| job.submit) else { return Bounds { loose_eur: 0.0, eur: 0.0 } };
    let slowest = park.kinds.iter().map(|kind| kind.speed).min().unwrap_or(NORMAL_SPEED);
    let longest = |run: u32| i64::from(run) * i64::from(NORMAL_SPEED) / i64::from(slowest) + 1;
    let ends = workload.jobs.iter().zip(easy).map(|(job, start)| start + LATEST + longest(job.run));
    let until = ends.max().unwrap_or(first) + DAY;
    let slots = Slots::new(tariff, local0, first, until);
    let prices = tariff.at(local0);
    let mut markets: Vec<Market> = park
        .kinds
        .iter()
        .map(|kind| {
            let idle = f64::from(kind.idle_w - kind.off_w) / f64::from(kind.cores);
            let rent = slots.price.iter().map(|price| price * idle).collect();
            Market { kind, rent, excess: vec![0.0; slots.price.len()] }
        })
        .collect();
    let off: f64 = off_watts(workload, park, &prices, first) / EURO;
    let mut best = f64::MIN;
    let mut loose = 0.0;
    for step in 0..=STEPS {
        let cost = round(&slots, &mut markets, workload, easy);
        if step == 0 {
            // With rents that just pay for being on, no machine earns anything: each job is alone.
            loose = cost;
        }
        best = best.max(cost);
        for market in &mut markets {
            market.climb(&slots, 0.3 / f64::from(1 + step).sqrt());
        }
    }
    Bounds { loose_eur: off + loose / EURO, eur: off + best / EURO }
}

/// What machines draw that are off until the last job can be over at the earliest.
fn off_watts(workload: &Workload, park: &Park, prices: &Prices, first: i64) -> f64 {
    let fastest = park.kinds.iter().map(|kind| kind.speed).max().unwrap_or(NORMAL_SPEED);
    let over =
        |job: &crate::workload::Job| job.submit + i64::from(job.run) * i64::from(NORMAL_SPEED) / i64::from(fastest);
    let until = workload.jobs.iter().map(over).max().unwrap_or(first);
    let watts: f64 = park.kinds.iter().map(|kind| f64::from(kind.off_w) * f64::from(kind.count)).sum();
    watts * prices.sum(first, until) as f64
}

/// What all jobs and machines pay at these rents; fills in what is wanted beyond what is on offer.
fn round(slots: &Slots, markets: &mut [Market], workload: &Workload, easy: &[i64]) -> f64 {
    let count = slots.price.len();
    let ramps: Vec<Ramp> = markets.iter().map(|market| slots.ramp(|slot| market.fee(slots, slot))).collect();
    // Core-seconds a second, as differences at each slot's beginning, and what of that falls into one slot only.
    let mut wanted = vec![vec![0.0f64; count + 1]; markets.len()];
    let mut total = 0.0;
    for (job, easy) in workload.jobs.iter().zip(easy) {
        let mut best = (f64::MAX, 0, 0, 0);
        for (place, (market, ramp)) in markets.iter().zip(&ramps).enumerate() {
            let run = market.run(job.run);
            let (cost, start) = slots.cheapest(ramp, job.submit, (easy + LATEST).max(job.submit), run);
            if cost < best.0 {
                best = (cost, start, run, place);
            }
        }
        let (cost, start, run, place) = best;
        total += cost * f64::from(job.cores);
        add(slots, &mut wanted[place], start, start + run, f64::from(job.cores));
    }
    for (market, wanted) in markets.iter_mut().zip(&wanted) {
        let (cost, way) = market.machine(slots);
        total += cost * f64::from(market.kind.count);
        let offered = f64::from(market.kind.count) * market.cores() * slots.long as f64;
        for slot in 0..count {
            market.excess[slot] = wanted[slot] - if way[slot] { offered } else { 0.0 };
        }
    }
    total
}

/// Adds core-seconds of a run to the slots in which it lies.
fn add(slots: &Slots, wanted: &mut [f64], from: i64, until: i64, cores: f64) {
    let mut at = from;
    while at < until {
        let slot = (at - slots.first) / slots.long;
        let next = (slots.first + (slot + 1) * slots.long).min(until);
        wanted[slot as usize] += cores * (next - at) as f64;
        at = next;
    }
}
