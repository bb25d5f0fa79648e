//! Conservative backfilling where memory can keep a job from free cores: everybody is promised a start, and machines for
//! it. The rule is that of the pool (`scheduler::pool`, its `plan`), asked of machines:
//!
//! 1. Whoever arrives is promised the earliest start at which there is room for the whole estimate beside all that runs
//!    and all that is promised. No promise is ever put off: somebody is late only where machines had to boot, and then
//!    those who were promised its place wait for it.
//! 2. In each second in which jobs end early, the queue is compressed, once and in order, before anybody else comes.
//!
//! What room is. A number of cores is enough, or is not; with memory it depends on who is where. So the plan says for
//! everybody who is promised a start which machines it will have, and how many cores of each, and by it no machine ever
//! has more jobs than it has cores and memory for. There is room for a job from an instant on
//!
//! - if machines have cores with memory for it until its estimate is over, all others staying where the plan has them; or
//! - if the plan can be made anew: all who wait are placed when their starts come, the first in the queue first, as the
//!   [`yard`](super::yard) would place them then, and everybody finds room.
//!
//! Tried are this instant and those at which something is over by the plan. When jobs start, the plan is made anew if it
//! can be; else they get what they were promised. Where there is memory for all, only cores count: at each start there
//! are enough or not, wherever they are, and so it is the pool's rule.
//!
//! Must not know how long jobs really run.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeSet, BinaryHeap};

use scheduler::index::Skyline;
use scheduler::pool::{Ask, Unlikely};

use super::Park;
use super::hall::{Hall, Place, Used};
use super::yard::{Seat, Yard};

/// A job that came.
#[derive(Clone, Debug)]
struct Entry {
    ask: Ask,
    /// Memory for each core, KiB.
    each_kib: u64,
    /// When it starts, or did.
    start: i64,
    /// Where.
    places: Vec<Place>,
}

impl Entry {
    fn until(&self) -> i64 {
        self.start + i64::from(self.ask.estimate)
    }
}

/// Jobs that wait, jobs that run; by their numbers in the order in which they came.
#[derive(Clone, Debug)]
pub struct Promises {
    entries: Vec<Entry>,
    waiting: BTreeSet<u32>,
    running: BTreeSet<u32>,
    /// Who runs where.
    hall: Hall,
    /// How many cores are free when, by what was promised.
    cores: Skyline<()>,
    /// Under which names machines in use are shared in the yard.
    names: Vec<Option<u32>>,
    /// Somebody ended early.
    compresses: bool,
    /// When the plan was made anew, or tried to be, if nothing has changed since.
    settled: Option<i64>,
}

/// Somebody is somewhere from an instant until another.
struct Stay {
    job: u32,
    from: i64,
    until: i64,
}

/// A plan that is made anew, as far as it is.
#[derive(Clone, Debug)]
struct Rehearsal {
    hall: Hall,
    /// Until when who is there, and its place in what was made anew.
    there: BinaryHeap<Reverse<(i64, u32, usize)>>,
    /// Who starts when...
    order: Vec<(i64, u32)>,
    /// ...and whose turn it is.
    next: usize,
    seated: Vec<(u32, Vec<Place>)>,
}

/// The step that begins at an instant.
fn step_at(cores: &mut Skyline<()>, instant: i64) -> u32 {
    let step = cores.find(cores.front(), instant);
    cores.cut_before(step, instant)
}

/// Somebody takes cores from an instant until another; below zero: leaves them.
fn take(free: &mut Skyline<()>, from: i64, until: i64, cores: i64) {
    let step = step_at(free, from);
    free.take_until(step, until, cores);
}

impl Promises {
    /// Nobody is there yet.
    pub fn new(park: &Park) -> Promises {
        let hall = Hall::new(park);
        Promises {
            entries: Vec::new(),
            waiting: BTreeSet::new(),
            running: BTreeSet::new(),
            names: vec![None; hall.count()],
            hall,
            cores: Skyline::new(park.cores()),
            compresses: false,
            settled: None,
        }
    }

    /// The next job comes.
    ///
    /// # Errors
    /// It would wait for ever.
    pub fn arrive(&mut self, now: i64, park: &Park, ask: Ask, each_kib: u64) -> Result<(), Unlikely> {
        let most = park.fit(each_kib);
        if u64::from(ask.cores) > most {
            return Err(Unlikely::TooLarge { asked: ask.cores, cores: u32::try_from(most).unwrap_or(u32::MAX) });
        }
        self.compress(now);
        let job = self.entries.len() as u32;
        self.entries.push(Entry { ask, each_kib, start: i64::MAX, places: Vec::new() });
        self.waiting.insert(job);
        self.improve(now, job);
        self.settled = None;
        Ok(())
    }

    /// Memory for each core of a job, KiB.
    pub fn each_kib(&self, job: u32) -> u64 {
        self.entries[job as usize].each_kib
    }

