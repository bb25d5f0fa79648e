//! Machines of one core that are switched by forecast, written for clarity and nothing else: second by second, machine
//! by machine, and everything that can be worked out is worked out anew each time.

mod power;
mod succession;

use std::collections::{BTreeMap, BTreeSet};

use scheduler::thrift::Worth;
use simulator::park::Kind;
use simulator::tariff::Prices;
use simulator::workload::Workload;
use succession::Succession;

/// What came of it: starts, watt-seconds by state (off, booting, idle, busy), cost, and how many waited for a boot.
pub struct Naive {
    pub begins: Vec<i64>,
    pub energy_ws: [i128; 4],
    pub cost: i128,
    pub boot_waits: u64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Machine {
    Off,
    Booting { up: i64 },
    Idle { since: i64 },
    Taken { job: usize },
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Phase {
    Future,
    Waits,
    Held {
        until: i64,
    },
    /// Chosen at an instant; begins later, if machines have to boot.
    Called {
        since: i64,
    },
    Runs {
        since: i64,
        begins: i64,
    },
    Over {
        begins: i64,
        run: i64,
    },
}

/// User, cores, run, estimate of a job that is over.
type End = (i64, u32, i64, i64);

/// A level of use: what happened in each second that it waited in.
struct Level {
    above: u32,
    last: i64,
    mean: [f64; 2],
    hours: BTreeMap<i64, [f64; 2]>,
    days: BTreeMap<i64, [f64; 2]>,
    ages: BTreeMap<usize, [f64; 2]>,
    /// What it was at the last full hour: rate, and the factor of each age.
    rate: f64,
    factors: Vec<f64>,
}

/// How many cores: fewer are not enough, more can be switched off.
struct Cores {
    least: i64,
    most: i64,
}

struct Room {
    dear: i64,
    stale: i64,
    from: i64,
    until: i64,
    left: i64,
}

struct World<'a> {
    workload: &'a Workload,
    users: &'a [i64],
    kind: &'a Kind,
    prices: Prices<'a>,
    local0: i64,
    now: i64,
    phases: Vec<Phase>,
    /// Who was chosen and waits for machines, in order.
    called: Vec<usize>,
    /// Who has begun, in order.
    started: Vec<usize>,
    /// Who must wait before all others, as of the last pass.
    head: Option<usize>,
    machines: Vec<Machine>,
    /// Ends so far, in order.
    history: Vec<End>,
    levels: Vec<Level>,
    used: u32,
    on: Cores,
    succession: Succession,
    glance: i64,
    changed: i64,
    hour: i64,
    worth: Worth,
    compared: i64,
    told: BTreeSet<usize>,
    room: Option<Room>,
    naive: Naive,
}

const LEVELS: usize = 32;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

fn age(seconds: i64) -> usize {
    (0..17).find(|class| seconds < 15 * ((1 << class) - 1)).unwrap_or(17)
}

impl World<'_> {
    fn cores(&self, job: usize) -> i64 {
        i64::from(self.workload.jobs[job].cores)
    }

    fn estimate(&self, job: usize) -> i64 {
        i64::from(self.workload.jobs[job].estimate)
    }

    fn all(&self, is: impl Fn(Phase) -> bool) -> Vec<usize> {
        (0..self.phases.len()).filter(|job| is(self.phases[*job])).collect()
    }

    fn running(&self) -> Vec<(usize, i64)> {
        let since = |job: usize| match self.phases[job] {
            Phase::Called { since } | Phase::Runs { since, .. } => Some((job, since)),
            _ => None,
        };
        (0..self.phases.len()).filter_map(since).collect()
    }

    fn free(&self) -> i64 {
        i64::from(self.kind.count) - self.running().iter().map(|(job, _)| self.cores(*job)).sum::<i64>()
    }

