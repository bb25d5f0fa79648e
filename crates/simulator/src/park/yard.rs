//! What each machine of a park is doing, and which of them a job gets. Must not know who decides that a job starts or
//! that a machine is switched.
//!
//! A job may use cores of several machines. It takes, from the cheapest kind to the dearest, first what is free on
//! machines with other jobs (the fullest first), then idle machines (the most recently idle first, so that the others
//! can sleep), then those that boot, then those that are off. Of each it takes as many cores as there is memory for.

mod chosen;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};

use super::meter::{Meter, Row, State};
use super::tenants::Need;
use super::{Kind, NORMAL_SPEED, Park, fit};

/// Machines in a state since an instant, or until one.
#[derive(Clone, Copy, Debug)]
struct Group {
    at: i64,
    first: u32,
    count: u32,
}

/// A machine with jobs on a part of it.
#[derive(Clone, Copy, Debug)]
struct Shared {
    machine: u32,
    free: u32,
    /// Memory that is free, KiB.
    free_kib: u64,
    /// When it is on.
    up: i64,
    /// When the first of its jobs begins.
    begins: i64,
}

/// What a job has of a kind: whole machines in a row, or some cores of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    row: Row,
    /// Cores of each machine of the row.
    cores: u32,
    /// Memory of each, KiB; not counted for whole machines.
    memory_kib: u64,
    /// When those machines are on.
    up: i64,
    /// The name of the one machine, if it has room for others.
    shared: Option<u32>,
}

/// What a job got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// When all of its machines are on.
    pub begins: i64,
    /// The slowest of their speeds.
    pub speed: u32,
    pieces: Vec<Piece>,
}

/// Machines of a kind.
#[derive(Clone, Debug)]
struct Stable {
    cores: u32,
    /// Memory of each, KiB.
    memory_kib: u64,
    boot: i64,
    /// The most recently idle last.
    idle: VecDeque<Group>,
    /// The first to be ready first.
    booting: VecDeque<Group>,
    /// The most recently switched off last.
    off: Vec<Group>,
    /// By a name that counts them as they are first shared.
    shared: BTreeMap<u32, Shared>,
    named: u32,
    /// Those of [`Stable::shared`] with free cores: fewest first.
    gaps: BTreeSet<(u32, u32)>,
    /// Whether it matters which machines of a row are meant. If not, rows are joined as if they were neighbours: it
    /// changes nobody's time.
    exact: bool,
    /// Machines idle, booting.
    on: [u32; 2],
}

/// All machines.
#[derive(Clone, Debug)]
pub struct Yard<'a> {
    stables: Vec<Stable>,
    speeds: Vec<u32>,
    meter: Meter<'a>,
    boots: u64,
}

/// Takes machines from the end of a group; the group may become empty.
fn split(group: &mut Group, most: u32) -> Group {
    let count = most.min(group.count);
    group.count -= count;
    Group { at: group.at, first: group.first + group.count, count }
}

/// Adds a group behind others, to the last one if they are neighbours of the same instant.
fn append(groups: &mut VecDeque<Group>, group: Group, exact: bool) {
    if let Some(last) = groups.back_mut()
        && last.at == group.at
        && (!exact || last.first + last.count == group.first)
    {
        last.count += group.count;
        return;
    }
    groups.push_back(group);
}

impl Stable {
    fn new(kind: &Kind, now: i64, exact: bool) -> Stable {
        let all = Group { at: now, first: 0, count: kind.count };
        Stable {
            cores: kind.cores,
            memory_kib: kind.memory_kib(),
            boot: i64::from(kind.boot_s),
            idle: VecDeque::from([all]),
            booting: VecDeque::new(),
            off: Vec::new(),
            shared: BTreeMap::new(),
            named: 0,
            gaps: BTreeSet::new(),
            exact,
            on: [kind.count, 0],
        }
    }

    /// Some machines that are not in use, as ready as they come: the group's instant is when they are on.
    fn fetch(&mut self, now: i64, kind: u32, most: u32, from: State, meter: &mut Meter) -> Option<Group> {
        let row = |group: &Group| Row { kind, first: group.first, count: group.count };
        match from {
            State::Idle => {
                let group = self.idle.back_mut()?;
                let taken = split(group, most);
                if group.count == 0 {
                    self.idle.pop_back();
                }
                self.on[0] -= taken.count;
                meter.add(row(&taken), State::Idle, taken.at, now);
                Some(Group { at: now, ..taken })
            }
            State::Booting => {
                let group = self.booting.front_mut()?;
                let taken = split(group, most);
                if group.count == 0 {
                    self.booting.pop_front();
                }
                self.on[1] -= taken.count;
                meter.add(row(&taken), State::Booting, taken.at - self.boot, taken.at);
                Some(taken)
            }
            State::Off => {
                let group = self.off.last_mut()?;
                let taken = split(group, most);
                if group.count == 0 {
                    self.off.pop();
                }
                meter.add(row(&taken), State::Off, taken.at, now);
                Some(Group { at: now + self.boot, ..taken })
            }
            State::Busy => None,
        }
    }

