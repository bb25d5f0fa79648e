//! The real centre's rules, written for clarity: second by second, everything counted anew, cores that are all alike.
//! Priorities, arrays with a throttle, dependencies, reservations, and emergencies that end others.

use std::cmp::Reverse;

/// Nothing is planned later than this.
const HORIZON: usize = 4_000;

/// What a job may displace, and how it is displaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Normal,
    /// Goes after the others.
    Low,
    /// Goes after the others; may be put back in the queue.
    Requeued,
    /// Goes after the others; may be cancelled.
    Cancelled,
    /// Goes first, and displaces those two.
    Urgent,
}

#[derive(Clone, Debug)]
pub struct Wish {
    pub submit: i64,
    pub cores: i64,
    pub estimate: i64,
    pub run: i64,
    pub kind: Kind,
    /// Tasks, and how many may run at once.
    pub array: Option<(u32, Option<u32>)>,
    /// After this one: is over, or is over and went well.
    pub after: Option<(usize, bool)>,
    /// In the reservation.
    pub inside: bool,
}

/// So many cores from one instant until before another.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub cores: i64,
    pub from: i64,
    pub until: i64,
}

/// A record: a job, what is left of an array, or one of its tasks.
#[derive(Clone, Debug)]
struct Record {
    id: u32,
    wish: usize,
    /// Tasks that have not left it; 1 for what is no array.
    left: u32,
    /// What no start before it is.
    not_before: i64,
    started: Option<i64>,
}

pub struct NaiveCentre {
    wishes: Vec<Wish>,
    cores: i64,
    kept: Option<Kept>,
    requeue_delay: i64,
    next_id: u32,
    waiting: Vec<Record>,
    running: Vec<Record>,
    /// Tasks of each wish that are over, and whether all went well.
    over: Vec<(u32, bool)>,
    /// The number that each wish's record got.
    pub ids: Vec<u32>,
    /// All starts: when, which wish, when it would end.
    pub log: Vec<(i64, u32, i64)>,
}

impl NaiveCentre {
    pub fn play(wishes: Vec<Wish>, cores: i64, kept: Option<Kept>, requeue_delay: i64, until: i64) -> Self {
        let over = vec![(0, true); wishes.len()];
        let ids = vec![0; wishes.len()];
        let (waiting, running, log) = (Vec::new(), Vec::new(), Vec::new());
        let mut centre =
            NaiveCentre { wishes, cores, kept, requeue_delay, next_id: 1, waiting, running, over, ids, log };
        for now in 0..until {
            centre.second(now);
        }
        centre
    }

    fn second(&mut self, now: i64) {
        for record in std::mem::take(&mut self.running) {
            if record.started.unwrap() + self.wishes[record.wish].run > now {
                self.running.push(record);
            } else {
                self.over[record.wish].0 += 1;
            }
        }
        for wish in (0..self.wishes.len()).filter(|wish| self.wishes[*wish].submit == now) {
            let left = self.wishes[wish].array.map_or(1, |(tasks, _)| tasks);
            self.ids[wish] = self.next_id;
            self.waiting.push(Record { id: self.next_id, wish, left, not_before: now, started: None });
            self.next_id += 1;
        }
        while self.pass(now) {}
    }

    fn tasks(&self, wish: usize) -> u32 {
        self.wishes[wish].array.map_or(1, |(tasks, _)| tasks)
    }

    fn may_start(&self, record: &Record, now: i64) -> bool {
        let wish = &self.wishes[record.wish];
        let after = wish.after.is_none_or(|(other, well)| {
            let (over, all_well) = self.over[other];
            over == self.tasks(other) && (all_well || !well)
        });
        let running = self.running.iter().filter(|other| other.wish == record.wish).count() as u32;
        let throttle = wish.array.and_then(|(_, limit)| limit).is_none_or(|limit| running < limit);
        let open = !wish.inside
            || self
                .kept
                .is_some_and(|kept| kept.from <= now && now + wish.estimate <= kept.until && wish.cores <= kept.cores);
        record.not_before <= now && after && throttle && open
    }

    /// First the urgent, then the normal, then the rest; each by number.
    fn queue(&self, now: i64) -> Vec<Record> {
        let mut queue: Vec<Record> =
            self.waiting.iter().filter(|record| self.may_start(record, now)).cloned().collect();
        queue.sort_by_key(|record| {
            let rank = match self.wishes[record.wish].kind {
                Kind::Urgent => 0,
                Kind::Normal => 1,
                _ => 2,
            };
            (rank, record.id)
        });
        queue
    }

    /// Cores in use in each second from now on, by everybody and by those in the reservation, if all that runs takes as
    /// long as it may and these records besides start when it is said.
    fn used(&self, now: i64, besides: &[(usize, i64)]) -> Vec<(i64, i64)> {
        let mut used = vec![(0, 0); HORIZON];
        let runs = self.running.iter().map(|record| (record.wish, record.started.unwrap()));
        for (wish, start) in runs.chain(besides.iter().copied()) {
            let wish = &self.wishes[wish];
            for second in start.max(now)..start + wish.estimate {
                let used = &mut used[(second - now) as usize];
                used.0 += wish.cores;
                used.1 += if wish.inside { wish.cores } else { 0 };
            }
        }
        used
    }