    /// The mean of the last two run times of the same user and cores, else of the user; if that was nearer to the truth.
    fn said(&self, history: &[End], user: i64, cores: u32) -> Option<i64> {
        let of = |alike: &dyn Fn(&End) -> bool| {
            let runs: Vec<i64> = history.iter().rev().filter(|end| alike(end)).take(2).map(|end| end.2).collect();
            runs.first().map(|newest| (newest + runs.last().unwrap()) / 2)
        };
        of(&|end| (end.0, end.1) == (user, cores)).or_else(|| of(&|end| end.0 == user)).filter(|_| user >= 0)
    }

    fn expected(&self, job: usize) -> i64 {
        let (mut by_estimate, mut by_history) = (0, 0);
        for (place, (user, cores, run, estimate)) in self.history.iter().enumerate() {
            if let Some(said) = self.said(&self.history[..place], *user, *cores) {
                by_estimate += (run - estimate).abs();
                by_history += (run - said.min(*estimate)).abs();
            }
        }
        let estimate = self.estimate(job);
        let said = self.said(&self.history, self.users[job], self.workload.jobs[job].cores);
        said.filter(|_| by_history <= by_estimate).unwrap_or(estimate).clamp(1, estimate)
    }

    /// When as many cores as are missing are free, if all that runs lasts its estimate, and what is left over then.
    fn promise(&self, head: usize) -> (i64, i64) {
        let mut ends: Vec<i64> = self.running().iter().map(|(job, since)| since + self.estimate(*job)).collect();
        ends.sort_unstable();
        let spare = |at: i64| self.free() + self.freed(at) - self.cores(head);
        let at = ends.into_iter().find(|at| spare(*at) >= 0).unwrap();
        (at, spare(at))
    }

    fn freed(&self, at: i64) -> i64 {
        let running = self.running();
        let gone = running.iter().filter(|(job, since)| since + self.estimate(*job) <= at);
        gone.map(|(job, _)| self.cores(*job)).sum()
    }

    /// Who must wait before all others, and who starts next.
    fn pass(&mut self) -> (Option<usize>, Option<usize>) {
        let waiting = |world: &World| {
            let mut waiting = world.all(|phase| phase == Phase::Waits);
            waiting.sort_by_key(|job| (world.workload.jobs[*job].submit + 10 * world.expected(*job), *job));
            waiting
        };
        let mut head = None;
        for job in waiting(self) {
            let held = self.hold(job);
            if !held && self.cores(job) <= self.free() {
                return (None, Some(job));
            } else if !held {
                head = Some(job);
                break;
            }
        }
        let Some(head) = head else { return (None, None) };
        let (at, spare) = self.promise(head);
        let mut behind = waiting(self);
        behind.sort_by_key(|job| (self.expected(*job), *job));
        for job in behind {
            let fits = self.cores(job) <= self.free();
            let delays_nobody = self.now + self.estimate(job) <= at || self.cores(job) <= spare;
            if fits && delays_nobody && !self.hold(job) {
                return (Some(head), Some(job));
            }
        }
        (Some(head), None)
    }

    fn mean_price(&self) -> f64 {
        self.prices.sum(self.now, self.now + DAY) as f64 / DAY as f64
    }

    fn hold(&mut self, job: usize) -> bool {
        let (now, expected, cores) = (self.now, self.expected(job), self.cores(job));
        let run = (expected + self.estimate(job)) / 2;
        let last = self.workload.jobs[job].submit + 16 * HOUR;
        let over = f64::from(self.kind.busy_w - self.kind.off_w);
        let least = self.worth.cores() * f64::from(self.kind.idle_w - self.kind.off_w) * self.mean_price();
        let mut best: Option<(f64, i64)> = None;
        let changes = std::iter::successors(self.prices.next_change(now), |at| self.prices.next_change(*at));
        for change in changes.take_while(|change| *change <= last + run) {
            for start in [change - run, change].into_iter().filter(|start| *start > now && *start <= last) {
                let saved = self.prices.sum(now, now + run) - self.prices.sum(start, start + run);
                let gain = saved as f64 / (start - now) as f64;
                if best.is_none_or(|best| gain > best.0) {
                    best = Some((gain, start));
                }
            }
        }
        let Some((gain, until)) = best else { return false };
        if gain * (cores as f64 * over) <= least || !self.has_room(expected, cores) {
            return false;
        }
        self.phases[job] = Phase::Held { until };
        true
    }