    /// Cores of machines that have other jobs.
    fn fill(&mut self, kind: u32, each_kib: u64, need: &mut u32, pieces: &mut Vec<Piece>) {
        let mut after = (0, 0);
        while *need > 0 {
            let Some((free, name)) = self.gaps.range((Excluded(after), Unbounded)).next().copied() else { return };
            // What is left of it afterwards has fewer free cores: it is not met again.
            after = (free, name);
            if let Some(piece) = self.occupy(kind, each_kib, name, *need) {
                *need -= piece.cores;
                pieces.push(piece);
            }
        }
    }

    /// At most so many cores of a machine that has other jobs.
    fn occupy(&mut self, kind: u32, each_kib: u64, name: u32, most: u32) -> Option<Piece> {
        let shared = self.shared.get_mut(&name)?;
        let cores = fit(shared.free, shared.free_kib, each_kib).min(most);
        if cores == 0 {
            return None;
        }
        let memory_kib = u64::from(cores) * each_kib;
        self.gaps.remove(&(shared.free, name));
        shared.free -= cores;
        shared.free_kib -= memory_kib;
        if shared.free > 0 {
            self.gaps.insert((shared.free, name));
        }
        let row = Row { kind, first: shared.machine, count: 1 };
        Some(Piece { row, cores, memory_kib, up: shared.up, shared: Some(name) })
    }

    /// Some machines for a job, as [`Stable::fetch`] has them: those that are off begin to boot.
    fn awaken(&mut self, now: i64, kind: u32, most: u32, from: State, meter: &mut Meter) -> Option<Group> {
        let group = self.fetch(now, kind, most, from, meter)?;
        if from == State::Off {
            meter.add(Row { kind, first: group.first, count: group.count }, State::Booting, now, group.at);
        }
        Some(group)
    }

    /// Machines that have no job.
    fn claim(&mut self, kind: u32, each_kib: u64, group: Group, need: &mut u32, pieces: &mut Vec<Piece>) {
        let row = Row { kind, first: group.first, count: group.count };
        let most = self.fit(each_kib);
        if most == self.cores && group.count * self.cores <= *need {
            *need -= group.count * self.cores;
            let piece = Piece { row, cores: self.cores, memory_kib: 0, up: group.at, shared: None };
            let alike = |last: &&mut Piece| (last.row.kind, last.up, last.shared) == (kind, group.at, None);
            match pieces.last_mut().filter(alike).filter(|_| !self.exact) {
                Some(last) => last.row.count += group.count,
                None => pieces.push(piece),
            }
            return;
        }
        // Some cores of each are left: it has not memory for all, or is the only one and not needed whole.
        for machine in group.first..group.first + group.count {
            let cores = most.min(*need);
            let memory_kib = u64::from(cores) * each_kib;
            let (free, free_kib, name) = (self.cores - cores, self.memory_kib - memory_kib, self.named);
            self.named += 1;
            self.shared.insert(name, Shared { machine, free, free_kib, up: group.at, begins: i64::MAX });
            self.gaps.insert((free, name));
            let row = Row { first: machine, count: 1, ..row };
            pieces.push(Piece { row, cores, memory_kib, up: group.at, shared: Some(name) });
            *need -= cores;
        }
    }

    /// How many cores of one of these machines a job can use if nobody else is on it.
    fn fit(&self, each_kib: u64) -> u32 {
        fit(self.cores, self.memory_kib, each_kib)
    }

    /// How many cores a job can use now, booting what is off.
    fn room(&self, each_kib: u64) -> u64 {
        let off: u32 = self.off.iter().map(|group| group.count).sum();
        let empty = u64::from(self.on[0] + self.on[1] + off) * u64::from(self.fit(each_kib));
        let shared = self.shared.values().map(|shared| u64::from(fit(shared.free, shared.free_kib, each_kib)));
        empty + shared.sum::<u64>()
    }

    /// How much greater [`Stable::room`] is when a piece is given back.
    fn gain(&self, piece: &Piece, each_kib: u64) -> u64 {
        let Some(shared) = piece.shared.and_then(|name| self.shared.get(&name)) else {
            return u64::from(piece.row.count) * u64::from(self.fit(each_kib));
        };
        let after = fit(shared.free + piece.cores, shared.free_kib + piece.memory_kib, each_kib);
        u64::from(after - fit(shared.free, shared.free_kib, each_kib))
    }

