//! Who runs on which machines and until when at the latest: what room there will be where memory matters. What a job would
//! take, and what others leave of it, is tried out on a sketch of the [`yard`](super::yard), so it is placed as it would
//! really be. Must not know who waits, nor how long jobs really run.

use std::collections::BTreeMap;

use super::yard::{Seat, Yard};

/// What a job needs of machines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Need {
    /// Cores.
    pub cores: u32,
    /// Memory for each of them, KiB.
    pub each_kib: u64,
}

impl Need {
    fn fits(self, room: u64) -> bool {
        room >= u64::from(self.cores)
    }
}

/// All who run, by when their estimates are over.
#[derive(Clone, Debug, Default)]
pub struct Tenants {
    seats: BTreeMap<(i64, u32), Seat>,
    /// When the estimate of each is over.
    until: BTreeMap<u32, i64>,
}

impl Tenants {
    /// A job has its machines until an instant.
    pub fn enter(&mut self, until: i64, job: u32, seat: Seat) {
        self.seats.insert((until, job), seat);
        self.until.insert(job, until);
    }

    /// A job is over.
    pub fn leave(&mut self, job: u32) {
        if let Some(until) = self.until.remove(&job) {
            self.seats.remove(&(until, job));
        }
    }

    /// Whether there is room now.
    pub fn has_room(yard: &Yard, need: Need) -> bool {
        need.fits(yard.room(need.each_kib))
    }

    /// When there is room, if all that runs takes as long as it may.
    pub fn turn_of(&self, now: i64, yard: &Yard, need: Need) -> i64 {
        let mut sketch = yard.sketch();
        let mut room = sketch.room(need.each_kib);
        for ((until, _), seat) in &self.seats {
            room += sketch.gain(seat, need.each_kib);
            sketch.give_back(now, seat);
            if need.fits(room) {
                return *until;
            }
        }
        i64::MAX
    }

    /// How many machines of each kind a job would have to boot if it got its machines now, all being gone who are when its
    /// turn has come.
    pub fn boots(&self, now: i64, yard: &Yard, need: Need, turn: i64) -> Vec<u32> {
        let mut sketch = yard.sketch();
        for (_, seat) in self.seats.range(..=(turn, u32::MAX)) {
            sketch.give_back(now, seat);
        }
        let before = sketch.off();
        sketch.take(now, need);
        before.into_iter().zip(sketch.off()).map(|(before, after)| before - after).collect()
    }

    /// Whether there is room for one that starts now and for the head when its turn has come.
    pub fn has_room_for_both(&self, now: i64, yard: &Yard, job: Need, (head, turn): (Need, i64)) -> bool {
        let mut sketch = yard.sketch();
        sketch.take(now, job);
        for (_, seat) in self.seats.range(..=(turn, u32::MAX)) {
            sketch.give_back(now, seat);
        }
        head.fits(sketch.room(head.each_kib))
    }
}
