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

use std::ops::Range;

use crate::park::{Kind, NORMAL_SPEED, Park};
use crate::tariff::{DAY, Prices, Tariff};
use crate::workload::{Job, Workload};

/// How much later than by EASY a job may begin, seconds.
pub const LATEST: i64 = 12 * 3600;
/// Steps uphill, at most...
const STEPS: usize = 120;
/// ...but no more once so many of them...
const PATIENCE: usize = 20;
/// ...have raised the bound by less than this part of it.
const WORTHWHILE: f64 = 0.002;
/// How far a step goes at first, in what it costs to be on, and after how many steps only half as far.
const STRIDE: f64 = 1.0;
const TIRED: f64 = 5.0;
/// Which part of a step goes on as before: machines are all on or all off, so excess alone leaps from side to side.
const DRIFT: f64 = 0.8;
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

    fn at(&self, instant: i64) -> At {
        let since = instant - self.first;
        At { slot: (since / self.long) as u32, into: (since % self.long) as u32 }
    }
}

impl Ramp {
    #[inline]
    fn upto(&self, at: At) -> f64 {
        self.before[at.slot as usize] + f64::from(at.into) * self.rate[at.slot as usize]
    }
}

/// An instant: its slot, and how many seconds into it that is.
#[derive(Clone, Copy, Debug)]
struct At {
    slot: u32,
    into: u32,
}

impl At {
    /// The slots that begin after an instant and before another one.
    fn edges(self, until: At) -> Range<usize> {
        let low = self.slot as usize + 1;
        low..low.max(until.slot as usize + usize::from(until.into > 0))
    }
}

/// When a job may run on a kind: from the first start until that start's end, or from the last one until its end, or
/// between.
#[derive(Clone, Copy, Debug)]
struct Chance {
    first: (At, At),
    last: (At, At),
    /// Whole slots that it runs, and the seconds beyond.
    run: At,
}

impl Chance {
    fn new(slots: &Slots, from: i64, until: i64, run: i64) -> Chance {
        let start = |at: i64| (slots.at(at), slots.at(at + run));
        Chance { first: start(from), last: start(until), run: slots.at(slots.first + run) }
    }

    /// The cheapest start, and what it costs: as costs are straight between, it or the end lies on an edge of a slot,
    /// or it is the first or the last one.
    fn cheapest(&self, long: u32, ramp: &Ramp) -> (f64, (At, At)) {
        let cost = |start: (At, At)| ramp.upto(start.1) - ramp.upto(start.0);
        let mut best = (cost(self.first), self.first);
        let last = cost(self.last);
        if last < best.0 {
            best = (last, self.last);
        }
        let At { slot: whole, into: rest } = self.run;
        let edge = |slot: usize| At { slot: slot as u32, into: 0 };
        // Edges after the first start and before the last one.
        let edges = self.first.0.edges(self.last.0);
        let (begins, end) = (&ramp.before[edges.clone()], edges.start + whole as usize..edges.end + whole as usize);
        let (ends, rates) = (&ramp.before[end.clone()], &ramp.rate[end]);
        if let Some((cost, place)) = (Windows { ends, begins, rates, part: f64::from(rest) }).least(best.0) {
            let start = edge(edges.start + place);
            best = (cost, (start, At { slot: start.slot + whole, into: rest }));
        }
        // The same of ends; without a rest they are the same.
        if rest > 0 {
            let (edges, back) = (self.first.1.edges(self.last.1), whole as usize + 1);
            let (ends, begin) = (&ramp.before[edges.clone()], edges.start - back..edges.end - back);
            let (begins, rates) = (&ramp.before[begin.clone()], &ramp.rate[begin]);
            // From where a window begins until the end of that slot, the rate is not paid.
            let part = f64::from(rest) - f64::from(long);
            if let Some((cost, place)) = (Windows { ends, begins, rates, part }).least(best.0) {
                let end = edge(edges.start + place);
                best = (cost, (At { slot: end.slot - whole - 1, into: long - rest }, end));
            }
        }
        best
    }
}

/// How many costs are compared side by side.
const LANES: usize = 4;

/// What some windows of the same length cost, one after another: what is paid up to their ends, less what is up to
/// their beginnings, and a part of the rates of the slots in which one of the two lies.
#[derive(Clone, Copy)]
struct Windows<'a> {
    ends: &'a [f64],
    begins: &'a [f64],
    rates: &'a [f64],
    /// Of a rate.
    part: f64,
}

impl Windows<'_> {
    /// Which costs least, if that is less than `best`, and what.
    #[inline]
    fn least(self, best: f64) -> Option<(f64, usize)> {
        let all = self.ends.len();
        let cost = |at: usize| self.ends[at] - self.begins[at] + self.part * self.rates[at];
        let mut low = [best; LANES];
        let (ends, begins, rates) =
            (self.ends.chunks_exact(LANES), self.begins.chunks_exact(LANES), self.rates.chunks_exact(LANES));
        for ((end, begin), rate) in ends.zip(begins).zip(rates) {
            for lane in 0..LANES {
                let cost = end[lane] - begin[lane] + self.part * rate[lane];
                low[lane] = if cost < low[lane] { cost } else { low[lane] };
            }
        }
        let rest = (all - all % LANES..all).map(cost);
        let least = rest.chain(low).fold(best, |least, cost| if cost < least { cost } else { least });
        if least < best { (0..all).position(|at| cost(at) == least).map(|at| (least, at)) } else { None }
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
    /// Where rents were going.
    drift: Vec<f64>,
    /// When each job may run.
    chances: Vec<Chance>,
}