    fn release(&mut self, now: i64, begins: i64, piece: &Piece, meter: &mut Meter) {
        let row = piece.row;
        let (mut up, mut busy_from) = (piece.up, begins);
        if let Some(name) = piece.shared {
            let Some(shared) = self.shared.get_mut(&name) else { return };
            self.gaps.remove(&(shared.free, name));
            shared.free += piece.cores;
            shared.free_kib += piece.memory_kib;
            if shared.free < self.cores {
                self.gaps.insert((shared.free, name));
                return;
            }
            (up, busy_from) = (shared.up, shared.begins);
            self.shared.remove(&name);
        }
        meter.add(row, State::Idle, up, busy_from);
        meter.add(row, State::Busy, busy_from, now);
        self.on[0] += row.count;
        append(&mut self.idle, Group { at: now, first: row.first, count: row.count }, self.exact);
    }

    fn off_since(&mut self, kind: u32, mut group: Group, at: i64, meter: &mut Meter) {
        meter.add(Row { kind, first: group.first, count: group.count }, State::Idle, group.at, at);
        self.on[0] -= group.count;
        group.at = at;
        self.off.push(group);
    }
}

impl<'a> Yard<'a> {
    /// All machines are on and idle.
    pub fn new(park: &Park, now: i64, meter: Meter<'a>) -> Yard<'a> {
        Yard {
            stables: park.kinds.iter().map(|kind| Stable::new(kind, now, meter.has_spans())).collect(),
            speeds: park.kinds.iter().map(|kind| kind.speed).collect(),
            meter,
            boots: 0,
        }
    }

    /// How many jobs waited for a machine to boot.
    pub fn boot_waits(&self) -> u64 {
        self.boots
    }

    /// The meter; complete after [`Yard::close`].
    pub fn meter(&self) -> &Meter<'a> {
        &self.meter
    }

    /// How many cores a job can use now that needs so much memory for each, booting what is off.
    pub fn room(&self, each_kib: u64) -> u64 {
        self.stables.iter().map(|stable| stable.room(each_kib)).sum()
    }

    /// How much greater [`Yard::room`] is when a job is over.
    pub fn gain(&self, seat: &Seat, each_kib: u64) -> u64 {
        let of = |piece: &Piece| self.stables[piece.row.kind as usize].gain(piece, each_kib);
        seat.pieces.iter().map(of).sum()
    }