    /// The machines of a job: their kinds, the names under which they are shared, cores of each.
    pub fn machines(&self, job: u32) -> impl Iterator<Item = (u32, Option<u32>, u32)> {
        self.entries[job as usize].places.iter().map(|place| {
            let name = self.names[place.machine as usize].filter(|_| !self.hall.is_empty(place.machine));
            (self.hall.kind(place.machine), name, place.cores)
        })
    }

    /// Who starts next; the caller says [`Promises::start`] and asks again until nobody does. Who was promised now what
    /// others, being late, still have, waits for them, and so do all behind.
    pub fn decide(&mut self, now: i64, yard: &Yard) -> Option<u32> {
        self.compress(now);
        let job = self.waiting.iter().copied().find(|job| self.entries[*job as usize].start <= now)?;
        if self.settled != Some(now) {
            self.settled = Some(now);
            self.hall.note_idle(yard.idle());
            if let Some(places) = self.anew(now) {
                self.adopt(places);
            }
        }
        let entry = &self.entries[job as usize];
        self.hall.has(&entry.places, entry.each_kib).then_some(job)
    }

    /// When somebody is promised a start next.
    pub fn wake(&self, now: i64) -> Option<i64> {
        self.waiting.iter().map(|job| self.entries[*job as usize].start).filter(|start| *start > now).min()
    }

    /// A job has its machines.
    pub fn start(&mut self, now: i64, job: u32, seat: &Seat) {
        let entry = &mut self.entries[job as usize];
        let (planned, cores) = (entry.until().max(now), i64::from(entry.ask.cores));
        if entry.start < now {
            take(&mut self.cores, planned, now + i64::from(entry.ask.estimate), cores);
        }
        entry.start = now;
        self.hall.take(&entry.places, entry.each_kib);
        for (place, name) in entry.places.iter().zip(seat.names()) {
            self.names[place.machine as usize] = name;
        }
        self.waiting.remove(&job);
        self.running.insert(job);
    }

    /// A job is over.
    pub fn end(&mut self, now: i64, job: u32) {
        self.running.remove(&job);
        self.cores.advance(now, |()| ());
        let entry = &self.entries[job as usize];
        self.hall.give_back(&entry.places, entry.each_kib);
        if entry.until() > now {
            take(&mut self.cores, now, entry.until(), -i64::from(entry.ask.cores));
            self.compresses = true;
        }
        self.settled = None;
    }

    /// Each in turn is promised the earliest start there is.
    fn compress(&mut self, now: i64) {
        self.cores.advance(now, |()| ());
        if !std::mem::take(&mut self.compresses) {
            return;
        }
        for job in self.waiting.iter().copied().collect::<Vec<_>>() {
            if self.entries[job as usize].start > now {
                self.improve(now, job);
            }
        }
    }

    /// Promises a job the earliest start there is, if that is earlier than what it was promised.
    fn improve(&mut self, now: i64, job: u32) {
        let Entry { ask, start: old, .. } = self.entries[job as usize];
        let (cores, long) = (i64::from(ask.cores), i64::from(ask.estimate));
        // Where cores alone are too few nobody needs to look at machines.
        let enough = |plan: &mut Promises, from: i64| {
            let step = step_at(&mut plan.cores, from);
            plan.cores.earlier(step, i64::MAX, old, cores, long).map(|step| plan.cores.step(step).at)
        };
        let Some(first) = enough(self, now) else { return };
        let mut instants: Vec<i64> = self.stays(now, job).map(|stay| stay.until).chain([now]).collect();
        instants.retain(|at| first <= *at && *at < old);
        instants.sort_unstable();
        instants.dedup();
        let (mut from, mut rehearsal) = (first, None);
        for start in instants {
            if start < from {
                continue;
            }
            match enough(self, start) {
                None => break,
                Some(next) => from = next,
            }
            if start == from && self.try_start(now, job, start, &mut rehearsal) {
                if old < i64::MAX {
                    take(&mut self.cores, old, old + long, -cores);
                }
                take(&mut self.cores, start, start + long, cores);
                return;
            }
        }
    }

    /// Promises a job a start if there is room. The rehearsal is of all others.
    fn try_start(&mut self, now: i64, job: u32, start: i64, rehearsal: &mut Option<Rehearsal>) -> bool {
        if let Some(places) = self.beside(now, job, start) {
            self.entries[job as usize].places = places;
        } else {
            let rehearsal = rehearsal.get_or_insert_with(|| self.rehearsal(now, Some(job)));
            let Some(plan) = rehearsal.with(&self.entries, (start, job)) else { return false };
            self.adopt(plan);
        }
        self.entries[job as usize].start = start;
        true
    }