impl<'a> Market<'a> {
    /// Rents just pay for being on.
    fn new(kind: &'a Kind, slots: &Slots, workload: &Workload, easy: &[i64]) -> Market<'a> {
        let idle = f64::from(kind.idle_w - kind.off_w) / f64::from(kind.cores);
        let chance = |(job, easy): (&Job, &i64)| {
            let run = i64::from(job.run) * i64::from(NORMAL_SPEED) / i64::from(kind.speed);
            Chance::new(slots, job.submit, (easy + LATEST).max(job.submit), run.max(1))
        };
        let none = vec![0.0; slots.price.len()];
        Market {
            kind,
            rent: slots.price.iter().map(|price| price * idle).collect(),
            excess: none.clone(),
            drift: none,
            chances: workload.jobs.iter().zip(easy).map(chance).collect(),
        }
    }

    fn cores(&self) -> f64 {
        f64::from(self.kind.cores)
    }

    /// What a busy core pays in a slot, by the second.
    fn fee(&self, slots: &Slots, slot: usize) -> f64 {
        f64::from(self.kind.busy_w - self.kind.idle_w) / self.cores() * slots.price[slot] + self.rent[slot]
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
        for (slot, (rent, drift)) in self.rent.iter_mut().zip(&mut self.drift).enumerate() {
            let push = (self.excess[slot] / capacity).clamp(-1.0, 1.0);
            *drift = DRIFT * *drift + (1.0 - DRIFT) * push;
            *rent = (*rent + step * *drift * idle.max(1.0) * slots.price[slot].max(1.0)).max(0.0);
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
    let mut markets: Vec<Market> = park.kinds.iter().map(|kind| Market::new(kind, &slots, workload, easy)).collect();
    let off: f64 = off_watts(workload, park, &prices, first) / EURO;
    // The best so far after each step. With the first rents, that just pay for being on, no machine earns anything:
    // each job is alone.
    let mut best: Vec<f64> = Vec::new();
    for step in 0..=STEPS {
        let cost = round(&slots, &mut markets, workload);
        best.push(best.last().map_or(cost, |best| best.max(cost)));
        if step >= PATIENCE && best[step] - best[step - PATIENCE] < WORTHWHILE * best[step] {
            break;
        }
        for market in &mut markets {
            market.climb(&slots, STRIDE / (1.0 + step as f64 / TIRED));
        }
    }
    let (loose, best) = (best[0], best[best.len() - 1]);
    Bounds { loose_eur: off + loose / EURO, eur: off + best / EURO }
}

/// What machines draw that are off until the last job can be over at the earliest.
fn off_watts(workload: &Workload, park: &Park, prices: &Prices, first: i64) -> f64 {
    let fastest = park.kinds.iter().map(|kind| kind.speed).max().unwrap_or(NORMAL_SPEED);
    let over = |job: &Job| job.submit + i64::from(job.run) * i64::from(NORMAL_SPEED) / i64::from(fastest);
    let until = workload.jobs.iter().map(over).max().unwrap_or(first);
    let watts: f64 = park.kinds.iter().map(|kind| f64::from(kind.off_w) * f64::from(kind.count)).sum();
    watts * prices.sum(first, until) as f64
}

/// What all jobs and machines pay at these rents; fills in what is wanted beyond what is on offer.
fn round(slots: &Slots, markets: &mut [Market], workload: &Workload) -> f64 {
    let count = slots.price.len();
    let ramps: Vec<Ramp> = markets.iter().map(|market| slots.ramp(|slot| market.fee(slots, slot))).collect();
    let mut wanted: Vec<Wanted> = markets.iter().map(|_| Wanted::new(count)).collect();
    let (long, mut total) = (slots.long as u32, 0.0);
    for (number, job) in workload.jobs.iter().enumerate() {
        let offers = markets.iter().zip(&ramps).map(|(market, ramp)| market.chances[number].cheapest(long, ramp));
        let best = offers.enumerate().min_by(|one, other| one.1.0.total_cmp(&other.1.0));
        let Some((place, (cost, start))) = best else { continue };
        total += cost * f64::from(job.cores);
        wanted[place].add(long, start, f64::from(job.cores));
    }
    for (market, wanted) in markets.iter_mut().zip(&wanted) {
        let (cost, way) = market.machine(slots);
        total += cost * f64::from(market.kind.count);
        let offered = f64::from(market.kind.count) * market.cores() * slots.long as f64;
        for ((excess, wanted), on) in market.excess.iter_mut().zip(wanted.by_slot()).zip(way) {
            *excess = wanted - if on { offered } else { 0.0 };
        }
    }
    total
}

/// What is wanted of a kind in each slot, noted in a few places for a run of any length.
struct Wanted {
    /// Core-seconds a slot, from this slot on.
    onward: Vec<f64>,
    /// Core-seconds in this slot only.
    here: Vec<f64>,
}

impl Wanted {
    fn new(slots: usize) -> Wanted {
        Wanted { onward: vec![0.0; slots + 1], here: vec![0.0; slots + 1] }
    }

    /// A run takes cores.
    fn add(&mut self, long: u32, (from, until): (At, At), cores: f64) {
        let slot = cores * f64::from(long);
        self.onward[from.slot as usize] += slot;
        self.onward[until.slot as usize] -= slot;
        self.here[from.slot as usize] -= cores * f64::from(from.into);
        self.here[until.slot as usize] += cores * f64::from(until.into);
    }

    /// What all of that is, slot by slot.
    fn by_slot(&self) -> impl Iterator<Item = f64> + '_ {
        let all = self.onward.iter().scan(0.0, |all, more| {
            *all += more;
            Some(*all)
        });
        all.zip(&self.here).map(|(all, here)| all + here)
    }
}