    /// The same yard for trying something out.
    pub fn sketch(&self) -> Yard<'a> {
        let (stables, speeds) = (self.stables.clone(), self.speeds.clone());
        Yard { stables, speeds, meter: self.meter.sums_only(), boots: 0 }
    }

    /// Machines for a job that starts now; the caller knows that there is [`Yard::room`], or, where no memory is asked
    /// for, that there are enough cores.
    pub fn take(&mut self, now: i64, Need { cores, each_kib }: Need) -> Seat {
        self.ready(now);
        let (mut need, mut pieces) = (cores, Vec::new());
        for (kind, stable) in self.stables.iter_mut().enumerate() {
            stable.fill(kind as u32, each_kib, &mut need, &mut pieces);
        }
        for state in [State::Idle, State::Booting, State::Off] {
            for (kind, stable) in self.stables.iter_mut().enumerate() {
                let each = stable.fit(each_kib);
                while need > 0 && each > 0 {
                    let most = (need / each).max(1);
                    let Some(group) = stable.awaken(now, kind as u32, most, state, &mut self.meter) else { break };
                    stable.claim(kind as u32, each_kib, group, &mut need, &mut pieces);
                }
            }
        }
        self.seat(now, pieces)
    }

    /// What a job got.
    fn seat(&mut self, now: i64, pieces: Vec<Piece>) -> Seat {
        let begins = pieces.iter().map(|piece| piece.up).max().unwrap_or(now).max(now);
        let speed = pieces.iter().map(|piece| self.speeds[piece.row.kind as usize]).min().unwrap_or(NORMAL_SPEED);
        self.boots += u64::from(begins > now);
        for piece in &pieces {
            let stable = &mut self.stables[piece.row.kind as usize];
            if let Some(shared) = piece.shared.and_then(|name| stable.shared.get_mut(&name)) {
                shared.begins = shared.begins.min(begins);
            }
        }
        Seat { begins, speed, pieces }
    }

    /// A job is over: what it had is idle, unless others are on it.
    pub fn give_back(&mut self, now: i64, seat: &Seat) {
        for piece in &seat.pieces {
            self.stables[piece.row.kind as usize].release(now, seat.begins, piece, &mut self.meter);
        }
    }

    /// Machines that have booted by now are idle.
    fn ready(&mut self, now: i64) {
        for (kind, stable) in self.stables.iter_mut().enumerate() {
            while let Some(group) = stable.booting.front().copied().filter(|group| group.at <= now) {
                stable.booting.pop_front();
                let row = Row { kind: kind as u32, first: group.first, count: group.count };
                self.meter.add(row, State::Booting, group.at - stable.boot, group.at);
                stable.on[1] -= group.count;
                stable.on[0] += group.count;
                // Those that became idle later stay behind: the order is by when.
                let place = stable.idle.partition_point(|other| other.at <= group.at);
                stable.idle.insert(place, group);
            }
        }
    }

    /// Switches off who has been idle for so many seconds by now, each at the instant at which it had been.
    pub fn sleep_after(&mut self, now: i64, seconds: i64) {
        self.ready(now);
        for (kind, stable) in self.stables.iter_mut().enumerate() {
            while let Some(group) = stable.idle.front().copied().filter(|group| group.at + seconds <= now) {
                stable.idle.pop_front();
                stable.off_since(kind as u32, group, group.at + seconds, &mut self.meter);
            }
        }
    }

    /// Keeps from `least` to `most` cores idle or booting: of more, those that were idle for at least `rest` seconds are
    /// switched off, the dearest kinds and the longest idle first; of fewer, others boot, the cheapest kinds first.
    pub fn keep(&mut self, now: i64, least: u64, most: u64, rest: i64) {
        self.ready(now);
        let warm = self.warm();
        if warm > most {
            self.switch_off(now, warm - most, rest);
        } else if warm < least {
            self.boot(now, least - warm);
        }
    }

    /// No more than so many cores less.
    fn switch_off(&mut self, now: i64, mut more: u64, rest: i64) {
        for (kind, stable) in self.stables.iter_mut().enumerate().rev() {
            while more >= u64::from(stable.cores) {
                let Some(group) = stable.idle.front_mut().filter(|group| group.at + rest <= now) else { break };
                let most = (more / u64::from(stable.cores)) as u32;
                let taken = split(group, most);
                if group.count == 0 {
                    stable.idle.pop_front();
                }
                more -= u64::from(taken.count) * u64::from(stable.cores);
                stable.off_since(kind as u32, taken, now, &mut self.meter);
            }
        }
    }

    /// No fewer than so many cores more, as long as there are any.
    fn boot(&mut self, now: i64, mut less: u64) {
        for (kind, stable) in self.stables.iter_mut().enumerate() {
            while less > 0 {
                let most = less.div_ceil(u64::from(stable.cores)) as u32;
                let Some(count) = stable.boot(now, kind as u32, most, &mut self.meter) else { break };
                less = less.saturating_sub(u64::from(count) * u64::from(stable.cores));
            }
        }
    }

    /// Cores of machines that have no job and are on, or will be.
    pub fn warm(&self) -> u64 {
        let of = |stable: &Stable| u64::from(stable.on[0] + stable.on[1]) * u64::from(stable.cores);
        self.stables.iter().map(of).sum()
    }

    /// Free cores of machines with jobs.
    pub fn beside(&mut self, now: i64) -> u64 {
        self.ready(now);
        self.stables.iter().flat_map(|stable| &stable.gaps).map(|(free, _)| u64::from(*free)).sum()
    }

    /// Free cores of machines that are on, no memory being asked for.
    pub fn ready_cores(&mut self, now: i64) -> u64 {
        let beside = self.beside(now);
        beside + self.stables.iter().map(|stable| u64::from(stable.on[0]) * u64::from(stable.cores)).sum::<u64>()
    }

    /// Cores of machines that boot for nobody, and when they are on: each instant once, in order.
    pub fn coming(&self) -> impl Iterator<Item = (i64, u64)> {
        // Each kind's are in order already.
        let kinds = self.stables.iter().map(|stable| (u64::from(stable.cores), stable.booting.iter().peekable()));
        let mut kinds: Vec<_> = kinds.collect();
        std::iter::from_fn(move || {
            let next = kinds.iter_mut().filter_map(|(_, groups)| groups.peek()).map(|group| group.at).min()?;
            let mut sum = 0;
            for (cores, groups) in &mut kinds {
                while let Some(group) = groups.next_if(|group| group.at == next) {
                    sum += u64::from(group.count) * *cores;
                }
            }
            Some((next, sum))
        })
    }

    /// When the first of the machines is on that boot for nobody.
    pub fn next_up(&self) -> Option<i64> {
        self.stables.iter().filter_map(|stable| stable.booting.front()).map(|group| group.at).min()
    }

    /// Adds up what machines were doing until the end, all jobs being over.
    pub fn close(&mut self, now: i64) {
        self.ready(now);
        for (kind, stable) in self.stables.iter_mut().enumerate() {
            let row = |group: &Group| Row { kind: kind as u32, first: group.first, count: group.count };
            for group in &stable.idle {
                self.meter.add(row(group), State::Idle, group.at, now);
            }
            for group in &stable.booting {
                self.meter.add(row(group), State::Booting, group.at - stable.boot, now);
            }
            for group in &stable.off {
                self.meter.add(row(group), State::Off, group.at, now);
            }
        }
    }
}
