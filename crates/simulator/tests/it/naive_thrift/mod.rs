//! Machines of one core, or (`memory`) of several with memory, that are switched by forecast, written for clarity and
//! nothing else: second by second, machine by machine, and everything that can be worked out is worked out anew each time.

mod hold;
pub mod memory;
mod power;
mod shadow;
mod succession;

use std::collections::{BTreeMap, BTreeSet};

use hold::Room;
use memory::Parked;
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

struct World<'a> {
    workload: &'a Workload,
    users: &'a [i64],
    /// How many cores, and how long a machine boots.
    count: u32,
    boot_s: i64,
    /// Watts of a core that is busy, or idle, beyond those of one that is off.
    draws: [f64; 2],
    /// Watts of a machine of one core that is off, on without a job, busy.
    watts: [u32; 3],
    /// The machines, if they have memory, and who is on them.
    parked: Option<Parked<'a>>,
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
        let estimate = self.workload.jobs[job].estimate;
        self.parked.as_ref().map_or(i64::from(estimate), |parked| parked.setting.estimate(job))
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
        i64::from(self.count) - self.running().iter().map(|(job, _)| self.cores(*job)).sum::<i64>()
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
            if !held && self.fits(job) {
                return (None, Some(job));
            } else if !held {
                head = Some(job);
                break;
            }
        }
        let Some(head) = head else { return (None, None) };
        let at = self.turn(head);
        let mut behind = waiting(self);
        behind.sort_by_key(|job| (self.expected(*job), *job));
        for job in behind {
            let may = self.fits(job) && (self.now + self.estimate(job) <= at || self.leaves_room(job, head));
            if may && !self.hold(job) {
                return (Some(head), Some(job));
            }
        }
        (Some(head), None)
    }

    /// Cores of machines that are on at an instant and have no job, if nobody takes any.
    fn ready(&self, at: i64) -> i64 {
        let on = |machine: &&Machine| match machine {
            Machine::Idle { .. } => true,
            Machine::Booting { up } => *up <= at,
            Machine::Off => at >= self.now + self.boot_s,
            Machine::Taken { .. } => false,
        };
        self.machines.iter().filter(on).count() as i64
    }

    /// The first of those who were chosen who can begin and keeps nobody before waiting.
    fn next_to_begin(&self) -> Option<usize> {
        let boots = self.now + self.boot_s;
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

    fn compare(&mut self) {
        for (job, plain) in self.shadow_with_memory().into_iter().enumerate() {
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
        self.meter_parked();
        for machine in &self.machines {
            let [off, idle, busy] = self.watts;
            let (state, watts) = match *machine {
                Machine::Off => (0, off),
                Machine::Booting { .. } => (1, idle),
                Machine::Idle { .. } => (2, idle),
                Machine::Taken { .. } => (3, busy),
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
                && self.ends(job, begins)
            {
                let run = now - begins;
                self.phases[job] = Phase::Over { begins, run };
                self.history.push((self.users[job], jobs[job].cores, run, self.estimate(job)));
                self.leave(job);
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
                    (_, Some(job)) if self.parked.is_some() => self.seat(job),
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
        let on = Cores { least: called + warm.least, most: called + warm.most };
        if self.parked.is_some() { self.switch_parked(&on) } else { self.switch(&on) }
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
        let boots = until - self.boot_s;
        next.min(if boots > self.now { boots } else { until })
    }
}

/// Plays jobs of these users on machines of one core.
pub fn play(workload: &Workload, users: &[i64], kind: &Kind, prices: Prices, local0: i64, patience_s: u32) -> Naive {
    let watts = [kind.off_w, kind.idle_w, kind.busy_w];
    let draws = [f64::from(kind.busy_w - kind.off_w), f64::from(kind.idle_w - kind.off_w)];
    let mut world = World::new((workload, users), (kind.count, kind.boot_s, draws), prices, local0, patience_s);
    world.watts = watts;
    world.run()
}

impl<'a> World<'a> {
    /// All machines are idle, nobody has come.
    fn new(
        (workload, users): (&'a Workload, &'a [i64]),
        (cores, boot_s, draws): (u32, u32, [f64; 2]),
        prices: Prices<'a>,
        local0: i64,
        patience_s: u32,
    ) -> World<'a> {
        let (first, count) = (workload.jobs[0].submit, workload.jobs.len());
        let level = |number: usize| Level {
            above: (u64::from(cores) * number as u64 / LEVELS as u64) as u32,
            last: first - HOUR,
            mean: [0.0; 2],
            hours: BTreeMap::new(),
            days: BTreeMap::new(),
            ages: BTreeMap::new(),
            rate: 0.0,
            factors: vec![1.0; 18],
        };
        World {
            workload,
            users,
            count: cores,
            boot_s: i64::from(boot_s),
            draws,
            watts: [0; 3],
            parked: None,
            prices,
            local0,
            now: first,
            phases: vec![Phase::Future; count],
            called: Vec::new(),
            started: Vec::new(),
            head: None,
            machines: vec![Machine::Idle { since: first }; cores as usize],
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
        }
    }

    /// Until all jobs are over.
    fn run(mut self) -> Naive {
        let mut wake = self.now;
        loop {
            let now = self.now;
            for machine in &mut self.machines {
                if let Machine::Booting { up } = *machine
                    && up <= now
                {
                    *machine = Machine::Idle { since: up };
                }
            }
            let happens = self.happen();
            if happens || wake == now {
                self.act(happens);
                wake = self.wake();
            }
            if self.phases.iter().all(|phase| matches!(phase, Phase::Over { .. })) {
                return self.naive;
            }
            self.meter();
            self.count_second();
            self.now += 1;
        }
    }
}