    /// Whether the next cheaper hours have room; what room there is, is looked at every ten minutes.
    fn has_room(&mut self, expected: i64, cores: i64) -> bool {
        let (now, dear) = (self.now, self.prices.price(self.now));
        if self.room.as_ref().is_none_or(|room| now >= room.stale || room.dear != dear) {
            let cheap = |at: &i64| self.prices.price(*at) < dear;
            let Some(from) = (now..now + 2 * DAY).find(cheap) else { return false };
            let until = (from..).find(|at| !cheap(at)).unwrap();
            let mut left = i64::from(self.kind.count) * (until - from);
            for job in self.all(|phase| matches!(phase, Phase::Held { .. })) {
                left -= self.expected(job).min(until - from) * self.cores(job);
            }
            for (job, since) in self.running() {
                let ends = since + self.expected(job).max(now - since + 1);
                left -= (ends.min(until) - from).max(0) * self.cores(job);
            }
            self.room = Some(Room { dear, stale: from.min(now + 600), from, until, left });
        }
        let room = self.room.as_mut().unwrap();
        let share = expected.min(room.until - room.from) * cores;
        let fits = share <= room.left;
        room.left -= if fits { share } else { 0 };
        fits
    }

    /// Cores of machines that are on at an instant and have no job, if nobody takes any.
    fn ready(&self, at: i64) -> i64 {
        let on = |machine: &&Machine| match machine {
            Machine::Idle { .. } => true,
            Machine::Booting { up } => *up <= at,
            Machine::Off => at >= self.now + i64::from(self.kind.boot_s),
            Machine::Taken { .. } => false,
        };
        self.machines.iter().filter(on).count() as i64
    }

    /// The first of those who were chosen who can begin and keeps nobody before waiting.
    fn next_to_begin(&self) -> Option<usize> {
        let boots = self.now + i64::from(self.kind.boot_s);
        // What those before need together, and when that is on.
        let turn = |place: usize| {
            let needs: i64 = self.called[..=place].iter().map(|job| self.cores(*job)).sum();
            let at = (self.now..boots).find(|at| self.ready(*at) >= needs);
            at.map_or((boots, 0), |at| (at, self.ready(at) - needs))
        };
        let goes = |(place, job): (usize, &usize)| {
            let ends = self.now + self.estimate(*job);
            let delays_nobody =
                place == 0 || ends <= turn(0).0 || (0..place).all(|before| self.cores(*job) <= turn(before).1);
            self.cores(*job) <= self.ready(self.now) && delays_nobody
        };
        self.called.iter().enumerate().find(|one| goes(*one)).map(|(place, _)| place)
    }

    /// Gives machines to all who were chosen and can begin: the most recently idle.
    fn begin(&mut self) {
        while let Some(place) = self.next_to_begin() {
            let job = self.called.remove(place);
            let mut idle: Vec<(i64, usize)> = Vec::new();
            for (machine, what) in self.machines.iter().enumerate() {
                if let Machine::Idle { since } = what {
                    idle.push((-since, machine));
                }
            }
            idle.sort_unstable();
            for (_, machine) in idle.into_iter().take(self.cores(job) as usize) {
                self.machines[machine] = Machine::Taken { job };
            }
            let Phase::Called { since } = self.phases[job] else { panic!("{job} was not called") };
            self.phases[job] = Phase::Runs { since, begins: self.now };
            self.started.push(job);
            self.naive.begins[job] = self.now;
            self.naive.boot_waits += u64::from(since < self.now);
        }
    }