    /// Whether a job has room from its start to its end.
    fn has_room(&self, wish: usize, start: i64, now: i64, besides: &[(usize, i64)]) -> bool {
        let used = self.used(now, besides);
        let wish = &self.wishes[wish];
        let within = |kept: Kept| kept.from <= start && start + wish.estimate <= kept.until;
        if wish.inside && !self.kept.is_some_and(within) {
            return false;
        }
        (start..start + wish.estimate).all(|second| {
            let (all, inside) = used[(second - now) as usize];
            let kept = self.kept.filter(|kept| kept.from <= second && second < kept.until);
            let left = kept.map_or(0, |kept| (kept.cores - inside).max(0));
            let free = self.cores - all;
            wish.cores <= if wish.inside { free.min(left) } else { free - left }
        })
    }

    /// One start, or the displacements that make place for one; says whether anything happened.
    fn pass(&mut self, now: i64) -> bool {
        let queue = self.queue(now);
        let mut promised: Option<(usize, i64)> = None;
        for record in queue {
            let wish = record.wish;
            let room = self.has_room(wish, now, now, &[]);
            if room && promised.is_none_or(|(first, at)| self.has_room(first, at, now, &[(wish, now)])) {
                self.start(&record, now);
                return true;
            }
            if promised.is_none() {
                if self.wishes[wish].kind == Kind::Urgent && self.make_place(wish, now) {
                    return true;
                }
                let end = now + HORIZON as i64 - self.wishes[wish].estimate;
                match (now..end).find(|start| self.has_room(wish, *start, now, &[])) {
                    Some(start) => promised = Some((wish, start)),
                    // Who can never be promised anything holds up nobody, and nobody else is promised anything.
                    None => promised = Some((wish, i64::MAX)),
                }
                if promised.is_some_and(|(_, at)| at == i64::MAX) {
                    return self.start_any(now, &record);
                }
            }
        }
        false
    }

    /// The first of those behind who has room.
    fn start_any(&mut self, now: i64, after: &Record) -> bool {
        let queue = self.queue(now);
        let place = queue.iter().position(|record| record.id == after.id).unwrap();
        let next = queue[place + 1..].iter().find(|record| self.has_room(record.wish, now, now, &[])).cloned();
        next.inspect(|record| self.start(record, now)).is_some()
    }

    fn start(&mut self, record: &Record, now: i64) {
        let wish = record.wish;
        let place = self.waiting.iter().position(|other| other.id == record.id).unwrap();
        let mut run = record.clone();
        if record.left > 1 {
            self.waiting[place].left -= 1;
            run = Record { id: self.next_id, left: 1, ..run };
            self.next_id += 1;
        } else {
            self.waiting.remove(place);
        }
        run.started = Some(now);
        self.running.push(run);
        self.log.push((now, wish as u32, now + self.wishes[wish].run));
        let used: i64 = self.running.iter().map(|record| self.wishes[record.wish].cores).sum();
        assert!(used <= self.cores, "{used} cores are in use");
    }

    /// Ends the fewest and least important runs that must go: one alone if one is enough, the youngest first.
    fn make_place(&mut self, urgent: usize, now: i64) -> bool {
        let wish = self.wishes[urgent].clone();
        let inside: i64 =
            self.running.iter().map(|run| &self.wishes[run.wish]).filter(|w| w.inside).map(|w| w.cores).sum();
        let meets = |kept: &Kept| kept.from < now + wish.estimate && now < kept.until;
        let kept = self.kept.filter(meets).map_or(0, |kept| (kept.cores - inside).max(0));
        let free = self.cores - self.running.iter().map(|run| self.wishes[run.wish].cores).sum::<i64>();
        let enough = |more: i64| free + more - kept >= wish.cores;
        if enough(0) {
            return false;
        }
        let mut victims: Vec<Record> = (self.running.iter())
            .filter(|run| matches!(self.wishes[run.wish].kind, Kind::Requeued | Kind::Cancelled))
            .cloned()
            .collect();
        victims.sort_by_key(|run| (Reverse(run.started), Reverse(run.id)));
        let cores = |run: &Record| self.wishes[run.wish].cores;
        let mut chosen: Vec<Record> = victims.iter().find(|run| enough(cores(run))).into_iter().cloned().collect();
        if chosen.is_empty() {
            for run in victims {
                chosen.push(run);
                if enough(chosen.iter().map(cores).sum()) {
                    break;
                }
            }
            if !enough(chosen.iter().map(cores).sum()) {
                return false;
            }
            for at in (0..chosen.len()).rev() {
                let without: i64 =
                    chosen.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, run)| cores(run)).sum();
                if enough(without) {
                    chosen.remove(at);
                }
            }
        }
        for run in chosen {
            self.running.retain(|other| other.id != run.id);
            if self.wishes[run.wish].kind == Kind::Requeued {
                self.waiting.push(Record { not_before: now + self.requeue_delay, started: None, ..run });
            } else {
                self.over[run.wish] = (self.over[run.wish].0 + 1, false);
            }
        }
        true
    }
}