    /// Everybody but one: who runs is there until its estimate is over, and who is late for a moment yet.
    fn stays(&self, now: i64, aside: u32) -> impl Iterator<Item = Stay> {
        let stay = move |job: &u32| {
            let entry = &self.entries[*job as usize];
            Stay { job: *job, from: entry.start.max(now), until: entry.until().max(now + 1) }
        };
        self.running.iter().chain(&self.waiting).filter(move |job| **job != aside).map(stay)
    }

    /// Where a job has room from an instant on, all others staying where they are.
    fn beside(&self, now: i64, job: u32, start: i64) -> Option<Vec<Place>> {
        let Entry { ask, each_kib, .. } = &self.entries[job as usize];
        let until = start + i64::from(ask.estimate);
        let mut used = vec![Used::default(); self.hall.count()];
        let mut changes: Vec<(i64, bool, u32)> = Vec::new();
        let meanwhile = |stay: &Stay| stay.from < until && start < stay.until;
        for stay in self.stays(now, job).filter(meanwhile) {
            changes.push((stay.from.max(start), true, stay.job));
            changes.push((stay.until, false, stay.job));
        }
        changes.sort_unstable();
        let mut most = used.clone();
        for (_, comes, job) in changes.into_iter().take_while(|(at, ..)| *at < until) {
            let Entry { each_kib, places, .. } = &self.entries[job as usize];
            for place in places {
                let used = &mut used[place.machine as usize];
                let its = place.used(*each_kib);
                *used = if comes { used.plus(its) } else { used.less(its) };
                most[place.machine as usize] = most[place.machine as usize].most(*used);
            }
        }
        self.hall.find_beside(&most, ask.cores, *each_kib)
    }

    /// The plan made anew, for who waits, if everybody finds room when its start comes.
    fn anew(&self, now: i64) -> Option<Vec<(u32, Vec<Place>)>> {
        let mut rehearsal = self.rehearsal(now, None);
        rehearsal.finish(&self.entries).then_some(rehearsal.seated)
    }

    /// The plan to be made anew, of all who wait but one.
    fn rehearsal(&self, now: i64, aside: Option<u32>) -> Rehearsal {
        // Who runs has a place by its entry.
        let running =
            self.running.iter().map(|job| Reverse((self.entries[*job as usize].until().max(now + 1), *job, 0)));
        let waiting = self.waiting.iter().filter(|job| Some(**job) != aside);
        let mut order: Vec<(i64, u32)> =
            waiting.map(|job| (self.entries[*job as usize].start.max(now), *job)).collect();
        order.sort_unstable();
        Rehearsal { hall: self.hall.clone(), there: running.collect(), order, next: 0, seated: Vec::new() }
    }

    fn adopt(&mut self, plan: Vec<(u32, Vec<Place>)>) {
        for (job, places) in plan {
            self.entries[job as usize].places = places;
        }
    }
}

impl Rehearsal {
    /// Those leave who are gone by then.
    fn leave(&mut self, entries: &[Entry], at: i64) {
        while let Some(gone) = self.there.peek_mut().filter(|first| first.0.0 <= at) {
            let Reverse((_, job, place)) = PeekMut::pop(gone);
            let entry = &entries[job as usize];
            let anew = self.seated.get(place).filter(|(other, _)| *other == job);
            self.hall.give_back(anew.map_or(&entry.places, |(_, places)| places), entry.each_kib);
        }
    }

    /// Whether a job finds room when its start comes; all who start before are there.
    fn place(&mut self, entries: &[Entry], (start, job): (i64, u32)) -> bool {
        self.leave(entries, start);
        let Entry { ask, each_kib, .. } = &entries[job as usize];
        let Some(places) = self.hall.find(ask.cores, *each_kib) else { return false };
        self.hall.take(&places, *each_kib);
        self.there.push(Reverse((start + i64::from(ask.estimate), job, self.seated.len())));
        self.seated.push((job, places));
        true
    }

    /// Whether all find room who start before another.
    fn go_to(&mut self, entries: &[Entry], turn: (i64, u32)) -> bool {
        while let Some(next) = self.order.get(self.next).copied().filter(|next| *next < turn) {
            if !self.place(entries, next) {
                return false;
            }
            self.next += 1;
        }
        true
    }

    /// Whether all others find room.
    fn finish(&mut self, entries: &[Entry]) -> bool {
        self.go_to(entries, (i64::MAX, u32::MAX))
    }

    /// The plan with one more, if everybody finds room. Asked of later and later starts.
    fn with(&mut self, entries: &[Entry], turn: (i64, u32)) -> Option<Vec<(u32, Vec<Place>)>> {
        if !self.go_to(entries, turn) {
            return None;
        }
        self.leave(entries, turn.0);
        let Entry { ask, each_kib, .. } = &entries[turn.1 as usize];
        self.hall.find(ask.cores, *each_kib)?;
        let mut all = self.clone();
        (all.place(entries, turn) && all.finish(entries)).then_some(all.seated)
    }
}
