//! A pool under each rule, written for clarity and nothing else: second by second, and everything counted anew. What
//! EASY and conservative backfilling mean is said here by what they promise, not by how it is found out.

use scheduler::pool::Rule;
use simulator::workload::{Job, Workload};

pub struct Naive<'a> {
    jobs: &'a [Job],
    procs: i64,
    rule: Rule,
    waiting: Vec<usize>,
    /// Jobs and their starts.
    running: Vec<(usize, i64)>,
    /// What conservative backfilling promised to each that waits.
    promised: Vec<i64>,
    pub starts: Vec<i64>,
    /// The first promise that each was given.
    pub first_promise: Vec<i64>,
}

impl<'a> Naive<'a> {
    pub fn play(workload: &'a Workload, rule: Rule) -> Self {
        let count = workload.jobs.len();
        let mut naive = Naive {
            jobs: &workload.jobs,
            procs: i64::from(workload.procs),
            rule,
            waiting: Vec::new(),
            running: Vec::new(),
            promised: vec![i64::MAX; count],
            starts: vec![i64::MAX; count],
            first_promise: vec![i64::MAX; count],
        };
        let mut now = 0;
        while naive.starts.contains(&i64::MAX) {
            naive.second(now);
            now += 1;
        }
        naive
    }

    /// All ends, then all arrivals, then one pass.
    fn second(&mut self, now: i64) {
        let jobs = self.jobs;
        let over = |(job, start): &(usize, i64)| start + i64::from(jobs[*job].run) <= now;
        let early = |run: &(usize, i64)| over(run) && run.1 + i64::from(jobs[run.0].estimate) > now;
        let ended_early = self.running.iter().any(early);
        self.running.retain(|run| !over(run));
        if self.rule == Rule::Conservative && ended_early {
            self.compress(now);
        }
        for job in (0..jobs.len()).filter(|job| jobs[*job].submit == now) {
            self.waiting.push(job);
            if self.rule == Rule::Conservative {
                self.promised[job] = self.earliest(job, now);
                self.first_promise[job] = self.promised[job];
            }
        }
        match self.rule {
            Rule::Fcfs => while self.start_first(now) {},
            Rule::Easy { shortest_first } => while self.start_first(now) || self.start_behind(now, shortest_first) {},
            Rule::Conservative => {
                let due = |job: &usize| self.promised[*job] == now;
                for job in self.waiting.iter().copied().filter(due).collect::<Vec<_>>() {
                    self.start(job, now);
                }
            }
        }
    }

    fn start(&mut self, job: usize, now: i64) {
        self.waiting.retain(|other| *other != job);
        self.running.push((job, now));
        self.starts[job] = now;
        let used: i64 = self.running.iter().map(|(job, _)| i64::from(self.jobs[*job].cores)).sum();
        assert!(used <= self.procs, "{used} cores are in use");
    }

    /// Cores that are free at an instant if everything runs as long as it may.
    fn free_at(&self, instant: i64) -> i64 {
        let still = |(job, start): &&(usize, i64)| start + i64::from(self.jobs[*job].estimate) > instant;
        self.procs - self.running.iter().filter(still).map(|(job, _)| i64::from(self.jobs[*job].cores)).sum::<i64>()
    }

    fn start_first(&mut self, now: i64) -> bool {
        let Some(first) = self.waiting.first().copied() else { return false };
        let fits = i64::from(self.jobs[first].cores) <= self.free_at(now);
        if fits {
            self.start(first, now);
        }
        fits
    }

    /// When the first in the queue can start if all that runs takes as long as it may.
    fn turn_of_first(&self, now: i64) -> i64 {
        let cores = i64::from(self.jobs[self.waiting[0]].cores);
        (now..).find(|instant| self.free_at(*instant) >= cores).unwrap()
    }

    /// EASY: somebody behind the first starts, if the first can start just as early all the same.
    fn start_behind(&mut self, now: i64, shortest_first: bool) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        let turn = self.turn_of_first(now);
        let mut others = self.waiting[1..].to_vec();
        if shortest_first {
            others.sort_by_key(|job| (self.jobs[*job].estimate, *job));
        }
        for job in others {
            if i64::from(self.jobs[job].cores) > self.free_at(now) {
                continue;
            }
            self.running.push((job, now));
            let delayed = self.turn_of_first(now) > turn;
            self.running.pop();
            if !delayed {
                self.start(job, now);
                return true;
            }
        }
        false
    }

    /// Cores that are free in each second from now on beside all that runs and all that is promised, one job aside.
    fn plan_without(&self, aside: usize, now: i64) -> Vec<i64> {
        let mut free = vec![self.procs; self.horizon(now)];
        let promised = self.waiting.iter().map(|job| (*job, self.promised[*job]));
        for (job, start) in self.running.iter().copied().chain(promised) {
            if job != aside && start != i64::MAX {
                for second in start.max(now)..start + i64::from(self.jobs[job].estimate) {
                    free[(second - now) as usize] -= i64::from(self.jobs[job].cores);
                }
            }
        }
        assert!(free.iter().all(|free| *free >= 0), "more is promised than there is");
        free
    }

    /// In so many seconds all that runs or is promised is over, and the longest job after it.
    fn horizon(&self, now: i64) -> usize {
        let estimate = |job: usize| i64::from(self.jobs[job].estimate);
        let promised =
            self.waiting.iter().map(|job| (*job, self.promised[*job])).filter(|(_, start)| *start != i64::MAX);
        let ends = self.running.iter().copied().chain(promised).map(|(job, start)| start + estimate(job));
        let longest = (0..self.jobs.len()).map(estimate).max().unwrap_or(0);
        (ends.max().unwrap_or(now).max(now) - now + longest + 1) as usize
    }

    fn earliest(&self, job: usize, now: i64) -> i64 {
        let free = self.plan_without(job, now);
        let (cores, long) = (i64::from(self.jobs[job].cores), self.jobs[job].estimate as usize);
        let room = |start: &usize| free[*start..start + long].iter().all(|free| *free >= cores);
        now + (0..).find(room).unwrap() as i64
    }

    /// Conservative: somebody ended early, so each in order is promised the earliest start there is.
    fn compress(&mut self, now: i64) {
        for job in self.waiting.clone() {
            let earliest = self.earliest(job, now);
            assert!(earliest <= self.promised[job], "a promise is put off");
            self.promised[job] = earliest;
        }
    }
}