    /// Plain EASY as far as it is known what happens: a job whose end there is not known runs at least as long as it
    /// has run here. When each started.
    fn shadow(&self) -> Vec<Option<i64>> {
        let jobs = &self.workload.jobs;
        let known = |job: usize| match self.phases[job] {
            Phase::Over { run, .. } => (run, true),
            Phase::Runs { begins, .. } => ((self.now - begins).max(0), false),
            _ => (0, false),
        };
        let mut starts: Vec<Option<i64>> = vec![None; jobs.len()];
        for at in jobs[0].submit..=self.now {
            let open = |job: usize| starts[job].is_some_and(|start| !known(job).1 && at > start + known(job).0);
            if (0..jobs.len()).any(open) {
                break;
            }
            let ends = |job: usize| starts[job].is_some_and(|start| known(job).1 && at == start + known(job).0);
            let mut more = (0..jobs.len()).any(|job| jobs[job].submit == at || ends(job));
            while more {
                let lasts = |job: usize| starts[job].is_some_and(|start| !known(job).1 || at < start + known(job).0);
                let running: Vec<usize> = (0..jobs.len()).filter(|job| lasts(*job)).collect();
                let free = i64::from(self.kind.count) - running.iter().map(|job| self.cores(*job)).sum::<i64>();
                let waiting: Vec<usize> =
                    (0..jobs.len()).filter(|job| jobs[*job].submit <= at && starts[*job].is_none()).collect();
                let Some(head) = waiting.first() else { break };
                let spare = |until: i64| {
                    let gone = running.iter().filter(|job| starts[**job].unwrap() + self.estimate(**job) <= until);
                    free + gone.map(|job| self.cores(*job)).sum::<i64>() - self.cores(*head)
                };
                let mut ends: Vec<i64> =
                    running.iter().map(|job| starts[*job].unwrap() + self.estimate(*job)).collect();
                ends.sort_unstable();
                let turn = ends.into_iter().find(|until| spare(*until) >= 0).unwrap_or(i64::MAX);
                let may = |job: &&usize| {
                    self.cores(**job) <= free
                        && (*job == head || at + self.estimate(**job) <= turn || self.cores(**job) <= spare(turn))
                };
                let next = waiting.iter().find(may).copied();
                next.into_iter().for_each(|job| starts[job] = Some(at));
                more = next.is_some();
            }
        }
        starts
    }

    fn compare(&mut self) {
        for (job, plain) in self.shadow().into_iter().enumerate() {
            let real = match self.phases[job] {
                Phase::Runs { begins, .. } | Phase::Over { begins, .. } => Some(begins),
                _ => None,
            };
            if let (Some(plain), Some(real)) = (plain, real)
                && self.told.insert(job)
            {
                let submit = self.workload.jobs[job].submit;
                self.worth.note(real - submit, plain - submit);
            }
        }
    }

    /// What machines do in the second from now on.
    fn meter(&mut self) {
        for machine in &self.machines {
            let (state, watts) = match *machine {
                Machine::Off => (0, self.kind.off_w),
                Machine::Booting { .. } => (1, self.kind.idle_w),
                Machine::Idle { .. } => (2, self.kind.idle_w),
                Machine::Taken { .. } => (3, self.kind.busy_w),
            };
            self.naive.energy_ws[state] += i128::from(watts);
            self.naive.cost += i128::from(watts) * i128::from(self.prices.price(self.now));
        }
    }

    /// Ends, arrivals and those held until now; says whether there are any.
    fn happen(&mut self) -> bool {
        let (now, jobs) = (self.now, &self.workload.jobs);
        let before = self.phases.clone();
        for job in self.started.clone() {
            if let Phase::Runs { begins, .. } = self.phases[job]
                && begins + i64::from(jobs[job].run) == now
            {
                let run = now - begins;
                self.phases[job] = Phase::Over { begins, run };
                self.history.push((self.users[job], jobs[job].cores, run, i64::from(jobs[job].estimate)));
                let mine = |machine: &&mut Machine| matches!(machine, Machine::Taken { job: other } if *other == job);
                self.machines.iter_mut().filter(mine).for_each(|machine| *machine = Machine::Idle { since: now });
            }
        }
        for (job, phase) in self.phases.iter_mut().enumerate() {
            let due = matches!(phase, Phase::Held { until } if *until <= now);
            if due || jobs[job].submit == now {
                *phase = Phase::Waits;
            }
        }
        before != self.phases
    }

    /// What is done in a second in which something happens, or that was waited for.
    fn act(&mut self, happens: bool) {
        if happens {
            self.head = loop {
                match self.pass() {
                    (_, Some(job)) => {
                        self.phases[job] = Phase::Called { since: self.now };
                        self.called.push(job);
                    }
                    (head, None) => break head,
                }
            };
        }
        self.begin();
        if self.now - self.compared >= HOUR {
            self.compared = self.now;
            self.compare();
        }
        let warm = self.warm(self.head);
        let called: i64 = self.called.iter().map(|job| self.cores(*job)).sum();
        self.switch(&Cores { least: called + warm.least, most: called + warm.most });
    }

    /// When something is to be done though nothing happens.
    fn wake(&self) -> i64 {
        let until = |phase: &Phase| match phase {
            Phase::Held { until } => Some(*until),
            _ => None,
        };
        let up = |machine: &Machine| match machine {
            Machine::Booting { up } => Some(*up),
            _ => None,
        };
        let up = self.machines.iter().filter_map(up).min().filter(|_| !self.called.is_empty());
        let next = self.glance.min(up.unwrap_or(i64::MAX));
        let Some(until) = self.phases.iter().filter_map(until).min() else { return next };
        let boots = until - i64::from(self.kind.boot_s);
        next.min(if boots > self.now { boots } else { until })
    }
}

/// Plays jobs of these users on machines of one core.
pub fn play(workload: &Workload, users: &[i64], kind: &Kind, prices: Prices, local0: i64, patience_s: u32) -> Naive {
    let (first, count) = (workload.jobs[0].submit, workload.jobs.len());
    let level = |number: usize| Level {
        above: (u64::from(kind.count) * number as u64 / LEVELS as u64) as u32,
        last: first - HOUR,
        mean: [0.0; 2],
        hours: BTreeMap::new(),
        days: BTreeMap::new(),
        ages: BTreeMap::new(),
        rate: 0.0,
        factors: vec![1.0; 18],
    };
    let mut world = World {
        workload,
        users,
        kind,
        prices,
        local0,
        now: first,
        phases: vec![Phase::Future; count],
        called: Vec::new(),
        started: Vec::new(),
        head: None,
        machines: vec![Machine::Idle { since: first }; kind.count as usize],
        history: Vec::new(),
        levels: (0..=LEVELS).map(level).collect(),
        used: 0,
        on: Cores { least: 0, most: 0 },
        succession: Succession::new(first),
        glance: first,
        changed: first,
        hour: i64::MIN,
        worth: Worth::new(patience_s),
        compared: first,
        told: BTreeSet::new(),
        room: None,
        naive: Naive { begins: vec![i64::MAX; count], energy_ws: [0; 4], cost: 0, boot_waits: 0 },
    };
    let mut wake = first;
    loop {
        let now = world.now;
        for machine in &mut world.machines {
            if let Machine::Booting { up } = *machine
                && up <= now
            {
                *machine = Machine::Idle { since: up };
            }
        }
        let happens = world.happen();
        if happens || wake == now {
            world.act(happens);
            wake = world.wake();
        }
        if world.phases.iter().all(|phase| matches!(phase, Phase::Over { .. })) {
            return world.naive;
        }
        world.meter();
        world.count_second();
        world.now += 1;
    }
}
